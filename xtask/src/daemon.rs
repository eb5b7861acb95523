//! A Mainstay daemon that a chore starts, finds again and ends.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::image::target;
use crate::machine::engine::{endpoint, last_lines};
use crate::machine::{Fallible, output, project, say};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Reading a large store takes its time; an empty one is ready in milliseconds.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The daemon lets its actors end in order.
const END_WITHIN: Duration = Duration::from_secs(60);

/// A daemon's data folder and what a chore keeps beside it.
pub struct Daemon {
    data: PathBuf,
}

impl Daemon {
    /// The daemon of a data folder, running or not.
    pub fn of(data: &Path) -> Self {
        Self { data: if data.is_absolute() { data.to_owned() } else { project().join(data) } }
    }

    /// Builds the daemon as it is released.
    ///
    /// # Errors
    /// Where it does not compile.
    pub fn build() -> Outcome {
        say("Building", "mainstay (release; some minutes at first)");
        output("cargo", |cargo| {
            cargo.current_dir(project()).args(["build", "--quiet", "--release", "--bin", "mainstay"])
        })?;
        Ok(())
    }

    /// Its log, where a chore started it.
    pub fn log(&self) -> PathBuf {
        self.data.join("daemon.log")
    }

    /// A file that a chore keeps in its data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Where it answers, where it does.
    pub fn address(&self) -> Option<String> {
        let address = std::fs::read_to_string(self.data.join("address")).ok()?.trim().to_owned();
        get(&address, "/healthz").is_some_and(|status| status == 200).then_some(address)
    }

    /// Starts it in a process group of its own, so that Ctrl-C reaches it only through us, and waits until it is
    /// ready.
    ///
    /// # Errors
    /// Where it ends, or is not ready in time; with the end of its log.
    pub fn start(&self, listen: &str) -> Fallible<(Child, String)> {
        std::fs::create_dir_all(&self.data)?;
        // A stale one would be taken for the new one's.
        drop(std::fs::remove_file(self.data.join("address")));
        let log = File::create(self.log())?;
        let mut command = Command::new(target().join("release/mainstay"));
        command
            .args(["up", "--listen", listen, "--data-dir"])
            .arg(&self.data)
            .env("MAINSTAY_ENGINE_ENDPOINT", endpoint())
            // `up` shows it to a person.
            .env("MAINSTAY_LOG_FORMAT", "text")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let mut child = command.spawn().map_err(|error| format!("cannot start mainstay: {error}"))?;
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = child.try_wait()? {
                return Err(format!("mainstay ended with {status}:\n{}", last_lines(&self.log(), 20)).into());
            }
            if let Some(address) = self.address().filter(|address| get(address, "/readyz") == Some(200)) {
                std::fs::write(self.file("daemon.pid"), child.id().to_string())?;
                return Ok((child, address));
            }
            if waited > READY_WITHIN {
                drop(child.kill());
                return Err(format!("mainstay does not get ready:\n{}", last_lines(&self.log(), 20)).into());
            }
            let pause = Duration::from_millis(50);
            std::thread::sleep(pause);
            waited += pause;
        }
    }

    /// The process that [`Self::start`] left behind, where it still is a Mainstay.
    pub fn process(&self) -> Option<u32> {
        let pid: u32 = std::fs::read_to_string(self.file("daemon.pid")).ok()?.trim().parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // One that this very process started stays a zombie until we end.
        (stat.contains("(mainstay)") && !stat.contains("(mainstay) Z")).then_some(pid)
    }

    /// Asks the process to end, and waits until it has.
    ///
    /// # Errors
    /// Where it does not end in time.
    pub fn end(&self) -> Outcome {
        let Some(pid) = self.process() else { return Ok(()) };
        signal(pid)?;
        let mut waited = Duration::ZERO;
        while self.process().is_some() {
            if waited > END_WITHIN {
                return Err(
                    format!("mainstay (process {pid}) does not end; see {}", self.log().display()).into()
                );
            }
            let pause = Duration::from_millis(50);
            std::thread::sleep(pause);
            waited += pause;
        }
        std::fs::remove_file(self.file("daemon.pid"))?;
        Ok(())
    }
}

/// Sends SIGTERM.
///
/// # Errors
/// Where there is no such process.
pub fn signal(pid: u32) -> Outcome {
    output("kill", |kill| kill.args(["-TERM", &pid.to_string()]))?;
    Ok(())
}

/// The status of a GET, where one came.
fn get(address: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}
