use serde_json::{Value, json};

use crate::api::definitions::tests::{check, check_container, registered};

/// A container `web` with this beside it is refused with that, after its path.
#[track_caller]
fn refused(changes: &Value, expected: &str) {
    check_container(changes, &format!("ClientException: containerDefinitions[0].{expected}"));
}

/// Linux parameters that are refused with that, after their path.
#[track_caller]
fn refused_linux(parameters: &Value, expected: &str) {
    refused(&json!({ "linuxParameters": parameters }), &format!("linuxParameters.{expected}"));
}

/// Two containers, `web` and `db`, each with changes over it, in a network mode.
fn pair(mode: &str, web: &Value, db: &Value) -> Value {
    let container = |name: &str, changes: &Value| {
        let mut container = json!({"name": name, "image": "nginx", "memory": 64});
        container.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        container
    };
    json!({"networkMode": mode, "containerDefinitions": [container("web", web), container("db", db)]})
}

#[test]
fn linux_parameters_are_taken_within_the_words_and_bounds_of_ecs() {
    let unknown = registered(&json!({
        "family": "web",
        "containerDefinitions": [{
            "name": "web", "image": "nginx", "memory": 64,
            "linuxParameters": {"capabilities": {"add": ["NET_ADMIN", "CAP_CHOWN"]}},
        }],
    }));
    let said = unknown.unwrap_err();
    let begin = "ClientException: containerDefinitions[0].linuxParameters.capabilities.add[1] is 'CAP_CHOWN'; it must \
                 be one of ALL, AUDIT_CONTROL, ";
    assert!(said.starts_with(begin), "{said}");
    refused_linux(&json!({"swappiness": 101}), "swappiness is 101; it must be 0 to 100.");
    refused_linux(&json!({"maxSwap": -1}), "maxSwap is -1; it must be at least 0.");
    refused_linux(&json!({"sharedMemorySize": -1}), "sharedMemorySize is -1; it must be at least 0.");
    refused_linux(
        &json!({"devices": [{"hostPath": "null"}]}),
        "devices[0].hostPath is 'null'; it must be an absolute path.",
    );
    refused_linux(
        &json!({"devices": [{"hostPath": "/dev/null", "permissions": ["exec"]}]}),
        "devices[0].permissions[0] is 'exec'; it must be one of read, write, mknod.",
    );
    refused_linux(
        &json!({"tmpfs": [{"containerPath": "/a", "size": 0}]}),
        "tmpfs[0].size is 0; it must be at least 1.",
    );
    refused_linux(
        &json!({"tmpfs": [{"containerPath": "a", "size": 1}]}),
        "tmpfs[0].containerPath is 'a'; it must be an absolute path.",
    );
    check_container(
        &json!({"memory": null, "memoryReservation": 32, "linuxParameters": {"maxSwap": 1}}),
        "ClientException: containerDefinitions[0].linuxParameters.maxSwap is given; it must come with the container's \
         'memory', to which it is added.",
    );
    // As in ECS, where it has no effect by itself.
    check_container(&json!({"linuxParameters": {"swappiness": 50}}), "fine");
}

#[test]
fn ulimits_have_a_soft_limit_below_the_hard_one_and_minus_1_is_none() {
    let limit =
        |soft: i32, hard: i32| json!({"ulimits": [{"name": "nofile", "softLimit": soft, "hardLimit": hard}]});
    for (soft, hard) in [(0, 0), (1, 2), (5, -1), (-1, -1)] {
        check_container(&limit(soft, hard), "fine");
    }
    refused(&limit(3, 2), "ulimits[0].softLimit is 3; it must be at most 2.");
    refused(&limit(-1, 2), "ulimits[0].softLimit is -1; it must be at most 2.");
    refused(&limit(0, -2), "ulimits[0].hardLimit is -2; it must be -1 to 2147483647.");
}

