//! Which image a container runs, when it is pulled, and when one that nobody uses goes.

pub mod progress;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// When images are pulled: the words of the genuine agent's `ECS_IMAGE_PULL_BEHAVIOR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullBehavior {
    /// Pulled for each task; where that fails, what is here is run.
    #[default]
    Default,
    /// Pulled for each task; where that fails, so does the task.
    Always,
    /// Pulled where no task of this host has pulled it before; where that fails, so does the task.
    Once,
    /// Pulled only where it is not here, and never cleaned up.
    PreferCached,
}

/// An image that is on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// The engine's id of it.
    pub id: String,
    /// Its digest in the registry that it was asked for from; absent where it never came from or went there.
    pub digest: Option<String>,
    /// Whether a task of this installation pulled it.
    pub pulled: bool,
}

impl Here {
    /// What a deployment is held to that was seen to run it.
    pub fn version(&self) -> ImageVersion {
        ImageVersion::new(self.digest.clone(), self.id.clone())
    }
}

/// What a tag stood for when a deployment first ran it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ImageVersion {
    /// A digest in the image's registry.
    Digest(String),
    /// The engine's id of an image that was built on the host and is in no registry; another host knows nothing of it.
    Id(String),
}

impl ImageVersion {
    /// The digest, where there is one.
    pub fn new(digest: Option<String>, id: String) -> Self {
        digest.map_or(Self::Id(id), Self::Digest)
    }
}

/// What to do about an image before its container is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Run what is here.
    Use,
    /// Pull it; where that fails, the task does, too.
    Pull,
    /// Pull it; where that fails, run what is here.
    PullOrUse,
}

/// Decides on an image that is `here` or is not. One that is `fixed` by its digest cannot have changed.
///
/// An image that is in no registry as far as its engine knows is not looked for there by default: the answer would be
/// no, and a host without a network would wait for it with each task.
pub fn decide(behavior: PullBehavior, here: Option<&Here>, fixed: bool) -> Decision {
    let Some(here) = here else { return Decision::Pull };
    match behavior {
        PullBehavior::Default if fixed || here.digest.is_none() => Decision::Use,
        PullBehavior::Default => Decision::PullOrUse,
        PullBehavior::Once if here.pulled => Decision::Use,
        PullBehavior::Always | PullBehavior::Once => Decision::Pull,
        PullBehavior::PreferCached => Decision::Use,
    }
}

/// Whether a container may be made at once, since what is here under its reference is what it has to run.
pub fn may_skip(behavior: PullBehavior, fixed: bool) -> bool {
    match behavior {
        PullBehavior::Default => fixed,
        PullBehavior::PreferCached => true,
        PullBehavior::Always | PullBehavior::Once => false,
    }
}

/// Whether a reference names a digest, so that what it stands for never changes.
pub fn has_digest(image: &str) -> bool {
    image.contains('@')
}

/// The repository of a reference: without tag and digest; a colon before the last slash is a registry's port.
pub fn repository(image: &str) -> &str {
    let named = image.split_once('@').map_or(image, |(named, _)| named);
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    named[last..].find(':').map_or(named, |colon| &named[..last + colon])
}

/// The same in the form in which the Docker Hub's is short: `docker.io/library/nginx` is `nginx`.
pub fn familiar(repository: &str) -> &str {
    let hub = ["docker.io/", "index.docker.io/"].iter().find_map(|host| repository.strip_prefix(host));
    let short = hub.unwrap_or(repository);
    short.strip_prefix("library/").unwrap_or(short)
}

/// The registry of a reference; the Docker Hub's is `docker.io`.
pub fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// The reference of one version of an image; beside a digest a tag says nothing, and is left out.
pub fn reference(image: &str, version: Option<&ImageVersion>) -> String {
    match version {
        None if has_digest(image) => {
            let digest = image.split_once('@').map_or("", |(_, digest)| digest);
            format!("{}@{digest}", repository(image))
        }
        Some(ImageVersion::Digest(digest)) => format!("{}@{digest}", repository(image)),
        Some(ImageVersion::Id(id)) => id.clone(),
        None => image.to_owned(),
    }
}

/// An image that tasks of this installation pulled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// The engine's id of it.
    pub id: String,
    /// The references it was pulled by.
    pub names: Vec<String>,
    /// When a task last wanted it, or a container of whomever was seen that has it.
    pub last_used: Timestamp,
}

/// Which images that nobody uses go, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// Whether any do.
    pub enabled: bool,
    /// Between two looks; 30 minutes by default.
    pub interval: Duration,
    /// None goes within this time of its last use; an hour by default.
    pub minimum_age: Duration,
    /// At most so many at a time; five by default.
    pub at_once: usize,
    /// References that stay.
    pub exclude: Vec<String>,
}

impl Default for Cleanup {
    /// The genuine agent's.
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(30 * 60),
            minimum_age: Duration::from_secs(3600),
            at_once: 5,
            exclude: Vec::new(),
        }
    }
}

