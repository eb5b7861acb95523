//! The disk's part of the audit: does the store hold what the view shows? Nothing should ever be found; what is, is
//! counted, logged and written again by the ordinary paths. The engine's part is each host's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mainstay_core::model::{
    CapacityProvider, Cluster, ContainerInstance, Schedule, ScheduleGroup, Service, Task, TaskDefinition,
};
use mainstay_core::{
    CapacityProviderName, ClusterName, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey, ServiceKey,
    TaskId,
};

use crate::context::Context;
use crate::metrics;
use crate::ports::Write;
use crate::schedules::{Again, SchedulesMsg};
use crate::service::ServiceMsg;
use crate::view::{Table, View};

/// Between two audits.
pub(crate) const AUDIT_EVERY: Duration = Duration::from_secs(5 * 60);
/// A difference counts where it is still there after this time: an answer may be just on its way from the disk.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A record that is not on disk as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    Cluster(ClusterName),
    Definition(RevisionKey),
    Service(ServiceKey),
    Task(TaskId),
    Instance(InstanceId),
    CapacityProvider(CapacityProviderName),
    ScheduleGroup(ScheduleGroupName),
    Schedule(ScheduleKey),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(name) => write!(f, "cluster {name}"),
            Self::Definition(key) => write!(f, "task definition {key}"),
            Self::Service(key) => write!(f, "service {key}"),
            Self::Task(id) => write!(f, "task {id}"),
            Self::Instance(id) => write!(f, "container instance {id}"),
            Self::CapacityProvider(name) => write!(f, "capacity provider {name}"),
            Self::ScheduleGroup(name) => write!(f, "schedule group {name}"),
            Self::Schedule(key) => write!(f, "schedule {key}"),
        }
    }
}

/// Compares, twice, and has written again what differs both times.
pub(crate) async fn audit(ctx: Context) {
    let Some(first) = compare(&ctx).await.filter(|found| !found.is_empty()) else { return };
    tokio::time::sleep(LOOK_AGAIN).await;
    let Some(second) = compare(&ctx).await else { return };
    for finding in first.intersection(&second) {
        tracing::error!(record = %finding, "an audit found that the disk does not hold what is shown; writing it again");
        metrics::audit_findings().increment(1);
        repair(&ctx, finding);
    }
}

/// What differs now; `None` where the disk does not answer, which is its writers' to tell.
async fn compare(ctx: &Context) -> Option<BTreeSet<Finding>> {
    let (view, before) = (&ctx.view, Shown::of(&ctx.view));
    let disk = ctx.read_back().await.ok()?;
    let mut found = BTreeSet::new();
    differing(
        &before.clusters,
        &view.clusters,
        disk.clusters,
        |c| c.name.clone(),
        &mut found,
        Finding::Cluster,
    );
    differing(
        &before.definitions,
        &view.definitions,
        disk.task_definitions,
        |definition| definition.key.clone(),
        &mut found,
        Finding::Definition,
    );
    differing(
        &before.services,
        &view.services,
        disk.services,
        |s| s.key.clone(),
        &mut found,
        Finding::Service,
    );
    differing(&before.tasks, &view.tasks, disk.tasks, |task| task.id.clone(), &mut found, Finding::Task);
    // Whether its agent and engine answer is not the disk's to know.
    let mut instances = disk.instances;
    for instance in &mut instances {
        if let Some(shown) = view.instances.get(&instance.id) {
            instance.agent_connected = shown.agent_connected;
            instance.engine_connected = shown.engine_connected;
        }
    }
    differing(&before.instances, &view.instances, instances, |i| i.id.clone(), &mut found, Finding::Instance);
    differing(
        &before.capacity_providers,
        &view.capacity_providers,
        disk.capacity_providers,
        |provider| provider.name.clone(),
        &mut found,
        Finding::CapacityProvider,
    );
    differing(
        &before.schedule_groups,
        &view.schedule_groups,
        disk.schedule_groups,
        |g| g.name.clone(),
        &mut found,
        Finding::ScheduleGroup,
    );
    differing(
        &before.schedules,
        &view.schedules,
        disk.schedules,
        |s| s.key.clone(),
        &mut found,
        Finding::Schedule,
    );
    Some(found)
}

