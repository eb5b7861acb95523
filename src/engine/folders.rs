//! The folders of tasks on this host: below the daemon's data folder, one a task, gone with it.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use mainstay_actors::ports::{EngineError, MountSource, TaskVolume};
use mainstay_core::secrets::Hidden;
use mainstay_core::storage::{TaskFolder, folder_name};
use mainstay_core::{TaskId, firelens};

use super::{ANSWER_WITHIN, DockerEngine};

/// The kernel's limit of a socket's path, in bytes. So a folder is called by the beginning of its task's id only.
const LONGEST_SOCKET: usize = 107;
/// Letters of an id that tell it from others.
const SHORT: usize = 16;
/// In a folder: the whole id of its task.
const TASK: &str = "task";

impl DockerEngine {
    /// Keeps the folders of tasks in this one, which is made when it is needed. The engine has to see the same files.
    pub fn keeping_folders_in(mut self, folder: PathBuf) -> Self {
        self.folders = Some(folder);
        self
    }

    fn folder_of(&self, task: &TaskId) -> Result<PathBuf, EngineError> {
        let folders = self.folders.as_ref().ok_or_else(|| EngineError::Refused {
            message: "this engine keeps no folders for tasks".into(),
        })?;
        Ok(folders.join(task.as_str().get(..SHORT).unwrap_or(task.as_str())))
    }

    /// Makes a task's folder and what is in it; says where it is.
    pub(super) async fn make_folder(
        &self,
        task: &TaskId,
        wanted: &TaskFolder,
    ) -> Result<MountSource, EngineError> {
        let (folder, mut wanted) = (self.folder_of(task)?, wanted.clone());
        wanted.files.insert(0, (TASK.to_owned(), Hidden::new(task.as_str())));
        let made = aside("make a task's folder", move || {
            let folder = fill(&folder, &wanted)?;
            let socket = folder.join(firelens::RUN).join(firelens::SOCKET);
            if socket.as_os_str().len() > LONGEST_SOCKET {
                return Err(std::io::Error::other(format!(
                    "the socket {} would have a path of {} bytes, and {LONGEST_SOCKET} is the most there can be; set \
                     server.data-dir to a shorter path",
                    socket.display(),
                    socket.as_os_str().len()
                )));
            }
            folder.into_os_string().into_string().map_err(|path| {
                std::io::Error::other(format!("the path {} is no UTF-8", Path::new(&path).display()))
            })
        });
        Ok(MountSource::Directory(made.await?))
    }

    /// Removes a task's folder; one that is gone is no error.
    pub(super) async fn remove_folder(&self, task: &TaskId) -> Result<(), EngineError> {
        let folder = self.folder_of(task)?;
        aside("remove a task's folder", move || match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    /// The tasks that have one.
    pub(super) async fn list_folders(&self) -> Result<Vec<TaskVolume>, EngineError> {
        let Some(folders) = self.folders.clone() else { return Ok(Vec::new()) };
        aside("list the folders of tasks", move || {
            let listed = match std::fs::read_dir(folders) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                listed => listed?,
            };
            let task = |entry: std::io::Result<std::fs::DirEntry>| {
                let task = TaskId::new(std::fs::read_to_string(entry.ok()?.path().join(TASK)).ok()?);
                Some(TaskVolume { name: folder_name(&task), task })
            };
            Ok(listed.filter_map(task).collect())
        })
        .await
    }
}

/// Does it where it may block, and not for ever.
async fn aside<T: Send + 'static>(
    act: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, EngineError> {
    let done = tokio::time::timeout(ANSWER_WITHIN, tokio::task::spawn_blocking(work)).await;
    let done = done.map_err(|_| EngineError::Timeout { act, waited: ANSWER_WITHIN })?;
    let done = done.map_err(std::io::Error::other).flatten();
    done.map_err(|error| EngineError::Refused { message: format!("cannot {act}: {error}") })
}

/// Makes the folder, which nobody else can look into, and fills it; a second time changes nothing.
fn fill(folder: &Path, wanted: &TaskFolder) -> std::io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let folder = std::fs::canonicalize(folder)?;
    for (name, text) in &wanted.files {
        let fresh = folder.join(format!("{name}.new"));
        std::fs::write(&fresh, text.reveal())?;
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o644))?;
        std::fs::rename(fresh, folder.join(name))?;
    }
    for (name, (user, group)) in &wanted.folders {
        let below = folder.join(name);
        std::fs::create_dir_all(&below)?;
        std::os::unix::fs::chown(&below, Some(*user), Some(*group))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> TaskFolder {
        let me = std::fs::metadata("/proc/self").map(|about| {
            use std::os::unix::fs::MetadataExt as _;
            (about.uid(), about.gid())
        });
        TaskFolder {
            files: vec![("fluent.conf".into(), Hidden::new(text))],
            folders: vec![("run".into(), me.unwrap())],
        }
    }

    #[tokio::test]
    async fn a_tasks_folder_is_made_filled_found_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let engine = DockerEngine::new("unix:///nowhere", "me").keeping_folders_in(root.path().join("tasks"));
        let task = TaskId::new("0123456789abcdef0123456789abcdef");
        assert_eq!(engine.list_folders().await, Ok(Vec::new()));
        for text in ["one", "two"] {
            let made = engine.make_folder(&task, &wanted(text)).await.unwrap();
            let MountSource::Directory(path) = made else { panic!("{made:?}") };
            assert_eq!(std::fs::read_to_string(format!("{path}/fluent.conf")).unwrap(), text);
            assert!(Path::new(&path).join("run").is_dir() && path.ends_with("/tasks/0123456789abcdef"));
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let found = engine.list_folders().await.unwrap();
        assert_eq!(found, [TaskVolume { name: format!("folder/{task}"), task: task.clone() }]);
        engine.remove_folder(&task).await.unwrap();
        engine.remove_folder(&task).await.unwrap();
        assert_eq!(engine.list_folders().await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn a_socket_that_no_kernel_would_make_is_refused_beforehand() {
        let root = tempfile::tempdir().unwrap();
        let far = root.path().join("a".repeat(80));
        let engine = DockerEngine::new("unix:///nowhere", "me").keeping_folders_in(far);
        let refusal = engine.make_folder(&TaskId::new("0a1b"), &wanted("")).await.unwrap_err().to_string();
        assert!(refusal.contains("server.data-dir"), "{refusal}");
        let none = DockerEngine::new("unix:///nowhere", "me");
        assert!(none.make_folder(&TaskId::new("0a1b"), &wanted("")).await.is_err());
    }
}
