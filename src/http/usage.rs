//! `GET /v1/usage`: what containers used on average until the last look, and what memory they had, by task, service and
//! container instance, as JSON. What was not looked at is not in it. What is read is what was sampled: nobody is asked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Shared, moment};
use crate::usage::{InUse, Look};

/// The endpoint.
pub(super) async fn usage(State(shared): State<Shared>) -> Response {
    Json(shown(shared.used.seen().as_deref())).into_response()
}

fn shown(look: Option<&Look>) -> Value {
    let Some(look) = look else {
        return json!({ "sampledAt": null, "tasks": [], "services": [], "instances": [] });
    };
    let with = |mut of: Value, used: InUse| {
        (of["cpuCores"], of["memoryBytes"]) = (json!(used.cores), json!(used.memory));
        of
    };
    let tasks = look.tasks().map(|(id, used)| with(json!({ "task": id }), used));
    let services = look
        .services()
        .map(|(cluster, name, used)| with(json!({ "cluster": cluster, "service": name }), used));
    json!({
        "sampledAt": moment(look.at),
        "tasks": tasks.collect::<Vec<_>>(),
        "services": services.collect::<Vec<_>>(),
        "instances": [with(json!({ "instance": look.host() }), look.all())],
    })
}
