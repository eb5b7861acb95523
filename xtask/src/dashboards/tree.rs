//! The supervision tree: restarts, how much of their intensity they use up, and whether anybody falls behind.

use super::panel::{By, Is, Looks, graph, quantiles, stat};
use super::{Dashboard, Row};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "tree",
        title: "Supervision tree",
        description: "Restarts of actors, restart intensity, backoff, and what waits in mailboxes.",
        variables: &[],
        rows: vec![
            Row {
                heading: "Restarts",
                panels: vec![
                    stat(
                        "Actors started again",
                        "Within an hour: each is a defect, an engine or a disk that failed.",
                        Is::Count,
                        Looks::WorseFrom(1.0, 10.0),
                        "sum(increase(mainstay_actor_restarts_total[1h]))",
                    )
                    .runbook("MainstayActorsRestart"),
                    stat(
                        "Intensity used up",
                        "By the supervisor that is closest to giving up: at 100% the next restart is one too many.",
                        Is::Share,
                        Looks::WorseFrom(0.3, 0.7),
                        "max(mainstay_restart_intensity_used_ratio)",
                    )
                    .runbook("MainstayRestartIntensityHigh"),
                    stat("Actors", "That live.", Is::Count, Looks::Plain, "sum(mainstay_actors)"),
                    stat(
                        "Places in backoff",
                        "Places of services whose next task waits because the last ones failed.",
                        Is::Count,
                        Looks::WorseFrom(1.0, 5.0),
                        "sum(mainstay_service_backoff_slots) or vector(0)",
                    )
                    .runbook("MainstayCrashLoop"),
                    stat(
                        "Mailbox wait",
                        "99 of 100 messages waited no longer than this, over all actors at work.",
                        Is::Seconds,
                        Looks::WorseFrom(0.5, 5.0),
                        "histogram_quantile(0.99, sum by (le) (rate(mainstay_actor_mailbox_wait_seconds_bucket[5m])))",
                    )
                    .runbook("MainstayMailboxSlow"),
                    stat(
                        "Audit findings",
                        "Within a day: differences that only an audit found. There should be none.",
                        Is::Count,
                        Looks::BadFrom(1.0),
                        "sum(increase(mainstay_audit_findings_total[1d]))",
                    ),
                    graph(
                        "Actors started again, by kind",
                        "Within five minutes.",
                        Is::Count,
                        &[("sum by (kind) (increase(mainstay_actor_restarts_total[5m]))", "{{kind}}")],
                    )
                    .runbook("MainstayActorsRestart"),
                    graph(
                        "Restart intensity used up, by kind of supervisor",
                        "Of whichever is closest to giving up.",
                        Is::Share,
                        &[("max by (kind) (mainstay_restart_intensity_used_ratio)", "{{kind}}")],
                    )
                    .runbook("MainstayRestartIntensityHigh"),
                    graph("Actors, by kind", "That live.", Is::Count, &[("sum by (kind) (mainstay_actors)", "{{kind}}")]),
                    graph(
                        "Longest backoff, by service",
                        "How long a place whose tasks fail still waits for its next one.",
                        Is::Seconds,
                        &[("topk(20, mainstay_service_backoff_seconds)", "{{service}}")],
                    )
                    .runbook("MainstayCrashLoop"),
                ],
            },
            Row {
                heading: "Mailboxes",
                panels: vec![
                    quantiles(
                        "Waiting in mailboxes",
                        "Of actors at work, sampled once a second each.",
                        "mainstay_actor_mailbox_wait_seconds",
                        By::Kind,
                    )
                    .runbook("MainstayMailboxSlow"),
                    quantiles(
                        "Depth of mailboxes",
                        "Messages that were before another.",
                        "mainstay_actor_mailbox_depth",
                        By::Kind,
                    )
                    .counting(Is::Count)
                    .runbook("MainstayMailboxSlow"),
                    quantiles(
                        "Handling",
                        "How long handlers took: microseconds, since none of them waits for anything.",
                        "mainstay_actor_handling_seconds",
                        By::Kind,
                    )
                    .runbook("MainstayMailboxSlow"),
                    graph(
                        "Oldest handler that runs",
                        "How long it has run already: one that never returns is in none of the durations.",
                        Is::Seconds,
                        &[("max by (kind) (mainstay_actor_handler_running_seconds)", "{{kind}}")],
                    )
                    .runbook("MainstayHandlerStuck"),
                    graph(
                        "Messages handled",
                        "A second, supervision events too.",
                        Is::PerSecond,
                        &[("sum by (kind) (rate(mainstay_actor_handling_seconds_count[$__rate_interval]))", "{{kind}}")],
                    ),
                ],
            },
        ],
    }
}
