//! What happened, for whoever asks: some of it, or as it comes. No actor is messaged; it comes from the disk.

mod query;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::context::Context;
use mainstay_actors::control::Control;
use mainstay_actors::ports::StoreError;
use mainstay_core::events::Event;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

pub(crate) use query::{From, Query};
pub(crate) use webhook::{Receiver, Secret, is_address};

/// So many events are read at once: writes wait meanwhile.
const PAGE: usize = 64;
/// A follower hears something as often, so that both ends, and what is between them, know that the other is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The way to the log of events. Clones share one limit.
#[derive(Clone)]
pub struct Events {
    control: Control,
    places: Arc<Semaphore>,
    closing: CancellationToken,
}

/// Why nobody can read.
pub(crate) enum Refusal {
    /// As many do as may.
    Busy,
    /// The disk does not answer.
    Unavailable(StoreError),
}

/// Follows what happens.
pub(crate) struct Following {
    ctx: Context,
    query: Query,
    /// Everything up to this event was looked at.
    cursor: u64,
    /// Whether it was found out that the log goes on after that event.
    begun: bool,
    /// What was read and is to be told.
    ready: VecDeque<Event>,
    written: watch::Receiver<u64>,
    closing: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// What a follower is told.
pub(crate) enum Item {
    /// Something happened.
    Event(Event),
    /// So many events were forgotten before they could be told.
    Lagged(u64),
    /// Nothing happened for a while.
    Quiet,
    /// The disk does not answer: it ends.
    Broken(StoreError),
}

impl Events {
    /// Lets at most `at_once` read at a time.
    pub fn new(control: Control, at_once: usize) -> Self {
        let places = Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)));
        Self { control, places, closing: CancellationToken::new() }
    }

    /// Ends what is followed.
    pub fn close(&self) {
        self.closing.cancel();
    }

    fn ctx(&self) -> &Context {
        self.control.context()
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Busy)
    }

    /// The events that are asked for, oldest first, and the newest that was looked at: the first `most` from where the
    /// query begins, or the last `most` where it does not say.
    pub(crate) async fn some(&self, query: &Query, most: usize) -> Result<(Vec<Event>, u64), Refusal> {
        let _place = self.place()?;
        let newest = *self.ctx().events.written().borrow();
        let first = matches!(query.from, From::Start | From::After(_));
        let (mut cursor, mut found) = (query.from.cursor().unwrap_or(0), VecDeque::new());
        while cursor < newest && !(first && found.len() >= most) {
            let page = self.ctx().events_after(cursor, PAGE).await.map_err(Refusal::Unavailable)?;
            let Some(last) = page.events.last() else { break };
            cursor = last.sequence;
            for event in page.events.into_iter().filter(|event| query.wants(event)) {
                if found.len() < most {
                    found.push_back(event);
                } else if !first {
                    found.pop_front();
                    found.push_back(event);
                } else {
                    break;
                }
            }
        }
        let told = found.back().filter(|_| found.len() >= most && first).map(|event| event.sequence);
        Ok((found.into(), told.unwrap_or(cursor.max(newest))))
    }

    /// Follows what is asked for, from where the query begins, or from now on.
    pub(crate) fn follow(&self, query: Query) -> Result<Following, Refusal> {
        let place = self.place()?;
        let written = self.ctx().events.written();
        let cursor = query.from.cursor().unwrap_or(*written.borrow());
        Ok(Following {
            ctx: Arc::clone(self.ctx()),
            query,
            cursor,
            begun: false,
            ready: VecDeque::new(),
            written,
            closing: self.closing.clone(),
            _place: place,
        })
    }
}

impl Following {
    /// What comes next; `None` when the daemon ends. It reads no further than whoever asks takes.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        loop {
            if self.closing.is_cancelled() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(Item::Event(event));
            }
            let after = if self.begun { self.cursor } else { self.cursor.saturating_sub(1) };
            let mut page = match self.ctx.events_after(after, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    self.closing = CancellationToken::new();
                    self.closing.cancel();
                    return Some(Item::Broken(error));
                }
            };
            if !std::mem::replace(&mut self.begun, true) {
                let newest = page.events.last().map_or(*self.written.borrow(), |last| last.sequence);
                if self.cursor > newest {
                    // It was following another log, or this one before it was begun anew.
                    let lost = self.cursor - newest;
                    self.cursor = newest;
                    return Some(Item::Lagged(lost));
                }
                page.events.retain(|event| event.sequence > self.cursor);
            }
            let forgotten = page.oldest.saturating_sub(self.cursor + 1);
            if forgotten > 0 && !self.query.from.is_start() {
                self.cursor = page.oldest - 1;
                return Some(Item::Lagged(forgotten));
            }
            let Some(last) = page.events.last() else {
                let after = self.cursor;
                tokio::select! {
                    () = self.closing.cancelled() => return None,
                    _ = self.written.wait_for(|newest| *newest > after) => continue,
                    () = tokio::time::sleep(KEEP_ALIVE) => return Some(Item::Quiet),
                }
            };
            self.cursor = last.sequence;
            // From here on what is missing was there once.
            self.query.from = From::After(self.cursor);
            self.ready.extend(page.events.into_iter().filter(|event| self.query.wants(event)));
        }
    }
}
