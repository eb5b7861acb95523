//! ExecuteCommand.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use mainstay_actors::control::ControlError;
use mainstay_actors::ports::NewExec;

use crate::api::error::{Answer, ApiError};
use crate::api::wire::operations::Exception;
use crate::api::wire::structures::{ExecuteCommandRequest, ExecuteCommandResponse, Session};
use crate::api::{Api, clusters, names};
use crate::exec::{NoSession, Target, USER, Unfit};

/// ECS's words for a task that was not made for it, or is not up yet.
const NOT_ENABLED: &str = "The execute command failed because execute command was not enabled when the task was run or \
                           the execute command agent isn't running. Wait and try again or run a new task with execute \
                           command enabled and try again.";
/// ECS's words for a container that it does not reach.
const NOT_CONNECTED: &str = "The execute command failed due to an internal error. Try again later.";

/// ExecuteCommand: the command is held ready for who connects with the token, and run then.
pub(in crate::api) fn execute(
    api: &Api,
    headers: &HeaderMap,
    request: ExecuteCommandRequest,
) -> Answer<ExecuteCommandResponse> {
    let ExecuteCommandRequest { cluster, command, container, interactive, task } = request;
    if interactive != Some(true) {
        return Err(ApiError::parameter("Interactive is the only mode supported currently."));
    }
    let address = address(headers)?;
    let command = command.unwrap_or_default();
    if command.trim().is_empty() {
        return Err(ApiError::parameter("command can not be blank."));
    }
    // As the agent reads it inside a container: words as a shell has them, and no shell.
    let words = shlex::split(&command).ok_or_else(|| {
        let text = format!(
            "command is '{command}'; a quote in it is not closed, or what a backslash quotes is missing."
        );
        ApiError::parameter(text)
    })?;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let given = task.unwrap_or_default();
    let id = names::task(api.here(), &cluster.name, &given)?;
    let task = api.view().tasks.get(&id).filter(|task| task.cluster == cluster.name);
    let task = task.ok_or_else(|| ApiError::from(ControlError::TaskNotFound(id)))?;
    if !task.enable_execute_command {
        return Err(ApiError::parameter(NOT_ENABLED));
    }
    let container = container.filter(|name| !name.is_empty());
    let target = Target::of(&task, container.as_deref()).map_err(|unfit| {
        ApiError::parameter(match unfit {
            Unfit::NotRunning { .. } => format!("{NOT_ENABLED} ({unfit}.)"),
            other => format!("The execute command failed because {other}."),
        })
    })?;
    let new = NewExec {
        command: words,
        user: Some(USER.to_owned()),
        environment: vec![("TERM".to_owned(), "xterm-256color".to_owned())],
        environment_defaults: vec![("LANG".to_owned(), "C.UTF-8".to_owned())],
        terminal: true,
        input: true,
    };
    let name = target.container.clone();
    let ticket = api.execs.promise(target, new).map_err(|error| match error {
        NoSession::NoEngine => {
            ApiError::ecs(Exception::TargetNotConnectedException, format!("{NOT_CONNECTED} ({error}.)"))
        }
        NoSession::Busy => ApiError::throttled(),
    })?;
    let here = api.here();
    let scheme = if api.secure { "wss" } else { "ws" };
    let session = &ticket.session;
    let stream_url = format!("{scheme}://{address}/v1/data-channel/{session}?role=publish_subscribe");
    Ok(ExecuteCommandResponse {
        cluster_arn: Some(here.cluster(&cluster.name)),
        container_arn: Some(here.container(&cluster.name, &task.id, &name)),
        container_name: Some(name),
        interactive: Some(true),
        session: Some(Session {
            session_id: Some(ticket.session),
            stream_url: Some(stream_url),
            token_value: Some(ticket.token),
        }),
        task_arn: Some(here.task(&cluster.name, &task.id)),
    })
}

/// Where the client reached us, and so will again.
fn address(headers: &HeaderMap) -> Answer<&str> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.filter(|host| host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@')));
    host.ok_or_else(|| {
        ApiError::parameter(
            "The header Host must be this daemon's address as you reach it, such as 127.0.0.1:7077.",
        )
    })
}
