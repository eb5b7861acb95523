//! The places that fit a request, in the order of its strategies: for each value that it is spread over a node with the
//! number of its kin, and below the last of them the instances in order. The best place is the first below the nodes
//! with the fewest of the kin.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Slot;
use super::needs::{Needs, Queries};
use super::rank::{self, Key, Keys};

/// Values of the keys that look at an instance alone; strategies have at most five, and one of ours.
type Rank = [u64; 6];

/// The places that fit a request, in order.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// The end of the ledger's log when it was last brought up to date.
    pub(super) position: u64,
    /// What it is spread over, from the root down.
    spread: Vec<String>,
    keys: Vec<Key>,
    /// The first is the root.
    nodes: Vec<Node>,
    /// By slot.
    places: Vec<Option<Place>>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    parent: Option<usize>,
    children: BTreeMap<Option<String>, usize>,
    /// Tasks of the kin below.
    kin: u64,
    /// Places that fit below.
    fitting: u32,
    /// Of the lowest nodes: who fits.
    order: BTreeSet<(Rank, u32)>,
}

/// What an instance was when it was last looked at.
#[derive(Debug, Clone)]
struct Place {
    leaf: usize,
    facts_version: u32,
    kin: u32,
    rank: Option<Rank>,
}

/// What an index is kept up to date from.
pub(super) struct Surroundings<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) kin: Option<&'a BTreeMap<u32, u32>>,
    pub(super) needs: &'a Needs,
    pub(super) queries: &'a mut Queries,
}

impl Index {
    /// None for keys whose order changes for many instances at once: chance, and a spread behind something else.
    pub(super) fn build(keys: &Keys, around: &mut Surroundings<'_>, position: u64) -> Option<Self> {
        let leading = keys.0.iter().take_while(|key| matches!(key, Key::Alike(_))).count();
        let (spread, keys) = keys.0.split_at(leading);
        let unfit = |key: &Key| matches!(key, Key::Alike(_) | Key::Random);
        if keys.iter().any(unfit) || keys.len() > Rank::default().len() {
            return None;
        }
        let names = spread.iter().filter_map(|key| match key {
            Key::Alike(name) => Some(name.clone()),
            _ => None,
        });
        let mut index = Self {
            position,
            spread: names.collect(),
            keys: keys.to_vec(),
            nodes: vec![Node::default()],
            places: vec![None; around.slots.len()],
        };
        for slot in (0..).take(around.slots.len()) {
            index.update(slot, around);
        }
        Some(index)
    }

    /// Takes an instance as it is now.
    pub(super) fn update(&mut self, slot: u32, around: &mut Surroundings<'_>) {
        let at = slot as usize;
        if self.places.len() <= at {
            self.places.resize(at + 1, None);
        }
        let before = self.places[at].take();
        if let Some(Place { leaf, kin, rank: Some(rank), .. }) = &before {
            self.nodes[*leaf].order.remove(&(*rank, slot));
            self.add(*leaf, -i64::from(*kin), -1);
        } else if let Some(Place { leaf, kin, .. }) = &before {
            self.add(*leaf, -i64::from(*kin), 0);
        }
        let Some(place) = around.slots.get(at) else { return };
        let Some(instance) = &place.instance else { return };
        let facts_version = place.facts_version;
        let same = before.filter(|before| before.facts_version == facts_version);
        let leaf = same.map(|before| before.leaf).unwrap_or_else(|| {
            let mut node = 0;
            for depth in 0..self.spread.len() {
                node = self.child(node, rank::value(instance, &self.spread[depth]).map(str::to_owned));
            }
            node
        });
        let kin_here = around.kin.and_then(|kin| kin.get(&slot)).copied().unwrap_or(0);
        let kin = if instance.active { kin_here } else { 0 };
        let fits = instance.accepts && around.needs.lack(at, place, instance, around.queries).is_none();
        let rank = fits.then(|| {
            let mut rank = Rank::default();
            for (value, key) in rank.iter_mut().zip(&self.keys) {
                *value = rank::of_instance(key, instance, kin_here);
            }
            rank
        });
        if let Some(rank) = rank {
            self.nodes[leaf].order.insert((rank, slot));
        }
        self.add(leaf, kin.into(), rank.is_some().into());
        self.places[at] = Some(Place { leaf, facts_version, kin, rank });
    }

    /// The place that comes first.
    pub(super) fn best(&self) -> Option<u32> {
        let mut nodes = vec![0];
        for _ in &self.spread {
            let below = nodes.iter().flat_map(|node| self.nodes[*node].children.values().copied());
            let below: Vec<usize> = below.filter(|node| self.nodes[*node].fitting > 0).collect();
            let fewest = below.iter().map(|node| self.nodes[*node].kin).min()?;
            nodes = below.into_iter().filter(|node| self.nodes[*node].kin == fewest).collect();
        }
        let firsts = nodes.iter().filter_map(|node| self.nodes[*node].order.first());
        firsts.min().map(|(_, slot)| *slot)
    }

    fn child(&mut self, parent: usize, value: Option<String>) -> usize {
        if let Some(&known) = self.nodes[parent].children.get(&value) {
            return known;
        }
        let number = self.nodes.len();
        self.nodes.push(Node { parent: Some(parent), ..Node::default() });
        self.nodes[parent].children.insert(value, number);
        number
    }

    /// Adds to a node and all above it.
    fn add(&mut self, node: usize, kin: i64, fitting: i32) {
        let mut next = Some(node);
        while let Some(at) = next {
            let node = &mut self.nodes[at];
            node.kin = node.kin.saturating_add_signed(kin);
            node.fitting = node.fitting.saturating_add_signed(fitting);
            next = node.parent;
        }
    }
}
