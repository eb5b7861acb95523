use std::sync::Arc;
use std::time::Duration;

use mainstay_core::ScheduleKey;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;
use crate::api::tests::support::{Tree, eventually, tree};
use crate::exec::Execs;
use crate::logs::Logs;

const CLUSTER: &str = "arn:aws:ecs:us-east-1:000000000000:cluster/default";
const ROLE: &str = "arn:aws:iam::000000000000:role/scheduler";

fn api(tree: &Tree) -> Api {
    Api {
        control: tree.control.clone(),
        logs: Logs::new(tree.control.clone(), None, 1),
        execs: Execs::new(None, 1, Duration::from_secs(1)),
        secure: false,
        slots: Semaphore::new(1),
    }
}

/// The answer, or the refusal's code and words.
async fn ask(tree: &Tree, operation: Operation, input: Value) -> Result<Value, String> {
    let answer = carry_out(&api(tree), operation, input.to_string().as_bytes()).await;
    answer.map(|bytes| serde_json::from_slice(&bytes).unwrap()).map_err(|error| error.to_string())
}

/// A daily schedule of the task definition `web`, changed so.
fn schedule(changes: Value) -> Value {
    let mut input = json!({
        "Name": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": CLUSTER, "RoleArn": ROLE, "EcsParameters": {"TaskDefinitionArn": "web"}},
    });
    merge(&mut input, changes);
    input
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, value) in changes {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes,
    }
}