/// The images of `pulled` that are old enough to go, the longest unused first. Which of them a container has, only the
/// engine knows; so there may be more than [`Cleanup::at_once`].
pub fn old<'a>(pulled: &'a [Pulled], now: Timestamp, cleanup: &Cleanup) -> Vec<&'a Pulled> {
    let kept = |image: &Pulled| image.names.iter().any(|name| cleanup.exclude.contains(name));
    let aged = |image: &Pulled| {
        Duration::from_millis(now.millis_since(image.last_used)) >= cleanup.minimum_age
            && now >= image.last_used
    };
    let mut old: Vec<&Pulled> = pulled.iter().filter(|image| aged(image) && !kept(image)).collect();
    old.sort_by_key(|image| (image.last_used, &image.id));
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(digest: bool, pulled: bool) -> Here {
        Here { id: "sha256:1".into(), digest: digest.then(|| "sha256:d".into()), pulled }
    }

    #[test]
    fn an_image_is_pulled_as_the_behavior_says() {
        use Decision::{Pull, PullOrUse, Use};
        use PullBehavior::{Always, Default, Once, PreferCached};
        for behavior in [Default, Always, Once, PreferCached] {
            assert_eq!(decide(behavior, None, false), Pull, "{behavior:?} of one that is not here");
        }
        let came = here(true, false);
        let decisions = [Default, Always, Once, PreferCached].map(|one| decide(one, Some(&came), false));
        assert_eq!(decisions, [PullOrUse, Pull, Pull, Use]);
        let pulled = here(true, true);
        let decisions = [Default, Always, Once, PreferCached].map(|one| decide(one, Some(&pulled), false));
        assert_eq!(decisions, [PullOrUse, Pull, Use, Use]);
    }

    #[test]
    fn what_was_built_here_or_is_fixed_by_its_digest_is_not_looked_for_in_a_registry() {
        let built = here(false, false);
        assert_eq!(decide(PullBehavior::Default, Some(&built), false), Decision::Use);
        assert_eq!(decide(PullBehavior::Always, Some(&built), false), Decision::Pull);
        assert_eq!(decide(PullBehavior::Default, Some(&here(true, true)), true), Decision::Use);
        assert_eq!(decide(PullBehavior::Always, Some(&here(true, true)), true), Decision::Pull);
        let skips = |fixed| {
            [PullBehavior::Default, PullBehavior::Always, PullBehavior::Once, PullBehavior::PreferCached]
                .map(|one| may_skip(one, fixed))
        };
        assert_eq!(skips(true), [true, false, false, true]);
        assert_eq!(skips(false), [false, false, false, true]);
    }

    #[test]
    fn a_reference_is_taken_apart_and_put_together() {
        for (image, repo, host) in [
            ("web", "web", "docker.io"),
            ("web:1", "web", "docker.io"),
            ("team/web:1", "team/web", "docker.io"),
            ("localhost/web", "localhost/web", "localhost"),
            ("127.0.0.1:5000/web", "127.0.0.1:5000/web", "127.0.0.1:5000"),
            ("127.0.0.1:5000/a/web:1", "127.0.0.1:5000/a/web", "127.0.0.1:5000"),
            ("ghcr.io/a/web:1@sha256:00", "ghcr.io/a/web", "ghcr.io"),
        ] {
            assert_eq!((repository(image), registry(image)), (repo, host), "{image}");
        }
        assert_eq!(familiar("docker.io/library/nginx"), "nginx");
        assert_eq!(familiar("team/web"), "team/web");
        let digest = ImageVersion::Digest("sha256:d".into());
        assert_eq!(reference("h:1/web:2", Some(&digest)), "h:1/web@sha256:d");
        assert_eq!(reference("web:2", Some(&ImageVersion::Id("sha256:i".into()))), "sha256:i");
        assert_eq!(reference("web:2", None), "web:2");
        assert_eq!(reference("h:1/web:2@sha256:d", None), "h:1/web@sha256:d");
    }

    #[test]
    fn the_longest_unused_go_first_and_neither_the_young_nor_the_excluded_do() {
        let pulled = |id: &str, last_used| Pulled {
            id: id.into(),
            names: vec![format!("{id}:1")],
            last_used: Timestamp(last_used),
        };
        let all = [pulled("b", 20), pulled("a", 10), pulled("kept", 0), pulled("young", 3_000)];
        let cleanup = Cleanup {
            minimum_age: Duration::from_secs(1),
            exclude: vec!["kept:1".into()],
            ..Cleanup::default()
        };
        let ids =
            |now| old(&all, Timestamp(now), &cleanup).iter().map(|one| one.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids(3_500), ["a", "b"]);
        assert_eq!(ids(1_015), ["a"]);
        assert_eq!(ids(4_000), ["a", "b", "young"]);
    }
}
