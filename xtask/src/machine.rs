//! What a chore needs of this machine, installed where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Python packages of the tests and the generator, pinned: the wire types follow this botocore.
const PYTHON_PACKAGES: [&str; 4] = ["awscli==1.46.3", "boto3==1.44.8", "botocore==1.44.8", "pytest==9.2.0"];

/// The root of the checkout.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The project's virtual environment with the AWS CLI and boto3, made where it is not there yet.
///
/// # Errors
/// Where there is no Python 3 with `venv`, or the packages cannot be had.
pub fn virtual_environment() -> Fallible<PathBuf> {
    let home = project().join(".venv");
    let stamp = home.join("packages");
    let wanted = PYTHON_PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(home);
    }
    println!("xtask: making a virtual environment in .venv: {}", PYTHON_PACKAGES.join(" "));
    run("python3", |python| python.args(["-m", "venv", "--clear"]).arg(&home))?;
    let pip = home.join("bin/pip");
    run(&pip.to_string_lossy(), |pip| {
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON_PACKAGES)
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(home)
}

/// Runs a command to its end.
///
/// # Errors
/// Where it cannot be started or does not end well.
pub fn run(program: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Outcome {
    let mut command = Command::new(program);
    with(&mut command);
    let status = command.status().map_err(|error| format!("cannot start {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}").into()) }
}
