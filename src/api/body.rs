//! Bodies: read within a limit, parsed strictly, checked against the model.

use std::time::Duration;

use axum::body::Body;
use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Answer, ApiError, Code};
use super::wire::operations::Operation;
use super::wire::{At, Check};

/// The longest body that is looked at, bytes; the largest thing ECS takes is a task definition of 64 KiB.
const LIMIT: usize = 1024 * 1024;
/// Beyond the limit this much more is read and dropped, so that its sender gets to hear of the limit.
const DROPPED: usize = 16 * LIMIT;
/// How long a body may take to arrive.
const WITHIN: Duration = Duration::from_secs(60);

/// The whole body.
///
/// # Errors
/// Where it is too long, too slow or breaks off.
pub(super) async fn read(body: Body) -> Answer<Vec<u8>> {
    tokio::time::timeout(WITHIN, read_within_limit(body)).await.unwrap_or_else(|_| {
        Err(ApiError::new(Code::Serialization, format!("The body did not arrive within {WITHIN:?}.")))
    })
}

async fn read_within_limit(body: Body) -> Answer<Vec<u8>> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|error| ApiError::new(Code::Serialization, format!("The body broke off: {error}.")))?;
        length += chunk.len();
        if length <= LIMIT {
            kept.extend_from_slice(&chunk);
        } else if length > DROPPED {
            break;
        }
    }
    if length > LIMIT {
        let text = format!("The request's body is longer than {LIMIT} bytes, which is the limit.");
        return Err(ApiError::new(Code::RequestTooLarge, text));
    }
    Ok(kept)
}

/// An operation's input; an empty body is an empty one.
///
/// # Errors
/// SerializationException naming the member where the JSON or a type is wrong, otherwise what the check says.
pub(super) fn parse<T: DeserializeOwned + Check>(operation: Operation, body: &[u8]) -> Answer<T> {
    let input: T = read_json(body)?;
    input.check(&At::ROOT).map_err(|invalid| match operation {
        Operation::RegisterTaskDefinition
        | Operation::DeregisterTaskDefinition
        | Operation::DescribeTaskDefinition => ApiError::client(invalid.0),
        _ => invalid.into(),
    })?;
    Ok(input)
}

/// The input of an operation that is none of ECS's.
///
/// # Errors
/// As [`parse`]; InvalidParameterException where the check finds something.
pub(super) fn parse_plain<T: DeserializeOwned + Check>(body: &[u8]) -> Answer<T> {
    let input: T = read_json(body)?;
    input.check(&At::ROOT)?;
    Ok(input)
}

/// Any JSON object as a value.
///
/// # Errors
/// SerializationException naming the member where the JSON or a type is wrong.
pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    // Serde would take an array for a structure, member by member.
    if body.trim_ascii_start().first().is_some_and(|&first| first == b'[') {
        return Err(ApiError::new(Code::Serialization, "The body is an array; it must be an object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let input: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let text = if error.inner().is_data() {
            format!("{}: {}", error.path(), error.inner())
        } else {
            format!("The body is not JSON: {}", error.inner())
        };
        ApiError::new(Code::Serialization, text)
    })?;
    reader
        .end()
        .map_err(|error| ApiError::new(Code::Serialization, format!("The body is not JSON: {error}")))?;
    Ok(input)
}

/// An operation's output.
///
/// # Errors
/// None that is known: every key is a text.
pub(super) fn write(output: &impl Serialize) -> Answer<Vec<u8>> {
    serde_json::to_vec(output).map_err(|error| ApiError::new(Code::Serialization, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::wire::structures::{RegisterTaskDefinitionRequest, RunTaskRequest};
    use super::*;

    #[track_caller]
    fn check<T: DeserializeOwned + Check>(operation: Operation, body: &str, expected: &str) {
        let said = match parse::<T>(operation, body.as_bytes()) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn a_wrong_body_is_refused_with_the_place_and_what_was_expected() {
        let run = |body, expected| check::<RunTaskRequest>(Operation::RunTask, body, expected);
        run(r#"{"taskDefinition":"web"}"#, "fine");
        run("", "InvalidParameterException: taskDefinition is required.");
        run("{", "SerializationException: The body is not JSON: EOF while parsing an object at line 1");
        run("{} {}", "SerializationException: The body is not JSON: trailing characters at line 1 column 4");
        run("[]", "SerializationException: The body is an array");
        run("7", "SerializationException: .: invalid type: integer `7`, expected struct RunTaskRequest");
        run(
            r#"{"taskDefinition":"web","count":"2"}"#,
            "SerializationException: count: invalid type: string \"2\", expected i32",
        );
        run(
            r#"{"taskDefinition":"web","overrides":{"containerOverrides":[{"cpu":true}]}}"#,
            "SerializationException: overrides.containerOverrides[0].cpu: invalid type: boolean `true`",
        );
        run(
            r#"{"taskDefinition":"web","taskdefinition":"web"}"#,
            "SerializationException: taskdefinition: unknown field `taskdefinition`, expected one of",
        );
        check::<RegisterTaskDefinitionRequest>(
            Operation::RegisterTaskDefinition,
            r#"{"family":"web","containerDefinitions":[],"networkMode":"overlay"}"#,
            "ClientException: networkMode is 'overlay'; it must be one of bridge, host, awsvpc, none.",
        );
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_one_of_the_limit_is_not() {
        assert_eq!(read(Body::from(vec![b' '; LIMIT])).await.map(|body| body.len()), Ok(LIMIT));
        let refused = read(Body::from(vec![b' '; LIMIT + 1])).await.unwrap_err();
        assert_eq!(refused.code(), Code::RequestTooLarge);
        assert!(refused.message().contains("1048576 bytes"), "{refused}");
    }
}
