//! Calls as AWS's tools make them: signed, bounded in time, and made again where that may help.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Method, Request, StatusCode, Uri};
use mainstay_actors::ports::SecretError;

use super::Keys;
use crate::log::chain;
use crate::tls::{self, Connections};

/// A call is made so often, where what went wrong may pass.
const TRIES: u32 = 4;
/// Wait before it is made again; doubles each time, and is half of that or more by chance.
const BACKOFF: Duration = Duration::from_millis(200);
/// An endpoint that has not answered by then hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// No variable may be longer than this, nor need a file be.
const MOST_BYTES: usize = 1024 * 1024;
/// So much of an endpoint's words is shown.
const MOST_WORDS: usize = 300;
/// Words of AWS for too many requests, whatever the status.
const THROTTLED: [&str; 7] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
];
/// In which region a bucket is.
const BUCKET_REGION: &str = "x-amz-bucket-region";

/// Whether it can be an endpoint: an address of HTTP or HTTPS and nothing behind it.
pub fn is_endpoint(text: &str) -> bool {
    let filled = fill(text, "service", "region");
    let Ok(address) = filled.parse::<Uri>() else { return false };
    let scheme = address.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    let bare = address.path_and_query().is_none_or(|path| path.as_str() == "/");
    scheme && bare && address.host().is_some_and(|host| !host.is_empty()) && !filled.contains(['{', '@'])
}

fn fill(endpoint: &str, service: &str, region: &str) -> String {
    endpoint.replace("{service}", service).replace("{region}", region).trim_end_matches('/').to_owned()
}

/// Connections to an endpoint.
pub(super) struct Client {
    endpoint: String,
    keys: Keys,
    /// Absent where the host has no certificates to hold others against.
    connections: Result<Connections, String>,
}

/// What is asked.
pub(super) struct Call<'a> {
    pub service: &'static str,
    pub region: &'a str,
    pub method: Method,
    /// As it is written.
    pub path: String,
    /// The operation, where the service has them.
    pub target: Option<&'static str>,
    pub body: Bytes,
}

/// Why there is no answer that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    what: What,
    retried: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// The endpoint says no.
    Refused { code: String, message: String },
    /// The endpoint is too busy, or broken for now.
    Busy { code: String, message: String },
    /// There is no answer.
    Unreachable(String),
    /// Nothing was asked.
    Unasked(String),
    /// It is there, but elsewhere.
    Elsewhere(String),
}

impl Fault {
    /// What a container's task is told, after `words`.
    pub(super) fn error(&self, words: &str) -> SecretError {
        let text = format!("{words}{self}");
        match &self.what {
            What::Busy { .. } | What::Unreachable(_) => SecretError::Unreachable(text),
            What::Refused { .. } | What::Unasked(_) | What::Elsewhere(_) => SecretError::NotFound(text),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retried = |f: &mut fmt::Formatter<'_>| {
            write!(f, "service call has been retried {} time(s): ", self.retried)
        };
        match &self.what {
            What::Refused { code, message } | What::Busy { code, message } => {
                retried(f)?;
                write!(f, "{code}: {message}")
            }
            What::Unreachable(why) => {
                retried(f)?;
                f.write_str(why)
            }
            What::Unasked(why) => f.write_str(why),
            What::Elsewhere(region) => write!(f, "it is in region {region}"),
        }
    }
}

impl Client {
    pub(super) fn new(endpoint: &str, keys: Keys) -> Self {
        Self { endpoint: endpoint.to_owned(), keys, connections: tls::connections() }
    }

    /// Makes a call, again and again where that may help.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Bytes, Fault> {
        let mut region = call.region.to_owned();
        let mut retried = 0;
        loop {
            let what = match self.send_once(call, &region).await {
                Ok(answer) => return Ok(answer),
                Err(What::Elsewhere(other))
                    if region == call.region && self.endpoint.contains("{region}") =>
                {
                    region = other;
                    continue;
                }
                Err(what) => what,
            };
            let passes = matches!(what, What::Busy { .. } | What::Unreachable(_));
            if !passes || retried + 1 >= TRIES {
                return Err(Fault { what, retried });
            }
            let longest = BACKOFF.saturating_mul(1 << retried);
            tokio::time::sleep(longest.mul_f64(0.5 + 0.5 * rand::random::<f64>())).await;
            retried += 1;
        }
    }

    async fn send_once(&self, call: &Call<'_>, region: &str) -> Result<Bytes, What> {
        let connections = self.connections.as_ref().map_err(|why| What::Unasked(why.clone()))?;
        let request = self.signed(call, region).await.map_err(What::Unasked)?;
        let place = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let exchange = async {
            let unreachable = |why: String| What::Unreachable(format!("{place}: {why}"));
            let answer = connections.request(request).await.map_err(|error| unreachable(chain(&error)))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await;
            let body = body.map_err(|error| unreachable(format!("its answer broke off: {error}")))?;
            Ok((head.status, head.headers, body.to_bytes()))
        };
        let (status, headers, body) = match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
            Ok(answer) => answer?,
            Err(_) => {
                return Err(What::Unreachable(format!("{place} did not answer within {ANSWER_WITHIN:?}")));
            }
        };
        if status.is_success() {
            return Ok(body);
        }
        Err(refusal(status, &headers, &body, region))
    }

    async fn signed(&self, call: &Call<'_>, region: &str) -> Result<Request<Full<Bytes>>, String> {
        let key = self.keys.read().await?.into();
        let mut settings = SigningSettings::default();
        if call.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let wrong = |error: &dyn fmt::Display| format!("the request cannot be signed: {error}");
        let params = v4::SigningParams::builder()
            .identity(&key)
            .region(region)
            .name(call.service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        let address = format!("{}{}", fill(&self.endpoint, call.service, region), call.path);
        let mut request = Request::builder().method(call.method.clone()).uri(&address);
        if let Some(target) = call.target {
            request =
                request.header(CONTENT_TYPE, "application/x-amz-json-1.1").header("x-amz-target", target);
        }
        let mut request = request.body(Full::new(call.body.clone())).map_err(|error| wrong(&error))?;
        let headers = request.headers().iter();
        let headers: Vec<(String, String)> = headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(&call.body);
        let to_sign = SignableRequest::new(call.method.as_str(), &address, headers, body)
            .map_err(|error| wrong(&error))?;
        let (instructions, _) = sign(to_sign, &params).map_err(|error| wrong(&error))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// What an answer means that is no success. Secrets are in successes only.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], region: &str) -> What {
    let text = String::from_utf8_lossy(body);
    let (code, message) = said(&text);
    let elsewhere = headers.get(BUCKET_REGION).and_then(|value| value.to_str().ok());
    if let Some(other) = elsewhere.filter(|other| *other != region && !status.is_server_error()) {
        return What::Elsewhere(other.to_owned());
    }
    let code = code.unwrap_or_else(|| status.to_string());
    let message: String = message.unwrap_or_default().chars().take(MOST_WORDS).collect();
    let busy = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if busy || THROTTLED.contains(&code.as_str()) {
        What::Busy { code, message }
    } else {
        What::Refused { code, message }
    }
}

/// The code and the message of a refusal, in JSON as most of AWS's services write it, or in S3's XML.
fn said(text: &str) -> (Option<String>, Option<String>) {
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) {
        let word = |names: &[&str]| {
            let found = names.iter().find_map(|name| members.get(*name)?.as_str());
            found.map(str::to_owned)
        };
        let code = word(&["__type", "code", "Code"]);
        let code = code.map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
        return (code, word(&["message", "Message"]));
    }
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner.to_owned())
    };
    (element("Code"), element("Message"))
}
