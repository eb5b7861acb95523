//! Task protection as a container asks for it: `$ECS_AGENT_URI/task-protection/v1/state`.
//!
//! On ECS the agent asks the API with the credentials of the task's role; here a task may protect itself without any.

use std::time::Duration;

use axum::http::StatusCode;
use mainstay_actors::control::ControlError;
use mainstay_core::model::{Task, Timestamp};
use mainstay_core::protection::{self, DEFAULT_MINUTES, MINUTES, Refusal, Wish};
use serde::{Deserialize, Serialize};

use super::Endpoint;
use super::metadata::Moment;

/// What a container asks for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Asked {
    protection_enabled: Option<bool>,
    expires_in_minutes: Option<i64>,
}

/// An answer; one of the members is there.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<Protection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Protection {
    /// Null where it is not protected.
    expiration_date: Option<Moment>,
    protection_enabled: bool,
    task_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    arn: String,
    detail: String,
    reason: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error {
    #[serde(skip_serializing_if = "String::is_empty")]
    arn: String,
    code: &'static str,
    message: String,
}

impl Endpoint {
    /// How it stands.
    pub(super) async fn protection(&self, id: &str) -> (StatusCode, Answer) {
        let Some((task, _)) = self.container(id) else { return not_found() };
        let arn = self.arn(&task);
        if let Err(refusal) = protection::check(&task) {
            return failed(arn, &refusal);
        }
        let ctx = self.control.context();
        ctx.shown_is_durable().await;
        shown(arn, &task, ctx.nature.wall())
    }

    /// Protects the task, or takes that back.
    pub(super) async fn protect(&self, id: &str, body: &[u8]) -> (StatusCode, Answer) {
        let Ok(asked) = serde_json::from_slice::<Asked>(body) else {
            return wrong(String::new(), "UpdateTaskProtection: failed to decode request".into());
        };
        let Some((task, _)) = self.container(id) else { return not_found() };
        let arn = self.arn(&task);
        let wish = match wish(&asked) {
            Ok(wish) => wish,
            Err(message) => return wrong(arn, message),
        };
        match self.control.protect_task(task.id.clone(), wish).await {
            Ok(Ok(task)) => shown(arn, &task, self.control.context().nature.wall()),
            Ok(Err(refusal)) => failed(arn, &refusal),
            Err(ControlError::TaskNotFound(_)) => not_found(),
            Err(error) => {
                let error = Error { arn, code: "ServerException", message: error.to_string() };
                (StatusCode::INTERNAL_SERVER_ERROR, Answer { error: Some(error), ..Answer::default() })
            }
        }
    }

    fn arn(&self, task: &Task) -> String {
        self.control.context().settings.partition.task(&task.cluster, &task.id)
    }
}

fn wish(asked: &Asked) -> Result<Wish, String> {
    let Some(enabled) = asked.protection_enabled else {
        return Err("Invalid request: does not contain 'ProtectionEnabled' field".into());
    };
    let minutes = asked.expires_in_minutes.unwrap_or(DEFAULT_MINUTES.into());
    let minutes =
        u32::try_from(minutes).ok().filter(|minutes| MINUTES.contains(minutes)).ok_or_else(|| {
            let (least, most) = (MINUTES.start(), MINUTES.end());
            format!("ExpiresInMinutes is {minutes}; it must be from {least} to {most}.")
        })?;
    Ok(if enabled { Wish::Protect(Duration::from_secs(60) * minutes) } else { Wish::Release })
}

fn shown(task_arn: String, task: &Task, now: Timestamp) -> (StatusCode, Answer) {
    let until = task.protected_until.filter(|_| task.is_protected(now));
    let protection =
        Protection { expiration_date: until.map(Moment::of), protection_enabled: until.is_some(), task_arn };
    (StatusCode::OK, Answer { protection: Some(protection), ..Answer::default() })
}

fn failed(arn: String, refusal: &Refusal) -> (StatusCode, Answer) {
    let failure = Failure { arn, detail: refusal.to_string(), reason: refusal.reason() };
    (StatusCode::OK, Answer { failure: Some(failure), ..Answer::default() })
}

fn wrong(arn: String, message: String) -> (StatusCode, Answer) {
    let error = Error { arn, code: "InvalidParameterException", message };
    (StatusCode::BAD_REQUEST, Answer { error: Some(error), ..Answer::default() })
}

fn not_found() -> (StatusCode, Answer) {
    let message = "Failed to find a task for the request".into();
    let error = Error { arn: String::new(), code: "ResourceNotFoundException", message };
    (StatusCode::NOT_FOUND, Answer { error: Some(error), ..Answer::default() })
}
