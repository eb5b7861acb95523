//! From what is there to what is wanted.

use std::time::Duration;

use mainstay_core::deployment::rollout::{self, Cause};
use mainstay_core::deployment::{Member, Plan, Rollout, Why, plan};
use mainstay_core::model::{
    ContainerInstance, DeploymentStatus, RevisionCount, Service, ServiceAction, ServiceStatus, StopCode,
};
use mainstay_core::placement::Request;
use mainstay_core::{DeploymentId, TaskId};

use super::ends::COMPLETED;
use super::roster::{NewPlace, Proof};
use super::zones::Step;
use super::{Me, ServiceActor, ServiceMsg, ServiceState, holder, is_draining, publish, story};
use crate::failpoint::Failpoint;
use crate::metrics;
use crate::placement::{PlacementMsg, group_of, seed_of};
use crate::task::TaskMsg;

impl ServiceActor {
    /// Asks what to start and stop next, and has it done.
    pub(super) fn reconcile(&self, me: &Me, state: &mut ServiceState) {
        self.advance(state);
        let Some(primary) = state.record.primary().map(|primary| primary.id.clone()) else { return };
        self.follow_instances(state);
        let (wall, now) = (self.ctx.nature.wall(), self.ctx.nature.now());
        let settling = rollout::is_counting(&state.record);
        let unproved = rollout::unproved(&state.record);
        let proof = Proof { settling: &unproved, ..self.proof(&state.record) };
        let (waiting_slots, ready) = state.roster.waiting(&primary, now);
        let mut members = state.roster.plan(&proof, !is_draining(&state.record));
        self.move_away(state, &primary, &mut members);
        let step = self.even_zones(state, &primary, &mut members);
        self.mark_surplus(state, &primary, &mut members);
        let plan = plan(&Rollout {
            desired: if is_draining(&state.record) { 0 } else { state.record.desired_count },
            limits: state.record.deployment_configuration,
            primary: &primary,
            members: &members,
            waiting_slots: &waiting_slots,
            blocked: state.blocked || self.ctx.is_closing(),
            halted: rollout::is_halted(&state.record),
            fallback: rollout::fallback(&state.record),
            on_unhealthy: state.record.on_unhealthy(),
        });
        if state.unheard.is_empty() {
            self.stop_some(state, &primary, &plan, step.as_ref());
        }
        self.start_some(me, state, &members, &plan, step);
        let baking =
            |state: &ServiceState| rollout::current(&state.record).and_then(|told| told.baking_since);
        let before = baking(state);
        let bakes = rollout::bake(&mut state.record, plan.steady, self.ctx.settings.alarm_bake_time, wall);
        if baking(state) != before {
            state.writes.touch();
        }
        self.tell_unhealthy(state, &plan);
        self.report(state, plan.steady && bakes.is_zero());
        self.report_stuck(state, plan.stuck);
        self.finish_deployments(state);
        let waits = [
            ready.map(|ready| ready.saturating_duration_since(now)),
            state.roster.first_end_of_grace(proof.grace, wall),
            state.roster.first_end_of_protection(wall),
            state.roster.first_end_of_settling(&proof).filter(|_| settling || has_failures(&state.record)),
            Some(bakes).filter(|bakes| !bakes.is_zero()),
        ];
        wake_after(me, state, waits.into_iter().flatten().min());
        self.watch_alarms(me, state);
        if is_draining(&state.record) && state.roster.is_empty() {
            Failpoint::ServiceDrained.hit();
            state.record.status = ServiceStatus::Inactive;
            state.record.deployments.clear();
            // ECS, too, deletes them with the service.
            state.record.service_deployments.clear();
            state.record.revisions.clear();
            state.record.last_completed = None;
            state.writes.touch();
            me.stop(Some("deleted".into()));
        }
        publish(&self.ctx, state);
    }

