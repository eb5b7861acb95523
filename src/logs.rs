//! What containers print, for `/v1/logs` and for CloudWatch's calls: read from the engine, and from the view which
//! containers there are. No actor is messaged.

mod merge;
pub(crate) mod metrics;
pub(crate) mod moment;
mod reading;
mod replay;
mod selection;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mainstay_actors::control::Control;
use mainstay_actors::ports::ContainerEngine;
use mainstay_actors::view::View;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

pub use reading::{Item, Reading};
pub use selection::{Origin, Refusal, Selection};

/// The way to the logs of this host's containers. Clones share one limit.
#[derive(Clone)]
pub struct Logs {
    control: Control,
    /// Absent where no engine is reached from this process.
    engine: Option<Arc<dyn ContainerEngine>>,
    places: Arc<Semaphore>,
    closing: CancellationToken,
}

impl Logs {
    /// Lets at most `at_once` be read at a time.
    pub fn new(control: Control, engine: Option<Arc<dyn ContainerEngine>>, at_once: usize) -> Self {
        let places = Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)));
        Self { control, engine, places, closing: CancellationToken::new() }
    }

    /// Ends what is followed.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Resolves once what is followed is to end, since the daemon does.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    fn view(&self) -> &View {
        self.control.view()
    }

    /// # Errors
    /// Where no engine is reached from here.
    pub(crate) fn engine(&self) -> Result<&Arc<dyn ContainerEngine>, Refusal> {
        self.engine.as_ref().ok_or_else(|| {
            Refusal::Unavailable(
                "this mainstay runs the control plane alone and reaches no container engine; \
                 read logs where the agent is"
                    .to_owned(),
            )
        })
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| {
            Refusal::Busy("as many logs are read already as api.requests-at-once allows".to_owned())
        })
    }
}
