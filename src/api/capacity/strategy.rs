//! Capacity provider strategies: which are none, and who goes by which.

use mainstay_actors::view::View;
use mainstay_core::model::{
    CapacityProviderStatus, Cluster, LaunchType, SchedulingStrategy, Service, StrategyItem, launch_type_of,
};
use mainstay_core::{CapacityProviderName, Partition};

use crate::api::error::{Answer, ApiError};
use crate::api::wire::At;
use crate::api::wire::enums;
use crate::api::wire::structures::CapacityProviderStrategyItem;
use crate::api::{at_most, names, signed, tasks, unsigned};
use mainstay_actors::control::ControlError;

/// ECS's limit of a strategy's capacity providers, and of a cluster's.
const MOST: usize = 20;

/// The capacity providers of a cluster, by name or ARN, each once.
///
/// # Errors
/// Where there are too many, or one is unknown.
pub(in crate::api) fn providers(
    view: &View,
    here: &Partition,
    given: Vec<String>,
) -> Answer<Vec<CapacityProviderName>> {
    if given.len() > MOST {
        return Err(ApiError::parameter(format!(
            "The maximum number of capacity providers per cluster has been exceeded: capacityProviders has {}, and can \
             have at most {MOST}.",
            given.len()
        )));
    }
    let mut names: Vec<CapacityProviderName> = Vec::new();
    for given in given {
        let name = known(view, here, &given)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn known(view: &View, here: &Partition, given: &str) -> Answer<CapacityProviderName> {
    let name = names::capacity_provider(here, given)?;
    let own = view.capacity_providers.get(&name);
    if name.is_fargate() || own.is_some_and(|own| own.status == CapacityProviderStatus::Active) {
        return Ok(name);
    }
    Err(ControlError::CapacityProviderNotFound(name).into())
}

/// A strategy; empty where it says nothing.
///
/// # Errors
/// Where ECS would not take it, whatever its cluster has.
pub(in crate::api) fn read(
    view: &View,
    here: &Partition,
    at: &At<'_>,
    given: Vec<CapacityProviderStrategyItem>,
) -> Answer<Vec<StrategyItem>> {
    at_most(&at.to_string(), &given, MOST)?;
    let item = |CapacityProviderStrategyItem { base, capacity_provider, weight }| {
        Ok(StrategyItem {
            provider: known(view, here, capacity_provider.as_deref().unwrap_or_default())?,
            base: base.map_or(0, unsigned),
            weight: weight.map_or(0, unsigned),
        })
    };
    let strategy: Vec<StrategyItem> = given.into_iter().map(item).collect::<Answer<_>>()?;
    check(at, &strategy)?;
    Ok(strategy)
}

fn check(at: &At<'_>, strategy: &[StrategyItem]) -> Answer<()> {
    let twice = |(index, item): (usize, &StrategyItem)| {
        strategy
            .iter()
            .take(index)
            .any(|before| before.provider == item.provider)
            .then(|| item.provider.clone())
    };
    if let Some(name) = strategy.iter().enumerate().find_map(twice) {
        return Err(ApiError::parameter(format!("{at} names the capacity provider '{name}' twice.")));
    }
    let fargate = strategy.iter().filter(|item| item.provider.is_fargate()).count();
    if fargate > 0 && fargate < strategy.len() {
        return Err(ApiError::parameter(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and \
             Fargate providers. Specify one or the other and try again.",
        ));
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        return Err(ApiError::parameter(format!(
            "{at} has more than one base. A capacity provider strategy can specify a base for one capacity provider only. \
             Update it and try again."
        )));
    }
    if !strategy.is_empty() && strategy.iter().all(|item| item.weight == 0) {
        return Err(ApiError::parameter(format!(
            "{at} has weight 0 everywhere. A capacity provider strategy must contain at least one capacity provider with \
             a weight greater than 0."
        )));
    }
    Ok(())
}

/// What a request says of where its tasks run.
pub(in crate::api) struct Asked {
    pub launch_type: Option<enums::LaunchType>,
    pub strategy: Option<Vec<CapacityProviderStrategyItem>>,
}

impl Asked {
    /// The launch type, and the strategy where there is one: that of the cluster where neither is given.
    ///
    /// # Errors
    /// Where both are given, or the strategy is none that the cluster can have.
    pub fn read(
        self,
        view: &View,
        here: &Partition,
        cluster: &Cluster,
    ) -> Answer<(LaunchType, Vec<StrategyItem>)> {
        let Self { launch_type, strategy } = self;
        let given = strategy.filter(|given| !given.is_empty());
        if given.is_some() && launch_type.is_some() {
            return Err(ApiError::parameter(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            ));
        }
        let strategy = match (given, &launch_type) {
            (Some(given), _) => of_cluster(view, here, cluster, given)?,
            (None, Some(_)) => Vec::new(),
            (None, None) => cluster.default_strategy.clone(),
        };
        let launch_type = match launch_type_of(&strategy) {
            Some(of_strategy) => of_strategy,
            None => tasks::read_launch_type(launch_type)?,
        };
        Ok((launch_type, strategy))
    }
}

/// # Errors
/// Where a DAEMON is to have a strategy, as in ECS also where that is the cluster's.
pub(in crate::api) fn check_scheduling(
    scheduling: SchedulingStrategy,
    strategy: &[StrategyItem],
) -> Answer<()> {
    if scheduling == SchedulingStrategy::Daemon && !strategy.is_empty() {
        return Err(ApiError::parameter(
            "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON \
             scheduling strategy.",
        ));
    }
    Ok(())
}

/// What an update makes of a service's strategy; absent where it stays.
///
/// # Errors
/// Where it changes without a new deployment, for which ECS asks, or is none that the cluster can have.
pub(in crate::api) fn update(
    view: &View,
    here: &Partition,
    cluster: &Cluster,
    given: Option<Vec<CapacityProviderStrategyItem>>,
    known: &Service,
    forced: bool,
) -> Answer<Option<Vec<StrategyItem>>> {
    let Some(given) = given else { return Ok(None) };
    let wanted = of_cluster(view, here, cluster, given)?;
    check_scheduling(known.scheduling, &wanted)?;
    if wanted.as_slice() != known.capacity() && !forced {
        return Err(ApiError::parameter(
            "When switching from launch type to capacity provider strategy on an existing service, or making a change to \
             a capacity provider strategy on a service that is already using one, you must force a new deployment.",
        ));
    }
    Ok(Some(wanted))
}

fn of_cluster(
    view: &View,
    here: &Partition,
    cluster: &Cluster,
    given: Vec<CapacityProviderStrategyItem>,
) -> Answer<Vec<StrategyItem>> {
    let strategy = read(view, here, &At::ROOT.field("capacityProviderStrategy"), given)?;
    match strategy.iter().find(|item| !cluster.capacity_providers.contains(&item.provider)) {
        Some(other) => Err(ControlError::NotOfCluster(other.provider.clone()).into()),
        None => Ok(strategy),
    }
}

/// A strategy as answers show it.
pub(in crate::api) fn show(strategy: &[StrategyItem]) -> Vec<CapacityProviderStrategyItem> {
    let item = |item: &StrategyItem| CapacityProviderStrategyItem {
        base: Some(signed(item.base)),
        capacity_provider: Some(item.provider.to_string()),
        weight: Some(signed(item.weight)),
    };
    strategy.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn checked(items: &[(&str, u32, u32)], sign: Option<&str>) {
        let item = |&(name, base, weight): &(&str, u32, u32)| StrategyItem {
            provider: CapacityProviderName::new(name),
            base,
            weight,
        };
        let strategy: Vec<StrategyItem> = items.iter().map(item).collect();
        let said = check(&At::ROOT.field("capacityProviderStrategy"), &strategy);
        match sign {
            None => assert_eq!(said, Ok(())),
            Some(sign) => {
                assert!(said.as_ref().is_err_and(|error| error.message().contains(sign)), "{said:?}")
            }
        }
    }

    #[test]
    fn a_strategy_that_ecs_would_not_take_is_refused() {
        checked(&[], None);
        checked(&[("FARGATE", 1, 1), ("FARGATE_SPOT", 0, 4)], None);
        checked(&[("big", 0, 1), ("small", 2, 0)], None);
        checked(&[("big", 0, 1), ("FARGATE", 0, 1)], Some("cannot contain a mix"));
        checked(&[("big", 1, 1), ("small", 1, 1)], Some("more than one base"));
        checked(&[("big", 1, 0), ("small", 0, 0)], Some("weight 0 everywhere"));
        checked(&[("big", 0, 1), ("big", 0, 2)], Some("'big' twice"));
    }
}
