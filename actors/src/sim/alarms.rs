//! Alarms that are only pretended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::ports::AlarmSource;

/// Simulated alarms; clones are the same ones.
#[derive(Clone, Default)]
pub struct SimAlarms(Arc<Mutex<BTreeMap<String, bool>>>);

impl SimAlarms {
    /// Sets an alarm on or off; it is known from then on.
    pub fn set(&self, name: &str, on: bool) {
        self.known().insert(name.into(), on);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AlarmSource for SimAlarms {
    fn knows(&self, name: &str) -> bool {
        self.known().contains_key(name)
    }

    fn on(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<String>, String>> {
        let known = self.known();
        let unknown = names.iter().find(|name| !known.contains_key(*name));
        let seen = match unknown {
            Some(name) => Err(format!("there is no alarm {name}")),
            None => Ok(names.into_iter().filter(|name| known.get(name) == Some(&true)).collect()),
        };
        futures::future::ready(seen).boxed()
    }
}
