//! Keeping a service's tasks even over availability zones, where that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::deployment::{Fitness, Member, upper_bound};
use mainstay_core::model::{ContainerInstance, RolloutState, TaskDefinition};
use mainstay_core::placement::query::Facts;
use mainstay_core::placement::zones::{self, Rebalance, Zone};
use mainstay_core::placement::{Constraints, Request};
use mainstay_core::{DeploymentId, TaskId};

use super::places::MOVING;
use super::{ServiceActor, ServiceState, is_draining, story};

/// How far a service is with keeping zones even.
#[derive(Default)]
pub(super) struct ZoneWatch {
    /// It was told that they are not, and not yet that they are again.
    uneven: bool,
    /// The zone with fewer has no place, and no room has appeared since.
    pub(super) refused: bool,
}

/// A step towards even zones.
pub(super) struct Step {
    /// Who goes, once another one serves in its stead.
    pub(super) goes: TaskId,
    /// From where.
    pub(super) from: String,
    /// Where the other one starts, where it has not yet.
    pub(super) to: Option<String>,
}

impl ServiceActor {
    /// Marks a member that goes for another zone, as one of an older deployment: it serves until another one does in its
    /// stead. None goes while a rollout is under way, one has to move for another reason, or the percentages leave no room.
    pub(super) fn even_zones(
        &self,
        state: &mut ServiceState,
        primary: &DeploymentId,
        members: &mut [Member],
    ) -> Option<Step> {
        let record = &state.record;
        let wanted = record.zone_rebalancing && !is_draining(record) && state.unheard.is_empty();
        let done = record.primary().is_some_and(|primary| primary.rollout_state == RolloutState::Completed);
        let is_live = |member: &&Member| member.fitness != Fitness::Stopping;
        let elsewhere = members.iter().filter(is_live).any(|member| member.deployment != *primary);
        let room = upper_bound(record.desired_count, record.deployment_configuration) > record.desired_count;
        // One task is even by itself, and while more or fewer than one too many are there something else is under way.
        let live = members.iter().filter(is_live).count().saturating_sub(record.desired_count as usize);
        let settled = record.desired_count > 1 && live <= 1;
        if !wanted || !done || elsewhere || !room || !settled {
            return None;
        }
        let definition = self.ctx.view.definitions.get(&record.definition)?;
        let mut zones = self.zones_for(state, primary, &definition);
        let in_zone: Vec<(usize, String)> = members
            .iter()
            .enumerate()
            .filter(|(_, member)| is_live(member))
            .map(|(index, member)| (index, self.zone_for(state, &member.id).unwrap_or_default()))
            .collect();
        for (index, zone) in &in_zone {
            // A zone that takes no tasks now is not to be made even, and what is there does not count.
            if let Some(zone) = zones.get_mut(zone) {
                match members[*index].fitness {
                    Fitness::Serving => zone.serving += 1,
                    _ => zone.starting += 1,
                }
            }
        }
        let counted: u32 = zones.values().map(|zone| zone.serving + zone.starting).sum();
        if counted as usize != in_zone.len() {
            return None;
        }
        let (from, to) = match zones::rebalance(&zones, record.desired_count) {
            Rebalance::Nothing => {
                self.tell_even(state, &zones);
                return None;
            }
            Rebalance::Move { .. } if state.zones.refused => return None,
            // Somebody scales in.
            Rebalance::Finish { .. } if !state.zones.uneven => return None,
            Rebalance::Move { from, to } => (from, Some(to)),
            Rebalance::Finish { from } => (from, None),
        };
        let movable = |index: &usize| {
            let member = &members[*index];
            !member.protected && member.fitness == Fitness::Serving
        };
        let there = in_zone.iter().filter(|(_, zone)| *zone == from).map(|(index, _)| *index);
        let goes = there.filter(movable).max_by_key(|index| members[*index].slot)?;
        if to.is_some() && !state.zones.uneven {
            state.zones.uneven = true;
            let message = story::uneven(&state.record.key, &zones);
            self.tell(state, message);
        }
        members[goes].deployment = DeploymentId::new(MOVING);
        Some(Step { goes: members[goes].id.clone(), from, to })
    }

    fn tell_even(&self, state: &mut ServiceState, zones: &BTreeMap<String, Zone>) {
        let total: u32 = zones.values().map(|zone| zone.serving).sum();
        if state.zones.uneven && total == state.record.desired_count && zones::is_even(zones) {
            state.zones.uneven = false;
            let message = story::even(&state.record.key, zones);
            self.tell(state, message);
        }
    }

    /// Where a member is, or is to be.
    fn zone_for(&self, state: &ServiceState, id: &TaskId) -> Option<String> {
        state.roster.placing(id).and_then(|member| member.zone).or_else(|| self.zone_of(id))
    }

    /// The zones in which a task of the service may be just now, each with nobody in it.
    fn zones_for(
        &self,
        state: &ServiceState,
        primary: &DeploymentId,
        definition: &TaskDefinition,
    ) -> BTreeMap<String, Zone> {
        let view = &self.ctx.view;
        let cluster = &state.record.key.cluster;
        let request = Request::of_service(&state.record, definition, primary);
        let constraints = Constraints::of(&request.constraints);
        let groups =
            if request.asks_for_tasks() { view.groups_by_instance(cluster) } else { BTreeMap::new() };
        let nothing = BTreeMap::new();
        let takes = |instance: &ContainerInstance| {
            let has = |(name, value): &(String, String)| {
                instance.all_attributes().any(|(known, is)| known == name && is == value)
            };
            instance.cluster == *cluster
                && instance.accepts()
                && request.attributes.iter().all(has)
                && constraints.allow(&Facts::of(instance), groups.get(&instance.id).unwrap_or(&nothing))
        };
        let instances = view.instances.filter(takes);
        let found: BTreeSet<String> =
            instances.iter().filter_map(|instance| instance.zone().map(str::to_owned)).collect();
        found.into_iter().map(|zone| (zone, Zone::default())).collect()
    }
}
