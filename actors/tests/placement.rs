//! Where tasks go on a fleet of hosts, and when they leave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_actors::control::{NewService, ServiceUpdate};
use mainstay_actors::fleet::{FleetHost, Manners};
use mainstay_actors::sim::{World, container, default_cluster, new_service, run_task};
use mainstay_core::model::{
    BinpackField, InstanceStatus, PlacementConstraint, PlacementStrategy, SchedulingStrategy, Task,
    TaskStatus,
};
use mainstay_core::{InstanceId, RevisionKey, ServiceKey};
use support::*;

fn host(name: &str, zone: &str) -> FleetHost {
    FleetHost {
        name: name.into(),
        cluster: default_cluster(),
        cpus: 2,
        memory: 1024,
        gpus: Vec::new(),
        attributes: vec![("ecs.availability-zone".into(), zone.into())],
        manners: Manners::default(),
    }
}

async fn join(world: &World, host: FleetHost) -> InstanceId {
    let id = host.join(world.ctx(), world.control()).await.unwrap();
    until(world, "it takes tasks", SEC, |w| w.view().instances.get(&id).unwrap().engine_connected).await;
    id
}

/// A world whose own host takes no tasks, with these hosts beside it, named after their zones and numbers.
async fn fleet(zones: &[&str]) -> (World, BTreeMap<String, InstanceId>) {
    let world = world().await;
    drain(&world, world.instance(), InstanceStatus::Draining).await;
    let mut hosts = BTreeMap::new();
    for (number, zone) in zones.iter().enumerate() {
        let name = format!("{zone}{number}");
        hosts.insert(name.clone(), join(&world, host(&name, zone)).await);
    }
    (world, hosts)
}

async fn drain(world: &World, id: &InstanceId, status: InstanceStatus) {
    world.control().set_instance_status(id.clone(), status).await.unwrap();
}

async fn attach(world: &World, id: &InstanceId, name: &str, value: &str) {
    let attributes = vec![(name.to_owned(), Some(value.to_owned()))];
    world.control().put_attributes(id.clone(), attributes).await.unwrap();
}

/// One container of so much memory.
async fn define(world: &World, family: &str, memory: u32) -> RevisionKey {
    let mut one = container(family);
    one.memory = Some(memory);
    world.define(family, vec![one]).await.unwrap()
}

async fn serve(world: &World, new: NewService) -> ServiceKey {
    world.control().create_service(new).await.unwrap().key.clone()
}

fn member_of(expression: &str) -> PlacementConstraint {
    PlacementConstraint::MemberOf(expression.into())
}

/// How many live tasks of a service are on each host.
fn places(world: &World, key: &ServiceKey) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for task in live(world, key) {
        let instance = world.view().instances.get(&task.instance).unwrap();
        *places.entry(instance.host.clone()).or_default() += 1;
    }
    places
}

fn live(world: &World, key: &ServiceKey) -> Vec<Arc<Task>> {
    let tasks = world.view().tasks_of_service(key).into_iter();
    tasks.filter(|task| task.last_status != TaskStatus::Stopped).collect()
}

fn on<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(host, count)| (host.to_owned(), count)).into()
}

#[tokio::test(start_paused = true)]
async fn a_service_goes_where_its_constraints_and_strategies_say() {
    let (world, _) = fleet(&["a", "a", "b", "c"]).await;
    let definition = define(&world, "web", 64).await;
    let spread = serve(&world, new_service("spread", definition.clone(), 6)).await;
    settled(&world, &spread).await;
    assert_eq!(places(&world, &spread), on([("a0", 1), ("a1", 1), ("b2", 2), ("c3", 2)]));
    let packed = serve(
        &world,
        NewService {
            placement_strategy: vec![PlacementStrategy::Binpack(BinpackField::Memory)],
            placement_constraints: vec![member_of("attribute:ecs.availability-zone in [a, b]")],
            ..new_service("packed", definition.clone(), 5)
        },
    )
    .await;
    settled(&world, &packed).await;
    assert_eq!(places(&world, &packed), on([("b2", 5)]));
    let distinct = serve(
        &world,
        NewService {
            placement_constraints: vec![PlacementConstraint::DistinctInstance],
            ..new_service("distinct", definition, 5)
        },
    )
    .await;
    until(&world, "four of five run", MIN, |w| w.running_tasks(&distinct).len() == 4).await;
    assert_eq!(places(&world, &distinct), on([("a0", 1), ("a1", 1), ("b2", 1), ("c3", 1)]));
    assert!(says(&world, &distinct, "DistinctInstance placement constraint unsatisfied."));
    join(&world, host("c4", "c")).await;
    settled(&world, &distinct).await;
}

