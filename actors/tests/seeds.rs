//! Hundreds of worlds in which everything goes wrong, each in its own order.
//!
//! `MAINSTAY_SEED=17` replays one, with its log on stderr; `MAINSTAY_SEEDS=1000` tries more.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

#[path = "seeds/journal.rs"]
mod journal;
mod support;

use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::agent::AgentMsg;
use mainstay_actors::catalog::CatalogMsg;
use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::host::HostMsg;
use mainstay_actors::placement::PlacementMsg;
use mainstay_actors::ports::EngineState;
use mainstay_actors::service::ServiceMsg;
use mainstay_actors::sim::{self, Faults, Script, World, checked, container, default_cluster, service_key};
use mainstay_actors::supervisor::SupervisorMsg;
use mainstay_actors::task::TaskMsg;
use mainstay_actors::tasks::TasksMsg;
use mainstay_core::model::{
    ContainerDefinition, DependencyCondition, MountPoint, NetworkMode, ServiceStatus, Task, TaskStatus,
    Volume, VolumeKind,
};
use mainstay_core::{RevisionKey, ServiceKey, TaskId};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use journal::{Effect, Journal};
use support::*;

const SERVICES: [&str; 4] = ["web", "chain", "pair", "flaky"];

#[test]
fn whatever_goes_wrong_in_whatever_order_the_desired_count_comes_back() {
    every_seed(200, |seed| async move { Chaos::new(seed).await.run().await });
}

struct Chaos {
    world: World,
    chance: SmallRng,
    definitions: Vec<RevisionKey>,
    job: RevisionKey,
    journal: Journal,
}

impl Chaos {
    async fn new(seed: u64) -> Self {
        let mut world = quiet_world(seed);
        world.settings.restart.backoff_max = 20 * SEC;
        world.settings.cleanup_wait = MIN;
        world.settings.intensity.restarts = 10_000;
        world.engine.script("flaky", Script::exits(1, 15 * SEC));
        world.engine.script("deaf", Script::runs().ignores_sigterm());
        world.engine.script("job", Script::exits(0, 4 * SEC));
        world.start().await.unwrap();
        let mut deaf = container("deaf");
        deaf.stop_timeout = Some(5 * SEC);
        world.engine.script("init", Script::exits(0, SEC));
        world.engine.script("db", Script::healthy(SEC));
        let init = sim::side(container("init"));
        let db = sim::after(checked("db"), "init", DependencyCondition::Success);
        let app = sim::phoenix(sim::after(container("app"), "db", DependencyCondition::Healthy), 2 * SEC);
        let mut definitions = Vec::new();
        for (family, containers) in [
            ("web", vec![container("web")]),
            ("chain", vec![app, db, init]),
            ("pair", vec![mounting("web"), deaf]),
            ("flaky", vec![container("flaky")]),
        ] {
            definitions.push(define(&world, family, containers).await);
        }
        let job = define(&world, "job", vec![mounting("job")]).await;
        let journal = Journal::default();
        for (service, definition) in SERVICES.iter().zip(&definitions) {
            journal
                .change(&service_key(service), made(definition, 2), world.serve(service, definition, 2))
                .await;
        }
        Self { world, chance: SmallRng::seed_from_u64(seed), definitions, job, journal }
    }

    async fn run(mut self) {
        for _ in 0..self.chance.random_range(20..100) {
            // Half of it comes in the middle of what the other half began.
            let longest = if self.chance.random_bool(0.5) { 30 } else { 3000 };
            pass(Duration::from_millis(self.chance.random_range(0..longest))).await;
            self.mischief().await;
            self.journal.judge(&self.world.store);
        }
        self.heal().await;
        self.judge().await;
    }

    async fn mischief(&mut self) {
        if !self.world.is_up() {
            return self.world.start().await.unwrap();
        }
        match self.chance.random_range(0..22) {
            0..4 => self.harm_a_container(),
            4..8 => self.crash_an_actor(),
            8..11 => self.spoil_the_engine(),
            11 | 12 => self.spoil_the_disk(),
            13..19 => self.ask_for_something(),
            19 => {
                self.world.engine.come_back();
                self.world.engine.faults(|faults| *faults = Faults::default());
                self.world.store.fail(0.0);
                self.world.store.latency(MS..5 * MS);
            }
            20 => self.crash(),
            _ => {
                self.world.stop().await;
                self.journal.tree_ended();
            }
        }
    }

