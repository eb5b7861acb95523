//! Settings: defaults < file < `MAINSTAY_SECTION_KEY` < flags.
//!
//! Whatever is wrong (an unknown key, a bad value, a missing file) is an error that names the key, the value and
//! what would be right, before anything is opened or bound.

mod environment;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use mainstay_actors::context::Settings;
use mainstay_actors::host::Limits;
use mainstay_core::images::{Cleanup, PullBehavior};
use mainstay_core::model::ContainerInstance;
use mainstay_core::supervision::Intensity;
use mainstay_core::{Partition, network, restart, storage};
use serde::{Deserialize, Serialize};

use crate::api::attributes::{is_name as is_attribute_name, is_value as is_attribute_value};
use crate::secrets::{self, Folders, Keys, Sources};
use environment::Environment;
use values::{Pairs, Place, Span, Words};

/// Everything that can be set. `config/mainstay.toml` shows each with its default and a word on it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Where it listens and keeps its state.
    pub server: Server,
    /// How much is asked of it at once.
    pub api: Api,
    /// What its ARNs say.
    pub aws: Aws,
    /// The container engine.
    pub engine: Engine,
    /// How tasks are run on this host.
    pub agent: Agent,
    /// Where this host has what task definitions only name.
    pub storage: Storage,
    /// Where tasks with an address of their own have it.
    pub network: Network,
    /// Where the secrets of containers are.
    pub secrets: Secrets,
    /// Where their environment files are.
    pub environment_files: EnvironmentFiles,
    /// The brake on tasks that keep failing.
    pub restart: Restart,
    /// The supervision tree.
    pub supervision: Supervision,
    /// What is kept of what is over.
    pub state: State,
    /// The log.
    pub log: Log,
}

/// Where the daemon listens and keeps its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Server {
    /// The address of API, console, metrics and health; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The data folder.
    pub data_dir: PathBuf,
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
    /// Where this host stands: its attribute `ecs.availability-zone`. Empty: the region and `a`.
    pub availability_zone: String,
    /// What else placement can ask for, by name and value.
    pub attributes: Pairs,
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
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 7077)), data_dir: values::default_data_dir() }
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
            availability_zone: String::new(),
            attributes: Pairs::default(),
        }
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

