//! Capacity providers, and which of them a cluster has.

use std::sync::Arc;

use mainstay_core::model::{
    CapacityProvider, CapacityProviderStatus, Cluster, ClusterStatus, ManagedScaling, Service, ServiceStatus,
    StrategyItem, Task, TaskStatus,
};
use mainstay_core::{CapacityProviderName, ClusterName};

use super::{Catalog, Decided, answer};
use crate::control::{ControlError, NewCapacityProvider, Reply};
use crate::ports::Write;

impl Catalog {
    pub(super) fn create_capacity_provider(
        &self,
        new: NewCapacityProvider,
        reply: Reply<Arc<CapacityProvider>>,
    ) -> Decided {
        let active = |known: &CapacityProvider| known.status == CapacityProviderStatus::Active;
        let known = self.ctx.view.capacity_providers.filter(active);
        if known.iter().any(|known| known.name == new.name) {
            return answer(reply, Err(ControlError::CapacityProviderExists(new.name)));
        }
        let group = CapacityProvider::group_of(&new.group_arn);
        if known.iter().any(|known| known.group() == group) {
            return answer(reply, Err(ControlError::GroupTaken));
        }
        let provider = CapacityProvider {
            name: new.name,
            status: CapacityProviderStatus::Active,
            group_arn: new.group_arn,
            scaling: new.scaling,
            created_at: self.ctx.nature.wall(),
            tags: new.tags,
        };
        self.write_and_answer(provider, Write::CapacityProvider, reply)
    }

    pub(super) fn update_capacity_provider(
        &self,
        name: CapacityProviderName,
        scaling: Option<ManagedScaling>,
        reply: Reply<Arc<CapacityProvider>>,
    ) -> Decided {
        let Some(known) = self.active_provider(&name) else {
            return answer(reply, Err(ControlError::CapacityProviderNotFound(name)));
        };
        let next =
            CapacityProvider { scaling: scaling.unwrap_or(known.scaling), ..CapacityProvider::clone(&known) };
        self.write_and_answer(next, Write::CapacityProvider, reply)
    }

    pub(super) fn delete_capacity_provider(
        &self,
        name: CapacityProviderName,
        reply: Reply<Arc<CapacityProvider>>,
    ) -> Decided {
        let Some(known) = self.active_provider(&name) else {
            return answer(reply, Err(ControlError::CapacityProviderNotFound(name)));
        };
        let has = |cluster: &Cluster| cluster.capacity_providers.contains(&name);
        let clusters =
            self.ctx.view.clusters.filter(|cluster| cluster.status == ClusterStatus::Active && has(cluster));
        if let Some(cluster) = clusters.first() {
            return answer(reply, Err(ControlError::CapacityProviderAssociated(cluster.name.clone())));
        }
        let status = CapacityProviderStatus::Inactive;
        let next = CapacityProvider { status, ..CapacityProvider::clone(&known) };
        self.write_and_answer(next, Write::CapacityProvider, reply)
    }

    pub(super) fn put_capacity_providers(
        &self,
        cluster: &ClusterName,
        providers: Vec<CapacityProviderName>,
        default_strategy: Vec<StrategyItem>,
        reply: Reply<Arc<Cluster>>,
    ) -> Decided {
        let Some(known) = self.ctx.view.active_cluster(cluster) else {
            return answer(reply, Err(ControlError::ClusterNotFound(cluster.clone())));
        };
        if let Err(error) = self.check_providers(&providers, &default_strategy) {
            return answer(reply, Err(error));
        }
        let goes = |name: &CapacityProviderName| !providers.contains(name);
        if known.capacity_providers.iter().any(|name| goes(name) && self.is_used(cluster, name)) {
            return answer(reply, Err(ControlError::CapacityProviderInUse));
        }
        let next = Cluster { capacity_providers: providers, default_strategy, ..Cluster::clone(&known) };
        self.write_and_answer(next, Write::Cluster, reply)
    }

    /// Whether all are there, and the strategy names no others.
    pub(super) fn check_providers(
        &self,
        providers: &[CapacityProviderName],
        strategy: &[StrategyItem],
    ) -> Result<(), ControlError> {
        let missing =
            |name: &&CapacityProviderName| !name.is_fargate() && self.active_provider(name).is_none();
        if let Some(unknown) = providers.iter().find(missing) {
            return Err(ControlError::CapacityProviderNotFound(unknown.clone()));
        }
        match strategy.iter().find(|item| !providers.contains(&item.provider)) {
            Some(other) => Err(ControlError::NotOfCluster(other.provider.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn active_provider(&self, name: &CapacityProviderName) -> Option<Arc<CapacityProvider>> {
        let known = self.ctx.view.capacity_providers.get(name);
        known.filter(|known| known.status == CapacityProviderStatus::Active)
    }

    /// Whether a service of the cluster places tasks there, or a task of it is there.
    fn is_used(&self, cluster: &ClusterName, name: &CapacityProviderName) -> bool {
        let serves = |service: &Service| {
            let in_strategy = |strategy: &[StrategyItem]| strategy.iter().any(|item| item.provider == *name);
            service.key.cluster == *cluster
                && service.status != ServiceStatus::Inactive
                && service.deployments.iter().any(|one| in_strategy(&one.capacity))
        };
        let runs = |task: &Task| {
            task.cluster == *cluster
                && task.last_status != TaskStatus::Stopped
                && task.capacity_provider.as_ref() == Some(name)
        };
        self.ctx.view.services.any(serves) || self.ctx.view.tasks.any(runs)
    }
}
