//! Between the engine's records and ours.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, EventMessage,
    HealthConfig, HealthStatusEnum, HostConfig, SystemInfo,
};
use mainstay_actors::ports::{
    EngineContainer, EngineEvent, EngineEventKind, EngineInfo, EngineState, Exit, NewContainer,
};
use mainstay_core::model::{Health, HealthCheck, NetworkMode, Ports, Timestamp};
use mainstay_core::{EngineId, TaskId};

use super::{gpus, labels, networks, options, pause, ports, volumes};

/// Bytes.
pub(super) const MIB: i64 = 1024 * 1024;
/// Fewer CPU shares the kernel does not know.
const LEAST_CPU_SHARES: u32 = 2;

pub(super) fn info(info: SystemInfo, gpus: Vec<String>) -> EngineInfo {
    EngineInfo {
        version: info.server_version.unwrap_or_default(),
        host: info.name.unwrap_or_default(),
        cpus: info.ncpu.and_then(|cores| u32::try_from(cores).ok()).unwrap_or(0),
        memory: info.mem_total.and_then(|bytes| u32::try_from(bytes / MIB).ok()).unwrap_or(0),
        architecture: info.architecture.unwrap_or_default(),
        os: info.os_type.unwrap_or_default(),
        runtimes: {
            let mut names: Vec<String> = info.runtimes.unwrap_or_default().into_keys().collect();
            names.sort();
            names
        },
        gpus,
    }
}

/// What was found for a container that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    /// The host ports of port ranges, by mapping.
    pub rows: &'a [Option<Ports>],
    /// The engine's id of the network it is on.
    pub network: Option<&'a str>,
    /// Whether containers can be inside the cgroup of another one.
    pub nests: bool,
}

/// What the engine is asked to make.
pub(super) fn create_body(owner: &str, new: &NewContainer<'_>, found: Found<'_>) -> ContainerCreateBody {
    let definition = &new.spec.definition;
    let bridged = new.network_mode == NetworkMode::Bridge;
    let mut host_config = HostConfig {
        cpu_shares: Some(definition.cpu.max(LEAST_CPU_SHARES).into()),
        memory: definition.memory.map(|mib| i64::from(mib) * MIB),
        memory_reservation: definition.memory_reservation.map(|mib| i64::from(mib) * MIB),
        runtime: new.runtime.map(str::to_owned),
        device_requests: gpus::requests(&new.spec.gpu_ids),
        port_bindings: bridged.then(|| ports::bindings(definition, found.rows)),
        ..Default::default()
    };
    volumes::mount(owner, new, &mut host_config);
    let mut body = ContainerCreateBody {
        image: Some(new.image.to_owned()),
        entrypoint: definition.entry_point.clone(),
        cmd: definition.command.clone(),
        env: Some(environment(new)),
        user: definition.user.clone(),
        working_dir: definition.working_directory.clone(),
        healthcheck: health_check(definition.health_check.as_ref(), new.image_check),
        exposed_ports: bridged.then(|| ports::exposed(definition)),
        labels: Some(labels_of(owner, new)),
        ..Default::default()
    };
    options::apply(new, &mut body, &mut host_config);
    pause::connect(new, found.network, &mut host_config);
    pause::limit(new, found.nests, &mut host_config);
    if new.spec.is_pause() {
        pause::apply(&mut body, &mut host_config);
    }
    body.host_config = Some(host_config);
    body
}

/// The definition's check. Where there is none, the image's own is left to the engine, or is not run at all: Docker
/// would run it where nothing is said, while ECS takes no notice of it.
fn health_check(given: Option<&HealthCheck>, image_check: bool) -> Option<HealthConfig> {
    let Some(check) = given else {
        let none = HealthConfig { test: Some(vec!["NONE".into()]), ..Default::default() };
        return (!image_check).then_some(none);
    };
    Some(HealthConfig {
        test: Some(check.command.clone()),
        interval: Some(nanos(check.interval)),
        timeout: Some(nanos(check.timeout)),
        retries: Some(check.retries.into()),
        start_period: Some(nanos(check.start_period)),
        start_interval: None,
    })
}

/// What the definition says, and what came to it.
fn environment(new: &NewContainer<'_>) -> Vec<String> {
    new.environment().map(|(name, value)| format!("{name}={value}")).collect()
}

fn labels_of(owner: &str, new: &NewContainer<'_>) -> HashMap<String, String> {
    let name = (labels::CONTAINER_NAME.to_owned(), new.spec.definition.name.clone());
    // Ours last: nobody's own label may hide whose a container is.
    let theirs = new.spec.definition.docker_labels.iter().cloned();
    let ranges =
        ports::ranges_label(&new.spec.definition).map(|ranges| (labels::PORT_RANGES.to_owned(), ranges));
    let role = new.spec.is_pause().then(|| (labels::ROLE.to_owned(), labels::PAUSE.to_owned()));
    theirs
        .chain(role)
        .chain(options::log_labels(new))
        .chain(ranges)
        .chain(labels::of_task(owner, new.into()))
        .chain([name])
        .collect()
}

