//! OpenMetrics 1.0: made of what the exporter renders in Prometheus's text format, and the exemplars beside it.
//!
//! The exporter (metrics-exporter-prometheus 0.18) writes Prometheus's text and protobuf only, and knows no exemplars. Its
//! text has one sample a line, without timestamps, and what is described comes before its samples.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};
use metrics::Key;

use super::exemplars::Exemplar;

/// An exemplar's labels have at most so many characters, names and values together.
const MOST_CHARACTERS: usize = 128;
/// Units that are told where a name ends in one.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// What a page of metrics is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Prometheus's text format, 0.0.4.
    Plain,
    /// OpenMetrics 1.0.0, which has exemplars.
    Open,
}

impl Form {
    /// What whoever asks wants most; OpenMetrics only where it is asked for by name.
    ///
    /// Of a range, parameters other than the version (Prometheus 3 sends `escaping`) change nothing, and what cannot be
    /// read is passed over.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<Range> = values.flat_map(|value| value.split(',')).filter_map(Range::read).collect();
        let of = |kinds: &[&str], version: &str| {
            // What names more of it decides.
            kinds.iter().find_map(|kind| {
                let fits = |range: &&Range| range.is(kind) && range.version.is_none_or(|of| of == version);
                ranges.iter().filter(fits).map(|range| range.quality).max_by(f32::total_cmp)
            })
        };
        let open = of(&["application/openmetrics-text"], "1.0.0").unwrap_or(0.0);
        let plain = of(&["text/plain", "text/*", "*/*"], "0.0.4").unwrap_or(0.0);
        if open > 0.0 && open >= plain { Self::Open } else { Self::Plain }
    }

    /// The header that says so.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::Open => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }
}

/// A range of `Accept` (RFC 9110, 12.5.1).
struct Range<'a> {
    kind: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self { kind: parts.next()?, version: None, quality: 1.0 };
        for part in parts {
            let (name, value) = part.split_once('=')?;
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => {
                    range.quality = value.trim().parse().ok().filter(|of: &f32| (0.0..=1.0).contains(of))?
                }
                "version" => range.version = Some(value.trim().trim_matches('"')),
                _ => {}
            }
        }
        Some(range)
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }
}

/// A series' labels, in one order.
type Labels = BTreeMap<String, String>;

/// What series there are exemplars of, by name and labels.
#[derive(Default)]
pub(super) struct Noted(HashMap<String, HashMap<Labels, Vec<Exemplar>>>);

impl Noted {
    pub(super) fn new(all: Vec<(Key, Vec<Exemplar>)>) -> Self {
        let mut noted = Self::default();
        for (key, last) in all {
            let labels =
                key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
            noted.0.entry(key.name().to_owned()).or_default().insert(labels, last);
        }
        noted
    }

    /// The latest of a series within some bounds, the lower one excluded.
    fn of(&self, name: &str, labels: &[(&str, &str)], above: f64, up_to: f64) -> Option<&Exemplar> {
        let of_name = self.0.get(name)?;
        let labels: Labels =
            labels.iter().map(|(name, value)| ((*name).to_owned(), unescaped(value))).collect();
        let known = of_name.get(&labels)?;
        let within = known.iter().filter(|one| one.value > above && one.value <= up_to);
        within.filter(|one| one.is_allowed()).max_by_key(|one| one.at)
    }
}

impl Exemplar {
    fn is_allowed(&self) -> bool {
        let characters = |(name, value): &(&str, String)| name.chars().count() + value.chars().count();
        self.labels.iter().map(characters).sum::<usize>() <= MOST_CHARACTERS
    }

    /// What stands behind a sample.
    fn write(&self, page: &mut String) {
        page.push_str(" # {");
        for (place, (name, value)) in self.labels.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let _ = write!(page, "{comma}{name}=\"{}\"", escaped(value));
        }
        let (seconds, millis) = (self.at.as_secs(), self.at.subsec_millis());
        let _ = write!(page, "}} {} {seconds}.{millis:03}", self.value);
    }
}

/// All that has one name.
#[derive(Default)]
struct Family<'a> {
    kind: &'a str,
    help: Option<&'a str>,
    samples: Vec<&'a str>,
}

/// Prometheus's text, as OpenMetrics has it: the same samples, each family in one piece, exemplars where there are some.
pub(super) fn written(text: &str, exemplars: &Noted) -> String {
    let (mut order, mut families) = (Vec::new(), HashMap::<&str, Family<'_>>::new());
    let mut current = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        let described = |what| {
            let (name, rest) = line.strip_prefix(what)?.split_once(' ')?;
            Some((name, rest))
        };
        let (help, kind) = (described("# HELP "), described("# TYPE "));
        current = match help.or(kind) {
            Some((name, _)) => name,
            None if line.starts_with('#') => continue,
            None => family(name_of(line), current),
        };
        let known = families.entry(current).or_insert_with(|| {
            order.push(current);
            Family::default()
        });
        match (help, kind) {
            (Some((_, text)), _) => known.help = Some(text),
            (_, Some((_, kind))) => known.kind = kind,
            _ => known.samples.push(line),
        }
    }
    let mut page = String::with_capacity(text.len() + text.len() / 8);
    for name in order {
        if let Some(family) = families.get(name).filter(|family| !family.samples.is_empty()) {
            family.write(name, exemplars, &mut page);
        }
    }
    page.push_str("# EOF\n");
    page
}

