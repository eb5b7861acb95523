//! A panic in any actor of the tree is not a container's end: on the real engine, with the daemon in this process,
//! since only here an actor can be made to panic.
//!
//! Needs a container engine and the image `mainstay/demo:1`; `cargo xtask test` sees to both.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::process::Command;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::ListContainersOptions;
use mainstay::config::Config;
use mainstay::daemon::{Daemon, Role};
use mainstay_actors::agent::AgentMsg;
use mainstay_actors::catalog::CatalogMsg;
use mainstay_actors::control::{NewService, ServiceUpdate};
use mainstay_actors::host::HostMsg;
use mainstay_actors::placement::PlacementMsg;
use mainstay_actors::schedules::SchedulesMsg;
use mainstay_actors::service::ServiceMsg;
use mainstay_actors::supervisor::SupervisorMsg;
use mainstay_actors::task::TaskMsg;
use mainstay_actors::tasks::TasksMsg;
use mainstay_actors::tree::Kind;
use mainstay_core::model::{
    ContainerDefinition, DefinitionStatus, DeploymentAlarms, DeploymentConfiguration, EngineOptions,
    LaunchType, NetworkMode, SchedulingStrategy, TaskDefinition, TaskStatus, Timestamp,
};
use mainstay_core::{ClusterName, Family, RevisionKey, ServiceKey, ServiceName, TaskId};

const COUNT: u32 = 3;
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_any_actor_heals_without_touching_a_container() {
    let stage = Stage::set().await;
    let before = stage.containers().await;
    assert_eq!(before.len(), COUNT as usize);

    for kind in [
        Kind::Service,
        Kind::Task,
        Kind::Agent,
        Kind::Placement,
        Kind::Catalog,
        Kind::Tasks,
        Kind::Clusters,
        Kind::Schedules,
        Kind::Host,
        Kind::HostTask,
    ] {
        let restarts = stage.restarts(kind);
        stage.panic(kind);
        stage.until(&format!("{kind:?} is started again"), || stage.restarts(kind) > restarts).await;
        stage.until("every actor is there", || stage.is_whole()).await;
        assert_eq!(stage.running().len(), COUNT as usize, "after a panic in {kind:?}");
        assert_eq!(stage.containers().await, before, "after a panic in {kind:?}");
    }

    // It still heals, scales and answers after all that.
    let victim = before.keys().next().cloned().unwrap();
    stage.engine.kill_container(&victim, None).await.unwrap();
    let replaced = async || {
        let now = stage.containers().await;
        now.len() == COUNT as usize && !now.contains_key(&victim)
    };
    stage.until_async("the killed container is replaced", replaced).await;
    let update = ServiceUpdate { desired_count: Some(0), ..ServiceUpdate::default() };
    stage.daemon.control().update_service(stage.service.clone(), update).await.unwrap();
    stage.until_async("the service is scaled to nothing", async || stage.containers().await.is_empty()).await;
    stage.daemon.stop(true).await;
}

/// A daemon with a service on the real engine.
struct Stage {
    daemon: Daemon,
    engine: Docker,
    service: ServiceKey,
    family: Family,
    _home: tempfile::TempDir,
    _sweeper: Sweeper,
}

/// Removes the containers of a family when the test ends, however it does.
struct Sweeper(Family);

impl Drop for Sweeper {
    fn drop(&mut self) {
        let filter = format!("label=com.amazonaws.ecs.task-definition-family={}", self.0);
        let listed = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &filter]).output();
        let ids =
            listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default();
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            drop(Command::new("docker").args(["rm", "--force"]).args(ids).output());
        }
    }
}

