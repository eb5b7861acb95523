//! How events look, and who is sent them.

use futures::future::BoxFuture;
use mainstay_core::events::{Event, Happening};
use mainstay_core::model::Timestamp;

use crate::context::Surroundings;

/// Writes events in EventBridge's JSON, whose details are what the API shows.
pub trait EventShapes: Send + Sync + 'static {
    /// All of an event. Called by the actor that made it happen, so it is quick, and reads nothing but the view.
    fn json(&self, ctx: &Surroundings, id: &str, at: Timestamp, happening: &Happening<'_>) -> String;
}

/// Somebody elsewhere who wants to hear of events.
pub trait EventReceiver: Send + Sync + 'static {
    /// Sends it, once; resolves when it was taken.
    ///
    /// # Errors
    /// Why it was not, or may not have been, taken: for people.
    fn send(&self, event: &Event) -> BoxFuture<'static, Result<(), String>>;
}
