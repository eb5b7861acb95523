//! `cron(…)` in EventBridge's dialect: six fields, no seconds, days of the week from 1 (Sunday), and one of the two
//! day fields always `?`. No library knows it: what cron libraries take is Unix's or Quartz's, and what they do with
//! clocks that are set is not what EventBridge Scheduler does.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Weekday, date, time};

use super::expression::{ExpressionError, words};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The local times that six fields mean, to the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    days: Vec<Day>,
}

/// Days of a month that an item of one of the day fields means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Day {
    /// The 15th.
    Of(i16),
    /// So many days before the last one.
    BeforeLast(i16),
    /// Monday to Friday nearest to the 15th, in the same month.
    NearestWorkday(i16),
    /// The last one from Monday to Friday.
    LastWorkday,
    /// Each Monday.
    Each(i16),
    /// The second Monday.
    Nth(i16, i16),
    /// The last Monday.
    Last(i16),
}

/// A field: what its values are.
struct Field {
    name: &'static str,
    low: i16,
    high: i16,
    names: &'static [&'static str],
}

const MINUTES: Field = Field { name: "minutes", low: 0, high: 59, names: &[] };
const HOURS: Field = Field { name: "hours", low: 0, high: 23, names: &[] };
const DAY_OF_MONTH: Field = Field { name: "day-of-month", low: 1, high: 31, names: &[] };
const MONTH: Field = Field { name: "month", low: 1, high: 12, names: &MONTHS };
const DAY_OF_WEEK: Field = Field { name: "day-of-week", low: 1, high: 7, names: &DAYS };
const YEAR: Field = Field { name: "year", low: 1970, high: 2199, names: &[] };

type Parsed<T> = Result<T, ExpressionError>;

impl Cron {
    /// Reads what stands between the parentheses; its first character is in column `begin`.
    pub(super) fn parse(text: &str, begin: usize) -> Parsed<Self> {
        let fields = words(text, begin);
        let &[minutes, hours, of_month, month, of_week, year] = fields.as_slice() else {
            let text = format!(
                "cron has {} fields; it must have 6: minutes, hours, day-of-month, month, day-of-week and year",
                fields.len()
            );
            return Err(ExpressionError::new(None, begin, text));
        };
        let days = match (of_month.1, of_week.1) {
            ("?", "?") => {
                let text = "day-of-month is '?', too; one of the two must say on which days";
                return Err(DAY_OF_WEEK.fault(of_week.0, text));
            }
            (_, "?") => DAY_OF_MONTH.items(of_month, day_of_month)?.concat(),
            ("?", _) => DAY_OF_WEEK.items(of_week, day_of_week)?.concat(),
            _ => {
                let text = format!(
                    "'{}' cannot be given beside '{}' as day-of-month; one of the two must be '?'",
                    of_week.1, of_month.1
                );
                return Err(DAY_OF_WEEK.fault(of_week.0, text));
            }
        };
        Ok(Self {
            minutes: MINUTES.numbers(minutes)?,
            hours: HOURS.numbers(hours)?,
            months: MONTH.numbers(month)?,
            years: YEAR.numbers(year)?,
            days,
        })
    }

    /// The first time that it means after this one.
    pub fn after(&self, local: DateTime) -> Option<DateTime> {
        let (mut day, clock) = (local.date(), local.time());
        let mut from = Some((i16::from(clock.hour()), i16::from(clock.minute())));
        loop {
            let next = if !self.years.contains(&day.year()) {
                let year = *self.years.range(day.year()..).next()?;
                date(year, 1, 1)
            } else if !self.months.contains(&i16::from(day.month())) {
                day.last_of_month().tomorrow().ok()?
            } else {
                let found = if self.has(day) { self.clock_after(from) } else { None };
                if let Some((hour, minute)) = found {
                    return Some(day.to_datetime(time(hour, minute, 0, 0)));
                }
                day.tomorrow().ok()?
            };
            (day, from) = (next, None);
        }
    }

    /// Whether it means this time.
    pub fn means(&self, local: DateTime) -> bool {
        let (day, clock) = (local.date(), local.time());
        self.years.contains(&day.year())
            && self.months.contains(&i16::from(day.month()))
            && self.has(day)
            && self.hours.contains(&i16::from(clock.hour()))
            && self.minutes.contains(&i16::from(clock.minute()))
            && clock.second() == 0
    }

    /// The first time of a day, or the first after the given hour and minute.
    fn clock_after(&self, after: Option<(i16, i16)>) -> Option<(i8, i8)> {
        let (hour, minute) = (*self.hours.first()?, *self.minutes.first()?);
        let found = match after {
            None => (hour, minute),
            Some((now, past)) => {
                let later = self.minutes.range(past + 1..).next().filter(|_| self.hours.contains(&now));
                match later {
                    Some(later) => (now, *later),
                    None => (*self.hours.range(now + 1..).next()?, minute),
                }
            }
        };
        Some((i8::try_from(found.0).ok()?, i8::try_from(found.1).ok()?))
    }

    fn has(&self, day: Date) -> bool {
        self.days.iter().any(|wanted| wanted.is(day))
    }
}

impl Day {
    fn is(&self, day: Date) -> bool {
        let (number, length) = (i16::from(day.day()), i16::from(day.days_in_month()));
        let weekday = of_week(day);
        match *self {
            Self::Of(wanted) => number == wanted,
            Self::BeforeLast(back) => number == length - back,
            Self::NearestWorkday(wanted) => wanted <= length && number == workday_near(day, wanted),
            Self::LastWorkday => number == workday_near(day, length),
            Self::Each(wanted) => weekday == wanted,
            Self::Nth(wanted, nth) => weekday == wanted && (number - 1) / 7 + 1 == nth,
            Self::Last(wanted) => weekday == wanted && number + 7 > length,
        }
    }
}

