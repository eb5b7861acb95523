//! A host's images: brought before the containers that need them, and removed when nobody has needed them for long.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use mainstay_core::images::{self, Decision, Here, ImageVersion, PullBehavior};
use mainstay_core::model::{ContainerSpec, TaskSpec, Timestamp};

use super::gate::{Gate, Lane};
use super::provisions::{self, Unprovided};
use super::pulls::{Part, Pulls};
use super::{EngineStatus, Host, HostMsg, HostState, Me};
use crate::context::Context;
use crate::failpoint::Failpoint;
use crate::metrics;
use crate::ports::{ContainerEngine, EngineError, Pull, Secrets};

/// Removals take turns with the acts of services under this name.
const GROUP: &str = "image-cleanup";

/// How it went to bring an image.
pub struct Brought {
    /// When the pull began and ended, where there was one.
    pub(super) pull: Option<(Timestamp, Timestamp)>,
    /// The reference to make the container with, and what it stands for.
    pub(super) image: Result<(String, Option<Here>), Unbrought>,
}

/// Why an image is not here.
#[derive(Debug)]
pub enum Unbrought {
    /// The engine did not bring it, or cannot be asked.
    Engine(EngineError),
    /// Its definition names credentials for its registry that cannot be had.
    Credentials(Unprovided),
}

impl From<EngineError> for Unbrought {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl Unbrought {
    /// Whether what is here under its name will do all the same: an engine that does not answer will be asked again, and
    /// credentials that are not there are a mistake in the task definition, which nothing may hide.
    fn leaves_the_spare(&self) -> bool {
        match self {
            Self::Engine(error) => !matches!(error, EngineError::Unreachable { .. }),
            Self::Credentials(error) => error.is_temporary(),
        }
    }
}

impl fmt::Display for Unbrought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Credentials(error) => error.fmt(f),
        }
    }
}

/// Where an image is to come to, and for whom.
struct For<'a> {
    ctx: &'a Context,
    engine: &'a dyn ContainerEngine,
    secrets: &'a dyn Secrets,
    gate: &'a Gate,
    pulls: &'a Arc<Pulls>,
    task: &'a TaskSpec,
    container: &'a ContainerSpec,
}

/// Whether a container can be made without a look at its image.
pub(super) fn may_skip(ctx: &Context, container: &ContainerSpec) -> bool {
    container.is_pause() || images::may_skip(ctx.settings.image_pull_behavior, container.is_fixed())
}

/// Has the image of a container here, pulled where the pull behavior says so.
pub(super) async fn bring(
    ctx: &Context,
    engine: &dyn ContainerEngine,
    secrets: &dyn Secrets,
    gate: &Gate,
    pulls: &Arc<Pulls>,
    task: &TaskSpec,
    container: &ContainerSpec,
) -> Brought {
    if container.is_pause() {
        // It comes with the adapter: no registry is asked, and it waits for no pull.
        let _pass = gate.pass(Lane::Work, &task.group).await;
        let image = container.reference();
        Failpoint::HostBeforePull.hit();
        let came = engine.pull(&Pull { image: &image, credentials: None, spare: false }, &|_| {}).await;
        Failpoint::HostAfterPull.hit();
        return Brought { pull: None, image: came.map(|()| (image, None)).map_err(Into::into) };
    }
    let mut pull = None;
    let image = find(&For { ctx, engine, secrets, gate, pulls, task, container }, &mut pull).await;
    Brought { pull, image }
}

async fn find(
    wanted: &For<'_>,
    times: &mut Option<(Timestamp, Timestamp)>,
) -> Result<(String, Option<Here>), Unbrought> {
    let For { ctx, engine, gate, task, container, .. } = *wanted;
    let (behavior, image) = (ctx.settings.image_pull_behavior, &container.definition.image);
    let look = async |reference: &str| {
        let _pass = gate.pass(Lane::Work, &task.group).await;
        engine.image(reference).await
    };
    let (mut reference, mut fixed) = (container.reference(), container.is_fixed());
    let mut here = look(&reference).await?;
    let only_id = matches!(container.version, Some(ImageVersion::Id(_)));
    let by_id = here.is_some() && matches!(behavior, PullBehavior::Default | PullBehavior::PreferCached);
    if only_id && !by_id {
        // No registry has it by its id, and on another host it was never known.
        tracing::warn!(task = %task.id, image, id = reference, "what the deployment ran before is not here; its tag decides");
        (reference, fixed) = (image.clone(), images::has_digest(image));
        here = look(&reference).await?;
    }
    let decision = images::decide(behavior, here.as_ref(), fixed);
    if decision != Decision::Use {
        let spare = here.as_ref().filter(|_| decision == Decision::PullOrUse);
        match (brought(wanted, &reference, spare.is_some(), times).await, spare) {
            (Ok(()), _) => here = look(&reference).await?,
            // What a registry does not give, or nobody can ask it for now, is here.
            (Err(error), Some(spare)) if error.leaves_the_spare() => {
                tracing::warn!(task = %task.id, image, id = spare.id, %error, "cannot be pulled; running what is here under its name");
            }
            (Err(error), _) => return Err(error),
        }
    }
    let digest = here.as_ref().and_then(|here| here.digest.clone());
    if let (Some(digest), true) = (digest, container.definition.is_consistent()) {
        // Just what was found, even if the tag moves meanwhile.
        reference = images::reference(image, Some(&ImageVersion::Digest(digest)));
    }
    Ok((reference, here))
}

