//! How a capacity provider strategy shares tasks out, and which tasks go first where there are too many.

use std::collections::BTreeMap;

use crate::CapacityProviderName;
use crate::model::StrategyItem;

/// A capacity provider's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// As many at least, before weights count.
    pub base: u32,
    /// Its part of the rest, against the weights of the others.
    pub weight: u32,
}

/// Shares out `more` tasks where each provider has as many as `present` says: how many each gets. What nobody may take,
/// since no weight is left, is missing from the sum.
///
/// A provider below its base comes first; then, task by task, the one furthest below its part. Of equals the first.
///
/// Source: "Amazon ECS capacity provider strategies" of the Developer Guide.
pub fn distribute(shares: &[Share], present: &[u32], more: u32) -> Vec<u32> {
    let mut gets = vec![0_u32; shares.len()];
    for _ in 0..more {
        let has = |provider: usize| present.get(provider).copied().unwrap_or(0) + gets[provider];
        let below = (0..shares.len()).find(|&provider| has(provider) < shares[provider].base);
        // (beyond its base + 1) / weight, compared without division.
        let beyond = |provider: usize| u64::from(has(provider) - shares[provider].base) + 1;
        let weighty = (0..shares.len()).filter(|&provider| shares[provider].weight > 0);
        let furthest = || {
            weighty.reduce(|best, next| {
                let best_part = beyond(best) * u64::from(shares[next].weight);
                let next_part = beyond(next) * u64::from(shares[best].weight);
                if next_part < best_part { next } else { best }
            })
        };
        match below.or_else(furthest) {
            Some(provider) => gets[provider] += 1,
            None => break,
        }
    }
    gets
}

/// The capacity provider of each of `more` tasks; fewer where no weight is left.
pub fn share_out(
    strategy: &[StrategyItem],
    present: &BTreeMap<CapacityProviderName, u32>,
    more: u32,
) -> Vec<CapacityProviderName> {
    let gets = distribute(&shares(strategy), &counts(strategy, present), more);
    let each = strategy.iter().zip(gets);
    each.flat_map(|(item, count)| (0..count).map(|_| item.provider.clone())).collect()
}

fn shares(strategy: &[StrategyItem]) -> Vec<Share> {
    strategy.iter().map(|item| Share { base: item.base, weight: item.weight }).collect()
}

fn counts(strategy: &[StrategyItem], present: &BTreeMap<CapacityProviderName, u32>) -> Vec<u32> {
    strategy.iter().map(|item| present.get(&item.provider).copied().unwrap_or(0)).collect()
}

/// A task where there may be too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its capacity provider, where it has one.
    pub provider: Option<CapacityProviderName>,
    /// The zone it stands in; the same for all where zones do not count.
    pub zone: String,
}

