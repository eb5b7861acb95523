//! Mainstay, Amazon ECS on your own machines: the daemon as a library, so that a test can start a whole one.

pub mod alarms;
pub mod api;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod events;
pub mod exec;
pub mod http;
pub mod inside;
pub mod log;
pub mod logs;
pub mod metrics;
pub mod secrets;
pub mod store;
mod tls;
pub mod traces;
pub mod usage;
