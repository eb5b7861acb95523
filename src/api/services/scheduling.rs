//! REPLICA and DAEMON, and where a service's tasks go.

use mainstay_core::model::{
    self, DeploymentConfiguration, LaunchType, SchedulingStrategy, Service, TaskDefinition,
};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums;
use crate::api::wire::structures::{PlacementConstraint, PlacementStrategy};
use crate::api::{Api, placement};

/// REPLICA where nothing is said.
pub(super) fn read(given: Option<enums::SchedulingStrategy>) -> SchedulingStrategy {
    match given {
        Some(enums::SchedulingStrategy::Daemon) => SchedulingStrategy::Daemon,
        _ => SchedulingStrategy::Replica,
    }
}

/// How many a new service wants; a DAEMON finds out by itself.
pub(super) fn desired_count(scheduling: SchedulingStrategy, given: Option<u32>) -> Answer<u32> {
    check_update(scheduling, given)?;
    match scheduling {
        SchedulingStrategy::Daemon => Ok(0),
        SchedulingStrategy::Replica => given.ok_or_else(|| ApiError::parameter("desiredCount is required.")),
    }
}

/// # Errors
/// Where a number is given for a DAEMON.
pub(super) fn check_update(scheduling: SchedulingStrategy, desired_count: Option<u32>) -> Answer<()> {
    if scheduling == SchedulingStrategy::Daemon && desired_count.is_some() {
        return Err(ApiError::parameter(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired \
             count value and try again",
        ));
    }
    Ok(())
}

/// The limits of a rollout where nothing is said.
pub(super) fn limits(scheduling: SchedulingStrategy) -> DeploymentConfiguration {
    match scheduling {
        SchedulingStrategy::Replica => DeploymentConfiguration::default(),
        // Two of them never fit on one instance.
        SchedulingStrategy::Daemon => {
            DeploymentConfiguration { minimum_healthy_percent: 0, maximum_percent: 100, ..Default::default() }
        }
    }
}

/// Constraints and strategy of a request; absent where it says nothing.
pub(super) struct Given {
    pub constraints: Option<Vec<PlacementConstraint>>,
    pub strategy: Option<Vec<PlacementStrategy>>,
}

/// The same as records.
pub(super) struct Places {
    pub constraints: Option<Vec<model::PlacementConstraint>>,
    pub strategy: Option<Vec<model::PlacementStrategy>>,
}

impl Given {
    /// # Errors
    /// Where they are no good by themselves, or not for a DAEMON or on Fargate.
    pub fn read(
        self,
        scheduling: SchedulingStrategy,
        definition: &TaskDefinition,
        launch_type: LaunchType,
    ) -> Answer<Places> {
        let constraints = self
            .constraints
            .map(|given| placement::constraints(given, definition, launch_type))
            .transpose()?;
        let strategy = self.strategy.map(|given| placement::strategy(given, launch_type)).transpose()?;
        if scheduling == SchedulingStrategy::Daemon {
            if launch_type == LaunchType::Fargate {
                let text = "The daemon scheduling strategy does not support the FARGATE launch type.";
                return Err(ApiError::parameter(text));
            }
            if strategy.as_ref().is_some_and(|given| !given.is_empty()) {
                return Err(ApiError::parameter(
                    "The daemon scheduling strategy does not support placement strategies. Remove the placement \
                     strategy and try again",
                ));
            }
            let distinct = model::PlacementConstraint::DistinctInstance;
            if constraints.as_ref().is_some_and(|given| given.contains(&distinct)) {
                return Err(ApiError::parameter(
                    "The daemon scheduling strategy does not support the distinctInstance placement constraint, \
                     which holds of it anyway. Remove it and try again",
                ));
            }
        }
        Ok(Places { constraints, strategy })
    }

    /// The same for a service that is there, whose definition changes where one is given.
    pub fn update(
        self,
        api: &Api,
        definition: Option<&TaskDefinition>,
        known: &Service,
        launch_type: LaunchType,
    ) -> Answer<Places> {
        let current = api.view().definitions.get(&known.definition);
        let Some(definition) = definition.or(current.as_deref()) else {
            return Err(ApiError::client("TaskDefinition not found."));
        };
        let places = self.read(known.scheduling, definition, launch_type)?;
        let constraints = places.constraints.as_ref().unwrap_or(&known.placement_constraints);
        placement::check_count(constraints.len(), definition)?;
        Ok(places)
    }
}
