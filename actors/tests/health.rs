//! Whose health check counts, and what becomes of a task that is unhealthy.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::{Script, World, checked, container, new_service};
use mainstay_core::ServiceKey;
use mainstay_core::model::{Health, OnUnhealthy, Tag, TaskStatus};
use support::*;

/// A world in which the image `web` checks itself: well after a second, sick after half a minute.
async fn world_of_an_image_that_checks_itself(counts: bool) -> World {
    let mut world = quiet_world(1);
    world.settings.image_health_checks = counts;
    world.engine.checks_itself("web");
    world.engine.script("web", Script::healthy(SEC).then_unhealthy(30 * SEC));
    world.start().await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn the_check_that_an_image_brings_counts_where_that_is_configured() {
    let world = world_of_an_image_that_checks_itself(true).await;
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let web = world.serve("web", &definition, 1).await.unwrap();
    until(&world, "up", MIN, |w| !w.running_tasks(&web).is_empty()).await;
    assert!(!world.is_steady(&web), "it has a check without a verdict");
    until(&world, "steady", MIN, |w| w.is_steady(&web)).await;
    let old = world.running_tasks(&web)[0].clone();
    assert_eq!((old.health, old.containers[0].health), (Health::Healthy, Health::Healthy));

    world.engine.script("web", Script::healthy(SEC));
    let ended = stopped(&world, &old.id).await;
    assert_eq!(ended.stopped_reason.as_deref(), Some("Task failed container health checks"));
    until(&world, "steady again", MIN, |w| w.is_settled(&web) && w.is_steady(&web)).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn the_check_that_an_image_brings_is_nobodys_business_where_nothing_is_configured() {
    let world = world_of_an_image_that_checks_itself(false).await;
    let web = service_of(&world, "web", 1).await;
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    let task = world.running_tasks(&web)[0].clone();
    pass(MIN).await;
    let now = world.running_tasks(&web)[0].clone();
    assert_eq!(
        (now.id.clone(), now.health, now.last_status),
        (task.id.clone(), Health::Unknown, TaskStatus::Running)
    );
    assert_lawful(&world);
}

/// A service of one task, well after a second and sick after half a minute, of which the tag says this.
async fn service_that_turns_sick(world: &World, says: &str) -> ServiceKey {
    world.engine.script("web", Script::healthy(SEC).then_unhealthy(30 * SEC));
    let definition = world.define("web", vec![checked("web")]).await.unwrap();
    let mut new = new_service("web", definition, 1);
    new.tags = vec![Tag { key: OnUnhealthy::TAG.into(), value: Some(says.into()) }];
    let web = world.control().create_service(new).await.unwrap().key.clone();
    until(world, "steady", 10 * SEC, |w| w.is_steady(&web)).await;
    web
}

fn times_told(world: &World, key: &ServiceKey) -> usize {
    events(world, key).iter().filter(|event| event.contains("failed container health checks")).count()
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_task_of_a_service_that_only_reports_stays_and_is_told_once() {
    let mut world = world().await;
    let web = service_that_turns_sick(&world, "report").await;
    let task_of = |w: &World| w.running_tasks(&web)[0].clone();
    let old = task_of(&world);
    until(&world, "UNHEALTHY", MIN, |w| task_of(w).health == Health::Unhealthy).await;
    until(&world, "told", SEC, |w| times_told(w, &web) == 1).await;
    assert!(says(&world, &web, &format!("(task {}) failed container health checks and is not", old.id)));
    assert!(says(&world, &web, "mainstay:on-unhealthy"));
    pass(10 * MIN).await;
    // Nor is it told again by a daemon that finds it so.
    world.stop().await;
    world.start().await.unwrap();
    pass(MIN).await;
    assert_eq!((&task_of(&world).id, task_of(&world).health), (&old.id, Health::Unhealthy));
    assert_eq!(times_told(&world, &web), 1);
    assert_eq!(world.engine.history().starts.len(), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_tag_says_replace_replaces_as_ever() {
    let world = world().await;
    let web = service_that_turns_sick(&world, "replace").await;
    let old = world.running_tasks(&web)[0].clone();
    world.engine.script("web", Script::healthy(SEC));
    let ended = stopped(&world, &old.id).await;
    assert_eq!(ended.stopped_reason.as_deref(), Some("Task failed container health checks"));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_well_again_in_between_is_told_of_again() {
    let world = world().await;
    let script = Script::healthy(SEC).then_unhealthy(30 * SEC);
    world.engine.script("web", script.then_healthy(60 * SEC).then_unhealthy(90 * SEC));
    let definition = world.define("web", vec![checked("web")]).await.unwrap();
    let mut new = new_service("web", definition, 1);
    new.tags = vec![Tag { key: OnUnhealthy::TAG.into(), value: Some("report".into()) }];
    let web = world.control().create_service(new).await.unwrap().key.clone();
    pass(80 * SEC).await;
    assert_eq!(times_told(&world, &web), 1);
    assert!(world.is_steady(&web));
    pass(20 * SEC).await;
    assert_eq!(times_told(&world, &web), 2);
    assert_eq!(world.running_tasks(&web).len(), 1);
}
