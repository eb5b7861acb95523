//! How long a service is down when its container dies: Mainstay beside Docker's own restart policy and Docker Swarm,
//! on one engine, in one run. `cargo xtask bench heal` prepares what it needs and runs it.
//!
//! A death is the engine's `die` event after a SIGKILL from the host, a replacement the next `start` event of that
//! service; both carry the engine's own time. "create and start" is the floor, what the engine needs for a container
//! that somebody asks for: from just before the request to the `start` event. Rounds are interleaved, so that a slow
//! moment of the machine hits all alike. Docker and Mainstay brake what keeps failing, so both meet a fresh container
//! or service in each round; Swarm is told not to wait at all.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::HashMap;
use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bollard::models::{ContainerCreateBody, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{EventsOptions, RemoveContainerOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use clap::Parser;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Everything measured takes less, but for a Swarm on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a replacement runs before it is killed: every orchestrator has noted by then that it is up.
const SETTLE: Duration = Duration::from_millis(1500);
/// What each container runs; it does nothing, and so takes nothing from the others.
const COMMAND: &str = "sleep";
const MIB: i64 = 1024 * 1024;
const SWARM_SERVICE: &str = "mainstay-bench-heal";
/// By these labels an orchestrator's containers are known.
const FAMILY_LABEL: &str = "com.amazonaws.ecs.task-definition-family";
const SWARM_LABEL: &str = "com.docker.swarm.service.name";
const OWN_LABEL: &str = "mainstay.bench";

/// From a container's death to its replacement's start.
#[derive(Parser)]
struct Arguments {
    /// Deaths of each.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// The image; it is there already.
    #[arg(long, default_value = "mainstay/demo:1")]
    image: String,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let engine = Engine::connect(&arguments.image).await?;
    let swarm = Swarm::begin(&engine)?;
    let mainstay = Mainstay::begin().await?;
    let mut measured: [(&str, Vec<f64>); 4] = [
        ("create and start", Vec::new()),
        ("Mainstay", Vec::new()),
        ("docker --restart=always", Vec::new()),
        ("Docker Swarm, delay 0", Vec::new()),
    ];
    for round in 1..=arguments.rounds {
        measured[0].1.push(create_and_start(&engine).await?);
        measured[1].1.push(mainstay.heal(&engine, round).await?);
        measured[2].1.push(restart_policy(&engine).await?);
        measured[3].1.push(swarm.heal(&engine).await?);
        eprint!("\rround {round} of {}", arguments.rounds);
    }
    eprintln!();
    let about = engine.docker.version().await?;
    println!(
        "From a container's death to its replacement's start, in ms: {} rounds, Docker {}, {} CPUs",
        arguments.rounds,
        about.version.unwrap_or_default(),
        std::thread::available_parallelism()?
    );
    println!("{:<26}{:>9}{:>9}{:>9}{:>9}", "", "median", "min", "max", "ratio");
    let floor = median(&mut measured[0].1);
    for (name, times) in &mut measured {
        let middle = median(times);
        let (least, most) = (times[0], times[times.len() - 1]);
        println!("{name:<26}{middle:>9.0}{least:>9.0}{most:>9.0}{:>9.2}", middle / floor);
    }
    Ok(())
}

/// Sorts as well. There is at least one round's.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len() % 2 == 1 { times[middle] } else { f64::midpoint(times[middle - 1], times[middle]) }
}

/// The engine and what happened in it.
struct Engine {
    docker: Docker,
    /// By its id, so that nobody looks for a newer one in a registry.
    image: String,
    happened: Arc<Mutex<Vec<Happened>>>,
}

/// A container's start or death.
#[derive(Clone)]
struct Happened {
    nanos: i64,
    action: String,
    container: String,
    labels: HashMap<String, String>,
}

impl Engine {
    async fn connect(image: &str) -> Fallible<Self> {
        let endpoint =
            std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let docker = if endpoint.starts_with("unix://") {
            Docker::connect_with_unix(&endpoint, LIMIT.as_secs(), API_DEFAULT_VERSION)?
        } else {
            Docker::connect_with_http(&endpoint, LIMIT.as_secs(), API_DEFAULT_VERSION)?
        };
        let docker = docker.negotiate_version().await?;
        let found = docker.inspect_image(image).await.map_err(|error| format!("image {image}: {error}"))?;
        let happened: Arc<Mutex<Vec<Happened>>> = Arc::default();
        let filters = HashMap::from([
            ("type".to_owned(), vec!["container".to_owned()]),
            ("event".to_owned(), vec!["start".to_owned(), "die".to_owned()]),
        ]);
        let mut events =
            docker.events(Some(EventsOptions { since: None, until: None, filters: Some(filters) }));
        let log = Arc::clone(&happened);
        tokio::spawn(async move {
            while let Some(Ok(event)) = events.next().await {
                let (Some(nanos), Some(action), Some(actor)) = (event.time_nano, event.action, event.actor)
                else {
                    continue;
                };
                let container = actor.id.unwrap_or_default();
                let labels = actor.attributes.unwrap_or_default();
                let event = Happened { nanos, action, container, labels };
                log.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        Ok(Self { docker, image: found.id.ok_or("the image has no id")?, happened })
    }

    /// The first event after `since` (nanoseconds since 1970) that is what is waited for.
    async fn wait(&self, since: i64, action: &str, is: impl Fn(&Happened) -> bool) -> Fallible<Happened> {
        let seen = async {
            loop {
                let found = {
                    let happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
                    happened.iter().find(|e| e.nanos > since && e.action == action && is(e)).cloned()
                };
                if let Some(found) = found {
                    return found;
                }
                // The times are the engine's: how often we look changes nothing.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, seen).await.map_err(|_| format!("no `{action}` within {LIMIT:?}").into())
    }

    /// Kills a container as the kernel would, behind its engine's back, and waits for the `start` that follows.
    /// Milliseconds between the two.
    async fn kill_and_wait(&self, container: &str, is: impl Fn(&Happened) -> bool) -> Fallible<f64> {
        let seen = self.docker.inspect_container(container, None).await?;
        let pid = seen.state.and_then(|state| state.pid).ok_or("the container has no process")?;
        let before = now();
        let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
        if !killed.success() {
            return Err("cannot kill a container's process; that takes root on the engine's host".into());
        }
        let death = self.wait(before, "die", |event| event.container == container).await?;
        let start = self.wait(death.nanos, "start", is).await?;
        Ok(millis(start.nanos - death.nanos))
    }

    async fn create(&self, name: &str, restart: Option<RestartPolicy>) -> Fallible<String> {
        let body = ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: Some(vec![COMMAND.to_owned()]),
            labels: Some(HashMap::from([(OWN_LABEL.to_owned(), name.to_owned())])),
            host_config: Some(HostConfig {
                memory: Some(64 * MIB),
                restart_policy: restart,
                ..Default::default()
            }),
            ..Default::default()
        };
        Ok(self.docker.create_container(None, body).await?.id)
    }

    async fn remove(&self, container: &str) -> Fallible<()> {
        let options = RemoveContainerOptions { force: true, ..Default::default() };
        Ok(self.docker.remove_container(container, Some(options)).await?)
    }
}

/// The floor.
async fn create_and_start(engine: &Engine) -> Fallible<f64> {
    let before = now();
    let container = engine.create("floor", None).await?;
    engine.docker.start_container(&container, None).await?;
    let start = engine.wait(before, "start", |event| event.container == container).await?;
    engine.remove(&container).await?;
    Ok(millis(start.nanos - before))
}

async fn restart_policy(engine: &Engine) -> Fallible<f64> {
    let always = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None };
    let before = now();
    let container = engine.create("restart", Some(always)).await?;
    engine.docker.start_container(&container, None).await?;
    engine.wait(before, "start", |event| event.container == container).await?;
    tokio::time::sleep(SETTLE).await;
    let healed = engine.kill_and_wait(&container, |event| event.container == container).await;
    engine.remove(&container).await?;
    healed
}

/// A swarm of this engine alone, left again at the end where it was made here.
struct Swarm {
    made: bool,
}

impl Swarm {
    fn begin(engine: &Engine) -> Fallible<Self> {
        let state = docker(&["info", "--format", "{{.Swarm.LocalNodeState}}"])?;
        let made = state.trim() != "active";
        if made {
            docker(&["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"])?;
        }
        let swarm = Self { made };
        docker(&[
            "service",
            "create",
            "--detach",
            "--quiet",
            "--no-resolve-image",
            "--name",
            SWARM_SERVICE,
            "--restart-condition",
            "any",
            "--restart-delay",
            "0s",
            "--limit-memory",
            "64M",
            &engine.image,
            COMMAND,
        ])?;
        Ok(swarm)
    }

    async fn heal(&self, engine: &Engine) -> Fallible<f64> {
        let ours = |event: &Happened| event.labels.get(SWARM_LABEL).is_some_and(|name| name == SWARM_SERVICE);
        engine.wait(0, "start", ours).await?;
        tokio::time::sleep(SETTLE).await;
        let running = docker(&[
            "ps",
            "--quiet",
            "--no-trunc",
            "--filter",
            &format!("label={SWARM_LABEL}={SWARM_SERVICE}"),
        ])?;
        engine.kill_and_wait(running.trim(), ours).await
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        let removed = docker(&["service", "rm", SWARM_SERVICE]);
        let left = if self.made { docker(&["swarm", "leave", "--force"]) } else { removed };
        if self.made {
            // Docker makes it for a swarm, and forgets it there; with somebody's container in it, it stays.
            drop(docker(&["network", "rm", "docker_gwbridge"]));
        }
        if let Err(error) = left {
            eprintln!("{error}; look at `docker info` and `docker service ls`");
        }
    }
}

/// A daemon with a data folder of its own, as `mainstay up` starts it; its tasks end with it.
struct Mainstay {
    child: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Mainstay {
    async fn begin() -> Fallible<Self> {
        let data = tempfile::tempdir()?;
        let child = Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .args(["up", "--listen", "127.0.0.1:0", "--stop-tasks", "--data-dir"])
            .arg(data.path())
            .env("MAINSTAY_LOG_FILTER", "error")
            .env("MAINSTAY_AGENT_CLEANUP_WAIT", "1s")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let file = data.path().join("address");
        let mut mainstay = Self { child, address: String::new(), _data: data };
        let listens = async {
            loop {
                if let Ok(address) = std::fs::read_to_string(&file) {
                    return address.trim().to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        mainstay.address =
            tokio::time::timeout(LIMIT, listens).await.map_err(|_| "mainstay does not start")?;
        Ok(mainstay)
    }

    async fn heal(&self, engine: &Engine, round: u32) -> Fallible<f64> {
        let family = format!("bench-heal-{round}");
        let container = json!({ "name": "web", "image": engine.image, "command": [COMMAND], "memory": 64 });
        self.ask("RegisterTaskDefinition", &json!({ "family": family, "containerDefinitions": [container] }))
            .await?;
        let service = json!({ "serviceName": family, "taskDefinition": family, "desiredCount": 1 });
        let before = now();
        self.ask("CreateService", &service).await?;
        let ours = |event: &Happened| event.labels.get(FAMILY_LABEL).is_some_and(|name| *name == family);
        let first = engine.wait(before, "start", ours).await?;
        tokio::time::sleep(SETTLE).await;
        let healed = engine.kill_and_wait(&first.container, ours).await;
        self.ask("DeleteService", &json!({ "service": family, "force": true })).await?;
        healed
    }

    /// One call of the ECS API, as the AWS clients make it, but unsigned.
    async fn ask(&self, operation: &str, request: &Value) -> Fallible<()> {
        let body = request.to_string();
        let mut stream = TcpStream::connect(&self.address).await?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n\
             X-Amz-Target: AmazonEC2ContainerServiceV20141113.{operation}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200 ") {
            Ok(())
        } else {
            Err(format!("{operation}: {answer}").into())
        }
    }
}

impl Drop for Mainstay {
    fn drop(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if asked.is_ok_and(|status| status.success()) {
            drop(self.child.wait());
        }
    }
}

fn docker(words: &[&str]) -> Fallible<String> {
    let done = Command::new("docker").args(words).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("docker {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim()).into())
}

/// Nanoseconds since 1970, on the clock of the engine's events.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn millis(nanos: i64) -> f64 {
    Duration::from_nanos(nanos.max(0).unsigned_abs()).as_secs_f64() * 1000.0
}
