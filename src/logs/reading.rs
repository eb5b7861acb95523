//! One reading: first what is there, in the order of time, then, where it is followed, what comes, as it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream, SelectAll};
use mainstay_actors::ports::{EngineError, LogLine, LogLines, LogQuery};
use mainstay_core::EngineId;
use mainstay_core::model::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::merge::Merge;
use super::metrics::Counted;
use super::replay::Seen;
use super::selection::Source;
use super::{Logs, Origin, Refusal, Selection};

/// Logs that are read at once by one reading; each takes a connection to the engine.
const MOST: usize = 100;
/// Logs that are opened at once.
const OPENED_AT_ONCE: usize = 8;

/// What a reading gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A line.
    Line(Arc<Origin>, LogLine),
    /// Something that whoever reads should know, such as a log that cannot be read on.
    Note(Option<Arc<Origin>>, String),
    /// It ends although there may be more; the last item.
    Cut(String),
}

type Live = BoxStream<'static, (Source, Option<Result<LogLine, EngineError>>)>;

/// Logs that are being read; dropped, it lets go of all it holds.
pub struct Reading {
    logs: Logs,
    selection: Selection,
    query: LogQuery,
    notes: Vec<Item>,
    past: Option<Merge<Source>>,
    live: SelectAll<Live>,
    /// By container.
    known: BTreeMap<EngineId, Known>,
    changes: watch::Receiver<()>,
    cut: bool,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

/// What is known of a container's log.
#[derive(Default)]
struct Known {
    seen: Seen,
    /// Whether it ran already when the reading began; `tail` is for such.
    past: bool,
    /// Whether it is followed now.
    open: bool,
    /// The start after which it was opened last.
    opened_for: Option<Timestamp>,
}

impl Reading {
    /// Opens the logs.
    ///
    /// # Errors
    /// Where there is nothing to read, and nothing to wait for.
    pub async fn begin(logs: &Logs, selection: Selection, query: LogQuery) -> Result<Self, Refusal> {
        let place = logs.place()?;
        logs.engine()?;
        // Before the first look: what changes from here on is told.
        let changes = logs.view().changes();
        selection.check(logs.view())?;
        let mut reading = Self {
            logs: logs.clone(),
            selection,
            query,
            notes: Vec::new(),
            past: None,
            live: SelectAll::new(),
            known: BTreeMap::new(),
            changes,
            cut: false,
            _place: place,
            _counted: Counted::new(),
        };
        reading.open_past().await?;
        Ok(reading)
    }

    async fn open_past(&mut self) -> Result<(), Refusal> {
        let tasks = self.selection.tasks(self.logs.view());
        let mut sources = self.selection.sources(&tasks);
        for source in sources.iter().filter(|source| source.started_at.is_some()) {
            let known = self.known.entry(source.id.clone()).or_default();
            known.past = true;
            // Of what is over by now nothing more comes.
            known.opened_for = source.started_at.filter(|_| source.over);
        }
        if sources.len() > MOST {
            let text =
                format!("there are {} containers; read are the {MOST} of the latest tasks", sources.len());
            self.notes.push(Item::Note(None, text));
            sources.truncate(MOST);
        }
        let past = LogQuery { follow: false, ..self.query };
        let mut opened = Vec::new();
        for (source, log) in
            open(&self.logs, sources.into_iter().map(|source| (source, past)).collect()).await?
        {
            match log {
                Ok(lines) => opened.push((source, lines)),
                Err(EngineError::NoSuchContainer { .. }) if !source.named => {}
                Err(EngineError::NoSuchContainer { .. }) => {
                    let text = "its container is gone, and with it what it printed".to_owned();
                    self.notes.push(Item::Note(Some(source.origin), text));
                }
                Err(error) => self.notes.push(Item::Note(Some(source.origin), error.to_string())),
            }
        }
        let waits = self.query.follow && !self.selection.is_over(self.logs.view());
        if opened.is_empty() && !waits {
            let cleanup_wait = self.logs.control.context().settings.cleanup_wait;
            return Err(self.selection.nothing(&tasks, cleanup_wait));
        }
        self.past = Some(Merge::new(opened).await);
        Ok(())
    }

    /// Whether lines of several containers may come.
    pub fn is_of_several(&self) -> bool {
        let tasks = self.selection.tasks(self.logs.view());
        let more_come = self.query.follow && !self.selection.services.is_empty();
        more_come || self.selection.containers(&tasks) > 1
    }

    /// The next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Item> {
        if self.cut {
            return None;
        }
        let closing = self.logs.closing.clone();
        tokio::select! {
            biased;
            () = closing.cancelled(), if self.query.follow => {
                Some(self.cut("mainstay is stopping; the containers go on".to_owned()))
            }
            item = self.advance() => item,
        }
    }

