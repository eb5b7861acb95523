//! DescribeContainerInstances, ListContainerInstances, UpdateContainerInstancesState.

use std::collections::BTreeMap;

use mainstay_actors::view::View;
use mainstay_core::model::{self, InstanceStatus, Resources, TaskStatus};
use mainstay_core::placement::query::{Facts, Query};
use mainstay_core::{ClusterName, InstanceId};

use super::error::{Answer, ApiError};
use super::paging::{Paging, page};
use super::wire::enums::{
    ContainerInstanceField, ContainerInstanceStatus, InstanceHealthCheckState, InstanceHealthCheckType,
};
use super::wire::structures::{
    ContainerInstance, ContainerInstanceHealthStatus, DescribeContainerInstancesRequest,
    DescribeContainerInstancesResponse, InstanceHealthCheckResult, ListContainerInstancesRequest,
    ListContainerInstancesResponse, Resource, UpdateContainerInstancesStateRequest,
    UpdateContainerInstancesStateResponse, VersionInfo,
};
use super::{Api, Scene, at_most, attributes, capacity, clusters, missing, names, tags, tasks};

/// DescribeContainerInstances.
pub(super) fn describe(
    api: &Api,
    request: DescribeContainerInstancesRequest,
) -> Answer<DescribeContainerInstancesResponse> {
    let DescribeContainerInstancesRequest { cluster, container_instances, include } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let asked = container_instances.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("Container instances cannot be empty."));
    }
    at_most("instanceIds", &asked, 100)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let id = names::instance(api.here(), &cluster.name, &given)?;
        match api.view().instances.get(&id).filter(|instance| instance.cluster == cluster.name) {
            Some(instance) => {
                found.push(show(api.scene(), &instance, include.as_deref().unwrap_or_default()))
            }
            None => failures.push(missing(api.here().instance(&cluster.name, &id))),
        }
    }
    Ok(DescribeContainerInstancesResponse { container_instances: Some(found), failures: Some(failures) })
}

/// ListContainerInstances.
pub(super) fn list(
    api: &Api,
    request: ListContainerInstancesRequest,
) -> Answer<ListContainerInstancesResponse> {
    let ListContainerInstancesRequest { cluster, filter, max_results, next_token, status } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let filter = filter.filter(|text| !text.is_empty()).map(|text| query(&text)).transpose()?;
    // Outside the look at the instances, which holds their table.
    let tasks = filter.as_ref().filter(|filter| filter.asks_for_tasks());
    let tasks = tasks.map(|_| groups(api.view(), &cluster.name)).unwrap_or_default();
    let nothing = BTreeMap::new();
    let meant = |instance: &model::ContainerInstance| {
        let tasks = tasks.get(&instance.id).unwrap_or(&nothing);
        filter.as_ref().is_none_or(|filter| filter.matches(&Facts::of(instance), tasks))
    };
    let wanted = |instance: &model::ContainerInstance| {
        instance.cluster == cluster.name
            && meant(instance)
            && status.as_ref().is_none_or(|status| status.as_str() == instance.status.as_str())
    };
    let paging = Paging {
        operation: "ListContainerInstances",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let found = api.view().instances.filter(wanted);
    let (instances, next_token) = page(found, |instance| instance.id.to_string(), &paging)?;
    let arns = instances.iter().map(|instance| api.here().instance(&cluster.name, &instance.id)).collect();
    Ok(ListContainerInstancesResponse { container_instance_arns: Some(arns), next_token })
}

/// UpdateContainerInstancesState.
pub(super) async fn update_state(
    api: &Api,
    request: UpdateContainerInstancesStateRequest,
) -> Answer<UpdateContainerInstancesStateResponse> {
    let UpdateContainerInstancesStateRequest { cluster, container_instances, status } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let status = match status {
        Some(ContainerInstanceStatus::Active) => InstanceStatus::Active,
        Some(ContainerInstanceStatus::Draining) => InstanceStatus::Draining,
        other => {
            let given = other.as_ref().map_or("", ContainerInstanceStatus::as_str);
            let text = format!("status is '{given}'; it must be ACTIVE or DRAINING.");
            return Err(ApiError::parameter(text));
        }
    };
    let asked = container_instances.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("Container instances cannot be empty."));
    }
    at_most("instanceIds", &asked, 10)?;
    let ids = asked.iter().map(|given| names::instance(api.here(), &cluster.name, given));
    let (mut changed, mut failures) = (Vec::new(), Vec::new());
    for id in ids.collect::<Answer<Vec<_>>>()? {
        if api.view().instances.get(&id).is_some_and(|instance| instance.cluster == cluster.name) {
            changed.push(show(api.scene(), &*api.control.set_instance_status(id, status).await?, &[]));
        } else {
            failures.push(missing(api.here().instance(&cluster.name, &id)));
        }
    }
    Ok(UpdateContainerInstancesStateResponse { container_instances: Some(changed), failures: Some(failures) })
}

