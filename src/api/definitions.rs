//! RegisterTaskDefinition, DescribeTaskDefinition, DeregisterTaskDefinition and the lists of them.

mod container;
pub(super) mod environment;
pub(super) mod fargate;
mod firelens;
mod links;
mod linux;
mod logs;
mod network;
pub(super) mod options;
mod order;
#[cfg(test)]
mod parameters;
mod ports;
mod read;
pub(super) mod show;
pub(super) mod sizes;
#[cfg(test)]
mod tests;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_actors::view::View;
use mainstay_core::model::{self, DefinitionStatus};
use mainstay_core::{Family, Partition, RevisionKey};

use super::error::{Answer, ApiError};
use super::names::{self, DefinitionName};
use super::paging::{Paging, page};
use super::wire::enums::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionStatus};
use super::wire::structures as wire;
use super::wire::structures::{
    DeregisterTaskDefinitionRequest, DeregisterTaskDefinitionResponse, DescribeTaskDefinitionRequest,
    DescribeTaskDefinitionResponse, ListTaskDefinitionFamiliesRequest, ListTaskDefinitionFamiliesResponse,
    ListTaskDefinitionsRequest, ListTaskDefinitionsResponse, RegisterTaskDefinitionRequest,
    RegisterTaskDefinitionResponse,
};
use super::{Api, tags};

pub(super) use read::check_sizes;

/// ECS's limit of a task definition's JSON, in bytes.
const SIZE_LIMIT: usize = 64 * 1024;

/// RegisterTaskDefinition.
pub(super) async fn register(
    api: &Api,
    request: RegisterTaskDefinitionRequest,
) -> Answer<RegisterTaskDefinitionResponse> {
    let definition = read::definition(request)?;
    let size = serde_json::to_string(&show::definition(api.here(), &definition)).map_or(0, |text| text.len());
    if size > SIZE_LIMIT {
        let text = format!("Actual length: '{size}'. Max allowed length is '{SIZE_LIMIT}' bytes (64 KiB).");
        return Err(ApiError::client(text));
    }
    let made = api.control.register_task_definition(definition).await?;
    Ok(RegisterTaskDefinitionResponse {
        task_definition: Some(show::definition(api.here(), &made)),
        tags: Some(tags::show(&made.tags)),
    })
}

/// What a RegisterTaskDefinition would make, as it would be shown.
///
/// # Errors
/// What it would answer.
pub(super) fn foresee(
    here: &Partition,
    request: RegisterTaskDefinitionRequest,
) -> Answer<wire::TaskDefinition> {
    Ok(show::definition(here, &read::definition(request)?))
}

/// DescribeTaskDefinition.
pub(super) fn describe(
    api: &Api,
    request: DescribeTaskDefinitionRequest,
) -> Answer<DescribeTaskDefinitionResponse> {
    let DescribeTaskDefinitionRequest { include, task_definition } = request;
    let name = named(api, &task_definition.unwrap_or_default())?;
    let found = find(api, name).ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
    let with_tags = include.is_some_and(|include| include.contains(&TaskDefinitionField::Tags));
    Ok(DescribeTaskDefinitionResponse {
        task_definition: Some(show::definition(api.here(), &found)),
        tags: Some(if with_tags { tags::show(&found.tags) } else { Vec::new() }),
    })
}

/// DeregisterTaskDefinition.
pub(super) async fn deregister(
    api: &Api,
    request: DeregisterTaskDefinitionRequest,
) -> Answer<DeregisterTaskDefinitionResponse> {
    let given = request.task_definition.unwrap_or_default();
    let key = named(api, &given)?.key().ok_or_else(|| {
        ApiError::client(format!(
            "taskDefinition is '{given}'; it must name a revision, such as '{given}:1'."
        ))
    })?;
    if api.view().definitions.get(&key).is_none() {
        return Err(ApiError::client("The specified task definition does not exist."));
    }
    let gone = api.control.deregister_task_definition(key).await?;
    Ok(DeregisterTaskDefinitionResponse { task_definition: Some(show::definition(api.here(), &gone)) })
}

