//! Tasks at their times: once each, however the world goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::control::{ControlError, NewSchedule};
use mainstay_actors::schedules::SchedulesMsg;
use mainstay_actors::sim::{World, container};
use mainstay_core::model::{RunOutcome, Schedule, ScheduleSettings, Task, TaskStatus};
use mainstay_core::schedule::{Missed, Overlap, Retry};
use mainstay_core::{RevisionKey, ScheduleGroupName, ScheduleKey, ScheduleName};
use support::*;

fn key(name: &str) -> ScheduleKey {
    ScheduleKey { group: ScheduleGroupName::new("default"), name: ScheduleName::new(name) }
}

/// A schedule of one task of this definition.
fn schedule(name: &str, expression: &str, definition: &RevisionKey) -> NewSchedule {
    NewSchedule {
        key: key(name),
        settings: ScheduleSettings {
            expression: expression.into(),
            time_zone: "UTC".into(),
            start: None,
            end: None,
            enabled: true,
            description: None,
            flexible_minutes: None,
            delete_after_completion: false,
            target: format!("{definition} 1"),
            retry: Retry::default(),
            missed: None,
            overlap: None,
        },
        client_token: None,
    }
}

/// `at(…)` so long from now.
fn at(world: &World, wait: Duration) -> String {
    let seconds = world.ctx().nature.wall().after(wait).0 / 1000;
    // 1970-01-01 is day 0; simulated worlds begin in January 2027.
    let (day, clock) = (seconds / 86400 - 20833, seconds % 86400);
    assert!((0..28).contains(&day), "the story is too long for one month");
    format!("at(2027-01-{:02}T{:02}:{:02}:{:02})", day + 15, clock / 3600, clock / 60 % 60, clock % 60)
}

/// A task definition whose tasks end by themselves after a while, or never.
async fn job(world: &World, millis: Option<u32>) -> RevisionKey {
    let mut job = container("job");
    job.command = millis.map(|millis| vec!["exit".into(), "0".into(), millis.to_string()]);
    world.define("job", vec![job]).await.unwrap()
}

fn tasks(world: &World, name: &str) -> Vec<Arc<Task>> {
    let Some(schedule) = world.view().schedules.get(&key(name)) else { return Vec::new() };
    world.view().tasks.filter(|task| schedule.started(task))
}

fn live(world: &World, name: &str) -> usize {
    tasks(world, name).iter().filter(|task| task.last_status != TaskStatus::Stopped).count()
}

fn record(world: &World, name: &str) -> Arc<Schedule> {
    world.view().schedules.get(&key(name)).expect("the schedule is there")
}

fn last(world: &World, name: &str) -> Option<RunOutcome> {
    record(world, name).last.as_ref().map(|last| last.outcome)
}

/// Each run has its tasks once.
fn assert_once(world: &World, name: &str) {
    let mut tokens: Vec<_> = tasks(world, name).iter().map(|task| task.client_token.clone()).collect();
    let all = tokens.len();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), all, "a run has tasks twice\n{}", picture(world));
}

