//! The console: one page that shows what there is, read from the view.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Html;
use mainstay_actors::view::View;
use mainstay_core::model::{ClusterStatus, Health, Ports, Service, ServiceStatus, Task, TaskStatus};
use maud::{DOCTYPE, Markup, html};

use super::Shared;

const STYLE: &str = "
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th { font-weight: 600; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; }
code { font-size: .9em; } .off { color: #b3261e; font-weight: 600; } .quiet { opacity: .7; }
";
/// Stopped tasks that are shown, the latest first.
const STOPPED: usize = 10;

/// `GET /`.
pub(super) async fn page(State(shared): State<Shared>) -> Html<String> {
    Html(whole(shared.control.view()).into_string())
}

fn whole(view: &View) -> Markup {
    let clusters = view.clusters.filter(|cluster| cluster.status == ClusterStatus::Active);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content="5";
                title { "Mainstay" }
                style { (STYLE) }
            }
            body {
                h1 { "Mainstay" }
                p.quiet {
                    "ECS API at this address · " a href="/metrics" { "metrics" } " · "
                    a href="/v1/tree" { "supervision tree" } " · " a href="/readyz" { "ready?" }
                }
                @if clusters.is_empty() {
                    p { "No cluster yet: " code { "aws ecs create-cluster" } " makes one." }
                }
                @for cluster in &clusters {
                    h2 { "Cluster " (cluster.name) }
                    (instances(view, cluster.name.as_str()))
                    (services(view, cluster.name.as_str()))
                    (tasks(view, cluster.name.as_str()))
                }
            }
        }
    }
}

fn instances(view: &View, cluster: &str) -> Markup {
    let instances = view.instances.filter(|instance| instance.cluster.as_str() == cluster);
    html! {
        p {
            @for instance in &instances {
                "Container instance " code { (instance.id) } " on " (instance.host) ": "
                @if instance.engine_connected { (instance.engine_version) }
                @else { span.off { "the container engine does not answer" } }
            }
            @if instances.is_empty() { "No container instance." }
        }
    }
}

fn services(view: &View, cluster: &str) -> Markup {
    let kept = |service: &Service| {
        service.key.cluster.as_str() == cluster && service.status != ServiceStatus::Inactive
    };
    let services = view.services.filter(kept);
    html! {
        table {
            thead { tr { th { "Service" } th { "Task definition" } th { "Running" } th { "Desired" } th { "Last event" } } }
            tbody {
                @for service in &services {
                    @let tasks = view.tasks_of_service(&service.key);
                    @let running = tasks.iter().filter(|task| task.last_status == TaskStatus::Running).count();
                    tr {
                        td { (service.key.name) }
                        td { (service.definition) }
                        td.number.off[running != service.desired_count as usize] { (running) }
                        td.number { (service.desired_count) }
                        td { (service.events.first().map_or("", |event| event.message.as_str())) }
                    }
                }
            }
        }
        @if services.is_empty() { p.quiet { "No service." } }
    }
}

fn tasks(view: &View, cluster: &str) -> Markup {
    let all = view.tasks.filter(|task| task.cluster.as_str() == cluster);
    let (mut stopped, live): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|task| task.last_status == TaskStatus::Stopped);
    stopped.sort_by_key(|task| std::cmp::Reverse(task.stopped_at));
    stopped.truncate(STOPPED);
    html! {
        table {
            thead { tr { th { "Task" } th { "Group" } th { "Status" } th { "Health" } th { "Ports" } th { "Why it stopped" } } }
            tbody { @for task in live.iter().chain(&stopped) { (row(task)) } }
        }
    }
}

fn row(task: &Task) -> Markup {
    let ports: BTreeMap<Ports, Ports> = task
        .containers
        .iter()
        .flat_map(|container| &container.network_bindings)
        .map(|binding| (binding.host, binding.container))
        .collect();
    let ports = ports.iter().map(|(host, inside)| format!("{host}→{inside}")).collect::<Vec<_>>().join(" ");
    html! {
        tr {
            td { code { (task.id) } }
            td { (task.group) }
            td { (task.last_status) }
            td.off[task.health == Health::Unhealthy] { (task.health.as_str()) }
            td { (ports) }
            td { (task.stopped_reason.as_deref().unwrap_or_default()) }
        }
    }
}
