//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use super::operations::Operation;
use super::{Param, Route};

pub const ROUTES: &[Route] = &[
    Route { operation: Operation::CreateSchedule, method: "POST", path: "/schedules/{Name}", query: &[] },
    Route {
        operation: Operation::CreateScheduleGroup,
        method: "POST",
        path: "/schedule-groups/{Name}",
        query: &[],
    },
    Route {
        operation: Operation::DeleteSchedule,
        method: "DELETE",
        path: "/schedules/{Name}",
        query: &[("clientToken", "ClientToken", Param::Text), ("groupName", "GroupName", Param::Text)],
    },
    Route {
        operation: Operation::DeleteScheduleGroup,
        method: "DELETE",
        path: "/schedule-groups/{Name}",
        query: &[("clientToken", "ClientToken", Param::Text)],
    },
    Route {
        operation: Operation::GetSchedule,
        method: "GET",
        path: "/schedules/{Name}",
        query: &[("groupName", "GroupName", Param::Text)],
    },
    Route {
        operation: Operation::GetScheduleGroup,
        method: "GET",
        path: "/schedule-groups/{Name}",
        query: &[],
    },
    Route {
        operation: Operation::ListScheduleGroups,
        method: "GET",
        path: "/schedule-groups",
        query: &[
            ("MaxResults", "MaxResults", Param::Number),
            ("NamePrefix", "NamePrefix", Param::Text),
            ("NextToken", "NextToken", Param::Text),
        ],
    },
    Route {
        operation: Operation::ListSchedules,
        method: "GET",
        path: "/schedules",
        query: &[
            ("ScheduleGroup", "GroupName", Param::Text),
            ("MaxResults", "MaxResults", Param::Number),
            ("NamePrefix", "NamePrefix", Param::Text),
            ("NextToken", "NextToken", Param::Text),
            ("State", "State", Param::Text),
        ],
    },
    Route {
        operation: Operation::ListTagsForResource,
        method: "GET",
        path: "/tags/{ResourceArn}",
        query: &[],
    },
    Route { operation: Operation::TagResource, method: "POST", path: "/tags/{ResourceArn}", query: &[] },
    Route {
        operation: Operation::UntagResource,
        method: "DELETE",
        path: "/tags/{ResourceArn}",
        query: &[("TagKeys", "TagKeys", Param::List)],
    },
    Route { operation: Operation::UpdateSchedule, method: "PUT", path: "/schedules/{Name}", query: &[] },
];
