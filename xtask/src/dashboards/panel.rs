//! The kinds of panels, a function each.

use serde_json::{Value, json};

/// Where runbooks are: on the daemon that was chosen.
pub(super) const RUNBOOKS: &str = "${scheme}://${daemon}/runbooks";

/// What stands for what whoever looks has chosen.
const CHOSEN: [(&str, &str); 3] = [
    ("[C]", "{cluster=~\"$cluster\"}"),
    ("[S]", "{cluster=~\"$cluster\",service=~\"$service\"}"),
    ("[H]", "{cluster=~\"$cluster\",host=~\"$host\"}"),
];

/// What numbers are.
#[derive(Clone, Copy)]
pub(super) enum Is {
    Count,
    Seconds,
    Bytes,
    BytesPerSecond,
    PerSecond,
    PerMinute,
    /// 1 is all.
    Share,
    Cores,
    YesOrNo,
}

impl Is {
    fn unit(self) -> &'static str {
        match self {
            Self::Count | Self::Cores | Self::YesOrNo => "short",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::PerSecond => "ops",
            Self::PerMinute => "opm",
            Self::Share => "percentunit",
        }
    }
}

/// From which value on something looks how.
#[derive(Clone, Copy)]
pub(super) enum Looks {
    /// It is only a number.
    Plain,
    /// Bad from here on.
    BadFrom(f64),
    /// Worth a look from the first on, bad from the second on.
    WorseFrom(f64, f64),
    /// Bad below this.
    GoodFrom(f64),
}

impl Looks {
    fn steps(self) -> Value {
        match self {
            Self::Plain => json!([{ "color": "blue", "value": null }]),
            Self::BadFrom(bad) => {
                json!([{ "color": "green", "value": null }, { "color": "red", "value": bad }])
            }
            Self::WorseFrom(odd, bad) => json!([
                { "color": "green", "value": null },
                { "color": "orange", "value": odd },
                { "color": "red", "value": bad },
            ]),
            Self::GoodFrom(good) => {
                json!([{ "color": "red", "value": null }, { "color": "green", "value": good }])
            }
        }
    }
}

enum Kind {
    Stat,
    Graph,
    Table,
}

