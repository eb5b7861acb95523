//! From text to a query, or to the column where it goes wrong and what was expected there.

use std::fmt;
use std::str::FromStr;

use super::{Pattern, Query, Relation, Subject, Test, Value};

/// Where an expression goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// In characters, from 1; one past the end where something is missing there.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.problem)
    }
}

impl std::error::Error for QueryError {}

/// Brackets and negations in one another; nobody needs more, and the stack is not endless.
const DEEPEST: usize = 50;

const SUBJECTS: &str = "agentConnected, agentVersion, attribute:NAME, ec2InstanceId, registeredAt, \
                        runningTasksCount or task:group";

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let query = parser.any_of()?;
        parser.space();
        if parser.rest().is_empty() {
            return Ok(query);
        }
        let problem = match parser.rest().chars().next() {
            Some(')') => "there is no ( before this )".to_owned(),
            _ => format!("expected and, or, or the end, found {}", parser.found()),
        };
        Err(parser.error(problem))
    }
}

type Parsed<T> = Result<T, QueryError>;

/// The operators, the longer before those that they begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Exists,
    NotExists,
    In,
    NotIn,
    Matches,
    NotMatches,
}

const SYMBOLS: [(&str, Operator); 8] = [
    ("==", Operator::Equals),
    ("=~", Operator::Matches),
    ("!=", Operator::NotEquals),
    ("!~", Operator::NotMatches),
    (">=", Operator::GreaterEqual),
    (">", Operator::Greater),
    ("<=", Operator::LessEqual),
    ("<", Operator::Less),
];

const WORDS: [(&str, Operator); 14] = [
    ("equals", Operator::Equals),
    ("not_equals", Operator::NotEquals),
    ("greater_than", Operator::Greater),
    ("greater_than_equal", Operator::GreaterEqual),
    ("less_than", Operator::Less),
    ("less_than_equal", Operator::LessEqual),
    ("exists", Operator::Exists),
    ("!exists", Operator::NotExists),
    ("not_exists", Operator::NotExists),
    ("in", Operator::In),
    ("!in", Operator::NotIn),
    ("not_in", Operator::NotIn),
    ("matches", Operator::Matches),
    ("not_matches", Operator::NotMatches),
];

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Equals => "==",
            Self::NotEquals => "!=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Exists => "exists",
            Self::NotExists => "!exists",
            Self::In => "in",
            Self::NotIn => "!in",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

