use proptest::prelude::*;

use super::*;

fn instance(name: &str) -> InstanceId {
    InstanceId::new(name)
}

fn amount(cpu: u32, memory: u32, tcp_ports: &[u16]) -> Resources {
    Resources { cpu, memory, tcp_ports: tcp_ports.to_vec(), udp_ports: Vec::new() }
}

fn request(resources: Resources) -> Request {
    Request { resources, gpus: 0, group: "service:web".into() }
}

fn ledger(instances: &[(&str, Resources)]) -> Ledger {
    let mut ledger = Ledger::new();
    for (name, registered) in instances {
        ledger.upsert_instance(instance(name), registered.clone(), true);
    }
    ledger
}

#[test]
fn tasks_of_a_group_are_spread_and_then_go_where_most_memory_is_left() {
    let mut ledger = ledger(&[("a", amount(4096, 1000, &[])), ("b", amount(4096, 2000, &[]))]);
    let mut place = |task: &str| {
        ledger.reserve(TaskId::new(task), &request(amount(10, 100, &[]))).map(|id| id.to_string())
    };
    assert_eq!(place("1"), Ok("b".into()));
    assert_eq!(place("2"), Ok("a".into()));
    assert_eq!(place("3"), Ok("b".into()));
    assert_eq!(place("3"), Ok("b".into()), "asked again, the same");
}

#[track_caller]
fn refused(registered: Resources, need: Resources, expected: &str) {
    let mut ledger = ledger(&[("a", registered)]);
    let refusal = ledger.reserve(TaskId::new("t"), &request(need)).unwrap_err();
    assert_eq!(refusal.service_event_reason(InstanceId::to_string), expected);
    assert_eq!(ledger.holders().count(), 0, "a refusal leaves nothing behind");
}

#[test]
fn refusals_say_what_the_closest_instance_lacks_in_the_words_of_ecs() {
    let has = || amount(1024, 512, &[22]);
    refused(
        has(),
        amount(2048, 1, &[]),
        "The closest matching container-instance a has insufficient CPU units available.",
    );
    refused(
        has(),
        amount(1, 513, &[]),
        "The closest matching container-instance a has insufficient memory available.",
    );
    refused(
        has(),
        amount(1, 1, &[22]),
        "The closest matching container-instance a is already using a port required by your task.",
    );
    let none = Ledger::new().reserve(TaskId::new("t"), &request(amount(1, 1, &[]))).unwrap_err();
    assert_eq!(
        none.service_event_reason(InstanceId::to_string),
        "No Container Instances were found in your cluster."
    );
}

#[test]
fn an_instance_whose_engine_is_away_takes_no_tasks_and_is_named() {
    let mut ledger = Ledger::new();
    ledger.upsert_instance(instance("a"), amount(1024, 1024, &[]), false);
    let refusal = ledger.reserve(TaskId::new("t"), &request(amount(1, 1, &[]))).unwrap_err();
    assert_eq!(refusal, Refusal::Disconnected { closest: instance("a") });
    assert_eq!(
        refusal.service_event_reason(InstanceId::to_string),
        "The closest matching container-instance a encountered error \"AGENT\"."
    );
    ledger.upsert_instance(instance("a"), amount(1024, 1024, &[]), true);
    assert_eq!(ledger.reserve(TaskId::new("t"), &request(amount(1, 1, &[]))), Ok(instance("a")));
}

#[test]
fn what_a_task_held_is_free_again_when_it_is_released() {
    let mut ledger = ledger(&[("a", amount(100, 100, &[]))]);
    let all = request(amount(100, 100, &[80]));
    assert!(ledger.reserve(TaskId::new("1"), &all).is_ok());
    assert!(ledger.reserve(TaskId::new("2"), &all).is_err());
    assert!(ledger.release(&TaskId::new("1")));
    assert!(!ledger.release(&TaskId::new("1")));
    assert!(ledger.reserve(TaskId::new("2"), &all).is_ok());
}

proptest! {
    #[test]
    fn nothing_is_ever_given_twice(steps in prop::collection::vec((0_u8..30, 0_u32..600, 0_u32..600, prop::option::of(8000_u16..8004)), 1..120)) {
        let mut ledger = ledger(&[("a", amount(1024, 1024, &[])), ("b", amount(2048, 512, &[])), ("c", amount(512, 4096, &[]))]);
        let mut given: BTreeMap<TaskId, (InstanceId, Resources)> = BTreeMap::new();
        for (who, cpu, memory, port) in steps {
            let task = TaskId::new(who.to_string());
            if given.remove(&task).is_some() {
                prop_assert!(ledger.release(&task));
                continue;
            }
            let need = amount(cpu, memory, port.as_slice());
            if let Ok(place) = ledger.reserve(task.clone(), &request(need.clone())) {
                given.insert(task, (place, need));
            }
            for (name, has) in [("a", (1024, 1024)), ("b", (2048, 512)), ("c", (512, 4096))] {
                let here: Vec<&Resources> = given.values().filter(|(at, _)| *at == instance(name)).map(|(_, r)| r).collect();
                let cpu: u32 = here.iter().map(|r| r.cpu).sum();
                let memory: u32 = here.iter().map(|r| r.memory).sum();
                let mut ports: Vec<u16> = here.iter().flat_map(|r| r.tcp_ports.clone()).collect();
                prop_assert!(cpu <= has.0 && memory <= has.1);
                let left = ledger.remaining(&instance(name)).unwrap();
                prop_assert_eq!((left.cpu, left.memory), (has.0 - cpu, has.1 - memory));
                ports.sort_unstable();
                prop_assert!(ports.windows(2).all(|pair| pair[0] != pair[1]), "a port was given twice: {:?}", ports);
            }
        }
    }
}
