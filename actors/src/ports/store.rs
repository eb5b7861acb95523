//! Where acknowledged writes are kept.

use futures::future::BoxFuture;
use mainstay_core::events::Event;
use mainstay_core::model::{
    CapacityProvider, Cluster, ContainerInstance, Schedule, ScheduleGroup, Service, Task, TaskDefinition,
};
use mainstay_core::{
    CapacityProviderName, ClusterName, Family, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey,
    ServiceKey, TaskId,
};

/// A durable home of the records.
pub trait Store: Send + Sync + 'static {
    /// Everything, once, at start.
    ///
    /// # Errors
    /// What is there cannot be read; nothing was changed.
    fn load(&self) -> Result<Snapshot, StoreError>;

    /// Writes the batch, all or nothing; resolves when it is on disk. Batches are applied in the order in which
    /// this was called, and several may share one sync.
    fn commit(&self, batch: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>>;

    /// Events that come after the `after`-th, oldest first, `most` of them at most: those that are on disk.
    fn events(&self, after: u64, most: usize) -> BoxFuture<'static, Result<EventPage, StoreError>>;
}

/// Some of the events that are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventPage {
    /// The oldest that is kept; 0 where none is.
    pub oldest: u64,
    /// Those that were asked for.
    pub events: Vec<Event>,
}

/// One change of one record.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most writes are of tasks, the largest; a box would only add to them"
)]
pub enum Write {
    /// Adds or replaces a cluster.
    Cluster(Cluster),
    /// Adds or replaces a task definition.
    TaskDefinition(TaskDefinition),
    /// The highest revision ever given in a family.
    LastRevision(Family, u32),
    /// Adds or replaces a service.
    Service(Service),
    /// Adds or replaces a task.
    Task(Task),
    /// Adds or replaces a container instance.
    Instance(ContainerInstance),
    /// Adds or replaces a schedule.
    Schedule(Schedule),
    /// Adds or replaces a group of schedules.
    ScheduleGroup(ScheduleGroup),
    /// Adds or replaces a capacity provider.
    CapacityProvider(CapacityProvider),
    /// Adds an event.
    Event(Box<Event>),
    /// Removes all events up to this one.
    ForgetEvents(u64),
    /// A subscriber has everything up to this event.
    Cursor(String, u64),
    /// Removes a cluster.
    RemoveCluster(ClusterName),
    /// Removes a task definition.
    RemoveTaskDefinition(RevisionKey),
    /// Removes a service.
    RemoveService(ServiceKey),
    /// Removes a task.
    RemoveTask(TaskId),
    /// Removes a container instance.
    RemoveInstance(InstanceId),
    /// Removes a schedule.
    RemoveSchedule(ScheduleKey),
    /// Removes a group of schedules.
    RemoveScheduleGroup(ScheduleGroupName),
    /// Removes a capacity provider.
    RemoveCapacityProvider(CapacityProviderName),
}

/// Everything a store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Clusters.
    pub clusters: Vec<Cluster>,
    /// Task definitions.
    pub task_definitions: Vec<TaskDefinition>,
    /// The highest revision ever given in each family.
    pub last_revisions: Vec<(Family, u32)>,
    /// Services.
    pub services: Vec<Service>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Container instances.
    pub instances: Vec<ContainerInstance>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Groups of schedules.
    pub schedule_groups: Vec<ScheduleGroup>,
    /// Capacity providers.
    pub capacity_providers: Vec<CapacityProvider>,
    /// The oldest and the newest event that are kept, where any is.
    pub events: Option<(u64, u64)>,
    /// Up to which event each subscriber has everything.
    pub cursors: Vec<(String, u64)>,
}

/// Why a store could not read or write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The write did not reach the disk; the record is as it was.
    #[error("the store could not write: {detail}")]
    Write {
        /// What was seen.
        detail: String,
    },
    /// What is there cannot be read.
    #[error("the store at {path} could not be read: {detail}")]
    Read {
        /// Where.
        path: String,
        /// What was seen, and what to do.
        detail: String,
    },
}