    /// What a rollout comes to by itself: it is acted on, somebody asked to stop it, its tasks proved well, or too many
    /// of them failed.
    fn advance(&self, state: &mut ServiceState) {
        let wall = self.ctx.nature.wall();
        if state.record.status == ServiceStatus::Active && rollout::started(&mut state.record, wall) {
            state.writes.touch();
        }
        for deployment in state.roster.newly_proved(&self.proof(&state.record)) {
            if rollout::task_proved(&mut state.record, &deployment, wall) {
                state.writes.touch();
            }
        }
        if let Some(how) = rollout::asked_to_stop(&state.record) {
            self.give_up(state, &Cause::Stopped(how));
        } else if rollout::is_tripped(&state.record) {
            self.give_up(state, &Cause::TasksFailed);
        }
    }

    /// By what a service's tasks show that they are well; without a deployment whose tasks have to settle.
    pub(super) fn proof(&self, service: &Service) -> Proof<'static> {
        Proof {
            grace: Duration::from_secs(service.health_check_grace_period_seconds.unwrap_or(0).into()),
            settle: self.ctx.settings.restart.settle,
            settling: &[],
            now: self.ctx.nature.now(),
            wall: self.ctx.nature.wall(),
        }
    }

    /// How many tasks a rollout's revisions had is kept where it has just ended.
    pub(super) fn keep_counts(&self, state: &mut ServiceState) {
        let (roster, record) = (&state.roster, &mut state.record);
        let deployments: Vec<_> =
            record.revisions.iter().map(|known| (known.id.clone(), known.deployment.clone())).collect();
        let wanted: Vec<_> =
            record.deployments.iter().map(|known| (known.revision.clone(), known.desired_count)).collect();
        rollout::keep_counts(record, |revision| {
            let deployment = deployments.iter().find(|(id, _)| id == revision);
            let count = deployment.map(|(_, deployment)| roster.count_in(deployment)).unwrap_or_default();
            RevisionCount {
                revision: revision.clone(),
                requested: wanted.iter().find(|(id, _)| id == revision).map_or(0, |(_, wanted)| *wanted),
                running: count.running,
                pending: count.pending,
            }
        });
    }

    /// Tells, once, that the percentages leave no room for anything.
    fn report_stuck(&self, state: &mut ServiceState, stuck: bool) {
        // Whoever has not spoken yet may have ended.
        let stuck = stuck && state.unheard.is_empty();
        if stuck && !state.stuck {
            let message = story::stuck(&state.record.key);
            self.tell(state, message);
        }
        state.stuck = stuck;
    }

    fn stop_some(&self, state: &mut ServiceState, primary: &DeploymentId, plan: &Plan, step: Option<&Step>) {
        let mut stopped: Vec<TaskId> = Vec::new();
        for (id, why) in &plan.stop {
            if state.roster.placing(id).is_some() {
                // Its place, should it get one, is given back when the answer comes.
                state.roster.remove(id);
                continue;
            }
            if !state.roster.request_stop(id, *why) {
                continue;
            }
            let stop = match why {
                // Nobody is asked to spare a service that is deleted.
                Why::ScaleIn | Why::Superseded => {
                    let reason = format!("Scaling activity initiated by (deployment {primary})");
                    match is_draining(&state.record) {
                        true => TaskMsg::Stop { code: StopCode::ServiceSchedulerInitiated, reason },
                        false => TaskMsg::Retire { reason },
                    }
                }
                Why::Unhealthy => {
                    let message = story::unhealthy(&state.record.key, id);
                    self.tell(state, message);
                    let reason = "Task failed container health checks".into();
                    TaskMsg::Stop { code: StopCode::ServiceSchedulerInitiated, reason }
                }
            };
            stopped.push(id.clone());
            Failpoint::ServiceStopDecided.hit();
            if let Some(task) = state.children.get(id) {
                // An actor that has just ended is started again, and the request with it.
                drop(task.cast(stop));
            }
        }
        if !stopped.is_empty() {
            let key = &state.record.key;
            let message = match step.filter(|step| stopped.as_slice() == std::slice::from_ref(&step.goes)) {
                Some(step) => story::stopped_in_zone(key, &step.from, &stopped),
                None => story::stopped(key, &stopped),
            };
            self.tell_act(state, message, ServiceAction::TasksStopped);
        }
    }

    /// Tells, once for each time that it became so, which tasks are unhealthy and stay all the same.
    fn tell_unhealthy(&self, state: &mut ServiceState, plan: &Plan) {
        for id in state.roster.tell(&plan.report) {
            let message = story::unhealthy_stays(&state.record.key, &id);
            self.tell(state, message);
        }
    }

    fn start_some(
        &self,
        me: &Me,
        state: &mut ServiceState,
        members: &[Member],
        plan: &Plan,
        step: Option<Step>,
    ) {
        if plan.start.is_empty() {
            return;
        }
        let Some(definition) = self.ctx.view.definitions.get(&state.record.definition) else {
            tracing::error!(service = %state.record.key, definition = %state.record.definition, "no such task definition");
            return;
        };
        let Some(primary) = state.record.primary().map(|primary| primary.id.clone()) else { return };
        let request = Request::of_service(&state.record, &definition, &primary);
        let providers = self.providers_of(state, &primary, members, plan.start.len());
        let mut zone = step.and_then(|step| step.to);
        for (slot, provider) in plan.start.iter().zip(providers) {
            let task = self.ctx.nature.task_id();
            let mut request = Request { seed: seed_of(&task), ..request.clone() };
            request.attributes.extend(provider.as_ref().and_then(|name| group_of(&self.ctx, name)));
            let zone = zone.take();
            request.attributes.extend(zone.clone().map(|zone| (ContainerInstance::ZONE.to_owned(), zone)));
            let place = NewPlace {
                deployment: primary.clone(),
                slot: *slot,
                provider,
                zone,
                since: self.ctx.nature.wall(),
            };
            state.roster.begin(task.clone(), place);
            let (id, to, room) = (task.clone(), me.clone(), me.clone());
            let message = PlacementMsg::Reserve {
                task,
                holder: holder(&state.record),
                request: Box::new(request),
                on: None,
                answer: Box::new(move |place| drop(to.cast(ServiceMsg::Placed { task: id, place }))),
                room: Some(Box::new(move || drop(room.cast(ServiceMsg::Room)))),
            };
            self.tell_placement(state, message);
        }
    }

    /// Tells what happened, once it is settled.
    fn report(&self, state: &mut ServiceState, steady: bool) {
        if !state.started.is_empty() && !state.roster.is_placing() {
            let started = std::mem::take(&mut state.started);
            let key = &state.record.key;
            let zone = match started.as_slice() {
                [one] => state.roster.zone(one).map(str::to_owned),
                _ => None,
            };
            let message = match zone {
                Some(zone) => story::started_in_zone(key, &zone, &started),
                None => story::started(key, &started),
            };
            self.tell(state, message);
        }
        if steady && !state.steady && state.record.status == ServiceStatus::Active {
            let key = state.record.key.clone();
            if let Some(deployment) = rollout::complete(&mut state.record, self.ctx.nature.wall()) {
                Failpoint::DeploymentFinished.hit();
                self.keep_counts(state);
                metrics::deployments(key.cluster.as_str(), key.name.as_str(), COMPLETED).increment(1);
                self.tell(state, story::completed(&key, &deployment));
            }
            self.tell_act(state, story::steady(&key), ServiceAction::SteadyState);
        }
        state.steady = steady;
    }

    /// Older deployments go with their last task.
    fn finish_deployments(&self, state: &mut ServiceState) {
        let before = state.record.deployments.len();
        let roster = &state.roster;
        state
            .record
            .deployments
            .retain(|d| d.status == DeploymentStatus::Primary || roster.has_any_of(&d.id));
        if state.record.deployments.len() != before {
            state.writes.touch();
        }
        let deployments = &state.record.deployments;
        state.record.brakes.retain(|brake| deployments.iter().any(|known| known.id == brake.deployment));
        let kept: Vec<DeploymentId> = state.record.deployments.iter().map(|d| d.id.clone()).collect();
        state.roster.prune(|deployment| kept.contains(deployment));
    }
}

/// Whether failures are held against any deployment, which a task that proves well takes back.
fn has_failures(service: &Service) -> bool {
    service.deployments.iter().any(|known| known.failed_tasks > 0)
}

/// Arms the one timer anew.
fn wake_after(me: &Me, state: &mut ServiceState, wait: Option<Duration>) {
    if let Some(timer) = state.wake.take() {
        timer.abort();
    }
    state.wake = wait.map(|wait| {
        let me = me.clone();
        me.send_after(wait, || ServiceMsg::Reconcile)
    });
}
