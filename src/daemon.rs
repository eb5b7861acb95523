//! A whole daemon: store, tree, host and listener, started and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::agent::{InProcess, ToHost};
use mainstay_actors::context::{Context, Surroundings};
use mainstay_actors::control::{Control, ControlError, NewCluster, NewInstance};
use mainstay_actors::failpoint::Failpoint;
use mainstay_actors::ports::{ContainerEngine, Nature, StoreError};
use mainstay_actors::root::{self, Root};
use mainstay_core::model::Resources;
use mainstay_core::{ClusterName, InstanceId};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api::Endpoint;
use crate::api::events::EventBridge;
use crate::api::scheduler::Targets;
use crate::config::{Config, ConfigError};
use crate::engine::DockerEngine;
use crate::events::Events;
use crate::exec::Execs;
use crate::http::{self, Console};
use crate::inside::{self, Serving};
use crate::logs::Logs;
use crate::metrics;
use crate::secrets::Sources;
use crate::store::{DataFolder, FLUSH_WITHIN, FolderError, RedbStore};
use crate::tls::Served;
use crate::usage::{self, LastLook};

/// The cluster that calls without one mean.
const DEFAULT_CLUSTER: &str = "default";
/// In the data folder: which images this host pulled.
const IMAGES: &str = "images.json";
/// In the data folder: what was made for tasks of this host.
const TASKS: &str = "tasks";
/// Requests that are under way when the daemon ends have this long to be answered.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// Commands that are run in containers have this long to be ended, and their clients to hear of it.
const SESSIONS_WITHIN: Duration = Duration::from_secs(5);
/// How long the first request waits for this host's engine to answer, or not to.
const HOST_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks whether it did.
const HOST_LOOK: Duration = Duration::from_millis(5);

/// Which parts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Control plane and agent: cluster `default`, with this host as its container instance.
    Up,
    /// The control plane alone: no cluster and no container instance until one is made.
    Server,
}

/// A running daemon.
pub struct Daemon {
    address: SocketAddr,
    control: Control,
    root: Root,
    folder: DataFolder,
    logs: Logs,
    execs: Execs,
    events: Events,
    closing: Option<oneshot::Sender<()>>,
    listener: JoinHandle<std::io::Result<()>>,
    /// What containers of this host find out about themselves, where they do.
    inside: Option<Serving>,
    upkeep: JoinHandle<()>,
    /// What containers use, where that is looked at.
    sampling: Option<JoinHandle<()>>,
}

/// Why a daemon did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its certificate cannot be shown.
    #[error("tls: {0}")]
    Certificate(String),
    /// Its address is taken or not ours.
    #[error("cannot listen on {address}; choose another with --listen")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What was seen.
        source: std::io::Error,
    },
    /// Its address or its owner cannot be written down.
    #[error("cannot write in the data folder")]
    WriteDown {
        /// What was seen.
        source: std::io::Error,
    },
    /// The tree did not grow.
    #[error("the supervision tree did not start: {0}")]
    Tree(String),
    /// The cluster or the instance of `up` could not be made.
    #[error("cannot make the cluster `default` with this host in it")]
    Register {
        /// What was seen.
        source: ControlError,
    },
    /// A webhook's secret cannot be read any more.
    #[error(transparent)]
    Webhook(#[from] ConfigError),
    /// No recorder.
    #[error("{0}")]
    Metrics(String),
}

