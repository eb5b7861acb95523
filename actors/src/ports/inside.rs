//! What a host offers inside its containers, as an agent asks for it.

use async_trait::async_trait;
use mainstay_core::model::{ContainerSpec, TaskSpec};
use mainstay_core::secrets::Hidden;

/// Where containers find out about themselves: the task metadata endpoint, task protection, credentials of their role.
#[async_trait]
pub trait Inside: Send + Sync + 'static {
    /// The variables that tell a container where that is; the same ones each time it is asked. None where there is no way
    /// there. Bounded in time by the adapter.
    async fn variables(&self, task: &TaskSpec, container: &ContainerSpec) -> Vec<Variable>;
}

/// Nothing is offered.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingInside;

#[async_trait]
impl Inside for NothingInside {
    async fn variables(&self, _: &TaskSpec, _: &ContainerSpec) -> Vec<Variable> {
        Vec::new()
    }
}

/// A variable that a container is given beside those of its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Hidden,
    /// Whether one of that name from its definition, a secret or an environment file has the word. Where an agent is to be
    /// found, the genuine agent says itself, whatever the definition says.
    pub yields: bool,
}

/// The variables that a container gets, each with a name of its own: those it is told in the place of `given` ones, but
/// for those that yield to them.
pub fn told(
    told: Vec<Variable>,
    given: &[(String, String)],
    added: &[(String, Hidden)],
) -> Vec<(String, Hidden)> {
    let is_given = |name: &str| {
        given.iter().any(|(known, _)| known == name) || added.iter().any(|(known, _)| known == name)
    };
    let kept = told.into_iter().filter(|variable| !variable.yields || !is_given(variable.name));
    kept.map(|variable| (variable.name.to_owned(), variable.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_variable_that_yields_leaves_the_word_to_the_definition() {
        let variable = |name, yields| Variable { name, value: Hidden::new("ours"), yields };
        let given = [("A".to_owned(), "theirs".to_owned()), ("B".to_owned(), "theirs".to_owned())];
        let added = [("C".to_owned(), Hidden::new("theirs"))];
        let all = vec![variable("A", false), variable("B", true), variable("C", true), variable("D", true)];
        let names: Vec<String> = told(all, &given, &added).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A", "D"]);
    }
}
