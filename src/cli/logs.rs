//! `mainstay logs`: what the containers of tasks and services print.

use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use hyper::StatusCode;
use serde::Deserialize;

use super::client::{Address, Answer};
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE, Output};

/// ANSI colours that are read on a dark and on a light ground.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];
/// How much of a task's id tells it from others.
const SHORT: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// A task's id or ARN, or a service's name or ARN.
    #[arg(value_name = "TASK|SERVICE", required_unless_present = "services")]
    targets: Vec<String>,
    /// A service's name or ARN; may be given several times.
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<String>,
    /// Their cluster; that of an ARN, or `default`, where not given.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Only the container of this name in the task definition.
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Go on with what is printed from now on, tasks that come later included; ends with the tasks.
    #[arg(short, long)]
    follow: bool,
    /// From a time (2026-01-31T12:00:00Z) or so long ago (5m, 1h30m) on.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Of each container the last so many lines.
    #[arg(long, value_name = "LINES")]
    tail: Option<u32>,
    /// Begin each line with its time.
    #[arg(short, long)]
    timestamps: bool,
    #[command(flatten)]
    daemon: Address,
    /// Lines as they were printed, or a JSON object for each.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// A line of `/v1/logs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    task: String,
    container: String,
    timestamp: String,
    message: Option<String>,
    note: Option<String>,
    error: Option<String>,
}

/// Why it ends before the end.
enum Stop {
    /// Nobody reads what we print.
    Unread,
    Failed(u8, String),
}

/// Does it. Ends with 0 where all was read, 1 where there is nothing, 64 where it cannot be understood, 69 where the
/// daemon does not answer or stops.
pub(super) fn run(asked: &Asked) -> ExitCode {
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(show(asked)),
        Err(error) => Err(Stop::Failed(1, error.to_string())),
    };
    match done {
        Ok(()) | Err(Stop::Unread) => ExitCode::SUCCESS,
        Err(Stop::Failed(code, text)) => {
            eprintln!("mainstay logs: {text}");
            ExitCode::from(code)
        }
    }
}

async fn show(asked: &Asked) -> Result<(), Stop> {
    let usage = |text| Stop::Failed(EXIT_USAGE, text);
    let unavailable = |text| Stop::Failed(EXIT_UNAVAILABLE, text);
    let endpoint = asked.daemon.endpoint().map_err(usage)?;
    let mut answer = endpoint.get(&path(asked)).await.map_err(unavailable)?;
    if answer.status != StatusCode::OK {
        return Err(refused(&mut answer).await);
    }
    let several = answer.headers.get("mainstay-sources").is_some_and(|sources| sources == "several");
    let look = Look {
        prefixed: several,
        timestamps: asked.timestamps,
        coloured: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    while let Some(text) = answer.line().await.map_err(unavailable)? {
        let line: Line = serde_json::from_str(&text)
            .map_err(|_| unavailable(format!("{endpoint} does not speak as mainstay does: {text}")))?;
        let printed = match asked.output {
            Output::Json => writeln!(out, "{text}"),
            Output::Text => print(&mut out, &line, &look),
        };
        // The pipe's other end sees each line at once where lines come one by one.
        let flushed = if answer.has_line() { Ok(()) } else { out.flush() };
        printed.and(flushed).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Stop::Unread,
            _ => Stop::Failed(1, error.to_string()),
        })?;
        if let Some(error) = line.error {
            return Err(unavailable(error));
        }
    }
    Ok(())
}

/// The request's path and query.
fn path(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let given = || asked.targets.iter().chain(&asked.services);
    let cluster = asked.cluster.as_deref().or_else(|| given().find_map(|name| cluster_of(name)));
    if let Some(cluster) = cluster {
        query.append_pair("cluster", cluster);
    }
    for target in &asked.targets {
        query.append_pair(if is_task(target) { "task" } else { "service" }, target);
    }
    for service in &asked.services {
        query.append_pair("service", service);
    }
    let since = asked.since.as_deref().map(|since| ("since", since.to_owned()));
    let container = asked.container.as_deref().map(|name| ("container", name.to_owned()));
    let tail = asked.tail.map(|tail| ("tail", tail.to_string()));
    let follow = asked.follow.then(|| ("follow", "true".to_owned()));
    query.extend_pairs([since, container, tail, follow].into_iter().flatten());
    format!("/v1/logs?{}", query.finish())
}

