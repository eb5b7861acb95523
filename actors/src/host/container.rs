//! One container on its host: how far it is, and what a look at the engine makes of that.

use std::time::{Duration, Instant};

use mainstay_core::EngineId;
use mainstay_core::images::Here;
use mainstay_core::lifecycle::{Blocked, ContainerReport, ContainerStatus, Stage, Standing, starts_again};
use mainstay_core::model::{ContainerSpec, Health, NetworkInterface, Timestamp};

use crate::ports::{EngineContainer, EngineState, Exit};

/// The exit code of a container that never started for want of what it depends on.
const BLOCKED: i32 = 143;

/// The exit code after SIGKILL, from whoever it came: the kernel too, for want of memory.
pub(super) const KILLED: i32 = 137;
/// An engine says that late, at most, that it was the kernel for want of memory.
pub(super) const OUT_OF_MEMORY_WITHIN: Duration = Duration::from_millis(500);

/// A container with a port range is made so often beyond the first time, each time with other ports of the host.
const PORTS_TRIED: usize = 10;

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Nothing of it is there.
    Absent,
    /// Its image has to come first.
    WaitsForImage,
    /// Made, not started.
    Created,
    /// Started.
    Running,
    /// Over, but how, only a look will tell.
    Killed,
    /// Over, to be started again in place.
    Again,
    /// Over, for good.
    Stopped,
}

/// One container.
pub(super) struct Container {
    pub(super) spec: ContainerSpec,
    pub(super) id: Option<EngineId>,
    /// The reference of the image it is made with.
    pub(super) image: String,
    pub(super) phase: Phase,
    /// An act on it is under way.
    pub(super) busy: bool,
    /// It was there before this actor, which has yet to look at it.
    pub(super) unseen: bool,
    /// Acts that failed in a row.
    pub(super) tries: u32,
    /// Busy with nothing but waiting for this try's turn.
    pub(super) waits_for: Option<u32>,
    /// The last act was done or was not: no answer came.
    pub(super) uncertain: bool,
    /// A look at it is under way.
    pub(super) looking: bool,
    /// Something happened since that look began.
    pub(super) look_again: bool,
    /// An audit's list had it otherwise; the look that follows says whether the list was old or events were missed.
    pub(super) audited: bool,
    /// What a look that begins now will know.
    pub(super) news: News,
    /// The exit code of a kill that was heard of.
    killed_with: Option<i32>,
    /// It was told to stop.
    told_to_stop: bool,
    /// A look that will say whether its memory was the reason is the last one before its end is told.
    last_look: bool,
    /// How the run ended that is to be followed by another one.
    last_end: Option<LastEnd>,
    /// When its present run began, by the engine's clock and by one that nobody sets.
    run: Option<(Timestamp, Instant)>,
    /// When it is looked at again whether it may start.
    pub(super) alarm: Option<Instant>,
    /// Those before it that could not start for their ports; what is still heard of them is old news.
    pub(super) unmade: Vec<EngineId>,
    /// Its network interface, as last seen.
    pub(super) interface: Option<NetworkInterface>,
    /// Whether a check that its image brings counts.
    image_check: bool,
    pub(super) report: ContainerReport,
}

/// What had happened to a container when a look at it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// Health events; a look that began before the last one knows less of its health.
    health: u64,
    /// Ends after which it was to be started again; a look that began before the last one saw a run that is over.
    run: u64,
    /// All ends; a look that began before the last one says nothing of whether it was started from outside since.
    ends: u64,
}

/// What a look means beyond what is noted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing.
    Noted,
    /// It runs although it was over.
    RunsAgain,
    /// It was killed, and who did that may not be known yet: look once more.
    LookLater,
}

/// What is known of a container's task when it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) now: Now,
    /// Its task as a whole can have only so much memory.
    pub(super) limited: bool,
}

struct LastEnd {
    exit_code: i32,
    at: Option<Timestamp>,
    reason: Option<String>,
}

/// The time, by the clock that engines show and by one that nobody sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) wall: Timestamp,
    pub(super) steady: Instant,
}

/// What there is to do about a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Create,
    Pull,
    Start,
    Stop,
}

