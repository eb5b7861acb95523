use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ContainerDefinition, Gpus, LaunchType, Ports, Protocol, Resources, Tag, TaskNetwork, Timestamp};
use crate::{
    CapacityProviderName, ClusterName, DeploymentId, EngineId, InstanceId, RevisionKey, ServiceName, TaskId,
};

/// A task: one run of a task definition on one container instance.
///
/// SwarmKit's laws hold: it is one-shot, never changes its instance, `last_status` only goes forward;
/// `desired_status` is the control plane's word, `last_status` follows the agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its cluster.
    pub cluster: ClusterName,
    /// What it runs.
    pub definition: RevisionKey,
    /// Who keeps it.
    pub owner: TaskOwner,
    /// `service:NAME`, `family:NAME` or what the caller of RunTask said.
    pub group: String,
    /// The deployment's id, or what the caller of RunTask said.
    pub started_by: Option<String>,
    /// Where ECS would run it; as its service or definition says where absent.
    pub launch_type: Option<LaunchType>,
    /// Where it runs.
    pub instance: InstanceId,
    /// What it holds of that instance.
    pub resources: Resources,
    /// Its network interface, in network mode `awsvpc`.
    pub network: Option<TaskNetwork>,
    /// What the control plane wants: RUNNING or STOPPED.
    pub desired_status: TaskStatus,
    /// Where it is.
    pub last_status: TaskStatus,
    /// From its essential containers with a check.
    pub health: Health,
    /// One for each container definition, in its order.
    pub containers: Vec<Container>,
    /// What RunTask changed.
    pub overrides: Overrides,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// The idempotency token of its RunTask.
    pub client_token: Option<String>,
    /// Counts changes, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the first pull began.
    pub pull_started_at: Option<Timestamp>,
    /// When the last pull ended.
    pub pull_stopped_at: Option<Timestamp>,
    /// When it reached RUNNING.
    pub started_at: Option<Timestamp>,
    /// When its stop was decided.
    pub stopping_at: Option<Timestamp>,
    /// When its last essential container ended.
    pub execution_stopped_at: Option<Timestamp>,
    /// When it reached STOPPED.
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped, for programs.
    pub stop_code: Option<StopCode>,
    /// Why it stopped, for people.
    pub stopped_reason: Option<String>,
    /// Whether ExecuteCommand may run commands in its containers.
    #[serde(default)]
    pub enable_execute_command: bool,
    /// Until when neither its service's scale-in nor a rollout stops it.
    #[serde(default)]
    pub protected_until: Option<Timestamp>,
    /// The capacity provider that it is of, where a strategy placed it.
    #[serde(default)]
    pub capacity_provider: Option<CapacityProviderName>,
}

impl Task {
    /// Whether it is protected from its service's scale-in and rollouts.
    pub fn is_protected(&self, now: Timestamp) -> bool {
        self.protected_until.is_some_and(|until| now < until)
    }
}

/// Who keeps a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskOwner {
    /// A service, which replaces it.
    Service {
        /// The service, in the task's cluster.
        service: ServiceName,
        /// The deployment that started it.
        deployment: DeploymentId,
        /// Its place among its siblings; the replacement takes it over, and with it the backoff.
        slot: u32,
    },
    /// RunTask; nobody replaces it.
    Standalone,
}

/// A task's or container's place in its life. The order is the order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Made, resources reserved.
    Provisioning,
    /// With the agent: pulling, creating, starting.
    Pending,
    /// Containers started, not yet attached to what stands around them.
    Activating,
    /// Running.
    Running,
    /// Being detached from what stands around it.
    Deactivating,
    /// Containers are being stopped.
    Stopping,
    /// Resources are being released.
    Deprovisioning,
    /// Over.
    Stopped,
}

