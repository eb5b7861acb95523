//! A service: owns the desired count and the deployments, supervises its tasks, replaces those that end.
//!
//! Whatever happens (a task changed, a wait is over, room appeared, an update was written) ends in
//! `ServiceActor::reconcile`, which asks `core::deployment` what to start and stop next. Nothing is remembered
//! as a to-do: work is the difference between what is wanted and what is there.

mod alarms;
mod ends;
mod places;
mod reconcile;
mod roster;
mod story;
mod writes;
mod zones;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_core::deployment::rollout;
use mainstay_core::lifecycle::{self, NewTask};
use mainstay_core::model::{
    DeploymentImage, Health, PropagateTags, Resources, Service, ServiceAction, ServiceEvent, ServiceStatus,
    Tag, Task, TaskOwner, TaskStatus,
};
use mainstay_core::placement::{Refusal, requirements};
use mainstay_core::tagging::TagChange;
use mainstay_core::{DeploymentId, ServiceDeploymentId, ServiceKey, TaskId};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::context::Context;
use crate::control::{Reply, ServiceUpdate};
use crate::directory::Presence;
use crate::failpoint::Failpoint;
use crate::measured::probed;
use crate::metrics;
use crate::placement::{Holder, Place, PlacementMsg};
use crate::ports::{StoreError, Write};
use crate::task::{ChildEnd, TaskChildren};
use crate::tree::{Kind, Life, Path};
use alarms::AlarmWatch;
pub(crate) use ends::OUTCOMES;
pub(crate) use roster::is_well;
use roster::{Member, Roster};
use writes::Writes;
use zones::ZoneWatch;

/// How long a service that begins anew waits for word of the tasks it finds; a host may be away for good.
const HEARD_WITHIN: Duration = Duration::from_secs(10);

/// The actor.
pub struct ServiceActor {
    /// The surroundings.
    pub ctx: Context,
    /// Its place.
    pub path: Path,
}

/// What a service is told.
#[derive(strum::IntoStaticStr)]
pub enum ServiceMsg {
    /// Attach to the tasks that are there; sent by it to itself at its birth.
    Attach,
    /// Change it.
    Update {
        /// How.
        update: Box<ServiceUpdate>,
        /// Where the answer goes.
        reply: Reply<Arc<Service>>,
    },
    /// Delete it.
    Delete {
        /// Even where it wants tasks.
        force: bool,
        /// Where the answer goes.
        reply: Reply<Arc<Service>>,
    },
    /// Change its tags.
    Tag {
        /// How.
        change: TagChange,
        /// Where the answer goes.
        reply: Reply<Arc<Service>>,
    },
    /// Stop a rollout.
    StopRollout {
        /// Which.
        record: ServiceDeploymentId,
        /// Where it is, or with the way back.
        how: rollout::StopType,
        /// Where the answer goes.
        reply: Reply<Arc<Service>>,
    },
    /// It is time to look at the alarms of this rollout again; sent by it to itself.
    LookAtAlarms(ServiceDeploymentId),
    /// What a look at a rollout's alarms showed: those that are on.
    AlarmsSeen {
        /// Of which rollout.
        record: ServiceDeploymentId,
        /// Or why nothing was seen.
        seen: Result<Vec<String>, String>,
    },
    /// Its change is on disk, or is not.
    Written(Result<(), StoreError>),
    /// Placement's answer.
    Placed {
        /// For which task.
        task: TaskId,
        /// Where, or why not.
        place: Result<Place, Refusal>,
    },
    /// One of its tasks changed.
    TaskChanged(Arc<Task>),
    /// One of its tasks was to be retired and is protected.
    Spared(TaskId),
    /// One of its tasks found what the tags of its images stand for.
    ImagesFound {
        /// The task's deployment.
        deployment: DeploymentId,
        /// What it found, by container.
        images: Vec<DeploymentImage>,
    },
    /// There may be room now.
    Room,
    /// Look at what is there and what is wanted; sent by it to itself after changes and waits.
    Reconcile,
    /// Whoever has not spoken by now is waited for no longer.
    HeardEnough,
    /// Its record did not reach the disk when it should.
    NoteAgain,
    /// Measures how much waits before it.
    Probe,
    /// Panic, to see what heals.
    #[cfg(feature = "sim")]
    Panic,
}

probed!(ServiceMsg);

