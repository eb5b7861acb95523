//! What ECS's launch type FARGATE asks of a task definition.

use mainstay_core::fargate::has_size;
use mainstay_core::model::{
    ContainerDefinition, IpcMode, LinuxParameters, NetworkMode, PidMode, TaskDefinition, VolumeKind,
};

use crate::api::wire::At;

/// Log drivers that ECS has there and that can be had here.
const LOG_DRIVERS: [&str; 3] = ["awsfirelens", "awslogs", "splunk"];
/// The one capability that ECS gives there.
const CAPABILITY: &str = "SYS_PTRACE";
/// The one limit that ECS lets a container change there.
const ULIMIT: &str = "nofile";

/// # Errors
/// The first thing that ECS does not have there.
pub(in crate::api) fn check(definition: &TaskDefinition) -> Result<(), String> {
    if definition.network_mode != NetworkMode::AwsVpc {
        return Err("Fargate only supports network mode 'awsvpc'.".into());
    }
    check_size(definition.cpu, definition.memory)?;
    let shared = [
        ("pidMode", matches!(definition.pid_mode, Some(PidMode::Host)).then_some("host")),
        ("ipcMode", definition.ipc_mode.map(IpcMode::as_str)),
    ];
    if let Some((member, mode)) = shared.iter().find_map(|(member, mode)| Some((member, (*mode)?))) {
        return Err(format!("{member} is '{mode}', which is not supported by Fargate."));
    }
    for (index, volume) in definition.volumes.iter().enumerate() {
        let list = At::ROOT.field("volumes");
        let at = list.index(index);
        match &volume.kind {
            VolumeKind::Host { .. } => return Err(not_there(&at.field("host").field("sourcePath"))),
            VolumeKind::Docker(_) => return Err(not_there(&at.field("dockerVolumeConfiguration"))),
            VolumeKind::Empty | VolumeKind::Efs(_) => {}
        }
    }
    let list = At::ROOT.field("containerDefinitions");
    for (index, container) in definition.containers.iter().enumerate() {
        check_container(&list.index(index), container)?;
    }
    Ok(())
}

/// # Errors
/// Where a task has no size, or one that ECS does not have there.
pub(in crate::api) fn check_size(cpu: Option<u32>, memory: Option<u32>) -> Result<(), String> {
    let cpu = cpu.ok_or("Fargate requires that 'cpu' be defined at the task level.")?;
    let memory = memory.ok_or("Fargate requires that 'memory' be defined at the task level.")?;
    if has_size(cpu, memory) {
        return Ok(());
    }
    Err(format!("No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."))
}

fn check_container(at: &At<'_>, container: &ContainerDefinition) -> Result<(), String> {
    let options = &container.options;
    let nothing = LinuxParameters::default();
    let linux = options.linux.as_ref().unwrap_or(&nothing);
    let linux_at = at.field("linuxParameters");
    let given = [
        (at.field("privileged"), options.privileged == Some(true)),
        (at.field("dockerSecurityOptions"), !options.docker_security_options.is_empty()),
        (at.field("resourceRequirements"), container.gpus.is_some()),
        (linux_at.field("devices"), !linux.devices.is_empty()),
        (linux_at.field("maxSwap"), linux.max_swap.is_some()),
        (linux_at.field("sharedMemorySize"), linux.shared_memory_size.is_some()),
        (linux_at.field("swappiness"), linux.swappiness.is_some()),
        (linux_at.field("tmpfs"), !linux.tmpfs.is_empty()),
    ];
    if let Some((at, _)) = given.iter().find(|(_, given)| *given) {
        return Err(not_there(at));
    }
    let added = linux.capabilities.iter().flat_map(|capabilities| &capabilities.add);
    if let Some(other) = added.into_iter().find(|capability| *capability != CAPABILITY) {
        let at = linux_at.field("capabilities");
        return Err(format!("{} has '{other}'; Fargate adds {CAPABILITY} only.", at.field("add")));
    }
    if let Some(other) = options.ulimits.iter().find(|limit| limit.name != ULIMIT) {
        let at = at.field("ulimits");
        return Err(format!("{at} has '{}'; Fargate changes {ULIMIT} only.", other.name));
    }
    match &container.log_configuration {
        Some(log) if !LOG_DRIVERS.contains(&log.driver.as_str()) => {
            let at = at.field("logConfiguration");
            let driver = at.field("logDriver");
            Err(format!("{driver} is '{}'; Fargate has {}.", log.driver, LOG_DRIVERS.join(", ")))
        }
        _ => Ok(()),
    }
}

fn not_there(at: &At<'_>) -> String {
    format!("{at} is not supported by Fargate.")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::definitions::tests::registered;

    /// A task definition for Fargate with this in it and in its container.
    #[track_caller]
    fn check(task: Value, container: Value, expected: &str) {
        let mut request = json!({
            "family": "web",
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": "web", "image": "nginx"}],
        });
        let all = request.as_object_mut().unwrap();
        all.extend(task.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        let web = request["containerDefinitions"][0].as_object_mut().unwrap();
        web.extend(container.as_object().unwrap().clone());
        let said = registered(&request).map(|shown| shown["compatibilities"].to_string());
        assert_eq!(said.unwrap_or_else(|error| error), expected);
    }

    #[test]
    fn what_fits_is_compatible_and_what_ecs_does_not_have_there_is_refused_by_its_path() {
        check(json!({}), json!({}), "[\"EC2\",\"FARGATE\"]");
        check(
            json!({"ephemeralStorage": {"sizeInGiB": 200}, "pidMode": "task"}),
            json!({}),
            "[\"EC2\",\"FARGATE\"]",
        );
        let refusals = [
            (json!({"networkMode": "bridge"}), "Fargate only supports network mode 'awsvpc'."),
            (json!({"cpu": null}), "Fargate requires that 'cpu' be defined at the task level."),
            (
                json!({"memory": "768"}),
                "No Fargate configuration exists for given values: 256 CPU, 768 memory.",
            ),
            (json!({"pidMode": "host"}), "pidMode is 'host', which is not supported by Fargate."),
            (json!({"ipcMode": "task"}), "ipcMode is 'task', which is not supported by Fargate."),
            (
                json!({"ephemeralStorage": {"sizeInGiB": 20}}),
                "ephemeralStorage.sizeInGiB is 20; it must be 21 to 200.",
            ),
            (
                json!({"volumes": [{"name": "a", "host": {"sourcePath": "/a"}}]}),
                "volumes[0].host.sourcePath is not supported by Fargate.",
            ),
        ];
        for (task, expected) in refusals {
            check(task, json!({}), &format!("ClientException: {expected}"));
        }
        let refusals = [
            (json!({"privileged": true}), "privileged is not supported by Fargate."),
            (
                json!({"linuxParameters": {"devices": [{"hostPath": "/dev/null"}]}}),
                "linuxParameters.devices is not supported by Fargate.",
            ),
            (
                json!({"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}),
                "linuxParameters.capabilities.add has 'NET_ADMIN'; Fargate adds SYS_PTRACE only.",
            ),
            (
                json!({"ulimits": [{"name": "nproc", "softLimit": 1, "hardLimit": 1}]}),
                "ulimits has 'nproc'; Fargate changes nofile only.",
            ),
            (
                json!({"logConfiguration": {"logDriver": "syslog"}}),
                "logConfiguration.logDriver is 'syslog'; Fargate has awsfirelens, awslogs, splunk.",
            ),
        ];
        for (container, expected) in refusals {
            check(json!({}), container, &format!("ClientException: containerDefinitions[0].{expected}"));
        }
    }
}
