//! What people change of a service: on disk before it is answered, one change after the other.

use std::collections::VecDeque;

use mainstay_core::deployment::rollout::{self, Beginning, NotStopped, StopType};
use mainstay_core::model::{DefinitionStatus, DeploymentStatus, Service, ServiceStatus, Timestamp};
use mainstay_core::tagging::TagChange;
use mainstay_core::{DeploymentId, ServiceDeploymentId, ServiceRevisionId};
use std::sync::Arc;

use super::{Handled, Me, ServiceActor, ServiceMsg, ServiceState, publish};
use crate::control::{ControlError, Reply, ServiceUpdate};
use crate::failpoint::Failpoint;
use crate::ports::{StoreError, Write};

/// Changes on their way to the disk.
#[derive(Default)]
pub(super) struct Writes {
    current: Option<Pending>,
    queue: VecDeque<Pending>,
    touched: bool,
}

struct Pending {
    change: Change,
    reply: Reply<Arc<Service>>,
}

/// A change that can be applied to whatever the record is by then.
#[derive(Clone)]
enum Change {
    Update { update: Box<ServiceUpdate>, ids: Ids, at: Timestamp },
    Delete { at: Timestamp },
    StopRollout { record: ServiceDeploymentId, how: StopType, at: Timestamp },
    Tag(TagChange),
}

/// Of the rollout that an update may begin; drawn once, since the change may be applied twice.
#[derive(Clone)]
struct Ids {
    deployment: DeploymentId,
    revision: ServiceRevisionId,
    record: ServiceDeploymentId,
}

impl Change {
    /// On its way: decided, committed, shown.
    fn failpoints(&self) -> [Failpoint; 3] {
        use Failpoint as At;
        match self {
            Self::Update { .. } | Self::StopRollout { .. } | Self::Tag(_) => {
                [At::ServiceUpdateDecided, At::ServiceUpdateCommitted, At::ServiceUpdateShown]
            }
            Self::Delete { .. } => {
                [At::ServiceDeleteDecided, At::ServiceDeleteCommitted, At::ServiceDeleteShown]
            }
        }
    }
}

impl Writes {
    /// The record changed by itself.
    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// Whether the record is to be noted now: it changed, and no change of a person's is under way, which the
    /// note would overwrite.
    pub(super) fn take_touched(&mut self) -> bool {
        self.current.is_none() && std::mem::take(&mut self.touched)
    }
}

impl ServiceActor {
    pub(super) fn update(
        &self,
        me: &Me,
        state: &mut ServiceState,
        update: ServiceUpdate,
        reply: Reply<Arc<Service>>,
    ) -> Handled {
        if let Some(key) = &update.definition {
            let refusal = match self.ctx.view.definitions.get(key) {
                None => Some(ControlError::DefinitionNotFound(key.clone())),
                Some(found) if found.status != DefinitionStatus::Active => {
                    Some(ControlError::DefinitionInactive(key.clone()))
                }
                Some(_) => None,
            };
            if let Some(refusal) = refusal {
                drop(reply.send(Err(refusal)));
                return Ok(());
            }
        }
        let nature = &self.ctx.nature;
        let ids = Ids {
            deployment: nature.deployment_id(),
            revision: nature.revision_id(),
            record: nature.service_deployment_id(),
        };
        let change = Change::Update { update: Box::new(update), ids, at: nature.wall() };
        self.enqueue(me, state, Pending { change, reply });
        Ok(())
    }

    pub(super) fn tag(
        &self,
        me: &Me,
        state: &mut ServiceState,
        change: TagChange,
        reply: Reply<Arc<Service>>,
    ) -> Handled {
        self.enqueue(me, state, Pending { change: Change::Tag(change), reply });
        Ok(())
    }

    pub(super) fn stop_rollout(
        &self,
        me: &Me,
        state: &mut ServiceState,
        record: ServiceDeploymentId,
        how: StopType,
        reply: Reply<Arc<Service>>,
    ) -> Handled {
        let at = self.ctx.nature.wall();
        self.enqueue(me, state, Pending { change: Change::StopRollout { record, how, at }, reply });
        Ok(())
    }

    pub(super) fn delete(
        &self,
        me: &Me,
        state: &mut ServiceState,
        force: bool,
        reply: Reply<Arc<Service>>,
    ) -> Handled {
        if state.record.desired_count > 0 && !force {
            drop(reply.send(Err(ControlError::ServiceScaledAboveZero)));
            return Ok(());
        }
        let at = self.ctx.nature.wall();
        self.enqueue(me, state, Pending { change: Change::Delete { at }, reply });
        Ok(())
    }

