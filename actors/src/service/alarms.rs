//! The alarms of a rollout: looked at again and again while it is under way, never in the mailbox.

use mainstay_core::ServiceDeploymentId;
use mainstay_core::deployment::rollout::{self, AlarmVerdict};

use super::{Me, ServiceActor, ServiceMsg, ServiceState, story};

/// What a service remembers of its looks.
#[derive(Default)]
pub(super) struct AlarmWatch {
    /// The rollout whose alarms are being looked at, or will be in a moment.
    watched: Option<ServiceDeploymentId>,
    /// They could not be looked at, which was told.
    told: bool,
}

impl ServiceActor {
    /// Sees to it that somebody looks at the alarms of the rollout, if any watch it.
    pub(super) fn watch_alarms(&self, me: &Me, state: &mut ServiceState) {
        if !rollout::watches_alarms(&state.record) {
            return;
        }
        let current = rollout::current(&state.record).map(|told| told.id.clone());
        if state.alarms.watched != current {
            state.alarms = AlarmWatch { watched: current, told: false };
            self.look_at_alarms(me, state);
        }
    }

    /// Looks at those of a rollout again, if they still are to be looked at.
    pub(super) fn look_at_alarms_again(
        &self,
        me: &Me,
        state: &mut ServiceState,
        record: &ServiceDeploymentId,
    ) {
        if state.alarms.watched.as_ref() == Some(record) {
            self.look_at_alarms(me, state);
        }
    }

    /// Looks at them once, beside the mailbox.
    fn look_at_alarms(&self, me: &Me, state: &mut ServiceState) {
        let watched =
            rollout::watches_alarms(&state.record).then(|| rollout::current(&state.record)).flatten();
        let Some(told) = watched else {
            state.alarms = AlarmWatch::default();
            return;
        };
        let (record, names, me) = (told.id.clone(), told.alarms.names.clone(), me.clone());
        let Some(source) = self.ctx.alarms() else {
            let seen = Err("there is no [alarms] in the configuration any more".to_owned());
            drop(me.cast(ServiceMsg::AlarmsSeen { record, seen }));
            return;
        };
        let look = source.on(names);
        self.ctx.spawn(async move {
            let seen = look.await;
            // Its next incarnation looks again.
            drop(me.cast(ServiceMsg::AlarmsSeen { record, seen }));
        });
    }

    /// Takes what was seen, and arms the next look.
    pub(super) fn alarms_seen(
        &self,
        me: &Me,
        state: &mut ServiceState,
        record: &ServiceDeploymentId,
        seen: Result<Vec<String>, String>,
    ) {
        if state.alarms.watched.as_ref() != Some(record) {
            return;
        }
        let key = state.record.key.clone();
        match seen {
            Err(error) => {
                tracing::warn!(service = %key, error, "the alarms of a rollout cannot be looked at");
                if !std::mem::replace(&mut state.alarms.told, true) {
                    self.tell(state, story::alarms_unknown(&key, &error));
                }
            }
            Ok(on) => {
                state.alarms.told = false;
                match rollout::alarms_seen(&mut state.record, record, on, self.ctx.nature.wall()) {
                    AlarmVerdict::Idle => {}
                    AlarmVerdict::Quiet => state.writes.touch(),
                    AlarmVerdict::OnBefore(names) => self.tell(state, story::alarms_on_before(&key, &names)),
                    AlarmVerdict::Fails(cause) => self.give_up(state, &cause),
                }
            }
        }
        if rollout::watches_alarms(&state.record) {
            let record = record.clone();
            me.send_after(self.ctx.settings.alarm_interval, || ServiceMsg::LookAtAlarms(record));
        } else {
            state.alarms = AlarmWatch::default();
        }
    }
}
