//! `mainstay exec`: runs a command in a container of a task.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::Args;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::StatusCode;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Address, Answer, Socket};
use super::logs::{cluster_of, is_task};
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE};
use crate::exec::plain::{CLOSE, RESIZE, STATUS, STDERR, STDIN, STDOUT, Size, Status, framed};

/// The command could not be run; what Docker's own client ends with.
const EXIT_NOT_RUN: u8 = 125;
/// What a shell says of a program that SIGPIPE ended.
const EXIT_UNREAD: u8 = 141;
/// Bytes of standard input in a frame.
const CHUNK: usize = 16 * 1024;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// A task's id or ARN, or a service's name or ARN: of its tasks, one that runs is taken.
    #[arg(value_name = "TASK|SERVICE")]
    target: String,
    /// The command and its arguments. No shell reads them: for one, say `sh -c '…'`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Give it standard input; without this it has none.
    #[arg(short, long)]
    interactive: bool,
    /// Give it a terminal; with -i, the one that you sit at.
    #[arg(short, long)]
    tty: bool,
    /// The container's name in the task definition; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Who runs it (a name or number, with or without `:group`); root where not given, as on ECS.
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,
    /// Its cluster; that of an ARN, or `default`, where not given.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    #[command(flatten)]
    daemon: Address,
}

/// Why there is no exit code of the command's own.
struct Stop {
    code: u8,
    text: String,
}

fn stop(code: u8, text: impl Into<String>) -> Stop {
    Stop { code, text: text.into() }
}

/// Does it. Ends with the command's own exit code where it has one.
pub(super) fn run(asked: &Asked) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&stop(EXIT_NOT_RUN, error.to_string())),
    };
    let done = runtime.block_on(session(asked));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(stop) => complain(&stop),
    }
}

fn complain(stop: &Stop) -> ExitCode {
    eprintln!("mainstay exec: {}", stop.text);
    ExitCode::from(stop.code)
}

async fn session(asked: &Asked) -> Result<u8, Stop> {
    let stdin = std::io::stdin();
    if asked.tty && asked.interactive && !stdin.is_terminal() {
        let text = "-t gives the command the terminal you sit at, and standard input is none; leave -t out";
        return Err(stop(EXIT_USAGE, text));
    }
    let endpoint = asked.daemon.endpoint().map_err(|text| stop(EXIT_USAGE, text))?;
    let term = std::env::var("TERM").ok().filter(|term| !term.is_empty());
    let opened = endpoint.websocket(&path(asked, term.as_deref())).await;
    let socket = match opened.map_err(|text| stop(EXIT_UNAVAILABLE, text))? {
        Ok(socket) => socket,
        Err(mut answer) => return Err(refused(&mut answer).await),
    };
    let fault = |error: std::io::Error| stop(EXIT_NOT_RUN, error.to_string());
    let resized = asked.tty.then(|| signal(SignalKind::window_change())).transpose().map_err(fault)?;
    // Ended by one of these, the terminal would stay raw.
    let (mut terminated, mut hung_up) =
        (signal(SignalKind::terminate()).map_err(fault)?, signal(SignalKind::hangup()).map_err(fault)?);
    let _raw = (asked.tty && asked.interactive).then(Raw::on).transpose().map_err(fault)?;
    let (sink, stream) = socket.split();
    let up = async {
        // Where the connection breaks, the other direction says so.
        drop(send(sink, asked.interactive, resized).await);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        code = receive(stream) => code,
        () = up => Ok(0),
        _ = terminated.recv() => Ok(128 + 15),
        _ = hung_up.recv() => Ok(128 + 1),
    }
}

