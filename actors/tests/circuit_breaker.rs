//! A rollout that cannot work is given up, and takes nothing that works away.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::control::{ControlError, ServiceUpdate};
use mainstay_actors::sim::{Moment, Script, World, checked, container, new_service};
use mainstay_core::deployment::rollout::StopType;
use mainstay_core::model::{
    CircuitBreaker, ContainerDefinition, DeploymentAlarms, DeploymentConfiguration, DeploymentStatus,
    MonitorStatus, RolloutState, ServiceDeployment, ServiceDeploymentStatus as Status,
};
use mainstay_core::{EngineId, ServiceDeploymentId, ServiceKey};
use support::*;
use tokio::time::Instant;

fn breaker(rollback: bool) -> CircuitBreaker {
    CircuitBreaker { enable: true, rollback, ..Default::default() }
}

/// A service of this many tasks of `web:1`, whose first rollout is over, and the containers it runs.
async fn serving(world: &World, count: u32, breaker: CircuitBreaker) -> (ServiceKey, BTreeSet<EngineId>) {
    let definition = world.define("web", vec![container("web:1")]).await.unwrap();
    let mut new = new_service("web", definition, count);
    new.deployment_configuration = DeploymentConfiguration { circuit_breaker: breaker, ..Default::default() };
    let key = world.control().create_service(new).await.unwrap().key.clone();
    ended(world, &key, Status::Successful).await;
    let good = running(world).into_iter().collect();
    (key, good)
}

/// Rolls this out.
async fn roll(world: &World, key: &ServiceKey, container: ContainerDefinition) -> ServiceDeploymentId {
    let definition = world.define("web", vec![container]).await.unwrap();
    deploy(world, key, &definition).await;
    newest(world, key).id
}

/// The record of the newest rollout.
fn newest(world: &World, key: &ServiceKey) -> ServiceDeployment {
    world.service(key).unwrap().service_deployments[0].clone()
}

/// Waits until the newest rollout is over in this way.
#[track_caller]
fn ended<'a>(world: &'a World, key: &'a ServiceKey, how: Status) -> impl Future<Output = ()> + 'a {
    until(world, how.as_str(), 30 * MIN, move |w| newest(w, key).status == how)
}

/// The fewest containers of a revision that ran at once since `from`, and the most of all.
fn extremes(world: &World, revision: u32, from: Instant) -> (usize, usize) {
    let history = world.engine.history();
    let moments = || history.moments.iter().filter(|moment| moment.at >= from);
    let of_revision = |moment: &Moment| {
        let counts = moment.running.iter().filter(|(key, _)| key.revision == revision);
        counts.map(|(_, count)| *count).sum::<usize>()
    };
    let all = moments().map(|moment| moment.running.values().sum());
    // Where nothing started or ended, it is as it is.
    let now = world.engine.running_of(&format!("web:{revision}")).len();
    (moments().map(of_revision).min().unwrap_or(now), all.max().unwrap_or(now))
}

