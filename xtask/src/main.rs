//! The project's chores: `cargo xtask --help`.

#![allow(clippy::print_stdout, reason = "a chore tells on the terminal what it does")]

mod bench;
mod codegen;
mod daemon;
mod dashboards;
mod image;
mod machine;
mod observe;
mod pictures;
mod soak;
mod test;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a chore ends; its error says what to do.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A failure of which the chore itself has said all there is.
#[derive(Debug)]
pub struct Told;

impl std::error::Error for Told {}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it failed; what it printed says why")
    }
}

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Brings Mainstay up with a demo service, installing what is missing (Docker, the AWS CLI in .venv).
    ///
    /// Run again, it changes only what has changed since. Ctrl-C ends the daemon; containers go on.
    Up {
        /// Leaves the daemon in the background.
        #[arg(long)]
        detach: bool,
        /// Where it listens; port 0 picks a free one.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7077")]
        listen: String,
        /// Its data folder, in the checkout where not absolute.
        #[arg(long, value_name = "FOLDER", default_value = ".mainstay")]
        data_dir: PathBuf,
    },
    /// Takes down what `up` brought up: the demo service, the daemon, its containers. Data stay.
    Down {
        /// The data folder that `up` was given.
        #[arg(long, value_name = "FOLDER", default_value = ".mainstay")]
        data_dir: PathBuf,
    },
    /// Watches a daemon that runs, and its tasks, with a Prometheus: alerts, and graphs of every metric.
    ///
    /// Where Grafana is installed it is started, too, with the dashboards.
    Observe {
        /// The data folder that `up` was given.
        #[arg(long, value_name = "FOLDER", default_value = ".mainstay")]
        data_dir: PathBuf,
        /// Where Prometheus listens.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
        listen: String,
    },
    /// Checks everything: format, lints, documentation, dependencies, unit tests, scenarios on a real engine.
    Test {
        /// Leaves out what takes minutes.
        #[arg(long)]
        quick: bool,
        /// Runs only scenarios that match, in the words of `pytest -k`.
        #[arg(long, value_name = "EXPRESSION")]
        scenarios: Option<String>,
    },
    /// Keeps a daemon busy for minutes, and fails where descriptors, actors, memory or its store grow.
    Soak {
        /// How long.
        #[arg(long, value_name = "NUMBER", default_value_t = 10.0)]
        minutes: f64,
    },
    /// Measures Mainstay side by side with its peers.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Makes the pictures of the console in docs/console anew, in a real browser.
    Pictures,
    /// Writes Grafana's dashboards anew from their descriptions in xtask/src/dashboards.
    Dashboards {
        /// Only says whether they are up to date.
        #[arg(long)]
        check: bool,
    },
    /// Writes the API's wire types anew from botocore's service model.
    Codegen {
        /// Only says whether they are up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Up { detach, listen, data_dir } => up::up(&up::Up { detach, listen, data: data_dir }),
        Chore::Down { data_dir } => up::down(&data_dir),
        Chore::Observe { data_dir, listen } => observe::observe(&data_dir, &listen),
        Chore::Test { quick, scenarios } => test::test(&test::Test { quick, scenarios }),
        Chore::Soak { minutes } => soak::soak(minutes),
        Chore::Bench { bench } => bench::measure(&bench),
        Chore::Pictures => pictures::pictures(),
        Chore::Dashboards { check } => dashboards::dashboards(check),
        Chore::Codegen { check } => codegen::run_codegen(check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<Told>() {
                eprintln!("xtask: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
