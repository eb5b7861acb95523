//! The catalog: owns clusters and task definitions, and the births of services and container instances; forgets
//! what has been over for long.

mod births;
mod capacity;
mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_core::model::{
    CapacityProvider, Cluster, ClusterStatus, ContainerInstance, DefinitionStatus, ManagedScaling, Service,
    ServiceStatus, StrategyItem, TaskDefinition, Timestamp,
};
use mainstay_core::tagging::TagChange;
use mainstay_core::{CapacityProviderName, ClusterName, Family, RevisionKey, ServiceKey};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::audit::{self, AUDIT_EVERY};
use crate::cluster;
use crate::context::Context;
use crate::control::{ControlError, NewCapacityProvider, NewCluster, NewInstance, NewService, Reply};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::ports::{StoreError, Write};
use crate::supervisor::{ChildSpec, SupervisorMsg};
use crate::tree::{Kind, Life, Path};

/// Between two looks at what has been over for long.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The actor.
pub struct Catalog {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
}

/// What the catalog is told.
#[derive(strum::IntoStaticStr)]
pub enum CatalogMsg {
    /// Make a cluster.
    CreateCluster {
        /// Which.
        new: NewCluster,
        /// Where the answer goes.
        reply: Reply<Arc<Cluster>>,
    },
    /// Delete an empty cluster.
    DeleteCluster {
        /// Which.
        name: ClusterName,
        /// Where the answer goes.
        reply: Reply<Arc<Cluster>>,
    },
    /// Make a capacity provider.
    CreateCapacityProvider {
        /// What.
        new: NewCapacityProvider,
        /// Where the answer goes.
        reply: Reply<Arc<CapacityProvider>>,
    },
    /// Change what is said of its scaling.
    UpdateCapacityProvider {
        /// Which.
        name: CapacityProviderName,
        /// To what; as it was where absent.
        scaling: Option<ManagedScaling>,
        /// Where the answer goes.
        reply: Reply<Arc<CapacityProvider>>,
    },
    /// Delete one that no cluster has.
    DeleteCapacityProvider {
        /// Which.
        name: CapacityProviderName,
        /// Where the answer goes.
        reply: Reply<Arc<CapacityProvider>>,
    },
    /// Give a cluster capacity providers and a default strategy.
    PutCapacityProviders {
        /// Which cluster.
        cluster: ClusterName,
        /// All it has from now on.
        providers: Vec<CapacityProviderName>,
        /// Its default strategy from now on.
        default_strategy: Vec<StrategyItem>,
        /// Where the answer goes.
        reply: Reply<Arc<Cluster>>,
    },
    /// Register a revision.
    RegisterDefinition {
        /// What; its number and time are given here.
        definition: Box<TaskDefinition>,
        /// Where the answer goes.
        reply: Reply<Arc<TaskDefinition>>,
    },
    /// Make a revision INACTIVE.
    DeregisterDefinition {
        /// Which.
        key: RevisionKey,
        /// Where the answer goes.
        reply: Reply<Arc<TaskDefinition>>,
    },
    /// Change a cluster's tags.
    TagCluster {
        /// Which.
        name: ClusterName,
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<Cluster>>,
    },
    /// Change a capacity provider's tags.
    TagCapacityProvider {
        /// Which.
        name: CapacityProviderName,
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<CapacityProvider>>,
    },
    /// Change a revision's tags.
    TagDefinition {
        /// Which.
        key: RevisionKey,
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<TaskDefinition>>,
    },
    /// Make a service.
    CreateService {
        /// What.
        new: Box<NewService>,
        /// Where the answer goes.
        reply: Reply<Arc<Service>>,
    },
    /// Register a container instance.
    RegisterInstance {
        /// What.
        new: Box<NewInstance>,
        /// Where the answer goes.
        reply: Reply<Arc<ContainerInstance>>,
    },
    /// A write is on disk, or is not.
    Written {
        /// What it was about.
        subject: Subject,
    },
    /// Forget what has been over for long; sent by it to itself.
    Sweep,
    /// See whether the disk holds what is shown; sent by it to itself.
    Audit,
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(CatalogMsg);

/// What a write is about: two writes about one subject never overlap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A cluster and the births in it.
    Cluster(ClusterName),
    /// A family of task definitions.
    Family(Family),
    /// All capacity providers: a name and a group are given once.
    CapacityProviders,
}

/// The catalog's state.
pub struct CatalogState {
    /// Subjects being written, each with who waits behind it.
    writing: BTreeMap<Subject, Vec<CatalogMsg>>,
    /// Since when services are known to be INACTIVE.
    inactive: BTreeMap<ServiceKey, Instant>,
    _presence: Presence<(), CatalogMsg>,
    _life: Life,
}

