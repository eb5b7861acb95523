//! What a daemon has, asked through the ECS API as any client would, for `status` and `top`.

use serde::Serialize;
use serde_json::{Value, json};

use super::client::{CallError, Endpoint};

/// DescribeServices takes so many.
const SERVICES_AT_ONCE: usize = 10;
/// The other operations take so many.
const AT_ONCE: usize = 100;

/// A service, as DescribeServices shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub(super) cluster: String,
    pub(super) name: String,
    pub(super) desired: i64,
    pub(super) running: i64,
    pub(super) pending: i64,
    /// Of its PRIMARY deployment: COMPLETED, IN_PROGRESS or FAILED.
    pub(super) rollout: String,
    /// `family:revision` of that deployment.
    pub(super) revision: String,
    /// When that deployment began, in seconds of the epoch.
    pub(super) since: f64,
    /// Its latest event.
    pub(super) event: Option<Event>,
    /// Whether all that is wanted runs, and nothing else.
    pub(super) as_desired: bool,
}

/// What a service said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Event {
    /// In seconds of the epoch.
    pub(super) at: f64,
    pub(super) message: String,
}

/// A task, as DescribeTasks shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub(super) cluster: String,
    pub(super) id: String,
    pub(super) group: String,
    pub(super) revision: String,
    pub(super) status: String,
    pub(super) desired: String,
    pub(super) health: String,
    /// CPU units.
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
    /// When it was made, in seconds of the epoch.
    pub(super) created: f64,
    /// Why it stopped, in ECS's words.
    pub(super) reason: Option<String>,
    /// The id of its container instance.
    pub(super) instance: Option<String>,
}

/// A container instance, as DescribeContainerInstances shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) cluster: String,
    pub(super) id: String,
    pub(super) host: String,
    pub(super) status: String,
    pub(super) connected: bool,
    pub(super) running: i64,
    pub(super) pending: i64,
    pub(super) cpu: Resource,
    pub(super) memory: Resource,
}

/// How much there is of something, and how much of it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Resource {
    pub(super) taken: i64,
    pub(super) of: i64,
}

/// The names of the clusters that are ACTIVE.
///
/// # Errors
/// See [`CallError`]; so with all others here.
pub(super) async fn clusters(endpoint: &Endpoint) -> Result<Vec<String>, CallError> {
    let arns = listed(endpoint, "ListClusters", json!({}), "clusterArns").await?;
    Ok(arns.iter().map(|arn| last(arn).to_owned()).collect())
}

/// A cluster's services.
pub(super) async fn services(endpoint: &Endpoint, cluster: &str) -> Result<Vec<Service>, CallError> {
    let arns = listed(endpoint, "ListServices", json!({"cluster": cluster}), "serviceArns").await?;
    let found = described(endpoint, "DescribeServices", cluster, "services", SERVICES_AT_ONCE, &arns).await?;
    Ok(found.iter().map(|one| service(cluster, one)).collect())
}

/// A cluster's tasks that are wanted, or those that are not any more.
pub(super) async fn tasks(endpoint: &Endpoint, cluster: &str, desired: &str) -> Result<Vec<Task>, CallError> {
    let input = json!({"cluster": cluster, "desiredStatus": desired});
    let arns = listed(endpoint, "ListTasks", input, "taskArns").await?;
    let found = described(endpoint, "DescribeTasks", cluster, "tasks", AT_ONCE, &arns).await?;
    Ok(found.iter().map(|one| task(cluster, one)).collect())
}

/// A cluster's container instances.
pub(super) async fn instances(endpoint: &Endpoint, cluster: &str) -> Result<Vec<Instance>, CallError> {
    let input = json!({"cluster": cluster});
    let arns = listed(endpoint, "ListContainerInstances", input, "containerInstanceArns").await?;
    let operation = "DescribeContainerInstances";
    let found = described(endpoint, operation, cluster, "containerInstances", AT_ONCE, &arns).await?;
    Ok(found.iter().map(|one| instance(cluster, one)).collect())
}

/// All pages of a list.
async fn listed(
    endpoint: &Endpoint,
    operation: &str,
    mut input: Value,
    member: &str,
) -> Result<Vec<String>, CallError> {
    let mut found = Vec::new();
    input["maxResults"] = json!(AT_ONCE);
    loop {
        let page = endpoint.call(operation, &input).await?;
        found.extend(array(&page[member]).iter().map(text));
        match page["nextToken"].as_str() {
            Some(token) => input["nextToken"] = json!(token),
            None => return Ok(found),
        }
    }
}

/// What the members of a list are; those that are gone meanwhile are left out.
async fn described(
    endpoint: &Endpoint,
    operation: &str,
    cluster: &str,
    member: &str,
    at_once: usize,
    arns: &[String],
) -> Result<Vec<Value>, CallError> {
    let mut found = Vec::new();
    for some in arns.chunks(at_once) {
        let mut output = endpoint.call(operation, &json!({"cluster": cluster, member: some})).await?;
        if let Value::Array(some) = output[member].take() {
            found.extend(some);
        }
    }
    Ok(found)
}

