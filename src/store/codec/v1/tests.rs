use std::time::Duration;

use mainstay_core::model::{
    ContainerDefinition, EngineOptions, HealthCheck, NetworkMode, PortMapping, Ports, PropagateTags,
    Protocol, RolloutState, Service, Task, TaskDefinition, TaskStatus, Timestamp,
};

use crate::store::codec::{decode, encode};
use crate::store::exchange;
use mainstay_actors::ports::Write;

/// What a Mainstay of version 1 wrote when a task definition with all that it knew was registered.
const TASK_DEFINITION: &[u8] = b"\
    \x01\x03web\x01\x00\x01\x03web\x0fmainstay/demo:1@\x01@\x01\x20\x01\x01\x01\x07/puppet\x01\x01\x05se\
    rve\x01\x01A\x011\x02\xfb\x90\x1f\x01\x00\x00\x01\x04http5\x01\xfb\x17\x15\x01\x00\x01\x03\x03CMD\
    \x07/puppet\x05check\x05\x00\x05\x00\x01\x03\x00\x01\x05\x00\x01\x011\x01\x04/tmp\x01\x04team\x04sho\
    p\x01\xfb\x00\x01\x01\xfb\x00\x02\x00\x01\x00\x01\"arn:aws:iam::123456789012:role/web\x00\xfd\x1e\
    \x7f\x88\x1dD\x03\x00\x00\x00\x01\x01a\x01\x01b";

/// What it wrote of a task of that, once it ran.
const TASK: &[u8] = b"\
    \x01\x20afa7414d35b34fcb7204960bd3d096f5\x07default\x03web\x01\x01\x0afamily:web\x01\x02me\x200400fd\
    b09732c3da0707689cf60049b1\x80\xfb\x00\x02\x00\x01\xfb\x17\x15\x03\x03\x00\x01\x03web\x0fmainstay/de\
    mo:1\x01Gsha256:c9431b82b447ce9ceb841ba7a674d6f24f588d47eb59289cc3603638a4096f2c\x01@4288e4fb6909682\
    7a15c2c5854ef171a60e771773b9fd7dd22d971c4e9761cb2\x03\x00\x00\x00\x01\x01\x02\x070.0.0.05\xfb\x17\
    \x15\x01\x070.0.0.0\xfb\x90\x1f\xfb\x00\x80\x00\x20\x01@\x01\x20\x01\x03web\x00\x01\x01B\x012\x01\
    \x20\x00\x00\x01\x80\x00\x00\x00\x01\x01a\x00\x01$a1cd7da1-4e60-4319-a1f7-a1285222c71b\x04\xfd*\x7f\
    \x88\x1dD\x03\x00\x00\x00\x00\x01\xfd\x12\x85\x88\x1dD\x03\x00\x00\x00\x00\x00\x00\x00";

/// What it wrote of a service whose second deployment was under way.
const SERVICE: &[u8] = b"\
    \x01\x07default\x04shop\x00\x03web\x02\x03\x012\x96\x02\tecs-svc/2\x00\x03web\x02\x03\x01\x00%ECS d\
    eployment ecs-svc/2 in progress.\xfdJ}\x88\x1dD\x03\x00\x00\xfd\x80~\x88\x1dD\x03\x00\x00\tecs-sv\
    c/1\x01\x03web\x01\x00\x00\x01#ECS deployment ecs-svc/1 completed.\xfd\xe0n\x88\x1dD\x03\x00\x00\xfd\
    \xc8r\x88\x1dD\x03\x00\x00\x01\tecs-svc/2\x01\x02\xfdP\x86\x88\x1dD\x03\x00\x00\x01$a1cd7da1-4e60-4\
    319-a1f7-a1285222c71b\xfd\x90s\x88\x1dD\x03\x00\x00*(service shop) has reached a steady state.\xfd\x10\
    g\x88\x1dD\x03\x00\x00\x01\x01a\x01\x01b\x01\x01\x01\x01<\x01\x05token";

/// What its `mainstay store export` made of the two.
const EXPORT: &str = include_str!("export.jsonl");

