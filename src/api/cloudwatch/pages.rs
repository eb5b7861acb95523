//! Pages of events. Each is found anew by reading the logs; what is held is the page.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_actors::ports::LogStream;

/// A page's messages come to this many bytes at most, as in CloudWatch; each event counts for [`EVENT`] more.
const BYTES: usize = 1024 * 1024;
const EVENT: usize = 26;
/// A log's lines come out of order by less than this.
const OUT_OF_ORDER: i64 = 1_000_000_000;

/// Where an event is among all: first by its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Nanoseconds since 1970.
    at: i64,
    stream: Arc<str>,
    /// Tells events of one moment apart.
    nth: u32,
}

/// Gives the lines of a log their places, the same whenever it is read.
pub(super) struct Places {
    stream: Arc<str>,
    /// Of standard output and of standard error: the last moment, and how many lines it had.
    last: [(i64, u32); 2],
}

/// Which way one reads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

/// An event of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    place: Place,
    /// What was printed.
    pub message: String,
}

/// A page that is being found.
#[derive(Debug)]
pub(super) struct Window {
    direction: Direction,
    /// Where it begins: forward from there on, backward from before there.
    from: Option<Place>,
    most: usize,
    kept: BTreeMap<Place, String>,
    bytes: usize,
    /// What has had no room; nothing beyond it has, or there would be a gap.
    beyond: Option<Place>,
}

impl Places {
    pub fn new(stream: &str) -> Self {
        Self { stream: stream.into(), last: [(i64::MIN, 0); 2] }
    }

    pub fn next(&mut self, at: i64, stream: LogStream) -> Place {
        let side = u32::from(stream == LogStream::Stderr);
        let last = &mut self.last[usize::from(stream == LogStream::Stderr)];
        *last = if last.0 == at { (at, last.1.saturating_add(1)) } else { (at, 0) };
        Place { at, stream: Arc::clone(&self.stream), nth: last.1.saturating_mul(2).saturating_add(side) }
    }
}

impl Event {
    /// Milliseconds since 1970.
    pub fn at_millis(&self) -> i64 {
        self.place.at / 1_000_000
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.place.stream
    }

    /// 56 digits, as CloudWatch's; the same whenever it is shown.
    pub fn id(&self) -> String {
        let stream = self.place.stream.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{:020}{stream:020}{:016}", self.place.at, self.place.nth)
    }
}

impl Window {
    /// A page of at most `most` events, from the beginning (forward) or the end (backward), or from where a token
    /// says, which knows its direction; `None` where that is no token.
    pub fn new(direction: Direction, token: Option<&str>, most: usize) -> Option<Self> {
        let (direction, from) = match token {
            None => (direction, None),
            Some(token) => read(token).map(|(direction, place)| (direction, Some(place)))?,
        };
        Some(Self { direction, from, most, kept: BTreeMap::new(), bytes: 0, beyond: None })
    }

    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// From when on and before when its events can be; nanoseconds since 1970.
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        let at = self.from.as_ref().map(|place| place.at);
        match self.direction {
            Direction::Forward => (at, None),
            Direction::Backward => (None, at.map(|at| at.saturating_add(1))),
        }
    }

    /// Whether no later line of the same log has a place in it.
    pub fn is_past(&self, at: i64) -> bool {
        let beyond = self.beyond.as_ref().filter(|_| self.direction == Direction::Forward);
        beyond.is_some_and(|beyond| at > beyond.at.saturating_add(OUT_OF_ORDER))
    }

    pub fn offer(&mut self, place: Place, message: String) {
        let forward = self.direction == Direction::Forward;
        let begins = |from: &Place| if forward { place >= *from } else { place < *from };
        let ends = |beyond: &Place| if forward { place < *beyond } else { place > *beyond };
        if !self.from.as_ref().is_none_or(begins) || !self.beyond.as_ref().is_none_or(ends) {
            return;
        }
        self.bytes += message.len() + EVENT;
        self.kept.insert(place, message);
        while self.kept.len() > self.most || (self.bytes > BYTES && self.kept.len() > 1) {
            let dropped = if forward { self.kept.pop_last() } else { self.kept.pop_first() };
            let Some((place, message)) = dropped else { return };
            self.bytes -= message.len() + EVENT;
            self.beyond = Some(place);
        }
    }

    /// The token that leads on to later events; the one given where there are none.
    pub fn forward(&self) -> String {
        let after = |last: &Place| Place { nth: last.nth.saturating_add(1), ..last.clone() };
        write('f', &self.kept.keys().next_back().map_or_else(|| self.begin(), after))
    }

    /// The token that leads back to earlier events; the one given where there are none.
    pub fn backward(&self) -> String {
        write('b', &self.kept.keys().next().cloned().unwrap_or_else(|| self.begin()))
    }

    /// The token of the next page, where there is one.
    pub fn next(&self) -> Option<String> {
        self.beyond.as_ref()?;
        Some(match self.direction {
            Direction::Forward => self.forward(),
            Direction::Backward => self.backward(),
        })
    }

    /// In the order of time.
    pub fn events(self) -> impl Iterator<Item = Event> {
        self.kept.into_iter().map(|(place, message)| Event { place, message })
    }

    fn begin(&self) -> Place {
        self.from.clone().unwrap_or_else(|| Place { at: 0, stream: "".into(), nth: 0 })
    }
}

