//! A container's log, from the engine's frames to lines.

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::LogsOptions;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use mainstay_actors::ports::{EngineError, LogLine, LogLines, LogQuery, LogStream};
use mainstay_core::EngineId;

use super::errors::{status, when};
use super::{ANSWER_WITHIN, DockerEngine, translate};

/// A line goes on as another one past so many bytes; CloudWatch's limit of an event.
const LONGEST: usize = 256 * 1024;
const NANOS: i64 = 1_000_000_000;

impl DockerEngine {
    pub(super) async fn read_log(&self, id: &EngineId, query: LogQuery) -> Result<LogLines, EngineError> {
        let client = self.client().await?;
        let gone = || EngineError::NoSuchContainer { id: id.clone() };
        // Looked at first: the request for the log goes out with the stream's first poll only.
        let seen =
            client.inspect_container(id.as_str(), None).await.map_err(|error| match status(&error) {
                Some(404) => gone(),
                _ => when(&self.endpoint, "inspect", &error),
            })?;
        translate::container(&self.owner, seen, None).ok_or_else(gone)?;
        let frames = client.logs(id.as_str(), Some(options(&query)));
        let frames = bounded(frames.boxed(), self.endpoint.clone(), query.follow);
        let frames = frames.map(Frame::Next).chain(stream::once(std::future::ready(Frame::End)));
        let lines = frames.scan(Assembler::default(), |assembler, frame| {
            let lines: Vec<Result<LogLine, EngineError>> = match frame {
                Frame::Next(Ok(output)) => assembler.take(output).map(Ok).into_iter().collect(),
                Frame::Next(Err(error)) => vec![Err(error)],
                Frame::End => assembler.end().map(Ok).collect(),
            };
            std::future::ready(Some(lines))
        });
        let wanted = move |line: &Result<LogLine, EngineError>| {
            std::future::ready(line.as_ref().map_or(true, |line| query.wants(line.at)))
        };
        Ok(lines.flat_map(stream::iter).filter(wanted).boxed())
    }
}

enum Frame {
    Next(Result<LogOutput, EngineError>),
    End,
}

/// What is there already comes in time, or the engine hangs; what is followed may take for ever.
fn bounded(
    frames: BoxStream<'static, Result<LogOutput, Error>>,
    endpoint: String,
    follow: bool,
) -> impl Stream<Item = Result<LogOutput, EngineError>> {
    stream::unfold(Some((frames, endpoint)), move |state| async move {
        let (mut frames, endpoint) = state?;
        let next = if follow {
            Ok(frames.next().await)
        } else {
            tokio::time::timeout(ANSWER_WITHIN, frames.next()).await
        };
        match next {
            Err(_) => Some((Err(EngineError::Timeout { act: "logs", waited: ANSWER_WITHIN }), None)),
            Ok(frame) => {
                let frame = frame?.map_err(|error| when(&endpoint, "logs", &error));
                Some((frame, Some((frames, endpoint))))
            }
        }
    })
}

/// The engine counts whole seconds; what is too much is left out here.
fn options(query: &LogQuery) -> LogsOptions {
    let seconds = |nanos: i64| i32::try_from(nanos.div_euclid(NANOS)).unwrap_or(i32::MAX);
    LogsOptions {
        follow: query.follow,
        stdout: true,
        stderr: true,
        timestamps: true,
        since: query.since.map_or(0, |since| seconds(since.max(0))),
        // 0 is none; what is before the second 1 is before every container.
        until: query.until.map_or(0, |until| seconds(until).saturating_add(1).max(1)),
        tail: query.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
    }
}

/// Makes lines of frames: the engine cuts long lines, and puts its time before each piece.
#[derive(Default)]
struct Assembler {
    stdout: Piece,
    stderr: Piece,
}

/// A line that has not ended yet.
#[derive(Default)]
struct Piece {
    at: Option<i64>,
    bytes: Vec<u8>,
}

impl Assembler {
    fn take(&mut self, output: LogOutput) -> Option<LogLine> {
        let (stream, frame) = match output {
            LogOutput::StdErr { message } => (LogStream::Stderr, message),
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                (LogStream::Stdout, message)
            }
        };
        let piece = match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        };
        let (at, rest) = timed(&frame);
        piece.at = piece.at.or(at);
        let (text, ended) = match rest.strip_suffix(b"\n") {
            Some(text) => (text.strip_suffix(b"\r").unwrap_or(text), true),
            None => (rest, false),
        };
        piece.bytes.extend_from_slice(text);
        (ended || piece.bytes.len() >= LONGEST).then(|| piece.line(stream))
    }

    /// What ends without an end of line.
    fn end(&mut self) -> impl Iterator<Item = LogLine> + use<> {
        let left = [(LogStream::Stdout, &mut self.stdout), (LogStream::Stderr, &mut self.stderr)];
        let lines = left.map(|(stream, piece)| (!piece.bytes.is_empty()).then(|| piece.line(stream)));
        lines.into_iter().flatten()
    }
}

impl Piece {
    fn line(&mut self, stream: LogStream) -> LogLine {
        let Self { at, bytes } = std::mem::take(self);
        LogLine { at: at.unwrap_or(0), stream, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

/// The engine's time at a frame's beginning, and the rest.
fn timed(frame: &[u8]) -> (Option<i64>, &[u8]) {
    let Some(end) = frame.iter().position(|&byte| byte == b' ') else { return (None, frame) };
    let time = std::str::from_utf8(&frame[..end]).ok().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    match time.and_then(|time| i64::try_from(time.as_nanosecond()).ok()) {
        Some(at) => (Some(at), &frame[end + 1..]),
        None => (None, frame),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_1: &str = "1970-01-01T00:00:01.000000005Z ";

    fn out(text: &str) -> LogOutput {
        LogOutput::StdOut { message: format!("{SECOND_1}{text}").into() }
    }

    fn line(stream: LogStream, text: &str) -> LogLine {
        LogLine { at: 1_000_000_005, stream, text: text.to_owned() }
    }

    #[test]
    fn a_line_that_the_engine_cut_is_one_again_and_the_other_stream_does_not_end_it() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.take(out("one, ")), None);
        let message = format!("{SECOND_1}oops\r\n").into();
        assert_eq!(assembler.take(LogOutput::StdErr { message }), Some(line(LogStream::Stderr, "oops")));
        assert_eq!(assembler.take(out("two\n")), Some(line(LogStream::Stdout, "one, two")));
        assert_eq!(assembler.take(out("\n")), Some(line(LogStream::Stdout, "")));
        assert_eq!(assembler.take(out("the end")), None);
        assert_eq!(assembler.end().collect::<Vec<_>>(), [line(LogStream::Stdout, "the end")]);
        assert_eq!(assembler.end().count(), 0);
    }

    #[test]
    fn a_line_without_an_end_goes_on_as_another_one() {
        let mut assembler = Assembler::default();
        let half = "x".repeat(LONGEST / 2);
        assert_eq!(assembler.take(out(&half)), None);
        assert_eq!(assembler.take(out(&half)).map(|line| line.text.len()), Some(LONGEST));
        assert_eq!(assembler.end().count(), 0);
    }

    #[test]
    fn the_engine_is_asked_for_whole_seconds_around_what_is_wanted() {
        let query =
            LogQuery { since: Some(1_999_999_999), until: Some(2_000_000_001), tail: Some(3), follow: false };
        let asked = options(&query);
        assert_eq!((asked.since, asked.until, asked.tail.as_str()), (1, 3, "3"));
        let all = options(&LogQuery::default());
        assert_eq!((all.since, all.until, all.tail.as_str()), (0, 0, "all"));
    }
}
