//! What plots show: the last quarter of an hour, in memory. Prometheus has the rest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mainstay_actors::context::Context;
use mainstay_core::model::{ServiceStatus, Timestamp};
use mainstay_core::{InstanceId, ServiceKey};

use super::tally::Tally;
use crate::usage::{InUse, LastLook};

/// Between two samples.
const EVERY: Duration = Duration::from_secs(5);
/// Samples that are kept: of 15 minutes.
const SAMPLES: usize = 180;
/// Services that are remembered, and instances; in all a few megabytes.
const MOST: usize = 2000;

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
    /// The same of container instances that were looked at.
    instances: BTreeMap<InstanceId, VecDeque<Option<InUse>>>,
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
        let look = last.seen();
        let services = ctx.view.services.filter(|service| service.status != ServiceStatus::Inactive);
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let of_services: Vec<(ServiceKey, Point)> = services
            .iter()
            .map(|service| {
                let running = number(tally.service(&service.key).running);
                let used = look.as_ref().map(|look| look.service(&service.key));
                (service.key.clone(), Point { desired: service.desired_count, running, used })
            })
            .collect();
        let all = look.as_ref().map(|look| look.all());
        let instances = ctx.view.instances.all();
        let used = |id: &InstanceId| look.as_ref().and_then(|look| look.instance(id));
        let of_instances = instances.iter().map(|one| (one.id.clone(), used(&one.id))).collect();
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.add(ctx.nature.wall(), number(tally.all.running), all, of_services);
        ring.add_instances(of_instances);
    }

    /// All tasks of services; the oldest first.
    pub(super) fn all(&self) -> Vec<(Timestamp, Point)> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.at.iter().copied().zip(ring.all.iter().copied()).collect()
    }

    /// A service's.
    pub(super) fn service(&self, key: &ServiceKey) -> Vec<(Timestamp, Point)> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.services.get(key).map_or_else(Vec::new, |points| ring.timed(points))
    }

    /// What tasks used on a container instance.
    pub(super) fn instance(&self, id: &InstanceId) -> Vec<(Timestamp, Option<InUse>)> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.instances.get(id).map_or_else(Vec::new, |points| ring.timed(points))
    }
}

impl Ring {
    fn add(&mut self, now: Timestamp, running: u32, used: Option<InUse>, services: Vec<(ServiceKey, Point)>) {
        push(&mut self.at, now);
        let desired = services.iter().map(|(_, point)| point.desired).fold(0, u32::saturating_add);
        push(&mut self.all, Point { desired, running, used });
        let mut before = std::mem::take(&mut self.services);
        for (key, point) in services.into_iter().take(MOST) {
            let mut points = before.remove(&key).unwrap_or_default();
            push(&mut points, point);
            self.services.insert(key, points);
        }
    }

    /// Right after [`Self::add`], for the same moment. An instance begins with the first look at it.
    fn add_instances(&mut self, instances: Vec<(InstanceId, Option<InUse>)>) {
        let mut before = std::mem::take(&mut self.instances);
        for (id, used) in instances {
            let known = before.remove(&id).or_else(|| used.map(|_| VecDeque::new()));
            if let Some(mut points) = known.filter(|_| self.instances.len() < MOST) {
                push(&mut points, used);
                self.instances.insert(id, points);
            }
        }
    }

    /// With when each was.
    fn timed<T: Copy>(&self, points: &VecDeque<T>) -> Vec<(Timestamp, T)> {
        let from = self.at.len() - points.len();
        self.at.iter().skip(from).copied().zip(points.iter().copied()).collect()
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

    #[test]
    fn an_instance_is_remembered_from_the_first_look_at_it_with_the_gaps_between_looks() {
        let history = History::default();
        let used = InUse { cores: 0.5, memory: 7 };
        let (here, simulated) = (InstanceId::new("here"), InstanceId::new("simulated"));
        for (second, used) in [(0, None), (1, Some(used)), (2, None), (3, Some(used))] {
            let mut ring = history.0.lock().unwrap();
            ring.add(Timestamp(second), 1, used, Vec::new());
            ring.add_instances(vec![(here.clone(), used), (simulated.clone(), None)]);
        }
        let seen: Vec<_> = history.instance(&here).iter().map(|(at, used)| (at.0, used.is_some())).collect();
        assert_eq!(seen, [(1, true), (2, false), (3, true)]);
        assert!(history.instance(&simulated).is_empty());
        history.0.lock().unwrap().add_instances(Vec::new());
        assert!(history.instance(&here).is_empty(), "it is gone");
    }
}
