//! What becomes of a service's record as a rollout begins, counts failures, fails, goes back, completes or is stopped.
//!
//! Sources: "View service history using Amazon ECS service deployments" and "Stopping Amazon ECS service
//! deployments" of ECS's developer guide for the states and their order; the words are those seen of ECS. A rollback
//! goes to the deployment that completed last, under its own id, as ECS does: its tasks that still run stay.

mod adopt;
mod stop;
mod watch;

pub use adopt::adopt;
pub use stop::{NotStopped, StopType, ask_to_stop, asked_to_stop};
pub use watch::{AlarmVerdict, alarms_seen, bake, watches_alarms};

use super::breaker;
use crate::model::{
    AwsVpcConfiguration, Deployment, DeploymentStatus, MonitorStatus, RevisionCount, RolloutState, Service,
    ServiceDeployment, ServiceDeploymentStatus, ServiceRevision, ServiceRollback, StrategyItem, Timestamp,
};
use crate::{DeploymentId, RevisionKey, ServiceDeploymentId, ServiceRevisionId};

/// A rollout to begin. Ids are handed in, since nothing here draws any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Of the deployment.
    pub deployment: DeploymentId,
    /// Of its service revision.
    pub revision: ServiceRevisionId,
    /// Of the record of the rollout.
    pub record: ServiceDeploymentId,
    /// What it runs.
    pub definition: RevisionKey,
    /// Where its tasks have their network interfaces, where they have any.
    pub network: Option<AwsVpcConfiguration>,
    /// How its tasks are shared out over capacity providers, where they are.
    pub capacity: Vec<StrategyItem>,
    /// When.
    pub at: Timestamp,
}

/// Why a rollout fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Too many of its tasks failed.
    TasksFailed,
    /// These alarms went off.
    Alarms(Vec<String>),
    /// Somebody asked for it.
    Stopped(StopType),
}

/// What a failure comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The deployment that failed.
    pub deployment: DeploymentId,
    /// The one that comes back, if one does.
    pub back_to: Option<DeploymentId>,
}

/// Begins a rollout. One that was under way ends here, as in ECS.
pub fn begin(service: &mut Service, new: Beginning) {
    let at = new.at;
    end_current(service, superseded, at);
    for older in service.deployments.iter_mut().filter(|d| d.status == DeploymentStatus::Primary) {
        older.status = DeploymentStatus::Active;
        older.desired_count = 0;
        older.updated_at = at;
    }
    service.definition = new.definition.clone();
    let sources = service.deployments.iter().map(|older| older.revision.clone()).collect();
    service.revisions.insert(
        0,
        ServiceRevision {
            id: new.revision.clone(),
            deployment: new.deployment.clone(),
            definition: new.definition.clone(),
            launch_type: service.launch_type_with(&new.capacity),
            platform_version: service.platform_version.clone(),
            network: new.network.clone(),
            created_at: at,
            images: Vec::new(),
            capacity: new.capacity.clone(),
        },
    );
    service.service_deployments.insert(0, told(service, &new, sources));
    service.deployments.insert(
        0,
        Deployment {
            rollout_state_reason: format!("ECS deployment {} in progress.", new.deployment),
            id: new.deployment,
            status: DeploymentStatus::Primary,
            definition: new.definition,
            network: new.network,
            desired_count: service.desired_count,
            failed_tasks: 0,
            rollout_state: RolloutState::InProgress,
            created_at: at,
            updated_at: at,
            images: Vec::new(),
            revision: new.revision,
            capacity: new.capacity,
        },
    );
    forget(service);
}

/// The record of a rollout that has just been asked for.
fn told(service: &Service, new: &Beginning, sources: Vec<ServiceRevisionId>) -> ServiceDeployment {
    let watched = |on: bool| if on { MonitorStatus::Monitoring } else { MonitorStatus::Disabled };
    ServiceDeployment {
        id: new.record.clone(),
        deployment: new.deployment.clone(),
        target: new.revision.clone(),
        sources,
        status: ServiceDeploymentStatus::Pending,
        status_reason: None,
        configuration: service.deployment_configuration,
        alarms: service.alarms.clone(),
        created_at: new.at,
        started_at: None,
        finished_at: None,
        stopped_at: None,
        updated_at: new.at,
        rollback: None,
        failures: 0,
        threshold: breaker::threshold(service),
        breaker: watched(service.deployment_configuration.circuit_breaker.enable),
        alarm_monitor: watched(service.alarms.enable && !service.alarms.names.is_empty()),
        began_quietly: false,
        triggered_alarms: Vec::new(),
        baking_since: None,
        counts: Vec::new(),
    }
}