/// ListTaskDefinitions.
pub(super) fn list(api: &Api, request: ListTaskDefinitionsRequest) -> Answer<ListTaskDefinitionsResponse> {
    let ListTaskDefinitionsRequest { family_prefix, max_results, next_token, sort, status } = request;
    let status = status.unwrap_or(TaskDefinitionStatus::Active);
    // In this list the "prefix" is the whole family, as in ECS.
    let wanted = |definition: &model::TaskDefinition| {
        definition.status.as_str() == status.as_str()
            && family_prefix.as_ref().is_none_or(|family| definition.key.family.as_str() == family)
    };
    let paging = Paging {
        operation: "ListTaskDefinitions",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: sort == Some(SortOrder::Desc),
    };
    // Numbers of one width compare as texts do, and no family has a colon.
    let key = |definition: &Arc<model::TaskDefinition>| {
        format!("{}:{:010}", definition.key.family, definition.key.revision)
    };
    let (found, next_token) = page(api.view().definitions.filter(wanted), key, &paging)?;
    let arns = found.iter().map(|definition| api.here().task_definition(&definition.key)).collect();
    Ok(ListTaskDefinitionsResponse { task_definition_arns: Some(arns), next_token })
}

/// ListTaskDefinitionFamilies.
pub(super) fn families(
    api: &Api,
    request: ListTaskDefinitionFamiliesRequest,
) -> Answer<ListTaskDefinitionFamiliesResponse> {
    let ListTaskDefinitionFamiliesRequest { family_prefix, max_results, next_token, status } = request;
    let mut active: BTreeMap<Family, bool> = BTreeMap::new();
    for definition in api.view().definitions.all() {
        let any = active.entry(definition.key.family.clone()).or_default();
        *any |= definition.status == DefinitionStatus::Active;
    }
    let prefix = family_prefix.unwrap_or_default();
    let wanted = |(family, active): &(Family, bool)| {
        let of_status = match status {
            Some(TaskDefinitionFamilyStatus::Active) => *active,
            Some(TaskDefinitionFamilyStatus::Inactive) => !*active,
            _ => true,
        };
        of_status && family.as_str().starts_with(&prefix)
    };
    let names = active.into_iter().filter(wanted).map(|(family, _)| family.to_string()).collect();
    let paging = Paging {
        operation: "ListTaskDefinitionFamilies",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (families, next_token) = page(names, String::clone, &paging)?;
    Ok(ListTaskDefinitionFamiliesResponse { families: Some(families), next_token })
}

/// The ACTIVE revision that a RunTask or a service names; the latest where only the family is named.
pub(super) fn runnable(api: &Api, given: &str) -> Answer<Arc<model::TaskDefinition>> {
    runnable_in(api.view(), api.here(), given)
}

/// As [`runnable`], for who has no request of its own.
pub(super) fn runnable_in(view: &View, here: &Partition, given: &str) -> Answer<Arc<model::TaskDefinition>> {
    let name = names::definition(here, given)?;
    let found = find_in(view, name).ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    match found.status {
        DefinitionStatus::Active => Ok(found),
        DefinitionStatus::Inactive => Err(ApiError::client("TaskDefinition is inactive")),
    }
}

fn find(api: &Api, name: DefinitionName) -> Option<Arc<model::TaskDefinition>> {
    find_in(api.view(), name)
}

fn find_in(view: &View, name: DefinitionName) -> Option<Arc<model::TaskDefinition>> {
    let DefinitionName { family, revision } = name;
    match revision {
        Some(revision) => view.definitions.get(&RevisionKey { family, revision }),
        None => view.latest_active(&family),
    }
}

/// A task definition's name, whose faults are the client's here, not the parameter's.
fn named(api: &Api, given: &str) -> Answer<DefinitionName> {
    names::definition(api.here(), given).map_err(|error| ApiError::client(error.message()))
}
