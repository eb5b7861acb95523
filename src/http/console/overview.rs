//! The first page: is all well, and where is it not.

use std::sync::Arc;

use mainstay_core::model::{ClusterStatus, Service, ServiceStatus};
use maud::{Markup, html};

use super::frame::{Page, Place, Shown, table};
use super::tally::Tally;
use super::words::Tone;
use super::{Seen, link, lists, plots, rows, words};

/// Things that somebody should look at; more of them are counted only.
const MOST_TROUBLES: usize = 12;
/// Events that are shown.
const EVENTS: usize = 8;

pub(super) fn page(seen: &Seen<'_>) -> Shown {
    let view = seen.view();
    let tally = Tally::of(view);
    let clusters = view.clusters.filter(|cluster| cluster.status == ClusterStatus::Active);
    let services = view.services.filter(|service| service.status != ServiceStatus::Inactive);
    let instances = view.instances.all();
    let steady = |service: &&Arc<Service>| {
        matches!(words::of_service(service, &tally.service(&service.key)).0, Tone::Good | Tone::Off)
    };
    let well = services.iter().filter(steady).count();
    let connected = instances.iter().filter(|one| one.agent_connected && one.engine_connected).count();
    let troubles = troubles(seen, &services, &tally);
    let said = match troubles.len() {
        0 => "All is as it is wanted.".to_owned(),
        1 => "One thing needs attention.".to_owned(),
        many => format!("{many} things need attention."),
    };
    let history = seen.history().all();
    let events = lists::newest_events(seen, EVENTS);
    let body = html! {
        p.summary data-say { (said) }
        ul.tiles {
            li { b { (clusters.len()) } " clusters" }
            li { b { (well) " of " (services.len()) } " services as wanted" }
            li { b { (tally.all.running) } " tasks running" @if tally.all.pending > 0 { ", " (tally.all.pending) " starting" } }
            li { b { (connected) " of " (instances.len()) } " container instances connected" }
        }
        @if !troubles.is_empty() {
            section aria-labelledby="attention" {
                h2 id="attention" { "Needs attention" }
                ul.list {
                    @for (key, trouble) in troubles.iter().take(MOST_TROUBLES) { li data-key=(key) { (trouble) } }
                }
                @if troubles.len() > MOST_TROUBLES { p.quiet { "And " (troubles.len() - MOST_TROUBLES) " more." } }
            }
        }
        section aria-labelledby="clusters" {
            h2 id="clusters" { "Clusters" }
            @if clusters.is_empty() {
                p { "No cluster yet: " code { "aws ecs create-cluster" } " makes one." }
            } @else {
                (table("Clusters", html! {
                    (rows::heads(&[
                        ("Cluster", ""), ("Services", "number"), ("Running", "number"), ("Starting", "number wide"),
                        ("Failed lately", "number wide"), ("Instances", "number"),
                    ]))
                    tbody {
                        @for cluster in &clusters {
                            @let counts = tally.cluster(&cluster.name);
                            tr data-key=(cluster.name) {
                                th scope="row" { a href=(link::cluster(&cluster.name)) { (cluster.name) } }
                                td.number { (services.iter().filter(|one| one.key.cluster == cluster.name).count()) }
                                td.number { (counts.running) }
                                td.number.wide { (counts.pending) }
                                td.number.wide { (counts.failed) }
                                td.number { (instances.iter().filter(|one| one.cluster == cluster.name).count()) }
                            }
                        }
                    }
                }))
            }
        }
        section.plots aria-label="Plots" {
            div { h2 { "Tasks" } (plots::counts(&history)) }
            (plots::used_at(&history))
        }
        @if services.len() <= 20 && !services.is_empty() {
            section aria-labelledby="services" {
                h2 id="services" { "Services" }
                (rows::services(seen, "Services", &services, &tally))
            }
        }
        section aria-labelledby="events" {
            h2 id="events" { "Latest events" }
            (lists::event_list(seen, &events))
            p { a href="/console/events" { "All events" } }
        }
    };
    Ok(Page::new("Overview", Place::Overview, body))
}

/// What is not as it is wanted, with a key each.
fn troubles(seen: &Seen<'_>, services: &[Arc<Service>], tally: &Tally) -> Vec<(String, Markup)> {
    let mut troubles = Vec::new();
    for instance in seen.view().instances.filter(|one| words::of_instance(one).0 == Tone::Bad) {
        let (tone, word) = words::of_instance(&instance);
        let page = html! {
            (words::state(tone, word)) " container instance "
            a href=(link::instance(&instance.cluster, &instance.id)) { (instance.host) }
        };
        troubles.push((instance.id.to_string(), page));
    }
    for service in services {
        let counts = tally.service(&service.key);
        let (tone, word) = words::of_service(service, &counts);
        if tone != Tone::Bad && !(tone == Tone::Wait && counts.failed > 0) {
            continue;
        }
        let page = html! {
            (words::state(tone, word)) " service " a href=(link::service(&service.key)) { (service.key) }
            ": " (counts.running) " of " (service.desired_count) " running"
            @if let Some(task) = counts.last_failed.as_ref().filter(|_| troubles.len() < MOST_TROUBLES) {
                "; the last task that failed: " (words::why(seen, task))
            }
        };
        troubles.push((service.key.to_string(), page));
    }
    troubles
}
