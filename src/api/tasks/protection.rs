//! UpdateTaskProtection, GetTaskProtection.

use std::time::Duration;

use mainstay_actors::control::ControlError;
use mainstay_core::model::{Cluster, Task};
use mainstay_core::protection::{self, DEFAULT_MINUTES, MINUTES, Refusal, Wish};
use mainstay_core::{ClusterName, TaskId};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::At;
use crate::api::wire::structures::{
    Failure, GetTaskProtectionRequest, GetTaskProtectionResponse, ProtectedTask, UpdateTaskProtectionRequest,
    UpdateTaskProtectionResponse,
};
use crate::api::{Api, at_most, clusters, missing, names, unsigned};

/// UpdateTaskProtection. A task that cannot be protected is a failure, beside those that can.
pub(in crate::api) async fn update_protection(
    api: &Api,
    request: UpdateTaskProtectionRequest,
) -> Answer<UpdateTaskProtectionResponse> {
    let UpdateTaskProtectionRequest { cluster, expires_in_minutes, protection_enabled, tasks } = request;
    let (least, most) = (i64::from(*MINUTES.start()), i64::from(*MINUTES.end()));
    At::ROOT.range("expiresInMinutes", expires_in_minutes.map(i64::from), least..=most)?;
    let minutes = expires_in_minutes.map_or(DEFAULT_MINUTES, unsigned);
    let wish = match protection_enabled.unwrap_or(false) {
        true => Wish::Protect(Duration::from_secs(60) * minutes),
        false => Wish::Release,
    };
    let cluster = clusters::active(api, cluster.as_deref())?;
    let ids = asked(api, &cluster, tasks, 10)?;
    let (mut protected, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        if known(api, &cluster.name, &id).is_none() {
            failures.push(missing(api.here().task(&cluster.name, &id)));
            continue;
        }
        match api.control.protect_task(id.clone(), wish).await {
            Ok(Ok(task)) => protected.push(shown(api, &task)),
            Ok(Err(refusal)) => failures.push(failure(api, &cluster.name, &id, &refusal)),
            // It was forgotten just now.
            Err(ControlError::TaskNotFound(id)) => {
                failures.push(missing(api.here().task(&cluster.name, &id)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(UpdateTaskProtectionResponse { protected_tasks: Some(protected), failures: Some(failures) })
}

/// GetTaskProtection.
pub(in crate::api) fn protection(
    api: &Api,
    request: GetTaskProtectionRequest,
) -> Answer<GetTaskProtectionResponse> {
    let GetTaskProtectionRequest { cluster, tasks } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let (mut protected, mut failures) = (Vec::new(), Vec::new());
    for id in asked(api, &cluster, tasks, 100)? {
        match known(api, &cluster.name, &id) {
            None => failures.push(missing(api.here().task(&cluster.name, &id))),
            Some(task) => match protection::check(&task) {
                Ok(()) => protected.push(shown(api, &task)),
                Err(refusal) => failures.push(failure(api, &cluster.name, &id, &refusal)),
            },
        }
    }
    Ok(GetTaskProtectionResponse { protected_tasks: Some(protected), failures: Some(failures) })
}

fn asked(api: &Api, cluster: &Cluster, given: Option<Vec<String>>, most: usize) -> Answer<Vec<TaskId>> {
    let given = given.unwrap_or_default();
    if given.is_empty() {
        return Err(ApiError::parameter("Tasks cannot be empty."));
    }
    at_most("taskIds", &given, most)?;
    given.iter().map(|given| names::task(api.here(), &cluster.name, given)).collect()
}

fn known(api: &Api, cluster: &ClusterName, id: &TaskId) -> Option<std::sync::Arc<Task>> {
    api.view().tasks.get(id).filter(|task| task.cluster == *cluster)
}

fn shown(api: &Api, task: &Task) -> ProtectedTask {
    let now = api.control.context().nature.wall();
    let until = task.protected_until.filter(|_| task.is_protected(now));
    ProtectedTask {
        expiration_date: until.map(Into::into),
        protection_enabled: Some(until.is_some()),
        task_arn: Some(api.here().task(&task.cluster, &task.id)),
    }
}

fn failure(api: &Api, cluster: &ClusterName, id: &TaskId, refusal: &Refusal) -> Failure {
    Failure {
        arn: Some(api.here().task(cluster, id)),
        reason: Some(refusal.reason().to_owned()),
        detail: Some(refusal.to_string()),
    }
}
