//! What only the engine knows of a container, for whoever asks from inside of it; and its statistics.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use bollard::models::{
    ContainerBlkioStatEntry, ContainerInspectResponse, ContainerNetworkStats, ContainerStatsResponse,
    EndpointSettings, Health,
};
use bollard::query_parameters::{ListContainersOptions, StatsOptions};
use futures::StreamExt;
use futures::stream::BoxStream;
use mainstay_actors::ports::EngineError;
use mainstay_core::model::Timestamp;
use mainstay_core::{EngineId, TaskId};
use serde_json::Value;

use super::errors::{status, when};
use super::{DockerEngine, labels, translate};
use crate::usage::{Running, Usage};

/// What the engine knows of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its last run ended.
    pub finished_at: Option<Timestamp>,
    /// The image's id.
    pub image_id: Option<String>,
    /// All labels but Mainstay's own.
    pub labels: BTreeMap<String, String>,
    /// What it mounts.
    pub mounts: Vec<Mounted>,
    /// Its addresses, by the names of the engine's networks.
    pub networks: BTreeMap<String, Address>,
    /// What its last health check said.
    pub last_check: Option<Checked>,
}

/// Something that a container mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The volume's name, where it is one.
    pub volume: Option<String>,
    /// Where it is on the host.
    pub source: String,
    /// Where the container sees it.
    pub destination: String,
}

/// Where a container is on a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Empty where it has none of its own.
    pub ipv4: String,
    /// Where it has one.
    pub ipv6: Option<String>,
    /// The way out.
    pub gateway: Option<Ipv4Addr>,
    /// Bits of the network's part of `ipv4`.
    pub prefix: Option<u8>,
}

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What its command ended with.
    pub exit_code: i64,
    /// What it printed.
    pub output: String,
}

impl DockerEngine {
    /// What the engine knows of a container of this owner, by its id or name; `None` where there is none.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn about(&self, container: &str) -> Result<Option<About>, EngineError> {
        match self.client().await?.inspect_container(container, None).await {
            Ok(seen) => Ok(about(&self.owner, seen)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(when(&self.endpoint, "inspect", &error)),
        }
    }

    /// A container's statistics in the engine's own words, about one a second for as long as it is there.
    ///
    /// # Errors
    /// Where the engine does not answer, here or as the last item.
    pub async fn statistics(
        &self,
        container: &str,
    ) -> Result<BoxStream<'static, Result<Value, EngineError>>, EngineError> {
        let client = self.client().await?;
        let samples = client.stats(container, Some(StatsOptions { stream: true, one_shot: false }));
        let endpoint = self.endpoint.clone();
        let samples = samples.map(move |sample| {
            let sample = sample.map_err(|error| when(&endpoint, "stats", &error))?;
            serde_json::to_value(sample).map_err(|error| EngineError::Refused { message: error.to_string() })
        });
        Ok(samples.boxed())
    }

    /// The containers of this installation that run, pause containers too.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn running(&self) -> Result<Vec<Running>, EngineError> {
        let client = self.client().await?;
        let options = ListContainersOptions { filters: Some(self.owned()), ..Default::default() };
        let listed = client.list_containers(Some(options)).await;
        let found =
            listed.map_err(|error| when(&self.endpoint, "list", &error))?.into_iter().filter_map(|seen| {
                let mut labels = seen.labels?;
                let (task, container) =
                    (labels.remove(labels::TASK_ID)?, labels.remove(labels::CONTAINER_NAME)?);
                Some(Running { id: EngineId::new(seen.id?), task: TaskId::new(task), container })
            });
        Ok(found.collect())
    }

    /// What a container has used; `None` where it does not run.
    ///
    /// # Errors
    /// Where the engine does not answer, or the container is gone.
    pub async fn usage(&self, id: &EngineId) -> Result<Option<Usage>, EngineError> {
        let client = self.client().await?;
        // One look, not the second that the engine takes to measure a rate.
        let mut samples = client.stats(id.as_str(), Some(StatsOptions { stream: false, one_shot: true }));
        match samples.next().await {
            Some(Ok(sample)) => Ok(used(sample)),
            Some(Err(error)) => Err(when(&self.endpoint, "stats", &error)),
            None => Ok(None),
        }
    }
}

fn used(sample: ContainerStatsResponse) -> Option<Usage> {
    let cpu = sample.cpu_stats?.cpu_usage?.total_usage?;
    // One that does not run has used nothing at all.
    if cpu == 0 {
        return None;
    }
    let memory = sample.memory_stats.unwrap_or_default();
    let of_kernel = memory.stats.unwrap_or_default();
    // As `docker stats` counts: the names are those of the second and of the first version of control groups.
    let cached = of_kernel.get("inactive_file").or_else(|| of_kernel.get("total_inactive_file"));
    let interfaces = sample.networks.unwrap_or_default();
    let over_all = |of: fn(&ContainerNetworkStats) -> Option<u64>| interfaces.values().filter_map(of).sum();
    let blocks = sample.blkio_stats.unwrap_or_default().io_service_bytes_recursive.unwrap_or_default();
    let moved = |act: &str| {
        let of_act = |entry: &&ContainerBlkioStatEntry| {
            entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(act))
        };
        blocks.iter().filter(of_act).filter_map(|entry| entry.value).sum()
    };
    Some(Usage {
        cpu,
        memory: memory.usage.unwrap_or(0).saturating_sub(cached.copied().unwrap_or(0)),
        received: over_all(|interface| interface.rx_bytes),
        sent: over_all(|interface| interface.tx_bytes),
        read: moved("read"),
        written: moved("write"),
    })
}

fn about(owner: &str, seen: ContainerInspectResponse) -> Option<About> {
    let labels = seen.config.and_then(|config| config.labels).unwrap_or_default();
    if labels.get(labels::OWNER).map(String::as_str) != Some(owner) {
        return None;
    }
    let state = seen.state.unwrap_or_default();
    let networks = seen.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let mounts = seen.mounts.unwrap_or_default().into_iter().map(|mount| Mounted {
        volume: mount.name.filter(|name| !name.is_empty()),
        source: mount.source.unwrap_or_default(),
        destination: mount.destination.unwrap_or_default(),
    });
    Some(About {
        created_at: seen.created.as_deref().and_then(translate::timestamp),
        finished_at: state.finished_at.as_deref().and_then(translate::timestamp),
        image_id: seen.image,
        labels: labels.into_iter().filter(|(label, _)| !label.starts_with(labels::OURS)).collect(),
        mounts: mounts.collect(),
        networks: networks.into_iter().map(|(name, endpoint)| (name, address(endpoint))).collect(),
        last_check: state.health.and_then(last_check),
    })
}

fn address(endpoint: EndpointSettings) -> Address {
    Address {
        ipv4: endpoint.ip_address.unwrap_or_default(),
        ipv6: endpoint.global_ipv6_address.filter(|address| !address.is_empty()),
        gateway: endpoint.gateway.and_then(|address| address.parse().ok()),
        prefix: endpoint.ip_prefix_len.and_then(|bits| u8::try_from(bits).ok()),
    }
}

fn last_check(health: Health) -> Option<Checked> {
    let last = health.log?.pop()?;
    Some(Checked { exit_code: last.exit_code.unwrap_or_default(), output: last.output.unwrap_or_default() })
}
