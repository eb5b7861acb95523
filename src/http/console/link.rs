//! Where pages are. Names are percent-encoded, whatever they are.

use mainstay_core::{ClusterName, InstanceId, ServiceKey, TaskId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What the console's own addresses begin with; `/` is the first page.
pub(super) const ROOT: &str = "/console";
/// The list of runbooks, whose addresses are short, since alerts name them.
pub(super) const RUNBOOKS: &str = "/runbooks";
/// Letters, digits and `-._~` stay as they are (RFC 3986, unreserved).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A part of a path or a value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A cluster's services.
pub(super) fn cluster(name: &ClusterName) -> String {
    format!("{ROOT}/clusters/{}", encoded(name.as_str()))
}

/// A cluster's tasks.
pub(super) fn tasks(name: &ClusterName) -> String {
    format!("{}/tasks", cluster(name))
}

/// A cluster's container instances.
pub(super) fn instances(name: &ClusterName) -> String {
    format!("{}/instances", cluster(name))
}

/// A service.
pub(super) fn service(key: &ServiceKey) -> String {
    format!("{}/services/{}", cluster(&key.cluster), encoded(key.name.as_str()))
}

/// A task.
pub(super) fn task(of: &ClusterName, id: &TaskId) -> String {
    format!("{}/{}", tasks(of), encoded(id.as_str()))
}

/// A container instance.
pub(super) fn instance(of: &ClusterName, id: &InstanceId) -> String {
    format!("{}/{}", instances(of), encoded(id.as_str()))
}

/// A part of the supervision tree.
pub(super) fn tree(at: &str) -> String {
    format!("{ROOT}/tree?at={}", encoded(at))
}

/// A runbook.
pub(super) fn runbook(name: &str) -> String {
    format!("{RUNBOOKS}/{}", encoded(name))
}

#[cfg(test)]
mod tests {
    use mainstay_core::ServiceName;

    use super::*;

    #[test]
    fn no_name_breaks_out_of_its_address() {
        let key = ServiceKey { cluster: ClusterName::new("a/b?c"), name: ServiceName::new("web \"1\"#é") };
        assert_eq!(service(&key), "/console/clusters/a%2Fb%3Fc/services/web%20%221%22%23%C3%A9");
        assert_eq!(tree("root/x&y"), "/console/tree?at=root%2Fx%26y");
    }
}
