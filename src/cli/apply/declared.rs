//! What files declare: task definitions and services as ECS takes them, what is built for a service, and schedules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::schedules::Schedule;
use crate::api::foresight;

/// The member of a service's file that is ours.
const BUILD: &str = "build";
/// What files in a folder are called, by themselves or after a name and a dot.
const TASK_DEFINITION: &str = "task-definition.json";
const SERVICE: &str = "service.json";
const SCHEDULE: &str = "schedule.json";
/// Folders below folders; more would be a circle of links.
const DEEPEST: usize = 16;

/// All that the files say.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) definitions: Vec<Definition>,
    pub(super) services: Vec<Service>,
    pub(super) schedules: Vec<Schedule>,
}

/// A task definition: what RegisterTaskDefinition takes.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) file: PathBuf,
    pub(super) family: String,
    pub(super) request: Value,
    /// As the daemon would show what it makes of it.
    pub(super) foreseen: Value,
}

/// A service: what CreateService takes.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) file: PathBuf,
    pub(super) name: String,
    pub(super) cluster: Option<String>,
    /// As the file names it: a family, a revision or an ARN.
    pub(super) task_definition: String,
    /// Without what is built for it.
    pub(super) request: Map<String, Value>,
    pub(super) images: Vec<Image>,
}

/// An image that is built for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) tag: String,
    pub(super) context: PathBuf,
    pub(super) dockerfile: Option<PathBuf>,
    pub(super) arguments: Vec<(String, String)>,
    pub(super) target: Option<String>,
    pub(super) no_cache: bool,
}

/// `build` in a service's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Build {
    /// `image` of a container of the service's task definition.
    tag: String,
    /// From the file's folder on.
    #[serde(default = "here")]
    context: PathBuf,
    /// From the file's folder on; `Dockerfile` in the context where absent.
    dockerfile: Option<PathBuf>,
    #[serde(default)]
    args: BTreeMap<String, String>,
    target: Option<String>,
    #[serde(default)]
    no_cache: bool,
}

fn here() -> PathBuf {
    ".".into()
}

impl Declared {
    /// Reads files, and what is in folders and below them.
    ///
    /// # Errors
    /// Everything that is wrong, a line each, with its file.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, String> {
        let (mut declared, mut wrong, mut seen) = (Self::default(), Vec::new(), BTreeSet::new());
        for path in paths {
            let files = match files_of(path) {
                Ok(files) => files,
                Err(text) => {
                    wrong.push(text);
                    continue;
                }
            };
            for file in files {
                // Named twice is meant once.
                if seen.insert(std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone()))
                    && let Err(text) = declared.add(&file)
                {
                    wrong.push(format!("{}: {text}", file.display()));
                }
            }
        }
        wrong.extend(declared.contradictions());
        if wrong.is_empty() { Ok(declared) } else { Err(wrong.join("\n")) }
    }

    fn add(&mut self, file: &Path) -> Result<(), String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("is not JSON: {error}"))?;
        let Value::Object(members) = value else { return Err("is no JSON object".into()) };
        if members.contains_key("containerDefinitions") {
            let request = Value::Object(members);
            let foreseen = foresight::task_definition(&request)?;
            let family = foreseen["family"].as_str().unwrap_or_default().to_owned();
            self.definitions.push(Definition { file: file.to_owned(), family, request, foreseen });
            return Ok(());
        }
        if members.contains_key("serviceName") {
            self.services.push(service(file, members)?);
            return Ok(());
        }
        if members.contains_key("ScheduleExpression") {
            self.schedules.push(Schedule::read(file, members)?);
            return Ok(());
        }
        let text = "has neither containerDefinitions, as a task definition, nor serviceName, as a service, nor \
                    ScheduleExpression, as a schedule";
        Err(text.into())
    }

    /// What one file says and another one says otherwise.
    fn contradictions(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut families: BTreeMap<&str, &Path> = BTreeMap::new();
        for Definition { family, file, .. } in &self.definitions {
            if let Some(other) = families.insert(family, file) {
                let (file, other) = (file.display(), other.display());
                wrong.push(format!("{file}: the task definition {family} is declared in {other}, too"));
            }
        }
        let mut schedules: BTreeMap<String, &Path> = BTreeMap::new();
        for schedule in &self.schedules {
            if let Some(other) = schedules.insert(schedule.shown(), &schedule.file) {
                let (name, file) = (schedule.shown(), schedule.file.display());
                wrong.push(format!("{file}: the schedule {name} is declared in {}, too", other.display()));
            }
        }
        let mut services: BTreeMap<(&str, &str), &Path> = BTreeMap::new();
        let mut images: BTreeMap<&str, (&Image, &Path)> = BTreeMap::new();
        for service in &self.services {
            let (name, file) = (&service.name, service.file.display());
            if let Some(other) = services.insert((service.cluster(), name), &service.file) {
                wrong.push(format!("{file}: the service {name} is declared in {}, too", other.display()));
            }
            for image in &service.images {
                if let Some((other, place)) = images.insert(&image.tag, (image, &service.file))
                    && other != image
                {
                    let (tag, place) = (&image.tag, place.display());
                    wrong.push(format!("{file}: build: {tag} is built otherwise in {place}"));
                }
            }
        }
        wrong
    }

    /// What is built, each image once.
    pub(super) fn images(&self) -> Vec<&Image> {
        let mut found: Vec<&Image> = Vec::new();
        for image in self.services.iter().flat_map(|service| &service.images) {
            if !found.iter().any(|known| known.tag == image.tag) {
                found.push(image);
            }
        }
        found
    }
}

