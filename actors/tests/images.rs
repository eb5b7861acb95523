//! Images are pulled as the pull behavior says, a deployment runs one version, and what nobody needs goes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::host::HostMsg;
use mainstay_actors::sim::{ImageState, Script, World, after, container, phoenix, side};
use mainstay_core::ServiceKey;
use mainstay_core::images::progress::{Pulling, Stage};
use mainstay_core::images::{ImageVersion, PullBehavior};
use mainstay_core::model::{
    ContainerDefinition, DependencyCondition, DeploymentConfiguration, StopCode, Task, TaskStatus,
};
use std::sync::Arc;
use support::*;

const WEB: &str = "registry.test/web:1";

/// A world whose hosts pull in this way.
async fn pulling(behavior: PullBehavior) -> World {
    let mut world = quiet_world(1);
    world.settings.image_pull_behavior = behavior;
    world.settings.cleanup_wait = MIN;
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| w.view().instances.all()[0].engine_connected).await;
    world
}

/// The image in its registry, under the tag.
fn publish(world: &World, digest: &str) {
    world.engine.publish(WEB, digest);
}

/// Runs the image once and waits until its task runs or is over.
async fn ran(world: &World) -> Arc<Task> {
    let definition = world.define("once", vec![container(WEB)]).await.unwrap();
    let id = run(world, &definition, 1).await.tasks[0].id.clone();
    until(world, "it runs or is over", MIN, |w| {
        matches!(task(w, &id).last_status, TaskStatus::Running | TaskStatus::Stopped)
    })
    .await;
    task(world, &id)
}

/// How many pulls there were so far.
fn pulls(world: &World) -> u64 {
    world.engine.history().calls.get("pull").copied().unwrap_or(0)
}

fn digest_of(task: &Task) -> Option<&str> {
    task.containers[0].image_digest.as_deref()
}

