//! What goes over the wire: the shapes of ECS's service model, how they are checked, and their timestamps.
//!
//! The large modules are generated; nothing outside the API names a type of theirs.

mod check;
pub mod logs;
mod macros;
#[cfg(test)]
pub mod member;
pub mod scheduler;
mod timestamp;

#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod enums;
#[cfg(test)]
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod members;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod operations;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod structures;

pub use check::*;
pub use timestamp::*;

use macros::{exceptions, operations, wire_enum};
