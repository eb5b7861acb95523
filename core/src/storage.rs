//! What stands behind the volumes of a task on a host, and what goes with the task.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::firelens;
use crate::ids::fnv1a;
use crate::model::{DockerVolume, EfsVolume, TaskSpec, Volume, VolumeKind, VolumeScope};
use crate::secrets::Hidden;
use crate::{RevisionKey, TaskId};

/// A directory's name has at most 255 bytes; what follows the readable part has 26.
const READABLE: usize = 220;
/// Before a task's id, the name of its folder.
const FOLDER: &str = "folder/";

/// Where a host has what a task definition only names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// By the id of an EFS file system, or of an access point.
    pub efs: BTreeMap<String, FileSystem>,
}

/// Where a host has a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSystem {
    /// In a directory.
    Directory(String),
    /// On an NFS server.
    Nfs {
        /// The server.
        host: String,
        /// What it exports.
        export: String,
    },
}

impl FromStr for FileSystem {
    type Err = String;

    /// `/directory`, or `host:/export`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an absolute path nor an NFS export (host:/path)");
        if is_plain(text) {
            return Ok(Self::Directory(text.to_owned()));
        }
        let (host, export) = text.split_once(":/").ok_or_else(wrong)?;
        let export = format!("/{export}");
        // It becomes one of the mount's options, which commas separate.
        let letter = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
        if host.is_empty() || !host.chars().all(letter) || !is_plain(&export) {
            return Err(wrong());
        }
        Ok(Self::Nfs { host: host.to_owned(), export })
    }
}

/// Whether a path is absolute and leads only down.
pub fn is_plain(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| part != "..") && !path.contains('\0')
}

/// What stands behind a volume on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backing {
    /// A path of the host, made by the engine where it is missing.
    Path(String),
    /// A directory that has to be there, and not lead out of `root`.
    Below {
        /// As configured.
        root: String,
        /// Below it, beginning with a slash.
        path: String,
    },
    /// A volume of the engine.
    Engine(EngineVolume),
    /// A folder of the task's own.
    Folder(TaskFolder),
}

/// A folder of the host that a task has for itself, with files that were made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFolder {
    /// What is in each file, by its name; a text may have secrets in it.
    pub files: Vec<(String, Hidden)>,
    /// Empty folders in it, and whose they are: a user's and a group's number.
    pub folders: Vec<(String, (u32, u32))>,
}

/// What a task's folder is called among its volumes; no volume of the engine can be called so.
pub fn folder_name(task: &TaskId) -> String {
    format!("{FOLDER}{task}")
}

/// The task of a folder that is called so.
pub fn task_of_folder(name: &str) -> Option<TaskId> {
    name.strip_prefix(FOLDER).map(TaskId::new)
}

/// A volume of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineVolume {
    /// Its name in the engine.
    pub name: String,
    /// The engine's own where absent.
    pub driver: Option<String>,
    /// Passed to the driver.
    pub options: Vec<(String, String)>,
    /// What people attached.
    pub labels: Vec<(String, String)>,
    /// When it comes and goes.
    pub lifetime: Lifetime,
}

/// When a volume of the engine comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// With the task.
    Task,
    /// It stays.
    Shared {
        /// Whether it is made where it is missing.
        autoprovision: bool,
    },
}

/// What stands behind a task's volume on a host that has this storage.
///
/// # Errors
/// In words for people, where the host does not have it.
pub fn backing(spec: &TaskSpec, volume: &Volume, storage: &Storage) -> Result<Backing, String> {
    let of_task = |driver: Option<String>, options, labels| EngineVolume {
        name: engine_name(&spec.definition, &spec.id, &volume.name),
        driver,
        options,
        labels,
        lifetime: Lifetime::Task,
    };
    match &volume.kind {
        VolumeKind::Empty => Ok(Backing::Engine(of_task(None, Vec::new(), Vec::new()))),
        VolumeKind::Host { source_path } => Ok(Backing::Path(source_path.clone())),
        VolumeKind::Docker(DockerVolume { scope, autoprovision, driver, driver_opts, labels }) => {
            let made = of_task(driver.clone(), driver_opts.clone(), labels.clone());
            Ok(Backing::Engine(match scope {
                VolumeScope::Task => made,
                VolumeScope::Shared => EngineVolume {
                    name: volume.name.clone(),
                    lifetime: Lifetime::Shared { autoprovision: autoprovision.unwrap_or(false) },
                    ..made
                },
            }))
        }
        VolumeKind::Efs(efs) => match file_system(&volume.name, efs, storage)? {
            FileSystem::Directory(root) => {
                Ok(Backing::Below { root: root.clone(), path: efs.root_directory.clone() })
            }
            FileSystem::Nfs { host, export } => {
                let device = format!("{}{}", export.trim_end_matches('/'), efs.root_directory);
                let options = [
                    ("type", "nfs".to_owned()),
                    ("o", format!("addr={host},rw,nfsvers=4.1,hard,timeo=600,retrans=2")),
                    ("device", format!(":{device}")),
                ];
                let options = options.map(|(name, value)| (name.to_owned(), value)).to_vec();
                Ok(Backing::Engine(of_task(Some("local".into()), options, Vec::new())))
            }
        },
    }
}

fn file_system<'a>(volume: &str, efs: &EfsVolume, storage: &'a Storage) -> Result<&'a FileSystem, String> {
    let (what, id) = match &efs.access_point_id {
        Some(id) => ("access point", id),
        None => ("file system", &efs.file_system_id),
    };
    let found = storage.efs.get(id).ok_or_else(|| {
        format!(
            "volume {volume}: this host has no EFS {what} {id}; set \"{id}\" = \"/its/directory\" in section \
             [storage.efs] of mainstay.toml"
        )
    })?;
    if efs.transit_encryption == Some(true) && matches!(found, FileSystem::Nfs { .. }) {
        return Err(format!(
            "volume {volume}: transitEncryption is ENABLED, and the NFS export in storage.efs.{id} is mounted \
             without; set it to a directory, or transitEncryption to DISABLED"
        ));
    }
    Ok(found)
}

/// The names of the volumes that go with a task, whatever storage its host had when it started, and of its folder.
pub fn volumes_of(spec: &TaskSpec) -> Vec<String> {
    let goes = |volume: &&Volume| match &volume.kind {
        VolumeKind::Empty | VolumeKind::Efs(_) => true,
        VolumeKind::Docker(docker) => docker.scope == VolumeScope::Task,
        VolumeKind::Host { .. } => false,
    };
    let volumes = spec.volumes.iter().filter(goes);
    let volumes = volumes.map(|volume| engine_name(&spec.definition, &spec.id, &volume.name));
    let folder = firelens::place(spec).map(|_| folder_name(&spec.id));
    volumes.chain(folder).collect()
}

/// The name of a task's volume in the engine, `ecs-<family>-<revision>-<volume>-<hex>`, the same at each try.
fn engine_name(definition: &RevisionKey, task: &TaskId, volume: &str) -> String {
    let hex = fnv1a(task.as_str().as_bytes(), volume.as_bytes());
    let readable = format!("ecs-{}-{}-{volume}", definition.family, definition.revision);
    let readable: String = readable.chars().take(READABLE).collect();
    let short: String = task.as_str().chars().take(8).collect();
    format!("{readable}-{short}{hex:016x}")
}

#[cfg(test)]
mod tests;
