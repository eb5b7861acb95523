//! When an event that could not be delivered is tried again, and when it is given up.

use std::time::Duration;

use crate::model::Timestamp;

/// How long one tries, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Wait after the first failure; doubles with each further one.
    pub backoff: Duration,
    /// No wait is longer.
    pub backoff_max: Duration,
    /// An event that is older is not tried again.
    pub give_up_after: Duration,
}

/// What follows a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Try again after this time.
    After(Duration),
    /// Go on with the next event.
    No,
}

impl Retry {
    /// What follows the `failures`-th failure in a row at `now` of an event that happened at `at`. `jitter` in 0..1
    /// spreads those that failed together: a wait is half of its length or more.
    ///
    /// Every event is tried once, however old it is.
    pub fn after(&self, failures: u32, at: Timestamp, now: Timestamp, jitter: f64) -> Again {
        let age = Duration::from_millis(now.millis_since(at));
        let doubled = self.backoff.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let wait = doubled.min(self.backoff_max).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        if age.saturating_add(wait) >= self.give_up_after { Again::No } else { Again::After(wait) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    #[track_caller]
    fn check(failures: u32, age: i64, expected: Again) {
        let retry = Retry { backoff: SEC, backoff_max: 60 * SEC, give_up_after: 600 * SEC };
        assert_eq!(retry.after(failures, Timestamp(5_000), Timestamp(5_000 + age * 1000), 1.0), expected);
    }

    #[test]
    fn it_is_tried_again_after_ever_longer_waits_until_the_event_is_too_old() {
        check(1, 0, Again::After(SEC));
        check(2, 1, Again::After(2 * SEC));
        check(5, 20, Again::After(16 * SEC));
        check(12, 300, Again::After(60 * SEC));
        check(u32::MAX, 300, Again::After(60 * SEC));
        check(12, 539, Again::After(60 * SEC));
        check(12, 540, Again::No);
        check(1, 7_200, Again::No);
        check(1, -100, Again::After(SEC));
    }
}
