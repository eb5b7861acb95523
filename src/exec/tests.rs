//! Sessions on a real tree and a simulated engine.

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use mainstay_actors::ports::LogStream;
use mainstay_actors::sim::{self, SimExec, World};
use mainstay_core::EngineId;
use mainstay_core::model::{Task, TaskStatus};
use tokio::task::JoinHandle;

use super::plain::{CLOSE, Plain, RESIZE, STATUS, STDERR, STDIN, STDOUT, Status, framed};
use super::*;

const SEC: Duration = Duration::from_secs(1);
const MIN: Duration = Duration::from_secs(60);

/// A world with one task, which runs.
async fn world() -> (World, Arc<Task>) {
    let mut world = World::new(1);
    world.start().await.unwrap();
    let up = |w: &World| w.view().instances.get(w.instance()).unwrap().engine_connected;
    assert!(world.wait_until(SEC, up).await);
    let definition = world.define("web", vec![sim::container("web")]).await.unwrap();
    let ran = world.control().run_task(sim::run_task(definition, 1)).await.unwrap();
    let id = ran.tasks[0].id.clone();
    let runs =
        |w: &World| w.view().tasks.get(&id).is_some_and(|task| task.last_status == TaskStatus::Running);
    assert!(world.wait_until(MIN, runs).await);
    let task = world.view().tasks.get(&id).unwrap();
    (world, task)
}

fn execs(world: &World, at_once: usize) -> Execs {
    Execs::new(Some(Arc::new(world.engine.clone())), at_once, 20 * MIN)
}

fn command(words: &[&str]) -> NewExec {
    let command = words.iter().map(|&word| word.to_owned()).collect();
    NewExec { command, input: true, ..NewExec::default() }
}

/// A client of `mainstay exec` in the middle of a session.
struct Client {
    to: mpsc::UnboundedSender<Result<Frame, String>>,
    from: mpsc::Receiver<Frame>,
    session: JoinHandle<End>,
}

impl Client {
    fn begin(execs: &Execs, task: &Task, words: &[&str], idle: Option<Duration>) -> Self {
        let target = Target::of(task, None).unwrap();
        let mut session = execs.session_of_cli(target, command(words)).unwrap();
        session.idle = idle;
        let (to, frames) = mpsc::unbounded();
        let (sink, from) = mpsc::channel(1);
        let execs = execs.clone();
        let sink = sink.sink_map_err(|error| error.to_string());
        let session = tokio::spawn(async move { execs.hold(session, frames, sink, Plain::new()).await });
        Self { to, from, session }
    }

    fn send(&self, kind: u8, bytes: &[u8]) {
        self.to.unbounded_send(Ok(Frame::Binary(framed(kind, bytes)))).unwrap();
    }

