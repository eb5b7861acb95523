//! Commands in containers, over websockets: `/v1/data-channel/SESSION` for who has a token of ExecuteCommand, and
//! `/v1/exec` for `mainstay exec`.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use axum::{Error, Json};
use futures::{Sink, SinkExt, Stream, StreamExt};
use mainstay_actors::ports::NewExec;
use mainstay_core::{Partition, ServiceKey};
use tokio::time::Instant;

use super::{Gate, Shared};
use crate::api::error::ApiError;
use crate::api::names;
use crate::exec::plain::{Plain, Status};
use crate::exec::{
    DataChannel, Execs, Frame, NoSession, OpenDataChannel, Session, Target, Unfit, of_service,
};

/// A message of a client has at most so many bytes; the plugin's have about one KiB.
const LARGEST: usize = 1024 * 1024;
/// Who connects says by what right within this time.
const TOKEN_WITHIN: Duration = Duration::from_secs(15);
/// RFC 6455: what came is not allowed.
const POLICY: u16 = 1008;
/// RFC 6455: try again later.
const TRY_AGAIN: u16 = 1013;
/// What may be asked, for who asks something else.
const PARAMETERS: &str = "cluster, task, service, container, command, user, stdin, tty, term";

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, Gate>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Peer {
    fn is_on_this_host(self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }
}

/// A session of ExecuteCommand. The token is all the right there is, so that nothing else is looked at.
pub(super) async fn data_channel(
    State(shared): State<Shared>,
    Path(session): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(LARGEST).on_upgrade(async move |socket| {
        let (mut frames, mut sink) = split(socket);
        match claimed(&shared.execs, &session, &mut frames).await {
            Ok(begun) => {
                let command = begun.new.command.join(" ");
                let wall = u64::try_from(shared.control.context().nature.wall().0).unwrap_or(0);
                let dialect = DataChannel::new(&session, &command, wall, Instant::now().into_std());
                shared.execs.hold(begun, frames, sink, dialect).await;
            }
            // Where nobody is there to hear it, that is no matter.
            Err((code, reason)) => drop(sink.send(Frame::Close(code, reason)).await),
        }
    })
}

/// The session that the first frame's token is for.
async fn claimed(
    execs: &Execs,
    session: &str,
    frames: &mut (impl Stream<Item = Result<Frame, String>> + Unpin),
) -> Result<Session, (u16, String)> {
    let refused = |text: &str| (POLICY, text.to_owned());
    let first = tokio::time::timeout(TOKEN_WITHIN, frames.next()).await;
    let Ok(Some(Ok(Frame::Text(text)))) = first else {
        return Err(refused("the first frame must be a text with the token"));
    };
    let open: OpenDataChannel =
        serde_json::from_str(&text).map_err(|_| refused("the first frame must be JSON with a TokenValue"))?;
    let claimed = execs.claim(session, &open.token_value);
    let (target, new) =
        claimed.ok_or_else(|| refused("the token is wrong, was used already, or is too old"))?;
    execs.session_of_ecs(target, new).map_err(|error| (TRY_AGAIN, error.to_string()))
}

/// A session of `mainstay exec`: from this host in any container that runs, from elsewhere only where
/// `enableExecuteCommand` allows it.
pub(super) async fn exec(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Browsers name the page that connects; no page is to.
    if headers.contains_key(header::ORIGIN) {
        return refused(StatusCode::FORBIDDEN, "no page of a browser may run commands");
    }
    let asked =
        match asked(&shared.control.context().settings.partition, query.as_deref().unwrap_or_default()) {
            Ok(asked) => asked,
            Err(text) => return refused(StatusCode::BAD_REQUEST, &text),
        };
    let target = match target(&shared, &asked, peer) {
        Ok(target) => target,
        Err((status, text)) => return refused(status, &text),
    };
    let session = match shared.execs.session_of_cli(target, asked.new) {
        Ok(session) => session,
        Err(error @ NoSession::NoEngine) => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
        }
        Err(error @ NoSession::Busy) => return refused(StatusCode::TOO_MANY_REQUESTS, &error.to_string()),
    };
    upgrade.max_message_size(LARGEST).on_upgrade(async move |socket| {
        let (frames, sink) = split(socket);
        shared.execs.hold(session, frames, sink, Plain::new()).await;
    })
}

