//! `mainstay status`: one screen that says whether everything is as desired.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use hyper::StatusCode;
use serde::Serialize;

use super::client::{Address, Endpoint};
use super::outcome::{EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Output, print};
use super::pulls::{self, Pull};
use super::survey::{self, Instance, Resource, Service, Task};
use super::{ago, columns, now};

/// Something is not as it should be; systemctl's `status` has 3 for that, a check for scripts 1.
const EXIT_NOT_AS_DESIRED: u8 = 1;
/// An event is shown so far.
const WIDEST_EVENT: usize = 90;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Only this cluster.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    #[command(flatten)]
    daemon: Address,
    /// A screen for people, or JSON.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// What is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    endpoint: String,
    /// Why work that is asked for now has to wait; absent where it has not.
    not_ready: Option<String>,
    as_desired: bool,
    clusters: Vec<Cluster>,
}

#[derive(Debug, Serialize)]
struct Cluster {
    name: String,
    services: Vec<Service>,
    instances: Vec<Instance>,
    /// Tasks of no service.
    tasks: Vec<Task>,
    /// Pulls of images that are under way.
    pulls: Vec<Pull>,
}

/// Shows it. Ends with 0 where all is as desired, 1 where something is not, 64 where it is not understood, 69 where the
/// daemon does not answer.
pub(super) fn run(asked: &Asked) -> ExitCode {
    super::outcome::run("status", show(asked))
}

async fn show(asked: &Asked) -> Result<(), Failure> {
    let endpoint = asked.daemon.endpoint().map_err(|error| (EXIT_USAGE, error))?;
    let status = gathered(&endpoint, asked.cluster.as_deref()).await?;
    let text = match asked.output {
        Output::Json => serde_json::to_string(&status).map_err(|error| (1, error.to_string()))?,
        Output::Text => screen(&status, now()),
    };
    print(text.trim_end())?;
    if status.as_desired {
        return Ok(());
    }
    Err((EXIT_NOT_AS_DESIRED, next_step(&status)))
}

async fn gathered(endpoint: &Endpoint, only: Option<&str>) -> Result<Status, Failure> {
    let names = survey::clusters(endpoint).await?;
    if let Some(only) = only
        && !names.iter().any(|name| name == only)
    {
        let known = names.join(", ");
        return Err((EXIT_USAGE, format!("there is no cluster '{only}'; there are: {known}")));
    }
    // A daemon that does not say still says the rest.
    let pulls = pulls::all(endpoint).await.unwrap_or_default();
    let mut clusters = Vec::new();
    for name in names.into_iter().filter(|name| only.is_none_or(|only| name == only)) {
        let tasks = survey::tasks(endpoint, &name, "RUNNING").await?;
        clusters.push(Cluster {
            services: survey::services(endpoint, &name).await?,
            instances: survey::instances(endpoint, &name).await?,
            tasks: tasks.into_iter().filter(|task| !task.group.starts_with("service:")).collect(),
            pulls: pulls.iter().filter(|pull| pull.is_underway() && pull.cluster == name).cloned().collect(),
            name,
        });
    }
    let not_ready = not_ready(endpoint).await?;
    let as_desired = not_ready.is_none()
        && clusters.iter().all(|cluster| {
            cluster.services.iter().all(|service| service.as_desired)
                && cluster.instances.iter().all(|instance| instance.connected)
        });
    Ok(Status { endpoint: endpoint.to_string(), not_ready, as_desired, clusters })
}

/// What `/readyz` has against it.
async fn not_ready(endpoint: &Endpoint) -> Result<Option<String>, Failure> {
    let away = |error| (EXIT_UNAVAILABLE, error);
    let mut answer = endpoint.get("/readyz").await.map_err(away)?;
    if answer.status == StatusCode::OK {
        return Ok(None);
    }
    let text = answer.line().await.map_err(away)?.unwrap_or_default();
    Ok(Some(text.strip_prefix("not ready: ").unwrap_or(&text).to_owned()))
}

