mod gpus;
mod properties;

use super::*;
use crate::model::{
    BinpackField, ContainerInstance, InstanceStatus, PlacementConstraint as Constraint, SpreadField,
    Timestamp,
};
use crate::{ClusterName, TaskId};

fn id(name: &str) -> InstanceId {
    InstanceId::new(name)
}

fn amount(cpu: u32, memory: u32, tcp_ports: &[u16]) -> Resources {
    Resources { cpu, memory, tcp_ports: tcp_ports.to_vec(), udp_ports: Vec::new(), gpus: Vec::new() }
}

pub(crate) fn instance(name: &str, registered: Resources) -> ContainerInstance {
    ContainerInstance {
        id: id(name),
        cluster: ClusterName::new("default"),
        host: format!("host-{name}"),
        status: InstanceStatus::Active,
        agent_connected: true,
        engine_connected: true,
        registered,
        attributes: Vec::new(),
        custom_attributes: Vec::new(),
        agent_version: "1.0.0".into(),
        engine_version: String::new(),
        registered_at: Timestamp(0),
        tags: Vec::new(),
        version: 1,
    }
}

fn with(mut instance: ContainerInstance, name: &str, value: &str) -> ContainerInstance {
    instance.attributes.push((name.into(), Some(value.into())));
    instance
}

/// Instances of 1000 CPU units and 1000 MiB in these zones, named by their place in the list.
fn zones(zones: &[&str]) -> Ledger {
    let mut ledger = Ledger::new();
    for (number, zone) in zones.iter().enumerate() {
        let one = instance(&number.to_string(), amount(1000, 1000, &[]));
        ledger.upsert_instance(&with(one, ContainerInstance::ZONE, zone));
    }
    ledger
}

fn request(resources: Resources) -> Request {
    Request { resources, ..Request::of_group("service:web") }
}

fn spread(over: &str) -> PlacementStrategy {
    PlacementStrategy::Spread(match over.strip_prefix("attribute:") {
        Some(name) => SpreadField::Attribute(name.into()),
        None => SpreadField::Instance,
    })
}

const CPU: PlacementStrategy = PlacementStrategy::Binpack(BinpackField::Cpu);
const MEMORY: PlacementStrategy = PlacementStrategy::Binpack(BinpackField::Memory);

fn placed(ledger: &mut Ledger, count: usize, request: &Request) -> Vec<String> {
    // Each task has a name of its own, in whatever test.
    static TASKS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let place = |_| {
        let number = TASKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let task = TaskId::new(number.to_string());
        ledger.reserve(task, request).map_or_else(|refusal| refusal.failure().1.into(), |id| id.to_string())
    };
    (0..count).map(place).collect()
}

#[test]
fn tasks_of_a_group_are_spread_and_then_go_where_most_memory_is_left() {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&instance("a", amount(4096, 1000, &[])));
    ledger.upsert_instance(&instance("b", amount(4096, 2000, &[])));
    let mut place = |task: &str| {
        ledger.reserve(TaskId::new(task), &request(amount(10, 100, &[]))).map(|id| id.to_string())
    };
    assert_eq!(place("1"), Ok("b".into()));
    assert_eq!(place("2"), Ok("a".into()));
    assert_eq!(place("3"), Ok("b".into()));
    assert_eq!(place("3"), Ok("b".into()), "asked again, the same");
}

#[test]
fn where_nothing_is_said_tasks_go_over_zones_before_instances() {
    let mut ledger = zones(&["a", "a", "b"]);
    assert_eq!(placed(&mut ledger, 6, &request(amount(10, 10, &[]))), ["0", "2", "1", "2", "0", "2"]);
}

#[test]
fn strategies_weigh_in_the_order_in_which_they_are_given() {
    let mut ask = request(amount(100, 300, &[]));
    ask.strategy = vec![spread("attribute:ecs.availability-zone"), MEMORY];
    assert_eq!(placed(&mut zones(&["a", "a", "b", "b"]), 6, &ask), ["0", "2", "0", "2", "0", "2"]);
    ask.strategy = vec![MEMORY, spread("attribute:ecs.availability-zone")];
    assert_eq!(placed(&mut zones(&["a", "a", "b", "b"]), 6, &ask), ["0", "0", "0", "2", "2", "2"]);
    ask.strategy = vec![spread("instanceId")];
    assert_eq!(placed(&mut zones(&["a", "a", "b", "b"]), 5, &ask), ["0", "1", "2", "3", "0"]);
    ask.strategy = vec![CPU];
    assert_eq!(placed(&mut zones(&["a", "b"]), 7, &ask), ["0", "0", "0", "1", "1", "1", "RESOURCE:MEMORY"]);
}

