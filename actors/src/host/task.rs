//! One task on its host: brings its containers up, watches them, stops and removes them, reports.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_core::EngineId;
use mainstay_core::lifecycle::{ContainerStatus, Order, Standing, Start as Verdict, TaskReport};
use mainstay_core::model::{TaskSpec, Timestamp};
use mainstay_core::storage;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::Heard;
pub use super::acts::Outcome;
use super::container::{Act, Container, KILLED, News, Phase};
use super::gate::{Gate, Lane};
use super::images::{self, Unbrought};
use super::known::Known;
use super::pause;
use super::provisions::{Provided, Provisions, Unprovided};
use super::pulls::Pulls;
use super::strays::remove_volumes;
use crate::agent::SharedControlLink;
use crate::context::Context;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::ports::{
    ContainerEngine, EngineContainer, EngineError, EngineEvent, EngineEventKind, FromAgent, Inside,
    PullProblem, Secrets,
};
use crate::tree::{Kind, Life, Path};

/// Shortest and longest wait before an act that the engine could not do is tried again.
pub(super) const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// ECS's word for a pull that failed.
const CANNOT_PULL: &str = "CannotPullContainerError";
/// A pull that takes too long is tried this often.
const PULL_TRIES: u32 = 5;

/// The actor.
pub struct HostTask {
    pub(super) ctx: Context,
    pub(super) path: Path,
    pub(super) engine: Arc<dyn ContainerEngine>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) inside: Arc<dyn Inside>,
    pub(super) control: SharedControlLink,
    pub(super) gate: Arc<Gate>,
    pub(super) pulls: Arc<Pulls>,
}

/// What it starts from.
pub struct Start {
    pub(super) spec: TaskSpec,
    /// Whether missing containers are to be made.
    pub(super) create: bool,
    pub(super) stopping: bool,
    /// What the engine has of it already.
    pub(super) found: Vec<EngineContainer>,
    /// What was reported of it before.
    pub(super) known: Known,
}

/// What it is told.
#[derive(strum::IntoStaticStr)]
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
    /// What it needs before its first container is here, or cannot be had.
    Provided(Result<Provided, Unprovided>),
    /// The wait before this further try to provide that is over.
    ProvideAgain(u32),
    /// An act on a container is over.
    Done {
        /// Which container.
        place: usize,
        /// What had happened to it by the time it began.
        news: News,
        /// How it went.
        outcome: Outcome,
    },
    /// A look at a container.
    Seen {
        /// Which container.
        place: usize,
        /// Which of the engine's: it may have been made anew meanwhile.
        id: EngineId,
        /// What had happened to it by the time it began.
        news: News,
        /// What was seen.
        seen: Result<Option<EngineContainer>, EngineError>,
    },
    /// Look at a container.
    Look(usize),
    /// What a container waits for may have been waited for long enough.
    Due(usize),
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
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(HostTaskMsg);

/// Its state.
pub struct HostTaskState {
    pub(super) spec: TaskSpec,
    pub(super) containers: Vec<Container>,
    pub(super) provisions: Provisions,
    order: Order,
    known: Known,
    pub(super) stopping: bool,
    forget: bool,
    cleaning: bool,
    pull_started_at: Option<Timestamp>,
    pull_stopped_at: Option<Timestamp>,
    reported: Option<TaskReport>,
    _life: Life,
}

