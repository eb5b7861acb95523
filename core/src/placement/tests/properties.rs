//! The ledger beside a plain list that is looked at anew each time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::placement::rank::{Key, Keys};

const ZONES: [&str; 3] = ["a", "b", "c"];

/// An instance as a list would have it, and what was given to it.
#[derive(Debug, Clone)]
struct Plain {
    record: ContainerInstance,
    tasks: Vec<(TaskId, Request)>,
}

impl Plain {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.record.all_attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn left(&self) -> (u32, u32, usize) {
        let taken =
            |what: fn(&Resources) -> u32| self.tasks.iter().map(|(_, one)| what(&one.resources)).sum::<u32>();
        let has = &self.record.registered;
        let gpus: usize = self.tasks.iter().map(|(_, one)| one.gpus.count as usize).sum();
        (has.cpu - taken(|r| r.cpu), has.memory - taken(|r| r.memory), has.gpus.len() - gpus)
    }

    fn groups(&self) -> BTreeMap<String, u32> {
        let mut groups = BTreeMap::new();
        for (_, task) in &self.tasks {
            *groups.entry(task.group.clone()).or_default() += 1;
        }
        groups
    }

    fn fits(&self, request: &Request) -> bool {
        let (cpu, memory, gpus) = self.left();
        let need = &request.resources;
        let taken = |port: &u16| {
            let theirs = self.tasks.iter().any(|(_, one)| one.resources.tcp_ports.contains(port));
            theirs || self.record.registered.tcp_ports.contains(port)
        };
        self.record.accepts()
            && (need.cpu <= cpu && need.memory <= memory && request.gpus.count as usize <= gpus)
            && !need.tcp_ports.iter().any(taken)
            && request.constraints.iter().all(|constraint| match constraint {
                Constraint::DistinctInstance => !self.groups().contains_key(&request.group),
                Constraint::MemberOf(text) => text
                    .parse::<Query>()
                    .is_ok_and(|query| query.matches(&Facts::of(&self.record), &self.groups())),
            })
    }
}

/// What ECS would do, step by step: who fits, then one strategy after the other.
fn naive(list: &[Option<Plain>], request: &Request) -> Option<InstanceId> {
    let mut fitting: Vec<&Plain> = list.iter().flatten().filter(|one| one.fits(request)).collect();
    let kin = |one: &Plain| one.tasks.iter().filter(|(_, task)| task.kin == request.kin).count();
    let mut alike: Vec<&str> = Vec::new();
    for key in &Keys::of(&request.strategy).0 {
        if let Key::Alike(name) = key {
            alike.push(name);
        }
        let rank = |one: &Plain| -> i64 {
            let (cpu, memory, _) = one.left();
            let same = |other: &&Plain| {
                other.record.status == InstanceStatus::Active
                    && alike.iter().all(|name| other.attribute(name) == one.attribute(name))
            };
            match key {
                Key::Alike(_) => {
                    i64::try_from(list.iter().flatten().filter(same).map(kin).sum::<usize>()).unwrap()
                }
                Key::Here => i64::try_from(kin(one)).unwrap(),
                Key::Cpu => cpu.into(),
                Key::Memory => memory.into(),
                Key::Roomiest => -i64::from(memory),
                Key::Random => 0,
            }
        };
        let least = fitting.iter().map(|one| rank(one)).min()?;
        fitting.retain(|one| rank(one) == least);
    }
    fitting.first().map(|one| one.record.id.clone())
}

#[derive(Debug, Clone)]
enum Step {
    /// Place one of this kind.
    Place(usize),
    /// End the task placed so many tasks ago.
    End(usize),
    /// An instance changes its zone, or loses it.
    Zone(usize, Option<usize>),
    Drain(usize, bool),
    Disconnect(usize, bool),
    Leave(usize),
    Join(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (0..6_usize).prop_map(Step::Place),
        6 => (0..20_usize).prop_map(Step::End),
        1 => (0..8_usize, prop::option::of(0..3_usize)).prop_map(|(who, zone)| Step::Zone(who, zone)),
        1 => (0..8_usize, any::<bool>()).prop_map(|(who, so)| Step::Drain(who, so)),
        1 => (0..8_usize, any::<bool>()).prop_map(|(who, so)| Step::Disconnect(who, so)),
        1 => (0..8_usize).prop_map(Step::Leave),
        1 => (0..8_usize).prop_map(Step::Join),
    ];
    prop::collection::vec(step, 1..80)
}

