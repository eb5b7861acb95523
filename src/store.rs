//! [`Store`] on redb: one file in the data folder, one writer thread, group commit.
//!
//! Batches that arrive while a sync is under way share the next one. A batch is answered when the transaction
//! that holds it is on disk, and batches are applied in the order in which they were handed over.

mod codec;
pub mod exchange;
mod folder;
mod tables;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, channel::oneshot};
use mainstay_actors::failpoint::Failpoint;
use mainstay_actors::ports::{EventPage, Snapshot, Store, StoreError, Write};
use redb::{Database, DatabaseError, StorageError};

pub use folder::{DataFolder, FolderError};

use crate::metrics;

/// The store's file in the data folder.
const FILE: &str = "mainstay.redb";
/// What to do about a file that is not what was written.
const DAMAGED: &str =
    "it is damaged; put a copy back, or move it away to begin anew (running containers stay)";
/// What redb may hold of the file in memory. Records are in the view and events are read once: 1 GiB, as it has it, would
/// fill with what nobody asks for.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// More batches do not wait for a disk that stands still: what comes then is refused.
const BATCHES_WAITING: usize = 10_000;
/// More batches do not share one sync, so that the first in a long row need not wait for all.
const BATCHES_AT_ONCE: usize = 512;

/// The embedded store.
pub struct RedbStore {
    path: PathBuf,
    owner: String,
    /// Absent only while it is dropped.
    to_writer: Option<mpsc::Sender<Message>>,
    writer: Option<std::thread::JoinHandle<()>>,
    /// One more for each batch that waits.
    waiting: Arc<()>,
}

enum Message {
    Commit { batch: Vec<Write>, done: oneshot::Sender<Result<(), StoreError>>, _waits: Arc<()> },
    Load(mpsc::Sender<Result<Snapshot, StoreError>>),
    Events { after: u64, most: usize, done: oneshot::Sender<Result<EventPage, StoreError>> },
}

impl RedbStore {
    /// Opens the store of a data folder, or begins one where there is none.
    ///
    /// # Errors
    /// Where it cannot be read: damaged, of a newer Mainstay, or locked by another process. Nothing is changed.
    pub fn open(folder: &DataFolder) -> Result<Self, StoreError> {
        let path = folder.path().join(FILE);
        let database = open(&path)?;
        let owner = tables::prepare(&database).map_err(|detail| unreadable(&path, &detail))?;
        let (to_writer, inbox) = mpsc::channel();
        let writer = Writer { path: path.clone(), database: Some(database) };
        let writer = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(&inbox))
            .map_err(|error| unreadable(&path, &format!("no thread for its writer: {error}")))?;
        Ok(Self { path, owner, to_writer: Some(to_writer), writer: Some(writer), waiting: Arc::default() })
    }

    /// Reads everything there is in a data folder, every page of the file included, and changes nothing.
    ///
    /// # Errors
    /// Where there is no store, or something in it cannot be read.
    pub fn check(folder: &DataFolder) -> Result<(String, Snapshot), StoreError> {
        let path = folder.path().join(FILE);
        if !path.exists() {
            return Err(unreadable(&path, "there is none; a daemon makes one with its first start"));
        }
        let mut database = open(&path)?;
        match database.check_integrity() {
            Ok(true) => {}
            Ok(false) => tracing::warn!(path = %path.display(), "had not been closed in order; it is whole"),
            Err(error) => return Err(unreadable(&path, &format!("{error}: {DAMAGED}"))),
        }
        let owner = tables::prepare(&database).map_err(|detail| unreadable(&path, &detail))?;
        let snapshot = tables::load(&database).map_err(|detail| unreadable(&path, &detail))?;
        Ok((owner, snapshot))
    }

    /// Makes a store of these records in a data folder that has none; all or nothing.
    ///
    /// # Errors
    /// Where there is a store already, which is left as it is, or this one cannot be written.
    pub fn import(folder: &DataFolder, owner: &str, records: &[Write]) -> Result<(), StoreError> {
        let path = folder.path().join(FILE);
        if path.exists() {
            return Err(unreadable(
                &path,
                "it is there already and is left as it is; import into another --data-dir",
            ));
        }
        let fresh = folder.path().join(format!("{FILE}.import"));
        let written = || -> Result<(), String> {
            // What an import that was cut off left behind.
            drop(std::fs::remove_file(&fresh));
            let database = Database::create(&fresh).map_err(|error| error.to_string())?;
            tables::begin_with(&database, owner)?;
            tables::write(&database, records.iter())?;
            drop(database);
            std::fs::rename(&fresh, &path).map_err(|error| error.to_string())
        };
        written().map_err(|detail| StoreError::Write { detail })
    }

    fn send(&self, message: Message) -> Result<(), ()> {
        self.to_writer.as_ref().ok_or(())?.send(message).map_err(|_| ())
    }

    /// The installation's id, made once: the label by which its containers are known.
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

