use super::*;
use crate::deployment::rollout::tests::{deploy, service};
use crate::model::CircuitBreaker;

/// A service's history grows by a line.
fn act(service: &mut Service, id: &str, action: Option<ServiceAction>) {
    let event = ServiceEvent { id: id.into(), created_at: Timestamp(1), message: id.into(), action };
    service.events.insert(0, event);
}

/// A service whose first deployment has just begun.
fn fresh() -> Service {
    let mut fresh = service(2, CircuitBreaker::default());
    deploy(&mut fresh, 1);
    fresh
}

fn names(happenings: &[Happening<'_>]) -> Vec<&'static str> {
    happenings.iter().map(|happening| happening.name().unwrap().0).collect()
}

#[track_caller]
fn check(told: &mut Told, service: &Service, expected: &[&str]) {
    assert_eq!(names(&told.tell(Record::Service(service)).0), expected);
}

#[test]
fn a_service_tells_of_its_deployments_and_of_what_ecs_has_a_name_for_and_of_each_once() {
    let (mut told, mut web) = (Told::default(), fresh());
    check(&mut told, &web, &["SERVICE_DEPLOYMENT_IN_PROGRESS"]);
    act(&mut web, "started", None);
    check(&mut told, &web, &[]);
    act(&mut web, "impaired", Some(ServiceAction::TaskStartImpaired));
    act(&mut web, "steady", Some(ServiceAction::SteadyState));
    web.deployments[0].rollout_state = RolloutState::Completed;
    check(
        &mut told,
        &web,
        &["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_TASK_START_IMPAIRED", "SERVICE_STEADY_STATE"],
    );
    check(&mut told, &web, &[]);
    act(&mut web, "nowhere", Some(ServiceAction::TaskPlacementFailure { reason: "RESOURCE:CPU".into() }));
    web.events.truncate(1);
    check(&mut told, &web, &["SERVICE_TASK_PLACEMENT_FAILURE"]);
    web.deployments[0].rollout_state = RolloutState::Failed;
    check(&mut told, &web, &["SERVICE_DEPLOYMENT_FAILED"]);
}

#[test]
fn a_desired_count_is_told_where_the_scheduler_worked_it_out() {
    let (mut told, mut web) = (Told::default(), fresh());
    check(&mut told, &web, &["SERVICE_DEPLOYMENT_IN_PROGRESS"]);
    web.desired_count += 1;
    check(&mut told, &web, &[]);
    web.scheduling = SchedulingStrategy::Daemon;
    check(&mut told, &web, &[]);
    web.desired_count += 1;
    check(&mut told, &web, &["SERVICE_DESIRED_COUNT_UPDATED"]);
}

#[test]
fn what_could_not_be_kept_is_told_again_unless_more_was_told_since() {
    let (mut told, mut web) = (Told::default(), fresh());
    let (_, untell) = told.tell(Record::Service(&web));
    told.take_back(untell);
    check(&mut told, &web, &["SERVICE_DEPLOYMENT_IN_PROGRESS"]);
    act(&mut web, "steady", Some(ServiceAction::SteadyState));
    let (_, untell) = told.tell(Record::Service(&web));
    act(&mut web, "impaired", Some(ServiceAction::TaskStartImpaired));
    check(&mut told, &web, &["SERVICE_TASK_START_IMPAIRED"]);
    told.take_back(untell);
    check(&mut told, &web, &[]);
}

#[test]
fn each_version_of_an_instance_is_told_once_and_an_older_one_never() {
    let mut told = Told::default();
    let mut host = crate::placement::tests::instance("a", crate::model::Resources::default());
    let count = |told: &mut Told, host: &ContainerInstance| told.tell(Record::Instance(host)).0.len();
    assert_eq!(count(&mut told, &host), 1);
    assert_eq!(count(&mut told, &host), 0);
    host.version = 3;
    assert_eq!(count(&mut told, &host), 1);
    host.version = 2;
    assert_eq!(count(&mut told, &host), 0);
    host.version = 3;
    assert_eq!(count(&mut told, &host), 0);
    told.forget(&Subject::Instance(host.id.clone()));
    assert_eq!(count(&mut told, &host), 1);
}

#[test]
fn a_kind_is_named_in_full_or_in_a_word() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
        assert_eq!(Kind::parse(kind.short()), Ok(kind));
    }
    assert_eq!(Kind::parse("ecs task state change"), Ok(Kind::TaskStateChange));
    let wrong = Kind::parse("tasks").unwrap_err();
    assert!(wrong.contains("task (ECS Task State Change)"), "{wrong}");
}
