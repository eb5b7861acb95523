use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use metrics::with_local_recorder;

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
    let table = String::from(
        "# Metrics\n\nAt `/metrics`, in Prometheus's text format or OpenMetrics. Made from the code by a test \
         (`MAINSTAY_UPDATE=1 cargo test the_table_of_metrics`).\n\n\
         Series with fixed labels are there from the start, at zero. What names a cluster is there for as long as \
         what it names: an hour after a service is gone, so are its counters; no label has a task's id. Histograms \
         of services begin anew after an hour in which nothing was recorded. Dashboards and alerts over all of these: \
         `dashboards/`.\n\n\
         ## From a slow bucket to its request\n\n\
         Whoever asks for it (`Accept: application/openmetrics-text; version=1.0.0`, as Prometheus does) is answered \
         in OpenMetrics 1.0: the same samples, and exemplars. An exemplar says for each bucket whose sample fell into \
         it last:\n\n\
         ```\n\
         mainstay_api_request_seconds_bucket{operation=\"UpdateService\",le=\"0.5\"} 7 # \
         {trace_id=\"4bf9…\",request_id=\"3c7e…\"} 0.31 1700000000.042\n\
         ```\n\n\
         - `mainstay_api_request_seconds` and `mainstay_api_requests_total` have `request_id`: it is in the log, and \
         whoever called had it as `x-amzn-requestid`. With traces on ([traces.md](traces.md)), `trace_id` too.\n\
         - {traced} have `trace_id` for what a traced call caused.\n\
         - Prometheus keeps exemplars where it is started with `--enable-feature=exemplar-storage`, as \
         `cargo xtask observe` does: `/api/v1/query_exemplars?query=mainstay_api_request_seconds_bucket`. Grafana shows \
         them as points on the panels *Duration* and *Errors* of the dashboard API; a data source whose \
         `exemplarTraceIdDestinations` name `trace_id` leads from there to the trace.\n\
         - Bounds of buckets read `le=\"1.0\"` in OpenMetrics where the plain format has `le=\"1\"`, as with every \
         exporter that writes both.\n\n\
         ## All of them\n\n\
         | name | kind | what it says |\n|---|---|---|\n",
    );
    let traced = mainstay_actors::metrics::TRACED.map(|name| format!("`{name}`")).join(", ");
    let mut table = table.replace("{traced}", &traced);
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

#[test]
fn no_two_families_have_one_name_in_openmetrics() {
    let scribe = Scribe::default();
    with_local_recorder(&scribe, describe_all);
    let known = scribe.0.into_inner().unwrap();
    let mut taken = BTreeMap::new();
    for (name, (kind, _)) in &known {
        let stem = name.strip_suffix("_total").unwrap_or(name);
        let ends: &[&str] = match *kind {
            "counter" => &["", "_total", "_created"],
            "histogram" => &["", "_bucket", "_sum", "_count", "_created"],
            _ => &[""],
        };
        for end in ends {
            let other = taken.insert(format!("{stem}{end}"), name);
            assert!(other.is_none(), "{name} and {other:?} are both {stem}{end}");
        }
    }
}

#[tokio::test]
async fn a_request_leaves_its_id_in_the_bucket_of_its_duration() {
    let (recorder, pages) = Recorders::new(FORGET_AFTER).unwrap();
    with_local_recorder(&recorder, || {
        of_request("the-one", || {
            histogram!(crate::api::metrics::REQUEST_SECONDS, "operation" => "ListTasks").record(0.3);
            counter!(crate::api::metrics::REQUESTS, "operation" => "ListTasks", "code" => "OK").increment(1);
            // It names no request.
            store_commit_seconds().record(0.3);
        });
    });
    let plain = pages.lasting.render() + &pages.passing.render();
    let open = open::written(&plain, &open::Noted::new(pages.exemplars.now()));
    let with_exemplars: Vec<_> = open.lines().filter(|line| line.contains(" # {")).collect();
    assert_eq!(with_exemplars.len(), 2, "{open}");
    for (series, value) in [
        ("mainstay_api_request_seconds_bucket{operation=\"ListTasks\",le=\"0.5\"} 1", "0.3"),
        ("mainstay_api_requests_total{operation=\"ListTasks\",code=\"OK\"} 1", "1"),
    ] {
        let start = format!("{series} # {{request_id=\"the-one\"}} {value} ");
        assert!(with_exemplars.iter().any(|line| line.starts_with(&start)), "{start}: {with_exemplars:?}");
    }
    assert!(!plain.contains("the-one"));
}

