//! The language of `mainstay exec`: each frame begins with a byte that says what the rest is.
//!
//! | byte | from the client | to the client |
//! |---|---|---|
//! | 0 | standard input | |
//! | 1, 2 | | standard output, standard error |
//! | 3 | | the end, as JSON: `{"exitCode":0}` or `{"error":"…"}` |
//! | 4 | the terminal's size, as JSON: `{"columns":80,"rows":24}` | |
//! | 255 | the end of stream 0 | |
//!
//! The numbers are those of Kubernetes' remote commands (`v5.channel.k8s.io`). The connection's own flow control is all
//! there is: who does not read keeps the command waiting.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use mainstay_actors::ports::{ExecOutput, LogStream, TerminalSize};
use serde::{Deserialize, Serialize};

use super::dialect::{Asked, Dialect, End, Frame};

pub(crate) const STDIN: u8 = 0;
pub(crate) const STDOUT: u8 = 1;
pub(crate) const STDERR: u8 = 2;
pub(crate) const STATUS: u8 = 3;
pub(crate) const RESIZE: u8 = 4;
pub(crate) const CLOSE: u8 = 255;

/// Frames that may wait for the connection.
const MOST_WAITING: usize = 8;
/// RFC 6455: all is done.
const NORMAL: u16 = 1000;

/// How it ended.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    /// What the command ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why there is no such code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A terminal's size.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Size {
    /// In a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// What is asked and told.
pub(crate) struct Plain {
    asked: VecDeque<Asked>,
    frames: VecDeque<Frame>,
    over: bool,
}

impl Plain {
    /// The command begins at once.
    pub(crate) fn new() -> Self {
        Self { asked: VecDeque::from([Asked::Begin]), frames: VecDeque::new(), over: false }
    }
}

/// A frame of this language.
pub(crate) fn framed(kind: u8, bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(bytes.len() + 1);
    frame.put_u8(kind);
    frame.put_slice(bytes);
    frame.freeze()
}

impl Dialect for Plain {
    fn take(&mut self, frame: Frame, _: bool, _: Instant) -> Result<(), String> {
        let Frame::Binary(bytes) = frame else {
            return Err("frames must be binary".to_owned());
        };
        let asked = match bytes.split_first() {
            Some((&STDIN, _)) => Asked::Input(bytes.slice(1..)),
            Some((&RESIZE, size)) => {
                let size: Size =
                    serde_json::from_slice(size).map_err(|error| format!("the size: {error}"))?;
                Asked::Resize(TerminalSize { columns: size.columns, rows: size.rows })
            }
            Some((&CLOSE, [STDIN])) => Asked::EndOfInput,
            _ => return Err(format!("there is no frame that begins with {:?}", bytes.first())),
        };
        self.asked.push_back(asked);
        Ok(())
    }

    fn asked(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    fn listens(&self, room: bool) -> bool {
        room
    }

    fn has_room(&self) -> bool {
        self.frames.len() < MOST_WAITING
    }

    fn print(&mut self, output: ExecOutput, _: Instant) {
        let kind = match output.stream {
            LogStream::Stdout => STDOUT,
            LogStream::Stderr => STDERR,
        };
        self.frames.push_back(Frame::Binary(framed(kind, &output.bytes)));
    }

    fn end(&mut self, end: &End, _: Instant) {
        let exit_code = match end {
            End::Exited(code) => Some(*code),
            _ => None,
        };
        // It is made of a number and a text: there is nothing to go wrong.
        let status = serde_json::to_vec(&Status { exit_code, error: end.words() }).unwrap_or_default();
        self.frames.push_back(Frame::Binary(framed(STATUS, &status)));
        self.frames.push_back(Frame::Close(NORMAL, String::new()));
        self.over = true;
    }

    fn frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _: Instant) {}

    fn is_over(&self) -> bool {
        self.over && self.frames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[allow(clippy::disallowed_methods, reason = "this language does not ask for the time")]
    fn check(bytes: &[u8], expected: Result<Asked, &str>) {
        let mut plain = Plain::new();
        assert_eq!(plain.asked(), Some(Asked::Begin));
        let taken = plain.take(Frame::Binary(Bytes::copy_from_slice(bytes)), true, Instant::now());
        match expected {
            Ok(asked) => assert_eq!((taken, plain.asked()), (Ok(()), Some(asked))),
            Err(sign) => assert!(taken.clone().is_err_and(|text| text.contains(sign)), "{taken:?}"),
        }
    }

    #[test]
    fn a_frames_first_byte_says_what_it_is() {
        check(b"\0ls\n", Ok(Asked::Input("ls\n".into())));
        check(b"\0", Ok(Asked::Input(Bytes::new())));
        check(b"\xff\0", Ok(Asked::EndOfInput));
        let size = TerminalSize { columns: 80, rows: 24 };
        check(br#"_{"columns":80,"rows":24}"#, Err("begins with Some(95)"));
        check(b"\x04{\"columns\":80,\"rows\":24}", Ok(Asked::Resize(size)));
        check(b"\x04{}", Err("the size: missing field `columns`"));
        check(b"", Err("begins with None"));
        check(b"\xff\x01", Err("begins with Some(255)"));
    }
}
