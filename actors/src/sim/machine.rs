//! The simulated engine's inside: containers, their lives, and who hears of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainstay_core::images::Here;
use mainstay_core::lifecycle::starts_again;
use mainstay_core::model::{
    Dependency, DependencyCondition, Health, NetworkBinding, NetworkInterface, NetworkMode, Ports,
    RestartPolicy, Timestamp,
};
use mainstay_core::network::shares_namespaces;
use mainstay_core::secrets::Hidden;
use mainstay_core::storage::{self, Backing, Lifetime};
use mainstay_core::{EngineId, RevisionKey, TaskId};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::time::Instant;

use super::engine::Faults;
use super::exec::SimExec;
use super::history::{End, History, Moment, Start};
use super::images::Images;
use super::script::{self, Script};
use crate::ports::{
    EngineContainer, EngineError, EngineEvent, EngineEventKind, EngineState, Exit, LogLine, MountSource,
    NewContainer, NewVolume,
};

/// Everything, under one lock.
pub(super) struct Machine {
    pub(super) chance: SmallRng,
    pub(super) began: Instant,
    pub(super) away: bool,
    pub(super) faults: Faults,
    pub(super) images: Images,
    pub(super) scripts: BTreeMap<String, Script>,
    pub(super) containers: BTreeMap<EngineId, Container>,
    /// By name: the task it was made for, if any.
    pub(super) volumes: BTreeMap<String, Option<TaskId>>,
    /// Images that bring a health check.
    pub(super) checking: BTreeSet<String>,
    /// Ports of the host that others have.
    pub(super) taken: Vec<Ports>,
    pub(super) history: History,
    /// What each container of each task has been through, also of those that are gone.
    been: BTreeMap<(TaskId, String), Been>,
    pub(super) listeners: Vec<UnboundedSender<Sent>>,
    /// Commands that were run in containers.
    pub(super) execs: Vec<SimExec>,
    /// Tells that somebody printed something, or will print no more.
    pub(super) printed: watch::Sender<()>,
    /// An event that another one overtakes.
    held_back: Option<EngineEvent>,
    last_arrival: Instant,
    made: u64,
}

/// What a container has been through.
#[derive(Debug, Clone, Copy, Default)]
struct Been {
    started: bool,
    completed: bool,
    succeeded: bool,
    healthy: bool,
}

/// What goes out to those who listen.
pub(super) enum Sent {
    /// An event, and the moment at which it arrives.
    Event(Instant, EngineEvent),
    /// One is held back; it comes in a while even if none overtakes it.
    HeldBack,
}

pub(super) struct Container {
    engine_name: String,
    task: TaskId,
    name: String,
    pub(super) image: String,
    /// What its image was when it was made.
    pub(super) runs: Here,
    definition: RevisionKey,
    /// Its variables, those that came to it from secrets and files included.
    pub(super) environment: BTreeMap<String, String>,
    /// What its log driver is told that was looked up.
    pub(super) log_options: BTreeMap<String, Hidden>,
    /// Another runtime than the default.
    pub(super) runtime: Option<String>,
    /// The GPUs it was given.
    pub(super) gpus: Vec<String>,
    /// The names of the volumes it mounts.
    volumes: Vec<String>,
    /// The container whose namespaces it is in.
    joins: Option<EngineId>,
    interface: Option<NetworkInterface>,
    script: Script,
    checked: bool,
    depends_on: Vec<Dependency>,
    restart_policy: Option<RestartPolicy>,
    pub(super) state: EngineState,
    health: Health,
    bindings: Vec<NetworkBinding>,
    started_at: Option<Timestamp>,
    /// What it printed.
    pub(super) log: Vec<LogLine>,
    /// Starts so far; a timer of an earlier life finds another number.
    pub(super) life: u64,
}

impl Container {
    /// How long it takes to obey SIGTERM, and its exit code then.
    pub(super) fn obeys_within(&self) -> Option<(Duration, i32)> {
        self.script.obeys_within
    }
}

