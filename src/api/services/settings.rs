//! What a CreateService and an UpdateService say of a service's working.

use mainstay_core::model;

use crate::api::error::{Answer, ApiError};
use crate::api::given::refuse;
use crate::api::unsigned;
use crate::api::wire::At;
use crate::api::wire::enums::{
    AvailabilityZoneRebalancing, DeploymentControllerType, DeploymentStrategy, PropagateTags,
};
use crate::api::wire::structures::{
    CapacityProviderStrategyItem, DeploymentConfiguration, DeploymentController, GatewayConnector,
    LoadBalancer, MonitoringConfiguration, ServiceConnectConfiguration, ServiceRegistry,
    ServiceVolumeConfiguration, VpcLatticeConfiguration,
};

/// The members that both have and that are refused where they ask for something.
pub(super) struct Unsupported {
    pub availability_zone_rebalancing: Option<AvailabilityZoneRebalancing>,
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
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
                    "availabilityZoneRebalancing ENABLED",
                    &(self.availability_zone_rebalancing == Some(AvailabilityZoneRebalancing::Enabled)),
                ),
                ("capacityProviderStrategy", &self.capacity_provider_strategy),
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
        alarms,
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
            // Switched off, neither does anything, whatever else it says.
            ("alarms.enable", &alarms.is_some_and(|alarms| alarms.enable == Some(true))),
            (
                "deploymentCircuitBreaker.enable",
                &deployment_circuit_breaker.is_some_and(|breaker| breaker.enable == Some(true)),
            ),
            ("bakeTimeInMinutes", &bake_time_in_minutes),
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
    let wanted = model::DeploymentConfiguration {
        minimum_healthy_percent: minimum_healthy_percent.map_or(before.minimum_healthy_percent, unsigned),
        maximum_percent: maximum_percent.map_or(before.maximum_percent, unsigned),
    };
    if wanted.minimum_healthy_percent == 100 && wanted.maximum_percent == 100 {
        return Err(ApiError::parameter(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    Ok(wanted)
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
            Ok(wanted) => format!("{} {}", wanted.minimum_healthy_percent, wanted.maximum_percent),
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
            "ClientException: deploymentConfiguration.deploymentCircuitBreaker.enable is not supported by \
             Mainstay yet.",
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