impl Service {
    /// The cluster's name.
    pub(super) fn cluster(&self) -> &str {
        let given = self.cluster.as_deref().unwrap_or("default");
        given.rsplit('/').next().unwrap_or(given)
    }

    /// The family of its task definition, and the revision where the file names one.
    pub(super) fn family(&self) -> (&str, Option<&str>) {
        let name = self.task_definition.rsplit('/').next().unwrap_or_default();
        name.split_once(':').map_or((name, None), |(family, revision)| (family, Some(revision)))
    }
}

fn service(file: &Path, mut members: Map<String, Value>) -> Result<Service, String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let images = members.remove(BUILD).map_or(Ok(Vec::new()), |given| builds(given, folder))?;
    let request = Value::Object(members);
    foresight::create_service(&request)?;
    let text = |member: &str| request[member].as_str().map(str::to_owned);
    let name = text("serviceName").unwrap_or_default();
    let task_definition =
        text("taskDefinition").filter(|name| !name.is_empty()).ok_or("taskDefinition is required.")?;
    let cluster = text("cluster").filter(|name| !name.is_empty());
    let Value::Object(request) = request else { return Err("is no JSON object".into()) };
    Ok(Service { file: file.to_owned(), name, cluster, task_definition, request, images })
}

/// One image, or a list of them.
fn builds(given: Value, folder: &Path) -> Result<Vec<Image>, String> {
    let (many, list) = match given {
        Value::Array(items) => (true, items),
        one => (false, vec![one]),
    };
    let image = |(index, given): (usize, Value)| {
        let at = if many { format!("{BUILD}[{index}]") } else { BUILD.to_owned() };
        let build: Build = serde_path_to_error::deserialize(given).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { format!(".{path}") };
            format!("{at}{path}: {}", error.inner())
        })?;
        if build.tag.is_empty() {
            return Err(format!("{at}.tag is ''; it must be the image of a container"));
        }
        Ok(Image {
            tag: build.tag,
            context: folder.join(build.context),
            dockerfile: build.dockerfile.map(|file| folder.join(file)),
            arguments: build.args.into_iter().collect(),
            target: build.target,
            no_cache: build.no_cache,
        })
    };
    list.into_iter().enumerate().map(image).collect()
}

/// The file itself, or those in a folder that are called as declarations are.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, String> {
    let about =
        std::fs::metadata(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if !about.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    look_into(path, 0, &mut files)?;
    if files.is_empty() {
        return Err(format!(
            "{} has no {TASK_DEFINITION}, {SERVICE} nor {SCHEDULE}, by that name or after another one and a dot, in it or below",
            path.display()
        ));
    }
    Ok(files)
}

