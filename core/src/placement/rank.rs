//! Which of the places that meet a request it gets: strategies as keys, one after the other, as ECS takes them.
//!
//! The best place has the least first key; among those, the least second one; and so on. A spread counts the tasks of
//! the kin among the instances that have, of this attribute and of all those that it was spread over before, the same
//! values: over zones and then over racks means over the racks of a zone. Last comes whoever joined first.

use std::collections::BTreeMap;

use super::ledger::{Instance, Slot};
use super::needs::{Needs, Queries};
use crate::model::{BinpackField, ContainerInstance, PlacementStrategy, SpreadField};

/// What places are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Tasks of the kin where the attribute has the same value.
    Alike(String),
    /// Tasks of the kin on the instance.
    Here,
    /// CPU units left.
    Cpu,
    /// Memory left.
    Memory,
    /// Most memory left.
    Roomiest,
    /// Any order, another one for each seed.
    Random,
}

/// The keys of a request, the first one weighs most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys(pub(super) Vec<Key>);

impl Keys {
    /// Where nothing is said, over zones and then over instances, as ECS does for services. Where a spread has the last
    /// word, the roomiest of those that are left.
    pub(super) fn of(strategy: &[PlacementStrategy]) -> Self {
        let mut keys: Vec<Key> = strategy.iter().map(key).collect();
        if keys.is_empty() {
            keys = vec![Key::Alike(ContainerInstance::ZONE.into()), Key::Here];
        }
        if matches!(keys.last(), Some(Key::Alike(_) | Key::Here)) {
            keys.push(Key::Roomiest);
        }
        Self(keys)
    }

    /// Whether nothing but chance decides.
    pub(super) fn is_random(&self) -> bool {
        self.0.first() == Some(&Key::Random)
    }
}

fn key(strategy: &PlacementStrategy) -> Key {
    match strategy {
        PlacementStrategy::Random => Key::Random,
        PlacementStrategy::Spread(SpreadField::Instance) => Key::Here,
        PlacementStrategy::Spread(SpreadField::Attribute(name)) => Key::Alike(name.clone()),
        PlacementStrategy::Binpack(BinpackField::Cpu) => Key::Cpu,
        PlacementStrategy::Binpack(BinpackField::Memory) => Key::Memory,
    }
}

/// The value of a key that looks at the instance alone.
pub(super) fn of_instance(key: &Key, instance: &Instance, kin_here: u32) -> u64 {
    match key {
        Key::Here => kin_here.into(),
        Key::Cpu => instance.cpu_left(),
        Key::Memory => instance.memory_left(),
        Key::Roomiest => u64::MAX - instance.memory_left(),
        Key::Alike(_) | Key::Random => 0,
    }
}

/// The value of an attribute that instances are alike in.
pub(super) fn value<'a>(instance: &'a Instance, attribute: &str) -> Option<&'a str> {
    instance.facts.attributes.get(attribute).map(String::as_str)
}

/// Numbers for what instances are alike in: of the number before and the value of one more attribute.
#[derive(Default)]
struct Alike<'a> {
    known: Vec<(u32, Option<&'a str>)>,
    by_value: BTreeMap<(u32, Option<&'a str>), u32>,
}

impl<'a> Alike<'a> {
    /// So few are found sooner by a look at all of them.
    const FEW: usize = 16;

    fn number(&mut self, before: u32, value: Option<&'a str>) -> u32 {
        let key = (before, value);
        let found = if self.known.len() <= Self::FEW {
            self.known.iter().position(|known| *known == key).and_then(|at| u32::try_from(at + 1).ok())
        } else {
            self.by_value.get(&key).copied()
        };
        found.unwrap_or_else(|| {
            self.known.push(key);
            let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            self.by_value.insert(key, number);
            number
        })
    }
}

/// Looks at every instance.
pub(super) fn scan(
    slots: &[Slot],
    kin: Option<&BTreeMap<u32, u32>>,
    keys: &Keys,
    needs: &Needs,
    queries: &mut Queries,
    seed: u64,
) -> Option<u32> {
    struct Candidate<'a> {
        slot: u32,
        instance: &'a Instance,
        alike: u32,
        rank: u64,
    }
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for (slot, place) in (0..).zip(slots) {
        let Some(instance) = place.instance.as_ref().filter(|instance| instance.accepts) else { continue };
        if needs.lack(slot as usize, place, instance, queries).is_none() {
            candidates.push(Candidate { slot, instance, alike: 0, rank: 0 });
        }
    }
    let kin_here = |slot: u32| kin.and_then(|kin| kin.get(&slot)).copied().unwrap_or(0);
    let mut relatives: Vec<(&Instance, u32, u32)> = kin
        .into_iter()
        .flatten()
        .filter_map(|(&slot, &count)| Some((slots.get(slot as usize)?.instance.as_ref()?, count, 0)))
        .filter(|(instance, ..)| instance.active)
        .collect();
    let mut alike = Alike::default();
    for key in &keys.0 {
        // By number; who has one that is not there has no kin.
        let mut counts: Vec<u64> = Vec::new();
        if let Key::Alike(attribute) = key {
            for (instance, count, before) in &mut relatives {
                *before = alike.number(*before, value(instance, attribute));
                let at = *before as usize;
                counts.resize(counts.len().max(at + 1), 0);
                counts[at] += u64::from(*count);
            }
        }
        for candidate in &mut candidates {
            candidate.rank = match key {
                Key::Alike(attribute) => {
                    candidate.alike = alike.number(candidate.alike, value(candidate.instance, attribute));
                    counts.get(candidate.alike as usize).copied().unwrap_or(0)
                }
                Key::Random => chance(seed, candidate.slot.into()),
                key => of_instance(key, candidate.instance, kin_here(candidate.slot)),
            };
        }
        let Some(least) = candidates.iter().map(|candidate| candidate.rank).min() else { break };
        candidates.retain(|candidate| candidate.rank == least);
    }
    candidates.first().map(|candidate| candidate.slot)
}

/// A number that looks like chance and is the same each time (SplitMix64).
pub(super) fn chance(seed: u64, of: u64) -> u64 {
    let mut mixed = seed.wrapping_add(of.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
