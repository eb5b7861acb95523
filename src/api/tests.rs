//! The API on a real tree, from the request's bytes to the answer's.

mod capacity;
mod execute;
mod gpus;
mod protection;
pub(crate) mod support;
mod syncs;
mod tags;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Api, Duration, Execs, Logs, Semaphore, TARGET, handle, unwound};
use support::{Tree, eventually, tree};

const HERE: &str = "arn:aws:ecs:us-east-1:000000000000";

async fn post(tree: &Tree, target: Option<&str>, body: String) -> Response {
    post_past(tree, target, body, 1).await
}

/// Posts where so many requests may be under way.
async fn post_past(tree: &Tree, target: Option<&str>, body: String, at_once: usize) -> Response {
    let request = Request::post("/").header("Host", "127.0.0.1:7077");
    let request = match target {
        Some(target) => request.header("X-Amz-Target", target),
        None => request,
    };
    let api = Arc::new(Api {
        control: tree.control.clone(),
        logs: Logs::new(tree.control.clone(), None, 1),
        execs: Execs::new(None, 1, Duration::from_secs(1)),
        secure: false,
        slots: Semaphore::new(at_once),
    });
    handle(State(api), request.body(Body::from(body)).unwrap()).await
}

async fn body(response: Response) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The answer, or the refusal's code and words.
pub(crate) async fn ask(tree: &Tree, operation: &str, input: Value) -> Result<Value, String> {
    let response = post(tree, Some(&format!("{TARGET}{operation}")), input.to_string()).await;
    let status = response.status();
    let body = body(response).await;
    if status.is_success() {
        return Ok(body);
    }
    let word = |key: &str| body[key].as_str().unwrap().to_owned();
    Err(format!("{}: {}", word("__type"), word("message")))
}

#[track_caller]
fn refused(answer: Result<Value, String>, expected: &str) {
    assert_eq!(answer, Err(expected.to_owned()));
}

/// `web`: one container of 100 MiB.
async fn register(tree: &Tree) -> Value {
    let container = json!({"name": "web", "image": "nginx", "cpu": 10, "memory": 100});
    let input = json!({"family": "web", "containerDefinitions": [container]});
    ask(tree, "RegisterTaskDefinition", input).await.unwrap()["taskDefinition"].clone()
}

async fn service(tree: &Tree) -> Value {
    let answer = ask(tree, "DescribeServices", json!({"services": ["web"]})).await.unwrap();
    answer["services"][0].clone()
}

/// What the waiter `services-stable` looks for.
fn stable(service: &Value) -> bool {
    service["deployments"].as_array().is_some_and(|all| all.len() == 1)
        && service["runningCount"] == service["desiredCount"]
}

