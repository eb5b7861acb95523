//! What container instances have, who holds what of it, and where the next task goes.
//!
//! ```text
//! reserve ── plans ── a request that came lately: its index, brought up to date from the log of changes
//!         └─ scan ─── any other: a look at every instance, which is also what an index has to agree with
//! ```

use std::collections::{BTreeMap, VecDeque};

use super::index::{Index, Surroundings};
use super::needs::{Needs, Queries};
use super::query::Facts;
use super::rank::{self, Keys};
use super::{Explanation, GpuNeed, Lack, Refusal, Request};
use crate::model::{ContainerInstance, InstanceStatus, Protocol, Resources, Task, TaskOwner};
use crate::{InstanceId, TaskId};

/// Requests whose indexes are kept; each takes some hundred bytes an instance.
const MOST_PLANS: usize = 64;
/// From this use in a row on, an index pays.
const PAYS_FROM: u32 = 4;
/// Draws of a random instance before every instance is looked at.
const DRAWS: u64 = 16;

/// What container instances have, and who holds what of it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    slots: Vec<Slot>,
    by_id: BTreeMap<InstanceId, u32>,
    vacant: Vec<u32>,
    held: BTreeMap<TaskId, Held>,
    /// Where tasks of a kin are, by slot.
    kins: BTreeMap<String, BTreeMap<u32, u32>>,
    queries: Queries,
    /// The latest used first.
    plans: Vec<Plan>,
    log: Log,
}

/// A place for an instance; its number is the instance's for as long as it is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) instance: Option<Instance>,
    /// Counts what changed of the facts, over all instances that had the slot.
    pub(super) facts_version: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: InstanceId,
    pub(super) facts: Facts,
    /// Takes tasks by its status.
    pub(super) active: bool,
    /// Takes tasks now.
    pub(super) accepts: bool,
    registered: Resources,
    /// Sums over those who hold something here.
    cpu: u64,
    memory: u64,
    /// By their ids; one that two hold was there before this ledger.
    gpus: BTreeMap<String, u32>,
    ports: BTreeMap<(Protocol, u16), u32>,
    pub(super) groups: BTreeMap<String, u32>,
}

#[derive(Debug, Clone)]
struct Held {
    instance: InstanceId,
    group: String,
    kin: String,
    resources: Resources,
}

/// A request that may come again.
#[derive(Debug, Clone)]
struct Plan {
    request: Request,
    keys: Keys,
    needs: Needs,
    index: Option<Index>,
    /// Uses with few changes between them.
    streak: u32,
    /// The end of the log at the last use.
    used: u64,
}

/// Slots in the order in which they changed.
#[derive(Debug, Clone, Default)]
struct Log {
    changes: VecDeque<u32>,
    /// How many were forgotten.
    begin: u64,
}

impl Log {
    fn end(&self) -> u64 {
        self.begin + self.changes.len() as u64
    }

    fn push(&mut self, slot: u32, keep: usize) {
        self.changes.push_back(slot);
        while self.changes.len() > keep {
            self.changes.pop_front();
            self.begin += 1;
        }
    }

