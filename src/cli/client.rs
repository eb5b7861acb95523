//! A client of a running daemon.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderMap, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Builder;
use hyper::http::uri::Authority;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::either::Either;

use crate::tls;

/// Where a daemon listens when nothing is said.
const DEFAULT: &str = "http://127.0.0.1:7077";
/// What stands before an operation's name in `X-Amz-Target`.
const TARGET: &str = "AmazonEC2ContainerServiceV20141113";

/// A daemon's address.
#[derive(Clone)]
pub(super) struct Endpoint {
    authority: Authority,
    tls: Option<TlsConnector>,
}

/// Why an operation of the API was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// Nobody answers, or the answer breaks off.
    #[error("{0}")]
    Away(String),
    /// It was refused.
    #[error("{code}: {message}")]
    Refused {
        /// The exception's name.
        code: String,
        /// Its words.
        message: String,
    },
}

impl CallError {
    /// Whether it was refused with this exception.
    pub(super) fn is(&self, exception: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == exception)
    }
}
/// A websocket to a daemon.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;
/// What drives a connection.
type Driver = tokio::task::JoinHandle<Result<(), hyper::Error>>;

/// An answer, read line by line.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    lines: VecDeque<String>,
    rest: Vec<u8>,
    /// Drives the connection.
    _connection: Driver,
}

/// Which daemon is meant.
#[derive(Debug, Args)]
pub(super) struct Address {
    /// The daemon's address; MAINSTAY_SERVER_LISTEN or http://127.0.0.1:7077 where not given.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_ECS")]
    endpoint_url: Option<String>,
    /// Certificates, in PEM, to hold the daemon's against instead of the host's own: for https:// addresses.
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    ca_bundle: Option<PathBuf>,
}

impl Address {
    /// What is said on the command line or in `AWS_ENDPOINT_URL_ECS`, else what the daemon's own setting says, else the
    /// default.
    ///
    /// # Errors
    /// Where it is no URL of a daemon, or there are no certificates to hold its own against.
    pub(super) fn endpoint(&self) -> Result<Endpoint, String> {
        let listen = std::env::var("MAINSTAY_SERVER_LISTEN").ok();
        Endpoint::find(self.endpoint_url.as_deref(), listen.as_deref(), self.ca_bundle.as_deref())
    }
}

impl Endpoint {
    fn find(given: Option<&str>, listen: Option<&str>, authorities: Option<&Path>) -> Result<Self, String> {
        match (given, listen) {
            (Some(url), _) => Self::parse(url, authorities),
            (None, Some(listen)) => Self::parse(&format!("http://{listen}"), authorities),
            (None, None) => Self::parse(DEFAULT, authorities),
        }
    }

    fn parse(url: &str, authorities: Option<&Path>) -> Result<Self, String> {
        let wrong = || format!("the endpoint is '{url}'; it must be a URL such as {DEFAULT}");
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let authority: Authority = authority.parse().map_err(|_| wrong())?;
        let tls = secure.then(|| tls::connector(authorities)).transpose()?;
        let port = if secure { 443 } else { 80 };
        let authority = match authority.port_u16() {
            Some(_) => authority,
            None => format!("{authority}:{port}").parse().map_err(|_| wrong())?,
        };
        Ok(Self { authority, tls })
    }

    async fn connect(&self) -> std::io::Result<Either<TcpStream, Box<TlsStream<TcpStream>>>> {
        let stream = TcpStream::connect(self.authority.as_str()).await?;
        let Some(tls) = &self.tls else { return Ok(Either::Left(stream)) };
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        Ok(Either::Right(Box::new(tls.connect(name, stream).await?)))
    }

