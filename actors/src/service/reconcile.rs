//! From what is there to what is wanted.

use std::time::Duration;

use mainstay_core::deployment::{Plan, Rollout, Why, plan};
use mainstay_core::model::{DeploymentStatus, RolloutState, ServiceStatus, StopCode};
use mainstay_core::placement::Request;
use mainstay_core::{DeploymentId, TaskId};

use super::{Me, ServiceActor, ServiceMsg, ServiceState, holder, is_draining, publish, story};
use crate::failpoint::Failpoint;
use crate::placement::{PlacementMsg, seed_of};
use crate::task::TaskMsg;

impl ServiceActor {
    /// Asks what to start and stop next, and has it done.
    pub(super) fn reconcile(&self, me: &Me, state: &mut ServiceState) {
        let Some(primary) = state.record.primary().map(|primary| primary.id.clone()) else { return };
        self.follow_instances(state);
        let (wall, now) = (self.ctx.nature.wall(), self.ctx.nature.now());
        let grace = Duration::from_secs(state.record.health_check_grace_period_seconds.unwrap_or(0).into());
        let (waiting_slots, ready) = state.roster.waiting(&primary, now);
        let mut members = state.roster.plan(grace, wall, !is_draining(&state.record));
        self.move_away(state, &primary, &mut members);
        let plan = plan(&Rollout {
            desired: if is_draining(&state.record) { 0 } else { state.record.desired_count },
            limits: state.record.deployment_configuration,
            primary: &primary,
            members: &members,
            waiting_slots: &waiting_slots,
            blocked: state.blocked || self.ctx.is_closing(),
            on_unhealthy: state.record.on_unhealthy(),
        });
        if state.unheard.is_empty() {
            self.stop_some(state, &primary, &plan);
        }
        self.start_some(me, state, &primary, &plan);
        self.tell_unhealthy(state, &plan);
        self.report(state, plan.steady);
        self.finish_deployments(state);
        let grace_ends = state.roster.first_end_of_grace(grace, wall);
        let protection_ends = state.roster.first_end_of_protection(wall);
        let wait = ready.map(|ready| ready.saturating_duration_since(now));
        wake_after(me, state, wait.into_iter().chain(grace_ends).chain(protection_ends).min());
        if is_draining(&state.record) && state.roster.is_empty() {
            Failpoint::ServiceDrained.hit();
            state.record.status = ServiceStatus::Inactive;
            state.record.deployments.clear();
            state.writes.touch();
            me.stop(Some("deleted".into()));
        }
        publish(&self.ctx, state);
    }

    fn stop_some(&self, state: &mut ServiceState, primary: &DeploymentId, plan: &Plan) {
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
            let message = story::stopped(&state.record.key, &stopped);
            self.tell(state, message);
        }
    }

    /// Tells, once for each time that it became so, which tasks are unhealthy and stay all the same.
    fn tell_unhealthy(&self, state: &mut ServiceState, plan: &Plan) {
        for id in state.roster.tell(&plan.report) {
            let message = story::unhealthy_stays(&state.record.key, &id);
            self.tell(state, message);
        }
    }

    fn start_some(&self, me: &Me, state: &mut ServiceState, primary: &DeploymentId, plan: &Plan) {
        if plan.start.is_empty() {
            return;
        }
        let Some(definition) = self.ctx.view.definitions.get(&state.record.definition) else {
            tracing::error!(service = %state.record.key, definition = %state.record.definition, "no such task definition");
            return;
        };
        let request = self.request(&state.record, &definition, primary);
        for slot in &plan.start {
            let task = self.ctx.nature.task_id();
            state.roster.begin(task.clone(), primary.clone(), *slot, self.ctx.nature.wall());
            let (id, to, room) = (task.clone(), me.clone(), me.clone());
            let message = PlacementMsg::Reserve {
                task,
                holder: holder(&state.record),
                request: Request { seed: seed_of(&id), ..request.clone() },
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
            let message = story::started(&state.record.key, &started);
            self.tell(state, message);
        }
        if steady && !state.steady && state.record.status == ServiceStatus::Active {
            let now = self.ctx.nature.wall();
            let key = state.record.key.clone();
            let mut completed = None;
            for deployment in &mut state.record.deployments {
                let done = deployment.status == DeploymentStatus::Primary
                    && deployment.rollout_state == RolloutState::InProgress;
                if done {
                    deployment.rollout_state = RolloutState::Completed;
                    deployment.rollout_state_reason = format!("ECS deployment {} completed.", deployment.id);
                    deployment.updated_at = now;
                    completed = Some(story::completed(&key, deployment));
                }
            }
            if let Some(message) = completed {
                Failpoint::DeploymentFinished.hit();
                self.tell(state, message);
            }
            self.tell(state, story::steady(&key));
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