fn write(direction: char, place: &Place) -> String {
    let Place { at, stream, nth } = place;
    format!("{direction}/{at}/{nth}/{stream}")
}

fn read(token: &str) -> Option<(Direction, Place)> {
    let parts: Vec<&str> = token.splitn(4, '/').collect();
    let &[direction, at, nth, stream] = parts.as_slice() else { return None };
    let direction = match direction {
        "f" => Direction::Forward,
        "b" => Direction::Backward,
        _ => return None,
    };
    Some((direction, Place { at: at.parse().ok()?, stream: stream.into(), nth: nth.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two logs with events of one moment, and some out of order.
    fn logs() -> Vec<(Place, String)> {
        let mut all = Vec::new();
        for stream in ["ecs/a/1", "ecs/b/2"] {
            let mut places = Places::new(stream);
            for (n, at) in [10, 10, 12, 11, 12, 12, 15, 20, 20, 21].into_iter().enumerate() {
                let side = if n % 3 == 0 { LogStream::Stderr } else { LogStream::Stdout };
                all.push((places.next(at, side), format!("{stream} {n}")));
            }
        }
        all
    }

    fn page(direction: Direction, token: Option<&str>, most: usize) -> Window {
        let mut window = Window::new(direction, token, most).unwrap();
        logs().into_iter().for_each(|(place, message)| window.offer(place, message));
        window
    }

    fn sorted() -> Vec<String> {
        let all: BTreeMap<Place, String> = logs().into_iter().collect();
        assert_eq!(all.len(), logs().len(), "each has a place of its own");
        all.into_values().collect()
    }

    #[test]
    fn the_pages_hold_every_event_once_whatever_their_size_and_direction() {
        for direction in [Direction::Forward, Direction::Backward] {
            for most in 1..=21 {
                let (mut seen, mut token) = (Vec::new(), None::<String>);
                loop {
                    let window = page(direction, token.as_deref(), most);
                    token = window.next();
                    let mut events: Vec<String> = window.events().map(|event| event.message).collect();
                    assert!(events.len() <= most);
                    if direction == Direction::Backward {
                        events.reverse();
                    }
                    seen.extend(events);
                    if token.is_none() {
                        break;
                    }
                }
                if direction == Direction::Backward {
                    seen.reverse();
                }
                assert_eq!(seen, sorted(), "{direction:?}, {most} a page");
            }
        }
    }

    #[test]
    fn tokens_lead_to_and_fro_and_stay_the_same_at_the_end() {
        let latest = page(Direction::Backward, None, 3);
        let (forward, backward) = (latest.forward(), latest.backward());
        let messages = |window: Window| window.events().map(|event| event.message).collect::<Vec<_>>();
        assert_eq!(messages(latest), sorted()[17..]);
        let empty = page(Direction::Backward, Some(&forward), 3);
        assert_eq!(empty.forward(), forward);
        assert_eq!(messages(page(Direction::Forward, Some(&empty.backward()), 3)), sorted()[17..]);
        let before = page(Direction::Forward, Some(&backward), 3);
        let on = before.forward();
        assert_eq!(messages(before), sorted()[14..17]);
        assert_eq!(messages(page(Direction::Backward, Some(&on), 3)), sorted()[17..]);
    }

    #[test]
    fn a_page_ends_where_its_bytes_do_but_for_one_event() {
        let mut window = Window::new(Direction::Forward, None, 10).unwrap();
        let mut places = Places::new("s");
        for at in 0..3 {
            window.offer(places.next(at, LogStream::Stdout), "x".repeat(BYTES * 2 / 3));
        }
        window.offer(places.next(4, LogStream::Stdout), "small".to_owned());
        assert!(window.next().is_some());
        assert_eq!(window.events().count(), 1, "the small one comes after others that had no room");
    }

    #[test]
    fn what_is_no_token_is_none() {
        for token in ["", "f", "f/1", "x/1/2/s", "f/one/2/s", "b/1/-2/s"] {
            assert!(Window::new(Direction::Forward, Some(token), 1).is_none(), "{token}");
        }
    }

    #[test]
    fn an_events_id_has_56_digits_and_is_its_own() {
        let ids: std::collections::BTreeSet<String> =
            page(Direction::Forward, None, 99).events().map(|e| e.id()).collect();
        assert_eq!(ids.len(), 20);
        assert!(ids.iter().all(|id| id.len() == 56 && id.chars().all(|digit| digit.is_ascii_digit())));
    }
}
