use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::deployment::rollout::{self, Cause, tests as rollouts};
use crate::images::progress::{Progress, Pulling, Stage};
use crate::lifecycle::tests::task_with;
use crate::model::{
    Brake, ContainerInstance, Dependency, DependencyCondition, Health, InstanceStatus, PlacementConstraint,
    Resources, Service, StopCode, Task, TaskDefinition, TaskOwner, TaskStatus,
};
use crate::placement::tests::instance;
use crate::placement::{Ledger, Request};
use crate::{InstanceId, ServiceName, TaskId};

const NOW: Timestamp = Timestamp(1_000_000);

/// A service of two tasks whose deployment 1 rolls out.
fn web() -> Service {
    let mut service = rollouts::service(2, rollouts::breaker(false));
    rollouts::deploy(&mut service, 1);
    service
}

/// A task of the service's slot, with these containers, essential or not, with a check or without.
fn one(slot: u32, containers: &[(&str, bool, bool)]) -> Task {
    let owner =
        TaskOwner::Service { service: ServiceName::new("web"), deployment: rollouts::deployment(1), slot };
    let mut task = task_with(containers, owner);
    task.id = TaskId::new(format!("t{slot}"));
    task
}

fn runs(mut task: Task) -> Task {
    task.last_status = TaskStatus::Running;
    task.started_at = Some(Timestamp(NOW.0 - 300_000));
    for container in &mut task.containers {
        container.last_status = TaskStatus::Running;
        container.started_at = task.started_at;
    }
    task
}

/// It is over, for what its containers say: exit code and reason of each.
fn ended(mut task: Task, code: StopCode, reason: &str, said: &[(Option<i32>, &str)]) -> Task {
    task.desired_status = TaskStatus::Stopped;
    task.last_status = TaskStatus::Stopped;
    task.stop_code = Some(code);
    task.stopped_reason = Some(reason.into());
    task.stopped_at = Some(Timestamp(NOW.0 - 3_000));
    for (container, (exit_code, reason)) in task.containers.iter_mut().zip(said) {
        container.last_status = TaskStatus::Stopped;
        container.exit_code = *exit_code;
        container.reason = Some((*reason).to_owned()).filter(|reason| !reason.is_empty());
    }
    task
}

struct Scene {
    service: Service,
    tasks: Vec<Task>,
    instances: Vec<ContainerInstance>,
    looks: Vec<Look>,
}

impl Scene {
    fn tell(&self) -> Story {
        let tasks: Vec<Arc<Task>> = self.tasks.iter().cloned().map(Arc::new).collect();
        let instances: Vec<Arc<ContainerInstance>> = self.instances.iter().cloned().map(Arc::new).collect();
        service(&ServiceSeen {
            service: &self.service,
            definition: None,
            tasks: &tasks,
            instances: &instances,
            looks: &self.looks,
            pulls: &[],
            settle: Duration::from_secs(60),
            now: NOW,
        })
    }
}

fn scene(service: Service, tasks: Vec<Task>) -> Scene {
    Scene { service, tasks, instances: Vec::new(), looks: Vec::new() }
}

#[track_caller]
fn check(story: &Story, kind: Kind, signs: &[&str]) {
    let first = story.points.first().expect("a point");
    assert_eq!(first.kind, kind, "{story:#?}");
    assert!(!story.well, "{story:#?}");
    for sign in signs {
        assert!(story.summary.contains(sign), "{sign:?} is missing: {story:#?}");
    }
}

/// What three instances of 1000 MiB, one of them DRAINING, say to a request.
fn looked(request: &Request) -> Look {
    let mut ledger = Ledger::new();
    for name in ["a", "b", "c"] {
        let mut known = instance(name, Resources { cpu: 1000, memory: 1000, ..Resources::default() });
        known.attributes = vec![("disk".into(), Some(name.into()))];
        if name == "c" {
            known.status = InstanceStatus::Draining;
        }
        ledger.upsert_instance(&known);
    }
    let said = ledger.explain(request);
    Look { provider: None, said, refusal: ledger.why_not(request), request: request.clone() }
}

#[test]
fn all_is_well_where_as_many_run_as_are_wanted() {
    let one = |slot| runs(one(slot, &[("web", true, false)]));
    let story = scene(web(), vec![one(0), one(1)]).tell();
    assert!(story.well && story.points.is_empty(), "{story:#?}");
    assert_eq!(story.summary, "2 tasks of 2 wanted run, and all is as it shall be.");
}

#[test]
fn no_instance_has_the_memory() {
    let mut request = Request::of_group("service:web");
    request.resources.memory = 2000;
    let mut scene = scene(web(), vec![runs(one(0, &[("web", true, false)]))]);
    scene.looks = vec![looked(&request)];
    let closest = "The closest matching (container-instance b) has insufficient memory available.";
    let counts = "of 3 container instances 2 lack memory, 1 take no new tasks (DRAINING).";
    let story = scene.tell();
    check(&story, Kind::Placement, &["1 task of 2 wanted run", "needs 2000 MiB", counts]);
    assert!(
        story.summary.contains(closest) || story.summary.contains("(container-instance a)"),
        "{story:#?}"
    );
}