    /// What came since a position, unless it is forgotten.
    fn since(&self, position: u64) -> Option<impl Iterator<Item = u32> + '_> {
        let skip = usize::try_from(position.checked_sub(self.begin)?).ok()?;
        Some(self.changes.iter().skip(skip).copied())
    }
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an instance or takes its new facts; what is held there stays held.
    pub fn upsert_instance(&mut self, record: &ContainerInstance) {
        let slot = self.slot_of(&record.id);
        let place = &mut self.slots[slot as usize];
        let Some(instance) = place.instance.as_mut() else { return };
        let facts = Facts::of(record);
        if instance.facts != facts {
            instance.facts = facts;
            place.facts_version += 1;
        }
        instance.registered = record.registered.clone();
        instance.active = record.status == InstanceStatus::Active;
        instance.accepts = record.accepts();
        self.changed(slot);
    }

    /// Forgets an instance and what was held there.
    pub fn remove_instance(&mut self, id: &InstanceId) {
        let gone = self.held.iter().filter(|(_, held)| held.instance == *id).map(|(task, _)| task.clone());
        for task in gone.collect::<Vec<_>>() {
            self.release(&task);
        }
        if let Some(slot) = self.by_id.remove(id) {
            self.slots[slot as usize].instance = None;
            self.vacant.push(slot);
            self.changed(slot);
        }
    }

    /// Finds a place and reserves it; asked again for the same task, it gives the same place.
    ///
    /// # Errors
    /// Where nothing fits; nothing is reserved then.
    pub fn reserve(&mut self, task: TaskId, request: &Request) -> Result<InstanceId, Refusal> {
        if let Some(held) = self.held.get(&task) {
            return Ok(held.instance.clone());
        }
        let Some(slot) = self.best(request) else { return Err(self.refusal(request)) };
        let Some(id) = self.instance(slot).map(|instance| instance.id.clone()) else {
            return Err(Refusal::NoInstances);
        };
        self.take(task, slot, id.clone(), request);
        Ok(id)
    }

    /// Reserves a place on this very instance; neither constraints nor strategies are looked at.
    ///
    /// # Errors
    /// Where it takes no tasks or has not enough left.
    pub fn reserve_on(&mut self, task: TaskId, request: &Request, id: &InstanceId) -> Result<(), Refusal> {
        if self.held.contains_key(&task) {
            return Ok(());
        }
        let closest = || id.clone();
        let found = self.by_id.get(id).copied();
        let found = found.and_then(|slot| self.instance(slot).map(|instance| (slot, instance)));
        let (slot, lack) = match found {
            None => return Err(Refusal::NoInstances),
            Some((_, instance)) if !instance.active => return Err(Refusal::Draining { closest: closest() }),
            Some((_, instance)) if !instance.accepts => {
                return Err(Refusal::Disconnected { closest: closest() });
            }
            Some((slot, instance)) => (slot, instance.lacks(&request.resources, request.gpus)),
        };
        if let Some(lack) = lack {
            return Err(Refusal::Insufficient { closest: closest(), lack });
        }
        self.take(task, slot, id.clone(), request);
        Ok(())
    }

    /// The GPUs that a task holds, by their ids.
    pub fn gpus_of(&self, task: &TaskId) -> &[String] {
        self.held.get(task).map_or(&[], |held| &held.resources.gpus)
    }

    /// Notes what a known task holds. Never refused: the task is there, whatever the numbers say.
    pub fn hold(&mut self, task: &Task) {
        let kin = match &task.owner {
            TaskOwner::Service { deployment, .. } => deployment.as_str(),
            TaskOwner::Standalone => &task.group,
        };
        let request = Request {
            resources: task.resources.clone(),
            kin: kin.to_owned(),
            ..Request::of_group(task.group.clone())
        };
        self.release(&task.id);
        let slot = self.slot_of(&task.instance);
        self.take(task.id.clone(), slot, task.instance.clone(), &request);
    }

    /// The task holds nothing any more; false where it held nothing.
    pub fn release(&mut self, task: &TaskId) -> bool {
        let Some(held) = self.held.remove(task) else { return false };
        let Some(&slot) = self.by_id.get(&held.instance) else { return true };
        if let Some(instance) = self.slots[slot as usize].instance.as_mut() {
            instance.give_back(&held);
        }
        if let Some(kin) = self.kins.get_mut(&held.kin) {
            count_down(kin, &slot);
            if kin.is_empty() {
                self.kins.remove(&held.kin);
            }
        }
        self.changed(slot);
        true
    }

    /// CPU units, memory and GPUs that are left on an instance, and the ports that are taken.
    pub fn remaining(&self, id: &InstanceId) -> Option<Resources> {
        let instance = self.instance(*self.by_id.get(id)?)?;
        let mut tcp_ports = instance.registered.tcp_ports.clone();
        let mut udp_ports = instance.registered.udp_ports.clone();
        for (protocol, port) in instance.ports.keys() {
            match protocol {
                Protocol::Tcp => tcp_ports.push(*port),
                Protocol::Udp => udp_ports.push(*port),
            }
        }
        Some(Resources {
            cpu: narrow(instance.cpu_left()),
            memory: narrow(instance.memory_left()),
            tcp_ports,
            udp_ports,
            gpus: instance.free_gpus().cloned().collect(),
        })
    }

    /// Everybody who holds something.
    pub fn holders(&self) -> impl Iterator<Item = &TaskId> {
        self.held.keys()
    }

    /// Why nothing fits a request, where nothing does; nothing is reserved.
    pub fn why_not(&mut self, request: &Request) -> Option<Refusal> {
        if self.best(request).is_some() { None } else { Some(self.refusal(request)) }
    }

    /// How many instances fit a request, and what the others lack.
    pub fn explain(&mut self, request: &Request) -> Explanation {
        let needs = Needs::new(request, &mut self.queries);
        let mut told = Explanation::default();
        for (slot, place) in self.slots.iter().enumerate() {
            let Some(instance) = &place.instance else { continue };
            told.instances += 1;
            if !instance.active {
                told.draining += 1;
            } else if !instance.accepts {
                told.disconnected += 1;
            } else if let Some(lack) = needs.lack(slot, place, instance, &mut self.queries) {
                *told.lacks.entry(lack).or_default() += 1;
                for constraint in needs.unmet(slot, place, instance, &mut self.queries) {
                    *told.constraints.entry(constraint).or_default() += 1;
                }
            } else {
                told.fitting += 1;
            }
        }
        told
    }

    fn slot_of(&mut self, id: &InstanceId) -> u32 {
        if let Some(&slot) = self.by_id.get(id) {
            return slot;
        }
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let place = &mut self.slots[slot as usize];
        place.facts_version += 1;
        place.instance = Some(Instance::unknown(id.clone()));
        self.by_id.insert(id.clone(), slot);
        slot
    }

    fn instance(&self, slot: u32) -> Option<&Instance> {
        self.slots.get(slot as usize)?.instance.as_ref()
    }

    fn changed(&mut self, slot: u32) {
        self.log.push(slot, self.slots.len().max(64));
    }

    fn take(&mut self, task: TaskId, slot: u32, id: InstanceId, request: &Request) {
        let mut held = Held {
            instance: id,
            group: request.group.clone(),
            kin: request.kin.clone(),
            resources: request.resources.clone(),
        };
        if let (Some(instance), true) = (self.instance(slot), request.gpus.least() > 0) {
            held.resources.gpus = request.gpus.pick(instance.free_gpus());
        }
        if let Some(instance) = self.slots[slot as usize].instance.as_mut() {
            instance.take(&held);
        }
        if let Some(kin) = self.kins.get_mut(&held.kin) {
            *kin.entry(slot).or_default() += 1;
        } else {
            self.kins.insert(held.kin.clone(), [(slot, 1)].into());
        }
        self.held.insert(task, held);
        self.changed(slot);
    }

    /// Where it goes, by its index where it has one.
    fn best(&mut self, request: &Request) -> Option<u32> {
        let (end, instances) = (self.log.end(), self.slots.len() as u64);
        self.plan(request);
        let Self { plans, slots, kins, queries, log, .. } = self;
        let plan = plans.first_mut()?;
        if plan.keys.is_random() {
            let drawn = draw(slots, &plan.needs, queries, request.seed);
            return drawn.or_else(|| rank::scan(slots, None, &plan.keys, &plan.needs, queries, request.seed));
        }
        let near = end - plan.used <= instances / 8 + 1;
        plan.streak = if near { plan.streak.saturating_add(1) } else { 0 };
        plan.used = end;
        let kin = kins.get(&request.kin);
        // Further back, all that changed is more work than a look at every instance.
        if plan.index.as_ref().is_some_and(|index| end - index.position > instances / 4 + 1) {
            plan.index = None;
        }
        let mut around = Surroundings { slots, kin, needs: &plan.needs, queries };
        if plan.index.is_none() && plan.streak >= PAYS_FROM {
            plan.index = Index::build(&plan.keys, &mut around, end);
        }
        let Some(index) = plan.index.as_mut() else {
            return rank::scan(slots, kin, &plan.keys, &plan.needs, queries, request.seed);
        };
        for slot in log.since(index.position).into_iter().flatten() {
            index.update(slot, &mut around);
        }
        index.position = end;
        index.best()
    }

    /// Moves the plan of a request to the front; made where there is none.
    fn plan(&mut self, request: &Request) {
        let known = self.plans.iter().position(|plan| plan.request.asks_the_same(request));
        if let Some(at) = known {
            self.plans[..=at].rotate_right(1);
            return;
        }
        if self.queries.are_many() {
            self.queries = Queries::default();
            self.plans.clear();
        }
        self.plans.truncate(MOST_PLANS - 1);
        let plan = Plan {
            request: request.clone(),
            keys: Keys::of(&request.strategy),
            needs: Needs::new(request, &mut self.queries),
            index: None,
            streak: 0,
            used: self.log.end(),
        };
        self.plans.insert(0, plan);
    }

    /// Why nothing fits.
    fn refusal(&mut self, request: &Request) -> Refusal {
        let needs = Needs::new(request, &mut self.queries);
        let mut closest: Option<((Lack, u64), &InstanceId)> = None;
        let mut away: Option<&InstanceId> = None;
        for (slot, place) in self.slots.iter().enumerate() {
            let Some(instance) = place.instance.as_ref().filter(|instance| instance.active) else { continue };
            if !instance.accepts {
                away = away.or(Some(&instance.id));
                continue;
            }
            let Some(lack) = needs.lack(slot, place, instance, &mut self.queries) else { continue };
            let rank = (lack, instance.left_of(lack));
            if closest.is_none_or(|(known, _)| rank > known) {
                closest = Some((rank, &instance.id));
            }
        }
        match (closest, away) {
            (Some(((lack, _), id)), _) => Refusal::Insufficient { closest: id.clone(), lack },
            (None, Some(id)) => Refusal::Disconnected { closest: id.clone() },
            (None, None) => Refusal::NoInstances,
        }
    }
}

