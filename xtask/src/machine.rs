//! What a chore needs of this machine, installed where it is missing.

pub mod debian;
pub mod engine;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::Outcome;

/// A chore's result; its error says what to do.
pub type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Python packages of the tests and the generator, pinned: the wire types follow this botocore.
const PYTHON_PACKAGES: [&str; 14] = [
    "awscli==1.46.3",
    "boto3==1.44.8",
    "botocore==1.44.8",
    "docker==7.2.0",
    // Grafana's types, made from its schema; the number before the mark is when that release was made.
    "grafana-foundation-sdk==1769699379!11.6.0; python_version >= '3.11'",
    "moto[server]==5.2.5",
    "opentelemetry-proto==1.45.2",
    "pyte==0.8.2",
    "pytest==9.2.0",
    "pytest-timeout==2.4.0",
    "pytest-xdist==3.8.0",
    "selenium==4.51.0",
    // Certificates for a test.
    "trustme==1.2.1",
    "websocket-client==1.9.2",
];
/// For the `axe.min.js` that it carries; what it needs to run by itself is another browser.
const ACCESSIBILITY_RULES: &str = "axe-playwright-python==0.1.8";
/// The version of cargo-deny that deny.toml is written for.
const CARGO_DENY: &str = "0.20.2";

/// The root of the checkout.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where chores put what they make: logs, tools, images.
///
/// # Errors
/// Where it cannot be made.
pub fn workshop() -> Fallible<PathBuf> {
    let path = project().join("target/xtask");
    std::fs::create_dir_all(&path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
    Ok(path)
}

/// Says what a chore does, a line each.
pub fn say(what: &str, detail: &str) {
    println!("{what:>12}  {detail}");
}

/// The project's virtual environment with the AWS CLI and boto3, made where it is not there yet.
///
/// # Errors
/// Where there is no Python 3 with `venv`, or the packages cannot be had.
pub fn virtual_environment() -> Fallible<PathBuf> {
    let home = project().join(".venv");
    let stamp = home.join("packages");
    let wanted = format!("{}\n{ACCESSIBILITY_RULES}", PYTHON_PACKAGES.join("\n"));
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(home);
    }
    say("Installing", "the AWS CLI, boto3, pytest and selenium into .venv");
    let made = output("python3", |python| python.args(["-m", "venv", "--clear"]).arg(&home));
    if let Err(error) = made {
        // Debian splits `venv` off Python.
        debian::install(&["python3-venv"]).map_err(|_| error)?;
        output("python3", |python| python.args(["-m", "venv", "--clear"]).arg(&home))?;
    }
    let pip = home.join("bin/pip");
    output(&pip.to_string_lossy(), |pip| {
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON_PACKAGES)
    })?;
    output(&pip.to_string_lossy(), |pip| {
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", ACCESSIBILITY_RULES])
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(home)
}

/// A folder to put before `PATH` so that `cargo deny` is there, built where it is missing (about a minute).
///
/// # Errors
/// Where crates.io cannot be reached.
pub fn cargo_deny() -> Fallible<PathBuf> {
    let root = workshop()?.join("tools");
    let bin = root.join("bin");
    if output("cargo", |cargo| cargo.args(["deny", "--version"])).is_err() && !bin.join("cargo-deny").exists()
    {
        say("Installing", &format!("cargo-deny {CARGO_DENY}"));
        // Unoptimized: it is built in a quarter of the time, and runs for three seconds.
        output("cargo", |cargo| {
            cargo
                .args(["install", "--quiet", "--debug", "--locked", "--version", CARGO_DENY, "--root"])
                .arg(&root)
                .arg("cargo-deny")
        })?;
    }
    Ok(bin)
}

/// Runs a command to its end, its output on the terminal.
///
/// # Errors
/// Where it cannot be started or does not end well.
pub fn run(program: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Outcome {
    let mut command = Command::new(program);
    with(&mut command);
    let status = command.status().map_err(|error| format!("cannot start {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}").into()) }
}

/// Runs a command to its end; what it printed.
///
/// # Errors
/// Where it cannot be started or does not end well; with what it said about that.
pub fn output(program: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Fallible<String> {
    let mut command = Command::new(program);
    with(&mut command);
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("cannot start {program}: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr);
    let shown = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    Err(format!("`{program} {shown}` ended with {status}: {}", said.trim()).into())
}
