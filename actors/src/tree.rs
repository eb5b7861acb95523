//! Who supervises whom, for people: `/v1/tree`, the console and the actors' metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mainstay_core::model::Timestamp;
use mainstay_core::supervision::{Intensity, Restarts};
use serde::Serialize;
use tokio::sync::watch;

use crate::metrics;

/// The kinds of actors; the label `kind` of their metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The root of the tree.
    Root,
    /// Owns clusters and task definitions.
    Catalog,
    /// Supervises clusters.
    Clusters,
    /// Supervises one cluster's parts.
    Cluster,
    /// Owns a cluster's ledger.
    Placement,
    /// Supervises a cluster's agents.
    Agents,
    /// Stands for a container instance.
    Agent,
    /// Supervises a cluster's services.
    Services,
    /// Keeps a service up.
    Service,
    /// Owns a cluster's RunTask tasks.
    Tasks,
    /// Stands for a task.
    Task,
    /// Owns schedules, and runs what is due.
    Schedules,
    /// Supervises webhooks.
    Events,
    /// Sends events elsewhere.
    Webhook,
    /// The agent's side: owns the engine.
    Host,
    /// The agent's side of a task: owns its containers.
    HostTask,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Root,
        Self::Catalog,
        Self::Clusters,
        Self::Cluster,
        Self::Placement,
        Self::Agents,
        Self::Agent,
        Self::Services,
        Self::Service,
        Self::Tasks,
        Self::Task,
        Self::Schedules,
        Self::Events,
        Self::Webhook,
        Self::Host,
        Self::HostTask,
    ];

    /// Those that start others again when they end.
    pub(crate) const SUPERVISORS: [Self; 9] = [
        Self::Root,
        Self::Events,
        Self::Clusters,
        Self::Cluster,
        Self::Agents,
        Self::Services,
        Self::Service,
        Self::Tasks,
        Self::Host,
    ];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Catalog => "catalog",
            Self::Clusters => "clusters",
            Self::Cluster => "cluster",
            Self::Placement => "placement",
            Self::Agents => "agents",
            Self::Agent => "agent",
            Self::Services => "services",
            Self::Service => "service",
            Self::Tasks => "tasks",
            Self::Task => "task",
            Self::Schedules => "schedules",
            Self::Events => "events",
            Self::Webhook => "webhook",
            Self::Host => "host",
            Self::HostTask => "host-task",
        }
    }
}

/// An actor's place in the tree: its supervisors' names and its own, joined by slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Path(String);

impl Path {
    /// The root's.
    pub fn root() -> Self {
        Self("root".into())
    }

    /// A child's.
    pub fn child(&self, name: impl std::fmt::Display) -> Self {
        Self(format!("{}/{name}", self.0))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its place.
    pub path: Path,
    /// What it is.
    pub kind: Kind,
    /// Since when this incarnation lives, in milliseconds of the epoch; absent while it is being started again.
    pub since: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: u64,
    /// How its last incarnation ended.
    pub last_end: Option<String>,
}

/// All actors that live, or are about to again.
#[derive(Debug, Clone, Default)]
pub struct Tree(Arc<Mutex<Entries>>, watch::Sender<()>);

#[derive(Debug, Default)]
struct Entries {
    by_path: BTreeMap<Path, Entry>,
    /// The restarts that count against supervisors, of those that had some lately.
    restarts: BTreeMap<Path, (Kind, Restarts)>,
    /// Births so far; tells incarnations apart.
    births: u64,
}

#[derive(Debug)]
struct Entry {
    node: Node,
    incarnation: u64,
}

impl Tree {
    /// All of them; a parent comes before its children.
    pub fn nodes(&self) -> Vec<Node> {
        self.entries().by_path.values().map(|entry| entry.node.clone()).collect()
    }

    /// Tells of births, ends and restarts; several at once may be told of as one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.1.subscribe()
    }

    /// An actor was born; it is there for as long as the returned life lives.
    pub(crate) fn born(&self, path: Path, kind: Kind, now: Timestamp) -> Life {
        let mut entries = self.entries();
        entries.births += 1;
        let incarnation = entries.births;
        let entry = entries.at(&path, kind);
        entry.incarnation = incarnation;
        entry.node.since = Some(now);
        metrics::actors(kind).increment(1.0);
        self.1.send_replace(());
        Life { tree: self.clone(), path, kind, incarnation }
    }

    /// A supervisor starts an actor again that ended for this reason. Who was below it went with it.
    pub(crate) fn restarting(&self, path: &Path, kind: Kind, reason: &str) {
        metrics::actor_restarts(kind).increment(1);
        self.gone_below(path);
        let mut entries = self.entries();
        let entry = entries.at(path, kind);
        entry.node.restarts += 1;
        entry.node.last_end = Some(reason.to_owned());
        self.1.send_replace(());
    }

    /// A supervisor counted one more restart.
    pub(crate) fn counted(&self, supervisor: &Path, kind: Kind, restarts: &Restarts) {
        self.entries().restarts.insert(supervisor.clone(), (kind, restarts.clone()));
    }

    /// How much of the intensity is used up, by the supervisor of each kind that is closest to giving up; what is
    /// absent has had no restarts lately. More than 1 where it gave up.
    pub(crate) fn intensity_used(&self, now: Instant, intensity: Intensity) -> BTreeMap<Kind, f64> {
        let mut entries = self.entries();
        entries.restarts.retain(|_, (_, restarts)| restarts.counting(now, intensity) > 0);
        let mut used = BTreeMap::new();
        for (kind, restarts) in entries.restarts.values() {
            let share = restarts.counting(now, intensity) as f64 / intensity.restarts.max(1) as f64;
            let most = used.entry(*kind).or_insert(share);
            *most = share.max(*most);
        }
        used
    }

    /// A supervisor will not start it again.
    pub(crate) fn gone(&self, path: &Path) {
        self.gone_below(path);
        self.entries().by_path.remove(path);
        self.1.send_replace(());
    }

    /// Whoever was below it will not be started again as it was.
    pub(crate) fn gone_below(&self, path: &Path) {
        let below = format!("{path}/");
        self.entries().by_path.retain(|known, _| !known.as_str().starts_with(&below));
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn at(&mut self, path: &Path, kind: Kind) -> &mut Entry {
        let fresh = || Entry {
            node: Node { path: path.clone(), kind, since: None, restarts: 0, last_end: None },
            incarnation: 0,
        };
        self.by_path.entry(path.clone()).or_insert_with(fresh)
    }
}

/// An actor's life; part of its state, so that it ends with it, however that ends.
#[derive(Debug)]
pub struct Life {
    tree: Tree,
    path: Path,
    kind: Kind,
    incarnation: u64,
}

impl Life {
    /// Its place.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        metrics::actors(self.kind).decrement(1.0);
        let mut entries = self.tree.entries();
        let Some(entry) = entries.by_path.get_mut(&self.path) else { return };
        if entry.incarnation == self.incarnation {
            entry.node.since = None;
            self.tree.1.send_replace(());
        }
    }
}
