//! What the containers of this host use, for `/metrics`, `/v1/usage` and the console: read from the engine every so often, and summed over all tasks
//! of a service, so that a task that comes and goes leaves no series behind.

pub(crate) mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use mainstay_actors::context::Context;
use mainstay_core::model::{Task, TaskOwner, Timestamp};
use mainstay_core::{EngineId, InstanceId, ServiceKey, TaskId};
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
    fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        self.received += other.received;
        self.sent += other.sent;
        self.read += other.read;
        self.written += other.written;
    }

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

/// A container at a look.
struct Sighting {
    id: EngineId,
    task: TaskId,
    label: Label,
    usage: Usage,
}

/// What was used since the look before, and what is held now, added up.
#[derive(Default)]
struct Sums {
    labels: BTreeMap<Label, Usage>,
    tasks: BTreeMap<TaskId, Usage>,
    /// Whether there was a look before: what a container used until the first one says nothing of how much it uses.
    over_a_time: bool,
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
    fn enter(&mut self, look: Vec<Sighting>) -> Sums {
        let mut sums = Sums { over_a_time: self.looked || look.is_empty(), ..Sums::default() };
        let mut last = BTreeMap::new();
        for Sighting { id, task, label, usage } in look {
            let known = self.last.get(&id).copied();
            let before = known.unwrap_or(if self.looked { Usage::default() } else { usage });
            let new = usage.since(before);
            sums.labels.entry(label).or_default().add(new);
            sums.tasks.entry(task).or_default().add(new);
            last.insert(id, usage);
        }
        (self.last, self.looked) = (last, true);
        for gone in std::mem::take(&mut self.shown) {
            sums.labels.entry(gone).or_default();
        }
        let shown = sums.labels.iter().filter(|(_, sum)| sum.memory > 0);
        self.shown = shown.map(|(label, _)| label.clone()).collect();
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

/// What was in use at a look at this host.
#[derive(Debug)]
pub(crate) struct Look {
    /// When it was.
    pub(crate) at: Timestamp,
    host: InstanceId,
    /// By cluster and service; those of no service below the empty name.
    services: BTreeMap<(String, String), InUse>,
    /// Of those that had a container.
    tasks: BTreeMap<TaskId, InUse>,
}

impl Look {
    fn new(at: Timestamp, host: InstanceId, sums: &Sums, time: Duration) -> Self {
        let in_use = |sum: &Usage| InUse { cores: cores(sum.cpu, time), memory: sum.memory };
        let mut services = BTreeMap::<(String, String), InUse>::new();
        for (label, sum) in &sums.labels {
            let of = services.entry((label.cluster.clone(), label.service.clone())).or_default();
            *of = of.and(in_use(sum));
        }
        let tasks = sums.tasks.iter().map(|(id, sum)| (id.clone(), in_use(sum))).collect();
        Self { at, host, services, tasks }
    }

    /// A service's; nothing where it had no container.
    pub(crate) fn service(&self, key: &ServiceKey) -> InUse {
        let of = (key.cluster.to_string(), key.name.to_string());
        self.services.get(&of).copied().unwrap_or_default()
    }

    /// A task's, where it had a container.
    pub(crate) fn task(&self, id: &TaskId) -> Option<InUse> {
        self.tasks.get(id).copied()
    }

    /// A container instance's, where it is the one that was looked at.
    pub(crate) fn instance(&self, id: &InstanceId) -> Option<InUse> {
        (*id == self.host).then(|| self.all())
    }

    /// All tasks', those of no service included.
    pub(crate) fn all(&self) -> InUse {
        self.services.values().copied().fold(InUse::default(), InUse::and)
    }

    /// The instance that was looked at.
    pub(crate) fn host(&self) -> &InstanceId {
        &self.host
    }

    /// All services that had a container, by cluster and name.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&str, &str, InUse)> {
        let named = self.services.iter().filter(|((_, name), _)| !name.is_empty());
        named.map(|((cluster, name), used)| (cluster.as_str(), name.as_str(), *used))
    }

    /// All tasks that had a container.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (&TaskId, InUse)> {
        self.tasks.iter().map(|(id, used)| (id, *used))
    }
}

