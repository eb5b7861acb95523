use serde::{Deserialize, Serialize};

use super::{
    AwsVpcConfiguration, CircuitBreaker, DeploymentAlarms, LaunchType, PlacementConstraint,
    PlacementStrategy, ServiceDeployment, ServiceRevision, StrategyItem, Tag, TaskDefinition, Timestamp,
    launch_type_of,
};
use crate::images::ImageVersion;
use crate::{DeploymentId, RevisionKey, ServiceKey, ServiceRevisionId};

/// A service: the promise to keep a number of tasks running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Cluster and name.
    pub key: ServiceKey,
    /// Whether it is kept up.
    pub status: ServiceStatus,
    /// What was asked for; the definition of the primary deployment.
    pub definition: RevisionKey,
    /// How many tasks shall run.
    pub desired_count: u32,
    /// Where ECS would run it, where its deployment's capacity providers do not say it.
    pub launch_type: LaunchType,
    /// The version of Fargate that was asked for, echoed.
    pub platform_version: Option<String>,
    /// The limits of a rollout.
    pub deployment_configuration: DeploymentConfiguration,
    /// Primary first; older ones until their last task has gone.
    pub deployments: Vec<Deployment>,
    /// What is held against slots whose tasks keep failing, so that a restart does not let a crash loop off its brake.
    pub brakes: Vec<Brake>,
    /// Newest first, at most [`Service::EVENTS`].
    pub events: Vec<ServiceEvent>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// Whether tasks get the service's or the definition's tags.
    pub propagate_tags: Option<PropagateTags>,
    /// Whether `aws:ecs:…` tags are put on tasks.
    pub enable_ecs_managed_tags: bool,
    /// Seconds in which failed health checks of a new task are not held against it.
    pub health_check_grace_period_seconds: Option<u32>,
    /// The idempotency token it was made with.
    pub client_token: Option<String>,
    /// Alarms that end its rollouts.
    #[serde(default)]
    pub alarms: DeploymentAlarms,
    /// What it ran, newest first: as far as its rollouts name it.
    #[serde(default)]
    pub revisions: Vec<ServiceRevision>,
    /// Its rollouts, newest first, at most [`Service::ROLLOUTS`]; the first may be under way.
    #[serde(default)]
    pub service_deployments: Vec<ServiceDeployment>,
    /// The deployment that reached steady state last, as it was then: where a rollback leads. Absent while one is
    /// under way, as in ECS, so that no service swings between two deployments that both fail.
    #[serde(default)]
    pub last_completed: Option<Box<Deployment>>,
    /// Whether ExecuteCommand may run commands in the tasks it starts from now on.
    #[serde(default)]
    pub enable_execute_command: bool,
    /// Whether it wants a number of tasks, or one on each container instance.
    #[serde(default)]
    pub scheduling: SchedulingStrategy,
    /// Where its tasks may be, beside what their definition says.
    #[serde(default)]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Where of these places they go.
    #[serde(default)]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Whether tasks move to another availability zone where that makes zones even.
    #[serde(default)]
    pub zone_rebalancing: bool,
}

/// How many tasks a service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SchedulingStrategy {
    /// As many as somebody says.
    #[default]
    Replica,
    /// One on each ACTIVE container instance that meets its constraints.
    Daemon,
}

impl SchedulingStrategy {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replica => "REPLICA",
            Self::Daemon => "DAEMON",
        }
    }
}

impl Service {
    /// ECS shows the last hundred events.
    pub const EVENTS: usize = 100;

    /// ECS shows those of 90 days; the record is written with each event, so that it stays small.
    pub const ROLLOUTS: usize = 30;

    /// The group of its tasks.
    pub fn group(&self) -> String {
        format!("service:{}", self.key.name)
    }

    /// Where its tasks may be: what the task definition and it itself ask for.
    pub fn constraints_with(&self, definition: &TaskDefinition) -> Vec<PlacementConstraint> {
        definition.placement_constraints.iter().chain(&self.placement_constraints).cloned().collect()
    }

    /// What its tags say of its unhealthy tasks, as they are now.
    pub fn on_unhealthy(&self) -> OnUnhealthy {
        let tag = self.tags.iter().find(|tag| tag.key == OnUnhealthy::TAG);
        tag.and_then(|tag| OnUnhealthy::parse(tag.value.as_deref().unwrap_or_default())).unwrap_or_default()
    }

    /// The deployment that is being rolled out or was last.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// How tasks that it starts now are shared out over capacity providers, where they are.
    pub fn capacity(&self) -> &[StrategyItem] {
        self.primary().map_or(&[], |primary| &primary.capacity)
    }