fn strategies() -> impl Strategy<Value = Vec<PlacementStrategy>> {
    let one = prop::sample::select(vec![
        spread("attribute:ecs.availability-zone"),
        spread("attribute:rack"),
        spread("instanceId"),
        CPU,
        MEMORY,
    ]);
    prop::collection::vec(one, 0..4)
}

fn constraints() -> impl Strategy<Value = Vec<Constraint>> {
    let one = prop::sample::select(vec![
        Constraint::DistinctInstance,
        Constraint::MemberOf("attribute:ecs.availability-zone in [a, b]".into()),
        Constraint::MemberOf("attribute:rack exists or runningTasksCount < 3".into()),
        Constraint::MemberOf("not (task:group == service:0)".into()),
        Constraint::MemberOf("task:group !in [service:1, service:2] or attribute:rack =~ .*1".into()),
    ]);
    prop::collection::vec(one, 0..3)
}

fn kind(number: usize) -> impl Strategy<Value = Request> {
    let size = (1_u32..300, 1_u32..300, 0_u32..2, prop::option::weighted(0.2, 8000_u16..8003));
    (size, strategies(), constraints()).prop_map(move |((cpu, memory, gpus, port), strategy, constraints)| {
        Request {
            resources: amount(cpu, memory, port.as_slice()),
            gpus: GpuNeed { count: gpus, rest: false },
            strategy,
            constraints,
            kin: format!("deployment-{number}"),
            // Two deployments of each service.
            ..Request::of_group(format!("service:{}", number / 2))
        }
    })
}

fn kinds() -> impl Strategy<Value = Vec<Request>> {
    (0..6).map(|number| kind(number).boxed()).collect::<Vec<_>>()
}

fn fresh(number: usize) -> ContainerInstance {
    let size = u32::try_from(number).unwrap() * 100;
    let registered = Resources { gpus: vec!["0".into()], ..amount(800 + size, 1400 - size, &[22]) };
    let one = with(instance(&number.to_string(), registered), ContainerInstance::ZONE, ZONES[number % 3]);
    if number.is_multiple_of(2) { with(one, "rack", &format!("r{}", number % 4)) } else { one }
}

