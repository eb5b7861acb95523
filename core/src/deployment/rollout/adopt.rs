//! Records from before there were any revisions.

use super::{Beginning, told};
use crate::model::{DeploymentStatus, RolloutState, Service, ServiceDeploymentStatus, ServiceRevision};
use crate::{ServiceDeploymentId, ServiceRevisionId};

/// Gives records that were made before there were any revisions theirs, so that a rollback finds its way.
pub fn adopt(
    service: &mut Service,
    mut draw: impl FnMut() -> (ServiceRevisionId, ServiceDeploymentId),
) -> bool {
    let mut news = false;
    for index in 0..service.deployments.len() {
        if !service.deployments[index].revision.as_str().is_empty() {
            continue;
        }
        news = true;
        let (revision, record) = draw();
        service.deployments[index].revision = revision.clone();
        let old = service.deployments[index].clone();
        let new = Beginning {
            deployment: old.id.clone(),
            revision: revision.clone(),
            record,
            definition: old.definition.clone(),
            network: old.network.clone(),
            capacity: old.capacity.clone(),
            at: old.created_at,
        };
        service.revisions.push(ServiceRevision {
            id: revision,
            deployment: old.id.clone(),
            definition: old.definition.clone(),
            launch_type: service.launch_type_with(&old.capacity),
            platform_version: service.platform_version.clone(),
            network: old.network.clone(),
            created_at: old.created_at,
            images: old.images.clone(),
            capacity: old.capacity.clone(),
        });
        if old.status != DeploymentStatus::Primary {
            continue;
        }
        let mut story = told(service, &new, Vec::new());
        story.started_at = Some(old.created_at);
        story.status = ServiceDeploymentStatus::InProgress;
        if old.rollout_state == RolloutState::Completed {
            story.status = ServiceDeploymentStatus::Successful;
            story.finished_at = Some(old.updated_at);
            service.last_completed = Some(Box::new(old));
        }
        service.service_deployments.insert(0, story);
    }
    news
}