    /// Where ECS would run what it starts now.
    pub fn current_launch_type(&self) -> LaunchType {
        self.launch_type_with(self.capacity())
    }

    /// Where ECS would run what it starts with this strategy.
    pub fn launch_type_with(&self, capacity: &[StrategyItem]) -> LaunchType {
        launch_type_of(capacity).unwrap_or(self.launch_type)
    }
}

/// What becomes of a service's task that its health check calls unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnhealthy {
    /// Another one comes, and it goes; what ECS does.
    #[default]
    Replace,
    /// It stays, and the service tells of it.
    Report,
}

impl OnUnhealthy {
    /// The key of the tag on a service that says it.
    pub const TAG: &str = "mainstay:on-unhealthy";
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Replace, Self::Report];

    /// The tag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Report => "report",
        }
    }

    /// What the tag's value means; `None` where it means nothing.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == value)
    }
}

/// What is held against a slot of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// The deployment.
    pub deployment: DeploymentId,
    /// The slot.
    pub slot: u32,
    /// Failures in a row.
    pub failures: u32,
    /// When the replacement of the last one was due.
    pub due: Timestamp,
}

/// Whether a service is kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceStatus {
    /// Kept up.
    Active,
    /// Deleted; its tasks are still stopping.
    Draining,
    /// Deleted and gone; still described.
    Inactive,
}

impl ServiceStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// What tasks inherit tags from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropagateTags {
    /// From the task definition.
    TaskDefinition,
    /// From the service.
    Service,
    /// From neither.
    None,
}

/// The limits of a rollout, in percent of the desired count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentConfiguration {
    /// At least this much stays up (rounded up); 100 by default.
    pub minimum_healthy_percent: u32,
    /// At most this much runs (rounded down); 200 by default.
    pub maximum_percent: u32,
    /// Whether failing tasks end the rollout.
    #[serde(default)]
    pub circuit_breaker: CircuitBreaker,
    /// How long a rollout whose tasks are all well is still watched, in minutes; where nothing is said, a little
    /// while if alarms watch it.
    #[serde(default)]
    pub bake_time_minutes: Option<u32>,
}

impl Default for DeploymentConfiguration {
    fn default() -> Self {
        Self {
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker::default(),
            bake_time_minutes: None,
        }
    }
}

/// One rollout of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id, `startedBy` of its tasks.
    pub id: DeploymentId,
    /// PRIMARY, or ACTIVE while an older one has tasks.
    pub status: DeploymentStatus,
    /// What it runs.
    pub definition: RevisionKey,
    /// Where its tasks have their network interfaces, where they have any.
    pub network: Option<AwsVpcConfiguration>,
    /// How many tasks it wants; 0 once it is no longer primary.
    pub desired_count: u32,
    /// Tasks in a row that never came up, were never well, or ended before they had settled.
    pub failed_tasks: u32,
    /// How far it is.
    pub rollout_state: RolloutState,
    /// Why it is there.
    pub rollout_state_reason: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What its tags stood for when its first task ran them; its other tasks run the same.
    #[serde(default)]
    pub images: Vec<DeploymentImage>,
    /// The service revision it runs; empty in records that were made before there were any.
    #[serde(default)]
    pub revision: ServiceRevisionId,
    /// How its tasks are shared out over capacity providers, where they are.
    #[serde(default)]
    pub capacity: Vec<StrategyItem>,
}

impl Deployment {
    /// Holds it to what one of its tasks was seen to run, where nothing held it yet; whether that is news.
    pub fn hold(&mut self, container: &str, version: &ImageVersion) -> bool {
        let held = self.images.iter().any(|image| image.container == container);
        if !held {
            self.images.push(DeploymentImage { container: container.into(), version: version.clone() });
        }
        !held
    }
}

/// What a deployment runs in one of its containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentImage {
    /// The container's name.
    pub container: String,
    /// What its image's tag stood for.
    pub version: ImageVersion,
}

/// Which of a service's deployments this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeploymentStatus {
    /// The latest.
    Primary,
    /// An older one that still has tasks.
    Active,
}

impl DeploymentStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
        }
    }
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutState {
    /// Under way.
    InProgress,
    /// Reached steady state.
    Completed,
    /// Given up: nothing of it is started any more.
    Failed,
}

impl RolloutState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// A line of a service's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// A uuid.
    pub id: String,
    /// When.
    pub created_at: Timestamp,
    /// In ECS's words.
    pub message: String,
}
