mod firelens;
mod options;
mod ports;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{MountPoint, PlacementConstraint, Secret, Tag, Timestamp, Volume, VolumesFrom};
use crate::RevisionKey;

pub use firelens::*;
pub use options::*;
pub use ports::*;

/// A task definition's revision. Immutable but for its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Family and revision.
    pub key: RevisionKey,
    /// ACTIVE, or INACTIVE once deregistered.
    pub status: DefinitionStatus,
    /// At least one.
    pub containers: Vec<ContainerDefinition>,
    /// What its containers can mount.
    pub volumes: Vec<Volume>,
    /// CPU units for the whole task; 1024 are one core.
    pub cpu: Option<u32>,
    /// Memory for the whole task, in MiB.
    pub memory: Option<u32>,
    /// Room of the whole task on a disk, GiB; echoed.
    pub ephemeral_storage: Option<u32>,
    /// How the containers are connected.
    pub network_mode: NetworkMode,
    /// Whose processes its containers see; each its own where absent.
    pub pid_mode: Option<PidMode>,
    /// Whose shared memory and message queues its containers see; the engine's default where absent.
    pub ipc_mode: Option<IpcMode>,
    /// What it is built for, where that was said.
    pub runtime_platform: Option<RuntimePlatform>,
    /// The launch types named in `requiresCompatibilities`.
    pub requires_compatibilities: Vec<LaunchType>,
    /// The role whose credentials the containers get.
    pub task_role_arn: Option<String>,
    /// Role of the agent, echoed.
    pub execution_role_arn: Option<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was deregistered.
    pub deregistered_at: Option<Timestamp>,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// Where its tasks may be.
    #[serde(default)]
    pub placement_constraints: Vec<PlacementConstraint>,
}

/// Whether new tasks can be made of a task definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefinitionStatus {
    /// Can be run.
    Active,
    /// Deregistered: running tasks stay, new ones are refused.
    Inactive,
}

impl DefinitionStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// How a task's containers are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkMode {
    /// The engine's bridge, with host ports mapped.
    Bridge,
    /// The host's own network.
    Host,
    /// No network.
    None,
    /// An address of the task's own; its containers reach each other on localhost.
    AwsVpc,
}

impl NetworkMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::None => "none",
            Self::AwsVpc => "awsvpc",
        }
    }
}

/// Whose processes a task's containers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PidMode {
    /// The host's.
    Host,
    /// All of the task's.
    Task,
}

impl PidMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Task => "task",
        }
    }
}

/// Whose IPC resources a task's containers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpcMode {
    /// The host's.
    Host,
    /// Each its own, and no `/dev/shm`.
    None,
    /// All of the task's.
    Task,
}

impl IpcMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::None => "none",
            Self::Task => "task",
        }
    }
}

/// What a task is built for; Linux on x86-64 is what there is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuntimePlatform {
    /// `X86_64`.
    pub cpu_architecture: Option<String>,
    /// `LINUX`.
    pub operating_system_family: Option<String>,
}

/// Where ECS would run a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaunchType {
    /// On a registered container instance.
    Ec2,
    /// On a registered instance outside AWS.
    External,
    /// On capacity that ECS keeps; here, on whatever instance has room.
    Fargate,
}

impl LaunchType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
            Self::Fargate => "FARGATE",
        }
    }
}

