//! Containers of one task that wait for each other, stop in order, and start again in place.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::host::HostMsg;
use mainstay_actors::sim::{Script, World, after, checked, container, phoenix, side};
use mainstay_core::TaskId;
use mainstay_core::model::{
    ContainerDefinition, DependencyCondition as On, Health, StopCode, Task, TaskStatus,
};
use support::*;

/// Runs one task of these containers.
async fn begin(world: &World, containers: Vec<ContainerDefinition>) -> TaskId {
    let definition = world.define("task", containers).await.unwrap();
    run(world, &definition, 1).await.tasks[0].id.clone()
}

async fn up(world: &World, id: &TaskId) {
    until(world, "the task is RUNNING", MIN, |w| task(w, id).last_status == TaskStatus::Running).await;
}

/// The names of the containers that were started, in order.
fn started(world: &World) -> Vec<String> {
    world.engine.history().starts.iter().map(|start| start.container.clone()).collect()
}

/// The names of the containers that ended, in order.
fn ended(world: &World) -> Vec<String> {
    world.engine.history().ends.iter().map(|end| end.container.clone()).collect()
}

fn codes(task: &Task) -> Vec<Option<i32>> {
    task.containers.iter().map(|container| container.exit_code).collect()
}

fn patient(mut container: ContainerDefinition, limit: Duration) -> ContainerDefinition {
    container.start_timeout = Some(limit);
    container
}

