//! [`ContainerEngine`] on Docker (or Podman's Docker API), through bollard.
//!
//! Everything is scoped to one owner by the label `mainstay.owner`: containers of another installation, of a
//! genuine ECS agent or of a person are never listed, reported or touched.

pub mod about;
pub mod build;
mod credentials;
mod errors;
mod exec;
mod folders;
mod gpus;
mod images;
mod labels;
mod logs;
mod networks;
mod options;
mod patience;
pub mod pause;
mod ports;
mod processes;
mod progress;
mod translate;
mod used;
mod volumes;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::{
    CreateContainerOptions, EventsOptions, ListContainersOptions, RemoveContainerOptions,
    StopContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use mainstay_actors::ports::{
    ContainerEngine, EngineContainer, EngineError, EngineEvent, EngineInfo, Exec, LogLines, LogQuery,
    MountSource, NewContainer, NewExec, NewVolume, Pull, TaskVolume, TerminalSize, Told,
};
use mainstay_core::images::{Here, Pulled};
use mainstay_core::model::ContainerSpec;
use mainstay_core::{EngineId, ExecId, storage};

pub use used::UsedImage;

use errors::{status, when};
use images::{Digests, OwnImages};

/// No act but a stop or a pull takes longer; past it, whether it was done is not known.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// A heartbeat asks for nothing but an answer; past this the engine hangs.
const HEARTBEAT_WITHIN: Duration = Duration::from_secs(10);
/// Looks at containers that are under way at once when everything is listed.
const LOOKS_AT_ONCE: usize = 8;

/// A Docker engine and the owner whose containers it shows.
pub struct DockerEngine {
    endpoint: String,
    owner: String,
    /// A client that speaks the engine's API version, once it was asked for that.
    client: Mutex<Option<Docker>>,
    digests: Mutex<Digests>,
    images: OwnImages,
    /// Where this host's credentials for registries stand.
    docker_config: Option<PathBuf>,
    /// Where the folders of tasks are.
    folders: Option<PathBuf>,
    /// Registries that are not waited for.
    patience: patience::Patience,
    /// Whether the engine, as last reached, goes to registries itself: through no proxy and no mirror.
    goes_itself: AtomicBool,
    /// Host ports for port ranges.
    rows: ports::Rows,
    /// Whether the engine, as last reached, can have containers inside the cgroup of another one.
    nests: AtomicBool,
    /// The GPUs that its tasks can have, where somebody said which; those that are found here where not.
    gpus: Option<Vec<String>>,
    /// Held while the image of pause containers is brought here.
    pause: tokio::sync::Mutex<()>,
    /// Held while a network is looked for and made.
    networks: tokio::sync::Mutex<()>,
}

impl DockerEngine {
    /// The engine at `endpoint` (`unix:///var/run/docker.sock`, `tcp://host:port`); it is reached when needed.
    pub fn new(endpoint: impl Into<String>, owner: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            owner: owner.into(),
            client: Mutex::default(),
            digests: Mutex::default(),
            images: OwnImages::default(),
            docker_config: credentials::own_file(),
            folders: None,
            patience: patience::Patience::default(),
            goes_itself: AtomicBool::new(false),
            rows: ports::Rows::default(),
            nests: AtomicBool::new(false),
            gpus: None,
            pause: tokio::sync::Mutex::default(),
            networks: tokio::sync::Mutex::default(),
        }
    }

    /// Remembers in this file which images it pulled, for the next process; only those are ever cleaned up.
    pub fn remembering(mut self, file: PathBuf) -> Self {
        self.images = OwnImages::in_file(file);
        self
    }

    /// Takes credentials for registries from this `config.json`, not from the user's own.
    pub fn with_docker_config(mut self, file: Option<PathBuf>) -> Self {
        self.docker_config = file.or(self.docker_config);
        self
    }

    /// Lets tasks have these GPUs, by the ids that the engine knows them by, whatever this host shows.
    pub fn with_gpus(mut self, ids: Option<Vec<String>>) -> Self {
        self.gpus = ids;
        self
    }

    /// The GPUs of the engine's host; an engine that is elsewhere has none but those that were named.
    fn gpus(&self, knows_cdi: bool) -> Vec<String> {
        let Some(named) = &self.gpus else {
            return if self.endpoint.starts_with("unix://") { gpus::found() } else { Vec::new() };
        };
        if let Some(id) = named.iter().find(|id| gpus::is_cdi(id) && !knows_cdi) {
            tracing::warn!(
                id,
                "agent.gpus names a device of CDI, which this engine does not say that it knows (Docker does from 25 \
                 on, with features.cdi, and from 28.3 on); a task that gets it may not start"
            );
        }
        named.clone()
    }