/// One container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerDefinition {
    /// Unique in the task definition.
    pub name: String,
    /// Image reference, as given.
    pub image: String,
    /// The secret with the name and the password for its image's registry, as given.
    #[serde(default)]
    pub repository_credentials: Option<String>,
    /// CPU units, relative to its neighbours; 0 where none were asked for.
    pub cpu: u32,
    /// Hard memory limit, MiB.
    pub memory: Option<u32>,
    /// Soft memory limit, MiB.
    pub memory_reservation: Option<u32>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// Overrides the image's entry point.
    pub entry_point: Option<Vec<String>>,
    /// Overrides the image's command.
    pub command: Option<Vec<String>>,
    /// Name and value, in the order given.
    pub environment: Vec<(String, String)>,
    /// Files of further variables: ARNs of S3 objects, as given; the first that has a name has the word.
    pub environment_files: Vec<String>,
    /// Variables that are looked up when the task starts.
    pub secrets: Vec<Secret>,
    /// Ports to publish.
    pub port_mappings: Vec<PortMapping>,
    /// The command that tells whether it is well.
    pub health_check: Option<HealthCheck>,
    /// What has to be so of other containers before it starts.
    pub depends_on: Vec<Dependency>,
    /// How long those that depend on it wait for it, from its start; for ever where absent.
    pub start_timeout: Option<Duration>,
    /// Whether it is started again in place.
    pub restart_policy: Option<RestartPolicy>,
    /// Wait between SIGTERM and SIGKILL; the agent's default where absent.
    pub stop_timeout: Option<Duration>,
    /// `user[:group]`.
    pub user: Option<String>,
    /// Where the command starts.
    pub working_directory: Option<String>,
    /// Labels for the engine.
    pub docker_labels: Vec<(String, String)>,
    /// Volumes of the task definition, and where it sees them.
    pub mount_points: Vec<MountPoint>,
    /// Containers whose mounts it gets, too.
    pub volumes_from: Vec<VolumesFrom>,
    /// What goes to the engine nearly as it is.
    pub options: EngineOptions,
    /// Containers of the task that it knows by a name. Each has to run before this one is made: a START dependency.
    pub links: Vec<Link>,
    /// Where what it prints goes.
    pub log_configuration: Option<LogConfiguration>,
    /// Whether it is the log router of its task, and how.
    #[serde(default)]
    pub firelens: Option<FirelensConfiguration>,
    /// GPUs it needs.
    pub gpus: Option<Gpus>,
    /// Whether all tasks of a deployment run what its first one found under the image's tag; they do where not said.
    pub version_consistency: Option<bool>,
}

impl ContainerDefinition {
    /// Whether a deployment is held to what its image's tag stood for at first.
    pub fn is_consistent(&self) -> bool {
        self.version_consistency != Some(false)
    }

    /// Whether some of its host ports are a row that has to be found.
    pub fn has_port_range(&self) -> bool {
        self.port_mappings.iter().any(|mapping| mapping.container.is_range())
    }
}

/// A container's health check, with ECS's defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `["CMD", …]` or `["CMD-SHELL", "…"]`.
    pub command: Vec<String>,
    /// Between two checks; 5 to 300 s, 30 s by default.
    pub interval: Duration,
    /// How long one check may take; 2 to 60 s, 5 s by default.
    pub timeout: Duration,
    /// Failures in a row until UNHEALTHY; 1 to 10, 3 by default.
    pub retries: u32,
    /// Failures in it do not count; 0 to 300 s.
    pub start_period: Duration,
}

/// One container waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The one that is waited for.
    pub container: String,
    /// What has to be so of it.
    pub condition: DependencyCondition,
}

/// What has to be so of a container before those that depend on it start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyCondition {
    /// It was started.
    Start,
    /// It ended.
    Complete,
    /// It ended with 0.
    Success,
    /// Its check passes.
    Healthy,
}

impl DependencyCondition {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Success => "SUCCESS",
            Self::Healthy => "HEALTHY",
        }
    }
}

/// When a container that ended is started again in place; ECS's `restartPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// Whether at all.
    pub enabled: bool,
    /// Exit codes after which it stays ended.
    pub ignored_exit_codes: Vec<i32>,
    /// How long it has to run before it is started again; 60 to 1800 s, [`RestartPolicy::PERIOD`] where absent.
    pub attempt_period: Option<Duration>,
}

impl RestartPolicy {
    /// ECS's default of `restartAttemptPeriod`.
    pub const PERIOD: Duration = Duration::from_secs(300);
}
