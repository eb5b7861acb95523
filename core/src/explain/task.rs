//! The story of one task.

use super::{Kind, Point, Story, causes, span};
use crate::images::progress::{Pulling, Stage};
use crate::model::{
    Container, ContainerInstance, DependencyCondition, Health, InstanceStatus, Task, TaskDefinition,
    TaskStatus, Timestamp,
};

/// What is known of a task.
#[derive(Debug, Clone, Copy)]
pub struct TaskSeen<'a> {
    /// Its record.
    pub task: &'a Task,
    /// What it runs, where that is still known.
    pub definition: Option<&'a TaskDefinition>,
    /// Where it is, where that is still known.
    pub instance: Option<&'a ContainerInstance>,
    /// What its host pulls, for whatever tasks.
    pub pulls: &'a [Pulling],
    /// When it is told.
    pub now: Timestamp,
}

/// Where a task is, and why it does not run where it does not.
pub fn task(seen: &TaskSeen<'_>) -> Story {
    let task = seen.task;
    let place = place(seen);
    if task.last_status == TaskStatus::Stopped || task.desired_status == TaskStatus::Stopped {
        return ending(seen, place);
    }
    let mut points = waits(seen);
    let well = task.last_status == TaskStatus::Running && points.is_empty();
    let summary = match (task.last_status, points.first()) {
        (TaskStatus::Running, None) => format!("It has run for {}{}.", since(seen), health(task)),
        (TaskStatus::Running, Some(point)) => format!("It runs, but {}.", point.text),
        (status, Some(point)) => format!("It is {status}: {}.", point.text),
        (status, None) => format!("It is {status}, and its host has just been told."),
    };
    points.push(place);
    Story { well, summary, points }
}

fn since(seen: &TaskSeen<'_>) -> String {
    seen.task.started_at.map_or_else(|| "a moment".to_owned(), |at| span(seen.now.millis_since(at)))
}

fn health(task: &Task) -> &'static str {
    if task.health == Health::Healthy { " and is HEALTHY" } else { "" }
}

fn place(seen: &TaskSeen<'_>) -> Point {
    let id = &seen.task.instance;
    let text = match seen.instance {
        None => format!("its place is (container-instance {id}), which is not known any more"),
        Some(instance) => {
            let zone = instance.zone().map(|zone| format!(" in zone {zone}")).unwrap_or_default();
            let provider = seen.task.capacity_provider.as_ref();
            let provider = provider.map(|name| format!(", capacity provider {name}")).unwrap_or_default();
            let drains = if instance.status == InstanceStatus::Draining { ", which is DRAINING" } else { "" };
            format!("its place is host {}{zone} (container-instance {id}){provider}{drains}", instance.host)
        }
    };
    Point::new(Kind::Place, text)
}

fn ending(seen: &TaskSeen<'_>, place: Point) -> Story {
    let task = seen.task;
    let mut points = causes::of(task);
    let code = task.stop_code.map(|code| format!(" ({})", code.as_str())).unwrap_or_default();
    let why = points.first().map(|point| format!(": {}", point.text));
    let over = task.last_status == TaskStatus::Stopped;
    let state = match task.stopped_at.filter(|_| over) {
        Some(at) => format!("It stopped {} ago", span(seen.now.millis_since(at))),
        None => "It is stopping".to_owned(),
    };
    let summary = format!("{state}{code}{}.", why.unwrap_or_default());
    if !over {
        let left = task.containers.iter().filter(|one| one.last_status != TaskStatus::Stopped);
        let left = causes::list(left.map(|one| one.name.as_str()));
        points.push(Point::new(Kind::Stopped, format!("{left} still has time to end by itself")));
    }
    points.push(place);
    Story { well: false, summary, points }
}

/// What a task that shall run waits for, or what is wrong with it.
pub(super) fn waits(seen: &TaskSeen<'_>) -> Vec<Point> {
    let TaskSeen { task, instance, .. } = seen;
    let mut points = Vec::new();
    if let Some(instance) =
        instance.filter(|instance| !(instance.agent_connected && instance.engine_connected))
    {
        let who = if instance.agent_connected { "the container engine" } else { "the agent" };
        points.push(Point::new(Kind::Agent, format!("{who} of host {} does not answer", instance.host)));
    }
    let pulling = task.pull_started_at.is_some() && task.pull_stopped_at.is_none();
    for container in &task.containers {
        points.extend(wait_of(seen, container, pulling));
    }
    points
}

fn wait_of(seen: &TaskSeen<'_>, container: &Container, pulling: bool) -> Option<Point> {
    let name = &container.name;
    let with = |kind, text: String| Some(Point::new(kind, text));
    if container.last_status == TaskStatus::Running {
        return match container.health {
            Health::Unhealthy if container.has_health_check => {
                with(Kind::Health, format!("the health check of container {name} fails"))
            }
            Health::Unknown if container.has_health_check => {
                with(Kind::Health, format!("the health check of container {name} has no verdict yet"))
            }
            _ => None,
        };
    }
    if container.last_status == TaskStatus::Stopped {
        return None;
    }
    if let Some(reason) = container.reason.as_deref().filter(|reason| !reason.is_empty()) {
        let kind = causes::kind_of(reason).unwrap_or(Kind::Start);
        return with(kind, format!("container {name}: {reason}"));
    }
    if let Some(text) = dependency(seen, name) {
        return with(Kind::Dependency, text);
    }
    if let Some(text) = pull(seen, container) {
        return with(Kind::Image, text);
    }
    if pulling {
        return with(
            Kind::Image,
            format!("the image {} of container {name} is being pulled", container.image),
        );
    }
    with(Kind::Start, format!("container {name} has not been started yet"))
}

/// How far the pull is that a container waits for.
fn pull(seen: &TaskSeen<'_>, container: &Container) -> Option<String> {
    let of_it = |pull: &&Pulling| pull.image == container.image && pull.tasks.contains(&seen.task.id);
    let pull = seen.pulls.iter().find(of_it)?;
    let Container { image, name, .. } = container;
    match pull.stage {
        Stage::Waiting => {
            Some(format!("the pull of the image {image} of container {name} waits for others on its host"))
        }
        Stage::Underway => {
            let percent = pull.progress.percent().map(|percent| format!(" ({percent} %)"));
            let (progress, percent) = (pull.progress, percent.unwrap_or_default());
            Some(format!("the image {image} of container {name} is being pulled: {progress}{percent}"))
        }
        Stage::Over { .. } => None,
    }
}

/// The first one that a container waits for.
fn dependency(seen: &TaskSeen<'_>, name: &str) -> Option<String> {
    let definition = seen.definition?.containers.iter().find(|container| container.name == name)?;
    definition.depends_on.iter().find_map(|dependency| {
        let on = seen.task.containers.iter().find(|container| container.name == dependency.container)?;
        let over = on.last_status == TaskStatus::Stopped;
        let (met, wanted) = match dependency.condition {
            DependencyCondition::Start => (on.started_at.is_some() || over, "to start"),
            DependencyCondition::Complete => (over, "to end"),
            DependencyCondition::Success => (over && on.exit_code == Some(0), "to end with exit code 0"),
            DependencyCondition::Healthy => (on.health == Health::Healthy, "to be HEALTHY"),
        };
        (!met).then(|| format!("container {name} waits for container {} {wanted}", on.name))
    })
}
