//! Where the alarms of rollouts are looked up.

use futures::future::BoxFuture;

/// Alarms by name; Prometheus is one source.
pub trait AlarmSource: Send + Sync + 'static {
    /// Whether it has an alarm of this name.
    fn knows(&self, name: &str) -> bool;

    /// Those of these alarms that are on. Nobody's mailbox waits for it, but the answer has to come in seconds.
    ///
    /// # Errors
    /// Where one of them cannot be looked up, in words for the operator; whoever asks tries again.
    fn on(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<String>, String>>;
}
