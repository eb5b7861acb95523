//! Plots, drawn here, each with what it shows in words.

use std::fmt::Write as _;

use mainstay_core::model::Timestamp;
use maud::{Markup, html};

use super::history::Point;
use super::words::span;
use crate::usage::InUse;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 96.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Wanted and running tasks over time.
pub(super) fn counts(points: &[(Timestamp, Point)]) -> Markup {
    let (Some((first, _)), Some((last, now))) = (points.first(), points.last()) else {
        return html! { p.quiet { "Nothing was sampled yet." } };
    };
    let top = points.iter().map(|(_, point)| point.desired.max(point.running)).max().unwrap_or(0).max(1);
    let least = points.iter().map(|(_, point)| point.running).min().unwrap_or(0);
    let most = points.iter().map(|(_, point)| point.running).max().unwrap_or(0);
    let lasts = last.millis_since(*first).max(1);
    let x = |at: Timestamp| at.millis_since(*first) as f64 / lasts as f64 * WIDTH;
    let y = |value: u32| HEIGHT - 2.0 - f64::from(value) / f64::from(top) * (HEIGHT - 6.0);
    let running = steps(points.iter().map(|(at, point)| (x(*at), y(point.running))));
    let desired = steps(points.iter().map(|(at, point)| (x(*at), y(point.desired))));
    let area = format!("{running} L{WIDTH:.1} {HEIGHT:.1} L0 {HEIGHT:.1} Z");
    let told = format!(
        "Over the last {}: {} running now of {} wanted; between {least} and {most} ran.",
        span(lasts),
        now.running,
        now.desired
    );
    html! {
        figure.plot {
            div.axes {
                span.top { (top) }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told) {
                    path.area d=(area) {}
                    path.line d=(running) {}
                    path.wanted d=(desired) {}
                }
                span.bottom { "0" }
            }
            div.times aria-hidden="true" { span { (span(lasts)) " ago" } span { "now" } }
            figcaption { span.key.line {} "running, " span.key.wanted {} "wanted. " (told) }
        }
    }
}

/// What was in use at each of these points.
pub(super) fn used_at(points: &[(Timestamp, Point)]) -> Markup {
    used(points.iter().map(|(at, point)| (*at, point.used)))
}

/// CPU and memory in use over time; nothing where nobody looked.
pub(super) fn used(points: impl IntoIterator<Item = (Timestamp, Option<InUse>)>) -> Markup {
    let seen: Vec<(Timestamp, InUse)> =
        points.into_iter().filter_map(|(at, used)| Some((at, used?))).collect();
    if seen.is_empty() {
        return html! {};
    }
    let cpu: Vec<_> = seen.iter().map(|(at, used)| (*at, used.cores)).collect();
    let memory: Vec<_> = seen.iter().map(|(at, used)| (*at, used.memory as f64 / MIB)).collect();
    html! {
        div { h2 { "CPU" } (amount(&cpu, "cores", 2)) }
        div { h2 { "Memory" } (amount(&memory, "MiB", 0)) }
    }
}

/// An amount over time, told with so many digits behind the point.
fn amount(points: &[(Timestamp, f64)], unit: &str, digits: usize) -> Markup {
    let (Some((first, _)), Some((last, now))) = (points.first(), points.last()) else { return html! {} };
    let most = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let lasts = last.millis_since(*first).max(1);
    let top = if most > 0.0 { most } else { 1.0 };
    let x = |at: Timestamp| at.millis_since(*first) as f64 / lasts as f64 * WIDTH;
    let y = |value: f64| HEIGHT - 2.0 - value / top * (HEIGHT - 6.0);
    let line = steps(points.iter().map(|(at, value)| (x(*at), y(*value))));
    let area = format!("{line} L{WIDTH:.1} {HEIGHT:.1} L0 {HEIGHT:.1} Z");
    let told =
        format!("Over the last {}: {now:.digits$} {unit} now, {most:.digits$} {unit} at most.", span(lasts));
    html! {
        figure.plot {
            div.axes {
                span.top { (format!("{most:.digits$}")) }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told) {
                    path.area d=(area) {}
                    path.line d=(line) {}
                }
                span.bottom { "0" }
            }
            div.times aria-hidden="true" { span { (span(lasts)) " ago" } span { "now" } }
            figcaption { (told) }
        }
    }
}

