//! The life of a task and its containers: what a report or a decision makes of the record.
//!
//! Laws (SwarmKit's task model, ECS's words): `last_status` only goes forward, a STOPPED container never changes,
//! the first reason to stop stays, and STOPPED follows from containers that ended, never from a flag.

mod in_place;
mod order;

use serde::{Deserialize, Serialize};

pub use in_place::starts_again;
pub use order::{Blocked, Fault, Order, Stage, Standing, Start, check_order};

use crate::images::ImageVersion;
use crate::model::{
    AwsVpcConfiguration, Container, Health, LaunchType, NetworkBinding, NetworkInterface, Overrides,
    Resources, StopCode, Tag, Task, TaskDefinition, TaskNetwork, TaskOwner, TaskStatus, Timestamp,
};
use crate::placement::deal;
use crate::{CapacityProviderName, ClusterName, EngineId, InstanceId, TaskId};

/// ECS cuts reasons at this many characters.
pub const REASON_LIMIT: usize = 1024;
/// ECS's words for the usual end.
const ESSENTIAL_EXITED: &str = "Essential container in task exited";
/// ECS's words for the end of a task whose check fails, and why it is not waited any longer.
const UNHEALTHY: &str = "Task failed container health checks";

/// What an agent sees of a task; always whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskReport {
    /// Its containers; a pause container is not among them.
    pub containers: Vec<ContainerReport>,
    /// Its network interface, in network mode `awsvpc`.
    pub interface: Option<NetworkInterface>,
    /// Why the namespaces that its containers share are no more to be had.
    pub pause_ended: Option<String>,
    /// When the first pull began.
    pub pull_started_at: Option<Timestamp>,
    /// When the last pull ended.
    pub pull_stopped_at: Option<Timestamp>,
}

/// What an agent sees of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerReport {
    /// Its name in the task definition.
    pub name: String,
    /// How far it is.
    pub status: ContainerStatus,
    /// The engine's id.
    pub runtime_id: Option<EngineId>,
    /// The digest that runs, where the engine knows one.
    pub image_digest: Option<String>,
    /// The engine's id of the image that runs.
    pub image_id: Option<String>,
    /// Absent where it never started.
    pub exit_code: Option<i32>,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// What its check says.
    pub health: Health,
    /// Whether it has a check that counts: its definition's, or its image's where that is configured.
    #[serde(default)]
    pub checked: bool,
    /// Published ports.
    pub network_bindings: Vec<NetworkBinding>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How far a container is; the order is the order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContainerStatus {
    /// Not started yet.
    Pending,
    /// Running.
    Running,
    /// It runs no more; how it ended is yet to be told.
    Ending,
    /// Over.
    Stopped,
}

impl ContainerReport {
    /// What of its image it runs, as soon as that is known.
    pub fn version(&self) -> Option<ImageVersion> {
        self.image_id.clone().map(|id| ImageVersion::new(self.image_digest.clone(), id))
    }
}

impl ContainerStatus {
    fn as_task_status(self) -> TaskStatus {
        match self {
            Self::Pending => TaskStatus::Pending,
            // ECS has no word for it, and a STOPPED container never changes.
            Self::Running | Self::Ending => TaskStatus::Running,
            Self::Stopped => TaskStatus::Stopped,
        }
    }
}

/// What follows from a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The record as it is now.
    pub task: Task,
    /// Its end was decided just here and containers may still run: the agent has to stop them.
    pub stop_rest: bool,
}

