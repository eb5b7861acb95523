//! A container engine that only pretends, with faults on request.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use mainstay_core::images::{Here, Pulled};
use mainstay_core::model::Ports;
use mainstay_core::{EngineId, ExecId, TaskId};
use rand::Rng;
use tokio::time::{Instant, sleep, sleep_until};

use super::history::History;
use super::machine::{Machine, Sent};
use super::script::Script;
use crate::ports::{
    ContainerEngine, Credentials, EngineContainer, EngineError, EngineEvent, EngineInfo, EngineState, Exec,
    LogLines, LogQuery, MountSource, NewContainer, NewExec, NewVolume, Pull, TaskVolume, TerminalSize, Told,
};

/// Where a simulated engine pretends to listen.
const ENDPOINT: &str = "sim://engine";
/// An event that was to be overtaken comes after this time even if nothing overtook it.
const OVERTAKEN_WITHIN: Duration = Duration::from_millis(500);

/// A simulated engine; clones are the same engine. It lives in the runtime in which it was used first, whatever
/// happens to the trees on it.
#[derive(Clone)]
pub struct SimEngine {
    machine: Arc<Mutex<Machine>>,
    info: EngineInfo,
}

/// What goes wrong, how often.
#[derive(Debug, Clone)]
pub struct Faults {
    /// How long a call takes, half of it before its effect.
    pub latency: Range<Duration>,
    /// The share of calls whose effect happens while the answer is lost.
    pub lose_answers: f64,
    /// The share of starts that are refused.
    pub refuse_starts: f64,
    /// The share of volumes that are refused.
    pub refuse_volumes: f64,
    /// How late an event may be.
    pub event_delay: Duration,
    /// The share of events that the next one overtakes.
    pub reorder_events: f64,
    /// The share of events that come twice.
    pub repeat_events: f64,
}

impl Default for Faults {
    /// None, on an engine that is quick.
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(1)..Duration::from_millis(10),
            lose_answers: 0.0,
            refuse_starts: 0.0,
            refuse_volumes: 0.0,
            event_delay: Duration::from_millis(2),
            reorder_events: 0.0,
            repeat_events: 0.0,
        }
    }
}

/// Where an image is. One that was never spoken of is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// On the host, where it was built.
    Here,
    /// In a registry; a pull takes this long.
    Remote(Duration),
    /// In no registry.
    Nowhere,
    /// In a registry from which no pull ends within its time.
    Stuck,
}

impl SimEngine {
    /// An engine without containers, on a host of so many cores and MiB.
    pub fn new(seed: u64, cpus: u32, memory: u32) -> Self {
        let info = EngineInfo {
            version: "27.0.0-sim".into(),
            host: "sim".into(),
            cpus,
            memory,
            architecture: "x86_64".into(),
            os: "linux".into(),
            runtimes: vec!["runc".into()],
            gpus: Vec::new(),
        };
        Self { machine: Arc::new(Mutex::new(Machine::new(seed, Instant::now()))), info }
    }

    /// Its host has these GPUs, from the next tree on it.
    pub fn has_gpus(&mut self, ids: &[&str]) {
        self.info.gpus = ids.iter().map(|id| (*id).to_owned()).collect();
    }

    /// The GPUs that a container was given.
    pub fn gpus(&self, id: &EngineId) -> Vec<String> {
        self.machine().containers.get(id).map(|container| container.gpus.clone()).unwrap_or_default()
    }

    /// What programs of this image do, from the next create on.
    pub fn script(&self, image: &str, script: Script) {
        self.machine().scripts.insert(image.into(), script);
    }

    /// This image brings a health check of its own.
    pub fn checks_itself(&self, image: &str) {
        self.machine().checking.insert(image.into());
    }

    /// Where this image is.
    pub fn image(&self, image: &str, state: ImageState) {
        self.machine().images.put(image, state);
    }

    /// Puts an image into a registry under this name, or moves the name to another one.
    pub fn publish(&self, image: &str, digest: &str) {
        self.machine().images.publish(image, digest);
    }

