//! Commands in simulated containers: each prints what it is given, until its input ends (0), it is ended (129), or its
//! container ends (137). `exit CODE` ends at once; `deaf` takes no input.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use mainstay_core::{EngineId, ExecId};
use tokio::io::AsyncWrite;

use super::engine::SimEngine;
use super::machine::Machine;
use crate::ports::{EngineError, EngineState, Exec, ExecOutput, LogStream, NewExec, TerminalSize};

/// A command in a simulated container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimExec {
    /// Its id.
    pub id: ExecId,
    /// Where it runs.
    pub container: EngineId,
    /// What was asked for.
    pub new: NewExec,
    /// What it was told of its terminal, in order.
    pub sizes: Vec<TerminalSize>,
    /// What it was given.
    pub received: Vec<u8>,
    /// What it ended with.
    pub exit_code: Option<i32>,
    printed: Vec<ExecOutput>,
}

impl SimEngine {
    /// All commands that were ever run, in order.
    pub fn execs(&self) -> Vec<SimExec> {
        self.machine().execs.clone()
    }

    /// A command prints something.
    pub fn print_exec(&self, id: &ExecId, stream: LogStream, text: &str) {
        self.machine().change_exec(id, |exec| {
            exec.printed.push(ExecOutput { stream, bytes: Bytes::copy_from_slice(text.as_bytes()) });
        });
    }

    /// A command ends.
    pub fn exit_exec(&self, id: &ExecId, code: i32) {
        self.machine().change_exec(id, |exec| exec.exit_code = exec.exit_code.or(Some(code)));
    }

    pub(super) fn attach(&self, id: ExecId) -> Exec {
        let printed = self.machine().printed.subscribe();
        let state = (self.clone(), id.clone(), 0_usize, printed);
        let output = stream::unfold(state, |(engine, id, next, mut printed)| async move {
            loop {
                printed.borrow_and_update();
                match engine.printed(&id, next)? {
                    Some(output) => return Some((Ok(output), (engine, id, next + 1, printed))),
                    None => printed.changed().await.ok()?,
                }
            }
        });
        let input = Box::pin(SimInput { engine: self.clone(), id: id.clone() });
        Exec { id, output: output.boxed(), input }
    }

    /// Something it printed, where there is more already; `None` where nothing more comes.
    fn printed(&self, id: &ExecId, place: usize) -> Option<Option<ExecOutput>> {
        let machine = self.machine();
        let exec = machine.execs.iter().find(|exec| exec.id == *id)?;
        match exec.printed.get(place) {
            Some(output) => Some(Some(output.clone())),
            None if exec.exit_code.is_some() => None,
            None => Some(None),
        }
    }
}

impl Machine {
    pub(super) fn begin_exec(&mut self, id: &EngineId, new: &NewExec) -> Result<ExecId, EngineError> {
        let gone = || EngineError::NoSuchContainer { id: id.clone() };
        let container = self.containers.get(id).ok_or_else(gone)?;
        if container.state != EngineState::Running {
            return Err(EngineError::Refused { message: format!("container {id} is not running") });
        }
        let exec_id = ExecId::new(format!("exec-{}", self.execs.len()));
        let exit_code = match new.command.as_slice() {
            [program, code] if program == "exit" => code.parse().ok(),
            _ => None,
        };
        self.execs.push(SimExec {
            id: exec_id.clone(),
            container: id.clone(),
            new: new.clone(),
            sizes: Vec::new(),
            received: Vec::new(),
            exit_code,
            printed: Vec::new(),
        });
        Ok(exec_id)
    }

    pub(super) fn resize_exec(&mut self, id: &ExecId, size: TerminalSize) -> Result<(), EngineError> {
        let known = self.execs.iter_mut().find(|exec| exec.id == *id && exec.exit_code.is_none());
        let refused = || EngineError::Refused { message: format!("command {id} is not running") };
        known.ok_or_else(refused)?.sizes.push(size);
        Ok(())
    }

    pub(super) fn exec_exit_code(&self, id: &ExecId) -> Result<Option<i32>, EngineError> {
        let known = self.execs.iter().find(|exec| exec.id == *id);
        let refused = || EngineError::Refused { message: format!("there is no command {id}") };
        known.map(|exec| exec.exit_code).ok_or_else(refused)
    }

    /// The container's end is that of the commands in it.
    pub(super) fn end_execs_of(&mut self, container: &EngineId) {
        for exec in self.execs.iter_mut().filter(|exec| exec.container == *container) {
            exec.exit_code = exec.exit_code.or(Some(137));
        }
    }

    fn change_exec(&mut self, id: &ExecId, change: impl FnOnce(&mut SimExec)) {
        if let Some(exec) = self.execs.iter_mut().find(|exec| exec.id == *id) {
            change(exec);
        }
        self.printed.send_replace(());
    }
}

/// The standard input of a command.
struct SimInput {
    engine: SimEngine,
    id: ExecId,
}

impl AsyncWrite for SimInput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut machine = self.engine.machine();
        let known = machine.execs.iter().find(|exec| exec.id == self.id);
        match known {
            Some(exec) if exec.exit_code.is_some() => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            // For good: nobody wakes it.
            Some(exec) if exec.new.command == ["deaf"] => Poll::Pending,
            _ => {
                machine.change_exec(&self.id, |exec| {
                    exec.received.extend_from_slice(bytes);
                    let echo = ExecOutput { stream: LogStream::Stdout, bytes: Bytes::copy_from_slice(bytes) };
                    exec.printed.push(echo);
                });
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.engine.exit_exec(&self.id, 0);
        Poll::Ready(Ok(()))
    }
}
