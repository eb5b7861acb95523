//! The store as text: one JSON object a line, the head first, so that people and programs can read it, keep it
//! and put it back.

use std::io::{BufRead, Write as Output};

use super::codec::{v1, v2};
use mainstay_actors::ports::{Snapshot, Write};
use mainstay_core::Family;
use mainstay_core::model::{
    CapacityProvider, Cluster, ContainerInstance, Schedule, ScheduleGroup, Service, Task, TaskDefinition,
};
use serde::{Deserialize, Serialize};

/// The form that is written; a file of a newer one is refused.
const FORM: u32 = 3;

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
    CapacityProvider(Box<CapacityProvider>),
    ScheduleGroup(ScheduleGroup),
    Schedule(Box<Schedule>),
}

/// One line of form 1.
#[derive(Deserialize)]
#[serde(tag = "kind", content = "record", rename_all = "kebab-case")]
enum FirstLine {
    MainstayExport(Head),
    Cluster(Cluster),
    TaskDefinition(Box<v1::TaskDefinition>),
    LastRevision(Family, u32),
    Service(Box<v1::Service>),
    Task(Box<v1::Task>),
    ContainerInstance(Box<ContainerInstance>),
}

impl TryFrom<FirstLine> for Line {
    type Error = String;

    fn try_from(old: FirstLine) -> Result<Self, String> {
        Ok(match old {
            FirstLine::MainstayExport(head) => Self::MainstayExport(head),
            FirstLine::Cluster(cluster) => Self::Cluster(cluster),
            FirstLine::TaskDefinition(definition) => {
                Self::TaskDefinition(v2::grown(&v2::TaskDefinition::from(*definition))?)
            }
            FirstLine::LastRevision(family, last) => Self::LastRevision(family, last),
            FirstLine::Service(service) => Self::Service(v2::grown(&v2::Service::from(*service))?),
            FirstLine::Task(task) => Self::Task(v2::grown(&v2::Task::from(*task))?),
            FirstLine::ContainerInstance(instance) => Self::ContainerInstance(instance),
        })
    }
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
        .chain(snapshot.capacity_providers.into_iter().map(|p| Line::CapacityProvider(Box::new(p))))
        .chain(snapshot.tasks.into_iter().map(|task| Line::Task(Box::new(task))))
        .chain(snapshot.schedule_groups.into_iter().map(Line::ScheduleGroup))
        .chain(snapshot.schedules.into_iter().map(|schedule| Line::Schedule(Box::new(schedule))));
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
    let mut lines = input.lines().zip(1_u64..);
    let parse = |(line, number): (std::io::Result<String>, u64), form: u32| {
        let text = line.map_err(|error| format!("line {number}: {error}"))?;
        let parsed = match form {
            1 => serde_json::from_str::<FirstLine>(&text)
                .map_err(|error| error.to_string())
                .and_then(Line::try_from),
            // What records got since form 2 has a default.
            _ => serde_json::from_str(&text).map_err(|error| error.to_string()),
        };
        parsed.map_err(|error| format!("line {number}: {error}"))
    };
    let head = match lines.next().map(|line| parse(line, FORM)).transpose()? {
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
        writes.push(match parse(line, head.form)? {
            Line::MainstayExport(_) => {
                return Err("a second head in the middle: two exports in one file?".into());
            }
            Line::Cluster(cluster) => Write::Cluster(cluster),
            Line::TaskDefinition(definition) => Write::TaskDefinition(*definition),
            Line::LastRevision(family, last) => Write::LastRevision(family, last),
            Line::Service(service) => Write::Service(*service),
            Line::Task(task) => Write::Task(*task),
            Line::ContainerInstance(instance) => Write::Instance(*instance),
            Line::CapacityProvider(provider) => Write::CapacityProvider(*provider),
            Line::ScheduleGroup(group) => Write::ScheduleGroup(group),
            Line::Schedule(schedule) => Write::Schedule(*schedule),
        });
    }
    Ok((head.owner, writes))
}
