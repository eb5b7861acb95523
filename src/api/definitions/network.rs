//! What of a task definition does not go together with the namespaces that its containers share.

use mainstay_core::model::{LaunchType, NetworkMode, TaskDefinition};
use mainstay_core::network::shares_namespaces;

use crate::api::error::{Answer, ApiError};
use crate::api::wire::At;
use crate::engine::pause;

/// # Errors
/// The first member that says something although the network is not the container's own.
pub(super) fn check(definition: &TaskDefinition) -> Answer<()> {
    let TaskDefinition { network_mode, pid_mode, ipc_mode, .. } = *definition;
    if shares_namespaces(network_mode, pid_mode, ipc_mode) && !pause::is_built() {
        return Err(ApiError::client(
            "networkMode awsvpc, pidMode task and ipcMode task are not supported by this build of Mainstay, which has \
             no program of pause containers for the architecture of this host.",
        ));
    }
    if network_mode != NetworkMode::AwsVpc {
        return Ok(());
    }
    if definition.requires_compatibilities.contains(&LaunchType::External) {
        return Err(ApiError::client(
            "networkMode is 'awsvpc'; it must be bridge, host or none where requiresCompatibilities has EXTERNAL.",
        ));
    }
    let list = At::ROOT.field("containerDefinitions");
    for (index, container) in definition.containers.iter().enumerate() {
        let (at, options) = (list.index(index), &container.options);
        let given = [
            ("disableNetworking", options.disable_networking == Some(true)),
            ("dnsSearchDomains", !options.dns_search_domains.is_empty()),
            ("dnsServers", !options.dns_servers.is_empty()),
            ("extraHosts", !options.extra_hosts.is_empty()),
            ("hostname", options.hostname.is_some()),
            ("links", !container.links.is_empty()),
        ];
        if let Some((member, _)) = given.iter().find(|(_, given)| *given) {
            let at = at.field(member);
            return Err(ApiError::client(format!("{at} is not supported when networkMode=awsvpc.")));
        }
    }
    Ok(())
}
