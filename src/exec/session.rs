//! One session: a client's frames on one side, a command in a container on the other, until either ends.
//!
//! Neither side waits for the other's buffers: what the client sends is taken while the command does not read, what the
//! command prints while the client is slow, each up to a bound.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use mainstay_actors::ports::{ContainerEngine, EngineError, Exec, ExecOutput, NewExec, TerminalSize};
use mainstay_core::{EngineId, ExecId};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::dialect::{Asked, Dialect, End, Frame};

/// Bytes that may wait until the command reads them.
const MOST_INPUT: usize = 1024 * 1024;
/// Between two questions whether the client is there: what is written to nobody fails.
const PING_EVERY: Duration = Duration::from_secs(15);
/// After its end was told, the client may take this long to have taken all.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// Who does not take it is not waited for by a daemon that ends.
const SETTLED_BEFORE_CLOSE: Duration = Duration::from_secs(1);
/// A terminal that was only just asked for takes a moment to have a size.
const RESIZED_WITHIN: Duration = Duration::from_secs(10);
const TRY_EVERY: Duration = Duration::from_millis(100);

/// What a session is to run, and where.
pub(super) struct Work {
    pub engine: Arc<dyn ContainerEngine>,
    pub container: EngineId,
    pub new: NewExec,
    /// The session ends where nothing was typed or printed for so long.
    pub idle: Option<Duration>,
}

/// Holds the session to its end. No process of the command is left then, unless the engine is out of reach.
pub(super) async fn hold<R, W, D>(
    work: Work,
    mut frames: R,
    sink: W,
    mut dialect: D,
    closing: &CancellationToken,
) -> End
where
    R: Stream<Item = Result<Frame, String>> + Send + Unpin,
    W: Sink<Frame, Error = String> + Send + Unpin,
    D: Dialect,
{
    let mut out = Out { sink, next: None, unflushed: false };
    let mut command = Command::new(&work);
    let mut ping_at = Instant::now() + PING_EVERY;
    let end = loop {
        if let Some(asked) = dialect.asked() {
            match command.carry_out(asked, &work).await {
                Some(end) => break end,
                None => continue,
            }
        }
        out.next = out.next.take().or_else(|| dialect.frame());
        let idle_at = work.idle.map(|idle| command.used_at + idle);
        let due = [dialect.due().map(Instant::from_std), idle_at, Some(ping_at)].into_iter().flatten().min();
        tokio::select! {
            frame = frames.next(), if dialect.listens(command.input.has_room()) => match frame {
                None | Some(Err(_) | Ok(Frame::Close(..))) => break End::Left,
                Some(Ok(Frame::Ping)) => {}
                Some(Ok(frame)) => {
                    if let Err(text) = dialect.take(frame, command.input.has_room(), now()) {
                        break End::Garbled(text);
                    }
                }
            },
            sent = out.advance() => if sent.is_err() {
                break End::Left;
            },
            output = next(&mut command.output), if dialect.has_room() => match output {
                Some(Ok(output)) => {
                    command.used_at = Instant::now();
                    dialect.print(output, now());
                }
                Some(Err(error)) => break End::Failed(error.to_string()),
                None => (command.output, command.is_mute) = (None, true),
            },
            end = code(&command.id, &work), if command.is_mute => break end,
            () = command.input.advance() => {}
            () = resized(&mut command.resizing) => command.resizing = None,
            () = sleep_until(due.unwrap_or(ping_at)) => {
                if idle_at.is_some_and(|at| at <= Instant::now()) {
                    break End::Idle;
                }
                if ping_at <= Instant::now() {
                    ping_at = Instant::now() + PING_EVERY;
                    out.next = out.next.take().or(Some(Frame::Ping));
                }
                dialect.tick(now());
            }
            () = closing.cancelled() => break End::Closing,
        }
    };
    // Before the client hears of it: who hears that it is over can rely on that.
    clear_up(&command.id, &work, &end).await;
    drop(command);
    if end != End::Left {
        dialect.end(&end, now());
        let within = if end == End::Closing { SETTLED_BEFORE_CLOSE } else { SETTLED_WITHIN };
        let until = Instant::now() + within;
        drop(timeout_at(until, settle(&mut frames, &mut out, &mut dialect)).await);
    }
    end
}

