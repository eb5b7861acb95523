//! CreateCapacityProvider, UpdateCapacityProvider, DeleteCapacityProvider, DescribeCapacityProviders,
//! PutClusterCapacityProviders, and the strategies that name capacity providers.

mod strategy;

use mainstay_actors::control::NewCapacityProvider;
use mainstay_core::model::{self, CapacityProviderStatus, ContainerInstance};
use mainstay_core::{CapacityProviderName, Partition};

use super::error::{Answer, ApiError};
use super::given::refuse;
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::{
    self, CapacityProviderField, CapacityProviderType, CapacityProviderUpdateStatus, ManagedDraining,
    ManagedScalingStatus, ManagedTerminationProtection,
};
use super::wire::structures::{
    AutoScalingGroupProvider, AutoScalingGroupProviderUpdate, CapacityProvider,
    CreateCapacityProviderRequest, CreateCapacityProviderResponse, DeleteCapacityProviderRequest,
    DeleteCapacityProviderResponse, DescribeCapacityProvidersRequest, DescribeCapacityProvidersResponse,
    ManagedScaling, PutClusterCapacityProvidersRequest, PutClusterCapacityProvidersResponse,
    UpdateCapacityProviderRequest, UpdateCapacityProviderResponse,
};
use super::{Api, Scene, attributes, clusters, missing, names, signed, tags, unsigned};
pub(super) use strategy::{
    Asked, check_scheduling, providers, read, show as show_strategy, update as update_strategy,
};

/// CreateCapacityProvider.
pub(super) async fn create(
    api: &Api,
    request: CreateCapacityProviderRequest,
) -> Answer<CreateCapacityProviderResponse> {
    let CreateCapacityProviderRequest {
        auto_scaling_group_provider,
        cluster,
        managed_instances_provider,
        name,
        tags: given_tags,
    } = request;
    refuse(&At::ROOT, &[("managedInstancesProvider", &managed_instances_provider), ("cluster", &cluster)])?;
    let name = name.unwrap_or_default();
    names::pattern("Capacity provider name", &name)?;
    let lower = name.to_ascii_lowercase();
    if let Some(prefix) = ["aws", "ecs", "fargate"].into_iter().find(|prefix| lower.starts_with(prefix)) {
        return Err(ApiError::parameter(format!(
            "The specified capacity provider name '{name}' is invalid: it can't be prefixed with \"{prefix}\"."
        )));
    }
    let at = At::ROOT.field("autoScalingGroupProvider");
    let Some(provider) = auto_scaling_group_provider else {
        return Err(ApiError::parameter("autoScalingGroupProvider is required."));
    };
    let AutoScalingGroupProvider {
        auto_scaling_group_arn,
        managed_draining,
        managed_scaling,
        managed_termination_protection,
    } = provider;
    refuse_management(&at, managed_draining, managed_scaling.as_ref(), managed_termination_protection)?;
    let group_arn = auto_scaling_group_arn.unwrap_or_default();
    if !attributes::is_value(model::CapacityProvider::group_of(&group_arn)) {
        return Err(ApiError::parameter(format!(
            "{} is '{group_arn}'; it must be the name of a group of container instances, or an ARN of Auto Scaling that \
             ends in autoScalingGroupName/ and that name.",
            at.field("autoScalingGroupArn")
        )));
    }
    let scaling = read_scaling(&at, managed_scaling, model::ManagedScaling::default())?;
    let name = CapacityProviderName::new(name);
    let new = NewCapacityProvider { name, group_arn, scaling, tags: tags::read(given_tags)? };
    let made = api.control.create_capacity_provider(new).await?;
    let shown = show(api.here(), &made, true, CapacityProviderUpdateStatus::CreateComplete);
    Ok(CreateCapacityProviderResponse { capacity_provider: Some(shown) })
}

/// UpdateCapacityProvider.
pub(super) async fn update(
    api: &Api,
    request: UpdateCapacityProviderRequest,
) -> Answer<UpdateCapacityProviderResponse> {
    let UpdateCapacityProviderRequest {
        auto_scaling_group_provider,
        cluster,
        managed_instances_provider,
        name,
    } = request;
    refuse(&At::ROOT, &[("managedInstancesProvider", &managed_instances_provider), ("cluster", &cluster)])?;
    let name = own(api, name.as_deref().unwrap_or_default(), "updated")?;
    let at = At::ROOT.field("autoScalingGroupProvider");
    let AutoScalingGroupProviderUpdate { managed_draining, managed_scaling, managed_termination_protection } =
        auto_scaling_group_provider.unwrap_or_default();
    refuse_management(&at, managed_draining, managed_scaling.as_ref(), managed_termination_protection)?;
    let before = api.view().capacity_providers.get(&name).map(|known| known.scaling).unwrap_or_default();
    let scaling = managed_scaling.map(|given| read_scaling(&at, Some(given), before)).transpose()?;
    let changed = api.control.update_capacity_provider(name, scaling).await?;
    let shown = show(api.here(), &changed, true, CapacityProviderUpdateStatus::UpdateComplete);
    Ok(UpdateCapacityProviderResponse { capacity_provider: Some(shown) })
}

