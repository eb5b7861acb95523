//! What the API asks of the tree: one method an act, each answered when it is durable.

mod error;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::deployment::rollout::StopType;
use mainstay_core::model::{
    CapacityProvider, Cluster, ContainerInstance, InstanceStatus, ManagedScaling, Schedule, ScheduleGroup,
    Service, StopCode, StrategyItem, Tag, Task, TaskDefinition, TaskStatus,
};
use mainstay_core::protection::{self, Wish};
use mainstay_core::tagging::TagChange;
use mainstay_core::{
    CapacityProviderName, ClusterName, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey,
    ServiceDeploymentId, ServiceKey, TaskId,
};
use ractor::{ActorRef, Message};
use tokio::sync::oneshot;

pub use error::*;
pub use requests::*;

use crate::agent::AgentMsg;
use crate::catalog::CatalogMsg;
use crate::context::Context;
use crate::ports::Write;
use crate::schedules::SchedulesMsg;
use crate::service::ServiceMsg;
use crate::task::{Protected, TaskMsg};
use crate::tasks::TasksMsg;
use crate::view::View;

/// Longest wait for an actor's answer; past it the caller is told that the outcome is not known.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest wait for an actor that is just being started again.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks at whether the last task has stopped, while the daemon ends.
const STOPPED_LOOK: Duration = Duration::from_millis(50);

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, ControlError>>;

/// The handle through which everything outside the tree acts on it.
#[derive(Clone)]
pub struct Control {
    ctx: Context,
}

impl Control {
    /// A handle on the tree that runs in `ctx`.
    pub fn new(ctx: Context) -> Self {
        Self { ctx }
    }

    /// What there is, readable without asking anybody.
    pub fn view(&self) -> &View {
        &self.ctx.view
    }

    /// The tree's surroundings.
    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Makes a cluster, or finds the ACTIVE one of that name.
    ///
    /// # Errors
    /// [`ControlError::Unavailable`] where it could not be stored.
    pub async fn create_cluster(&self, new: NewCluster) -> Result<Arc<Cluster>, ControlError> {
        self.catalog(|reply| CatalogMsg::CreateCluster { new, reply }).await
    }

    /// Deletes an empty cluster: it stays as INACTIVE.
    ///
    /// # Errors
    /// Where it is unknown or still holds services, tasks or container instances.
    pub async fn delete_cluster(&self, name: ClusterName) -> Result<Arc<Cluster>, ControlError> {
        self.catalog(|reply| CatalogMsg::DeleteCluster { name, reply }).await
    }

    /// Makes a capacity provider of a group of container instances.
    ///
    /// # Errors
    /// Where there is one of that name or of that group.
    pub async fn create_capacity_provider(
        &self,
        new: NewCapacityProvider,
    ) -> Result<Arc<CapacityProvider>, ControlError> {
        self.catalog(|reply| CatalogMsg::CreateCapacityProvider { new, reply }).await
    }

    /// Changes what is said of a capacity provider's scaling.
    ///
    /// # Errors
    /// Where it is unknown.
    pub async fn update_capacity_provider(
        &self,
        name: CapacityProviderName,
        scaling: Option<ManagedScaling>,
    ) -> Result<Arc<CapacityProvider>, ControlError> {
        self.catalog(|reply| CatalogMsg::UpdateCapacityProvider { name, scaling, reply }).await
    }

    /// Deletes a capacity provider: it stays as INACTIVE.
    ///
    /// # Errors
    /// Where it is unknown, or a cluster has it.
    pub async fn delete_capacity_provider(
        &self,
        name: CapacityProviderName,
    ) -> Result<Arc<CapacityProvider>, ControlError> {
        self.catalog(|reply| CatalogMsg::DeleteCapacityProvider { name, reply }).await
    }

