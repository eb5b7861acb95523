//! DescribeServiceDeployments, ListServiceDeployments, DescribeServiceRevisions, StopServiceDeployment.

use std::sync::Arc;

use mainstay_core::deployment::breaker;
use mainstay_core::deployment::rollout::StopType;
use mainstay_core::images::ImageVersion;
use mainstay_core::model::{self, Task};
use mainstay_core::{ServiceDeploymentId, ServiceKey, ServiceRevisionId};

use super::{key, show};
use crate::api::error::{Answer, ApiError};
use crate::api::paging::{Paging, page};
use crate::api::wire::enums::{ServiceDeploymentLifecycleStage, StopServiceDeploymentStopType};
use crate::api::wire::operations::Exception;
use crate::api::wire::structures::{
    ContainerImage, DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse,
    DescribeServiceRevisionsRequest, DescribeServiceRevisionsResponse, ListServiceDeploymentsRequest,
    ListServiceDeploymentsResponse, Rollback, ServiceDeployment, ServiceDeploymentAlarms,
    ServiceDeploymentBrief, ServiceDeploymentCircuitBreaker, ServiceRevision, ServiceRevisionSummary,
    StopServiceDeploymentRequest, StopServiceDeploymentResponse,
};
use crate::api::{Api, at_most, count, missing, names, network, platform, signed};

/// ECS describes so many at once.
const MOST: usize = 20;

/// DescribeServiceDeployments.
pub(in crate::api) fn describe_deployments(
    api: &Api,
    request: DescribeServiceDeploymentsRequest,
) -> Answer<DescribeServiceDeploymentsResponse> {
    let asked = request.service_deployment_arns.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("serviceDeploymentArns cannot be empty."));
    }
    at_most("serviceDeploymentArns", &asked, MOST)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in asked {
        let (key, id) = names::of_service(api.here(), "service-deployment", &arn)?;
        let service = api.view().services.get(&key);
        let told = service.as_ref().and_then(|service| {
            service.service_deployments.iter().find(|told| told.id.as_str() == id).map(|told| (service, told))
        });
        match told {
            Some((service, told)) => found.push(deployment(api, service, told)),
            None => failures.push(missing(arn)),
        }
    }
    Ok(DescribeServiceDeploymentsResponse { service_deployments: Some(found), failures: Some(failures) })
}

/// ListServiceDeployments: the newest first, twenty a page where nothing is said, as in ECS.
pub(in crate::api) fn list_deployments(
    api: &Api,
    request: ListServiceDeploymentsRequest,
) -> Answer<ListServiceDeploymentsResponse> {
    let ListServiceDeploymentsRequest { cluster, created_at, max_results, next_token, service, status } =
        request;
    let key = key(api, cluster.as_deref(), service.as_deref())?;
    let service = api.view().services.get(&key).ok_or_else(ApiError::service_not_found)?;
    let created_at = created_at.unwrap_or_default();
    let before: Option<model::Timestamp> = created_at.before.map(Into::into);
    let after: Option<model::Timestamp> = created_at.after.map(Into::into);
    let status = status.unwrap_or_default();
    let wanted = |told: &&model::ServiceDeployment| {
        before.is_none_or(|before| told.created_at < before)
            && after.is_none_or(|after| told.created_at > after)
            && (status.is_empty() || status.iter().any(|wanted| wanted.as_str() == told.status.as_str()))
    };
    let found: Vec<_> = service.service_deployments.iter().filter(wanted).collect();
    let paging = Paging {
        operation: "ListServiceDeployments",
        next_token: next_token.as_deref(),
        max_results,
        default: MOST,
        descending: true,
    };
    let (found, next_token) = page(found, |told| format!("{:020}/{}", told.created_at.0, told.id), &paging)?;
    let here = api.here();
    let brief = |told: &model::ServiceDeployment| ServiceDeploymentBrief {
        cluster_arn: Some(here.cluster(&key.cluster)),
        created_at: Some(told.created_at.into()),
        finished_at: told.finished_at.map(Into::into),
        service_arn: Some(here.service(&key)),
        service_deployment_arn: Some(here.service_deployment(&key, &told.id)),
        started_at: told.started_at.map(Into::into),
        status: Some(told.status.as_str().into()),
        status_reason: told.status_reason.clone(),
        target_service_revision_arn: Some(here.service_revision(&key, &told.target)),
    };
    Ok(ListServiceDeploymentsResponse {
        service_deployments: Some(found.into_iter().map(brief).collect()),
        next_token,
    })
}