impl Container {
    pub(super) fn new(spec: ContainerSpec, image_check: bool) -> Self {
        let report = ContainerReport {
            name: spec.definition.name.clone(),
            status: ContainerStatus::Pending,
            runtime_id: None,
            image_digest: None,
            image_id: None,
            exit_code: None,
            reason: None,
            health: Health::Unknown,
            checked: false,
            network_bindings: Vec::new(),
            started_at: None,
            finished_at: None,
        };
        Self {
            image: spec.reference(),
            spec,
            id: None,
            phase: Phase::Absent,
            busy: false,
            unseen: false,
            tries: 0,
            waits_for: None,
            uncertain: false,
            looking: false,
            look_again: false,
            audited: false,
            unmade: Vec::new(),
            interface: None,
            image_check,
            news: News::default(),
            killed_with: None,
            told_to_stop: false,
            last_look: false,
            last_end: None,
            run: None,
            alarm: None,
            report,
        }
    }

    /// What to do next; `None` while something is under way, or where it is as it shall be. A container that is
    /// to stop before it started simply is over.
    pub(super) fn next(&mut self, stopping: bool) -> Option<Act> {
        if stopping && self.phase == Phase::WaitsForImage {
            // Even while the image is on its way.
            self.over();
        }
        if self.busy || self.unseen {
            return None;
        }
        match (self.phase, stopping) {
            (Phase::Absent, false) => Some(Act::Create),
            (Phase::WaitsForImage, false) => Some(Act::Pull),
            (Phase::Created, false) => Some(Act::Start),
            (Phase::Again, false) => Some(Act::Start),
            (Phase::Running, true) => Some(Act::Stop),
            // It may be there, to be removed later, or may run: asking again tells.
            (Phase::Absent, true) if self.uncertain => Some(Act::Create),
            (Phase::Created | Phase::Again, true) if self.uncertain => Some(Act::Stop),
            (Phase::Absent | Phase::WaitsForImage | Phase::Created | Phase::Again, true) => {
                self.over();
                None
            }
            (Phase::Running, false) | (Phase::Killed | Phase::Stopped, _) => None,
        }
    }

    /// An act on it begins.
    pub(super) fn begin(&mut self, act: Act) {
        self.busy = true;
        self.told_to_stop |= act == Act::Stop;
    }

    /// An end of it was heard of, or seen.
    pub(super) fn note_end(&mut self) {
        self.news.ends += 1;
    }

    fn over(&mut self) {
        self.phase = Phase::Stopped;
        self.report.status = ContainerStatus::Stopped;
        // It was to be started again, and will not be.
        if let Some(end) = self.last_end.take() {
            self.report.exit_code = Some(end.exit_code);
            self.report.finished_at = end.at;
            self.report.reason = end.reason;
        }
    }

    /// It ended on behalf of an actor before this one, and is no more to be found.
    pub(super) fn was_over(&mut self, known: &ContainerReport) {
        self.over();
        self.report = known.clone();
    }

    /// What it waits for will never come. The code is what the genuine agent says of these, although nothing was
    /// started that could get a signal.
    pub(super) fn blocked(&mut self, why: &Blocked) {
        self.failed(format!("CannotStartContainerError: {why}"));
        self.report.exit_code = Some(BLOCKED);
    }

    /// How far it is for those that depend on it.
    pub(super) fn standing(&self, now: Instant) -> Standing {
        let stage = match self.phase {
            Phase::Absent | Phase::WaitsForImage => Stage::Absent,
            Phase::Created => Stage::Created,
            Phase::Running | Phase::Killed | Phase::Again => Stage::Running {
                since: self.run.map_or(Duration::ZERO, |(_, began)| now.saturating_duration_since(began)),
            },
            Phase::Stopped => {
                Stage::Ended { started: self.report.started_at.is_some(), exit_code: self.report.exit_code }
            }
        };
        Standing { stage, health: self.report.health }
    }

    /// Whether an end that is just heard of may be followed by a start in place: events are late, so that by now it
    /// has run for longer, never for less. One that was started again before may hear of an earlier end.
    pub(super) fn may_start_again(&self, exit_code: i32, now: Timestamp) -> bool {
        self.news.run > 0 || self.starts_again(exit_code, self.report.started_at, Some(now))
    }

