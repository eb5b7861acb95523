mod volumes;

use serde_json::{Value, json};

use super::{read, show};
use crate::api::body;
use crate::api::wire::operations::Operation;
use mainstay_core::Partition;

/// The task definition as it is shown, or what is wrong with the request.
pub(super) fn registered(request: &Value) -> Result<Value, String> {
    let body = request.to_string();
    let request = body::parse(Operation::RegisterTaskDefinition, body.as_bytes());
    let definition = request.and_then(read::definition).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(show::definition(&Partition::default(), &definition)).unwrap())
}

/// A definition of one container `web`, with `changes` over it.
#[track_caller]
pub(super) fn check(changes: &Value, expected: &str) {
    let mut request = json!({
        "family": "web",
        "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}],
    });
    let changes = changes.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(changes);
    let said = registered(&request).map_or_else(|error| error, |_| "fine".to_owned());
    assert_eq!(said, expected);
}

/// A container `web`, with `changes` over it; `null` takes a member away.
#[track_caller]
pub(super) fn check_container(changes: &Value, expected: &str) {
    let mut container = json!({"name": "web", "image": "nginx", "memory": 64});
    container.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    check(&json!({ "containerDefinitions": [container] }), expected);
}

#[test]
fn a_task_definition_comes_back_as_it_was_given_with_the_defaults_of_ecs() {
    let shown = registered(&json!({
        "family": "web",
        "cpu": "1 vCPU",
        "memory": "0.5GB",
        "networkMode": null,
        "requiresCompatibilities": ["EC2", "EC2"],
        "taskRoleArn": "arn:aws:iam::000000000000:role/web",
        "containerDefinitions": [{
            "name": "web",
            "image": "nginx:1",
            "command": ["serve"],
            "environment": [{"name": "A", "value": "1"}],
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop/web.env"}],
            "secrets": [{"name": "B", "valueFrom": "/shop/b"}],
            "portMappings": [{"containerPort": 80}],
            "healthCheck": {"command": ["CMD-SHELL", "true"]},
            "stopTimeout": 5,
            "dockerLabels": {"team": "shop"},
            "dependsOn": [], "privileged": false, "startTimeout": null, "links": [], "hostname": "",
            "restartPolicy": {"enabled": false},
            "linuxParameters": {"initProcessEnabled": false, "capabilities": {"drop": []}},
        }],
    }))
    .unwrap();
    let expected = json!({
        "family": "web",
        "revision": 0,
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/web:0",
        "status": "ACTIVE",
        "cpu": "1024",
        "memory": "512",
        "networkMode": "bridge",
        "compatibilities": ["EXTERNAL", "EC2"],
        "requiresCompatibilities": ["EC2"],
        "taskRoleArn": "arn:aws:iam::000000000000:role/web",
        "placementConstraints": [],
        "volumes": [],
        "registeredAt": 0.0,
        "containerDefinitions": [{
            "name": "web",
            "image": "nginx:1",
            "cpu": 0,
            "essential": true,
            "command": ["serve"],
            "environment": [{"name": "A", "value": "1"}],
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop/web.env"}],
            "secrets": [{"name": "B", "valueFrom": "/shop/b"}],
            "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}],
            "healthCheck": {
                "command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3
            },
            "stopTimeout": 5,
            "dockerLabels": {"team": "shop"},
            "privileged": false,
            "linuxParameters": {"initProcessEnabled": false, "capabilities": {}},
            "restartPolicy": {"enabled": false},
            "mountPoints": [], "volumesFrom": [], "systemControls": [],
        }],
    });
    assert_eq!(shown, expected);
}

