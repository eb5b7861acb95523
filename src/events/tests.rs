//! Readers of the log of a real tree over a simulated engine.

use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::sim::{World, container};
use mainstay_core::{Partition, ServiceKey};

use super::*;
use crate::api::events::EventBridge;

const MIN: Duration = Duration::from_secs(60);

/// A world that keeps so many events, and a service in it that has been steady.
async fn world(kept: u64) -> (World, ServiceKey) {
    let mut world = World::new(1);
    world.shapes = Some(Arc::new(EventBridge));
    world.settings.events_kept = kept;
    world.start().await.unwrap();
    let definition = world.define("web", vec![container("web")]).await.unwrap();
    let web = world.serve("web", &definition, 1).await.unwrap();
    assert!(world.wait_until(MIN, |w| w.is_steady(&web)).await);
    tokio::time::sleep(MIN).await;
    (world, web)
}

async fn scale(world: &World, web: &ServiceKey, to: u32) {
    let update = ServiceUpdate { desired_count: Some(to), ..Default::default() };
    world.control().update_service(web.clone(), update).await.unwrap();
    tokio::time::sleep(MIN).await;
}

fn query(text: &str) -> Query {
    Query::read(&Partition::default(), text, 0).unwrap().query
}

/// The next event's place, and how many were lost before it.
async fn next(following: &mut Following) -> (u64, u64) {
    let mut lost = 0;
    loop {
        match following.next().await.expect("the stream goes on") {
            Item::Event(event) => return (event.sequence, lost),
            Item::Lagged(missed) => lost += missed,
            Item::Quiet => {}
            Item::Broken(error) => panic!("{error}"),
        }
    }
}

fn newest(world: &World) -> u64 {
    *world.ctx().events.written().borrow()
}

#[tokio::test(start_paused = true)]
async fn a_follower_gets_what_comes_and_one_that_comes_again_what_it_missed() {
    let (world, web) = world(10_000).await;
    let events = Events::new(world.control().clone(), 2);
    let begun = newest(&world);
    let mut first = events.follow(query("")).ok().unwrap();
    scale(&world, &web, 3).await;
    let mut last = begun;
    while last < newest(&world) {
        let (sequence, lost) = next(&mut first).await;
        assert_eq!((sequence, lost), (last + 1, 0));
        last = sequence;
    }
    drop(first);
    scale(&world, &web, 1).await;
    let mut again = events.follow(query(&format!("after={last}"))).ok().unwrap();
    assert_eq!(next(&mut again).await, (last + 1, 0));
    let mut service = events.follow(query("type=service&after=0")).ok().unwrap();
    let Some(Item::Event(event)) = service.next().await else { panic!("no event") };
    assert_eq!(event.kind, mainstay_core::events::Kind::ServiceAction);
    assert!(event.json.contains("\"eventName\":\"SERVICE_STEADY_STATE\""), "{}", event.json);
    assert!(matches!(events.follow(query("")), Err(Refusal::Busy)));
    drop(service);
    events.close();
    assert!(again.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_hears_how_much_it_missed_and_goes_on() {
    let (world, web) = world(10).await;
    let events = Events::new(world.control().clone(), 2);
    let begun = newest(&world);
    let mut slow = events.follow(query("")).ok().unwrap();
    let mut elsewhere = events.follow(query("after=999999")).ok().unwrap();
    assert!(matches!(elsewhere.next().await, Some(Item::Lagged(_))));
    for count in [30, 1, 30, 1] {
        scale(&world, &web, count).await;
    }
    let (mut last, lost) = next(&mut slow).await;
    assert!(lost > 100, "{lost} were lost");
    assert_eq!(last, begun + lost + 1);
    while last < newest(&world) {
        let (sequence, lost) = next(&mut slow).await;
        assert_eq!((sequence, lost), (last + 1, 0));
        last = sequence;
    }
    assert!(matches!(slow.next().await, Some(Item::Quiet)));
}

#[tokio::test(start_paused = true)]
async fn some_are_the_last_ones_or_the_first_from_where_one_says() {
    let (world, web) = world(10_000).await;
    scale(&world, &web, 40).await;
    let events = Events::new(world.control().clone(), 1);
    let newest = newest(&world);
    let some = async |text: &str, most| {
        let (found, up_to) = events.some(&query(text), most).await.ok().unwrap();
        (found.iter().map(|event| event.sequence).collect::<Vec<_>>(), up_to)
    };
    assert_eq!(some("", 3).await, (vec![newest - 2, newest - 1, newest], newest));
    assert_eq!(some("after=0", 3).await, (vec![1, 2, 3], 3));
    assert_eq!(some("after=100&limit=2", 2).await, (vec![101, 102], 102));
    assert_eq!(some(&format!("after={newest}"), 3).await, (vec![], newest));
    assert_eq!(some("service=other", 3).await, (vec![], newest));
    let (all, _) = some("after=0", usize::MAX).await;
    assert_eq!(all, (1..=newest).collect::<Vec<_>>());
}
