//! What commands that ask a daemon or an engine have in common: how they end, and how they tell.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use clap::ValueEnum;

use super::client::CallError;

/// What sysexits.h calls wrong usage: of the command line, and of the settings, as linkerd and others use it.
pub(super) const EXIT_USAGE: u8 = 64;
/// Nobody answers, or the answer breaks off.
pub(super) const EXIT_UNAVAILABLE: u8 = 69;

/// Why it failed: what to exit with, and words.
pub(super) type Failure = (u8, String);

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let code = if matches!(error, CallError::Away(_)) { EXIT_UNAVAILABLE } else { 1 };
        (code, error.to_string())
    }
}

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Does it, and says what to exit with and, as the command `name`, why it failed.
pub(super) fn run(name: &str, work: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    match super::alone(work).unwrap_or_else(|error| Err((1, error))) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            for line in text.lines() {
                eprintln!("mainstay {name}: {line}");
            }
            ExitCode::from(code)
        }
    }
}

/// Prints what was asked for. Where nobody reads it, it was done all the same.
///
/// # Errors
/// Where it cannot be printed.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| (1, error.to_string())),
    }
}