/// How long replacements took, the oldest first; milliseconds.
pub(super) fn replacements(took: &[u64]) -> Markup {
    if took.is_empty() {
        return html! { p.quiet { "No task had to be replaced lately." } };
    }
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    let (median, top) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1].max(1));
    let many = took.len();
    let told = format!(
        "{}: half within {}, the slowest {}, the latest {}.",
        super::words::count(many, "replacement"),
        span(median),
        span(top),
        span(took[many - 1])
    );
    let width = WIDTH / many.max(12) as f64;
    html! {
        figure.plot {
            div.axes {
                span.top { (span(top)) }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told) {
                    @for (place, took) in took.iter().enumerate() {
                        @let height = (*took as f64 / top as f64 * (HEIGHT - 6.0)).max(2.0);
                        rect.bar x=(format!("{:.1}", place as f64 * width + width * 0.15))
                            y=(format!("{:.1}", HEIGHT - height)) width=(format!("{:.1}", width * 0.7))
                            height=(format!("{height:.1}")) { title { (span(*took)) } }
                    }
                }
                span.bottom { "0" }
            }
            div.times aria-hidden="true" { span { "oldest" } span { "latest" } }
            figcaption { "From a task's death to its replacement RUNNING. " (told) }
        }
    }
}

/// How much of something is taken.
pub(super) fn bar(name: &str, taken: u64, of: u64, unit: &str) -> Markup {
    let percent = if of == 0 { 0.0 } else { taken as f64 * 100.0 / of as f64 };
    html! {
        div.bar-row {
            span { (name) }
            svg.meter viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.rest width="100" height="8" {}
                rect.taken width=(format!("{:.1}", percent.min(100.0))) height="8" {}
            }
            span.number { (taken) " of " (of) " " (unit) " (" (format!("{percent:.0}")) " %)" }
        }
    }
}

/// A line that stays until it changes.
fn steps(points: impl Iterator<Item = (f64, f64)>) -> String {
    let (mut path, mut before) = (String::new(), None);
    for (x, y) in points {
        // Writing into a text cannot fail.
        let _ = match before {
            None => write!(path, "M0 {y:.1} L{x:.1} {y:.1}"),
            Some(last) if last == y => Ok(()),
            Some(_) => write!(path, " H{x:.1} V{y:.1}"),
        };
        before = Some(y);
    }
    path.push_str(&format!(" H{WIDTH:.1}"));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_say_in_words_what_they_show() {
        let at = |second: i64, running| (Timestamp(second * 1000), Point { desired: 3, running, used: None });
        let page = counts(&[at(0, 3), at(5, 1), at(10, 3)]).into_string();
        assert!(
            page.contains("Over the last 10 s: 3 running now of 3 wanted; between 1 and 3 ran."),
            "{page}"
        );
        assert!(counts(&[]).into_string().contains("Nothing was sampled yet."));
        let used = |cores, memory| Point { used: Some(InUse { cores, memory }), ..Point::default() };
        let page = used_at(&[
            at(0, 3),
            (Timestamp(0), used(0.5, 3 << 20)),
            (Timestamp(60_000), used(0.25, 1 << 20)),
        ]);
        let page = page.into_string();
        assert!(page.contains("Over the last 60 s: 0.25 cores now, 0.50 cores at most."), "{page}");
        assert!(page.contains("1 MiB now, 3 MiB at most."), "{page}");
        assert_eq!(used_at(&[at(0, 3)]).into_string(), "", "nobody looked");
        let page = replacements(&[400, 900, 12_000]).into_string();
        assert!(
            page.contains("3 replacements: half within 0.9 s, the slowest 12 s, the latest 12 s."),
            "{page}"
        );
        assert_eq!(page.matches("<rect").count(), 3);
    }

    #[test]
    fn a_line_has_a_point_only_where_it_changes() {
        assert_eq!(
            steps([(0.0, 1.0), (1.0, 1.0), (2.0, 4.0)].into_iter()),
            "M0 1.0 L0.0 1.0 H2.0 V4.0 H600.0"
        );
    }
}
