//! From the record of a service to the wire.

use std::sync::Arc;

use mainstay_core::DeploymentId;
use mainstay_core::model::{self, Task, TaskOwner};

use crate::api::wire::enums::{
    self, AvailabilityZoneRebalancing, DeploymentControllerType, DeploymentStrategy, ThresholdType,
};
use crate::api::wire::structures::{
    CapacityProviderStrategyItem, Deployment, DeploymentAlarms, DeploymentCircuitBreaker,
    DeploymentConfiguration, DeploymentController, Service, ServiceCurrentRevisionSummary, ServiceEvent,
    ThresholdConfiguration,
};
use crate::api::{Api, capacity, count, network, placement, platform, signed, tags, tasks};

/// A service as ECS shows it, its counts from its tasks.
pub(super) fn service(api: &Api, service: &model::Service, with_tags: bool) -> Service {
    let of_service = api.view().tasks_of_service(&service.key);
    let counts = tasks::Counts::of(&of_service);
    let words = |tags: model::PropagateTags| match tags {
        model::PropagateTags::TaskDefinition => "TASK_DEFINITION",
        model::PropagateTags::Service => "SERVICE",
        model::PropagateTags::None => "NONE",
    };
    Service {
        availability_zone_rebalancing: Some(match service.zone_rebalancing {
            true => AvailabilityZoneRebalancing::Enabled,
            false => AvailabilityZoneRebalancing::Disabled,
        }),
        capacity_provider_strategy: strategy(service.capacity()),
        cluster_arn: Some(api.here().cluster(&service.key.cluster)),
        created_at: Some(service.created_at.into()),
        current_service_deployment: service
            .service_deployments
            .first()
            .map(|told| api.here().service_deployment(&service.key, &told.id)),
        current_service_revisions: Some(
            service.deployments.iter().map(|one| current(api, service, one, &of_service)).collect(),
        ),
        deployment_configuration: Some(configuration(service.deployment_configuration, &service.alarms)),
        deployment_controller: Some(DeploymentController { r#type: Some(DeploymentControllerType::Ecs) }),
        deployments: Some(
            service.deployments.iter().map(|one| deployment(api, service, one, &of_service)).collect(),
        ),
        desired_count: Some(signed(service.desired_count)),
        enable_ecs_managed_tags: Some(service.enable_ecs_managed_tags),
        enable_execute_command: Some(service.enable_execute_command),
        events: Some(service.events.iter().map(event).collect()),
        health_check_grace_period_seconds: Some(service.health_check_grace_period_seconds.map_or(0, signed)),
        launch_type: launch_type(service, service.capacity()),
        load_balancers: Some(Vec::new()),
        network_configuration: service.primary().and_then(|one| one.network.as_ref()).map(network::show),
        pending_count: Some(count(counts.pending)),
        placement_constraints: Some(placement::show_constraints(&service.placement_constraints)),
        placement_strategy: Some(placement::show_strategy(&service.placement_strategy)),
        platform_family: on_fargate(service).then(|| platform::FAMILY.to_owned()),
        platform_version: on_fargate(service)
            .then(|| service.platform_version.clone().unwrap_or_else(|| "LATEST".to_owned())),
        propagate_tags: Some(words(service.propagate_tags.unwrap_or(model::PropagateTags::None)).into()),
        running_count: Some(count(counts.running)),
        scheduling_strategy: Some(service.scheduling.as_str().into()),
        service_arn: Some(api.here().service(&service.key)),
        service_name: Some(service.key.name.to_string()),
        service_registries: Some(Vec::new()),
        status: Some(service.status.as_str().to_owned()),
        tags: with_tags.then(|| tags::show(&service.tags)),
        task_definition: Some(api.here().task_definition(&service.definition)),
        ..Service::default()
    }
}

pub(super) fn on_fargate(service: &model::Service) -> bool {
    service.current_launch_type() == model::LaunchType::Fargate
}

/// Where a strategy says it, ECS shows that and no launch type.
pub(super) fn launch_type(
    service: &model::Service,
    capacity: &[model::StrategyItem],
) -> Option<enums::LaunchType> {
    capacity.is_empty().then(|| service.launch_type.as_str().into())
}

pub(super) fn strategy(items: &[model::StrategyItem]) -> Option<Vec<CapacityProviderStrategyItem>> {
    (!items.is_empty()).then(|| capacity::show_strategy(items))
}

pub(super) fn configuration(
    limits: model::DeploymentConfiguration,
    alarms: &model::DeploymentAlarms,
) -> DeploymentConfiguration {
    let breaker = limits.circuit_breaker;
    let (kind, value) = match breaker.threshold {
        model::Threshold::BoundedPercent(value) => (ThresholdType::BoundedPercent, value),
        model::Threshold::UnboundedPercent(value) => (ThresholdType::UnboundedPercent, value),
        model::Threshold::Count(value) => (ThresholdType::Count, value),
    };
    DeploymentConfiguration {
        alarms: Some(DeploymentAlarms {
            alarm_names: Some(alarms.names.clone()),
            enable: Some(alarms.enable),
            rollback: Some(alarms.rollback),
        }),
        bake_time_in_minutes: Some(limits.bake_time_minutes.map_or(0, signed)),
        deployment_circuit_breaker: Some(DeploymentCircuitBreaker {
            enable: Some(breaker.enable),
            reset_on_healthy_task: Some(breaker.reset_on_healthy_task),
            rollback: Some(breaker.rollback),
            threshold_configuration: Some(ThresholdConfiguration {
                r#type: Some(kind),
                value: Some(signed(value)),
            }),
        }),
        maximum_percent: Some(signed(limits.maximum_percent)),
        minimum_healthy_percent: Some(signed(limits.minimum_healthy_percent)),
        strategy: Some(DeploymentStrategy::Rolling),
        ..DeploymentConfiguration::default()
    }
}

/// The tasks of a deployment, counted.
pub(super) fn counts(tasks: &[Arc<Task>], deployment: &DeploymentId) -> tasks::Counts {
    let of_deployment = |task: &&Arc<Task>| match &task.owner {
        TaskOwner::Service { deployment: of, .. } => of == deployment,
        TaskOwner::Standalone => false,
    };
    tasks::Counts::of(tasks.iter().filter(of_deployment))
}

fn current(
    api: &Api,
    service: &model::Service,
    deployment: &model::Deployment,
    tasks: &[Arc<Task>],
) -> ServiceCurrentRevisionSummary {
    let counts = counts(tasks, &deployment.id);
    ServiceCurrentRevisionSummary {
        arn: Some(api.here().service_revision(&service.key, &deployment.revision)),
        pending_task_count: Some(count(counts.pending)),
        requested_task_count: Some(signed(deployment.desired_count)),
        running_task_count: Some(count(counts.running)),
    }
}

fn deployment(
    api: &Api,
    service: &model::Service,
    deployment: &model::Deployment,
    tasks: &[Arc<Task>],
) -> Deployment {
    let counts = counts(tasks, &deployment.id);
    Deployment {
        capacity_provider_strategy: strategy(&deployment.capacity),
        created_at: Some(deployment.created_at.into()),
        desired_count: Some(signed(deployment.desired_count)),
        failed_tasks: Some(signed(deployment.failed_tasks)),
        id: Some(deployment.id.to_string()),
        launch_type: launch_type(service, &deployment.capacity),
        network_configuration: deployment.network.as_ref().map(network::show),
        pending_count: Some(count(counts.pending)),
        platform_family: on_fargate(service).then(|| platform::FAMILY.to_owned()),
        platform_version: on_fargate(service).then(|| platform::LATEST.to_owned()),
        rollout_state: Some(deployment.rollout_state.as_str().into()),
        rollout_state_reason: Some(deployment.rollout_state_reason.clone()),
        running_count: Some(count(counts.running)),
        status: Some(deployment.status.as_str().to_owned()),
        task_definition: Some(api.here().task_definition(&deployment.definition)),
        updated_at: Some(deployment.updated_at.into()),
        ..Deployment::default()
    }
}

fn event(event: &model::ServiceEvent) -> ServiceEvent {
    ServiceEvent {
        created_at: Some(event.created_at.into()),
        id: Some(event.id.clone()),
        message: Some(event.message.clone()),
    }
}
