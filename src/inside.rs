//! What a container finds at 169.254.170.2, as on ECS: metadata and statistics of itself and its task, task protection,
//! and the credentials of its task's role.
//!
//! ```text
//! /v4/CONTAINER[/task|/taskWithTags|/stats|/task/stats]   ECS_CONTAINER_METADATA_URI_V4; /v3 is the same
//! /api/CONTAINER/task-protection/v1/state                 ECS_AGENT_URI
//! /v2/credentials/TASK                                    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI
//! ```
//!
//! The ids follow from a key of the data folder, so that a URI means the same to the next daemon and nobody guesses
//! another one's. What is told of a task comes from the view, and what only the engine knows from the engine; no actor is
//! messaged but for a change of a task's protection.

mod address;
mod ids;
mod kept;
mod metadata;
mod protection;
mod roles;
mod routes;
mod serving;
mod stats;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use mainstay_actors::control::Control;
use mainstay_actors::ports::{Inside, Variable};
use mainstay_core::model::{ContainerSpec, LaunchType, NetworkMode, Task, TaskSpec, TaskStatus};
use mainstay_core::secrets::Hidden;

use crate::engine::DockerEngine;
use crate::store::DataFolder;
pub use address::ADDRESS;
use ids::Ids;
pub use roles::Roles;
pub use serving::Serving;
use stats::Samples;

/// The port that AWS's SDKs take where they are only told a path.
const WELL_KNOWN: u16 = 80;

/// The endpoint, whether it can be reached or not.
pub struct Endpoint {
    control: Control,
    engine: Arc<DockerEngine>,
    ids: Ids,
    roles: Roles,
    samples: Samples,
    /// Where containers reach it, where they do.
    at: Option<SocketAddr>,
}

impl Endpoint {
    /// Opens the endpoint of this host's containers and serves it from now on; `None` beside it where there is no way
    /// there, which is logged: containers then run without the variables that would lead there. Port 0 asks for none.
    ///
    /// The port and the key of the ids are kept in the data folder, so that what containers were told stays true.
    pub async fn open(
        control: Control,
        engine: Arc<DockerEngine>,
        roles: Roles,
        folder: &DataFolder,
        port: u16,
    ) -> (Arc<Self>, Option<Serving>) {
        let mut kept = kept::read(folder);
        let sockets = serving::bind(port, &mut kept.ports).await;
        let at = sockets.as_ref().and_then(|sockets| sockets.current.local_addr().ok());
        kept::write(folder, &kept);
        let ids = Ids::new(&kept.key);
        let endpoint = Arc::new(Self { control, engine, ids, roles, samples: Samples::default(), at });
        let serving = sockets.map(|sockets| Serving::begin(sockets, &routes::router(Arc::clone(&endpoint))));
        (endpoint, serving)
    }

    /// A URI at the endpoint.
    fn uri(&self, at: SocketAddr, path: &str) -> String {
        match at.port() {
            WELL_KNOWN => format!("http://{}{path}", at.ip()),
            _ => format!("http://{at}{path}"),
        }
    }

    /// The task of a container's id, and the container's place in it.
    fn container(&self, id: &str) -> Option<(Arc<Task>, usize)> {
        let task = self.control.view().tasks.get(&ids::task_of(id)?)?;
        let place = task.containers.iter().position(|one| self.ids.is_container(id, &task.id, &one.name));
        place.map(|place| (task, place))
    }

    /// The task of a credentials id; it has none any more once it is over.
    fn task_of_credentials(&self, id: &str) -> Option<Arc<Task>> {
        let task = self.control.view().tasks.get(&ids::task_of(id)?)?;
        (self.ids.is_credentials(id, &task.id) && task.last_status != TaskStatus::Stopped).then_some(task)
    }

    /// The role of a task, as given.
    fn role(&self, task: &Task) -> Option<String> {
        let definition = || self.control.view().definitions.get(&task.definition);
        task.overrides.task_role_arn.clone().or_else(|| definition()?.task_role_arn.clone())
    }

    /// The variable that leads to the credentials of a task's role, where there are any.
    async fn credentials(&self, at: SocketAddr, task: &TaskSpec, container: &str) -> Option<Variable> {
        let role = task.role.as_deref()?;
        if let Err(reason) = self.roles.credentials(role).await {
            tracing::warn!(task = %task.id, container, role, %reason, "runs without credentials for its task role");
            return None;
        }
        let path = format!("/v2/credentials/{}", self.ids.credentials(&task.id));
        Some(match at.port() {
            WELL_KNOWN => fixed("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path),
            _ => fixed("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.uri(at, &path)),
        })
    }
}

fn fixed(name: &'static str, value: String) -> Variable {
    Variable { name, value: Hidden::new(value), yields: false }
}

#[async_trait]
impl Inside for Endpoint {
    async fn variables(&self, task: &TaskSpec, container: &ContainerSpec) -> Vec<Variable> {
        let platform = match task.launch_type {
            Some(LaunchType::Fargate) => "AWS_ECS_FARGATE",
            _ => "AWS_ECS_EC2",
        };
        let platform = Variable { name: "AWS_EXECUTION_ENV", value: Hidden::new(platform), yields: true };
        let mut variables = vec![platform];
        // Without a network nothing leads here.
        let cut_off = task.network_mode == NetworkMode::None
            || container.definition.options.disable_networking == Some(true);
        let Some(at) = self.at.filter(|_| !cut_off) else { return variables };
        let name = &container.definition.name;
        let id = self.ids.container(&task.id, name);
        variables.extend([
            fixed("ECS_CONTAINER_METADATA_URI", self.uri(at, &format!("/v3/{id}"))),
            fixed("ECS_CONTAINER_METADATA_URI_V4", self.uri(at, &format!("/v4/{id}"))),
            fixed("ECS_AGENT_URI", self.uri(at, &format!("/api/{id}"))),
        ]);
        variables.extend(self.credentials(at, task, name).await);
        variables
    }
}

#[cfg(test)]
mod tests;