/// What follows a write: the answer, and the births it promised. It happens even if the actor ends meanwhile.
type Then = Box<dyn FnOnce(&Context, Result<(), StoreError>) + Send>;

/// What is to be written, and what then; `None` where all is answered.
type Decided = Option<(Vec<Write>, Then)>;
type Me = ActorRef<CatalogMsg>;

impl Actor for Catalog {
    type Msg = CatalogMsg;
    type State = CatalogState;
    type Arguments = ();

    async fn pre_start(&self, me: Me, (): ()) -> Result<CatalogState, ActorProcessingErr> {
        me.send_after(SWEEP_EVERY, || CatalogMsg::Sweep);
        me.send_after(AUDIT_EVERY, || CatalogMsg::Audit);
        Ok(CatalogState {
            writing: BTreeMap::new(),
            inactive: BTreeMap::new(),
            _presence: self.ctx.directory.catalog.enter((), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Catalog, self.ctx.nature.wall()),
        })
    }

    async fn handle(
        &self,
        me: Me,
        message: CatalogMsg,
        state: &mut CatalogState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CatalogMsg::Written { subject } => {
                for waiting in state.writing.remove(&subject).unwrap_or_default() {
                    self.take(&me, state, waiting);
                }
            }
            CatalogMsg::Sweep => {
                self.sweep(state);
                me.send_after(SWEEP_EVERY, || CatalogMsg::Sweep);
            }
            CatalogMsg::Audit => {
                self.ctx.spawn(audit::audit(Arc::clone(&self.ctx)));
                me.send_after(AUDIT_EVERY, || CatalogMsg::Audit);
            }
            request => self.take(&me, state, request),
        }
        Ok(())
    }
}

impl CatalogState {
    /// Another subject whose write this request has to wait for: a capacity provider goes only where no cluster has it,
    /// and a cluster gets only those that are there.
    fn behind(&self, subject: &Subject, message: &CatalogMsg) -> Option<Subject> {
        if self.writing.contains_key(subject) {
            return None;
        }
        match message {
            CatalogMsg::DeleteCapacityProvider { .. } => {
                self.writing.keys().find(|known| matches!(known, Subject::Cluster(_))).cloned()
            }
            CatalogMsg::PutCapacityProviders { .. } | CatalogMsg::CreateCluster { .. } => {
                Some(Subject::CapacityProviders).filter(|known| self.writing.contains_key(known))
            }
            _ => None,
        }
    }
}

impl Catalog {
    /// Takes a request, or queues it behind the write about the same subject.
    fn take(&self, me: &Me, state: &mut CatalogState, message: CatalogMsg) {
        let Some(subject) = subject_of(&message) else { return };
        let behind = state.behind(&subject, &message).unwrap_or_else(|| subject.clone());
        if let Some(queue) = state.writing.get_mut(&behind) {
            queue.push(message);
            return;
        }
        let [decided, committed, shown] = failpoints_of(&message);
        let Some((batch, then)) = self.decide(message) else { return };
        decided.hit();
        let done = self.ctx.commit(batch.clone());
        state.writing.insert(subject.clone(), Vec::new());
        let (me, ctx) = (me.clone(), Arc::clone(&self.ctx));
        self.ctx.spawn(async move {
            let outcome = done.await;
            committed.hit();
            if outcome.is_ok() {
                ctx.show(batch);
            }
            shown.hit();
            then(&ctx, outcome);
            drop(me.cast(CatalogMsg::Written { subject }));
        });
    }

    /// Forgets tasks that have been STOPPED, and services that have been INACTIVE, for as long as they are kept.
    fn sweep(&self, state: &mut CatalogState) {
        let (view, now, wall) = (&self.ctx.view, self.ctx.nature.now(), self.ctx.nature.wall());
        let kept = self.ctx.settings.stopped_task_retention;
        let over = |at: Timestamp| u128::from(wall.millis_since(at)) >= kept.as_millis();
        for task in view.tasks.filter(|task| task.stopped_at.is_some_and(over)) {
            self.ctx.note(Write::RemoveTask(task.id.clone()));
        }
        let inactive = view.services.filter(|service| service.status == ServiceStatus::Inactive);
        state.inactive.retain(|key, _| inactive.iter().any(|service| service.key == *key));
        for service in inactive {
            let since = *state.inactive.entry(service.key.clone()).or_insert(now);
            let reborn = state.writing.contains_key(&Subject::Cluster(service.key.cluster.clone()));
            if now.saturating_duration_since(since) >= kept && !reborn {
                self.ctx.note(Write::RemoveService(service.key.clone()));
            }
        }
    }