/// A panel, as it is described.
pub(super) struct Panel {
    kind: Kind,
    title: &'static str,
    description: &'static str,
    is: Is,
    looks: Looks,
    /// Expression and legend.
    lines: Vec<(String, &'static str)>,
    width: u32,
    pub(super) runbook: Option<&'static str>,
    to_service: bool,
    exemplars: bool,
}

/// One number, large.
pub(super) fn stat(
    title: &'static str,
    description: &'static str,
    is: Is,
    looks: Looks,
    line: &str,
) -> Panel {
    panel(Kind::Stat, title, description, is, &[(line, "")]).looking(looks).wide(4)
}

/// Lines over time, each with a legend.
pub(super) fn graph(
    title: &'static str,
    description: &'static str,
    is: Is,
    lines: &[(&str, &'static str)],
) -> Panel {
    panel(Kind::Graph, title, description, is, lines)
}

/// What there is now, a row for each series.
pub(super) fn table(title: &'static str, description: &'static str, is: Is, line: &str) -> Panel {
    panel(Kind::Table, title, description, is, &[(line, "")])
}

/// By what a histogram is told apart.
#[derive(Clone, Copy)]
pub(super) enum By {
    Nothing,
    Kind,
    Operation,
}

/// The median and the 99th percentile of a histogram.
pub(super) fn quantiles(title: &'static str, description: &'static str, histogram: &str, by: By) -> Panel {
    let (labels, median, slowest) = match by {
        By::Nothing => ("", "median", "99 of 100"),
        By::Kind => (", kind", "{{kind}}, median", "{{kind}}, 99 of 100"),
        By::Operation => (", operation", "{{operation}}, median", "{{operation}}, 99 of 100"),
    };
    let (name, chosen) = histogram
        .split_once('[')
        .map_or((histogram, String::new()), |(name, rest)| (name, format!("[{rest}")));
    let of = |quantile: &str| {
        format!("histogram_quantile({quantile}, sum by (le{labels}) (rate({name}_bucket{chosen}[5m])))")
    };
    let (half, most) = (of("0.5"), of("0.99"));
    panel(Kind::Graph, title, description, Is::Seconds, &[(&half, median), (&most, slowest)])
}

fn panel(
    kind: Kind,
    title: &'static str,
    description: &'static str,
    is: Is,
    lines: &[(&str, &'static str)],
) -> Panel {
    let chosen =
        |line: &str| CHOSEN.iter().fold(line.to_owned(), |line, (short, long)| line.replace(short, long));
    Panel {
        kind,
        title,
        description,
        is,
        looks: Looks::Plain,
        lines: lines.iter().map(|(line, legend)| (chosen(line), *legend)).collect(),
        width: 12,
        runbook: None,
        to_service: false,
        exemplars: false,
    }
}

impl Panel {
    pub(super) fn wide(mut self, width: u32) -> Self {
        self.width = width;
        self
    }

    pub(super) fn looking(mut self, looks: Looks) -> Self {
        self.looks = looks;
        self
    }

    /// What other than seconds a histogram counts.
    pub(super) fn counting(mut self, is: Is) -> Self {
        self.is = is;
        self
    }

    /// The page that says what to do about it.
    pub(super) fn runbook(mut self, alert: &'static str) -> Self {
        self.runbook = Some(alert);
        self
    }

    /// A click on a series leads to its service's dashboard.
    pub(super) fn leading_to_service(mut self) -> Self {
        self.to_service = true;
        self
    }

    /// Single requests are shown as points, each with the ids that lead to its trace and its lines of the log.
    pub(super) fn with_exemplars(mut self) -> Self {
        self.exemplars = true;
        self
    }

    pub(super) fn size(&self) -> (u32, u32) {
        match self.kind {
            Kind::Stat => (self.width, 4),
            Kind::Graph | Kind::Table => (self.width, 8),
        }
    }

    pub(super) fn json(&self, id: u32, left: u32, top: u32) -> Value {
        let (width, height) = self.size();
        let (kind, options) = match self.kind {
            Kind::Stat => (
                "stat",
                json!({
                    "colorMode": "background",
                    "graphMode": "area",
                    "justifyMode": "auto",
                    "orientation": "auto",
                    "textMode": "auto",
                    "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                }),
            ),
            Kind::Graph => (
                "timeseries",
                json!({
                    "legend": { "calcs": ["lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": true },
                    "tooltip": { "mode": "multi", "sort": "desc" },
                }),
            ),
            Kind::Table => ("table", json!({ "cellHeight": "sm", "showHeader": true })),
        };
        let now = !matches!(self.kind, Kind::Graph);
        let targets: Vec<Value> = self
            .lines
            .iter()
            .zip('A'..)
            .map(|((line, legend), letter)| {
                let mut target = json!({
                    "refId": letter.to_string(),
                    "datasource": source(),
                    "expr": line,
                    "legendFormat": legend,
                    "format": if matches!(self.kind, Kind::Table) { "table" } else { "time_series" },
                    "instant": now,
                    "range": !now,
                });
                if self.exemplars {
                    target["exemplar"] = json!(true);
                }
                target
            })
            .collect();
        let mappings = match self.is {
            Is::YesOrNo => json!([{
                "type": "value",
                "options": { "0": { "text": "no", "index": 0 }, "1": { "text": "yes", "index": 1 } },
            }]),
            _ => json!([]),
        };
        let mut links = Vec::new();
        if self.to_service {
            links.push(json!({
                "title": "The service ${__field.labels.service}",
                "url": "/d/mainstay-service?var-cluster=${__field.labels.cluster}&var-service=${__field.labels.service}&${__url_time_range}",
                "targetBlank": false,
            }));
        }
        let mut panel = json!({
            "id": id,
            "type": kind,
            "title": self.title,
            "description": self.description,
            "datasource": source(),
            "gridPos": { "x": left, "y": top, "w": width, "h": height },
            "targets": targets,
            "options": options,
            "fieldConfig": {
                "defaults": {
                    "unit": self.is.unit(),
                    "min": 0,
                    "mappings": mappings,
                    "links": links,
                    "thresholds": { "mode": "absolute", "steps": self.looks.steps() },
                },
                "overrides": [],
            },
        });
        if let Some(alert) = self.runbook {
            panel["links"] = json!([link(&format!("What to do: {alert}"), &format!("{RUNBOOKS}/{alert}"))]);
        }
        if matches!(self.kind, Kind::Table) {
            // Labels are what is read here; when it was scraped is not.
            panel["transformations"] = json!([{
                "id": "organize",
                "options": {
                    "excludeByName": { "Time": true, "__name__": true, "job": true },
                    "indexByName": {},
                    "renameByName": {},
                },
            }]);
        }
        panel
    }
}

/// A way out of Grafana, in a window of its own.
pub(super) fn link(title: &str, url: &str) -> Value {
    json!({
        "title": title,
        "type": "link",
        "tags": [],
        "asDropdown": false,
        "includeVars": false,
        "keepTime": false,
        "targetBlank": true,
        "icon": "doc",
        "tooltip": "",
        "url": url,
    })
}

/// A row's heading.
pub(super) fn heading(id: u32, title: &str, top: u32) -> Value {
    json!({
        "id": id,
        "type": "row",
        "title": title,
        "collapsed": false,
        "gridPos": { "x": 0, "y": top, "w": super::COLUMNS, "h": 1 },
        "panels": [],
    })
}

/// The Prometheus that was chosen.
pub(super) fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}
