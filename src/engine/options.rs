//! What a container definition says of the engine's own options.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HostConfig, HostConfigLogConfig, ResourcesUlimits,
};
use mainstay_actors::ports::NewContainer;
use mainstay_core::model::{
    ContainerDefinition, Device, DevicePermission, LinuxParameters, LogConfiguration, Tmpfs, Ulimit,
};
use mainstay_core::{engine_name, firelens};

use super::labels;
use super::translate::MIB;

/// The driver that keeps what would go to CloudWatch: bounded, compressed, and read by the engine's own `logs`.
const IN_PLACE_OF_AWSLOGS: &str = "local";
/// Options of CloudWatch's driver that every driver of the engine knows.
const OF_ANY_DRIVER: [&str; 2] = ["mode", "max-buffer-size"];

/// Adds them to what the engine is asked to make.
pub(super) fn apply(new: &NewContainer<'_>, body: &mut ContainerCreateBody, host: &mut HostConfig) {
    let definition = &new.spec.definition;
    let options = &definition.options;
    body.hostname.clone_from(&options.hostname);
    body.open_stdin = options.interactive;
    body.tty = options.pseudo_terminal;
    body.network_disabled = options.disable_networking;
    host.privileged = options.privileged;
    host.readonly_rootfs = options.readonly_root_filesystem;
    host.dns = given(&options.dns_servers);
    host.dns_search = given(&options.dns_search_domains);
    host.extra_hosts = given(&options.extra_hosts).map(|entries| {
        entries.iter().map(|entry| format!("{}:{}", entry.hostname, entry.ip_address)).collect()
    });
    host.security_opt = given(&options.docker_security_options)
        .map(|options| options.iter().map(|option| option.replacen(':', "=", 1)).collect());
    host.ulimits = given(&options.ulimits).map(|limits| limits.into_iter().map(ulimit).collect());
    host.sysctls = given(&options.system_controls)
        .map(|controls| controls.into_iter().map(|control| (control.namespace, control.value)).collect());
    host.links = given(&definition.links).map(|links| {
        let target = |container: &str| engine_name(new.definition, new.task, container);
        links.iter().map(|link| format!("{}:{}", target(&link.container), link.alias())).collect()
    });
    host.log_config = definition.log_configuration.as_ref().map(|logs| log_config(new, logs));
    if let Some(linux) = &options.linux {
        apply_linux(definition, linux, host);
    }
}

fn apply_linux(definition: &ContainerDefinition, linux: &LinuxParameters, host: &mut HostConfig) {
    if let Some(capabilities) = &linux.capabilities {
        host.cap_add = given(&capabilities.add);
        host.cap_drop = given(&capabilities.drop);
    }
    host.devices = given(&linux.devices).map(|devices| devices.into_iter().map(device).collect());
    host.init = linux.init_process_enabled;
    host.shm_size = linux.shared_memory_size.map(|mib| i64::from(mib) * MIB);
    host.tmpfs = given(&linux.tmpfs).map(|mounts| mounts.into_iter().map(tmpfs).collect());
    if let (Some(swap), Some(memory)) = (linux.max_swap, definition.memory) {
        host.memory_swap = Some((i64::from(memory) + i64::from(swap)) * MIB);
        host.memory_swappiness = linux.swappiness.map(i64::from);
    }
}

fn given<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn ulimit(limit: Ulimit) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(limit.name), soft: Some(limit.soft.into()), hard: Some(limit.hard.into()) }
}

fn device(device: Device) -> DeviceMapping {
    let all = [DevicePermission::Read, DevicePermission::Write, DevicePermission::Mknod];
    let permissions = if device.permissions.is_empty() { &all[..] } else { &device.permissions };
    DeviceMapping {
        path_in_container: Some(device.container_path.unwrap_or_else(|| device.host_path.clone())),
        path_on_host: Some(device.host_path),
        cgroup_permissions: Some(permissions.iter().map(|permission| permission.letter()).collect()),
    }
}

fn tmpfs(mount: Tmpfs) -> (String, String) {
    let size = format!("size={}m", mount.size);
    (mount.container_path, mount.mount_options.into_iter().chain([size]).collect::<Vec<_>>().join(","))
}

fn log_config(new: &NewContainer<'_>, configuration: &LogConfiguration) -> HostConfigLogConfig {
    if let Some(socket) = new.log_socket {
        return routed(new, configuration, socket);
    }
    let awslogs = configuration.driver == LogConfiguration::AWSLOGS;
    let driver = if awslogs { IN_PLACE_OF_AWSLOGS } else { &configuration.driver };
    let known = |(name, _): &(String, String)| !awslogs || OF_ANY_DRIVER.contains(&name.as_str());
    let looked_up =
        new.looked_up.log_options.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned()));
    let options = configuration.options.iter().cloned().chain(looked_up);
    HostConfigLogConfig { typ: Some(driver.to_owned()), config: Some(options.filter(known).collect()) }
}

