//! The project's chores: `cargo xtask --help`.

#![allow(clippy::print_stdout, reason = "a chore tells on the terminal what it does")]

mod codegen;
mod machine;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a chore ends; its error says what to do.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Writes the API's wire types anew from botocore's service model.
    Codegen {
        /// Only says whether they are up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Codegen { check } => codegen::run_codegen(check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
