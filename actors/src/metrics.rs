//! What the tree measures. One constant holds a series' name, one function its labels, one line its help.

pub(crate) use metrics::Histogram;
use metrics::{Counter, Gauge, Unit, counter, gauge, histogram};
use metrics::{describe_counter, describe_gauge, describe_histogram};

use crate::tree::Kind;

mod living;
mod shown;

pub use living::{begin, keep};
pub use shown::{describe as describe_shown, show};

/// Values of labels that are written in more than one place.
pub(crate) mod names {
    /// The service of tasks that belong to none.
    pub(crate) const STANDALONE: &str = "";
}

const ACTORS: &str = "mainstay_actors";
const ACTOR_RESTARTS: &str = "mainstay_actor_restarts_total";
const ACTOR_HANDLING: &str = "mainstay_actor_handling_seconds";
const MAILBOX_WAIT: &str = "mainstay_actor_mailbox_wait_seconds";
const MAILBOX_DEPTH: &str = "mainstay_actor_mailbox_depth";
const TASK_STARTS: &str = "mainstay_task_starts_total";
const TASK_STOPS: &str = "mainstay_task_stops_total";
const CONTAINER_RESTARTS: &str = "mainstay_container_restarts_total";
const TASK_REPLACEMENT: &str = "mainstay_task_replacement_seconds";
const DEPLOYMENTS: &str = "mainstay_deployments_total";
const PLACEMENTS: &str = "mainstay_placements_total";
const PLACEMENT_FAILURES: &str = "mainstay_placement_failures_total";
const PLACEMENT_SECONDS: &str = "mainstay_placement_seconds";
const STORE_NOTE_FAILURES: &str = "mainstay_store_note_failures_total";
const AUDIT_FINDINGS: &str = "mainstay_audit_findings_total";
const ENGINE_ACTS_WAITING: &str = "mainstay_engine_acts_waiting";
const IMAGE_PULLS: &str = "mainstay_image_pulls_total";
const IMAGE_PULL_SECONDS: &str = "mainstay_image_pull_seconds";
const IMAGES_REMOVED: &str = "mainstay_images_removed_total";
const SCHEDULES: &str = "mainstay_schedules";
const SCHEDULE_RUNS: &str = "mainstay_schedule_runs_total";
const SCHEDULE_RETRIES: &str = "mainstay_schedule_retries_total";
const SCHEDULE_LATENESS: &str = "mainstay_schedule_lateness_seconds";
const ENGINE_CONNECTED: &str = "mainstay_engine_connected";

/// How fine histograms of this are, in seconds: a handler takes microseconds, a stuck mailbox seconds.
pub const FINE_SECONDS: ([&str; 3], [f64; 8]) =
    ([ACTOR_HANDLING, MAILBOX_WAIT, PLACEMENT_SECONDS], [0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, 60.0]);

/// Histograms whose samples can be a request's: they are taken where its trace is at hand.
pub const TRACED: [&str; 3] = [ACTOR_HANDLING, PLACEMENT_SECONDS, IMAGE_PULL_SECONDS];

/// How fine the depth of mailboxes is, in messages.
pub const DEPTHS: (&str, [f64; 7]) = (MAILBOX_DEPTH, [0.0, 1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0]);

/// Says once, at start, what each series means.
pub fn describe() {
    crate::events::metrics::describe();
    describe_gauge!(ACTORS, Unit::Count, "Actors that live, by kind");
    describe_counter!(ACTOR_RESTARTS, Unit::Count, "Actors started again by their supervisors, by kind");
    describe_histogram!(
        ACTOR_HANDLING,
        Unit::Seconds,
        "How long handlers of messages and supervision events took, by kind of actor"
    );
    describe_histogram!(
        MAILBOX_WAIT,
        Unit::Seconds,
        "How long a message waited in the mailbox of an actor at work, sampled once a second, by kind of actor"
    );
    describe_histogram!(
        MAILBOX_DEPTH,
        Unit::Count,
        "Messages that were before that one in its mailbox, by kind of actor"
    );
    describe_counter!(TASK_STARTS, Unit::Count, "Tasks started, by cluster and service");
    describe_counter!(TASK_STOPS, Unit::Count, "Tasks stopped, by cluster, service and stop code");
    describe_counter!(
        CONTAINER_RESTARTS,
        Unit::Count,
        "Containers started again in place by their restart policy, by cluster and service"
    );
    describe_histogram!(
        TASK_REPLACEMENT,
        Unit::Seconds,
        "From a service task's death to its replacement RUNNING"
    );
    describe_counter!(
        DEPLOYMENTS,
        Unit::Count,
        "Deployments of services that ended, by cluster, service and outcome (completed, failed, rolled-back)"
    );
    describe_counter!(PLACEMENTS, Unit::Count, "Tasks placed on a container instance, by cluster");
    describe_counter!(PLACEMENT_FAILURES, Unit::Count, "Placements refused, by cluster and what was lacking");
    describe_histogram!(
        PLACEMENT_SECONDS,
        Unit::Seconds,
        "How long placement looked for a container instance for a task, found or not, by cluster"
    );
    describe_counter!(
        STORE_NOTE_FAILURES,
        Unit::Count,
        "State changes that did not reach the disk when they should"
    );
    describe_counter!(
        AUDIT_FINDINGS,
        Unit::Count,
        "Differences that audits found, between a host and its engine or between view and disk; 0 where nothing was missed"
    );
    describe_gauge!(
        ENGINE_ACTS_WAITING,
        Unit::Count,
        "Acts that wait for their turn at this host's engine, by lane (work, pull, stop)"
    );
    describe_counter!(
        IMAGE_PULLS,
        Unit::Count,
        "Pulls of images, by result (pulled, not-found, denied, unreachable, timeout, engine-away, failed)"
    );
    describe_histogram!(
        IMAGE_PULL_SECONDS,
        Unit::Seconds,
        "From the begin of a pull to its end, however it ended"
    );
    describe_counter!(
        IMAGES_REMOVED,
        Unit::Count,
        "Images removed that were pulled for tasks and not used for long"
    );
    describe_gauge!(SCHEDULES, Unit::Count, "Schedules, disabled ones too");
    describe_counter!(
        SCHEDULE_RUNS,
        Unit::Count,
        "Runs of schedules, by result (started, partly, skipped, failed, missed); which schedule, the log says"
    );
    describe_counter!(
        SCHEDULE_RETRIES,
        Unit::Count,
        "Runs of schedules that could not begin and are tried again"
    );
    describe_histogram!(
        SCHEDULE_LATENESS,
        Unit::Seconds,
        "From the moment at which a schedule's run should have begun to its tasks' being started"
    );
    describe_gauge!(ENGINE_CONNECTED, Unit::Count, "1 while this host's container engine answers, else 0");
}

