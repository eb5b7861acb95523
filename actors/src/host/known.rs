//! What is known of a task's containers, kept beside its actor for the one that follows after a crash.

use std::sync::{Arc, Mutex, PoisonError};

use mainstay_core::lifecycle::ContainerReport;

/// The last report of each container; clones are the same.
#[derive(Clone)]
pub(super) struct Known(Arc<Mutex<Vec<ContainerReport>>>);

impl Known {
    pub(super) fn new(reports: Vec<ContainerReport>) -> Self {
        Self(Arc::new(Mutex::new(reports)))
    }

    pub(super) fn set(&self, reports: &[ContainerReport]) {
        reports.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn of(&self, container: &str) -> Option<ContainerReport> {
        let reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.iter().find(|report| report.name == container).cloned()
    }
}
