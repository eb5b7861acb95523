//! The ECS API: awsJson 1.1 over HTTP, `POST /` with the operation's name in `X-Amz-Target`.
//!
//! Absent on purpose: no read messages an actor (it comes from the view); no member of a request is ignored
//! (what is not carried out is refused by name); no type of the wire leaves this module.

pub(crate) mod attributes;
mod body;
mod capacity;
mod cloudwatch;
mod clusters;
mod definitions;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod foresight;
mod given;
mod instances;
pub mod metrics;
pub(crate) mod names;
pub(crate) mod network;
mod paging;
mod placement;
mod platform;
pub(crate) mod scheduler;
mod services;
mod tags;
pub(crate) mod tasks;
#[cfg(test)]
pub(crate) mod tests;
pub mod wire;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::FutureExt;
use mainstay_actors::control::Control;
use mainstay_actors::view::View;
use mainstay_core::Partition;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tracing::{Instrument as _, Span};

use crate::exec::Execs;
use crate::logs::Logs;
use crate::metrics::of_request;
use crate::traces;
use error::{Answer, ApiError, Code};
use wire::logs;
use wire::operations::{Exception, Operation};
use wire::structures::Failure;

/// What stands before the operation's name in `X-Amz-Target`.
const TARGET: &str = "AmazonEC2ContainerServiceV20141113.";
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// What the operations work on.
struct Api {
    control: Control,
    logs: Logs,
    execs: Execs,
    /// One permit a request that is carried out.
    slots: Semaphore,
    /// Whether clients come over TLS.
    secure: bool,
}

impl Api {
    fn view(&self) -> &View {
        self.control.view()
    }

    fn here(&self) -> &Partition {
        &self.control.context().settings.partition
    }

    fn scene(&self) -> Scene<'_> {
        Scene { view: self.view(), here: self.here() }
    }
}

/// What records are shown with.
#[derive(Clone, Copy)]
struct Scene<'a> {
    view: &'a View,
    here: &'a Partition,
}

impl<'a> Scene<'a> {
    fn view(self) -> &'a View {
        self.view
    }

    fn here(self) -> &'a Partition {
        self.here
    }
}

/// `POST /`, to be merged with what else is served at the address.
///
/// No signature is looked at. Another site's page in a browser cannot reach it: without `X-Amz-Target`, which no page may
/// send to another origin unasked, every request is refused; and where such a site has its own name lead here, the browser
/// still says whose page it is (`Origin`), and `http::guard` refuses it.
pub fn router(endpoint: &Endpoint) -> Router {
    Router::new().route("/", post(handle)).merge(scheduler::routes()).with_state(Arc::clone(&endpoint.0))
}

/// The API. Clones share its limit.
#[derive(Clone)]
pub struct Endpoint(Arc<Api>);

impl Endpoint {
    /// Past `at_once` requests under way a further one is answered with ThrottlingException, at once. `secure` says
    /// whether it is reached over TLS, and so whatever it sends clients on to.
    pub fn new(control: Control, logs: Logs, execs: Execs, at_once: usize, secure: bool) -> Self {
        let slots = Semaphore::new(at_once.min(Semaphore::MAX_PERMITS));
        Self(Arc::new(Api { control, logs, execs, slots, secure }))
    }

    /// Carries out what somebody asks for by the console: checked, limited, counted and logged as any client's request.
    pub(crate) async fn call(&self, operation: Operation, body: &serde_json::Value) -> Answer<Vec<u8>> {
        let body = Ok(body.to_string().into_bytes());
        answer(&self.0, &Ok(Asked::Ecs(operation)), &HeaderMap::new(), &body, &request_id()).await
    }
}

