//! RunTask, StartTask.

use mainstay_actors::control::{self, RunTask};
use mainstay_actors::view::View;
use mainstay_core::Partition;
use mainstay_core::model::{self, ContainerOverride, LaunchType, Overrides, TaskDefinition};

use super::{check_launch_type, launch_type_of, show};
use crate::api::definitions::{self, environment, options, sizes};
use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::wire::At;
use crate::api::wire::enums::PropagateTags;
use crate::api::wire::structures::{
    self as wire, Failure, RunTaskRequest, RunTaskResponse, StartTaskRequest, StartTaskResponse,
};
use crate::api::{
    Api, at_most, capacity, clusters, missing, names, network, placement, platform, tags, unsigned,
};

/// ECS's limit of the overrides' JSON, in characters.
const OVERRIDES_LIMIT: usize = 8192;

/// RunTask. What finds no place comes back as a failure, beside what does.
pub(in crate::api) async fn run(api: &Api, request: RunTaskRequest) -> Answer<RunTaskResponse> {
    let request = run_request(api.view(), api.here(), request)?;
    let ran = api.control.run_task(request).await?;
    Ok(RunTaskResponse {
        tasks: Some(ran.tasks.iter().map(|task| show::task(api.scene(), task, true)).collect()),
        failures: Some(ran.failures.into_iter().map(failure).collect()),
    })
}

/// What a RunTask asks of the tree, whoever makes it: a client or a schedule.
pub(in crate::api) fn run_request(view: &View, here: &Partition, request: RunTaskRequest) -> Answer<RunTask> {
    let RunTaskRequest {
        capacity_provider_strategy,
        client_token,
        cluster,
        count,
        enable_ecs_managed_tags,
        enable_execute_command,
        group,
        launch_type,
        network_configuration,
        overrides,
        placement_constraints,
        placement_strategy,
        platform_version,
        propagate_tags,
        // ECS shows it nowhere.
        reference_id,
        started_by,
        tags: given_tags,
        task_definition,
        volume_configurations,
    } = request;
    refuse(&At::ROOT, &[("volumeConfigurations", &volume_configurations)])?;
    let at = At::ROOT;
    at.range("count", count.map(i64::from), 1..=10)?;
    at.length("clientToken", client_token.as_ref().map(String::len), 1..=64)?;
    check_words(reference_id.as_deref(), started_by.as_deref(), group.as_deref())?;
    let cluster = clusters::active_in(view, here, cluster.as_deref())?;
    let definition = definitions::runnable_in(view, here, task_definition.as_deref().unwrap_or_default())?;
    let asked = capacity::Asked { launch_type, strategy: capacity_provider_strategy };
    let (launch_type, strategy) = asked.read(view, here, &cluster)?;
    check_launch_type(&definition, launch_type)?;
    if launch_type == LaunchType::External && launch_type_of(&definition) != LaunchType::External {
        return Err(ApiError::client(
            "launchType EXTERNAL is not supported by Mainstay yet for a task definition whose \
             requiresCompatibilities is not EXTERNAL alone.",
        ));
    }
    // Each task has the latest, which is the only one.
    platform::read(platform_version, launch_type)?;
    let network = network::read(network_configuration, &definition, launch_type)?;
    let tags = TagsGiven { tags: given_tags, propagate_tags, managed: enable_ecs_managed_tags };
    let tags = tags.read(&cluster, &definition)?;
    placement::check_count(0, &definition)?;
    let placement_constraints =
        placement::constraints(placement_constraints.unwrap_or_default(), &definition, launch_type)?;
    Ok(RunTask {
        cluster: cluster.name.clone(),
        definition: definition.key.clone(),
        network,
        launch_type,
        capacity: strategy,
        count: count.map_or(1, unsigned),
        overrides: read_overrides(overrides.unwrap_or_default(), &definition, launch_type)?,
        group: group.filter(|group| !group.is_empty()),
        started_by: started_by.filter(|by| !by.is_empty()),
        tags,
        client_token,
        enable_execute_command: enable_execute_command.unwrap_or(false),
        placement_constraints,
        placement_strategy: placement::strategy(placement_strategy.unwrap_or_default(), launch_type)?,
        on: Vec::new(),
    })
}

