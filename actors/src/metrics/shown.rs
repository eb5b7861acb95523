//! What is read from the view whenever somebody scrapes: it needs no keeping, and what is gone has no series.

use std::collections::BTreeMap;

use mainstay_core::model::{
    ContainerInstance, InstanceStatus, RolloutState, Service, ServiceStatus, Task, TaskOwner, TaskStatus,
    Timestamp,
};
use mainstay_core::{ClusterName, DeploymentId, InstanceId, ServiceName};
use metrics::{Unit, describe_gauge, gauge};
use tokio::time::Instant;

use crate::at_work::AT_WORK;
use crate::context::Surroundings;
use crate::service::is_well;
use crate::tree::Kind;

const SERVICE_DESIRED: &str = "mainstay_service_desired_tasks";
const SERVICE_RUNNING: &str = "mainstay_service_running_tasks";
const SERVICE_PENDING: &str = "mainstay_service_pending_tasks";
const SERVICE_HEALTHY: &str = "mainstay_service_healthy_tasks";
const SERVICE_ROLLOUT: &str = "mainstay_service_rollout_seconds";
const SERVICE_BACKOFF_SLOTS: &str = "mainstay_service_backoff_slots";
const SERVICE_BACKOFF: &str = "mainstay_service_backoff_seconds";
const TASKS: &str = "mainstay_tasks";
const INSTANCES: &str = "mainstay_container_instances";
const INSTANCE_AGENT: &str = "mainstay_instance_agent_connected";
const INSTANCE_ENGINE: &str = "mainstay_instance_engine_connected";
const INSTANCE_CPU: &str = "mainstay_instance_registered_cpu_units";
const INSTANCE_CPU_LEFT: &str = "mainstay_instance_remaining_cpu_units";
const INSTANCE_MEMORY: &str = "mainstay_instance_registered_memory_bytes";
const INSTANCE_MEMORY_LEFT: &str = "mainstay_instance_remaining_memory_bytes";
const INSTANCE_RUNNING: &str = "mainstay_instance_running_tasks";
const INSTANCE_PENDING: &str = "mainstay_instance_pending_tasks";
const INTENSITY_USED: &str = "mainstay_restart_intensity_used_ratio";

const HANDLER_RUNNING: &str = "mainstay_actor_handler_running_seconds";

const MIB: f64 = 1024.0 * 1024.0;

/// Says what each series means.
pub fn describe() {
    let count = Unit::Count;
    describe_gauge!(SERVICE_DESIRED, count, "Tasks a service wants, by cluster and service");
    describe_gauge!(SERVICE_RUNNING, count, "A service's RUNNING tasks, by cluster and service");
    describe_gauge!(SERVICE_PENDING, count, "A service's tasks that are coming up, by cluster and service");
    describe_gauge!(
        SERVICE_HEALTHY,
        count,
        "A service's RUNNING tasks that are HEALTHY or have no health check, by cluster and service"
    );
    describe_gauge!(
        SERVICE_ROLLOUT,
        Unit::Seconds,
        "For how long the service's rollout has been IN_PROGRESS, by cluster and service; 0 where none is, and once all of its tasks are up and only alarms are awaited"
    );
    describe_gauge!(
        SERVICE_BACKOFF_SLOTS,
        count,
        "Places of a service whose next task waits because the last ones failed, by cluster and service"
    );
    describe_gauge!(
        SERVICE_BACKOFF,
        Unit::Seconds,
        "How long the longest of those waits still takes, by cluster and service"
    );
    describe_gauge!(TASKS, count, "Tasks that are not STOPPED, by cluster and last status");
    describe_gauge!(INSTANCES, count, "Container instances, by cluster and status");
    let by_instance = "by cluster, container instance and host";
    describe_gauge!(
        INSTANCE_AGENT,
        count,
        format!("1 while the agent of a container instance is connected, else 0, {by_instance}")
    );
    describe_gauge!(
        INSTANCE_ENGINE,
        count,
        format!(
            "1 while the container engine of a container instance answers its agent, else 0, {by_instance}"
        )
    );
    describe_gauge!(
        INSTANCE_CPU,
        count,
        format!("CPU units that tasks can have, 1024 a core, {by_instance}")
    );
    describe_gauge!(INSTANCE_CPU_LEFT, count, format!("CPU units that no task holds, {by_instance}"));
    describe_gauge!(INSTANCE_MEMORY, Unit::Bytes, format!("Memory that tasks can have, {by_instance}"));
    describe_gauge!(INSTANCE_MEMORY_LEFT, Unit::Bytes, format!("Memory that no task holds, {by_instance}"));
    describe_gauge!(INSTANCE_RUNNING, count, format!("RUNNING tasks, {by_instance}"));
    describe_gauge!(INSTANCE_PENDING, count, format!("Tasks that are coming up, {by_instance}"));
    describe_gauge!(
        INTENSITY_USED,
        Unit::Count,
        "Restarts within supervision.period as a share of supervision.restarts, of whichever supervisor of a kind is closest to giving up; past 1 it has"
    );
    describe_gauge!(
        HANDLER_RUNNING,
        Unit::Seconds,
        "For how long the oldest handler has run that an actor is in now, by kind of actor; 0 where none is"
    );
}

