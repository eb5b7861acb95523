//! One task on its host: brings its containers up, watches them, stops and removes them, reports.

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::EngineId;
use mainstay_core::lifecycle::TaskReport;
use mainstay_core::model::{TaskSpec, Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::Heard;
use super::container::{Act, Container, Phase};
use super::gate::{Gate, Lane, Teardown};
use super::images::{self, Brought};
use crate::agent::SharedControlLink;
use crate::context::Context;
use crate::failpoint::Failpoint;
use crate::metrics;
use crate::ports::{
    ContainerEngine, EngineContainer, EngineError, EngineEvent, EngineEventKind, EngineState, FromAgent,
    NewContainer, PullProblem,
};
use crate::tree::{Kind, Life, Path};

/// Shortest and longest wait before an act that the engine could not do is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Wait before a container that could not be looked at is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The exit code after SIGKILL, from whoever it came: the kernel too, for want of memory.
const KILLED: i32 = 137;
/// A pull that takes too long is tried this often.
const PULL_TRIES: u32 = 5;

/// The actor.
pub struct HostTask {
    pub(super) ctx: Context,
    pub(super) path: Path,
    pub(super) engine: Arc<dyn ContainerEngine>,
    pub(super) control: SharedControlLink,
    pub(super) gate: Arc<Gate>,
}

/// What it starts from.
pub struct Start {
    pub(super) spec: TaskSpec,
    /// Whether missing containers are to be made.
    pub(super) create: bool,
    pub(super) stopping: bool,
    /// What the engine has of it already.
    pub(super) found: Vec<EngineContainer>,
}

/// What it is told.
pub enum HostTaskMsg {
    /// Do what is to be done; sent by it to itself.
    Drive,
    /// Report again.
    Report,
    /// Something happened to one of its containers.
    Event(Heard),
    /// All that the engine has of it, now that it answers again.
    Listed(Vec<EngineContainer>),
    /// All that the engine has of it, looked up without a reason.
    Audited(Vec<EngineContainer>),
    /// An act on a container is over.
    Done {
        /// Which container.
        place: usize,
        /// Its health events by the time it began.
        health_news: u64,
        /// How it went.
        outcome: Outcome,
    },
    /// A look at a container.
    Seen {
        /// Which container.
        place: usize,
        /// Its health events by the time it began.
        health_news: u64,
        /// What was seen.
        seen: Result<Option<EngineContainer>, EngineError>,
    },
    /// Look at a container.
    Look(usize),
    /// A wait before another try is over.
    TryAgain {
        /// Of which container.
        place: usize,
        /// Which try.
        number: u32,
    },
    /// Stop the containers.
    Stop,
    /// Stop and remove the containers.
    Forget,
    /// Remove the containers; they have been looked at long enough.
    CleanUp,
    /// Whether they are removed.
    CleanedUp(Result<(), EngineError>),
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

/// How an act went.
pub enum Outcome {
    /// It was made.
    Created(Result<EngineId, EngineError>),
    /// Its image is here, or is not.
    Brought(Box<Brought>),
    /// It was started, and then looked at.
    Started(Result<Option<EngineContainer>, EngineError>),
    /// It was stopped, and then looked at.
    Stopped(Result<Option<EngineContainer>, EngineError>),
}

/// Its state.
pub struct HostTaskState {
    spec: TaskSpec,
    containers: Vec<Container>,
    stopping: bool,
    forget: bool,
    cleaning: bool,
    pull_started_at: Option<Timestamp>,
    pull_stopped_at: Option<Timestamp>,
    reported: Option<TaskReport>,
    _life: Life,
}

type Me = ActorRef<HostTaskMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for HostTask {
    type Msg = HostTaskMsg;
    type State = HostTaskState;
    type Arguments = Start;

    async fn pre_start(&self, me: Me, start: Start) -> Result<HostTaskState, ActorProcessingErr> {
        let mut containers: Vec<Container> =
            start.spec.containers.iter().cloned().map(Container::new).collect();
        for container in &mut containers {
            match start.found.iter().find(|found| found.name == container.spec.definition.name) {
                // What the list said may be old news by now; the look that follows is not.
                Some(found) => container.made(found.id.clone()),
                None if !start.create => {
                    container.failed("ContainerVanishedError: the container was removed from outside".into());
                }
                None if !images::may_skip(&self.ctx, &container.spec) => {
                    container.phase = Phase::WaitsForImage
                }
                None => {}
            }
        }
        for (place, container) in containers.iter_mut().enumerate() {
            if container.id.is_some() {
                container.unseen = true;
                me.cast(HostTaskMsg::Look(place))?;
            }
        }
        me.cast(HostTaskMsg::Drive)?;
        Ok(HostTaskState {
            spec: start.spec,
            containers,
            stopping: start.stopping,
            forget: false,
            cleaning: false,
            pull_started_at: None,
            pull_stopped_at: None,
            reported: None,
            _life: self.ctx.tree.born(self.path.clone(), Kind::HostTask, self.ctx.nature.wall()),
        })
    }

    async fn handle(&self, me: Me, message: HostTaskMsg, state: &mut HostTaskState) -> Handled {
        match message {
            HostTaskMsg::Drive => {}
            HostTaskMsg::Report => state.reported = None,
            HostTaskMsg::Event(heard) => self.event(&me, state, &heard.event),
            HostTaskMsg::Listed(found) => {
                // What waited for the engine waits no more.
                state.containers.iter_mut().for_each(Container::hurry);
                self.listed(&me, state, &found);
            }
            HostTaskMsg::Audited(found) => {
                let findings = self.listed(&me, state, &found);
                if findings > 0 {
                    tracing::warn!(task = %state.spec.id, findings, "an audit found what no event had told of");
                    metrics::audit_findings().increment(findings);
                }
            }
            HostTaskMsg::Done { place, health_news, outcome } => {
                self.done(&me, state, place, health_news, outcome);
            }
            HostTaskMsg::Seen { place, health_news, seen } => {
                state.containers[place].looking = false;
                self.seen(&me, state, place, health_news, seen);
                if std::mem::take(&mut state.containers[place].look_again) {
                    self.look(&me, state, place);
                }
            }
            HostTaskMsg::Look(place) => self.look(&me, state, place),
            HostTaskMsg::TryAgain { place, number } => {
                let container = &mut state.containers[place];
                if container.waits_for == Some(number) {
                    container.hurry();
                }
            }
            HostTaskMsg::Stop => stop_all(state),
            HostTaskMsg::Forget => {
                stop_all(state);
                state.forget = true;
            }
            HostTaskMsg::CleanUp => self.clean_up(&me, state),
            HostTaskMsg::CleanedUp(Ok(())) => {
                me.stop(Some("cleaned up".into()));
                return Ok(());
            }
            HostTaskMsg::CleanedUp(Err(error)) => {
                tracing::warn!(task = %state.spec.id, %error, "could not remove its containers; trying again");
                me.send_after(RETRY.1, || HostTaskMsg::CleanUp);
            }
            #[cfg(feature = "sim")]
            HostTaskMsg::Panic => panic!("asked to"),
        }
        self.drive(&me, state);
        Ok(())
    }
}

impl HostTask {
    /// Begins what there is to do, and reports what changed.
    fn drive(&self, me: &Me, state: &mut HostTaskState) {
        for place in 0..state.containers.len() {
            if let Some(act) = state.containers[place].next(state.stopping) {
                state.containers[place].busy = true;
                self.begin(me, state, place, act);
            }
        }
        self.report(state);
        let over =
            state.containers.iter().all(|container| container.phase == Phase::Stopped && !container.busy);
        if over && (!state.cleaning || state.forget) {
            state.cleaning = true;
            let wait = if std::mem::take(&mut state.forget) {
                Duration::ZERO
            } else {
                self.ctx.settings.cleanup_wait
            };
            me.send_after(wait, || HostTaskMsg::CleanUp);
        }
    }

    /// Has an act done beside the mailbox; its outcome comes back as a message.
    fn begin(&self, me: &Me, state: &HostTaskState, place: usize, act: Act) {
        let container = &state.containers[place];
        let (me, engine, ctx) = (me.clone(), Arc::clone(&self.engine), Arc::clone(&self.ctx));
        let (spec, id, again) = (state.spec.clone(), container.id.clone(), container.tries > 0);
        let (health_news, image) = (container.health_news, container.image.clone());
        let gate = Arc::clone(&self.gate);
        self.ctx.spawn(async move {
            let container = &spec.containers[place];
            if act == Act::Pull {
                let brought = images::bring(&ctx, &*engine, &gate, &spec, container).await;
                let outcome = Outcome::Brought(Box::new(brought));
                drop(me.cast(HostTaskMsg::Done { place, health_news, outcome }));
                return;
            }
            let lane = if act == Act::Stop { Lane::Stop } else { Lane::Work };
            if act == Act::Start {
                gate.teardowns_over().await;
            }
            let pass = gate.pass(lane, &spec.group).await;
            let outcome = match (act, id) {
                (Act::Start, Some(id)) => Outcome::Started(start(&*engine, &id, again).await),
                (Act::Stop, Some(id)) => Outcome::Stopped(stop(&*engine, &id, container.stop_timeout).await),
                (Act::Create | Act::Pull | Act::Start | Act::Stop, _) => {
                    let new = NewContainer {
                        task: &spec.id,
                        task_arn: &spec.arn,
                        cluster: &spec.cluster,
                        definition: &spec.definition,
                        network_mode: spec.network_mode,
                        spec: container,
                        image: &image,
                    };
                    Failpoint::HostBeforeCreate.hit();
                    let made = engine.create(&new).await;
                    Failpoint::HostAfterCreate.hit();
                    Outcome::Created(made)
                }
            };
            drop(pass);
            drop(me.cast(HostTaskMsg::Done { place, health_news, outcome }));
        });
    }

    fn done(&self, me: &Me, state: &mut HostTaskState, place: usize, health_news: u64, outcome: Outcome) {
        if let Outcome::Brought(brought) = &outcome
            && let Some((from, to)) = brought.pull
        {
            state.pull_started_at = Some(state.pull_started_at.map_or(from, |known| known.min(from)));
            state.pull_stopped_at = Some(to);
        }
        let container = &mut state.containers[place];
        let image = container.spec.definition.image.clone();
        let problem = match outcome {
            Outcome::Created(Ok(id)) => {
                container.made(id);
                container.uncertain = false;
                None
            }
            Outcome::Created(Err(EngineError::NoSuchImage { .. })) if container.phase == Phase::Absent => {
                container.phase = Phase::WaitsForImage;
                container.uncertain = false;
                None
            }
            Outcome::Created(Err(error)) => Some(("CannotCreateContainerError", error)),
            Outcome::Brought(brought) => match brought.image {
                Ok((reference, here)) => {
                    container.has_image(reference, here);
                    None
                }
                Err(error) => Some(("CannotPullContainerError", error)),
            },
            Outcome::Started(Ok(seen)) | Outcome::Stopped(Ok(seen)) => {
                container.busy = false;
                container.uncertain = false;
                container.tries = 0;
                return self.seen(me, state, place, health_news, Ok(seen));
            }
            Outcome::Started(Err(error)) => Some(("CannotStartContainerError", error)),
            Outcome::Stopped(Err(error)) => Some(("CannotStopContainerError", error)),
        };
        container.busy = false;
        let Some((kind, error)) = problem else {
            container.tries = 0;
            return;
        };
        let running = container.phase == Phase::Running;
        let tired = kind == "CannotPullContainerError"
            && matches!(error, EngineError::Pull { problem: PullProblem::TimedOut, .. })
            && container.tries + 1 >= PULL_TRIES;
        if (error.is_temporary() && !tired) || running {
            container.busy = true;
            let wait = RETRY.0.saturating_mul(1 << container.tries.min(16)).min(RETRY.1);
            container.tries += 1;
            container.uncertain |= kind != "CannotPullContainerError";
            let number = container.tries;
            container.waits_for = Some(number);
            tracing::warn!(task = %state.spec.id, container = container.report.name, image, %error, ?wait, "will be tried again");
            me.send_after(wait, move || HostTaskMsg::TryAgain { place, number });
        } else if matches!(error, EngineError::NoSuchContainer { .. }) {
            container.gone();
        } else {
            container.failed(format!("{kind}: {error}"));
        }
    }

    fn event(&self, me: &Me, state: &mut HostTaskState, event: &EngineEvent) {
        let ours = |container: &Container| container.spec.definition.name == event.container;
        let Some(place) = state.containers.iter().position(ours) else { return };
        if let EngineEventKind::Died { .. } = event.kind {
            Failpoint::HostDeathSeen.hit();
        }
        let container = &mut state.containers[place];
        // Where there is none yet, the answer to its create is still on its way.
        if *container.id.get_or_insert_with(|| event.id.clone()) != event.id {
            return;
        }
        match event.kind {
            EngineEventKind::Died { exit_code: Some(code) } if container.phase == Phase::Running => {
                if code == KILLED {
                    container.killed(code);
                } else {
                    container.ended(code, self.ctx.nature.wall());
                }
                // The engine answers when it has taken the container down.
                self.look_during(me, state, place, Some(self.gate.teardown()));
            }
            EngineEventKind::Health(health) => {
                container.checked(health);
                self.look(me, state, place);
            }
            EngineEventKind::Started | EngineEventKind::Died { .. } | EngineEventKind::Removed => {
                self.look(me, state, place);
            }
        }
    }

    /// Looks at what differs from the list; how many do.
    fn listed(&self, me: &Me, state: &mut HostTaskState, found: &[EngineContainer]) -> u64 {
        let mut differ = 0;
        for place in 0..state.containers.len() {
            let container = &mut state.containers[place];
            let seen = found.iter().find(|found| found.name == container.spec.definition.name);
            if container.differs(seen) {
                differ += 1;
                self.look(me, state, place);
            }
        }
        differ
    }

    /// Looks at a container beside the mailbox. However much happens, one look is under way and one is to come.
    fn look(&self, me: &Me, state: &mut HostTaskState, place: usize) {
        self.look_during(me, state, place, None);
    }

    /// Looks at a container, which may be one that is being taken down until the look is over.
    fn look_during(&self, me: &Me, state: &mut HostTaskState, place: usize, teardown: Option<Teardown>) {
        let container = &mut state.containers[place];
        let (Some(id), health_news) = (container.id.clone(), container.health_news) else { return };
        if std::mem::replace(&mut container.looking, true) {
            container.look_again = true;
            return;
        }
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        let (gate, group) = (Arc::clone(&self.gate), state.spec.group.clone());
        self.ctx.spawn(async move {
            let pass = gate.pass(Lane::Work, &group).await;
            let seen = engine.inspect(&id).await;
            drop((pass, teardown));
            drop(me.cast(HostTaskMsg::Seen { place, health_news, seen }));
        });
    }

    fn seen(
        &self,
        me: &Me,
        state: &mut HostTaskState,
        place: usize,
        health_news: u64,
        seen: Result<Option<EngineContainer>, EngineError>,
    ) {
        let container = &mut state.containers[place];
        match seen {
            Ok(Some(seen)) => {
                if container.seen(&seen, health_news) {
                    tracing::warn!(task = %state.spec.id, container = container.report.name, "was started from outside after it ended; stopping it");
                    self.begin(me, state, place, Act::Stop);
                }
            }
            Ok(None) => container.gone(),
            Err(error) => {
                tracing::warn!(task = %state.spec.id, container = container.report.name, %error, "cannot be looked at; trying again");
                me.send_after(LOOK_AGAIN, move || HostTaskMsg::Look(place));
            }
        }
    }

    fn report(&self, state: &mut HostTaskState) {
        // What was there before is not Pending only because nobody has looked yet.
        if state.containers.iter().any(|container| container.unseen) {
            return;
        }
        let report = TaskReport {
            containers: state.containers.iter().map(|container| container.report.clone()).collect(),
            pull_started_at: state.pull_started_at,
            pull_stopped_at: state.pull_stopped_at,
        };
        if state.reported.as_ref() != Some(&report) {
            self.control.send(FromAgent::Task { task: state.spec.id.clone(), report: report.clone() });
            state.reported = Some(report);
        }
    }

    fn clean_up(&self, me: &Me, state: &HostTaskState) {
        let ids: Vec<EngineId> =
            state.containers.iter().filter_map(|container| container.id.clone()).collect();
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        let (gate, group) = (Arc::clone(&self.gate), state.spec.group.clone());
        self.ctx.spawn(async move {
            let remove = async {
                for id in &ids {
                    let pass = gate.pass(Lane::Work, &group).await;
                    Failpoint::HostBeforeRemove.hit();
                    engine.remove(id).await?;
                    Failpoint::HostAfterRemove.hit();
                    drop(pass);
                }
                Ok(())
            };
            drop(me.cast(HostTaskMsg::CleanedUp(remove.await)));
        });
    }
}

fn stop_all(state: &mut HostTaskState) {
    state.stopping = true;
    for container in &mut state.containers {
        container.hurry();
    }
}

/// Starts a container and looks at it. On another try it looks first: the earlier start may have worked, and the
/// program may have ended since, which is not to be started twice.
async fn start(
    engine: &dyn ContainerEngine,
    id: &EngineId,
    again: bool,
) -> Result<Option<EngineContainer>, EngineError> {
    if again {
        let seen = engine.inspect(id).await?;
        if seen.as_ref().is_none_or(|seen| seen.state != EngineState::Created) {
            return Ok(seen);
        }
    }
    Failpoint::HostBeforeStart.hit();
    engine.start(id).await?;
    Failpoint::HostAfterStart.hit();
    engine.inspect(id).await
}

async fn stop(
    engine: &dyn ContainerEngine,
    id: &EngineId,
    grace: Duration,
) -> Result<Option<EngineContainer>, EngineError> {
    Failpoint::HostBeforeStop.hit();
    engine.stop(id, grace).await?;
    Failpoint::HostAfterStop.hit();
    engine.inspect(id).await
}
