//! Settings: defaults < file < `MAINSTAY_SECTION_KEY` < flags.
//!
//! Whatever is wrong (an unknown key, a bad value, a missing file) is an error that names the key, the value and
//! what would be right, before anything is opened or bound.

mod check;
mod environment;
mod sections;
mod values;
mod webhooks;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use mainstay_actors::context::Settings;
use mainstay_actors::host::Limits;
use mainstay_core::images::Cleanup;
use mainstay_core::model::ContainerInstance;
use mainstay_core::supervision::Intensity;
use mainstay_core::{Partition, network, restart, storage};
use serde::{Deserialize, Serialize};

use crate::alarms::{Address, PrometheusAlarms};
use crate::inside::Roles;
use crate::secrets::{self, Folders, Keys, Sources};
use crate::tls;
use environment::Environment;
pub use sections::*;
use values::{Gpus, Span};

/// Everything that can be set. `config/mainstay.toml` shows each with its default and a word on it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Where it listens and keeps its state.
    pub server: Server,
    /// Whether that is served over TLS.
    pub tls: Tls,
    /// How much is asked of it at once.
    pub api: Api,
    /// What its ARNs say.
    pub aws: Aws,
    /// The container engine.
    pub engine: Engine,
    /// How tasks are run on this host.
    pub agent: Agent,
    /// Commands that are run in containers.
    pub exec: Exec,
    /// Where this host has what task definitions only name.
    pub storage: Storage,
    /// Where tasks with an address of their own have it.
    pub network: Network,
    /// Where the secrets of containers are.
    pub secrets: Secrets,
    /// Where their environment files are.
    pub environment_files: EnvironmentFiles,
    /// Where the credentials of their roles are.
    pub task_roles: Folder,
    /// The brake on tasks that keep failing.
    pub restart: Restart,
    /// What ends rollouts.
    pub alarms: Alarms,
    /// Tasks that are run at their times.
    pub schedules: Schedules,
    /// What is measured.
    pub metrics: Metrics,
    /// What happened, kept and sent elsewhere.
    pub events: Events,
    /// The supervision tree.
    pub supervision: Supervision,
    /// What is kept of what is over.
    pub state: State,
    /// The log.
    pub log: Log,
    /// Where traces go.
    pub traces: Traces,
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
    /// `traces.otlp`.
    pub otlp: Option<String>,
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
        if let Some(address) = &flags.otlp {
            config.traces.otlp.clone_from(address);
        }
        config.check()?;
        Ok(config)
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
        set(&self.engine.docker_config)
    }

    /// The certificate that is shown to whoever connects, where there is one.
    pub(crate) fn certificate(&self) -> Option<tls::Files> {
        let Tls { certificate, key } = &self.tls;
        Some(tls::Files { certificate: set(certificate)?, key: set(key)? })
    }

    /// The GPUs of this host, where somebody said which.
    pub fn gpus(&self) -> Option<Vec<String>> {
        match &self.agent.gpus {
            Gpus::Found => None,
            Gpus::These(ids) => Some(ids.clone()),
        }
    }

    /// Where secrets and environment files are.
    pub fn secrets(&self) -> Sources {
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

    /// Where the credentials of task roles are.
    pub fn roles(&self) -> Roles {
        Roles { folder: set(&self.task_roles.folder), account: self.aws.account.clone() }
    }

    /// The alarms, where there are any.
    pub fn alarms(&self) -> Option<PrometheusAlarms> {
        // What is no address was refused.
        let address = Address::parse(&self.alarms.prometheus).ok()?;
        Some(PrometheusAlarms::new(address, self.alarms.queries.clone()))
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
            alarm_interval: self.alarms.interval.0,
            alarm_bake_time: self.alarms.bake_time.0,
            missed_runs: self.schedules.missed,
            overlapping_runs: self.schedules.overlap,
            events_kept: self.events.keep,
        }
    }
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

/// A path that is not empty.
fn set(path: &Path) -> Option<PathBuf> {
    Some(path.to_owned()).filter(|path| !path.as_os_str().is_empty())
}

/// The file that is read where none is named and this one is there.
pub const SYSTEM_FILE: &str = "/etc/mainstay/mainstay.toml";

/// The file to read: the one that is named, else the system's where it is there.
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    let system = Path::new(SYSTEM_FILE);
    named.map(Path::to_path_buf).or_else(|| system.is_file().then(|| system.to_path_buf()))
}

#[cfg(test)]
mod tests;
