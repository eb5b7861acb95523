//! Commands in containers, for ECS's ExecuteCommand and for `mainstay exec`. Which containers there are comes from the
//! view, the command from the engine itself: no actor is messaged.

mod channel;
mod data_channel;
mod dialect;
mod message;
pub(crate) mod metrics;
pub(crate) mod plain;
mod session;
mod target;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Sink, Stream};
use mainstay_actors::ports::{ContainerEngine, NewExec};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use data_channel::{DataChannel, OpenDataChannel};
pub(crate) use dialect::{Dialect, End, Frame};
pub(crate) use target::{Target, Unfit, of_service};

/// Who runs commands where nobody else is named: root, as on ECS, whatever the container's own user is.
pub(crate) const USER: &str = "0";
/// How long a token is good for; the AWS CLI connects at once.
const TOKEN_LIVES: Duration = Duration::from_secs(60);
/// Sessions that may be promised and not begun; who asks for more is asked to wait.
const MOST_PROMISED: usize = 1000;

/// The way into this host's containers. Clones share their sessions.
#[derive(Clone)]
pub struct Execs {
    /// Absent where no engine is reached from this process.
    engine: Option<Arc<dyn ContainerEngine>>,
    idle_timeout: Duration,
    promised: Arc<Mutex<HashMap<String, Promise>>>,
    places: Arc<Semaphore>,
    closing: CancellationToken,
    sessions: TaskTracker,
}

/// A session that somebody may begin who has its token.
struct Promise {
    /// Not the token itself, so that how long a comparison takes tells nothing of it.
    digest: [u8; 32],
    until: Instant,
    target: Target,
    new: NewExec,
}

/// A session to begin.
pub(crate) struct Session {
    pub(crate) target: Target,
    pub(crate) new: NewExec,
    /// `ecs` or `cli`, in metrics and logs.
    pub(crate) kind: &'static str,
    engine: Arc<dyn ContainerEngine>,
    idle: Option<Duration>,
    _place: OwnedSemaphorePermit,
}

/// What ExecuteCommand answers with.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) session: String,
    pub(crate) token: String,
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSession {
    /// The control plane is alone here.
    #[error(
        "this mainstay runs the control plane alone and reaches no container engine; run commands where the agent is"
    )]
    NoEngine,
    /// Too many at once.
    #[error("as many commands are run already as api.requests-at-once allows; try again when one has ended")]
    Busy,
}

impl Execs {
    /// Lets at most `at_once` be run at a time. Sessions of ExecuteCommand end when idle for `idle_timeout`.
    pub fn new(engine: Option<Arc<dyn ContainerEngine>>, at_once: usize, idle_timeout: Duration) -> Self {
        Self {
            engine,
            idle_timeout,
            promised: Arc::default(),
            places: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            closing: CancellationToken::new(),
            sessions: TaskTracker::new(),
        }
    }

    /// Ends all sessions, and resolves once no command of theirs is left.
    pub async fn close(&self) {
        self.closing.cancel();
        self.sessions.close();
        self.sessions.wait().await;
    }

    /// Holds a command ready for who comes with the token, once, within a minute.
    ///
    /// # Errors
    /// Where it could not be run.
    pub(crate) fn promise(&self, target: Target, new: NewExec) -> Result<Ticket, NoSession> {
        self.engine()?;
        let session = format!("ecs-execute-command-{:017x}", rand::random::<u128>() >> 60);
        let token = hex(&rand::random::<[u8; 32]>());
        let now = Instant::now();
        let promise = Promise { digest: digest(&token), until: now + TOKEN_LIVES, target, new };
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        promised.retain(|_, promise| promise.until > now);
        if promised.len() >= MOST_PROMISED {
            return Err(NoSession::Busy);
        }
        promised.insert(session.clone(), promise);
        Ok(Ticket { session, token })
    }

    /// The command that was promised under this token, for once. A wrong token spoils nothing.
    pub(crate) fn claim(&self, session: &str, token: &str) -> Option<(Target, NewExec)> {
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        promised.get(session).filter(|promise| promise.digest == digest(token) && promise.until > now)?;
        promised.remove(session).map(|promise| (promise.target, promise.new))
    }

    /// A session of ExecuteCommand, which ends when idle.
    ///
    /// # Errors
    /// Where there is no engine, or no place.
    pub(crate) fn session_of_ecs(&self, target: Target, new: NewExec) -> Result<Session, NoSession> {
        self.session(target, new, "ecs", Some(self.idle_timeout))
    }

    /// A session of `mainstay exec`.
    ///
    /// # Errors
    /// Where there is no engine, or no place.
    pub(crate) fn session_of_cli(&self, target: Target, new: NewExec) -> Result<Session, NoSession> {
        self.session(target, new, "cli", None)
    }

    fn session(
        &self,
        target: Target,
        new: NewExec,
        kind: &'static str,
        idle: Option<Duration>,
    ) -> Result<Session, NoSession> {
        let engine = Arc::clone(self.engine()?);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoSession::Busy)?;
        Ok(Session { target, new, kind, engine, idle, _place: place })
    }

    /// Runs it between these two, to its end.
    pub(crate) async fn hold<R, W>(&self, session: Session, frames: R, sink: W, dialect: impl Dialect) -> End
    where
        R: Stream<Item = Result<Frame, String>> + Send + Unpin,
        W: Sink<Frame, Error = String> + Send + Unpin,
    {
        let _counted = metrics::Counted::new();
        let Session { target, new, kind, engine, idle, _place } = session;
        let Target { task, cluster, container, id } = target;
        tracing::info!(%cluster, %task, container, command = ?new.command, kind, "a command is run in a container");
        let work = session::Work { engine, container: id, new, idle };
        let held = session::hold(work, frames, sink, dialect, &self.closing);
        let end = self.sessions.track_future(held).await;
        metrics::ended(kind, end.as_str()).increment(1);
        let (how, words) = (end.as_str(), end.words());
        let exit_code = if let End::Exited(code) = end { Some(code) } else { None };
        tracing::info!(%cluster, %task, container, kind, how, exit_code, words, "a command's session is over");
        end
    }

    fn engine(&self) -> Result<&Arc<dyn ContainerEngine>, NoSession> {
        self.engine.as_ref().ok_or(NoSession::NoEngine)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
