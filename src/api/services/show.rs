//! From the record of a service to the wire.

use std::sync::Arc;

use mainstay_core::model::{self, Task, TaskOwner};

use crate::api::wire::enums::{AvailabilityZoneRebalancing, DeploymentControllerType, DeploymentStrategy};
use crate::api::wire::structures::{
    Deployment, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentController, Service,
    ServiceEvent,
};
use crate::api::{Api, count, network, placement, platform, signed, tags, tasks};

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
        availability_zone_rebalancing: Some(AvailabilityZoneRebalancing::Disabled),
        cluster_arn: Some(api.here().cluster(&service.key.cluster)),
        created_at: Some(service.created_at.into()),
        deployment_configuration: Some(configuration(service.deployment_configuration)),
        deployment_controller: Some(DeploymentController { r#type: Some(DeploymentControllerType::Ecs) }),
        deployments: Some(
            service.deployments.iter().map(|one| deployment(api, service, one, &of_service)).collect(),
        ),
        desired_count: Some(signed(service.desired_count)),
        enable_ecs_managed_tags: Some(service.enable_ecs_managed_tags),
        enable_execute_command: Some(service.enable_execute_command),
        events: Some(service.events.iter().map(event).collect()),
        health_check_grace_period_seconds: Some(service.health_check_grace_period_seconds.map_or(0, signed)),
        launch_type: Some(service.launch_type.as_str().into()),
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

fn on_fargate(service: &model::Service) -> bool {
    service.launch_type == model::LaunchType::Fargate
}

fn configuration(limits: model::DeploymentConfiguration) -> DeploymentConfiguration {
    DeploymentConfiguration {
        bake_time_in_minutes: Some(0),
        deployment_circuit_breaker: Some(DeploymentCircuitBreaker {
            enable: Some(false),
            rollback: Some(false),
            ..DeploymentCircuitBreaker::default()
        }),
        maximum_percent: Some(signed(limits.maximum_percent)),
        minimum_healthy_percent: Some(signed(limits.minimum_healthy_percent)),
        strategy: Some(DeploymentStrategy::Rolling),
        ..DeploymentConfiguration::default()
    }
}

fn deployment(
    api: &Api,
    service: &model::Service,
    deployment: &model::Deployment,
    tasks: &[Arc<Task>],
) -> Deployment {
    let of_deployment = |task: &&Arc<Task>| match &task.owner {
        TaskOwner::Service { deployment: of, .. } => *of == deployment.id,
        TaskOwner::Standalone => false,
    };
    let counts = tasks::Counts::of(tasks.iter().filter(of_deployment));
    Deployment {
        created_at: Some(deployment.created_at.into()),
        desired_count: Some(signed(deployment.desired_count)),
        failed_tasks: Some(signed(deployment.failed_tasks)),
        id: Some(deployment.id.to_string()),
        launch_type: Some(service.launch_type.as_str().into()),
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
