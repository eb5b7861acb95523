//! OTP's supervision rules: who is started again after an end, and when a supervisor gives up.
//!
//! Source: `lib/stdlib/src/supervisor.erl` (`restart/2`, `add_restart/3`), edges included.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Which siblings are restarted with a child that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// None.
    OneForOne,
    /// Those started after it.
    RestForOne,
}

/// Whether a child is started again after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// After an abnormal end only.
    Transient,
    /// Never.
    Temporary,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was done.
    Normal,
    /// It failed, panicked, was killed or could not start.
    Abnormal,
}

/// How many restarts a supervisor allows in how much time before it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intensity {
    /// More than this many in `period` is too much.
    pub restarts: usize,
    /// The window.
    pub period: Duration,
}

impl Default for Intensity {
    /// Ten in a minute: wide enough for an unlucky moment, narrow enough to stop a loop.
    fn default() -> Self {
        Self { restarts: 10, period: Duration::from_secs(60) }
    }
}

/// What a supervisor does about an ended child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Takes it off the list.
    Forget,
    /// Starts it again, and first stops and then starts those after it where `with_rest` says so.
    Restart {
        /// Whether the later siblings go with it.
        with_rest: bool,
    },
    /// Ends itself, so that its own supervisor decides.
    GiveUp,
}

/// The restarts that still count against a supervisor's intensity.
#[derive(Debug, Clone, Default)]
pub struct Restarts(VecDeque<Instant>);

impl Restarts {
    /// Counts a restart at `now`; false where that is one too many.
    pub fn add(&mut self, now: Instant, intensity: Intensity) -> bool {
        self.0.retain(|&at| now.saturating_duration_since(at) <= intensity.period);
        self.0.push_back(now);
        self.0.len() <= intensity.restarts
    }

    /// How many of them count at `now`; [`Restarts::len`] says how many did at the last one.
    pub fn counting(&self, now: Instant, intensity: Intensity) -> usize {
        self.0.iter().filter(|&&at| now.saturating_duration_since(at) <= intensity.period).count()
    }

    /// How many count.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none counts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Decides what follows the `end` of a child at `now`, and counts it where it leads to a restart.
pub fn decide(
    strategy: Strategy,
    restart: Restart,
    end: End,
    restarts: &mut Restarts,
    now: Instant,
    intensity: Intensity,
) -> Verdict {
    let again = match restart {
        Restart::Permanent => true,
        Restart::Transient => end == End::Abnormal,
        Restart::Temporary => false,
    };
    if !again {
        return Verdict::Forget;
    }
    if restarts.add(now, intensity) {
        Verdict::Restart { with_rest: strategy == Strategy::RestForOne }
    } else {
        Verdict::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    #[track_caller]
    fn check(restart: Restart, end: End, expected: Verdict) {
        let now = tokio_free_now();
        let verdict =
            decide(Strategy::OneForOne, restart, end, &mut Restarts::default(), now, Intensity::default());
        assert_eq!(verdict, expected);
    }

    #[allow(clippy::disallowed_methods, reason = "a pure test needs some instant, whichever")]
    fn tokio_free_now() -> Instant {
        Instant::now()
    }

    #[test]
    fn the_restart_type_decides_whether_a_child_comes_back() {
        let again = Verdict::Restart { with_rest: false };
        check(Restart::Permanent, End::Normal, again);
        check(Restart::Permanent, End::Abnormal, again);
        check(Restart::Transient, End::Normal, Verdict::Forget);
        check(Restart::Transient, End::Abnormal, again);
        check(Restart::Temporary, End::Abnormal, Verdict::Forget);
    }

    #[test]
    fn a_supervisor_gives_up_at_one_restart_more_than_its_intensity_within_the_period() {
        let (start, intensity) = (tokio_free_now(), Intensity { restarts: 2, period: 10 * SEC });
        let mut restarts = Restarts::default();
        assert!(restarts.add(start, intensity));
        assert!(restarts.add(start + SEC, intensity));
        assert!(!restarts.add(start + 10 * SEC, intensity), "the first still counts at exactly the period");
        assert_eq!(restarts.counting(start + 10 * SEC, intensity), 3);
        assert_eq!(
            restarts.counting(start + 12 * SEC, intensity),
            1,
            "without a further one to make them be forgotten"
        );
        let mut restarts = Restarts::default();
        assert!(restarts.add(start, intensity));
        assert!(restarts.add(start + SEC, intensity));
        assert!(restarts.add(start + 10 * SEC + Duration::from_millis(1), intensity));
    }
}
