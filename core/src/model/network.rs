use serde::{Deserialize, Serialize};

/// Where a task in network mode `awsvpc` has its network interface; ECS's `awsvpcConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsVpcConfiguration {
    /// Subnets of which it may be in any; it is in the first one.
    pub subnets: Vec<String>,
    /// Echoed: nothing here filters.
    pub security_groups: Vec<String>,
    /// Echoed: its address is one of this host.
    pub assign_public_ip: bool,
}

impl AwsVpcConfiguration {
    /// The subnet that a task gets.
    pub fn subnet(&self) -> Option<&str> {
        self.subnets.first().map(String::as_str)
    }
}

/// A network interface, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its IPv4 address.
    pub address: String,
    /// Its hardware address.
    pub mac: String,
}

/// What a task in network mode `awsvpc` has of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNetwork {
    /// What was asked for.
    pub configuration: AwsVpcConfiguration,
    /// What it was given, once it has it.
    pub interface: Option<NetworkInterface>,
}