/// What flags say; absent is as it was.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The file; it has to be there where it is named.
    pub config: Option<PathBuf>,
    /// `server.listen`.
    pub listen: Option<SocketAddr>,
    /// `server.data-dir`.
    pub data_dir: Option<PathBuf>,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Puts the settings together.
    ///
    /// # Errors
    /// Where a file is missing, a key unknown or a value not what it should be.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let variables = std::env::vars();
        #[cfg(feature = "failpoints")]
        let variables = variables.filter(|(name, _)| {
            use mainstay_actors::failpoint::{SLOW_DISK, VARIABLE};
            ![VARIABLE, SLOW_DISK].contains(&name.as_str())
        });
        Self::from_sources(flags, variables)
    }

    fn from_sources(
        flags: &Flags,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut sources = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = &flags.config {
            if !path.is_file() {
                return Err(ConfigError(format!("--config {}: no such file", path.display())));
            }
            sources = sources.merge(Toml::file_exact(path));
        }
        let sources = sources.merge(Environment::of(variables));
        let mut config: Self = sources.extract().map_err(|error| ConfigError(words(error)))?;
        config.server.listen = flags.listen.unwrap_or(config.server.listen);
        if let Some(path) = &flags.data_dir {
            config.server.data_dir.clone_from(path);
        }
        config.check()?;
        Ok(config)
    }

    /// What no type says.
    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, value: &str, right: &str| {
            Err(ConfigError(format!("{key} = {value:?}: it must be {right}")))
        };
        let Aws { region, account } = &self.aws;
        if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
            return wrong("aws.account", account, "twelve digits, such as \"000000000000\"");
        }
        let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        if region.is_empty() || !region.bytes().all(plain) {
            return wrong("aws.region", region, "a region's name, such as \"us-east-1\"");
        }
        for (key, limit) in [
            ("api.requests-at-once", self.api.requests_at_once),
            ("api.connections", self.api.connections),
            ("engine.acts-at-once", self.engine.acts_at_once),
            ("engine.pulls-at-once", self.engine.pulls_at_once),
            ("agent.image-cleanup-count", self.agent.image_cleanup_count),
        ] {
            if limit == 0 {
                return wrong(key, "0", "at least 1");
            }
        }
        self.check_attributes()?;
        if self.agent.image_cleanup_interval.0 < SHORTEST_CLEANUP {
            let value = self.agent.image_cleanup_interval.to_string();
            return wrong("agent.image-cleanup-interval", &value, "at least 1s");
        }
        let id = |id: &str| id.strip_prefix("fs-").or_else(|| id.strip_prefix("fsap-")).is_some();
        if let Some(wrong) = self.storage.efs.keys().find(|key| !id(key)) {
            let text = "is no id of an EFS file system (fs-…) or of an access point (fsap-…)";
            return Err(ConfigError(format!("storage.efs.{wrong}: {wrong:?} {text}")));
        }
        let subnets = self.network.subnets.iter();
        let named = subnets.map(|(subnet, name)| (format!("network.subnets.{subnet}"), name));
        for (key, name) in named.chain([("network.default".to_owned(), &self.network.default)]) {
            if !is_network(name) {
                return wrong(&key, name, "the name of a network of the engine, and none of its own three");
            }
        }
        for (key, path) in [
            ("secrets.folder", &self.secrets.folder),
            ("secrets.credentials", &self.secrets.credentials),
            ("environment-files.folder", &self.environment_files.folder),
        ] {
            if !path.as_os_str().is_empty() && !path.is_absolute() {
                return wrong(key, &path.display().to_string(), "an absolute path");
            }
        }
        for (key, endpoint) in [
            ("secrets.endpoint", &self.secrets.endpoint),
            ("environment-files.endpoint", &self.environment_files.endpoint),
        ] {
            if !endpoint.is_empty() && !secrets::is_endpoint(endpoint) {
                let right = "http://host:port or https://host, in which {service} and {region} may stand";
                return wrong(key, endpoint, right);
            }
        }
        let region = &self.secrets.region;
        if !region.bytes().all(plain) {
            return wrong("secrets.region", region, "a region's name, such as \"us-east-1\"");
        }
        if self.restart.backoff > self.restart.backoff_max {
            let value = self.restart.backoff.to_string();
            return wrong("restart.backoff", &value, "at most restart.backoff-max");
        }
        let endpoint = &self.engine.endpoint;
        let known = ["unix://", "tcp://", "http://"].iter().any(|scheme| endpoint.starts_with(scheme));
        if !endpoint.is_empty() && !known {
            return wrong("engine.endpoint", endpoint, "unix:///path or tcp://host:port");
        }
        if let Err(error) = self.log.filter.parse::<tracing_subscriber::filter::Targets>() {
            return wrong(
                "log.filter",
                &self.log.filter,
                &format!("a level or a list of target=level ({error})"),
            );
        }
        Ok(())
    }

    /// Whether what the host says of itself can be an attribute.
    fn check_attributes(&self) -> Result<(), ConfigError> {
        let zone = &self.agent.availability_zone;
        if !zone.is_empty() && !is_attribute_value(zone) {
            let text = format!("agent.availability-zone = {zone:?}: it must be {ATTRIBUTE_VALUE}");
            return Err(ConfigError(text));
        }
        for (name, value) in &self.agent.attributes.0 {
            if !is_attribute_name(name) {
                let text = "as a name it must have 1 to 128 letters, digits, or - _ . / \\";
                return Err(ConfigError(format!("agent.attributes.{name}: {text}")));
            }
            if name == ContainerInstance::ZONE {
                let text = "set agent.availability-zone instead";
                return Err(ConfigError(format!("agent.attributes.{name} = {value:?}: {text}")));
            }
            if !is_attribute_value(value) {
                let text = format!("agent.attributes.{name} = {value:?}: it must be {ATTRIBUTE_VALUE}");
                return Err(ConfigError(text));
            }
        }
        Ok(())
    }

    /// What the host says of itself.
    fn host_attributes(&self) -> Vec<(String, String)> {
        let zone = Some(self.agent.availability_zone.clone()).filter(|zone| !zone.is_empty());
        let zone = zone.unwrap_or_else(|| format!("{}a", self.aws.region));
        let attributes = self.agent.attributes.0.iter().map(|(name, value)| (name.clone(), value.clone()));
        std::iter::once((ContainerInstance::ZONE.to_owned(), zone)).chain(attributes).collect()
    }

    /// The engine's address.
    pub fn engine_endpoint(&self) -> String {
        let set = Some(self.engine.endpoint.clone()).filter(|endpoint| !endpoint.is_empty());
        let docker_host = || std::env::var("DOCKER_HOST").ok().filter(|endpoint| !endpoint.is_empty());
        set.or_else(docker_host).unwrap_or_else(|| "unix:///var/run/docker.sock".into())
    }

    /// The file with the credentials for registries, where one was named.
    pub fn docker_config(&self) -> Option<PathBuf> {
        Some(self.engine.docker_config.clone()).filter(|path| !path.as_os_str().is_empty())
    }

    /// Where secrets and environment files are.
    pub fn secrets(&self) -> Sources {
        let set = |path: &PathBuf| Some(path.clone()).filter(|path| !path.as_os_str().is_empty());
        let Secrets { folder, endpoint, region, credentials, profile } = &self.secrets;
        let region = if region.is_empty() { &self.aws.region } else { region };
        let at = |endpoint: &str| {
            let keys = Keys { file: set(credentials), profile: profile.clone() };
            (!endpoint.is_empty()).then(|| secrets::Aws::new(endpoint, region, keys))
        };
        Sources {
            folders: Folders { secrets: set(folder), environment_files: set(&self.environment_files.folder) },
            secrets: at(endpoint),
            environment_files: at(&self.environment_files.endpoint),
        }
    }

    /// What the tree wants to know of this.
    pub fn settings(&self) -> Settings {
        let Span(stop_timeout) = self.agent.stop_timeout;
        Settings {
            partition: Partition { region: self.aws.region.clone(), account: self.aws.account.clone() },
            restart: restart::Policy {
                backoff: self.restart.backoff.0,
                backoff_max: self.restart.backoff_max.0,
                settle: self.restart.settle.0,
                forget: self.restart.forget.0,
                throttle_exits: self.restart.throttle_exits,
            },
            intensity: Intensity { restarts: self.supervision.restarts, period: self.supervision.period.0 },
            stop_timeout,
            orphan_grace: self.agent.orphan_grace.0,
            cleanup_wait: self.agent.cleanup_wait.0,
            engine_limits: Limits {
                work: self.engine.acts_at_once,
                pull: self.engine.pulls_at_once,
                ..Limits::default()
            },
            image_health_checks: self.agent.image_health_checks,
            fargate_runtime: Some(self.agent.fargate_runtime.clone()).filter(|name| !name.is_empty()),
            image_pull_behavior: self.agent.image_pull_behavior,
            image_cleanup: Cleanup {
                enabled: self.agent.image_cleanup,
                interval: self.agent.image_cleanup_interval.0,
                minimum_age: self.agent.image_minimum_age.0,
                at_once: self.agent.image_cleanup_count,
                exclude: self.agent.image_cleanup_exclude.0.clone(),
            },
            storage: storage::Storage {
                efs: self.storage.efs.iter().map(|(id, place)| (id.clone(), place.0.clone())).collect(),
            },
            networks: network::Networks {
                default: self.network.default.clone(),
                subnets: self.network.subnets.clone(),
            },
            stopped_task_retention: self.state.stopped_task_retention.0,
            host_attributes: self.host_attributes(),
        }
    }
}

