//! Waiting for rollouts, and saying how far they are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::Failure;
use crate::cli::client::Endpoint;
use crate::cli::progress::Progress;
use crate::cli::pulls::{self, Watch};

/// A rollout failed.
const EXIT_FAILED: u8 = 2;
/// It takes longer than it may; sysexits.h calls that a temporary failure.
const EXIT_TIMEOUT: u8 = 75;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// A DescribeServices takes so many.
const AT_ONCE: usize = 10;

/// A service that is waited for.
#[derive(Debug, Clone)]
pub(super) struct Awaited {
    pub(super) cluster: String,
    pub(super) name: String,
    /// The deployment that this apply made or found.
    pub(super) deployment: String,
    /// Events that were there before.
    pub(super) heard: BTreeSet<String>,
}

impl Awaited {
    /// By what the answer to a call showed of it.
    pub(super) fn of(cluster: &str, service: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let events = service["events"].as_array().into_iter().flatten();
        Self {
            cluster: cluster.to_owned(),
            name: text(&service["serviceName"]),
            deployment: primary(service).map(|one| text(&one["id"])).unwrap_or_default(),
            heard: events.map(|event| text(&event["id"])).collect(),
        }
    }
}

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Underway(String),
    Completed,
    Failed(String),
}

/// What a service's description says of a deployment.
pub(super) fn state(service: &Value, deployment: &str) -> State {
    let deployments = service["deployments"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |member: &str| service[member].as_i64().unwrap_or(0);
    let ours = deployments.iter().find(|one| one["id"] == deployment);
    if service["status"] != "ACTIVE" {
        return State::Failed("the service was deleted".into());
    }
    let Some(ours) = ours else {
        return State::Failed("another deployment took its place".into());
    };
    if ours["rolloutState"] == "FAILED" {
        return State::Failed(text(&ours["rolloutStateReason"]));
    }
    if ours["status"] != "PRIMARY" {
        return State::Failed("another deployment took its place".into());
    }
    let (running, desired) = (number("runningCount"), number("desiredCount"));
    if ours["rolloutState"] == "COMPLETED" && deployments.len() == 1 && running == desired {
        return State::Completed;
    }
    let of = ours["runningCount"].as_i64().unwrap_or(0);
    let failed = ours["failedTasks"].as_i64().filter(|&failed| failed > 0);
    let failed = failed.map(|failed| format!(", {failed} failed")).unwrap_or_default();
    State::Underway(format!("{of} of {desired} run{failed}"))
}

fn primary(service: &Value) -> Option<&Value> {
    service["deployments"].as_array()?.iter().find(|one| one["status"] == "PRIMARY")
}

/// Waits until each is COMPLETED or FAILED; what they came to, by `cluster/service`.
///
/// # Errors
/// Where the daemon does not answer. What failed or took too long is in what is given back.
pub(super) async fn wait(
    endpoint: &Endpoint,
    mut awaited: Vec<Awaited>,
    within: Duration,
) -> Result<BTreeMap<String, State>, Failure> {
    let began = tokio::time::Instant::now();
    let mut progress = Progress::new();
    let mut states = BTreeMap::new();
    let mut watch = Some(Watch::default());
    loop {
        let mut underway = Vec::new();
        for service in look(endpoint, &awaited).await? {
            let Some(known) = awaited.iter_mut().find(|one| is_of(one, &service)) else { continue };
            for event in service["events"].as_array().into_iter().flatten().rev() {
                if known.heard.insert(event["id"].as_str().unwrap_or_default().to_owned()) {
                    progress.line(event["message"].as_str().unwrap_or_default());
                }
            }
            let state = state(&service, &known.deployment);
            if let State::Underway(text) = &state {
                underway.push(format!("{}: {text}", known.name));
            }
            states.insert(format!("{}/{}", known.cluster, known.name), state);
        }
        if let Some(known) = &mut watch {
            match pulls::all(endpoint).await {
                Ok(mut all) => {
                    all.retain(|pull| awaited.iter().any(|one| pull.is_for(&one.cluster, &one.name)));
                    let worth = known.look(&all, began.elapsed());
                    worth.ended.iter().for_each(|line| progress.line(line));
                    progress.beneath(&worth.bars, &worth.lines);
                }
                // The rollout goes on all the same.
                Err(why) => {
                    progress.line(&format!("how far pulls are is not shown: {why}"));
                    watch = None;
                }
            }
        }
        awaited.retain(|one| {
            matches!(states.get(&format!("{}/{}", one.cluster, one.name)), None | Some(State::Underway(_)))
        });
        if awaited.is_empty() || began.elapsed() >= within {
            return Ok(states);
        }
        progress.now(&underway.join(", "));
        tokio::time::sleep(LOOK).await;
    }
}

fn is_of(awaited: &Awaited, service: &Value) -> bool {
    let cluster = service["clusterArn"].as_str().and_then(|arn| arn.rsplit('/').next());
    service["serviceName"] == *awaited.name && cluster == Some(awaited.cluster.as_str())
}

async fn look(endpoint: &Endpoint, awaited: &[Awaited]) -> Result<Vec<Value>, Failure> {
    let mut by_cluster: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in awaited {
        by_cluster.entry(&one.cluster).or_default().push(&one.name);
    }
    let mut found = Vec::new();
    for (cluster, names) in by_cluster {
        for names in names.chunks(AT_ONCE) {
            let asked = json!({"cluster": cluster, "services": names});
            let mut answer = endpoint.call("DescribeServices", &asked).await?;
            if let Some(Value::Array(services)) = answer.pointer_mut("/services").map(Value::take) {
                found.extend(services);
            }
        }
    }
    Ok(found)
}

/// What to exit with after these, and words for each that is not COMPLETED.
pub(super) fn verdict(states: &BTreeMap<String, State>, within: Duration) -> Result<(), Failure> {
    let (mut code, mut lines) = (EXIT_TIMEOUT, Vec::new());
    for (name, state) in states {
        match state {
            State::Completed => {}
            State::Failed(why) => {
                code = EXIT_FAILED;
                lines.push(format!("the rollout of {name} failed: {why}"));
            }
            State::Underway(far) => lines.push(format!(
                "the rollout of {name} is not over within {within:?}: {far}; it goes on, and --timeout has it waited for longer"
            )),
        }
    }
    if lines.is_empty() { Ok(()) } else { Err((code, lines.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, status: &str, rollout: &str) -> Value {
        json!({
            "id": id, "status": status, "rolloutState": rollout, "rolloutStateReason": "because",
            "runningCount": 1, "failedTasks": 0,
        })
    }

    #[track_caller]
    fn check(running: u32, deployments: &[Value], expected: State) {
        let service = json!({"status": "ACTIVE", "runningCount": running, "desiredCount": 2, "deployments": deployments});
        assert_eq!(state(&service, "a"), expected);
    }

    #[test]
    fn a_rollout_is_over_when_its_tasks_run_and_those_before_it_are_gone() {
        let (primary, before) =
            (deployment("a", "PRIMARY", "COMPLETED"), deployment("b", "ACTIVE", "COMPLETED"));
        check(2, std::slice::from_ref(&primary), State::Completed);
        check(3, &[primary.clone(), before], State::Underway("1 of 2 run".into()));
        check(1, &[primary], State::Underway("1 of 2 run".into()));
        check(1, &[deployment("a", "PRIMARY", "IN_PROGRESS")], State::Underway("1 of 2 run".into()));
    }

    #[test]
    fn a_rollout_that_was_given_up_or_replaced_has_failed() {
        check(1, &[deployment("a", "PRIMARY", "FAILED")], State::Failed("because".into()));
        let (back, ours) = (deployment("c", "PRIMARY", "IN_PROGRESS"), deployment("a", "ACTIVE", "FAILED"));
        check(1, &[back, ours], State::Failed("because".into()));
        let other = deployment("c", "PRIMARY", "IN_PROGRESS");
        check(1, &[other], State::Failed("another deployment took its place".into()));
        let states = BTreeMap::from([
            ("default/a".to_owned(), State::Failed("because".into())),
            ("default/b".to_owned(), State::Underway("1 of 2 run".into())),
            ("default/c".to_owned(), State::Completed),
        ]);
        let (code, text) = verdict(&states, Duration::from_secs(5)).unwrap_err();
        assert_eq!((code, text.lines().count()), (EXIT_FAILED, 2));
    }
}
