use super::support::tree;
use super::*;

fn group(name: &str) -> Value {
    json!({"autoScalingGroupArn": name})
}

async fn strategy(tree: &Tree, items: Value) -> Result<Value, String> {
    let input = json!({"clusterName": "other", "capacityProviders": ["FARGATE", "big"],
        "defaultCapacityProviderStrategy": items});
    ask(tree, "CreateCluster", input).await
}

#[tokio::test]
async fn a_capacity_provider_is_made_described_changed_and_deleted() {
    let tree = tree().await;
    let arn = "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:1:autoScalingGroupName/racks";
    let input = json!({"name": "big", "tags": [{"key": "team", "value": "shop"}],
        "autoScalingGroupProvider": {"autoScalingGroupArn": arn, "managedScaling": {"targetCapacity": 80}}});
    let made = ask(&tree, "CreateCapacityProvider", input.clone()).await.unwrap();
    let provider = &made["capacityProvider"];
    assert_eq!(provider["capacityProviderArn"], format!("{HERE}:capacity-provider/big"));
    assert_eq!(provider["status"], "ACTIVE");
    assert_eq!(provider["autoScalingGroupProvider"]["managedScaling"]["status"], "DISABLED");
    refused(
        ask(&tree, "CreateCapacityProvider", input).await,
        "InvalidParameterException: The specified capacity provider already exists. To change the configuration of an \
         existing capacity provider, update the capacity provider.",
    );
    refused(
        ask(
            &tree,
            "CreateCapacityProvider",
            json!({"name": "two", "autoScalingGroupProvider": group("racks")}),
        )
        .await,
        "ClientException: The specified Auto Scaling group ARN is already being used by another capacity provider. \
         Specify a unique Auto Scaling group ARN and try again.",
    );
    refused(
        ask(
            &tree,
            "CreateCapacityProvider",
            json!({"name": "ecs-x", "autoScalingGroupProvider": group("x")}),
        )
        .await,
        "InvalidParameterException: The specified capacity provider name 'ecs-x' is invalid: it can't be prefixed with \
         \"ecs\".",
    );
    let scaled = json!({"autoScalingGroupArn": "x", "managedScaling": {"status": "ENABLED"}});
    refused(
        ask(&tree, "CreateCapacityProvider", json!({"name": "x", "autoScalingGroupProvider": scaled})).await,
        "ClientException: autoScalingGroupProvider.managedScaling.status ENABLED is not supported by Mainstay yet: it \
         starts and ends no hosts. It must be DISABLED.",
    );
    let input =
        json!({"name": "big", "autoScalingGroupProvider": {"managedScaling": {"targetCapacity": 90}}});
    let changed = ask(&tree, "UpdateCapacityProvider", input).await.unwrap();
    let scaling = &changed["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"];
    assert_eq!(scaling["targetCapacity"], 90);

    let all = ask(&tree, "DescribeCapacityProviders", json!({"include": ["TAGS"]})).await.unwrap();
    let names: Vec<&Value> =
        all["capacityProviders"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["FARGATE", "FARGATE_SPOT", "big"]);
    assert_eq!(all["capacityProviders"][2]["tags"], json!([{"key": "team", "value": "shop"}]));

    refused(
        ask(&tree, "DeleteCapacityProvider", json!({"capacityProvider": "FARGATE"})).await,
        "InvalidParameterException: The capacity provider FARGATE is reserved and can't be deleted.",
    );
    tree.host("a").await;
    let put = json!({"cluster": "a", "capacityProviders": ["big"], "defaultCapacityProviderStrategy": []});
    ask(&tree, "PutClusterCapacityProviders", put).await.unwrap();
    refused(
        ask(&tree, "DeleteCapacityProvider", json!({"capacityProvider": "big"})).await,
        "ClientException: The capacity provider cannot be deleted because it is associated with cluster: a. Remove the \
         capacity provider from the cluster and try again.",
    );
    let put = json!({"cluster": "a", "capacityProviders": [], "defaultCapacityProviderStrategy": []});
    ask(&tree, "PutClusterCapacityProviders", put).await.unwrap();
    let deleted = ask(&tree, "DeleteCapacityProvider", json!({"capacityProvider": "big"})).await.unwrap();
    assert_eq!(deleted["capacityProvider"]["status"], "INACTIVE");
    let input = json!({"capacityProviders": ["big", "none"]});
    let seen = ask(&tree, "DescribeCapacityProviders", input).await.unwrap();
    assert_eq!(seen["capacityProviders"][0]["updateStatus"], "DELETE_COMPLETE");
    assert_eq!(seen["failures"][0]["reason"], "MISSING");
}

