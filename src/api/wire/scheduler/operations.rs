//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use super::{exceptions, operations};

operations! {
    CreateSchedule,
    CreateScheduleGroup,
    DeleteSchedule,
    DeleteScheduleGroup,
    GetSchedule,
    GetScheduleGroup,
    ListScheduleGroups,
    ListSchedules,
    ListTagsForResource,
    TagResource,
    UntagResource,
    UpdateSchedule,
}

exceptions! {
    ConflictException = 409,
    InternalServerException = 500,
    ResourceNotFoundException = 404,
    ServiceQuotaExceededException = 402,
    ThrottlingException = 429,
    ValidationException = 400,
}