fn target(shared: &Shared, asked: &Asked, peer: Peer) -> Result<Target, (StatusCode, String)> {
    let view = shared.control.view();
    let unfit = |unfit: Unfit| {
        let status = match unfit {
            Unfit::NoTask(..) | Unfit::NoneRuns(_) | Unfit::NoContainer { .. } => StatusCode::NOT_FOUND,
            Unfit::Several { .. } => StatusCode::BAD_REQUEST,
            Unfit::NotRunning { .. } => StatusCode::CONFLICT,
        };
        (status, unfit.to_string())
    };
    let missing = |what: String| (StatusCode::NOT_FOUND, what);
    let cluster = &asked.cluster;
    view.active_cluster(cluster).ok_or_else(|| missing(format!("there is no cluster {cluster}")))?;
    let task = match &asked.of {
        Of::Task(id) => view.tasks.get(id).filter(|task| task.cluster == *cluster),
        Of::Service(name) => {
            let key = ServiceKey { cluster: cluster.clone(), name: name.clone() };
            let there = view.services.get(&key);
            there.ok_or_else(|| missing(format!("there is no service {name} in cluster {cluster}")))?;
            Some(of_service(view, cluster, name).map_err(unfit)?)
        }
    };
    let task = task.ok_or_else(|| {
        let Of::Task(id) = &asked.of else { return missing("there is no such task".to_owned()) };
        unfit(Unfit::NoTask(id.clone(), cluster.clone()))
    })?;
    if !peer.is_on_this_host() && !task.enable_execute_command {
        let text = format!(
            "task {} does not allow it: from another host, commands run only in tasks with enableExecuteCommand",
            task.id
        );
        return Err((StatusCode::FORBIDDEN, text));
    }
    Target::of(&task, asked.container.as_deref()).map_err(unfit)
}

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    cluster: mainstay_core::ClusterName,
    of: Of,
    container: Option<String>,
    new: NewExec,
}

#[derive(Debug, PartialEq, Eq)]
enum Of {
    Task(mainstay_core::TaskId),
    Service(mainstay_core::ServiceName),
}

fn asked(here: &Partition, query: &str) -> Result<Asked, String> {
    let wrong = |error: ApiError| error.message().to_owned();
    let given: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let cluster = given.iter().rfind(|(name, _)| name == "cluster").map(|(_, value)| value.as_str());
    let cluster = names::cluster(here, cluster).map_err(wrong)?;
    let (mut of, mut container, mut new) = (None, None, NewExec::default());
    for (name, value) in given {
        let switch = || match value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("{name} is '{other}'; it must be true or false")),
        };
        match name.as_str() {
            "cluster" => {}
            "task" => of = Some(Of::Task(names::task(here, &cluster, &value).map_err(wrong)?)),
            "service" => of = Some(Of::Service(names::service(here, &cluster, &value).map_err(wrong)?)),
            "container" => container = Some(value),
            "command" => new.command.push(value),
            "user" => new.user = Some(value),
            "stdin" => new.input = switch()?,
            "tty" => new.terminal = switch()?,
            "term" => new.environment.push(("TERM".to_owned(), value)),
            other => return Err(format!("there is no parameter {other}; there are {PARAMETERS}")),
        }
    }
    if new.command.is_empty() {
        return Err("name a command".to_owned());
    }
    let of = of.ok_or("name a task or a service")?;
    new.user = new.user.or_else(|| Some(crate::exec::USER.to_owned()));
    Ok(Asked { cluster, of, container, new })
}

fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(Status { error: Some(text.to_owned()), ..Status::default() })).into_response()
}

/// The two halves of a websocket, in frames.
fn split(
    socket: WebSocket,
) -> (impl Stream<Item = Result<Frame, String>> + Send + Unpin, impl Sink<Frame, Error = String> + Send + Unpin)
{
    let (sink, stream) = socket.split();
    let frames = stream.filter_map(|message| {
        std::future::ready(match message {
            Ok(Message::Text(text)) => Some(Ok(Frame::Text(text.as_str().to_owned()))),
            Ok(Message::Binary(bytes)) => Some(Ok(Frame::Binary(bytes))),
            // Answered already.
            Ok(Message::Ping(_) | Message::Pong(_)) => None,
            Ok(Message::Close(_)) => Some(Ok(Frame::Close(0, String::new()))),
            Err(error) => Some(Err(error.to_string())),
        })
    });
    let sink = sink.sink_map_err(|error: Error| error.to_string()).with(|frame| {
        std::future::ready(Ok::<_, String>(match frame {
            Frame::Text(text) => Message::Text(text.into()),
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Ping => Message::Ping(Default::default()),
            Frame::Close(code, reason) => Message::Close(Some(CloseFrame { code, reason: reason.into() })),
        }))
    });
    (frames, sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let said = asked(&Partition::default(), query).map_or_else(
            |text| text,
            |asked| format!("{:?} {:?} {:?}", asked.of, asked.container, asked.new.command),
        );
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_asked_for_is_understood_or_refused_with_what_would_be_right() {
        check(
            "service=web&command=ls&command=-l+a&container=app&tty=true",
            r#"Service(ServiceName("web")) Some("app") ["ls", "-l a"]"#,
        );
        check("service=web", "name a command");
        check("command=ls", "name a task or a service");
        check("task=abc&command=ls", "taskId length should be one of [32,36]");
        check("service=web&command=ls&tty=yes", "tty is 'yes'; it must be true or false");
        check("shell=sh", &format!("there is no parameter shell; there are {PARAMETERS}"));
    }

    #[test]
    fn only_loopback_is_this_host() {
        let peer = |text: &str| Peer(text.parse().unwrap()).is_on_this_host();
        assert!(
            peer("127.0.0.1:1") && peer("127.9.9.9:1") && peer("[::1]:1") && peer("[::ffff:127.0.0.1]:1")
        );
        assert!(!peer("192.0.2.1:1") && !peer("[2001:db8::1]:1") && !peer("[::ffff:192.0.2.1]:1"));
    }
}
