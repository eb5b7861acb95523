//! One try of one run, beside the actor: it may wait for tasks to stop and for an answer of RunTask.

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::TaskId;
use mainstay_core::model::{Schedule, ScheduledRun, Task, TaskStatus};
use mainstay_core::schedule::{Beginning, is_too_late};

use crate::context::Context;
use crate::control::{Control, ControlError};
use crate::failpoint::Failpoint;

/// Tasks that a run replaces have this long to stop, beside the time that they are given by their stop timeouts.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

/// How a try went.
#[derive(Debug)]
pub enum Tried {
    /// Its tasks are there.
    Started {
        /// All of them.
        tasks: Vec<TaskId>,
        /// Why others are not, as ECS lists it.
        lacking: Vec<String>,
    },
    /// Earlier ones are still there.
    Skipped {
        /// How many.
        live: usize,
    },
    /// Its time was over before it was tried.
    TooLate,
    /// It did not begin.
    Failed {
        /// Why.
        why: String,
        /// Whether that may be otherwise later.
        again: bool,
    },
    /// Nothing is started any more: the daemon ends.
    Postponed,
}

/// Begins a run, unless its tasks are there already.
pub(super) async fn carry_out(ctx: &Context, schedule: &Schedule, run: &ScheduledRun) -> Tried {
    let token = schedule.token(run.scheduled);
    // Tasks that an earlier try left on their way to the disk are shown once they are there.
    ctx.shown_is_durable().await;
    let ours = |task: &Task| task.client_token.as_ref() == Some(&token);
    let there = ctx.view.tasks.filter(ours);
    if !there.is_empty() {
        return Tried::Started {
            tasks: there.iter().map(|task| task.id.clone()).collect(),
            lacking: Vec::new(),
        };
    }
    if ctx.is_closing() {
        return Tried::Postponed;
    }
    let (missed, retry) = (schedule.settings.missed, &schedule.settings.retry);
    let missed = missed.unwrap_or(ctx.settings.missed_runs);
    if run.failed == 0 && is_too_late(run.due, ctx.nature.wall(), missed, retry) {
        return Tried::TooLate;
    }
    let live = live(ctx, schedule);
    match schedule.settings.overlap.unwrap_or(ctx.settings.overlapping_runs).begin(live.len()) {
        Beginning::Now => {}
        Beginning::Not => return Tried::Skipped { live: live.len() },
        Beginning::AfterStopping => {
            if let Err(why) = stop(ctx, schedule, live).await {
                return Tried::Failed { why, again: true };
            }
        }
    }
    let here = &ctx.settings.partition;
    let Some(targets) = ctx.schedule_targets() else {
        return Tried::Failed { why: "nobody here knows targets of schedules".into(), again: false };
    };
    let mut request = match targets.request(&ctx.view, here, schedule, run) {
        Ok(request) => request,
        Err(why) => return Tried::Failed { why, again: false },
    };
    (request.client_token, request.started_by) = (Some(token), Some(schedule.started_by()));
    let ran = Control::new(Arc::clone(ctx)).run_task(request).await;
    Failpoint::ScheduledRunStarted.hit();
    match ran {
        Ok(ran) => {
            let tasks: Vec<TaskId> = ran.tasks.iter().map(|task| task.id.clone()).collect();
            let lacking: Vec<String> = ran.failures.into_iter().map(|failure| failure.reason).collect();
            if tasks.is_empty() {
                return Tried::Failed { why: lacking.join(", "), again: true };
            }
            Tried::Started { tasks, lacking }
        }
        Err(error) => {
            let again = matches!(
                error,
                ControlError::NoInstances | ControlError::Unavailable(_) | ControlError::Conflict(_)
            );
            Tried::Failed { why: error.to_string(), again }
        }
    }
}

/// Tasks of the schedule's other runs that are there.
fn live(ctx: &Context, schedule: &Schedule) -> Vec<Arc<Task>> {
    ctx.view.tasks.filter(|task| task.last_status != TaskStatus::Stopped && schedule.started(task))
}

/// Stops the tasks of earlier runs and waits for that.
async fn stop(ctx: &Context, schedule: &Schedule, tasks: Vec<Arc<Task>>) -> Result<(), String> {
    let mut changes = ctx.view.changes();
    let control = Control::new(Arc::clone(ctx));
    let definitions = tasks.iter().filter_map(|task| ctx.view.definitions.get(&task.definition));
    let longest = definitions.flat_map(|known| known.containers.iter().filter_map(|c| c.stop_timeout).max());
    let limit = longest.max().unwrap_or_default().max(ctx.settings.stop_timeout) + STOPPED_WITHIN;
    for task in tasks {
        let reason = format!("Replaced by a later run of schedule {}", schedule.key);
        control.stop_task(task.id.clone(), Some(reason)).await.map_err(|error| error.to_string())?;
    }
    let gone = async {
        while !live(ctx, schedule).is_empty() {
            // Only the view's end ends this, which the actor's surroundings outlive.
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(limit, gone).await;
    waited.map_err(|_| format!("tasks of earlier runs did not stop within {limit:?}"))
}
