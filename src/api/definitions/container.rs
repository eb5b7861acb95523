//! One container of a RegisterTaskDefinition.

use std::time::Duration;

use mainstay_core::model::{ContainerDefinition, HealthCheck, NetworkMode, PortMapping, Protocol};

use super::read::client;
use super::sizes::LEAST_MEMORY;
use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::wire::enums::{TransportProtocol, VersionConsistency};
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
        environment,
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
        &[
            ("credentialSpecs", &credential_specs),
            ("dependsOn", &depends_on),
            ("disableNetworking", &disable_networking),
            ("dnsSearchDomains", &dns_search_domains),
            ("dnsServers", &dns_servers),
            ("dockerSecurityOptions", &docker_security_options),
            ("environmentFiles", &environment_files),
            ("extraHosts", &extra_hosts),
            ("firelensConfiguration", &firelens_configuration),
            ("hostname", &hostname),
            ("interactive", &interactive),
            ("links", &links),
            ("logConfiguration", &log_configuration),
            ("mountPoints", &mount_points),
            ("privileged", &privileged),
            ("pseudoTerminal", &pseudo_terminal),
            ("readonlyRootFilesystem", &readonly_root_filesystem),
            ("repositoryCredentials", &repository_credentials),
            ("resourceRequirements", &resource_requirements),
            ("restartPolicy", &restart_policy.is_some_and(|policy| policy.enabled == Some(true))),
            ("secrets", &secrets),
            ("startTimeout", &start_timeout),
            ("systemControls", &system_controls),
            ("ulimits", &ulimits),
            ("volumesFrom", &volumes_from),
        ],
    )?;
    linux_parameters.map_or(Ok(()), |given| refuse_linux_parameters(&at.field("linuxParameters"), given))?;

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
    let mappings = at.field("portMappings");
    Ok(ContainerDefinition {
        port_mappings: port_mappings
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, mapping)| port_mapping(&mappings.index(index), &name, mapping, mode))
            .collect::<Answer<_>>()?,
        health_check: health_check
            .filter(|check| *check != wire::HealthCheck::default())
            .map(|check| self::health_check(&at.field("healthCheck"), check))
            .transpose()?,
        name,
        image: image.unwrap_or_default(),
        cpu: unsigned(cpu.unwrap_or(0)),
        memory: memory.map(unsigned),
        memory_reservation: memory_reservation.map(unsigned),
        essential: essential.unwrap_or(true),
        entry_point: entry_point.filter(|words| !words.is_empty()),
        command: command.filter(|words| !words.is_empty()),
        environment: self::environment(at, environment.unwrap_or_default())?,
        stop_timeout: stop_timeout.map(seconds),
        user: user.filter(|user| !user.is_empty()),
        working_directory: working_directory.filter(|path| !path.is_empty()),
        docker_labels: docker_labels.unwrap_or_default().into_iter().collect(),
        version_consistency: version_consistency.map(|word| word == VersionConsistency::Enabled),
    })
}

fn refuse_linux_parameters(at: &At<'_>, given: wire::LinuxParameters) -> Answer<()> {
    let wire::LinuxParameters {
        capabilities,
        devices,
        init_process_enabled,
        max_swap,
        shared_memory_size,
        swappiness,
        tmpfs,
    } = given;
    let wire::KernelCapabilities { add, drop } = capabilities.unwrap_or_default();
    refuse(
        at,
        &[
            ("capabilities.add", &add),
            ("capabilities.drop", &drop),
            ("devices", &devices),
            ("initProcessEnabled", &init_process_enabled),
            // Of these two, 0 is not the default.
            ("maxSwap", &max_swap.is_some()),
            ("swappiness", &swappiness.is_some()),
            ("sharedMemorySize", &shared_memory_size),
            ("tmpfs", &tmpfs),
        ],
    )
}

/// Names and values, as containers and overrides give them.
pub(in crate::api) fn environment(
    at: &At<'_>,
    given: Vec<wire::KeyValuePair>,
) -> Answer<Vec<(String, String)>> {
    let list = at.field("environment");
    let variable = |(index, wire::KeyValuePair { name, value })| {
        let name = name.filter(|name: &String| !name.is_empty() && !name.contains('='));
        let name = name.ok_or_else(|| {
            let at = list.index(index);
            ApiError::client(format!("{at}.name must be given, and have no '=' in it."))
        })?;
        Ok((name, value.unwrap_or_default()))
    };
    given.into_iter().enumerate().map(variable).collect()
}

fn port_mapping(
    at: &At<'_>,
    container: &str,
    given: wire::PortMapping,
    mode: NetworkMode,
) -> Answer<PortMapping> {
    let wire::PortMapping {
        // Service Connect's alone, which is refused by the services.
        app_protocol: _,
        container_port,
        container_port_range,
        host_port,
        name,
        protocol,
    } = given;
    refuse(at, &[("containerPortRange", &container_port_range)])?;
    let wrong = |member: &str, why: String| {
        ApiError::client(format!("Invalid '{member}' setting for container '{container}'. {why}"))
    };
    let port = |member: &str, given: Option<i32>, least: u16| match given {
        None => Ok(None),
        Some(number) => u16::try_from(number).ok().filter(|&port| port >= least).map(Some).ok_or_else(|| {
            wrong(member, format!("{member} is {number}; it must be {least} to {}.", u16::MAX))
        }),
    };
    let inside = port("containerPort", container_port, 1)?
        .ok_or_else(|| wrong("containerPort", "containerPort is required.".into()))?;
    let outside = port("hostPort", host_port, 0)?;
    if mode == NetworkMode::None {
        return Err(wrong("portMappings", "When networkMode=none, there are no ports to map.".into()));
    }
    if mode == NetworkMode::Host && outside.is_some_and(|port| port != 0 && port != inside) {
        let text = "When networkMode=host, the host ports and container ports in port mappings must match.";
        return Err(ApiError::client(text));
    }
    Ok(PortMapping {
        container_port: inside,
        host_port: outside,
        protocol: match protocol {
            Some(TransportProtocol::Udp) => Protocol::Udp,
            _ => Protocol::Tcp,
        },
        name: name.filter(|name| !name.is_empty()),
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

fn seconds(number: i32) -> Duration {
    Duration::from_secs(unsigned(number).into())
}