#[test]
fn a_task_definition_of_version_1_is_read_with_nothing_lost_and_nothing_added() {
    let definition: TaskDefinition = decode(TASK_DEFINITION).unwrap();
    assert_eq!(definition.key.to_string(), "web:1");
    assert_eq!((definition.cpu, definition.memory), (Some(256), Some(512)));
    assert_eq!(
        (definition.network_mode, definition.pid_mode, definition.ipc_mode),
        (NetworkMode::Bridge, None, None)
    );
    assert_eq!(definition.task_role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/web"));
    assert_eq!(definition.tags.len(), 1);
    let mapping = |port, host_port, protocol, name: Option<&str>| PortMapping {
        container: Ports::One(port),
        host_port: Some(host_port),
        protocol,
        name: name.map(str::to_owned),
        app_protocol: None,
    };
    let container = ContainerDefinition {
        name: "web".into(),
        image: "mainstay/demo:1".into(),
        repository_credentials: None,
        cpu: 64,
        memory: Some(64),
        memory_reservation: Some(32),
        essential: true,
        entry_point: Some(vec!["/puppet".into()]),
        command: Some(vec!["serve".into()]),
        environment: vec![("A".into(), "1".into())],
        port_mappings: vec![
            mapping(8080, 0, Protocol::Tcp, Some("http")),
            mapping(53, 5399, Protocol::Udp, None),
        ],
        health_check: Some(HealthCheck {
            command: vec!["CMD".into(), "/puppet".into(), "check".into()],
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            retries: 1,
            start_period: Duration::from_secs(3),
        }),
        depends_on: Vec::new(),
        start_timeout: None,
        restart_policy: None,
        stop_timeout: Some(Duration::from_secs(5)),
        user: Some("1".into()),
        working_directory: Some("/tmp".into()),
        docker_labels: vec![("team".into(), "shop".into())],
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        environment_files: Vec::new(),
        secrets: Vec::new(),
        options: EngineOptions::default(),
        links: Vec::new(),
        log_configuration: None,
        gpus: None,
        version_consistency: None,
    };
    assert_eq!(definition.containers, [container]);
}

#[test]
fn a_task_of_version_1_is_read_with_its_ports_and_overrides() {
    let task: Task = decode(TASK).unwrap();
    assert_eq!((task.last_status, task.started_by.as_deref()), (TaskStatus::Running, Some("me")));
    assert_eq!((task.overrides.cpu, task.overrides.containers[0].cpu), (Some(128), Some(32)));
    let bindings: Vec<String> = task.containers[0]
        .network_bindings
        .iter()
        .map(|binding| format!("{}>{}/{}", binding.host, binding.container, binding.protocol.as_str()))
        .collect();
    assert_eq!(bindings, ["5399>53/udp", "32768>8080/tcp"]);
}

#[test]
fn a_service_of_version_1_is_read_with_its_deployments_and_brakes() {
    let service: Service = decode(SERVICE).unwrap();
    assert_eq!((service.key.to_string().as_str(), service.desired_count), ("default/shop", 3));
    let deployments: Vec<_> =
        service.deployments.iter().map(|one| (one.definition.to_string(), one.rollout_state)).collect();
    assert_eq!(
        deployments,
        [("web:2".to_owned(), RolloutState::InProgress), ("web:1".to_owned(), RolloutState::Completed)]
    );
    assert!(service.deployments.iter().all(|one| one.network.is_none() && one.images.is_empty()));
    assert_eq!((service.brakes[0].failures, service.brakes[0].due), (2, Timestamp(1_795_544_073_000)));
    assert_eq!(service.events[0].message, "(service shop) has reached a steady state.");
    assert_eq!((service.tags.len(), service.propagate_tags), (1, Some(PropagateTags::Service)));
    let rest = (service.enable_ecs_managed_tags, service.health_check_grace_period_seconds);
    assert_eq!((rest, service.client_token.as_deref()), ((true, Some(60)), Some("token")));
    let written = encode(&service).unwrap();
    assert_eq!((written[0], decode(&written)), (3, Ok(service)));
}

#[test]
fn what_is_read_from_version_1_is_written_in_the_form_of_now() {
    let definition: TaskDefinition = decode(TASK_DEFINITION).unwrap();
    let task: Task = decode(TASK).unwrap();
    let (as_definition, as_task) = (encode(&definition).unwrap(), encode(&task).unwrap());
    assert_eq!((as_definition[0], as_task[0]), (3, 3));
    assert_eq!((decode(&as_definition), decode(&as_task)), (Ok(definition), Ok(task)));
}

#[test]
fn an_export_of_version_1_is_imported() {
    let (_, writes) = exchange::read(EXPORT.as_bytes()).unwrap();
    let definition: TaskDefinition = decode(TASK_DEFINITION).unwrap();
    assert!(writes.contains(&Write::TaskDefinition(definition)));
    assert!(writes.iter().any(|write| matches!(write, Write::Task(task) if task.overrides.cpu == Some(128))));
    for damaged in [&TASK_DEFINITION[..TASK_DEFINITION.len() - 1], &[TASK_DEFINITION, &[0]].concat()] {
        assert!(decode::<TaskDefinition>(damaged).unwrap_err().contains("damaged"));
    }
}
