//! What containers print, as the engine keeps it.

use futures::stream::BoxStream;

use super::EngineError;

/// What a container printed, line by line. Nothing is read ahead of whoever takes the lines.
pub type LogLines = BoxStream<'static, Result<LogLine, EngineError>>;

/// Which lines of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// From this moment on; nanoseconds since 1970.
    pub since: Option<i64>,
    /// Before this moment; nanoseconds since 1970.
    pub until: Option<i64>,
    /// Of the last so many lines only, counted from the log's end whatever `until` says.
    pub tail: Option<u32>,
    /// Whether the lines go on until the container ends.
    pub follow: bool,
}

impl LogQuery {
    /// Whether a line of this moment is asked for.
    pub fn wants(&self, at: i64) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// A line, or a part of one that is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine got it; nanoseconds since 1970. Goes up within a stream of one container.
    pub at: i64,
    /// Where it was printed.
    pub stream: LogStream,
    /// Without its end; what is no UTF-8 is replaced.
    pub text: String,
}

/// Where a program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// Standard output; a terminal's all.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogStream {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}
