//! What has to be there before a container is made: the task's volumes, secrets and environment files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use mainstay_core::model::{ContainerSpec, Secret, TaskSpec};
use mainstay_core::secrets::{self, Hidden, S3Object, SecretSource};
use mainstay_core::storage::{self, Backing, Storage};
use ractor::ActorRef;

use super::container::Phase;
use super::gate::Lane;
use super::task::{HostTask, HostTaskMsg, HostTaskState, RETRY};
use crate::failpoint::Failpoint;
use crate::ports::{
    ContainerEngine, Credentials, EngineError, LookedUp, Mount, MountSource, MountsOf, NewVolume,
    SecretError, Secrets,
};

/// A provider is asked for so many of a container's secrets at once.
const LOOKS_AT_ONCE: usize = 8;

/// What a task was provided with on this host.
#[derive(Default)]
pub struct Provided {
    /// By volume: what stands behind it.
    volumes: BTreeMap<String, MountSource>,
    /// By container: what was looked up for it.
    looked_up: BTreeMap<String, LookedUp>,
}

/// Why what a task needs cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unprovided {
    /// This host does not have it.
    #[error("{0}")]
    NotHere(String),
    /// A secret.
    #[error(
        "unable to pull secrets or registry auth: {value_from} ({name} of container {container}): {error}"
    )]
    Secret {
        /// The container.
        container: String,
        /// The variable, or the option of its log driver.
        name: String,
        /// What it names.
        value_from: String,
        /// What the provider says.
        error: SecretError,
    },
    /// The name and the password for the registry of its image.
    #[error(
        "unable to pull secrets or registry auth: {credentials_parameter} (repositoryCredentials of container {container}): \
         {error}"
    )]
    RegistryAuth {
        /// The container.
        container: String,
        /// What it names.
        credentials_parameter: String,
        /// What the provider says.
        error: SecretError,
    },
    /// An environment file.
    #[error("failed to download env files: {arn} of container {container}: {error}")]
    EnvironmentFile {
        /// The container.
        container: String,
        /// What it names.
        arn: String,
        /// What the provider says.
        error: SecretError,
    },
    /// The engine could not make a volume.
    #[error("volume {volume}: {error}")]
    Volume {
        /// Its name in the task definition.
        volume: String,
        /// What the engine says.
        error: EngineError,
    },
}

impl Unprovided {
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::NotHere(_) => false,
            Self::Volume { error, .. } => error.is_temporary(),
            Self::Secret { error, .. }
            | Self::RegistryAuth { error, .. }
            | Self::EnvironmentFile { error, .. } => {
                matches!(error, SecretError::Unreachable(_))
            }
        }
    }
}

/// How far the provisions of a task are.
pub(super) struct Provisions {
    state: State,
    tries: u32,
    provided: Provided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Wanted,
    UnderWay,
    /// For this further try.
    Waits(u32),
    Here,
}

impl Provisions {
    pub(super) fn of(spec: &TaskSpec) -> Self {
        let looks_up = |container: &ContainerSpec| {
            let definition = &container.definition;
            let logs = definition.log_configuration.as_ref();
            !definition.secrets.is_empty()
                || !definition.environment_files.is_empty()
                || logs.is_some_and(|logs| !logs.secret_options.is_empty())
        };
        let needs = !spec.volumes.is_empty() || spec.containers.iter().any(looks_up);
        let state = if needs { State::Wanted } else { State::Here };
        Self { state, tries: 0, provided: Provided::default() }
    }

    /// What was looked up for a container, once its task is provided for.
    pub(super) fn looked_up(&self, container: &str) -> LookedUp {
        self.provided.looked_up.get(container).cloned().unwrap_or_default()
    }

    /// Whether containers can be made.
    pub(super) fn are_here(&self) -> bool {
        self.state == State::Here
    }

    /// Whether something may still be made.
    pub(super) fn are_under_way(&self) -> bool {
        self.state == State::UnderWay
    }

    /// Ends the wait for a further try.
    pub(super) fn hurry(&mut self) {
        if matches!(self.state, State::Waits(_)) {
            self.state = State::Wanted;
        }
    }

