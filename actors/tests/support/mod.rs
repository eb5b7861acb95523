//! A small language for stories in a simulated world.

#![allow(dead_code, reason = "each test file uses its part of the language")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_actors::control::{Ran, ServiceUpdate};
use mainstay_actors::sim::{self, World};
use mainstay_core::model::{ContainerDefinition, Task, TaskStatus};
use mainstay_core::{EngineId, RevisionKey, ServiceKey, TaskId};

pub const MS: Duration = Duration::from_millis(1);
pub const SEC: Duration = Duration::from_secs(1);
pub const MIN: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

/// A world with a tree whose engine answers.
pub async fn world() -> World {
    let mut world = quiet_world(1);
    world.start().await.unwrap();
    until(&world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
    world
}

/// A world without a tree, in which panics that were asked for are not printed.
pub fn quiet_world(seed: u64) -> World {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let asked = panic.payload().downcast_ref::<&str>().is_some_and(|text| *text == "asked to");
            if !asked {
                usual(panic);
            }
        }));
    });
    World::new(seed)
}

/// Waits for it, and fails in these words where it does not come in time.
#[track_caller]
pub fn until<'a>(
    world: &'a World,
    what: &'a str,
    limit: Duration,
    so: impl Fn(&World) -> bool + 'a,
) -> impl Future<Output = ()> + 'a {
    let from = std::panic::Location::caller();
    async move {
        if !world.wait_until(limit, &so).await {
            panic!("{from}: not within {limit:?}: {what}\n{}", picture(world));
        }
    }
}

/// What there is, for whoever reads a failure.
pub fn picture(world: &World) -> String {
    let mut lines = Vec::new();
    for service in world.view().services.all() {
        let events = service.events.iter().take(6).map(|event| format!("\n    {}", event.message));
        lines.push(format!(
            "service {} {:?}, wants {}: {}",
            service.key,
            service.status,
            service.desired_count,
            events.collect::<String>()
        ));
    }
    for task in world.view().tasks.all().iter().filter(|task| task.last_status != TaskStatus::Stopped) {
        lines.push(format!(
            "task {} {} {} wanted {} health {:?} {:?}",
            task.id, task.group, task.last_status, task.desired_status, task.health, task.stopped_reason
        ));
    }
    for seen in world.engine.containers() {
        lines.push(format!("container {} of {} {:?}", &seen.id.as_str()[56..], seen.task, seen.state));
    }
    lines.join("\n")
}

/// A service of this many tasks of one container, which are all up.
pub async fn service_of(world: &World, image: &str, count: u32) -> ServiceKey {
    service_with(world, image, sim::container(image), count).await
}

/// The same with a health check, not waited for.
pub async fn checked_service(world: &World, image: &str, count: u32) -> ServiceKey {
    let definition = world.define(image, vec![sim::checked(image)]).await.unwrap();
    world.serve(image, &definition, count).await.unwrap()
}

async fn service_with(world: &World, image: &str, container: ContainerDefinition, count: u32) -> ServiceKey {
    let definition = world.define(image, vec![container]).await.unwrap();
    let key = world.serve(image, &definition, count).await.unwrap();
    settled(world, &key).await;
    key
}

/// Waits until a service is as it shall be.
#[track_caller]
pub fn settled<'a>(world: &'a World, key: &'a ServiceKey) -> impl Future<Output = ()> + 'a {
    until(world, "the service is as it shall be", 2 * MIN, move |w| w.is_settled(key))
}

pub async fn scale(world: &World, key: &ServiceKey, to: u32) {
    let update = ServiceUpdate { desired_count: Some(to), ..Default::default() };
    world.control().update_service(key.clone(), update).await.unwrap();
}

pub async fn deploy(world: &World, key: &ServiceKey, definition: &RevisionKey) {
    let update = ServiceUpdate { definition: Some(definition.clone()), ..Default::default() };
    world.control().update_service(key.clone(), update).await.unwrap();
}

pub async fn run(world: &World, definition: &RevisionKey, count: u32) -> Ran {
    world.control().run_task(sim::run_task(definition.clone(), count)).await.unwrap()
}

/// The task, which must be known.
pub fn task(world: &World, id: &TaskId) -> Arc<Task> {
    world.view().tasks.get(id).expect("a known task")
}

/// Waits for its end.
pub async fn stopped(world: &World, id: &TaskId) -> Arc<Task> {
    until(world, "the task is STOPPED", 5 * MIN, |w| task(w, id).last_status == TaskStatus::Stopped).await;
    task(world, id)
}

/// What a service says of itself, newest first.
pub fn events(world: &World, key: &ServiceKey) -> Vec<String> {
    world.service(key).unwrap().events.iter().map(|event| event.message.clone()).collect()
}

pub fn says(world: &World, key: &ServiceKey, words: &str) -> bool {
    events(world, key).iter().any(|event| event.contains(words))
}

/// The ids of the containers that run, in order.
pub fn running(world: &World) -> Vec<EngineId> {
    world.engine.running().into_iter().map(|seen| seen.id).collect()
}

/// Lets time pass.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// What must never happen did not.
#[track_caller]
pub fn assert_lawful(world: &World) {
    assert_eq!(world.engine.history().violations, Vec::<String>::new());
    assert_eq!(world.store.violations(), Vec::<String>::new());
}

/// Lives the story of every seed, on all cores; fails with those in which it does not hold.
///
/// `MAINSTAY_SEED` is the only one then, with its log on stderr; `MAINSTAY_SEEDS` how many there are instead of `usual`.
pub fn every_seed<S: Future<Output = ()>>(usual: u64, story: impl Fn(u64) -> S + Sync) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("MAINSTAY_SEED") {
        Some(seed) => {
            tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
            seed..seed + 1
        }
        None => 0..number("MAINSTAY_SEEDS").unwrap_or(usual),
    };
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(Vec::new());
    let live = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let held = catch_unwind(AssertUnwindSafe(|| {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                runtime.enable_time().start_paused(true).build().unwrap().block_on(story(seed));
            }));
            if held.is_err() {
                eprintln!("seed {seed} fails; replay with MAINSTAY_SEED={seed}");
                failed.lock().unwrap().push(seed);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(live);
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "these seeds fail: {failed:?}");
}