#[tokio::test(start_paused = true)]
async fn by_default_each_task_pulls_and_runs_what_is_here_where_the_pull_fails() {
    let world = pulling(PullBehavior::Default).await;
    publish(&world, "sha256:a");
    assert_eq!(digest_of(&*ran(&world).await), Some("sha256:a"));
    publish(&world, "sha256:b");
    assert_eq!(digest_of(&*ran(&world).await), Some("sha256:b"), "the tag has moved");
    assert_eq!(pulls(&world), 2);
    world.engine.registries_answer(false);
    let kept = ran(&world).await;
    assert_eq!((kept.last_status, digest_of(&kept)), (TaskStatus::Running, Some("sha256:b")));
    assert!(kept.pull_started_at.is_some() && kept.pull_stopped_at.is_some());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_was_built_here_is_not_looked_for_in_a_registry() {
    let world = pulling(PullBehavior::Default).await;
    world.engine.registries_answer(false);
    let built = ran(&world).await;
    assert_eq!((built.last_status, digest_of(&built)), (TaskStatus::Running, None));
    assert_eq!((pulls(&world), built.pull_started_at), (0, None));
}

#[tokio::test(start_paused = true)]
async fn always_fails_the_task_where_the_pull_fails() {
    let world = pulling(PullBehavior::Always).await;
    publish(&world, "sha256:a");
    assert_eq!(ran(&world).await.last_status, TaskStatus::Running);
    world.engine.registries_answer(false);
    let failed = ran(&world).await;
    assert_eq!(failed.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = failed.stopped_reason.clone().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: failed to resolve ref"), "{reason}");
    assert_eq!(failed.containers[0].exit_code, None);
}

#[tokio::test(start_paused = true)]
async fn once_pulls_what_no_task_has_pulled_before_even_after_a_restart() {
    let mut world = pulling(PullBehavior::Once).await;
    publish(&world, "sha256:a");
    ran(&world).await;
    publish(&world, "sha256:b");
    assert_eq!(digest_of(&*ran(&world).await), Some("sha256:a"));
    world.stop().await;
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| w.view().instances.all()[0].engine_connected).await;
    assert_eq!(digest_of(&*ran(&world).await), Some("sha256:a"));
    assert_eq!(pulls(&world), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn prefer_cached_pulls_only_what_is_not_here() {
    let world = pulling(PullBehavior::PreferCached).await;
    publish(&world, "sha256:a");
    ran(&world).await;
    world.engine.registries_answer(false);
    assert_eq!(digest_of(&*ran(&world).await), Some("sha256:a"));
    assert_eq!(pulls(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_hangs_keeps_nobody_waiting_whose_image_is_here() {
    let world = pulling(PullBehavior::Default).await;
    world.engine.image("stuck", ImageState::Stuck);
    let definition = world.define("stuck", vec![container("stuck")]).await.unwrap();
    run(&world, &definition, 10).await;
    pass(SEC).await;
    assert_eq!(ran(&world).await.last_status, TaskStatus::Running);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_neither_looked_for_nor_pulled_before_what_its_container_depends_on_is_there() {
    for (exit_code, expected) in [(0, 1), (1, 0)] {
        let world = pulling(PullBehavior::Default).await;
        publish(&world, "sha256:a");
        world.engine.script("init", Script::exits(exit_code, 5 * SEC));
        let containers =
            vec![after(container(WEB), "init", DependencyCondition::Success), side(container("init"))];
        let definition = world.define("ordered", containers).await.unwrap();
        let id = run(&world, &definition, 1).await.tasks[0].id.clone();
        pass(4 * SEC).await;
        assert_eq!(
            (world.engine.history().calls["image"], pulls(&world)),
            (1, 0),
            "only the first one's image"
        );
        until(&world, "it runs or is over", MIN, |w| task(w, &id).last_status >= TaskStatus::Running).await;
        assert_eq!(pulls(&world), expected, "where it ended with {exit_code}");
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_in_place_runs_the_same_image_without_a_look_at_its_tag() {
    let world = pulling(PullBehavior::Always).await;
    publish(&world, "sha256:a");
    world.engine.script(WEB, Script::exits(1, 2 * MIN));
    let definition = world.define("web", vec![phoenix(container(WEB), MIN)]).await.unwrap();
    run(&world, &definition, 1).await;
    pass(MIN).await;
    publish(&world, "sha256:b");
    until(&world, "it was started again", 5 * MIN, |w| w.engine.history().starts.len() == 2).await;
    assert_eq!((digests(&world), pulls(&world)), (vec![Some("sha256:a".to_owned())], 1));
    assert_lawful(&world);
}

/// A service of this many tasks of [`WEB`], all up.
async fn web(world: &World, count: u32) -> ServiceKey {
    service_of(world, WEB, count).await
}

fn digests(world: &World) -> Vec<Option<String>> {
    world.engine.running_digests_of(WEB)
}

#[tokio::test(start_paused = true)]
async fn a_deployment_runs_what_its_first_task_ran_until_the_next_deployment() {
    let mut world = pulling(PullBehavior::Default).await;
    publish(&world, "sha256:a");
    let web = web(&world, 1).await;
    publish(&world, "sha256:b");
    scale(&world, &web, 3).await;
    settled(&world, &web).await;
    assert_eq!(digests(&world), vec![Some("sha256:a".to_owned()); 3]);
    world.stop().await;
    world.start().await.unwrap();
    settled(&world, &web).await;
    for id in running(&world) {
        world.engine.kill(&id);
    }
    until(&world, "all are made good", MIN, |w| w.engine.history().starts.len() == 6 && w.is_settled(&web))
        .await;
    assert_eq!(digests(&world), vec![Some("sha256:a".to_owned()); 3], "replacements, too, after a restart");
    assert_eq!(pulls(&world), 1, "and nothing was asked of the registry for them");

    let again = ServiceUpdate { force_new_deployment: true, ..Default::default() };
    world.control().update_service(web.clone(), again).await.unwrap();
    until(&world, "the new deployment runs alone", 2 * MIN, |w| {
        w.is_settled(&web) && w.service(&web).unwrap().deployments.len() == 1
    })
    .await;
    assert_eq!(digests(&world), vec![Some("sha256:b".to_owned()); 3]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_scaled_in_deployment_is_still_held_to_its_version_and_pulls_it_by_digest() {
    let mut world = pulling(PullBehavior::Default).await;
    world.settings.stopped_task_retention = MIN;
    publish(&world, "sha256:a");
    let web = web(&world, 1).await;
    scale(&world, &web, 0).await;
    until(&world, "cleaned up", 3 * HOUR, |w| w.engine.pulled().is_empty()).await;
    world.stop().await;
    world.start().await.unwrap();
    publish(&world, "sha256:b");
    scale(&world, &web, 2).await;
    settled(&world, &web).await;
    assert_eq!(digests(&world), vec![Some("sha256:a".to_owned()); 2]);
}

#[tokio::test(start_paused = true)]
async fn what_was_built_here_is_held_by_its_id() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    let service = world.service(&web).unwrap();
    assert!(matches!(&service.deployments[0].images[0].version, ImageVersion::Id(_)));
    let looks = world.engine.history().calls["image"];
    world.engine.kill(&running(&world)[0]);
    until(&world, "made good", SEC, |w| w.engine.history().starts.len() == 2 && w.is_settled(&web)).await;
    assert_eq!(world.engine.history().calls["image"], looks, "a replacement needs no look at its image");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn where_what_was_built_here_has_gone_its_tag_decides() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    world.engine.image("web", ImageState::Remote(SEC));
    world.engine.kill(&running(&world)[0]);
    until(&world, "made good", 5 * SEC, |w| w.engine.history().starts.len() == 2 && w.is_settled(&web)).await;
    assert_eq!(pulls(&world), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn what_a_task_found_is_not_lost_beside_a_change_of_its_service() {
    let mut world = pulling(PullBehavior::Default).await;
    publish(&world, "sha256:a");
    let definition = world.define("web", vec![container(WEB)]).await.unwrap();
    let web = world.serve("web", &definition, 1).await.unwrap();
    // Changes are on their way to the disk all the time while the first task comes up.
    for percent in 200..260 {
        let limits = DeploymentConfiguration { maximum_percent: percent, ..Default::default() };
        let update = ServiceUpdate { deployment_configuration: Some(limits), ..Default::default() };
        world.control().update_service(web.clone(), update).await.unwrap();
    }
    settled(&world, &web).await;
    pass(SEC).await;
    world.stop().await;
    world.start().await.unwrap();
    let service = world.service(&web).unwrap();
    assert_eq!(service.deployments[0].images[0].version, ImageVersion::Digest("sha256:a".into()));
    assert_eq!(service.deployment_configuration.maximum_percent, 259);
}

#[tokio::test(start_paused = true)]
async fn without_version_consistency_each_task_finds_out_for_itself() {
    let world = pulling(PullBehavior::Default).await;
    publish(&world, "sha256:a");
    let mut loose = container(WEB);
    loose.version_consistency = Some(false);
    let definition = world.define("loose", vec![loose]).await.unwrap();
    let web = world.serve("loose", &definition, 1).await.unwrap();
    settled(&world, &web).await;
    publish(&world, "sha256:b");
    scale(&world, &web, 2).await;
    settled(&world, &web).await;
    assert_eq!(digests(&world), [Some("sha256:a".to_owned()), Some("sha256:b".to_owned())]);
    assert!(world.service(&web).unwrap().deployments[0].images.is_empty());
}

#[tokio::test(start_paused = true)]
async fn images_that_nobody_has_used_for_an_hour_go_five_at_a_time_and_what_was_built_here_stays() {
    let world = pulling(PullBehavior::Default).await;
    let names: Vec<String> = (0..7).map(|n| format!("registry.test/job-{n}:1")).collect();
    for name in &names {
        world.engine.publish(name, &format!("sha256:{name}"));
        let definition = world.define("job", vec![container(name)]).await.unwrap();
        let id = run(&world, &definition, 1).await.tasks[0].id.clone();
        until(&world, "up", MIN, |w| task(w, &id).last_status == TaskStatus::Running).await;
        if *name != names[6] {
            world.control().stop_task(id.clone(), None).await.unwrap();
            stopped(&world, &id).await;
        }
    }
    pass(59 * MIN).await;
    assert_eq!(world.engine.pulled().len(), 7, "none is an hour old");
    until(&world, "the first five go", HOUR, |w| w.engine.pulled().len() < 7).await;
    pass(SEC).await;
    assert_eq!(world.engine.pulled(), [names[5].clone(), names[6].clone()], "the longest unused first");
    pass(31 * MIN).await;
    assert_eq!(world.engine.pulled(), [names[6].clone()], "a task runs it");
    pass(5 * HOUR).await;
    assert_eq!(world.engine.pulled(), [names[6].clone()]);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn cleanup_can_be_turned_off_and_leaves_what_is_excluded() {
    for (enabled, exclude, behavior) in [
        (false, vec![], PullBehavior::Default),
        (true, vec![WEB.to_owned()], PullBehavior::Default),
        (true, vec![], PullBehavior::PreferCached),
    ] {
        let mut world = quiet_world(1);
        world.settings.cleanup_wait = MIN;
        world.settings.image_pull_behavior = behavior;
        (world.settings.image_cleanup.enabled, world.settings.image_cleanup.exclude) = (enabled, exclude);
        world.start().await.unwrap();
        until(&world, "the engine answers", SEC, |w| w.view().instances.all()[0].engine_connected).await;
        publish(&world, "sha256:a");
        let task = ran(&world).await;
        world.control().stop_task(task.id.clone(), None).await.unwrap();
        pass(10 * HOUR).await;
        assert_eq!(world.engine.pulled(), [WEB], "{behavior:?}");
    }
}

/// A container whose image a registry gives to whoever has the secret's name and password.
fn private(world: &World, credentials: &str) -> ContainerDefinition {
    world.engine.image("shop/web:1", ImageState::Remote(SEC));
    world.engine.publish("shop/web:1", "sha256:1");
    world.engine.lock("shop/web:1", "shop", "hunter2");
    ContainerDefinition { repository_credentials: Some(credentials.into()), ..container("shop/web:1") }
}

#[tokio::test(start_paused = true)]
async fn an_image_is_pulled_with_the_credentials_that_its_definition_names() {
    let world = world().await;
    world.secrets.set("registry:username", "shop");
    world.secrets.set("registry:password", "hunter2");
    let web = world.define("web", vec![private(&world, "registry")]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    let known = format!("{:?} {:?}", world.view().tasks.all(), world.view().definitions.all());
    assert!(known.contains("registry") && !known.contains("hunter2"));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_wrong_or_not_there_fail_the_task_in_the_words_of_ecs() {
    let world = world().await;
    let web = world.define("web", vec![private(&world, "registry")]).await.unwrap();
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    let reason = ended.stopped_reason.clone().unwrap();
    let words = "ResourceInitializationError: unable to pull secrets or registry auth: registry (repositoryCredentials";
    assert!(reason.starts_with(words), "{reason}");
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    world.secrets.set("registry:username", "shop");
    world.secrets.set("registry:password", "hunter1");
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    let reason = ended.stopped_reason.clone().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: ") && !reason.contains("hunter1"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_of_credentials_that_is_away_is_waited_for_unless_the_image_is_here() {
    let world = world().await;
    world.secrets.set("registry:username", "shop");
    world.secrets.set("registry:password", "hunter2");
    world.secrets.away(true);
    let web = world.define("web", vec![private(&world, "registry")]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    pass(10 * MIN).await;
    assert_eq!(task(&world, &ran.tasks[0].id).last_status, TaskStatus::Pending);
    world.secrets.away(false);
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    // A second one runs what is here, whoever answers.
    world.secrets.away(true);
    let ran = run(&world, &web, 1).await;
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    assert_lawful(&world);
}

/// What the host's pulls are shown as.
fn shown(world: &World) -> Vec<Pulling> {
    world.view().pulls_of(&world.view().instances.all()[0].id).to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_pull_is_shown_as_it_comes_on_as_one_for_all_its_tasks_and_is_gone_soon_after_its_end() {
    let world = pulling(PullBehavior::Default).await;
    world.engine.image(WEB, ImageState::Remote(20 * SEC));
    let definition = world.define("web", vec![container(WEB)]).await.unwrap();
    let ids: Vec<_> = run(&world, &definition, 2).await.tasks.iter().map(|task| task.id.clone()).collect();
    pass(5 * SEC).await;
    let [pull] = &shown(&world)[..] else { panic!("{:?}", shown(&world)) };
    assert_eq!((&*pull.image, &pull.stage, pull.progress.percent()), (WEB, &Stage::Underway, Some(20)));
    assert!(pull.tasks.len() == 2 && ids.iter().all(|id| pull.tasks.contains(id)), "{pull:?}");
    let story = mainstay_actors::explain::task(world.control().context(), &ids[0]).unwrap();
    assert!(story.summary.contains("is being pulled: 8.0 of 40.0 MB (20 %)"), "{story:?}");

    until(&world, "both run", MIN, |w| running(w).len() == 2).await;
    let [pull] = &shown(&world)[..] else { panic!("{:?}", shown(&world)) };
    assert!(matches!(pull.stage, Stage::Over { problem: None, .. }), "{pull:?}");
    pass(11 * SEC).await;
    assert!(shown(&world).is_empty());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn pulls_past_the_limit_are_shown_as_waiting_and_one_that_failed_with_its_reason() {
    let world = pulling(PullBehavior::Always).await;
    for number in 0..5 {
        let image = format!("registry.test/web-{number}:1");
        world.engine.image(&image, ImageState::Remote(20 * SEC));
        let definition = world.define("web", vec![container(&image)]).await.unwrap();
        run(&world, &definition, 1).await;
    }
    pass(5 * SEC).await;
    let waits = |pull: &&Pulling| pull.stage == Stage::Waiting;
    assert_eq!((shown(&world).len(), shown(&world).iter().filter(waits).count()), (5, 1));
    world.engine.registries_answer(false);
    pass(20 * SEC).await;
    let failed = |pull: &&Pulling| matches!(&pull.stage, Stage::Over { problem: Some(why), .. } if why.contains("connection refused"));
    assert_eq!(shown(&world).iter().filter(failed).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_crashed_tells_of_no_pull_that_it_does_not_know_any_more() {
    let world = pulling(PullBehavior::Default).await;
    world.engine.image(WEB, ImageState::Remote(20 * SEC));
    let definition = world.define("web", vec![container(WEB)]).await.unwrap();
    run(&world, &definition, 1).await;
    pass(5 * SEC).await;
    assert_eq!(shown(&world)[0].progress.percent(), Some(20));
    world.control().context().directory.host.get(&()).unwrap().cast(HostMsg::Panic).unwrap();
    pass(3 * SEC).await;
    assert_eq!(shown(&world)[0].progress.percent(), Some(10), "it is pulled anew");
    until(&world, "it runs", MIN, |w| running(w).len() == 1).await;
    pass(11 * SEC).await;
    assert!(shown(&world).is_empty());
    assert_lawful(&world);
}
