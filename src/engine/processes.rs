//! The processes of this host that commands in containers are: no engine ends a command that it was asked to run.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Between SIGHUP and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// Between two looks whether they are over.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Past so much killing something is wrong.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// Ends the session that `leader` leads or led, as far as its processes are in `container`: SIGHUP, then SIGKILL.
///
/// # Errors
/// In words, where they are out of reach: not on this host, or not ours to signal.
pub(super) async fn end_session(leader: i32, container: String) -> Result<(), String> {
    if members(leader, &container).await?.is_empty() && !is_over(leader) {
        return Err(format!(
            "its process {leader} is not one of this host that belongs to container {container}"
        ));
    }
    let began = tokio::time::Instant::now();
    let mut hung_up = false;
    loop {
        let left = members(leader, &container).await?;
        if left.is_empty() {
            return Ok(());
        }
        let waited = began.elapsed();
        if waited > GRACE + KILLED_WITHIN {
            return Err(format!("{} of its processes cannot be killed", left.len()));
        }
        if waited > GRACE {
            signal(&left, Signal::KILL)?;
        } else if !hung_up {
            hung_up = true;
            signal(&left, Signal::HUP)?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn signal(members: &[OwnedFd], signal: Signal) -> Result<(), String> {
    for member in members {
        match pidfd_send_signal(member, signal) {
            // It is over by now.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(format!("its processes cannot be signalled: {error}")),
        }
    }
    Ok(())
}

/// Whether there is no such process at all.
fn is_over(pid: i32) -> bool {
    session(pid).is_none()
}

/// The processes of the session, each held, so that its number cannot become somebody else's.
async fn members(leader: i32, container: &str) -> Result<Vec<OwnedFd>, String> {
    let container = container.to_owned();
    let look = tokio::task::spawn_blocking(move || look(leader, &container));
    look.await.unwrap_or_else(|error| Err(error.to_string()))
}

fn look(leader: i32, container: &str) -> Result<Vec<OwnedFd>, String> {
    let entries = std::fs::read_dir("/proc").map_err(|error| format!("/proc: {error}"))?;
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut found = Vec::new();
    for number in numbers.filter(|&number| session(number) == Some(leader)) {
        let Some(pid) = Pid::from_raw(number) else { continue };
        let held = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(held) => held,
            Err(Errno::SRCH) => continue,
            Err(error) => return Err(format!("its process {number} cannot be held: {error}")),
        };
        // Asked again now that the number cannot change hands.
        let cgroup = std::fs::read_to_string(format!("/proc/{number}/cgroup")).unwrap_or_default();
        if session(number) == Some(leader) && cgroup.contains(container) {
            found.push(held);
        }
    }
    Ok(found)
}

/// The session of a process that lives.
fn session(pid: i32) -> Option<i32> {
    session_of(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// From `/proc/PID/stat`: the fields after the name, which may have blanks and brackets in it, are the state, the
/// parent, the process group and the session.
fn session_of(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let lives = !matches!(fields.next()?, "Z" | "X");
    fields.nth(2)?.parse().ok().filter(|_| lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_of_a_process_is_told_whatever_its_name_is_and_only_while_it_lives() {
        assert_eq!(session_of("7 (sh) S 1 7 5 34816 7 4194304"), Some(5));
        assert_eq!(session_of("7 (a) b) (c) R 1 7 5 0"), Some(5));
        assert_eq!(session_of("7 (sh) Z 1 7 5 0"), None);
        assert_eq!(session_of(""), None);
    }

    #[tokio::test]
    async fn processes_that_are_not_in_the_container_are_never_touched() {
        let mut child = std::process::Command::new("setsid").args(["sleep", "60"]).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        while session(pid) != Some(pid) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let refusal = end_session(pid, "no-such-container".to_owned()).await.unwrap_err();
        assert!(refusal.contains(&pid.to_string()), "{refusal}");
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(end_session(pid, "no-such-container".to_owned()).await, Ok(()));
    }
}
