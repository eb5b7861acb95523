//! What becomes of each member of a task definition: `docs/parameters.md`, held against the service model and the API.

mod table;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::tests::registered;
use crate::api::wire::member::{Kind, Member};
use crate::api::wire::members::STRUCTURES;
use table::TABLE;

/// A task definition in which every member that is taken says something.
const EXAMPLE: &str = include_str!("parameters/example.json");

/// What becomes of a member, with a few words on how or why.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It has the effect that it has in ECS.
    Honoured(&'static str),
    /// It is refused by name where it says anything.
    Refused(&'static str),
    /// It is taken and shown again, without effect.
    Echoed(&'static str),
    /// It is in answers only.
    Told(&'static str),
}

impl Fate {
    fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Honoured(how) => ("honoured", how),
            Self::Refused(why) => ("refused", why),
            Self::Echoed(why) => ("shown, without effect", why),
            Self::Told(what) => ("in answers only", what),
        }
    }
}

/// A member by the members that lead to it.
type Trail = Vec<&'static Member>;

fn members_of(structure: &str) -> &'static [Member] {
    STRUCTURES.iter().find(|known| known.name == structure).map(|known| known.members).unwrap()
}

/// The structure that is in a value, by itself, in a list or in a map.
fn structure_in(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Structure(name) => Some(name),
        Kind::List(inner) | Kind::Map(inner) => structure_in(inner),
        _ => None,
    }
}

/// Every member below a structure, with those on the way.
fn trails(structure: &str) -> Vec<Trail> {
    let below = |member: &'static Member| {
        let below = structure_in(&member.kind).map(trails).unwrap_or_default();
        let longer = below.into_iter().map(|rest| [vec![member], rest].concat());
        std::iter::once(vec![member]).chain(longer).collect::<Vec<_>>()
    };
    members_of(structure).iter().flat_map(below).collect()
}

fn path(trail: &[&Member]) -> String {
    let (last, before) = trail.split_last().unwrap();
    let step = |member: &&Member| match member.kind {
        Kind::List(_) => format!("{}[].", member.name),
        _ => format!("{}.", member.name),
    };
    before.iter().map(step).collect::<String>() + last.name
}

/// All members of requests, by path, with the trail that leads there; and those of answers without.
fn everything() -> BTreeMap<String, Option<Trail>> {
    let asked = trails("RegisterTaskDefinitionRequest").into_iter().map(|trail| (path(&trail), Some(trail)));
    let mut all: BTreeMap<String, Option<Trail>> = asked.collect();
    for member in members_of("TaskDefinition") {
        all.entry(member.name.to_owned()).or_insert(None);
    }
    all
}

/// By which paths are sorted: what is in a member follows it.
fn order(path: &str) -> String {
    path.replace("[]", "")
}

fn fate(path: &str) -> Option<Fate> {
    TABLE.iter().find(|(known, _)| *known == path).map(|(_, fate)| *fate)
}

/// The refused member that a path is below of.
fn refused_above(path: &str) -> Option<&'static str> {
    let below = |known: &str| {
        path.strip_prefix(known).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]."))
    };
    TABLE
        .iter()
        .find(|(known, fate)| matches!(fate, Fate::Refused(_)) && below(known))
        .map(|(known, _)| *known)
}

/// A value that says something.
fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Structure(name) => {
            let required = members_of(name).iter().filter(|member| member.required);
            Value::Object(required.map(|member| (member.name.to_owned(), value(&member.kind))).collect())
        }
        Kind::Text => json!("x"),
        Kind::Word(words) => json!(words[0]),
        Kind::Number | Kind::Time => json!(1),
        Kind::Flag => json!(true),
        Kind::List(item) => json!([value(item)]),
        Kind::Map(item) => json!({ "x": value(item) }),
    }
}

/// Puts a value at the end of a trail, and what is required on the way.
fn put(into: &mut Map<String, Value>, trail: &[&Member]) {
    let Some((first, rest)) = trail.split_first() else { return };
    let at = into.entry(first.name).or_insert_with(|| value(&first.kind));
    let inner = match at {
        Value::Array(items) => &mut items[0],
        other => other,
    };
    if let Value::Object(inner) = inner {
        put(inner, rest);
    }
}

