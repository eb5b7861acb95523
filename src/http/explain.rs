//! `GET /v1/explain?service=NAME` or `?task=ID`, with `cluster=NAME` where it is not `default`: why it does not run, or
//! where it does, as JSON. What is read is what is shown: no actor is asked.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mainstay_actors::explain;
use mainstay_core::explain::Story;
use mainstay_core::{Partition, ServiceKey, TaskId};
use serde_json::json;

use super::Shared;
use crate::api::names;

/// What may be asked, for who asks something else.
const PARAMETERS: &str = "cluster, and service or task";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Service(ServiceKey),
    Task(TaskId),
}

/// The endpoint.
pub(super) async fn explain(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    // In a large cluster it looks at thousands of records, for which no other request shall wait.
    let telling = tokio::task::spawn_blocking(move || tell(&shared, query.as_deref().unwrap_or_default()));
    telling.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn tell(shared: &Shared, query: &str) -> Response {
    let ctx = shared.control.context();
    let refused = |status: StatusCode, text: String| (status, Json(json!({ "error": text }))).into_response();
    let subject = match asked(&ctx.settings.partition, query) {
        Ok(subject) => subject,
        Err(text) => return refused(StatusCode::BAD_REQUEST, text),
    };
    let (told, what): (Option<Story>, String) = match &subject {
        Subject::Service(key) => {
            (explain::service(ctx, key), format!("service {} in cluster {}", key.name, key.cluster))
        }
        Subject::Task(id) => (explain::task(ctx, id), format!("task {id}")),
    };
    match told {
        Some(story) => Json(story).into_response(),
        None => refused(StatusCode::NOT_FOUND, format!("there is no {what}")),
    }
}

fn asked(here: &Partition, query: &str) -> Result<Subject, String> {
    let given: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let find = |wanted: &str| given.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if let Some((other, _)) =
        given.iter().find(|(name, _)| !["cluster", "service", "task"].contains(&name.as_str()))
    {
        return Err(format!("there is no parameter {other}; there are {PARAMETERS}"));
    }
    let wrong = |error: crate::api::error::ApiError| error.message().to_owned();
    let cluster = names::cluster(here, find("cluster")).map_err(wrong)?;
    match (find("service"), find("task")) {
        (Some(name), None) => {
            let name = names::service(here, &cluster, name).map_err(wrong)?;
            Ok(Subject::Service(ServiceKey { cluster, name }))
        }
        (None, Some(id)) => names::task(here, &cluster, id).map(Subject::Task).map_err(wrong),
        _ => Err(format!("name one service or one task: {PARAMETERS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let said = match asked(&Partition::default(), query) {
            Ok(subject) => format!("{subject:?}"),
            Err(text) => text,
        };
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn one_service_or_one_task_is_asked_for() {
        check("service=web", "name: ServiceName(\"web\")");
        check("cluster=shop&service=web", "cluster: ClusterName(\"shop\")");
        check(&format!("task={}", "a".repeat(32)), "Task(TaskId");
        check("service=web&task=x", "name one service or one task");
        check("", "name one service or one task");
        check("service=web&tail=3", "there is no parameter tail; there are cluster, and service or task");
    }
}