#[test]
fn no_instance_meets_the_constraint() {
    let mut request = Request::of_group("service:web");
    request.constraints = vec![PlacementConstraint::MemberOf("attribute:disk == tape".into())];
    let mut scene = scene(web(), Vec::new());
    scene.looks = vec![looked(&request)];
    let counts = "2 fail memberOf(attribute:disk == tape), 1 take no new tasks (DRAINING)";
    check(
        &scene.tell(),
        Kind::Placement,
        &[counts, "encountered error \"MemberOf placement constraint unsatisfied.\""],
    );
    scene.looks[0].said = crate::placement::Explanation::default();
    check(&scene.tell(), Kind::Placement, &["no container instances were found in the cluster"]);
}

/// A slot whose last task ended so, and which waits for ten more seconds.
#[track_caller]
fn check_end(last: Task, kind: Kind, signs: &[&str]) {
    let mut service = web();
    let brake = |due| Brake { deployment: rollouts::deployment(1), slot: 0, failures: 4, due };
    service.brakes = vec![brake(Timestamp(NOW.0 + 10_000))];
    let mut scene = scene(service, vec![last, runs(one(1, &[("web", true, false)]))]);
    let story = scene.tell();
    check(&story, Kind::BackingOff, &["4 tasks in a row failed", "waits 10 s more"]);
    assert_eq!(story.points[0].until, Some(Timestamp(NOW.0 + 10_000)));
    assert_eq!(story.points[1].kind, kind, "{story:#?}");
    scene.service.brakes = vec![brake(NOW)];
    check(&scene.tell(), kind, signs);
}

#[test]
fn a_task_that_ended_by_itself_says_of_what() {
    let web = || one(0, &[("web", true, false)]);
    let missing = "CannotPullContainerError: no such image: none:1";
    check_end(
        ended(web(), StopCode::TaskFailedToStart, "Task failed to start", &[(None, missing)]),
        Kind::Image,
        &["(task t0) ended 3 s ago", "container web", "no such image: none:1"],
    );
    let secret = "ResourceInitializationError: the secret DB_PASSWORD is not there";
    check_end(
        ended(web(), StopCode::TaskFailedToStart, "Task failed to start", &[(None, secret)]),
        Kind::Provision,
        &["the secret DB_PASSWORD is not there"],
    );
    let killed = "OutOfMemoryError: Container killed due to memory usage";
    check_end(
        ended(
            web(),
            StopCode::EssentialContainerExited,
            "Essential container in task exited",
            &[(Some(137), killed)],
        ),
        Kind::OutOfMemory,
        &["container web: OutOfMemoryError"],
    );
    check_end(
        ended(
            web(),
            StopCode::EssentialContainerExited,
            "Essential container in task exited",
            &[(Some(3), "")],
        ),
        Kind::Exit,
        &["the essential container web ended with exit code 3"],
    );
    let sick = ended(
        one(0, &[("web", true, true)]),
        StopCode::ServiceSchedulerInitiated,
        "Task failed container health checks",
        &[(Some(143), "")],
    );
    check_end(sick, Kind::Health, &["the health check of container web failed"]);
    let lost = ended(web(), StopCode::TerminationNotice, "Host lost.", &[(None, "")]);
    check_end(lost, Kind::Agent, &["Host lost."]);
}

#[test]
fn a_dependency_that_failed_is_told_before_what_never_started_for_it() {
    let graph = "dependency graph: failed to resolve container ordering dependency [init] for target [web]";
    let last = ended(
        one(0, &[("web", true, false), ("init", false, false)]),
        StopCode::TaskFailedToStart,
        "Task failed to start",
        &[(None, graph), (Some(2), "")],
    );
    let story = task(&TaskSeen { task: &last, definition: None, instance: None, pulls: &[], now: NOW });
    let kinds: Vec<Kind> = story.points.iter().map(|point| point.kind).collect();
    assert_eq!(kinds, [Kind::Exit, Kind::Dependency, Kind::Place], "{story:#?}");
    assert!(story.summary.contains("container init ended with exit code 2"), "{story:#?}");
}

