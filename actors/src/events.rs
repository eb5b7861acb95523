//! What happened, kept in order.
//!
//! An event is written with the record whose change it is, in one transaction: no crash leaves one without the other, and
//! no sync is made for it. It is read from the disk, so that nobody is told of what a crash would take back, and memory
//! holds none.

pub(crate) mod metrics;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_core::events::{Event, Happening, Record, Subject, Told, Untell};
use tokio::sync::watch;

use crate::context::Surroundings;
use crate::ports::{EventShapes, Snapshot, Store, StoreError, Write};

pub(crate) use webhook::webhooks;
pub use webhook::{Hook, Webhook, WebhookMsg};

/// Old events go so many at a time.
const FORGET_AT_ONCE: u64 = 64;

/// The log of events.
pub struct EventLog {
    /// So many are kept, and a few more.
    kept: u64,
    /// Absent where nobody writes events: then there are none.
    shapes: OnceLock<Arc<dyn EventShapes>>,
    told: Mutex<Told>,
    line: Mutex<Line>,
    /// The newest that is on disk.
    written: watch::Sender<u64>,
}

/// Where the next event goes.
struct Line {
    next: u64,
    oldest: u64,
    cursors: BTreeMap<String, u64>,
    /// Cursors that are to be written with the next event.
    moved: BTreeSet<String>,
}

impl EventLog {
    /// Goes on where a store ends; everything in it was told.
    pub(crate) fn new(snapshot: &Snapshot, kept: u64) -> Self {
        let mut told = Told::default();
        let tasks = snapshot.tasks.iter().map(Record::Task);
        let instances = snapshot.instances.iter().map(Record::Instance);
        for record in tasks.chain(instances).chain(snapshot.services.iter().map(Record::Service)) {
            drop(told.tell(record));
        }
        let (oldest, newest) = snapshot.events.unwrap_or((1, 0));
        let cursors = snapshot.cursors.iter().cloned().collect();
        let line = Line { next: newest + 1, oldest, cursors, moved: BTreeSet::new() };
        Self {
            kept: kept.max(1),
            shapes: OnceLock::new(),
            told: Mutex::new(told),
            line: Mutex::new(line),
            written: watch::Sender::new(newest),
        }
    }

    /// Says who writes events; what was said first stays.
    pub fn write_as(&self, shapes: Arc<dyn EventShapes>) {
        if self.shapes.set(shapes).is_err() {
            tracing::error!("events are written by somebody already");
        }
    }

    /// Tells the newest event that is on disk, and of each that gets there; several at once may be told of as one.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Writes a batch, and with it the events that it is. What is not written is told when it is.
    pub(crate) fn commit(
        self: &Arc<Self>,
        ctx: &Surroundings,
        store: &dyn Store,
        mut batch: Vec<Write>,
    ) -> BoxFuture<'static, Result<(), StoreError>> {
        let Some(shapes) = self.shapes.get() else { return store.commit(batch) };
        let (drafts, untell) = self.news(ctx, &**shapes, &batch);
        if drafts.is_empty() {
            return store.commit(batch);
        }
        // Places are given in the order in which batches are handed over, which is the order in which they are written:
        // whoever has read an event has read, or can read, all that come before it.
        let (done, newest) = {
            let mut line = self.line();
            for draft in drafts {
                let event = Event { sequence: line.next, ..draft };
                metrics::events(event.kind).increment(1);
                batch.push(Write::Event(Box::new(event)));
                line.next += 1;
            }
            let newest = line.next - 1;
            if line.next - line.oldest >= self.kept.saturating_add(FORGET_AT_ONCE) {
                line.oldest = line.next - self.kept;
                batch.push(Write::ForgetEvents(line.oldest - 1));
            }
            for name in std::mem::take(&mut line.moved) {
                if let Some(sequence) = line.cursors.get(&name) {
                    batch.push(Write::Cursor(name, *sequence));
                }
            }
            (store.commit(batch), newest)
        };
        let log = Arc::clone(self);
        async move {
            let outcome = done.await;
            if outcome.is_ok() {
                log.written.send_if_modified(|written| {
                    let more = *written < newest;
                    *written = newest.max(*written);
                    more
                });
            } else {
                let mut told = log.told();
                untell.into_iter().rev().for_each(|untell| told.take_back(untell));
            }
            outcome
        }
        .boxed()
    }

    /// The events that a batch is, without their places.
    fn news(
        &self,
        ctx: &Surroundings,
        shapes: &dyn EventShapes,
        batch: &[Write],
    ) -> (Vec<Event>, Vec<Untell>) {
        let mut untell = Vec::new();
        let happenings: Vec<Happening<'_>> = {
            let mut told = self.told();
            let mut tell = |record| {
                let (happenings, back) = told.tell(record);
                untell.push(back);
                happenings
            };
            let mut all = Vec::new();
            let mut gone = Vec::new();
            for write in batch {
                match write {
                    Write::Task(task) => all.extend(tell(Record::Task(task))),
                    Write::Instance(instance) => all.extend(tell(Record::Instance(instance))),
                    Write::Service(service) => all.extend(tell(Record::Service(service))),
                    Write::RemoveTask(id) => gone.push(Subject::Task(id.clone())),
                    Write::RemoveInstance(id) => gone.push(Subject::Instance(id.clone())),
                    Write::RemoveService(key) => gone.push(Subject::Service(key.clone())),
                    _ => {}
                }
            }
            gone.iter().for_each(|subject| told.forget(subject));
            all
        };
        let event = |happening: &Happening<'_>| {
            let (id, at) = match happening {
                Happening::Action { event, .. } => (event.id.clone(), event.created_at),
                _ => (ctx.nature.event_id(), ctx.nature.wall()),
            };
            Event {
                sequence: 0,
                at,
                kind: happening.kind(),
                cluster: happening.cluster().clone(),
                service: happening.service().cloned(),
                task: happening.task().cloned(),
                json: shapes.json(ctx, &id, at, happening),
                id,
            }
        };
        (happenings.iter().map(event).collect(), untell)
    }

    /// Up to where a receiver has everything; one that is new has what there was before it.
    pub(crate) fn cursor(&self, name: &str) -> u64 {
        let written = *self.written.borrow();
        let mut line = self.line();
        if let Some(known) = line.cursors.get(name) {
            return (*known).min(written);
        }
        line.cursors.insert(name.to_owned(), written);
        line.moved.insert(name.to_owned());
        written
    }

    /// A receiver has everything up to this event. It is written with the next event: after a crash the receiver may get
    /// again what it got last.
    pub(crate) fn move_cursor(&self, name: &str, sequence: u64) {
        let mut line = self.line();
        line.cursors.insert(name.to_owned(), sequence);
        line.moved.insert(name.to_owned());
    }

    /// The cursors that are not on disk yet, for an orderly end.
    pub(crate) fn take_moved(&self) -> Vec<Write> {
        let mut line = self.line();
        let moved = std::mem::take(&mut line.moved);
        moved
            .into_iter()
            .filter_map(|name| line.cursors.get(&name).map(|at| Write::Cursor(name, *at)))
            .collect()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
