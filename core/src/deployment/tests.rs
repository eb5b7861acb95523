use proptest::prelude::*;

use super::*;

const NEW: &str = "ecs-svc/2";
const OLD: &str = "ecs-svc/1";

fn limits(minimum_healthy_percent: u32, maximum_percent: u32) -> DeploymentConfiguration {
    DeploymentConfiguration { minimum_healthy_percent, maximum_percent }
}

/// Members as text: `n0+` is of the new deployment, in slot 0, and serves. Fitness: `.` starting, `?` unproven,
/// `+` serving, `-` unhealthy, `x` stopping; `o` is the old deployment.
fn members(text: &str) -> Vec<Member> {
    text.split_whitespace()
        .enumerate()
        .map(|(n, word)| Member {
            id: TaskId::new(format!("{word}#{n}")),
            deployment: DeploymentId::new(if word.starts_with('n') { NEW } else { OLD }),
            slot: word[1..word.len() - 1].parse().unwrap(),
            fitness: match word.chars().last().unwrap() {
                '.' => Fitness::Starting,
                '?' => Fitness::Unproven,
                '+' => Fitness::Serving,
                '-' => Fitness::Unhealthy,
                _ => Fitness::Stopping,
            },
            created_at: Timestamp(i64::try_from(n).unwrap()),
        })
        .collect()
}

fn planned(
    desired: u32,
    limits: DeploymentConfiguration,
    members: &[Member],
    waiting: &[u32],
    blocked: bool,
) -> Plan {
    let waiting_slots = waiting.iter().copied().collect();
    let primary = DeploymentId::new(NEW);
    let on_unhealthy = OnUnhealthy::Replace;
    plan(&Rollout {
        desired,
        limits,
        primary: &primary,
        members,
        waiting_slots: &waiting_slots,
        blocked,
        on_unhealthy,
    })
}

/// The same where the sick are only reported.
fn planned_to_report(desired: u32, limits: DeploymentConfiguration, members: &[Member]) -> Plan {
    let primary = DeploymentId::new(NEW);
    plan(&Rollout {
        desired,
        limits,
        primary: &primary,
        members,
        waiting_slots: &BTreeSet::new(),
        blocked: false,
        on_unhealthy: OnUnhealthy::Report,
    })
}

/// The plan as text: `start 0,1 stop o0+`.
#[track_caller]
fn check(desired: u32, limits: DeploymentConfiguration, there: &str, expected: &str) {
    let plan = planned(desired, limits, &members(there), &[], false);
    assert_eq!(describe(&plan), expected, "desired {desired}, there: {there}");
}

fn describe(plan: &Plan) -> String {
    let mut words = Vec::new();
    if !plan.start.is_empty() {
        let slots: Vec<String> = plan.start.iter().map(u32::to_string).collect();
        words.push(format!("start {}", slots.join(",")));
    }
    if !plan.stop.is_empty() {
        let ids: Vec<&str> = plan.stop.iter().map(|(id, _)| id.as_str().split('#').next().unwrap()).collect();
        words.push(format!("stop {}", ids.join(",")));
    }
    if !plan.report.is_empty() {
        let ids: Vec<&str> = plan.report.iter().map(|id| id.as_str().split('#').next().unwrap()).collect();
        words.push(format!("report {}", ids.join(",")));
    }
    if plan.steady {
        words.push("steady".into());
    }
    words.join(" ")
}

#[test]
fn scaling_starts_what_is_missing_and_stops_what_is_too_much() {
    let usual = limits(100, 200);
    check(2, usual, "", "start 0,1");
    check(2, usual, "n0. n1.", "");
    check(2, usual, "n0+ n1+", "steady");
    check(3, usual, "n0+ n1+", "start 2");
    check(1, usual, "n0+ n1+ n2.", "stop n1+,n2.");
    check(1, usual, "n0. n3+", "stop n0.");
    check(0, usual, "n0+ n1-", "stop n0+,n1-");
    check(0, usual, "", "steady");
    check(0, usual, "n0x", "");
    check(2, usual, "n1+", "start 0");
}

#[test]
fn nothing_is_steady_before_its_health_check_passed() {
    check(1, limits(100, 200), "n0?", "");
    check(1, limits(100, 200), "n0+ o0x", "");
}

