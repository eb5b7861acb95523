//! What the containers of this host use, for `/metrics` and the console's plots: read from the engine every so often, and summed over all tasks
//! of a service, so that a task that comes and goes leaves no series behind.

pub(crate) mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use mainstay_actors::context::Context;
use mainstay_core::model::{Task, TaskOwner};
use mainstay_core::{EngineId, ServiceKey, TaskId};
use tokio::time::{Instant, MissedTickBehavior};

use crate::engine::DockerEngine;

/// Looks at containers under way at once: the engine has other things to do.
const AT_ONCE: usize = 4;

/// What a container has used since it started, and what it has now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Of all cores together, in nanoseconds.
    pub cpu: u64,
    /// Bytes that it has now, without what the kernel only caches for it.
    pub memory: u64,
    /// Bytes that came in over its own network interfaces.
    pub received: u64,
    /// Bytes that went out.
    pub sent: u64,
    /// Bytes read from block devices.
    pub read: u64,
    /// Bytes written to them.
    pub written: u64,
}

impl Usage {
    /// What was used between an earlier look and this one; all of it where the numbers began anew, as they do with a
    /// container that was started again.
    fn since(self, earlier: Self) -> Self {
        let more = |now: u64, then: u64| now.checked_sub(then).unwrap_or(now);
        Self {
            cpu: more(self.cpu, earlier.cpu),
            memory: self.memory,
            received: more(self.received, earlier.received),
            sent: more(self.sent, earlier.sent),
            read: more(self.read, earlier.read),
            written: more(self.written, earlier.written),
        }
    }
}

/// A container of this installation that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The engine's id.
    pub id: EngineId,
    /// Its task.
    pub task: TaskId,
    /// Its name in the task definition.
    pub container: String,
}

/// What series are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    cluster: String,
    /// Empty for tasks that belong to no service.
    service: String,
    family: String,
    container: String,
}

impl Label {
    fn of(task: &Task, container: &str) -> Self {
        let service = match &task.owner {
            TaskOwner::Service { service, .. } => service.to_string(),
            TaskOwner::Standalone => String::new(),
        };
        Self {
            cluster: task.cluster.to_string(),
            service,
            family: task.definition.family.to_string(),
            container: container.to_owned(),
        }
    }
}

/// What was seen so far.
#[derive(Default)]
struct Ledger {
    /// By container, at the last look.
    last: BTreeMap<EngineId, Usage>,
    /// What has a value that is not 0.
    shown: BTreeSet<Label>,
    /// Whether there was a look: what a container used before the first one is not counted.
    looked: bool,
}

impl Ledger {
    /// Enters a look: adds up what was used since the last one, and what is held now.
    fn enter(&mut self, look: Vec<(EngineId, Label, Usage)>) -> BTreeMap<Label, Usage> {
        let mut sums = BTreeMap::<Label, Usage>::new();
        let mut last = BTreeMap::new();
        for (id, label, usage) in look {
            let known = self.last.get(&id).copied();
            let before = known.unwrap_or(if self.looked { Usage::default() } else { usage });
            let new = usage.since(before);
            let sum = sums.entry(label).or_default();
            sum.cpu += new.cpu;
            sum.memory += new.memory;
            sum.received += new.received;
            sum.sent += new.sent;
            sum.read += new.read;
            sum.written += new.written;
            last.insert(id, usage);
        }
        (self.last, self.looked) = (last, true);
        for gone in std::mem::take(&mut self.shown) {
            sums.entry(gone).or_default();
        }
        self.shown = sums.iter().filter(|(_, sum)| sum.memory > 0).map(|(label, _)| label.clone()).collect();
        sums
    }
}

/// What containers used on average since the look before, and what they have now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct InUse {
    /// CPU cores.
    pub(crate) cores: f64,
    /// Bytes of memory.
    pub(crate) memory: u64,
}

impl InUse {
    fn and(self, other: Self) -> Self {
        Self { cores: self.cores + other.cores, memory: self.memory + other.memory }
    }
}

/// What is in use, by cluster and service.
type ByService = BTreeMap<(String, String), InUse>;

/// What was in use at the last look. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastLook(Arc<Mutex<Option<ByService>>>);

impl LastLook {
    /// A service's; `None` where nobody looked, or the engine did not answer.
    pub(crate) fn of_service(&self, key: &ServiceKey) -> Option<InUse> {
        let look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (key.cluster.to_string(), key.name.to_string());
        look.as_ref().map(|look| look.get(&of).copied().unwrap_or_default())
    }

    /// All tasks', those of no service included.
    pub(crate) fn all(&self) -> Option<InUse> {
        let look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look.as_ref().map(|look| look.values().copied().fold(InUse::default(), InUse::and))
    }