    /// Agrees on an API version with whatever engine answers now.
    async fn connect(&self) -> Result<Docker, EngineError> {
        let seconds = ANSWER_WITHIN.as_secs();
        let client = if self.endpoint.starts_with("tcp://") || self.endpoint.starts_with("http://") {
            Docker::connect_with_http(&self.endpoint, seconds, API_DEFAULT_VERSION)
        } else {
            Docker::connect_with_unix(&self.endpoint, seconds, API_DEFAULT_VERSION)
        };
        let client = client.map_err(|error| when(&self.endpoint, "connect", &error))?;
        let client = client.with_request_modifier(credentials::as_engines_read_it);
        let client =
            client.negotiate_version().await.map_err(|error| when(&self.endpoint, "version", &error))?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client.clone());
        Ok(client)
    }

    async fn client(&self) -> Result<Docker, EngineError> {
        let known = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(client) => Ok(client),
            None => self.connect().await,
        }
    }

    fn owned(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![format!("{}={}", labels::OWNER, self.owner)])])
    }

    /// The container under this name, where it is ours and of the same task.
    async fn adopt(&self, client: &Docker, new: &NewContainer<'_>) -> Result<EngineId, EngineError> {
        let name = &new.spec.engine_name;
        let seen = client.inspect_container(name, None).await.map_err(|error| match status(&error) {
            // An earlier create that was given up has taken the name and is still under way in the engine.
            Some(404) => EngineError::Unreachable {
                endpoint: self.endpoint.clone(),
                detail: format!("it is still busy with an earlier create of {name}"),
            },
            _ => when(&self.endpoint, "inspect", &error),
        })?;
        match translate::container(&self.owner, seen, None) {
            Some(found) if found.task == *new.task && found.name == new.spec.definition.name => Ok(found.id),
            _ => Err(EngineError::Refused {
                message: format!(
                    "the name {name} is taken by a container that is not ours; rename or remove that one"
                ),
            }),
        }
    }
}

