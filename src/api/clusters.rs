//! CreateCluster, DescribeClusters, ListClusters, DeleteCluster.

use std::sync::Arc;

use mainstay_actors::control::NewCluster;
use mainstay_actors::view::View;
use mainstay_core::model::{self, ClusterStatus, LaunchType, ServiceStatus};
use mainstay_core::{ClusterName, Partition};

use super::error::{Answer, ApiError};
use super::given::refuse;
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::{ClusterField, ClusterSettingName, ExecuteCommandLogging};
use super::wire::structures::{
    Cluster, ClusterConfiguration, ClusterSetting, CreateClusterRequest, CreateClusterResponse,
    DeleteClusterRequest, DeleteClusterResponse, DescribeClustersRequest, DescribeClustersResponse,
    ExecuteCommandConfiguration, KeyValuePair, ListClustersRequest, ListClustersResponse,
};
use super::{Api, at_most, capacity, missing, names, tags, tasks};

/// CreateCluster.
pub(super) async fn create(api: &Api, request: CreateClusterRequest) -> Answer<CreateClusterResponse> {
    let CreateClusterRequest {
        capacity_providers,
        cluster_name,
        configuration,
        default_capacity_provider_strategy,
        service_connect_defaults,
        settings,
        tags: given_tags,
    } = request;
    refuse(
        &At::ROOT,
        &[
            ("serviceConnectDefaults", &service_connect_defaults),
            (
                "settings",
                &settings.iter().flatten().any(|setting| setting.value.as_deref() != Some("disabled")),
            ),
        ],
    )?;
    let name = cluster_name.unwrap_or_else(|| names::DEFAULT_CLUSTER.to_owned());
    names::pattern("Cluster", &name)?;
    let at = At::ROOT.field("defaultCapacityProviderStrategy");
    let new = NewCluster {
        name: ClusterName::new(name),
        capacity_providers: capacity::providers(
            api.view(),
            api.here(),
            capacity_providers.unwrap_or_default(),
        )?,
        default_strategy: capacity::read(
            api.view(),
            api.here(),
            &at,
            default_capacity_provider_strategy.unwrap_or_default(),
        )?,
        tags: tags::read(given_tags)?,
        execute_command_logging: read_logging(configuration.unwrap_or_default())?,
    };
    let made = api.control.create_cluster(new).await?;
    Ok(CreateClusterResponse { cluster: Some(show_whole(api, &made)) })
}

/// A cluster with all that is no number.
pub(super) fn show_whole(api: &Api, cluster: &model::Cluster) -> Cluster {
    let all = [ClusterField::Configurations, ClusterField::Settings, ClusterField::Tags];
    show(api.view(), api.here(), cluster, &all)
}

/// Where sessions of ExecuteCommand are logged: nowhere yet.
fn read_logging(given: ClusterConfiguration) -> Answer<Option<model::ExecuteCommandLogging>> {
    let ClusterConfiguration { execute_command_configuration, managed_storage_configuration } = given;
    let at = At::ROOT.field("configuration");
    refuse(&at, &[("managedStorageConfiguration", &managed_storage_configuration)])?;
    let ExecuteCommandConfiguration { kms_key_id, log_configuration, logging } =
        execute_command_configuration.unwrap_or_default();
    let at = at.field("executeCommandConfiguration");
    refuse(&at, &[("kmsKeyId", &kms_key_id), ("logConfiguration", &log_configuration)])?;
    match logging {
        None => Ok(None),
        Some(ExecuteCommandLogging::None) => Ok(Some(model::ExecuteCommandLogging::None)),
        Some(other) => {
            let (path, value) = (at.field("logging"), other.as_str());
            let text = format!(
                "{path} {value} is not supported by Mainstay yet: sessions are not logged; it must be NONE."
            );
            Err(ApiError::client(text))
        }
    }
}

fn show_logging(logging: model::ExecuteCommandLogging) -> ClusterConfiguration {
    let logging = match logging {
        model::ExecuteCommandLogging::None => ExecuteCommandLogging::None,
    };
    let configuration = ExecuteCommandConfiguration { logging: Some(logging), ..Default::default() };
    ClusterConfiguration { execute_command_configuration: Some(configuration), ..Default::default() }
}

/// DescribeClusters.
pub(super) fn describe(api: &Api, request: DescribeClustersRequest) -> Answer<DescribeClustersResponse> {
    let DescribeClustersRequest { clusters, include } = request;
    let asked = clusters.filter(|clusters| !clusters.is_empty());
    let asked = asked.unwrap_or_else(|| vec![names::DEFAULT_CLUSTER.to_owned()]);
    at_most("clusterNames", &asked, 100)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let name = names::cluster(api.here(), Some(&given))?;
        match api.view().clusters.get(&name) {
            Some(cluster) => {
                found.push(show(api.view(), api.here(), &cluster, include.as_deref().unwrap_or_default()));
            }
            None => failures.push(missing(api.here().cluster(&name))),
        }
    }
    Ok(DescribeClustersResponse { clusters: Some(found), failures: Some(failures) })
}

