use std::fmt;

use serde::{Deserialize, Serialize};

use super::ContainerInstance;

/// Where a task may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PlacementConstraint {
    /// No other task of its group is there.
    DistinctInstance,
    /// A container instance that this expression of the cluster query language means.
    MemberOf(String),
}

/// Which of the places where a task may be it goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PlacementStrategy {
    /// Any.
    Random,
    /// Where the fewest of its kind are.
    Spread(SpreadField),
    /// Where the least is left.
    Binpack(BinpackField),
}

impl PlacementStrategy {
    /// Whether it spreads over availability zones.
    pub fn is_over_zones(&self) -> bool {
        matches!(self, Self::Spread(SpreadField::Attribute(name)) if name == ContainerInstance::ZONE)
    }
}

/// What tasks are spread over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SpreadField {
    /// Container instances; `instanceId` or `host`.
    Instance,
    /// The values of an attribute. Container instances without it are one value, too.
    Attribute(String),
}

/// What is used up before another container instance gets a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BinpackField {
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
}

/// As on the wire.
impl fmt::Display for SpreadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance => f.write_str("instanceId"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
        }
    }
}

impl BinpackField {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}