impl Daemon {
    /// Starts one. It serves when this returns; the engine may still be away.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: &Config, role: Role) -> Result<Self, StartError> {
        let recorder = metrics::recorder().map_err(StartError::Metrics)?;
        let folder = DataFolder::lock(&config.server.data_dir)?;
        let address = config.server.listen;
        let socket =
            TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        let address = socket.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let certificate = config.certificate().map(Served::open).transpose();
        let certificate = certificate.map_err(StartError::Certificate)?;
        let tls = certificate.as_ref().map(Served::acceptor).transpose().map_err(StartError::Certificate)?;
        let store = RedbStore::open(&folder)?;
        let owner = store.owner().to_owned();
        folder.write_owner(&owner).map_err(|source| StartError::WriteDown { source })?;
        let ctx = Surroundings::load(Arc::new(store), Nature::real(), config.settings())?;
        if let Some(alarms) = config.alarms() {
            ctx.look_up_alarms_in(Arc::new(alarms));
        }
        ctx.know_schedule_targets_by(Arc::new(Targets));
        ctx.events.write_as(Arc::new(EventBridge));
        let hooks = config.webhooks()?;
        Failpoint::DaemonLoaded.hit();
        let root = root::start(&ctx).await.map_err(|error| StartError::Tree(error.to_string()))?;
        let control = Control::new(Arc::clone(&ctx));
        Failpoint::DaemonTreeUp.hit();
        let (mut read_from, mut inside): (Option<Arc<dyn ContainerEngine>>, _) = (None, None);
        let mut sampled = None;
        if role == Role::Up {
            let engine = DockerEngine::new(config.engine_endpoint(), owner)
                .remembering(folder.path().join(IMAGES))
                .keeping_folders_in(folder.path().join(TASKS))
                .with_docker_config(config.docker_config())
                .with_gpus(config.gpus());
            let engine = Arc::new(engine);
            let sampled_engine = Arc::clone(&engine);
            read_from = Some(Arc::clone(&engine) as Arc<dyn ContainerEngine>);
            let port = config.agent.task_endpoint_port;
            let opened =
                inside::Endpoint::open(control.clone(), Arc::clone(&engine), config.roles(), &folder, port)
                    .await;
            inside = opened.1;
            let host = Host { engine, secrets: Arc::new(config.secrets()), inside: opened.0 };
            match add_host(&ctx, &control, &root, host).await {
                Ok(instance) => sampled = Some((instance, sampled_engine)),
                Err(error) => {
                    root.stop().await;
                    return Err(error);
                }
            }
        }
        Failpoint::DaemonHostAdded.hit();
        if !hooks.is_empty()
            && let Err(error) = root.add_webhooks(&ctx, hooks)
        {
            root.stop().await;
            return Err(StartError::Tree(error));
        }
        if let Err(source) = folder.write_address(address) {
            root.stop().await;
            return Err(StartError::WriteDown { source });
        }
        let (interval, last_look) = (config.metrics.container_stats_interval.0, LastLook::default());
        let sampled = sampled.filter(|_| !interval.is_zero());
        let sampling = sampled
            .map(|host| tokio::spawn(usage::sample(host, Arc::clone(&ctx), interval, last_look.clone())));
        let (closing, closed) = oneshot::channel();
        let at_once = config.api.requests_at_once;
        let logs = Logs::new(control.clone(), read_from.clone(), at_once);
        let execs = Execs::new(read_from, at_once, config.exec.idle_timeout.0);
        let api = Endpoint::new(control.clone(), logs.clone(), execs.clone(), at_once, tls.is_some());
        let console = Console::new(host_name(), config.server.names.0.clone());
        let events = Events::new(control.clone(), at_once);
        let service = http::router(http::Shared {
            control: control.clone(),
            recorder,
            role,
            logs: logs.clone(),
            execs: execs.clone(),
            events: events.clone(),
            api,
            console: console.clone(),
            used: last_look.clone(),
        })
        .into_make_service_with_connect_info::<http::Peer>();
        let secure = tls.is_some();
        let gate = http::Gate::new(socket, config.api.connections).with_tls(tls);
        let serve = axum::serve(gate, service).with_graceful_shutdown(async {
            // Dropped or sent, either way it is time to go.
            drop(closed.await);
        });
        tracing::info!(%address, tls = secure, data_dir = %folder.path().display(), ?role, version = env!("CARGO_PKG_VERSION"),
            "mainstay serves");
        let upkeep = {
            let (control, ctx) = (control.clone(), Arc::clone(&ctx));
            async move {
                let renewal = async {
                    if let Some(certificate) = certificate {
                        certificate.keep_up().await;
                    }
                };
                tokio::join!(
                    metrics::keep_up(recorder, ctx),
                    console.keep_history(&control, &last_look),
                    renewal
                )
            }
        };
        Ok(Self {
            address,
            control,
            root,
            folder,
            logs,
            execs,
            events,
            closing: Some(closing),
            listener: tokio::spawn(serve.into_future()),
            inside,
            sampling,
            upkeep: tokio::spawn(async move {
                upkeep.await;
            }),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle on its tree.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Resolves when the tree or the listener has ended, which neither does by itself: the text says which.
    pub async fn failed(&mut self) -> &'static str {
        tokio::select! {
            () = self.root.ended() => "the supervision tree has ended; its last report is in the log",
            _ = &mut self.listener => "the listener has ended",
        }
    }

    /// Ends it in order: no new requests, then, where asked for, no tasks, then the tree, then what is still being
    /// written. Containers stay unless `stop_tasks`.
    pub async fn stop(mut self, stop_tasks: bool) {
        if stop_tasks {
            self.control.stop_all_tasks().await;
        }
        self.logs.close();
        self.events.close();
        if tokio::time::timeout(SESSIONS_WITHIN, self.execs.close()).await.is_err() {
            tracing::warn!(waited = ?SESSIONS_WITHIN, "commands in containers did not end; they are left behind");
        }
        drop(self.closing.take());
        if !self.listener.is_finished()
            && tokio::time::timeout(DRAIN_WITHIN, &mut self.listener).await.is_err()
        {
            tracing::warn!(waited = ?DRAIN_WITHIN, "requests were still under way; they are cut off");
            self.listener.abort();
        }
        self.root.stop().await;
        if tokio::time::timeout(FLUSH_WITHIN, self.control.context().flush()).await.is_err() {
            tracing::warn!(waited = ?FLUSH_WITHIN, "the disk is slow: the latest state changes may not be on it");
        }
        self.upkeep.abort();
        if let Some(sampling) = &self.sampling {
            sampling.abort();
        }
        // To the end: containers that are being stopped may still ask.
        drop(self.inside.take());
        self.folder.remove_address();
        tracing::info!("mainstay has stopped");
    }
}

/// What this host runs tasks with.
struct Host {
    engine: Arc<DockerEngine>,
    secrets: Arc<Sources>,
    inside: Arc<inside::Endpoint>,
}

/// Makes this host the container instance of cluster `default`, both made where they are missing.
async fn add_host(
    ctx: &Context,
    control: &Control,
    root: &Root,
    host: Host,
) -> Result<InstanceId, StartError> {
    let register = |source| StartError::Register { source };
    let cluster = ClusterName::new(DEFAULT_CLUSTER);
    let new = NewCluster::named(cluster.clone());
    control.create_cluster(new).await.map_err(register)?;
    let new = NewInstance {
        cluster,
        host: host_name(),
        agent_version: env!("CARGO_PKG_VERSION").into(),
        registered: Resources::default(),
    };
    let instance = control.register_instance(new).await.map_err(register)?;
    ctx.link(instance.id.clone(), Box::new(ToHost { ctx: Arc::clone(ctx) }));
    let to_control = InProcess { ctx: Arc::clone(ctx), instance: instance.id.clone() };
    let Host { engine, secrets, inside } = host;
    root.add_host(ctx, engine, secrets, inside, Arc::new(to_control)).map_err(StartError::Tree)?;
    // Until then a RunTask would be told that there is no container instance.
    let reported = async {
        while !ctx.view.instances.get(&instance.id).is_some_and(|known| known.agent_connected) {
            tokio::time::sleep(HOST_LOOK).await;
        }
    };
    if tokio::time::timeout(HOST_WITHIN, reported).await.is_err() {
        tracing::warn!(waited = ?HOST_WITHIN, "the container engine takes long to answer; serving without it");
    }
    Ok(instance.id.clone())
}

/// The host's name; `localhost` where the system does not say.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".into() } else { name.to_owned() }
}
