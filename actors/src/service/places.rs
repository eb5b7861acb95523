//! Where a service's tasks may be, are, and may stay.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::deployment::Member;
use mainstay_core::model::{
    ContainerInstance, DeploymentStatus, InstanceStatus, Overrides, PlacementConstraint, SchedulingStrategy,
    Service, TaskDefinition, TaskStatus,
};
use mainstay_core::placement::query::Facts;
use mainstay_core::placement::{Constraints, GpuNeed, Request, required_attributes, requirements};
use mainstay_core::{DeploymentId, InstanceId};

use super::{ServiceActor, ServiceState, is_draining};

/// Stands for the deployment of members that have to move: they serve until others do in their stead, as those of an
/// older deployment.
const MOVING: &str = "moving";

impl ServiceActor {
    /// What placement is asked for a task of the primary deployment.
    pub(super) fn request(
        &self,
        service: &Service,
        definition: &TaskDefinition,
        primary: &DeploymentId,
    ) -> Request {
        let mut constraints = constraints(service, definition);
        if service.scheduling == SchedulingStrategy::Daemon {
            constraints.push(PlacementConstraint::DistinctInstance);
        }
        Request {
            resources: requirements(definition, &Overrides::default()),
            gpus: GpuNeed::of(definition, &Overrides::default()),
            attributes: required_attributes(definition),
            kin: primary.to_string(),
            constraints,
            strategy: service.placement_strategy.clone(),
            ..Request::of_group(group(service))
        }
    }

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

    /// The container instances that a DAEMON has a task on. One whose engine is away keeps the task it has, and gets
    /// none.
    fn instances(&self, service: &Service) -> Vec<InstanceId> {
        let view = &self.ctx.view;
        let Some(definition) = view.definitions.get(&service.definition) else { return Vec::new() };
        let constraints = Constraints::of(&constraints(service, &definition));
        let own = group(service);
        let mut groups: BTreeMap<InstanceId, BTreeMap<String, u32>> = BTreeMap::new();
        let live = |task: &mainstay_core::model::Task| {
            task.cluster == service.key.cluster && task.last_status != TaskStatus::Stopped
        };
        for task in view.tasks.filter(live) {
            *groups.entry(task.instance.clone()).or_default().entry(task.group.clone()).or_default() += 1;
        }
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

fn constraints(service: &Service, definition: &TaskDefinition) -> Vec<PlacementConstraint> {
    definition.placement_constraints.iter().chain(&service.placement_constraints).cloned().collect()
}

fn group(service: &Service) -> String {
    format!("service:{}", service.key.name)
}

fn is_leaving(instance: &ContainerInstance) -> bool {
    instance.status == InstanceStatus::Draining
}
