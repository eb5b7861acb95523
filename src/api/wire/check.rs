use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

/// What a request must satisfy beyond its types: required members, known words, bounds.
pub trait Check {
    /// Looks at the whole value.
    ///
    /// # Errors
    /// The first thing that is wrong, with its path, what was given and what would be right.
    fn check(&self, at: &At<'_>) -> Result<(), Invalid>;
}

/// Something in a request is wrong although its type is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A place in a request, shown as `containerDefinitions[0].image`.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

impl At<'static> {
    /// The request itself.
    pub const ROOT: Self = At { parent: None, step: Step::Root };
}

impl At<'_> {
    /// A member of it, or the entry of a map under a key.
    pub fn field<'a>(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Field(name) }
    }

    /// An item of it.
    pub fn index(&self, index: usize) -> At<'_> {
        At { parent: Some(self), step: Step::Index(index) }
    }

    /// # Errors
    /// Where a required member is absent.
    pub fn required(&self, member: &str, given: bool) -> Result<(), Invalid> {
        if given { Ok(()) } else { Err(Invalid(format!("{} is required.", self.field(member)))) }
    }

    /// # Errors
    /// Where a number is given and out of bounds.
    pub fn range(
        &self,
        member: &str,
        number: Option<i64>,
        bounds: RangeInclusive<i64>,
    ) -> Result<(), Invalid> {
        match number {
            Some(number) if !bounds.contains(&number) => {
                let at = self.field(member);
                Err(Invalid(format!("{at} is {number}; it must be {}.", shown(&bounds))))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// Where a text (in characters) or list (in items) is given and too short or too long.
    pub fn length(
        &self,
        member: &str,
        length: Option<usize>,
        bounds: RangeInclusive<i64>,
    ) -> Result<(), Invalid> {
        let length = length.map(|length| i64::try_from(length).unwrap_or(i64::MAX));
        match length {
            Some(length) if !bounds.contains(&length) => {
                let at = self.field(member);
                Err(Invalid(format!("{at} has length {length}; it must have {}.", shown(&bounds))))
            }
            _ => Ok(()),
        }
    }

    /// A word that is none of those allowed here.
    pub fn not_a_word(&self, word: &str, allowed: &[&str]) -> Invalid {
        Invalid(format!("{self} is '{word}'; it must be one of {}.", allowed.join(", ")))
    }
}

fn shown(bounds: &RangeInclusive<i64>) -> String {
    match (*bounds.start(), *bounds.end()) {
        (from, i64::MAX) => format!("at least {from}"),
        (from, to) => format!("{from} to {to}"),
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.parent.filter(|parent| !matches!(parent.step, Step::Root));
        if let Some(parent) = parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Root => f.write_str("the request"),
            Step::Field(name) if parent.is_some() => write!(f, ".{name}"),
            Step::Field(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl<T: Check> Check for Option<T> {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.as_ref().map_or(Ok(()), |value| value.check(at))
    }
}

impl<T: Check> Check for Vec<T> {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.iter().enumerate().try_for_each(|(index, item)| item.check(&at.index(index)))
    }
}

impl<T: Check> Check for BTreeMap<String, T> {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.iter().try_for_each(|(key, value)| value.check(&at.field(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::structures::{CreateServiceRequest, RegisterTaskDefinitionRequest};

    #[track_caller]
    fn check<T: Check + serde::de::DeserializeOwned>(request: &str, expected: &str) {
        let request: T = serde_json::from_str(request).unwrap();
        let said = request.check(&At::ROOT).map_or_else(|error| error.to_string(), |()| "fine".into());
        assert_eq!(said, expected);
    }

    #[test]
    fn a_check_names_the_member_what_was_given_and_what_would_be_right() {
        check::<CreateServiceRequest>(
            r#"{"serviceName":"web","launchType":"EC3"}"#,
            "launchType is 'EC3'; it must be one of EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES.",
        );
        check::<CreateServiceRequest>("{}", "serviceName is required.");
        check::<RegisterTaskDefinitionRequest>(
            r#"{"family":"web","containerDefinitions":[{"ulimits":[{"name":"nofile"}]}]}"#,
            "containerDefinitions[0].ulimits[0].hardLimit is required.",
        );
        check::<RegisterTaskDefinitionRequest>(
            r#"{"family":"web","containerDefinitions":[],"tags":[{"key":""}]}"#,
            "tags[0].key has length 0; it must have 1 to 128.",
        );
        check::<CreateServiceRequest>(r#"{"serviceName":"web","desiredCount":3}"#, "fine");
    }
}