fn look_into(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let called =
            |kind: &str| name == kind || name.strip_suffix(kind).is_some_and(|rest| rest.ends_with('.'));
        if path.is_dir() {
            if !name.starts_with('.') && depth < DEEPEST {
                look_into(&path, depth + 1, files)?;
            }
        } else if called(TASK_DEFINITION) || called(SERVICE) || called(SCHEDULE) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = r#"{"family": "web", "containerDefinitions": [{"name": "web", "image": "shop/web:1", "memory": 64}]}"#;
    const PLAIN: &str = r#"{"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn read(root: &tempfile::TempDir) -> Result<Declared, String> {
        let root = root.path().to_owned();
        let shown = root.display().to_string();
        Declared::read(&[root]).map_err(|text| text.replace(&shown, "."))
    }

    #[test]
    fn a_folder_is_read_with_all_below_it_and_what_is_called_otherwise_is_left_alone() {
        let root = folder(&[
            ("web/task-definition.json", DEFINITION),
            ("web/service.json", PLAIN),
            ("jobs/night.task-definition.json", &DEFINITION.replace("\"web\",", "\"night\",")),
            ("web/package.json", "{}"),
            (".git/service.json", "no JSON at all"),
        ]);
        let declared = read(&root).unwrap();
        let families: Vec<&str> = declared.definitions.iter().map(|one| one.family.as_str()).collect();
        assert_eq!((families, declared.services.len()), (vec!["night", "web"], 1));
        assert_eq!(declared.services[0].family(), ("web", None));
        assert_eq!(declared.services[0].cluster(), "default");
    }

    #[test]
    fn what_is_built_is_found_from_its_files_folder_on() {
        let build = r#""build": {"tag": "shop/web:1", "context": "..", "dockerfile": "Dockerfile", "args": {"A": "1"}},"#;
        let root = folder(&[("web/service.json", &PLAIN.replacen('{', &format!("{{{build}"), 1))]);
        let declared = read(&root).unwrap();
        let image = &declared.services[0].images[0];
        assert_eq!(image.context, root.path().join("web/.."));
        assert_eq!(image.dockerfile, Some(root.path().join("web/Dockerfile")));
        assert_eq!(image.arguments, [("A".to_owned(), "1".to_owned())]);
        assert!(!declared.services[0].request.contains_key("build"));
    }

    #[track_caller]
    fn refused(files: &[(&str, &str)], sign: &str) {
        let text = read(&folder(files)).unwrap_err();
        assert!(text.contains(sign), "{text}");
    }

    #[test]
    fn what_is_wrong_is_said_by_file_and_by_member() {
        let service = |member: &str| PLAIN.replacen('{', &format!("{{{member},"), 1);
        refused(&[("service.json", "{")], "./service.json: is not JSON");
        refused(&[("service.json", "{}")], "./service.json: has neither containerDefinitions");
        refused(&[("other.json", PLAIN)], "has no task-definition.json, service.json nor schedule.json");
        let unknown = service(r#""desiredcount": 2"#);
        refused(&[("service.json", &unknown)], "unknown field `desiredcount`");
        let unknown = service(r#""build": {"tag": "a", "contxt": "."}"#);
        refused(&[("service.json", &unknown)], "service.json: build.contxt: unknown field `contxt`");
        let untagged = service(r#""build": [{"context": "."}]"#);
        refused(&[("service.json", &untagged)], "build[0]: missing field `tag`");
        let bad = DEFINITION.replace("64", "1");
        refused(&[("task-definition.json", &bad)], "memory is 1; it must be at least");
        refused(
            &[("a/service.json", PLAIN), ("b/service.json", PLAIN)],
            "the service web is declared in ./a/",
        );
        let twice = [("a.task-definition.json", DEFINITION), ("b.task-definition.json", DEFINITION)];
        refused(&twice, "the task definition web is declared in ./a.");
        let built = |context: &str| service(&format!(r#""build": {{"tag": "a", "context": "{context}"}}"#));
        let other = built("b").replace("\"web\"", "\"shop\"");
        refused(&[("service.json", &built("a")), ("x.service.json", &other)], "a is built otherwise in");
    }
}
