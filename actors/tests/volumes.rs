//! A task's volumes come before its containers and go after them, whatever happens in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::host::HostMsg;
use mainstay_actors::sim::{World, container, definition};
use mainstay_core::model::{
    ContainerDefinition, DockerVolume, EfsVolume, FirelensConfiguration, FirelensKind, LogConfiguration,
    MountPoint, StopCode, TaskStatus, Volume, VolumeKind, VolumeScope, VolumesFrom,
};
use mainstay_core::{RevisionKey, TaskId};
use support::*;

fn shared(autoprovision: bool) -> VolumeKind {
    VolumeKind::Docker(DockerVolume {
        scope: VolumeScope::Shared,
        autoprovision: Some(autoprovision),
        driver: None,
        driver_opts: Vec::new(),
        labels: Vec::new(),
    })
}

/// A container that mounts the volume `data`.
fn mounting(image: &str) -> ContainerDefinition {
    let mount = MountPoint { source_volume: "data".into(), container_path: "/data".into(), read_only: None };
    ContainerDefinition { mount_points: vec![mount], ..container(image) }
}

/// A container with the mounts of another.
fn taking_from(source: &str, mut container: ContainerDefinition) -> ContainerDefinition {
    container.volumes_from.push(VolumesFrom { source_container: source.into(), read_only: None });
    container
}

/// A task definition whose volume `data` is of this kind.
async fn defined(world: &World, kind: VolumeKind, containers: Vec<ContainerDefinition>) -> RevisionKey {
    let mut definition = definition("web", containers);
    definition.volumes = vec![Volume { name: "data".into(), kind }];
    world.control().register_task_definition(definition).await.unwrap().key.clone()
}

async fn quick_world(seed: u64) -> World {
    let mut world = quiet_world(seed);
    world.settings.cleanup_wait = SEC;
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
    world
}

async fn up(world: &World, id: &TaskId) {
    until(world, "RUNNING", MIN, |w| task(w, id).last_status == TaskStatus::Running).await;
}

