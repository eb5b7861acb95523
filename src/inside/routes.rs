//! What is answered at the endpoint. No id gets into a log: who has a container's may protect its task, and who has that of
//! credentials may read them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::join_all;
use mainstay_core::model::{ContainerSpec, NetworkMode, Task, TaskDefinition};
use serde_json::{Value, json};

use super::metadata::{self, Scene};
use super::{Endpoint, ids};
use crate::api::tasks::launch_type;
use crate::engine::about::{About, Address};

/// What the engine does not say within this time is left out of an answer.
const ENGINE_WITHIN: Duration = Duration::from_secs(2);

type Shared = State<Arc<Endpoint>>;

/// Everything at the endpoint.
pub(super) fn router(endpoint: Arc<Endpoint>) -> Router {
    let mut router = Router::new()
        .route("/api/{id}/task-protection/v1/state", get(protection).put(protect))
        .route("/v2/credentials/{id}", get(credentials));
    for version in ["v3", "v4"] {
        router = router
            .route(&format!("/{version}/{{id}}"), get(container))
            .route(&format!("/{version}/{{id}}/"), get(container))
            .route(&format!("/{version}/{{id}}/task"), get(task))
            .route(&format!("/{version}/{{id}}/taskWithTags"), get(task_with_tags))
            .route(&format!("/{version}/{{id}}/stats"), get(stats))
            .route(&format!("/{version}/{{id}}/task/stats"), get(task_stats));
    }
    router.fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n")).with_state(endpoint)
}

async fn container(State(endpoint): Shared, Path(id): Path<String>) -> Response {
    let Some((task, place)) = endpoint.container(&id) else {
        return unknown("V4 container metadata handler");
    };
    let Some(definition) = endpoint.definition(&task) else {
        return unknown("V4 container metadata handler");
    };
    let (about, interface) =
        tokio::join!(endpoint.about(&task, place), endpoint.interface(&task, &definition));
    let scene = endpoint.scene(&task, &definition, interface.as_ref());
    Json(metadata::container(scene, &task.containers[place], about.as_ref())).into_response()
}

async fn task(state: Shared, path: Path<String>) -> Response {
    whole_task(&state.0, &path.0, false).await
}

async fn task_with_tags(state: Shared, path: Path<String>) -> Response {
    whole_task(&state.0, &path.0, true).await
}

async fn whole_task(endpoint: &Endpoint, id: &str, with_tags: bool) -> Response {
    let Some((task, _)) = endpoint.container(id) else { return unknown("V4 task metadata handler") };
    let Some(definition) = endpoint.definition(&task) else { return unknown("V4 task metadata handler") };
    let looks = (0..task.containers.len()).map(|place| endpoint.about(&task, place));
    let (about, interface) = tokio::join!(join_all(looks), endpoint.interface(&task, &definition));
    let scene = endpoint.scene(&task, &definition, interface.as_ref());
    let instance = endpoint.control.view().instances.get(&task.instance);
    let zone = instance.as_ref().and_then(|instance| instance.zone().map(str::to_owned));
    let of_instance = instance.as_ref().map(|instance| instance.tags.as_slice()).unwrap_or_default();
    let tags = with_tags.then_some((task.tags.as_slice(), of_instance));
    Json(metadata::task(scene, &about, zone, tags)).into_response()
}

async fn stats(State(endpoint): Shared, Path(id): Path<String>) -> Response {
    let Some((task, place)) = endpoint.container(&id) else { return unknown("V4 container stats handler") };
    match endpoint.sample(&task, place).await {
        (_, Some(sample)) => Json(sample).into_response(),
        (id, None) => {
            let text = format!("Unable to get container stats for: {id}");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(text)).into_response()
        }
    }
}

/// By the engine's ids. One that does not run has null, as from the genuine agent.
async fn task_stats(State(endpoint): Shared, Path(id): Path<String>) -> Response {
    let Some((task, _)) = endpoint.container(&id) else { return unknown("V4 task stats handler") };
    let samples = join_all((0..task.containers.len()).map(|place| endpoint.sample(&task, place))).await;
    let samples: BTreeMap<String, Option<Value>> =
        samples.into_iter().filter(|(id, _)| !id.is_empty()).collect();
    Json(samples).into_response()
}

