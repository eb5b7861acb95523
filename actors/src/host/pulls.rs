//! The pulls of a host, told to the control plane as they come on: who waits for an image wants to see that it comes.
//!
//! Each task that needs an image has it pulled; the engine brings it once, and so it is told as one pull. How far they are is
//! told whole each time and a few times a second at most, so that one that is over in a moment (nothing is new in its
//! registry) is never told of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mainstay_core::TaskId;
use mainstay_core::images::progress::{Progress, Pulling, Stage};
use mainstay_core::model::Timestamp;

use super::{HostMsg, Me};

/// Between a change and its telling.
const PULSE: Duration = Duration::from_millis(400);
/// One that is over is told of for so long, so that who looks now and then learns how it ended.
const KEPT: Duration = Duration::from_secs(10);
/// So many are told of, those that began first; the rest wait behind them.
const MOST: usize = 100;

/// What is pulled, by the reference that the engine is asked for.
pub(super) struct Pulls {
    host: Me,
    book: Mutex<Book>,
}

/// What is known of pulls. It is told of what happens, and when.
#[derive(Default)]
struct Book {
    pulls: BTreeMap<String, Entry>,
    next: u64,
    /// A telling is on its way.
    pulse: bool,
    told: Vec<Pulling>,
}

struct Entry {
    image: String,
    began: Timestamp,
    /// Who waits for it.
    callers: BTreeMap<u64, Caller>,
    /// Who ever waited for it.
    tasks: BTreeSet<TaskId>,
    /// What is left when all have gone.
    last: Option<Pulling>,
    is_told: bool,
}

struct Caller {
    task: TaskId,
    passed: bool,
    progress: Progress,
}

/// A task's part in a pull, until it is dropped.
pub(super) struct Part {
    pulls: Arc<Pulls>,
    reference: String,
    number: u64,
}

impl Pulls {
    pub(super) fn new(host: Me) -> Self {
        Self { host, book: Mutex::default() }
    }

    /// A task asks for an image, and may have to wait for its turn.
    pub(super) fn begin(
        self: &Arc<Self>,
        reference: &str,
        image: &str,
        task: &TaskId,
        now: Timestamp,
    ) -> Part {
        let number = self.book().begin(reference, image, task, now);
        self.changed();
        Part { pulls: Arc::clone(self), reference: reference.to_owned(), number }
    }

    /// All that is told of now, where that is not what was told last.
    pub(super) fn news(&self, now: Timestamp) -> Option<Vec<Pulling>> {
        let mut book = self.book();
        let told = book.tell(now);
        (told != book.told).then(|| {
            book.told.clone_from(&told);
            told
        })
    }

    /// All that is told of now.
    pub(super) fn all(&self, now: Timestamp) -> Vec<Pulling> {
        let mut book = self.book();
        book.told = book.tell(now);
        book.told.clone()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        if !std::mem::replace(&mut self.book().pulse, true) {
            self.host.send_after(PULSE, || HostMsg::TellPulls);
        }
    }
}

impl Part {
    /// Its turn has come.
    pub(super) fn goes_on(&self) {
        self.change(|caller| caller.passed = true);
    }

    /// It is so far.
    pub(super) fn is_at(&self, progress: Progress) {
        self.change(|caller| caller.progress = progress);
    }

    /// It is over; `problem` says why the image did not come.
    pub(super) fn ends(self, problem: Option<String>, now: Timestamp) {
        if self.pulls.book().end(&self.reference, self.number, Some((now, problem))) {
            // At once: what was waited for goes on in a moment.
            drop(self.pulls.host.cast(HostMsg::TellPulls));
            self.pulls.host.send_after(KEPT, || HostMsg::TellPulls);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Caller)) {
        let mut book = self.pulls.book();
        let entry = book.pulls.get_mut(&self.reference);
        if let Some(caller) = entry.and_then(|entry| entry.callers.get_mut(&self.number)) {
            change(caller);
        }
        drop(book);
        self.pulls.changed();
    }
}

/// One that nobody waits for any more, such as after a panic, is over without a word.
impl Drop for Part {
    fn drop(&mut self) {
        self.pulls.book().end(&self.reference, self.number, None);
        self.pulls.changed();
    }
}

impl Book {
    fn begin(&mut self, reference: &str, image: &str, task: &TaskId, now: Timestamp) -> u64 {
        self.next += 1;
        let fresh = || Entry {
            image: image.to_owned(),
            began: now,
            callers: BTreeMap::new(),
            tasks: BTreeSet::new(),
            last: None,
            is_told: false,
        };
        let entry = self.pulls.entry(reference.to_owned()).or_insert_with(fresh);
        if entry.last.is_some() {
            *entry = fresh();
        }
        let caller = Caller { task: task.clone(), passed: false, progress: Progress::default() };
        entry.callers.insert(self.next, caller);
        entry.tasks.insert(task.clone());
        self.next
    }

    /// Whether that was the end of a pull that was told of, and is for a while.
    fn end(&mut self, reference: &str, number: u64, how: Option<(Timestamp, Option<String>)>) -> bool {
        let Some(entry) = self.pulls.get_mut(reference) else { return false };
        let before = entry.pulling();
        if entry.callers.remove(&number).is_none() || !entry.callers.is_empty() {
            return false;
        }
        match how.filter(|_| entry.is_told) {
            Some((at, problem)) => {
                let tasks = entry.tasks.iter().take(MOST).cloned().collect();
                entry.last = Some(Pulling { stage: Stage::Over { at, problem }, tasks, ..before });
                true
            }
            None => {
                self.pulls.remove(reference);
                false
            }
        }
    }

