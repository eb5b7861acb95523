//! `mainstay explain`: why a service or a task does not run, or where it does.

use std::process::ExitCode;

use clap::Args;
use hyper::StatusCode;
use serde::Deserialize;

use super::client::Address;
use super::logs::{cluster_of, is_task};
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Output, print};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// A service's name or ARN, or a task's id or ARN.
    #[arg(value_name = "SERVICE|TASK")]
    subject: String,
    /// Its cluster; that of an ARN, or `default`, where not given.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    #[command(flatten)]
    daemon: Address,
    /// Words, or the JSON of /v1/explain.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// What `/v1/explain` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    summary: String,
    points: Vec<Point>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Point {
    kind: String,
    text: String,
}

/// Does it. Ends with 0 where something was told, 1 where there is no such service or task, 64 where it cannot be
/// understood, 69 where the daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    super::outcome::run("explain", explain(asked))
}

async fn explain(asked: &Asked) -> Result<(), Failure> {
    let endpoint = asked.daemon.endpoint().map_err(|error| (EXIT_USAGE, error))?;
    let away = |error| (EXIT_UNAVAILABLE, error);
    let mut answer = endpoint.get(&path(asked)).await.map_err(away)?;
    let mut text = String::new();
    while let Some(line) = answer.line().await.map_err(away)? {
        text.push_str(&line);
    }
    let told: Told = serde_json::from_str(&text)
        .map_err(|_| away(format!("{endpoint} does not speak as mainstay does: {text}")))?;
    match (answer.status, asked.output) {
        (StatusCode::OK, Output::Json) => print(&text),
        (StatusCode::OK, Output::Text) => print(&shown(&told)),
        (StatusCode::NOT_FOUND, _) => Err((1, told.error.unwrap_or(text))),
        _ => Err((EXIT_USAGE, told.error.unwrap_or(text))),
    }
}

/// The request's path and query.
fn path(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(cluster) = asked.cluster.as_deref().or_else(|| cluster_of(&asked.subject)) {
        query.append_pair("cluster", cluster);
    }
    query.append_pair(if is_task(&asked.subject) { "task" } else { "service" }, &asked.subject);
    format!("/v1/explain?{}", query.finish())
}

/// The sentence, and what there is to know beyond it.
fn shown(told: &Told) -> String {
    let mut lines = vec![told.summary.clone()];
    let points = told.points.iter().filter(|point| !told.summary.contains(point.text.trim_end_matches('.')));
    let rows: Vec<[String; 2]> =
        points.map(|point| [format!("  {}", point.kind), point.text.clone()]).collect();
    lines.push(super::columns(&rows));
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_its_sentence_and_the_points_that_it_does_not_say_in_columns() {
        let point = |kind: &str, text: &str| Point { kind: kind.into(), text: text.into() };
        let told = Told {
            summary: "1 task of 2 wanted run: no room.".into(),
            points: vec![
                point("PLACEMENT", "no room."),
                point("EXIT", "exit code 1"),
                point("PLACE", "on a host"),
            ],
            error: None,
        };
        assert_eq!(
            shown(&told),
            "1 task of 2 wanted run: no room.\n  EXIT   exit code 1\n  PLACE  on a host"
        );
        assert_eq!(shown(&Told { summary: "Well.".into(), ..Told::default() }), "Well.");
    }
}
