//! The language of AWS's session-manager-plugin: messages that are numbered and acknowledged, a handshake first.
//!
//! We are agent and message service in one. Encryption by KMS is not offered in the handshake, so that no client asks
//! for it. Source: session-manager-plugin (`streaming.go`, `shellsession.go`), amazon-ssm-agent (`datachannel.go`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mainstay_actors::ports::{ExecOutput, TerminalSize};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::channel::{Incoming, Outgoing};
use super::dialect::{Asked, Dialect, End, Frame};
use super::message::{ACKNOWLEDGE, CHANNEL_CLOSED, INPUT, Message, OUTPUT, PAUSE, START, SYN, payload};

/// Bytes of a message, as the agent cuts them.
const PIECE: usize = 1024;
/// After the end, what was printed last may take this long to be acknowledged.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Past this the client does not know the handshake.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// RFC 6455: all is done.
const NORMAL: u16 = 1000;
/// `ActionStatus` of what the client could do.
const SUCCESS: u32 = 1;

/// One side of a data channel.
pub(crate) struct DataChannel {
    session: String,
    /// Milliseconds since 1970 at `began`.
    wall: u64,
    began: Instant,
    stage: Stage,
    incoming: Incoming,
    outgoing: Outgoing,
    asked: VecDeque<Asked>,
    frames: VecDeque<Frame>,
    paused: bool,
    /// How to end, and when to wait no longer for what is not acknowledged.
    ending: Option<(End, Instant)>,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client was told what it is to do, and has not answered.
    Shaking,
    /// It is at work.
    Open,
}

