//! A store that only pretends to be a disk, with faults on request.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_core::events::Event;
use mainstay_core::model::{Service, Task, TaskDefinition, TaskStatus};
use mainstay_core::{RevisionKey, ScheduleKey, ServiceKey, TaskId};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::ports::{EventPage, Snapshot, Store, StoreError, Write};
use crate::view::View;

/// A simulated disk. A tree gets a [`Session`] on it; what an earlier session had under way is lost when a later one
/// begins, as in a crash.
#[derive(Clone)]
pub struct SimStore(Arc<Mutex<Disk>>);

/// One tree's access to a [`SimStore`].
pub struct Session {
    store: SimStore,
    number: u64,
}

struct Disk {
    chance: SmallRng,
    records: View,
    events: BTreeMap<u64, Event>,
    cursors: BTreeMap<String, u64>,
    queue: VecDeque<Commit>,
    /// Commits that were ever queued.
    queued: u64,
    last_due: Instant,
    session: u64,
    latency: Range<Duration>,
    fail: f64,
    violations: Vec<String>,
    commits: u64,
}

struct Commit {
    number: u64,
    batch: Vec<Write>,
    fails: bool,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl SimStore {
    /// An empty one.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk {
            chance: SmallRng::seed_from_u64(seed),
            records: View::default(),
            events: BTreeMap::new(),
            cursors: BTreeMap::new(),
            queue: VecDeque::new(),
            queued: 0,
            last_due: Instant::now(),
            session: 0,
            latency: Duration::from_millis(1)..Duration::from_millis(5),
            fail: 0.0,
            violations: Vec::new(),
            commits: 0,
        })))
    }

    /// Begins a session; earlier ones reach the disk no more.
    pub fn open(&self) -> Arc<Session> {
        let mut disk = self.disk();
        disk.session += 1;
        // Whoever waits for one of these hears that it was not written.
        disk.queue.clear();
        Arc::new(Session { store: self.clone(), number: disk.session })
    }

    /// How long a write takes from now on.
    pub fn latency(&self, latency: Range<Duration>) {
        self.disk().latency = latency;
    }

    /// The share of writes that fail from now on.
    pub fn fail(&self, share: f64) {
        self.disk().fail = share;
    }

    /// What was written that must never be: tasks that went back in their life.
    pub fn violations(&self) -> Vec<String> {
        self.disk().violations.clone()
    }

    /// Batches that reached the disk.
    pub fn commits(&self) -> u64 {
        self.disk().commits
    }

    /// A task as it is on disk.
    pub fn task(&self, id: &TaskId) -> Option<Arc<Task>> {
        self.disk().records.tasks.get(id)
    }

    /// A service as it is on disk.
    pub fn service(&self, key: &ServiceKey) -> Option<Arc<Service>> {
        self.disk().records.services.get(key)
    }

    /// A task definition as it is on disk.
    pub fn definition(&self, key: &RevisionKey) -> Option<Arc<TaskDefinition>> {
        self.disk().records.definitions.get(key)
    }

    /// The disk loses a task, and says nothing.
    pub fn lose(&self, id: &TaskId) {
        self.disk().records.apply(Write::RemoveTask(id.clone()));
    }

    /// The disk loses a schedule, and says nothing.
    pub fn lose_schedule(&self, key: &ScheduleKey) {
        self.disk().records.apply(Write::RemoveSchedule(key.clone()));
    }

    /// The events on disk, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.disk().events.values().cloned().collect()
    }

    /// Everything on disk.
    pub fn snapshot(&self) -> Snapshot {
        self.disk().snapshot()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Session {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.store.snapshot())
    }

    fn commit(&self, batch: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        let (done, outcome) = oneshot::channel();
        let refused = |detail: &str| Err(StoreError::Write { detail: detail.into() });
        {
            let mut disk = self.store.disk();
            if disk.session != self.number {
                return std::future::ready(refused("this session is over")).boxed();
            }
            let latency = disk.latency.clone();
            let takes = if latency.is_empty() { latency.start } else { disk.chance.random_range(latency) };
            let fail = disk.fail;
            let fails = fail > 0.0 && disk.chance.random_bool(fail.clamp(0.0, 1.0));
            disk.last_due = disk.last_due.max(Instant::now() + takes);
            disk.queued += 1;
            let (due, number, store) = (disk.last_due, disk.queued, self.store.clone());
            disk.queue.push_back(Commit { number, batch, fails, done });
            // Queued is queued, whether or not anybody polls for the outcome.
            tokio::spawn(async move {
                sleep_until(due).await;
                store.disk().write_up_to(number);
            });
        }
        async move { outcome.await.unwrap_or_else(|_| refused("the machine went down meanwhile")) }.boxed()
    }

    fn events(&self, after: u64, most: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        let disk = self.store.disk();
        let oldest = disk.events.keys().next().copied().unwrap_or(0);
        let events = disk.events.range(after.saturating_add(1)..).take(most);
        let events = events.map(|(_, event)| event.clone()).collect();
        std::future::ready(Ok(EventPage { oldest, events })).boxed()
    }
}

