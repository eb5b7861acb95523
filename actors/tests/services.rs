//! Services keep their tasks up.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::control::ControlError;
use mainstay_actors::sim::{ImageState, Script, container, new_service};
use mainstay_core::model::{Health, ServiceStatus, StopCode, TaskStatus};
use support::*;

#[tokio::test(start_paused = true)]
async fn the_desired_count_comes_up_and_is_told_as_steady() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    assert_eq!(world.engine.running_of("web").len(), 3);
    assert!(says(&world, &web, "has started 3 tasks: (task "), "{:?}", events(&world, &web));
    assert!(says(&world, &web, "deployment completed."));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_provisioning_before_it_is_anything_else() {
    let world = world().await;
    world.engine.image("web", ImageState::Remote(5 * SEC));
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    world.engine.go_away();
    let ran = run(&world, &definition, 1).await;
    assert_eq!(ran.tasks[0].last_status, TaskStatus::Provisioning);
    assert_eq!(ran.tasks[0].desired_status, TaskStatus::Running);
    world.engine.come_back();
    let id = &ran.tasks[0].id;
    until(&world, "PENDING", SEC, |w| task(w, id).last_status == TaskStatus::Pending).await;
    until(&world, "RUNNING", 20 * SEC, |w| task(w, id).last_status == TaskStatus::Running).await;
    let pulled = task(&world, id);
    let took = pulled.pull_stopped_at.unwrap().millis_since(pulled.pull_started_at.unwrap());
    assert!((5000..5100).contains(&took), "the pull took {took} ms");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_killed_containers_task_is_stopped_with_its_exit_code_and_replaced_at_once() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    let victim = world.running_tasks(&web)[0].clone();
    let killed_at = tokio::time::Instant::now();
    world.engine.kill(&world.engine.running_of_task(&victim.id)[0]);

    let ended = stopped(&world, &victim.id).await;
    assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(ended.stopped_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(ended.containers[0].exit_code, Some(137));
    settled(&world, &web).await;
    assert!(killed_at.elapsed() < 100 * MS, "replaced after {:?}", killed_at.elapsed());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_exit_code_comes_with_the_event_and_the_looks_are_few() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    pass(SEC).await;
    let looks = world.engine.history().calls["inspect"];
    let old = world.running_tasks(&web)[0].clone();
    world.engine.exit(&world.engine.running_of_task(&old.id)[0], 3);
    let ended = stopped(&world, &old.id).await;
    assert_eq!(ended.containers[0].exit_code, Some(3));
    settled(&world, &web).await;
    pass(SEC).await;
    // One that tells when the engine has taken the old one down; the replacement's own, after its start and after the
    // event that told of it.
    assert_eq!(world.engine.history().calls["inspect"], looks + 3);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_container_killed_for_its_memory_says_so() {
    let world = world().await;
    world.engine.script("hog", Script::eats_memory(SEC));
    let definition = world.define("hog", vec![container("hog")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let ended = stopped(&world, &ran.tasks[0].id).await;
    assert_eq!(ended.containers[0].exit_code, Some(137));
    let reason = ended.containers[0].reason.as_deref();
    assert_eq!(reason, Some("OutOfMemoryError: Container killed due to memory usage"));
}

#[tokio::test(start_paused = true)]
async fn a_container_of_which_the_engine_says_late_that_its_memory_killed_it_says_so_and_is_replaced_at_once()
{
    let world = world().await;
    world.engine.script("hog", Script::eats_memory(90 * SEC).flagged_after(300 * MS));
    let hog = service_of(&world, "hog", 1).await;
    let old = world.running_tasks(&hog)[0].clone();
    pass(89 * SEC).await;
    until(&world, "its end is decided", 2 * SEC, |w| task(w, &old.id).desired_status == TaskStatus::Stopped)
        .await;
    let died_at = tokio::time::Instant::now();
    until(&world, "another one is up", SEC, |w| !w.running_tasks(&hog).is_empty()).await;
    assert!(died_at.elapsed() < 100 * MS, "replaced after {:?}", died_at.elapsed());
    assert_ne!(task(&world, &old.id).last_status, TaskStatus::Stopped, "how it ended is not known yet");
    let ended = stopped(&world, &old.id).await;
    assert!(died_at.elapsed() < SEC, "told after {:?}", died_at.elapsed());
    assert_eq!(ended.containers[0].exit_code, Some(137));
    let reason = ended.containers[0].reason.as_deref();
    assert_eq!(reason, Some("OutOfMemoryError: Container killed due to memory usage"));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_container_that_was_killed_for_another_reason_is_told_within_a_second() {
    let world = world().await;
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    until(&world, "up", SEC, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    world.engine.kill(&running(&world)[0]);
    until(&world, "STOPPED", SEC, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Stopped).await;
    let ended = task(&world, &ran.tasks[0].id);
    assert_eq!((ended.containers[0].exit_code, ended.containers[0].reason.clone()), (Some(137), None));
    assert_eq!(ended.stop_code, Some(StopCode::EssentialContainerExited));
}

#[tokio::test(start_paused = true)]
async fn a_container_removed_from_outside_is_replaced() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.take_away(&world.engine.running_of_task(&victim.id)[0]);
    stopped(&world, &victim.id).await;
    settled(&world, &web).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_task_is_replaced_and_its_replacement_serves_first() {
    let world = world().await;
    world.engine.script("web", Script::healthy(SEC).then_unhealthy(30 * SEC));
    let web = checked_service(&world, "web", 2).await;
    until(&world, "steady", 10 * SEC, |w| w.is_steady(&web)).await;
    world.engine.script("web", Script::healthy(SEC));
    let old: Vec<_> = world.running_tasks(&web);
    until(&world, "one is UNHEALTHY", MIN, |w| task(w, &old[0].id).health == Health::Unhealthy).await;
    until(&world, "both old ones are stopping", MIN, |w| {
        let healthy = w.running_tasks(&web).iter().filter(|t| t.health == Health::Healthy).count();
        let stopping = old.iter().filter(|t| task(w, &t.id).desired_status == TaskStatus::Stopped).count();
        assert!(healthy >= stopping, "{stopping} are stopped while {healthy} new ones serve");
        stopping == 2
    })
    .await;
    until(&world, "steady again", MIN, |w| w.is_settled(&web) && w.is_steady(&web)).await;
    let ended = task(&world, &old[0].id);
    assert_eq!(ended.stop_code, Some(StopCode::ServiceSchedulerInitiated));
    assert_eq!(ended.stopped_reason.as_deref(), Some("Task failed container health checks"));
    assert!(says(&world, &web, "failed container health checks."));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_never_gets_healthy_is_never_steady() {
    let world = world().await;
    let web = checked_service(&world, "web", 1).await;
    until(&world, "RUNNING", SEC, |w| w.running_tasks(&web).len() == 1).await;
    pass(HOUR).await;
    assert!(!says(&world, &web, "steady state"), "{:?}", events(&world, &web));
    assert_eq!(world.running_tasks(&web)[0].health, Health::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_backs_off_exponentially_and_its_neighbour_is_not_slowed() {
    let world = world().await;
    world.engine.script("crash", Script::exits(1, 100 * MS));
    let definition = world.define("crash", vec![container("crash")]).await.unwrap();
    let crash = world.serve("crash", &definition, 1).await.unwrap();
    let web = service_of(&world, "web", 1).await;
    pass(2 * MIN).await;
    let starts = world.engine.history().starts_of("crash");
    let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert!(gaps[0] < 0.3, "the first is made good at once: {gaps:?}");
    for (n, gap) in gaps.iter().enumerate().skip(1) {
        let wait = f64::from(1 << (n - 1));
        let fits = (wait * 0.8 + 0.1..wait * 1.2 + 0.4).contains(gap);
        assert!(fits, "gap {n} is {gap} s, not around {wait} s: {gaps:?}");
    }
    assert!(gaps.len() >= 6, "{gaps:?}");
    let failed = world.service(&crash).unwrap().deployments[0].failed_tasks;
    assert!(failed >= 7, "{failed} failed tasks are counted");

    // Its neighbour heals as if it were alone.
    let killed_at = tokio::time::Instant::now();
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.kill(&world.engine.running_of("web")[0]);
    stopped(&world, &victim.id).await;
    settled(&world, &web).await;
    assert!(killed_at.elapsed() < 100 * MS, "{:?}", killed_at.elapsed());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_keep_failing_to_start_are_told_in_ecs_words() {
    let world = world().await;
    world.engine.script("bad", Script::cannot_start("exec: \"nope\": executable file not found in $PATH"));
    let definition = world.define("bad", vec![container("bad")]).await.unwrap();
    let bad = world.serve("bad", &definition, 1).await.unwrap();
    until(&world, "told", MIN, |w| says(w, &bad, "is unable to consistently start tasks successfully."))
        .await;
    let ended = world.view().tasks_of_service(&bad);
    let ended = ended.iter().find(|task| task.last_status == TaskStatus::Stopped).unwrap();
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = ended.stopped_reason.as_deref().unwrap();
    assert!(reason.starts_with("CannotStartContainerError: exec:"), "{reason}");
    assert_eq!(ended.containers[0].exit_code, None);
    assert!(!says(&world, &bad, "steady"));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_missing_image_fails_the_task_with_cannot_pull() {
    let world = world().await;
    world.engine.image("ghost", ImageState::Nowhere);
    let definition = world.define("ghost", vec![container("ghost")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    let ended = stopped(&world, &ran.tasks[0].id).await;
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = ended.stopped_reason.as_deref().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: pull access denied for ghost"), "{reason}");
    assert!(ended.pull_started_at.is_some() && ended.started_at.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_never_ends_is_given_up_after_five_tries() {
    let world = world().await;
    world.engine.image("slow", ImageState::Stuck);
    let definition = world.define("slow", vec![container("slow")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    until(&world, "STOPPED", 10 * MIN, |w| task(w, &ran.tasks[0].id).stopped_at.is_some()).await;
    let reason = task(&world, &ran.tasks[0].id).stopped_reason.clone().unwrap();
    assert!(reason.starts_with("CannotPullContainerError"), "{reason}");
    assert_eq!(world.engine.history().calls["pull"], 5);
}

#[tokio::test(start_paused = true)]
async fn a_service_scales_from_two_to_ten_to_none() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    let first = running(&world);
    scale(&world, &web, 10).await;
    settled(&world, &web).await;
    let all = running(&world);
    assert_eq!(all.len(), 10);
    assert!(first.iter().all(|id| all.contains(id)), "the first two stay");
    scale(&world, &web, 0).await;
    settled(&world, &web).await;
    assert_eq!(running(&world), []);
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    assert!(says(&world, &web, "has stopped 10 running tasks: (task "));
    let ended = world.view().tasks_of_service(&web);
    assert!(ended.iter().all(|task| task.stop_code == Some(StopCode::ServiceSchedulerInitiated)));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_service_drains_becomes_inactive_and_can_be_made_anew() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let control = world.control();
    let refused = control.delete_service(web.clone(), false).await;
    assert_eq!(refused, Err(ControlError::ServiceScaledAboveZero));
    let deleted = control.delete_service(web.clone(), true).await.unwrap();
    assert_eq!(deleted.status, ServiceStatus::Draining);
    until(&world, "INACTIVE", MIN, |w| w.service(&web).unwrap().status == ServiceStatus::Inactive).await;
    assert_eq!(running(&world), []);
    let again = control.update_service(web.clone(), Default::default()).await;
    assert_eq!(again, Err(ControlError::ServiceNotActive(web.clone())));
    let definition = world.view().definitions.all()[0].key.clone();
    control.create_service(new_service("web", definition, 1)).await.unwrap();
    settled(&world, &web).await;
    assert_eq!(running(&world).len(), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_room_says_so_once_and_is_placed_when_room_appears() {
    let world = world().await;
    let mut big = container("big");
    big.memory = Some(10 * 1024);
    let definition = world.define("big", vec![big]).await.unwrap();
    let first = world.serve("first", &definition, 1).await.unwrap();
    settled(&world, &first).await;
    let second = world.serve("second", &definition, 1).await.unwrap();
    let words = "was unable to place a task because no container instance met all of its requirements.";
    until(&world, "told", SEC, |w| says(w, &second, words)).await;
    let told = events(&world, &second).remove(0);
    assert!(told.contains("has insufficient memory available."), "{told}");
    pass(10 * MIN).await;
    assert_eq!(events(&world, &second).iter().filter(|event| event.contains(words)).count(), 1);
    scale(&world, &first, 0).await;
    settled(&world, &second).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn on_a_full_host_a_replacement_takes_its_predecessors_room_without_a_word() {
    let world = world().await;
    let mut big = container("big");
    big.memory = Some(10 * 1024);
    let definition = world.define("big", vec![big]).await.unwrap();
    let key = world.serve("big", &definition, 1).await.unwrap();
    settled(&world, &key).await;
    let victim = world.running_tasks(&key)[0].clone();
    world.engine.kill(&running(&world)[0]);
    stopped(&world, &victim.id).await;
    settled(&world, &key).await;
    assert!(!says(&world, &key, "unable to place"), "{:?}", events(&world, &key));
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_wall_clock_moves_no_wait_and_replaces_nobody() {
    const HOURS: i64 = 3_600_000;
    for jump in [-20 * HOURS, 20 * HOURS] {
        let world = world().await;
        world.engine.script("crash", Script::exits(1, 100 * MS));
        let definition = world.define("crash", vec![container("crash")]).await.unwrap();
        world.serve("crash", &definition, 1).await.unwrap();
        let web = service_of(&world, "web", 2).await;
        let before = world.running_tasks(&web);
        pass(5 * SEC).await;
        world.ctx().nature.jump(jump);
        pass(55 * SEC).await;
        let starts = world.engine.history().starts_of("crash");
        let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        for (n, gap) in gaps.iter().enumerate().skip(1) {
            let wait = f64::from(1 << (n - 1));
            assert!(
                (wait * 0.8 + 0.1..wait * 1.2 + 0.4).contains(gap),
                "jump {jump}: gap {n} is {gap} s: {gaps:?}"
            );
        }
        assert!(gaps.len() >= 5, "jump {jump}: {gaps:?}");
        assert_eq!(world.running_tasks(&web), before, "jump {jump}");
        assert_lawful(&world);
    }
}
