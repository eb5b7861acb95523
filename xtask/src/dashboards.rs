//! `cargo xtask dashboards`: Grafana's dashboards, written from what each panel is to show.
//!
//! A panel is a line of words and an expression; everything that Grafana wants to know beside that is the same for all,
//! and stands once, in `panel.rs` and here. The JSON in `dashboards/` is made from it, and never written by hand.

mod api;
mod engine;
mod instance;
mod overview;
mod panel;
mod scheduler;
mod service;
mod tree;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Outcome;
use crate::machine::{Fallible, project, say};
use panel::{Panel, source};

/// The version of Grafana's schema that is written; a newer Grafana brings it up to date when it loads it.
const SCHEMA: u32 = 39;
/// What dashboards of ours are found by, also by each other.
const TAG: &str = "mainstay";
/// Columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// A dashboard, as it is described.
struct Dashboard {
    /// Its file's name, and the end of its address.
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// What whoever looks can choose, beside the data source.
    variables: &'static [Variable],
    rows: Vec<Row>,
}

/// Panels under a heading.
struct Row {
    heading: &'static str,
    panels: Vec<Panel>,
}

/// What can be chosen: labels of series that there are.
#[derive(Clone, Copy)]
enum Variable {
    Cluster,
    Service,
    Host,
}

impl Variable {
    fn json(self) -> Value {
        let (name, label, query) = match self {
            Self::Cluster => ("cluster", "Cluster", "label_values(mainstay_tasks, cluster)"),
            Self::Service => (
                "service",
                "Service",
                "label_values(mainstay_service_desired_tasks{cluster=~\"$cluster\"}, service)",
            ),
            Self::Host => (
                "host",
                "Host",
                "label_values(mainstay_instance_agent_connected{cluster=~\"$cluster\"}, host)",
            ),
        };
        json!({
            "name": name,
            "label": label,
            "type": "query",
            "datasource": source(),
            "query": query,
            "includeAll": true,
            "multi": true,
            "allValue": ".*",
            "refresh": 2,
            "sort": 1,
            "current": { "text": "All", "value": "$__all" },
        })
    }
}

/// Writes them, or with `check` says whether they are as they would be written.
///
/// # Errors
/// Where they cannot be written, or, with `check`, are out of date.
pub fn dashboards(check: bool) -> Outcome {
    let mut stale = Vec::new();
    for (path, text) in files()? {
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            std::fs::write(&path, text)?;
            say("Wrote", &path.display().to_string());
        }
    }
    if check && !stale.is_empty() {
        return Err(format!("out of date: {}; run cargo xtask dashboards", stale.join(", ")).into());
    }
    Ok(())
}

/// Each file, and what is to be in it.
fn files() -> Fallible<Vec<(PathBuf, String)>> {
    let folder = project().join("dashboards");
    all()
        .iter()
        .map(|dashboard| {
            let text = serde_json::to_string_pretty(&dashboard.json())?;
            Ok((folder.join(format!("{}.json", dashboard.name)), format!("{text}\n")))
        })
        .collect()
}

fn all() -> [Dashboard; 7] {
    [
        overview::dashboard(),
        service::dashboard(),
        instance::dashboard(),
        tree::dashboard(),
        scheduler::dashboard(),
        api::dashboard(),
        engine::dashboard(),
    ]
}

impl Dashboard {
    fn json(&self) -> Value {
        let datasource = json!({
            "name": "datasource",
            "label": "Prometheus",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
        });
        // Whose runbooks are linked to. Where they are by HTTPS, `var-scheme=https` in a dashboard's address says so.
        let daemon = json!({
            "name": "daemon",
            "label": "Runbooks of",
            "type": "query",
            "datasource": source(),
            "query": "label_values(mainstay_build_info, instance)",
            "includeAll": false,
            "multi": false,
            "refresh": 1,
            "sort": 1,
        });
        let scheme = json!({
            "name": "scheme",
            "type": "custom",
            "hide": 2,
            "query": "http,https",
            "current": { "text": "http", "value": "http" },
        });
        let variables: Vec<Value> = [datasource, daemon, scheme]
            .into_iter()
            .chain(self.variables.iter().map(|variable| variable.json()))
            .collect();
        json!({
            "title": format!("Mainstay / {}", self.title),
            "uid": format!("mainstay-{}", self.name),
            "description": self.description,
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": true,
            "graphTooltip": 1,
            "refresh": "10s",
            "tags": [TAG],
            "time": { "from": "now-30m", "to": "now" },
            "timezone": "browser",
            "templating": { "list": variables },
            "annotations": { "list": [] },
            "links": [{
                "title": "Mainstay",
                "type": "dashboards",
                "tags": [TAG],
                "asDropdown": true,
                "includeVars": true,
                "keepTime": true,
                "targetBlank": false,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }, panel::link("Runbooks", panel::RUNBOOKS)],
            "panels": self.panels(),
        })
    }

    /// All panels, from left to right and from top to bottom.
    fn panels(&self) -> Vec<Value> {
        let (mut placed, mut top, mut id) = (Vec::new(), 0, 0);
        let mut next = || {
            id += 1;
            id
        };
        for Row { heading, panels } in &self.rows {
            placed.push(panel::heading(next(), heading, top));
            top += 1;
            let (mut left, mut tallest) = (0, 0);
            for panel in panels {
                let (width, height) = panel.size();
                if left + width > COLUMNS {
                    top += tallest;
                    (left, tallest) = (0, 0);
                }
                placed.push(panel.json(next(), left, top));
                left += width;
                tallest = tallest.max(height);
            }
            top += tallest;
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_files_are_as_they_would_be_written() {
        dashboards(true).unwrap();
    }

    #[test]
    fn every_panel_says_what_it_shows_and_none_lies_over_another() {
        for dashboard in all() {
            let mut taken = BTreeSet::new();
            for panel in dashboard.panels() {
                let at = |which: &str| panel["gridPos"][which].as_u64().unwrap();
                for x in at("x")..at("x") + at("w") {
                    for y in at("y")..at("y") + at("h") {
                        assert!(
                            x < u64::from(COLUMNS) && taken.insert((x, y)),
                            "{}: {panel}",
                            dashboard.name
                        );
                    }
                }
                if panel["type"] != "row" {
                    assert!(panel["description"].as_str().unwrap().ends_with('.'), "{panel}");
                    assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel}");
                }
            }
        }
    }

    #[test]
    fn every_runbook_that_a_panel_names_is_there() {
        for dashboard in all() {
            for panel in dashboard.rows.iter().flat_map(|row| &row.panels) {
                if let Some(runbook) = panel.runbook {
                    let page = project().join(format!("docs/runbooks/{runbook}.md"));
                    assert!(page.is_file(), "{}", page.display());
                }
            }
        }
    }
}