impl Disk {
    /// In the order in which they were queued, however timers of the same moment fire.
    fn write_up_to(&mut self, number: u64) {
        while self.queue.front().is_some_and(|commit| commit.number <= number) {
            let Some(commit) = self.queue.pop_front() else { return };
            let outcome = if commit.fails {
                Err(StoreError::Write { detail: "the simulated disk does not feel like it".into() })
            } else {
                for write in commit.batch {
                    self.judge(&write);
                    match write {
                        Write::Event(event) => drop(self.events.insert(event.sequence, *event)),
                        Write::ForgetEvents(last) => self.events.retain(|sequence, _| *sequence > last),
                        Write::Cursor(name, sequence) => drop(self.cursors.insert(name, sequence)),
                        write => self.records.apply(write),
                    }
                }
                self.commits += 1;
                Ok(())
            };
            // Who asked may have ended.
            let _ = commit.done.send(outcome);
        }
    }

    fn judge(&mut self, write: &Write) {
        let Write::Task(next) = write else { return };
        let Some(known) = self.records.tasks.get(&next.id) else { return };
        let back = next.last_status < known.last_status
            || next.version < known.version
            || (known.desired_status == TaskStatus::Stopped && next.desired_status != TaskStatus::Stopped)
            || next.instance != known.instance;
        if back {
            self.violations.push(format!(
                "task {} went back from {} (wanted {}, version {}) to {} (wanted {}, version {})",
                next.id,
                known.last_status,
                known.desired_status,
                known.version,
                next.last_status,
                next.desired_status,
                next.version
            ));
        }
    }

    fn snapshot(&self) -> Snapshot {
        fn owned<K: Ord + Clone, V: Clone>(table: &crate::view::Table<K, V>) -> Vec<V> {
            table.all().iter().map(|record| V::clone(record)).collect()
        }
        let last: BTreeMap<_, _> =
            self.records.definitions.all().iter().map(|known| (known.key.family.clone(), ())).collect();
        let last = last.into_keys().filter_map(|family| {
            self.records.last_revisions.get(&family).map(|revision| (family, *revision))
        });
        Snapshot {
            clusters: owned(&self.records.clusters),
            task_definitions: owned(&self.records.definitions),
            last_revisions: last.collect(),
            services: owned(&self.records.services),
            tasks: owned(&self.records.tasks),
            instances: owned(&self.records.instances),
            schedules: owned(&self.records.schedules),
            schedule_groups: owned(&self.records.schedule_groups),
            capacity_providers: owned(&self.records.capacity_providers),
            events: self.events.keys().next().copied().zip(self.events.keys().next_back().copied()),
            cursors: self.cursors.clone().into_iter().collect(),
        }
    }
}