/// A file of the project, or all in a folder whose names end so.
fn shipped(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

/// The names of metrics in a text. What a rule records has colons, and is none.
fn names_in(text: &str, known: &BTreeMap<String, (&'static str, String)>) -> BTreeSet<String> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let words = text.split(|letter| !word(letter));
    let names = words.filter(|word| word.starts_with("mainstay_") && !word.contains(':'));
    names
        .map(|name| {
            let of_histogram = |end| name.strip_suffix(end).filter(|plain| known.contains_key(*plain));
            ["_bucket", "_sum", "_count"].into_iter().find_map(of_histogram).unwrap_or(name).to_owned()
        })
        .collect()
}

#[test]
fn every_metric_is_on_a_dashboard_or_in_a_rule_or_left_out_on_purpose_and_none_is_made_up() {
    let scribe = Scribe::default();
    with_local_recorder(&scribe, describe_all);
    let known = scribe.0.into_inner().unwrap();
    let files = shipped("dashboards", ".json").into_iter().chain(shipped("dashboards/rules", "mainstay.yml"));
    let mut used = BTreeSet::new();
    for file in files {
        let names = names_in(&std::fs::read_to_string(&file).unwrap(), &known);
        for name in &names {
            assert!(known.contains_key(name), "{}: there is no {name}", file.display());
        }
        used.extend(names);
    }
    let unused = include_str!("../../dashboards/unused.txt");
    let lines = unused.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut left_out = BTreeSet::new();
    for line in lines {
        let (name, reason) = line.split_once(": ").unwrap_or_else(|| panic!("{line}: no reason"));
        assert!(known.contains_key(name) && !used.contains(name) && !reason.is_empty(), "{line}");
        left_out.insert(name.to_owned());
    }
    let forgotten: Vec<_> =
        known.keys().filter(|name| !used.contains(*name) && !left_out.contains(*name)).collect();
    assert!(
        forgotten.is_empty(),
        "on no dashboard, in no rule, and not in dashboards/unused.txt: {forgotten:?}"
    );
}

#[test]
fn every_alert_has_a_page_and_a_test() {
    let rules = include_str!("../../dashboards/rules/mainstay.yml");
    let tests = include_str!("../../dashboards/rules/mainstay.test.yml");
    let after = |word: &str| {
        rules.lines().filter_map(|line| line.trim().strip_prefix(word)).map(str::to_owned).collect::<Vec<_>>()
    };
    let (alerts, pages) = (after("- alert: "), after("runbook_url: "));
    assert_eq!(alerts.len(), pages.len());
    for page in pages {
        // Wherever the daemon is, it has the page at this path.
        let (at, name) = page.trim_matches('\'').rsplit_once("/runbooks/").unwrap();
        assert!(at.contains("$labels.instance") && at.contains("$externalLabels.daemon_url"), "{page}");
        let path = format!("docs/runbooks/{name}.md");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).is_file(), "{path}");
    }
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "no test has {alert} fire");
    }
}

#[test]
fn what_names_a_cluster_is_forgotten_once_nobody_touches_it_and_all_else_stays() {
    let (recorder, pages) = Recorders::new(Duration::from_millis(20)).unwrap();
    let touch = || with_local_recorder(&recorder, || counter!("living", "cluster" => "default").increment(0));
    with_local_recorder(&recorder, || {
        counter!("living", "cluster" => "default").increment(3);
        for service in 0..10_000 {
            counter!("gone", "cluster" => "default", "service" => service.to_string()).increment(1);
        }
        counter!("lasting", "kind" => "root").increment(2);
        gauge!("lasting_gauge").set(1.0);
    });
    let page = || {
        touch();
        pages.lasting.render() + &pages.passing.render()
    };
    assert_eq!(page().lines().filter(|line| line.starts_with("gone{")).count(), 10_000);
    // Each look comes long after the time after which what nobody touches is forgotten, however slow the machine is.
    std::thread::sleep(Duration::from_millis(100));
    let last = page();
    assert!(!last.contains("gone"), "{last}");
    for line in ["living{cluster=\"default\"} 3", "lasting{kind=\"root\"} 2", "lasting_gauge 1"] {
        assert!(last.lines().any(|there| there == line), "{line}: {last}");
    }
}
