//! The members of a container definition that go to the engine nearly as they are, both ways.

use std::net::IpAddr;

use mainstay_core::model::{
    ContainerDefinition, EngineOptions, Gpus, HostEntry, IpcMode, NetworkMode, SystemControl, TaskDefinition,
    Ulimit,
};

use super::read::client;
use super::{links, linux};
use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::wire::enums::{ResourceType, UlimitName};
use crate::api::wire::{At, structures as wire};

/// The kernel's limit of a host's name, in characters.
const LONGEST_HOSTNAME: usize = 64;
/// Kernel parameters of an IPC namespace, beside all of `fs.mqueue.`.
const OF_IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// The members that are read here.
pub(super) struct Given {
    pub linux_parameters: Option<wire::LinuxParameters>,
    pub ulimits: Option<Vec<wire::Ulimit>>,
    pub system_controls: Option<Vec<wire::SystemControl>>,
    pub privileged: Option<bool>,
    pub readonly_root_filesystem: Option<bool>,
    pub dns_servers: Option<Vec<String>>,
    pub dns_search_domains: Option<Vec<String>>,
    pub extra_hosts: Option<Vec<wire::HostEntry>>,
    pub hostname: Option<String>,
    pub interactive: Option<bool>,
    pub pseudo_terminal: Option<bool>,
    pub docker_security_options: Option<Vec<String>>,
    pub disable_networking: Option<bool>,
}

/// Each by itself; what must hold between them, [`check`] says.
pub(super) fn read(at: &At<'_>, given: Given) -> Answer<EngineOptions> {
    let ulimits = given.ulimits.unwrap_or_default().into_iter().enumerate();
    let system_controls = given.system_controls.unwrap_or_default().into_iter().enumerate();
    let extra_hosts = given.extra_hosts.unwrap_or_default().into_iter().enumerate();
    let (limits_at, controls_at, hosts_at) =
        (at.field("ulimits"), at.field("systemControls"), at.field("extraHosts"));
    Ok(EngineOptions {
        linux: given
            .linux_parameters
            .map(|given| linux::read(&at.field("linuxParameters"), given))
            .transpose()?,
        ulimits: ulimits
            .map(|(index, given)| ulimit(&limits_at.index(index), given))
            .collect::<Answer<_>>()?,
        system_controls: system_controls
            .map(|(index, given)| system_control(&controls_at.index(index), given))
            .collect::<Answer<_>>()?,
        privileged: given.privileged,
        readonly_root_filesystem: given.readonly_root_filesystem,
        dns_servers: texts(&at.field("dnsServers"), given.dns_servers, is_ip, "an IP address")?,
        dns_search_domains: texts(
            &at.field("dnsSearchDomains"),
            given.dns_search_domains,
            is_domain,
            "a domain, such as example.com",
        )?,
        extra_hosts: extra_hosts
            .map(|(index, given)| host_entry(&hosts_at.index(index), given))
            .collect::<Answer<_>>()?,
        hostname: hostname(at, given.hostname)?,
        interactive: given.interactive,
        pseudo_terminal: given.pseudo_terminal,
        docker_security_options: texts(
            &at.field("dockerSecurityOptions"),
            given.docker_security_options,
            is_security_option,
            "no-new-privileges, apparmor:PROFILE, label:VALUE or seccomp:unconfined",
        )?,
        disable_networking: given.disable_networking,
    })
}

/// What must hold between a container's options and the rest of its task definition.
pub(super) fn check(definition: &TaskDefinition) -> Answer<()> {
    let list = At::ROOT.field("containerDefinitions");
    for (index, container) in definition.containers.iter().enumerate() {
        let at = list.index(index);
        let options = &container.options;
        if options.disable_networking == Some(true) {
            let connected = [
                ("portMappings", !container.port_mappings.is_empty()),
                ("links", !container.links.is_empty()),
            ];
            if let Some((member, _)) = connected.iter().find(|(_, given)| *given) {
                return Err(ApiError::client(format!(
                    "{} is given; it must be left out where disableNetworking is true.",
                    at.field(member)
                )));
            }
        }
        if options.linux.as_ref().is_some_and(|linux| linux.max_swap.is_some()) && container.memory.is_none()
        {
            return Err(ApiError::client(format!(
                "{}.maxSwap is given; it must come with the container's 'memory', to which it is added.",
                at.field("linuxParameters")
            )));
        }
        let controls = at.field("systemControls");
        for (index, control) in options.system_controls.iter().enumerate() {
            let name = &control.namespace;
            let shared = match (name.starts_with("net."), definition.network_mode, definition.ipc_mode) {
                (true, NetworkMode::Host, _) => "networkMode",
                (false, _, Some(IpcMode::Host)) => "ipcMode",
                _ => continue,
            };
            return Err(ApiError::client(format!(
                "{}.namespace is '{name}'; it must be none of the host's own, which {shared} host shares.",
                controls.index(index)
            )));
        }
    }
    links::check(definition)
}

