//! A task definition's volumes, and which container mounts which where.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::model::{
    ContainerDefinition, DockerVolume, EfsVolume, MountPoint, TaskDefinition, Volume, VolumeKind,
    VolumeScope, VolumesFrom,
};
use mainstay_core::storage;

use super::read::client;
use crate::api::error::{Answer, ApiError};
use crate::api::given::{Given as _, refuse};
use crate::api::names;
use crate::api::wire::enums::{EFSAuthorizationConfigIAM, EFSTransitEncryption, Scope};
use crate::api::wire::{At, structures as wire};

/// Labels that begin so are ours: by them volumes are known, and removed.
const OURS: &str = "mainstay.";

/// All of them, in their order.
pub(super) fn volumes(given: Vec<wire::Volume>) -> Answer<Vec<Volume>> {
    let list = At::ROOT.field("volumes");
    given.into_iter().enumerate().map(|(index, given)| volume(&list.index(index), given)).collect()
}

fn volume(at: &At<'_>, given: wire::Volume) -> Answer<Volume> {
    let wire::Volume {
        configured_at_launch,
        docker_volume_configuration,
        efs_volume_configuration,
        fsx_windows_file_server_volume_configuration,
        host,
        name,
        s3files_volume_configuration,
    } = given;
    refuse(
        at,
        &[
            ("configuredAtLaunch", &configured_at_launch),
            (
                "fsxWindowsFileServerVolumeConfiguration",
                &fsx_windows_file_server_volume_configuration.is_some(),
            ),
            ("s3filesVolumeConfiguration", &s3files_volume_configuration.is_some()),
        ],
    )?;
    let name = name.unwrap_or_default();
    let sorts = [
        ("host", host.is_given()),
        ("dockerVolumeConfiguration", docker_volume_configuration.is_some()),
        ("efsVolumeConfiguration", efs_volume_configuration.is_some()),
    ];
    let mut sorts = sorts.iter().filter(|(_, given)| *given).map(|(sort, _)| *sort);
    if let (Some(one), Some(other)) = (sorts.next(), sorts.next()) {
        let text = format!("{at} ('{name}') has {one} and {other}; only one of them can be specified.");
        return Err(ApiError::client(text));
    }
    let path = host.and_then(|host| host.source_path).filter(|path| !path.is_empty());
    let kind = match (path, docker_volume_configuration, efs_volume_configuration) {
        (Some(path), ..) => host_path(&at.field("host"), path)?,
        (_, Some(given), _) => VolumeKind::Docker(docker(&at.field("dockerVolumeConfiguration"), given)?),
        (.., Some(given)) => VolumeKind::Efs(efs(&at.field("efsVolumeConfiguration"), given)?),
        _ => VolumeKind::Empty,
    };
    if name.is_empty() {
        return Err(ApiError::client(format!("{at}.name should not be null or empty.")));
    }
    names::pattern("Volume.name", &name).map_err(client)?;
    Ok(Volume { name, kind })
}

fn host_path(at: &At<'_>, source_path: String) -> Answer<VolumeKind> {
    // A colon would end the path where the engine reads it.
    if !storage::is_plain(&source_path) || source_path.contains(':') {
        return Err(ApiError::client(format!(
            "{at}.sourcePath is '{source_path}'; it must be an absolute path without '..' and ':'."
        )));
    }
    Ok(VolumeKind::Host { source_path })
}

fn docker(at: &At<'_>, given: wire::DockerVolumeConfiguration) -> Answer<DockerVolume> {
    let wire::DockerVolumeConfiguration { autoprovision, driver, driver_opts, labels, scope } = given;
    let scope = match scope {
        Some(Scope::Shared) => VolumeScope::Shared,
        _ => VolumeScope::Task,
    };
    if autoprovision == Some(true) && scope == VolumeScope::Task {
        return Err(ApiError::client(format!(
            "{at}.autoprovision is true; it is only for scope shared, and the scope is task."
        )));
    }
    let labels = labels.unwrap_or_default();
    if let Some(label) = labels.keys().find(|label| label.starts_with(OURS)) {
        let text = format!("{at}.labels has '{label}'; labels that begin with '{OURS}' are Mainstay's own.");
        return Err(ApiError::client(text));
    }
    Ok(DockerVolume {
        scope,
        autoprovision,
        driver: driver.filter(|driver| !driver.is_empty()),
        driver_opts: driver_opts.unwrap_or_default().into_iter().collect(),
        labels: labels.into_iter().collect(),
    })
}

