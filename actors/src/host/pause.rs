//! A task's pause container: it holds the namespaces that the others share, from before the first to after the last.

use mainstay_core::model::{NetworkInterface, NetworkMode};

use super::container::{Container, Phase};
use super::task::{HostTaskState, Start};

/// Without its pause container a task that has containers is at its end: another one would hold other namespaces.
pub(super) fn lose(start: &Start, containers: &mut [Container]) {
    let has_one = |container: &Container| {
        let known = start.known.of(&container.report.name);
        container.id.is_some() || known.is_some_and(|known| known.runtime_id.is_some())
    };
    let begun = containers.iter().any(has_one);
    let lost = |container: &&mut Container| container.spec.is_pause() && container.id.is_none();
    if let Some(pause) = containers.iter_mut().find(lost).filter(|_| begun) {
        pause.failed("its pause container was removed from outside".into());
    }
}

fn of(state: &HostTaskState) -> Option<&Container> {
    state.containers.iter().find(|container| container.spec.is_pause())
}

/// Whether what the containers share is no more to be had.
pub(super) fn is_over(state: &HostTaskState) -> bool {
    of(state).is_some_and(Container::is_over)
}

/// Whether the container at `place` is a pause container that nobody needs any more.
pub(super) fn stays_alone(state: &HostTaskState, place: usize) -> bool {
    let is_done = |(other, container): (usize, &Container)| {
        other == place || (container.phase == Phase::Stopped && !container.busy)
    };
    state.containers[place].spec.is_pause() && state.containers.iter().enumerate().all(is_done)
}

/// What was to join it and has not started never will; whether there was any.
pub(super) fn fail_those_to_come(state: &mut HostTaskState) -> bool {
    if state.stopping || !is_over(state) {
        return false;
    }
    let reason = format!("ResourceInitializationError: {}", reason(state));
    let mut failed = false;
    for container in &mut state.containers {
        // One that is being started may yet run; its end is told when that is known.
        if container.phase < Phase::Running && !container.busy && !container.unseen && !container.uncertain {
            container.failed(reason.clone());
            failed = true;
        }
    }
    failed
}

fn reason(state: &HostTaskState) -> String {
    let pause = of(state).map(|pause| &pause.report);
    let ran = pause.is_some_and(|report| report.started_at.is_some());
    let why = pause.and_then(|report| report.reason.clone());
    match (ran, why) {
        (false, Some(why)) => format!("failed to set up the namespaces of the task: {why}"),
        (true, Some(why)) => format!("the pause container of the task ended: {why}"),
        (_, None) => "the pause container of the task ended".into(),
    }
}

/// Why the task cannot go on, where it was to.
pub(super) fn end(state: &HostTaskState) -> Option<String> {
    let over = !state.stopping && is_over(state);
    // Its own end after that of all others is no news.
    let wanted = state.containers.iter().any(|one| !one.spec.is_pause() && one.phase != Phase::Stopped);
    (over && wanted).then(|| format!("ResourceInitializationError: {}", reason(state)))
}

/// The task's network interface.
pub(super) fn interface(state: &HostTaskState) -> Option<NetworkInterface> {
    let pause = of(state).filter(|_| state.spec.network_mode == NetworkMode::AwsVpc);
    pause.and_then(|pause| pause.interface.clone())
}
