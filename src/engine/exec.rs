//! Commands in containers.
//!
//! What a command prints is read here from a connection of its own: bollard takes bytes of a terminal for the head of a
//! frame where they begin with 0, 1 or 2.

use std::io;
use std::time::Duration;

use bollard::models::{ExecConfig, ExecInspectResponse};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use mainstay_actors::ports::{EngineError, EngineState, Exec, ExecOutput, LogStream, NewExec, TerminalSize};
use mainstay_core::{EngineId, ExecId};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::errors::{status, when};
use super::{ANSWER_WITHIN, DockerEngine, processes, translate};

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;
/// Of an engine's refusal no more is read.
const REFUSAL: usize = 64 * 1024;
/// Bytes before each frame, as in Docker's attach protocol: the stream, three that mean nothing, the length.
const HEAD: usize = 8;
/// The number of standard error there.
const STDERR: u8 = 2;
/// A command that was asked for has a process within this time, or will have none.
const BEGUN_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A connection to the engine, over whatever it is.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<C: AsyncRead + AsyncWrite + Send + Unpin> Connection for C {}

impl DockerEngine {
    pub(super) async fn run_exec(&self, id: &EngineId, new: &NewExec) -> Result<Exec, EngineError> {
        let client = self.client().await?;
        let gone = || EngineError::NoSuchContainer { id: id.clone() };
        let fault = |act, error: &_| match status(error) {
            Some(404) => gone(),
            _ => when(&self.endpoint, act, error),
        };
        let seen = client.inspect_container(id.as_str(), None).await;
        let seen = seen.map_err(|error| fault("inspect", &error))?;
        let variables = seen.config.as_ref().and_then(|config| config.env.clone()).unwrap_or_default();
        let container = translate::container(&self.owner, seen, None).ok_or_else(gone)?;
        if container.state != EngineState::Running {
            let message = format!("container {} is not running", container.name);
            return Err(EngineError::Refused { message });
        }
        let made = client.create_exec(id.as_str(), config(new, &variables)).await;
        let made = made.map_err(|error| fault("exec", &error))?;
        let (output, input) = tokio::io::split(self.attach(&made.id, new.terminal).await?);
        let (endpoint, terminal) = (self.endpoint.clone(), new.terminal);
        let output = Reader { from: output, endpoint, terminal, frame: None }.stream();
        Ok(Exec { id: ExecId::new(made.id), output, input: Box::pin(input) })
    }

    pub(super) async fn size_exec(&self, exec: &ExecId, size: TerminalSize) -> Result<(), EngineError> {
        let client = self.client().await?;
        let size = bollard::exec::ResizeExecOptions { height: size.rows, width: size.columns };
        let done = client.resize_exec(exec.as_str(), size).await;
        done.map_err(|error| when(&self.endpoint, "resize", &error))
    }

    pub(super) async fn code_of_exec(&self, exec: &ExecId) -> Result<Option<i32>, EngineError> {
        let client = self.client().await?;
        let seen = client.inspect_exec(exec.as_str()).await;
        let seen = seen.map_err(|error| when(&self.endpoint, "exec", &error))?;
        let over = seen.running == Some(false);
        Ok(seen.exit_code.filter(|_| over).map(|code| i32::try_from(code).unwrap_or(i32::MAX)))
    }

    pub(super) async fn stop_exec(&self, id: &EngineId, exec: &ExecId) -> Result<(), EngineError> {
        let Some(leader) = self.leader(exec).await? else { return Ok(()) };
        let (container, out_of_reach) = (id.as_str().to_owned(), |message| EngineError::Refused { message });
        processes::end_session(leader, container).await.map_err(out_of_reach)
    }

