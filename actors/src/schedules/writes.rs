//! What people change of schedules, and what runs come to.

use std::sync::Arc;

use mainstay_core::ScheduleKey;
use mainstay_core::model::{LastRun, RunOutcome, Schedule, ScheduledRun, Timestamp};
use mainstay_core::schedule::Timetable;

use super::run::Tried;
use super::{Schedules, SchedulesState};
use crate::control::{ControlError, NewSchedule, Reply};
use crate::metrics;
use crate::ports::{StoreError, Write};

impl Schedules {
    pub(super) fn create(&self, state: &mut SchedulesState, new: NewSchedule, reply: Reply<Arc<Schedule>>) {
        let NewSchedule { key, settings, client_token } = new;
        if !state.groups.contains_key(&key.group) {
            drop(reply.send(Err(ControlError::ScheduleGroupNotFound(key.group))));
            return;
        }
        if let Some(entry) = state.entries.get(&key) {
            let known = &entry.record;
            let again =
                client_token.is_some() && known.client_token == client_token && known.settings == settings;
            let answer = if again { Ok(Arc::clone(known)) } else { Err(ControlError::ScheduleExists(key)) };
            answer_once_written(state, reply, answer);
            return;
        }
        let now = self.ctx.nature.wall();
        let id = self.ctx.nature.task_id().as_str().chars().take(16).collect();
        let record = Schedule {
            key,
            id,
            settings,
            created_at: now,
            modified_at: now,
            client_token,
            since: now,
            considered: just_before(now),
            runs: Vec::new(),
            last: None,
        };
        self.put(state, record, reply);
    }

    pub(super) fn update(&self, state: &mut SchedulesState, new: NewSchedule, reply: Reply<Arc<Schedule>>) {
        let NewSchedule { key, settings, .. } = new;
        let Some(entry) = state.entries.get(&key) else {
            drop(reply.send(Err(ControlError::ScheduleNotFound(key))));
            return;
        };
        let now = self.ctx.nature.wall();
        let mut next = Schedule::clone(&entry.record);
        let before = std::mem::replace(&mut next.settings, settings);
        let of = |s: &mainstay_core::model::ScheduleSettings| {
            (s.expression.clone(), s.time_zone.clone(), s.start, s.end)
        };
        if of(&before) != of(&next.settings) {
            // Another timetable begins as one of a new schedule does; what the old one decided is its own.
            (next.since, next.considered) = (now, just_before(now));
            next.runs.clear();
        } else if !before.enabled && next.settings.enabled {
            next.considered = now;
        }
        if !next.settings.enabled {
            next.runs.clear();
        }
        next.modified_at = now;
        self.put(state, next, reply);
    }

    fn put(&self, state: &mut SchedulesState, record: Schedule, reply: Reply<Arc<Schedule>>) {
        let settings = &record.settings;
        let sound = Timetable::new(
            &settings.expression,
            &settings.time_zone,
            settings.start,
            settings.end,
            record.since,
        );
        if let Err(error) = sound {
            drop(reply.send(Err(ControlError::InvalidSchedule(error.to_string()))));
            return;
        }
        state.batch.push(Write::Schedule(record.clone()));
        let record = Arc::new(record);
        self.enter(state, Arc::clone(&record));
        answer_once_written(state, reply, Ok(record));
    }

    pub(super) fn delete(&self, state: &mut SchedulesState, key: ScheduleKey, reply: Reply<()>) {
        if !state.entries.contains_key(&key) {
            drop(reply.send(Err(ControlError::ScheduleNotFound(key))));
            return;
        }
        self.leave(state, &key);
        state.batch.push(Write::RemoveSchedule(key));
        answer_once_written(state, reply, Ok(()));
    }

    /// What a try of a run came to.
    pub(super) fn tried(
        &self,
        state: &mut SchedulesState,
        key: &ScheduleKey,
        id: &str,
        scheduled: Timestamp,
        tried: Tried,
    ) {
        let Some(entry) = state.entries.get(key).filter(|entry| entry.record.id == id) else { return };
        let mut next = Schedule::clone(&entry.record);
        // Another timetable has dropped it meanwhile.
        let Some(place) = next.runs.iter().position(|run| run.scheduled == scheduled) else { return };
        let run = next.runs[place];
        let now = self.ctx.nature.wall();
        let (outcome, detail, tasks) = match tried {
            Tried::Postponed => {
                // The daemon is ending: the next one finds the run decided.
                state.working.insert((id.to_owned(), scheduled));
                return;
            }
            Tried::Started { tasks, lacking } if lacking.is_empty() => (RunOutcome::Started, None, tasks),
            Tried::Started { tasks, lacking } => (RunOutcome::Partly, Some(lacking.join(", ")), tasks),
            Tried::Skipped { live } => {
                let detail = format!("{live} tasks of an earlier run were still there");
                (RunOutcome::Skipped, Some(detail), Vec::new())
            }
            Tried::TooLate => (RunOutcome::Missed, Some("it was too late".to_owned()), Vec::new()),
            Tried::Failed { why, again } => {
                let failed = run.failed + 1;
                let chance = self.ctx.nature.jitter();
                let wait = next.settings.retry.wait(failed, run.due, now, chance).filter(|_| again);
                if let Some(wait) = wait {
                    tracing::warn!(schedule = %key, failed, why, ?wait, "a run could not begin; it is tried again");
                    metrics::schedule_retries().increment(1);
                    next.runs[place] = ScheduledRun { failed, next_try: now.after(wait), ..run };
                    state.batch.push(Write::Schedule(next.clone()));
                    self.enter(state, Arc::new(next));
                    return;
                }
                (RunOutcome::Failed, Some(why), Vec::new())
            }
        };
        metrics::schedule_runs(outcome.as_str()).increment(1);
        let late = std::time::Duration::from_millis(now.millis_since(run.due));
        match outcome {
            RunOutcome::Started | RunOutcome::Partly => {
                metrics::schedule_lateness().record(late.as_secs_f64());
                tracing::info!(schedule = %key, scheduled = scheduled.0, tasks = tasks.len(), detail, ?late, "a run began");
            }
            RunOutcome::Skipped => {
                tracing::info!(schedule = %key, scheduled = scheduled.0, detail, "a run was left out");
            }
            RunOutcome::Failed | RunOutcome::Missed => {
                tracing::error!(schedule = %key, scheduled = scheduled.0, detail, "a run was given up");
            }
        }
        next.runs.remove(place);
        next.last = Some(LastRun { scheduled, at: now, outcome, detail, tasks });
        self.keep_or_finish(state, next);
    }
}

/// What counts from now on counts now, too.
fn just_before(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(1))
}

/// Answers when all that is decided so far is on disk.
pub(super) fn answer_once_written<T: Send + 'static>(
    state: &mut SchedulesState,
    reply: Reply<T>,
    answer: Result<T, ControlError>,
) {
    state.thens.push(Box::new(move |outcome: &Result<(), StoreError>| {
        let answer = match outcome {
            Ok(()) => answer,
            Err(error) => Err(ControlError::Unavailable(error.to_string())),
        };
        // The caller may have gone.
        drop(reply.send(answer));
    }));
}
