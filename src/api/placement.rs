//! Placement constraints and strategies, from the wire and back.

use mainstay_core::model::{self, BinpackField, LaunchType, SpreadField, TaskDefinition};
use mainstay_core::placement::query::Query;

use super::error::{Answer, ApiError};
use super::wire::enums::{
    PlacementConstraintType, PlacementStrategyType, TaskDefinitionPlacementConstraintType,
};
use super::wire::structures::{PlacementConstraint, PlacementStrategy, TaskDefinitionPlacementConstraint};
use super::wire::{At, Invalid};
use super::{at_most, attributes};

/// ECS's limit of a task's constraints, those of its definition and those of its service or RunTask together.
const MOST_CONSTRAINTS: usize = 10;
/// ECS's limit of a service's or RunTask's strategies.
const MOST_STRATEGIES: usize = 5;
/// ECS's limit of an expression, in characters.
const LONGEST_EXPRESSION: i64 = 2000;

/// The constraints of a service or a RunTask.
///
/// # Errors
/// InvalidParameterException: more than may be beside the definition's, Fargate, or an expression that is none, with
/// the column where it goes wrong.
pub(super) fn constraints(
    given: Vec<PlacementConstraint>,
    definition: &TaskDefinition,
    launch_type: LaunchType,
) -> Answer<Vec<model::PlacementConstraint>> {
    on_instances("Placement constraints", &given, launch_type)?;
    check_count(given.len(), definition)?;
    let list = At::ROOT.field("placementConstraints");
    let read = |(index, constraint): (usize, PlacementConstraint)| {
        let at = list.index(index);
        let PlacementConstraint { expression, r#type } = constraint;
        match r#type {
            Some(PlacementConstraintType::DistinctInstance) if expression.is_none() => {
                Ok(model::PlacementConstraint::DistinctInstance)
            }
            Some(PlacementConstraintType::DistinctInstance) => {
                let at = at.field("expression");
                Err(Invalid(format!("{at} is given; a distinctInstance constraint has none.")))
            }
            _ => {
                at.required("type", r#type.is_some())?;
                member_of(&at, expression)
            }
        }
    };
    let constraints: Vec<_> = given.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(constraints)
}

/// The constraints of a task definition.
///
/// # Errors
/// As [`constraints`], without the exception.
pub(super) fn of_definition(
    given: Vec<TaskDefinitionPlacementConstraint>,
) -> Result<Vec<model::PlacementConstraint>, Invalid> {
    if given.len() > MOST_CONSTRAINTS {
        return Err(Invalid(format!("placementConstraints can have at most {MOST_CONSTRAINTS} items.")));
    }
    let list = At::ROOT.field("placementConstraints");
    let read = |(index, constraint): (usize, TaskDefinitionPlacementConstraint)| {
        let at = list.index(index);
        at.required("type", constraint.r#type.is_some())?;
        member_of(&at, constraint.expression)
    };
    given.into_iter().enumerate().map(read).collect()
}

/// Whether a definition's constraints and so many others are few enough.
pub(super) fn check_count(others: usize, definition: &TaskDefinition) -> Answer<()> {
    let of_definition = definition.placement_constraints.len();
    if of_definition + others <= MOST_CONSTRAINTS {
        return Ok(());
    }
    Err(ApiError::parameter(format!(
        "A task can have at most {MOST_CONSTRAINTS} placement constraints, and here are {others} beside the \
         {of_definition} of its task definition."
    )))
}

fn member_of(at: &At<'_>, expression: Option<String>) -> Result<model::PlacementConstraint, Invalid> {
    let text = expression.unwrap_or_default();
    at.required("expression", !text.is_empty())?;
    at.length("expression", Some(text.chars().count()), 0..=LONGEST_EXPRESSION)?;
    match text.parse::<Query>() {
        Ok(_) => Ok(model::PlacementConstraint::MemberOf(text)),
        Err(error) => Err(Invalid(format!("{} is '{text}'; {error}.", at.field("expression")))),
    }
}

/// The strategies of a service or a RunTask.
///
/// # Errors
/// InvalidParameterException that says which field would be right.
pub(super) fn strategy(
    given: Vec<PlacementStrategy>,
    launch_type: LaunchType,
) -> Answer<Vec<model::PlacementStrategy>> {
    on_instances("Placement strategies", &given, launch_type)?;
    at_most("placementStrategy", &given, MOST_STRATEGIES)?;
    let list = At::ROOT.field("placementStrategy");
    let read = |(index, strategy): (usize, PlacementStrategy)| {
        let at = list.index(index);
        at.required("type", strategy.r#type.is_some())?;
        let field = strategy.field.unwrap_or_default();
        let wrong = |right: &str| Invalid(format!("{} is '{field}'; it must be {right}.", at.field("field")));
        match strategy.r#type {
            Some(PlacementStrategyType::Spread) => {
                spread_field(&field).map(model::PlacementStrategy::Spread).ok_or_else(|| {
                    wrong("instanceId, host or attribute:NAME, such as attribute:ecs.availability-zone")
                })
            }
            Some(PlacementStrategyType::Binpack) => match field.to_ascii_lowercase().as_str() {
                "cpu" => Ok(model::PlacementStrategy::Binpack(BinpackField::Cpu)),
                "memory" => Ok(model::PlacementStrategy::Binpack(BinpackField::Memory)),
                _ => Err(wrong("cpu or memory")),
            },
            // Words of nobody were refused; the field of this one is not used, as in ECS.
            _ => Ok(model::PlacementStrategy::Random),
        }
    };
    let strategies: Vec<_> = given.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(strategies)
}

fn spread_field(field: &str) -> Option<SpreadField> {
    match field {
        "instanceId" | "host" => Some(SpreadField::Instance),
        _ => {
            let name = field.strip_prefix("attribute:").filter(|name| attributes::is_name(name))?;
            Some(SpreadField::Attribute(name.to_owned()))
        }
    }
}

fn on_instances<T>(what: &str, given: &[T], launch_type: LaunchType) -> Answer<()> {
    if given.is_empty() || launch_type != LaunchType::Fargate {
        return Ok(());
    }
    Err(ApiError::parameter(format!("{what} are not supported with FARGATE launch type.")))
}

/// Constraints as answers show them.
pub(super) fn show_constraints(constraints: &[model::PlacementConstraint]) -> Vec<PlacementConstraint> {
    let shown = |constraint: &model::PlacementConstraint| match constraint {
        model::PlacementConstraint::DistinctInstance => {
            PlacementConstraint { r#type: Some(PlacementConstraintType::DistinctInstance), expression: None }
        }
        model::PlacementConstraint::MemberOf(expression) => PlacementConstraint {
            r#type: Some(PlacementConstraintType::MemberOf),
            expression: Some(expression.clone()),
        },
    };
    constraints.iter().map(shown).collect()
}

/// Those of a task definition.
pub(super) fn show_of_definition(
    constraints: &[model::PlacementConstraint],
) -> Vec<TaskDefinitionPlacementConstraint> {
    let shown = |constraint: &model::PlacementConstraint| match constraint {
        model::PlacementConstraint::MemberOf(expression) => Some(TaskDefinitionPlacementConstraint {
            r#type: Some(TaskDefinitionPlacementConstraintType::MemberOf),
            expression: Some(expression.clone()),
        }),
        model::PlacementConstraint::DistinctInstance => None,
    };
    constraints.iter().filter_map(shown).collect()
}

/// Strategies as answers show them.
pub(super) fn show_strategy(strategy: &[model::PlacementStrategy]) -> Vec<PlacementStrategy> {
    let shown = |strategy: &model::PlacementStrategy| match strategy {
        model::PlacementStrategy::Random => {
            PlacementStrategy { r#type: Some(PlacementStrategyType::Random), field: None }
        }
        model::PlacementStrategy::Spread(field) => {
            PlacementStrategy { r#type: Some(PlacementStrategyType::Spread), field: Some(field.to_string()) }
        }
        model::PlacementStrategy::Binpack(field) => PlacementStrategy {
            r#type: Some(PlacementStrategyType::Binpack),
            field: Some(field.as_str().to_uppercase()),
        },
    };
    strategy.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn definition(constraints: usize) -> TaskDefinition {
        let one = model::PlacementConstraint::MemberOf("attribute:a exists".into());
        let definition = mainstay_actors::sim::definition("web", Vec::new());
        TaskDefinition { placement_constraints: vec![one; constraints], ..definition }
    }

    #[track_caller]
    fn constrained(given: Value, expected: &str) {
        let given = serde_json::from_value(given).unwrap();
        let said = match constraints(given, &definition(0), LaunchType::Ec2) {
            Ok(read) => serde_json::to_string(&show_constraints(&read)).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn constraints_are_shown_as_given_and_a_wrong_expression_is_refused_with_its_column() {
        constrained(
            json!([{"type": "distinctInstance"}, {"type": "memberOf", "expression": "attribute:a == b"}]),
            r#"[{"type":"distinctInstance"},{"expression":"attribute:a == b","type":"memberOf"}]"#,
        );
        constrained(
            json!([{"type": "memberOf", "expression": "attribute:a = b"}]),
            "InvalidParameterException: placementConstraints[0].expression is 'attribute:a = b'; column 13: \
             expected an operator (== != > >= < <= exists !exists in !in =~ !~), found `=`.",
        );
        constrained(
            json!([{"type": "memberOf"}]),
            "InvalidParameterException: placementConstraints[0].expression is required.",
        );
        constrained(
            json!([{"expression": "attribute:a == b"}]),
            "InvalidParameterException: placementConstraints[0].type is required.",
        );
        constrained(
            json!([{"type": "distinctInstance", "expression": "attribute:a == b"}]),
            "InvalidParameterException: placementConstraints[0].expression is given; a distinctInstance \
             constraint has none.",
        );
    }

    #[test]
    fn a_tasks_constraints_are_counted_with_those_of_its_definition() {
        let five = || {
            vec![
                PlacementConstraint {
                    r#type: Some(PlacementConstraintType::DistinctInstance),
                    expression: None
                };
                5
            ]
        };
        assert!(constraints(five(), &definition(5), LaunchType::Ec2).is_ok());
        let refusal = constraints(five(), &definition(6), LaunchType::Ec2).unwrap_err();
        assert!(refusal.message().contains("at most 10 placement constraints"), "{refusal}");
        let refusal = constraints(five(), &definition(0), LaunchType::Fargate).unwrap_err();
        assert!(refusal.message().contains("not supported with FARGATE"), "{refusal}");
    }

    #[track_caller]
    fn placed(given: Value, expected: &str) {
        let said = match strategy(serde_json::from_value(given).unwrap(), LaunchType::Ec2) {
            Ok(read) => serde_json::to_string(&show_strategy(&read)).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn strategies_are_shown_in_ecs_words_and_a_wrong_field_is_refused_with_what_would_be_right() {
        placed(
            json!([
                {"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "spread", "field": "host"},
                {"type": "binpack", "field": "memory"}, {"type": "binpack", "field": "CPU"}, {"type": "random"}
            ]),
            r#"[{"field":"attribute:ecs.availability-zone","type":"spread"},{"field":"instanceId","type":"spread"},{"field":"MEMORY","type":"binpack"},{"field":"CPU","type":"binpack"},{"type":"random"}]"#,
        );
        placed(
            json!([{"type": "spread"}]),
            "InvalidParameterException: placementStrategy[0].field is ''; it must be instanceId, host or \
             attribute:NAME, such as attribute:ecs.availability-zone.",
        );
        placed(
            json!([{"type": "binpack", "field": "disk"}]),
            "InvalidParameterException: placementStrategy[0].field is 'disk'; it must be cpu or memory.",
        );
        placed(
            json!(vec![json!({"type": "random"}); 6]),
            "InvalidParameterException: placementStrategy can have at most 5 items.",
        );
    }
}
