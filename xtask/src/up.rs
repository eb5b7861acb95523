//! `cargo xtask up`: from a fresh checkout to a service that answers, and `cargo xtask down`, the way back.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Outcome;
use crate::daemon::{Daemon, signal};
use crate::image::{image_context, target};
use crate::machine::{Fallible, engine, output, project, say, virtual_environment};

/// The demo's service, as config/demo/service.json names it.
const SERVICE: &str = "hello";
/// What the AWS clients need to be told; on loopback Mainstay takes any credentials.
const CREDENTIALS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "any"),
    ("AWS_SECRET_ACCESS_KEY", "any"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_PAGER", ""),
];

/// What `up` is told.
pub struct Up {
    /// Leave the daemon in the background.
    pub detach: bool,
    /// Its address.
    pub listen: String,
    /// Its data folder.
    pub data: PathBuf,
}

/// Brings everything up; a second run changes only what has changed.
///
/// # Errors
/// What is missing and cannot be installed, or does not come up in time.
pub fn up(with: &Up) -> Outcome {
    engine::ensure()?;
    let tools = virtual_environment()?;
    Daemon::build()?;
    image_context()?;
    let daemon = Daemon::of(&with.data);
    // From here on Ctrl-C has to reach the daemon, too, and so does not just end us.
    let asked = Arc::new(AtomicBool::new(false));
    if !with.detach {
        for number in [SIGINT, SIGTERM] {
            signal_hook::flag::register(number, Arc::clone(&asked))?;
        }
    }
    let (child, address) = match daemon.address() {
        Some(address) => {
            say("Running", &format!("mainstay at {address} already (`cargo xtask down` ends it)"));
            (None, address)
        }
        None => {
            let (child, address) = daemon.start(&with.listen)?;
            say("Started", &format!("mainstay at {address}, its data in {}", with.data.display()));
            (Some(child), address)
        }
    };
    let client = Client { aws: tools.join("bin/aws"), address: address.clone() };
    let shown = apply(&client).and_then(|()| show(&daemon, &client, with));
    match child {
        Some(mut child) if shown.is_err() && !with.detach => {
            signal(child.id())?;
            child.wait()?;
            shown
        }
        Some(child) if shown.is_ok() && !with.detach => follow(&daemon, child, &asked),
        _ => shown,
    }
}

/// Stops the demo's service, the daemon, and what containers are left of it.
///
/// # Errors
/// Where one of them does not stop.
pub fn down(data: &Path) -> Outcome {
    let daemon = Daemon::of(data);
    if let Some(address) = daemon.address() {
        let client = Client { aws: virtual_environment()?.join("bin/aws"), address };
        if client.service()?.is_some() {
            say("Deleting", &format!("the service {SERVICE}"));
            client.ask(&["delete-service", "--service", SERVICE, "--force"])?;
            client.ask(&["wait", "services-inactive", "--services", SERVICE])?;
        }
    }
    if daemon.process().is_some() {
        say("Stopping", "mainstay");
        daemon.end()?;
    }
    let owner = std::fs::read_to_string(daemon.file("owner")).unwrap_or_default();
    if !owner.trim().is_empty() {
        let removed = engine::remove_containers_of(owner.trim())?;
        say("Removed", &format!("{removed} containers; the data stay in {}", data.display()));
    }
    Ok(())
}

/// The AWS CLI, pointed at a daemon.
struct Client {
    aws: PathBuf,
    address: String,
}

impl Client {
    fn ask(&self, words: &[&str]) -> Fallible<Value> {
        let said = output(&self.aws.to_string_lossy(), |aws| {
            aws.envs(CREDENTIALS)
                .env("AWS_ENDPOINT_URL_ECS", format!("http://{}", self.address))
                // The user's own profiles have no say in this.
                .env("AWS_CONFIG_FILE", "/dev/null")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
                .current_dir(project())
                .args(["--output", "json", "ecs"])
                .args(words)
        })?;
        if said.trim().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&said)?) }
    }

    fn service(&self) -> Fallible<Option<Value>> {
        let answer = self.ask(&["describe-services", "--services", SERVICE])?;
        let found = answer["services"].get(0).filter(|service| service["status"] == "ACTIVE");
        Ok(found.cloned())
    }
}

