//! The container engine, as an agent drives it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use mainstay_core::images::progress::Progress;
use mainstay_core::images::{Here, Pulled};
use mainstay_core::model::{
    Health, IpcMode, NetworkBinding, NetworkInterface, NetworkMode, PidMode, TaskLimits, Timestamp,
};
use mainstay_core::network::EngineNetwork;
use mainstay_core::{ClusterName, EngineId, ExecId, RevisionKey, TaskId};

use super::exec::{Exec, NewExec, TerminalSize};
use super::logs::{LogLines, LogQuery};
use mainstay_core::model::ContainerSpec;
use mainstay_core::secrets::Hidden;
use mainstay_core::storage::{Backing, EngineVolume};

/// A container engine; Docker is one adapter.
///
/// Every call is bounded in time by the adapter and safe to repeat: after an error or a lost answer the caller
/// does it again. Containers of other owners are never listed, reported or touched.
#[async_trait]
pub trait ContainerEngine: Send + Sync + 'static {
    /// What the engine is and what its host has.
    async fn info(&self) -> Result<EngineInfo, EngineError>;

    /// Whether it answers at all; cheap, and bounded by seconds, so that an engine that hangs is told from one
    /// that takes its time.
    ///
    /// # Errors
    /// [`EngineError::Timeout`] where it hangs.
    async fn ping(&self) -> Result<(), EngineError>;

    /// What stands here under this reference (`name:tag`, `name@digest` or an image's id); `None` where nothing does.
    async fn image(&self, reference: &str) -> Result<Option<Here>, EngineError>;

    /// Brings the image here, whatever is here already, and remembers it as this owner's. `told` hears how far it is each
    /// time that something is known of that, which may be often.
    ///
    /// # Errors
    /// [`EngineError::Pull`] where its registry does not give it.
    async fn pull(&self, pull: &Pull<'_>, told: Told<'_>) -> Result<(), EngineError>;

    /// The images that this owner pulled and that are still here, also by earlier processes of it.
    async fn pulled_images(&self) -> Result<Vec<Pulled>, EngineError>;

    /// Removes an image that this owner pulled, under each name that it was pulled by; false where a container has
    /// it, or somebody gave it another name. One that is gone is no error.
    async fn remove_image(&self, id: &str) -> Result<bool, EngineError>;

    /// Makes what stands behind a volume, or finds what an earlier call made, and says what to mount. A shared volume
    /// of the engine is found by its name alone, whoever made it; a task's folder is filled anew.
    ///
    /// # Errors
    /// [`EngineError::Refused`], too, where something that has to be there is not.
    async fn provide_volume(&self, volume: &NewVolume<'_>) -> Result<MountSource, EngineError>;

    /// Removes a volume that was made for a task, or its folder. One that is gone, or of another owner, is no error.
    ///
    /// # Errors
    /// [`EngineError::Refused`], too, where a container still has it.
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError>;

    /// All volumes and folders that were made for tasks of this owner; shared ones are not among them.
    async fn list_volumes(&self) -> Result<Vec<TaskVolume>, EngineError>;

    /// Makes the container, or finds the one that an earlier call made for the same task under the same name. The image
    /// of a pause container is the adapter's own, which a pull brings here.
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`] where the image has to be pulled first.
    async fn create(&self, container: &NewContainer<'_>) -> Result<EngineId, EngineError>;

    /// Starts it; one that runs already is no error.
    ///
    /// # Errors
    /// [`EngineError::PortTaken`] where it can be made anew with other ports, if any will do.
    async fn start(&self, id: &EngineId) -> Result<(), EngineError>;

    /// What the engine knows of it; `None` where it is gone.
    async fn inspect(&self, id: &EngineId) -> Result<Option<EngineContainer>, EngineError>;

    /// Sends the stop signal, waits, kills after `grace`. One that is stopped or gone is no error.
    async fn stop(&self, id: &EngineId, grace: Duration) -> Result<(), EngineError>;

    /// Removes it, killing it where it runs. One that is gone is no error.
    async fn remove(&self, id: &EngineId) -> Result<(), EngineError>;

    /// All containers of this owner, in whatever state.
    async fn list(&self) -> Result<Vec<EngineContainer>, EngineError>;

    /// What a container printed. The stream ends with the log, or, where it is followed, with the container.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`] where it is gone; [`EngineError::Refused`], here or as the stream's first item,
    /// where its log cannot be read, such as one that is kept elsewhere.
    async fn logs(&self, id: &EngineId, query: LogQuery) -> Result<LogLines, EngineError>;

    /// Runs a command in a container that runs.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`] where it is gone; [`EngineError::Refused`] where it does not run. A program that
    /// cannot be started prints why, and ends with 126 or 127.
    async fn exec(&self, id: &EngineId, new: &NewExec) -> Result<Exec, EngineError>;

    /// Says how large the command's terminal is.
    ///
    /// # Errors
    /// [`EngineError::Refused`], too, where the command is over or has only just begun.
    async fn resize_exec(&self, exec: &ExecId, size: TerminalSize) -> Result<(), EngineError>;

    /// What the command ended with; `None` while it runs.
    ///
    /// # Errors
    /// [`EngineError::Refused`], too, where the engine does not know it any more.
    async fn exec_exit_code(&self, exec: &ExecId) -> Result<Option<i32>, EngineError>;

    /// Ends the command, and what it started and did not send off into a session of its own: they are hung up on
    /// (SIGHUP), and killed where that does not end them. One that is over is no error.
    ///
    /// # Errors
    /// [`EngineError::Refused`] where its processes are out of reach.
    async fn end_exec(&self, id: &EngineId, exec: &ExecId) -> Result<(), EngineError>;

    /// Resolves once the subscription stands: what happens from then on will be in the stream. The stream ends,
    /// or yields an error and ends, when the engine goes away.
    async fn events(&self) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError>;
}

