//! The console: pages for people, made on the server out of the view. No page messages an actor, and none needs a script:
//! `assets/console.js` only keeps what is shown up to date.
//!
//! What is changed from here goes through the ECS API of this process, as if a client had asked.

mod actions;
mod cluster;
mod frame;
mod history;
mod instance;
mod link;
mod lists;
mod live;
mod logs;
mod overview;
mod paging;
mod plots;
mod rows;
mod runbooks;
mod search;
mod service;
mod tally;
mod task;
mod timeline;
mod tree;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mainstay_actors::context::Context;
use mainstay_actors::control::Control;
use mainstay_actors::view::View;
use mainstay_core::model::Timestamp;

use super::Shared;
use super::guard::{self, Hosts};
use crate::usage::{LastLook, Look};
use frame::{Missing, Shown};
use history::History;
use paging::Query;

/// Scripts, styles, images and connections from here only, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// What the console has beside what every handler is given. Clones share it.
#[derive(Clone)]
pub struct Console {
    history: History,
    pub(super) hosts: Arc<Hosts>,
}

impl Console {
    /// Browsers may come to it, and to what can be read beside it, by its addresses, as `localhost`, by this host's name,
    /// and by `names`.
    pub fn new(host: String, names: Vec<String>) -> Self {
        Self { history: History::default(), hosts: Arc::new(Hosts::new(host, names)) }
    }

    /// Remembers, for as long as it is polled, what plots show.
    pub async fn keep_history(&self, control: &Control, last: &LastLook) {
        self.history.keep(control.context(), last).await;
    }
}

/// What a page is made of.
struct Seen<'a> {
    shared: &'a Shared,
    query: &'a Query,
    now: Timestamp,
}

impl Seen<'_> {
    fn ctx(&self) -> &Context {
        self.shared.control.context()
    }

    fn view(&self) -> &View {
        self.shared.control.view()
    }

    fn look(&self) -> Option<Arc<Look>> {
        self.shared.used.seen()
    }

    fn history(&self) -> &History {
        &self.shared.console.history
    }
}

/// All pages.
pub(super) fn routes(shared: &Shared) -> Router<Shared> {
    let pages = Router::new()
        .route("/", get(|at: At| at.show(overview::page)))
        .route("/console", get(|at: At| at.show(overview::page)))
        .route("/console/tree", get(|at: At| at.show(tree::page)))
        .route("/console/deployments", get(|at: At| at.show(lists::deployments)))
        .route("/console/events", get(|at: At| at.show(lists::events)))
        .route("/console/images", get(|at: At| at.show(lists::images)))
        .route("/console/search", get(|at: At| at.show(search::page)))
        .route("/console/changes", get(live::changes))
        .route(
            "/console/clusters/{cluster}",
            get(|at: At, Path(name): Path<String>| at.show(move |seen| cluster::services(seen, &name))),
        )
        .route(
            "/console/clusters/{cluster}/tasks",
            get(|at: At, Path(name): Path<String>| at.show(move |seen| cluster::tasks(seen, &name))),
        )
        .route(
            "/console/clusters/{cluster}/instances",
            get(|at: At, Path(name): Path<String>| at.show(move |seen| cluster::instances(seen, &name))),
        )
        .route(
            "/console/clusters/{cluster}/services/{service}",
            get(|at: At, Path((of, name)): Names| at.show(move |seen| service::page(seen, &of, &name))),
        )
        .route(
            "/console/clusters/{cluster}/tasks/{task}",
            get(|at: At, Path((of, id)): Names| at.show(move |seen| task::page(seen, &of, &id))),
        )
        .route(
            "/console/clusters/{cluster}/instances/{instance}",
            get(|at: At, Path((of, id)): Names| at.show(move |seen| instance::page(seen, &of, &id))),
        )
        .route("/console/clusters/{cluster}/services/{service}/logs", get(logs::of_service))
        .route("/console/clusters/{cluster}/tasks/{task}/logs", get(logs::of_task))
        .route("/console/clusters/{cluster}/{kind}/{name}/{act}", get(actions::ask).post(actions::carry_out))
        .route("/console/{*rest}", get(|at: At| at.show(nowhere)))
        .route(link::RUNBOOKS, get(|at: At| at.show(runbooks::list)))
        .route(
            "/runbooks/{name}",
            get(|at: At, Path(name): Path<String>| at.show(move |seen| runbooks::page(seen, &name))),
        );
    let assets = Router::new()
        .route(
            "/console/console.css",
            get(|| asset("text/css; charset=utf-8", include_str!("console/assets/console.css"))),
        )
        .route(
            "/console/console.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("console/assets/console.js"))),
        )
        .route("/console/icon.svg", get(|| asset("image/svg+xml", include_str!("console/assets/icon.svg"))));
    // Only what is routed above is guarded so: the address has other endpoints, whose clients are no browsers.
    pages.merge(assets).route_layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
}

/// Two names in an address.
type Names = Path<(String, String)>;

/// A request for a page.
struct At {
    shared: Shared,
    query: Query,
}

impl axum::extract::FromRequestParts<Shared> for At {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        shared: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, shared).await?;
        Ok(Self { shared: shared.clone(), query: Query::read(query.as_deref().unwrap_or_default()) })
    }
}

impl At {
    /// Makes a page, beside other requests: in a large cluster it looks at thousands of records.
    async fn show(self, make: impl FnOnce(&Seen<'_>) -> Shown + Send + 'static) -> Response {
        let shared = self.shared.clone();
        let made = tokio::task::spawn_blocking(move || {
            let Self { shared, query } = &self;
            let seen = Seen { shared, query, now: shared.control.context().nature.wall() };
            page(&seen, make(&seen))
        });
        let made = made.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
        // What somebody was shown is not taken back by a crash.
        shared.control.context().shown_is_durable().await;
        made
    }
}

/// A page on the wire.
fn page(seen: &Seen<'_>, shown: Shown) -> Response {
    let (status, page) = match shown {
        Ok(page) => (page.status, page),
        Err(missing) => (StatusCode::NOT_FOUND, missing.page()),
    };
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Not `no-referrer`: with that, browsers would not say where a form was sent from.
        (header::REFERRER_POLICY, "same-origin"),
        NO_SNIFF,
    ];
    (status, head, frame::whole(seen, &page).into_string()).into_response()
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache"), NO_SNIFF], text).into_response()
}

fn nowhere(_: &Seen<'_>) -> Shown {
    Err(Missing::new("this page", "The address may be mistyped, or from another version of Mainstay."))
}

#[cfg(test)]
mod tests;
