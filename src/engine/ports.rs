//! Published ports: what the engine is asked for, and what it gave.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::sync::PoisonError;

use bollard::models::{PortBinding, PortMap};
use mainstay_core::model::{ContainerDefinition, NetworkBinding, PortMapping, Ports, Protocol};

/// Where the kernel says which ports are ephemeral.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// The ephemeral ports where it does not say; ECS's.
const DEFAULT_EPHEMERAL: Ports = Ports::Range { first: 49_153, last: u16::MAX };

/// Hands out rows of host ports for ECS's `containerPortRange`.
///
/// The engine alone knows which ports are free when a container starts, and refuses the start where one is taken; the
/// container is then made anew with the next row. So a row is a guess here, and a good one: rows go round the ephemeral
/// ports from the top down, away from where the engine begins with its own, and past what somebody listens on.
#[derive(Default)]
pub(super) struct Rows {
    /// The port below which the next row ends; the highest one where absent.
    next: Mutex<Option<u16>>,
}

impl Rows {
    /// Host ports for each mapping that is a range, in their order; `None` for what is none, or where no row is free.
    pub(super) fn pick(&self, mappings: &[PortMapping]) -> Vec<Option<Ports>> {
        if !mappings.iter().any(|mapping| mapping.container.is_range()) {
            return vec![None; mappings.len()];
        }
        let all = ephemeral();
        let row = |mapping: &PortMapping| {
            let free = |port| is_free(port, mapping.protocol);
            mapping.container.is_range().then(|| self.row(all, mapping.container, free)).flatten()
        };
        mappings.iter().map(row).collect()
    }

    fn row(&self, all: Ports, wanted: Ports, is_free: impl Fn(u16) -> bool) -> Option<Ports> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let length = wanted.last() - wanted.first();
        // As often as rows fit, and once more for the round that was under way.
        for _ in 0..=all.each().count() / usize::from(length + 1) + 1 {
            let last = next.filter(|&last| last >= all.first().saturating_add(length)).unwrap_or(all.last());
            let first = last.checked_sub(length).filter(|&first| first >= all.first())?;
            match (first..=last).rev().find(|&port| !is_free(port)) {
                None => {
                    *next = first.checked_sub(1);
                    return wanted.moved_to(first);
                }
                Some(taken) => *next = taken.checked_sub(1),
            }
        }
        None
    }
}

/// Whether nobody listens there on this host.
fn is_free(port: u16, protocol: Protocol) -> bool {
    let address = (Ipv4Addr::UNSPECIFIED, port);
    match protocol {
        Protocol::Tcp => TcpListener::bind(address).is_ok(),
        Protocol::Udp => UdpSocket::bind(address).is_ok(),
    }
}

fn ephemeral() -> Ports {
    let text = std::fs::read_to_string(EPHEMERAL).unwrap_or_default();
    let joined = text.split_whitespace().collect::<Vec<_>>().join("-");
    Ports::range(&joined).unwrap_or(DEFAULT_EPHEMERAL)
}

/// Every container port, as the engine names it.
pub(super) fn exposed(definition: &ContainerDefinition) -> Vec<String> {
    definition
        .port_mappings
        .iter()
        .flat_map(|mapping| mapping.container.each().map(|port| key(port, mapping.protocol)))
        .collect()
}

/// What is bound to what; `rows` has the host ports of ranges, by mapping.
pub(super) fn bindings(definition: &ContainerDefinition, rows: &[Option<Ports>]) -> PortMap {
    let mut map = PortMap::new();
    for (mapping, row) in definition.port_mappings.iter().zip(rows) {
        for (place, inside) in mapping.container.each().enumerate() {
            let outside = match row {
                Some(row) => row.each().nth(place),
                None => mapping.fixed_host_port(),
            };
            // An empty port lets the engine pick one of the ephemeral range.
            let host_port = outside.map(|port| port.to_string()).unwrap_or_default();
            let binding = PortBinding { host_ip: None, host_port: Some(host_port) };
            map.entry(key(inside, mapping.protocol)).or_default().get_or_insert_default().push(binding);
        }
    }
    map
}

fn key(port: u16, protocol: Protocol) -> String {
    format!("{port}/{}", protocol.as_str())
}

