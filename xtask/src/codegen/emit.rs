//! From shapes to Rust.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::model::{Model, Shape};

const HEAD: &str =
    "//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.\n";

/// All operations and exceptions of the service, the unsupported ones too: they are refused by name.
pub fn operations(model: &Model) -> String {
    let mut out = format!("{HEAD}\nuse super::{{exceptions, operations}};\n\noperations! {{\n");
    for name in model.operations.keys() {
        let _ = writeln!(out, "    {name},");
    }
    out.push_str("}\n\nexceptions! {\n");
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| shape.exception) {
        let of_rest = shape.error.as_ref().filter(|_| model.is_rest()).map(|status| status.code);
        let status = of_rest.unwrap_or(if shape.fault { 500 } else { 400 });
        let _ = writeln!(out, "    {name} = {status},");
    }
    out.push_str("}\n");
    out
}

/// Methods and paths of the operations of a REST service, and what is in their queries.
pub fn routes(model: &Model) -> String {
    let mut out = format!(
        "{HEAD}\nuse super::operations::Operation;\nuse super::{{Param, Route}};\n\npub const ROUTES: &[Route] = &[\n"
    );
    for (name, operation) in &model.operations {
        let (method, path) = (&operation.http.method, &operation.http.path);
        let _ = writeln!(
            out,
            "    Route {{ operation: Operation::{name}, method: {method:?}, path: {path:?}, query: &["
        );
        let input = operation.input.as_ref().map(|input| &model.shapes[&input.shape]);
        for (member, of) in input.into_iter().flat_map(|input| &input.members) {
            if of.location.as_deref() != Some("querystring") {
                continue;
            }
            let called = of.location_name.as_ref().unwrap_or(member);
            let param = match model.shapes[&of.shape].kind.as_str() {
                "string" => "Text",
                "integer" | "long" => "Number",
                "list" => "List",
                other => panic!("{name}: no query parameter of kind {other}"),
            };
            let _ = writeln!(out, "({called:?}, {member:?}, Param::{param}),");
        }
        out.push_str("    ] },\n");
    }
    out.push_str("];\n");
    out
}

/// The enums that are used.
pub fn enums(model: &Model) -> String {
    let mut out = format!("{HEAD}\nuse super::wire_enum;\n");
    for (name, shape) in model.used("string").filter(|(_, shape)| !shape.words.is_empty()) {
        let _ = writeln!(out, "\nwire_enum! {{\n    {name} {{");
        for word in &shape.words {
            let _ = writeln!(out, "        {} = {word:?},", variant(word));
        }
        out.push_str("    }\n}\n");
    }
    out
}

/// The structures that are used.
pub fn structures(model: &Model) -> String {
    let mut out = String::new();
    for (name, shape) in model.used("structure") {
        structure(&mut out, model, name, shape);
        if model.inputs.contains(name) {
            check(&mut out, model, name, shape);
        }
    }
    let maps = if out.contains("BTreeMap<") { "use std::collections::BTreeMap;\n\n" } else { "" };
    let time = if out.contains("<Timestamp>") { ", Timestamp" } else { "" };
    format!(
        "{HEAD}\n{maps}use serde::{{Deserialize, Serialize}};\n\n\
         use super::enums::*;\nuse super::{{At, Check, Invalid{time}}};\n{out}"
    )
}

/// The members of a task definition's structures, for who tells what becomes of each.
pub fn members(model: &Model) -> String {
    let mut reached = BTreeSet::new();
    for root in ["RegisterTaskDefinitionRequest", "TaskDefinition"] {
        model.reach(root, &mut reached);
    }
    let mut out = format!(
        "{HEAD}\nuse super::enums::*;\nuse super::member::{{Kind, Member, Structure}};\n\n\
         pub const STRUCTURES: &[Structure] = &[\n"
    );
    for (name, shape) in model.used("structure").filter(|(name, _)| reached.contains(*name)) {
        let _ = writeln!(out, "    Structure {{ name: {name:?}, members: &[");
        for (member, of) in &shape.members {
            let required = shape.required.contains(member);
            let kind = kind(model, &of.shape);
            let _ = writeln!(out, "Member {{ name: {member:?}, kind: {kind}, required: {required} }},");
        }
        out.push_str("    ] },\n");
    }
    out.push_str("];\n");
    out
}

