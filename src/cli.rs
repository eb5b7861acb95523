//! The command line.

#![allow(clippy::print_stderr, reason = "what is wrong with a command is said on standard error")]

mod apply;
mod client;
mod events;
mod exec;
mod explain;
mod image;
mod logs;
mod manual;
mod outcome;
mod progress;
mod pulls;
mod schedules;
mod sim;
mod status;
mod store;
mod survey;
mod top;
mod tree;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{self, Config, Flags};
use crate::daemon::{Daemon, Role};
use crate::log::{self, chain};
use crate::traces::Traces;
use outcome::EXIT_USAGE;

/// Amazon ECS on your own machines.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the control plane and an agent for this host: cluster `default` on the local container engine.
    ///
    /// Point the AWS CLI at it:
    /// `aws ecs list-services --endpoint-url http://127.0.0.1:7077 --region us-east-1`
    #[command(after_help = "Example: mainstay up --data-dir ./state --listen 127.0.0.1:7077")]
    Up {
        #[command(flatten)]
        daemon: DaemonArguments,
        /// When it ends, stop all tasks first; without this, containers keep running and are adopted again.
        #[arg(long)]
        stop_tasks: bool,
    },
    /// Runs the control plane alone: no cluster and no container instance until one is made.
    #[command(after_help = "Example: mainstay server --config /etc/mainstay/mainstay.toml")]
    Server {
        #[command(flatten)]
        daemon: DaemonArguments,
        /// When it ends, stop all tasks first; without this, containers keep running and are adopted again.
        #[arg(long)]
        stop_tasks: bool,
    },
    /// Makes task definitions, services and schedules what files declare, images that are built for them included.
    ///
    /// It shows first what it will do, and asks. A task definition is registered anew only where it differs from the
    /// latest revision, a service changed only where it is not as declared: applying twice changes nothing. Then it waits
    /// until each rollout is over. docs/apply.md has the files.
    ///
    /// Ends with 0 where all is as declared, 1 where something was refused or not built, 2 where a rollout failed, 64
    /// where it is not understood, 69 where the daemon or the engine does not answer, 75 where a rollout takes too long.
    #[command(
        after_help = "Example: mainstay apply --yes ./shop\n         mainstay apply --plan web/service.json"
    )]
    Apply(apply::Asked),
    /// Runs the control plane over simulated hosts: tasks are placed, started and stopped, and run nowhere.
    ///
    /// Without --data-dir it keeps nothing. What a data folder of its own keeps is known with the next start; the
    /// simulated tasks are then lost and replaced. The folder of a daemon with real hosts is refused.
    #[command(
        after_help = "Example: mainstay sim --instances 200 --cpu 2048 --memory 4096 --attribute zone=a,b,c"
    )]
    Sim {
        #[command(flatten)]
        daemon: DaemonArguments,
        #[command(flatten)]
        fleet: sim::Fleet,
    },
    /// Shows on one screen whether everything is as desired.
    ///
    /// Ends with 0 where all is, 1 where something is not (and says what to do next), 64 where it is not understood, 69
    /// where the daemon does not answer.
    #[command(after_help = "Example: mainstay status --output json")]
    Status(status::Asked),
    /// Shows who supervises whom, since when, and what was started again and why.
    ///
    /// Ends with 1 where no actor is so named, 64 where it is not understood, 69 where the daemon does not answer.
    #[command(after_help = "Examples:\n  mainstay tree web\n  mainstay tree --watch")]
    Tree(tree::Asked),
    /// Shows services, tasks, container instances and the tree on the terminal, as they change.
    ///
    /// With the CPU (units, 1024 a core) and memory (MiB) that containers used at the daemon's last look
    /// (metrics.container-stats-interval), and `-` where there was none yet. Sort, filter, read logs, ask why, run a shell: `?` lists the keys. Ends with 64 where there is no terminal.
    #[command(after_help = "Example: mainstay top --interval 1")]
    Top(top::Asked),
    /// Shows what the containers of tasks and services print.
    ///
    /// What is there is what the containers that are still there hold: stopped ones stay for agent.cleanup-wait.
    /// Ends with 1 where there is nothing to read, 64 where it is not understood, 69 where the daemon does not answer.
    #[command(after_help = "Example: mainstay logs hello --follow --since 5m")]
    Logs(logs::Asked),
    /// Shows what happened, and with --follow what happens: tasks, services, deployments and container instances.
    ///
    /// As many events as events.keep says are there, those from before the daemon last started included. With --output json
    /// each is EventBridge's JSON and its sequence. docs/events.md says what there is. Ends with 64 where it is not
    /// understood, 69 where the daemon does not answer.
    #[command(
        after_help = "Examples:\n  mainstay events --since 1h --service web\n  mainstay events --follow --type deployment --output json"
    )]
    Events(events::Asked),
    /// Tells why a service or a task does not run, or where it does.
    ///
    /// First one sentence, then what there is to know: what weighs most first, each with a word for programs. Ends with 0
    /// where something was told, 1 where there is no such service or task, 64 where it is not understood, 69 where the
    /// daemon does not answer.
    #[command(
        after_help = "Examples:\n  mainstay explain web\n  mainstay explain --output json 0123456789abcdef0123456789abcdef"
    )]
    Explain(explain::Asked),
    /// Builds images for tasks of this host, and shows which ones they use.
    Image {
        #[command(subcommand)]
        act: image::Act,
    },
    /// Runs a command in a container of a task that runs.
    ///
    /// On the daemon's own host any task will do; from another host, only tasks with enableExecuteCommand. Ends with the
    /// command's own exit code (126 and 127 where its program cannot be started), 64 where it is not understood, 69 where
    /// the daemon does not answer or stops, 125 where there is no such container or it does not run. Where this ends
    /// before the command, so does the command.
    #[command(
        after_help = "Examples:\n  mainstay exec hello -it -- sh\n  mainstay exec hello --container db -i -- psql < dump.sql"
    )]
    Exec(exec::Asked),
    /// Shows the schedules there are, when each runs next, and what became of its last run.
    ///
    /// `aws scheduler` makes them; docs/schedules.md has what they can say. Ends with 64 where it is not understood, 69
    /// where the daemon does not answer.
    #[command(after_help = "Example: mainstay schedules --output json")]
    Schedules(schedules::Asked),
    /// Looks into, copies out or fills the store of a daemon that does not run.
    #[command(after_help = "Example: mainstay store export --data-dir ./state > backup.jsonl")]
    Store {
        #[command(subcommand)]
        act: store::Act,
    },
    /// Prints what a shell completes the command line by.
    #[command(after_help = "Example: mainstay completions bash > /etc/bash_completion.d/mainstay")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Writes the manual: a page for each command.
    #[command(after_help = "Example: mainstay manual /usr/local/share/man/man1")]
    Manual {
        /// The folder for the pages.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Lists the places at which MAINSTAY_CRASH_AT can end this process.
    #[cfg(feature = "failpoints")]
    #[command(hide = true)]
    Failpoints,
}

