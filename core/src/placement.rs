//! Which container instance a task goes to, and a ledger of what is taken there.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Gpus, NetworkMode, Overrides, Protocol, Resources, TaskDefinition};
use crate::{InstanceId, TaskId};

/// What a task needs, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it takes up.
    pub resources: Resources,
    /// GPUs.
    pub gpus: u32,
    /// Tasks of one group are spread over instances.
    pub group: String,
}

/// Why a task has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No instance takes tasks.
    NoInstances,
    /// There are instances, but none whose agent reaches its engine.
    Disconnected {
        /// One of them.
        closest: InstanceId,
    },
    /// None has enough.
    Insufficient {
        /// The one that lacks least.
        closest: InstanceId,
        /// What it lacks.
        lack: Lack,
    },
}

/// What an instance lacks; the later, the closer it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
    /// A host port.
    Ports,
    /// A GPU, of which no instance has any yet.
    Gpu,
}

impl Lack {
    /// The word in RunTask's failures.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Ports => "RESOURCE:PORTS",
            Self::Gpu => "RESOURCE:GPU",
        }
    }
}

impl Refusal {
    /// The reason in a service's event, in ECS's words.
    pub fn service_event_reason(&self, instance_arn: impl Fn(&InstanceId) -> String) -> String {
        match self {
            Self::NoInstances => "No Container Instances were found in your cluster.".into(),
            Self::Disconnected { closest } => format!(
                "The closest matching container-instance {} encountered error \"AGENT\".",
                instance_arn(closest)
            ),
            Self::Insufficient { closest, lack } => {
                let lacks = match lack {
                    Lack::Cpu => "has insufficient CPU units available.",
                    Lack::Memory => "has insufficient memory available.",
                    Lack::Ports => "is already using a port required by your task.",
                    Lack::Gpu => "has insufficient GPU resources available.",
                };
                format!("The closest matching container-instance {} {lacks}", instance_arn(closest))
            }
        }
    }
}

/// What a task of this definition takes up: the task's own cpu and memory, or the sum over its containers (the
/// reservation where there is one, else the hard limit), and each fixed host port.
pub fn requirements(definition: &TaskDefinition, overrides: &Overrides) -> Resources {
    let containers = definition.containers.iter().map(|container| overrides.apply(container));
    let mut sum = Resources::default();
    for container in containers {
        sum.cpu = sum.cpu.saturating_add(container.cpu);
        let memory = container.memory_reservation.or(container.memory).unwrap_or(0);
        sum.memory = sum.memory.saturating_add(memory);
        for mapping in &container.port_mappings {
            let port = match definition.network_mode {
                NetworkMode::Bridge => mapping.fixed_host_port(),
                NetworkMode::Host => mapping.container.one(),
                NetworkMode::None | NetworkMode::AwsVpc => None,
            };
            match mapping.protocol {
                Protocol::Tcp => sum.tcp_ports.extend(port),
                Protocol::Udp => sum.udp_ports.extend(port),
            }
        }
    }
    sum.cpu = overrides.cpu.or(definition.cpu).unwrap_or(sum.cpu);
    sum.memory = overrides.memory.or(definition.memory).unwrap_or(sum.memory);
    sum
}

/// The GPUs that a task of this definition takes up; all of an instance are at least one.
pub fn gpus(definition: &TaskDefinition) -> u32 {
    let wanted = definition.containers.iter().filter_map(|container| container.gpus);
    wanted.fold(0, |sum, gpus| match gpus {
        Gpus::Count(count) => sum.saturating_add(count),
        Gpus::All => sum.max(1),
    })
}

/// What container instances have, and who holds what of it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    instances: BTreeMap<InstanceId, Instance>,
    held: BTreeMap<TaskId, Held>,
}

#[derive(Debug, Clone, Default)]
struct Instance {
    registered: Resources,
    accepts: bool,
    /// Sums over those who hold something here.
    cpu: u64,
    memory: u64,
    ports: BTreeSet<(Protocol, u16)>,
    groups: BTreeMap<String, u32>,
}

#[derive(Debug, Clone)]
struct Held {
    instance: InstanceId,
    group: String,
    resources: Resources,
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an instance or takes its new facts; what is held there stays held.
    pub fn upsert_instance(&mut self, id: InstanceId, registered: Resources, accepts: bool) {
        let instance = self.instances.entry(id).or_default();
        instance.registered = registered;
        instance.accepts = accepts;
    }

    /// Forgets an instance and what was held there.
    pub fn remove_instance(&mut self, id: &InstanceId) {
        self.instances.remove(id);
        self.held.retain(|_, held| held.instance != *id);
    }

