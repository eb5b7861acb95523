//! What a service knows of its rollouts: what watches over them, what each rolled out, and how it went.

use serde::{Deserialize, Serialize};

use super::{AwsVpcConfiguration, DeploymentConfiguration, LaunchType, StrategyItem, Timestamp};
use crate::{DeploymentId, RevisionKey, ServiceDeploymentId, ServiceRevisionId};

/// Whether, and when, failing tasks end a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Whether it counts.
    pub enable: bool,
    /// Whether the last completed deployment comes back.
    pub rollback: bool,
    /// Whether a task that proves well takes all failures before it back.
    pub reset_on_healthy_task: bool,
    /// How many failures are too many.
    pub threshold: Threshold,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { enable: false, rollback: false, reset_on_healthy_task: true, threshold: Threshold::default() }
    }
}

/// How many failed tasks end a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threshold {
    /// This percentage of the desired count, 3 at least and 200 at most.
    BoundedPercent(u32),
    /// This percentage of the desired count.
    UnboundedPercent(u32),
    /// So many.
    Count(u32),
}

impl Default for Threshold {
    fn default() -> Self {
        Self::BoundedPercent(50)
    }
}

/// Alarms that end a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeploymentAlarms {
    /// Whether they are looked at.
    pub enable: bool,
    /// Whether the last completed deployment comes back.
    pub rollback: bool,
    /// Names of alarms of the configuration.
    pub names: Vec<String>,
}

/// What was to be run, as it was when its rollout began; what its images stood for is added as it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRevision {
    /// Its id.
    pub id: ServiceRevisionId,
    /// The deployment that runs it.
    pub deployment: DeploymentId,
    /// What it runs.
    pub definition: RevisionKey,
    /// Where ECS would run it.
    pub launch_type: LaunchType,
    /// The version of Fargate that was asked for.
    pub platform_version: Option<String>,
    /// Where its tasks have their network interfaces, where they have any.
    pub network: Option<AwsVpcConfiguration>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its images' tags stood for.
    #[serde(default)]
    pub images: Vec<super::DeploymentImage>,
    /// How its tasks are shared out over capacity providers, where they are.
    #[serde(default)]
    pub capacity: Vec<StrategyItem>,
}

/// The story of one rollout, kept after it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDeployment {
    /// Its id.
    pub id: ServiceDeploymentId,
    /// The deployment that it rolled out.
    pub deployment: DeploymentId,
    /// What that runs.
    pub target: ServiceRevisionId,
    /// What had tasks when it began.
    pub sources: Vec<ServiceRevisionId>,
    /// How far it is.
    pub status: ServiceDeploymentStatus,
    /// Why it is there, where there is more to say.
    pub status_reason: Option<String>,
    /// The limits and the circuit breaker it began with.
    pub configuration: DeploymentConfiguration,
    /// The alarms it began with.
    #[serde(default)]
    pub alarms: DeploymentAlarms,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the service first acted on it.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// When it was stopped, where it was.
    pub stopped_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What came back, where something did.
    pub rollback: Option<ServiceRollback>,
    /// Failed tasks that the circuit breaker counts.
    pub failures: u32,
    /// With how many it trips; that of the desired count it had last.
    pub threshold: u32,
    /// What the circuit breaker does.
    pub breaker: MonitorStatus,
    /// What becomes of the alarms.
    #[serde(default)]
    pub alarm_monitor: MonitorStatus,
    /// Whether none of the alarms was on when it began, which is looked at first: what was on before is no fault of it.
    #[serde(default)]
    pub began_quietly: bool,
    /// The alarms that went off.
    #[serde(default)]
    pub triggered_alarms: Vec<String>,
    /// Since when all is well and only the bake time is waited for.
    #[serde(default)]
    pub baking_since: Option<Timestamp>,
    /// How many tasks each of its revisions had when it was over.
    #[serde(default)]
    pub counts: Vec<RevisionCount>,
}

/// How many tasks of a revision there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionCount {
    /// Of which.
    pub revision: ServiceRevisionId,
    /// So many were wanted.
    pub requested: u32,
    /// So many were RUNNING.
    pub running: u32,
    /// So many were on their way there.
    pub pending: u32,
}

/// A rollout's way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRollback {
    /// What for.
    pub reason: String,
    /// When it began.
    pub started_at: Timestamp,
    /// To what.
    pub revision: ServiceRevisionId,
}

/// How far a rollout's story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceDeploymentStatus {
    /// Asked for.
    Pending,
    /// Under way.
    InProgress,
    /// Reached steady state.
    Successful,
    /// Somebody asked to stop it where it is.
    StopRequested,
    /// Stopped where it was.
    Stopped,
    /// Somebody asked for the way back.
    RollbackRequested,
    /// On the way back.
    RollbackInProgress,
    /// Back.
    RollbackSuccessful,
    /// There was no way back, or it failed too.
    RollbackFailed,
}

impl ServiceDeploymentStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether nothing follows.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed)
    }
}

/// What a watcher of a rollout does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MonitorStatus {
    /// It is switched off.
    #[default]
    Disabled,
    /// It watches.
    Monitoring,
    /// The rollout was over before it found anything.
    MonitoringComplete,
    /// It ended the rollout.
    Triggered,
}

impl MonitorStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Monitoring => "MONITORING",
            Self::MonitoringComplete => "MONITORING_COMPLETE",
            Self::Triggered => "TRIGGERED",
        }
    }
}