/// The rollout that is under way.
pub fn current(service: &Service) -> Option<&ServiceDeployment> {
    service.service_deployments.first().filter(|known| !known.status.is_over())
}

fn current_mut(service: &mut Service) -> Option<&mut ServiceDeployment> {
    service.service_deployments.first_mut().filter(|known| !known.status.is_over())
}

/// The service's limits or watchers changed: the rollout that is under way goes by the new ones.
pub fn reconfigured(service: &mut Service, at: Timestamp) {
    let configuration = service.deployment_configuration;
    let alarms = service.alarms.clone();
    let Some(told) = current_mut(service) else { return };
    if told.configuration == configuration && told.alarms == alarms {
        return;
    }
    let switch = |monitor: &mut MonitorStatus, on: bool| match (*monitor, on) {
        (MonitorStatus::Disabled, true) => *monitor = MonitorStatus::Monitoring,
        (MonitorStatus::Monitoring, false) => *monitor = MonitorStatus::Disabled,
        _ => {}
    };
    switch(&mut told.breaker, configuration.circuit_breaker.enable);
    if told.alarms != alarms {
        switch(&mut told.alarm_monitor, alarms.enable && !alarms.names.is_empty());
    }
    told.configuration = configuration;
    told.alarms = alarms;
    told.updated_at = at;
}

/// The service acts on what was asked for; whether that is news.
pub fn started(service: &mut Service, at: Timestamp) -> bool {
    let Some(known) = current_mut(service).filter(|known| known.status == ServiceDeploymentStatus::Pending)
    else {
        return false;
    };
    known.status = ServiceDeploymentStatus::InProgress;
    known.started_at = Some(at);
    known.updated_at = at;
    true
}

/// The deployment whose tasks are the last of the older ones to leave: the one that completed last, also where it is just
/// coming back, or was when another rollout began.
pub fn fallback(service: &Service) -> Option<&DeploymentId> {
    let came_back = || {
        let back = service.service_deployments.iter().find_map(|told| told.rollback.as_ref())?;
        let known = service.revisions.iter().find(|known| known.id == back.revision)?;
        Some(&known.deployment)
    };
    service.last_completed.as_ref().map(|completed| &completed.id).or_else(came_back)
}

/// Whether nothing of the primary deployment is started any more.
pub fn is_halted(service: &Service) -> bool {
    service.primary().is_some_and(|primary| primary.rollout_state == RolloutState::Failed)
}

/// The deployments whose tasks without a health check have to run for a while before they count as serving: those that
/// did not complete, where a circuit breaker watches. Also once superseded: what crashes after some seconds must not be
/// spared for it while tasks that are well go.
pub fn unproved(service: &Service) -> Vec<DeploymentId> {
    if !service.deployment_configuration.circuit_breaker.enable {
        return Vec::new();
    }
    let unproved = service.deployments.iter().filter(|known| known.rollout_state != RolloutState::Completed);
    unproved.map(|known| known.id.clone()).collect()
}

/// Whether the circuit breaker counts just now.
pub fn is_counting(service: &Service) -> bool {
    service.deployment_configuration.circuit_breaker.enable && is_rolling_out(service)
}

fn is_rolling_out(service: &Service) -> bool {
    service.primary().is_some_and(|primary| primary.rollout_state == RolloutState::InProgress)
}

/// A task of a deployment failed; whether with it the rollout has too many.
pub fn task_failed(service: &mut Service, deployment: &DeploymentId, at: Timestamp) -> bool {
    let most = breaker::threshold(service);
    let counting = is_counting(service);
    let Some(known) = service.deployments.iter_mut().find(|known| known.id == *deployment) else {
        return false;
    };
    known.failed_tasks = known.failed_tasks.saturating_add(1);
    let counting = counting && known.status == DeploymentStatus::Primary;
    let failures = known.failed_tasks.min(most);
    if !counting {
        return false;
    }
    // On the way back the record keeps what led there.
    if let Some(told) = current_mut(service).filter(|told| told.deployment == *deployment) {
        told.failures = failures;
        told.threshold = most;
        told.updated_at = at;
    }
    failures >= most
}

/// A task of a deployment proved well: the failures before it are taken back, unless the service wants them kept.
/// Whether that is news.
pub fn task_proved(service: &mut Service, deployment: &DeploymentId, at: Timestamp) -> bool {
    if !service.deployment_configuration.circuit_breaker.reset_on_healthy_task {
        return false;
    }
    let Some(known) = service.deployments.iter_mut().find(|known| known.id == *deployment) else {
        return false;
    };
    if known.rollout_state == RolloutState::Failed || std::mem::take(&mut known.failed_tasks) == 0 {
        return false;
    }
    if let Some(told) = current_mut(service).filter(|told| told.deployment == *deployment) {
        told.failures = 0;
        told.updated_at = at;
    }
    true
}

