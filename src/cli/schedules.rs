//! `mainstay schedules`: which there are, when each runs next, and what became of its last run.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use hyper::Method;
use serde_json::Value;

use super::client::{CallError, Endpoint};

/// Usage, as sysexits.h calls it.
const EXIT_USAGE: u8 = 64;
/// Nobody answers.
const EXIT_UNAVAILABLE: u8 = 69;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The daemon's address; MAINSTAY_SERVER_LISTEN or http://127.0.0.1:7077 where not given.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_ECS")]
    endpoint_url: Option<String>,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Shows them. Ends with 0, 64 where it is not understood, 69 where the daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    match super::alone(list(asked)).unwrap_or_else(|error| Err((1, error))) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            eprintln!("mainstay schedules: {text}");
            ExitCode::from(code)
        }
    }
}

async fn list(asked: &Asked) -> Result<(), (u8, String)> {
    let listen = std::env::var("MAINSTAY_SERVER_LISTEN").ok();
    let endpoint = Endpoint::find(asked.endpoint_url.as_deref(), listen.as_deref());
    let endpoint = endpoint.map_err(|text| (EXIT_USAGE, text))?;
    let answer = endpoint.rest(Method::GET, "/v1/schedules", None).await.map_err(|error| {
        let code = if matches!(error, CallError::Away(_)) { EXIT_UNAVAILABLE } else { 1 };
        (code, error.to_string())
    })?;
    let text = match asked.output {
        Output::Json => answer["schedules"].to_string(),
        Output::Text => table(&answer["schedules"]),
    };
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        // Nobody reads it.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| (1, error.to_string())),
    }
}

fn table(schedules: &Value) -> String {
    let mut rows =
        vec![["SCHEDULE", "EXPRESSION", "ZONE", "NEXT RUN", "LAST RUN", "RESULT"].map(String::from)];
    rows.extend(schedules.as_array().into_iter().flatten().map(|one| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let next = match (one["enabled"].as_bool(), one["nextRunAt"].as_str()) {
            (Some(false), _) => "disabled".to_owned(),
            (_, None) => "none".to_owned(),
            (_, Some(at)) => at.to_owned(),
        };
        let waiting = one["waiting"].as_array().map_or(0, Vec::len);
        let last = &one["lastRun"];
        let detail = last["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default();
        let waits = if waiting > 0 { format!(" ({waiting} waiting)") } else { String::new() };
        [
            format!("{}/{}", text(&one["group"]), text(&one["name"])),
            text(&one["expression"]),
            text(&one["timeZone"]),
            next,
            text(&last["scheduledAt"]),
            format!("{}{detail}{waits}", text(&last["result"])),
        ]
    }));
    super::columns(&rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_tells_when_a_schedule_runs_next_and_what_became_of_its_last_run() {
        let last =
            json!({"scheduledAt": "2026-11-27T03:00:00Z", "result": "failed", "detail": "RESOURCE:MEMORY"});
        let shown = json!([
            {"group": "default", "name": "nightly", "expression": "cron(0 3 * * ? *)", "timeZone": "UTC",
             "enabled": true, "nextRunAt": "2026-11-28T03:00:00Z", "waiting": [{}], "lastRun": last},
            {"group": "shop", "name": "off", "expression": "rate(1 day)", "timeZone": "UTC", "enabled": false,
             "nextRunAt": null, "waiting": [], "lastRun": null},
        ]);
        let lines: Vec<String> = table(&shown).lines().map(str::to_owned).collect();
        assert!(
            lines[1].starts_with("default/nightly  cron(0 3 * * ? *)  UTC   2026-11-28T03:00:00Z"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with("failed: RESOURCE:MEMORY (1 waiting)"), "{lines:?}");
        assert_eq!(lines[2].split_whitespace().last(), Some("disabled"));
    }
}
