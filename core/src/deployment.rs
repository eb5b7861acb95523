//! What a service starts and stops next: scaling, rollouts and replacements, all by one rule.
//!
//! A pure function of what is there. Each slot of the primary deployment wants one member that serves; everything
//! else follows from that and from ECS's two percentages.

pub mod breaker;
pub mod rollout;

use std::collections::BTreeSet;

use crate::model::{DeploymentConfiguration, OnUnhealthy, Timestamp};
use crate::{DeploymentId, TaskId};

/// A task of the service, as the planner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which task.
    pub id: TaskId,
    /// Which deployment started it.
    pub deployment: DeploymentId,
    /// Its place among siblings.
    pub slot: u32,
    /// How well it is.
    pub fitness: Fitness,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Neither scale-in nor a rollout may stop it now.
    pub protected: bool,
    /// Of those that are alike, the first to go where there are too many.
    pub surplus: bool,
}

/// How well a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fitness {
    /// Not up yet.
    Starting,
    /// Up, with a health check that has no verdict yet.
    Unproven,
    /// Up and well.
    Serving,
    /// Up and sick.
    Unhealthy,
    /// Being stopped; its containers may still run.
    Stopping,
}

/// What is wanted, and what is there.
#[derive(Debug, Clone, Copy)]
pub struct Rollout<'a> {
    /// How many shall serve.
    pub desired: u32,
    /// The limits.
    pub limits: DeploymentConfiguration,
    /// The deployment they shall be of.
    pub primary: &'a DeploymentId,
    /// Everybody.
    pub members: &'a [Member],
    /// Slots of the primary that may not be filled yet.
    pub waiting_slots: &'a BTreeSet<u32>,
    /// The last placement was refused, and no room has appeared since.
    pub blocked: bool,
    /// The primary deployment was given up: nothing of it is started any more, and nothing makes room for it.
    pub halted: bool,
    /// The deployment that would come back: of older members, its are the last to leave.
    pub fallback: Option<&'a DeploymentId>,
    /// What becomes of a member that is sick.
    pub on_unhealthy: OnUnhealthy,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Slots of the primary to start a task in.
    pub start: Vec<u32>,
    /// Members to stop.
    pub stop: Vec<(TaskId, Why)>,
    /// Members that are sick and stay, of which somebody is to be told.
    pub report: Vec<TaskId>,
    /// Everything is as it shall be.
    pub steady: bool,
    /// Something is missing that the percentages let nobody start or make room for, and nothing is under way that
    /// will change that.
    pub stuck: bool,
}

/// Why a member is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There are more than wanted.
    ScaleIn,
    /// It is of an older deployment.
    Superseded,
    /// Its health check failed.
    Unhealthy,
}

/// As many must serve: `minimumHealthyPercent` of the desired count, rounded up.
pub fn lower_bound(desired: u32, limits: DeploymentConfiguration) -> u32 {
    percent(desired, limits.minimum_healthy_percent, 99)
}

/// No more may be there: `maximumPercent` of the desired count, rounded down.
pub fn upper_bound(desired: u32, limits: DeploymentConfiguration) -> u32 {
    percent(desired, limits.maximum_percent, 0)
}

fn percent(of: u32, percent: u32, round: u64) -> u32 {
    u32::try_from((u64::from(of) * u64::from(percent) + round) / 100).unwrap_or(u32::MAX)
}

