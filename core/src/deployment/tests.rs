use proptest::prelude::*;

use super::*;

const NEW: &str = "ecs-svc/2";
const OLD: &str = "ecs-svc/1";

fn limits(minimum_healthy_percent: u32, maximum_percent: u32) -> DeploymentConfiguration {
    DeploymentConfiguration { minimum_healthy_percent, maximum_percent, ..Default::default() }
}

/// Members as text: `n0+` is of the new deployment, in slot 0, and serves. Fitness: `.` starting, `?` unproven,
/// `+` serving, `-` unhealthy, `x` stopping; `o` is the old deployment. Capitals are protected.
fn members(text: &str) -> Vec<Member> {
    text.split_whitespace()
        .enumerate()
        .map(|(n, word)| Member {
            id: TaskId::new(format!("{word}#{n}")),
            deployment: DeploymentId::new(if word.starts_with(['n', 'N']) { NEW } else { OLD }),
            surplus: false,
            protected: word.starts_with(['N', 'O']),
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
        halted: false,
        fallback: None,
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
        halted: false,
        fallback: None,
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
fn a_protected_task_is_kept_before_others_and_stays_where_it_is_too_many() {
    let usual = limits(100, 200);
    check(1, usual, "n0+ N1+", "stop n0+");
    check(1, usual, "n0+ N1.", "");
    check(1, limits(0, 100), "n0+ N1.", "stop n0+");
    check(1, usual, "N0+ N1+ n2+", "stop n2+");
    check(1, usual, "N0+ N1+", "");
    check(0, usual, "N0+ n1+", "stop n1+");
    check(2, usual, "N0+ n1+", "steady");
    // Once it is over.
    check(1, usual, "N0+ n1+", "stop n1+");
    check(1, usual, "n0+ n1+", "stop n1+");
}

#[test]
fn a_protected_task_outlives_a_rollout_which_is_not_steady_before_it_has_gone() {
    let usual = limits(100, 200);
    check(2, usual, "O0+ o1+", "start 0,1");
    check(2, usual, "O0+ o1+ n0+ n1?", "stop o1+");
    check(2, usual, "O0+ o1+ n0+ n1+", "stop o1+");
    check(2, usual, "O0+ n0+ n1+", "");
    check(2, usual, "o0+ n0+ n1+", "stop o0+");
    check(1, usual, "O0? n0.", "");
    // Without room it holds the rollout up.
    check(2, limits(50, 100), "O0+ O1+", "");
    check(2, limits(50, 100), "O0+ o1+", "stop o1+");
}

#[test]
fn protection_keeps_no_sick_task() {
    let usual = limits(100, 200);
    check(1, usual, "N0-", "start 0");
    check(1, usual, "N0- n0+", "stop N0-");
    check(1, usual, "O0- n0.", "stop O0-");
}

#[test]
fn percentages_that_leave_no_room_are_told_and_nothing_else_is() {
    let stuck = |desired, limits, there: &str| planned(desired, limits, &members(there), &[], false).stuck;
    assert!(stuck(4, limits(100, 100), "o0+ o1+ o2+ o3+"));
    assert!(stuck(1, limits(100, 150), "o0+"));
    assert!(stuck(1, limits(50, 100), "o0+"));
    assert!(!stuck(1, limits(100, 200), "o0+"), "there is room to start one");
    assert!(!stuck(2, limits(50, 100), "o0+ o1+"), "room is made");
    assert!(!stuck(2, limits(50, 100), "o1+ n0."), "something is under way");
    assert!(!stuck(4, limits(100, 100), "o0+ o1+ o2+ o3x"), "something is on its way out");
    assert!(!stuck(2, limits(100, 200), "n0+ n1+"), "it is steady");
    assert!(!planned(1, limits(100, 150), &members("o0+"), &[0], false).stuck, "its slot waits");
    assert!(
        !planned(1, limits(100, 150), &members("o0+"), &[], true).stuck,
        "nothing fits, which is told apart"
    );
}

#[test]
fn a_deployment_that_was_given_up_starts_nothing_and_takes_nobody_elses_place() {
    let primary = DeploymentId::new(NEW);
    let halted = |desired, limits, there: &str| {
        let (members, waiting_slots) = (members(there), BTreeSet::new());
        let rollout = Rollout {
            desired,
            limits,
            primary: &primary,
            members: &members,
            waiting_slots: &waiting_slots,
            blocked: false,
            halted: true,
            fallback: None,
            on_unhealthy: OnUnhealthy::Replace,
        };
        describe(&plan(&rollout))
    };
    assert_eq!(halted(2, limits(50, 100), "o0+ o1+"), "");
    assert_eq!(halted(2, limits(100, 200), "o0+ o1. n0-"), "stop n0-");
    assert_eq!(halted(2, limits(100, 200), "o0+ o1+ n0+"), "");
    assert_eq!(halted(1, limits(100, 200), "o0+ o1+ n0+"), "stop o0+", "it is scaled in, all the same");
    assert_eq!(halted(1, limits(100, 200), ""), "");
}

#[test]
fn of_older_tasks_those_that_would_come_back_leave_last() {
    let (primary, fallback) = (DeploymentId::new(NEW), DeploymentId::new(OLD));
    let mut members = members("o0+ o1+ m0+ m1+ n0.");
    for member in members.iter_mut().filter(|member| member.id.as_str().starts_with('m')) {
        member.deployment = DeploymentId::new("ecs-svc/1b");
    }
    let plan = plan(&Rollout {
        desired: 2,
        limits: limits(100, 200),
        primary: &primary,
        members: &members,
        waiting_slots: &BTreeSet::new(),
        blocked: false,
        halted: false,
        fallback: Some(&fallback),
        on_unhealthy: OnUnhealthy::Replace,
    });
    assert_eq!(describe(&plan), "stop m0+,m1+");
}

#[test]
fn bounds_round_in_favour_of_those_who_are_served() {
    assert_eq!(lower_bound(3, limits(50, 200)), 2);
    assert_eq!(upper_bound(3, limits(50, 150)), 4);
    assert_eq!(lower_bound(0, limits(100, 200)), 0);
}

/// Kind, slot and fitness.
fn any_member() -> impl Strategy<Value = (char, u32, u8)> {
    (prop::sample::select(&['n', 'o', 'n', 'o', 'N', 'O']), 0_u32..6, 0_u8..5)
}

fn build(shape: &[(char, u32, u8)]) -> Vec<Member> {
    let words: Vec<String> = shape
        .iter()
        .map(|(kind, slot, fitness)| {
            let fitness = ['.', '?', '+', '-', 'x'][usize::from(*fitness)];
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
        let spared = |member: &&Member| member.protected && member.fitness != Fitness::Unhealthy;
        prop_assert!(there.iter().filter(spared).all(|member| !stopped.contains(&&member.id)));
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
        // Protection is over by the time.
        there.iter_mut().for_each(|member| member.protected = false);
        let mut next = 1000;
        let step = |there: &mut Vec<Member>, next: &mut i64| {
            let plan = planned(desired, limits, there, &[], false);
            for member in there.iter_mut().filter(|m| plan.stop.iter().any(|(id, _)| *id == m.id)) {
                member.fitness = Fitness::Stopping;
            }
            for slot in plan.start {
                *next += 1;
                let (deployment, id) = (DeploymentId::new(NEW), TaskId::new(next.to_string()));
                let (fitness, created_at) = (Fitness::Starting, Timestamp(*next));
                there.push(Member { id, deployment, slot, fitness, created_at, protected: false, surplus: false });
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