#[tokio::test(start_paused = true)]
async fn a_constraint_of_the_task_definition_holds_beside_the_services() {
    let (world, hosts) = fleet(&["a", "b"]).await;
    let mut definition = mainstay_actors::sim::definition("web", vec![container("web")]);
    definition.placement_constraints = vec![member_of("attribute:disk == ssd")];
    let definition = world.control().register_task_definition(definition).await.unwrap();
    let key = serve(&world, new_service("web", definition.key.clone(), 2)).await;
    until(&world, "it is told", MIN, |w| says(w, &key, "MemberOf placement constraint unsatisfied.")).await;
    assert!(live(&world, &key).is_empty());
    let before = tokio::time::Instant::now();
    attach(&world, &hosts["b1"], "disk", "ssd").await;
    settled(&world, &key).await;
    assert!(before.elapsed() < 2 * SEC, "at once, and not with the next look");
    assert_eq!(places(&world, &key), on([("b1", 2)]));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_wants_to_be_near_another_is_placed_once_that_is_there() {
    let (world, _) = fleet(&["a", "b"]).await;
    let definition = define(&world, "web", 64).await;
    let near = NewService {
        placement_constraints: vec![member_of("task:group == service:db")],
        ..new_service("near", definition.clone(), 1)
    };
    let near = serve(&world, near).await;
    until(&world, "it is told", MIN, |w| says(w, &near, "was unable to place a task")).await;
    let db = serve(&world, new_service("db", definition, 1)).await;
    settled(&world, &near).await;
    settled(&world, &db).await;
    assert_eq!(places(&world, &near), places(&world, &db));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_has_one_task_on_each_instance_that_is_meant() {
    let (mut world, hosts) = fleet(&["a", "a", "b"]).await;
    let definition = define(&world, "agent", 64).await;
    let daemon = NewService {
        scheduling: SchedulingStrategy::Daemon,
        placement_constraints: vec![member_of("not (attribute:quiet exists)")],
        deployment_configuration: mainstay_core::model::DeploymentConfiguration {
            minimum_healthy_percent: 0,
            maximum_percent: 100,
            ..mainstay_core::model::DeploymentConfiguration::default()
        },
        ..new_service("agent", definition, 0)
    };
    let key = serve(&world, daemon).await;
    let wants = |count| {
        let key = key.clone();
        move |w: &World| w.service(&key).unwrap().desired_count == count && w.is_settled(&key)
    };
    until(&world, "one on each", MIN, wants(3)).await;
    assert_eq!(places(&world, &key), on([("a0", 1), ("a1", 1), ("b2", 1)]));
    join(&world, host("b3", "b")).await;
    until(&world, "one on the new one", MIN, wants(4)).await;
    attach(&world, &hosts["a0"], "quiet", "yes").await;
    until(&world, "none where it is not meant", MIN, wants(3)).await;
    assert_eq!(places(&world, &key), on([("a1", 1), ("b2", 1), ("b3", 1)]));
    drain(&world, &hosts["a1"], InstanceStatus::Draining).await;
    until(&world, "none where nothing shall be", MIN, wants(2)).await;
    world.control().delete_attributes(hosts["a0"].clone(), vec!["quiet".into()]).await.unwrap();
    until(&world, "one where it is meant again", MIN, wants(3)).await;
    assert_eq!(places(&world, &key), on([("a0", 1), ("b2", 1), ("b3", 1)]));
    let other = define(&world, "agent", 65).await;
    deploy(&world, &key, &other).await;
    until(&world, "another revision on each", MIN, wants(3)).await;
    assert_eq!(places(&world, &key), on([("a0", 1), ("b2", 1), ("b3", 1)]));
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_draining_instance_is_left_within_the_percentages_and_tasks_of_nobody_stay() {
    let (world, hosts) = fleet(&["a", "b"]).await;
    let definition = define(&world, "web", 64).await;
    let key = serve(&world, new_service("web", definition.clone(), 4)).await;
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), on([("a0", 2), ("b1", 2)]));
    let mut alone = run_task(definition.clone(), 1);
    alone.on = vec![hosts["a0"].clone()];
    let alone = world.control().run_task(alone).await.unwrap().tasks[0].id.clone();
    drain(&world, &hosts["a0"], InstanceStatus::Draining).await;
    let mut fewest = usize::MAX;
    until(&world, "all moved", MIN, |w| w.is_settled(&key) && !places(w, &key).contains_key("a0")).await;
    fewest = fewest.min(world.running_tasks(&key).len());
    assert_eq!(fewest, 4);
    assert_eq!(places(&world, &key), on([("b1", 4)]));
    assert_eq!(task(&world, &alone).last_status, TaskStatus::Running, "nobody's task stays");
    let mut refused = run_task(definition.clone(), 1);
    refused.on = vec![hosts["a0"].clone()];
    let ran = world.control().run_task(refused).await.unwrap();
    assert_eq!(ran.failures[0].reason, "DRAINING");
    scale(&world, &key, 6).await;
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), on([("b1", 6)]));
    drain(&world, &hosts["a0"], InstanceStatus::Active).await;
    scale(&world, &key, 8).await;
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), on([("a0", 2), ("b1", 6)]));
}

