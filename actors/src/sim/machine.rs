//! The simulated engine's inside: containers, their lives, and who hears of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainstay_core::images::Here;
use mainstay_core::model::{Health, NetworkBinding, Timestamp};
use mainstay_core::{EngineId, RevisionKey, TaskId};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::engine::Faults;
use super::history::{End, History, Moment, Start};
use super::images::Images;
use super::script::{self, Script};
use crate::ports::{
    EngineContainer, EngineError, EngineEvent, EngineEventKind, EngineState, Exit, NewContainer,
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
    pub(super) history: History,
    pub(super) listeners: Vec<UnboundedSender<Sent>>,
    /// An event that another one overtakes.
    held_back: Option<EngineEvent>,
    last_arrival: Instant,
    made: u64,
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
    script: Script,
    checked: bool,
    pub(super) state: EngineState,
    health: Health,
    bindings: Vec<NetworkBinding>,
    started_at: Option<Timestamp>,
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
            history: History::default(),
            listeners: Vec::new(),
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
        self.made += 1;
        let id = EngineId::new(format!("{:064x}", self.made));
        let by_command = definition.command.as_deref().and_then(script::of_command);
        let by_image = || self.scripts.get(&definition.image).cloned();
        let first_port = 49_153_u16.saturating_add(u16::try_from(self.made % 10_000).unwrap_or(0));
        let binding = |(n, mapping): (usize, &mainstay_core::model::PortMapping)| NetworkBinding {
            bind_ip: "0.0.0.0".into(),
            container_port: mapping.container_port,
            host_port: mapping.fixed_host_port().unwrap_or(first_port.saturating_add(n as u16)),
            protocol: mapping.protocol,
        };
        let container = Container {
            engine_name: new.spec.engine_name.clone(),
            task: new.task.clone(),
            name: definition.name.clone(),
            image: definition.image.clone(),
            runs,
            definition: new.definition.clone(),
            script: by_command.or_else(by_image).unwrap_or_else(Script::runs),
            checked: definition.health_check.is_some(),
            state: EngineState::Created,
            health: Health::Unknown,
            bindings: definition.port_mappings.iter().enumerate().map(binding).collect(),
            started_at: None,
            life: 0,
        };
        self.containers.insert(id.clone(), container);
        Ok(id)
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
        if container.life > 0 {
            self.history.violations.push(format!("{} of task {} was started twice", id, container.task));
        }
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
        let task = container.task.clone();
        self.history.ends.push(End { at: Instant::now(), id: id.clone(), task, code });
        self.remember();
        self.emit(id, EngineEventKind::Died { exit_code: Some(code) });
    }

    pub(super) fn check(&mut self, id: &EngineId, life: u64, health: Health) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let lives = container.state == EngineState::Running && container.life == life;
        if lives && container.checked && container.health != health {
            container.health = health;
            self.emit(id, EngineEventKind::Health(health));
        }
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
            network_bindings: container.bindings.clone(),
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
