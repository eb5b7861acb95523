//! What happened is kept in order, across restarts, and sent to whoever wants it elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_actors::context::Surroundings;
use mainstay_actors::events::Hook;
use mainstay_actors::ports::{EventReceiver, EventShapes};
use mainstay_actors::sim::World;
use mainstay_core::events::{Event, Happening, Kind, Retry};
use mainstay_core::model::{TaskStatus, Timestamp};
use support::*;

/// Writes an event as a word or two.
struct Words;

impl EventShapes for Words {
    fn json(&self, _: &Surroundings, _: &str, _: Timestamp, happening: &Happening<'_>) -> String {
        match happening {
            Happening::Task(task) => format!("{} {}", task.last_status, task.desired_status),
            Happening::Instance(instance) => format!("connected {}", instance.agent_connected),
            other => other.name().unwrap().0.to_owned(),
        }
    }
}

/// A world whose events are kept.
async fn telling_world() -> World {
    let mut world = quiet_world(1);
    begin(&mut world).await;
    world
}

async fn begin(world: &mut World) {
    world.shapes = Some(Arc::new(Words));
    world.start().await.unwrap();
    until(world, "the engine answers", SEC, |w| {
        w.view().instances.get(w.instance()).unwrap().engine_connected
    })
    .await;
}

/// What is on disk of this kind, in words.
fn told(world: &World, kind: Kind) -> Vec<String> {
    world.store.events().into_iter().filter(|event| event.kind == kind).map(|event| event.json).collect()
}

fn sequences(world: &World) -> Vec<u64> {
    world.store.events().iter().map(|event| event.sequence).collect()
}

