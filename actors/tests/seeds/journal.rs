//! What was asked and answered, and whether the disk holds it: an acknowledged write survives whatever follows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use mainstay_actors::control::{ControlError, Ran};
use mainstay_actors::sim::SimStore;
use mainstay_core::model::{DefinitionStatus, ServiceStatus, Task, TaskStatus};
use mainstay_core::{RevisionKey, ServiceKey, TaskId};

/// Everything that was asked of a world, in order.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    ticks: u64,
    changes: Vec<Change>,
    registered: Vec<RevisionKey>,
    ran: Vec<TaskId>,
    /// By client token.
    ran_once: BTreeMap<String, Vec<TaskId>>,
    stopped: Vec<TaskId>,
    /// What cannot be.
    violations: Vec<String>,
}

/// What a change makes of a service; absent where it leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    pub desired: Option<u32>,
    pub definition: Option<RevisionKey>,
    pub active: Option<bool>,
}

struct Change {
    service: ServiceKey,
    effect: Effect,
    asked: u64,
    /// Absent while it may still come about.
    ended: Option<u64>,
    acknowledged: bool,
}

impl Journal {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    /// Asks for a change, and notes what became of it.
    pub async fn change<T>(
        &self,
        service: &ServiceKey,
        effect: Effect,
        answer: impl Future<Output = Result<T, ControlError>>,
    ) {
        let number = {
            let mut book = self.book();
            let asked = book.tick();
            let service = service.clone();
            book.changes.push(Change { service, effect, asked, ended: None, acknowledged: false });
            book.changes.len() - 1
        };
        let answer = answer.await;
        let mut book = self.book();
        let now = book.tick();
        let change = &mut book.changes[number];
        change.ended.get_or_insert(now);
        match answer {
            Ok(_) => change.acknowledged = true,
            // It was done or it was not.
            Err(ControlError::Unavailable(_)) => {}
            Err(_) => change.effect = Effect::default(),
        }
    }

    /// Notes a registration that was answered.
    pub fn registered(&self, key: RevisionKey) {
        self.book().registered.push(key);
    }

    /// Notes the answer of a RunTask.
    pub fn ran(&self, token: String, answer: &Ran) {
        let mut ids: Vec<TaskId> = answer.tasks.iter().map(|task| task.id.clone()).collect();
        ids.sort();
        let mut book = self.book();
        book.ran.extend(ids.iter().cloned());
        if ids.is_empty() {
            return;
        }
        let first = book.ran_once.entry(token.clone()).or_insert_with(|| ids.clone()).clone();
        if first != ids {
            book.violations.push(format!("token {token} ran {first:?}, then {ids:?}"));
        }
    }

    /// Notes a StopTask that was answered.
    pub fn stopped(&self, id: TaskId) {
        self.book().stopped.push(id);
    }

    /// The tree ended: what was not answered until now came about by now, or never will.
    pub fn tree_ended(&self) {
        let mut book = self.book();
        let now = book.tick();
        for change in &mut book.changes {
            change.ended.get_or_insert(now);
        }
    }

    /// Fails where the disk misses what was acknowledged.
    pub fn judge(&self, disk: &SimStore) {
        let book = self.book();
        assert!(book.violations.is_empty(), "{:?}", book.violations);
        for key in &book.registered {
            let found = disk.definition(key).map(|known| known.status);
            assert_eq!(found, Some(DefinitionStatus::Active), "{key} was registered");
        }
        for id in &book.ran {
            assert!(disk.task(id).is_some(), "task {id} was run, and is not on disk");
        }
        let stops = |task: Arc<Task>| task.desired_status == TaskStatus::Stopped;
        for id in &book.stopped {
            assert!(disk.task(id).is_some_and(stops), "task {id} was stopped, on disk it was not");
        }
        let services: std::collections::BTreeSet<_> = book.changes.iter().map(|c| &c.service).collect();
        for key in services {
            let Some(found) = disk.service(key) else { panic!("{key} was made, and is not on disk") };
            book.judge_one(key, "desired count", found.desired_count, |effect| effect.desired);
            book.judge_one(key, "definition", found.definition.clone(), |effect| effect.definition.clone());
            book.judge_one(key, "active", found.status == ServiceStatus::Active, |effect| effect.active);
        }
    }
}

impl Book {
    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    /// A value may be any that was asked for, unless one that was asked for after that had ended is acknowledged.
    fn judge_one<T: PartialEq + std::fmt::Debug>(
        &self,
        key: &ServiceKey,
        what: &str,
        found: T,
        of: impl Fn(&Effect) -> Option<T>,
    ) {
        let writes: Vec<(&Change, T)> = self
            .changes
            .iter()
            .filter(|change| change.service == *key)
            .filter_map(|change| Some((change, of(&change.effect)?)))
            .collect();
        let stands = |write: &Change| {
            let over =
                |later: &Change| later.acknowledged && write.ended.is_some_and(|end| later.asked > end);
            !writes.iter().any(|(later, _)| over(later))
        };
        let may_be: Vec<&T> =
            writes.iter().filter(|(write, _)| stands(write)).map(|(_, value)| value).collect();
        assert!(may_be.contains(&&found), "{key}'s {what} is {found:?} on disk, acknowledged was {may_be:?}");
    }
}