/// Which family a sample is of: that which was described last, or one of its own.
fn family<'a>(sample: &'a str, current: &'a str) -> &'a str {
    let rest = sample.strip_prefix(current).filter(|_| !current.is_empty());
    if rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest)) { current } else { sample }
}

fn name_of(sample: &str) -> &str {
    sample.split(['{', ' ']).next().unwrap_or(sample)
}

impl Family<'_> {
    fn write(&self, name: &str, exemplars: &Noted, page: &mut String) {
        // A counter's name has an end that its family's has not; one without it is none to OpenMetrics.
        let (name, kind) = match (self.kind, name.strip_suffix("_total")) {
            ("counter", Some(stem)) => (stem, "counter"),
            ("counter" | "" | "untyped", _) => (name, "unknown"),
            (kind, _) => (name, kind),
        };
        let _ = writeln!(page, "# TYPE {name} {kind}");
        if let Some(unit) =
            UNITS.into_iter().find(|unit| name.strip_suffix(unit).is_some_and(|it| it.ends_with('_')))
        {
            let _ = writeln!(page, "# UNIT {name} {unit}");
        }
        if let Some(help) = self.help {
            // Prometheus's text leaves quotes there as they are.
            let _ = writeln!(page, "# HELP {name} {}", help.replace('"', "\\\""));
        }
        let mut lower: (Vec<(&str, &str)>, f64) = (Vec::new(), f64::NEG_INFINITY);
        for line in &self.samples {
            match Sample::read(line) {
                Some(sample) if kind == "histogram" && sample.name.ends_with("_bucket") => {
                    let (labels, le) = sample.without("le");
                    let bound = le.and_then(|le| le.parse().ok()).unwrap_or(f64::INFINITY);
                    // Buckets come one after the other, the smallest first.
                    let above = if lower.0 == labels { lower.1 } else { f64::NEG_INFINITY };
                    sample.write("le", page);
                    if let Some(exemplar) = exemplars.of(name, &labels, above, bound) {
                        exemplar.write(page);
                    }
                    lower = (labels, bound);
                }
                Some(sample) if kind == "counter" => {
                    page.push_str(line);
                    let all = (f64::NEG_INFINITY, f64::INFINITY);
                    if let Some(exemplar) = exemplars.of(sample.name, &sample.labels, all.0, all.1) {
                        exemplar.write(page);
                    }
                }
                Some(sample) if kind == "summary" => sample.write("quantile", page),
                _ => page.push_str(line),
            }
            page.push('\n');
        }
    }
}

/// A line with a sample, its labels' values still escaped.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    value: &'a str,
}

impl<'a> Sample<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let name = name_of(line);
        let mut rest = line.strip_prefix(name)?;
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            while !rest.starts_with('}') {
                let (label, quoted) = rest.split_once("=\"")?;
                let end = end_of(quoted)?;
                labels.push((label, quoted.get(..end)?));
                rest = quoted.get(end + 1..)?;
                rest = rest.strip_prefix(',').unwrap_or(rest);
            }
            rest = rest.strip_prefix('}')?;
        }
        Some(Self { name, labels, value: rest.trim_start() })
    }

    /// All labels but one, and that one.
    fn without(&self, which: &str) -> (Vec<(&'a str, &'a str)>, Option<&'a str>) {
        let (one, others): (Vec<_>, Vec<_>) = self.labels.iter().partition(|(name, _)| *name == which);
        (others, one.first().map(|(_, value)| *value))
    }

    /// Writes it with a label whose number is as OpenMetrics wants it.
    fn write(&self, number: &str, page: &mut String) {
        page.push_str(self.name);
        for (place, (name, value)) in self.labels.iter().enumerate() {
            let value = if *name == number { canonical(value) } else { Cow::Borrowed(*value) };
            let _ = write!(page, "{}{name}=\"{value}\"", if place > 0 { ',' } else { '{' });
        }
        let end = if self.labels.is_empty() { "" } else { "}" };
        let _ = write!(page, "{end} {}", self.value);
    }
}

/// Where an escaped text's closing quote is.
fn end_of(quoted: &str) -> Option<usize> {
    let mut escape = false;
    quoted.char_indices().find_map(|(at, letter)| {
        let ends = letter == '"' && !escape;
        escape = letter == '\\' && !escape;
        ends.then_some(at)
    })
}

/// The number as Go would print it, and with a point where it has none: `1` is `1.0`, and `0.00001` is `1e-05`
/// (OpenMetrics 1.0, "Canonical Numbers").
fn canonical(number: &str) -> Cow<'_, str> {
    let Ok(value) = number.parse::<f64>() else { return Cow::Borrowed(number) };
    if !value.is_finite() {
        return Cow::Borrowed(number);
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return Cow::Borrowed(number) };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return Cow::Owned(format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }
    Cow::Owned(format!("{value:?}"))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn unescaped(value: &str) -> String {
    let mut letters = value.chars();
    let mut plain = String::with_capacity(value.len());
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            letter => letter,
        });
    }
    plain
}

#[cfg(test)]
mod tests;