/// DescribeServiceRevisions.
pub(in crate::api) fn describe_revisions(
    api: &Api,
    request: DescribeServiceRevisionsRequest,
) -> Answer<DescribeServiceRevisionsResponse> {
    let asked = request.service_revision_arns.unwrap_or_default();
    if asked.is_empty() {
        return Err(ApiError::parameter("serviceRevisionArns cannot be empty."));
    }
    at_most("serviceRevisionArns", &asked, MOST)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in asked {
        let (key, id) = names::of_service(api.here(), "service-revision", &arn)?;
        let service = api.view().services.get(&key);
        let known = service.as_ref().and_then(|service| {
            service.revisions.iter().find(|known| known.id.as_str() == id).map(|known| (service, known))
        });
        match known {
            Some((service, known)) => found.push(revision(api, service, known)),
            None => failures.push(missing(arn)),
        }
    }
    Ok(DescribeServiceRevisionsResponse { service_revisions: Some(found), failures: Some(failures) })
}

/// StopServiceDeployment; with the way back where nothing is said, as in ECS.
pub(in crate::api) async fn stop_deployment(
    api: &Api,
    request: StopServiceDeploymentRequest,
) -> Answer<StopServiceDeploymentResponse> {
    let StopServiceDeploymentRequest { service_deployment_arn, stop_type } = request;
    let arn = service_deployment_arn.unwrap_or_default();
    let (key, id) = names::of_service(api.here(), "service-deployment", &arn)?;
    let how = match stop_type {
        Some(StopServiceDeploymentStopType::Abort) => StopType::Abort,
        // Words of nobody were refused.
        _ => StopType::Rollback,
    };
    let unknown =
        || ApiError::ecs(Exception::ServiceDeploymentNotFoundException, "Service deployment not found.");
    let known = api.view().services.get(&key).ok_or_else(unknown)?;
    if known.status != model::ServiceStatus::Active {
        return Err(unknown());
    }
    api.control.stop_service_deployment(key, ServiceDeploymentId::new(id), how).await?;
    Ok(StopServiceDeploymentResponse { service_deployment_arn: Some(arn) })
}

fn deployment(api: &Api, service: &model::Service, told: &model::ServiceDeployment) -> ServiceDeployment {
    let (here, key) = (api.here(), &service.key);
    let tasks = api.view().tasks_of_service(key);
    let summary = |id: &ServiceRevisionId| summary(api, service, told, id, &tasks);
    let over = told.status.is_over();
    let threshold = if over { told.threshold } else { breaker::threshold(service) };
    ServiceDeployment {
        alarms: Some(ServiceDeploymentAlarms {
            alarm_names: Some(told.alarms.names.clone()),
            status: Some(told.alarm_monitor.as_str().into()),
            triggered_alarm_names: Some(told.triggered_alarms.clone()),
        }),
        cluster_arn: Some(here.cluster(&key.cluster)),
        created_at: Some(told.created_at.into()),
        deployment_circuit_breaker: Some(ServiceDeploymentCircuitBreaker {
            failure_count: Some(signed(told.failures)),
            status: Some(told.breaker.as_str().into()),
            threshold: Some(signed(threshold)),
        }),
        deployment_configuration: Some(show::configuration(told.configuration, &told.alarms)),
        finished_at: told.finished_at.map(Into::into),
        lifecycle_stage: told
            .baking_since
            .filter(|_| !over)
            .map(|_| ServiceDeploymentLifecycleStage::BakeTime),
        rollback: told.rollback.as_ref().map(|back| Rollback {
            reason: Some(back.reason.clone()),
            service_revision_arn: Some(here.service_revision(key, &back.revision)),
            started_at: Some(back.started_at.into()),
        }),
        service_arn: Some(here.service(key)),
        service_deployment_arn: Some(here.service_deployment(key, &told.id)),
        source_service_revisions: Some(told.sources.iter().map(&summary).collect()),
        started_at: told.started_at.map(Into::into),
        status: Some(told.status.as_str().into()),
        status_reason: told.status_reason.clone(),
        stopped_at: told.stopped_at.map(Into::into),
        target_service_revision: Some(summary(&told.target)),
        updated_at: Some(told.updated_at.into()),
        ..ServiceDeployment::default()
    }
}