    fn cut(&mut self, why: String) -> Item {
        self.cut = true;
        Item::Cut(why)
    }

    async fn advance(&mut self) -> Option<Item> {
        loop {
            if let Some(note) = self.notes.pop() {
                return Some(note);
            }
            if let Some(past) = &mut self.past {
                match past.next().await {
                    Some((source, line)) => return Some(self.shown(source, line)),
                    None => self.past = None,
                }
                continue;
            }
            if !self.query.follow {
                return None;
            }
            self.changes.mark_unchanged();
            // Asked before what there is to open: a task that is over by then has printed all it will.
            let over = self.selection.is_over(self.logs.view());
            if let Err(refusal) = self.open_live().await {
                return Some(self.cut(refusal.to_string()));
            }
            if over && self.open_logs() == 0 && self.notes.is_empty() {
                return None;
            }
            if !self.notes.is_empty() {
                continue;
            }
            tokio::select! {
                Some((source, line)) = self.live.next(), if !self.live.is_empty() => match line {
                    Some(line) => return Some(self.shown(source, line)),
                    None => {
                        if let Some(known) = self.known.get_mut(&source.id) {
                            known.open = false;
                        }
                    }
                },
                changed = self.changes.changed() => changed.ok()?,
            }
        }
    }

    fn shown(&mut self, source: Source, line: Result<LogLine, EngineError>) -> Item {
        match line {
            Ok(line) => {
                self.known.entry(source.id).or_default().seen.note(&line);
                Item::Line(source.origin, line)
            }
            Err(error) => {
                // Worth another try, which tells whether the engine is away.
                if let Some(known) = self.known.get_mut(&source.id).filter(|_| error.is_temporary()) {
                    known.opened_for = None;
                }
                Item::Note(Some(source.origin), error.to_string())
            }
        }
    }

    /// `live` itself lets go of a log that has ended with its next poll only.
    fn open_logs(&self) -> usize {
        self.known.values().filter(|known| known.open).count()
    }

    /// Follows what has started, or started again, since it was looked for last.
    async fn open_live(&mut self) -> Result<(), Refusal> {
        let tasks = self.selection.tasks(self.logs.view());
        let mut sources = self.selection.sources(&tasks);
        let there: BTreeSet<&EngineId> = sources.iter().map(|source| &source.id).collect();
        self.known.retain(|id, known| known.open || there.contains(id));
        sources.retain(|source| {
            let known = self.known.get(&source.id);
            let due = known.is_none_or(|known| !known.open && known.opened_for != source.started_at);
            source.started_at.is_some() && due
        });
        // The others have their turn when one of these ends.
        sources.truncate(MOST.saturating_sub(self.open_logs()));
        if sources.is_empty() {
            return Ok(());
        }
        let mut asked = Vec::new();
        for source in sources {
            let known = self.known.entry(source.id.clone()).or_default();
            (known.open, known.opened_for) = (true, source.started_at);
            let tail = self.query.tail.filter(|_| known.past);
            let query = known.seen.onward(&LogQuery { tail, ..self.query });
            asked.push((source, query));
        }
        for (source, log) in open(&self.logs, asked).await? {
            match log {
                Ok(lines) => {
                    let known = self.known.get(&source.id);
                    let mut seen = known.map(|known| known.seen.clone()).unwrap_or_default();
                    let new = lines.filter(move |line| {
                        std::future::ready(line.as_ref().map_or(true, |line| seen.is_new(line)))
                    });
                    let end = source.clone();
                    let live = new.map(move |line| (source.clone(), Some(line)));
                    let end = stream::once(std::future::ready((end, None)));
                    self.live.push(live.chain(end).boxed());
                }
                Err(error) => {
                    if let Some(known) = self.known.get_mut(&source.id) {
                        known.open = false;
                    }
                    let gone = matches!(error, EngineError::NoSuchContainer { .. });
                    if !gone {
                        self.notes.push(Item::Note(Some(source.origin), error.to_string()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Asks the engine for logs.
///
/// # Errors
/// Where it is away altogether.
async fn open(
    logs: &Logs,
    asked: Vec<(Source, LogQuery)>,
) -> Result<Vec<(Source, Result<LogLines, EngineError>)>, Refusal> {
    let engine = logs.engine()?;
    let looks = asked.into_iter().map(|(source, query)| {
        let engine = Arc::clone(engine);
        async move {
            let log = engine.logs(&source.id, query).await;
            (source, log)
        }
    });
    let opened: Vec<_> = stream::iter(looks).buffered(OPENED_AT_ONCE).collect().await;
    let away = opened.iter().find_map(|(_, log)| log.as_ref().err().filter(|error| error.is_temporary()));
    match away {
        Some(error) => Err(Refusal::Unavailable(error.to_string())),
        None => Ok(opened),
    }
}
