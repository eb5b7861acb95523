//! Hosts by the hundred, without an engine: each says that it runs what it is told to run.
//!
//! `mainstay sim` is made of them, and so are tests of placement. Nothing else of the tree knows that they are not real.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mainstay_core::lifecycle::{ContainerReport, ContainerStatus, TaskReport};
use mainstay_core::model::{ContainerInstance, ContainerSpec, Health, Resources, TaskSpec, Timestamp};
use mainstay_core::{ClusterName, EngineId, InstanceId, TaskId, fnv1a};

use crate::agent::InProcess;
use crate::context::Context;
use crate::control::{Control, ControlError, NewInstance};
use crate::ports::{AgentLink, ControlLink, EngineInfo, FromAgent, ToAgent};

/// What a simulated host says of its engine.
const VERSION: &str = "simulated";
/// What a program that was asked to stop ends with, and one that fails by itself.
const EXIT_CODES: (i32, i32) = (143, 1);

/// Longest wait for the agent of a host that joins.
const AGENT_WITHIN: Duration = Duration::from_secs(5);

/// What a simulated host is.
#[derive(Debug, Clone)]
pub struct FleetHost {
    /// Its name; the same one is the same container instance.
    pub name: String,
    /// The cluster it joins.
    pub cluster: ClusterName,
    /// Cores.
    pub cpus: u32,
    /// MiB.
    pub memory: u32,
    /// GPUs, by their ids.
    pub gpus: Vec<String>,
    /// What it says of itself.
    pub attributes: Vec<(String, String)>,
    /// How it behaves.
    pub manners: Manners,
}

/// How long a simulated host takes, and how often it fails.
#[derive(Debug, Clone)]
pub struct Manners {
    /// From a task's arrival to RUNNING.
    pub start: Range<Duration>,
    /// From the wish that it stops to its end.
    pub stop: Range<Duration>,
    /// How many of the starts fail, 0 to 1.
    pub failing_starts: f64,
    /// How many of those that came up end by themselves, 0 to 1.
    pub failing_runs: f64,
    /// How long those run.
    pub run: Range<Duration>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            start: Duration::from_millis(200)..Duration::from_millis(800),
            stop: Duration::from_millis(50)..Duration::from_millis(200),
            failing_starts: 0.0,
            failing_runs: 0.0,
            run: Duration::from_secs(5)..Duration::from_secs(20),
        }
    }
}

/// A host's end of the link.
struct Link {
    ctx: Context,
    host: FleetHost,
    instance: InstanceId,
    tasks: Arc<Mutex<BTreeMap<TaskId, Run>>>,
}

#[derive(Debug, Clone)]
struct Run {
    spec: TaskSpec,
    status: ContainerStatus,
    /// It does not come up.
    stillborn: bool,
    /// It was asked to stop.
    asked: bool,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl FleetHost {
    /// Whether a container instance is such a host, or has not said yet what it is.
    pub fn may_be(instance: &ContainerInstance) -> bool {
        instance.engine_version.is_empty() || instance.engine_version.ends_with(VERSION)
    }

    /// Joins its cluster, or comes back to it after a restart of the tree, with none of its tasks.
    ///
    /// # Errors
    /// Where the cluster is not there, or the instance could not be stored.
    pub async fn join(self, ctx: &Context, control: &Control) -> Result<InstanceId, ControlError> {
        let new = NewInstance {
            cluster: self.cluster.clone(),
            host: self.name.clone(),
            agent_version: env!("CARGO_PKG_VERSION").into(),
            registered: Resources::default(),
        };
        let instance = control.register_instance(new).await?.id.clone();
        let link =
            Link { ctx: Arc::clone(ctx), host: self, instance: instance.clone(), tasks: Arc::default() };
        let hello = link.hello();
        ctx.link(instance.clone(), Box::new(link));
        let found = ctx.directory.wait_for(|| ctx.directory.agents.get(&instance), AGENT_WITHIN).await;
        if found.is_none() {
            return Err(ControlError::Unavailable("the instance's agent has not started".into()));
        }
        let way_back = InProcess { ctx: Arc::clone(ctx), instance: instance.clone() };
        hello.into_iter().for_each(|word| way_back.send(word));
        Ok(instance)
    }
}

impl AgentLink for Link {
    fn send(&self, message: ToAgent) {
        match message {
            ToAgent::Run { spec, create, wanted, .. } => {
                let id = spec.id.clone();
                let known = self.tasks().contains_key(&id);
                match (known, create && wanted) {
                    (true, _) => self.report(&id),
                    (false, true) => self.start(*spec),
                    (false, false) => self.say(FromAgent::Vanished { task: id }),
                }
            }
            ToAgent::Stop { task } => self.stop(task),
            ToAgent::Forget { task } => drop(self.tasks().remove(&task)),
            ToAgent::Resync => {
                self.hello().into_iter().for_each(|word| self.say(word));
                let known: Vec<TaskId> = self.tasks().keys().cloned().collect();
                known.iter().for_each(|task| self.report(task));
            }
        }
    }
}

impl Link {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, Run>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, word: FromAgent) {
        InProcess { ctx: Arc::clone(&self.ctx), instance: self.instance.clone() }.send(word);
    }

