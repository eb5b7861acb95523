use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::expression::{Expression, ExpressionError};
use crate::model::Timestamp;

/// The time zone of a schedule that names none.
pub const UTC: &str = "UTC";

/// All the moments at which a schedule runs.
#[derive(Debug, Clone)]
pub struct Timetable {
    expression: Expression,
    zone: TimeZone,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    since: Timestamp,
}

/// What is wrong with a timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// The expression.
    #[error("{0}")]
    Expression(#[from] ExpressionError),
    /// No such zone.
    #[error("'{0}' must be a time zone of the IANA database, such as Europe/Berlin or UTC")]
    Zone(String),
    /// It is over before it begins.
    #[error("the end date must be later than the start date")]
    EndsBeforeStart,
    /// The expression means no moment at all.
    #[error("means no time from the start date on")]
    Never,
}

/// A time zone of the IANA database, which is part of the program: what the host has does not matter.
///
/// # Errors
/// Where there is none of that name.
pub fn zone(name: &str) -> Result<TimeZone, TimetableError> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| TimetableError::Zone(name.to_owned()))
}

impl Timetable {
    /// One that counts from `since` on, when the schedule was made: from there a rate is reckoned where there is no
    /// start date. EventBridge Scheduler looks at start and end for recurring schedules only.
    ///
    /// # Errors
    /// See [`TimetableError`]; that it means no time is not one, see [`Self::check`].
    pub fn new(
        expression: &str,
        zone_name: &str,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        since: Timestamp,
    ) -> Result<Self, TimetableError> {
        if start.zip(end).is_some_and(|(start, end)| end <= start) {
            return Err(TimetableError::EndsBeforeStart);
        }
        Ok(Self { expression: Expression::parse(expression)?, zone: zone(zone_name)?, start, end, since })
    }

    /// Whether there is a run after `considered`.
    ///
    /// # Errors
    /// Where there is none: whoever makes such a schedule would wait for it in vain.
    pub fn check(&self, considered: Timestamp) -> Result<(), TimetableError> {
        self.after(considered).map(|_| ()).ok_or(TimetableError::Never)
    }

    /// The first run after a moment.
    ///
    /// A local time that clocks skip in spring is skipped; one that they show twice in autumn is run once, the first
    /// time (EventBridge Scheduler's user guide, "Daylight savings time"). Only `at` in a gap is run when it is over: a
    /// one-time schedule would otherwise never run.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        match &self.expression {
            Expression::At(local) => {
                let at = self.zone.to_ambiguous_timestamp(*local).compatible().ok()?;
                Some(Timestamp(at.as_millisecond())).filter(|&at| at > moment)
            }
            Expression::Rate(every) => {
                let first = self.start.unwrap_or(self.since);
                let next = if first > moment {
                    first
                } else {
                    let every = i64::try_from(every.as_millis()).ok()?;
                    let past = moment.0.checked_sub(first.0)? / every;
                    Timestamp(first.0.checked_add(every.checked_mul(past + 1)?)?)
                };
                self.within(next)
            }
            Expression::Cron(cron) => {
                let not_before = self.start.map_or(moment, |start| moment.max(Timestamp(start.0 - 1)));
                let from = jiff::Timestamp::from_millisecond(not_before.0).ok()?;
                let mut local = self.zone.to_datetime(from);
                loop {
                    local = cron.after(local)?;
                    let Some(at) = self.moment(local)? else { continue };
                    // While clocks show an hour for the second time, local times begin again with those run before.
                    if at > not_before {
                        return self.within(at);
                    }
                }
            }
        }
    }

    /// When clocks show this first; within, `None` where they skip it.
    fn moment(&self, local: DateTime) -> Option<Option<Timestamp>> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Some(None);
        }
        let at = ambiguous.earlier().ok()?;
        Some(Some(Timestamp(at.as_millisecond())))
    }

    fn within(&self, at: Timestamp) -> Option<Timestamp> {
        Some(at).filter(|&at| self.end.is_none_or(|end| at <= end))
    }
}
