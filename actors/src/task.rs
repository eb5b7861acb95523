//! A task: wraps the containers of one task and ends when they have.

mod children;

use std::sync::Arc;

use futures::FutureExt;
use mainstay_core::lifecycle::{self, TaskReport};
use mainstay_core::model::{
    DeploymentImage, LaunchType, StopCode, Task, TaskLimits, TaskOwner, TaskSpec, TaskStatus, Timestamp,
};
use mainstay_core::protection::{self, Crowd, Wish};
use mainstay_core::tagging::TagChange;
use mainstay_core::{ServiceKey, TaskId};
use ractor::{Actor, ActorProcessingErr, ActorRef};

pub(crate) use children::{ChildEnd, TaskChildren};

use crate::agent::AgentMsg;
use crate::context::{Context, Noted};
use crate::control::{ControlError, Reply};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::metrics;
use crate::placement::{Holder, PlacementMsg};
use crate::ports::{StoreError, ToAgent, Write};
use crate::service::ServiceMsg;
use crate::tree::{Kind, Life, Path};

/// The actor.
pub struct TaskActor {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
    /// Tells its owner of each change.
    pub on_change: OnChange,
}

/// Tells a task's owner of each change.
pub type OnChange = Arc<dyn Fn(Arc<Task>) + Send + Sync>;

/// What a task is told.
#[derive(strum::IntoStaticStr)]
pub enum TaskMsg {
    /// Tell the agent what is wanted. Sent at birth, and whenever messages may have been lost.
    Begin,
    /// What the agent sees.
    Observed(TaskReport),
    /// The agent sees nothing of a task that ran before.
    Vanished,
    /// The scheduler decided to end it.
    Stop {
        /// For programs.
        code: StopCode,
        /// For people.
        reason: String,
    },
    /// Its service wants it no more: it is to end, unless it is protected.
    Retire {
        /// For people.
        reason: String,
    },
    /// Somebody wants it protected from that, or not any more.
    Protect {
        /// What is wanted.
        wish: Wish,
        /// Where the answer goes.
        reply: Reply<Protected>,
    },
    /// Change its tags.
    Tag {
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<Task>>,
    },
    /// A person decided to end it.
    StopByUser {
        /// For people.
        reason: Option<String>,
        /// Where the answer goes.
        reply: Reply<Arc<Task>>,
    },
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(TaskMsg);

/// What became of a wish for protection: the task, or why it cannot be.
pub type Protected = Result<Arc<Task>, protection::Refusal>;

/// A task's state.
pub struct TaskState {
    task: Arc<Task>,
    spec: TaskSpec,
    /// What its service was told that its images are.
    images: Vec<DeploymentImage>,
    /// Its agent has reported to this actor.
    heard: bool,
    _presence: Presence<TaskId, TaskMsg>,
    _life: Life,
}

type Me = ActorRef<TaskMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for TaskActor {
    type Msg = TaskMsg;
    type State = TaskState;
    type Arguments = Arc<Task>;

    /// Only builds state: whoever spawns us waits for this.
    async fn pre_start(&self, me: Me, task: Arc<Task>) -> Result<TaskState, ActorProcessingErr> {
        let definition = self.ctx.view.definitions.get(&task.definition);
        let definition = definition.ok_or_else(|| format!("no task definition {}", task.definition))?;
        let arn = self.ctx.settings.partition.task(&task.cluster, &task.id);
        let mut spec = TaskSpec::new(
            task.id.clone(),
            arn,
            task.cluster.clone(),
            task.group.clone(),
            &definition,
            &task.overrides,
            self.ctx.settings.stop_timeout,
        );
        spec.network = task.network.as_ref().map(|network| network.configuration.clone());
        spec.launch_type = task.launch_type;
        spec.give_gpus(&task.containers);
        // Elsewhere the task's size is what placement counts.
        spec.limits = (task.launch_type == Some(LaunchType::Fargate))
            .then_some(TaskLimits { cpu: task.resources.cpu, memory: task.resources.memory });
        if let TaskOwner::Service { deployment, .. } = &task.owner
            && let Some(service) = service_of(&task).and_then(|key| self.ctx.view.services.get(&key))
            && let Some(deployment) = service.deployments.iter().find(|known| known.id == *deployment)
        {
            spec.hold(&deployment.images);
        }
        me.cast(TaskMsg::Begin)?;
        Ok(TaskState {
            _presence: self.ctx.directory.tasks.enter(task.id.clone(), me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Task, self.ctx.nature.wall()),
            task,
            spec,
            heard: false,
            images: Vec::new(),
        })
    }

    async fn handle(&self, me: Me, message: TaskMsg, state: &mut TaskState) -> Handled {
        let now = self.ctx.nature.wall();
        match message {
            TaskMsg::Begin => self.begin(&me, state),
            TaskMsg::Observed(report) => {
                let first = !std::mem::replace(&mut state.heard, true);
                self.tell_images(state, &report);
                if let Some(step) = lifecycle::observe(&state.task, &report, now) {
                    self.change(&me, state, step.task);
                    if step.stop_rest {
                        self.tell(state, ToAgent::Stop { task: state.task.id.clone() });
                    }
                } else if first {
                    // Its owner may have waited for this word.
                    (self.on_change)(Arc::clone(&state.task));
                }
            }
            TaskMsg::Vanished => {
                let reason = "ContainerVanishedError: its containers were removed from outside";
                if let Some(task) = lifecycle::vanished(&state.task, reason, now) {
                    self.change(&me, state, task);
                }
            }
            TaskMsg::Stop { code, reason } => drop(self.stop(&me, state, code, &reason)),
            TaskMsg::Retire { reason } => {
                if !state.task.is_protected(now) {
                    drop(self.stop(&me, state, StopCode::ServiceSchedulerInitiated, &reason));
                } else if let Some(service) = self.service(state) {
                    // It was protected just now.
                    drop(service.cast(ServiceMsg::Spared(state.task.id.clone())));
                }
            }
            TaskMsg::Protect { wish, reply } => self.protect(&me, state, wish, reply),
            TaskMsg::Tag { change, reply } => match change.apply(&state.task.tags) {
                Ok(tags) => {
                    let tagged = lifecycle::tagged(&state.task, tags);
                    let noted = tagged.and_then(|task| self.change(&me, state, task));
                    // The caller may have gone; the tags stand all the same.
                    self.answer_when_durable(state, noted, |task| drop(reply.send(task)));
                }
                Err(refusal) => drop(reply.send(Err(refusal.into()))),
            },
            TaskMsg::StopByUser { reason, reply } => {
                let reason = reason.unwrap_or_else(|| "Task stopped by user".into());
                Failpoint::StopTaskDecided.hit();
                let noted = self.stop(&me, state, StopCode::UserInitiated, &reason);
                Failpoint::StopTaskTold.hit();
                self.answer_when_durable(state, noted, |task| {
                    Failpoint::StopTaskCommitted.hit();
                    // The caller may have gone; the stop stands all the same.
                    drop(reply.send(task));
                });
            }
            TaskMsg::Probe => {}
            #[cfg(feature = "sim")]
            TaskMsg::Panic => panic!("asked to"),
        }
        Ok(())
    }
}

impl TaskActor {
    fn begin(&self, me: &Me, state: &mut TaskState) {
        if state.task.last_status == TaskStatus::Stopped {
            self.release(state);
            return self.end(me, state);
        }
        let wanted = state.task.desired_status != TaskStatus::Stopped;
        // As long as one of its containers has never been there, it is still coming up.
        let coming_up = state.task.started_at.is_none()
            && state
                .task
                .containers
                .iter()
                .any(|c| c.runtime_id.is_none() && c.last_status < TaskStatus::Stopped);
        self.run(state, wanted, coming_up);
        if !wanted {
            self.tell(state, ToAgent::Stop { task: state.task.id.clone() });
        }
        if let Some(task) = lifecycle::handed_over(&state.task) {
            self.change(me, state, task);
        }
    }

