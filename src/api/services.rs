//! CreateService, UpdateService, DescribeServices, ListServices, DeleteService.

mod rollouts;
mod scheduling;
mod settings;
mod show;
mod zones;

use mainstay_actors::control::{ControlError, NewService, ServiceUpdate};
use mainstay_core::ServiceKey;
use mainstay_core::model::{self, ServiceStatus};

use super::error::{Answer, ApiError};
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::{ResourceManagementType, ServiceField};
use super::wire::structures::{
    CreateServiceRequest, CreateServiceResponse, DeleteServiceRequest, DeleteServiceResponse,
    DescribeServicesRequest, DescribeServicesResponse, ListServicesRequest, ListServicesResponse,
    NetworkConfiguration, UpdateServiceRequest, UpdateServiceResponse,
};
use super::{
    Api, at_most, capacity, clusters, definitions, missing, names, network, placement, platform, tags, tasks,
    unsigned,
};
pub(super) use rollouts::{describe_deployments, describe_revisions, list_deployments, stop_deployment};
use settings::Unsupported;

/// ECS's limit of tasks a service.
const MOST_TASKS: i64 = 5000;

/// CreateService.
pub(super) async fn create(api: &Api, request: CreateServiceRequest) -> Answer<CreateServiceResponse> {
    let CreateServiceRequest {
        availability_zone_rebalancing,
        capacity_provider_strategy,
        client_token,
        cluster,
        deployment_configuration,
        deployment_controller,
        desired_count,
        enable_ecs_managed_tags,
        enable_execute_command,
        gateway_connectors,
        health_check_grace_period_seconds,
        launch_type,
        load_balancers,
        monitoring,
        network_configuration,
        placement_constraints,
        placement_strategy,
        platform_version,
        propagate_tags,
        role,
        scheduling_strategy,
        service_connect_configuration,
        service_name,
        service_registries,
        tags: given_tags,
        task_definition,
        volume_configurations,
        vpc_lattice_configurations,
    } = request;
    let unsupported = Unsupported {
        deployment_controller,
        gateway_connectors,
        load_balancers,
        monitoring,
        role,
        service_connect_configuration,
        service_registries,
        volume_configurations,
        vpc_lattice_configurations,
    };
    unsupported.refuse()?;
    let name = service_name.unwrap_or_default();
    names::pattern("Service name", &name)?;
    At::ROOT.length("clientToken", client_token.as_ref().map(String::len), 1..=64)?;
    let scheduling = scheduling::read(scheduling_strategy);
    let desired_count = scheduling::desired_count(scheduling, read_desired_count(desired_count)?)?;
    let health_check_grace_period_seconds = read_grace_period(health_check_grace_period_seconds)?;
    let alarms = settings::alarms(deployment_configuration.as_ref(), api.control.context().alarms())?;
    let deployment_configuration =
        settings::deployment(deployment_configuration.unwrap_or_default(), scheduling::limits(scheduling))?;
    let tags = tags::read_of_service(given_tags)?;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let task_definition = task_definition.filter(|name| !name.is_empty());
    let definition =
        task_definition.ok_or_else(|| ApiError::parameter("TaskDefinition can not be blank."))?;
    let definition = definitions::runnable(api, &definition)?;
    let asked = capacity::Asked { launch_type, strategy: capacity_provider_strategy };
    let (launch_type, strategy) = asked.read(api.view(), api.here(), &cluster)?;
    capacity::check_scheduling(scheduling, &strategy)?;
    tasks::check_launch_type(&definition, launch_type)?;
    let given = scheduling::Given { constraints: placement_constraints, strategy: placement_strategy };
    let places = given.read(scheduling, &definition, launch_type)?;
    placement::check_count(places.constraints.as_ref().map_or(0, Vec::len), &definition)?;
    let situation = zones::Situation {
        scheduling,
        launch_type,
        limits: deployment_configuration,
        strategy: places.strategy.as_deref().unwrap_or_default(),
        constraints: places.constraints.as_deref().unwrap_or_default(),
    };
    let new = NewService {
        zone_rebalancing: situation.read(availability_zone_rebalancing.as_ref(), None)?,
        key: ServiceKey { cluster: cluster.name.clone(), name: mainstay_core::ServiceName::new(name) },
        definition: definition.key.clone(),
        network: network::read(network_configuration, &definition, launch_type)?,
        desired_count,
        launch_type,
        capacity: strategy,
        platform_version: platform::read(platform_version, launch_type)?,
        deployment_configuration,
        alarms: alarms.unwrap_or_default(),
        tags,
        propagate_tags: propagate_tags.map(settings::propagate_tags),
        enable_ecs_managed_tags: enable_ecs_managed_tags.unwrap_or(false),
        health_check_grace_period_seconds,
        client_token,
        enable_execute_command: enable_execute_command.unwrap_or(false),
        scheduling,
        placement_constraints: places.constraints.unwrap_or_default(),
        placement_strategy: places.strategy.unwrap_or_default(),
    };
    let made = api.control.create_service(new).await?;
    Ok(CreateServiceResponse { service: Some(show::service(api, &made, true)) })
}

