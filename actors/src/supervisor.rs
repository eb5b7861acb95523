//! A supervisor in OTP's sense: child specs as data, started left to right and stopped right to left.
//!
//! `ractor-supervisor` would do for static levels, but it finds children by process-wide names, which two
//! daemons in one process (or two tests) cannot share.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mainstay_core::supervision::{self, End, Intensity, Restart, Restarts, Strategy, Verdict};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use crate::context::Context;
use crate::measured::probed;
use crate::tree::{Kind, Life, Path};

/// How long a child may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Starts a child under the given supervisor.
pub type Starter = Arc<dyn Fn(ActorCell) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync>;

/// Enters a supervisor in the directory; what it gives keeps it there.
pub type Enter = Box<dyn FnOnce(ActorRef<SupervisorMsg>) -> Box<dyn Send> + Send>;

/// A child, as data.
#[derive(Clone)]
pub struct ChildSpec {
    /// Its name below its supervisor.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it comes back.
    pub restart: Restart,
    /// How it is started; it must find everything again by itself.
    pub start: Starter,
}

/// A supervisor, as data.
pub struct Supervisor {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
    /// What it is.
    pub kind: Kind,
    /// Who else is restarted with a child.
    pub strategy: Strategy,
}

/// What a supervisor is told.
#[derive(strum::IntoStaticStr)]
pub enum SupervisorMsg {
    /// Start one more child; where one of that name is there, once that has ended for good.
    Start(ChildSpec),
    /// Try again to start the child in this place, which did not start the last time.
    TryAgain(String),
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(SupervisorMsg);

/// A supervisor's state.
pub struct SupervisorState {
    children: Vec<Child>,
    restarts: Restarts,
    _enter: Option<Box<dyn Send>>,
    life: Life,
}

struct Child {
    spec: ChildSpec,
    cell: Option<ActorCell>,
    successor: Option<ChildSpec>,
}

/// What a supervisor starts with: its children, and how it enters the directory.
pub struct Family {
    /// Started in this order. Asked for once the supervisor is entered, so that a birth in between is not missed.
    pub children: Box<dyn FnOnce() -> Vec<ChildSpec> + Send>,
    /// Enters the supervisor in the directory, where others have to find it.
    pub enter: Option<Enter>,
}

type Handled = Result<(), ActorProcessingErr>;

impl Actor for Supervisor {
    type Msg = SupervisorMsg;
    type State = SupervisorState;
    type Arguments = Family;

    /// Starts the children in order: a supervisor that is there has all of them, as in OTP.
    async fn pre_start(
        &self,
        me: ActorRef<SupervisorMsg>,
        family: Family,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        let life = self.ctx.tree.born(self.path.clone(), self.kind, self.ctx.nature.wall());
        let mut state =
            SupervisorState { children: Vec::new(), restarts: Restarts::default(), _enter: None, life };
        state._enter = family.enter.map(|enter| enter(me.clone()));
        for spec in (family.children)() {
            let cell = match (spec.start)(me.get_cell()).await {
                Ok(cell) => cell,
                Err(error) => {
                    for child in state.children.iter_mut().rev() {
                        stop_child(child).await;
                    }
                    return Err(error.into());
                }
            };
            state.children.push(Child { spec, cell: Some(cell), successor: None });
        }
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<SupervisorMsg>,
        message: SupervisorMsg,
        state: &mut SupervisorState,
    ) -> Handled {
        match message {
            SupervisorMsg::Start(spec) => {
                let name = spec.name.clone();
                if let Some(child) = state.children.iter_mut().find(|child| child.spec.name == name) {
                    // It may be about to end: a deleted service's successor asks before its end was heard of.
                    child.successor = Some(spec);
                    return Ok(());
                }
                state.children.push(Child { spec, cell: None, successor: None });
                self.start(&me, state, &name).await
            }
            SupervisorMsg::TryAgain(name) => self.start(&me, state, &name).await,
            SupervisorMsg::Probe => Ok(()),
            #[cfg(feature = "sim")]
            SupervisorMsg::Panic => panic!("asked to"),
        }
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Handled {
        let (cell, end, reason) = match ended(event) {
            Some(ended) => ended,
            None => return Ok(()),
        };
        // One that we stopped ourselves is no longer in its place.
        let ours = |child: &Child| child.cell.as_ref().is_some_and(|known| known.get_id() == cell.get_id());
        let Some(place) = state.children.iter().position(ours) else { return Ok(()) };
        state.children[place].cell = None;
        self.after_end(&me, state, place, end, &reason).await
    }

    /// Right to left, one by one; without this, our end would kill them all at once.
    async fn post_stop(&self, _: ActorRef<SupervisorMsg>, state: &mut SupervisorState) -> Handled {
        for child in state.children.iter_mut().rev() {
            stop_child(child).await;
        }
        tracing::debug!(supervisor = %state.life.path(), "stopped");
        Ok(())
    }
}

impl Supervisor {
    async fn after_end(
        &self,
        me: &ActorRef<SupervisorMsg>,
        state: &mut SupervisorState,
        place: usize,
        end: End,
        reason: &str,
    ) -> Handled {
        let spec = state.children[place].spec.clone();
        let path = self.path.child(&spec.name);
        let intensity = self.ctx.settings.intensity;
        let now = self.ctx.nature.now();
        let verdict =
            supervision::decide(self.strategy, spec.restart, end, &mut state.restarts, now, intensity);
        if verdict != Verdict::Forget {
            self.ctx.tree.counted(&self.path, self.kind, &state.restarts);
        }
        match verdict {
            Verdict::Forget => {
                let child = state.children.remove(place);
                self.ctx.tree.gone(&path);
                tracing::debug!(supervisor = %self.path, child = spec.name, reason, "child ended");
                let Some(successor) = child.successor else { return Ok(()) };
                state.children.push(Child { spec: successor, cell: None, successor: None });
                self.start(me, state, &spec.name).await
            }
            Verdict::GiveUp => {
                let report = Report {
                    supervisor: self.path.clone(),
                    offender: spec.name,
                    reason: reason.to_owned(),
                    intensity,
                };
                tracing::error!(%report, "supervisor gives up");
                Err(Box::new(report))
            }
            Verdict::Restart { with_rest } => {
                tracing::error!(supervisor = %self.path, context = "child_terminated", offender = spec.name, reason,
                    "child will be started again");
                self.ctx.tree.restarting(&path, spec.kind, reason);
                let last = if with_rest { state.children.len() } else { place + 1 };
                for child in state.children[place..last].iter_mut().rev() {
                    stop_child(child).await;
                    self.ctx.tree.gone_below(&self.path.child(&child.spec.name));
                }
                let names: Vec<String> =
                    state.children[place..last].iter().map(|c| c.spec.name.clone()).collect();
                for name in names {
                    self.start(me, state, &name).await?;
                }
                Ok(())
            }
        }
    }

