//! Placement, and tasks that are run at their times.

use super::panel::{By, Is, Looks, graph, quantiles, stat};
use super::{Dashboard, Row, Variable};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "scheduler",
        title: "Scheduler",
        description: "Where tasks find a place, and scheduled tasks their time.",
        variables: &[Variable::Cluster],
        rows: vec![placement(), schedules()],
    }
}

fn placement() -> Row {
    Row {
        heading: "Placement",
        panels: vec![
            graph(
                "Tasks placed",
                "A minute.",
                Is::PerMinute,
                &[("sum by (cluster) (rate(mainstay_placements_total[C][$__rate_interval])) * 60", "{{cluster}}")],
            ),
            graph(
                "Placements refused, by what was lacking",
                "A minute.",
                Is::PerMinute,
                &[("sum by (reason) (rate(mainstay_placement_failures_total[C][$__rate_interval])) * 60", "{{reason}}")],
            )
            .runbook("MainstayNoPlace"),
            quantiles("Time to place", "How long a look for a place took, found or not.", "mainstay_placement_seconds[C]", By::Nothing),
            graph(
                "Left to give",
                "The share of CPU and of memory that no task holds.",
                Is::Share,
                &[
                    ("sum(mainstay_instance_remaining_cpu_units[C]) / sum(mainstay_instance_registered_cpu_units[C])", "CPU"),
                    ("sum(mainstay_instance_remaining_memory_bytes[C]) / sum(mainstay_instance_registered_memory_bytes[C])", "memory"),
                ],
            )
            .runbook("MainstayNoPlace"),
        ],
    }
}

fn schedules() -> Row {
    Row {
        heading: "Schedules",
        panels: vec![
            stat("Schedules", "Disabled ones too.", Is::Count, Looks::Plain, "sum(mainstay_schedules)"),
            stat(
                "Runs given up",
                "Within a day: failed, or missed while nothing ran.",
                Is::Count,
                Looks::BadFrom(1.0),
                "sum(increase(mainstay_schedule_runs_total{result=~\"failed|missed\"}[1d]))",
            )
            .runbook("MainstayScheduledRunsFail"),
            graph(
                "Runs, by result",
                "Within an hour.",
                Is::Count,
                &[("sum by (result) (increase(mainstay_schedule_runs_total[1h]))", "{{result}}")],
            )
            .wide(8)
            .runbook("MainstayScheduledRunsFail"),
            graph(
                "Runs that are tried again",
                "Within an hour.",
                Is::Count,
                &[("sum(increase(mainstay_schedule_retries_total[1h]))", "tried again")],
            )
            .wide(8),
            quantiles(
                "Lateness",
                "From when a run should have begun to its tasks' being started.",
                "mainstay_schedule_lateness_seconds",
                By::Nothing,
            ),
        ],
    }
}
