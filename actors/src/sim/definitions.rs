//! Requests with everything filled in that a simulation does not care about.

use std::time::Duration;

use mainstay_core::model::{
    ContainerDefinition, DefinitionStatus, Dependency, DependencyCondition, DeploymentAlarms,
    DeploymentConfiguration, EngineOptions, HealthCheck, LaunchType, NetworkMode, Overrides, RestartPolicy,
    SchedulingStrategy, TaskDefinition, Timestamp,
};
use mainstay_core::{ClusterName, Family, RevisionKey, ServiceKey, ServiceName};

use crate::control::{NewService, RunTask};

/// A container of 64 CPU units and 64 MiB, essential, named like its image.
pub fn container(image: &str) -> ContainerDefinition {
    ContainerDefinition {
        name: image.split([':', '/']).next_back().unwrap_or(image).into(),
        image: image.into(),
        repository_credentials: None,
        cpu: 64,
        memory: Some(64),
        memory_reservation: None,
        essential: true,
        entry_point: None,
        command: None,
        environment: Vec::new(),
        environment_files: Vec::new(),
        secrets: Vec::new(),
        port_mappings: Vec::new(),
        health_check: None,
        depends_on: Vec::new(),
        start_timeout: None,
        restart_policy: None,
        stop_timeout: None,
        user: None,
        working_directory: None,
        docker_labels: Vec::new(),
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        options: EngineOptions::default(),
        links: Vec::new(),
        log_configuration: None,
        firelens: None,
        gpus: None,
        version_consistency: None,
    }
}

/// The same with a health check; what it says is its script's business.
pub fn checked(image: &str) -> ContainerDefinition {
    let check = HealthCheck {
        command: vec!["CMD-SHELL".into(), "true".into()],
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(2),
        retries: 3,
        start_period: Duration::ZERO,
    };
    ContainerDefinition { health_check: Some(check), ..container(image) }
}

/// The same, waiting for another one.
pub fn after(
    mut container: ContainerDefinition,
    on: &str,
    condition: DependencyCondition,
) -> ContainerDefinition {
    container.depends_on.push(Dependency { container: on.into(), condition });
    container
}

/// The same, started again in place where it ran for the period and ended with another code than 0.
pub fn phoenix(mut container: ContainerDefinition, period: Duration) -> ContainerDefinition {
    container.restart_policy =
        Some(RestartPolicy { enabled: true, ignored_exit_codes: vec![0], attempt_period: Some(period) });
    container
}

/// The same, whose end does not end the task.
pub fn side(mut container: ContainerDefinition) -> ContainerDefinition {
    container.essential = false;
    container
}

/// A task definition of these containers, to be registered.
pub fn definition(family: &str, containers: Vec<ContainerDefinition>) -> TaskDefinition {
    TaskDefinition {
        key: RevisionKey { family: Family::new(family), revision: 0 },
        status: DefinitionStatus::Active,
        containers,
        volumes: Vec::new(),
        cpu: None,
        memory: None,
        ephemeral_storage: None,
        network_mode: NetworkMode::Bridge,
        pid_mode: None,
        ipc_mode: None,
        runtime_platform: None,
        requires_compatibilities: Vec::new(),
        task_role_arn: None,
        execution_role_arn: None,
        registered_at: Timestamp(0),
        deregistered_at: None,
        tags: Vec::new(),
        placement_constraints: Vec::new(),
    }
}

/// The cluster of every simulated world.
pub fn default_cluster() -> ClusterName {
    ClusterName::new("default")
}

/// A service in it.
pub fn service_key(name: &str) -> ServiceKey {
    ServiceKey { cluster: default_cluster(), name: ServiceName::new(name) }
}

/// A service to make.
pub fn new_service(name: &str, definition: RevisionKey, desired_count: u32) -> NewService {
    NewService {
        key: service_key(name),
        definition,
        network: None,
        desired_count,
        launch_type: LaunchType::Ec2,
        capacity: Vec::new(),
        platform_version: None,
        deployment_configuration: DeploymentConfiguration::default(),
        alarms: DeploymentAlarms::default(),
        tags: Vec::new(),
        propagate_tags: None,
        enable_ecs_managed_tags: false,
        health_check_grace_period_seconds: None,
        client_token: None,
        enable_execute_command: false,
        scheduling: SchedulingStrategy::Replica,
        placement_constraints: Vec::new(),
        placement_strategy: Vec::new(),
        zone_rebalancing: false,
    }
}

/// Tasks to run once.
pub fn run_task(definition: RevisionKey, count: u32) -> RunTask {
    RunTask {
        cluster: default_cluster(),
        definition,
        network: None,
        launch_type: LaunchType::Ec2,
        capacity: Vec::new(),
        count,
        overrides: Overrides::default(),
        group: None,
        started_by: None,
        tags: Vec::new(),
        client_token: None,
        enable_execute_command: false,
        placement_constraints: Vec::new(),
        placement_strategy: Vec::new(),
        on: Vec::new(),
    }
}
