//! What a service tells of itself, in ECS's words: people and tools search for them.

use mainstay_core::model::{Deployment, OnUnhealthy};
use mainstay_core::{ServiceKey, TaskId};

const MORE: &str = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// As many tasks run as shall, all of them well, and nothing else.
pub(super) fn steady(key: &ServiceKey) -> String {
    format!("(service {}) has reached a steady state.", key.name)
}

/// A rollout reached steady state.
pub(super) fn completed(key: &ServiceKey, deployment: &Deployment) -> String {
    format!("(service {}) (deployment {}) deployment completed.", key.name, deployment.id)
}

/// Tasks were started.
pub(super) fn started(key: &ServiceKey, tasks: &[TaskId]) -> String {
    format!("(service {}) has started {} tasks: {}.", key.name, tasks.len(), list(tasks))
}

/// Tasks are being stopped.
pub(super) fn stopped(key: &ServiceKey, tasks: &[TaskId]) -> String {
    format!("(service {}) has stopped {} running tasks: {}.", key.name, tasks.len(), list(tasks))
}

/// A task's health check failed as often as it may.
pub(super) fn unhealthy(key: &ServiceKey, task: &TaskId) -> String {
    format!("(service {}) (task {task}) failed container health checks.", key.name)
}

/// The same of one that stays.
pub(super) fn unhealthy_stays(key: &ServiceKey, task: &TaskId) -> String {
    let tag = OnUnhealthy::TAG;
    format!(
        "(service {}) (task {task}) failed container health checks and is not replaced: see its tag {tag}.",
        key.name
    )
}

/// Nothing fits.
pub(super) fn unplaced(key: &ServiceKey, reason: &str) -> String {
    format!(
        "(service {}) was unable to place a task because no container instance met all of its requirements. \
         {reason} {MORE}",
        key.name
    )
}

/// Tasks keep failing.
pub(super) fn unable_to_start(key: &ServiceKey) -> String {
    format!("(service {}) is unable to consistently start tasks successfully. {MORE}", key.name)
}

fn list(tasks: &[TaskId]) -> String {
    tasks.iter().map(|task| format!("(task {task})")).collect::<Vec<_>>().join(" ")
}