/// How many tasks a revision has, or had when the rollout was over.
fn summary(
    api: &Api,
    service: &model::Service,
    told: &model::ServiceDeployment,
    id: &ServiceRevisionId,
    tasks: &[Arc<Task>],
) -> ServiceRevisionSummary {
    let arn = Some(api.here().service_revision(&service.key, id));
    let kept = told.counts.iter().find(|kept| kept.revision == *id);
    if let Some(kept) = kept.filter(|_| told.status.is_over()) {
        return ServiceRevisionSummary {
            arn,
            pending_task_count: Some(signed(kept.pending)),
            requested_task_count: Some(signed(kept.requested)),
            running_task_count: Some(signed(kept.running)),
            ..ServiceRevisionSummary::default()
        };
    }
    let deployment = service.revisions.iter().find(|known| known.id == *id).map(|known| &known.deployment);
    let counts = deployment.map(|deployment| show::counts(tasks, deployment)).unwrap_or_default();
    let requested = service.deployments.iter().find(|known| known.revision == *id);
    ServiceRevisionSummary {
        arn,
        pending_task_count: Some(count(counts.pending)),
        requested_task_count: Some(requested.map_or(0, |known| signed(known.desired_count))),
        running_task_count: Some(count(counts.running)),
        ..ServiceRevisionSummary::default()
    }
}

fn revision(api: &Api, service: &model::Service, known: &model::ServiceRevision) -> ServiceRevision {
    let (here, key) = (api.here(), &service.key);
    let on_fargate = show::on_fargate(service);
    ServiceRevision {
        cluster_arn: Some(here.cluster(&key.cluster)),
        container_images: Some(images(api, key, known)),
        created_at: Some(known.created_at.into()),
        capacity_provider_strategy: show::strategy(&known.capacity),
        launch_type: known.capacity.is_empty().then(|| known.launch_type.as_str().into()),
        load_balancers: Some(Vec::new()),
        network_configuration: known.network.as_ref().map(network::show),
        platform_family: on_fargate.then(|| platform::FAMILY.to_owned()),
        platform_version: on_fargate
            .then(|| known.platform_version.clone().unwrap_or_else(|| platform::LATEST.to_owned())),
        service_arn: Some(here.service(key)),
        service_registries: Some(Vec::new()),
        service_revision_arn: Some(here.service_revision(key, &known.id)),
        task_definition: Some(here.task_definition(&known.definition)),
        ..ServiceRevision::default()
    }
}

/// The images of a revision's containers, with what their tags stood for where that is known.
fn images(api: &Api, key: &ServiceKey, known: &model::ServiceRevision) -> Vec<ContainerImage> {
    let Some(definition) = api.view().definitions.get(&known.definition) else {
        tracing::warn!(service = %key, definition = %known.definition, "a revision's task definition is gone");
        return Vec::new();
    };
    let image = |container: &model::ContainerDefinition| {
        let held = known.images.iter().find(|held| held.container == container.name);
        ContainerImage {
            container_name: Some(container.name.clone()),
            image: Some(container.image.clone()),
            image_digest: held.and_then(|held| match &held.version {
                ImageVersion::Digest(digest) => Some(digest.clone()),
                ImageVersion::Id(_) => None,
            }),
        }
    };
    definition.containers.iter().map(image).collect()
}
