//! From the record of a task definition to the wire.

use mainstay_core::Partition;
use mainstay_core::model::{self, NetworkMode};

use crate::api::wire::enums::{Compatibility, VersionConsistency};
use crate::api::wire::structures::{
    ContainerDefinition, HealthCheck, KeyValuePair, PortMapping, TaskDefinition,
};
use crate::api::{signed, signed_seconds};

/// A task definition as ECS shows it: lists that are always there, defaults filled in.
pub(super) fn definition(here: &Partition, definition: &model::TaskDefinition) -> TaskDefinition {
    let required = &definition.requires_compatibilities;
    TaskDefinition {
        compatibilities: Some(vec![Compatibility::External, Compatibility::Ec2]),
        container_definitions: Some(
            definition.containers.iter().map(|one| container(one, definition.network_mode)).collect(),
        ),
        cpu: definition.cpu.map(|units| units.to_string()),
        deregistered_at: definition.deregistered_at.map(Into::into),
        execution_role_arn: definition.execution_role_arn.clone(),
        family: Some(definition.key.family.to_string()),
        memory: definition.memory.map(|mib| mib.to_string()),
        network_mode: Some(definition.network_mode.as_str().into()),
        placement_constraints: Some(Vec::new()),
        registered_at: Some(definition.registered_at.into()),
        requires_compatibilities: (!required.is_empty())
            .then(|| required.iter().map(|launch_type| launch_type.as_str().into()).collect()),
        revision: Some(signed(definition.key.revision)),
        status: Some(definition.status.as_str().into()),
        task_definition_arn: Some(here.task_definition(&definition.key)),
        task_role_arn: definition.task_role_arn.clone(),
        volumes: Some(Vec::new()),
        ..TaskDefinition::default()
    }
}

fn container(container: &model::ContainerDefinition, mode: NetworkMode) -> ContainerDefinition {
    let variable = |(name, value): &(String, String)| KeyValuePair {
        name: Some(name.clone()),
        value: Some(value.clone()),
    };
    ContainerDefinition {
        command: container.command.clone(),
        cpu: Some(signed(container.cpu)),
        docker_labels: (!container.docker_labels.is_empty())
            .then(|| container.docker_labels.iter().cloned().collect()),
        entry_point: container.entry_point.clone(),
        environment: Some(container.environment.iter().map(variable).collect()),
        essential: Some(container.essential),
        health_check: container.health_check.as_ref().map(health_check),
        image: Some(container.image.clone()),
        memory: container.memory.map(signed),
        memory_reservation: container.memory_reservation.map(signed),
        mount_points: Some(Vec::new()),
        name: Some(container.name.clone()),
        port_mappings: Some(
            container.port_mappings.iter().map(|mapping| port_mapping(mapping, mode)).collect(),
        ),
        stop_timeout: container.stop_timeout.map(signed_seconds),
        system_controls: Some(Vec::new()),
        user: container.user.clone(),
        version_consistency: container
            .version_consistency
            .map(|pinned| if pinned { VersionConsistency::Enabled } else { VersionConsistency::Disabled }),
        volumes_from: Some(Vec::new()),
        working_directory: container.working_directory.clone(),
        ..ContainerDefinition::default()
    }
}

fn port_mapping(mapping: &model::PortMapping, mode: NetworkMode) -> PortMapping {
    let outside = match mode {
        NetworkMode::Host => mapping.container_port,
        _ => mapping.host_port.unwrap_or(0),
    };
    PortMapping {
        container_port: Some(mapping.container_port.into()),
        host_port: Some(outside.into()),
        name: mapping.name.clone(),
        protocol: Some(mapping.protocol.as_str().into()),
        ..PortMapping::default()
    }
}

fn health_check(check: &model::HealthCheck) -> HealthCheck {
    HealthCheck {
        command: Some(check.command.clone()),
        interval: Some(signed_seconds(check.interval)),
        retries: Some(signed(check.retries)),
        // The one that ECS shows only where it was given.
        start_period: (!check.start_period.is_zero()).then(|| signed_seconds(check.start_period)),
        timeout: Some(signed_seconds(check.timeout)),
    }
}