impl Stage {
    async fn set() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = home.path().to_owned();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        let daemon = Daemon::start(&config, Role::Up).await.unwrap();
        let engine = Docker::connect_with_defaults().unwrap().negotiate_version().await.unwrap();
        let family = Family::new(format!("panics-{}", std::process::id()));
        let cluster = ClusterName::new("default");
        let definition = daemon.control().register_task_definition(definition(family.clone())).await.unwrap();
        let service = ServiceKey { cluster, name: ServiceName::new("web") };
        let new = NewService {
            key: service.clone(),
            definition: definition.key.clone(),
            network: None,
            desired_count: COUNT,
            launch_type: LaunchType::Ec2,
            platform_version: None,
            deployment_configuration: DeploymentConfiguration::default(),
            tags: Vec::new(),
            propagate_tags: None,
            enable_ecs_managed_tags: false,
            health_check_grace_period_seconds: None,
            client_token: None,
            enable_execute_command: false,
            scheduling: SchedulingStrategy::Replica,
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            alarms: DeploymentAlarms::default(),
            capacity: Vec::new(),
            zone_rebalancing: false,
        };
        daemon.control().create_service(new).await.unwrap();
        let sweeper = Sweeper(family.clone());
        let stage = Self { daemon, engine, service, family, _home: home, _sweeper: sweeper };
        stage.until("the service is up", || stage.running().len() == COUNT as usize).await;
        stage
    }

    /// The ids of its tasks that run.
    fn running(&self) -> Vec<TaskId> {
        let tasks = self.daemon.control().view().tasks_of_service(&self.service);
        let running = tasks.iter().filter(|task| task.last_status == TaskStatus::Running);
        running.map(|task| task.id.clone()).collect()
    }

    /// Its running containers, by id, with the engine's time of their birth.
    async fn containers(&self) -> BTreeMap<String, String> {
        let label = format!("com.amazonaws.ecs.task-definition-family={}", self.family);
        let filters = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptions { filters: Some(filters), ..Default::default() };
        let listed = self.engine.list_containers(Some(options)).await.unwrap();
        let mut containers = BTreeMap::new();
        for id in listed.into_iter().filter_map(|container| container.id) {
            let seen = self.engine.inspect_container(&id, None).await.unwrap();
            containers.insert(id, seen.state.and_then(|state| state.started_at).unwrap_or_default());
        }
        containers
    }

    fn restarts(&self, kind: Kind) -> u64 {
        let nodes = self.daemon.control().context().tree.nodes();
        nodes.iter().filter(|node| node.kind == kind).map(|node| node.restarts).sum()
    }

    /// Whether every actor of the tree lives, with one on the host's side for each task.
    fn is_whole(&self) -> bool {
        let nodes = self.daemon.control().context().tree.nodes();
        let host_tasks = nodes.iter().filter(|node| node.kind == Kind::HostTask).count();
        host_tasks == COUNT as usize && nodes.iter().all(|node| node.since.is_some())
    }

    fn panic(&self, kind: Kind) {
        let context = self.daemon.control().context();
        let directory = &context.directory;
        let cluster = &self.service.cluster;
        let task = self.running().into_iter().next().unwrap();
        let sent = match kind {
            Kind::Service => directory.services.get(&self.service).unwrap().cast(ServiceMsg::Panic).is_ok(),
            Kind::Task => directory.tasks.get(&task).unwrap().cast(TaskMsg::Panic).is_ok(),
            Kind::Agent => {
                let instance = context.view.instances.all().first().unwrap().id.clone();
                directory.agents.get(&instance).unwrap().cast(AgentMsg::Panic).is_ok()
            }
            Kind::Placement => directory.placements.get(cluster).unwrap().cast(PlacementMsg::Panic).is_ok(),
            Kind::Catalog => directory.catalog.get(&()).unwrap().cast(CatalogMsg::Panic).is_ok(),
            Kind::Tasks => directory.tasks_of_clusters.get(cluster).unwrap().cast(TasksMsg::Panic).is_ok(),
            Kind::Clusters => directory.clusters.get(&()).unwrap().cast(SupervisorMsg::Panic).is_ok(),
            Kind::Schedules => directory.schedules.get(&()).unwrap().cast(SchedulesMsg::Panic).is_ok(),
            Kind::Host => directory.host.get(&()).unwrap().cast(HostMsg::Panic).is_ok(),
            Kind::HostTask => directory.host.get(&()).unwrap().cast(HostMsg::PanicTask(task)).is_ok(),
            other => panic!("no way to make {other:?} panic"),
        };
        assert!(sent, "{kind:?} was there");
    }

    async fn until(&self, what: &str, so: impl Fn() -> bool) {
        self.until_async(what, async || so()).await;
    }

    async fn until_async<F: Future<Output = bool>>(&self, what: &str, so: impl Fn() -> F) {
        let wait = async {
            while !so().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(LIMIT, wait).await;
        assert!(came.is_ok(), "not within {LIMIT:?}: {what}; events: {:#?}", self.events());
    }

    fn events(&self) -> Vec<String> {
        let service = self.daemon.control().view().services.get(&self.service);
        service.iter().flat_map(|service| &service.events).map(|event| event.message.clone()).collect()
    }
}

fn definition(family: Family) -> TaskDefinition {
    let container = ContainerDefinition {
        name: "web".into(),
        image: "mainstay/demo:1".into(),
        repository_credentials: None,
        cpu: 0,
        memory: Some(32),
        memory_reservation: None,
        essential: true,
        entry_point: None,
        command: None,
        environment: Vec::new(),
        environment_files: Vec::new(),
        secrets: Vec::new(),
        port_mappings: Vec::new(),
        health_check: None,
        depends_on: Vec::new(),
        start_timeout: None,
        restart_policy: None,
        stop_timeout: Some(Duration::from_secs(5)),
        user: None,
        working_directory: None,
        docker_labels: Vec::new(),
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        options: EngineOptions::default(),
        links: Vec::new(),
        log_configuration: None,
        firelens: None,
        gpus: None,
        version_consistency: None,
    };
    TaskDefinition {
        key: RevisionKey { family, revision: 0 },
        status: DefinitionStatus::Active,
        containers: vec![container],
        volumes: Vec::new(),
        cpu: None,
        memory: None,
        ephemeral_storage: None,
        network_mode: NetworkMode::Bridge,
        pid_mode: None,
        ipc_mode: None,
        placement_constraints: Vec::new(),
        runtime_platform: None,
        requires_compatibilities: Vec::new(),
        task_role_arn: None,
        execution_role_arn: None,
        registered_at: Timestamp::default(),
        deregistered_at: None,
        tags: Vec::new(),
    }
}
