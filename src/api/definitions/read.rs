//! From a RegisterTaskDefinition to the record, or to the first thing that is wrong with it.

use std::collections::BTreeSet;

use mainstay_core::model::{
    ContainerDefinition, DefinitionStatus, IpcMode, LaunchType, NetworkMode, PidMode, Protocol,
    RuntimePlatform, TaskDefinition, Timestamp,
};
use mainstay_core::{Family, RevisionKey};

use super::{container, fargate, firelens, network, options, order, sizes, volumes as storage};
use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::wire::structures::{self as wire, RegisterTaskDefinitionRequest};
use crate::api::wire::{At, Invalid, enums};
use crate::api::{names, placement, tags, unsigned};

/// ECS's limit.
const MOST_CONTAINERS: usize = 10;

/// The record; its revision and times are the tree's to give.
///
/// # Errors
/// ClientException, in ECS's words where they are known.
pub(super) fn definition(request: RegisterTaskDefinitionRequest) -> Answer<TaskDefinition> {
    let RegisterTaskDefinitionRequest {
        container_definitions,
        cpu,
        enable_fault_injection,
        ephemeral_storage,
        execution_role_arn,
        family,
        inference_accelerators,
        ipc_mode,
        memory,
        network_mode,
        pid_mode,
        placement_constraints,
        proxy_configuration,
        requires_compatibilities,
        runtime_platform,
        tags: given_tags,
        task_role_arn,
        trusted_execution_configuration,
        volumes,
    } = request;
    refuse(
        &At::ROOT,
        &[
            ("enableFaultInjection", &enable_fault_injection),
            ("inferenceAccelerators", &inference_accelerators),
            ("proxyConfiguration", &proxy_configuration),
            ("trustedExecutionConfiguration", &trusted_execution_configuration),
        ],
    )?;
    let family = family.unwrap_or_default();
    names::pattern("Family", &family).map_err(client)?;
    let network_mode = match network_mode {
        None | Some(enums::NetworkMode::Bridge) => NetworkMode::Bridge,
        Some(enums::NetworkMode::Host) => NetworkMode::Host,
        Some(enums::NetworkMode::None) => NetworkMode::None,
        Some(enums::NetworkMode::Awsvpc) => NetworkMode::AwsVpc,
        Some(other) => return Err(unsupported("networkMode", other.as_str())),
    };
    let pid_mode = match pid_mode {
        None => None,
        Some(enums::PidMode::Host) => Some(PidMode::Host),
        Some(enums::PidMode::Task) => Some(PidMode::Task),
        Some(other) => return Err(unsupported("pidMode", other.as_str())),
    };
    let ipc_mode = match ipc_mode {
        None => None,
        Some(enums::IpcMode::Host) => Some(IpcMode::Host),
        Some(enums::IpcMode::None) => Some(IpcMode::None),
        Some(enums::IpcMode::Task) => Some(IpcMode::Task),
        Some(other) => return Err(unsupported("ipcMode", other.as_str())),
    };
    let size = |given: Option<String>, parse: fn(&str) -> Option<u32>, what: &str| match given.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| {
            ApiError::client(format!("Invalid '{what}' setting for task. {what} is '{text}'."))
        }),
    };
    let definition = TaskDefinition {
        key: RevisionKey { family: Family::new(family), revision: 0 },
        status: DefinitionStatus::Active,
        cpu: size(cpu, sizes::cpu, "cpu")?,
        memory: size(memory, sizes::memory, "memory")?,
        ephemeral_storage: storage_size(ephemeral_storage)?,
        network_mode,
        pid_mode,
        ipc_mode,
        runtime_platform: runtime_platform.map(self::runtime_platform).transpose()?,
        requires_compatibilities: compatibilities(requires_compatibilities.unwrap_or_default())?,
        task_role_arn: task_role_arn.filter(|arn| !arn.is_empty()),
        execution_role_arn: execution_role_arn.filter(|arn| !arn.is_empty()),
        volumes: storage::volumes(volumes.unwrap_or_default())?,
        containers: container::containers(container_definitions.unwrap_or_default(), network_mode)?,
        registered_at: Timestamp::default(),
        deregistered_at: None,
        tags: tags::read(given_tags)?,
        placement_constraints: placement::of_definition(placement_constraints.unwrap_or_default())
            .map_err(client)?,
    };
    check_containers(&definition)?;
    Ok(definition)
}

/// A check of the wire's, as the operations on task definitions answer it.
pub(super) fn client(invalid: Invalid) -> ApiError {
    ApiError::client(invalid.0)
}

fn unsupported(member: &str, word: &str) -> ApiError {
    ApiError::client(format!("{member} {word} is not supported by Mainstay yet."))
}

/// Room on a disk, GiB.
fn storage_size(given: Option<wire::EphemeralStorage>) -> Answer<Option<u32>> {
    let Some(wire::EphemeralStorage { size_in_gi_b }) = given else { return Ok(None) };
    let at = At::ROOT.field("ephemeralStorage");
    at.range("sizeInGiB", size_in_gi_b.map(i64::from), 21..=200).map_err(client)?;
    Ok(size_in_gi_b.map(unsigned))
}

