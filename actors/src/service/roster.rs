//! A service's tasks and slots: who is there, how well, and what is held against whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_core::deployment::{Fitness, Member as Planned, Why};
use mainstay_core::model::{Brake, Health, Task, TaskOwner, TaskStatus, Timestamp};
use mainstay_core::restart::{End, History};
use mainstay_core::{CapacityProviderName, DeploymentId, TaskId};

/// Everybody who is there or about to be.
#[derive(Default)]
pub(super) struct Roster {
    members: BTreeMap<TaskId, Member>,
    slots: BTreeMap<(DeploymentId, u32), Slot>,
}

/// A task of the service, from the moment it was decided on.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) deployment: DeploymentId,
    pub(super) slot: u32,
    /// The capacity provider that it is of, where a strategy places it.
    pub(super) provider: Option<CapacityProviderName>,
    /// The zone that it is to make even.
    pub(super) zone: Option<String>,
    since: Timestamp,
    /// Absent while it is being placed.
    task: Option<Arc<Task>>,
    running_since: Option<Instant>,
    /// Since when it is up; of one that was there before this actor, as the wall clock had it then.
    up_since: Option<Instant>,
    was_healthy: bool,
    stop_requested: Option<Why>,
    accounted: bool,
    /// It was seen well, or was so when this actor came.
    proved: bool,
    /// It was told that it is unhealthy and stays, and it has not been healthy since.
    told_sick: bool,
}

/// Where among its siblings a new member is.
pub(super) struct NewPlace {
    pub(super) deployment: DeploymentId,
    pub(super) slot: u32,
    pub(super) provider: Option<CapacityProviderName>,
    pub(super) zone: Option<String>,
    pub(super) since: Timestamp,
}

/// A place among siblings: what is held against it, and when it may be filled again.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) history: History,
    pub(super) ready_at: Option<Instant>,
    pub(super) died_at: Option<Instant>,
}

/// How many there are, in ECS's counts.
#[derive(Default)]
pub(super) struct Count {
    pub(super) running: u32,
    /// Not RUNNING yet, and not stopping.
    pub(super) pending: u32,
}

/// What a task's change means to its service.
pub(super) struct Change {
    /// It is up in a slot whose last task died then.
    pub(super) replaced: Option<Instant>,
    /// It ended unwanted, which was not noted before.
    pub(super) ended: Option<End>,
    /// That was for its failed health check.
    pub(super) sick: bool,
}

/// How tasks show that they are well, and by which clocks that is measured.
#[derive(Clone, Copy)]
pub(super) struct Proof<'a> {
    /// A failed health check is not held against a task that is up for less.
    pub(super) grace: Duration,
    /// So long a task without a health check has to run.
    pub(super) settle: Duration,
    /// The deployments whose tasks have to, before they count as serving.
    pub(super) settling: &'a [DeploymentId],
    /// Now.
    pub(super) now: Instant,
    /// Now, on the wall.
    pub(super) wall: Timestamp,
}

impl Roster {
    /// Decides on a task; it has no place yet.
    pub(super) fn begin(&mut self, id: TaskId, place: NewPlace) {
        let NewPlace { deployment, slot, provider, zone, since } = place;
        let member = Member {
            deployment,
            slot,
            provider,
            zone,
            since,
            task: None,
            running_since: None,
            up_since: None,
            was_healthy: false,
            stop_requested: None,
            accounted: false,
            proved: false,
            told_sick: false,
        };
        self.members.insert(id, member);
    }

    /// Takes over a task that was there before this actor, and of which may be told that it is sick.
    pub(super) fn adopt(&mut self, task: Arc<Task>, proof: &Proof<'_>, told_sick: bool) {
        let TaskOwner::Service { deployment, slot, .. } = &task.owner else { return };
        let id = task.id.clone();
        let place = NewPlace {
            deployment: deployment.clone(),
            slot: *slot,
            provider: task.capacity_provider.clone(),
            zone: None,
            since: task.created_at,
        };
        self.begin(id.clone(), place);
        if let Some(member) = self.members.get_mut(&id) {
            member.told_sick = told_sick;
        }
        self.placed(task);
        if let Some(member) = self.members.get_mut(&id) {
            let started = member.task.as_ref().filter(|task| is_up(task)).and_then(|task| task.started_at);
            member.up_since = started.and_then(|started| {
                proof.now.checked_sub(Duration::from_millis(proof.wall.millis_since(started)))
            });
            // Told to whoever was there before.
            member.proved = member.is_proved(proof);
            let ending = |task: &Arc<Task>| task.desired_status == TaskStatus::Stopped;
            member.accounted = member.task.as_ref().is_some_and(ending);
        }
    }

