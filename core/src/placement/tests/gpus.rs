//! Which GPUs tasks get, and that no two get the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{ContainerDefinition, ContainerOverride, Gpus, Task};

/// A task definition of containers that ask for this.
fn asking(gpus: &[Option<Gpus>]) -> TaskDefinition {
    let container = |(number, gpus): (usize, &Option<Gpus>)| ContainerDefinition {
        name: number.to_string(),
        gpus: *gpus,
        ..ContainerDefinition::default()
    };
    TaskDefinition { containers: gpus.iter().enumerate().map(container).collect(), ..definition() }
}

fn needing(definition: &TaskDefinition, overrides: &Overrides) -> Request {
    Request { gpus: GpuNeed::of(definition, overrides), ..request(amount(1, 1, &[])) }
}

fn with_gpus(name: &str, gpus: &[&str]) -> ContainerInstance {
    let gpus = gpus.iter().map(|gpu| (*gpu).to_owned()).collect();
    instance(name, Resources { gpus, ..amount(1000, 1000, &[]) })
}

/// The record of a task that was placed.
fn record(ledger: &Ledger, task: &TaskId, place: InstanceId, definition: &TaskDefinition) -> Task {
    let resources = Resources { gpus: ledger.gpus_of(task).to_vec(), ..amount(1, 1, &[]) };
    task_of(task.clone(), place, resources, definition, Overrides::default())
}

/// Who gets which, container by container.
#[track_caller]
fn check(asked: &[Option<Gpus>], has: &[&str], expected: &[&str]) {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&with_gpus("a", has));
    let (task, definition) = (TaskId::new("t"), asking(asked));
    let dealt = match ledger.reserve(task.clone(), &needing(&definition, &Overrides::default())) {
        Ok(place) => {
            let task = record(&ledger, &task, place, &definition);
            task.containers.iter().map(|container| container.gpu_ids.join("+")).collect()
        }
        Err(refusal) => vec![refusal.failure().1.to_owned()],
    };
    assert_eq!(dealt, expected);
}

#[test]
fn each_container_gets_its_own_and_who_asks_for_all_gets_what_is_left() {
    let (one, two, all) = (Some(Gpus::Count(1)), Some(Gpus::Count(2)), Some(Gpus::All));
    check(&[one], &["x", "y"], &["x"]);
    check(&[one, None, two], &["x", "y", "z"], &["x", "", "y+z"]);
    check(&[all], &["x", "y"], &["x+y"]);
    check(&[all, one], &["x", "y", "z"], &["y+z", "x"]);
    check(&[all, two], &["x", "y"], &["RESOURCE:GPU"]);
    check(&[two], &["x"], &["RESOURCE:GPU"]);
    check(&[all], &[], &["RESOURCE:GPU"]);
    check(&[None], &[], &[""]);
}

#[test]
fn an_override_of_a_container_goes_over_its_definition() {
    let definition = asking(&[Some(Gpus::Count(1)), None]);
    let change = |name: &str, gpus| ContainerOverride { name: name.into(), gpus, ..Default::default() };
    let overrides = Overrides {
        containers: vec![change("0", Some(Gpus::Count(2))), change("1", Some(Gpus::All))],
        ..Overrides::default()
    };
    assert_eq!(GpuNeed::of(&definition, &overrides), GpuNeed { count: 2, rest: true });
    let resources = Resources { gpus: ["x", "y", "z"].map(Into::into).into(), ..amount(1, 1, &[]) };
    let task = task_of(TaskId::new("t"), id("a"), resources, &definition, overrides);
    assert_eq!(task.containers[0].gpu_ids, ["x", "y"]);
    assert_eq!(task.containers[1].gpu_ids, ["z"]);
}

#[test]
fn what_a_task_gives_back_the_next_one_gets_and_a_device_that_is_gone_nobody() {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(&with_gpus("a", &["x", "y"]));
    let ask = needing(&asking(&[Some(Gpus::Count(1))]), &Overrides::default());
    let reserve = |ledger: &mut Ledger, task: &str| {
        let task = TaskId::new(task);
        ledger
            .reserve(task.clone(), &ask)
            .map_or_else(|refusal| refusal.failure().1.to_owned(), |_| ledger.gpus_of(&task).join("+"))
    };
    assert_eq!([reserve(&mut ledger, "1"), reserve(&mut ledger, "2")], ["x", "y"]);
    assert_eq!(reserve(&mut ledger, "1"), "x", "asked again, the same");
    assert_eq!(reserve(&mut ledger, "3"), "RESOURCE:GPU");
    ledger.release(&TaskId::new("1"));
    assert_eq!(reserve(&mut ledger, "4"), "x");
    // Its host has one less, and it is held: what is left is none, and not fewer.
    ledger.upsert_instance(&with_gpus("a", &["x"]));
    ledger.release(&TaskId::new("2"));
    assert_eq!(reserve(&mut ledger, "5"), "RESOURCE:GPU");
}

