//! A service in the form of version 1, whose deployments were not held to what their tags stood for.

use mainstay_core::model::{
    self, Brake, DeploymentConfiguration, DeploymentStatus, LaunchType, PropagateTags, RolloutState,
    ServiceEvent, ServiceStatus, Tag, Timestamp,
};
use mainstay_core::{DeploymentId, RevisionKey, ServiceKey};
use serde::Deserialize;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(in crate::store) struct Service {
    key: ServiceKey,
    status: ServiceStatus,
    definition: RevisionKey,
    desired_count: u32,
    launch_type: LaunchType,
    deployment_configuration: DeploymentConfiguration,
    deployments: Vec<Deployment>,
    brakes: Vec<Brake>,
    events: Vec<ServiceEvent>,
    created_at: Timestamp,
    tags: Vec<Tag>,
    propagate_tags: Option<PropagateTags>,
    enable_ecs_managed_tags: bool,
    health_check_grace_period_seconds: Option<u32>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Deployment {
    id: DeploymentId,
    status: DeploymentStatus,
    definition: RevisionKey,
    desired_count: u32,
    failed_tasks: u32,
    rollout_state: RolloutState,
    rollout_state_reason: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Service> for model::Service {
    fn from(old: Service) -> Self {
        Self {
            key: old.key,
            status: old.status,
            definition: old.definition,
            desired_count: old.desired_count,
            launch_type: old.launch_type,
            deployment_configuration: old.deployment_configuration,
            deployments: old.deployments.into_iter().map(Into::into).collect(),
            brakes: old.brakes,
            events: old.events,
            created_at: old.created_at,
            tags: old.tags,
            propagate_tags: old.propagate_tags,
            enable_ecs_managed_tags: old.enable_ecs_managed_tags,
            health_check_grace_period_seconds: old.health_check_grace_period_seconds,
            client_token: old.client_token,
        }
    }
}

impl From<Deployment> for model::Deployment {
    fn from(old: Deployment) -> Self {
        Self {
            id: old.id,
            status: old.status,
            definition: old.definition,
            desired_count: old.desired_count,
            failed_tasks: old.failed_tasks,
            rollout_state: old.rollout_state,
            rollout_state_reason: old.rollout_state_reason,
            created_at: old.created_at,
            updated_at: old.updated_at,
            // The first of its tasks that reports says what it is.
            images: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use mainstay_core::{ClusterName, Family, ServiceName};

    use super::*;
    use crate::store::codec::{body_of, decode, encode};

    #[test]
    fn a_service_of_version_1_is_read_and_its_deployments_are_held_to_nothing_yet() {
        let definition = RevisionKey { family: Family::new("web"), revision: 3 };
        let deployment = Deployment {
            id: DeploymentId::new("ecs-svc/1"),
            status: DeploymentStatus::Primary,
            definition: definition.clone(),
            desired_count: 2,
            failed_tasks: 1,
            rollout_state: RolloutState::Completed,
            rollout_state_reason: "done".into(),
            created_at: Timestamp(1),
            updated_at: Timestamp(2),
        };
        let old = Service {
            key: ServiceKey { cluster: ClusterName::new("default"), name: ServiceName::new("web") },
            status: ServiceStatus::Active,
            definition,
            desired_count: 2,
            launch_type: LaunchType::Ec2,
            deployment_configuration: DeploymentConfiguration::default(),
            deployments: vec![deployment],
            brakes: Vec::new(),
            events: Vec::new(),
            created_at: Timestamp(1),
            tags: Vec::new(),
            propagate_tags: None,
            enable_ecs_managed_tags: true,
            health_check_grace_period_seconds: Some(7),
            client_token: None,
        };
        let body = bincode::serde::encode_to_vec(&old, bincode::config::standard()).unwrap();
        let new: model::Service = decode(&[&[1], body.as_slice()].concat()).unwrap();
        assert_eq!((new.desired_count, new.health_check_grace_period_seconds), (2, Some(7)));
        assert_eq!((new.deployments[0].failed_tasks, new.deployments[0].images.len()), (1, 0));
        let bytes = encode(&new).unwrap();
        assert_eq!(bytes[0], 2);
        assert_eq!(body_of::<model::Service>(&bytes[1..]), Ok(new));
    }
}
