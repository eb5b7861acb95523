//! Containers and volumes that nobody in charge has spoken of, and the audit that finds what no event told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mainstay_core::model::ContainerSpec;
use mainstay_core::{EngineId, TaskId};

use super::{EngineStatus, Host, HostMsg, HostState, HostTaskMsg, Me, RECONNECT};
use crate::failpoint::Failpoint;
use crate::metrics;
use crate::ports::{
    ContainerEngine, EngineContainer, EngineError, EngineEvent, EngineEventKind, EngineState, FromAgent,
};

/// Between two audits: nothing should ever be found, since events tell everything.
pub(super) const AUDIT_EVERY: Duration = Duration::from_secs(5 * 60);

/// What the engine has of a task.
#[derive(Debug, Default)]
pub struct Found {
    pub(super) containers: Vec<EngineContainer>,
    /// The names of volumes that were made for it.
    pub(super) volumes: Vec<String>,
}

impl Found {
    fn runs(&self) -> bool {
        self.containers.iter().any(|container| container.state == EngineState::Running)
    }
}

impl Host {
    /// Notes of which unknown tasks there is something here; what is over will be removed in time.
    pub(super) fn keep_found(&self, me: &Me, state: &mut HostState, found: BTreeMap<TaskId, Found>) {
        for id in found.keys().filter(|id| !state.found.contains_key(id)) {
            let id = id.clone();
            me.send_after(self.ctx.settings.cleanup_wait, move || HostMsg::Tidy(id));
        }
        state.found = found;
    }

    pub(super) fn audit(&self, me: &Me, state: &HostState) {
        me.send_after(AUDIT_EVERY, || HostMsg::Audit);
        if !matches!(state.engine, EngineStatus::Up(_)) {
            return;
        }
        self.look_around(me, state);
    }

    /// A container of no known task was started, perhaps on behalf of a daemon that has ended since.
    pub(super) fn stray_event(&self, me: &Me, state: &mut HostState, event: &EngineEvent) {
        if event.kind != EngineEventKind::Started {
            return;
        }
        let found = state.found.get_mut(&event.task);
        let mut found = found.into_iter().flat_map(|found| &mut found.containers);
        match found.find(|container| container.id == event.id) {
            Some(container) => {
                container.state = EngineState::Running;
                self.report_found(state);
            }
            None => self.look_around(me, state),
        }
    }

    /// Compares all that is known with all that the engine has.
    fn look_around(&self, me: &Me, state: &HostState) {
        let known = state.tasks.keys().chain(state.found.keys()).cloned().collect();
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        self.ctx.spawn(async move {
            let found = look_over(&*engine).await;
            drop(me.cast(HostMsg::Audited { known, found }));
        });
    }

    pub(super) fn audited(
        &self,
        me: &Me,
        state: &mut HostState,
        known: &BTreeSet<TaskId>,
        found: Result<BTreeMap<TaskId, Found>, EngineError>,
    ) {
        // Without an answer the next audit will do; whether the engine is there is not its question.
        let Ok(mut found) = found else { return };
        for (id, child) in &state.tasks {
            let listed = found.remove(id).unwrap_or_default().containers;
            if let (Some(actor), true) = (&child.actor, known.contains(id)) {
                drop(actor.cast(HostTaskMsg::Audited(listed)));
            }
        }
        // One that was known before the look may have been removed since.
        found.retain(|id, _| state.found.contains_key(id) || !known.contains(id));
        for id in found.keys().filter(|id| !known.contains(id)) {
            tracing::warn!(task = %id, "an audit found containers or volumes that no event had told of");
            metrics::audit_findings().increment(1);
        }
        self.keep_found(me, state, found);
        self.report_found(state);
    }

    pub(super) fn report_found(&self, state: &HostState) {
        for (task, found) in &state.found {
            self.control.send(FromAgent::Found { task: task.clone(), running: found.runs() });
        }
    }

    pub(super) fn tidy(&self, me: &Me, state: &mut HostState, task: &TaskId) {
        if state.found.get(task).is_some_and(|found| !found.runs())
            && let Some(found) = state.found.remove(task)
        {
            self.remove(me, task.clone(), found, false);
        }
    }

    /// Removes what is here of a task beside the mailbox, stopping in order first what runs.
    pub(super) fn remove(&self, me: &Me, task: TaskId, found: Found, stop: bool) {
        let (engine, grace) = (Arc::clone(&self.engine), self.ctx.settings.stop_timeout);
        let me = me.clone();
        self.ctx.spawn(async move {
            let grace = stop.then_some(grace);
            let of = |pause: bool| {
                found
                    .containers
                    .iter()
                    .filter(move |container| (container.name == ContainerSpec::PAUSE) == pause)
            };
            let take = async |pause| {
                let taken = of(pause).map(|container| take_down(&*engine, &container.id, grace));
                join_all(taken).await.into_iter().collect::<Result<(), EngineError>>()
            };
            // A pause container goes after those that share its namespaces.
            let mut removed = match take(false).await {
                Ok(()) => take(true).await,
                failed => failed,
            };
            if removed.is_ok() {
                removed = remove_volumes(&*engine, &found.volumes).await;
            }
            if let Err(error) = removed {
                tracing::warn!(%task, %error, "could not remove what is here of a task; trying again");
                me.send_after(RECONNECT.1, move || HostMsg::Remove { task, found, stop });
            }
        });
    }
}

async fn take_down(
    engine: &dyn ContainerEngine,
    id: &EngineId,
    grace: Option<Duration>,
) -> Result<(), EngineError> {
    if let Some(grace) = grace {
        Failpoint::HostBeforeStop.hit();
        engine.stop(id, grace).await?;
        Failpoint::HostAfterStop.hit();
    }
    Failpoint::HostBeforeRemove.hit();
    engine.remove(id).await?;
    Failpoint::HostAfterRemove.hit();
    Ok(())
}

/// Removes a task's volumes, once no container has them any more.
pub(super) async fn remove_volumes(
    engine: &dyn ContainerEngine,
    names: &[String],
) -> Result<(), EngineError> {
    for name in names {
        Failpoint::HostBeforeVolumeRemove.hit();
        engine.remove_volume(name).await?;
        Failpoint::HostAfterVolumeRemove.hit();
    }
    Ok(())
}

/// All that the engine has, by the tasks it belongs to.
pub(super) async fn look_over(engine: &dyn ContainerEngine) -> Result<BTreeMap<TaskId, Found>, EngineError> {
    let mut by_task: BTreeMap<TaskId, Found> = BTreeMap::new();
    for container in engine.list().await? {
        by_task.entry(container.task.clone()).or_default().containers.push(container);
    }
    for volume in engine.list_volumes().await? {
        by_task.entry(volume.task).or_default().volumes.push(volume.name);
    }
    Ok(by_task)
}