#[tokio::test(start_paused = true)]
async fn a_tasks_volume_is_there_with_its_first_container_and_gone_with_its_last() {
    let world = quick_world(1).await;
    let web = defined(&world, VolumeKind::Empty, vec![mounting("one"), mounting("two")]).await;
    let ran = run(&world, &web, 2).await;
    for made in &ran.tasks {
        up(&world, &made.id).await;
        let of_task = world.engine.volumes().into_values().filter(|task| task.as_ref() == Some(&made.id));
        assert_eq!(of_task.count(), 1);
    }
    world.control().stop_task(ran.tasks[0].id.clone(), None).await.unwrap();
    stopped(&world, &ran.tasks[0].id).await;
    until(&world, "one is left", MIN, |w| w.engine.volumes().len() == 1).await;
    assert_eq!(world.engine.volumes().into_values().next().unwrap().as_ref(), Some(&ran.tasks[1].id));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_log_routers_folder_comes_with_its_task_and_goes_with_it() {
    let world = quick_world(1).await;
    let firelens = FirelensConfiguration { kind: FirelensKind::FluentBit, options: Vec::new() };
    let logs = LogConfiguration {
        driver: LogConfiguration::AWSFIRELENS.into(),
        options: Vec::new(),
        secret_options: Vec::new(),
    };
    let router = ContainerDefinition { firelens: Some(firelens), ..container("router") };
    let app = ContainerDefinition { log_configuration: Some(logs), ..container("app") };
    let definition = definition("web", vec![app, router]);
    let web = world.control().register_task_definition(definition).await.unwrap().key.clone();
    let id = run(&world, &web, 1).await.tasks[0].id.clone();
    up(&world, &id).await;
    assert_eq!(world.engine.volumes(), [(format!("folder/{id}"), Some(id.clone()))].into());
    world.control().stop_task(id.clone(), None).await.unwrap();
    stopped(&world, &id).await;
    until(&world, "no folder is left", MIN, |w| w.engine.volumes().is_empty()).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_shared_volume_is_made_once_and_stays() {
    let world = quick_world(1).await;
    let web = defined(&world, shared(true), vec![mounting("web")]).await;
    let ran = run(&world, &web, 2).await;
    for made in &ran.tasks {
        up(&world, &made.id).await;
        world.control().stop_task(made.id.clone(), None).await.unwrap();
    }
    until(&world, "no container is left", MIN, |w| w.engine.containers().is_empty()).await;
    pass(HOUR).await;
    assert_eq!(world.engine.volumes(), [("data".to_owned(), None)].into());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_shared_volume_that_has_to_be_there_and_is_not_fails_the_task_with_the_reason() {
    let world = quick_world(1).await;
    let web = defined(&world, shared(false), vec![mounting("web")]).await;
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = ended.stopped_reason.clone().unwrap();
    assert!(reason.starts_with("ResourceInitializationError: volume data: "), "{reason}");
    assert_eq!(world.engine.containers(), []);
    world.engine.make_volume("data");
    up(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_file_system_that_the_host_does_not_have_fails_the_task_before_anything_is_made() {
    let world = quick_world(1).await;
    let efs = EfsVolume {
        file_system_id: "fs-1".into(),
        root_directory: "/".into(),
        transit_encryption: None,
        access_point_id: None,
    };
    let web = defined(&world, VolumeKind::Efs(efs), vec![mounting("web")]).await;
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    let reason = ended.stopped_reason.clone().unwrap();
    assert!(reason.starts_with("ResourceInitializationError: ") && reason.contains("fs-1"), "{reason}");
    assert_eq!(world.engine.history().calls.get("provide_volume"), None);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_the_engine_refuses_fails_the_task_and_the_service_tries_another() {
    let world = quick_world(1).await;
    world.engine.faults(|faults| faults.refuse_volumes = 1.0);
    let web = defined(&world, VolumeKind::Empty, vec![mounting("web")]).await;
    let service = world.serve("web", &web, 1).await.unwrap();
    until(&world, "a task has failed", MIN, |w| {
        let failed = |task: &mainstay_core::model::Task| task.stop_code == Some(StopCode::TaskFailedToStart);
        w.view().tasks.all().iter().any(|task| failed(task))
    })
    .await;
    world.engine.faults(|faults| faults.refuse_volumes = 0.0);
    settled(&world, &service).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_volume_waits_for_an_engine_that_is_away() {
    let world = quick_world(1).await;
    let web = defined(&world, VolumeKind::Empty, vec![mounting("web")]).await;
    world.engine.faults(|faults| faults.latency = 10 * MS..20 * MS);
    let ran = run(&world, &web, 1).await;
    world.engine.go_away();
    pass(10 * MIN).await;
    assert_eq!(task(&world, &ran.tasks[0].id).last_status, TaskStatus::Pending);
    world.engine.come_back();
    up(&world, &ran.tasks[0].id).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_container_is_made_after_those_whose_mounts_it_takes() {
    let world = quick_world(1).await;
    let last = taking_from("second", container("last"));
    let second = taking_from("first", container("second"));
    let web = defined(&world, VolumeKind::Empty, vec![last, second, mounting("first")]).await;
    let ran = run(&world, &web, 3).await;
    for made in &ran.tasks {
        up(&world, &made.id).await;
    }
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_container_whose_source_cannot_be_made_fails_and_so_do_those_that_take_from_it() {
    let world = quick_world(1).await;
    world.engine.image("absent", mainstay_actors::sim::ImageState::Nowhere);
    let source = ContainerDefinition { essential: false, ..mounting("absent") };
    let containers =
        vec![taking_from("second", container("last")), taking_from("absent", container("second")), source];
    let web = defined(&world, VolumeKind::Empty, containers).await;
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    let reason = |name: &str| {
        let found = ended.containers.iter().find(|container| container.name == name).unwrap();
        found.reason.clone().unwrap_or_default()
    };
    assert!(reason("absent").starts_with("CannotPullContainerError"), "{}", reason("absent"));
    assert!(reason("second").contains("dependency [absent] for target [second]"), "{}", reason("second"));
    assert!(reason("last").contains("dependency [second] for target [last]"), "{}", reason("last"));
    until(&world, "its volume is gone", MIN, |w| w.engine.volumes().is_empty()).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_killed_at_any_moment_leaves_no_volume_behind() {
    for millis in 0..60 {
        let mut world = quick_world(millis).await;
        let web = defined(&world, VolumeKind::Empty, vec![mounting("web"), mounting("side")]).await;
        let ran = run(&world, &web, 1).await;
        let id = ran.tasks[0].id.clone();
        world.ctx().flush().await;
        pass(Duration::from_millis(millis)).await;
        if millis % 2 == 1 {
            world.control().stop_task(id.clone(), None).await.unwrap();
            pass(Duration::from_millis(millis * 30)).await;
        }
        world.crash();
        world.start().await.unwrap();
        if millis % 2 == 0 {
            up(&world, &id).await;
            world.control().stop_task(id.clone(), None).await.unwrap();
        }
        stopped(&world, &id).await;
        until(&world, "nothing is left", HOUR, |w| {
            w.engine.containers().is_empty() && w.engine.volumes().is_empty()
        })
        .await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_volume_of_a_task_that_nobody_knows_is_removed_and_others_are_not() {
    let mut world = quick_world(1).await;
    let web = defined(&world, VolumeKind::Empty, vec![mounting("web")]).await;
    let ran = run(&world, &web, 1).await;
    up(&world, &ran.tasks[0].id).await;
    world.crash();
    world.engine.make_volume("precious");
    for id in running(&world) {
        world.engine.take_away(&id);
    }
    // On a disk that never heard of the task.
    world.store = mainstay_actors::sim::SimStore::new(7);
    world.start().await.unwrap();
    until(&world, "it is gone", 10 * MIN, |w| w.engine.volumes().len() == 1).await;
    assert_eq!(world.engine.volumes(), [("precious".to_owned(), None)].into());
}

#[tokio::test(start_paused = true)]
async fn lost_answers_and_crashes_of_actors_end_with_every_volume_gone() {
    for seed in 0..30 {
        let world = quick_world(seed).await;
        world.engine.faults(|faults| faults.lose_answers = 0.4);
        let web = defined(&world, VolumeKind::Empty, vec![mounting("web")]).await;
        let ran = run(&world, &web, 3).await;
        pass(Duration::from_millis(seed * 7)).await;
        let host = world.ctx().directory.host.get(&()).unwrap();
        host.cast(HostMsg::PanicTask(ran.tasks[0].id.clone())).unwrap();
        pass(Duration::from_millis(seed * 11)).await;
        for made in &ran.tasks {
            world.control().stop_task(made.id.clone(), None).await.unwrap();
        }
        for made in &ran.tasks {
            stopped(&world, &made.id).await;
        }
        until(&world, "nothing is left", HOUR, |w| {
            w.engine.containers().is_empty() && w.engine.volumes().is_empty()
        })
        .await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn an_audit_finds_a_volume_that_was_made_after_its_task_was_cleaned_up() {
    let world = quick_world(1).await;
    let web = defined(&world, VolumeKind::Empty, vec![mounting("web")]).await;
    let ran = run(&world, &web, 2).await;
    let [over, lives] = [&ran.tasks[0].id, &ran.tasks[1].id];
    up(&world, over).await;
    up(&world, lives).await;
    world.control().stop_task(over.clone(), None).await.unwrap();
    until(&world, "one is left", MIN, |w| w.engine.volumes().len() == 1).await;
    world.engine.make_volume_late("late", over);
    until(&world, "it is gone", 6 * MIN, |w| !w.engine.volumes().contains_key("late")).await;
    assert_eq!(world.engine.volumes().into_values().collect::<Vec<_>>(), [Some(lives.clone())]);
    assert_lawful(&world);
}