#[test]
fn old_tasks_leave_only_as_new_ones_serve() {
    let usual = limits(100, 200);
    check(2, usual, "o0+ o1+", "start 0,1");
    check(2, usual, "o0+ o1+ n0. n1?", "");
    check(2, usual, "o0+ o1+ n0+ n1?", "stop o0+");
    check(2, usual, "o1+ n0+ n1+", "stop o1+");
    check(2, usual, "o0. o1- n0.", "start 1 stop o0.,o1-");
}

#[test]
fn where_the_maximum_leaves_no_room_old_tasks_leave_down_to_the_minimum() {
    check(2, limits(50, 100), "o0+ o1+", "stop o0+");
    check(2, limits(50, 100), "o0x o1+", "");
    check(2, limits(50, 100), "o1+", "start 0");
    check(2, limits(50, 100), "o1+ n0.", "");
    check(2, limits(50, 100), "o1+ n0+", "stop o1+");
    check(1, limits(0, 100), "o0+", "stop o0+");
    check(4, limits(100, 150), "o0+ o1+ o2+ o3+", "start 0,1");
    check(4, limits(100, 100), "o0+ o1+ o2+ o3+", "");
}

#[test]
fn a_sick_tasks_replacement_comes_first_where_there_is_room() {
    check(1, limits(100, 200), "n0-", "start 0");
    check(1, limits(100, 200), "n0- n0.", "");
    check(1, limits(100, 200), "n0- n0+", "stop n0-");
    check(1, limits(100, 100), "n0-", "stop n0-");
    check(1, limits(100, 200), "n0- n0-", "stop n0-");
    check(2, limits(100, 100), "n0+ n1x", "");
}

#[test]
fn a_sick_task_that_is_only_reported_keeps_its_place() {
    #[track_caller]
    fn check(desired: u32, limits: DeploymentConfiguration, there: &str, expected: &str) {
        assert_eq!(describe(&planned_to_report(desired, limits, &members(there))), expected, "{there}");
    }
    let usual = limits(100, 200);
    check(1, usual, "n0-", "report n0-");
    check(1, limits(0, 100), "n0-", "report n0-");
    check(2, usual, "n0- n1+", "report n0-");
    // Others come and go as ever, it first where there are too many; nothing is steady meanwhile.
    check(3, usual, "n0- n1+", "start 2 report n0-");
    check(1, usual, "n0- n1.", "stop n0-");
    check(0, usual, "n0-", "stop n0-");
    // It stands in for none of those it was to take over from.
    check(1, usual, "o0+ n0-", "report n0-");
    check(1, usual, "o0- n0+", "stop o0-");
}

#[test]
fn a_slot_that_backs_off_waits_and_its_neighbours_do_not() {
    let there = members("n0+");
    assert_eq!(describe(&planned(3, limits(100, 200), &there, &[1], false)), "start 2");
}

#[test]
fn nothing_starts_while_nothing_fits() {
    assert_eq!(describe(&planned(2, limits(100, 200), &members("n0+"), &[], true)), "");
    let old = members("o0+ o1+");
    assert_eq!(describe(&planned(2, limits(100, 200), &old, &[], true)), "");
    assert_eq!(describe(&planned(2, limits(50, 200), &old, &[], true)), "stop o0+");
}

#[test]
fn bounds_round_in_favour_of_those_who_are_served() {
    assert_eq!(lower_bound(3, limits(50, 200)), 2);
    assert_eq!(upper_bound(3, limits(50, 150)), 4);
    assert_eq!(lower_bound(0, limits(100, 200)), 0);
}

fn any_member() -> impl Strategy<Value = (bool, u32, u8)> {
    (prop::bool::ANY, 0_u32..6, 0_u8..5)
}

fn build(shape: &[(bool, u32, u8)]) -> Vec<Member> {
    let words: Vec<String> = shape
        .iter()
        .map(|(new, slot, fitness)| {
            let (kind, fitness) =
                (if *new { 'n' } else { 'o' }, ['.', '?', '+', '-', 'x'][usize::from(*fitness)]);
            format!("{kind}{slot}{fitness}")
        })
        .collect();
    members(&words.join(" "))
}

fn serving(members: &[Member], stopped: &[(TaskId, Why)]) -> usize {
    let stays = |member: &&Member| !stopped.iter().any(|(id, _)| *id == member.id);
    members.iter().filter(|member| member.fitness == Fitness::Serving).filter(stays).count()
}