    /// Those of these sick members of which it was not told yet since they were last well; from now on it is.
    pub(super) fn tell(&mut self, sick: &[TaskId]) -> Vec<TaskId> {
        let mut is_news = |id: &&TaskId| {
            self.members.get_mut(id).is_some_and(|member| !std::mem::replace(&mut member.told_sick, true))
        };
        sick.iter().filter(|id| is_news(id)).cloned().collect()
    }

    /// The member that waits for its place.
    pub(super) fn placing(&self, id: &TaskId) -> Option<Member> {
        self.members.get(id).filter(|member| member.task.is_none()).cloned()
    }

    /// The capacity provider of a member, where it has one.
    pub(super) fn provider(&self, id: &TaskId) -> Option<&CapacityProviderName> {
        self.members.get(id)?.provider.as_ref()
    }

    /// The zone that a member was started to make even, where it was.
    pub(super) fn zone(&self, id: &TaskId) -> Option<&str> {
        self.members.get(id)?.zone.as_deref()
    }

    /// It has a place now.
    pub(super) fn placed(&mut self, task: Arc<Task>) {
        if let Some(member) = self.members.get_mut(&task.id) {
            member.task = Some(task);
        }
    }

    /// It is over, or is not wanted before it has a place.
    pub(super) fn remove(&mut self, id: &TaskId) {
        self.members.remove(id);
    }

    /// Takes a task's new state; `None` for one that is not ours, or no news.
    pub(super) fn update(&mut self, task: Arc<Task>, now: Instant) -> Option<Change> {
        let member = self.members.get_mut(&task.id)?;
        let known = member.task.as_ref().map_or(0, |known| known.version);
        if task.version <= known {
            return None;
        }
        let mut change = Change { replaced: None, ended: None, sick: false };
        if task.health == Health::Healthy {
            (member.was_healthy, member.told_sick) = (true, false);
        }
        if task.last_status == TaskStatus::Running && member.running_since.is_none() {
            member.running_since = Some(now);
            member.up_since.get_or_insert(now);
            let slot = self.slots.entry((member.deployment.clone(), member.slot)).or_default();
            change.replaced = slot.died_at.take();
        }
        if task.desired_status == TaskStatus::Stopped && !member.accounted {
            member.accounted = true;
            let sick = member.stop_requested == Some(Why::Unhealthy);
            change.sick = sick;
            if sick && !member.was_healthy {
                // It was up but never well, which is no better than never up.
                change.ended = Some(End::NeverRan);
            } else if sick || super::ends::unwanted(task.stop_code) {
                change.ended = Some(match (member.running_since, task.started_at) {
                    (Some(since), _) => End::Ran(now.saturating_duration_since(since)),
                    // It ran before this actor was there, or came up and went down between two reports.
                    (None, Some(started)) => {
                        let ended = task.execution_stopped_at.unwrap_or(started);
                        End::Ran(Duration::from_millis(ended.millis_since(started)))
                    }
                    (None, None) => End::NeverRan,
                });
            }
        }
        member.task = Some(task);
        Some(change)
    }

    /// The slot of a task.
    pub(super) fn slot_of(&mut self, task: &Task) -> Option<((DeploymentId, u32), &mut Slot)> {
        let member = self.members.get(&task.id)?;
        let place = (member.deployment.clone(), member.slot);
        Some((place.clone(), self.slots.entry(place).or_default()))
    }

    /// A stop was asked for; true the first time.
    pub(super) fn request_stop(&mut self, id: &TaskId, why: Why) -> bool {
        let Some(member) = self.members.get_mut(id) else { return false };
        member.stop_requested.replace(why).is_none()
    }