    /// What to write and what follows; `None` where the request was answered at once.
    fn decide(&self, message: CatalogMsg) -> Decided {
        match message {
            CatalogMsg::CreateCluster { new, reply } => self.create_cluster(new, reply),
            CatalogMsg::DeleteCluster { name, reply } => self.delete_cluster(&name, reply),
            CatalogMsg::CreateCapacityProvider { new, reply } => self.create_capacity_provider(new, reply),
            CatalogMsg::UpdateCapacityProvider { name, scaling, reply } => {
                self.update_capacity_provider(name, scaling, reply)
            }
            CatalogMsg::DeleteCapacityProvider { name, reply } => self.delete_capacity_provider(name, reply),
            CatalogMsg::PutCapacityProviders { cluster, providers, default_strategy, reply } => {
                self.put_capacity_providers(&cluster, providers, default_strategy, reply)
            }
            CatalogMsg::RegisterDefinition { definition, reply } => self.register(*definition, reply),
            CatalogMsg::DeregisterDefinition { key, reply } => self.deregister(key, reply),
            CatalogMsg::TagCluster { name, change, reply } => self.tag_cluster(name, &change, reply),
            CatalogMsg::TagCapacityProvider { name, change, reply } => {
                self.tag_capacity_provider(name, &change, reply)
            }
            CatalogMsg::TagDefinition { key, change, reply } => self.tag_definition(key, &change, reply),
            CatalogMsg::CreateService { new, reply } => self.create_service(*new, reply),
            CatalogMsg::RegisterInstance { new, reply } => self.register_instance(*new, reply),
            CatalogMsg::Written { .. } | CatalogMsg::Sweep | CatalogMsg::Audit | CatalogMsg::Probe => None,
            #[cfg(feature = "sim")]
            CatalogMsg::Panic => panic!("asked to"),
        }
    }

    fn create_cluster(&self, new: NewCluster, reply: Reply<Arc<Cluster>>) -> Decided {
        if let Some(known) = self.ctx.view.active_cluster(&new.name) {
            return answer(reply, Ok(known));
        }
        if let Err(error) = self.check_providers(&new.capacity_providers, &new.default_strategy) {
            return answer(reply, Err(error));
        }
        let cluster = Cluster {
            name: new.name.clone(),
            status: ClusterStatus::Active,
            created_at: self.ctx.nature.wall(),
            tags: new.tags,
            execute_command_logging: new.execute_command_logging,
            capacity_providers: new.capacity_providers,
            default_strategy: new.default_strategy,
        };
        let made = Arc::new(cluster.clone());
        let then = move |ctx: &Context, outcome: Result<(), StoreError>| {
            if outcome.is_ok() {
                let parent = Path::root().child("clusters");
                start_child(ctx.directory.clusters.get(&()), cluster::cluster(ctx, &parent, new.name));
            }
            drop(reply.send(outcome.map(|()| made).map_err(unavailable)));
        };
        Some((vec![Write::Cluster(cluster)], Box::new(then)))
    }

    fn delete_cluster(&self, name: &ClusterName, reply: Reply<Arc<Cluster>>) -> Decided {
        use mainstay_core::model::TaskStatus;
        let view = &self.ctx.view;
        let Some(known) = view.active_cluster(name) else {
            return answer(reply, Err(ControlError::ClusterNotFound(name.clone())));
        };
        if view.instances.any(|instance| instance.cluster == *name) {
            return answer(reply, Err(ControlError::ClusterContainsContainerInstances));
        }
        if view
            .services
            .any(|service| service.key.cluster == *name && service.status != ServiceStatus::Inactive)
        {
            return answer(reply, Err(ControlError::ClusterContainsServices));
        }
        if view.tasks.any(|task| task.cluster == *name && task.last_status != TaskStatus::Stopped) {
            return answer(reply, Err(ControlError::ClusterContainsTasks));
        }
        // Its supervisor stays, idle, until the next start: an INACTIVE cluster gets no births.
        self.write_and_answer(
            Cluster { status: ClusterStatus::Inactive, ..Cluster::clone(&known) },
            Write::Cluster,
            reply,
        )
    }

    fn register(&self, mut definition: TaskDefinition, reply: Reply<Arc<TaskDefinition>>) -> Decided {
        let family = definition.key.family.clone();
        let last = self.ctx.view.last_revisions.get(&family).map_or(0, |last| *last);
        definition.key.revision = last + 1;
        definition.status = DefinitionStatus::Active;
        definition.registered_at = self.ctx.nature.wall();
        let made = Arc::new(definition.clone());
        let batch = vec![Write::LastRevision(family, last + 1), Write::TaskDefinition(definition)];
        let then = move |_: &Context, outcome: Result<(), StoreError>| {
            drop(reply.send(outcome.map(|()| made).map_err(unavailable)));
        };
        Some((batch, Box::new(then)))
    }