#[test]
fn a_spread_over_racks_behind_one_over_zones_is_over_the_racks_of_a_zone() {
    let mut ledger = Ledger::new();
    for (name, zone, rack) in [("0", "a", "x"), ("1", "a", "y"), ("2", "b", "x"), ("3", "b", "x")] {
        let one = with(instance(name, amount(1000, 1000, &[])), ContainerInstance::ZONE, zone);
        ledger.upsert_instance(&with(one, "rack", rack));
    }
    let mut ask = request(amount(1, 1, &[]));
    ask.strategy = vec![spread("attribute:ecs.availability-zone"), spread("attribute:rack")];
    assert_eq!(placed(&mut ledger, 5, &ask), ["0", "2", "1", "3", "0"]);
}

#[test]
fn a_deployment_is_spread_by_itself_beside_older_tasks_of_its_group() {
    let mut ledger = zones(&["a", "a"]);
    let older = Request { kin: "old".into(), strategy: vec![CPU], ..request(amount(1, 1, &[])) };
    assert_eq!(placed(&mut ledger, 2, &older), ["0", "0"]);
    let newer = Request { kin: "new".into(), strategy: Vec::new(), ..older };
    assert_eq!(placed(&mut ledger, 2, &newer), ["1", "0"]);
}

#[test]
fn chance_is_the_seeds_and_reaches_every_instance() {
    let ask =
        |seed| Request { seed, strategy: vec![PlacementStrategy::Random], ..request(amount(1, 1, &[])) };
    let places = |seeds: std::ops::Range<u64>| {
        let mut ledger = zones(&["a", "b", "c", "d"]);
        let place = |seed| ledger.reserve(TaskId::new(format!("{seed}")), &ask(seed)).unwrap().to_string();
        seeds.map(place).collect::<Vec<_>>()
    };
    assert_eq!(places(0..50), places(0..50));
    for one in ["0", "1", "2", "3"] {
        assert!(places(0..50).contains(&one.to_owned()), "{one}");
    }
}

#[test]
fn constraints_hold_and_change_with_attributes_and_tasks() {
    let mut ledger = zones(&["a", "b", "b"]);
    let mut ask = request(amount(1, 1, &[]));
    ask.constraints = vec![
        Constraint::MemberOf("attribute:ecs.availability-zone == b".into()),
        Constraint::DistinctInstance,
    ];
    assert_eq!(
        placed(&mut ledger, 3, &ask),
        ["1", "2", "DistinctInstance placement constraint unsatisfied."]
    );
    let one = with(instance("0", amount(1000, 1000, &[])), ContainerInstance::ZONE, "b");
    ledger.upsert_instance(&one);
    assert_eq!(placed(&mut ledger, 1, &ask), ["0"]);
    let mut near = request(amount(1, 1, &[]));
    near.group = "family:cache".into();
    near.constraints = vec![Constraint::MemberOf("task:group == family:db".into())];
    assert!(near.asks_for_tasks() && !ask.asks_for_tasks());
    assert_eq!(placed(&mut ledger, 1, &near), ["MemberOf placement constraint unsatisfied."]);
    let db = Request { strategy: vec![CPU], ..Request::of_group("family:db") };
    assert_eq!(placed(&mut ledger, 1, &db), ["0"]);
    assert_eq!(placed(&mut ledger, 1, &near), ["0"]);
    near.constraints = vec![Constraint::MemberOf("no expression".into())];
    assert_eq!(placed(&mut ledger, 1, &near), ["MemberOf placement constraint unsatisfied."]);
}

#[track_caller]
fn refused(registered: Resources, need: Resources, reason: &str, expected: &str) {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&instance("a", registered));
    let refusal = ledger.reserve(TaskId::new("t"), &request(need)).unwrap_err();
    assert_eq!(refusal.failure(), (Some(&id("a")), reason));
    assert_eq!(refusal.service_event_reason(), expected);
    assert_eq!(ledger.holders().count(), 0, "a refusal leaves nothing behind");
}

