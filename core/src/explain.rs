//! Why something does not run, or where it does: told from the records alone, for people and for programs.
//!
//! A [`Story`] has a sentence and the points it is made of, what weighs most first. Nothing here asks anybody: whoever
//! has the records can tell it, and tells it twice alike.

mod causes;
mod place;
mod service;
mod task;

use serde::Serialize;

use crate::model::Timestamp;

pub use place::Look;
pub use service::{ServiceSeen, asks_instances, service};
pub use task::{TaskSeen, task};

/// What is told of a service or a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// Whether all is as it is wanted.
    pub well: bool,
    /// In one sentence.
    pub summary: String,
    /// What weighs most first.
    pub points: Vec<Point>,
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// What it is about, for programs.
    pub kind: Kind,
    /// What is so, for people.
    pub text: String,
    /// When it is over, where that is known: milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What a point is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Where it is.
    Place,
    /// It has no place.
    Placement,
    /// Its host or the engine there does not answer, or was lost.
    Agent,
    /// An image is missing or still on its way.
    Image,
    /// A secret, an environment file or something else to provide is missing.
    Provision,
    /// A container could not be made or started.
    Start,
    /// A container waits for another one, or never starts for it.
    Dependency,
    /// A health check fails, or has no verdict yet.
    Health,
    /// A container was killed for its memory.
    OutOfMemory,
    /// A container ended.
    Exit,
    /// Somebody or something stopped it.
    Stopped,
    /// Its slot waits after failures.
    BackingOff,
    /// Failing tasks ended its rollout.
    CircuitBreaker,
    /// Its rollout ended in another way, or is watched.
    Rollout,
    /// It moves away from a container instance.
    Draining,
    /// minimumHealthyPercent and maximumPercent leave no room.
    Percentages,
    /// Tasks are protected.
    Protection,
    /// It has not run for long enough yet.
    Settling,
    /// None, or no more, are wanted.
    Scale,
}

impl Point {
    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), until: None }
    }
}

/// So many milliseconds, for people: `20 s`, `5 min`, `3 h`.
pub fn span(millis: u64) -> String {
    let seconds = millis.div_ceil(1000);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// `1 task`, `2 tasks`.
fn tasks(count: usize) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}

#[cfg(test)]
mod tests;
