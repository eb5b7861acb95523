//! Which change of a record is an event, and what becomes of an event that cannot be delivered.
//!
//! ECS tells EventBridge of four kinds of things. Whether a record that is being written tells anything is worked out
//! from the record and from what was told of it before ([`Told`]); so whoever changes a record need not think of events,
//! and none is told twice.

mod delivery;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    ContainerInstance, Deployment, RolloutState, SchedulingStrategy, Service, ServiceAction, ServiceEvent,
    ServiceStatus, Task, TaskOwner, Timestamp,
};
use crate::{ClusterName, DeploymentId, InstanceId, ServiceKey, ServiceName, TaskId};

pub use delivery::{Again, Retry};

/// The kinds of events, as EventBridge has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A task changed.
    TaskStateChange,
    /// A container instance changed.
    ContainerInstanceStateChange,
    /// A service did something, or met with something.
    ServiceAction,
    /// A deployment of a service began, or is over.
    DeploymentStateChange,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::TaskStateChange,
        Self::ContainerInstanceStateChange,
        Self::ServiceAction,
        Self::DeploymentStateChange,
    ];

    /// EventBridge's `detail-type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskStateChange => "ECS Task State Change",
            Self::ContainerInstanceStateChange => "ECS Container Instance State Change",
            Self::ServiceAction => "ECS Service Action",
            Self::DeploymentStateChange => "ECS Deployment State Change",
        }
    }

    /// The kind of this `detail-type`, in full or by its first word after `ECS`, whatever the case of its letters.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is = |kind: &Self| {
            let (full, short) = (kind.as_str(), kind.short());
            full.eq_ignore_ascii_case(text) || short.eq_ignore_ascii_case(text)
        };
        Self::ALL.into_iter().find(is).ok_or_else(|| {
            let all = Self::ALL.map(|kind| format!("{} ({})", kind.short(), kind.as_str()));
            format!("it must be one of {}", all.join(", "))
        })
    }

    /// One word for it.
    pub fn short(self) -> &'static str {
        match self {
            Self::TaskStateChange => "task",
            Self::ContainerInstanceStateChange => "instance",
            Self::ServiceAction => "service",
            Self::DeploymentStateChange => "deployment",
        }
    }
}

/// How much an event matters, as ECS has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As it shall be.
    Info,
    /// Somebody should look.
    Warn,
    /// Something does not happen that shall.
    Error,
}

impl Weight {
    /// EventBridge's `eventType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place among all events of the installation, from 1 upwards.
    pub sequence: u64,
    /// Its id, unique in the world.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What kind it is.
    pub kind: Kind,
    /// Where it happened.
    pub cluster: ClusterName,
    /// The service it is about, or that the task belongs to.
    pub service: Option<ServiceName>,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// All of it, in EventBridge's JSON.
    pub json: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening<'a> {
    /// A task changed.
    Task(&'a Task),
    /// A container instance changed.
    Instance(&'a ContainerInstance),
    /// A service did something.
    Action {
        /// Which.
        service: &'a Service,
        /// The line in its history.
        event: &'a ServiceEvent,
        /// What.
        action: &'a ServiceAction,
    },
    /// The scheduler worked out how many tasks a service wants.
    DesiredCount(&'a Service),
    /// A deployment began, or is over.
    Deployment {
        /// Whose.
        service: &'a Service,
        /// Which.
        deployment: &'a Deployment,
    },
}

impl Happening<'_> {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Task(_) => Kind::TaskStateChange,
            Self::Instance(_) => Kind::ContainerInstanceStateChange,
            Self::Action { .. } | Self::DesiredCount(_) => Kind::ServiceAction,
            Self::Deployment { .. } => Kind::DeploymentStateChange,
        }
    }

    /// Where it happened.
    pub fn cluster(&self) -> &ClusterName {
        match self {
            Self::Task(task) => &task.cluster,
            Self::Instance(instance) => &instance.cluster,
            Self::Action { service, .. } | Self::DesiredCount(service) | Self::Deployment { service, .. } => {
                &service.key.cluster
            }
        }
    }

    /// The service it is about, or that its task belongs to.
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Task(task) => match &task.owner {
                TaskOwner::Service { service, .. } => Some(service),
                _ => None,
            },
            Self::Instance(_) => None,
            Self::Action { service, .. } | Self::DesiredCount(service) | Self::Deployment { service, .. } => {
                Some(&service.key.name)
            }
        }
    }

    /// The task it is about.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Task(task) => Some(&task.id),
            _ => None,
        }
    }

    /// EventBridge's `eventName` and `eventType`, which only services' events have.
    pub fn name(&self) -> Option<(&'static str, Weight)> {
        Some(match self {
            Self::Task(_) | Self::Instance(_) => return None,
            Self::Action { action, .. } => match action {
                ServiceAction::SteadyState => ("SERVICE_STEADY_STATE", Weight::Info),
                ServiceAction::TasksStopped => ("TASKS_STOPPED", Weight::Info),
                ServiceAction::TaskStartImpaired => ("SERVICE_TASK_START_IMPAIRED", Weight::Warn),
                ServiceAction::TaskPlacementFailure { .. } => {
                    ("SERVICE_TASK_PLACEMENT_FAILURE", Weight::Error)
                }
            },
            Self::DesiredCount(_) => ("SERVICE_DESIRED_COUNT_UPDATED", Weight::Info),
            Self::Deployment { deployment, .. } => match deployment.rollout_state {
                RolloutState::InProgress => ("SERVICE_DEPLOYMENT_IN_PROGRESS", Weight::Info),
                RolloutState::Completed => ("SERVICE_DEPLOYMENT_COMPLETED", Weight::Info),
                RolloutState::Failed => ("SERVICE_DEPLOYMENT_FAILED", Weight::Error),
            },
        })
    }
}