/// UpdateService.
pub(super) async fn update(api: &Api, request: UpdateServiceRequest) -> Answer<UpdateServiceResponse> {
    let UpdateServiceRequest {
        availability_zone_rebalancing,
        capacity_provider_strategy,
        cluster,
        deployment_configuration,
        deployment_controller,
        desired_count,
        enable_ecs_managed_tags,
        enable_execute_command,
        force_new_deployment,
        gateway_connectors,
        health_check_grace_period_seconds,
        load_balancers,
        monitoring,
        network_configuration,
        placement_constraints,
        placement_strategy,
        platform_version,
        propagate_tags,
        service,
        service_connect_configuration,
        service_registries,
        task_definition,
        volume_configurations,
        vpc_lattice_configurations,
    } = request;
    let unsupported = Unsupported {
        deployment_controller,
        gateway_connectors,
        load_balancers,
        monitoring,
        role: None,
        service_connect_configuration,
        service_registries,
        volume_configurations,
        vpc_lattice_configurations,
    };
    unsupported.refuse()?;
    let desired_count = read_desired_count(desired_count)?;
    let health_check_grace_period_seconds = read_grace_period(health_check_grace_period_seconds)?;
    let key = key(api, cluster.as_deref(), service.as_deref())?;
    let known = api.view().services.get(&key).ok_or_else(ApiError::service_not_found)?;
    if known.status != ServiceStatus::Active {
        return Err(ControlError::ServiceNotActive(key).into());
    }
    let task_definition = task_definition.filter(|name| !name.is_empty());
    let definition = task_definition.map(|name| definitions::runnable(api, &name)).transpose()?;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let forced = force_new_deployment.unwrap_or(false);
    let strategy = capacity::update_strategy(
        api.view(),
        api.here(),
        &cluster,
        capacity_provider_strategy,
        &known,
        forced,
    )?;
    let launch_type = known.launch_type_with(strategy.as_deref().unwrap_or(known.capacity()));
    let current = api.view().definitions.get(&known.definition);
    if let Some(definition) = definition.as_ref().or(current.as_ref().filter(|_| strategy.is_some())) {
        tasks::check_launch_type(definition, launch_type)?;
    }
    scheduling::check_update(known.scheduling, desired_count)?;
    let given = scheduling::Given { constraints: placement_constraints, strategy: placement_strategy };
    let places = given.update(api, definition.as_deref(), &known, launch_type)?;
    let network = network_update(api, network_configuration, definition.as_deref(), &known, launch_type)?;
    let limits = deployment_configuration
        .clone()
        .map(|given| settings::deployment(given, known.deployment_configuration))
        .transpose()?;
    let situation = zones::Situation {
        scheduling: known.scheduling,
        launch_type,
        limits: limits.unwrap_or(known.deployment_configuration),
        strategy: places.strategy.as_deref().unwrap_or(&known.placement_strategy),
        constraints: places.constraints.as_deref().unwrap_or(&known.placement_constraints),
    };
    let rebalancing = situation.read(availability_zone_rebalancing.as_ref(), Some(known.zone_rebalancing))?;
    let update = ServiceUpdate {
        zone_rebalancing: Some(rebalancing),
        desired_count,
        network,
        capacity: strategy,
        platform_version: platform::read(platform_version, launch_type)?,
        definition: definition.map(|definition| definition.key.clone()),
        force_new_deployment: forced,
        alarms: settings::alarms(deployment_configuration.as_ref(), api.control.context().alarms())?,
        deployment_configuration: limits,
        health_check_grace_period_seconds,
        propagate_tags: propagate_tags.map(settings::propagate_tags),
        enable_ecs_managed_tags,
        enable_execute_command,
        placement_constraints: places.constraints,
        placement_strategy: places.strategy,
    };
    let changed = api.control.update_service(key, update).await?;
    Ok(UpdateServiceResponse { service: Some(show::service(api, &changed, true)) })
}