    /// Gives a cluster these capacity providers and this default strategy, in place of those it has.
    ///
    /// # Errors
    /// Where the cluster or one of them is unknown, the strategy names another one, or one that goes is in use.
    pub async fn put_capacity_providers(
        &self,
        cluster: ClusterName,
        providers: Vec<CapacityProviderName>,
        default_strategy: Vec<StrategyItem>,
    ) -> Result<Arc<Cluster>, ControlError> {
        self.catalog(|reply| CatalogMsg::PutCapacityProviders { cluster, providers, default_strategy, reply })
            .await
    }

    /// Registers a revision; its number and time are given here.
    ///
    /// # Errors
    /// [`ControlError::Unavailable`] where it could not be stored.
    pub async fn register_task_definition(
        &self,
        definition: TaskDefinition,
    ) -> Result<Arc<TaskDefinition>, ControlError> {
        self.catalog(|reply| CatalogMsg::RegisterDefinition { definition: Box::new(definition), reply }).await
    }

    /// Makes a revision INACTIVE.
    ///
    /// # Errors
    /// Where it is unknown.
    pub async fn deregister_task_definition(
        &self,
        key: RevisionKey,
    ) -> Result<Arc<TaskDefinition>, ControlError> {
        self.catalog(|reply| CatalogMsg::DeregisterDefinition { key, reply }).await
    }

    /// Makes a service; the same `client_token` finds the one made before.
    ///
    /// # Errors
    /// Where its cluster or definition is unknown or inactive, or one of that name is there already.
    pub async fn create_service(&self, new: NewService) -> Result<Arc<Service>, ControlError> {
        self.catalog(|reply| CatalogMsg::CreateService { new: Box::new(new), reply }).await
    }

    /// Changes a service.
    ///
    /// # Errors
    /// Where it is unknown or not ACTIVE, or the definition is unknown or inactive.
    pub async fn update_service(
        &self,
        key: ServiceKey,
        update: ServiceUpdate,
    ) -> Result<Arc<Service>, ControlError> {
        self.active_service(&key)?;
        let to = || self.ctx.directory.services.get(&key);
        self.ask(to, |reply| ServiceMsg::Update { update: Box::new(update), reply }).await
    }

    /// Deletes a service: its tasks are stopped, then it stays as INACTIVE.
    ///
    /// # Errors
    /// Where it is unknown, or wants tasks and `force` is not given.
    pub async fn delete_service(&self, key: ServiceKey, force: bool) -> Result<Arc<Service>, ControlError> {
        self.active_service(&key)?;
        let to = || self.ctx.directory.services.get(&key);
        self.ask(to, |reply| ServiceMsg::Delete { force, reply }).await
    }

    /// Stops a rollout that is under way; one that is stopping so already is answered as it is.
    ///
    /// # Errors
    /// Where service or rollout are unknown, it is over or on its way to another end, or there is nothing to go back
    /// to.
    pub async fn stop_service_deployment(
        &self,
        key: ServiceKey,
        record: ServiceDeploymentId,
        how: StopType,
    ) -> Result<Arc<Service>, ControlError> {
        self.active_service(&key)?;
        let to = || self.ctx.directory.services.get(&key);
        self.ask(to, |reply| ServiceMsg::StopRollout { record, how, reply }).await
    }

    /// Starts tasks that nobody replaces. What could not be placed comes back as failures.
    ///
    /// # Errors
    /// Where the cluster or definition is unknown or inactive, or there is no container instance at all.
    pub async fn run_task(&self, request: RunTask) -> Result<Ran, ControlError> {
        let cluster = request.cluster.clone();
        self.active_cluster(&cluster)?;
        let to = || self.ctx.directory.tasks_of_clusters.get(&cluster);
        self.ask(to, |reply| TasksMsg::Run { request: Box::new(request), reply }).await
    }