#[test]
fn kernel_parameters_are_those_of_namespaces_that_are_the_containers_own() {
    let control = |name: &str| json!({"systemControls": [{"namespace": name, "value": "1"}]});
    for name in ["net.core.somaxconn", "kernel.shmmax", "fs.mqueue.msg_max"] {
        check_container(&control(name), "fine");
    }
    refused(
        &control("kernel.panic"),
        "systemControls[0].namespace is 'kernel.panic'; it must begin with net. or fs.mqueue., or be one of \
         kernel.msgmax, kernel.msgmnb, kernel.msgmni, kernel.sem, kernel.shmall, kernel.shmmax, kernel.shmmni, \
         kernel.shm_rmid_forced.",
    );
    refused(
        &json!({"systemControls": [{"namespace": "net.core.somaxconn"}]}),
        "systemControls[0].value is required.",
    );
    let shared = |mode: &str| {
        format!(
            "ClientException: containerDefinitions[0].systemControls[0].namespace is '{}'; it must be none of the \
             host's own, which {mode} host shares.",
            if mode == "ipcMode" { "kernel.shmmax" } else { "net.core.somaxconn" }
        )
    };
    let mut request = pair("host", &control("net.core.somaxconn"), &json!({}));
    check(&request, &shared("networkMode"));
    request = pair("host", &control("kernel.shmmax"), &json!({}));
    check(&request, "fine");
    request["ipcMode"] = json!("host");
    check(&request, &shared("ipcMode"));
}

#[test]
fn names_and_addresses_have_to_be_such() {
    refused(
        &json!({"dnsServers": ["10.0.0.1", "dns.example.com"]}),
        "dnsServers[1] is 'dns.example.com'; it must be an IP address.",
    );
    refused(
        &json!({"dnsSearchDomains": ["a b"]}),
        "dnsSearchDomains[0] is 'a b'; it must be a domain, such as example.com.",
    );
    refused(
        &json!({"extraHosts": [{"hostname": "db", "ipAddress": "10.0.0"}]}),
        "extraHosts[0].ipAddress is '10.0.0'; it must be an IP address or host-gateway.",
    );
    refused(
        &json!({"extraHosts": [{"hostname": "a:b", "ipAddress": "10.0.0.1"}]}),
        "extraHosts[0].hostname is 'a:b'; it must be a host's name.",
    );
    refused(
        &json!({"hostname": "a".repeat(65)}),
        &format!(
            "hostname is '{}'; it must be a host's name of up to 64 letters, digits, hyphens and dots.",
            "a".repeat(65)
        ),
    );
    refused(
        &json!({"dockerSecurityOptions": ["credentialspec:file"]}),
        "dockerSecurityOptions[0] is 'credentialspec:file'; it must be no-new-privileges, apparmor:PROFILE, label:VALUE \
         or seccomp:unconfined.",
    );
}

#[test]
fn a_container_without_a_network_has_no_ports_and_no_links() {
    refused(
        &json!({"disableNetworking": true, "portMappings": [{"containerPort": 80}]}),
        "portMappings is given; it must be left out where disableNetworking is true.",
    );
    let off = json!({"disableNetworking": true});
    check(&pair("bridge", &json!({"links": ["db"]}), &json!({})), "fine");
    check(
        &pair("bridge", &json!({"links": ["db"]}), &off),
        "ClientException: containerDefinitions[0].links[0] is 'db'; it must name a container whose networking is not \
         disabled.",
    );
}

#[test]
fn links_lead_to_other_containers_in_bridge_mode_and_never_in_a_circle() {
    let to = |link: &str| json!({ "links": [link] });
    check(&pair("bridge", &to("db:store"), &json!({})), "fine");
    let circle = |name: &str| {
        format!(
            "ClientException: containerDefinitions[0].links[0] is '{name}'; it must not lead back to container 'web'."
        )
    };
    check(&pair("bridge", &to("db"), &to("web")), &circle("db"));
    check(&pair("bridge", &to("web"), &json!({})), &circle("web"));
    check(
        &pair("bridge", &to("cache"), &json!({})),
        "ClientException: containerDefinitions[0].links[0] is 'cache'; it must name a container of the task definition.",
    );
    check(
        &pair("host", &to("db"), &json!({})),
        "ClientException: containerDefinitions[0].links is given; it must be left out when networkMode=host.",
    );
    refused(
        &to("db:a b"),
        "links[0] is 'db:a b'; it must be NAME or NAME:ALIAS, each of up to 255 letters, digits, underscores and \
         hyphens.",
    );
}

