//! Containers that nobody in charge has spoken of, and the audit that finds what no event told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mainstay_core::TaskId;

use super::{EngineStatus, Host, HostMsg, HostState, HostTaskMsg, Me, RECONNECT};
use crate::failpoint::Failpoint;
use crate::metrics;
use crate::ports::{EngineContainer, EngineError, EngineEvent, EngineEventKind, EngineState, FromAgent};

/// Between two audits: nothing should ever be found, since events tell everything.
pub(super) const AUDIT_EVERY: Duration = Duration::from_secs(5 * 60);

impl Host {
    /// Notes whose containers are here that are not known; what is over will be removed in time.
    pub(super) fn keep_found(
        &self,
        me: &Me,
        state: &mut HostState,
        found: BTreeMap<TaskId, Vec<EngineContainer>>,
    ) {
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
        let mut found = state.found.get_mut(&event.task).into_iter().flatten();
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
            let containers = engine.list().await;
            drop(me.cast(HostMsg::Audited { known, containers }));
        });
    }

    pub(super) fn audited(
        &self,
        me: &Me,
        state: &mut HostState,
        known: &BTreeSet<TaskId>,
        containers: Result<Vec<EngineContainer>, EngineError>,
    ) {
        // Without an answer the next audit will do; whether the engine is there is not its question.
        let Ok(containers) = containers else { return };
        let mut by_task = by_task(containers);
        for (id, child) in &state.tasks {
            let listed = by_task.remove(id).unwrap_or_default();
            if let (Some(actor), true) = (&child.actor, known.contains(id)) {
                drop(actor.cast(HostTaskMsg::Audited(listed)));
            }
        }
        // One that was known before the look may have been removed since.
        by_task.retain(|id, _| state.found.contains_key(id) || !known.contains(id));
        for id in by_task.keys().filter(|id| !known.contains(id)) {
            tracing::warn!(task = %id, "an audit found containers that no event had told of");
            metrics::audit_findings().increment(1);
        }
        self.keep_found(me, state, by_task);
        self.report_found(state);
    }

    pub(super) fn report_found(&self, state: &HostState) {
        for (task, containers) in &state.found {
            let running = containers.iter().any(|container| container.state == EngineState::Running);
            self.control.send(FromAgent::Found { task: task.clone(), running });
        }
    }

    pub(super) fn tidy(&self, me: &Me, state: &mut HostState, task: &TaskId) {
        let over = |found: &Vec<EngineContainer>| found.iter().all(|c| c.state != EngineState::Running);
        if state.found.get(task).is_some_and(over) {
            for container in state.found.remove(task).unwrap_or_default() {
                self.remove(me, container, false);
            }
        }
    }

    /// Removes a container beside the mailbox, stopping it in order first where it runs.
    pub(super) fn remove(&self, me: &Me, container: EngineContainer, stop: bool) {
        let (engine, grace) = (Arc::clone(&self.engine), self.ctx.settings.stop_timeout);
        let me = me.clone();
        self.ctx.spawn(async move {
            let id = &container.id;
            let removed = async {
                if stop {
                    Failpoint::HostBeforeStop.hit();
                    engine.stop(id, grace).await?;
                    Failpoint::HostAfterStop.hit();
                }
                Failpoint::HostBeforeRemove.hit();
                engine.remove(id).await?;
                Failpoint::HostAfterRemove.hit();
                Ok(())
            };
            let removed: Result<(), EngineError> = removed.await;
            if let Err(error) = removed {
                tracing::warn!(container = %id, task = %container.task, %error, "could not remove a container; trying again");
                let container = Box::new(container);
                me.send_after(RECONNECT.1, move || HostMsg::Remove { container, stop });
            }
        });
    }
}

/// Sorts containers by the tasks they belong to.
pub(super) fn by_task(containers: Vec<EngineContainer>) -> BTreeMap<TaskId, Vec<EngineContainer>> {
    let mut by_task: BTreeMap<TaskId, Vec<EngineContainer>> = BTreeMap::new();
    for container in containers {
        by_task.entry(container.task.clone()).or_default().push(container);
    }
    by_task
}