    /// The process that a command is, which leads a session of its own; `None` where it is over.
    async fn leader(&self, exec: &ExecId) -> Result<Option<i32>, EngineError> {
        let client = self.client().await?;
        let look = async {
            loop {
                match client.inspect_exec(exec.as_str()).await {
                    Ok(ExecInspectResponse { running: Some(true), pid, .. }) => {
                        if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).filter(|&pid| pid > 0)
                        {
                            return Ok(Some(pid));
                        }
                    }
                    Ok(_) => return Ok(None),
                    Err(error) if status(&error) == Some(404) => return Ok(None),
                    Err(error) => return Err(when(&self.endpoint, "exec", &error)),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let late = EngineError::Timeout { act: "exec", waited: BEGUN_WITHIN };
        tokio::time::timeout(BEGUN_WITHIN, look).await.map_err(|_| late)?
    }

    /// Begins the command, and makes its connection one that carries nothing but what it is given and prints.
    async fn attach(
        &self,
        exec: &str,
        terminal: bool,
    ) -> Result<impl AsyncRead + AsyncWrite + use<>, EngineError> {
        let away = |detail: String| EngineError::Unreachable { endpoint: self.endpoint.clone(), detail };
        let begin = async {
            let stream = self.dial().await.map_err(|error| away(error.to_string()))?;
            let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
            let (mut sender, connection) = shaken.map_err(|error| away(error.to_string()))?;
            tokio::spawn(connection.with_upgrades());
            let body = format!(r#"{{"Detach":false,"Tty":{terminal}}}"#);
            let request = Request::post(format!("/exec/{exec}/start"))
                .header(HOST, "engine")
                .header(CONTENT_TYPE, "application/json")
                .header(CONNECTION, "Upgrade")
                .header(UPGRADE, "tcp")
                .body(Full::new(Bytes::from(body)));
            let request = request.map_err(|error| away(error.to_string()))?;
            let answer = sender.send_request(request).await.map_err(|error| away(error.to_string()))?;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                let status = answer.status();
                let body = Limited::new(answer.into_body(), REFUSAL).collect().await;
                let text = body.map(|body| body.to_bytes()).unwrap_or_default();
                return Err(EngineError::Refused { message: refusal(status, &text) });
            }
            hyper::upgrade::on(answer).await.map_err(|error| away(error.to_string()))
        };
        let late = |_| EngineError::Timeout { act: "exec", waited: ANSWER_WITHIN };
        let upgraded = tokio::time::timeout(ANSWER_WITHIN, begin).await.map_err(late)??;
        Ok(TokioIo::new(upgraded))
    }

    async fn dial(&self) -> io::Result<Box<dyn Connection>> {
        let address = ["tcp://", "http://"].iter().find_map(|scheme| self.endpoint.strip_prefix(scheme));
        Ok(match address {
            Some(address) => Box::new(TcpStream::connect(address.trim_end_matches('/')).await?),
            None => {
                let path = self.endpoint.strip_prefix("unix://").unwrap_or(&self.endpoint);
                Box::new(UnixStream::connect(path).await?)
            }
        })
    }
}

fn config(new: &NewExec, variables: &[String]) -> ExecConfig {
    let has = |name: &str| variables.iter().any(|known| known.split('=').next() == Some(name));
    let defaults = new.environment_defaults.iter().filter(|(name, _)| !has(name));
    let environment = defaults.chain(&new.environment).map(|(name, value)| format!("{name}={value}"));
    ExecConfig {
        attach_stdin: Some(new.input),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(new.terminal),
        env: Some(environment.collect()),
        cmd: Some(new.command.clone()),
        user: new.user.clone(),
        ..ExecConfig::default()
    }
}

/// The engine's own words, where it has some.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = said.as_ref().and_then(|said| said.get("message")).and_then(serde_json::Value::as_str);
    message.map_or_else(|| format!("the engine answered {status}"), |text| text.trim().to_owned())
}

/// Reads what a command prints.
struct Reader<R> {
    from: R,
    endpoint: String,
    /// A terminal's bytes come as they are; else eight bytes before each frame say where it belongs and how long it is.
    terminal: bool,
    /// Where the frame belongs that is being read, and how much of it is still to come.
    frame: Option<(LogStream, usize)>,
}

impl<R: AsyncRead + Send + Unpin + 'static> Reader<R> {
    fn stream(self) -> BoxStream<'static, Result<ExecOutput, EngineError>> {
        let outputs = stream::unfold(Some(self), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(None) => None,
                Ok(Some(output)) => Some((Ok(output), Some(reader))),
                Err(error) => {
                    let detail = error.to_string();
                    Some((Err(EngineError::Unreachable { endpoint: reader.endpoint, detail }), None))
                }
            }
        });
        outputs.boxed()
    }

    async fn next(&mut self) -> io::Result<Option<ExecOutput>> {
        if self.terminal {
            let bytes = self.some(CHUNK).await?;
            return Ok((!bytes.is_empty()).then_some(ExecOutput { stream: LogStream::Stdout, bytes }));
        }
        let (stream, left) = match self.frame.take() {
            Some(frame) => frame,
            None => match self.head().await? {
                Some(frame) => frame,
                None => return Ok(None),
            },
        };
        let bytes = self.some(left.min(CHUNK)).await?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.frame = Some((stream, left - bytes.len())).filter(|(_, left)| *left > 0);
        Ok(Some(ExecOutput { stream, bytes }))
    }

    /// The head of the next frame that has something in it; `None` at the end.
    async fn head(&mut self) -> io::Result<Option<(LogStream, usize)>> {
        loop {
            let mut head = BytesMut::with_capacity(HEAD);
            while head.len() < HEAD {
                let wanted = HEAD - head.len();
                if (&mut self.from).take(wanted as u64).read_buf(&mut head).await? == 0 {
                    let whole = head.is_empty();
                    return if whole { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
                }
            }
            let stream = if head[0] == STDERR { LogStream::Stderr } else { LogStream::Stdout };
            head.advance(HEAD - size_of::<u32>());
            let length = usize::try_from(head.get_u32()).unwrap_or(usize::MAX);
            if length > 0 {
                return Ok(Some((stream, length)));
            }
        }
    }

    /// What is there, up to so many bytes; nothing at the end.
    async fn some(&mut self, most: usize) -> io::Result<Bytes> {
        let mut bytes = BytesMut::with_capacity(most);
        (&mut self.from).take(most as u64).read_buf(&mut bytes).await?;
        Ok(bytes.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &'static [u8], terminal: bool) -> Vec<Result<(LogStream, Vec<u8>), String>> {
        let reader = Reader { from: bytes, endpoint: "unix:///engine".into(), terminal, frame: None };
        let told = |output: Result<ExecOutput, EngineError>| {
            output.map(|output| (output.stream, output.bytes.to_vec())).map_err(|error| error.to_string())
        };
        reader.stream().map(told).collect().await
    }

    #[tokio::test]
    async fn frames_are_told_apart_by_their_heads_and_a_terminals_bytes_come_as_they_are() {
        let bytes = b"\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\x01!";
        let (out, err) = (LogStream::Stdout, LogStream::Stderr);
        assert_eq!(read(bytes, false).await, [Ok((out, b"hi".to_vec())), Ok((err, b"!".to_vec()))]);
        assert_eq!(read(b"\x01\x02\0", true).await, [Ok((out, vec![1, 2, 0]))]);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_off_within_a_frame_is_an_error() {
        let broken =
            || Err("no answer from the container engine at unix:///engine: unexpected end of file".into());
        assert_eq!(
            read(b"\x01\0\0\0\0\0\0\x02h", false).await,
            [Ok((LogStream::Stdout, b"h".to_vec())), broken()]
        );
        assert_eq!(read(b"\x01\0", false).await, [broken()]);
        assert_eq!(read(b"", false).await, []);
    }

    #[test]
    fn the_environment_has_the_defaults_only_where_the_container_has_no_such_variable() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let new = NewExec {
            environment: vec![pair("TERM", "vt100")],
            environment_defaults: vec![pair("LANG", "C.UTF-8"), pair("EDITOR", "vi")],
            ..NewExec::default()
        };
        let made = config(&new, &["LANG=de_DE".to_owned(), "EDITORS=1".to_owned()]);
        assert_eq!(made.env.unwrap_or_default(), ["EDITOR=vi", "TERM=vt100"]);
    }
}