/// What a value of a shape looks like, down to the structure or word that is in it.
fn kind(model: &Model, name: &str) -> String {
    let shape = &model.shapes[name];
    let inner = |part: &Option<super::model::Ref>| {
        part.as_ref().map(|part| kind(model, &part.shape)).unwrap_or_default()
    };
    match shape.kind.as_str() {
        "structure" => format!("Kind::Structure({name:?})"),
        "string" if shape.words.is_empty() => "Kind::Text".to_owned(),
        "string" => format!("Kind::Word({name}::WORDS)"),
        "integer" | "long" | "double" => "Kind::Number".to_owned(),
        "boolean" => "Kind::Flag".to_owned(),
        "timestamp" => "Kind::Time".to_owned(),
        "list" => format!("Kind::List(&{})", inner(&shape.member)),
        "map" => format!("Kind::Map(&{})", inner(&shape.value)),
        other => panic!("{name}: no kind for {other}"),
    }
}

fn structure(out: &mut String, model: &Model, name: &str, shape: &Shape) {
    let mut derives = vec!["Debug", "Clone", "Default", "PartialEq"];
    let (read, written) = (model.inputs.contains(name), model.outputs.contains(name));
    let is_pascal = |member: &String| member.starts_with(|first: char| first.is_uppercase());
    let pascal = !shape.members.is_empty() && shape.members.keys().all(is_pascal);
    let mut serde = vec![if pascal { "rename_all = \"PascalCase\"" } else { "rename_all = \"camelCase\"" }];
    if written {
        derives.push("Serialize");
    }
    if read {
        derives.push("Deserialize");
        serde.extend(["deny_unknown_fields", "default"]);
    }
    let _ = writeln!(out, "\n#[derive({})]\n#[serde({})]", derives.join(", "), serde.join(", "));
    let _ = writeln!(out, "pub struct {name} {{");
    for (member, of) in &shape.members {
        let field = snake(member);
        let mut attributes = Vec::new();
        let usual = if pascal { capitalized(&camel(&field)) } else { camel(&field) };
        if usual != *member {
            attributes.push(format!("rename = {member:?}"));
        }
        if written {
            attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        if !attributes.is_empty() {
            let _ = writeln!(out, "    #[serde({})]", attributes.join(", "));
        }
        let _ = writeln!(out, "    pub {}: Option<{}>,", escaped(&field), rust_type(model, &of.shape));
    }
    out.push_str("}\n");
}

fn check(out: &mut String, model: &Model, name: &str, shape: &Shape) {
    let mut body = String::new();
    for (member, of) in &shape.members {
        let field = escaped(&snake(member));
        if shape.required.contains(member) {
            let _ = writeln!(body, "        at.required({member:?}, self.{field}.is_some())?;");
        }
        if needs_check(model, &of.shape) {
            let _ = writeln!(body, "        self.{field}.check(&at.field({member:?}))?;");
        }
        let target = &model.shapes[&of.shape];
        if target.min.is_some() || target.max.is_some() {
            let (min, max) = (bound(target.min, 0), bound(target.max, i64::MAX));
            let act = match target.kind.as_str() {
                "long" => format!("at.range({member:?}, self.{field}, {min}..={max})?;"),
                "integer" => {
                    format!("at.range({member:?}, self.{field}.map(i64::from), {min}..={max})?;")
                }
                "double" => {
                    format!("at.range({member:?}, self.{field}.map(|number| number as i64), {min}..={max})?;")
                }
                "string" => format!(
                    "at.length({member:?}, self.{field}.as_ref().map(|text| text.chars().count()), {min}..={max})?;"
                ),
                "map" => format!(
                    "at.length({member:?}, self.{field}.as_ref().map(BTreeMap::len), {min}..={max})?;"
                ),
                _ => format!("at.length({member:?}, self.{field}.as_ref().map(Vec::len), {min}..={max})?;"),
            };
            let _ = writeln!(body, "        {act}");
        }
    }
    let at = if body.is_empty() { "_" } else { "at" };
    let _ = writeln!(
        out,
        "\nimpl Check for {name} {{\n    fn check(&self, {at}: &At<'_>) -> Result<(), Invalid> {{"
    );
    let _ = writeln!(out, "{body}        Ok(())\n    }}\n}}");
}

/// A limit of the model, which writes whole numbers as fractions here and there.
fn bound(limit: Option<f64>, absent: i64) -> i64 {
    limit.map_or(absent, |limit| limit as i64)
}

/// Whether something below a shape can be wrong although its type is right.
fn needs_check(model: &Model, name: &str) -> bool {
    let shape = &model.shapes[name];
    match shape.kind.as_str() {
        "structure" => true,
        "string" => !shape.words.is_empty(),
        "list" => shape.member.as_ref().is_some_and(|item| needs_check(model, &item.shape)),
        "map" => shape.value.as_ref().is_some_and(|value| needs_check(model, &value.shape)),
        _ => false,
    }
}

fn rust_type(model: &Model, name: &str) -> String {
    let shape = &model.shapes[name];
    let inner = |part: &Option<super::model::Ref>| {
        part.as_ref().map(|part| rust_type(model, &part.shape)).unwrap_or_default()
    };
    match shape.kind.as_str() {
        "structure" => name.to_owned(),
        "string" if shape.words.is_empty() => "String".to_owned(),
        "string" => name.to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "double" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "timestamp" => "Timestamp".to_owned(),
        "list" => format!("Vec<{}>", inner(&shape.member)),
        "map" => format!("BTreeMap<{}, {}>", inner(&shape.key), inner(&shape.value)),
        other => panic!("{name}: no Rust type for {other}"),
    }
}

/// `enableECSManagedTags` → `enable_ecs_managed_tags`.
fn snake(member: &str) -> String {
    let letters: Vec<char> = member.chars().collect();
    let mut out = String::new();
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(place + 1);
        let word_begins = letter.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || (before.is_some() && after.is_some_and(|after| after.is_lowercase())));
        if word_begins {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// What serde's `rename_all = "camelCase"` makes of a field.
fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capitalized(word))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `IN_PROGRESS` → `InProgress`, `awsvpc` → `Awsvpc`, `TaskFailedToStart` as it is.
fn variant(word: &str) -> String {
    let parts = word.split(|letter: char| !letter.is_ascii_alphanumeric());
    let shout = !word.chars().any(|letter| letter.is_ascii_lowercase());
    let part = |part: &str| capitalized(&if shout { part.to_lowercase() } else { part.to_owned() });
    let name: String = parts.map(part).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("N{name}") } else { name }
}

fn escaped(field: &str) -> String {
    if matches!(field, "type" | "ref" | "match" | "enum") { format!("r#{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_rusts_and_say_so_where_they_do_not_come_back() {
        assert_eq!(snake("enableECSManagedTags"), "enable_ecs_managed_tags");
        assert_ne!(camel("enable_ecs_managed_tags"), "enableECSManagedTags");
        assert_eq!(
            (snake("ec2InstanceId"), camel("ec2_instance_id")),
            ("ec2_instance_id".into(), "ec2InstanceId".into())
        );
        assert_eq!((variant("IN_PROGRESS"), variant("awsvpc")), ("InProgress".into(), "Awsvpc".into()));
    }
}
