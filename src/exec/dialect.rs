//! What the two kinds of clients have in common: a language that makes frames of what a session is about.

use std::time::Instant;

use bytes::Bytes;
use mainstay_actors::ports::{ExecOutput, TerminalSize};

/// A frame of the client's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// Nothing but a question whether somebody is there.
    Ping,
    /// The end, with one of RFC 6455's codes and the reason.
    Close(u16, String),
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The command may begin.
    Begin,
    /// This goes to its standard input.
    Input(Bytes),
    /// Its standard input ends here.
    EndOfInput,
    /// Its terminal has this size now.
    Resize(TerminalSize),
    /// It is to end.
    End,
}

/// How a session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The command ended by itself, or with its container.
    Exited(i32),
    /// The client wants no more.
    Asked,
    /// The client is gone.
    Left,
    /// Nothing was typed or printed for too long.
    Idle,
    /// The daemon ends.
    Closing,
    /// The client does not speak its language; in words.
    Garbled(String),
    /// The command could not be begun, or was lost sight of; in words.
    Failed(String),
}

impl End {
    /// All that [`End::as_str`] says.
    pub(crate) const WORDS: [&str; 7] = ["exited", "asked", "left", "idle", "closing", "garbled", "failed"];

    /// The word in metrics and logs.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exited",
            Self::Asked => "asked",
            Self::Left => "left",
            Self::Idle => "idle",
            Self::Closing => "closing",
            Self::Garbled(_) => "garbled",
            Self::Failed(_) => "failed",
        }
    }

    /// For whoever sits at the client, where it is not what the client wanted.
    pub(crate) fn words(&self) -> Option<String> {
        match self {
            Self::Exited(_) | Self::Asked | Self::Left => None,
            Self::Idle => Some("the session was idle for too long".to_owned()),
            Self::Closing => Some("mainstay is stopping; the containers go on".to_owned()),
            Self::Garbled(text) | Self::Failed(text) => Some(text.clone()),
        }
    }
}

/// A client's language, without the connection: frames come in, and wait to go out. The time is an argument.
pub(crate) trait Dialect: Send {
    /// Takes a frame. Without `room` no more input can be taken now.
    ///
    /// # Errors
    /// In words, where it is none of the language.
    fn take(&mut self, frame: Frame, room: bool, now: Instant) -> Result<(), String>;

    /// The next thing that the frames taken so far ask for.
    fn asked(&mut self) -> Option<Asked>;

    /// Whether to take frames now, where there is `room` for input or not.
    fn listens(&self, room: bool) -> bool;

    /// Whether more of what the command prints can be told now.
    fn has_room(&self) -> bool;

    /// Tells what the command printed.
    fn print(&mut self, output: ExecOutput, now: Instant);

    /// Tells of the end; the last thing that is told.
    fn end(&mut self, end: &End, now: Instant);

    /// The next frame to send.
    fn frame(&mut self) -> Option<Frame>;

    /// When there will be more to send though nothing happened.
    fn due(&self) -> Option<Instant>;

    /// Sees to what is due.
    fn tick(&mut self, now: Instant);

    /// Whether the end was told, and all before it came.
    fn is_over(&self) -> bool;
}