/// Living actors of a kind.
pub(crate) fn actors(kind: Kind) -> Gauge {
    gauge!(ACTORS, "kind" => kind.as_str())
}

/// Restarts of actors of a kind.
pub(crate) fn actor_restarts(kind: Kind) -> Counter {
    counter!(ACTOR_RESTARTS, "kind" => kind.as_str())
}

/// Seconds that handlers took.
pub(crate) fn actor_handling(kind: Kind) -> Histogram {
    histogram!(ACTOR_HANDLING, "kind" => kind.as_str())
}

/// Seconds that messages waited.
pub(crate) fn mailbox_wait(kind: Kind) -> Histogram {
    histogram!(MAILBOX_WAIT, "kind" => kind.as_str())
}

/// Messages that were before another.
pub(crate) fn mailbox_depth(kind: Kind) -> Histogram {
    histogram!(MAILBOX_DEPTH, "kind" => kind.as_str())
}

/// By service, never by task: task ids have no end, and neither would the series.
pub(crate) fn task_starts(cluster: &str, service: &str) -> Counter {
    counter!(TASK_STARTS, "cluster" => cluster.to_owned(), "service" => service.to_owned())
}

/// By service and stop code.
pub(crate) fn task_stops(cluster: &str, service: &str, stop_code: &'static str) -> Counter {
    counter!(TASK_STOPS, "cluster" => cluster.to_owned(), "service" => service.to_owned(), "stop_code" => stop_code)
}

/// Containers started again in place.
pub(crate) fn container_restarts(cluster: &str, service: &str) -> Counter {
    counter!(CONTAINER_RESTARTS, "cluster" => cluster.to_owned(), "service" => service.to_owned())
}

/// Seconds from death to replacement.
pub(crate) fn task_replacement(cluster: &str, service: &str) -> Histogram {
    histogram!(TASK_REPLACEMENT, "cluster" => cluster.to_owned(), "service" => service.to_owned())
}

/// Deployments that ended, by how.
pub(crate) fn deployments(cluster: &str, service: &str, outcome: &'static str) -> Counter {
    counter!(DEPLOYMENTS, "cluster" => cluster.to_owned(), "service" => service.to_owned(), "outcome" => outcome)
}

/// Placements that worked.
pub(crate) fn placements(cluster: &str) -> Counter {
    counter!(PLACEMENTS, "cluster" => cluster.to_owned())
}

/// Placements that did not, by what was lacking.
pub(crate) fn placement_failures(cluster: &str, lack: &'static str) -> Counter {
    counter!(PLACEMENT_FAILURES, "cluster" => cluster.to_owned(), "reason" => lack)
}

/// Seconds that a look for a place took.
pub(crate) fn placement_seconds(cluster: &str) -> Histogram {
    histogram!(PLACEMENT_SECONDS, "cluster" => cluster.to_owned())
}

/// Derived writes that failed.
pub(crate) fn store_note_failures() -> Counter {
    counter!(STORE_NOTE_FAILURES)
}

/// What only an audit found.
pub(crate) fn audit_findings() -> Counter {
    counter!(AUDIT_FINDINGS)
}

/// Acts that wait for their turn at the engine, by lane.
pub(crate) fn engine_acts_waiting(lane: &'static str) -> Gauge {
    gauge!(ENGINE_ACTS_WAITING, "lane" => lane)
}

/// Pulls, by how they went.
pub(crate) fn image_pulls(result: &'static str) -> Counter {
    counter!(IMAGE_PULLS, "result" => result)
}

/// Seconds that pulls took.
pub(crate) fn image_pull_seconds() -> Histogram {
    histogram!(IMAGE_PULL_SECONDS)
}

/// Images that were cleaned up.
pub(crate) fn images_removed() -> Counter {
    counter!(IMAGES_REMOVED)
}

/// Schedules.
pub(crate) fn schedules() -> Gauge {
    gauge!(SCHEDULES)
}

/// By result, never by schedule: programs make one for each of their events.
pub(crate) fn schedule_runs(result: &'static str) -> Counter {
    counter!(SCHEDULE_RUNS, "result" => result)
}

/// Runs that are tried again.
pub(crate) fn schedule_retries() -> Counter {
    counter!(SCHEDULE_RETRIES)
}

/// Seconds that runs began late.
pub(crate) fn schedule_lateness() -> Histogram {
    histogram!(SCHEDULE_LATENESS)
}

/// Whether the engine answers.
pub(crate) fn engine_connected() -> Gauge {
    gauge!(ENGINE_CONNECTED)
}