    fn starts_again(&self, exit_code: i32, from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
        let (Some(policy), Some(from), Some(to)) = (&self.spec.definition.restart_policy, from, to) else {
            return false;
        };
        starts_again(policy, exit_code, Duration::from_millis(to.millis_since(from)))
    }

    /// When the run began that is to be followed by another one.
    pub(super) fn last_start(&self) -> Option<Timestamp> {
        self.last_end.as_ref().and(self.report.started_at)
    }

    /// Ends the wait for another try.
    pub(super) fn hurry(&mut self) {
        if self.waits_for.take().is_some() {
            self.busy = false;
        }
    }

    /// It was killed while it ran, says the engine, which takes a while to say by whom. The end itself is told at
    /// once: nothing is waited for on the way to the replacement.
    pub(super) fn killed(&mut self, code: i32) {
        self.phase = Phase::Killed;
        self.report.status = ContainerStatus::Ending;
        self.killed_with = Some(code);
    }

    /// It ended by itself with this code while it ran, says the engine.
    pub(super) fn ended(&mut self, code: i32, now: Timestamp) {
        self.over();
        self.report.exit_code = Some(code);
        self.report.finished_at = Some(now);
    }

    /// Its check has a new verdict.
    pub(super) fn checked(&mut self, health: Health) {
        self.news.health += 1;
        if self.check_counts() && !matches!(self.phase, Phase::Again | Phase::Stopped) {
            self.report.health = health;
        }
    }

    /// Whether a check that the engine runs for it is one that counts.
    fn check_counts(&self) -> bool {
        self.image_check || self.spec.definition.health_check.is_some()
    }

    /// What of its health counts.
    fn health_in(&self, seen: &EngineContainer) -> Health {
        if self.check_counts() { seen.health } else { Health::Unknown }
    }

    /// Its image is here, under this reference.
    pub(super) fn has_image(&mut self, reference: String, here: Option<Here>) {
        self.image = reference;
        if self.phase == Phase::WaitsForImage {
            self.phase = Phase::Absent;
        }
        if let (Some(here), true) = (here, self.phase < Phase::Running) {
            self.report.image_digest = here.digest;
            self.report.image_id = Some(here.id);
        }
    }

    /// It is there, under this id.
    pub(super) fn made(&mut self, id: EngineId) {
        self.report.runtime_id = Some(id.clone());
        self.id = Some(id);
        self.phase = self.phase.max(Phase::Created);
    }

    /// Whether one of its host ports being taken only means that others have to be tried.
    pub(super) fn may_be_made_anew(&self) -> bool {
        self.phase == Phase::Created
            && self.spec.definition.has_port_range()
            && self.unmade.len() < PORTS_TRIED
    }

    /// It will be made anew, with other ports.
    pub(super) fn unmake(&mut self) {
        self.unmade.extend(self.id.take());
        self.report.runtime_id = None;
        self.phase = Phase::Absent;
    }

    /// It could not be brought up.
    pub(super) fn failed(&mut self, reason: String) {
        if self.phase != Phase::Stopped {
            self.over();
            self.report.reason = Some(reason);
        }
    }

    /// Whether a list says otherwise than what is known, so that it has to be looked at. One that is being made or
    /// started may be ahead of the list.
    pub(super) fn differs(&mut self, seen: Option<&EngineContainer>) -> bool {
        let Some(seen) = seen else { return self.may_run() && !self.busy };
        if self.id.is_none() && !self.busy {
            // Made on behalf of an actor that ended before it heard of it; known now, it will be removed too.
            self.id = Some(seen.id.clone());
            return true;
        }
        match &seen.state {
            EngineState::Created => false,
            EngineState::Running if self.phase == Phase::Again => !self.busy,
            EngineState::Running => {
                self.phase != Phase::Running || self.report.health != self.health_in(seen)
            }
            EngineState::Exited(_) => !self.last_look && !matches!(self.phase, Phase::Again | Phase::Stopped),
        }
    }

