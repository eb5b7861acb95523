//! Which container instance a task goes to, and a ledger of what is taken there.
//!
//! A [`Request`] says what a task needs, where it may be (constraints) and where of these places it shall go
//! (strategies, which `rank` puts in order); the [`Ledger`] knows the places and answers with one of them, or with a
//! [`Refusal`] in ECS's words.

pub mod capacity;
mod gpus;
mod index;
mod ledger;
mod needs;
pub mod query;
mod rank;
pub mod zones;

use std::collections::BTreeMap;

use crate::model::{
    NetworkMode, Overrides, PlacementConstraint, PlacementStrategy, Protocol, Resources, SchedulingStrategy,
    Service, TaskDefinition,
};
use crate::{DeploymentId, InstanceId};

pub use gpus::{GpuNeed, deal};
pub use ledger::Ledger;
use query::{Facts, Query, TasksHere};

/// What a task needs, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// What it takes up.
    pub resources: Resources,
    /// GPUs beside that; which of them, its place decides.
    pub gpus: GpuNeed,
    /// Attributes that its instance has to have with these values, since it could not run elsewhere.
    pub attributes: Vec<(String, String)>,
    /// Its group, which constraints look at.
    pub group: String,
    /// Those that it is spread with: of a service the tasks of one deployment, so that what is left when a rollout is
    /// over is even, whatever older tasks stood beside it.
    pub kin: String,
    /// Where it may be.
    pub constraints: Vec<PlacementConstraint>,
    /// Where of these places it goes; over zones and then over instances where nothing is said.
    pub strategy: Vec<PlacementStrategy>,
    /// What chance is made of.
    pub seed: u64,
}

impl Request {
    /// For tasks of a group that need nothing.
    pub fn of_group(group: impl Into<String>) -> Self {
        let group = group.into();
        Self { kin: group.clone(), group, ..Self::default() }
    }

    /// For a task of this deployment of a service.
    pub fn of_service(service: &Service, definition: &TaskDefinition, deployment: &DeploymentId) -> Self {
        let mut constraints = service.constraints_with(definition);
        if service.scheduling == SchedulingStrategy::Daemon {
            constraints.push(PlacementConstraint::DistinctInstance);
        }
        Self {
            resources: requirements(definition, &Overrides::default()),
            gpus: GpuNeed::of(definition, &Overrides::default()),
            attributes: required_attributes(definition),
            kin: deployment.to_string(),
            constraints,
            strategy: service.placement_strategy.clone(),
            ..Self::of_group(service.group())
        }
    }

    /// Whether it differs in its seed alone.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.kin == other.kin
            && self.group == other.group
            && self.resources == other.resources
            && self.gpus == other.gpus
            && self.attributes == other.attributes
            && self.constraints == other.constraints
            && self.strategy == other.strategy
    }

    /// Whether more tasks somewhere may make room for it.
    pub fn asks_for_tasks(&self) -> bool {
        self.constraints.iter().any(|constraint| match constraint {
            PlacementConstraint::MemberOf(text) => {
                text.parse::<Query>().is_ok_and(|query| query.asks_for_tasks())
            }
            PlacementConstraint::DistinctInstance => false,
        })
    }
}

/// Constraints, ready to be held against instances one by one.
#[derive(Debug, Clone)]
pub struct Constraints(Vec<Option<Query>>);

impl Constraints {
    /// Those that look at an instance; what is no expression means none.
    pub fn of<'a>(constraints: impl IntoIterator<Item = &'a PlacementConstraint>) -> Self {
        let expressions = constraints.into_iter().filter_map(|constraint| match constraint {
            PlacementConstraint::MemberOf(text) => Some(text.parse().ok()),
            PlacementConstraint::DistinctInstance => None,
        });
        Self(expressions.collect())
    }

    /// Whether an instance with these facts and tasks meets all of them.
    pub fn allow(&self, facts: &Facts, tasks: &dyn TasksHere) -> bool {
        self.0.iter().all(|query| query.as_ref().is_some_and(|query| query.matches(facts, tasks)))
    }
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
    /// The instance that was asked for takes no new tasks.
    Draining {
        /// That one.
        closest: InstanceId,
    },
    /// None has enough, or is where it may be.
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
    /// An attribute without which the task could not run there.
    Attribute,
    /// A `memberOf` means others.
    MemberOf,
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
    /// A host port.
    Ports,
    /// A GPU.
    Gpu,
    /// Another task of the group is there.
    DistinctInstance,
}

impl Lack {
    /// The word in RunTask's failures.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Attribute => "ATTRIBUTE",
            Self::MemberOf => "MemberOf placement constraint unsatisfied.",
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Ports => "RESOURCE:PORTS",
            Self::Gpu => "RESOURCE:GPU",
            Self::DistinctInstance => "DistinctInstance placement constraint unsatisfied.",
        }
    }
}

impl Refusal {
    /// The instance that it is about, and the reason in RunTask's failures, in ECS's words.
    pub fn failure(&self) -> (Option<&InstanceId>, &'static str) {
        match self {
            Self::NoInstances => (None, "RESOURCE:*"),
            Self::Disconnected { closest } => (Some(closest), "AGENT"),
            Self::Draining { closest } => (Some(closest), "DRAINING"),
            Self::Insufficient { closest, lack } => (Some(closest), lack.reason()),
        }
    }

    /// The reason in a service's event, in ECS's words.
    pub fn service_event_reason(&self) -> String {
        let closest =
            |id: &InstanceId, text: &str| format!("The closest matching (container-instance {id}) {text}.");
        match self {
            Self::NoInstances => "Reason: No Container Instances were found in your cluster.".into(),
            Self::Disconnected { closest: id } => closest(id, "encountered error \"AGENT\""),
            Self::Draining { closest: id } => closest(id, "encountered error \"DRAINING\""),
            Self::Insufficient { closest: id, lack } => match lack {
                Lack::Attribute => closest(id, "is missing an attribute required by your task"),
                Lack::MemberOf | Lack::DistinctInstance => {
                    closest(id, &format!("encountered error \"{}\"", lack.reason()))
                }
                Lack::Cpu => closest(id, "has insufficient CPU units available"),
                Lack::Memory => closest(id, "has insufficient memory available"),
                Lack::Ports => closest(id, "is already using a port required by your task"),
                Lack::Gpu => closest(id, "has insufficient GPU resources available"),
            },
        }
    }
}

/// What instances say to a request, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// All of the cluster.
    pub instances: u32,
    /// Could be given the task.
    pub fitting: u32,
    /// Take no new tasks.
    pub draining: u32,
    /// Their engine cannot be reached.
    pub disconnected: u32,
    /// Of the others, what each lacks first.
    pub lacks: BTreeMap<Lack, u32>,
    /// Of the others, which constraints they do not meet; one may miss several.
    pub constraints: BTreeMap<String, u32>,
}

/// What a task of this definition takes up: the task's own cpu and memory, or the sum over its containers (the
/// reservation where there is one, else the hard limit), and each fixed host port. For GPUs see [`GpuNeed`].
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

/// The attributes without which a task of this definition could not run: of its `runtimePlatform`.
pub fn required_attributes(definition: &TaskDefinition) -> Vec<(String, String)> {
    let platform = definition.runtime_platform.as_ref();
    let architecture = platform.and_then(|platform| platform.cpu_architecture.as_ref());
    architecture.map(|word| ("ecs.cpu-architecture".to_owned(), word.to_lowercase())).into_iter().collect()
}

#[cfg(test)]
pub(crate) mod tests;
