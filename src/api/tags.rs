//! Tags: what requests give, what tasks inherit, what answers show.

use std::collections::BTreeSet;

use mainstay_core::model;

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
    fn keys_are_given_once_and_leave_awss_own_alone() {
        check(&["team", "stage"], "team stage");
        check(&["team", "team"], "Duplicate tag key 'team'.");
        check(&["AWS:x"], "Tag key 'AWS:x' begins with 'aws:', which is reserved for AWS use.");
        check(&[""], "Tag key can not be null or empty.");
    }
}
