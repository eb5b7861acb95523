//! A cluster's placement: the only one to reserve and release what container instances have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_core::model::{CapacityProvider, ContainerInstance, Task, TaskStatus};
use mainstay_core::placement::{Lack, Ledger, Refusal, Request};
use mainstay_core::{CapacityProviderName, ClusterName, InstanceId, ServiceName, TaskId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::time::Instant;

use crate::context::Context;
use crate::directory::Presence;
use crate::measured::probed;
use crate::metrics;
use crate::tree::{Kind, Life, Path};

/// The actor.
pub struct Placement {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
}

/// On whose behalf something is reserved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A service.
    Service(ServiceName),
    /// RunTask.
    Standalone,
}

/// A place that is reserved for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub instance: InstanceId,
    /// The GPUs there that are the task's, by their ids.
    pub gpus: Vec<String>,
}

/// Takes the answer back to who asked; called once.
pub type Answer = Box<dyn FnOnce(Result<Place, Refusal>) + Send>;
/// Tells a refused holder that there may be room now; called at most once for each refusal.
pub type Room = Box<dyn FnOnce() + Send>;

/// What placement is told.
#[derive(strum::IntoStaticStr)]
pub enum PlacementMsg {
    /// Find a place for a task and reserve it.
    Reserve {
        /// The task to be.
        task: TaskId,
        /// For whom.
        holder: Holder,
        /// What it needs.
        request: Box<Request>,
        /// The very instance to take, where somebody said which.
        on: Option<InstanceId>,
        /// Where the answer goes.
        answer: Answer,
        /// Who wants to know when there may be room, should there be none now.
        room: Option<Room>,
    },
    /// The task is there and holds what it holds.
    Hold(Arc<Task>),
    /// The task holds nothing any more.
    Release(TaskId),
    /// The holder has just begun anew and knows these tasks only: what else it held is released.
    Keep {
        /// Who.
        holder: Holder,
        /// Its tasks.
        tasks: BTreeSet<TaskId>,
    },
    /// An instance joined or changed.
    Instance(Box<ContainerInstance>),
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(PlacementMsg);

/// Placement's state.
pub struct PlacementState {
    cluster: ClusterName,
    ledger: Ledger,
    holders: BTreeMap<TaskId, Holder>,
    waiting: BTreeMap<Holder, Waiting>,
    _presence: Presence<ClusterName, PlacementMsg>,
    _life: Life,
}

/// Somebody who was refused.
struct Waiting {
    tell: Room,
    /// Whether it is not only less of something that it waits for: its constraints ask for tasks.
    for_tasks: bool,
}

impl Actor for Placement {
    type Msg = PlacementMsg;
    type State = PlacementState;
    type Arguments = ClusterName;

