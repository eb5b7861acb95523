//! The agent's side, spoken to as the plugin does.

use mainstay_actors::ports::LogStream;

use super::*;

const SEC: Duration = Duration::from_secs(1);

/// A plugin's side.
struct Plugin {
    channel: DataChannel,
    now: Instant,
    next: i64,
}

impl Plugin {
    #[allow(clippy::disallowed_methods, reason = "any moment will do to begin with")]
    fn new() -> Self {
        let now = Instant::now();
        Self { channel: DataChannel::new("s-1", "sh", 1_700_000_000_000, now), now, next: 0 }
    }

    /// One that shook hands.
    fn open() -> Self {
        let mut plugin = Self::new();
        plugin.answer_handshake(1);
        plugin.acknowledge_all();
        assert_eq!(plugin.channel.asked(), Some(Asked::Begin));
        plugin
    }

    fn give(
        &mut self,
        kind: &str,
        sequence: i64,
        payload_type: u32,
        payload: &[u8],
        room: bool,
    ) -> Result<(), String> {
        let message = Message {
            kind: kind.to_owned(),
            schema: 1,
            created: 1,
            sequence,
            flags: 0,
            id: Uuid::from_u128(7),
            payload_type,
            payload: Bytes::copy_from_slice(payload),
        };
        self.channel.take(Frame::Binary(message.encode()), room, self.now)
    }

    fn input(&mut self, payload_type: u32, payload: &[u8]) -> Result<(), String> {
        let sequence = self.next;
        self.next += 1;
        self.give(INPUT, sequence, payload_type, payload, true)
    }

    fn answer_handshake(&mut self, status: u32) {
        let action = json!({ "ActionType": "SessionType", "ActionStatus": status, "ActionResult": null, "Error": "no" });
        let answer =
            json!({ "ClientVersion": "1.2.0.0", "ProcessedClientActions": [action], "Errors": null });
        drop(self.input(payload::HANDSHAKE_RESPONSE, answer.to_string().as_bytes()));
    }

    /// The messages that came since.
    fn messages(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(frame) = self.channel.frame() {
            if let Frame::Binary(bytes) = frame {
                messages.push(Message::decode(&bytes).unwrap());
            }
        }
        messages
    }

    fn acknowledge_all(&mut self) -> Vec<Message> {
        let messages = self.messages();
        for message in messages.iter().filter(|message| message.kind == OUTPUT) {
            let content = json!({
                "AcknowledgedMessageType": message.kind,
                "AcknowledgedMessageId": message.id.to_string(),
                "AcknowledgedMessageSequenceNumber": message.sequence,
                "IsSequentialMessage": true,
            });
            self.give(ACKNOWLEDGE, 0, 0, content.to_string().as_bytes(), true).unwrap();
        }
        messages
    }

    fn print(&mut self, text: &str) {
        let output = ExecOutput { stream: LogStream::Stdout, bytes: Bytes::copy_from_slice(text.as_bytes()) };
        self.channel.print(output, self.now);
    }

    /// What the client is told at the end, once it is.
    fn closed(&mut self) -> Option<serde_json::Value> {
        let closed = self.messages().into_iter().find(|message| message.kind == CHANNEL_CLOSED)?;
        serde_json::from_slice(&closed.payload).ok()
    }
}

#[test]
fn the_handshake_asks_for_an_interactive_command_and_for_no_encryption_and_then_it_begins() {
    let mut plugin = Plugin::new();
    let first = plugin.acknowledge_all();
    assert_eq!((first.len(), first[0].flags, first[0].sequence), (1, SYN, 0));
    assert_eq!(first[0].payload_type, payload::HANDSHAKE_REQUEST);
    let request: serde_json::Value = serde_json::from_slice(&first[0].payload).unwrap();
    let actions = request["RequestedClientActions"].as_array().unwrap();
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0]["ActionParameters"]["SessionType"], "InteractiveCommands");
    plugin.give(INPUT, 5, payload::BYTES, b"too early", true).unwrap();
    assert_eq!(plugin.channel.asked(), None);
    plugin.answer_handshake(1);
    assert_eq!(plugin.channel.asked(), Some(Asked::Begin));
    let kinds: Vec<u32> = plugin.messages().iter().map(|message| message.payload_type).collect();
    assert_eq!(kinds, [0, 0, payload::HANDSHAKE_COMPLETE], "two acknowledgements before it");
}

