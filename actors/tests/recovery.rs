//! What a new tree decides before and after it has heard of everything.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::ports::{Store, Write};
use support::*;

#[tokio::test(start_paused = true)]
async fn one_that_ended_while_the_tree_was_away_counts_against_a_scale_in_that_was_under_way() {
    for victim in 0..2 {
        let mut world = world().await;
        let web = service_of(&world, "web", 2).await;
        settled(&world, &web).await;
        let service = world.service(&web).unwrap();
        pass(SEC).await;
        world.crash();
        // The change was just written; nobody was told of it.
        let mut record = mainstay_core::model::Service::clone(&service);
        record.desired_count = 1;
        record.deployments[0].desired_count = 1;
        world.store.open().commit(vec![Write::Service(record)]).await.unwrap();
        let mut left = running(&world);
        world.engine.exit(&left.remove(victim), 1);
        pass(SEC).await;
        world.start().await.unwrap();
        settled(&world, &web).await;
        pass(MIN).await;
        assert_eq!(running(&world), left, "the other one is not one too many");
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn that_no_host_has_reported_yet_is_not_told_as_a_want_of_instances() {
    let mut world = world().await;
    let web = service_of(&world, "web", 1).await;
    settled(&world, &web).await;
    scale(&world, &web, 2).await;
    world.crash();
    world.engine.go_away();
    world.start().await.unwrap();
    pass(SEC).await;
    assert!(!says(&world, &web, "was unable to place"), "{:?}", events(&world, &web));
    world.engine.come_back();
    settled(&world, &web).await;
    assert!(!says(&world, &web, "was unable to place"), "{:?}", events(&world, &web));
}
