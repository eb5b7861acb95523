//! An actor's crash is not a container's crash.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::agent::AgentMsg;
use mainstay_actors::catalog::CatalogMsg;
use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::host::HostMsg;
use mainstay_actors::placement::PlacementMsg;
use mainstay_actors::service::ServiceMsg;
use mainstay_actors::sim::{World, container, default_cluster};
use mainstay_actors::supervisor::SupervisorMsg;
use mainstay_actors::task::TaskMsg;
use mainstay_actors::tasks::TasksMsg;
use mainstay_core::ServiceKey;
use mainstay_core::model::TaskStatus;
use support::*;

/// Kills somebody, and sees that containers keep their ids, that the count stays, and that all still heals, scales
/// and runs tasks afterwards.
async fn survives(crash: impl Fn(&World, &ServiceKey)) {
    let world = world().await;
    let web = service_of(&world, "web", 3).await;
    let definition = world.define("job", vec![container("job")]).await.unwrap();
    let ran = run(&world, &definition, 1).await;
    until(&world, "the job is up", SEC, |w| running(w).len() == 4).await;
    let before = running(&world);

    crash(&world, &web);
    pass(2 * MIN).await;
    assert_eq!(running(&world), before, "{}", picture(&world));
    assert_eq!(world.running_tasks(&web).len(), 3);
    assert_eq!(task(&world, &ran.tasks[0].id).last_status, TaskStatus::Running);
    assert!(restarts(&world) >= 1, "nobody crashed");

    crash(&world, &web);
    world.engine.kill(&world.engine.running_of("web")[0]);
    until(&world, "made good", 10 * SEC, |w| w.engine.running_of("web").len() == 3 && w.is_settled(&web))
        .await;
    crash(&world, &web);
    pass(MS).await;
    scale(&world, &web, 5).await;
    settled(&world, &web).await;
    world.control().stop_task(ran.tasks[0].id.clone(), None).await.unwrap();
    crash(&world, &web);
    stopped(&world, &ran.tasks[0].id).await;
    let again = run(&world, &definition, 1).await;
    until(&world, "runs", 10 * SEC, |w| task(w, &again.tasks[0].id).last_status == TaskStatus::Running).await;
    pass(2 * MIN).await;
    assert_eq!(running(&world).len(), 6, "{}", picture(&world));
    assert_eq!(world.unowned(), []);
    let tree = world.ctx().tree.nodes();
    let dead: Vec<_> = tree.iter().filter(|node| node.since.is_none()).collect();
    assert!(dead.is_empty(), "still in the tree: {dead:?}");
    assert_lawful(&world);
}

fn restarts(world: &World) -> u64 {
    world.ctx().tree.nodes().iter().map(|node| node.restarts).sum()
}

