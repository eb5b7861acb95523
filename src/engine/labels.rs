//! The labels by which containers and volumes are known, here and to ECS tooling.

use mainstay_actors::ports::{NewContainer, NewVolume};
use mainstay_core::{ClusterName, RevisionKey, TaskId};

/// What all labels begin with that say nothing to ECS tooling.
pub(super) const OURS: &str = "mainstay.";
/// The installation that made it.
pub(super) const OWNER: &str = "mainstay.owner";
/// Its task's id.
pub(super) const TASK_ID: &str = "mainstay.task-id";
/// What it is for, where that is not the task definition's to say.
pub(super) const ROLE: &str = "mainstay.role";
/// It holds the namespaces that its task's containers share.
pub(super) const PAUSE: &str = "pause";
/// Its cluster.
pub(super) const CLUSTER: &str = "com.amazonaws.ecs.cluster";
/// Its task.
pub(super) const TASK_ARN: &str = "com.amazonaws.ecs.task-arn";
/// Its name in the task definition.
pub(super) const CONTAINER_NAME: &str = "com.amazonaws.ecs.container-name";
/// Its task definition's family.
pub(super) const FAMILY: &str = "com.amazonaws.ecs.task-definition-family";
/// Its task definition's revision.
pub(super) const VERSION: &str = "com.amazonaws.ecs.task-definition-version";

/// Of which task something is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    task: &'a TaskId,
    task_arn: &'a str,
    cluster: &'a ClusterName,
    definition: &'a RevisionKey,
}

impl<'a> From<&NewContainer<'a>> for Of<'a> {
    fn from(new: &NewContainer<'a>) -> Self {
        let NewContainer { task, task_arn, cluster, definition, .. } = *new;
        Self { task, task_arn, cluster, definition }
    }
}

impl<'a> From<&NewVolume<'a>> for Of<'a> {
    fn from(new: &NewVolume<'a>) -> Self {
        let NewVolume { task, task_arn, cluster, definition, .. } = *new;
        Self { task, task_arn, cluster, definition }
    }
}

/// The labels of what is made for a task.
pub(super) fn of_task(owner: &str, of: Of<'_>) -> impl Iterator<Item = (String, String)> {
    let ours = [
        (OWNER, owner.to_owned()),
        (TASK_ID, of.task.to_string()),
        (CLUSTER, of.cluster.to_string()),
        (TASK_ARN, of.task_arn.to_owned()),
        (FAMILY, of.definition.family.to_string()),
        (VERSION, of.definition.revision.to_string()),
    ];
    ours.into_iter().map(|(label, value)| (label.to_owned(), value))
}
/// Its port ranges: the engine knows of single ports only.
pub(super) const PORT_RANGES: &str = "mainstay.port-ranges";
/// The log group of CloudWatch that it would print to.
pub(super) const LOG_GROUP: &str = "mainstay.awslogs-group";
/// The region of that.
pub(super) const LOG_REGION: &str = "mainstay.awslogs-region";
/// What its stream's name begins with, where that was said.
pub(super) const LOG_STREAM_PREFIX: &str = "mainstay.awslogs-stream-prefix";
/// Its stream in that group, where it has a prefix: `prefix/container/task`.
pub(super) const LOG_STREAM: &str = "mainstay.awslogs-stream";