/// A task to make.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// Its id.
    pub id: TaskId,
    /// Its cluster.
    pub cluster: ClusterName,
    /// What it runs.
    pub definition: &'a TaskDefinition,
    /// What is changed of that.
    pub overrides: Overrides,
    /// Who keeps it.
    pub owner: TaskOwner,
    /// Its group.
    pub group: String,
    /// Who started it.
    pub started_by: Option<String>,
    /// Where ECS would run it.
    pub launch_type: LaunchType,
    /// Where it runs.
    pub instance: InstanceId,
    /// What it holds there, its GPUs included.
    pub resources: Resources,
    /// Where it is to have its network interface, in network mode `awsvpc`.
    pub network: Option<AwsVpcConfiguration>,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// The token of its RunTask.
    pub client_token: Option<String>,
    /// Whether ExecuteCommand may run commands in its containers.
    pub enable_execute_command: bool,
    /// The capacity provider that it is of, where a strategy placed it.
    pub capacity_provider: Option<CapacityProviderName>,
}

/// The record of a new task: PROVISIONING, wanted RUNNING.
pub fn new_task(new: NewTask<'_>, now: Timestamp) -> Task {
    let merged: Vec<_> = new.definition.containers.iter().map(|one| new.overrides.apply(one)).collect();
    let gpus = deal(&merged.iter().map(|one| one.gpus).collect::<Vec<_>>(), &new.resources.gpus);
    let containers = merged.into_iter().zip(gpus).map(|(merged, gpu_ids)| Container {
        name: merged.name,
        image: merged.image,
        image_digest: None,
        runtime_id: None,
        last_status: TaskStatus::Pending,
        exit_code: None,
        reason: None,
        started_at: None,
        restart_count: 0,
        health: Health::Unknown,
        has_health_check: merged.health_check.is_some(),
        essential: merged.essential,
        network_bindings: Vec::new(),
        cpu: merged.cpu,
        memory: merged.memory,
        memory_reservation: merged.memory_reservation,
        gpu_ids,
    });
    Task {
        containers: containers.collect(),
        id: new.id,
        cluster: new.cluster,
        definition: new.definition.key.clone(),
        owner: new.owner,
        group: new.group,
        started_by: new.started_by,
        launch_type: Some(new.launch_type),
        instance: new.instance,
        resources: new.resources,
        network: new.network.map(|configuration| TaskNetwork { configuration, interface: None }),
        desired_status: TaskStatus::Running,
        last_status: TaskStatus::Provisioning,
        health: Health::Unknown,
        overrides: new.overrides,
        tags: new.tags,
        client_token: new.client_token,
        version: 1,
        created_at: now,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        execution_stopped_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        enable_execute_command: new.enable_execute_command,
        protected_until: None,
        capacity_provider: new.capacity_provider,
    }
}

/// The agent has it now: PROVISIONING becomes PENDING.
pub fn handed_over(task: &Task) -> Option<Task> {
    let mut next = task.clone();
    if next.last_status == TaskStatus::Provisioning {
        next.last_status = TaskStatus::Pending;
    }
    changed(task, next)
}

/// Its tags are these now; `None` where they were already.
pub fn tagged(task: &Task, tags: Vec<Tag>) -> Option<Task> {
    changed(task, Task { tags, ..task.clone() })
}

/// What a record says of its containers, for an agent that has to find its way again.
pub fn known(task: &Task) -> Vec<ContainerReport> {
    let report = |container: &Container| ContainerReport {
        name: container.name.clone(),
        status: match container.last_status {
            TaskStatus::Stopped => ContainerStatus::Stopped,
            status if status < TaskStatus::Running => ContainerStatus::Pending,
            _ => ContainerStatus::Running,
        },
        runtime_id: container.runtime_id.clone(),
        image_digest: container.image_digest.clone(),
        // Not on record; the engine says it again of what is still there.
        image_id: None,
        exit_code: container.exit_code,
        reason: container.reason.clone(),
        health: container.health,
        checked: container.has_health_check,
        network_bindings: container.network_bindings.clone(),
        started_at: container.started_at,
        finished_at: None,
    };
    task.containers.iter().map(report).collect()
}