/// StartTask: one task on each of the instances that the caller chose.
pub(in crate::api) async fn start(api: &Api, request: StartTaskRequest) -> Answer<StartTaskResponse> {
    let StartTaskRequest {
        cluster,
        container_instances,
        enable_ecs_managed_tags,
        enable_execute_command,
        group,
        network_configuration,
        overrides,
        propagate_tags,
        reference_id,
        started_by,
        tags: given_tags,
        task_definition,
        volume_configurations,
    } = request;
    refuse(&At::ROOT, &[("volumeConfigurations", &volume_configurations)])?;
    check_words(reference_id.as_deref(), started_by.as_deref(), group.as_deref())?;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let asked = container_instances.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("Container instances cannot be empty."));
    }
    at_most("instanceIds", &asked, 10)?;
    let definition = definitions::runnable(api, task_definition.as_deref().unwrap_or_default())?;
    let launch_type = launch_type_of(&definition);
    check_launch_type(&definition, launch_type)?;
    let (mut on, mut failures) = (Vec::new(), Vec::new());
    for given in &asked {
        let id = names::instance(api.here(), &cluster.name, given)?;
        if api.view().instances.get(&id).is_some_and(|instance| instance.cluster == cluster.name) {
            on.push(id);
        } else {
            failures.push(missing(api.here().instance(&cluster.name, &id)));
        }
    }
    let tags = TagsGiven { tags: given_tags, propagate_tags, managed: enable_ecs_managed_tags };
    let request = RunTask {
        cluster: cluster.name.clone(),
        definition: definition.key.clone(),
        network: network::read(network_configuration, &definition, launch_type)?,
        launch_type,
        capacity: Vec::new(),
        count: u32::try_from(on.len()).unwrap_or(u32::MAX),
        overrides: read_overrides(overrides.unwrap_or_default(), &definition, launch_type)?,
        group: group.filter(|group| !group.is_empty()),
        started_by: started_by.filter(|by| !by.is_empty()),
        tags: tags.read(&cluster, &definition)?,
        client_token: None,
        enable_execute_command: enable_execute_command.unwrap_or(false),
        placement_constraints: Vec::new(),
        placement_strategy: Vec::new(),
        on,
    };
    let ran =
        if request.on.is_empty() { control::Ran::default() } else { api.control.run_task(request).await? };
    failures.extend(ran.failures.into_iter().map(failure));
    Ok(StartTaskResponse {
        tasks: Some(ran.tasks.iter().map(|task| show::task(api.scene(), task, true)).collect()),
        failures: Some(failures),
    })
}

fn check_words(reference_id: Option<&str>, started_by: Option<&str>, group: Option<&str>) -> Answer<()> {
    let at = At::ROOT;
    at.length("referenceId", reference_id.map(str::len), 0..=1024)?;
    at.length("startedBy", started_by.map(str::len), 0..=128)?;
    at.length("group", group.map(str::len), 0..=255)?;
    if let Some(group) = group.filter(|group| group.starts_with("service:")) {
        let text = format!("Invalid namespace for group. group is '{group}'; 'service:' is for services.");
        return Err(ApiError::parameter(text));
    }
    Ok(())
}

/// What a request says of its tasks' tags.
struct TagsGiven {
    tags: Option<Vec<wire::Tag>>,
    propagate_tags: Option<PropagateTags>,
    managed: Option<bool>,
}

impl TagsGiven {
    fn read(self, cluster: &model::Cluster, definition: &TaskDefinition) -> Answer<Vec<model::Tag>> {
        let mut tags = tags::read(self.tags)?;
        match self.propagate_tags {
            Some(PropagateTags::TaskDefinition) => {
                tags::inherit(&mut tags, definition.tags.iter().cloned());
            }
            Some(PropagateTags::Service) => {
                let text = "propagateTags is 'SERVICE'; it must be TASK_DEFINITION or NONE for a task of no service.";
                return Err(ApiError::parameter(text));
            }
            _ => {}
        }
        if self.managed == Some(true) {
            let value = Some(cluster.name.to_string());
            tags.push(model::Tag { key: "aws:ecs:clusterName".to_owned(), value });
        }
        Ok(tags)
    }
}

fn failure(failure: control::Failure) -> Failure {
    Failure { arn: failure.arn, reason: Some(failure.reason), detail: failure.detail }
}