/// Other platforms than ECS's default are none that an image can be run on here.
fn runtime_platform(given: wire::RuntimePlatform) -> Answer<RuntimePlatform> {
    let wire::RuntimePlatform { cpu_architecture, operating_system_family } = given;
    let architecture = cpu_architecture.as_ref().map(enums::CPUArchitecture::as_str);
    let family = operating_system_family.as_ref().map(enums::OSFamily::as_str);
    for (member, given, known) in
        [("cpuArchitecture", architecture, "X86_64"), ("operatingSystemFamily", family, "LINUX")]
    {
        if let Some(other) = given.filter(|&given| given != known) {
            return Err(unsupported(&format!("runtimePlatform.{member}"), other));
        }
    }
    Ok(RuntimePlatform {
        cpu_architecture: architecture.map(str::to_owned),
        operating_system_family: family.map(str::to_owned),
    })
}

fn compatibilities(given: Vec<enums::Compatibility>) -> Answer<Vec<LaunchType>> {
    let mut found = Vec::new();
    for compatibility in given {
        let launch_type = match compatibility {
            enums::Compatibility::Ec2 => LaunchType::Ec2,
            enums::Compatibility::External => LaunchType::External,
            enums::Compatibility::Fargate => LaunchType::Fargate,
            other => return Err(unsupported("requiresCompatibilities", other.as_str())),
        };
        if !found.contains(&launch_type) {
            found.push(launch_type);
        }
    }
    Ok(found)
}

/// What must hold between the containers, and between them and the task.
fn check_containers(definition: &TaskDefinition) -> Answer<()> {
    let containers = &definition.containers;
    if containers.is_empty() {
        return Err(ApiError::client("Container list cannot be empty."));
    }
    if containers.len() > MOST_CONTAINERS {
        return Err(ApiError::client("Too many containers."));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = containers.iter().find(|container| !names.insert(&container.name)) {
        return Err(ApiError::client(format!("Container.name '{}' is used more than once.", twice.name)));
    }
    if !containers.iter().any(|container| container.essential) {
        return Err(ApiError::client("At least one container of the task definition must be essential."));
    }
    network::check(definition)?;
    options::check(definition)?;
    check_sizes(definition)?;
    options::check_gpus(containers)?;
    storage::check(definition)?;
    firelens::check(definition)?;
    order::check(containers)?;
    if definition.requires_compatibilities.contains(&LaunchType::Fargate) {
        fargate::check(definition).map_err(ApiError::client)?;
    }
    check_host_ports(containers, definition.network_mode)
}

/// What the containers ask for must fit into the task.
pub(in crate::api) fn check_sizes(definition: &TaskDefinition) -> Answer<()> {
    for container in &definition.containers {
        let name = &container.name;
        if container.memory.or(container.memory_reservation).or(definition.memory).is_none() {
            return Err(ApiError::client(format!(
                "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' \
                 must be specified."
            )));
        }
        if definition.memory.is_some() && container.memory > definition.memory {
            let text = format!("The 'memory' setting for container '{name}' is greater than for the task.");
            return Err(ApiError::client(text));
        }
    }
    let cpu = definition.containers.iter().map(|container| u64::from(container.cpu)).sum::<u64>();
    let reserved = |container: &ContainerDefinition| {
        u64::from(container.memory_reservation.or(container.memory).unwrap_or(0))
    };
    let memory = definition.containers.iter().map(reserved).sum::<u64>();
    for (what, sum, whole) in [("cpu", cpu, definition.cpu), ("memory", memory, definition.memory)] {
        if whole.is_some_and(|whole| sum > u64::from(whole)) {
            return Err(ApiError::client(format!(
                "The sum of all container '{what}' values cannot be greater than the value of the task \
                 '{what}'."
            )));
        }
    }
    Ok(())
}

/// A port of the host can be had once.
fn check_host_ports(containers: &[ContainerDefinition], mode: NetworkMode) -> Answer<()> {
    let mut taken: BTreeSet<(Protocol, u16)> = BTreeSet::new();
    for container in containers {
        for mapping in &container.port_mappings {
            let port = match mode {
                NetworkMode::Host => mapping.container.one(),
                NetworkMode::Bridge | NetworkMode::None => mapping.fixed_host_port(),
                NetworkMode::AwsVpc => {
                    let twice =
                        mapping.container.each().find(|&port| !taken.insert((mapping.protocol, port)));
                    if let Some(port) = twice {
                        return Err(ApiError::client(format!(
                            "Invalid 'containerPort' setting for container '{}'. Port {port}/{} is used more than \
                             once, and when networkMode=awsvpc the containers have one address.",
                            container.name,
                            mapping.protocol.as_str(),
                        )));
                    }
                    continue;
                }
            };
            if port.is_some_and(|port| !taken.insert((mapping.protocol, port))) {
                return Err(ApiError::client(format!(
                    "Invalid 'hostPort' setting for container '{}'. Host port {}/{} is mapped more than once.",
                    container.name,
                    port.unwrap_or_default(),
                    mapping.protocol.as_str(),
                )));
            }
        }
    }
    Ok(())
}
