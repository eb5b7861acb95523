//! Which of an engine's networks a task is on.

use std::collections::BTreeMap;

use crate::model::{AwsVpcConfiguration, IpcMode, NetworkMode, PidMode};

/// The engine's networks for tasks in network mode `awsvpc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks {
    /// The network of whatever subnet has none of its own; made where it is missing.
    pub default: String,
    /// By the id of a subnet: a network that has to be there.
    pub subnets: BTreeMap<String, String>,
}

impl Default for Networks {
    fn default() -> Self {
        Self { default: "mainstay".into(), subnets: BTreeMap::new() }
    }
}

/// A network of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineNetwork {
    /// Its name.
    pub name: String,
    /// Whether it is made where it is missing.
    pub made: bool,
}

impl Networks {
    /// The network of a task with this configuration.
    pub fn of(&self, configuration: &AwsVpcConfiguration) -> EngineNetwork {
        match configuration.subnet().and_then(|subnet| self.subnets.get(subnet)) {
            Some(name) => EngineNetwork { name: name.clone(), made: *name == self.default },
            None => EngineNetwork { name: self.default.clone(), made: true },
        }
    }
}

/// Whether the containers of such a task share a namespace, which a pause container of its own holds.
pub fn shares_namespaces(network: NetworkMode, pid: Option<PidMode>, ipc: Option<IpcMode>) -> bool {
    network == NetworkMode::AwsVpc || pid == Some(PidMode::Task) || ipc == Some(IpcMode::Task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_that_is_mapped_has_a_network_of_its_own_and_any_other_the_default() {
        let subnets = [("subnet-1", "lan"), ("subnet-2", "mainstay")];
        let networks = Networks {
            subnets: subnets.map(|(subnet, name)| (subnet.to_owned(), name.to_owned())).into(),
            ..Networks::default()
        };
        let of = |subnet: &str| {
            let subnets = vec![subnet.to_owned(), "subnet-1".to_owned()];
            let asked = AwsVpcConfiguration { subnets, security_groups: Vec::new(), assign_public_ip: false };
            let EngineNetwork { name, made } = networks.of(&asked);
            (name, made)
        };
        assert_eq!(of("subnet-1"), ("lan".into(), false));
        assert_eq!(of("subnet-2"), ("mainstay".into(), true));
        assert_eq!(of("subnet-9"), ("mainstay".into(), true));
    }
}
