//! What a schedule runs: a target of EventBridge Scheduler becomes a RunTask of ECS, which is checked beforehand as far
//! as it can be, and once more when it is run.

use std::collections::BTreeMap;

use mainstay_actors::control::RunTask;
use mainstay_actors::ports::ScheduleTargets;
use mainstay_actors::view::View;
use mainstay_core::Partition;
use mainstay_core::model::{Schedule, ScheduledRun};
use mainstay_core::schedule::{Missed, Overlap, Retry};

use super::invalid_input;
use crate::api::error::{Answer, ApiError, Code};
use crate::api::given::Given;
use crate::api::wire::operations::Exception;
use crate::api::wire::scheduler::structures as wire;
use crate::api::wire::structures as ecs;
use crate::api::wire::{At, Check};
use crate::api::{body, names, tasks, unsigned};

/// A tag of `EcsParameters` with what a run does that meets the tasks of an earlier one: EventBridge Scheduler has no
/// member for it. It is not put on tasks.
const OVERLAP: &str = "mainstay:overlap";
/// A tag of `EcsParameters` with what becomes of runs that were missed.
const MISSED: &str = "mainstay:missed";

/// What a target says beside what it runs.
pub(super) struct About {
    /// The whole target, to be kept.
    pub text: String,
    pub retry: Retry,
    pub missed: Option<Missed>,
    pub overlap: Option<Overlap>,
}

/// Reads a target, and foresees what RunTask would say as far as cluster and task definition are there by now.
pub(super) fn read(view: &View, here: &Partition, target: &wire::Target) -> Answer<About> {
    let (request, about) = parts(here, target, None)?;
    match tasks::run_request(view, here, request) {
        Ok(_) => Ok(about),
        // They may come later, as with EventBridge Scheduler.
        Err(error) if is_absent(&error) => Ok(about),
        Err(error) => Err(invalid_input(format!("Target: {}", error.message()))),
    }
}

fn is_absent(error: &ApiError) -> bool {
    error.code() == Code::Ecs(Exception::ClusterNotFoundException)
        || matches!(error.message(), "TaskDefinition not found." | "TaskDefinition is inactive")
}

/// Knows targets of EventBridge Scheduler.
pub(crate) struct Targets;

impl ScheduleTargets for Targets {
    fn request(
        &self,
        view: &View,
        here: &Partition,
        schedule: &Schedule,
        run: &ScheduledRun,
    ) -> Result<RunTask, String> {
        let target: wire::Target = serde_json::from_str(&schedule.settings.target)
            .map_err(|error| format!("the target cannot be read: {error}"))?;
        let said = |error: ApiError| error.to_string();
        let (request, _) = parts(here, &target, Some((schedule, run))).map_err(said)?;
        tasks::run_request(view, here, request).map_err(said)
    }
}