/// A container of `owner`; `None` where it is somebody else's.
pub(super) fn container(
    owner: &str,
    seen: ContainerInspectResponse,
    image_digest: Option<String>,
) -> Option<EngineContainer> {
    let labels = seen.config.and_then(|config| config.labels).unwrap_or_default();
    if labels.get(labels::OWNER).map(String::as_str) != Some(owner) {
        return None;
    }
    let state = seen.state.unwrap_or_default();
    let connected = seen.network_settings.unwrap_or_default();
    let published = connected.ports.unwrap_or_default();
    Some(EngineContainer {
        id: EngineId::new(seen.id?),
        task: TaskId::new(labels.get(labels::TASK_ID)?),
        name: labels.get(labels::CONTAINER_NAME)?.clone(),
        health: state.health.as_ref().map_or(Health::Unknown, verdict),
        checked: state.health.as_ref().is_some_and(is_check),
        network_bindings: ports::network_bindings(
            &published,
            labels.get(labels::PORT_RANGES).map(String::as_str),
        ),
        interface: connected.networks.and_then(networks::interface),
        image_digest,
        image_id: seen.image,
        started_at: state.started_at.as_deref().and_then(timestamp),
        state: state_of(&state),
    })
}

/// Where it is in its life: by its status, never by the OOM flag, which the engine leaves set.
fn state_of(state: &ContainerState) -> EngineState {
    use ContainerStateStatusEnum as S;
    match state.status {
        Some(S::CREATED | S::EMPTY) | None => EngineState::Created,
        Some(S::RUNNING | S::PAUSED | S::RESTARTING | S::STOPPING) => EngineState::Running,
        Some(S::EXITED | S::DEAD | S::REMOVING) => EngineState::Exited(Exit {
            code: state.exit_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
            out_of_memory: state.oom_killed.unwrap_or(false),
            at: state.finished_at.as_deref().and_then(timestamp),
            error: state.error.clone().filter(|error| !error.is_empty()),
        }),
    }
}

/// Whether there is a check; Docker says NONE, or nothing, where there is not.
fn is_check(health: &bollard::models::Health) -> bool {
    !matches!(health.status, None | Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY))
}

/// What a container's check says. Docker calls one unhealthy, too, while it does not check it: from its pause to the
/// first check after, and once it has ended; then the last check has the word.
fn verdict(health: &bollard::models::Health) -> Health {
    let status = health.status.unwrap_or(HealthStatusEnum::NONE);
    if status != HealthStatusEnum::UNHEALTHY || health.failing_streak != Some(0) {
        return health_of(status);
    }
    let last = health.log.as_deref().and_then(<[_]>::last);
    if last.is_some_and(|check| check.exit_code == Some(0)) { Health::Healthy } else { Health::Unknown }
}

fn health_of(status: HealthStatusEnum) -> Health {
    match status {
        HealthStatusEnum::HEALTHY => Health::Healthy,
        HealthStatusEnum::UNHEALTHY => Health::Unhealthy,
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE | HealthStatusEnum::STARTING => Health::Unknown,
    }
}

/// What an event says; `None` where it is of no kind we asked for.
pub(super) fn event(message: EventMessage) -> Option<EngineEvent> {
    let actor = message.actor?;
    let attributes = actor.attributes?;
    let kind = match message.action?.as_str() {
        "start" => EngineEventKind::Started,
        "die" => {
            EngineEventKind::Died { exit_code: attributes.get("exitCode").and_then(|code| code.parse().ok()) }
        }
        "destroy" => EngineEventKind::Removed,
        "health_status: healthy" => EngineEventKind::Health(Health::Healthy),
        "health_status: unhealthy" => EngineEventKind::Health(Health::Unhealthy),
        _ => return None,
    };
    Some(EngineEvent {
        id: EngineId::new(actor.id?),
        task: TaskId::new(attributes.get(labels::TASK_ID)?),
        container: attributes.get(labels::CONTAINER_NAME)?.clone(),
        kind,
    })
}

/// An engine's time; the year 1 means never.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    (time.as_second() > 0).then(|| Timestamp(time.as_millisecond()))
}

/// An engine's time as its event filter takes it: seconds and nanoseconds of the epoch.
pub(super) fn unix_time(text: &str) -> Option<String> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(format!("{}.{:09}", time.as_second(), time.subsec_nanosecond()))
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_never_was_is_none() {
        assert_eq!(timestamp("0001-01-01T00:00:00Z"), None);
        assert_eq!(timestamp("2026-01-02T03:04:05.678901234Z"), Some(Timestamp(1_767_323_045_678)));
        assert_eq!(unix_time("2026-01-02T05:04:05.000000009+02:00").as_deref(), Some("1767323045.000000009"));
    }

    #[test]
    fn a_die_event_brings_its_exit_code_along() {
        let attributes = [(labels::TASK_ID, "t"), (labels::CONTAINER_NAME, "web"), ("exitCode", "143")];
        let actor = bollard::models::EventActor {
            id: Some("c".into()),
            attributes: Some(attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        };
        let message = EventMessage { action: Some("die".into()), actor: Some(actor), ..Default::default() };
        let kind = event(message).map(|event| event.kind);
        assert_eq!(kind, Some(EngineEventKind::Died { exit_code: Some(143) }));
    }

    #[test]
    fn a_pause_is_no_verdict_on_a_containers_health() {
        let unhealthy = |failing_streak, exit_code| bollard::models::Health {
            status: Some(HealthStatusEnum::UNHEALTHY),
            failing_streak: Some(failing_streak),
            log: Some(vec![bollard::models::HealthcheckResult { exit_code, ..Default::default() }]),
        };
        assert_eq!(verdict(&unhealthy(0, Some(0))), Health::Healthy);
        assert_eq!(verdict(&bollard::models::Health { log: None, ..unhealthy(0, None) }), Health::Unknown);
        assert_eq!(verdict(&unhealthy(3, Some(1))), Health::Unhealthy);
    }

    #[test]
    fn a_stale_oom_flag_on_a_running_container_ends_nothing() {
        let state = ContainerState {
            status: Some(ContainerStateStatusEnum::RUNNING),
            oom_killed: Some(true),
            ..Default::default()
        };
        assert_eq!(state_of(&state), EngineState::Running);
    }
}
