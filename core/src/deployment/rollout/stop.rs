//! StopServiceDeployment: what can be stopped, and how.

use super::current;
use crate::ServiceDeploymentId;
use crate::model::{Service, ServiceDeploymentStatus, Timestamp};

/// How somebody wants a rollout stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopType {
    /// Where it is: nothing more of it is started.
    Abort,
    /// With the last completed deployment back.
    Rollback,
}

/// Why a rollout is not stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStopped {
    /// No such rollout is known.
    #[error("Service deployment not found.")]
    Unknown,
    /// It is over, or stops in another way already.
    #[error("The service deployment cannot be stopped because it is in {} state.", .0.as_str())]
    State(ServiceDeploymentStatus),
    /// Nothing completed before it.
    #[error("No rollback candidate was found to run the rollback.")]
    NoWayBack,
}

/// Somebody asks to stop a rollout; the service acts on it with [`asked_to_stop`]. Asking twice is no error.
///
/// # Errors
/// Where it is unknown, over, or on its way to another end, or there is nothing to go back to.
pub fn ask_to_stop(
    service: &mut Service,
    id: &ServiceDeploymentId,
    how: StopType,
    at: Timestamp,
) -> Result<(), NotStopped> {
    use ServiceDeploymentStatus as Status;
    let way_back = service.last_completed.is_some();
    let known = service.service_deployments.iter_mut().find(|known| known.id == *id);
    let known = known.ok_or(NotStopped::Unknown)?;
    let status = match (known.status, how) {
        (Status::Pending | Status::InProgress, StopType::Rollback) if !way_back => {
            return Err(NotStopped::NoWayBack);
        }
        (Status::Pending | Status::InProgress, StopType::Rollback) => Status::RollbackRequested,
        (Status::Pending | Status::InProgress, StopType::Abort) => Status::StopRequested,
        (Status::RollbackRequested | Status::RollbackInProgress, StopType::Rollback)
        | (Status::StopRequested, StopType::Abort) => return Ok(()),
        (other, _) => return Err(NotStopped::State(other)),
    };
    known.status = status;
    known.updated_at = at;
    Ok(())
}

/// How somebody asked for the rollout that is under way to be stopped, if anybody did.
pub fn asked_to_stop(service: &Service) -> Option<StopType> {
    match current(service)?.status {
        ServiceDeploymentStatus::StopRequested => Some(StopType::Abort),
        ServiceDeploymentStatus::RollbackRequested => Some(StopType::Rollback),
        _ => None,
    }
}
