//! What Prometheus sees of services.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_actors::catalog::CatalogMsg;
use mainstay_actors::context::{Settings, Surroundings};
use mainstay_actors::placement::PlacementMsg;
use mainstay_actors::ports::{EventPage, Nature, Snapshot, Store, StoreError, Write};
use mainstay_actors::sim::{Script, World, container};
use mainstay_core::model::{Task, TaskStatus};
use mainstay_core::{ClusterName, TaskId};
use metrics_exporter_prometheus::PrometheusBuilder;
use support::*;

/// Everything that is read from the view at a scrape.
fn scraped(world: &World) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || mainstay_actors::metrics::show(world.ctx()));
    recorder.handle().render()
}

/// The value of the one series that begins so.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(start_paused = true)]
async fn a_services_gauges_follow_its_tasks_and_go_with_it() {
    let world = world().await;
    world.engine.script("web", Script::healthy(5 * SEC));
    world.engine.faults(|faults| faults.latency = SEC..SEC + MS);
    let one = |name: &str, page: &str| {
        value(page, &format!("mainstay_service_{name}{{cluster=\"default\",service=\"web\"}}"))
    };
    let all = || {
        let page = scraped(&world);
        ["desired_tasks", "running_tasks", "pending_tasks", "healthy_tasks"].map(|name| one(name, &page))
    };
    let web = checked_service(&world, "web", 3).await;
    pass(SEC).await;
    assert_eq!(all(), [3.0, 0.0, 3.0, 0.0].map(Some));
    until(&world, "up", MIN, |w| w.running_tasks(&web).len() == 3).await;
    assert_eq!(all(), [3.0, 3.0, 0.0, 0.0].map(Some));
    assert!(one("rollout_seconds", &scraped(&world)).is_some_and(|age| age > 1.0));
    until(&world, "steady", MIN, |w| w.is_steady(&web)).await;
    assert_eq!(all(), [3.0, 3.0, 0.0, 3.0].map(Some));
    assert_eq!(one("rollout_seconds", &scraped(&world)), Some(0.0));
    world.control().delete_service(web, true).await.unwrap();
    pass(MIN).await;
    assert_eq!(all(), [None; 4]);
}

#[tokio::test(start_paused = true)]
async fn what_tasks_hold_of_an_instance_is_told_in_numbers() {
    let world = world().await;
    let of_instance = |name: &str| {
        let page = scraped(&world);
        let series = format!("mainstay_instance_{name}{{cluster=\"default\",container_instance=");
        let line = page.lines().find(|line| line.starts_with(&series)).unwrap_or_else(|| panic!("{page}"));
        line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
    };
    let (cpu, memory) = (of_instance("registered_cpu_units"), of_instance("registered_memory_bytes"));
    assert_eq!(of_instance("remaining_cpu_units"), cpu);
    assert_eq!([of_instance("agent_connected"), of_instance("engine_connected")], [1.0, 1.0]);
    let web = service_of(&world, "web", 2).await;
    until(&world, "up", MIN, |w| w.is_steady(&web)).await;
    let held = world
        .view()
        .tasks
        .all()
        .iter()
        .map(|task| task.resources.clone())
        .fold((0, 0), |sum, held| (sum.0 + held.cpu, sum.1 + held.memory));
    assert!(held.1 > 0);
    assert_eq!(of_instance("remaining_cpu_units"), cpu - f64::from(held.0));
    assert_eq!(of_instance("remaining_memory_bytes"), memory - f64::from(held.1) * 1024.0 * 1024.0);
    assert_eq!([of_instance("running_tasks"), of_instance("pending_tasks")], [2.0, 0.0]);
    world.engine.go_away();
    until(&world, "away", MIN, |_| of_instance("engine_connected") == 0.0).await;
}

