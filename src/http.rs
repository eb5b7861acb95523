//! What the daemon serves beside the API: the console, metrics, health and the tree.

mod console;
mod discovery;
mod events;
mod exec;
mod explain;
mod gate;
mod guard;
mod logs;
mod pulls;
mod schedules;
mod usage;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mainstay_actors::control::Control;
use mainstay_core::model::Timestamp;

use crate::api::Endpoint;
use crate::daemon::Role;
use crate::events::Events;
use crate::exec::Execs;
use crate::logs::Logs;
use crate::metrics::{Form, Pages};
use crate::usage::LastLook;
pub use console::Console;
pub use exec::Peer;
pub use gate::{Gate, Guest};

/// What every handler is given.
#[derive(Clone)]
pub struct Shared {
    /// The way to the tree.
    pub control: Control,
    /// The metrics.
    pub recorder: &'static Pages,
    /// Whether there is a host in this process.
    pub role: Role,
    /// What containers print.
    pub logs: Logs,
    /// Commands in containers.
    pub execs: Execs,
    /// What happened.
    pub events: Events,
    /// The ECS API.
    pub api: Endpoint,
    /// The console.
    pub console: Console,
    /// What containers use.
    pub used: LastLook,
}

/// Everything on one address. Each request has to say who sends it, as a [`Peer`].
pub fn router(shared: Shared) -> Router {
    let pages = middleware::from_fn_with_state(shared.clone(), guard::pages);
    let endpoint = crate::api::router(&shared.api).route_layer(pages);
    let reads = Router::new()
        .route("/v1/tree", get(tree))
        .route("/v1/events", get(events::events))
        .route("/v1/explain", get(explain::explain))
        .route("/v1/logs", get(logs::read))
        .route("/v1/pulls", get(pulls::list))
        .route("/v1/schedules", get(schedules::list))
        .route("/v1/usage", get(usage::usage))
        .route_layer(middleware::from_fn_with_state(shared.clone(), guard::names));
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/v1/sd/prometheus", get(discovery::prometheus))
        // These look at who comes for themselves.
        .route("/v1/exec", get(exec::exec))
        .route("/v1/data-channel/{session}", get(exec::data_channel))
        .merge(reads)
        .merge(console::routes(&shared))
        .with_state(shared)
        .merge(endpoint)
}

/// Prometheus's text format, or OpenMetrics with exemplars for whoever wants that more.
async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let form = Form::wanted(&headers);
    let head =
        [(header::CONTENT_TYPE, form.content_type()), (header::VARY, HeaderValue::from_static("accept"))];
    (head, shared.recorder.render(shared.control.context(), form)).into_response()
}

/// Whether the process serves: it just did.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether work that is asked for now is carried out now.
async fn readyz(State(shared): State<Shared>) -> Response {
    match unready(&shared) {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

fn unready(shared: &Shared) -> Option<String> {
    let context = shared.control.context();
    if context.directory.catalog.get(&()).is_none() {
        return Some("the supervision tree is being restarted".into());
    }
    // Instances without an agent in this process are no reason to keep requests from this one.
    let away = |instance: &mainstay_core::model::ContainerInstance| !instance.engine_connected;
    let here = shared.role == Role::Up && shared.control.view().instances.any(away);
    here.then(|| "the container engine of this host does not answer; tasks wait for it".into())
}

/// Who supervises whom.
async fn tree(State(shared): State<Shared>) -> Response {
    Json(shared.control.context().tree.nodes()).into_response()
}

/// A time as JSON has it here.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}
