//! Values that TOML has no type for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mainstay_core::storage::FileSystem;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time, written `90s`, `1m 30s`, `3h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::SignedDuration::try_from(self.0) {
            Ok(span) => write!(f, "{span:#}"),
            Err(_) => write!(f, "{:?}", self.0),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        span.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "{text:?} is no length of time; write one such as \"90s\", \"1m 30s\" or \"3h\""
            ))
        })
    }
}

/// Words: a list, or in a variable separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            List(Vec<String>),
            Text(String),
        }
        let given = Given::deserialize(deserializer).map_err(|_| {
            D::Error::custom("is no list of words; write one such as [\"a\", \"b\"] or \"a,b\"")
        })?;
        Ok(Self(match given {
            Given::List(words) => words,
            Given::Text(text) => {
                text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Into::into).collect()
            }
        }))
    }
}

/// A host's GPUs: `auto`, or a list of ids, in a variable separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Gpus {
    /// Those that the host shows.
    #[default]
    Found,
    /// These, as the engine knows them.
    These(Vec<String>),
}

impl Gpus {
    const FOUND: &str = "auto";
}

impl Serialize for Gpus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Found => serializer.serialize_str(Self::FOUND),
            Self::These(ids) => serializer.collect_seq(ids),
        }
    }
}

impl<'de> Deserialize<'de> for Gpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            List(Vec<Id>),
            One(Id),
        }
        /// An index is a number, too, and so is a variable of one index.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Id {
            Text(String),
            Number(u32),
        }
        let text = |id: Id| match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        };
        let wrong = "is neither \"auto\" nor a list of GPUs; write one such as [\"GPU-0f1b5a2c-…\"], [0, 1] or \
                     [\"nvidia.com/gpu=0\"]";
        Ok(match Given::deserialize(deserializer).map_err(|_| D::Error::custom(wrong))? {
            Given::List(ids) => Self::These(ids.into_iter().map(text).collect()),
            Given::One(id) => match text(id).as_str() {
                Self::FOUND => Self::Found,
                ids => Self::These(
                    ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(Into::into).collect(),
                ),
            },
        })
    }
}

/// Names with values: a table, or in a variable `name=value` separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Pairs(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Table(BTreeMap<String, String>),
            Text(String),
        }
        let wrong = || D::Error::custom("is no table of texts; write one such as {a = \"b\"} or \"a=b,c=d\"");
        match Given::deserialize(deserializer).map_err(|_| wrong())? {
            Given::Table(pairs) => Ok(Self(pairs)),
            Given::Text(text) => {
                let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
                let pair = |pair: &str| {
                    let (name, value) = pair.split_once('=')?;
                    Some((name.trim().to_owned(), value.trim().to_owned()))
                };
                pairs.map(pair).collect::<Option<_>>().map(Self).ok_or_else(wrong)
            }
        }
    }
}

/// Where a file system is, written `/directory` or `host:/export`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub FileSystem);

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            FileSystem::Directory(path) => serializer.serialize_str(path),
            FileSystem::Nfs { host, export } => serializer.collect_str(&format_args!("{host}:{export}")),
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// The system's folder for root, else one of the user's own.
pub(super) fn default_data_dir() -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    // The owner of our own process, without asking libc.
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return PathBuf::from("/var/lib/mainstay");
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let share = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    share.map_or_else(|| PathBuf::from(".mainstay"), |share| share.join("mainstay"))
}
