//! Groups of schedules and their tags.

use std::sync::Arc;

use mainstay_actors::control::{ControlError, NewScheduleGroup};
use mainstay_core::ScheduleGroupName;
use mainstay_core::model::{self, DEFAULT_GROUP, ScheduleGroup};

use super::{Api, as_validation, invalid_input, name, refused};
use crate::api::error::Answer;
use crate::api::paging::{Paging, page};
use crate::api::tags as ecs_tags;
use crate::api::wire::scheduler::enums::ScheduleGroupState;
use crate::api::wire::scheduler::structures::{
    CreateScheduleGroupInput, CreateScheduleGroupOutput, DeleteScheduleGroupInput, DeleteScheduleGroupOutput,
    GetScheduleGroupInput, GetScheduleGroupOutput, ListScheduleGroupsInput, ListScheduleGroupsOutput,
    ListTagsForResourceInput, ListTagsForResourceOutput, ScheduleGroupSummary, Tag, TagResourceInput,
    TagResourceOutput, UntagResourceInput, UntagResourceOutput,
};
use crate::api::wire::structures as ecs;

/// CreateScheduleGroup.
pub(super) async fn create(
    api: &Api,
    request: CreateScheduleGroupInput,
) -> Answer<CreateScheduleGroupOutput> {
    let CreateScheduleGroupInput { client_token, name: given, tags } = request;
    let name = ScheduleGroupName::new(name("Name", given)?);
    let new = NewScheduleGroup { name, tags: read_tags(tags)?, client_token };
    let made = api.control.create_schedule_group(new).await.map_err(|error| refused(&error))?;
    Ok(CreateScheduleGroupOutput { schedule_group_arn: Some(api.here().schedule_group(&made.name)) })
}

/// DeleteScheduleGroup: its schedules go with it.
pub(super) async fn delete(
    api: &Api,
    request: DeleteScheduleGroupInput,
) -> Answer<DeleteScheduleGroupOutput> {
    let DeleteScheduleGroupInput { client_token: _, name: given } = request;
    let name = name("Name", given)?;
    if name == DEFAULT_GROUP {
        return Err(invalid_input("The default schedule group cannot be deleted."));
    }
    let name = ScheduleGroupName::new(name);
    api.control.delete_schedule_group(name).await.map_err(|error| refused(&error))?;
    Ok(DeleteScheduleGroupOutput {})
}

/// GetScheduleGroup.
pub(super) fn get(api: &Api, request: GetScheduleGroupInput) -> Answer<GetScheduleGroupOutput> {
    let group = find(api, ScheduleGroupName::new(name("Name", request.name)?))?;
    let ScheduleGroupSummary { arn, creation_date, last_modification_date, name, state } = show(api, &group);
    Ok(GetScheduleGroupOutput { arn, creation_date, last_modification_date, name, state })
}

/// ListScheduleGroups.
pub(super) fn list(api: &Api, request: ListScheduleGroupsInput) -> Answer<ListScheduleGroupsOutput> {
    let ListScheduleGroupsInput { max_results, name_prefix, next_token } = request;
    let found = api
        .view()
        .schedule_groups
        .filter(|group| name_prefix.as_ref().is_none_or(|prefix| group.name.as_str().starts_with(prefix)));
    let paging = Paging {
        operation: "ListScheduleGroups",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (found, next_token) =
        page(found, |group| group.name.to_string(), &paging).map_err(|error| as_validation(&error))?;
    let shown = found.iter().map(|group| show(api, group)).collect();
    Ok(ListScheduleGroupsOutput { schedule_groups: Some(shown), next_token })
}

/// ListTagsForResource.
pub(super) fn tags(api: &Api, request: ListTagsForResourceInput) -> Answer<ListTagsForResourceOutput> {
    let group = find(api, named(api, request.resource_arn)?)?;
    let shown = group.tags.iter().map(|tag| Tag { key: Some(tag.key.clone()), value: tag.value.clone() });
    Ok(ListTagsForResourceOutput { tags: Some(shown.collect()) })
}

/// TagResource.
pub(super) async fn tag(api: &Api, request: TagResourceInput) -> Answer<TagResourceOutput> {
    let TagResourceInput { resource_arn, tags } = request;
    let (name, put) = (named(api, resource_arn)?, read_tags(tags)?);
    api.control.tag_schedule_group(name, put, Vec::new()).await.map_err(|error| refused(&error))?;
    Ok(TagResourceOutput {})
}

/// UntagResource.
pub(super) async fn untag(api: &Api, request: UntagResourceInput) -> Answer<UntagResourceOutput> {
    let UntagResourceInput { resource_arn, tag_keys } = request;
    let (name, keys) = (named(api, resource_arn)?, tag_keys.unwrap_or_default());
    api.control.tag_schedule_group(name, Vec::new(), keys).await.map_err(|error| refused(&error))?;
    Ok(UntagResourceOutput {})
}

fn find(api: &Api, name: ScheduleGroupName) -> Answer<Arc<ScheduleGroup>> {
    let found = api.view().schedule_groups.get(&name);
    found.ok_or_else(|| refused(&ControlError::ScheduleGroupNotFound(name)))
}

/// The group of an ARN; only groups have tags.
fn named(api: &Api, arn: Option<String>) -> Answer<ScheduleGroupName> {
    let arn = arn.unwrap_or_default();
    let head = api.here().schedule_group(&ScheduleGroupName::new(""));
    match arn.strip_prefix(&head) {
        Some(given) => Ok(ScheduleGroupName::new(name("ResourceArn", Some(given.to_owned()))?)),
        None => Err(invalid_input(format!("ResourceArn is '{arn}'; it must be {head}NAME."))),
    }
}

fn read_tags(given: Option<Vec<Tag>>) -> Answer<Vec<model::Tag>> {
    let given =
        given.map(|tags| tags.into_iter().map(|Tag { key, value }| ecs::Tag { key, value }).collect());
    ecs_tags::read(given).map_err(|error| as_validation(&error))
}

fn show(api: &Api, group: &ScheduleGroup) -> ScheduleGroupSummary {
    ScheduleGroupSummary {
        arn: Some(api.here().schedule_group(&group.name)),
        name: Some(group.name.to_string()),
        state: Some(ScheduleGroupState::Active),
        creation_date: Some(group.created_at.into()),
        last_modification_date: Some(group.modified_at.into()),
    }
}
