//! `mainstay events`: what happened, and what happens.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use hyper::StatusCode;
use serde_json::Value;

use super::client::{Address, Answer, Endpoint};
use super::logs::cluster_of;
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Output};

/// Wait before a daemon that went away is asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A stream says something more often than this, or nobody is there.
const SILENT: Duration = Duration::from_secs(45);
/// How much of an id tells it from others.
const SHORT: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Go on with what happens from now on; where the daemon goes away, wait for it and go on where it was.
    #[arg(short, long)]
    follow: bool,
    /// Only of this cluster.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Only of this service and its tasks: its name or ARN.
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// Only of this task: its id or ARN.
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Only of this kind: task, instance, service, deployment, or EventBridge's detail-type; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// From a time (2026-01-31T12:00:00Z) or so long ago (5m, 1h30m) on, all of them; else the last 100.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    daemon: Address,
    /// A line for each, or its JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Why it ends.
enum Stop {
    /// Nobody reads what we print.
    Unread,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Does it. Ends with 0, or 64 where it cannot be understood, 69 where the daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    super::outcome::run("events", async {
        match show(asked).await {
            Ok(()) | Err(Stop::Unread) => Ok(()),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    })
}

async fn show(asked: &Asked) -> Result<(), Stop> {
    let away = |error| (EXIT_UNAVAILABLE, error);
    let endpoint = asked.daemon.endpoint().map_err(|error| (EXIT_USAGE, error))?;
    let mut last = None;
    // Where all since a time are wanted, there may be more than one answer holds.
    loop {
        let mut answer = endpoint.get(&path(asked, last, false)).await.map_err(away)?;
        if answer.status != StatusCode::OK {
            return Err(refused(&mut answer).await.into());
        }
        let up_to =
            answer.headers.get("mainstay-sequence").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut lines = 0_usize;
        while let Some(text) = answer.line().await.map_err(away)? {
            let event: Value = serde_json::from_str(&text)
                .map_err(|_| away(format!("{endpoint} does not speak as mainstay does: {text}")))?;
            lines += 1;
            print(asked.output, &text, &event)?;
        }
        let before = std::mem::replace(&mut last, up_to);
        if asked.since.is_none() || lines == 0 || before == up_to {
            break;
        }
    }
    if !asked.follow {
        return Ok(());
    }
    let mut last = last.unwrap_or(0);
    loop {
        if let Err(why) = follow(asked, &endpoint, &mut last).await? {
            eprintln!("mainstay events: {why}; waiting for it");
        }
        tokio::time::sleep(AGAIN_AFTER).await;
        while endpoint.get("/healthz").await.is_err() {
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

/// Prints what comes after `last`, and moves it on; gives back why the stream ended.
async fn follow(asked: &Asked, endpoint: &Endpoint, last: &mut u64) -> Result<Result<(), String>, Stop> {
    let mut answer = match endpoint.get(&path(asked, Some(*last), true)).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error)),
    };
    match answer.status {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST => return Err(refused(&mut answer).await.into()),
        _ => return Ok(Err(refused(&mut answer).await.1)),
    }
    let mut named = String::new();
    loop {
        let line = match tokio::time::timeout(SILENT, answer.line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => return Ok(Err("the daemon ended the stream".to_owned())),
            Ok(Err(error)) => return Ok(Err(error)),
            Err(_) => return Ok(Err(format!("nothing came from {endpoint} for {SILENT:?}"))),
        };
        if line.is_empty() {
            named.clear();
        } else if let Some(name) = line.strip_prefix("event: ") {
            name.clone_into(&mut named);
        } else if let Some(id) = line.strip_prefix("id: ") {
            *last = id.parse().unwrap_or(*last);
        } else if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).unwrap_or_default();
            match named.as_str() {
                "" => {
                    let mut event = data;
                    event["sequence"] = (*last).into();
                    print(asked.output, &event.to_string(), &event)?;
                }
                _ => eprintln!("mainstay events: {}", data["message"].as_str().unwrap_or_default()),
            }
        }
    }
}

async fn refused(answer: &mut Answer) -> Failure {
    let text = answer.line().await.ok().flatten().unwrap_or_default();
    let said = serde_json::from_str::<Value>(&text).ok();
    let said = said.and_then(|value| value["error"].as_str().map(str::to_owned)).unwrap_or(text);
    let code = if answer.status == StatusCode::BAD_REQUEST { EXIT_USAGE } else { EXIT_UNAVAILABLE };
    (code, said)
}

/// The request's path and query.
fn path(asked: &Asked, after: Option<u64>, follow: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let arns = || asked.service.iter().chain(&asked.task);
    if let Some(cluster) = asked.cluster.as_deref().or_else(|| arns().find_map(|name| cluster_of(name))) {
        query.append_pair("cluster", cluster);
    }
    let text = |name, value: &Option<String>| value.as_ref().map(|value| (name, value.clone()));
    query.extend_pairs([text("service", &asked.service), text("task", &asked.task)].into_iter().flatten());
    query.extend_pairs(asked.kinds.iter().map(|kind| ("type", kind)));
    query.extend_pairs(text("since", &asked.since).filter(|_| !follow));
    query.extend_pairs(after.map(|sequence| ("after", sequence.to_string())));
    query.extend_pairs(follow.then_some(("follow", "true")));
    format!("/v1/events?{}", query.finish())
}

