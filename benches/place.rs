//! How fast placement decides, and how that grows with the number of container instances. `cargo xtask bench place`
//! builds and runs it; nothing but the rules is measured, on one core.
//!
//! The instances stand in three zones and are of two kinds; half of what they have is taken when a measurement begins,
//! and for each task that is placed the oldest one ends, so that it stays so. A number is the placements in a second of
//! the core's time, with the end of the oldest in the same time: what else the machine does meanwhile does not count.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot measure ends")]

use std::collections::VecDeque;
use std::time::Duration;

use mainstay_core::model::{
    BinpackField, ContainerInstance, InstanceStatus, PlacementConstraint, PlacementStrategy, Resources,
    SpreadField, Timestamp,
};
use mainstay_core::placement::{Ledger, Request};
use mainstay_core::{ClusterName, InstanceId, TaskId};

/// Instances of the clusters.
const SIZES: [u32; 4] = [100, 1_000, 5_000, 10_000];
/// No measurement takes less.
const LEAST: Duration = Duration::from_millis(500);
/// Tasks that an instance has room for.
const ROOM: u32 = 16;
/// What is asked of placement at 5,000 instances.
const GOAL: f64 = 50_000.0;

/// Time that this process had on a core. Linux counts it in nanoseconds.
fn core_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux says how long a process ran");
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number of nanoseconds"))
}

/// Services that ask in turn, by what they ask for.
struct Column {
    title: &'static str,
    services: Vec<Request>,
}

fn main() {
    let columns = columns();
    println!("Placements a second (microseconds each) on one core, by container instances of the cluster\n");
    print!("{:>9}", "instances");
    for column in &columns {
        print!("  {:>23}", column.title);
    }
    println!("  {:>23}", "nothing fits");
    let mut at_5000 = 0.0;
    for size in SIZES {
        print!("{size:>9}");
        for (number, column) in columns.iter().enumerate() {
            let rate = measure(size, &column.services);
            if number == 0 && size == 5_000 {
                at_5000 = rate;
            }
            print!("  {:>23}", shown(rate));
        }
        println!("  {:>23}", shown(measure_refusals(size)));
    }
    let verdict = if at_5000 >= GOAL { "met" } else { "missed" };
    println!(
        "\nGoal: {GOAL:.0} a second at 5,000 instances, spread + binpack + memberOf of one service: {verdict}."
    );
}

fn shown(rate: f64) -> String {
    format!("{rate:>10.0} ({:>6.1} us)", 1_000_000.0 / rate)
}

fn columns() -> Vec<Column> {
    let zone = || PlacementStrategy::Spread(SpreadField::Attribute(ContainerInstance::ZONE.into()));
    let pack = vec![zone(), PlacementStrategy::Binpack(BinpackField::Memory)];
    let kind = || PlacementConstraint::MemberOf("attribute:kind =~ lar.* and attribute:disk == ssd".into());
    let many = |count: usize, strategy: &[PlacementStrategy]| {
        let of = |number| service(number, strategy.to_vec(), vec![kind()]);
        (0..count).map(of).collect()
    };
    vec![
        Column { title: "spread+binpack+memberOf", services: many(1, &pack) },
        Column { title: "spread over instances", services: many(1, &[]) },
        Column { title: "20 services in turn", services: many(20, &pack) },
        Column { title: "1,000 services in turn", services: many(1_000, &pack) },
        Column { title: "random", services: many(1, &[PlacementStrategy::Random]) },
    ]
}

fn service(
    number: usize,
    strategy: Vec<PlacementStrategy>,
    constraints: Vec<PlacementConstraint>,
) -> Request {
    Request {
        resources: Resources { cpu: 256, memory: 512, ..Resources::default() },
        kin: format!("ecs-svc/{number:019}"),
        constraints,
        strategy,
        ..Request::of_group(format!("service:web-{number}"))
    }
}

fn cluster(size: u32) -> Ledger {
    let mut ledger = Ledger::new();
    for number in 0..size {
        let attribute = |name: &str, value: String| (name.to_owned(), Some(value));
        ledger.upsert_instance(&ContainerInstance {
            version: 1,
            id: InstanceId::new(format!("{number:032x}")),
            cluster: ClusterName::new("default"),
            host: format!("host-{number}"),
            status: InstanceStatus::Active,
            agent_connected: true,
            engine_connected: true,
            registered: Resources { cpu: 256 * ROOM, memory: 512 * ROOM, ..Resources::default() },
            attributes: vec![
                attribute(ContainerInstance::ZONE, format!("zone-{}", number % 3)),
                attribute("kind", if number % 2 == 0 { "large".into() } else { "small".into() }),
                attribute("disk", "ssd".into()),
            ],
            custom_attributes: Vec::new(),
            agent_version: "1.0.0".into(),
            engine_version: String::new(),
            registered_at: Timestamp(0),
            tags: Vec::new(),
        });
    }
    ledger
}

fn task(number: u64) -> TaskId {
    TaskId::new(format!("{number:032x}"))
}

fn measure(size: u32, services: &[Request]) -> f64 {
    let mut ledger = cluster(size);
    // Half of those that are large.
    let standing = u64::from(size) / 2 * u64::from(ROOM) / 2;
    let (mut tasks, mut number) = (VecDeque::new(), 0_u64);
    let mut turn = services.iter().cycle();
    let mut place = |ledger: &mut Ledger, tasks: &mut VecDeque<TaskId>| {
        number += 1;
        let mut request = turn.next().expect("a service").clone();
        request.seed = number;
        ledger.reserve(task(number), &request).expect("there is room");
        tasks.push_back(task(number));
    };
    while (tasks.len() as u64) < standing {
        place(&mut ledger, &mut tasks);
    }
    let (begin, mut count) = (core_time(), 0_u32);
    while core_time() - begin < LEAST {
        for _ in 0..100 {
            place(&mut ledger, &mut tasks);
            let oldest = tasks.pop_front().expect("a task");
            assert!(ledger.release(&oldest), "it is there");
        }
        count += 100;
    }
    f64::from(count) / (core_time() - begin).as_secs_f64()
}

fn measure_refusals(size: u32) -> f64 {
    let mut ledger = cluster(size);
    let mut request = service(0, Vec::new(), Vec::new());
    request.resources.memory = 512 * ROOM + 1;
    let (begin, mut count) = (core_time(), 0_u32);
    while core_time() - begin < LEAST {
        for _ in 0..10 {
            ledger.reserve(task(count.into()), &request).expect_err("none is so large");
        }
        count += 10;
    }
    f64::from(count) / (core_time() - begin).as_secs_f64()
}
