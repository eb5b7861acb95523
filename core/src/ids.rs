//! Names and ids, each with a type of its own, and the ARNs made of them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is; whoever takes it from outside has checked it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

string_id! {
    /// A cluster's name, unique in the installation.
    ClusterName
}
string_id! {
    /// A service's name, unique in its cluster.
    ServiceName
}
string_id! {
    /// A capacity provider's name, unique in the installation.
    CapacityProviderName
}
string_id! {
    /// A task definition's family.
    Family
}
string_id! {
    /// A task's id: 32 hexadecimal digits, unique in the installation.
    TaskId
}
string_id! {
    /// A container instance's id: 32 hexadecimal digits.
    InstanceId
}
string_id! {
    /// A service deployment's id, `ecs-svc/` and 19 digits.
    DeploymentId
}
string_id! {
    /// A service revision's id: 19 digits.
    ServiceRevisionId
}
string_id! {
    /// The id of a rollout's record: 21 letters, digits, `_` and `-`.
    ServiceDeploymentId
}
string_id! {
    /// A schedule's name, unique in its group.
    ScheduleName
}
string_id! {
    /// The name of a group of schedules.
    ScheduleGroupName
}
string_id! {
    /// The engine's own id of a container.
    EngineId
}
string_id! {
    /// The engine's own id of a command that is run in a container.
    ExecId
}

impl Default for ServiceRevisionId {
    /// None: of records that were made before there were any.
    fn default() -> Self {
        Self::new("")
    }
}

/// A service, named in its cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceKey {
    /// The cluster it lives in.
    pub cluster: ClusterName,
    /// Its name there.
    pub name: ServiceName,
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

/// A schedule, named in its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScheduleKey {
    /// The group it is in.
    pub group: ScheduleGroupName,
    /// Its name there.
    pub name: ScheduleName,
}

impl fmt::Display for ScheduleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.name)
    }
}

/// A task definition's revision, shown as `family:revision`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RevisionKey {
    /// The family.
    pub family: Family,
    /// Counts from 1 in each family and is never given twice.
    pub revision: u32,
}

impl fmt::Display for RevisionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.family, self.revision)
    }
}

/// Where this installation pretends to be: the region and account of every ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl Default for Partition {
    fn default() -> Self {
        Self { region: "us-east-1".into(), account: "000000000000".into() }
    }
}