    fn run(&self, state: &TaskState, wanted: bool, coming_up: bool) {
        let run = ToAgent::Run {
            spec: Box::new(state.spec.clone()),
            create: wanted && coming_up,
            wanted,
            known: lifecycle::known(&state.task),
        };
        self.tell(state, run);
    }

    /// The note of the stop, where it was decided just now.
    fn stop(&self, me: &Me, state: &mut TaskState, code: StopCode, reason: &str) -> Option<Noted> {
        let task = lifecycle::request_stop(&state.task, code, reason, self.ctx.nature.wall())?;
        let noted = self.change(me, state, task);
        // A host that has just been started again may know the task's containers only, not the task.
        self.run(state, false, false);
        self.tell(state, ToAgent::Stop { task: state.task.id.clone() });
        noted
    }

    /// Makes the change known; the owner hears of it before anything else follows.
    fn change(&self, me: &Me, state: &mut TaskState, task: Task) -> Option<Noted> {
        let ended = task.last_status == TaskStatus::Stopped && state.task.last_status != TaskStatus::Stopped;
        tracing::info!(
            cluster = %task.cluster, group = task.group, task = %task.id, status = %task.last_status,
            desired = %task.desired_status, health = task.health.as_str(),
            reason = task.stopped_reason.as_deref().unwrap_or_default(), "task changed"
        );
        let restarts =
            |task: &Task| task.containers.iter().map(|one| u64::from(one.restart_count)).sum::<u64>();
        let again = restarts(&task).saturating_sub(restarts(&state.task));
        if again > 0 {
            metrics::container_restarts(task.cluster.as_str(), service_label(&task)).increment(again);
        }
        state.task = Arc::new(task);
        let noted = self.ctx.note_task(&state.task);
        Failpoint::TaskChanged.hit();
        if ended {
            Failpoint::TaskEnded.hit();
            // Before its owner hears of it: the replacement may need just this room.
            self.release(state);
            self.count_stop(state);
        }
        (self.on_change)(Arc::clone(&state.task));
        if ended {
            self.end(me, state);
        }
        noted
    }

