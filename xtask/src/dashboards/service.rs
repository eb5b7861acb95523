//! One service: what it has, how it changes, what it costs.

use super::panel::{By, Is, Looks, graph, quantiles, stat};
use super::{Dashboard, Row, Variable};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "service",
        title: "Service",
        description: "Counts, rollouts, restarts and what a service uses.",
        variables: &[Variable::Cluster, Variable::Service],
        rows: vec![counts(), changes(), resources()],
    }
}

fn counts() -> Row {
    Row {
        heading: "Counts",
        panels: vec![
            stat(
                "Desired",
                "Tasks it wants.",
                Is::Count,
                Looks::Plain,
                "sum(mainstay_service_desired_tasks[S])",
            ),
            stat(
                "Running",
                "Tasks that are RUNNING.",
                Is::Count,
                Looks::GoodFrom(1.0),
                "sum(mainstay_service_running_tasks[S])",
            )
            .runbook("MainstayServiceBelowDesired"),
            stat(
                "Healthy",
                "Those that are HEALTHY or have no health check.",
                Is::Count,
                Looks::GoodFrom(1.0),
                "sum(mainstay_service_healthy_tasks[S])",
            ),
            stat(
                "Pending",
                "Tasks that are coming up.",
                Is::Count,
                Looks::Plain,
                "sum(mainstay_service_pending_tasks[S])",
            ),
            stat(
                "Rollout since",
                "How long the oldest rollout has been IN_PROGRESS; 0 where none is.",
                Is::Seconds,
                Looks::WorseFrom(900.0, 1800.0),
                "max(mainstay_service_rollout_seconds[S])",
            )
            .runbook("MainstayRolloutStuck"),
            stat(
                "Longest backoff",
                "How long a place whose tasks fail still waits for its next one.",
                Is::Seconds,
                Looks::WorseFrom(1.0, 60.0),
                "max(mainstay_service_backoff_seconds[S])",
            )
            .runbook("MainstayCrashLoop"),
            graph(
                "Tasks",
                "What it wants and what it has.",
                Is::Count,
                &[
                    ("sum(mainstay_service_desired_tasks[S])", "desired"),
                    ("sum(mainstay_service_running_tasks[S])", "running"),
                    ("sum(mainstay_service_healthy_tasks[S])", "healthy"),
                    ("sum(mainstay_service_pending_tasks[S])", "pending"),
                ],
            ),
            graph(
                "Places in backoff",
                "Places whose next task waits because the last ones failed.",
                Is::Count,
                &[("sum by (service) (mainstay_service_backoff_slots[S])", "{{service}}")],
            )
            .runbook("MainstayCrashLoop"),
        ],
    }
}

fn changes() -> Row {
    Row {
        heading: "Starts, ends and rollouts",
        panels: vec![
            graph(
                "Task starts",
                "A minute.",
                Is::PerMinute,
                &[(
                    "sum by (service) (rate(mainstay_task_starts_total[S][$__rate_interval])) * 60",
                    "{{service}}",
                )],
            ),
            graph(
                "Task ends, by reason",
                "A minute: the stop codes are ECS's.",
                Is::PerMinute,
                &[(
                    "sum by (stop_code) (rate(mainstay_task_stops_total[S][$__rate_interval])) * 60",
                    "{{stop_code}}",
                )],
            )
            .runbook("MainstayCrashLoop"),
            graph(
                "Containers started again in place",
                "A minute, by their restart policy.",
                Is::PerMinute,
                &[(
                    "sum by (service) (rate(mainstay_container_restarts_total[S][$__rate_interval])) * 60",
                    "{{service}}",
                )],
            ),
            quantiles(
                "Time to replace",
                "From a task's death to its replacement RUNNING.",
                "mainstay_task_replacement_seconds[S]",
                By::Nothing,
            ),
            graph(
                "Rollouts that ended",
                "Within an hour, by how.",
                Is::Count,
                &[("sum by (outcome) (increase(mainstay_deployments_total[S][1h]))", "{{outcome}}")],
            )
            .runbook("MainstayRolloutFailed"),
            graph(
                "Rollout under way",
                "For how long it has been IN_PROGRESS.",
                Is::Seconds,
                &[("mainstay_service_rollout_seconds[S]", "{{service}}")],
            )
            .runbook("MainstayRolloutStuck"),
        ],
    }
}

fn resources() -> Row {
    Row {
        heading: "What its containers use, over all tasks",
        panels: vec![
            graph(
                "CPU",
                "Cores.",
                Is::Cores,
                &[(
                    "sum by (service, container) (mainstay_container_cpu_cores[S])",
                    "{{service}} {{container}}",
                )],
            ),
            graph(
                "Memory",
                "Without what is only cached.",
                Is::Bytes,
                &[(
                    "sum by (service, container) (mainstay_container_memory_bytes[S])",
                    "{{service}} {{container}}",
                )],
            ),
            graph(
                "Network",
                "Over the containers' own interfaces; with awsvpc it is the pause container's.",
                Is::BytesPerSecond,
                &[
                    (
                        "sum by (service) (rate(mainstay_container_network_receive_bytes_total[S][$__rate_interval]))",
                        "{{service}} in",
                    ),
                    (
                        "sum by (service) (rate(mainstay_container_network_transmit_bytes_total[S][$__rate_interval]))",
                        "{{service}} out",
                    ),
                ],
            ),
            graph(
                "Block devices",
                "What did not come out of the kernel's cache.",
                Is::BytesPerSecond,
                &[
                    (
                        "sum by (service) (rate(mainstay_container_block_read_bytes_total[S][$__rate_interval]))",
                        "{{service}} read",
                    ),
                    (
                        "sum by (service) (rate(mainstay_container_block_written_bytes_total[S][$__rate_interval]))",
                        "{{service}} written",
                    ),
                ],
            ),
        ],
    }
}
