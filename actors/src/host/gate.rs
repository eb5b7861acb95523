//! How much the engine is asked at once, and whose turn it is.
//!
//! An engine slows down for everybody when too much is asked of it. Past a limit acts wait, a queue for each group
//! (a service, or a family of RunTask), and the queues take turns: a service whose thousand tasks crash delays a
//! neighbour's task by the acts before it in the round, never by the thousand.
//!
//! A start waits a moment for the containers that are just being taken down. Both need the kernel's one lock on
//! networks, and done at once each takes longer than one after the other: measured on Docker 20.10, a replacement
//! was up 350 ms after a death when it was started beside the teardown, 235 ms when started after it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::metrics;

/// A start waits no longer for teardowns; where containers die all the time there is always one.
const TEARDOWN_WITHIN: Duration = Duration::from_millis(150);

/// What an act asks of the engine. Each has a limit of its own, so that long waits do not stand in the way of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Create, start, look, remove: short, and heavy for the engine.
    Work,
    /// Bring an image: long, and heavy for the network.
    Pull,
    /// Stop: mostly waiting for a program to end.
    Stop,
}

/// The lanes' names.
pub(crate) const LANES: [&str; 3] = [Lane::Work.as_str(), Lane::Pull.as_str(), Lane::Stop.as_str()];

impl Lane {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Pull => "pull",
            Self::Stop => "stop",
        }
    }
}

/// How many acts of each lane may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Create, start, look, remove.
    pub work: usize,
    /// Pull.
    pub pull: usize,
    /// Stop.
    pub stop: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { work: 16, pull: 4, stop: 256 }
    }
}

/// Lets acts pass.
pub(super) struct Gate {
    work: Arc<Queue>,
    pull: Arc<Queue>,
    stop: Arc<Queue>,
    /// Containers that are just being taken down.
    teardowns: watch::Sender<usize>,
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        let queue =
            |lane, free| Arc::new(Queue { lane, state: Mutex::new(State { free, ..State::default() }) });
        Self {
            work: queue(Lane::Work, limits.work),
            pull: queue(Lane::Pull, limits.pull),
            stop: queue(Lane::Stop, limits.stop),
            teardowns: watch::Sender::new(0),
        }
    }

    /// Says that the engine is taking a dead container down, until what it returns is dropped.
    pub(super) fn teardown(self: &Arc<Self>) -> Teardown {
        self.teardowns.send_modify(|count| *count += 1);
        Teardown(Arc::clone(self))
    }

    /// Waits until no container is being taken down, but not for long.
    pub(super) async fn teardowns_over(&self) {
        let mut teardowns = self.teardowns.subscribe();
        // Neither outcome changes what follows: the start comes now.
        drop(tokio::time::timeout(TEARDOWN_WITHIN, teardowns.wait_for(|count| *count == 0)).await);
    }

    /// Waits for this group's turn; the act is over when the pass is dropped.
    pub(super) async fn pass(&self, lane: Lane, group: &str) -> Option<Pass> {
        let queue = match lane {
            Lane::Work => &self.work,
            Lane::Pull => &self.pull,
            Lane::Stop => &self.stop,
        };
        let turn = {
            let mut state = queue.state();
            if state.free > 0 {
                state.free -= 1;
                return Some(Pass(Some(Arc::clone(queue))));
            }
            let (call, turn) = oneshot::channel();
            state.line_up(group, call);
            turn
        };
        let waiting = metrics::engine_acts_waiting(lane.as_str());
        waiting.increment(1.0);
        let pass = turn.await.ok();
        waiting.decrement(1.0);
        pass
    }
}

struct Queue {
    lane: Lane,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    free: usize,
    /// Nobody waits while something is free.
    waiting: BTreeMap<String, VecDeque<oneshot::Sender<Pass>>>,
    /// Groups that wait, the next one first.
    turns: VecDeque<String>,
}

impl State {
    fn line_up(&mut self, group: &str, call: oneshot::Sender<Pass>) {
        let line = self.waiting.entry(group.to_owned()).or_default();
        if line.is_empty() {
            self.turns.push_back(group.to_owned());
        }
        line.push_back(call);
    }

