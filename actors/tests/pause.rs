//! A task's pause container: there before the first of the others, gone after the last, never twice.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::host::HostMsg;
use mainstay_actors::ports::{EngineContainer, EngineState};
use mainstay_actors::sim::{self, ImageState, Script, World, container, definition};
use mainstay_core::images::PullBehavior;
use mainstay_core::model::{
    AwsVpcConfiguration, ContainerSpec, LaunchType, NetworkMode, PidMode, StopCode, TaskStatus,
};
use mainstay_core::{RevisionKey, TaskId};
use support::*;

fn network() -> Option<AwsVpcConfiguration> {
    let subnets = vec!["subnet-1".to_owned()];
    Some(AwsVpcConfiguration { subnets, security_groups: Vec::new(), assign_public_ip: false })
}

async fn world_of(seed: u64) -> World {
    let mut world = quiet_world(seed);
    world.settings.cleanup_wait = SEC;
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
    world
}

/// A task definition in network mode `awsvpc`.
async fn defined(world: &World, images: &[&str]) -> RevisionKey {
    let mut definition = definition("web", images.iter().map(|image| container(image)).collect());
    definition.network_mode = NetworkMode::AwsVpc;
    world.control().register_task_definition(definition).await.unwrap().key.clone()
}

async fn ran(world: &World, images: &[&str]) -> TaskId {
    let definition = defined(world, images).await;
    let request = mainstay_actors::control::RunTask { network: network(), ..sim::run_task(definition, 1) };
    world.control().run_task(request).await.unwrap().tasks[0].id.clone()
}

async fn up(world: &World, id: &TaskId) {
    until(world, "RUNNING", MIN, |w| task(w, id).last_status == TaskStatus::Running).await;
}

fn pauses(world: &World) -> Vec<EngineContainer> {
    let mut all = world.engine.containers();
    all.retain(|seen| seen.name == ContainerSpec::PAUSE);
    all
}

async fn nothing_is_left(world: &World) {
    until(world, "nothing is left", HOUR, |w| w.engine.containers().is_empty()).await;
    assert_lawful(world);
}

#[tokio::test(start_paused = true)]
async fn a_task_on_fargate_has_the_runtime_that_is_configured_for_it_and_its_pause_container_the_usual_one() {
    let mut world = quiet_world(1);
    world.settings.fargate_runtime = Some("runsc".into());
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
    let definition = defined(&world, &["web"]).await;
    let ran = async |launch_type| {
        let request = sim::run_task(definition.clone(), 1);
        let request = mainstay_actors::control::RunTask { network: network(), launch_type, ..request };
        let id = world.control().run_task(request).await.unwrap().tasks[0].id.clone();
        up(&world, &id).await;
        let of_task = world.engine.containers().into_iter().filter(|seen| seen.task == id);
        let mut found: Vec<(String, Option<String>)> =
            of_task.map(|seen| (seen.name.clone(), world.engine.runtime(&seen.id))).collect();
        found.sort();
        found
    };
    let pause = || (ContainerSpec::PAUSE.to_owned(), None);
    let web = |runtime: Option<&str>| ("web".to_owned(), runtime.map(str::to_owned));
    let mut expected = vec![web(Some("runsc")), pause()];
    expected.sort();
    assert_eq!(ran(LaunchType::Fargate).await, expected);
    let mut expected = vec![web(None), pause()];
    expected.sort();
    assert_eq!(ran(LaunchType::Ec2).await, expected);
}

#[tokio::test(start_paused = true)]
async fn the_task_has_the_address_of_its_pause_container_which_is_none_of_its_containers() {
    let world = world_of(1).await;
    let id = ran(&world, &["web", "side"]).await;
    up(&world, &id).await;
    let [pause] = &pauses(&world)[..] else { panic!("one pause container") };
    let task = task(&world, &id);
    assert_eq!(task.network.as_ref().unwrap().interface, pause.interface);
    assert!(pause.interface.is_some());
    let names: Vec<&str> = task.containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["web", "side"]);
    let starts = world.engine.history().starts;
    assert_eq!((starts.len(), starts[0].container.as_str()), (3, ContainerSpec::PAUSE));
    world.control().stop_task(id.clone(), None).await.unwrap();
    stopped(&world, &id).await;
    until(&world, "all have ended", MIN, |w| w.engine.history().ends.len() == 3).await;
    assert_eq!(world.engine.history().ends[2].container, ContainerSpec::PAUSE);
    nothing_is_left(&world).await;
}