/// A service's state.
pub struct ServiceState {
    record: Service,
    roster: Roster,
    children: TaskChildren,
    writes: Writes,
    /// The last placement was refused, and no room has appeared since.
    blocked: bool,
    /// What was last told of a refusal, until a placement works.
    told: Option<Refusal>,
    /// Found at its birth and not heard of since. Nothing is stopped until then: if one of them has ended meanwhile,
    /// another may not be one too many.
    unheard: BTreeSet<TaskId>,
    /// Whether hosts may just be about to report for the first time.
    settling: bool,
    /// Started, and not told of yet in an event.
    started: Vec<TaskId>,
    steady: bool,
    /// The percentages leave no room, which was told.
    stuck: bool,
    alarms: AlarmWatch,
    zones: ZoneWatch,
    /// A look is on its way through the mailbox.
    due: bool,
    wake: Option<tokio::task::JoinHandle<Result<(), ractor::MessagingErr<ServiceMsg>>>>,
    _presence: Presence<ServiceKey, ServiceMsg>,
    _life: Life,
}

type Me = ActorRef<ServiceMsg>;
type Handled = Result<(), ActorProcessingErr>;

impl Actor for ServiceActor {
    type Msg = ServiceMsg;
    type State = ServiceState;
    type Arguments = ServiceKey;

    async fn pre_start(&self, me: Me, key: ServiceKey) -> Result<ServiceState, ActorProcessingErr> {
        let record = self.ctx.view.services.get(&key).ok_or_else(|| format!("no record of {key}"))?;
        me.cast(ServiceMsg::Attach)?;
        me.send_after(HEARD_WITHIN, || ServiceMsg::HeardEnough);
        let tell = me.clone();
        // It may have ended before its tasks; its successor reads their state from the view.
        let on_change = Arc::new(move |task| drop(tell.cast(ServiceMsg::TaskChanged(task))));
        Ok(ServiceState {
            steady: record.events.first().is_some_and(|event| event.message == story::steady(&key)),
            roster: Roster::default(),
            children: TaskChildren::new(Arc::clone(&self.ctx), self.path.clone(), Kind::Service, on_change),
            writes: Writes::default(),
            blocked: false,
            told: None,
            unheard: BTreeSet::new(),
            settling: true,
            started: Vec::new(),
            stuck: false,
            alarms: AlarmWatch::default(),
            zones: ZoneWatch::default(),
            due: false,
            wake: None,
            _presence: self.ctx.directory.services.enter(key, me),
            _life: self.ctx.tree.born(self.path.clone(), Kind::Service, self.ctx.nature.wall()),
            record: Service::clone(&record),
        })
    }

    async fn handle(&self, me: Me, message: ServiceMsg, state: &mut ServiceState) -> Handled {
        match message {
            ServiceMsg::Attach => self.attach(&me, state).await?,
            ServiceMsg::Update { update, reply } => return self.update(&me, state, *update, reply),
            ServiceMsg::Delete { force, reply } => return self.delete(&me, state, force, reply),
            ServiceMsg::Tag { change, reply } => return self.tag(&me, state, change, reply),
            ServiceMsg::StopRollout { record, how, reply } => {
                return self.stop_rollout(&me, state, record, how, reply);
            }
            ServiceMsg::LookAtAlarms(record) => {
                self.look_at_alarms_again(&me, state, &record);
                return Ok(());
            }
            ServiceMsg::AlarmsSeen { record, seen } => self.alarms_seen(&me, state, &record, seen),
            ServiceMsg::Written(outcome) => self.written(&me, state, outcome),
            ServiceMsg::Placed { task, place } => self.placed(&me, state, task, place).await?,
            ServiceMsg::TaskChanged(task) => self.task_changed(state, task),
            ServiceMsg::ImagesFound { deployment, images } => {
                self.images_found(state, &deployment, &images);
                return Ok(());
            }
            ServiceMsg::Spared(task) => state.roster.spared(&task),
            ServiceMsg::Room => {
                state.blocked = false;
                state.zones.refused = false;
            }
            ServiceMsg::HeardEnough => {
                state.unheard.clear();
                state.settling = false;
                // What was refused is asked for again, and told.
                state.blocked = false;
            }
            ServiceMsg::NoteAgain => state.writes.touch(),
            ServiceMsg::Probe => {}
            #[cfg(feature = "sim")]
            ServiceMsg::Panic => panic!("asked to"),
            ServiceMsg::Reconcile => {
                state.due = false;
                self.reconcile(&me, state);
                return Ok(());
            }
        }
        reconcile_soon(&me, state);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: Me,
        event: SupervisionEvent,
        state: &mut ServiceState,
    ) -> Handled {
        match state.children.on_event(&me, event).await? {
            // The task's end was heard of before its actor's; if not, the actor went without a word.
            ChildEnd::Done(id) => {
                if let Some(task) = self.ctx.view.tasks.get(&id) {
                    self.task_changed(state, task);
                }
            }
            ChildEnd::Restarted(id) => state.roster.forget_stop_request(&id),
            ChildEnd::Other => return Ok(()),
        }
        reconcile_soon(&me, state);
        Ok(())
    }

