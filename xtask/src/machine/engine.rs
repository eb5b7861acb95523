//! A container engine that answers: found, started or installed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Fallible, debian, output, say};
use crate::Outcome;

const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";
/// Where `dockerd` logs when it was started here.
const LOG: &str = "/var/log/dockerd.log";
/// A ping that takes longer is no answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// `dockerd` is up within two seconds on an idle machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// Where the engine is.
pub fn endpoint() -> String {
    std::env::var("DOCKER_HOST")
        .ok()
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| DEFAULT_SOCKET.to_owned())
}

/// Sees to it that an engine answers at [`endpoint`], and that there is a `docker` command.
///
/// # Errors
/// Where there is none and none can be installed or started; says what to install.
pub fn ensure() -> Outcome {
    let endpoint = endpoint();
    if ping(&endpoint).is_err() {
        bring_up(&endpoint)?;
    }
    if which("docker").is_none() {
        // From Debian 13 on the command is a package of its own.
        debian::install(&["docker-cli"]).or_else(|_| debian::install(&["docker.io"]))?;
    }
    let version = output("docker", |docker| docker.args(["version", "--format", "{{.Server.Version}}"]))?;
    say("Engine", &format!("{} at {endpoint}", version.trim()));
    Ok(())
}

fn bring_up(endpoint: &str) -> Outcome {
    let help = "install Docker Engine (https://docs.docker.com/engine/install/) and start it, \
                or point DOCKER_HOST at an engine that runs (Podman's Docker socket will do)";
    if endpoint != DEFAULT_SOCKET {
        return Err(format!("no container engine answers at {endpoint} (DOCKER_HOST); {help}").into());
    }
    if !debian::is_root() {
        return Err(format!(
            "no container engine answers at {endpoint}, and only root may start one; {help}. \
             If it runs, your user may lack access: sudo usermod -aG docker $USER"
        )
        .into());
    }
    if which("dockerd").is_none() {
        debian::install(&["docker.io"]).map_err(|error| format!("{error}: {help}"))?;
    }
    say("Starting", &format!("dockerd (its log: {LOG})"));
    if Path::new("/run/systemd/system").exists() {
        output("systemctl", |systemctl| systemctl.args(["start", "docker"]))?;
    } else {
        let log = std::fs::File::create(LOG).map_err(|error| format!("cannot write {LOG}: {error}"))?;
        // In a session of its own: it outlives this chore and its terminal.
        output("setsid", |setsid| {
            setsid
                .args(["--fork", "dockerd"])
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::null())
                .stderr(log)
        })?;
    }
    let mut waited = Duration::ZERO;
    while ping(endpoint).is_err() {
        if waited > START_WITHIN {
            return Err(format!(
                "dockerd does not answer; its log ends:\n{}",
                last_lines(Path::new(LOG), 10)
            )
            .into());
        }
        let pause = Duration::from_millis(100);
        std::thread::sleep(pause);
        waited += pause;
    }
    Ok(())
}

/// Asks the engine whether it is there.
fn ping(endpoint: &str) -> io::Result<()> {
    if let Some(path) = endpoint.strip_prefix("unix://") {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        return ping_over(stream);
    }
    let address = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let stream = TcpStream::connect(address.trim_end_matches('/'))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    ping_over(stream)
}

fn ping_over(mut stream: impl Read + Write) -> io::Result<()> {
    stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    if status.ends_with(b" 200") { Ok(()) } else { Err(io::Error::other("the answer is not 200")) }
}

/// Where a program is on `PATH`.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The end of a log.
pub fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Removes the containers that an installation of Mainstay left behind, and the volumes of their tasks; how many
/// containers there were.
///
/// # Errors
/// Where the engine does not do it.
pub fn remove_containers_of(owner: &str) -> Fallible<usize> {
    let filter = format!("label=mainstay.owner={owner}");
    let listed = output("docker", |docker| docker.args(["ps", "--all", "--quiet", "--filter", &filter]))?;
    let ids: Vec<&str> = listed.split_whitespace().collect();
    if !ids.is_empty() {
        output("docker", |docker| docker.args(["rm", "--force", "--volumes"]).args(&ids))?;
    }
    let listed = output("docker", |docker| {
        docker.args(["volume", "ls", "--quiet", "--filter", &filter, "--filter", "label=mainstay.task-id"])
    })?;
    let volumes: Vec<&str> = listed.split_whitespace().collect();
    if !volumes.is_empty() {
        output("docker", |docker| docker.args(["volume", "rm"]).args(&volumes))?;
    }
    Ok(ids.len())
}