fn efs(at: &At<'_>, given: wire::EFSVolumeConfiguration) -> Answer<EfsVolume> {
    let wire::EFSVolumeConfiguration {
        authorization_config,
        file_system_id,
        root_directory,
        transit_encryption,
        transit_encryption_port,
    } = given;
    refuse(at, &[("transitEncryptionPort", &transit_encryption_port)])?;
    let wire::EFSAuthorizationConfig { access_point_id, iam } = authorization_config.unwrap_or_default();
    let authorization = at.field("authorizationConfig");
    refuse(&authorization, &[("iam", &(iam == Some(EFSAuthorizationConfigIAM::Enabled)))])?;
    let file_system_id = file_system_id.unwrap_or_default();
    let access_point_id = access_point_id.filter(|id| !id.is_empty());
    let of_kind = |id: &str, prefix: &str| {
        let rest = id.strip_prefix(prefix).unwrap_or_default();
        !rest.is_empty() && rest.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'))
    };
    if !of_kind(&file_system_id, "fs-") {
        return Err(ApiError::client(format!(
            "{at}.fileSystemId is '{file_system_id}'; it must be fs- and hexadecimal digits."
        )));
    }
    if let Some(id) = access_point_id.as_ref().filter(|id| !of_kind(id, "fsap-")) {
        return Err(ApiError::client(format!(
            "{authorization}.accessPointId is '{id}'; it must be fsap- and hexadecimal digits."
        )));
    }
    let root_directory = root_directory.filter(|path| !path.is_empty()).unwrap_or_else(|| "/".into());
    if !storage::is_plain(&root_directory) {
        return Err(ApiError::client(format!(
            "{at}.rootDirectory is '{root_directory}'; it must be an absolute path without '..'."
        )));
    }
    if access_point_id.is_some() && root_directory != "/" {
        return Err(ApiError::client(format!(
            "{at}.rootDirectory is '{root_directory}'; it must be / where an accessPointId is specified."
        )));
    }
    let transit_encryption = transit_encryption.map(|word| word == EFSTransitEncryption::Enabled);
    if access_point_id.is_some() && transit_encryption != Some(true) {
        return Err(ApiError::client(format!(
            "{at}.transitEncryption must be ENABLED where an accessPointId is specified."
        )));
    }
    Ok(EfsVolume { file_system_id, root_directory, transit_encryption, access_point_id })
}

/// A container's mount points, in their order.
pub(super) fn mount_points(at: &At<'_>, given: Vec<wire::MountPoint>) -> Answer<Vec<MountPoint>> {
    let list = at.field("mountPoints");
    let mut taken = BTreeSet::new();
    let mut mount_point = |(index, given)| {
        let at = list.index(index);
        let wire::MountPoint { container_path, read_only, source_volume } = given;
        let source_volume = source_volume
            .filter(|name: &String| !name.is_empty())
            .ok_or_else(|| ApiError::client(format!("{at}.sourceVolume should not be null or empty.")))?;
        let container_path: String = container_path.unwrap_or_default();
        let inside = container_path.trim_end_matches('/');
        if !storage::is_plain(&container_path) || container_path.contains(':') || inside.is_empty() {
            return Err(ApiError::client(format!(
                "{at}.containerPath is '{container_path}'; it must be an absolute path other than / and without \
                 '..' and ':'."
            )));
        }
        if !taken.insert(inside.to_owned()) {
            let text = format!("{at}.containerPath '{container_path}' is used more than once.");
            return Err(ApiError::client(text));
        }
        Ok(MountPoint { source_volume, container_path, read_only })
    };
    given.into_iter().enumerate().map(&mut mount_point).collect()
}

/// A container's sources of further mounts, in their order.
pub(super) fn volumes_from(at: &At<'_>, given: Vec<wire::VolumeFrom>) -> Answer<Vec<VolumesFrom>> {
    let list = at.field("volumesFrom");
    let source = |(index, given)| {
        let wire::VolumeFrom { read_only, source_container } = given;
        let source_container =
            source_container.filter(|name: &String| !name.is_empty()).ok_or_else(|| {
                let at = list.index(index);
                ApiError::client(format!("{at}.sourceContainer should not be null or empty."))
            })?;
        Ok(VolumesFrom { source_container, read_only })
    };
    given.into_iter().enumerate().map(source).collect()
}

