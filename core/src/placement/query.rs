//! ECS's cluster query language: which container instances a constraint or a filter means.
//!
//! ```
//! use mainstay_core::placement::query::Query;
//! let query: Query = "attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d".parse()?;
//! assert!(!query.asks_for_tasks());
//! let error = "attribute:stack = prod".parse::<Query>().unwrap_err();
//! assert_eq!(error.column, 17);
//! # Ok::<(), mainstay_core::placement::query::QueryError>(())
//! ```
//!
//! Source: "Cluster query language" of the Amazon ECS Developer Guide. What it leaves open: a negated operator is the
//! negation of the other one, so that `attribute:x != a` also means instances without x; a pattern has to match the
//! whole value, as Java's `String.matches`; a subject with several values (`task:group`) meets an operator with any.

mod parse;
mod value;

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{ContainerInstance, Timestamp};

pub use parse::QueryError;
pub use value::{Moment, Value, Version};

/// An expression of the cluster query language.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// All of at least two.
    And(Vec<Query>),
    /// Any of at least two.
    Or(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// `subject operator argument`.
    Test(Test),
}

/// A single expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is looked at.
    pub subject: Subject,
    /// Whether the operator is the negated one: `!=`, `!exists`, `!in`, `!~`.
    pub negated: bool,
    /// How it has to be.
    pub relation: Relation,
}

/// What an expression looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `agentConnected`.
    AgentConnected,
    /// `agentVersion`.
    AgentVersion,
    /// `attribute:NAME`.
    Attribute(String),
    /// `ec2InstanceId`; the host's name here.
    Ec2InstanceId,
    /// `registeredAt`.
    RegisteredAt,
    /// `runningTasksCount`: tasks that hold something of the instance, on their way up included.
    RunningTasksCount,
    /// `task:group`: the groups of those tasks.
    TaskGroup,
}

/// How a subject has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// `==`.
    Equals(Value),
    /// `>`.
    Greater(Value),
    /// `>=`.
    GreaterEqual(Value),
    /// `<`.
    Less(Value),
    /// `<=`.
    LessEqual(Value),
    /// `exists`.
    Exists,
    /// `in [a, b]`; at least one.
    In(Vec<Value>),
    /// `=~`.
    Matches(Pattern),
}

/// A Java pattern, ready to be held against values.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    program: fancy_regex::Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Compiles it.
    ///
    /// # Errors
    /// Where it is no pattern, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        let program = fancy_regex::RegexBuilder::new(&format!(r"\A(?:{text})\z"))
            .backtrack_limit(10_000)
            .delegate_size_limit(1 << 20)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), program })
    }

    /// One that takes longer than is reasonable to decide does not match.
    fn matches(&self, value: &str) -> bool {
        self.program.is_match(value).unwrap_or(false)
    }
}

/// What queries ask of a container instance beside its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Name and value.
    pub attributes: BTreeMap<String, String>,
    /// Whether its agent talks to us.
    pub agent_connected: bool,
    /// Its agent's version.
    pub agent_version: Option<Version>,
    /// Its host.
    pub ec2_instance_id: String,
    /// When it registered.
    pub registered_at: Timestamp,
}

impl Facts {
    /// Those of a record. What people attached goes over what the host says of itself.
    pub fn of(instance: &ContainerInstance) -> Self {
        let attributes = instance.all_attributes().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            attributes: attributes.collect(),
            agent_connected: instance.agent_connected,
            agent_version: instance.agent_version.parse().ok(),
            ec2_instance_id: instance.host.clone(),
            registered_at: instance.registered_at,
        }
    }
}

/// The tasks of a container instance, as queries ask for them.
pub trait TasksHere {
    /// How many there are.
    fn count(&self) -> u32;
    /// Whether `wanted` picks the group of any.
    fn any_group(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool;
}

/// Groups with the number of their tasks.
impl TasksHere for BTreeMap<String, u32> {
    fn count(&self) -> u32 {
        self.values().sum()
    }

    fn any_group(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        self.keys().any(|group| wanted(group))
    }
}

impl Query {
    /// Whether an instance with these facts and tasks is meant.
    pub fn matches(&self, facts: &Facts, tasks: &dyn TasksHere) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(facts, tasks)),
            Self::Or(any) => any.iter().any(|one| one.matches(facts, tasks)),
            Self::Not(one) => !one.matches(facts, tasks),
            Self::Test(test) => test.holds(facts, tasks) != test.negated,
        }
    }

    /// Whether the answer may change with the tasks of an instance.
    pub fn asks_for_tasks(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::asks_for_tasks),
            Self::Not(one) => one.asks_for_tasks(),
            Self::Test(test) => matches!(test.subject, Subject::RunningTasksCount | Subject::TaskGroup),
        }
    }
}

