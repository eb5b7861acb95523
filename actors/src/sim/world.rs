//! One host, one disk, and a tree on them that can be taken down and started again.

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::model::{
    ContainerDefinition, Resources, Service, ServiceStatus, Task, TaskStatus, Timestamp,
};
use mainstay_core::{InstanceId, RevisionKey, ServiceKey, TaskId};
use ractor::SpawnErr;
use tokio::time::Instant;

use super::definitions::{default_cluster, definition, new_service};
use super::{SimAlarms, SimEngine, SimSecrets, SimStore, SimTargets};
use crate::agent::{InProcess, ToHost};
use crate::context::{Context, Settings, Surroundings};
use crate::control::{Control, ControlError, NewCluster, NewInstance};
use crate::events::Hook;
use crate::ports::{EventShapes, Inside, Nature, NothingInside, StoreError};
use crate::root::{self, Root};
use crate::view::View;

/// When every simulated world begins.
pub(super) const EPOCH: Timestamp = Nature::SIMULATED_EPOCH;
/// Between two looks of [`World::wait_until`].
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A simulated host and disk, and the tree that runs on them.
pub struct World {
    /// The engine.
    pub engine: SimEngine,
    /// The provider of secrets.
    pub secrets: SimSecrets,
    /// What its host offers inside containers.
    pub inside: Arc<dyn Inside>,
    /// Where its rollouts' alarms are.
    pub alarms: SimAlarms,
    /// The disk.
    pub store: SimStore,
    /// Who writes the events of the next tree; there are none where nobody does.
    pub shapes: Option<Arc<dyn EventShapes>>,
    /// The settings of the next tree.
    pub settings: Settings,
    seed: u64,
    began: Instant,
    trees: u64,
    tree: Option<Tree>,
}

struct Tree {
    root: Root,
    ctx: Context,
    control: Control,
    instance: InstanceId,
}

