use serde::{Deserialize, Serialize};

use super::{Tag, Task, Timestamp};
use crate::schedule::{Missed, Overlap, Retry};
use crate::{ScheduleGroupName, ScheduleKey, TaskId};

/// The group of a schedule that names none; it is always there.
pub const DEFAULT_GROUP: &str = "default";

/// A group of schedules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleGroup {
    /// Its name, unique in the installation.
    pub name: ScheduleGroupName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub modified_at: Timestamp,
    /// What people attached.
    pub tags: Vec<Tag>,
    /// The same token means the same group.
    pub client_token: Option<String>,
}

/// What people say of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSettings {
    /// `rate(…)`, `at(…)` or `cron(…)`.
    pub expression: String,
    /// The IANA name of the zone in which it is read.
    pub time_zone: String,
    /// A recurring one does not run before.
    pub start: Option<Timestamp>,
    /// A recurring one does not run after.
    pub end: Option<Timestamp>,
    /// Whether it runs.
    pub enabled: bool,
    /// For people.
    pub description: Option<String>,
    /// Each run begins at some moment within so many minutes.
    pub flexible_minutes: Option<u32>,
    /// Whether it is deleted after its last run.
    pub delete_after_completion: bool,
    /// What it runs, as the API was given it (JSON); only who translates it looks in.
    pub target: String,
    /// How often what could not begin is tried again.
    pub retry: Retry,
    /// What becomes of missed runs, where it says.
    pub missed: Option<Missed>,
    /// What becomes of a run that meets an earlier one, where it says.
    pub overlap: Option<Overlap>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Group and name.
    pub key: ScheduleKey,
    /// Sixteen hexadecimal digits of its own: a later schedule of the same name is another one.
    pub id: String,
    /// What people say of it.
    pub settings: ScheduleSettings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When people changed it last.
    pub modified_at: Timestamp,
    /// The same token means the same schedule.
    pub client_token: Option<String>,
    /// From here on a rate without a start date is reckoned.
    pub since: Timestamp,
    /// Up to here all runs are decided.
    pub considered: Timestamp,
    /// Runs that are decided and have not begun, oldest first.
    pub runs: Vec<ScheduledRun>,
    /// What became of the latest one.
    pub last: Option<LastRun>,
}

/// A run that is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRun {
    /// When the timetable has it: with the schedule's id, its name.
    pub scheduled: Timestamp,
    /// When the first try was due.
    pub due: Timestamp,
    /// When the next one is.
    pub next_try: Timestamp,
    /// Tries that failed.
    pub failed: u32,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// When the timetable has it.
    pub scheduled: Timestamp,
    /// When that was known.
    pub at: Timestamp,
    /// What.
    pub outcome: RunOutcome,
    /// In words, where there is more to say.
    pub detail: Option<String>,
    /// What it started.
    pub tasks: Vec<TaskId>,
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunOutcome {
    /// All of its tasks were started.
    Started,
    /// Some of its tasks were, others found no place.
    Partly,
    /// Tasks of an earlier run were still there.
    Skipped,
    /// It was given up: no try worked.
    Failed,
    /// It fell into a time in which nothing was run, or was too late when something was again.
    Missed,
}

impl RunOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Started, Self::Partly, Self::Skipped, Self::Failed, Self::Missed];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Partly => "partly",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Missed => "missed",
        }
    }
}

impl Schedule {
    /// What the client tokens of all its tasks begin with.
    fn token_head(&self) -> String {
        format!("schedule-{}-", self.id)
    }

    /// The client token of a run's RunTask: whoever asks twice gets the same tasks.
    pub fn token(&self, scheduled: Timestamp) -> String {
        format!("{}{}", self.token_head(), scheduled.0)
    }

    /// Whether a task was started by it.
    pub fn started(&self, task: &Task) -> bool {
        task.client_token.as_ref().is_some_and(|token| token.starts_with(&self.token_head()))
    }

    /// What ECS shows as `startedBy` of its tasks.
    pub fn started_by(&self) -> String {
        format!("chronos-schedule/{}", self.key.name)
    }
}
