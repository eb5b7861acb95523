//! What bollard's errors mean to the tree.

use std::error::Error as _;
use std::time::Duration;

use bollard::errors::Error;
use mainstay_actors::ports::EngineError;

/// The status with which the engine answered, where it did.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// A 404 that is about the container, not about something it needs.
pub(super) fn is_missing_container(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, message } if message.contains("No such container"))
}

/// A 404 that is about the image.
pub(super) fn is_missing_image(error: &Error) -> bool {
    let about = |message: &str| {
        let message = message.to_lowercase();
        message.contains("image") && !message.contains("no such container") && !message.contains("plugin")
    };
    matches!(error, Error::DockerResponseServerError { status_code: 404, message } if about(message))
}

/// What went wrong when `act` was asked of the engine at `endpoint`.
pub(super) fn when(endpoint: &str, act: &'static str, error: &Error) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            let leaving = *status_code == 503 || message.contains("shutting down");
            if leaving {
                EngineError::Unreachable { endpoint: endpoint.to_owned(), detail: message.clone() }
            } else {
                EngineError::Refused { message: message.trim().to_owned() }
            }
        }
        Error::DockerStreamError { error } => EngineError::Refused { message: error.trim().to_owned() },
        Error::RequestTimeoutError => EngineError::Timeout { act, waited: Duration::from_secs(120) },
        Error::IOError { .. }
        | Error::HyperResponseError { .. }
        | Error::HyperLegacyError { .. }
        | Error::SocketNotFoundError(_) => {
            EngineError::Unreachable { endpoint: endpoint.to_owned(), detail: chain(error) }
        }
        other => EngineError::Refused { message: format!("{act}: {}", chain(other)) },
    }
}

/// Whether a start was refused because somebody has a host port already.
pub(super) fn is_taken_port(message: &str) -> bool {
    ["port is already allocated", "address already in use"].iter().any(|sign| message.contains(sign))
}

/// Whether a registry's refusal will be the same next time.
pub(super) fn is_final_refusal(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not found", "denied", "unauthorized", "does not exist", "unknown", "invalid", "no matching manifest"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// An error and its sources, each said once.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