fn read_overrides(
    given: wire::TaskOverride,
    definition: &TaskDefinition,
    launch_type: LaunchType,
) -> Answer<Overrides> {
    let length = serde_json::to_string(&given).map_or(0, |text| text.chars().count());
    if length > OVERRIDES_LIMIT {
        let text =
            format!("overrides have {length} characters as JSON; they must have {OVERRIDES_LIMIT} at most.");
        return Err(ApiError::parameter(text));
    }
    let wire::TaskOverride {
        container_overrides,
        cpu,
        ephemeral_storage,
        execution_role_arn,
        inference_accelerator_overrides,
        memory,
        task_role_arn,
    } = given;
    let at = At::ROOT.field("overrides");
    refuse(
        &at,
        &[
            ("ephemeralStorage", &ephemeral_storage),
            ("inferenceAcceleratorOverrides", &inference_accelerator_overrides),
        ],
    )?;
    let size = |given: Option<String>, parse: fn(&str) -> Option<u32>, what: &str| match given.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| {
            ApiError::client(format!("Invalid '{what}' setting for task. {} is '{text}'.", at.field(what)))
        }),
    };
    let list = at.field("containerOverrides");
    let containers = container_overrides.unwrap_or_default().into_iter().enumerate();
    let overrides = Overrides {
        containers: containers
            .map(|(index, given)| container_override(&list.index(index), given, definition))
            .collect::<Answer<_>>()?,
        cpu: size(cpu, sizes::cpu, "cpu")?,
        memory: size(memory, sizes::memory, "memory")?,
        task_role_arn: task_role_arn.filter(|arn| !arn.is_empty()),
        execution_role_arn: execution_role_arn.filter(|arn| !arn.is_empty()),
    };
    let as_run = TaskDefinition {
        cpu: overrides.cpu.or(definition.cpu),
        memory: overrides.memory.or(definition.memory),
        containers: definition.containers.iter().map(|one| overrides.apply(one)).collect(),
        ..definition.clone()
    };
    if launch_type == LaunchType::Fargate {
        definitions::fargate::check_size(as_run.cpu, as_run.memory).map_err(ApiError::parameter)?;
        if let Some(at_fault) = overrides.containers.iter().position(|change| change.gpus.is_some()) {
            let at = list.index(at_fault);
            let text = format!("{} is not supported by Fargate.", at.field("resourceRequirements"));
            return Err(ApiError::parameter(text));
        }
    }
    options::check_gpus(&as_run.containers).map_err(|error| ApiError::parameter(error.message()))?;
    definitions::check_sizes(&as_run).map_err(|error| ApiError::parameter(error.message()))?;
    Ok(overrides)
}

fn container_override(
    at: &At<'_>,
    given: wire::ContainerOverride,
    definition: &TaskDefinition,
) -> Answer<ContainerOverride> {
    let wire::ContainerOverride {
        command,
        cpu,
        environment: given_variables,
        environment_files,
        memory,
        memory_reservation,
        name,
        resource_requirements,
    } = given;
    let name = name.unwrap_or_default();
    let container = definition.containers.iter().find(|container| container.name == name);
    let container = container.ok_or_else(|| {
        let text = format!("Override for container named {name} is not a container in the TaskDefinition.");
        ApiError::parameter(text)
    })?;
    let variables = environment::variables(at, given_variables.unwrap_or_default())?;
    let is_secret = |name: &str| container.secrets.iter().any(|secret| secret.name == name);
    if let Some((name, _)) = variables.iter().find(|(name, _)| is_secret(name)) {
        return Err(environment::not_unique(name));
    }
    let least = i64::from(sizes::LEAST_MEMORY);
    at.range("cpu", cpu.map(i64::from), 0..=i64::MAX)?;
    at.range("memory", memory.map(i64::from), least..=i64::MAX)?;
    at.range("memoryReservation", memory_reservation.map(i64::from), least..=i64::MAX)?;
    let gpus = options::gpus(at, resource_requirements.unwrap_or_default())
        .map_err(|error| ApiError::parameter(error.message()))?;
    let (hard, soft) = (memory.map(unsigned), memory_reservation.map(unsigned));
    let both = hard.or(container.memory).zip(soft.or(container.memory_reservation));
    if let Some((hard, soft)) = both.filter(|(hard, soft)| hard <= soft) {
        return Err(ApiError::parameter(format!(
            "Invalid setting for container '{name}'. 'memory' ({hard}) must be greater than \
             'memoryReservation' ({soft})."
        )));
    }
    Ok(ContainerOverride {
        name,
        // An empty list overrides nothing, as in ECS.
        command: command.filter(|words| !words.is_empty()),
        environment: variables,
        environment_files: environment_files
            .filter(|files| !files.is_empty())
            .map(|files| environment::files(at, files))
            .transpose()?,
        cpu: cpu.map(unsigned),
        memory: hard,
        memory_reservation: soft,
        gpus,
    })
}
