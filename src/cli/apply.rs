//! `mainstay apply`: what files declare, made so through the daemon's own API.

mod declared;
mod plan;
mod rollout;
mod schedules;

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use mainstay_actors::ports::ContainerEngine as _;
use serde_json::{Value, json};

use super::client::{Address, CallError, Endpoint};
use super::image;
use super::outcome::{EXIT_USAGE, Failure, Output, print};
use crate::engine::DockerEngine;
use crate::engine::build::{Build, Context};
use declared::{Declared, Image, Service};
use plan::{DefinitionStep, Known, Plan, ServiceStep};
use rollout::{Awaited, State};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Files with what RegisterTaskDefinition, CreateService or CreateSchedule takes, or folders with such files in them
    /// or below, called task-definition.json, service.json and schedule.json, by that name or after another one and a dot.
    #[arg(value_name = "DIR|FILE", required = true)]
    paths: Vec<PathBuf>,
    /// Only show what would be done.
    #[arg(long, visible_alias = "dry-run", conflicts_with = "yes")]
    plan: bool,
    /// Do it without asking; without a terminal nobody can be asked.
    #[arg(short, long)]
    yes: bool,
    /// Do not wait for rollouts.
    #[arg(long)]
    no_wait: bool,
    /// How long rollouts are waited for; they go on all the same.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    #[command(flatten)]
    daemon: Address,
    /// The settings' file, for engine.endpoint and engine.docker-config, where images are built.
    #[arg(long, value_name = "FILE", env = "MAINSTAY_CONFIG")]
    config: Option<PathBuf>,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Does it. Ends with 0 where all is as declared, 1 where something was refused or could not be built, 2 where a rollout
/// failed, 64 where it is not understood, 69 where the daemon or the engine does not answer, 75 where a rollout takes too
/// long.
pub(super) fn run(asked: &Asked) -> ExitCode {
    super::outcome::run("apply", apply(asked))
}

async fn apply(asked: &Asked) -> Result<(), Failure> {
    let usage = |text| (EXIT_USAGE, text);
    let declared = Declared::read(&asked.paths).map_err(usage)?;
    let endpoint = asked.daemon.endpoint().map_err(usage)?;
    let there = There::look(&endpoint, &declared).await?;
    let plan = there.plan(&declared).map_err(usage)?;
    let contexts = contexts(&plan).map_err(usage)?;
    if asked.output == Output::Text {
        print(super::columns(&plan.rows()).trim_end())?;
    }
    if asked.plan || !(plan.is_empty() || asked.yes || is_wanted()?) {
        return report(asked, &plan, false, &Done::default());
    }
    let mut done = Done::default();
    let outcome = carry_out(asked, &endpoint, &there, &plan, contexts, &mut done).await;
    report(asked, &plan, outcome.is_ok(), &done)?;
    outcome
}

/// What is there before.
struct There {
    definitions: BTreeMap<String, Known>,
    /// By cluster and name.
    services: BTreeMap<(String, String), Value>,
    /// As they are declared.
    schedules: Vec<Option<Value>>,
}

impl There {
    async fn look(endpoint: &Endpoint, declared: &Declared) -> Result<Self, Failure> {
        let mut definitions = BTreeMap::new();
        for family in plan::families(declared) {
            let asked = json!({"taskDefinition": family, "include": ["TAGS"]});
            match endpoint.call("DescribeTaskDefinition", &asked).await {
                Ok(mut answer) => {
                    let (shown, tags) = (taken(&mut answer, "/taskDefinition"), taken(&mut answer, "/tags"));
                    let revision = shown["revision"].as_i64().unwrap_or(0);
                    definitions.insert(family, Known { revision, shown, tags });
                }
                // It has none yet.
                Err(refused) if refused.is("ClientException") => {}
                Err(other) => return Err(other.into()),
            }
        }
        let mut services = BTreeMap::new();
        for service in &declared.services {
            let asked =
                json!({"cluster": service.cluster(), "services": [service.name], "include": ["TAGS"]});
            let mut answer = endpoint.call("DescribeServices", &asked).await.map_err(|error| {
                let (code, text) = Failure::from(error);
                (code, format!("{}: {text}", service.file.display()))
            })?;
            let shown = taken(&mut answer, "/services/0");
            if shown["status"] == "ACTIVE" || shown["status"] == "DRAINING" {
                services.insert((service.cluster().to_owned(), service.name.clone()), shown);
            }
        }
        let mut schedules = Vec::new();
        for schedule in &declared.schedules {
            schedules.push(schedule.look(endpoint).await?);
        }
        Ok(Self { definitions, services, schedules })
    }

    fn service(&self, service: &Service) -> Option<&Value> {
        self.services.get(&(service.cluster().to_owned(), service.name.clone()))
    }

