//! How far something is: lines that change on a terminal, plain lines elsewhere. Always on standard error, so that
//! standard output has results only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);
/// So many bars are drawn beneath the first line; a terminal has room for no more.
const MOST_BARS: usize = 8;

/// The progress of one thing, and of what it waits for.
pub(super) struct Progress {
    /// On a terminal.
    drawn: Option<Drawn>,
    last: String,
}

/// What is drawn.
struct Drawn {
    all: MultiProgress,
    first: ProgressBar,
    beneath: Vec<ProgressBar>,
}

/// A bar beneath the first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) done: u64,
    /// Of how much; 0 where that is not known.
    pub(super) of: u64,
    pub(super) text: String,
}

impl Progress {
    pub(super) fn new() -> Self {
        let drawn = std::io::stderr().is_terminal().then(|| Drawn::on(ProgressDrawTarget::stderr()));
        if let Some(drawn) = &drawn {
            drawn.first.enable_steady_tick(TICK);
        }
        Self { drawn, last: String::new() }
    }

    /// A line that stays.
    pub(super) fn line(&self, text: &str) {
        match &self.drawn {
            Some(drawn) => drawn.first.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// What is going on now; on a terminal it takes the place of what went on before.
    pub(super) fn now(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.drawn {
            Some(drawn) => drawn.first.set_message(text.to_owned()),
            None => eprintln!("{text}"),
        }
    }

    /// What is going on for a moment only; it is shown on a terminal alone.
    pub(super) fn passing(&mut self, text: &str) {
        if self.drawn.is_some() {
            self.now(text);
        }
    }

    /// So many of so many are done.
    pub(super) fn at(&mut self, done: u64, of: u64, text: &str) {
        let Some(Drawn { first, .. }) = &self.drawn else {
            return self.now(&format!("[{done}/{of}] {text}"));
        };
        if first.length() != Some(of) {
            first.set_length(of);
            style(first, "{spinner} [{bar:20}] {pos}/{len} {wide_msg}");
        }
        first.set_position(done);
        first.set_message(text.to_owned());
    }

    /// What is waited for, in the place of what was waited for before: a bar each on a terminal, and these lines elsewhere.
    pub(super) fn beneath(&mut self, bars: &[Bar], lines: &[String]) {
        match &mut self.drawn {
            Some(drawn) => drawn.beneath(bars),
            None => lines.iter().for_each(|line| eprintln!("{line}")),
        }
    }

    /// Takes the changing lines away.
    pub(super) fn end(&mut self) {
        if let Some(drawn) = &mut self.drawn {
            drawn.beneath(&[]);
            drawn.first.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

impl Drawn {
    fn on(target: ProgressDrawTarget) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let first = all.add(ProgressBar::new_spinner());
        Self { all, first, beneath: Vec::new() }
    }

    fn beneath(&mut self, bars: &[Bar]) {
        let bars = &bars[..bars.len().min(MOST_BARS)];
        while self.beneath.len() > bars.len()
            && let Some(gone) = self.beneath.pop()
        {
            gone.finish_and_clear();
            self.all.remove(&gone);
        }
        while self.beneath.len() < bars.len() {
            let bar = self.all.add(ProgressBar::new(0));
            style(&bar, "  [{bar:20}] {wide_msg}");
            self.beneath.push(bar);
        }
        for (shown, bar) in self.beneath.iter().zip(bars) {
            // An empty bar of a length: one of none is drawn full.
            shown.set_length(bar.of.max(1));
            shown.set_position(bar.done);
            shown.set_message(bar.text.clone());
        }
    }
}

/// Of a template that is none, the plain look is what is left.
fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, MutexGuard};

    use indicatif::TermLike;

    use super::*;

    const WIDTH: usize = 80;

    /// What a terminal shows that goes on in the next row where a row is full.
    #[derive(Debug, Default)]
    struct Screen {
        rows: Vec<[char; WIDTH]>,
        row: usize,
        column: usize,
    }

    #[derive(Debug, Clone, Default)]
    struct Terminal(Arc<Mutex<Screen>>);

    impl Screen {
        fn put(&mut self, char: char) {
            match char {
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                char => {
                    if self.column == WIDTH {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                    self.rows.resize(self.rows.len().max(self.row + 1), [' '; WIDTH]);
                    self.rows[self.row][self.column] = char;
                    self.column += 1;
                }
            }
        }
    }

    impl Terminal {
        fn screen(&self) -> MutexGuard<'_, Screen> {
            self.0.lock().unwrap()
        }

        /// Its rows that are not empty.
        fn shown(&self) -> Vec<String> {
            let row = |row: &[char; WIDTH]| row.iter().collect::<String>().trim_end().to_owned();
            self.screen().rows.iter().map(row).filter(|row| !row.is_empty()).collect()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, by: usize) -> io::Result<()> {
            let mut screen = self.screen();
            screen.row = screen.row.saturating_sub(by);
            Ok(())
        }
        fn move_cursor_down(&self, by: usize) -> io::Result<()> {
            self.screen().row += by;
            Ok(())
        }
        fn move_cursor_right(&self, by: usize) -> io::Result<()> {
            self.screen().column += by;
            Ok(())
        }
        fn move_cursor_left(&self, by: usize) -> io::Result<()> {
            let mut screen = self.screen();
            screen.column = screen.column.saturating_sub(by);
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            let mut screen = self.screen();
            text.chars().for_each(|char| screen.put(char));
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            let mut screen = self.screen();
            let at = screen.row;
            screen.rows.get_mut(at).into_iter().for_each(|row| row.fill(' '));
            screen.column = 0;
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_pull_has_a_bar_beneath_the_rollouts_line_until_it_is_over() {
        let terminal = Terminal::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
        let mut progress = Progress { drawn: Some(Drawn::on(target)), last: String::new() };
        progress.now("web: 0 of 2 run");
        let bar = |done, text: &str| Bar { done, of: 40, text: text.to_owned() };
        progress.beneath(&[bar(10, "app:2: 1.0 of 4.0 MB"), Bar { of: 0, ..bar(0, "db:1: waits") }], &[]);
        let [first, app, db] = &terminal.shown()[..] else { panic!("{:?}", terminal.shown()) };
        assert!(first.ends_with("web: 0 of 2 run"), "{first}");
        assert_eq!(app, "  [=====>              ] app:2: 1.0 of 4.0 MB");
        assert_eq!(db, "  [                    ] db:1: waits");
        progress.beneath(&[bar(40, "app:2: 4.0 MB, unpacking")], &[]);
        let shown = terminal.shown();
        assert_eq!(shown[1..], ["  [====================] app:2: 4.0 MB, unpacking"]);
        progress.line("pulled app:2: 4.0 MB");
        progress.end();
        assert_eq!(terminal.shown(), ["pulled app:2: 4.0 MB"]);
    }

    #[test]
    fn no_more_bars_are_drawn_than_a_terminal_has_room_for() {
        let terminal = Terminal::default();
        let mut drawn = Drawn::on(ProgressDrawTarget::term_like_with_hz(Box::new(terminal), 255));
        let bar = Bar { done: 0, of: 1, text: "app:2".into() };
        drawn.beneath(&vec![bar; 20]);
        assert_eq!(drawn.beneath.len(), MOST_BARS);
    }
}
