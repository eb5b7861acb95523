//! The order in which the containers of a task start and stop: `dependsOn`, `startTimeout` and what `volumesFrom` implies.
//!
//! A container starts once everything it depends on is as far as it has to be, and never where that cannot come any
//! more. Shutdown is the reverse: a container is stopped once nothing that depends on it runs.

use std::time::Duration;

use crate::firelens;
use crate::model::{ContainerDefinition, ContainerSpec, DependencyCondition, Health};

/// The order of a task's containers, each known by its place in the task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    containers: Vec<Ordered>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ordered {
    name: String,
    start_timeout: Option<Duration>,
    /// Whether a check that fails is not the last word: a limit was set, or the task ends with it anyway.
    patient: bool,
    needs: Vec<Need>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Need {
    on: usize,
    until: Until,
}

/// How far a container has to be before another one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Created,
    Started,
    Completed,
    Succeeded,
    Healthy,
}

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is not made yet.
    Absent,
    /// It is made, and has not started yet.
    Created,
    /// It runs, or is just being started again in place.
    Running {
        /// How long it has run since it last started.
        since: Duration,
    },
    /// Over for good.
    Ended {
        /// Whether it ever ran.
        started: bool,
        /// Where it is known.
        exit_code: Option<i32>,
    },
}

/// A container as those that depend on it see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far it is.
    pub stage: Stage,
    /// What its check says.
    pub health: Health,
}

/// Whether a container may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// It may.
    Now,
    /// What it waits for may still come, but is waited for no longer than this.
    Wait(Option<Duration>),
    /// It never will.
    Never(Blocked),
}

/// Why a container never starts, in the words of the genuine agent's dependency graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// SUCCESS was asked for.
    #[error(
        "dependency graph: failed to resolve container ordering dependency [{on}] for target [{target}] as \
         dependency did not exit successfully."
    )]
    Failed {
        /// What it depends on.
        on: String,
        /// The container.
        target: String,
    },
    /// It could not be started itself.
    #[error(
        "dependency graph: failed to resolve container ordering dependency [{on}] for target [{target}] because \
         dependency will never start"
    )]
    NeverStarts {
        /// What it depends on.
        on: String,
        /// The container.
        target: String,
    },
    /// HEALTHY was asked for. The genuine agent waits on for these for ever.
    #[error(
        "dependency graph: failed to resolve container ordering dependency [{on}] for target [{target}] because \
         dependency {what}"
    )]
    NeverHealthy {
        /// What it depends on.
        on: String,
        /// The container.
        target: String,
        /// What happened to it.
        what: &'static str,
    },
    /// `startTimeout` of the dependency has passed.
    #[error("dependency graph: container ordering dependency [{on}] for target [{target}] has timed out.")]
    TimedOut {
        /// What it depends on.
        on: String,
        /// The container.
        target: String,
    },
}

impl Order {
    /// The order of containers that passed [`check_order`]; an unknown name is not waited for. All others need a
    /// pause container, first of all, and whoever prints into a log router needs that.
    pub fn of<'a>(containers: impl IntoIterator<Item = &'a ContainerDefinition>) -> Self {
        let definitions: Vec<&ContainerDefinition> = containers.into_iter().collect();
        let place = |name: &str| definitions.iter().position(|known| known.name == name);
        let pause = place(ContainerSpec::PAUSE);
        let router = firelens::router(definitions.iter().copied());
        let containers = definitions.iter().map(|definition| Ordered {
            name: definition.name.clone(),
            start_timeout: definition.start_timeout.filter(|limit| !limit.is_zero()),
            patient: definition.essential || definition.start_timeout.is_some_and(|limit| !limit.is_zero()),
            needs: pause
                .filter(|_| definition.name != ContainerSpec::PAUSE)
                .map(|on| Need { on, until: Until::Started })
                .into_iter()
                .chain(
                    needs(definition, router)
                        .filter_map(|(on, until)| place(on).map(|on| Need { on, until })),
                )
                .collect(),
        });
        Self { containers: containers.collect() }
    }

    /// Whether the container at `place` may start, by how far all of them are.
    pub fn start(&self, place: usize, standings: &[Standing]) -> Start {
        let Some(target) = self.containers.get(place) else { return Start::Now };
        let mut wait: Option<Option<Duration>> = None;
        for need in &target.needs {
            let (Some(on), Some(standing)) = (self.containers.get(need.on), standings.get(need.on)) else {
                continue;
            };
            let names = || (on.name.clone(), target.name.clone());
            match need.until.holds(*standing, on.patient) {
                Ok(true) => {}
                Ok(false) => {
                    let left = need.until.patience(*standing, on.start_timeout);
                    if left == Some(Duration::ZERO) {
                        let (on, target) = names();
                        return Start::Never(Blocked::TimedOut { on, target });
                    }
                    wait = Some(wait.flatten().into_iter().chain(left).min());
                }
                Err(why) => {
                    let (on, target) = names();
                    return Start::Never(match why {
                        Never::Failed => Blocked::Failed { on, target },
                        Never::Started => Blocked::NeverStarts { on, target },
                        Never::Healthy(what) => Blocked::NeverHealthy { on, target, what },
                    });
                }
            }
        }
        wait.map_or(Start::Now, Start::Wait)
    }

    /// Whether the container at `place` may be stopped: nothing that depends on it runs any more.
    pub fn may_stop(&self, place: usize, standings: &[Standing]) -> bool {
        let runs = |standing: &Standing| matches!(standing.stage, Stage::Running { .. });
        let depends = |other: &Ordered| other.needs.iter().any(|need| need.on == place);
        !self.containers.iter().zip(standings).any(|(other, standing)| depends(other) && runs(standing))
    }
}

