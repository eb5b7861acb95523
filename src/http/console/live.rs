//! `GET /console/changes`: server-sent events that say that something changed, never what. Whoever hears of it asks for its
//! page again, so that there is one way to make a page.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::Shared;

/// Changes within this time of the last one told are told as one.
const GAP: Duration = Duration::from_millis(250);
/// So that whatever is in between does not take the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Sent first: how soon a browser that lost the connection comes back, in milliseconds.
const HELLO: &[u8] = b"retry: 2000\n\n";
const CHANGED: &[u8] = b"data: changed\n\n";
const STILL_HERE: &[u8] = b": still here\n\n";

/// The endpoint. It ends with the daemon.
pub(super) async fn changes(State(shared): State<Shared>) -> Response {
    let ctx = shared.control.context();
    let (records, tree, closing) = (ctx.view.all_changes(), ctx.tree.changes(), shared.logs.closing());
    let first = Some((HELLO, Duration::ZERO));
    let told = stream::unfold(
        (records, tree, closing, first),
        |(mut records, mut tree, closing, first)| async move {
            let next = match first {
                Some(first) => first,
                None => tokio::select! {
                    () = closing.cancelled() => return None,
                    // Both senders live as long as the tree.
                    Ok(()) = records.changed() => (CHANGED, GAP),
                    Ok(()) = tree.changed() => (CHANGED, GAP),
                    () = tokio::time::sleep(KEEP_ALIVE) => (STILL_HERE, Duration::ZERO),
                },
            };
            Some((next, (records, tree, closing, None)))
        },
    );
    let spaced = stream::unfold((Box::pin(told), Duration::ZERO), |(mut told, gap)| async move {
        tokio::time::sleep(gap).await;
        let (bytes, gap) = futures::StreamExt::next(&mut told).await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(bytes)), (told, gap)))
    });
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (head, Body::from_stream(spaced)).into_response()
}
