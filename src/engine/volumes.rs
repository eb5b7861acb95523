//! Volumes on Docker.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bollard::Docker;
use bollard::models::{
    HostConfig, Mount, MountType, MountVolumeOptions, MountVolumeOptionsDriverConfig, Volume,
    VolumeCreateRequest,
};
use bollard::query_parameters::{ListVolumesOptions, RemoveVolumeOptions};
use mainstay_actors::ports::{EngineError, MountSource, NewContainer, NewVolume, TaskVolume};
use mainstay_core::TaskId;
use mainstay_core::storage::{Backing, EngineVolume, Lifetime};

use super::errors::{status, when};
use super::{ANSWER_WITHIN, DockerEngine, labels};

impl DockerEngine {
    pub(super) async fn provided(&self, new: &NewVolume<'_>) -> Result<MountSource, EngineError> {
        match new.backing {
            Backing::Path(path) => Ok(MountSource::Path(path.clone())),
            Backing::Below { root, path } => {
                // A disk that hangs must not keep the task waiting without a word.
                let found = tokio::time::timeout(ANSWER_WITHIN, directory_below(Path::new(root), path)).await;
                let late = EngineError::Timeout { act: "look for a directory", waited: ANSWER_WITHIN };
                found
                    .map_err(|_| late)?
                    .map(MountSource::Directory)
                    .map_err(|message| EngineError::Refused { message })
            }
            Backing::Folder(folder) => self.make_folder(new.task, folder).await,
            Backing::Engine(volume) => {
                let client = self.client().await?;
                match volume.lifetime {
                    Lifetime::Task => self.make(&client, new, volume).await?,
                    Lifetime::Shared { autoprovision } => {
                        let known = self.volume(&client, &volume.name).await?.is_some();
                        if !known && !autoprovision {
                            return Err(EngineError::Refused {
                                message: format!(
                                    "this host has no volume {}; make it, or set autoprovision to true",
                                    volume.name
                                ),
                            });
                        }
                        if !known {
                            self.make(&client, new, volume).await?;
                        }
                    }
                }
                Ok(MountSource::Volume(volume.clone()))
            }
        }
    }

    /// Makes a volume, or finds it under its name; one of a task has to be that task's.
    async fn make(
        &self,
        client: &Docker,
        new: &NewVolume<'_>,
        volume: &EngineVolume,
    ) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: volume.driver.clone(),
            driver_opts: Some(volume.options.iter().cloned().collect()),
            labels: Some(labels_of(&self.owner, volume, new.into())),
            cluster_volume_spec: None,
        };
        let made = client
            .create_volume(request)
            .await
            .map_err(|error| when(&self.endpoint, "create a volume", &error))?;
        let ours = volume.lifetime != Lifetime::Task
            || task_volume(&self.owner, made).is_some_and(|made| made.task == *new.task);
        if ours {
            return Ok(());
        }
        Err(EngineError::Refused {
            message: format!(
                "the name {} is taken by a volume that is not ours; rename or remove that one",
                volume.name
            ),
        })
    }

    async fn volume(&self, client: &Docker, name: &str) -> Result<Option<Volume>, EngineError> {
        match client.inspect_volume(name).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(when(&self.endpoint, "inspect a volume", &error)),
        }
    }

    pub(super) async fn removed_volume(&self, name: &str) -> Result<(), EngineError> {
        let client = self.client().await?;
        let found = self.volume(&client, name).await?;
        if found.and_then(|found| task_volume(&self.owner, found)).is_none() {
            return Ok(());
        }
        match client.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Ok(()) => Ok(()),
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(when(&self.endpoint, "remove a volume", &error)),
        }
    }

    pub(super) async fn listed_volumes(&self) -> Result<Vec<TaskVolume>, EngineError> {
        let client = self.client().await?;
        let mut filters = self.owned();
        // Shared ones have no task: they stay.
        filters.entry("label".into()).or_default().push(labels::TASK_ID.into());
        let listed = client
            .list_volumes(Some(ListVolumesOptions { filters: Some(filters) }))
            .await
            .map_err(|error| when(&self.endpoint, "list volumes", &error))?;
        let volumes = listed.volumes.unwrap_or_default().into_iter();
        Ok(volumes.filter_map(|volume| task_volume(&self.owner, volume)).collect())
    }
}

/// A volume that was made for a task of `owner`.
fn task_volume(owner: &str, volume: Volume) -> Option<TaskVolume> {
    if volume.labels.get(labels::OWNER).map(String::as_str) != Some(owner) {
        return None;
    }
    Some(TaskVolume { task: TaskId::new(volume.labels.get(labels::TASK_ID)?), name: volume.name })
}