#[test]
fn refusals_say_what_the_closest_instance_lacks_in_the_words_of_ecs() {
    let has = || amount(1024, 512, &[22]);
    refused(
        has(),
        amount(2048, 1, &[]),
        "RESOURCE:CPU",
        "The closest matching (container-instance a) has insufficient CPU units available.",
    );
    refused(
        has(),
        amount(1, 513, &[]),
        "RESOURCE:MEMORY",
        "The closest matching (container-instance a) has insufficient memory available.",
    );
    refused(
        has(),
        amount(1, 1, &[22]),
        "RESOURCE:PORTS",
        "The closest matching (container-instance a) is already using a port required by your task.",
    );
    let none = Ledger::new().reserve(TaskId::new("t"), &request(amount(1, 1, &[]))).unwrap_err();
    assert_eq!(none.service_event_reason(), "Reason: No Container Instances were found in your cluster.");
    let insufficient = |lack| Refusal::Insufficient { closest: id("a"), lack }.service_event_reason();
    assert_eq!(
        insufficient(Lack::Gpu),
        "The closest matching (container-instance a) has insufficient GPU resources available."
    );
    assert_eq!(
        insufficient(Lack::MemberOf),
        "The closest matching (container-instance a) encountered error \"MemberOf placement constraint unsatisfied.\"."
    );
}

#[test]
fn a_task_goes_only_where_its_platform_is() {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&with(instance("a", amount(9, 9, &[])), "ecs.cpu-architecture", "arm64"));
    let mut ask = request(amount(1, 1, &[]));
    ask.attributes = vec![("ecs.cpu-architecture".into(), "x86_64".into())];
    assert_eq!(placed(&mut ledger, 1, &ask), ["ATTRIBUTE"]);
    ledger.upsert_instance(&with(instance("b", amount(9, 9, &[])), "ecs.cpu-architecture", "x86_64"));
    assert_eq!(placed(&mut ledger, 1, &ask), ["b"]);
}

#[test]
fn the_closest_is_the_one_that_lacks_the_last_and_has_most_of_it() {
    let mut ledger = Ledger::new();
    for (name, has) in [("a", (1, 1)), ("b", (100, 40)), ("c", (100, 60)), ("d", (50, 100))] {
        ledger.upsert_instance(&instance(name, amount(has.0, has.1, &[])));
    }
    let refusal = ledger.reserve(TaskId::new("t"), &request(amount(100, 100, &[]))).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { closest: id("c"), lack: Lack::Memory });
}

#[test]
fn what_instances_say_to_a_request_is_counted() {
    let mut ledger = zones(&["a", "b", "b", "c"]);
    let mut away = instance("away", amount(1000, 1000, &[]));
    away.engine_connected = false;
    ledger.upsert_instance(&away);
    away.id = id("leaving");
    away.status = InstanceStatus::Draining;
    ledger.upsert_instance(&away);
    let mut ask = request(amount(1, 1, &[]));
    ask.constraints = vec![
        Constraint::MemberOf("attribute:ecs.availability-zone in [a, b]".into()),
        Constraint::MemberOf("attribute:ecs.availability-zone != a".into()),
        Constraint::DistinctInstance,
    ];
    assert_eq!(placed(&mut ledger, 1, &ask), ["1"]);
    let told = ledger.explain(&ask);
    assert_eq!((told.instances, told.fitting, told.draining, told.disconnected), (6, 1, 1, 1));
    assert_eq!(told.lacks, [(Lack::MemberOf, 2), (Lack::DistinctInstance, 1)].into());
    let constraints = told.constraints.iter().map(|(text, count)| format!("{count} {text}"));
    assert_eq!(
        constraints.collect::<Vec<_>>(),
        [
            "1 distinctInstance",
            "1 memberOf(attribute:ecs.availability-zone != a)",
            "1 memberOf(attribute:ecs.availability-zone in [a, b])",
        ]
    );
}

#[test]
fn an_instance_whose_engine_is_away_takes_no_tasks_and_is_named() {
    let mut ledger = Ledger::new();
    let mut one = instance("a", amount(1024, 1024, &[]));
    one.engine_connected = false;
    ledger.upsert_instance(&one);
    let refusal = ledger.reserve(TaskId::new("t"), &request(amount(1, 1, &[]))).unwrap_err();
    assert_eq!(refusal, Refusal::Disconnected { closest: id("a") });
    assert_eq!(
        refusal.service_event_reason(),
        "The closest matching (container-instance a) encountered error \"AGENT\"."
    );
    one.engine_connected = true;
    ledger.upsert_instance(&one);
    assert_eq!(ledger.reserve(TaskId::new("t"), &request(amount(1, 1, &[]))), Ok(id("a")));
}

