//! `mainstay tree`: who supervises whom, since when, and what was started again and why.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Args;
use hyper::StatusCode;
use serde::Deserialize;

use super::client::{Address, Endpoint};
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Output, print};
use super::{ago, now, top};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Only what is below actors with this in their path: a service, a task, `agents`.
    #[arg(value_name = "WORD")]
    below: Option<String>,
    /// Stays, and shows it as it changes; `q` ends it.
    #[arg(short, long, conflicts_with = "output")]
    watch: bool,
    #[command(flatten)]
    daemon: Address,
    /// A tree for people, or the JSON of /v1/tree.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// An actor, as `/v1/tree` shows it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) path: String,
    pub(super) kind: String,
    /// In milliseconds of the epoch; absent while it is being started again.
    pub(super) since: Option<f64>,
    pub(super) restarts: u64,
    pub(super) last_end: Option<String>,
}

/// Does it. Ends with 0, 1 where no actor is so named, 64 where it is not understood, 69 where the daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    if asked.watch {
        if !std::io::stdout().is_terminal() {
            eprintln!("mainstay tree: --watch needs a terminal; leave it out to print the tree once");
            return ExitCode::from(EXIT_USAGE);
        }
        return top::watch_tree(&asked.daemon, asked.below.as_deref());
    }
    super::outcome::run("tree", show(asked))
}

async fn show(asked: &Asked) -> Result<(), Failure> {
    let endpoint = asked.daemon.endpoint().map_err(|error| (EXIT_USAGE, error))?;
    let text = fetched(&endpoint).await?;
    if asked.output == Output::Json {
        return print(&text);
    }
    let nodes = parsed(&endpoint, &text)?;
    let shown = lines(&kept(nodes, asked.below.as_deref()), now());
    if shown.is_empty() {
        let below = asked.below.as_deref().unwrap_or_default();
        return Err((1, format!("no actor has '{below}' in its path; `mainstay tree` shows all")));
    }
    print(&shown.join("\n"))
}

/// All actors there are.
pub(super) async fn nodes(endpoint: &Endpoint) -> Result<Vec<Node>, Failure> {
    let text = fetched(endpoint).await?;
    parsed(endpoint, &text)
}

async fn fetched(endpoint: &Endpoint) -> Result<String, Failure> {
    let away = |error| (EXIT_UNAVAILABLE, error);
    let mut answer = endpoint.get("/v1/tree").await.map_err(away)?;
    let mut text = String::new();
    while let Some(line) = answer.line().await.map_err(away)? {
        text.push_str(&line);
    }
    if answer.status != StatusCode::OK {
        let said = serde_json::from_str::<serde_json::Value>(&text).ok();
        let said = said.and_then(|said| said["error"].as_str().map(str::to_owned));
        return Err((EXIT_UNAVAILABLE, said.unwrap_or(text)));
    }
    Ok(text)
}

fn parsed(endpoint: &Endpoint, text: &str) -> Result<Vec<Node>, Failure> {
    let strange = |_| (EXIT_UNAVAILABLE, format!("{endpoint} does not speak as mainstay does: {text}"));
    serde_json::from_str(text).map_err(strange)
}

/// Those with the word in their path, with who is above them.
pub(super) fn kept(mut nodes: Vec<Node>, word: Option<&str>) -> Vec<Node> {
    // By parts, so that nobody comes between an actor and those below it.
    nodes.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
    let Some(word) = word else { return nodes };
    let hits: Vec<String> =
        nodes.iter().filter(|node| node.path.contains(word)).map(|node| node.path.clone()).collect();
    let above =
        |node: &Node| hits.iter().any(|hit| hit == &node.path || hit.starts_with(&format!("{}/", node.path)));
    nodes.retain(above);
    nodes
}

/// A line each, with branches.
pub(super) fn lines(nodes: &[Node], now: f64) -> Vec<String> {
    // From the last to the first: `open` says at which depths somebody follows on the same branch.
    let mut open: Vec<bool> = Vec::new();
    let mut lines: Vec<String> = Vec::with_capacity(nodes.len());
    for node in nodes.iter().rev() {
        let own = node.path.matches('/').count();
        open.resize(own + 1, false);
        let mut line: String = (1..own).map(|depth| if open[depth] { "│  " } else { "   " }).collect();
        if own > 0 {
            line.push_str(if open[own] { "├─ " } else { "└─ " });
        }
        open[own] = true;
        line.push_str(&named(node));
        line.push_str(&state(node, now));
        lines.push(line);
    }
    lines.reverse();
    lines
}

/// What it is called; its kind too, where that is not its name.
fn named(node: &Node) -> String {
    let name = node.path.rsplit('/').next().unwrap_or_default();
    if name == node.kind { name.to_owned() } else { format!("{} {name}", node.kind) }
}

fn state(node: &Node, now: f64) -> String {
    let lives = match node.since {
        Some(since) => format!("  {}", ago(now - since / 1000.0)),
        None => "  is being started again".to_owned(),
    };
    let times = match node.restarts {
        0 => return lives,
        1 => "once".to_owned(),
        many => format!("{many} times"),
    };
    let end = node.last_end.as_deref().map(|end| format!(": {end}")).unwrap_or_default();
    format!("{lives}  started again {times}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str, kind: &str) -> Node {
        Node { path: path.into(), kind: kind.into(), since: Some(40_000.0), ..Node::default() }
    }

    fn sample() -> Vec<Node> {
        let mut service = node("root/clusters/shop/services/web", "service");
        service.restarts = 2;
        service.last_end = Some("panicked: no".into());
        let mut task = node("root/clusters/shop/services/web/abc", "task");
        task.since = None;
        vec![
            node("root", "root"),
            node("root/clusters", "clusters"),
            node("root/clusters/shop", "cluster"),
            // As text it comes between `services` and what is below that.
            node("root/clusters/shop/services-2", "services"),
            node("root/clusters/shop/services", "services"),
            service,
            task,
            node("root/schedules", "schedules"),
        ]
    }

    #[test]
    fn a_line_tells_what_an_actor_is_how_old_and_what_ended_it_last() {
        let shown = lines(&kept(sample(), None), 100.0);
        assert_eq!(
            shown,
            [
                "root  60 s",
                "├─ clusters  60 s",
                "│  └─ cluster shop  60 s",
                "│     ├─ services  60 s",
                "│     │  └─ service web  60 s  started again 2 times: panicked: no",
                "│     │     └─ task abc  is being started again",
                "│     └─ services services-2  60 s",
                "└─ schedules  60 s",
            ]
        );
    }

    #[test]
    fn a_word_keeps_those_that_have_it_and_who_is_above_them() {
        let shown = lines(&kept(sample(), Some("abc")), 100.0);
        assert_eq!(shown.len(), 6, "{shown:#?}");
        assert!(shown[5].ends_with("└─ task abc  is being started again"), "{shown:#?}");
        assert_eq!(kept(sample(), Some("nobody")), []);
    }
}