    /// Ends the wait for this further try.
    pub(super) fn try_again(&mut self, number: u32) {
        if self.state == State::Waits(number) {
            self.state = State::Wanted;
        }
    }

    /// Begins the wait for a further try; its number, and how long.
    fn wait(&mut self) -> (u32, Duration) {
        let wait = RETRY.0.saturating_mul(1 << self.tries.min(16)).min(RETRY.1);
        self.tries += 1;
        self.state = State::Waits(self.tries);
        (self.tries, wait)
    }
}

impl HostTask {
    /// Begins to provide what a container that is to be made needs, unless it is here.
    pub(super) fn provide(&self, me: &ActorRef<HostTaskMsg>, state: &mut HostTaskState) {
        let absent = |container: &super::container::Container| container.phase == Phase::Absent;
        let wanted = !state.stopping && state.containers.iter().any(absent);
        if !wanted || state.provisions.state != State::Wanted {
            return;
        }
        state.provisions.state = State::UnderWay;
        let (me, engine, gate) = (me.clone(), Arc::clone(&self.engine), Arc::clone(&self.gate));
        let (spec, ctx, secrets) = (state.spec.clone(), Arc::clone(&self.ctx), Arc::clone(&self.secrets));
        self.ctx.spawn(async move {
            let provided = async {
                // What this host does not have at all is said before anything is made.
                let backings = backings(&spec, &ctx.settings.storage)?;
                let looked_up = look_up(&*secrets, &spec).await?;
                let mut volumes = BTreeMap::new();
                for (name, backing) in backings {
                    let pass = gate.pass(Lane::Work, &spec.group).await;
                    let provided = provide(&*engine, &spec, &backing).await;
                    drop(pass);
                    let source =
                        provided.map_err(|error| Unprovided::Volume { volume: name.clone(), error })?;
                    volumes.insert(name, source);
                }
                Ok(Provided { volumes, looked_up })
            };
            drop(me.cast(HostTaskMsg::Provided(provided.await)));
        });
    }

    pub(super) fn provided(
        &self,
        me: &ActorRef<HostTaskMsg>,
        state: &mut HostTaskState,
        outcome: Result<Provided, Unprovided>,
    ) {
        match outcome {
            Ok(provided) => {
                state.provisions.provided = provided;
                state.provisions.state = State::Here;
            }
            Err(error) if error.is_temporary() => {
                let (number, wait) = state.provisions.wait();
                tracing::warn!(task = %state.spec.id, %error, ?wait, "what it needs will be tried again");
                me.send_after(wait, move || HostTaskMsg::ProvideAgain(number));
            }
            Err(error) => {
                tracing::warn!(task = %state.spec.id, %error, "a task cannot have what it needs");
                state.provisions.state = State::Wanted;
                for container in state.containers.iter_mut().filter(|one| one.phase == Phase::Absent) {
                    container.failed(format!("ResourceInitializationError: {error}"));
                }
            }
        }
    }
}

impl HostTaskState {
    /// What a container mounts, once its task is provided for.
    pub(super) fn mounts(&self, place: usize) -> Vec<Mount> {
        let points = self.containers[place].spec.definition.mount_points.iter();
        let mount = |point: &mainstay_core::model::MountPoint| {
            Some(Mount {
                source: self.provisions.provided.volumes.get(&point.source_volume)?.clone(),
                target: point.container_path.clone(),
                read_only: point.read_only.unwrap_or(false),
            })
        };
        points.filter_map(mount).collect()
    }

    /// The containers whose mounts a container gets, too, as the engine knows them.
    pub(super) fn mounts_of(&self, place: usize) -> Vec<MountsOf> {
        let sources = self.containers[place].spec.definition.volumes_from.iter();
        let named = |name: &str| {
            let named = |spec: &&ContainerSpec| spec.definition.name == name;
            self.spec.containers.iter().find(named)
        };
        let mounts_of = |from: &mainstay_core::model::VolumesFrom| {
            let engine_name = named(&from.source_container)?.engine_name.clone();
            Some(MountsOf { engine_name, read_only: from.read_only.unwrap_or(false) })
        };
        sources.filter_map(mounts_of).collect()
    }
}

