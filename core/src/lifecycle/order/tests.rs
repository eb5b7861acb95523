use proptest::prelude::*;

use super::*;
use crate::model::{Dependency, EngineOptions, HealthCheck, Link};

const SEC: Duration = Duration::from_secs(1);

fn container(name: &str, needs: &[(&str, DependencyCondition)]) -> ContainerDefinition {
    ContainerDefinition {
        name: name.into(),
        image: "puppet".into(),
        repository_credentials: None,
        cpu: 0,
        memory: None,
        memory_reservation: None,
        essential: false,
        entry_point: None,
        command: None,
        environment: Vec::new(),
        port_mappings: Vec::new(),
        health_check: Some(HealthCheck {
            command: vec!["CMD".into(), "true".into()],
            interval: 5 * SEC,
            timeout: 5 * SEC,
            retries: 3,
            start_period: Duration::ZERO,
        }),
        depends_on: needs
            .iter()
            .map(|&(on, condition)| Dependency { container: on.into(), condition })
            .collect(),
        start_timeout: None,
        restart_policy: None,
        stop_timeout: None,
        user: None,
        working_directory: None,
        docker_labels: Vec::new(),
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        environment_files: Vec::new(),
        secrets: Vec::new(),
        options: EngineOptions::default(),
        links: Vec::new(),
        log_configuration: None,
        firelens: None,
        gpus: None,
        version_consistency: None,
    }
}

use DependencyCondition as On;

const WAITING: Stage = Stage::Absent;
const NEVER_STARTED: Stage = Stage::Ended { started: false, exit_code: Some(143) };

fn runs(seconds: u32) -> Stage {
    Stage::Running { since: seconds * SEC }
}

fn ended(code: i32) -> Stage {
    Stage::Ended { started: true, exit_code: Some(code) }
}

/// Whether `app` starts, which depends so on `db` that is so far; `db` is waited for up to 10 s where `limited`.
#[track_caller]
fn check(condition: On, limited: bool, stage: Stage, health: Health, expected: &str) {
    let mut db = container("db", &[]);
    db.start_timeout = limited.then_some(10 * SEC);
    let order = Order::of(&[db, container("app", &[("db", condition)])]);
    let standings = [Standing { stage, health }, Standing { stage: WAITING, health: Health::Unknown }];
    let said = match order.start(1, &standings) {
        Start::Now => "now".to_owned(),
        Start::Wait(None) => "waits".to_owned(),
        Start::Wait(Some(limit)) => format!("waits {limit:?}"),
        Start::Never(why) => why.to_string(),
    };
    assert_eq!(said, expected, "{condition:?} of one that is {stage:?} and {health:?}");
}

fn unresolved(why: &str) -> String {
    format!("dependency graph: failed to resolve container ordering dependency [db] for target [app] {why}")
}

#[test]
fn each_condition_is_waited_for_and_given_up_where_it_cannot_come_any_more() {
    use Health::{Healthy, Unhealthy, Unknown};
    for condition in [On::Start, On::Complete, On::Success, On::Healthy] {
        check(condition, true, WAITING, Unknown, "waits");
        check(condition, true, Stage::Created, Unknown, "waits");
        check(condition, false, NEVER_STARTED, Unknown, &unresolved("because dependency will never start"));
    }
    check(On::Start, false, runs(0), Unknown, "now");
    check(On::Start, false, ended(1), Unknown, "now");
    check(On::Complete, false, runs(0), Healthy, "waits");
    check(On::Complete, false, ended(3), Unknown, "now");
    check(On::Success, false, runs(0), Healthy, "waits");
    check(On::Success, false, ended(0), Unknown, "now");
    let failed = unresolved("as dependency did not exit successfully.");
    check(On::Success, false, ended(3), Unknown, &failed);
    check(On::Success, false, Stage::Ended { started: true, exit_code: None }, Unknown, &failed);
    check(On::Healthy, false, runs(0), Unknown, "waits");
    check(On::Healthy, false, runs(0), Healthy, "now");
    check(On::Healthy, false, runs(0), Unhealthy, &unresolved("because dependency is UNHEALTHY"));
    let stopped = unresolved("because dependency stopped before it was HEALTHY");
    check(On::Healthy, false, ended(0), Healthy, &stopped);
}

