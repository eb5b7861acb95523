//! Readings on a real tree and a simulated engine.

use std::time::Duration;

use mainstay_actors::ports::{LogQuery, LogStream};
use mainstay_actors::sim::{self, World};
use mainstay_core::model::{ContainerDefinition, Task};
use mainstay_core::{EngineId, TaskId};

use super::*;

const SEC: Duration = Duration::from_secs(1);
const MIN: Duration = Duration::from_secs(60);
const FOLLOW: LogQuery = LogQuery { since: None, until: None, tail: None, follow: true };

/// A world with one task, which runs.
async fn world(container: ContainerDefinition) -> (World, Arc<Task>) {
    let mut world = World::new(1);
    world.start().await.unwrap();
    let up = |w: &World| w.view().instances.get(w.instance()).unwrap().engine_connected;
    assert!(world.wait_until(SEC, up).await);
    let definition = world.define("web", vec![container]).await.unwrap();
    let ran = world.control().run_task(sim::run_task(definition, 1)).await.unwrap();
    let id = ran.tasks[0].id.clone();
    assert!(world.wait_until(MIN, |w| running(w, &id).is_some()).await);
    let task = world.view().tasks.get(&id).unwrap();
    (world, task)
}

/// The engine's id of a task's container that runs and is seen to.
fn running(world: &World, task: &TaskId) -> Option<EngineId> {
    let id = world.engine.running_of_task(task).pop()?;
    let task = world.view().tasks.get(task)?;
    let started_at = world.engine.containers().into_iter().find(|seen| seen.id == id)?.started_at;
    (task.containers[0].started_at == started_at).then_some(id)
}

fn logs(world: &World, at_once: usize) -> Logs {
    Logs::new(world.control().clone(), Some(Arc::new(world.engine.clone())), at_once)
}

fn of(task: &Task) -> Selection {
    Selection {
        cluster: task.cluster.clone(),
        tasks: vec![task.id.clone()],
        services: Vec::new(),
        container: None,
    }
}

/// The next line's text.
async fn line(reading: &mut Reading) -> Option<String> {
    match tokio::time::timeout(MIN, reading.next()).await.expect("an item within a minute")? {
        Item::Line(_, line) => Some(line.text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_printed_comes_first_then_what_is_printed_until_the_task_is_over() {
    let (world, task) = world(sim::container("web")).await;
    let id = running(&world, &task.id).unwrap();
    for text in ["a", "b", "c"] {
        world.engine.print(&id, LogStream::Stdout, text);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let query = LogQuery { tail: Some(2), ..FOLLOW };
    let mut reading = Reading::begin(&logs(&world, 1), of(&task), query).await.unwrap();
    assert_eq!(line(&mut reading).await.as_deref(), Some("b"));
    world.engine.print(&id, LogStream::Stderr, "d");
    for text in ["c", "d"] {
        assert_eq!(line(&mut reading).await.as_deref(), Some(text));
    }
    world.engine.print(&id, LogStream::Stdout, "e");
    assert_eq!(line(&mut reading).await.as_deref(), Some("e"));
    world.engine.print(&id, LogStream::Stdout, "last words");
    world.engine.exit(&id, 0);
    assert_eq!(line(&mut reading).await.as_deref(), Some("last words"));
    assert_eq!(line(&mut reading).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_starts_again_in_place_is_followed_on() {
    let (world, task) = world(sim::phoenix(sim::container("web"), SEC)).await;
    let id = running(&world, &task.id).unwrap();
    let mut reading = Reading::begin(&logs(&world, 1), of(&task), FOLLOW).await.unwrap();
    world.engine.print(&id, LogStream::Stdout, "first life");
    assert_eq!(line(&mut reading).await.as_deref(), Some("first life"));
    tokio::time::sleep(2 * SEC).await;
    world.engine.exit(&id, 1);
    let again = |w: &World| running(w, &task.id) == Some(id.clone());
    assert!(world.wait_until(MIN, again).await, "it runs again");
    world.engine.print(&id, LogStream::Stdout, "second life");
    assert_eq!(line(&mut reading).await.as_deref(), Some("second life"));
}

#[tokio::test(start_paused = true)]
async fn a_reading_has_its_place_until_it_is_dropped() {
    let (world, task) = world(sim::container("web")).await;
    let logs = logs(&world, 1);
    let first = Reading::begin(&logs, of(&task), FOLLOW).await.unwrap();
    assert!(matches!(Reading::begin(&logs, of(&task), FOLLOW).await, Err(Refusal::Busy(_))));
    drop(first);
    assert!(Reading::begin(&logs, of(&task), FOLLOW).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_daemon_cuts_what_is_followed() {
    let (world, task) = world(sim::container("web")).await;
    let logs = logs(&world, 1);
    let mut reading = Reading::begin(&logs, of(&task), FOLLOW).await.unwrap();
    logs.close();
    assert!(matches!(reading.next().await, Some(Item::Cut(_))));
    assert_eq!(reading.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_nothing_to_read_the_words_say_why() {
    let (world, task) = world(sim::container("web")).await;
    let said = |logs: Logs, selection: Selection| async move {
        Reading::begin(&logs, selection, LogQuery::default()).await.err().map(|refusal| refusal.to_string())
    };
    let none = Logs::new(world.control().clone(), None, 1);
    assert!(said(none, of(&task)).await.unwrap().starts_with("this mainstay runs the control plane alone"));
    let db = Selection { container: Some("db".into()), ..of(&task) };
    let name = &task.containers[0].name;
    assert_eq!(
        said(logs(&world, 1), db).await.unwrap(),
        format!("there is no container db; there are {name}")
    );
    world.engine.go_away();
    assert!(
        said(logs(&world, 1), of(&task)).await.unwrap().starts_with("no answer from the container engine")
    );
}