async fn restart(world: &mut World, away: Duration) {
    world.stop().await;
    pass(away).await;
    world.start().await.unwrap();
    until(world, "the engine answers", 5 * SEC, |w| {
        w.view().instances.get(w.instance()).is_some_and(|i| i.engine_connected)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_runs_at_once_and_then_keeps_its_distance() {
    let world = world().await;
    let definition = job(&world, Some(100)).await;
    world.control().create_schedule(schedule("often", "rate(5 minutes)", &definition)).await.unwrap();
    until(&world, "the first run", SEC, |w| tasks(w, "often").len() == 1).await;
    pass(16 * MIN).await;
    let ran = tasks(&world, "often");
    assert_eq!(ran.len(), 4);
    assert!(ran.iter().all(|task| task.started_by.as_deref() == Some("chronos-schedule/often")));
    let mut created: Vec<i64> = ran.iter().map(|task| task.created_at.0).collect();
    created.sort();
    assert!(created.windows(2).all(|pair| (pair[1] - pair[0] - 300_000).abs() < 1000), "{created:?}");
    assert_once(&world, "often");
    assert_eq!(last(&world, "often"), Some(RunOutcome::Started));
    world.control().delete_schedule(key("often")).await.unwrap();
    let gone = world.control().delete_schedule(key("often")).await;
    assert_eq!(gone, Err(ControlError::ScheduleNotFound(key("often"))));
    pass(10 * MIN).await;
    assert_eq!(world.view().tasks.len(), 4, "what is deleted runs no more");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_one_time_schedule_runs_once_and_goes_where_it_says_so() {
    let world = world().await;
    let definition = job(&world, None).await;
    let mut once = schedule("once", &at(&world, 30 * SEC), &definition);
    world.control().create_schedule(once.clone()).await.unwrap();
    once.key = key("going");
    once.settings.delete_after_completion = true;
    world.control().create_schedule(once).await.unwrap();
    pass(25 * SEC).await;
    assert_eq!(world.view().tasks.len(), 0);
    until(&world, "both run", 10 * SEC, |w| w.view().tasks.len() == 2).await;
    until(&world, "it is deleted", 10 * SEC, |w| w.view().schedules.get(&key("going")).is_none()).await;
    pass(10 * MIN).await;
    assert_eq!((tasks(&world, "once").len(), world.view().tasks.len()), (1, 2));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn runs_missed_in_a_downtime_are_made_good_as_their_policy_says() {
    let mut world = world().await;
    let definition = job(&world, Some(100)).await;
    for (name, missed) in [("skip", Missed::Skip), ("last", Missed::Last), ("all", Missed::All)] {
        let mut new = schedule(name, "rate(10 minutes)", &definition);
        new.settings.missed = Some(missed);
        world.control().create_schedule(new).await.unwrap();
    }
    let mut old = schedule("old", "rate(10 minutes)", &definition);
    old.settings.retry.maximum_age_seconds = 120;
    world.control().create_schedule(old).await.unwrap();
    until(&world, "the first runs", 5 * SEC, |w| w.view().tasks.len() == 4).await;
    restart(&mut world, 35 * MIN).await;
    pass(MIN).await;
    let counts = ["skip", "last", "all", "old"].map(|name| tasks(&world, name).len());
    assert_eq!(counts, [1, 2, 4, 1], "{}", picture(&world));
    assert_eq!(last(&world, "skip"), Some(RunOutcome::Missed));
    // Then they go on where they were.
    pass(10 * MIN).await;
    let counts = ["skip", "last", "all", "old"].map(|name| tasks(&world, name).len());
    assert_eq!(counts, [2, 3, 5, 2]);
    ["skip", "last", "all"].iter().for_each(|name| assert_once(&world, name));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_meets_the_one_before_does_as_its_policy_says() {
    let world = world().await;
    let definition = job(&world, None).await;
    for (name, overlap) in [("allow", Overlap::Allow), ("skip", Overlap::Skip), ("replace", Overlap::Replace)]
    {
        let mut new = schedule(name, "rate(5 minutes)", &definition);
        new.settings.overlap = Some(overlap);
        world.control().create_schedule(new).await.unwrap();
    }
    pass(11 * MIN).await;
    let seen = ["allow", "skip", "replace"].map(|name| (tasks(&world, name).len(), live(&world, name)));
    assert_eq!(seen, [(3, 3), (1, 1), (3, 1)], "{}", picture(&world));
    assert_eq!(last(&world, "skip"), Some(RunOutcome::Skipped));
    let replaced = tasks(&world, "replace").into_iter().find(|task| task.last_status == TaskStatus::Stopped);
    let reason = replaced.and_then(|task| task.stopped_reason.clone()).unwrap_or_default();
    assert_eq!(reason, "Replaced by a later run of schedule default/replace");
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_room_is_tried_again_until_it_has_some_or_is_too_old() {
    let world = world().await;
    let mut large = container("large");
    large.memory = Some(10 * 1024);
    let definition = world.define("large", vec![large]).await.unwrap();
    let first = run(&world, &definition, 1).await;
    world.control().create_schedule(schedule("waits", "rate(1 day)", &definition)).await.unwrap();
    let mut short = schedule("short", "rate(1 day)", &definition);
    short.settings.retry.attempts = 2;
    world.control().create_schedule(short).await.unwrap();
    until(&world, "it is given up", MIN, |w| last(w, "short") == Some(RunOutcome::Failed)).await;
    assert!(
        record(&world, "short").last.as_ref().unwrap().detail.as_ref().unwrap().contains("RESOURCE:MEMORY")
    );
    assert_eq!(tasks(&world, "waits").len(), 0);
    world.control().stop_task(first.tasks[0].id.clone(), None).await.unwrap();
    until(&world, "it runs", 5 * MIN, |w| last(w, "waits") == Some(RunOutcome::Started)).await;
    assert_eq!((tasks(&world, "waits").len(), record(&world, "waits").runs.len()), (1, 0));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_can_never_begin_is_given_up_at_once() {
    let world = world().await;
    let unknown = RevisionKey { family: mainstay_core::Family::new("nothing"), revision: 7 };
    world.control().create_schedule(schedule("never", "rate(1 day)", &unknown)).await.unwrap();
    until(&world, "it is given up", SEC, |w| last(w, "never") == Some(RunOutcome::Failed)).await;
    assert_eq!(
        record(&world, "never").last.as_ref().unwrap().detail.as_deref(),
        Some("Unable to describe task definition.")
    );
}

#[tokio::test(start_paused = true)]
async fn a_flexible_window_is_kept_and_its_moment_outlives_a_restart() {
    let mut world = world().await;
    let definition = job(&world, None).await;
    let mut new = schedule("some-time", &at(&world, 10 * SEC), &definition);
    new.settings.flexible_minutes = Some(60);
    world.control().create_schedule(new).await.unwrap();
    until(&world, "it is decided", MIN, |w| !record(w, "some-time").runs.is_empty()).await;
    let decided = record(&world, "some-time").runs[0];
    assert!(decided.due >= decided.scheduled && decided.due <= decided.scheduled.after(HOUR), "{decided:?}");
    restart(&mut world, SEC).await;
    assert_eq!(record(&world, "some-time").runs[0].due, decided.due);
    until(&world, "it runs", HOUR + MIN, |w| tasks(w, "some-time").len() == 1).await;
    let late = world.ctx().nature.wall().millis_since(decided.due);
    assert!(late < 11_000 && world.ctx().nature.wall() >= decided.due, "{late} ms");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_schedule_does_not_run_and_makes_nothing_good_when_it_is_enabled() {
    let world = world().await;
    let definition = job(&world, Some(100)).await;
    let mut new = schedule("off", "rate(5 minutes)", &definition);
    new.settings.enabled = false;
    world.control().create_schedule(new.clone()).await.unwrap();
    pass(12 * MIN).await;
    assert_eq!(tasks(&world, "off").len(), 0);
    new.settings.enabled = true;
    world.control().update_schedule(new).await.unwrap();
    pass(2 * MIN).await;
    assert_eq!(tasks(&world, "off").len(), 0);
    pass(2 * MIN).await;
    assert_eq!(tasks(&world, "off").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_is_noticed_and_one_set_back_repeats_nothing() {
    let world = world().await;
    let definition = job(&world, Some(100)).await;
    world.control().create_schedule(schedule("set", &at(&world, 5 * HOUR), &definition)).await.unwrap();
    pass(MIN).await;
    world.ctx().nature.jump(5 * 3_600_000);
    until(&world, "it runs", 12 * SEC, |w| tasks(w, "set").len() == 1).await;
    world.ctx().nature.jump(-1_800_000);
    pass(HOUR).await;
    assert_eq!(tasks(&world, "set").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_far_ahead_for_a_while_leaves_no_standstill() {
    let world = world().await;
    let definition = job(&world, Some(100)).await;
    world.control().create_schedule(schedule("often", "rate(5 minutes)", &definition)).await.unwrap();
    pass(MIN).await;
    world.ctx().nature.jump(24 * 3_600_000);
    until(&world, "the latest of the runs that seem missed", 12 * SEC, |w| tasks(w, "often").len() == 2)
        .await;
    world.ctx().nature.jump(-24 * 3_600_000);
    pass(15 * MIN).await;
    assert_eq!(tasks(&world, "often").len(), 5, "{}", picture(&world));
    assert_once(&world, "often");
}

#[tokio::test(start_paused = true)]
async fn what_a_disk_loses_of_schedules_is_found_by_the_audit_and_written_again() {
    let world = quiet_started(4).await;
    let definition = job(&world, Some(100)).await;
    world.control().create_schedule(schedule("kept", "rate(1 day)", &definition)).await.unwrap();
    until(&world, "it runs", MIN, |w| last(w, "kept").is_some()).await;
    pass(SEC).await;
    world.store.lose_schedule(&key("kept"));
    assert!(world.store.snapshot().schedules.is_empty());
    until(&world, "it is on disk again", 11 * MIN, |w| !w.store.snapshot().schedules.is_empty()).await;
    assert_eq!(world.store.snapshot().schedules[0], *record(&world, "kept"));
}

#[tokio::test(start_paused = true)]
async fn a_schedules_actor_that_panics_loses_no_run_and_doubles_none() {
    let world = quiet_started(5).await;
    let definition = job(&world, Some(100)).await;
    world.control().create_schedule(schedule("often", "rate(1 minute)", &definition)).await.unwrap();
    for pause in [7, 53, 61, 119, 60, 60] {
        pass(pause * SEC).await;
        let actor = world.ctx().directory.schedules.get(&()).unwrap();
        drop(actor.cast(SchedulesMsg::Panic));
    }
    pass(MIN + 5 * SEC).await;
    let minutes = record(&world, "often").considered.millis_since(record(&world, "often").since) / 60_000 + 1;
    assert_eq!(tasks(&world, "often").len() as u64, minutes, "{}", picture(&world));
    assert_once(&world, "often");
    assert_lawful(&world);
}

async fn quiet_started(seed: u64) -> World {
    let mut world = quiet_world(seed);
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
    world
}

/// The daemon is killed again and again around the moments at which a run is decided, written and begun, on a slow disk:
/// no run is lost, none has its tasks twice.
#[tokio::test(start_paused = true)]
async fn a_kill_between_decision_and_run_neither_loses_nor_doubles_it() {
    for seed in 0..16 {
        let mut world = quiet_started(seed).await;
        let definition = job(&world, Some(100)).await;
        let mut new = schedule("often", "rate(1 minute)", &definition);
        new.settings.missed = Some(Missed::All);
        world.control().create_schedule(new).await.unwrap();
        world.store.latency(20 * MS..60 * MS);
        let since = record(&world, "often").since;
        for round in 0..3_u64 {
            // From a little before the next minute to a little after.
            let now = world.ctx().nature.wall().millis_since(since);
            let wait = 60_000 - now % 60_000 + (seed * 3 + round) * 7;
            pass(Duration::from_millis(wait)).await;
            world.crash();
            pass(Duration::from_millis(seed * 500)).await;
            world.start().await.unwrap();
        }
        pass(2 * MIN).await;
        let all = record(&world, "often");
        let minutes = all.considered.millis_since(all.since) / 60_000 + 1;
        let ran = tasks(&world, "often").len() as u64;
        assert_eq!((ran, all.runs.len()), (minutes, 0), "seed {seed}\n{:?}\n{}", all, picture(&world));
        assert_once(&world, "often");
        assert_lawful(&world);
        world.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_for_a_while_delays_runs_and_an_answer_is_a_promise() {
    let world = quiet_started(3).await;
    let definition = job(&world, Some(100)).await;
    world.store.fail(1.0);
    let refused = world.control().create_schedule(schedule("often", "rate(5 minutes)", &definition)).await;
    assert!(matches!(refused, Err(ControlError::Unavailable(_))), "{refused:?}");
    assert!(world.view().schedules.is_empty());
    world.store.fail(0.0);
    world.control().create_schedule(schedule("often", "rate(5 minutes)", &definition)).await.unwrap();
    pass(MIN).await;
    world.store.fail(1.0);
    pass(5 * MIN).await;
    assert_eq!(tasks(&world, "often").len(), 1, "nothing begins that is not decided on disk");
    world.store.fail(0.0);
    until(&world, "it runs", 10 * SEC, |w| tasks(w, "often").len() == 2).await;
    assert_once(&world, "often");
}

#[tokio::test(start_paused = true)]
async fn the_same_token_makes_one_schedule_and_a_name_is_given_once() {
    let world = world().await;
    let definition = job(&world, Some(100)).await;
    let mut new = schedule("one", "rate(1 day)", &definition);
    new.client_token = Some("token".into());
    let made = world.control().create_schedule(new.clone()).await.unwrap();
    assert_eq!(world.control().create_schedule(new.clone()).await.unwrap().id, made.id);
    new.settings.description = Some("another".into());
    let twice = world.control().create_schedule(new.clone()).await;
    assert_eq!(twice, Err(ControlError::ScheduleExists(key("one"))));
    new.key.group = ScheduleGroupName::new("nowhere");
    let nowhere = world.control().create_schedule(new.clone()).await;
    assert_eq!(nowhere, Err(ControlError::ScheduleGroupNotFound(ScheduleGroupName::new("nowhere"))));
    new.key.group = ScheduleGroupName::new("default");
    new.settings.expression = "cron(0 8 * * ?)".into();
    let wrong = world.control().update_schedule(new).await.unwrap_err();
    assert!(matches!(wrong, ControlError::InvalidSchedule(_)), "{wrong:?}");
    assert_eq!(record(&world, "one").settings.expression, "rate(1 day)");
}
