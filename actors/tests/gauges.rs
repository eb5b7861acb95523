//! What Prometheus sees of services.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::time::Duration;

use mainstay_actors::sim::{Script, container};
use mainstay_core::model::TaskStatus;
use metrics_exporter_prometheus::PrometheusBuilder;
use support::*;

#[test]
fn a_services_gauges_follow_its_tasks_and_go_to_zero_with_it() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let seen = recorder.handle();
    // One of the default cluster's service `web`, by the end of its name.
    let gauge = move |name: &str| {
        let series = format!("mainstay_service_{name}_tasks{{cluster=\"default\",service=\"web\"}} ");
        let text = seen.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&series)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no {series} in\n{text}"))
    };
    let all = |gauge: &dyn Fn(&str) -> String| {
        ["desired", "running", "pending", "healthy"].map(|name| gauge(name).parse::<u32>().unwrap())
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let world = world().await;
            world.engine.script("web", Script::healthy(5 * SEC));
            world.engine.faults(|faults| faults.latency = SEC..SEC + MS);
            let web = checked_service(&world, "web", 3).await;
            pass(SEC).await;
            assert_eq!(all(&gauge), [3, 0, 3, 0]);
            until(&world, "up", MIN, |w| w.running_tasks(&web).len() == 3).await;
            assert_eq!(all(&gauge), [3, 3, 0, 0]);
            until(&world, "steady", MIN, |w| w.is_steady(&web)).await;
            assert_eq!(all(&gauge), [3, 3, 0, 3]);
            world.control().delete_service(web, true).await.unwrap();
            pass(MIN).await;
            assert_eq!(all(&gauge), [0, 0, 0, 0]);
        });
    });
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