#[async_trait]
impl ContainerEngine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        let client = self.connect().await?;
        let info = client.info().await.map_err(|error| when(&self.endpoint, "info", &error))?;
        self.nests.store(pause::nests(&info), Ordering::Relaxed);
        self.goes_itself.store(images::goes_itself(&info), Ordering::Relaxed);
        let gpus = self.gpus(info.cdi_spec_dirs.as_ref().is_some_and(|folders| !folders.is_empty()));
        Ok(translate::info(info, gpus))
    }

    async fn ping(&self) -> Result<(), EngineError> {
        let client = self.client().await?;
        match tokio::time::timeout(HEARTBEAT_WITHIN, client.ping()).await {
            Ok(answer) => answer.map(drop).map_err(|error| when(&self.endpoint, "ping", &error)),
            Err(_) => Err(EngineError::Timeout { act: "ping", waited: HEARTBEAT_WITHIN }),
        }
    }

    async fn image(&self, reference: &str) -> Result<Option<Here>, EngineError> {
        self.look_at_image(reference).await
    }

    async fn pull(&self, pull: &Pull<'_>, told: Told<'_>) -> Result<(), EngineError> {
        if pull.image == ContainerSpec::PAUSE_IMAGE {
            return self.import_pause(&self.client().await?).await;
        }
        self.bring(pull, told).await
    }

    async fn pulled_images(&self) -> Result<Vec<Pulled>, EngineError> {
        self.own_images().await
    }

    async fn remove_image(&self, id: &str) -> Result<bool, EngineError> {
        self.take_image_away(id).await
    }

    async fn provide_volume(&self, volume: &NewVolume<'_>) -> Result<MountSource, EngineError> {
        self.provided(volume).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        match storage::task_of_folder(name) {
            Some(task) => self.remove_folder(&task).await,
            None => self.removed_volume(name).await,
        }
    }

    async fn list_volumes(&self) -> Result<Vec<TaskVolume>, EngineError> {
        let mut found = self.listed_volumes().await?;
        found.extend(self.list_folders().await?);
        Ok(found)
    }

    async fn create(&self, new: &NewContainer<'_>) -> Result<EngineId, EngineError> {
        let client = self.client().await?;
        let rows = self.rows.pick(&new.spec.definition.port_mappings);
        let network = match new.network {
            Some(network) => Some(self.network(&client, network).await?),
            None => None,
        };
        let nests = self.nests.load(Ordering::Relaxed);
        let found = translate::Found { rows: &rows, network: network.as_deref(), nests };
        let body = translate::create_body(&self.owner, new, found);
        let name = Some(new.spec.engine_name.clone());
        let made =
            client.create_container(Some(CreateContainerOptions { name, ..Default::default() }), body).await;
        match made {
            Ok(made) => {
                // Such as a limit that the host's kernel does not know.
                for warning in &made.warnings {
                    tracing::warn!(
                        container = new.spec.engine_name,
                        warning,
                        "the engine has left something out"
                    );
                }
                Ok(EngineId::new(made.id))
            }
            Err(error) if status(&error) == Some(409) => self.adopt(&client, new).await,
            // Of these there are more: a container of `volumesFrom`, a driver.
            Err(error) if errors::is_missing_image(&error) => {
                Err(EngineError::NoSuchImage { image: new.image.to_owned() })
            }
            Err(error) => Err(match (when(&self.endpoint, "create", &error), new.runtime) {
                (EngineError::Refused { message }, Some(runtime)) if message.contains("runtime") => {
                    let message = format!("{message} (agent.fargate-runtime is {runtime})");
                    EngineError::Refused { message }
                }
                (other, _) => other,
            }),
        }
    }

    async fn start(&self, id: &EngineId) -> Result<(), EngineError> {
        match self.client().await?.start_container(id.as_str(), None).await {
            Ok(()) => Ok(()),
            Err(error) if status(&error) == Some(304) => Ok(()),
            Err(error) if errors::is_missing_container(&error) => {
                Err(EngineError::NoSuchContainer { id: id.clone() })
            }
            Err(error) => Err(match when(&self.endpoint, "start", &error) {
                EngineError::Refused { message } if errors::is_taken_port(&message) => {
                    EngineError::PortTaken { message }
                }
                other => other,
            }),
        }
    }

    async fn inspect(&self, id: &EngineId) -> Result<Option<EngineContainer>, EngineError> {
        let client = self.client().await?;
        match client.inspect_container(id.as_str(), None).await {
            Ok(seen) => {
                let name = seen.config.as_ref().and_then(|config| config.image.as_deref());
                let digest = self.digest(&client, seen.image.as_deref(), name).await;
                Ok(translate::container(&self.owner, seen, digest))
            }
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(when(&self.endpoint, "inspect", &error)),
        }
    }

    async fn stop(&self, id: &EngineId, grace: Duration) -> Result<(), EngineError> {
        let client = self.client().await?.with_timeout(grace.saturating_add(ANSWER_WITHIN));
        // The engine counts whole seconds; a shorter grace than asked for would cut somebody off.
        let seconds = i32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(i32::MAX);
        let options = StopContainerOptions { t: Some(seconds), ..Default::default() };
        match client.stop_container(id.as_str(), Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) if matches!(status(&error), Some(304 | 404)) => Ok(()),
            Err(error) => Err(when(&self.endpoint, "stop", &error)),
        }
    }

    async fn remove(&self, id: &EngineId) -> Result<(), EngineError> {
        let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        match self.client().await?.remove_container(id.as_str(), Some(options)).await {
            Ok(()) => Ok(()),
            // Gone, or somebody else is just removing it.
            Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(()),
            Err(error) => Err(when(&self.endpoint, "remove", &error)),
        }
    }

    async fn list(&self) -> Result<Vec<EngineContainer>, EngineError> {
        let client = self.client().await?;
        let options = ListContainersOptions { all: true, filters: Some(self.owned()), ..Default::default() };
        let listed = client
            .list_containers(Some(options))
            .await
            .map_err(|error| when(&self.endpoint, "list", &error))?;
        // The list has no exit codes: each is looked at.
        let ids: Vec<EngineId> = listed.into_iter().filter_map(|found| found.id).map(EngineId::new).collect();
        let looks = futures::stream::iter(ids).map(|id| async move { self.inspect(&id).await });
        let seen: Vec<Option<EngineContainer>> = looks.buffered(LOOKS_AT_ONCE).try_collect().await?;
        Ok(seen.into_iter().flatten().collect())
    }

    async fn logs(&self, id: &EngineId, query: LogQuery) -> Result<LogLines, EngineError> {
        self.read_log(id, query).await
    }

    async fn exec(&self, id: &EngineId, new: &NewExec) -> Result<Exec, EngineError> {
        self.run_exec(id, new).await
    }

    async fn resize_exec(&self, exec: &ExecId, size: TerminalSize) -> Result<(), EngineError> {
        self.size_exec(exec, size).await
    }

    async fn exec_exit_code(&self, exec: &ExecId) -> Result<Option<i32>, EngineError> {
        self.code_of_exec(exec).await
    }

    async fn end_exec(&self, id: &EngineId, exec: &ExecId) -> Result<(), EngineError> {
        self.stop_exec(id, exec).await
    }

    /// The engine replays its events from the moment (on its own clock) at which this was called, so that nothing
    /// is lost although the request goes out with the first poll only.
    async fn events(&self) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        let client = self.client().await?;
        let info = client.info().await.map_err(|error| when(&self.endpoint, "info", &error))?;
        let mut filters = self.owned();
        filters.insert("type".into(), vec!["container".into()]);
        filters.insert("event".into(), ["start", "die", "health_status", "destroy"].map(String::from).into());
        let since = info.system_time.as_deref().and_then(translate::unix_time);
        let options = EventsOptions { since, until: None, filters: Some(filters) };
        let endpoint = self.endpoint.clone();
        let events = client.events(Some(options)).filter_map(move |next| {
            let event = match next {
                Ok(message) => translate::event(message).map(Ok),
                Err(error) => Some(Err(when(&endpoint, "events", &error))),
            };
            std::future::ready(event)
        });
        Ok(events.boxed())
    }
}