/// Which of these tasks, the most dispensable last, are too many where only `desired` stay: what stays is shared out as
/// the strategy says, and even over zones as far as that goes.
pub fn surplus(strategy: &[StrategyItem], standing: &[Standing], desired: u32) -> Vec<bool> {
    let mut surplus = vec![false; standing.len()];
    let excess = standing.len().saturating_sub(desired as usize);
    if excess == 0 {
        return surplus;
    }
    let mut places: BTreeMap<(Option<&CapacityProviderName>, &str), Vec<usize>> = BTreeMap::new();
    // How far each provider is above its part; one that the strategy has no more has none.
    let mut above: BTreeMap<Option<&CapacityProviderName>, i64> = BTreeMap::new();
    let mut zones: BTreeMap<&str, u32> = BTreeMap::new();
    for (item, part) in strategy.iter().zip(distribute(&shares(strategy), &[], desired)) {
        above.insert(Some(&item.provider), -i64::from(part));
    }
    for (index, one) in standing.iter().enumerate() {
        let provider = one.provider.as_ref();
        places.entry((provider, &one.zone)).or_default().push(index);
        *above.entry(provider).or_default() += 1;
        *zones.entry(&one.zone).or_default() += 1;
    }
    for _ in 0..excess {
        // Whoever is furthest above its part gives; of its tasks the last one of the fullest zone.
        let fullest = places.iter_mut().filter(|(_, there)| !there.is_empty());
        let fullest = fullest.max_by_key(|((provider, zone), there)| {
            (above.get(provider).copied(), zones.get(zone).copied(), there.last().copied())
        });
        let Some(((provider, zone), there)) = fullest else { break };
        if let Some(goes) = there.pop() {
            surplus[goes] = true;
        }
        above.entry(*provider).and_modify(|above| *above -= 1);
        zones.entry(zone).and_modify(|count| *count -= 1);
    }
    surplus
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(shares: &[(u32, u32)], present: &[u32], more: u32, expected: &[u32]) {
        let shares: Vec<Share> = shares.iter().map(|&(base, weight)| Share { base, weight }).collect();
        assert_eq!(distribute(&shares, present, more), expected);
    }

    #[test]
    fn the_base_comes_first_and_the_rest_goes_by_weight() {
        check(&[(0, 1), (0, 1)], &[0, 0], 4, &[2, 2]);
        check(&[(0, 1), (0, 4)], &[0, 0], 10, &[2, 8]);
        check(&[(2, 1), (0, 1)], &[0, 0], 6, &[4, 2]);
        check(&[(2, 0), (0, 1)], &[0, 0], 6, &[2, 4]);
        check(&[(2, 0), (0, 1)], &[0, 3], 3, &[2, 1]);
        check(&[(0, 1), (0, 1)], &[4, 0], 4, &[0, 4]);
        check(&[(1, 0), (0, 0)], &[0, 0], 3, &[1, 0]);
        check(&[], &[], 3, &[]);
    }

    #[test]
    fn what_stays_is_shared_out_as_the_strategy_says_and_even_over_zones() {
        let item = |name: &str, base, weight| StrategyItem {
            provider: CapacityProviderName::new(name),
            base,
            weight,
        };
        let standing = |of: &[(&str, &str)]| -> Vec<Standing> {
            let one = |(name, zone): &(&str, &str)| Standing {
                provider: (!name.is_empty()).then(|| CapacityProviderName::new(*name)),
                zone: (*zone).into(),
            };
            of.iter().map(one).collect()
        };
        let [x, y] = [("x", ""), ("y", "")];
        let strategy = [item("x", 0, 1), item("y", 0, 1)];
        assert_eq!(surplus(&strategy, &standing(&[x, x, y, y]), 2), [false, true, false, true]);
        assert_eq!(surplus(&strategy, &standing(&[x, x, x, y]), 2), [false, true, true, false]);
        let based = [item("x", 2, 0), item("y", 0, 1)];
        assert_eq!(surplus(&based, &standing(&[x, x, y, y]), 3), [false, false, false, true]);
        // Of a provider that the strategy has no more, first.
        assert_eq!(surplus(&strategy, &standing(&[("z", ""), x, y]), 2), [true, false, false]);
        let zones = [("", "a"), ("", "a"), ("", "a"), ("", "b")];
        assert_eq!(surplus(&[], &standing(&zones), 2), [false, true, true, false]);
        assert_eq!(surplus(&[], &standing(&zones), 5), [false; 4]);
    }

    proptest! {
        #[test]
        fn nobody_is_more_than_a_task_off_its_part(weights in prop::collection::vec(1_u32..20, 1..6), base in 0_u32..10, more in 0_u32..200) {
            let mut shares: Vec<Share> = weights.iter().map(|&weight| Share { base: 0, weight }).collect();
            shares[0].base = base;
            let gets = distribute(&shares, &vec![0; shares.len()], more);
            prop_assert_eq!(gets.iter().sum::<u32>(), more);
            let rest = more.saturating_sub(base);
            let total: u32 = weights.iter().sum();
            for (got, share) in gets.iter().zip(&shares).filter(|_| more >= base) {
                let part = f64::from(rest) * f64::from(share.weight) / f64::from(total);
                prop_assert!((f64::from(got - share.base) - part).abs() < weights.len() as f64);
            }
        }
    }
}