fn ulimit(at: &At<'_>, given: wire::Ulimit) -> Answer<Ulimit> {
    let wire::Ulimit { hard_limit, name, soft_limit } = given;
    for (member, limit) in [("softLimit", soft_limit), ("hardLimit", hard_limit)] {
        at.range(member, limit.map(i64::from), -1..=i64::from(i32::MAX)).map_err(client)?;
    }
    let (soft, hard) = (soft_limit.unwrap_or_default(), hard_limit.unwrap_or_default());
    // -1 is no limit.
    if hard != -1 && (soft == -1 || soft > hard) {
        return Err(ApiError::client(format!("{at}.softLimit is {soft}; it must be at most {hard}.")));
    }
    let name = name.as_ref().map(UlimitName::as_str).unwrap_or_default();
    Ok(Ulimit { name: name.to_owned(), soft, hard })
}

fn system_control(at: &At<'_>, given: wire::SystemControl) -> Answer<SystemControl> {
    let wire::SystemControl { namespace, value } = given;
    let (namespace, value) = (namespace.unwrap_or_default(), value.unwrap_or_default());
    let known = ["net.", "fs.mqueue."]
        .iter()
        .any(|prefix| namespace.len() > prefix.len() && namespace.starts_with(prefix));
    if !known && !OF_IPC.contains(&namespace.as_str()) {
        return Err(ApiError::client(format!(
            "{at}.namespace is '{namespace}'; it must begin with net. or fs.mqueue., or be one of {}.",
            OF_IPC.join(", ")
        )));
    }
    if value.is_empty() {
        return Err(ApiError::client(format!("{at}.value is required.")));
    }
    Ok(SystemControl { namespace, value })
}

fn host_entry(at: &At<'_>, given: wire::HostEntry) -> Answer<HostEntry> {
    let wire::HostEntry { hostname, ip_address } = given;
    let (hostname, ip_address) = (hostname.unwrap_or_default(), ip_address.unwrap_or_default());
    if !is_domain(&hostname) {
        return Err(ApiError::client(format!("{at}.hostname is '{hostname}'; it must be a host's name.")));
    }
    // The engine's own word for the host.
    if !is_ip(&ip_address) && ip_address != "host-gateway" {
        return Err(ApiError::client(format!(
            "{at}.ipAddress is '{ip_address}'; it must be an IP address or host-gateway."
        )));
    }
    Ok(HostEntry { hostname, ip_address })
}

fn hostname(at: &At<'_>, given: Option<String>) -> Answer<Option<String>> {
    let Some(name) = given.filter(|name| !name.is_empty()) else { return Ok(None) };
    if !is_domain(&name) || name.len() > LONGEST_HOSTNAME {
        return Err(ApiError::client(format!(
            "{at}.hostname is '{name}'; it must be a host's name of up to {LONGEST_HOSTNAME} letters, digits, \
             hyphens and dots."
        )));
    }
    Ok(Some(name))
}

/// GPUs; other resources no engine here has or can have.
pub(in crate::api) fn gpus(at: &At<'_>, given: Vec<wire::ResourceRequirement>) -> Answer<Option<Gpus>> {
    let list = at.field("resourceRequirements");
    if given.len() > 1 {
        return Err(ApiError::client(format!("{list} has length {}; it must have 1 at most.", given.len())));
    }
    let Some(wire::ResourceRequirement { sharing_strategy, r#type, value }) = given.into_iter().next() else {
        return Ok(None);
    };
    let at = list.index(0);
    refuse(&at, &[("sharingStrategy", &sharing_strategy.is_some())])?;
    match r#type {
        Some(ResourceType::Gpu) | None => {}
        Some(other) => {
            let at = at.field("type");
            return Err(ApiError::client(format!(
                "{at} {} is not supported by Mainstay yet.",
                other.as_str()
            )));
        }
    }
    let value = value.unwrap_or_default();
    match value.parse() {
        Ok(count) if count > 0 => Ok(Some(Gpus::Count(count))),
        _ if value == "ALL" => Ok(Some(Gpus::All)),
        _ => Err(ApiError::client(format!("{at}.value is '{value}'; it must be a number above 0, or ALL."))),
    }
}