#[test]
fn a_start_timeout_counts_from_the_dependencys_start_and_only_where_more_than_its_start_is_waited_for() {
    use Health::{Healthy, Unhealthy, Unknown};
    let late = "dependency graph: container ordering dependency [db] for target [app] has timed out.";
    for condition in [On::Complete, On::Success, On::Healthy] {
        check(condition, true, runs(4), Unknown, "waits 6s");
        check(condition, true, runs(10), Unknown, late);
    }
    check(On::Start, true, runs(11), Unknown, "now");
    check(On::Complete, true, ended(3), Unknown, "now");
    check(On::Healthy, true, runs(11), Healthy, "now");
    check(On::Healthy, true, runs(9), Unhealthy, "waits 1s");
}

#[test]
fn an_essential_container_that_is_unhealthy_ends_the_task_and_is_nobody_elses_reason() {
    let db = ContainerDefinition { essential: true, ..container("db", &[]) };
    let order = Order::of(&[db, container("app", &[("db", On::Healthy)])]);
    let sick = Standing { stage: runs(5), health: Health::Unhealthy };
    let standings = [sick, Standing { stage: WAITING, health: Health::Unknown }];
    assert_eq!(order.start(1, &standings), Start::Wait(None));
}

#[test]
fn of_several_limits_the_nearest_counts() {
    let limited = |name: &str, limit: u32| ContainerDefinition {
        start_timeout: Some(limit * SEC),
        ..container(name, &[])
    };
    let app = container("app", &[("one", On::Success), ("two", On::Healthy), ("three", On::Complete)]);
    let order = Order::of(&[limited("one", 9), limited("two", 5), container("three", &[]), app]);
    let standing = |stage| Standing { stage, health: Health::Unknown };
    let standings = [standing(runs(1)), standing(runs(1)), standing(runs(1)), standing(WAITING)];
    assert_eq!(order.start(3, &standings), Start::Wait(Some(4 * SEC)));
}

#[test]
fn what_cannot_be_ordered_is_refused_with_its_place() {
    let check = |containers: &[ContainerDefinition], expected| {
        assert_eq!(check_order(containers), expected);
    };
    let essential = ContainerDefinition { essential: true, ..container("db", &[]) };
    let unchecked = ContainerDefinition { health_check: None, ..container("db", &[]) };
    let app = |condition| container("app", &[("db", condition)]);
    check(&[app(On::Start)], Err((Fault::Unknown("db".into()), 0, 0)));
    check(&[container("db", &[]), container("a", &[("db", On::Start), ("a", On::Start)])], {
        Err((Fault::Itself, 1, 1))
    });
    check(&[essential.clone(), app(On::Success)], Err((Fault::Essential, 1, 0)));
    check(&[essential.clone(), app(On::Complete)], Err((Fault::Essential, 1, 0)));
    check(&[essential.clone(), app(On::Healthy)], Ok(()));
    check(&[unchecked.clone(), app(On::Healthy)], Err((Fault::NoHealthCheck, 1, 0)));
    check(&[unchecked, app(On::Start)], Ok(()));
    let ring = [
        container("free", &[]),
        container("one", &[("free", On::Start), ("three", On::Start)]),
        container("two", &[("one", On::Start)]),
        container("three", &[("two", On::Start)]),
    ];
    check(&ring, Err((Fault::Cycle, 1, 1)));
}

/// What a container of a story does once it runs.
#[derive(Debug, Clone, Copy)]
struct Life {
    starts: bool,
    ends_with: Option<i32>,
    health: Health,
}

fn any_life() -> impl Strategy<Value = Life> {
    let health = prop_oneof![Just(Health::Unknown), Just(Health::Healthy), Just(Health::Unhealthy)];
    (prop::bool::weighted(0.9), prop::option::of(0..3_i32), health)
        .prop_map(|(starts, ends_with, health)| Life { starts, ends_with, health })
}