/// Who hears how far a pull is. It is called amidst the pull, and must not keep it waiting.
pub type Told<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// An image to pull.
#[derive(Debug, Clone, Copy)]
pub struct Pull<'a> {
    /// The reference.
    pub image: &'a str,
    /// Who asks; where absent, whoever this host is known as at that registry.
    pub credentials: Option<&'a Credentials>,
    /// Whether something is here that will do: it is tried once then, and not waited for as long.
    pub spare: bool,
}

/// A name and a password at a registry.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub username: String,
    /// The password, or a token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A volume to provide for a task.
#[derive(Debug, Clone, Copy)]
pub struct NewVolume<'a> {
    /// The task.
    pub task: &'a TaskId,
    /// The task's ARN.
    pub task_arn: &'a str,
    /// The task's cluster.
    pub cluster: &'a ClusterName,
    /// The task's definition.
    pub definition: &'a RevisionKey,
    /// What stands behind it.
    pub backing: &'a Backing,
}

/// What a container mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host, made by the engine where it is missing.
    Path(String),
    /// A directory of the host that is there.
    Directory(String),
    /// A volume of the engine.
    Volume(EngineVolume),
}

/// Where a container sees what it mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What.
    pub source: MountSource,
    /// The path inside.
    pub target: String,
    /// Whether it may only read.
    pub read_only: bool,
}

/// A volume that was made for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskVolume {
    /// Its name in the engine.
    pub name: String,
    /// From its label.
    pub task: TaskId,
}

/// A container whose mounts another one gets, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountsOf {
    /// Its name in the engine.
    pub engine_name: String,
    /// Whether the other one may only read.
    pub read_only: bool,
}

/// What was looked up for a container, and is for it alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// What comes to its `environment`, from secrets and files.
    pub environment: Vec<(String, Hidden)>,
    /// What its log driver is told beside its `options`.
    pub log_options: Vec<(String, Hidden)>,
}

/// A container to make.
#[derive(Debug, Clone, Copy)]
pub struct NewContainer<'a> {
    /// Its task.
    pub task: &'a TaskId,
    /// Its task's ARN.
    pub task_arn: &'a str,
    /// Its task's cluster.
    pub cluster: &'a ClusterName,
    /// Its task's definition.
    pub definition: &'a RevisionKey,
    /// How it is connected.
    pub network_mode: NetworkMode,
    /// Whose processes it sees.
    pub pid_mode: Option<PidMode>,
    /// Whose IPC resources it sees.
    pub ipc_mode: Option<IpcMode>,
    /// What its task's containers can have together, where that is held. Where an engine cannot hold them together, each
    /// can have that much.
    pub limits: Option<TaskLimits>,
    /// On which network it has an interface: a pause container in network mode `awsvpc`.
    pub network: Option<&'a EngineNetwork>,
    /// The pause container that holds what the task's containers share; it runs.
    pub joins: Option<&'a EngineId>,
    /// What it is.
    pub spec: &'a ContainerSpec,
    /// The reference of what it runs.
    pub image: &'a str,
    /// What it mounts.
    pub mounts: &'a [Mount],
    /// Whose mounts it gets, too; they are made already.
    pub mounts_of: &'a [MountsOf],
    /// What was looked up for it.
    pub looked_up: &'a LookedUp,
    /// What it is told of this host, in the place of variables of the same names.
    pub told: &'a [(String, Hidden)],
    /// The socket of its task's log router on the host, where what it prints goes there.
    pub log_socket: Option<&'a str>,
    /// The engine's runtime for it; the engine's default where absent.
    pub runtime: Option<&'a str>,
    /// Whether the check that its image brings is run where its definition has none; no check is run otherwise.
    pub image_check: bool,
}

