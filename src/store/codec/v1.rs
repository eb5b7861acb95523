//! Records in the form of version 1, and what becomes of them in version 2. Frozen: what is read here was written long ago.
//!
//! What had not changed by then is taken from there; the tests hold that against bytes of that time.

use std::time::Duration;

use mainstay_core::model::{
    self, DefinitionStatus, DeploymentStatus, Health, LaunchType, NetworkMode, Ports, PropagateTags,
    Protocol, RolloutState, ServiceStatus, StopCode, Tag, TaskOwner, TaskStatus, Timestamp,
};
use mainstay_core::{ClusterName, DeploymentId, EngineId, InstanceId, RevisionKey, ServiceKey, TaskId};
use serde::Deserialize;

use super::v2::{self, Brake, DeploymentConfiguration, HealthCheck, Overrides, Resources, ServiceEvent};

#[derive(Deserialize)]
pub(in crate::store) struct TaskDefinition {
    key: RevisionKey,
    status: DefinitionStatus,
    containers: Vec<ContainerDefinition>,
    cpu: Option<u32>,
    memory: Option<u32>,
    network_mode: NetworkMode,
    requires_compatibilities: Vec<LaunchType>,
    task_role_arn: Option<String>,
    execution_role_arn: Option<String>,
    registered_at: Timestamp,
    deregistered_at: Option<Timestamp>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct ContainerDefinition {
    name: String,
    image: String,
    cpu: u32,
    memory: Option<u32>,
    memory_reservation: Option<u32>,
    essential: bool,
    entry_point: Option<Vec<String>>,
    command: Option<Vec<String>>,
    environment: Vec<(String, String)>,
    port_mappings: Vec<PortMapping>,
    health_check: Option<HealthCheck>,
    stop_timeout: Option<Duration>,
    user: Option<String>,
    working_directory: Option<String>,
    docker_labels: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct PortMapping {
    container_port: u16,
    host_port: Option<u16>,
    protocol: Protocol,
    name: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::store) struct Task {
    id: TaskId,
    cluster: ClusterName,
    definition: RevisionKey,
    owner: TaskOwner,
    group: String,
    started_by: Option<String>,
    instance: InstanceId,
    resources: Resources,
    desired_status: TaskStatus,
    last_status: TaskStatus,
    health: Health,
    containers: Vec<Container>,
    overrides: Overrides,
    tags: Vec<Tag>,
    client_token: Option<String>,
    version: u64,
    created_at: Timestamp,
    pull_started_at: Option<Timestamp>,
    pull_stopped_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    stopping_at: Option<Timestamp>,
    execution_stopped_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    stop_code: Option<StopCode>,
    stopped_reason: Option<String>,
}

#[derive(Deserialize)]
struct Container {
    name: String,
    image: String,
    image_digest: Option<String>,
    runtime_id: Option<EngineId>,
    last_status: TaskStatus,
    exit_code: Option<i32>,
    reason: Option<String>,
    health: Health,
    has_health_check: bool,
    essential: bool,
    network_bindings: Vec<NetworkBinding>,
    cpu: u32,
    memory: Option<u32>,
    memory_reservation: Option<u32>,
}

#[derive(Deserialize)]
struct NetworkBinding {
    bind_ip: String,
    container_port: u16,
    host_port: u16,
    protocol: Protocol,
}

#[derive(Deserialize)]
pub(in crate::store) struct Service {
    key: ServiceKey,
    status: ServiceStatus,
    definition: RevisionKey,
    desired_count: u32,
    launch_type: LaunchType,
    deployment_configuration: DeploymentConfiguration,
    deployments: Vec<Deployment>,
    brakes: Vec<Brake>,
    events: Vec<ServiceEvent>,
    created_at: Timestamp,
    tags: Vec<Tag>,
    propagate_tags: Option<PropagateTags>,
    enable_ecs_managed_tags: bool,
    health_check_grace_period_seconds: Option<u32>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
struct Deployment {
    id: DeploymentId,
    status: DeploymentStatus,
    definition: RevisionKey,
    desired_count: u32,
    failed_tasks: u32,
    rollout_state: RolloutState,
    rollout_state_reason: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<TaskDefinition> for v2::TaskDefinition {
    fn from(old: TaskDefinition) -> Self {
        Self {
            key: old.key,
            status: old.status,
            containers: old.containers.into_iter().map(Into::into).collect(),
            volumes: Vec::new(),
            cpu: old.cpu,
            memory: old.memory,
            ephemeral_storage: None,
            network_mode: old.network_mode,
            pid_mode: None,
            ipc_mode: None,
            runtime_platform: None,
            requires_compatibilities: old.requires_compatibilities,
            task_role_arn: old.task_role_arn,
            execution_role_arn: old.execution_role_arn,
            registered_at: old.registered_at,
            deregistered_at: old.deregistered_at,
            tags: old.tags,
        }
    }
}

impl From<ContainerDefinition> for v2::ContainerDefinition {
    fn from(old: ContainerDefinition) -> Self {
        Self {
            name: old.name,
            image: old.image,
            cpu: old.cpu,
            memory: old.memory,
            memory_reservation: old.memory_reservation,
            essential: old.essential,
            entry_point: old.entry_point,
            command: old.command,
            environment: old.environment,
            port_mappings: old.port_mappings.into_iter().map(Into::into).collect(),
            health_check: old.health_check,
            depends_on: Vec::new(),
            start_timeout: None,
            restart_policy: None,
            stop_timeout: old.stop_timeout,
            user: old.user,
            working_directory: old.working_directory,
            docker_labels: old.docker_labels,
            mount_points: Vec::new(),
            volumes_from: Vec::new(),
            environment_files: Vec::new(),
            secrets: Vec::new(),
            options: v2::EngineOptions::default(),
            links: Vec::new(),
            log_configuration: None,
            gpus: None,
            version_consistency: None,
        }
    }
}

impl From<PortMapping> for v2::PortMapping {
    fn from(old: PortMapping) -> Self {
        Self {
            container: Ports::One(old.container_port),
            host_port: old.host_port,
            protocol: old.protocol,
            name: old.name,
            app_protocol: None,
        }
    }
}

impl From<Task> for v2::Task {
    fn from(old: Task) -> Self {
        Self {
            id: old.id,
            cluster: old.cluster,
            definition: old.definition,
            owner: old.owner,
            group: old.group,
            started_by: old.started_by,
            launch_type: None,
            instance: old.instance,
            resources: old.resources,
            network: None,
            desired_status: old.desired_status,
            last_status: old.last_status,
            health: old.health,
            containers: old.containers.into_iter().map(Into::into).collect(),
            overrides: old.overrides,
            tags: old.tags,
            client_token: old.client_token,
            version: old.version,
            created_at: old.created_at,
            pull_started_at: old.pull_started_at,
            pull_stopped_at: old.pull_stopped_at,
            started_at: old.started_at,
            stopping_at: old.stopping_at,
            execution_stopped_at: old.execution_stopped_at,
            stopped_at: old.stopped_at,
            stop_code: old.stop_code,
            stopped_reason: old.stopped_reason,
        }
    }
}

impl From<Container> for v2::Container {
    fn from(old: Container) -> Self {
        Self {
            name: old.name,
            image: old.image,
            image_digest: old.image_digest,
            runtime_id: old.runtime_id,
            last_status: old.last_status,
            exit_code: old.exit_code,
            reason: old.reason,
            started_at: None,
            restart_count: 0,
            health: old.health,
            has_health_check: old.has_health_check,
            essential: old.essential,
            network_bindings: old.network_bindings.into_iter().map(Into::into).collect(),
            cpu: old.cpu,
            memory: old.memory,
            memory_reservation: old.memory_reservation,
        }
    }
}

impl From<NetworkBinding> for model::NetworkBinding {
    fn from(old: NetworkBinding) -> Self {
        Self {
            bind_ip: old.bind_ip,
            container: Ports::One(old.container_port),
            host: Ports::One(old.host_port),
            protocol: old.protocol,
        }
    }
}

impl From<Service> for v2::Service {
    fn from(old: Service) -> Self {
        Self {
            key: old.key,
            status: old.status,
            definition: old.definition,
            desired_count: old.desired_count,
            launch_type: old.launch_type,
            platform_version: None,
            deployment_configuration: old.deployment_configuration,
            deployments: old.deployments.into_iter().map(Into::into).collect(),
            brakes: old.brakes,
            events: old.events,
            created_at: old.created_at,
            tags: old.tags,
            propagate_tags: old.propagate_tags,
            enable_ecs_managed_tags: old.enable_ecs_managed_tags,
            health_check_grace_period_seconds: old.health_check_grace_period_seconds,
            client_token: old.client_token,
        }
    }
}

impl From<Deployment> for v2::Deployment {
    fn from(old: Deployment) -> Self {
        Self {
            id: old.id,
            status: old.status,
            definition: old.definition,
            network: None,
            desired_count: old.desired_count,
            failed_tasks: old.failed_tasks,
            rollout_state: old.rollout_state,
            rollout_state_reason: old.rollout_state_reason,
            created_at: old.created_at,
            updated_at: old.updated_at,
            // The first of its tasks that reports says what it is.
            images: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