#[test]
fn log_drivers_get_their_options_and_cloudwatchs_needs_group_and_region() {
    let logs =
        |driver: &str, options: Value| json!({"logConfiguration": {"logDriver": driver, "options": options}});
    let awslogs = json!({"awslogs-group": "web", "awslogs-region": "eu-west-1"});
    for driver in ["json-file", "local", "syslog", "journald", "gelf", "fluentd", "splunk", "none"] {
        check_container(&logs(driver, json!({})), "fine");
    }
    check_container(&logs("awslogs", awslogs), "fine");
    check_container(
        &logs("awslogs", json!({"awslogs-group": ""})),
        "ClientException: Log driver awslogs requires options: awslogs-region, awslogs-group",
    );
    check_container(
        &logs(
            "awslogs",
            json!({"awslogs-group": "a", "awslogs-region": "b", "awslogs-create-group": "false"}),
        ),
        "ClientException: Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit \
         option.",
    );
    let secret = |name: &str, value_from: &str| {
        json!({"logConfiguration": {
            "logDriver": "splunk",
            "options": {"splunk-url": "https://splunk.example.com"},
            "secretOptions": [{"name": name, "valueFrom": value_from}],
        }})
    };
    check_container(&secret("splunk-token", "/shop/splunk"), "fine");
    let at = "ClientException: containerDefinitions[0].logConfiguration.secretOptions[0]";
    check_container(
        &secret("splunk-url", "/shop/splunk"),
        &format!("{at}.name is 'splunk-url'; it must be the name of no other option of the log driver."),
    );
    check_container(
        &secret("splunk-token", "a b"),
        &format!("{at}.valueFrom is 'a b'; it must be an ARN or the name of a parameter."),
    );
}

#[test]
fn gpus_are_counted_and_other_resources_refused() {
    let need = |kind: &str, value: &str| json!({"resourceRequirements": [{"type": kind, "value": value}]});
    check_container(&need("GPU", "1"), "fine");
    check_container(&need("GPU", "ALL"), "fine");
    refused(&need("GPU", "0"), "resourceRequirements[0].value is '0'; it must be a number above 0, or ALL.");
    let shared =
        json!({"resourceRequirements": [{"type": "GPU", "sharingStrategy": {"nvidiaMps": {"memory": 1}}}]});
    refused(&shared, "resourceRequirements[0].sharingStrategy is not supported by Mainstay yet.");
    refused(
        &need("InferenceAccelerator", "a"),
        "resourceRequirements[0].type InferenceAccelerator is not supported by Mainstay yet.",
    );
}

#[test]
fn a_port_range_grows_meets_no_other_mapping_and_needs_bridge_mode() {
    let with = |mappings: Value| json!({ "portMappings": mappings });
    let wrong = |member: &str, why: &str| {
        format!("ClientException: Invalid '{member}' setting for container 'web'. {why}")
    };
    check_container(&with(json!([{"containerPortRange": "80-90"}, {"containerPort": 91}])), "fine");
    check_container(
        &with(json!([{"containerPortRange": "80-90"}, {"containerPort": 85, "protocol": "udp"}])),
        "fine",
    );
    check_container(
        &with(json!([{"containerPortRange": "90-80"}])),
        &wrong(
            "containerPortRange",
            "containerPortRange is '90-80'; it must be FIRST-LAST within 1 to 65535, with FIRST below LAST.",
        ),
    );
    check_container(
        &with(json!([{"containerPort": 85}, {"containerPortRange": "80-90"}])),
        &wrong(
            "containerPortRange",
            "containerPortRange is '80-90'; its ports must be in no other port mapping, but 85 is one.",
        ),
    );
    check_container(
        &with(json!([{"containerPortRange": "80-90", "containerPort": 80}])),
        &wrong("containerPortRange", "Either containerPort or containerPortRange can be given, not both."),
    );
    check_container(
        &with(json!([{"containerPortRange": "80-90", "hostPort": 80}])),
        &wrong(
            "hostPort",
            "hostPort must be left out beside a containerPortRange, whose host ports are found.",
        ),
    );
    check(
        &pair("host", &with(json!([{"containerPortRange": "80-90"}])), &json!({})),
        &wrong("containerPortRange", "It must be left out when networkMode=host."),
    );
}
