//! A cluster: its services, its tasks, its container instances, a page each.

use std::cmp::Reverse;
use std::sync::Arc;

use mainstay_core::ClusterName;
use mainstay_core::model::{Cluster, ClusterStatus, ServiceStatus, Task, TaskStatus};
use maud::{Markup, html};

use super::frame::{Missing, Page, Place, Shown};
use super::paging::part;
use super::tally::{Tally, failed};
use super::{Seen, link, rows};

/// Rows a page.
const ROWS: usize = 50;

/// Its services.
pub(super) fn services(seen: &Seen<'_>, name: &str) -> Shown {
    let cluster = known(seen, name)?;
    let tally = Tally::of(seen.view());
    let services = seen
        .view()
        .services
        .filter(|service| service.key.cluster == cluster.name && service.status != ServiceStatus::Inactive);
    let part = part(&services, ROWS, seen.query);
    let body = html! { (rows::services(seen, "Services", part.items, &tally)) (part.pager) };
    Ok(whole(&cluster, Tab::Services, body))
}

/// Its tasks: those that are not over, the newest first, or those that are.
pub(super) fn tasks(seen: &Seen<'_>, name: &str) -> Shown {
    let cluster = known(seen, name)?;
    let show = seen.query.get("show").unwrap_or("live");
    let wanted = |task: &Task| match show {
        "stopped" => task.last_status == TaskStatus::Stopped,
        "failed" => failed(task),
        _ => task.last_status != TaskStatus::Stopped,
    };
    let mut tasks: Vec<Arc<Task>> =
        seen.view().tasks.filter(|task| task.cluster == cluster.name && wanted(task));
    tasks.sort_by_key(|task| Reverse((task.stopped_at, task.created_at)));
    let part = part(&tasks, ROWS, seen.query);
    let address = link::tasks(&cluster.name);
    let choice = |value: &str, word: &str| {
        let here = (value == show).then_some("true");
        html! { li { a href={ (address) "?show=" (value) } aria-current=[here] { (word) } } }
    };
    let body = html! {
        nav.tabs.small aria-label="Which tasks" {
            ul { (choice("live", "Not over")) (choice("stopped", "Stopped")) (choice("failed", "Failed")) }
        }
        (rows::tasks(seen, "Tasks", part.items))
        (part.pager)
    };
    Ok(whole(&cluster, Tab::Tasks, body))
}

/// Its container instances.
pub(super) fn instances(seen: &Seen<'_>, name: &str) -> Shown {
    let cluster = known(seen, name)?;
    let tally = Tally::of(seen.view());
    let mut instances = seen.view().instances.filter(|instance| instance.cluster == cluster.name);
    instances.sort_by(|one, other| (&one.host, &one.id).cmp(&(&other.host, &other.id)));
    let part = part(&instances, ROWS, seen.query);
    let body = html! { (rows::instances(seen, "Container instances", part.items, &tally)) (part.pager) };
    Ok(whole(&cluster, Tab::Instances, body))
}

/// The cluster, or that there is none.
pub(super) fn known(seen: &Seen<'_>, name: &str) -> Result<Arc<Cluster>, Missing> {
    let found = seen.view().clusters.get(&ClusterName::new(name));
    found.filter(|cluster| cluster.status == ClusterStatus::Active).ok_or_else(|| {
        Missing::new(
            format!("cluster {name}"),
            "It may have been deleted; those that there are stand in the overview.",
        )
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Services,
    Tasks,
    Instances,
}

fn whole(cluster: &Cluster, tab: Tab, body: Markup) -> Page {
    let name = &cluster.name;
    let (title, tabs) = (
        match tab {
            Tab::Services => format!("Cluster {name}"),
            Tab::Tasks => format!("Tasks of cluster {name}"),
            Tab::Instances => format!("Container instances of cluster {name}"),
        },
        [
            (Tab::Services, "Services", link::cluster(name)),
            (Tab::Tasks, "Tasks", link::tasks(name)),
            (Tab::Instances, "Container instances", link::instances(name)),
        ],
    );
    let body = html! {
        nav.tabs aria-label="Cluster" {
            ul {
                @for (of, word, address) in &tabs {
                    @let here = (*of == tab).then_some("page");
                    li { a href=(address) aria-current=[here] { (word) } }
                }
                li { a href=(link::tree(&format!("root/clusters/{name}"))) { "Supervision" } }
            }
        }
        (body)
    };
    let crumbs = match tab {
        Tab::Services => vec![("Overview".to_owned(), "/".to_owned())],
        _ => rows::crumbs_in(name),
    };
    Page::new(title, Place::Elsewhere, body).below(crumbs)
}
