//! The deployment circuit breaker: which ends count against a rollout, and how many are too many.
//!
//! Source: "How the Amazon ECS deployment circuit breaker detects failures" of ECS's developer guide, and
//! `DeploymentCircuitBreaker` and `ThresholdConfiguration` of its API reference. ECS counts tasks that do not reach
//! RUNNING and, once one has, tasks whose health check fails. Of a task without a health check it takes RUNNING for
//! proof, so that a program which falls over after five seconds is rolled out and the old one taken away; its users ask
//! for more (containers-roadmap issue 1206). Here such a task proves well only once it has run for the settle time,
//! and an end before that counts, whatever the check said. A task that has proved well takes the failures before it
//! back, as in ECS.

use std::time::Duration;

use crate::model::{Service, Threshold};
use crate::restart::End;

/// The fewest and the most failures that a bounded percentage comes to.
const BOUNDS: (u32, u32) = (3, 200);

impl Threshold {
    /// The failures that end a rollout of so many tasks; at least 1. Percentages are rounded up.
    pub fn of(self, desired: u32) -> u32 {
        let percent = |percent: u32| {
            let share = (u64::from(desired) * u64::from(percent)).div_ceil(100);
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        match self {
            Self::BoundedPercent(value) => percent(value).clamp(BOUNDS.0, BOUNDS.1),
            Self::UnboundedPercent(value) => percent(value).max(1),
            Self::Count(count) => count.max(1),
        }
    }
}

/// Whether the end of a task that nobody wanted counts against its deployment: it was sick, never came up, or ended
/// before it had settled.
pub fn counts(end: End, was_sick: bool, settle: Duration) -> bool {
    match end {
        End::NeverRan => true,
        End::Ran(time) => was_sick || time < settle,
    }
}

/// The failures that end the rollout of this service; ECS, too, takes the desired count of the moment.
pub fn threshold(service: &Service) -> u32 {
    service.deployment_configuration.circuit_breaker.threshold.of(service.desired_count)
}
