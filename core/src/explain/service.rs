//! The story of a service.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Kind, Look, Point, Story, causes, place, span, task, tasks};
use crate::InstanceId;
use crate::deployment::{rollout, upper_bound};
use crate::images::progress::Pulling;
use crate::model::{
    ContainerInstance, Deployment, Health, InstanceStatus, MonitorStatus, SchedulingStrategy, Service,
    ServiceDeploymentStatus, ServiceStatus, StopCode, Task, TaskDefinition, TaskOwner, TaskStatus, Timestamp,
};

/// No more tasks than this are told of one by one.
const TOLD: usize = 3;

/// What is known of a service.
#[derive(Debug, Clone, Copy)]
pub struct ServiceSeen<'a> {
    /// Its record.
    pub service: &'a Service,
    /// What its primary deployment runs, where that is still known.
    pub definition: Option<&'a TaskDefinition>,
    /// Its tasks, STOPPED ones too.
    pub tasks: &'a [Arc<Task>],
    /// The container instances of its cluster.
    pub instances: &'a [Arc<ContainerInstance>],
    /// What those said to one more task, of each capacity provider that has a part in its strategy.
    pub looks: &'a [Look],
    /// What the hosts of its tasks pull, for whatever tasks.
    pub pulls: &'a [Pulling],
    /// So long a task without a health check has to run while its rollout is watched.
    pub settle: Duration,
    /// When it is told.
    pub now: Timestamp,
}

/// What a service waits for, or that it waits for nothing.
pub fn service(seen: &ServiceSeen<'_>) -> Story {
    let service = seen.service;
    let state = counts(seen);
    match service.status {
        ServiceStatus::Inactive => return over("It was deleted, and its tasks have gone.", Vec::new()),
        ServiceStatus::Draining => {
            let live = seen.tasks.iter().filter(|task| task.last_status != TaskStatus::Stopped).count();
            let text = format!("it was deleted, and {} still stop", tasks(live));
            return over("It was deleted; its tasks are stopping.", vec![Point::new(Kind::Stopped, text)]);
        }
        ServiceStatus::Active => {}
    }
    let mut points = Vec::new();
    points.extend(given_up(service));
    points.extend(backing_off(seen));
    points.extend(last_end(seen));
    let moving = moving(seen);
    // Where all run, that some have to move is what is waited for; a place is why.
    let all_run = state.running >= service.desired_count as usize;
    points.extend(moving.clone().filter(|_| all_run));
    points.extend(no_place(seen, &state));
    points.extend(moving.filter(|_| !all_run));
    points.extend(stopping(seen));
    points.extend(on_the_way(seen));
    points.extend(sick(seen));
    points.extend(settling(seen));
    points.extend(baking(seen));
    points.extend(protected(seen, &state));
    points.extend(none_wanted(seen));
    let well = points.iter().all(|point| point.kind == Kind::Scale) && state.missing == 0;
    let counted = format!("{} of {} wanted run", tasks(state.running), service.desired_count);
    let summary = match points.first() {
        Some(point) => format!("{counted}: {}.", point.text.trim_end_matches('.')),
        None if well => format!("{counted}, and all is as it shall be."),
        None => format!("{counted}; the others have just been asked for."),
    };
    Story { well, summary, points }
}

fn over(summary: &str, points: Vec<Point>) -> Story {
    Story { well: points.is_empty(), summary: summary.to_owned(), points }
}

struct Counts {
    running: usize,
    missing: usize,
    live: usize,
}

fn counts(seen: &ServiceSeen<'_>) -> Counts {
    let live = seen.tasks.iter().filter(|task| task.last_status != TaskStatus::Stopped);
    // In the stead of one that has to move another is missing.
    let draining = draining(seen);
    let stays = |task: &Task| wanted(task) && !draining.contains(&task.instance);
    let of_primary = live.clone().filter(|task| stays(task) && is_of(task, seen.service.primary())).count();
    Counts {
        running: live.clone().filter(|task| wanted(task) && task.last_status == TaskStatus::Running).count(),
        missing: (seen.service.desired_count as usize).saturating_sub(of_primary),
        live: live.count(),
    }
}

fn wanted(task: &Task) -> bool {
    task.desired_status == TaskStatus::Running && task.last_status != TaskStatus::Stopped
}

fn is_of(task: &Task, deployment: Option<&Deployment>) -> bool {
    match &task.owner {
        TaskOwner::Service { deployment: of, .. } => deployment.is_some_and(|known| known.id == *of),
        TaskOwner::Standalone => false,
    }
}

