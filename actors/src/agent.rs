//! An agent: stands for a container instance and owns its record and the way to its host.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_core::lifecycle::{ContainerReport, ContainerStatus};
use mainstay_core::model::{
    ContainerInstance, InstanceStatus, Resources, SchedulingStrategy, Service, TaskOwner, TaskStatus,
};
use mainstay_core::tagging::TagChange;
use mainstay_core::{InstanceId, ServiceKey, TaskId};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::context::{Context, Noted};
use crate::control::{ControlError, Reply};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::placement::PlacementMsg;
use crate::ports::{EngineInfo, FromAgent, StoreError, ToAgent, Write};
use crate::service::ServiceMsg;
use crate::task::TaskMsg;
use crate::tree::{Kind, Life, Path};

/// The actor.
pub struct Agent {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
}

/// What an agent is told.
#[derive(strum::IntoStaticStr)]
pub enum AgentMsg {
    /// Say hello; sent by the agent to itself at its birth.
    Begin,
    /// Pass this on to the host.
    Tell(ToAgent),
    /// The host said this.
    Heard(FromAgent),
    /// Attach attributes, in place of those of the same names.
    PutAttributes {
        /// Name and value.
        attributes: Vec<(String, Option<String>)>,
        /// Where the answer goes.
        reply: Reply<Arc<ContainerInstance>>,
    },
    /// Take attributes away that people attached.
    DeleteAttributes {
        /// Which.
        names: Vec<String>,
        /// Where the answer goes.
        reply: Reply<Arc<ContainerInstance>>,
    },
    /// Change its tags.
    Tag {
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<ContainerInstance>>,
    },
    /// Take new tasks, or none any more.
    SetStatus {
        /// Which of both.
        status: InstanceStatus,
        /// Where the answer goes.
        reply: Reply<Arc<ContainerInstance>>,
    },
    /// The grace of a task nobody knew is over.
    ForgetUnlessKnown(TaskId),
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(AgentMsg);

/// An agent's state.
pub struct AgentState {
    instance: ContainerInstance,
    /// What the host says of itself.
    said: Vec<(String, String)>,
    /// Tasks found on the host that nobody knows, in their grace.
    unknown: BTreeSet<TaskId>,
    _presence: Presence<InstanceId, AgentMsg>,
    _life: Life,
}

type Handled = Result<(), ActorProcessingErr>;

impl Actor for Agent {
    type Msg = AgentMsg;
    type State = AgentState;
    type Arguments = InstanceId;

    async fn pre_start(
        &self,
        me: ActorRef<AgentMsg>,
        id: InstanceId,
    ) -> Result<AgentState, ActorProcessingErr> {
        let instance = self.ctx.view.instances.get(&id).ok_or_else(|| format!("no record of {id}"))?;
        me.cast(AgentMsg::Begin)?;
        Ok(AgentState {
            instance: ContainerInstance::clone(&instance),
            said: Vec::new(),
            unknown: BTreeSet::new(),
            _presence: self.ctx.directory.agents.enter(id, me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Agent, self.ctx.nature.wall()),
        })
    }

