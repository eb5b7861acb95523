//! `mainstay sim`: the API over simulated hosts, for whoever wants to see what placement and rollouts do on hundreds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use mainstay_actors::control::{Control, NewCluster};
use mainstay_actors::fleet::{FleetHost, Manners};
use mainstay_core::ClusterName;
use mainstay_core::model::ContainerInstance;

use crate::log::chain;

/// CPU units of a core.
const CORE: u32 = 1024;
/// What the cluster is called.
const CLUSTER: &str = "default";

/// The hosts.
#[derive(Debug, Args)]
pub(super) struct Fleet {
    /// Container instances in cluster `default`.
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    instances: u32,
    /// CPU units of each; whole cores, 1024 units each.
    #[arg(long, value_name = "UNITS", default_value_t = 2048, value_parser = cores)]
    cpu: u32,
    /// MiB of each.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: u32,
    /// An attribute; of several values each instance gets the next one. `zone` stands for ecs.availability-zone.
    #[arg(long = "attribute", value_name = "NAME=VALUE,…")]
    attributes: Vec<Attribute>,
    /// Longest time from a task's arrival to RUNNING, in milliseconds; a quarter of it at least.
    #[arg(long, value_name = "MS", default_value_t = 800)]
    start: u64,
    /// Longest time a task takes to stop, in milliseconds; a quarter of it at least.
    #[arg(long, value_name = "MS", default_value_t = 200)]
    stop: u64,
    /// How many of the starts fail, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    failing_starts: f64,
    /// How many of the tasks that came up end by themselves with exit code 1, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    failing_runs: f64,
    /// Longest time those run, in milliseconds; a quarter of it at least.
    #[arg(long, value_name = "MS", default_value_t = 20_000)]
    run: u64,
}

/// A name with the values that instances take turns with.
#[derive(Debug, Clone)]
struct Attribute {
    name: String,
    values: Vec<String>,
}

impl FromStr for Attribute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use crate::api::attributes::{is_name, is_value};
        let wrong = || format!("{text:?} is no attribute; write one such as disk=ssd or zone=a,b,c");
        let (name, values) = text.split_once('=').ok_or_else(wrong)?;
        let name = if name == "zone" { ContainerInstance::ZONE } else { name };
        let values: Vec<String> = values.split(',').map(str::to_owned).collect();
        if !is_name(name) || !values.iter().all(|value| is_value(value)) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), values })
    }
}

fn cores(text: &str) -> Result<u32, String> {
    let units = text.parse::<u32>().map_err(|error| error.to_string())?;
    if units == 0 || units % CORE != 0 {
        return Err(format!("it must be a multiple of {CORE}"));
    }
    Ok(units)
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().map_err(|error| error.to_string())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("it must be 0 to 1".into()) }
}

impl Fleet {
    /// Has the hosts join.
    ///
    /// # Errors
    /// Where the cluster or one of them could not be stored, or the data folder is that of a daemon with real hosts.
    pub(super) async fn join(&self, control: &Control) -> Result<(), String> {
        if let Some(real) = control.view().instances.filter(|known| !FleetHost::may_be(known)).first() {
            return Err(format!(
                "the data folder knows the host {}, which is real; give the simulation a folder of its own with \
                 --data-dir, or none",
                real.host
            ));
        }
        let cluster = ClusterName::new(CLUSTER);
        let new = NewCluster::named(cluster.clone());
        control.create_cluster(new).await.map_err(|error| chain(&error))?;
        let within = |longest: u64| Duration::from_millis(longest / 4)..Duration::from_millis(longest);
        let manners = Manners {
            start: within(self.start),
            stop: within(self.stop),
            failing_starts: self.failing_starts,
            failing_runs: self.failing_runs,
            run: within(self.run),
        };
        let ctx = control.context();
        let hosts = (0..self.instances as usize).map(|number| {
            let turn = |values: &[String]| values.get(number % values.len().max(1)).cloned();
            let value = |one: &Attribute| (one.name.clone(), turn(&one.values).unwrap_or_default());
            let host = FleetHost {
                name: format!("sim-{number}"),
                cluster: cluster.clone(),
                cpus: self.cpu / CORE,
                memory: self.memory,
                gpus: Vec::new(),
                attributes: self.attributes.iter().map(value).collect(),
                manners: manners.clone(),
            };
            let (ctx, control) = (Arc::clone(ctx), control.clone());
            async move { host.join(&ctx, &control).await }
        });
        for joined in futures::future::join_all(hosts).await {
            joined.map_err(|error| chain(&error))?;
        }
        tracing::info!(instances = self.instances, "the simulated hosts have joined");
        Ok(())
    }
}

/// A data folder for as long as a simulation runs.
#[derive(Debug)]
pub(super) struct Passing(PathBuf);

impl Passing {
    /// A new one, readable by nobody else.
    ///
    /// # Errors
    /// Where it cannot be made, with what to do; 1 for the shell.
    pub(super) fn make() -> Result<Self, ExitCode> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("mainstay-sim-{:016x}", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| {
            eprintln!("mainstay: cannot make {}: {error}; name a folder with --data-dir", path.display());
            ExitCode::FAILURE
        })?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("mainstay: {} is left behind: {error}", self.0.display());
        }
    }
}