    /// Asks for a path with its query.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, String> {
        let (answer, driver) = self.send(Request::get(path), Bytes::new()).await?;
        Ok(Answer::new(answer, driver))
    }

    /// Calls an operation of the ECS API, as any client would.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn call(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        let request = Request::post("/")
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("{TARGET}.{operation}"));
        self.answered(request, input.to_string().into()).await
    }

    /// Calls an operation of EventBridge Scheduler, as any client would.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn rest(
        &self,
        method: Method,
        path: &str,
        input: Option<&Value>,
    ) -> Result<Value, CallError> {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
        self.answered(request, input.map(Value::to_string).unwrap_or_default().into()).await
    }

    async fn answered(&self, request: Builder, body: Bytes) -> Result<Value, CallError> {
        let (answer, _driver) = self.send(request, body).await.map_err(CallError::Away)?;
        let status = answer.status();
        let kind = answer.headers().get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let read = answer.into_body().collect().await;
        let read =
            read.map_err(|error| CallError::Away(format!("the answer broke off: {error}")))?.to_bytes();
        let output: Value = serde_json::from_slice(&read).map_err(|_| {
            CallError::Away(format!("{self} answers {status} and no JSON; is it a Mainstay?"))
        })?;
        if status.is_success() {
            return Ok(output);
        }
        let text = |member: &str| output[member].as_str().unwrap_or_default().to_owned();
        let message = if output["message"].is_string() { text("message") } else { text("Message") };
        let code = if kind.is_empty() { text("__type") } else { kind };
        Err(CallError::Refused { code: code.rsplit('#').next().unwrap_or_default().to_owned(), message })
    }

    /// Asks for a websocket at a path with its query; what the daemon says instead, where it gives none.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(super) async fn websocket(&self, path: &str) -> Result<Result<Socket, Answer>, String> {
        let request = Request::get(path)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key());
        let (answer, driver) = self.send(request, Bytes::new()).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Err(Answer::new(answer, driver)));
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(|error| self.away(&error))?;
        Ok(Ok(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await))
    }

    async fn send(&self, request: Builder, body: Bytes) -> Result<(Response<Incoming>, Driver), String> {
        let stream = self.connect().await.map_err(|error| self.away(&error))?;
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|error| self.away(&error))?;
        let driver = tokio::spawn(connection.with_upgrades());
        let request = request.header(HOST, self.authority.as_str()).body(Full::new(body));
        let request = request.map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| self.away(&error))?;
        Ok((answer, driver))
    }

    fn away(&self, error: &dyn std::error::Error) -> String {
        format!("no answer from {self}: {error}; does `mainstay up` run there?")
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl Answer {
    fn new(answer: Response<Incoming>, driver: Driver) -> Self {
        let (head, body) = answer.into_parts();
        let (lines, rest) = (VecDeque::new(), Vec::new());
        Self { status: head.status, headers: head.headers, body, lines, rest, _connection: driver }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// Where the answer breaks off.
    pub(super) async fn line(&mut self) -> Result<Option<String>, String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            match self.body.frame().await {
                None if self.rest.is_empty() => return Ok(None),
                None => return Ok(Some(text(&std::mem::take(&mut self.rest)))),
                Some(frame) => {
                    let frame = frame.map_err(|error| format!("the answer broke off: {error}"))?;
                    self.take(frame.data_ref().map_or(&[], |bytes| bytes));
                }
            }
        }
    }

    /// Whether a line is here already.
    pub(super) fn has_line(&self) -> bool {
        !self.lines.is_empty()
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|&byte| byte == b'\n');
        let mut piece = pieces.next().unwrap_or_default();
        for next in pieces {
            self.rest.extend_from_slice(piece);
            self.lines.push_back(text(&std::mem::take(&mut self.rest)));
            piece = next;
        }
        self.rest.extend_from_slice(piece);
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: Option<&str>, listen: Option<&str>, expected: &str) {
        let found = Endpoint::find(given, listen, None);
        assert_eq!(found.map_or_else(|error| error, |endpoint| endpoint.to_string()), expected);
    }

    #[test]
    fn a_daemon_is_looked_for_where_it_is_said_to_be() {
        check(None, None, "http://127.0.0.1:7077");
        check(None, Some("127.0.0.1:9"), "http://127.0.0.1:9");
        check(Some("http://box/"), Some("127.0.0.1:9"), "http://box:80");
        check(Some("http://[::1]:7077"), None, "http://[::1]:7077");
        for wrong in ["ftp://box", "box:7077", "http://a b", "http://box/v1"] {
            let text = format!("the endpoint is '{wrong}'; it must be a URL such as http://127.0.0.1:7077");
            check(Some(wrong), None, &text);
        }
    }
}
