//! Reading a log on from where an earlier reading ended, without a gap and with no line twice.

use mainstay_actors::ports::{LogLine, LogQuery, LogStream};

/// The engine keeps both streams in one log; a line of one may come after a later one of the other, by less than this.
const OUT_OF_ORDER: i64 = 1_000_000_000;

/// What was read of a container's log. Where `tail` parts lines of one nanosecond, one of them may come again.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    first: Option<i64>,
    stdout: Mark,
    stderr: Mark,
}

/// The last moment of a stream, and how many lines it had then.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    at: Option<i64>,
    lines: u32,
}

impl Seen {
    pub(super) fn note(&mut self, line: &LogLine) {
        self.first = Some(self.first.map_or(line.at, |first| first.min(line.at)));
        let mark = self.mark(line.stream);
        if mark.at == Some(line.at) {
            mark.lines += 1;
        } else if mark.at < Some(line.at) {
            *mark = Mark { at: Some(line.at), lines: 1 };
        }
    }

    /// What to ask for to read on. Where nothing was there yet, all is new, unless only what is new was asked for.
    pub(super) fn onward(&self, asked: &LogQuery) -> LogQuery {
        match self.stdout.at.max(self.stderr.at) {
            None => LogQuery { follow: true, tail: asked.tail.filter(|&tail| tail == 0), ..*asked },
            Some(last) => {
                let since = Some(last.saturating_sub(OUT_OF_ORDER).max(asked.since.unwrap_or(i64::MIN)));
                LogQuery { since, tail: None, follow: true, ..*asked }
            }
        }
    }

    /// Whether a line of the reading onwards is new. To be asked of a copy, line by line.
    pub(super) fn is_new(&mut self, line: &LogLine) -> bool {
        if self.first.is_some_and(|first| line.at < first) {
            return false;
        }
        let mark = self.mark(line.stream);
        if mark.at == Some(line.at) && mark.lines > 0 {
            mark.lines -= 1;
            return false;
        }
        mark.at <= Some(line.at)
    }

    fn mark(&mut self, stream: LogStream) -> &mut Mark {
        match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, stream: LogStream) -> LogLine {
        LogLine { at: at * OUT_OF_ORDER, stream, text: String::new() }
    }

    #[test]
    fn a_reading_onwards_gives_what_came_later_and_nothing_twice() {
        use LogStream::{Stderr, Stdout};
        let log: Vec<LogLine> =
            [(1, Stderr), (2, Stdout), (3, Stdout), (3, Stdout), (4, Stdout), (3, Stderr), (4, Stdout)]
                .map(|(at, stream)| line(at, stream))
                .into();
        // The first line is older than what was asked for; then any number of lines may have been read.
        for read in 2..=log.len() {
            let mut seen = Seen::default();
            log[1..read].iter().for_each(|line| seen.note(line));
            let onward = seen.onward(&LogQuery { tail: Some(6), ..LogQuery::default() });
            assert_eq!((onward.tail, onward.follow), (None, true));
            let mut copy = seen.clone();
            let again: Vec<&LogLine> =
                log.iter().filter(|line| onward.wants(line.at)).filter(|line| copy.is_new(line)).collect();
            assert_eq!(again, log[read..].iter().collect::<Vec<_>>(), "after {read} lines");
        }
    }

    #[test]
    fn where_nothing_was_there_yet_all_that_comes_is_new() {
        let asked = |tail| LogQuery { tail, since: Some(7), ..LogQuery::default() };
        let onward = |tail| Seen::default().onward(&asked(tail));
        assert_eq!(onward(Some(0)), LogQuery { follow: true, ..asked(Some(0)) });
        assert_eq!(onward(Some(3)), LogQuery { follow: true, ..asked(None) });
    }
}