impl Partition {
    fn arn(&self, resource: fmt::Arguments<'_>) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }

    /// `arn:aws:ecs:REGION:ACCOUNT:cluster/NAME`.
    pub fn cluster(&self, name: &ClusterName) -> String {
        self.arn(format_args!("cluster/{name}"))
    }

    /// `…:capacity-provider/NAME`.
    pub fn capacity_provider(&self, name: &CapacityProviderName) -> String {
        self.arn(format_args!("capacity-provider/{name}"))
    }

    /// `…:service/CLUSTER/NAME`, the long form that ECS has used since 2018.
    pub fn service(&self, key: &ServiceKey) -> String {
        self.arn(format_args!("service/{}/{}", key.cluster, key.name))
    }

    /// `…:service-revision/CLUSTER/SERVICE/ID`.
    pub fn service_revision(&self, key: &ServiceKey, id: &ServiceRevisionId) -> String {
        self.arn(format_args!("service-revision/{}/{}/{id}", key.cluster, key.name))
    }

    /// `…:service-deployment/CLUSTER/SERVICE/ID`.
    pub fn service_deployment(&self, key: &ServiceKey, id: &ServiceDeploymentId) -> String {
        self.arn(format_args!("service-deployment/{}/{}/{id}", key.cluster, key.name))
    }

    /// `…:task/CLUSTER/ID`.
    pub fn task(&self, cluster: &ClusterName, id: &TaskId) -> String {
        self.arn(format_args!("task/{cluster}/{id}"))
    }

    /// `…:container-instance/CLUSTER/ID`.
    pub fn instance(&self, cluster: &ClusterName, id: &InstanceId) -> String {
        self.arn(format_args!("container-instance/{cluster}/{id}"))
    }

    /// `…:container/CLUSTER/TASK/UUID`; the uuid is derived from the task's id and the container's name.
    pub fn container(&self, cluster: &ClusterName, task: &TaskId, name: &str) -> String {
        let uuid = uuid_of(task, name);
        self.arn(format_args!("container/{cluster}/{task}/{uuid}"))
    }

    /// `arn:aws:scheduler:REGION:ACCOUNT:schedule/GROUP/NAME`.
    pub fn schedule(&self, key: &ScheduleKey) -> String {
        format!("arn:aws:scheduler:{}:{}:schedule/{key}", self.region, self.account)
    }

    /// `arn:aws:scheduler:REGION:ACCOUNT:schedule-group/NAME`.
    pub fn schedule_group(&self, name: &ScheduleGroupName) -> String {
        format!("arn:aws:scheduler:{}:{}:schedule-group/{name}", self.region, self.account)
    }

    /// `…:task-definition/FAMILY:REVISION`.
    pub fn task_definition(&self, key: &RevisionKey) -> String {
        self.arn(format_args!("task-definition/{key}"))
    }
}

/// The name the container has in the engine, `ecs-<family>-<revision>-<container>-<hex>`.
///
/// The hex is derived from the task and the container's name, so that the engine's own rule (a name is given
/// once) keeps a repeated create from making a second container.
pub fn engine_name(definition: &RevisionKey, task: &TaskId, container: &str) -> String {
    let hex = fnv1a(task.as_str().as_bytes(), container.as_bytes());
    let short = &task.as_str()[..task.as_str().len().min(8)];
    format!("ecs-{}-{}-{container}-{short}{hex:016x}", definition.family, definition.revision)
}

/// The id of the attachment of a task's network interface, derived from the task's.
pub fn attachment_id(task: &TaskId) -> String {
    uuid_of(task, "~attachment")
}

/// The id of a task's network interface, in the form of a VPC's and derived from the task's.
pub fn interface_id(task: &TaskId) -> String {
    let high = fnv1a(task.as_str().as_bytes(), b"~interface");
    format!("eni-{high:016x}{:x}", high & 0xf)
}

/// A uuid for something of a task, the same each time.
fn uuid_of(task: &TaskId, name: &str) -> String {
    let high = fnv1a(task.as_str().as_bytes(), name.as_bytes());
    let low = fnv1a(name.as_bytes(), task.as_str().as_bytes());
    let hex = format!("{high:016x}{low:016x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// FNV-1a over both parts: stable between releases, which `std`'s hasher does not promise.
pub fn fnv1a(first: &[u8], second: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in first.iter().chain(&[0]).chain(second) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_the_long_form_of_ecs() {
        let here = Partition::default();
        let cluster = ClusterName::new("default");
        let task = TaskId::new("0123456789abcdef0123456789abcdef");
        assert_eq!(here.cluster(&cluster), "arn:aws:ecs:us-east-1:000000000000:cluster/default");
        assert_eq!(
            here.task(&cluster, &task),
            "arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef0123456789abcdef"
        );
        let container = here.container(&cluster, &task, "web");
        let uuid = container.rsplit('/').next().unwrap_or_default();
        assert_eq!(uuid.len(), 36, "{container}");
    }

    #[test]
    fn the_engine_name_tells_tasks_and_containers_apart_and_repeats_for_the_same() {
        let key = RevisionKey { family: Family::new("web"), revision: 3 };
        let (one, two) = (TaskId::new("a".repeat(32)), TaskId::new("b".repeat(32)));
        assert_eq!(engine_name(&key, &one, "app"), engine_name(&key, &one, "app"));
        assert_ne!(engine_name(&key, &one, "app"), engine_name(&key, &two, "app"));
        assert_ne!(engine_name(&key, &one, "app"), engine_name(&key, &one, "log"));
        assert!(engine_name(&key, &one, "app").starts_with("ecs-web-3-app-aaaaaaaa"));
    }
}