/// A rollout that ended in another way than it should.
fn given_up(service: &Service) -> Option<Point> {
    use ServiceDeploymentStatus as Status;
    let last = service.service_deployments.first()?;
    let deployment = service.deployments.iter().find(|known| known.id == last.deployment);
    let why =
        deployment.filter(|_| rollout::is_halted(service)).map(|known| known.rollout_state_reason.clone());
    let why = why.or_else(|| last.status_reason.clone()).unwrap_or_default();
    let kind = match last.breaker {
        MonitorStatus::Triggered => Kind::CircuitBreaker,
        _ => Kind::Rollout,
    };
    let of = &last.deployment;
    let text = match last.status {
        Status::RollbackInProgress => format!("the deployment {of} is rolled back: {why}"),
        Status::RollbackSuccessful => format!("the deployment {of} was rolled back: {why}"),
        _ if rollout::is_halted(service) => {
            format!("the deployment {of} was given up, and starts no more tasks: {why}")
        }
        _ => return None,
    };
    Some(Point::new(kind, text))
}

/// Slots that wait after failures.
fn backing_off(seen: &ServiceSeen<'_>) -> Option<Point> {
    let primary = seen.service.primary()?;
    let waits = seen.service.brakes.iter().filter(|one| one.deployment == primary.id && one.due > seen.now);
    let first = waits.clone().min_by_key(|brake| brake.due)?;
    let (count, most) = (waits.clone().count(), waits.map(|brake| brake.failures).max().unwrap_or(0));
    let wait = span(first.due.millis_since(seen.now));
    let text = format!(
        "{} in a row failed, so that the replacement waits {wait} more ({})",
        tasks(most as usize),
        if count == 1 { "one slot backs off".to_owned() } else { format!("{count} slots back off") },
    );
    Some(Point { until: Some(first.due), ..Point::new(Kind::BackingOff, text) })
}

/// How the last task ended that nobody wanted to end, where no other one has been well since.
fn last_end(seen: &ServiceSeen<'_>) -> Option<Point> {
    let unwanted = |task: &&Arc<Task>| {
        let by_itself = !matches!(
            task.stop_code,
            None | Some(StopCode::UserInitiated | StopCode::ServiceSchedulerInitiated)
        );
        let sick = || causes::of(task).iter().any(|point| point.kind == Kind::Health);
        task.last_status == TaskStatus::Stopped && (by_itself || sick())
    };
    let last = seen.tasks.iter().filter(unwanted).max_by_key(|task| task.stopped_at)?;
    let is_held = seen.service.brakes.iter().any(|brake| match &last.owner {
        TaskOwner::Service { deployment, slot, .. } => *deployment == brake.deployment && *slot == brake.slot,
        TaskOwner::Standalone => false,
    });
    let TaskOwner::Service { slot, .. } = &last.owner else { return None };
    let replaced = seen.tasks.iter().any(|task| {
        let same_slot = matches!(&task.owner, TaskOwner::Service { slot: other, .. } if other == slot);
        let settled = task
            .started_at
            .is_some_and(|at| u128::from(seen.now.millis_since(at)) >= seen.settle.as_millis());
        same_slot && wanted(task) && task.created_at > last.created_at && settled
    });
    let given_up = rollout::is_halted(seen.service);
    if replaced || !(is_held || given_up) {
        return None;
    }
    let cause = causes::of(last).into_iter().next()?;
    let ago = last.stopped_at.map(|at| format!(" {} ago", span(seen.now.millis_since(at))));
    let text = format!("(task {}) ended{}: {}", last.id, ago.unwrap_or_default(), cause.text);
    Some(Point::new(cause.kind, text))
}

/// Whether what the instances say to one more task, [`ServiceSeen::looks`], has a part in the story: to ask them all takes a
/// look at every task there is.
pub fn asks_instances(seen: &ServiceSeen<'_>) -> bool {
    let active = seen.service.status == ServiceStatus::Active;
    active && counts(seen).missing > 0 && !rollout::is_halted(seen.service)
}

/// No instance takes what is missing, or the percentages let nobody start it.
fn no_place(seen: &ServiceSeen<'_>, state: &Counts) -> Vec<Point> {
    if state.missing == 0 || rollout::is_halted(seen.service) {
        return Vec::new();
    }
    let refused: Vec<Point> = seen.looks.iter().filter_map(place::refused).collect();
    if !refused.is_empty() {
        return refused;
    }
    let limits = seen.service.deployment_configuration;
    let most = upper_bound(seen.service.desired_count, limits) as usize;
    if state.live < most {
        return Vec::new();
    }
    let text = format!(
        "maximumPercent {} lets no more than {} be there at a time, and {} are: one has to stop first, which \
         minimumHealthyPercent {} has to allow",
        limits.maximum_percent,
        tasks(most),
        state.live,
        limits.minimum_healthy_percent,
    );
    vec![Point::new(Kind::Percentages, text)]
}

/// The instances that tasks have to leave.
fn draining<'a>(seen: &ServiceSeen<'a>) -> BTreeSet<&'a InstanceId> {
    let draining = seen.instances.iter().filter(|instance| instance.status == InstanceStatus::Draining);
    draining.map(|instance| &instance.id).collect()
}

