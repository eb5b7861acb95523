//! What `/v1/pulls` tells of pulls of images, and what is shown of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use mainstay_core::images::progress::{Progress, Size};
use serde::{Deserialize, Serialize};

use super::client::Endpoint;
use super::progress::Bar;

/// Where lines stay, a pull has a further one after this time, or when another quarter of it has come.
const LINE_AFTER: Duration = Duration::from_secs(5);

/// A pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    pub(super) image: String,
    pub(super) cluster: String,
    pub(super) container_instance: String,
    pub(super) host: String,
    pub(super) state: State,
    pub(super) started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) progress: Progress,
    pub(super) tasks: Vec<Waiting>,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum State {
    Waiting,
    Pulling,
    Pulled,
    Failed,
}

/// A task that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    pub(super) task_arn: String,
    pub(super) service: Option<String>,
}

#[derive(Deserialize)]
struct All {
    pulls: Vec<Pull>,
}

/// All that are under way or have just ended.
///
/// # Errors
/// Why the daemon does not say, in its words; one that was built before there was this has none to tell of.
pub(super) async fn all(endpoint: &Endpoint) -> Result<Vec<Pull>, String> {
    let mut answer = endpoint.get("/v1/pulls").await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(Vec::new());
    }
    let is_well = answer.status == StatusCode::OK;
    let mut text = String::new();
    while let Some(line) = answer.line().await? {
        text.push_str(&line);
    }
    if !is_well {
        let said = serde_json::from_str::<serde_json::Value>(&text).ok();
        return Err(said.and_then(|said| said["error"].as_str().map(str::to_owned)).unwrap_or(text));
    }
    let all: Result<All, _> = serde_json::from_str(&text);
    all.map(|all| all.pulls).map_err(|error| format!("{endpoint} does not speak as mainstay does: {error}"))
}

impl Pull {
    pub(super) fn is_underway(&self) -> bool {
        matches!(self.state, State::Waiting | State::Pulling)
    }

    /// Whether a task of this service waits for it.
    pub(super) fn is_for(&self, cluster: &str, service: &str) -> bool {
        self.cluster == cluster && self.tasks.iter().any(|task| task.service.as_deref() == Some(service))
    }

    /// How far it is, for people.
    pub(super) fn far(&self) -> String {
        match self.state {
            State::Waiting => "waits for other pulls".to_owned(),
            State::Pulling => self.progress.to_string(),
            State::Pulled => match self.progress.bytes_total {
                0 => "all of it was here".to_owned(),
                bytes => Size(bytes).to_string(),
            },
            State::Failed => self.reason.clone().unwrap_or_default(),
        }
    }

    fn key(&self) -> Key {
        (self.container_instance.clone(), self.image.clone(), self.started_at.clone())
    }

    fn bar(&self, name: &str) -> Bar {
        let Progress { bytes_total, bytes_done, layers_total, layers_done, .. } = self.progress;
        let (done, of) = match bytes_total {
            0 => (u64::from(layers_done), u64::from(layers_total)),
            bytes => (bytes_done, bytes),
        };
        Bar { done, of, text: format!("{name}: {}", self.far()) }
    }
}

type Key = (String, String, String);

/// Looks at pulls again and again, and says what is worth showing of them.
#[derive(Debug, Default)]
pub(super) struct Watch {
    known: BTreeMap<Key, Line>,
}

/// The last line of a pull.
#[derive(Debug)]
struct Line {
    text: String,
    quarter: u8,
    at: Duration,
    is_over: bool,
}

/// What is worth showing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Worth {
    /// How those ended that were seen before.
    pub(super) ended: Vec<String>,
    /// Of those under way, where each line stays.
    pub(super) lines: Vec<String>,
    /// Those under way, where lines change.
    pub(super) bars: Vec<Bar>,
}