async fn protection(State(endpoint): Shared, Path(id): Path<String>) -> Response {
    let (status, answer) = endpoint.protection(&id).await;
    (status, Json(answer)).into_response()
}

async fn protect(State(endpoint): Shared, Path(id): Path<String>, body: Bytes) -> Response {
    let (status, answer) = endpoint.protect(&id, &body).await;
    (status, Json(answer)).into_response()
}

async fn credentials(State(endpoint): Shared, Path(id): Path<String>) -> Response {
    let refused = |status: StatusCode, code: &str, message: &str| {
        let message = format!("CredentialsV2Request: {message}");
        let body = json!({ "code": code, "message": message, "HTTPErrorCode": status.as_u16() });
        (status, Json(body)).into_response()
    };
    let found = endpoint.task_of_credentials(&id).and_then(|task| Some((endpoint.role(&task)?, task)));
    let Some((role, task)) = found else {
        // The task's id is no secret; the rest may be.
        let task = ids::task_of(&id).map(|task| task.to_string()).filter(|task| task.len() == 32);
        tracing::warn!(task, "somebody asked for credentials that there are not, or not any more");
        return refused(StatusCode::BAD_REQUEST, "InvalidIdInRequest", "Credentials not found");
    };
    match endpoint.roles.credentials(&role).await {
        Ok(found) => {
            tracing::debug!(task = %task.id, role, "gave a task the credentials of its role");
            Json(found.shown(endpoint.control.context().nature.wall())).into_response()
        }
        Err(reason) => {
            tracing::error!(task = %task.id, role, reason, "a task asks for credentials of its role in vain");
            let text = "the credentials of the task's role cannot be read; the log of mainstay says why";
            refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", text)
        }
    }
}

/// In the genuine agent's words, but for the id.
fn unknown(handler: &str) -> Response {
    let text = format!("{handler}: unable to get task arn from request: there is no such container");
    (StatusCode::NOT_FOUND, Json(text)).into_response()
}

impl Endpoint {
    fn definition(&self, task: &Task) -> Option<Arc<TaskDefinition>> {
        self.control.view().definitions.get(&task.definition)
    }

    fn scene<'a>(
        &'a self,
        task: &'a Task,
        definition: &'a TaskDefinition,
        interface: Option<&'a Address>,
    ) -> Scene<'a> {
        let here = &self.control.context().settings.partition;
        Scene { here, task, definition, launch_type: launch_type(self.control.view(), task), interface }
    }

    /// What the engine knows of a container; nothing where it does not answer in time.
    async fn about(&self, task: &Task, place: usize) -> Option<About> {
        let id = task.containers.get(place)?.runtime_id.clone()?;
        self.look(id.as_str()).await
    }

    async fn look(&self, container: &str) -> Option<About> {
        match tokio::time::timeout(ENGINE_WITHIN, self.engine.about(container)).await {
            Ok(Ok(about)) => about,
            Ok(Err(error)) => {
                tracing::warn!(container, %error, "a container's metadata lack what the engine knows");
                None
            }
            Err(_) => {
                tracing::warn!(container, waited = ?ENGINE_WITHIN, "a container's metadata lack what the engine knows");
                None
            }
        }
    }

    /// Where the task's network interface is: its pause container has it.
    async fn interface(&self, task: &Task, definition: &TaskDefinition) -> Option<Address> {
        if definition.network_mode != NetworkMode::AwsVpc {
            return None;
        }
        let pause = ContainerSpec::pause_name(&task.definition, &task.id);
        self.look(&pause).await?.networks.into_values().next()
    }

    /// The engine's id of a container, and its latest statistics where it runs.
    async fn sample(&self, task: &Task, place: usize) -> (String, Option<Value>) {
        let Some(id) = task.containers.get(place).and_then(|one| one.runtime_id.clone()) else {
            return (String::new(), None);
        };
        let sample = self.samples.of(&self.engine, &id).await;
        (id.to_string(), sample)
    }
}