/// Somebody decided to stop it; `None` where that was decided before.
pub fn request_stop(task: &Task, code: StopCode, reason: &str, now: Timestamp) -> Option<Task> {
    if task.desired_status == TaskStatus::Stopped {
        return None;
    }
    let mut next = task.clone();
    decide_end(&mut next, code, reason, now);
    advance(&mut next, now);
    changed(task, next)
}

/// Takes an agent's report; `None` where nothing changes.
pub fn observe(task: &Task, report: &TaskReport, now: Timestamp) -> Option<Step> {
    if task.last_status == TaskStatus::Stopped {
        return None;
    }
    let mut next = task.clone();
    next.pull_started_at = next.pull_started_at.or(report.pull_started_at);
    next.pull_stopped_at = report.pull_stopped_at.or(next.pull_stopped_at);
    if let (Some(network), Some(seen)) = (&mut next.network, &report.interface) {
        network.interface = Some(seen.clone());
    }
    let mut ended: Option<(StopCode, String)> = None;
    let mut sick: Option<String> = None;
    for container in &mut next.containers {
        let Some(seen) = report.containers.iter().find(|seen| seen.name == container.name) else { continue };
        let stopped = take(container, seen);
        if !container.essential {
            continue;
        }
        if seen.health == Health::Unhealthy && container.has_health_check && !stopped {
            sick.get_or_insert_with(|| container.name.clone());
        }
        if seen.status == ContainerStatus::Ending {
            ended.get_or_insert((StopCode::EssentialContainerExited, ESSENTIAL_EXITED.into()));
        }
        if !stopped {
            continue;
        }
        // The last essential end is the task's.
        next.execution_stopped_at = next.execution_stopped_at.max(Some(seen.finished_at.unwrap_or(now)));
        let never_started = seen.started_at.is_none();
        ended.get_or_insert_with(|| match &container.reason {
            Some(reason) if never_started => (StopCode::TaskFailedToStart, reason.clone()),
            None if never_started => (StopCode::TaskFailedToStart, "Task failed to start".into()),
            _ => (StopCode::EssentialContainerExited, ESSENTIAL_EXITED.into()),
        });
    }
    // A task that came up and went down between two reports was up all the same.
    let all_started = next.containers.iter().all(|container| {
        let seen = report.containers.iter().find(|seen| seen.name == container.name);
        seen.is_some_and(|seen| seen.started_at.is_some())
    });
    if next.started_at.is_none() && all_started {
        let latest = report.containers.iter().filter_map(|seen| seen.started_at).max();
        next.started_at = Some(latest.unwrap_or(now).min(now));
    }
    // Those that are there run on in what is left of it; no other one can join them.
    if let Some(why) = &report.pause_ended {
        let code = match next.started_at {
            None => StopCode::TaskFailedToStart,
            Some(_) => StopCode::EssentialContainerExited,
        };
        ended.get_or_insert_with(|| (code, why.clone()));
    }
    // An engine takes its two times apart: a program that ends at once may end, by them, before it started.
    if let (Some(started), Some(ended)) = (next.started_at, next.execution_stopped_at) {
        next.execution_stopped_at = Some(ended.clamp(started, now.max(started)));
    }
    // Others wait for it, perhaps for ever; once the task runs, its keeper decides what follows.
    if let (Some(name), None) = (sick, next.started_at) {
        let reason = format!("{UNHEALTHY}: container {name} became UNHEALTHY before the task was RUNNING");
        ended.get_or_insert((StopCode::TaskFailedToStart, reason));
    }
    let decided = task.desired_status == TaskStatus::Stopped;
    if let (Some((code, reason)), false) = (ended, decided) {
        decide_end(&mut next, code, &reason, now);
    }
    next.health = health(&next.containers);
    advance(&mut next, now);
    let stop_rest =
        !decided && next.desired_status == TaskStatus::Stopped && next.last_status != TaskStatus::Stopped;
    changed(task, next).map(|task| Step { task, stop_rest })
}

