//! `portMappings` of a container definition, both ways.

use mainstay_core::model::{NetworkMode, PortMapping, Ports, Protocol};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums::{ApplicationProtocol, TransportProtocol};
use crate::api::wire::structures as wire;

/// ECS's limit of port ranges in a container.
const MOST_RANGES: usize = 100;

/// All of a container's.
pub(super) fn read(
    container: &str,
    given: Vec<wire::PortMapping>,
    mode: NetworkMode,
) -> Answer<Vec<PortMapping>> {
    let mappings: Vec<PortMapping> =
        given.into_iter().map(|given| mapping(container, given, mode)).collect::<Answer<_>>()?;
    let ranges = || mappings.iter().enumerate().filter(|(_, mapping)| mapping.container.is_range());
    if ranges().count() > MOST_RANGES {
        let text = format!("There are {} ranges; there may be {MOST_RANGES}.", ranges().count());
        return Err(wrong(container, "containerPortRange", &text));
    }
    for (place, range) in ranges() {
        let meets = |(other, mapping): &(usize, &PortMapping)| {
            *other != place && mapping.protocol == range.protocol && mapping.container.meets(range.container)
        };
        if let Some((_, other)) = mappings.iter().enumerate().find(meets) {
            let text = format!(
                "containerPortRange is '{}'; its ports must be in no other port mapping, but {} is one.",
                range.container, other.container
            );
            return Err(wrong(container, "containerPortRange", &text));
        }
    }
    Ok(mappings)
}

fn mapping(container: &str, given: wire::PortMapping, mode: NetworkMode) -> Answer<PortMapping> {
    let wire::PortMapping { app_protocol, container_port, container_port_range, host_port, name, protocol } =
        given;
    let port = |member: &str, given: Option<i32>, least: u16| match given {
        None => Ok(None),
        Some(number) => u16::try_from(number).ok().filter(|&port| port >= least).map(Some).ok_or_else(|| {
            let text = format!("{member} is {number}; it must be {least} to {}.", u16::MAX);
            wrong(container, member, &text)
        }),
    };
    let range = container_port_range.filter(|range| !range.is_empty());
    let single = port("containerPort", container_port, 1)?;
    let outside = port("hostPort", host_port, 0)?;
    if mode == NetworkMode::None {
        return Err(wrong(container, "portMappings", "When networkMode=none, there are no ports to map."));
    }
    let inside = match (single, range) {
        (Some(port), None) => Ports::One(port),
        (None, Some(text)) => self::range(container, &text, outside, mode)?,
        (None, None) => return Err(wrong(container, "containerPort", "containerPort is required.")),
        (Some(_), Some(_)) => {
            let text = "Either containerPort or containerPortRange can be given, not both.";
            return Err(wrong(container, "containerPortRange", text));
        }
    };
    let fixed = matches!(mode, NetworkMode::Host | NetworkMode::AwsVpc);
    if fixed && outside.is_some_and(|port| port != 0 && Some(port) != inside.one()) {
        return Err(ApiError::client(format!(
            "When networkMode={}, the host ports and container ports in port mappings must match.",
            mode.as_str()
        )));
    }
    Ok(PortMapping {
        container: inside,
        host_port: outside,
        protocol: match protocol {
            Some(TransportProtocol::Udp) => Protocol::Udp,
            _ => Protocol::Tcp,
        },
        name: name.filter(|name| !name.is_empty()),
        app_protocol: app_protocol.as_ref().map(ApplicationProtocol::as_str).map(str::to_owned),
    })
}

fn range(container: &str, text: &str, outside: Option<u16>, mode: NetworkMode) -> Answer<Ports> {
    let member = "containerPortRange";
    if !matches!(mode, NetworkMode::Bridge | NetworkMode::AwsVpc) {
        let text = format!("It must be left out when networkMode={}.", mode.as_str());
        return Err(wrong(container, member, &text));
    }
    if outside.is_some_and(|port| port != 0) {
        let text = "hostPort must be left out beside a containerPortRange, whose host ports are found.";
        return Err(wrong(container, "hostPort", text));
    }
    Ports::range(text).ok_or_else(|| {
        let text = format!(
            "containerPortRange is '{text}'; it must be FIRST-LAST within 1 to {}, with FIRST below LAST.",
            u16::MAX
        );
        wrong(container, member, &text)
    })
}

fn wrong(container: &str, member: &str, why: &str) -> ApiError {
    ApiError::client(format!("Invalid '{member}' setting for container '{container}'. {why}"))
}

/// As ECS shows it, the host's port filled in.
pub(super) fn show(mapping: &PortMapping, mode: NetworkMode) -> wire::PortMapping {
    let outside = match mode {
        NetworkMode::Host | NetworkMode::AwsVpc => mapping.container.one(),
        _ => mapping.container.one().map(|_| mapping.host_port.unwrap_or(0)),
    };
    wire::PortMapping {
        app_protocol: mapping.app_protocol.as_deref().map(Into::into),
        container_port: mapping.container.one().map(i32::from),
        container_port_range: mapping.container.is_range().then(|| mapping.container.to_string()),
        host_port: outside.map(i32::from),
        name: mapping.name.clone(),
        protocol: Some(mapping.protocol.as_str().into()),
    }
}
