//! A task: why it runs or does not, its containers, and when what happened.

use std::sync::Arc;

use mainstay_actors::explain;
use mainstay_core::model::{Container, Task, TaskStatus, Timestamp};
use mainstay_core::{ClusterName, TaskId};
use maud::{Markup, html};

use super::frame::{Missing, Page, Place, Shown, table};
use super::{Seen, actions, link, rows, service, words};

pub(super) fn page(seen: &Seen<'_>, of: &str, id: &str) -> Shown {
    let task = known(seen, of, id)?;
    let address = link::task(&task.cluster, &task.id);
    let over = task.last_status == TaskStatus::Stopped;
    let body = html! {
        (actions::told(seen.query))
        @if let Some(story) = explain::task(seen.ctx(), &task.id) { (service::told(&story)) }
        div.controls role="group" aria-label="Actions" {
            a.button href={ (address) "/logs" } { "Logs" }
            @if task.desired_status != TaskStatus::Stopped { a.button href={ (address) "/stop" } { "Stop…" } }
        }
        (rows::facts(&facts(seen, &task)))
        section aria-labelledby="containers" {
            h2 id="containers" { "Containers" }
            (containers(seen, &task))
        }
        section aria-labelledby="life" {
            h2 id="life" { "Its life" }
            (life(seen, &task, over))
        }
    };
    let page = Page::new(format!("Task {}", words::short(id)), Place::Elsewhere, body);
    let mut crumbs = rows::crumbs_in(&task.cluster);
    crumbs.push(("Tasks".to_owned(), link::tasks(&task.cluster)));
    Ok(page.below(crumbs).with_lead(words::of_task(&task)))
}

/// The task, or that there is none.
pub(super) fn known(seen: &Seen<'_>, of: &str, id: &str) -> Result<Arc<Task>, Missing> {
    let found = seen.view().tasks.get(&TaskId::new(id)).filter(|task| task.cluster == ClusterName::new(of));
    found.ok_or_else(|| {
        Missing::new(
            format!("task {id} in cluster {of}"),
            "Stopped tasks are forgotten after a while (state.stopped-task-retention).",
        )
    })
}

fn facts(seen: &Seen<'_>, task: &Task) -> Vec<(&'static str, Markup)> {
    let mut facts = vec![
        ("Id", html! { span.mono { (task.id) } }),
        ("Of", rows::of(task)),
        ("Task definition", html! { (task.definition) }),
        ("Host", rows::host(seen, task)),
        ("Wanted", html! { (task.desired_status.as_str()) }),
        ("Health", html! { (task.health.as_str()) }),
        ("CPU", html! { (task.resources.cpu) " units" }),
        ("Memory", html! { (task.resources.memory) " MiB" }),
    ];
    let mut more = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name, html! { (value) }));
        }
    };
    more("Started by", task.started_by.clone());
    more("Stop code", task.stop_code.map(|code| code.as_str().to_owned()));
    more("Stopped reason", task.stopped_reason.clone());
    more("Capacity provider", task.capacity_provider.as_ref().map(ToString::to_string));
    more("Protected until", task.protected_until.map(words::clock));
    more("GPUs", Some(task.resources.gpus.join(", ")));
    facts
}

fn containers(seen: &Seen<'_>, task: &Task) -> Markup {
    table(
        "Containers",
        html! {
            thead { tr {
                th scope="col" { "Container" } th scope="col" { "State" } th scope="col" { "How it ended" }
                th.wide scope="col" { "Health" } th.number.wide scope="col" { "Restarts" } th.wide scope="col" { "Image" }
                th.wide scope="col" { "Ports" }
            } }
            tbody {
                @for container in &task.containers {
                    tr data-key=(container.name) {
                        th scope="row" { (container.name) @if !container.essential { " " span.quiet { "not essential" } } }
                        td {
                        (words::of_container(container))
                        @if let Some(at) = container.started_at { " " span.quiet { "started " (words::ago(seen.now, at)) } }
                    }
                        td { (ended(container)) }
                        td.wide { (container.health.as_str()) }
                        td.number.wide { (container.restart_count) }
                        td.wide {
                            span.clip { (container.image) }
                            @if let Some(digest) = &container.image_digest { " " span.mono.quiet title=(digest) { (digest.get(..19).unwrap_or(digest)) } }
                        }
                        td.wide { (ports(container)) }
                    }
                }
            }
        },
    )
}

/// An exit code in words, and what the engine said.
fn ended(container: &Container) -> Markup {
    html! {
        @if let Some(code) = container.exit_code { "exit code " (words::exit_code(code)) }
        @if let Some(reason) = container.reason.as_deref().filter(|reason| !reason.is_empty()) {
            @if container.exit_code.is_some() { "; " }
            (reason)
        }
        @if container.exit_code.is_none() && container.reason.is_none() { "–" }
    }
}

fn ports(container: &Container) -> Markup {
    html! {
        @for (place, binding) in container.network_bindings.iter().enumerate() {
            @if place > 0 { ", " }
            (binding.bind_ip) ":" (binding.host) " → " (binding.container)
        }
    }
}

fn life(seen: &Seen<'_>, task: &Task, over: bool) -> Markup {
    let steps: [(&str, Option<Timestamp>); 7] = [
        ("made", Some(task.created_at)),
        ("began to pull images", task.pull_started_at),
        ("had its images", task.pull_stopped_at),
        ("RUNNING", task.started_at),
        ("was told to stop", task.stopping_at),
        ("its essential containers had ended", task.execution_stopped_at),
        ("STOPPED", task.stopped_at.filter(|_| over)),
    ];
    let mut steps: Vec<(&str, Timestamp)> =
        steps.into_iter().filter_map(|(what, at)| Some((what, at?))).collect();
    steps.sort_by_key(|(_, at)| *at);
    html! {
        ol.timeline {
            @for (place, (what, at)) in steps.iter().enumerate() {
                li data-key=(what) {
                    (words::ago(seen.now, *at)) " "
                    div {
                        (what)
                        @if place > 0 { " " span.quiet { "after " (words::span(at.millis_since(steps[place - 1].1))) } }
                    }
                }
            }
        }
    }
}
