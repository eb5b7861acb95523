//! The data folder, locked against a second daemon.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Held while its daemon lives; the system lets go of it with the process, however that ends.
const LOCK: &str = "lock";
/// Where the daemon listens, for whoever has to find it.
const ADDRESS: &str = "address";
/// The installation's id, for whoever has to find its containers; the store's word is the one that counts.
const OWNER: &str = "owner";

/// A data folder that is ours alone.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, read or written.
    #[error("data folder {path}: cannot {act}; choose another with --data-dir")]
    Unusable {
        /// Which.
        path: String,
        /// What was tried.
        act: &'static str,
        /// What was seen.
        source: std::io::Error,
    },
    /// Another daemon has it.
    #[error(
        "data folder {path} belongs to another running mainstay; stop that one, or choose another with --data-dir"
    )]
    Locked {
        /// Which.
        path: String,
    },
}

impl DataFolder {
    /// Makes the folder where it is missing, and locks it.
    ///
    /// # Errors
    /// Where it cannot be used, or another daemon has it.
    pub fn lock(path: &Path) -> Result<Self, FolderError> {
        let shown = path.display().to_string();
        let unusable =
            |act| move |source| FolderError::Unusable { path: path.display().to_string(), act, source };
        std::fs::create_dir_all(path).map_err(unusable("make it"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(unusable("write in it"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { path: shown }),
            Err(TryLockError::Error(source)) => Err(unusable("lock it")(source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down where the daemon listens.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_address(&self, address: std::net::SocketAddr) -> std::io::Result<()> {
        self.write(ADDRESS, &format!("{address}\n"))
    }

    /// Writes down whose label the containers carry.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_owner(&self, owner: &str) -> std::io::Result<()> {
        self.write(OWNER, &format!("{owner}\n"))
    }

    /// Writes a file that is for the daemon's user alone; it is on disk when this returns.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_secret(&self, name: &str, text: &str) -> std::io::Result<()> {
        let fresh = self.path.join(format!("{name}.new"));
        // One that is left from a crash may be somebody else's to read.
        drop(std::fs::remove_file(&fresh));
        let mut file = File::options().create_new(true).write(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(fresh, self.path.join(name))?;
        File::open(&self.path)?.sync_all()
    }

    /// All at once, so that nobody reads half of it.
    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        let fresh = self.path.join(format!("{name}.new"));
        std::fs::write(&fresh, text)?;
        std::fs::rename(fresh, self.path.join(name))
    }

    /// Takes the address back when the daemon ends.
    pub fn remove_address(&self) {
        // Only a courtesy: whoever reads a stale address finds nobody there.
        drop(std::fs::remove_file(self.path.join(ADDRESS)));
    }
}
