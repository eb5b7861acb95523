//! What schedules run.

use mainstay_core::Partition;
use mainstay_core::model::{Schedule, ScheduledRun};

use crate::control::RunTask;
use crate::view::View;

/// Knows what a schedule's target means, which the API was given and the tree only keeps.
pub trait ScheduleTargets: Send + Sync + 'static {
    /// The RunTask of a run that begins now, with the task definition that is the latest now; its client token and
    /// `startedBy` are not looked at.
    ///
    /// # Errors
    /// Why RunTask would refuse it, in words; trying again does not help.
    fn request(
        &self,
        view: &View,
        here: &Partition,
        schedule: &Schedule,
        run: &ScheduledRun,
    ) -> Result<RunTask, String>;
}
