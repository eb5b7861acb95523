//! What a service tells of itself, in ECS's words: people and tools search for them.

use std::collections::BTreeMap;

use mainstay_core::model::OnUnhealthy;
use mainstay_core::placement::zones::Zone;
use mainstay_core::{DeploymentId, ServiceKey, TaskId};

const MORE: &str = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// As many tasks run as shall, all of them well, and nothing else.
pub(super) fn steady(key: &ServiceKey) -> String {
    format!("(service {}) has reached a steady state.", key.name)
}

/// A rollout reached steady state.
pub(super) fn completed(key: &ServiceKey, deployment: &DeploymentId) -> String {
    format!("(service {}) (deployment {deployment}) deployment completed.", key.name)
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

/// Some zones have more tasks than others, and that is being mended.
pub(super) fn uneven(key: &ServiceKey, zones: &BTreeMap<String, Zone>) -> String {
    format!("(service {}) is not AZ balanced with {}. AZ Rebalancing in progress.", key.name, counts(zones))
}

/// Zones are even again.
pub(super) fn even(key: &ServiceKey, zones: &BTreeMap<String, Zone>) -> String {
    format!("(service {}) is AZ balanced with {}.", key.name, counts(zones))
}

/// A task was started where there were fewer.
pub(super) fn started_in_zone(key: &ServiceKey, zone: &str, tasks: &[TaskId]) -> String {
    format!(
        "(service {}) has started {} tasks in {zone} to AZ Rebalance: {}.",
        key.name,
        tasks.len(),
        list(tasks)
    )
}

/// A task is being stopped where there were more.
pub(super) fn stopped_in_zone(key: &ServiceKey, zone: &str, tasks: &[TaskId]) -> String {
    format!(
        "(service {}) has stopped {} running tasks in {zone} due to AZ rebalancing: {}.",
        key.name,
        tasks.len(),
        list(tasks)
    )
}

/// Nothing fits where there are fewer.
pub(super) fn unplaced_in_zone(key: &ServiceKey, zone: &str, reason: &str) -> String {
    format!(
        "(service {}) was unable to place a task in {zone} because no container instance met all of its requirements. \
         {reason} {MORE}",
        key.name
    )
}

fn counts(zones: &BTreeMap<String, Zone>) -> String {
    let count = |(name, zone): (&String, &Zone)| format!("{} tasks in {name}", zone.serving + zone.starting);
    zones.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// A rollout was given up.
pub(super) fn failed(key: &ServiceKey, deployment: &DeploymentId, why: &str) -> String {
    format!("(service {}) (deployment {deployment}) deployment failed: {why}", key.name)
}

/// An earlier deployment comes back.
pub(super) fn rolling_back(key: &ServiceKey, to: &DeploymentId) -> String {
    format!("(service {}) rolling back to deployment {to}.", key.name)
}

/// A rollout was given up that asked for an earlier deployment, and there is none.
pub(super) fn no_way_back(key: &ServiceKey, deployment: &DeploymentId) -> String {
    format!(
        "(service {}) (deployment {deployment}) has no completed deployment to roll back to; it starts no more tasks.",
        key.name
    )
}

/// The alarms of a rollout cannot be looked at.
pub(super) fn alarms_unknown(key: &ServiceKey, error: &str) -> String {
    format!(
        "(service {}) was unable to look at the alarms of its deployment, and tries again: {error}",
        key.name
    )
}

/// Alarms were on when a rollout began.
pub(super) fn alarms_on_before(key: &ServiceKey, names: &[String]) -> String {
    format!(
        "(service {}) does not monitor alarms during this deployment, because some were in ALARM state when it \
         began: {}.",
        key.name,
        names.join(", ")
    )
}

/// The percentages leave no room.
pub(super) fn stuck(key: &ServiceKey) -> String {
    format!(
        "(service {}) was unable to stop or start tasks during a deployment because of the service deployment \
         configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
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