    fn hello(&self) -> [FromAgent; 2] {
        let FleetHost { name, cpus, memory, gpus, attributes, .. } = &self.host;
        let info = EngineInfo {
            version: VERSION.into(),
            host: name.clone(),
            cpus: *cpus,
            memory: *memory,
            architecture: "x86_64".into(),
            os: "linux".into(),
            runtimes: Vec::new(),
            gpus: gpus.clone(),
        };
        [FromAgent::Attributes(attributes.clone()), FromAgent::EngineUp(info)]
    }

    fn start(&self, spec: TaskSpec) {
        let id = spec.id.clone();
        let manners = &self.host.manners;
        let happens = |share: f64| self.ctx.nature.jitter() < share;
        let stillborn = happens(manners.failing_starts);
        let run = Run {
            spec,
            status: ContainerStatus::Pending,
            stillborn,
            asked: false,
            started_at: None,
            finished_at: None,
        };
        self.tasks().insert(id.clone(), run);
        self.report(&id);
        let start = self.some(&manners.start);
        let next = if stillborn { ContainerStatus::Stopped } else { ContainerStatus::Running };
        self.later(start, id.clone(), next);
        if !stillborn && happens(manners.failing_runs) {
            self.later(start + self.some(&manners.run), id, ContainerStatus::Stopped);
        }
    }

    fn stop(&self, id: TaskId) {
        let known = self.tasks().get_mut(&id).map(|run| run.asked = true).is_some();
        if known {
            self.later(self.some(&self.host.manners.stop), id, ContainerStatus::Stopped);
        } else {
            self.say(FromAgent::Vanished { task: id });
        }
    }

    /// A time within a range.
    fn some(&self, within: &Range<Duration>) -> Duration {
        within.start + within.end.saturating_sub(within.start).mul_f64(self.ctx.nature.jitter())
    }

    fn later(&self, wait: Duration, id: TaskId, status: ContainerStatus) {
        let way = Self {
            ctx: Arc::clone(&self.ctx),
            host: self.host.clone(),
            instance: self.instance.clone(),
            tasks: Arc::clone(&self.tasks),
        };
        self.ctx.spawn(async move {
            tokio::time::sleep(wait).await;
            way.advance(&id, status);
            way.report(&id);
        });
    }

    /// States only go forward.
    fn advance(&self, id: &TaskId, status: ContainerStatus) {
        let now = self.ctx.nature.wall();
        let mut tasks = self.tasks();
        let Some(run) = tasks.get_mut(id).filter(|run| run.status != ContainerStatus::Stopped) else {
            return;
        };
        run.status = status;
        match status {
            ContainerStatus::Running => run.started_at = Some(now),
            ContainerStatus::Stopped => run.finished_at = Some(now),
            ContainerStatus::Pending | ContainerStatus::Ending => {}
        }
    }

    fn report(&self, id: &TaskId) {
        let Some(run) = self.tasks().get(id).cloned() else { return };
        let containers = run.spec.containers.iter().filter(|one| !one.is_pause());
        let containers = containers.map(|one| container(&run, one)).collect();
        self.say(FromAgent::Task {
            task: id.clone(),
            report: TaskReport { containers, ..TaskReport::default() },
        });
    }
}

fn container(run: &Run, spec: &ContainerSpec) -> ContainerReport {
    let hash = fnv1a(run.spec.id.as_str().as_bytes(), spec.definition.name.as_bytes());
    let checked = spec.definition.health_check.is_some() && run.status == ContainerStatus::Running;
    let over = run.status == ContainerStatus::Stopped;
    ContainerReport {
        name: spec.definition.name.clone(),
        status: run.status,
        runtime_id: run.started_at.map(|_| EngineId::new(format!("{hash:064x}"))),
        image_digest: None,
        image_id: None,
        exit_code: run.started_at.filter(|_| over).map(|_| {
            let (stopped, failed) = EXIT_CODES;
            if run.asked { stopped } else { failed }
        }),
        reason: (over && run.stillborn).then(|| "CannotStartContainerError: simulated".to_owned()),
        health: if checked { Health::Healthy } else { Health::Unknown },
        checked,
        network_bindings: Vec::new(),
        started_at: run.started_at,
        finished_at: run.finished_at,
    }
}