#[tokio::test(start_paused = true)]
async fn its_image_is_pulled_from_no_registry_whatever_the_pull_behavior() {
    for behavior in [PullBehavior::Default, PullBehavior::Always, PullBehavior::Once] {
        let mut world = quiet_world(1);
        world.settings.image_pull_behavior = behavior;
        world.start().await.unwrap();
        until(&world, "the engine answers", SEC, |w| w.view().instances.all()[0].engine_connected).await;
        world.engine.publish("registry.test/web:1", "sha256:a");
        let id = ran(&world, &["registry.test/web:1"]).await;
        up(&world, &id).await;
        assert_eq!(world.engine.history().calls["pull"], 1, "{behavior:?}");
        assert_eq!(world.engine.pulled(), ["registry.test/web:1"]);
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_a_task_that_ends_by_itself() {
    let world = world_of(1).await;
    world.engine.script("job", Script::exits(0, 4 * SEC));
    let id = ran(&world, &["job"]).await;
    let over = stopped(&world, &id).await;
    assert_eq!(over.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(over.stopped_reason.as_deref(), Some("Essential container in task exited"));
    until(&world, "it ends", SEC, |w| w.engine.running().is_empty()).await;
    nothing_is_left(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_container_that_cannot_be_had_fails_the_task_with_the_reason_and_nothing_else_is_made() {
    let world = world_of(1).await;
    world.engine.image(ContainerSpec::PAUSE_IMAGE, ImageState::Nowhere);
    let id = ran(&world, &["web", "side"]).await;
    let over = stopped(&world, &id).await;
    assert_eq!(over.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = over.stopped_reason.clone().unwrap();
    assert!(reason.starts_with("ResourceInitializationError: failed to set up the namespaces"), "{reason}");
    assert!(reason.contains("CannotPullContainerError"), "{reason}");
    assert!(world.engine.history().starts.is_empty());
    nothing_is_left(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_pause_container_ends_or_is_removed_ends_and_its_service_replaces_it() {
    for removed in [false, true] {
        let world = world_of(1).await;
        let definition = defined(&world, &["web", "side"]).await;
        let new = mainstay_actors::control::NewService {
            network: network(),
            ..sim::new_service("web", definition, 1)
        };
        let service = world.control().create_service(new).await.unwrap().key.clone();
        settled(&world, &service).await;
        let pause = pauses(&world).remove(0);
        if removed {
            world.engine.take_away(&pause.id);
        } else {
            world.engine.kill(&pause.id);
        }
        let over = stopped(&world, &pause.task).await;
        assert_eq!(over.stop_code, Some(StopCode::EssentialContainerExited));
        let reason = over.stopped_reason.clone().unwrap();
        assert!(reason.starts_with("ResourceInitializationError: the pause container"), "{reason}");
        settled(&world, &service).await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_killed_at_any_moment_leaves_one_for_a_task_that_goes_on_and_none_for_one_that_does_not() {
    for millis in 0..80 {
        let mut world = world_of(millis).await;
        let id = ran(&world, &["web", "side"]).await;
        world.ctx().flush().await;
        pass(Duration::from_millis(millis)).await;
        if millis % 2 == 1 {
            world.control().stop_task(id.clone(), None).await.unwrap();
            pass(Duration::from_millis(millis * 3)).await;
        }
        world.crash();
        let before = pauses(&world);
        world.start().await.unwrap();
        if millis % 2 == 0 {
            up(&world, &id).await;
            let after = pauses(&world);
            assert_eq!(after.len(), 1);
            assert!(before.is_empty() || before[0].id == after[0].id, "it is adopted");
            assert_eq!(task(&world, &id).network.as_ref().unwrap().interface, after[0].interface);
            world.control().stop_task(id.clone(), None).await.unwrap();
        }
        stopped(&world, &id).await;
        nothing_is_left(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_removed_while_no_daemon_looks_is_not_made_anew_beside_those_that_joined_it() {
    let mut world = world_of(1).await;
    let id = ran(&world, &["web", "side"]).await;
    up(&world, &id).await;
    world.ctx().flush().await;
    world.crash();
    let pause = pauses(&world).remove(0);
    world.engine.take_away(&pause.id);
    world.start().await.unwrap();
    let over = stopped(&world, &id).await;
    assert!(over.stopped_reason.clone().unwrap().contains("removed from outside"), "{over:?}");
    assert!(pauses(&world).is_empty());
    nothing_is_left(&world).await;
}

#[tokio::test(start_paused = true)]
async fn lost_answers_and_crashes_of_actors_end_with_everything_gone() {
    for seed in 0..40 {
        let world = world_of(seed).await;
        world.engine.faults(|faults| (faults.lose_answers, faults.refuse_starts) = (0.4, 0.1));
        let ids = [ran(&world, &["web", "side"]).await, ran(&world, &["web"]).await];
        pass(Duration::from_millis(seed * 7)).await;
        let host = world.ctx().directory.host.get(&()).unwrap();
        for id in &ids {
            host.cast(HostMsg::PanicTask(id.clone())).unwrap();
        }
        pass(Duration::from_millis(seed * 11)).await;
        for id in &ids {
            world.control().stop_task(id.clone(), None).await.unwrap();
            stopped(&world, id).await;
        }
        nothing_is_left(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn containers_that_share_only_their_processes_have_one_too_and_keep_their_ports() {
    let world = world_of(1).await;
    let mut definition = definition("web", vec![container("web"), container("side")]);
    definition.pid_mode = Some(PidMode::Task);
    let key = world.control().register_task_definition(definition).await.unwrap().key.clone();
    let id = run(&world, &key, 1).await.tasks[0].id.clone();
    up(&world, &id).await;
    let [pause] = &pauses(&world)[..] else { panic!("one pause container") };
    assert_eq!((&pause.state, &pause.interface), (&EngineState::Running, &None));
    assert_eq!(task(&world, &id).network, None);
    world.control().stop_task(id.clone(), None).await.unwrap();
    stopped(&world, &id).await;
    nothing_is_left(&world).await;
}
