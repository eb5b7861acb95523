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
