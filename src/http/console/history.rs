//! What plots show: the last quarter of an hour, in memory. Prometheus has the rest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mainstay_actors::context::Context;
use mainstay_core::ServiceKey;
use mainstay_core::model::{ServiceStatus, Timestamp};

use super::tally::Tally;
use crate::usage::{InUse, LastLook};

/// Between two samples.
const EVERY: Duration = Duration::from_secs(5);
/// Samples that are kept: of 15 minutes.
const SAMPLES: usize = 180;
/// Services that are remembered; in all a few megabytes.
const MOST_SERVICES: usize = 2000;

/// Counts at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Point {
    /// Wanted.
    pub desired: u32,
    /// RUNNING.
    pub running: u32,
    /// What their containers use, where that is known.
    pub used: Option<InUse>,
}

/// The ring. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Mutex<Ring>>);

#[derive(Debug, Default)]
struct Ring {
    at: VecDeque<Timestamp>,
    all: VecDeque<Point>,
    /// Each ends with the latest sample; one that came later is shorter.
    services: BTreeMap<ServiceKey, VecDeque<Point>>,
}

impl History {
    /// Samples for as long as it is polled.
    pub(super) async fn keep(&self, ctx: &Context, last: &LastLook) {
        loop {
            self.sample(ctx, last);
            tokio::time::sleep(EVERY).await;
        }
    }

    fn sample(&self, ctx: &Context, last: &LastLook) {
        let tally = Tally::of(&ctx.view);
        let services = ctx.view.services.filter(|service| service.status != ServiceStatus::Inactive);
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let of_services: Vec<(ServiceKey, Point)> = services
            .iter()
            .map(|service| {
                let running = number(tally.service(&service.key).running);
                let used = last.of_service(&service.key);
                (service.key.clone(), Point { desired: service.desired_count, running, used })
            })
            .collect();
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.add(ctx.nature.wall(), number(tally.all.running), last.all(), of_services);
    }

    /// All tasks of services; the oldest first.
    pub(super) fn all(&self) -> Vec<(Timestamp, Point)> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.at.iter().copied().zip(ring.all.iter().copied()).collect()
    }

    /// A service's.
    pub(super) fn service(&self, key: &ServiceKey) -> Vec<(Timestamp, Point)> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(points) = ring.services.get(key) else { return Vec::new() };
        let from = ring.at.len() - points.len();
        ring.at.iter().skip(from).copied().zip(points.iter().copied()).collect()
    }
}

impl Ring {
    fn add(&mut self, now: Timestamp, running: u32, used: Option<InUse>, services: Vec<(ServiceKey, Point)>) {
        push(&mut self.at, now);
        let desired = services.iter().map(|(_, point)| point.desired).fold(0, u32::saturating_add);
        push(&mut self.all, Point { desired, running, used });
        let mut before = std::mem::take(&mut self.services);
        for (key, point) in services.into_iter().take(MOST_SERVICES) {
            let mut points = before.remove(&key).unwrap_or_default();
            push(&mut points, point);
            self.services.insert(key, points);
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, one: T) {
    if ring.len() == SAMPLES {
        ring.pop_front();
    }
    ring.push_back(one);
}

#[cfg(test)]
mod tests {
    use mainstay_core::{ClusterName, ServiceName};

    use super::*;

    #[test]
    fn old_samples_and_services_that_are_gone_are_forgotten() {
        let key =
            |name: &str| ServiceKey { cluster: ClusterName::new("default"), name: ServiceName::new(name) };
        let history = History::default();
        for second in 0..300 {
            let point = Point { desired: 2, running: 1, used: None };
            let mut services = vec![(key("web"), point)];
            if second >= 298 {
                services.push((key("late"), point));
            }
            if second < 299 {
                services.push((key("gone"), point));
            }
            history.0.lock().unwrap().add(Timestamp(second), 7, None, services);
        }
        assert_eq!(history.all().len(), SAMPLES);
        assert_eq!(history.all()[0].0, Timestamp(300 - SAMPLES as i64));
        assert_eq!(history.service(&key("web")).len(), SAMPLES);
        let late: Vec<i64> = history.service(&key("late")).iter().map(|(at, _)| at.0).collect();
        assert_eq!(late, [298, 299]);
        assert!(history.service(&key("gone")).is_empty());
    }
}
