//! Rollouts stay within their percentages at every moment.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeSet;

use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::sim::{Moment, Script, World, checked, container, new_service};
use mainstay_core::model::{DeploymentConfiguration, RolloutState};
use support::*;
use tokio::time::Instant;

/// The fewest and the most containers that ran at once since `from`.
fn extremes(world: &World, from: Instant) -> (usize, usize) {
    let history = world.engine.history();
    let counts = history.moments.iter().filter(|moment| moment.at >= from);
    let counts: Vec<usize> = counts.map(|moment: &Moment| moment.running.values().sum()).collect();
    (*counts.iter().min().unwrap(), *counts.iter().max().unwrap())
}

/// Rolls a service of `desired` tasks within these percentages; the fewest and the most that ran meanwhile.
async fn rolled(desired: u32, minimum_healthy_percent: u32, maximum_percent: u32) -> (usize, usize) {
    let world = world().await;
    for image in ["web:1", "web:2"] {
        world.engine.script(image, Script::healthy(2 * SEC));
    }
    let one = world.define("web", vec![checked("web:1")]).await.unwrap();
    let mut new = new_service("web", one, desired);
    new.deployment_configuration =
        DeploymentConfiguration { minimum_healthy_percent, maximum_percent, ..Default::default() };
    let key = new.key.clone();
    world.control().create_service(new).await.unwrap();
    until(&world, "steady", MIN, |w| w.is_settled(&key) && w.is_steady(&key)).await;
    let began = Instant::now();
    let two = world.define("web", vec![checked("web:2")]).await.unwrap();
    deploy(&world, &key, &two).await;
    until(&world, "rolled out", 5 * MIN, |w| w.is_settled(&key) && w.is_steady(&key)).await;
    assert_eq!(world.engine.running_of("web:2").len(), desired as usize);
    assert_eq!(world.engine.running_of("web:1"), []);
    let service = world.service(&key).unwrap();
    assert_eq!(service.deployments.len(), 1);
    assert_eq!(service.deployments[0].rollout_state, RolloutState::Completed);
    assert_lawful(&world);
    extremes(&world, began)
}

#[tokio::test(start_paused = true)]
async fn by_default_a_rollout_never_goes_below_the_desired_count_nor_above_its_double() {
    let (least, most) = rolled(4, 100, 200).await;
    assert!(least >= 4 && most <= 8, "{least} to {most}");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_without_room_above_goes_down_to_the_minimum_first() {
    assert_eq!(rolled(4, 50, 100).await, (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_rollout_with_a_little_of_both_keeps_to_both() {
    let (least, most) = rolled(10, 80, 120).await;
    assert!(least >= 8 && most <= 12, "{least} to {most}");
}

#[tokio::test(start_paused = true)]
async fn a_single_task_rolls_over_when_its_successor_serves() {
    let (least, most) = rolled(1, 100, 200).await;
    assert_eq!((least, most), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_bad_deployment_leaves_the_good_tasks_alone() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let good = running(&world);
    world.engine.script("bad", Script::exits(1, 10 * MS));
    let bad = world.define("web", vec![checked("bad")]).await.unwrap();
    let began = Instant::now();
    deploy(&world, &web, &bad).await;
    pass(10 * MIN).await;
    let running: BTreeSet<_> = running(&world).into_iter().collect();
    assert!(good.iter().all(|id| running.contains(id)));
    assert!(extremes(&world, began).0 >= 3);
    assert!(says(&world, &web, "is unable to consistently start tasks successfully."));
    assert_ne!(world.service(&web).unwrap().deployments[0].rollout_state, RolloutState::Completed);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_replaced_midway_ends_with_the_last_one_only() {
    let world = world().await;
    let web = service_of(&world, "web", 4).await;
    let two = world.define("web", vec![container("web:2")]).await.unwrap();
    let three = world.define("web", vec![container("web:3")]).await.unwrap();
    deploy(&world, &web, &two).await;
    pass(15 * MS).await;
    deploy(&world, &web, &three).await;
    settled(&world, &web).await;
    assert_eq!(world.engine.running_of("web:3").len(), 4);
    until(&world, "one deployment", SEC, |w| w.service(&web).unwrap().deployments.len() == 1).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn force_new_deployment_replaces_every_task_of_the_same_definition() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let old = running(&world);
    let update = ServiceUpdate { force_new_deployment: true, ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    until(&world, "all are new", MIN, |w| {
        w.is_settled(&web) && running(w).iter().all(|id| !old.contains(id)) && running(w).len() == 3
    })
    .await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_ignores_sigterm_is_killed_after_its_grace() {
    let world = world().await;
    world.engine.script("deaf", Script::runs().ignores_sigterm());
    let mut deaf = container("deaf");
    deaf.stop_timeout = Some(7 * SEC);
    let definition = world.define("deaf", vec![deaf]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let id = &ran.tasks[0].id;
    until(&world, "up", SEC, |w| task(w, id).started_at.is_some()).await;
    let from = Instant::now();
    world.control().stop_task(id.clone(), None).await.unwrap();
    let ended = stopped(&world, id).await;
    assert!((7 * SEC..8 * SEC).contains(&from.elapsed()), "{:?}", from.elapsed());
    assert_eq!(ended.containers[0].exit_code, Some(137));
}