/// A record that may have something to tell.
#[derive(Debug, Clone, Copy)]
pub enum Record<'a> {
    /// A task.
    Task(&'a Task),
    /// A container instance.
    Instance(&'a ContainerInstance),
    /// A service.
    Service(&'a Service),
}

/// Whose record it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A task's.
    Task(TaskId),
    /// A container instance's.
    Instance(InstanceId),
    /// A service's.
    Service(ServiceKey),
}

/// How far a record has been told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// Up to this version.
    Version(u64),
    Service {
        newest_event: Option<String>,
        deployments: Vec<(DeploymentId, RolloutState)>,
        desired_count: u32,
    },
}

/// What was told of each record.
#[derive(Debug, Default)]
pub struct Told(BTreeMap<Subject, Mark>);

/// Takes back that something was told, where it could not be.
#[derive(Debug)]
pub struct Untell {
    subject: Subject,
    before: Option<Mark>,
    now: Mark,
}

impl Told {
    /// What there is to tell of a record as it is now, in order; from then on it is told.
    pub fn tell<'a>(&mut self, record: Record<'a>) -> (Vec<Happening<'a>>, Untell) {
        let subject = record.subject();
        let before = self.0.get(&subject);
        let happenings = record.news(before);
        let now = record.mark(before);
        let before = self.0.insert(subject.clone(), now.clone());
        (happenings, Untell { subject, before, now })
    }

    /// What was told did not become so, or is not kept: whoever writes the record again tells it again. Where more was
    /// told of it since, that stands for what was lost.
    pub fn take_back(&mut self, untell: Untell) {
        let Untell { subject, before, now } = untell;
        if self.0.get(&subject) != Some(&now) {
            return;
        }
        match before {
            Some(before) => self.0.insert(subject, before),
            None => self.0.remove(&subject),
        };
    }

    /// The record is gone.
    pub fn forget(&mut self, subject: &Subject) {
        self.0.remove(subject);
    }
}

impl<'a> Record<'a> {
    fn subject(self) -> Subject {
        match self {
            Self::Task(task) => Subject::Task(task.id.clone()),
            Self::Instance(instance) => Subject::Instance(instance.id.clone()),
            Self::Service(service) => Subject::Service(service.key.clone()),
        }
    }

    fn mark(self, before: Option<&Mark>) -> Mark {
        let at_least = |version: u64| match before {
            Some(Mark::Version(told)) => Mark::Version(version.max(*told)),
            _ => Mark::Version(version),
        };
        match self {
            Self::Task(task) => at_least(task.version),
            Self::Instance(instance) => at_least(instance.version),
            Self::Service(service) => Mark::Service {
                newest_event: service.events.first().map(|event| event.id.clone()),
                deployments: service.deployments.iter().map(|d| (d.id.clone(), d.rollout_state)).collect(),
                desired_count: service.desired_count,
            },
        }
    }

    fn news(self, before: Option<&Mark>) -> Vec<Happening<'a>> {
        let is_newer = |version: u64| !matches!(before, Some(Mark::Version(told)) if *told >= version);
        match self {
            Self::Task(task) => is_newer(task.version).then_some(Happening::Task(task)).into_iter().collect(),
            Self::Instance(instance) => {
                is_newer(instance.version).then_some(Happening::Instance(instance)).into_iter().collect()
            }
            Self::Service(service) => news_of_service(service, before),
        }
    }
}

/// Deployments come first, as in a service's history: steady state is told after what reached it.
fn news_of_service<'a>(service: &'a Service, before: Option<&Mark>) -> Vec<Happening<'a>> {
    let (newest, known, desired): (_, &[_], _) = match before {
        Some(Mark::Service { newest_event, deployments, desired_count }) => {
            (newest_event.as_deref(), deployments, Some(*desired_count))
        }
        _ => (None, &[], None),
    };
    let changed =
        |deployment: &&Deployment| !known.contains(&(deployment.id.clone(), deployment.rollout_state));
    let deployments = service.deployments.iter().filter(changed);
    let counted = service.scheduling == SchedulingStrategy::Daemon
        && service.status == ServiceStatus::Active
        && desired.is_some_and(|desired| desired != service.desired_count);
    let mut acts: Vec<_> = service
        .events
        .iter()
        .take_while(|event| Some(event.id.as_str()) != newest)
        .filter_map(|event| Some(Happening::Action { service, event, action: event.action.as_ref()? }))
        .collect();
    acts.reverse();
    let mut news: Vec<_> =
        deployments.map(|deployment| Happening::Deployment { service, deployment }).collect();
    news.extend(counted.then_some(Happening::DesiredCount(service)));
    news.extend(acts);
    news
}
