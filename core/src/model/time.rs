use serde::{Deserialize, Serialize};

/// A moment of wall-clock time: milliseconds since 1970-01-01 UTC, the precision of ECS's own timestamps.
///
/// For showing and ordering only; waits are measured on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `wait` later.
    pub fn after(self, wait: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to `self`; 0 where the wall clock went backwards in between.
    pub fn millis_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}