    fn deregister(&self, key: RevisionKey, reply: Reply<Arc<TaskDefinition>>) -> Decided {
        let Some(known) = self.ctx.view.definitions.get(&key) else {
            return answer(reply, Err(ControlError::DefinitionNotFound(key)));
        };
        if known.status == DefinitionStatus::Inactive {
            return answer(reply, Ok(known));
        }
        let next = TaskDefinition {
            status: DefinitionStatus::Inactive,
            deregistered_at: Some(self.ctx.nature.wall()),
            ..TaskDefinition::clone(&known)
        };
        self.write_and_answer(next, Write::TaskDefinition, reply)
    }

    fn write_and_answer<T: Clone + Send + Sync + 'static>(
        &self,
        record: T,
        write: impl FnOnce(T) -> Write,
        reply: Reply<Arc<T>>,
    ) -> Decided {
        let made = Arc::new(record.clone());
        let then = move |_: &Context, outcome: Result<(), StoreError>| {
            drop(reply.send(outcome.map(|()| made).map_err(unavailable)));
        };
        Some((vec![write(record)], Box::new(then)))
    }
}

/// Where the supervisor is being started again it will find the record by itself.
fn start_child(supervisor: Option<ActorRef<SupervisorMsg>>, spec: ChildSpec) {
    if let Some(supervisor) = supervisor {
        drop(supervisor.cast(SupervisorMsg::Start(spec)));
    }
}

fn subject_of(message: &CatalogMsg) -> Option<Subject> {
    Some(match message {
        CatalogMsg::CreateCluster { new, .. } => Subject::Cluster(new.name.clone()),
        CatalogMsg::DeleteCluster { name, .. } => Subject::Cluster(name.clone()),
        CatalogMsg::CreateCapacityProvider { .. }
        | CatalogMsg::UpdateCapacityProvider { .. }
        | CatalogMsg::DeleteCapacityProvider { .. }
        | CatalogMsg::TagCapacityProvider { .. } => Subject::CapacityProviders,
        CatalogMsg::PutCapacityProviders { cluster, .. } => Subject::Cluster(cluster.clone()),
        CatalogMsg::RegisterDefinition { definition, .. } => Subject::Family(definition.key.family.clone()),
        CatalogMsg::DeregisterDefinition { key, .. } => Subject::Family(key.family.clone()),
        CatalogMsg::TagCluster { name, .. } => Subject::Cluster(name.clone()),
        CatalogMsg::TagDefinition { key, .. } => Subject::Family(key.family.clone()),
        CatalogMsg::CreateService { new, .. } => Subject::Cluster(new.key.cluster.clone()),
        CatalogMsg::RegisterInstance { new, .. } => Subject::Cluster(new.cluster.clone()),
        CatalogMsg::Written { .. } | CatalogMsg::Sweep | CatalogMsg::Audit | CatalogMsg::Probe => {
            return None;
        }
        #[cfg(feature = "sim")]
        CatalogMsg::Panic => Subject::Cluster(ClusterName::new("")),
    })
}

/// On the way of a request: decided, committed, shown.
fn failpoints_of(message: &CatalogMsg) -> [Failpoint; 3] {
    use Failpoint as At;
    match message {
        CatalogMsg::RegisterDefinition { .. }
        | CatalogMsg::DeregisterDefinition { .. }
        | CatalogMsg::TagDefinition { .. } => {
            [At::DefinitionDecided, At::DefinitionCommitted, At::DefinitionShown]
        }
        CatalogMsg::CreateService { .. } => {
            [At::ServiceBirthDecided, At::ServiceBirthCommitted, At::ServiceBirthShown]
        }
        CatalogMsg::RegisterInstance { .. } => {
            [At::InstanceDecided, At::InstanceCommitted, At::InstanceShown]
        }
        _ => [At::ClusterDecided, At::ClusterCommitted, At::ClusterShown],
    }
}

fn unavailable(error: StoreError) -> ControlError {
    ControlError::Unavailable(error.to_string())
}

fn answer<T>(reply: Reply<T>, with: Result<T, ControlError>) -> Decided {
    // The caller may have gone.
    drop(reply.send(with));
    None
}

/// A service's place in the tree.
pub(crate) fn services_path(key: &ServiceKey) -> Path {
    cluster::path_of(&key.cluster).child("services")
}
