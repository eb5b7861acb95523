//! The wire types of the ECS API, from botocore's service model.
//!
//! Taken are names, shapes, enums and constraints of the operations in [`OPERATIONS`] and all that they reach;
//! the model's documentation text is not.

mod emit;
mod model;

use std::path::Path;

use crate::Outcome;
use crate::machine::{self, run};
use model::Model;

/// The operations that are carried out; every other one is refused by name.
pub const OPERATIONS: [&str; 20] = [
    "CreateCluster",
    "CreateService",
    "DeleteCluster",
    "DeleteService",
    "DeregisterTaskDefinition",
    "DescribeClusters",
    "DescribeContainerInstances",
    "DescribeServices",
    "DescribeTaskDefinition",
    "DescribeTasks",
    "ListClusters",
    "ListContainerInstances",
    "ListServices",
    "ListTaskDefinitionFamilies",
    "ListTaskDefinitions",
    "ListTasks",
    "RegisterTaskDefinition",
    "RunTask",
    "StopTask",
    "UpdateService",
];

/// Words that are taken beside the model's: drivers that the engine has and ECS does not.
pub const MORE_WORDS: [(&str, &[&str]); 1] = [("LogDriver", &["local", "none"])];

/// Writes the generated files, or with `check` says whether they are what would be written.
pub fn run_codegen(check: bool) -> Outcome {
    let model = Model::read(&machine::virtual_environment()?)?;
    let home = machine::project().join("src/api/wire");
    let files = [
        ("operations.rs", emit::operations(&model)),
        ("enums.rs", emit::enums(&model)),
        ("structures.rs", emit::structures(&model)),
        ("members.rs", emit::members(&model)),
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
