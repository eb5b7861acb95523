//! The owner of schedules: decides what is due, has it written, and only then has it run.
//!
//! A run is decided on disk before anything of it begins, and its RunTask carries a client token made of the schedule
//! and the scheduled time: whoever begins it again after a crash gets the tasks that are there. All changes go one
//! batch at a time to the disk; what comes meanwhile is decided at once and shares the next batch.

mod groups;
mod run;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mainstay_core::model::{LastRun, RunOutcome, Schedule, ScheduleGroup, ScheduledRun, Tag, Timestamp};
use mainstay_core::schedule::{self, Overlap, Timetable};
use mainstay_core::{ScheduleGroupName, ScheduleKey};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef};

use crate::context::Context;
use crate::control::{NewSchedule, NewScheduleGroup, Reply};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::metrics;
use crate::ports::{StoreError, Write};
use crate::tree::{Kind, Life, Path};
use run::Tried;

/// Timers do not run while a machine is suspended, and know nothing of a wall clock that is set: a run is at most this
/// late where either happened.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Wait after a write that failed.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The actor.
pub struct Schedules {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
    /// Held while a batch is on its way to disk and view; every incarnation has the same, so that one that is born
    /// meanwhile does not begin with what is about to change.
    pub writing: Arc<tokio::sync::Mutex<()>>,
}

