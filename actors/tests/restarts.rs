//! The whole tree goes and comes back, on the same engine and the same disk.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::{Script, World, container};
use mainstay_core::model::{ServiceStatus, StopCode, TaskStatus};
use support::*;

#[tokio::test(start_paused = true)]
async fn an_orderly_shutdown_leaves_containers_running_and_everything_on_disk() {
    let mut world = world().await;
    let web = service_of(&world, "web", 3).await;
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    let (before, tasks) = (running(&world), world.view().tasks.all());
    world.stop().await;
    assert_eq!(running(&world), before);
    let disk = world.store.snapshot();
    assert_eq!(disk.tasks, tasks.iter().map(|task| (**task).clone()).collect::<Vec<_>>());
    assert!(disk.services[0].events[0].message.contains("steady state"));
    let stops = world.engine.history().calls.get("stop").copied();
    assert_eq!(stops, None, "nobody asked a container to stop");
}

#[tokio::test(start_paused = true)]
async fn a_restarted_tree_adopts_running_containers_untouched() {
    for crash in [false, true] {
        let mut world = world().await;
        let web = service_of(&world, "web", 3).await;
        let definition = world.define("pair", vec![container("main"), container("side")]).await.unwrap();
        let ran = run(&world, &definition, 1).await;
        until(&world, "up", SEC, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
        pass(SEC).await;
        let before = running(&world);
        if crash {
            world.crash()
        } else {
            world.stop().await
        }
        pass(MIN).await;
        world.start().await.unwrap();
        pass(5 * MIN).await;
        assert_eq!(running(&world), before);
        assert_eq!(world.engine.history().starts.len(), 5);
        assert_eq!(world.running_tasks(&web).len(), 3);
        assert_eq!(task(&world, &ran.tasks[0].id).last_status, TaskStatus::Running);
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn what_ended_while_the_tree_was_away_is_reported_with_its_real_exit_code_and_replaced() {
    let mut world = world().await;
    let web = service_of(&world, "web", 3).await;
    let victim = world.running_tasks(&web)[1].clone();
    pass(SEC).await;
    world.crash();
    world.engine.exit(&world.engine.running_of_task(&victim.id)[0], 42);
    pass(MIN).await;
    world.start().await.unwrap();
    let ended = stopped(&world, &victim.id).await;
    assert_eq!(ended.containers[0].exit_code, Some(42));
    assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
    settled(&world, &web).await;
    assert_eq!(running(&world).len(), 3);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_while_the_tree_was_away_is_not_made_anew_under_its_task() {
    let mut world = world().await;
    let web = service_of(&world, "web", 2).await;
    let victim = world.running_tasks(&web)[0].clone();
    pass(SEC).await;
    world.crash();
    world.engine.take_away(&world.engine.running_of_task(&victim.id)[0]);
    world.start().await.unwrap();
    let ended = stopped(&world, &victim.id).await;
    let reason = ended.containers[0].reason.as_deref().unwrap();
    assert!(reason.starts_with("ContainerVanishedError"), "{reason}");
    settled(&world, &web).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_of_a_start_ends_in_the_desired_count() {
    for millis in 0..40 {
        let mut world = quiet_world(millis);
        world.start().await.unwrap();
        let definition = world.define("web", vec![container("web")]).await.unwrap();
        let web = world.serve("web", &definition, 3).await.unwrap();
        pass(u32::try_from(millis).unwrap() * MS).await;
        world.crash();
        pass(SEC).await;
        world.start().await.unwrap();
        settled(&world, &web).await;
        // Containers whose task never reached the disk are orphans; they go after their grace.
        pass(3 * MIN).await;
        assert_eq!(running(&world).len(), 3, "after {millis} ms\n{}", picture(&world));
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn containers_of_a_task_that_nobody_knows_are_removed_after_their_grace() {
    // Another world's containers, which this one's disk knows nothing of.
    let mut world = world().await;
    let web = service_of(&world, "web", 2).await;
    let lost = running(&world);
    world.crash();
    world.store = mainstay_actors::sim::SimStore::new(2);
    world.start().await.unwrap();
    pass(50 * SEC).await;
    assert_eq!(running(&world), lost, "left alone for their grace");
    until(&world, "removed", 30 * SEC, |w| w.engine.containers().is_empty()).await;
    assert!(world.service(&web).is_none());
}

#[tokio::test(start_paused = true)]
async fn orphans_are_removed_even_if_the_engine_goes_away_in_between() {
    let mut world = world().await;
    service_of(&world, "web", 2).await;
    world.crash();
    world.store = mainstay_actors::sim::SimStore::new(2);
    world.start().await.unwrap();
    pass(59 * SEC).await;
    world.engine.go_away();
    pass(10 * SEC).await;
    world.engine.come_back();
    world.engine.faults(|faults| faults.lose_answers = 0.5);
    until(&world, "removed", 5 * MIN, |w| w.engine.containers().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_goes_on_after_a_crash() {
    let mut world = world().await;
    world.engine.script("deaf", Script::runs().ignores_sigterm());
    let deaf = service_of(&world, "deaf", 2).await;
    world.control().delete_service(deaf.clone(), true).await.unwrap();
    pass(SEC).await;
    world.crash();
    world.start().await.unwrap();
    until(&world, "INACTIVE", 2 * MIN, |w| w.service(&deaf).unwrap().status == ServiceStatus::Inactive).await;
    assert_eq!(running(&world), []);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_for_a_while_loses_nothing() {
    let mut world = world().await;
    let web = service_of(&world, "web", 2).await;
    world.store.fail(1.0);
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.kill(&world.engine.running_of_task(&victim.id)[0]);
    stopped(&world, &victim.id).await;
    settled(&world, &web).await;
    let refused = world.control().delete_service(web.clone(), true).await;
    assert!(refused.is_err(), "{refused:?}");
    pass(MIN).await;
    world.store.fail(0.0);
    pass(5 * SEC).await;
    let before = running(&world);
    world.crash();
    world.start().await.unwrap();
    pass(5 * MIN).await;
    assert_eq!(running(&world), before, "the new task was on disk, the refused deletion was not");
    assert_eq!(task(&world, &victim.id).last_status, TaskStatus::Stopped);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledged_change_is_on_disk_and_one_without_an_answer_is_not_half_there() {
    let mut world = world().await;
    let web = service_of(&world, "web", 1).await;
    scale(&world, &web, 3).await;
    world.crash();
    world.start().await.unwrap();
    assert_eq!(world.service(&web).unwrap().desired_count, 3);
    settled(&world, &web).await;

    world.store.latency(2 * SEC..3 * SEC);
    let control = world.control().clone();
    let key = web.clone();
    let change = mainstay_actors::control::ServiceUpdate { desired_count: Some(7), ..Default::default() };
    let asked = tokio::spawn(async move { control.update_service(key, change).await });
    pass(SEC).await;
    let service = world.ctx().directory.services.get(&web).unwrap();
    service.cast(mainstay_actors::service::ServiceMsg::Panic).unwrap();
    assert!(asked.await.unwrap().is_err());
    pass(MIN).await;
    world.stop().await;
    world.start().await.unwrap();
    assert_eq!(world.service(&web).unwrap().desired_count, 3);
    settled(&world, &web).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn two_worlds_fit_in_one_process() {
    let (one, two) = (world().await, World::new(2));
    let mut two = two;
    two.start().await.unwrap();
    let (first, second) = (service_of(&one, "web", 1).await, service_of(&two, "web", 2).await);
    one.engine.kill(&running(&one)[0]);
    until(&one, "replaced", SEC, |w| w.engine.history().starts.len() == 2 && w.is_settled(&first)).await;
    settled(&two, &second).await;
    assert_eq!((running(&one).len(), running(&two).len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_let_a_crash_loop_off_its_brake() {
    for crash in [false, true] {
        let mut world = world().await;
        world.engine.script("crash", Script::exits(1, 100 * MS));
        let definition = world.define("crash", vec![container("crash")]).await.unwrap();
        world.serve("crash", &definition, 1).await.unwrap();
        pass(2 * MIN).await;
        let before = world.engine.history().starts_of("crash");
        if crash {
            world.crash()
        } else {
            world.stop().await
        }
        world.start().await.unwrap();
        pass(5 * MIN).await;
        let starts = world.engine.history().starts_of("crash");
        let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let next = gaps[before.len() - 1];
        let expected = f64::from(1 << (before.len() - 2));
        let fits = (expected * 0.8..expected * 1.2 + 1.0).contains(&next);
        assert!(
            fits,
            "crash {crash}: {next} s after {} starts, not around {expected} s: {gaps:?}",
            before.len()
        );
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_disk_loses_without_a_word_is_found_by_the_audit_and_written_again() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    let lost = world.running_tasks(&web)[0].id.clone();
    world.store.lose(&lost);
    assert_eq!(world.store.task(&lost), None);
    pass(6 * MIN).await;
    assert_eq!(world.store.task(&lost), Some(task(&world, &lost)));
    assert_lawful(&world);
}
