//! Why a request is refused, in ECS's own exceptions.

use std::fmt;

use mainstay_actors::control::ControlError;

use super::wire::operations::Exception;
use super::wire::{Invalid, logs, scheduler};

/// A refusal: a code that programs know, words that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: Code,
    message: String,
}

/// What an operation comes to.
pub type Answer<T> = Result<T, ApiError>;

/// The code of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// One of the service's own.
    Ecs(Exception),
    /// One of CloudWatch Logs' own.
    Logs(logs::operations::Exception),
    /// One of EventBridge Scheduler's own.
    Scheduler(scheduler::operations::Exception),
    /// The body is not what the operation takes.
    Serialization,
    /// There is no such operation.
    UnknownOperation,
    /// The body is too long.
    RequestTooLarge,
    /// Too many requests are under way; the AWS clients try again by themselves.
    Throttling,
}

impl Code {
    /// The word in `__type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecs(exception) => exception.as_str(),
            Self::Logs(exception) => exception.as_str(),
            Self::Scheduler(exception) => exception.as_str(),
            Self::Serialization => "SerializationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::RequestTooLarge => "RequestEntityTooLargeException",
            Self::Throttling => "ThrottlingException",
        }
    }

    /// The HTTP status it is answered with.
    pub fn status(self) -> u16 {
        match self {
            Self::Ecs(exception) => exception.status(),
            Self::Logs(exception) => exception.status(),
            Self::Scheduler(exception) => exception.status(),
            Self::Serialization | Self::UnknownOperation | Self::Throttling => 400,
            Self::RequestTooLarge => 413,
        }
    }
}

impl ApiError {
    /// A refusal with a code and words of its own.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// One of the service's exceptions.
    pub fn ecs(exception: Exception, message: impl Into<String>) -> Self {
        Self::new(Code::Ecs(exception), message)
    }

    /// InvalidParameterException.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::ecs(Exception::InvalidParameterException, message)
    }

    /// ClientException.
    pub fn client(message: impl Into<String>) -> Self {
        Self::ecs(Exception::ClientException, message)
    }

    /// ECS's answer to a caller who is too fast.
    pub fn throttled() -> Self {
        Self::new(Code::Throttling, "Rate exceeded")
    }

    /// No such ACTIVE cluster.
    pub fn cluster_not_found() -> Self {
        Self::ecs(Exception::ClusterNotFoundException, "Cluster not found.")
    }

    /// No such service.
    pub fn service_not_found() -> Self {
        Self::ecs(Exception::ServiceNotFoundException, "Service not found.")
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::parameter(invalid.0)
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        let exception = match &error {
            ControlError::ClusterNotFound(_) => Exception::ClusterNotFoundException,
            ControlError::ClusterContainsServices => Exception::ClusterContainsServicesException,
            ControlError::ClusterContainsTasks => Exception::ClusterContainsTasksException,
            ControlError::ClusterContainsContainerInstances => {
                Exception::ClusterContainsContainerInstancesException
            }
            ControlError::ServiceDeploymentNotFound(_) => Exception::ServiceDeploymentNotFoundException,
            ControlError::ServiceNotFound(_) => Exception::ServiceNotFoundException,
            ControlError::ServiceNotActive(_) => Exception::ServiceNotActiveException,
            ControlError::DefinitionNotFound(_) => return Self::client("TaskDefinition not found."),
            ControlError::DefinitionInactive(_)
            | ControlError::GroupTaken
            | ControlError::CapacityProviderAssociated(_) => Exception::ClientException,
            ControlError::CapacityProviderInUse => Exception::ResourceInUseException,
            ControlError::ServiceExists(_)
            | ControlError::ServiceScaledAboveZero
            | ControlError::TaskNotFound(_)
            | ControlError::InstanceNotFound(_)
            | ControlError::CapacityProviderExists(_)
            | ControlError::CapacityProviderNotFound(_)
            | ControlError::NotOfCluster(_)
            | ControlError::NoInstances
            // The scheduler's calls have exceptions of their own for these.
            | ControlError::ScheduleNotFound(_)
            | ControlError::ScheduleExists(_)
            | ControlError::ScheduleGroupNotFound(_)
            | ControlError::ScheduleGroupExists(_)
            | ControlError::InvalidSchedule(_) => Exception::InvalidParameterException,
            ControlError::TooManyAttributes { .. } => Exception::AttributeLimitExceededException,
            ControlError::TooManyTags(_) => Exception::LimitExceededException,
            ControlError::Conflict(_) => Exception::ConflictException,
            ControlError::Unavailable(_) => Exception::ServerException,
        };
        Self::ecs(exception, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use mainstay_core::{ClusterName, Family, RevisionKey, ServiceKey, ServiceName, TaskId};

    use super::*;

    #[track_caller]
    fn check(error: ControlError, status: u16, expected: &str) {
        let refusal = ApiError::from(error);
        assert_eq!((refusal.code().status(), refusal.to_string().as_str()), (status, expected));
    }

    #[test]
    fn what_the_tree_refuses_is_refused_with_the_exception_and_the_words_of_ecs() {
        let cluster = ClusterName::new("shop");
        let service = ServiceKey { cluster: cluster.clone(), name: ServiceName::new("web") };
        let revision = RevisionKey { family: Family::new("web"), revision: 1 };
        check(ControlError::ClusterNotFound(cluster), 400, "ClusterNotFoundException: Cluster not found.");
        check(
            ControlError::ClusterContainsServices,
            400,
            "ClusterContainsServicesException: The Cluster cannot be deleted while Services are active.",
        );
        check(
            ControlError::ServiceNotActive(service.clone()),
            400,
            "ServiceNotActiveException: Service was not ACTIVE.",
        );
        check(
            ControlError::ServiceExists(service),
            400,
            "InvalidParameterException: Creation of service was not idempotent.",
        );
        check(
            ControlError::DefinitionNotFound(revision.clone()),
            400,
            "ClientException: TaskDefinition not found.",
        );
        check(ControlError::DefinitionInactive(revision), 400, "ClientException: TaskDefinition is inactive");
        check(
            ControlError::TaskNotFound(TaskId::new("1")),
            400,
            "InvalidParameterException: The referenced task was not found.",
        );
        check(ControlError::Conflict("Twice.".into()), 400, "ConflictException: Twice.");
        check(
            ControlError::Unavailable("The disk is full.".into()),
            500,
            "ServerException: The disk is full.",
        );
    }
}
