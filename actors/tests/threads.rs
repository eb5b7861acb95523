//! In real time on several threads, where handlers of different actors really run at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::host::HostMsg;
use mainstay_actors::placement::PlacementMsg;
use mainstay_actors::service::ServiceMsg;
use mainstay_actors::sim::{container, default_cluster};
use mainstay_actors::task::TaskMsg;
use support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads_dying_containers_and_crashing_actors_end_in_the_desired_count_too() {
    let mut world = quiet_world(1);
    world.settings.intensity.restarts = 1000;
    world.settings.restart.backoff_max = 20 * MS;
    world.start().await.unwrap();
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let web = world.serve("web", &definition, 10).await.unwrap();
    for round in 0..150 {
        pass((round % 7) * MS).await;
        if let Some(victim) = world.engine.running().pop() {
            world.engine.kill(&victim.id);
        }
        let directory = &world.ctx().directory;
        match round % 5 {
            0 => directory.services.get(&web).map(|actor| drop(actor.cast(ServiceMsg::Panic))),
            1 => directory.host.get(&()).map(|actor| drop(actor.cast(HostMsg::Panic))),
            2 => directory
                .placements
                .get(&default_cluster())
                .map(|actor| drop(actor.cast(PlacementMsg::Panic))),
            3 => world
                .running_tasks(&web)
                .first()
                .and_then(|task| directory.tasks.get(&task.id))
                .map(|actor| drop(actor.cast(TaskMsg::Panic))),
            _ => None,
        };
    }
    until(&world, "as it shall be", 30 * SEC, |w| w.is_settled(&web) && running(w).len() == 10).await;
    assert_lawful(&world);
}
