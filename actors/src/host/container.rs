//! One container on its host: how far it is, and what a look at the engine makes of that.

use mainstay_core::EngineId;
use mainstay_core::lifecycle::{ContainerReport, ContainerStatus};
use mainstay_core::model::{ContainerSpec, Health};

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
    /// Over, for good.
    Stopped,
}

/// One container.
pub(super) struct Container {
    pub(super) spec: ContainerSpec,
    pub(super) id: Option<EngineId>,
    pub(super) phase: Phase,
    /// An act on it is under way.
    pub(super) busy: bool,
    /// It was there before this actor, which has yet to look at it.
    pub(super) unseen: bool,
    /// Acts that failed in a row.
    pub(super) tries: u32,
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
            exit_code: None,
            reason: None,
            health: Health::Unknown,
            network_bindings: Vec::new(),
            started_at: None,
            finished_at: None,
        };
        Self { spec, id: None, phase: Phase::Absent, busy: false, unseen: false, tries: 0, report }
    }

    /// What to do next; `None` while something is under way, or where it is as it shall be. A container that is
    /// to stop before it started simply is over.
    pub(super) fn next(&mut self, stopping: bool) -> Option<Act> {
        if self.busy || self.unseen {
            return None;
        }
        match (self.phase, stopping) {
            (Phase::Absent, false) => Some(Act::Create),
            (Phase::WaitsForImage, false) => Some(Act::Pull),
            (Phase::Created, false) => Some(Act::Start),
            (Phase::Running, true) => Some(Act::Stop),
            (Phase::Absent | Phase::WaitsForImage | Phase::Created, true) => {
                self.phase = Phase::Stopped;
                self.report.status = ContainerStatus::Stopped;
                None
            }
            (Phase::Running, false) | (Phase::Stopped, _) => None,
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
            self.phase = Phase::Stopped;
            self.report.status = ContainerStatus::Stopped;
            self.report.reason = Some(reason);
        }
    }

    /// Takes what a look at the engine showed; true where it runs although it was over.
    pub(super) fn seen(&mut self, seen: &EngineContainer) -> bool {
        self.unseen = false;
        if self.phase == Phase::Stopped {
            return seen.state == EngineState::Running;
        }
        self.made(seen.id.clone());
        self.report.image_digest = seen.image_digest.clone();
        match &seen.state {
            EngineState::Created => {}
            EngineState::Running => {
                self.phase = Phase::Running;
                self.report.status = ContainerStatus::Running;
                self.report.started_at = seen.started_at;
                self.report.health = seen.health;
                self.report.network_bindings.clone_from(&seen.network_bindings);
            }
            EngineState::Exited(exit) => {
                self.phase = Phase::Stopped;
                self.report.status = ContainerStatus::Stopped;
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
            self.phase = Phase::Stopped;
            self.report.status = ContainerStatus::Stopped;
            self.report.reason =
                Some("ContainerVanishedError: the container was removed from outside".into());
        }
    }
}