/// Whether the circuit breaker has counted enough; so, too, where the desired count fell meanwhile.
pub fn is_tripped(service: &Service) -> bool {
    is_counting(service)
        && service.primary().is_some_and(|primary| primary.failed_tasks >= breaker::threshold(service))
}

/// The rollout fails: it is given up, and where the cause asks for that, the last completed deployment comes back.
/// Nothing where no rollout is under way.
pub fn fail(service: &mut Service, cause: &Cause, at: Timestamp) -> Option<Failed> {
    if !is_rolling_out(service) {
        return None;
    }
    let index = service.deployments.iter().position(|known| known.status == DeploymentStatus::Primary)?;
    let failed = service.deployments.get_mut(index)?;
    failed.rollout_state = RolloutState::Failed;
    failed.rollout_state_reason = cause.words().to_owned();
    failed.updated_at = at;
    let failed = failed.id.clone();
    let told = current_mut(service);
    let was_going_back =
        told.as_ref().is_some_and(|told| told.status == ServiceDeploymentStatus::RollbackInProgress);
    if let Some(told) = told {
        cause.mark(told);
    }
    let back_to = match (was_going_back, cause.goes_back(service)) {
        (true, _) => {
            let why = || "Service deployment rollback failed: tasks failed to start.".to_owned();
            end_with(service, ServiceDeploymentStatus::RollbackFailed, Some(why()), at);
            None
        }
        (false, false) => {
            let reason = Some(cause.stop_reason().to_owned());
            end_with(service, ServiceDeploymentStatus::Stopped, reason, at);
            None
        }
        (false, true) => go_back(service, &failed, cause, at),
    };
    Some(Failed { deployment: failed, back_to })
}

/// Makes the deployment that completed last the primary one again.
fn go_back(
    service: &mut Service,
    failed: &DeploymentId,
    cause: &Cause,
    at: Timestamp,
) -> Option<DeploymentId> {
    let candidate = service.last_completed.take().filter(|candidate| candidate.id != *failed);
    let Some(candidate) = candidate else {
        let reason = Some(NotStopped::NoWayBack.to_string());
        end_with(service, ServiceDeploymentStatus::RollbackFailed, reason, at);
        return None;
    };
    for older in &mut service.deployments {
        older.status = DeploymentStatus::Active;
        older.desired_count = 0;
    }
    let there = service.deployments.iter().position(|known| known.id == candidate.id);
    let mut back = there.map_or(*candidate, |index| service.deployments.remove(index));
    back.status = DeploymentStatus::Primary;
    back.desired_count = service.desired_count;
    back.failed_tasks = 0;
    back.rollout_state = RolloutState::InProgress;
    back.rollout_state_reason = cause.rollback_words(&back.id);
    back.updated_at = at;
    service.definition = back.definition.clone();
    let (id, revision) = (back.id.clone(), back.revision.clone());
    service.deployments.insert(0, back);
    if let Some(told) = current_mut(service) {
        told.status = ServiceDeploymentStatus::RollbackInProgress;
        told.status_reason = Some(cause.rollback_reason().to_owned());
        told.rollback =
            Some(ServiceRollback { reason: cause.rollback_reason().to_owned(), started_at: at, revision });
        told.baking_since = None;
        told.updated_at = at;
    }
    Some(id)
}

/// The rollout reached steady state; the deployment, where that is news.
pub fn complete(service: &mut Service, at: Timestamp) -> Option<DeploymentId> {
    let primary = service.deployments.iter_mut().find(|known| known.status == DeploymentStatus::Primary)?;
    if primary.rollout_state != RolloutState::InProgress {
        return None;
    }
    primary.rollout_state = RolloutState::Completed;
    primary.rollout_state_reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = at;
    let (done, id) = (primary.clone(), primary.id.clone());
    service.last_completed = Some(Box::new(done));
    end_current(service, completed, at);
    Some(id)
}

/// How many tasks the revisions of a rollout had is kept once it is over.
pub fn keep_counts(service: &mut Service, count: impl Fn(&ServiceRevisionId) -> RevisionCount) {
    let Some(over) = service.service_deployments.first_mut() else { return };
    if over.status.is_over() && over.counts.is_empty() {
        over.counts = over.sources.iter().chain([&over.target]).map(count).collect();
    }
}