#[test]
fn a_draining_instance_takes_no_tasks_and_those_on_it_do_not_count_as_spread() {
    let mut ledger = zones(&["a", "b"]);
    let ask = request(amount(1, 1, &[]));
    assert_eq!(placed(&mut ledger, 2, &ask), ["0", "1"]);
    let mut leaving = with(instance("1", amount(1000, 1000, &[])), ContainerInstance::ZONE, "b");
    leaving.status = InstanceStatus::Draining;
    ledger.upsert_instance(&leaving);
    let other = with(instance("2", amount(1000, 1000, &[])), ContainerInstance::ZONE, "b");
    ledger.upsert_instance(&other);
    assert_eq!(placed(&mut ledger, 1, &ask), ["2"]);
    let on = |ledger: &mut Ledger, name: &str| ledger.reserve_on(TaskId::new(name), &ask, &id(name));
    assert_eq!(on(&mut ledger, "1"), Err(Refusal::Draining { closest: id("1") }));
    assert_eq!(on(&mut ledger, "2"), Ok(()));
    assert_eq!(on(&mut ledger, "3"), Err(Refusal::NoInstances));
}

#[test]
fn what_a_task_held_is_free_again_when_it_is_released() {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&instance("a", amount(100, 100, &[])));
    let all = request(amount(100, 100, &[80]));
    assert!(ledger.reserve(TaskId::new("1"), &all).is_ok());
    assert!(ledger.reserve(TaskId::new("2"), &all).is_err());
    assert!(ledger.release(&TaskId::new("1")));
    assert!(!ledger.release(&TaskId::new("1")));
    assert!(ledger.reserve(TaskId::new("2"), &all).is_ok());
}

#[test]
fn an_instance_that_goes_takes_what_was_held_there_with_it() {
    let mut ledger = zones(&["a", "b"]);
    let ask = request(amount(1, 1, &[]));
    assert_eq!(placed(&mut ledger, 2, &ask), ["0", "1"]);
    ledger.remove_instance(&id("0"));
    assert_eq!(ledger.holders().count(), 1);
    assert_eq!(ledger.remaining(&id("0")), None);
    assert_eq!(placed(&mut ledger, 1, &ask), ["1"]);
    ledger.upsert_instance(&instance("new", amount(1000, 1000, &[])));
    assert_eq!(placed(&mut ledger, 1, &ask), ["new"]);
}

#[test]
fn a_task_that_was_there_before_its_instance_is_known_counts_once_it_is() {
    let mut ledger = Ledger::new();
    let mut ask = request(amount(600, 1, &[]));
    ask.group = "family:job".into();
    let task = task_of(TaskId::new("t"), id("a"), ask.resources.clone(), &definition(), Overrides::default());
    ledger.hold(&task);
    assert_eq!(placed(&mut ledger, 1, &ask), ["RESOURCE:*"]);
    ledger.upsert_instance(&instance("a", amount(1000, 1000, &[])));
    assert_eq!(placed(&mut ledger, 1, &ask), ["RESOURCE:CPU"]);
}

/// A task of RunTask that was placed there.
fn task_of(
    id: TaskId,
    instance: InstanceId,
    resources: Resources,
    definition: &TaskDefinition,
    overrides: Overrides,
) -> crate::model::Task {
    let new = crate::lifecycle::NewTask {
        id,
        cluster: ClusterName::new("default"),
        definition,
        network: None,
        launch_type: crate::model::LaunchType::Ec2,
        resources,
        overrides,
        owner: crate::model::TaskOwner::Standalone,
        group: "family:job".into(),
        started_by: None,
        instance,
        tags: Vec::new(),
        client_token: None,
        enable_execute_command: false,
        capacity_provider: None,
    };
    crate::lifecycle::new_task(new, Timestamp(0))
}

fn definition() -> TaskDefinition {
    TaskDefinition {
        key: crate::RevisionKey { family: crate::Family::new("web"), revision: 1 },
        status: crate::model::DefinitionStatus::Active,
        containers: Vec::new(),
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
