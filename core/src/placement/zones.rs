//! Keeping a service's tasks even over availability zones.

use std::collections::BTreeMap;

/// A service's tasks in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Zone {
    /// Up and well.
    pub serving: u32,
    /// On their way there.
    pub starting: u32,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebalance {
    /// Nothing.
    Balanced,
    /// What was begun is not over.
    Wait,
    /// Start one more in this zone.
    Start(String),
    /// Stop one in this zone: another one serves in its stead.
    Stop(String),
}

/// Decides the next step of a service that wants `desired` tasks in these zones, each of which can take tasks.
///
/// Where two zones differ by more than one, a task is started in the smaller first and one stopped in the larger only
/// once as many serve as are wanted without it, so that the service never has fewer. Each step brings two zones nearer.
///
/// Source: "Balancing an Amazon ECS service across Availability Zones" of the Developer Guide.
pub fn rebalance(zones: &BTreeMap<String, Zone>, desired: u32) -> Rebalance {
    let order = |(name, zone): &(&String, &Zone)| (zone.serving + zone.starting, (*name).clone());
    let Some(smallest) = zones.iter().min_by_key(order) else { return Rebalance::Balanced };
    // Of zones alike, the first by name is the larger, too: whoever looks twice decides the same.
    let largest = zones.iter().max_by_key(|(name, zone)| (zone.serving, std::cmp::Reverse(*name)));
    let Some(largest) = largest else { return Rebalance::Balanced };
    let serving: u32 = zones.values().map(|zone| zone.serving).sum();
    if zones.values().any(|zone| zone.starting > 0) {
        return Rebalance::Wait;
    }
    if serving > desired {
        return Rebalance::Stop(largest.0.clone());
    }
    if serving == desired && largest.1.serving - smallest.1.serving > 1 {
        return Rebalance::Start(smallest.0.clone());
    }
    Rebalance::Balanced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zones(counts: &[u32]) -> BTreeMap<String, Zone> {
        let zone = |(index, serving): (usize, &u32)| {
            (
                char::from(b'a' + u8::try_from(index).unwrap()).to_string(),
                Zone { serving: *serving, starting: 0 },
            )
        };
        counts.iter().enumerate().map(zone).collect()
    }

    #[test]
    fn a_task_starts_in_the_small_zone_before_one_stops_in_the_large() {
        assert_eq!(rebalance(&zones(&[3, 1]), 4), Rebalance::Start("b".into()));
        let mut on_the_way = zones(&[3, 1]);
        on_the_way.insert("b".into(), Zone { serving: 1, starting: 1 });
        assert_eq!(rebalance(&on_the_way, 4), Rebalance::Wait);
        assert_eq!(rebalance(&zones(&[3, 2]), 4), Rebalance::Stop("a".into()));
        assert_eq!(rebalance(&zones(&[2, 2]), 4), Rebalance::Balanced);
        assert_eq!(rebalance(&zones(&[2, 1]), 3), Rebalance::Balanced, "one apart is as near as it gets");
        assert_eq!(rebalance(&zones(&[3, 0]), 4), Rebalance::Balanced, "first as many as are wanted");
        assert_eq!(rebalance(&zones(&[]), 4), Rebalance::Balanced);
    }

    proptest! {
        #[test]
        fn zones_become_even_and_the_service_never_has_fewer(counts in prop::collection::vec(0_u32..20, 1..6)) {
            let desired: u32 = counts.iter().sum();
            let mut zones = zones(&counts);
            for _ in 0..400 {
                match rebalance(&zones, desired) {
                    Rebalance::Balanced => break,
                    Rebalance::Wait => zones.values_mut().for_each(|zone| {
                        zone.serving += std::mem::take(&mut zone.starting);
                    }),
                    Rebalance::Start(name) => zones.get_mut(&name).unwrap().starting += 1,
                    Rebalance::Stop(name) => zones.get_mut(&name).unwrap().serving -= 1,
                }
                let serving: u32 = zones.values().map(|zone| zone.serving).sum();
                prop_assert!((desired..=desired + 1).contains(&serving));
            }
            let most = zones.values().map(|zone| zone.serving).max().unwrap();
            let least = zones.values().map(|zone| zone.serving).min().unwrap();
            prop_assert!(most - least <= 1, "{zones:?}");
        }
    }
}