    /// Tells the service what the tags of this task's images stand for, once that is known.
    fn tell_images(&self, state: &mut TaskState, report: &TaskReport) {
        let TaskOwner::Service { deployment, .. } = &state.task.owner else { return };
        let consistent = |name: &str| {
            let mut all = state.spec.containers.iter().map(|container| &container.definition);
            all.any(|known| known.name == name && known.is_consistent())
        };
        let found = report.containers.iter().filter(|seen| consistent(&seen.name)).filter_map(|seen| {
            Some(DeploymentImage { container: seen.name.clone(), version: seen.version()? })
        });
        let found: Vec<DeploymentImage> = found.collect();
        if found == state.images {
            return;
        }
        if let Some(service) = self.service(state) {
            let (deployment, images) = (deployment.clone(), found.clone());
            drop(service.cast(ServiceMsg::ImagesFound { deployment, images }));
        }
        state.images = found;
    }

    fn release(&self, state: &TaskState) {
        if let Some(placement) = self.ctx.directory.placements.get(&state.task.cluster) {
            drop(placement.cast(PlacementMsg::Release(state.task.id.clone())));
        }
    }

    fn end(&self, me: &Me, state: &TaskState) {
        me.stop(Some(state.task.stopped_reason.clone().unwrap_or_else(|| "stopped".into())));
    }

    fn count_stop(&self, state: &TaskState) {
        let code = state.task.stop_code.map_or("none", StopCode::as_str);
        metrics::task_stops(state.task.cluster.as_str(), service_label(&state.task), code).increment(1);
    }

    fn tell(&self, state: &TaskState, message: ToAgent) {
        // An agent that is just being started again wakes its tasks when it is there.
        if let Some(agent) = self.ctx.directory.agents.get(&state.task.instance) {
            drop(agent.cast(AgentMsg::Tell(message)));
        }
    }

    /// The actor of its service; one that is just being started again starts this actor again, too.
    fn service(&self, state: &TaskState) -> Option<ActorRef<ServiceMsg>> {
        service_of(&state.task).and_then(|key| self.ctx.directory.services.get(&key))
    }

    fn protect(&self, me: &Me, state: &mut TaskState, wish: Wish, reply: Reply<Protected>) {
        let now = self.ctx.nature.wall();
        let noted = match protection::decide(&state.task, wish, self.crowd(state, now), now) {
            Err(refusal) => return drop(reply.send(Ok(Err(refusal)))),
            Ok(Some(task)) => {
                tracing::info!(task = %task.id, until = ?task.protected_until.map(|until| until.0), "protection changed");
                self.change(me, state, task)
            }
            Ok(None) => None,
        };
        // The caller may have gone; the protection stands all the same.
        self.answer_when_durable(state, noted, |task| drop(reply.send(task.map(Ok))));
    }

    /// How it stands with protection in its service.
    fn crowd(&self, state: &TaskState, now: Timestamp) -> Crowd {
        let key = service_of(&state.task);
        let tasks = key.as_ref().map(|key| self.ctx.view.tasks_of_service(key)).unwrap_or_default();
        let counts = |task: &Arc<Task>| task.last_status != TaskStatus::Stopped && task.is_protected(now);
        let service = key.and_then(|key| self.ctx.view.services.get(&key));
        Crowd {
            protected: tasks.into_iter().filter(counts).count(),
            desired: service.map_or(0, |service| service.desired_count),
        }
    }

    /// Answers when the note of what was decided is on disk: the caller waits for no write but that one. What was decided
    /// earlier may have missed the disk then, and is written again.
    fn answer_when_durable(
        &self,
        state: &TaskState,
        noted: Option<Noted>,
        answer: impl FnOnce(Result<Arc<Task>, ControlError>) + Send + 'static,
    ) {
        let task = Arc::clone(&state.task);
        let again = || self.ctx.commit(vec![Write::Task(Task::clone(&task))]);
        let done = noted.map_or_else(again, |noted| {
            let lost = |_| Err(StoreError::Write { detail: "its writer has ended".into() });
            noted.map(move |told| told.unwrap_or_else(lost)).boxed()
        });
        self.ctx.spawn(async move {
            let written = done.await;
            answer(written.map(|()| task).map_err(|error| ControlError::Unavailable(error.to_string())));
        });
    }
}

/// The service that keeps a task.
fn service_of(task: &Task) -> Option<ServiceKey> {
    match &task.owner {
        TaskOwner::Service { service, .. } => {
            Some(ServiceKey { cluster: task.cluster.clone(), name: service.clone() })
        }
        TaskOwner::Standalone => None,
    }
}

/// On whose behalf a task holds its resources.
pub(crate) fn holder_of(task: &Task) -> Holder {
    match &task.owner {
        TaskOwner::Service { service, .. } => Holder::Service(service.clone()),
        TaskOwner::Standalone => Holder::Standalone,
    }
}

/// The label `service` of a task's metrics; empty for RunTask.
pub(crate) fn service_label(task: &Task) -> &str {
    match &task.owner {
        TaskOwner::Service { service, .. } => service.as_str(),
        TaskOwner::Standalone => "",
    }
}