    /// The next frame that is not a ping.
    async fn frame(&mut self) -> Option<(u8, Bytes)> {
        loop {
            match tokio::time::timeout(60 * MIN, self.from.next()).await.expect("a frame within an hour")? {
                Frame::Binary(bytes) => return Some((bytes[0], bytes.slice(1..))),
                Frame::Ping => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn status(&mut self) -> Status {
        loop {
            let (kind, bytes) = self.frame().await.unwrap();
            if kind == STATUS {
                self.to.close_channel();
                return serde_json::from_slice(&bytes).unwrap();
            }
        }
    }

    async fn end(self) -> End {
        drop((self.to, self.from));
        tokio::time::timeout(MIN, self.session).await.expect("an end within a minute").unwrap()
    }
}

/// The only command, once it is as wanted.
async fn seen(world: &World, wanted: impl Fn(&SimExec) -> bool) -> SimExec {
    let found = |w: &World| w.engine.execs().first().is_some_and(&wanted);
    assert!(world.wait_until(MIN, found).await, "{:?}", world.engine.execs());
    world.engine.execs().remove(0)
}

fn container_of(world: &World, task: &Task) -> EngineId {
    world.engine.running_of_task(&task.id).pop().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_typed_reaches_the_command_and_what_it_prints_comes_back_apart() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    client.send(RESIZE, br#"{"columns":100,"rows":30}"#);
    client.send(STDIN, b"hello");
    assert_eq!(client.frame().await, Some((STDOUT, "hello".into())));
    let exec = seen(&world, |exec| !exec.sizes.is_empty()).await;
    assert_eq!((exec.sizes[0].columns, exec.sizes[0].rows), (100, 30));
    world.engine.print_exec(&exec.id, LogStream::Stderr, "oops");
    assert_eq!(client.frame().await, Some((STDERR, "oops".into())));
    client.send(CLOSE, &[STDIN]);
    assert_eq!(client.status().await.exit_code, Some(0));
    assert_eq!(client.end().await, End::Exited(0));
}

#[tokio::test(start_paused = true)]
async fn the_commands_exit_code_comes_after_all_that_it_printed() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    let exec = seen(&world, |_| true).await;
    for number in 0..50 {
        world.engine.print_exec(&exec.id, LogStream::Stdout, &number.to_string());
    }
    world.engine.exit_exec(&exec.id, 7);
    for number in 0..50 {
        assert_eq!(client.frame().await, Some((STDOUT, number.to_string().into())));
    }
    assert_eq!(client.status().await.exit_code, Some(7));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_leaves_no_command_behind() {
    let (world, task) = world().await;
    let execs = execs(&world, 1);
    let client = Client::begin(&execs, &task, &["deaf"], None);
    client.send(STDIN, b"nobody reads this");
    seen(&world, |_| true).await;
    assert_eq!(client.end().await, End::Left);
    assert_eq!(seen(&world, |exec| exec.exit_code.is_some()).await.exit_code, Some(129));
    let again = Target::of(&task, None).unwrap();
    assert!(execs.session_of_cli(again, command(&["cat"])).is_ok(), "its place is free again");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_is_noticed_by_a_ping_though_nobody_reads_from_it() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["deaf"], None);
    seen(&world, |_| true).await;
    // Fills all buffers, so that its end is not read.
    for _ in 0..3 {
        client.send(STDIN, &vec![0; 1024 * 1024]);
    }
    client.from.close();
    let end = tokio::time::timeout(MIN, client.session).await.expect("an end within a minute").unwrap();
    assert_eq!(end, End::Left);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_container_is_the_end_of_the_session() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    seen(&world, |_| true).await;
    world.engine.kill(&container_of(&world, &task));
    assert_eq!(client.status().await.exit_code, Some(137));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_idle_for_too_long_ends_and_one_that_is_used_does_not() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], Some(20 * MIN));
    for _ in 0..3 {
        tokio::time::sleep(19 * MIN).await;
        client.send(STDIN, b"x");
        assert_eq!(client.frame().await, Some((STDOUT, "x".into())));
    }
    let began = Instant::now();
    assert_eq!(client.status().await.error.as_deref(), Some("the session was idle for too long"));
    assert!(began.elapsed() >= 20 * MIN && began.elapsed() < 21 * MIN, "{:?}", began.elapsed());
    assert_eq!(world.engine.execs()[0].exit_code, Some(129));
}

#[tokio::test(start_paused = true)]
async fn the_daemons_end_ends_sessions_and_leaves_no_command_behind() {
    let (world, task) = world().await;
    let execs = execs(&world, 1);
    let mut client = Client::begin(&execs, &task, &["cat"], None);
    seen(&world, |_| true).await;
    let closing = tokio::spawn(async move { execs.close().await });
    assert_eq!(client.status().await.error.as_deref(), Some("mainstay is stopping; the containers go on"));
    drop(client.end().await);
    tokio::time::timeout(MIN, closing).await.expect("closed within a minute").unwrap();
    assert_eq!(world.engine.execs()[0].exit_code, Some(129));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_keeps_the_command_waiting_and_loses_nothing() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    let exec = seen(&world, |_| true).await;
    for number in 0..200 {
        world.engine.print_exec(&exec.id, LogStream::Stdout, &number.to_string());
    }
    tokio::time::sleep(MIN).await;
    for number in 0..200 {
        assert_eq!(client.frame().await, Some((STDOUT, number.to_string().into())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_speak_the_language_is_told_so() {
    let (world, task) = world().await;
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    client.send(9, b"?");
    let error = client.status().await.error.unwrap();
    assert!(error.contains("no frame that begins with Some(9)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_gone_or_an_engine_that_is_away_is_told_of() {
    let (world, task) = world().await;
    world.engine.go_away();
    let mut client = Client::begin(&execs(&world, 1), &task, &["cat"], None);
    let error = client.status().await.error.unwrap();
    assert!(error.starts_with("no answer from the container engine"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_once_for_its_session_and_for_a_minute() {
    let (world, task) = world().await;
    let execs = execs(&world, 1);
    let promise = || execs.promise(Target::of(&task, None).unwrap(), command(&["cat"])).unwrap();
    let (one, other) = (promise(), promise());
    assert_ne!(one.token, other.token);
    assert!(one.session.starts_with("ecs-execute-command-") && one.session != other.session);
    assert!(execs.claim(&one.session, &other.token).is_none());
    assert!(execs.claim(&other.session, &one.token).is_none());
    assert!(execs.claim("ecs-execute-command-0", &one.token).is_none());
    assert!(execs.claim(&one.session, &one.token).is_some(), "a wrong token spoils nothing");
    assert!(execs.claim(&one.session, &one.token).is_none());
    tokio::time::sleep(TOKEN_LIVES).await;
    assert!(execs.claim(&other.session, &other.token).is_none());
}

#[tokio::test(start_paused = true)]
async fn there_are_no_more_sessions_and_promises_than_there_are_places() {
    let (world, task) = world().await;
    let (execs, target) = (execs(&world, 1), Target::of(&task, None).unwrap());
    let first = execs.session_of_cli(target.clone(), command(&["cat"])).unwrap();
    assert_eq!(execs.session_of_ecs(target.clone(), command(&["cat"])).err(), Some(NoSession::Busy));
    drop(first);
    assert!(execs.session_of_ecs(target.clone(), command(&["cat"])).is_ok());
    for _ in 0..MOST_PROMISED {
        execs.promise(target.clone(), command(&["cat"])).unwrap();
    }
    assert_eq!(execs.promise(target.clone(), command(&["cat"])).err(), Some(NoSession::Busy));
    tokio::time::sleep(TOKEN_LIVES).await;
    assert!(execs.promise(target.clone(), command(&["cat"])).is_ok());
    let alone = Execs::new(None, 1, MIN);
    assert_eq!(alone.promise(target, command(&["cat"])).err(), Some(NoSession::NoEngine));
}

#[tokio::test(start_paused = true)]
async fn a_container_is_found_by_name_or_for_being_the_only_one_and_has_to_run() {
    let (_world, task) = world().await;
    let name = task.containers[0].name.clone();
    assert_eq!(Target::of(&task, None), Target::of(&task, Some(&name)));
    let unfit = |task: &Task, container: Option<&str>| Target::of(task, container).unwrap_err().to_string();
    let id = &task.id;
    assert_eq!(unfit(&task, Some("db")), format!("task {id} has no container db; it has {name}"));
    let mut two = Task::clone(&task);
    two.containers.push(two.containers[0].clone());
    two.containers[1].name = "db".to_owned();
    two.containers[1].last_status = TaskStatus::Pending;
    assert_eq!(unfit(&two, None), format!("task {id} has several containers; choose one: {name}, db"));
    let pending = format!("container db of task {id} is PENDING; a command can run only where it is RUNNING");
    assert_eq!(unfit(&two, Some("db")), pending);
}