impl Machine {
    pub(super) fn new(seed: u64, began: Instant) -> Self {
        Self {
            chance: SmallRng::seed_from_u64(seed),
            began,
            away: false,
            faults: Faults::default(),
            images: Images::default(),
            scripts: BTreeMap::new(),
            containers: BTreeMap::new(),
            volumes: BTreeMap::new(),
            checking: BTreeSet::new(),
            taken: Vec::new(),
            history: History::default(),
            been: BTreeMap::new(),
            listeners: Vec::new(),
            execs: Vec::new(),
            printed: watch::Sender::new(()),
            held_back: None,
            last_arrival: began,
            made: 0,
        }
    }

    pub(super) fn wall(&self) -> Timestamp {
        let past = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp(super::world::EPOCH.0.saturating_add(past))
    }

    pub(super) fn is_lucky(&mut self, share: f64) -> bool {
        share > 0.0 && self.chance.random_bool(share.clamp(0.0, 1.0))
    }

    pub(super) fn create(&mut self, new: &NewContainer<'_>) -> Result<EngineId, EngineError> {
        let definition = &new.spec.definition;
        let by_name = |(_, known): &(&EngineId, &Container)| known.engine_name == new.spec.engine_name;
        if let Some((id, known)) = self.containers.iter().find(by_name) {
            if known.task == *new.task && known.name == definition.name {
                return Ok(id.clone());
            }
            let message = format!("the name {} is taken", new.spec.engine_name);
            return Err(EngineError::Refused { message });
        }
        let wall = self.wall();
        let Some(runs) = self.images.look(new.image, wall) else {
            return Err(EngineError::NoSuchImage { image: new.image.to_owned() });
        };
        let volumes = self.volumes_of(new)?;
        self.check_join(new)?;
        self.made += 1;
        let number = self.made;
        let id = EngineId::new(format!("{:064x}", self.made));
        let by_command = definition.command.as_deref().and_then(script::of_command);
        let by_image = || self.scripts.get(&definition.image).cloned();
        let first_port = 49_153_u16.saturating_add(u16::try_from(self.made % 10_000).unwrap_or(0));
        let binding = |(n, mapping): (usize, &mainstay_core::model::PortMapping)| NetworkBinding {
            bind_ip: "0.0.0.0".into(),
            container: mapping.container,
            host: mapping
                .container
                .moved_to(mapping.fixed_host_port().unwrap_or(first_port.saturating_add(n as u16)))
                .unwrap_or(mapping.container),
            protocol: mapping.protocol,
        };
        let container = Container {
            engine_name: new.spec.engine_name.clone(),
            task: new.task.clone(),
            name: definition.name.clone(),
            image: definition.image.clone(),
            runs,
            definition: new.definition.clone(),
            environment: new.environment().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            log_options: new.looked_up.log_options.iter().cloned().collect(),
            runtime: new.runtime.map(str::to_owned),
            gpus: new.spec.gpu_ids.clone(),
            volumes,
            script: by_command.or_else(by_image).unwrap_or_else(Script::runs),
            checked: definition.health_check.is_some()
                || (new.image_check && self.checking.contains(&definition.image)),
            depends_on: definition.depends_on.clone(),
            restart_policy: definition.restart_policy.clone(),
            state: EngineState::Created,
            health: Health::Unknown,
            joins: new.joins.cloned(),
            interface: new.network.map(|_| NetworkInterface {
                address: format!("10.0.{}.{}", number / 250 % 250, number % 250 + 1),
                mac: format!("02:42:0a:00:{:02x}:{:02x}", number / 250 % 250, number % 250 + 1),
            }),
            bindings: match new.network_mode {
                NetworkMode::Bridge | NetworkMode::Host => {
                    definition.port_mappings.iter().enumerate().map(binding).collect()
                }
                NetworkMode::None | NetworkMode::AwsVpc => Vec::new(),
            },
            started_at: None,
            log: Vec::new(),
            life: 0,
        };
        self.containers.insert(id.clone(), container);
        Ok(id)
    }

