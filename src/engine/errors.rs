//! What bollard's errors mean to the tree.

use std::time::Duration;

use bollard::errors::Error;
use mainstay_actors::ports::{EngineError, PullProblem};

use crate::log::chain;

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

/// Why a pull failed, by the engine's words: it has no codes for that.
pub(super) fn pull_problem(message: &str) -> PullProblem {
    let message = message.to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    if says(&["no basic auth", "unauthorized", "denied", "authentication required", "forbidden"]) {
        PullProblem::Denied
    } else if says(&["connection refused", "no such host", "dial tcp", "i/o timeout", "timeout exceeded"])
        || says(&["connection reset", "unreachable", "unexpected eof", "server misbehaving", "tls:", "x509:"])
        || message.ends_with("eof")
    {
        PullProblem::Unreachable
    } else if says(&["not found", "does not exist", "unknown", "invalid", "no matching manifest"]) {
        PullProblem::NotFound
    } else {
        PullProblem::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_pull_is_told_by_the_engines_words() {
        use PullProblem::{Denied, Failed, NotFound, Unreachable};
        for (message, problem) in [
            ("manifest for h:1/web:1 not found: manifest unknown: manifest unknown", NotFound),
            ("no matching manifest for linux/arm64/v8 in the manifest list entries", NotFound),
            ("Head \"http://h:1/v2/web/manifests/1\": no basic auth credentials", Denied),
            ("pull access denied for web, repository does not exist or may require 'docker login'", Denied),
            ("Get \"http://h:1/v2/\": dial tcp h:1: connect: connection refused", Unreachable),
            ("Get \"https://h/v2/\": dial tcp: lookup h on 10.0.0.1:53: no such host", Unreachable),
            ("Get \"http://h:1/v2/\": EOF", Unreachable),
            ("failed to register layer: no space left on device", Failed),
        ] {
            assert_eq!(pull_problem(message), problem, "{message}");
        }
    }
}