/// What it is told.
#[derive(strum::IntoStaticStr)]
pub enum SchedulesMsg {
    /// Nothing is on its way to the disk any more; sent by it to itself at its birth.
    Begin,
    /// Something may be due; sent by its timer.
    Look {
        /// Which timer's.
        timer: u64,
    },
    /// Make a schedule.
    Create {
        /// What.
        new: Box<NewSchedule>,
        /// Where the answer goes.
        reply: Reply<Arc<Schedule>>,
    },
    /// Change all that people say of a schedule.
    Update {
        /// What.
        new: Box<NewSchedule>,
        /// Where the answer goes.
        reply: Reply<Arc<Schedule>>,
    },
    /// Delete a schedule.
    Delete {
        /// Which.
        key: ScheduleKey,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Make a group.
    CreateGroup {
        /// What.
        new: NewScheduleGroup,
        /// Where the answer goes.
        reply: Reply<Arc<ScheduleGroup>>,
    },
    /// Delete a group with all that is in it.
    DeleteGroup {
        /// Which.
        name: ScheduleGroupName,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Change a group's tags.
    TagGroup {
        /// Which.
        name: ScheduleGroupName,
        /// In place of those of the same keys.
        put: Vec<Tag>,
        /// The keys of those that go.
        remove: Vec<String>,
        /// Where the answer goes.
        reply: Reply<Arc<ScheduleGroup>>,
    },
    /// A batch is on disk, or is not.
    Written {
        /// Who decided it.
        by: ActorId,
        /// The schedules in it.
        about: BTreeSet<ScheduleKey>,
        /// Whether.
        outcome: Result<(), StoreError>,
    },
    /// A try of a run is over.
    Tried {
        /// Which schedule.
        key: ScheduleKey,
        /// Its id: there may be another of that name by now.
        id: String,
        /// Which run.
        scheduled: Timestamp,
        /// How.
        tried: Box<Tried>,
    },
    /// The disk does not hold what is shown.
    WriteAgain(Again),
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(SchedulesMsg);

/// What an audit found to be otherwise on disk.
#[derive(Debug)]
pub enum Again {
    /// A schedule.
    Schedule(ScheduleKey),
    /// A group.
    Group(ScheduleGroupName),
}

/// Its state: the records as they are decided, which the disk and the view follow.
pub struct SchedulesState {
    entries: BTreeMap<ScheduleKey, Entry>,
    groups: BTreeMap<ScheduleGroupName, Arc<ScheduleGroup>>,
    /// Who has to be looked at, and when.
    queue: BTreeSet<(Timestamp, ScheduleKey)>,
    /// Runs of which a try is under way, by schedule's id and time.
    working: BTreeSet<(String, Timestamp)>,
    batch: Vec<Write>,
    thens: Vec<Then>,
    committing: bool,
    /// What came before [`SchedulesMsg::Begin`].
    early: Option<Vec<SchedulesMsg>>,
    timer: u64,
    armed: Option<Timestamp>,
    /// No look before: the disk does not take anything.
    rests_until: Option<Timestamp>,
    _presence: Presence<(), SchedulesMsg>,
    _life: Life,
}

/// A schedule as it is decided.
struct Entry {
    record: Arc<Schedule>,
    /// Absent where this program's time zones know its zone no more.
    timetable: Option<Timetable>,
    wake: Option<Timestamp>,
}

/// An answer that waits for the disk.
type Then = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;
type Me = ActorRef<SchedulesMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for Schedules {
    type Msg = SchedulesMsg;
    type State = SchedulesState;
    type Arguments = ();

    async fn pre_start(&self, me: Me, (): ()) -> Result<SchedulesState, ActorProcessingErr> {
        let (writing, myself) = (Arc::clone(&self.writing), me.clone());
        self.ctx.spawn(async move {
            drop(writing.lock().await);
            drop(myself.cast(SchedulesMsg::Begin));
        });
        Ok(SchedulesState {
            entries: BTreeMap::new(),
            groups: BTreeMap::new(),
            queue: BTreeSet::new(),
            working: BTreeSet::new(),
            batch: Vec::new(),
            thens: Vec::new(),
            committing: false,
            early: Some(Vec::new()),
            timer: 0,
            armed: None,
            rests_until: None,
            _presence: self.ctx.directory.schedules.enter((), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Schedules, self.ctx.nature.wall()),
        })
    }

    async fn handle(&self, me: Me, message: SchedulesMsg, state: &mut SchedulesState) -> Handled {
        match (message, &mut state.early) {
            (SchedulesMsg::Begin, early) => {
                let early = early.take().unwrap_or_default();
                self.reload(state);
                self.ensure_default_group(state);
                for message in early {
                    self.take(&me, state, message);
                }
            }
            #[cfg(feature = "sim")]
            (SchedulesMsg::Panic, _) => panic!("asked to"),
            (message, Some(early)) => early.push(message),
            (message, None) => self.take(&me, state, message),
        }
        self.commit(&me, state);
        self.arm(&me, state);
        Ok(())
    }
}

impl Schedules {
    fn take(&self, me: &Me, state: &mut SchedulesState, message: SchedulesMsg) {
        match message {
            SchedulesMsg::Look { timer } if timer == state.timer => {
                state.armed = None;
                self.look(me, state);
            }
            // An older timer's; a second beginning there is not.
            SchedulesMsg::Look { .. } | SchedulesMsg::Begin => {}
            SchedulesMsg::Create { new, reply } => self.create(state, *new, reply),
            SchedulesMsg::Update { new, reply } => self.update(state, *new, reply),
            SchedulesMsg::Delete { key, reply } => self.delete(state, key, reply),
            SchedulesMsg::CreateGroup { new, reply } => self.create_group(state, new, reply),
            SchedulesMsg::DeleteGroup { name, reply } => self.delete_group(state, name, reply),
            SchedulesMsg::TagGroup { name, put, remove, reply } => {
                self.tag_group(state, &name, put, &remove, reply);
            }
            SchedulesMsg::Written { by, about, outcome } if by == me.get_id() => {
                self.written(me, state, about, outcome);
            }
            // Of an incarnation whose writes were waited for.
            SchedulesMsg::Written { .. } => {}
            SchedulesMsg::Tried { key, id, scheduled, tried } => {
                state.working.remove(&(id.clone(), scheduled));
                self.tried(state, &key, &id, scheduled, *tried);
                self.queue(state, &key);
            }
            SchedulesMsg::WriteAgain(what) => state.write_again(what),
            SchedulesMsg::Probe => {}
            #[cfg(feature = "sim")]
            SchedulesMsg::Panic => panic!("asked to"),
        }
    }

    /// Begins with what is on disk.
    fn reload(&self, state: &mut SchedulesState) {
        let view = &self.ctx.view;
        state.entries.clear();
        state.queue.clear();
        state.groups = view.schedule_groups.all().into_iter().map(|g| (g.name.clone(), g)).collect();
        for record in view.schedules.all() {
            self.enter(state, record);
        }
        metrics::schedules().set(state.entries.len() as f64);
        for outcome in RunOutcome::ALL {
            // A counter that is not there before its first count has no increase with it.
            metrics::schedule_runs(outcome.as_str()).increment(0);
        }
    }

    /// Keeps a schedule as it is decided now.
    fn enter(&self, state: &mut SchedulesState, record: Arc<Schedule>) {
        let settings = &record.settings;
        let timetable = Timetable::new(
            &settings.expression,
            &settings.time_zone,
            settings.start,
            settings.end,
            record.since,
        );
        if let Err(error) = &timetable {
            tracing::error!(schedule = %record.key, %error, "the schedule does not run");
        }
        let key = record.key.clone();
        if let Some(Entry { wake: Some(wake), .. }) = state.entries.remove(&key) {
            state.queue.remove(&(wake, key.clone()));
        }
        state.entries.insert(key.clone(), Entry { record, timetable: timetable.ok(), wake: None });
        self.queue(state, &key);
    }

    fn leave(&self, state: &mut SchedulesState, key: &ScheduleKey) {
        if let Some(Entry { wake: Some(wake), .. }) = state.entries.remove(key) {
            state.queue.remove(&(wake, key.clone()));
        }
    }

    /// Works out anew when a schedule has to be looked at.
    fn queue(&self, state: &mut SchedulesState, key: &ScheduleKey) {
        let Some(entry) = state.entries.get(key) else { return };
        let next = entry.timetable.as_ref().filter(|_| entry.record.settings.enabled);
        let next = next.and_then(|timetable| timetable.after(entry.record.considered));
        let ready = self.ready(state, entry);
        let wake = ready.iter().map(|run| run.next_try).chain(next).min();
        let Some(entry) = state.entries.get_mut(key) else { return };
        if let Some(before) = std::mem::replace(&mut entry.wake, wake) {
            state.queue.remove(&(before, key.clone()));
        }
        if let Some(wake) = wake {
            state.queue.insert((wake, key.clone()));
        }
    }

    /// Runs that are decided on disk, and of which no try is under way.
    fn ready(&self, state: &SchedulesState, entry: &Entry) -> Vec<ScheduledRun> {
        let Some(shown) = self.ctx.view.schedules.get(&entry.record.key) else { return Vec::new() };
        let written = |run: &&ScheduledRun| shown.id == entry.record.id && shown.runs.contains(run);
        let idle = |run: &&ScheduledRun| !state.working.contains(&(shown.id.clone(), run.scheduled));
        let mut ready: Vec<ScheduledRun> =
            entry.record.runs.iter().filter(written).filter(idle).copied().collect();
        let overlap = entry.record.settings.overlap.unwrap_or(self.ctx.settings.overlapping_runs);
        if overlap != Overlap::Allow {
            // One after the other: each has to see the tasks of the one before.
            let busy = state.working.iter().any(|(id, _)| *id == shown.id);
            ready.truncate(if busy { 0 } else { 1 });
        }
        ready
    }

    /// Decides about all that is due, and has begun what is ready.
    fn look(&self, me: &Me, state: &mut SchedulesState) {
        let now = self.ctx.nature.wall();
        if state.rests_until.is_some_and(|until| now < until) {
            return;
        }
        state.rests_until = None;
        let due: Vec<ScheduleKey> =
            state.queue.iter().take_while(|(wake, _)| *wake <= now).map(|(_, key)| key.clone()).collect();
        for key in due {
            self.decide(state, &key, now);
            self.work(me, state, &key, now);
        }
        self.believe_a_clock_that_was_set_back(state, now);
    }

    fn decide(&self, state: &mut SchedulesState, key: &ScheduleKey, now: Timestamp) {
        let Some(Entry { record, timetable: Some(timetable), .. }) = state.entries.get(key) else { return };
        if !record.settings.enabled {
            return;
        }
        let missed = record.settings.missed.unwrap_or(self.ctx.settings.missed_runs);
        let due = schedule::due(timetable, record.considered, now, missed, &record.settings.retry);
        if due.runs.is_empty() && due.missed == 0 && due.considered >= record.considered {
            return;
        }
        let mut next = Schedule::clone(record);
        if due.missed > 0 {
            tracing::warn!(schedule = %key, missed = due.missed, policy = ?missed, "runs were missed");
            metrics::schedule_runs(RunOutcome::Missed.as_str()).increment(due.missed);
            let detail = Some(format!("{} runs fell into a time in which nothing was run", due.missed));
            let (outcome, tasks) = (RunOutcome::Missed, Vec::new());
            next.last = Some(LastRun { scheduled: due.considered, at: now, outcome, detail, tasks });
        }
        for scheduled in due.runs {
            let chance = self.ctx.nature.jitter();
            let at = schedule::within_window(scheduled, next.settings.flexible_minutes, chance);
            next.runs.push(ScheduledRun { scheduled, due: at, next_try: at, failed: 0 });
            tracing::info!(schedule = %key, scheduled = scheduled.0, due = at.0, "a run is decided");
        }
        while next.runs.len() > schedule::WAITING {
            let oldest = next.runs.remove(0);
            tracing::error!(schedule = %key, scheduled = oldest.scheduled.0, "a run was given up: too many wait");
            metrics::schedule_runs(RunOutcome::Failed.as_str()).increment(1);
        }
        next.considered = due.considered;
        Failpoint::ScheduledRunDecided.hit();
        self.keep_or_finish(state, next);
    }

    /// Keeps a changed record, or removes it where it has had its last run and wants to go then.
    fn keep_or_finish(&self, state: &mut SchedulesState, next: Schedule) {
        let key = next.key.clone();
        let more = state.entries.get(&key).and_then(|entry| entry.timetable.as_ref()?.after(next.considered));
        if next.settings.delete_after_completion && more.is_none() && next.runs.is_empty() {
            tracing::info!(schedule = %key, "has had its last run, and is deleted as it says");
            self.leave(state, &key);
            state.batch.push(Write::RemoveSchedule(key));
            return;
        }
        state.batch.push(Write::Schedule(next.clone()));
        self.enter(state, Arc::new(next));
    }

    /// Begins a try of each run that is ready and due.
    fn work(&self, me: &Me, state: &mut SchedulesState, key: &ScheduleKey, now: Timestamp) {
        let Some(entry) = state.entries.get(key) else { return };
        let record = Arc::clone(&entry.record);
        let ready = self.ready(state, entry);
        for run in ready.into_iter().filter(|run| run.next_try <= now) {
            state.working.insert((record.id.clone(), run.scheduled));
            let (ctx, record, me) = (Arc::clone(&self.ctx), Arc::clone(&record), me.clone());
            self.ctx.spawn(async move {
                let (key, id, scheduled) = (record.key.clone(), record.id.clone(), run.scheduled);
                let tried = Box::new(run::carry_out(&ctx, &record, &run).await);
                // To whoever is in charge by then; one that is being born tries again and finds the tasks.
                let to = ctx.directory.schedules.get(&()).unwrap_or(me);
                drop(to.cast(SchedulesMsg::Tried { key, id, scheduled, tried }));
            });
        }
        self.queue(state, key);
    }

    /// Schedules that were decided by a clock that went far ahead would stand still until it is that late again.
    fn believe_a_clock_that_was_set_back(&self, state: &mut SchedulesState, now: Timestamp) {
        let ahead: Vec<ScheduleKey> = state
            .entries
            .values()
            .filter(|entry| entry.record.considered > now)
            .map(|entry| entry.record.key.clone())
            .collect();
        for key in ahead {
            self.decide(state, &key, now);
        }
    }

    fn commit(&self, me: &Me, state: &mut SchedulesState) {
        if state.committing || (state.batch.is_empty() && state.thens.is_empty()) {
            return;
        }
        // Taken here, not by the work: whoever is born after this one waits for it from now on.
        let Ok(held) = Arc::clone(&self.writing).try_lock_owned() else { return };
        state.committing = true;
        let (batch, thens) = (std::mem::take(&mut state.batch), std::mem::take(&mut state.thens));
        let (by, me, ctx) = (me.get_id(), me.clone(), Arc::clone(&self.ctx));
        self.ctx.spawn(async move {
            let about = batch.iter().filter_map(about).collect();
            let outcome = ctx.commit(batch.clone()).await;
            Failpoint::ScheduledRunCommitted.hit();
            if outcome.is_ok() {
                ctx.show(batch);
            }
            drop(held);
            for then in thens {
                then(&outcome);
            }
            drop(me.cast(SchedulesMsg::Written { by, about, outcome }));
        });
    }

    fn written(
        &self,
        me: &Me,
        state: &mut SchedulesState,
        about: BTreeSet<ScheduleKey>,
        outcome: Result<(), StoreError>,
    ) {
        state.committing = false;
        let now = self.ctx.nature.wall();
        if outcome.is_err() {
            // What was decided since then was decided on what is not so.
            state.batch.clear();
            for then in std::mem::take(&mut state.thens) {
                then(&outcome);
            }
            self.reload(state);
            state.rests_until = Some(now.after(WRITE_AGAIN));
            return;
        }
        metrics::schedules().set(state.entries.len() as f64);
        for key in about {
            self.work(me, state, &key, now);
        }
    }

    /// Sets the timer for whoever has to be looked at first.
    fn arm(&self, me: &Me, state: &mut SchedulesState) {
        let first = state.queue.first().map(|(wake, _)| *wake);
        if state.armed.is_some() && state.armed == first {
            return;
        }
        state.armed = first;
        state.timer += 1;
        let Some(first) = first else { return };
        let now = self.ctx.nature.wall();
        let wake = state.rests_until.map_or(first, |until| first.max(until));
        let wait = Duration::from_millis(wake.millis_since(now)).min(LOOK_AGAIN);
        let timer = state.timer;
        me.send_after(wait, move || SchedulesMsg::Look { timer });
    }
}

impl SchedulesState {
    /// As it is decided now, or not there.
    fn write_again(&mut self, what: Again) {
        let write = match what {
            Again::Schedule(key) => match self.entries.get(&key) {
                Some(entry) => Write::Schedule(Schedule::clone(&entry.record)),
                None => Write::RemoveSchedule(key),
            },
            Again::Group(name) => match self.groups.get(&name) {
                Some(group) => Write::ScheduleGroup(ScheduleGroup::clone(group)),
                None => Write::RemoveScheduleGroup(name),
            },
        };
        self.batch.push(write);
    }
}

/// The schedule that a write is about.
fn about(write: &Write) -> Option<ScheduleKey> {
    match write {
        Write::Schedule(schedule) => Some(schedule.key.clone()),
        Write::RemoveSchedule(key) => Some(key.clone()),
        _ => None,
    }
}