#[test]
fn the_table_of_parameters_has_every_member_of_the_service_model_and_no_other() {
    let all = everything();
    let said = |path: &String| fate(path).is_some() || refused_above(path).is_some();
    let missing: Vec<_> = all.keys().filter(|path| !said(path)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let surplus: Vec<_> =
        TABLE.iter().filter(|(path, _)| !all.contains_key(*path) || refused_above(path).is_some()).collect();
    assert!(
        surplus.is_empty(),
        "in the table, but not in the model, or refused with what is above: {surplus:#?}"
    );
    assert!(TABLE.is_sorted_by_key(|(path, _)| order(path)), "the table is out of order");
    for (path, fate) in TABLE {
        assert_eq!(matches!(fate, Fate::Told(_)), all[*path].is_none(), "{path}: in answers only, or not");
    }
}

/// Writes the table anew where `MAINSTAY_UPDATE` is set.
#[test]
fn the_document_of_parameters_is_what_the_table_says() {
    let mut document = String::from(
        "# Parameters of a task definition\n\nEvery member that ECS's service model knows in a RegisterTaskDefinition or \
         in the task definition that is answered, and what becomes of it here. Made from the code by a test \
         (`MAINSTAY_UPDATE=1 cargo test -p mainstay --lib parameters`), which also tries each: what is refused is refused by \
         name, what is taken comes back.\n\n| member | here | how, or why not |\n|---|---|---|\n",
    );
    let mut paths: Vec<String> = everything().into_keys().collect();
    paths.sort_by_key(|path| order(path));
    for path in &paths {
        let (here, why) = match (fate(path), refused_above(path)) {
            (Some(fate), _) => {
                let (here, why) = fate.shown();
                (here, why.to_owned())
            }
            (None, above) => ("refused", format!("with `{}`", above.unwrap_or_default())),
        };
        document.push_str(&format!("| `{path}` | {here} | {why} |\n"));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/parameters.md");
    if std::env::var_os("MAINSTAY_UPDATE").is_some() {
        std::fs::write(file, &document).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(written, document, "docs/parameters.md is out of date");
}

#[test]
fn each_member_that_the_table_calls_refused_is_refused_by_the_api_by_its_path() {
    for (path, trail) in everything() {
        let refused = matches!(fate(&path), Some(Fate::Refused(_))) || refused_above(&path).is_some();
        let Some(trail) = trail.filter(|_| refused) else { continue };
        let mut request = json!({
            "family": "web",
            "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}],
        });
        put(request.as_object_mut().unwrap(), &trail);
        let said = registered(&request).expect_err(&path);
        // Lists have one item here.
        let refusal =
            said.strip_prefix("ClientException: ").and_then(|said| said.split_once(" is not supported"));
        let named = refusal.map(|(named, _)| named.replace("[0]", "[]")).unwrap_or_default();
        assert!(!named.is_empty() && path.starts_with(&named), "{path}: {said}");
    }
}

/// Whether something is given at a path of names.
fn says(value: &Value, steps: &[&str]) -> bool {
    match (value, steps.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| says(item, steps)),
        (_, None) => true,
        (Value::Object(members), Some((first, rest))) => {
            members.get(*first).is_some_and(|member| says(member, rest))
        }
        _ => false,
    }
}

/// What of `given` is not in `shown`, by path.
fn lost(at: &str, given: &Value, shown: &Value) -> Vec<String> {
    match (given, shown) {
        (Value::Object(given), Value::Object(shown)) => {
            let member = |(name, given): (&String, &Value)| {
                lost(&format!("{at}.{name}"), given, shown.get(name).unwrap_or(&Value::Null))
            };
            given.iter().flat_map(member).collect()
        }
        (Value::Array(given), Value::Array(shown)) if given.len() == shown.len() => {
            let pairs = given.iter().zip(shown).enumerate();
            pairs.flat_map(|(index, (given, shown))| lost(&format!("{at}[{index}]"), given, shown)).collect()
        }
        _ if given == shown => Vec::new(),
        _ => vec![format!("{at}: given {given}, shown {shown}")],
    }
}

#[test]
fn each_member_that_the_table_calls_taken_is_taken_and_shown_again() {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    for (path, fate) in TABLE.iter().filter(|(_, fate)| matches!(fate, Fate::Honoured(_) | Fate::Echoed(_))) {
        let steps: Vec<&str> = path.split('.').map(|step| step.trim_end_matches("[]")).collect();
        assert!(says(&example, &steps), "{path} is {fate:?} and missing in example.json");
    }
    let shown = registered(&example).unwrap();
    let mut given = example;
    // Answers have them beside the task definition.
    given.as_object_mut().unwrap().remove("tags");
    assert_eq!(lost("", &given, &shown), Vec::<String>::new());
}