/// Decides what to start and stop next.
///
/// Members that are being stopped still count against the upper bound, since their containers may still run, and
/// towards nothing else. A sick member's replacement comes first where there is room for both (ECS since 2023); where
/// it is only to be reported, it keeps its slot, serves nobody (so that nothing is steady), and goes before others do.
///
/// A protected member is kept before any other of its deployment, and stays where it is too many or of an older one: the
/// plan is not steady then, and whoever asks asks again when its protection is over. A sick one is replaced all the same.
pub fn plan(rollout: &Rollout<'_>) -> Plan {
    let mut plan = Plan::default();
    let is_new = |member: &&Member| member.deployment == *rollout.primary;
    let live = || rollout.members.iter().filter(|member| member.fitness != Fitness::Stopping);

    // As many as wanted stay, the fittest first; that they stand in different slots is usual, not required.
    let reported = rollout.on_unhealthy == OnUnhealthy::Report;
    let is_sick = |member: &Member| member.fitness == Fitness::Unhealthy;
    let mut keepers: Vec<&Member> =
        live().filter(is_new).filter(|member| reported || !is_sick(member)).collect();
    keepers.sort_by_key(|member| {
        let rank = (std::cmp::Reverse(member.protected), is_sick(member), std::cmp::Reverse(member.fitness));
        (rank, member.surplus, member.slot, member.created_at, &member.id)
    });
    let surplus = keepers.split_off(keepers.len().min(rollout.desired as usize));
    // A protected one that is kept and does not serve yet costs nobody who does, where that would be one too few.
    let serving = live().filter(is_new).filter(|member| member.fitness == Fitness::Serving).count();
    let floor = lower_bound(rollout.desired, rollout.limits).min(rollout.desired);
    let mut dispensable = serving.saturating_sub(floor as usize);
    for member in surplus.iter().filter(|member| !member.protected) {
        if member.fitness == Fitness::Serving {
            if dispensable == 0 {
                continue;
            }
            dispensable -= 1;
        }
        plan.stop.push((member.id.clone(), Why::ScaleIn));
    }

    // A slot that backs off is one of the missing: its neighbour does not start in its stead.
    let used: BTreeSet<u32> = keepers.iter().map(|keeper| keeper.slot).collect();
    let missing = (rollout.desired as usize).saturating_sub(keepers.len());
    let missing = if rollout.halted { 0 } else { missing };
    let uncovered: Vec<u32> = (0..u32::MAX).filter(|slot| !used.contains(slot)).take(missing).collect();
    let serving = keepers.iter().filter(|keeper| keeper.fitness == Fitness::Serving).count();
    let present = u32::try_from(rollout.members.len()).unwrap_or(u32::MAX);
    let room = if rollout.blocked {
        0
    } else {
        upper_bound(rollout.desired, rollout.limits).saturating_sub(present)
    };
    let startable: Vec<u32> =
        uncovered.iter().copied().filter(|slot| !rollout.waiting_slots.contains(slot)).collect();
    plan.start = startable.iter().copied().take(room as usize).collect();
    // Starts that only a stop can make room for.
    let cramped = startable.len().saturating_sub(plan.start.len());

    if !reported {
        stop_unhealthy(rollout, serving, cramped, &mut plan);
    }
    stop_superseded(rollout, serving, cramped, &mut plan);

    plan.report.extend(keepers.iter().filter(|member| is_sick(member)).map(|member| member.id.clone()));
    let wanted = rollout.desired as usize;
    plan.steady = serving == wanted && rollout.members.len() == wanted;
    let settled = |member: &Member| matches!(member.fitness, Fitness::Serving | Fitness::Unhealthy);
    plan.stuck = !startable.is_empty()
        && !rollout.blocked
        && plan.start.is_empty()
        && plan.stop.is_empty()
        && rollout.members.iter().all(settled);
    plan
}

/// Sick members of the primary go as others serve in their stead, or where only that makes room.
fn stop_unhealthy(rollout: &Rollout<'_>, serving: usize, cramped: usize, plan: &mut Plan) {
    let sick = rollout.members.iter().filter(|member| member.fitness == Fitness::Unhealthy);
    let mut sick: Vec<&Member> = sick.filter(|member| member.deployment == *rollout.primary).collect();
    sick.sort_by_key(|member| (member.created_at, &member.id));
    // What is being stopped already makes room too.
    let to_make_room = cramped.saturating_sub(stopping(rollout));
    // Nobody comes in its stead where the deployment was given up, so that there is nothing to wait for.
    let replaced = if rollout.halted {
        sick.len()
    } else {
        (serving + sick.len()).saturating_sub(rollout.desired as usize)
    };
    // Protection holds scale-in up, but keeps no sick task.
    let why = |member: &Member| {
        if rollout.desired == 0 && !member.protected { Why::ScaleIn } else { Why::Unhealthy }
    };
    let gone = sick.iter().take(replaced.max(to_make_room));
    plan.stop.extend(gone.map(|member| (member.id.clone(), why(member))));
}

/// Members of older deployments go as new ones serve, and down to the lower bound where only that makes room.
fn stop_superseded(rollout: &Rollout<'_>, serving_new: usize, cramped: usize, plan: &mut Plan) {
    let older =
        rollout.members.iter().filter(|m| m.deployment != *rollout.primary && m.fitness != Fitness::Stopping);
    let (mut serving, idle): (Vec<&Member>, Vec<&Member>) =
        older.partition(|m| m.fitness == Fitness::Serving);
    // Those that do not serve add nothing; where nothing comes after them they may yet.
    let idle = if rollout.halted { Vec::new() } else { idle };
    plan.stop.extend(
        idle.iter().filter_map(|member| Some((member.id.clone(), why_idle(member, rollout.on_unhealthy)?))),
    );
    let total = serving.len() + serving_new;
    // What was given up replaces nobody.
    let total_in_charge = if rollout.halted { serving.len() } else { total };
    let replaced = total_in_charge.saturating_sub(rollout.desired as usize);
    let spare = total.saturating_sub(lower_bound(rollout.desired, rollout.limits) as usize);
    let to_make_room = cramped.saturating_sub(stopping(rollout) + plan.stop.len());
    let count = replaced.max(spare.min(to_make_room));
    serving.retain(|member| !member.protected);
    serving
        .sort_by_key(|member| (rollout.fallback == Some(&member.deployment), member.created_at, &member.id));
    plan.stop.extend(serving.iter().take(count).map(|member| (member.id.clone(), Why::Superseded)));
}

/// Why a member of an older deployment that does not serve is to stop, where it is.
fn why_idle(member: &Member, on_unhealthy: OnUnhealthy) -> Option<Why> {
    match (member.protected, member.fitness) {
        (false, _) => Some(Why::Superseded),
        (true, Fitness::Unhealthy) if on_unhealthy == OnUnhealthy::Replace => Some(Why::Unhealthy),
        (true, _) => None,
    }
}

fn stopping(rollout: &Rollout<'_>) -> usize {
    rollout.members.iter().filter(|member| member.fitness == Fitness::Stopping).count()
}

#[cfg(test)]
mod tests;
