use serde::{Deserialize, Serialize};

use super::{StrategyItem, Tag, Timestamp};
use crate::{CapacityProviderName, ClusterName};

/// A cluster, the room in which services, tasks and container instances live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name.
    pub name: ClusterName,
    /// Whether it takes work.
    pub status: ClusterStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// Where sessions of ExecuteCommand are logged, where somebody has said.
    #[serde(default)]
    pub execute_command_logging: Option<ExecuteCommandLogging>,
    /// Who may be named in strategies of its services and tasks.
    #[serde(default)]
    pub capacity_providers: Vec<CapacityProviderName>,
    /// The strategy of services and tasks that say neither a strategy nor a launch type.
    #[serde(default)]
    pub default_strategy: Vec<StrategyItem>,
}

/// Where sessions of ExecuteCommand are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecuteCommandLogging {
    /// Nowhere.
    None,
}

/// ECS's words for a cluster's state, as far as clusters without capacity providers have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterStatus {
    /// Takes work.
    Active,
    /// Deleted; still described for a while, as ECS does.
    Inactive,
}

impl ClusterStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}