/// What it prints goes to its task's log router, which may not listen yet, nor any more: it is not waited for.
fn routed(new: &NewContainer<'_>, configuration: &LogConfiguration, socket: &str) -> HostConfigLogConfig {
    let options = [
        ("fluentd-address", Some(format!("unix://{socket}"))),
        ("fluentd-async", Some("true".into())),
        ("fluentd-sub-second-precision", Some("true".into())),
        ("fluentd-buffer-limit", configuration.option(LogConfiguration::BUFFER_LIMIT).map(str::to_owned)),
        ("tag", Some(firelens::tag(&new.spec.definition.name, new.task))),
    ];
    let given = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
    HostConfigLogConfig {
        typ: Some("fluentd".into()),
        config: Some(options.into_iter().filter_map(given).collect()),
    }
}

/// Where CloudWatch would have kept what the container prints, for whoever looks for it there.
pub(super) fn log_labels(new: &NewContainer<'_>) -> HashMap<String, String> {
    let definition = &new.spec.definition;
    let Some(logs) =
        definition.log_configuration.as_ref().filter(|logs| logs.driver == LogConfiguration::AWSLOGS)
    else {
        return HashMap::new();
    };
    let prefix = logs.option("awslogs-stream-prefix");
    let stream = logs.stream(&definition.name, new.task);
    let labels = [
        (labels::LOG_GROUP, logs.option("awslogs-group").map(str::to_owned)),
        (labels::LOG_REGION, logs.option("awslogs-region").map(str::to_owned)),
        (labels::LOG_STREAM_PREFIX, prefix.map(str::to_owned)),
        (labels::LOG_STREAM, stream),
    ];
    labels.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainstay_actors::ports::LookedUp;
    use mainstay_core::model::{ContainerSpec, EngineOptions, Link, NetworkMode, SystemControl};
    use mainstay_core::secrets::Hidden;
    use mainstay_core::{ClusterName, Family, RevisionKey, TaskId};

    use super::*;

    fn container() -> ContainerDefinition {
        ContainerDefinition { memory: Some(64), ..mainstay_actors::sim::container("web") }
    }

    /// What the engine is asked for.
    fn asked(definition: ContainerDefinition) -> (ContainerCreateBody, HostConfig, HashMap<String, String>) {
        asked_beside(None, definition)
    }

    /// What it is asked for where the task's log router has this socket.
    fn asked_beside(
        log_socket: Option<&str>,
        definition: ContainerDefinition,
    ) -> (ContainerCreateBody, HostConfig, HashMap<String, String>) {
        let (task, cluster) = (TaskId::new("0a1b"), ClusterName::new("default"));
        let key = RevisionKey { family: Family::new("shop"), revision: 3 };
        let spec = ContainerSpec {
            engine_name: "ecs-x".into(),
            definition,
            stop_timeout: Duration::from_secs(30),
            version: None,
            gpu_ids: Vec::new(),
        };
        let new = NewContainer {
            task: &task,
            task_arn: "arn",
            cluster: &cluster,
            definition: &key,
            network_mode: NetworkMode::Bridge,
            pid_mode: None,
            ipc_mode: None,
            limits: None,
            network: None,
            joins: None,
            spec: &spec,
            image: "web",
            mounts: &[],
            mounts_of: &[],
            looked_up: &LookedUp {
                log_options: vec![("splunk-token".into(), Hidden::new("t0k3n"))],
                ..LookedUp::default()
            },
            told: &[],
            log_socket,
            runtime: None,
            image_check: false,
        };
        let (mut body, mut host) = Default::default();
        apply(&new, &mut body, &mut host);
        (body, host, log_labels(&new))
    }

    #[test]
    fn what_is_not_asked_for_is_left_to_the_engine() {
        assert_eq!(
            asked(container()),
            (ContainerCreateBody::default(), HostConfig::default(), HashMap::new())
        );
    }

    #[test]
    fn a_link_leads_to_the_engines_name_of_the_other_container_of_the_same_task() {
        let links = vec![
            Link { container: "db".into(), alias: Some("store".into()) },
            Link { container: "log".into(), alias: None },
        ];
        let (_, host, _) = asked(ContainerDefinition { links, ..container() });
        let key = RevisionKey { family: Family::new("shop"), revision: 3 };
        let name = |container| engine_name(&key, &TaskId::new("0a1b"), container);
        assert_eq!(host.links, Some(vec![format!("{}:store", name("db")), format!("{}:log", name("log"))]));
    }

    #[test]
    fn swap_is_counted_from_memory_on_and_swappiness_alone_is_nothing() {
        let swap = |max_swap, memory| {
            let linux = LinuxParameters { max_swap, swappiness: Some(10), ..LinuxParameters::default() };
            let options = EngineOptions { linux: Some(linux), ..EngineOptions::default() };
            let (_, host, _) = asked(ContainerDefinition { options, memory, ..container() });
            (host.memory_swap, host.memory_swappiness)
        };
        assert_eq!(swap(Some(0), Some(64)), (Some(64 * MIB), Some(10)));
        assert_eq!(swap(Some(36), Some(64)), (Some(100 * MIB), Some(10)));
        assert_eq!(swap(None, Some(64)), (None, None));
    }

    #[test]
    fn what_ecs_writes_otherwise_than_the_engine_is_turned_into_the_engines_form() {
        let device = |permissions| Device { host_path: "/dev/a".into(), container_path: None, permissions };
        let linux = LinuxParameters {
            devices: vec![device(vec![]), device(vec![DevicePermission::Read, DevicePermission::Mknod])],
            tmpfs: vec![Tmpfs { container_path: "/t".into(), mount_options: vec!["noexec".into()], size: 8 }],
            ..LinuxParameters::default()
        };
        let control = SystemControl { namespace: "net.a".into(), value: "1".into() };
        let options = EngineOptions {
            linux: Some(linux),
            docker_security_options: ["no-new-privileges", "label:user:a:b"].map(String::from).into(),
            system_controls: vec![control],
            ..EngineOptions::default()
        };
        let (_, host, _) = asked(ContainerDefinition { options, ..container() });
        let devices = host.devices.unwrap_or_default();
        let permissions: Vec<_> = devices.iter().filter_map(|d| d.cgroup_permissions.as_deref()).collect();
        assert_eq!(
            (permissions, devices[0].path_in_container.as_deref()),
            (vec!["rwm", "rm"], Some("/dev/a"))
        );
        assert_eq!(host.tmpfs, Some(HashMap::from([("/t".to_owned(), "noexec,size=8m".to_owned())])));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".into(), "label=user:a:b".into()]));
        assert_eq!(host.sysctls, Some(HashMap::from([("net.a".to_owned(), "1".to_owned())])));
    }

    #[test]
    fn what_was_looked_up_for_a_log_driver_is_told_to_it() {
        let configuration = LogConfiguration {
            driver: "splunk".into(),
            options: vec![("splunk-url".into(), "http://127.0.0.1:8088".into())],
            secret_options: Vec::new(),
        };
        let (_, host, _) =
            asked(ContainerDefinition { log_configuration: Some(configuration), ..container() });
        let told = host.log_config.and_then(|log| log.config).unwrap_or_default();
        assert_eq!((told.len(), told.get("splunk-token").map(String::as_str)), (2, Some("t0k3n")));
    }

    #[test]
    fn what_is_for_the_log_router_goes_to_its_socket_under_a_tag_and_waits_for_nobody() {
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let configuration = LogConfiguration {
            driver: LogConfiguration::AWSFIRELENS.into(),
            options: vec![option("Name", "stdout"), option("log-driver-buffer-limit", "2048")],
            secret_options: Vec::new(),
        };
        let definition = ContainerDefinition { log_configuration: Some(configuration), ..container() };
        let (_, host, _) = asked_beside(Some("/data/run/fluent.sock"), definition);
        let log = host.log_config.unwrap_or_default();
        let expected = [
            ("fluentd-address", "unix:///data/run/fluent.sock"),
            ("fluentd-async", "true"),
            ("fluentd-sub-second-precision", "true"),
            ("fluentd-buffer-limit", "2048"),
            ("tag", "web-firelens-0a1b"),
        ];
        assert_eq!(log.typ.as_deref(), Some("fluentd"));
        assert_eq!(log.config, Some(expected.map(|(name, value)| option(name, value)).into()));
    }

    #[test]
    fn cloudwatchs_lines_stay_here_with_labels_that_say_where_they_would_be() {
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let configuration = LogConfiguration {
            driver: LogConfiguration::AWSLOGS.into(),
            secret_options: Vec::new(),
            options: vec![
                option("awslogs-group", "/shop"),
                option("awslogs-region", "eu-west-1"),
                option("awslogs-stream-prefix", "ecs"),
                option("mode", "non-blocking"),
            ],
        };
        let (_, host, labels) =
            asked(ContainerDefinition { log_configuration: Some(configuration), ..container() });
        let log = host.log_config.unwrap_or_default();
        assert_eq!(log.typ.as_deref(), Some("local"));
        assert_eq!(log.config, Some(HashMap::from([option("mode", "non-blocking")])));
        assert_eq!(labels.get(labels::LOG_STREAM).map(String::as_str), Some("ecs/web/0a1b"));
        assert_eq!(labels.len(), 4);
    }
}
