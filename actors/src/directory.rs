//! Who is in charge of what, at this moment.
//!
//! Actors come and go with their supervisors' decisions; whoever wants one looks it up here. Process-wide actor
//! names would do the same for one daemon in a process, and collide for two.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mainstay_core::{ClusterName, InstanceId, ServiceKey, TaskId};
use ractor::{ActorRef, Message};
use tokio::sync::Notify;

use crate::agent::AgentMsg;
use crate::catalog::CatalogMsg;
use crate::host::HostMsg;
use crate::placement::PlacementMsg;
use crate::schedules::SchedulesMsg;
use crate::service::ServiceMsg;
use crate::supervisor::SupervisorMsg;
use crate::task::TaskMsg;
use crate::tasks::TasksMsg;

/// One kind of actor, by what it is in charge of.
pub struct Registry<K, M> {
    entries: Arc<Mutex<BTreeMap<K, ActorRef<M>>>>,
    changed: Arc<Notify>,
}

impl<K: Ord + Clone, M: Message> Registry<K, M> {
    fn new(changed: &Arc<Notify>) -> Self {
        Self { entries: Arc::default(), changed: Arc::clone(changed) }
    }

    /// The actor in charge of `key`, where there is one now.
    pub fn get(&self, key: &K) -> Option<ActorRef<M>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Enters an actor; it stays entered for as long as the presence lives or until its successor enters.
    pub(crate) fn enter(&self, key: K, actor: ActorRef<M>) -> Presence<K, M> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), actor.clone());
        self.changed.notify_waiters();
        Presence { entries: Arc::clone(&self.entries), key, actor }
    }
}

/// Keeps an actor in the directory; part of its state, so that it goes with it.
pub struct Presence<K: Ord, M> {
    entries: Arc<Mutex<BTreeMap<K, ActorRef<M>>>>,
    key: K,
    actor: ActorRef<M>,
}

impl<K: Ord, M> Drop for Presence<K, M> {
    fn drop(&mut self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // A successor may have entered already; its entry is not ours to take.
        let ours = entries.get(&self.key).is_some_and(|entry| entry.get_id() == self.actor.get_id());
        if ours {
            entries.remove(&self.key);
        }
    }
}

/// All of them.
pub struct Directory {
    /// The one that owns clusters and task definitions.
    pub catalog: Registry<(), CatalogMsg>,
    /// The supervisor of all clusters.
    pub clusters: Registry<(), SupervisorMsg>,
    /// Each cluster's supervisor of agents.
    pub agent_supervisors: Registry<ClusterName, SupervisorMsg>,
    /// Each cluster's supervisor of services.
    pub service_supervisors: Registry<ClusterName, SupervisorMsg>,
    /// Each cluster's placement.
    pub placements: Registry<ClusterName, PlacementMsg>,
    /// Each cluster's owner of RunTask tasks.
    pub tasks_of_clusters: Registry<ClusterName, TasksMsg>,
    /// Agents, by container instance.
    pub agents: Registry<InstanceId, AgentMsg>,
    /// Services.
    pub services: Registry<ServiceKey, ServiceMsg>,
    /// The one that owns schedules.
    pub schedules: Registry<(), SchedulesMsg>,
    /// Tasks.
    pub tasks: Registry<TaskId, TaskMsg>,
    /// The agent's side in this process, where there is one.
    pub host: Registry<(), HostMsg>,
    changed: Arc<Notify>,
}

impl Default for Directory {
    fn default() -> Self {
        let changed = Arc::new(Notify::new());
        Self {
            catalog: Registry::new(&changed),
            clusters: Registry::new(&changed),
            agent_supervisors: Registry::new(&changed),
            service_supervisors: Registry::new(&changed),
            placements: Registry::new(&changed),
            tasks_of_clusters: Registry::new(&changed),
            agents: Registry::new(&changed),
            services: Registry::new(&changed),
            schedules: Registry::new(&changed),
            tasks: Registry::new(&changed),
            host: Registry::new(&changed),
            changed,
        }
    }
}

impl Directory {
    /// Finds an actor, waiting at most `limit` for one that is just being started.
    pub async fn wait_for<M: Message>(
        &self,
        find: impl Fn() -> Option<ActorRef<M>>,
        limit: Duration,
    ) -> Option<ActorRef<M>> {
        let found = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Enabled before the look, so that an entry made in between is not missed.
                changed.as_mut().enable();
                if let Some(actor) = find() {
                    return actor;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, found).await.ok()
    }
}