/// What stands behind each of a task's volumes.
fn backings(spec: &TaskSpec, storage: &Storage) -> Result<Vec<(String, Backing)>, Unprovided> {
    let backing = |volume: &mainstay_core::model::Volume| {
        let backing = storage::backing(spec, volume, storage).map_err(Unprovided::NotHere)?;
        Ok((volume.name.clone(), backing))
    };
    spec.volumes.iter().map(backing).collect()
}

/// The name and the password for the registry of a container's image, where its definition names some.
pub(super) async fn credentials(
    provider: &dyn Secrets,
    container: &ContainerSpec,
) -> Result<Option<Credentials>, Unprovided> {
    let definition = &container.definition;
    let Some(named) = &definition.repository_credentials else { return Ok(None) };
    let found = async {
        let [name, password] = SecretSource::of_registry(named).map_err(SecretError::NotFound)?;
        let (name, password) = (provider.secret(&name).await?, provider.secret(&password).await?);
        Ok(Credentials { username: name.reveal().to_owned(), password: password.reveal().to_owned() })
    };
    found.await.map(Some).map_err(|error| Unprovided::RegistryAuth {
        container: definition.name.clone(),
        credentials_parameter: named.clone(),
        error,
    })
}

/// What is to be looked up for each container.
async fn look_up(provider: &dyn Secrets, spec: &TaskSpec) -> Result<BTreeMap<String, LookedUp>, Unprovided> {
    let mut found = BTreeMap::new();
    for ContainerSpec { definition, .. } in &spec.containers {
        let container = &definition.name;
        let variables = values(provider, container, &definition.secrets).await?;
        let files = definition.environment_files.iter().map(|arn| file(provider, container, arn).boxed());
        let files: Vec<Hidden> = all(files.collect()).await?;
        let logs = definition.log_configuration.as_ref();
        let options = logs.map(|logs| logs.secret_options.as_slice()).unwrap_or_default();
        let looked_up = LookedUp {
            environment: secrets::added(&definition.environment, &files, variables),
            log_options: values(provider, container, options).await?,
        };
        found.insert(container.clone(), looked_up);
    }
    Ok(found)
}

/// The values of secrets, by their names.
async fn values(
    provider: &dyn Secrets,
    container: &str,
    secrets: &[Secret],
) -> Result<Vec<(String, Hidden)>, Unprovided> {
    let value = |secret: &Secret| {
        let Secret { name, value_from } = secret.clone();
        let container = container.to_owned();
        async move {
            let found = match SecretSource::parse(&value_from) {
                Ok(source) => provider.secret(&source).await,
                Err(words) => Err(SecretError::NotFound(words)),
            };
            match found {
                Ok(value) => Ok((name, value)),
                Err(error) => Err(Unprovided::Secret { container, name, value_from, error }),
            }
        }
        .boxed()
    };
    all(secrets.iter().map(value).collect()).await
}

async fn file(provider: &dyn Secrets, container: &str, arn: &str) -> Result<Hidden, Unprovided> {
    let found = match S3Object::parse(arn) {
        Ok(object) => provider.environment_file(&object).await,
        Err(words) => Err(SecretError::NotFound(words)),
    };
    found.map_err(|error| Unprovided::EnvironmentFile {
        container: container.to_owned(),
        arn: arn.to_owned(),
        error,
    })
}

/// Looks several things up at once; they come in the order in which they were asked for, and the first that is not to be
/// had is told.
async fn all<T: Send>(looks: Vec<BoxFuture<'_, Result<T, Unprovided>>>) -> Result<Vec<T>, Unprovided> {
    futures::stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await
}

async fn provide(
    engine: &dyn ContainerEngine,
    spec: &TaskSpec,
    backing: &Backing,
) -> Result<MountSource, EngineError> {
    let new = NewVolume {
        task: &spec.id,
        task_arn: &spec.arn,
        cluster: &spec.cluster,
        definition: &spec.definition,
        backing,
    };
    Failpoint::HostBeforeVolume.hit();
    let source = engine.provide_volume(&new).await?;
    Failpoint::HostAfterVolume.hit();
    Ok(source)
}
