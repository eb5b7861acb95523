//! What Mainstay stands on: the container engine, and the store with the events that it keeps.

use super::panel::{By, Is, Looks, graph, quantiles, stat};
use super::{Dashboard, Row};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "engine",
        title: "Engine and store",
        description: "The container engine and its images, and the store on disk.",
        variables: &[],
        rows: vec![
            Row {
                heading: "Container engine",
                panels: vec![
                    stat(
                        "Answers",
                        "1 while the engine of every daemon that has one answers.",
                        Is::YesOrNo,
                        Looks::GoodFrom(1.0),
                        "min(mainstay_engine_connected)",
                    )
                    .runbook("MainstayEngineAway"),
                    graph(
                        "Acts that wait",
                        "For their turn at the engine, by lane.",
                        Is::Count,
                        &[("sum by (lane) (mainstay_engine_acts_waiting)", "{{lane}}")],
                    )
                    .wide(10),
                    graph(
                        "Pulls of images, by result",
                        "Within an hour.",
                        Is::Count,
                        &[("sum by (result) (increase(mainstay_image_pulls_total[1h]))", "{{result}}")],
                    )
                    .wide(10),
                    quantiles("Time to pull", "However it ended.", "mainstay_image_pull_seconds", By::Nothing),
                    graph(
                        "Images removed",
                        "Within a day: pulled for tasks, and not used for long.",
                        Is::Count,
                        &[("sum(increase(mainstay_images_removed_total[1d]))", "images")],
                    ),
                ],
            },
            Row {
                heading: "Store",
                panels: vec![
                    stat(
                        "Failures",
                        "Within an hour: writes that did not reach the disk.",
                        Is::Count,
                        Looks::BadFrom(1.0),
                        "sum(increase(mainstay_store_commit_failures_total[1h])) + sum(increase(mainstay_store_note_failures_total[1h]))",
                    )
                    .runbook("MainstayStoreFails"),
                    stat("Size", "Of the store's file.", Is::Bytes, Looks::Plain, "sum(mainstay_store_size_bytes)"),
                    quantiles(
                        "Commits",
                        "From the first batch of a group to its sync on disk: every change waits for it.",
                        "mainstay_store_commit_seconds",
                        By::Nothing,
                    )
                    .wide(8)
                    .runbook("MainstayStoreSlow"),
                    graph(
                        "Batches and commits",
                        "A second: several batches share a commit under load.",
                        Is::PerSecond,
                        &[
                            ("sum(rate(mainstay_store_commit_batches_total[$__rate_interval]))", "batches"),
                            ("sum(rate(mainstay_store_commit_seconds_count[$__rate_interval]))", "commits"),
                        ],
                    )
                    .wide(8),
                    graph("Size of the store", "Of its file.", Is::Bytes, &[("mainstay_store_size_bytes", "{{instance}}")]),
                ],
            },
            Row {
                heading: "Events and webhooks",
                panels: vec![
                    graph(
                        "Events",
                        "A second, by kind: what EventBridge would be told.",
                        Is::PerSecond,
                        &[("sum by (detail_type) (rate(mainstay_events_total[$__rate_interval]))", "{{detail_type}}")],
                    )
                    .wide(8),
                    graph(
                        "Events that a webhook has not had",
                        "Of whatever kind, since the last one that it is done with.",
                        Is::Count,
                        &[("max by (webhook) (mainstay_webhook_waiting_events)", "{{webhook}}")],
                    )
                    .wide(8),
                    graph(
                        "What became of events",
                        "Within an hour, by webhook; and the tries that were not taken.",
                        Is::Count,
                        &[
                            ("sum by (webhook, outcome) (increase(mainstay_webhook_events_total[1h]))", "{{webhook}} {{outcome}}"),
                            ("sum by (webhook) (increase(mainstay_webhook_failures_total[1h]))", "{{webhook}} not taken"),
                        ],
                    )
                    .wide(8),
                ],
            },
        ],
    }
}
