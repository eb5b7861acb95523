use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timetable;
use crate::model::Timestamp;

/// A run that begins this much later than it was meant to is on time: EventBridge Scheduler's own precision.
pub const ON_TIME: Duration = Duration::from_secs(60);
/// More missed runs of one schedule are not made good at once.
pub const MADE_GOOD: usize = 100;
/// More runs of one schedule do not wait for their next try: the oldest is given up for the next.
pub const WAITING: usize = 100;
/// More missed runs are not counted one by one.
const COUNTED: u64 = 1000;
/// A wall clock that was set back by more than this is believed: times that were run before come again.
const SET_BACK: Duration = Duration::from_secs(3600);
/// Wait before the second try; doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What becomes of the runs that fell into a time in which nothing was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// Nothing.
    Skip,
    /// The latest of them is run, if it is no older than the schedule's maximum event age.
    #[default]
    Last,
    /// Each that is no older is run, up to [`MADE_GOOD`].
    All,
}

/// What a run does where tasks of the same schedule's earlier runs are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It runs beside them, as with ECS.
    #[default]
    Allow,
    /// It is left out.
    Skip,
    /// They are stopped; it runs once they have.
    Replace,
}

/// How often a run that could not begin is tried again, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Tries beside the first, 0 to 185.
    pub attempts: u32,
    /// No try is made once the run is older than this, 60 to 86400 seconds.
    pub maximum_age_seconds: u32,
}

impl Default for Retry {
    /// EventBridge Scheduler's.
    fn default() -> Self {
        Self { attempts: 185, maximum_age_seconds: 86400 }
    }
}

impl Retry {
    fn maximum_age(&self) -> Duration {
        Duration::from_secs(self.maximum_age_seconds.into())
    }

    /// How long to wait after the given number of failed tries, or `None` where no further one is made. `begun` is when
    /// the first was due, `chance` in 0..1 spreads those who wait for the same thing.
    pub fn wait(&self, failed: u32, begun: Timestamp, now: Timestamp, chance: f64) -> Option<Duration> {
        if failed > self.attempts {
            return None;
        }
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
        let wait = doubled.min(LONGEST_WAIT).mul_f64(1.0 + chance.clamp(0.0, 1.0) / 4.0);
        let over = begun.after(self.maximum_age());
        (now.after(wait) <= over).then_some(wait)
    }
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// The times of the runs to begin, oldest first.
    pub runs: Vec<Timestamp>,
    /// How many are given up, at least: they fell into a time in which nothing was run.
    pub missed: u64,
    /// Up to here all is decided.
    pub considered: Timestamp,
}

/// Decides about the runs after `considered` that should have begun by `now`.
///
/// Every input has an answer. Where nothing was down, there is one run and none is missed.
pub fn due(
    timetable: &Timetable,
    considered: Timestamp,
    now: Timestamp,
    missed: Missed,
    retry: &Retry,
) -> Due {
    if considered > now.after(SET_BACK) {
        // Decided by a clock that was wrong; waiting until it is that late again would be a silent standstill.
        return Due { considered: now, ..Due::default() };
    }
    let age = if missed == Missed::Skip { ON_TIME } else { retry.maximum_age() };
    let oldest = Timestamp(now.0.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)));
    let (mut at, mut passed) = (considered, 0);
    while let Some(next) = timetable.after(at).filter(|&next| next < oldest && next <= now) {
        (at, passed) = (next, passed + 1);
        if passed == COUNTED {
            at = at.max(Timestamp(oldest.0 - 1));
            break;
        }
    }
    let most = if missed == Missed::All { MADE_GOOD } else { 1 };
    let mut runs = VecDeque::new();
    while let Some(next) = timetable.after(at).filter(|&next| next <= now) {
        at = next;
        runs.push_back(next);
        if runs.len() > most {
            runs.pop_front();
            passed += 1;
        }
    }
    Due { runs: runs.into(), missed: passed, considered: considered.max(at) }
}

/// Whether a run that was decided, and whose first try is only made now, is too late.
pub fn is_too_late(not_before: Timestamp, now: Timestamp, missed: Missed, retry: &Retry) -> bool {
    let age = if missed == Missed::Skip { ON_TIME } else { retry.maximum_age() };
    now > not_before.after(age)
}

/// The moment in a flexible window of so many minutes after `scheduled`; `chance` in 0..1 says which.
pub fn within_window(scheduled: Timestamp, minutes: Option<u32>, chance: f64) -> Timestamp {
    let window = Duration::from_secs(u64::from(minutes.unwrap_or(0)) * 60);
    scheduled.after(window.mul_f64(chance.clamp(0.0, 1.0)))
}

/// What a run does where so many tasks of earlier runs are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Begin.
    Now,
    /// Stop them, then begin.
    AfterStopping,
    /// Leave it out.
    Not,
}

impl Overlap {
    /// What to do beside `live` tasks of earlier runs.
    pub fn begin(self, live: usize) -> Beginning {
        match self {
            _ if live == 0 => Beginning::Now,
            Self::Allow => Beginning::Now,
            Self::Skip => Beginning::Not,
            Self::Replace => Beginning::AfterStopping,
        }
    }
}
