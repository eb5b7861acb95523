//! Where a service's tasks may be, are, and may stay.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::deployment::{Fitness, Member};
use mainstay_core::model::{
    ContainerInstance, DeploymentStatus, InstanceStatus, PlacementStrategy, SchedulingStrategy, Service,
};
use mainstay_core::placement::Constraints;
use mainstay_core::placement::capacity::{self, Standing};
use mainstay_core::placement::query::Facts;
use mainstay_core::{CapacityProviderName, DeploymentId, InstanceId, TaskId};

use super::{ServiceActor, ServiceState, is_draining};

/// Stands for the deployment of members that have to move: they serve until others do in their stead, as those of an
/// older deployment.
pub(super) const MOVING: &str = "moving";

impl ServiceActor {
    /// A DAEMON wants as many tasks as there are container instances for it.
    pub(super) fn follow_instances(&self, state: &mut ServiceState) {
        if state.record.scheduling != SchedulingStrategy::Daemon || is_draining(&state.record) {
            return;
        }
        let count = u32::try_from(self.instances(&state.record).len()).unwrap_or(u32::MAX);
        if state.record.desired_count == count {
            return;
        }
        let now = self.ctx.nature.wall();
        state.record.desired_count = count;
        for primary in state.record.deployments.iter_mut().filter(|d| d.status == DeploymentStatus::Primary) {
            primary.desired_count = count;
            primary.updated_at = now;
        }
        state.writes.touch();
    }

    /// Marks those that have to leave their container instance: it is DRAINING, or no longer one of a DAEMON's.
    pub(super) fn move_away(&self, state: &ServiceState, primary: &DeploymentId, members: &mut [Member]) {
        let view = &self.ctx.view;
        let everywhere = (state.record.scheduling == SchedulingStrategy::Daemon)
            .then(|| self.instances(&state.record).into_iter().collect::<BTreeSet<_>>());
        for member in members.iter_mut().filter(|member| member.deployment == *primary) {
            let Some(task) = view.tasks.get(&member.id) else { continue };
            let leaves = match &everywhere {
                Some(instances) => !instances.contains(&task.instance),
                None => view.instances.get(&task.instance).is_some_and(|instance| is_leaving(&instance)),
            };
            if leaves {
                member.deployment = DeploymentId::new(MOVING);
            }
        }
    }

    /// Marks those of the primary that go first where there are too many: what stays is shared out over capacity providers
    /// as it was asked for, and even over zones where tasks are spread over them.
    pub(super) fn mark_surplus(&self, state: &ServiceState, primary: &DeploymentId, members: &mut [Member]) {
        let record = &state.record;
        let desired = record.desired_count;
        let is_live =
            |member: &&mut Member| member.deployment == *primary && member.fitness != Fitness::Stopping;
        let mut live: Vec<&mut Member> = members.iter_mut().filter(is_live).collect();
        if live.len() <= desired as usize || desired == 0 {
            return;
        }
        let even = is_spread_over_zones(record);
        live.sort_by_key(|member| (member.slot, member.created_at));
        let standing: Vec<Standing> = live
            .iter()
            .map(|member| Standing {
                provider: state.roster.provider(&member.id).cloned(),
                zone: even.then(|| self.zone_of(&member.id)).flatten().unwrap_or_default(),
            })
            .collect();
        let surplus = capacity::surplus(record.capacity(), &standing, desired);
        for (member, surplus) in live.into_iter().zip(surplus) {
            member.surplus = surplus;
        }
    }

    /// The zone in which a task is, where its container instance says one.
    pub(super) fn zone_of(&self, task: &TaskId) -> Option<String> {
        let view = &self.ctx.view;
        let instance = view.instances.get(&view.tasks.get(task)?.instance)?;
        instance.zone().map(str::to_owned)
    }

    /// The capacity provider of each of so many tasks to start; none where there is no strategy. Where nobody has a
    /// weight there are fewer.
    pub(super) fn providers_of(
        &self,
        state: &ServiceState,
        primary: &DeploymentId,
        members: &[Member],
        more: usize,
    ) -> Vec<Option<CapacityProviderName>> {
        let strategy = state.record.capacity();
        if strategy.is_empty() {
            return vec![None; more];
        }
        let mut present: BTreeMap<CapacityProviderName, u32> = BTreeMap::new();
        let live = |member: &&Member| member.deployment == *primary && member.fitness != Fitness::Stopping;
        for member in members.iter().filter(live) {
            if let Some(provider) = state.roster.provider(&member.id) {
                *present.entry(provider.clone()).or_default() += 1;
            }
        }
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        capacity::share_out(strategy, &present, more).into_iter().map(Some).collect()
    }

    /// The container instances that a DAEMON has a task on. One whose engine is away keeps the task it has, and gets
    /// none.
    fn instances(&self, service: &Service) -> Vec<InstanceId> {
        let view = &self.ctx.view;
        let Some(definition) = view.definitions.get(&service.definition) else { return Vec::new() };
        let constraints = Constraints::of(&service.constraints_with(&definition));
        let own = service.group();
        let groups = view.groups_by_instance(&service.key.cluster);
        let nothing = BTreeMap::new();
        let meant = |instance: &ContainerInstance| {
            let tasks = groups.get(&instance.id).unwrap_or(&nothing);
            instance.cluster == service.key.cluster
                && !is_leaving(instance)
                && (instance.engine_connected || tasks.contains_key(&own))
                && constraints.allow(&Facts::of(instance), tasks)
        };
        view.instances.filter(meant).iter().map(|instance| instance.id.clone()).collect()
    }
}

/// Whether its tasks go over zones before anything else, which they do where nothing is said.
pub(super) fn is_spread_over_zones(service: &Service) -> bool {
    service.placement_strategy.first().is_none_or(PlacementStrategy::is_over_zones)
}

fn is_leaving(instance: &ContainerInstance) -> bool {
    instance.status == InstanceStatus::Draining
}
