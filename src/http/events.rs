//! `GET /v1/events`: what happened, in EventBridge's JSON.
//!
//! JSON lines, each an event with its `sequence` beside EventBridge's members; or, where `text/event-stream` is accepted
//! or `follow=true` said, server-sent events whose ids are sequences, so that a client that comes again goes on where it
//! was. There, an event `lagged` says that some were forgotten before this reader took them.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use mainstay_core::events::Event;
use serde_json::json;

use super::Shared;
use crate::events::{From, Item, Query, Refusal};

/// The sequence up to which the answer tells of everything that was asked for.
const UP_TO: HeaderName = HeaderName::from_static("mainstay-sequence");
const LAST_EVENT_ID: &str = "last-event-id";
/// Clients that lose the stream come again after so many milliseconds.
const RETRY: &str = "retry: 1000\n\n";

/// The endpoint. A reader that is slow or stands still costs no memory.
pub(super) async fn events(
    State(shared): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = shared.control.context();
    let asked =
        Query::read(&ctx.settings.partition, query.as_deref().unwrap_or_default(), ctx.nature.wall().0);
    let mut asked = match asked {
        Ok(asked) => asked,
        Err(text) => return refused(StatusCode::BAD_REQUEST, &text),
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let streams = text("accept").is_some_and(|accepted| accepted.contains("text/event-stream"));
    if !streams && !asked.follow {
        return match shared.events.some(&asked.query, asked.limit).await {
            Ok((events, up_to)) => {
                let head =
                    [(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), (UP_TO, up_to.to_string())];
                (head, events.iter().map(line).collect::<String>()).into_response()
            }
            Err(refusal) => busy(&refusal),
        };
    }
    // An empty one is of a client that has had none yet.
    if let Some(last) = text(LAST_EVENT_ID).filter(|last| !last.is_empty()) {
        match last.parse() {
            Ok(sequence) => asked.query.from = From::After(sequence),
            Err(_) => {
                let text = format!("Last-Event-ID is '{last}'; it must be the id of an event of this stream");
                return refused(StatusCode::BAD_REQUEST, &text);
            }
        }
    }
    let following = match shared.events.follow(asked.query) {
        Ok(following) => following,
        Err(refusal) => return busy(&refusal),
    };
    let items = stream::unfold(following, |mut following| async move {
        let item = following.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(frame(&item))), following))
    });
    let begin = stream::once(async { Ok(Bytes::from_static(RETRY.as_bytes())) });
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (head, Body::from_stream(begin.chain(items))).into_response()
}

/// An event with its sequence, on a line of its own.
fn line(event: &Event) -> String {
    match event.json.strip_prefix('{') {
        Some(members) => format!("{{\"sequence\":{},{members}\n", event.sequence),
        None => format!("{}\n", event.json),
    }
}

/// A frame of the stream. JSON as we write it has no line breaks.
fn frame(item: &Item) -> String {
    match item {
        Item::Event(event) => format!("id: {}\ndata: {}\n\n", event.sequence, event.json),
        Item::Lagged(missed) => {
            let message = format!("{missed} events were forgotten before they were read; see events.keep");
            format!("event: lagged\ndata: {}\n\n", json!({ "missed": missed, "message": message }))
        }
        Item::Quiet => ": nothing happened\n\n".to_owned(),
        Item::Broken(error) => {
            format!("event: error\ndata: {}\n\n", json!({ "message": error.to_string() }))
        }
    }
}

fn busy(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Busy => {
            let text = "as many read events already as api.requests-at-once allows";
            refused(StatusCode::TOO_MANY_REQUESTS, text)
        }
        Refusal::Unavailable(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn refused(status: StatusCode, text: &str) -> Response {
    let body = format!("{}\n", json!({ "error": text }));
    (status, [(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}