impl TaskStatus {
    /// All of them, in the order of life.
    pub const ALL: [Self; 8] = [
        Self::Provisioning,
        Self::Pending,
        Self::Activating,
        Self::Running,
        Self::Deactivating,
        Self::Stopping,
        Self::Deprovisioning,
        Self::Stopped,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What health checks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Health {
    /// No check, or no verdict yet.
    Unknown,
    /// The last check passed.
    Healthy,
    /// As many checks in a row failed as `retries` says.
    Unhealthy,
}

impl Health {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

/// Why a task stopped, in the words programs look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StopCode {
    /// A container could not be started.
    TaskFailedToStart,
    /// An essential container ended.
    EssentialContainerExited,
    /// StopTask.
    UserInitiated,
    /// The service scaled in, rolled out or replaced it.
    ServiceSchedulerInitiated,
    /// Its host was lost.
    TerminationNotice,
}

impl StopCode {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TaskFailedToStart,
        Self::EssentialContainerExited,
        Self::UserInitiated,
        Self::ServiceSchedulerInitiated,
        Self::TerminationNotice,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            Self::TerminationNotice => "TerminationNotice",
        }
    }
}

/// A container of a task, as last reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// The image as asked for.
    pub image: String,
    /// The digest that runs, where the engine knows one.
    pub image_digest: Option<String>,
    /// The engine's id, `runtimeId` in ECS.
    pub runtime_id: Option<EngineId>,
    /// PENDING, RUNNING or STOPPED.
    pub last_status: TaskStatus,
    /// Absent where it never started.
    pub exit_code: Option<i32>,
    /// Why it is where it is, where there is something to say.
    pub reason: Option<String>,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// How often it was started again in place.
    pub restart_count: u32,
    /// What its check says.
    pub health: Health,
    /// Whether it has a check.
    pub has_health_check: bool,
    /// Whether the task ends with it.
    pub essential: bool,
    /// Published ports.
    pub network_bindings: Vec<NetworkBinding>,
    /// CPU units asked for.
    pub cpu: u32,
    /// MiB asked for, hard.
    pub memory: Option<u32>,
    /// MiB asked for, soft.
    pub memory_reservation: Option<u32>,
    /// The GPUs that it alone has, by their ids on its instance.
    #[serde(default)]
    pub gpu_ids: Vec<String>,
}

/// A published port, or a row of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkBinding {
    /// The address it listens on.
    pub bind_ip: String,
    /// Inside.
    pub container: Ports,
    /// Outside; as many.
    pub host: Ports,
    /// Transport.
    pub protocol: Protocol,
}

/// What RunTask changes of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// By container.
    pub containers: Vec<ContainerOverride>,
    /// CPU units of the task.
    pub cpu: Option<u32>,
    /// MiB of the task.
    pub memory: Option<u32>,
    /// The role whose credentials its containers get.
    pub task_role_arn: Option<String>,
    /// Echoed.
    pub execution_role_arn: Option<String>,
}

/// What RunTask changes of one container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerOverride {
    /// Which container.
    pub name: String,
    /// Replaces the command.
    pub command: Option<Vec<String>>,
    /// Added to, or replacing, the environment.
    pub environment: Vec<(String, String)>,
    /// Replaces the files of further variables.
    #[serde(default)]
    pub environment_files: Option<Vec<String>>,
    /// Replaces the CPU units.
    pub cpu: Option<u32>,
    /// Replaces the hard limit, MiB.
    pub memory: Option<u32>,
    /// Replaces the soft limit, MiB.
    pub memory_reservation: Option<u32>,
    /// Replaces the GPUs.
    #[serde(default)]
    pub gpus: Option<Gpus>,
}

impl Overrides {
    /// The container as it will run.
    pub fn apply(&self, container: &ContainerDefinition) -> ContainerDefinition {
        let mut merged = container.clone();
        for change in self.containers.iter().filter(|change| change.name == container.name) {
            if let Some(command) = &change.command {
                merged.command = Some(command.clone());
            }
            for (name, value) in &change.environment {
                merged.environment.retain(|(known, _)| known != name);
                merged.environment.push((name.clone(), value.clone()));
            }
            if let Some(files) = &change.environment_files {
                merged.environment_files.clone_from(files);
            }
            merged.cpu = change.cpu.unwrap_or(merged.cpu);
            merged.memory = change.memory.or(merged.memory);
            merged.memory_reservation = change.memory_reservation.or(merged.memory_reservation);
            merged.gpus = change.gpus.or(merged.gpus);
        }
        merged
    }
}
