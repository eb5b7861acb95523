//! TagResource, UntagResource and ListTagsForResource.

use serde_json::{Value, json};

use super::support::{Tree, tree};
use super::{HERE, ask, refused, register, service_when, stable};

async fn tags(tree: &Tree, arn: &str) -> Result<Value, String> {
    let answer = ask(tree, "ListTagsForResource", json!({"resourceArn": arn})).await?;
    Ok(answer["tags"].clone())
}

async fn tag(tree: &Tree, arn: &str, key: &str, value: &str) -> Result<Value, String> {
    let tags = json!([{"key": key, "value": value}]);
    ask(tree, "TagResource", json!({"resourceArn": arn, "tags": tags})).await
}

async fn untag(tree: &Tree, arn: &str, keys: Value) -> Result<Value, String> {
    ask(tree, "UntagResource", json!({"resourceArn": arn, "tagKeys": keys})).await
}

/// A service `web` with a task, and the ARNs of everything that can have tags.
async fn all(tree: &Tree) -> [String; 6] {
    let instance = tree.host("default").await;
    register(tree).await;
    let input = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1});
    ask(tree, "CreateService", input).await.unwrap();
    service_when(tree, stable).await;
    let group = "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:id:autoScalingGroupName/fast";
    let input = json!({"name": "fast", "autoScalingGroupProvider": {"autoScalingGroupArn": group}});
    ask(tree, "CreateCapacityProvider", input).await.unwrap();
    let listed = ask(tree, "ListTasks", json!({"serviceName": "web"})).await.unwrap();
    [
        format!("{HERE}:cluster/default"),
        format!("{HERE}:service/default/web"),
        listed["taskArns"][0].as_str().unwrap().to_owned(),
        format!("{HERE}:container-instance/default/{instance}"),
        format!("{HERE}:task-definition/web:1"),
        format!("{HERE}:capacity-provider/fast"),
    ]
}

#[tokio::test]
async fn every_resource_is_tagged_and_untagged_and_described_with_its_tags() {
    let tree = tree().await;
    let [cluster, service, task, instance, definition, provider] = all(&tree).await;
    for arn in [&cluster, &service, &task, &instance, &definition, &provider] {
        assert_eq!(tags(&tree, arn).await, Ok(json!([])));
        assert_eq!(tag(&tree, arn, "team", "one").await, Ok(json!({})));
        tag(&tree, arn, "stage", "").await.unwrap();
        tag(&tree, arn, "team", "two").await.unwrap();
        let both = json!([{"key": "team", "value": "two"}, {"key": "stage", "value": ""}]);
        assert_eq!(tags(&tree, arn).await, Ok(both));
        assert_eq!(untag(&tree, arn, json!(["stage", "nothing"])).await, Ok(json!({})));
        assert_eq!(tags(&tree, arn).await, Ok(json!([{"key": "team", "value": "two"}])));
    }
    let expected = json!([{"key": "team", "value": "two"}]);
    let include = json!(["TAGS"]);
    for (operation, input, list) in [
        ("DescribeClusters", json!({"include": include}), "clusters"),
        ("DescribeServices", json!({"services": [service], "include": include}), "services"),
        ("DescribeTasks", json!({"tasks": [task], "include": include}), "tasks"),
        (
            "DescribeCapacityProviders",
            json!({"capacityProviders": [provider], "include": include}),
            "capacityProviders",
        ),
        (
            "DescribeContainerInstances",
            json!({"containerInstances": [instance], "include": include}),
            "containerInstances",
        ),
    ] {
        assert_eq!(ask(&tree, operation, input).await.unwrap()[list][0]["tags"], expected, "{operation}");
    }
    let input = json!({"taskDefinition": definition, "include": include});
    assert_eq!(ask(&tree, "DescribeTaskDefinition", input).await.unwrap()["tags"], expected);
}

#[tokio::test]
async fn what_cannot_be_tagged_is_refused_with_the_exceptions_of_ecs() {
    let tree = tree().await;
    let [cluster, service, task, ..] = all(&tree).await;
    let of_aws =
        "InvalidParameterException: Tag key 'Aws:x' begins with 'aws:', which is reserved for AWS use.";
    refused(tag(&tree, &cluster, "Aws:x", "1").await, of_aws);
    refused(untag(&tree, &cluster, json!(["Aws:x"])).await, of_aws);
    refused(
        tag(&tree, &cluster, "team", "a;b").await,
        "InvalidParameterException: tags[0].value is 'a;b'; it must have letters, digits, spaces and _ . : / = + - @.",
    );
    refused(
        tag(&tree, &cluster, &"k".repeat(129), "").await,
        "InvalidParameterException: tags[0].key has length 129; it must have 1 to 128.",
    );
    refused(
        tag(&tree, &service, "mainstay:on-unhealthy", "ignore").await,
        "InvalidParameterException: The value of tag 'mainstay:on-unhealthy' is 'ignore'; it must be replace or report.",
    );
    tag(&tree, &cluster, "mainstay:on-unhealthy", "ignore").await.unwrap();
    let many: Vec<Value> = (0..50).map(|number| json!({"key": number.to_string()})).collect();
    ask(&tree, "TagResource", json!({"resourceArn": service, "tags": many})).await.unwrap();
    refused(
        tag(&tree, &service, "one", "more").await,
        "LimitExceededException: A resource can have 50 tags at most; it would have 51.",
    );

    let id = "0123456789abcdef0123456789abcdef";
    let unknown = |what: &str| {
        format!(
            "ResourceNotFoundException: The specified {what} does not exist. Specify a valid {what} and try again."
        )
    };
    refused(tag(&tree, &format!("{HERE}:service/default/no"), "a", "").await, &unknown("service"));
    refused(untag(&tree, &format!("{HERE}:task/default/{id}"), json!([])).await, &unknown("task"));
    let instance = format!("{HERE}:container-instance/default/{id}");
    refused(tag(&tree, &instance, "a", "").await, &unknown("container instance"));
    let listed = unknown("container instance").replace("ResourceNotFound", "InvalidParameter");
    refused(tags(&tree, &instance).await, &listed);
    refused(
        tag(&tree, &format!("{HERE}:service/no/web"), "a", "").await,
        "ClusterNotFoundException: Cluster not found.",
    );
    refused(
        tag(&tree, &format!("{HERE}:task-definition/web:9"), "a", "").await,
        "ClientException: The specified task definition does not exist. Specify a valid account, family, revision and \
         try again.",
    );
    refused(
        tag(&tree, &format!("{HERE}:service/web"), "a", "").await,
        "InvalidParameterException: Long arn format must be used for tagging operations",
    );

    ask(&tree, "StopTask", json!({"task": task})).await.unwrap();
    super::eventually(|| tree.control.view().tasks.all().iter().any(|task| task.stopped_at.is_some())).await;
    let over =
        "InvalidParameterException: The specified task is stopped. Specify a running task and try again.";
    refused(tag(&tree, &task, "a", "").await, over);
    refused(tags(&tree, &task).await, over);
    ask(&tree, "DeleteService", json!({"service": "web", "force": true})).await.unwrap();
    let over = "InvalidParameterException: The specified service is inactive. Specify an active service and try again.";
    refused(tag(&tree, &service, "a", "").await, over);
    let input = json!({"clusterName": "old"});
    ask(&tree, "CreateCluster", input).await.unwrap();
    ask(&tree, "DeleteCluster", json!({"cluster": "old"})).await.unwrap();
    let over = "InvalidParameterException: The specified cluster is inactive. Specify an active cluster and try again.";
    refused(tags(&tree, &format!("{HERE}:cluster/old")).await, over);
}