#[tokio::test(start_paused = true)]
async fn a_tasks_life_is_told_in_order_with_the_change_that_is_on_disk() {
    let world = telling_world().await;
    let web = service_of(&world, "web", 1).await;
    let victim = world.running_tasks(&web)[0].clone();
    world.engine.kill(&world.engine.running_of_task(&victim.id)[0]);
    stopped(&world, &victim.id).await;
    settled(&world, &web).await;
    until(&world, "steady again", SEC, |w| w.is_steady(&web)).await;
    pass(SEC).await;

    let of_victim = world.store.events().into_iter().filter(|event| event.task.as_ref() == Some(&victim.id));
    let life: Vec<Event> = of_victim.collect();
    assert!(life.iter().all(|event| event.service.as_ref() == Some(&web.name)));
    let life: Vec<&str> = life.iter().map(|event| event.json.as_str()).collect();
    assert_eq!(life.first(), Some(&"PROVISIONING RUNNING"), "{life:?}");
    assert!(life.contains(&"RUNNING RUNNING"), "{life:?}");
    assert_eq!(life.last(), Some(&"STOPPED STOPPED"), "{life:?}");
    assert_eq!(life.len() as u64, task(&world, &victim.id).version, "one for each version: {life:?}");
    let deployment = ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"];
    assert_eq!(told(&world, Kind::DeploymentStateChange), deployment);
    assert_eq!(told(&world, Kind::ServiceAction).last().map(String::as_str), Some("SERVICE_STEADY_STATE"));
    assert!(told(&world, Kind::ContainerInstanceStateChange).contains(&"connected true".to_owned()));
    let all = sequences(&world);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn places_go_on_after_a_restart_and_nothing_is_told_twice() {
    let mut world = telling_world().await;
    let web = service_of(&world, "web", 2).await;
    until(&world, "steady", SEC, |w| w.is_steady(&web)).await;
    pass(SEC).await;
    let before = world.store.events();
    for orderly in [true, false] {
        if orderly {
            world.stop().await;
        } else {
            world.crash();
        }
        begin(&mut world).await;
        pass(MIN).await;
    }
    let after = world.store.events();
    assert_eq!(after[..before.len()], before);
    let since = &after[before.len()..];
    assert!(since.iter().all(|event| event.kind == Kind::ContainerInstanceStateChange), "{since:?}");
    let all = sequences(&world);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_the_disk_refuses_is_told_once_it_takes_it() {
    let world = telling_world().await;
    let web = service_of(&world, "web", 1).await;
    pass(SEC).await;
    let victim = world.running_tasks(&web)[0].clone();
    world.store.fail(1.0);
    world.engine.kill(&world.engine.running_of_task(&victim.id)[0]);
    stopped(&world, &victim.id).await;
    pass(SEC).await;
    world.store.fail(0.0);
    pass(5 * SEC).await;
    let last = world.store.events().into_iter().rfind(|event| event.task.as_ref() == Some(&victim.id));
    assert_eq!(last.unwrap().json, "STOPPED STOPPED");
    assert_eq!(world.store.task(&victim.id).unwrap().last_status, TaskStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn as_many_are_kept_as_shall_be_and_the_newest_of_them() {
    let mut world = quiet_world(1);
    world.settings.events_kept = 10;
    begin(&mut world).await;
    let web = service_of(&world, "web", 1).await;
    for count in [20, 1, 20, 1] {
        scale(&world, &web, count).await;
        settled(&world, &web).await;
    }
    pass(MIN).await;
    let kept = sequences(&world);
    assert!((10..=74).contains(&kept.len()), "{} are kept", kept.len());
    assert!(kept[0] > 100, "the oldest is {}", kept[0]);
    assert_eq!(kept, (kept[0]..=kept[kept.len() - 1]).collect::<Vec<_>>());
}

/// A receiver that answers as it is told, and takes everything once nothing is left to tell it.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Received>>);

#[derive(Default)]
struct Received {
    taken: Vec<u64>,
    tries: usize,
    answers: VecDeque<Result<(), String>>,
    hangs: bool,
}

impl Receiver {
    fn taken(&self) -> Vec<u64> {
        self.0.lock().unwrap().taken.clone()
    }

    fn tries(&self) -> usize {
        self.0.lock().unwrap().tries
    }
}

impl EventReceiver for Receiver {
    fn send(&self, event: &Event) -> BoxFuture<'static, Result<(), String>> {
        let mut received = self.0.lock().unwrap();
        received.tries += 1;
        if received.hangs {
            return std::future::pending().boxed();
        }
        let answer = received.answers.pop_front().unwrap_or(Ok(()));
        if answer.is_ok() {
            received.taken.push(event.sequence);
        }
        std::future::ready(answer).boxed()
    }
}

fn hook(name: &str, kinds: &[Kind], receiver: &Receiver) -> Arc<Hook> {
    let retry = Retry { backoff: SEC, backoff_max: 10 * SEC, give_up_after: MIN };
    let receiver = Arc::new(receiver.clone());
    Arc::new(Hook { name: name.into(), cluster: None, kinds: kinds.to_vec(), retry, receiver })
}

/// The places of the events of this kind that came after this one.
fn of_kind(world: &World, kind: Kind, after: u64) -> Vec<u64> {
    let events = world.store.events().into_iter();
    events.filter(|event| event.kind == kind && event.sequence > after).map(|event| event.sequence).collect()
}

#[tokio::test(start_paused = true)]
async fn a_webhook_gets_what_it_wants_in_order_again_where_it_did_not_take_it_and_a_slow_one_holds_up_nobody()
{
    let mut world = telling_world().await;
    pass(SEC).await;
    let begun = *sequences(&world).last().unwrap();
    let (tasks, hanging) = (Receiver::default(), Receiver::default());
    tasks.0.lock().unwrap().answers.extend([Err("busy".to_owned()), Err("busy".to_owned())]);
    hanging.0.lock().unwrap().hangs = true;
    let hooks = || vec![hook("tasks", &[Kind::TaskStateChange], &tasks), hook("hanging", &[], &hanging)];
    world.add_webhooks(hooks());
    let web = service_of(&world, "web", 2).await;
    pass(20 * SEC).await;
    assert_eq!(tasks.taken(), of_kind(&world, Kind::TaskStateChange, begun));
    assert_eq!(tasks.tries(), tasks.taken().len() + 2);
    assert_eq!(hanging.tries(), 1);

    // The next daemon goes on where this one was.
    world.stop().await;
    begin(&mut world).await;
    world.add_webhooks(hooks());
    scale(&world, &web, 3).await;
    settled(&world, &web).await;
    pass(20 * SEC).await;
    assert_eq!(tasks.taken(), of_kind(&world, Kind::TaskStateChange, begun));
    assert_eq!(hanging.tries(), 2);
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_never_taken_is_given_up_when_it_is_too_old_and_the_next_ones_come() {
    let world = telling_world().await;
    let receiver = Receiver::default();
    pass(SEC).await;
    let begun = *sequences(&world).last().unwrap();
    receiver.0.lock().unwrap().answers.extend((0..12).map(|_| Err("no".to_owned())));
    world.add_webhooks(vec![hook("deployments", &[Kind::DeploymentStateChange], &receiver)]);
    service_of(&world, "web", 1).await;
    pass(10 * MIN).await;
    let all = of_kind(&world, Kind::DeploymentStateChange, begun);
    let taken = receiver.taken();
    assert!(taken.len() < all.len() && all.ends_with(&taken), "{taken:?} of {all:?}");
    service_of(&world, "db", 1).await;
    pass(SEC).await;
    let all = of_kind(&world, Kind::DeploymentStateChange, begun);
    assert_eq!(receiver.taken()[taken.len()..], all[all.len() - 2..]);
}
