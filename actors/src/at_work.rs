//! Who is in a handler, and since when: one that never returns is in no histogram of those that did.
//!
//! Of the process, like everything that is measured. An actor writes to a place of its own, so that none waits for another;
//! only births, ends and whoever looks meet at the list of places.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::time::Instant;

use crate::tree::Kind;

/// Since when the handler runs that an actor is in.
type Since = Arc<Mutex<Option<Instant>>>;

/// The actors of this process.
pub(crate) static AT_WORK: LazyLock<AtWork> = LazyLock::new(AtWork::default);

/// The places of actors that live.
#[derive(Debug, Clone, Default)]
pub(crate) struct AtWork(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    given: u64,
    by_number: HashMap<u64, (Kind, Since)>,
}

impl AtWork {
    /// A place for an actor, for as long as it lives.
    pub(crate) fn place(&self, kind: Kind) -> Place {
        let since = Since::default();
        let mut places = self.places();
        places.given += 1;
        let number = places.given;
        places.by_number.insert(number, (kind, Arc::clone(&since)));
        Place { all: self.clone(), number, since }
    }

    /// The begin of the handler that has run longest, by kind of actor; a kind of which none runs is absent.
    pub(crate) fn oldest(&self) -> BTreeMap<Kind, Instant> {
        let mut oldest = BTreeMap::new();
        for (kind, since) in self.places().by_number.values() {
            if let Some(since) = *since.lock().unwrap_or_else(PoisonError::into_inner) {
                let first = oldest.entry(*kind).or_insert(since);
                *first = since.min(*first);
            }
        }
        oldest
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An actor's place; part of its state, so that it ends with it, however that ends.
#[derive(Debug)]
pub(crate) struct Place {
    all: AtWork,
    number: u64,
    since: Since,
}

impl Place {
    /// A handler runs from `now` on, until what is returned is dropped.
    pub(crate) fn begin(&self, now: Instant) -> Busy {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Busy(Arc::clone(&self.since))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.places().by_number.remove(&self.number);
    }
}

/// A handler that runs.
#[derive(Debug)]
pub(crate) struct Busy(Since);

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_handler_of_each_kind_is_known_until_it_returns_or_its_actor_is_gone() {
        let all = AtWork::default();
        let (one, other, host) = (all.place(Kind::Task), all.place(Kind::Task), all.place(Kind::Host));
        assert!(all.oldest().is_empty());
        let began = Instant::now();
        let first = one.begin(began);
        let second = other.begin(began + Duration::from_secs(1));
        let _hosts = host.begin(began + Duration::from_secs(2));
        let seconds =
            |all: &AtWork| all.oldest().into_values().map(|at| (at - began).as_secs()).collect::<Vec<_>>();
        assert_eq!(all.oldest().into_keys().collect::<Vec<_>>(), [Kind::Task, Kind::Host]);
        assert_eq!(seconds(&all), [0, 2]);
        drop(first);
        assert_eq!(seconds(&all), [1, 2]);
        drop(other);
        assert_eq!(seconds(&all), [2], "a killed actor's handler does not go on");
        drop(second);
        assert_eq!(seconds(&all), [2]);
    }
}
