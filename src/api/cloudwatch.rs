//! CloudWatch Logs' calls for reading, for the log groups that containers with the driver `awslogs` name.
//!
//! What is there is what the containers that are still there hold. A group is known by its name alone, whatever region
//! its containers name; nothing can be written.

mod groups;
mod pages;
mod pattern;

use std::time::Duration;

use futures::{StreamExt, stream};
use mainstay_actors::ports::{EngineError, LogLine, LogLines, LogQuery};

use self::groups::{Group, Stream};
use self::pages::{Direction, Event, Window};
use self::pattern::Pattern;
use super::error::{Answer, ApiError, Code};
use super::given::refuse;
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::logs::enums::{LogGroupClass, OrderBy};
use super::wire::logs::operations::{Exception, Operation};
use super::wire::logs::structures::*;
use super::{Api, body};
use crate::logs::Refusal;

/// What stands before the operation's name in `X-Amz-Target`.
pub(super) const TARGET: &str = "Logs_20140328.";
/// A call that reads longer is given up; its caller may ask for less.
const WITHIN: Duration = Duration::from_secs(60);
/// Logs that are opened at once.
const OPENED_AT_ONCE: usize = 8;
/// Events of a page where nothing is said, and at most.
const EVENTS: usize = 10_000;
/// Groups or streams of a page where nothing is said.
const LISTED: usize = 50;
const NANOS_A_MILLI: i64 = 1_000_000;

/// Carries an operation out; those that are not are refused by name.
pub(super) async fn carry_out(api: &Api, operation: Operation, input: &[u8]) -> Answer<Vec<u8>> {
    let work = async {
        match operation {
            Operation::DescribeLogGroups => body::write(&describe_groups(api, body::parse_plain(input)?)?),
            Operation::DescribeLogStreams => {
                body::write(&describe_streams(api, body::parse_plain(input)?).await?)
            }
            Operation::FilterLogEvents => body::write(&filter(api, body::parse_plain(input)?).await?),
            Operation::GetLogEvents => body::write(&get(api, body::parse_plain(input)?).await?),
            other => Err(ApiError::new(
                Code::UnknownOperation,
                format!("{} of CloudWatch Logs is not supported by Mainstay.", other.as_str()),
            )),
        }
    };
    tokio::time::timeout(WITHIN, work).await.unwrap_or_else(|_| {
        Err(unavailable(format!(
            "The container engine did not give the logs within {WITHIN:?}; ask for less."
        )))
    })
}

/// DescribeLogGroups.
fn describe_groups(api: &Api, request: DescribeLogGroupsRequest) -> Answer<DescribeLogGroupsResponse> {
    let DescribeLogGroupsRequest {
        account_identifiers,
        include_linked_accounts,
        limit,
        log_group_class,
        log_group_identifiers,
        log_group_name_pattern,
        log_group_name_prefix,
        next_token,
    } = request;
    not_here(&[
        ("accountIdentifiers", &account_identifiers),
        ("includeLinkedAccounts", &include_linked_accounts),
    ])?;
    if log_group_name_pattern.is_some() && log_group_name_prefix.is_some() {
        return Err(ApiError::parameter(
            "logGroupNamePattern and logGroupNamePrefix cannot be given together.",
        ));
    }
    let mut found = groups::all(api.view());
    found.retain(|group| {
        log_group_name_prefix.as_ref().is_none_or(|prefix| group.name.starts_with(prefix))
            && log_group_name_pattern
                .as_ref()
                .is_none_or(|part| group.name.to_lowercase().contains(&part.to_lowercase()))
            && log_group_class.as_ref().is_none_or(|class| *class == LogGroupClass::Standard)
            && log_group_identifiers
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|given| group.is(api.here(), given)))
    });
    let paging = Paging {
        operation: "DescribeLogGroups",
        next_token: next_token.as_deref(),
        max_results: limit,
        default: LISTED,
        descending: false,
    };
    let (found, next_token) = page(found, |group| group.name.clone(), &paging)?;
    let shown = found.into_iter().map(|group| {
        let arn = group.arn(api.here());
        LogGroup {
            arn: Some(format!("{arn}:*")),
            log_group_arn: Some(arn),
            creation_time: Some(group.created_at),
            log_group_class: Some(LogGroupClass::Standard),
            metric_filter_count: Some(0),
            log_group_name: Some(group.name),
            ..LogGroup::default()
        }
    });
    Ok(DescribeLogGroupsResponse { log_groups: Some(shown.collect()), next_token })
}