/// `app`, which needs a `db` that is healthy, which needs an `init` that succeeds.
fn chain() -> Vec<ContainerDefinition> {
    vec![
        after(container("app"), "db", On::Healthy),
        after(checked("db"), "init", On::Success),
        side(container("init")),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_container_starts_when_what_it_waits_for_has_come_and_the_task_runs_with_the_last() {
    let world = world().await;
    world.engine.script("init", Script::exits(0, 5 * SEC));
    world.engine.script("db", Script::healthy(5 * SEC));
    let id = begin(&world, chain()).await;
    for (time, expected) in [(SEC, 1), (5 * SEC, 2), (5 * SEC, 3)] {
        pass(time).await;
        assert_eq!(started(&world).len(), expected);
        let status = if expected == 3 { TaskStatus::Running } else { TaskStatus::Pending };
        assert_eq!(task(&world, &id).last_status, status);
    }
    assert_eq!(started(&world), ["init", "db", "app"]);
    assert_eq!(codes(&task(&world, &id)), [None, None, Some(0)]);
    assert!(task(&world, &id).started_at.is_some());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn containers_are_stopped_in_the_reverse_order_each_with_its_own_time() {
    let world = world().await;
    world.engine.script("init", Script::exits(0, SEC));
    world.engine.script("db", Script::healthy(SEC));
    world.engine.script("app", Script::runs().ignores_sigterm());
    let mut containers = chain();
    containers[0].stop_timeout = Some(7 * SEC);
    let id = begin(&world, containers).await;
    up(&world, &id).await;
    world.control().stop_task(id.clone(), None).await.unwrap();
    pass(6 * SEC).await;
    assert_eq!(running(&world).len(), 2, "what it depends on waits for the one that takes its time");
    let over = stopped(&world, &id).await;
    assert_eq!(ended(&world), ["init", "app", "db"]);
    assert_eq!(codes(&over), [Some(137), Some(143), Some(0)]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_fails_ends_all_that_depend_on_it_and_the_task_with_its_reason() {
    let world = world().await;
    world.engine.script("init", Script::exits(3, SEC));
    let id = begin(&world, chain()).await;
    let over = stopped(&world, &id).await;
    assert_eq!(started(&world), ["init"]);
    assert_eq!(codes(&over), [Some(143), Some(143), Some(3)]);
    let failed = "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency \
                  [init] for target [db] as dependency did not exit successfully.";
    assert_eq!(over.containers[1].reason.as_deref(), Some(failed));
    let never = over.containers[0].reason.as_deref().unwrap();
    assert!(never.ends_with("[db] for target [app] because dependency will never start"), "{never}");
    assert_eq!((over.stop_code, over.started_at), (Some(StopCode::TaskFailedToStart), None));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_dependent_that_is_not_essential_leaves_the_rest_running() {
    let world = world().await;
    world.engine.script("init", Script::exits(3, SEC));
    let extra = side(after(container("extra"), "init", On::Success));
    let id = begin(&world, vec![container("web"), extra, side(container("init"))]).await;
    pass(MIN).await;
    assert_eq!(task(&world, &id).last_status, TaskStatus::Running);
    assert_eq!(codes(&task(&world, &id)), [None, Some(143), Some(3)]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_start_timeout_counts_from_the_dependencys_start_whoever_sets_the_clock() {
    let world = world().await;
    world.engine.script("init", Script::exits(0, HOUR));
    let app = after(container("app"), "init", On::Complete);
    let id = begin(&world, vec![app, patient(side(container("init")), 30 * SEC)]).await;
    pass(20 * SEC).await;
    world.ctx().nature.jump(3_600_000);
    pass(9 * SEC).await;
    assert_eq!(task(&world, &id).last_status, TaskStatus::Pending);
    until(&world, "given up", 2 * SEC, |w| task(w, &id).desired_status == TaskStatus::Stopped).await;
    let over = stopped(&world, &id).await;
    let reason = over.stopped_reason.as_deref().unwrap();
    let expected = "CannotStartContainerError: dependency graph: container ordering dependency [init] for target \
                    [app] has timed out.";
    assert_eq!(reason, expected);
    assert_eq!(codes(&over), [Some(143), Some(143)]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_essential_container_that_gets_unhealthy_before_the_task_runs_ends_it() {
    let world = world().await;
    world.engine.script("db", Script::runs().then_unhealthy(15 * SEC));
    let app = after(container("app"), "db", On::Healthy);
    let id = begin(&world, vec![app.clone(), patient(checked("db"), HOUR)]).await;
    let over = stopped(&world, &id).await;
    assert_eq!(started(&world), ["db"]);
    assert!(over.stopped_reason.as_deref().unwrap().starts_with("Task failed container health checks"));
    // One that is not essential takes its dependent with it.
    let id = begin(&world, vec![app, side(checked("db"))]).await;
    let reason = stopped(&world, &id).await.stopped_reason.clone().unwrap();
    assert!(reason.ends_with("because dependency is UNHEALTHY"), "{reason}");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_comes_back_goes_on_where_the_order_was() {
    for moment in 0..60 {
        let mut world = world().await;
        world.engine.script("init", Script::exits(0, 40 * MS));
        world.engine.script("db", Script::healthy(40 * MS));
        let id = begin(&world, chain()).await;
        pass(5 * moment * MS).await;
        world.crash();
        pass(SEC).await;
        world.start().await.unwrap();
        up(&world, &id).await;
        assert_eq!(started(&world), ["init", "db", "app"], "killed after {} ms", 5 * moment);
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn an_init_container_that_is_done_and_removed_is_not_run_again() {
    let mut world = world().await;
    world.engine.script("init", Script::exits(0, SEC));
    world.engine.script("db", Script::healthy(MIN));
    let id = begin(&world, chain()).await;
    pass(10 * SEC).await;
    let init = world.engine.containers().into_iter().find(|seen| seen.name == "init").unwrap();
    world.engine.take_away(&init.id);
    // Its actor alone, and then all of them.
    drop(world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::PanicTask(id.clone())));
    pass(10 * SEC).await;
    world.crash();
    world.start().await.unwrap();
    until(&world, "up", 2 * MIN, |w| task(w, &id).last_status == TaskStatus::Running).await;
    assert_eq!(started(&world), ["init", "db", "app"]);
    assert_eq!(codes(&task(&world, &id)), [None, None, Some(0)]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn what_ran_for_the_period_is_started_again_in_place_and_the_task_goes_on() {
    let world = world().await;
    world.engine.script("web", Script::healthy(SEC));
    let id = begin(&world, vec![phoenix(checked("web"), MIN)]).await;
    up(&world, &id).await;
    for (count, code) in [(1, 5), (2, 137)] {
        pass(61 * SEC).await;
        let before = running(&world);
        world.engine.exit(&before[0], code);
        until(&world, "counted", SEC, |w| task(w, &id).containers[0].restart_count == count).await;
        assert_eq!(running(&world), before, "the same container");
        let seen = task(&world, &id);
        assert_eq!((seen.last_status, seen.desired_status), (TaskStatus::Running, TaskStatus::Running));
        assert_eq!((codes(&seen), seen.health), (vec![None], Health::Unknown));
    }
    // Too soon.
    pass(59 * SEC).await;
    world.engine.exit(&running(&world)[0], 5);
    let over = stopped(&world, &id).await;
    assert_eq!((codes(&over), over.containers[0].restart_count), (vec![Some(5)], 2));
    assert_eq!(over.stop_code, Some(StopCode::EssentialContainerExited));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_exit_code_and_a_stop_end_what_has_a_restart_policy() {
    let world = world().await;
    let id = begin(&world, vec![phoenix(container("web"), MIN)]).await;
    pass(2 * MIN).await;
    world.engine.exit(&running(&world)[0], 0);
    assert_eq!(codes(&*stopped(&world, &id).await), [Some(0)]);

    let id = begin(&world, vec![phoenix(container("web"), MIN), phoenix(container("log"), MIN)]).await;
    pass(2 * MIN).await;
    world.control().stop_task(id.clone(), None).await.unwrap();
    assert_eq!(codes(&*stopped(&world, &id).await), [Some(143), Some(143)]);

    // An essential end takes the other one down, which is not started again.
    let id = begin(&world, vec![phoenix(container("web"), MIN), phoenix(container("log"), MIN)]).await;
    pass(2 * MIN).await;
    let web = world.engine.running_of_task(&id)[0].clone();
    world.engine.exit(&web, 0);
    stopped(&world, &id).await;
    pass(2 * MIN).await;
    assert_eq!((started(&world).len(), running(&world)), (5, vec![]));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn what_ended_while_nobody_looked_is_started_again_by_whoever_comes_back() {
    let mut world = world().await;
    let id = begin(&world, vec![phoenix(container("web"), MIN)]).await;
    pass(2 * MIN).await;
    let same = running(&world);
    let back = |count| {
        move |w: &World| {
            task(w, &TaskId::clone(&w.view().tasks.all()[0].id)).containers[0].restart_count == count
        }
    };
    world.crash();
    world.engine.kill(&same[0]);
    pass(SEC).await;
    world.start().await.unwrap();
    until(&world, "after the daemon's end", 10 * SEC, back(1)).await;
    pass(2 * MIN).await;
    world.engine.go_away();
    world.engine.kill(&same[0]);
    pass(MIN).await;
    world.engine.come_back();
    until(&world, "after the engine's", 10 * SEC, back(2)).await;
    pass(2 * MIN).await;
    world.engine.kill(&same[0]);
    drop(world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::PanicTask(id.clone())));
    until(&world, "after its actor's", 10 * SEC, back(3)).await;
    assert_eq!(running(&world), same);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_of_a_start_in_place_is_followed_by_one_run_and_one_count() {
    for moment in 0..30 {
        for whole in [true, false] {
            let mut world = world().await;
            let id = begin(&world, vec![phoenix(container("web"), MIN)]).await;
            pass(2 * MIN).await;
            world.engine.exit(&running(&world)[0], 1);
            pass(moment * MS).await;
            if whole {
                world.crash();
                pass(SEC).await;
                world.start().await.unwrap();
            } else {
                drop(world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::PanicTask(id.clone())));
            }
            until(&world, "counted", 10 * SEC, |w| task(w, &id).containers[0].restart_count == 1).await;
            pass(MIN).await;
            let seen = task(&world, &id);
            assert_eq!(
                (seen.containers[0].restart_count, started(&world).len()),
                (1, 2),
                "after {moment} ms"
            );
            assert_eq!((seen.last_status, running(&world).len()), (TaskStatus::Running, 1));
            assert_lawful(&world);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_shall_stop_is_not_started_again_by_a_daemon_that_comes_back() {
    let mut world = world().await;
    world.engine.script("web", Script::runs().ignores_sigterm());
    let id = begin(&world, vec![phoenix(container("web"), MIN)]).await;
    pass(2 * MIN).await;
    world.control().stop_task(id.clone(), None).await.unwrap();
    world.crash();
    world.engine.exit(&running(&world)[0], 1);
    world.start().await.unwrap();
    assert_eq!(codes(&*stopped(&world, &id).await), [Some(1)]);
    pass(MIN).await;
    assert_eq!(started(&world).len(), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn late_and_repeated_news_of_an_end_neither_end_nor_repeat_the_run_that_follows() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.start().await.unwrap();
        until(&world, "up", SEC, |w| w.view().instances.all()[0].engine_connected).await;
        world.engine.faults(|faults| {
            (faults.reorder_events, faults.repeat_events, faults.lose_answers) = (0.5, 0.5, 0.3);
            faults.event_delay = 20 * SEC;
        });
        let id = begin(&world, vec![phoenix(container("web"), MIN)]).await;
        until(&world, "up", 2 * MIN, |w| task(w, &id).last_status == TaskStatus::Running).await;
        for count in 1..5 {
            pass(70 * SEC).await;
            world.engine.exit(&running(&world)[0], 1);
            until(&world, "started again", MIN, |w| task(w, &id).containers[0].restart_count == count).await;
        }
        pass(MIN).await;
        assert_eq!((task(&world, &id).last_status, running(&world).len()), (TaskStatus::Running, 1));
        assert_lawful(&world);
    }
}
