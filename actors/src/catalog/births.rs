//! Services and container instances are born here: their names are the catalog's to give.

use std::sync::Arc;

use mainstay_core::deployment::rollout::{self, Beginning};
use mainstay_core::model::{ContainerInstance, DefinitionStatus, InstanceStatus, Service, ServiceStatus};

use super::{Catalog, Then, answer, services_path, start_child, unavailable};
use crate::cluster;
use crate::context::Context;
use crate::control::{ControlError, NewInstance, NewService, Reply};
use crate::ports::{StoreError, Write};

impl Catalog {
    pub(super) fn create_service(
        &self,
        new: NewService,
        reply: Reply<Arc<Service>>,
    ) -> Option<(Vec<Write>, Then)> {
        if self.ctx.view.active_cluster(&new.key.cluster).is_none() {
            return answer(reply, Err(ControlError::ClusterNotFound(new.key.cluster)));
        }
        if let Some(known) = self.ctx.view.services.get(&new.key) {
            match known.status {
                ServiceStatus::Active => {
                    let again = new.client_token.is_some() && known.client_token == new.client_token;
                    return answer(
                        reply,
                        if again { Ok(known) } else { Err(ControlError::ServiceExists(new.key)) },
                    );
                }
                ServiceStatus::Draining => {
                    let text = "Unable to Start a service that is still Draining.";
                    return answer(reply, Err(ControlError::Conflict(text.into())));
                }
                ServiceStatus::Inactive => {}
            }
        }
        let of_cluster = self.ctx.view.active_cluster(&new.key.cluster);
        let providers = of_cluster.map(|cluster| cluster.capacity_providers.clone()).unwrap_or_default();
        if let Some(other) = new.capacity.iter().find(|item| !providers.contains(&item.provider)) {
            return answer(reply, Err(ControlError::NotOfCluster(other.provider.clone())));
        }
        match self.ctx.view.definitions.get(&new.definition) {
            None => return answer(reply, Err(ControlError::DefinitionNotFound(new.definition))),
            Some(found) if found.status != DefinitionStatus::Active => {
                return answer(reply, Err(ControlError::DefinitionInactive(new.definition)));
            }
            Some(_) => {}
        }
        let service = self.new_service(new);
        let made = Arc::new(service.clone());
        let key = service.key.clone();
        let then = move |ctx: &Context, outcome: Result<(), StoreError>| {
            if outcome.is_ok() {
                let supervisor = ctx.directory.service_supervisors.get(&key.cluster);
                start_child(supervisor, cluster::service(ctx, &services_path(&key), key));
            }
            drop(reply.send(outcome.map(|()| made).map_err(unavailable)));
        };
        Some((vec![Write::Service(service)], Box::new(then)))
    }

    fn new_service(&self, new: NewService) -> Service {
        let now = self.ctx.nature.wall();
        let beginning = Beginning {
            deployment: self.ctx.nature.deployment_id(),
            revision: self.ctx.nature.revision_id(),
            record: self.ctx.nature.service_deployment_id(),
            definition: new.definition.clone(),
            network: new.network,
            capacity: new.capacity,
            at: now,
        };
        let mut service = Service {
            key: new.key,
            status: ServiceStatus::Active,
            definition: new.definition,
            desired_count: new.desired_count,
            launch_type: new.launch_type,
            platform_version: new.platform_version,
            deployment_configuration: new.deployment_configuration,
            deployments: Vec::new(),
            brakes: Vec::new(),
            events: Vec::new(),
            created_at: now,
            tags: new.tags,
            propagate_tags: new.propagate_tags,
            enable_ecs_managed_tags: new.enable_ecs_managed_tags,
            health_check_grace_period_seconds: new.health_check_grace_period_seconds,
            client_token: new.client_token,
            enable_execute_command: new.enable_execute_command,
            scheduling: new.scheduling,
            placement_constraints: new.placement_constraints,
            placement_strategy: new.placement_strategy,
            zone_rebalancing: new.zone_rebalancing,
            alarms: new.alarms,
            revisions: Vec::new(),
            service_deployments: Vec::new(),
            last_completed: None,
        };
        rollout::begin(&mut service, beginning);
        service
    }

    pub(super) fn register_instance(
        &self,
        new: NewInstance,
        reply: Reply<Arc<ContainerInstance>>,
    ) -> Option<(Vec<Write>, Then)> {
        if self.ctx.view.active_cluster(&new.cluster).is_none() {
            return answer(reply, Err(ControlError::ClusterNotFound(new.cluster)));
        }
        let same = |known: &ContainerInstance| known.cluster == new.cluster && known.host == new.host;
        if let Some(known) = self.ctx.view.instances.filter(same).into_iter().next() {
            return answer(reply, Ok(known));
        }
        let instance = ContainerInstance {
            id: self.ctx.nature.instance_id(),
            cluster: new.cluster,
            host: new.host,
            status: InstanceStatus::Active,
            agent_connected: false,
            engine_connected: false,
            registered: new.registered,
            attributes: Vec::new(),
            custom_attributes: Vec::new(),
            agent_version: new.agent_version,
            engine_version: String::new(),
            registered_at: self.ctx.nature.wall(),
            tags: Vec::new(),
            version: 1,
        };
        let made = Arc::new(instance.clone());
        let (id, in_cluster) = (instance.id.clone(), instance.cluster.clone());
        let then = move |ctx: &Context, outcome: Result<(), StoreError>| {
            if outcome.is_ok() {
                let supervisor = ctx.directory.agent_supervisors.get(&in_cluster);
                let parent = cluster::path_of(&in_cluster).child("agents");
                start_child(supervisor, cluster::agent(ctx, &parent, id));
            }
            drop(reply.send(outcome.map(|()| made).map_err(unavailable)));
        };
        Some((vec![Write::Instance(instance)], Box::new(then)))
    }
}