    /// Starts the child of that name, unless it runs. A failed start counts as an end; the next try comes through
    /// the mailbox, so that a stop can get in between.
    async fn start(&self, me: &ActorRef<SupervisorMsg>, state: &mut SupervisorState, name: &str) -> Handled {
        let Some(child) = state.children.iter_mut().find(|child| child.spec.name == name) else {
            return Ok(());
        };
        if child.cell.is_some() {
            return Ok(());
        }
        match (child.spec.start)(me.get_cell()).await {
            Ok(cell) => child.cell = Some(cell),
            Err(error) => {
                let reason = format!("did not start: {error}");
                let intensity = self.ctx.settings.intensity;
                let goes_on = state.restarts.add(self.ctx.nature.now(), intensity);
                self.ctx.tree.counted(&self.path, self.kind, &state.restarts);
                if !goes_on {
                    let report = Report {
                        supervisor: self.path.clone(),
                        offender: name.to_owned(),
                        reason,
                        intensity,
                    };
                    tracing::error!(%report, "supervisor gives up");
                    return Err(Box::new(report));
                }
                tracing::error!(supervisor = %self.path, context = "start_error", offender = name, reason,
                    "child will be started again");
                me.cast(SupervisorMsg::TryAgain(name.to_owned()))?;
            }
        }
        Ok(())
    }
}

/// OTP's report, in its four fields.
#[derive(Debug, thiserror::Error)]
#[error(
    "supervisor {supervisor} gave up: child {offender} ended once more than {} times in {:?}; the last time: {reason}",
    intensity.restarts, intensity.period
)]
pub struct Report {
    supervisor: Path,
    offender: String,
    reason: String,
    intensity: Intensity,
}

async fn stop_child(child: &mut Child) {
    let Some(cell) = child.cell.take() else { return };
    stop(&cell).await;
}

/// Stops an actor in order, and kills it where it does not obey in time.
pub(crate) async fn stop(cell: &ActorCell) {
    if cell.stop_and_wait(Some("shutdown".into()), Some(STOP_WITHIN)).await.is_err()
        && cell.wait(Some(STOP_WITHIN)).await.is_err()
    {
        tracing::warn!(actor = %cell.get_id(), "does not stop, is killed");
        // An error here says that it has ended meanwhile.
        let _ = cell.kill_and_wait(Some(STOP_WITHIN)).await;
    }
}

/// Who ended, how, and why; `None` for events that are no end.
pub(crate) fn ended(event: SupervisionEvent) -> Option<(ActorCell, End, String)> {
    match event {
        SupervisionEvent::ActorFailed(cell, error) => Some((cell, End::Abnormal, error.to_string())),
        // A kill is reported as a termination; only the reason tells.
        SupervisionEvent::ActorTerminated(cell, _, Some(reason))
            if reason == "killed" || reason == "actor_task_cancelled" =>
        {
            Some((cell, End::Abnormal, reason))
        }
        SupervisionEvent::ActorTerminated(cell, _, reason) => {
            Some((cell, End::Normal, reason.unwrap_or_else(|| "normal".into())))
        }
        _ => None,
    }
}