    fn crash(&mut self) {
        self.world.crash();
        self.journal.tree_ended();
    }

    fn harm_a_container(&mut self) {
        let engine = &self.world.engine;
        let all = engine.containers();
        let Some(victim) = all.choose(&mut self.chance) else { return };
        match self.chance.random_range(0..3) {
            0 => engine.kill(&victim.id),
            1 => engine.exit(&victim.id, self.chance.random_range(0..200)),
            _ => engine.take_away(&victim.id),
        }
    }

    fn crash_an_actor(&mut self) {
        let directory = &self.world.ctx().directory;
        let cluster = default_cluster();
        let kill = self.chance.random_bool(0.3);
        macro_rules! crash {
            ($actor:expr, $message:expr) => {
                if let Some(actor) = $actor {
                    if kill { actor.kill() } else { drop(actor.cast($message)) }
                }
            };
        }
        let tasks = self.world.view().tasks.filter(|task| task.last_status != TaskStatus::Stopped);
        let task = tasks.choose(&mut self.chance).map(|task| task.id.clone());
        let service = service_key(SERVICES.choose(&mut self.chance).unwrap());
        match self.chance.random_range(0..11) {
            0 => crash!(directory.catalog.get(&()), CatalogMsg::Panic),
            1 => crash!(directory.clusters.get(&()), SupervisorMsg::Panic),
            2 => crash!(directory.agent_supervisors.get(&cluster), SupervisorMsg::Panic),
            3 => crash!(directory.service_supervisors.get(&cluster), SupervisorMsg::Panic),
            4 => crash!(directory.placements.get(&cluster), PlacementMsg::Panic),
            5 => crash!(directory.tasks_of_clusters.get(&cluster), TasksMsg::Panic),
            6 => crash!(directory.agents.get(self.world.instance()), AgentMsg::Panic),
            7 => crash!(directory.services.get(&service), ServiceMsg::Panic),
            8 => crash!(task.and_then(|task| directory.tasks.get(&task)), TaskMsg::Panic),
            9 => crash!(directory.host.get(&()), HostMsg::Panic),
            _ => {
                if let (Some(host), Some(task)) = (directory.host.get(&()), task) {
                    drop(host.cast(HostMsg::PanicTask(task)));
                }
            }
        }
    }

    fn spoil_the_engine(&mut self) {
        let engine = &self.world.engine;
        let share = self.chance.random_range(0.0..0.6);
        match self.chance.random_range(0..8) {
            0 => engine.go_away(),
            1 => engine.come_back(),
            2 => engine.cut_events(),
            3 => engine.faults(|faults| faults.lose_answers = share),
            4 => engine.faults(|faults| (faults.refuse_starts, faults.refuse_volumes) = (share, share / 2.0)),
            5 => engine.faults(|faults| faults.event_delay = 10 * SEC),
            6 => engine.faults(|faults| (faults.reorder_events, faults.repeat_events) = (share, share)),
            _ => engine.faults(|faults| faults.latency = MS..4 * SEC),
        }
    }

    fn spoil_the_disk(&mut self) {
        match self.chance.random_range(0..4) {
            0 => self.world.store.latency(MS..2 * SEC),
            1 => self.world.store.fail(1.0),
            2 => self.world.store.fail(0.3),
            _ => self.world.store.fail(0.0),
        }
    }