    /// The registry gives this image to nobody without this name and password.
    pub fn lock(&self, image: &str, username: &str, password: &str) {
        let key = Credentials { username: username.into(), password: password.into() };
        self.machine().images.locked.insert(image.into(), key);
    }

    /// Whether registries answer.
    pub fn registries_answer(&self, answer: bool) {
        self.machine().images.away = !answer;
    }

    /// The images on the host that came from a registry, by reference.
    pub fn pulled(&self) -> Vec<String> {
        self.machine().images.pulled_names()
    }

    /// The digests that the running containers of an image run.
    pub fn running_digests_of(&self, image: &str) -> Vec<Option<String>> {
        let machine = self.machine();
        let running = machine.containers.values().filter(|known| known.state == EngineState::Running);
        running.filter(|known| known.image == image).map(|known| known.runs.digest.clone()).collect()
    }

    /// Somebody else on the host has these ports: a container that wants one of them does not start.
    pub fn take_ports(&self, ports: Ports) {
        self.machine().taken.push(ports);
    }

    /// Changes what goes wrong from now on.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.machine().faults);
    }

    /// No answer from now on; event streams end. Containers go on.
    pub fn go_away(&self) {
        let mut machine = self.machine();
        machine.away = true;
        machine.listeners.clear();
    }

    /// Answers again.
    pub fn come_back(&self) {
        self.machine().away = false;
    }

    /// Ends the event streams that there are.
    pub fn cut_events(&self) {
        self.machine().listeners.clear();
    }

    /// Kills a container from outside: exit code 137.
    pub fn kill(&self, id: &EngineId) {
        self.machine().end(id, None, 137, false);
    }

    /// Ends a container as if its program had exited.
    pub fn exit(&self, id: &EngineId, code: i32) {
        self.machine().end(id, None, code, false);
    }

    /// Removes a container from outside.
    pub fn take_away(&self, id: &EngineId) {
        self.machine().remove(id);
    }

    /// Makes a volume from outside, which is nobody's.
    pub fn make_volume(&self, name: &str) {
        self.machine().volumes.insert(name.into(), None);
    }

    /// Makes a volume on behalf of a task, as a call does that was given up long ago.
    pub fn make_volume_late(&self, name: &str, task: &TaskId) {
        self.machine().volumes.insert(name.into(), Some(task.clone()));
    }

    /// A container's variables.
    pub fn environment(&self, id: &EngineId) -> BTreeMap<String, String> {
        let machine = self.machine();
        machine.containers.get(id).map(|container| container.environment.clone()).unwrap_or_default()
    }

    /// The runtime of a container, where it was to be another one than the default.
    pub fn runtime(&self, id: &EngineId) -> Option<String> {
        self.machine().containers.get(id).and_then(|container| container.runtime.clone())
    }

    /// What a container's log driver was told that was looked up.
    pub fn log_options(&self, id: &EngineId) -> BTreeMap<String, String> {
        let machine = self.machine();
        let options = machine.containers.get(id).map(|container| &container.log_options);
        let shown = options.into_iter().flatten();
        shown.map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect()
    }

    /// The names of the volumes there are, each with the task it was made for, if any.
    pub fn volumes(&self) -> BTreeMap<String, Option<TaskId>> {
        self.machine().volumes.clone()
    }

    /// What ever happened.
    pub fn history(&self) -> History {
        self.machine().history.clone()
    }

    /// All containers, in whatever state.
    pub fn containers(&self) -> Vec<EngineContainer> {
        let machine = self.machine();
        machine.containers.keys().filter_map(|id| machine.look(id)).collect()
    }

    /// The containers that run.
    pub fn running(&self) -> Vec<EngineContainer> {
        let mut all = self.containers();
        all.retain(|container| container.state == EngineState::Running);
        all
    }

    /// The containers of this image that run.
    pub fn running_of(&self, image: &str) -> Vec<EngineId> {
        let machine = self.machine();
        let ours = machine
            .containers
            .iter()
            .filter(|(_, container)| container.image == image && container.state == EngineState::Running);
        ours.map(|(id, _)| id.clone()).collect()
    }

    /// The running containers of a task.
    pub fn running_of_task(&self, task: &TaskId) -> Vec<EngineId> {
        self.running().into_iter().filter(|seen| seen.task == *task).map(|seen| seen.id).collect()
    }

    pub(super) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call: time passes, the effect happens, time passes, the answer comes or is lost.
    async fn call<T>(
        &self,
        act: &'static str,
        effect: impl FnOnce(&mut Machine) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let half = {
            let mut machine = self.machine();
            *machine.history.calls.entry(act).or_default() += 1;
            let latency = machine.faults.latency.clone();
            if latency.is_empty() { latency.start / 2 } else { machine.chance.random_range(latency) / 2 }
        };
        sleep(half).await;
        let (result, lost) = {
            let mut machine = self.machine();
            if machine.away {
                return Err(unreachable());
            }
            let share = machine.faults.lose_answers;
            let lost = machine.is_lucky(share);
            (effect(&mut machine), lost)
        };
        sleep(half).await;
        if self.machine().away {
            return Err(unreachable());
        }
        if lost { Err(EngineError::Timeout { act, waited: half * 2 }) } else { result }
    }

    /// Plays a script; nobody waits for it but tokio's clock.
    fn live(&self, id: &EngineId, script: Script, life: u64) {
        if let Some((after, code)) = script.exit {
            let (engine, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                sleep(after).await;
                let late = script.flagged_after;
                engine.machine().end(&id, Some(life), code, script.out_of_memory && late.is_zero());
                sleep(late).await;
                if script.out_of_memory {
                    engine.machine().flag(&id, life);
                }
            });
        }
        for (after, health) in script.health {
            let (engine, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                sleep(after).await;
                engine.machine().check(&id, life, health);
            });
        }
    }
}

