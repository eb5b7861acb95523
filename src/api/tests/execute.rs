//! ExecuteCommand up to its answer, and what a cluster says of its sessions.

use serde_json::{Value, json};

use super::support::{eventually, tree};
use super::{ask, register};

#[tokio::test]
async fn execute_command_says_in_the_words_of_ecs_why_it_cannot() {
    let tree = tree().await;
    tree.host("default").await;
    register(&tree).await;
    let run = async |input: Value| {
        let ran = ask(&tree, "RunTask", input).await.unwrap();
        let arn = ran["tasks"][0]["taskArn"].clone();
        let running = || {
            tree.ctx.view.tasks.any(|task| {
                arn.as_str().is_some_and(|arn| arn.ends_with(task.id.as_str())) && task.started_at.is_some()
            })
        };
        eventually(running).await;
        arn
    };
    let with = run(json!({"taskDefinition": "web", "enableExecuteCommand": true})).await;
    let without = run(json!({"taskDefinition": "web"})).await;
    let seen = ask(&tree, "DescribeTasks", json!({"tasks": [with, without]})).await.unwrap();
    assert_eq!(seen["tasks"][0]["enableExecuteCommand"], true);
    let agent =
        json!([{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING", "lastStartedAt": 1_700_000_000.0}]);
    assert_eq!(seen["tasks"][0]["containers"][0]["managedAgents"], agent);
    assert_eq!(seen["tasks"][1]["containers"][0]["managedAgents"], Value::Null);
    let execute = async |task: &Value, command: &str, interactive: bool| {
        let input = json!({"task": task, "command": command, "interactive": interactive});
        ask(&tree, "ExecuteCommand", input).await.unwrap_err()
    };
    for (refusal, expected) in [
        (
            execute(&without, "sh", true).await,
            "InvalidParameterException: The execute command failed because execute command was not enabled",
        ),
        (
            execute(&with, "sh", false).await,
            "InvalidParameterException: Interactive is the only mode supported currently.",
        ),
        (execute(&with, "  ", true).await, "InvalidParameterException: command can not be blank."),
        (
            execute(&with, "sh -c 'ls", true).await,
            "InvalidParameterException: command is 'sh -c 'ls'; a quote",
        ),
        (
            execute(&with, "sh", true).await,
            "TargetNotConnectedException: The execute command failed due to an internal error. Try again later.",
        ),
    ] {
        assert!(refusal.starts_with(expected), "{refusal}");
    }
}

#[tokio::test]
async fn sessions_that_are_to_be_logged_are_refused_by_name_and_those_that_are_not_are_shown_so() {
    let tree = tree().await;
    let create = async |configuration: Value| {
        ask(&tree, "CreateCluster", json!({"clusterName": "shop", "configuration": configuration})).await
    };
    let exec = |configuration: Value| json!({"executeCommandConfiguration": configuration});
    for (configuration, path) in [
        (exec(json!({"kmsKeyId": "k"})), "executeCommandConfiguration.kmsKeyId is"),
        (
            exec(json!({"logging": "NONE", "logConfiguration": {"s3BucketName": "b"}})),
            "executeCommandConfiguration.logConfiguration is",
        ),
        (exec(json!({"logging": "DEFAULT"})), "executeCommandConfiguration.logging DEFAULT is"),
        (json!({"managedStorageConfiguration": {"kmsKeyId": "k"}}), "managedStorageConfiguration is"),
    ] {
        let refusal = create(configuration).await.unwrap_err();
        let expected = format!("ClientException: configuration.{path} not supported by Mainstay yet");
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
    let none = exec(json!({"logging": "NONE"}));
    assert_eq!(create(none.clone()).await.unwrap()["cluster"]["configuration"], none);
    let described = async |include: Value| {
        let answer = ask(&tree, "DescribeClusters", json!({"clusters": ["shop"], "include": include})).await;
        answer.unwrap()["clusters"][0]["configuration"].clone()
    };
    assert_eq!(described(json!(["CONFIGURATIONS"])).await, none);
    assert_eq!(described(json!([])).await, Value::Null);
}