    fn set(&self, sums: Option<(&BTreeMap<Label, Usage>, Duration)>) {
        let look = sums.map(|(sums, time)| {
            let mut look = ByService::new();
            for (label, sum) in sums {
                let of = look.entry((label.cluster.clone(), label.service.clone())).or_default();
                *of = of.and(InUse { cores: cores(sum.cpu, time), memory: sum.memory });
            }
            look
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = look;
    }
}

/// How many cores are busy that work for so many nanoseconds within `time`.
fn cores(nanoseconds: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { Duration::from_nanos(nanoseconds).as_secs_f64() / seconds } else { 0.0 }
}

/// Looks every `interval` for as long as it is polled.
pub async fn sample(engine: Arc<DockerEngine>, ctx: Context, interval: Duration, last: LastLook) {
    let mut turns = tokio::time::interval(interval);
    // An engine that takes longer is not asked all the time.
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ledger = Ledger::default();
    let mut before = Instant::now();
    loop {
        turns.tick().await;
        let running = match engine.running().await {
            Ok(running) => running,
            Err(error) => {
                tracing::debug!(%error, "what containers use is not known");
                last.set(None);
                continue;
            }
        };
        let looks = futures::stream::iter(running).map(|found| {
            let engine = &engine;
            async move {
                let usage = engine.usage(&found.id).await;
                // One that has just ended has none.
                usage.ok().flatten().map(|usage| (found, usage))
            }
        });
        let seen: Vec<_> = looks.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
        let labelled = seen.into_iter().filter_map(|(found, usage)| {
            let task = ctx.view.tasks.get(&found.task)?;
            Some((found.id, Label::of(&task, &found.container), usage))
        });
        let now = Instant::now();
        let sums = ledger.enter(labelled.collect());
        last.set(Some((&sums, now - before)));
        for (label, sum) in sums {
            metrics::show(&label, sum, now - before);
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use mainstay_core::{ClusterName, ServiceName};

    use super::*;

    fn label(service: &str) -> Label {
        let [cluster, family, container] = ["default", "web", "web"].map(str::to_owned);
        Label { cluster, service: service.to_owned(), family, container }
    }

    fn look(seen: &[(&str, &str, u64)]) -> Vec<(EngineId, Label, Usage)> {
        let usage = |amount| Usage { cpu: amount, memory: amount, ..Usage::default() };
        seen.iter().map(|(id, of, amount)| (EngineId::new(*id), label(of), usage(*amount))).collect()
    }

    #[test]
    fn the_last_look_has_what_all_containers_of_a_service_use() {
        let last = LastLook::default();
        let key =
            |name: &str| ServiceKey { cluster: ClusterName::new("default"), name: ServiceName::new(name) };
        assert_eq!((last.of_service(&key("web")), last.all()), (None, None), "nobody looked");
        let side = Label { container: "side".to_owned(), ..label("web") };
        let used = |cpu, memory| Usage { cpu, memory, ..Usage::default() };
        let sums =
            [(label("web"), used(1_000_000_000, 5)), (side, used(500_000_000, 7)), (label(""), used(0, 1))];
        last.set(Some((&sums.into(), Duration::from_secs(2))));
        assert_eq!(last.of_service(&key("web")), Some(InUse { cores: 0.75, memory: 12 }));
        assert_eq!(last.of_service(&key("idle")), Some(InUse::default()));
        assert_eq!(last.all(), Some(InUse { cores: 0.75, memory: 13 }));
        last.set(None);
        assert_eq!(last.all(), None, "the engine does not answer");
    }

    #[test]
    fn what_tasks_of_a_service_use_is_summed_and_what_ends_takes_nothing_back() {
        let mut ledger = Ledger::default();
        let mut enter = |seen: &[(&str, &str, u64)]| {
            let sums = ledger.enter(look(seen));
            sums.into_iter().map(|(label, sum)| (label.service, (sum.cpu, sum.memory))).collect::<Vec<_>>()
        };
        let of = |service: &str, cpu, memory| (service.to_owned(), (cpu, memory));
        assert_eq!(
            enter(&[("a", "web", 100), ("b", "web", 10)]),
            [of("web", 0, 110)],
            "from the first look on"
        );
        assert_eq!(enter(&[("a", "web", 130), ("b", "web", 12)]), [of("web", 32, 142)]);
        assert_eq!(
            enter(&[("b", "web", 12), ("c", "web", 7)]),
            [of("web", 7, 19)],
            "a new one counts from its start"
        );
        assert_eq!(enter(&[("b", "web", 5)]), [of("web", 5, 5)], "started again");
        assert_eq!(enter(&[]), [of("web", 0, 0)], "what is gone holds nothing");
        assert_eq!(enter(&[]), [], "and is not told of again");
    }
}
