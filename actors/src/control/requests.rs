use std::sync::Arc;

use mainstay_core::model::{
    AwsVpcConfiguration, DeploymentAlarms, DeploymentConfiguration, ExecuteCommandLogging, LaunchType,
    ManagedScaling, Overrides, PlacementConstraint, PlacementStrategy, PropagateTags, Resources,
    ScheduleSettings, SchedulingStrategy, StrategyItem, Tag, Task,
};
use mainstay_core::{
    CapacityProviderName, ClusterName, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey, ServiceKey,
};

/// A cluster to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// Its name.
    pub name: ClusterName,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// Where sessions of ExecuteCommand are logged, where somebody has said.
    pub execute_command_logging: Option<ExecuteCommandLogging>,
    /// Who may be named in strategies of its services and tasks.
    pub capacity_providers: Vec<CapacityProviderName>,
    /// The strategy of services and tasks that say neither a strategy nor a launch type.
    pub default_strategy: Vec<StrategyItem>,
}

impl NewCluster {
    /// One of which nothing else is said.
    pub fn named(name: ClusterName) -> Self {
        Self {
            name,
            tags: Vec::new(),
            execute_command_logging: None,
            capacity_providers: Vec::new(),
            default_strategy: Vec::new(),
        }
    }
}

/// A capacity provider to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCapacityProvider {
    /// Its name.
    pub name: CapacityProviderName,
    /// The group whose container instances it is, as a name or an ARN of Auto Scaling.
    pub group_arn: String,
    /// What is said of scaling, which is switched off.
    pub scaling: ManagedScaling,
    /// What people attached.
    pub tags: Vec<Tag>,
}

/// A service to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewService {
    /// Cluster and name.
    pub key: ServiceKey,
    /// What it runs.
    pub definition: RevisionKey,
    /// Where its tasks have their network interfaces, in network mode `awsvpc`.
    pub network: Option<AwsVpcConfiguration>,
    /// How many.
    pub desired_count: u32,
    /// Where ECS would run it.
    pub launch_type: LaunchType,
    /// How its tasks are shared out over capacity providers, where they are.
    pub capacity: Vec<StrategyItem>,
    /// The version of Fargate that was asked for.
    pub platform_version: Option<String>,
    /// The limits of its rollouts.
    pub deployment_configuration: DeploymentConfiguration,
    /// Alarms that end them.
    pub alarms: DeploymentAlarms,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// Where its tasks' tags come from.
    pub propagate_tags: Option<PropagateTags>,
    /// Whether `aws:ecs:…` tags are put on tasks.
    pub enable_ecs_managed_tags: bool,
    /// Seconds in which failed health checks of a new task are not held against it.
    pub health_check_grace_period_seconds: Option<u32>,
    /// The same token means the same service.
    pub client_token: Option<String>,
    /// Whether ExecuteCommand may run commands in its tasks.
    pub enable_execute_command: bool,
    /// Whether it wants that many, or one on each container instance.
    pub scheduling: SchedulingStrategy,
    /// Where its tasks may be.
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Where of these places they go.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Whether they move to another availability zone where that makes zones even.
    pub zone_rebalancing: bool,
}

/// What to change of a service; absent is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceUpdate {
    /// How many.
    pub desired_count: Option<u32>,
    /// What it runs: a new deployment where it differs.
    pub definition: Option<RevisionKey>,
    /// Where its tasks have their network interfaces: a new deployment where it differs. None where they shall have
    /// none of their own any more.
    pub network: Option<Option<AwsVpcConfiguration>>,
    /// How its tasks are shared out over capacity providers: a new deployment where it differs. Empty where they shall
    /// not be any more.
    pub capacity: Option<Vec<StrategyItem>>,
    /// The version of Fargate that was asked for.
    pub platform_version: Option<String>,
    /// A new deployment even of the same definition.
    pub force_new_deployment: bool,
    /// The limits of its rollouts.
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// Alarms that end them.
    pub alarms: Option<DeploymentAlarms>,
    /// Seconds in which failed health checks of a new task are not held against it.
    pub health_check_grace_period_seconds: Option<u32>,
    /// Where its tasks' tags come from.
    pub propagate_tags: Option<PropagateTags>,
    /// Whether `aws:ecs:…` tags are put on tasks.
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whether ExecuteCommand may run commands in the tasks it starts from now on.
    pub enable_execute_command: Option<bool>,
    /// Where its new tasks may be.
    pub placement_constraints: Option<Vec<PlacementConstraint>>,
    /// Where of these places they go.
    pub placement_strategy: Option<Vec<PlacementStrategy>>,
    /// Whether tasks move to another availability zone where that makes zones even.
    pub zone_rebalancing: Option<bool>,
}

/// Tasks to run once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTask {
    /// Where.
    pub cluster: ClusterName,
    /// What.
    pub definition: RevisionKey,
    /// Where they have their network interfaces, in network mode `awsvpc`.
    pub network: Option<AwsVpcConfiguration>,
    /// Where ECS would run them.
    pub launch_type: LaunchType,
    /// How they are shared out over capacity providers, where they are.
    pub capacity: Vec<StrategyItem>,
    /// How many; 1 to 10, which the API checks.
    pub count: u32,
    /// What to change of it.
    pub overrides: Overrides,
    /// `family:NAME` where not given.
    pub group: Option<String>,
    /// Echoed.
    pub started_by: Option<String>,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// The same token means the same tasks.
    pub client_token: Option<String>,
    /// Whether ExecuteCommand may run commands in them.
    pub enable_execute_command: bool,
    /// Where they may be, beside what the definition says.
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Where of these places they go.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// StartTask: one on each of these; constraints and strategies are not looked at. Empty for RunTask.
    pub on: Vec<InstanceId>,
}

/// What became of a RunTask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ran {
    /// The tasks that were made.
    pub tasks: Vec<Arc<Task>>,
    /// One for each that could not be placed.
    pub failures: Vec<Failure>,
}

/// Something that was asked for and could not be given, as ECS lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Of what it is about.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY` or `MISSING`.
    pub reason: String,
    /// More words.
    pub detail: Option<String>,
}

/// A schedule to make, or all that shall be said of one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule {
    /// Group and name.
    pub key: ScheduleKey,
    /// What people say of it.
    pub settings: ScheduleSettings,
    /// The same token means the same schedule.
    pub client_token: Option<String>,
}

/// A group of schedules to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScheduleGroup {
    /// Its name.
    pub name: ScheduleGroupName,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// The same token means the same group.
    pub client_token: Option<String>,
}

/// A host that joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    /// Which cluster.
    pub cluster: ClusterName,
    /// The host's name; the same host in the same cluster is the same instance.
    pub host: String,
    /// Of the agent.
    pub agent_version: String,
    /// What it has, where that is known already.
    pub registered: Resources,
}
