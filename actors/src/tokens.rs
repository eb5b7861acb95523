//! Client tokens of RunTasks whose tasks are on their way to the disk.
//!
//! An actor that ended leaves such a batch behind, and nothing shows its tasks yet: without this, the one after it would
//! run the same request again.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mainstay_core::ClusterName;

use crate::context::Context;

/// Those that are held now.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeSet<(ClusterName, String)>>);

/// One that is held until this is dropped.
pub(crate) struct Held {
    ctx: Context,
    token: (ClusterName, String),
}

impl Tokens {
    /// Whether the tasks of this token are on their way.
    pub(crate) fn is_held(&self, cluster: &ClusterName, token: &str) -> bool {
        self.all().iter().any(|(of, held)| of == cluster && held == token)
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<(ClusterName, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Holds one.
    pub(crate) fn new(ctx: &Context, cluster: &ClusterName, token: &str) -> Self {
        let token = (cluster.clone(), token.to_owned());
        ctx.tokens.all().insert(token.clone());
        Self { ctx: Context::clone(ctx), token }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ctx.tokens.all().remove(&self.token);
    }
}
