//! `networkConfiguration` of tasks and services, both ways, and what is shown of a task's network interface.

use mainstay_core::model::{
    AwsVpcConfiguration, LaunchType, NetworkMode, Task, TaskDefinition, TaskNetwork, TaskStatus,
};
use mainstay_core::{Partition, attachment_id, interface_id};

use super::error::{Answer, ApiError};
use super::wire::At;
use super::wire::enums::AssignPublicIp;
use super::wire::structures::{
    self as wire, Attachment, KeyValuePair, NetworkConfiguration, NetworkInterface,
};

/// ECS's limits.
const MOST_SUBNETS: i64 = 16;
const MOST_SECURITY_GROUPS: i64 = 5;

/// What a request says for tasks of a definition.
///
/// # Errors
/// Where it is missing, or given although the definition's tasks have no interface of their own.
pub(super) fn read(
    given: Option<NetworkConfiguration>,
    definition: &TaskDefinition,
    launch_type: LaunchType,
) -> Answer<Option<AwsVpcConfiguration>> {
    let given = given.and_then(|given| given.awsvpc_configuration).map(configuration).transpose()?;
    let public = given.as_ref().is_some_and(|given| given.assign_public_ip);
    match (definition.network_mode, &given) {
        (NetworkMode::AwsVpc, Some(_)) if public && launch_type != LaunchType::Fargate => {
            Err(ApiError::parameter("Assign public IP is not supported for this launch type."))
        }
        (NetworkMode::AwsVpc, None) => Err(ApiError::parameter(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )),
        (NetworkMode::AwsVpc, Some(_)) | (_, None) => Ok(given),
        (_, Some(_)) => Err(ApiError::parameter(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        )),
    }
}

fn configuration(given: wire::AwsVpcConfiguration) -> Answer<AwsVpcConfiguration> {
    let wire::AwsVpcConfiguration { assign_public_ip, security_groups, subnets } = given;
    let (subnets, security_groups) = (subnets.unwrap_or_default(), security_groups.unwrap_or_default());
    let at = At::ROOT.field("networkConfiguration");
    let at = at.field("awsvpcConfiguration");
    at.length("subnets", Some(subnets.len()), 1..=MOST_SUBNETS)?;
    at.length("securityGroups", Some(security_groups.len()), 0..=MOST_SECURITY_GROUPS)?;
    for (member, ids) in [("subnets", &subnets), ("securityGroups", &security_groups)] {
        if let Some(index) = ids.iter().position(String::is_empty) {
            let list = at.field(member);
            return Err(ApiError::parameter(format!("{} is ''; it must be an id.", list.index(index))));
        }
    }
    Ok(AwsVpcConfiguration {
        subnets,
        security_groups,
        assign_public_ip: assign_public_ip == Some(AssignPublicIp::Enabled),
    })
}

/// As it was given.
pub(super) fn show(network: &AwsVpcConfiguration) -> NetworkConfiguration {
    let assign = |assign: bool| if assign { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    NetworkConfiguration {
        awsvpc_configuration: Some(wire::AwsVpcConfiguration {
            assign_public_ip: Some(assign(network.assign_public_ip)),
            security_groups: Some(network.security_groups.clone()),
            subnets: Some(network.subnets.clone()),
        }),
    }
}

/// A task's `attachments`: its network interface, where it has one of its own.
pub(super) fn attachments(here: &Partition, task: &Task) -> Vec<Attachment> {
    let Some(TaskNetwork { configuration, interface }) = &task.network else { return Vec::new() };
    let status = match (task.last_status, interface) {
        (TaskStatus::Stopped, _) => "DELETED",
        (_, Some(_)) => "ATTACHED",
        (_, None) => "PRECREATED",
    };
    let detail = |name: &str, value: String| KeyValuePair { name: Some(name.to_owned()), value: Some(value) };
    let mut details = vec![
        detail("subnetId", configuration.subnet().unwrap_or_default().to_owned()),
        detail("networkInterfaceId", interface_id(&task.id)),
    ];
    if let Some(interface) = interface {
        details.extend([
            detail("macAddress", interface.mac.clone()),
            detail("privateDnsName", private_dns_name(here, &interface.address)),
            detail("privateIPv4Address", interface.address.clone()),
        ]);
    }
    vec![Attachment {
        details: Some(details),
        id: Some(attachment_id(&task.id)),
        status: Some(status.to_owned()),
        r#type: Some("ElasticNetworkInterface".to_owned()),
    }]
}

/// What a container of a task shows of the task's interface.
pub(super) fn interfaces(task: &Task) -> Vec<NetworkInterface> {
    let interface = task.network.as_ref().and_then(|network| network.interface.as_ref());
    let shown = |interface: &mainstay_core::model::NetworkInterface| NetworkInterface {
        attachment_id: Some(attachment_id(&task.id)),
        private_ipv4_address: Some(interface.address.clone()),
        ..NetworkInterface::default()
    };
    interface.map(shown).into_iter().collect()
}

/// As a VPC names its addresses. Nothing here resolves it.
pub(crate) fn private_dns_name(here: &Partition, address: &str) -> String {
    let domain = match here.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    format!("ip-{}.{domain}", address.replace('.', "-"))
}

#[cfg(test)]
mod tests {
    use mainstay_actors::sim::definition;
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(mode: NetworkMode, launch_type: LaunchType, given: Value, expected: Result<Value, &str>) {
        let definition = TaskDefinition { network_mode: mode, ..definition("web", Vec::new()) };
        let given = serde_json::from_value(given).unwrap();
        let said = read(given, &definition, launch_type).map_err(|error| error.message().to_owned());
        let shown = said.map(|taken| serde_json::to_value(taken.as_ref().map(show)).unwrap());
        assert_eq!(shown, expected.map_err(str::to_owned));
    }

    #[test]
    fn a_configuration_is_shown_as_it_was_given_and_refused_where_it_does_not_fit() {
        use LaunchType::{Ec2, Fargate};
        use NetworkMode::{AwsVpc, Bridge};
        let full = |assign: &str| {
            let configuration = json!({"subnets": ["a"], "securityGroups": ["b"], "assignPublicIp": assign});
            json!({ "awsvpcConfiguration": configuration })
        };
        check(AwsVpc, Ec2, full("DISABLED"), Ok(full("DISABLED")));
        check(AwsVpc, Fargate, full("ENABLED"), Ok(full("ENABLED")));
        check(Bridge, Ec2, Value::Null, Ok(Value::Null));
        let public = "Assign public IP is not supported for this launch type.";
        check(AwsVpc, Ec2, full("ENABLED"), Err(public));
        let missing = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
        check(AwsVpc, Ec2, Value::Null, Err(missing));
        check(AwsVpc, Ec2, json!({}), Err(missing));
        let surplus = "Network Configuration is not valid for the given networkMode of this task definition.";
        check(Bridge, Ec2, full("DISABLED"), Err(surplus));
        let nameless = json!({"awsvpcConfiguration": {"subnets": ["a", ""]}});
        let wrong = "networkConfiguration.awsvpcConfiguration.subnets[1] is ''; it must be an id.";
        check(AwsVpc, Ec2, nameless, Err(wrong));
    }
}