    /// # Errors
    /// All that cannot be done, a line each.
    fn plan<'a>(&self, declared: &'a Declared) -> Result<Plan<'a>, String> {
        let step = |one: &declared::Definition| {
            let known = self.definitions.get(&one.family);
            plan::definition(&one.family, &one.foreseen, &plan::tags_of(&one.request), known)
        };
        let definitions: Vec<DefinitionStep> = declared.definitions.iter().map(step).collect();
        let (mut services, mut wrong) = (Vec::new(), Vec::new());
        for service in &declared.services {
            let (family, revision) = service.family();
            let declared_here = declared.definitions.iter().find(|one| one.family == family);
            let known = self.definitions.get(family);
            if declared_here.is_none() && known.is_none() {
                let file = service.file.display();
                wrong.push(format!(
                    "{file}: taskDefinition is '{family}'; there is none, and no file declares it"
                ));
                continue;
            }
            // What a named revision runs, the API says.
            let containers = match (declared_here, known) {
                (Some(here), _) => &here.foreseen["containerDefinitions"],
                (None, Some(known)) => &known.shown["containerDefinitions"],
                (None, None) => &Value::Null,
            };
            if let Err(text) = plan::check_images(service, containers) {
                wrong.push(text);
            }
            let step = definitions.iter().find(|step| step.family == family);
            let runs = match (revision, step) {
                (Some(revision), _) => Some(format!("{family}:{revision}")),
                (None, Some(step)) if step.registers() => None,
                (None, _) => known.map(|known| format!("{family}:{}", known.revision)),
            };
            match plan::service(service, runs.as_deref(), self.service(service)) {
                Ok(step) => services.push((service, step)),
                Err(text) => wrong.push(text),
            }
        }
        let images = declared.images();
        if wrong.is_empty() {
            let known = declared.schedules.iter().zip(&self.schedules);
            let schedules = known.map(|(one, known)| (one, one.plan(known.as_ref()))).collect();
            Ok(Plan { declared, images, definitions, services, schedules })
        } else {
            Err(wrong.join("\n"))
        }
    }
}

/// The contexts of what is to be built, so that one that cannot be read is known before anything is done.
fn contexts<'a>(plan: &Plan<'a>) -> Result<Vec<(&'a Image, Context)>, String> {
    let open = |image: &&'a Image| {
        let context = Context::open(&image.context, image.dockerfile.as_deref());
        context.map(|context| (*image, context)).map_err(|error| format!("build of {}: {error}", image.tag))
    };
    plan.images.iter().map(open).collect()
}