/// DeleteCapacityProvider.
pub(super) async fn delete(
    api: &Api,
    request: DeleteCapacityProviderRequest,
) -> Answer<DeleteCapacityProviderResponse> {
    let DeleteCapacityProviderRequest { capacity_provider, cluster } = request;
    refuse(&At::ROOT, &[("cluster", &cluster)])?;
    let name = own(api, capacity_provider.as_deref().unwrap_or_default(), "deleted")?;
    let deleted = api.control.delete_capacity_provider(name).await?;
    let shown = show(api.here(), &deleted, true, CapacityProviderUpdateStatus::DeleteComplete);
    Ok(DeleteCapacityProviderResponse { capacity_provider: Some(shown) })
}

/// The name of a capacity provider of one's own.
fn own(api: &Api, given: &str, act: &str) -> Answer<CapacityProviderName> {
    let name = names::capacity_provider(api.here(), given)?;
    if name.is_fargate() {
        let text = format!("The capacity provider {name} is reserved and can't be {act}.");
        return Err(ApiError::parameter(text));
    }
    Ok(name)
}

/// DescribeCapacityProviders; all that can be used where none is named.
pub(super) fn describe(
    api: &Api,
    request: DescribeCapacityProvidersRequest,
) -> Answer<DescribeCapacityProvidersResponse> {
    let DescribeCapacityProvidersRequest { capacity_providers, cluster, include, max_results, next_token } =
        request;
    let with_tags = include.is_some_and(|include| include.contains(&CapacityProviderField::Tags));
    let of_cluster = cluster.map(|given| clusters::active(api, Some(&given))).transpose()?;
    let is_of = |name: &CapacityProviderName| {
        of_cluster.as_ref().is_none_or(|cluster| cluster.capacity_providers.contains(name))
    };
    let own = |known: &model::CapacityProvider| {
        let deleted = known.status == CapacityProviderStatus::Inactive;
        let status = match deleted {
            true => CapacityProviderUpdateStatus::DeleteComplete,
            false => CapacityProviderUpdateStatus::CreateComplete,
        };
        show(api.here(), known, with_tags, status)
    };
    let asked = capacity_providers.unwrap_or_default();
    super::at_most("capacityProviders", &asked, 100)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    if asked.is_empty() {
        let active = |known: &model::CapacityProvider| known.status == CapacityProviderStatus::Active;
        found.extend(api.view().capacity_providers.filter(active).iter().map(|known| own(known)));
        found.extend(fargate_names().map(|name| show_fargate(api.here(), &name)));
        found.retain(|shown| shown.name.clone().is_some_and(|name| is_of(&CapacityProviderName::new(name))));
    }
    for given in asked {
        let name = names::capacity_provider(api.here(), &given)?;
        let known = api.view().capacity_providers.get(&name);
        match known {
            _ if !is_of(&name) => failures.push(missing(api.here().capacity_provider(&name))),
            _ if name.is_fargate() => found.push(show_fargate(api.here(), &name)),
            Some(known) => found.push(own(&known)),
            None => failures.push(missing(api.here().capacity_provider(&name))),
        }
    }
    let paging = Paging {
        operation: "DescribeCapacityProviders",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (found, next_token) = page(found, |shown| shown.name.clone().unwrap_or_default(), &paging)?;
    Ok(DescribeCapacityProvidersResponse {
        capacity_providers: Some(found),
        failures: Some(failures),
        next_token,
    })
}

/// PutClusterCapacityProviders.
pub(super) async fn put(
    api: &Api,
    request: PutClusterCapacityProvidersRequest,
) -> Answer<PutClusterCapacityProvidersResponse> {
    let PutClusterCapacityProvidersRequest {
        capacity_providers,
        cluster,
        default_capacity_provider_strategy,
    } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let providers = providers(api, capacity_providers.unwrap_or_default())?;
    let at = At::ROOT.field("defaultCapacityProviderStrategy");
    let strategy = read(api.view(), api.here(), &at, default_capacity_provider_strategy.unwrap_or_default())?;
    let changed = api.control.put_capacity_providers(cluster.name.clone(), providers, strategy).await?;
    Ok(PutClusterCapacityProvidersResponse { cluster: Some(clusters::show_whole(api, &changed)) })
}

/// The capacity provider that a container instance is of, where its cluster has one of its group.
pub(super) fn of_instance(api: Scene<'_>, instance: &ContainerInstance) -> Option<String> {
    let cluster = api.view().clusters.get(&instance.cluster)?;
    let known = cluster.capacity_providers.iter().filter_map(|name| api.view().capacity_providers.get(name));
    let own = known.into_iter().find(|provider| provider.has(instance))?;
    Some(own.name.to_string())
}

/// Nothing scales, ends or protects hosts here: to say yes would be to say nothing.
fn refuse_management(
    at: &At<'_>,
    draining: Option<ManagedDraining>,
    scaling: Option<&ManagedScaling>,
    protection: Option<ManagedTerminationProtection>,
) -> Answer<()> {
    let scales = scaling.and_then(|scaling| scaling.status.as_ref()) == Some(&ManagedScalingStatus::Enabled);
    let enabled = [
        ("managedScaling.status", scales),
        ("managedTerminationProtection", protection == Some(ManagedTerminationProtection::Enabled)),
        ("managedDraining", draining == Some(ManagedDraining::Enabled)),
    ];
    match enabled.into_iter().find(|(_, enabled)| *enabled) {
        None => Ok(()),
        Some((member, _)) => Err(ApiError::client(format!(
            "{} ENABLED is not supported by Mainstay yet: it starts and ends no hosts. It must be DISABLED.",
            at.field(member)
        ))),
    }
}

/// The numbers of `managedScaling`; what is not given is as before.
fn read_scaling(
    at: &At<'_>,
    given: Option<ManagedScaling>,
    before: model::ManagedScaling,
) -> Answer<model::ManagedScaling> {
    let ManagedScaling {
        instance_warmup_period,
        maximum_scaling_step_size,
        minimum_scaling_step_size,
        status: _,
        target_capacity,
    } = given.unwrap_or_default();
    at.field("managedScaling").range("targetCapacity", target_capacity.map(i64::from), 1..=100)?;
    Ok(model::ManagedScaling {
        target_capacity: target_capacity.map(unsigned).or(before.target_capacity),
        minimum_step: minimum_scaling_step_size.map(unsigned).or(before.minimum_step),
        maximum_step: maximum_scaling_step_size.map(unsigned).or(before.maximum_step),
        warmup: instance_warmup_period.map(unsigned).or(before.warmup),
    })
}

fn fargate_names() -> impl Iterator<Item = CapacityProviderName> {
    [CapacityProviderName::FARGATE, CapacityProviderName::FARGATE_SPOT]
        .into_iter()
        .map(CapacityProviderName::new)
}

fn show_fargate(here: &Partition, name: &CapacityProviderName) -> CapacityProvider {
    let spot = name.as_str() == CapacityProviderName::FARGATE_SPOT;
    CapacityProvider {
        capacity_provider_arn: Some(here.capacity_provider(name)),
        name: Some(name.to_string()),
        status: Some(enums::CapacityProviderStatus::Active),
        r#type: Some(if spot { CapacityProviderType::FargateSpot } else { CapacityProviderType::Fargate }),
        tags: Some(Vec::new()),
        ..CapacityProvider::default()
    }
}

fn show(
    here: &Partition,
    known: &model::CapacityProvider,
    with_tags: bool,
    update_status: CapacityProviderUpdateStatus,
) -> CapacityProvider {
    let scaling = known.scaling;
    CapacityProvider {
        auto_scaling_group_provider: Some(AutoScalingGroupProvider {
            auto_scaling_group_arn: Some(known.group_arn.clone()),
            managed_draining: Some(ManagedDraining::Disabled),
            managed_scaling: Some(ManagedScaling {
                instance_warmup_period: scaling.warmup.map(signed),
                maximum_scaling_step_size: scaling.maximum_step.map(signed),
                minimum_scaling_step_size: scaling.minimum_step.map(signed),
                status: Some(ManagedScalingStatus::Disabled),
                target_capacity: scaling.target_capacity.map(signed),
            }),
            managed_termination_protection: Some(ManagedTerminationProtection::Disabled),
        }),
        capacity_provider_arn: Some(here.capacity_provider(&known.name)),
        name: Some(known.name.to_string()),
        status: Some(match known.status {
            CapacityProviderStatus::Active => enums::CapacityProviderStatus::Active,
            CapacityProviderStatus::Inactive => enums::CapacityProviderStatus::Inactive,
        }),
        r#type: Some(CapacityProviderType::Ec2Autoscaling),
        tags: Some(if with_tags { tags::show(&known.tags) } else { Vec::new() }),
        update_status: Some(update_status),
        ..CapacityProvider::default()
    }
}
