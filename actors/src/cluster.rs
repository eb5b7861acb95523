//! A cluster: the supervisor of its placement, agents, services and tasks.

use std::sync::Arc;

use futures::FutureExt;
use mainstay_core::model::{ClusterStatus, Service, ServiceStatus};
use mainstay_core::supervision::{Restart, Strategy};
use mainstay_core::{ClusterName, InstanceId, ServiceKey};
use ractor::{Actor, ActorCell, SpawnErr};

use crate::agent::Agent;
use crate::context::Context;
use crate::measured::{Measured, Probed};
use crate::placement::Placement;
use crate::service::ServiceActor;
use crate::supervisor::{ChildSpec, Family, Supervisor};
use crate::tasks::Tasks;
use crate::tree::{Kind, Path};

/// Spawns an actor under a supervisor and gives its cell.
pub(crate) async fn spawn<A: Actor>(
    kind: Kind,
    actor: A,
    arguments: A::Arguments,
    under: ActorCell,
) -> Result<ActorCell, SpawnErr>
where
    A::Msg: Probed,
{
    let (actor, _) = Actor::spawn_linked(None, Measured { actor, kind }, arguments, under).await?;
    Ok(actor.get_cell())
}

/// The supervisor of all ACTIVE clusters.
pub(crate) fn clusters(ctx: &Context, parent: &Path) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("clusters"));
    ChildSpec {
        name: "clusters".into(),
        kind: Kind::Clusters,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let (ctx, path) = (Arc::clone(&ctx), path.clone());
            let (entry, known, under_path) = (Arc::clone(&ctx), Arc::clone(&ctx), path.clone());
            let children = Box::new(move || {
                let active = known.view.clusters.filter(|cluster| cluster.status == ClusterStatus::Active);
                active.iter().map(|found| cluster(&known, &under_path, found.name.clone())).collect()
            });
            let enter = Box::new(move |me| Box::new(entry.directory.clusters.enter((), me)) as Box<dyn Send>);
            let family = Family { children, enter: Some(enter) };
            let supervisor = Supervisor { ctx, path, kind: Kind::Clusters, strategy: Strategy::OneForOne };
            spawn(Kind::Clusters, supervisor, family, under).boxed()
        }),
    }
}

/// One cluster. Rest for one: what stands on a ledger, a link or a service begins anew with it.
pub(crate) fn cluster(ctx: &Context, parent: &Path, name: ClusterName) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child(&name));
    ChildSpec {
        name: name.to_string(),
        kind: Kind::Cluster,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let (ctx, path) = (Arc::clone(&ctx), path.clone());
            let children = vec![
                placement(&ctx, &path, name.clone()),
                agents(&ctx, &path, name.clone()),
                services(&ctx, &path, name.clone()),
                tasks(&ctx, &path, name.clone()),
            ];
            let family = Family { children: Box::new(|| children), enter: None };
            let supervisor = Supervisor { ctx, path, kind: Kind::Cluster, strategy: Strategy::RestForOne };
            spawn(Kind::Cluster, supervisor, family, under).boxed()
        }),
    }
}

fn placement(ctx: &Context, parent: &Path, name: ClusterName) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("placement"));
    ChildSpec {
        name: "placement".into(),
        kind: Kind::Placement,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Placement { ctx: Arc::clone(&ctx), path: path.clone() };
            spawn(Kind::Placement, actor, name.clone(), under).boxed()
        }),
    }
}

fn tasks(ctx: &Context, parent: &Path, name: ClusterName) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("tasks"));
    ChildSpec {
        name: "tasks".into(),
        kind: Kind::Tasks,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Tasks { ctx: Arc::clone(&ctx), path: path.clone() };
            spawn(Kind::Tasks, actor, name.clone(), under).boxed()
        }),
    }
}

fn agents(ctx: &Context, parent: &Path, name: ClusterName) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("agents"));
    ChildSpec {
        name: "agents".into(),
        kind: Kind::Agents,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let (ctx, path, name) = (Arc::clone(&ctx), path.clone(), name.clone());
            let (entry, known, under_path, of) =
                (Arc::clone(&ctx), Arc::clone(&ctx), path.clone(), name.clone());
            let children = Box::new(move || {
                let instances = known.view.instances.filter(|instance| instance.cluster == of);
                instances.iter().map(|found| agent(&known, &under_path, found.id.clone())).collect()
            });
            let enter = Box::new(move |me| {
                Box::new(entry.directory.agent_supervisors.enter(name, me)) as Box<dyn Send>
            });
            let family = Family { children, enter: Some(enter) };
            let supervisor = Supervisor { ctx, path, kind: Kind::Agents, strategy: Strategy::OneForOne };
            spawn(Kind::Agents, supervisor, family, under).boxed()
        }),
    }
}

/// One container instance's agent.
pub(crate) fn agent(ctx: &Context, parent: &Path, id: InstanceId) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child(&id));
    ChildSpec {
        name: id.to_string(),
        kind: Kind::Agent,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let actor = Agent { ctx: Arc::clone(&ctx), path: path.clone() };
            spawn(Kind::Agent, actor, id.clone(), under).boxed()
        }),
    }
}

fn services(ctx: &Context, parent: &Path, name: ClusterName) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child("services"));
    ChildSpec {
        name: "services".into(),
        kind: Kind::Services,
        restart: Restart::Permanent,
        start: Arc::new(move |under| {
            let (ctx, path, name) = (Arc::clone(&ctx), path.clone(), name.clone());
            let (entry, known, under_path, of) =
                (Arc::clone(&ctx), Arc::clone(&ctx), path.clone(), name.clone());
            let children = Box::new(move || {
                let kept = |s: &Service| s.key.cluster == of && s.status != ServiceStatus::Inactive;
                let kept = known.view.services.filter(kept);
                kept.iter().map(|found| service(&known, &under_path, found.key.clone())).collect()
            });
            let enter = Box::new(move |me| {
                Box::new(entry.directory.service_supervisors.enter(name, me)) as Box<dyn Send>
            });
            let family = Family { children, enter: Some(enter) };
            let supervisor = Supervisor { ctx, path, kind: Kind::Services, strategy: Strategy::OneForOne };
            spawn(Kind::Services, supervisor, family, under).boxed()
        }),
    }
}

/// One service. Transient: it ends by itself once it was deleted and its last task has gone.
pub(crate) fn service(ctx: &Context, parent: &Path, key: ServiceKey) -> ChildSpec {
    let (ctx, path) = (Arc::clone(ctx), parent.child(&key.name));
    ChildSpec {
        name: key.name.to_string(),
        kind: Kind::Service,
        restart: Restart::Transient,
        start: Arc::new(move |under| {
            let actor = ServiceActor { ctx: Arc::clone(&ctx), path: path.clone() };
            spawn(Kind::Service, actor, key.clone(), under).boxed()
        }),
    }
}

/// Where a cluster's actors stand in the tree.
pub(crate) fn path_of(cluster: &ClusterName) -> Path {
    Path::root().child("clusters").child(cluster)
}