/// The agent has nothing of it: what ran was removed by somebody else, with its exit codes.
pub fn vanished(task: &Task, reason: &str, now: Timestamp) -> Option<Task> {
    if task.last_status == TaskStatus::Stopped {
        return None;
    }
    let mut next = task.clone();
    for container in next.containers.iter_mut().filter(|c| c.last_status != TaskStatus::Stopped) {
        container.last_status = TaskStatus::Stopped;
        container.reason = Some(cut(reason));
    }
    next.execution_stopped_at = next.execution_stopped_at.or(Some(now));
    if next.desired_status != TaskStatus::Stopped {
        decide_end(&mut next, StopCode::EssentialContainerExited, ESSENTIAL_EXITED, now);
    }
    advance(&mut next, now);
    changed(task, next)
}

/// Takes what was seen of a container; true where it ended just now.
fn take(container: &mut Container, seen: &ContainerReport) -> bool {
    if container.last_status == TaskStatus::Stopped {
        return false;
    }
    container.last_status = container.last_status.max(seen.status.as_task_status());
    container.runtime_id = seen.runtime_id.clone().or(container.runtime_id.take());
    container.image_digest = seen.image_digest.clone().or(container.image_digest.take());
    container.exit_code = seen.exit_code.or(container.exit_code);
    container.reason = seen.reason.as_deref().map(cut).or(container.reason.take());
    // It may run again for longer than nobody looked: its starts are told apart by their times.
    if container.started_at.is_some() && seen.started_at.is_some_and(|at| Some(at) != container.started_at) {
        container.restart_count += 1;
    }
    container.started_at = seen.started_at.or(container.started_at);
    container.health = seen.health;
    // What its image brings is known once it runs.
    container.has_health_check |= seen.checked;
    if !seen.network_bindings.is_empty() {
        container.network_bindings.clone_from(&seen.network_bindings);
    }
    container.last_status == TaskStatus::Stopped
}

fn decide_end(task: &mut Task, code: StopCode, reason: &str, now: Timestamp) {
    task.desired_status = TaskStatus::Stopped;
    task.stop_code = Some(code);
    task.stopped_reason = Some(cut(reason));
    task.stopping_at = Some(now);
}

/// Moves `last_status` to where the containers say, never back.
fn advance(task: &mut Task, now: Timestamp) {
    let all_over = task.containers.iter().all(|container| container.last_status == TaskStatus::Stopped);
    let seen = if all_over {
        TaskStatus::Stopped
    } else if task.desired_status == TaskStatus::Stopped {
        // Before the agent had it there is nothing to stop yet.
        if task.last_status >= TaskStatus::Pending { TaskStatus::Stopping } else { task.last_status }
    } else {
        let least = task.containers.iter().map(|container| container.last_status).min();
        least.unwrap_or(task.last_status)
    };
    task.last_status = task.last_status.max(seen);
    if task.last_status == TaskStatus::Running {
        task.started_at.get_or_insert(now);
    }
    if task.last_status == TaskStatus::Stopped {
        task.stopped_at.get_or_insert(now);
    }
}

/// A task's health is that of its essential containers with a check.
fn health(containers: &[Container]) -> Health {
    let mut checked =
        containers.iter().filter(|c| c.essential && c.has_health_check).map(|c| c.health).peekable();
    if checked.peek().is_none() {
        return Health::Unknown;
    }
    checked.fold(Health::Healthy, |worst, health| match (worst, health) {
        (Health::Unhealthy, _) | (_, Health::Unhealthy) => Health::Unhealthy,
        (Health::Unknown, _) | (_, Health::Unknown) => Health::Unknown,
        _ => Health::Healthy,
    })
}

/// The record with its next version; `None` where nothing changed.
pub(crate) fn changed(before: &Task, mut after: Task) -> Option<Task> {
    if *before == after {
        return None;
    }
    after.version = before.version + 1;
    Some(after)
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_LIMIT).collect()
}

#[cfg(test)]
pub(crate) mod tests;
