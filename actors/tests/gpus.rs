//! GPUs: each is one container's alone, from the task's place to its end, whatever happens to the daemon meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_actors::sim::{World, container, run_task};
use mainstay_core::model::{ContainerDefinition, ContainerOverride, Gpus, Overrides, Task, TaskStatus};
use mainstay_core::{RevisionKey, TaskId};
use support::*;

async fn world_with(seed: u64, gpus: &[&str]) -> World {
    let mut world = quiet_world(seed);
    world.engine.has_gpus(gpus);
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| has(w).len() == gpus.len()).await;
    world
}

/// The GPUs that the instance registers.
fn has(world: &World) -> Vec<String> {
    world.view().instances.get(world.instance()).unwrap().registered.gpus.clone()
}

/// One container that asks for this.
async fn define(world: &World, family: &str, gpus: Gpus) -> RevisionKey {
    let one = ContainerDefinition { gpus: Some(gpus), ..container(family) };
    world.define(family, vec![one]).await.unwrap()
}

/// What its record says.
fn held(task: &Task) -> String {
    let containers = task.containers.iter().map(|container| container.gpu_ids.join("+"));
    containers.collect::<Vec<_>>().join(" ")
}

/// The same, and its container was given just that, and told so.
#[track_caller]
fn given(world: &World, id: &TaskId) -> String {
    let running = world.engine.running_of_task(id);
    let told = |name: &str| world.engine.environment(&running[0]).get(name).cloned();
    let record = held(&task(world, id));
    assert_eq!(world.engine.gpus(&running[0]).join("+"), record);
    assert_eq!(told("NVIDIA_VISIBLE_DEVICES"), Some(record.replace('+', ",")));
    record
}

async fn running_task(world: &World, definition: &RevisionKey) -> TaskId {
    let ran = run(world, definition, 1).await;
    let id = ran.tasks[0].id.clone();
    until(world, "it runs", MIN, |w| task(w, &id).last_status == TaskStatus::Running).await;
    id
}