#[tokio::test(start_paused = true)]
async fn a_draining_instance_is_never_left_below_the_minimum() {
    let (world, hosts) = fleet(&["a", "b"]).await;
    let definition = define(&world, "web", 64).await;
    let key = serve(&world, new_service("web", definition, 8)).await;
    settled(&world, &key).await;
    drain(&world, &hosts["a0"], InstanceStatus::Draining).await;
    for _ in 0..200 {
        assert!(world.running_tasks(&key).len() >= 8, "{}", picture(&world));
        pass(10 * MS).await;
    }
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), on([("b1", 8)]));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_else_has_room_a_draining_instance_keeps_what_must_serve() {
    let (world, hosts) = fleet(&["a"]).await;
    let definition = define(&world, "web", 64).await;
    let key = serve(&world, new_service("web", definition, 4)).await;
    settled(&world, &key).await;
    drain(&world, &hosts["a0"], InstanceStatus::Draining).await;
    pass(MIN).await;
    assert_eq!(world.running_tasks(&key).len(), 4);
    let update = ServiceUpdate {
        deployment_configuration: Some(mainstay_core::model::DeploymentConfiguration {
            minimum_healthy_percent: 50,
            maximum_percent: 200,
            ..mainstay_core::model::DeploymentConfiguration::default()
        }),
        ..ServiceUpdate::default()
    };
    world.control().update_service(key.clone(), update).await.unwrap();
    until(&world, "half of them go", MIN, |w| w.running_tasks(&key).len() == 2).await;
    pass(MIN).await;
    assert_eq!(world.running_tasks(&key).len(), 2);
    join(&world, host("b1", "b")).await;
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), on([("b1", 4)]));
}

#[tokio::test(start_paused = true)]
async fn run_task_says_which_constraint_no_instance_meets_and_start_task_asks_for_none() {
    let (world, hosts) = fleet(&["a", "b"]).await;
    let definition = define(&world, "job", 600).await;
    let mut request = run_task(definition.clone(), 1);
    request.placement_constraints = vec![member_of("attribute:ecs.availability-zone == z")];
    let ran = world.control().run_task(request).await.unwrap();
    assert_eq!(ran.failures[0].reason, "MemberOf placement constraint unsatisfied.");
    let mut request = run_task(definition, 3);
    request.on = vec![hosts["a0"].clone(), hosts["b1"].clone(), hosts["b1"].clone()];
    let ran = world.control().run_task(request).await.unwrap();
    let places: Vec<&InstanceId> = ran.tasks.iter().map(|task| &task.instance).collect();
    assert_eq!(places, [&hosts["a0"], &hosts["b1"]]);
    assert_eq!(ran.failures[0].reason, "RESOURCE:MEMORY");
}

