use std::fmt;

use serde::{Deserialize, Serialize};

/// A container's port or ports, made reachable from the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortMapping {
    /// What is inside.
    pub container: Ports,
    /// The port outside; 0 or absent means any free one of the ephemeral range, as it always is for a range.
    pub host_port: Option<u16>,
    /// TCP where not said.
    pub protocol: Protocol,
    /// The mapping's name, echoed.
    pub name: Option<String>,
    /// What is spoken there, echoed: `http`, `http2` or `grpc`.
    pub app_protocol: Option<String>,
}

impl PortMapping {
    /// The host port that has to be reserved, where one was fixed.
    pub fn fixed_host_port(&self) -> Option<u16> {
        self.host_port.filter(|&port| port != 0)
    }
}

/// A port, or a row of them without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ports {
    /// Just one.
    One(u16),
    /// ECS's `containerPortRange` or `hostPortRange`.
    Range {
        /// Lower than `last`.
        first: u16,
        /// Belongs to it.
        last: u16,
    },
}

impl Ports {
    /// The lowest.
    pub fn first(self) -> u16 {
        match self {
            Self::One(port) | Self::Range { first: port, .. } => port,
        }
    }

    /// The highest.
    pub fn last(self) -> u16 {
        match self {
            Self::One(port) | Self::Range { last: port, .. } => port,
        }
    }

    /// The only one, where it is one.
    pub fn one(self) -> Option<u16> {
        match self {
            Self::One(port) => Some(port),
            Self::Range { .. } => None,
        }
    }

    /// Whether it is a range.
    pub fn is_range(self) -> bool {
        matches!(self, Self::Range { .. })
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = u16> {
        self.first()..=self.last()
    }

    /// Whether some port is in both.
    pub fn meets(self, other: Self) -> bool {
        self.first() <= other.last() && other.first() <= self.last()
    }

    /// As many from `first` on; `None` where there are not so many.
    pub fn moved_to(self, first: u16) -> Option<Self> {
        match self {
            Self::One(_) => Some(Self::One(first)),
            Self::Range { .. } => {
                Some(Self::Range { first, last: first.checked_add(self.last() - self.first())? })
            }
        }
    }

    /// ECS's text of a range: `8000-8010`. `None` where it is none, or does not grow.
    pub fn range(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let port = |digits: &str| {
            digits.parse::<u16>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let (first, last) = (port(first)?, port(last)?);
        (0 < first && first < last).then_some(Self::Range { first, last })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(port) => write!(f, "{port}"),
            Self::Range { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

/// Transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The word on the wire and in the engine.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_where_it_grows_within_the_ports_there_are() {
        assert_eq!(Ports::range("8000-8010"), Some(Ports::Range { first: 8000, last: 8010 }));
        for text in ["", "80", "80-80", "81-80", "0-5", "1-65536", "+1-5", "1-2-3", " 1-2"] {
            assert_eq!(Ports::range(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_meet_where_they_share_a_port_and_keep_their_length_when_moved() {
        let range = |text: &str| Ports::range(text).unwrap();
        assert!(range("80-90").meets(range("90-91")) && range("80-90").meets(Ports::One(85)));
        assert!(!range("80-90").meets(range("91-95")) && !range("80-90").meets(Ports::One(79)));
        assert_eq!(range("80-90").moved_to(50_000), Some(range("50000-50010")));
        assert_eq!(range("80-90").moved_to(65_530), None);
        assert_eq!(range("80-82").each().collect::<Vec<_>>(), [80, 81, 82]);
    }
}
