//! The wire types of the ECS API, of CloudWatch Logs' calls for reading, and of EventBridge Scheduler, from botocore's
//! service models.
//!
//! Taken are names, shapes, enums and constraints of a service's operations that are carried out and all that they
//! reach; the model's documentation text is not.

mod emit;
mod model;

use std::path::Path;

use crate::Outcome;
use crate::machine::{self, run};
use model::Model;

/// A service, as far as it is taken.
pub struct Service {
    /// The model's file below a virtual environment's site-packages.
    pub model: &'static str,
    /// The operations that are carried out; every other one is refused by name.
    pub operations: &'static [&'static str],
    /// Words that are taken beside the model's.
    pub more_words: &'static [(&'static str, &'static [&'static str])],
}

/// Amazon ECS, and the log drivers that the engine has and ECS does not.
const ECS: Service = Service {
    model: "botocore/data/ecs/2014-11-13/service-2.json.gz",
    operations: &OPERATIONS,
    more_words: &[("LogDriver", &["local", "none"])],
};

/// CloudWatch Logs, for whoever reads.
const LOGS: Service = Service {
    model: "botocore/data/logs/2014-03-28/service-2.json.gz",
    operations: &["DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents"],
    more_words: &[],
};

/// EventBridge Scheduler, whole.
const SCHEDULER: Service = Service {
    model: "botocore/data/scheduler/2021-06-30/service-2.json.gz",
    operations: &[
        "CreateSchedule",
        "CreateScheduleGroup",
        "DeleteSchedule",
        "DeleteScheduleGroup",
        "GetSchedule",
        "GetScheduleGroup",
        "ListScheduleGroups",
        "ListSchedules",
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
        "UpdateSchedule",
    ],
    more_words: &[],
};

const OPERATIONS: [&str; 40] = [
    "CreateCapacityProvider",
    "CreateCluster",
    "CreateService",
    "DeleteAttributes",
    "DeleteCapacityProvider",
    "DeleteCluster",
    "DeleteService",
    "DeregisterTaskDefinition",
    "DescribeCapacityProviders",
    "DescribeClusters",
    "DescribeContainerInstances",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "DescribeServices",
    "DescribeTaskDefinition",
    "DescribeTasks",
    "ExecuteCommand",
    "GetTaskProtection",
    "ListAttributes",
    "ListClusters",
    "ListContainerInstances",
    "ListServiceDeployments",
    "ListServices",
    "ListTagsForResource",
    "ListTaskDefinitionFamilies",
    "ListTaskDefinitions",
    "ListTasks",
    "PutAttributes",
    "PutClusterCapacityProviders",
    "RegisterTaskDefinition",
    "RunTask",
    "StartTask",
    "StopServiceDeployment",
    "StopTask",
    "UpdateCapacityProvider",
    "TagResource",
    "UntagResource",
    "UpdateContainerInstancesState",
    "UpdateService",
    "UpdateTaskProtection",
];

/// Writes the generated files, or with `check` says whether they are what would be written.
pub fn run_codegen(check: bool) -> Outcome {
    let environment = machine::virtual_environment()?;
    let ecs = Model::read(&environment, &ECS)?;
    let logs = Model::read(&environment, &LOGS)?;
    let scheduler = Model::read(&environment, &SCHEDULER)?;
    let home = machine::project().join("src/api/wire");
    let files = [
        ("operations.rs", emit::operations(&ecs)),
        ("enums.rs", emit::enums(&ecs)),
        ("structures.rs", emit::structures(&ecs)),
        ("members.rs", emit::members(&ecs)),
        ("logs/operations.rs", emit::operations(&logs)),
        ("logs/enums.rs", emit::enums(&logs)),
        ("logs/structures.rs", emit::structures(&logs)),
        ("scheduler/operations.rs", emit::operations(&scheduler)),
        ("scheduler/routes.rs", emit::routes(&scheduler)),
        ("scheduler/enums.rs", emit::enums(&scheduler)),
        ("scheduler/structures.rs", emit::structures(&scheduler)),
    ];
    for (name, text) in files {
        let path = home.join(name);
        let text = formatted(&text, &path)?;
        if !check {
            std::fs::write(&path, text)?;
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            return Err(format!("{} is not what `cargo xtask codegen` makes", path.display()).into());
        }
    }
    Ok(())
}

fn formatted(text: &str, beside: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let scratch = tempfile::Builder::new().suffix(".rs").tempfile()?;
    std::fs::write(scratch.path(), text)?;
    let config = machine::project().join("rustfmt.toml");
    run("rustfmt", |rustfmt| {
        rustfmt.args(["--edition", "2024", "--config-path"]).arg(config).arg(scratch.path())
    })
    .map_err(|error| format!("formatting {}: {error}", beside.display()))?;
    Ok(std::fs::read_to_string(scratch.path())?)
}
