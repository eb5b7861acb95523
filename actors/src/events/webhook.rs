//! A webhook: sends events to somebody elsewhere, one after the other, and tries again what was not taken.
//!
//! It reads from the disk what it sends, and knows by its cursor where it was: a receiver that is slow or away holds up
//! nothing but itself, and costs no memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use mainstay_core::ClusterName;
use mainstay_core::events::{Again, Event, Kind as EventKind, Retry};
use mainstay_core::supervision::{Restart, Strategy};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::metrics;
use crate::cluster::spawn;
use crate::context::Context;
use crate::measured::probed;
use crate::ports::{EventPage, EventReceiver, StoreError};
use crate::supervisor::{ChildSpec, Family, Supervisor};
use crate::tree::{Kind, Life, Path};

/// So many events are read at once.
const PAGE: usize = 32;
/// Wait before the disk is read again that could not be.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Who is sent what.
pub struct Hook {
    /// Its name, for people.
    pub name: String,
    /// Only events of this cluster.
    pub cluster: Option<ClusterName>,
    /// Only events of these kinds; all where there is none.
    pub kinds: Vec<EventKind>,
    /// How long one tries.
    pub retry: Retry,
    /// The way there.
    pub receiver: Arc<dyn EventReceiver>,
}

impl Hook {
    fn wants(&self, event: &Event) -> bool {
        let cluster = self.cluster.as_ref().is_none_or(|cluster| *cluster == event.cluster);
        cluster && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
    }
}

/// The actor.
pub struct Webhook {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
    /// What it does.
    pub hook: Arc<Hook>,
}

/// What a webhook is told; all by itself.
#[derive(strum::IntoStaticStr)]
pub enum WebhookMsg {
    /// Go on.
    Go,
    /// What comes next.
    Read(Result<EventPage, StoreError>),
    /// How a try went.
    Tried(Result<(), String>),
    /// Measures how much waits before it.
    Probe,
}

probed!(WebhookMsg);

/// A webhook's state.
pub struct WebhookState {
    /// It is done with everything up to this event.
    cursor: u64,
    /// Of what was read, what it is to send.
    queue: VecDeque<Event>,
    /// It has looked at everything up to this event.
    seen: u64,
    /// In a row, of the first in the queue.
    failures: u32,
    /// What is under way ends with it.
    ends: CancellationToken,
    _end: DropGuard,
    _life: Life,
}

type Me = ActorRef<WebhookMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for Webhook {
    type Msg = WebhookMsg;
    type State = WebhookState;
    type Arguments = ();

    async fn pre_start(&self, me: Me, (): ()) -> Result<WebhookState, ActorProcessingErr> {
        me.cast(WebhookMsg::Go)?;
        let (cursor, ends) = (self.ctx.events.cursor(&self.hook.name), CancellationToken::new());
        Ok(WebhookState {
            cursor,
            queue: VecDeque::new(),
            seen: cursor,
            failures: 0,
            _end: ends.clone().drop_guard(),
            ends,
            _life: self.ctx.tree.born(self.path.clone(), Kind::Webhook, self.ctx.nature.wall()),
        })
    }

    async fn handle(&self, me: Me, message: WebhookMsg, state: &mut WebhookState) -> Handled {
        match message {
            WebhookMsg::Go | WebhookMsg::Probe => {}
            WebhookMsg::Read(Ok(page)) => self.take(state, page),
            WebhookMsg::Read(Err(error)) => {
                tracing::error!(webhook = self.hook.name, %error, "events cannot be read");
                me.send_after(READ_AGAIN, || WebhookMsg::Go);
                return Ok(());
            }
            WebhookMsg::Tried(Ok(())) => self.done(state, "delivered"),
            WebhookMsg::Tried(Err(why)) => {
                if let Some(wait) = self.failed(state, &why) {
                    me.send_after(wait, || WebhookMsg::Go);
                    return Ok(());
                }
            }
        }
        self.go_on(&me, state);
        Ok(())
    }
}

