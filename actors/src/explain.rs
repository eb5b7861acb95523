//! The stories that `mainstay explain` tells: from the view, without a word to any actor.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_core::explain::{self, Look, ServiceSeen, Story, TaskSeen};
use mainstay_core::images::progress::Pulling;
use mainstay_core::model::{ContainerInstance, Deployment, Service, Task, TaskDefinition, TaskStatus};
use mainstay_core::placement::{Ledger, Request};
use mainstay_core::{CapacityProviderName, ServiceKey, TaskId};

use crate::context::Context;
use crate::placement::group_of;

/// What a service waits for; absent where it is unknown.
pub fn service(ctx: &Context, key: &ServiceKey) -> Option<Story> {
    let view = &ctx.view;
    let service = view.services.get(key)?;
    let definition = view.definitions.get(&service.definition);
    let tasks = view.tasks_of_service(key);
    let instances = view.instances.filter(|instance| instance.cluster == key.cluster);
    let hosts: BTreeSet<_> = tasks.iter().map(|task| &task.instance).collect();
    let pulls: Vec<Pulling> = hosts.into_iter().flat_map(|host| view.pulls_of(host).to_vec()).collect();
    let seen = ServiceSeen {
        service: &service,
        definition: definition.as_deref(),
        tasks: &tasks,
        instances: &instances,
        looks: &[],
        pulls: &pulls,
        settle: ctx.settings.restart.settle,
        now: ctx.nature.wall(),
    };
    let looks = match (service.primary(), &definition) {
        (Some(primary), Some(definition)) if explain::asks_instances(&seen) => {
            looks(ctx, &service, definition, primary, &instances)
        }
        _ => Vec::new(),
    };
    Some(explain::service(&ServiceSeen { looks: &looks, ..seen }))
}

/// Where a task is and what it waits for; absent where it is unknown.
pub fn task(ctx: &Context, id: &TaskId) -> Option<Story> {
    let task = ctx.view.tasks.get(id)?;
    let definition = ctx.view.definitions.get(&task.definition);
    let instance = ctx.view.instances.get(&task.instance);
    let (definition, instance) = (definition.as_deref(), instance.as_deref());
    let pulls = ctx.view.pulls_of(&task.instance);
    let now = ctx.nature.wall();
    Some(explain::task(&TaskSeen { task: &task, definition, instance, pulls: &pulls, now }))
}

/// What the container instances say to one more task of the primary deployment: a ledger of the moment, since the one of
/// placement is its own.
fn looks(
    ctx: &Context,
    service: &Service,
    definition: &TaskDefinition,
    primary: &Deployment,
    instances: &[Arc<ContainerInstance>],
) -> Vec<Look> {
    let mut ledger = Ledger::new();
    for instance in instances {
        ledger.upsert_instance(instance);
    }
    let cluster = &service.key.cluster;
    let holding = |task: &Task| task.cluster == *cluster && task.last_status != TaskStatus::Stopped;
    for task in ctx.view.tasks.filter(holding) {
        ledger.hold(&task);
    }
    let request = Request::of_service(service, definition, &primary.id);
    let mut look = |provider: Option<CapacityProviderName>| {
        let mut request = request.clone();
        request.attributes.extend(provider.as_ref().and_then(|name| group_of(ctx, name)));
        Look { provider, said: ledger.explain(&request), refusal: ledger.why_not(&request), request }
    };
    let with_part = primary.capacity.iter().filter(|item| item.weight > 0 || item.base > 0);
    match primary.capacity.is_empty() {
        true => vec![look(None)],
        false => with_part.map(|item| look(Some(item.provider.clone()))).collect(),
    }
}
