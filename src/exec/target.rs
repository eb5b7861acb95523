//! In which container a command is to run.

use std::sync::Arc;

use mainstay_actors::view::View;
use mainstay_core::model::{Container, Health, Task, TaskOwner, TaskStatus};
use mainstay_core::{ClusterName, EngineId, ServiceName, TaskId};

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its task.
    pub task: TaskId,
    /// Its task's cluster.
    pub cluster: ClusterName,
    /// Its name in the task definition.
    pub container: String,
    /// The engine's id.
    pub id: EngineId,
}

/// Why a command cannot run there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// There is no such task in that cluster.
    #[error("there is no task {0} in cluster {1}; `aws ecs list-tasks` shows those there are")]
    NoTask(TaskId, ClusterName),
    /// The service has no task that runs.
    #[error("no task of service {0} is RUNNING; `aws ecs describe-services` says why, in its events")]
    NoneRuns(ServiceName),
    /// The task has several containers.
    #[error("task {task} has several containers; choose one: {}", .there.join(", "))]
    Several { task: TaskId, there: Vec<String> },
    /// The task has no such container.
    #[error("task {task} has no container {given}; it has {}", .there.join(", "))]
    NoContainer { task: TaskId, given: String, there: Vec<String> },
    /// The container does not run.
    #[error("container {container} of task {task} is {status}; a command can run only where it is RUNNING")]
    NotRunning { task: TaskId, container: String, status: TaskStatus },
}

impl Target {
    /// The container of a task, whose only one it is where it is not named.
    ///
    /// # Errors
    /// Where there is no such one, or it does not run.
    pub(crate) fn of(task: &Task, container: Option<&str>) -> Result<Self, Unfit> {
        let names = || task.containers.iter().map(|known| known.name.clone()).collect();
        let found = match (container, task.containers.as_slice()) {
            (Some(given), all) => all.iter().find(|known| known.name == given).ok_or_else(|| {
                Unfit::NoContainer { task: task.id.clone(), given: given.to_owned(), there: names() }
            })?,
            (None, [only]) => only,
            (None, _) => return Err(Unfit::Several { task: task.id.clone(), there: names() }),
        };
        let Container { name, last_status, runtime_id, .. } = found;
        match runtime_id {
            Some(id) if *last_status == TaskStatus::Running => Ok(Self {
                task: task.id.clone(),
                cluster: task.cluster.clone(),
                container: name.clone(),
                id: id.clone(),
            }),
            _ => Err(Unfit::NotRunning {
                task: task.id.clone(),
                container: name.clone(),
                status: *last_status,
            }),
        }
    }
}

/// A task of the service that runs: one that is healthy before others, and of those the one that has run longest.
pub(crate) fn of_service(
    view: &View,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Arc<Task>, Unfit> {
    let wanted = |task: &Task| {
        let of = matches!(&task.owner, TaskOwner::Service { service: of, .. } if of == service);
        of && task.cluster == *cluster && task.last_status == TaskStatus::Running
    };
    let running = view.tasks.filter(wanted).into_iter();
    let best = running.min_by_key(|task| {
        let stays = task.desired_status == TaskStatus::Running;
        (!stays, task.health == Health::Unhealthy, task.started_at, task.id.clone())
    });
    best.ok_or_else(|| Unfit::NoneRuns(service.clone()))
}