proptest! {
    #[test]
    fn a_plan_never_leaves_the_percentages(
        shape in prop::collection::vec(any_member(), 0..12),
        desired in 0_u32..6, minimum in 0_u32..101, maximum in 100_u32..201, blocked in prop::bool::ANY,
        waiting in prop::collection::vec(0_u32..6, 0..3),
    ) {
        let there = build(&shape);
        let limits = limits(minimum, maximum);
        let plan = planned(desired, limits, &there, &waiting, blocked);
        let floor = serving(&there, &[]).min(lower_bound(desired, limits) as usize);
        prop_assert!(serving(&there, &plan.stop) >= floor, "{} of {:?}", describe(&plan), shape);
        let after = there.len() + plan.start.len();
        prop_assert!(after <= there.len().max(upper_bound(desired, limits) as usize));
        prop_assert!(!blocked || plan.start.is_empty());
        prop_assert!(plan.start.iter().all(|slot| !waiting.contains(slot)));
        prop_assert!(plan.start.len() <= desired as usize);
        let mut stopped: Vec<_> = plan.stop.iter().map(|(id, _)| id).collect();
        stopped.sort();
        stopped.dedup();
        prop_assert_eq!(stopped.len(), plan.stop.len(), "nobody is stopped twice");
        prop_assert!(!plan.steady || (plan.start.is_empty() && plan.stop.is_empty()));
        prop_assert!(plan.report.is_empty());
    }

    #[test]
    fn where_the_sick_are_only_reported_none_that_is_wanted_is_stopped_for_it(
        shape in prop::collection::vec(any_member(), 0..12),
        desired in 0_u32..6, minimum in 0_u32..101, maximum in 100_u32..201,
    ) {
        let there = build(&shape);
        let limits = limits(minimum, maximum);
        let plan = planned_to_report(desired, limits, &there);
        prop_assert!(plan.stop.iter().all(|(_, why)| *why != Why::Unhealthy));
        let floor = serving(&there, &[]).min(lower_bound(desired, limits) as usize);
        prop_assert!(serving(&there, &plan.stop) >= floor, "{} of {:?}", describe(&plan), shape);
        let after = there.len() + plan.start.len();
        prop_assert!(after <= there.len().max(upper_bound(desired, limits) as usize));
        prop_assert!(plan.report.iter().all(|id| plan.stop.iter().all(|(stopped, _)| stopped != id)));
        prop_assert!(!plan.steady || (plan.start.is_empty() && plan.stop.is_empty() && plan.report.is_empty()));
    }

    /// Tasks come up, get sick and die at random for a while, then no more: the service becomes steady.
    #[test]
    fn every_rollout_becomes_steady_once_faults_stop(
        seed in prop::collection::vec((0_u8..6, 0_usize..12), 0..60),
        desired in 0_u32..5, minimum in 0_u32..100, start in prop::collection::vec(any_member(), 0..8),
    ) {
        let limits = limits(minimum, 200);
        let mut there = build(&start);
        let mut next = 1000;
        let step = |there: &mut Vec<Member>, next: &mut i64| {
            let plan = planned(desired, limits, there, &[], false);
            for member in there.iter_mut().filter(|m| plan.stop.iter().any(|(id, _)| *id == m.id)) {
                member.fitness = Fitness::Stopping;
            }
            for slot in plan.start {
                *next += 1;
                let (deployment, id) = (DeploymentId::new(NEW), TaskId::new(next.to_string()));
                there.push(Member { id, deployment, slot, fitness: Fitness::Starting, created_at: Timestamp(*next) });
            }
            plan.steady
        };
        for (what, who) in seed {
            step(&mut there, &mut next);
            if there.is_empty() {
                continue;
            }
            let who = who % there.len();
            match what {
                0 => drop(there.remove(who)),
                1 if there[who].fitness == Fitness::Serving => there[who].fitness = Fitness::Unhealthy,
                _ if there[who].fitness == Fitness::Starting => there[who].fitness = Fitness::Serving,
                _ => {}
            }
        }
        let mut steady = false;
        for _ in 0..60 {
            steady = step(&mut there, &mut next);
            there.retain(|member| member.fitness != Fitness::Stopping);
            for member in there.iter_mut().filter(|m| m.fitness < Fitness::Serving) {
                member.fitness = Fitness::Serving;
            }
        }
        prop_assert!(steady, "stuck with {:?}", there);
    }
}
