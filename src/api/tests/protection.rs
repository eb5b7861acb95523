//! UpdateTaskProtection and GetTaskProtection.

use serde_json::{Value, json};

use super::support::tree;
use super::{HERE, ask, refused, register, service_when, stable};

fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

#[tokio::test]
async fn a_services_task_is_protected_for_as_long_as_was_asked_and_shown_so() {
    let tree = tree().await;
    tree.host("default").await;
    register(&tree).await;
    let input = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1});
    ask(&tree, "CreateService", input).await.unwrap();
    service_when(&tree, stable).await;
    let listed = ask(&tree, "ListTasks", json!({"serviceName": "web"})).await.unwrap();
    let arn = listed["taskArns"][0].as_str().unwrap().to_owned();
    let get = async || {
        let answer = ask(&tree, "GetTaskProtection", json!({"cluster": "default", "tasks": [arn]})).await;
        answer.unwrap()
    };
    let unprotected =
        json!({"protectedTasks": [{"taskArn": arn, "protectionEnabled": false}], "failures": []});
    assert_eq!(get().await, unprotected);
    for (minutes, seconds) in [(Value::Null, 7200.0), (json!(1), 60.0), (json!(2880), 172_800.0)] {
        let input = json!({
            "cluster": "default", "tasks": [arn], "protectionEnabled": true, "expiresInMinutes": minutes,
        });
        let began = now();
        let answer = ask(&tree, "UpdateTaskProtection", input).await.unwrap();
        assert_eq!(answer["failures"], json!([]));
        let task = &answer["protectedTasks"][0];
        assert_eq!((&task["taskArn"], &task["protectionEnabled"]), (&json!(arn), &json!(true)));
        let left = task["expirationDate"].as_f64().unwrap() - began;
        assert!((seconds - 1.0..seconds + 10.0).contains(&left), "{left} s");
        assert_eq!(get().await["protectedTasks"], answer["protectedTasks"]);
    }
    let input = json!({"cluster": "default", "tasks": [arn], "protectionEnabled": false});
    assert_eq!(ask(&tree, "UpdateTaskProtection", input).await.unwrap(), unprotected);
}

#[tokio::test]
async fn what_cannot_be_protected_is_a_failure_or_refused_as_ecs_does() {
    let tree = tree().await;
    tree.host("default").await;
    register(&tree).await;
    let ran = ask(&tree, "RunTask", json!({"taskDefinition": "web"})).await.unwrap();
    let alone = ran["tasks"][0]["taskArn"].as_str().unwrap();
    let unknown = format!("{HERE}:task/default/0123456789abcdef0123456789abcdef");
    let input = json!({"cluster": "default", "tasks": [alone, unknown], "protectionEnabled": true});
    let set = ask(&tree, "UpdateTaskProtection", input).await.unwrap();
    let input = json!({"cluster": "default", "tasks": [alone, unknown]});
    assert_eq!(ask(&tree, "GetTaskProtection", input).await.unwrap(), set);
    assert_eq!(set["protectedTasks"], json!([]));
    let failures = &set["failures"];
    assert_eq!((&failures[0]["arn"], &failures[0]["reason"]), (&json!(alone), &json!("TASK_NOT_VALID")));
    assert_eq!(failures[1], json!({"arn": unknown, "reason": "MISSING"}));
    for (input, expected) in [
        (
            json!({"cluster": "default", "tasks": [alone], "protectionEnabled": true, "expiresInMinutes": 2881}),
            "InvalidParameterException: expiresInMinutes is 2881; it must be 1 to 2880.",
        ),
        (
            json!({"cluster": "default", "tasks": [alone], "protectionEnabled": true, "expiresInMinutes": 0}),
            "InvalidParameterException: expiresInMinutes is 0; it must be 1 to 2880.",
        ),
        (
            json!({"cluster": "default", "tasks": vec![alone; 11], "protectionEnabled": true}),
            "InvalidParameterException: taskIds can have at most 10 items.",
        ),
        (
            json!({"cluster": "default", "tasks": [], "protectionEnabled": true}),
            "InvalidParameterException: Tasks cannot be empty.",
        ),
        (
            json!({"cluster": "no", "tasks": [alone], "protectionEnabled": true}),
            "ClusterNotFoundException: Cluster not found.",
        ),
    ] {
        refused(ask(&tree, "UpdateTaskProtection", input).await, expected);
    }
    let input = json!({"cluster": "default", "tasks": vec![alone; 101]});
    let many = "InvalidParameterException: taskIds can have at most 100 items.";
    refused(ask(&tree, "GetTaskProtection", input).await, many);
}
