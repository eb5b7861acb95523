//! A protected task outlives scale-in and rollouts until its protection is over.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::sim::{World, container};
use mainstay_core::model::{RolloutState, StopCode, TaskStatus};
use mainstay_core::protection::{Refusal, Wish};
use mainstay_core::{ServiceKey, TaskId};
use support::*;

async fn protect(world: &World, id: &TaskId, time: Duration) {
    let protected = world.control().protect_task(id.clone(), Wish::Protect(time)).await.unwrap().unwrap();
    assert!(protected.protected_until.is_some());
}

async fn release(world: &World, id: &TaskId) {
    world.control().protect_task(id.clone(), Wish::Release).await.unwrap().unwrap();
}

/// Its running tasks, the first one to go last.
fn ids(world: &World, key: &ServiceKey) -> Vec<TaskId> {
    world.running_tasks(key).iter().map(|task| task.id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn scale_in_takes_others_and_a_protected_task_when_its_time_is_over() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let protected = ids(&world, &web)[2].clone();
    protect(&world, &protected, 10 * MIN).await;
    scale(&world, &web, 1).await;
    settled(&world, &web).await;
    assert_eq!(ids(&world, &web), std::slice::from_ref(&protected));
    scale(&world, &web, 0).await;
    pass(9 * MIN).await;
    assert_eq!(ids(&world, &web), std::slice::from_ref(&protected), "it is protected");
    let ended = stopped(&world, &protected).await;
    assert_eq!(ended.stop_code, Some(StopCode::ServiceSchedulerInitiated));
    let until = ended.protected_until.unwrap();
    let late = ended.stopping_at.unwrap().millis_since(until);
    assert!(ended.stopping_at.unwrap() >= until && late < 1000, "{late} ms late");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_waits_for_a_protected_task_and_ends_when_it_is_released() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    let old = ids(&world, &web);
    protect(&world, &old[0], HOUR).await;
    let two = world.define("web", vec![container("web:2")]).await.unwrap();
    deploy(&world, &web, &two).await;
    until(&world, "only the protected one of the old is left", 2 * MIN, |w| {
        w.engine.running_of("web:2").len() == 2 && w.engine.running_of("web").len() == 1
    })
    .await;
    pass(30 * MIN).await;
    assert_eq!(task(&world, &old[0]).last_status, TaskStatus::Running);
    let service = world.service(&web).unwrap();
    assert_eq!(
        (service.deployments.len(), service.deployments[0].rollout_state),
        (2, RolloutState::InProgress)
    );
    release(&world, &old[0]).await;
    stopped(&world, &old[0]).await;
    settled(&world, &web).await;
    until(&world, "the rollout is over", SEC, |w| {
        let service = w.service(&web).unwrap();
        service.deployments.len() == 1 && service.deployments[0].rollout_state == RolloutState::Completed
    })
    .await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn protection_outlives_the_daemon_and_its_crash() {
    for crash in [false, true] {
        let mut world = world().await;
        let web = service_of(&world, "web", 1).await;
        let id = ids(&world, &web)[0].clone();
        protect(&world, &id, 20 * MIN).await;
        if crash {
            world.crash();
        } else {
            world.stop().await;
        }
        world.start().await.unwrap();
        until(&world, "it is there again", MIN, |w| ids(w, &web) == [id.clone()]).await;
        scale(&world, &web, 0).await;
        pass(17 * MIN).await;
        assert_eq!(ids(&world, &web), std::slice::from_ref(&id));
        stopped(&world, &id).await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_that_a_task_is_protected_sees_it_spared_by_a_scale_in_under_way() {
    for late in 0..40 {
        let world = world().await;
        let web = service_of(&world, "web", 1).await;
        let id = ids(&world, &web)[0].clone();
        scale(&world, &web, 0).await;
        tokio::time::sleep(Duration::from_micros(late * 50)).await;
        match world.control().protect_task(id.clone(), Wish::Protect(5 * MIN)).await.unwrap() {
            Ok(_) => {
                pass(4 * MIN).await;
                assert_eq!(task(&world, &id).desired_status, TaskStatus::Running);
            }
            Err(refusal) => assert_eq!(refusal, Refusal::Ending),
        }
        stopped(&world, &id).await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_task_still_ends_by_itself_by_stop_task_and_with_its_service() {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let all = ids(&world, &web);
    for id in &all {
        protect(&world, id, HOUR).await;
    }
    world.control().stop_task(all[0].clone(), None).await.unwrap();
    assert_eq!(stopped(&world, &all[0]).await.stop_code, Some(StopCode::UserInitiated));
    let ends = world.engine.running_of_task(&all[1]);
    world.engine.exit(&ends[0], 1);
    stopped(&world, &all[1]).await;
    settled(&world, &web).await;
    world.control().delete_service(web.clone(), true).await.unwrap();
    stopped(&world, &all[2]).await;
    until(&world, "the service is gone", MIN, |w| w.is_settled(&web)).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn only_running_tasks_of_services_are_protected_and_not_more_than_one_beyond_what_is_wanted() {
    let world = world().await;
    let job = world.define("job", vec![container("job")]).await.unwrap();
    let alone = run(&world, &job, 1).await.tasks[0].id.clone();
    let refusal = |answer: Result<_, Refusal>| answer.map(|_: std::sync::Arc<_>| ()).unwrap_err();
    let asked = world.control().protect_task(alone, Wish::Protect(MIN)).await.unwrap();
    assert_eq!(refusal(asked), Refusal::OfNoService);
    let web = service_of(&world, "web", 3).await;
    let all = ids(&world, &web);
    protect(&world, &all[0], HOUR).await;
    protect(&world, &all[1], HOUR).await;
    scale(&world, &web, 1).await;
    stopped(&world, &all[2]).await;
    let asked = world.control().protect_task(all[1].clone(), Wish::Protect(MIN)).await.unwrap();
    assert_eq!(refusal(asked), Refusal::Blocked { protected: 2, desired: 1 });
    let asked = world.control().protect_task(all[2].clone(), Wish::Protect(MIN)).await.unwrap();
    assert_eq!(refusal(asked), Refusal::Ending);
    assert_lawful(&world);
}
