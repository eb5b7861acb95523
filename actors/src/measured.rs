//! What every actor is wrapped in: how long its handlers take, and how much waits in its mailbox.
//!
//! ractor does not tell how full a mailbox is. So an actor that has work posts a probe to itself, at most one a second:
//! it takes its place behind whatever waits, and once it is its turn it tells how many messages were before it and how
//! long they took. One that is idle costs nothing.

use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef, Message, SupervisionEvent};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use crate::at_work::{AT_WORK, Place};
use crate::metrics::{self, Histogram};
use crate::tree::Kind;

/// The target of the spans of which traces are made.
pub const SPANS: &str = "mainstay::spans";
/// Between two probes of one actor.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// A message of which one says nothing: it only takes its place in the mailbox.
pub(crate) trait Probed: Message {
    /// It.
    fn probe() -> Self;

    /// Whether it is that one; an actor's own handler never sees it.
    fn is_probe(&self) -> bool;

    /// What kind of message it is, in a trace.
    fn word(&self) -> &'static str;
}

/// For an enum with a variant `Probe`.
macro_rules! probed {
    ($message:ty) => {
        impl $crate::measured::Probed for $message {
            fn probe() -> Self {
                Self::Probe
            }

            fn is_probe(&self) -> bool {
                matches!(self, Self::Probe)
            }

            fn word(&self) -> &'static str {
                self.into()
            }
        }
    };
}
pub(crate) use probed;

/// An actor, and what it is measured as.
pub(crate) struct Measured<A> {
    /// It.
    pub(crate) actor: A,
    /// The label.
    pub(crate) kind: Kind,
}

/// Its state, and where it is measured.
pub(crate) struct MeasuredState<S> {
    state: S,
    place: Place,
    handling: Histogram,
    waiting: Histogram,
    depth: Histogram,
    last_probe: Option<Instant>,
    /// The probe in the mailbox: how many messages were handled since it was posted.
    ahead: Option<u32>,
}

impl<A: Actor> Actor for Measured<A>
where
    A::Msg: Probed,
{
    type Msg = A::Msg;
    type State = MeasuredState<A::State>;
    type Arguments = A::Arguments;

    async fn pre_start(
        &self,
        me: ActorRef<A::Msg>,
        arguments: A::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(MeasuredState {
            state: self.actor.pre_start(me, arguments).await?,
            place: AT_WORK.place(self.kind),
            handling: metrics::actor_handling(self.kind),
            waiting: metrics::mailbox_wait(self.kind),
            depth: metrics::mailbox_depth(self.kind),
            last_probe: None,
            ahead: None,
        })
    }

    async fn post_start(
        &self,
        me: ActorRef<A::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.post_start(me, &mut state.state).await
    }

    async fn handle(
        &self,
        me: ActorRef<A::Msg>,
        message: A::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let began = Instant::now();
        if message.is_probe() {
            state.arrived(began);
            return Ok(());
        }
        let busy = state.place.begin(began);
        let span = span(self.kind, message.word());
        let outcome = self.actor.handle(me.clone(), message, &mut state.state).instrument(span).await;
        drop(busy);
        let now = Instant::now();
        state.handling.record((now - began).as_secs_f64());
        if let Some(ahead) = &mut state.ahead {
            *ahead = ahead.saturating_add(1);
        } else if outcome.is_ok() && state.is_due(now) && me.cast(A::Msg::probe()).is_ok() {
            (state.last_probe, state.ahead) = (Some(now), Some(0));
        }
        outcome
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<A::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let began = Instant::now();
        let _busy = state.place.begin(began);
        let outcome = self.actor.handle_supervisor_evt(me, event, &mut state.state).await;
        state.handling.record(began.elapsed().as_secs_f64());
        outcome
    }

    async fn post_stop(
        &self,
        me: ActorRef<A::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.post_stop(me, &mut state.state).await
    }
}

/// What an actor does because of a request is in that one's trace: ractor hands the span of whoever sends a message on
/// with it. What nobody asked for, or nobody traces, is in none.
fn span(kind: Kind, word: &'static str) -> Span {
    if Span::current().is_disabled() {
        return Span::none();
    }
    let kind = kind.as_str();
    tracing::info_span!(target: SPANS, "handle", otel.name = %format_args!("{kind} {word}"), actor.kind = kind)
}

impl<S> MeasuredState<S> {
    fn is_due(&self, now: Instant) -> bool {
        self.last_probe.is_none_or(|last| now.saturating_duration_since(last) >= PROBE_EVERY)
    }

    fn arrived(&mut self, now: Instant) {
        if let (Some(posted), Some(ahead)) = (self.last_probe, self.ahead.take()) {
            self.waiting.record(now.saturating_duration_since(posted).as_secs_f64());
            self.depth.record(ahead);
        }
    }
}
