//! What of a RegisterTaskDefinition says in which order containers start, and when they start again.

use mainstay_core::lifecycle::{Fault, check_order};
use mainstay_core::model::{ContainerDefinition, Dependency, DependencyCondition, RestartPolicy};

use super::container::seconds;
use super::read::client;
use crate::api::error::{Answer, ApiError};
use crate::api::signed_seconds;
use crate::api::wire::enums::ContainerCondition;
use crate::api::wire::{At, structures as wire};

/// ECS's limit.
const MOST_IGNORED_EXIT_CODES: i64 = 50;

/// One of `dependsOn`; that it has both members was checked.
pub(super) fn dependency(given: wire::ContainerDependency) -> Dependency {
    let wire::ContainerDependency { condition, container_name } = given;
    Dependency {
        container: container_name.unwrap_or_default(),
        condition: match condition {
            Some(ContainerCondition::Complete) => DependencyCondition::Complete,
            Some(ContainerCondition::Success) => DependencyCondition::Success,
            Some(ContainerCondition::Healthy) => DependencyCondition::Healthy,
            _ => DependencyCondition::Start,
        },
    }
}

/// `restartPolicy`; that it has `enabled` was checked.
pub(super) fn restart_policy(at: &At<'_>, given: wire::ContainerRestartPolicy) -> Answer<RestartPolicy> {
    let wire::ContainerRestartPolicy { enabled, ignored_exit_codes, restart_attempt_period } = given;
    let ignored_exit_codes = ignored_exit_codes.unwrap_or_default();
    let period = restart_attempt_period.map(i64::from);
    at.range("restartAttemptPeriod", period, 60..=1800).map_err(client)?;
    at.length("ignoredExitCodes", Some(ignored_exit_codes.len()), 0..=MOST_IGNORED_EXIT_CODES)
        .map_err(client)?;
    let codes = at.field("ignoredExitCodes");
    if let Some((index, code)) =
        ignored_exit_codes.iter().enumerate().find(|(_, code)| !(0..=255).contains(*code))
    {
        let at = codes.index(index);
        return Err(ApiError::client(format!("{at} is {code}; it must be 0 to 255.")));
    }
    Ok(RestartPolicy {
        enabled: enabled.unwrap_or(false),
        ignored_exit_codes,
        attempt_period: restart_attempt_period.map(seconds),
    })
}

/// What containers depend on has to be there, and able to come to what is waited for.
pub(super) fn check(containers: &[ContainerDefinition]) -> Answer<()> {
    check_order(containers).map_err(|(fault, place, index)| {
        let list = At::ROOT.field("containerDefinitions");
        let container = list.index(place);
        let Some(given) = containers.get(place).and_then(|container| container.depends_on.get(index)) else {
            // After what it depends on come those whose mounts it gets.
            return ApiError::client(format!("{fault}: {container}.volumesFrom is part of one."));
        };
        let (name, condition) = (given.container.as_str(), given.condition.as_str());
        let list = container.field("dependsOn");
        let at = list.index(index);
        ApiError::client(match fault {
            Fault::Unknown(_) | Fault::Itself | Fault::Cycle => {
                format!("{fault}: {at}.containerName is '{name}'.")
            }
            Fault::Essential | Fault::NoHealthCheck => {
                format!("{fault}: {at} waits for {condition} of '{name}'.")
            }
        })
    })
}

/// `dependsOn` as it was given.
pub(super) fn show_dependencies(dependencies: &[Dependency]) -> Option<Vec<wire::ContainerDependency>> {
    let show = |dependency: &Dependency| wire::ContainerDependency {
        condition: Some(dependency.condition.as_str().into()),
        container_name: Some(dependency.container.clone()),
    };
    (!dependencies.is_empty()).then(|| dependencies.iter().map(show).collect())
}

/// `restartPolicy` as it was given.
pub(super) fn show_restart_policy(policy: &RestartPolicy) -> wire::ContainerRestartPolicy {
    wire::ContainerRestartPolicy {
        enabled: Some(policy.enabled),
        ignored_exit_codes: (!policy.ignored_exit_codes.is_empty())
            .then(|| policy.ignored_exit_codes.clone()),
        restart_attempt_period: policy.attempt_period.map(signed_seconds),
    }
}
