use std::collections::BTreeMap;
use std::sync::Mutex;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder,
};

use super::*;

/// Takes down what is described.
#[derive(Default)]
struct Scribe(Mutex<BTreeMap<String, (&'static str, String)>>);

impl Scribe {
    fn note(&self, name: KeyName, kind: &'static str, help: SharedString) {
        self.0.lock().unwrap().insert(name.as_str().to_owned(), (kind, help.into_owned()));
    }
}

impl Recorder for Scribe {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.note(name, "counter", help);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.note(name, "gauge", help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.note(name, "histogram", help);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Writes the table anew where `MAINSTAY_UPDATE` is set.
#[test]
fn the_table_of_metrics_is_what_the_code_describes() {
    let scribe = Scribe::default();
    with_local_recorder(&scribe, describe_all);
    let mut table = String::from(
        "# Metrics\n\nAt `/metrics`, in Prometheus's text format. Made from the code by a test \
         (`MAINSTAY_UPDATE=1 cargo test the_table_of_metrics`).\n\n| name | kind | what it says |\n|---|---|---|\n",
    );
    for (name, (kind, help)) in scribe.0.into_inner().unwrap() {
        assert!(name.starts_with("mainstay_"), "{name} lacks the prefix");
        assert_eq!(
            kind == "counter",
            name.ends_with("_total"),
            "{name}: counters, and only they, end in _total"
        );
        table.push_str(&format!("| `{name}` | {kind} | {help} |\n"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    if std::env::var_os("MAINSTAY_UPDATE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), table, "docs/metrics.md is out of date");
}
