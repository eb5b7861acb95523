//! A real tree over a store that forgets, and a host that says it runs what it is told to run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_actors::agent::InProcess;
use mainstay_actors::context::{Context, Settings, Surroundings};
use mainstay_actors::control::{Control, NewCluster, NewInstance};
use mainstay_actors::ports::{
    AgentLink, ControlLink, EngineInfo, EventPage, FromAgent, Nature, Snapshot, Store, StoreError, ToAgent,
    Write,
};
use mainstay_actors::root::{self, Root};
use mainstay_core::lifecycle::{ContainerReport, ContainerStatus, TaskReport};
use mainstay_core::model::{Health, NetworkBinding, Ports, Protocol, Resources, TaskSpec, Timestamp};
use mainstay_core::{ClusterName, EngineId, InstanceId, TaskId};

struct Forgetful;

impl Store for Forgetful {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::default())
    }

    fn commit(&self, _: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn events(&self, _: u64, _: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        futures::future::ready(Ok(EventPage::default())).boxed()
    }
}

pub struct Tree {
    pub control: Control,
    pub ctx: Context,
    _root: Root,
}

pub async fn tree() -> Tree {
    tree_on(Arc::new(Forgetful)).await
}

pub async fn tree_on(store: Arc<dyn Store>) -> Tree {
    let ctx = Surroundings::load(store, Nature::real(), Settings::default()).unwrap();
    let root = root::start(&ctx).await.unwrap();
    Tree { control: Control::new(Arc::clone(&ctx)), ctx, _root: root }
}

impl Tree {
    /// A host of 2 cores and 1000 MiB in a cluster, which is made where it is not there.
    pub async fn host(&self, cluster: &str) -> InstanceId {
        let cluster = ClusterName::new(cluster);
        let new = NewCluster::named(cluster.clone());
        self.control.create_cluster(new).await.unwrap();
        let new = NewInstance {
            cluster,
            host: "box".to_owned(),
            agent_version: "1".to_owned(),
            registered: Resources::default(),
        };
        let id = self.control.register_instance(new).await.unwrap().id.clone();
        let way_back = Arc::new(InProcess { ctx: Arc::clone(&self.ctx), instance: id.clone() });
        let host = Host { way_back: Arc::clone(&way_back), known: Mutex::default() };
        self.ctx.link(id.clone(), Box::new(host));
        eventually(|| {
            way_back.send(FromAgent::EngineUp(engine()));
            self.ctx.view.instances.get(&id).is_some_and(|instance| instance.engine_connected)
        })
        .await;
        id
    }
}

fn engine() -> EngineInfo {
    EngineInfo {
        version: "20.10.24".to_owned(),
        host: "box".to_owned(),
        cpus: 2,
        memory: 1000,
        architecture: "x86_64".to_owned(),
        os: "linux".to_owned(),
        runtimes: Vec::new(),
        gpus: Vec::new(),
    }
}

/// Reports every task as running at once, and as ended with code 0 once it is told to stop it.
struct Host {
    way_back: Arc<InProcess>,
    known: Mutex<BTreeMap<TaskId, TaskSpec>>,
}

impl AgentLink for Host {
    fn send(&self, message: ToAgent) {
        let (task, status) = match message {
            ToAgent::Run { spec, .. } => {
                let task = spec.id.clone();
                self.known.lock().unwrap().insert(task.clone(), *spec);
                (task, ContainerStatus::Running)
            }
            ToAgent::Stop { task } => (task, ContainerStatus::Stopped),
            ToAgent::Resync | ToAgent::Forget { .. } => return,
        };
        let spec = self.known.lock().unwrap().get(&task).cloned().unwrap();
        self.way_back.send(FromAgent::Task { task, report: report(&spec, status) });
    }
}

fn report(spec: &TaskSpec, status: ContainerStatus) -> TaskReport {
    let ended = status == ContainerStatus::Stopped;
    let container = |spec: &mainstay_core::model::ContainerSpec| ContainerReport {
        name: spec.definition.name.clone(),
        status,
        runtime_id: Some(EngineId::new("0a1b2c")),
        image_digest: Some("sha256:0123".to_owned()),
        image_id: None,
        exit_code: ended.then_some(0),
        reason: None,
        health: Health::Unknown,
        checked: false,
        network_bindings: vec![NetworkBinding {
            bind_ip: "0.0.0.0".to_owned(),
            container: Ports::One(80),
            host: Ports::One(32768),
            protocol: Protocol::Tcp,
        }],
        started_at: Some(Timestamp(1_700_000_000_000)),
        finished_at: ended.then_some(Timestamp(1_700_000_001_000)),
    };
    TaskReport { containers: spec.containers.iter().map(container).collect(), ..TaskReport::default() }
}

/// Waits until it holds; gives up after half a minute.
pub async fn eventually(mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it holds within half a minute");
}
