//! The agent's side: owns the container engine of this host and one `HostTask` for each task on it.
//!
//! It goes on supervising while the control plane is away. Engine events say when to look; the state that is
//! reported is always what a look at the engine showed. When the event stream breaks, it subscribes again first
//! and lists everything then, so that nothing falls in between.

mod acts;
mod container;
mod events;
mod gate;
mod images;
mod known;
mod looks;
mod pause;
mod provisions;
mod pulls;
mod router;
mod strays;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use mainstay_core::TaskId;
use mainstay_core::model::TaskSpec;
use mainstay_core::supervision::{End, Restarts};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::agent::SharedControlLink;
use crate::context::Context;
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::{Measured, probed};
use crate::metrics;
use crate::ports::{
    ContainerEngine, EngineContainer, EngineError, EngineEvent, EngineInfo, FromAgent, Inside, Secrets,
    ToAgent,
};
use crate::supervisor;
use crate::tree::{Kind, Life, Path};
pub use events::Heard;
use events::{EVENTS_WAITING, hear};
use gate::Gate;
pub(crate) use gate::LANES as ACT_LANES;
pub use gate::Limits;
pub(crate) use images::PULL_RESULTS;
use known::Known;
use pulls::Pulls;
use strays::{AUDIT_EVERY, Found, look_over};
pub use task::HostTaskMsg;
use task::{HostTask, Start};

/// Shortest and longest wait between two tries to reach the engine, after a first one at once.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Between two heartbeats. An engine that ends closes its event stream; one that hangs says nothing at all.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The actor.
pub struct Host {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
    /// The engine of this host.
    pub engine: Arc<dyn ContainerEngine>,
    /// Where secrets and environment files come from.
    pub secrets: Arc<dyn Secrets>,
    /// What it offers inside containers.
    pub inside: Arc<dyn Inside>,
    /// The way to the control plane.
    pub control: SharedControlLink,
}

/// What the host is told.
#[derive(strum::IntoStaticStr)]
pub enum HostMsg {
    /// Try to reach the engine.
    Connect,
    /// It was reached, or was not.
    Connected(Result<Box<Connection>, EngineError>),
    /// Something happened in the engine.
    Event(Heard),
    /// The event stream of this connection ended.
    Lost {
        /// Which connection.
        epoch: u64,
        /// What was seen.
        detail: String,
    },
    /// Hear whether the engine of this connection still answers; sent by it to itself.
    Heartbeat {
        /// Which connection.
        epoch: u64,
    },
    /// It does, or does not.
    Beat {
        /// Which connection.
        epoch: u64,
        /// What was heard.
        answer: Result<(), EngineError>,
    },
    /// Compare what is known with what the engine has; sent by it to itself.
    Audit,
    /// Tell how far pulls are; sent by it to itself.
    TellPulls,
    /// Remove images that nobody needs; sent by it to itself.
    CleanImages,
    /// What the engine has.
    Audited {
        /// The tasks that were known before the look.
        known: BTreeSet<TaskId>,
        /// What was seen.
        found: Result<BTreeMap<TaskId, Found>, EngineError>,
    },
    /// The control plane says.
    Command(ToAgent),
    /// What the engine has of a task whose actor crashed.
    Relisted {
        /// Which.
        task: TaskId,
        /// What.
        containers: Result<Vec<EngineContainer>, EngineError>,
    },
    /// Remove what ended long ago and nobody asked for.
    Tidy(TaskId),
    /// Remove what nobody wants of a task; tried before without success.
    Remove {
        /// Of which.
        task: TaskId,
        /// What.
        found: Found,
        /// Whether containers are to be stopped in order first.
        stop: bool,
    },
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
    /// Let a task's actor panic, to see what heals.
    #[cfg(feature = "sim")]
    PanicTask(TaskId),
}

probed!(HostMsg);

/// A fresh connection to the engine.
pub struct Connection {
    info: EngineInfo,
    found: BTreeMap<TaskId, Found>,
    events: BoxStream<'static, Result<EngineEvent, EngineError>>,
}

/// The host's state.
pub struct HostState {
    gate: Arc<Gate>,
    pulls: Arc<Pulls>,
    engine: EngineStatus,
    epoch: u64,
    /// A try to reach the engine is under way.
    connecting: bool,
    wait: Duration,
    tasks: BTreeMap<TaskId, Child>,
    by_actor: BTreeMap<ActorId, TaskId>,
    /// What is here of tasks that the control plane has not mentioned.
    found: BTreeMap<TaskId, Found>,
    /// Commands that came before the engine was first reached: what is there must be known before anything is made.
    held: Vec<ToAgent>,
    restarts: Restarts,
    /// Ends the reading of this connection's events when there is another one.
    reading: Option<DropGuard>,
    /// Ends the reading of events with this actor.
    ended: CancellationToken,
    _end: DropGuard,
    _presence: Presence<(), HostMsg>,
    _life: Life,
}