    /// No two containers that run have the same GPU.
    fn check_gpus(&mut self, id: &EngineId) {
        let Some(starts) = self.containers.get(id) else { return };
        let running = self
            .containers
            .iter()
            .filter(|(other, known)| *other != id && known.state == EngineState::Running);
        let shared = running.flat_map(|(_, known)| &known.gpus).find(|gpu| starts.gpus.contains(gpu));
        let violation = shared.map(|gpu| {
            format!(
                "{} of task {} is started with GPU {gpu}, which another one has",
                starts.name, starts.task
            )
        });
        self.history.violations.extend(violation);
    }

    /// A container of a task that shares namespaces is made in those of a pause container that runs, if at all.
    fn check_join(&mut self, new: &NewContainer<'_>) -> Result<(), EngineError> {
        let shared = shares_namespaces(new.network_mode, new.pid_mode, new.ipc_mode);
        if shared && new.joins.is_none() != new.spec.is_pause() {
            self.history.violations.push(format!("{} is made without its pause", new.spec.engine_name));
        }
        match new.joins {
            Some(id) if !self.containers.contains_key(id) => {
                Err(EngineError::Refused { message: format!("No such container: {id}") })
            }
            _ => Ok(()),
        }
    }

    /// The volumes that a new container mounts; that one is not there is a mistake of whoever makes it.
    fn volumes_of(&mut self, new: &NewContainer<'_>) -> Result<Vec<String>, EngineError> {
        let mut volumes = Vec::new();
        for mount in new.mounts {
            if let MountSource::Volume(volume) = &mount.source {
                volumes.push(volume.name.clone());
            }
        }
        if new.mounts.len() < new.spec.definition.mount_points.len() {
            self.history.violations.push(format!("{} is made without its mounts", new.spec.engine_name));
        }
        for source in new.mounts_of {
            let Some(source) = self.containers.values().find(|known| known.engine_name == source.engine_name)
            else {
                let text = format!("{} is made before {}", new.spec.engine_name, source.engine_name);
                self.history.violations.push(text);
                return Err(EngineError::Refused {
                    message: format!("No such container: {}", source.engine_name),
                });
            };
            volumes.extend(source.volumes.iter().cloned());
        }
        for volume in &volumes {
            if !self.volumes.contains_key(volume) {
                let text = format!("{} is made before its volume {volume}", new.spec.engine_name);
                self.history.violations.push(text);
            }
        }
        Ok(volumes)
    }

