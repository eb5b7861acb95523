//! Time, ids and chance: what makes a run unrepeatable unless it is handed in.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use mainstay_core::model::Timestamp;
use mainstay_core::{DeploymentId, InstanceId, ServiceDeploymentId, ServiceRevisionId, TaskId};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Wall time, monotonic time, ids and chance.
#[derive(Debug)]
pub struct Nature {
    /// Fixed in simulations: wall time is then the paused clock's, from this base.
    simulated: Option<(tokio::time::Instant, Timestamp)>,
    /// How far the simulated wall clock was set off, in milliseconds.
    jumped: AtomicI64,
    chance: Mutex<SmallRng>,
}

impl Nature {
    /// When simulated worlds begin.
    pub const SIMULATED_EPOCH: Timestamp = Timestamp(1_800_000_000_000);

    /// The real one.
    pub fn real() -> Self {
        Self { simulated: None, jumped: AtomicI64::new(0), chance: Mutex::new(SmallRng::from_os_rng()) }
    }

    /// One that repeats itself for the same seed under a paused clock; the simulated world began at `began`, which
    /// several trees in turn share.
    pub fn simulated(seed: u64, began: tokio::time::Instant) -> Self {
        let base = (began, Self::SIMULATED_EPOCH);
        Self {
            simulated: Some(base),
            jumped: AtomicI64::new(0),
            chance: Mutex::new(SmallRng::seed_from_u64(seed)),
        }
    }

    /// Wall-clock time, for showing.
    pub fn wall(&self) -> Timestamp {
        let millis = match self.simulated {
            Some((base, at)) => {
                let past =
                    to_i64(base.elapsed().as_millis()).saturating_add(self.jumped.load(Ordering::Relaxed));
                return Timestamp(at.0.saturating_add(past));
            }
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_millis()),
        };
        Timestamp(to_i64(millis))
    }

    /// Somebody sets a simulated wall clock this many milliseconds forward or back; the real one is not ours to set.
    #[cfg(feature = "sim")]
    pub fn jump(&self, millis: i64) {
        self.jumped.fetch_add(millis, Ordering::Relaxed);
    }

    /// Monotonic time, for waiting.
    pub fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// A number in 0..1.
    pub fn jitter(&self) -> f64 {
        self.with(|chance| chance.random())
    }

    /// A new task's id.
    pub fn task_id(&self) -> TaskId {
        TaskId::new(format!("{:032x}", self.with(|chance| chance.random::<u128>())))
    }

    /// A new container instance's id.
    pub fn instance_id(&self) -> InstanceId {
        InstanceId::new(format!("{:032x}", self.with(|chance| chance.random::<u128>())))
    }

    /// A new deployment's id: `ecs-svc/` and 19 digits, as ECS writes it.
    pub fn deployment_id(&self) -> DeploymentId {
        DeploymentId::new(format!("ecs-svc/{}", self.nineteen_digits()))
    }

    /// A new service revision's id: 19 digits.
    pub fn revision_id(&self) -> ServiceRevisionId {
        ServiceRevisionId::new(self.nineteen_digits().to_string())
    }

    /// The id of a new rollout's record: 21 letters of base 64 as URLs have it.
    pub fn service_deployment_id(&self) -> ServiceDeploymentId {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let drawn: [u8; 21] = self.with(|chance| chance.random());
        let letters = drawn.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)]));
        ServiceDeploymentId::new(letters.collect::<String>())
    }

    fn nineteen_digits(&self) -> u64 {
        self.with(|chance| chance.random_range(1_000_000_000_000_000_000_u64..10_000_000_000_000_000_000))
    }

    /// A new service event's id.
    pub fn event_id(&self) -> String {
        uuid::Builder::from_random_bytes(self.with(|chance| chance.random())).into_uuid().to_string()
    }

    fn with<T>(&self, draw: impl FnOnce(&mut SmallRng) -> T) -> T {
        // A generator is never left half-changed, so a panic elsewhere does not spoil it.
        draw(&mut self.chance.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn to_i64(millis: u128) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
