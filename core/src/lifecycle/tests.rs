use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::{ContainerDefinition, DefinitionStatus, EngineOptions, HealthCheck, NetworkMode};
use crate::{Family, RevisionKey};

pub(crate) fn definition(containers: &[(&str, bool, bool)]) -> TaskDefinition {
    let container = |&(name, essential, checked): &(&str, bool, bool)| ContainerDefinition {
        name: name.into(),
        image: "puppet".into(),
        repository_credentials: None,
        cpu: 10,
        memory: Some(64),
        memory_reservation: None,
        essential,
        entry_point: None,
        command: None,
        environment: Vec::new(),
        environment_files: Vec::new(),
        secrets: Vec::new(),
        port_mappings: Vec::new(),
        health_check: checked.then(|| HealthCheck {
            command: vec!["CMD".into(), "true".into()],
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            retries: 3,
            start_period: Duration::ZERO,
        }),
        depends_on: Vec::new(),
        start_timeout: None,
        restart_policy: None,
        stop_timeout: None,
        user: None,
        working_directory: None,
        docker_labels: Vec::new(),
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        options: EngineOptions::default(),
        links: Vec::new(),
        log_configuration: None,
        firelens: None,
        gpus: None,
        version_consistency: None,
    };
    TaskDefinition {
        key: RevisionKey { family: Family::new("web"), revision: 1 },
        status: DefinitionStatus::Active,
        containers: containers.iter().map(container).collect(),
        volumes: Vec::new(),
        cpu: None,
        memory: None,
        ephemeral_storage: None,
        network_mode: NetworkMode::Bridge,
        pid_mode: None,
        ipc_mode: None,
        runtime_platform: None,
        requires_compatibilities: Vec::new(),
        task_role_arn: None,
        execution_role_arn: None,
        registered_at: Timestamp(0),
        deregistered_at: None,
        tags: Vec::new(),
        placement_constraints: Vec::new(),
    }
}

/// A task of these containers (essential or not, with a check or without) that somebody keeps.
pub(crate) fn task_with(containers: &[(&str, bool, bool)], owner: TaskOwner) -> Task {
    Task { owner, ..task(containers) }
}

fn task(containers: &[(&str, bool, bool)]) -> Task {
    let new = NewTask {
        id: TaskId::new("t"),
        cluster: ClusterName::new("default"),
        definition: &definition(containers),
        overrides: Overrides::default(),
        owner: TaskOwner::Standalone,
        group: "family:web".into(),
        started_by: None,
        instance: InstanceId::new("i"),
        resources: Resources::default(),
        network: None,
        launch_type: LaunchType::Ec2,
        tags: Vec::new(),
        client_token: None,
        enable_execute_command: false,
        capacity_provider: None,
    };
    let made = new_task(new, Timestamp(1));
    handed_over(&made).unwrap()
}

/// A task of one container that somebody keeps.
pub(crate) fn task_of(owner: TaskOwner) -> Task {
    Task { owner, ..task(&[("web", true, false)]) }
}

fn pending(name: &str) -> ContainerReport {
    ContainerReport {
        name: name.into(),
        status: ContainerStatus::Pending,
        runtime_id: None,
        image_digest: None,
        image_id: None,
        exit_code: None,
        reason: None,
        health: Health::Unknown,
        checked: false,
        network_bindings: Vec::new(),
        started_at: None,
        finished_at: None,
    }
}

fn running(name: &str) -> ContainerReport {
    ContainerReport { status: ContainerStatus::Running, started_at: Some(Timestamp(5)), ..pending(name) }
}

fn exited(name: &str, code: i32) -> ContainerReport {
    ContainerReport {
        status: ContainerStatus::Stopped,
        exit_code: Some(code),
        finished_at: Some(Timestamp(8)),
        ..running(name)
    }
}

fn failed(name: &str, reason: &str) -> ContainerReport {
    ContainerReport { status: ContainerStatus::Stopped, reason: Some(reason.into()), ..pending(name) }
}

fn report(containers: Vec<ContainerReport>) -> TaskReport {
    TaskReport { containers, ..TaskReport::default() }
}

fn observed(task: &Task, containers: Vec<ContainerReport>) -> Step {
    observe(task, &report(containers), Timestamp(10)).expect("something changes")
}

