//! `GET /v1/pulls`: the pulls of images that are under way, for whom, and how far they are, as JSON. What is read is what is
//! shown: no actor is asked. One that is over is told of for a few seconds more, with how it ended.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mainstay_actors::view::View;
use mainstay_core::images::progress::{Pulling, Stage};
use mainstay_core::model::{ContainerInstance, TaskOwner};
use mainstay_core::{Partition, TaskId};
use serde_json::{Value, json};

use super::{Shared, moment};

/// The endpoint.
pub(super) async fn list(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        let text = format!("there are no parameters, and '{query}' is given");
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": text }))).into_response();
    }
    let (here, view) = (&shared.control.context().settings.partition, shared.control.view());
    let mut pulls = Vec::new();
    for instance in view.instances.all() {
        let of_it = view.pulls_of(&instance.id);
        pulls.extend(of_it.iter().map(|pull| show(here, view, &instance, pull)));
    }
    Json(json!({ "pulls": pulls })).into_response()
}

fn show(here: &Partition, view: &View, instance: &ContainerInstance, pull: &Pulling) -> Value {
    let (state, ended, problem) = match &pull.stage {
        Stage::Waiting => ("WAITING", None, None),
        Stage::Underway => ("PULLING", None, None),
        Stage::Over { at, problem: None } => ("PULLED", Some(*at), None),
        Stage::Over { at, problem } => ("FAILED", Some(*at), problem.as_deref()),
    };
    json!({
        "image": pull.image,
        "cluster": instance.cluster,
        "containerInstance": instance.id,
        "host": instance.host,
        "state": state,
        "startedAt": moment(pull.began),
        "endedAt": ended.map(moment),
        "reason": problem,
        "progress": pull.progress,
        "tasks": pull.tasks.iter().filter_map(|task| of_task(here, view, task)).collect::<Vec<_>>(),
    })
}

/// Whose a task is that waits for a pull; nothing where the task is forgotten already.
fn of_task(here: &Partition, view: &View, id: &TaskId) -> Option<Value> {
    let task = view.tasks.get(id)?;
    let (service, deployment) = match &task.owner {
        TaskOwner::Service { service, deployment, .. } => (Some(service), Some(deployment)),
        TaskOwner::Standalone => (None, None),
    };
    Some(json!({
        "taskArn": here.task(&task.cluster, &task.id),
        "service": service,
        "deployment": deployment,
    }))
}
