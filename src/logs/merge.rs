//! Several logs as one, in the order of time. A few lines of each are held, so that memory does not depend on their
//! length.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use mainstay_actors::ports::{EngineError, LogLine, LogLines};

/// The engine keeps both streams of a container in one log, and a line of one may come after later ones of the other: by
/// no more than so many.
const OUT_OF_ORDER: usize = 16;

/// Logs that are being merged, each with what it belongs to.
pub(crate) struct Merge<T> {
    heads: Vec<Head<T>>,
}

struct Head<T> {
    of: T,
    lines: Ordered,
    next: Result<LogLine, EngineError>,
}

impl<T: Send> Merge<T> {
    pub(crate) async fn new(logs: Vec<(T, LogLines)>) -> Self {
        let first = |(place, (of, lines)): (usize, (T, LogLines))| async move {
            Some((place, head(of, lines).await?))
        };
        let looks: FuturesUnordered<_> = logs.into_iter().enumerate().map(first).collect();
        let mut heads: Vec<_> = looks.filter_map(std::future::ready).collect().await;
        heads.sort_by_key(|(place, _)| *place);
        Self { heads: heads.into_iter().map(|(_, head)| head).collect() }
    }

    /// The earliest line that is left, or why a log cannot be read on, with what it belongs to.
    pub(crate) async fn next(&mut self) -> Option<(T, Result<LogLine, EngineError>)>
    where
        T: Clone,
    {
        // A failure is told at once.
        let time = |head: &Head<T>| head.next.as_ref().map_or(i64::MIN, |line| line.at);
        let (place, _) = self.heads.iter().enumerate().min_by_key(|(_, head)| time(head))?;
        let head = &mut self.heads[place];
        // A head that failed is the last of its log.
        let following = if head.next.is_ok() { head.lines.next().await } else { None };
        match following {
            Some(next) => Some((head.of.clone(), std::mem::replace(&mut head.next, next))),
            None => {
                let Head { of, next, .. } = self.heads.remove(place);
                Some((of, next))
            }
        }
    }
}

async fn head<T>(of: T, lines: LogLines) -> Option<Head<T>> {
    let mut lines = Ordered { lines, held: VecDeque::new(), failure: None, over: false };
    let next = lines.next().await?;
    Some(Head { of, lines, next })
}

/// One log, in the order of time.
struct Ordered {
    lines: LogLines,
    held: VecDeque<LogLine>,
    /// Why it could not be read on; told after what was held.
    failure: Option<EngineError>,
    over: bool,
}

impl Ordered {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        while !self.over && self.held.len() <= OUT_OF_ORDER {
            match self.lines.next().await {
                Some(Ok(line)) => {
                    let before = self.held.iter().rposition(|held| held.at <= line.at);
                    self.held.insert(before.map_or(0, |place| place + 1), line);
                }
                Some(Err(failure)) => (self.failure, self.over) = (Some(failure), true),
                None => self.over = true,
            }
        }
        let line = self.held.pop_front().map(Ok);
        line.or_else(|| self.failure.take().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use mainstay_actors::ports::LogStream;

    use super::*;

    fn log(moments: &[i64]) -> LogLines {
        let line = |&at: &i64| Ok(LogLine { at, stream: LogStream::Stdout, text: String::new() });
        stream::iter(moments.iter().map(line).collect::<Vec<_>>()).boxed()
    }

    #[tokio::test]
    async fn lines_of_two_streams_that_the_engine_has_out_of_order_are_put_in_order() {
        let lines: Vec<i64> = (0..100).map(|at| at ^ 1).collect();
        let mut merge = Merge::new(vec![("a", log(&lines))]).await;
        let mut seen = Vec::new();
        while let Some((_, line)) = merge.next().await {
            seen.push(line.unwrap().at);
        }
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn logs_come_in_the_order_of_time_and_a_failure_ends_only_its_own() {
        let broken = EngineError::Refused { message: "no".to_owned() };
        let failing = log(&[2]).chain(stream::iter([Err(broken.clone())])).boxed();
        let mut merge =
            Merge::new(vec![("a", log(&[1, 4])), ("b", log(&[])), ("c", failing), ("d", log(&[1, 3]))]).await;
        let mut seen = Vec::new();
        while let Some((of, line)) = merge.next().await {
            seen.push((of, line.map(|line| line.at)));
        }
        assert_eq!(
            seen,
            [("a", Ok(1)), ("d", Ok(1)), ("c", Ok(2)), ("c", Err(broken)), ("d", Ok(3)), ("a", Ok(4))]
        );
    }
}
