//! `mainstay image`: the images of this host's engine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::outcome::{self, EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Output, print};
use super::progress::Progress;
use crate::config::{self, Config, Flags};
use crate::engine::build::{Build, BuildError, Built, Context, Said};
use crate::engine::{DockerEngine, UsedImage};
use mainstay_actors::ports::EngineError;

/// Digits of an id that tell it from others.
const SHORT: usize = 12;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Builds an image from a Dockerfile into the engine of this host, where tasks run it without any registry.
    ///
    /// What .dockerignore names stays out. The engine's classic builder does it: `RUN --mount` and the like need another.
    /// Ends with 0 where it was built, 1 where a step failed, 64 where it is not understood, 69 where the engine does
    /// not answer.
    #[command(after_help = "Example: mainstay image build --tag shop/web:1 --build-arg VERSION=1.4 ./web")]
    Build(BuildArguments),
    /// Shows the images that tasks use: what they are called, how large and old they are, and whose containers have them.
    #[command(after_help = "Example: mainstay image list --output json")]
    List {
        #[command(flatten)]
        engine: EngineArguments,
    },
}

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// The image's name, as `image` of a task definition says it; may be given several times.
    #[arg(short, long = "tag", value_name = "NAME", required = true)]
    tags: Vec<String>,
    /// The Dockerfile; CONTEXT/Dockerfile where not given.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// An ARG of the Dockerfile; without `=VALUE` it is taken from the environment.
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    arguments: Vec<String>,
    /// The stage to build; the last one where not given.
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Do each step anew, whatever the engine remembers.
    #[arg(long)]
    no_cache: bool,
    /// The folder whose files the Dockerfile can copy.
    #[arg(value_name = "CONTEXT", default_value = ".")]
    context: PathBuf,
    #[command(flatten)]
    engine: EngineArguments,
}

#[derive(Debug, Args)]
pub(super) struct EngineArguments {
    /// The settings' file, for engine.endpoint and engine.docker-config.
    #[arg(long, value_name = "FILE", env = "MAINSTAY_CONFIG")]
    config: Option<PathBuf>,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Does it, and says what to exit with.
pub(super) fn run(act: &Act) -> ExitCode {
    match act {
        Act::Build(arguments) => outcome::run("image build", build(arguments)),
        Act::List { engine } => outcome::run("image list", list(engine)),
    }
}

/// This host's engine, as the daemon is set to reach it.
///
/// # Errors
/// Where the settings are wrong.
pub(super) fn engine(config: Option<PathBuf>) -> Result<DockerEngine, Failure> {
    let flags = Flags { config: config::file(config.as_deref()), ..Flags::default() };
    let config = Config::load(&flags).map_err(|error| (EXIT_USAGE, error.to_string()))?;
    // Nothing is made that an owner would be written on.
    Ok(DockerEngine::new(config.engine_endpoint(), "").with_docker_config(config.docker_config()))
}

/// What to exit with after an error of the engine.
pub(super) fn of_engine(error: &EngineError) -> Failure {
    let away = matches!(error, EngineError::Unreachable { .. } | EngineError::Timeout { .. });
    (if away { EXIT_UNAVAILABLE } else { 1 }, error.to_string())
}

async fn build(arguments: &BuildArguments) -> Result<(), Failure> {
    let engine = engine(arguments.engine.config.clone())?;
    let given = arguments.arguments.iter().map(|given| argument(given, |name| std::env::var(name).ok()));
    let build = Build {
        tags: arguments.tags.clone(),
        arguments: given.collect::<Result<_, _>>().map_err(|text| (EXIT_USAGE, text))?,
        target: arguments.target.clone(),
        no_cache: arguments.no_cache,
    };
    let context =
        Context::open(&arguments.context, arguments.file.as_deref()).map_err(|text| (EXIT_USAGE, text))?;
    let built = build_shown(&engine, &build, context).await?;
    let text = match arguments.engine.output {
        Output::Json => json!({"id": built.id, "tags": build.tags, "size": built.size}).to_string(),
        Output::Text => format!("{}  {}  {}", short(&built.id), size(built.size), build.tags.join(" ")),
    };
    print(&text)
}

/// Builds an image and shows how far it is.
///
/// # Errors
/// With what to exit.
pub(super) async fn build_shown(
    engine: &DockerEngine,
    build: &Build,
    context: Context,
) -> Result<Built, Failure> {
    let mut progress = Progress::new();
    progress.now(&format!("building {}", build.tags.join(", ")));
    let built = engine.build(build, context, |said| match said {
        Said::Step { number, of, text } => progress.at(number, of, &text),
        Said::Line(line) => progress.line(&line),
        // Of a base image's layers there is much to say; where lines stay, it is left out.
        Said::Now(text) => progress.passing(&text),
    });
    built.await.map_err(|error| match error {
        BuildError::Engine(error) => of_engine(&error),
        BuildError::Context(text) => (EXIT_USAGE, text),
        failed @ BuildError::Step { .. } => (1, failed.to_string()),
    })
}

/// `NAME=VALUE`; a bare `NAME` has the value that the environment has.
fn argument(given: &str, environment: impl Fn(&str) -> Option<String>) -> Result<(String, String), String> {
    let (name, value) = match given.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (given, environment(given)),
    };
    match value {
        Some(value) if !name.is_empty() => Ok((name.to_owned(), value)),
        Some(_) => Err(format!("--build-arg is '{given}'; it must be NAME=VALUE")),
        None => Err(format!(
            "--build-arg is '{given}', and the environment has no such variable; give it as {given}=VALUE"
        )),
    }
}

