//! What no type says of the settings.

use std::ops::RangeInclusive;
use std::time::Duration;

use mainstay_core::model::ContainerInstance;

use super::{Aws, Config, ConfigError, Tls};
use crate::alarms::Address;
use crate::api::attributes::{is_name as is_attribute_name, is_value as is_attribute_value};
use crate::secrets;

/// Looking for unused images all the time would keep the engine from its work.
const SHORTEST_CLEANUP: Duration = Duration::from_secs(1);

/// So would asking Prometheus all the time.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);

/// Between two looks at what containers use: more would keep the engine busy, fewer would say nothing.
const OF_LOOKS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);

const ATTRIBUTE_VALUE: &str = "1 to 128 letters, digits, spaces within, or - _ . @ / \\ :";

impl Config {
    /// What no type says.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
        let otlp = &self.traces.otlp;
        if !otlp.is_empty() && !crate::traces::Traces::is_address(otlp) {
            return wrong(
                "traces.otlp",
                otlp,
                "the address of a collector, such as \"http://127.0.0.1:4318\"",
            );
        }
        let Tls { certificate, key } = &self.tls;
        if certificate.as_os_str().is_empty() != key.as_os_str().is_empty() {
            let missing = if key.as_os_str().is_empty() { "tls.key" } else { "tls.certificate" };
            return wrong(missing, "", "set where the other of the two is");
        }
        if self.events.keep == 0 {
            return wrong("events.keep", "0", "at least 1");
        }
        if self.exec.idle_timeout.0.is_zero() {
            return wrong("exec.idle-timeout", &self.exec.idle_timeout.to_string(), "longer than nothing");
        }
        self.check_attributes()?;
        self.webhooks()?;
        self.check_gpus()?;
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
            ("task-roles.folder", &self.task_roles.folder),
            ("tls.certificate", certificate),
            ("tls.key", key),
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
        let prometheus = &self.alarms.prometheus;
        if prometheus.is_empty() {
            if let Some(name) = self.alarms.queries.keys().next() {
                let text = "has nobody to ask; set alarms.prometheus";
                return Err(ConfigError(format!("alarms.queries.{name} {text}")));
            }
        } else if let Err(right) = Address::parse(prometheus) {
            return wrong("alarms.prometheus", prometheus, &right);
        }
        if let Some((name, query)) = self.alarms.queries.iter().find(|(_, query)| query.trim().is_empty()) {
            return wrong(&format!("alarms.queries.{name}"), query, "an expression of Prometheus");
        }
        if self.alarms.interval.0 < SHORTEST_LOOK {
            return wrong("alarms.interval", &self.alarms.interval.to_string(), "at least 1s");
        }
        let looks = self.metrics.container_stats_interval;
        if !looks.0.is_zero() && !OF_LOOKS.contains(&looks.0) {
            let right = "from 1s to 10m, or 0s for no looks at all";
            return wrong("metrics.container-stats-interval", &looks.to_string(), right);
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

    /// Whether each GPU is named once, in a way that can be listed in a variable.
    fn check_gpus(&self) -> Result<(), ConfigError> {
        let ids = self.gpus().unwrap_or_default();
        let wrong = |id: &str, right: &str| Err(ConfigError(format!("agent.gpus has {id:?}: {right}")));
        for (at, id) in ids.iter().enumerate() {
            if id.is_empty() || !id.chars().all(|letter| letter.is_ascii_graphic() && letter != ',') {
                return wrong(id, "an id must have letters, digits and signs, and neither spaces nor commas");
            }
            if ids[..at].contains(id) {
                return wrong(id, "each GPU must be named once, since no two tasks can have the same");
            }
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
}

/// Whether it can be the name of a network on which containers have addresses of their own.
fn is_network(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(letter)
        && !["bridge", "host", "none", "default"].contains(&name)
}
