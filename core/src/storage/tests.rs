use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::{NetworkMode, Overrides, TaskDefinition};
use crate::{ClusterName, Family};

fn volume(name: &str, kind: VolumeKind) -> Volume {
    Volume { name: name.into(), kind }
}

fn docker(scope: VolumeScope, autoprovision: Option<bool>) -> VolumeKind {
    VolumeKind::Docker(DockerVolume {
        scope,
        autoprovision,
        driver: Some("fast".into()),
        driver_opts: vec![("size".into(), "1G".into())],
        labels: vec![("team".into(), "shop".into())],
    })
}

fn efs(root_directory: &str) -> EfsVolume {
    EfsVolume {
        file_system_id: "fs-1".into(),
        root_directory: root_directory.into(),
        transit_encryption: None,
        access_point_id: None,
    }
}

fn spec(task: &str, family: &str, volumes: Vec<Volume>) -> TaskSpec {
    let definition = TaskDefinition {
        key: RevisionKey { family: Family::new(family), revision: 7 },
        status: crate::model::DefinitionStatus::Active,
        containers: Vec::new(),
        volumes,
        cpu: None,
        memory: None,
        ephemeral_storage: None,
        network_mode: NetworkMode::Bridge,
        pid_mode: None,
        ipc_mode: None,
        runtime_platform: None,
        requires_compatibilities: Vec::new(),
        task_role_arn: None,
        execution_role_arn: None,
        registered_at: crate::model::Timestamp(0),
        deregistered_at: None,
        tags: Vec::new(),
        placement_constraints: Vec::new(),
    };
    let (id, cluster) = (TaskId::new(task), ClusterName::new("default"));
    let overrides = Overrides::default();
    TaskSpec::new(id, String::new(), cluster, String::new(), &definition, &overrides, Duration::ZERO)
}

/// What stands behind `kind` where `fs-1` is `file_system`.
fn behind(kind: VolumeKind, file_system: &str) -> Result<Backing, String> {
    let volume = volume("data", kind);
    let efs = [("fs-1".to_owned(), file_system.parse().unwrap())].into();
    backing(&spec("0123456789abcdef", "web", vec![volume.clone()]), &volume, &Storage { efs })
}

fn engine_volume(backing: Backing) -> EngineVolume {
    match backing {
        Backing::Engine(volume) => volume,
        other => panic!("{other:?} is no volume of the engine"),
    }
}

#[test]
fn an_empty_volume_is_the_tasks_and_a_path_is_nobodys() {
    let empty = engine_volume(behind(VolumeKind::Empty, "/srv").unwrap());
    assert!(empty.name.starts_with("ecs-web-7-data-01234567"), "{}", empty.name);
    assert_eq!((empty.lifetime, empty.driver, empty.options), (Lifetime::Task, None, Vec::new()));
    let path = behind(VolumeKind::Host { source_path: "/srv/data".into() }, "/srv");
    assert_eq!(path, Ok(Backing::Path("/srv/data".into())));
}

#[test]
fn a_shared_volume_has_its_own_name_and_is_made_only_where_that_is_said() {
    for (autoprovision, made) in [(None, false), (Some(false), false), (Some(true), true)] {
        let shared = engine_volume(behind(docker(VolumeScope::Shared, autoprovision), "/srv").unwrap());
        assert_eq!(shared.name, "data");
        assert_eq!(shared.lifetime, Lifetime::Shared { autoprovision: made });
    }
    let own = engine_volume(behind(docker(VolumeScope::Task, None), "/srv").unwrap());
    assert_eq!(own.lifetime, Lifetime::Task);
    assert_eq!((own.driver.as_deref(), own.options.len(), own.labels.len()), (Some("fast"), 1, 1));
    assert_ne!(own.name, "data");
}

