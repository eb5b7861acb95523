//! Targets of schedules, in a word: `FAMILY:REVISION` and how many.

use mainstay_core::model::{Schedule, ScheduledRun};
use mainstay_core::{Family, Partition, RevisionKey};

use super::definitions::run_task;
use crate::control::RunTask;
use crate::ports::ScheduleTargets;
use crate::view::View;

/// Knows targets such as `web:1 3`.
pub struct SimTargets;

impl ScheduleTargets for SimTargets {
    fn request(
        &self,
        _: &View,
        _: &Partition,
        schedule: &Schedule,
        _: &ScheduledRun,
    ) -> Result<RunTask, String> {
        let target = &schedule.settings.target;
        let read = || {
            let (definition, count) = target.split_once(' ')?;
            let (family, revision) = definition.split_once(':')?;
            let key = RevisionKey { family: Family::new(family), revision: revision.parse().ok()? };
            Some(run_task(key, count.parse().ok()?))
        };
        read().ok_or_else(|| format!("no target: {target}"))
    }
}
