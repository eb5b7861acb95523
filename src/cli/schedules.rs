//! `mainstay schedules`: which there are, when each runs next, and what became of its last run.

use std::process::ExitCode;

use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::client::Address;
use super::outcome::{EXIT_USAGE, Failure, Output, print};

#[derive(Debug, Args)]
pub(super) struct Asked {
    #[command(flatten)]
    daemon: Address,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Shows them. Ends with 0, 64 where it is not understood, 69 where the daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    super::outcome::run("schedules", list(asked))
}

async fn list(asked: &Asked) -> Result<(), Failure> {
    let endpoint = asked.daemon.endpoint().map_err(|text| (EXIT_USAGE, text))?;
    let answer = endpoint.rest(Method::GET, "/v1/schedules", None).await?;
    let text = match asked.output {
        Output::Json => answer["schedules"].to_string(),
        Output::Text => table(&answer["schedules"]),
    };
    print(text.trim_end())
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
