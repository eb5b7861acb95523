//! A task's log router on its host: its folder, what it mounts, and where the others find it.

use mainstay_core::firelens;
use mainstay_core::model::{ContainerSpec, TaskSpec};
use mainstay_core::secrets::{Hidden, S3Object};
use mainstay_core::storage::TaskFolder;

use super::provisions::Unprovided;
use super::task::HostTaskState;
use crate::ports::{Mount, MountSource, SecretError, Secrets};

/// What has to be in the folder of a task that has a log router.
///
/// # Errors
/// Where the configuration that it includes cannot be had.
pub(super) async fn folder(
    provider: &dyn Secrets,
    spec: &TaskSpec,
) -> Result<Option<TaskFolder>, Unprovided> {
    let router = firelens::place(spec).and_then(|place| spec.containers.get(place));
    let (Some(ContainerSpec { definition, .. }), Some(text)) = (router, firelens::configuration(spec)) else {
        return Ok(None);
    };
    let mut files = vec![(firelens::CONFIGURATION.to_owned(), Hidden::new(text))];
    if let Some(arn) = definition.firelens.as_ref().and_then(|firelens| firelens.external_object()) {
        let found = match S3Object::any(arn) {
            Some(object) => provider.environment_file(&object).await,
            None => Err(SecretError::NotFound("it is no ARN of an S3 object".into())),
        };
        let text = found.map_err(|error| Unprovided::RouterFile {
            container: definition.name.clone(),
            arn: arn.to_owned(),
            error,
        })?;
        files.push((firelens::EXTERNAL.to_owned(), text));
    }
    let folders = vec![(firelens::RUN.to_owned(), firelens::owner(definition))];
    Ok(Some(TaskFolder { files, folders }))
}

impl HostTaskState {
    /// What a container mounts of the task's folder: the router its configuration, and where it makes its socket.
    pub(super) fn router_mounts(&self, place: usize) -> Vec<Mount> {
        let firelens = self.spec.containers[place].definition.firelens.as_ref();
        let (Some(firelens), Some(folder)) = (firelens, &self.provisions.provided.folder) else {
            return Vec::new();
        };
        let mount = |(name, target, read_only): (&str, &str, bool)| Mount {
            source: MountSource::Directory(format!("{folder}/{name}")),
            target: target.to_owned(),
            read_only,
        };
        firelens::mounts(firelens).into_iter().map(mount).collect()
    }

    /// Where the engine sends what a container prints, where that is its task's router.
    pub(super) fn log_socket(&self, place: usize) -> Option<String> {
        let folder = self.provisions.provided.folder.as_ref();
        let folder = folder.filter(|_| self.spec.containers[place].definition.is_routed())?;
        Some(format!("{folder}/{}/{}", firelens::RUN, firelens::SOCKET))
    }

    /// What a container's environment says of the router, which runs by now; and the router's own of the secrets that
    /// outputs need.
    pub(super) fn told_of_router(&self, place: usize) -> impl Iterator<Item = (String, Hidden)> {
        let router = firelens::place(&self.spec).and_then(|router| self.containers.get(router));
        let address = router.and_then(|router| router.interface.as_ref()).map(|one| one.address.as_str());
        let definition = &self.spec.containers[place].definition;
        let told = firelens::environment(self.spec.network_mode, definition, address);
        let told = told.into_iter().map(|(name, value)| (name, Hidden::new(value)));
        let routed = self.spec.containers.iter().enumerate();
        let routed = routed.filter(|(_, one)| definition.firelens.is_some() && one.definition.is_routed());
        let secrets = routed.flat_map(|(place, one)| {
            let looked_up = self.provisions.looked_up(&one.definition.name).log_options.into_iter();
            looked_up.map(move |(option, value)| (firelens::secret_variable(&option, place), value))
        });
        told.chain(secrets.collect::<Vec<_>>())
    }
}
