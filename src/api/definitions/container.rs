//! One container of a RegisterTaskDefinition.

use std::time::Duration;

use mainstay_core::model::{ContainerDefinition, HealthCheck, NetworkMode};

use super::order;
use super::read::client;
use super::sizes::LEAST_MEMORY;
use super::{environment, links, logs, options, ports, volumes};
use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::wire::enums::VersionConsistency;
use crate::api::wire::{At, structures as wire};
use crate::api::{names, unsigned};

/// CPU units of a container: up to 192 cores.
const MOST_CPU: i64 = 192 * 1024;

/// All of them, in their order.
pub(super) fn containers(
    given: Vec<wire::ContainerDefinition>,
    mode: NetworkMode,
) -> Answer<Vec<ContainerDefinition>> {
    let list = At::ROOT.field("containerDefinitions");
    given.into_iter().enumerate().map(|(index, given)| container(&list.index(index), given, mode)).collect()
}

fn container(
    at: &At<'_>,
    given: wire::ContainerDefinition,
    mode: NetworkMode,
) -> Answer<ContainerDefinition> {
    let wire::ContainerDefinition {
        command,
        cpu,
        credential_specs,
        depends_on,
        disable_networking,
        dns_search_domains,
        dns_servers,
        docker_labels,
        docker_security_options,
        entry_point,
        environment: given_variables,
        environment_files,
        essential,
        extra_hosts,
        firelens_configuration,
        health_check,
        hostname,
        image,
        interactive,
        links,
        linux_parameters,
        log_configuration,
        memory,
        memory_reservation,
        mount_points,
        name,
        port_mappings,
        privileged,
        pseudo_terminal,
        readonly_root_filesystem,
        repository_credentials,
        resource_requirements,
        restart_policy,
        secrets,
        start_timeout,
        stop_timeout,
        system_controls,
        ulimits,
        user,
        version_consistency,
        volumes_from,
        working_directory,
    } = given;
    refuse(
        at,
        &[("credentialSpecs", &credential_specs), ("firelensConfiguration", &firelens_configuration)],
    )?;

    let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    for (member, given) in [("name", filled(&name)), ("image", filled(&image))] {
        if !given {
            return Err(ApiError::client(format!("Container.{member} should not be null or empty.")));
        }
    }
    let name = name.unwrap_or_default();
    names::pattern("Container.name", &name).map_err(client)?;
    let bounds = [
        ("cpu", cpu, 0..=MOST_CPU),
        ("memory", memory, i64::from(LEAST_MEMORY)..=i64::MAX),
        ("memoryReservation", memory_reservation, i64::from(LEAST_MEMORY)..=i64::MAX),
        ("startTimeout", start_timeout, 0..=i64::MAX),
        ("stopTimeout", stop_timeout, 0..=i64::MAX),
    ];
    for (member, number, bounds) in bounds {
        at.range(member, number.map(i64::from), bounds).map_err(client)?;
    }
    if let (Some(hard), Some(soft)) = (memory, memory_reservation)
        && hard <= soft
    {
        return Err(ApiError::client(format!(
            "Invalid setting for container '{name}'. 'memory' ({hard}) must be greater than \
             'memoryReservation' ({soft})."
        )));
    }
    let variables = environment::variables(at, given_variables.unwrap_or_default())?;
    let options = options::Given {
        linux_parameters,
        ulimits,
        system_controls,
        privileged,
        readonly_root_filesystem,
        dns_servers,
        dns_search_domains,
        extra_hosts,
        hostname,
        interactive,
        pseudo_terminal,
        docker_security_options,
        disable_networking,
    };
    Ok(ContainerDefinition {
        port_mappings: ports::read(&name, port_mappings.unwrap_or_default(), mode)?,
        health_check: health_check
            .filter(|check| *check != wire::HealthCheck::default())
            .map(|check| self::health_check(&at.field("healthCheck"), check))
            .transpose()?,
        depends_on: depends_on.unwrap_or_default().into_iter().map(order::dependency).collect(),
        start_timeout: start_timeout.map(seconds),
        restart_policy: restart_policy
            .map(|policy| order::restart_policy(&at.field("restartPolicy"), policy))
            .transpose()?,
        name,
        image: image.unwrap_or_default(),
        repository_credentials: repository_credentials
            .map(|given| environment::registry(&at.field("repositoryCredentials"), given))
            .transpose()?,
        cpu: unsigned(cpu.unwrap_or(0)),
        memory: memory.map(unsigned),
        memory_reservation: memory_reservation.map(unsigned),
        essential: essential.unwrap_or(true),
        entry_point: entry_point.filter(|words| !words.is_empty()),
        command: command.filter(|words| !words.is_empty()),
        environment_files: environment::files(at, environment_files.unwrap_or_default())?,
        secrets: environment::secrets(at, secrets.unwrap_or_default(), &variables)?,
        environment: variables,
        stop_timeout: stop_timeout.map(seconds),
        user: user.filter(|user| !user.is_empty()),
        working_directory: working_directory.filter(|path| !path.is_empty()),
        docker_labels: docker_labels.unwrap_or_default().into_iter().collect(),
        mount_points: volumes::mount_points(at, mount_points.unwrap_or_default())?,
        volumes_from: volumes::volumes_from(at, volumes_from.unwrap_or_default())?,
        options: options::read(at, options)?,
        links: links::read(at, links.unwrap_or_default())?,
        log_configuration: log_configuration
            .map(|given| logs::read(&at.field("logConfiguration"), given))
            .transpose()?,
        gpus: options::gpus(at, resource_requirements.unwrap_or_default())?,
        version_consistency: version_consistency.map(|word| word == VersionConsistency::Enabled),
    })
}

fn health_check(at: &At<'_>, given: wire::HealthCheck) -> Answer<HealthCheck> {
    let wire::HealthCheck { command, interval, retries, start_period, timeout } = given;
    let command = command.unwrap_or_default();
    let kind = command.first().map(String::as_str).unwrap_or_default();
    if !matches!(kind, "CMD" | "CMD-SHELL") || command.len() < 2 {
        return Err(ApiError::client(format!(
            "{at}.command must be CMD or CMD-SHELL followed by what to run; it begins with '{kind}'."
        )));
    }
    let bounds = [
        ("interval", interval, 5..=300),
        ("timeout", timeout, 2..=60),
        ("retries", retries, 1..=10),
        ("startPeriod", start_period, 0..=300),
    ];
    for (member, number, bounds) in bounds {
        at.range(member, number.map(i64::from), bounds).map_err(client)?;
    }
    Ok(HealthCheck {
        command,
        interval: seconds(interval.unwrap_or(30)),
        timeout: seconds(timeout.unwrap_or(5)),
        retries: unsigned(retries.unwrap_or(3)),
        start_period: seconds(start_period.unwrap_or(0)),
    })
}

pub(super) fn seconds(number: i32) -> Duration {
    Duration::from_secs(unsigned(number).into())
}