/// 1 for Sunday.
fn of_week(day: Date) -> i16 {
    i16::from(day.weekday().to_sunday_one_offset())
}

/// The number of the day from Monday to Friday that is nearest to a day of a month, without leaving that.
fn workday_near(in_month: Date, wanted: i16) -> i16 {
    let length = i16::from(in_month.days_in_month());
    let before = i64::from(in_month.day()) - i64::from(wanted);
    let Ok(day) = in_month.checked_sub(jiff::Span::new().days(before)) else { return 0 };
    match day.weekday() {
        Weekday::Saturday if wanted == 1 => 3,
        Weekday::Saturday => wanted - 1,
        Weekday::Sunday if wanted == length => wanted - 2,
        Weekday::Sunday => wanted + 1,
        _ => wanted,
    }
}

impl Field {
    fn fault(&self, column: usize, text: impl Into<String>) -> ExpressionError {
        ExpressionError::new(Some(self.name), column, text)
    }

    /// What each item between commas comes to.
    fn items<T>(&self, field: (usize, &str), read: fn(usize, &str) -> Parsed<T>) -> Parsed<Vec<T>> {
        let (mut column, text) = field;
        let mut found = Vec::new();
        for item in text.split(',') {
            if item.is_empty() {
                return Err(self.fault(column, "something is missing beside a comma"));
            }
            found.push(read(column, item)?);
            column += item.chars().count() + 1;
        }
        Ok(found)
    }

    fn numbers(&self, field: (usize, &str)) -> Parsed<BTreeSet<i16>> {
        let (mut column, text) = field;
        let mut found = BTreeSet::new();
        for item in text.split(',') {
            if item.is_empty() {
                return Err(self.fault(column, "something is missing beside a comma"));
            }
            found.extend(self.plain(column, item)?);
            column += item.chars().count() + 1;
        }
        Ok(found)
    }

    /// `*`, `5`, `5-9`, `MON-FRI`, each with a step or without.
    fn plain(&self, column: usize, item: &str) -> Parsed<Vec<i16>> {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let at_step = column + range.chars().count() + 1;
        let (low, high) = if range == "*" {
            (self.low, self.high)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.value(column, from)?, self.value(column + from.chars().count() + 1, to)?)
        } else {
            let from = self.value(column, range)?;
            (from, if step.is_some() { self.high } else { from })
        };
        let span = self.high - self.low + 1;
        let step = match step {
            None => 1,
            Some(text) => {
                text.parse::<i16>().ok().filter(|step| (1..=span).contains(step)).ok_or_else(|| {
                    self.fault(at_step, format!("the step '{text}' must be a number from 1 to {span}"))
                })?
            }
        };
        if low <= high {
            return Ok((low..=high).step_by(step.unsigned_abs().into()).collect());
        }
        if *self == YEAR {
            return Err(self.fault(column, format!("'{range}' ends before it begins")));
        }
        // FRI-MON goes over the end of the week, 22-2 over that of the day.
        let over = (low..=high + span).step_by(step.unsigned_abs().into());
        Ok(over.map(|value| if value > self.high { value - span } else { value }).collect())
    }

    fn value(&self, column: usize, text: &str) -> Parsed<i16> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(value) = named.and_then(|place| i16::try_from(place + 1).ok()) {
            return Ok(value);
        }
        let digits = !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
        let number = digits.then(|| text.parse::<i16>().ok()).flatten();
        number.filter(|number| (self.low..=self.high).contains(number)).ok_or_else(|| {
            let names = match (self.names.first(), self.names.last()) {
                (Some(first), Some(last)) => format!(" or {first} to {last}"),
                _ => String::new(),
            };
            self.fault(column, format!("'{text}' must be {} to {}{names}", self.low, self.high))
        })
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn day_of_month(column: usize, item: &str) -> Parsed<Vec<Day>> {
    let item = item.to_ascii_uppercase();
    if item == "L" {
        return Ok(vec![Day::BeforeLast(0)]);
    }
    if item == "LW" || item == "WL" {
        return Ok(vec![Day::LastWorkday]);
    }
    if let Some(back) = item.strip_prefix("L-") {
        let back = back.parse::<i16>().ok().filter(|back| (1..=30).contains(back)).ok_or_else(|| {
            DAY_OF_MONTH.fault(column + 2, format!("'{back}' must be 1 to 30 days before the last one"))
        })?;
        return Ok(vec![Day::BeforeLast(back)]);
    }
    if let Some(near) = item.strip_suffix('W') {
        return Ok(vec![Day::NearestWorkday(DAY_OF_MONTH.value(column, near)?)]);
    }
    Ok(DAY_OF_MONTH.plain(column, &item)?.into_iter().map(Day::Of).collect())
}

fn day_of_week(column: usize, item: &str) -> Parsed<Vec<Day>> {
    let item = item.to_ascii_uppercase();
    if item == "L" {
        return Ok(vec![Day::Each(DAY_OF_WEEK.high)]);
    }
    if let Some((day, nth)) = item.split_once('#') {
        let at = column + day.chars().count() + 1;
        let nth = nth.parse::<i16>().ok().filter(|nth| (1..=5).contains(nth));
        let nth = nth.ok_or_else(|| DAY_OF_WEEK.fault(at, "what follows '#' must be 1 to 5"))?;
        return Ok(vec![Day::Nth(DAY_OF_WEEK.value(column, day)?, nth)]);
    }
    if let Some(last) = item.strip_suffix('L') {
        return Ok(vec![Day::Last(DAY_OF_WEEK.value(column, last)?)]);
    }
    Ok(DAY_OF_WEEK.plain(column, &item)?.into_iter().map(Day::Each).collect())
}