async fn handle(State(api): State<Arc<Api>>, request: Request) -> Response {
    let request_id = request_id();
    let (head, body) = request.into_parts();
    // The body is read in any case: a client that still sends does not hear why it was refused.
    let body = body::read(body).await;
    let outcome = answer(&api, &operation(&head.headers), &head.headers, &body, &request_id).await;
    let mut response = match outcome {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refused(&refusal),
    };
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Carries a request out, as far as it can be understood and there is room for it.
async fn answer(
    api: &Api,
    operation: &Answer<Asked>,
    headers: &HeaderMap,
    body: &Answer<Vec<u8>>,
    request_id: &str,
) -> Answer<Vec<u8>> {
    let began = tokio::time::Instant::now();
    let slot = api.slots.try_acquire().map_err(|_| ApiError::throttled());
    let name = operation.as_ref().map_or("unknown", |operation| operation.as_str());
    let span = traces::request(name, headers, request_id);
    let outcome = match (operation, body, &slot) {
        (Err(refusal), _, _) | (_, Err(refusal), _) | (_, _, Err(refusal)) => Err(refusal.clone()),
        (Ok(operation), Ok(body), Ok(_)) => {
            unwound(carry_out(api, *operation, headers, body)).instrument(span.clone()).await
        }
    };
    drop(slot);
    traces::answered(&span, outcome.as_ref().err());
    let said = body.as_deref().unwrap_or_default();
    notice(name, said, outcome.as_ref().err(), began.elapsed(), request_id, &span);
    outcome
}

fn request_id() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

/// Counts and logs a request that is over.
fn notice(
    operation: &'static str,
    body: &[u8],
    refusal: Option<&ApiError>,
    took: Duration,
    request_id: &str,
    span: &Span,
) {
    let code = refusal.map_or("OK", |refusal| refusal.code().as_str());
    let _trace = span.enter();
    of_request(request_id, || {
        metrics::requests(operation, code).increment(1);
        metrics::request_seconds(operation).record(took.as_secs_f64());
    });
    log(operation, body, refusal, took, request_id);
}

/// An operation of a service.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Ecs(Operation),
    Logs(logs::operations::Operation),
}

impl Asked {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ecs(operation) => operation.as_str(),
            Self::Logs(operation) => operation.as_str(),
        }
    }
}

fn operation(headers: &HeaderMap) -> Answer<Asked> {
    let refused = |text: String| ApiError::new(Code::UnknownOperation, text);
    let target = headers.get("x-amz-target").ok_or_else(|| {
        refused(format!("The header X-Amz-Target is missing; it must be {TARGET} and an operation's name."))
    })?;
    let target = String::from_utf8_lossy(target.as_bytes());
    let ecs = target
        .strip_prefix(TARGET)
        .and_then(|name| Operation::ALL.iter().find(|operation| operation.as_str() == name))
        .map(|operation| Asked::Ecs(*operation));
    let logs = || {
        let name = target.strip_prefix(cloudwatch::TARGET)?;
        let found = logs::operations::Operation::ALL.iter().find(|operation| operation.as_str() == name);
        found.map(|operation| Asked::Logs(*operation))
    };
    ecs.or_else(logs).ok_or_else(|| {
        refused(format!(
            "There is no operation '{target}'; X-Amz-Target must be {TARGET} and an operation's name."
        ))
    })
}

/// One line an operation. The rest of ECS's is refused by name.
macro_rules! dispatch {
    ($api:ident, $operation:ident, $body:ident;
     acts { $($act:ident => $carry_out:path,)+ } reads { $($read:ident => $look:path,)+ }) => {
        match $operation {
            $(Operation::$act => body::write(&$carry_out($api, body::parse($operation, $body)?).await?),)+
            $(Operation::$read => {
                let seen = $look($api, body::parse($operation, $body)?)?;
                $api.control.context().shown_is_durable().await;
                body::write(&seen)
            })+
            other => Err(ApiError::ecs(
                Exception::UnsupportedFeatureException,
                format!("{} is not supported by Mainstay yet.", other.as_str()),
            )),
        }
    };
}

