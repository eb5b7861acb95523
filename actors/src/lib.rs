//! The supervision tree: actors that carry out what `mainstay-core` decides.

pub mod ports;