    /// It was protected when it was asked to stop, and goes on.
    pub(super) fn spared(&mut self, id: &TaskId) {
        if let Some(member) = self.members.get_mut(id) {
            let retires = matches!(member.stop_requested, Some(Why::ScaleIn | Why::Superseded));
            member.stop_requested = member.stop_requested.filter(|_| !retires);
        }
    }

    /// The actor that was asked may never have heard of it.
    pub(super) fn forget_stop_request(&mut self, id: &TaskId) {
        if let Some(member) = self.members.get_mut(id) {
            let stopping =
                member.task.as_ref().is_some_and(|task| task.desired_status == TaskStatus::Stopped);
            if !stopping {
                member.stop_requested = None;
            }
        }
    }

    /// What the planner wants to know of everybody. Protection may count, or not any more.
    pub(super) fn plan(&self, proof: &Proof<'_>, protection: bool) -> Vec<Planned> {
        let planned = |(id, member): (&TaskId, &Member)| Planned {
            id: id.clone(),
            deployment: member.deployment.clone(),
            slot: member.slot,
            fitness: member.fitness(proof),
            created_at: member.since,
            protected: protection && member.task.as_ref().is_some_and(|task| task.is_protected(proof.wall)),
            surplus: false,
        };
        self.members.iter().map(planned).collect()
    }

    /// The slots of a deployment that may not be filled yet, and when the first may.
    pub(super) fn waiting(
        &self,
        deployment: &DeploymentId,
        now: Instant,
    ) -> (BTreeSet<u32>, Option<Instant>) {
        let mut slots = BTreeSet::new();
        let mut first: Option<Instant> = None;
        for ((_, slot), state) in self.slots.iter().filter(|((known, _), _)| known == deployment) {
            if let Some(ready) = state.ready_at.filter(|&ready| ready > now) {
                slots.insert(*slot);
                first = Some(first.map_or(ready, |first| first.min(ready)));
            }
        }
        (slots, first)
    }

    /// The deployments of those who proved well since this was asked last.
    pub(super) fn newly_proved(&mut self, proof: &Proof<'_>) -> BTreeSet<DeploymentId> {
        let mut proved = BTreeSet::new();
        for member in self.members.values_mut().filter(|member| !member.proved) {
            if member.is_proved(proof) {
                member.proved = true;
                proved.insert(member.deployment.clone());
            }
        }
        proved
    }

    /// When the first of those without a health check has run for as long as proves it well.
    pub(super) fn first_end_of_settling(&self, proof: &Proof<'_>) -> Option<Duration> {
        let settling = self.members.values().filter(|member| !member.proved);
        let left = settling.filter_map(|member| {
            member.task.as_ref().filter(|task| is_up(task) && !is_checked(task))?;
            proof.settle.checked_sub(member.age(proof)).filter(|left| !left.is_zero())
        });
        left.min()
    }

    /// The members of a deployment, counted.
    pub(super) fn count_in(&self, deployment: &DeploymentId) -> Count {
        self.count_of(|member| member.deployment == *deployment)
    }

    fn count_of(&self, wanted: impl Fn(&Member) -> bool) -> Count {
        let mut count = Count::default();
        let members = self.members.values().filter(|member| wanted(member));
        for task in members.filter_map(|member| member.task.as_ref()) {
            count.running += u32::from(task.last_status == TaskStatus::Running);
            let wanted = task.desired_status == TaskStatus::Running;
            count.pending += u32::from(wanted && task.last_status < TaskStatus::Running);
        }
        count
    }

    /// Takes over what was held against a slot before this actor was there. The wait is measured anew from the wall
    /// clock, which may have jumped meanwhile: it is never longer than `longest`.
    pub(super) fn restore(&mut self, brake: &Brake, now: Instant, wall: Timestamp, longest: Duration) {
        let left = Duration::from_millis(brake.due.millis_since(wall)).min(longest);
        let past = Duration::from_millis(wall.millis_since(brake.due));
        let due = if left.is_zero() { now.checked_sub(past) } else { Some(now + left) };
        let slot = Slot {
            history: History::restored(brake.failures, due),
            ready_at: (!left.is_zero()).then(|| now + left),
            died_at: None,
        };
        self.slots.insert((brake.deployment.clone(), brake.slot), slot);
    }