#[test]
fn a_client_that_cannot_do_what_is_asked_or_never_answers_ends_the_session() {
    let mut plugin = Plugin::new();
    let sequence = plugin.next;
    let answer =
        br#"{"ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":3,"Error":"what?"}]}"#;
    let refusal = plugin.give(INPUT, sequence, payload::HANDSHAKE_RESPONSE, answer, true);
    assert_eq!(refusal, Err("the client cannot do SessionType: what?".to_owned()));
    let mut silent = Plugin::new();
    silent.channel.tick(silent.now + 14 * SEC);
    assert_eq!(silent.channel.asked(), None);
    silent.channel.tick(silent.now + 15 * SEC);
    assert_eq!(silent.channel.asked(), Some(Asked::End));
}

#[test]
fn what_is_typed_resized_and_flagged_is_asked_for_once_and_acknowledged() {
    let mut plugin = Plugin::open();
    plugin.input(payload::SIZE, br#"{"cols":80,"rows":24}"#).unwrap();
    plugin.input(payload::BYTES, b"ls\r").unwrap();
    let again = plugin.next - 1;
    plugin.give(INPUT, again, payload::BYTES, b"ls\r", true).unwrap();
    plugin.input(99, b"whatever").unwrap();
    plugin.input(payload::FLAG, &2_u32.to_be_bytes()).unwrap();
    let asked: Vec<Asked> = std::iter::from_fn(|| plugin.channel.asked()).collect();
    let size = TerminalSize { columns: 80, rows: 24 };
    assert_eq!(asked, [Asked::Resize(size), Asked::Input("ls\r".into()), Asked::End]);
    let acknowledged: Vec<i64> = plugin
        .messages()
        .iter()
        .filter(|message| message.kind == ACKNOWLEDGE)
        .map(|message| serde_json::from_slice::<Acknowledged>(&message.payload).unwrap().sequence)
        .collect();
    assert_eq!(acknowledged, [1, 2, 2, 3, 4]);
}

#[test]
fn what_there_is_no_room_for_is_not_acknowledged() {
    let mut plugin = Plugin::open();
    let sequence = plugin.next;
    plugin.give(INPUT, sequence, payload::BYTES, b"x", false).unwrap();
    assert_eq!((plugin.messages().len(), plugin.channel.asked()), (0, None));
    plugin.give(INPUT, sequence, payload::BYTES, b"x", true).unwrap();
    assert_eq!((plugin.messages().len(), plugin.channel.asked()), (1, Some(Asked::Input("x".into()))));
}

#[test]
fn what_is_printed_is_cut_into_pieces_and_sent_again_until_it_is_acknowledged() {
    let mut plugin = Plugin::open();
    plugin.print(&"x".repeat(2500));
    let sent = plugin.messages();
    assert_eq!(sent.iter().map(|message| message.payload.len()).collect::<Vec<_>>(), [1024, 1024, 452]);
    let due = plugin.channel.due().unwrap();
    assert!(due <= plugin.now + SEC);
    plugin.channel.tick(due);
    assert_eq!(plugin.acknowledge_all(), sent[..1], "the oldest one");
    plugin.give(PAUSE, 0, 0, b"", true).unwrap();
    assert!(!plugin.channel.has_room() && plugin.channel.due().is_none());
    plugin.give(START, 0, 0, b"", true).unwrap();
    assert!(plugin.channel.has_room() && plugin.channel.due().is_some());
}

#[test]
fn the_end_is_told_after_the_last_words_came_or_were_waited_for() {
    let mut plugin = Plugin::open();
    plugin.print("bye");
    plugin.channel.end(&End::Exited(3), plugin.now);
    let messages = plugin.acknowledge_all();
    assert!(messages.iter().all(|message| message.kind != CHANNEL_CLOSED));
    let closed = plugin.closed().unwrap();
    assert_eq!((&closed["ExitCode"], &closed["SessionId"]), (&json!(3), &json!("s-1")));
    assert_eq!(closed["Output"], "The command ended with exit code 3.");
    assert!(plugin.channel.is_over());

    let mut deaf = Plugin::open();
    deaf.print("bye");
    deaf.channel.end(&End::Idle, deaf.now);
    deaf.channel.tick(deaf.now + 9 * SEC);
    assert_eq!(deaf.closed(), None);
    deaf.channel.tick(deaf.now + 10 * SEC);
    assert_eq!(deaf.closed().unwrap()["Output"], "the session was idle for too long");
}

#[test]
fn a_good_end_has_nothing_to_say() {
    let mut plugin = Plugin::open();
    plugin.channel.end(&End::Exited(0), plugin.now);
    assert_eq!(plugin.closed().unwrap()["Output"], "");
}

#[test]
fn what_is_no_message_is_refused() {
    let mut plugin = Plugin::open();
    let now = plugin.now;
    assert!(plugin.channel.take(Frame::Text("ls".into()), true, now).is_err());
    assert!(plugin.channel.take(Frame::Binary("ls".into()), true, now).is_err());
    assert!(plugin.give("something_new", 0, 0, b"", true).is_ok(), "newer clients may have more to say");
}
