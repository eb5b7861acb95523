//! Why a task ended, container by container, from the reasons that ECS has words for.

use super::{Kind, Point, span};
use crate::model::{Container, StopCode, Task, TaskStatus, Timestamp};

/// What the genuine agent, and ours, say first of what went wrong.
const BY_PREFIX: [(&str, Kind); 8] = [
    ("CannotPull", Kind::Image),
    ("ResourceInitializationError", Kind::Provision),
    ("OutOfMemoryError", Kind::OutOfMemory),
    ("TaskDependencyError", Kind::Dependency),
    ("CannotCreateContainerError", Kind::Start),
    ("CannotStartContainerError", Kind::Start),
    ("DockerTimeoutError", Kind::Start),
    ("ContainerVanishedError", Kind::Start),
];
/// Part of what is said of a container that never starts for another one.
const DEPENDENCY: &str = "dependency graph";
/// The task's own reason where its check failed.
const HEALTH: &str = "failed container health checks";

/// What a reason is about.
pub(super) fn kind_of(reason: &str) -> Option<Kind> {
    if reason.contains(DEPENDENCY) {
        return Some(Kind::Dependency);
    }
    BY_PREFIX.iter().find(|(prefix, _)| reason.starts_with(prefix)).map(|(_, kind)| *kind)
}

/// Why a task that stops or has stopped does so: the root of it first.
pub(super) fn of(task: &Task) -> Vec<Point> {
    let mut points: Vec<Point> = task.containers.iter().filter_map(|one| of_container(task, one)).collect();
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    if reason.contains(HEALTH) {
        let sick = task.containers.iter().filter(|one| one.has_health_check).map(|one| one.name.as_str());
        let text = format!("the health check of {} failed as often as it may", list(sick));
        points.insert(0, Point::new(Kind::Health, text));
    }
    // A container that never started for another one is a consequence.
    points.sort_by_key(|point| rank(point.kind));
    match task.stop_code {
        Some(StopCode::TerminationNotice) => points.insert(0, Point::new(Kind::Agent, reason)),
        Some(StopCode::UserInitiated) => {
            points = vec![Point::new(Kind::Stopped, format!("somebody stopped it: {reason}"))];
        }
        Some(StopCode::ServiceSchedulerInitiated)
            if points.iter().all(|point| point.kind != Kind::Health) =>
        {
            points = vec![Point::new(Kind::Stopped, format!("its service stopped it: {reason}"))];
        }
        _ if points.is_empty() && !reason.is_empty() => {
            points.push(Point::new(kind_of(reason).unwrap_or(Kind::Exit), reason));
        }
        _ => {}
    }
    points
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Health => 0,
        Kind::OutOfMemory | Kind::Image | Kind::Provision | Kind::Start => 1,
        Kind::Exit => 2,
        _ => 3,
    }
}

fn of_container(task: &Task, container: &Container) -> Option<Point> {
    if container.last_status != TaskStatus::Stopped {
        return None;
    }
    let name = &container.name;
    let reason = container.reason.as_deref().filter(|reason| !reason.is_empty());
    if let Some((reason, kind)) = reason.and_then(|reason| Some((reason, kind_of(reason)?))) {
        let limit = container.memory.filter(|_| kind == Kind::OutOfMemory);
        let limit = limit.map(|mib| format!("; its memory is {mib} MiB")).unwrap_or_default();
        let image = Some(&container.image).filter(|_| kind == Kind::Image);
        let image = image.map(|image| format!("; its image is {image}")).unwrap_or_default();
        return Some(Point::new(kind, format!("container {name}: {reason}{limit}{image}")));
    }
    let code = container.exit_code?;
    // Whoever is stopped after another one ended says nothing of why.
    let is_cause = container.essential && task.stop_code == Some(StopCode::EssentialContainerExited);
    let by_signal = match code {
        137 => " (killed)",
        139 => " (segmentation fault)",
        143 => " (SIGTERM)",
        _ => "",
    };
    let after = container.started_at.zip(task.execution_stopped_at);
    let after =
        after.map(|(from, to): (Timestamp, Timestamp)| format!(" after {}", span(to.millis_since(from))));
    (is_cause && code != 143 || code != 0 && !container.essential).then(|| {
        let role = if container.essential { "the essential container" } else { "container" };
        let text =
            format!("{role} {name} ended with exit code {code}{by_signal}{}", after.unwrap_or_default());
        Point::new(Kind::Exit, text)
    })
}

pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => "its containers".to_owned(),
        [one] => format!("container {one}"),
        several => format!("containers {}", several.join(", ")),
    }
}
