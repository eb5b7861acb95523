//! Capacity providers: who gets how many tasks, and what becomes of that as services change.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeMap;

use mainstay_actors::control::{ControlError, NewCapacityProvider, NewService, ServiceUpdate};
use mainstay_actors::fleet::{FleetHost, Manners};
use mainstay_actors::sim::{World, container, default_cluster, new_service, run_task};
use mainstay_core::model::{CapacityProvider, InstanceStatus, ManagedScaling, StrategyItem, TaskStatus};
use mainstay_core::{CapacityProviderName, ServiceKey};
use support::*;

async fn join(world: &World, name: &str, group: &str) {
    let host = FleetHost {
        name: name.into(),
        cluster: default_cluster(),
        cpus: 2,
        memory: 1024,
        gpus: Vec::new(),
        attributes: vec![(CapacityProvider::GROUP.into(), group.into())],
        manners: Manners::default(),
    };
    let id = host.join(world.ctx(), world.control()).await.unwrap();
    until(world, "it takes tasks", SEC, |w| w.view().instances.get(&id).unwrap().engine_connected).await;
}

fn name(name: &str) -> CapacityProviderName {
    CapacityProviderName::new(name)
}

fn item(provider: &str, base: u32, weight: u32) -> StrategyItem {
    StrategyItem { provider: name(provider), base, weight }
}

async fn provide(world: &World, provider: &str, group: &str) {
    let new = NewCapacityProvider {
        name: name(provider),
        group_arn: group.into(),
        scaling: ManagedScaling::default(),
        tags: Vec::new(),
    };
    world.control().create_capacity_provider(new).await.unwrap();
}

async fn put(world: &World, providers: &[&str]) -> Result<(), ControlError> {
    let providers = providers.iter().map(|one| name(one)).collect();
    world.control().put_capacity_providers(default_cluster(), providers, Vec::new()).await.map(|_| ())
}

/// Two hosts of group `big`, two of `small`, and a provider of each that the cluster has.
async fn fleet() -> World {
    let world = world().await;
    world.control().set_instance_status(world.instance().clone(), InstanceStatus::Draining).await.unwrap();
    for (number, group) in ["big", "big", "small", "small"].iter().enumerate() {
        join(&world, &format!("{group}{number}"), group).await;
    }
    provide(&world, "large", "big").await;
    provide(&world, "little", "small").await;
    put(&world, &["large", "little"]).await.unwrap();
    world
}

/// How many live tasks are of which provider, each seen on an instance of its group.
fn split(world: &World, key: &ServiceKey) -> BTreeMap<String, usize> {
    let mut split = BTreeMap::new();
    for task in world.view().tasks_of_service(key) {
        if task.last_status == TaskStatus::Stopped {
            continue;
        }
        let provider = task.capacity_provider.clone().unwrap();
        let instance = world.view().instances.get(&task.instance).unwrap();
        assert!(world.view().capacity_providers.get(&provider).unwrap().has(&instance), "{provider}");
        *split.entry(provider.to_string()).or_default() += 1;
    }
    split
}

fn of<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(provider, count)| (provider.to_owned(), count)).into()
}

#[tokio::test(start_paused = true)]
async fn a_service_is_shared_out_by_base_and_weight_through_scaling_rollouts_and_failures() {
    let world = fleet().await;
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let strategy = vec![item("large", 2, 1), item("little", 0, 3)];
    let new = NewService { capacity: strategy, ..new_service("web", definition, 6) };
    let key = world.control().create_service(new).await.unwrap().key.clone();
    settled(&world, &key).await;
    assert_eq!(split(&world, &key), of([("large", 3), ("little", 3)]));
    scale(&world, &key, 10).await;
    settled(&world, &key).await;
    assert_eq!(split(&world, &key), of([("large", 4), ("little", 6)]));
    scale(&world, &key, 4).await;
    settled(&world, &key).await;
    assert_eq!(split(&world, &key), of([("large", 2), ("little", 2)]), "the base, and the rest by weight");
    let other = world.define("web", vec![container("other")]).await.unwrap();
    deploy(&world, &key, &other).await;
    settled(&world, &key).await;
    assert_eq!(split(&world, &key), of([("large", 2), ("little", 2)]));
    // Another strategy is another deployment.
    let update = ServiceUpdate { capacity: Some(vec![item("little", 0, 1)]), ..ServiceUpdate::default() };
    world.control().update_service(key.clone(), update).await.unwrap();
    settled(&world, &key).await;
    assert_eq!(split(&world, &key), of([("little", 4)]));
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_run_are_shared_out_and_those_of_a_full_group_are_failures() {
    let world = fleet().await;
    let mut one = container("job");
    one.memory = Some(1000);
    let definition = world.define("job", vec![one]).await.unwrap();
    let mut request = run_task(definition, 6);
    request.capacity = vec![item("large", 0, 1), item("little", 0, 1)];
    let ran = world.control().run_task(request).await.unwrap();
    let providers: Vec<_> = ran.tasks.iter().map(|task| task.capacity_provider.clone().unwrap()).collect();
    assert_eq!(providers.iter().filter(|one| one.as_str() == "large").count(), 2);
    assert_eq!((ran.tasks.len(), ran.failures.len()), (4, 2));
    assert!(ran.failures.iter().all(|failure| failure.reason == "RESOURCE:MEMORY"), "{:?}", ran.failures);
}

#[tokio::test(start_paused = true)]
async fn a_provider_goes_from_a_cluster_once_nobody_uses_it_and_is_there_again_after_a_crash() {
    let mut world = fleet().await;
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let new = NewService { capacity: vec![item("large", 0, 1)], ..new_service("web", definition.clone(), 2) };
    let key = world.control().create_service(new.clone()).await.unwrap().key.clone();
    settled(&world, &key).await;
    assert_eq!(put(&world, &["little"]).await, Err(ControlError::CapacityProviderInUse));
    put(&world, &["large"]).await.unwrap();
    let refusal = world.control().delete_capacity_provider(name("large")).await;
    assert_eq!(refusal, Err(ControlError::CapacityProviderAssociated(default_cluster())));
    world.control().delete_capacity_provider(name("little")).await.unwrap();
    world.crash();
    world.start().await.unwrap();
    let kept = world.view().clusters.get(&default_cluster()).unwrap();
    assert_eq!(kept.capacity_providers, [name("large")]);
    let gone = world.control().delete_capacity_provider(name("little")).await;
    assert_eq!(gone, Err(ControlError::CapacityProviderNotFound(name("little"))));
    let other = NewService { capacity: vec![item("little", 0, 1)], ..new_service("other", definition, 1) };
    let refusal = world.control().create_service(other).await;
    assert_eq!(refusal.unwrap_err(), ControlError::NotOfCluster(name("little")));
    world.control().delete_service(key.clone(), true).await.unwrap();
    world.stop().await;
}