async fn service_when(tree: &Tree, holds: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let service = service(tree).await;
            if holds(&service) {
                return service;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("the service gets there")
}

#[tokio::test]
async fn a_request_too_many_is_throttled_as_ecs_does_it() {
    let tree = tree().await;
    let response = post_past(&tree, Some(&format!("{TARGET}ListClusters")), "{}".into(), 0).await;
    assert_eq!(response.status(), 400);
    let body = body(response).await;
    assert_eq!((&body["__type"], &body["message"]), (&json!("ThrottlingException"), &json!("Rate exceeded")));
}

#[tokio::test]
async fn answers_and_refusals_look_as_awss_own() {
    let tree = tree().await;
    let answer = post(&tree, Some(&format!("{TARGET}CreateCluster")), String::new()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    assert_eq!(answer.headers()["x-amzn-requestid"].len(), 36);
    assert_eq!(body(answer).await["cluster"]["clusterArn"], format!("{HERE}:cluster/default"));

    let refusal =
        post(&tree, Some(&format!("{TARGET}DescribeTasks")), r#"{"cluster":"no","tasks":[]}"#.into()).await;
    assert_eq!(refusal.status(), 400);
    assert_eq!(refusal.headers()["x-amzn-errortype"], "ClusterNotFoundException");
    assert_eq!(refusal.headers()["x-amzn-requestid"].len(), 36);
    let expected = json!({"__type": "ClusterNotFoundException", "message": "Cluster not found."});
    assert_eq!(body(refusal).await, expected);

    let too_long = post(&tree, Some(&format!("{TARGET}ListClusters")), " ".repeat(1 << 21)).await;
    assert_eq!(too_long.status(), 413);
    assert_eq!(body(too_long).await["__type"], "RequestEntityTooLargeException");
}

#[tokio::test]
async fn what_is_no_operation_or_not_built_is_said_by_name() {
    let tree = tree().await;
    for target in [None, Some("RunTask"), Some("AmazonEC2ContainerServiceV20141113.Nonsense")] {
        let refusal = post(&tree, target, "{}".to_owned()).await;
        assert_eq!(refusal.status(), 400);
        assert_eq!(body(refusal).await["__type"], "UnknownOperationException", "{target:?}");
    }
    refused(
        ask(&tree, "CreateTaskSet", json!({})).await,
        "UnsupportedFeatureException: CreateTaskSet is not supported by Mainstay yet.",
    );
}

#[tokio::test]
async fn a_cluster_is_made_listed_described_and_deleted_once_it_is_empty() {
    let tree = tree().await;
    for name in ["a", "b", "c"] {
        let input = json!({"clusterName": name, "tags": [{"key": "team", "value": "shop"}]});
        assert_eq!(ask(&tree, "CreateCluster", input).await.unwrap()["cluster"]["status"], "ACTIVE");
    }
    let first = ask(&tree, "ListClusters", json!({"maxResults": 2})).await.unwrap();
    assert_eq!(first["clusterArns"], json!([format!("{HERE}:cluster/a"), format!("{HERE}:cluster/b")]));
    let rest = ask(&tree, "ListClusters", json!({"nextToken": first["nextToken"]})).await.unwrap();
    assert_eq!(rest, json!({"clusterArns": [format!("{HERE}:cluster/c")]}));

    tree.host("a").await;
    let input = json!({"clusters": ["a", "z"], "include": ["TAGS", "STATISTICS"]});
    let described = ask(&tree, "DescribeClusters", input).await.unwrap();
    let cluster = &described["clusters"][0];
    assert_eq!(cluster["registeredContainerInstancesCount"], 1);
    assert_eq!(cluster["tags"], json!([{"key": "team", "value": "shop"}]));
    assert!(
        cluster["statistics"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "runningEC2TasksCount", "value": "0"}))
    );
    assert_eq!(described["failures"], json!([{"arn": format!("{HERE}:cluster/z"), "reason": "MISSING"}]));

    refused(
        ask(&tree, "DeleteCluster", json!({"cluster": "a"})).await,
        "ClusterContainsContainerInstancesException: The Cluster cannot be deleted while Container Instances \
         are active or draining.",
    );
    let gone = ask(&tree, "DeleteCluster", json!({"cluster": format!("{HERE}:cluster/b")})).await.unwrap();
    assert_eq!(gone["cluster"]["status"], "INACTIVE");
    refused(
        ask(&tree, "DeleteCluster", json!({"cluster": "b"})).await,
        "ClusterNotFoundException: Cluster not found.",
    );
    refused(
        ask(&tree, "CreateCluster", json!({"serviceConnectDefaults": {"namespace": "shop"}})).await,
        "ClientException: serviceConnectDefaults is not supported by Mainstay yet.",
    );
}

#[tokio::test]
async fn revisions_are_registered_found_by_each_of_their_names_listed_and_deregistered() {
    let tree = tree().await;
    for revision in 1..=3 {
        assert_eq!(register(&tree).await["revision"], revision);
    }
    let arn = |revision: u32| format!("{HERE}:task-definition/web:{revision}");
    for (name, revision) in [("web", 3), ("web:2", 2), (&arn(1), 1)] {
        let answer = ask(&tree, "DescribeTaskDefinition", json!({"taskDefinition": name})).await.unwrap();
        assert_eq!(answer["taskDefinition"]["taskDefinitionArn"], arn(revision));
    }
    let gone = ask(&tree, "DeregisterTaskDefinition", json!({"taskDefinition": "web:3"})).await.unwrap();
    assert_eq!(gone["taskDefinition"]["status"], "INACTIVE");
    assert!(gone["taskDefinition"]["deregisteredAt"].is_f64());
    let latest = ask(&tree, "DescribeTaskDefinition", json!({"taskDefinition": "web"})).await.unwrap();
    assert_eq!(latest["taskDefinition"]["revision"], 2);

    let list = |input: Value| ask(&tree, "ListTaskDefinitions", input);
    let down = list(json!({"sort": "DESC"})).await.unwrap();
    assert_eq!(down["taskDefinitionArns"], json!([arn(2), arn(1)]));
    let inactive = list(json!({"status": "INACTIVE", "familyPrefix": "web"})).await.unwrap();
    assert_eq!(inactive["taskDefinitionArns"], json!([arn(3)]));
    assert_eq!(list(json!({"familyPrefix": "we"})).await.unwrap()["taskDefinitionArns"], json!([]));
    let families =
        ask(&tree, "ListTaskDefinitionFamilies", json!({"familyPrefix": "we", "status": "ACTIVE"}));
    assert_eq!(families.await.unwrap()["families"], json!(["web"]));

    for (operation, name, expected) in [
        ("DescribeTaskDefinition", "db", "ClientException: Unable to describe task definition."),
        ("DescribeTaskDefinition", "web:x", "ClientException: Invalid revision number. Number: x"),
        (
            "DeregisterTaskDefinition",
            "db:1",
            "ClientException: The specified task definition does not exist.",
        ),
        (
            "DeregisterTaskDefinition",
            "web",
            "ClientException: taskDefinition is 'web'; it must name a revision, such as 'web:1'.",
        ),
        ("RunTask", "db", "ClientException: TaskDefinition not found."),
        ("RunTask", "web:3", "ClientException: TaskDefinition is inactive"),
    ] {
        ask(&tree, "CreateCluster", json!({})).await.unwrap();
        refused(ask(&tree, operation, json!({ "taskDefinition": name })).await, expected);
    }
}

#[tokio::test]
async fn a_service_gets_stable_scales_rolls_out_and_is_deleted() {
    let tree = tree().await;
    tree.host("default").await;
    register(&tree).await;
    let input = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2, "clientToken": "t"});
    let made = ask(&tree, "CreateService", input.clone()).await.unwrap();
    assert_eq!(made["service"]["serviceArn"], format!("{HERE}:service/default/web"));
    assert_eq!(made["service"]["deployments"][0]["status"], "PRIMARY");
    let again = ask(&tree, "CreateService", input).await.unwrap();
    assert_eq!(again["service"]["deployments"][0]["id"], made["service"]["deployments"][0]["id"]);
    refused(
        ask(
            &tree,
            "CreateService",
            json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2}),
        )
        .await,
        "InvalidParameterException: Creation of service was not idempotent.",
    );
    let up = service_when(&tree, stable).await;
    assert_eq!(up["deployments"][0]["runningCount"], 2);
    let cluster = ask(&tree, "DescribeClusters", json!({})).await.unwrap()["clusters"][0].clone();
    assert_eq!((&cluster["runningTasksCount"], &cluster["activeServicesCount"]), (&json!(2), &json!(1)));

    let update = json!({
    "service": "web", "desiredCount": 3, "deploymentConfiguration": {"minimumHealthyPercent": 50},
    });
    let updated = ask(&tree, "UpdateService", update).await.unwrap();
    assert_eq!(updated["service"]["deploymentConfiguration"]["minimumHealthyPercent"], 50);
    assert_eq!(updated["service"]["deploymentConfiguration"]["maximumPercent"], 200);
    service_when(&tree, |service| stable(service) && service["runningCount"] == 3).await;

    register(&tree).await;
    let rolled =
        ask(&tree, "UpdateService", json!({"service": "web", "taskDefinition": "web"})).await.unwrap();
    assert_eq!(rolled["service"]["deployments"].as_array().unwrap().len(), 2);
    let stable_again = service_when(&tree, stable).await;
    assert_eq!(stable_again["taskDefinition"], format!("{HERE}:task-definition/web:2"));
    let tasks = ask(&tree, "ListTasks", json!({"serviceName": "web", "family": "web"})).await.unwrap();
    assert_eq!(tasks["taskArns"].as_array().unwrap().len(), 3);
    let listed = ask(&tree, "ListServices", json!({"launchType": "EC2"})).await.unwrap();
    assert_eq!(listed["serviceArns"], json!([format!("{HERE}:service/default/web")]));

    refused(
        ask(&tree, "DeleteService", json!({"service": "web"})).await,
        "InvalidParameterException: The service cannot be stopped while it is scaled above 0.",
    );
    let deleted = ask(&tree, "DeleteService", json!({"service": "web", "force": true})).await.unwrap();
    assert_eq!(deleted["service"]["status"], "DRAINING");
    service_when(&tree, |service| service["status"] == "INACTIVE").await;
    refused(
        ask(&tree, "UpdateService", json!({"service": "web", "desiredCount": 1})).await,
        "ServiceNotActiveException: Service was not ACTIVE.",
    );
    refused(
        ask(&tree, "DeleteService", json!({"service": "web"})).await,
        "ServiceNotFoundException: Service not found.",
    );
}

