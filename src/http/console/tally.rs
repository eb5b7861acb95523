//! How many tasks are where: all of them counted in one pass, since pages ask for many services at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_actors::view::View;
use mainstay_core::model::{Health, StopCode, Task, TaskOwner, TaskStatus};
use mainstay_core::{ClusterName, InstanceId, ServiceKey};

/// Tasks by where they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// RUNNING.
    pub running: usize,
    /// On their way there.
    pub pending: usize,
    /// On their way out.
    pub stopping: usize,
    /// Over, and not forgotten yet.
    pub stopped: usize,
    /// RUNNING and UNHEALTHY.
    pub unhealthy: usize,
    /// Over although nobody wanted that.
    pub failed: usize,
    /// The latest of those.
    pub last_failed: Option<Arc<Task>>,
}

impl Counts {
    fn add(&mut self, task: &Arc<Task>) {
        match task.last_status {
            TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => self.pending += 1,
            TaskStatus::Running => {
                self.running += 1;
                self.unhealthy += usize::from(task.health == Health::Unhealthy);
            }
            TaskStatus::Deactivating | TaskStatus::Stopping | TaskStatus::Deprovisioning => {
                self.stopping += 1
            }
            TaskStatus::Stopped => self.stopped += 1,
        }
        if !failed(task) {
            return;
        }
        self.failed += 1;
        if self.last_failed.as_ref().is_none_or(|known| known.stopped_at <= task.stopped_at) {
            self.last_failed = Some(Arc::clone(task));
        }
    }
}

/// Whether a task is over, or about to be, although neither a person nor its service wanted that.
pub(super) fn failed(task: &Task) -> bool {
    let wanted = [Some(StopCode::ServiceSchedulerInitiated), Some(StopCode::UserInitiated)];
    task.stop_code.is_some() && !wanted.contains(&task.stop_code)
}

/// What tasks hold of a container instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// CPU units.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// GPUs.
    pub gpus: usize,
    /// Tasks that are not over.
    pub tasks: usize,
}

/// All counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// All tasks.
    pub all: Counts,
    /// By cluster.
    clusters: BTreeMap<ClusterName, Counts>,
    /// By service.
    services: BTreeMap<ServiceKey, Counts>,
    /// By container instance.
    instances: BTreeMap<InstanceId, Held>,
}

impl Tally {
    /// Counts.
    pub(super) fn of(view: &View) -> Self {
        let mut tally = Self::default();
        for task in view.tasks.all() {
            tally.all.add(&task);
            tally.clusters.entry(task.cluster.clone()).or_default().add(&task);
            if let TaskOwner::Service { service, .. } = &task.owner {
                let key = ServiceKey { cluster: task.cluster.clone(), name: service.clone() };
                tally.services.entry(key).or_default().add(&task);
            }
            if task.last_status != TaskStatus::Stopped {
                let held = tally.instances.entry(task.instance.clone()).or_default();
                held.cpu += u64::from(task.resources.cpu);
                held.memory += u64::from(task.resources.memory);
                held.gpus += task.resources.gpus.len();
                held.tasks += 1;
            }
        }
        tally
    }

    /// A cluster's.
    pub(super) fn cluster(&self, name: &ClusterName) -> Counts {
        self.clusters.get(name).cloned().unwrap_or_default()
    }

    /// A service's.
    pub(super) fn service(&self, key: &ServiceKey) -> Counts {
        self.services.get(key).cloned().unwrap_or_default()
    }

    /// What is held of an instance.
    pub(super) fn instance(&self, id: &InstanceId) -> Held {
        self.instances.get(id).cloned().unwrap_or_default()
    }
}
