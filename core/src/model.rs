//! The records: what Mainstay knows, in ECS's words.
//!
//! Each record has one writer, the actor that owns it; everybody else reads immutable snapshots.

mod capacity;
mod cluster;
mod definition;
mod instance;
mod network;
mod placement;
mod rollout;
mod schedule;
mod secret;
mod service;
mod spec;
mod task;
mod time;
mod volume;

pub use capacity::*;
pub use cluster::*;
pub use definition::*;
pub use instance::*;
pub use network::*;
pub use placement::*;
pub use rollout::*;
pub use schedule::*;
pub use secret::*;
pub use service::*;
pub use spec::*;
pub use task::*;
pub use time::*;
pub use volume::*;

use serde::{Deserialize, Serialize};

/// A key and an optional value that a person attached to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The key, 1 to 128 characters.
    pub key: String,
    /// The value, up to 256 characters.
    pub value: Option<String>,
}
