//! What differs between what is declared and what is there, and what that takes.

use serde_json::{Map, Value, json};

use super::declared::{Declared, Image, Service};
use super::schedules::{Schedule, Step};
use crate::api::foresight;

/// Members of a CreateService that say nothing of the service.
const OF_THE_CALL: [&str; 5] = ["serviceName", "cluster", "taskDefinition", "clientToken", "tags"];

/// The member of a service that operations of its own change.
const TAGS: &str = "tags";

/// What the daemon has of a family.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) revision: i64,
    /// As it is shown.
    pub(super) shown: Value,
    pub(super) tags: Value,
}

/// What is to be done about a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefinitionStep {
    pub(super) family: String,
    /// The latest revision there is.
    pub(super) before: Option<i64>,
    /// What differs from that, by path; where nothing does, that one is run.
    pub(super) differs: Vec<String>,
}

impl DefinitionStep {
    pub(super) fn registers(&self) -> bool {
        self.before.is_none() || !self.differs.is_empty()
    }
}

/// What is to be done about a service.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ServiceStep {
    /// It is not there.
    Create,
    /// These members are as declared only after an update.
    Update(Vec<Change>),
    /// All is as declared.
    Keep,
}

/// A member of a service that is not as declared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) member: String,
    pub(super) from: Value,
    pub(super) to: Value,
}

