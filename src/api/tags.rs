//! Tags: what requests give, what tasks inherit, what answers show.

use std::collections::BTreeSet;

use mainstay_core::model::{self, OnUnhealthy};

use super::error::{Answer, ApiError};
use super::wire::structures::Tag;

/// The tags of a request; bounds were checked.
///
/// # Errors
/// Where a key comes twice or is one of AWS's own.
pub(super) fn read(given: Option<Vec<Tag>>) -> Answer<Vec<model::Tag>> {
    let mut keys = BTreeSet::new();
    given
        .unwrap_or_default()
        .into_iter()
        .map(|Tag { key, value }| {
            let key = key.filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| ApiError::parameter("Tag key can not be null or empty."))?;
            if key.to_ascii_lowercase().starts_with("aws:") {
                return Err(ApiError::parameter(format!(
                    "Tag key '{key}' begins with 'aws:', which is reserved for AWS use."
                )));
            }
            if !keys.insert(key.clone()) {
                return Err(ApiError::parameter(format!("Duplicate tag key '{key}'.")));
            }
            Ok(model::Tag { key, value })
        })
        .collect()
}

/// The tags that a request puts on a service.
///
/// # Errors
/// As [`read`], and where one that says how a service is kept does not say it right.
pub(super) fn read_of_service(given: Option<Vec<Tag>>) -> Answer<Vec<model::Tag>> {
    let tags = read(given)?;
    for tag in tags.iter().filter(|tag| tag.key == OnUnhealthy::TAG) {
        let value = tag.value.as_deref().unwrap_or_default();
        if OnUnhealthy::parse(value).is_none() {
            let known = OnUnhealthy::ALL.map(OnUnhealthy::as_str).join(" or ");
            let text = format!("The value of tag '{}' is '{value}'; it must be {known}.", tag.key);
            return Err(ApiError::parameter(text));
        }
    }
    Ok(tags)
}

/// The tags of an answer.
pub(super) fn show(tags: &[model::Tag]) -> Vec<Tag> {
    tags.iter().map(|tag| Tag { key: Some(tag.key.clone()), value: tag.value.clone() }).collect()
}

/// Adds those whose key is not there yet.
pub(super) fn inherit(own: &mut Vec<model::Tag>, others: impl IntoIterator<Item = model::Tag>) {
    for tag in others {
        if own.iter().all(|known| known.key != tag.key) {
            own.push(tag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(keys: &[&str], expected: &str) {
        let tags = keys.iter().map(|key| Tag { key: Some((*key).to_owned()), value: None }).collect();
        let said = match read(Some(tags)) {
            Ok(tags) => tags.into_iter().map(|tag| tag.key).collect::<Vec<_>>().join(" "),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn what_a_services_tag_says_of_its_unhealthy_tasks_has_to_mean_something() {
        let read = |value: Option<&str>| {
            let tag = Tag { key: Some("mainstay:on-unhealthy".to_owned()), value: value.map(str::to_owned) };
            read_of_service(Some(vec![tag])).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!((read(Some("report")), read(Some("replace"))), (Ok(()), Ok(())));
        for (value, shown) in [(Some("Report"), "Report"), (Some(""), ""), (None, "")] {
            let expected = format!(
                "InvalidParameterException: The value of tag 'mainstay:on-unhealthy' is '{shown}'; it must be \
                 replace or report."
            );
            assert_eq!(read(value), Err(expected));
        }
    }

    #[test]
    fn keys_are_given_once_and_leave_awss_own_alone() {
        check(&["team", "stage"], "team stage");
        check(&["team", "team"], "Duplicate tag key 'team'.");
        check(&["AWS:x"], "Tag key 'AWS:x' begins with 'aws:', which is reserved for AWS use.");
        check(&[""], "Tag key can not be null or empty.");
    }
}