    /// Finds a place and reserves it; asked again for the same task, it gives the same place.
    ///
    /// The instance with the fewest tasks of the group, then the most memory left, then the lowest id.
    ///
    /// # Errors
    /// Where nothing fits; nothing is reserved then.
    pub fn reserve(&mut self, task: TaskId, request: &Request) -> Result<InstanceId, Refusal> {
        if let Some(held) = self.held.get(&task) {
            return Ok(held.instance.clone());
        }
        let need = &request.resources;
        let lacks =
            |instance: &Instance| instance.lacks(need).or_else(|| (request.gpus > 0).then_some(Lack::Gpu));
        let mut best: Option<((u32, std::cmp::Reverse<u64>), &InstanceId)> = None;
        let mut closest: Option<(Lack, &InstanceId)> = None;
        for (id, instance) in self.instances.iter().filter(|(_, instance)| instance.accepts) {
            match lacks(instance) {
                Some(lack) if closest.is_none_or(|(known, _)| lack > known) => closest = Some((lack, id)),
                Some(_) => {}
                None => {
                    let group = instance.groups.get(&request.group).copied().unwrap_or(0);
                    let rank = (group, std::cmp::Reverse(instance.memory_left()));
                    if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                        best = Some((rank, id));
                    }
                }
            }
        }
        let Some(id) = best.map(|(_, id)| id.clone()) else {
            return Err(match (closest, self.instances.keys().next()) {
                (Some((lack, id)), _) => Refusal::Insufficient { closest: id.clone(), lack },
                (None, Some(id)) => Refusal::Disconnected { closest: id.clone() },
                (None, None) => Refusal::NoInstances,
            });
        };
        self.hold(task, id.clone(), request.group.clone(), need.clone());
        Ok(id)
    }

    /// Notes what a known task holds. Never refused: the task is there, whatever the numbers say.
    pub fn hold(&mut self, task: TaskId, instance: InstanceId, group: String, resources: Resources) {
        self.release(&task);
        let place = self.instances.entry(instance.clone()).or_default();
        place.cpu += u64::from(resources.cpu);
        place.memory += u64::from(resources.memory);
        place.ports.extend(ports_of(&resources));
        *place.groups.entry(group.clone()).or_default() += 1;
        self.held.insert(task, Held { instance, group, resources });
    }

    /// The task holds nothing any more; false where it held nothing.
    pub fn release(&mut self, task: &TaskId) -> bool {
        let Some(held) = self.held.remove(task) else { return false };
        if let Some(place) = self.instances.get_mut(&held.instance) {
            place.cpu = place.cpu.saturating_sub(held.resources.cpu.into());
            place.memory = place.memory.saturating_sub(held.resources.memory.into());
            for port in ports_of(&held.resources) {
                place.ports.remove(&port);
            }
            if let Some(count) = place.groups.get_mut(&held.group) {
                *count -= 1;
                if *count == 0 {
                    place.groups.remove(&held.group);
                }
            }
        }
        true
    }

    /// CPU units and memory that are left on an instance, and the ports that are taken.
    pub fn remaining(&self, id: &InstanceId) -> Option<Resources> {
        let instance = self.instances.get(id)?;
        let mut tcp_ports = instance.registered.tcp_ports.clone();
        let mut udp_ports = instance.registered.udp_ports.clone();
        for (protocol, port) in &instance.ports {
            match protocol {
                Protocol::Tcp => tcp_ports.push(*port),
                Protocol::Udp => udp_ports.push(*port),
            }
        }
        Some(Resources {
            cpu: left(instance.registered.cpu, instance.cpu),
            memory: left(instance.registered.memory, instance.memory),
            tcp_ports,
            udp_ports,
        })
    }

    /// Everybody who holds something.
    pub fn holders(&self) -> impl Iterator<Item = &TaskId> {
        self.held.keys()
    }
}

impl Instance {
    fn memory_left(&self) -> u64 {
        u64::from(self.registered.memory).saturating_sub(self.memory)
    }

    fn lacks(&self, need: &Resources) -> Option<Lack> {
        if self.cpu + u64::from(need.cpu) > u64::from(self.registered.cpu) {
            return Some(Lack::Cpu);
        }
        if self.memory + u64::from(need.memory) > u64::from(self.registered.memory) {
            return Some(Lack::Memory);
        }
        let taken = |(protocol, port): &(Protocol, u16)| {
            let registered = match protocol {
                Protocol::Tcp => &self.registered.tcp_ports,
                Protocol::Udp => &self.registered.udp_ports,
            };
            registered.contains(port) || self.ports.contains(&(*protocol, *port))
        };
        ports_of(need).any(|port| taken(&port)).then_some(Lack::Ports)
    }
}

fn ports_of(resources: &Resources) -> impl Iterator<Item = (Protocol, u16)> + '_ {
    let tcp = resources.tcp_ports.iter().map(|port| (Protocol::Tcp, *port));
    tcp.chain(resources.udp_ports.iter().map(|port| (Protocol::Udp, *port)))
}

fn left(registered: u32, taken: u64) -> u32 {
    u32::try_from(u64::from(registered).saturating_sub(taken)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
