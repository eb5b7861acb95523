use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::deployment::{Fitness, Member, Plan, Rollout, lower_bound, plan, upper_bound};
use crate::model::{
    CircuitBreaker, DeploymentAlarms, DeploymentConfiguration, LaunchType, OnUnhealthy, SchedulingStrategy,
    ServiceStatus, Threshold,
};
use crate::restart::End;
use crate::{ClusterName, Family, ServiceKey, ServiceName, TaskId};

const SEC: Duration = Duration::from_secs(1);

pub(crate) fn service(desired: u32, breaker: CircuitBreaker) -> Service {
    Service {
        key: ServiceKey { cluster: ClusterName::new("default"), name: ServiceName::new("web") },
        status: ServiceStatus::Active,
        definition: revision(0),
        desired_count: desired,
        launch_type: LaunchType::Ec2,
        platform_version: None,
        deployment_configuration: DeploymentConfiguration { circuit_breaker: breaker, ..Default::default() },
        deployments: Vec::new(),
        brakes: Vec::new(),
        events: Vec::new(),
        created_at: Timestamp(0),
        tags: Vec::new(),
        propagate_tags: None,
        enable_ecs_managed_tags: false,
        health_check_grace_period_seconds: None,
        client_token: None,
        enable_execute_command: false,
        alarms: DeploymentAlarms::default(),
        revisions: Vec::new(),
        service_deployments: Vec::new(),
        last_completed: None,
        scheduling: SchedulingStrategy::Replica,
        placement_constraints: Vec::new(),
        placement_strategy: Vec::new(),
        zone_rebalancing: false,
    }
}

pub(crate) fn breaker(rollback: bool) -> CircuitBreaker {
    CircuitBreaker { enable: true, rollback, ..Default::default() }
}

fn revision(number: u32) -> RevisionKey {
    RevisionKey { family: Family::new("web"), revision: number }
}

pub(crate) fn deployment(number: u32) -> DeploymentId {
    DeploymentId::new(format!("ecs-svc/{number}"))
}

fn record(number: u32) -> ServiceDeploymentId {
    ServiceDeploymentId::new(format!("record{number}"))
}

/// Begins rollout number `number`, which runs the revision of that number.
pub(crate) fn deploy(service: &mut Service, number: u32) {
    let new = Beginning {
        deployment: deployment(number),
        revision: ServiceRevisionId::new(format!("revision{number}")),
        record: record(number),
        definition: revision(number),
        capacity: Vec::new(),
        network: None,
        at: Timestamp(i64::from(number)),
    };
    begin(service, new);
    assert!(started(service, Timestamp(i64::from(number))));
}

const NOW: Timestamp = Timestamp(1000);

/// A service whose rollout 1 completed, and whose rollout 2 is under way.
fn rolling(breaker: CircuitBreaker) -> Service {
    let mut service = service(2, breaker);
    deploy(&mut service, 1);
    assert_eq!(complete(&mut service, NOW), Some(deployment(1)));
    deploy(&mut service, 2);
    service
}

/// Deployments as text, primary first, then the rollouts, newest first.
#[track_caller]
fn check(service: &Service, deployments: &str, rollouts: &str) {
    let described: Vec<String> = service
        .deployments
        .iter()
        .map(|known| {
            format!(
                "{}{} {}",
                known.id,
                if known.status == DeploymentStatus::Primary { "!" } else { "" },
                known.rollout_state.as_str()
            )
        })
        .collect();
    assert_eq!(described.join(", "), deployments);
    let told: Vec<&str> = service.service_deployments.iter().map(|told| told.status.as_str()).collect();
    assert_eq!(told.join(", "), rollouts);
}

#[test]
fn thresholds_are_those_of_ecs() {
    let bounded = Threshold::default();
    for (desired, most) in [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (800, 200)] {
        assert_eq!(bounded.of(desired), most, "of {desired}");
    }
    assert_eq!(Threshold::UnboundedPercent(50).of(800), 400);
    assert_eq!(Threshold::UnboundedPercent(10).of(1), 1);
    assert_eq!(Threshold::Count(5).of(800), 5);
}