pub(super) type Me = ActorRef<HostTaskMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for HostTask {
    type Msg = HostTaskMsg;
    type State = HostTaskState;
    type Arguments = Start;

    async fn pre_start(&self, me: Me, start: Start) -> Result<HostTaskState, ActorProcessingErr> {
        let own_checks = self.ctx.settings.image_health_checks;
        let mut containers: Vec<Container> =
            start.spec.containers.iter().map(|spec| Container::new(spec.clone(), own_checks)).collect();
        for container in &mut containers {
            let name = &container.spec.definition.name;
            let known = start.known.of(name);
            match (start.found.iter().find(|found| found.name == *name), known) {
                // What the list said may be old news by now; the look that follows is not.
                (Some(found), _) => container.made(found.id.clone()),
                (None, Some(known)) if known.status == ContainerStatus::Stopped => container.was_over(&known),
                (None, known) => {
                    if !start.create || known.is_some_and(|known| known.runtime_id.is_some()) {
                        container
                            .failed("ContainerVanishedError: the container was removed from outside".into());
                    } else if !images::may_skip(&self.ctx, &container.spec) {
                        container.phase = Phase::WaitsForImage;
                    }
                }
            }
        }
        pause::lose(&start, &mut containers);
        for (place, container) in containers.iter_mut().enumerate() {
            if container.id.is_some() {
                container.unseen = true;
                me.cast(HostTaskMsg::Look(place))?;
            }
        }
        me.cast(HostTaskMsg::Drive)?;
        Ok(HostTaskState {
            provisions: Provisions::of(&start.spec),
            order: Order::of(start.spec.containers.iter().map(|container| &container.definition)),
            known: start.known,
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
                state.provisions.hurry();
                self.listed(&me, state, &found);
            }
            HostTaskMsg::Audited(found) => self.audited(&me, state, &found),
            HostTaskMsg::Provided(outcome) => self.provided(&me, state, outcome),
            HostTaskMsg::ProvideAgain(number) => state.provisions.try_again(number),
            HostTaskMsg::Done { place, news, outcome } => {
                self.done(&me, state, place, news, outcome);
            }
            HostTaskMsg::Seen { place, id, news, seen } => self.looked(&me, state, place, &id, news, seen),
            HostTaskMsg::Look(place) => self.look(&me, state, place),
            HostTaskMsg::Due(place) => state.containers[place].alarm = None,
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
                tracing::warn!(task = %state.spec.id, %error, "could not remove its containers and volumes; trying again");
                me.send_after(RETRY.1, || HostTaskMsg::CleanUp);
            }
            HostTaskMsg::Probe => {}
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
        self.provide(me, state);
        // What one container cannot do any more may decide about another.
        while self.go_on(me, state) {}
        self.report(state);
        let over =
            state.containers.iter().all(|container| container.phase == Phase::Stopped && !container.busy);
        if over && !state.provisions.are_under_way() && (!state.cleaning || state.forget) {
            state.cleaning = true;
            let wait = if std::mem::take(&mut state.forget) {
                Duration::ZERO
            } else {
                self.ctx.settings.cleanup_wait
            };
            me.send_after(wait, || HostTaskMsg::CleanUp);
        }
    }

    /// Begins what each container may do now; whether any of them came to its end by that.
    fn go_on(&self, me: &Me, state: &mut HostTaskState) -> bool {
        let now = self.ctx.nature.now();
        let standings: Vec<Standing> =
            state.containers.iter().map(|container| container.standing(now)).collect();
        // A task of which an essential container is over is about to be stopped; nothing of it starts again.
        let is_over = |container: &Container| container.spec.definition.essential && container.is_over();
        let pause_over = pause::is_over(state);
        let ending = state.stopping || pause_over || state.containers.iter().any(is_over);
        let unseen = state.containers.iter().any(|container| container.unseen);
        let mut ended = pause::fail_those_to_come(state);
        for place in 0..state.containers.len() {
            let alone = pause::stays_alone(state, place);
            let container = &mut state.containers[place];
            let (before, stopping) = match container.phase {
                // It is there for the others.
                phase if container.spec.is_pause() => (phase, alone),
                // Whether the task goes on is known once all of it was looked at.
                Phase::Again if unseen => continue,
                phase @ Phase::Again => (phase, ending),
                phase => (phase, state.stopping),
            };
            let act = container.next(stopping);
            let go = match act {
                Some(Act::Create) if !stopping && !state.provisions.are_here() => false,
                Some(Act::Stop) => state.order.may_stop(place, &standings),
                // One that may have been started had what it waited for.
                Some(_) if before < Phase::Running && !state.stopping && !container.uncertain => {
                    match state.order.start(place, &standings) {
                        Verdict::Now => true,
                        Verdict::Wait(limit) => {
                            limit.into_iter().for_each(|limit| alarm(me, container, place, now, limit));
                            false
                        }
                        Verdict::Never(why) => {
                            tracing::warn!(task = %state.spec.id, container = container.report.name, %why, "will never start");
                            container.blocked(&why);
                            false
                        }
                    }
                }
                _ => true,
            };
            ended |= container.phase != before;
            if let (Some(act), true) = (act, go) {
                if before == Phase::Again && act == Act::Start {
                    tracing::warn!(task = %state.spec.id, container = container.report.name, "ended and is started again in place");
                }
                container.begin(act);
                self.begin(me, state, place, act);
            }
        }
        ended
    }

    fn done(&self, me: &Me, state: &mut HostTaskState, place: usize, news: News, outcome: Outcome) {
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
            Outcome::Created(Err(error)) => Some(Problem::at("CannotCreateContainerError", error)),
            Outcome::Brought(brought) => match brought.image {
                Ok((reference, here)) => {
                    container.has_image(reference, here);
                    None
                }
                Err(Unbrought::Engine(error)) => Some(Problem::at(CANNOT_PULL, error)),
                Err(Unbrought::Credentials(error)) => Some(Problem::unprovided(&error)),
            },
            Outcome::Started(Ok(seen)) | Outcome::Stopped(Ok(seen)) => {
                container.busy = false;
                container.uncertain = false;
                container.tries = 0;
                return self.seen(me, state, place, news, Ok(seen));
            }
            Outcome::Started(Err(EngineError::PortTaken { message })) if container.may_be_made_anew() => {
                tracing::warn!(task = %state.spec.id, container = container.report.name, message, "other ports are tried");
                container.unmake();
                None
            }
            Outcome::Started(Err(error)) => Some(Problem::at("CannotStartContainerError", error)),
            Outcome::Stopped(Err(error)) => Some(Problem::at("CannotStopContainerError", error)),
        };
        container.busy = false;
        let Some(problem) = problem else {
            container.tries = 0;
            return;
        };
        let running = container.phase == Phase::Running;
        let tired = problem.tries.is_some_and(|most| container.tries + 1 >= most);
        if (problem.is_temporary && !tired) || running {
            container.busy = true;
            let wait = RETRY.0.saturating_mul(1 << container.tries.min(16)).min(RETRY.1);
            container.tries += 1;
            container.uncertain |= problem.is_uncertain;
            let number = container.tries;
            container.waits_for = Some(number);
            tracing::warn!(task = %state.spec.id, container = container.report.name, image, error = problem.text, ?wait, "will be tried again");
            me.send_after(wait, move || HostTaskMsg::TryAgain { place, number });
        } else if problem.is_gone {
            container.gone();
        } else {
            container.failed(problem.text);
        }
    }

    fn event(&self, me: &Me, state: &mut HostTaskState, event: &EngineEvent) {
        let ours = |container: &Container| container.spec.definition.name == event.container;
        let Some(place) = state.containers.iter().position(ours) else { return };
        if let EngineEventKind::Died { .. } = event.kind {
            Failpoint::HostDeathSeen.hit();
        }
        let container = &mut state.containers[place];
        if container.unmade.contains(&event.id) {
            return;
        }
        // Where there is none yet, the answer to its create is still on its way.
        if *container.id.get_or_insert_with(|| event.id.clone()) != event.id {
            return;
        }
        if let EngineEventKind::Died { .. } = event.kind {
            container.note_end();
        }
        match event.kind {
            EngineEventKind::Died { exit_code: Some(code) } if container.phase == Phase::Running => {
                let now = self.ctx.nature.wall();
                if !state.stopping && container.may_start_again(code, now) {
                    // What the look shows decides; its end is not told where it goes on.
                } else if code == KILLED {
                    container.killed(code);
                } else {
                    container.ended(code, now);
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

    fn report(&self, state: &mut HostTaskState) {
        // What was there before is not Pending only because nobody has looked yet.
        if state.containers.iter().any(|container| container.unseen) {
            return;
        }
        let of_definition = state.containers.iter().filter(|container| !container.spec.is_pause());
        let report = TaskReport {
            containers: of_definition.map(|container| container.report.clone()).collect(),
            interface: pause::interface(state),
            pause_ended: pause::end(state),
            pull_started_at: state.pull_started_at,
            pull_stopped_at: state.pull_stopped_at,
        };
        if state.reported.as_ref() != Some(&report) {
            state.known.set(&report.containers);
            self.control.send(FromAgent::Task { task: state.spec.id.clone(), report: report.clone() });
            state.reported = Some(report);
        }
    }

    fn clean_up(&self, me: &Me, state: &HostTaskState) {
        let ids: Vec<EngineId> = state
            .containers
            .iter()
            .flat_map(|container| container.id.iter().chain(container.unmade.last()))
            .cloned()
            .collect();
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        let (gate, group) = (Arc::clone(&self.gate), state.spec.group.clone());
        let volumes = storage::volumes_of(&state.spec);
        self.ctx.spawn(async move {
            let remove = async {
                for id in &ids {
                    let pass = gate.pass(Lane::Work, &group).await;
                    Failpoint::HostBeforeRemove.hit();
                    engine.remove(id).await?;
                    Failpoint::HostAfterRemove.hit();
                    drop(pass);
                }
                if !volumes.is_empty() {
                    let _pass = gate.pass(Lane::Work, &group).await;
                    remove_volumes(&*engine, &volumes).await?;
                }
                Ok(())
            };
            drop(me.cast(HostTaskMsg::CleanedUp(remove.await)));
        });
    }
}

/// What kept an act from being done.
struct Problem {
    /// In ECS's words.
    text: String,
    /// It may be done later.
    is_temporary: bool,
    /// It is tried no more often.
    tries: Option<u32>,
    /// It may have been done all the same.
    is_uncertain: bool,
    /// The container is no more.
    is_gone: bool,
}

impl Problem {
    fn at(kind: &str, error: EngineError) -> Self {
        let stuck = matches!(error, EngineError::Pull { problem: PullProblem::TimedOut, .. });
        Self {
            text: format!("{kind}: {error}"),
            is_temporary: error.is_temporary(),
            tries: (kind == CANNOT_PULL && stuck).then_some(PULL_TRIES),
            is_uncertain: kind != CANNOT_PULL,
            is_gone: matches!(error, EngineError::NoSuchContainer { .. }),
        }
    }

    fn unprovided(error: &Unprovided) -> Self {
        Self {
            text: format!("ResourceInitializationError: {error}"),
            is_temporary: error.is_temporary(),
            tries: None,
            is_uncertain: false,
            is_gone: false,
        }
    }
}

fn stop_all(state: &mut HostTaskState) {
    state.stopping = true;
    for container in &mut state.containers {
        container.hurry();
    }
    state.provisions.hurry();
}

/// Has the actor look again at a container that waits for others, once that was long enough.
fn alarm(me: &Me, container: &mut Container, place: usize, now: Instant, limit: Duration) {
    let at = now + limit;
    if container.alarm.is_none_or(|known| at < known) {
        container.alarm = Some(at);
        me.send_after(limit, move || HostTaskMsg::Due(place));
    }
}