impl NewContainer<'_> {
    /// All of its variables; no name comes twice but where its definition has it twice.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        let given =
            self.spec.definition.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let added = self.looked_up.environment.iter().map(|(name, value)| (name.as_str(), value.reveal()));
        let told = self.told.iter().map(|(name, value)| (name.as_str(), value.reveal()));
        let is_told = |name: &str| self.told.iter().any(|(known, _)| known == name);
        given.chain(added).filter(move |(name, _)| !is_told(name)).chain(told)
    }
}

/// What an engine is and what its host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Such as `20.10.24`.
    pub version: String,
    /// The host's name.
    pub host: String,
    /// Cores.
    pub cpus: u32,
    /// MiB.
    pub memory: u32,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Such as `linux`.
    pub os: String,
    /// The runtimes that it knows, where it says so.
    pub runtimes: Vec<String>,
    /// The GPUs of its host, by the ids that it knows them by.
    pub gpus: Vec<String>,
}

/// A container as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineContainer {
    /// The engine's id.
    pub id: EngineId,
    /// From its label.
    pub task: TaskId,
    /// From its label: the name in the task definition.
    pub name: String,
    /// Where it is in its life.
    pub state: EngineState,
    /// What its check says.
    pub health: Health,
    /// Whether it has a check at all.
    pub checked: bool,
    /// Published ports.
    pub network_bindings: Vec<NetworkBinding>,
    /// Its network interface, where it has one of its own.
    pub interface: Option<NetworkInterface>,
    /// The image's digest, where the engine knows one.
    pub image_digest: Option<String>,
    /// The image's id.
    pub image_id: Option<String>,
    /// When it last started.
    pub started_at: Option<Timestamp>,
}

/// Where a container is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineState {
    /// Made, never started.
    Created,
    /// Running (or paused, which the engine counts as running).
    Running,
    /// Ended.
    Exited(Exit),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// 128 + n after signal n.
    pub code: i32,
    /// Whether the kernel killed it for its memory.
    pub out_of_memory: bool,
    /// When.
    pub at: Option<Timestamp>,
    /// What the engine had to say, where it could not run it.
    pub error: Option<String>,
}

/// Something that happened to a container of this owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// Which container.
    pub id: EngineId,
    /// Whose task.
    pub task: TaskId,
    /// Its name in the task definition.
    pub container: String,
    /// What happened.
    pub kind: EngineEventKind,
}

/// What happened to a container. Each is a hint to look again; what comes along with it saves waiting for the look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEventKind {
    /// It runs.
    Started,
    /// It ended.
    Died {
        /// With this code, where the engine says so. Whether it was killed for its memory it does not say.
        exit_code: Option<i32>,
    },
    /// Its check has a verdict.
    Health(Health),
    /// It is gone.
    Removed,
}

/// Why the engine could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine does not answer; trying again later may help.
    #[error("no answer from the container engine at {endpoint}: {detail}")]
    Unreachable {
        /// Where it was looked for.
        endpoint: String,
        /// What was seen.
        detail: String,
    },
    /// The engine answers, but took longer than this act may take; whether it was done is not known.
    #[error("the container engine did not finish `{act}` within {waited:?}")]
    Timeout {
        /// What was asked.
        act: &'static str,
        /// How long.
        waited: Duration,
    },
    /// The image is not on this host.
    #[error("image `{image}` is not on this host")]
    NoSuchImage {
        /// As asked for.
        image: String,
    },
    /// The image was not brought.
    #[error("{message}")]
    Pull {
        /// Why not.
        problem: PullProblem,
        /// For people, in ECS's words where it has some.
        message: String,
    },
    /// The container is gone.
    #[error("container {id} is gone")]
    NoSuchContainer {
        /// Which.
        id: EngineId,
    },
    /// A host port that it asked for is somebody else's.
    #[error("{message}")]
    PortTaken {
        /// The engine's words.
        message: String,
    },
    /// The engine refused; asking again will not help.
    #[error("{message}")]
    Refused {
        /// The engine's words.
        message: String,
    },
}

impl EngineError {
    /// Whether the same call may succeed later without anybody changing it.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::Pull { problem: PullProblem::TimedOut, .. }
        )
    }
}

/// Why an image was not brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullProblem {
    /// Its registry does not have it, or not for this host's platform.
    NotFound,
    /// Its registry does not give it to us.
    Denied,
    /// Its registry does not answer.
    Unreachable,
    /// It was begun, and made no progress for too long.
    TimedOut,
    /// Anything else.
    Failed,
}

impl PullProblem {
    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timeout",
            Self::Failed => "failed",
        }
    }
}
