//! Commands that are run in containers, beside what those run themselves.

use std::pin::Pin;

use bytes::Bytes;
use futures::stream::BoxStream;
use mainstay_core::ExecId;
use tokio::io::AsyncWrite;

use super::{EngineError, LogStream};

/// A command to run in a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewExec {
    /// The program, and its arguments. No shell reads it.
    pub command: Vec<String>,
    /// Who runs it (`user`, `uid`, either with `:group`); the container's own user where nothing is said.
    pub user: Option<String>,
    /// Goes over the container's environment.
    pub environment: Vec<(String, String)>,
    /// What the environment gets where the container has no such variable.
    pub environment_defaults: Vec<(String, String)>,
    /// Whether it has a terminal, through which all goes that it prints.
    pub terminal: bool,
    /// Whether it has a standard input.
    pub input: bool,
}

/// A command that runs. Dropped, it runs on: [`end_exec`](super::ContainerEngine::end_exec) ends it.
pub struct Exec {
    /// Its id.
    pub id: ExecId,
    /// What it prints, no more of it in memory than is taken. Ends with the command.
    pub output: BoxStream<'static, Result<ExecOutput, EngineError>>,
    /// Its standard input; shut down, the command reads to its end.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// Something that a command printed, wherever the engine cut it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Where it was printed; a terminal's is all standard output.
    pub stream: LogStream,
    /// What.
    pub bytes: Bytes,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// In a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}
