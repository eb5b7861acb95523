//! The images of a simulated engine, and the registries that it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainstay_core::images::progress::{Layers, Step};
use mainstay_core::images::{self, Here, ImageVersion, Pulled};
use mainstay_core::model::Timestamp;
use tokio::time::sleep;

use super::engine::ImageState;
use crate::ports::{Credentials, Pull, PullProblem, Told};

/// A pull that makes no progress ends after this time.
const STUCK: Duration = Duration::from_secs(60);
/// Bytes of each image.
const SIZE: u64 = 40_000_000;
/// In so many parts one comes.
const PARTS: u32 = 10;

/// What is here, and what is elsewhere.
#[derive(Default)]
pub(super) struct Images {
    /// What was said of images that were never published; one that was never spoken of was built here.
    states: BTreeMap<String, ImageState>,
    /// What tags stand for in their registries.
    tags: BTreeMap<String, String>,
    /// Every reference by digest that a registry knows.
    digests: BTreeSet<String>,
    /// What came from a registry: digests, by the references under which they are here.
    local: BTreeMap<String, String>,
    /// What was pulled, by image id.
    pulled: BTreeMap<String, Pulled>,
    /// Images that a registry gives to whoever has this name and password.
    pub(super) locked: BTreeMap<String, Credentials>,
    /// Registries do not answer.
    pub(super) away: bool,
}

/// How an image comes.
pub(super) struct Way {
    takes: Duration,
    ends: bool,
}

impl Way {
    /// Takes its time, and tells of it as of one layer.
    pub(super) async fn go(&self, told: Told<'_>) {
        if self.takes.is_zero() {
            return;
        }
        let mut layers = Layers::default();
        let mut tell = |step| {
            layers.note("layer", step);
            told(layers.progress());
        };
        tell(Step::Downloading { done: 0, of: Some(SIZE) });
        if !self.ends {
            return sleep(self.takes).await;
        }
        for part in 1..=PARTS {
            sleep(self.takes / PARTS).await;
            tell(Step::Downloading { done: SIZE * u64::from(part) / u64::from(PARTS), of: Some(SIZE) });
        }
        tell(Step::Complete);
    }
}

/// The id of what has this digest; on a real engine they differ, too.
fn id_of(digest: &str) -> String {
    format!("id-of-{digest}")
}

impl Images {
    pub(super) fn put(&mut self, image: &str, state: ImageState) {
        self.states.insert(image.into(), state);
    }

    pub(super) fn publish(&mut self, image: &str, digest: &str) {
        self.tags.insert(image.into(), digest.into());
        self.digests.insert(images::reference(image, Some(&ImageVersion::Digest(digest.into()))));
    }

    fn find(&self, reference: &str) -> Option<Here> {
        if let Some(digest) = self.local.get(reference) {
            let id = id_of(digest);
            let pulled = self.pulled.contains_key(&id);
            return Some(Here { id, digest: Some(digest.clone()), pulled });
        }
        if let Some(built) = reference.strip_prefix("built-") {
            return self.is_built_here(built).then(|| Here {
                id: reference.into(),
                digest: None,
                pulled: false,
            });
        }
        let built = self.is_built_here(reference);
        built.then(|| Here { id: format!("built-{reference}"), digest: None, pulled: false })
    }

    fn is_built_here(&self, image: &str) -> bool {
        let published = self.tags.contains_key(image) || self.digests.contains(image);
        !published && matches!(self.states.get(image), None | Some(ImageState::Here))
    }

    /// What stands under a reference; a task that looks is a use.
    pub(super) fn look(&mut self, reference: &str, now: Timestamp) -> Option<Here> {
        let found = self.find(reference)?;
        if let Some(pulled) = self.pulled.get_mut(&found.id) {
            pulled.last_used = now;
        }
        Some(found)
    }

    pub(super) fn way(&self, image: &str) -> Way {
        match self.states.get(image) {
            // What is here already is only compared.
            Some(ImageState::Remote(takes)) if !self.local.contains_key(image) => {
                Way { takes: *takes, ends: true }
            }
            Some(ImageState::Stuck) => Way { takes: STUCK, ends: false },
            _ => Way { takes: Duration::ZERO, ends: true },
        }
    }

    pub(super) fn pull(&mut self, pull: &Pull<'_>, now: Timestamp) -> Result<(), (PullProblem, String)> {
        let image = pull.image;
        if self.away {
            let message = format!("failed to resolve ref {image}: connection refused");
            return Err((PullProblem::Unreachable, message));
        }
        if self.locked.get(image).is_some_and(|key| pull.credentials != Some(key)) {
            return Err((PullProblem::Denied, format!("pull access denied for {image}")));
        }
        let digest = match (self.tags.get(image), self.states.get(image)) {
            (Some(digest), _) => digest.clone(),
            (None, Some(ImageState::Remote(_))) => format!("sha256:{image}"),
            (None, Some(ImageState::Stuck)) => {
                return Err((
                    PullProblem::TimedOut,
                    format!("the pull of {image} made no progress for {STUCK:?}"),
                ));
            }
            (None, _) if self.digests.contains(image) => {
                image.split_once('@').map(|(_, digest)| digest.to_owned()).unwrap_or_default()
            }
            (None, _) => {
                let message = format!(
                    "pull access denied for {image}, repository does not exist or may require 'docker login'"
                );
                return Err((PullProblem::Denied, message));
            }
        };
        let id = id_of(&digest);
        self.local
            .insert(images::reference(image, Some(&ImageVersion::Digest(digest.clone()))), digest.clone());
        self.local.insert(image.into(), digest);
        let pulled =
            self.pulled.entry(id.clone()).or_insert(Pulled { id, names: Vec::new(), last_used: now });
        pulled.last_used = now;
        if !pulled.names.iter().any(|name| name == image) {
            pulled.names.push(image.into());
        }
        Ok(())
    }

    pub(super) fn pulled_names(&self) -> Vec<String> {
        self.local.keys().filter(|name| !images::has_digest(name)).cloned().collect()
    }

    pub(super) fn pulled(&mut self, now: Timestamp, used: &BTreeSet<String>) -> Vec<Pulled> {
        for image in self.pulled.values_mut().filter(|image| used.contains(&image.id)) {
            image.last_used = now;
        }
        self.pulled.values().cloned().collect()
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        self.local.retain(|_, digest| id_of(digest) != id);
        self.pulled.remove(id).is_some()
    }
}