fn screen(status: &Status, now: f64) -> String {
    let services = || status.clusters.iter().flat_map(|cluster| &cluster.services);
    let well = services().filter(|service| service.as_desired).count();
    let ready = status.not_ready.as_deref().map_or("ready".to_owned(), |why| format!("NOT READY: {why}"));
    let mut text =
        format!("{}: {well} of {} services as desired; {ready}\n", status.endpoint, services().count());
    for cluster in &status.clusters {
        text.push_str(&format!("\nCluster {}\n", cluster.name));
        let (services, tasks) = (services_table(cluster, now), tasks_table(cluster, now));
        for table in [services, tasks, pulls_table(cluster), instances_table(cluster)] {
            text.push_str(&indented(&table));
        }
        if cluster.services.is_empty() && cluster.instances.is_empty() && cluster.tasks.is_empty() {
            text.push_str("  nothing in it\n");
        }
    }
    if status.clusters.is_empty() {
        text.push_str("\nNo cluster yet: `aws ecs create-cluster` makes one.\n");
    }
    text
}

fn services_table(cluster: &Cluster, now: f64) -> String {
    let head = ["", "SERVICE", "RUNNING", "ROLLOUT", "REVISION", "SAID"].map(String::from);
    table(head, &cluster.services, |service| {
        let event = service.event.as_ref();
        let said = event.map(|event| {
            let message = event.message.strip_prefix(&format!("(service {}) ", service.name));
            format!("{} ago: {}", ago(now - event.at), short(message.unwrap_or(&event.message)))
        });
        [
            if service.as_desired { "ok" } else { "!!" }.to_owned(),
            service.name.clone(),
            format!("{} of {}", service.running, service.desired),
            service.rollout.clone(),
            service.revision.clone(),
            said.unwrap_or_default(),
        ]
    })
}

fn tasks_table(cluster: &Cluster, now: f64) -> String {
    let head = ["", "TASK", "GROUP", "STATUS", "HEALTH", "AGE"].map(String::from);
    table(head, &cluster.tasks, |task| {
        [
            if task.health == "UNHEALTHY" { "!!" } else { "ok" }.to_owned(),
            task.id.clone(),
            task.group.clone(),
            task.status.clone(),
            task.health.clone(),
            ago(now - task.created),
        ]
    })
}

fn pulls_table(cluster: &Cluster) -> String {
    let head = ["", "PULLING", "HOST", "SO FAR", "FOR"].map(String::from);
    table(head, &cluster.pulls, |pull| {
        let of = |task: &pulls::Waiting| {
            let id = task.task_arn.rsplit('/').next().unwrap_or_default();
            task.service.clone().unwrap_or_else(|| format!("task {id}"))
        };
        let waiting: BTreeSet<String> = pull.tasks.iter().map(of).collect();
        [
            "ok".to_owned(),
            pull.image.clone(),
            pull.host.clone(),
            pull.far(),
            short(&waiting.into_iter().collect::<Vec<_>>().join(", ")),
        ]
    })
}

fn instances_table(cluster: &Cluster) -> String {
    let head = ["", "INSTANCE", "HOST", "STATUS", "TASKS", "CPU", "MEMORY (MiB)"].map(String::from);
    table(head, &cluster.instances, |instance| {
        let of = |Resource { taken, of }: Resource| format!("{taken} of {of}");
        [
            if instance.connected { "ok" } else { "!!" }.to_owned(),
            instance.id.clone(),
            instance.host.clone(),
            if instance.connected { instance.status.clone() } else { "engine away".to_owned() },
            instance.running.to_string(),
            of(instance.cpu),
            of(instance.memory),
        ]
    })
}

fn table<T, const N: usize>(head: [String; N], all: &[T], row: impl Fn(&T) -> [String; N]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = std::iter::once(head).chain(all.iter().map(row)).collect();
    columns(&rows)
}

