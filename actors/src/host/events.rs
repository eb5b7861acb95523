//! The engine's events on their way to the actors: as many as mailboxes can hold, and no more.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ports::{EngineError, EngineEvent};

/// More events do not wait in mailboxes; the engine is listed anew instead.
pub(super) const EVENTS_WAITING: usize = 10_000;

/// An event, with the place that it takes up until it is handled.
pub struct Heard {
    pub(super) event: EngineEvent,
    _place: OwnedSemaphorePermit,
}

/// Hands events on until there are no more, nobody takes them, or too many wait. Why it ended: what is lost then, the
/// list of the next connection makes good.
pub(super) async fn hear(
    events: &mut (impl Stream<Item = Result<EngineEvent, EngineError>> + Unpin),
    most: usize,
    send: impl Fn(Heard) -> bool,
) -> String {
    let places = Arc::new(Semaphore::new(most));
    while let Some(next) = events.next().await {
        let event = match next {
            Ok(event) => event,
            Err(error) => return error.to_string(),
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            return format!("{most} events wait to be handled, one more is too many");
        };
        if !send(Heard { event, _place: place }) {
            break;
        }
    }
    "it ended".into()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::stream;
    use mainstay_core::{EngineId, TaskId};

    use super::*;
    use crate::ports::EngineEventKind;

    fn event(id: &str) -> Result<EngineEvent, EngineError> {
        let (id, task) = (EngineId::new(id), TaskId::new("t"));
        Ok(EngineEvent { id, task, container: "web".into(), kind: EngineEventKind::Started })
    }

    #[tokio::test]
    async fn events_that_are_handled_make_room_and_too_many_that_are_not_end_the_stream() {
        let mailbox = Mutex::new(Vec::new());
        let keep = |heard| {
            mailbox.lock().unwrap().push(heard);
            true
        };
        let six = || stream::iter((0..6).map(|number| event(&number.to_string())));
        assert!(hear(&mut six(), 3, keep).await.contains("3 events wait"));
        assert_eq!(mailbox.lock().unwrap().len(), 3);
        let handle = |heard: Heard| heard.event.container == "web";
        assert_eq!(hear(&mut six(), 1, handle).await, "it ended");
    }
}
