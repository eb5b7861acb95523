//! Tags: what requests give, what tasks inherit, what answers show; TagResource, UntagResource, ListTagsForResource.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_core::ServiceKey;
use mainstay_core::model::{
    self, CapacityProviderStatus, ClusterStatus, OnUnhealthy, ServiceStatus, TaskStatus,
};
use mainstay_core::tagging::TagChange;

use super::Api;
use super::error::{Answer, ApiError};
use super::names::{self, Resource};
use super::wire::At;
use super::wire::operations::Exception;
use super::wire::structures::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, Tag, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};

/// TagResource.
pub(super) async fn tag(api: &Api, request: TagResourceRequest) -> Answer<TagResourceResponse> {
    let TagResourceRequest { resource_arn, tags } = request;
    let resource = names::resource(api.here(), &resource_arn.unwrap_or_default())?;
    let tags = match resource {
        Resource::Service(_) => read_of_service(tags)?,
        _ => read(tags)?,
    };
    change(api, resource, TagChange::Put(tags)).await?;
    Ok(TagResourceResponse {})
}

/// UntagResource. A key that is not there is no error.
pub(super) async fn untag(api: &Api, request: UntagResourceRequest) -> Answer<UntagResourceResponse> {
    let UntagResourceRequest { resource_arn, tag_keys } = request;
    let resource = names::resource(api.here(), &resource_arn.unwrap_or_default())?;
    let keys = tag_keys.unwrap_or_default();
    keys.iter().try_for_each(|key| check_key(key))?;
    change(api, resource, TagChange::Remove(keys)).await?;
    Ok(UntagResourceResponse {})
}

/// ListTagsForResource.
pub(super) fn list(api: &Api, request: ListTagsForResourceRequest) -> Answer<ListTagsForResourceResponse> {
    let given = request.resource_arn.unwrap_or_default();
    // ECS has no exception of its own for this operation's resources that are not there.
    let tags = tags_of(api, &names::resource(api.here(), &given)?, Exception::InvalidParameterException)?;
    Ok(ListTagsForResourceResponse { tags: Some(show(&tags)) })
}

async fn change(api: &Api, resource: Resource, change: TagChange) -> Answer<()> {
    tags_of(api, &resource, Exception::ResourceNotFoundException)?;
    let control = &api.control;
    match resource {
        Resource::Cluster(name) => control.tag_cluster(name, change).await.map(drop),
        Resource::Service(key) => control.tag_service(key, change).await.map(drop),
        Resource::Task(_, id) => control.tag_task(id, change).await.map(drop),
        Resource::Instance(_, id) => control.tag_instance(id, change).await.map(drop),
        Resource::CapacityProvider(name) => control.tag_capacity_provider(name, change).await.map(drop),
        Resource::Definition(key) => control.tag_task_definition(key, change).await.map(drop),
    }?;
    Ok(())
}

/// The tags of a resource that is not over.
///
/// # Errors
/// Where it is unknown or over, in ECS's words.
fn tags_of(api: &Api, resource: &Resource, missing: Exception) -> Answer<Vec<model::Tag>> {
    let view = api.view();
    let unknown = |what: &str| {
        let text = format!("The specified {what} does not exist. Specify a valid {what} and try again.");
        ApiError::ecs(missing, text)
    };
    let over = |what: &str, word: &str, right: &str| {
        let text = format!("The specified {what} is {word}. Specify {right} {what} and try again.");
        ApiError::parameter(text)
    };
    let cluster = |name| match view.clusters.get(name) {
        None => Err(ApiError::cluster_not_found()),
        Some(found) if found.status != ClusterStatus::Active => Err(over("cluster", "inactive", "an active")),
        Some(found) => Ok(found),
    };
    match resource {
        Resource::Cluster(name) => cluster(name).map(|found| found.tags.clone()),
        Resource::Service(key @ ServiceKey { cluster: of, .. }) => {
            cluster(of)?;
            match view.services.get(key) {
                None => Err(unknown("service")),
                Some(found) if found.status != ServiceStatus::Active => {
                    Err(over("service", "inactive", "an active"))
                }
                Some(found) => Ok(found.tags.clone()),
            }
        }
        Resource::Task(of, id) => {
            cluster(of)?;
            match view.tasks.get(id).filter(|task| task.cluster == *of) {
                None => Err(unknown("task")),
                Some(found) if found.last_status == TaskStatus::Stopped => {
                    Err(over("task", "stopped", "a running"))
                }
                Some(found) => Ok(found.tags.clone()),
            }
        }
        Resource::Instance(of, id) => {
            cluster(of)?;
            let found = view.instances.get(id).filter(|instance| instance.cluster == *of);
            found.map(|found| found.tags.clone()).ok_or_else(|| unknown("container instance"))
        }
        Resource::CapacityProvider(name) => {
            let active =
                |found: &Arc<model::CapacityProvider>| found.status == CapacityProviderStatus::Active;
            let found = view.capacity_providers.get(name).filter(active);
            found.map(|found| found.tags.clone()).ok_or_else(|| unknown("capacity provider"))
        }
        Resource::Definition(key) => {
            let text = "The specified task definition does not exist. Specify a valid account, family, revision \
                        and try again.";
            let found = view.definitions.get(key);
            found.map(|found| found.tags.clone()).ok_or_else(|| ApiError::client(text))
        }
    }
}

/// The tags of a request; bounds were checked.
///
/// # Errors
/// Where a key comes twice or is one of AWS's own, or a letter is in one that tags do not have.
pub(super) fn read(given: Option<Vec<Tag>>) -> Answer<Vec<model::Tag>> {
    let (mut keys, list) = (BTreeSet::new(), At::ROOT.field("tags"));
    let given = given.unwrap_or_default().into_iter().enumerate();
    given
        .map(|(index, Tag { key, value })| {
            let key = key.filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| ApiError::parameter("Tag key can not be null or empty."))?;
            check_key(&key)?;
            let at = list.index(index);
            for (member, text) in [("key", Some(&key)), ("value", value.as_ref())] {
                if let Some(text) = text.filter(|text| !text.chars().all(is_letter)) {
                    let at = at.field(member);
                    let text = format!(
                        "{at} is '{text}'; it must have letters, digits, spaces and _ . : / = + - @."
                    );
                    return Err(ApiError::parameter(text));
                }
            }
            if !keys.insert(key.clone()) {
                return Err(ApiError::parameter(format!("Duplicate tag key '{key}'.")));
            }
            Ok(model::Tag { key, value })
        })
        .collect()
}

/// # Errors
/// Where it is one of AWS's own.
fn check_key(key: &str) -> Answer<()> {
    if TagChange::is_of_aws(key) {
        let text = format!("Tag key '{key}' begins with 'aws:', which is reserved for AWS use.");
        return Err(ApiError::parameter(text));
    }
    Ok(())
}

/// Of whatever script.
fn is_letter(letter: char) -> bool {
    let space = letter.is_whitespace() && !letter.is_control();
    letter.is_alphanumeric() || space || "_.:/=+-@".contains(letter)
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
        check(&["größe/1:a=b+c-d @x_y.z"], "größe/1:a=b+c-d @x_y.z");
        let wrong = "tags[1].key is 'a,b'; it must have letters, digits, spaces and _ . : / = + - @.";
        check(&["ok", "a,b"], wrong);
    }
}