impl Subject {
    fn operators(&self) -> &'static [Operator] {
        use Operator as Op;
        const TEXT: &[Op] = &[Op::Equals, Op::NotEquals, Op::In, Op::NotIn, Op::Matches, Op::NotMatches];
        const ORDERED: &[Op] =
            &[Op::Equals, Op::NotEquals, Op::Greater, Op::GreaterEqual, Op::Less, Op::LessEqual];
        const ALL: &[Op] = &[
            Op::Equals,
            Op::NotEquals,
            Op::Greater,
            Op::GreaterEqual,
            Op::Less,
            Op::LessEqual,
            Op::Exists,
            Op::NotExists,
            Op::In,
            Op::NotIn,
            Op::Matches,
            Op::NotMatches,
        ];
        match self {
            Self::AgentConnected | Self::Ec2InstanceId | Self::TaskGroup => TEXT,
            Self::AgentVersion | Self::RegisteredAt | Self::RunningTasksCount => ORDERED,
            Self::Attribute(_) => ALL,
        }
    }

    /// The value that a text stands for, or what it should be.
    fn value(&self, text: String) -> Result<Value, &'static str> {
        match self {
            Self::Attribute(_) | Self::Ec2InstanceId | Self::TaskGroup => Ok(Value::Text(text)),
            Self::AgentConnected => match text.as_str() {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => Err("true or false"),
            },
            Self::AgentVersion => text.parse().map(Value::Version).map_err(|()| "a version such as 1.100.0"),
            Self::RegisteredAt => text.parse().map(Value::Moment).map_err(|()| {
                "a date such as 2018-06-18, 2018-06-18T22:28:28, 2018-06-18T22:28:28Z or 2018-06-18T22:28:28+00:00"
            }),
            Self::RunningTasksCount => {
                let digits = text.bytes().all(|digit| digit.is_ascii_digit());
                text.parse().ok().filter(|_| digits).map(Value::Count).ok_or("a number of tasks, 0 or more")
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, problem: impl Into<String>) -> QueryError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, at: usize, problem: impl Into<String>) -> QueryError {
        QueryError { column: self.text[..at].chars().count() + 1, problem: problem.into() }
    }

    /// What stands here, for an error.
    fn found(&self) -> String {
        let rest = self.rest();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word: String = rest[..end].chars().take(40).collect();
        if word.is_empty() { "the end".into() } else { format!("`{word}`") }
    }

    fn take(&mut self, symbol: &str) -> bool {
        let is_here = self.rest().starts_with(symbol);
        self.at += if is_here { symbol.len() } else { 0 };
        is_here
    }

    /// Takes a word that does not go on.
    fn take_word(&mut self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word).map(|behind| behind.chars().next());
        let is_here = behind.is_some_and(|next| next.is_none_or(|letter| !is_of_word(letter)));
        self.at += if is_here { word.len() } else { 0 };
        is_here
    }

    fn any_of(&mut self) -> Parsed<Query> {
        let mut parts = vec![self.all_of()?];
        while self.connector("||", "or") {
            parts.push(self.all_of()?);
        }
        Ok(one_or(parts, Query::Or))
    }

    fn all_of(&mut self) -> Parsed<Query> {
        let mut parts = vec![self.one()?];
        while self.connector("&&", "and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Query::And))
    }

    fn connector(&mut self, symbol: &str, word: &str) -> bool {
        self.space();
        self.take(symbol) || self.take_word(word)
    }

    fn one(&mut self) -> Parsed<Query> {
        self.space();
        let begin = self.at;
        if self.depth == DEEPEST {
            return Err(self.error(format!("brackets and negations go {DEEPEST} deep at most")));
        }
        self.depth += 1;
        let query = if self.take("(") {
            let inner = self.any_of()?;
            self.space();
            if !self.take(")") {
                let column = self.text[..begin].chars().count() + 1;
                let found = self.found();
                return Err(self
                    .error(format!("expected and, or, or a ) for the ( in column {column}, found {found}")));
            }
            inner
        } else if self.take("!") || self.take_word("not") {
            Query::Not(Box::new(self.one()?))
        } else {
            Query::Test(self.test()?)
        };
        self.depth -= 1;
        Ok(query)
    }

    fn test(&mut self) -> Parsed<Test> {
        let subject = self.subject()?;
        self.space();
        let at = self.at;
        let operator = self.operator(&subject)?;
        if !subject.operators().contains(&operator) {
            let allowed = list(subject.operators());
            let text = format!("{} does not go with {subject}; expected {allowed}", operator.symbol());
            return Err(self.error_at(at, text));
        }
        use Operator as Op;
        let negated = matches!(operator, Op::NotEquals | Op::NotExists | Op::NotIn | Op::NotMatches);
        let relation = match operator {
            Op::Equals | Op::NotEquals => Relation::Equals(self.value(&subject)?),
            Op::Greater => Relation::Greater(self.value(&subject)?),
            Op::GreaterEqual => Relation::GreaterEqual(self.value(&subject)?),
            Op::Less => Relation::Less(self.value(&subject)?),
            Op::LessEqual => Relation::LessEqual(self.value(&subject)?),
            Op::Exists | Op::NotExists => Relation::Exists,
            Op::In | Op::NotIn => Relation::In(self.values(&subject)?),
            Op::Matches | Op::NotMatches => Relation::Matches(self.pattern()?),
        };
        Ok(Test { subject, negated, relation })
    }

    fn subject(&mut self) -> Parsed<Subject> {
        let begin = self.at;
        let rest = self.rest();
        let end = rest.find(|letter: char| !is_of_word(letter) && letter != ':').unwrap_or(rest.len());
        let word = &rest[..end];
        let subject = match word {
            "agentConnected" => Subject::AgentConnected,
            "agentVersion" => Subject::AgentVersion,
            "ec2InstanceId" => Subject::Ec2InstanceId,
            "registeredAt" => Subject::RegisteredAt,
            "runningTasksCount" => Subject::RunningTasksCount,
            "task:group" => Subject::TaskGroup,
            _ => match word.strip_prefix("attribute:") {
                Some("") => {
                    return Err(self.error_at(begin + end, "expected the name of an attribute"));
                }
                Some(name) => match name.find(':') {
                    Some(at) => {
                        let text = "the name of an attribute has letters, digits and - _ . / \\ only";
                        return Err(self.error_at(begin + "attribute:".len() + at, text));
                    }
                    None => Subject::Attribute(name.to_owned()),
                },
                None => {
                    return Err(self.error(format!("expected {SUBJECTS}, found {}", self.found())));
                }
            },
        };
        self.at += end;
        Ok(subject)
    }

    fn operator(&mut self, subject: &Subject) -> Parsed<Operator> {
        let symbol = SYMBOLS.iter().find(|(symbol, _)| self.rest().starts_with(symbol));
        if let Some((symbol, operator)) = symbol {
            self.at += symbol.len();
            return Ok(*operator);
        }
        for (word, operator) in WORDS {
            if self.take_word(word) {
                return Ok(operator);
            }
        }
        let text = format!("expected an operator ({}), found {}", list(subject.operators()), self.found());
        Err(self.error(text))
    }

    fn value(&mut self, subject: &Subject) -> Parsed<Value> {
        self.space();
        let at = self.at;
        let text = self.literal()?;
        subject.value(text).map_err(|right| {
            let given: String = self.text[at..self.at].trim().chars().take(40).collect();
            self.error_at(at, format!("expected {right}, found `{given}`"))
        })
    }

    fn values(&mut self, subject: &Subject) -> Parsed<Vec<Value>> {
        self.space();
        if !self.take("[") {
            return Err(self.error(format!("expected a list such as [a, b], found {}", self.found())));
        }
        let mut values = vec![self.value(subject)?];
        loop {
            self.space();
            if self.take("]") {
                return Ok(values);
            }
            if !self.take(",") {
                return Err(self.error(format!("expected , or ], found {}", self.found())));
            }
            values.push(self.value(subject)?);
        }
    }

    /// A value, in quotes or without.
    fn literal(&mut self) -> Parsed<String> {
        if let Some(quote) = self.rest().chars().next().filter(|letter| QUOTES.contains(letter)) {
            return self.quoted(quote);
        }
        let rest = self.rest();
        let mut end = rest.len();
        for (at, letter) in rest.char_indices() {
            let connector = rest[at..].starts_with("&&") || rest[at..].starts_with("||");
            if connector || !is_bare(letter) {
                end = at;
                break;
            }
        }
        if end == 0 {
            return Err(self.error(format!("expected a value, found {}", self.found())));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    /// Within quotes a backslash takes the meaning from a quote and from itself; before anything else it is one.
    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let begin = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            match (letter, next) {
                ('\\', Some(meant)) if meant == '\\' || QUOTES.contains(&meant) => {
                    text.push(meant);
                    letters.next();
                }
                (letter, _) if letter == quote => {
                    self.at = begin + at + quote.len_utf8();
                    return Ok(text);
                }
                (letter, _) => text.push(letter),
            }
        }
        Err(self.error_at(begin, format!("this {quote} has no end")))
    }

    /// A pattern: in quotes, or up to the next space or a bracket that it did not open.
    fn pattern(&mut self) -> Parsed<Pattern> {
        self.space();
        let begin = self.at;
        let text = match self.rest().chars().next().filter(|letter| QUOTES.contains(letter)) {
            Some(quote) => self.quoted(quote)?,
            None => {
                let end = bare_pattern(self.rest());
                let text = self.rest()[..end].to_owned();
                self.at += end;
                text
            }
        };
        if text.is_empty() {
            self.at = begin;
            return Err(self.error(format!("expected a pattern, found {}", self.found())));
        }
        Pattern::new(&text)
            .map_err(|problem| self.error_at(begin, format!("`{text}` is no pattern: {problem}")))
    }
}