/// What must hold between volumes and containers.
pub(super) fn check(definition: &TaskDefinition) -> Answer<()> {
    let mut volumes = BTreeSet::new();
    if let Some(twice) = definition.volumes.iter().find(|volume| !volumes.insert(&volume.name)) {
        return Err(ApiError::client(format!("Volume.name '{}' is used more than once.", twice.name)));
    }
    let containers: BTreeMap<&str, &ContainerDefinition> =
        definition.containers.iter().map(|container| (container.name.as_str(), container)).collect();
    let list = At::ROOT.field("containerDefinitions");
    for (index, container) in definition.containers.iter().enumerate() {
        let at = list.index(index);
        for (index, mount) in container.mount_points.iter().enumerate() {
            if !volumes.contains(&mount.source_volume) {
                return Err(ApiError::client(format!(
                    "Unknown volume '{}'. {}.sourceVolume must be the name of one of the task definition's \
                     volumes.",
                    mount.source_volume,
                    at.field("mountPoints").index(index),
                )));
            }
        }
        let mut sources = BTreeSet::new();
        for (index, from) in container.volumes_from.iter().enumerate() {
            let (name, source) = (&container.name, &from.source_container);
            let wrong = |why: &str| {
                let at = at.field("volumesFrom");
                let text = format!("{}.sourceContainer of container '{name}' {why}", at.index(index));
                Err(ApiError::client(text))
            };
            if !containers.contains_key(source.as_str()) {
                return wrong(&format!(
                    "is '{source}'; it must be another container of the task definition."
                ));
            }
            if source == name {
                return wrong("is the container itself; it must be another one.");
            }
            if !sources.insert(source) {
                return wrong(&format!("is '{source}', which is used more than once."));
            }
            if leads_back(&containers, name, source) {
                return wrong(&format!(
                    "is '{source}', which takes its own volumes from '{name}' in the end."
                ));
            }
        }
    }
    Ok(())
}

/// Whether the sources of `from`, and theirs, come to `name`.
fn leads_back(containers: &BTreeMap<&str, &ContainerDefinition>, name: &str, from: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(one) = next.pop() {
        if one == name {
            return true;
        }
        if seen.insert(one) {
            let sources = containers.get(one).into_iter().flat_map(|container| &container.volumes_from);
            next.extend(sources.map(|from| from.source_container.as_str()));
        }
    }
    false
}

/// A volume as ECS shows it.
pub(super) fn show(volume: &Volume) -> wire::Volume {
    let mut shown = wire::Volume { name: Some(volume.name.clone()), ..wire::Volume::default() };
    match &volume.kind {
        VolumeKind::Empty => shown.host = Some(wire::HostVolumeProperties::default()),
        VolumeKind::Host { source_path } => {
            shown.host = Some(wire::HostVolumeProperties { source_path: Some(source_path.clone()) });
        }
        VolumeKind::Docker(docker) => {
            let some = |pairs: &[(String, String)]| {
                (!pairs.is_empty()).then(|| pairs.iter().cloned().collect::<BTreeMap<_, _>>())
            };
            shown.docker_volume_configuration = Some(wire::DockerVolumeConfiguration {
                autoprovision: docker.autoprovision,
                driver: docker.driver.clone(),
                driver_opts: some(&docker.driver_opts),
                labels: some(&docker.labels),
                scope: Some(docker.scope.as_str().into()),
            });
        }
        VolumeKind::Efs(efs) => {
            let encryption = |enabled| match enabled {
                true => EFSTransitEncryption::Enabled,
                false => EFSTransitEncryption::Disabled,
            };
            shown.efs_volume_configuration = Some(wire::EFSVolumeConfiguration {
                authorization_config: efs.access_point_id.clone().map(|id| wire::EFSAuthorizationConfig {
                    access_point_id: Some(id),
                    iam: Some(EFSAuthorizationConfigIAM::Disabled),
                }),
                file_system_id: Some(efs.file_system_id.clone()),
                root_directory: Some(efs.root_directory.clone()),
                transit_encryption: efs.transit_encryption.map(encryption),
                transit_encryption_port: None,
            });
        }
    }
    shown
}

/// A mount point as ECS shows it.
pub(super) fn show_mount_point(mount: &MountPoint) -> wire::MountPoint {
    wire::MountPoint {
        container_path: Some(mount.container_path.clone()),
        read_only: mount.read_only,
        source_volume: Some(mount.source_volume.clone()),
    }
}

/// A source of further mounts as ECS shows it.
pub(super) fn show_volumes_from(from: &VolumesFrom) -> wire::VolumeFrom {
    wire::VolumeFrom { read_only: from.read_only, source_container: Some(from.source_container.clone()) }
}
