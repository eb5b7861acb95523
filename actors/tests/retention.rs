//! What is over is forgotten in time, as ECS does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::{Script, container};
use mainstay_core::model::ServiceStatus;
use support::*;

#[tokio::test(start_paused = true)]
async fn a_stopped_task_is_described_for_a_day_and_then_forgotten_on_disk_too() {
    let world = world().await;
    world.engine.script("job", Script::exits(0, SEC));
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let id = &ran.tasks[0].id;
    stopped(&world, id).await;
    pass(23 * HOUR).await;
    assert!(world.view().tasks.get(id).is_some());
    pass(2 * HOUR).await;
    assert!(world.view().tasks.get(id).is_none());
    assert!(world.store.task(id).is_none());
    assert_eq!(world.engine.containers(), []);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_running_task_is_never_forgotten() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    let before = running(&world);
    pass(72 * HOUR).await;
    assert_eq!(running(&world), before);
    assert_eq!(world.running_tasks(&web).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_inactive_service_is_described_for_a_day_and_then_forgotten() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    world.control().delete_service(web.clone(), true).await.unwrap();
    pass(23 * HOUR).await;
    assert_eq!(world.service(&web).unwrap().status, ServiceStatus::Inactive);
    pass(2 * HOUR).await;
    assert!(world.service(&web).is_none());
    assert_eq!(world.store.snapshot().services, []);
    let definition = world.view().definitions.all()[0].key.clone();
    world.serve("web", &definition, 1).await.unwrap();
    settled(&world, &web).await;
}
