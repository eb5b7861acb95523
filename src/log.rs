//! The log: one line a decision, text for a terminal, JSON elsewhere.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Log, LogFormat};
use crate::traces::Traces;

/// Sets the process's log up, on standard error, and the way of its traces. A second call changes nothing.
pub fn begin(log: &Log, traces: Option<&Traces>) {
    let terminal = std::io::stderr().is_terminal();
    let json = match log.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    } else {
        lines.with_ansi(terminal).with_target(false).boxed()
    };
    // Config::check has seen that it parses.
    let filter: Targets =
        log.filter.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    // No line shows the spans that it is in: they are for traces alone.
    let filter = filter.and(filter_fn(|line| line.is_event() && !has_bodies(line)));
    let layers =
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces.map(Traces::layer));
    if layers.try_init().is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
}

/// The engine's client logs whole requests and answers, and with them what containers have for secrets; who signs
/// requests logs what is signed.
fn has_bodies(line: &tracing::Metadata<'_>) -> bool {
    let talks = |crate_name: &str| line.target().starts_with(crate_name);
    (talks("bollard") || talks("aws_")) && *line.level() > tracing::Level::INFO
}

/// A panic is caught by a supervisor; here it leaves its place in the log.
fn panicked(panic: &PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or_default();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = text, place, "panicked");
}

/// An error and its sources, each said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