#[tokio::test(start_paused = true)]
async fn two_tasks_have_two_gpus_and_a_third_one_waits_for_the_first_that_is_given_back() {
    let world = world_with(1, &["GPU-a", "GPU-b"]).await;
    let definition = define(&world, "train", Gpus::Count(1)).await;
    let (first, second) = (running_task(&world, &definition).await, running_task(&world, &definition).await);
    assert_eq!([given(&world, &first), given(&world, &second)], ["GPU-a", "GPU-b"]);
    let third = run(&world, &definition, 1).await;
    assert_eq!(third.failures[0].reason, "RESOURCE:GPU");
    let service = world.serve("train", &definition, 1).await.unwrap();
    until(&world, "it is told", MIN, |w| says(w, &service, "has insufficient GPU resources available."))
        .await;
    world.engine.exit(&world.engine.running_of_task(&first)[0], 0);
    let before = tokio::time::Instant::now();
    settled(&world, &service).await;
    assert!(before.elapsed() < SEC, "at once, and not with the next look");
    assert_eq!(given(&world, &world.running_tasks(&service)[0].id), "GPU-a");
    assert_eq!(held(&task(&world, &first)), "GPU-a", "what it had is still told");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_or_a_crash_each_task_still_has_its_own() {
    let mut world = world_with(1, &["GPU-a", "GPU-b", "GPU-c"]).await;
    let definition = define(&world, "train", Gpus::Count(1)).await;
    let first = running_task(&world, &definition).await;
    let service = world.serve("train", &definition, 1).await.unwrap();
    settled(&world, &service).await;
    // The one in the middle of the list is free, and not the one with which a count begins.
    world.control().stop_task(first.clone(), None).await.unwrap();
    stopped(&world, &first).await;
    let second = world.running_tasks(&service)[0].id.clone();
    assert_eq!(given(&world, &second), "GPU-b");
    let before = running(&world);
    for crash in [false, true] {
        pass(SEC).await;
        if crash {
            world.crash()
        } else {
            world.stop().await
        }
        pass(SEC).await;
        world.start().await.unwrap();
        until(&world, "the engine answers", SEC, |w| {
            w.view().instances.get(w.instance()).unwrap().engine_connected
        })
        .await;
        settled(&world, &service).await;
        assert_eq!((given(&world, &second).as_str(), running(&world)), ("GPU-b", before.clone()));
        let ran = run(&world, &definition, 3).await;
        let reasons: Vec<&str> = ran.failures.iter().map(|failure| failure.reason.as_str()).collect();
        assert_eq!(reasons, ["RESOURCE:GPU"]);
        let ran: Vec<String> = ran.tasks.iter().map(|task| held(task)).collect();
        assert_eq!(ran, ["GPU-a", "GPU-c"]);
        for task in
            world.view().tasks.filter(|task| task.id != second && task.last_status != TaskStatus::Stopped)
        {
            world.control().stop_task(task.id.clone(), None).await.unwrap();
            stopped(&world, &task.id).await;
        }
    }
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn each_container_of_a_task_has_its_own_and_an_override_asks_for_others() {
    let world = world_with(1, &["0", "1", "2", "3"]).await;
    let part = |name: &str, gpus| ContainerDefinition { gpus, ..container(name) };
    let parts = vec![part("a", Some(Gpus::Count(1))), part("b", None), part("c", Some(Gpus::Count(2)))];
    let definition = world.define("train", parts).await.unwrap();
    let id = running_task(&world, &definition).await;
    assert_eq!(held(&task(&world, &id)), "0  1+2");
    let mut seen: Vec<Vec<String>> =
        world.engine.running_of_task(&id).iter().map(|id| world.engine.gpus(id)).collect();
    seen.sort();
    assert_eq!(seen, [vec![], vec!["0".to_owned()], vec!["1".into(), "2".into()]]);
    let silent =
        world.engine.running_of_task(&id).into_iter().find(|id| world.engine.gpus(id).is_empty()).unwrap();
    assert!(!world.engine.environment(&silent).contains_key("NVIDIA_VISIBLE_DEVICES"));
    world.control().stop_task(id.clone(), None).await.unwrap();
    stopped(&world, &id).await;
    let mut request = run_task(definition, 1);
    let change =
        |name: &str, gpus| ContainerOverride { name: name.into(), gpus: Some(gpus), ..Default::default() };
    request.overrides = Overrides {
        containers: vec![change("a", Gpus::Count(3)), change("b", Gpus::All), change("c", Gpus::Count(1))],
        ..Overrides::default()
    };
    let ran = world.control().run_task(request.clone()).await.unwrap();
    assert_eq!(ran.failures[0].reason, "RESOURCE:GPU", "all are at least one");
    request.overrides.containers[0].gpus = Some(Gpus::Count(1));
    let ran = world.control().run_task(request).await.unwrap();
    assert_eq!(held(&ran.tasks[0]), "0 2+3 1");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_comes_back_with_fewer_gives_none_of_them_away_twice() {
    let mut world = world_with(1, &["GPU-a", "GPU-b"]).await;
    let definition = define(&world, "train", Gpus::Count(1)).await;
    let (first, second) = (running_task(&world, &definition).await, running_task(&world, &definition).await);
    world.stop().await;
    world.engine.has_gpus(&["GPU-b", "GPU-c"]);
    world.start().await.unwrap();
    until(&world, "it has others", SEC, |w| has(w) == ["GPU-b", "GPU-c"]).await;
    let third = running_task(&world, &definition).await;
    let all = [&first, &second, &third].map(|id| given(&world, id));
    assert_eq!(all, ["GPU-a", "GPU-b", "GPU-c"]);
    assert_eq!(run(&world, &definition, 1).await.failures[0].reason, "RESOURCE:GPU");
    assert_lawful(&world);
}

/// Whatever crashes in whatever order: no two that live hold one, and no two containers that run have one.
#[tokio::test(start_paused = true)]
async fn through_crashes_and_deaths_no_two_tasks_ever_have_the_same() {
    for seed in 0..12_u64 {
        let mut world = world_with(seed, &["0", "1", "2", "3"]).await;
        world.engine.faults(|faults| {
            faults.lose_answers = 0.05;
            faults.repeat_events = 0.1;
        });
        let (one, two) =
            (define(&world, "one", Gpus::Count(1)).await, define(&world, "two", Gpus::Count(2)).await);
        let service = world.serve("one", &one, 2).await.unwrap();
        for round in 0..12_u64 {
            let chance = seed.wrapping_mul(31).wrapping_add(round.wrapping_mul(17)) % 6;
            if chance < 2 {
                let definition = if chance == 0 { &one } else { &two };
                drop(world.control().run_task(run_task(definition.clone(), 1)).await);
            } else if chance == 2 {
                world.crash();
                pass(100 * MS).await;
                world.start().await.unwrap();
            } else if let Some(victim) = running(&world).get(chance as usize - 3) {
                world.engine.exit(victim, 1);
            }
            pass(400 * MS).await;
            assert_held_once(&world, seed);
        }
        let standalone =
            |task: &Task| task.group.starts_with("family:") && task.last_status != TaskStatus::Stopped;
        for task in world.view().tasks.filter(standalone) {
            world.control().stop_task(task.id.clone(), None).await.unwrap();
            stopped(&world, &task.id).await;
        }
        settled(&world, &service).await;
        assert_held_once(&world, seed);
        assert_lawful(&world);
        world.stop().await;
    }
}

#[track_caller]
fn assert_held_once(world: &World, seed: u64) {
    let live: Vec<Arc<Task>> = world.view().tasks.filter(|task| task.last_status != TaskStatus::Stopped);
    let held: Vec<&String> = live.iter().flat_map(|task| &task.resources.gpus).collect();
    let distinct: BTreeSet<&&String> = held.iter().collect();
    assert_eq!(held.len(), distinct.len(), "seed {seed}: {held:?}\n{}", picture(world));
}