fn indented(table: &str) -> String {
    table.lines().map(|line| format!("  {line}\n")).collect()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(WIDEST_EVENT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What to do about it.
fn next_step(status: &Status) -> String {
    let first = status.clusters.iter().find_map(|cluster| {
        let service = cluster.services.iter().find(|service| !service.as_desired)?;
        let elsewhere = match cluster.name.as_str() {
            "default" => String::new(),
            name => format!(" --cluster {name}"),
        };
        Some(format!("not as desired; `mainstay explain {}{elsewhere}` says why", service.name))
    });
    first.unwrap_or_else(|| match &status.not_ready {
        Some(why) => why.clone(),
        None => "a container engine does not answer; the daemon's log and `docker info` say more".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_core::images::progress::Progress;

    use crate::cli::survey::Event;

    fn service(name: &str, running: i64) -> Service {
        Service {
            cluster: "shop".into(),
            name: name.into(),
            desired: 2,
            running,
            pending: 0,
            rollout: "COMPLETED".into(),
            revision: format!("{name}:3"),
            since: 0.0,
            event: Some(Event { at: 40.0, message: format!("(service {name}) has reached a steady state.") }),
            as_desired: running == 2,
        }
    }

    fn status(services: Vec<Service>, not_ready: Option<&str>) -> Status {
        let as_desired = not_ready.is_none() && services.iter().all(|service| service.as_desired);
        let (cpu, memory) = (Resource { taken: 512, of: 2048 }, Resource { taken: 64, of: 4096 });
        let host = Instance {
            cluster: "shop".into(),
            id: "abc".into(),
            host: "box".into(),
            status: "ACTIVE".into(),
            connected: true,
            running: 3,
            pending: 0,
            cpu,
            memory,
        };
        let clusters = vec![Cluster {
            name: "shop".into(),
            services,
            instances: vec![host],
            tasks: vec![],
            pulls: vec![],
        }];
        Status {
            endpoint: "http://here".into(),
            not_ready: not_ready.map(str::to_owned),
            as_desired,
            clusters,
        }
    }

    #[test]
    fn one_screen_says_what_is_as_desired_and_what_is_not() {
        let seen = status(vec![service("api", 2), service("web", 1)], None);
        assert_eq!(
            screen(&seen, 100.0),
            "http://here: 1 of 2 services as desired; ready\n\
             \n\
             Cluster shop\n\
             \x20     SERVICE  RUNNING  ROLLOUT    REVISION  SAID\n\
             \x20 ok  api      2 of 2   COMPLETED  api:3     60 s ago: has reached a steady state.\n\
             \x20 !!  web      1 of 2   COMPLETED  web:3     60 s ago: has reached a steady state.\n\
             \x20     INSTANCE  HOST  STATUS  TASKS  CPU          MEMORY (MiB)\n\
             \x20 ok  abc       box   ACTIVE  3      512 of 2048  64 of 4096\n"
        );
        assert_eq!(next_step(&seen), "not as desired; `mainstay explain web --cluster shop` says why");
    }

    #[test]
    fn what_is_pulled_is_shown_with_whom_it_is_for() {
        let mut seen = status(vec![service("web", 1)], None);
        let waiting = |service: Option<&str>| pulls::Waiting {
            task_arn: "arn:aws:ecs:us-east-1:0:task/shop/t1".into(),
            service: service.map(str::to_owned),
        };
        seen.clusters[0].pulls = vec![Pull {
            image: "app:2".into(),
            cluster: "shop".into(),
            container_instance: "abc".into(),
            host: "box".into(),
            state: pulls::State::Pulling,
            started_at: String::new(),
            reason: None,
            progress: Progress {
                layers_total: 1,
                bytes_total: 4_000_000,
                bytes_done: 1_000_000,
                ..Progress::default()
            },
            tasks: vec![waiting(Some("web")), waiting(Some("web")), waiting(None)],
        }];
        let shown = screen(&seen, 0.0);
        assert!(shown.contains("      PULLING  HOST  SO FAR         FOR\n"), "{shown}");
        assert!(shown.contains("  ok  app:2    box   1.0 of 4.0 MB  task t1, web\n"), "{shown}");
    }

    #[test]
    fn a_daemon_that_is_not_ready_says_why_first() {
        let seen = status(vec![service("api", 2)], Some("the container engine does not answer"));
        assert!(screen(&seen, 0.0).contains("NOT READY: the container engine does not answer"));
        assert_eq!(next_step(&seen), "the container engine does not answer");
    }

    #[test]
    fn a_long_event_is_cut_between_characters() {
        assert_eq!(short("well"), "well");
        assert_eq!(short(&"ü".repeat(100)), format!("{}…", "ü".repeat(WIDEST_EVENT)));
    }
}
