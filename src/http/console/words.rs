//! How things are said: states by shape, colour and word; times; what an exit code means.

use mainstay_actors::explain;
use mainstay_core::model::{
    Container, ContainerInstance, Health, InstanceStatus, Service, ServiceDeploymentStatus, ServiceStatus,
    Task, TaskStatus, Timestamp,
};
use maud::{Markup, html};

use super::Seen;
use super::tally::Counts;
use crate::usage::InUse;

/// How good a state is; each has a shape and a colour of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it shall be.
    Good,
    /// On its way.
    Wait,
    /// Somebody should look.
    Bad,
    /// Over, or switched off.
    Off,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "state good",
            Self::Wait => "state wait",
            Self::Bad => "state bad",
            Self::Off => "state off",
        }
    }
}

/// A state.
pub(super) fn state(tone: Tone, word: &str) -> Markup {
    html! { span class=(tone.class()) { i.shape aria-hidden="true" {} (word) } }
}

/// A task's state, and what its health checks say where they say something.
pub(super) fn of_task(task: &Task) -> Markup {
    let tone = match task.last_status {
        TaskStatus::Running if task.health == Health::Unhealthy => Tone::Bad,
        TaskStatus::Running if task.desired_status == TaskStatus::Stopped => Tone::Wait,
        TaskStatus::Running => Tone::Good,
        TaskStatus::Stopped => Tone::Off,
        _ => Tone::Wait,
    };
    html! {
        (state(tone, task.last_status.as_str()))
        @if task.last_status == TaskStatus::Running && task.health != Health::Unknown { " " span.quiet { (task.health.as_str()) } }
    }
}

/// A container's state.
pub(super) fn of_container(container: &Container) -> Markup {
    let failed = container.exit_code.is_some_and(|code| code != 0);
    let tone = match container.last_status {
        TaskStatus::Running if container.health == Health::Unhealthy => Tone::Bad,
        TaskStatus::Running => Tone::Good,
        TaskStatus::Stopped if failed => Tone::Bad,
        TaskStatus::Stopped => Tone::Off,
        _ => Tone::Wait,
    };
    state(tone, container.last_status.as_str())
}

/// Whether a service has what it wants.
pub(super) fn of_service(service: &Service, counts: &Counts) -> (Tone, &'static str) {
    match service.status {
        ServiceStatus::Draining => (Tone::Wait, "DRAINING"),
        ServiceStatus::Inactive => (Tone::Off, "INACTIVE"),
        ServiceStatus::Active if counts.unhealthy > 0 => (Tone::Bad, "unhealthy tasks"),
        ServiceStatus::Active if counts.running < service.desired_count as usize => {
            if counts.pending > 0 {
                (Tone::Wait, "starting tasks")
            } else {
                (Tone::Bad, "tasks missing")
            }
        }
        ServiceStatus::Active if service.deployments.len() > 1 => (Tone::Wait, "deploying"),
        ServiceStatus::Active if counts.running > service.desired_count as usize => {
            (Tone::Wait, "scaling in")
        }
        ServiceStatus::Active if service.desired_count == 0 => (Tone::Off, "scaled to zero"),
        ServiceStatus::Active => (Tone::Good, "steady"),
    }
}

/// A container instance's state.
pub(super) fn of_instance(instance: &ContainerInstance) -> (Tone, &'static str) {
    match instance.status {
        _ if !instance.agent_connected => (Tone::Bad, "agent does not answer"),
        _ if !instance.engine_connected => (Tone::Bad, "container engine does not answer"),
        InstanceStatus::Draining => (Tone::Wait, "DRAINING"),
        InstanceStatus::Active => (Tone::Good, "ACTIVE"),
    }
}

/// A rollout's state.
pub(super) fn of_rollout(status: ServiceDeploymentStatus) -> Markup {
    use ServiceDeploymentStatus as Is;
    let tone = match status {
        Is::Successful => Tone::Good,
        Is::Pending | Is::InProgress | Is::StopRequested => Tone::Wait,
        Is::Stopped => Tone::Off,
        Is::RollbackRequested | Is::RollbackInProgress | Is::RollbackSuccessful | Is::RollbackFailed => {
            Tone::Bad
        }
    };
    state(tone, status.as_str())
}

/// So long ago, with the moment itself beside it.
pub(super) fn ago(now: Timestamp, at: Timestamp) -> Markup {
    let text = match now.millis_since(at) {
        0..=1999 => "now".to_owned(),
        millis => format!("{} ago", span(millis)),
    };
    html! { time datetime=(rfc3339(at)) title=(clock(at)) { (text) } }
}

