//! What is asked of the engine about a container, beside the mailbox of its task's actor.

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::EngineId;
use mainstay_core::model::Timestamp;

use super::container::Act;
use super::gate::Lane;
use super::images::{self, Brought};
use super::task::{HostTask, HostTaskMsg, HostTaskState, Me};
use crate::failpoint::Failpoint;
use crate::ports::{ContainerEngine, EngineContainer, EngineError, EngineState, NewContainer, told};

/// How an act went.
pub enum Outcome {
    /// It was made.
    Created(Result<EngineId, EngineError>),
    /// Its image is here, or is not.
    Brought(Box<Brought>),
    /// It was started, and then looked at.
    Started(Result<Option<EngineContainer>, EngineError>),
    /// It was stopped, and then looked at.
    Stopped(Result<Option<EngineContainer>, EngineError>),
}

impl HostTask {
    /// Has an act done beside the mailbox; its outcome comes back as a message.
    pub(super) fn begin(&self, me: &Me, state: &HostTaskState, place: usize, act: Act) {
        let container = &state.containers[place];
        let (me, engine, ctx) = (me.clone(), Arc::clone(&self.engine), Arc::clone(&self.ctx));
        let (spec, id, news) = (state.spec.clone(), container.id.clone(), container.news);
        let unmade = container.unmade.last().cloned();
        let last = container.last_start();
        let again = container.tries > 0 || last.is_some();
        let (gate, secrets) = (Arc::clone(&self.gate), Arc::clone(&self.secrets));
        let pulls = Arc::clone(&self.pulls);
        let (mounts, mounts_of) = (state.mounts(place), state.mounts_of(place));
        let network = container
            .spec
            .is_pause()
            .then(|| state.spec.network.as_ref().map(|network| ctx.settings.networks.of(network)))
            .flatten();
        let joins = state.spec.pause().filter(|&pause| pause != place);
        let joins = joins.and_then(|pause| state.containers[pause].id.clone());
        let mut looked_up = state.provisions.looked_up(&container.report.name);
        looked_up.environment.extend(state.told_of_router(place));
        let log_socket = state.log_socket(place);
        let (image, image_check) = (container.image.clone(), ctx.settings.image_health_checks);
        let inside = Arc::clone(&self.inside);
        self.ctx.spawn(async move {
            let container = &spec.containers[place];
            if act == Act::Pull {
                // Only what it does takes turns, and a pull not with the rest.
                let brought = images::bring(&ctx, &*engine, &*secrets, &gate, &pulls, &spec, container).await;
                let outcome = Outcome::Brought(Box::new(brought));
                drop(me.cast(HostTaskMsg::Done { place, news, outcome }));
                return;
            }
            let lane = if act == Act::Stop { Lane::Stop } else { Lane::Work };
            if act == Act::Start {
                gate.teardowns_over().await;
            }
            let pass = gate.pass(lane, &spec.group).await;
            let outcome = match (act, id) {
                (Act::Start, Some(id)) => Outcome::Started(start(&*engine, &id, again, last).await),
                (Act::Stop, Some(id)) => Outcome::Stopped(stop(&*engine, &id, container.stop_timeout).await),
                (Act::Create | Act::Pull | Act::Start | Act::Stop, _) => {
                    // A pause container runs nothing of anybody's, and holds namespaces that any runtime can join.
                    let apart = spec.is_on_fargate() && !container.is_pause();
                    let variables = match container.is_pause() {
                        true => Vec::new(),
                        false => inside.variables(&spec, container).await,
                    };
                    let told = told(variables, &container.definition.environment, &looked_up.environment);
                    let new = NewContainer {
                        task: &spec.id,
                        task_arn: &spec.arn,
                        cluster: &spec.cluster,
                        definition: &spec.definition,
                        network_mode: spec.network_mode,
                        pid_mode: spec.pid_mode,
                        ipc_mode: spec.ipc_mode,
                        limits: spec.limits,
                        network: network.as_ref(),
                        joins: joins.as_ref(),
                        spec: container,
                        image: &image,
                        mounts: &mounts,
                        mounts_of: &mounts_of,
                        looked_up: &looked_up,
                        told: &told,
                        log_socket: log_socket.as_deref(),
                        runtime: ctx.settings.fargate_runtime.as_deref().filter(|_| apart),
                        image_check,
                    };
                    Failpoint::HostBeforeCreate.hit();
                    let made = create(&*engine, &new, unmade.as_ref()).await;
                    Failpoint::HostAfterCreate.hit();
                    Outcome::Created(made)
                }
            };
            drop(pass);
            drop(me.cast(HostTaskMsg::Done { place, news, outcome }));
        });
    }
}

/// Makes a container, in the place of one that could not be started, where there is one: they have one name.
async fn create(
    engine: &dyn ContainerEngine,
    new: &NewContainer<'_>,
    unmade: Option<&EngineId>,
) -> Result<EngineId, EngineError> {
    if let Some(unmade) = unmade {
        Failpoint::HostBeforeRemove.hit();
        engine.remove(unmade).await?;
        Failpoint::HostAfterRemove.hit();
    }
    engine.create(new).await
}

/// Starts a container and looks at it. Where it may have been started already, on another try or by an actor before
/// this one, it looks first: the program may have ended since, which is not to be started twice. What is to follow a
/// run that began at `last` is started where that run is still the last one.
async fn start(
    engine: &dyn ContainerEngine,
    id: &EngineId,
    again: bool,
    last: Option<Timestamp>,
) -> Result<Option<EngineContainer>, EngineError> {
    if again {
        let seen = engine.inspect(id).await?;
        let is_to_start = |seen: &EngineContainer| match seen.state {
            EngineState::Created => true,
            EngineState::Running => false,
            EngineState::Exited(_) => last.is_some() && seen.started_at == last,
        };
        if !seen.as_ref().is_some_and(is_to_start) {
            return Ok(seen);
        }
    }
    Failpoint::HostBeforeStart.hit();
    engine.start(id).await?;
    Failpoint::HostAfterStart.hit();
    engine.inspect(id).await
}

async fn stop(
    engine: &dyn ContainerEngine,
    id: &EngineId,
    grace: Duration,
) -> Result<Option<EngineContainer>, EngineError> {
    Failpoint::HostBeforeStop.hit();
    engine.stop(id, grace).await?;
    Failpoint::HostAfterStop.hit();
    engine.inspect(id).await
}