/// What was in use at the last look. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastLook(Arc<Mutex<Option<Arc<Look>>>>);

impl LastLook {
    /// The look; `None` where there was none yet, or the engine did not answer at the last one.
    pub(crate) fn seen(&self) -> Option<Arc<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, look: Option<Look>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = look.map(Arc::new);
    }
}

/// How many cores are busy that work for so many nanoseconds within `time`.
fn cores(nanoseconds: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { Duration::from_nanos(nanoseconds).as_secs_f64() / seconds } else { 0.0 }
}

/// Looks every `interval` at the containers of `host`, which are the engine's, for as long as it is polled.
pub async fn sample(
    (host, engine): (InstanceId, Arc<DockerEngine>),
    ctx: Context,
    interval: Duration,
    last: LastLook,
) {
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
            let label = Label::of(&task, &found.container);
            Some(Sighting { id: found.id, task: found.task, label, usage })
        });
        let now = Instant::now();
        let sums = ledger.enter(labelled.collect());
        let look = || Look::new(ctx.nature.wall(), host.clone(), &sums, now - before);
        last.set(sums.over_a_time.then(look));
        for (label, sum) in sums.labels {
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

    /// Each container is of a task of the same id.
    fn look(seen: &[(&str, &str, u64)]) -> Vec<Sighting> {
        let usage = |amount| Usage { cpu: amount, memory: amount, ..Usage::default() };
        let one = |(id, of, amount): &(&str, &str, u64)| Sighting {
            id: EngineId::new(*id),
            task: TaskId::new(*id),
            label: label(of),
            usage: usage(*amount),
        };
        seen.iter().map(one).collect()
    }

    #[test]
    fn a_look_has_what_each_service_and_task_uses_and_the_instance_all_of_it() {
        let key =
            |name: &str| ServiceKey { cluster: ClusterName::new("default"), name: ServiceName::new(name) };
        let mut ledger = Ledger::default();
        let second = 1_000_000_000;
        ledger.enter(look(&[("a", "web", second), ("b", "web", 0), ("c", "", 0)]));
        let sums = ledger.enter(look(&[("a", "web", 2 * second), ("b", "web", second / 2), ("c", "", 0)]));
        let here = InstanceId::new("here");
        let seen = Look::new(Timestamp(1), here.clone(), &sums, Duration::from_secs(2));
        assert_eq!(seen.service(&key("web")), InUse { cores: 0.75, memory: 2_500_000_000 });
        assert_eq!(seen.service(&key("idle")), InUse::default());
        assert_eq!(seen.task(&TaskId::new("a")), Some(InUse { cores: 0.5, memory: 2 * second }));
        assert_eq!(seen.task(&TaskId::new("c")), Some(InUse::default()));
        assert_eq!(seen.task(&TaskId::new("unseen")), None);
        assert_eq!(seen.instance(&here), Some(seen.all()));
        assert_eq!(seen.instance(&InstanceId::new("elsewhere")), None);
        let named: Vec<_> = seen.services().map(|(_, name, _)| name).collect();
        assert_eq!(named, ["web"], "tasks of no service are no service");
    }

    #[test]
    fn a_first_look_at_what_already_ran_tells_of_no_cpu_and_so_of_nothing() {
        let mut ledger = Ledger::default();
        assert!(!ledger.enter(look(&[("a", "web", 100)])).over_a_time);
        assert!(ledger.enter(look(&[("a", "web", 130)])).over_a_time);
        assert!(Ledger::default().enter(look(&[])).over_a_time, "nothing uses nothing");
        let last = LastLook::default();
        assert!(last.seen().is_none(), "nobody looked");
    }

    #[test]
    fn what_tasks_of_a_service_use_is_summed_and_what_ends_takes_nothing_back() {
        let mut ledger = Ledger::default();
        let mut enter = |seen: &[(&str, &str, u64)]| {
            let sums = ledger.enter(look(seen));
            let sums = sums.labels.into_iter();
            sums.map(|(label, sum)| (label.service, (sum.cpu, sum.memory))).collect::<Vec<_>>()
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
