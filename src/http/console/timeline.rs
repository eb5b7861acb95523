//! What happened to a service: rollouts, ends of tasks and events on one line of time; and how long replacements took.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_core::model::{Service, StopCode, Task, TaskOwner, Timestamp};
use maud::{Markup, html};

use super::tally::failed;
use super::words::Tone;
use super::{Seen, link, words};

/// Entries that are shown, the latest first.
const ENTRIES: usize = 40;
/// Characters of what a service said that are shown.
pub(super) const SAID: usize = 400;
/// Replacements that are shown.
const REPLACEMENTS: usize = 60;

enum Entry<'a> {
    Began(&'a str),
    Over(&'a mainstay_core::model::ServiceDeployment),
    Ended(&'a Task),
    Said(&'a str),
}

/// The timeline, the latest first.
pub(super) fn of(seen: &Seen<'_>, service: &Service, tasks: &[Arc<Task>]) -> Markup {
    let definitions: BTreeMap<_, String> =
        service.revisions.iter().map(|known| (&known.id, known.definition.to_string())).collect();
    let mut entries: Vec<(Timestamp, String, Entry<'_>)> = Vec::new();
    for rollout in &service.service_deployments {
        let what = definitions.get(&rollout.target).map_or("", String::as_str);
        entries.push((rollout.created_at, format!("{}-began", rollout.id), Entry::Began(what)));
        if let Some(at) = rollout.finished_at {
            entries.push((at, format!("{}-over", rollout.id), Entry::Over(rollout)));
        }
    }
    for task in tasks.iter().filter(|task| failed(task) || task.stop_code == Some(StopCode::UserInitiated)) {
        let at = task.execution_stopped_at.or(task.stopping_at).or(task.stopped_at);
        entries.extend(at.map(|at| (at, format!("{}-ended", task.id), Entry::Ended(task))));
    }
    entries.extend(
        service.events.iter().map(|event| (event.created_at, event.id.clone(), Entry::Said(&event.message))),
    );
    entries.sort_by_key(|(at, _, _)| Reverse(*at));
    html! {
        ol.timeline {
            @for (at, key, entry) in entries.iter().take(ENTRIES) {
                li data-key=(key) { (words::ago(seen.now, *at)) " " div { (shown(seen, entry)) } }
            }
        }
        @if entries.is_empty() { p.quiet { "Nothing yet." } }
    }
}

fn shown(seen: &Seen<'_>, entry: &Entry<'_>) -> Markup {
    match entry {
        Entry::Began(what) => html! { (words::state(Tone::Wait, "deployment")) " of " (what) " began" },
        Entry::Over(rollout) => html! {
            (words::of_rollout(rollout.status)) " deployment over"
            @if let Some(reason) = &rollout.status_reason { ": " (reason) }
        },
        Entry::Ended(task) => html! {
            (words::state(Tone::Bad, "task ended")) " "
            a.mono href=(link::task(&task.cluster, &task.id)) { (words::short(task.id.as_str())) } ": " (words::why(seen, task))
        },
        Entry::Said(message) => html! { span.quiet { (words::clipped(message, SAID)) } },
    }
}

/// From the death of each task that was not to end to its replacement RUNNING, in milliseconds, the oldest first.
pub(super) fn replacements(tasks: &[Arc<Task>]) -> Vec<u64> {
    let mut slots: BTreeMap<(&str, u32), Vec<&Task>> = BTreeMap::new();
    for task in tasks {
        if let TaskOwner::Service { deployment, slot, .. } = &task.owner {
            slots.entry((deployment.as_str(), *slot)).or_default().push(task);
        }
    }
    let mut took = Vec::new();
    for slot in slots.values_mut() {
        slot.sort_by_key(|task| task.created_at);
        for pair in slot.windows(2) {
            let (dead, next) = (pair[0], pair[1]);
            let died = dead.execution_stopped_at.or(dead.stopping_at).or(dead.stopped_at);
            if let (true, Some(died), Some(up)) = (failed(dead), died, next.started_at) {
                took.push((up, up.millis_since(died)));
            }
        }
    }
    took.sort_unstable();
    let from = took.len().saturating_sub(REPLACEMENTS);
    took[from..].iter().map(|(_, millis)| *millis).collect()
}
