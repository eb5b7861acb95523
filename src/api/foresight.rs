//! What a request will come to, told without a daemon: `mainstay apply` compares it with what is there.

use mainstay_core::Partition;
use serde_json::{Map, Value, json};

use super::body;
use super::definitions;
use super::wire::operations::Operation;
use super::wire::structures::{CreateServiceRequest, RegisterTaskDefinitionRequest, UpdateServiceRequest};

/// Members of a task definition that are the daemon's to give, or that are shown beside it.
const THE_DAEMONS: [&str; 10] = [
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "tags",
    "taskDefinitionArn",
];

/// The task definition that a RegisterTaskDefinition would make, as it would be shown, without what only the daemon
/// can give.
///
/// # Errors
/// What the API would answer.
pub(crate) fn task_definition(request: &Value) -> Result<Value, String> {
    let body = request.to_string();
    let read =
        body::parse::<RegisterTaskDefinitionRequest>(Operation::RegisterTaskDefinition, body.as_bytes());
    let shown = read.and_then(|request| definitions::foresee(&Partition::default(), request));
    let shown = shown.map_err(|error| error.message().to_owned())?;
    serde_json::to_value(shown).map(without_the_daemons).map_err(|error| error.to_string())
}

/// A task definition as shown, without what only the daemon can give.
pub(crate) fn without_the_daemons(mut shown: Value) -> Value {
    if let Value::Object(members) = &mut shown {
        members.retain(|name, _| !THE_DAEMONS.contains(&name.as_str()));
    }
    shown
}

/// Whether a CreateService has only members that there are, with values of their types.
///
/// # Errors
/// What the API would answer.
pub(crate) fn create_service(request: &Value) -> Result<(), String> {
    let body = request.to_string();
    let read = body::parse::<CreateServiceRequest>(Operation::CreateService, body.as_bytes());
    read.map(drop).map_err(|error| error.message().to_owned())
}

/// Whether a CreateSchedule has only members that there are, with values of their types, and times that can be read.
///
/// # Errors
/// What the API would answer.
pub(crate) fn create_schedule(request: &Value) -> Result<(), String> {
    super::scheduler::foresee(request.to_string().as_bytes()).map_err(|error| error.message().to_owned())
}

/// Whether an UpdateService takes a member with such a value.
pub(crate) fn is_updatable(member: &str, value: &Value) -> bool {
    let mut request = Map::new();
    request.insert("service".into(), json!("any"));
    request.insert(member.into(), value.clone());
    let body = Value::Object(request).to_string();
    body::parse::<UpdateServiceRequest>(Operation::UpdateService, body.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_would_refuse_is_refused_in_its_words() {
        let refused = |request: Value| task_definition(&request).unwrap_err();
        let said = refused(json!({"family": "web", "containerDefinition": []}));
        assert!(said.starts_with("containerDefinition: unknown field"), "{said}");
        assert_eq!(
            refused(json!({"family": "web", "containerDefinitions": []})),
            "Container list cannot be empty."
        );
        let said = create_service(&json!({"serviceName": "web", "desiredCount": "2"})).unwrap_err();
        assert!(said.starts_with("desiredCount: invalid type"), "{said}");
    }

    #[test]
    fn what_an_update_can_change_is_told_from_what_it_cannot() {
        assert!(is_updatable("desiredCount", &json!(3)));
        assert!(!is_updatable("launchType", &json!("FARGATE")) && !is_updatable("role", &json!("arn")));
    }

    #[test]
    fn nothing_of_a_foreseen_definition_depends_on_when_it_is_registered() {
        let request =
            json!({"family": "web", "containerDefinitions": [{"name": "a", "image": "b", "memory": 64}]});
        let foreseen = task_definition(&request).unwrap();
        assert_eq!((&foreseen["family"], &foreseen["networkMode"]), (&json!("web"), &json!("bridge")));
        assert!(THE_DAEMONS.iter().all(|member| foreseen.get(member).is_none()), "{foreseen}");
    }
}
