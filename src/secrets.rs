//! [`Secrets`] of this host: from its folders, and from an endpoint that speaks as AWS does.
//!
//! What a folder has goes over what an endpoint has, so that one secret can be another one on one host.

mod aws;
mod folders;

use async_trait::async_trait;
use mainstay_actors::ports::{SecretError, Secrets};
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};

pub use aws::{Aws, Keys, is_endpoint};
pub use folders::Folders;
pub(crate) use folders::first;

/// Where secrets and environment files come from.
pub struct Sources {
    /// Folders.
    pub folders: Folders,
    /// An endpoint of Secrets Manager and of SSM Parameter Store, where that is configured.
    pub secrets: Option<Aws>,
    /// One of S3.
    pub environment_files: Option<Aws>,
}

#[async_trait]
impl Secrets for Sources {
    async fn secret(&self, source: &SecretSource) -> Result<Hidden, SecretError> {
        if let Some(found) = self.folders.secret(source).await? {
            return Ok(found);
        }
        match &self.secrets {
            Some(aws) => aws.secret(source).await,
            None => Err(self.folders.no_secret(source)),
        }
    }

    async fn environment_file(&self, object: &S3Object) -> Result<Hidden, SecretError> {
        if let Some(found) = self.folders.environment_file(object).await? {
            return Ok(found);
        }
        match &self.environment_files {
            Some(aws) => aws.object(object).await,
            None => Err(self.folders.no_environment_file(object)),
        }
    }
}

/// The value of a key in a secret that is a JSON object. Nothing of the secret gets into what is said.
///
/// # Errors
/// Where it is none, or has no such key.
fn value_of(secret: &Hidden, key: &str) -> Result<Hidden, SecretError> {
    use serde_json::Value;
    let value = serde_json::from_str(secret.reveal());
    let Ok(Value::Object(mut members)) = value else {
        return Err(SecretError::NotFound(format!("it is no JSON object, so that it has no key {key}")));
    };
    match members.remove(key) {
        Some(Value::String(text)) => Ok(Hidden::new(text)),
        Some(other) => Ok(Hidden::new(other.to_string())),
        None => Err(SecretError::NotFound(format!("it has no key {key}"))),
    }
}
