//! When scheduled tasks run: the expressions of EventBridge Scheduler, their moments, and what becomes of a run that
//! is late, meets the one before it, or finds no room.

mod cron;
mod expression;
mod policy;
#[cfg(test)]
mod tests;
mod timetable;

pub use cron::Cron;
pub use expression::{Expression, ExpressionError};
pub use policy::*;
pub use timetable::{Timetable, TimetableError, UTC, zone};
