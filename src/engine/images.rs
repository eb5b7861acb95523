//! Images: what is here, how it comes, and which of it we brought.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::models::SystemInfo;
use bollard::query_parameters::{
    CreateImageOptions, ListContainersOptions, ListImagesOptions, RemoveImageOptions,
};
use futures::TryStreamExt;
use mainstay_actors::ports::{EngineError, Pull, PullProblem, Told};
use mainstay_core::images::progress::Layers;
use mainstay_core::images::{self, Here, Pulled};
use mainstay_core::model::Timestamp;
use serde::{Deserialize, Serialize};

use super::DockerEngine;
use super::credentials;
use super::errors::{pull_problem, status, when};
use super::patience;
use super::progress;

/// A pull that makes no progress for so long has failed; the genuine agent's inactivity limit.
const PROGRESS_WITHIN: Duration = Duration::from_secs(60);
/// Where something is here that will do, a registry has this long for its first word.
const FIRST_WORD_WITHIN: Duration = Duration::from_secs(10);
/// Waits between tries of a pull that failed on the way; the genuine agent tries five times, too.
const BACKOFF: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// The form of the file.
const FORM: u32 = 1;

/// The images that this owner pulled, kept in a file, since images carry no labels of ours.
#[derive(Default)]
pub(super) struct OwnImages {
    file: Option<PathBuf>,
    known: Mutex<BTreeMap<String, Pulled>>,
    /// One writes at a time.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    form: u32,
    images: Vec<Pulled>,
}

