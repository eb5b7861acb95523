//! What a simulated engine remembers, for assertions.

use std::collections::BTreeMap;

use mainstay_core::{EngineId, RevisionKey, TaskId};
use tokio::time::Instant;

/// Everything that ever ran on a simulated engine.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Each start of a container, in order.
    pub starts: Vec<Start>,
    /// Each end of a container, in order.
    pub ends: Vec<End>,
    /// How many containers of each definition ran, after each start and end.
    pub moments: Vec<Moment>,
    /// What must never happen and did: two containers of one name and task at once, one program started
    /// twice that was not to start again, or one before what it depends on.
    pub violations: Vec<String>,
    /// How often each call was made.
    pub calls: BTreeMap<&'static str, u64>,
}

/// A container was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// When.
    pub at: Instant,
    /// Which.
    pub id: EngineId,
    /// Whose task.
    pub task: TaskId,
    /// Its name in the task definition.
    pub container: String,
    /// Its image.
    pub image: String,
}

/// A container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Instant,
    /// Which.
    pub id: EngineId,
    /// Whose task.
    pub task: TaskId,
    /// Its name in the task definition.
    pub container: String,
    /// With which code.
    pub code: i32,
}

/// How many ran at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// Running containers, by task definition.
    pub running: BTreeMap<RevisionKey, usize>,
}

impl History {
    /// When containers of this image were started.
    pub fn starts_of(&self, image: &str) -> Vec<Instant> {
        self.starts.iter().filter(|start| start.image == image).map(|start| start.at).collect()
    }
}
