//! Pages of a large installation, made of records without a tree.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_actors::context::{Settings, Surroundings};
use mainstay_actors::ports::{EventPage, Nature, Snapshot, Store, StoreError, Write};
use mainstay_core::model::{
    Cluster, ContainerInstance, Service, ServiceEvent, Task, TaskDefinition, TaskOwner,
};
use mainstay_core::{ServiceKey, ServiceName, TaskId};
use serde_json::json;

use super::*;
use crate::api::Endpoint;
use crate::api::tests::ask;
use crate::api::tests::support::{eventually, tree};
use crate::daemon::Role;
use crate::events::Events;
use crate::exec::Execs;
use crate::logs::Logs;

const TASKS: usize = 10_000;
const SERVICES: usize = 30;

/// A store that has this, and takes everything.
struct Given(Snapshot);

impl Store for Given {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.0.clone())
    }

    fn commit(&self, _: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn events(&self, _: u64, _: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        futures::future::ready(Ok(EventPage::default())).boxed()
    }
}

/// What one service with one task has on disk, as often as it takes; each service has said much of many tasks.
async fn many() -> Snapshot {
    let tree = tree().await;
    tree.host("default").await;
    let container = json!({"name": "web", "image": "nginx", "memory": 6});
    let input = json!({"family": "web", "containerDefinitions": [container]});
    ask(&tree, "RegisterTaskDefinition", input).await.unwrap();
    let input = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1});
    ask(&tree, "CreateService", input).await.unwrap();
    let view = &tree.ctx.view;
    eventually(|| view.tasks.any(|task| task.started_at.is_some())).await;
    let (service, task) = (view.services.all().remove(0), view.tasks.all().remove(0));
    let said = |number: usize| ServiceEvent {
        id: format!("{number}"),
        created_at: task.created_at,
        action: None,
        message: "(task 0123456789abcdef0123456789abcdef) ".repeat(500),
    };
    let name = |number: usize| ServiceName::new(format!("web-{:02}", number % SERVICES));
    let services = (0..SERVICES).map(|number| {
        let key = ServiceKey { name: name(number), ..service.key.clone() };
        Service { key, events: (0..100).map(said).collect(), ..Service::clone(&service) }
    });
    let tasks = (0..TASKS).map(|number| {
        let mut owner = task.owner.clone();
        if let TaskOwner::Service { service, .. } = &mut owner {
            *service = name(number);
        }
        Task { id: TaskId::new(format!("{number:032x}")), owner, ..Task::clone(&task) }
    });
    Snapshot {
        clusters: view.clusters.all().iter().map(|one| Cluster::clone(one)).collect(),
        task_definitions: view.definitions.all().iter().map(|one| TaskDefinition::clone(one)).collect(),
        instances: view.instances.all().iter().map(|one| ContainerInstance::clone(one)).collect(),
        services: services.collect(),
        tasks: tasks.collect(),
        ..Snapshot::default()
    }
}

fn shared(snapshot: Snapshot) -> Shared {
    let ctx = Surroundings::load(Arc::new(Given(snapshot)), Nature::real(), Settings::default()).unwrap();
    let control = Control::new(ctx);
    let logs = Logs::new(control.clone(), None, 1);
    let execs = Execs::new(None, 1, Duration::from_secs(1));
    Shared {
        control: control.clone(),
        recorder: crate::metrics::recorder().unwrap(),
        role: Role::Server,
        logs: logs.clone(),
        execs: execs.clone(),
        events: Events::new(control.clone(), 1),
        api: Endpoint::new(control, logs, execs, 1, false),
        console: Console::new("box".to_owned(), Vec::new()),
        used: LastLook::default(),
    }
}

#[tokio::test]
async fn with_ten_thousand_tasks_every_page_is_a_page() {
    let shared = shared(many().await);
    let instance = shared.control.view().instances.all().remove(0).id.to_string();
    let check = |name: &str, query: &str, make: &dyn Fn(&Seen<'_>) -> Shown, sign: &str| {
        let query = Query::read(query);
        let seen = Seen { shared: &shared, query: &query, now: shared.control.context().nature.wall() };
        let page = make(&seen).unwrap_or_else(|_| panic!("no page {name}"));
        let text = frame::whole(&seen, &page).into_string();
        assert!(text.len() < 100_000, "{name} has {} bytes", text.len());
        assert!(text.contains(sign), "{name} does not say {sign}: {text}");
    };
    check("overview", "", &overview::page, "10000</b> tasks running");
    check("services", "", &|seen| cluster::services(seen, "default"), "web-29");
    check("tasks", "", &|seen| cluster::tasks(seen, "default"), "1–50 of 10000");
    check("last tasks", "page=200", &|seen| cluster::tasks(seen, "default"), "9951–10000 of 10000");
    check("instances", "", &|seen| cluster::instances(seen, "default"), "box");
    check("instance", "", &|seen| instance::page(seen, "default", &instance), "1–50 of 10000");
    check("service", "", &|seen| service::page(seen, "default", "web-07"), "1–25 of 33");
    check("search", "q=web", &search::page, "And 9980 more; a longer word finds fewer.");
    check("events", "", &lists::events, "1–50 of 3000");
    check("deployments", "", &lists::deployments, "Deployments");
    check("images", "", &lists::images, "10000");
}