async fn list(arguments: &EngineArguments) -> Result<(), Failure> {
    let engine = engine(arguments.config.clone())?;
    let images = engine.used_images().await.map_err(|error| of_engine(&error))?;
    let now = jiff::Timestamp::now().as_millisecond();
    let text = match arguments.output {
        Output::Json => Value::Array(images.iter().map(shown).collect()).to_string(),
        Output::Text => table(&images, now),
    };
    print(text.trim_end())
}

fn shown(image: &UsedImage) -> Value {
    let created_at = image.created_at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
    json!({
        "id": image.id,
        "tags": image.names,
        "size": image.size,
        "createdAt": created_at.map(|at| at.to_string()),
        "usedBy": image.used_by,
    })
}

/// A line for each; `now` in milliseconds of the epoch.
fn table(images: &[UsedImage], now: i64) -> String {
    let mut rows = vec![["IMAGE", "ID", "SIZE", "AGE", "USED BY"].map(String::from)];
    rows.extend(images.iter().map(|image| {
        let names = if image.names.is_empty() { "<none>".into() } else { image.names.join(" ") };
        let age = image.created_at.map_or_else(|| "?".into(), |at| age((now - at.0) / 1000));
        let used_by: Vec<&str> = image.used_by.iter().map(String::as_str).collect();
        [names, short(&image.id).to_owned(), size(image.size), age, used_by.join(" ")]
    }));
    super::columns(&rows)
}

pub(super) fn short(id: &str) -> &str {
    let bare = id.strip_prefix("sha256:").unwrap_or(id);
    bare.get(..SHORT).unwrap_or(bare)
}

/// As people read bytes.
fn size(bytes: u64) -> String {
    indicatif::DecimalBytes(bytes).to_string()
}

/// In the largest unit there is one of.
fn age(seconds: i64) -> String {
    let units = [("d", 86400), ("h", 3600), ("m", 60)];
    let large = units.iter().find(|(_, unit)| seconds >= *unit);
    large.map_or_else(
        || format!("{}s", seconds.max(0)),
        |(letter, unit)| format!("{}{letter}", seconds / unit),
    )
}

#[cfg(test)]
mod tests {
    use mainstay_core::model::Timestamp;

    use super::*;

    #[test]
    fn an_argument_has_its_value_or_the_environments() {
        let environment = |name: &str| (name == "SET").then(|| "here".to_owned());
        let read = |given| argument(given, environment);
        assert_eq!(read("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert_eq!(read("A="), Ok(("A".into(), String::new())));
        assert_eq!(read("SET"), Ok(("SET".into(), "here".into())));
        assert!(read("UNSET").unwrap_err().contains("UNSET=VALUE"));
        assert!(read("=b").unwrap_err().contains("NAME=VALUE"));
    }

    #[test]
    fn images_are_a_table_with_what_they_are_called_and_who_has_them() {
        let image = UsedImage {
            id: format!("sha256:{}", "0123456789abcdef".repeat(4)),
            names: vec!["shop/web:1".into()],
            size: 12_300_000,
            created_at: Some(Timestamp(0)),
            used_by: ["shop:1/web".to_owned(), "shop:2/web".to_owned()].into(),
        };
        assert_eq!(
            table(&[image], 7_200_000),
            "IMAGE       ID            SIZE      AGE  USED BY\n\
             shop/web:1  0123456789ab  12.30 MB  2h   shop:1/web shop:2/web\n"
        );
    }
}
