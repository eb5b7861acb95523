//! Mainstay's decisions, without the machinery that carries them out.
//!
//! Nothing here is async, does IO, reads a clock or spawns: time and randomness are arguments, and what comes
//! back is a value that says what to do. The tree in `mainstay-actors` asks and obeys; wire types stay in the API.

pub mod deployment;
pub mod events;
pub mod explain;
pub mod fargate;
pub mod firelens;
pub mod ids;
pub mod images;
pub mod lifecycle;
pub mod model;
pub mod network;
pub mod placement;
pub mod protection;
pub mod restart;
pub mod schedule;
pub mod secrets;
pub mod storage;
pub mod supervision;
pub mod tagging;

pub use ids::*;
