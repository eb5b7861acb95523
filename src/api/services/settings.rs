//! What a CreateService and an UpdateService say of a service's working.

use std::sync::Arc;

use mainstay_actors::ports::AlarmSource;
use mainstay_core::model;

/// ECS's bound of the bake time: a day.
const LONGEST_BAKE_TIME: i64 = 1440;

use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::unsigned;
use crate::api::wire::At;
use crate::api::wire::enums::{DeploymentControllerType, DeploymentStrategy, PropagateTags, ThresholdType};
use crate::api::wire::structures::{
    DeploymentAlarms, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentController,
    GatewayConnector, LoadBalancer, MonitoringConfiguration, ServiceConnectConfiguration, ServiceRegistry,
    ServiceVolumeConfiguration, VpcLatticeConfiguration,
};

/// The members that both have and that are refused where they ask for something.
pub(super) struct Unsupported {
    pub deployment_controller: Option<DeploymentController>,
    pub gateway_connectors: Option<Vec<GatewayConnector>>,
    pub load_balancers: Option<Vec<LoadBalancer>>,
    pub monitoring: Option<MonitoringConfiguration>,
    pub role: Option<String>,
    pub service_connect_configuration: Option<ServiceConnectConfiguration>,
    pub service_registries: Option<Vec<ServiceRegistry>>,
    pub volume_configurations: Option<Vec<ServiceVolumeConfiguration>>,
    pub vpc_lattice_configurations: Option<Vec<VpcLatticeConfiguration>>,
}