    /// Asks without waiting for the answer, so that faults come in between.
    fn ask_for_something(&mut self) {
        let control = self.world.control().clone();
        let journal = self.journal.clone();
        let which = self.chance.random_range(0..SERVICES.len());
        let (key, own) = (service_key(SERVICES[which]), self.definitions[which].clone());
        let update = |update: ServiceUpdate| {
            let (control, journal, key) = (control.clone(), journal.clone(), key.clone());
            let effect = Effect {
                desired: update.desired_count,
                definition: update.definition.clone(),
                ..Effect::default()
            };
            later(async move {
                journal.change(&key, effect, control.update_service(key.clone(), update)).await;
            });
        };
        match self.chance.random_range(0..9) {
            0 | 1 => {
                let desired_count = Some(self.chance.random_range(0..6));
                update(ServiceUpdate { desired_count, ..Default::default() });
            }
            2 => {
                let definition = self.definitions.choose(&mut self.chance).cloned();
                update(ServiceUpdate { definition, ..Default::default() });
            }
            3 => update(ServiceUpdate { force_new_deployment: true, ..Default::default() }),
            4 => {
                let effect = Effect { desired: Some(0), active: Some(false), ..Effect::default() };
                later(async move {
                    journal.change(&key, effect, control.delete_service(key.clone(), true)).await;
                });
            }
            5 => {
                let new = sim::new_service(key.name.as_str(), own.clone(), 2);
                later(async move {
                    journal.change(&key, made(&own, 2), control.create_service(new)).await;
                });
            }
            6 => {
                let token = format!("run {}", self.chance.random_range(0..5));
                let mut request = sim::run_task(self.job.clone(), self.chance.random_range(1..4));
                request.client_token = Some(token.clone());
                later(async move {
                    if let Ok(ran) = control.run_task(request).await {
                        journal.ran(token, &ran);
                    }
                });
            }
            7 => {
                let new = sim::definition("late", vec![container("job")]);
                later(async move {
                    if let Ok(known) = control.register_task_definition(new).await {
                        journal.registered(known.key.clone());
                    }
                });
            }
            _ => {
                let tasks = self.world.view().tasks.all();
                let Some(task) = tasks.choose(&mut self.chance).map(|task| task.id.clone()) else { return };
                later(async move {
                    if control.stop_task(task.clone(), None).await.is_ok() {
                        journal.stopped(task);
                    }
                });
            }
        }
    }

    async fn heal(&mut self) {
        self.world.engine.come_back();
        self.world.engine.faults(|faults| *faults = Faults::default());
        self.world.engine.script("flaky", Script::runs());
        self.world.store.fail(0.0);
        self.world.store.latency(MS..5 * MS);
        if !self.world.is_up() {
            self.world.start().await.unwrap();
        }
        // Requests that are still under way end within their limit.
        pass(40 * SEC).await;
        for (service, definition) in SERVICES.iter().zip(&self.definitions) {
            let key = service_key(service);
            let gone = |w: &World| w.service(&key).is_none_or(|s| s.status != ServiceStatus::Draining);
            until(&self.world, "deletions end", 2 * MIN, gone).await;
            let active = self.world.service(&key).is_some_and(|s| s.status == ServiceStatus::Active);
            if active {
                let effect = Effect { desired: Some(3), ..Effect::default() };
                let update = ServiceUpdate { desired_count: Some(3), ..Default::default() };
                let scaled = self.world.control().update_service(key.clone(), update);
                self.journal.change(&key, effect, scaled).await;
            } else {
                let served = self.world.serve(service, definition, 3);
                self.journal.change(&key, made(definition, 3), served).await;
            }
        }
        // What was answered is on disk.
        if self.chance.random_bool(0.3) {
            self.crash();
            self.world.start().await.unwrap();
        }
    }

