use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Tag, Timestamp};
use crate::RevisionKey;

/// A task definition's revision. Immutable but for its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Family and revision.
    pub key: RevisionKey,
    /// ACTIVE, or INACTIVE once deregistered.
    pub status: DefinitionStatus,
    /// At least one.
    pub containers: Vec<ContainerDefinition>,
    /// CPU units for the whole task; 1024 are one core.
    pub cpu: Option<u32>,
    /// Memory for the whole task, in MiB.
    pub memory: Option<u32>,
    /// How the containers are connected.
    pub network_mode: NetworkMode,
    /// The launch types named in `requiresCompatibilities`.
    pub requires_compatibilities: Vec<LaunchType>,
    /// Role of the containers, echoed.
    pub task_role_arn: Option<String>,
    /// Role of the agent, echoed.
    pub execution_role_arn: Option<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was deregistered.
    pub deregistered_at: Option<Timestamp>,
    /// What people attached.
    pub tags: Vec<Tag>,
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
}

impl NetworkMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::None => "none",
        }
    }
}

/// Where ECS would run a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaunchType {
    /// On a registered container instance.
    Ec2,
    /// On a registered instance outside AWS.
    External,
}

impl LaunchType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
        }
    }
}

/// One container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDefinition {
    /// Unique in the task definition.
    pub name: String,
    /// Image reference, as given.
    pub image: String,
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
    /// Ports to publish.
    pub port_mappings: Vec<PortMapping>,
    /// The command that tells whether it is well.
    pub health_check: Option<HealthCheck>,
    /// Wait between SIGTERM and SIGKILL; the agent's default where absent.
    pub stop_timeout: Option<Duration>,
    /// `user[:group]`.
    pub user: Option<String>,
    /// Where the command starts.
    pub working_directory: Option<String>,
    /// Labels for the engine.
    pub docker_labels: Vec<(String, String)>,
    /// Whether all tasks of a deployment run what its first one found under the image's tag; they do where not said.
    pub version_consistency: Option<bool>,
}

impl ContainerDefinition {
    /// Whether a deployment is held to what its image's tag stood for at first.
    pub fn is_consistent(&self) -> bool {
        self.version_consistency != Some(false)
    }
}

/// A container port made reachable from the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortMapping {
    /// The port inside.
    pub container_port: u16,
    /// The port outside; 0 or absent means any free one of the ephemeral range.
    pub host_port: Option<u16>,
    /// TCP where not said.
    pub protocol: Protocol,
    /// The mapping's name, echoed.
    pub name: Option<String>,
}

impl PortMapping {
    /// The host port that has to be reserved, where one was fixed.
    pub fn fixed_host_port(&self) -> Option<u16> {
        self.host_port.filter(|&port| port != 0)
    }
}

/// Transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The word on the wire and in the engine.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
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