impl Unsupported {
    /// # Errors
    /// ClientException naming the first that asks for something.
    pub fn refuse(&self) -> Answer<()> {
        let controller =
            self.deployment_controller.as_ref().and_then(|controller| controller.r#type.as_ref());
        let connect = self.service_connect_configuration.as_ref();
        refuse(
            &At::ROOT,
            &[
                (
                    "deploymentController.type other than ECS",
                    &controller.is_some_and(|kind| *kind != DeploymentControllerType::Ecs),
                ),
                ("gatewayConnectors", &self.gateway_connectors),
                ("loadBalancers", &self.load_balancers),
                ("monitoring", &self.monitoring),
                ("role", &self.role),
                (
                    "serviceConnectConfiguration",
                    &connect.is_some_and(|connect| connect.enabled != Some(false)),
                ),
                ("serviceRegistries", &self.service_registries),
                ("volumeConfigurations", &self.volume_configurations),
                ("vpcLatticeConfigurations", &self.vpc_lattice_configurations),
            ],
        )
    }
}

/// The limits of a rollout; what is not given is as in `before`.
pub(super) fn deployment(
    given: DeploymentConfiguration,
    before: model::DeploymentConfiguration,
) -> Answer<model::DeploymentConfiguration> {
    let DeploymentConfiguration {
        alarms: _,
        bake_time_in_minutes,
        canary_configuration,
        deployment_circuit_breaker,
        early_success_criteria,
        lifecycle_hooks,
        linear_configuration,
        maximum_percent,
        minimum_healthy_percent,
        strategy,
    } = given;
    let at = At::ROOT.field("deploymentConfiguration");
    refuse(
        &at,
        &[
            ("canaryConfiguration", &canary_configuration),
            ("earlySuccessCriteria", &early_success_criteria),
            ("lifecycleHooks", &lifecycle_hooks),
            ("linearConfiguration", &linear_configuration),
            (
                "strategy other than ROLLING",
                &strategy.is_some_and(|strategy| strategy != DeploymentStrategy::Rolling),
            ),
        ],
    )?;
    at.range("minimumHealthyPercent", minimum_healthy_percent.map(i64::from), 0..=100)?;
    at.range("maximumPercent", maximum_percent.map(i64::from), 100..=i64::MAX)?;
    at.range("bakeTimeInMinutes", bake_time_in_minutes.map(i64::from), 0..=LONGEST_BAKE_TIME)?;
    let wanted = model::DeploymentConfiguration {
        minimum_healthy_percent: minimum_healthy_percent.map_or(before.minimum_healthy_percent, unsigned),
        maximum_percent: maximum_percent.map_or(before.maximum_percent, unsigned),
        circuit_breaker: match deployment_circuit_breaker {
            Some(given) => {
                circuit_breaker(&at.field("deploymentCircuitBreaker"), &given, before.circuit_breaker)?
            }
            None => before.circuit_breaker,
        },
        bake_time_minutes: bake_time_in_minutes.map(unsigned).or(before.bake_time_minutes),
    };
    if wanted.minimum_healthy_percent == 100 && wanted.maximum_percent == 100 {
        return Err(ApiError::parameter(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    Ok(wanted)
}

/// What ends a rollout whose tasks fail; what is not given is as in `before`, as in ECS.
fn circuit_breaker(
    at: &At<'_>,
    given: &DeploymentCircuitBreaker,
    before: model::CircuitBreaker,
) -> Answer<model::CircuitBreaker> {
    let DeploymentCircuitBreaker { enable, reset_on_healthy_task, rollback, threshold_configuration } = given;
    let threshold = match threshold_configuration {
        None => before.threshold,
        Some(given) => {
            let at = at.field("thresholdConfiguration");
            let most = if given.r#type == Some(ThresholdType::Count) { i64::from(i32::MAX) } else { 100 };
            at.range("value", given.value.map(i64::from), 1..=most)?;
            let value = given.value.map_or(0, unsigned);
            match &given.r#type {
                Some(ThresholdType::Count) => model::Threshold::Count(value),
                Some(ThresholdType::UnboundedPercent) => model::Threshold::UnboundedPercent(value),
                // Words of nobody were refused.
                _ => model::Threshold::BoundedPercent(value),
            }
        }
    };
    Ok(model::CircuitBreaker {
        enable: enable.unwrap_or(before.enable),
        rollback: rollback.unwrap_or(before.rollback),
        reset_on_healthy_task: reset_on_healthy_task.unwrap_or(before.reset_on_healthy_task),
        threshold,
    })
}

/// The alarms that end a rollout, where any are given; each has to be one that `source` knows.
pub(super) fn alarms(
    given: Option<&DeploymentConfiguration>,
    source: Option<&Arc<dyn AlarmSource>>,
) -> Answer<Option<model::DeploymentAlarms>> {
    let Some(given) = given.and_then(|given| given.alarms.as_ref()) else { return Ok(None) };
    let DeploymentAlarms { alarm_names, enable, rollback } = given;
    let alarms = model::DeploymentAlarms {
        enable: enable.unwrap_or(false),
        rollback: rollback.unwrap_or(false),
        names: alarm_names.clone().unwrap_or_default(),
    };
    if !alarms.enable {
        // Switched off, it does nothing, whatever else it says.
        return Ok(Some(alarms));
    }
    let at = "deploymentConfiguration.alarms.alarmNames";
    if alarms.names.is_empty() {
        return Err(ApiError::parameter(format!("{at} is empty; it must name at least one alarm.")));
    }
    match alarms.names.iter().find(|name| !source.is_some_and(|source| source.knows(name))) {
        Some(unknown) => Err(ApiError::parameter(format!(
            "{at} names '{unknown}', which is no alarm of this Mainstay; give it a Prometheus expression in [alarms] \
             of its configuration."
        ))),
        None => Ok(Some(alarms)),
    }
}

/// The record's word for where tags come from; words of nobody were refused.
pub(super) fn propagate_tags(given: PropagateTags) -> model::PropagateTags {
    match given {
        PropagateTags::TaskDefinition => model::PropagateTags::TaskDefinition,
        PropagateTags::Service => model::PropagateTags::Service,
        PropagateTags::None | PropagateTags::Unrecognized(_) => model::PropagateTags::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: &str) {
        let given = serde_json::from_str(given).unwrap();
        let said = match deployment(given, model::DeploymentConfiguration::default()) {
            Ok(wanted) => {
                let limits = format!("{} {}", wanted.minimum_healthy_percent, wanted.maximum_percent);
                let breaker = wanted.circuit_breaker;
                let on = if breaker.enable { format!(" {breaker:?}") } else { String::new() };
                let bake = wanted.bake_time_minutes.map_or(String::new(), |bake| format!(" bakes {bake}"));
                limits + &on + &bake
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn the_limits_of_a_rollout_are_taken_and_what_is_not_built_is_refused_by_name() {
        check("{}", "100 200");
        check(r#"{"minimumHealthyPercent":50}"#, "50 200");
        check(
            r#"{"deploymentCircuitBreaker":{"enable":false,"rollback":true},"strategy":"ROLLING"}"#,
            "100 200",
        );
        check(
            r#"{"deploymentCircuitBreaker":{"enable":true,"rollback":true}}"#,
            "100 200 CircuitBreaker { enable: true, rollback: true, reset_on_healthy_task: true, threshold: \
             BoundedPercent(50) }",
        );
        check(
            r#"{"deploymentCircuitBreaker":{"enable":true,"rollback":false,"resetOnHealthyTask":false,
                "thresholdConfiguration":{"type":"COUNT","value":500}},"bakeTimeInMinutes":5}"#,
            "100 200 CircuitBreaker { enable: true, rollback: false, reset_on_healthy_task: false, threshold: \
             Count(500) } bakes 5",
        );
        check(
            r#"{"deploymentCircuitBreaker":{"enable":true,"rollback":true,
                "thresholdConfiguration":{"type":"UNBOUNDED_PERCENT","value":101}}}"#,
            "InvalidParameterException: \
             deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration.value is 101; it must be 1 \
             to 100.",
        );
        check(
            r#"{"strategy":"CANARY"}"#,
            "ClientException: deploymentConfiguration.strategy other than ROLLING is not supported by Mainstay \
             yet.",
        );
        check(
            r#"{"maximumPercent":100}"#,
            "InvalidParameterException: Both maximumPercent and minimumHealthyPercent cannot be 100 as this \
             will block deployments.",
        );
        check(
            r#"{"minimumHealthyPercent":101}"#,
            "InvalidParameterException: deploymentConfiguration.minimumHealthyPercent is 101; it must be 0 to \
             100.",
        );
    }
}
