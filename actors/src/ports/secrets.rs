//! Where secrets and environment files come from, as an agent asks for them.

use async_trait::async_trait;
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};

/// A provider of secrets and environment files; a folder is one adapter.
///
/// Every call is bounded in time by the adapter and safe to repeat.
#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// A secret's value, or that of the key which is asked for.
    ///
    /// # Errors
    /// See [`SecretError`].
    async fn secret(&self, source: &SecretSource) -> Result<Hidden, SecretError>;

    /// The text of an environment file.
    ///
    /// # Errors
    /// See [`SecretError`].
    async fn environment_file(&self, object: &S3Object) -> Result<Hidden, SecretError>;
}

/// Why there is none. No text of it holds any part of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none, or not of that form; asking again will not help.
    #[error("{0}")]
    NotFound(String),
    /// The provider does not answer; trying again later may help.
    #[error("{0}")]
    Unreachable(String),
}