/// What a container needs of others, in the order of [`check_order`]'s faults: start, shutdown and check follow it alike.
/// As on ECS, `volumesFrom` implies that the other one is created, and the driver `awsfirelens` that the router runs, unless
/// something else was said of the two, or the router waits for others itself.
fn needs<'a>(
    definition: &'a ContainerDefinition,
    router: Option<&'a ContainerDefinition>,
) -> impl Iterator<Item = (&'a str, Until)> {
    let depends_on = definition.depends_on.iter().map(|dependency| {
        let until = match dependency.condition {
            DependencyCondition::Start => Until::Started,
            DependencyCondition::Complete => Until::Completed,
            DependencyCondition::Success => Until::Succeeded,
            DependencyCondition::Healthy => Until::Healthy,
        };
        (dependency.container.as_str(), until)
    });
    let mounts_of =
        definition.volumes_from.iter().map(|from| (from.source_container.as_str(), Until::Created));
    let links = definition.links.iter().map(|link| (link.container.as_str(), Until::Started));
    let router = router.filter(|router| {
        let said = definition.depends_on.iter().any(|dependency| dependency.container == router.name);
        definition.is_routed() && router.name != definition.name && router.depends_on.is_empty() && !said
    });
    let router = router.map(|router| (router.name.as_str(), Until::Started));
    depends_on.chain(mounts_of).chain(links).chain(router)
}

/// Why what is waited for never comes.
enum Never {
    Failed,
    Started,
    Healthy(&'static str),
}

impl Until {
    /// Whether it is so, or will never be. Who is `patient` waits on for one whose check
    /// fails.
    fn holds(self, standing: Standing, patient: bool) -> Result<bool, Never> {
        match (standing.stage, self) {
            (Stage::Ended { started: false, .. }, _) => Err(Never::Started),
            (Stage::Ended { exit_code, .. }, Self::Succeeded) => {
                if exit_code == Some(0) {
                    Ok(true)
                } else {
                    Err(Never::Failed)
                }
            }
            (Stage::Ended { .. }, Self::Healthy) => Err(Never::Healthy("stopped before it was HEALTHY")),
            (Stage::Ended { .. }, Self::Created | Self::Started | Self::Completed) => Ok(true),
            (Stage::Created, Self::Created) | (Stage::Running { .. }, Self::Created | Self::Started) => {
                Ok(true)
            }
            (Stage::Running { .. }, Self::Healthy) => match standing.health {
                Health::Healthy => Ok(true),
                Health::Unhealthy if !patient => Err(Never::Healthy("is UNHEALTHY")),
                Health::Unhealthy | Health::Unknown => Ok(false),
            },
            (Stage::Running { .. }, Self::Completed | Self::Succeeded)
            | (Stage::Absent | Stage::Created, _) => Ok(false),
        }
    }

    /// How long it is still waited for: `startTimeout` counts from the start of what is waited for.
    fn patience(self, standing: Standing, start_timeout: Option<Duration>) -> Option<Duration> {
        match (self, standing.stage) {
            (Self::Completed | Self::Succeeded | Self::Healthy, Stage::Running { since }) => {
                start_timeout.map(|limit| limit.saturating_sub(since))
            }
            _ => None,
        }
    }
}

/// What is wrong with the dependencies of a task's containers, in the words of ECS where they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No container has that name.
    #[error("Cannot depend on container + '{0}' because it does not exist")]
    Unknown(String),
    /// It waits for itself.
    #[error("A container cannot depend on itself")]
    Itself,
    /// The task ends with what is waited for to end.
    #[error("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")]
    Essential,
    /// Nothing says whether it is healthy.
    #[error("A dependency container with HEALTHY condition must have health check configured")]
    NoHealthCheck,
    /// They wait for each other.
    #[error("Container dependencies should not have a cycle")]
    Cycle,
}

/// Checks what containers depend on.
///
/// # Errors
/// The first thing that is wrong, with the place of its container and of the dependency among that one's.
pub fn check_order(containers: &[ContainerDefinition]) -> Result<(), (Fault, usize, usize)> {
    for (place, container) in containers.iter().enumerate() {
        for (index, dependency) in container.depends_on.iter().enumerate() {
            let on = containers.iter().find(|known| known.name == dependency.container);
            let fault = match (on, dependency.condition) {
                (None, _) => Fault::Unknown(dependency.container.clone()),
                (Some(on), _) if on.name == container.name => Fault::Itself,
                (Some(on), DependencyCondition::Complete | DependencyCondition::Success) if on.essential => {
                    Fault::Essential
                }
                (Some(on), DependencyCondition::Healthy) if on.health_check.is_none() => Fault::NoHealthCheck,
                _ => continue,
            };
            return Err((fault, place, index));
        }
    }
    // Whoever needs nothing but what is cleared is cleared; what is never cleared waits for itself.
    let order = Order::of(containers);
    let mut cleared = vec![false; containers.len()];
    while let Some(next) =
        order.containers.iter().enumerate().position(|(place, container)| {
            !cleared[place] && container.needs.iter().all(|need| cleared[need.on])
        })
    {
        cleared[next] = true;
    }
    match cleared.iter().position(|cleared| !cleared) {
        None => Ok(()),
        Some(place) => {
            let guilty = |need: &Need| !cleared[need.on];
            Err((Fault::Cycle, place, order.containers[place].needs.iter().position(guilty).unwrap_or(0)))
        }
    }
}

#[cfg(test)]
mod tests;
