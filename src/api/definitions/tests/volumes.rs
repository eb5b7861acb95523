use serde_json::{Value, json};

use super::{check, registered};

/// A definition with these volumes, and with containers named `web`, `side`, … that have these members.
fn with(volumes: &Value, containers: &[Value]) -> Value {
    let names = ["web", "side", "more"];
    let container = |(name, members): (&&str, &Value)| {
        let mut container = json!({"name": name, "image": "nginx", "memory": 64});
        container.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        container
    };
    let containers: Vec<Value> = names.iter().zip(containers).map(container).collect();
    json!({ "family": "web", "volumes": volumes, "containerDefinitions": containers })
}

/// Of a definition with this volume, what is said.
#[track_caller]
fn check_volume(volume: &Value, expected: &str) {
    check(&with(&json!([volume]), &[json!({})]), expected);
}

/// Of a definition with the volume `data` and a container with these mount points, what is said.
#[track_caller]
fn check_mounts(mounts: &Value, expected: &str) {
    check(&with(&json!([{"name": "data"}]), &[json!({ "mountPoints": mounts })]), expected);
}

#[test]
fn volumes_and_mounts_come_back_as_they_were_given() {
    let volumes = json!([
        {"name": "empty", "host": {}},
        {"name": "path", "host": {"sourcePath": "/srv/data"}},
        {"name": "own", "dockerVolumeConfiguration": {
            "scope": "task", "driver": "local", "driverOpts": {"type": "tmpfs"}, "labels": {"a": "b"}
        }},
        {"name": "shared", "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": true}},
        {"name": "efs", "efsVolumeConfiguration": {
            "fileSystemId": "fs-1234", "rootDirectory": "/logs", "transitEncryption": "DISABLED"
        }},
        {"name": "point", "efsVolumeConfiguration": {
            "fileSystemId": "fs-1234", "rootDirectory": "/", "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-12", "iam": "DISABLED"}
        }},
    ]);
    let mounts = json!([
        {"sourceVolume": "empty", "containerPath": "/a"},
        {"sourceVolume": "path", "containerPath": "/b", "readOnly": true},
        {"sourceVolume": "empty", "containerPath": "/c", "readOnly": false},
    ]);
    let from = json!([{"sourceContainer": "web", "readOnly": true}]);
    let shown =
        registered(&with(&volumes, &[json!({ "mountPoints": mounts }), json!({ "volumesFrom": from })]));
    let shown = shown.unwrap();
    assert_eq!(shown["volumes"], volumes);
    assert_eq!(shown["containerDefinitions"][0]["mountPoints"], mounts);
    assert_eq!(shown["containerDefinitions"][1]["volumesFrom"], from);
}

#[test]
fn what_is_not_said_of_a_volume_is_shown_with_the_defaults_of_ecs() {
    let volumes = json!([
        {"name": "bare"},
        {"name": "docker", "host": {}, "dockerVolumeConfiguration": {}},
        {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
    ]);
    let shown = registered(&with(&volumes, &[json!({})])).unwrap();
    let expected = json!([
        {"name": "bare", "host": {}},
        {"name": "docker", "dockerVolumeConfiguration": {"scope": "task"}},
        {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}},
    ]);
    assert_eq!(shown["volumes"], expected);
}