/// Until the client has all, or is gone.
async fn settle<R, W, D>(frames: &mut R, out: &mut Out<W>, dialect: &mut D)
where
    R: Stream<Item = Result<Frame, String>> + Unpin,
    W: Sink<Frame, Error = String> + Unpin,
    D: Dialect,
{
    loop {
        out.next = out.next.take().or_else(|| dialect.frame());
        if out.is_idle() && dialect.is_over() {
            return;
        }
        let due = dialect.due().map(Instant::from_std);
        tokio::select! {
            frame = frames.next() => match frame {
                None | Some(Err(_) | Ok(Frame::Close(..))) => return,
                // What it still asks for is nothing to anybody.
                Some(Ok(frame)) => drop(dialect.take(frame, false, now())),
            },
            sent = out.advance() => if sent.is_err() {
                return;
            },
            () = async { match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            } } => dialect.tick(now()),
        }
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// What goes to the client.
struct Out<W> {
    sink: W,
    next: Option<Frame>,
    unflushed: bool,
}

impl<W: Sink<Frame, Error = String> + Unpin> Out<W> {
    fn is_idle(&self) -> bool {
        self.next.is_none() && !self.unflushed
    }

    /// Sends one frame or flushes those that were sent; for ever where there is nothing to do. May be dropped.
    async fn advance(&mut self) -> Result<(), String> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), String>> {
        if self.next.is_some() {
            match self.sink.poll_ready_unpin(context) {
                Poll::Ready(Ok(())) => {
                    self.unflushed = true;
                    let next = self.next.take().map(|frame| self.sink.start_send_unpin(frame));
                    return Poll::Ready(next.unwrap_or(Ok(())));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.unflushed {
            ready!(self.sink.poll_flush_unpin(context))?;
            self.unflushed = false;
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}

/// The command's side.
struct Command {
    id: Option<ExecId>,
    output: Option<BoxStream<'static, Result<ExecOutput, EngineError>>>,
    input: Input,
    resizing: Option<BoxFuture<'static, ()>>,
    /// Its output has ended: it has, too, or is just about to, or goes on without.
    is_mute: bool,
    used_at: Instant,
}

impl Command {
    fn new(work: &Work) -> Self {
        let input = Input { to: None, waiting: VecDeque::new(), bytes: 0, ends: !work.new.input };
        Self { id: None, output: None, input, resizing: None, is_mute: false, used_at: Instant::now() }
    }

    /// Does what the client asked for; the session's end, where that is one.
    async fn carry_out(&mut self, asked: Asked, work: &Work) -> Option<End> {
        match asked {
            Asked::Begin => match work.engine.exec(&work.container, &work.new).await {
                Ok(Exec { id, output, input }) => {
                    (self.id, self.output) = (Some(id), Some(output));
                    self.input.to = work.new.input.then_some(input);
                    self.used_at = Instant::now();
                }
                Err(error) => return Some(End::Failed(error.to_string())),
            },
            Asked::Input(bytes) => {
                self.used_at = Instant::now();
                self.input.push(bytes);
            }
            Asked::EndOfInput => self.input.ends = true,
            Asked::Resize(size) => self.resizing = self.id.clone().map(|id| resize(work, id, size)),
            Asked::End => return Some(End::Asked),
        }
        None
    }
}

/// What it ended with, once it has. May be dropped.
async fn code(id: &Option<ExecId>, work: &Work) -> End {
    let Some(id) = id else { return pending().await };
    loop {
        match work.engine.exec_exit_code(id).await {
            Ok(Some(code)) => return End::Exited(code),
            Ok(None) => sleep(TRY_EVERY).await,
            Err(error) => return End::Failed(format!("what the command ended with is not known: {error}")),
        }
    }
}

/// Sees that nothing of it is left behind.
async fn clear_up(id: &Option<ExecId>, work: &Work, end: &End) {
    let Some(id) = id.as_ref().filter(|_| !matches!(end, End::Exited(_))) else { return };
    if let Err(error) = work.engine.end_exec(&work.container, id).await {
        tracing::warn!(container = %work.container, exec = %id, %error,
            "a command was left behind by its session; it runs on in the container");
    }
}

/// What waits for the command to read it.
struct Input {
    to: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    waiting: VecDeque<Bytes>,
    bytes: usize,
    ends: bool,
}

impl Input {
    fn has_room(&self) -> bool {
        self.bytes < MOST_INPUT
    }

    fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() && !self.ends {
            self.bytes += bytes.len();
            self.waiting.push_back(bytes);
        }
    }

    /// Gives the command some of it; for ever where there is nothing to give. May be dropped.
    async fn advance(&mut self) {
        let Some(to) = &mut self.to else { return pending().await };
        let done: io::Result<()> = match self.waiting.front_mut() {
            Some(front) => match to.write(front).await {
                Ok(written) => {
                    self.bytes -= written;
                    front.advance(written);
                    if front.is_empty() {
                        self.waiting.pop_front();
                    }
                    to.flush().await
                }
                Err(error) => Err(error),
            },
            None if self.ends => to.shutdown().await.and(Err(io::ErrorKind::WriteZero.into())),
            None => return pending().await,
        };
        if done.is_err() {
            // It reads no more, or has had all. Its end is seen where its output ends.
            self.to = None;
            self.waiting.clear();
            self.bytes = 0;
        }
    }
}

fn resize(work: &Work, id: ExecId, size: TerminalSize) -> BoxFuture<'static, ()> {
    let engine = Arc::clone(&work.engine);
    async move {
        let until = Instant::now() + RESIZED_WITHIN;
        while let Err(error) = engine.resize_exec(&id, size).await {
            if Instant::now() > until {
                tracing::debug!(exec = %id, ?size, %error, "a terminal keeps its size");
                return;
            }
            sleep(TRY_EVERY).await;
        }
    }
    .boxed()
}

/// The next item; for ever where there is no stream.
async fn next<T>(stream: &mut Option<BoxStream<'static, T>>) -> Option<T> {
    match stream {
        Some(stream) => stream.next().await,
        None => pending().await,
    }
}

/// For ever where nothing is being resized.
async fn resized(resizing: &mut Option<BoxFuture<'static, ()>>) {
    match resizing {
        Some(resizing) => resizing.await,
        None => pending().await,
    }
}
