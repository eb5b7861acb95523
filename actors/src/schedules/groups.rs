//! Groups of schedules.

use std::sync::Arc;

use mainstay_core::model::{DEFAULT_GROUP, ScheduleGroup, Tag};
use mainstay_core::{ScheduleGroupName, ScheduleKey};

use super::writes::answer_once_written;
use super::{Schedules, SchedulesState};
use crate::control::{ControlError, NewScheduleGroup, Reply};
use crate::ports::Write;

impl Schedules {
    pub(super) fn ensure_default_group(&self, state: &mut SchedulesState) {
        let name = ScheduleGroupName::new(DEFAULT_GROUP);
        if !state.groups.contains_key(&name) {
            self.put_group(state, NewScheduleGroup { name, tags: Vec::new(), client_token: None });
        }
    }

    pub(super) fn create_group(
        &self,
        state: &mut SchedulesState,
        new: NewScheduleGroup,
        reply: Reply<Arc<ScheduleGroup>>,
    ) {
        let answer = match state.groups.get(&new.name) {
            None => Ok(self.put_group(state, new)),
            Some(known) if new.client_token.is_some() && known.client_token == new.client_token => {
                Ok(Arc::clone(known))
            }
            Some(_) => Err(ControlError::ScheduleGroupExists(new.name)),
        };
        answer_once_written(state, reply, answer);
    }

    fn put_group(&self, state: &mut SchedulesState, new: NewScheduleGroup) -> Arc<ScheduleGroup> {
        let now = self.ctx.nature.wall();
        let NewScheduleGroup { name, tags, client_token } = new;
        let group = ScheduleGroup { name, created_at: now, modified_at: now, tags, client_token };
        self.keep_group(state, group)
    }

    fn keep_group(&self, state: &mut SchedulesState, group: ScheduleGroup) -> Arc<ScheduleGroup> {
        state.batch.push(Write::ScheduleGroup(group.clone()));
        let group = Arc::new(group);
        state.groups.insert(group.name.clone(), Arc::clone(&group));
        group
    }

    pub(super) fn delete_group(&self, state: &mut SchedulesState, name: ScheduleGroupName, reply: Reply<()>) {
        if state.groups.remove(&name).is_none() {
            drop(reply.send(Err(ControlError::ScheduleGroupNotFound(name))));
            return;
        }
        let inside: Vec<ScheduleKey> =
            state.entries.keys().filter(|key| key.group == name).cloned().collect();
        for key in inside {
            self.leave(state, &key);
            state.batch.push(Write::RemoveSchedule(key));
        }
        state.batch.push(Write::RemoveScheduleGroup(name));
        answer_once_written(state, reply, Ok(()));
    }

    pub(super) fn tag_group(
        &self,
        state: &mut SchedulesState,
        name: &ScheduleGroupName,
        put: Vec<Tag>,
        remove: &[String],
        reply: Reply<Arc<ScheduleGroup>>,
    ) {
        let Some(known) = state.groups.get(name) else {
            drop(reply.send(Err(ControlError::ScheduleGroupNotFound(name.clone()))));
            return;
        };
        let mut next = ScheduleGroup::clone(known);
        next.tags.retain(|tag| !remove.contains(&tag.key) && !put.iter().any(|new| new.key == tag.key));
        next.tags.extend(put);
        next.modified_at = self.ctx.nature.wall();
        let group = self.keep_group(state, next);
        answer_once_written(state, reply, Ok(group));
    }
}
