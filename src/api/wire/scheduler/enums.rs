//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use super::wire_enum;

wire_enum! {
    ActionAfterCompletion {
        None = "NONE",
        Delete = "DELETE",
    }
}

wire_enum! {
    AssignPublicIp {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

wire_enum! {
    FlexibleTimeWindowMode {
        Off = "OFF",
        Flexible = "FLEXIBLE",
    }
}

wire_enum! {
    LaunchType {
        Ec2 = "EC2",
        Fargate = "FARGATE",
        External = "EXTERNAL",
    }
}

wire_enum! {
    PlacementConstraintType {
        DistinctInstance = "distinctInstance",
        MemberOf = "memberOf",
    }
}

wire_enum! {
    PlacementStrategyType {
        Random = "random",
        Spread = "spread",
        Binpack = "binpack",
    }
}

wire_enum! {
    PropagateTags {
        TaskDefinition = "TASK_DEFINITION",
    }
}

wire_enum! {
    ScheduleGroupState {
        Active = "ACTIVE",
        Deleting = "DELETING",
    }
}

wire_enum! {
    ScheduleState {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}