#[test]
fn what_never_came_up_was_sick_or_ended_before_it_settled_counts() {
    let counts = |end, sick| breaker::counts(end, sick, 60 * SEC);
    assert!(counts(End::NeverRan, false));
    assert!(counts(End::Ran(59 * SEC), false));
    assert!(!counts(End::Ran(60 * SEC), false));
    assert!(counts(End::Ran(3600 * SEC), true));
}

#[test]
fn the_breaker_gives_a_rollout_up_and_without_rollback_nothing_comes_back() {
    let mut service = rolling(breaker(false));
    assert!(!task_failed(&mut service, &deployment(2), NOW));
    assert!(!task_failed(&mut service, &deployment(2), NOW));
    assert!(task_failed(&mut service, &deployment(2), NOW));
    let failed = fail(&mut service, &Cause::TasksFailed, NOW).unwrap();
    assert_eq!(failed, Failed { deployment: deployment(2), back_to: None });
    check(&service, "ecs-svc/2! FAILED, ecs-svc/1 COMPLETED", "STOPPED, SUCCESSFUL");
    assert!(is_halted(&service));
    let told = &service.service_deployments[0];
    assert_eq!((told.failures, told.threshold, told.breaker), (3, 3, MonitorStatus::Triggered));
    assert!(told.stopped_at.is_some() && told.finished_at.is_some());
    assert_eq!(
        service.deployments[0].rollout_state_reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(fail(&mut service, &Cause::TasksFailed, NOW), None, "only once");
    deploy(&mut service, 3);
    assert!(!is_halted(&service));
}

#[test]
fn what_never_completed_has_to_settle_also_once_it_is_superseded() {
    let mut service = rolling(breaker(true));
    deploy(&mut service, 3);
    assert_eq!(unproved(&service), [deployment(3), deployment(2)]);
    complete(&mut service, NOW);
    assert_eq!(unproved(&service), [deployment(2)]);
    service.deployment_configuration.circuit_breaker.enable = false;
    assert_eq!(unproved(&service), [], "as on ECS, nothing settles without a circuit breaker");
}

#[test]
fn a_rollback_goes_to_the_deployment_that_completed_last_and_is_told_when_it_is_there() {
    let mut service = rolling(breaker(true));
    let failed = fail(&mut service, &Cause::TasksFailed, NOW).unwrap();
    assert_eq!(failed.back_to, Some(deployment(1)));
    check(&service, "ecs-svc/1! IN_PROGRESS, ecs-svc/2 FAILED", "ROLLBACK_IN_PROGRESS, SUCCESSFUL");
    assert_eq!(service.definition, revision(1));
    assert_eq!(
        service.deployments[0].rollout_state_reason,
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    );
    let back = service.service_deployments[0].rollback.as_ref().unwrap();
    assert_eq!(back.revision.as_str(), "revision1");
    complete(&mut service, NOW);
    check(&service, "ecs-svc/1! COMPLETED, ecs-svc/2 FAILED", "ROLLBACK_SUCCESSFUL, SUCCESSFUL");
}

#[test]
fn a_rollback_finds_its_deployment_even_where_its_last_task_has_gone() {
    let mut service = rolling(breaker(true));
    service.deployments.retain(|known| known.id == deployment(2));
    assert_eq!(fail(&mut service, &Cause::TasksFailed, NOW).unwrap().back_to, Some(deployment(1)));
    check(&service, "ecs-svc/1! IN_PROGRESS, ecs-svc/2 FAILED", "ROLLBACK_IN_PROGRESS, SUCCESSFUL");
    assert_eq!(service.deployments[0].desired_count, 2);
}

#[test]
fn a_rollback_that_fails_too_swings_back_to_nothing() {
    let mut service = rolling(breaker(true));
    fail(&mut service, &Cause::TasksFailed, NOW);
    for _ in 0..3 {
        task_failed(&mut service, &deployment(1), NOW);
    }
    assert!(is_tripped(&service));
    assert_eq!(fail(&mut service, &Cause::TasksFailed, NOW).unwrap().back_to, None);
    check(&service, "ecs-svc/1! FAILED, ecs-svc/2 FAILED", "ROLLBACK_FAILED, SUCCESSFUL");
}

#[test]
fn the_first_rollout_of_a_service_has_nothing_to_go_back_to() {
    let mut service = service(1, breaker(true));
    deploy(&mut service, 1);
    assert_eq!(fail(&mut service, &Cause::TasksFailed, NOW).unwrap().back_to, None);
    check(&service, "ecs-svc/1! FAILED", "ROLLBACK_FAILED");
    let reason = service.service_deployments[0].status_reason.as_deref();
    assert_eq!(reason, Some("No rollback candidate was found to run the rollback."));
}

#[test]
fn a_task_that_proves_well_takes_the_failures_before_it_back_unless_they_are_to_be_kept() {
    let mut service = rolling(breaker(true));
    task_failed(&mut service, &deployment(2), NOW);
    assert!(task_proved(&mut service, &deployment(2), NOW));
    assert_eq!((service.deployments[0].failed_tasks, service.service_deployments[0].failures), (0, 0));
    let mut service = rolling(CircuitBreaker { reset_on_healthy_task: false, ..breaker(true) });
    task_failed(&mut service, &deployment(2), NOW);
    assert!(!task_proved(&mut service, &deployment(2), NOW));
    assert_eq!((service.deployments[0].failed_tasks, service.service_deployments[0].failures), (1, 1));
}

#[test]
fn nothing_counts_without_a_breaker_or_once_the_rollout_is_over() {
    let mut service = rolling(CircuitBreaker::default());
    assert!((0..9).all(|_| !task_failed(&mut service, &deployment(2), NOW)));
    assert_eq!(service.deployments[0].failed_tasks, 9, "shown, all the same");
    let mut service = rolling(breaker(true));
    complete(&mut service, NOW);
    assert!((0..9).all(|_| !task_failed(&mut service, &deployment(2), NOW)));
    assert!(!is_tripped(&service));
}

#[test]
fn a_new_rollout_stops_the_one_that_is_under_way() {
    let mut service = rolling(breaker(true));
    deploy(&mut service, 3);
    check(
        &service,
        "ecs-svc/3! IN_PROGRESS, ecs-svc/2 IN_PROGRESS, ecs-svc/1 COMPLETED",
        "IN_PROGRESS, STOPPED, SUCCESSFUL",
    );
    fail(&mut service, &Cause::TasksFailed, NOW);
    assert_eq!(service.primary().unwrap().id, deployment(1));
    deploy(&mut service, 4);
    assert_eq!(service.service_deployments[1].status, ServiceDeploymentStatus::RollbackFailed);
    assert_eq!(fallback(&service), Some(&deployment(1)), "its tasks are still those that worked");
}

#[test]
fn a_rollout_is_stopped_once_and_only_while_it_is_under_way() {
    let mut service = rolling(CircuitBreaker::default());
    let stop = |service: &mut Service, number, how| ask_to_stop(service, &record(number), how, NOW);
    assert_eq!(stop(&mut service, 9, StopType::Abort), Err(NotStopped::Unknown));
    let over = NotStopped::State(ServiceDeploymentStatus::Successful);
    assert_eq!(stop(&mut service, 1, StopType::Rollback), Err(over));
    assert_eq!(stop(&mut service, 2, StopType::Rollback), Ok(()));
    assert_eq!(stop(&mut service, 2, StopType::Rollback), Ok(()));
    assert_eq!(asked_to_stop(&service), Some(StopType::Rollback));
    fail(&mut service, &Cause::Stopped(StopType::Rollback), NOW);
    check(&service, "ecs-svc/1! IN_PROGRESS, ecs-svc/2 FAILED", "ROLLBACK_IN_PROGRESS, SUCCESSFUL");
    assert_eq!(stop(&mut service, 2, StopType::Rollback), Ok(()));
    assert!(stop(&mut service, 2, StopType::Abort).is_err());

    let mut service = rolling(CircuitBreaker::default());
    assert_eq!(stop(&mut service, 2, StopType::Abort), Ok(()));
    fail(&mut service, &Cause::Stopped(StopType::Abort), NOW);
    check(&service, "ecs-svc/2! FAILED, ecs-svc/1 COMPLETED", "STOPPED, SUCCESSFUL");

    let mut service = super::tests::service(1, CircuitBreaker::default());
    deploy(&mut service, 1);
    assert_eq!(stop(&mut service, 1, StopType::Rollback), Err(NotStopped::NoWayBack));
}

#[test]
fn alarms_end_a_rollout_unless_they_were_on_before_it() {
    let alarmed = || {
        let mut service = service(2, CircuitBreaker::default());
        service.alarms = DeploymentAlarms { enable: true, rollback: true, names: vec!["errors".into()] };
        deploy(&mut service, 1);
        complete(&mut service, NOW);
        deploy(&mut service, 2);
        service
    };
    let on = || vec!["errors".to_owned()];
    let mut service = alarmed();
    assert_eq!(alarms_seen(&mut service, &record(1), on(), NOW), AlarmVerdict::Idle);
    assert_eq!(alarms_seen(&mut service, &record(2), Vec::new(), NOW), AlarmVerdict::Quiet);
    let cause = Cause::Alarms(on());
    assert_eq!(alarms_seen(&mut service, &record(2), on(), NOW), AlarmVerdict::Fails(cause.clone()));
    assert_eq!(fail(&mut service, &cause, NOW).unwrap().back_to, Some(deployment(1)));
    let told = &service.service_deployments[0];
    assert_eq!((told.alarm_monitor, &told.triggered_alarms), (MonitorStatus::Triggered, &on()));
    assert!(!watches_alarms(&service), "the way back is not watched");

    let mut service = alarmed();
    assert_eq!(alarms_seen(&mut service, &record(2), on(), NOW), AlarmVerdict::OnBefore(on()));
    assert_eq!(alarms_seen(&mut service, &record(2), on(), NOW), AlarmVerdict::Idle);
}

#[test]
fn a_rollout_is_watched_for_its_bake_time_from_the_moment_on_when_all_is_well() {
    let mut service = rolling(CircuitBreaker::default());
    assert_eq!(bake(&mut service, true, 60 * SEC, NOW), Duration::ZERO, "nothing watches it");
    service.deployment_configuration.bake_time_minutes = Some(2);
    assert_eq!(bake(&mut service, true, 60 * SEC, NOW), 120 * SEC);
    assert_eq!(bake(&mut service, true, 60 * SEC, NOW.after(30 * SEC)), 90 * SEC);
    assert_eq!(bake(&mut service, false, 60 * SEC, NOW.after(40 * SEC)), Duration::ZERO);
    assert_eq!(bake(&mut service, true, 60 * SEC, NOW.after(50 * SEC)), 120 * SEC);
    assert_eq!(bake(&mut service, true, 60 * SEC, NOW.after(170 * SEC)), Duration::ZERO);
}

#[test]
fn the_history_stays_small_and_keeps_every_revision_that_it_names() {
    let mut service = service(1, CircuitBreaker::default());
    for number in 1..100 {
        deploy(&mut service, number);
        complete(&mut service, NOW);
        service.deployments.truncate(1);
    }
    assert_eq!(service.service_deployments.len(), Service::ROLLOUTS);
    assert!(service.revisions.len() <= Service::ROLLOUTS + 1);
    assert!(named(&service));
}

fn named(service: &Service) -> bool {
    let known = |id: &ServiceRevisionId| service.revisions.iter().any(|revision| revision.id == *id);
    service.deployments.iter().all(|one| known(&one.revision))
        && service
            .service_deployments
            .iter()
            .all(|told| known(&told.target) && told.sources.iter().all(known))
}

#[test]
fn records_from_before_there_were_revisions_get_theirs_once() {
    let mut service = rolling(CircuitBreaker::default());
    complete(&mut service, NOW);
    (service.revisions, service.service_deployments) = (Vec::new(), Vec::new());
    service.last_completed = None;
    for known in &mut service.deployments {
        known.revision = ServiceRevisionId::default();
    }
    let mut next = 0;
    let mut draw = || {
        next += 1;
        (ServiceRevisionId::new(next.to_string()), record(next))
    };
    assert!(adopt(&mut service, &mut draw));
    assert!(!adopt(&mut service, &mut draw));
    assert!(named(&service));
    assert_eq!(service.last_completed.as_ref().unwrap().id, deployment(2));
    check(&service, "ecs-svc/2! COMPLETED, ecs-svc/1 COMPLETED", "SUCCESSFUL");
}

/// A service and its tasks, driven by chance, with counts of its own to hold against the record's.
struct World {
    service: Service,
    members: Vec<Member>,
    next: u32,
    /// Failures in a row of the rollout that is under way.
    failures: u32,
}

impl World {
    fn planned(&self) -> Plan {
        plan(&Rollout {
            desired: self.service.desired_count,
            limits: self.service.deployment_configuration,
            primary: &self.service.primary().unwrap().id,
            members: &self.members,
            waiting_slots: &BTreeSet::new(),
            blocked: false,
            halted: is_halted(&self.service),
            fallback: fallback(&self.service),
            on_unhealthy: OnUnhealthy::Replace,
        })
    }

    fn serving(&self) -> usize {
        self.members.iter().filter(|member| member.fitness == Fitness::Serving).count()
    }

    /// Carries out what is planned, and holds it against the limits.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        let plan = self.planned();
        let limits = self.service.deployment_configuration;
        let desired = self.service.desired_count;
        let (before, serving) = (self.members.len(), self.serving());
        for member in self.members.iter_mut().filter(|m| plan.stop.iter().any(|(id, _)| *id == m.id)) {
            member.fitness = Fitness::Stopping;
        }
        prop_assert!(
            !is_halted(&self.service) || plan.start.is_empty(),
            "a given up deployment starts nothing"
        );
        for slot in &plan.start {
            self.next += 1;
            let deployment = self.service.primary().unwrap().id.clone();
            self.members.push(Member {
                id: TaskId::new(self.next.to_string()),
                deployment,
                slot: *slot,
                fitness: Fitness::Starting,
                created_at: Timestamp(i64::from(self.next)),
                protected: false,
                surplus: false,
            });
        }
        let floor = serving.min(lower_bound(desired, limits) as usize);
        prop_assert!(self.serving() >= floor, "{} of {floor} serve", self.serving());
        let ceiling = before.max(upper_bound(desired, limits) as usize);
        prop_assert!(self.members.len() <= ceiling, "{} of {ceiling} are there", self.members.len());
        if plan.steady && complete(&mut self.service, NOW).is_some() {
            self.failures = 0;
        }
        let members = &self.members;
        self.service.deployments.retain(|known| {
            known.status == DeploymentStatus::Primary || members.iter().any(|m| m.deployment == known.id)
        });
        Ok(())
    }

    fn failed(&mut self, deployment: &DeploymentId) -> Result<(), TestCaseError> {
        let counts = is_counting(&self.service) && self.service.primary().unwrap().id == *deployment;
        self.failures += u32::from(counts);
        let tripped = task_failed(&mut self.service, deployment, NOW);
        let most = breaker::threshold(&self.service);
        prop_assert_eq!(tripped, counts && self.failures == most, "{} failures", self.failures);
        if tripped {
            prop_assert!(fail(&mut self.service, &Cause::TasksFailed, NOW).is_some());
            self.failures = 0;
        }
        Ok(())
    }

    fn act(&mut self, what: u8, who: usize) -> Result<(), TestCaseError> {
        match what {
            0 => {
                self.next += 1;
                deploy(&mut self.service, self.next);
                self.failures = 0;
                return Ok(());
            }
            1 => {
                let how = if who.is_multiple_of(2) { StopType::Abort } else { StopType::Rollback };
                let id = self.service.service_deployments[0].id.clone();
                if ask_to_stop(&mut self.service, &id, how, NOW).is_ok()
                    && let Some(how) = asked_to_stop(&self.service)
                {
                    fail(&mut self.service, &Cause::Stopped(how), NOW);
                    self.failures = 0;
                }
                return Ok(());
            }
            _ => {}
        }
        if self.members.is_empty() {
            return Ok(());
        }
        let index = who % self.members.len();
        let Member { deployment, fitness, .. } = self.members[index].clone();
        match (what, fitness) {
            // It ends before it has settled, or was told to end.
            (2 | 3, _) => {
                self.members.remove(index);
                if fitness != Fitness::Stopping {
                    self.failed(&deployment)?;
                }
            }
            (4, Fitness::Serving | Fitness::Unproven) => self.members[index].fitness = Fitness::Unhealthy,
            (5, Fitness::Starting) => self.members[index].fitness = Fitness::Unproven,
            (5.., Fitness::Starting | Fitness::Unproven) => {
                self.members[index].fitness = Fitness::Serving;
                if self.service.primary().unwrap().id == deployment {
                    task_proved(&mut self.service, &deployment, NOW);
                    if self.service.deployment_configuration.circuit_breaker.reset_on_healthy_task {
                        self.failures = 0;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

proptest! {
    /// Whatever is deployed, crashes, gets sick, is given up, goes back or is stopped, and in whatever order.
    #[test]
    fn no_rollout_leaves_its_percentages_and_the_breaker_trips_at_its_threshold(
        acts in prop::collection::vec((0_u8..9, 0_usize..16), 0..120),
        desired in 1_u32..6, minimum in 0_u32..101, maximum in 100_u32..201,
        rollback in prop::bool::ANY, reset in prop::bool::ANY, count in prop::option::of(1_u32..6),
    ) {
        let threshold = count.map_or(Threshold::default(), Threshold::Count);
        let breaker = CircuitBreaker { enable: true, rollback, reset_on_healthy_task: reset, threshold };
        let mut service = service(desired, breaker);
        service.deployment_configuration.minimum_healthy_percent = minimum;
        service.deployment_configuration.maximum_percent = maximum;
        deploy(&mut service, 1);
        let mut world = World { service, members: Vec::new(), next: 1, failures: 0 };
        for (what, who) in acts {
            world.act(what, who)?;
            world.settle()?;
            let service = &world.service;
            prop_assert_eq!(service.deployments[0].status, DeploymentStatus::Primary);
            let primaries = service.deployments.iter().filter(|one| one.status == DeploymentStatus::Primary);
            prop_assert_eq!(primaries.count(), 1);
            prop_assert_eq!(&service.primary().unwrap().definition, &service.definition);
            let open = service.service_deployments.iter().skip(1).filter(|told| !told.status.is_over());
            prop_assert_eq!(open.count(), 0, "only the newest rollout is under way");
            let told = &service.service_deployments[0];
            prop_assert!(told.failures <= told.threshold);
            prop_assert_eq!(told.status.is_over(), told.finished_at.is_some());
            prop_assert!(named(service));
        }
    }
}
