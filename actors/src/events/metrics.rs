//! What is measured of events.

use mainstay_core::events::Kind;
use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

const EVENTS: &str = "mainstay_events_total";
const DELIVERIES: &str = "mainstay_webhook_events_total";
const FAILURES: &str = "mainstay_webhook_failures_total";
const WAITING: &str = "mainstay_webhook_waiting_events";

pub(crate) fn describe() {
    describe_counter!(EVENTS, Unit::Count, "Events, by detail type");
    describe_counter!(
        DELIVERIES,
        Unit::Count,
        "Events a webhook is done with, by webhook and outcome (delivered, given-up, missed: forgotten before it got them)"
    );
    describe_counter!(FAILURES, Unit::Count, "Tries that a webhook did not take, by webhook");
    describe_gauge!(
        WAITING,
        Unit::Count,
        "Events, of whatever kind, that came after the last one a webhook is done with, by webhook"
    );
}

pub(super) fn events(kind: Kind) -> Counter {
    counter!(EVENTS, "detail_type" => kind.as_str())
}

pub(super) fn deliveries(webhook: &str, outcome: &'static str) -> Counter {
    counter!(DELIVERIES, "webhook" => webhook.to_owned(), "outcome" => outcome)
}

pub(super) fn failures(webhook: &str) -> Counter {
    counter!(FAILURES, "webhook" => webhook.to_owned())
}

pub(super) fn waiting(webhook: &str) -> Gauge {
    gauge!(WAITING, "webhook" => webhook.to_owned())
}
