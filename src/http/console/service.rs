//! A service: what it waits for, its rollouts, its tasks, what happened, and what can be done about it.

use std::cmp::Reverse;
use std::sync::Arc;

use mainstay_actors::explain;
use mainstay_core::explain::Story;
use mainstay_core::model::{SchedulingStrategy, Service, ServiceStatus, TaskStatus};
use mainstay_core::{ClusterName, ServiceKey, ServiceName};
use maud::{Markup, html};

use super::frame::{Missing, Page, Place, Shown, table};
use super::paging::part;
use super::tally::Tally;
use super::{Seen, actions, link, plots, rows, timeline, words};

/// Tasks a page.
const TASKS: usize = 25;
/// Stopped tasks that are shown, the latest first.
const STOPPED: usize = 10;
/// Rollouts that are shown.
const ROLLOUTS: usize = 6;

pub(super) fn page(seen: &Seen<'_>, of: &str, name: &str) -> Shown {
    let (key, service) = known(seen, of, name)?;
    let tasks = seen.view().tasks_of_service(&key);
    let counts = Tally::of(seen.view()).service(&key);
    let (mut stopped, mut live): (Vec<_>, Vec<_>) =
        tasks.iter().cloned().partition(|task| task.last_status == TaskStatus::Stopped);
    live.sort_by_key(|task| Reverse(task.created_at));
    stopped.sort_by_key(|task| Reverse(task.stopped_at));
    stopped.truncate(STOPPED);
    let part = part(&live, TASKS, seen.query);
    let (tone, word) = words::of_service(&service, &counts);
    let story = explain::service(seen.ctx(), &key);
    let history = seen.history().service(&key);
    let body = html! {
        (actions::told(seen.query))
        @if let Some(story) = &story { (told(story)) }
        (rows::facts(&[
            ("Running", html! { b { (counts.running) } " of " b { (service.desired_count) } " wanted" }),
            ("Starting", html! { (counts.pending) }),
            ("Stopping", html! { (counts.stopping) }),
            ("Failed lately", html! { (counts.failed) }),
            ("Task definition", html! { (service.definition) }),
            ("Launch type", html! { (service.launch_type.as_str()) }),
            ("Scheduling", html! { (service.scheduling.as_str()) }),
            ("Made", words::ago(seen.now, service.created_at)),
        ]))
        @if service.status == ServiceStatus::Active { (controls(&key, &service)) }
        section.plots aria-label="Plots" {
            div { h2 { "Running" } (plots::counts(&history)) }
            div { h2 { "Replacement time" } (plots::replacements(&timeline::replacements(&tasks))) }
            (plots::used_at(&history))
        }
        section aria-labelledby="tasks" {
            h2 id="tasks" { "Tasks" }
            (rows::tasks(seen, "Tasks", part.items))
            (part.pager)
        }
        @if !stopped.is_empty() {
            section aria-labelledby="stopped" {
                h2 id="stopped" { "Stopped lately" }
                (rows::tasks(seen, "Stopped tasks", &stopped))
            }
        }
        section aria-labelledby="deployments" {
            h2 id="deployments" { "Deployments" }
            (rollouts(seen, &service))
        }
        section aria-labelledby="timeline" {
            h2 id="timeline" { "Timeline" }
            (timeline::of(seen, &service, &tasks))
        }
    };
    let page = Page::new(format!("Service {name}"), Place::Elsewhere, body);
    Ok(page.below(rows::crumbs_in(&key.cluster)).with_lead(words::state(tone, word)))
}

/// The service, or that there is none.
pub(super) fn known(seen: &Seen<'_>, of: &str, name: &str) -> Result<(ServiceKey, Arc<Service>), Missing> {
    let key = ServiceKey { cluster: ClusterName::new(of), name: ServiceName::new(name) };
    let service = seen.view().services.get(&key).ok_or_else(|| {
        Missing::new(
            format!("service {name} in cluster {of}"),
            "Deleted services are forgotten after a while.",
        )
    })?;
    Ok((key, service))
}

/// A story, as a sentence and what it is made of.
pub(super) fn told(story: &Story) -> Markup {
    html! {
        div.story.well[story.well] {
            p.summary data-say { (story.summary) }
            @if story.points.len() > 1 {
                details { summary { "What is known" } ul { @for point in &story.points { li { (point.text) } } } }
            }
        }
    }
}

fn controls(key: &ServiceKey, service: &Service) -> Markup {
    let address = link::service(key);
    html! {
        div.controls role="group" aria-label="Actions" {
            @if service.scheduling == SchedulingStrategy::Replica {
                form action={ (address) "/scale" } {
                    label for="count" { "Desired count" }
                    input id="count" name="count" type="number" min="0" max="5000" required value=(service.desired_count);
                    button { "Scale…" }
                }
            }
            a.button href={ (address) "/deploy" } { "Force a new deployment…" }
            a.button href={ (address) "/logs" } { "Logs" }
            a.button href=(link::tree(&format!("root/clusters/{}/services/{}", key.cluster, key.name))) { "Supervision" }
        }
    }
}

fn rollouts(seen: &Seen<'_>, service: &Service) -> Markup {
    if service.service_deployments.is_empty() {
        return html! { p.quiet { "None yet." } };
    }
    let of = |revision: &mainstay_core::ServiceRevisionId| {
        service.revisions.iter().find(|known| known.id == *revision).map(|known| known.definition.to_string())
    };
    table(
        "Deployments",
        html! {
            (rows::heads(&[
                ("Began", ""), ("State", ""), ("Task definition", ""), ("Took", "number wide"), ("Failures", "number wide"),
                ("Why", "wide"),
            ]))
            tbody {
                @for rollout in service.service_deployments.iter().take(ROLLOUTS) {
                    tr data-key=(rollout.id) {
                        th scope="row" { (words::ago(seen.now, rollout.created_at)) }
                        td { (words::of_rollout(rollout.status)) }
                        td { (of(&rollout.target).unwrap_or_default()) }
                        td.number.wide {
                            @match rollout.finished_at {
                                Some(at) => { (words::span(at.millis_since(rollout.created_at))) }
                                None => { "–" }
                            }
                        }
                        td.number.wide { (rollout.failures) @if rollout.configuration.circuit_breaker.enable { " of " (rollout.threshold) } }
                        td.wide { (rollout.status_reason.as_deref().unwrap_or_default()) }
                    }
                }
            }
        },
    )
}