    pub(super) fn provide_volume(&mut self, new: &NewVolume<'_>) -> Result<MountSource, EngineError> {
        let volume = match new.backing {
            Backing::Path(path) => return Ok(MountSource::Path(path.clone())),
            Backing::Below { root, path } => return Ok(MountSource::Directory(format!("{root}{path}"))),
            Backing::Engine(volume) => volume,
            Backing::Folder(_) => {
                let name = storage::folder_name(new.task);
                self.volumes.insert(name.clone(), Some(new.task.clone()));
                return Ok(MountSource::Directory(name));
            }
        };
        let task = (volume.lifetime == Lifetime::Task).then(|| new.task.clone());
        match self.volumes.get(&volume.name) {
            Some(known) if task.is_some() && *known != task => {
                let message = format!("the name {} is taken", volume.name);
                return Err(EngineError::Refused { message });
            }
            Some(_) => {}
            None if volume.lifetime == (Lifetime::Shared { autoprovision: false }) => {
                let message = format!("there is no volume {}", volume.name);
                return Err(EngineError::Refused { message });
            }
            None => drop(self.volumes.insert(volume.name.clone(), task)),
        }
        Ok(MountSource::Volume(volume.clone()))
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Result<(), EngineError> {
        let has_it = |container: &Container| container.volumes.iter().any(|volume| volume == name);
        if self.containers.values().any(has_it) {
            self.history.violations.push(format!("{name} is removed before its containers"));
            return Err(EngineError::Refused { message: format!("{name}: volume is in use") });
        }
        if self.volumes.get(name).is_some_and(Option::is_some) {
            self.volumes.remove(name);
        }
        Ok(())
    }

    /// Starts it and gives its script and life where it was not running; like Docker, it runs an ended one again.
    pub(super) fn start(&mut self, id: &EngineId) -> Result<Option<(Script, u64)>, EngineError> {
        let wall = self.wall();
        let gone = || EngineError::NoSuchContainer { id: id.clone() };
        let container = self.containers.get_mut(id).ok_or_else(gone)?;
        if container.state == EngineState::Running {
            return Ok(None);
        }
        if let Some(words) = &container.script.refuses {
            return Err(EngineError::Refused { message: words.clone() });
        }
        let joined = container.joins.clone();
        let (task, name) = (container.task.clone(), container.name.clone());
        if let Some(joined) = &joined
            && self.containers.get(joined).is_none_or(|pause| pause.state != EngineState::Running)
        {
            let message = format!("cannot join network of a non running container: {joined}");
            return Err(EngineError::Refused { message });
        }
        let in_others = |other: &Container| {
            other.task == task && other.state == EngineState::Running && other.joins.is_some()
        };
        if joined.is_some() && self.containers.values().any(|other| in_others(other) && other.joins != joined)
        {
            self.history
                .violations
                .push(format!("{name} of task {task} is in other namespaces than the rest"));
        }
        self.check_gpus(id);
        let container = self.containers.get_mut(id).ok_or_else(gone)?;
        let taken = |binding: &&NetworkBinding| self.taken.iter().any(|taken| taken.meets(binding.host));
        if let Some(binding) = container.bindings.iter().find(taken) {
            let message =
                format!("Bind for {}:{} failed: port is already allocated", binding.bind_ip, binding.host);
            return Err(EngineError::PortTaken { message });
        }
        let due = match (&container.state, &container.restart_policy, container.started_at) {
            (EngineState::Exited(exit), Some(policy), Some(from)) => {
                let ran = exit.at.unwrap_or(from).millis_since(from);
                starts_again(policy, exit.code, Duration::from_millis(ran))
            }
            _ => false,
        };
        if container.life > 0 && !due {
            self.history.violations.push(format!("{} of task {} was started twice", id, container.task));
        }
        for Dependency { container: on, condition } in &container.depends_on {
            let been = self.been.get(&(container.task.clone(), on.clone())).copied().unwrap_or_default();
            let came = match condition {
                DependencyCondition::Start => been.started,
                DependencyCondition::Complete => been.completed,
                DependencyCondition::Success => been.succeeded,
                DependencyCondition::Healthy => been.healthy,
            };
            if !came {
                let text = format!(
                    "{} of task {} was started before {condition:?} of {on}",
                    container.name, container.task
                );
                self.history.violations.push(text);
            }
        }
        self.been.entry((container.task.clone(), container.name.clone())).or_default().started = true;
        container.state = EngineState::Running;
        container.health = Health::Unknown;
        container.started_at = Some(wall);
        container.life += 1;
        let (script, life) = (container.script.clone(), container.life);
        let start = Start {
            at: Instant::now(),
            id: id.clone(),
            task: container.task.clone(),
            container: container.name.clone(),
            image: container.image.clone(),
        };
        let twin = |other: &Container| {
            other.task == start.task && other.name == start.container && other.state == EngineState::Running
        };
        if self.containers.values().filter(|other| twin(other)).count() > 1 {
            let text = format!("two containers {} of task {} run at once", start.container, start.task);
            self.history.violations.push(text);
        }
        self.history.starts.push(start);
        self.remember();
        self.emit(id, EngineEventKind::Started);
        Ok(Some((script, life)))
    }

    /// Ends it, where it runs and lives this life (or whichever).
    pub(super) fn end(&mut self, id: &EngineId, life: Option<u64>, code: i32, out_of_memory: bool) {
        let at = Some(self.wall());
        let Some(container) = self.containers.get_mut(id) else { return };
        if container.state != EngineState::Running || life.is_some_and(|life| life != container.life) {
            return;
        }
        container.state = EngineState::Exited(Exit { code, out_of_memory, at, error: None });
        let (task, name) = (container.task.clone(), container.name.clone());
        let been = self.been.entry((task.clone(), name.clone())).or_default();
        been.completed = true;
        been.succeeded |= code == 0;
        self.history.ends.push(End { at: Instant::now(), id: id.clone(), task, container: name, code });
        self.end_execs_of(id);
        self.printed.send_replace(());
        self.remember();
        self.emit(id, EngineEventKind::Died { exit_code: Some(code) });
    }

    /// Says of an end of this life that its memory was the reason.
    pub(super) fn flag(&mut self, id: &EngineId, life: u64) {
        let container = self.containers.get_mut(id).filter(|container| container.life == life);
        if let Some(Container { state: EngineState::Exited(exit), .. }) = container {
            exit.out_of_memory = true;
        }
    }

    pub(super) fn check(&mut self, id: &EngineId, life: u64, health: Health) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let lives = container.state == EngineState::Running && container.life == life;
        if lives && container.checked && container.health != health {
            container.health = health;
            if health == Health::Healthy {
                self.been.entry((container.task.clone(), container.name.clone())).or_default().healthy = true;
            }
            self.emit(id, EngineEventKind::Health(health));
        }
    }