    fn tell(&mut self, now: Timestamp) -> Vec<Pulling> {
        self.pulse = false;
        let over_since = |entry: &Entry| match entry.last.as_ref()?.stage {
            Stage::Over { at, .. } => Some(Duration::from_millis(now.millis_since(at))),
            Stage::Waiting | Stage::Underway => None,
        };
        self.pulls.retain(|_, entry| over_since(entry).is_none_or(|since| since < KEPT));
        let all = self.pulls.values_mut().map(|entry| {
            let pull = entry.pulling();
            (entry, pull)
        });
        let mut all: Vec<(&mut Entry, Pulling)> = all.collect();
        all.sort_by_key(|(_, pull)| (matches!(pull.stage, Stage::Waiting), pull.began));
        all.truncate(MOST);
        all.into_iter()
            .map(|(entry, pull)| {
                entry.is_told = true;
                pull
            })
            .collect()
    }
}

impl Entry {
    fn pulling(&self) -> Pulling {
        if let Some(last) = &self.last {
            return last.clone();
        }
        // All of them hear of the same layers; who came late has not heard of all of them yet.
        let progress = self.callers.values().map(|caller| caller.progress);
        let progress = progress.max_by_key(|it| (it.layers_total, it.bytes_done, it.layers_done));
        let passed = self.callers.values().any(|caller| caller.passed);
        let tasks: BTreeSet<&TaskId> = self.callers.values().map(|caller| &caller.task).collect();
        Pulling {
            image: self.image.clone(),
            tasks: tasks.into_iter().cloned().collect(),
            stage: if passed { Stage::Underway } else { Stage::Waiting },
            progress: progress.unwrap_or_default(),
            began: self.began,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_000_000);

    fn later(by: Duration) -> Timestamp {
        Timestamp(AT.0 + i64::try_from(by.as_millis()).unwrap())
    }

    fn so_far(done: u64) -> Progress {
        Progress { layers_total: 1, bytes_total: 100, bytes_done: done, ..Progress::default() }
    }

    impl Book {
        fn task(&mut self, name: &str) -> u64 {
            self.begin("web@sha256:1", "web:1", &TaskId::new(name), AT)
        }

        fn caller(&mut self, number: u64) -> &mut Caller {
            self.pulls.get_mut("web@sha256:1").unwrap().callers.get_mut(&number).unwrap()
        }

        fn ends(&mut self, number: u64, problem: Option<&str>) -> bool {
            self.end("web@sha256:1", number, Some((AT, problem.map(str::to_owned))))
        }
    }

    #[test]
    fn tasks_that_want_one_image_are_told_of_as_one_pull_that_is_as_far_as_the_first() {
        let mut book = Book::default();
        let (first, second) = (book.task("a"), book.task("b"));
        let [told] = &book.tell(AT)[..] else { panic!("one") };
        assert_eq!((&*told.image, told.tasks.len(), &told.stage), ("web:1", 2, &Stage::Waiting));
        book.caller(first).passed = true;
        book.caller(first).progress = so_far(40);
        book.caller(second).progress = so_far(10);
        let [told] = &book.tell(AT)[..] else { panic!("one") };
        assert_eq!((&told.stage, told.progress.percent()), (&Stage::Underway, Some(40)));
        assert!(!book.ends(first, None), "another one still waits");
        assert_eq!(book.tell(AT)[0].tasks, [TaskId::new("b")]);
        assert!(book.ends(second, None));
        let [told] = &book.tell(AT)[..] else { panic!("one") };
        assert_eq!(told.stage, Stage::Over { at: AT, problem: None });
        assert_eq!(told.tasks.len(), 2, "all hear of the end");
    }

    #[test]
    fn how_one_ended_is_told_for_a_while_unless_it_begins_anew() {
        let mut book = Book::default();
        let pull = book.task("a");
        book.tell(AT);
        assert!(book.ends(pull, Some("denied")));
        let told = book.tell(later(KEPT / 2));
        assert_eq!(told[0].stage, Stage::Over { at: AT, problem: Some("denied".into()) });
        assert!(book.tell(later(KEPT)).is_empty() && book.pulls.is_empty());
        let pull = book.task("a");
        book.tell(AT);
        book.ends(pull, Some("denied"));
        book.task("a");
        assert!(book.tell(AT)[0].is_underway());
    }

    #[test]
    fn one_that_is_over_before_it_was_told_of_is_never_told_of() {
        let mut book = Book::default();
        let pull = book.task("a");
        assert!(!book.ends(pull, None));
        let lost = book.task("a");
        book.tell(AT);
        assert!(!book.end("web@sha256:1", lost, None), "one that was dropped has no end to tell of");
        assert!(book.tell(AT).is_empty() && book.pulls.is_empty());
    }

    #[test]
    fn more_than_anybody_reads_are_not_told_of_and_those_that_wait_are_left_out_first() {
        let mut book = Book::default();
        for number in 0..=MOST {
            let image = format!("web:{number}");
            let caller = book.begin(&image, &image, &TaskId::new(&image), AT);
            book.pulls.get_mut(&image).unwrap().callers.get_mut(&caller).unwrap().passed = number % 2 == 0;
        }
        let told = book.tell(AT);
        assert_eq!(told.len(), MOST);
        assert_eq!(told.iter().filter(|pull| pull.stage == Stage::Underway).count(), MOST / 2 + 1);
    }
}
