//! A container instance: what it has, what of it is taken, and by whom.

use std::cmp::Reverse;
use std::sync::Arc;

use mainstay_core::model::{ContainerInstance, InstanceStatus, TaskStatus};
use mainstay_core::{ClusterName, InstanceId};
use maud::html;

use super::frame::{Missing, Page, Place, Shown, table};
use super::paging::part;
use super::tally::Tally;
use super::{Seen, actions, link, plots, rows, words};

/// Tasks a page.
const TASKS: usize = 50;

pub(super) fn page(seen: &Seen<'_>, of: &str, id: &str) -> Shown {
    let instance = known(seen, of, id)?;
    let held = Tally::of(seen.view()).instance(&instance.id);
    let mut tasks = seen
        .view()
        .tasks
        .filter(|task| task.instance == instance.id && task.last_status != TaskStatus::Stopped);
    tasks.sort_by_key(|task| Reverse(task.created_at));
    let part = part(&tasks, TASKS, seen.query);
    let address = link::instance(&instance.cluster, &instance.id);
    let has = &instance.registered;
    let used = seen.look().and_then(|look| look.instance(&instance.id));
    let body = html! {
        (actions::told(seen.query))
        div.controls role="group" aria-label="Actions" {
            @match instance.status {
                InstanceStatus::Active => { a.button href={ (address) "/drain" } { "Drain…" } }
                InstanceStatus::Draining => { a.button href={ (address) "/activate" } { "Take tasks again…" } }
            }
        }
        (rows::facts(&[
            ("Id", html! { span.mono { (instance.id) } }),
            ("Cluster", html! { a href=(link::cluster(&instance.cluster)) { (instance.cluster) } }),
            ("Agent", html! { (instance.agent_version) @if !instance.agent_connected { ", does not answer" } }),
            ("Engine", html! { (instance.engine_version) @if !instance.engine_connected { ", does not answer" } }),
            ("Tasks", html! { (held.tasks) }),
            ("Registered", words::ago(seen.now, instance.registered_at)),
        ]))
        section aria-labelledby="taken" {
            h2 id="taken" { "Reserved for tasks" }
            (plots::bar("CPU", held.cpu, u64::from(has.cpu), "units"))
            (plots::bar("Memory", held.memory, u64::from(has.memory), "MiB"))
            @if !has.gpus.is_empty() { (plots::bar("GPUs", held.gpus as u64, has.gpus.len() as u64, "")) }
        }
        section aria-labelledby="used" {
            h2 id="used" { "In use by tasks" }
            @match used {
                Some(used) => {
                    (plots::bar("CPU", words::units(used), u64::from(has.cpu), "units"))
                    (plots::bar("Memory", words::mebibytes(used), u64::from(has.memory), "MiB"))
                }
                None => { p.quiet { "What containers use here was not sampled yet." } }
            }
        }
        section.plots aria-label="Plots" { (plots::used(seen.history().instance(&instance.id))) }
        section aria-labelledby="tasks" {
            h2 id="tasks" { "Tasks" }
            (rows::tasks(seen, "Tasks", part.items))
            (part.pager)
        }
        section aria-labelledby="attributes" {
            h2 id="attributes" { "Attributes" }
            (table("Attributes", html! {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Value" } } }
                tbody { @for (name, value) in instance.all_attributes() { tr data-key=(name) { th scope="row" { (name) } td { (value) } } } }
            }))
        }
    };
    let (tone, word) = words::of_instance(&instance);
    let page = Page::new(format!("Container instance {}", instance.host), Place::Elsewhere, body);
    let mut crumbs = rows::crumbs_in(&instance.cluster);
    crumbs.push(("Container instances".to_owned(), link::instances(&instance.cluster)));
    Ok(page.below(crumbs).with_lead(words::state(tone, word)))
}

/// The container instance, or that there is none.
pub(super) fn known(seen: &Seen<'_>, of: &str, id: &str) -> Result<Arc<ContainerInstance>, Missing> {
    let found = seen.view().instances.get(&InstanceId::new(id));
    found.filter(|instance| instance.cluster == ClusterName::new(of)).ok_or_else(|| {
        Missing::new(format!("container instance {id} in cluster {of}"), "It may have been deregistered.")
    })
}