impl OwnImages {
    /// Those that the file knows. One that cannot be read is begun anew: what it knew will not be cleaned up.
    pub(super) fn in_file(file: PathBuf) -> Self {
        let read = || -> Result<Vec<Pulled>, String> {
            let text = match std::fs::read(&file) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error.to_string()),
            };
            let kept: Kept = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
            if kept.form == FORM { Ok(kept.images) } else { Err(format!("its form is {}", kept.form)) }
        };
        let images = read().unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), error, "which images were pulled is not known; they will not be cleaned up");
            Vec::new()
        });
        let known = images.into_iter().map(|image| (image.id.clone(), image)).collect();
        Self { file: Some(file), known: Mutex::new(known), writing: tokio::sync::Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Pulled>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one is ours; a task that asks for it is a use.
    fn wanted(&self, id: &str) -> bool {
        let mut known = self.known();
        let ours = known.get_mut(id);
        let found = ours.is_some();
        if let Some(image) = ours {
            image.last_used = now();
        }
        found
    }

    fn pulled(&self, id: &str, name: &str) {
        let mut known = self.known();
        let fresh = || Pulled { id: id.into(), names: Vec::new(), last_used: now() };
        let image = known.entry(id.into()).or_insert_with(fresh);
        image.last_used = now();
        if !image.names.iter().any(|known| known == name) {
            image.names.push(name.into());
        }
    }

    /// Writes them down, all at once; one that failed is made up for by the next.
    async fn keep(&self) {
        let Some(file) = self.file.clone() else { return };
        let _turn = self.writing.lock().await;
        let kept = Kept { form: FORM, images: self.known().values().cloned().collect() };
        let written = tokio::task::spawn_blocking(move || {
            let fresh = file.with_extension("json.new");
            std::fs::write(&fresh, serde_json::to_vec_pretty(&kept)?)?;
            std::fs::rename(fresh, file)
        });
        match written.await.map_err(std::io::Error::other).flatten() {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "which images were pulled could not be written down"),
        }
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// The digest under which a repository has an image, of all the digests that the engine knows of it.
pub(super) fn digest_in(repository: &str, digests: &[String]) -> Option<String> {
    let same = |full: &&String| images::familiar(images::repository(full)) == images::familiar(repository);
    digests.iter().find(same).and_then(|full| full.split_once('@')).map(|(_, digest)| digest.to_owned())
}

/// A name as engines list it: short where it is the Docker Hub's, and with its tag.
fn listed(name: &str) -> String {
    let repository = images::repository(name);
    let rest = &name[repository.len()..];
    let rest = rest.split_once('@').map_or(rest, |(_, _)| &rest[rest.find('@').unwrap_or(0)..]);
    let rest = if rest.is_empty() { ":latest" } else { rest };
    format!("{}{rest}", images::familiar(repository))
}

impl DockerEngine {
    pub(super) async fn look_at_image(&self, reference: &str) -> Result<Option<Here>, EngineError> {
        let client = self.client().await?;
        let seen = match client.inspect_image(reference).await {
            Ok(seen) => seen,
            Err(error) if status(&error) == Some(404) => return Ok(None),
            Err(error) => return Err(when(&self.endpoint, "inspect", &error)),
        };
        let Some(id) = seen.id else { return Ok(None) };
        let digest = digest_in(images::repository(reference), &seen.repo_digests.unwrap_or_default());
        Ok(Some(Here { pulled: self.images.wanted(&id), id, digest }))
    }

    pub(super) async fn bring(&self, pull: &Pull<'_>, told: Told<'_>) -> Result<(), EngineError> {
        let client = self.client().await?;
        let registry = images::registry(pull.image);
        if pull.spare && self.patience.is_lost(registry) {
            return Err(given_up(pull.image, patience::SILENT_AFTER));
        }
        let (credentials, whose) = self.credentials(pull, registry).await;
        let mut waits = BACKOFF.iter().take(if pull.spare { 0 } else { BACKOFF.len() });
        let mut tries = 1;
        loop {
            let message = match self.bring_once(&client, pull, credentials.clone(), told).await {
                Ok(()) => break,
                Err(EngineError::Refused { message }) => message,
                Err(EngineError::Timeout { waited, .. }) => return Err(given_up(pull.image, waited)),
                Err(error) => return Err(error),
            };
            let problem = pull_problem(&message);
            let is_final = matches!(problem, PullProblem::NotFound | PullProblem::Denied);
            match waits.next() {
                Some(wait) if !is_final => {
                    tracing::warn!(
                        image = pull.image,
                        detail = message,
                        ?wait,
                        "pull failed on the way; trying again"
                    );
                    tokio::time::sleep(*wait).await;
                    tries += 1;
                }
                _ => {
                    let message = say(problem, pull.image, &message, tries, &whose);
                    return Err(EngineError::Pull { problem, message });
                }
            }
        }
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Ok(Some(Here { id, .. })) = self.look_at_image(pull.image).await {
            self.images.pulled(&id, pull.image);
            self.images.keep().await;
        }
        Ok(())
    }

    /// Who pulls, and in words where that stands. What cannot be found out is logged, and the pull tried without.
    async fn credentials(&self, pull: &Pull<'_>, registry: &str) -> (Option<DockerCredentials>, String) {
        let (found, place) = match (pull.credentials, &self.docker_config) {
            (Some(given), _) => (Ok(Some(credentials::given(given, registry))), "the task definition".into()),
            (None, Some(file)) => {
                (credentials::of_registry(file, registry).await, file.display().to_string())
            }
            (None, None) => (Ok(None), "no config.json".into()),
        };
        match found {
            Ok(Some(found)) => {
                let name = found.username.as_deref().unwrap_or("a token").to_owned();
                (Some(found), format!("{name} of {place} is not let in there"))
            }
            Ok(None) => (None, format!("{place} has no credentials for {registry}")),
            Err(why) => {
                tracing::warn!(registry, why, "no credentials for a registry");
                (None, why)
            }
        }
    }

    async fn bring_once(
        &self,
        client: &Docker,
        pull: &Pull<'_>,
        credentials: Option<DockerCredentials>,
        told: Told<'_>,
    ) -> Result<(), EngineError> {
        // Without a tag the engine would bring every tag there is.
        let name = if has_tag(pull.image) { pull.image.to_owned() } else { format!("{}:latest", pull.image) };
        let options = CreateImageOptions { from_image: Some(name), ..Default::default() };
        let mut layers = Layers::default();
        let mut progress = client.create_image(Some(options), None, credentials);
        let mut limit = if pull.spare { FIRST_WORD_WITHIN } else { PROGRESS_WITHIN };
        let registry = images::registry(pull.image);
        let mut is_silent = pull.spare && self.goes_itself.load(Ordering::Relaxed);
        loop {
            let next = tokio::time::timeout(limit, progress.try_next());
            let next = tokio::select! {
                biased;
                next = next => next,
                () = patience::silence(registry), if is_silent => {
                    self.patience.note(registry, false);
                    return Err(given_up(pull.image, patience::SILENT_AFTER));
                }
            };
            if pull.spare {
                self.patience.note(registry, next.is_ok());
            }
            is_silent = false;
            match next {
                Err(_) => return Err(given_up(pull.image, limit)),
                Ok(Err(error)) => return Err(when(&self.endpoint, "pull", &error)),
                Ok(Ok(None)) => return Ok(()),
                Ok(Ok(Some(step))) => {
                    if let Some(detail) = step.error_detail {
                        return Err(EngineError::Refused { message: detail.message.unwrap_or_default() });
                    }
                    limit = PROGRESS_WITHIN;
                    if let Some((layer, step)) = progress::step(&step) {
                        layers.note(layer, step);
                        told(layers.progress());
                    }
                    // Each step once, not each of its bytes.
                    if step.progress_detail.is_none_or(|detail| detail.current.is_none()) {
                        let (layer, status) = (step.id.unwrap_or_default(), step.status.unwrap_or_default());
                        tracing::debug!(image = pull.image, layer, status, "pull");
                    }
                }
            }
        }
    }

    /// The ids of the images that containers have, whoever's they are and whether they run.
    async fn images_in_use(&self, client: &Docker) -> Result<BTreeSet<String>, EngineError> {
        let all = ListContainersOptions { all: true, ..Default::default() };
        let listed = client.list_containers(Some(all)).await;
        let listed = listed.map_err(|error| when(&self.endpoint, "list", &error))?;
        Ok(listed.into_iter().filter_map(|container| container.image_id).collect())
    }

    pub(super) async fn own_images(&self) -> Result<Vec<Pulled>, EngineError> {
        let (client, began) = (self.client().await?, now());
        let used = self.images_in_use(&client).await?;
        let here = client.list_images(Some(ListImagesOptions::default())).await;
        let here = here.map_err(|error| when(&self.endpoint, "list", &error))?;
        let here: BTreeSet<String> = here.into_iter().map(|image| image.id).collect();
        let own = {
            let mut known = self.images.known();
            // One that has come since is not in the list.
            known.retain(|id, image| here.contains(id) || image.last_used >= began);
            known
                .values_mut()
                .filter(|image| used.contains(&image.id))
                .for_each(|image| image.last_used = now());
            known.values().cloned().collect()
        };
        self.images.keep().await;
        Ok(own)
    }

    pub(super) async fn take_image_away(&self, id: &str) -> Result<bool, EngineError> {
        let client = self.client().await?;
        let Some(own) = self.images.known().get(id).cloned() else { return Ok(false) };
        let failed = |error| when(&self.endpoint, "remove", &error);
        let seen = match client.inspect_image(id).await {
            Ok(seen) => seen,
            Err(error) if status(&error) == Some(404) => {
                self.images.known().remove(id);
                return Ok(false);
            }
            Err(error) => return Err(failed(error)),
        };
        let ours: BTreeSet<String> = own.names.iter().map(|name| listed(name)).collect();
        let tags = seen.repo_tags.unwrap_or_default();
        if tags.iter().any(|tag| !ours.contains(tag)) || self.images_in_use(&client).await?.contains(id) {
            return Ok(false);
        }
        // Under its names first: by its id one that has several would have to be forced, which takes it from containers.
        for name in tags.iter().map(String::as_str).chain([id]) {
            match client.remove_image(name, None::<RemoveImageOptions>, None).await {
                Ok(_) => {}
                Err(error) if status(&error) == Some(404) => {}
                // A container has come, or a name.
                Err(error) if status(&error) == Some(409) => return Ok(false),
                Err(error) => return Err(failed(error)),
            }
        }
        self.images.known().remove(id);
        self.images.keep().await;
        Ok(true)
    }

    /// The digest under which an image's repository has it; images that were built here have none.
    pub(super) async fn digest(
        &self,
        client: &Docker,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<String> {
        let (id, repository) = (id?, images::repository(name?));
        // Made by its image's id, which is how those are run that are in no registry.
        if repository == "sha256" {
            return None;
        }
        let key = (id.to_owned(), repository.to_owned());
        if let Some(known) = self.digests.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned() {
            return known;
        }
        let digests = client.inspect_image(id).await.ok()?.repo_digests.unwrap_or_default();
        let digest = digest_in(repository, &digests);
        let mut table = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= DIGESTS {
            table.clear();
        }
        table.insert(key, digest.clone());
        digest
    }
}

/// Image digests that are remembered.
const DIGESTS: usize = 1000;
/// By image id and repository: the digest, where the repository has it.
pub(super) type Digests = HashMap<(String, String), Option<String>>;

/// Whether an engine asks registries itself, so that who asks them beside it sees what it sees.
pub(super) fn goes_itself(info: &SystemInfo) -> bool {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let mirrors = info.registry_config.as_ref().and_then(|config| config.mirrors.as_ref());
    !given(&info.http_proxy) && !given(&info.https_proxy) && mirrors.is_none_or(Vec::is_empty)
}

/// A pull that made no progress for so long.
fn given_up(image: &str, waited: Duration) -> EngineError {
    let registry = images::registry(image);
    let message = format!(
        "pull of {image} was given up: no progress for {waited:?} (is {registry} overloaded or cut off?)"
    );
    EngineError::Pull { problem: PullProblem::TimedOut, message }
}

/// Why an image could not be pulled, in ECS's words where it has some.
fn say(problem: PullProblem, image: &str, detail: &str, tries: u32, whose: &str) -> String {
    match problem {
        PullProblem::Denied => format!("Error response from daemon: {detail} ({whose})"),
        PullProblem::Unreachable => format!(
            "pull image manifest has been retried {tries} time(s): failed to resolve ref {image}: {detail}"
        ),
        PullProblem::NotFound | PullProblem::TimedOut | PullProblem::Failed => {
            format!("Error response from daemon: {detail}")
        }
    }
}

/// Whether an image reference names a tag or a digest.
fn has_tag(image: &str) -> bool {
    images::repository(image).len() < image.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert!(has_tag("web:1") && has_tag("localhost:5000/web:1") && has_tag("web@sha256:00"));
        assert!(!has_tag("web") && !has_tag("localhost:5000/web"));
    }

    #[test]
    fn a_digest_counts_in_its_own_repository_only() {
        let digests = ["127.0.0.1:5000/web@sha256:a".to_owned(), "nginx@sha256:b".to_owned()];
        assert_eq!(digest_in("127.0.0.1:5000/web", &digests).as_deref(), Some("sha256:a"));
        assert_eq!(digest_in("docker.io/library/nginx", &digests).as_deref(), Some("sha256:b"));
        assert_eq!(digest_in("web", &digests), None);
    }

    #[test]
    fn names_are_compared_as_engines_list_them() {
        assert_eq!(listed("nginx"), "nginx:latest");
        assert_eq!(listed("docker.io/library/nginx:1"), "nginx:1");
        assert_eq!(listed("127.0.0.1:5000/web:1"), "127.0.0.1:5000/web:1");
        assert_eq!(listed("ghcr.io/a/web:1@sha256:00"), "ghcr.io/a/web@sha256:00");
    }

    #[test]
    fn what_was_pulled_is_known_to_the_next_daemon_and_a_broken_file_is_begun_anew() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("images.json");
        let own = OwnImages::in_file(file.clone());
        own.pulled("sha256:1", "web:1");
        own.pulled("sha256:1", "web:1");
        own.pulled("sha256:1", "web:2");
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(own.keep());
        let next = OwnImages::in_file(file.clone());
        assert_eq!(next.known()["sha256:1"].names, ["web:1", "web:2"]);
        assert!(next.wanted("sha256:1") && !next.wanted("sha256:2"));
        std::fs::write(&file, r#"{"form": 9, "images": []}"#).unwrap();
        assert!(OwnImages::in_file(file).known().is_empty());
    }

    #[test]
    fn a_refused_pull_says_why() {
        let text = say(PullProblem::Unreachable, "h:1/web:1", "connection refused", 5, "");
        assert!(
            text.starts_with(
                "pull image manifest has been retried 5 time(s): failed to resolve ref h:1/web:1"
            )
        );
        let text = say(PullProblem::Denied, "h:1/web:1", "no basic auth credentials", 1, "f has none");
        assert!(text.contains("no basic auth credentials (f has none)"));
    }
}
