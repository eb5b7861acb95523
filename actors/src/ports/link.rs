//! The way between the control plane and the agent of a container instance.

use mainstay_core::TaskId;
use mainstay_core::images::progress::Pulling;
use mainstay_core::lifecycle::{ContainerReport, TaskReport};
use mainstay_core::model::TaskSpec;

use super::EngineInfo;

/// What the control plane tells an agent. Each is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAgent {
    /// Run this task, or report again what is known of it.
    Run {
        /// What to run.
        spec: Box<TaskSpec>,
        /// Whether containers may still have to be made. False for a task that ran before: if nothing of it is
        /// left, that is to be reported, not made good.
        create: bool,
        /// Whether it shall run: nothing of a task that shall stop is started, be it for the first time or again.
        wanted: bool,
        /// What was reported of its containers: one that was there is not made a second time.
        known: Vec<ContainerReport>,
    },
    /// Stop the task's containers and report.
    Stop {
        /// Which.
        task: TaskId,
    },
    /// The control plane has no such task, or is done with it: stop what runs, remove it in time.
    Forget {
        /// Which.
        task: TaskId,
    },
    /// Report all that is there.
    Resync,
}

/// What an agent tells the control plane.
#[derive(Debug, Clone, PartialEq)]
pub enum FromAgent {
    /// The state of a task; always whole, so that a later one makes up for a lost one.
    Task {
        /// Which.
        task: TaskId,
        /// Its containers.
        report: TaskReport,
    },
    /// Nothing is known of a task that should not be made anew.
    Vanished {
        /// Which.
        task: TaskId,
    },
    /// Containers of a task are here that the control plane did not mention since this agent started.
    Found {
        /// Which.
        task: TaskId,
        /// Whether any of them runs.
        running: bool,
    },
    /// What the host says of itself for constraints to ask for, by name and value; before it says that its engine
    /// answers.
    Attributes(Vec<(String, String)>),
    /// How far the pulls of this host are, all of them; some that have just ended are among them.
    Pulls(Vec<Pulling>),
    /// The engine answers.
    EngineUp(EngineInfo),
    /// The engine does not answer.
    EngineDown {
        /// What was seen.
        detail: String,
    },
}

/// The control plane's end of the way to one agent.
pub trait AgentLink: Send + Sync + 'static {
    /// Hands the message over; it arrives unless the link breaks, after which both sides exchange all again.
    fn send(&self, message: ToAgent);
}

/// The agent's end of the way to the control plane.
pub trait ControlLink: Send + Sync + 'static {
    /// Hands the message over; it arrives unless the link breaks, after which both sides exchange all again.
    fn send(&self, message: FromAgent);
}
