//! Secrets that are only pretended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};

use crate::ports::{SecretError, Secrets};

/// A simulated provider; clones are the same one.
#[derive(Clone, Default)]
pub struct SimSecrets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// By the name of a parameter, the id of a secret (and a colon and its key), or by `bucket/key`.
    texts: BTreeMap<String, String>,
    away: bool,
}

impl SimSecrets {
    /// Sets a parameter by its name, a secret's key by `id:key`, or an environment file by `bucket/key`.
    pub fn set(&self, name: &str, text: &str) {
        self.known().texts.insert(name.into(), text.into());
    }

    /// Whether it does not answer from now on.
    pub fn away(&self, away: bool) {
        self.known().away = away;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &str) -> Result<Hidden, SecretError> {
        let known = self.known();
        if known.away {
            return Err(SecretError::Unreachable("the simulated provider is away".into()));
        }
        let found = known.texts.get(name).map(Hidden::new);
        found.ok_or_else(|| SecretError::NotFound(format!("there is no {name}")))
    }
}

#[async_trait]
impl Secrets for SimSecrets {
    async fn secret(&self, source: &SecretSource) -> Result<Hidden, SecretError> {
        match source {
            SecretSource::SecretsManager { id, json_key: Some(key), .. } => self.find(&format!("{id}:{key}")),
            SecretSource::Parameter { name, .. } | SecretSource::SecretsManager { id: name, .. } => {
                self.find(name)
            }
        }
    }

    async fn environment_file(&self, object: &S3Object) -> Result<Hidden, SecretError> {
        self.find(&format!("{}/{}", object.bucket, object.key))
    }
}
