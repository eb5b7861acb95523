//! The supervision tree: actors that carry out what `mainstay-core` decides.
//!
//! ```text
//! root                                one_for_one
//! ├── catalog                         owns clusters, task definitions, births; forgets what is long over
//! ├── clusters                        one child a cluster
//! │   └── cluster "default"           rest_for_one
//! │       ├── placement               owns the ledger
//! │       ├── agents ── agent …       one a container instance
//! │       ├── services ── service … ── task …
//! │       └── tasks ── task …         of RunTask; never started again
//! ├── schedules                       runs tasks at their times
//! ├── host ── host task …             the agent's side, where there is one in this process
//! └── events ── webhook …             one a receiver of events elsewhere, where there are any
//! ```
//!
//! Absent on purpose: no actor awaits the engine, the disk or the network in a handler; no read messages an
//! actor (see [`view`]); no actor has a registered name, so that several daemons fit in one process; no actor's
//! end touches a container (only a decision does).

pub mod agent;
mod at_work;
mod audit;
pub mod catalog;
pub mod cluster;
pub mod context;
pub mod control;
pub mod directory;
pub mod events;
pub mod explain;
pub mod failpoint;
pub mod fleet;
pub mod host;
mod measured;
pub use measured::SPANS;
pub mod metrics;
pub mod placement;
pub mod ports;
pub mod root;
pub mod schedules;
pub mod service;
#[cfg(feature = "sim")]
pub mod sim;
pub mod supervisor;
pub mod task;
pub mod tasks;
mod tokens;
pub mod tree;
pub mod view;
