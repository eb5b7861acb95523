//! Names and ARNs as requests give them: short or long, of this installation or of somewhere else.

use mainstay_core::{
    CapacityProviderName, ClusterName, Family, InstanceId, Partition, RevisionKey, ServiceKey, ServiceName,
    TaskId,
};

use super::error::{Answer, ApiError};
use super::wire::Invalid;

/// The cluster of a request that names none.
pub(super) const DEFAULT_CLUSTER: &str = "default";

/// A task definition as requests name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefinitionName {
    /// The family.
    pub family: Family,
    /// The latest ACTIVE one where absent.
    pub revision: Option<u32>,
}

impl DefinitionName {
    /// The revision, where one is named.
    pub fn key(self) -> Option<RevisionKey> {
        let family = self.family;
        self.revision.map(|revision| RevisionKey { family, revision })
    }
}

/// What is left of a name once its ARN's head was checked.
enum Named<'a> {
    /// No ARN.
    Short(&'a str),
    /// An ARN's part after the resource type.
    Arn(&'a str),
}

/// A cluster's name or ARN, `default` where there is none.
pub(crate) fn cluster(here: &Partition, given: Option<&str>) -> Answer<ClusterName> {
    let name = match named(here, "cluster", given.unwrap_or(DEFAULT_CLUSTER))? {
        Named::Short(name) | Named::Arn(name) => name,
    };
    pattern("Cluster", name)?;
    Ok(ClusterName::new(name))
}

/// A capacity provider's name or ARN.
pub(super) fn capacity_provider(here: &Partition, given: &str) -> Answer<CapacityProviderName> {
    let name = match named(here, "capacity-provider", given)? {
        Named::Short(name) | Named::Arn(name) => name,
    };
    pattern("Capacity provider name", name)?;
    Ok(CapacityProviderName::new(name))
}

/// A service's name or ARN, in `cluster`.
pub(crate) fn service(here: &Partition, cluster: &ClusterName, given: &str) -> Answer<ServiceName> {
    let name = inside(cluster, named(here, "service", given)?)?;
    pattern("Service name", name)?;
    Ok(ServiceName::new(name))
}

/// A task's id or ARN, in `cluster`.
pub(crate) fn task(here: &Partition, cluster: &ClusterName, given: &str) -> Answer<TaskId> {
    let id = inside(cluster, named(here, "task", given)?)?;
    id_length("taskId", id)?;
    Ok(TaskId::new(id))
}

/// A container instance's id or ARN, in `cluster`.
pub(super) fn instance(here: &Partition, cluster: &ClusterName, given: &str) -> Answer<InstanceId> {
    let id = inside(cluster, named(here, "container-instance", given)?)?;
    id_length("instanceId", id)?;
    Ok(InstanceId::new(id))
}

/// What lives in a service and is named by its ARN only: a `service-deployment` or a `service-revision`.
pub(super) fn of_service(here: &Partition, kind: &str, given: &str) -> Answer<(ServiceKey, String)> {
    let whole = || {
        ApiError::parameter(format!(
            "Invalid identifier: '{given}' must be the ARN of a {kind}, \
             arn:aws:ecs:REGION:ACCOUNT:{kind}/CLUSTER/SERVICE/ID."
        ))
    };
    let Named::Arn(rest) = named(here, kind, given)? else { return Err(whole()) };
    let parts: Vec<&str> = rest.split('/').collect();
    let &[cluster, service, id] = parts.as_slice() else { return Err(whole()) };
    pattern("Cluster", cluster)?;
    pattern("Service name", service)?;
    if id.is_empty() {
        return Err(whole());
    }
    let key = ServiceKey { cluster: ClusterName::new(cluster), name: ServiceName::new(service) };
    Ok((key, id.to_owned()))
}

/// A task definition's family, `family:revision` or ARN.
pub(super) fn definition(here: &Partition, given: &str) -> Answer<DefinitionName> {
    let name = match named(here, "task-definition", given)? {
        Named::Short(name) | Named::Arn(name) => name,
    };
    let (family, revision) = match name.split_once(':') {
        None => (name, None),
        Some((family, number)) => {
            let revision = number.parse().ok().filter(|&revision: &u32| revision > 0);
            let wrong = || ApiError::client(format!("Invalid revision number. Number: {number}"));
            (family, Some(revision.ok_or_else(wrong)?))
        }
    };
    pattern("Family", family)?;
    Ok(DefinitionName { family: Family::new(family), revision })
}

/// What an ARN names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// A cluster.
    Cluster(ClusterName),
    /// A service.
    Service(ServiceKey),
    /// A task, in its cluster.
    Task(ClusterName, TaskId),
    /// A container instance, in its cluster.
    Instance(ClusterName, InstanceId),
    /// A revision.
    Definition(RevisionKey),
    /// A capacity provider.
    CapacityProvider(CapacityProviderName),
}