async fn carry_out(api: &Api, operation: Asked, headers: &HeaderMap, body: &[u8]) -> Answer<Vec<u8>> {
    let operation = match operation {
        // The only one whose answer says where to come next.
        Asked::Ecs(operation @ Operation::ExecuteCommand) => {
            return body::write(&tasks::execute(api, headers, body::parse(operation, body)?)?);
        }
        Asked::Ecs(operation) => operation,
        Asked::Logs(operation) => return cloudwatch::carry_out(api, operation, body).await,
    };
    dispatch! {
        api, operation, body;
        acts {
            CreateCapacityProvider => capacity::create,
            CreateCluster => clusters::create,
            CreateService => services::create,
            DeleteAttributes => attributes::delete,
            DeleteCapacityProvider => capacity::delete,
            DeleteCluster => clusters::delete,
            DeleteService => services::delete,
            DeregisterTaskDefinition => definitions::deregister,
            PutAttributes => attributes::put,
            PutClusterCapacityProviders => capacity::put,
            RegisterTaskDefinition => definitions::register,
            RunTask => tasks::run,
            StartTask => tasks::start,
            StopServiceDeployment => services::stop_deployment,
            StopTask => tasks::stop,
            TagResource => tags::tag,
            UntagResource => tags::untag,
            UpdateCapacityProvider => capacity::update,
            UpdateContainerInstancesState => instances::update_state,
            UpdateService => services::update,
            UpdateTaskProtection => tasks::update_protection,
        }
        reads {
            DescribeCapacityProviders => capacity::describe,
            DescribeClusters => clusters::describe,
            DescribeContainerInstances => instances::describe,
            DescribeServiceDeployments => services::describe_deployments,
            DescribeServiceRevisions => services::describe_revisions,
            DescribeServices => services::describe,
            DescribeTaskDefinition => definitions::describe,
            DescribeTasks => tasks::describe,
            GetTaskProtection => tasks::protection,
            ListAttributes => attributes::list,
            ListClusters => clusters::list,
            ListContainerInstances => instances::list,
            ListServiceDeployments => services::list_deployments,
            ListServices => services::list,
            ListTagsForResource => tags::list,
            ListTaskDefinitionFamilies => definitions::families,
            ListTaskDefinitions => definitions::list,
            ListTasks => tasks::list,
        }
    }
}

/// A panic is one request's failure, and is answered.
async fn unwound(work: impl Future<Output = Answer<Vec<u8>>>) -> Answer<Vec<u8>> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("an operation panicked");
        Err(ApiError::ecs(
            Exception::ServerException,
            "The request failed within Mainstay; its log says where.",
        ))
    })
}

fn refused(refusal: &ApiError) -> Response {
    let code = refusal.code();
    let body = serde_json::json!({ "__type": code.as_str(), "message": refusal.message() }).to_string();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("x-amzn-errortype", code.as_str())], body).into_response()
}

/// What a request is about, as far as it says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Subject {
    #[serde(alias = "clusterName")]
    cluster: Option<String>,
    #[serde(alias = "serviceName", alias = "serviceDeploymentArn")]
    service: Option<String>,
    #[serde(alias = "family")]
    task_definition: Option<String>,
    task: Option<String>,
    #[serde(rename = "resourceArn")]
    resource: Option<String>,
    #[serde(rename = "Name")]
    schedule: Option<String>,
}

/// One line for each call that changes something, and for each that is refused.
fn log(operation: &str, body: &[u8], refusal: Option<&ApiError>, took: Duration, request_id: &str) {
    let is_read = ["List", "Describe", "Get", "Filter"].iter().any(|verb| operation.starts_with(verb));
    if is_read && refusal.is_none() {
        tracing::debug!(operation, ?took, request_id, "answered");
        return;
    }
    let Subject { cluster, service, task_definition, task, resource, schedule } =
        serde_json::from_slice(body).unwrap_or_default();
    match refusal {
        None => tracing::info!(
            operation,
            cluster,
            service,
            task_definition,
            task,
            resource,
            schedule,
            ?took,
            request_id,
            "carried out"
        ),
        Some(refusal) if refusal.code().status() < 500 => tracing::info!(
            operation,
            cluster,
            service,
            task_definition,
            task,
            resource,
            schedule,
            request_id,
            code = refusal.code().as_str(),
            reason = refusal.message(),
            "refused"
        ),
        Some(refusal) => tracing::warn!(
            operation,
            cluster,
            service,
            task_definition,
            task,
            resource,
            schedule,
            request_id,
            code = refusal.code().as_str(),
            reason = refusal.message(),
            "failed"
        ),
    }
}

/// ECS's bound of a list that a request gives, in its words.
fn at_most<T>(what: &str, items: &[T], most: usize) -> Answer<()> {
    if items.len() <= most {
        return Ok(());
    }
    Err(ApiError::parameter(format!("{what} can have at most {most} items.")))
}

/// What was asked for and is not there.
fn missing(arn: String) -> Failure {
    Failure { arn: Some(arn), reason: Some("MISSING".to_owned()), detail: None }
}

/// A count on the wire.
fn count(of: usize) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

/// A number of a record on the wire.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A wait on the wire.
fn signed_seconds(wait: Duration) -> i32 {
    i32::try_from(wait.as_secs()).unwrap_or(i32::MAX)
}

/// A number of the wire whose bounds were checked.
fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
