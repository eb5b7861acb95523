//! Named places between a decision, its commit and the engine's act, at which a test ends the process.
//!
//! Without the feature `failpoints` [`Failpoint::hit`] is empty. With it, the environment's
//! `MAINSTAY_CRASH_AT=NAME` or `MAINSTAY_CRASH_AT=NAME:N` names the place, and which time it is reached, at which the
//! process aborts: nothing runs afterwards, no destructor and no flush. `MAINSTAY_CRASH_SLOW_DISK=MS` makes each commit
//! wait, which widens the gap between what is decided and what is on disk.

/// The variable that names the place.
#[cfg(any(feature = "failpoints", test))]
pub const VARIABLE: &str = "MAINSTAY_CRASH_AT";

/// The variable that makes commits slow, in milliseconds.
#[cfg(feature = "failpoints")]
pub const SLOW_DISK: &str = "MAINSTAY_CRASH_SLOW_DISK";

/// Declares the places, so that none is missing in [`Failpoint::ALL`].
macro_rules! failpoints {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A place at which the process can be made to end.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Failpoint {
            $($(#[$doc])* $name,)+
        }

        impl Failpoint {
            /// All of them, roughly in the order of a daemon's life.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name by which it is asked for.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

failpoints! {
    /// The store is read, no actor lives.
    DaemonLoaded = "daemon-loaded",
    /// The tree lives, this host is not in it.
    DaemonTreeUp = "daemon-tree-up",
    /// The host was added, nothing is served.
    DaemonHostAdded = "daemon-host-added",
    /// The engine has containers of a task, the task's actor is not there.
    RecoveryFound = "recovery-found",
    /// Containers that nobody wants are about to be given up.
    RecoveryOrphan = "recovery-orphan",

    /// A cluster's change is decided.
    ClusterDecided = "cluster-decided",
    /// It is on disk, nobody sees it.
    ClusterCommitted = "cluster-committed",
    /// It is seen, not answered.
    ClusterShown = "cluster-shown",
    /// A task definition's change is decided.
    DefinitionDecided = "definition-decided",
    /// It is on disk, nobody sees it.
    DefinitionCommitted = "definition-committed",
    /// It is seen, not answered.
    DefinitionShown = "definition-shown",
    /// A service's birth is decided.
    ServiceBirthDecided = "service-birth-decided",
    /// It is on disk, nobody sees it.
    ServiceBirthCommitted = "service-birth-committed",
    /// It is seen, not answered; no actor of it lives.
    ServiceBirthShown = "service-birth-shown",
    /// A container instance's registration is decided.
    InstanceDecided = "instance-decided",
    /// It is on disk, nobody sees it.
    InstanceCommitted = "instance-committed",
    /// It is seen, not answered; no actor of it lives.
    InstanceShown = "instance-shown",

    /// A service's update is decided.
    ServiceUpdateDecided = "service-update-decided",
    /// It is on disk, nobody sees it.
    ServiceUpdateCommitted = "service-update-committed",
    /// It is seen, not answered.
    ServiceUpdateShown = "service-update-shown",
    /// A service's deletion is decided.
    ServiceDeleteDecided = "service-delete-decided",
    /// It is on disk, nobody sees it.
    ServiceDeleteCommitted = "service-delete-committed",
    /// It is seen, not answered.
    ServiceDeleteShown = "service-delete-shown",
    /// A service's task has its place, and no record.
    ServiceTaskPlaced = "service-task-placed",
    /// It has a record, and no actor.
    ServiceTaskNoted = "service-task-noted",
    /// The end of a service's task is decided, its actor does not know.
    ServiceStopDecided = "service-stop-decided",
    /// A deployment is complete, which is not noted.
    DeploymentFinished = "deployment-finished",
    /// A deleted service's last task is gone, which is not noted.
    ServiceDrained = "service-drained",

    /// The tasks of a RunTask have their places, and no records.
    RunTaskPlaced = "run-task-placed",
    /// They are on disk, nobody sees them.
    RunTaskCommitted = "run-task-committed",
    /// They are seen, and have no actors.
    RunTaskShown = "run-task-shown",
    /// Their actors live, nothing is answered.
    RunTaskStarted = "run-task-started",
    /// A schedule's run is decided, and not on disk.
    ScheduledRunDecided = "scheduled-run-decided",
    /// It, or another change of a schedule, is on disk, nobody sees it.
    ScheduledRunCommitted = "scheduled-run-committed",
    /// RunTask was answered, which is not noted.
    ScheduledRunStarted = "scheduled-run-started",
    /// A person's StopTask is decided.
    StopTaskDecided = "stop-task-decided",
    /// The agent knows of it, the disk may not.
    StopTaskTold = "stop-task-told",
    /// It is on disk, not answered.
    StopTaskCommitted = "stop-task-committed",
    /// A task's change is noted, its owner does not know.
    TaskChanged = "task-changed",
    /// A task's end is noted, its place not given back.
    TaskEnded = "task-ended",

    /// A task's volume is about to be made.
    HostBeforeVolume = "host-before-volume",
    /// It is made, nobody heard of it.
    HostAfterVolume = "host-after-volume",
    /// A container is about to be made.
    HostBeforeCreate = "host-before-create",
    /// It is made, nobody heard of it.
    HostAfterCreate = "host-after-create",
    /// An image is about to be pulled.
    HostBeforePull = "host-before-pull",
    /// It is here or cannot be had, nobody heard of it.
    HostAfterPull = "host-after-pull",
    /// A container is about to be started.
    HostBeforeStart = "host-before-start",
    /// It was started, nobody heard of it.
    HostAfterStart = "host-after-start",
    /// A container is about to be stopped.
    HostBeforeStop = "host-before-stop",
    /// It was stopped, nobody heard of it.
    HostAfterStop = "host-after-stop",
    /// A container is about to be removed.
    HostBeforeRemove = "host-before-remove",
    /// It was removed, nobody heard of it.
    HostAfterRemove = "host-after-remove",
    /// A task's volume is about to be removed; its containers are.
    HostBeforeVolumeRemove = "host-before-volume-remove",
    /// It was removed, nobody heard of it.
    HostAfterVolumeRemove = "host-after-volume-remove",
    /// A container's death is seen, not reported.
    HostDeathSeen = "host-death-seen",

    /// A transaction is about to be written.
    StoreBeforeCommit = "store-before-commit",
    /// It is on disk, and not answered.
    StoreAfterCommit = "store-after-commit",
}

impl Failpoint {
    /// Ends the process, where it is asked to end here and now.
    #[cfg(not(feature = "failpoints"))]
    #[inline(always)]
    pub fn hit(self) {}

    /// Ends the process, where it is asked to end here and now.
    #[cfg(feature = "failpoints")]
    pub fn hit(self) {
        armed::hit(self);
    }

    /// Holds up the store's thread, where it is asked to be slow.
    #[cfg(feature = "failpoints")]
    pub fn slow_disk() {
        let asked = std::env::var(SLOW_DISK).ok().and_then(|text| text.parse().ok());
        std::thread::sleep(std::time::Duration::from_millis(asked.unwrap_or(0)));
    }

    /// Whether what `MAINSTAY_CRASH_AT` asks for can be had.
    ///
    /// # Errors
    /// Where it names no place, or no number from 1.
    #[cfg(feature = "failpoints")]
    pub fn check() -> Result<(), String> {
        parse(&std::env::var(VARIABLE).unwrap_or_default()).map(|_| ())
    }
}

/// Nothing where nothing is asked for.
#[cfg(any(feature = "failpoints", test))]
fn parse(text: &str) -> Result<Option<(Failpoint, u32)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (name, number) = text.split_once(':').unwrap_or((text, "1"));
    let found = Failpoint::ALL.iter().copied().find(|known| known.as_str() == name);
    let place = found.ok_or_else(|| format!("{VARIABLE}={text}: there is no place {name}"))?;
    match number.parse() {
        Ok(number) if number > 0 => Ok(Some((place, number))),
        _ => Err(format!("{VARIABLE}={text}: {number} is no number from 1")),
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{Failpoint, VARIABLE, parse};

    static ASKED: OnceLock<Option<(Failpoint, u32)>> = OnceLock::new();
    static HITS: AtomicU32 = AtomicU32::new(0);

    pub(super) fn hit(place: Failpoint) {
        // What is wrong was said at start.
        let asked = ASKED.get_or_init(|| parse(&std::env::var(VARIABLE).unwrap_or_default()).unwrap_or(None));
        if let Some((wanted, number)) = asked
            && *wanted == place
            && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *number
        {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Failpoint, parse};

    #[test]
    fn no_two_places_have_one_name() {
        let names: BTreeSet<&str> = Failpoint::ALL.iter().map(|place| place.as_str()).collect();
        assert_eq!(names.len(), Failpoint::ALL.len());
    }

    #[test]
    fn a_place_is_asked_for_by_its_name_and_a_number() {
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("task-changed"), Ok(Some((Failpoint::TaskChanged, 1))));
        assert_eq!(parse("task-changed:3"), Ok(Some((Failpoint::TaskChanged, 3))));
        assert!(parse("task-changed:0").is_err() && parse("nowhere").is_err());
    }
}