/// Has the demo made what config/demo declares, and waits until it runs.
fn apply(client: &Client) -> Outcome {
    let mut mainstay = Command::new(target().join("release/mainstay"));
    mainstay
        .args(["apply", "--yes", "config/demo"])
        .current_dir(project())
        .env("AWS_ENDPOINT_URL_ECS", format!("http://{}", client.address))
        .env("MAINSTAY_ENGINE_ENDPOINT", engine::endpoint());
    let status = mainstay.status().map_err(|error| format!("cannot start mainstay: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("mainstay apply ended with {status}").into()) }
}

/// Shows what runs, where, and what to try.
fn show(daemon: &Daemon, client: &Client, with: &Up) -> Outcome {
    let service = client.service()?.ok_or("the service is gone")?;
    let listed = client.ask(&["list-tasks", "--service-name", SERVICE])?;
    let arns: Vec<&str> =
        listed["taskArns"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut words = vec!["describe-tasks", "--tasks"];
    words.extend(&arns);
    let tasks = if arns.is_empty() { Value::Null } else { client.ask(&words)? };
    let address = &client.address;
    println!("\n  {:<8} {:<8} {:<8} {:<9} AT", "SERVICE", "DESIRED", "RUNNING", "REVISION");
    let mut places = tasks["tasks"].as_array().into_iter().flatten().flat_map(places_of);
    let revision = service["taskDefinition"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or("?");
    println!(
        "  {SERVICE:<8} {:<8} {:<8} {revision:<9} {}",
        service["desiredCount"].to_string(),
        service["runningCount"].to_string(),
        places.next().unwrap_or_default()
    );
    for place in places {
        println!("  {:<36} {place}", "");
    }
    println!("\n  console   http://{address}/\n  metrics   http://{address}/metrics\n");

    let settings = daemon.file("env");
    let mut text = String::new();
    for service in ["ECS", "CLOUDWATCH_LOGS", "SCHEDULER"] {
        text.push_str(&format!("export AWS_ENDPOINT_URL_{service}=http://{address}\n"));
    }
    for (name, value) in CREDENTIALS {
        text.push_str(&format!("export {name}={value}\n"));
    }
    let (clients, mainstay) = (project().join(".venv/bin"), target().join("release"));
    text.push_str(&format!("PATH={}:{}:$PATH\n", clients.display(), mainstay.display()));
    std::fs::write(&settings, text)?;
    let settings = settings.strip_prefix(project()).unwrap_or(&settings);
    println!("  Try, in a shell after  . {}", settings.display());
    println!("    aws ecs describe-services --services {SERVICE}");
    println!(
        "    docker kill $(docker ps -q --filter label=com.amazonaws.ecs.task-definition-family={SERVICE} | head -n 1)"
    );
    println!("    mainstay logs {SERVICE} --follow");
    println!("    aws ecs update-service --service {SERVICE} --desired-count 5");
    let data = if with.data == Path::new(".mainstay") {
        String::new()
    } else {
        format!(" --data-dir {}", with.data.display())
    };
    println!("\n  `cargo xtask down{data}` stops all of it.");
    Ok(())
}

/// Where the containers of a task answer from outside.
fn places_of(task: &Value) -> Vec<String> {
    let containers = task["containers"].as_array().into_iter().flatten();
    containers
        .flat_map(|container| container["networkBindings"].as_array().into_iter().flatten())
        .filter_map(|binding| binding["hostPort"].as_u64())
        .map(|port| format!("http://127.0.0.1:{port}/"))
        .collect()
}

/// Shows the daemon's log until Ctrl-C, then ends the daemon; its containers stay.
fn follow(daemon: &Daemon, mut child: Child, asked: &AtomicBool) -> Outcome {
    println!(
        "\n  Its log follows. Ctrl-C ends the daemon; the containers go on, and the next `up` finds them.\n"
    );
    let mut log = std::fs::File::open(daemon.log())?;
    log.seek(std::io::SeekFrom::End(0))?;
    let mut news = Vec::new();
    let mut told = false;
    loop {
        let ended = child.try_wait()?;
        news.clear();
        log.read_to_end(&mut news)?;
        // A closed terminal is no reason to leave the daemon alone.
        drop(std::io::stdout().write_all(&news).and_then(|()| std::io::stdout().flush()));
        if let Some(status) = ended {
            drop(std::fs::remove_file(daemon.file("daemon.pid")));
            return if told && status.success() {
                Ok(())
            } else {
                Err(format!("mainstay ended with {status}").into())
            };
        }
        if asked.load(Ordering::Relaxed) && !told {
            told = true;
            signal(child.id())?;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