/// Tasks have ids of 32 hexadecimal digits; a service that is named so is asked for with `--service`.
pub(super) fn is_task(name: &str) -> bool {
    if name.starts_with("arn:") {
        return name.contains(":task/");
    }
    matches!(name.len(), 32 | 36) && name.chars().all(|digit| digit.is_ascii_hexdigit() || digit == '-')
}

/// The cluster that an ARN names: `arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID`.
pub(super) fn cluster_of(name: &str) -> Option<&str> {
    let resource = name.strip_prefix("arn:")?.rsplit(':').next()?;
    let mut parts = resource.split('/').skip(1);
    let cluster = parts.next()?;
    parts.next().map(|_| cluster)
}

async fn refused(answer: &mut Answer) -> Stop {
    let text = answer.line().await.ok().flatten().unwrap_or_default();
    let said = serde_json::from_str::<Line>(&text).ok().and_then(|line| line.error).unwrap_or(text);
    let code = match answer.status {
        StatusCode::BAD_REQUEST => EXIT_USAGE,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => EXIT_UNAVAILABLE,
        _ => 1,
    };
    Stop::Failed(code, said)
}

/// How lines look.
struct Look {
    prefixed: bool,
    timestamps: bool,
    coloured: bool,
}

fn print(out: &mut impl Write, line: &Line, look: &Look) -> std::io::Result<()> {
    let of = format!("{}/{}", line.container, line.task.get(..SHORT).unwrap_or(&line.task));
    if let Some(note) = &line.note {
        let of = if line.task.is_empty() { String::new() } else { format!("{of}: ") };
        eprintln!("mainstay logs: {of}{note}");
    }
    let Some(message) = &line.message else { return Ok(()) };
    if look.prefixed {
        let sum = of.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let colour = COLOURS[sum % COLOURS.len()];
        let (begin, end) =
            if look.coloured { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        write!(out, "{begin}{of} |{end} ")?;
    }
    if look.timestamps {
        write!(out, "{} ", line.timestamp)?;
    }
    writeln!(out, "{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::typed;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check(words: &str, expected: &str) {
        assert_eq!(path(&typed(words).unwrap()), format!("/v1/logs?{expected}"));
    }

    #[test]
    fn what_is_typed_becomes_a_request() {
        check("web", "service=web");
        check(ID, &format!("task={ID}"));
        check(&format!("--service {ID}"), &format!("service={ID}"));
        check(
            "web db -f --tail 0 --container app",
            "service=web&service=db&container=app&tail=0&follow=true",
        );
        check("web --since 5m --cluster shop", "cluster=shop&service=web&since=5m");
        let arn = format!("arn:aws:ecs:us-east-1:000000000000:task/shop/{ID}");
        let escaped = format!("arn%3Aaws%3Aecs%3Aus-east-1%3A000000000000%3Atask%2Fshop%2F{ID}");
        check(&arn, &format!("cluster=shop&task={escaped}"));
        assert!(typed::<Asked>("").is_err());
    }

    #[test]
    fn a_line_is_prefixed_where_there_are_several_and_coloured_on_a_terminal() {
        let line = Line {
            task: ID.to_owned(),
            container: "web".to_owned(),
            timestamp: "2026-01-31T12:00:00.000000000Z".to_owned(),
            message: Some("hello".to_owned()),
            ..Line::default()
        };
        let shown = |prefixed, timestamps, coloured| {
            let mut out = Vec::new();
            print(&mut out, &line, &Look { prefixed, timestamps, coloured }).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(false, false, true), "hello\n");
        assert_eq!(shown(true, true, false), "web/01234567 | 2026-01-31T12:00:00.000000000Z hello\n");
        assert!(shown(true, false, true).ends_with("mweb/01234567 |\x1b[0m hello\n"));
    }
}