/// A container's ranges as its label has them: the engine knows of single ports only.
pub(super) fn ranges_label(definition: &ContainerDefinition) -> Option<String> {
    let ranges: Vec<String> = definition
        .port_mappings
        .iter()
        .filter(|mapping| mapping.container.is_range())
        .map(|mapping| format!("{}/{}", mapping.container, mapping.protocol.as_str()))
        .collect();
    (!ranges.is_empty()).then(|| ranges.join(","))
}

/// Published ports, in order, those of a range as one; IPv6 bindings double them and are left out, as the genuine agent
/// does by default.
pub(super) fn network_bindings(ports: &PortMap, ranges_label: Option<&str>) -> Vec<NetworkBinding> {
    let mut single: Vec<NetworkBinding> = ports
        .iter()
        .flat_map(|(port, bound)| bound.iter().flatten().map(move |binding| (port, binding)))
        .filter_map(|(port, binding)| {
            let (container_port, protocol) = port.split_once('/')?;
            let bind_ip = binding.host_ip.clone().filter(|ip| !ip.contains(':'))?;
            Some(NetworkBinding {
                bind_ip,
                container: Ports::One(container_port.parse().ok()?),
                host: Ports::One(binding.host_port.as_deref()?.parse().ok()?),
                protocol: protocol_of(protocol),
            })
        })
        .collect();
    single.sort_by_key(|binding| (binding.container, binding.protocol, binding.host));
    let ranges: Vec<(Ports, Protocol)> = ranges_label
        .into_iter()
        .flat_map(|label| label.split(','))
        .filter_map(|range| range.split_once('/'))
        .filter_map(|(range, protocol)| Some((Ports::range(range)?, protocol_of(protocol))))
        .collect();
    let (mut bindings, mut seen) = (Vec::new(), BTreeSet::new());
    for binding in single {
        let part_of = |(range, protocol): &&(Ports, Protocol)| {
            *protocol == binding.protocol && range.meets(binding.container)
        };
        let Some((range, protocol)) = ranges.iter().find(part_of) else {
            bindings.push(binding);
            continue;
        };
        // The first of them tells where the others are: they stand in one row.
        if seen.insert((*range, *protocol))
            && let Some(host) = range.moved_to(binding.host.first())
        {
            bindings.push(NetworkBinding { container: *range, host, ..binding });
        }
    }
    bindings
}

fn protocol_of(word: &str) -> Protocol {
    if word == "udp" { Protocol::Udp } else { Protocol::Tcp }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Ports {
        Ports::range(text).unwrap()
    }

    fn bound(ip: &str, port: u16) -> PortBinding {
        PortBinding { host_ip: Some(ip.into()), host_port: Some(port.to_string()) }
    }

    #[test]
    fn an_ipv6_twin_of_a_binding_is_left_out() {
        let twins = vec![bound("0.0.0.0", 49153), bound("::", 49153)];
        let bindings = network_bindings(&PortMap::from([("80/tcp".to_owned(), Some(twins))]), None);
        assert_eq!(bindings.len(), 1);
        assert_eq!((bindings[0].container, bindings[0].host), (Ports::One(80), Ports::One(49153)));
    }

    #[test]
    fn the_ports_of_a_range_are_one_binding_beside_the_single_ones() {
        let ports = [(80, "tcp", 5000), (8000, "tcp", 6000), (8001, "tcp", 6001), (8001, "udp", 7000)];
        let ports = ports.map(|(inside, protocol, outside)| {
            (format!("{inside}/{protocol}"), Some(vec![bound("0.0.0.0", outside)]))
        });
        let bindings = network_bindings(&ports.into(), Some("8000-8001/tcp"));
        let shown: Vec<String> =
            bindings.iter().map(|binding| format!("{}>{}", binding.host, binding.container)).collect();
        assert_eq!(shown, ["5000>80", "6000-6001>8000-8001", "7000>8001"]);
    }

    #[test]
    fn rows_follow_each_other_go_round_and_leave_out_what_is_taken() {
        let (all, taken) = (Ports::Range { first: 50_000, last: 50_004 }, 50_004);
        let free = |port| port != taken;
        let rows = Rows::default();
        for _ in 0..3 {
            let row = rows.row(all, range("80-81"), free).unwrap();
            assert!(!row.meets(Ports::One(taken)) && row.first() >= all.first(), "{row}");
        }
        assert_eq!(rows.row(all, range("80-84"), free), None, "one of five is taken");
        assert_eq!(rows.row(all, range("80-90"), free), None, "there are only five");
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port(), Protocol::Tcp));
    }
}