/// The request's path and query.
fn path(asked: &Asked, term: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let cluster = asked.cluster.as_deref().or_else(|| cluster_of(&asked.target));
    let of = if is_task(&asked.target) { "task" } else { "service" };
    query.append_pair(of, &asked.target);
    let term = term.filter(|_| asked.tty);
    let given = [
        ("cluster", cluster),
        ("container", asked.container.as_deref()),
        ("user", asked.user.as_deref()),
        ("stdin", asked.interactive.then_some("true")),
        ("tty", asked.tty.then_some("true")),
        ("term", term),
    ];
    query.extend_pairs(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    query.extend_pairs(asked.command.iter().map(|word| ("command", word)));
    format!("/v1/exec?{}", query.finish())
}

async fn refused(answer: &mut Answer) -> Stop {
    let text = answer.line().await.ok().flatten().unwrap_or_default();
    let said = serde_json::from_str::<Status>(&text).ok().and_then(|status| status.error).unwrap_or(text);
    let code = match answer.status {
        StatusCode::BAD_REQUEST => EXIT_USAGE,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => EXIT_UNAVAILABLE,
        _ => EXIT_NOT_RUN,
    };
    stop(code, said)
}

/// Sends what is typed and how large the terminal is, until standard input ends and the terminal changes no more.
async fn send(
    mut sink: SplitSink<Socket, Message>,
    interactive: bool,
    mut resized: Option<Signal>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    if resized.is_some()
        && let Some(size) = size()
    {
        sink.send(size).await?;
    }
    let mut stdin = interactive.then(typed);
    while stdin.is_some() || resized.is_some() {
        tokio::select! {
            read = async { match &mut stdin {
                Some(stdin) => stdin.recv().await,
                None => std::future::pending().await,
            } } => {
                let frame = match read {
                    Some(bytes) => framed(STDIN, &bytes),
                    None => {
                        stdin = None;
                        framed(CLOSE, &[STDIN])
                    }
                };
                sink.send(Message::Binary(frame)).await?;
            }
            change = async { match &mut resized {
                Some(resized) => resized.recv().await,
                None => std::future::pending().await,
            } } => match change {
                Some(()) => if let Some(size) = size() {
                    sink.send(size).await?;
                },
                None => resized = None,
            },
        }
    }
    Ok(())
}

/// Standard input, read by a thread that nobody waits for: it may wait for a key that is never typed.
fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (to, typed) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; CHUNK];
        while let Ok(read) = stdin.read(&mut buffer) {
            if read == 0 || to.blocking_send(buffer[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    typed
}

fn size() -> Option<Message> {
    let size = tcgetwinsize(std::io::stdout()).or_else(|_| tcgetwinsize(std::io::stdin())).ok()?;
    let size = serde_json::to_vec(&Size { columns: size.ws_col, rows: size.ws_row }).ok()?;
    Some(Message::Binary(framed(RESIZE, &size)))
}

/// Prints what comes, and says what the command ended with.
async fn receive(mut stream: SplitStream<Socket>) -> Result<u8, Stop> {
    let broken = |text: String| stop(EXIT_UNAVAILABLE, format!("the connection broke off: {text}"));
    loop {
        let message = stream.next().await.ok_or_else(|| broken("the daemon is gone".to_owned()))?;
        let Message::Binary(bytes) = message.map_err(|error| broken(error.to_string()))? else { continue };
        let printed = match bytes.split_first() {
            Some((&STDOUT, rest)) => print(std::io::stdout().lock(), rest),
            Some((&STDERR, rest)) => print(std::io::stderr().lock(), rest),
            Some((&STATUS, rest)) => {
                let status: Status =
                    serde_json::from_slice(rest).map_err(|error| broken(error.to_string()))?;
                return match status {
                    // A process has eight bits of it.
                    Status { exit_code: Some(code), .. } => Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX)),
                    Status { error, .. } => Err(stop(EXIT_NOT_RUN, error.unwrap_or_default())),
                };
            }
            _ => Ok(()),
        };
        match printed {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(EXIT_UNREAD),
            printed => printed.map_err(|error| stop(EXIT_NOT_RUN, error.to_string()))?,
        }
    }
}

fn print(mut to: impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

/// The terminal passes each key on, for as long as this lives.
struct Raw(Termios);

impl Raw {
    fn on() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::typed;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check(words: &str, expected: &str) {
        assert_eq!(path(&typed(words).unwrap(), Some("xterm")), format!("/v1/exec?{expected}"));
    }

    #[test]
    fn what_is_typed_becomes_a_request() {
        check("web -- ls -l", "service=web&command=ls&command=-l");
        check(
            &format!("{ID} -it --container app -- sh"),
            &format!("task={ID}&container=app&stdin=true&tty=true&term=xterm&command=sh"),
        );
        check(
            "web --user 1000:1000 --cluster shop -- id",
            "service=web&cluster=shop&user=1000%3A1000&command=id",
        );
        let arn = "arn:aws:ecs:us-east-1:000000000000:service/shop/web";
        let escaped = "arn%3Aaws%3Aecs%3Aus-east-1%3A000000000000%3Aservice%2Fshop%2Fweb";
        check(&format!("{arn} -- id"), &format!("service={escaped}&cluster=shop&command=id"));
        assert!(typed::<Asked>("web").is_err());
        assert!(typed::<Asked>("-- ls").is_err());
    }
}
