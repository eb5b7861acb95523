//! One container on its host: how far it is, and what a look at the engine makes of that.

use mainstay_core::EngineId;
use mainstay_core::images::Here;
use mainstay_core::lifecycle::{ContainerReport, ContainerStatus};
use mainstay_core::model::{ContainerSpec, Health, Timestamp};

use crate::ports::{EngineContainer, EngineState};

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
    /// Health events so far; a look that began before the last one knows less of its health.
    pub(super) health_news: u64,
    /// The exit code of a kill that was heard of.
    killed_with: Option<i32>,
    pub(super) report: ContainerReport,
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
    pub(super) fn new(spec: ContainerSpec) -> Self {
        let report = ContainerReport {
            name: spec.definition.name.clone(),
            status: ContainerStatus::Pending,
            runtime_id: None,
            image_digest: None,
            image_id: None,
            exit_code: None,
            reason: None,
            health: Health::Unknown,
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
            health_news: 0,
            killed_with: None,
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
            (Phase::Running, true) => Some(Act::Stop),
            // It may be there, to be removed later, or may run: asking again tells.
            (Phase::Absent, true) if self.uncertain => Some(Act::Create),
            (Phase::Created, true) if self.uncertain => Some(Act::Stop),
            (Phase::Absent | Phase::WaitsForImage | Phase::Created, true) => {
                self.over();
                None
            }
            (Phase::Running, false) | (Phase::Killed | Phase::Stopped, _) => None,
        }
    }

    fn over(&mut self) {
        self.phase = Phase::Stopped;
        self.report.status = ContainerStatus::Stopped;
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
        self.health_news += 1;
        if self.phase != Phase::Stopped {
            self.report.health = health;
        }
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
            EngineState::Running => self.phase != Phase::Running || self.report.health != seen.health,
            EngineState::Exited(_) => self.phase != Phase::Stopped,
        }
    }

    /// Whether it has to be there.
    pub(super) fn may_run(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Killed)
    }

    /// Takes what a look at the engine showed that began after so many health events; true where it runs although
    /// it was over.
    pub(super) fn seen(&mut self, seen: &EngineContainer, health_news: u64) -> bool {
        self.unseen = false;
        let runs = seen.state == EngineState::Running;
        // One that was killed and runs again was restarted from outside, after its end was told.
        if self.phase == Phase::Stopped || (self.phase == Phase::Killed && runs) {
            return runs;
        }
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
                if health_news == self.health_news {
                    self.report.health = seen.health;
                }
                self.report.network_bindings.clone_from(&seen.network_bindings);
            }
            EngineState::Exited(exit) => {
                self.over();
                self.report.started_at = seen.started_at.or(self.report.started_at);
                self.report.finished_at = exit.at;
                if self.report.started_at.is_some() {
                    self.report.exit_code = Some(exit.code);
                }
                self.report.reason = match &exit.error {
                    _ if exit.out_of_memory => {
                        Some("OutOfMemoryError: Container killed due to memory usage".into())
                    }
                    Some(error) => Some(format!("CannotStartContainerError: {error}")),
                    None => None,
                };
            }
        }
        false
    }

    /// Nothing of it is there any more.
    pub(super) fn gone(&mut self) {
        self.unseen = false;
        if self.phase != Phase::Stopped && self.id.is_some() {
            self.over();
            self.report.exit_code = self.killed_with;
            self.report.reason =
                Some("ContainerVanishedError: the container was removed from outside".into());
        }
    }
}
