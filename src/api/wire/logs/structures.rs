//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use serde::{Deserialize, Serialize};

use super::enums::*;
use super::{At, Check, Invalid};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DescribeLogGroupsRequest {
    pub account_identifiers: Option<Vec<String>>,
    pub include_linked_accounts: Option<bool>,
    pub limit: Option<i32>,
    pub log_group_class: Option<LogGroupClass>,
    pub log_group_identifiers: Option<Vec<String>>,
    pub log_group_name_pattern: Option<String>,
    pub log_group_name_prefix: Option<String>,
    pub next_token: Option<String>,
}

impl Check for DescribeLogGroupsRequest {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.length("accountIdentifiers", self.account_identifiers.as_ref().map(Vec::len), 0..=20)?;
        at.range("limit", self.limit.map(i64::from), 1..=50)?;
        self.log_group_class.check(&at.field("logGroupClass"))?;
        at.length("logGroupIdentifiers", self.log_group_identifiers.as_ref().map(Vec::len), 1..=50)?;
        at.length(
            "logGroupNamePattern",
            self.log_group_name_pattern.as_ref().map(|text| text.chars().count()),
            0..=512,
        )?;
        at.length(
            "logGroupNamePrefix",
            self.log_group_name_prefix.as_ref().map(|text| text.chars().count()),
            1..=512,
        )?;
        at.length(
            "nextToken",
            self.next_token.as_ref().map(|text| text.chars().count()),
            1..=9223372036854775807,
        )?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_groups: Option<Vec<LogGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DescribeLogStreamsRequest {
    pub descending: Option<bool>,
    pub limit: Option<i32>,
    pub log_group_identifier: Option<String>,
    pub log_group_name: Option<String>,
    pub log_stream_name_prefix: Option<String>,
    pub next_token: Option<String>,
    pub order_by: Option<OrderBy>,
}

impl Check for DescribeLogStreamsRequest {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("limit", self.limit.map(i64::from), 1..=50)?;
        at.length(
            "logGroupIdentifier",
            self.log_group_identifier.as_ref().map(|text| text.chars().count()),
            1..=2048,
        )?;
        at.length("logGroupName", self.log_group_name.as_ref().map(|text| text.chars().count()), 1..=512)?;
        at.length(
            "logStreamNamePrefix",
            self.log_stream_name_prefix.as_ref().map(|text| text.chars().count()),
            1..=512,
        )?;
        at.length(
            "nextToken",
            self.next_token.as_ref().map(|text| text.chars().count()),
            1..=9223372036854775807,
        )?;
        self.order_by.check(&at.field("orderBy"))?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_streams: Option<Vec<LogStream>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FilterLogEventsRequest {
    pub end_time: Option<i64>,
    pub filter_pattern: Option<String>,
    pub interleaved: Option<bool>,
    pub limit: Option<i32>,
    pub log_group_identifier: Option<String>,
    pub log_group_name: Option<String>,
    pub log_stream_name_prefix: Option<String>,
    pub log_stream_names: Option<Vec<String>>,
    pub next_token: Option<String>,
    pub start_from_head: Option<bool>,
    pub start_time: Option<i64>,
    pub unmask: Option<bool>,
}

impl Check for FilterLogEventsRequest {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("endTime", self.end_time, 0..=9223372036854775807)?;
        at.length("filterPattern", self.filter_pattern.as_ref().map(|text| text.chars().count()), 0..=1024)?;
        at.range("limit", self.limit.map(i64::from), 1..=10000)?;
        at.length(
            "logGroupIdentifier",
            self.log_group_identifier.as_ref().map(|text| text.chars().count()),
            1..=2048,
        )?;
        at.length("logGroupName", self.log_group_name.as_ref().map(|text| text.chars().count()), 1..=512)?;
        at.length(
            "logStreamNamePrefix",
            self.log_stream_name_prefix.as_ref().map(|text| text.chars().count()),
            1..=512,
        )?;
        at.length("logStreamNames", self.log_stream_names.as_ref().map(Vec::len), 1..=100)?;
        at.length(
            "nextToken",
            self.next_token.as_ref().map(|text| text.chars().count()),
            1..=9223372036854775807,
        )?;
        at.range("startTime", self.start_time, 0..=9223372036854775807)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<FilteredLogEvent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searched_log_streams: Option<Vec<SearchedLogStream>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilteredLogEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GetLogEventsRequest {
    pub end_time: Option<i64>,
    pub limit: Option<i32>,
    pub log_group_identifier: Option<String>,
    pub log_group_name: Option<String>,
    pub log_stream_name: Option<String>,
    pub next_token: Option<String>,
    pub start_from_head: Option<bool>,
    pub start_time: Option<i64>,
    pub unmask: Option<bool>,
}

impl Check for GetLogEventsRequest {
    fn check(&self, at: &At<'_>) -> Result<(), Invalid> {
        at.range("endTime", self.end_time, 0..=9223372036854775807)?;
        at.range("limit", self.limit.map(i64::from), 1..=10000)?;
        at.length(
            "logGroupIdentifier",
            self.log_group_identifier.as_ref().map(|text| text.chars().count()),
            1..=2048,
        )?;
        at.length("logGroupName", self.log_group_name.as_ref().map(|text| text.chars().count()), 1..=512)?;
        at.required("logStreamName", self.log_stream_name.is_some())?;
        at.length("logStreamName", self.log_stream_name.as_ref().map(|text| text.chars().count()), 1..=512)?;
        at.length(
            "nextToken",
            self.next_token.as_ref().map(|text| text.chars().count()),
            1..=9223372036854775807,
        )?;
        at.range("startTime", self.start_time, 0..=9223372036854775807)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<OutputLogEvent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_backward_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_forward_token: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_token_authentication_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_protection_status: Option<DataProtectionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited_properties: Option<Vec<InheritedProperty>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_class: Option<LogGroupClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_filter_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_policy_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_bytes: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogStream {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ingestion_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_sequence_token: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputLogEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchedLogStream {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searched_completely: Option<bool>,
}
