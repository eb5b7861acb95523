//! The store as text: one JSON object a line, the head first, so that people and programs can read it, keep it
//! and put it back.

use std::io::{BufRead, Write as Output};

use mainstay_actors::ports::{Snapshot, Write};
use mainstay_core::Family;
use mainstay_core::model::{Cluster, ContainerInstance, Service, Task, TaskDefinition};
use serde::{Deserialize, Serialize};

/// The form that is written; a file of a newer one is refused.
const FORM: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "record", rename_all = "kebab-case")]
enum Line {
    MainstayExport(Head),
    Cluster(Cluster),
    TaskDefinition(Box<TaskDefinition>),
    LastRevision(Family, u32),
    Service(Box<Service>),
    Task(Box<Task>),
    ContainerInstance(Box<ContainerInstance>),
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    form: u32,
    /// The label by which containers are known goes with the records: whoever has them has the containers.
    owner: String,
}

/// Writes everything.
///
/// # Errors
/// Where the output does not take it.
pub fn export(snapshot: Snapshot, owner: &str, output: &mut impl Output) -> std::io::Result<()> {
    let head = Line::MainstayExport(Head { form: FORM, owner: owner.to_owned() });
    let revisions =
        snapshot.last_revisions.into_iter().map(|(family, last)| Line::LastRevision(family, last));
    let lines = std::iter::once(head)
        .chain(snapshot.clusters.into_iter().map(Line::Cluster))
        .chain(snapshot.task_definitions.into_iter().map(|d| Line::TaskDefinition(Box::new(d))))
        .chain(revisions)
        .chain(snapshot.services.into_iter().map(|service| Line::Service(Box::new(service))))
        .chain(snapshot.instances.into_iter().map(|i| Line::ContainerInstance(Box::new(i))))
        .chain(snapshot.tasks.into_iter().map(|task| Line::Task(Box::new(task))));
    for line in lines {
        serde_json::to_writer(&mut *output, &line)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// Reads what [`export`] wrote: the owner and the records.
///
/// # Errors
/// The line that is wrong and what is wrong with it; an import is all or nothing.
pub fn read(input: impl BufRead) -> Result<(String, Vec<Write>), String> {
    let mut lines = input.lines().zip(1_u64..).map(|(line, number)| {
        let text = line.map_err(|error| format!("line {number}: {error}"))?;
        serde_json::from_str::<Line>(&text).map_err(|error| format!("line {number}: {error}"))
    });
    let head = match lines.next().transpose()? {
        Some(Line::MainstayExport(head)) if head.form <= FORM => head,
        Some(Line::MainstayExport(Head { form, .. })) => {
            return Err(format!(
                "line 1: the export has form {form}, this Mainstay knows {FORM}; use a newer Mainstay"
            ));
        }
        _ => return Err("line 1: not the head of an export; `mainstay store export` writes it".into()),
    };
    let mut writes = Vec::new();
    for line in lines {
        writes.push(match line? {
            Line::MainstayExport(_) => {
                return Err("a second head in the middle: two exports in one file?".into());
            }
            Line::Cluster(cluster) => Write::Cluster(cluster),
            Line::TaskDefinition(definition) => Write::TaskDefinition(*definition),
            Line::LastRevision(family, last) => Write::LastRevision(family, last),
            Line::Service(service) => Write::Service(*service),
            Line::Task(task) => Write::Task(*task),
            Line::ContainerInstance(instance) => Write::Instance(*instance),
        });
    }
    Ok((head.owner, writes))
}
