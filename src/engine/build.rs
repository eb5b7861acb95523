//! Building images on this host's engine, by its classic builder: every engine has that one, and needs no session.

mod context;
mod ignored;

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{BuildInfo, ImageId};
use bollard::query_parameters::{BuildImageOptions, TagImageOptions};
use bytes::Bytes;
use futures::TryStreamExt;
use mainstay_actors::ports::EngineError;

pub use context::Context;

use super::DockerEngine;
use super::credentials;
use super::errors::when;

/// A build's first word comes once its context is there; a large one on a slow disk takes its time.
const FIRST_WORD_WITHIN: Duration = Duration::from_secs(3600);
/// Pieces of the context that are read ahead of the engine.
const AHEAD: usize = 16;

/// What to build.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// The names to give it, at least one.
    pub tags: Vec<String>,
    /// `ARG`s of the Dockerfile.
    pub arguments: Vec<(String, String)>,
    /// The stage to build; the last one where absent.
    pub target: Option<String>,
    /// Whether each step is done anew.
    pub no_cache: bool,
}

/// What a build says on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A step begins.
    Step {
        /// From 1 on.
        number: u64,
        /// Of so many.
        of: u64,
        /// Its instruction.
        text: String,
    },
    /// A line that a step prints.
    Line(String),
    /// What is being done with a layer of a base image, or the like; the next one takes its place.
    Now(String),
}

/// An image that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The engine's id of it; the same as before where nothing has changed.
    pub id: String,
    /// What it needs on the disk, in bytes.
    pub size: u64,
}

/// Why an image was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The context or the Dockerfile cannot be read.
    #[error("{0}")]
    Context(String),
    /// A step failed.
    #[error("step {number}/{of} ({text}) failed: {message}")]
    Step {
        /// From 1 on.
        number: u64,
        /// Of so many.
        of: u64,
        /// Its instruction.
        text: String,
        /// The engine's words.
        message: String,
    },
    /// The engine did not build it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl DockerEngine {
    /// Builds an image and gives it its names. What it says on its way is told as it comes.
    ///
    /// # Errors
    /// See [`BuildError`]; a name that cannot be given is the engine's.
    ///
    /// Source: `ImageBuild` of the Docker Engine API.
    pub async fn build(
        &self,
        build: &Build,
        context: Context,
        mut tell: impl FnMut(Said),
    ) -> Result<Built, BuildError> {
        let client = self.client().await?.with_timeout(FIRST_WORD_WITHIN);
        let (first, others) = build.tags.split_first().ok_or_else(|| {
            BuildError::Context("an image that is built has to have a name; give it one with --tag".into())
        })?;
        let options = BuildImageOptions {
            dockerfile: context.dockerfile().to_owned(),
            t: Some(first.clone()),
            nocache: build.no_cache,
            rm: true,
            forcerm: true,
            buildargs: Some(build.arguments.iter().cloned().collect()),
            target: build.target.clone().unwrap_or_default(),
            ..BuildImageOptions::default()
        };
        let known = match &self.docker_config {
            Some(file) => credentials::of_all(file).await.map_err(BuildError::Context)?,
            None => HashMap::new(),
        };
        let (sender, mut pieces) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(AHEAD);
        let read = tokio::task::spawn_blocking(move || context.send(&sender));
        let body = futures::stream::poll_fn(move |waker| pieces.poll_recv(waker));
        let body = bollard::body_try_stream(body);
        let answer = client.build_image(options, Some(known), Some(body));
        let (mut progress, mut step, mut id) = (std::pin::pin!(answer), None, None);
        let failure = loop {
            match progress.try_next().await {
                Ok(None) => break None,
                Err(error) => break Some(when(&self.endpoint, "build", &error)),
                Ok(Some(info)) => {
                    if let Some(ImageId { id: Some(found) }) = &info.aux {
                        id = Some(found.clone());
                    }
                    for said in said(info) {
                        if let Said::Step { number, of, text } = &said {
                            step = Some((*number, *of, text.clone()));
                        }
                        tell(said);
                    }
                }
            }
        };
        // What it could not read ends the engine's part, too, which says less of why.
        match read.await {
            Ok(Err(error)) => return Err(BuildError::Context(error)),
            Ok(Ok(())) => {}
            Err(error) => return Err(BuildError::Context(error.to_string())),
        }
        if let Some(failure) = failure {
            return Err(match (step, failure) {
                (Some((number, of, text)), EngineError::Refused { message }) => {
                    BuildError::Step { number, of, text, message }
                }
                (_, failure) => failure.into(),
            });
        }
        let failed = |act| move |error| BuildError::from(when(&self.endpoint, act, &error));
        let id = id.as_deref().unwrap_or(first);
        let seen = client.inspect_image(id).await.map_err(failed("inspect an image"))?;
        let id = seen.id.unwrap_or_else(|| id.to_owned());
        for name in others {
            let (repo, tag) = split(name);
            let named = client.tag_image(&id, Some(TagImageOptions { repo: Some(repo), tag: Some(tag) }));
            named.await.map_err(failed("tag an image"))?;
        }
        Ok(Built { id, size: seen.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0) })
    }
}

/// A name's repository and tag.
fn split(name: &str) -> (String, String) {
    let repository = mainstay_core::images::repository(name);
    let tag = name[repository.len()..].strip_prefix(':').unwrap_or("latest");
    (repository.to_owned(), tag.to_owned())
}

/// What one of the engine's words is.
fn said(info: BuildInfo) -> Vec<Said> {
    if let Some(text) = info.stream {
        return text.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    }
    let Some(status) = info.status else { return Vec::new() };
    let layer = info.id.map(|id| format!("{id}: ")).unwrap_or_default();
    let far = info.progress_detail.and_then(|detail| Some((detail.current?, detail.total?)));
    let far = far.filter(|&(_, total)| total > 0);
    let far = far.map(|(now, total)| format!(" {}%", (now * 100 / total).clamp(0, 100))).unwrap_or_default();
    vec![Said::Now(format!("{layer}{status}{far}"))]
}

/// A step begins with `Step 3/4 : RUN make`; all else is what one prints.
fn line(text: &str) -> Said {
    let step = || {
        let (count, text) = text.strip_prefix("Step ")?.split_once(" : ")?;
        let (number, of) = count.split_once('/')?;
        Some(Said::Step { number: number.parse().ok()?, of: of.parse().ok()?, text: text.trim().to_owned() })
    };
    step().unwrap_or_else(|| Said::Line(text.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_from_what_it_prints() {
        let step = |number, text: &str| Said::Step { number, of: 12, text: text.to_owned() };
        assert_eq!(line("Step 3/12 : RUN make all"), step(3, "RUN make all"));
        assert_eq!(line(" ---> 1a2b3c"), Said::Line(" ---> 1a2b3c".into()));
        assert_eq!(line("Step by step : on"), Said::Line("Step by step : on".into()));
        let info = BuildInfo { stream: Some("one\n\ntwo\n".into()), ..BuildInfo::default() };
        assert_eq!(said(info), [Said::Line("one".into()), Said::Line("two".into())]);
    }

    #[test]
    fn a_name_without_a_tag_is_the_latest() {
        assert_eq!(split("web"), ("web".into(), "latest".into()));
        assert_eq!(split("127.0.0.1:5000/a/web:2"), ("127.0.0.1:5000/a/web".into(), "2".into()));
    }
}
