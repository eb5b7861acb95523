//! Statistics of containers: read from the engine for as long as somebody asks, so that whoever asks again is answered
//! at once, as by the genuine agent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use mainstay_core::EngineId;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::engine::DockerEngine;

/// The first sample takes the engine about a second, or two.
const FIRST_WITHIN: Duration = Duration::from_secs(4);
/// Samples go on for so long after somebody asked.
const GOES_ON: Duration = Duration::from_secs(60);
/// Its name in an answer, beside what the engine says.
const RATES: &str = "network_rate_stats";

/// The latest sample of each container that somebody asks for.
#[derive(Default)]
pub(super) struct Samples(Arc<Mutex<BTreeMap<EngineId, Followed>>>);

struct Followed {
    latest: watch::Receiver<Option<Value>>,
    /// Somebody asked since the follower last looked.
    asked: watch::Sender<()>,
}

impl Samples {
    /// The latest sample of a container; `None` where there is none, as of one that does not run.
    pub(super) async fn of(&self, engine: &Arc<DockerEngine>, id: &EngineId) -> Option<Value> {
        let mut latest = self.follow(engine, id);
        let sample = tokio::time::timeout(FIRST_WITHIN, latest.wait_for(Option::is_some)).await;
        sample.ok()?.ok()?.clone()
    }

    fn follow(&self, engine: &Arc<DockerEngine>, id: &EngineId) -> watch::Receiver<Option<Value>> {
        let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = followed.get(id) {
            known.asked.send_replace(());
            return known.latest.clone();
        }
        let (tell, latest) = watch::channel(None);
        let (asked, ask) = watch::channel(());
        followed.insert(id.clone(), Followed { latest: latest.clone(), asked });
        let done = Forget { all: Arc::clone(&self.0), id: id.clone() };
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            read(&engine, &done.id, &tell, ask).await;
        });
        latest
    }
}

/// Forgets a container, however its reading ends.
struct Forget {
    all: Arc<Mutex<BTreeMap<EngineId, Followed>>>,
    id: EngineId,
}

impl Drop for Forget {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Reads samples until the container is over, or nobody has asked for a while.
async fn read(
    engine: &DockerEngine,
    id: &EngineId,
    tell: &watch::Sender<Option<Value>>,
    mut asked: watch::Receiver<()>,
) {
    let mut samples = match engine.statistics(id.as_str()).await {
        Ok(samples) => samples,
        Err(error) => return tracing::debug!(container = %id, %error, "has no statistics"),
    };
    let until = tokio::time::sleep(GOES_ON);
    tokio::pin!(until);
    let mut before: Option<Value> = None;
    loop {
        tokio::select! {
            () = &mut until => return,
            // Its sender is with the entry, which is there as long as this runs.
            Ok(()) = asked.changed() => until.as_mut().reset(tokio::time::Instant::now() + GOES_ON),
            sample = samples.next() => match sample {
                None => return,
                Some(Err(error)) => return tracing::debug!(container = %id, %error, "has no more statistics"),
                Some(Ok(sample)) => {
                    // One that does not run has no time of reading.
                    if millis(&sample).is_none() {
                        return;
                    }
                    tell.send_replace(Some(with_rates(sample.clone(), before.as_ref())));
                    before = Some(sample);
                }
            },
        }
    }
}

/// A sample with the rates since the one before, which the genuine agent adds.
fn with_rates(mut sample: Value, before: Option<&Value>) -> Value {
    let rates = before.and_then(|before| {
        let seconds = (millis(&sample)? - millis(before)?) as f64 / 1000.0;
        let rate = |which: &str| {
            let bytes = total(&sample, which)?.saturating_sub(total(before, which)?);
            (seconds > 0.0).then(|| bytes as f64 / seconds)
        };
        Some(json!({ "rx_bytes_per_sec": rate("rx_bytes")?, "tx_bytes_per_sec": rate("tx_bytes")? }))
    });
    if let (Some(rates), Some(members)) = (rates, sample.as_object_mut()) {
        members.insert(RATES.to_owned(), rates);
    }
    sample
}

/// When a sample was read, in milliseconds of the epoch; the year 1 means never.
fn millis(sample: &Value) -> Option<i64> {
    let at: jiff::Timestamp = sample.get("read")?.as_str()?.parse().ok()?;
    Some(at.as_millisecond()).filter(|at| *at > 0)
}

/// Over all interfaces.
fn total(sample: &Value, which: &str) -> Option<u64> {
    let interfaces = sample.get("networks")?.as_object()?.values();
    Some(interfaces.filter_map(|one| one.get(which)?.as_u64()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(read: &str, rx: u64, tx: u64) -> Value {
        json!({ "read": read, "networks": { "eth0": { "rx_bytes": rx, "tx_bytes": tx } } })
    }

    #[test]
    fn rates_are_those_since_the_sample_before() {
        let first = sample("2026-01-01T00:00:00Z", 1000, 10);
        assert_eq!(with_rates(first.clone(), None), first);
        let second = with_rates(sample("2026-01-01T00:00:02Z", 3000, 10), Some(&first));
        assert_eq!(second[RATES], json!({ "rx_bytes_per_sec": 1000.0, "tx_bytes_per_sec": 0.0 }));
        let in_host_mode = json!({ "read": "2026-01-01T00:00:02Z" });
        assert_eq!(with_rates(in_host_mode.clone(), Some(&in_host_mode)), in_host_mode);
        assert_eq!(millis(&json!({ "read": "0001-01-01T00:00:00Z" })), None);
    }
}