/// The resource of an ARN, for operations that take any that can have tags.
pub(super) fn resource(here: &Partition, given: &str) -> Answer<Resource> {
    let kind =
        given.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/')).map(|(kind, _)| kind);
    let known = ["cluster", "service", "task", "container-instance", "task-definition", "capacity-provider"];
    let kind = known.into_iter().find(|known| kind == Some(known)).unwrap_or(known[0]);
    let rest = match named(here, kind, given)? {
        Named::Arn(rest) => rest,
        Named::Short(_) => {
            return Err(ApiError::parameter(format!("Invalid identifier: '{given}' is no ARN.")));
        }
    };
    match kind {
        "cluster" => return cluster(here, Some(given)).map(Resource::Cluster),
        "capacity-provider" => return capacity_provider(here, given).map(Resource::CapacityProvider),
        "task-definition" => {
            let key = definition(here, given)?.key();
            let whole = || ApiError::parameter(format!("Invalid identifier: '{given}' names no revision."));
            return key.map(Resource::Definition).ok_or_else(whole);
        }
        _ => {}
    }
    // Those of before 2018 name no cluster.
    let long = || ApiError::parameter("Long arn format must be used for tagging operations");
    let (of, _) = rest.split_once('/').ok_or_else(long)?;
    pattern("Cluster", of)?;
    let of = ClusterName::new(of);
    Ok(match kind {
        "service" => {
            let name = service(here, &of, given)?;
            Resource::Service(ServiceKey { cluster: of, name })
        }
        "task" => {
            let id = task(here, &of, given)?;
            Resource::Task(of, id)
        }
        _ => {
            let id = instance(here, &of, given)?;
            Resource::Instance(of, id)
        }
    })
}

/// 1 to 255 letters, digits, underscores and hyphens.
///
/// # Errors
/// In ECS's words, naming `what` it is.
pub(super) fn pattern(what: &str, name: &str) -> Result<(), Invalid> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if (1..=255).contains(&name.len()) && name.chars().all(letter) {
        return Ok(());
    }
    Err(Invalid(format!("{what} must match ^[a-zA-Z0-9\\-_]{{1,255}}$, but was {name}")))
}

fn named<'a>(here: &Partition, kind: &str, given: &'a str) -> Answer<Named<'a>> {
    if !given.starts_with("arn:") {
        return Ok(Named::Short(given));
    }
    let parts: Vec<&str> = given.splitn(6, ':').collect();
    let &[_, partition, service, region, account, resource] = parts.as_slice() else {
        return Err(ApiError::parameter(format!("Invalid identifier: '{given}' is not a whole ARN.")));
    };
    let (found, rest) = resource.split_once('/').unwrap_or((resource, ""));
    if service != "ecs" || found != kind {
        return Err(ApiError::parameter(format!("Unsupported resource type: {found}")));
    }
    foreign("partition", partition, "aws")?;
    foreign("region", region, &here.region)?;
    foreign("account", account, &here.account)?;
    Ok(Named::Arn(rest))
}

/// The last part of what lives in a cluster. An ARN of before 2018 does not say in which.
fn inside<'a>(cluster: &ClusterName, named: Named<'a>) -> Answer<&'a str> {
    match named {
        Named::Short(name) => Ok(name),
        Named::Arn(rest) => match rest.split_once('/') {
            None => Ok(rest),
            Some((of, name)) => foreign("cluster", of, cluster.as_str()).map(|()| name),
        },
    }
}

fn foreign(what: &str, given: &str, ours: &str) -> Answer<()> {
    if given == ours {
        return Ok(());
    }
    let text = format!("Invalid identifier: Identifier is for {what} {given}. Your {what} is {ours}");
    Err(ApiError::parameter(text))
}