fn print(output: Output, text: &str, event: &Value) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    let written = match output {
        Output::Json => writeln!(out, "{text}"),
        Output::Text => writeln!(out, "{}", shown(event)),
    };
    written.and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Stop::Unread,
        _ => Stop::Failed((1, error.to_string())),
    })
}

/// An event as people read it: when, how much it matters, whose it is, and what happened.
fn shown(event: &Value) -> String {
    let detail = &event["detail"];
    let word = |name: &str| detail[name].as_str().unwrap_or_default();
    let time = ["updatedAt", "createdAt"].into_iter().find_map(|name| detail[name].as_str());
    let time = time.or_else(|| event["time"].as_str()).unwrap_or_default();
    let resource = event["resources"][0].as_str().unwrap_or_default();
    let mut parts = resource.rsplit(':').next().unwrap_or_default().split('/').skip(1);
    let (cluster, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let short = id.get(..SHORT).unwrap_or(id);
    let (whose, what) = match event["detail-type"].as_str().unwrap_or_default() {
        "ECS Task State Change" => (format!("task {} {short}", word("group")), task(detail)),
        "ECS Container Instance State Change" => {
            let agent = if detail["agentConnected"] == true { "connected" } else { "not connected" };
            (format!("instance {} {short}", word("ec2InstanceId")), format!("{}, {agent}", word("status")))
        }
        _ => {
            // The reason mostly names the deployment, too.
            let deployment = Some(word("deploymentId")).filter(|id| !word("reason").contains(id));
            let about = deployment.into_iter().chain([word("reason")]).filter(|text| !text.is_empty());
            let about: String = about.map(|text| format!("  {text}")).collect();
            (format!("service {id}"), format!("{}{about}", word("eventName")))
        }
    };
    let weight = if word("eventType").is_empty() { "INFO" } else { word("eventType") };
    let cluster = if cluster == "default" { String::new() } else { format!("{cluster} ") };
    format!("{time}  {weight:5}  {cluster}{whose}  {what}")
}

fn task(detail: &Value) -> String {
    let word = |name: &str| detail[name].as_str().unwrap_or_default();
    let mut text = word("lastStatus").to_owned();
    if word("lastStatus") != word("desiredStatus") {
        text.push_str(&format!(", wanted {}", word("desiredStatus")));
    }
    if matches!(word("healthStatus"), "HEALTHY" | "UNHEALTHY") {
        text.push_str(&format!(", {}", word("healthStatus")));
    }
    if !word("stoppedReason").is_empty() {
        text.push_str(&format!("  {}: {}", word("stopCode"), word("stoppedReason")));
    }
    let containers = detail["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    for container in containers {
        if let (Some(name), Some(code)) = (container["name"].as_str(), container["exitCode"].as_i64()) {
            text.push_str(&format!("  {name} exited with {code}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::typed;

    #[test]
    fn what_is_typed_becomes_a_request() {
        let asked: Asked = typed("--service web --type task --type service --since 5m -f").unwrap();
        assert_eq!(path(&asked, None, false), "/v1/events?service=web&type=task&type=service&since=5m");
        let followed = "/v1/events?service=web&type=task&type=service&after=7&follow=true";
        assert_eq!(path(&asked, Some(7), true), followed);
    }

    #[test]
    fn an_event_is_a_line_that_says_when_whose_and_what() {
        let task = json!({
            "detail-type": "ECS Task State Change",
            "time": "2026-01-31T12:00:00Z",
            "resources": ["arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef0123456789abcdef"],
            "detail": {
                "updatedAt": "2026-01-31T12:00:00.250Z", "createdAt": "2026-01-31T11:00:00.000Z",
                "group": "service:web", "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
                "healthStatus": "UNKNOWN", "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "web", "exitCode": 137}],
            },
        });
        assert_eq!(
            shown(&task),
            "2026-01-31T12:00:00.250Z  INFO   task service:web 01234567  STOPPED  EssentialContainerExited: \
             Essential container in task exited  web exited with 137"
        );
        let service = json!({
            "detail-type": "ECS Service Action",
            "time": "2026-01-31T12:00:00Z",
            "resources": ["arn:aws:ecs:us-east-1:000000000000:service/shop/web"],
            "detail": {
                "eventType": "ERROR", "eventName": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:CPU",
                "createdAt": "2026-01-31T12:00:00.125Z",
            },
        });
        let line =
            "2026-01-31T12:00:00.125Z  ERROR  shop service web  SERVICE_TASK_PLACEMENT_FAILURE  RESOURCE:CPU";
        assert_eq!(shown(&service), line);
    }
}