/// A revision that cannot work is tried until the breaker trips, and the tasks of the old one never notice.
async fn rolled_back(bad: ContainerDefinition, script: Script) {
    let world = world().await;
    let (web, good) = serving(&world, 4, breaker(true)).await;
    world.engine.script("bad", script);
    let first = world.service(&web).unwrap().deployments[0].id.clone();
    let from = Instant::now();
    roll(&world, &web, bad).await;
    let second = world.service(&web).unwrap().deployments[0].id.clone();

    ended(&world, &web, Status::RollbackSuccessful).await;

    let told = newest(&world, &web);
    assert_eq!((told.failures, told.threshold, told.breaker), (3, 3, MonitorStatus::Triggered));
    let service = world.service(&web).unwrap();
    let primary = service.primary().unwrap();
    assert_eq!((&primary.id, primary.rollout_state), (&first, RolloutState::Completed));
    assert_eq!(told.rollback.as_ref().unwrap().revision, primary.revision);
    let (least, most) = extremes(&world, 1, from);
    assert_eq!(least, 4, "no old task was taken away");
    assert!(most <= 8, "{most}");
    assert!(says(
        &world,
        &web,
        &format!("(service web) (deployment {second}) deployment failed: tasks failed to start.")
    ));
    assert!(says(&world, &web, &format!("(service web) rolling back to deployment {first}.")));
    until(&world, "nothing else is left", MIN, |w| running(w).into_iter().collect::<BTreeSet<_>>() == good)
        .await;
    let starts = world.engine.history().starts_of("bad").len();
    pass(HOUR).await;
    assert_eq!(world.engine.history().starts_of("bad").len(), starts, "nothing of it is started any more");
    assert_eq!(world.service(&web).unwrap().deployments.len(), 1);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_exits_at_once_is_rolled_back() {
    rolled_back(container("bad"), Script::exits(1, 10 * MS)).await;
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_exits_after_five_seconds_is_rolled_back_before_it_took_anybodys_place() {
    rolled_back(container("bad"), Script::exits(1, 5 * SEC)).await;
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_cannot_be_started_is_rolled_back() {
    rolled_back(container("bad"), Script::cannot_start("exec format error")).await;
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_never_gets_well_is_rolled_back() {
    rolled_back(checked("bad"), Script::runs().then_unhealthy(15 * SEC)).await;
}

#[tokio::test(start_paused = true)]
async fn without_rollback_a_rollout_is_given_up_and_the_old_tasks_stay() {
    let world = world().await;
    let (web, good) = serving(&world, 2, breaker(false)).await;
    world.engine.script("bad", Script::exits(1, 10 * MS));
    roll(&world, &web, container("bad")).await;
    ended(&world, &web, Status::Stopped).await;
    let starts = world.engine.history().starts_of("bad").len();
    pass(HOUR).await;
    assert_eq!(world.engine.history().starts_of("bad").len(), starts);
    assert_eq!(running(&world).into_iter().collect::<BTreeSet<_>>(), good);
    let service = world.service(&web).unwrap();
    let states: Vec<_> = service.deployments.iter().map(|one| (one.status, one.rollout_state)).collect();
    let expected = [
        (DeploymentStatus::Primary, RolloutState::Failed),
        (DeploymentStatus::Active, RolloutState::Completed),
    ];
    assert_eq!(states, expected);
    assert_eq!(
        service.deployments[0].rollout_state_reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );

    roll(&world, &web, container("web:2")).await;
    ended(&world, &web, Status::Successful).await;
    assert_eq!(world.engine.running_of("web:2").len(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn the_first_rollout_of_a_service_that_fails_has_nothing_to_go_back_to_and_says_so() {
    let world = world().await;
    world.engine.script("bad", Script::exits(1, 10 * MS));
    let definition = world.define("web", vec![container("bad")]).await.unwrap();
    let mut new = new_service("web", definition, 1);
    new.deployment_configuration.circuit_breaker = breaker(true);
    let web = world.control().create_service(new).await.unwrap().key.clone();
    ended(&world, &web, Status::RollbackFailed).await;
    pass(HOUR).await;
    assert_eq!(world.engine.history().starts_of("bad").len(), 3);
    assert!(says(&world, &web, "has no completed deployment to roll back to"));
}

#[tokio::test(start_paused = true)]
async fn a_count_of_its_own_trips_the_breaker_at_exactly_that_many() {
    use mainstay_core::model::Threshold;
    let world = world().await;
    world.engine.script("bad", Script::exits(1, 10 * MS));
    let definition = world.define("web", vec![container("bad")]).await.unwrap();
    let mut new = new_service("web", definition, 1);
    new.deployment_configuration.circuit_breaker =
        CircuitBreaker { threshold: Threshold::Count(5), ..breaker(false) };
    let web = world.control().create_service(new).await.unwrap().key.clone();
    ended(&world, &web, Status::Stopped).await;
    pass(HOUR).await;
    assert_eq!(world.engine.history().starts_of("bad").len(), 5);
    assert_eq!(world.service(&web).unwrap().deployments[0].failed_tasks, 5);
}

#[tokio::test(start_paused = true)]
async fn with_a_breaker_old_tasks_leave_once_new_ones_have_settled_and_without_one_at_once() {
    let world = world().await;
    let (web, _) = serving(&world, 2, breaker(true)).await;
    let from = Instant::now();
    roll(&world, &web, container("web:2")).await;
    ended(&world, &web, Status::Successful).await;
    assert!(from.elapsed() >= MIN, "a minute proves a task well: {:?}", from.elapsed());
    assert_eq!(world.engine.running_of("web:2").len(), 2);

    let off = DeploymentConfiguration::default();
    let update = ServiceUpdate { deployment_configuration: Some(off), ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    let from = Instant::now();
    roll(&world, &web, container("web:3")).await;
    ended(&world, &web, Status::Successful).await;
    assert!(from.elapsed() < 5 * SEC, "{:?}", from.elapsed());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn without_a_breaker_a_rollout_that_cannot_work_goes_on_trying_and_says_so() {
    let world = world().await;
    let (web, _) = serving(&world, 1, CircuitBreaker::default()).await;
    world.engine.script("bad", Script::cannot_start("exec format error"));
    roll(&world, &web, container("bad")).await;
    pass(10 * MIN).await;
    assert!(says(&world, &web, "is unable to consistently start tasks successfully."));
    assert_eq!(newest(&world, &web).status, Status::InProgress);
    assert_eq!(newest(&world, &web).breaker, MonitorStatus::Disabled);
    assert!(world.service(&web).unwrap().deployments[0].failed_tasks > 5);
    assert_eq!(world.engine.running_of("web:1").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_goes_on_after_a_crash_of_the_daemon_and_keeps_its_name() {
    for bad in [Script::exits(1, 10 * MS), Script::exits(1, 5 * SEC)] {
        let mut world = world().await;
        let (web, good) = serving(&world, 3, breaker(true)).await;
        world.engine.script("bad", bad);
        let from = Instant::now();
        let id = roll(&world, &web, container("bad")).await;
        let before: Vec<_> =
            world.service(&web).unwrap().revisions.iter().map(|one| one.id.clone()).collect();
        for wait in [20 * MS, 900 * MS, 3 * SEC] {
            pass(wait).await;
            world.crash();
            pass(2 * SEC).await;
            world.start().await.unwrap();
        }
        ended(&world, &web, Status::RollbackSuccessful).await;
        assert_eq!(newest(&world, &web).id, id);
        let after: Vec<_> = world.service(&web).unwrap().revisions.iter().map(|one| one.id.clone()).collect();
        assert_eq!(after, before);
        assert_eq!(extremes(&world, 1, from).0, 3);
        until(&world, "only the old ones", MIN, |w| running(w).into_iter().collect::<BTreeSet<_>>() == good)
            .await;
        assert_lawful(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_finds_its_way_after_a_restart_between_the_failure_and_its_end() {
    let mut world = world().await;
    let (web, _) = serving(&world, 2, breaker(true)).await;
    let update = DeploymentConfiguration {
        minimum_healthy_percent: 0,
        maximum_percent: 100,
        circuit_breaker: breaker(true),
        ..Default::default()
    };
    let update = ServiceUpdate { deployment_configuration: Some(update), ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    world.engine.script("bad", Script::exits(1, 10 * MS));
    roll(&world, &web, container("bad")).await;
    ended(&world, &web, Status::RollbackInProgress).await;
    world.stop().await;
    world.start().await.unwrap();
    ended(&world, &web, Status::RollbackSuccessful).await;
    assert_eq!(world.engine.running_of("web:1").len(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_during_a_deployment_stops_it_and_a_failure_goes_back_to_the_last_that_completed() {
    let world = world().await;
    let (web, good) = serving(&world, 2, breaker(true)).await;
    world.engine.script("bad", Script::exits(1, 5 * SEC));
    let first = roll(&world, &web, container("web:2")).await;
    pass(10 * SEC).await;
    roll(&world, &web, container("bad")).await;
    let told = |world: &World| world.service(&web).unwrap().service_deployments.clone();
    assert_eq!(told(&world)[1].id, first);
    assert_eq!(told(&world)[1].status, Status::Stopped);
    assert!(told(&world)[1].stopped_at.is_some());
    ended(&world, &web, Status::RollbackSuccessful).await;
    until(&world, "the old ones", MIN, |w| running(w).into_iter().collect::<BTreeSet<_>>() == good).await;
    assert_lawful(&world);
}

async fn stop(
    world: &World,
    key: &ServiceKey,
    id: &ServiceDeploymentId,
    how: StopType,
) -> Result<(), ControlError> {
    world.control().stop_service_deployment(key.clone(), id.clone(), how).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_stopped_rollout_goes_back_or_stays_where_it_is() {
    let world = world().await;
    let (web, good) = serving(&world, 2, breaker(false)).await;
    let from = Instant::now();
    let id = roll(&world, &web, container("web:2")).await;
    pass(10 * SEC).await;
    stop(&world, &web, &id, StopType::Rollback).await.unwrap();
    ended(&world, &web, Status::RollbackSuccessful).await;
    until(&world, "only the old ones", MIN, |w| running(w).into_iter().collect::<BTreeSet<_>>() == good)
        .await;
    assert!(says(&world, &web, "deployment failed: service deployment stopped by user."));
    assert!(matches!(stop(&world, &web, &id, StopType::Rollback).await, Err(ControlError::Conflict(_))));

    let id = roll(&world, &web, checked("web:3")).await;
    pass(10 * SEC).await;
    stop(&world, &web, &id, StopType::Abort).await.unwrap();
    ended(&world, &web, Status::Stopped).await;
    let starts = world.engine.history().starts_of("web:3").len();
    world.engine.kill(&world.engine.running_of("web:3")[0]);
    pass(HOUR).await;
    assert_eq!(world.engine.history().starts_of("web:3").len(), starts);
    assert_eq!(extremes(&world, 1, from).0, 2);
    let unknown = ServiceDeploymentId::new("nobody");
    let refusal = stop(&world, &web, &unknown, StopType::Abort).await;
    assert_eq!(refusal, Err(ControlError::ServiceDeploymentNotFound(unknown)));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_was_acknowledged_is_carried_out_even_if_the_daemon_dies_at_once() {
    let mut world = world().await;
    let (web, _) = serving(&world, 2, breaker(false)).await;
    let id = roll(&world, &web, container("web:2")).await;
    pass(SEC).await;
    stop(&world, &web, &id, StopType::Rollback).await.unwrap();
    world.crash();
    world.start().await.unwrap();
    ended(&world, &web, Status::RollbackSuccessful).await;
    until(&world, "only the old ones", MIN, |w| w.engine.running_of("web:2").is_empty()).await;
    assert_eq!(world.engine.running_of("web:1").len(), 2);
    assert_lawful(&world);
}

/// A service whose rollouts an alarm watches.
async fn alarmed(world: &World) -> ServiceKey {
    world.alarms.set("errors", false);
    let (web, _) = serving(world, 2, CircuitBreaker::default()).await;
    let alarms = DeploymentAlarms { enable: true, rollback: true, names: vec!["errors".into()] };
    let update = ServiceUpdate { alarms: Some(alarms), ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    web
}

/// When the newest rollout was over, after it was asked for.
fn took(told: &ServiceDeployment) -> Duration {
    Duration::from_millis(told.finished_at.unwrap().millis_since(told.created_at))
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_goes_off_while_all_tasks_are_well_still_ends_the_rollout() {
    let world = world().await;
    let web = alarmed(&world).await;
    roll(&world, &web, container("web:2")).await;
    until(&world, "only new ones", 10 * SEC, |w| w.engine.running_of("web:1").is_empty()).await;
    pass(15 * SEC).await;
    assert_eq!(newest(&world, &web).status, Status::InProgress, "it bakes");
    world.alarms.set("errors", true);
    ended(&world, &web, Status::RollbackSuccessful).await;
    let told = newest(&world, &web);
    assert_eq!(
        (told.alarm_monitor, told.triggered_alarms),
        (MonitorStatus::Triggered, vec!["errors".to_owned()])
    );
    assert!(says(&world, &web, "deployment failed: alarm detected."));
    until(&world, "only old ones", MIN, |w| w.engine.running_of("web:2").is_empty()).await;
    assert_eq!(world.engine.running_of("web:1").len(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_completes_after_a_quiet_bake_time_and_what_was_on_before_does_not_count() {
    let mut world = world().await;
    let web = alarmed(&world).await;
    roll(&world, &web, container("web:2")).await;
    pass(30 * SEC).await;
    world.crash();
    world.start().await.unwrap();
    ended(&world, &web, Status::Successful).await;
    let told = newest(&world, &web);
    assert!((MIN..2 * MIN).contains(&took(&told)), "{:?}", took(&told));
    assert_eq!(told.alarm_monitor, MonitorStatus::MonitoringComplete);

    world.alarms.set("errors", true);
    roll(&world, &web, container("web:3")).await;
    ended(&world, &web, Status::Successful).await;
    assert_eq!(newest(&world, &web).alarm_monitor, MonitorStatus::Disabled);
    assert!(says(&world, &web, "some were in ALARM state when it began: errors."));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn percentages_that_leave_no_room_are_told_once() {
    let world = world().await;
    let (web, _) = serving(&world, 1, CircuitBreaker::default()).await;
    let tight = DeploymentConfiguration { maximum_percent: 150, ..Default::default() };
    let update = ServiceUpdate { deployment_configuration: Some(tight), ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    roll(&world, &web, container("web:2")).await;
    pass(HOUR).await;
    let words = "was unable to stop or start tasks during a deployment because of the service deployment configuration.";
    assert_eq!(events(&world, &web).iter().filter(|event| event.contains(words)).count(), 1);
    let update = ServiceUpdate {
        deployment_configuration: Some(DeploymentConfiguration::default()),
        ..Default::default()
    };
    world.control().update_service(web.clone(), update).await.unwrap();
    ended(&world, &web, Status::Successful).await;
    assert_eq!(world.engine.running_of("web:2").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_fits_nowhere_is_told_once_and_the_old_one_stays() {
    let world = world().await;
    let (web, _) = serving(&world, 1, breaker(true)).await;
    let mut huge = container("web:2");
    huge.memory = Some(1024 * 1024);
    roll(&world, &web, huge).await;
    pass(HOUR).await;
    let told =
        events(&world, &web).iter().filter(|event| event.contains("was unable to place a task")).count();
    assert_eq!(told, 1);
    assert_eq!(world.engine.running_of("web:1").len(), 1);
    let view = Arc::clone(&world.service(&web).unwrap());
    assert_eq!(view.service_deployments[0].failures, 0, "what has no place has not failed");
}
