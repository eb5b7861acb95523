//! Messages that arrive once and in order, whatever the way there does to them: numbers, acknowledgements, resending.
//!
//! Pure: the time is an argument. Limits and the reckoning of the timeout are those of amazon-ssm-agent.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::message::Message;

/// Messages that may be on their way at once; past them, nobody reads what the command prints.
const WINDOW: usize = 256;
/// Messages that may wait for an earlier one.
const MOST_WAITING: usize = 1024;
/// Until the first acknowledgement says how long it takes.
const FIRST_TIMEOUT: Duration = Duration::from_millis(200);
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);
/// The timeout is at least this much longer than a round trip.
const GRANULARITY: Duration = Duration::from_millis(10);

/// What was sent and not acknowledged yet.
#[derive(Debug)]
pub(super) struct Outgoing {
    next: i64,
    unacknowledged: VecDeque<Sent>,
    round_trip: Duration,
    variation: Duration,
    timeout: Duration,
}

#[derive(Debug)]
struct Sent {
    sequence: i64,
    bytes: Bytes,
    at: Instant,
    again: bool,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            next: 0,
            unacknowledged: VecDeque::new(),
            round_trip: FIRST_ROUND_TRIP,
            variation: Duration::ZERO,
            timeout: FIRST_TIMEOUT,
        }
    }
}

impl Outgoing {
    /// The number of the next message.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// Notes that the next message was sent.
    pub(super) fn sent(&mut self, bytes: Bytes, now: Instant) {
        self.unacknowledged.push_back(Sent { sequence: self.next, bytes, at: now, again: false });
        self.next += 1;
    }

    /// Notes that a message came; one that is unknown, or came twice, changes nothing.
    pub(super) fn acknowledged(&mut self, sequence: i64, now: Instant) {
        let Some(place) = self.unacknowledged.iter().position(|sent| sent.sequence == sequence) else {
            return;
        };
        let Some(sent) = self.unacknowledged.remove(place) else { return };
        // Of one that was sent twice nobody knows which of the two came.
        if !sent.again {
            self.measure(now.saturating_duration_since(sent.at));
        }
    }

    /// Whether more may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.unacknowledged.len() < WINDOW
    }

    /// Whether all that was sent has come.
    pub(super) fn is_empty(&self) -> bool {
        self.unacknowledged.is_empty()
    }

    /// When the oldest one is to be sent again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.unacknowledged.front().map(|sent| sent.at + self.timeout)
    }

    /// The oldest one, where it is to be sent again now; the others wait for it.
    pub(super) fn again(&mut self, now: Instant) -> Option<Bytes> {
        let timeout = self.timeout;
        let oldest = self.unacknowledged.front_mut().filter(|sent| sent.at + timeout <= now)?;
        (oldest.at, oldest.again) = (now, true);
        Some(oldest.bytes.clone())
    }

    fn measure(&mut self, took: Duration) {
        self.variation = self.variation * 3 / 4 + self.round_trip.abs_diff(took) / 4;
        self.round_trip = self.round_trip * 7 / 8 + took / 8;
        self.timeout = (self.round_trip + GRANULARITY.max(self.variation * 4)).min(LONGEST_TIMEOUT);
    }
}

/// What came, and what is missing before it.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    expected: i64,
    waiting: BTreeMap<i64, Message>,
}

/// What to do with a message that came.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Taken {
    /// Whether to acknowledge it; where not, it comes again.
    pub acknowledge: bool,
    /// What is to be read now, in order.
    pub read: Vec<Message>,
}