fn superseded(told: &mut ServiceDeployment) {
    told.status = match told.status {
        ServiceDeploymentStatus::RollbackInProgress => ServiceDeploymentStatus::RollbackFailed,
        _ => ServiceDeploymentStatus::Stopped,
    };
    told.status_reason = Some("Service deployment stopped because a new service deployment started.".into());
}

fn completed(told: &mut ServiceDeployment) {
    told.status = match told.status {
        ServiceDeploymentStatus::RollbackInProgress => ServiceDeploymentStatus::RollbackSuccessful,
        _ => ServiceDeploymentStatus::Successful,
    };
}

fn end_with(service: &mut Service, status: ServiceDeploymentStatus, reason: Option<String>, at: Timestamp) {
    let end = |told: &mut ServiceDeployment| {
        told.status = status;
        told.status_reason = reason;
    };
    end_current(service, end, at);
}

fn end_current(service: &mut Service, end: impl FnOnce(&mut ServiceDeployment), at: Timestamp) {
    let most = breaker::threshold(service);
    let Some(told) = current_mut(service) else { return };
    end(told);
    if told.breaker == MonitorStatus::Monitoring {
        told.threshold = most;
        told.breaker = MonitorStatus::MonitoringComplete;
    }
    if told.alarm_monitor == MonitorStatus::Monitoring {
        told.alarm_monitor = MonitorStatus::MonitoringComplete;
    }
    told.finished_at = Some(at);
    told.updated_at = at;
    if told.status == ServiceDeploymentStatus::Stopped {
        told.stopped_at = Some(at);
    }
}

/// Drops rollouts beyond the limit, and revisions that nothing names any more.
fn forget(service: &mut Service) {
    service.service_deployments.truncate(Service::ROLLOUTS);
    let Service { deployments, service_deployments, last_completed, revisions, .. } = service;
    revisions.retain(|revision| {
        deployments.iter().any(|known| known.revision == revision.id)
            || last_completed.as_ref().is_some_and(|known| known.revision == revision.id)
            || service_deployments.iter().any(|known| {
                known.target == revision.id
                    || known.sources.contains(&revision.id)
                    || known.rollback.as_ref().is_some_and(|back| back.revision == revision.id)
            })
    });
}

impl Cause {
    /// `rolloutStateReason` of the deployment that failed.
    fn words(&self) -> &'static str {
        match self {
            Self::TasksFailed => "ECS deployment circuit breaker: tasks failed to start.",
            Self::Alarms(_) => "ECS deployment failed: alarm detected.",
            Self::Stopped(_) => "ECS deployment failed: service deployment stopped by user.",
        }
    }

    /// What a deployment's event says after `deployment failed: `.
    pub fn event(&self) -> &'static str {
        match self {
            Self::TasksFailed => "tasks failed to start.",
            Self::Alarms(_) => "alarm detected.",
            Self::Stopped(_) => "service deployment stopped by user.",
        }
    }

    /// `rolloutStateReason` of the deployment that comes back.
    fn rollback_words(&self, to: &DeploymentId) -> String {
        let who = match self {
            Self::TasksFailed => "ECS deployment circuit breaker",
            Self::Alarms(_) => "ECS deployment alarms",
            Self::Stopped(_) => "ECS service deployment stopped by user",
        };
        format!("{who}: rolling back to deploymentId {to}.")
    }

    fn rollback_reason(&self) -> &'static str {
        match self {
            Self::TasksFailed => {
                "Service deployment rolled back because the circuit breaker threshold was exceeded."
            }
            Self::Alarms(_) => "Service deployment rolled back because of an alarm.",
            Self::Stopped(_) => "Service deployment rolled back because a user requested it.",
        }
    }

    fn stop_reason(&self) -> &'static str {
        match self {
            Self::TasksFailed => {
                "Service deployment stopped because the circuit breaker threshold was exceeded."
            }
            Self::Alarms(_) => "Service deployment stopped because of an alarm.",
            Self::Stopped(_) => "Service deployment stopped because a user requested it.",
        }
    }

    /// Whether the last completed deployment is to come back.
    pub fn goes_back(&self, service: &Service) -> bool {
        match self {
            Self::TasksFailed => service.deployment_configuration.circuit_breaker.rollback,
            Self::Alarms(_) => service.alarms.rollback,
            Self::Stopped(how) => *how == StopType::Rollback,
        }
    }

    fn mark(&self, told: &mut ServiceDeployment) {
        match self {
            Self::TasksFailed => told.breaker = MonitorStatus::Triggered,
            Self::Alarms(names) => {
                told.alarm_monitor = MonitorStatus::Triggered;
                told.triggered_alarms.clone_from(names);
            }
            Self::Stopped(_) => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