fn query(text: &str) -> Answer<Query> {
    text.parse().map_err(|error| ApiError::parameter(format!("filter is '{text}'; {error}.")))
}

/// The groups of the tasks of a cluster, by instance.
fn groups(view: &View, cluster: &ClusterName) -> BTreeMap<InstanceId, BTreeMap<String, u32>> {
    let mut groups: BTreeMap<InstanceId, BTreeMap<String, u32>> = BTreeMap::new();
    let live = |task: &model::Task| task.cluster == *cluster && task.last_status != TaskStatus::Stopped;
    for task in view.tasks.filter(live) {
        *groups.entry(task.instance.clone()).or_default().entry(task.group.clone()).or_default() += 1;
    }
    groups
}

/// A container instance as ECS shows it.
pub(super) fn show(
    api: Scene<'_>,
    instance: &model::ContainerInstance,
    include: &[ContainerInstanceField],
) -> ContainerInstance {
    let held = api.view().tasks.filter(|task| task.instance == instance.id);
    let counts = tasks::Counts::of(&held);
    let health = include.contains(&ContainerInstanceField::ContainerInstanceHealth);
    let with_tags = include.contains(&ContainerInstanceField::Tags);
    let has_gpus = !instance.registered.gpus.is_empty();
    ContainerInstance {
        agent_connected: Some(instance.agent_connected),
        attachments: Some(Vec::new()),
        attributes: Some(attributes::of_instance(instance)),
        container_instance_arn: Some(api.here().instance(&instance.cluster, &instance.id)),
        ec2_instance_id: Some(instance.host.clone()),
        health_status: health.then(|| health_status(instance)),
        pending_tasks_count: Some(super::count(counts.pending)),
        registered_at: Some(instance.registered_at.into()),
        registered_resources: Some(resources(&instance.registered, has_gpus)),
        remaining_resources: Some(resources(&remaining(api.view(), instance), has_gpus)),
        running_tasks_count: Some(super::count(counts.running)),
        status: Some(instance.status.as_str().to_owned()),
        tags: Some(if with_tags { tags::show(&instance.tags) } else { Vec::new() }),
        version_info: Some(VersionInfo {
            agent_hash: None,
            agent_version: Some(instance.agent_version.clone()),
            docker_version: Some(instance.engine_version.clone()),
        }),
        agent_update_status: None,
        capacity_provider_name: capacity::of_instance(api, instance),
        gpu_devices: None,
        status_reason: None,
        version: Some(i64::try_from(instance.version).unwrap_or(i64::MAX)),
    }
}

fn health_status(instance: &model::ContainerInstance) -> ContainerInstanceHealthStatus {
    // What a lost agent last said of its engine is not known to hold.
    let state = match (instance.agent_connected, instance.engine_connected) {
        (false, _) => InstanceHealthCheckState::InsufficientData,
        (true, true) => InstanceHealthCheckState::Ok,
        (true, false) => InstanceHealthCheckState::Impaired,
    };
    let runtime = InstanceHealthCheckResult {
        r#type: Some(InstanceHealthCheckType::ContainerRuntime),
        status: Some(state.clone()),
        ..InstanceHealthCheckResult::default()
    };
    ContainerInstanceHealthStatus { overall_status: Some(state), details: Some(vec![runtime]) }
}

/// What no task holds. Of ports it is, as in ECS, those that are taken.
fn remaining(view: &View, instance: &model::ContainerInstance) -> Resources {
    let holds = |task: &model::Task| task.instance == instance.id && task.last_status != TaskStatus::Stopped;
    let mut left = instance.registered.clone();
    for task in view.tasks.filter(holds) {
        left.cpu = left.cpu.saturating_sub(task.resources.cpu);
        left.memory = left.memory.saturating_sub(task.resources.memory);
        left.gpus.retain(|id| !task.resources.gpus.contains(id));
        left.tcp_ports.extend(&task.resources.tcp_ports);
        left.udp_ports.extend(&task.resources.udp_ports);
    }
    left
}

/// GPUs are told of where an instance has some, as in ECS.
fn resources(amount: &Resources, has_gpus: bool) -> Vec<Resource> {
    let number = |name: &str, amount: u32| Resource {
        name: Some(name.to_owned()),
        r#type: Some("INTEGER".to_owned()),
        double_value: Some(0.0),
        long_value: Some(0),
        integer_value: Some(i32::try_from(amount).unwrap_or(i32::MAX)),
        string_set_value: None,
    };
    let set = |name: &str, items: Vec<String>| Resource {
        r#type: Some("STRINGSET".to_owned()),
        string_set_value: Some(items),
        ..number(name, 0)
    };
    let ports = |ports: &[u16]| ports.iter().map(u16::to_string).collect();
    let mut all = vec![
        number("CPU", amount.cpu),
        number("MEMORY", amount.memory),
        set("PORTS", ports(&amount.tcp_ports)),
        set("PORTS_UDP", ports(&amount.udp_ports)),
    ];
    all.extend(has_gpus.then(|| set("GPU", amount.gpus.clone())));
    all
}