/// RunTask's request, and what else the target says. A run has its facts put into the input.
fn parts(
    here: &Partition,
    target: &wire::Target,
    run: Option<(&Schedule, &ScheduledRun)>,
) -> Answer<(ecs::RunTaskRequest, About)> {
    let text = serde_json::to_string(target).unwrap_or_default();
    let wire::Target {
        arn,
        dead_letter_config,
        ecs_parameters,
        event_bridge_parameters,
        event_bridge_put_events_v2_parameters,
        event_bridge_put_raw_events_parameters,
        input,
        kinesis_parameters,
        retry_policy,
        role_arn,
        sage_maker_pipeline_parameters,
        sqs_parameters,
    } = target;
    let arn = arn.clone().unwrap_or_default();
    let form = here.cluster(&mainstay_core::ClusterName::new("NAME"));
    if !arn.starts_with("arn:aws:ecs:") {
        return Err(invalid_input(format!(
            "Target.Arn is '{arn}'; Mainstay runs ECS tasks only, so that it must be a cluster's, {form}, with \
             EcsParameters."
        )));
    }
    names::cluster(here, Some(&arn)).map_err(|error| {
        invalid_input(format!("Target.Arn is '{arn}': {}; it must be {form}.", error.message()))
    })?;
    for (member, given) in [
        ("DeadLetterConfig", dead_letter_config.is_given()),
        ("EventBridgeParameters", event_bridge_parameters.is_given()),
        ("EventBridgePutEventsV2Parameters", event_bridge_put_events_v2_parameters.is_given()),
        ("EventBridgePutRawEventsParameters", event_bridge_put_raw_events_parameters.is_given()),
        ("KinesisParameters", kinesis_parameters.is_given()),
        ("SageMakerPipelineParameters", sage_maker_pipeline_parameters.is_given()),
        ("SqsParameters", sqs_parameters.is_given()),
    ] {
        if given {
            let why = if member == "DeadLetterConfig" {
                "there is no queue to send to; what was given up is in the log and in mainstay_schedule_runs_total"
            } else {
                "it is for another kind of target"
            };
            return Err(invalid_input(format!("Target.{member} must be absent: {why}.")));
        }
    }
    check_role(role_arn.as_deref().unwrap_or_default())?;
    let parameters = ecs_parameters.as_ref().ok_or_else(|| {
        invalid_input(
            "Target.EcsParameters is absent; a cluster as target needs it, with a TaskDefinitionArn.",
        )
    })?;
    let Tags { tags, missed, overlap } = read_tags(parameters.tags.as_deref().unwrap_or_default())?;
    let retry = retry_policy.clone().map_or_else(Retry::default, |policy| {
        let usual = Retry::default();
        Retry {
            attempts: policy.maximum_retry_attempts.map_or(usual.attempts, unsigned),
            maximum_age_seconds: policy
                .maximum_event_age_in_seconds
                .map_or(usual.maximum_age_seconds, unsigned),
        }
    });
    let request = ecs::RunTaskRequest {
        cluster: Some(arn),
        overrides: overrides(here, input.as_deref(), run)?,
        tags: Some(tags),
        ..run_task(parameters)
    };
    Ok((request, About { text, retry, missed, overlap }))
}

/// `EcsParameters` in RunTask's words.
fn run_task(parameters: &wire::EcsParameters) -> ecs::RunTaskRequest {
    let wire::EcsParameters {
        capacity_provider_strategy,
        enable_ecs_managed_tags,
        enable_execute_command,
        group,
        launch_type,
        network_configuration,
        placement_constraints,
        placement_strategy,
        platform_version,
        propagate_tags,
        reference_id,
        tags: _,
        task_count,
        task_definition_arn,
    } = parameters.clone();
    ecs::RunTaskRequest {
        capacity_provider_strategy: capacity_provider_strategy.map(|items| {
            let item = |one: wire::CapacityProviderStrategyItem| ecs::CapacityProviderStrategyItem {
                base: one.base,
                capacity_provider: one.capacity_provider,
                weight: one.weight,
            };
            items.into_iter().map(item).collect()
        }),
        count: task_count,
        enable_ecs_managed_tags,
        enable_execute_command,
        group,
        launch_type: launch_type.map(|word| word.as_str().into()),
        network_configuration: network_configuration.map(|given| ecs::NetworkConfiguration {
            awsvpc_configuration: given.awsvpc_configuration.map(|given| ecs::AwsVpcConfiguration {
                assign_public_ip: given.assign_public_ip.map(|word| word.as_str().into()),
                security_groups: given.security_groups,
                subnets: given.subnets,
            }),
        }),
        placement_constraints: placement_constraints.map(|items| {
            let item = |one: wire::PlacementConstraint| ecs::PlacementConstraint {
                expression: one.expression,
                r#type: one.r#type.map(|word| word.as_str().into()),
            };
            items.into_iter().map(item).collect()
        }),
        placement_strategy: placement_strategy.map(|items| {
            let item = |one: wire::PlacementStrategy| ecs::PlacementStrategy {
                field: one.field,
                r#type: one.r#type.map(|word| word.as_str().into()),
            };
            items.into_iter().map(item).collect()
        }),
        platform_version,
        propagate_tags: propagate_tags.map(|word| word.as_str().into()),
        reference_id,
        task_definition: task_definition_arn,
        ..ecs::RunTaskRequest::default()
    }
}

