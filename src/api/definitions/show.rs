//! From the record of a task definition to the wire.

use mainstay_core::Partition;
use mainstay_core::model::{self, NetworkMode};

use super::{fargate, links, logs, options, order, ports, volumes};
use crate::api::wire::enums::{Compatibility, EnvironmentFileType, VersionConsistency};
use crate::api::wire::structures::{
    ContainerDefinition, EnvironmentFile, EphemeralStorage, HealthCheck, KeyValuePair, RepositoryCredentials,
    RuntimePlatform, Secret, TaskDefinition,
};
use crate::api::{placement, signed, signed_seconds};

/// A task definition as ECS shows it: lists that are always there, defaults filled in.
pub(super) fn definition(here: &Partition, definition: &model::TaskDefinition) -> TaskDefinition {
    let required = &definition.requires_compatibilities;
    TaskDefinition {
        compatibilities: Some(compatibilities(definition)),
        container_definitions: Some(
            definition.containers.iter().map(|one| container(one, definition.network_mode)).collect(),
        ),
        cpu: definition.cpu.map(|units| units.to_string()),
        deregistered_at: definition.deregistered_at.map(Into::into),
        ephemeral_storage: definition
            .ephemeral_storage
            .map(|gib| EphemeralStorage { size_in_gi_b: Some(signed(gib)) }),
        execution_role_arn: definition.execution_role_arn.clone(),
        family: Some(definition.key.family.to_string()),
        ipc_mode: definition.ipc_mode.map(|mode| mode.as_str().into()),
        memory: definition.memory.map(|mib| mib.to_string()),
        network_mode: Some(definition.network_mode.as_str().into()),
        pid_mode: definition.pid_mode.map(|mode| mode.as_str().into()),
        placement_constraints: Some(placement::show_of_definition(&definition.placement_constraints)),
        registered_at: Some(definition.registered_at.into()),
        requires_compatibilities: (!required.is_empty())
            .then(|| required.iter().map(|launch_type| launch_type.as_str().into()).collect()),
        runtime_platform: definition.runtime_platform.as_ref().map(|platform| RuntimePlatform {
            cpu_architecture: platform.cpu_architecture.as_deref().map(Into::into),
            operating_system_family: platform.operating_system_family.as_deref().map(Into::into),
        }),
        revision: Some(signed(definition.key.revision)),
        status: Some(definition.status.as_str().into()),
        task_definition_arn: Some(here.task_definition(&definition.key)),
        task_role_arn: definition.task_role_arn.clone(),
        volumes: Some(definition.volumes.iter().map(volumes::show).collect()),
        ..TaskDefinition::default()
    }
}

/// Where ECS could run it.
fn compatibilities(definition: &model::TaskDefinition) -> Vec<Compatibility> {
    match definition.network_mode {
        NetworkMode::AwsVpc if fargate::check(definition).is_ok() => {
            vec![Compatibility::Ec2, Compatibility::Fargate]
        }
        NetworkMode::AwsVpc => vec![Compatibility::Ec2],
        _ => vec![Compatibility::External, Compatibility::Ec2],
    }
}

fn container(container: &model::ContainerDefinition, mode: NetworkMode) -> ContainerDefinition {
    let variable = |(name, value): &(String, String)| KeyValuePair {
        name: Some(name.clone()),
        value: Some(value.clone()),
    };
    let mut shown = ContainerDefinition {
        command: container.command.clone(),
        cpu: Some(signed(container.cpu)),
        depends_on: order::show_dependencies(&container.depends_on),
        docker_labels: (!container.docker_labels.is_empty())
            .then(|| container.docker_labels.iter().cloned().collect()),
        entry_point: container.entry_point.clone(),
        environment: Some(container.environment.iter().map(variable).collect()),
        environment_files: environment_files(&container.environment_files),
        essential: Some(container.essential),
        health_check: container.health_check.as_ref().map(health_check),
        image: Some(container.image.clone()),
        links: options::list(&container.links, links::show),
        log_configuration: container.log_configuration.as_ref().map(logs::show),
        memory: container.memory.map(signed),
        memory_reservation: container.memory_reservation.map(signed),
        mount_points: Some(container.mount_points.iter().map(volumes::show_mount_point).collect()),
        name: Some(container.name.clone()),
        port_mappings: Some(
            container.port_mappings.iter().map(|mapping| ports::show(mapping, mode)).collect(),
        ),
        repository_credentials: container
            .repository_credentials
            .as_ref()
            .map(|named| RepositoryCredentials { credentials_parameter: Some(named.clone()) }),
        restart_policy: container.restart_policy.as_ref().map(order::show_restart_policy),
        start_timeout: container.start_timeout.map(signed_seconds),
        secrets: options::list(&container.secrets, secret),
        stop_timeout: container.stop_timeout.map(signed_seconds),
        user: container.user.clone(),
        version_consistency: container
            .version_consistency
            .map(|pinned| if pinned { VersionConsistency::Enabled } else { VersionConsistency::Disabled }),
        volumes_from: Some(container.volumes_from.iter().map(volumes::show_volumes_from).collect()),
        working_directory: container.working_directory.clone(),
        ..ContainerDefinition::default()
    };
    options::show(&container.options, container.gpus, &mut shown);
    shown
}

/// Files of variables, as they were given.
pub(in crate::api) fn environment_files(arns: &[String]) -> Option<Vec<EnvironmentFile>> {
    options::list(arns, |arn| EnvironmentFile {
        r#type: Some(EnvironmentFileType::S3),
        value: Some(arn.clone()),
    })
}

/// Where it is looked up, not what it is.
pub(super) fn secret(secret: &model::Secret) -> Secret {
    Secret { name: Some(secret.name.clone()), value_from: Some(secret.value_from.clone()) }
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