/// Asks whoever is at the terminal.
///
/// # Errors
/// Where nobody is.
fn is_wanted() -> Result<bool, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err((
            EXIT_USAGE,
            "there is no terminal to ask on; give --yes to do it, or --plan to see it".into(),
        ));
    }
    eprint!("Do it? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| (1, error.to_string()))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What was done.
#[derive(Default)]
struct Done {
    images: BTreeMap<String, String>,
    revisions: BTreeMap<String, i64>,
    states: BTreeMap<String, State>,
}

async fn carry_out(
    asked: &Asked,
    endpoint: &Endpoint,
    there: &There,
    plan: &Plan<'_>,
    contexts: Vec<(&Image, Context)>,
    done: &mut Done,
) -> Result<(), Failure> {
    let engine = if contexts.is_empty() { None } else { Some(image::engine(asked.config.clone())?) };
    for (wanted, context) in contexts {
        let Some(engine) = &engine else { continue };
        let build = Build {
            tags: vec![wanted.tag.clone()],
            arguments: wanted.arguments.clone(),
            target: wanted.target.clone(),
            no_cache: wanted.no_cache,
        };
        let before = engine.image(&wanted.tag).await.map_err(|error| image::of_engine(&error))?;
        let built = image::build_shown(engine, &build, context).await?;
        let same = before.is_some_and(|before| before.id == built.id);
        say(
            if same { "unchanged" } else { "built" },
            &format!("{} ({})", wanted.tag, image::short(&built.id)),
        );
        done.images.insert(wanted.tag.clone(), built.id);
    }
    for step in &plan.definitions {
        let before = step.before.filter(|_| !step.registers());
        let revision = match (before, plan.request(&step.family)) {
            (Some(revision), _) => revision,
            (None, Some(request)) => {
                let answer = endpoint.call("RegisterTaskDefinition", request).await?;
                let revision = answer["taskDefinition"]["revision"].as_i64().unwrap_or(0);
                say("registered", &format!("{}:{revision}", step.family));
                revision
            }
            (None, None) => continue,
        };
        done.revisions.insert(step.family.clone(), revision);
    }
    let mut awaited = Vec::new();
    for (service, step) in &plan.services {
        awaited.push(settle(endpoint, there, service, step, engine.as_ref(), done).await?);
    }
    for (schedule, step) in &plan.schedules {
        schedule.settle(endpoint, step).await?;
    }
    if asked.no_wait {
        return Ok(());
    }
    let within = Duration::from_secs(asked.timeout);
    done.states = rollout::wait(endpoint, awaited, within).await?;
    rollout::verdict(&done.states, within)
}

/// Makes one service what it is declared to be.
async fn settle(
    endpoint: &Endpoint,
    there: &There,
    service: &Service,
    step: &ServiceStep,
    engine: Option<&DockerEngine>,
    done: &Done,
) -> Result<Awaited, Failure> {
    let (family, revision) = service.family();
    let latest = || {
        let known = there.definitions.get(family).map(|known| known.revision);
        done.revisions.get(family).copied().or(known)
    };
    let runs = match (revision, latest()) {
        (None, Some(latest)) => format!("{family}:{latest}"),
        _ => service.task_definition.clone(),
    };
    let failed = |error: CallError| {
        let (code, text) = Failure::from(error);
        (code, format!("the service {}: {text}", service.name))
    };
    let (act, operation, request) = match step {
        ServiceStep::Create => {
            let mut request = service.request.clone();
            request.insert("taskDefinition".into(), json!(runs));
            ("created", "CreateService", Value::Object(request))
        }
        ServiceStep::Update(_) | ServiceStep::Keep => {
            let changes = if let ServiceStep::Update(changes) = step { &changes[..] } else { &[] };
            // A new revision runs what was built anyway.
            let rolls = changes.iter().any(|change| change.member == "taskDefinition");
            let stale = !rolls && runs_another_image(endpoint, service, engine, done).await?;
            let known = there.service(service).cloned().unwrap_or_default();
            let tagging = plan::retag(known["serviceArn"].as_str().unwrap_or_default(), changes);
            for (operation, request) in &tagging {
                endpoint.call(operation, request).await.map_err(failed)?;
            }
            if !changes.iter().any(plan::is_of_update) && !stale {
                if !tagging.is_empty() {
                    say("tagged", &format!("{}/{}", service.cluster(), service.name));
                }
                return Ok(Awaited::of(service.cluster(), &known));
            }
            let why = if stale { "updated, to run the image that was built" } else { "updated" };
            (why, "UpdateService", plan::update(service, changes, &runs, stale))
        }
    };
    let answer = endpoint.call(operation, &request).await.map_err(failed)?;
    say(act, &format!("{}/{}", service.cluster(), service.name));
    Ok(Awaited::of(service.cluster(), &answer["service"]))
}

/// Whether a running task of the service has another image than the one that was built under the same name. Asked of
/// the tasks themselves, so that an apply that was cut off after its build is made up for by the next.
async fn runs_another_image(
    endpoint: &Endpoint,
    service: &Service,
    engine: Option<&DockerEngine>,
    done: &Done,
) -> Result<bool, Failure> {
    let Some(engine) = engine.filter(|_| !service.images.is_empty()) else { return Ok(false) };
    let asked = json!({"cluster": service.cluster(), "serviceName": service.name});
    let listed = endpoint.call("ListTasks", &asked).await?;
    if listed["taskArns"].as_array().is_none_or(Vec::is_empty) {
        return Ok(false);
    }
    let asked = json!({"cluster": service.cluster(), "tasks": listed["taskArns"]});
    let answer = endpoint.call("DescribeTasks", &asked).await?;
    let tasks = answer["tasks"].as_array().into_iter().flatten();
    for container in tasks.flat_map(|task| task["containers"].as_array().into_iter().flatten()) {
        let built = container["image"].as_str().and_then(|image| done.images.get(image));
        let (Some(built), Some(id)) = (built, container["runtimeId"].as_str()) else { continue };
        let has = engine.image_of_container(id).await.map_err(|error| image::of_engine(&error))?;
        if has.is_some_and(|has| has != *built) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What an answer has at a JSON pointer; nothing where there is nothing.
fn taken(answer: &mut Value, pointer: &str) -> Value {
    answer.pointer_mut(pointer).map(Value::take).unwrap_or_default()
}

/// What was done, a line each, beside the result.
fn say(what: &str, detail: &str) {
    eprintln!("{what}: {detail}");
}

/// The result.
fn report(asked: &Asked, plan: &Plan<'_>, applied: bool, done: &Done) -> Result<(), Failure> {
    if asked.output == Output::Text {
        if applied {
            let state = if asked.no_wait { "its rollouts go on" } else { "all is as declared" };
            print(state)?;
        }
        return Ok(());
    }
    let state = |state: &State| match state {
        State::Completed => json!({"rolloutState": "COMPLETED"}),
        State::Failed(why) => json!({"rolloutState": "FAILED", "reason": why}),
        State::Underway(far) => json!({"rolloutState": "IN_PROGRESS", "reason": far}),
    };
    let services: BTreeMap<&String, Value> =
        done.states.iter().map(|(name, one)| (name, state(one))).collect();
    let result = json!({
        "plan": plan.json(),
        "changes": !plan.is_empty(),
        "applied": applied,
        "images": done.images,
        "taskDefinitions": done.revisions,
        "services": services,
    });
    print(&result.to_string())
}