#[test]
fn the_task_as_a_whole_is_checked_in_the_words_of_ecs() {
    let container = |name: &str| json!({"name": name, "image": "nginx", "memory": 64});
    check(&json!({"family": null}), "ClientException: family is required.");
    check(
        &json!({"family": "a b"}),
        "ClientException: Family must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b",
    );
    check(&json!({"containerDefinitions": []}), "ClientException: Container list cannot be empty.");
    let eleven: Vec<Value> = (0..11).map(|number| container(&format!("c{number}"))).collect();
    check(&json!({ "containerDefinitions": eleven }), "ClientException: Too many containers.");
    check(
        &json!({"containerDefinitions": [container("web"), container("web")]}),
        "ClientException: Container.name 'web' is used more than once.",
    );
    check(
        &json!({"memory": "32"}),
        "ClientException: The 'memory' setting for container 'web' is greater than for the task.",
    );
    check(
        &json!({"memory": "100", "containerDefinitions": [container("web"), container("log")]}),
        "ClientException: The sum of all container 'memory' values cannot be greater than the value of \
         the task 'memory'.",
    );
    check(&json!({"cpu": "much"}), "ClientException: Invalid 'cpu' setting for task. cpu is 'much'.");
    check(
        &json!({"networkMode": "awsvpc", "requiresCompatibilities": ["EXTERNAL"]}),
        "ClientException: networkMode is 'awsvpc'; it must be bridge, host or none where requiresCompatibilities has \
         EXTERNAL.",
    );
    check(
        &json!({"requiresCompatibilities": ["FARGATE"]}),
        "ClientException: Fargate only supports network mode 'awsvpc'.",
    );
    check(&json!({"pidMode": "host", "ipcMode": "none"}), "fine");
    check(&json!({"networkMode": "awsvpc", "pidMode": "task", "ipcMode": "task"}), "fine");
    check(
        &json!({"runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}}),
        "fine",
    );
    check(
        &json!({"runtimePlatform": {"cpuArchitecture": "ARM64"}}),
        "ClientException: runtimePlatform.cpuArchitecture ARM64 is not supported by Mainstay yet.",
    );
    check(
        &json!({"tags": [{"key": "a"}, {"key": "a"}]}),
        "InvalidParameterException: Duplicate tag key 'a'.",
    );
}

#[test]
fn a_container_needs_a_name_an_image_and_memory_within_bounds() {
    check_container(&json!({"name": null}), "ClientException: Container.name should not be null or empty.");
    check_container(&json!({"image": ""}), "ClientException: Container.image should not be null or empty.");
    check_container(
        &json!({"memory": null}),
        "ClientException: Invalid setting for container 'web'. At least one of 'memory' or \
         'memoryReservation' must be specified.",
    );
    check_container(&json!({"memory": null, "memoryReservation": 32}), "fine");
    check_container(
        &json!({"memory": 5}),
        "ClientException: containerDefinitions[0].memory is 5; it must be at least 6.",
    );
    check_container(
        &json!({"memoryReservation": 64}),
        "ClientException: Invalid setting for container 'web'. 'memory' (64) must be greater than \
         'memoryReservation' (64).",
    );
    check_container(
        &json!({"cpu": -1}),
        "ClientException: containerDefinitions[0].cpu is -1; it must be 0 to 196608.",
    );
    check_container(
        &json!({"stopTimeout": -1}),
        "ClientException: containerDefinitions[0].stopTimeout is -1; it must be at least 0.",
    );
    check_container(
        &json!({"essential": false}),
        "ClientException: At least one container of the task definition must be essential.",
    );
    check_container(
        &json!({"environment": [{"value": "1"}]}),
        "ClientException: containerDefinitions[0].environment[0].name must be given, and have no '=' in it.",
    );
}

#[test]
fn ports_are_checked_within_their_bounds_their_mode_and_against_each_other() {
    let with = |mappings: Value| json!({ "portMappings": mappings });
    check_container(
        &with(json!([{"hostPort": 80}])),
        "ClientException: Invalid 'containerPort' setting for container 'web'. containerPort is required.",
    );
    check_container(
        &with(json!([{"containerPort": 65536}])),
        "ClientException: Invalid 'containerPort' setting for container 'web'. containerPort is 65536; it \
         must be 1 to 65535.",
    );
    check_container(
        &with(json!([{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}])),
        "ClientException: Invalid 'hostPort' setting for container 'web'. Host port 80/tcp is mapped more \
         than once.",
    );
    check_container(
        &with(
            json!([{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80, "protocol": "udp"}]),
        ),
        "fine",
    );
    check_container(
        &with(json!([{"containerPort": 80, "protocol": "sctp"}])),
        "ClientException: containerDefinitions[0].portMappings[0].protocol is 'sctp'; it must be one of \
         tcp, udp.",
    );
    let in_mode = |mode: &str, host_port: Option<u16>| {
        let mapping = json!({"containerPort": 80, "hostPort": host_port});
        let container = json!({"name": "web", "image": "nginx", "memory": 64, "portMappings": [mapping]});
        json!({"networkMode": mode, "containerDefinitions": [container]})
    };
    check(&in_mode("host", None), "fine");
    check(&in_mode("host", Some(80)), "fine");
    check(
        &in_mode("host", Some(81)),
        "ClientException: When networkMode=host, the host ports and container ports in port mappings must \
         match.",
    );
    check(
        &in_mode("none", None),
        "ClientException: Invalid 'portMappings' setting for container 'web'. When networkMode=none, \
         there are no ports to map.",
    );
}

#[test]
fn a_health_check_says_what_to_run_within_the_bounds_of_ecs() {
    let with = |member: &str, value: Value| {
        let mut check = json!({"command": ["CMD", "true"]});
        check.as_object_mut().unwrap().insert(member.into(), value);
        json!({ "healthCheck": check })
    };
    check_container(&with("interval", json!(5)), "fine");
    for (member, value, bounds) in [
        ("interval", 4, "5 to 300"),
        ("timeout", 61, "2 to 60"),
        ("retries", 0, "1 to 10"),
        ("startPeriod", 301, "0 to 300"),
    ] {
        let expected = format!(
            "ClientException: containerDefinitions[0].healthCheck.{member} is {value}; it must be {bounds}."
        );
        check_container(&with(member, json!(value)), &expected);
    }
    check_container(
        &with("command", json!(["curl", "localhost"])),
        "ClientException: containerDefinitions[0].healthCheck.command must be CMD or CMD-SHELL followed \
         by what to run; it begins with 'curl'.",
    );
    check_container(
        &with("command", json!(["CMD-SHELL"])),
        "ClientException: containerDefinitions[0].healthCheck.command must be CMD or CMD-SHELL followed \
         by what to run; it begins with 'CMD-SHELL'.",
    );
}

#[test]
fn secrets_and_files_name_what_can_be_had_and_no_name_twice() {
    let at = "ClientException: containerDefinitions[0]";
    let secret = |name: &str, value_from: &str| json!({"secrets": [{"name": name, "valueFrom": value_from}]});
    check_container(&secret("A", "/shop/a"), "fine");
    check_container(
        &secret("A", "arn:aws:secretsmanager:us-east-1:000000000000:secret:a-AbCdEf:k::"),
        "fine",
    );
    check_container(
        &secret("A", "../a"),
        &format!("{at}.secrets[0].valueFrom is '../a'; it must be an ARN or the name of a parameter."),
    );
    check_container(
        &secret("", "/shop/a"),
        &format!("{at}.secrets[0].name must be given, and have no '=' in it."),
    );
    let unique = "ClientException: The secret name must be unique and not shared with any new or existing \
                  environment variables set on the container, such as 'A'.";
    check_container(
        &json!({"secrets": [{"name": "A", "valueFrom": "a"}], "environment": [{"name": "A", "value": "1"}]}),
        unique,
    );
    check_container(
        &json!({"secrets": [{"name": "A", "valueFrom": "a"}, {"name": "A", "valueFrom": "b"}]}),
        unique,
    );
    let file = |value: &str| json!({"type": "s3", "value": value});
    check_container(
        &json!({"environmentFiles": [file("s3://shop/web.env")]}),
        &format!(
            "{at}.environmentFiles[0].value is 's3://shop/web.env'; it must be the ARN of an S3 object that \
             ends in .env, such as arn:aws:s3:::bucket/key.env."
        ),
    );
    check_container(
        &json!({"environmentFiles": [{"type": "http", "value": "arn:aws:s3:::shop/web.env"}]}),
        &format!("{at}.environmentFiles[0].type is 'http'; it must be one of s3."),
    );
    check_container(
        &json!({"environmentFiles": vec![file("arn:aws:s3:::shop/web.env"); 11]}),
        &format!("{at}.environmentFiles has 11 items; it must have at most 10."),
    );
}

#[test]
fn what_is_not_carried_out_yet_is_refused_by_its_path() {
    let members = [("firelensConfiguration", json!({"type": "fluentbit"}))];
    for (member, value) in members {
        let expected =
            format!("ClientException: containerDefinitions[0].{member} is not supported by Mainstay yet.");
        check_container(&json!({ member: value }), &expected);
    }
}

#[test]
fn credentials_for_a_registry_are_a_secret_of_secrets_manager() {
    let named = |text: &str| json!({"repositoryCredentials": {"credentialsParameter": text}});
    check_container(
        &named("arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/registry-AbCdEf"),
        "fine",
    );
    check_container(&named("shop/registry"), "fine");
    for wrong in ["", "arn:aws:ssm:us-east-1:000000000000:parameter/shop/registry"] {
        check_container(
            &named(wrong),
            &format!(
                "ClientException: containerDefinitions[0].repositoryCredentials.credentialsParameter is '{wrong}'; it \
                 must be the ARN of a secret of Secrets Manager \
                 (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME), or its name."
            ),
        );
    }
}

#[test]
fn what_a_container_depends_on_comes_back_as_given_and_has_to_be_able_to_come() {
    let with = |db: Value, app: Value| {
        let mut containers = [
            json!({"name": "db", "image": "db", "memory": 64, "essential": false}),
            json!({"name": "app", "image": "app", "memory": 64}),
        ];
        for (container, changes) in containers.iter_mut().zip([db, app]) {
            container.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        }
        json!({ "family": "app", "containerDefinitions": containers })
    };
    let on =
        |name: &str, condition: &str| json!({"dependsOn": [{"containerName": name, "condition": condition}]});
    let checked = json!({"healthCheck": {"command": ["CMD", "true"]}, "startTimeout": 30});
    let shown = registered(&with(checked.clone(), on("db", "HEALTHY"))).unwrap();
    let containers = &shown["containerDefinitions"];
    assert_eq!(containers[0]["startTimeout"], 30);
    assert_eq!(containers[1]["dependsOn"], on("db", "HEALTHY")["dependsOn"]);

    let both = |db: Value, app: Value, expected: &str| check(&with(db, app), expected);
    let plain = || json!({});
    both(plain(), on("db", "SUCCESS"), "fine");
    both(
        plain(),
        on("cache", "START"),
        "ClientException: Cannot depend on container + 'cache' because it does not exist: \
         containerDefinitions[1].dependsOn[0].containerName is 'cache'.",
    );
    both(
        plain(),
        on("app", "START"),
        "ClientException: A container cannot depend on itself: \
         containerDefinitions[1].dependsOn[0].containerName is 'app'.",
    );
    both(
        on("app", "START"),
        on("db", "START"),
        "ClientException: Container dependencies should not have a cycle: \
         containerDefinitions[0].dependsOn[0].containerName is 'app'.",
    );
    both(
        json!({"essential": true}),
        on("db", "COMPLETE"),
        "ClientException: A dependency container with SUCCESS or COMPLETE condition cannot be an essential \
         container: containerDefinitions[1].dependsOn[0] waits for COMPLETE of 'db'.",
    );
    both(
        plain(),
        on("db", "HEALTHY"),
        "ClientException: A dependency container with HEALTHY condition must have health check configured: \
         containerDefinitions[1].dependsOn[0] waits for HEALTHY of 'db'.",
    );
    both(
        plain(),
        on("db", "READY"),
        "ClientException: containerDefinitions[1].dependsOn[0].condition is 'READY'; it must be one of START, \
         COMPLETE, SUCCESS, HEALTHY.",
    );
    both(
        json!({"startTimeout": -1}),
        plain(),
        "ClientException: containerDefinitions[0].startTimeout is -1; it must be at least 0.",
    );
}

#[test]
fn a_restart_policy_comes_back_as_given_and_keeps_to_the_bounds_of_ecs() {
    let policy = json!({"enabled": true, "ignoredExitCodes": [0, 3], "restartAttemptPeriod": 60});
    let container = json!({"name": "web", "image": "nginx", "memory": 64, "restartPolicy": policy});
    let shown = registered(&json!({"family": "web", "containerDefinitions": [container]})).unwrap();
    assert_eq!(shown["containerDefinitions"][0]["restartPolicy"], policy);
    for (member, value, expected) in [
        ("restartAttemptPeriod", json!(59), "restartAttemptPeriod is 59; it must be 60 to 1800."),
        ("restartAttemptPeriod", json!(1801), "restartAttemptPeriod is 1801; it must be 60 to 1800."),
        ("ignoredExitCodes", json!(vec![1; 51]), "ignoredExitCodes has length 51; it must have 0 to 50."),
        ("ignoredExitCodes", json!([0, 256]), "ignoredExitCodes[1] is 256; it must be 0 to 255."),
    ] {
        let mut policy = json!({"enabled": true});
        policy.as_object_mut().unwrap().insert(member.into(), value);
        let expected = format!("ClientException: containerDefinitions[0].restartPolicy.{expected}");
        check_container(&json!({ "restartPolicy": policy }), &expected);
    }
}
