//! GPUs: how many a task asks for, which of an instance's it gets, and which of its containers gets which.
//!
//! A number alone would give two tasks the same device: an instance registers ids, and a task holds some of them for
//! itself from the moment it has its place until it is over.

use crate::model::{Gpus, Overrides, TaskDefinition};

/// How many GPUs a task asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuNeed {
    /// So many.
    pub count: u32,
    /// All others, too, that nobody has; at least one.
    pub rest: bool,
}

impl GpuNeed {
    /// What the containers of a task of this definition ask for together.
    pub fn of(definition: &TaskDefinition, overrides: &Overrides) -> Self {
        let mut need = Self::default();
        for container in &definition.containers {
            match overrides.apply(container).gpus {
                Some(Gpus::Count(count)) => need.count = need.count.saturating_add(count),
                Some(Gpus::All) => need.rest = true,
                None => {}
            }
        }
        need
    }

    /// With fewer free ones it has no place.
    pub(super) fn least(self) -> u64 {
        u64::from(self.count) + u64::from(self.rest)
    }

    /// Those it gets of the free ones, of which there are enough.
    pub(super) fn pick<'a>(self, free: impl Iterator<Item = &'a String>) -> Vec<String> {
        let most = if self.rest { usize::MAX } else { self.count as usize };
        free.take(most).cloned().collect()
    }
}

/// Deals a task's GPUs out to its containers, by what each asks for: its number, in their order, and what is left to the
/// one that asks for all.
pub fn deal(asked: &[Option<Gpus>], ids: &[String]) -> Vec<Vec<String>> {
    let mut left = ids.iter().cloned();
    let number = |asks: &Option<Gpus>| match asks {
        Some(Gpus::Count(count)) => *count as usize,
        Some(Gpus::All) | None => 0,
    };
    let mut dealt: Vec<Vec<String>> =
        asked.iter().map(|asks| left.by_ref().take(number(asks)).collect()).collect();
    if let Some(all) = asked.iter().position(|asks| *asks == Some(Gpus::All)) {
        dealt[all] = left.collect();
    }
    dealt
}