    /// The ledger is what the tasks in the view hold.
    async fn pre_start(
        &self,
        me: ActorRef<PlacementMsg>,
        cluster: ClusterName,
    ) -> Result<PlacementState, ActorProcessingErr> {
        // Entered before the look, so that a release or a change in between waits in the mailbox.
        let mut state = PlacementState {
            _presence: self.ctx.directory.placements.enter(cluster.clone(), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Placement, self.ctx.nature.wall()),
            ledger: Ledger::default(),
            holders: BTreeMap::new(),
            waiting: BTreeMap::new(),
            cluster,
        };
        let cluster = &state.cluster;
        for instance in self.ctx.view.instances.filter(|instance| instance.cluster == *cluster) {
            state.ledger.upsert_instance(&instance);
        }
        let holding =
            self.ctx.view.tasks.filter(|t| t.cluster == *cluster && t.last_status != TaskStatus::Stopped);
        for task in holding {
            state.hold(&task);
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<PlacementMsg>,
        message: PlacementMsg,
        state: &mut PlacementState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            PlacementMsg::Reserve { task, holder, request, on, answer, room } => {
                let began = Instant::now();
                let placed = match on {
                    Some(id) => state.ledger.reserve_on(task.clone(), &request, &id).map(|()| id),
                    None => state.ledger.reserve(task.clone(), &request),
                };
                let placed =
                    placed.map(|instance| Place { instance, gpus: state.ledger.gpus_of(&task).to_vec() });
                metrics::placement_seconds(state.cluster.as_str()).record(began.elapsed().as_secs_f64());
                match &placed {
                    Ok(_) => {
                        metrics::placements(state.cluster.as_str()).increment(1);
                        state.holders.insert(task, holder);
                        state.announce_tasks();
                    }
                    Err(refusal) => {
                        metrics::placement_failures(state.cluster.as_str(), lack_of(refusal)).increment(1);
                        if let Some(tell) = room {
                            let for_tasks = request.asks_for_tasks();
                            state.waiting.insert(holder, Waiting { tell, for_tasks });
                        }
                    }
                }
                answer(placed);
            }
            PlacementMsg::Hold(task) => {
                state.hold(&task);
                state.announce_tasks();
            }
            PlacementMsg::Release(task) => {
                state.holders.remove(&task);
                if state.ledger.release(&task) {
                    state.announce_room();
                }
            }
            PlacementMsg::Keep { holder, tasks } => {
                let leaked: Vec<TaskId> = state
                    .holders
                    .iter()
                    .filter(|(task, known)| **known == holder && !tasks.contains(*task))
                    .map(|(task, _)| task.clone())
                    .collect();
                for task in leaked {
                    state.holders.remove(&task);
                    state.ledger.release(&task);
                }
                state.announce_room();
            }
            PlacementMsg::Instance(instance) => {
                state.ledger.upsert_instance(&instance);
                if instance.accepts() {
                    state.announce_room();
                }
            }
            PlacementMsg::Probe => {}
            #[cfg(feature = "sim")]
            PlacementMsg::Panic => panic!("asked to"),
        }
        Ok(())
    }
}

impl PlacementState {
    fn hold(&mut self, task: &Task) {
        self.ledger.hold(task);
        self.holders.insert(task.id.clone(), crate::task::holder_of(task));
    }

    fn announce_room(&mut self) {
        for (_, Waiting { tell, .. }) in std::mem::take(&mut self.waiting) {
            tell();
        }
    }

    /// There is one more task somewhere, which may be what somebody's constraints ask for.
    fn announce_tasks(&mut self) {
        let holders = self.waiting.iter().filter(|(_, waiting)| waiting.for_tasks);
        for holder in holders.map(|(holder, _)| holder.clone()).collect::<Vec<_>>() {
            if let Some(Waiting { tell, .. }) = self.waiting.remove(&holder) {
                tell();
            }
        }
    }
}

/// Why placements are refused: all that [`lack_of`] says.
pub(crate) const REFUSALS: [&str; 10] = [
    "no_instances",
    "AGENT",
    "DRAINING",
    "memberOf",
    "distinctInstance",
    "ATTRIBUTE",
    "RESOURCE:CPU",
    "RESOURCE:MEMORY",
    "RESOURCE:PORTS",
    "RESOURCE:GPU",
];

fn lack_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoInstances => "no_instances",
        Refusal::Disconnected { .. } => "AGENT",
        Refusal::Draining { .. } => "DRAINING",
        Refusal::Insufficient { lack: Lack::MemberOf, .. } => "memberOf",
        Refusal::Insufficient { lack: Lack::DistinctInstance, .. } => "distinctInstance",
        Refusal::Insufficient { lack, .. } => lack.reason(),
    }
}

/// The attribute that the container instances of a capacity provider have; none of Fargate's, which are everywhere.
pub(crate) fn group_of(ctx: &Context, provider: &CapacityProviderName) -> Option<(String, String)> {
    if provider.is_fargate() {
        return None;
    }
    let known = ctx.view.capacity_providers.get(provider);
    // One that was deleted meanwhile has no instances.
    let group = known.map(|known| known.group().to_owned()).unwrap_or_default();
    Some((CapacityProvider::GROUP.to_owned(), group))
}

/// What a task's place is drawn with where its strategy is chance: another one for each task, the same if it asks again.
pub(crate) fn seed_of(task: &TaskId) -> u64 {
    mainstay_core::fnv1a(task.as_str().as_bytes(), b"place")
}