/// Sets each of them to what is so now.
pub fn show(ctx: &Surroundings) {
    let mut counted = Counted::default();
    for task in ctx.view.tasks.filter(|task| task.last_status != TaskStatus::Stopped) {
        counted.add(&task);
    }
    for cluster in ctx.view.clusters.all() {
        for status in TaskStatus::ALL.into_iter().filter(|status| *status != TaskStatus::Stopped) {
            let tasks = counted.by_status.get(&(cluster.name.clone(), status)).copied().unwrap_or(0);
            gauge!(TASKS, "cluster" => cluster.name.to_string(), "status" => status.as_str()).set(tasks);
        }
        for status in InstanceStatus::ALL {
            let of_it = |i: &ContainerInstance| i.cluster == cluster.name && i.status == status;
            gauge!(INSTANCES, "cluster" => cluster.name.to_string(), "status" => status.as_str())
                .set(ctx.view.instances.filter(of_it).len() as f64);
        }
    }
    let now = ctx.nature.wall();
    for service in ctx.view.services.filter(|service| service.status != ServiceStatus::Inactive) {
        counted.show_service(&service, now);
    }
    for instance in ctx.view.instances.all() {
        counted.show_instance(&instance);
    }
    let used = ctx.tree.intensity_used(ctx.nature.now(), ctx.settings.intensity);
    for kind in Kind::SUPERVISORS {
        gauge!(INTENSITY_USED, "kind" => kind.as_str()).set(used.get(&kind).copied().unwrap_or(0.0));
    }
    let (now, oldest) = (Instant::now(), AT_WORK.oldest());
    for kind in Kind::ALL {
        let running =
            oldest.get(&kind).map_or(0.0, |began| now.saturating_duration_since(*began).as_secs_f64());
        gauge!(HANDLER_RUNNING, "kind" => kind.as_str()).set(running);
    }
}

#[derive(Default)]
struct Count {
    live: u32,
    running: u32,
    pending: u32,
    healthy: u32,
    cpu: u32,
    memory: u32,
}

impl Count {
    fn add(&mut self, task: &Task) {
        let running = task.last_status == TaskStatus::Running;
        let coming = task.last_status < TaskStatus::Running && task.desired_status == TaskStatus::Running;
        self.live += 1;
        self.running += u32::from(running);
        self.pending += u32::from(coming);
        self.healthy += u32::from(running && is_well(task));
        self.cpu = self.cpu.saturating_add(task.resources.cpu);
        self.memory = self.memory.saturating_add(task.resources.memory);
    }
}

/// Everything that is counted, in one walk over all tasks.
#[derive(Default)]
struct Counted {
    by_status: BTreeMap<(ClusterName, TaskStatus), u32>,
    by_service: BTreeMap<(ClusterName, ServiceName), Count>,
    by_deployment: BTreeMap<DeploymentId, Count>,
    by_instance: BTreeMap<InstanceId, Count>,
}

impl Counted {
    fn add(&mut self, task: &Task) {
        *self.by_status.entry((task.cluster.clone(), task.last_status)).or_default() += 1;
        self.by_instance.entry(task.instance.clone()).or_default().add(task);
        if let TaskOwner::Service { service, deployment, .. } = &task.owner {
            self.by_deployment.entry(deployment.clone()).or_default().add(task);
            self.by_service.entry((task.cluster.clone(), service.clone())).or_default().add(task);
        }
    }

    fn show_service(&self, service: &Service, now: Timestamp) {
        let none = Count::default();
        let key = (service.key.cluster.clone(), service.key.name.clone());
        let count = self.by_service.get(&key).unwrap_or(&none);
        let set = |name: &'static str, value: f64| {
            let (cluster, service) = (key.0.to_string(), key.1.to_string());
            gauge!(name, "cluster" => cluster, "service" => service).set(value);
        };
        set(SERVICE_DESIRED, service.desired_count.into());
        set(SERVICE_RUNNING, count.running.into());
        set(SERVICE_PENDING, count.pending.into());
        set(SERVICE_HEALTHY, count.healthy.into());
        let rollout = service.primary().filter(|primary| {
            let new = self.by_deployment.get(&primary.id).unwrap_or(&none);
            let arrived = new.healthy >= service.desired_count && new.live == count.live;
            primary.rollout_state == RolloutState::InProgress && !arrived
        });
        set(SERVICE_ROLLOUT, rollout.map_or(0.0, |rollout| seconds(now.millis_since(rollout.created_at))));
        let waits = service.brakes.iter().map(|brake| brake.due.millis_since(now)).filter(|wait| *wait > 0);
        set(SERVICE_BACKOFF_SLOTS, waits.clone().count() as f64);
        set(SERVICE_BACKOFF, seconds(waits.max().unwrap_or(0)));
    }

    fn show_instance(&self, instance: &ContainerInstance) {
        let none = Count::default();
        let count = self.by_instance.get(&instance.id).unwrap_or(&none);
        let set = |name: &'static str, value: f64| {
            let (cluster, id) = (instance.cluster.to_string(), instance.id.to_string());
            gauge!(name, "cluster" => cluster, "container_instance" => id, "host" => instance.host.clone())
                .set(value);
        };
        let registered = &instance.registered;
        set(INSTANCE_AGENT, u8::from(instance.agent_connected).into());
        set(INSTANCE_ENGINE, u8::from(instance.agent_connected && instance.engine_connected).into());
        set(INSTANCE_CPU, registered.cpu.into());
        set(INSTANCE_CPU_LEFT, registered.cpu.saturating_sub(count.cpu).into());
        set(INSTANCE_MEMORY, f64::from(registered.memory) * MIB);
        set(INSTANCE_MEMORY_LEFT, f64::from(registered.memory.saturating_sub(count.memory)) * MIB);
        set(INSTANCE_RUNNING, count.running.into());
        set(INSTANCE_PENDING, count.pending.into());
    }
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
