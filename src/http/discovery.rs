//! `GET /v1/sd/prometheus`: where the ports of running tasks are reached, as Prometheus's HTTP service discovery reads it.
//!
//! Each TCP port of a container that runs is a target; ports of a range are left out. As usual for service discovery the
//! labels are `__meta_…`, from which relabelling takes what a job wants; `dashboards/prometheus.yml` shows how.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use mainstay_actors::view::View;
use mainstay_core::model::{
    Container, ContainerDefinition, NetworkMode, PortMapping, Protocol, Task, TaskDefinition, TaskOwner,
    TaskStatus,
};
use serde::Serialize;

use super::Shared;

/// A target group as Prometheus reads it; here each has one target.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    targets: [String; 1],
    labels: BTreeMap<String, String>,
}

/// The endpoint.
///
/// Published ports are reached where this daemon is: the address is the one that the request was sent to.
pub(super) async fn prometheus(State(shared): State<Shared>, headers: HeaderMap) -> Json<Vec<Group>> {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Uri>().ok());
    let here = asked.as_ref().and_then(Uri::host).unwrap_or("127.0.0.1");
    Json(groups(shared.control.view(), here))
}

fn groups(view: &View, here: &str) -> Vec<Group> {
    let mut tasks = view.tasks.filter(|task| task.last_status == TaskStatus::Running);
    tasks.sort_by(|one, other| one.id.cmp(&other.id));
    let of_task = |task: &std::sync::Arc<Task>| {
        let definition = view.definitions.get(&task.definition)?;
        Some(of_task(task, &definition, here))
    };
    tasks.iter().filter_map(of_task).flatten().collect()
}

fn of_task(task: &Task, definition: &TaskDefinition, here: &str) -> Vec<Group> {
    let running = |container: &&Container| container.last_status == TaskStatus::Running;
    let mut found = Vec::new();
    for container in task.containers.iter().filter(running) {
        let Some(defined) = definition.containers.iter().find(|defined| defined.name == container.name)
        else {
            continue;
        };
        for mapping in defined.port_mappings.iter().filter(|mapping| mapping.protocol == Protocol::Tcp) {
            let Some((host, port)) = reached(task, definition.network_mode, container, mapping, here) else {
                continue;
            };
            let mut labels = labels(task, defined, mapping);
            labels.insert(meta("address"), host.to_owned());
            labels.insert(meta("port"), port.to_string());
            found.push(Group { targets: [format!("{host}:{port}")], labels });
        }
    }
    found
}

/// Where a port is reached from outside its task.
fn reached<'a>(
    task: &'a Task,
    mode: NetworkMode,
    container: &Container,
    mapping: &PortMapping,
    here: &'a str,
) -> Option<(&'a str, u16)> {
    let inside = mapping.container.one()?;
    match mode {
        NetworkMode::None => None,
        NetworkMode::Host => Some((here, inside)),
        NetworkMode::AwsVpc => Some((&task.network.as_ref()?.interface.as_ref()?.address, inside)),
        NetworkMode::Bridge => {
            let of_mapping = container.network_bindings.iter().find(|binding| {
                binding.container == mapping.container && binding.protocol == mapping.protocol
            });
            Some((here, of_mapping?.host.one()?))
        }
    }
}

fn labels(task: &Task, defined: &ContainerDefinition, mapping: &PortMapping) -> BTreeMap<String, String> {
    let service = match &task.owner {
        TaskOwner::Service { service, .. } => service.as_str(),
        TaskOwner::Standalone => "",
    };
    let known = [
        ("cluster", task.cluster.as_str()),
        ("service", service),
        ("family", task.definition.family.as_str()),
        ("revision", &task.definition.revision.to_string()),
        ("task", task.id.as_str()),
        ("container", &defined.name),
        ("container_port", &mapping.container.to_string()),
        ("port_name", mapping.name.as_deref().unwrap_or_default()),
    ]
    .map(|(name, value)| (meta(name), value.to_owned()));
    let docker = defined
        .docker_labels
        .iter()
        .map(|(name, value)| (meta(&format!("docker_label_{}", as_label(name))), value.clone()));
    known.into_iter().chain(docker).collect()
}

fn meta(name: &str) -> String {
    format!("__meta_mainstay_{name}")
}

/// What a label's name cannot have becomes `_`, as Prometheus's own discovery of containers does it.
fn as_label(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect()
}
