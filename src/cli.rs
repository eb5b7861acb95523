//! The command line.

#![allow(clippy::print_stderr, reason = "what is wrong with a command is said on standard error")]

mod client;
mod logs;
#[cfg(feature = "sim")]
mod sim;
mod store;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{self, Config, Flags};
use crate::daemon::{Daemon, Role};
use crate::log;

/// What sysexits.h calls wrong usage: of the command line, and of the settings, as linkerd and others use it.
const EXIT_CONFIG: u8 = 64;

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
    /// Runs the control plane over simulated hosts: tasks are placed, started and stopped, and run nowhere.
    ///
    /// What it keeps in its data folder is known with the next start; the simulated tasks are then lost and replaced.
    #[cfg(feature = "sim")]
    #[command(
        after_help = "Example: mainstay sim --data-dir ./sim --instances 200 --cpu 2048 --memory 4096 --attribute zone=a,b,c"
    )]
    Sim {
        #[command(flatten)]
        daemon: DaemonArguments,
        #[command(flatten)]
        fleet: sim::Fleet,
    },
    /// Shows what the containers of tasks and services print.
    ///
    /// What is there is what the containers that are still there hold: stopped ones stay for agent.cleanup-wait.
    /// Ends with 1 where there is nothing to read, 64 where it is not understood, 69 where the daemon does not answer.
    #[command(after_help = "Example: mainstay logs hello --follow --since 5m")]
    Logs(logs::Asked),
    /// Looks into, copies out or fills the store of a daemon that does not run.
    #[command(after_help = "Example: mainstay store export --data-dir ./state > backup.jsonl")]
    Store {
        #[command(subcommand)]
        act: store::Act,
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
            return if error.use_stderr() { ExitCode::from(EXIT_CONFIG) } else { ExitCode::SUCCESS };
        }
    };
    #[cfg(feature = "sim")]
    let mut simulated = None;
    let (role, arguments, stop_tasks) = match arguments.command {
        Command::Up { daemon, stop_tasks } => (Role::Up, daemon, stop_tasks),
        Command::Server { daemon, stop_tasks } => (Role::Server, daemon, stop_tasks),
        #[cfg(feature = "sim")]
        Command::Sim { daemon, fleet } => {
            simulated = Some(fleet);
            (Role::Server, daemon, false)
        }
        Command::Logs(asked) => return logs::run(&asked),
        Command::Store { act } => return store::run(&act),
        #[cfg(feature = "failpoints")]
        Command::Failpoints => return failpoints(),
    };
    let flags = Flags {
        config: config::file(arguments.config.as_deref()),
        listen: arguments.listen,
        data_dir: arguments.data_dir,
    };
    let config = match Config::load(&flags) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("mainstay: {error}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    #[cfg(feature = "failpoints")]
    if let Err(error) = mainstay_actors::failpoint::Failpoint::check() {
        eprintln!("mainstay: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    log::begin(&config.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mainstay: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(
        &config,
        role,
        stop_tasks,
        #[cfg(feature = "sim")]
        simulated,
    ))
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

async fn serve(
    config: &Config,
    role: Role,
    stop_tasks: bool,
    #[cfg(feature = "sim")] simulated: Option<sim::Fleet>,
) -> ExitCode {
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
    #[cfg(feature = "sim")]
    if let Some(fleet) = simulated
        && let Err(error) = fleet.join(daemon.control()).await
    {
        eprintln!("mainstay: the simulated hosts cannot join: {}", chain(&error));
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

/// An error and its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
