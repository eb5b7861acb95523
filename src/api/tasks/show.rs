//! From the record of a task to the wire.

use mainstay_core::model::{self, LaunchType, Overrides};

use super::launch_type;
use crate::api::wire::enums::{Connectivity, ManagedAgentName};
use crate::api::wire::structures::{
    Attribute, Container, ContainerOverride, EphemeralStorage, KeyValuePair, ManagedAgent, NetworkBinding,
    Task, TaskOverride,
};
use crate::api::{Scene, definitions, network, platform, signed, tags};

/// GiB that every task on Fargate has.
const LEAST_STORAGE: u32 = 20;

/// A task as ECS shows it.
pub(in crate::api) fn task(api: Scene<'_>, task: &model::Task, with_tags: bool) -> Task {
    let here = api.here();
    let instance = api.view().instances.get(&task.instance);
    let fact = |name: &str| {
        let mut facts = instance.iter().flat_map(|instance| instance.all_attributes());
        facts.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    let architecture = fact("ecs.cpu-architecture").map(|value| Attribute {
        name: Some("ecs.cpu-architecture".to_owned()),
        value: Some(value),
        ..Attribute::default()
    });
    let launch_type = launch_type(api.view(), task);
    let on_fargate = launch_type == LaunchType::Fargate;
    let connected = instance.as_ref().is_some_and(|instance| instance.agent_connected);
    // The agent was there when it began to pull, or to start where nothing was to be pulled.
    let connected_at = task.pull_started_at.or(task.started_at);
    Task {
        attachments: Some(network::attachments(here, task)),
        capacity_provider_name: task.capacity_provider.as_ref().map(ToString::to_string),
        attributes: Some(architecture.into_iter().collect()),
        availability_zone: fact("ecs.availability-zone"),
        cluster_arn: Some(here.cluster(&task.cluster)),
        connectivity: Some(if connected { Connectivity::Connected } else { Connectivity::Disconnected }),
        connectivity_at: connected_at.map(Into::into),
        // Where a task on Fargate runs, ECS does not say.
        container_instance_arn: (!on_fargate).then(|| here.instance(&task.cluster, &task.instance)),
        containers: Some(task.containers.iter().map(|one| container(api, task, one)).collect()),
        cpu: Some(task.resources.cpu.to_string()),
        created_at: Some(task.created_at.into()),
        desired_status: Some(task.desired_status.to_string()),
        enable_execute_command: Some(task.enable_execute_command),
        ephemeral_storage: on_fargate.then(|| ephemeral_storage(api, task)),
        execution_stopped_at: task.execution_stopped_at.map(Into::into),
        group: Some(task.group.clone()),
        health_status: Some(task.health.as_str().into()),
        inference_accelerators: Some(Vec::new()),
        last_status: Some(task.last_status.to_string()),
        launch_type: Some(launch_type.as_str().into()),
        memory: Some(task.resources.memory.to_string()),
        overrides: Some(overrides(task)),
        platform_family: on_fargate.then(|| platform::FAMILY.to_owned()),
        platform_version: on_fargate.then(|| platform::LATEST.to_owned()),
        pull_started_at: task.pull_started_at.map(Into::into),
        pull_stopped_at: task.pull_stopped_at.map(Into::into),
        started_at: task.started_at.map(Into::into),
        started_by: task.started_by.clone(),
        stop_code: task.stop_code.map(|code| code.as_str().into()),
        stopped_at: task.stopped_at.map(Into::into),
        stopped_reason: task.stopped_reason.clone(),
        stopping_at: task.stopping_at.map(Into::into),
        tags: Some(if with_tags { tags::show(&task.tags) } else { Vec::new() }),
        task_arn: Some(here.task(&task.cluster, &task.id)),
        task_definition_arn: Some(here.task_definition(&task.definition)),
        version: Some(i64::try_from(task.version).unwrap_or(i64::MAX)),
        ..Task::default()
    }
}

/// As its definition says, and as much as every task on Fargate has where that says nothing.
fn ephemeral_storage(api: Scene<'_>, task: &model::Task) -> EphemeralStorage {
    let definition = api.view().definitions.get(&task.definition);
    let size = definition.and_then(|definition| definition.ephemeral_storage).unwrap_or(LEAST_STORAGE);
    EphemeralStorage { size_in_gi_b: Some(signed(size)) }
}

fn container(api: Scene<'_>, task: &model::Task, container: &model::Container) -> Container {
    let binding = |binding: &model::NetworkBinding| NetworkBinding {
        bind_ip: Some(binding.bind_ip.clone()),
        container_port: binding.container.one().map(i32::from),
        container_port_range: binding.container.is_range().then(|| binding.container.to_string()),
        host_port: binding.host.one().map(i32::from),
        host_port_range: binding.host.is_range().then(|| binding.host.to_string()),
        protocol: Some(binding.protocol.as_str().into()),
    };
    Container {
        container_arn: Some(api.here().container(&task.cluster, &task.id, &container.name)),
        cpu: Some(container.cpu.to_string()),
        exit_code: container.exit_code,
        gpu_ids: definitions::options::list(&container.gpu_ids, String::clone),
        health_status: Some(container.health.as_str().into()),
        image: Some(container.image.clone()),
        image_digest: container.image_digest.clone(),
        last_status: Some(container.last_status.to_string()),
        managed_agents: task.enable_execute_command.then(|| vec![exec_agent(container)]),
        memory: container.memory.map(|mib| mib.to_string()),
        memory_reservation: container.memory_reservation.map(|mib| mib.to_string()),
        name: Some(container.name.clone()),
        network_bindings: Some(container.network_bindings.iter().map(binding).collect()),
        network_interfaces: Some(network::interfaces(task)),
        reason: container.reason.clone(),
        runtime_id: container.runtime_id.as_ref().map(ToString::to_string),
        task_arn: Some(api.here().task(&task.cluster, &task.id)),
        ..Container::default()
    }
}

/// There is none: commands come in through the engine. As ECS shows it, it lives as long as its container.
fn exec_agent(container: &model::Container) -> ManagedAgent {
    ManagedAgent {
        last_started_at: container.started_at.map(Into::into),
        last_status: Some(container.last_status.to_string()),
        name: Some(ManagedAgentName::ExecuteCommandAgent),
        reason: None,
    }
}

/// Every container is named, changed or not, as in ECS.
fn overrides(task: &model::Task) -> TaskOverride {
    let Overrides { containers, cpu, memory, task_role_arn, execution_role_arn } = &task.overrides;
    let unchanged = task
        .containers
        .iter()
        .filter(|container| containers.iter().all(|change| change.name != container.name))
        .map(|container| ContainerOverride { name: Some(container.name.clone()), ..Default::default() });
    let changed = containers.iter().map(container_override);
    TaskOverride {
        container_overrides: Some(changed.chain(unchanged).collect()),
        cpu: cpu.map(|units| units.to_string()),
        execution_role_arn: execution_role_arn.clone(),
        inference_accelerator_overrides: Some(Vec::new()),
        memory: memory.map(|mib| mib.to_string()),
        task_role_arn: task_role_arn.clone(),
        ..TaskOverride::default()
    }
}

fn container_override(change: &model::ContainerOverride) -> ContainerOverride {
    let variable = |(name, value): &(String, String)| KeyValuePair {
        name: Some(name.clone()),
        value: Some(value.clone()),
    };
    ContainerOverride {
        command: change.command.clone(),
        cpu: change.cpu.map(signed),
        environment: (!change.environment.is_empty())
            .then(|| change.environment.iter().map(variable).collect()),
        environment_files: change.environment_files.as_deref().and_then(definitions::show::environment_files),
        memory: change.memory.map(signed),
        memory_reservation: change.memory_reservation.map(signed),
        name: Some(change.name.clone()),
        resource_requirements: definitions::options::show_gpus(change.gpus),
    }
}