impl Incoming {
    /// Takes a message. Without `room` nothing can be read now, so that what comes has to come again.
    pub(super) fn take(&mut self, message: Message, room: bool) -> Taken {
        if message.sequence < self.expected {
            // Its acknowledgement was late.
            return Taken { acknowledge: true, read: Vec::new() };
        }
        if message.sequence > self.expected {
            let known = self.waiting.contains_key(&message.sequence);
            let acknowledge = known || self.waiting.len() < MOST_WAITING;
            if acknowledge {
                self.waiting.entry(message.sequence).or_insert(message);
            }
            return Taken { acknowledge, read: Vec::new() };
        }
        if !room {
            return Taken::default();
        }
        let mut read = vec![message];
        self.expected += 1;
        while let Some(next) = self.waiting.remove(&self.expected) {
            read.push(next);
            self.expected += 1;
        }
        Taken { acknowledge: true, read }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::message::{INPUT, payload};
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[allow(clippy::disallowed_methods, reason = "any moment will do to begin with")]
    fn start() -> Instant {
        Instant::now()
    }

    fn message(sequence: i64) -> Message {
        Message {
            kind: INPUT.to_owned(),
            schema: 1,
            created: 1,
            sequence,
            flags: 0,
            id: Uuid::nil(),
            payload_type: payload::BYTES,
            payload: sequence.to_string().into(),
        }
    }

    /// Takes these in this order, and says which were acknowledged and which read.
    #[track_caller]
    fn check(order: &[i64], acknowledged: &[i64], read: &[i64]) {
        let (mut incoming, mut acks, mut reads) = (Incoming::default(), Vec::new(), Vec::new());
        for &sequence in order {
            let taken = incoming.take(message(sequence), true);
            acks.extend(taken.acknowledge.then_some(sequence));
            reads.extend(taken.read.iter().map(|message| message.sequence));
        }
        assert_eq!((acks.as_slice(), reads.as_slice()), (acknowledged, read), "{order:?}");
    }

    #[test]
    fn what_comes_is_read_once_and_in_order() {
        check(&[0, 1, 2], &[0, 1, 2], &[0, 1, 2]);
        check(&[1, 2, 0], &[1, 2, 0], &[0, 1, 2]);
        check(&[0, 0, 2, 2, 1, 1, 0], &[0, 0, 2, 2, 1, 1, 0], &[0, 1, 2]);
        check(&[-1, 1], &[-1, 1], &[]);
    }

    #[test]
    fn what_cannot_be_read_yet_is_not_acknowledged_and_read_when_it_comes_again() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.take(message(0), false), Taken::default());
        let taken = incoming.take(message(1), false);
        assert!(taken.acknowledge && taken.read.is_empty());
        assert_eq!(incoming.take(message(0), true).read, [message(0), message(1)]);
    }

    #[test]
    fn a_client_that_leaves_one_out_for_ever_fills_no_memory() {
        let mut incoming = Incoming::default();
        let taken = (1..5000).filter(|&sequence| incoming.take(message(sequence), true).acknowledge).count();
        assert_eq!((taken, incoming.waiting.len()), (MOST_WAITING, MOST_WAITING));
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_the_oldest_first_until_it_is() {
        let (mut outgoing, now) = (Outgoing::default(), start());
        outgoing.sent("0".into(), now);
        outgoing.sent("1".into(), now);
        assert_eq!(outgoing.due(), Some(now + FIRST_TIMEOUT));
        assert_eq!(outgoing.again(now + 199 * MS), None);
        assert_eq!(outgoing.again(now + 200 * MS), Some("0".into()));
        assert_eq!(outgoing.again(now + 201 * MS), None);
        outgoing.acknowledged(0, now + 300 * MS);
        outgoing.acknowledged(0, now + 300 * MS);
        outgoing.acknowledged(7, now + 300 * MS);
        assert_eq!(outgoing.again(now + 300 * MS), Some("1".into()));
        outgoing.acknowledged(1, now + 310 * MS);
        assert_eq!((outgoing.is_empty(), outgoing.due()), (true, None));
    }

    #[test]
    fn the_timeout_follows_the_round_trips_that_are_seen() {
        let (mut outgoing, mut now) = (Outgoing::default(), start());
        for sequence in 0..100 {
            outgoing.sent(Bytes::new(), now);
            now += 2 * MS;
            outgoing.acknowledged(sequence, now);
        }
        assert!(outgoing.timeout < 20 * MS, "{outgoing:?}");
        for sequence in 100..200 {
            outgoing.sent(Bytes::new(), now);
            now += Duration::from_secs(5);
            outgoing.acknowledged(sequence, now);
        }
        assert_eq!(outgoing.timeout, LONGEST_TIMEOUT);
    }

    #[test]
    fn no_more_is_sent_than_the_window_has_room_for() {
        let (mut outgoing, now) = (Outgoing::default(), start());
        while outgoing.has_room() {
            outgoing.sent(Bytes::new(), now);
        }
        assert_eq!(outgoing.next(), 256);
        outgoing.acknowledged(200, now);
        assert!(outgoing.has_room());
    }

    proptest! {
        /// A way that loses, repeats and mixes up what it carries, until all has come.
        #[test]
        fn everything_arrives_once_and_in_order_on_a_bad_way(
            count in 1_i64..60, fates in proptest::collection::vec(0_u8..8, 1..400),
        ) {
            let (mut outgoing, mut incoming, mut now) = (Outgoing::default(), Incoming::default(), start());
            let (mut way, mut read, mut fates) = (VecDeque::new(), Vec::new(), fates.into_iter());
            for sequence in 0..count {
                outgoing.sent(sequence.to_string().into(), now);
                way.push_back(sequence);
            }
            while !outgoing.is_empty() {
                while let Some(sequence) = way.pop_front() {
                    match fates.next() {
                        Some(0 | 1) => continue,
                        Some(2) => way.push_back(sequence),
                        Some(3) => {
                            way.push_back(sequence);
                            continue;
                        }
                        _ => {}
                    }
                    let taken = incoming.take(message(sequence), fates.next() != Some(0));
                    read.extend(taken.read.iter().map(|message| message.sequence));
                    if taken.acknowledge && fates.next() != Some(0) {
                        outgoing.acknowledged(sequence, now);
                    }
                }
                now += LONGEST_TIMEOUT;
                way.extend(outgoing.again(now).and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse::<i64>().ok()));
            }
            prop_assert_eq!(read, (0..count).collect::<Vec<_>>());
        }
    }
}
