//! RunTask, StartTask, StopTask, ExecuteCommand, DescribeTasks, ListTasks, UpdateTaskProtection, GetTaskProtection.

mod execute;
mod protection;
mod run;
pub(super) mod show;

use std::sync::Arc;

use mainstay_actors::control::ControlError;
use mainstay_actors::view::View;
use mainstay_core::model::{LaunchType, Task, TaskDefinition, TaskOwner, TaskStatus};
use mainstay_core::{InstanceId, ServiceKey};

pub(super) use execute::execute;
pub(super) use protection::{protection, update_protection};
pub(super) use run::{run, run_request, start};

use super::error::{Answer, ApiError};
use super::given::refuse;
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::{self, TaskField};
use super::wire::structures::{
    DescribeTasksRequest, DescribeTasksResponse, ListTasksRequest, ListTasksResponse, StopTaskRequest,
    StopTaskResponse,
};
use super::{Api, at_most, clusters, definitions, missing, names};

/// Tasks by where they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// RUNNING.
    pub running: usize,
    /// On their way there.
    pub pending: usize,
}

impl Counts {
    /// Counts `tasks`; those that are ending are neither.
    pub fn of<'a>(tasks: impl IntoIterator<Item = &'a Arc<Task>>) -> Self {
        let mut counts = Self::default();
        for task in tasks {
            match task.last_status {
                TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => {
                    counts.pending += 1;
                }
                TaskStatus::Running => counts.running += 1,
                _ => {}
            }
        }
        counts
    }
}

/// DescribeTasks.
pub(super) fn describe(api: &Api, request: DescribeTasksRequest) -> Answer<DescribeTasksResponse> {
    let DescribeTasksRequest { cluster, include, tasks } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let asked = tasks.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("Tasks cannot be empty."));
    }
    at_most("taskIds", &asked, 100)?;
    let with_tags = include.is_some_and(|include| include.contains(&TaskField::Tags));
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let id = names::task(api.here(), &cluster.name, &given)?;
        match api.view().tasks.get(&id).filter(|task| task.cluster == cluster.name) {
            Some(task) => found.push(show::task(api.scene(), &task, with_tags)),
            None => failures.push(missing(api.here().task(&cluster.name, &id))),
        }
    }
    Ok(DescribeTasksResponse { tasks: Some(found), failures: Some(failures) })
}

/// ListTasks; those that are wanted RUNNING where nothing is said.
pub(super) fn list(api: &Api, request: ListTasksRequest) -> Answer<ListTasksResponse> {
    let ListTasksRequest {
        cluster,
        container_instance,
        daemon_name,
        desired_status,
        family,
        launch_type: of_launch_type,
        max_results,
        next_token,
        service_name,
        started_by,
    } = request;
    refuse(&At::ROOT, &[("daemonName", &daemon_name)])?;
    let (view, cluster) = (api.view(), clusters::active(api, cluster.as_deref())?);
    let instance = container_instance.map(|given| names::instance(api.here(), &cluster.name, &given));
    let instance = instance.transpose()?;
    let elsewhere =
        |id: &InstanceId| view.instances.get(id).is_none_or(|known| known.cluster != cluster.name);
    if instance.as_ref().is_some_and(elsewhere) {
        return Err(ApiError::parameter("The referenced container instance was not found."));
    }
    let service = service_name.map(|given| names::service(api.here(), &cluster.name, &given)).transpose()?;
    if let Some(name) = &service {
        let key = ServiceKey { cluster: cluster.name.clone(), name: name.clone() };
        view.services.get(&key).ok_or_else(ApiError::service_not_found)?;
    }
    let desired = desired_status.unwrap_or(enums::DesiredStatus::Running);
    let wanted = |task: &Task| {
        let owner = match &task.owner {
            TaskOwner::Service { service, .. } => Some(service),
            TaskOwner::Standalone => None,
        };
        task.cluster == cluster.name
            && task.desired_status.as_str() == desired.as_str()
            && instance.as_ref().is_none_or(|id| task.instance == *id)
            && family.as_ref().is_none_or(|family| task.definition.family.as_str() == family)
            && (started_by.is_none() || started_by == task.started_by)
            && service.as_ref().is_none_or(|name| owner == Some(name))
    };
    let mut found = view.tasks.filter(wanted);
    // Outside the filter, which holds the table of tasks, while this looks into others.
    found.retain(|task| {
        of_launch_type.as_ref().is_none_or(|wanted| wanted.as_str() == launch_type(view, task).as_str())
    });
    let paging = Paging {
        operation: "ListTasks",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (tasks, next_token) = page(found, |task| task.id.to_string(), &paging)?;
    let arns = tasks.iter().map(|task| api.here().task(&cluster.name, &task.id)).collect();
    Ok(ListTasksResponse { task_arns: Some(arns), next_token })
}

/// StopTask.
pub(super) async fn stop(api: &Api, request: StopTaskRequest) -> Answer<StopTaskResponse> {
    let StopTaskRequest { cluster, reason, task } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let id = names::task(api.here(), &cluster.name, task.as_deref().unwrap_or_default())?;
    if api.view().tasks.get(&id).is_none_or(|task| task.cluster != cluster.name) {
        return Err(ControlError::TaskNotFound(id).into());
    }
    let stopped = api.control.stop_task(id, reason.filter(|reason| !reason.is_empty())).await?;
    Ok(StopTaskResponse { task: Some(show::task(api.scene(), &stopped, true)) })
}

/// Where ECS would run a task; for one of an earlier Mainstay, as its service says, or as its definition alone allows.
pub(crate) fn launch_type(view: &View, task: &Task) -> LaunchType {
    if let Some(known) = task.launch_type {
        return known;
    }
    let found = match &task.owner {
        TaskOwner::Service { service, .. } => {
            let key = ServiceKey { cluster: task.cluster.clone(), name: service.clone() };
            view.services.get(&key).map(|service| service.current_launch_type())
        }
        TaskOwner::Standalone => {
            view.definitions.get(&task.definition).map(|definition| launch_type_of(&definition))
        }
    };
    found.unwrap_or(LaunchType::Ec2)
}

/// EXTERNAL where a task definition allows nothing else.
fn launch_type_of(definition: &TaskDefinition) -> LaunchType {
    match definition.requires_compatibilities.as_slice() {
        [LaunchType::External] => LaunchType::External,
        _ => LaunchType::Ec2,
    }
}

/// The launch type of a request, EC2 where it says none.
pub(super) fn read_launch_type(given: Option<enums::LaunchType>) -> Answer<LaunchType> {
    match given {
        None | Some(enums::LaunchType::Ec2) => Ok(LaunchType::Ec2),
        Some(enums::LaunchType::External) => Ok(LaunchType::External),
        Some(enums::LaunchType::Fargate) => Ok(LaunchType::Fargate),
        Some(other) => {
            let text = format!("launchType {} is not supported by Mainstay yet.", other.as_str());
            Err(ApiError::client(text))
        }
    }
}

/// # Errors
/// Where the task definition is for other launch types.
pub(super) fn check_launch_type(definition: &TaskDefinition, launch_type: LaunchType) -> Answer<()> {
    let allowed = &definition.requires_compatibilities;
    let fits = launch_type != LaunchType::Fargate || definitions::fargate::check(definition).is_ok();
    if fits && (allowed.is_empty() || allowed.contains(&launch_type)) {
        return Ok(());
    }
    let text = format!("Task definition does not support launch_type {}.", launch_type.as_str());
    Err(ApiError::parameter(text))
}
