//! Whose logs.

use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::view::View;
use mainstay_core::model::{Container, ServiceStatus, Task, TaskOwner, TaskStatus, Timestamp};
use mainstay_core::{ClusterName, EngineId, ServiceKey, ServiceName, TaskId};

/// Whose logs: of tasks, of services' tasks, and there of all containers or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Where they are.
    pub cluster: ClusterName,
    /// These.
    pub tasks: Vec<TaskId>,
    /// Those of these, as they come and go.
    pub services: Vec<ServiceName>,
    /// Of a task's containers only this one.
    pub container: Option<String>,
}

/// Who printed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The task.
    pub task: TaskId,
    /// Its container, as the task definition names it.
    pub container: String,
}

/// A container that printed, or may print.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub origin: Arc<Origin>,
    pub id: EngineId,
    /// When it last started: it does so again in place where its policy says so.
    pub started_at: Option<Timestamp>,
    /// Whether it was asked for by its task's name.
    pub named: bool,
    /// Whether its task is STOPPED, and its log with it.
    pub over: bool,
}

/// Why there is nothing to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is wrong.
    #[error("{0}")]
    Wrong(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It was there, and what it printed is gone with it.
    #[error("{0}")]
    Gone(String),
    /// The engine does not answer, or there is none here.
    #[error("{0}")]
    Unavailable(String),
    /// Too many read at once.
    #[error("{0}")]
    Busy(String),
}

impl Selection {
    /// The tasks: those that are not over, the latest first, then the others.
    pub(super) fn tasks(&self, view: &View) -> Vec<Arc<Task>> {
        let mut tasks = view.tasks.filter(|task| self.wants(task));
        tasks.sort_by_key(|task| {
            (task.last_status == TaskStatus::Stopped, std::cmp::Reverse(task.created_at))
        });
        tasks
    }

    /// The containers of these tasks that the engine has been asked for.
    pub(super) fn sources(&self, tasks: &[Arc<Task>]) -> Vec<Source> {
        let of_task = |task: &Arc<Task>| {
            let (id, named) = (task.id.clone(), self.tasks.contains(&task.id));
            let over = task.last_status == TaskStatus::Stopped;
            let wanted = task
                .containers
                .iter()
                .filter(|part| self.container.as_ref().is_none_or(|name| part.name == *name));
            let source = move |part: &Container| {
                let origin = Arc::new(Origin { task: id.clone(), container: part.name.clone() });
                Some(Source {
                    origin,
                    id: part.runtime_id.clone()?,
                    started_at: part.started_at,
                    named,
                    over,
                })
            };
            wanted.filter_map(source).collect::<Vec<_>>()
        };
        tasks.iter().flat_map(of_task).collect()
    }

    /// How many containers these tasks have that were asked for.
    pub(super) fn containers(&self, tasks: &[Arc<Task>]) -> usize {
        let wanted = |part: &&Container| self.container.as_ref().is_none_or(|name| part.name == *name);
        tasks.iter().flat_map(|task| &task.containers).filter(wanted).count()
    }

    /// Whether nothing more can come: the tasks are over, the services gone.
    pub(super) fn is_over(&self, view: &View) -> bool {
        let lives =
            |task: &TaskId| view.tasks.get(task).is_some_and(|task| task.last_status != TaskStatus::Stopped);
        let serves = |service: &ServiceName| {
            let service = view.services.get(&self.key(service));
            service.is_some_and(|service| service.status != ServiceStatus::Inactive)
        };
        !self.tasks.iter().any(lives) && !self.services.iter().any(serves)
    }

    /// # Errors
    /// [`Refusal::NotFound`], saying what is not there.
    pub(super) fn check(&self, view: &View) -> Result<(), Refusal> {
        let not_found = |text: String| Err(Refusal::NotFound(text));
        if view.active_cluster(&self.cluster).is_none() {
            return not_found(format!("there is no cluster {}", self.cluster));
        }
        for id in &self.tasks {
            if view.tasks.get(id).is_none_or(|task| task.cluster != self.cluster) {
                return not_found(format!("there is no task {id} in cluster {}", self.cluster));
            }
        }
        for service in &self.services {
            if view.services.get(&self.key(service)).is_none() {
                return not_found(format!("there is no service {service} in cluster {}", self.cluster));
            }
        }
        let tasks = self.tasks(view);
        let mut there: Vec<&str> =
            tasks.iter().flat_map(|task| &task.containers).map(|part| part.name.as_str()).collect();
        there.sort_unstable();
        there.dedup();
        match &self.container {
            Some(name) if !tasks.is_empty() && !there.contains(&name.as_str()) => {
                not_found(format!("there is no container {name}; there are {}", there.join(", ")))
            }
            _ => Ok(()),
        }
    }

    /// Why there is nothing, where there is nothing.
    pub(super) fn nothing(&self, tasks: &[Arc<Task>], cleanup_wait: Duration) -> Refusal {
        let Some(task) = tasks.iter().find(|task| self.tasks.contains(&task.id)) else {
            return Refusal::Gone(format!(
                "no task has a container here whose log could be read{}",
                kept(cleanup_wait)
            ));
        };
        if task.last_status == TaskStatus::Stopped {
            let reason = task.stopped_reason.as_deref().unwrap_or("no reason was given");
            let text = format!("task {} is STOPPED ({reason}) and its containers are gone", task.id);
            return Refusal::Gone(format!("{text}{}", kept(cleanup_wait)));
        }
        Refusal::NotFound(format!("task {} is {} and has no container yet", task.id, task.last_status))
    }

    fn wants(&self, task: &Task) -> bool {
        let of_service = match &task.owner {
            TaskOwner::Service { service, .. } => self.services.contains(service),
            TaskOwner::Standalone => false,
        };
        task.cluster == self.cluster && (of_service || self.tasks.contains(&task.id))
    }

    fn key(&self, service: &ServiceName) -> ServiceKey {
        ServiceKey { cluster: self.cluster.clone(), name: service.clone() }
    }
}

/// How long logs are kept, for who finds none.
pub(super) fn kept(cleanup_wait: Duration) -> String {
    format!(
        "; logs are kept as long as containers are: agent.cleanup-wait ({cleanup_wait:?}) after their end"
    )
}