#[tokio::test(start_paused = true)]
async fn containers_survive_their_service_actor() {
    survives(|world, web| {
        world.ctx().directory.services.get(web).unwrap().cast(ServiceMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_their_task_actors() {
    survives(|world, _| {
        for task in world.view().tasks.all() {
            if let Some(actor) = world.ctx().directory.tasks.get(&task.id) {
                actor.cast(TaskMsg::Panic).unwrap();
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_agent_actor() {
    survives(|world, _| {
        world.ctx().directory.agents.get(world.instance()).unwrap().cast(AgentMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_placement_and_all_that_goes_with_it() {
    survives(|world, _| {
        world.ctx().directory.placements.get(&default_cluster()).unwrap().cast(PlacementMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_catalog() {
    survives(|world, _| world.ctx().directory.catalog.get(&()).unwrap().cast(CatalogMsg::Panic).unwrap())
        .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_host_actor() {
    survives(|world, _| world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::Panic).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_their_host_task_actors() {
    survives(|world, _| {
        let host = world.ctx().directory.host.get(&()).unwrap();
        for task in world.view().tasks.all() {
            host.cast(HostMsg::PanicTask(task.id.clone())).unwrap();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_owner_of_run_tasks() {
    survives(|world, _| {
        let tasks = world.ctx().directory.tasks_of_clusters.get(&default_cluster()).unwrap();
        tasks.cast(TasksMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_supervisors_of_services_and_agents() {
    survives(|world, _| {
        let directory = &world.ctx().directory;
        let services = directory.service_supervisors.get(&default_cluster()).unwrap();
        services.cast(SupervisorMsg::Panic).unwrap();
        directory.agent_supervisors.get(&default_cluster()).unwrap().cast(SupervisorMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn containers_survive_the_supervisor_of_all_clusters() {
    survives(|world, _| {
        world.ctx().directory.clusters.get(&()).unwrap().cast(SupervisorMsg::Panic).unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_actor_is_started_again_like_one_that_panicked() {
    survives(|world, web| world.ctx().directory.services.get(web).unwrap().kill()).await;
    survives(|world, _| world.ctx().directory.host.get(&()).unwrap().kill()).await;
    survives(|world, _| {
        for task in world.view().tasks.all() {
            if let Some(actor) = world.ctx().directory.tasks.get(&task.id) {
                actor.kill();
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_actor_crashes_while_it_places_tasks_ends_with_the_right_count() {
    for millis in 0..30 {
        let world = world().await;
        let definition = world.define("web", vec![container("web")]).await.unwrap();
        let web = world.serve("web", &definition, 5).await.unwrap();
        pass(Duration::from_micros(millis * 500)).await;
        world.ctx().directory.services.get(&web).unwrap().cast(ServiceMsg::Panic).unwrap();
        settled(&world, &web).await;
        pass(2 * MIN).await;
        assert_eq!(running(&world).len(), 5);
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_two_containers_of_one_task_does_not_fail_the_task() {
    for millis in 0..30 {
        let world = world().await;
        let definition = world.define("pair", vec![container("one"), container("two")]).await.unwrap();
        let ran = run(&world, &definition, 1).await;
        pass(Duration::from_millis(millis)).await;
        world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::Panic).unwrap();
        until(&world, "RUNNING", 10 * SEC, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running)
            .await;
        assert_eq!(running(&world).len(), 2, "after {millis} ms");
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn actors_that_keep_crashing_take_the_tree_down_and_leave_the_containers_alone() {
    let mut world = quiet_world(1);
    world.settings.intensity.restarts = 2;
    world.start().await.unwrap();
    let web = service_of(&world, "web", 2).await;
    let before = running(&world);
    // Three for each level of supervisors: services, cluster, clusters, root.
    for _ in 0..3_u32.pow(4) {
        if let Some(service) = world.ctx().directory.services.get(&web) {
            drop(service.cast(ServiceMsg::Panic));
        }
        pass(10 * MS).await;
    }
    assert!(world.ctx().directory.catalog.get(&()).is_none(), "the root did not give up");
    assert_eq!(running(&world), before);
}

#[tokio::test(start_paused = true)]
async fn of_a_deleted_service_no_actor_is_left() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    world.control().delete_service(web.clone(), true).await.unwrap();
    pass(MIN).await;
    let left = world.ctx().tree.nodes();
    assert!(left.iter().all(|node| !node.path.as_str().contains("services/web")), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_while_the_host_is_being_started_again_stops_the_containers_first() {
    for millis in 0..20 {
        let world = world().await;
        let definition = world.define("job", vec![container("job")]).await.unwrap();
        let ran = run(&world, &definition, 1).await;
        let id = &ran.tasks[0].id;
        until(&world, "up", SEC, |w| task(w, id).last_status == TaskStatus::Running).await;
        world.ctx().directory.host.get(&()).unwrap().cast(HostMsg::Panic).unwrap();
        pass(Duration::from_millis(millis)).await;
        world.control().stop_task(id.clone(), None).await.unwrap();
        let ended = stopped(&world, id).await;
        assert_eq!(running(&world), [], "after {millis} ms STOPPED is said of a task that runs");
        assert_eq!(ended.containers[0].exit_code, Some(143));
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_a_crashing_task_actor_never_read_is_asked_for_again() {
    for millis in 0..15 {
        let world = world().await;
        let web = service_of(&world, "web", 3).await;
        world.store.latency(5 * MS..5 * MS);
        let (control, key) = (world.control().clone(), web.clone());
        let none = ServiceUpdate { desired_count: Some(0), ..Default::default() };
        let asked = tokio::spawn(async move { control.update_service(key, none).await });
        pass(Duration::from_millis(millis)).await;
        for task in world.view().tasks.all() {
            if let Some(actor) = world.ctx().directory.tasks.get(&task.id) {
                drop(actor.cast(TaskMsg::Panic));
            }
        }
        asked.await.unwrap().unwrap();
        settled(&world, &web).await;
        assert_eq!(running(&world), []);
        assert_lawful(&world);
    }
}
