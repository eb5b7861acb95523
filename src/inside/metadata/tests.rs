use std::time::Duration;

use mainstay_actors::sim::{container as defined, definition};
use mainstay_core::lifecycle::{NewTask, new_task};
use mainstay_core::model::{
    AwsVpcConfiguration, LogConfiguration, NetworkInterface, Overrides, Ports, Protocol, Resources,
    RestartPolicy, TaskNetwork,
};
use mainstay_core::{ClusterName, DeploymentId, EngineId, InstanceId, ServiceName, TaskId};
use serde_json::{Value, json};

use super::*;
use crate::engine::about::{Checked, Mounted};

const ID: &str = "0123456789abcdef0123456789abcdef";
/// 2023-11-14T22:13:20Z.
const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn a_definition() -> TaskDefinition {
    let mut web = defined("nginx:1");
    web.name = "web".into();
    web.cpu = 128;
    web.memory = Some(64);
    web.docker_labels = vec![("team".into(), "shop".into())];
    web.log_configuration = Some(LogConfiguration {
        driver: "json-file".into(),
        options: vec![("max-size".into(), "1m".into())],
        secret_options: vec![],
    });
    web.restart_policy = Some(RestartPolicy {
        enabled: true,
        ignored_exit_codes: vec![],
        attempt_period: Some(Duration::from_secs(60)),
    });
    TaskDefinition { cpu: Some(256), memory: Some(512), ..definition("web", vec![web]) }
}

fn a_task(definition: &TaskDefinition) -> Task {
    let owner = TaskOwner::Service {
        service: ServiceName::new("shop"),
        deployment: DeploymentId::new("ecs-svc/1"),
        slot: 0,
    };
    let new = NewTask {
        id: TaskId::new(ID),
        cluster: ClusterName::new("default"),
        definition,
        overrides: Overrides::default(),
        owner,
        group: "service:shop".into(),
        started_by: None,
        instance: InstanceId::new("i"),
        resources: Resources::default(),
        network: None,
        launch_type: LaunchType::Ec2,
        tags: vec![Tag { key: "team".into(), value: Some("shop".into()) }],
        client_token: None,
        enable_execute_command: false,
        capacity_provider: None,
    };
    let mut task = new_task(new, BEGAN);
    let web = &mut task.containers[0];
    web.runtime_id = Some(EngineId::new("e1"));
    web.last_status = TaskStatus::Running;
    web.started_at = Some(BEGAN);
    web.restart_count = 2;
    web.network_bindings = vec![NetworkBinding {
        bind_ip: "0.0.0.0".into(),
        container: Ports::Range { first: 80, last: 81 },
        host: Ports::Range { first: 32_768, last: 32_769 },
        protocol: Protocol::Tcp,
    }];
    task
}

fn an_about() -> About {
    let address = Address { ipv4: "172.17.0.2".into(), ..Address::default() };
    About {
        created_at: Some(BEGAN),
        finished_at: Some(BEGAN),
        image_id: Some("sha256:1".into()),
        labels: [("team".to_owned(), "shop".to_owned())].into(),
        mounts: vec![Mounted {
            volume: Some("v".into()),
            source: "/var/lib/v".into(),
            destination: "/data".into(),
        }],
        networks: [("bridge".to_owned(), address)].into(),
        last_check: Some(Checked { exit_code: 1, output: "no".into() }),
    }
}

fn scene<'a>(
    here: &'a Partition,
    task: &'a Task,
    definition: &'a TaskDefinition,
    interface: Option<&'a Address>,
) -> Scene<'a> {
    Scene { here, task, definition, launch_type: task.launch_type.unwrap(), interface }
}

#[test]
fn a_container_is_shown_as_the_genuine_agent_shows_it() {
    let (here, definition) = (Partition::default(), a_definition());
    let task = a_task(&definition);
    let shown = container(scene(&here, &task, &definition, None), &task.containers[0], Some(&an_about()));
    let expected = json!({
        "DockerId": "e1",
        "Name": "web",
        "DockerName": engine_name(&task.definition, &task.id, "web"),
        "Image": "nginx:1",
        "ImageID": "sha256:1",
        "Ports": [
            { "ContainerPort": 80, "Protocol": "tcp", "HostPort": 32768, "HostIp": "0.0.0.0" },
            { "ContainerPort": 81, "Protocol": "tcp", "HostPort": 32769, "HostIp": "0.0.0.0" },
        ],
        "Labels": { "team": "shop" },
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": { "CPU": 128.0, "Memory": 64 },
        "CreatedAt": "2023-11-14T22:13:20Z",
        "StartedAt": "2023-11-14T22:13:20Z",
        "Type": "NORMAL",
        "Volumes": [{ "DockerName": "v", "Source": "/var/lib/v", "Destination": "/data" }],
        "LogDriver": "json-file",
        "LogOptions": { "max-size": "1m" },
        "ContainerARN": here.container(&task.cluster, &task.id, "web"),
        "Networks": [{ "NetworkMode": "bridge", "IPv4Addresses": ["172.17.0.2"] }],
        "RestartCount": 2,
    });
    assert_eq!(serde_json::to_value(shown).unwrap(), expected);
}

