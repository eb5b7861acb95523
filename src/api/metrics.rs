//! What the API measures.

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

use super::wire::operations::Operation;

pub(crate) const REQUESTS: &str = "mainstay_api_requests_total";
pub(crate) const REQUEST_SECONDS: &str = "mainstay_api_request_seconds";

/// Says once, at start, what each series means.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Requests to the ECS API, by operation and error code (OK if none)"
    );
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "From a request's last byte to its answer, by operation"
    );
}

/// Both labels come from closed lists: what a client sends as a name is never one.
pub(super) fn requests(operation: &'static str, code: &'static str) -> Counter {
    counter!(REQUESTS, "operation" => operation, "code" => code)
}

/// How long answers take.
pub(super) fn request_seconds(operation: &'static str) -> Histogram {
    histogram!(REQUEST_SECONDS, "operation" => operation)
}

/// Starts at zero what goes well; which errors there will be nobody knows beforehand.
pub fn begin() {
    for operation in Operation::ALL {
        requests(operation.as_str(), "OK").increment(0);
    }
}
