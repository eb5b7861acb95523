//! Operations as methods and paths.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::{Map, Value};
use tracing::Instrument as _;

use super::{Api, carry_out, invalid_input};
use crate::api::error::{Answer, ApiError, Code};
use crate::api::wire::scheduler::routes::ROUTES;
use crate::api::wire::scheduler::{Param, Route};
use crate::api::{body, notice, unwound};
use crate::traces;

const JSON: &str = "application/json";

/// All operations, to be merged with what else is served at the address.
///
/// A browser's page of another origin cannot ask for any: it may send no JSON unasked, and what is no GET or POST
/// neither; what a GET answers it may not read.
pub(in crate::api) fn routes() -> Router<Arc<Api>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let method = match route.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let handle = move |State(api): State<Arc<Api>>,
                           Path(path): Path<HashMap<String, String>>,
                           RawQuery(query): RawQuery,
                           request: Request| async move {
            handle(&api, route, path, query.as_deref().unwrap_or_default(), request).await
        };
        // A path without members has no extractor of its own: an empty map is what it comes to.
        router.route(route.path, on(method, handle))
    })
}

async fn handle(
    api: &Api,
    route: &'static Route,
    path: HashMap<String, String>,
    query: &str,
    request: Request,
) -> Response {
    let request_id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    let (head, body) = request.into_parts();
    let body = body::read(body).await;
    let began = tokio::time::Instant::now();
    let input = body.and_then(|body| {
        is_json(&head.method, &head.headers)?;
        input(route, path, query, &body)
    });
    let slot = api.slots.try_acquire().map_err(|_| ApiError::throttled());
    let span = traces::request(route.operation.as_str(), &head.headers, &request_id);
    let outcome = match (&input, &slot) {
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal.clone()),
        (Ok(input), Ok(_)) => unwound(carry_out(api, route.operation, input)).instrument(span.clone()).await,
    };
    drop(slot);
    traces::answered(&span, outcome.as_ref().err());
    notice(
        route.operation.as_str(),
        input.as_deref().unwrap_or_default(),
        outcome.as_ref().err(),
        began.elapsed(),
        &request_id,
        &span,
    );
    let mut response = match outcome {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refused(&refusal),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn refused(refusal: &ApiError) -> Response {
    let code = refusal.code();
    let body = serde_json::json!({ "Message": refusal.message() }).to_string();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("x-amzn-errortype", code.as_str())], body).into_response()
}

fn is_json(method: &Method, headers: &HeaderMap) -> Answer<()> {
    let given = headers.get(CONTENT_TYPE).map(|given| String::from_utf8_lossy(given.as_bytes()));
    let json = given.as_ref().is_some_and(|given| given.split(';').next() == Some(JSON));
    if json || *method == Method::GET || *method == Method::DELETE {
        return Ok(());
    }
    let given = given.unwrap_or_default();
    Err(ApiError::new(Code::Serialization, format!("Content-Type is '{given}'; it must be {JSON}.")))
}

/// The operation's input as one object, whichever part of the request a member was in.
fn input(route: &Route, path: HashMap<String, String>, query: &str, body: &[u8]) -> Answer<Vec<u8>> {
    let mut members: Map<String, Value> =
        if body.trim_ascii().is_empty() { Map::new() } else { body::read_json(body)? };
    members.extend(path.into_iter().map(|(member, value)| (member, Value::String(value))));
    for (called, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = route.query.iter().find(|(name, _, _)| *name == called);
        // What is no parameter of it, such as what a presigned URL has, says nothing about the operation.
        let Some(&(_, member, param)) = known else { continue };
        match param {
            Param::Text => {
                members.insert(member.to_owned(), Value::String(value.into_owned()));
            }
            Param::Number => {
                let number: i64 = value.parse().map_err(|_| {
                    invalid_input(format!("{member} is '{value}'; it must be a whole number."))
                })?;
                members.insert(member.to_owned(), number.into());
            }
            Param::List => {
                let list = members.entry(member.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(items) = list {
                    items.push(Value::String(value.into_owned()));
                }
            }
        }
    }
    body::write(&members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, query: &str, body: &str, expected: &str) {
        let route = ROUTES.iter().find(|route| route.method == method && route.path == path).unwrap();
        let members = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let path = members.map(|member| (member.to_owned(), "given".to_owned())).collect();
        let said = input(route, path, query, body.as_bytes());
        let said =
            said.map(|bytes| String::from_utf8(bytes).unwrap()).unwrap_or_else(|error| error.to_string());
        assert_eq!(said, expected);
    }

    #[test]
    fn an_input_is_put_together_from_path_query_and_body() {
        check(
            "POST",
            "/schedules/{Name}",
            "",
            r#"{"State":"ENABLED"}"#,
            r#"{"Name":"given","State":"ENABLED"}"#,
        );
        check("GET", "/schedules/{Name}", "groupName=a%20b&x=1", "", r#"{"GroupName":"a b","Name":"given"}"#);
        check("GET", "/schedules", "ScheduleGroup=a&MaxResults=7", "", r#"{"GroupName":"a","MaxResults":7}"#);
        check(
            "DELETE",
            "/tags/{ResourceArn}",
            "TagKeys=a&TagKeys=b",
            "",
            r#"{"ResourceArn":"given","TagKeys":["a","b"]}"#,
        );
        check(
            "GET",
            "/schedules",
            "MaxResults=many",
            "",
            "ValidationException: MaxResults is 'many'; it must be a whole number.",
        );
        check(
            "POST",
            "/schedules/{Name}",
            "",
            "[]",
            "SerializationException: The body is an array; it must be an object.",
        );
    }

    #[test]
    fn what_a_browser_may_send_unasked_is_no_json() {
        let mut headers = HeaderMap::new();
        assert!(is_json(&Method::POST, &headers).is_err() && is_json(&Method::GET, &headers).is_ok());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(is_json(&Method::POST, &headers).is_err());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        assert!(is_json(&Method::POST, &headers).is_ok());
    }
}
