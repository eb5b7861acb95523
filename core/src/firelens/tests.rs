use std::time::Duration;

use super::*;
use crate::lifecycle::{Order, Stage, Standing, Start, check_order};
use crate::model::{Dependency, DependencyCondition, Health, Secret};
use crate::{ClusterName, Family, RevisionKey};

fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn router_of(kind: FirelensKind, options: &[(&str, &str)]) -> ContainerDefinition {
    ContainerDefinition {
        name: "router".into(),
        memory: Some(64),
        firelens: Some(FirelensConfiguration { kind, options: pairs(options) }),
        ..ContainerDefinition::default()
    }
}

fn routed(name: &str, options: &[(&str, &str)]) -> ContainerDefinition {
    let driver = LogConfiguration::AWSFIRELENS.to_owned();
    ContainerDefinition {
        name: name.into(),
        log_configuration: Some(LogConfiguration {
            driver,
            options: pairs(options),
            secret_options: Vec::new(),
        }),
        ..ContainerDefinition::default()
    }
}

fn task(network_mode: NetworkMode, containers: Vec<ContainerDefinition>) -> TaskSpec {
    let container = |definition| ContainerSpec {
        gpu_ids: Vec::new(),
        engine_name: "ecs-x".into(),
        definition,
        stop_timeout: Duration::from_secs(30),
        version: None,
    };
    TaskSpec {
        id: TaskId::new("0a1b"),
        arn: "arn:task".into(),
        cluster: ClusterName::new("shop"),
        definition: RevisionKey { family: Family::new("web"), revision: 3 },
        group: "g".into(),
        network_mode,
        volumes: Vec::new(),
        pid_mode: None,
        ipc_mode: None,
        network: None,
        limits: None,
        launch_type: None,
        role: None,
        containers: containers.into_iter().map(container).collect(),
    }
}

