//! The sections of `mainstay.toml`: their keys and defaults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use mainstay_actors::context::Settings;
use mainstay_actors::host::Limits;
use mainstay_core::images::PullBehavior;
use mainstay_core::schedule::{Missed, Overlap};
use mainstay_core::supervision::Intensity;
use mainstay_core::{Partition, network, restart};
use serde::{Deserialize, Serialize};

use super::values::{self, Gpus, Pairs, Place, Span, Words};

/// ECS keeps this port of a host for its agent's endpoint, so that no task is ever placed on it.
const TASK_ENDPOINT_PORT: u16 = 51679;

/// Where the daemon listens and keeps its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Server {
    /// The address of API, console, metrics and health; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Names by which the console and what can be read beside the API are reached, beside this host's own.
    pub names: Words,
}

/// How much is asked of the API at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Api {
    /// Requests carried out at once; one more is answered with ThrottlingException.
    pub requests_at_once: usize,
    /// Connections at once; one more waits until another is closed.
    pub connections: usize,
}

/// What the installation's ARNs say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Aws {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

/// The container engine of this host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Engine {
    /// `unix:///path` or `tcp://host:port`; empty means `DOCKER_HOST`, and where that is not set Docker's socket.
    pub endpoint: String,
    /// Creates, starts, looks and removals under way at once; past it, services take turns.
    pub acts_at_once: usize,
    /// Pulls under way at once.
    pub pulls_at_once: usize,
    /// Docker's `config.json` with the credentials for registries; empty means the daemon user's own.
    pub docker_config: PathBuf,
}

/// How tasks are run on this host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Agent {
    /// Between SIGTERM and SIGKILL, where a container does not say.
    pub stop_timeout: Span,
    /// How long stopped containers stay to be looked at.
    pub cleanup_wait: Span,
    /// How long a container of ours that belongs to no known task is left alone.
    pub orphan_grace: Span,
    /// Whether the health check that an image brings counts where a container's definition has none.
    pub image_health_checks: bool,
    /// The engine's runtime for the containers of tasks on Fargate; empty means its default.
    pub fargate_runtime: String,
    /// When the images of tasks are pulled.
    pub image_pull_behavior: PullBehavior,
    /// Whether images that were pulled for tasks are removed when nobody needs them any more.
    pub image_cleanup: bool,
    /// Between two looks for such images.
    pub image_cleanup_interval: Span,
    /// None goes within this time of its last use.
    pub image_minimum_age: Span,
    /// No more go at a time.
    pub image_cleanup_count: usize,
    /// References that stay.
    pub image_cleanup_exclude: Words,
    /// The port at 169.254.170.2 at which containers find out about themselves; 0 for none.
    pub task_endpoint_port: u16,
    /// The GPUs that tasks can have.
    pub gpus: Gpus,
    /// Where this host stands: its attribute `ecs.availability-zone`. Empty: the region and `a`.
    pub availability_zone: String,
    /// What else placement can ask for, by name and value.
    pub attributes: Pairs,
}

/// Commands that are run in containers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Exec {
    /// A session of ExecuteCommand ends where nothing is typed or printed for so long.
    pub idle_timeout: Span,
}

/// Where this host has what task definitions only name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Storage {
    /// EFS file systems and access points by their ids: a directory, or `host:/export` of an NFS server.
    pub efs: BTreeMap<String, Place>,
}

/// Where tasks in network mode `awsvpc` have their addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Network {
    /// The engine's network of whatever subnet is not named below; made where it is missing.
    pub default: String,
    /// Networks of the engine by the ids of subnets; each has to be there.
    pub subnets: BTreeMap<String, String>,
}

/// Where the secrets of containers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Secrets {
    /// Absolute; empty where there is none.
    pub folder: PathBuf,
    /// An address that answers as Secrets Manager and SSM do; empty where there is none.
    pub endpoint: String,
    /// The region of what does not say its own; empty means that of the ARNs.
    pub region: String,
    /// A file with the key for the endpoint; empty means the environment.
    pub credentials: PathBuf,
    /// The file's section.
    pub profile: String,
}

/// Where environment files are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct EnvironmentFiles {
    /// Absolute; empty where there is none.
    pub folder: PathBuf,
    /// An address that answers as S3 does; empty where there is none.
    pub endpoint: String,
}

/// A folder of files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Folder {
    /// Absolute; empty where there is none.
    pub folder: PathBuf,
}

/// The brake on tasks that keep failing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Restart {
    /// Wait after the second failure in a row; doubles with each further one.
    pub backoff: Span,
    /// No wait is longer.
    pub backoff_max: Span,
    /// A task that ends within this time of RUNNING has failed.
    pub settle: Span,
    /// Failures are forgotten after this much quiet.
    pub forget: Span,
    /// False brakes only tasks that never reached RUNNING, as ECS does.
    pub throttle_exits: bool,
}

/// Tasks that are run at their times.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Schedules {
    /// What becomes of runs that fell into a time in which the daemon was away.
    pub missed: Missed,
    /// What a run does where tasks of the same schedule's earlier runs are still there.
    pub overlap: Overlap,
}

