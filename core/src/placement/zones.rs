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
    Nothing,
    /// Start one more in the one zone, for one in the other.
    Move {
        /// Where one is too many.
        from: String,
        /// Where one is missing.
        to: String,
    },
    /// One more than is wanted is there: one of this zone goes as soon as as many serve without it.
    Finish {
        /// Where one is too many.
        from: String,
    },
}

impl Zone {
    fn all(self) -> u32 {
        self.serving + self.starting
    }
}

/// Whether as many are in each zone as in any other, as far as that goes.
pub fn is_even(zones: &BTreeMap<String, Zone>) -> bool {
    let counts = || zones.values().map(|zone| zone.all());
    counts().max().unwrap_or(0) - counts().min().unwrap_or(0) <= 1
}

/// Decides the next step of a service that wants `desired` tasks in these zones, each of which can take tasks.
///
/// Where two zones differ by more than one, a task is started in the smaller first and one stopped in the larger only
/// once as many serve as are wanted without it, so that the service never has fewer. Each step brings two zones nearer.
/// What is decided follows from what is there: whoever looks twice, or after a crash, decides the same.
///
/// Source: "Balancing an Amazon ECS service across Availability Zones" of the Developer Guide.
pub fn rebalance(zones: &BTreeMap<String, Zone>, desired: u32) -> Rebalance {
    // Of zones alike, the first by name.
    let smallest = zones.iter().min_by_key(|(name, zone)| (zone.all(), *name));
    let largest = zones.iter().max_by_key(|(name, zone)| (zone.all(), std::cmp::Reverse(*name)));
    let (Some((to, _)), Some((from, _))) = (smallest, largest) else { return Rebalance::Nothing };
    let starts = zones.values().any(|zone| zone.starting > 0);
    let total: u32 = zones.values().map(|zone| zone.all()).sum();
    if total == desired + 1 {
        return Rebalance::Finish { from: from.clone() };
    }
    if total == desired && !starts && !is_even(zones) {
        return Rebalance::Move { from: from.clone(), to: to.clone() };
    }
    Rebalance::Nothing
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
        let finish = || Rebalance::Finish { from: "a".into() };
        assert_eq!(rebalance(&zones(&[3, 1]), 4), Rebalance::Move { from: "a".into(), to: "b".into() });
        let mut on_the_way = zones(&[3, 1]);
        on_the_way.insert("b".into(), Zone { serving: 1, starting: 1 });
        assert_eq!(rebalance(&on_the_way, 4), finish());
        assert_eq!(rebalance(&zones(&[3, 2]), 4), finish());
        for (counts, desired, why) in [
            (&[2, 2][..], 4, "even"),
            (&[2, 1], 3, "one apart is as near as it gets"),
            (&[3, 0], 4, "first as many as are wanted"),
            (&[5, 1], 4, "first no more than are wanted"),
            (&[], 4, "nowhere to go"),
        ] {
            assert_eq!(rebalance(&zones(counts), desired), Rebalance::Nothing, "{why}");
        }
        let mut replaced = zones(&[3, 0]);
        replaced.insert("b".into(), Zone { serving: 0, starting: 1 });
        assert_eq!(rebalance(&replaced, 4), Rebalance::Nothing, "somebody starts for another reason");
    }

    proptest! {
        #[test]
        fn zones_become_even_and_the_service_never_has_fewer(counts in prop::collection::vec(0_u32..20, 1..6)) {
            let desired: u32 = counts.iter().sum();
            let mut zones = zones(&counts);
            for _ in 0..400 {
                match rebalance(&zones, desired) {
                    Rebalance::Nothing => break,
                    Rebalance::Move { to, .. } => zones.get_mut(&to).unwrap().starting += 1,
                    Rebalance::Finish { from } => {
                        zones.values_mut().for_each(|zone| zone.serving += std::mem::take(&mut zone.starting));
                        zones.get_mut(&from).unwrap().serving -= 1;
                    }
                }
                let serving: u32 = zones.values().map(|zone| zone.serving).sum();
                prop_assert_eq!(serving, desired);
            }
            prop_assert!(is_even(&zones), "{zones:?}");
        }
    }
}