fn id_length(what: &str, id: &str) -> Answer<()> {
    if matches!(id.len(), 32 | 36) {
        return Ok(());
    }
    Err(ApiError::parameter(format!("{what} length should be one of [32,36]")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check<T: ToString>(found: Answer<T>, expected: &str) {
        let said = match found {
            Ok(name) => name.to_string(),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn short_and_long_names_mean_the_same() {
        let (here, shop) = (Partition::default(), ClusterName::new("shop"));
        let arn = |rest: &str| format!("arn:aws:ecs:us-east-1:000000000000:{rest}");
        check(cluster(&here, None), "default");
        check(cluster(&here, Some("shop")), "shop");
        check(cluster(&here, Some(&arn("cluster/shop"))), "shop");
        for name in ["web", &arn("service/web"), &arn("service/shop/web")] {
            check(service(&here, &shop, name), "web");
        }
        for id in [ID, &arn(&format!("task/{ID}")), &arn(&format!("task/shop/{ID}"))] {
            check(task(&here, &shop, id), ID);
        }
        check(instance(&here, &shop, &arn(&format!("container-instance/shop/{ID}"))), ID);
    }

    #[test]
    fn a_resource_that_can_have_tags_is_named_by_its_long_arn() {
        let here = Partition::default();
        let arn = |rest: &str| format!("arn:aws:ecs:us-east-1:000000000000:{rest}");
        let shown = |rest: &str| resource(&here, &arn(rest)).map(|found| format!("{found:?}"));
        check(shown("cluster/shop"), r#"Cluster(ClusterName("shop"))"#);
        check(
            shown("service/shop/web"),
            r#"Service(ServiceKey { cluster: ClusterName("shop"), name: ServiceName("web") })"#,
        );
        let (of, id) = (r#"ClusterName("shop")"#, format!("{ID:?}"));
        check(shown(&format!("task/shop/{ID}")), &format!("Task({of}, TaskId({id}))"));
        check(shown(&format!("container-instance/shop/{ID}")), &format!("Instance({of}, InstanceId({id}))"));
        check(
            shown("task-definition/web:3"),
            r#"Definition(RevisionKey { family: Family("web"), revision: 3 })"#,
        );
        for short in ["service/web", &format!("task/{ID}"), &format!("container-instance/{ID}")] {
            check(shown(short), "Long arn format must be used for tagging operations");
        }
        check(shown("task-set/shop/web/1"), "Unsupported resource type: task-set");
        check(shown("service/shop/a b"), "Service name must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b");
        let whole = arn("task-definition/web");
        check(shown("task-definition/web"), &format!("Invalid identifier: '{whole}' names no revision."));
        let said = resource(&here, "web").map(|found| format!("{found:?}"));
        check(said, "Invalid identifier: 'web' is no ARN.");
    }

    #[test]
    fn names_of_elsewhere_are_refused_in_the_words_of_ecs() {
        let (here, shop) = (Partition::default(), ClusterName::new("shop"));
        check(
            service(&here, &shop, "arn:aws:ecs:us-east-1:000000000000:service/other/web"),
            "Invalid identifier: Identifier is for cluster other. Your cluster is shop",
        );
        check(
            cluster(&here, Some("arn:aws:ecs:eu-west-1:000000000000:cluster/shop")),
            "Invalid identifier: Identifier is for region eu-west-1. Your region is us-east-1",
        );
        check(
            cluster(&here, Some("arn:aws:ecs:us-east-1:111111111111:cluster/shop")),
            "Invalid identifier: Identifier is for account 111111111111. Your account is 000000000000",
        );
        check(
            cluster(&here, Some("arn:aws-cn:ecs:us-east-1:000000000000:cluster/shop")),
            "Invalid identifier: Identifier is for partition aws-cn. Your partition is aws",
        );
        check(
            service(&here, &shop, "arn:aws:ecs:us-east-1:000000000000:cluster/shop"),
            "Unsupported resource type: cluster",
        );
        check(cluster(&here, Some("arn:aws:ecs")), "Invalid identifier: 'arn:aws:ecs' is not a whole ARN.");
        check(cluster(&here, Some("a b")), "Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b");
        check(task(&here, &shop, "abc"), "taskId length should be one of [32,36]");
    }

    #[test]
    fn what_lives_in_a_service_is_named_by_its_whole_arn() {
        let here = Partition::default();
        let shown =
            |text: &str| of_service(&here, "service-deployment", text).map(|(key, id)| format!("{key} {id}"));
        let arn = |rest: &str| format!("arn:aws:ecs:us-east-1:000000000000:{rest}");
        check(shown(&arn("service-deployment/shop/web/abc")), "shop/web abc");
        let wrong = |text: &str| {
            format!(
                "Invalid identifier: '{text}' must be the ARN of a service-deployment, \
                 arn:aws:ecs:REGION:ACCOUNT:service-deployment/CLUSTER/SERVICE/ID."
            )
        };
        for text in ["abc".to_owned(), arn("service-deployment/web/abc"), arn("service-deployment/a/b/")] {
            check(shown(&text), &wrong(&text));
        }
        check(shown(&arn("service-revision/shop/web/1")), "Unsupported resource type: service-revision");
    }

    #[test]
    fn a_task_definition_is_a_family_with_or_without_a_revision() {
        let here = Partition::default();
        let shown =
            |text: &str| definition(&here, text).map(|name| format!("{} {:?}", name.family, name.revision));
        check(shown("web"), "web None");
        check(shown("web:3"), "web Some(3)");
        check(shown("arn:aws:ecs:us-east-1:000000000000:task-definition/web:3"), "web Some(3)");
        check(shown("web:x"), "Invalid revision number. Number: x");
        check(shown("web:0"), "Invalid revision number. Number: 0");
    }
}