/// Alarms that services may have their rollouts ended by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Alarms {
    /// The Prometheus that is asked, `http://host:port`; empty where there are no alarms.
    pub prometheus: String,
    /// Expressions by the names of alarms; one is on while its expression comes to anything but 0.
    pub queries: BTreeMap<String, String>,
    /// Between two looks at the alarms of a rollout.
    pub interval: Span,
    /// How long alarms watch a rollout whose tasks are all well, where it has no bake time of its own.
    pub bake_time: Span,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Metrics {
    /// Between two looks at what containers use; nothing means none.
    pub container_stats_interval: Span,
}

/// What happened, kept and sent elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Events {
    /// How many are kept.
    pub keep: u64,
    /// Who is sent them.
    pub webhook: Vec<Webhook>,
}

/// Who is sent events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Webhook {
    /// For people, and the label of its metrics; where it was is known by it.
    pub name: String,
    /// Where they are sent.
    pub url: String,
    /// A file with what they are signed with.
    #[serde(default)]
    pub secret_file: PathBuf,
    /// A variable of the environment with it.
    #[serde(default)]
    pub secret_env: String,
    /// Only events of these detail-types; all where there are none.
    #[serde(default)]
    pub detail_types: Words,
    /// Only events of this cluster; of all where it is empty.
    #[serde(default)]
    pub cluster: String,
    /// An event that was not taken is sent again until it is so old.
    #[serde(default = "retried_for")]
    pub retry_for: Span,
}

fn retried_for() -> Span {
    Span(Duration::from_secs(3600))
}

/// The supervision tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Supervision {
    /// More restarts than this within the period, and a supervisor gives up.
    pub restarts: usize,
    /// The window.
    pub period: Span,
}

/// What is kept of what is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct State {
    /// How long STOPPED tasks and deleted services are still described.
    pub stopped_task_retention: Span,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a list as in `info,mainstay_actors=debug`.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

/// Where traces of API calls go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Traces {
    /// The address of an OpenTelemetry collector, OTLP over HTTP; empty means nowhere.
    pub otlp: String,
}

/// How the daemon's address is served: over TLS where both are there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Tls {
    /// The certificate and what leads from it to one that clients know, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7077)),
            data_dir: values::default_data_dir(),
            names: Words::default(),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { requests_at_once: 256, connections: 1024 }
    }
}

impl Default for Aws {
    fn default() -> Self {
        let Partition { region, account } = Partition::default();
        Self { region, account }
    }
}

impl Default for Engine {
    fn default() -> Self {
        let Limits { work, pull, stop: _ } = Limits::default();
        Self {
            endpoint: String::new(),
            acts_at_once: work,
            pulls_at_once: pull,
            docker_config: PathBuf::new(),
        }
    }
}

impl Default for Agent {
    fn default() -> Self {
        let defaults = Settings::default();
        Self {
            stop_timeout: Span(defaults.stop_timeout),
            cleanup_wait: Span(defaults.cleanup_wait),
            orphan_grace: Span(defaults.orphan_grace),
            image_health_checks: defaults.image_health_checks,
            fargate_runtime: defaults.fargate_runtime.unwrap_or_default(),
            image_pull_behavior: defaults.image_pull_behavior,
            image_cleanup: defaults.image_cleanup.enabled,
            image_cleanup_interval: Span(defaults.image_cleanup.interval),
            image_minimum_age: Span(defaults.image_cleanup.minimum_age),
            image_cleanup_count: defaults.image_cleanup.at_once,
            image_cleanup_exclude: Words(defaults.image_cleanup.exclude),
            task_endpoint_port: TASK_ENDPOINT_PORT,
            gpus: Gpus::Found,
            availability_zone: String::new(),
            attributes: Pairs::default(),
        }
    }
}

impl Default for Exec {
    /// As on ECS.
    fn default() -> Self {
        Self { idle_timeout: Span(Duration::from_secs(20 * 60)) }
    }
}

impl Default for Network {
    fn default() -> Self {
        let network::Networks { default, subnets } = network::Networks::default();
        Self { default, subnets }
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            endpoint: String::new(),
            region: String::new(),
            credentials: PathBuf::new(),
            profile: "default".into(),
        }
    }
}

impl Default for Restart {
    fn default() -> Self {
        let policy = restart::Policy::default();
        Self {
            backoff: Span(policy.backoff),
            backoff_max: Span(policy.backoff_max),
            settle: Span(policy.settle),
            forget: Span(policy.forget),
            throttle_exits: policy.throttle_exits,
        }
    }
}

impl Default for Alarms {
    fn default() -> Self {
        let defaults = Settings::default();
        Self {
            prometheus: String::new(),
            queries: BTreeMap::new(),
            interval: Span(defaults.alarm_interval),
            bake_time: Span(defaults.alarm_bake_time),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { container_stats_interval: Span(Duration::from_secs(15)) }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self { keep: Settings::default().events_kept, webhook: Vec::new() }
    }
}

impl Default for Supervision {
    fn default() -> Self {
        let intensity = Intensity::default();
        Self { restarts: intensity.restarts, period: Span(intensity.period) }
    }
}

impl Default for State {
    fn default() -> Self {
        Self { stopped_task_retention: Span(Settings::default().stopped_task_retention) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Auto }
    }
}
