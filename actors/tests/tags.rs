//! Tags that people attach and take away after a resource was made.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::control::ControlError;
use mainstay_actors::sim::{Script, World, checked, default_cluster, new_service};
use mainstay_core::ServiceKey;
use mainstay_core::model::{Health, OnUnhealthy, Tag};
use mainstay_core::tagging::{TagChange, TooManyTags};
use support::*;

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: Some(value.into()) }
}

fn put(key: &str, value: &str) -> TagChange {
    TagChange::Put(vec![tag(key, value)])
}

fn remove(key: &str) -> TagChange {
    TagChange::Remove(vec![key.into()])
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_there_after_a_crash_whatever_has_the_tags() {
    let mut world = world().await;
    let web = service_of(&world, "web", 1).await;
    let definition = world.service(&web).unwrap().definition.clone();
    let ran = run(&world, &definition, 1).await.tasks[0].id.clone();
    let instance = world.instance().clone();
    let control = world.control();
    for change in
        [put("team", "one"), put("stage", "test"), put("team", "two"), remove("stage"), remove("none")]
    {
        control.tag_cluster(default_cluster(), change.clone()).await.unwrap();
        control.tag_service(web.clone(), change.clone()).await.unwrap();
        control.tag_task(ran.clone(), change.clone()).await.unwrap();
        control.tag_instance(instance.clone(), change.clone()).await.unwrap();
        control.tag_task_definition(definition.clone(), change).await.unwrap();
    }
    world.crash();
    world.start().await.unwrap();
    let view = world.view();
    let all = [
        view.clusters.get(&default_cluster()).unwrap().tags.clone(),
        world.service(&web).unwrap().tags.clone(),
        task(&world, &ran).tags.clone(),
        view.instances.get(&instance).unwrap().tags.clone(),
        view.definitions.get(&definition).unwrap().tags.clone(),
    ];
    for tags in all {
        assert_eq!(tags, [tag("team", "two")]);
    }
    settled(&world, &web).await;
    assert_eq!(world.engine.history().starts.len(), 2, "nothing was started anew");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_service_with_too_many_is_refused_and_stays_as_it_was() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    until(&world, "steady", MIN, |w| w.is_steady(&web)).await;
    let many = (0..50).map(|number| tag(&number.to_string(), "")).collect();
    let tagged = world.control().tag_service(web.clone(), TagChange::Put(many)).await.unwrap();
    let refusal = world.control().tag_service(web.clone(), put("one", "more")).await.unwrap_err();
    assert_eq!(refusal, ControlError::TooManyTags(TooManyTags { count: 51 }));
    pass(MIN).await;
    assert_eq!(world.service(&web).unwrap().tags, tagged.tags);
    let steady = events(&world, &web).iter().filter(|event| event.contains("steady state")).count();
    assert_eq!(steady, 1, "a tag is no deployment");
}

/// A service of one task that is sick, of which the tag said that it stays.
async fn sick(world: &World) -> ServiceKey {
    world.engine.script("web", Script::healthy(SEC).then_unhealthy(30 * SEC));
    let definition = world.define("web", vec![checked("web")]).await.unwrap();
    let mut new = new_service("web", definition, 1);
    new.tags = vec![tag(OnUnhealthy::TAG, "report")];
    let web = world.control().create_service(new).await.unwrap().key.clone();
    let is_sick = |w: &World| w.running_tasks(&web).iter().any(|task| task.health == Health::Unhealthy);
    until(world, "sick", MIN, is_sick).await;
    pass(5 * MIN).await;
    assert!(is_sick(world), "it stays");
    world.engine.script("web", Script::healthy(SEC));
    web
}

#[tokio::test(start_paused = true)]
async fn what_a_tag_says_of_unhealthy_tasks_holds_as_soon_as_it_is_answered() {
    for change in [put(OnUnhealthy::TAG, "replace"), remove(OnUnhealthy::TAG)] {
        let world = world().await;
        let web = sick(&world).await;
        let old = world.running_tasks(&web)[0].id.clone();
        let before = tokio::time::Instant::now();
        world.control().tag_service(web.clone(), change).await.unwrap();
        until(&world, "another is well in its stead", 10 * SEC, |w| {
            let tasks = w.running_tasks(&web);
            tasks.len() == 1 && tasks[0].id != old && tasks[0].health == Health::Healthy
        })
        .await;
        assert!(before.elapsed() < 10 * SEC);
        let ended = stopped(&world, &old).await;
        assert_eq!(ended.stopped_reason.as_deref(), Some("Task failed container health checks"));
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_told_to_report_from_now_on_keeps_its_sick_task() {
    let world = world().await;
    world.engine.script("web", Script::healthy(SEC).then_unhealthy(30 * SEC));
    let definition = world.define("web", vec![checked("web")]).await.unwrap();
    let web = world.serve("web", &definition, 1).await.unwrap();
    until(&world, "steady", 10 * SEC, |w| w.is_steady(&web)).await;
    let old = world.running_tasks(&web)[0].id.clone();
    world.control().tag_service(web.clone(), put(OnUnhealthy::TAG, "report")).await.unwrap();
    until(&world, "told", MIN, |w| says(w, &web, "failed container health checks and is not")).await;
    pass(5 * MIN).await;
    assert_eq!(world.running_tasks(&web)[0].id, old);
}
