//! What the engine shows of a task's containers: looks at one, and lists of all.

use std::sync::Arc;
use std::time::Duration;

use mainstay_core::EngineId;

use super::container::{Act, Circumstances, News, Now, OUT_OF_MEMORY_WITHIN, Sight};
use super::gate::{Lane, Teardown};
use super::task::{HostTask, HostTaskMsg, HostTaskState, Me};
use crate::metrics;
use crate::ports::{EngineContainer, EngineError};

/// Wait before a container that could not be looked at is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl HostTask {
    /// What differs from an audit's list is looked at; what the look then shows had been missed.
    pub(super) fn audited(&self, me: &Me, state: &mut HostTaskState, found: &[EngineContainer]) {
        for place in self.listed(me, state, found) {
            state.containers[place].audited = true;
        }
    }

    /// Takes what a look showed that began with such news.
    pub(super) fn looked(
        &self,
        me: &Me,
        state: &mut HostTaskState,
        place: usize,
        id: &EngineId,
        news: News,
        seen: Result<Option<EngineContainer>, EngineError>,
    ) {
        let container = &mut state.containers[place];
        container.looking = false;
        let audited = !container.look_again && std::mem::take(&mut container.audited);
        // Events that came meanwhile tell of it themselves.
        let known = (audited && container.news == news).then(|| container.report.clone());
        if !container.unmade.contains(id) {
            self.seen(me, state, place, news, seen);
        }
        if known.is_some_and(|known| known != state.containers[place].report) {
            let container = &state.containers[place].report.name;
            tracing::warn!(task = %state.spec.id, container, "an audit found what no event had told of");
            metrics::audit_findings().increment(1);
        }
        if std::mem::take(&mut state.containers[place].look_again) {
            self.look(me, state, place);
        }
    }

    /// Looks at what differs from the list; which do.
    pub(super) fn listed(&self, me: &Me, state: &mut HostTaskState, found: &[EngineContainer]) -> Vec<usize> {
        let mut differ = Vec::new();
        for place in 0..state.containers.len() {
            let container = &mut state.containers[place];
            let seen = found.iter().find(|found| found.name == container.spec.definition.name);
            if container.differs(seen) {
                differ.push(place);
                self.look(me, state, place);
            }
        }
        differ
    }

    /// Looks at a container beside the mailbox. However much happens, one look is under way and one is to come.
    pub(super) fn look(&self, me: &Me, state: &mut HostTaskState, place: usize) {
        self.look_during(me, state, place, None);
    }

    /// Looks at a container, which may be one that is being taken down until the look is over.
    pub(super) fn look_during(
        &self,
        me: &Me,
        state: &mut HostTaskState,
        place: usize,
        teardown: Option<Teardown>,
    ) {
        let container = &mut state.containers[place];
        let (Some(id), news) = (container.id.clone(), container.news) else { return };
        if std::mem::replace(&mut container.looking, true) {
            container.look_again = true;
            return;
        }
        let (me, engine) = (me.clone(), Arc::clone(&self.engine));
        let (gate, group) = (Arc::clone(&self.gate), state.spec.group.clone());
        self.ctx.spawn(async move {
            let pass = gate.pass(Lane::Work, &group).await;
            let seen = engine.inspect(&id).await;
            drop((pass, teardown));
            drop(me.cast(HostTaskMsg::Seen { place, id, news, seen }));
        });
    }

    pub(super) fn seen(
        &self,
        me: &Me,
        state: &mut HostTaskState,
        place: usize,
        news: News,
        seen: Result<Option<EngineContainer>, EngineError>,
    ) {
        let now = Now { wall: self.ctx.nature.wall(), steady: self.ctx.nature.now() };
        let among = Circumstances { now, limited: state.spec.limits.is_some() };
        let container = &mut state.containers[place];
        match seen {
            Ok(Some(seen)) => match container.seen(&seen, news, among) {
                Sight::Noted => {}
                Sight::RunsAgain => {
                    tracing::warn!(task = %state.spec.id, container = container.report.name, "was started from outside after it ended; stopping it");
                    self.begin(me, state, place, Act::Stop);
                }
                Sight::LookLater => {
                    me.send_after(OUT_OF_MEMORY_WITHIN, move || HostTaskMsg::Look(place));
                }
            },
            Ok(None) => container.gone(),
            Err(error) => {
                tracing::warn!(task = %state.spec.id, container = container.report.name, %error, "cannot be looked at; trying again");
                me.send_after(LOOK_AGAIN, move || HostTaskMsg::Look(place));
            }
        }
    }
}
