//! When a service's slot gets its replacement, and how long it waits first.
//!
//! ECS replaces at once, and delays (up to 27 minutes) only tasks that never reached RUNNING. Its users ask for
//! the same brake on tasks that come up and fall over, so both are failures here; `throttle_exits` takes the
//! second kind back.

use std::time::{Duration, Instant};

/// The brake on a slot whose tasks keep failing.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Wait before the second failure in a row is made good; doubles with each further one.
    pub backoff: Duration,
    /// No wait is longer.
    pub backoff_max: Duration,
    /// An end within this time of RUNNING is a failure.
    pub settle: Duration,
    /// Failures are forgotten after this much quiet.
    pub forget: Duration,
    /// Whether ends after RUNNING are ever failures; ECS says no.
    pub throttle_exits: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(5 * 60),
            settle: Duration::from_secs(60),
            forget: Duration::from_secs(10 * 60),
            throttle_exits: true,
        }
    }
}

/// What is held against a slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    failures: u32,
    /// When the replacement of the last failure was due: quiet is counted from there, so that a long wait does
    /// not forget itself.
    due: Option<Instant>,
}

impl History {
    /// What was written down before a restart.
    pub fn restored(failures: u32, due: Option<Instant>) -> Self {
        Self { failures, due }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It never reached RUNNING.
    NeverRan,
    /// It was RUNNING for so long.
    Ran(Duration),
}

/// Notes an end at `now` and says how long the replacement waits.
///
/// The first failure is made good at once, the n-th after `backoff × 2^(n-2)`, times 0.8 to 1.2 by `jitter` (0 to
/// 1), never more than `backoff_max`. An end that is no failure waits for nothing and changes nothing.
pub fn replace_after(
    history: &mut History,
    end: End,
    now: Instant,
    policy: &Policy,
    jitter: f64,
) -> Duration {
    let failed = match end {
        End::NeverRan => true,
        End::Ran(time) => policy.throttle_exits && time < policy.settle,
    };
    if !failed {
        return Duration::ZERO;
    }
    if history.due.is_some_and(|due| now.saturating_duration_since(due) >= policy.forget) {
        *history = History::default();
    }
    history.failures = history.failures.saturating_add(1);
    let wait = match history.failures {
        0 | 1 => Duration::ZERO,
        nth => {
            let doubled = policy.backoff.saturating_mul(2_u32.saturating_pow(nth - 2));
            doubled
                .min(policy.backoff_max)
                .mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
                .min(policy.backoff_max)
        }
    };
    history.due = Some(now + wait);
    wait
}

/// Whether this many failures in a row are worth an event: at the third, and at each doubling from there.
pub fn worth_telling(failures: u32) -> bool {
    failures >= 3 && failures.is_multiple_of(3) && (failures / 3).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    fn policy() -> Policy {
        Policy {
            backoff: SEC,
            backoff_max: 10 * SEC,
            settle: 60 * SEC,
            forget: 600 * SEC,
            throttle_exits: true,
        }
    }

    #[allow(clippy::disallowed_methods, reason = "a pure test needs some instant, whichever")]
    fn some_instant() -> Instant {
        Instant::now()
    }

    /// Each end comes as soon as its predecessor's wait is over.
    #[track_caller]
    fn check(policy: &Policy, ends: &[End], waits: &[Duration]) {
        let (mut history, mut now) = (History::default(), some_instant());
        for (end, expected) in ends.iter().zip(waits) {
            let wait = replace_after(&mut history, *end, now, policy, 0.5);
            assert_eq!(wait, *expected, "after {end:?} in {ends:?}");
            now += wait + SEC;
        }
    }

    #[test]
    fn the_first_failure_is_made_good_at_once_and_each_further_one_waits_twice_as_long() {
        let waits = [Duration::ZERO, SEC, 2 * SEC, 4 * SEC, 8 * SEC, 10 * SEC, 10 * SEC];
        check(&policy(), &[End::NeverRan; 7], &waits);
        check(&policy(), &[End::Ran(59 * SEC); 3], &waits[..3]);
    }

    #[test]
    fn a_task_that_settled_is_replaced_at_once_however_often() {
        check(&policy(), &[End::Ran(60 * SEC); 5], &[Duration::ZERO; 5]);
    }

    #[test]
    fn without_throttled_exits_only_failures_to_start_wait_as_on_ecs() {
        let policy = Policy { throttle_exits: false, ..policy() };
        check(&policy, &[End::Ran(SEC); 5], &[Duration::ZERO; 5]);
        check(
            &policy,
            &[End::NeverRan, End::Ran(SEC), End::NeverRan],
            &[Duration::ZERO, Duration::ZERO, SEC],
        );
    }

    #[test]
    fn failures_are_forgotten_after_quiet_that_is_counted_from_the_end_of_the_wait() {
        let policy = Policy { backoff_max: 3600 * SEC, backoff: 1000 * SEC, ..policy() };
        let (mut history, start) = (History::default(), some_instant());
        replace_after(&mut history, End::NeverRan, start, &policy, 0.5);
        let wait = replace_after(&mut history, End::NeverRan, start + SEC, &policy, 0.5);
        assert_eq!(wait, 1000 * SEC);
        let mut soon = history.clone();
        assert_eq!(
            replace_after(&mut soon, End::NeverRan, start + SEC + wait + 599 * SEC, &policy, 0.5),
            2000 * SEC
        );
        assert_eq!(
            replace_after(&mut history, End::NeverRan, start + SEC + wait + 600 * SEC, &policy, 0.5),
            Duration::ZERO
        );
        assert_eq!(history.failures(), 1);
    }

    #[test]
    fn jitter_spreads_the_wait_and_never_exceeds_the_maximum() {
        for (jitter, expected) in [(0.0, 0.8), (1.0, 1.2), (-5.0, 0.8), (f64::from(5_u8), 1.2)] {
            let (mut history, now) = (History::default(), some_instant());
            replace_after(&mut history, End::NeverRan, now, &policy(), jitter);
            let wait = replace_after(&mut history, End::NeverRan, now, &policy(), jitter);
            assert_eq!(wait, SEC.mul_f64(expected));
        }
    }

    #[test]
    fn the_third_failure_is_told_and_then_every_doubling() {
        let told: Vec<u32> = (0..100).filter(|&failures| worth_telling(failures)).collect();
        assert_eq!(told, [3, 6, 12, 24, 48, 96]);
    }
}
