//! Series that are there for as long as what they are about.
//!
//! A counter that only appears with its first event hides that event: nothing can be said of its rate. So whatever a
//! label set is known of stands at zero from the start. Whatever names a cluster goes again with what it names: the
//! recorder forgets series that nobody touched for long, and [`keep`] touches those of whoever is still there.

use mainstay_core::model::{ClusterStatus, RunOutcome, ServiceStatus, StopCode};

use super::{Histogram, names};
use crate::context::Surroundings;
use crate::host::{ACT_LANES, PULL_RESULTS};
use crate::placement::REFUSALS;
use crate::service::OUTCOMES;
use crate::tree::Kind;

/// Starts at zero whatever has labels that are known beforehand.
pub fn begin() {
    for kind in Kind::ALL {
        super::actors(kind).increment(0.0);
        super::actor_restarts(kind).increment(0);
        there(super::actor_handling(kind));
        there(super::mailbox_wait(kind));
        there(super::mailbox_depth(kind));
    }
    for counter in [
        super::store_note_failures(),
        super::audit_findings(),
        super::images_removed(),
        super::schedule_retries(),
    ] {
        counter.increment(0);
    }
    for result in PULL_RESULTS {
        super::image_pulls(result).increment(0);
    }
    for outcome in RunOutcome::ALL {
        super::schedule_runs(outcome.as_str()).increment(0);
    }
    for lane in ACT_LANES {
        super::engine_acts_waiting(lane).increment(0.0);
    }
    there(super::image_pull_seconds());
    there(super::schedule_lateness());
}

/// Touches what the recorder is to keep: the series of every service and cluster that is there.
pub fn keep(ctx: &Surroundings) {
    for cluster in ctx.view.clusters.filter(|cluster| cluster.status == ClusterStatus::Active) {
        let cluster = cluster.name.as_str();
        super::placements(cluster).increment(0);
        there(super::placement_seconds(cluster));
        for reason in REFUSALS {
            super::placement_failures(cluster, reason).increment(0);
        }
        keep_tasks(cluster, names::STANDALONE);
    }
    for service in ctx.view.services.filter(|service| service.status != ServiceStatus::Inactive) {
        let (cluster, service) = (service.key.cluster.as_str(), service.key.name.as_str());
        keep_tasks(cluster, service);
        there(super::task_replacement(cluster, service));
        for outcome in OUTCOMES {
            super::deployments(cluster, service, outcome).increment(0);
        }
    }
}

fn keep_tasks(cluster: &str, service: &str) {
    super::task_starts(cluster, service).increment(0);
    super::container_restarts(cluster, service).increment(0);
    for code in StopCode::ALL {
        super::task_stops(cluster, service, code.as_str()).increment(0);
    }
}

/// A histogram is there once it was asked for.
fn there(_: Histogram) {}