/// What was shown at one moment.
struct Shown {
    clusters: Vec<Arc<Cluster>>,
    definitions: Vec<Arc<TaskDefinition>>,
    services: Vec<Arc<Service>>,
    tasks: Vec<Arc<Task>>,
    instances: Vec<Arc<ContainerInstance>>,
    capacity_providers: Vec<Arc<CapacityProvider>>,
    schedule_groups: Vec<Arc<ScheduleGroup>>,
    schedules: Vec<Arc<Schedule>>,
}

impl Shown {
    fn of(view: &View) -> Self {
        Self {
            clusters: view.clusters.all(),
            definitions: view.definitions.all(),
            services: view.services.all(),
            tasks: view.tasks.all(),
            instances: view.instances.all(),
            capacity_providers: view.capacity_providers.all(),
            schedule_groups: view.schedule_groups.all(),
            schedules: view.schedules.all(),
        }
    }
}

/// Adds what was shown all the while and is not so on disk, and what the disk has that was never shown.
fn differing<K: Ord + Clone, V: PartialEq>(
    before: &[Arc<V>],
    now: &Table<K, V>,
    disk: Vec<V>,
    key: impl Fn(&V) -> K,
    found: &mut BTreeSet<Finding>,
    finding: impl Fn(K) -> Finding,
) {
    let mut disk: BTreeMap<K, V> = disk.into_iter().map(|record| (key(&record), record)).collect();
    for shown in before {
        let key = key(shown);
        let written = disk.remove(&key);
        let unchanged = now.get(&key).is_some_and(|now| Arc::ptr_eq(&now, shown));
        if unchanged && written.as_ref() != Some(&**shown) {
            found.insert(finding(key));
        }
    }
    found.extend(disk.into_keys().filter(|key| now.get(key).is_none()).map(finding));
}

fn repair(ctx: &Context, finding: &Finding) {
    let view = &ctx.view;
    let write = match finding {
        // Only the service knows whether a change of a person's is under way, which must not be overwritten.
        Finding::Service(key) if view.services.get(key).is_some() => {
            if let Some(actor) = ctx.directory.services.get(key) {
                drop(actor.cast(ServiceMsg::NoteAgain));
                return;
            }
            view.services.get(key).map(|service| Write::Service(Service::clone(&service)))
        }
        // Nor is anybody but their owner to say what schedules are.
        Finding::ScheduleGroup(name) => return write_again(ctx, Again::Group(name.clone())),
        Finding::Schedule(key) => return write_again(ctx, Again::Schedule(key.clone())),
        Finding::Service(key) => Some(Write::RemoveService(key.clone())),
        Finding::Cluster(name) => Some(match view.clusters.get(name) {
            Some(cluster) => Write::Cluster(Cluster::clone(&cluster)),
            None => Write::RemoveCluster(name.clone()),
        }),
        Finding::Definition(key) => Some(match view.definitions.get(key) {
            Some(definition) => Write::TaskDefinition(TaskDefinition::clone(&definition)),
            None => Write::RemoveTaskDefinition(key.clone()),
        }),
        Finding::Task(id) => Some(match view.tasks.get(id) {
            Some(task) => Write::Task(Task::clone(&task)),
            None => Write::RemoveTask(id.clone()),
        }),
        Finding::Instance(id) => Some(match view.instances.get(id) {
            Some(instance) => Write::Instance(ContainerInstance::clone(&instance)),
            None => Write::RemoveInstance(id.clone()),
        }),
        Finding::CapacityProvider(name) => Some(match view.capacity_providers.get(name) {
            Some(provider) => Write::CapacityProvider(CapacityProvider::clone(&provider)),
            None => Write::RemoveCapacityProvider(name.clone()),
        }),
    };
    if let Some(write) = write {
        ctx.rewrite(write);
    }
}

fn write_again(ctx: &Context, what: Again) {
    if let Some(actor) = ctx.directory.schedules.get(&()) {
        drop(actor.cast(SchedulesMsg::WriteAgain(what)));
    }
}
