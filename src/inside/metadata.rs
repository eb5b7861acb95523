//! The task metadata endpoint's answers, in the form of the genuine agent's version 4.
//!
//! Pure functions of the records and of what the engine knows. What is not known is left out, as the agent does.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use mainstay_core::model::{
    Container, ContainerDefinition, Health, LaunchType, NetworkBinding, NetworkMode, Tag, Task,
    TaskDefinition, TaskOwner, TaskStatus, Timestamp,
};
use mainstay_core::{Partition, engine_name};
use serde::{Serialize, Serializer};

use crate::api::network::private_dns_name;
use crate::engine::about::{About, Address};

/// CPU units that a container has at least.
const LEAST_CPU: u32 = 2;

/// What is known around a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) here: &'a Partition,
    pub(super) task: &'a Task,
    pub(super) definition: &'a TaskDefinition,
    pub(super) launch_type: LaunchType,
    /// Where its network interface is, in network mode `awsvpc`.
    pub(super) interface: Option<&'a Address>,
}

/// A container.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerResponse {
    docker_id: String,
    name: String,
    docker_name: String,
    image: String,
    #[serde(rename = "ImageID")]
    image_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<Port>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    desired_status: &'static str,
    known_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    limits: Limits<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Moment>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthStatus>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Volume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_driver: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    log_options: BTreeMap<String, String>,
    #[serde(rename = "ContainerARN")]
    container_arn: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    networks: Vec<Network>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_count: Option<u32>,
}

/// A task.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TaskResponse {
    cluster: String,
    #[serde(rename = "TaskARN")]
    task_arn: String,
    family: String,
    revision: String,
    desired_status: &'static str,
    known_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_started_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_stopped_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_stopped_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_instance_tags: Option<BTreeMap<String, String>>,
    launch_type: &'static str,
    containers: Vec<ContainerResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<String>,
    fault_injection_enabled: bool,
}

/// CPU units of a container, or cores of a task; MiB.
#[derive(Debug, Serialize)]
struct Limits<C> {
    #[serde(rename = "CPU")]
    cpu: C,
    #[serde(rename = "Memory", skip_serializing_if = "Option::is_none")]
    memory: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Port {
    container_port: u16,
    protocol: &'static str,
    host_port: u16,
    host_ip: String,
}

/// The members are in small letters, there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "is_zero")]
    exit_code: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Volume {
    #[serde(skip_serializing_if = "Option::is_none")]
    docker_name: Option<String>,
    source: String,
    destination: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    network_mode: String,
    #[serde(rename = "IPv4Addresses")]
    ipv4_addresses: Vec<String>,
    #[serde(rename = "IPv6Addresses", skip_serializing_if = "Vec::is_empty")]
    ipv6_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_index: Option<u32>,
    #[serde(rename = "MACAddress", skip_serializing_if = "Option::is_none")]
    mac_address: Option<String>,
    #[serde(rename = "IPv4SubnetCIDRBlock", skip_serializing_if = "Option::is_none")]
    ipv4_subnet: Option<String>,
    #[serde(rename = "PrivateDNSName", skip_serializing_if = "Option::is_none")]
    private_dns_name: Option<String>,
    #[serde(rename = "SubnetGatewayIpv4Address", skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
}

/// RFC 3339.
#[derive(Debug)]
pub(super) struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&jiff::Timestamp::from_millisecond(self.0.0).unwrap_or_default())
    }
}

impl Moment {
    pub(super) fn of(at: Timestamp) -> Self {
        Self(at)
    }
}

