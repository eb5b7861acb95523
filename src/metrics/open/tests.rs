use metrics::{Label, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::prelude::*;
use std::time::Duration;

use super::*;

/// What is written for whom; `accept` as the header has it.
#[track_caller]
fn check_form(accept: &[&str], expected: Form) {
    let mut headers = HeaderMap::new();
    for value in accept {
        headers.append(ACCEPT, value.parse().unwrap());
    }
    assert_eq!(Form::wanted(&headers), expected, "{accept:?}");
}

#[test]
fn openmetrics_is_for_whoever_asks_for_it_by_name_and_wants_nothing_else_more() {
    let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                        text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                        text/plain;version=0.0.4;q=0.2,/;q=0.1";
    for open in [
        prometheus_2,
        prometheus_3,
        "application/openmetrics-text",
        "Application/OpenMetrics-Text; Version=\"1.0.0\"",
        "text/plain;q=0.5, application/openmetrics-text;q=0.5",
        "*/*;q=0.1, text/*;q=0.8, text/plain;q=0.2, application/openmetrics-text;q=0.3",
    ] {
        check_form(&[open], Form::Open);
    }
    check_form(&["text/plain;q=0.2", "application/openmetrics-text"], Form::Open);
    for plain in [
        "",
        "*/*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/plain;version=0.0.4",
        "application/json",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.5, text/plain",
        "application/openmetrics-text;q=0.5, */*",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=much",
        "application/openmetrics-text;q=7",
        ";;;,,,",
    ] {
        check_form(&[plain], Form::Plain);
    }
    check_form(&[], Form::Plain);
}

#[test]
fn numbers_in_labels_are_as_go_prints_them() {
    for (plain, open) in [
        ("0", "0.0"),
        ("1", "1.0"),
        ("0.00001", "1e-05"),
        ("0.0001", "0.0001"),
        ("0.0025", "0.0025"),
        ("600", "600.0"),
        ("100000", "100000.0"),
        ("1000000", "1e+06"),
        ("2500000", "2.5e+06"),
        ("+Inf", "+Inf"),
        ("many", "many"),
    ] {
        assert_eq!(canonical(plain), open);
    }
}

fn exemplar(labels: &[(&'static str, &str)], value: f64) -> Exemplar {
    let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Exemplar { labels, value, at: Duration::from_millis(1_700_000_000_042) }
}

#[test]
fn a_page_is_written_in_families_with_exemplars_in_the_buckets_that_they_fell_into() {
    let plain = "\
# HELP asked_total Asked, \"so\" to say
# TYPE asked_total counter
asked_total{code=\"OK\"} 2
asked_total{code=\"No\"} 1

# HELP asked_seconds How long
# TYPE asked_seconds histogram
asked_seconds_bucket{operation=\"a\\\"b\",le=\"0.5\"} 1
asked_seconds_bucket{operation=\"a\\\"b\",le=\"1\"} 1
asked_seconds_bucket{operation=\"a\\\"b\",le=\"+Inf\"} 2
asked_seconds_sum{operation=\"a\\\"b\"} 3.5
asked_seconds_count{operation=\"a\\\"b\"} 2

# TYPE left gauge
left 7

# HELP asked_total Asked, \"so\" to say
# TYPE asked_total counter
asked_total{code=\"Later\"} 1
odd 1
";
    let of = |name: &'static str, label: (&'static str, &'static str)| {
        Key::from_parts(name, vec![Label::new(label.0, label.1)])
    };
    let (trace, request) = (("trace_id", "4bf9"), ("request_id", "r1"));
    let noted = Noted::new(vec![
        (
            of("asked_seconds", ("operation", "a\"b")),
            vec![exemplar(&[request], 0.5), exemplar(&[trace, request], 3.0)],
        ),
        (of("asked_total", ("code", "No")), vec![exemplar(&[request], 1.0)]),
        (of("asked_total", ("code", "OK")), vec![exemplar(&[("request_id", &"x".repeat(119))], 1.0)]),
        (of("gone_total", ("code", "OK")), vec![exemplar(&[request], 1.0)]),
    ]);
    let open = "\
# TYPE asked counter
# HELP asked Asked, \\\"so\\\" to say
asked_total{code=\"OK\"} 2
asked_total{code=\"No\"} 1 # {request_id=\"r1\"} 1 1700000000.042
asked_total{code=\"Later\"} 1
# TYPE asked_seconds histogram
# UNIT asked_seconds seconds
# HELP asked_seconds How long
asked_seconds_bucket{operation=\"a\\\"b\",le=\"0.5\"} 1 # {request_id=\"r1\"} 0.5 1700000000.042
asked_seconds_bucket{operation=\"a\\\"b\",le=\"1.0\"} 1
asked_seconds_bucket{operation=\"a\\\"b\",le=\"+Inf\"} 2 # {trace_id=\"4bf9\",request_id=\"r1\"} 3 1700000000.042
asked_seconds_sum{operation=\"a\\\"b\"} 3.5
asked_seconds_count{operation=\"a\\\"b\"} 2
# TYPE left gauge
left 7
# TYPE odd unknown
odd 1
# EOF
";
    assert_eq!(written(plain, &noted), open);
}

#[test]
fn an_empty_page_ends_too() {
    assert_eq!(written("", &Noted::default()), "# EOF\n");
}

/// A sample as somebody who knows neither form's details reads it: series, with its bound as a number, and value.
fn samples(page: &str) -> Vec<(String, Option<f64>, String)> {
    let lines = page.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut all: Vec<_> = lines
        .map(|line| {
            // No value that is drawn below has this in it.
            let line = line.split_once(" # {").map_or(line, |(sample, _)| sample);
            let (series, value) = line.rsplit_once(' ').unwrap();
            let bound = |(before, rest): (&str, &str)| {
                let (bound, after) = rest.split_once('"').unwrap();
                (format!("{before}{after}"), Some(bound.parse::<f64>().unwrap()))
            };
            let bounded = series.rsplit_once("le=\"").filter(|(before, _)| before.contains("_bucket{"));
            let (series, le) = bounded.map_or((series.to_owned(), None), bound);
            (series, le, value.to_owned())
        })
        .collect();
    all.sort_by(|one, other| {
        let bounds = one.1.unwrap_or_default().total_cmp(&other.1.unwrap_or_default());
        one.0.cmp(&other.0).then(bounds).then(one.2.cmp(&other.2))
    });
    all
}

/// What a label can be: quotes, backslashes, braces, line ends, and letters of elsewhere among others.
fn label() -> impl Strategy<Value = String> {
    "[a-c\"\\\\{}, =é\n]{0,6}"
}

proptest! {
    #[test]
    fn every_sample_of_the_one_form_is_in_the_other(
        kinds in prop::collection::vec((0..3_u8, 0..3_u8, label(), 0.0..100.0_f64), 0..30),
        traced in any::<bool>(),
    ) {
        let recorder = PrometheusBuilder::new().set_buckets(&[0.00001, 0.5, 1.0, 10.0]).unwrap().build_recorder();
        let mut noted = Vec::new();
        with_local_recorder(&recorder, || {
            for (kind, which, label, value) in kinds {
                let name = ["one", "two", "three"][usize::from(which)];
                match kind {
                    0 => counter!(format!("{name}_total"), "a" => label).increment(value as u64),
                    1 => gauge!(name, "a" => label).set(value),
                    _ => {
                        let name = format!("{name}_seconds");
                        histogram!(name.clone(), "a" => label.clone()).record(value);
                        let key = Key::from_parts(name, vec![Label::new("a", label)]);
                        noted.push((key, vec![exemplar(&[("request_id", "r")], value)]));
                    }
                }
            }
        });
        if !traced {
            noted.clear();
        }
        let plain = recorder.handle().render();
        let open = written(&plain, &Noted::new(noted));
        prop_assert_eq!(samples(&plain), samples(&open));
        prop_assert!(open.ends_with("# EOF\n"));
        let types: Vec<_> = open.lines().filter(|line| line.starts_with("# TYPE ")).collect();
        let distinct: std::collections::BTreeSet<_> = types.iter().collect();
        prop_assert_eq!(types.len(), distinct.len(), "a family is in one piece");
        for line in open.lines().filter(|line| line.contains(" # {request_id=")) {
            prop_assert!(traced && line.contains("_bucket{"), "{}", line);
        }
    }
}