    async fn post_stop(&self, _: Me, state: &mut ServiceState) -> Handled {
        state.children.stop_all().await;
        Ok(())
    }
}

impl ServiceActor {
    async fn attach(&self, me: &Me, state: &mut ServiceState) -> Handled {
        let tasks = self.ctx.view.tasks_of_service(&state.record.key);
        let live: Vec<Arc<Task>> =
            tasks.into_iter().filter(|t| t.last_status != TaskStatus::Stopped).collect();
        let known: BTreeSet<TaskId> = live.iter().map(|task| task.id.clone()).collect();
        self.tell_placement(state, PlacementMsg::Keep { holder: holder(&state.record), tasks: known });
        let (now, wall) = (self.ctx.nature.now(), self.ctx.nature.wall());
        for brake in &state.record.brakes {
            state.roster.restore(brake, now, wall, self.ctx.settings.restart.backoff_max);
        }
        let proof = self.proof(&state.record);
        for task in live {
            let told = story::unhealthy_stays(&state.record.key, &task.id);
            let told_sick = task.health == Health::Unhealthy
                && state.record.events.iter().any(|event| event.message == told);
            state.roster.adopt(Arc::clone(&task), &proof, told_sick);
            state.unheard.insert(task.id.clone());
            state.children.start(me.get_cell(), task).await?;
        }
        if state.record.status == ServiceStatus::Inactive {
            me.stop(Some("deleted".into()));
            return Ok(());
        }
        let nature = &self.ctx.nature;
        rollout::adopt(&mut state.record, || (nature.revision_id(), nature.service_deployment_id()));
        // A change that was under way when the last incarnation ended was never answered; it is taken back on disk.
        state.writes.touch();
        Ok(())
    }

    async fn placed(
        &self,
        me: &Me,
        state: &mut ServiceState,
        id: TaskId,
        place: Result<Place, Refusal>,
    ) -> Handled {
        let Some(member) = state.roster.placing(&id) else {
            // It is no longer wanted.
            self.tell_placement(state, PlacementMsg::Release(id));
            return Ok(());
        };
        let place = match place {
            Ok(place) => place,
            Err(refusal) => {
                state.roster.remove(&id);
                if let Some(zone) = &member.zone {
                    // The service has all it wants where it is.
                    let reason = refusal.service_event_reason();
                    let message = story::unplaced_in_zone(&state.record.key, zone, &reason);
                    if state.told.as_ref() != Some(&refusal) {
                        self.tell_act(state, message, unplaced(&refusal));
                        state.told = Some(refusal);
                    }
                    state.zones.refused = true;
                    return Ok(());
                }
                // What one of ours is about to give back may be enough: room is announced when it does.
                let early = self.is_early(state, &refusal);
                if state.told.as_ref() != Some(&refusal) && !state.roster.is_stopping() && !early {
                    let key = &state.record.key;
                    let message = story::unplaced(key, &refusal.service_event_reason());
                    self.tell_act(state, message, unplaced(&refusal));
                    state.told = Some(refusal);
                }
                state.blocked = true;
                return Ok(());
            }
        };
        state.told = None;
        let task = Arc::new(self.new_task(&state.record, &member, id, place)?);
        Failpoint::ServiceTaskPlaced.hit();
        self.ctx.note_task(&task);
        Failpoint::ServiceTaskNoted.hit();
        state.roster.placed(Arc::clone(&task));
        state.started.push(task.id.clone());
        metrics::task_starts(task.cluster.as_str(), state.record.key.name.as_str()).increment(1);
        state.children.start(me.get_cell(), task).await
    }

    /// Whether a refusal only says that hosts, or their engines, have not answered yet since this daemon began.
    fn is_early(&self, state: &ServiceState, refusal: &Refusal) -> bool {
        let cluster = &state.record.key.cluster;
        state.settling
            && matches!(refusal, Refusal::NoInstances | Refusal::Disconnected { .. })
            && self
                .ctx
                .view
                .instances
                .any(|known| known.cluster == *cluster && !(known.agent_connected && known.engine_connected))
    }