/// DescribeLogStreams. Each stream is looked into for its first and its last event.
async fn describe_streams(
    api: &Api,
    request: DescribeLogStreamsRequest,
) -> Answer<DescribeLogStreamsResponse> {
    let DescribeLogStreamsRequest {
        descending,
        limit,
        log_group_identifier,
        log_group_name,
        log_stream_name_prefix,
        next_token,
        order_by,
    } = request;
    let by_time = order_by == Some(OrderBy::LastEventTime);
    if by_time && log_stream_name_prefix.is_some() {
        return Err(ApiError::parameter("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let group = group(api, log_group_name, log_group_identifier)?;
    let mut streams = groups::streams(api.view(), &group);
    let prefix = log_stream_name_prefix.unwrap_or_default();
    streams.retain(|stream| stream.name.starts_with(&prefix));
    let looks = streams.into_iter().map(|stream| described(api, &group, stream));
    let looked: Vec<_> = stream::iter(looks).buffered(OPENED_AT_ONCE).collect().await;
    let found: Vec<LogStream> = looked.into_iter().filter_map(Answer::transpose).collect::<Answer<_>>()?;
    let key = |stream: &LogStream| {
        let name = stream.log_stream_name.clone().unwrap_or_default();
        let last = stream.last_event_timestamp.unwrap_or(0);
        if by_time { format!("{last:020} {name}") } else { name }
    };
    let paging = Paging {
        operation: "DescribeLogStreams",
        next_token: next_token.as_deref(),
        max_results: limit,
        default: LISTED,
        descending: descending.unwrap_or(false),
    };
    let (streams, next_token) = page(found, key, &paging)?;
    Ok(DescribeLogStreamsResponse { log_streams: Some(streams), next_token })
}

/// A stream as it is shown; `None` where its container is gone.
async fn described(api: &Api, group: &Group, stream: Stream) -> Answer<Option<LogStream>> {
    let first = LogQuery::default();
    let last = LogQuery { tail: Some(1), ..LogQuery::default() };
    let mut moments = [None; 2];
    for (moment, query) in moments.iter_mut().zip([first, last]) {
        let Some(mut lines) = open(api, &stream, query).await? else { return Ok(None) };
        *moment = lines.next().await.and_then(Result::ok).map(|line| line.at / NANOS_A_MILLI);
    }
    let [first, last] = moments;
    Ok(Some(LogStream {
        arn: Some(format!("{}:log-stream:{}", group.arn(api.here()), stream.name)),
        creation_time: Some(stream.created_at),
        first_event_timestamp: first,
        last_event_timestamp: last,
        last_ingestion_time: last,
        log_stream_name: Some(stream.name),
        ..LogStream::default()
    }))
}

/// GetLogEvents: the latest page where nothing is said.
async fn get(api: &Api, request: GetLogEventsRequest) -> Answer<GetLogEventsResponse> {
    let GetLogEventsRequest {
        end_time,
        limit,
        log_group_identifier,
        log_group_name,
        log_stream_name,
        next_token,
        start_from_head,
        start_time,
        unmask,
    } = request;
    not_here(&[("unmask", &unmask)])?;
    let group = group(api, log_group_name, log_group_identifier)?;
    let name = log_stream_name.unwrap_or_default();
    let missing = || not_found("The specified log stream does not exist.");
    let streams = groups::streams(api.view(), &group);
    let stream = streams.into_iter().find(|stream| stream.name == name).ok_or_else(missing)?;
    let direction = if start_from_head == Some(true) { Direction::Forward } else { Direction::Backward };
    let mut window = window(direction, next_token.as_deref(), limit)?;
    let query = query(start_time, end_time, &window);
    let lines = open(api, &stream, query).await?.ok_or_else(missing)?;
    fill(&mut window, &stream, lines, &Pattern::default()).await?;
    let (next_forward_token, next_backward_token) = (Some(window.forward()), Some(window.backward()));
    let event = |event: Event| OutputLogEvent {
        timestamp: Some(event.at_millis()),
        ingestion_time: Some(event.at_millis()),
        message: Some(event.message),
    };
    let events = Some(window.events().map(event).collect());
    Ok(GetLogEventsResponse { events, next_forward_token, next_backward_token })
}

/// FilterLogEvents, the streams interleaved as CloudWatch has done since 2019 whatever `interleaved` says.
async fn filter(api: &Api, request: FilterLogEventsRequest) -> Answer<FilterLogEventsResponse> {
    let FilterLogEventsRequest {
        end_time,
        filter_pattern,
        interleaved: _,
        limit,
        log_group_identifier,
        log_group_name,
        log_stream_name_prefix,
        log_stream_names,
        next_token,
        start_from_head,
        start_time,
        unmask,
    } = request;
    not_here(&[("unmask", &unmask)])?;
    if log_stream_names.is_some() && log_stream_name_prefix.is_some() {
        return Err(ApiError::parameter("logStreamNames and logStreamNamePrefix cannot be given together."));
    }
    let pattern = Pattern::read(filter_pattern.as_deref().unwrap_or_default())?;
    let group = group(api, log_group_name, log_group_identifier)?;
    let mut streams = groups::streams(api.view(), &group);
    if let Some(names) = &log_stream_names {
        if names.iter().any(|name| streams.iter().all(|stream| stream.name != *name)) {
            return Err(not_found("The specified log stream does not exist."));
        }
        streams.retain(|stream| names.contains(&stream.name));
    }
    let prefix = log_stream_name_prefix.unwrap_or_default();
    streams.retain(|stream| stream.name.starts_with(&prefix));
    let direction = if start_from_head == Some(false) { Direction::Backward } else { Direction::Forward };
    let mut window = window(direction, next_token.as_deref(), limit)?;
    // Its end is still within, other than that of GetLogEvents. Nothing after the request's beginning is: logs are read one
    // after the other, and who follows them asks next for what is later than the latest, wherever that was.
    let begun = api.control.context().nature.wall().0.saturating_sub(1);
    let end = end_time.map_or(begun, |end| end.min(begun));
    let query = query(start_time, Some(end.saturating_add(1)), &window);
    let looks = streams.into_iter().map(|stream| async move {
        let lines = open(api, &stream, query).await?;
        Ok::<_, ApiError>(lines.map(|lines| (stream, lines)))
    });
    let mut opened = std::pin::pin!(stream::iter(looks).buffered(OPENED_AT_ONCE));
    while let Some(log) = opened.next().await {
        if let Some((stream, lines)) = log? {
            fill(&mut window, &stream, lines, &pattern).await?;
        }
    }
    let next_token = window.next();
    let backward = window.direction() == Direction::Backward;
    let mut events: Vec<FilteredLogEvent> = window
        .events()
        .map(|event| FilteredLogEvent {
            event_id: Some(event.id()),
            timestamp: Some(event.at_millis()),
            ingestion_time: Some(event.at_millis()),
            log_stream_name: Some(event.stream().to_owned()),
            message: Some(event.message),
        })
        .collect();
    if backward {
        events.reverse();
    }
    Ok(FilterLogEventsResponse { events: Some(events), next_token, searched_log_streams: Some(Vec::new()) })
}

/// Reads a log into a page.
async fn fill(window: &mut Window, stream: &Stream, mut lines: LogLines, pattern: &Pattern) -> Answer<()> {
    let mut places = pages::Places::new(&stream.name);
    while let Some(line) = lines.next().await {
        let LogLine { at, stream, text } = line.map_err(|error| unavailable(error.to_string()))?;
        let place = places.next(at, stream);
        if window.is_past(at) {
            break;
        }
        // CloudWatch has no empty events: its driver leaves them out.
        if !text.is_empty() && pattern.finds(&text) {
            window.offer(place, text);
        }
    }
    Ok(())
}

/// A stream's lines; `None` where its container is gone.
async fn open(api: &Api, stream: &Stream, query: LogQuery) -> Answer<Option<LogLines>> {
    match api.logs.engine()?.logs(&stream.id, query).await {
        Ok(lines) => Ok(Some(lines)),
        Err(EngineError::NoSuchContainer { .. }) => Ok(None),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

fn group(api: &Api, name: Option<String>, identifier: Option<String>) -> Answer<Group> {
    let given = match (name, identifier) {
        (Some(given), None) | (None, Some(given)) => given,
        (Some(_), Some(_)) => {
            return Err(ApiError::parameter("LogGroupName and LogGroupIdentifier cannot be given together."));
        }
        (None, None) => {
            return Err(ApiError::parameter("Either logGroupName or logGroupIdentifier is required."));
        }
    };
    let mut all = groups::all(api.view()).into_iter();
    all.find(|group| group.is(api.here(), &given))
        .ok_or_else(|| not_found("The specified log group does not exist."))
}

fn window(direction: Direction, token: Option<&str>, limit: Option<i32>) -> Answer<Window> {
    let most = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(EVENTS);
    Window::new(direction, token.filter(|token| !token.is_empty()), most)
        .ok_or_else(|| ApiError::parameter("The specified nextToken is invalid."))
}

/// What of the logs can be in the page; times in milliseconds, the end not within.
fn query(start: Option<i64>, end: Option<i64>, window: &Window) -> LogQuery {
    let nanos = |millis: i64| millis.saturating_mul(NANOS_A_MILLI);
    let (since, until) = window.bounds();
    LogQuery {
        since: start.map(nanos).max(since),
        until: [end.map(nanos), until].into_iter().flatten().min(),
        ..LogQuery::default()
    }
}

fn not_here(members: &[(&str, &dyn super::given::Given)]) -> Answer<()> {
    refuse(&At::ROOT, members).map_err(|error| ApiError::parameter(error.message()))
}

fn not_found(text: &str) -> ApiError {
    ApiError::new(Code::Logs(Exception::ResourceNotFoundException), text)
}

fn unavailable(text: String) -> ApiError {
    ApiError::new(Code::Logs(Exception::ServiceUnavailableException), text)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        unavailable(refusal.to_string())
    }
}
