use mainstay_core::tagging::TooManyTags;
use mainstay_core::{
    CapacityProviderName, ClusterName, InstanceId, RevisionKey, ScheduleGroupName, ScheduleKey,
    ServiceDeploymentId, ServiceKey, TaskId,
};

/// Why the tree did not do it. The API gives each ECS's own exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No such ACTIVE cluster.
    #[error("Cluster not found.")]
    ClusterNotFound(ClusterName),
    /// It holds services.
    #[error("The Cluster cannot be deleted while Services are active.")]
    ClusterContainsServices,
    /// It holds tasks.
    #[error("The Cluster cannot be deleted while Tasks are active.")]
    ClusterContainsTasks,
    /// It holds container instances.
    #[error("The Cluster cannot be deleted while Container Instances are active or draining.")]
    ClusterContainsContainerInstances,
    /// No such service.
    #[error("Service not found.")]
    ServiceNotFound(ServiceKey),
    /// It is DRAINING or INACTIVE.
    #[error("Service was not ACTIVE.")]
    ServiceNotActive(ServiceKey),
    /// There is an ACTIVE one of that name.
    #[error("Creation of service was not idempotent.")]
    ServiceExists(ServiceKey),
    /// It wants tasks, and nobody said force.
    #[error("The service cannot be stopped while it is scaled above 0.")]
    ServiceScaledAboveZero,
    /// No such rollout.
    #[error("Service deployment not found.")]
    ServiceDeploymentNotFound(ServiceDeploymentId),
    /// No such revision.
    #[error("Unable to describe task definition.")]
    DefinitionNotFound(RevisionKey),
    /// Deregistered.
    #[error("TaskDefinition is inactive")]
    DefinitionInactive(RevisionKey),
    /// No such task.
    #[error("The referenced task was not found.")]
    TaskNotFound(TaskId),
    /// There is one of that name.
    #[error(
        "The specified capacity provider already exists. To change the configuration of an existing capacity provider, \
         update the capacity provider."
    )]
    CapacityProviderExists(CapacityProviderName),
    /// Another capacity provider has the group.
    #[error(
        "The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto \
         Scaling group ARN and try again."
    )]
    GroupTaken,
    /// No such capacity provider.
    #[error(
        "The specified capacity provider '{0}' was not found. Specify a valid name or ARN and try again."
    )]
    CapacityProviderNotFound(CapacityProviderName),
    /// A cluster has it.
    #[error(
        "The capacity provider cannot be deleted because it is associated with cluster: {0}. Remove the capacity \
         provider from the cluster and try again."
    )]
    CapacityProviderAssociated(ClusterName),
    /// Services or tasks of the cluster are of it.
    #[error("The specified capacity provider is in use and cannot be removed.")]
    CapacityProviderInUse,
    /// A strategy names one that its cluster does not have.
    #[error(
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the \
         cluster. Associate the capacity provider '{0}' with the cluster and try again."
    )]
    NotOfCluster(CapacityProviderName),
    /// Nothing to place tasks on.
    #[error("No Container Instances were found in your cluster.")]
    NoInstances,
    /// No such container instance.
    #[error("The referenced container instance was not found.")]
    InstanceNotFound(InstanceId),
    /// It would have more of people's attributes than it can.
    #[error(
        "A container instance can have {limit} custom attributes at most; {instance} would have {count}."
    )]
    TooManyAttributes {
        /// Which.
        instance: InstanceId,
        /// How many it would have.
        count: usize,
        /// How many it can have.
        limit: usize,
    },
    /// A resource would have more tags than it can.
    #[error(transparent)]
    TooManyTags(#[from] TooManyTags),
    /// No such schedule.
    #[error("Schedule {} does not exist.", .0.name)]
    ScheduleNotFound(ScheduleKey),
    /// There is one of that name.
    #[error("Schedule {} already exists.", .0.name)]
    ScheduleExists(ScheduleKey),
    /// No such group of schedules.
    #[error("Schedule group {0} does not exist.")]
    ScheduleGroupNotFound(ScheduleGroupName),
    /// There is one of that name.
    #[error("Schedule group {0} already exists.")]
    ScheduleGroupExists(ScheduleGroupName),
    /// It has no timetable.
    #[error("{0}")]
    InvalidSchedule(String),
    /// The same token came with another request.
    #[error("{0}")]
    Conflict(String),
    /// Not now; nothing was changed unless the text says that the outcome is not known.
    #[error("{0}")]
    Unavailable(String),
}
