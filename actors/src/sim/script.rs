//! What a simulated program does with its life.

use std::time::Duration;

use mainstay_core::model::Health;

/// A program: what happens after each start of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The engine's words, where it cannot be started at all.
    pub refuses: Option<String>,
    /// When it exits by itself, and with which code.
    pub exit: Option<(Duration, i32)>,
    /// When its health check comes to which verdict; told only where the container has a check.
    pub health: Vec<(Duration, Health)>,
    /// Whether the kernel ends it for its memory when it exits.
    pub out_of_memory: bool,
    /// How long after that the engine says so.
    pub flagged_after: Duration,
    /// How long it takes to obey SIGTERM, and its exit code then; it is killed at the end of the grace.
    pub obeys_within: Option<(Duration, i32)>,
}

impl Script {
    /// Runs until it is told to stop, and stops at once with 143.
    pub fn runs() -> Self {
        Self {
            refuses: None,
            exit: None,
            health: Vec::new(),
            out_of_memory: false,
            flagged_after: Duration::ZERO,
            obeys_within: Some((Duration::from_millis(20), 143)),
        }
    }

    /// Exits by itself.
    pub fn exits(code: i32, after: Duration) -> Self {
        Self { exit: Some((after, code)), ..Self::runs() }
    }

    /// Is killed for its memory.
    pub fn eats_memory(after: Duration) -> Self {
        Self { out_of_memory: true, ..Self::exits(137, after) }
    }

    /// The engine says so much later that it was killed for its memory.
    pub fn flagged_after(mut self, wait: Duration) -> Self {
        self.flagged_after = wait;
        self
    }

    /// Cannot be started.
    pub fn cannot_start(words: &str) -> Self {
        Self { refuses: Some(words.into()), ..Self::runs() }
    }

    /// Its check passes from then on.
    pub fn healthy(after: Duration) -> Self {
        Self { health: vec![(after, Health::Healthy)], ..Self::runs() }
    }

    /// Its check fails from then on.
    pub fn then_unhealthy(mut self, after: Duration) -> Self {
        self.health.push((after, Health::Unhealthy));
        self
    }

    /// Its check passes again from then on.
    pub fn then_healthy(mut self, after: Duration) -> Self {
        self.health.push((after, Health::Healthy));
        self
    }

    /// Does not care about SIGTERM.
    pub fn ignores_sigterm(mut self) -> Self {
        self.obeys_within = None;
        self
    }
}

/// The script of a command, for the few that simulated tasks of one image differ by: `exit CODE MILLISECONDS`.
pub(super) fn of_command(command: &[String]) -> Option<Script> {
    let [act, code, millis] = command else { return None };
    if act != "exit" {
        return None;
    }
    Some(Script::exits(code.parse().ok()?, Duration::from_millis(millis.parse().ok()?)))
}
