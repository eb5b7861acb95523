use std::fmt;
use std::time::Duration;

use jiff::civil::DateTime;

use super::cron::Cron;

/// A schedule's expression, as EventBridge Scheduler takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `rate(5 minutes)`: again and again, this long after each other. A day is 24 hours, whatever clocks do.
    Rate(Duration),
    /// `at(2026-11-20T13:00:00)`: once, at this local time.
    At(DateTime),
    /// `cron(0 8 ? * MON-FRI *)`: at the local times that its six fields mean.
    Cron(Cron),
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ExpressionError {
    /// The field's name, where the fault is in one.
    pub field: Option<&'static str>,
    /// The character it is about, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub text: String,
}

impl ExpressionError {
    pub(super) fn new(field: Option<&'static str>, column: usize, text: impl Into<String>) -> Self {
        Self { field, column, text: text.into() }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{field} (column {}): {}", self.column, self.text),
            None => write!(f, "column {}: {}", self.column, self.text),
        }
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing that is wrong: see [`ExpressionError`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let form = || {
            let text = "must be rate(VALUE UNIT), at(yyyy-mm-ddThh:mm:ss) or \
                        cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)";
            ExpressionError::new(None, 1, text)
        };
        let (kind, rest) = text.split_once('(').ok_or_else(form)?;
        if !matches!(kind, "rate" | "at" | "cron") {
            return Err(form());
        }
        let column = text.chars().count();
        let inner =
            rest.strip_suffix(')').ok_or_else(|| ExpressionError::new(None, column, "must end with ')'"))?;
        let begin = kind.len() + 2;
        match kind {
            "rate" => rate(inner, begin),
            "at" => at(inner, begin),
            _ => Cron::parse(inner, begin).map(Self::Cron),
        }
    }
}

/// The words of a text, each with the column it begins at.
pub(super) fn words(text: &str, begin: usize) -> Vec<(usize, &str)> {
    let mut found: Vec<(usize, &str)> = Vec::new();
    let mut start: Option<(usize, usize)> = None;
    let ends = text.char_indices().map(|(place, letter)| (place, letter.is_whitespace()));
    for (column, (place, is_space)) in (begin..).zip(ends.chain([(text.len(), true)])) {
        match start {
            None if !is_space => start = Some((place, column)),
            Some((from, at)) if is_space => {
                found.push((at, &text[from..place]));
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn rate(text: &str, begin: usize) -> Result<Expression, ExpressionError> {
    let words = words(text, begin);
    let &[(at, value), (at_unit, unit)] = words.as_slice() else {
        return Err(ExpressionError::new(
            None,
            begin,
            "rate takes a number and a unit, such as 'rate(5 minutes)'",
        ));
    };
    let value: u32 = value.parse().ok().filter(|&value| value > 0).ok_or_else(|| {
        ExpressionError::new(
            Some("value"),
            at,
            format!("'{value}' must be a whole number from 1 to {}", u32::MAX),
        )
    })?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86400,
        _ => {
            let text = format!("'{unit}' must be minute, minutes, hour, hours, day or days");
            return Err(ExpressionError::new(Some("unit"), at_unit, text));
        }
    };
    Ok(Expression::Rate(Duration::from_secs(u64::from(value) * seconds)))
}

fn at(text: &str, begin: usize) -> Result<Expression, ExpressionError> {
    // Jiff takes more forms than EventBridge Scheduler does, fractions of seconds among them.
    let form = "dddd-dd-ddTdd:dd:dd";
    let fits =
        |(given, wanted): (char, char)| if wanted == 'd' { given.is_ascii_digit() } else { given == wanted };
    let formed = text.chars().count() == form.len() && text.chars().zip(form.chars()).all(fits);
    let time = formed.then(|| text.parse::<DateTime>().ok()).flatten();
    time.map(Expression::At).ok_or_else(|| {
        let text = format!("'{text}' must be a date and time that there is, as in 'at(2026-11-20T13:00:00)'");
        ExpressionError::new(None, begin, text)
    })
}
