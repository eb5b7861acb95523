//! What the daemon itself measures, and the recorder behind `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use mainstay_actors::context::{Context, Surroundings};
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, counter, gauge,
    histogram,
};
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use metrics_util::MetricKindMask;

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
/// Every so many of these, series of what is gone are forgotten although nobody scrapes.
const ROUNDS_TO_FORGET: u64 = 60;

/// What names a cluster goes again with what it names; the series of what is gone go after this time.
const FORGET_AFTER: Duration = Duration::from_secs(3600);
/// The label that says so.
const PASSING: &str = "cluster";

/// The process's recorder; installed with the first use, and described once.
///
/// # Errors
/// Where another recorder was installed in this process.
pub fn recorder() -> Result<&'static Pages, String> {
    static PAGES: OnceLock<Result<Pages, String>> = OnceLock::new();
    PAGES.get_or_init(install).as_ref().map_err(Clone::clone)
}

fn install() -> Result<Pages, String> {
    let (recorder, pages) = Recorders::new(FORGET_AFTER).map_err(|error| error.to_string())?;
    metrics::set_global_recorder(recorder).map_err(|error| format!("no metrics recorder: {error}"))?;
    describe_all();
    begin();
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(pages)
}

/// Two recorders: one for what is there for as long as the process, one for what goes with a service or a cluster.
/// A series' labels say which of them it is in.
struct Recorders {
    lasting: PrometheusRecorder,
    passing: PrometheusRecorder,
}

/// What they have recorded.
pub struct Pages {
    lasting: PrometheusHandle,
    passing: PrometheusHandle,
}

impl Recorders {
    fn new(forget_after: Duration) -> Result<(Self, Pages), BuildError> {
        let recorders = Self {
            lasting: builder()?.build_recorder(),
            // Histograms are forgotten although their owner is there where nothing is recorded for as long: they
            // begin anew then, as counters do with a process.
            passing: builder()?.idle_timeout(MetricKindMask::ALL, Some(forget_after)).build_recorder(),
        };
        let pages = Pages { lasting: recorders.lasting.handle(), passing: recorders.passing.handle() };
        Ok((recorders, pages))
    }

    fn of(&self, key: &Key) -> &PrometheusRecorder {
        let passes = key.labels().any(|label| label.key() == PASSING);
        if passes { &self.passing } else { &self.lasting }
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let (names, fine) = mainstay_actors::metrics::FINE_SECONDS;
    let (depth, depths) = mainstay_actors::metrics::DEPTHS;
    let mut builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?;
    for name in names {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.into()), &fine)?;
    }
    builder.set_buckets_for_metric(Matcher::Full(depth.into()), &depths)
}

impl Recorder for Recorders {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.lasting.describe_counter(name.clone(), unit, help.clone());
        self.passing.describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.lasting.describe_gauge(name.clone(), unit, help.clone());
        self.passing.describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.lasting.describe_histogram(name.clone(), unit, help.clone());
        self.passing.describe_histogram(name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.of(key).register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.of(key).register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.of(key).register_histogram(key, metadata)
    }
}

impl Pages {
    /// The page at `/metrics`: what was recorded, and what the view shows at this moment.
    pub fn render(&self, ctx: &Surroundings) -> String {
        mainstay_actors::metrics::keep(ctx);
        let mut page = self.lasting.render();
        page.push_str(&self.passing.render());
        // Read anew each time: what is gone has no series, and nobody has to take it away.
        let shown = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&shown, || {
            mainstay_actors::metrics::describe_shown();
            mainstay_actors::metrics::show(ctx);
        });
        page.push_str(&shown.handle().render());
        page
    }
}

/// Starts at zero whatever has labels that are known beforehand.
fn begin() {
    mainstay_actors::metrics::begin();
    crate::api::metrics::begin();
    crate::exec::metrics::begin();
    crate::logs::metrics::begin();
    store_commit_batches().increment(0);
    store_commit_failures().increment(0);
    // A histogram is there once it was asked for.
    drop(store_commit_seconds());
}

fn describe_all() {
    mainstay_actors::metrics::describe();
    mainstay_actors::metrics::describe_shown();
    crate::api::metrics::describe();
    crate::exec::metrics::describe();
    crate::logs::metrics::describe();
    crate::tls::describe();
    crate::usage::metrics::describe();
    describe();
}

fn describe() {
    describe_gauge!(BUILD_INFO, Unit::Count, "Always 1; the label has the version");
    describe_histogram!(STORE_COMMIT, Unit::Seconds, "From the first batch of a group to its sync on disk");
    describe_counter!(STORE_BATCHES, Unit::Count, "Batches written; several share one commit under load");
    describe_counter!(STORE_FAILURES, Unit::Count, "Commits that failed");
    describe_gauge!(STORE_BYTES, Unit::Bytes, "Size of the store's file");
}

/// Folds samples into buckets, and forgets what is gone, for as long as it is polled.
pub async fn keep_up(pages: &'static Pages, ctx: Context) {
    for round in 1_u64.. {
        tokio::time::sleep(FOLD_EVERY).await;
        pages.lasting.run_upkeep();
        pages.passing.run_upkeep();
        mainstay_actors::metrics::keep(&ctx);
        if round.is_multiple_of(ROUNDS_TO_FORGET) {
            // Only whoever renders forgets, and perhaps nobody scrapes.
            drop(pages.passing.render());
        }
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
