//! A simulated world: an engine and a store whose latencies and faults come from a seed.
//!
//! ```text
//! World ── SimEngine   outlives every tree that runs on it, as Docker does
//!       ├─ SimStore    outlives them too, as a disk does
//!       └─ root, host  one tree after the other: restarted in order, or crashed
//! ```
//!
//! All waiting is on tokio's clock, which a test pauses: hours pass in milliseconds. No actor is named, nothing is
//! global, so that many worlds fit in one process.

mod alarms;
mod definitions;
mod engine;
mod exec;
mod history;
mod images;
mod logs;
mod machine;
mod script;
mod secrets;
mod store;
mod targets;
mod world;

pub use alarms::*;
pub use definitions::*;
pub use engine::*;
pub use exec::*;
pub use history::*;
pub use script::*;
pub use secrets::*;
pub use store::*;
pub use targets::*;
pub use world::*;