impl Test {
    /// Whether it holds, negation aside.
    fn holds(&self, facts: &Facts, tasks: &dyn TasksHere) -> bool {
        match &self.subject {
            Subject::AgentConnected => self.relation.holds_of(&Value::Flag(facts.agent_connected)),
            Subject::AgentVersion => {
                let version = facts.agent_version.clone().map(Value::Version);
                version.is_some_and(|version| self.relation.holds_of(&version))
            }
            Subject::Attribute(name) => {
                facts.attributes.get(name).is_some_and(|value| self.relation.holds_of_text(value))
            }
            Subject::Ec2InstanceId => self.relation.holds_of_text(&facts.ec2_instance_id),
            Subject::RegisteredAt => self.relation.holds_of(&Value::Moment(Moment::of(facts.registered_at))),
            Subject::RunningTasksCount => self.relation.holds_of(&Value::Count(tasks.count().into())),
            Subject::TaskGroup => tasks.any_group(&mut |group| self.relation.holds_of_text(group)),
        }
    }
}

impl Relation {
    fn holds_of(&self, is: &Value) -> bool {
        match self {
            Self::Equals(value) => is == value,
            Self::Greater(value) => is > value,
            Self::GreaterEqual(value) => is >= value,
            Self::Less(value) => is < value,
            Self::LessEqual(value) => is <= value,
            Self::Exists => true,
            Self::In(values) => values.contains(is),
            Self::Matches(pattern) => pattern.matches(&is.to_string()),
        }
    }

    /// The same of a text, without a copy of it. Order is by number or version where both are one.
    fn holds_of_text(&self, is: &str) -> bool {
        let order = |value: &Value| value::order(is, &value.plain());
        match self {
            Self::Equals(value) => value.plain() == is,
            Self::Greater(value) => order(value).is_gt(),
            Self::GreaterEqual(value) => order(value).is_ge(),
            Self::Less(value) => order(value).is_lt(),
            Self::LessEqual(value) => order(value).is_le(),
            Self::Exists => true,
            Self::In(values) => values.iter().any(|value| value.plain() == is),
            Self::Matches(pattern) => pattern.matches(is),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |f: &mut fmt::Formatter<'_>, part: &Self, in_brackets: bool| {
            if in_brackets { write!(f, "({part})") } else { write!(f, "{part}") }
        };
        match self {
            Self::And(parts) => {
                for (index, one) in parts.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { " and " })?;
                    part(f, one, matches!(one, Self::And(_) | Self::Or(_)))?;
                }
                Ok(())
            }
            Self::Or(parts) => {
                for (index, one) in parts.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { " or " })?;
                    part(f, one, matches!(one, Self::Or(_)))?;
                }
                Ok(())
            }
            Self::Not(one) => {
                f.write_str("not ")?;
                part(f, one, matches!(**one, Self::And(_) | Self::Or(_)))
            }
            Self::Test(test) => write!(f, "{test}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, negated, relation } = self;
        let operator = relation.operator(*negated);
        match relation {
            Relation::Exists => write!(f, "{subject} {operator}"),
            Relation::Equals(value)
            | Relation::Greater(value)
            | Relation::GreaterEqual(value)
            | Relation::Less(value)
            | Relation::LessEqual(value) => {
                write!(f, "{subject} {operator} {}", parse::quoted(&value.plain()))
            }
            Relation::In(values) => {
                let values: Vec<String> = values.iter().map(|value| parse::quoted(&value.plain())).collect();
                write!(f, "{subject} {operator} [{}]", values.join(", "))
            }
            Relation::Matches(pattern) => {
                write!(f, "{subject} {operator} {}", parse::quoted_pattern(&pattern.text))
            }
        }
    }
}

impl Relation {
    fn operator(&self, negated: bool) -> &'static str {
        match (self, negated) {
            (Self::Equals(_), false) => "==",
            (Self::Equals(_), true) => "!=",
            (Self::Greater(_), _) => ">",
            (Self::GreaterEqual(_), _) => ">=",
            (Self::Less(_), _) => "<",
            (Self::LessEqual(_), _) => "<=",
            (Self::Exists, false) => "exists",
            (Self::Exists, true) => "!exists",
            (Self::In(_), false) => "in",
            (Self::In(_), true) => "!in",
            (Self::Matches(_), false) => "=~",
            (Self::Matches(_), true) => "!~",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AgentConnected => f.write_str("agentConnected"),
            Self::AgentVersion => f.write_str("agentVersion"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
            Self::Ec2InstanceId => f.write_str("ec2InstanceId"),
            Self::RegisteredAt => f.write_str("registeredAt"),
            Self::RunningTasksCount => f.write_str("runningTasksCount"),
            Self::TaskGroup => f.write_str("task:group"),
        }
    }
}

#[cfg(test)]
mod tests;