fn unreachable() -> EngineError {
    EngineError::Unreachable { endpoint: ENDPOINT.into(), detail: "the simulated engine is away".into() }
}

#[async_trait]
impl ContainerEngine for SimEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        self.call("info", |_| Ok(self.info.clone())).await
    }

    /// Without chance or time of its own, so that who listens for the heartbeat changes no story; a hang is a time
    /// without answers.
    async fn ping(&self) -> Result<(), EngineError> {
        if self.machine().away { Err(unreachable()) } else { Ok(()) }
    }

    async fn image(&self, reference: &str) -> Result<Option<Here>, EngineError> {
        self.call("image", |machine| {
            let wall = machine.wall();
            Ok(machine.images.look(reference, wall))
        })
        .await
    }

    async fn pull(&self, pull: &Pull<'_>, told: Told<'_>) -> Result<(), EngineError> {
        let way = self.machine().images.way(pull.image);
        way.go(told).await;
        self.call("pull", |machine| {
            let wall = machine.wall();
            machine
                .images
                .pull(pull, wall)
                .map_err(|(problem, message)| EngineError::Pull { problem, message })
        })
        .await
    }

    async fn pulled_images(&self) -> Result<Vec<Pulled>, EngineError> {
        self.call("pulled_images", |machine| {
            let (wall, used) = (machine.wall(), machine.used_images());
            Ok(machine.images.pulled(wall, &used))
        })
        .await
    }

    async fn remove_image(&self, id: &str) -> Result<bool, EngineError> {
        self.call("remove_image", |machine| {
            let used = machine.used_images().contains(id);
            Ok(!used && machine.images.remove(id))
        })
        .await
    }

    async fn provide_volume(&self, volume: &NewVolume<'_>) -> Result<MountSource, EngineError> {
        let provide = |machine: &mut Machine| {
            let share = machine.faults.refuse_volumes;
            if machine.is_lucky(share) {
                return Err(EngineError::Refused { message: "the simulated engine has no room".into() });
            }
            machine.provide_volume(volume)
        };
        self.call("provide_volume", provide).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.call("remove_volume", |machine| machine.remove_volume(name)).await
    }

    async fn list_volumes(&self) -> Result<Vec<TaskVolume>, EngineError> {
        let of_tasks = |machine: &mut Machine| {
            let of_task = |(name, task): (&String, &Option<TaskId>)| {
                Some(TaskVolume { name: name.clone(), task: task.clone()? })
            };
            Ok(machine.volumes.iter().filter_map(of_task).collect())
        };
        self.call("list_volumes", of_tasks).await
    }

    async fn create(&self, container: &NewContainer<'_>) -> Result<EngineId, EngineError> {
        self.call("create", |machine| machine.create(container)).await
    }

    async fn start(&self, id: &EngineId) -> Result<(), EngineError> {
        let start = |machine: &mut Machine| {
            let share = machine.faults.refuse_starts;
            if machine.is_lucky(share) {
                return Err(EngineError::Refused {
                    message: "the simulated engine does not feel like it".into(),
                });
            }
            if let Some((script, life)) = machine.start(id)? {
                self.live(id, script, life);
            }
            Ok(())
        };
        self.call("start", start).await
    }

    async fn inspect(&self, id: &EngineId) -> Result<Option<EngineContainer>, EngineError> {
        self.call("inspect", |machine| Ok(machine.look(id))).await
    }

    async fn stop(&self, id: &EngineId, grace: Duration) -> Result<(), EngineError> {
        let running = |machine: &mut Machine| {
            let container = machine.containers.get(id);
            let container = container.filter(|container| container.state == EngineState::Running);
            Ok(container.map(|container| (container.life, container.obeys_within())))
        };
        let Some((life, obeys)) = self.call("stop", running).await? else { return Ok(()) };
        let (after, code) = obeys.filter(|(within, _)| *within <= grace).unwrap_or((grace, 137));
        sleep(after).await;
        self.call("stop", |machine| {
            machine.end(id, Some(life), code, false);
            Ok(())
        })
        .await
    }

    async fn remove(&self, id: &EngineId) -> Result<(), EngineError> {
        self.call("remove", |machine| {
            machine.remove_in_order(id);
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<EngineContainer>, EngineError> {
        self.call("list", |machine| Ok(machine.containers.keys().filter_map(|id| machine.look(id)).collect()))
            .await
    }

    async fn logs(&self, id: &EngineId, query: LogQuery) -> Result<LogLines, EngineError> {
        self.call("logs", |_| Ok(())).await?;
        self.read_log(id, query)
    }

    async fn exec(&self, id: &EngineId, new: &NewExec) -> Result<Exec, EngineError> {
        let begun = self.call("exec", |machine| machine.begin_exec(id, new)).await?;
        Ok(self.attach(begun))
    }

    async fn resize_exec(&self, exec: &ExecId, size: TerminalSize) -> Result<(), EngineError> {
        self.call("resize_exec", |machine| machine.resize_exec(exec, size)).await
    }

    async fn exec_exit_code(&self, exec: &ExecId) -> Result<Option<i32>, EngineError> {
        self.call("exec_exit_code", |machine| machine.exec_exit_code(exec)).await
    }

    async fn end_exec(&self, _: &EngineId, exec: &ExecId) -> Result<(), EngineError> {
        self.call("end_exec", |_| Ok(())).await?;
        self.exit_exec(exec, 129);
        Ok(())
    }

    async fn events(&self) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        self.call("events", |machine| {
            machine.listeners.push(sender);
            Ok(())
        })
        .await?;
        let engine = self.clone();
        let events = futures::stream::unfold((receiver, engine), |(mut receiver, engine)| async move {
            loop {
                match receiver.recv().await? {
                    Sent::Event(arrival, event) => {
                        sleep_until(arrival).await;
                        return Some((Ok(event), (receiver, engine)));
                    }
                    Sent::HeldBack => {
                        let engine = engine.clone();
                        tokio::spawn(async move {
                            sleep(OVERTAKEN_WITHIN).await;
                            engine.machine().flush();
                        });
                    }
                }
            }
        });
        Ok(events.boxed())
    }
}