/// Tasks that have to leave their instance.
fn moving(seen: &ServiceSeen<'_>) -> Option<Point> {
    let draining = draining(seen);
    let moves = |task: &&Arc<Task>| wanted(task) && draining.contains(&task.instance);
    let on_draining: Vec<&Arc<Task>> = seen.tasks.iter().filter(moves).collect();
    let first = on_draining.first()?;
    let text = format!(
        "{} on DRAINING instances, such as (container-instance {}), stay until others serve in their stead",
        tasks(on_draining.len()),
        first.instance,
    );
    Some(Point::new(Kind::Draining, text))
}

/// Tasks that are on their way out.
fn stopping(seen: &ServiceSeen<'_>) -> Option<Point> {
    let ending = |task: &&Arc<Task>| {
        task.last_status != TaskStatus::Stopped && task.desired_status == TaskStatus::Stopped
    };
    let ending: Vec<&Arc<Task>> = seen.tasks.iter().filter(ending).collect();
    let first = ending.first()?;
    let why = first.stopped_reason.as_deref().unwrap_or("no reason was given");
    Some(Point::new(Kind::Stopped, format!("{} still stop: {why}", tasks(ending.len()))))
}

/// What tasks that are not RUNNING yet wait for.
fn on_the_way(seen: &ServiceSeen<'_>) -> Vec<Point> {
    let pending = seen.tasks.iter().filter(|task| wanted(task) && task.last_status < TaskStatus::Running);
    let waits = |one: &Arc<Task>| {
        let instance = seen.instances.iter().find(|instance| instance.id == one.instance);
        let seen = task::TaskSeen {
            task: one,
            definition: seen.definition,
            instance: instance.map(|instance| &**instance),
            pulls: seen.pulls,
            now: seen.now,
        };
        let first = task::waits(&seen).into_iter().next();
        let first = first.unwrap_or_else(|| Point::new(Kind::Start, "its host has just been told"));
        Point { text: format!("(task {}) is {}: {}", one.id, one.last_status, first.text), ..first }
    };
    pending.take(TOLD).map(waits).collect()
}

/// Tasks that run and are not well.
fn sick(seen: &ServiceSeen<'_>) -> Vec<Point> {
    let checked = |task: &Task| task.containers.iter().any(|one| one.essential && one.has_health_check);
    let not_well = |task: &&Arc<Task>| {
        wanted(task)
            && task.last_status == TaskStatus::Running
            && checked(task)
            && task.health != Health::Healthy
    };
    let told = |task: &Arc<Task>| {
        let text = match task.health {
            Health::Unhealthy => format!("(task {}) is UNHEALTHY: its health check fails", task.id),
            _ => format!("(task {}) runs, and its health check has no verdict yet", task.id),
        };
        Point::new(Kind::Health, text)
    };
    seen.tasks.iter().filter(not_well).take(TOLD).map(told).collect()
}

/// While a rollout is watched, running is no proof.
fn settling(seen: &ServiceSeen<'_>) -> Option<Point> {
    if !rollout::is_counting(seen.service) {
        return None;
    }
    let settle = u64::try_from(seen.settle.as_millis()).unwrap_or(u64::MAX);
    let young = seen.tasks.iter().filter(|task| {
        let unchecked = task.containers.iter().all(|one| !(one.essential && one.has_health_check));
        wanted(task)
            && task.last_status == TaskStatus::Running
            && is_of(task, seen.service.primary())
            && unchecked
    });
    let ends = young.filter_map(|task| task.started_at).map(|at| at.after(seen.settle));
    let until = ends.filter(|until| *until > seen.now).max()?;
    let text = format!(
        "tasks without a health check have to run for {} while the circuit breaker counts; {} to go",
        span(settle),
        span(until.millis_since(seen.now)),
    );
    Some(Point { until: Some(until), ..Point::new(Kind::Settling, text) })
}

/// All is well in the rollout and it is still watched.
fn baking(seen: &ServiceSeen<'_>) -> Option<Point> {
    let since = rollout::current(seen.service)?.baking_since?;
    let text = format!("its rollout is well for {} and is still watched", span(seen.now.millis_since(since)));
    Some(Point::new(Kind::Rollout, text))
}

/// Protected tasks that would have gone.
fn protected(seen: &ServiceSeen<'_>, state: &Counts) -> Option<Point> {
    if state.live <= seen.service.desired_count as usize {
        return None;
    }
    let held = seen.tasks.iter().filter(|task| wanted(task) && task.is_protected(seen.now));
    let until = held.clone().filter_map(|task| task.protected_until).min()?;
    let text = format!("{} may be more than are wanted, and are protected", tasks(held.count()));
    Some(Point { until: Some(until), ..Point::new(Kind::Protection, text) })
}

fn none_wanted(seen: &ServiceSeen<'_>) -> Option<Point> {
    if seen.service.desired_count > 0 {
        return None;
    }
    let text = match seen.service.scheduling {
        SchedulingStrategy::Replica => "its desired count is 0",
        SchedulingStrategy::Daemon => "no ACTIVE container instance meets its constraints",
    };
    Some(Point::new(Kind::Scale, text))
}
