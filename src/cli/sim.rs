//! `mainstay sim`: the API over simulated hosts, for whoever wants to see what placement and rollouts do on hundreds.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use mainstay_actors::control::{Control, ControlError, NewCluster};
use mainstay_actors::sim::{FleetHost, Manners};
use mainstay_core::ClusterName;

/// CPU units of a core.
const CORE: u32 = 1024;

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
        let name = if name == "zone" { mainstay_core::model::ContainerInstance::ZONE } else { name };
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
    /// Where the cluster or one of them could not be stored.
    pub(super) async fn join(&self, control: &Control) -> Result<(), ControlError> {
        let cluster = ClusterName::new("default");
        let new = NewCluster { name: cluster.clone(), tags: Vec::new(), execute_command_logging: None };
        control.create_cluster(new).await?;
        let within = |longest: u64| Duration::from_millis(longest / 4)..Duration::from_millis(longest);
        let manners = Manners {
            start: within(self.start),
            stop: within(self.stop),
            failing_starts: self.failing_starts,
        };
        let ctx = control.context();
        let hosts = (0..self.instances as usize).map(|number| {
            let value = |one: &Attribute| (one.name.clone(), one.values[number % one.values.len()].clone());
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
            joined?;
        }
        tracing::info!(instances = self.instances, "the simulated hosts have joined");
        Ok(())
    }
}
