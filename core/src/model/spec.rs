use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AwsVpcConfiguration, Container, ContainerDefinition, DeploymentImage, IpcMode, LaunchType, NetworkMode,
    Overrides, PidMode, TaskDefinition, Volume,
};
use crate::images::{self, ImageVersion};
use crate::network::shares_namespaces;
use crate::{ClusterName, RevisionKey, TaskId, engine_name};

/// All an agent needs to know to run a task: the definition with its overrides applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// The task.
    pub id: TaskId,
    /// Its ARN, a label of each container.
    pub arn: String,
    /// Its cluster, a label of each container.
    pub cluster: ClusterName,
    /// Its definition, a label of each container.
    pub definition: RevisionKey,
    /// Its group: tasks of one group take turns with those of others at a busy engine.
    pub group: String,
    /// How the containers are connected.
    pub network_mode: NetworkMode,
    /// What its containers can mount.
    pub volumes: Vec<Volume>,
    /// Whose processes they see.
    pub pid_mode: Option<PidMode>,
    /// Whose IPC resources they see.
    pub ipc_mode: Option<IpcMode>,
    /// Where it has its network interface, in network mode `awsvpc`.
    pub network: Option<AwsVpcConfiguration>,
    /// What all of its containers together can have, where that is held.
    pub limits: Option<TaskLimits>,
    /// The role whose credentials its containers get, as given.
    #[serde(default)]
    pub role: Option<String>,
    /// Where ECS would run it, where that is known.
    #[serde(default)]
    pub launch_type: Option<LaunchType>,
    /// What to run. Where the containers share a namespace, the last one is its pause container, which holds it.
    pub containers: Vec<ContainerSpec>,
}

/// What the containers of a task can have together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLimits {
    /// CPU units; 1024 are one core.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
}

/// One container to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// Its name in the engine.
    pub engine_name: String,
    /// The definition, overrides applied.
    pub definition: ContainerDefinition,
    /// Wait between SIGTERM and SIGKILL.
    pub stop_timeout: Duration,
    /// What of its image to run, where its deployment has run it before.
    pub version: Option<ImageVersion>,
    /// The GPUs that it alone has, by their ids on its instance.
    #[serde(default)]
    pub gpu_ids: Vec<String>,
}

impl ContainerSpec {
    /// The name of a pause container; no container of a task definition can have it. The genuine agent's.
    pub const PAUSE: &str = "~internal~ecs~pause";
    /// The image of a pause container, which each engine's adapter brings itself.
    pub const PAUSE_IMAGE: &str = "mainstay/pause";
    /// Its part of the engine's name; no container of a task definition can have this one either.
    const PAUSE_PART: &str = "internal.pause";
    /// The variable that names a container's GPUs.
    pub const VISIBLE_GPUS: &str = "NVIDIA_VISIBLE_DEVICES";

    /// Whether it is none of the task definition's: it holds the namespaces that they share.
    pub fn is_pause(&self) -> bool {
        self.definition.name == Self::PAUSE
    }

    /// The name of a task's pause container in the engine.
    pub fn pause_name(definition: &RevisionKey, task: &TaskId) -> String {
        engine_name(definition, task, Self::PAUSE_PART)
    }

    /// The image to run: as asked for, or the version that it has to be.
    pub fn reference(&self) -> String {
        images::reference(&self.definition.image, self.version.as_ref())
    }

    /// Whether what it has to run is known, so that it cannot have changed in the registry.
    pub fn is_fixed(&self) -> bool {
        self.version.is_some() || images::has_digest(&self.definition.image)
    }

    fn pause(definition: &RevisionKey, task: &TaskId) -> Self {
        Self {
            engine_name: Self::pause_name(definition, task),
            definition: ContainerDefinition {
                name: Self::PAUSE.into(),
                image: Self::PAUSE_IMAGE.into(),
                ..ContainerDefinition::default()
            },
            // It ends at once.
            stop_timeout: Duration::from_secs(10),
            version: None,
            gpu_ids: Vec::new(),
        }
    }
}

impl TaskSpec {
    /// Whether it is on Fargate: only there the task as a whole is held to its size.
    pub fn is_on_fargate(&self) -> bool {
        self.limits.is_some()
    }

    /// The place of the pause container, where there is one.
    pub fn pause(&self) -> Option<usize> {
        self.containers.iter().position(ContainerSpec::is_pause)
    }

    /// Applies `overrides` to `definition`; names that match no container were refused by the API. The network
    /// configuration, the limits and the launch type are the task's own, to be added.
    pub fn new(
        id: TaskId,
        arn: String,
        cluster: ClusterName,
        group: String,
        definition: &TaskDefinition,
        overrides: &Overrides,
        default_stop_timeout: Duration,
    ) -> Self {
        let containers = definition
            .containers
            .iter()
            .map(|container| {
                let merged = overrides.apply(container);
                ContainerSpec {
                    engine_name: engine_name(&definition.key, &id, &merged.name),
                    stop_timeout: merged.stop_timeout.unwrap_or(default_stop_timeout),
                    definition: merged,
                    version: None,
                    gpu_ids: Vec::new(),
                }
            })
            .chain(
                shares_namespaces(definition.network_mode, definition.pid_mode, definition.ipc_mode)
                    .then(|| ContainerSpec::pause(&definition.key, &id)),
            )
            .collect();
        Self {
            id,
            arn,
            cluster,
            definition: definition.key.clone(),
            group,
            network_mode: definition.network_mode,
            network: None,
            limits: None,
            role: overrides.task_role_arn.clone().or_else(|| definition.task_role_arn.clone()),
            launch_type: None,
            volumes: definition.volumes.clone(),
            pid_mode: definition.pid_mode,
            ipc_mode: definition.ipc_mode,
            containers,
        }
    }

    /// Gives the containers the GPUs that their task's record says, and tells each of them which, in the variable that the
    /// genuine agent has for that, in the place of any other of its name.
    pub fn give_gpus(&mut self, known: &[Container]) {
        for container in &mut self.containers {
            let Some(known) = known.iter().find(|known| known.name == container.definition.name) else {
                continue;
            };
            if !known.gpu_ids.is_empty() {
                let environment = &mut container.definition.environment;
                environment.retain(|(name, _)| name != ContainerSpec::VISIBLE_GPUS);
                environment.push((ContainerSpec::VISIBLE_GPUS.into(), known.gpu_ids.join(",")));
                container.gpu_ids.clone_from(&known.gpu_ids);
            }
        }
    }

    /// Holds the containers to what their deployment has run before.
    pub fn hold(&mut self, images: &[DeploymentImage]) {
        for container in self.containers.iter_mut().filter(|known| known.definition.is_consistent()) {
            let held = images.iter().find(|image| image.container == container.definition.name);
            container.version = held.map(|image| image.version.clone());
        }
    }
}