/// A task and all of its containers; `about` has what the engine knows of each, where it does. Tags are shown where they
/// are given: those of the task, and those of its container instance.
pub(super) fn task(
    scene: Scene<'_>,
    about: &[Option<About>],
    availability_zone: Option<String>,
    tags: Option<(&[Tag], &[Tag])>,
) -> TaskResponse {
    let Scene { here, task, definition, launch_type, .. } = scene;
    let (cpu, memory) = (task.overrides.cpu.or(definition.cpu), task.overrides.memory.or(definition.memory));
    let cpu = cpu.map(|units| f64::from(units) / 1024.0);
    let known = task.containers.iter().map(known_status).min().unwrap_or(Known::None);
    let containers = task.containers.iter().enumerate();
    let map = |tags: &[Tag]| {
        tags.iter().map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default())).collect()
    };
    TaskResponse {
        // As the agents of the two say it.
        cluster: match launch_type {
            LaunchType::Fargate => here.cluster(&task.cluster),
            _ => task.cluster.to_string(),
        },
        task_arn: here.task(&task.cluster, &task.id),
        family: task.definition.family.to_string(),
        revision: task.definition.revision.to_string(),
        desired_status: desired(task),
        known_status: known.as_str(),
        limits: (cpu.is_some() || memory.is_some()).then_some(Limits { cpu, memory }),
        pull_started_at: task.pull_started_at.map(Moment),
        pull_stopped_at: task.pull_stopped_at.map(Moment),
        execution_stopped_at: task.execution_stopped_at.map(Moment),
        availability_zone,
        task_tags: tags.map(|(of_task, _)| map(of_task)),
        container_instance_tags: tags.map(|(_, of_instance)| map(of_instance)),
        launch_type: launch_type.as_str(),
        containers: containers
            .map(|(place, one)| container(scene, one, about.get(place).and_then(Option::as_ref)))
            .collect(),
        service_name: match &task.owner {
            TaskOwner::Service { service, .. } => Some(service.to_string()),
            TaskOwner::Standalone => None,
        },
        fault_injection_enabled: false,
    }
}

/// A container; `about` is what the engine knows of it, where it does.
pub(super) fn container(scene: Scene<'_>, container: &Container, about: Option<&About>) -> ContainerResponse {
    let Scene { here, task, definition, .. } = scene;
    let defined = definition.containers.iter().find(|known| known.name == container.name);
    let log = defined.and_then(|known| known.log_configuration.as_ref());
    let is_over = container.last_status == TaskStatus::Stopped;
    ContainerResponse {
        docker_id: container.runtime_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        name: container.name.clone(),
        docker_name: engine_name(&task.definition, &task.id, &container.name),
        image: container.image.clone(),
        image_id: about
            .and_then(|about| about.image_id.clone())
            .or_else(|| container.image_digest.clone())
            .unwrap_or_default(),
        ports: container.network_bindings.iter().flat_map(ports).collect(),
        labels: about.map_or_else(|| labels(scene, container, defined), |about| about.labels.clone()),
        desired_status: if is_over { "STOPPED" } else { desired(task) },
        known_status: known_status(container).as_str(),
        exit_code: container.exit_code,
        limits: Limits {
            cpu: container.cpu.max(LEAST_CPU).into(),
            memory: Some(container.memory.unwrap_or_default()),
        },
        created_at: about.and_then(|about| about.created_at).map(Moment),
        started_at: container.started_at.map(Moment),
        finished_at: about.filter(|_| is_over).and_then(|about| about.finished_at).map(Moment),
        r#type: "NORMAL",
        health: container.has_health_check.then(|| health(container, about)),
        volumes: about.map(volumes).unwrap_or_default(),
        log_driver: log.map(|log| log.driver.clone()),
        log_options: log.map(|log| log.options.iter().cloned().collect()).unwrap_or_default(),
        container_arn: here.container(&task.cluster, &task.id, &container.name),
        networks: networks(scene, about),
        restart_count: defined
            .and_then(|known| known.restart_policy.as_ref())
            .filter(|policy| policy.enabled)
            .map(|_| container.restart_count),
    }
}

/// How far something is, in the genuine agent's words; the order is the order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    None,
    Created,
    Running,
    Stopped,
}

impl Known {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

fn known_status(container: &Container) -> Known {
    match container.last_status {
        TaskStatus::Stopped => Known::Stopped,
        status if status >= TaskStatus::Running => Known::Running,
        _ if container.runtime_id.is_some() => Known::Created,
        _ => Known::None,
    }
}

fn desired(task: &Task) -> &'static str {
    if task.desired_status == TaskStatus::Stopped { "STOPPED" } else { "RUNNING" }
}