/// For how long by now, with the moment it began beside it.
pub(super) fn lasts(now: Timestamp, at: Timestamp) -> Markup {
    html! { time datetime=(rfc3339(at)) title=(clock(at)) { (span(now.millis_since(at))) } }
}

/// So many milliseconds, in its greatest unit.
pub(super) fn span(millis: u64) -> String {
    match millis {
        0..=9_999 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..=119_999 => format!("{} s", millis / 1000),
        120_000..=7_199_999 => format!("{} min", millis / 60_000),
        7_200_000..=172_799_999 => format!("{} h", millis / 3_600_000),
        _ => format!("{} days", millis / 86_400_000),
    }
}

/// A moment, in UTC.
pub(super) fn clock(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}

/// What an exit code means; codes past 128 tell of a signal.
pub(super) fn exit_code(code: i32) -> String {
    let meaning = match code {
        0 => "ended by itself, without an error",
        125 => "the engine could not run it",
        126 => "its command cannot be executed",
        127 => "its command was not found",
        129 => "SIGHUP",
        130 => "SIGINT, as by Ctrl-C",
        132 => "SIGILL: an instruction that this machine does not have",
        134 => "SIGABRT: it gave up",
        136 => "SIGFPE: it divided by zero",
        137 => "SIGKILL: it was killed from outside",
        139 => "SIGSEGV: it reached for memory that it does not have",
        143 => "SIGTERM: it was asked to end",
        _ if (129..=192).contains(&code) => return format!("{code} (signal {})", code - 128),
        _ => "ended by itself, with an error",
    };
    format!("{code} ({meaning})")
}

/// Why a task is over, or does not run: the point that weighs most.
pub(super) fn why(seen: &Seen<'_>, task: &Task) -> String {
    let told = explain::task(seen.ctx(), &task.id);
    let point = told.and_then(|story| story.points.into_iter().next().map(|point| point.text));
    point.or_else(|| task.stopped_reason.clone()).unwrap_or_default()
}

/// `1 task`, `2 tasks`.
pub(super) fn count(of: usize, what: &str) -> String {
    if of == 1 { format!("1 {what}") } else { format!("{of} {what}s") }
}

/// The first digits of an id, enough to tell it from others at a look.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// As much of a text as a list has room for: what a service says of hundreds of tasks names each of them.
pub(super) fn clipped(text: &str, most: usize) -> Markup {
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    let (shown, rest) = text.split_at(end);
    html! {
        (shown)
        @if !rest.is_empty() { "… " span.note { "and " (count(rest.chars().count(), "character")) " more" } }
    }
}

/// CPU in use, in units of which a core has 1024.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of cores")]
pub(super) fn units(used: InUse) -> u64 {
    (used.cores * 1024.0).round() as u64
}

/// Memory in use, in MiB; what a program has is never none of it.
pub(super) fn mebibytes(used: InUse) -> u64 {
    used.memory.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_unit_that_people_would_take() {
        let said: Vec<String> =
            [400, 9_900, 61_000, 120_000, 7_200_000, 172_800_000].into_iter().map(span).collect();
        assert_eq!(said, ["0.4 s", "9.9 s", "61 s", "2 min", "2 h", "2 days"]);
    }

    #[test]
    fn exit_codes_are_said_in_words() {
        assert_eq!(exit_code(0), "0 (ended by itself, without an error)");
        assert_eq!(exit_code(3), "3 (ended by itself, with an error)");
        assert!(exit_code(137).contains("SIGKILL"));
        assert_eq!(exit_code(159), "159 (signal 31)");
    }

    #[test]
    fn moments_are_shown_in_utc_and_machines_read_them_too() {
        let page = ago(Timestamp(90_000), Timestamp(0)).into_string();
        assert_eq!(
            page,
            "<time datetime=\"1970-01-01T00:00:00Z\" title=\"1970-01-01 00:00:00 UTC\">90 s ago</time>"
        );
    }

    #[test]
    fn of_a_long_text_a_list_has_the_beginning_and_says_so() {
        assert_eq!(clipped("süß", 3).into_string(), "süß");
        let shown = clipped("süßes", 3).into_string();
        assert!(shown.starts_with("süß… ") && shown.contains("and 2 characters more"), "{shown}");
    }
}
