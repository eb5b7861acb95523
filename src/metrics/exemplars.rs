//! Exemplars: for each bucket of a histogram, which request or trace it was that fell into it last.
//!
//! Whoever records need not know of it: a request says once whose it is ([`of_request`]), and the trace is that of the
//! span it happens in. What has neither leaves none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{Counter, CounterFn, Histogram, HistogramFn, Key};

use crate::traces;

/// So many series have exemplars at most; the one that was silent longest makes room for another.
const MOST_SERIES: usize = 1024;

tokio::task_local! {
    static REQUEST: String;
}

/// What `record` records is this request's.
pub(crate) fn of_request(id: &str, record: impl FnOnce()) {
    REQUEST.sync_scope(id.to_owned(), record);
}

/// Who or what one sample came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exemplar {
    /// Where to look for it: `trace_id` in the traces, `request_id` in the log.
    pub(super) labels: Vec<(&'static str, String)>,
    /// The sample, in the series' unit.
    pub(super) value: f64,
    /// When it was, since 1970.
    pub(super) at: Duration,
}

impl Exemplar {
    /// A sample of this moment, where it is known what it belongs to.
    fn here(value: f64) -> Option<Self> {
        let trace = traces::here().map(|id| ("trace_id", id));
        let request = REQUEST.try_with(Clone::clone).ok().map(|id| ("request_id", id));
        let labels: Vec<_> = trace.into_iter().chain(request).collect();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (!labels.is_empty()).then_some(Self { labels, value, at })
    }
}

/// The last exemplars of each series. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Exemplars(Arc<Mutex<HashMap<Key, Vec<Exemplar>>>>);

impl Exemplars {
    /// The histogram, whose samples from now on leave exemplars; `bounds` are its buckets' upper ones.
    pub(super) fn of_histogram(&self, key: &Key, inner: Histogram, bounds: &'static [f64]) -> Histogram {
        Histogram::from_arc(Arc::new(Watched { inner, key: key.clone(), bounds, exemplars: self.clone() }))
    }

    /// The counter, whose last step leaves an exemplar.
    pub(super) fn of_counter(&self, key: &Key, inner: Counter) -> Counter {
        Counter::from_arc(Arc::new(Watched { inner, key: key.clone(), bounds: &[], exemplars: self.clone() }))
    }

    /// What there is now: of each series, its exemplars in no order.
    pub(super) fn now(&self) -> Vec<(Key, Vec<Exemplar>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(key, last)| (key.clone(), last.clone())).collect()
    }

    /// Takes the place of what fell into the same bucket before.
    fn put(&self, key: &Key, bounds: &[f64], exemplar: Exemplar) {
        let bucket = |value: f64| bounds.partition_point(|bound| *bound < value);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = all.get_mut(key) {
            last.retain(|other| bucket(other.value) != bucket(exemplar.value));
            last.push(exemplar);
            return;
        }
        if all.len() >= MOST_SERIES {
            let latest = |last: &[Exemplar]| last.iter().map(|exemplar| exemplar.at).max();
            let silent = all.iter().min_by_key(|(_, last)| latest(last)).map(|(key, _)| key.clone());
            if let Some(silent) = silent {
                all.remove(&silent);
            }
        }
        all.insert(key.clone(), vec![exemplar]);
    }
}

/// A series that leaves exemplars.
struct Watched<I> {
    inner: I,
    key: Key,
    bounds: &'static [f64],
    exemplars: Exemplars,
}

impl<I> Watched<I> {
    fn notice(&self, value: f64) {
        if let Some(exemplar) = Exemplar::here(value) {
            self.exemplars.put(&self.key, self.bounds, exemplar);
        }
    }
}

impl HistogramFn for Watched<Histogram> {
    fn record(&self, value: f64) {
        self.inner.record(value);
        self.notice(value);
    }
}

impl CounterFn for Watched<Counter> {
    fn increment(&self, value: u64) {
        self.inner.increment(value);
        if value > 0 {
            self.notice(1.0);
        }
    }

    fn absolute(&self, value: u64) {
        self.inner.absolute(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [f64; 2] = [0.1, 1.0];

    fn key(name: String) -> Key {
        Key::from_name(name)
    }

    /// The requests of a series' exemplars, by value.
    fn kept(exemplars: &Exemplars) -> Vec<(String, f64, String)> {
        let mut all: Vec<_> = exemplars
            .now()
            .into_iter()
            .flat_map(|(key, last)| {
                last.into_iter().map(move |one| (key.name().to_owned(), one.value, one.labels[0].1.clone()))
            })
            .collect();
        all.sort_by(|(name, value, _), (other, than, _)| name.cmp(other).then(value.total_cmp(than)));
        all
    }

    #[test]
    fn each_bucket_keeps_its_last_request_and_what_is_nobodys_leaves_no_trace() {
        let exemplars = Exemplars::default();
        let histogram = exemplars.of_histogram(&key("a".into()), Histogram::noop(), &BOUNDS);
        histogram.record(0.05);
        for (id, value) in [("one", 0.1), ("two", 0.05), ("three", 0.2), ("four", 7.0), ("five", 9.0)] {
            of_request(id, || histogram.record(value));
        }
        histogram.record(0.3);
        let expected = [("two", 0.05), ("three", 0.2), ("five", 9.0)];
        let expected: Vec<_> =
            expected.into_iter().map(|(id, value)| ("a".to_owned(), value, id.to_owned())).collect();
        assert_eq!(kept(&exemplars), expected);
    }

    #[test]
    fn a_counter_keeps_its_last_step_and_being_begun_is_none() {
        let exemplars = Exemplars::default();
        let counter = exemplars.of_counter(&key("a".into()), Counter::noop());
        of_request("zero", || counter.increment(0));
        assert!(kept(&exemplars).is_empty());
        of_request("one", || counter.increment(1));
        of_request("two", || counter.increment(1));
        assert_eq!(kept(&exemplars), [("a".to_owned(), 1.0, "two".to_owned())]);
    }

    #[test]
    fn the_series_that_was_silent_longest_makes_room() {
        let exemplars = Exemplars::default();
        let at = |second: u64| Exemplar {
            labels: vec![("request_id", second.to_string())],
            value: 1.0,
            at: Duration::from_secs(second),
        };
        for second in 0..MOST_SERIES as u64 {
            exemplars.put(&key(format!("s{second}")), &BOUNDS, at(second));
        }
        exemplars.put(&key("s0".into()), &BOUNDS, at(5000));
        exemplars.put(&key("new".into()), &BOUNDS, at(5001));
        let names: Vec<_> = kept(&exemplars).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), MOST_SERIES);
        assert!(
            names.contains(&"s0".into()) && names.contains(&"new".into()) && !names.contains(&"s1".into())
        );
    }
}