enum EngineStatus {
    NeverReached,
    Up(EngineInfo),
    Down(String),
}

struct Child {
    spec: TaskSpec,
    create: bool,
    stopping: bool,
    known: Known,
    actor: Option<ActorRef<HostTaskMsg>>,
}

type Me = ActorRef<HostMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for Host {
    type Msg = HostMsg;
    type State = HostState;
    type Arguments = ();

    async fn pre_start(&self, me: Me, (): ()) -> Result<HostState, ActorProcessingErr> {
        me.cast(HostMsg::Connect)?;
        me.send_after(AUDIT_EVERY, || HostMsg::Audit);
        self.clean_images_later(&me);
        let ended = CancellationToken::new();
        Ok(HostState {
            gate: Arc::new(Gate::new(self.ctx.settings.engine_limits)),
            pulls: Arc::new(Pulls::new(me.clone())),
            reading: None,
            _end: ended.clone().drop_guard(),
            ended,
            engine: EngineStatus::NeverReached,
            epoch: 0,
            connecting: false,
            wait: Duration::ZERO,
            tasks: BTreeMap::new(),
            by_actor: BTreeMap::new(),
            found: BTreeMap::new(),
            held: Vec::new(),
            restarts: Restarts::default(),
            _presence: self.ctx.directory.host.enter((), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Host, self.ctx.nature.wall()),
        })
    }

    async fn handle(&self, me: Me, message: HostMsg, state: &mut HostState) -> Handled {
        match message {
            HostMsg::Connect => self.connect(&me, state),
            HostMsg::Connected(outcome) => {
                state.connecting = false;
                match outcome {
                    Ok(connection) => self.connected(&me, state, *connection).await?,
                    Err(error) => self.down(&me, state, error.to_string()),
                }
            }
            HostMsg::Lost { epoch, detail } if epoch == state.epoch => {
                tracing::warn!(detail, "the engine's event stream ended; subscribing again");
                // Often only the stream is gone; if it is the engine, the try says so.
                again(&me, state);
            }
            HostMsg::Heartbeat { epoch } if epoch == state.epoch => self.listen(&me, epoch),
            HostMsg::Beat { epoch, answer } if epoch == state.epoch => match answer {
                Ok(()) => {
                    // Only now: a stream that breaks as soon as it stands is no reason to keep the engine busy.
                    state.wait = Duration::ZERO;
                    me.send_after(HEARTBEAT, move || HostMsg::Heartbeat { epoch });
                }
                // Whatever is asked of it meanwhile waits; the try that follows is answered when it goes on.
                Err(error) => self.down(&me, state, error.to_string()),
            },
            HostMsg::Lost { .. } | HostMsg::Heartbeat { .. } | HostMsg::Beat { .. } => {}
            HostMsg::Event(heard) => {
                match state.tasks.get(&heard.event.task) {
                    Some(Child { actor: Some(actor), .. }) => drop(actor.cast(HostTaskMsg::Event(heard))),
                    // Its actor is being started again and will look by itself.
                    Some(_) => {}
                    None => self.stray_event(&me, state, &heard.event),
                }
            }
            HostMsg::Audit => self.audit(&me, state),
            HostMsg::TellPulls => {
                if let Some(pulls) = state.pulls.news(self.ctx.nature.wall()) {
                    self.control.send(FromAgent::Pulls(pulls));
                }
            }
            HostMsg::CleanImages => self.clean_images(&me, state),
            HostMsg::Audited { known, found } => self.audited(&me, state, &known, found),
            HostMsg::Command(command) => self.command(&me, state, command).await?,
            HostMsg::Relisted { task, containers } => self.relisted(&me, state, task, containers).await?,
            HostMsg::Tidy(task) => self.tidy(&me, state, &task),
            HostMsg::Remove { task, found, stop } => self.remove(&me, task, found, stop),
            HostMsg::Probe => {}
            #[cfg(feature = "sim")]
            HostMsg::Panic => panic!("asked to"),
            #[cfg(feature = "sim")]
            HostMsg::PanicTask(task) => {
                if let Some(actor) = state.tasks.get(&task).and_then(|child| child.actor.as_ref()) {
                    drop(actor.cast(HostTaskMsg::Panic));
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(&self, me: Me, event: SupervisionEvent, state: &mut HostState) -> Handled {
        let Some((cell, end, reason)) = supervisor::ended(event) else { return Ok(()) };
        let Some(id) = state.by_actor.remove(&cell.get_id()) else { return Ok(()) };
        let path = self.path.child(&id);
        if end == End::Normal {
            state.tasks.remove(&id);
            self.ctx.tree.gone(&path);
            return Ok(());
        }
        let goes_on = state.restarts.add(self.ctx.nature.now(), self.ctx.settings.intensity);
        self.ctx.tree.counted(&self.path, Kind::Host, &state.restarts);
        if !goes_on {
            return Err(format!("actors of tasks keep crashing; the last, {id}: {reason}").into());
        }
        tracing::error!(supervisor = %self.path, context = "child_terminated", offender = %id, reason,
            "task's actor will be started again; its containers are not touched");
        self.ctx.tree.restarting(&path, Kind::HostTask, &reason);
        if let Some(child) = state.tasks.get_mut(&id) {
            child.actor = None;
        }
        self.relist(&me, id, Duration::ZERO);
        Ok(())
    }

    async fn post_stop(&self, _: Me, state: &mut HostState) -> Handled {
        for actor in state.tasks.values().rev().filter_map(|child| child.actor.as_ref()) {
            supervisor::stop(&actor.get_cell()).await;
        }
        Ok(())
    }
}

impl Host {
    fn connect(&self, me: &Me, state: &mut HostState) {
        if std::mem::replace(&mut state.connecting, true) {
            return;
        }
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        self.ctx.spawn(async move {
            let connect = async {
                let info = engine.info().await?;
                // In this order: what happens after the list is in the stream, what happened before is in the list.
                let events = engine.events().await?;
                let found = look_over(&*engine).await?;
                Ok(Box::new(Connection { info, found, events }))
            };
            drop(me.cast(HostMsg::Connected(connect.await)));
        });
    }

    async fn connected(&self, me: &Me, state: &mut HostState, connection: Connection) -> Handled {
        let Connection { info, mut found, mut events } = connection;
        state.epoch += 1;
        let ended = state.ended.child_token();
        // An engine that only hung has kept its earlier stream.
        state.reading = Some(ended.clone().drop_guard());
        let (epoch, pump) = (state.epoch, me.clone());
        me.send_after(HEARTBEAT, move || HostMsg::Heartbeat { epoch });
        self.ctx.spawn(async move {
            let send = |heard| pump.cast(HostMsg::Event(heard)).is_ok();
            let hearing = ended.run_until_cancelled(hear(&mut events, EVENTS_WAITING, send));
            let detail = hearing.await.unwrap_or_else(|| "another one took its place".into());
            drop(pump.cast(HostMsg::Lost { epoch, detail }));
        });
        metrics::engine_connected().set(1.0);
        if !matches!(state.engine, EngineStatus::Up(_)) {
            tracing::info!(
                version = info.version,
                containers = found.values().map(|found| found.containers.len()).sum::<usize>(),
                "the container engine answers"
            );
        }
        for (id, child) in &state.tasks {
            let listed = found.remove(id).unwrap_or_default().containers;
            if let Some(actor) = &child.actor {
                drop(actor.cast(HostTaskMsg::Listed(listed)));
            }
        }
        self.keep_found(me, state, found);
        if let Some(runtime) = &self.ctx.settings.fargate_runtime
            && !info.runtimes.is_empty()
            && !info.runtimes.contains(runtime)
        {
            tracing::error!(
                runtime,
                known = info.runtimes.join(", "),
                "the engine does not know the runtime that agent.fargate-runtime names: no task on Fargate will start here"
            );
        }
        state.engine = EngineStatus::Up(info.clone());
        self.report_up(info);
        self.report_pulls(state);
        self.report_found(state);
        for command in std::mem::take(&mut state.held) {
            self.command(me, state, command).await?;
        }
        Ok(())
    }

    /// Asks the engine for a sign of life beside the mailbox.
    fn listen(&self, me: &Me, epoch: u64) {
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        self.ctx.spawn(async move {
            let answer = engine.ping().await;
            drop(me.cast(HostMsg::Beat { epoch, answer }));
        });
    }

    fn down(&self, me: &Me, state: &mut HostState, detail: String) {
        metrics::engine_connected().set(0.0);
        if !matches!(state.engine, EngineStatus::Down(_)) {
            tracing::error!(detail, "the container engine does not answer; trying again until it does");
        }
        if !matches!(state.engine, EngineStatus::NeverReached) {
            state.engine = EngineStatus::Down(detail.clone());
        }
        self.control.send(FromAgent::EngineDown { detail });
        again(me, state);
    }

    async fn command(&self, me: &Me, state: &mut HostState, command: ToAgent) -> Handled {
        if matches!(command, ToAgent::Resync) {
            self.resync(state);
            return Ok(());
        }
        if matches!(state.engine, EngineStatus::NeverReached) {
            state.held.push(command);
            return Ok(());
        }
        match command {
            ToAgent::Run { spec, create, wanted, known } => {
                let id = spec.id.clone();
                if let Some(child) = state.tasks.get(&id) {
                    if let Some(actor) = &child.actor {
                        drop(actor.cast(HostTaskMsg::Report));
                    }
                    return Ok(());
                }
                let is_here = state.found.get(&id).is_some_and(|found| !found.containers.is_empty());
                if !is_here && !create {
                    self.control.send(FromAgent::Vanished { task: id });
                    return Ok(());
                }
                if is_here {
                    Failpoint::RecoveryFound.hit();
                }
                let known = Known::new(known);
                let child = Child { spec: *spec, create, stopping: !wanted, known, actor: None };
                // Its volumes go with it: their names follow from the task.
                let found = state.found.remove(&id).unwrap_or_default().containers;
                state.tasks.insert(id.clone(), child);
                self.start(me, state, id, found).await?;
            }
            ToAgent::Stop { task } => match state.tasks.get_mut(&task) {
                Some(child) => {
                    child.stopping = true;
                    if let Some(actor) = &child.actor {
                        drop(actor.cast(HostTaskMsg::Stop));
                    }
                }
                None => self.control.send(FromAgent::Vanished { task }),
            },
            ToAgent::Forget { task } => match state.tasks.get_mut(&task) {
                Some(child) => {
                    child.stopping = true;
                    if let Some(actor) = &child.actor {
                        drop(actor.cast(HostTaskMsg::Forget));
                    }
                }
                None => {
                    if let Some(found) = state.found.remove(&task) {
                        self.remove(me, task, found, true);
                    }
                }
            },
            ToAgent::Resync => {}
        }
        Ok(())
    }

    fn report_up(&self, info: EngineInfo) {
        self.control.send(FromAgent::Attributes(self.ctx.settings.host_attributes.clone()));
        self.control.send(FromAgent::EngineUp(info));
    }

    fn report_pulls(&self, state: &HostState) {
        self.control.send(FromAgent::Pulls(state.pulls.all(self.ctx.nature.wall())));
    }

    fn resync(&self, state: &HostState) {
        match &state.engine {
            EngineStatus::Up(info) => self.report_up(info.clone()),
            EngineStatus::Down(detail) => self.control.send(FromAgent::EngineDown { detail: detail.clone() }),
            EngineStatus::NeverReached => {}
        }
        self.report_pulls(state);
        for actor in state.tasks.values().filter_map(|child| child.actor.as_ref()) {
            drop(actor.cast(HostTaskMsg::Report));
        }
        self.report_found(state);
    }

    async fn start(
        &self,
        me: &Me,
        state: &mut HostState,
        id: TaskId,
        found: Vec<EngineContainer>,
    ) -> Handled {
        let Some(child) = state.tasks.get_mut(&id) else { return Ok(()) };
        let actor = HostTask {
            ctx: Arc::clone(&self.ctx),
            path: self.path.child(&id),
            engine: Arc::clone(&self.engine),
            secrets: Arc::clone(&self.secrets),
            inside: Arc::clone(&self.inside),
            control: Arc::clone(&self.control),
            gate: Arc::clone(&state.gate),
            pulls: Arc::clone(&state.pulls),
        };
        let start = Start {
            spec: child.spec.clone(),
            create: child.create,
            stopping: child.stopping,
            found,
            known: child.known.clone(),
        };
        let actor = Measured { actor, kind: Kind::HostTask };
        let (actor, _) = Actor::spawn_linked(None, actor, start, me.get_cell()).await?;
        state.by_actor.insert(actor.get_id(), id);
        child.actor = Some(actor);
        Ok(())
    }

    /// Asks the engine after `wait` what it has of a task, to start its actor again with.
    fn relist(&self, me: &Me, task: TaskId, wait: Duration) {
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        self.ctx.spawn(async move {
            tokio::time::sleep(wait).await;
            let listed = engine.list().await;
            let containers = listed.map(|all| all.into_iter().filter(|found| found.task == task).collect());
            drop(me.cast(HostMsg::Relisted { task, containers }));
        });
    }

    async fn relisted(
        &self,
        me: &Me,
        state: &mut HostState,
        task: TaskId,
        containers: Result<Vec<EngineContainer>, EngineError>,
    ) -> Handled {
        if state.tasks.get(&task).is_none_or(|child| child.actor.is_some()) {
            return Ok(());
        }
        match containers {
            Ok(found) => self.start(me, state, task, found).await,
            Err(error) => {
                tracing::warn!(%task, %error, "cannot see what the engine has of a task; trying again");
                self.relist(me, task, RECONNECT.1);
                Ok(())
            }
        }
    }
}

/// Tries to reach the engine when it is time.
fn again(me: &Me, state: &mut HostState) {
    me.send_after(state.wait, || HostMsg::Connect);
    state.wait = (state.wait * 2).clamp(RECONNECT.0, RECONNECT.1);
}
