//! Tasks that nobody replaces.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::control::{ControlError, RunTask};
use mainstay_actors::sim::{Script, container, default_cluster, run_task};
use mainstay_actors::tasks::TasksMsg;
use mainstay_core::model::{ContainerOverride, StopCode, TaskStatus};
use support::*;

#[tokio::test(start_paused = true)]
async fn exit_codes_come_back_as_they_were() {
    let world = world().await;
    for code in [0, 3] {
        let mut job = container("job");
        job.command = Some(["exit", &code.to_string(), "250"].map(String::from).to_vec());
        let definition = world.define("job", vec![job]).await.unwrap();
        let ran = run(&world, &definition, 1).await;
        let ended = stopped(&world, &ran.tasks[0].id).await;
        assert_eq!(ended.containers[0].exit_code, Some(code));
        assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
        let times = [ended.started_at, ended.stopping_at, ended.execution_stopped_at, ended.stopped_at];
        assert!(times.iter().all(Option::is_some), "{times:?}");
    }
    pass(MIN).await;
    assert_eq!(world.engine.history().starts.len(), 2, "nobody replaces them");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_override_of_the_command_is_what_runs() {
    let world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let mut request = run_task(definition, 1);
    request.overrides.containers.push(ContainerOverride {
        name: "job".into(),
        command: Some(["exit", "7", "10"].map(String::from).to_vec()),
        ..Default::default()
    });
    let ran = world.control().run_task(request).await.unwrap();
    assert_eq!(stopped(&world, &ran.tasks[0].id).await.containers[0].exit_code, Some(7));
}

#[tokio::test(start_paused = true)]
async fn stop_task_stops_it_in_the_users_name_with_the_users_reason() {
    let world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let id = &ran.tasks[0].id;
    until(&world, "up", SEC, |w| task(w, id).last_status == TaskStatus::Running).await;
    let answer = world.control().stop_task(id.clone(), Some("enough".into())).await.unwrap();
    assert_eq!(answer.desired_status, TaskStatus::Stopped);
    assert_eq!(answer.last_status, TaskStatus::Stopping);
    let ended = stopped(&world, id).await;
    assert_eq!(ended.stop_code, Some(StopCode::UserInitiated));
    assert_eq!(ended.stopped_reason.as_deref(), Some("enough"));
    assert_eq!(ended.containers[0].exit_code, Some(143));
    let again = world.control().stop_task(id.clone(), None).await.unwrap();
    assert_eq!(again.stopped_reason.as_deref(), Some("enough"), "the first reason stays");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_stopped_before_its_containers_were_made() {
    let world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    world.control().stop_task(ran.tasks[0].id.clone(), None).await.unwrap();
    let ended = stopped(&world, &ran.tasks[0].id).await;
    assert_eq!(ended.containers[0].exit_code, None);
    pass(MIN).await;
    assert_eq!(running(&world), []);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_essential_end_takes_the_other_containers_down_in_order() {
    let world = world().await;
    world.engine.script("main", Script::exits(5, SEC));
    let definition = world.define("pair", vec![container("main"), container("side")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let ended = stopped(&world, &ran.tasks[0].id).await;
    let codes: Vec<_> = ended.containers.iter().map(|container| container.exit_code).collect();
    assert_eq!(codes, [Some(5), Some(143)]);
    assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_not_essential_leaves_the_task_running() {
    let world = world().await;
    world.engine.script("side", Script::exits(1, SEC));
    let mut side = container("side");
    side.essential = false;
    let definition = world.define("pair", vec![container("main"), side]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    pass(MIN).await;
    let seen = task(&world, &ran.tasks[0].id);
    assert_eq!(seen.last_status, TaskStatus::Running);
    assert_eq!(seen.containers[1].exit_code, Some(1));
}

#[tokio::test(start_paused = true)]
async fn the_same_token_means_the_same_tasks_also_at_once_and_after_a_restart() {
    let mut world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let mut request = run_task(definition, 2);
    request.client_token = Some("once".into());
    let control = world.control().clone();
    let (one, two) = tokio::join!(control.run_task(request.clone()), control.run_task(request.clone()));
    let (one, two) = (one.unwrap(), two.unwrap());
    let ids = |ran: &mainstay_actors::control::Ran| {
        ran.tasks.iter().map(|task| task.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&one).len(), 2);
    assert_eq!(ids(&one), ids(&two));
    world.stop().await;
    world.start().await.unwrap();
    let mut after = ids(&world.control().run_task(request.clone()).await.unwrap());
    after.sort();
    let mut before = ids(&one);
    before.sort();
    assert_eq!(after, before);
    request.started_by = None;
    request.definition = world.define("other", vec![container("other")]).await.unwrap();
    assert!(matches!(world.control().run_task(request).await, Err(ControlError::Conflict(_))));
    pass(SEC).await;
    assert_eq!(world.engine.history().starts.len(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_tasks_an_actor_left_on_their_way_to_the_disk_runs_nothing_twice() {
    let world = world().await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let request = RunTask { client_token: Some("once".into()), ..run_task(definition, 1) };
    world.store.latency(SEC..SEC);
    let (control, first) = (world.control().clone(), request.clone());
    let unanswered = tokio::spawn(async move { control.run_task(first).await });
    pass(300 * MS).await;
    let tasks = || world.ctx().directory.tasks_of_clusters.get(&default_cluster()).unwrap();
    tasks().cast(TasksMsg::Panic).unwrap();
    assert!(unanswered.await.unwrap().is_err(), "nobody is left to answer");
    pass(100 * MS).await;
    let again = world.control().run_task(request.clone()).await;
    assert!(matches!(again, Err(ControlError::Unavailable(_))), "{again:?}");
    pass(2 * SEC).await;
    let ran = world.control().run_task(request).await.unwrap();
    assert_eq!(ran.tasks.len(), 1);
    pass(SEC).await;
    assert_eq!(world.engine.history().starts.len(), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_room_comes_back_as_failures() {
    let world = world().await;
    let mut big = container("big");
    big.memory = Some(6 * 1024);
    let definition = world.define("big", vec![big]).await.unwrap();
    let ran = run(&world, &definition, 3).await;
    assert_eq!(ran.tasks.len(), 2);
    assert_eq!(ran.failures.len(), 1);
    assert_eq!(ran.failures[0].reason, "RESOURCE:MEMORY");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_stored_runs_nothing_and_keeps_no_room() {
    let world = world().await;
    let mut big = container("big");
    big.memory = Some(10 * 1024);
    let definition = world.define("big", vec![big]).await.unwrap();
    world.store.fail(1.0);
    let refused = world.control().run_task(run_task(definition.clone(), 1)).await;
    assert!(matches!(refused, Err(ControlError::Unavailable(_))), "{refused:?}");
    world.store.fail(0.0);
    let ran = run(&world, &definition, 1).await;
    assert_eq!((ran.tasks.len(), ran.failures.len()), (1, 0));
    pass(SEC).await;
    assert_eq!(running(&world).len(), 1);
}