impl Webhook {
    /// Sends the next one, or looks for more; what comes back is the next message.
    fn go_on(&self, me: &Me, state: &WebhookState) {
        let written = self.ctx.events.written();
        metrics::waiting(&self.hook.name).set(written.borrow().saturating_sub(state.cursor) as f64);
        if let Some(event) = state.queue.front() {
            return self.beside(me, state, self.hook.receiver.send(event).map(WebhookMsg::Tried));
        }
        let (ctx, after, mut written) = (Arc::clone(&self.ctx), state.seen, written);
        self.beside(me, state, async move {
            // The log outlives the actor, so this ends with what was waited for.
            drop(written.wait_for(|newest| *newest > after).await);
            WebhookMsg::Read(ctx.events_after(after, PAGE).await)
        });
    }

    /// Off the mailbox, and no longer than the actor lives.
    fn beside(&self, me: &Me, state: &WebhookState, work: impl Future<Output = WebhookMsg> + Send + 'static) {
        let (me, ends) = (me.clone(), state.ends.clone());
        self.ctx.spawn(async move {
            if let Some(message) = ends.run_until_cancelled(work).await {
                // Whoever cannot be told any more has ended.
                drop(me.cast(message));
            }
        });
    }

    fn take(&self, state: &mut WebhookState, page: EventPage) {
        let forgotten = page.oldest.saturating_sub(state.seen + 1);
        if forgotten > 0 {
            tracing::warn!(
                webhook = self.hook.name,
                forgotten,
                "events were forgotten before they could be sent"
            );
            metrics::deliveries(&self.hook.name, "missed").increment(forgotten);
        }
        state.seen =
            page.events.last().map_or(state.seen, |last| last.sequence).max(page.oldest.saturating_sub(1));
        state.queue.extend(page.events.into_iter().filter(|event| self.hook.wants(event)));
        if state.queue.is_empty() {
            self.reached(state, state.seen);
        }
    }

    /// It is done with the first in the queue.
    fn done(&self, state: &mut WebhookState, outcome: &'static str) {
        metrics::deliveries(&self.hook.name, outcome).increment(1);
        state.failures = 0;
        let Some(event) = state.queue.pop_front() else { return };
        let reached = if state.queue.is_empty() { state.seen } else { event.sequence };
        self.reached(state, reached);
    }

    fn reached(&self, state: &mut WebhookState, sequence: u64) {
        if sequence > state.cursor {
            state.cursor = sequence;
            self.ctx.events.move_cursor(&self.hook.name, sequence);
        }
    }

    /// How long to wait before the next try; `None` where there is none.
    fn failed(&self, state: &mut WebhookState, why: &str) -> Option<Duration> {
        let webhook = &self.hook.name;
        metrics::failures(webhook).increment(1);
        state.failures = state.failures.saturating_add(1);
        let event = state.queue.front()?;
        let nature = &self.ctx.nature;
        match self.hook.retry.after(state.failures, event.at, nature.wall(), nature.jitter()) {
            Again::After(wait) => {
                tracing::warn!(
                    webhook,
                    event = event.sequence,
                    failures = state.failures,
                    ?wait,
                    why,
                    "an event was not taken; it is sent again"
                );
                Some(wait)
            }
            Again::No => {
                tracing::error!(
                    webhook,
                    event = event.sequence,
                    failures = state.failures,
                    why,
                    "an event was not taken; it is given up"
                );
                self.done(state, "given-up");
                None
            }
        }
    }
}

/// The supervisor of webhooks, as data.
pub(crate) fn webhooks(ctx: &Context, parent: &Path, hooks: Vec<Arc<Hook>>) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("events"));
    ChildSpec {
        name: "events".into(),
        kind: Kind::Events,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let children = hooks.iter().map(|hook| webhook(&ctx, &path, hook)).collect();
            let family = Family { children: Box::new(|| children), enter: None };
            let supervisor = Supervisor {
                ctx: Arc::clone(&ctx),
                path: path.clone(),
                kind: Kind::Events,
                strategy: Strategy::OneForOne,
            };
            spawn(Kind::Events, supervisor, family, under).boxed()
        }),
    }
}

fn webhook(ctx: &Context, parent: &Path, hook: &Arc<Hook>) -> ChildSpec {
    let (ctx, path, hook) = (Arc::clone(ctx), parent.child(&hook.name), Arc::clone(hook));
    ChildSpec {
        name: hook.name.clone(),
        kind: Kind::Webhook,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Webhook { ctx: Arc::clone(&ctx), path: path.clone(), hook: Arc::clone(&hook) };
            spawn(Kind::Webhook, actor, (), under).boxed()
        }),
    }
}