impl Store for RedbStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        let ended = || unreadable(&self.path, "its writer has ended");
        let (reply, answer) = mpsc::channel();
        self.send(Message::Load(reply)).map_err(|()| ended())?;
        answer.recv().map_err(|_| ended())?
    }

    fn commit(&self, batch: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        let ended = || StoreError::Write { detail: "its writer has ended".into() };
        if Arc::strong_count(&self.waiting) > BATCHES_WAITING {
            let detail = format!("the disk does not keep up: {BATCHES_WAITING} writes wait for it");
            return futures::future::ready(Err(StoreError::Write { detail })).boxed();
        }
        let (done, answer) = oneshot::channel();
        // Sent here, not when first polled: the order of calls is the order of writes.
        if self.send(Message::Commit { batch, done, _waits: Arc::clone(&self.waiting) }).is_err() {
            return futures::future::ready(Err(ended())).boxed();
        }
        answer.map(move |answer| answer.unwrap_or_else(|_| Err(ended()))).boxed()
    }

    fn events(&self, after: u64, most: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        let ended = unreadable(&self.path, "its writer has ended");
        let (done, answer) = oneshot::channel();
        if self.send(Message::Events { after, most, done }).is_err() {
            return futures::future::ready(Err(ended)).boxed();
        }
        answer.map(move |answer| answer.unwrap_or(Err(ended))).boxed()
    }
}

impl Drop for RedbStore {
    /// Waits until what was handed over is written and the file is let go of.
    fn drop(&mut self) {
        self.to_writer = None;
        if let Some(writer) = self.writer.take() {
            // Had it panicked, those who waited have heard of it.
            drop(writer.join());
        }
    }
}

/// The thread that owns the file.
struct Writer {
    path: PathBuf,
    /// Absent after a failed write, which redb wants to be followed by opening anew.
    database: Option<Database>,
}

impl Writer {
    fn run(mut self, inbox: &mpsc::Receiver<Message>) {
        while let Ok(first) = inbox.recv() {
            let (mut batches, mut waiting) = (Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Commit { batch, done, .. } => {
                        batches.push(batch);
                        waiting.push(done);
                    }
                    Message::Load(reply) => drop(reply.send(self.load())),
                    Message::Events { after, most, done } => drop(done.send(self.events(after, most))),
                }
                if batches.len() < BATCHES_AT_ONCE {
                    next = inbox.try_recv().ok();
                }
            }
            if batches.is_empty() {
                continue;
            }
            let outcome = self.write_any(&batches);
            for done in waiting {
                // Whoever waited may have gone; the write stands all the same.
                drop(done.send(outcome.clone()));
            }
        }
    }

    fn load(&mut self) -> Result<Snapshot, StoreError> {
        let path = self.path.clone();
        let database = self.database().map_err(|detail| unreadable(&path, &detail))?;
        tables::load(database).map_err(|detail| unreadable(&path, &detail))
    }

    /// Short, since writes wait meanwhile.
    fn events(&mut self, after: u64, most: usize) -> Result<EventPage, StoreError> {
        let path = self.path.clone();
        let database = self.database().map_err(|detail| unreadable(&path, &detail))?;
        tables::events(database, after, most).map_err(|detail| unreadable(&path, &detail))
    }

    /// An empty batch only waits for those before it.
    fn write_any(&mut self, batches: &[Vec<Write>]) -> Result<(), StoreError> {
        if batches.iter().all(Vec::is_empty) {
            return Ok(());
        }
        Failpoint::StoreBeforeCommit.hit();
        #[cfg(feature = "failpoints")]
        Failpoint::slow_disk();
        let outcome = self.write(batches);
        Failpoint::StoreAfterCommit.hit();
        outcome
    }

    fn write(&mut self, batches: &[Vec<Write>]) -> Result<(), StoreError> {
        let began = tokio::time::Instant::now();
        let written = self.database().and_then(|database| tables::write(database, batches.iter().flatten()));
        metrics::store_commit_seconds().record(began.elapsed());
        metrics::store_commit_batches().increment(batches.len() as u64);
        if let Err(detail) = &written {
            tracing::error!(path = %self.path.display(), detail, "the store could not write");
            metrics::store_commit_failures().increment(1);
            self.database = None;
        } else if let Ok(file) = std::fs::metadata(&self.path) {
            metrics::store_bytes().set(file.len() as f64);
        }
        written.map_err(|detail| StoreError::Write { detail })
    }

    fn database(&mut self) -> Result<&Database, String> {
        match &mut self.database {
            Some(database) => Ok(database),
            closed => {
                let opened = open(&self.path).map_err(|error| error.to_string())?;
                Ok(closed.insert(opened))
            }
        }
    }
}

fn open(path: &Path) -> Result<Database, StoreError> {
    // Every page is checked: what a bad disk made of the file must not be taken for what was written.
    let mut builder = Database::builder();
    builder.set_check_integrity_on_open(true);
    builder.set_cache_size(CACHE_BYTES);
    let opened = if path.exists() { builder.open(path) } else { builder.create(path) };
    opened.map_err(|error| {
        let advice = match &error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                "another process has it open; stop that one, or choose another --data-dir"
            }
            DatabaseError::UpgradeRequired(_) => "it was written by another Mainstay; start that version",
            // A file that ends too early or begins otherwise is the file's fault, not the disk's.
            DatabaseError::Storage(StorageError::Io(error))
                if !matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
            {
                "look at the disk and at who may read and write the file"
            }
            _ => DAMAGED,
        };
        unreadable(path, &format!("{error}: {advice}"))
    })
}

fn unreadable(path: &Path, detail: &str) -> StoreError {
    StoreError::Read { path: path.display().to_string(), detail: detail.to_owned() }
}

/// How long a store may take to write what is still under way when the daemon ends.
pub const FLUSH_WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
