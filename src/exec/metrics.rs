//! What sessions in containers measure.

use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

use super::dialect::End;

const SESSIONS: &str = "mainstay_exec_sessions";
const ENDED: &str = "mainstay_exec_sessions_ended_total";

/// Says once, at start, what the series mean.
pub(crate) fn describe() {
    describe_gauge!(SESSIONS, Unit::Count, "Commands that are run in containers now, for a client each");
    describe_counter!(
        ENDED,
        Unit::Count,
        "Sessions that ended, by kind of client (ecs, cli) and how (exited, asked, left, idle, closing, garbled, failed)"
    );
}

/// Counts for as long as it lives.
pub(super) struct Counted(());

impl Counted {
    pub(super) fn new() -> Self {
        sessions().increment(1.0);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        sessions().decrement(1.0);
    }
}

fn sessions() -> Gauge {
    gauge!(SESSIONS)
}

pub(super) fn ended(kind: &'static str, how: &'static str) -> Counter {
    counter!(ENDED, "kind" => kind, "how" => how)
}

/// Starts at zero whatever has labels that are known beforehand.
pub(crate) fn begin() {
    sessions().increment(0.0);
    for kind in ["ecs", "cli"] {
        for how in End::WORDS {
            ended(kind, how).increment(0);
        }
    }
}
