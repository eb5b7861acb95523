//! The supervision tree: who supervises whom, since when each lives, how often it was started again, and why the last one
//! ended.

use std::collections::BTreeMap;

use mainstay_actors::tree::{Kind, Node};
use mainstay_core::{ClusterName, InstanceId, ServiceKey, ServiceName, TaskId};
use maud::{Markup, html};

use super::frame::{Missing, Page, Place, Shown};
use super::paging::part;
use super::tally::Tally;
use super::words::Tone;
use super::{Seen, link, words};

/// Children of one actor that are shown; all of them on the page of that actor.
const CHILDREN: usize = 25;
/// Children a page, of the actor that the page is of.
const ROWS: usize = 100;
const ROOT: &str = "root";

struct Tree<'a> {
    seen: &'a Seen<'a>,
    tally: Tally,
    by_path: BTreeMap<&'a str, &'a Node>,
    children: BTreeMap<&'a str, Vec<&'a Node>>,
}

pub(super) fn page(seen: &Seen<'_>) -> Shown {
    let nodes = seen.ctx().tree.nodes();
    let at = seen.query.get("at").unwrap_or(ROOT);
    let mut tree =
        Tree { seen, tally: Tally::of(seen.view()), by_path: BTreeMap::new(), children: BTreeMap::new() };
    for node in &nodes {
        tree.by_path.insert(node.path.as_str(), node);
        if let Some((parent, _)) = node.path.as_str().rsplit_once('/') {
            tree.children.entry(parent).or_default().push(node);
        }
    }
    let top = *tree.by_path.get(at).ok_or_else(|| {
        Missing::new(
            format!("actor {at} in the supervision tree"),
            "It may have ended; its supervisor is above it.",
        )
    })?;
    let children = tree.children.get(at).map_or(&[][..], Vec::as_slice);
    let part = part(children, ROWS, seen.query);
    let restarts: u64 = nodes.iter().map(|node| node.restarts).sum();
    let away = nodes.iter().filter(|node| node.since.is_none()).count();
    let body = html! {
        p.summary data-say {
            (words::count(nodes.len(), "actor")) ", "
            @if away == 0 { "all alive" } @else { (away) " being started again" }
            "; " (words::count(usize::try_from(restarts).unwrap_or(usize::MAX), "actor restart")) " since the daemon started."
        }
        ul.tree {
            li data-key=(top.path) {
                (tree.line(top))
                @if !part.items.is_empty() { ul { @for child in part.items { (tree.branch(child)) } } }
            }
        }
        (part.pager)
        p.quiet {
            "A supervisor stands above those it starts again. A restart of an actor never touches a container; a task "
            "whose containers end is replaced by its service, as another task."
        }
    };
    let mut crumbs = Vec::new();
    if at != ROOT {
        for (place, _) in at.match_indices('/') {
            let above = &at[..place];
            crumbs.push((above.rsplit('/').next().unwrap_or(above).to_owned(), link::tree(above)));
        }
    }
    Ok(Page::new("Supervision tree", Place::Tree, body).below(crumbs))
}

impl Tree<'_> {
    /// An actor and those below it.
    fn branch(&self, node: &Node) -> Markup {
        let path = node.path.as_str();
        let children = self.children.get(path).map_or(&[][..], Vec::as_slice);
        html! {
            li data-key=(path) {
                (self.line(node))
                @if !children.is_empty() {
                    details open {
                        summary { span.unseen { (children.len()) " below " (name(node)) } }
                        ul {
                            @for child in children.iter().take(CHILDREN) { (self.branch(child)) }
                            @if children.len() > CHILDREN {
                                li data-key={ (path) "/…" } {
                                    a href=(link::tree(path)) { "all " (children.len()) " below " (name(node)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn line(&self, node: &Node) -> Markup {
        let address = self.address(node);
        html! {
            span.actor {
                @if node.since.is_some() { (words::state(Tone::Good, "alive")) }
                @else { (words::state(Tone::Wait, "being started again")) }
                " "
                @match &address {
                    Some(address) => { a href=(address) { (name(node)) } }
                    None => { b { (name(node)) } }
                }
                @if name(node) != node.kind.as_str() { " " span.quiet { (node.kind.as_str()) } }
                @if let Some(at) = node.since { " " span.quiet { "for " (words::lasts(self.seen.now, at)) } }
                @if node.restarts > 0 { " " span.note { (words::count(usize::try_from(node.restarts).unwrap_or(usize::MAX), "restart")) } }
                @if let Some(reason) = &node.last_end { " " span.note { "the last one ended: " (reason) } }
                (self.of_record(node))
            }
        }
    }

    /// What the record of a task or a service adds.
    fn of_record(&self, node: &Node) -> Markup {
        match node.kind {
            Kind::Task => {
                let task = self.seen.view().tasks.get(&TaskId::new(last(node)));
                html! { @if let Some(task) = task { " " (words::of_task(&task)) } }
            }
            Kind::Service => {
                let Some(counts) = service_of(node).map(|key| self.tally.service(&key)) else {
                    return html! {};
                };
                html! {
                    @if counts.failed > 0 {
                        " " span.note {
                            (words::count(counts.failed, "task")) " failed"
                            @if let Some(task) = &counts.last_failed { "; the last one ended: " (words::why(self.seen, task)) }
                        }
                    }
                }
            }
            _ => html! {},
        }
    }

    /// The page of what an actor stands for.
    fn address(&self, node: &Node) -> Option<String> {
        let view = self.seen.view();
        match node.kind {
            Kind::Cluster => Some(link::cluster(&ClusterName::new(last(node)))),
            Kind::Service => service_of(node).map(|key| link::service(&key)),
            Kind::Task | Kind::HostTask => {
                let task = view.tasks.get(&TaskId::new(last(node)))?;
                Some(link::task(&task.cluster, &task.id))
            }
            Kind::Agent => {
                let instance = view.instances.get(&InstanceId::new(last(node)))?;
                Some(link::instance(&instance.cluster, &instance.id))
            }
            _ => None,
        }
    }
}

fn last(node: &Node) -> &str {
    let path = node.path.as_str();
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

/// Its name; of long ids as much as tells them apart.
fn name(node: &Node) -> &str {
    let name = last(node);
    match node.kind {
        Kind::Task | Kind::HostTask | Kind::Agent => words::short(name),
        _ => name,
    }
}

/// `root/clusters/CLUSTER/services/SERVICE`.
fn service_of(node: &Node) -> Option<ServiceKey> {
    let mut names = node.path.as_str().rsplit('/');
    let (name, cluster) = (names.next()?, names.nth(1)?);
    Some(ServiceKey { cluster: ClusterName::new(cluster), name: ServiceName::new(name) })
}