#[test]
fn a_container_is_shown_without_the_engine_and_over_or_sick_as_it_is() {
    let (here, definition) = (Partition::default(), a_definition());
    let mut task = a_task(&definition);
    let shown = |task: &Task, about: Option<&About>| -> Value {
        serde_json::to_value(container(scene(&here, task, &definition, None), &task.containers[0], about))
            .unwrap()
    };
    let blind = shown(&task, None);
    assert_eq!(blind["Labels"]["com.amazonaws.ecs.container-name"], "web");
    assert_eq!(blind["Labels"]["team"], "shop");
    assert_eq!(blind["Networks"], json!([{ "NetworkMode": "bridge", "IPv4Addresses": [""] }]));
    assert_eq!(blind.get("Health"), None);
    task.containers[0].has_health_check = true;
    assert_eq!(shown(&task, None)["Health"], json!({}), "no verdict yet");
    task.containers[0].health = Health::Unhealthy;
    let sick = shown(&task, Some(&an_about()));
    assert_eq!(sick["Health"], json!({ "status": "UNHEALTHY", "exitCode": 1, "output": "no" }));
    task.containers[0].last_status = TaskStatus::Stopped;
    task.containers[0].exit_code = Some(3);
    let over = shown(&task, Some(&an_about()));
    assert_eq!((&over["KnownStatus"], &over["ExitCode"]), (&json!("STOPPED"), &json!(3)));
    assert_eq!(over["FinishedAt"], "2023-11-14T22:13:20Z");
}

#[test]
fn a_task_is_shown_with_its_limits_its_service_and_its_tags_where_they_are_asked_for() {
    let (here, definition) = (Partition::default(), a_definition());
    let mut known = a_task(&definition);
    known.pull_started_at = Some(BEGAN);
    let zone = || Some("us-east-1a".to_owned());
    let shown = |task_of: &Task, tags| -> Value {
        let scene = scene(&here, task_of, &definition, None);
        let mut shown = serde_json::to_value(task(scene, &[None], zone(), tags)).unwrap();
        assert_eq!(shown["Containers"].as_array().map(Vec::len), Some(1));
        shown.as_object_mut().unwrap().remove("Containers");
        shown
    };
    let expected = json!({
        "Cluster": "default",
        "TaskARN": here.task(&known.cluster, &known.id),
        "Family": "web",
        "Revision": "0",
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": { "CPU": 0.25, "Memory": 512 },
        "PullStartedAt": "2023-11-14T22:13:20Z",
        "AvailabilityZone": "us-east-1a",
        "LaunchType": "EC2",
        "ServiceName": "shop",
        "FaultInjectionEnabled": false,
    });
    assert_eq!(shown(&known, None), expected);
    let tagged = shown(&known, Some((&known.tags[..], &[][..])));
    assert_eq!(
        (&tagged["TaskTags"], &tagged["ContainerInstanceTags"]),
        (&json!({ "team": "shop" }), &json!({}))
    );
    let fargate =
        Task { launch_type: Some(LaunchType::Fargate), owner: TaskOwner::Standalone, ..known.clone() };
    let on_fargate = shown(&fargate, None);
    assert_eq!(on_fargate["Cluster"], here.cluster(&known.cluster));
    assert_eq!(on_fargate.get("ServiceName"), None);
}

#[test]
fn a_task_with_an_address_of_its_own_shows_its_interface() {
    let here = Partition::default();
    let definition = TaskDefinition { network_mode: NetworkMode::AwsVpc, ..a_definition() };
    let configuration =
        AwsVpcConfiguration { subnets: vec![], security_groups: vec![], assign_public_ip: false };
    let interface = NetworkInterface { address: "172.18.3.4".into(), mac: "02:42:ac:12:03:04".into() };
    let network = Some(TaskNetwork { configuration, interface: Some(interface) });
    let task = Task { network, ..a_task(&definition) };
    let address = Address { gateway: "172.18.0.1".parse().ok(), prefix: Some(16), ..Address::default() };
    let shown = container(scene(&here, &task, &definition, Some(&address)), &task.containers[0], None);
    let expected = json!([{
        "NetworkMode": "awsvpc",
        "IPv4Addresses": ["172.18.3.4"],
        "AttachmentIndex": 0,
        "MACAddress": "02:42:ac:12:03:04",
        "IPv4SubnetCIDRBlock": "172.18.0.0/16",
        "PrivateDNSName": "ip-172-18-3-4.ec2.internal",
        "SubnetGatewayIpv4Address": "172.18.0.1/16",
    }]);
    assert_eq!(serde_json::to_value(shown).unwrap()["Networks"], expected);
    assert_eq!(subnet("10.1.2.3", 32).as_deref(), Some("10.1.2.3/32"));
    assert_eq!(subnet("10.1.2.3", 0).as_deref(), Some("0.0.0.0/0"));
    assert_eq!(subnet("10.1.2.3", 33), None);
}
