//! A container's environment: variables, files of them, and secrets.

use std::collections::BTreeSet;

use mainstay_core::model::Secret;
use mainstay_core::secrets::{S3Object, SecretSource};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::{At, structures as wire};

/// ECS's limit of a container.
const MOST_FILES: usize = 10;

/// Names and values, as containers and overrides give them.
pub(in crate::api) fn variables(
    at: &At<'_>,
    given: Vec<wire::KeyValuePair>,
) -> Answer<Vec<(String, String)>> {
    let list = at.field("environment");
    let variable = |(index, wire::KeyValuePair { name, value })| {
        let name = name.filter(|name: &String| !name.is_empty() && !name.contains('='));
        let name = name.ok_or_else(|| {
            let at = list.index(index);
            ApiError::client(format!("{at}.name must be given, and have no '=' in it."))
        })?;
        Ok((name, value.unwrap_or_default()))
    };
    given.into_iter().enumerate().map(variable).collect()
}

/// Files of variables, as ARNs; of the one type that there is.
pub(in crate::api) fn files(at: &At<'_>, given: Vec<wire::EnvironmentFile>) -> Answer<Vec<String>> {
    let list = at.field("environmentFiles");
    if given.len() > MOST_FILES {
        let text = format!("{list} has {} items; it must have at most {MOST_FILES}.", given.len());
        return Err(ApiError::client(text));
    }
    let file = |(index, wire::EnvironmentFile { r#type: _, value })| {
        let value: String = value.unwrap_or_default();
        let wrong = |why| ApiError::client(format!("{}.value is '{value}'; {why}.", list.index(index)));
        S3Object::parse(&value).map_err(wrong)?;
        Ok(value)
    };
    given.into_iter().enumerate().map(file).collect()
}

/// Secrets, of which none has the name of another or of a variable.
pub(super) fn secrets(
    at: &At<'_>,
    given: Vec<wire::Secret>,
    variables: &[(String, String)],
) -> Answer<Vec<Secret>> {
    let list = at.field("secrets");
    let mut taken: BTreeSet<String> = variables.iter().map(|(name, _)| name.clone()).collect();
    let mut secret = |(index, wire::Secret { name, value_from })| {
        let at = list.index(index);
        let name: String = name.unwrap_or_default();
        if name.is_empty() || name.contains('=') {
            return Err(ApiError::client(format!("{at}.name must be given, and have no '=' in it.")));
        }
        if !taken.insert(name.clone()) {
            return Err(not_unique(&name));
        }
        let value_from: String = value_from.unwrap_or_default();
        let wrong = |why| ApiError::client(format!("{at}.valueFrom is '{value_from}'; {why}."));
        SecretSource::parse(&value_from).map_err(wrong)?;
        Ok(Secret { name, value_from })
    };
    given.into_iter().enumerate().map(&mut secret).collect()
}

/// The secret with the name and the password for a registry.
pub(super) fn registry(at: &At<'_>, given: wire::RepositoryCredentials) -> Answer<String> {
    let wire::RepositoryCredentials { credentials_parameter } = given;
    let named = credentials_parameter.unwrap_or_default();
    let wrong = |why| ApiError::client(format!("{at}.credentialsParameter is '{named}'; {why}."));
    SecretSource::of_registry(&named).map_err(wrong)?;
    Ok(named)
}

/// Options of a log driver whose values are secrets; none has the name of another or of an option.
pub(super) fn log_secrets(
    at: &At<'_>,
    given: Vec<wire::Secret>,
    options: &[(String, String)],
) -> Answer<Vec<Secret>> {
    let list = at.field("secretOptions");
    let mut taken: BTreeSet<String> = options.iter().map(|(name, _)| name.clone()).collect();
    let mut option = |(index, wire::Secret { name, value_from })| {
        let at = list.index(index);
        let name: String = name.unwrap_or_default();
        if name.is_empty() {
            return Err(ApiError::client(format!("{at}.name must be given.")));
        }
        if !taken.insert(name.clone()) {
            return Err(ApiError::client(format!(
                "{at}.name is '{name}'; it must be the name of no other option of the log driver."
            )));
        }
        let value_from: String = value_from.unwrap_or_default();
        let wrong = |why| ApiError::client(format!("{at}.valueFrom is '{value_from}'; {why}."));
        SecretSource::parse(&value_from).map_err(wrong)?;
        Ok(Secret { name, value_from })
    };
    given.into_iter().enumerate().map(&mut option).collect()
}

/// A name stands for a secret and for something else.
pub(in crate::api) fn not_unique(name: &str) -> ApiError {
    ApiError::client(format!(
        "The secret name must be unique and not shared with any new or existing environment variables set on the \
         container, such as '{name}'."
    ))
}
