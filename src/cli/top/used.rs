//! What containers use, as `/v1/usage` tells it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::client::Endpoint;
use crate::cli::outcome::{EXIT_UNAVAILABLE, Failure};

const MIB: f64 = 1024.0 * 1024.0;
/// CPU units of a core.
const CORE: f64 = 1024.0;

/// What is in use of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Used {
    cpu_cores: f64,
    memory_bytes: f64,
}

impl Used {
    /// CPU units.
    pub(super) fn cpu(self) -> f64 {
        self.cpu_cores * CORE
    }

    /// MiB.
    pub(super) fn memory(self) -> f64 {
        self.memory_bytes / MIB
    }
}

/// What was in use at the daemon's last look. What was not looked at is not in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Usage {
    /// By id.
    pub(super) tasks: BTreeMap<String, Used>,
    /// By cluster and name.
    pub(super) services: BTreeMap<(String, String), Used>,
    /// By id.
    pub(super) instances: BTreeMap<String, Used>,
}

/// The answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    tasks: Vec<One>,
    services: Vec<One>,
    instances: Vec<One>,
}

/// A task, a service or an instance in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct One {
    task: String,
    cluster: String,
    service: String,
    instance: String,
    #[serde(flatten)]
    used: Used,
}

impl From<Told> for Usage {
    fn from(told: Told) -> Self {
        Self {
            tasks: told.tasks.into_iter().map(|one| (one.task, one.used)).collect(),
            services: told.services.into_iter().map(|one| ((one.cluster, one.service), one.used)).collect(),
            instances: told.instances.into_iter().map(|one| (one.instance, one.used)).collect(),
        }
    }
}

/// Asks for it.
///
/// # Errors
/// Where nobody answers, or with something else. A daemon that has no such page knows of nothing in use.
pub(super) async fn asked(endpoint: &Endpoint) -> Result<Usage, Failure> {
    let away = |error| (EXIT_UNAVAILABLE, error);
    let mut answer = endpoint.get("/v1/usage").await.map_err(away)?;
    if !answer.status.is_success() {
        return Ok(Usage::default());
    }
    let mut text = String::new();
    while let Some(line) = answer.line().await.map_err(away)? {
        text.push_str(&line);
    }
    let strange = |_| (EXIT_UNAVAILABLE, format!("{endpoint} does not speak as mainstay does: {text}"));
    serde_json::from_str::<Told>(&text).map(Usage::from).map_err(strange)
}

#[cfg(test)]
pub(super) fn told(text: &str) -> Usage {
    serde_json::from_str::<Told>(text).unwrap().into()
}