/// All there is to do, in its order.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) declared: &'a Declared,
    pub(super) images: Vec<&'a Image>,
    pub(super) definitions: Vec<DefinitionStep>,
    pub(super) services: Vec<(&'a Service, ServiceStep)>,
    pub(super) schedules: Vec<(&'a Schedule, Step)>,
}

/// What differs between a declared task definition and the latest revision.
pub(super) fn definition(
    family: &str,
    foreseen: &Value,
    tags: &Value,
    known: Option<&Known>,
) -> DefinitionStep {
    let Some(known) = known else {
        return DefinitionStep { family: family.to_owned(), before: None, differs: Vec::new() };
    };
    let mut differs = Vec::new();
    differences("", foreseen, &foresight::without_the_daemons(known.shown.clone()), &mut differs);
    if sorted(tags) != sorted(&known.tags) {
        differs.push("tags".into());
    }
    DefinitionStep { family: family.to_owned(), before: Some(known.revision), differs }
}

/// What differs between a declared service and the one there is. `runs` is the revision it is to run, as
/// `family:revision`, where that is known before anything is registered.
///
/// # Errors
/// What cannot be changed.
pub(super) fn service(
    declared: &Service,
    runs: Option<&str>,
    known: Option<&Value>,
) -> Result<ServiceStep, String> {
    let Some(known) = known else { return Ok(ServiceStep::Create) };
    let name = &declared.name;
    if known["status"] == "DRAINING" {
        return Err(format!("the service {name} is being deleted; apply again when it is gone"));
    }
    let mut changes = Vec::new();
    let running = known["taskDefinition"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    if runs != Some(running) {
        let to = runs.map_or_else(|| format!("{}:(new)", declared.family().0), str::to_owned);
        changes.push(Change { member: "taskDefinition".into(), from: json!(running), to: json!(to) });
    }
    for (member, wanted) in &declared.request {
        let shown = &known[member];
        if OF_THE_CALL.contains(&member.as_str()) || is_in(wanted, shown) {
            continue;
        }
        if !foresight::is_updatable(member, wanted) {
            return Err(format!(
                "the service {name}: {member} is {shown} and cannot be changed to {wanted}; delete the service first, or \
                 declare it under another name"
            ));
        }
        changes.push(Change { member: member.clone(), from: shown.clone(), to: wanted.clone() });
    }
    if let Some(tags) = declared.request.get("tags").filter(|tags| sorted(tags) != sorted(&known["tags"])) {
        changes.push(Change { member: TAGS.into(), from: known["tags"].clone(), to: tags.clone() });
    }
    Ok(if changes.is_empty() { ServiceStep::Keep } else { ServiceStep::Update(changes) })
}

impl Plan<'_> {
    /// What registers a family.
    pub(super) fn request(&self, family: &str) -> Option<&Value> {
        let declared = self.declared.definitions.iter().find(|one| one.family == family);
        declared.map(|one| &one.request)
    }

    /// Whether there is anything to do.
    pub(super) fn is_empty(&self) -> bool {
        self.images.is_empty()
            && !self.definitions.iter().any(DefinitionStep::registers)
            && self.services.iter().all(|(_, step)| *step == ServiceStep::Keep)
            && self.schedules.iter().all(|(_, step)| *step == Step::Keep)
    }

    /// For people: what, which, what is done, and why.
    pub(super) fn rows(&self) -> Vec<[String; 4]> {
        let row = |kind: &str, name: &str, act: &str, why: String| {
            [kind.to_owned(), name.to_owned(), act.to_owned(), why]
        };
        let images = self
            .images
            .iter()
            .map(|image| row("image", &image.tag, "build", format!("from {}", image.context.display())));
        let definitions = self.definitions.iter().map(|step| {
            let family = &step.family;
            match step.before {
                None => row("task definition", family, "register", "its first revision".into()),
                Some(before) if step.registers() => {
                    let why = format!("revision {before} differs in {}", step.differs.join(", "));
                    row("task definition", family, "register", why)
                }
                Some(before) => row("task definition", family, "unchanged", format!("revision {before}")),
            }
        });
        let services = self.services.iter().map(|(service, step)| {
            let name = format!("{}/{}", service.cluster(), service.name);
            match step {
                ServiceStep::Create => {
                    let count = service.request.get("desiredCount").cloned().unwrap_or_default();
                    row("service", &name, "create", format!("{} × {count}", service.task_definition))
                }
                ServiceStep::Update(changes) => {
                    let shown = changes.iter().map(|one| format!("{} {} → {}", one.member, one.from, one.to));
                    row("service", &name, "update", shown.collect::<Vec<_>>().join(", "))
                }
                ServiceStep::Keep => row("service", &name, "unchanged", String::new()),
            }
        });
        let schedules = self.schedules.iter().map(|(schedule, step)| step.row(schedule));
        images.chain(definitions).chain(services).chain(schedules).collect()
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let images = self.images.iter().map(
            |image| json!({"kind": "image", "name": image.tag, "action": "build", "context": image.context}),
        );
        let definitions = self.definitions.iter().map(|step| {
            let action = if step.registers() { "register" } else { "none" };
            json!({
                "kind": "taskDefinition", "name": step.family, "action": action,
                "revision": step.before, "differs": step.differs,
            })
        });
        let services = self.services.iter().map(|(service, step)| {
            let (action, changes) = match step {
                ServiceStep::Create => ("create", Vec::new()),
                ServiceStep::Update(changes) => ("update", changes.clone()),
                ServiceStep::Keep => ("none", Vec::new()),
            };
            let change = |one: &Change| json!({"member": one.member, "from": one.from, "to": one.to});
            json!({
                "kind": "service", "name": service.name, "cluster": service.cluster(), "action": action,
                "changes": changes.iter().map(change).collect::<Vec<_>>(),
            })
        });
        let schedules = self.schedules.iter().map(|(schedule, step)| step.json(schedule));
        Value::Array(images.chain(definitions).chain(services).chain(schedules).collect())
    }
}

/// Refuses what is built and runs nowhere.
///
/// # Errors
/// The first such image; `containers` are those of the service's task definition.
pub(super) fn check_images(service: &Service, containers: &Value) -> Result<(), String> {
    let images: Vec<&str> =
        containers.as_array().into_iter().flatten().filter_map(|one| one["image"].as_str()).collect();
    match service.images.iter().find(|image| !images.contains(&image.tag.as_str())) {
        Some(image) => Err(format!(
            "{}: build: no container of the task definition {} has the image {}; they have {}",
            service.file.display(),
            service.task_definition,
            image.tag,
            images.join(", ")
        )),
        None => Ok(()),
    }
}

/// Whether it takes an UpdateService.
pub(super) fn is_of_update(change: &Change) -> bool {
    change.member != TAGS
}

/// What makes the tags of a service those that are declared: operations and their requests.
pub(super) fn retag(arn: &str, changes: &[Change]) -> Vec<(&'static str, Value)> {
    let Some(change) = changes.iter().find(|change| !is_of_update(change)) else { return Vec::new() };
    let (before, after) = (sorted(&change.from), sorted(&change.to));
    let mut calls = Vec::new();
    let new = after.iter().filter(|tag| !before.contains(tag));
    let new: Vec<Value> = new.map(|(key, value)| json!({"key": key, "value": value})).collect();
    if !new.is_empty() {
        calls.push(("TagResource", json!({"resourceArn": arn, "tags": new})));
    }
    let gone = before.iter().filter(|(key, _)| after.iter().all(|(kept, _)| kept != key));
    let gone: Vec<&String> = gone.map(|(key, _)| key).collect();
    if !gone.is_empty() {
        calls.push(("UntagResource", json!({"resourceArn": arn, "tagKeys": gone})));
    }
    calls
}

/// An UpdateService for these changes.
pub(super) fn update(service: &Service, changes: &[Change], runs: &str, force: bool) -> Value {
    let mut request = Map::new();
    request.insert("service".into(), json!(service.name));
    if let Some(cluster) = &service.cluster {
        request.insert("cluster".into(), json!(cluster));
    }
    for change in changes.iter().filter(|change| is_of_update(change)) {
        let to = if change.member == "taskDefinition" { json!(runs) } else { change.to.clone() };
        request.insert(change.member.clone(), to);
    }
    // ECS changes it in no other way.
    let shared_out = changes.iter().any(|change| change.member == "capacityProviderStrategy");
    if force || shared_out {
        request.insert("forceNewDeployment".into(), json!(true));
    }
    Value::Object(request)
}

/// Whether all that is declared is so; what is shown beside it is nobody's wish. What says nothing is so.
fn is_in(declared: &Value, shown: &Value) -> bool {
    match (declared, shown) {
        (Value::Null, _) => true,
        (Value::Object(declared), _) => declared.iter().all(|(name, value)| is_in(value, &shown[name])),
        (Value::Array(declared), Value::Array(shown)) => {
            declared.len() == shown.len() && declared.iter().zip(shown).all(|(one, other)| is_in(one, other))
        }
        (Value::Array(declared), Value::Null) => declared.is_empty(),
        (Value::Bool(false), Value::Null) => true,
        _ => declared == shown,
    }
}

/// The paths at which two values differ.
pub(super) fn differences(at: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(here), Value::Object(there)) => {
            let names = here.keys().chain(there.keys().filter(|name| !here.contains_key(*name)));
            for name in names {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                differences(&at, &one[name], &other[name], found);
            }
        }
        (Value::Array(here), Value::Array(there)) if here.len() == there.len() => {
            for (index, (one, other)) in here.iter().zip(there).enumerate() {
                differences(&format!("{at}[{index}]"), one, other, found);
            }
        }
        _ if one == other => {}
        _ => found.push(at.to_owned()),
    }
}

