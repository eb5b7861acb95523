//! Which events are asked for.

use mainstay_core::events::{Event, Kind};
use mainstay_core::model::Timestamp;
use mainstay_core::{ClusterName, Partition, ServiceName, TaskId};

use crate::api::error::ApiError;
use crate::api::names;
use crate::logs::moment;

/// What may be asked, for who asks something else.
const PARAMETERS: &str = "cluster, service, task, type, since, after, limit, follow";
/// So many are told where nothing is said.
const USUAL: usize = 100;
/// No more are told at once.
const MOST: usize = 1000;

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub cluster: Option<ClusterName>,
    pub service: Option<ServiceName>,
    pub task: Option<TaskId>,
    /// All where there is none.
    pub kinds: Vec<Kind>,
    pub since: Option<Timestamp>,
    pub from: From,
}

/// Where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Nobody said.
    Unsaid,
    /// With the oldest that is kept.
    Start,
    /// After this event.
    After(u64),
}

impl From {
    pub(super) fn cursor(self) -> Option<u64> {
        match self {
            Self::Unsaid => None,
            Self::Start => Some(0),
            Self::After(sequence) => Some(sequence),
        }
    }

    pub(super) fn is_start(self) -> bool {
        self == Self::Start
    }
}

/// A query as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub query: Query,
    pub limit: usize,
    pub follow: bool,
}

impl Query {
    /// Whether it asks for this event.
    pub(crate) fn wants(&self, event: &Event) -> bool {
        let Self { cluster, service, task, kinds, since, from: _ } = self;
        cluster.as_ref().is_none_or(|cluster| *cluster == event.cluster)
            && service.as_ref().is_none_or(|service| event.service.as_ref() == Some(service))
            && task.as_ref().is_none_or(|task| event.task.as_ref() == Some(task))
            && (kinds.is_empty() || kinds.contains(&event.kind))
            && since.is_none_or(|since| since <= event.at)
    }

    /// What a query string asks for; `now` in milliseconds since 1970.
    ///
    /// # Errors
    /// Names parameter, value, and what would be right.
    pub(crate) fn read(here: &Partition, text: &str, now: i64) -> Result<Asked, String> {
        let wrong = |error: ApiError| error.message().to_owned();
        let not_so = |name: &str, value: &str, right: &str| format!("{name} is '{value}'; {right}");
        let given: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let named = given.iter().rfind(|(name, _)| name == "cluster").map(|(_, value)| value.as_str());
        let of_arn = || {
            given.iter().find_map(|(name, value)| {
                matches!(name.as_str(), "service" | "task").then(|| cluster_of(value)).flatten()
            })
        };
        let cluster = named.or_else(of_arn);
        let cluster = cluster.map(|name| names::cluster(here, Some(name)).map_err(wrong)).transpose()?;
        // A name of no cluster is meant in all of them.
        let inside = cluster.clone().unwrap_or_else(|| ClusterName::new("default"));
        let mut query =
            Self { cluster, service: None, task: None, kinds: Vec::new(), since: None, from: From::Unsaid };
        let (mut limit, mut follow) = (USUAL, false);
        for (name, value) in &given {
            match name.as_str() {
                "cluster" => {}
                "service" => query.service = Some(names::service(here, &inside, value).map_err(wrong)?),
                "task" => query.task = Some(names::task(here, &inside, value).map_err(wrong)?),
                "type" => query.kinds.push(Kind::parse(value).map_err(|right| not_so(name, value, &right))?),
                "since" => {
                    let nanos = moment::read(value, now).map_err(|right| not_so(name, value, &right))?;
                    query.since = Some(Timestamp(nanos / 1_000_000));
                }
                "after" => {
                    let right = "it must be the sequence of an event, a whole number from 0 upwards";
                    query.from = From::After(value.parse().map_err(|_| not_so(name, value, right))?);
                }
                "limit" => {
                    let right = format!("it must be a number from 1 to {MOST}");
                    let number = value.parse().ok().filter(|number| (1..=MOST).contains(number));
                    limit = number.ok_or_else(|| not_so(name, value, &right))?;
                }
                "follow" => {
                    follow = value.parse().map_err(|_| not_so(name, value, "it must be true or false"))?;
                }
                other => return Err(format!("there is no parameter {other}; there are {PARAMETERS}")),
            }
        }
        if query.since.is_some() && query.from == From::Unsaid {
            query.from = From::Start;
        }
        Ok(Asked { query, limit, follow })
    }
}

/// The cluster that an ARN of a service or a task names.
fn cluster_of(name: &str) -> Option<&str> {
    let resource = name.strip_prefix("arn:")?.rsplit(':').next()?;
    let mut parts = resource.split('/').skip(1);
    let cluster = parts.next()?;
    parts.next().map(|_| cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match Query::read(&Partition::default(), text, 10_000) {
            Ok(Asked { query, limit, follow }) => format!(
                "{:?} {:?} {:?} {:?} {:?} {limit} {follow}",
                query.cluster.map(|name| name.to_string()),
                query.service.map(|name| name.to_string()),
                query.kinds,
                query.since.map(|since| since.0),
                query.from
            ),
            Err(refusal) => refusal,
        };
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn what_is_asked_for_is_understood_or_refused_with_what_would_be_right() {
        check("", "None None [] None Unsaid 100 false");
        check("service=web&limit=3&follow=true", "None Some(\"web\") [] None Unsaid 3 true");
        check(
            "cluster=shop&type=task&type=service",
            "Some(\"shop\") None [TaskStateChange, ServiceAction] None Unsaid 100 false",
        );
        check("since=4s", "None None [] Some(6000) Start 100 false");
        check("since=4s&after=7", "None None [] Some(6000) After(7) 100 false");
        let arn = "service=arn:aws:ecs:us-east-1:000000000000:service/shop/web";
        check(arn, "Some(\"shop\") Some(\"web\") [] None Unsaid 100 false");
        check("task=abc", "taskId length should be one of [32,36]");
        check("limit=0", "limit is '0'; it must be a number from 1 to 1000");
        check(
            "after=-1",
            "after is '-1'; it must be the sequence of an event, a whole number from 0 upwards",
        );
        check("follow=yes", "follow is 'yes'; it must be true or false");
        check(
            "type=tasks",
            "type is 'tasks'; it must be one of task (ECS Task State Change), instance (ECS Container Instance State \
             Change), service (ECS Service Action), deployment (ECS Deployment State Change)",
        );
        check(
            "since=noon",
            "since is 'noon'; it must be a time such as 2026-01-31T12:00:00Z, or how long ago, such as 5m",
        );
        check("lines=3", &format!("there is no parameter lines; there are {PARAMETERS}"));
    }
}
