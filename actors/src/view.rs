//! What there is, as immutable snapshots: every read of the API, the console and the metrics comes from here.
//!
//! Each table has one writer an entry, the actor that owns it. A reader takes a lock for as long as it copies
//! pointers, and never waits for an actor.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use mainstay_core::images::progress::Pulling;
use mainstay_core::model::{
    CapacityProvider, Cluster, ClusterStatus, ContainerInstance, Schedule, ScheduleGroup, Service, Task,
    TaskDefinition, TaskOwner, TaskStatus,
};
use mainstay_core::{
    CapacityProviderName, ClusterName, Family, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey,
    ServiceKey, TaskId,
};

use tokio::sync::watch;

use crate::ports::{Snapshot, Write};

/// A concurrent, ordered map of immutable snapshots.
#[derive(Debug)]
pub struct Table<K, V>(RwLock<BTreeMap<K, Arc<V>>>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    /// The entry under `key`.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// All entries, in the order of their keys.
    pub fn all(&self) -> Vec<Arc<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The entries that `wanted` picks, in the order of their keys.
    pub fn filter(&self, mut wanted: impl FnMut(&V) -> bool) -> Vec<Arc<V>> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.values().filter(|value| wanted(value)).cloned().collect()
    }

    /// Whether `wanted` picks any.
    pub fn any(&self, mut wanted: impl FnMut(&V) -> bool) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().any(|value| wanted(value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds or replaces; for the entry's owner only.
    pub(crate) fn put(&self, key: K, value: Arc<V>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    /// Removes; for the entry's owner only.
    pub(crate) fn remove(&self, key: &K) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Everything that can be read.
#[derive(Debug, Default)]
pub struct View {
    /// Clusters, INACTIVE ones too.
    pub clusters: Table<ClusterName, Cluster>,
    /// Task definitions, INACTIVE ones too.
    pub definitions: Table<RevisionKey, TaskDefinition>,
    /// The highest revision ever given in each family.
    pub last_revisions: Table<Family, u32>,
    /// Services, INACTIVE ones too.
    pub services: Table<ServiceKey, Service>,
    /// Tasks, and for a while STOPPED ones.
    pub tasks: Table<TaskId, Task>,
    /// Container instances.
    pub instances: Table<InstanceId, ContainerInstance>,
    /// Schedules.
    pub schedules: Table<ScheduleKey, Schedule>,
    /// Groups of schedules.
    pub schedule_groups: Table<ScheduleGroupName, ScheduleGroup>,
    /// Capacity providers of one's own, INACTIVE ones too.
    pub capacity_providers: Table<CapacityProviderName, CapacityProvider>,
    /// What each container instance pulls, as far as its host says; nothing of it is on disk.
    pub pulls: Table<InstanceId, Vec<Pulling>>,
    changes: watch::Sender<()>,
    all_changes: watch::Sender<()>,
}

impl View {
    /// What a store held.
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        let view = Self::default();
        let writes = snapshot
            .clusters
            .into_iter()
            .map(Write::Cluster)
            .chain(snapshot.task_definitions.into_iter().map(Write::TaskDefinition))
            .chain(
                snapshot.last_revisions.into_iter().map(|(family, last)| Write::LastRevision(family, last)),
            )
            .chain(snapshot.services.into_iter().map(Write::Service))
            .chain(snapshot.tasks.into_iter().map(Write::Task))
            .chain(snapshot.instances.into_iter().map(Write::Instance))
            .chain(snapshot.schedules.into_iter().map(Write::Schedule))
            .chain(snapshot.schedule_groups.into_iter().map(Write::ScheduleGroup))
            .chain(snapshot.capacity_providers.into_iter().map(Write::CapacityProvider));
        for write in writes {
            view.apply(write);
        }
        view
    }

    /// Makes a write visible.
    pub(crate) fn apply(&self, write: Write) {
        let told = matches!(
            write,
            Write::Task(_) | Write::RemoveTask(_) | Write::Service(_) | Write::RemoveService(_)
        );
        match write {
            Write::Cluster(cluster) => self.clusters.put(cluster.name.clone(), Arc::new(cluster)),
            Write::TaskDefinition(definition) => {
                self.definitions.put(definition.key.clone(), Arc::new(definition));
            }
            Write::LastRevision(family, last) => self.last_revisions.put(family, Arc::new(last)),
            Write::Service(service) => self.services.put(service.key.clone(), Arc::new(service)),
            Write::Task(task) => self.tasks.put(task.id.clone(), Arc::new(task)),
            Write::CapacityProvider(provider) => {
                self.capacity_providers.put(provider.name.clone(), Arc::new(provider));
            }
            Write::RemoveCapacityProvider(name) => self.capacity_providers.remove(&name),
            Write::Instance(instance) => self.instances.put(instance.id.clone(), Arc::new(instance)),
            Write::Schedule(schedule) => self.schedules.put(schedule.key.clone(), Arc::new(schedule)),
            Write::ScheduleGroup(group) => self.schedule_groups.put(group.name.clone(), Arc::new(group)),
            // They are read from the disk, and never held in memory.
            Write::Event(_) | Write::ForgetEvents(_) | Write::Cursor(..) => {}
            Write::RemoveCluster(name) => self.clusters.remove(&name),
            Write::RemoveTaskDefinition(key) => self.definitions.remove(&key),
            Write::RemoveService(key) => self.services.remove(&key),
            Write::RemoveTask(id) => self.tasks.remove(&id),
            Write::RemoveInstance(id) => {
                self.instances.remove(&id);
                self.pulls.remove(&id);
            }
            Write::RemoveSchedule(key) => self.schedules.remove(&key),
            Write::RemoveScheduleGroup(name) => self.schedule_groups.remove(&name),
        }
        if told {
            self.changes.send_replace(());
        }
        self.all_changes.send_replace(());
    }

    /// Shows what a container instance pulls, in place of what it pulled before.
    pub(crate) fn show_pulls(&self, instance: &InstanceId, pulls: Vec<Pulling>) {
        match (pulls.is_empty(), self.pulls.get(instance)) {
            (true, None) => return,
            (true, Some(_)) => self.pulls.remove(instance),
            (false, _) => self.pulls.put(instance.clone(), Arc::new(pulls)),
        }
        self.all_changes.send_replace(());
    }

    /// What a container instance pulls.
    pub fn pulls_of(&self, instance: &InstanceId) -> Arc<Vec<Pulling>> {
        self.pulls.get(instance).unwrap_or_default()
    }

    /// Tells of changes to tasks and services; several at once may be told of as one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Tells of changes to anything; several at once may be told of as one.
    pub fn all_changes(&self) -> watch::Receiver<()> {
        self.all_changes.subscribe()
    }

    /// The cluster, where it is ACTIVE.
    pub fn active_cluster(&self, name: &ClusterName) -> Option<Arc<Cluster>> {
        self.clusters.get(name).filter(|cluster| cluster.status == ClusterStatus::Active)
    }

    /// A service's tasks, STOPPED ones too.
    pub fn tasks_of_service(&self, key: &ServiceKey) -> Vec<Arc<Task>> {
        self.tasks.filter(|task| {
            task.cluster == key.cluster
                && matches!(&task.owner, TaskOwner::Service { service, .. } if *service == key.name)
        })
    }

    /// How many live tasks of each group are on each instance of a cluster.
    pub fn groups_by_instance(&self, cluster: &ClusterName) -> BTreeMap<InstanceId, BTreeMap<String, u32>> {
        let mut groups: BTreeMap<InstanceId, BTreeMap<String, u32>> = BTreeMap::new();
        let live = |task: &Task| task.cluster == *cluster && task.last_status != TaskStatus::Stopped;
        for task in self.tasks.filter(live) {
            *groups.entry(task.instance.clone()).or_default().entry(task.group.clone()).or_default() += 1;
        }
        groups
    }

    /// The newest ACTIVE revision of a family.
    pub fn latest_active(&self, family: &Family) -> Option<Arc<TaskDefinition>> {
        use mainstay_core::model::DefinitionStatus;
        let active = |d: &TaskDefinition| d.key.family == *family && d.status == DefinitionStatus::Active;
        self.definitions.filter(active).into_iter().next_back()
    }
}