const QUOTES: [char; 2] = ['"', '\''];

/// What words, and names of attributes, are made of.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || "-_./\\".contains(letter)
}

/// What a value can have without quotes.
fn is_bare(letter: char) -> bool {
    !letter.is_whitespace() && !"()[],\"'".contains(letter)
}

/// Where a pattern without quotes ends.
fn bare_pattern(text: &str) -> usize {
    let (mut round, mut in_class, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices() {
        if letter.is_whitespace() {
            return at;
        }
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => in_class = false,
            '[' => in_class = true,
            _ if in_class => {}
            '(' => round += 1,
            ')' if round == 0 => return at,
            ')' => round -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The value as it has to be written.
pub(super) fn quoted(text: &str) -> String {
    let bare = !text.is_empty() && text.chars().all(is_bare) && !text.contains("&&") && !text.contains("||");
    if bare { text.to_owned() } else { in_quotes(text) }
}

/// The pattern as it has to be written.
pub(super) fn quoted_pattern(text: &str) -> String {
    let bare = bare_pattern(text) == text.len() && !text.starts_with(QUOTES);
    if bare { text.to_owned() } else { in_quotes(text) }
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

fn list(operators: &[Operator]) -> String {
    operators.iter().map(|operator| operator.symbol()).collect::<Vec<_>>().join(" ")
}

fn one_or(mut parts: Vec<Query>, all: impl FnOnce(Vec<Query>) -> Query) -> Query {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => all(parts),
    }
}