#[tokio::test]
async fn a_task_runs_is_found_by_every_filter_and_stops_with_its_reasons() {
    let tree = tree().await;
    let instance = tree.host("default").await;
    register(&tree).await;
    let input = json!({
        "taskDefinition": "web", "count": 2, "startedBy": "me", "group": "batch", "clientToken": "t",
        "tags": [{"key": "team", "value": "shop"}], "enableECSManagedTags": true,
        "overrides": {"containerOverrides": [{"name": "web", "command": ["once"], "memory": 200}]},
    });
    let ran = ask(&tree, "RunTask", input.clone()).await.unwrap();
    assert_eq!(ran["failures"], json!([]));
    let arns: Vec<String> = ran["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["taskArn"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(arns.len(), 2);
    let mut again: Vec<String> = ask(&tree, "RunTask", input).await.unwrap()["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["taskArn"].as_str().unwrap().to_owned())
        .collect();
    let mut once = arns.clone();
    once.sort();
    again.sort();
    assert_eq!(once, again, "the token finds the tasks that were made");

    let view = &tree.ctx.view;
    eventually(|| view.tasks.all().iter().all(|task| task.started_at.is_some())).await;
    let input = json!({"tasks": [arns[0]], "include": ["TAGS"]});
    let task = ask(&tree, "DescribeTasks", input).await.unwrap()["tasks"][0].clone();
    for (member, expected) in [
        ("lastStatus", json!("RUNNING")),
        ("desiredStatus", json!("RUNNING")),
        ("connectivity", json!("CONNECTED")),
        ("launchType", json!("EC2")),
        ("group", json!("batch")),
        ("startedBy", json!("me")),
        ("cpu", json!("10")),
        ("memory", json!("200")),
        ("startedAt", json!(1_700_000_000.0)),
        ("containerInstanceArn", json!(format!("{HERE}:container-instance/default/{instance}"))),
        ("attributes", json!([{"name": "ecs.cpu-architecture", "value": "x86_64"}])),
        (
            "tags",
            json!([{"key": "team", "value": "shop"}, {"key": "aws:ecs:clusterName", "value": "default"}]),
        ),
    ] {
        assert_eq!(task[member], expected, "{member}");
    }
    let container = &task["containers"][0];
    assert_eq!(container["runtimeId"], "0a1b2c");
    assert_eq!(container["networkBindings"][0]["hostPort"], 32768);
    assert_eq!(task["overrides"]["containerOverrides"][0]["command"], json!(["once"]));

    for (filter, count) in [
        (json!({"family": "web"}), 2),
        (json!({"family": "db"}), 0),
        (json!({"startedBy": "me"}), 2),
        (json!({"startedBy": "you"}), 0),
        (json!({"containerInstance": instance.as_str()}), 2),
        (json!({"launchType": "EXTERNAL"}), 0),
        (json!({"desiredStatus": "STOPPED"}), 0),
        (json!({"maxResults": 1}), 1),
    ] {
        let listed = ask(&tree, "ListTasks", filter.clone()).await.unwrap();
        assert_eq!(listed["taskArns"].as_array().unwrap().len(), count, "{filter}");
    }

    let host =
        ask(&tree, "DescribeContainerInstances", json!({"containerInstances": [instance.as_str()]})).await;
    let host = host.unwrap()["containerInstances"][0].clone();
    assert_eq!((&host["agentConnected"], &host["runningTasksCount"]), (&json!(true), &json!(2)));
    assert_eq!(host["registeredResources"][1]["integerValue"], 1000);
    assert_eq!(host["remainingResources"][1]["integerValue"], 600);

    let id = arns[0].rsplit('/').next().unwrap();
    let stopped = ask(&tree, "StopTask", json!({"task": id, "reason": "enough"})).await.unwrap();
    assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
    eventually(|| view.tasks.any(|task| task.stopped_at.is_some())).await;
    let task = ask(&tree, "DescribeTasks", json!({"tasks": [id]})).await.unwrap()["tasks"][0].clone();
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(task["stopCode"], "UserInitiated");
    assert_eq!(task["stoppedReason"], "enough");
    assert_eq!(task["containers"][0]["exitCode"], 0);
    assert!(task["stoppedAt"].is_f64());
}

#[tokio::test]
async fn tasks_that_find_no_place_are_failures_and_without_any_instance_a_refusal() {
    let tree = tree().await;
    ask(&tree, "CreateCluster", json!({})).await.unwrap();
    register(&tree).await;
    refused(
        ask(&tree, "RunTask", json!({"taskDefinition": "web"})).await,
        "InvalidParameterException: No Container Instances were found in your cluster.",
    );
    let instance = tree.host("default").await;
    let ran = ask(&tree, "RunTask", json!({"taskDefinition": "web", "count": 10})).await.unwrap();
    assert_eq!(ran["tasks"].as_array().unwrap().len(), 10);
    let ran = ask(&tree, "RunTask", json!({"taskDefinition": "web"})).await.unwrap();
    let arn = format!("{HERE}:container-instance/default/{instance}");
    assert_eq!(ran, json!({"tasks": [], "failures": [{"arn": arn, "reason": "RESOURCE:MEMORY"}]}));
}

#[tokio::test]
async fn requests_that_ask_for_too_much_or_for_what_is_not_there_are_refused_as_ecs_does() {
    let tree = tree().await;
    ask(&tree, "CreateCluster", json!({})).await.unwrap();
    register(&tree).await;
    let id = "0123456789abcdef0123456789abcdef";
    let missing = ask(&tree, "DescribeTasks", json!({"tasks": [id]})).await.unwrap();
    let arn = format!("{HERE}:task/default/{id}");
    assert_eq!(missing, json!({"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]}));
    let missing = ask(&tree, "DescribeServices", json!({"services": ["db"]})).await.unwrap();
    let arn = format!("{HERE}:service/default/db");
    assert_eq!(missing, json!({"services": [], "failures": [{"arn": arn, "reason": "MISSING"}]}));

    let many = |count: usize| vec![id; count];
    for (operation, input, expected) in [
        (
            "DescribeTasks",
            json!({"tasks": many(101)}),
            "InvalidParameterException: taskIds can have at most 100 items.",
        ),
        (
            "DescribeServices",
            json!({"services": many(11)}),
            "InvalidParameterException: service names can have at most 10 items.",
        ),
        (
            "DescribeClusters",
            json!({"clusters": many(101)}),
            "InvalidParameterException: clusterNames can have at most 100 items.",
        ),
        ("DescribeTasks", json!({"tasks": []}), "InvalidParameterException: Tasks cannot be empty."),
        (
            "DescribeTasks",
            json!({"tasks": [format!("{HERE}:task/other/{id}")]}),
            "InvalidParameterException: Invalid identifier: Identifier is for cluster other. Your cluster \
             is default",
        ),
        ("ListTasks", json!({"nextToken": "x"}), "InvalidParameterException: Invalid token in nextToken."),
        ("ListTasks", json!({"serviceName": "db"}), "ServiceNotFoundException: Service not found."),
        ("StopTask", json!({"task": id}), "InvalidParameterException: The referenced task was not found."),
        (
            "RunTask",
            json!({"taskDefinition": "web", "count": 11}),
            "InvalidParameterException: count is 11; it must be 1 to 10.",
        ),
        (
            "RunTask",
            json!({"taskDefinition": "web", "launchType": "FARGATE"}),
            "InvalidParameterException: Task definition does not support launch_type FARGATE.",
        ),
        (
            "RunTask",
            json!({"taskDefinition": "web", "overrides": {"containerOverrides": [{"name": "db"}]}}),
            "InvalidParameterException: Override for container named db is not a container in the \
             TaskDefinition.",
        ),
        (
            "RunTask",
            json!({
                "taskDefinition": "web",
                "platformVersion": "LATEST",
            }),
            "InvalidParameterException: The platform version must be null when specifying an EC2 launch type.",
        ),
        (
            "RunTask",
            json!({"taskDefinition": "web", "overrides": {"memory": "50"}}),
            "InvalidParameterException: The 'memory' setting for container 'web' is greater than for the task.",
        ),
        (
            "RunTask",
            json!({"taskDefinition": "web", "overrides": {"cpu": "64"}}),
            "ClientException: Invalid 'cpu' setting for task. overrides.cpu is '64'.",
        ),
        (
            "RunTask",
            json!({"taskDefinition": "web", "group": "service:web"}),
            "InvalidParameterException: Invalid namespace for group. group is 'service:web'; 'service:' \
             is for services.",
        ),
        (
            "CreateService",
            json!({"serviceName": "web", "taskDefinition": "web"}),
            "InvalidParameterException: desiredCount is required.",
        ),
        (
            "CreateService",
            json!({
                "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
                "schedulingStrategy": "DAEMON",
            }),
            "InvalidParameterException: The daemon scheduling strategy does not support a desired count for services. \
             Remove the desired count value and try again",
        ),
        (
            "CreateService",
            json!({
                "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
                "loadBalancers": [{"containerPort": 80}],
            }),
            "ClientException: loadBalancers is not supported by Mainstay yet.",
        ),
        (
            "UpdateService",
            json!({"service": "db", "desiredCount": 1}),
            "ServiceNotFoundException: Service not found.",
        ),
    ] {
        refused(ask(&tree, operation, input).await, expected);
    }
}

#[tokio::test]
async fn a_panic_is_answered_as_the_servers_fault() {
    let refusal = unwound(async { panic!("by the test") }).await.unwrap_err();
    assert_eq!((refusal.code().as_str(), refusal.code().status()), ("ServerException", 500));
}

#[tokio::test]
async fn requests_are_counted_by_operation_and_code_and_what_is_no_operation_under_one_name() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    // This test's thread runs the whole test, so that no other one is counted.
    let _here = metrics::set_default_local_recorder(&recorder);
    let tree = tree().await;
    ask(&tree, "ListClusters", json!({})).await.unwrap();
    ask(&tree, "DescribeTasks", json!({"tasks": []})).await.unwrap_err();
    ask(&tree, "Nonsense", json!({})).await.unwrap_err();
    let text = shown.render();
    for (operation, code) in [
        ("ListClusters", "OK"),
        ("DescribeTasks", "ClusterNotFoundException"),
        ("unknown", "UnknownOperationException"),
    ] {
        let line = format!("mainstay_api_requests_total{{operation=\"{operation}\",code=\"{code}\"}} 1");
        assert!(text.lines().any(|known| known == line), "{line} in {text}");
    }
    assert!(text.contains("mainstay_api_request_seconds_count{operation=\"ListClusters\"} 1"), "{text}");
    assert!(!text.contains("Nonsense"), "{text}");
}
