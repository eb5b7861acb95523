//! Is everything as desired?

use super::panel::{Is, Looks, graph, stat, table};
use super::{Dashboard, Row, Variable};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "overview",
        title: "Overview",
        description: "Is everything as desired? Green all along the top says so.",
        variables: &[Variable::Cluster],
        rows: vec![now(), services(), around()],
    }
}

fn now() -> Row {
    Row {
        heading: "Now",
        panels: vec![
            stat(
                "Tasks missing",
                "Desired less running, over all services: 0 when all is well.",
                Is::Count,
                Looks::BadFrom(1.0),
                "sum(clamp_min(mainstay_service_desired_tasks[C] - mainstay_service_running_tasks[C], 0)) or vector(0)",
            )
            .runbook("MainstayServiceBelowDesired"),
            stat(
                "Tasks not well",
                "RUNNING without their health check passing.",
                Is::Count,
                Looks::WorseFrom(1.0, 5.0),
                "sum(mainstay_service_running_tasks[C] - mainstay_service_healthy_tasks[C]) or vector(0)",
            )
            .runbook("MainstayTasksUnwell"),
            stat(
                "Rollouts under way",
                "Services whose rollout is IN_PROGRESS.",
                Is::Count,
                Looks::Plain,
                "count(mainstay_service_rollout_seconds[C] > 0) or vector(0)",
            ),
            stat(
                "Places in backoff",
                "Places of services whose next task waits because the last ones failed.",
                Is::Count,
                Looks::WorseFrom(1.0, 5.0),
                "sum(mainstay_service_backoff_slots[C]) or vector(0)",
            )
            .runbook("MainstayCrashLoop"),
            stat(
                "Instances away",
                "Container instances whose agent or engine does not answer.",
                Is::Count,
                Looks::BadFrom(1.0),
                "count(mainstay_instance_engine_connected[C] == 0) or vector(0)",
            )
            .runbook("MainstayInstanceLost"),
            stat(
                "Alerts that fire",
                "Of dashboards/rules/mainstay.yml.",
                Is::Count,
                Looks::BadFrom(1.0),
                "count(ALERTS{alertname=~\"Mainstay.*\",alertstate=\"firing\"}) or vector(0)",
            ),
        ],
    }
}

fn services() -> Row {
    Row {
        heading: "Services",
        panels: vec![
            table(
                "Tasks missing, by service",
                "Services that lack tasks, or run some that are not well; empty when all is well.",
                Is::Count,
                "(mainstay_service_desired_tasks[C] - mainstay_service_healthy_tasks[C]) > 0",
            )
            .leading_to_service(),
            table(
                "Alerts",
                "What fires, and what may soon.",
                Is::Count,
                "ALERTS{alertname=~\"Mainstay.*\"}",
            ),
            graph(
                "Running and desired tasks",
                "By service: the lines lie on each other when all is well.",
                Is::Count,
                &[
                    ("sum by (cluster, service) (mainstay_service_running_tasks[C])", "{{service}} running"),
                    ("sum by (cluster, service) (mainstay_service_desired_tasks[C])", "{{service}} desired"),
                ],
            )
            .leading_to_service(),
            graph(
                "Tasks that ended unasked",
                "A minute, by service: failures, not what was scaled in or rolled out.",
                Is::PerMinute,
                &[(
                    "sum by (cluster, service) (rate(mainstay_task_stops_total{cluster=~\"$cluster\",stop_code=~\"EssentialContainerExited|TaskFailedToStart|TerminationNotice\"}[$__rate_interval])) * 60",
                    "{{service}}",
                )],
            )
            .runbook("MainstayCrashLoop")
            .leading_to_service(),
        ],
    }
}

fn around() -> Row {
    Row {
        heading: "All around",
        panels: vec![
            graph(
                "Tasks",
                "By last status.",
                Is::Count,
                &[("sum by (status) (mainstay_tasks[C])", "{{status}}")],
            )
            .wide(8),
            graph(
                "Container instances",
                "By status: what is DRAINING takes no new tasks.",
                Is::Count,
                &[("sum by (status) (mainstay_container_instances[C])", "{{status}}")],
            )
            .wide(8),
            graph(
                "Daemons",
                "That answer, by version.",
                Is::Count,
                &[("count by (version) (mainstay_build_info)", "{{version}}")],
            )
            .runbook("MainstayDown")
            .wide(8),
        ],
    }
}