    /// Stops a task; one that is stopping or stopped already is answered as it is.
    ///
    /// # Errors
    /// Where it is unknown, or that it is stopped could not be stored.
    pub async fn stop_task(&self, id: TaskId, reason: Option<String>) -> Result<Arc<Task>, ControlError> {
        let task = self.ctx.view.tasks.get(&id).ok_or_else(|| ControlError::TaskNotFound(id.clone()))?;
        if task.stopped_at.is_some() {
            // The note of its end may not have reached the disk, and what is answered has to.
            self.ctx
                .commit(vec![Write::Task(Task::clone(&task))])
                .await
                .map_err(|error| ControlError::Unavailable(error.to_string()))?;
            if self.ctx.view.tasks.get(&id).is_none() {
                // Its time was over just now.
                self.ctx.note(Write::RemoveTask(id));
            }
            return Ok(task);
        }
        let to = || self.ctx.directory.tasks.get(&id);
        self.ask(to, |reply| TaskMsg::StopByUser { reason, reply }).await
    }

    /// Protects a task from its service's scale-in and rollouts, or takes that back; why not, where it cannot be.
    ///
    /// # Errors
    /// Where it is unknown, or that it is protected could not be stored.
    pub async fn protect_task(&self, id: TaskId, wish: Wish) -> Result<Protected, ControlError> {
        let task = self.ctx.view.tasks.get(&id).ok_or_else(|| ControlError::TaskNotFound(id.clone()))?;
        if task.last_status == TaskStatus::Stopped {
            return Ok(Err(protection::check(&task).err().unwrap_or(protection::Refusal::Ending)));
        }
        let to = || self.ctx.directory.tasks.get(&id);
        self.ask(to, |reply| TaskMsg::Protect { wish, reply }).await
    }

    /// Registers a container instance, or finds the one this host registered before.
    ///
    /// # Errors
    /// Where the cluster is unknown.
    pub async fn register_instance(&self, new: NewInstance) -> Result<Arc<ContainerInstance>, ControlError> {
        self.catalog(|reply| CatalogMsg::RegisterInstance { new: Box::new(new), reply }).await
    }

    /// Attaches attributes to a container instance, in place of those of the same names.
    ///
    /// # Errors
    /// Where it is unknown or would have too many, or they could not be stored.
    pub async fn put_attributes(
        &self,
        id: InstanceId,
        attributes: Vec<(String, Option<String>)>,
    ) -> Result<Arc<ContainerInstance>, ControlError> {
        self.agent(id, |reply| AgentMsg::PutAttributes { attributes, reply }).await
    }

    /// Takes attributes that people attached from a container instance again; those of names that it does not have are
    /// no error.
    ///
    /// # Errors
    /// Where it is unknown, or that could not be stored.
    pub async fn delete_attributes(
        &self,
        id: InstanceId,
        names: Vec<String>,
    ) -> Result<Arc<ContainerInstance>, ControlError> {
        self.agent(id, |reply| AgentMsg::DeleteAttributes { names, reply }).await
    }

    /// Has a container instance take no new tasks, and services move theirs away from it; or has it take some again.
    ///
    /// # Errors
    /// Where it is unknown, or that could not be stored.
    pub async fn set_instance_status(
        &self,
        id: InstanceId,
        status: InstanceStatus,
    ) -> Result<Arc<ContainerInstance>, ControlError> {
        self.agent(id, |reply| AgentMsg::SetStatus { status, reply }).await
    }

    /// Changes a cluster's tags.
    ///
    /// # Errors
    /// Where it is not ACTIVE or would have too many, or that could not be stored.
    pub async fn tag_cluster(
        &self,
        name: ClusterName,
        change: TagChange,
    ) -> Result<Arc<Cluster>, ControlError> {
        self.catalog(|reply| CatalogMsg::TagCluster { name, change, reply }).await
    }

    /// Changes a capacity provider's tags.
    ///
    /// # Errors
    /// Where it is not ACTIVE or would have too many, or that could not be stored.
    pub async fn tag_capacity_provider(
        &self,
        name: CapacityProviderName,
        change: TagChange,
    ) -> Result<Arc<CapacityProvider>, ControlError> {
        self.catalog(|reply| CatalogMsg::TagCapacityProvider { name, change, reply }).await
    }