/// Why a world's tree did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The tree.
    #[error("the tree did not start")]
    Spawn(#[from] SpawnErr),
    /// Its store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// Its cluster or instance.
    #[error("the cluster or its instance could not be made")]
    Control(#[from] ControlError),
    /// Its host.
    #[error("the host did not start: {0}")]
    Host(String),
}

impl World {
    /// An empty world, with no tree yet: 8 cores and 16 GiB.
    pub fn new(seed: u64) -> Self {
        Self {
            engine: SimEngine::new(seed, 8, 16 * 1024),
            secrets: SimSecrets::default(),
            inside: Arc::new(NothingInside),
            alarms: SimAlarms::default(),
            store: SimStore::new(seed),
            shapes: None,
            settings: Settings::default(),
            seed,
            began: Instant::now(),
            trees: 0,
            tree: None,
        }
    }

    /// Starts a tree on the engine and the disk as they are, with the cluster `default` and this host in it.
    ///
    /// # Errors
    /// Where any part of it does not start.
    pub async fn start(&mut self) -> Result<(), WorldError> {
        self.trees += 1;
        let nature = Nature::simulated(self.seed ^ (self.trees << 32), self.began);
        let ctx = Surroundings::load(self.store.open(), nature, self.settings.clone())?;
        ctx.look_up_alarms_in(Arc::new(self.alarms.clone()));
        ctx.know_schedule_targets_by(Arc::new(SimTargets));
        if let Some(shapes) = &self.shapes {
            ctx.events.write_as(Arc::clone(shapes));
        }
        let root = root::start(&ctx).await?;
        let control = Control::new(Arc::clone(&ctx));
        let new = NewCluster::named(default_cluster());
        control.create_cluster(new).await?;
        let new = NewInstance {
            cluster: default_cluster(),
            host: "sim".into(),
            agent_version: "sim".into(),
            registered: Resources::default(),
        };
        let instance = control.register_instance(new).await?.id.clone();
        ctx.link(instance.clone(), Box::new(ToHost { ctx: Arc::clone(&ctx) }));
        let to_control = Arc::new(InProcess { ctx: Arc::clone(&ctx), instance: instance.clone() });
        let (engine, secrets) = (Arc::new(self.engine.clone()), Arc::new(self.secrets.clone()));
        root.add_host(&ctx, engine, secrets, Arc::clone(&self.inside), to_control)
            .map_err(WorldError::Host)?;
        self.tree = Some(Tree { root, ctx, control, instance });
        Ok(())
    }

    /// Adds who is sent the running tree's events.
    ///
    /// # Panics
    /// Where there is no tree.
    #[allow(clippy::expect_used, reason = "a root that ended in a simulation's story is wrong, not unlucky")]
    pub fn add_webhooks(&self, hooks: Vec<Arc<Hook>>) {
        let tree = self.tree();
        tree.root.add_webhooks(&tree.ctx, hooks).expect("a root that lives");
    }

    /// Takes the tree down in order; everything it wrote is on disk, containers stay.
    pub async fn stop(&mut self) {
        if let Some(tree) = self.tree.take() {
            tree.root.stop().await;
            tree.ctx.flush().await;
            tree.ctx.settle().await;
        }
    }

    /// Ends the tree as a SIGKILL does: nobody is asked, and what was on its way to the disk is lost.
    pub fn crash(&mut self) {
        if let Some(tree) = self.tree.take() {
            drop(self.store.open());
            tree.root.actor().get_cell().kill();
        }
    }

    /// Whether there is a tree.
    pub fn is_up(&self) -> bool {
        self.tree.is_some()
    }

    /// The tree's surroundings.
    ///
    /// # Panics
    /// Where there is no tree: the story is wrong then.
    pub fn ctx(&self) -> &Context {
        &self.tree().ctx
    }

    /// What the API has.
    ///
    /// # Panics
    /// Where there is no tree.
    pub fn control(&self) -> &Control {
        &self.tree().control
    }

    /// What there is.
    ///
    /// # Panics
    /// Where there is no tree.
    pub fn view(&self) -> &View {
        &self.tree().ctx.view
    }

    /// This host as a container instance.
    ///
    /// # Panics
    /// Where there is no tree.
    pub fn instance(&self) -> &InstanceId {
        &self.tree().instance
    }

    #[allow(
        clippy::expect_used,
        reason = "a simulation's story that acts without a tree is wrong, not unlucky"
    )]
    fn tree(&self) -> &Tree {
        self.tree.as_ref().expect("this world has no tree now")
    }

    /// Registers a task definition.
    ///
    /// # Errors
    /// Where it could not be stored.
    pub async fn define(
        &self,
        family: &str,
        containers: Vec<ContainerDefinition>,
    ) -> Result<RevisionKey, ControlError> {
        let registered = self.control().register_task_definition(definition(family, containers)).await?;
        Ok(registered.key.clone())
    }

    /// Makes a service.
    ///
    /// # Errors
    /// As [`Control::create_service`].
    pub async fn serve(
        &self,
        name: &str,
        definition: &RevisionKey,
        desired_count: u32,
    ) -> Result<ServiceKey, ControlError> {
        let made =
            self.control().create_service(new_service(name, definition.clone(), desired_count)).await?;
        Ok(made.key.clone())
    }

    /// Waits until it is so, for at most this long; whether it was so in time.
    pub async fn wait_until(&self, limit: Duration, mut so: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + limit;
        while !so(self) {
            if Instant::now() >= end {
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }

    /// A service's tasks that are RUNNING and shall be.
    pub fn running_tasks(&self, key: &ServiceKey) -> Vec<Arc<Task>> {
        let mut tasks = self.view().tasks_of_service(key);
        tasks.retain(|task| {
            task.last_status == TaskStatus::Running && task.desired_status == TaskStatus::Running
        });
        tasks
    }

    /// A service's record.
    pub fn service(&self, key: &ServiceKey) -> Option<Arc<Service>> {
        self.view().services.get(key)
    }

    /// Whether a service's last event says that it is steady.
    pub fn is_steady(&self, key: &ServiceKey) -> bool {
        let says_so = |service: &Service| {
            service.events.first().is_some_and(|event| event.message.contains("has reached a steady state"))
        };
        self.service(key).is_some_and(|service| says_so(&service))
    }

    /// Whether a service runs as many tasks as it wants and nothing else, or is gone if it was deleted.
    pub fn is_settled(&self, key: &ServiceKey) -> bool {
        let Some(service) = self.service(key) else { return true };
        let live = self.view().tasks_of_service(key).into_iter();
        let live: Vec<Arc<Task>> = live.filter(|task| task.last_status != TaskStatus::Stopped).collect();
        match service.status {
            ServiceStatus::Inactive => live.is_empty(),
            ServiceStatus::Draining => false,
            ServiceStatus::Active => {
                live.len() == service.desired_count as usize
                    && self.running_tasks(key).len() == live.len()
                    && live.iter().all(|task| task.definition == service.definition)
            }
        }
    }

    /// The containers that run for no task that wants them.
    pub fn unowned(&self) -> Vec<TaskId> {
        let owned = |task: &TaskId| {
            self.view().tasks.get(task).is_some_and(|task| task.last_status != TaskStatus::Stopped)
        };
        self.engine.running().into_iter().map(|seen| seen.task).filter(|task| !owned(task)).collect()
    }
}