    async fn handle(&self, me: ActorRef<AgentMsg>, message: AgentMsg, state: &mut AgentState) -> Handled {
        match message {
            AgentMsg::Begin => {
                self.send(state, ToAgent::Resync);
                self.wake_tasks(state);
            }
            AgentMsg::Tell(message) => self.send(state, message),
            AgentMsg::Heard(FromAgent::Task { task, report }) => {
                match self.ctx.directory.tasks.get(&task) {
                    Some(actor) => drop(actor.cast(TaskMsg::Observed(report))),
                    // Its actor is being started again and will ask, or nobody wants it.
                    None => {
                        let over = |seen: &ContainerReport| seen.status == ContainerStatus::Stopped;
                        self.found(&me, state, task, !report.containers.iter().all(over));
                    }
                }
            }
            AgentMsg::Heard(FromAgent::Found { task, running }) => self.found(&me, state, task, running),
            AgentMsg::Heard(FromAgent::Vanished { task }) => {
                if let Some(actor) = self.ctx.directory.tasks.get(&task) {
                    drop(actor.cast(TaskMsg::Vanished));
                }
            }
            AgentMsg::Heard(FromAgent::Pulls(pulls)) => {
                self.ctx.view.show_pulls(&state.instance.id, pulls);
            }
            AgentMsg::Heard(FromAgent::Attributes(said)) => state.said = said,
            AgentMsg::PutAttributes { attributes, reply } => self.put_attributes(state, attributes, reply),
            AgentMsg::DeleteAttributes { names, reply } => {
                let mut next = state.instance.clone();
                next.custom_attributes.retain(|(name, _)| !names.contains(name));
                self.change_for(state, next, reply);
            }
            AgentMsg::Tag { change, reply } => match change.apply(&state.instance.tags) {
                Ok(tags) => {
                    let next = ContainerInstance { tags, ..state.instance.clone() };
                    self.change_for(state, next, reply);
                }
                Err(refusal) => drop(reply.send(Err(refusal.into()))),
            },
            AgentMsg::SetStatus { status, reply } => {
                if status != state.instance.status {
                    tracing::info!(instance = %state.instance.id, status = status.as_str(), "container instance changed");
                }
                let next = ContainerInstance { status, ..state.instance.clone() };
                self.change_for(state, next, reply);
            }
            AgentMsg::Heard(FromAgent::EngineUp(info)) => self.engine_up(state, &info),
            AgentMsg::Heard(FromAgent::EngineDown { detail }) => self.engine_down(state, &detail),
            AgentMsg::ForgetUnlessKnown(task) => {
                state.unknown.remove(&task);
                if !self.wanted(&task) {
                    tracing::warn!(instance = %state.instance.id, %task, "containers of a task that nobody wants are removed");
                    Failpoint::RecoveryOrphan.hit();
                    self.send(state, ToAgent::Forget { task });
                }
            }
            AgentMsg::Probe => {}
            #[cfg(feature = "sim")]
            AgentMsg::Panic => panic!("asked to"),
        }
        Ok(())
    }
}

impl Agent {
    fn send(&self, state: &AgentState, message: ToAgent) {
        // Without a link there is nobody to tell; when it comes, both sides exchange all again.
        if let Some(link) = self.ctx.links.get(&state.instance.id) {
            link.send(message);
        }
    }

    fn wanted(&self, task: &TaskId) -> bool {
        self.ctx.view.tasks.get(task).is_some_and(|task| task.last_status != TaskStatus::Stopped)
    }

    fn found(&self, me: &ActorRef<AgentMsg>, state: &mut AgentState, task: TaskId, running: bool) {
        // A STOPPED task's containers stay for a while to be looked at; their host removes them in time.
        let over = !running && self.ctx.view.tasks.get(&task).is_some();
        if over || self.wanted(&task) || !state.unknown.insert(task.clone()) {
            return;
        }
        let grace = self.ctx.settings.orphan_grace;
        tracing::warn!(instance = %state.instance.id, %task, ?grace, "found containers of a task that nobody knows");
        me.send_after(grace, move || AgentMsg::ForgetUnlessKnown(task));
    }

    fn engine_up(&self, state: &mut AgentState, info: &EngineInfo) {
        let registered = Resources {
            cpu: info.cpus.saturating_mul(1024),
            memory: info.memory,
            tcp_ports: Resources::RESERVED_PORTS.to_vec(),
            udp_ports: Vec::new(),
            gpus: info.gpus.clone(),
        };
        let attribute = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        let found = [
            attribute("ecs.os-type", &info.os),
            attribute("ecs.cpu-architecture", architecture(&info.architecture)),
        ];
        // What somebody set for this host goes over what its engine says.
        let of_engine =
            found.into_iter().filter(|(name, _)| !state.said.iter().any(|(said, _)| said == name));
        let said = state.said.iter().map(|(name, value)| attribute(name, value));
        let next = ContainerInstance {
            agent_connected: true,
            engine_connected: true,
            registered,
            engine_version: format!("DockerVersion: {}", info.version),
            attributes: of_engine.chain(said).collect(),
            ..state.instance.clone()
        };
        self.change_where_different(state, next);
        self.wake_tasks(state);
    }

    fn engine_down(&self, state: &mut AgentState, detail: &str) {
        if state.instance.engine_connected || !state.instance.agent_connected {
            tracing::error!(instance = %state.instance.id, detail, "the container engine does not answer; tasks wait for it");
        }
        let next =
            ContainerInstance { agent_connected: true, engine_connected: false, ..state.instance.clone() };
        self.change_where_different(state, next);
    }

    fn change_where_different(&self, state: &mut AgentState, next: ContainerInstance) {
        if next != state.instance {
            self.change(state, next);
        }
    }

