//! A cluster's owner of RunTask tasks: places them, keeps their actors, never replaces them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_core::lifecycle::{self, NewTask};
use mainstay_core::model::{DefinitionStatus, Resources, Task, TaskDefinition, TaskOwner, TaskStatus};
use mainstay_core::placement::{self, GpuNeed, Refusal, Request, capacity};
use mainstay_core::{CapacityProviderName, ClusterName, InstanceId, TaskId};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::context::Context;
use crate::control::{ControlError, Failure, Ran, Reply, RunTask};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::metrics;
use crate::placement::{Holder, Place, PlacementMsg, group_of, seed_of};
use crate::ports::{StoreError, Write};
use crate::task::TaskChildren;
use crate::tokens::Held;
use crate::tree::{Kind, Life, Path};

/// The actor.
pub struct Tasks {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
}

/// What it is told.
#[derive(strum::IntoStaticStr)]
pub enum TasksMsg {
    /// Attach to the tasks that are there; sent by it to itself at its birth.
    Attach,
    /// Run tasks.
    Run {
        /// What.
        request: Box<RunTask>,
        /// Where the answer goes.
        reply: Reply<Ran>,
    },
    /// Placement's answer for one task of a run.
    Placed {
        /// Which run.
        run: u64,
        /// Which task.
        task: TaskId,
        /// The capacity provider that it is of, where a strategy places it.
        provider: Option<CapacityProviderName>,
        /// Where, or why not.
        place: Result<Place, Refusal>,
    },
    /// The tasks of a run are on disk, or are not.
    Written {
        /// Whose run.
        by: ActorId,
        /// Which run.
        run: u64,
        /// Its tasks.
        made: Vec<Arc<Task>>,
        /// Whether.
        outcome: Result<(), StoreError>,
    },
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(TasksMsg);

/// Its state.
pub struct TasksState {
    cluster: ClusterName,
    children: TaskChildren,
    runs: BTreeMap<u64, Run>,
    last_run: u64,
    _presence: Presence<ClusterName, TasksMsg>,
    _life: Life,
}

/// A RunTask on its way.
struct Run {
    request: RunTask,
    definition: Arc<TaskDefinition>,
    request_of_each: Request,
    waiting: usize,
    placed: Vec<(TaskId, Place, Option<CapacityProviderName>)>,
    refused: Vec<Refusal>,
    made: Vec<Arc<Task>>,
    replies: Vec<Reply<Ran>>,
}

type Me = ActorRef<TasksMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for Tasks {
    type Msg = TasksMsg;
    type State = TasksState;
    type Arguments = ClusterName;

    async fn pre_start(&self, me: Me, cluster: ClusterName) -> Result<TasksState, ActorProcessingErr> {
        me.cast(TasksMsg::Attach)?;
        let children =
            TaskChildren::new(Arc::clone(&self.ctx), self.path.clone(), Kind::Tasks, Arc::new(|_| {}));
        Ok(TasksState {
            _presence: self.ctx.directory.tasks_of_clusters.enter(cluster.clone(), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Tasks, self.ctx.nature.wall()),
            cluster,
            children,
            runs: BTreeMap::new(),
            last_run: 0,
        })
    }

    async fn handle(&self, me: Me, message: TasksMsg, state: &mut TasksState) -> Handled {
        match message {
            TasksMsg::Attach => self.attach(&me, state).await?,
            TasksMsg::Run { request, reply } => self.run(&me, state, *request, reply),
            TasksMsg::Placed { run, task, provider, place } => {
                self.placed(&me, state, run, (task, provider), place);
            }
            TasksMsg::Written { by, run, outcome, .. } if by == me.get_id() => {
                self.written(&me, state, run, outcome).await?;
            }
            TasksMsg::Written { made, outcome: Ok(()), .. } => self.inherit(&me, state, made).await?,
            TasksMsg::Written { .. } => {}
            TasksMsg::Probe => {}
            #[cfg(feature = "sim")]
            TasksMsg::Panic => panic!("asked to"),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: Me,
        event: SupervisionEvent,
        state: &mut TasksState,
    ) -> Handled {
        state.children.on_event(&me, event).await.map(|_| ())
    }

    async fn post_stop(&self, _: Me, state: &mut TasksState) -> Handled {
        state.children.stop_all().await;
        Ok(())
    }
}

impl Tasks {
    async fn attach(&self, me: &Me, state: &mut TasksState) -> Handled {
        let ours = |task: &Task| {
            task.cluster == state.cluster
                && task.owner == TaskOwner::Standalone
                && task.last_status != TaskStatus::Stopped
        };
        let tasks = self.ctx.view.tasks.filter(ours);
        let known: BTreeSet<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        self.tell_placement(state, PlacementMsg::Keep { holder: Holder::Standalone, tasks: known });
        for task in tasks {
            state.children.start(me.get_cell(), task).await?;
        }
        Ok(())
    }

    fn run(&self, me: &Me, state: &mut TasksState, request: RunTask, reply: Reply<Ran>) {
        if let Some(token) = &request.client_token {
            let same = |run: &&mut Run| run.request.client_token.as_ref() == Some(token);
            if let Some(run) = state.runs.values_mut().find(same) {
                if run.request == request {
                    run.replies.push(reply);
                } else {
                    drop(reply.send(Err(conflict(token))));
                }
                return;
            }
            if self.ctx.tokens.is_held(&state.cluster, token) {
                let text =
                    format!("what was asked for with the client token {token} is being written; ask again");
                return drop(reply.send(Err(ControlError::Unavailable(text))));
            }
            let before = |t: &Task| t.cluster == state.cluster && t.client_token.as_ref() == Some(token);
            let tasks = self.ctx.view.tasks.filter(before);
            if let Some(first) = tasks.first() {
                let network = first.network.as_ref().map(|network| &network.configuration);
                let same = first.definition == request.definition
                    && first.overrides == request.overrides
                    && network == request.network.as_ref()
                    && first.capacity_provider.is_some() != request.capacity.is_empty()
                    && first.launch_type.is_none_or(|known| known == request.launch_type);
                let answer =
                    if same { Ok(Ran { tasks, failures: Vec::new() }) } else { Err(conflict(token)) };
                drop(reply.send(answer));
                return;
            }
        }
        let definition = match self.ctx.view.definitions.get(&request.definition) {
            None => return drop(reply.send(Err(ControlError::DefinitionNotFound(request.definition)))),
            Some(found) if found.status != DefinitionStatus::Active => {
                return drop(reply.send(Err(ControlError::DefinitionInactive(request.definition))));
            }
            Some(found) => found,
        };
        let group = request.group.clone().unwrap_or_else(|| format!("family:{}", definition.key.family));
        let resources = placement::requirements(&definition, &request.overrides);
        let constraints = definition.placement_constraints.iter().chain(&request.placement_constraints);
        let request_of_each = Request {
            resources,
            gpus: GpuNeed::of(&definition, &request.overrides),
            attributes: placement::required_attributes(&definition),
            constraints: constraints.cloned().collect(),
            strategy: request.placement_strategy.clone(),
            ..Request::of_group(group)
        };
        state.last_run += 1;
        let number = state.last_run;
        let run = Run {
            waiting: request.count as usize,
            request_of_each,
            definition,
            request,
            placed: Vec::new(),
            refused: Vec::new(),
            made: Vec::new(),
            replies: vec![reply],
        };
        let mut instances = run.request.on.iter().cloned();
        let strategy = &run.request.capacity;
        let mut providers = capacity::share_out(strategy, &BTreeMap::new(), run.request.count).into_iter();
        for _ in 0..run.request.count {
            let (on, provider) = (instances.next(), providers.next());
            let (task, me) = (self.ctx.nature.task_id(), me.clone());
            let id = task.clone();
            let mut request = Request { seed: seed_of(&task), ..run.request_of_each.clone() };
            request.attributes.extend(provider.as_ref().and_then(|name| group_of(&self.ctx, name)));
            let answer = Box::new(move |place| {
                drop(me.cast(TasksMsg::Placed { run: number, task: id, provider, place }));
            });
            let holder = Holder::Standalone;
            let reserve =
                PlacementMsg::Reserve { task, holder, request: Box::new(request), on, answer, room: None };
            self.tell_placement(state, reserve);
        }
        state.runs.insert(number, run);
    }

    fn placed(
        &self,
        me: &Me,
        state: &mut TasksState,
        number: u64,
        (task, provider): (TaskId, Option<CapacityProviderName>),
        place: Result<Place, Refusal>,
    ) {
        let Some(run) = state.runs.get_mut(&number) else { return };
        match place {
            Ok(place) => run.placed.push((task, place, provider)),
            Err(refusal) => run.refused.push(refusal),
        }
        run.waiting -= 1;
        if run.waiting > 0 {
            return;
        }
        let now = self.ctx.nature.wall();
        let make = |(id, Place { instance, gpus }, capacity_provider)| {
            Arc::new(lifecycle::new_task(
                NewTask {
                    id,
                    cluster: run.request.cluster.clone(),
                    definition: &run.definition,
                    overrides: run.request.overrides.clone(),
                    owner: TaskOwner::Standalone,
                    group: run.request_of_each.group.clone(),
                    started_by: run.request.started_by.clone(),
                    instance,
                    network: run.request.network.clone(),
                    launch_type: run.request.launch_type,
                    capacity_provider,
                    resources: Resources { gpus, ..run.request_of_each.resources.clone() },
                    tags: run.request.tags.clone(),
                    client_token: run.request.client_token.clone(),
                    enable_execute_command: run.request.enable_execute_command,
                },
                now,
            ))
        };
        run.made = std::mem::take(&mut run.placed).into_iter().map(make).collect();
        Failpoint::RunTaskPlaced.hit();
        let held = run.request.client_token.as_ref();
        let held = held.map(|token| Held::new(&self.ctx, &state.cluster, token));
        let done = self.ctx.commit(run.made.iter().map(|task| Write::Task(Task::clone(task))).collect());
        let (by, made, ctx, cluster) =
            (me.get_id(), run.made.clone(), Arc::clone(&self.ctx), state.cluster.clone());
        self.ctx.spawn(async move {
            let outcome = done.await;
            Failpoint::RunTaskCommitted.hit();
            if outcome.is_ok() {
                ctx.show(made.iter().map(|task| Write::Task(Task::clone(task))).collect());
            }
            drop(held);
            Failpoint::RunTaskShown.hit();
            // To whoever is in charge by then: what is on disk is run. One that is being born sees it by itself.
            if let Some(tasks) = ctx.directory.tasks_of_clusters.get(&cluster) {
                drop(tasks.cast(TasksMsg::Written { by, run: number, made, outcome }));
            }
        });
    }

    /// Takes over what was written for an incarnation of this actor that has ended meanwhile.
    async fn inherit(&self, me: &Me, state: &mut TasksState, made: Vec<Arc<Task>>) -> Handled {
        for task in made {
            let attached = state.children.get(&task.id).is_some();
            let over = |known: Arc<Task>| known.last_status == TaskStatus::Stopped;
            if !attached && !self.ctx.view.tasks.get(&task.id).is_none_or(over) {
                self.tell_placement(state, PlacementMsg::Hold(Arc::clone(&task)));
                state.children.start(me.get_cell(), task).await?;
            }
        }
        Ok(())
    }

    async fn written(
        &self,
        me: &Me,
        state: &mut TasksState,
        number: u64,
        outcome: Result<(), StoreError>,
    ) -> Handled {
        let Some(run) = state.runs.remove(&number) else { return Ok(()) };
        let answer = match outcome {
            Ok(()) => {
                for task in &run.made {
                    metrics::task_starts(state.cluster.as_str(), "").increment(1);
                    state.children.start(me.get_cell(), Arc::clone(task)).await?;
                }
                self.answer(&run)
            }
            Err(error) => {
                for task in &run.made {
                    self.tell_placement(state, PlacementMsg::Release(task.id.clone()));
                }
                Err(ControlError::Unavailable(error.to_string()))
            }
        };
        Failpoint::RunTaskStarted.hit();
        for reply in run.replies {
            // The caller may have gone; the tasks run all the same.
            drop(reply.send(answer.clone()));
        }
        Ok(())
    }

    fn answer(&self, run: &Run) -> Result<Ran, ControlError> {
        if run.made.is_empty() && run.refused.contains(&Refusal::NoInstances) {
            return Err(ControlError::NoInstances);
        }
        let arn = |id: &InstanceId| self.ctx.settings.partition.instance(&run.request.cluster, id);
        let failure = |refusal: &Refusal| {
            let (closest, reason) = refusal.failure();
            Failure { arn: closest.map(arn), reason: reason.into(), detail: None }
        };
        Ok(Ran { tasks: run.made.clone(), failures: run.refused.iter().map(failure).collect() })
    }

    fn tell_placement(&self, state: &TasksState, message: PlacementMsg) {
        // Placement's end takes us with it (rest for one), so nothing waits for an answer that never comes.
        if let Some(placement) = self.ctx.directory.placements.get(&state.cluster) {
            drop(placement.cast(message));
        }
    }
}

fn conflict(token: &str) -> ControlError {
    ControlError::Conflict(format!("clientToken '{token}' was used before with other parameters."))
}