/// What an update makes of the tasks' network interfaces; what is not given is as it was, where the definition has it.
fn network_update(
    api: &Api,
    given: Option<NetworkConfiguration>,
    definition: Option<&model::TaskDefinition>,
    known: &model::Service,
    launch_type: model::LaunchType,
) -> Answer<Option<Option<model::AwsVpcConfiguration>>> {
    if given.is_none() && definition.is_none() {
        return Ok(None);
    }
    let current = api.view().definitions.get(&known.definition);
    let Some(definition) = definition.or(current.as_deref()) else { return Ok(None) };
    let before = known.primary().and_then(|primary| primary.network.as_ref());
    let kept = before.filter(|_| definition.network_mode == model::NetworkMode::AwsVpc).map(network::show);
    network::read(given.or(kept), definition, launch_type).map(Some)
}

/// DescribeServices.
pub(super) fn describe(api: &Api, request: DescribeServicesRequest) -> Answer<DescribeServicesResponse> {
    let DescribeServicesRequest { cluster, include, services } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let asked = services.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("Services cannot be empty."));
    }
    at_most("service names", &asked, 10)?;
    let with_tags = include.is_some_and(|include| include.contains(&ServiceField::Tags));
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let name = names::service(api.here(), &cluster.name, &given)?;
        let key = ServiceKey { cluster: cluster.name.clone(), name };
        match api.view().services.get(&key) {
            Some(service) => found.push(show::service(api, &service, with_tags)),
            None => failures.push(missing(api.here().service(&key))),
        }
    }
    Ok(DescribeServicesResponse { services: Some(found), failures: Some(failures) })
}

/// ListServices; ten a page where nothing is said, as in ECS.
pub(super) fn list(api: &Api, request: ListServicesRequest) -> Answer<ListServicesResponse> {
    let ListServicesRequest {
        cluster,
        launch_type,
        max_results,
        next_token,
        resource_management_type,
        scheduling_strategy,
    } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    // What ECS would manage by itself is not there.
    let none = resource_management_type == Some(ResourceManagementType::Ecs);
    let wanted = |service: &model::Service| {
        !none
            && scheduling_strategy.as_ref().is_none_or(|it| it.as_str() == service.scheduling.as_str())
            && service.key.cluster == cluster.name
            && service.status != ServiceStatus::Inactive
            && launch_type
                .as_ref()
                .is_none_or(|wanted| wanted.as_str() == service.current_launch_type().as_str())
    };
    let paging = Paging {
        operation: "ListServices",
        next_token: next_token.as_deref(),
        max_results,
        default: 10,
        descending: false,
    };
    let found = api.view().services.filter(wanted);
    let (services, next_token) = page(found, |service| service.key.name.to_string(), &paging)?;
    let arns = services.iter().map(|service| api.here().service(&service.key)).collect();
    Ok(ListServicesResponse { service_arns: Some(arns), next_token })
}

/// DeleteService. One that is on its way out already is answered as it is.
pub(super) async fn delete(api: &Api, request: DeleteServiceRequest) -> Answer<DeleteServiceResponse> {
    let DeleteServiceRequest { cluster, force, service } = request;
    let key = key(api, cluster.as_deref(), service.as_deref())?;
    let known = api.view().services.get(&key).ok_or_else(ApiError::service_not_found)?;
    let deleted = match known.status {
        ServiceStatus::Active => api.control.delete_service(key, force.unwrap_or(false)).await?,
        ServiceStatus::Draining => known,
        ServiceStatus::Inactive => return Err(ApiError::service_not_found()),
    };
    Ok(DeleteServiceResponse { service: Some(show::service(api, &deleted, true)) })
}

fn key(api: &Api, cluster: Option<&str>, service: Option<&str>) -> Answer<ServiceKey> {
    let cluster = clusters::active(api, cluster)?;
    let name = names::service(api.here(), &cluster.name, service.unwrap_or_default())?;
    Ok(ServiceKey { cluster: cluster.name.clone(), name })
}

fn read_desired_count(given: Option<i32>) -> Answer<Option<u32>> {
    At::ROOT.range("desiredCount", given.map(i64::from), 0..=MOST_TASKS)?;
    Ok(given.map(unsigned))
}

fn read_grace_period(given: Option<i32>) -> Answer<Option<u32>> {
    At::ROOT.range("healthCheckGracePeriodSeconds", given.map(i64::from), 0..=i64::from(i32::MAX))?;
    Ok(given.map(unsigned))
}
