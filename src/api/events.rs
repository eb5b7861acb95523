//! Events in EventBridge's JSON: the details of a task's and of a container instance's event are what DescribeTasks and
//! DescribeContainerInstances show, with times as texts.
//!
//! Source: "Amazon ECS events" of the Amazon ECS Developer Guide.

use mainstay_actors::context::Surroundings;
use mainstay_actors::ports::EventShapes;
use mainstay_core::Partition;
use mainstay_core::events::Happening;
use mainstay_core::model::{ServiceAction, Timestamp};
use serde_json::{Map, Value, json};

use super::{Scene, instances, tasks};

/// EventBridge's shapes.
pub(crate) struct EventBridge;

impl EventShapes for EventBridge {
    fn json(&self, ctx: &Surroundings, id: &str, at: Timestamp, happening: &Happening<'_>) -> String {
        let scene = Scene { view: &ctx.view, here: &ctx.settings.partition };
        event(scene, id, at, happening).to_string()
    }
}

fn event(scene: Scene<'_>, id: &str, at: Timestamp, happening: &Happening<'_>) -> Value {
    let here = scene.here();
    let (resource, detail) = match happening {
        Happening::Task(task) => {
            (here.task(&task.cluster, &task.id), of_record(&tasks::show::task(scene, task, false), at))
        }
        Happening::Instance(instance) => {
            let mut detail = of_record(&instances::show(scene, instance, &[]), at);
            detail["clusterArn"] = here.cluster(&instance.cluster).into();
            (here.instance(&instance.cluster, &instance.id), detail)
        }
        Happening::Action { service, .. }
        | Happening::DesiredCount(service)
        | Happening::Deployment { service, .. } => {
            (here.service(&service.key), of_service(here, at, happening))
        }
    };
    json!({
        "version": "0",
        "id": id,
        "detail-type": happening.kind().as_str(),
        "source": "aws.ecs",
        "account": here.account,
        "time": time(at, 0),
        "region": here.region,
        "resources": [resource],
        "detail": detail,
    })
}

/// What the API shows of a record, with times as texts, and when it was told of. Tags are no part of it, as in ECS.
fn of_record(shown: &impl serde::Serialize, at: Timestamp) -> Value {
    // Records of the wire are made of texts, numbers and lists: there is nothing to go wrong.
    let mut detail = serde_json::to_value(shown).unwrap_or_default();
    times_as_text(&mut detail);
    if let Value::Object(members) = &mut detail {
        members.remove("tags");
        members.insert("updatedAt".into(), time(at, 3).into());
    }
    detail
}

/// Members whose names end in `At` are times, and no others are: seconds since 1970 become texts.
fn times_as_text(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_f64().filter(|_| name.ends_with("At")) {
                    Some(seconds) => *member = time(Timestamp((seconds * 1000.0).round() as i64), 3).into(),
                    None => times_as_text(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(times_as_text),
        _ => {}
    }
}

/// What only services' events have.
fn of_service(here: &Partition, at: Timestamp, happening: &Happening<'_>) -> Value {
    let mut detail = Map::new();
    let mut say = |name: &str, value: Value| drop(detail.insert(name.to_owned(), value));
    if let Some((name, weight)) = happening.name() {
        say("eventType", weight.as_str().into());
        say("eventName", name.into());
    }
    match happening {
        Happening::Deployment { deployment, .. } => {
            say("deploymentId", deployment.id.to_string().into());
            say("updatedAt", time(deployment.updated_at, 3).into());
            say("reason", deployment.rollout_state_reason.clone().into());
        }
        Happening::Action { service, action, .. } => {
            say("clusterArn", here.cluster(&service.key.cluster).into());
            if let ServiceAction::TaskPlacementFailure { reason } = action {
                say("reason", reason.clone().into());
            }
            say("createdAt", time(at, 3).into());
        }
        Happening::DesiredCount(service) => {
            say("clusterArn", here.cluster(&service.key.cluster).into());
            say("desiredCount", service.desired_count.into());
            say("createdAt", time(at, 3).into());
        }
        Happening::Task(_) | Happening::Instance(_) => {}
    }
    Value::Object(detail)
}

/// RFC 3339, with so many digits of a second.
fn time(at: Timestamp, digits: usize) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    format!("{time:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_texts_wherever_they_stand_and_nothing_else_changes() {
        let mut detail = json!({
            "createdAt": 1_769_860_800.125,
            "containers": [{"exitCode": 137, "managedAgents": [{"lastStartedAt": 1_769_860_800.0}]}],
            "version": 3,
        });
        times_as_text(&mut detail);
        let expected = json!({
            "createdAt": "2026-01-31T12:00:00.125Z",
            "containers": [{"exitCode": 137, "managedAgents": [{"lastStartedAt": "2026-01-31T12:00:00.000Z"}]}],
            "version": 3,
        });
        assert_eq!(detail, expected);
        assert_eq!(time(Timestamp(1_769_860_800_999), 0), "2026-01-31T12:00:00Z");
    }
}
