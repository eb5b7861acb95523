//! What every actor is given: the view, the store, the directory, the settings.

use std::collections::BTreeSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_core::images::{Cleanup, PullBehavior};
use mainstay_core::model::{ContainerInstance, Task};
use mainstay_core::network::Networks;
use mainstay_core::schedule::{Missed, Overlap};
use mainstay_core::storage::Storage;
use mainstay_core::supervision::Intensity;
use mainstay_core::{InstanceId, Partition, TaskId, restart};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument as _;

use crate::directory::Directory;
use crate::events::EventLog;
use crate::host::Limits;
use crate::ports::{
    AgentLink, AlarmSource, EventPage, Nature, ScheduleTargets, Snapshot, Store, StoreError, Write,
};
use crate::service::ServiceMsg;
use crate::tokens::Tokens;
use crate::tree::Tree;
use crate::view::{Table, View};

/// Wait before what could not be written is written again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// A read waits no longer for the disk.
const SHOW_WITHIN: Duration = Duration::from_secs(1);

/// What can be configured of the tree.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Region and account of every ARN.
    pub partition: Partition,
    /// When a service's slot gets its replacement.
    pub restart: restart::Policy,
    /// How many actor restarts a supervisor allows before it gives up.
    pub intensity: Intensity,
    /// Wait between SIGTERM and SIGKILL where a container does not say.
    pub stop_timeout: Duration,
    /// How long a labelled container of no known task is left alone.
    pub orphan_grace: Duration,
    /// How long stopped containers stay, so that they can be looked at.
    pub cleanup_wait: Duration,
    /// How much a host asks of its engine at once.
    pub engine_limits: Limits,
    /// Whether the health check that an image brings counts where a container's definition has none.
    pub image_health_checks: bool,
    /// The engine's runtime for the containers of tasks on Fargate; its default where absent.
    pub fargate_runtime: Option<String>,
    /// When a host pulls the images of its tasks.
    pub image_pull_behavior: PullBehavior,
    /// When it removes those that nobody needs any more.
    pub image_cleanup: Cleanup,
    /// Where hosts have what task definitions only name.
    pub storage: Storage,
    /// Which of the engine's networks tasks are on.
    pub networks: Networks,
    /// How long STOPPED tasks and INACTIVE services stay visible.
    pub stopped_task_retention: Duration,
    /// What this host says of itself, beside what its engine does.
    pub host_attributes: Vec<(String, String)>,
    /// Between two looks at the alarms of a rollout.
    pub alarm_interval: Duration,
    /// How long alarms watch a rollout whose tasks are all well, where it has no bake time of its own.
    pub alarm_bake_time: Duration,
    /// What becomes of missed runs of a schedule that does not say.
    pub missed_runs: Missed,
    /// What becomes of a run that meets an earlier one, of a schedule that does not say.
    pub overlapping_runs: Overlap,
    /// How many events are kept.
    pub events_kept: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partition: Partition::default(),
            restart: restart::Policy::default(),
            intensity: Intensity::default(),
            stop_timeout: Duration::from_secs(30),
            orphan_grace: Duration::from_secs(60),
            cleanup_wait: Duration::from_secs(3 * 3600),
            engine_limits: Limits::default(),
            image_health_checks: false,
            fargate_runtime: None,
            image_pull_behavior: PullBehavior::default(),
            image_cleanup: Cleanup::default(),
            storage: Storage::default(),
            networks: Networks::default(),
            stopped_task_retention: Duration::from_secs(24 * 3600),
            host_attributes: Vec::new(),
            alarm_interval: Duration::from_secs(10),
            alarm_bake_time: Duration::from_secs(60),
            missed_runs: Missed::default(),
            overlapping_runs: Overlap::default(),
            events_kept: 10_000,
        }
    }
}

/// What every actor is given. Cheap to clone through [`Context`].
pub struct Surroundings {
    /// What there is.
    pub view: View,
    /// Who is in charge.
    pub directory: Directory,
    /// Who supervises whom.
    pub tree: Tree,
    /// Time, ids and chance.
    pub nature: Nature,
    /// What was configured.
    pub settings: Settings,
    /// The way to each agent.
    pub links: Table<InstanceId, Box<dyn AgentLink>>,
    alarms: OnceLock<Arc<dyn AlarmSource>>,
    targets: OnceLock<Arc<dyn ScheduleTargets>>,
    /// What happened.
    pub events: Arc<EventLog>,
    store: Arc<dyn Store>,
    unsaved: Mutex<Unsaved>,
    tracker: TaskTracker,
    /// Counts writes that are not on disk yet.
    writes: TaskTracker,
    closing: AtomicBool,
    pub(crate) tokens: Tokens,
}