#[test]
fn a_file_system_is_where_the_host_has_it() {
    let below = behind(VolumeKind::Efs(efs("/logs")), "/srv/efs");
    assert_eq!(below, Ok(Backing::Below { root: "/srv/efs".into(), path: "/logs".into() }));
    let nfs = engine_volume(behind(VolumeKind::Efs(efs("/logs")), "nas.local:/export/").unwrap());
    let option = |name: &str| nfs.options.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!((option("type").as_str(), option("device").as_str()), ("nfs", ":/export/logs"));
    assert!(option("o").starts_with("addr=nas.local,"));
    assert_eq!(nfs.lifetime, Lifetime::Task);
}

#[test]
fn what_the_host_does_not_have_is_said_with_the_key_to_set() {
    let other = EfsVolume { file_system_id: "fs-2".into(), ..efs("/") };
    let words = behind(VolumeKind::Efs(other), "/srv").unwrap_err();
    assert!(words.contains("\"fs-2\" = ") && words.contains("[storage.efs]"), "{words}");
    let point = EfsVolume { access_point_id: Some("fsap-1".into()), ..efs("/") };
    let words = behind(VolumeKind::Efs(point), "/srv").unwrap_err();
    assert!(words.contains("access point fsap-1"), "{words}");
    let encrypted = EfsVolume { transit_encryption: Some(true), ..efs("/") };
    assert!(behind(VolumeKind::Efs(encrypted.clone()), "/srv").is_ok());
    let words = behind(VolumeKind::Efs(encrypted), "nas:/export").unwrap_err();
    assert!(words.contains("transitEncryption") && words.contains("storage.efs.fs-1"), "{words}");
}

#[test]
fn a_file_system_is_configured_as_a_directory_or_an_export() {
    let directory = |path: &str| Ok(FileSystem::Directory(path.into()));
    let nfs = |host: &str, export: &str| Ok(FileSystem::Nfs { host: host.into(), export: export.into() });
    let read = |text: &str| text.parse::<FileSystem>().map_err(drop);
    assert_eq!(read("/srv/efs"), directory("/srv/efs"));
    assert_eq!(read("nas:/export/a"), nfs("nas", "/export/a"));
    assert_eq!(read("[fd00::1]:/a"), nfs("[fd00::1]", "/a"));
    for wrong in ["srv", "", "nas:export", ":/a", "nas,rw:/a", "/srv/../etc", "nas:/../a", "na s:/a"] {
        assert_eq!(read(wrong), Err(()), "{wrong}");
    }
}

#[test]
fn what_goes_with_a_task_is_what_was_made_for_it() {
    let volumes = vec![
        volume("empty", VolumeKind::Empty),
        volume("own", docker(VolumeScope::Task, None)),
        volume("shared", docker(VolumeScope::Shared, Some(true))),
        volume("path", VolumeKind::Host { source_path: "/srv".into() }),
        volume("efs", VolumeKind::Efs(efs("/"))),
    ];
    let spec = spec("0123456789abcdef", "web", volumes);
    let storage = Storage { efs: [("fs-1".to_owned(), "nas:/a".parse().unwrap())].into() };
    let made = spec.volumes.iter().filter_map(|volume| match backing(&spec, volume, &storage).unwrap() {
        Backing::Engine(made) if made.lifetime == Lifetime::Task => Some(made.name),
        _ => None,
    });
    assert_eq!(volumes_of(&spec), made.collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn no_two_volumes_of_the_engine_have_one_name_and_each_fits_a_directory(
        family in "[a-z]{1,255}", volumes in proptest::collection::btree_set("[a-zA-Z0-9_-]{1,255}", 2..4),
        tasks in proptest::collection::btree_set("[0-9a-f]{32}", 2..4),
    ) {
        let mut names = std::collections::BTreeSet::new();
        for task in &tasks {
            let volumes = volumes.iter().map(|name| volume(name, VolumeKind::Empty)).collect();
            names.extend(volumes_of(&spec(task, &family, volumes)));
        }
        prop_assert_eq!(names.len(), tasks.len() * volumes.len());
        prop_assert!(names.iter().all(|name| name.len() <= 255));
    }
}
