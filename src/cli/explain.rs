//! `mainstay explain`: why a service or a task does not run, or where it does.

#![allow(clippy::print_stdout, reason = "what was asked for is said on standard output")]

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use hyper::StatusCode;
use serde::Deserialize;

use super::client::Endpoint;
use super::logs::{cluster_of, is_task};

/// Usage, as sysexits.h calls it.
const EXIT_USAGE: u8 = 64;
/// Nobody answers, or not as mainstay does.
const EXIT_UNAVAILABLE: u8 = 69;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// A service's name or ARN, or a task's id or ARN.
    #[arg(value_name = "SERVICE|TASK")]
    subject: String,
    /// Its cluster; that of an ARN, or `default`, where not given.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// The daemon's address; MAINSTAY_SERVER_LISTEN or http://127.0.0.1:7077 where not given.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_ECS")]
    endpoint_url: Option<String>,
    /// Words, or the JSON of /v1/explain.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
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
    let done = super::alone(explain(asked)).unwrap_or_else(|error| Err((1, error)));
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err((code, text)) => {
            eprintln!("mainstay explain: {text}");
            ExitCode::from(code)
        }
    }
}

async fn explain(asked: &Asked) -> Result<String, (u8, String)> {
    let listen = std::env::var("MAINSTAY_SERVER_LISTEN").ok();
    let endpoint = Endpoint::find(asked.endpoint_url.as_deref(), listen.as_deref());
    let endpoint = endpoint.map_err(|error| (EXIT_USAGE, error))?;
    let away = |error| (EXIT_UNAVAILABLE, error);
    let mut answer = endpoint.get(&path(asked)).await.map_err(away)?;
    let mut text = String::new();
    while let Some(line) = answer.line().await.map_err(away)? {
        text.push_str(&line);
    }
    let told: Told = serde_json::from_str(&text)
        .map_err(|_| away(format!("{endpoint} does not speak as mainstay does: {text}")))?;
    match (answer.status, asked.output) {
        (StatusCode::OK, Output::Json) => Ok(text),
        (StatusCode::OK, Output::Text) => Ok(shown(&told)),
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

/// The sentence, and what it is made of where that is more.
fn shown(told: &Told) -> String {
    let mut lines = vec![told.summary.clone()];
    let rows: Vec<[String; 2]> =
        told.points.iter().map(|point| [format!("  {}", point.kind), point.text.clone()]).collect();
    lines.push(super::columns(&rows));
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_its_sentence_and_its_points_in_columns() {
        let point = |kind: &str, text: &str| Point { kind: kind.into(), text: text.into() };
        let told = Told {
            summary: "1 task of 2 wanted run: no room.".into(),
            points: vec![point("PLACEMENT", "no room"), point("EXIT", "exit code 1")],
            error: None,
        };
        assert_eq!(
            shown(&told),
            "1 task of 2 wanted run: no room.\n  PLACEMENT  no room\n  EXIT       exit code 1"
        );
        assert_eq!(shown(&Told { summary: "Well.".into(), ..Told::default() }), "Well.");
    }
}