impl Watch {
    /// What is worth showing of these; `now` is the time since anything.
    pub(super) fn look(&mut self, pulls: &[Pull], now: Duration) -> Worth {
        let mut worth = Worth::default();
        let several = pulls.iter().any(|pull| pull.container_instance != pulls[0].container_instance);
        for pull in pulls {
            let name = if several { format!("{} on {}", pull.image, pull.host) } else { pull.image.clone() };
            let known = self.known.get_mut(&pull.key());
            if !pull.is_underway() {
                // One that was over before has nothing to do with what is waited for.
                if let Some(known) = known.filter(|known| !known.is_over) {
                    known.is_over = true;
                    let far = pull.far();
                    worth.ended.push(match pull.state {
                        State::Failed => format!("{name} was not pulled: {far}"),
                        _ => format!("pulled {name}: {far}"),
                    });
                }
                continue;
            }
            worth.bars.push(pull.bar(&name));
            let text = match pull.state {
                State::Waiting => format!("{name} {}", pull.far()),
                _ => format!("pulling {name}: {}", pull.far()),
            };
            let quarter = pull.progress.percent().unwrap_or(0) / 25;
            let is_due = known.is_none_or(|last| {
                last.text != text && (quarter > last.quarter || now.saturating_sub(last.at) >= LINE_AFTER)
            });
            if is_due {
                worth.lines.push(text.clone());
                self.known.insert(pull.key(), Line { text, quarter, at: now, is_over: false });
            }
        }
        self.known.retain(|key, _| pulls.iter().any(|pull| pull.key() == *key));
        worth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pull(state: State, done: u64) -> Pull {
        Pull {
            image: "registry/app:2".into(),
            cluster: "default".into(),
            container_instance: "a".into(),
            host: "box".into(),
            state,
            started_at: "2026-01-01T00:00:00Z".into(),
            reason: None,
            progress: Progress {
                layers_total: 2,
                layers_done: 1,
                layers_of_unknown_size: 0,
                bytes_total: 40_100_000,
                bytes_done: done,
            },
            tasks: vec![Waiting { task_arn: "arn".into(), service: Some("web".into()) }],
        }
    }

    fn lines(watch: &mut Watch, done: u64, at: u32) -> Vec<String> {
        watch.look(&[pull(State::Pulling, done)], at * SECOND / 10).lines
    }

    #[test]
    fn a_line_that_stays_comes_with_each_quarter_or_every_few_seconds() {
        let mut watch = Watch::default();
        assert_eq!(lines(&mut watch, 0, 0), ["pulling registry/app:2: 0.0 of 40.1 MB"]);
        assert_eq!(lines(&mut watch, 0, 100), [""; 0], "nothing is new");
        assert_eq!(lines(&mut watch, 5_000_000, 100), ["pulling registry/app:2: 5.0 of 40.1 MB"]);
        assert_eq!(lines(&mut watch, 9_000_000, 149), [""; 0], "too soon");
        assert_eq!(lines(&mut watch, 10_100_000, 149), ["pulling registry/app:2: 10.1 of 40.1 MB"]);
        assert_eq!(lines(&mut watch, 12_400_000, 199), ["pulling registry/app:2: 12.4 of 40.1 MB"]);
    }

    #[test]
    fn an_end_is_told_of_once_and_only_of_a_pull_that_was_seen_before() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(&[pull(State::Pulled, 40_100_000)], SECOND), Worth::default());
        lines(&mut watch, 1, 0);
        let ended = |watch: &mut Watch, pull: Pull| watch.look(&[pull], SECOND).ended;
        assert_eq!(ended(&mut watch, pull(State::Pulled, 40_100_000)), ["pulled registry/app:2: 40.1 MB"]);
        assert_eq!(ended(&mut watch, pull(State::Pulled, 40_100_000)), [""; 0]);
        let mut failed = pull(State::Failed, 1);
        failed.reason = Some("denied".into());
        failed.started_at = "2026-01-01T00:01:00Z".into();
        let again = Pull { state: State::Waiting, ..failed.clone() };
        assert_eq!(watch.look(&[again], SECOND).lines, ["registry/app:2 waits for other pulls"]);
        assert_eq!(ended(&mut watch, failed), ["registry/app:2 was not pulled: denied"]);
    }

    #[test]
    fn hosts_are_named_where_there_are_several() {
        let other = Pull { container_instance: "b".into(), host: "other".into(), ..pull(State::Pulling, 0) };
        let worth = Watch::default().look(&[pull(State::Pulling, 10_025_000), other], SECOND);
        assert_eq!(worth.lines[1], "pulling registry/app:2 on other: 0.0 of 40.1 MB");
        let [first, _] = &worth.bars[..] else { panic!("two bars") };
        assert_eq!((first.done, first.of), (10_025_000, 40_100_000));
        assert_eq!(first.text, "registry/app:2 on box: 10.0 of 40.1 MB");
    }

    #[test]
    fn a_pull_is_for_the_services_whose_tasks_wait_for_it() {
        let pull = pull(State::Pulling, 0);
        assert!(pull.is_for("default", "web"));
        assert!(!pull.is_for("default", "db") && !pull.is_for("other", "web"));
    }
}
