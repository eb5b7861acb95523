//! Log groups and their streams, as the containers of the tasks in the view name them.

use std::collections::BTreeMap;

use mainstay_actors::view::View;
use mainstay_core::model::{LogConfiguration, Task};
use mainstay_core::{EngineId, Partition};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    region: String,
    /// When the first task that is known of was made; milliseconds since 1970.
    pub created_at: i64,
}

/// A stream of a group: what one container prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    pub name: String,
    pub id: EngineId,
    /// When its task was made: the engine says a container has started after it may have printed. Milliseconds since
    /// 1970.
    pub created_at: i64,
}

impl Group {
    /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`.
    pub fn arn(&self, here: &Partition) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{}", self.region, here.account, self.name)
    }

    /// Whether a name or an ARN means it.
    pub fn is(&self, here: &Partition, given: &str) -> bool {
        if given.starts_with("arn:") { given == self.arn(here) } else { given == self.name }
    }
}

/// All groups, by name.
pub(super) fn all(view: &View) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for task in view.tasks.all() {
        each(view, &task, |_, configuration| {
            let Some(name) = configuration.option("awslogs-group") else { return };
            let region = configuration.option("awslogs-region").unwrap_or_default();
            let group =
                Group { name: name.to_owned(), region: region.to_owned(), created_at: task.created_at.0 };
            let known = groups.entry(group.name.clone()).or_insert(group);
            known.created_at = known.created_at.min(task.created_at.0);
        });
    }
    groups.into_values().collect()
}

/// The streams of a group whose containers have started.
pub(super) fn streams(view: &View, group: &Group) -> Vec<Stream> {
    let mut streams = Vec::new();
    for task in view.tasks.all() {
        each(view, &task, |name, configuration| {
            if configuration.option("awslogs-group") != Some(&group.name) {
                return;
            }
            let Some(container) = task.containers.iter().find(|container| container.name == name) else {
                return;
            };
            if let (Some(id), Some(_)) = (&container.runtime_id, container.started_at) {
                let stream = configuration.stream(name, &task.id);
                streams.push(Stream {
                    name: stream.unwrap_or_else(|| id.to_string()),
                    id: id.clone(),
                    created_at: task.created_at.0,
                });
            }
        });
    }
    streams
}

/// The containers of a task that print to CloudWatch.
fn each(view: &View, task: &Task, mut act: impl FnMut(&str, &LogConfiguration)) {
    let Some(definition) = view.definitions.get(&task.definition) else { return };
    for container in &definition.containers {
        let configuration = container.log_configuration.as_ref();
        if let Some(found) = configuration.filter(|found| found.driver == LogConfiguration::AWSLOGS) {
            act(&container.name, found);
        }
    }
}
