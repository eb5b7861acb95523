//! Lists over all clusters: deployments, events, images.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::ServiceKey;
use mainstay_core::model::{ServiceEvent, ServiceStatus, TaskOwner, TaskStatus};
use maud::{Markup, html};

use super::frame::{Page, Place, Shown, table};
use super::paging::part;
use super::timeline::SAID;
use super::{Seen, link, rows, words};

/// Rows a page.
const ROWS: usize = 50;

/// All rollouts that are remembered, the latest first.
pub(super) fn deployments(seen: &Seen<'_>) -> Shown {
    let services = seen.view().services.filter(|service| service.status != ServiceStatus::Inactive);
    let mut all: Vec<_> = services
        .iter()
        .flat_map(|service| service.service_deployments.iter().map(move |rollout| (service, rollout)))
        .collect();
    all.sort_by_key(|(_, rollout)| Reverse(rollout.created_at));
    let part = part(&all, ROWS, seen.query);
    let body = html! {
        (table("Deployments", html! {
            (rows::heads(&[
                ("Service", ""), ("State", ""), ("Began", ""), ("Task definition", "wide"), ("Took", "number wide"), ("Why", "wide"),
            ]))
            tbody {
                @for (service, rollout) in part.items {
                    @let target = service.revisions.iter().find(|known| known.id == rollout.target);
                    tr data-key=(rollout.id) {
                        th scope="row" { a href=(link::service(&service.key)) { (service.key) } }
                        td { (words::of_rollout(rollout.status)) }
                        td { (words::ago(seen.now, rollout.created_at)) }
                        td.wide { @if let Some(target) = target { (target.definition) } }
                        td.number.wide {
                            @match rollout.finished_at {
                                Some(at) => { (words::span(at.millis_since(rollout.created_at))) }
                                None => { "–" }
                            }
                        }
                        td.wide { (rollout.status_reason.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }))
        @if all.is_empty() { p.quiet { "No service was deployed yet." } }
        (part.pager)
    };
    Ok(Page::new("Deployments", Place::Deployments, body))
}

/// What services said, the latest first.
pub(super) fn events(seen: &Seen<'_>) -> Shown {
    let all = newest_events(seen, usize::MAX);
    let part = part(&all, ROWS, seen.query);
    let body = html! { (event_list(seen, part.items)) (part.pager) };
    Ok(Page::new("Events", Place::Events, body))
}

/// The latest events of all services, as many as are asked for.
pub(super) fn newest_events(seen: &Seen<'_>, most: usize) -> Vec<(ServiceKey, ServiceEvent)> {
    let services = seen.view().services.filter(|service| service.status != ServiceStatus::Inactive);
    let of = |service: &std::sync::Arc<mainstay_core::model::Service>| {
        let key = service.key.clone();
        // Each service has its newest first.
        service.events.iter().take(most).map(move |event| (key.clone(), event.clone())).collect::<Vec<_>>()
    };
    let mut all: Vec<(ServiceKey, ServiceEvent)> = services.iter().flat_map(of).collect();
    all.sort_by_key(|(_, event)| Reverse(event.created_at));
    all.truncate(most);
    all
}

/// Events, with their services.
pub(super) fn event_list(seen: &Seen<'_>, events: &[(ServiceKey, ServiceEvent)]) -> Markup {
    html! {
        @if events.is_empty() { p.quiet { "Nothing yet." } }
        ol.timeline {
            @for (key, event) in events {
                li data-key=(event.id) {
                    (words::ago(seen.now, event.created_at)) " "
                    div { a href=(link::service(key)) { (key) } " " (words::clipped(&event.message, SAID)) }
                }
            }
        }
    }
}

#[derive(Default)]
struct Image {
    digests: BTreeSet<String>,
    running: usize,
    services: BTreeSet<ServiceKey>,
}

/// The images that tasks run, and what their tags stood for.
pub(super) fn images(seen: &Seen<'_>) -> Shown {
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    for task in seen.view().tasks.filter(|task| task.last_status != TaskStatus::Stopped) {
        for container in &task.containers {
            let image = images.entry(container.image.clone()).or_default();
            image.digests.extend(container.image_digest.clone());
            image.running += usize::from(container.last_status == TaskStatus::Running);
            if let TaskOwner::Service { service, .. } = &task.owner {
                image.services.insert(ServiceKey { cluster: task.cluster.clone(), name: service.clone() });
            }
        }
    }
    let images: Vec<_> = images.into_iter().collect();
    let part = part(&images, ROWS, seen.query);
    let body = html! {
        (table("Images", html! {
            (rows::heads(&[("Image", ""), ("Running", "number"), ("Services", ""), ("Digest", "wide")]))
            tbody {
                @for (name, image) in part.items {
                    tr data-key=(name) {
                        th scope="row" { (name) }
                        td.number { (image.running) }
                        td {
                            @for (place, key) in image.services.iter().take(5).enumerate() {
                                @if place > 0 { ", " }
                                a href=(link::service(key)) { (key) }
                            }
                            @if image.services.len() > 5 { " and " (image.services.len() - 5) " more" }
                        }
                        td.wide {
                            @for digest in image.digests.iter().take(3) { span.mono title=(digest) { (digest.get(..19).unwrap_or(digest)) } " " }
                            @if image.digests.len() > 1 { span.quiet { (image.digests.len()) " versions at once" } }
                        }
                    }
                }
            }
        }))
        @if images.is_empty() { p.quiet { "No task runs." } }
        (part.pager)
    };
    Ok(Page::new("Images", Place::Images, body))
}
