//! The pause container of a task: its program, its image, what the engine is asked for.

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, SystemInfo, SystemInfoCgroupDriverEnum,
    SystemInfoCgroupVersionEnum,
};
use bollard::query_parameters::CreateImageOptions;
use bytes::Bytes;
use futures::TryStreamExt;
use mainstay_actors::ports::{EngineError, NewContainer};
use mainstay_core::fnv1a;
use mainstay_core::model::{ContainerSpec, IpcMode, NetworkMode, PidMode, TaskLimits};

use super::DockerEngine;
use super::errors::{status, when};
use super::translate::MIB;

/// `pause/pause.rs`, built; empty where it could not be.
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pause"));
/// Where it is in its image.
const PATH: &str = "pause";
/// Where the cgroups of pause containers are that hold their tasks to a limit.
const CGROUP: &str = "/mainstay";
/// A core, as the engine counts.
const NANOS: i64 = 1_000_000_000;
/// A tar archive is made of these, in bytes.
const BLOCK: usize = 512;

/// Whether this daemon has the program.
pub fn is_built() -> bool {
    !PROGRAM.is_empty()
}

/// The image's name, another one for each program.
pub(super) fn image() -> String {
    format!("{}:{:016x}", ContainerSpec::PAUSE_IMAGE, fnv1a(PROGRAM, &[]))
}

impl DockerEngine {
    /// Brings the image into the engine; it comes from nowhere but here.
    pub(super) async fn import_pause(&self, client: &Docker) -> Result<(), EngineError> {
        // Each import would make another image and take the name from the one before.
        let _one_at_once = self.pause.lock().await;
        match client.inspect_image(&image()).await {
            Ok(_) => return Ok(()),
            Err(error) if status(&error) == Some(404) => {}
            Err(error) => return Err(when(&self.endpoint, "inspect an image", &error)),
        }
        if !is_built() {
            let message = "this daemon was built without the program of pause containers".into();
            return Err(EngineError::Refused { message });
        }
        let whole = image();
        let (repo, tag) = whole.split_once(':').unwrap_or((&whole, "latest"));
        let options = CreateImageOptions {
            from_src: Some("-".into()),
            repo: Some(repo.into()),
            tag: Some(tag.into()),
            ..Default::default()
        };
        let body = bollard::body_full(Bytes::from(archive(PATH, PROGRAM)));
        let import = client.create_image(Some(options), Some(body), None);
        import.try_collect::<Vec<_>>().await.map_err(|error| when(&self.endpoint, "import", &error))?;
        tracing::info!(image = whole, "the image of pause containers was imported");
        Ok(())
    }
}

/// A tar archive of one program.
fn archive(path: &str, program: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, path);
    put(100, "0000555\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", program.len()));
    put(136, "00000000000\0");
    // While it is summed up, the sum is blank.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = program.len().next_multiple_of(BLOCK) - program.len();
    [&header[..], program, &vec![0; padding + 2 * BLOCK]].concat()
}

/// Which network, processes and IPC resources a container has; `network` is the engine's id of the one that a pause
/// container is on.
pub(super) fn connect(new: &NewContainer<'_>, network: Option<&str>, host: &mut HostConfig) {
    let joined = new.joins.map(|pause| format!("container:{pause}"));
    host.network_mode = Some(match (new.network_mode, &joined) {
        (NetworkMode::AwsVpc, Some(joined)) => joined.clone(),
        (NetworkMode::AwsVpc, None) => network.unwrap_or("none").to_owned(),
        _ if new.spec.is_pause() => "none".into(),
        (mode, _) => mode.as_str().to_owned(),
    });
    host.pid_mode = match new.pid_mode {
        Some(PidMode::Host) if !new.spec.is_pause() => Some("host".into()),
        Some(PidMode::Task) => joined.clone(),
        _ => None,
    };
    host.ipc_mode = match new.ipc_mode {
        Some(IpcMode::Task) => Some(joined.unwrap_or_else(|| "shareable".into())),
        Some(IpcMode::Host) if !new.spec.is_pause() => Some("host".into()),
        Some(IpcMode::None) if !new.spec.is_pause() => Some("none".into()),
        _ => None,
    };
}

/// Whether containers can be inside the cgroup of another one: not where processes may be in leaves only, nor where
/// systemd says what is inside what.
pub(super) fn nests(info: &SystemInfo) -> bool {
    info.cgroup_driver == Some(SystemInfoCgroupDriverEnum::CGROUPFS)
        && info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_1)
}

/// Holds a task's containers to what they can have together: they are in the cgroup of their pause container, which has
/// the limits. Where that cannot be, each of them has.
pub(super) fn limit(new: &NewContainer<'_>, nests: bool, host: &mut HostConfig) {
    let Some(TaskLimits { cpu, memory }) = new.limits else { return };
    match (nests, new.joins) {
        (true, Some(pause)) => host.cgroup_parent = Some(format!("{CGROUP}/{pause}")),
        (false, None) if new.spec.is_pause() => {}
        (nested, _) => {
            host.nano_cpus = Some(i64::from(cpu) * NANOS / 1024);
            host.memory = host.memory.or(Some(i64::from(memory) * MIB));
            if nested {
                host.cgroup_parent = Some(CGROUP.into());
                host.cpu_shares = Some(cpu.into());
            }
        }
    }
}