#[test]
fn a_task_on_its_way_says_what_it_waits_for() {
    let containers = [("web", true, false), ("db", true, true)];
    let mut waiting = one(0, &containers);
    waiting.last_status = TaskStatus::Pending;
    waiting.containers[1].last_status = TaskStatus::Running;
    waiting.containers[1].started_at = Some(NOW);
    let mut definition: TaskDefinition = crate::lifecycle::tests::definition(&containers);
    definition.containers[0].depends_on =
        vec![Dependency { container: "db".into(), condition: DependencyCondition::Healthy }];
    let mut host = instance("a", Resources::default());
    host.agent_connected = true;
    host.engine_connected = true;
    let told = |task: &Task, host: &ContainerInstance, pulls: &[Pulling]| {
        super::task(&TaskSeen { task, definition: Some(&definition), instance: Some(host), pulls, now: NOW })
    };
    let tell = |task: &Task, host: &ContainerInstance| told(task, host, &[]);
    check(&tell(&waiting, &host), Kind::Dependency, &["container web waits for container db to be HEALTHY"]);
    waiting.containers[1].health = Health::Healthy;
    waiting.pull_started_at = Some(NOW);
    check(&tell(&waiting, &host), Kind::Image, &["of container web is being pulled"]);
    let progress =
        Progress { layers_total: 1, bytes_total: 4_000_000, bytes_done: 1_000_000, ..Progress::default() };
    let image = waiting.containers[0].image.clone();
    let of = |tasks: &[&TaskId], stage| Pulling {
        image: image.clone(),
        tasks: tasks.iter().map(|&id| id.clone()).collect(),
        stage,
        progress,
        began: NOW,
    };
    let another = of(&[&TaskId::new("another")], Stage::Waiting);
    let pulls = [another.clone(), of(&[&waiting.id], Stage::Underway)];
    let words = "of container web is being pulled: 1.0 of 4.0 MB (25 %)";
    check(&told(&waiting, &host, &pulls), Kind::Image, &[words]);
    let pulls = [another, of(&[&waiting.id], Stage::Waiting)];
    check(&told(&waiting, &host, &pulls), Kind::Image, &["waits for others on its host"]);
    host.engine_connected = false;
    check(&tell(&waiting, &host), Kind::Agent, &["the container engine of host"]);
    host.engine_connected = true;
    let mut sick = runs(one(0, &containers));
    sick.containers[1].health = Health::Unhealthy;
    check(&tell(&sick, &host), Kind::Health, &["It runs, but the health check of container db fails."]);
}

#[test]
fn a_rollout_that_its_circuit_breaker_ended_starts_nothing_any_more() {
    let mut service = web();
    rollout::fail(&mut service, &Cause::TasksFailed, NOW);
    let exit = ended(
        one(0, &[("web", true, false)]),
        StopCode::EssentialContainerExited,
        "Essential container in task exited",
        &[(Some(1), "")],
    );
    let story = scene(service, vec![exit]).tell();
    let words = "starts no more tasks: ECS deployment circuit breaker: tasks failed to start.";
    check(&story, Kind::CircuitBreaker, &["was given up", words]);
    assert_eq!(story.points[1].kind, Kind::Exit, "{story:#?}");
}

#[test]
fn tasks_on_a_draining_instance_stay_until_others_serve() {
    let mut scene =
        scene(web(), vec![runs(one(0, &[("web", true, false)])), runs(one(1, &[("web", true, false)]))]);
    let mut draining = instance("i", Resources::default());
    draining.status = InstanceStatus::Draining;
    scene.instances = vec![draining];
    check(
        &scene.tell(),
        Kind::Draining,
        &["2 tasks on DRAINING instances", "until others serve in their stead"],
    );
    let mut request = Request::of_group("service:web");
    request.resources.memory = 2000;
    scene.looks = vec![looked(&request)];
    let story = scene.tell();
    assert!(
        story.points[1].kind == Kind::Placement && story.points[1].text.contains("2 lack memory"),
        "{story:#?}"
    );
}

#[test]
fn the_percentages_and_tasks_that_stop_may_be_what_is_waited_for() {
    let mut service = web();
    service.deployment_configuration.maximum_percent = 100;
    let mut stopping = runs(one(0, &[("web", true, false)]));
    stopping.desired_status = TaskStatus::Stopped;
    stopping.stopped_reason = Some("Scaling activity".into());
    let story = scene(service, vec![stopping, runs(one(1, &[("web", true, false)]))]).tell();
    check(&story, Kind::Percentages, &["maximumPercent 100 lets no more than 2 tasks be there"]);
    assert!(story.points[1].text.contains("1 task still stop: Scaling activity"), "{story:#?}");
}

#[test]
fn a_place_is_told_with_host_and_zone() {
    let mut host = instance("i", Resources::default());
    host.attributes = vec![(ContainerInstance::ZONE.into(), Some("a".into()))];
    (host.agent_connected, host.engine_connected, host.id) = (true, true, InstanceId::new("i"));
    let seen = runs(one(0, &[("web", true, false)]));
    let story =
        task(&TaskSeen { task: &seen, definition: None, instance: Some(&host), pulls: &[], now: NOW });
    assert!(story.well && story.summary == "It has run for 5 min.", "{story:#?}");
    assert!(story.points[0].text.contains("in zone a (container-instance i)"), "{story:#?}");
}