#[test]
fn a_task_is_as_far_as_its_last_container_and_running_when_all_are() {
    let task = task(&[("web", true, false), ("log", true, false)]);
    let half = observed(&task, vec![running("web"), pending("log")]);
    assert_eq!(half.task.last_status, TaskStatus::Pending);
    assert_eq!(half.task.started_at, None);
    let whole = observed(&half.task, vec![running("web"), running("log")]);
    assert_eq!(whole.task.last_status, TaskStatus::Running);
    assert_eq!(whole.task.started_at, Some(Timestamp(5)));
    assert!(observe(&whole.task, &report(vec![running("web"), running("log")]), Timestamp(11)).is_none());
}

#[test]
fn an_essential_exit_ends_the_task_and_has_the_rest_stopped() {
    let task = task(&[("web", true, false), ("log", false, false)]);
    let up = observed(&task, vec![running("web"), running("log")]).task;
    let step = observed(&up, vec![exited("web", 137), running("log")]);
    assert!(step.stop_rest);
    assert_eq!(step.task.last_status, TaskStatus::Stopping);
    assert_eq!(step.task.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(step.task.stopped_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(step.task.execution_stopped_at, Some(Timestamp(8)));
    let over = observed(&step.task, vec![exited("web", 137), exited("log", 143)]);
    assert!(!over.stop_rest);
    assert_eq!(over.task.last_status, TaskStatus::Stopped);
    assert_eq!(over.task.containers[0].exit_code, Some(137));
    assert_eq!(over.task.stopped_at, Some(Timestamp(10)));
}

#[test]
fn a_container_that_is_not_essential_may_go() {
    let task = task(&[("web", true, false), ("init", false, false)]);
    let step = observed(&task, vec![running("web"), exited("init", 0)]);
    assert_eq!(step.task.last_status, TaskStatus::Running);
    assert_eq!(step.task.desired_status, TaskStatus::Running);
}

#[test]
fn a_container_that_never_started_fails_the_task_with_its_reason_and_no_exit_code() {
    let step = observed(
        &task(&[("web", true, false)]),
        vec![failed("web", "CannotPullContainerError: no such tag")],
    );
    assert_eq!(step.task.last_status, TaskStatus::Stopped);
    assert_eq!(step.task.stop_code, Some(StopCode::TaskFailedToStart));
    assert_eq!(step.task.stopped_reason.as_deref(), Some("CannotPullContainerError: no such tag"));
    assert_eq!(step.task.containers[0].exit_code, None);
    assert_eq!(step.task.started_at, None);
}

#[test]
fn a_task_that_came_and_went_between_two_reports_was_up() {
    let step = observed(&task(&[("web", true, false)]), vec![exited("web", 0)]);
    assert_eq!(step.task.last_status, TaskStatus::Stopped);
    assert_eq!(step.task.started_at, Some(Timestamp(5)));
    assert_eq!(step.task.stop_code, Some(StopCode::EssentialContainerExited));
}

#[test]
fn the_first_reason_to_stop_stays() {
    let up = observed(&task(&[("web", true, false)]), vec![running("web")]).task;
    let stopping = request_stop(&up, StopCode::UserInitiated, "enough", Timestamp(6)).unwrap();
    assert_eq!(stopping.last_status, TaskStatus::Stopping);
    assert!(request_stop(&stopping, StopCode::ServiceSchedulerInitiated, "scaled", Timestamp(7)).is_none());
    let over = observed(&stopping, vec![exited("web", 143)]).task;
    assert_eq!(over.stop_code, Some(StopCode::UserInitiated));
    assert_eq!(over.stopped_reason.as_deref(), Some("enough"));
    assert_eq!(over.stopping_at, Some(Timestamp(6)));
}

#[test]
fn what_vanished_is_over_without_exit_codes() {
    let up = observed(&task(&[("web", true, false)]), vec![running("web")]).task;
    let over = vanished(&up, "removed", Timestamp(9)).unwrap();
    assert_eq!(over.last_status, TaskStatus::Stopped);
    assert_eq!(over.containers[0].exit_code, None);
    assert_eq!(over.stop_code, Some(StopCode::EssentialContainerExited));
    assert!(vanished(&over, "removed", Timestamp(10)).is_none());
}

#[test]
fn reasons_are_cut_where_ecs_cuts_them() {
    let step = observed(&task(&[("web", true, false)]), vec![failed("web", &"ü".repeat(2000))]);
    assert_eq!(step.task.stopped_reason.unwrap().chars().count(), REASON_LIMIT);
}

#[track_caller]
fn check_health(containers: &[(bool, bool, Health)], expected: Health) {
    let names: Vec<String> = (0..containers.len()).map(|n| n.to_string()).collect();
    let shape: Vec<(&str, bool, bool)> =
        names.iter().zip(containers).map(|(n, c)| (n.as_str(), c.0, c.1)).collect();
    let seen =
        names.iter().zip(containers).map(|(n, c)| ContainerReport { health: c.2, ..running(n) }).collect();
    assert_eq!(observed(&task(&shape), seen).task.health, expected);
}

#[test]
fn health_comes_from_essential_containers_with_a_check() {
    use Health::{Healthy, Unhealthy, Unknown};
    check_health(&[(true, false, Unknown)], Unknown);
    check_health(&[(true, true, Healthy)], Healthy);
    check_health(&[(true, true, Healthy), (true, true, Unknown)], Unknown);
    check_health(&[(true, true, Healthy), (true, true, Unhealthy)], Unhealthy);
    check_health(&[(true, true, Healthy), (false, true, Unhealthy)], Healthy);
    check_health(&[(true, true, Healthy), (true, false, Unknown)], Healthy);
}

fn any_report() -> impl Strategy<Value = ContainerReport> {
    let status = prop_oneof![
        Just(ContainerStatus::Pending),
        Just(ContainerStatus::Running),
        Just(ContainerStatus::Stopped)
    ];
    let health = prop_oneof![Just(Health::Unknown), Just(Health::Healthy), Just(Health::Unhealthy)];
    (
        prop_oneof![Just("web"), Just("log"), Just("other")],
        status,
        health,
        prop::option::of(0..256),
        prop::bool::ANY,
    )
        .prop_map(|(name, status, health, exit_code, started)| ContainerReport {
            status,
            health,
            exit_code,
            started_at: started.then_some(Timestamp(5)),
            ..pending(name)
        })
}

proptest! {
    #[test]
    fn whatever_is_reported_in_whatever_order_nothing_goes_back(
        reports in prop::collection::vec(prop::collection::vec(any_report(), 0..4), 1..20),
        stop_at in prop::option::of(0_usize..20),
    ) {
        let mut known = task(&[("web", true, true), ("log", false, false)]);
        for (n, seen) in reports.into_iter().enumerate() {
            let now = Timestamp(100 + i64::try_from(n).unwrap());
            let mut next = known.clone();
            if stop_at == Some(n) {
                next = request_stop(&next, StopCode::UserInitiated, "enough", now).unwrap_or(next);
            }
            next = observe(&next, &report(seen), now).map_or(next, |step| step.task);
            prop_assert!(next.last_status >= known.last_status);
            prop_assert!(next.desired_status >= known.desired_status);
            for (before, after) in known.containers.iter().zip(&next.containers) {
                prop_assert!(after.last_status >= before.last_status);
                prop_assert!(before.exit_code.is_none() || after.exit_code.is_some());
                if before.last_status == TaskStatus::Stopped {
                    prop_assert_eq!(before, after);
                }
            }
            let all_over = next.containers.iter().all(|c| c.last_status == TaskStatus::Stopped);
            prop_assert_eq!(next.last_status == TaskStatus::Stopped, all_over);
            prop_assert!(known.stop_code.is_none() || next.stop_code == known.stop_code);
            known = next;
        }
    }
}

#[test]
fn a_program_that_ends_at_once_never_ends_before_it_started() {
    let before_its_start = ContainerReport { finished_at: Some(Timestamp(4)), ..exited("web", 0) };
    let over = observed(&task(&[("web", true, false)]), vec![before_its_start]).task;
    assert_eq!((over.started_at, over.execution_stopped_at), (Some(Timestamp(5)), Some(Timestamp(5))));
}

#[test]
fn a_kill_decides_the_tasks_end_before_it_is_known_how_the_container_ended() {
    let up =
        observed(&task(&[("web", true, false), ("log", false, false)]), vec![running("web"), running("log")]);
    let ending = ContainerReport { status: ContainerStatus::Ending, ..running("web") };
    let step = observed(&up.task, vec![ending, running("log")]);
    assert!(step.stop_rest);
    assert_eq!(step.task.last_status, TaskStatus::Stopping);
    assert_eq!(step.task.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!((step.task.containers[0].exit_code, step.task.execution_stopped_at), (None, None));
    let oom = ContainerReport { reason: Some("OutOfMemoryError".into()), ..exited("web", 137) };
    let over = observed(&step.task, vec![oom, exited("log", 143)]).task;
    assert_eq!(over.last_status, TaskStatus::Stopped);
    assert_eq!(over.containers[0].exit_code, Some(137));
    assert_eq!(over.containers[0].reason.as_deref(), Some("OutOfMemoryError"));
    assert_eq!(over.execution_stopped_at, Some(Timestamp(8)));
}

#[test]
fn a_task_runs_once_its_init_container_is_over_and_the_rest_is_up() {
    let task = task(&[("init", false, false), ("app", true, false)]);
    let first = observed(&task, vec![running("init"), pending("app")]).task;
    assert_eq!((first.last_status, first.started_at), (TaskStatus::Pending, None));
    let second = observed(&first, vec![exited("init", 0), pending("app")]).task;
    assert_eq!((second.last_status, second.started_at), (TaskStatus::Pending, None));
    let third = observed(&second, vec![exited("init", 0), running("app")]).task;
    assert_eq!((third.last_status, third.started_at), (TaskStatus::Running, Some(Timestamp(5))));
}

#[test]
fn an_essential_container_that_gets_unhealthy_while_others_wait_ends_the_task() {
    let sick = ContainerReport { health: Health::Unhealthy, ..running("db") };
    let shape = [("db", true, true), ("app", true, false)];
    let step = observed(&task(&shape), vec![sick.clone(), pending("app")]);
    assert!(step.stop_rest);
    assert_eq!(step.task.stop_code, Some(StopCode::TaskFailedToStart));
    let reason =
        "Task failed container health checks: container db became UNHEALTHY before the task was RUNNING";
    assert_eq!(step.task.stopped_reason.as_deref(), Some(reason));
    let up = observed(&task(&shape), vec![running("db"), running("app")]).task;
    let later = observed(&up, vec![sick.clone(), running("app")]);
    assert_eq!(later.task.desired_status, TaskStatus::Running, "what runs is its keeper's business");
    let other = observed(&task(&[("db", false, true), ("app", true, false)]), vec![sick, pending("app")]);
    assert_eq!(other.task.desired_status, TaskStatus::Running, "it is not essential");
}

#[test]
fn the_end_of_the_namespaces_that_containers_share_ends_the_task_whatever_runs_on_in_them() {
    let shape = [("web", true, false), ("log", false, false)];
    let lost = |containers| TaskReport { pause_ended: Some("no namespace".into()), ..report(containers) };
    let up = observed(&task(&shape), vec![running("web"), running("log")]).task;
    let step = observe(&up, &lost(vec![running("web"), running("log")]), Timestamp(8)).unwrap();
    assert!(step.stop_rest);
    assert_eq!(step.task.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(step.task.stopped_reason.as_deref(), Some("no namespace"));
    let step = observe(&task(&shape), &lost(vec![running("web"), pending("log")]), Timestamp(8)).unwrap();
    assert_eq!(step.task.stop_code, Some(StopCode::TaskFailedToStart));
}

#[test]
fn a_network_interface_is_kept_once_it_was_seen() {
    let configuration = AwsVpcConfiguration {
        subnets: vec!["subnet-1".into()],
        security_groups: Vec::new(),
        assign_public_ip: false,
    };
    let known = Task {
        network: Some(TaskNetwork { configuration, interface: None }),
        ..task(&[("web", true, false)])
    };
    let interface = NetworkInterface { address: "10.0.0.2".into(), mac: "02:42:0a:00:00:02".into() };
    let seen = TaskReport { interface: Some(interface.clone()), ..report(vec![running("web")]) };
    let up = observe(&known, &seen, Timestamp(8)).unwrap().task;
    assert_eq!(up.network.as_ref().and_then(|network| network.interface.as_ref()), Some(&interface));
    let over = observe(&up, &report(vec![exited("web", 0)]), Timestamp(9)).unwrap().task;
    assert_eq!(over.network, up.network);
}

#[test]
fn starts_in_place_are_counted_by_their_times_however_often_they_are_told() {
    let started = |at| ContainerReport { started_at: Some(Timestamp(at)), ..running("web") };
    let mut known = task(&[("web", true, false)]);
    for (at, count) in [(5, 0), (5, 0), (70, 1), (70, 1), (140, 2)] {
        known = observe(&known, &report(vec![started(at)]), Timestamp(200)).map_or(known, |step| step.task);
        assert_eq!(known.containers[0].restart_count, count);
        assert_eq!((known.last_status, known.started_at), (TaskStatus::Running, Some(Timestamp(5))));
    }
}
