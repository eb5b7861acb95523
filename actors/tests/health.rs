//! Whose health check counts, and what becomes of a task that is unhealthy.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::{Script, World, container};
use mainstay_core::model::{Health, TaskStatus};
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
    assert_eq!((now.id.clone(), now.health, now.last_status), (task.id.clone(), Health::Unknown, TaskStatus::Running));
    assert_lawful(&world);
}
