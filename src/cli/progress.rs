//! How far something is: a line that changes on a terminal, plain lines elsewhere. Always on standard error, so that
//! standard output has results only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// The progress of one thing.
pub(super) struct Progress {
    /// On a terminal.
    bar: Option<ProgressBar>,
    last: String,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { bar, last: String::new() }
    }

    /// A line that stays.
    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// What is going on now; on a terminal it takes the place of what went on before.
    pub(super) fn now(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => eprintln!("{text}"),
        }
    }

    /// What is going on for a moment only; it is shown on a terminal alone.
    pub(super) fn passing(&mut self, text: &str) {
        if self.bar.is_some() {
            self.now(text);
        }
    }

    /// So many of so many are done.
    pub(super) fn at(&mut self, done: u64, of: u64, text: &str) {
        let Some(bar) = &self.bar else { return self.now(&format!("[{done}/{of}] {text}")) };
        if bar.length() != Some(of) {
            bar.set_length(of);
            // Of a template that is none, the plain spinner is what is left.
            if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:20}] {pos}/{len} {wide_msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        bar.set_position(done);
        bar.set_message(text.to_owned());
    }

    /// Takes the changing line away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