/// Any instance that fits, where one is soon found.
fn draw(slots: &[Slot], needs: &Needs, queries: &mut Queries, seed: u64) -> Option<u32> {
    let count = u64::try_from(slots.len()).ok().filter(|count| *count > 0)?;
    (0..DRAWS).find_map(|draw| {
        let at = rank::chance(seed, draw) % count;
        let slot = usize::try_from(at).ok()?;
        let place = &slots[slot];
        let instance = place.instance.as_ref().filter(|instance| instance.accepts)?;
        needs.lack(slot, place, instance, queries).is_none().then_some(u32::try_from(at).ok()).flatten()
    })
}

impl Instance {
    /// One that tasks are known of, and nothing else yet.
    fn unknown(id: InstanceId) -> Self {
        Self {
            id,
            facts: Facts {
                attributes: BTreeMap::new(),
                agent_connected: false,
                agent_version: None,
                ec2_instance_id: String::new(),
                registered_at: crate::model::Timestamp::default(),
            },
            active: false,
            accepts: false,
            registered: Resources::default(),
            cpu: 0,
            memory: 0,
            gpus: BTreeMap::new(),
            ports: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    pub(super) fn cpu_left(&self) -> u64 {
        u64::from(self.registered.cpu).saturating_sub(self.cpu)
    }

    pub(super) fn memory_left(&self) -> u64 {
        u64::from(self.registered.memory).saturating_sub(self.memory)
    }

    /// Those that nobody holds, in the order in which the instance said them.
    fn free_gpus(&self) -> impl Iterator<Item = &String> {
        self.registered.gpus.iter().filter(|id| !self.gpus.contains_key(*id))
    }

    fn gpus_left(&self) -> u64 {
        self.free_gpus().count() as u64
    }

    fn left_of(&self, lack: Lack) -> u64 {
        match lack {
            Lack::Cpu => self.cpu_left(),
            Lack::Memory => self.memory_left(),
            Lack::Gpu => self.gpus_left(),
            Lack::Attribute | Lack::MemberOf | Lack::Ports | Lack::DistinctInstance => 0,
        }
    }

    pub(super) fn lacks(&self, need: &Resources, gpus: GpuNeed) -> Option<Lack> {
        if u64::from(need.cpu) > self.cpu_left() {
            return Some(Lack::Cpu);
        }
        if u64::from(need.memory) > self.memory_left() {
            return Some(Lack::Memory);
        }
        let taken = |(protocol, port): &(Protocol, u16)| {
            let registered = match protocol {
                Protocol::Tcp => &self.registered.tcp_ports,
                Protocol::Udp => &self.registered.udp_ports,
            };
            registered.contains(port) || self.ports.contains_key(&(*protocol, *port))
        };
        if ports_of(need).any(|port| taken(&port)) {
            return Some(Lack::Ports);
        }
        (gpus.least() > 0 && gpus.least() > self.gpus_left()).then_some(Lack::Gpu)
    }

    fn take(&mut self, held: &Held) {
        self.cpu += u64::from(held.resources.cpu);
        self.memory += u64::from(held.resources.memory);
        for id in &held.resources.gpus {
            *self.gpus.entry(id.clone()).or_default() += 1;
        }
        for port in ports_of(&held.resources) {
            *self.ports.entry(port).or_default() += 1;
        }
        if let Some(count) = self.groups.get_mut(&held.group) {
            *count += 1;
        } else {
            self.groups.insert(held.group.clone(), 1);
        }
    }

    fn give_back(&mut self, held: &Held) {
        self.cpu -= u64::from(held.resources.cpu);
        self.memory -= u64::from(held.resources.memory);
        for id in &held.resources.gpus {
            count_down(&mut self.gpus, id);
        }
        for port in ports_of(&held.resources) {
            count_down(&mut self.ports, &port);
        }
        count_down(&mut self.groups, &held.group);
    }
}

/// One less; nothing where it was the last.
fn count_down<K: Ord>(counts: &mut BTreeMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

fn ports_of(resources: &Resources) -> impl Iterator<Item = (Protocol, u16)> + '_ {
    let tcp = resources.tcp_ports.iter().map(|port| (Protocol::Tcp, *port));
    tcp.chain(resources.udp_ports.iter().map(|port| (Protocol::Udp, *port)))
}

fn narrow(amount: u64) -> u32 {
    u32::try_from(amount).unwrap_or(u32::MAX)
}