/// Records that are newer in the view than on disk, because a write failed.
#[derive(Default)]
struct Unsaved {
    records: BTreeSet<Derived>,
    being_written: bool,
}

/// A record that actors note as it changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Derived {
    Task(TaskId),
    Instance(InstanceId),
}

/// How the first try to write a note went.
pub(crate) type Noted = oneshot::Receiver<Result<(), StoreError>>;

/// A shared [`Surroundings`].
pub type Context = Arc<Surroundings>;

impl Surroundings {
    /// Reads the store and builds the surroundings of a tree.
    ///
    /// # Errors
    /// Where the store cannot be read; nothing was changed.
    pub fn load(store: Arc<dyn Store>, nature: Nature, settings: Settings) -> Result<Context, StoreError> {
        let mut snapshot = store.load()?;
        for instance in &mut snapshot.instances {
            // Whoever was there has to say so again.
            (instance.agent_connected, instance.engine_connected) = (false, false);
        }
        let events = EventLog::new(&snapshot, settings.events_kept);
        let view = View::from_snapshot(snapshot);
        Ok(Arc::new(Self {
            view,
            directory: Directory::default(),
            tree: Tree::default(),
            nature,
            settings,
            links: Table::default(),
            alarms: OnceLock::new(),
            targets: OnceLock::new(),
            events: Arc::new(events),
            store,
            unsaved: Mutex::default(),
            tracker: TaskTracker::new(),
            writes: TaskTracker::new(),
            closing: AtomicBool::new(false),
            tokens: Tokens::default(),
        }))
    }

    /// Registers the way to an agent.
    pub fn link(&self, instance: InstanceId, link: Box<dyn AgentLink>) {
        self.links.put(instance, Arc::new(link));
    }

    /// Says where alarms are looked up; what was said first stays.
    pub fn look_up_alarms_in(&self, source: Arc<dyn AlarmSource>) {
        if self.alarms.set(source).is_err() {
            tracing::error!("alarms are looked up somewhere already");
        }
    }

    /// Where alarms are looked up, if anywhere.
    pub fn alarms(&self) -> Option<&Arc<dyn AlarmSource>> {
        self.alarms.get()
    }

    /// Says who knows what schedules run; what was said first stays.
    pub fn know_schedule_targets_by(&self, targets: Arc<dyn ScheduleTargets>) {
        if self.targets.set(targets).is_err() {
            tracing::error!("targets of schedules are known by somebody already");
        }
    }

    /// Who knows what schedules run, if anybody.
    pub fn schedule_targets(&self) -> Option<&Arc<dyn ScheduleTargets>> {
        self.targets.get()
    }

    /// Writes what was promised to a caller, and with it the events that it is; the view follows when `Ok` comes back, by
    /// [`Self::show`].
    pub(crate) fn commit(&self, batch: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        let done = self.events.commit(self, &*self.store, batch);
        self.writes.track_future(done).boxed()
    }