    fn put_attributes(
        &self,
        state: &mut AgentState,
        attributes: Vec<(String, Option<String>)>,
        reply: Reply<Arc<ContainerInstance>>,
    ) {
        let mut next = state.instance.clone();
        next.custom_attributes.retain(|(name, _)| !attributes.iter().any(|(given, _)| given == name));
        next.custom_attributes.extend(attributes);
        let (count, limit) = (next.custom_attributes.len(), ContainerInstance::MOST_CUSTOM_ATTRIBUTES);
        if count > limit {
            let instance = state.instance.id.clone();
            drop(reply.send(Err(ControlError::TooManyAttributes { instance, count, limit })));
            return;
        }
        self.change_for(state, next, reply);
    }

    /// What a person changes: answered once it is on disk.
    fn change_for(
        &self,
        state: &mut AgentState,
        next: ContainerInstance,
        reply: Reply<Arc<ContainerInstance>>,
    ) {
        let again = || self.ctx.note(Write::Instance(state.instance.clone()));
        let noted = if next == state.instance { again() } else { self.change(state, next) };
        let changed = Arc::new(state.instance.clone());
        self.ctx.spawn(async move {
            let lost = |_| Err(StoreError::Write { detail: "its writer has ended".into() });
            let answer = match noted.await.unwrap_or_else(lost) {
                Ok(()) => Ok(changed),
                Err(error) => Err(ControlError::Unavailable(error.to_string())),
            };
            // The caller may have gone.
            drop(reply.send(answer));
        });
    }

    fn change(&self, state: &mut AgentState, next: ContainerInstance) -> Noted {
        let version = state.instance.version.saturating_add(1);
        state.instance = ContainerInstance { version, ..next };
        let noted = self.ctx.note(Write::Instance(state.instance.clone()));
        if let Some(placement) = self.ctx.directory.placements.get(&state.instance.cluster) {
            drop(placement.cast(PlacementMsg::Instance(Box::new(state.instance.clone()))));
        }
        self.tell_services(state);
        noted
    }

    /// Those that have tasks here may have to move them, those of which one is everywhere to start one, and those that
    /// keep zones even to come here.
    fn tell_services(&self, state: &AgentState) {
        let instance = &state.instance;
        let mut concerned = BTreeSet::new();
        for task in self.ctx.view.tasks.filter(|task| task.instance == instance.id) {
            if let TaskOwner::Service { service, .. } = &task.owner {
                concerned.insert(ServiceKey { cluster: task.cluster.clone(), name: service.clone() });
            }
        }
        let everywhere = |service: &Service| {
            let everywhere = service.scheduling == SchedulingStrategy::Daemon || service.zone_rebalancing;
            service.key.cluster == instance.cluster && everywhere
        };
        concerned.extend(self.ctx.view.services.filter(everywhere).into_iter().map(|one| one.key.clone()));
        for service in concerned.iter().filter_map(|key| self.ctx.directory.services.get(key)) {
            drop(service.cast(ServiceMsg::Room));
        }
    }

    /// Each task says again what it wants: messages may have been lost before.
    fn wake_tasks(&self, state: &AgentState) {
        let here = |task: &mainstay_core::model::Task| {
            task.instance == state.instance.id && task.last_status != TaskStatus::Stopped
        };
        for task in self.ctx.view.tasks.filter(here) {
            if let Some(actor) = self.ctx.directory.tasks.get(&task.id) {
                drop(actor.cast(TaskMsg::Begin));
            }
        }
    }
}

/// An architecture in ECS's words.
fn architecture(of_engine: &str) -> &str {
    match of_engine {
        "aarch64" => "arm64",
        "amd64" => "x86_64",
        other => other,
    }
}

/// The host's end of an in-process link: what it says goes to the agent in charge at that moment.
pub struct InProcess {
    /// The surroundings of the tree.
    pub ctx: Context,
    /// Which instance the host is.
    pub instance: InstanceId,
}

impl crate::ports::ControlLink for InProcess {
    fn send(&self, message: FromAgent) {
        // While the agent is being started again nobody listens; it begins with a resync.
        if let Some(agent) = self.ctx.directory.agents.get(&self.instance) {
            drop(agent.cast(AgentMsg::Heard(message)));
        }
    }
}

/// The control plane's end of an in-process link.
pub struct ToHost {
    /// The surroundings of the tree.
    pub ctx: Context,
}

impl crate::ports::AgentLink for ToHost {
    fn send(&self, message: ToAgent) {
        // While the host is being started again nobody listens; it begins by reporting that its engine answers.
        if let Some(host) = self.ctx.directory.host.get(&()) {
            drop(host.cast(crate::host::HostMsg::Command(message)));
        }
    }
}

/// A shared way to the control plane.
pub type SharedControlLink = Arc<dyn crate::ports::ControlLink>;
