//! How a capacity provider strategy shares tasks out.

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
