//! A service's numbers, as gauges.

use mainstay_core::ServiceKey;
use mainstay_core::model::Service;

use super::roster::Roster;
use crate::metrics::{self, Gauge};

/// One service's gauges; they go to zero with it, however it ends.
pub(super) struct ServiceGauges {
    desired: Gauge,
    running: Gauge,
    pending: Gauge,
    healthy: Gauge,
}

impl ServiceGauges {
    pub(super) fn new(key: &ServiceKey) -> Self {
        let (cluster, service) = (key.cluster.as_str(), key.name.as_str());
        Self {
            desired: metrics::service_desired(cluster, service),
            running: metrics::service_running(cluster, service),
            pending: metrics::service_pending(cluster, service),
            healthy: metrics::service_healthy(cluster, service),
        }
    }

    pub(super) fn show(&self, roster: &Roster, record: &Service) {
        let count = roster.count();
        self.desired.set(record.desired_count);
        self.running.set(count.running);
        self.pending.set(count.pending);
        self.healthy.set(count.healthy);
    }
}

impl Drop for ServiceGauges {
    fn drop(&mut self) {
        for gauge in [&self.desired, &self.running, &self.pending, &self.healthy] {
            gauge.set(0);
        }
    }
}