    /// Removes it on a tree's behalf: a pause container after those that are in its namespaces.
    pub(super) fn remove_in_order(&mut self, id: &EngineId) {
        let joined = |other: &Container| other.joins.as_ref() == Some(id);
        if self.containers.values().any(joined) {
            self.history.violations.push(format!("{id} is removed before those that joined it"));
        }
        self.remove(id);
    }

    pub(super) fn remove(&mut self, id: &EngineId) {
        self.end(id, None, 137, false);
        if self.containers.contains_key(id) {
            self.emit(id, EngineEventKind::Removed);
            self.containers.remove(id);
        }
    }

    pub(super) fn look(&self, id: &EngineId) -> Option<EngineContainer> {
        let container = self.containers.get(id)?;
        Some(EngineContainer {
            id: id.clone(),
            task: container.task.clone(),
            name: container.name.clone(),
            state: container.state.clone(),
            health: container.health,
            checked: container.checked,
            network_bindings: container.bindings.clone(),
            interface: container.interface.clone().filter(|_| container.state == EngineState::Running),
            image_digest: container.runs.digest.clone(),
            image_id: Some(container.runs.id.clone()),
            started_at: container.started_at,
        })
    }

    /// The ids of the images of all containers.
    pub(super) fn used_images(&self) -> BTreeSet<String> {
        self.containers.values().map(|known| known.runs.id.clone()).collect()
    }

    fn remember(&mut self) {
        let mut running: BTreeMap<RevisionKey, usize> = BTreeMap::new();
        for container in self.containers.values().filter(|known| known.state == EngineState::Running) {
            *running.entry(container.definition.clone()).or_default() += 1;
        }
        self.history.moments.push(Moment { at: Instant::now(), running });
    }

    fn emit(&mut self, id: &EngineId, kind: EngineEventKind) {
        let Some(container) = self.containers.get(id) else { return };
        let (task, name) = (container.task.clone(), container.name.clone());
        let event = EngineEvent { id: id.clone(), task, container: name, kind };
        let (reorder, repeat) = (self.faults.reorder_events, self.faults.repeat_events);
        if self.held_back.is_none() && self.is_lucky(reorder) {
            self.held_back = Some(event);
            self.listeners.retain(|listener| listener.send(Sent::HeldBack).is_ok());
            return;
        }
        let twice = self.is_lucky(repeat);
        self.deliver(event.clone());
        self.flush();
        if twice {
            self.deliver(event);
        }
    }

    /// Lets go of an event that waited to be overtaken.
    pub(super) fn flush(&mut self) {
        if let Some(late) = self.held_back.take() {
            self.deliver(late);
        }
    }

    fn deliver(&mut self, event: EngineEvent) {
        let longest = self.faults.event_delay.max(Duration::from_millis(1));
        let delay = self.chance.random_range(Duration::ZERO..longest);
        self.last_arrival = self.last_arrival.max(Instant::now() + delay);
        let arrival = self.last_arrival;
        self.listeners.retain(|listener| listener.send(Sent::Event(arrival, event.clone())).is_ok());
    }
}
