//! Records in the form of version 2. Frozen: what is read here was written long ago.
//!
//! Every member that a record got since has a default, so what becomes of them needs no code: see [`grown`].
//! What cannot get any, and words (enums), which bincode knows by number and which only get more at their end, are taken
//! from the model.

use std::time::Duration;

use mainstay_core::model::{
    Capabilities, ClusterStatus, DefinitionStatus, Dependency, DeploymentImage, DeploymentStatus, Device,
    Gpus, Health, HostEntry, InstanceStatus, IpcMode, LaunchType, Link, MountPoint, NetworkBinding,
    NetworkInterface, NetworkMode, PidMode, Ports, PropagateTags, Protocol, RolloutState, RuntimePlatform,
    Secret, ServiceStatus, StopCode, SystemControl, Tag, TaskOwner, TaskStatus, Timestamp, Tmpfs, Ulimit,
    Volume, VolumesFrom,
};
use mainstay_core::{ClusterName, DeploymentId, EngineId, InstanceId, RevisionKey, ServiceKey, TaskId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An older record in today's form: members of the same name stay, new ones get their default.
///
/// # Errors
/// Where a member that both have has another form today, or a new one has no default: the tests hold that against
/// bytes of that time.
pub(in crate::store) fn grown<T: DeserializeOwned>(old: &impl Serialize) -> Result<T, String> {
    serde_json::to_value(old)
        .and_then(serde_json::from_value)
        .map_err(|error| format!("an older record cannot be brought to today's form: {error}"))
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct Cluster {
    pub(super) name: ClusterName,
    pub(super) status: ClusterStatus,
    pub(super) created_at: Timestamp,
    pub(super) tags: Vec<Tag>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct TaskDefinition {
    pub(super) key: RevisionKey,
    pub(super) status: DefinitionStatus,
    pub(super) containers: Vec<ContainerDefinition>,
    pub(super) volumes: Vec<Volume>,
    pub(super) cpu: Option<u32>,
    pub(super) memory: Option<u32>,
    pub(super) ephemeral_storage: Option<u32>,
    pub(super) network_mode: NetworkMode,
    pub(super) pid_mode: Option<PidMode>,
    pub(super) ipc_mode: Option<IpcMode>,
    pub(super) runtime_platform: Option<RuntimePlatform>,
    pub(super) requires_compatibilities: Vec<LaunchType>,
    pub(super) task_role_arn: Option<String>,
    pub(super) execution_role_arn: Option<String>,
    pub(super) registered_at: Timestamp,
    pub(super) deregistered_at: Option<Timestamp>,
    pub(super) tags: Vec<Tag>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ContainerDefinition {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) cpu: u32,
    pub(super) memory: Option<u32>,
    pub(super) memory_reservation: Option<u32>,
    pub(super) essential: bool,
    pub(super) entry_point: Option<Vec<String>>,
    pub(super) command: Option<Vec<String>>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) environment_files: Vec<String>,
    pub(super) secrets: Vec<Secret>,
    pub(super) port_mappings: Vec<PortMapping>,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) depends_on: Vec<Dependency>,
    pub(super) start_timeout: Option<Duration>,
    pub(super) restart_policy: Option<RestartPolicy>,
    pub(super) stop_timeout: Option<Duration>,
    pub(super) user: Option<String>,
    pub(super) working_directory: Option<String>,
    pub(super) docker_labels: Vec<(String, String)>,
    pub(super) mount_points: Vec<MountPoint>,
    pub(super) volumes_from: Vec<VolumesFrom>,
    pub(super) options: EngineOptions,
    pub(super) links: Vec<Link>,
    pub(super) log_configuration: Option<LogConfiguration>,
    pub(super) gpus: Option<Gpus>,
    pub(super) version_consistency: Option<bool>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HealthCheck {
    pub(super) command: Vec<String>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) start_period: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RestartPolicy {
    pub(super) enabled: bool,
    pub(super) ignored_exit_codes: Vec<i32>,
    pub(super) attempt_period: Option<Duration>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct EngineOptions {
    pub(super) linux: Option<LinuxParameters>,
    pub(super) ulimits: Vec<Ulimit>,
    pub(super) system_controls: Vec<SystemControl>,
    pub(super) privileged: Option<bool>,
    pub(super) readonly_root_filesystem: Option<bool>,
    pub(super) dns_servers: Vec<String>,
    pub(super) dns_search_domains: Vec<String>,
    pub(super) extra_hosts: Vec<HostEntry>,
    pub(super) hostname: Option<String>,
    pub(super) interactive: Option<bool>,
    pub(super) pseudo_terminal: Option<bool>,
    pub(super) docker_security_options: Vec<String>,
    pub(super) disable_networking: Option<bool>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LinuxParameters {
    pub(super) capabilities: Option<Capabilities>,
    pub(super) devices: Vec<Device>,
    pub(super) init_process_enabled: Option<bool>,
    pub(super) max_swap: Option<u32>,
    pub(super) shared_memory_size: Option<u32>,
    pub(super) swappiness: Option<u8>,
    pub(super) tmpfs: Vec<Tmpfs>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LogConfiguration {
    pub(super) driver: String,
    pub(super) options: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PortMapping {
    pub(super) container: Ports,
    pub(super) host_port: Option<u16>,
    pub(super) protocol: Protocol,
    pub(super) name: Option<String>,
    pub(super) app_protocol: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ContainerInstance {
    pub(super) id: InstanceId,
    pub(super) cluster: ClusterName,
    pub(super) host: String,
    pub(super) status: InstanceStatus,
    pub(super) agent_connected: bool,
    pub(super) engine_connected: bool,
    pub(super) registered: Resources,
    pub(super) attributes: Vec<(String, Option<String>)>,
    pub(super) agent_version: String,
    pub(super) engine_version: String,
    pub(super) registered_at: Timestamp,
    pub(super) tags: Vec<Tag>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Resources {
    pub(super) cpu: u32,
    pub(super) memory: u32,
    pub(super) tcp_ports: Vec<u16>,
    pub(super) udp_ports: Vec<u16>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AwsVpcConfiguration {
    pub(super) subnets: Vec<String>,
    pub(super) security_groups: Vec<String>,
    pub(super) assign_public_ip: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TaskNetwork {
    pub(super) configuration: AwsVpcConfiguration,
    pub(super) interface: Option<NetworkInterface>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct Service {
    pub(super) key: ServiceKey,
    pub(super) status: ServiceStatus,
    pub(super) definition: RevisionKey,
    pub(super) desired_count: u32,
    pub(super) launch_type: LaunchType,
    pub(super) platform_version: Option<String>,
    pub(super) deployment_configuration: DeploymentConfiguration,
    pub(super) deployments: Vec<Deployment>,
    pub(super) brakes: Vec<Brake>,
    pub(super) events: Vec<ServiceEvent>,
    pub(super) created_at: Timestamp,
    pub(super) tags: Vec<Tag>,
    pub(super) propagate_tags: Option<PropagateTags>,
    pub(super) enable_ecs_managed_tags: bool,
    pub(super) health_check_grace_period_seconds: Option<u32>,
    pub(super) client_token: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ServiceEvent {
    pub(super) id: String,
    pub(super) created_at: Timestamp,
    pub(super) message: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Brake {
    pub(super) deployment: DeploymentId,
    pub(super) slot: u32,
    pub(super) failures: u32,
    pub(super) due: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DeploymentConfiguration {
    pub(super) minimum_healthy_percent: u32,
    pub(super) maximum_percent: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: DeploymentId,
    pub(super) status: DeploymentStatus,
    pub(super) definition: RevisionKey,
    pub(super) network: Option<AwsVpcConfiguration>,
    pub(super) desired_count: u32,
    pub(super) failed_tasks: u32,
    pub(super) rollout_state: RolloutState,
    pub(super) rollout_state_reason: String,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) images: Vec<DeploymentImage>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct Task {
    pub(super) id: TaskId,
    pub(super) cluster: ClusterName,
    pub(super) definition: RevisionKey,
    pub(super) owner: TaskOwner,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) launch_type: Option<LaunchType>,
    pub(super) instance: InstanceId,
    pub(super) resources: Resources,
    pub(super) network: Option<TaskNetwork>,
    pub(super) desired_status: TaskStatus,
    pub(super) last_status: TaskStatus,
    pub(super) health: Health,
    pub(super) containers: Vec<Container>,
    pub(super) overrides: Overrides,
    pub(super) tags: Vec<Tag>,
    pub(super) client_token: Option<String>,
    pub(super) version: u64,
    pub(super) created_at: Timestamp,
    pub(super) pull_started_at: Option<Timestamp>,
    pub(super) pull_stopped_at: Option<Timestamp>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) stopping_at: Option<Timestamp>,
    pub(super) execution_stopped_at: Option<Timestamp>,
    pub(super) stopped_at: Option<Timestamp>,
    pub(super) stop_code: Option<StopCode>,
    pub(super) stopped_reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) image_digest: Option<String>,
    pub(super) runtime_id: Option<EngineId>,
    pub(super) last_status: TaskStatus,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) restart_count: u32,
    pub(super) health: Health,
    pub(super) has_health_check: bool,
    pub(super) essential: bool,
    pub(super) network_bindings: Vec<NetworkBinding>,
    pub(super) cpu: u32,
    pub(super) memory: Option<u32>,
    pub(super) memory_reservation: Option<u32>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Overrides {
    pub(super) containers: Vec<ContainerOverride>,
    pub(super) cpu: Option<u32>,
    pub(super) memory: Option<u32>,
    pub(super) task_role_arn: Option<String>,
    pub(super) execution_role_arn: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ContainerOverride {
    pub(super) name: String,
    pub(super) command: Option<Vec<String>>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) cpu: Option<u32>,
    pub(super) memory: Option<u32>,
    pub(super) memory_reservation: Option<u32>,
}

#[cfg(test)]
mod tests;