    /// The change that was under way is on disk, or is not.
    pub(super) fn written(&self, me: &Me, state: &mut ServiceState, outcome: Result<(), StoreError>) {
        if let Some(done) = state.writes.current.take() {
            let [_, committed, shown] = done.change.failpoints();
            committed.hit();
            // Whatever else happened to the record meanwhile is kept, and noted after this.
            let applied = outcome
                .map_err(|error| ControlError::Unavailable(error.to_string()))
                .and_then(|()| apply(&state.record, &done.change));
            let answer = match applied {
                Ok(record) => {
                    state.record = record;
                    if !matches!(done.change, Change::Tag(_)) {
                        state.steady = false;
                        state.blocked = false;
                    }
                    self.ctx.show(vec![Write::Service(state.record.clone())]);
                    Ok(Arc::new(state.record.clone()))
                }
                Err(error) => {
                    // What is on disk may be a change that came too late.
                    state.writes.touch();
                    Err(error)
                }
            };
            shown.hit();
            // The caller may have gone.
            drop(done.reply.send(answer));
        }
        publish(&self.ctx, state);
        self.write_next(me, state);
    }

    fn enqueue(&self, me: &Me, state: &mut ServiceState, pending: Pending) {
        state.writes.queue.push_back(pending);
        self.write_next(me, state);
    }

    fn write_next(&self, me: &Me, state: &mut ServiceState) {
        if state.writes.current.is_some() {
            return;
        }
        while let Some(pending) = state.writes.queue.pop_front() {
            if state.record.status != ServiceStatus::Active {
                drop(pending.reply.send(Err(ControlError::ServiceNotActive(state.record.key.clone()))));
                continue;
            }
            let changed = match apply(&state.record, &pending.change) {
                Ok(changed) => changed,
                Err(refusal) => {
                    drop(pending.reply.send(Err(refusal)));
                    continue;
                }
            };
            let [decided, ..] = pending.change.failpoints();
            decided.hit();
            let done = self.ctx.commit(vec![Write::Service(changed)]);
            let me = me.clone();
            self.ctx.spawn(async move { drop(me.cast(ServiceMsg::Written(done.await))) });
            state.writes.current = Some(pending);
            return;
        }
    }
}

/// The record as the change makes it.
///
/// # Errors
/// Where a rollout cannot be stopped in that way, or any more, or there would be too many tags.
fn apply(service: &Service, change: &Change) -> Result<Service, ControlError> {
    let mut next = service.clone();
    match change {
        Change::Delete { at } => {
            next.status = ServiceStatus::Draining;
            next.desired_count = 0;
            for deployment in &mut next.deployments {
                deployment.desired_count = 0;
                deployment.updated_at = *at;
            }
        }
        Change::Tag(change) => next.tags = change.apply(&next.tags)?,
        Change::StopRollout { record, how, at } => {
            rollout::ask_to_stop(&mut next, record, *how, *at).map_err(|refusal| match refusal {
                NotStopped::Unknown => ControlError::ServiceDeploymentNotFound(record.clone()),
                other => ControlError::Conflict(other.to_string()),
            })?;
        }
        Change::Update { update, ids, at } => {
            if let Some(desired) = update.desired_count {
                next.desired_count = desired;
            }
            next.deployment_configuration =
                update.deployment_configuration.unwrap_or(next.deployment_configuration);
            next.alarms = update.alarms.clone().unwrap_or(next.alarms);
            rollout::reconfigured(&mut next, *at);
            next.health_check_grace_period_seconds =
                update.health_check_grace_period_seconds.or(next.health_check_grace_period_seconds);
            next.platform_version = update.platform_version.clone().or(next.platform_version);
            next.propagate_tags = update.propagate_tags.or(next.propagate_tags);
            next.enable_ecs_managed_tags =
                update.enable_ecs_managed_tags.unwrap_or(next.enable_ecs_managed_tags);
            next.enable_execute_command =
                update.enable_execute_command.unwrap_or(next.enable_execute_command);
            // None of these begins a deployment, as in ECS.
            next.placement_constraints =
                update.placement_constraints.clone().unwrap_or(next.placement_constraints);
            next.placement_strategy = update.placement_strategy.clone().unwrap_or(next.placement_strategy);
            next.zone_rebalancing = update.zone_rebalancing.unwrap_or(next.zone_rebalancing);
            let definition = update.definition.clone().unwrap_or_else(|| next.definition.clone());
            let before = next.primary().and_then(|primary| primary.network.clone());
            let network = update.network.clone().unwrap_or_else(|| before.clone());
            let capacity = update.capacity.clone().unwrap_or_else(|| next.capacity().to_vec());
            let differs =
                definition != next.definition || network != before || capacity.as_slice() != next.capacity();
            if differs || update.force_new_deployment {
                let Ids { deployment, revision, record } = ids.clone();
                let beginning =
                    Beginning { deployment, revision, record, definition, network, capacity, at: *at };
                rollout::begin(&mut next, beginning);
            }
            for known in next.deployments.iter_mut().filter(|known| known.status == DeploymentStatus::Primary)
            {
                if known.desired_count != next.desired_count {
                    known.desired_count = next.desired_count;
                    known.updated_at = *at;
                }
            }
        }
    }
    Ok(next)
}