    fn next(&mut self) -> Option<oneshot::Sender<Pass>> {
        let group = self.turns.pop_front()?;
        let line = self.waiting.get_mut(&group)?;
        let call = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&group);
        } else {
            self.turns.push_back(group);
        }
        call
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a pass on to whoever is next, or keeps it free.
    fn give_back(self: Arc<Self>) {
        loop {
            let call = {
                let mut state = self.state();
                match state.next() {
                    Some(call) => call,
                    None => {
                        state.free += 1;
                        return;
                    }
                }
            };
            match call.send(Pass(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                // Whoever waited has gone; the pass must not come back by itself while we hand it on.
                Err(mut pass) => pass.0 = None,
            }
        }
    }
}

/// Leave to ask the engine for one act.
pub(super) struct Pass(Option<Arc<Queue>>);

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.give_back();
        }
    }
}

/// A container that is being taken down.
pub(super) struct Teardown(Arc<Gate>);

impl Drop for Teardown {
    fn drop(&mut self) {
        self.0.teardowns.send_modify(|count| *count -= 1);
    }
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pass").field(&self.0.as_ref().map(|queue| queue.lane)).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn gate(work: usize) -> Gate {
        Gate::new(Limits { work, ..Limits::default() })
    }

    #[test]
    fn a_groups_thousand_acts_do_not_stand_before_a_neighbours_one() {
        let gate = gate(1);
        let first = gate.pass(Lane::Work, "crash").now_or_never().unwrap();
        let mut crowd: Vec<_> = (0..1000).map(|_| Box::pin(gate.pass(Lane::Work, "crash"))).collect();
        for one in &mut crowd {
            assert!(one.now_or_never().is_none());
        }
        let mut neighbour = Box::pin(gate.pass(Lane::Work, "web"));
        assert!((&mut neighbour).now_or_never().is_none());
        drop(first);
        let second = (&mut crowd[0]).now_or_never().expect("the crowd was first");
        assert!((&mut neighbour).now_or_never().is_none());
        drop(second);
        assert!((&mut crowd[1]).now_or_never().is_none());
        assert!(neighbour.now_or_never().is_some(), "the neighbour is next");
    }

    #[test]
    fn who_stops_waiting_leaves_its_turn_to_the_next_and_nothing_is_lost() {
        let gate = gate(2);
        let held = [gate.pass(Lane::Work, "a").now_or_never(), gate.pass(Lane::Work, "a").now_or_never()];
        let mut impatient = Box::pin(gate.pass(Lane::Work, "a"));
        let mut patient = Box::pin(gate.pass(Lane::Work, "b"));
        assert!((&mut impatient).now_or_never().is_none());
        assert!((&mut patient).now_or_never().is_none());
        drop(impatient);
        drop(held);
        let pass = patient.now_or_never().unwrap();
        assert!(gate.pass(Lane::Work, "c").now_or_never().is_some(), "the other one is free");
        drop(pass);
        let again = [gate.pass(Lane::Work, "a").now_or_never(), gate.pass(Lane::Work, "a").now_or_never()];
        assert!(again.iter().all(Option::is_some));
        assert!(
            gate.pass(Lane::Stop, "a").now_or_never().is_some(),
            "lanes do not stand in each other's way"
        );
    }
    #[tokio::test(start_paused = true)]
    async fn a_start_waits_for_teardowns_but_not_for_long() {
        let gate = Arc::new(gate(1));
        assert!(gate.teardowns_over().now_or_never().is_some(), "nothing is being taken down");
        let (one, other) = (gate.teardown(), gate.teardown());
        let mut start = Box::pin(gate.teardowns_over());
        assert!((&mut start).now_or_never().is_none());
        drop(one);
        assert!((&mut start).now_or_never().is_none());
        drop(other);
        assert!((&mut start).now_or_never().is_some());
        let (_stays, began) = (gate.teardown(), tokio::time::Instant::now());
        gate.teardowns_over().await;
        // Timers are kept to the millisecond.
        assert!(began.elapsed().abs_diff(TEARDOWN_WITHIN) <= Duration::from_millis(1));
    }
}
