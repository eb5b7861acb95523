use serde::{Deserialize, Serialize};

use super::{Tag, Timestamp};
use crate::{ClusterName, InstanceId};

/// A container instance: a host with an agent and an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerInstance {
    /// Its id.
    pub id: InstanceId,
    /// The cluster it serves.
    pub cluster: ClusterName,
    /// What ECS calls `ec2InstanceId`; the host's name here.
    pub host: String,
    /// Whether it takes tasks.
    pub status: InstanceStatus,
    /// Whether its agent talks to us.
    pub agent_connected: bool,
    /// Whether its engine answers the agent.
    pub engine_connected: bool,
    /// What it has.
    pub registered: Resources,
    /// Facts that constraints can ask for, name and value, as the host said them.
    pub attributes: Vec<(String, Option<String>)>,
    /// More of them, which people put there; they go over the host's.
    #[serde(default)]
    pub custom_attributes: Vec<(String, Option<String>)>,
    /// The agent's version.
    pub agent_version: String,
    /// The engine's version, as ECS shows it: `DockerVersion: 20.10.24`.
    pub engine_version: String,
    /// When it registered.
    pub registered_at: Timestamp,
    /// What people attached.
    pub tags: Vec<Tag>,
}

impl ContainerInstance {
    /// People can attach as many attributes.
    pub const MOST_CUSTOM_ATTRIBUTES: usize = 10;
    /// The attribute that tells where it stands.
    pub const ZONE: &str = "ecs.availability-zone";

    /// Whether it can be given a task now.
    pub fn accepts(&self) -> bool {
        self.status == InstanceStatus::Active && self.engine_connected
    }

    /// Where it stands, where that is known.
    pub fn zone(&self) -> Option<&str> {
        self.all_attributes().find(|(name, _)| *name == Self::ZONE).map(|(_, zone)| zone)
    }

    /// All attributes, each name once; a value that is absent is empty.
    pub fn all_attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let custom = |name: &str| self.custom_attributes.iter().any(|(known, _)| known == name);
        let of_host = self.attributes.iter().filter(move |(name, _)| !custom(name));
        of_host
            .chain(&self.custom_attributes)
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
    }
}

/// Whether a container instance takes tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceStatus {
    /// Takes tasks.
    Active,
    /// Takes no new ones.
    Draining,
}

impl InstanceStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

/// An amount of what tasks use up, or of what a container instance has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// CPU units; 1024 are one core.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// TCP ports of the host that are taken.
    pub tcp_ports: Vec<u16>,
    /// UDP ports of the host that are taken.
    pub udp_ports: Vec<u16>,
    /// GPUs by their ids: of an instance all that it has, of a task those that it alone holds.
    #[serde(default)]
    pub gpus: Vec<String>,
}

impl Resources {
    /// Ports that ECS keeps for the host itself.
    pub const RESERVED_PORTS: [u16; 5] = [22, 2375, 2376, 51678, 51679];
}