async fn register(tree: &Tree) {
    let api = api(tree);
    let container = json!({"name": "web", "image": "nginx", "cpu": 10, "memory": 100});
    let input = json!({"family": "web", "containerDefinitions": [container]}).to_string();
    let input =
        body::parse(crate::api::wire::operations::Operation::RegisterTaskDefinition, input.as_bytes());
    crate::api::definitions::register(&api, input.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_schedule_is_made_shown_changed_listed_and_deleted() {
    let tree = tree().await;
    let made = ask(&tree, Operation::CreateSchedule, schedule(json!({"Description": "once a night"}))).await;
    let arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly";
    assert_eq!(made, Ok(json!({"ScheduleArn": arn})));
    let name = json!({"Name": "nightly"});
    let mut shown = ask(&tree, Operation::GetSchedule, name.clone()).await.unwrap();
    let dates = [shown["CreationDate"].take(), shown["LastModificationDate"].take()];
    assert!(dates[0].as_f64().is_some_and(|date| date > 1.7e9) && dates[0] == dates[1], "{dates:?}");
    let expected = schedule(json!({
        "Arn": arn, "GroupName": "default", "Description": "once a night", "State": "ENABLED",
        "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE",
        "CreationDate": null, "LastModificationDate": null,
    }));
    assert_eq!(shown, expected);
    let twice = ask(&tree, Operation::CreateSchedule, schedule(json!({}))).await;
    assert_eq!(twice, Err("ConflictException: Schedule nightly already exists.".into()));
    let change = schedule(
        json!({"State": "DISABLED", "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}),
    );
    ask(&tree, Operation::UpdateSchedule, change).await.unwrap();
    let shown = ask(&tree, Operation::GetSchedule, name.clone()).await.unwrap();
    assert_eq!((&shown["State"], &shown["Description"]), (&json!("DISABLED"), &Value::Null));
    assert_eq!(shown["FlexibleTimeWindow"], json!({"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}));
    let listed =
        ask(&tree, Operation::ListSchedules, json!({"State": "DISABLED", "NamePrefix": "night"})).await;
    assert_eq!(listed.unwrap()["Schedules"][0]["Target"], json!({"Arn": CLUSTER}));
    let none = ask(&tree, Operation::ListSchedules, json!({"State": "ENABLED"})).await.unwrap();
    assert_eq!(none, json!({"Schedules": []}));
    ask(&tree, Operation::DeleteSchedule, name.clone()).await.unwrap();
    let gone = Err("ResourceNotFoundException: Schedule nightly does not exist.".to_owned());
    assert_eq!(ask(&tree, Operation::GetSchedule, name.clone()).await, gone);
    assert_eq!(ask(&tree, Operation::DeleteSchedule, name).await, gone);
    assert_eq!(ask(&tree, Operation::UpdateSchedule, schedule(json!({}))).await, gone);
}

#[tokio::test]
async fn groups_hold_schedules_and_tags() {
    let tree = tree().await;
    let arn = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/shop";
    let new = json!({"Name": "shop", "Tags": [{"Key": "team", "Value": "a"}]});
    assert_eq!(
        ask(&tree, Operation::CreateScheduleGroup, new.clone()).await,
        Ok(json!({"ScheduleGroupArn": arn}))
    );
    let twice = ask(&tree, Operation::CreateScheduleGroup, new).await;
    assert_eq!(twice, Err("ConflictException: Schedule group shop already exists.".into()));
    ask(&tree, Operation::CreateSchedule, schedule(json!({"GroupName": "shop"}))).await.unwrap();
    let nowhere = ask(&tree, Operation::CreateSchedule, schedule(json!({"GroupName": "other"}))).await;
    assert_eq!(nowhere, Err("ResourceNotFoundException: Schedule group other does not exist.".into()));
    let tag =
        json!({"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "b"}, {"Key": "x", "Value": "y"}]});
    ask(&tree, Operation::TagResource, tag).await.unwrap();
    ask(&tree, Operation::UntagResource, json!({"ResourceArn": arn, "TagKeys": ["x"]})).await.unwrap();
    let tags = ask(&tree, Operation::ListTagsForResource, json!({"ResourceArn": arn})).await.unwrap();
    assert_eq!(tags, json!({"Tags": [{"Key": "team", "Value": "b"}]}));
    let listed = ask(&tree, Operation::ListScheduleGroups, json!({"MaxResults": 1})).await.unwrap();
    assert_eq!(listed["ScheduleGroups"][0]["Name"], "default");
    let rest = json!({"NextToken": listed["NextToken"]});
    let listed = ask(&tree, Operation::ListScheduleGroups, rest).await.unwrap();
    assert_eq!(listed["ScheduleGroups"][0]["Name"], "shop");
    ask(&tree, Operation::DeleteScheduleGroup, json!({"Name": "shop"})).await.unwrap();
    assert!(tree.ctx.view.schedules.is_empty());
    let kept = ask(&tree, Operation::DeleteScheduleGroup, json!({"Name": "default"})).await;
    assert_eq!(kept, Err("ValidationException: The default schedule group cannot be deleted.".into()));
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_with_what_would_be_right() {
    let tree = tree().await;
    tree.host("default").await;
    register(&tree).await;
    for (changes, expected) in [
        (
            json!({"ScheduleExpression": "cron(0 3 * * *)"}),
            "Invalid Schedule Expression cron(0 3 * * *): column 6: cron has 5 fields; it must have 6: minutes, hours, \
             day-of-month, month, day-of-week and year.",
        ),
        (
            json!({"ScheduleExpression": "at(2020-01-01T00:00:00)"}),
            "Invalid Schedule Expression at(2020-01-01T00:00:00): it means no time from now on, up to the EndDate.",
        ),
        (
            json!({"ScheduleExpressionTimezone": "Mars/Olympus"}),
            "Invalid ScheduleExpressionTimezone: 'Mars/Olympus' must be a time zone of the IANA database, such as \
             Europe/Berlin or UTC.",
        ),
        (
            json!({"StartDate": 2000000000, "EndDate": 1900000000}),
            "Invalid EndDate: the end date must be later than the start date.",
        ),
        (
            json!({"Name": "a b"}),
            "Name is 'a b'; it must be 1 to 64 letters, digits, hyphens, underscores and dots.",
        ),
        (
            json!({"Target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:cleanup"}}),
            "Target.Arn is 'arn:aws:lambda:us-east-1:000000000000:function:cleanup'; Mainstay runs ECS tasks only, so \
             that it must be a cluster's, arn:aws:ecs:us-east-1:000000000000:cluster/NAME, with EcsParameters.",
        ),
        (
            json!({"Target": {"RoleArn": "scheduler"}}),
            "Target.RoleArn is 'scheduler'; it must be arn:aws:iam::ACCOUNT:role/NAME.",
        ),
        (
            json!({"Target": {"EcsParameters": null}}),
            "Target.EcsParameters is absent; a cluster as target needs it, with a TaskDefinitionArn.",
        ),
        (
            json!({"Target": {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dead"}}}),
            "Target.DeadLetterConfig must be absent: there is no queue to send to; what was given up is in the log and \
             in mainstay_schedule_runs_total.",
        ),
        (
            json!({"Target": {"EcsParameters": {"Tags": [{"mainstay:overlap": "never"}]}}}),
            "Target.EcsParameters.Tags: mainstay:overlap is 'never'; it must be allow, skip or replace.",
        ),
        (
            json!({"Target": {"EcsParameters": {"TaskCount": 11}}}),
            "Target.EcsParameters.TaskCount is 11; it must be 1 to 10.",
        ),
        (
            json!({"Target": {"Input": "{\"containerOverrides\": [{\"name\": \"other\"}]}"}}),
            "Target: Override for container named other is not a container in the TaskDefinition.",
        ),
        (
            json!({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}),
            "FlexibleTimeWindow.MaximumWindowInMinutes is absent; it must be 1 to 1440 where Mode is FLEXIBLE.",
        ),
        (json!({"State": "OFF"}), "State is 'OFF'; it must be one of ENABLED, DISABLED."),
    ] {
        let answer = ask(&tree, Operation::CreateSchedule, schedule(changes)).await;
        assert_eq!(answer, Err(format!("ValidationException: {expected}")));
    }
    let input = json!({"Target": {"Input": "now"}});
    let refused = ask(&tree, Operation::CreateSchedule, schedule(input)).await.unwrap_err();
    assert!(refused.starts_with("ValidationException: Target.Input: The body is not JSON"), "{refused}");
    assert!(tree.ctx.view.schedules.is_empty());
}

#[tokio::test]
async fn a_run_is_a_run_task_with_all_that_the_target_says() {
    let tree = tree().await;
    tree.ctx.know_schedule_targets_by(Arc::new(Targets));
    tree.host("default").await;
    register(&tree).await;
    let input = r#"{"containerOverrides": [{"name": "web", "environment": [
        {"name": "AT", "value": "<aws.scheduler.scheduled-time>"}, {"name": "TRY", "value": "<aws.scheduler.attempt-number>"}
    ]}]}"#;
    let new = schedule(json!({
        "ScheduleExpression": "rate(1 hour)",
        "Target": {"Input": input, "EcsParameters": {
            "TaskCount": 2, "Group": "nightly", "EnableExecuteCommand": true, "EnableECSManagedTags": true,
            "PlacementStrategy": [{"type": "binpack", "field": "memory"}],
            "PlacementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
            "Tags": [{"key": "team", "value": "web"}, {"stage": "test"}, {"mainstay:overlap": "skip", "mainstay:missed": "all"}],
        }},
    }));
    ask(&tree, Operation::CreateSchedule, new).await.unwrap();
    eventually(|| tree.ctx.view.tasks.len() == 2).await;
    for task in tree.ctx.view.tasks.all() {
        assert_eq!(task.started_by.as_deref(), Some("chronos-schedule/nightly"));
        assert_eq!(task.group, "nightly");
        assert!(task.enable_execute_command);
        let tags: Vec<&str> = task.tags.iter().map(|tag| tag.key.as_str()).collect();
        assert_eq!(tags, ["team", "stage", "aws:ecs:clusterName"]);
        let variables = &task.overrides.containers[0].environment;
        assert!(variables[0].1.ends_with('Z') && variables[1].1 == "1", "{variables:?}");
    }
    let key = ScheduleKey {
        group: mainstay_core::ScheduleGroupName::new("default"),
        name: mainstay_core::ScheduleName::new("nightly"),
    };
    let settings = &tree.ctx.view.schedules.get(&key).unwrap().settings;
    assert_eq!(settings.overlap, Some(mainstay_core::schedule::Overlap::Skip));
    assert_eq!(settings.missed, Some(mainstay_core::schedule::Missed::All));
}
