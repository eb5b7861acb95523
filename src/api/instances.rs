//! DescribeContainerInstances, ListContainerInstances.

use mainstay_actors::view::View;
use mainstay_core::model::{self, Resources, TaskStatus};

use super::error::{Answer, ApiError};
use super::given::refuse;
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::{ContainerInstanceField, InstanceHealthCheckState, InstanceHealthCheckType};
use super::wire::structures::{
    Attribute, ContainerInstance, ContainerInstanceHealthStatus, DescribeContainerInstancesRequest,
    DescribeContainerInstancesResponse, InstanceHealthCheckResult, ListContainerInstancesRequest,
    ListContainerInstancesResponse, Resource, VersionInfo,
};
use super::{Api, at_most, clusters, missing, names, tags, tasks};

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
            Some(instance) => found.push(show(api, &instance, include.as_deref().unwrap_or_default())),
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
    refuse(&At::ROOT, &[("filter", &filter)])?;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let wanted = |instance: &model::ContainerInstance| {
        instance.cluster == cluster.name
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

fn show(
    api: &Api,
    instance: &model::ContainerInstance,
    include: &[ContainerInstanceField],
) -> ContainerInstance {
    let held = api.view().tasks.filter(|task| task.instance == instance.id);
    let counts = tasks::Counts::of(&held);
    let health = include.contains(&ContainerInstanceField::ContainerInstanceHealth);
    let with_tags = include.contains(&ContainerInstanceField::Tags);
    ContainerInstance {
        agent_connected: Some(instance.agent_connected),
        attachments: Some(Vec::new()),
        attributes: Some(attributes(instance)),
        container_instance_arn: Some(api.here().instance(&instance.cluster, &instance.id)),
        ec2_instance_id: Some(instance.host.clone()),
        health_status: health.then(|| health_status(instance)),
        pending_tasks_count: Some(super::count(counts.pending)),
        registered_at: Some(instance.registered_at.into()),
        registered_resources: Some(resources(&instance.registered)),
        remaining_resources: Some(resources(&remaining(api.view(), instance))),
        running_tasks_count: Some(super::count(counts.running)),
        status: Some(instance.status.as_str().to_owned()),
        tags: Some(if with_tags { tags::show(&instance.tags) } else { Vec::new() }),
        version_info: Some(VersionInfo {
            agent_hash: None,
            agent_version: Some(instance.agent_version.clone()),
            docker_version: Some(instance.engine_version.clone()),
        }),
        agent_update_status: None,
        capacity_provider_name: None,
        gpu_devices: None,
        status_reason: None,
        version: None,
    }
}

/// Facts of a container instance, as answers show them.
fn attributes(instance: &model::ContainerInstance) -> Vec<Attribute> {
    let attribute = |(name, value): &(String, Option<String>)| Attribute {
        name: Some(name.clone()),
        value: value.clone(),
        ..Attribute::default()
    };
    instance.attributes.iter().map(attribute).collect()
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
        left.tcp_ports.extend(&task.resources.tcp_ports);
        left.udp_ports.extend(&task.resources.udp_ports);
    }
    left
}

fn resources(amount: &Resources) -> Vec<Resource> {
    let number = |name: &str, amount: u32| Resource {
        name: Some(name.to_owned()),
        r#type: Some("INTEGER".to_owned()),
        double_value: Some(0.0),
        long_value: Some(0),
        integer_value: Some(i32::try_from(amount).unwrap_or(i32::MAX)),
        string_set_value: None,
    };
    let set = |name: &str, ports: &[u16]| Resource {
        r#type: Some("STRINGSET".to_owned()),
        string_set_value: Some(ports.iter().map(u16::to_string).collect()),
        ..number(name, 0)
    };
    vec![
        number("CPU", amount.cpu),
        number("MEMORY", amount.memory),
        set("PORTS", &amount.tcp_ports),
        set("PORTS_UDP", &amount.udp_ports),
    ]
}