/// A directory that is there, with every link on the way to it followed, and not out of `root`.
///
/// # Errors
/// In words for people.
async fn directory_below(root: &Path, path: &str) -> Result<String, String> {
    let real = |path: PathBuf| async move {
        let found = tokio::fs::canonicalize(&path).await;
        found.map_err(|error| format!("the directory {} cannot be used: {error}", path.display()))
    };
    let wanted = root.join(path.trim_start_matches('/'));
    let (root, found) = (real(root.to_owned()).await?, real(wanted.clone()).await?);
    if !found.starts_with(&root) {
        return Err(format!("the directory {} leads out of {}", wanted.display(), root.display()));
    }
    if !found.is_dir() {
        return Err(format!("{} is no directory", found.display()));
    }
    found.into_os_string().into_string().map_err(|path| format!("the path {path:?} is no UTF-8"))
}

/// Adds what a container mounts.
pub(super) fn mount(owner: &str, new: &NewContainer<'_>, config: &mut HostConfig) {
    let suffix = |read_only| if read_only { ":ro" } else { "" };
    let (mut binds, mut mounts) = (Vec::new(), Vec::new());
    for mount in new.mounts {
        let target = &mount.target;
        let (typ, source, volume_options) = match &mount.source {
            // Only in this form does the engine make what is missing.
            MountSource::Path(path) => {
                binds.push(format!("{path}:{target}{}", suffix(mount.read_only)));
                continue;
            }
            MountSource::Directory(path) => (MountType::BIND, path, None),
            MountSource::Volume(volume) => {
                (MountType::VOLUME, &volume.name, Some(volume_options(owner, new, volume)))
            }
        };
        mounts.push(Mount {
            typ: Some(typ),
            source: Some(source.clone()),
            target: Some(target.clone()),
            read_only: Some(mount.read_only),
            volume_options,
            ..Default::default()
        });
    }
    let sources = new.mounts_of.iter();
    let sources = sources.map(|source| format!("{}{}", source.engine_name, suffix(source.read_only)));
    config.binds = Some(binds);
    config.mounts = Some(mounts);
    config.volumes_from = Some(sources.collect());
}

/// The engine makes a volume that it does not find. Should somebody have removed this one meanwhile, it comes back as
/// it was.
fn volume_options(owner: &str, new: &NewContainer<'_>, volume: &EngineVolume) -> MountVolumeOptions {
    // One that is shared may have been made with another driver, which the engine would refuse.
    let own = volume.lifetime == Lifetime::Task && (volume.driver.is_some() || !volume.options.is_empty());
    MountVolumeOptions {
        labels: Some(labels_of(owner, volume, new.into())),
        driver_config: own.then(|| MountVolumeOptionsDriverConfig {
            name: volume.driver.clone().or_else(|| Some("local".into())),
            options: Some(volume.options.iter().cloned().collect()),
        }),
        ..Default::default()
    }
}

fn labels_of(owner: &str, volume: &EngineVolume, of: labels::Of<'_>) -> HashMap<String, String> {
    let mut labels: HashMap<String, String> = volume.labels.iter().cloned().collect();
    match volume.lifetime {
        Lifetime::Task => labels.extend(labels::of_task(owner, of)),
        Lifetime::Shared { .. } => drop(labels.insert(labels::OWNER.into(), owner.to_owned())),
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_is_found_below_its_root_and_no_link_leads_out_of_it() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("a/b");
        std::fs::create_dir_all(&inside).unwrap();
        std::os::unix::fs::symlink("/", root.path().join("out")).unwrap();
        std::os::unix::fs::symlink("a", root.path().join("in")).unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        let real = std::fs::canonicalize(root.path()).unwrap();
        let found = |path: &'static str| directory_below(root.path(), path);
        assert_eq!(found("/").await.map(PathBuf::from), Ok(real.clone()));
        assert_eq!(found("/a/b").await.map(PathBuf::from), Ok(real.join("a/b")));
        assert_eq!(found("/in/b").await.map(PathBuf::from), Ok(real.join("a/b")));
        for (path, sign) in [
            ("/out", "leads out"),
            ("/out/etc", "leads out"),
            ("/../..", "leads out"),
            ("/none", "none cannot be used"),
            ("/file", "no directory"),
        ] {
            let words = found(path).await.unwrap_err();
            assert!(words.contains(sign), "{path}: {words}");
        }
    }
}