#[derive(Debug, Clone)]
enum Step {
    Place(Vec<Option<Gpus>>),
    /// On this very instance.
    PlaceOn(usize, Vec<Option<Gpus>>),
    /// End the task placed so many tasks ago.
    End(usize),
    /// The host is started again, and has this many.
    Gpus(usize, usize),
    /// The daemon is started again: all it knows is the records.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        2 => Just(None),
        4 => (1_u32..3).prop_map(|count| Some(Gpus::Count(count))),
        1 => Just(Some(Gpus::All)),
    ];
    let asked = prop::collection::vec(one, 1..4).prop_map(|mut asked| {
        // One of all is what is registered.
        let first = asked.iter().position(|asks| *asks == Some(Gpus::All));
        for (at, asks) in asked.iter_mut().enumerate() {
            *asks = asks.filter(|asks| *asks != Gpus::All || first == Some(at));
        }
        asked
    });
    let step = prop_oneof![
        8 => asked.clone().prop_map(Step::Place),
        2 => (0..3_usize, asked).prop_map(|(host, asked)| Step::PlaceOn(host, asked)),
        8 => (0..12_usize).prop_map(Step::End),
        1 => (0..3_usize, 0..6_usize).prop_map(|(host, has)| Step::Gpus(host, has)),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..80)
}

/// Hosts are alike in the ids of theirs, as they are where those are numbers.
fn host(number: usize, gpus: usize) -> ContainerInstance {
    let gpus = (0..gpus).map(|gpu| gpu.to_string()).collect();
    instance(&number.to_string(), Resources { gpus, ..amount(1000, 1000, &[]) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_gpu_is_ever_held_by_two_live_tasks(steps in steps()) {
        let mut hosts: Vec<ContainerInstance> = (0..3).map(|number| host(number, 2 + number)).collect();
        let mut ledger = Ledger::new();
        hosts.iter().for_each(|host| ledger.upsert_instance(host));
        let (mut live, mut made): (BTreeMap<TaskId, Task>, usize) = (BTreeMap::new(), 0);
        for step in steps {
            match step {
                Step::Place(ref asked) | Step::PlaceOn(_, ref asked) => {
                    made += 1;
                    let (task, definition) = (TaskId::new(format!("t{made}")), asking(asked));
                    let ask = needing(&definition, &Overrides::default());
                    let place = match step {
                        Step::PlaceOn(host, _) => {
                            let host = hosts[host].id.clone();
                            ledger.reserve_on(task.clone(), &ask, &host).map(|()| host)
                        }
                        _ => ledger.reserve(task.clone(), &ask),
                    };
                    let Ok(place) = place else { continue };
                    let task = record(&ledger, &task, place, &definition);
                    for (container, asks) in task.containers.iter().zip(asked) {
                        let got = container.gpu_ids.len();
                        let right = match asks {
                            Some(Gpus::Count(count)) => got == *count as usize,
                            Some(Gpus::All) => got > 0,
                            None => got == 0,
                        };
                        prop_assert!(right, "{asks:?} got {got}");
                    }
                    let dealt: usize = task.containers.iter().map(|container| container.gpu_ids.len()).sum();
                    prop_assert_eq!(dealt, task.resources.gpus.len(), "all that it holds is somebody's");
                    live.insert(task.id.clone(), task);
                }
                Step::End(ago) => {
                    let task = TaskId::new(format!("t{}", made.saturating_sub(ago)));
                    ledger.release(&task);
                    live.remove(&task);
                }
                Step::Gpus(number, has) => {
                    hosts[number] = host(number, has);
                    ledger.upsert_instance(&hosts[number]);
                }
                Step::Restart => {
                    ledger = Ledger::new();
                    live.values().for_each(|task| ledger.hold(task));
                    hosts.iter().for_each(|host| ledger.upsert_instance(host));
                }
            }
            for host in &hosts {
                let here = live.values().filter(|task| task.instance == host.id);
                let held: Vec<&String> = here.flat_map(|task| &task.resources.gpus).collect();
                let distinct: BTreeSet<&String> = held.iter().copied().collect();
                prop_assert_eq!(held.len(), distinct.len(), "held twice on {}: {:?}", host.id, held);
                let free = ledger.remaining(&host.id).unwrap().gpus;
                let expected: Vec<String> =
                    host.registered.gpus.iter().filter(|gpu| !distinct.contains(gpu)).cloned().collect();
                prop_assert_eq!(free, expected);
            }
        }
    }
}
