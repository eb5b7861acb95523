//! What the tree needs from the world. Adapters live in the root crate; the simulated ones in `sim` (a feature).

mod alarms;
mod clock;
mod engine;
mod events;
mod exec;
mod inside;
mod link;
mod logs;
mod secrets;
mod store;
mod targets;

pub use alarms::*;
pub use clock::*;
pub use engine::*;
pub use events::*;
pub use exec::*;
pub use inside::*;
pub use link::*;
pub use logs::*;
pub use secrets::*;
pub use store::*;
pub use targets::*;