/// Tags, whose order says nothing.
fn sorted(tags: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = tags.as_array().into_iter().flatten().map(|tag| (text(&tag["key"]), text(&tag["value"])));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    pairs
}

/// The tags of a request.
pub(super) fn tags_of(request: &Value) -> Value {
    request.get("tags").cloned().unwrap_or_else(|| json!([]))
}

/// The families that have to be looked up: those declared, and those that services name.
pub(super) fn families(declared: &Declared) -> Vec<String> {
    let of_services = declared.services.iter().map(|service| service.family().0.to_owned());
    let mut all: Vec<String> =
        declared.definitions.iter().map(|one| one.family.clone()).chain(of_services).collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn web(more: &Value) -> Service {
        let mut request = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let Value::Object(request) = request else { panic!("an object") };
        Service {
            file: PathBuf::from("service.json"),
            name: "web".into(),
            cluster: None,
            task_definition: "web".into(),
            request,
            images: Vec::new(),
        }
    }

    fn there(more: &Value) -> Value {
        let mut shown = json!({
            "status": "ACTIVE", "desiredCount": 2, "launchType": "EC2", "tags": [],
            "taskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/web:3",
            "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200, "strategy": "ROLLING"},
        });
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shown
    }

    #[test]
    fn a_service_is_left_alone_where_all_that_is_declared_is_so() {
        let declared = web(&json!({
            "deploymentConfiguration": {"maximumPercent": 200}, "loadBalancers": [], "clientToken": "once",
            "enableExecuteCommand": false, "launchType": "EC2",
        }));
        assert_eq!(service(&declared, Some("web:3"), Some(&there(&json!({})))), Ok(ServiceStep::Keep));
        assert_eq!(service(&declared, Some("web:3"), None), Ok(ServiceStep::Create));
    }

    #[test]
    fn what_differs_is_updated_and_nothing_else_is_said() {
        let declared = web(&json!({"deploymentConfiguration": {"maximumPercent": 150}}));
        let step = service(&declared, None, Some(&there(&json!({"desiredCount": 1}))));
        let Ok(ServiceStep::Update(changes)) = step else { panic!("{step:?}") };
        let members: Vec<&str> = changes.iter().map(|change| change.member.as_str()).collect();
        assert_eq!(members, ["taskDefinition", "deploymentConfiguration", "desiredCount"]);
        assert_eq!(
            update(&declared, &changes, "web:4", true),
            json!({
                "service": "web", "taskDefinition": "web:4", "desiredCount": 2, "forceNewDeployment": true,
                "deploymentConfiguration": {"maximumPercent": 150},
            })
        );
    }

    #[test]
    fn another_capacity_provider_strategy_is_a_new_deployment() {
        let item = |weight: u32| json!([{"capacityProvider": "big", "weight": weight, "base": 0}]);
        let declared = web(&json!({"capacityProviderStrategy": item(2)}));
        let step =
            service(&declared, Some("web:3"), Some(&there(&json!({"capacityProviderStrategy": item(1)}))));
        let Ok(ServiceStep::Update(changes)) = step else { panic!("{step:?}") };
        assert_eq!(
            update(&declared, &changes, "web:3", false),
            json!({"service": "web", "capacityProviderStrategy": item(2), "forceNewDeployment": true})
        );
    }

    #[track_caller]
    fn refused(declared: &Value, shown: &Value, sign: &str) {
        let text = service(&web(declared), Some("web:3"), Some(&there(shown))).unwrap_err();
        assert!(text.contains(sign), "{text}");
    }

    #[test]
    fn what_no_update_can_change_is_said_beforehand() {
        let said = "launchType is \"EC2\" and cannot be changed to \"FARGATE\"";
        refused(&json!({"launchType": "FARGATE"}), &json!({}), said);
        refused(&json!({}), &json!({"status": "DRAINING"}), "is being deleted");
    }

    #[test]
    fn tags_are_changed_by_operations_of_their_own() {
        let tags = |text: &str| {
            let tag = |text: &str| {
                let (key, value) = text.split_once('=').unwrap();
                json!({"key": key, "value": value})
            };
            Value::Array(text.split_whitespace().map(tag).collect())
        };
        let declared = web(&json!({"tags": tags("a=1 b=2"), "desiredCount": 2}));
        let known = there(&json!({"tags": tags("b=2 a=1")}));
        assert_eq!(service(&declared, Some("web:3"), Some(&known)), Ok(ServiceStep::Keep));
        let known = there(&json!({"tags": tags("b=0 c=3")}));
        let step = service(&declared, Some("web:3"), Some(&known));
        let Ok(ServiceStep::Update(changes)) = step else { panic!("{step:?}") };
        assert_eq!(
            retag("arn", &changes),
            [
                ("TagResource", json!({"resourceArn": "arn", "tags": tags("a=1 b=2")})),
                ("UntagResource", json!({"resourceArn": "arn", "tagKeys": ["c"]})),
            ]
        );
        assert!(!changes.iter().any(is_of_update));
        assert_eq!(update(&declared, &changes, "web:3", false), json!({"service": "web"}));
    }

    #[test]
    fn a_task_definition_is_registered_only_where_it_differs_and_the_places_are_told() {
        let request = |image: &str| json!({"family": "web", "containerDefinitions": [{"name": "web", "image": image, "memory": 64}]});
        let foreseen = |image: &str| foresight::task_definition(&request(image)).unwrap();
        let mut shown = foreseen("a");
        shown["revision"] = json!(3);
        shown["registeredAt"] = json!(1.5);
        shown["taskDefinitionArn"] = json!("arn");
        let known =
            Known { revision: 3, shown, tags: json!([{"key": "b", "value": ""}, {"key": "a", "value": ""}]) };
        let tags = json!([{"key": "a", "value": ""}, {"key": "b", "value": ""}]);
        let same = definition("web", &foreseen("a"), &tags, Some(&known));
        assert!(!same.registers(), "{same:?}");
        let other = definition("web", &foreseen("b"), &json!([]), Some(&known));
        assert_eq!(other.differs, ["containerDefinitions[0].image", "tags"]);
        assert!(definition("web", &foreseen("b"), &tags, None).registers());
    }

    #[test]
    fn an_image_that_no_container_runs_is_not_built() {
        let mut declared = web(&json!({}));
        let image = |tag: &str| Image {
            tag: tag.into(),
            context: ".".into(),
            dockerfile: None,
            arguments: Vec::new(),
            target: None,
            no_cache: false,
        };
        declared.images = vec![image("shop/web:1")];
        assert_eq!(check_images(&declared, &json!([{"image": "shop/web:1"}])), Ok(()));
        let text = check_images(&declared, &json!([{"image": "a"}, {"image": "b"}])).unwrap_err();
        assert!(text.contains("has the image shop/web:1; they have a, b"), "{text}");
    }
}
