//! `cargo xtask soak`: a daemon under churn for minutes, held to leave nothing behind. What it does is in
//! `tests/soak/soak.py`.

use std::path::Path;
use std::process::Command;

use crate::machine::{engine, project, run, say, virtual_environment};
use crate::{Outcome, image};

/// How long the soak of a whole `cargo xtask test` takes, minutes.
pub const MINUTES: &str = "5";

/// Runs it for so many minutes, its table on the terminal.
///
/// # Errors
/// Where the machine cannot be prepared, or something grew or was left behind.
pub fn soak(minutes: f64) -> Outcome {
    engine::ensure()?;
    let python = virtual_environment()?.join("bin/python");
    image::build_image()?;
    run("cargo", |cargo| cargo.current_dir(project()).args(["build", "--quiet", "--bin", "mainstay"]))?;
    say("Soaking", &format!("for {minutes} minutes"));
    run(&python.to_string_lossy(), |program| command(program, &minutes.to_string()))
}

/// Completes the command of a Python that soaks for so many minutes.
pub fn command<'a>(python: &'a mut Command, minutes: &str) -> &'a mut Command {
    let soak = Path::new("tests/soak/soak.py");
    python
        .current_dir(project())
        .env("MAINSTAY", image::target().join("debug/mainstay"))
        .arg(soak)
        .args(["--minutes", minutes])
}
