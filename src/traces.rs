//! Traces of API calls through the tree, sent to an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! A request is a span of kind `server`, and so is whatever an actor does because of it; `traceparent` of W3C's Trace
//! Context joins it to the caller's trace. What has no request for its cause is in no trace. `OTEL_TRACES_SAMPLER` says
//! how many requests are traced, as everywhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, Uri};
use mainstay_actors::SPANS;
use mainstay_core::Partition;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::api::error::ApiError;
use crate::log::chain;
use crate::tls::{self, Connections};

/// Where OTLP is taken below a collector's address.
const PATH: &str = "/v1/traces";
/// A collector that has not answered by then does not take it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So long the daemon's end waits for what was traced last.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);
/// So much of an answer is read.
const MOST_BYTES: usize = 64 * 1024;

/// Sends traces for as long as it is there.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Whether it can be a collector's address.
    pub fn is_address(text: &str) -> bool {
        let Ok(address) = text.parse::<Uri>() else { return false };
        let scheme = address.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
        scheme && address.host().is_some_and(|host| !host.is_empty()) && address.query().is_none()
    }

    /// Sends to the collector at `address`, such as `http://127.0.0.1:4318`, whether it is there yet or not.
    ///
    /// # Errors
    /// Where this host has no certificates for HTTPS, or the address is none.
    pub fn begin(address: &str, here: &Partition, runtime: &Handle) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Sender::new(runtime)?)
            .with_endpoint(format!("{}{PATH}", address.trim_end_matches('/')))
            .with_timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| format!("traces cannot be sent to {address}: {}", chain(&error)))?;
        let resource = Resource::builder()
            .with_service_name("mainstay")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("cloud.account.id", here.account.clone()))
            .with_attribute(KeyValue::new("cloud.region", here.region.clone()))
            .build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What spans go through.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer: SdkTracer = self.0.tracer("mainstay");
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|span| span.target() == SPANS))
    }

    /// Sends what there is, and ends.
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_WITHIN) {
            tracing::warn!(error = chain(&error), "the last traces may not have been taken");
        }
    }
}

/// A request's span, in the caller's trace where it says one.
pub(crate) fn request(operation: &'static str, headers: &HeaderMap, request_id: &str) -> Span {
    let span = tracing::info_span!(
        target: SPANS,
        "request",
        otel.name = operation,
        otel.kind = "server",
        otel.status_code = field::Empty,
        otel.status_description = field::Empty,
        rpc.system = "aws-api",
        rpc.method = operation,
        aws.request_id = request_id,
        "error.type" = field::Empty,
    );
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Of a span that is sampled away there is nothing to join.
        drop(span.set_parent(parent));
    }
    span
}

/// Says in a request's span how it was answered. By OpenTelemetry's rules a refusal is no failure of the server.
pub(crate) fn answered(span: &Span, refusal: Option<&ApiError>) {
    let Some(refusal) = refusal else { return };
    span.record("error.type", refusal.code().as_str());
    if refusal.code().status() >= 500 {
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", refusal.message());
    }
}

/// Carries spans to the collector. The exporter has a thread of its own, and no runtime.
#[derive(Debug)]
struct Sender {
    runtime: Handle,
    connections: Connections,
    failing: AtomicBool,
}

impl Sender {
    fn new(runtime: &Handle) -> Result<Self, String> {
        let connections = tls::connections()?;
        Ok(Self { runtime: runtime.clone(), connections, failing: AtomicBool::new(false) })
    }

    /// Says once that the collector takes nothing, and once that it does again.
    fn notice<T>(&self, outcome: &Result<T, String>) {
        let was_failing = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_failing => {
                tracing::warn!(error, "the collector takes no traces; what happens meanwhile is in none");
            }
            Ok(_) if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let connections = self.connections.clone();
        let exchange = async move {
            let answer = connections.request(request.map(Full::new)).await.map_err(|error| chain(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| error.to_string())?;
            if !head.status.is_success() {
                return Err(format!("it answered {}", head.status));
            }
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let sent = self.runtime.spawn(async { tokio::time::timeout(ANSWER_WITHIN, exchange).await }).await?;
        let outcome = sent.unwrap_or_else(|_| Err(format!("it did not answer within {ANSWER_WITHIN:?}")));
        self.notice(&outcome);
        outcome.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_address_of_http_or_https() {
        for right in ["http://127.0.0.1:4318", "https://otel.example.com/tenant/1/"] {
            assert!(Traces::is_address(right), "{right}");
        }
        for wrong in ["", "127.0.0.1:4318", "grpc://host:4317", "http://", "http://host?a=b"] {
            assert!(!Traces::is_address(wrong), "{wrong}");
        }
    }
}