/// Whether it can be the name of a network on which containers have addresses of their own.
fn is_network(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(letter)
        && !["bridge", "host", "none", "default"].contains(&name)
}

/// Every mistake in a line of its own: key, value, what would be right, and where it stands.
fn words(error: figment::Error) -> String {
    let line = |mistake: figment::Error| {
        let key = mistake.path.join(".");
        let source = mistake.metadata.as_ref().map(|source| match &source.source {
            Some(place) => format!(" ({place})"),
            None => format!(" ({})", source.name),
        });
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        format!("{key}{}{}", mistake.kind, source.unwrap_or_default())
    };
    error.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

const ATTRIBUTE_VALUE: &str = "1 to 128 letters, digits, spaces within, or - _ . @ / \\ :";

/// Looking for unused images all the time would keep the engine from its work.
const SHORTEST_CLEANUP: std::time::Duration = std::time::Duration::from_secs(1);

/// The file that is read where none is named and this one is there.
pub const SYSTEM_FILE: &str = "/etc/mainstay/mainstay.toml";

/// The file to read: the one that is named, else the system's where it is there.
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    let system = Path::new(SYSTEM_FILE);
    named.map(Path::to_path_buf).or_else(|| system.is_file().then(|| system.to_path_buf()))
}

#[cfg(test)]
mod tests;
