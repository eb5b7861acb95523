//! `GET /v1/logs`: what containers print, as JSON lines.
//!
//! A line has `task`, `container`, `stream`, `timestamp` and `message`. One with `note` says what whoever reads should
//! know, such as a container that is gone; one with `error` is the last, and says why it ends although there may be more.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use mainstay_actors::ports::LogQuery;
use mainstay_core::Partition;
use serde::Serialize;

use super::Shared;
use crate::api::error::ApiError;
use crate::api::names;
use crate::logs::{Item, Reading, Refusal, Selection, moment};

/// Says whether lines of several containers may come, `one` or `several`.
const SOURCES: HeaderName = HeaderName::from_static("mainstay-sources");
/// What may be asked, for who asks something else.
const PARAMETERS: &str = "cluster, task, service, container, since, tail, follow";

/// One JSON line.
#[derive(Debug, Default, Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// The endpoint. A reader that is slow or stands still keeps the engine waiting, and costs no memory.
pub(super) async fn read(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let here = &shared.control.context().settings.partition;
    let now = shared.control.context().nature.wall().0;
    let began = match asked(here, query.as_deref().unwrap_or_default(), now) {
        Ok((selection, query)) => Reading::begin(&shared.logs, selection, query).await,
        Err(refusal) => Err(refusal),
    };
    let reading = match began {
        Ok(reading) => reading,
        Err(refusal) => return refused(&refusal),
    };
    let sources = if reading.is_of_several() { "several" } else { "one" };
    let lines = stream::unfold(reading, |mut reading| async move {
        let line = json(&reading.next().await?);
        Some((Ok::<_, Infallible>(line), reading))
    });
    let head = [(header::CONTENT_TYPE, "application/x-ndjson"), (SOURCES, sources)];
    (head, Body::from_stream(lines)).into_response()
}

fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Wrong(_) => StatusCode::BAD_REQUEST,
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Gone(_) => StatusCode::GONE,
        Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
    };
    let text = refusal.to_string();
    let line = Line { error: Some(&text), ..Line::default() };
    (status, [(header::CONTENT_TYPE, "application/x-ndjson")], bytes(&line)).into_response()
}

fn json(item: &Item) -> Bytes {
    match item {
        Item::Line(origin, line) => bytes(&Line {
            task: Some(origin.task.as_str()),
            container: Some(&origin.container),
            stream: Some(line.stream.as_str()),
            timestamp: Some(moment::shown(line.at)),
            message: Some(&line.text),
            ..Line::default()
        }),
        Item::Note(origin, note) => bytes(&Line {
            task: origin.as_ref().map(|origin| origin.task.as_str()),
            container: origin.as_ref().map(|origin| origin.container.as_str()),
            note: Some(note),
            ..Line::default()
        }),
        Item::Cut(why) => bytes(&Line { error: Some(why), ..Line::default() }),
    }
}

fn bytes(line: &Line<'_>) -> Bytes {
    // It is made of texts only: there is nothing to go wrong.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

/// What a query asks for; `now` in milliseconds since 1970.
fn asked(here: &Partition, query: &str, now: i64) -> Result<(Selection, LogQuery), Refusal> {
    let wrong = |error: ApiError| Refusal::Wrong(error.message().to_owned());
    let given: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let cluster = given.iter().rfind(|(name, _)| name == "cluster").map(|(_, value)| value.as_str());
    let cluster = names::cluster(here, cluster).map_err(wrong)?;
    let mut selection =
        Selection { cluster: cluster.clone(), tasks: Vec::new(), services: Vec::new(), container: None };
    let mut lines = LogQuery::default();
    for (name, value) in &given {
        match name.as_str() {
            "cluster" => {}
            "task" => selection.tasks.push(names::task(here, &cluster, value).map_err(wrong)?),
            "service" => selection.services.push(names::service(here, &cluster, value).map_err(wrong)?),
            "container" => selection.container = Some(value.clone()),
            "since" => lines.since = Some(moment::read(value, now).map_err(|why| not_so(name, value, &why))?),
            "tail" => {
                let tail = value.parse().map_err(|_| not_so(name, value, "it must be a number of lines"))?;
                lines.tail = Some(tail);
            }
            "follow" => {
                let follow = value.parse().map_err(|_| not_so(name, value, "it must be true or false"))?;
                lines.follow = follow;
            }
            other => {
                let text = format!("there is no parameter {other}; there are {PARAMETERS}");
                return Err(Refusal::Wrong(text));
            }
        }
    }
    if selection.tasks.is_empty() && selection.services.is_empty() {
        return Err(Refusal::Wrong("name a task or a service".to_owned()));
    }
    Ok((selection, lines))
}

fn not_so(name: &str, value: &str, right: &str) -> Refusal {
    Refusal::Wrong(format!("{name} is '{value}'; {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let said = match asked(&Partition::default(), query, 10_000) {
            Ok((selection, query)) => format!("{:?} {:?} {:?}", selection.services, query.since, query.tail),
            Err(refusal) => refusal.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_asked_for_is_understood_or_refused_with_what_would_be_right() {
        check("service=web&since=4s&tail=2", "[ServiceName(\"web\")] Some(6000000000) Some(2)");
        check("service=web&service=db", "[ServiceName(\"web\"), ServiceName(\"db\")] None None");
        check("", "name a task or a service");
        check("task=abc", "taskId length should be one of [32,36]");
        check("service=web&tail=-1", "tail is '-1'; it must be a number of lines");
        check("service=web&follow=yes", "follow is 'yes'; it must be true or false");
        check(
            "service=web&since=noon",
            "since is 'noon'; it must be a time such as 2026-01-31T12:00:00Z, or how long ago, such as 5m",
        );
        check(
            "service=web&lines=3",
            "there is no parameter lines; there are cluster, task, service, container, since, tail, follow",
        );
    }
}
