//! EventBridge Scheduler: schedules that run ECS tasks, over REST and JSON at the same address as the ECS API.
//!
//! A target is a cluster, what runs there is RunTask's, and goes the way of the API's RunTask. Everything else that
//! EventBridge Scheduler could do at a time is refused by name.

mod groups;
mod rest;
mod schedules;
mod target;

use mainstay_actors::control::ControlError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Answer, ApiError, Code};
use super::wire::scheduler::operations::{Exception, Operation};
use super::wire::{At, Check};
use super::{Api, body};

pub(super) use rest::routes;
pub(crate) use target::Targets;

/// Carries an operation out; `input` has what was in path, query and body.
async fn carry_out(api: &Api, operation: Operation, input: &[u8]) -> Answer<Vec<u8>> {
    match operation {
        Operation::CreateSchedule => write(&schedules::create(api, parse(input)?).await?),
        Operation::CreateScheduleGroup => write(&groups::create(api, parse(input)?).await?),
        Operation::DeleteSchedule => write(&schedules::delete(api, parse(input)?).await?),
        Operation::DeleteScheduleGroup => write(&groups::delete(api, parse(input)?).await?),
        Operation::TagResource => write(&groups::tag(api, parse(input)?).await?),
        Operation::UntagResource => write(&groups::untag(api, parse(input)?).await?),
        Operation::UpdateSchedule => write(&schedules::update(api, parse(input)?).await?),
        Operation::GetSchedule => seen(api, &schedules::get(api, parse(input)?)?).await,
        Operation::GetScheduleGroup => seen(api, &groups::get(api, parse(input)?)?).await,
        Operation::ListScheduleGroups => seen(api, &groups::list(api, parse(input)?)?).await,
        Operation::ListSchedules => seen(api, &schedules::list(api, parse(input)?)?).await,
        Operation::ListTagsForResource => seen(api, &groups::tags(api, parse(input)?)?).await,
    }
}

fn write(output: &impl Serialize) -> Answer<Vec<u8>> {
    body::write(output)
}

async fn seen(api: &Api, output: &impl Serialize) -> Answer<Vec<u8>> {
    api.control.context().shown_is_durable().await;
    body::write(output)
}

fn parse<T: DeserializeOwned + Check>(input: &[u8]) -> Answer<T> {
    let input: T = body::read_json(input)?;
    input.check(&At::ROOT).map_err(|invalid| invalid_input(invalid.0))?;
    Ok(input)
}

/// Looks at a CreateSchedule without a daemon.
pub(super) fn foresee(input: &[u8]) -> Answer<()> {
    schedules::foresee(parse(input)?)
}

/// ValidationException.
fn invalid_input(text: impl Into<String>) -> ApiError {
    ApiError::new(Code::Scheduler(Exception::ValidationException), text)
}

/// What another part of the API refused, in the scheduler's words.
fn as_validation(error: &ApiError) -> ApiError {
    invalid_input(error.message())
}

/// What the tree refused.
fn refused(error: &ControlError) -> ApiError {
    let exception = match error {
        ControlError::ScheduleNotFound(_) | ControlError::ScheduleGroupNotFound(_) => {
            Exception::ResourceNotFoundException
        }
        ControlError::ScheduleExists(_)
        | ControlError::ScheduleGroupExists(_)
        | ControlError::Conflict(_) => Exception::ConflictException,
        ControlError::InvalidSchedule(_) => Exception::ValidationException,
        _ => Exception::InternalServerException,
    };
    ApiError::new(Code::Scheduler(exception), error.to_string())
}

/// A name of a schedule or a group: 1 to 64 letters, digits, hyphens, underscores and dots.
fn name(member: &str, given: Option<String>) -> Answer<String> {
    let given = given.unwrap_or_default();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if (1..=64).contains(&given.len()) && given.chars().all(letter) {
        return Ok(given);
    }
    let text =
        format!("{member} is '{given}'; it must be 1 to 64 letters, digits, hyphens, underscores and dots.");
    Err(invalid_input(text))
}

#[cfg(test)]
mod tests;
