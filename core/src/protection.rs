//! Task scale-in protection: which tasks can have it, and when it is refused.
//!
//! A protected task is stopped neither by its service's scale-in nor by a rollout, until its protection is taken back
//! or its time is over. Source: ECS's `UpdateTaskProtection` and its page on task scale-in protection.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::lifecycle::changed;
use crate::model::{Task, TaskOwner, TaskStatus, Timestamp};

/// For how many minutes a task can be protected at a time.
pub const MINUTES: RangeInclusive<u32> = 1..=2880;
/// For how many where that is not said.
pub const DEFAULT_MINUTES: u32 = 120;

/// What is wanted of a task's protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To have it from now on for so long; an earlier one ends with it.
    Protect(Duration),
    /// To have none.
    Release,
}

/// How it stands with protection among the tasks of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// How many of its tasks are protected.
    pub protected: usize,
    /// How many tasks it wants.
    pub desired: u32,
}

/// Why a task cannot be protected, or has no protection to speak of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is of no service.
    #[error(
        "The specified task is not part of an Amazon ECS service: only tasks of services can be protected."
    )]
    OfNoService,
    /// It is being stopped.
    #[error("The specified task is being stopped or has stopped.")]
    Ending,
    /// So many are protected that the service cannot get where it is to be.
    #[error(
        "The service has {protected} protected tasks and wants {desired}: wait until the protection of some is over, \
         take it back, or raise the desired count."
    )]
    Blocked {
        /// Are protected.
        protected: usize,
        /// Are wanted.
        desired: u32,
    },
}

impl Refusal {
    /// The word in a failure's `reason`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::OfNoService | Self::Ending => "TASK_NOT_VALID",
            Self::Blocked { .. } => "DEPLOYMENT_BLOCKED",
        }
    }
}

/// Whether there is a protection to speak of.
///
/// # Errors
/// Where there can be none.
pub fn check(task: &Task) -> Result<(), Refusal> {
    match task.owner {
        TaskOwner::Standalone => Err(Refusal::OfNoService),
        TaskOwner::Service { .. } => Ok(()),
    }
}

/// The record as a wish makes it; `None` where it is so already.
///
/// # Errors
/// Where the task cannot be protected. Protection can always be taken back.
pub fn decide(task: &Task, wish: Wish, crowd: Crowd, now: Timestamp) -> Result<Option<Task>, Refusal> {
    check(task)?;
    if task.desired_status == TaskStatus::Stopped {
        return Err(Refusal::Ending);
    }
    let until = match wish {
        Wish::Release => None,
        Wish::Protect(_) if crowd.protected > crowd.desired as usize => {
            return Err(Refusal::Blocked { protected: crowd.protected, desired: crowd.desired });
        }
        Wish::Protect(time) => Some(now.after(time)),
    };
    let mut next = task.clone();
    next.protected_until = until;
    Ok(changed(task, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::task_of;
    use crate::{DeploymentId, ServiceName};

    const NOW: Timestamp = Timestamp(1_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn of_service() -> Task {
        let (service, deployment) = (ServiceName::new("web"), DeploymentId::new("ecs-svc/1"));
        task_of(TaskOwner::Service { service, deployment, slot: 0 })
    }

    fn crowd(protected: usize, desired: u32) -> Crowd {
        Crowd { protected, desired }
    }

    #[test]
    fn protection_lasts_as_long_as_it_was_asked_for_and_can_be_prolonged_and_taken_back() {
        let task = of_service();
        let protected = decide(&task, Wish::Protect(MINUTE), crowd(0, 1), NOW).unwrap().unwrap();
        assert_eq!(protected.version, task.version + 1);
        assert!(protected.is_protected(Timestamp(NOW.0 + 59_999)));
        assert!(!protected.is_protected(Timestamp(NOW.0 + 60_000)));
        let longer = decide(&protected, Wish::Protect(2 * MINUTE), crowd(1, 1), NOW).unwrap().unwrap();
        assert_eq!(longer.protected_until, Some(Timestamp(NOW.0 + 120_000)));
        let released = decide(&longer, Wish::Release, crowd(9, 0), NOW).unwrap().unwrap();
        assert_eq!(released.protected_until, None);
        assert_eq!(decide(&released, Wish::Release, crowd(0, 1), NOW), Ok(None));
    }

    #[test]
    fn who_cannot_be_protected_is_told_why_in_the_words_of_ecs() {
        let check = |task: &Task, crowd: Crowd, reason: &str| {
            let refusal = decide(task, Wish::Protect(MINUTE), crowd, NOW).unwrap_err();
            assert_eq!(refusal.reason(), reason, "{refusal}");
        };
        check(&task_of(TaskOwner::Standalone), crowd(0, 1), "TASK_NOT_VALID");
        let ending = Task { desired_status: TaskStatus::Stopped, ..of_service() };
        check(&ending, crowd(0, 1), "TASK_NOT_VALID");
        check(&of_service(), crowd(2, 1), "DEPLOYMENT_BLOCKED");
        assert!(decide(&of_service(), Wish::Protect(MINUTE), crowd(1, 1), NOW).is_ok());
    }
}