/// The first frame: who connects, and by what right.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OpenDataChannel {
    /// The token of ExecuteCommand's answer.
    pub token_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HandshakeResponse {
    #[serde(default)]
    processed_client_actions: Vec<ProcessedAction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessedAction {
    #[serde(default)]
    action_type: String,
    #[serde(default)]
    action_status: u32,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Size {
    cols: u32,
    rows: u32,
}

#[derive(Serialize, Deserialize)]
struct Acknowledged {
    #[serde(rename = "AcknowledgedMessageType")]
    kind: String,
    #[serde(rename = "AcknowledgedMessageId")]
    id: String,
    #[serde(rename = "AcknowledgedMessageSequenceNumber")]
    sequence: i64,
    #[serde(rename = "IsSequentialMessage")]
    sequential: bool,
}

impl DataChannel {
    /// The agent's side, which begins to shake hands; `wall` is the time in milliseconds since 1970.
    pub(crate) fn new(session: &str, command: &str, wall: u64, now: Instant) -> Self {
        let mut channel = Self {
            session: session.to_owned(),
            wall,
            began: now,
            stage: Stage::Shaking,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            asked: VecDeque::new(),
            frames: VecDeque::new(),
            paused: false,
            ending: None,
            over: false,
        };
        let parameters =
            json!({ "SessionType": "InteractiveCommands", "Properties": { "command": command } });
        let action = json!({ "ActionType": "SessionType", "ActionParameters": parameters });
        let request =
            json!({ "AgentVersion": env!("CARGO_PKG_VERSION"), "RequestedClientActions": [action] });
        channel.send(payload::HANDSHAKE_REQUEST, request.to_string().into(), now);
        channel
    }

    fn created(&self, now: Instant) -> u64 {
        let past = now.saturating_duration_since(self.began).as_millis();
        self.wall.saturating_add(u64::try_from(past).unwrap_or(u64::MAX))
    }

    /// Something that has to come, and in order.
    fn send(&mut self, payload_type: u32, payload: Bytes, now: Instant) {
        let sequence = self.outgoing.next();
        let flags = if sequence == 0 { SYN } else { 0 };
        let bytes = self.message(OUTPUT, sequence, flags, payload_type, payload, now);
        self.outgoing.sent(bytes.clone(), now);
        self.frames.push_back(Frame::Binary(bytes));
    }

    fn message(
        &self,
        kind: &str,
        sequence: i64,
        flags: u64,
        payload_type: u32,
        payload: Bytes,
        now: Instant,
    ) -> Bytes {
        let id = Uuid::from_u128(rand::random());
        let (kind, created) = (kind.to_owned(), self.created(now));
        Message { kind, schema: 1, created, sequence, flags, id, payload_type, payload }.encode()
    }

    fn acknowledge(&mut self, kind: String, id: Uuid, sequence: i64, now: Instant) {
        let content = Acknowledged { kind, id: id.to_string(), sequence, sequential: true };
        // It is made of texts and a number: there is nothing to go wrong.
        let content = serde_json::to_vec(&content).unwrap_or_default();
        // What the agent's have, too: no number, and a flag for both the first and the last.
        let bytes = self.message(ACKNOWLEDGE, 0, 3, 0, content.into(), now);
        self.frames.push_back(Frame::Binary(bytes));
    }

    /// A message of the client's stream, in its turn.
    fn read(&mut self, message: &Message, now: Instant) -> Result<(), String> {
        match (self.stage, message.payload_type) {
            (Stage::Shaking, payload::HANDSHAKE_RESPONSE) => {
                let response: HandshakeResponse = serde_json::from_slice(&message.payload)
                    .map_err(|error| format!("the handshake's response: {error}"))?;
                let failed =
                    response.processed_client_actions.iter().find(|action| action.action_status != SUCCESS);
                if let Some(ProcessedAction { action_type, error, .. }) = failed {
                    return Err(format!("the client cannot do {action_type}: {error}"));
                }
                let took =
                    u64::try_from(now.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX);
                let complete = json!({ "HandshakeTimeToComplete": took, "CustomerMessage": "" });
                self.send(payload::HANDSHAKE_COMPLETE, complete.to_string().into(), now);
                self.stage = Stage::Open;
                self.asked.push_back(Asked::Begin);
            }
            (Stage::Open, payload::BYTES) => self.asked.push_back(Asked::Input(message.payload.clone())),
            (Stage::Open, payload::SIZE) => {
                let size: Size = serde_json::from_slice(&message.payload)
                    .map_err(|error| format!("the terminal's size: {error}"))?;
                let number = |of: u32| u16::try_from(of).unwrap_or(u16::MAX);
                let size = TerminalSize { columns: number(size.cols), rows: number(size.rows) };
                self.asked.push_back(Asked::Resize(size));
            }
            (_, payload::FLAG) if message.payload[..] == payload::TERMINATE.to_be_bytes() => {
                self.asked.push_back(Asked::End);
            }
            // As the agent does: before the handshake is done nothing counts, and what it does not know never does.
            _ => {}
        }
        Ok(())
    }

    /// Tells of the end, once all before it came, or nobody waits for that any more.
    fn close(&mut self, now: Instant) {
        let Some((end, until)) = &self.ending else { return };
        if self.over || !self.outgoing.is_empty() && now < *until {
            return;
        }
        let code = match end {
            End::Exited(code) => Some(*code),
            _ => None,
        };
        // Shown by the client, where there is something.
        let failure =
            code.filter(|code| *code != 0).map(|code| format!("The command ended with exit code {code}."));
        let output = end.words().or(failure).unwrap_or_default();
        let closed = json!({
            "MessageType": CHANNEL_CLOSED,
            "MessageId": Uuid::from_u128(rand::random()).to_string(),
            "DestinationId": self.session,
            "SessionId": self.session,
            "SchemaVersion": 1,
            "CreatedDate": self.created(now).to_string(),
            "Output": output,
            // Ours: the plugin, which has no use for it, passes it over.
            "ExitCode": code,
        });
        let bytes = self.message(CHANNEL_CLOSED, 0, 0, 0, closed.to_string().into(), now);
        self.frames.push_back(Frame::Binary(bytes));
        self.frames.push_back(Frame::Close(NORMAL, String::new()));
        self.over = true;
    }
}

impl Dialect for DataChannel {
    fn take(&mut self, frame: Frame, room: bool, now: Instant) -> Result<(), String> {
        let Frame::Binary(bytes) = frame else {
            return Err("messages of a data channel must be binary".to_owned());
        };
        let message = Message::decode(&bytes).map_err(|error| error.to_string())?;
        match message.kind.as_str() {
            INPUT => {
                let (kind, id, sequence) = (message.kind.clone(), message.id, message.sequence);
                let taken = self.incoming.take(message, room);
                if taken.acknowledge {
                    self.acknowledge(kind, id, sequence, now);
                }
                for message in taken.read {
                    self.read(&message, now)?;
                }
            }
            ACKNOWLEDGE => {
                let content: Acknowledged = serde_json::from_slice(&message.payload)
                    .map_err(|error| format!("an acknowledgement: {error}"))?;
                self.outgoing.acknowledged(content.sequence, now);
                self.close(now);
            }
            PAUSE => self.paused = true,
            START => self.paused = false,
            CHANNEL_CLOSED => self.asked.push_back(Asked::End),
            // Newer clients may have more to say.
            _ => {}
        }
        Ok(())
    }

    fn asked(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    /// Always: acknowledgements come the same way.
    fn listens(&self, _: bool) -> bool {
        true
    }

    fn has_room(&self) -> bool {
        !self.paused && self.outgoing.has_room()
    }

    fn print(&mut self, output: ExecOutput, now: Instant) {
        let mut bytes = output.bytes;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.send(payload::BYTES, piece, now);
        }
    }

    fn end(&mut self, end: &End, now: Instant) {
        self.ending = Some((end.clone(), now + LAST_WORDS));
        self.close(now);
    }

    fn frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    fn due(&self) -> Option<Instant> {
        if self.over {
            return None;
        }
        let last_words = self.ending.as_ref().map(|(_, until)| *until);
        let handshake =
            (self.stage == Stage::Shaking && self.ending.is_none()).then(|| self.began + HANDSHAKE);
        let again = self.outgoing.due().filter(|_| !self.paused);
        [last_words, handshake, again].into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant) {
        if !self.paused
            && let Some(bytes) = self.outgoing.again(now)
        {
            self.frames.push_back(Frame::Binary(bytes));
        }
        if self.stage == Stage::Shaking && now >= self.began + HANDSHAKE {
            self.asked.push_back(Asked::End);
        }
        self.close(now);
    }

    fn is_over(&self) -> bool {
        self.over && self.frames.is_empty()
    }
}

#[cfg(test)]
#[path = "data_channel_tests.rs"]
mod tests;