/// Containers in an order without cycles, whose places say nothing of it.
fn any_task() -> impl Strategy<Value = (Vec<ContainerDefinition>, Vec<Life>)> {
    let condition = prop_oneof![Just(On::Start), Just(On::Complete), Just(On::Success), Just(On::Healthy)];
    let needs = prop::collection::vec((0..7_usize, condition), 0..4);
    let one = (needs, prop::bool::ANY, any_life());
    prop::collection::vec(one, 1..8).prop_flat_map(|parts| {
        let lives: Vec<Life> = parts.iter().map(|part| part.2).collect();
        let containers: Vec<ContainerDefinition> = parts
            .iter()
            .enumerate()
            .map(|(n, (needs, limited, _))| {
                let needs = needs.iter().filter(|(on, _)| *on < n);
                let names: Vec<(String, On)> =
                    needs.map(|(on, condition)| (on.to_string(), *condition)).collect();
                let names: Vec<(&str, On)> = names.iter().map(|(on, c)| (on.as_str(), *c)).collect();
                let start_timeout = limited.then_some(5 * SEC);
                ContainerDefinition { start_timeout, ..container(&n.to_string(), &names) }
            })
            .collect();
        Just(containers.into_iter().zip(lives).collect::<Vec<_>>())
            .prop_shuffle()
            .prop_map(|pairs| pairs.into_iter().unzip())
    })
}

#[test]
fn a_link_waits_for_the_start_of_what_it_leads_to_and_keeps_it_up_until_the_end() {
    let link = Link { container: "db".into(), alias: Some("store".into()) };
    let web = ContainerDefinition { links: vec![link], ..container("web", &[]) };
    let order = Order::of([&web, &container("db", &[])]);
    let at = |stage| Standing { stage, health: Health::Unknown };
    assert_eq!(order.start(0, &[at(WAITING), at(Stage::Created)]), Start::Wait(None));
    assert_eq!(order.start(0, &[at(WAITING), at(runs(0))]), Start::Now);
    assert!(
        !order.may_stop(1, &[at(runs(1)), at(runs(1))]) && order.may_stop(0, &[at(runs(1)), at(runs(1))])
    );
}

/// Whether a condition holds, told as a person would.
fn holds(condition: On, on: &Standing) -> bool {
    match condition {
        On::Start => matches!(on.stage, Stage::Running { .. } | Stage::Ended { started: true, .. }),
        On::Complete => matches!(on.stage, Stage::Ended { started: true, .. }),
        On::Success => matches!(on.stage, Stage::Ended { started: true, exit_code: Some(0) }),
        On::Healthy => matches!(on.stage, Stage::Running { .. }) && on.health == Health::Healthy,
    }
}