fn service(cluster: &str, described: &Value) -> Service {
    let number = |member: &str| described[member].as_i64().unwrap_or(0);
    let deployments = array(&described["deployments"]);
    let none = Value::Null;
    let primary = deployments.iter().find(|one| one["status"] == "PRIMARY").unwrap_or(&none);
    let event = array(&described["events"]).first();
    let (desired, running, rollout) =
        (number("desiredCount"), number("runningCount"), text(&primary["rolloutState"]));
    Service {
        cluster: cluster.to_owned(),
        name: text(&described["serviceName"]),
        as_desired: desired == running && rollout == "COMPLETED" && deployments.len() == 1,
        desired,
        running,
        pending: number("pendingCount"),
        rollout,
        revision: last(&text(&primary["taskDefinition"])).to_owned(),
        since: primary["createdAt"].as_f64().unwrap_or(0.0),
        event: event.map(|event| Event {
            at: event["createdAt"].as_f64().unwrap_or(0.0),
            message: text(&event["message"]),
        }),
    }
}

fn task(cluster: &str, described: &Value) -> Task {
    let number = |member: &str| described[member].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    Task {
        cluster: cluster.to_owned(),
        id: last(&text(&described["taskArn"])).to_owned(),
        group: text(&described["group"]),
        revision: last(&text(&described["taskDefinitionArn"])).to_owned(),
        status: text(&described["lastStatus"]),
        desired: text(&described["desiredStatus"]),
        health: text(&described["healthStatus"]),
        cpu: number("cpu"),
        memory: number("memory"),
        created: described["createdAt"].as_f64().unwrap_or(0.0),
        reason: described["stoppedReason"].as_str().map(str::to_owned),
        instance: described["containerInstanceArn"].as_str().map(|arn| last(arn).to_owned()),
    }
}

fn instance(cluster: &str, described: &Value) -> Instance {
    let amount = |member: &str, name: &str| {
        let of_name = array(&described[member]).iter().find(|resource| resource["name"] == name);
        of_name.and_then(|resource| resource["integerValue"].as_i64()).unwrap_or(0)
    };
    let resource = |name: &str| {
        let of = amount("registeredResources", name);
        Resource { taken: of - amount("remainingResources", name), of }
    };
    Instance {
        cluster: cluster.to_owned(),
        id: last(&text(&described["containerInstanceArn"])).to_owned(),
        host: text(&described["ec2InstanceId"]),
        status: text(&described["status"]),
        connected: described["agentConnected"] == true,
        running: described["runningTasksCount"].as_i64().unwrap_or(0),
        pending: described["pendingTasksCount"].as_i64().unwrap_or(0),
        cpu: resource("CPU"),
        memory: resource("MEMORY"),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What follows the last slash of an ARN.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_as_desired_once_all_of_its_one_deployment_runs() {
        let described = |running: i64, deployments: Value| {
            let all = json!({"serviceName": "web", "desiredCount": 2, "runningCount": running, "deployments": deployments,
                "events": [{"createdAt": 7.5, "message": "well"}]});
            service("shop", &all)
        };
        let primary = |state: &str| json!({"status": "PRIMARY", "rolloutState": state, "taskDefinition": "arn:x/web:3", "createdAt": 5.0});
        let well = described(2, json!([primary("COMPLETED")]));
        assert!(well.as_desired);
        assert_eq!((well.revision.as_str(), well.since), ("web:3", 5.0));
        assert_eq!(well.event, Some(Event { at: 7.5, message: "well".into() }));
        assert!(!described(1, json!([primary("COMPLETED")])).as_desired);
        assert!(!described(2, json!([primary("IN_PROGRESS"), {"status": "ACTIVE"}])).as_desired);
        assert!(!described(2, json!([primary("FAILED")])).as_desired);
    }

    #[test]
    fn what_an_instance_has_left_is_told_as_what_is_taken() {
        let resources = |cpu: i64, memory: i64| json!([{"name": "CPU", "integerValue": cpu}, {"name": "MEMORY", "integerValue": memory}]);
        let described = json!({"containerInstanceArn": "arn:aws:ecs:r:1:container-instance/shop/abc", "ec2InstanceId": "box", "status": "ACTIVE",
            "agentConnected": true, "registeredResources": resources(2048, 4096), "remainingResources": resources(1024, 4096)});
        let seen = instance("shop", &described);
        assert_eq!(
            (seen.cpu, seen.memory),
            (Resource { taken: 1024, of: 2048 }, Resource { taken: 0, of: 4096 })
        );
        assert_eq!((seen.id.as_str(), seen.host.as_str(), seen.connected), ("abc", "box", true));
    }
}
