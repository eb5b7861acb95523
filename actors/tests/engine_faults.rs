//! The engine goes away, loses answers, cuts its events; tasks wait, and nothing is done twice.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::{Script, World, checked, container};
use mainstay_core::model::{
    ContainerDefinition, Gpus, Health, PortMapping, Ports, Protocol, StopCode, TaskStatus,
};
use support::*;

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_away_at_start_is_waited_for() {
    let mut world = World::new(1);
    world.engine.go_away();
    world.start().await.unwrap();
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let web = world.serve("web", &definition, 2).await.unwrap();
    pass(10 * MIN).await;
    assert_eq!(world.running_tasks(&web).len(), 0);
    assert!(says(&world, &web, "encountered error \"AGENT\"."));
    world.engine.come_back();
    until(&world, "up by itself", 10 * SEC, |w| w.is_settled(&web)).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_comes_back_is_asked_at_once_for_what_waited() {
    let world = world().await;
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    world.engine.go_away();
    let web = world.serve("web", &definition, 2).await.unwrap();
    pass(10 * MIN).await;
    assert_eq!(world.running_tasks(&web).len(), 0);
    world.engine.come_back();
    until(&world, "up by itself", 6 * SEC, |w| w.is_settled(&web)).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn while_the_engine_is_away_containers_stay_and_what_ended_meanwhile_is_found_with_its_code() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let before = running(&world);
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.go_away();
    pass(MIN).await;
    assert_eq!(world.running_tasks(&web).len(), 3, "nobody knows better");
    world.engine.exit(&world.engine.running_of_task(&victim.id)[0], 9);
    pass(MIN).await;
    world.engine.come_back();
    let ended = stopped(&world, &victim.id).await;
    assert_eq!(ended.containers[0].exit_code, Some(9));
    settled(&world, &web).await;
    let after = running(&world);
    assert_eq!(before.iter().filter(|id| after.contains(id)).count(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_cut_event_stream_is_taken_up_again_and_nothing_falls_in_between() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    world.engine.cut_events();
    for id in running(&world) {
        world.engine.kill(&id);
    }
    until(&world, "both are replaced", SEC, |w| w.engine.history().starts.len() == 4 && w.is_settled(&web))
        .await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_does_not_do_the_act_twice() {
    let world = world().await;
    world.engine.faults(|faults| faults.lose_answers = 0.5);
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let web = world.serve("web", &definition, 10).await.unwrap();
    until(&world, "up", 5 * MIN, |w| w.is_settled(&web)).await;
    assert_eq!(world.engine.history().starts.len(), 10);
    assert_eq!(world.engine.containers().len(), 10);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_stopped_while_its_start_has_no_answer_leaves_nothing_running() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.settings.cleanup_wait = MIN;
        world.start().await.unwrap();
        let definition = world.define("web", vec![container("web")]).await.unwrap();
        until(&world, "up", SEC, |w| w.view().instances.all()[0].engine_connected).await;
        // No events either: only the acts' answers tell.
        world.engine.faults(|faults| (faults.lose_answers, faults.event_delay) = (0.7, 5 * MIN));
        let ran = run(&world, &definition, 1).await;
        pass(u32::try_from(seed).unwrap() * 5 * MS).await;
        world.control().stop_task(ran.tasks[0].id.clone(), None).await.unwrap();
        stopped(&world, &ran.tasks[0].id).await;
        assert_eq!(running(&world), [], "seed {seed}: STOPPED is said of a task that runs");
        until(&world, "its containers are removed", 10 * MIN, |w| w.engine.containers().is_empty()).await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_come_late_twice_and_in_disorder_end_in_the_truth() {
    let world = world().await;
    world.engine.faults(|faults| {
        faults.reorder_events = 0.4;
        faults.repeat_events = 0.4;
        faults.event_delay = 2 * SEC;
    });
    let flicker = Script::healthy(SEC).then_unhealthy(1100 * MS);
    let flicker = Script { health: [flicker.health, vec![(1200 * MS, Health::Healthy)]].concat(), ..flicker };
    world.engine.script("web", flicker);
    let definition = world.define("web", vec![checked("web")]).await.unwrap();
    let ran = run(&world, &definition, 10).await;
    pass(MIN).await;
    for made in &ran.tasks {
        assert_eq!(task(&world, &made.id).health, Health::Healthy);
        assert_eq!(task(&world, &made.id).last_status, TaskStatus::Running);
    }
    for id in running(&world) {
        world.engine.exit(&id, 4);
    }
    for made in &ran.tasks {
        assert_eq!(stopped(&world, &made.id).await.containers[0].exit_code, Some(4));
    }
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn slow_calls_hold_up_nobody_but_their_own_task() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    let definition = world.define("slow", vec![container("slow")]).await.unwrap();
    world.engine.faults(|faults| faults.latency = 20 * SEC..21 * SEC);
    let slow = world.serve("slow", &definition, 1).await.unwrap();
    pass(15 * SEC).await;
    world.engine.faults(|faults| faults.latency = MS..10 * MS);
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.exit(&world.engine.running_of_task(&victim.id)[0], 1);
    until(&world, "web is made good", 100 * MS, |w| {
        w.is_settled(&web) && task(w, &victim.id).last_status == TaskStatus::Stopped
    })
    .await;
    settled(&world, &slow).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_container_started_again_from_outside_after_its_end_is_stopped() {
    use mainstay_actors::ports::ContainerEngine;
    let world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    until(&world, "up", SEC, |w| running(w).len() == 1).await;
    let id = running(&world).remove(0);
    world.engine.exit(&id, 2);
    let ended = stopped(&world, &ran.tasks[0].id).await;
    world.engine.start(&id).await.unwrap();
    until(&world, "stopped again", SEC, |w| running(w).is_empty()).await;
    assert_eq!(task(&world, &ended.id), ended, "what is over stays as it was");
    assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
}

#[tokio::test(start_paused = true)]
async fn stopped_containers_stay_to_be_looked_at_and_are_removed_in_time() {
    let world = world().await;
    world.engine.script("job", Script::exits(0, SEC));
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    stopped(&world, &ran.tasks[0].id).await;
    world.ctx();
    pass(2 * HOUR).await;
    assert_eq!(world.engine.containers().len(), 1);
    pass(2 * HOUR).await;
    assert_eq!(world.engine.containers(), []);
}

#[tokio::test(start_paused = true)]
async fn a_look_at_a_killed_container_is_taken_again_when_its_answer_is_lost() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.faults(|faults| faults.lose_answers = 1.0);
    world.engine.kill(&running(&world)[0]);
    pass(10 * SEC).await;
    world.engine.faults(|faults| faults.lose_answers = 0.0);
    // The replacement began at once, so it lost answers too; its next try is at most ten seconds away.
    until(&world, "made good", 12 * SEC, |w| {
        task(w, &victim.id).last_status == TaskStatus::Stopped && w.is_settled(&web)
    })
    .await;
    assert_eq!(task(&world, &victim.id).containers[0].exit_code, Some(137));
}

/// A container of one port range.
fn ranged() -> ContainerDefinition {
    let mapping = PortMapping {
        container: Ports::Range { first: 8000, last: 8003 },
        host_port: None,
        protocol: Protocol::Tcp,
        name: None,
        app_protocol: None,
    };
    ContainerDefinition { port_mappings: vec![mapping], ..container("web") }
}

#[tokio::test(start_paused = true)]
async fn a_row_of_ports_of_which_one_is_taken_costs_another_try_and_no_task() {
    let world = world().await;
    let definition = world.define("web", vec![ranged()]).await.unwrap();
    world.engine.take_ports(Ports::One(49_158));
    let web = world.serve("web", &definition, 1).await.unwrap();
    settled(&world, &web).await;
    let running = world.running_tasks(&web);
    let bindings = &running[0].containers[0].network_bindings;
    assert!(!bindings[0].host.meets(Ports::One(49_158)) && bindings[0].host.is_range(), "{bindings:?}");
    assert_eq!(world.engine.containers().len(), 1, "those that could not start are gone");
    assert_eq!(world.control().view().tasks.all().len(), 1, "no task failed on the way");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_for_which_no_row_of_ports_is_free_fails_with_the_engines_words() {
    let world = world().await;
    let definition = world.define("web", vec![ranged()]).await.unwrap();
    world.engine.take_ports(Ports::Range { first: 40_000, last: u16::MAX });
    let ran = run(&world, &definition, 1).await;
    let ended = stopped(&world, &ran.tasks[0].id).await;
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = ended.containers[0].reason.clone().unwrap_or_default();
    assert!(reason.starts_with("CannotStartContainerError: Bind for "), "{reason}");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_needs_a_gpu_has_no_place_on_a_host_without() {
    let world = world().await;
    let needy = ContainerDefinition { gpus: Some(Gpus::All), ..container("web") };
    let definition = world.define("web", vec![needy]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    assert!(ran.tasks.is_empty());
    let web = world.serve("web", &definition, 1).await.unwrap();
    pass(MIN).await;
    assert!(says(&world, &web, "has insufficient GPU resources available."));
}