    /// Events after the `after`-th that are on disk, oldest first, `most` of them at most.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn events_after(&self, after: u64, most: usize) -> Result<EventPage, StoreError> {
        self.store.events(after, most).await
    }

    /// Makes committed writes visible.
    pub(crate) fn show(&self, batch: Vec<Write>) {
        for write in batch {
            self.view.apply(write);
        }
    }

    /// Writes what could be derived again: visible at once, on disk soon, and tried again until it is. Whoever has to
    /// promise it to somebody waits for how the first try went.
    pub(crate) fn note(self: &Arc<Self>, write: Write) -> Noted {
        let (done, ctx) = (self.commit(vec![write.clone()]), Arc::clone(self));
        let (tell, noted) = oneshot::channel();
        // Not before it is on its way: see `shown_is_durable`.
        self.view.apply(write.clone());
        self.spawn(async move {
            let outcome = done.await;
            // Mostly nobody waits.
            drop(tell.send(outcome.clone()));
            let Err(error) = outcome else { return };
            tracing::error!(%error, "a state change is not on disk; it will be written again");
            crate::metrics::store_note_failures().increment(1);
            match write {
                Write::Task(Task { id, .. }) | Write::RemoveTask(id) => {
                    ctx.write_again(Derived::Task(id)).await;
                }
                Write::Instance(instance) => ctx.write_again(Derived::Instance(instance.id)).await,
                // Only the service knows whether a change of a person's is under way, which must not be overwritten.
                Write::Service(service) => {
                    if let Some(actor) = ctx.directory.services.get(&service.key) {
                        drop(actor.send_after(WRITE_AGAIN, || ServiceMsg::NoteAgain));
                    }
                }
                _ => {}
            }
        });
        noted
    }

    /// Waits until what the view shows by now is on disk, so that no crash takes back what somebody was shown. A disk
    /// that does not answer keeps nobody waiting for long.
    pub async fn shown_is_durable(&self) {
        if self.writes.is_empty() {
            return;
        }
        // Batches reach the disk in order; an empty one is answered after all that came before it.
        let after_all = self.store.commit(Vec::new());
        if tokio::time::timeout(SHOW_WITHIN, after_all).await.is_err() {
            tracing::warn!(waited = ?SHOW_WITHIN, "the disk is slow: what is shown is not on it yet");
        }
    }

    /// Writes records anew, as they are in the view by then, until they are on disk or the tree has ended.
    async fn write_again(&self, record: Derived) {
        {
            let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
            unsaved.records.insert(record);
            if std::mem::replace(&mut unsaved.being_written, true) {
                return;
            }
        }
        loop {
            tokio::time::sleep(WRITE_AGAIN).await;
            let records = {
                let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
                unsaved.being_written = !unsaved.records.is_empty();
                std::mem::take(&mut unsaved.records)
            };
            if records.is_empty() {
                return;
            }
            let batch = records.iter().filter_map(|record| self.current(record)).collect();
            if let Err(error) = self.commit(batch).await {
                tracing::error!(%error, records = records.len(), "state changes are still not on disk");
                let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
                unsaved.records.extend(records);
                if self.tracker.is_closed() {
                    unsaved.being_written = false;
                    return;
                }
            }
        }
    }

    fn current(&self, record: &Derived) -> Option<Write> {
        match record {
            Derived::Task(id) => Some(
                self.view
                    .tasks
                    .get(id)
                    .map_or_else(|| Write::RemoveTask(id.clone()), |task| Write::Task(Task::clone(&task))),
            ),
            Derived::Instance(id) => self
                .view
                .instances
                .get(id)
                .map(|instance| Write::Instance(ContainerInstance::clone(&instance))),
        }
    }

    /// What is on disk once everything that was shown before has got there.
    pub(crate) async fn read_back(&self) -> Result<Snapshot, StoreError> {
        // Batches reach the disk in order; an empty one is answered after all that came before it.
        self.store.commit(Vec::new()).await?;
        let store = Arc::clone(&self.store);
        let read = tokio::task::spawn_blocking(move || store.load()).await;
        read.unwrap_or_else(|error| Err(StoreError::Write { detail: error.to_string() }))
    }

    /// Writes what is shown already.
    pub(crate) fn rewrite(&self, write: Write) {
        let done = self.commit(vec![write]);
        self.spawn(async move {
            if let Err(error) = done.await {
                tracing::error!(%error, "what an audit found is still not on disk; the next one finds it again");
            }
        });
    }

    /// Notes a task, unless a newer version of it is known.
    pub(crate) fn note_task(self: &Arc<Self>, task: &Arc<Task>) -> Option<Noted> {
        let newer = self.view.tasks.get(&task.id).is_some_and(|known| known.version > task.version);
        (!newer).then(|| self.note(Write::Task(Task::clone(task))))
    }

    /// Runs work beside the actors, in the trace of whoever begins it; a panic in it is logged, never lost.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let guarded = async move {
            if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
                let text = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                tracing::error!(panic = text.unwrap_or_default(), "background work panicked");
            }
        };
        self.tracker.spawn(guarded.in_current_span());
    }

    /// Waits until every write that was begun is on disk, or has failed.
    pub async fn flush(&self) {
        let cursors = self.events.take_moved();
        if !cursors.is_empty()
            && let Err(error) = self.store.commit(cursors).await
        {
            tracing::warn!(%error, "webhooks may get again what they got last");
        }
        self.writes.close();
        self.writes.wait().await;
        self.writes.reopen();
    }

    /// Waits until no background work is left, writes included.
    pub async fn settle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    /// From now on nothing is started any more.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Whether nothing is to be started any more.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Keeps [`Self::settle`] waiting for as long as it lives.
    pub fn busy(&self) -> TaskTrackerToken {
        self.tracker.token()
    }
}