/// A list of texts of one kind.
fn texts(
    at: &At<'_>,
    given: Option<Vec<String>>,
    is_right: fn(&str) -> bool,
    right: &str,
) -> Answer<Vec<String>> {
    let given = given.unwrap_or_default();
    match given.iter().enumerate().find(|(_, text)| !is_right(text)) {
        Some((index, text)) => {
            Err(ApiError::client(format!("{} is '{text}'; it must be {right}.", at.index(index))))
        }
        None => Ok(given),
    }
}

fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Names are kept to what resolvers take; an underscore is no letter of a host, but seen in service names.
fn is_domain(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(letter);
    text.len() <= 255 && text.split('.').all(label)
}

fn is_security_option(text: &str) -> bool {
    let value_of = |name: &str| text.strip_prefix(name).is_some_and(|value| !value.is_empty());
    matches!(
        text,
        "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges:false" | "seccomp:unconfined"
    ) || value_of("apparmor:")
        || value_of("label:")
}

/// As they were given.
pub(super) fn show(options: &EngineOptions, gpus: Option<Gpus>, shown: &mut wire::ContainerDefinition) {
    let EngineOptions {
        linux,
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
    } = options;
    let ulimit = |limit: &Ulimit| wire::Ulimit {
        hard_limit: Some(limit.hard),
        name: Some(limit.name.as_str().into()),
        soft_limit: Some(limit.soft),
    };
    let control = |control: &SystemControl| wire::SystemControl {
        namespace: Some(control.namespace.clone()),
        value: Some(control.value.clone()),
    };
    let host = |entry: &HostEntry| wire::HostEntry {
        hostname: Some(entry.hostname.clone()),
        ip_address: Some(entry.ip_address.clone()),
    };
    shown.linux_parameters = linux.as_ref().map(linux::show);
    shown.ulimits = list(ulimits, ulimit);
    // The one list that ECS shows although it is empty.
    shown.system_controls = Some(system_controls.iter().map(control).collect());
    shown.privileged = *privileged;
    shown.readonly_root_filesystem = *readonly_root_filesystem;
    shown.dns_servers = list(dns_servers, String::clone);
    shown.dns_search_domains = list(dns_search_domains, String::clone);
    shown.extra_hosts = list(extra_hosts, host);
    shown.hostname.clone_from(hostname);
    shown.interactive = *interactive;
    shown.pseudo_terminal = *pseudo_terminal;
    shown.docker_security_options = list(docker_security_options, String::clone);
    shown.disable_networking = *disable_networking;
    shown.resource_requirements = show_gpus(gpus);
}

/// GPUs on the wire.
pub(in crate::api) fn show_gpus(gpus: Option<Gpus>) -> Option<Vec<wire::ResourceRequirement>> {
    let value = match gpus? {
        Gpus::Count(count) => count.to_string(),
        Gpus::All => "ALL".to_owned(),
    };
    Some(vec![wire::ResourceRequirement {
        r#type: Some(ResourceType::Gpu),
        value: Some(value),
        ..wire::ResourceRequirement::default()
    }])
}

/// What nobody has is all that is left for one container only.
///
/// # Errors
/// Where two containers ask for all GPUs.
pub(in crate::api) fn check_gpus(containers: &[ContainerDefinition]) -> Answer<()> {
    let all = |container: &&ContainerDefinition| container.gpus == Some(Gpus::All);
    let mut asking = containers.iter().filter(all);
    match (asking.next(), asking.next()) {
        (Some(one), Some(other)) => Err(ApiError::client(format!(
            "Containers '{}' and '{}' both have the value ALL for the resource requirement GPU; one container at most \
             can have it.",
            one.name, other.name
        ))),
        _ => Ok(()),
    }
}

/// A list that is absent where nothing is in it.
pub(in crate::api) fn list<T, U>(items: &[T], show: impl FnMut(&T) -> U) -> Option<Vec<U>> {
    (!items.is_empty()).then(|| items.iter().map(show).collect())
}

#[cfg(test)]
mod tests;
