//! Tables that several pages have.

use std::sync::Arc;

use mainstay_core::model::{ContainerInstance, Service, Task, TaskOwner, TaskStatus};
use mainstay_core::{ClusterName, ServiceKey};
use maud::{Markup, html};

use super::frame::table;
use super::tally::Tally;
use super::timeline::SAID;
use super::{Seen, link, words};

/// Services, one a row.
pub(super) fn services(seen: &Seen<'_>, name: &str, services: &[Arc<Service>], tally: &Tally) -> Markup {
    if services.is_empty() {
        return html! { p.quiet { "No service." } };
    }
    table(
        name,
        html! {
            (heads(&[
                ("Service", ""), ("State", ""), ("Running", "number"), ("Task definition", "wide"), ("Last event", "wide"),
            ]))
            tbody {
                @for service in services {
                    @let counts = tally.service(&service.key);
                    @let (tone, word) = words::of_service(service, &counts);
                    tr data-key=(service.key) {
                        th scope="row" { a href=(link::service(&service.key)) { (service.key.name) } }
                        td { (words::state(tone, word)) }
                        td.number { (counts.running) " of " (service.desired_count) }
                        td.wide { (service.definition) }
                        td.wide {
                            @if let Some(event) = service.events.first() {
                                span.clip { (words::clipped(&event.message, SAID)) } " " span.quiet { (words::ago(seen.now, event.created_at)) }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// Tasks, one a row.
pub(super) fn tasks(seen: &Seen<'_>, name: &str, tasks: &[Arc<Task>]) -> Markup {
    if tasks.is_empty() {
        return html! { p.quiet { "No task." } };
    }
    let look = seen.look();
    let used = |task: &Arc<Task>| look.as_ref().and_then(|look| look.task(&task.id));
    // Of tasks that are over, or simulated, there is nothing to tell.
    let is_used = tasks.iter().any(|task| used(task).is_some());
    let uses = is_used.then_some([("CPU", "number wide"), ("Memory", "number wide")]).into_iter().flatten();
    table(
        name,
        html! {
            (heads(&[("Task", ""), ("State", ""), ("Of", "wide"), ("Task definition", "wide"), ("Host", "wide")]
                .into_iter().chain(uses).chain([("Since", "")]).collect::<Vec<_>>()))
            tbody {
                @for task in tasks {
                    @let at = task.stopped_at.or(task.started_at).unwrap_or(task.created_at);
                    tr data-key=(task.id) {
                        th scope="row" { a.mono href=(link::task(&task.cluster, &task.id)) { (words::short(task.id.as_str())) } }
                        td {
                            (words::of_task(task))
                            @if task.last_status == TaskStatus::Stopped { " " span.clip { (words::why(seen, task)) } }
                        }
                        td.wide { (of(task)) }
                        td.wide { (task.definition) }
                        td.wide { (host(seen, task)) }
                        @if is_used {
                            td.number.wide { (amount(used(task).map(words::units), task.resources.cpu, "units")) }
                            td.number.wide { (amount(used(task).map(words::mebibytes), task.resources.memory, "MiB")) }
                        }
                        td { (words::ago(seen.now, at)) }
                    }
                }
            }
        },
    )
}

/// Who keeps a task, with a link where that is a service.
pub(super) fn of(task: &Task) -> Markup {
    match &task.owner {
        TaskOwner::Service { service, .. } => {
            let key = ServiceKey { cluster: task.cluster.clone(), name: service.clone() };
            html! { a href=(link::service(&key)) { (service) } }
        }
        TaskOwner::Standalone => html! { (task.group) },
    }
}

/// Where a task is, with a link where that is known.
pub(super) fn host(seen: &Seen<'_>, task: &Task) -> Markup {
    match seen.view().instances.get(&task.instance) {
        Some(instance) => {
            html! { a href=(link::instance(&instance.cluster, &instance.id)) { (instance.host) } }
        }
        None => html! { span.mono { (words::short(task.instance.as_str())) } },
    }
}

/// Container instances, one a row.
pub(super) fn instances(
    seen: &Seen<'_>,
    name: &str,
    instances: &[Arc<ContainerInstance>],
    tally: &Tally,
) -> Markup {
    if instances.is_empty() {
        return html! { p.quiet { "No container instance: nothing can run here until one joins." } };
    }
    let share = |taken: u64, of: u32| if of == 0 { 0 } else { taken * 100 / u64::from(of) };
    let look = seen.look();
    table(
        name,
        html! {
            (heads(&[
                ("Host", ""), ("State", ""), ("Tasks", "number"), ("CPU reserved", "number wide"), ("CPU in use", "number wide"),
                ("Memory reserved", "number wide"), ("Memory in use", "number wide"), ("Engine", "wide"),
            ]))
            tbody {
                @for instance in instances {
                    @let held = tally.instance(&instance.id);
                    @let used = look.as_ref().and_then(|look| look.instance(&instance.id));
                    @let (tone, word) = words::of_instance(instance);
                    tr data-key=(instance.id) {
                        th scope="row" { a href=(link::instance(&instance.cluster, &instance.id)) { (instance.host) } }
                        td { (words::state(tone, word)) }
                        td.number { (held.tasks) }
                        td.number.wide { (share(held.cpu, instance.registered.cpu)) " %" }
                        td.number.wide { (percent(used.map(|used| share(words::units(used), instance.registered.cpu)))) }
                        td.number.wide { (share(held.memory, instance.registered.memory)) " %" }
                        td.number.wide { (percent(used.map(|used| share(words::mebibytes(used), instance.registered.memory)))) }
                        td.wide { (instance.engine_version) }
                    }
                }
            }
        },
    )
}

/// How much is in use of what there is; a dash where nobody looked.
fn amount(used: Option<u64>, of: u32, unit: &str) -> Markup {
    html! {
        @match used { Some(used) => { (used) } None => { "–" } }
        @if of > 0 { " of " (of) }
        " " (unit)
    }
}

fn percent(share: Option<u64>) -> Markup {
    html! { @match share { Some(share) => { (share) " %" } None => { "–" } } }
}

/// The head of a table: what columns are called, and their classes.
pub(super) fn heads(columns: &[(&str, &str)]) -> Markup {
    html! {
        thead { tr {
            @for (name, class) in columns {
                @let class = (!class.is_empty()).then_some(*class);
                th class=[class] scope="col" { (name) }
            }
        } }
    }
}

/// Above what is in a cluster.
pub(super) fn crumbs_in(name: &ClusterName) -> Vec<(String, String)> {
    vec![("Overview".to_owned(), "/".to_owned()), (format!("Cluster {name}"), link::cluster(name))]
}

/// Names and what they are.
pub(super) fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! { dl.facts { @for (name, fact) in rows { div { dt { (name) } dd { (fact) } } } } }
}