/// The input of an ECS target is RunTask's `overrides`, as JSON.
fn overrides(
    here: &Partition,
    input: Option<&str>,
    run: Option<(&Schedule, &ScheduledRun)>,
) -> Answer<Option<ecs::TaskOverride>> {
    let Some(input) = input else { return Ok(None) };
    let input = with_facts(here, input, run);
    let wrong = |text: &str| {
        invalid_input(format!(
            "Target.Input: {text} It must be the overrides of RunTask as JSON, such as \
             {{\"containerOverrides\": [{{\"name\": \"web\", \"command\": [\"now\"]}}]}}."
        ))
    };
    let read: ecs::TaskOverride =
        body::read_json(input.as_bytes()).map_err(|error| wrong(error.message()))?;
    read.check(&At::ROOT).map_err(|invalid| wrong(&invalid.0))?;
    Ok(Some(read))
}

/// EventBridge Scheduler's context attributes.
fn with_facts(here: &Partition, input: &str, run: Option<(&Schedule, &ScheduledRun)>) -> String {
    if !input.contains("<aws.scheduler.") {
        return input.to_owned();
    }
    let [arn, time, execution, attempt] = match run {
        None => ["arn", "time", "id", "1"].map(str::to_owned),
        Some((schedule, run)) => {
            let time = jiff::Timestamp::from_millisecond(run.scheduled.0).unwrap_or_default();
            [
                here.schedule(&schedule.key),
                time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                schedule.token(run.scheduled),
                (run.failed + 1).to_string(),
            ]
        }
    };
    input
        .replace("<aws.scheduler.schedule-arn>", &arn)
        .replace("<aws.scheduler.scheduled-time>", &time)
        .replace("<aws.scheduler.execution-id>", &execution)
        .replace("<aws.scheduler.attempt-number>", &attempt)
}

/// What tasks get, and what is said to Mainstay in between.
#[derive(Default)]
struct Tags {
    tags: Vec<ecs::Tag>,
    missed: Option<Missed>,
    overlap: Option<Overlap>,
}

/// Reads the tags of a target. EventBridge Scheduler takes maps and does not say of what
/// form: both `{"key": "team", "value": "web"}` and `{"team": "web"}` are in use.
fn read_tags(given: &[BTreeMap<String, String>]) -> Answer<Tags> {
    let mut read = Tags::default();
    let pairs = given.iter().flat_map(|map| {
        let member =
            |name: &str| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|found| found.1);
        match (map.len(), member("key"), member("value")) {
            (2, Some(key), Some(value)) => vec![(key.clone(), value.clone())],
            _ => map.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    });
    for (key, value) in pairs {
        let word = serde_json::Value::String(value.clone());
        let wrong = |words: &str| {
            invalid_input(format!("Target.EcsParameters.Tags: {key} is '{value}'; it must be {words}."))
        };
        match key.as_str() {
            OVERLAP => {
                read.overlap =
                    Some(serde_json::from_value(word).map_err(|_| wrong("allow, skip or replace"))?);
            }
            MISSED => {
                read.missed = Some(serde_json::from_value(word).map_err(|_| wrong("skip, last or all"))?)
            }
            _ => read.tags.push(ecs::Tag { key: Some(key), value: Some(value) }),
        }
    }
    Ok(read)
}

/// Nothing is done with a role, but what is none was meant otherwise.
fn check_role(arn: &str) -> Answer<()> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && account.len() == 12
            && account.bytes().all(|digit| digit.is_ascii_digit())
            && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
    if right {
        return Ok(());
    }
    Err(invalid_input(format!("Target.RoleArn is '{arn}'; it must be arn:aws:iam::ACCOUNT:role/NAME.")))
}