#[test]
fn a_volume_has_a_name_of_its_own_and_is_of_one_sort() {
    check_volume(&json!({"host": {}}), "ClientException: volumes[0].name should not be null or empty.");
    check_volume(
        &json!({"name": "a b"}),
        "ClientException: Volume.name must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b",
    );
    check(
        &with(&json!([{"name": "data"}, {"name": "data"}]), &[json!({})]),
        "ClientException: Volume.name 'data' is used more than once.",
    );
    check_volume(
        &json!({"name": "data", "host": {"sourcePath": "/a"}, "dockerVolumeConfiguration": {}}),
        "ClientException: volumes[0] ('data') has host and dockerVolumeConfiguration; only one of them can be \
         specified.",
    );
    check_volume(
        &json!({"name": "data", "dockerVolumeConfiguration": {}, "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}),
        "ClientException: volumes[0] ('data') has dockerVolumeConfiguration and efsVolumeConfiguration; only one \
         of them can be specified.",
    );
    for path in ["data", "/a/../b", "/a:/b"] {
        let expected = format!(
            "ClientException: volumes[0].host.sourcePath is '{path}'; it must be an absolute path without '..' \
             and ':'."
        );
        check_volume(&json!({"name": "data", "host": {"sourcePath": path}}), &expected);
    }
}

#[test]
fn a_docker_volume_is_the_tasks_or_shared_and_its_labels_are_not_ours() {
    let docker = |members: Value| json!({"name": "data", "dockerVolumeConfiguration": members});
    let expected = "ClientException: volumes[0].dockerVolumeConfiguration.autoprovision is true; it is only for \
                    scope shared, and the scope is task.";
    check_volume(&docker(json!({"autoprovision": true})), expected);
    check_volume(&docker(json!({"autoprovision": true, "scope": "task"})), expected);
    check_volume(&docker(json!({"autoprovision": true, "scope": "shared"})), "fine");
    check_volume(&docker(json!({"autoprovision": false, "scope": "task"})), "fine");
    check_volume(
        &docker(json!({"scope": "world"})),
        "ClientException: volumes[0].dockerVolumeConfiguration.scope is 'world'; it must be one of task, shared.",
    );
    check_volume(
        &docker(json!({"labels": {"mainstay.owner": "me"}})),
        "ClientException: volumes[0].dockerVolumeConfiguration.labels has 'mainstay.owner'; labels that begin \
         with 'mainstay.' are Mainstay's own.",
    );
}

#[test]
fn a_file_system_is_named_by_its_id_and_its_root_leads_only_down() {
    let at = "ClientException: volumes[0].efsVolumeConfiguration";
    let efs = |members: Value| {
        let mut configuration = json!({"fileSystemId": "fs-1"});
        configuration.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({"name": "data", "efsVolumeConfiguration": configuration})
    };
    let point = json!({"accessPointId": "fsap-1"});
    let cases = [
        (json!({"fileSystemId": "disk"}), ".fileSystemId is 'disk'; it must be fs- and hexadecimal digits."),
        (
            json!({"rootDirectory": "/../a"}),
            ".rootDirectory is '/../a'; it must be an absolute path without '..'.",
        ),
        (json!({"rootDirectory": "a"}), ".rootDirectory is 'a'; it must be an absolute path without '..'."),
        (
            json!({ "authorizationConfig": point, "transitEncryption": "ENABLED", "rootDirectory": "/a" }),
            ".rootDirectory is '/a'; it must be / where an accessPointId is specified.",
        ),
        (
            json!({ "authorizationConfig": point }),
            ".transitEncryption must be ENABLED where an accessPointId is specified.",
        ),
        (
            json!({"authorizationConfig": {"accessPointId": "fs-1", "iam": "DISABLED"}}),
            ".authorizationConfig.accessPointId is 'fs-1'; it must be fsap- and hexadecimal digits.",
        ),
        (
            json!({"authorizationConfig": {"iam": "ENABLED"}}),
            ".authorizationConfig.iam is not supported by Mainstay yet.",
        ),
        (json!({"transitEncryptionPort": 2049}), ".transitEncryptionPort is not supported by Mainstay yet."),
    ];
    for (members, words) in cases {
        check_volume(&efs(members), &format!("{at}{words}"));
    }
    check_volume(&efs(json!({"authorizationConfig": {"iam": "DISABLED"}})), "fine");
    check_volume(
        &json!({"name": "data", "efsVolumeConfiguration": {}}),
        &format!("{at}.fileSystemId is required."),
    );
}

#[test]
fn volumes_that_are_not_carried_out_are_refused_by_name() {
    let sorts = [
        ("configuredAtLaunch", json!(true)),
        (
            "fsxWindowsFileServerVolumeConfiguration",
            json!({
                "fileSystemId": "fs-1", "rootDirectory": "a",
                "authorizationConfig": {"credentialsParameter": "a", "domain": "b"},
            }),
        ),
        ("s3filesVolumeConfiguration", json!({"fileSystemArn": "arn"})),
    ];
    for (sort, value) in sorts {
        let expected = format!("ClientException: volumes[0].{sort} is not supported by Mainstay yet.");
        check_volume(&json!({"name": "data", sort: value}), &expected);
    }
    check_volume(&json!({"name": "data", "configuredAtLaunch": false}), "fine");
}

#[test]
fn a_mount_names_a_volume_and_a_path_that_nothing_else_has() {
    let at = "ClientException: containerDefinitions[0].mountPoints";
    check_mounts(
        &json!([{"sourceVolume": "date", "containerPath": "/a"}]),
        "ClientException: Unknown volume 'date'. containerDefinitions[0].mountPoints[0].sourceVolume must be \
         the name of one of the task definition's volumes.",
    );
    let missing = format!("{at}[0].sourceVolume should not be null or empty.");
    check_mounts(&json!([{"containerPath": "/a"}]), &missing);
    for path in ["", "a", "/", "//", "/a/../b", "/a:b"] {
        let expected = format!(
            "{at}[0].containerPath is '{path}'; it must be an absolute path other than / and without '..' and ':'."
        );
        check_mounts(&json!([{"sourceVolume": "data", "containerPath": path}]), &expected);
    }
    let both = |one: &str, other: &str| json!([{"sourceVolume": "data", "containerPath": one}, {"sourceVolume": "data", "containerPath": other}]);
    check_mounts(&both("/a", "/a/"), &format!("{at}[1].containerPath '/a/' is used more than once."));
    check_mounts(&both("/a", "/a/b"), "fine");
}

#[test]
fn mounts_are_taken_from_another_container_and_not_in_a_circle() {
    let from = |name: &str| json!({"volumesFrom": [{"sourceContainer": name}]});
    let at = |index: usize| format!("ClientException: containerDefinitions[{index}].volumesFrom");
    let none = json!([]);
    check(&with(&none, &[json!({}), from("web")]), "fine");
    check(
        &with(&none, &[from("db")]),
        &format!(
            "{}[0].sourceContainer of container 'web' is 'db'; it must be another container of the task \
             definition.",
            at(0)
        ),
    );
    check(
        &with(&none, &[from("web")]),
        &format!(
            "{}[0].sourceContainer of container 'web' is the container itself; it must be another one.",
            at(0)
        ),
    );
    check(
        &with(&none, &[from("side"), from("more"), from("web")]),
        &format!(
            "{}[0].sourceContainer of container 'web' is 'side', which takes its own volumes from 'web' in the \
             end.",
            at(0)
        ),
    );
    check(
        &with(&none, &[json!({"volumesFrom": [{"readOnly": true}]})]),
        &format!("{}[0].sourceContainer should not be null or empty.", at(0)),
    );
    let twice = json!({"volumesFrom": [{"sourceContainer": "side"}, {"sourceContainer": "side"}]});
    check(
        &with(&none, &[twice, json!({})]),
        &format!("{}[1].sourceContainer of container 'web' is 'side', which is used more than once.", at(0)),
    );
}
