//! Fargate's `platformVersion` and what is shown beside it.

use mainstay_core::model::LaunchType;

use super::error::{Answer, ApiError};

/// What LATEST is on Linux.
pub(super) const LATEST: &str = "1.4.0";
/// The family of all tasks here, as Fargate shows it.
pub(super) const FAMILY: &str = "Linux";

/// The version that a request asks for, where it asks for one.
///
/// # Errors
/// Where the launch type has none, or Fargate has not this one.
pub(super) fn read(given: Option<String>, launch_type: LaunchType) -> Answer<Option<String>> {
    let Some(version) = given.filter(|version| !version.is_empty()) else { return Ok(None) };
    if launch_type != LaunchType::Fargate {
        return Err(ApiError::parameter(format!(
            "The platform version must be null when specifying an {} launch type.",
            launch_type.as_str()
        )));
    }
    if !["LATEST", LATEST].contains(&version.as_str()) {
        return Err(ApiError::parameter(format!(
            "platformVersion is '{version}'; it must be LATEST or {LATEST}."
        )));
    }
    Ok(Some(version))
}
