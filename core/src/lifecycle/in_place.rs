//! Whether a container that ended is started again in place: ECS's `restartPolicy`.

use std::time::Duration;

use crate::model::RestartPolicy;

/// Whether a container that ran for so long since its last start and ended with this code starts again.
///
/// As the genuine agent counts (`ShouldRestart` of its `restart_tracker.go`): one that ended within the period stays
/// ended, which is what keeps a crash loop from going on.
pub fn starts_again(policy: &RestartPolicy, exit_code: i32, ran: Duration) -> bool {
    policy.enabled
        && !policy.ignored_exit_codes.contains(&exit_code)
        && ran >= policy.attempt_period.unwrap_or(RestartPolicy::PERIOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    #[test]
    fn only_what_ran_for_the_period_and_ended_with_another_code_starts_again() {
        let policy =
            RestartPolicy { enabled: true, ignored_exit_codes: vec![0, 3], attempt_period: Some(60 * SEC) };
        assert!(starts_again(&policy, 1, 60 * SEC));
        assert!(starts_again(&policy, 137, 3600 * SEC));
        assert!(!starts_again(&policy, 1, 60 * SEC - Duration::from_millis(1)));
        assert!(!starts_again(&policy, 3, 3600 * SEC));
        assert!(!starts_again(&RestartPolicy { enabled: false, ..policy.clone() }, 1, 3600 * SEC));
        let usual = RestartPolicy { attempt_period: None, ..policy };
        assert!(!starts_again(&usual, 1, 299 * SEC) && starts_again(&usual, 1, 300 * SEC));
    }
}
