//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::enums::*;
use super::{At, Check, Invalid, Timestamp};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct AwsVpcConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<AssignPublicIp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<String>>,
}

impl Check for AwsVpcConfiguration {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.assign_public_ip.check(&at.field("AssignPublicIp"))?;
        at.length("SecurityGroups", self.security_groups.as_ref().map(Vec::len), 1..=5)?;
        at.required("Subnets", self.subnets.is_some())?;
        at.length("Subnets", self.subnets.as_ref().map(Vec::len), 1..=16)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CapacityProviderStrategyItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

impl Check for CapacityProviderStrategyItem {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("base", self.base.map(i64::from), 0..=100000)?;
        at.required("capacityProvider", self.capacity_provider.is_some())?;
        at.length(
            "capacityProvider",
            self.capacity_provider.as_ref().map(|text| text.chars().count()),
            1..=255,
        )?;
        at.range("weight", self.weight.map(i64::from), 0..=1000)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct CreateScheduleGroupInput {
    pub client_token: Option<String>,
    pub name: Option<String>,
    pub tags: Option<Vec<Tag>>,
}

impl Check for CreateScheduleGroupInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("ClientToken", self.client_token.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        self.tags.check(&at.field("Tags"))?;
        at.length("Tags", self.tags.as_ref().map(Vec::len), 0..=200)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateScheduleGroupOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_group_arn: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct CreateScheduleInput {
    pub action_after_completion: Option<ActionAfterCompletion>,
    pub client_token: Option<String>,
    pub description: Option<String>,
    pub end_date: Option<Timestamp>,
    pub flexible_time_window: Option<FlexibleTimeWindow>,
    pub group_name: Option<String>,
    pub kms_key_arn: Option<String>,
    pub name: Option<String>,
    pub schedule_expression: Option<String>,
    pub schedule_expression_timezone: Option<String>,
    pub start_date: Option<Timestamp>,
    pub state: Option<ScheduleState>,
    pub target: Option<Target>,
}

impl Check for CreateScheduleInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.action_after_completion.check(&at.field("ActionAfterCompletion"))?;
        at.length("ClientToken", self.client_token.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("Description", self.description.as_ref().map(|text| text.chars().count()), 0..=512)?;
        at.required("FlexibleTimeWindow", self.flexible_time_window.is_some())?;
        self.flexible_time_window.check(&at.field("FlexibleTimeWindow"))?;
        at.length("GroupName", self.group_name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("KmsKeyArn", self.kms_key_arn.as_ref().map(|text| text.chars().count()), 1..=2048)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("ScheduleExpression", self.schedule_expression.is_some())?;
        at.length(
            "ScheduleExpression",
            self.schedule_expression.as_ref().map(|text| text.chars().count()),
            1..=256,
        )?;
        at.length(
            "ScheduleExpressionTimezone",
            self.schedule_expression_timezone.as_ref().map(|text| text.chars().count()),
            1..=50,
        )?;
        self.state.check(&at.field("State"))?;
        at.required("Target", self.target.is_some())?;
        self.target.check(&at.field("Target"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateScheduleOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_arn: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DeadLetterConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

impl Check for DeadLetterConfig {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("Arn", self.arn.as_ref().map(|text| text.chars().count()), 1..=1600)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DeleteScheduleGroupInput {
    pub client_token: Option<String>,
    pub name: Option<String>,
}

impl Check for DeleteScheduleGroupInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("ClientToken", self.client_token.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteScheduleGroupOutput {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DeleteScheduleInput {
    pub client_token: Option<String>,
    pub group_name: Option<String>,
    pub name: Option<String>,
}

impl Check for DeleteScheduleInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("ClientToken", self.client_token.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("GroupName", self.group_name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteScheduleOutput {}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct EcsParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    #[serde(rename = "EnableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_constraints: Option<Vec<PlacementConstraint>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_strategy: Option<Vec<PlacementStrategy>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<BTreeMap<String, String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition_arn: Option<String>,
}

impl Check for EcsParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.capacity_provider_strategy.check(&at.field("CapacityProviderStrategy"))?;
        at.length("CapacityProviderStrategy", self.capacity_provider_strategy.as_ref().map(Vec::len), 0..=6)?;
        at.length("Group", self.group.as_ref().map(|text| text.chars().count()), 1..=255)?;
        self.launch_type.check(&at.field("LaunchType"))?;
        self.network_configuration.check(&at.field("NetworkConfiguration"))?;
        self.placement_constraints.check(&at.field("PlacementConstraints"))?;
        at.length("PlacementConstraints", self.placement_constraints.as_ref().map(Vec::len), 0..=10)?;
        self.placement_strategy.check(&at.field("PlacementStrategy"))?;
        at.length("PlacementStrategy", self.placement_strategy.as_ref().map(Vec::len), 0..=5)?;
        at.length(
            "PlatformVersion",
            self.platform_version.as_ref().map(|text| text.chars().count()),
            1..=64,
        )?;
        self.propagate_tags.check(&at.field("PropagateTags"))?;
        at.length("ReferenceId", self.reference_id.as_ref().map(|text| text.chars().count()), 0..=1024)?;
        at.length("Tags", self.tags.as_ref().map(Vec::len), 0..=50)?;
        at.range("TaskCount", self.task_count.map(i64::from), 1..=10)?;
        at.required("TaskDefinitionArn", self.task_definition_arn.is_some())?;
        at.length(
            "TaskDefinitionArn",
            self.task_definition_arn.as_ref().map(|text| text.chars().count()),
            1..=1600,
        )?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct EventBridgeParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Check for EventBridgeParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("DetailType", self.detail_type.is_some())?;
        at.length("DetailType", self.detail_type.as_ref().map(|text| text.chars().count()), 1..=128)?;
        at.required("Source", self.source.is_some())?;
        at.length("Source", self.source.as_ref().map(|text| text.chars().count()), 1..=256)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct EventBridgePutEventsV2Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Check for EventBridgePutEventsV2Parameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("DetailType", self.detail_type.is_some())?;
        at.length("DetailType", self.detail_type.as_ref().map(|text| text.chars().count()), 1..=128)?;
        at.required("Source", self.source.is_some())?;
        at.length("Source", self.source.as_ref().map(|text| text.chars().count()), 1..=256)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct EventBridgePutRawEventsParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Check for EventBridgePutRawEventsParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("Metadata", self.metadata.as_ref().map(BTreeMap::len), 0..=100)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct FlexibleTimeWindow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_window_in_minutes: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<FlexibleTimeWindowMode>,
}

impl Check for FlexibleTimeWindow {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("MaximumWindowInMinutes", self.maximum_window_in_minutes.map(i64::from), 1..=1440)?;
        at.required("Mode", self.mode.is_some())?;
        self.mode.check(&at.field("Mode"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetScheduleGroupInput {
    pub name: Option<String>,
}

impl Check for GetScheduleGroupInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetScheduleGroupOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modification_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ScheduleGroupState>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GetScheduleInput {
    pub group_name: Option<String>,
    pub name: Option<String>,
}

impl Check for GetScheduleInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("GroupName", self.group_name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetScheduleOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_after_completion: Option<ActionAfterCompletion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flexible_time_window: Option<FlexibleTimeWindow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modification_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_expression_timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ScheduleState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct KinesisParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
}

impl Check for KinesisParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("PartitionKey", self.partition_key.is_some())?;
        at.length("PartitionKey", self.partition_key.as_ref().map(|text| text.chars().count()), 1..=256)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListScheduleGroupsInput {
    pub max_results: Option<i32>,
    pub name_prefix: Option<String>,
    pub next_token: Option<String>,
}

impl Check for ListScheduleGroupsInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("MaxResults", self.max_results.map(i64::from), 1..=100)?;
        at.length("NamePrefix", self.name_prefix.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("NextToken", self.next_token.as_ref().map(|text| text.chars().count()), 1..=2048)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListScheduleGroupsOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_groups: Option<Vec<ScheduleGroupSummary>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListSchedulesInput {
    pub group_name: Option<String>,
    pub max_results: Option<i32>,
    pub name_prefix: Option<String>,
    pub next_token: Option<String>,
    pub state: Option<ScheduleState>,
}

impl Check for ListSchedulesInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("GroupName", self.group_name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.range("MaxResults", self.max_results.map(i64::from), 1..=100)?;
        at.length("NamePrefix", self.name_prefix.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("NextToken", self.next_token.as_ref().map(|text| text.chars().count()), 1..=2048)?;
        self.state.check(&at.field("State"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSchedulesOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedules: Option<Vec<ScheduleSummary>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListTagsForResourceInput {
    pub resource_arn: Option<String>,
}

impl Check for ListTagsForResourceInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("ResourceArn", self.resource_arn.is_some())?;
        at.length("ResourceArn", self.resource_arn.as_ref().map(|text| text.chars().count()), 1..=1011)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NetworkConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

impl Check for NetworkConfiguration {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.awsvpc_configuration.check(&at.field("awsvpcConfiguration"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PlacementConstraint {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<PlacementConstraintType>,
}

impl Check for PlacementConstraint {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("expression", self.expression.as_ref().map(|text| text.chars().count()), 0..=2000)?;
        self.r#type.check(&at.field("type"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PlacementStrategy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<PlacementStrategyType>,
}

impl Check for PlacementStrategy {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("field", self.field.as_ref().map(|text| text.chars().count()), 0..=255)?;
        self.r#type.check(&at.field("type"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i32>,
}

impl Check for RetryPolicy {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("MaximumEventAgeInSeconds", self.maximum_event_age_in_seconds.map(i64::from), 60..=86400)?;
        at.range("MaximumRetryAttempts", self.maximum_retry_attempts.map(i64::from), 0..=185)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct SageMakerPipelineParameter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Check for SageMakerPipelineParameter {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=256)?;
        at.required("Value", self.value.is_some())?;
        at.length("Value", self.value.as_ref().map(|text| text.chars().count()), 1..=1024)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct SageMakerPipelineParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_parameter_list: Option<Vec<SageMakerPipelineParameter>>,
}

impl Check for SageMakerPipelineParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.pipeline_parameter_list.check(&at.field("PipelineParameterList"))?;
        at.length("PipelineParameterList", self.pipeline_parameter_list.as_ref().map(Vec::len), 0..=200)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleGroupSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modification_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ScheduleGroupState>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modification_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ScheduleState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetSummary>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct SqsParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_group_id: Option<String>,
}

impl Check for SqsParameters {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length(
            "MessageGroupId",
            self.message_group_id.as_ref().map(|text| text.chars().count()),
            1..=128,
        )?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Tag {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Check for Tag {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("Key", self.key.is_some())?;
        at.length("Key", self.key.as_ref().map(|text| text.chars().count()), 1..=128)?;
        at.required("Value", self.value.is_some())?;
        at.length("Value", self.value.as_ref().map(|text| text.chars().count()), 1..=256)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct TagResourceInput {
    pub resource_arn: Option<String>,
    pub tags: Option<Vec<Tag>>,
}

impl Check for TagResourceInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("ResourceArn", self.resource_arn.is_some())?;
        at.length("ResourceArn", self.resource_arn.as_ref().map(|text| text.chars().count()), 1..=1011)?;
        at.required("Tags", self.tags.is_some())?;
        self.tags.check(&at.field("Tags"))?;
        at.length("Tags", self.tags.as_ref().map(Vec::len), 0..=200)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagResourceOutput {}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Target {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_parameters: Option<EcsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_bridge_parameters: Option<EventBridgeParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_bridge_put_events_v2_parameters: Option<EventBridgePutEventsV2Parameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_bridge_put_raw_events_parameters: Option<EventBridgePutRawEventsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinesis_parameters: Option<KinesisParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sage_maker_pipeline_parameters: Option<SageMakerPipelineParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqs_parameters: Option<SqsParameters>,
}

impl Check for Target {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("Arn", self.arn.is_some())?;
        at.length("Arn", self.arn.as_ref().map(|text| text.chars().count()), 1..=1600)?;
        self.dead_letter_config.check(&at.field("DeadLetterConfig"))?;
        self.ecs_parameters.check(&at.field("EcsParameters"))?;
        self.event_bridge_parameters.check(&at.field("EventBridgeParameters"))?;
        self.event_bridge_put_events_v2_parameters.check(&at.field("EventBridgePutEventsV2Parameters"))?;
        self.event_bridge_put_raw_events_parameters.check(&at.field("EventBridgePutRawEventsParameters"))?;
        at.length("Input", self.input.as_ref().map(|text| text.chars().count()), 1..=9223372036854775807)?;
        self.kinesis_parameters.check(&at.field("KinesisParameters"))?;
        self.retry_policy.check(&at.field("RetryPolicy"))?;
        at.required("RoleArn", self.role_arn.is_some())?;
        at.length("RoleArn", self.role_arn.as_ref().map(|text| text.chars().count()), 1..=1600)?;
        self.sage_maker_pipeline_parameters.check(&at.field("SageMakerPipelineParameters"))?;
        self.sqs_parameters.check(&at.field("SqsParameters"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct UntagResourceInput {
    pub resource_arn: Option<String>,
    pub tag_keys: Option<Vec<String>>,
}

impl Check for UntagResourceInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.required("ResourceArn", self.resource_arn.is_some())?;
        at.length("ResourceArn", self.resource_arn.as_ref().map(|text| text.chars().count()), 1..=1011)?;
        at.required("TagKeys", self.tag_keys.is_some())?;
        at.length("TagKeys", self.tag_keys.as_ref().map(Vec::len), 0..=200)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagResourceOutput {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct UpdateScheduleInput {
    pub action_after_completion: Option<ActionAfterCompletion>,
    pub client_token: Option<String>,
    pub description: Option<String>,
    pub end_date: Option<Timestamp>,
    pub flexible_time_window: Option<FlexibleTimeWindow>,
    pub group_name: Option<String>,
    pub kms_key_arn: Option<String>,
    pub name: Option<String>,
    pub schedule_expression: Option<String>,
    pub schedule_expression_timezone: Option<String>,
    pub start_date: Option<Timestamp>,
    pub state: Option<ScheduleState>,
    pub target: Option<Target>,
}

impl Check for UpdateScheduleInput {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        self.action_after_completion.check(&at.field("ActionAfterCompletion"))?;
        at.length("ClientToken", self.client_token.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("Description", self.description.as_ref().map(|text| text.chars().count()), 0..=512)?;
        at.required("FlexibleTimeWindow", self.flexible_time_window.is_some())?;
        self.flexible_time_window.check(&at.field("FlexibleTimeWindow"))?;
        at.length("GroupName", self.group_name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.length("KmsKeyArn", self.kms_key_arn.as_ref().map(|text| text.chars().count()), 1..=2048)?;
        at.required("Name", self.name.is_some())?;
        at.length("Name", self.name.as_ref().map(|text| text.chars().count()), 1..=64)?;
        at.required("ScheduleExpression", self.schedule_expression.is_some())?;
        at.length(
            "ScheduleExpression",
            self.schedule_expression.as_ref().map(|text| text.chars().count()),
            1..=256,
        )?;
        at.length(
            "ScheduleExpressionTimezone",
            self.schedule_expression_timezone.as_ref().map(|text| text.chars().count()),
            1..=50,
        )?;
        self.state.check(&at.field("State"))?;
        at.required("Target", self.target.is_some())?;
        self.target.check(&at.field("Target"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateScheduleOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_arn: Option<String>,
}