fn ports(binding: &NetworkBinding) -> impl Iterator<Item = Port> + '_ {
    binding.container.each().zip(binding.host.each()).map(|(container_port, host_port)| Port {
        container_port,
        protocol: binding.protocol.as_str(),
        host_port,
        host_ip: binding.bind_ip.clone(),
    })
}

/// As the engine has them; for as long as it does not say.
fn labels(
    scene: Scene<'_>,
    container: &Container,
    defined: Option<&ContainerDefinition>,
) -> BTreeMap<String, String> {
    let Scene { here, task, .. } = scene;
    let ours = [
        ("cluster", task.cluster.to_string()),
        ("container-name", container.name.clone()),
        ("task-arn", here.task(&task.cluster, &task.id)),
        ("task-definition-family", task.definition.family.to_string()),
        ("task-definition-version", task.definition.revision.to_string()),
    ];
    let theirs = defined.map(|known| known.docker_labels.clone()).unwrap_or_default();
    let ours = ours.into_iter().map(|(label, value)| (format!("com.amazonaws.ecs.{label}"), value));
    theirs.into_iter().chain(ours).collect()
}

fn health(container: &Container, about: Option<&About>) -> HealthStatus {
    let last = about.and_then(|about| about.last_check.as_ref());
    HealthStatus {
        status: (container.health != Health::Unknown).then(|| container.health.as_str()),
        exit_code: last.map_or(0, |last| last.exit_code),
        output: last.map(|last| last.output.clone()).unwrap_or_default(),
    }
}

fn volumes(about: &About) -> Vec<Volume> {
    let shown = |mount: &crate::engine::about::Mounted| Volume {
        docker_name: mount.volume.clone(),
        source: mount.source.clone(),
        destination: mount.destination.clone(),
    };
    about.mounts.iter().map(shown).collect()
}

fn networks(scene: Scene<'_>, about: Option<&About>) -> Vec<Network> {
    let Scene { here, task, definition, interface, .. } = scene;
    if definition.network_mode == NetworkMode::AwsVpc {
        let of_task = task.network.as_ref().and_then(|network| network.interface.as_ref());
        let Some(of_task) = of_task else { return Vec::new() };
        let bits = interface.and_then(|address| address.prefix);
        return vec![Network {
            network_mode: "awsvpc".into(),
            ipv4_addresses: vec![of_task.address.clone()],
            ipv6_addresses: interface.and_then(|address| address.ipv6.clone()).into_iter().collect(),
            attachment_index: Some(0),
            mac_address: Some(of_task.mac.clone()),
            ipv4_subnet: bits.and_then(|bits| subnet(&of_task.address, bits)),
            private_dns_name: Some(private_dns_name(here, &of_task.address)),
            gateway: interface.and_then(|address| Some(format!("{}/{}", address.gateway?, address.prefix?))),
        }];
    }
    let of_engine = about.map(|about| about.networks.iter()).into_iter().flatten();
    let shown = of_engine.map(|(name, address)| Network {
        network_mode: name.clone(),
        ipv4_addresses: vec![address.ipv4.clone()],
        ipv6_addresses: address.ipv6.clone().into_iter().collect(),
        ..Network::default()
    });
    let shown: Vec<Network> = shown.collect();
    if !shown.is_empty() {
        return shown;
    }
    let network_mode = definition.network_mode.as_str().to_owned();
    vec![Network { network_mode, ipv4_addresses: vec![String::new()], ..Network::default() }]
}

/// The network that an address with so many bits of its own is in.
fn subnet(address: &str, bits: u8) -> Option<String> {
    let address: Ipv4Addr = address.parse().ok()?;
    let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits.into())?).unwrap_or(0);
    Some(format!("{}/{bits}", Ipv4Addr::from(u32::from(address) & mask)))
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
