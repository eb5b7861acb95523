//! What the reading of logs measures.

use metrics::{Gauge, Unit, describe_gauge, gauge};

const READINGS: &str = "mainstay_log_readings";

/// Says once, at start, what the series means.
pub(crate) fn describe() {
    describe_gauge!(READINGS, Unit::Count, "Logs being read through /v1/logs, each by one reader");
}

/// Counts for as long as it lives.
pub(super) struct Counted(());

impl Counted {
    pub(super) fn new() -> Self {
        readings().increment(1.0);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        readings().decrement(1.0);
    }
}

fn readings() -> Gauge {
    gauge!(READINGS)
}

/// Starts it at zero.
pub(crate) fn begin() {
    readings().increment(0.0);
}
