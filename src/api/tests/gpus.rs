//! GPUs in task definitions and overrides.

use serde_json::{Value, json};

use super::support::tree;
use super::{ask, refused};

fn asking(name: &str, value: &str) -> Value {
    json!({"name": name, "image": "nginx", "memory": 100, "resourceRequirements": [{"type": "GPU", "value": value}]})
}

#[tokio::test]
async fn an_override_asks_for_gpus_as_a_definition_does_and_all_are_for_one_container_only() {
    let tree = tree().await;
    tree.host("default").await;
    let both = json!({"family": "both", "containerDefinitions": [asking("a", "ALL"), asking("b", "ALL")]});
    let twice = "Containers 'a' and 'b' both have the value ALL for the resource requirement GPU; one container at most \
                 can have it.";
    refused(ask(&tree, "RegisterTaskDefinition", both).await, &format!("ClientException: {twice}"));
    let plain = json!({"name": "b", "image": "nginx", "memory": 100});
    let one = json!({"family": "one", "containerDefinitions": [asking("a", "ALL"), plain]});
    ask(&tree, "RegisterTaskDefinition", one).await.unwrap();

    let run = async |value: &str| {
        let change = json!({"name": "b", "resourceRequirements": [{"type": "GPU", "value": value}]});
        let overrides = json!({"containerOverrides": [change]});
        ask(&tree, "RunTask", json!({"taskDefinition": "one", "overrides": overrides})).await
    };
    refused(run("ALL").await, &format!("InvalidParameterException: {twice}"));
    refused(
        run("none").await,
        "InvalidParameterException: overrides.containerOverrides[0].resourceRequirements[0].value is 'none'; it must be \
         a number above 0, or ALL.",
    );
    let ran = run("1").await.unwrap();
    assert_eq!(ran["failures"][0]["reason"], "RESOURCE:GPU");
}
