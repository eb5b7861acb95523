//! The tasks below a service, or below a cluster's owner of RunTask tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_core::TaskId;
use mainstay_core::model::{Task, TaskStatus};
use mainstay_core::supervision::{End, Restarts};
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, Message, SupervisionEvent};

use super::{OnChange, TaskActor, TaskMsg};
use crate::context::Context;
use crate::measured::Measured;
use crate::supervisor;
use crate::tree::{Kind, Path};

/// Task actors under one supervisor. A task that ended is done; an actor that crashed is started again from the
/// task's record and attaches to the containers that are there.
pub(crate) struct TaskChildren {
    ctx: Context,
    path: Path,
    kind: Kind,
    on_change: OnChange,
    actors: BTreeMap<ActorId, (ActorRef<TaskMsg>, TaskId)>,
    restarts: Restarts,
}

/// What an ended child means to its supervisor.
pub(crate) enum ChildEnd {
    /// The task is over.
    Done(TaskId),
    /// The actor crashed and is there again; what it was told last may be lost.
    Restarted(TaskId),
    /// It was no task's end.
    Other,
}

impl TaskChildren {
    /// Below the actor of that kind in that place.
    pub(crate) fn new(ctx: Context, path: Path, kind: Kind, on_change: OnChange) -> Self {
        Self { ctx, path, kind, on_change, actors: BTreeMap::new(), restarts: Restarts::default() }
    }

    /// Starts the actor of a task, new or known.
    pub(crate) async fn start(
        &mut self,
        supervisor: ActorCell,
        task: Arc<Task>,
    ) -> Result<(), ActorProcessingErr> {
        let id = task.id.clone();
        let actor = TaskActor {
            ctx: Arc::clone(&self.ctx),
            path: self.path.child(&id),
            on_change: Arc::clone(&self.on_change),
        };
        let actor = Measured { actor, kind: Kind::Task };
        let (actor, _) = Actor::spawn_linked(None, actor, task, supervisor).await?;
        self.actors.insert(actor.get_id(), (actor, id));
        Ok(())
    }

    /// The actor of a task, where it lives.
    pub(crate) fn get(&self, id: &TaskId) -> Option<&ActorRef<TaskMsg>> {
        self.actors.values().find(|(_, task)| task == id).map(|(actor, _)| actor)
    }

    /// Takes a supervision event.
    ///
    /// # Errors
    /// Where actors crash more often than the intensity allows: the supervisor has to give up.
    pub(crate) async fn on_event<M: Message>(
        &mut self,
        me: &ActorRef<M>,
        event: SupervisionEvent,
    ) -> Result<ChildEnd, ActorProcessingErr> {
        let Some((cell, end, reason)) = supervisor::ended(event) else { return Ok(ChildEnd::Other) };
        let Some((_, id)) = self.actors.remove(&cell.get_id()) else { return Ok(ChildEnd::Other) };
        let path = self.path.child(&id);
        let record = self.ctx.view.tasks.get(&id).filter(|task| task.last_status != TaskStatus::Stopped);
        match (end, record) {
            (End::Abnormal, Some(task)) => {
                tracing::error!(supervisor = %self.path, context = "child_terminated", offender = %id, reason,
                    "task actor will be started again; its containers are not touched");
                let goes_on = self.restarts.add(self.ctx.nature.now(), self.ctx.settings.intensity);
                self.ctx.tree.counted(&self.path, self.kind, &self.restarts);
                if !goes_on {
                    return Err(format!("task actors keep crashing; the last, {id}: {reason}").into());
                }
                self.ctx.tree.restarting(&path, Kind::Task, &reason);
                self.start(me.get_cell(), task).await?;
                Ok(ChildEnd::Restarted(id))
            }
            _ => {
                self.ctx.tree.gone(&path);
                Ok(ChildEnd::Done(id))
            }
        }
    }

    /// Ends the actors, not the containers.
    pub(crate) async fn stop_all(&mut self) {
        for (_, (actor, _)) in std::mem::take(&mut self.actors).into_iter().rev() {
            supervisor::stop(&actor.get_cell()).await;
        }
    }
}