#[test]
fn a_fluent_bit_gets_inputs_filters_and_an_output_for_each_container() {
    let app = routed(
        "app",
        &[
            ("Name", "es"),
            ("Host", "10.0.0.9"),
            ("exclude-pattern", "^GET /health"),
            ("log-driver-buffer-limit", "1"),
        ],
    );
    let quiet = routed("quiet", &[]);
    let file =
        configuration(&task(NetworkMode::AwsVpc, vec![router_of(FirelensKind::FluentBit, &[]), app, quiet]));
    let expected = "\
[INPUT]
    Name forward
    unix_path /var/run/fluent.sock
    Mem_Buf_Limit 32MB

[INPUT]
    Name forward
    Listen 127.0.0.1
    Port 24224

[INPUT]
    Name tcp
    Tag firelens-healthcheck
    Listen 127.0.0.1
    Port 8877

[FILTER]
    Name grep
    Match app-firelens*
    Exclude log ^GET /health

[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster shop
    Record ecs_task_arn arn:task
    Record ecs_task_definition web:3

[OUTPUT]
    Name null
    Match firelens-healthcheck

[OUTPUT]
    Name es
    Match app-firelens*
    Host 10.0.0.9
";
    assert_eq!(file.as_deref(), Some(expected));
}

#[test]
fn a_fluentd_gets_the_same_in_its_own_words() {
    let options = [
        ("enable-ecs-log-metadata", "true"),
        ("config-file-type", "file"),
        ("config-file-value", "/my.conf"),
    ];
    let app = routed("app", &[("@type", "stdout"), ("include-pattern", "ERROR")]);
    let file =
        configuration(&task(NetworkMode::Bridge, vec![app, router_of(FirelensKind::Fluentd, &options)]));
    let expected = "\
<source>
    @type unix
    path /var/run/fluent.sock
</source>

<source>
    @type forward
    bind 0.0.0.0
    port 24224
</source>

<filter app-firelens**>
    @type grep
    <regexp>
        key log
        pattern ERROR
    </regexp>
</filter>

<filter **>
    @type record_transformer
    <record>
        ecs_cluster shop
        ecs_task_arn arn:task
        ecs_task_definition web:3
    </record>
</filter>

@include /my.conf

<match app-firelens**>
    @type stdout
</match>
";
    assert_eq!(file.as_deref(), Some(expected));
}

#[test]
fn a_file_from_s3_is_mounted_and_included_and_metadata_can_be_left_out() {
    let options = [
        ("enable-ecs-log-metadata", "false"),
        ("config-file-type", "s3"),
        ("config-file-value", "arn:aws:s3:::shop/fluent.conf"),
    ];
    let router = router_of(FirelensKind::FluentBit, &options);
    let firelens = router.firelens.clone().unwrap();
    assert_eq!(
        mounts(&firelens),
        [
            ("fluent.conf", "/fluent-bit/etc/fluent-bit.conf", true),
            ("external.conf", "/fluent-bit/etc/external.conf", true),
            ("run", "/var/run/", false),
        ]
    );
    let file = configuration(&task(NetworkMode::Host, vec![router, routed("app", &[])])).unwrap();
    assert!(file.contains("\n@INCLUDE /fluent-bit/etc/external.conf\n"), "{file}");
    assert!(!file.contains("ecs_cluster") && !file.contains("Port") && !file.contains("[OUTPUT]"), "{file}");
    assert_eq!(configuration(&task(NetworkMode::Bridge, vec![routed("app", &[])])), None);
}

#[test]
fn whoever_is_routed_is_told_where_the_router_is() {
    let told = |mode, container: &ContainerDefinition, address| {
        environment(mode, container, address)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let app = routed("app", &[]);
    assert_eq!(told(NetworkMode::AwsVpc, &app, None), "FLUENT_HOST=127.0.0.1 FLUENT_PORT=24224");
    assert_eq!(
        told(NetworkMode::Bridge, &app, Some("172.17.0.2")),
        "FLUENT_HOST=172.17.0.2 FLUENT_PORT=24224"
    );
    assert_eq!(told(NetworkMode::Host, &app, Some("172.17.0.2")), "");
    assert_eq!(told(NetworkMode::Bridge, &ContainerDefinition::default(), Some("172.17.0.2")), "");
    assert_eq!(told(NetworkMode::Bridge, &router_of(FirelensKind::Fluentd, &[]), None), "FLUENT_UID=0");
    let user = |user: &str| {
        owner(&ContainerDefinition { user: Some(user.into()), ..ContainerDefinition::default() })
    };
    assert_eq!((user("0"), user("7"), user("7:8")), ((0, 0), (7, 0), (7, 8)));
}

#[test]
fn the_router_starts_before_those_it_routes_and_stops_after_them() {
    let order = Order::of(&[routed("app", &[]), router_of(FirelensKind::FluentBit, &[])]);
    let standing = |stage| Standing { stage, health: Health::Unknown };
    let runs = Stage::Running { since: Duration::ZERO };
    let (absent, up) = (standing(Stage::Absent), standing(runs));
    assert_eq!(order.start(0, &[absent, absent]), Start::Wait(None));
    assert_eq!(order.start(1, &[absent, absent]), Start::Now);
    assert_eq!(order.start(0, &[absent, up]), Start::Now);
    assert!(!order.may_stop(1, &[up, up]) && order.may_stop(0, &[up, up]));
    assert!(order.may_stop(1, &[standing(Stage::Ended { started: true, exit_code: None }), up]));
}

#[test]
fn an_order_that_was_given_goes_over_the_routers_own() {
    let needs = |container: ContainerDefinition, on: &str, condition| ContainerDefinition {
        depends_on: vec![Dependency { container: on.into(), condition }],
        ..container
    };
    // A router that waits for somebody is not waited for by them.
    let router = needs(router_of(FirelensKind::FluentBit, &[]), "app", DependencyCondition::Start);
    assert_eq!(check_order(&[routed("app", &[]), router]), Ok(()));
    // Nor is one that uses its own driver by itself.
    let own = ContainerDefinition {
        firelens: router_of(FirelensKind::Fluentd, &[]).firelens,
        ..routed("own", &[])
    };
    assert_eq!(check_order(&[own]), Ok(()));
}

#[test]
fn a_secret_option_is_a_variable_of_the_router_and_never_in_its_file() {
    for (kind, line) in [
        (FirelensKind::FluentBit, "    apikey ${apikey_1}\n"),
        (FirelensKind::Fluentd, "    apikey \"#{ENV['apikey_1']}\"\n"),
    ] {
        let mut app = routed("app", &[(kind.output(), "datadog")]);
        if let Some(logs) = &mut app.log_configuration {
            logs.secret_options.push(Secret { name: "apikey".into(), value_from: "/shop/key".into() });
        }
        let text = configuration(&task(NetworkMode::None, vec![router_of(kind, &[]), app])).unwrap();
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("/shop/key"), "{text}");
    }
    assert_eq!(secret_variable("apikey", 1), "apikey_1");
}
