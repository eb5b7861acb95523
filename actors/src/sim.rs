//! A simulated world: an engine and a store whose faults come from a seed.