    /// Changes a revision's tags.
    ///
    /// # Errors
    /// Where it is unknown or would have too many, or that could not be stored.
    pub async fn tag_task_definition(
        &self,
        key: RevisionKey,
        change: TagChange,
    ) -> Result<Arc<TaskDefinition>, ControlError> {
        self.catalog(|reply| CatalogMsg::TagDefinition { key, change, reply }).await
    }

    /// Changes a service's tags; what one of them says of how it is kept holds at once.
    ///
    /// # Errors
    /// Where it is not ACTIVE or would have too many, or that could not be stored.
    pub async fn tag_service(
        &self,
        key: ServiceKey,
        change: TagChange,
    ) -> Result<Arc<Service>, ControlError> {
        self.active_service(&key)?;
        self.ask(|| self.ctx.directory.services.get(&key), |reply| ServiceMsg::Tag { change, reply }).await
    }

    /// Changes the tags of a task that is not STOPPED.
    ///
    /// # Errors
    /// Where it is unknown or over, or would have too many, or that could not be stored.
    pub async fn tag_task(&self, id: TaskId, change: TagChange) -> Result<Arc<Task>, ControlError> {
        let over = |task: Arc<Task>| task.last_status == TaskStatus::Stopped;
        if self.ctx.view.tasks.get(&id).is_none_or(over) {
            return Err(ControlError::TaskNotFound(id));
        }
        self.ask(|| self.ctx.directory.tasks.get(&id), |reply| TaskMsg::Tag { change, reply }).await
    }

    /// Changes a container instance's tags.
    ///
    /// # Errors
    /// Where it is unknown or would have too many, or that could not be stored.
    pub async fn tag_instance(
        &self,
        id: InstanceId,
        change: TagChange,
    ) -> Result<Arc<ContainerInstance>, ControlError> {
        self.agent(id, |reply| AgentMsg::Tag { change, reply }).await
    }

    /// Makes a schedule; the same token with the same settings finds the one made before.
    ///
    /// # Errors
    /// Where its group is unknown, one of that name is there already, or its timetable is wrong.
    pub async fn create_schedule(&self, new: NewSchedule) -> Result<Arc<Schedule>, ControlError> {
        self.schedules(|reply| SchedulesMsg::Create { new: Box::new(new), reply }).await
    }

    /// Changes all that people say of a schedule.
    ///
    /// # Errors
    /// Where it is unknown, or its timetable is wrong.
    pub async fn update_schedule(&self, new: NewSchedule) -> Result<Arc<Schedule>, ControlError> {
        self.schedules(|reply| SchedulesMsg::Update { new: Box::new(new), reply }).await
    }

    /// Deletes a schedule; tasks that it started stay.
    ///
    /// # Errors
    /// Where it is unknown.
    pub async fn delete_schedule(&self, key: ScheduleKey) -> Result<(), ControlError> {
        self.schedules(|reply| SchedulesMsg::Delete { key, reply }).await
    }

    /// Makes a group of schedules.
    ///
    /// # Errors
    /// Where one of that name is there already.
    pub async fn create_schedule_group(
        &self,
        new: NewScheduleGroup,
    ) -> Result<Arc<ScheduleGroup>, ControlError> {
        self.schedules(|reply| SchedulesMsg::CreateGroup { new, reply }).await
    }

    /// Deletes a group of schedules and all that are in it.
    ///
    /// # Errors
    /// Where it is unknown.
    pub async fn delete_schedule_group(&self, name: ScheduleGroupName) -> Result<(), ControlError> {
        self.schedules(|reply| SchedulesMsg::DeleteGroup { name, reply }).await
    }

    /// Changes the tags of a group of schedules: some are put in place of those of their keys, others go.
    ///
    /// # Errors
    /// Where it is unknown.
    pub async fn tag_schedule_group(
        &self,
        name: ScheduleGroupName,
        put: Vec<Tag>,
        remove: Vec<String>,
    ) -> Result<Arc<ScheduleGroup>, ControlError> {
        self.schedules(|reply| SchedulesMsg::TagGroup { name, put, remove, reply }).await
    }

