//! What containers use, as metrics.

use std::time::Duration;

use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

use super::{Label, Usage};

const CPU: &str = "mainstay_container_cpu_cores";
const MEMORY: &str = "mainstay_container_memory_bytes";
const RECEIVED: &str = "mainstay_container_network_receive_bytes_total";
const SENT: &str = "mainstay_container_network_transmit_bytes_total";
const READ: &str = "mainstay_container_block_read_bytes_total";
const WRITTEN: &str = "mainstay_container_block_written_bytes_total";

/// Says once, at start, what each series means.
pub(crate) fn describe() {
    let by = "by cluster, service (none where empty), family and container";
    // No counter of seconds, since counters are whole numbers here.
    describe_gauge!(
        CPU,
        Unit::Count,
        format!(
            "CPU cores that containers used, on average since the look before (metrics.container-stats-interval), {by}"
        )
    );
    describe_gauge!(
        MEMORY,
        Unit::Bytes,
        format!("Memory that containers have, without what is only cached, {by}")
    );
    describe_counter!(
        RECEIVED,
        Unit::Bytes,
        format!(
            "Bytes that came in over containers' own interfaces, {by}; with awsvpc that is the pause container's"
        )
    );
    describe_counter!(SENT, Unit::Bytes, format!("Bytes that went out over them, {by}"));
    describe_counter!(READ, Unit::Bytes, format!("Bytes that containers read from block devices, {by}"));
    describe_counter!(WRITTEN, Unit::Bytes, format!("Bytes that containers wrote to block devices, {by}"));
}

/// Adds what was used within `time`, and says what is held now.
pub(super) fn show(label: &Label, used: Usage, time: Duration) {
    gauge(CPU, label).set(super::cores(used.cpu, time));
    gauge(MEMORY, label).set(used.memory as f64);
    counter(RECEIVED, label).increment(used.received);
    counter(SENT, label).increment(used.sent);
    counter(READ, label).increment(used.read);
    counter(WRITTEN, label).increment(used.written);
}

fn gauge(name: &'static str, label: &Label) -> Gauge {
    let Label { cluster, service, family, container } = label.clone();
    gauge!(name, "cluster" => cluster, "service" => service, "family" => family, "container" => container)
}

fn counter(name: &'static str, label: &Label) -> Counter {
    let Label { cluster, service, family, container } = label.clone();
    counter!(name, "cluster" => cluster, "service" => service, "family" => family, "container" => container)
}