proptest! {
    #[test]
    fn nothing_starts_before_its_time_and_a_shutdown_is_the_reverse_and_comes_to_an_end(
        (containers, lives) in any_task(),
        choices in prop::collection::vec(0..1000_usize, 60),
        stop_at in 0..40_usize,
    ) {
        prop_assert_eq!(check_order(&containers), Ok(()));
        let order = Order::of(&containers);
        let place = |name: &str| containers.iter().position(|known| known.name == name).unwrap();
        let mut now = vec![Standing { stage: WAITING, health: Health::Unknown }; containers.len()];
        let mut choices = choices.into_iter().cycle();
        for _ in 0..stop_at {
            let chosen = choices.next().unwrap() % containers.len();
            let life = lives[chosen];
            match now[chosen].stage {
                Stage::Absent | Stage::Created => match order.start(chosen, &now) {
                    Start::Now => {
                        for need in &containers[chosen].depends_on {
                            prop_assert!(holds(need.condition, &now[place(&need.container)]));
                        }
                        now[chosen].stage = if life.starts { runs(0) } else { NEVER_STARTED };
                    }
                    Start::Never(_) => now[chosen].stage = NEVER_STARTED,
                    Start::Wait(_) => {}
                },
                Stage::Running { .. } => {
                    now[chosen].health = life.health;
                    if let Some(code) = life.ends_with {
                        now[chosen].stage = ended(code);
                    }
                }
                Stage::Ended { .. } => {}
            }
            for standing in &mut now {
                if let Stage::Running { since } = &mut standing.stage {
                    *since += SEC;
                }
            }
        }
        // The task is to end: what has not started never will, the rest is stopped as far as it may be.
        for standing in now.iter_mut().filter(|standing| standing.stage == WAITING) {
            standing.stage = NEVER_STARTED;
        }
        let running = |now: &[Standing]| {
            (0..now.len()).filter(|&n| matches!(now[n].stage, Stage::Running { .. })).collect::<Vec<_>>()
        };
        while !running(&now).is_empty() {
            let may: Vec<usize> = running(&now).into_iter().filter(|&n| order.may_stop(n, &now)).collect();
            prop_assert!(!may.is_empty(), "nothing may be stopped");
            let chosen = may[choices.next().unwrap() % may.len()];
            for other in running(&now) {
                let depends = containers[other].depends_on.iter().any(|need| place(&need.container) == chosen);
                prop_assert!(!depends, "{} stops before {}", chosen, other);
            }
            now[chosen].stage = ended(143);
        }
    }

    #[test]
    fn a_task_whose_containers_all_end_or_get_healthy_leaves_nobody_waiting((containers, lives) in any_task()) {
        let order = Order::of(&containers);
        let mut now = vec![Standing { stage: WAITING, health: Health::Unknown }; containers.len()];
        // Each round goes further with somebody, so that as many rounds as steps are enough.
        for _ in 0..3 * containers.len() {
            for chosen in 0..containers.len() {
                now[chosen].stage = match (now[chosen].stage, order.start(chosen, &now)) {
                    (Stage::Absent, Start::Now) if lives[chosen].starts => runs(0),
                    (Stage::Absent, Start::Now | Start::Never(_)) => NEVER_STARTED,
                    (Stage::Running { .. }, _) => ended(lives[chosen].ends_with.unwrap_or(0)),
                    (stage, _) => stage,
                };
            }
        }
        prop_assert!(now.iter().all(|standing| standing.stage != WAITING));
    }
}

#[test]
fn mounts_come_from_a_container_that_is_made_first_and_imply_no_cycle_with_others() {
    let from = |source: &str| crate::model::VolumesFrom { source_container: source.into(), read_only: None };
    let data = container("data", &[]);
    let mut web = container("web", &[]);
    web.volumes_from.push(from("data"));
    let order = Order::of([&data, &web]);
    let at = |stage| {
        let standing = |stage| Standing { stage, health: Health::Unknown };
        order.start(1, &[standing(stage), standing(Stage::Absent)])
    };
    assert_eq!(at(Stage::Absent), Start::Wait(None));
    assert_eq!(at(Stage::Created), Start::Now);
    assert_eq!(at(Stage::Ended { started: true, exit_code: Some(1) }), Start::Now);
    assert!(matches!(at(Stage::Ended { started: false, exit_code: None }), Start::Never(_)));
    let data = container("data", &[("web", On::Start)]);
    assert_eq!(check_order(&[data, web]), Err((Fault::Cycle, 0, 0)));
}

#[test]
fn a_pause_container_starts_before_all_others_and_stops_after_them() {
    let order = Order::of(&[
        container("app", &[("db", On::Start)]),
        container("db", &[]),
        container(ContainerSpec::PAUSE, &[]),
    ]);
    let standing = |stage| Standing { stage, health: Health::Unknown };
    let start = |stages: [Stage; 3]| [0, 1, 2].map(|place| order.start(place, &stages.map(standing)));
    let wait = || Start::Wait(None);
    assert_eq!(start([WAITING, WAITING, WAITING]), [wait(), wait(), Start::Now]);
    assert_eq!(start([WAITING, WAITING, Stage::Created]), [wait(), wait(), Start::Now]);
    assert_eq!(start([WAITING, WAITING, runs(1)]), [wait(), Start::Now, Start::Now]);
    let stop = |stages: [Stage; 3]| order.may_stop(2, &stages.map(standing));
    assert!(!stop([runs(1), runs(1), runs(1)]) && !stop([ended(0), runs(1), runs(1)]));
    assert!(stop([ended(0), ended(0), runs(1)]));
}
