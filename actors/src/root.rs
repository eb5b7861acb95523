//! The root: its failure ends the process with a clear message.

use std::sync::Arc;

use futures::FutureExt;
use mainstay_core::supervision::{Restart, Strategy};
use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorRef, SpawnErr};

use crate::agent::SharedControlLink;
use crate::catalog::Catalog;
use crate::cluster::{clusters, spawn};
use crate::context::Context;
use crate::events::{Hook, webhooks};
use crate::host::Host;
use crate::measured::Measured;
use crate::ports::{ContainerEngine, Inside, Secrets};
use crate::schedules::Schedules;
use crate::supervisor::{ChildSpec, Family, Supervisor, SupervisorMsg, stop};
use crate::tree::{Kind, Path};

/// A running tree.
pub struct Root {
    actor: ActorRef<SupervisorMsg>,
    ended: JoinHandle<()>,
}

/// Starts the tree that runs in `ctx`.
///
/// # Errors
/// Where a part of it does not start; nothing is left running.
pub async fn start(ctx: &Context) -> Result<Root, SpawnErr> {
    let path = Path::root();
    let children = vec![catalog(ctx, &path), clusters(ctx, &path), schedules(ctx, &path)];
    let family = Family { children: Box::new(|| children), enter: None };
    let supervisor =
        Supervisor { ctx: Arc::clone(ctx), path, kind: Kind::Root, strategy: Strategy::OneForOne };
    #[allow(
        clippy::disallowed_methods,
        reason = "the root has no supervisor; its join handle is what is watched"
    )]
    let (actor, ended) = Actor::spawn(None, Measured { actor: supervisor, kind: Kind::Root }, family).await?;
    Ok(Root { actor, ended })
}

impl Root {
    /// Adds the agent's side: this process drives the container engine of its own host.
    ///
    /// # Errors
    /// Where the root has ended.
    pub fn add_host(
        &self,
        ctx: &Context,
        engine: Arc<dyn ContainerEngine>,
        secrets: Arc<dyn Secrets>,
        inside: Arc<dyn Inside>,
        control: SharedControlLink,
    ) -> Result<(), String> {
        let spec = host(ctx, &Path::root(), engine, secrets, inside, control);
        self.actor.cast(SupervisorMsg::Start(spec)).map_err(|error| error.to_string())
    }

    /// Adds who is sent events elsewhere.
    ///
    /// # Errors
    /// Where the root has ended.
    pub fn add_webhooks(&self, ctx: &Context, hooks: Vec<Arc<Hook>>) -> Result<(), String> {
        let spec = webhooks(ctx, &Path::root(), hooks);
        self.actor.cast(SupervisorMsg::Start(spec)).map_err(|error| error.to_string())
    }

    /// Resolves when the tree has ended, which it does by [`Self::stop`] only, unless a failure went all the way up.
    pub async fn ended(&mut self) {
        // How it ended was logged by its supervisors; a join error is a cancelled runtime.
        let _ = (&mut self.ended).await;
    }

    /// Stops the tree, right to left; containers stay.
    pub async fn stop(self) {
        stop(&self.actor.get_cell()).await;
    }

    /// The root's actor.
    pub fn actor(&self) -> &ActorRef<SupervisorMsg> {
        &self.actor
    }
}

fn catalog(ctx: &Context, parent: &Path) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("catalog"));
    ChildSpec {
        name: "catalog".into(),
        kind: Kind::Catalog,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Catalog { ctx: Arc::clone(&ctx), path: path.clone() };
            spawn(Kind::Catalog, actor, (), under).boxed()
        }),
    }
}

fn schedules(ctx: &Context, parent: &Path) -> ChildSpec {
    let (ctx, path, writing) = (Arc::clone(ctx), parent.child("schedules"), Arc::default());
    ChildSpec {
        name: "schedules".into(),
        kind: Kind::Schedules,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor =
                Schedules { ctx: Arc::clone(&ctx), path: path.clone(), writing: Arc::clone(&writing) };
            spawn(Kind::Schedules, actor, (), under).boxed()
        }),
    }
}

fn host(
    ctx: &Context,
    parent: &Path,
    engine: Arc<dyn ContainerEngine>,
    secrets: Arc<dyn Secrets>,
    inside: Arc<dyn Inside>,
    control: SharedControlLink,
) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("host"));
    ChildSpec {
        name: "host".into(),
        kind: Kind::Host,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Host {
                ctx: Arc::clone(&ctx),
                path: path.clone(),
                engine: Arc::clone(&engine),
                secrets: Arc::clone(&secrets),
                inside: Arc::clone(&inside),
                control: Arc::clone(&control),
            };
            spawn(Kind::Host, actor, (), under).boxed()
        }),
    }
}
