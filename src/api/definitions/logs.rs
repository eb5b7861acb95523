//! `logConfiguration` of a container definition, both ways.

use mainstay_core::model::LogConfiguration;

use super::{environment, options, show};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums::LogDriver;
use crate::api::wire::{At, structures as wire};

/// What CloudWatch's driver cannot do without, in the order in which ECS names them.
const NEEDED: [&str; 2] = ["awslogs-region", "awslogs-group"];

pub(super) fn read(at: &At<'_>, given: wire::LogConfiguration) -> Answer<LogConfiguration> {
    let wire::LogConfiguration { log_driver, options, secret_options } = given;
    let driver = log_driver.as_ref().map(LogDriver::as_str).unwrap_or_default().to_owned();
    let options: Vec<(String, String)> = options.unwrap_or_default().into_iter().collect();
    let secret_options = environment::log_secrets(at, secret_options.unwrap_or_default(), &options)?;
    let configuration = LogConfiguration { driver, options, secret_options };
    if configuration.driver == LogConfiguration::AWSLOGS {
        check_awslogs(&configuration)?;
    }
    Ok(configuration)
}

/// In ECS's words.
fn check_awslogs(configuration: &LogConfiguration) -> Answer<()> {
    let lacking: Vec<&str> =
        NEEDED.into_iter().filter(|option| configuration.option(option).is_none()).collect();
    if !lacking.is_empty() {
        let text = format!("Log driver awslogs requires options: {}", lacking.join(", "));
        return Err(ApiError::client(text));
    }
    if configuration.option("awslogs-create-group").is_some_and(|create| create != "true") {
        return Err(ApiError::client(
            "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.",
        ));
    }
    Ok(())
}

/// As it was given.
pub(super) fn show(configuration: &LogConfiguration) -> wire::LogConfiguration {
    wire::LogConfiguration {
        log_driver: Some(configuration.driver.as_str().into()),
        options: (!configuration.options.is_empty()).then(|| configuration.options.iter().cloned().collect()),
        secret_options: options::list(&configuration.secret_options, show::secret),
    }
}