/// What a pause container is beside that: a program that may do nothing and says nothing.
pub(super) fn apply(body: &mut ContainerCreateBody, host: &mut HostConfig) {
    body.image = Some(image());
    body.entrypoint = Some(vec![format!("/{PATH}")]);
    host.readonly_rootfs = Some(true);
    host.cap_drop = Some(vec!["ALL".into()]);
    host.security_opt = Some(vec!["no-new-privileges".into()]);
    host.log_config = Some(HostConfigLogConfig { typ: Some("none".into()), config: None });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainstay_actors::ports::LookedUp;
    use mainstay_core::model::ContainerDefinition;
    use mainstay_core::{ClusterName, EngineId, Family, RevisionKey, TaskId};

    use super::*;

    const LIMITS: TaskLimits = TaskLimits { cpu: 512, memory: 1024 };

    /// What a pause container, or one that joins it, gets of a network, of namespaces and of limits.
    fn asked(
        container: &str,
        modes: (NetworkMode, Option<PidMode>, Option<IpcMode>),
        nests: bool,
    ) -> HostConfig {
        let definition = ContainerDefinition { name: container.into(), ..ContainerDefinition::default() };
        let stop_timeout = Duration::from_secs(30);
        let spec = ContainerSpec {
            engine_name: "ecs-x".into(),
            definition,
            stop_timeout,
            version: None,
            gpu_ids: Vec::new(),
        };
        let (task, cluster) = (TaskId::new("0a1b"), ClusterName::new("default"));
        let key = RevisionKey { family: Family::new("shop"), revision: 3 };
        let pause = EngineId::new("p");
        let new = NewContainer {
            task: &task,
            task_arn: "arn",
            cluster: &cluster,
            definition: &key,
            network_mode: modes.0,
            pid_mode: modes.1,
            ipc_mode: modes.2,
            limits: Some(LIMITS),
            network: None,
            joins: (!spec.is_pause()).then_some(&pause),
            spec: &spec,
            image: "web",
            mounts: &[],
            mounts_of: &[],
            looked_up: &LookedUp::default(),
            told: &[],
            log_socket: None,
            runtime: None,
            image_check: false,
        };
        let mut host = HostConfig::default();
        connect(&new, Some("net"), &mut host);
        limit(&new, nests, &mut host);
        host
    }

    #[test]
    fn a_container_joins_what_its_task_shares_and_only_that() {
        let namespaces = |container: &str, modes| {
            let HostConfig { network_mode, pid_mode, ipc_mode, .. } = asked(container, modes, false);
            [network_mode, pid_mode, ipc_mode].map(Option::unwrap_or_default)
        };
        let joined = "container:p";
        let all = (NetworkMode::AwsVpc, Some(PidMode::Task), Some(IpcMode::Task));
        assert_eq!(namespaces(ContainerSpec::PAUSE, all), ["net", "", "shareable"]);
        assert_eq!(namespaces("web", all), [joined, joined, joined]);
        let pid = (NetworkMode::Host, Some(PidMode::Task), Some(IpcMode::Host));
        assert_eq!(namespaces(ContainerSpec::PAUSE, pid), ["none", "", ""]);
        assert_eq!(namespaces("web", pid), ["host", joined, "host"]);
        let network = (NetworkMode::AwsVpc, Some(PidMode::Host), Some(IpcMode::None));
        assert_eq!(namespaces(ContainerSpec::PAUSE, network), ["net", "", ""]);
        assert_eq!(namespaces("web", network), [joined, "host", "none"]);
    }

    #[test]
    fn a_tasks_limits_are_those_of_its_pause_container_or_of_each_other_one() {
        let limits = |container: &str, nests| {
            let HostConfig { nano_cpus, memory, cgroup_parent, .. } =
                asked(container, (NetworkMode::AwsVpc, None, None), nests);
            (nano_cpus.zip(memory), cgroup_parent.unwrap_or_default())
        };
        let held = Some((NANOS / 2, 1024 * MIB));
        assert_eq!(limits(ContainerSpec::PAUSE, true), (held, "/mainstay".into()));
        assert_eq!(limits("web", true), (None, "/mainstay/p".into()));
        assert_eq!(limits(ContainerSpec::PAUSE, false), (None, String::new()));
        assert_eq!(limits("web", false), (held, String::new()));
    }

    #[test]
    fn the_archive_is_whole_blocks_whose_header_adds_up() {
        let made = archive("pause", &[7; 513]);
        assert_eq!(made.len(), 5 * BLOCK);
        assert_eq!((&made[..6], &made[124..136]), (&b"pause\0"[..], &b"00000001001\0"[..]));
        let said = u32::from_str_radix(std::str::from_utf8(&made[148..154]).unwrap(), 8).unwrap();
        let summed: u32 = made[..148].iter().chain(&made[156..BLOCK]).map(|&byte| u32::from(byte)).sum();
        assert_eq!(said, summed + 8 * u32::from(b' '));
        assert!(made[BLOCK..BLOCK + 513].iter().all(|&byte| byte == 7));
        assert!(made[BLOCK + 513..].iter().all(|&byte| byte == 0));
    }
}
