//! What watches a rollout beside its tasks: alarms, and the bake time for which they are looked at once all is well.

use std::time::Duration;

use super::{Cause, current, current_mut};
use crate::ServiceDeploymentId;
use crate::model::{MonitorStatus, Service, ServiceDeploymentStatus, Timestamp};

/// What a look at the alarms comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmVerdict {
    /// Nothing is to be watched now.
    Idle,
    /// None is on.
    Quiet,
    /// These were on already when the rollout began: they are not watched for it, as in ECS, so that a rollout can
    /// mend what they tell of.
    OnBefore(Vec<String>),
    /// The rollout fails.
    Fails(Cause),
}

/// Takes a look at the alarms of a rollout: those of them that are on.
pub fn alarms_seen(
    service: &mut Service,
    id: &ServiceDeploymentId,
    on: Vec<String>,
    at: Timestamp,
) -> AlarmVerdict {
    if !watches_alarms(service) {
        return AlarmVerdict::Idle;
    }
    let Some(told) = current_mut(service).filter(|told| told.id == *id) else { return AlarmVerdict::Idle };
    match (on.is_empty(), told.began_quietly) {
        (true, true) => AlarmVerdict::Quiet,
        (true, false) => {
            told.began_quietly = true;
            told.updated_at = at;
            AlarmVerdict::Quiet
        }
        (false, true) => AlarmVerdict::Fails(Cause::Alarms(on)),
        (false, false) => {
            told.alarm_monitor = MonitorStatus::Disabled;
            told.updated_at = at;
            AlarmVerdict::OnBefore(on)
        }
    }
}

/// Whether alarms watch the rollout that is under way; none does on the way back.
pub fn watches_alarms(service: &Service) -> bool {
    current(service).is_some_and(|told| {
        told.alarm_monitor == MonitorStatus::Monitoring && told.status == ServiceDeploymentStatus::InProgress
    })
}

/// All is well in a rollout, or not any more; how much longer it is to be watched before it completes. `usual` is the
/// bake time of a rollout that alarms watch and that has none of its own.
pub fn bake(service: &mut Service, is_well: bool, usual: Duration, at: Timestamp) -> Duration {
    let watched = watches_alarms(service);
    let own = service.deployment_configuration.bake_time_minutes;
    let own = own.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let Some(told) = current_mut(service) else { return Duration::ZERO };
    let whole = own.unwrap_or(if watched { usual } else { Duration::ZERO });
    if !is_well || told.status != ServiceDeploymentStatus::InProgress || whole.is_zero() {
        told.baking_since = None;
        return Duration::ZERO;
    }
    let since = *told.baking_since.get_or_insert(at);
    whole.saturating_sub(Duration::from_millis(at.millis_since(since)))
}