#[tokio::test(start_paused = true)]
async fn attributes_and_draining_are_there_again_after_a_restart() {
    let (mut world, hosts) = fleet(&["a"]).await;
    attach(&world, &hosts["a0"], "disk", "ssd").await;
    attach(&world, &hosts["a0"], "ecs.availability-zone", "z").await;
    drain(&world, &hosts["a0"], InstanceStatus::Draining).await;
    world.crash();
    world.start().await.unwrap();
    let id = join(&world, host("a0", "a")).await;
    assert_eq!(id, hosts["a0"]);
    let seen = world.view().instances.get(&id).unwrap();
    assert_eq!(seen.status, InstanceStatus::Draining);
    let attributes: BTreeMap<&str, &str> = seen.all_attributes().collect();
    assert_eq!((attributes["disk"], attributes["ecs.availability-zone"]), ("ssd", "z"));
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_has_ten_attributes_of_peoples_at_most() {
    let (world, hosts) = fleet(&["a"]).await;
    for number in 0..10 {
        attach(&world, &hosts["a0"], &format!("a{number}"), "x").await;
    }
    attach(&world, &hosts["a0"], "a3", "y").await;
    let more = vec![("b".to_owned(), None)];
    let refusal = world.control().put_attributes(hosts["a0"].clone(), more).await.unwrap_err();
    assert!(refusal.to_string().contains("10 custom attributes at most"), "{refusal}");
    let seen = world.view().instances.get(&hosts["a0"]).unwrap();
    assert_eq!(seen.custom_attributes.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn zones_become_even_again_when_one_comes_back_and_nobody_ever_misses_a_task() {
    let (world, hosts) = fleet(&["a", "b", "b"]).await;
    let definition = define(&world, "web", 64).await;
    let new = NewService { zone_rebalancing: true, ..new_service("web", definition.clone(), 4) };
    let key = serve(&world, new).await;
    let still = serve(&world, new_service("still", definition, 4)).await;
    settled(&world, &key).await;
    settled(&world, &still).await;
    for host in ["b1", "b2"] {
        drain(&world, &hosts[host], InstanceStatus::Draining).await;
    }
    until(&world, "all moved", MIN, |w| w.is_settled(&key) && places(w, &key) == on([("a0", 4)])).await;
    until(&world, "all moved", MIN, |w| w.is_settled(&still) && places(w, &still) == on([("a0", 4)])).await;
    assert!(!says(&world, &key, "AZ"), "there is one zone only");
    for host in ["b1", "b2"] {
        drain(&world, &hosts[host], InstanceStatus::Active).await;
    }
    let even = on([("a0", 2), ("b1", 1), ("b2", 1)]);
    for _ in 0..3000 {
        let count = world.running_tasks(&key).len();
        assert!((4..=5).contains(&count), "{}", picture(&world));
        if world.is_settled(&key) && places(&world, &key) == even {
            break;
        }
        pass(10 * MS).await;
    }
    settled(&world, &key).await;
    assert_eq!(places(&world, &key), even);
    for words in [
        "(service web) is not AZ balanced with 4 tasks in a, 0 tasks in b. AZ Rebalancing in progress.",
        "(service web) has started 1 tasks in b to AZ Rebalance: (task ",
        "(service web) has stopped 1 running tasks in a due to AZ rebalancing: (task ",
        "(service web) is AZ balanced with 2 tasks in a, 2 tasks in b.",
    ] {
        assert!(says(&world, &key, words), "{words}");
    }
    assert_eq!(places(&world, &still), on([("a0", 4)]), "only where it is wanted");
}

#[tokio::test(start_paused = true)]
async fn protected_tasks_stay_in_their_zone_and_a_zone_without_room_is_waited_for() {
    let (world, hosts) = fleet(&["a", "b"]).await;
    let definition = define(&world, "web", 300).await;
    let new = NewService { zone_rebalancing: true, ..new_service("web", definition, 2) };
    drain(&world, &hosts["b1"], InstanceStatus::Draining).await;
    let key = serve(&world, new).await;
    settled(&world, &key).await;
    let protect = mainstay_core::protection::Wish::Protect(10 * MIN);
    for task in live(&world, &key) {
        world.control().protect_task(task.id.clone(), protect).await.unwrap().unwrap();
    }
    let large = define(&world, "large", 900).await;
    let mut large = run_task(large, 1);
    drain(&world, &hosts["b1"], InstanceStatus::Active).await;
    large.on = vec![hosts["b1"].clone()];
    let large = world.control().run_task(large).await.unwrap().tasks[0].id.clone();
    pass(5 * MIN).await;
    assert_eq!(places(&world, &key), on([("a0", 2)]), "protected");
    pass(6 * MIN).await;
    assert_eq!(places(&world, &key), on([("a0", 2)]), "no room");
    assert!(says(
        &world,
        &key,
        "(service web) was unable to place a task in b because no container instance met"
    ));
    world.control().stop_task(large, None).await.unwrap();
    until(&world, "even", MIN, |w| w.is_settled(&key) && places(w, &key) == on([("a0", 1), ("b1", 1)])).await;
}