#[tokio::test(start_paused = true)]
async fn slots_that_wait_after_failures_are_counted_for_as_long_as_they_wait() {
    let world = world().await;
    let web = service_of(&world, "web", 2).await;
    world.engine.script("web", Script::exits(1, MS));
    for id in running(&world) {
        world.engine.kill(&id);
    }
    let of_service = |name: &str| {
        let page = scraped(&world);
        value(&page, &format!("mainstay_service_backoff_{name}{{cluster=\"default\",service=\"web\"}}"))
            .unwrap()
    };
    until(&world, "both wait", 10 * MIN, |_| of_service("slots") == 2.0).await;
    assert!(of_service("seconds") > 0.0);
    world.control().delete_service(web, true).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn restarts_use_up_the_intensity_of_their_supervisor_until_they_are_old() {
    let world = world().await;
    let used = |kind: &str| {
        value(&scraped(&world), &format!("mainstay_restart_intensity_used_ratio{{kind=\"{kind}\"}}")).unwrap()
    };
    assert_eq!([used("root"), used("cluster"), used("service")], [0.0; 3]);
    let allowed = world.ctx().settings.intensity.restarts as f64;
    for _ in 0..2 {
        world.ctx().directory.catalog.get(&()).unwrap().cast(CatalogMsg::Panic).unwrap();
        pass(SEC).await;
    }
    assert_eq!(used("root"), 2.0 / allowed);
    assert_eq!(used("cluster"), 0.0);
    pass(2 * MIN).await;
    assert_eq!(used("root"), 0.0);
}

/// A store that has this, and takes everything.
struct Given(Snapshot);

impl Store for Given {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.0.clone())
    }

    fn commit(&self, _: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn events(&self, _: u64, _: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        std::future::ready(Ok(EventPage::default())).boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_tasks_have_as_many_series_as_ten() {
    let world = world().await;
    let web = service_of(&world, "web", 1).await;
    until(&world, "it is on disk", MIN, |w| w.store.snapshot().tasks.len() == 1 && w.is_steady(&web)).await;
    let series = |tasks: u32| {
        let mut given = world.store.snapshot();
        let one = given.tasks.remove(0);
        given.tasks = (0..tasks)
            .map(|number| Task { id: TaskId::new(format!("{number:032x}")), ..one.clone() })
            .collect();
        let nature = Nature::simulated(1, tokio::time::Instant::now());
        let ctx = Surroundings::load(Arc::new(Given(given)), nature, Settings::default()).unwrap();
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            mainstay_actors::metrics::begin();
            mainstay_actors::metrics::keep(&ctx);
            mainstay_actors::metrics::show(&ctx);
        });
        let page = recorder.handle().render();
        let running = "mainstay_service_running_tasks{cluster=\"default\",service=\"web\"}";
        assert_eq!(value(&page, running), Some(f64::from(tasks)));
        page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count()
    };
    assert_eq!(series(10_000), series(10));
    assert!(series(10) < 1000, "{}", series(10));
}

#[test]
fn every_kind_of_actor_is_measured_at_work_and_messages_behind_others_are_seen_to_wait() {
    let recorder = PrometheusBuilder::new().set_buckets(&[0.0, 1.0, 10.0]).unwrap().build_recorder();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let world = world().await;
            let web = service_of(&world, "web", 2).await;
            until(&world, "up", MIN, |w| w.is_steady(&web)).await;
            // All at once: the probe that the first of them posts comes behind the others.
            let placement = world.ctx().directory.placements.get(&ClusterName::new("default")).unwrap();
            pass(MIN).await;
            for task in 0..50 {
                placement.cast(PlacementMsg::Release(TaskId::new(format!("nobody-{task}")))).unwrap();
            }
            pass(SEC).await;
        });
    });
    let page = recorder.handle().render();
    let count = |name: &str, kind: &str| value(&page, &format!("mainstay_actor_{name}{{kind=\"{kind}\"}}"));
    for kind in ["catalog", "placement", "agent", "service", "task", "host", "host-task"] {
        assert!(count("handling_seconds_count", kind) > Some(0.0), "{kind}");
        assert!(count("mailbox_depth_count", kind) > Some(0.0), "{kind}");
        assert_eq!(count("mailbox_depth_count", kind), count("mailbox_wait_seconds_count", kind));
    }
    assert!(count("mailbox_depth_sum", "placement") >= Some(49.0), "{page}");
}

/// What audits found, after a task's container ended and its event came at once, or in an hour.
fn findings_after_an_end(event_delay: Duration) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let world = world().await;
            let definition = world.define("web", vec![container("web")]).await.unwrap();
            let made = run(&world, &definition, 1).await.tasks.remove(0);
            until(&world, "it runs", MIN, |w| task(w, &made.id).last_status == TaskStatus::Running).await;
            world.engine.faults(|faults| faults.event_delay = event_delay);
            world.engine.exit(&running(&world)[0], 4);
            pass(6 * MIN).await;
            assert_eq!(task(&world, &made.id).containers[0].exit_code, Some(4));
        });
    });
    let text = recorder.handle().render();
    let found = text.lines().find_map(|line| line.strip_prefix("mainstay_audit_findings_total "));
    found.unwrap_or("0").to_owned()
}

#[test]
fn an_audit_finds_the_end_that_no_event_told_of_and_nothing_else() {
    assert_eq!(findings_after_an_end(HOUR), "1");
    assert_eq!(findings_after_an_end(MS), "0");
}