    async fn schedules<T>(&self, message: impl FnOnce(Reply<T>) -> SchedulesMsg) -> Result<T, ControlError> {
        self.ask(|| self.ctx.directory.schedules.get(&()), message).await
    }

    async fn agent<T>(
        &self,
        id: InstanceId,
        message: impl FnOnce(Reply<T>) -> AgentMsg,
    ) -> Result<T, ControlError> {
        if self.ctx.view.instances.get(&id).is_none() {
            return Err(ControlError::InstanceNotFound(id));
        }
        self.ask(|| self.ctx.directory.agents.get(&id), message).await
    }

    /// Stops every task and starts none any more, for a daemon that ends; services begin anew with the next start.
    /// Resolves when all have stopped, or after the longest stop timeout and a little.
    pub async fn stop_all_tasks(&self) {
        self.ctx.close();
        let live = |task: &Task| task.last_status != TaskStatus::Stopped;
        let definitions = self.ctx.view.tasks.filter(live).into_iter();
        let definitions = definitions.filter_map(|task| self.ctx.view.definitions.get(&task.definition));
        let longest =
            definitions.flat_map(|known| known.containers.iter().filter_map(|c| c.stop_timeout).max());
        let limit = longest.max().unwrap_or_default().max(self.ctx.settings.stop_timeout) + ANSWER_WITHIN;
        let all_stopped = async {
            while self.ctx.view.tasks.any(live) {
                // Again and again: a task may just have been placed, or its actor started again.
                for task in self.ctx.view.tasks.filter(|t| live(t) && t.desired_status != TaskStatus::Stopped)
                {
                    if let Some(actor) = self.ctx.directory.tasks.get(&task.id) {
                        let reason = "Mainstay was stopped with --stop-tasks".into();
                        drop(actor.cast(TaskMsg::Stop { code: StopCode::UserInitiated, reason }));
                    }
                }
                tokio::time::sleep(STOPPED_LOOK).await;
            }
        };
        if tokio::time::timeout(limit, all_stopped).await.is_err() {
            tracing::warn!(
                "some tasks have not stopped; their containers are found again with the next start"
            );
        }
    }

    fn active_service(&self, key: &ServiceKey) -> Result<(), ControlError> {
        use mainstay_core::model::ServiceStatus;
        match self.ctx.view.services.get(key) {
            None => Err(ControlError::ServiceNotFound(key.clone())),
            Some(service) if service.status != ServiceStatus::Active => {
                Err(ControlError::ServiceNotActive(key.clone()))
            }
            Some(_) => Ok(()),
        }
    }

    fn active_cluster(&self, name: &ClusterName) -> Result<(), ControlError> {
        self.ctx
            .view
            .active_cluster(name)
            .map(|_| ())
            .ok_or_else(|| ControlError::ClusterNotFound(name.clone()))
    }

    async fn catalog<T>(&self, message: impl FnOnce(Reply<T>) -> CatalogMsg) -> Result<T, ControlError> {
        self.ask(|| self.ctx.directory.catalog.get(&()), message).await
    }

    /// Sends to the actor that `to` finds, waiting a little where it is just being started again.
    async fn ask<M: Message, T>(
        &self,
        to: impl Fn() -> Option<ActorRef<M>>,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, ControlError> {
        let unavailable = |detail: &str| ControlError::Unavailable(detail.to_owned());
        let (reply, answer) = oneshot::channel();
        let found = self.ctx.directory.wait_for(to, BACK_WITHIN).await;
        let actor = found.ok_or_else(|| unavailable("the actor in charge is being restarted; try again"))?;
        actor
            .cast(message(reply))
            .map_err(|_| unavailable("the actor in charge has just ended; try again"))?;
        match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                Err(unavailable("the actor in charge ended before it answered; look, then try again"))
            }
            Err(_) => Err(unavailable("no answer in time; look whether it was done, then try again")),
        }
    }
}