    fn new_task(
        &self,
        service: &Service,
        member: &Member,
        id: TaskId,
        Place { instance, gpus }: Place,
    ) -> Result<Task, ActorProcessingErr> {
        let deployment = service.deployments.iter().find(|d| d.id == member.deployment);
        let deployment = deployment.ok_or_else(|| format!("no deployment {}", member.deployment))?;
        let definition = self.ctx.view.definitions.get(&deployment.definition);
        let definition = definition.ok_or_else(|| format!("no task definition {}", deployment.definition))?;
        let tags: Vec<Tag> = match service.propagate_tags {
            Some(PropagateTags::Service) => service.tags.clone(),
            Some(PropagateTags::TaskDefinition) => definition.tags.clone(),
            Some(PropagateTags::None) | None => Vec::new(),
        };
        let overrides = mainstay_core::model::Overrides::default();
        let new = NewTask {
            id,
            cluster: service.key.cluster.clone(),
            definition: &definition,
            network: deployment.network.clone(),
            launch_type: service.launch_type_with(&deployment.capacity),
            capacity_provider: member.provider.clone(),
            resources: Resources { gpus, ..requirements(&definition, &overrides) },
            overrides,
            owner: TaskOwner::Service {
                service: service.key.name.clone(),
                deployment: member.deployment.clone(),
                slot: member.slot,
            },
            group: service.group(),
            started_by: Some(member.deployment.to_string()),
            instance,
            tags,
            client_token: None,
            enable_execute_command: service.enable_execute_command,
        };
        Ok(lifecycle::new_task(new, self.ctx.nature.wall()))
    }

    /// Takes a task's new state: notes its end against its slot, and when the replacement is up.
    fn task_changed(&self, state: &mut ServiceState, task: Arc<Task>) {
        let now = self.ctx.nature.now();
        state.unheard.remove(&task.id);
        let Some(change) = state.roster.update(Arc::clone(&task), now) else { return };
        let (cluster, service) = (state.record.key.cluster.to_string(), state.record.key.name.to_string());
        if let Some(died_at) = change.replaced {
            let took = now.saturating_duration_since(died_at);
            metrics::task_replacement(&cluster, &service).record(took.as_secs_f64());
        }
        self.account(state, &task, &change);
        if task.last_status == TaskStatus::Stopped {
            state.roster.remove(&task.id);
        }
    }

    /// Holds a deployment to what its first task runs. Shown at once, even while a person's change is on its way to
    /// the disk, since the actor of the next task reads it.
    fn images_found(&self, state: &mut ServiceState, deployment: &DeploymentId, images: &[DeploymentImage]) {
        let known = state.record.deployments.iter_mut().find(|known| known.id == *deployment);
        let Some(known) = known else { return };
        let mut news = false;
        let revision = known.revision.clone();
        for DeploymentImage { container, version } in images {
            if known.hold(container, version) {
                tracing::info!(service = %state.record.key, %deployment, container, ?version, "the deployment runs this image from now on");
                news = true;
            }
        }
        if news {
            let held = known.images.clone();
            if let Some(told) = state.record.revisions.iter_mut().find(|told| told.id == revision) {
                told.images = held;
            }
            self.ctx.show(vec![Write::Service(state.record.clone())]);
            state.writes.touch();
            publish(&self.ctx, state);
        }
    }

    /// Adds a line to the service's history.
    fn tell(&self, state: &mut ServiceState, message: String) {
        self.tell_of(state, message, None);
    }

    /// Adds a line to the service's history that ECS has a name for.
    fn tell_act(&self, state: &mut ServiceState, message: String, action: ServiceAction) {
        self.tell_of(state, message, Some(action));
    }

    fn tell_of(&self, state: &mut ServiceState, message: String, action: Option<ServiceAction>) {
        tracing::info!(service = %state.record.key, "{message}");
        let (id, created_at) = (self.ctx.nature.event_id(), self.ctx.nature.wall());
        let event = ServiceEvent { id, created_at, message, action };
        state.record.events.insert(0, event);
        state.record.events.truncate(Service::EVENTS);
        state.writes.touch();
    }

    fn tell_placement(&self, state: &ServiceState, message: PlacementMsg) {
        // Placement's end takes us with it (rest for one), so nothing waits for an answer that never comes.
        if let Some(placement) = self.ctx.directory.placements.get(&state.record.key.cluster) {
            drop(placement.cast(message));
        }
    }
}

/// Behind what has arrived already: a thousand tasks that change at once are looked at once, not a thousand times.
fn reconcile_soon(me: &Me, state: &mut ServiceState) {
    if !std::mem::replace(&mut state.due, true) {
        // Who cannot be sent to any more is ending.
        drop(me.cast(ServiceMsg::Reconcile));
    }
}

fn unplaced(refusal: &Refusal) -> ServiceAction {
    ServiceAction::TaskPlacementFailure { reason: refusal.failure().1.to_owned() }
}

fn holder(service: &Service) -> Holder {
    Holder::Service(service.key.name.clone())
}

fn is_draining(service: &Service) -> bool {
    service.status == ServiceStatus::Draining
}

/// Makes the service's record visible, and durable soon; while an API write is on its way to the disk the record
/// waits for it, so that it never overwrites what was acknowledged.
fn publish(ctx: &Context, state: &mut ServiceState) {
    if state.writes.take_touched() {
        ctx.note(Write::Service(state.record.clone()));
    }
}
