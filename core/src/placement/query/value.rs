//! Values that are more than text: versions, moments, counts, yes and no.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::model::Timestamp;

/// An argument of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// As it stands.
    Text(String),
    /// A number of tasks.
    Count(u64),
    /// Of an agent.
    Version(Version),
    /// In time.
    Moment(Moment),
    /// `true` or `false`.
    Flag(bool),
}

impl Value {
    /// As it would be written without quotes.
    pub(super) fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        }
    }
}

/// Values of one kind have an order.
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(order(one, other)),
            (Self::Count(one), Self::Count(other)) => Some(one.cmp(other)),
            (Self::Version(one), Self::Version(other)) => Some(one.cmp(other)),
            (Self::Moment(one), Self::Moment(other)) => Some(one.cmp(other)),
            (Self::Flag(one), Self::Flag(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count(count) => write!(f, "{count}"),
            Self::Version(version) => write!(f, "{version}"),
            Self::Moment(moment) => write!(f, "{moment}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// The order of two texts: of numbers by size, of versions by their parts, else by letters.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let numbers = number(one).zip(number(other)).and_then(|(one, other)| one.partial_cmp(&other));
    let versions = || one.parse::<Version>().ok().zip(other.parse::<Version>().ok());
    numbers.or_else(|| versions().map(|(one, other)| one.cmp(&other))).unwrap_or_else(|| one.cmp(other))
}

/// A version: numbers with dots between, and a word behind a dash for what came before the release.
#[derive(Debug, Clone)]
pub struct Version {
    parts: Vec<u64>,
    before: Option<String>,
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (numbers, before) = match text.split_once('-') {
            Some((_, "")) => return Err(()),
            Some((numbers, word)) => (numbers, Some(word.to_owned())),
            None => (text, None),
        };
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
            part.parse().ok().filter(|_| digits).ok_or(())
        };
        let parts = numbers.split('.').map(number).collect::<Result<_, _>>()?;
        let plain =
            |word: &String| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if before.as_ref().is_some_and(|word| !plain(word)) {
            return Err(());
        }
        Ok(Self { parts, before })
    }
}

/// `1.2` is `1.2.0`; what came before a release is less than it.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.parts.len().max(other.parts.len());
        let part = |version: &Self, index: usize| version.parts.get(index).copied().unwrap_or(0);
        let numbers = (0..length).map(|index| part(self, index).cmp(&part(other, index)));
        let before = || match (&self.before, &other.before) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => one.cmp(other),
        };
        numbers.reduce(Ordering::then).unwrap_or(Ordering::Equal).then_with(before)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(u64::to_string).collect();
        f.write_str(&parts.join("."))?;
        self.before.as_ref().map_or(Ok(()), |word| write!(f, "-{word}"))
    }
}

/// A moment, in whole seconds since 1970 (UTC): a registration within the second counts as that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The second of a timestamp.
    pub fn of(timestamp: Timestamp) -> Self {
        Self(timestamp.0.div_euclid(1000))
    }
}

/// `2018-06-18T22:28:28+00:00`, `2018-06-18T22:28:28Z`, `2018-06-18T22:28:28` or `2018-06-18`.
impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let [year, month, day] = fields(date, '-', [4, 2, 2])?;
        if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
            return Err(());
        }
        let day_seconds = days_from_civil(year, month, day) * 86_400;
        let Some(time) = time else { return Ok(Self(day_seconds)) };
        let (clock, offset) = match time.find(['Z', '+', '-']) {
            Some(at) => (&time[..at], offset_of(&time[at..])?),
            None => (time, 0),
        };
        let [hour, minute, second] = fields(clock, ':', [2, 2, 2])?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(());
        }
        Ok(Self(day_seconds + hour * 3600 + minute * 60 + second - offset))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Seconds east of UTC: `Z`, `+02:00`, `-0930`.
fn offset_of(text: &str) -> Result<i64, ()> {
    if text == "Z" {
        return Ok(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|&letter| letter != ':').collect();
    let shaped = text.len() == 5 || (text.len() == 6 && text.as_bytes()[3] == b':');
    if !shaped || digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(());
    }
    let number: i64 = digits.parse().map_err(|_| ())?;
    let (hours, minutes) = (number / 100, number % 100);
    if hours > 18 || minutes > 59 {
        return Err(());
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}

/// Three numbers of these many digits.
fn fields(text: &str, between: char, digits: [usize; 3]) -> Result<[i64; 3], ()> {
    let mut parts = text.split(between);
    let mut found = [0; 3];
    for (field, length) in found.iter_mut().zip(digits) {
        let part = parts.next().ok_or(())?;
        if part.len() != length || !part.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(());
        }
        *field = part.parse().map_err(|_| ())?;
    }
    parts.next().map_or(Ok(found), |_| Err(()))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar; the year is counted from March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way round.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (era * 400 + year + i64::from(month <= 2), month, day)
}
