//! What an instance has to be and to have for a request; expressions are compiled once, and what they say of an
//! instance is remembered for as long as its facts stay the same.

use std::collections::BTreeMap;

use super::ledger::{Instance, Slot};
use super::query::{Query, TasksHere};
use super::{GpuNeed, Lack, Request};
use crate::model::{PlacementConstraint, Resources};

/// More expressions than this, and all are forgotten.
const MANY: usize = 1024;

/// Expressions by their text.
#[derive(Debug, Clone, Default)]
pub(super) struct Queries {
    known: Vec<Known>,
    by_text: BTreeMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Known {
    /// None where it is no expression, which then means no instance.
    query: Option<Query>,
    asks_for_tasks: bool,
    /// By slot: for which version of the facts, and what it said.
    said: Vec<(u32, bool)>,
}

impl Queries {
    /// Whether it is time to begin anew.
    pub(super) fn are_many(&self) -> bool {
        self.known.len() > MANY
    }

    fn number(&mut self, text: &str) -> usize {
        if let Some(&number) = self.by_text.get(text) {
            return number;
        }
        let query = text.parse::<Query>().ok();
        let asks_for_tasks = query.as_ref().is_some_and(Query::asks_for_tasks);
        self.known.push(Known { query, asks_for_tasks, said: Vec::new() });
        self.by_text.insert(text.to_owned(), self.known.len() - 1);
        self.known.len() - 1
    }

    fn means(&mut self, number: usize, slot: usize, place: &Slot, instance: &Instance) -> bool {
        let known = &mut self.known[number];
        let Some(query) = &known.query else { return false };
        if known.asks_for_tasks {
            return query.matches(&instance.facts, instance);
        }
        if known.said.len() <= slot {
            known.said.resize(slot + 1, (0, false));
        }
        let said = &mut known.said[slot];
        if said.0 != place.facts_version {
            *said = (place.facts_version, query.matches(&instance.facts, instance));
        }
        said.1
    }
}

/// A request without what ranks the places that meet it.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    resources: Resources,
    gpus: GpuNeed,
    attributes: Vec<(String, String)>,
    group: String,
    distinct: bool,
    /// Text and number.
    members_of: Vec<(String, usize)>,
}

impl Needs {
    pub(super) fn new(request: &Request, queries: &mut Queries) -> Self {
        let expressions = request.constraints.iter().filter_map(|constraint| match constraint {
            PlacementConstraint::MemberOf(text) => Some(text),
            PlacementConstraint::DistinctInstance => None,
        });
        Self {
            resources: request.resources.clone(),
            gpus: request.gpus,
            attributes: request.attributes.clone(),
            group: request.group.clone(),
            distinct: request.constraints.contains(&PlacementConstraint::DistinctInstance),
            members_of: expressions.map(|text| (text.clone(), queries.number(text))).collect(),
        }
    }

    /// What is lacking, the furthest away first; an instance that does not take tasks now is not asked about.
    pub(super) fn lack(
        &self,
        slot: usize,
        place: &Slot,
        instance: &Instance,
        queries: &mut Queries,
    ) -> Option<Lack> {
        let attributes = &instance.facts.attributes;
        if self.attributes.iter().any(|(name, value)| attributes.get(name) != Some(value)) {
            return Some(Lack::Attribute);
        }
        if self.members_of.iter().any(|(_, number)| !queries.means(*number, slot, place, instance)) {
            return Some(Lack::MemberOf);
        }
        instance
            .lacks(&self.resources, self.gpus)
            .or_else(|| self.taken(instance).then_some(Lack::DistinctInstance))
    }

    /// The constraints that it does not meet, in ECS's notation.
    pub(super) fn unmet(
        &self,
        slot: usize,
        place: &Slot,
        instance: &Instance,
        queries: &mut Queries,
    ) -> Vec<String> {
        let expressions = self.members_of.iter();
        let unmet = expressions.filter(|(_, number)| !queries.means(*number, slot, place, instance));
        let mut unmet: Vec<String> = unmet.map(|(text, _)| format!("memberOf({text})")).collect();
        unmet.extend(self.taken(instance).then(|| "distinctInstance".to_owned()));
        unmet
    }

    fn taken(&self, instance: &Instance) -> bool {
        self.distinct && instance.groups.contains_key(&self.group)
    }
}

impl TasksHere for Instance {
    fn count(&self) -> u32 {
        self.groups.values().sum()
    }

    fn any_group(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        self.groups.keys().any(|group| wanted(group))
    }
}