/// ListClusters.
pub(super) fn list(api: &Api, request: ListClustersRequest) -> Answer<ListClustersResponse> {
    let ListClustersRequest { max_results, next_token } = request;
    let active = api.view().clusters.filter(|cluster| cluster.status == ClusterStatus::Active);
    let paging = Paging {
        operation: "ListClusters",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (clusters, next_token) = page(active, |cluster| cluster.name.to_string(), &paging)?;
    let arns = clusters.iter().map(|cluster| api.here().cluster(&cluster.name)).collect();
    Ok(ListClustersResponse { cluster_arns: Some(arns), next_token })
}

/// DeleteCluster.
pub(super) async fn delete(api: &Api, request: DeleteClusterRequest) -> Answer<DeleteClusterResponse> {
    let name = names::cluster(api.here(), request.cluster.as_deref())?;
    let deleted = api.control.delete_cluster(name).await?;
    Ok(DeleteClusterResponse { cluster: Some(show(api.view(), api.here(), &deleted, &[])) })
}

/// The ACTIVE cluster that a request names.
pub(super) fn active(api: &Api, given: Option<&str>) -> Answer<Arc<model::Cluster>> {
    active_in(api.view(), api.here(), given)
}

/// As [`active`], for who has no request of its own.
pub(super) fn active_in(view: &View, here: &Partition, given: Option<&str>) -> Answer<Arc<model::Cluster>> {
    let name = names::cluster(here, given)?;
    view.active_cluster(&name).ok_or_else(ApiError::cluster_not_found)
}

fn show(view: &View, here: &Partition, cluster: &model::Cluster, include: &[ClusterField]) -> Cluster {
    let name = &cluster.name;
    let instances = view.instances.filter(|instance| instance.cluster == *name);
    let services = view.services.filter(|service| service.key.cluster == *name);
    let services = |status: ServiceStatus| services.iter().filter(move |service| service.status == status);
    let of_cluster = view.tasks.filter(|task| task.cluster == *name);
    let counts = tasks::Counts::of(&of_cluster);
    let statistics = || {
        let mut all = Vec::new();
        let mut add = |name: &str, count: usize| {
            all.push(KeyValuePair { name: Some(name.to_owned()), value: Some(count.to_string()) });
        };
        let places =
            [("EC2", LaunchType::Ec2), ("External", LaunchType::External), ("Fargate", LaunchType::Fargate)];
        for (place, launch_type) in places {
            let tasks = of_cluster.iter().filter(|task| tasks::launch_type(view, task) == launch_type);
            let counts = tasks::Counts::of(tasks);
            add(&format!("running{place}TasksCount"), counts.running);
            add(&format!("pending{place}TasksCount"), counts.pending);
            let count = |status| services(status).filter(|s| s.current_launch_type() == launch_type).count();
            add(&format!("active{place}ServiceCount"), count(ServiceStatus::Active));
            add(&format!("draining{place}ServiceCount"), count(ServiceStatus::Draining));
        }
        all
    };
    let settings = || {
        vec![ClusterSetting {
            name: Some(ClusterSettingName::ContainerInsights),
            value: Some("disabled".into()),
        }]
    };
    let asked = |field: ClusterField| include.contains(&field);
    Cluster {
        active_services_count: Some(super::count(services(ServiceStatus::Active).count())),
        capacity_providers: Some(cluster.capacity_providers.iter().map(ToString::to_string).collect()),
        cluster_arn: Some(here.cluster(name)),
        cluster_name: Some(name.to_string()),
        default_capacity_provider_strategy: Some(capacity::show_strategy(&cluster.default_strategy)),
        pending_tasks_count: Some(super::count(counts.pending)),
        registered_container_instances_count: Some(super::count(instances.len())),
        running_tasks_count: Some(super::count(counts.running)),
        settings: Some(if asked(ClusterField::Settings) { settings() } else { Vec::new() }),
        statistics: Some(if asked(ClusterField::Statistics) { statistics() } else { Vec::new() }),
        status: Some(cluster.status.as_str().to_owned()),
        tags: Some(if asked(ClusterField::Tags) { tags::show(&cluster.tags) } else { Vec::new() }),
        attachments: None,
        attachments_status: None,
        configuration: cluster
            .execute_command_logging
            .filter(|_| asked(ClusterField::Configurations))
            .map(show_logging),
        service_connect_defaults: None,
    }
}
