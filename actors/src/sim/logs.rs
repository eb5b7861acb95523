//! What simulated containers print: what a test has them print.

use futures::StreamExt;
use futures::stream;
use mainstay_core::EngineId;

use super::engine::SimEngine;
use crate::ports::{EngineError, EngineState, LogLine, LogLines, LogQuery, LogStream};

impl SimEngine {
    /// A container prints a line, now.
    pub fn print(&self, id: &EngineId, stream: LogStream, text: &str) {
        let mut machine = self.machine();
        let at = machine.wall().0.saturating_mul(1_000_000);
        if let Some(container) = machine.containers.get_mut(id) {
            container.log.push(LogLine { at, stream, text: text.to_owned() });
        }
        machine.printed.send_replace(());
    }

    pub(super) fn read_log(&self, id: &EngineId, query: LogQuery) -> Result<LogLines, EngineError> {
        let (length, printed) = {
            let machine = self.machine();
            let gone = || EngineError::NoSuchContainer { id: id.clone() };
            let container = machine.containers.get(id).ok_or_else(gone)?;
            (container.log.len(), machine.printed.subscribe())
        };
        let tail = query.tail.and_then(|tail| usize::try_from(tail).ok()).unwrap_or(usize::MAX);
        let from = length.saturating_sub(tail);
        let (engine, id) = (self.clone(), id.clone());
        let lines = stream::unfold(
            (engine, id, from, printed),
            move |(engine, id, mut next, mut printed)| async move {
                loop {
                    printed.borrow_and_update();
                    let (line, runs) = engine.line(&id, next)?;
                    match line {
                        Some(line) => {
                            next += 1;
                            if query.wants(line.at) {
                                return Some((Ok(line), (engine, id, next, printed)));
                            }
                        }
                        None if query.follow && runs => printed.changed().await.ok()?,
                        None => return None,
                    }
                }
            },
        );
        Ok(lines.boxed())
    }

    /// A line, where there is one, and whether more may come; `None` where the container is gone.
    fn line(&self, id: &EngineId, place: usize) -> Option<(Option<LogLine>, bool)> {
        let machine = self.machine();
        let container = machine.containers.get(id)?;
        Some((container.log.get(place).cloned(), container.state == EngineState::Running))
    }
}