/// Pulls an image, as whom its definition says.
async fn brought(
    wanted: &For<'_>,
    reference: &str,
    spare: bool,
    times: &mut Option<(Timestamp, Timestamp)>,
) -> Result<(), Unbrought> {
    let For { ctx, engine, secrets, gate, pulls, task, container } = *wanted;
    // Looked up for this pull alone, and kept nowhere.
    let credentials = provisions::credentials(secrets, container).await.map_err(Unbrought::Credentials)?;
    let from = ctx.nature.wall();
    let pull = Pull { image: reference, credentials: credentials.as_ref(), spare };
    let part = pulls.begin(reference, &container.definition.image, &task.id, from);
    let result = {
        let _pass = gate.pass(Lane::Pull, &task.group).await;
        part.goes_on();
        pulled(ctx, engine, task, &pull, &part).await
    };
    let to = ctx.nature.wall();
    part.ends(result.as_ref().err().map(ToString::to_string), to);
    *times = Some((from, to));
    Ok(result?)
}

async fn pulled(
    ctx: &Context,
    engine: &dyn ContainerEngine,
    task: &TaskSpec,
    pull: &Pull<'_>,
    part: &Part,
) -> Result<(), EngineError> {
    let image = pull.image;
    tracing::info!(task = %task.id, image, "pulling an image");
    let began = ctx.nature.now();
    Failpoint::HostBeforePull.hit();
    let result = engine.pull(pull, &|progress| part.is_at(progress)).await;
    Failpoint::HostAfterPull.hit();
    let took = ctx.nature.now().saturating_duration_since(began);
    metrics::image_pulls(word(&result)).increment(1);
    metrics::image_pull_seconds().record(took.as_secs_f64());
    match &result {
        Ok(()) => tracing::info!(task = %task.id, image, ?took, "pulled an image"),
        Err(error) => tracing::info!(task = %task.id, image, ?took, %error, "an image was not pulled"),
    }
    result
}

/// How pulls go: all that [`word`] says.
pub(crate) const PULL_RESULTS: [&str; 7] =
    ["pulled", "not-found", "denied", "unreachable", "timeout", "engine-away", "failed"];

/// The label `result`.
fn word(result: &Result<(), EngineError>) -> &'static str {
    match result {
        Ok(()) => "pulled",
        Err(EngineError::Pull { problem, .. }) => problem.as_str(),
        Err(EngineError::Unreachable { .. }) => "engine-away",
        Err(EngineError::Timeout { .. }) => "timeout",
        Err(_) => "failed",
    }
}

impl Host {
    /// Arms the next look for images that nobody needs, where there is to be one.
    pub(super) fn clean_images_later(&self, me: &Me) {
        let settings = &self.ctx.settings;
        // What prefers a cached image wants it kept.
        if settings.image_cleanup.enabled && settings.image_pull_behavior != PullBehavior::PreferCached {
            me.send_after(settings.image_cleanup.interval, || HostMsg::CleanImages);
        }
    }

    /// Removes, beside the mailbox, what was pulled for tasks and has not been used for long.
    pub(super) fn clean_images(&self, me: &Me, state: &HostState) {
        self.clean_images_later(me);
        if !matches!(state.engine, EngineStatus::Up(_)) {
            return;
        }
        let containers = state.tasks.values().flat_map(|child| &child.spec.containers);
        let wanted: BTreeSet<String> =
            containers.flat_map(|one| [one.reference(), one.definition.image.clone()]).collect();
        let (ctx, engine, gate) = (Arc::clone(&self.ctx), Arc::clone(&self.engine), Arc::clone(&state.gate));
        self.ctx.spawn(async move {
            if let Err(error) = clean(&ctx, &*engine, &gate, &wanted).await {
                tracing::warn!(%error, "images that nobody uses could not be cleaned up; the next time will do");
            }
        });
    }
}

async fn clean(
    ctx: &Context,
    engine: &dyn ContainerEngine,
    gate: &Gate,
    wanted: &BTreeSet<String>,
) -> Result<(), EngineError> {
    let cleanup = &ctx.settings.image_cleanup;
    let pulled = {
        let _pass = gate.pass(Lane::Work, GROUP).await;
        engine.pulled_images().await?
    };
    let mut left = cleanup.at_once;
    for image in images::old(&pulled, ctx.nature.wall(), cleanup) {
        if left == 0 {
            break;
        }
        if image.names.iter().any(|name| wanted.contains(name)) {
            continue;
        }
        let _pass = gate.pass(Lane::Work, GROUP).await;
        Failpoint::HostBeforeRemove.hit();
        let removed = engine.remove_image(&image.id).await?;
        Failpoint::HostAfterRemove.hit();
        if removed {
            left -= 1;
            metrics::images_removed().increment(1);
            tracing::info!(id = image.id, names = ?image.names, last_used = image.last_used.0, "removed an image that nobody has used for long");
        }
    }
    Ok(())
}