    /// Whether a deployment has anybody left.
    pub(super) fn has_any_of(&self, deployment: &DeploymentId) -> bool {
        self.members.values().any(|member| member.deployment == *deployment)
    }

    /// Whether nobody is left at all.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether somebody waits for a place.
    pub(super) fn is_placing(&self) -> bool {
        self.members.values().any(|member| member.task.is_none())
    }

    /// Whether somebody is on its way out.
    pub(super) fn is_stopping(&self) -> bool {
        let stopping = |task: &Arc<Task>| task.desired_status == TaskStatus::Stopped;
        self.members.values().any(|member| member.task.as_ref().is_some_and(stopping))
    }

    /// Drops what is held against slots of deployments that are gone.
    pub(super) fn prune(&mut self, keep: impl Fn(&DeploymentId) -> bool) {
        self.slots.retain(|(deployment, _), _| keep(deployment));
    }

    /// When the first of those that are protected now is so no more.
    pub(super) fn first_end_of_protection(&self, now: Timestamp) -> Option<Duration> {
        let tasks = self.members.values().filter_map(|member| member.task.as_ref());
        let ends = tasks.filter(|task| task.is_protected(now)).filter_map(|task| task.protected_until);
        ends.min().map(|end| Duration::from_millis(end.millis_since(now)))
    }

    /// When the first member that is sick now leaves the time in which that is not held against it.
    pub(super) fn first_end_of_grace(&self, grace: Duration, now: Timestamp) -> Option<Duration> {
        let left = |member: &Member| {
            let task = member.task.as_ref().filter(|task| task.health == Health::Unhealthy)?;
            let past = Duration::from_millis(now.millis_since(task.started_at?));
            grace.checked_sub(past).filter(|left| !left.is_zero())
        };
        self.members.values().filter_map(left).min()
    }
}

impl Member {
    /// How long it has been up: a jump of the wall clock makes nobody older.
    fn age(&self, proof: &Proof<'_>) -> Duration {
        self.up_since.map_or(Duration::ZERO, |since| proof.now.saturating_duration_since(since))
    }

    /// Whether it is well: by its health check, or without one by having run for the settle time.
    fn is_proved(&self, proof: &Proof<'_>) -> bool {
        let up = self.task.as_ref().filter(|task| is_up(task) && self.stop_requested.is_none());
        up.is_some_and(|task| {
            if is_checked(task) { task.health == Health::Healthy } else { self.age(proof) >= proof.settle }
        })
    }

    fn fitness(&self, proof: &Proof<'_>) -> Fitness {
        let Some(task) = &self.task else {
            return if self.stop_requested.is_some() { Fitness::Stopping } else { Fitness::Starting };
        };
        if self.stop_requested.is_some() || task.desired_status == TaskStatus::Stopped {
            return Fitness::Stopping;
        }
        if task.last_status < TaskStatus::Running {
            return Fitness::Starting;
        }
        if !is_checked(task) {
            let settles = proof.settling.contains(&self.deployment) && self.age(proof) < proof.settle;
            return if settles { Fitness::Unproven } else { Fitness::Serving };
        }
        let age = task.started_at.map_or(0, |started| proof.wall.millis_since(started));
        match task.health {
            Health::Healthy => Fitness::Serving,
            Health::Unhealthy if u128::from(age) >= proof.grace.as_millis() => Fitness::Unhealthy,
            Health::Unhealthy | Health::Unknown => Fitness::Unproven,
        }
    }
}

fn is_up(task: &Task) -> bool {
    task.last_status == TaskStatus::Running && task.desired_status == TaskStatus::Running
}

/// Whether nothing is known against a task that runs.
pub(crate) fn is_well(task: &Task) -> bool {
    task.health == Health::Healthy || !is_checked(task)
}

/// Whether any of its essential containers has a check, from which its health follows.
fn is_checked(task: &Task) -> bool {
    task.containers.iter().any(|container| container.essential && container.has_health_check)
}