#[tokio::test]
async fn strategies_are_taken_shown_and_refused_as_in_ecs() {
    let tree = tree().await;
    let input = json!({"name": "big", "autoScalingGroupProvider": group("racks")});
    ask(&tree, "CreateCapacityProvider", input).await.unwrap();
    refused(
        strategy(
            &tree,
            json!([{"capacityProvider": "big", "weight": 1}, {"capacityProvider": "FARGATE", "weight": 1}]),
        )
        .await,
        "InvalidParameterException: A capacity provider strategy cannot contain a mix of capacity providers using Auto \
         Scaling groups and Fargate providers. Specify one or the other and try again.",
    );
    refused(
        strategy(&tree, json!([{"capacityProvider": "small", "weight": 1}])).await,
        "InvalidParameterException: The specified capacity provider 'small' was not found. Specify a valid name or ARN \
         and try again.",
    );
    refused(
        strategy(&tree, json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}])).await,
        "InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is \
         not associated with the cluster. Associate the capacity provider 'FARGATE_SPOT' with the cluster and try again.",
    );
    let made = strategy(&tree, json!([{"capacityProvider": "FARGATE", "weight": 1}])).await.unwrap();
    assert_eq!(made["cluster"]["capacityProviders"], json!(["FARGATE", "big"]));
    let default = json!([{"base": 0, "capacityProvider": "FARGATE", "weight": 1}]);
    assert_eq!(made["cluster"]["defaultCapacityProviderStrategy"], default);

    tree.host("other").await;
    register(&tree).await;
    let both = json!({"cluster": "other", "taskDefinition": "web", "launchType": "EC2",
        "capacityProviderStrategy": [{"capacityProvider": "big", "weight": 1}]});
    refused(
        ask(&tree, "RunTask", both).await,
        "InvalidParameterException: Specifying both a launch type and capacity provider strategy is not supported. \
         Remove one and try again.",
    );
    // The cluster's own strategy is Fargate's, for which this definition is not.
    refused(
        ask(&tree, "RunTask", json!({"cluster": "other", "taskDefinition": "web"})).await,
        "InvalidParameterException: Task definition does not support launch_type FARGATE.",
    );
    let daemon = json!({"cluster": "other", "serviceName": "d", "taskDefinition": "web", "schedulingStrategy": "DAEMON"});
    refused(
        ask(&tree, "CreateService", daemon).await,
        "InvalidParameterException: Specifying a capacity provider strategy is not supported when you create a service \
         using the DAEMON scheduling strategy.",
    );
    let by_type = json!({"cluster": "other", "serviceName": "s", "taskDefinition": "web", "desiredCount": 1,
        "launchType": "EC2"});
    let made = ask(&tree, "CreateService", by_type).await.unwrap();
    assert_eq!(made["service"]["launchType"], "EC2");
    let big = json!([{"base": 1, "capacityProvider": "big", "weight": 1}]);
    let change = json!({"cluster": "other", "service": "s", "capacityProviderStrategy": big});
    refused(
        ask(&tree, "UpdateService", change.clone()).await,
        "InvalidParameterException: When switching from launch type to capacity provider strategy on an existing \
         service, or making a change to a capacity provider strategy on a service that is already using one, you must \
         force a new deployment.",
    );
    let mut forced = change;
    forced["forceNewDeployment"] = json!(true);
    let changed = ask(&tree, "UpdateService", forced).await.unwrap();
    assert_eq!(changed["service"]["capacityProviderStrategy"], big);
    assert_eq!(changed["service"]["launchType"], Value::Null);
    assert_eq!(changed["service"]["deployments"][0]["capacityProviderStrategy"], big);
    let put =
        json!({"cluster": "other", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []});
    refused(
        ask(&tree, "PutClusterCapacityProviders", put).await,
        "ResourceInUseException: The specified capacity provider is in use and cannot be removed.",
    );
}
