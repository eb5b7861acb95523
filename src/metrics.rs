//! What the daemon itself measures, and the recorder behind `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const BUILD_INFO: &str = "mainstay_build_info";
const STORE_COMMIT: &str = "mainstay_store_commit_seconds";
const STORE_BATCHES: &str = "mainstay_store_commit_batches_total";
const STORE_FAILURES: &str = "mainstay_store_commit_failures_total";
const STORE_BYTES: &str = "mainstay_store_size_bytes";

/// Upper bounds of every duration's buckets, in seconds: from one fsync to a slow pull.
const SECONDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];
/// Histograms keep raw samples until they are folded into buckets.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder; installed with the first use, and described once.
///
/// # Errors
/// Where another recorder was installed in this process.
pub fn recorder() -> Result<&'static PrometheusHandle, String> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    HANDLE.get_or_init(install).as_ref().map_err(Clone::clone)
}

fn install() -> Result<PrometheusHandle, String> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("no metrics recorder: {error}"))?;
    describe_all();
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

fn describe_all() {
    mainstay_actors::metrics::describe();
    crate::api::metrics::describe();
    crate::exec::metrics::describe();
    crate::logs::metrics::describe();
    describe();
}

fn describe() {
    describe_gauge!(BUILD_INFO, Unit::Count, "Always 1; the label has the version");
    describe_histogram!(STORE_COMMIT, Unit::Seconds, "From the first batch of a group to its sync on disk");
    describe_counter!(STORE_BATCHES, Unit::Count, "Batches written; several share one commit under load");
    describe_counter!(STORE_FAILURES, Unit::Count, "Commits that failed");
    describe_gauge!(STORE_BYTES, Unit::Bytes, "Size of the store's file");
}

/// Folds samples into buckets for as long as it is polled.
pub async fn keep_up(handle: &'static PrometheusHandle) {
    loop {
        tokio::time::sleep(FOLD_EVERY).await;
        handle.run_upkeep();
    }
}

pub(crate) fn store_commit_seconds() -> Histogram {
    histogram!(STORE_COMMIT)
}

pub(crate) fn store_commit_batches() -> Counter {
    counter!(STORE_BATCHES)
}

pub(crate) fn store_commit_failures() -> Counter {
    counter!(STORE_FAILURES)
}

pub(crate) fn store_bytes() -> Gauge {
    gauge!(STORE_BYTES)
}

#[cfg(test)]
mod tests;
