//! The labels by which containers are known, here and to ECS tooling.

/// The installation that made it.
pub(super) const OWNER: &str = "mainstay.owner";
/// Its task's id.
pub(super) const TASK_ID: &str = "mainstay.task-id";
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