    async fn judge(&self) {
        let world = &self.world;
        let keys: Vec<ServiceKey> = SERVICES.iter().map(|name| service_key(name)).collect();
        for key in &keys {
            until(world, key.name.as_str(), 5 * MIN, |w| w.is_settled(key) && w.is_steady(key)).await;
        }
        // The grace of orphans, an audit, the time for which what ended stays to be looked at.
        pass(12 * MIN).await;
        for key in &keys {
            assert!(world.is_settled(key), "{}", picture(world));
            assert_eq!(world.running_tasks(key).len(), 3, "{}", picture(world));
        }
        let live = world.view().tasks.filter(|task| task.last_status != TaskStatus::Stopped);
        assert_eq!(live.len(), 3 * SERVICES.len(), "{}", picture(world));
        for task in &live {
            let ids = world.engine.running_of_task(&task.id);
            let up = task.containers.iter().filter(|one| one.last_status == TaskStatus::Running);
            let pauses = usize::from(["pair", "chain"].contains(&task.definition.family.as_str()));
            assert_eq!(ids.len(), up.count() + pauses, "of {}\n{}", task.id, picture(world));
        }
        assert_eq!(world.unowned(), [], "{}", picture(world));
        let idle: Vec<_> = world.engine.containers();
        let of_live = |id: &TaskId| live.iter().any(|task| task.id == *id);
        let idle: Vec<_> =
            idle.iter().filter(|c| c.state != EngineState::Running && !of_live(&c.task)).collect();
        assert!(idle.is_empty(), "left behind: {idle:?}");
        self.journal.judge(&world.store);
        self.judge_the_volumes(&live);
        self.judge_the_disk();
        self.judge_the_ledger().await;
        assert_lawful(world);
    }

    /// Each task that lives has its volume, and nobody else has one.
    fn judge_the_volumes(&self, live: &[Arc<Task>]) {
        let mut expected: Vec<Option<TaskId>> = live
            .iter()
            .filter(|task| task.definition.family.as_str() == "pair")
            .map(|task| Some(task.id.clone()))
            .collect();
        expected.sort();
        let mut found: Vec<Option<TaskId>> = self.world.engine.volumes().into_values().collect();
        found.sort();
        assert_eq!(found, expected, "{}", picture(&self.world));
    }

    fn judge_the_disk(&self) {
        let disk = self.world.store.snapshot();
        let view = self.world.view();
        for task in &disk.tasks {
            assert_eq!(view.tasks.get(&task.id).as_deref(), Some(task), "on disk, not so in the view");
        }
        for service in &disk.services {
            assert_eq!(
                view.services.get(&service.key).as_deref(),
                Some(service),
                "on disk, not so in the view"
            );
        }
        assert_eq!((disk.tasks.len(), disk.services.len()), (view.tasks.len(), view.services.len()));
    }

    /// Exactly what no task holds is free.
    async fn judge_the_ledger(&self) {
        let world = &self.world;
        let registered = world.view().instances.get(world.instance()).unwrap().registered.memory;
        let live = world.view().tasks.filter(|task| task.last_status != TaskStatus::Stopped);
        let free = registered - live.iter().map(|task| task.resources.memory).sum::<u32>();
        let mut rest = container("rest");
        rest.memory = Some(free);
        let rest = world.define("rest", vec![rest]).await.unwrap();
        let ran = run(world, &rest, 1).await;
        assert!(ran.failures.is_empty(), "room is held for nobody: {:?}", ran.failures);
        let ran = run(world, &self.job, 1).await;
        assert_eq!(ran.failures.len(), 1, "there is more room than there is");
    }
}

/// What making a service makes of it.
fn made(definition: &RevisionKey, desired: u32) -> Effect {
    Effect { desired: Some(desired), definition: Some(definition.clone()), active: Some(true) }
}

/// A container that mounts the volume `data`.
fn mounting(image: &str) -> ContainerDefinition {
    let mount = MountPoint { source_volume: "data".into(), container_path: "/data".into(), read_only: None };
    ContainerDefinition { mount_points: vec![mount], ..container(image) }
}

/// A task definition, with the volume `data` where a container mounts it.
async fn define(world: &World, family: &str, containers: Vec<ContainerDefinition>) -> RevisionKey {
    let mut definition = sim::definition(family, containers);
    if definition.containers.iter().any(|container| !container.mount_points.is_empty()) {
        definition.volumes = vec![Volume { name: "data".into(), kind: VolumeKind::Empty }];
    }
    if ["pair", "chain"].contains(&family) {
        definition.network_mode = NetworkMode::AwsVpc;
    }
    world.control().register_task_definition(definition).await.unwrap().key.clone()
}

fn later(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}
