//! Mainstay, Amazon ECS on your own machines: the daemon as a library, so that a test can start a whole one.

pub mod api;
pub mod engine;
