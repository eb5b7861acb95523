//! What the ends of tasks come to: a slot that waits, and a rollout that is given up.

use std::time::Duration;

use mainstay_core::deployment::{breaker, rollout};
use mainstay_core::model::{Brake, ServiceAction, ServiceStatus, StopCode, Task, TaskOwner};
use mainstay_core::restart;

use super::roster::Change;
use super::{ServiceActor, ServiceState, story};
use crate::metrics;

/// How deployments end, in the metrics' words.
pub(super) const COMPLETED: &str = "completed";
const FAILED: &str = "failed";
const ROLLED_BACK: &str = "rolled-back";
/// All of these.
pub(crate) const OUTCOMES: [&str; 3] = [COMPLETED, FAILED, ROLLED_BACK];

impl ServiceActor {
    /// Holds an unwanted end against the slot it happened in, and against its deployment.
    pub(super) fn account(&self, state: &mut ServiceState, task: &Task, change: &Change) {
        let Some(end) = change.ended else { return };
        self.brake(state, task, end);
        // That its host is lost says nothing of what it ran.
        let lost = task.stop_code == Some(StopCode::TerminationNotice);
        let TaskOwner::Service { deployment, .. } = &task.owner else { return };
        if !lost && breaker::counts(end, change.sick, self.ctx.settings.restart.settle) {
            state.writes.touch();
            if rollout::task_failed(&mut state.record, deployment, self.ctx.nature.wall()) {
                self.give_up(state, &rollout::Cause::TasksFailed);
            }
        }
    }

    /// Holds an unwanted end against the slot it happened in.
    fn brake(&self, state: &mut ServiceState, task: &Task, end: restart::End) {
        let (now, policy) = (self.ctx.nature.now(), &self.ctx.settings.restart);
        let wall = self.ctx.nature.wall();
        let Some((member, slot)) = state.roster.slot_of(task) else { return };
        slot.died_at.get_or_insert(now);
        let before = slot.history.failures();
        let wait = restart::replace_after(&mut slot.history, end, now, policy, self.ctx.nature.jitter());
        slot.ready_at = (wait > Duration::ZERO).then(|| now + wait);
        let failures = slot.history.failures();
        if failures == before {
            return;
        }
        state.record.brakes.retain(|brake| brake.deployment != member.0 || brake.slot != member.1);
        state.record.brakes.push(Brake {
            deployment: member.0,
            slot: member.1,
            failures,
            due: wall.after(wait),
        });
        tracing::warn!(
            service = %state.record.key, task = %task.id, failures, ?wait,
            reason = task.stopped_reason.as_deref().unwrap_or_default(), "task failed; its slot waits"
        );
        state.writes.touch();
        if restart::worth_telling(failures) {
            let message = story::unable_to_start(&state.record.key);
            self.tell_act(state, message, ServiceAction::TaskStartImpaired);
        }
    }

    /// The rollout that is under way is given up; what comes next follows from the record.
    pub(super) fn give_up(&self, state: &mut ServiceState, cause: &rollout::Cause) {
        if state.record.status != ServiceStatus::Active {
            return;
        }
        let goes_back = rollout::current(&state.record).is_some_and(|told| told.rollback.is_none());
        let Some(failed) = rollout::fail(&mut state.record, cause, self.ctx.nature.wall()) else { return };
        let key = state.record.key.clone();
        self.tell(state, story::failed(&key, &failed.deployment, cause.event()));
        let outcome = match &failed.back_to {
            Some(to) => {
                self.tell(state, story::rolling_back(&key, to));
                ROLLED_BACK
            }
            None => {
                if goes_back && cause.goes_back(&state.record) {
                    self.tell(state, story::no_way_back(&key, &failed.deployment));
                }
                FAILED
            }
        };
        metrics::deployments(key.cluster.as_str(), key.name.as_str(), outcome).increment(1);
        self.keep_counts(state);
        (state.steady, state.blocked, state.stuck) = (false, false, false);
    }
}

/// Whether a task ended although nobody in charge of the service wanted that.
pub(super) fn unwanted(code: Option<StopCode>) -> bool {
    matches!(
        code,
        Some(StopCode::EssentialContainerExited | StopCode::TaskFailedToStart | StopCode::TerminationNotice)
    )
}
