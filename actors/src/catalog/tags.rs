//! Tags of what the catalog itself keeps.

use std::sync::Arc;

use mainstay_core::model::{CapacityProvider, Cluster, TaskDefinition};
use mainstay_core::tagging::TagChange;
use mainstay_core::{CapacityProviderName, ClusterName, RevisionKey};

use super::{Catalog, Decided, answer};
use crate::control::{ControlError, Reply};
use crate::ports::Write;

impl Catalog {
    pub(super) fn tag_cluster(
        &self,
        name: ClusterName,
        change: &TagChange,
        reply: Reply<Arc<Cluster>>,
    ) -> Decided {
        let Some(known) = self.ctx.view.active_cluster(&name) else {
            return answer(reply, Err(ControlError::ClusterNotFound(name)));
        };
        match change.apply(&known.tags) {
            Ok(tags) => {
                self.write_and_answer(Cluster { tags, ..Cluster::clone(&known) }, Write::Cluster, reply)
            }
            Err(refusal) => answer(reply, Err(refusal.into())),
        }
    }

    pub(super) fn tag_definition(
        &self,
        key: RevisionKey,
        change: &TagChange,
        reply: Reply<Arc<TaskDefinition>>,
    ) -> Decided {
        let Some(known) = self.ctx.view.definitions.get(&key) else {
            return answer(reply, Err(ControlError::DefinitionNotFound(key)));
        };
        match change.apply(&known.tags) {
            Ok(tags) => {
                let next = TaskDefinition { tags, ..TaskDefinition::clone(&known) };
                self.write_and_answer(next, Write::TaskDefinition, reply)
            }
            Err(refusal) => answer(reply, Err(refusal.into())),
        }
    }

    pub(super) fn tag_capacity_provider(
        &self,
        name: CapacityProviderName,
        change: &TagChange,
        reply: Reply<Arc<CapacityProvider>>,
    ) -> Decided {
        let Some(known) = self.active_provider(&name) else {
            return answer(reply, Err(ControlError::CapacityProviderNotFound(name)));
        };
        match change.apply(&known.tags) {
            Ok(tags) => {
                let next = CapacityProvider { tags, ..CapacityProvider::clone(&known) };
                self.write_and_answer(next, Write::CapacityProvider, reply)
            }
            Err(refusal) => answer(reply, Err(refusal.into())),
        }
    }
}
