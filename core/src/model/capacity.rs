use serde::{Deserialize, Serialize};

use super::{ContainerInstance, LaunchType, Tag, Timestamp};
use crate::CapacityProviderName;

/// A capacity provider of one's own: the container instances that say that they are of its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// Its name, unique in the installation.
    pub name: CapacityProviderName,
    /// Whether it can be used.
    pub status: CapacityProviderStatus,
    /// `autoScalingGroupArn`, as it was given.
    pub group_arn: String,
    /// What was said of scaling, which is switched off.
    pub scaling: ManagedScaling,
    /// When it was made.
    pub created_at: Timestamp,
    /// What people attached.
    pub tags: Vec<Tag>,
}

/// Whether a capacity provider can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CapacityProviderStatus {
    /// It can.
    Active,
    /// Deleted; still described where somebody asks for it by name.
    Inactive,
}

/// Numbers of `managedScaling`, kept for whoever asks for them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ManagedScaling {
    /// Percent.
    pub target_capacity: Option<u32>,
    /// Instances.
    pub minimum_step: Option<u32>,
    /// Instances.
    pub maximum_step: Option<u32>,
    /// Seconds.
    pub warmup: Option<u32>,
}

impl CapacityProvider {
    /// The attribute by which a container instance says of which group it is.
    pub const GROUP: &str = "mainstay.auto-scaling-group";
    /// What stands before the group's name in an ARN.
    const ARN_NAME: &str = "autoScalingGroupName/";

    /// The name of its group: the end of an ARN of Auto Scaling, or all where it is none.
    pub fn group(&self) -> &str {
        Self::group_of(&self.group_arn)
    }

    /// The name of the group that such an ARN means.
    pub fn group_of(arn: &str) -> &str {
        arn.split_once(Self::ARN_NAME).map_or(arn, |(_, name)| name)
    }

    /// Whether a container instance is one of its group.
    pub fn has(&self, instance: &ContainerInstance) -> bool {
        instance.all_attributes().any(|(name, value)| name == Self::GROUP && value == self.group())
    }
}

impl CapacityProviderName {
    /// The one that is always there.
    pub const FARGATE: &str = "FARGATE";
    /// The other one: it runs as well, since nothing here is taken back.
    pub const FARGATE_SPOT: &str = "FARGATE_SPOT";

    /// Whether it is one of Fargate's.
    pub fn is_fargate(&self) -> bool {
        [Self::FARGATE, Self::FARGATE_SPOT].contains(&self.as_str())
    }
}

/// A part of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyItem {
    /// Who gets it.
    pub provider: CapacityProviderName,
    /// As many at least, before weights count.
    pub base: u32,
    /// Its part of the rest, against the weights of the others.
    pub weight: u32,
}

/// Where ECS runs what a strategy places, which is never of both kinds; absent where there is no strategy.
pub fn launch_type_of(strategy: &[StrategyItem]) -> Option<LaunchType> {
    let first = strategy.first()?;
    Some(if first.provider.is_fargate() { LaunchType::Fargate } else { LaunchType::Ec2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_by_itself_or_by_the_arn_of_an_auto_scaling_group() {
        let arn = "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:3f2a:autoScalingGroupName/big";
        assert_eq!(CapacityProvider::group_of(arn), "big");
        assert_eq!(CapacityProvider::group_of("big"), "big");
    }
}