#[derive(Debug, Args)]
struct DaemonArguments {
    /// The data folder: the store, its lock, and the file `address` that says where it listens.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Send traces of API calls through the tree to the OpenTelemetry collector at this address, such as
    /// `http://127.0.0.1:4318`.
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// The settings' file; config/mainstay.toml in the source shows every setting.
    #[arg(long, value_name = "FILE", env = "MAINSTAY_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs the command. Ends with 0 after an orderly end, 64 where the command line or the settings are
/// wrong, else 1.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and the version are asked for; where they cannot be printed nobody is left to tell.
            drop(error.print());
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let (mut simulated, mut passing) = (None, None);
    let (role, mut arguments, stop_tasks) = match arguments.command {
        Command::Up { daemon, stop_tasks } => (Role::Up, daemon, stop_tasks),
        Command::Server { daemon, stop_tasks } => (Role::Server, daemon, stop_tasks),
        Command::Apply(asked) => return apply::run(&asked),
        Command::Sim { daemon, fleet } => {
            simulated = Some(fleet);
            (Role::Server, daemon, false)
        }
        Command::Status(asked) => return status::run(&asked),
        Command::Tree(asked) => return tree::run(&asked),
        Command::Top(asked) => return top::run(&asked),
        Command::Logs(asked) => return logs::run(&asked),
        Command::Events(asked) => return events::run(&asked),
        Command::Explain(asked) => return explain::run(&asked),
        Command::Image { act } => return image::run(&act),
        Command::Exec(asked) => return exec::run(&asked),
        Command::Schedules(asked) => return schedules::run(&asked),
        Command::Store { act } => return store::run(&act),
        Command::Completions { shell } => return manual::completions(shell),
        Command::Manual { folder } => return manual::pages(&folder),
        #[cfg(feature = "failpoints")]
        Command::Failpoints => return failpoints(),
    };
    if simulated.is_some() && arguments.data_dir.is_none() {
        match sim::Passing::make() {
            Ok(folder) => arguments.data_dir = Some(passing.insert(folder).path().to_owned()),
            Err(exit_code) => return exit_code,
        }
    }
    let flags = Flags {
        config: config::file(arguments.config.as_deref()),
        listen: arguments.listen,
        data_dir: arguments.data_dir,
        otlp: arguments.otlp,
    };
    let config = match Config::load(&flags) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("mainstay: {error}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    #[cfg(feature = "failpoints")]
    if let Err(error) = mainstay_actors::failpoint::Failpoint::check() {
        eprintln!("mainstay: {error}");
        return ExitCode::from(EXIT_USAGE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mainstay: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    let collector = Some(config.traces.otlp.as_str()).filter(|address| !address.is_empty());
    let begin = |address| Traces::begin(address, &config.settings().partition, runtime.handle());
    let traces = match collector.map(begin).transpose() {
        Ok(traces) => traces,
        Err(error) => {
            eprintln!("mainstay: {error}");
            return ExitCode::FAILURE;
        }
    };
    log::begin(&config.log, traces.as_ref());
    let exit_code = runtime.block_on(serve(&config, role, stop_tasks, simulated));
    if let Some(traces) = traces {
        traces.end();
    }
    drop(passing);
    exit_code
}

/// One a line.
#[cfg(feature = "failpoints")]
#[allow(clippy::print_stdout, reason = "a list for a test to read")]
fn failpoints() -> ExitCode {
    for place in mainstay_actors::failpoint::Failpoint::ALL {
        println!("{}", place.as_str());
    }
    ExitCode::SUCCESS
}

async fn serve(config: &Config, role: Role, stop_tasks: bool, simulated: Option<sim::Fleet>) -> ExitCode {
    // Listened to before anything starts, so that an early signal ends it in order, too.
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("mainstay: cannot listen to signals: {error}");
                return ExitCode::FAILURE;
            }
        };
    let mut daemon = match Daemon::start(config, role).await {
        Ok(daemon) => daemon,
        Err(error) => {
            eprintln!("mainstay: {}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    if let Some(fleet) = simulated
        && let Err(error) = fleet.join(daemon.control()).await
    {
        eprintln!("mainstay: the simulated hosts cannot join: {error}");
        daemon.stop(false).await;
        return ExitCode::FAILURE;
    }
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        failure = daemon.failed() => Some(failure),
    };
    if let Some(failure) = failure {
        tracing::error!(failure, "mainstay ends; containers stay");
        eprintln!("mainstay: {failure}");
    }
    daemon.stop(stop_tasks && failure.is_none()).await;
    if failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs what a command does by itself, without a daemon in this process.
///
/// # Errors
/// Where there is no runtime to be had.
fn alone<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(work))
}

/// The time now, in seconds of the epoch, as the API gives times.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A time that has passed, for people; none where clocks differ.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and no year is lost"
)]
fn ago(seconds: f64) -> String {
    mainstay_core::explain::span((seconds.max(0.0) * 1000.0) as u64)
}

/// Rows in columns as wide as their widest cell, two spaces apart, a line each.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(wide);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// What these words behind a command's name come to, for the commands' tests.
#[cfg(test)]
fn typed<A: Args>(words: &str) -> Result<A, clap::Error> {
    #[derive(Parser)]
    struct Words<A: Args> {
        #[command(flatten)]
        asked: A,
    }
    let words = std::iter::once("mainstay").chain(words.split_whitespace());
    Words::try_parse_from(words).map(|words| words.asked)
}
