//! Whether a service's tasks may be moved between availability zones.

use mainstay_core::model::{
    ContainerInstance, DeploymentConfiguration, LaunchType, PlacementConstraint, PlacementStrategy,
    SchedulingStrategy,
};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums::AvailabilityZoneRebalancing;

/// What of a service decides whether that can be.
pub(super) struct Situation<'a> {
    pub scheduling: SchedulingStrategy,
    pub launch_type: LaunchType,
    pub limits: DeploymentConfiguration,
    pub strategy: &'a [PlacementStrategy],
    pub constraints: &'a [PlacementConstraint],
}

impl Situation<'_> {
    /// ENABLED or not: as `before` where nothing is said, and of a new service ENABLED where it can be, as in ECS.
    ///
    /// # Errors
    /// Where it is or stays ENABLED and cannot be.
    pub fn read(&self, given: Option<&AvailabilityZoneRebalancing>, before: Option<bool>) -> Answer<bool> {
        let obstacle = self.obstacle();
        let wanted = match given {
            Some(AvailabilityZoneRebalancing::Enabled) => true,
            Some(_) => false,
            None => before.unwrap_or(obstacle.is_none()),
        };
        match obstacle.filter(|_| wanted) {
            None => Ok(wanted),
            Some(obstacle) => Err(ApiError::parameter(format!(
                "availabilityZoneRebalancing ENABLED is not supported with {obstacle}. Set it to DISABLED, or change that, \
                 and try again."
            ))),
        }
    }

    /// Source: "Balancing an Amazon ECS service across Availability Zones" of ECS's developer guide.
    fn obstacle(&self) -> Option<&'static str> {
        let asks_for_zone = |constraint: &PlacementConstraint| matches!(constraint, PlacementConstraint::MemberOf(text) if text.contains(ContainerInstance::ZONE));
        if self.scheduling == SchedulingStrategy::Daemon {
            Some("the DAEMON scheduling strategy")
        } else if self.launch_type == LaunchType::External {
            Some("launchType EXTERNAL")
        } else if self.limits.maximum_percent == 100 {
            Some("maximumPercent 100")
        } else if !self.strategy.first().is_none_or(PlacementStrategy::is_over_zones) {
            Some("a first placement strategy other than spread over attribute:ecs.availability-zone")
        } else if self.constraints.iter().any(asks_for_zone) {
            Some("a placement constraint on ecs.availability-zone")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use mainstay_core::model::SpreadField;

    use super::*;

    const ENABLED: Option<&AvailabilityZoneRebalancing> = Some(&AvailabilityZoneRebalancing::Enabled);

    fn situation() -> Situation<'static> {
        Situation {
            scheduling: SchedulingStrategy::Replica,
            launch_type: LaunchType::Ec2,
            limits: DeploymentConfiguration::default(),
            strategy: &[],
            constraints: &[],
        }
    }

    #[track_caller]
    fn refused(situation: &Situation<'_>, sign: &str) {
        assert_eq!(situation.read(None, None), Ok(false), "a new service is not, where nothing is said");
        for (given, before) in [(ENABLED, None), (None, Some(true))] {
            let refusal = situation.read(given, before).unwrap_err();
            assert!(refusal.message().contains(sign), "{refusal}");
        }
        assert_eq!(situation.read(Some(&AvailabilityZoneRebalancing::Disabled), Some(true)), Ok(false));
    }

    #[test]
    fn it_is_on_where_it_can_be_and_refused_where_it_cannot() {
        assert_eq!(situation().read(None, None), Ok(true));
        assert_eq!(situation().read(None, Some(false)), Ok(false));
        let over_zones = [PlacementStrategy::Spread(SpreadField::Attribute(ContainerInstance::ZONE.into()))];
        assert_eq!(Situation { strategy: &over_zones, ..situation() }.read(ENABLED, None), Ok(true));
        refused(&Situation { scheduling: SchedulingStrategy::Daemon, ..situation() }, "DAEMON");
        refused(&Situation { launch_type: LaunchType::External, ..situation() }, "EXTERNAL");
        let limits = DeploymentConfiguration { maximum_percent: 100, ..DeploymentConfiguration::default() };
        refused(&Situation { limits, ..situation() }, "maximumPercent 100");
        refused(
            &Situation { strategy: &[PlacementStrategy::Random], ..situation() },
            "first placement strategy",
        );
        let constraint = [PlacementConstraint::MemberOf("attribute:ecs.availability-zone == a".into())];
        refused(&Situation { constraints: &constraint, ..situation() }, "placement constraint");
    }
}