    /// Whether it was to run and does so no more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Killed | Phase::Stopped)
    }

    /// Whether it has to be there.
    pub(super) fn may_run(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Killed | Phase::Again)
    }

    /// Takes what a look at the engine showed that began with such news.
    pub(super) fn seen(&mut self, seen: &EngineContainer, news: News, among: Circumstances) -> Sight {
        self.unseen = false;
        // What it is now, the look at the end of its start tells.
        if news.run != self.news.run {
            return Sight::Noted;
        }
        let runs = seen.state == EngineState::Running;
        // One that was killed and runs again was restarted from outside, after its end was told; unless that look saw
        // the very run that has ended since.
        if self.phase == Phase::Stopped || (self.phase == Phase::Killed && runs) {
            let again = runs && news.ends == self.news.ends;
            return if again { Sight::RunsAgain } else { Sight::Noted };
        }
        if self.phase == Phase::Again && !runs && seen.started_at == self.last_start() {
            return Sight::Noted;
        }
        self.last_end = None;
        self.made(seen.id.clone());
        // One that was made by its image's id does not say what that image is called.
        self.report.image_digest = seen.image_digest.clone().or(self.report.image_digest.take());
        self.report.image_id = seen.image_id.clone().or(self.report.image_id.take());
        match &seen.state {
            EngineState::Created => {}
            EngineState::Running => {
                self.phase = Phase::Running;
                self.report.status = ContainerStatus::Running;
                self.report.started_at = seen.started_at;
                self.note_run(seen.started_at, among.now);
                if news.health == self.news.health {
                    self.report.health = self.health_in(seen);
                }
                self.report.checked = seen.checked && self.check_counts();
                self.report.network_bindings.clone_from(&seen.network_bindings);
                self.interface.clone_from(&seen.interface);
            }
            EngineState::Exited(exit) => return self.exited(seen.started_at, exit, among),
        }
        Sight::Noted
    }

    /// Whether it may still turn out that it was killed for its memory: engines tell that late when they are busy, and
    /// what was told of an end is final.
    fn may_lack_its_reason(&self, exit: &Exit, among: Circumstances) -> bool {
        let recent =
            |at: Timestamp| Duration::from_millis(among.now.wall.millis_since(at)) < OUT_OF_MEMORY_WITHIN;
        exit.code == KILLED
            && !exit.out_of_memory
            && exit.error.is_none()
            && (among.limited || self.spec.definition.memory.is_some())
            && !(self.told_to_stop || self.last_look)
            && exit.at.is_none_or(recent)
    }

    fn exited(&mut self, started_at: Option<Timestamp>, exit: &Exit, among: Circumstances) -> Sight {
        self.note_end();
        self.report.started_at = started_at.or(self.report.started_at);
        let reason = match &exit.error {
            _ if exit.out_of_memory => Some("OutOfMemoryError: Container killed due to memory usage".into()),
            Some(error) => Some(format!("CannotStartContainerError: {error}")),
            None => None,
        };
        // One whose end was told is over.
        let may = self.phase != Phase::Killed && exit.error.is_none();
        if may && self.starts_again(exit.code, self.report.started_at, exit.at) {
            self.phase = Phase::Again;
            self.news.run += 1;
            self.report.status = ContainerStatus::Running;
            self.report.health = Health::Unknown;
            self.last_end = Some(LastEnd { exit_code: exit.code, at: exit.at, reason });
            return Sight::Noted;
        }
        if self.may_lack_its_reason(exit, among) {
            self.killed(exit.code);
            self.last_look = true;
            return Sight::LookLater;
        }
        self.over();
        self.report.finished_at = exit.at;
        if self.report.started_at.is_some() {
            self.report.exit_code = Some(exit.code);
        }
        self.report.reason = reason;
        Sight::Noted
    }

    /// Notes since when it runs, once for each run: whoever sets the wall clock later changes nothing.
    fn note_run(&mut self, started_at: Option<Timestamp>, now: Now) {
        let Some(at) = started_at else { return };
        if self.run.is_none_or(|(known, _)| known != at) {
            let age = Duration::from_millis(now.wall.millis_since(at));
            self.run = Some((at, now.steady.checked_sub(age).unwrap_or(now.steady)));
        }
    }

    /// Nothing of it is there any more.
    pub(super) fn gone(&mut self) {
        self.unseen = false;
        self.note_end();
        if self.phase != Phase::Stopped && self.id.is_some() {
            self.over();
            self.report.exit_code = self.report.exit_code.or(self.killed_with);
            self.report.reason =
                Some("ContainerVanishedError: the container was removed from outside".into());
        }
    }
}

#[cfg(test)]
mod tests;