/// Carries steps out on both; each placement has to be the same.
fn compare(kinds: &[Request], steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut ledger, mut list, mut vacant) = (Ledger::new(), Vec::new(), Vec::new());
    for number in 0..8 {
        ledger.upsert_instance(&fresh(number));
        list.push(Some(Plain { record: fresh(number), tasks: Vec::new() }));
    }
    let mut made = 0;
    for step in steps {
        match *step {
            Step::Place(which) => {
                made += 1;
                let (task, request) = (TaskId::new(format!("t{made}")), &kinds[which]);
                let expected = naive(&list, request);
                let place = ledger.reserve(task.clone(), request).ok();
                prop_assert_eq!(&place, &expected, "{:?}", request);
                let at = list.iter_mut().flatten().find(|one| Some(&one.record.id) == place.as_ref());
                at.into_iter().for_each(|one| one.tasks.push((task.clone(), request.clone())));
            }
            Step::End(ago) => {
                let task = TaskId::new(format!("t{}", made - ago.min(made)));
                let known = list.iter().flatten().any(|one| one.tasks.iter().any(|(id, _)| *id == task));
                prop_assert_eq!(ledger.release(&task), known);
                list.iter_mut().flatten().for_each(|one| one.tasks.retain(|(id, _)| *id != task));
            }
            Step::Leave(who) => {
                let Some(gone) = list[who].take() else { continue };
                ledger.remove_instance(&gone.record.id);
                vacant.push(who);
            }
            Step::Join(who) => {
                // Whoever joins takes the place that became vacant last, and with it its rank among equals.
                let Some(place) = vacant.pop() else { continue };
                made += 1;
                let record = ContainerInstance { id: id(&format!("joined-{made}")), ..fresh(who) };
                ledger.upsert_instance(&record);
                list[place] = Some(Plain { record, tasks: Vec::new() });
            }
            Step::Zone(who, _) | Step::Drain(who, _) | Step::Disconnect(who, _) => {
                let Some(one) = list[who].as_mut() else { continue };
                match *step {
                    Step::Zone(_, zone) => {
                        one.record.attributes.retain(|(name, _)| name != ContainerInstance::ZONE);
                        let zone =
                            zone.map(|zone| (ContainerInstance::ZONE.into(), Some(ZONES[zone].into())));
                        one.record.attributes.extend(zone);
                    }
                    Step::Drain(_, so) => {
                        one.record.status =
                            if so { InstanceStatus::Draining } else { InstanceStatus::Active };
                    }
                    Step::Disconnect(_, so) => one.record.engine_connected = !so,
                    _ => {}
                }
                ledger.upsert_instance(&one.record);
            }
        }
        for one in list.iter().flatten() {
            let left = ledger.remaining(&one.record.id).unwrap();
            prop_assert_eq!((left.cpu, left.memory, left.gpus.len()), one.left());
            let ports: BTreeSet<u16> = left.tcp_ports.iter().copied().collect();
            prop_assert_eq!(ports.len(), left.tcp_ports.len(), "a port was given twice");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_ledger_places_as_a_plain_look_at_every_instance_does(kinds in kinds(), steps in steps()) {
        compare(&kinds, &steps)?;
    }

    /// Long rows of one kind are what indexes are built for.
    #[test]
    fn so_does_its_index(kind in kind(0), more in steps(), row in 5_usize..60) {
        let kinds = vec![kind; 6];
        let steps: Vec<Step> = (0..row).map(|_| Step::Place(0)).chain(more).collect();
        compare(&kinds, &steps)?;
    }

    #[test]
    fn a_spread_differs_by_one_at_most_where_there_is_room(hosts in prop::collection::vec(0..3_usize, 1..12), tasks in 1_usize..60) {
        let names: Vec<&str> = hosts.iter().map(|zone| ZONES[*zone]).collect();
        let mut ledger = zones(&names);
        let mut ask = request(amount(1, 1, &[]));
        ask.strategy = vec![spread("attribute:ecs.availability-zone"), spread("instanceId")];
        let places = placed(&mut ledger, tasks, &ask);
        let count = |picked: &dyn Fn(usize) -> bool| {
            places.iter().filter(|place| picked(place.parse().unwrap())).count()
        };
        let apart = |counts: Vec<usize>| counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0);
        let used: BTreeSet<usize> = hosts.iter().copied().collect();
        prop_assert!(apart(used.iter().map(|zone| count(&|at| hosts[at] == *zone)).collect()) <= 1);
        for zone in used {
            let here = (0..hosts.len()).filter(|host| hosts[*host] == zone);
            prop_assert!(apart(here.map(|host| count(&|at| at == host)).collect()) <= 1);
        }
    }

    #[test]
    fn a_binpack_uses_as_many_instances_as_the_best_fit_does(sizes in prop::collection::vec(1_u32..1000, 1..60)) {
        let mut ledger = zones(&["a"; 60]);
        let mut bins: Vec<u32> = Vec::new();
        let mut used: BTreeSet<InstanceId> = BTreeSet::new();
        for (number, size) in sizes.iter().enumerate() {
            let ask = Request { strategy: vec![MEMORY], ..request(amount(1, *size, &[])) };
            used.insert(ledger.reserve(TaskId::new(number.to_string()), &ask).unwrap());
            match bins.iter_mut().filter(|left| **left >= *size).min() {
                Some(left) => *left -= size,
                None => bins.push(1000 - size),
            }
        }
        prop_assert_eq!(used.len(), bins.len());
    }
}
