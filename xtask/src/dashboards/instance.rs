//! Container instances: who is there, and what they have left.

use super::panel::{Is, Looks, graph, stat, table};
use super::{Dashboard, Row, Variable};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "instance",
        title: "Instance",
        description: "Container instances: who is there, what runs on them, what they have left.",
        variables: &[Variable::Cluster, Variable::Host],
        rows: vec![
            Row {
                heading: "There",
                panels: vec![
                    stat(
                        "Agents connected",
                        "Of those chosen.",
                        Is::Count,
                        Looks::GoodFrom(1.0),
                        "sum(mainstay_instance_agent_connected[H])",
                    )
                    .runbook("MainstayInstanceLost"),
                    stat(
                        "Engines that answer",
                        "Of those chosen.",
                        Is::Count,
                        Looks::GoodFrom(1.0),
                        "sum(mainstay_instance_engine_connected[H])",
                    )
                    .runbook("MainstayEngineAway"),
                    stat(
                        "CPU free",
                        "Of what tasks can have, the share that none holds.",
                        Is::Share,
                        Looks::GoodFrom(0.1),
                        "sum(mainstay_instance_remaining_cpu_units[H]) / sum(mainstay_instance_registered_cpu_units[H])",
                    )
                    .runbook("MainstayNoPlace"),
                    stat(
                        "Memory free",
                        "Of what tasks can have, the share that none holds.",
                        Is::Share,
                        Looks::GoodFrom(0.1),
                        "sum(mainstay_instance_remaining_memory_bytes[H]) / sum(mainstay_instance_registered_memory_bytes[H])",
                    )
                    .runbook("MainstayNoPlace"),
                    stat("Tasks running", "On those chosen.", Is::Count, Looks::Plain, "sum(mainstay_instance_running_tasks[H])"),
                    stat("Tasks pending", "On those chosen.", Is::Count, Looks::Plain, "sum(mainstay_instance_pending_tasks[H])"),
                    table("Agents", "By container instance: 1 while connected.", Is::YesOrNo, "mainstay_instance_agent_connected[H]"),
                    graph(
                        "Engines that answer",
                        "By container instance.",
                        Is::YesOrNo,
                        &[("mainstay_instance_engine_connected[H]", "{{host}}")],
                    )
                    .runbook("MainstayEngineAway"),
                ],
            },
            Row {
                heading: "What tasks hold",
                panels: vec![
                    graph(
                        "CPU held",
                        "CPU units, 1024 a core: what placement has given away, not what is used.",
                        Is::Count,
                        &[
                            ("mainstay_instance_registered_cpu_units[H] - mainstay_instance_remaining_cpu_units[H]", "{{host}} held"),
                            ("mainstay_instance_registered_cpu_units[H]", "{{host}} of"),
                        ],
                    ),
                    graph(
                        "Memory held",
                        "What placement has given away, not what is used.",
                        Is::Bytes,
                        &[
                            ("mainstay_instance_registered_memory_bytes[H] - mainstay_instance_remaining_memory_bytes[H]", "{{host}} held"),
                            ("mainstay_instance_registered_memory_bytes[H]", "{{host}} of"),
                        ],
                    ),
                    graph("Tasks running", "By container instance.", Is::Count, &[("mainstay_instance_running_tasks[H]", "{{host}}")]),
                    graph("Tasks pending", "By container instance.", Is::Count, &[("mainstay_instance_pending_tasks[H]", "{{host}}")]),
                ],
            },
            Row {
                heading: "What containers use, by the daemon that looks",
                panels: vec![
                    graph("CPU", "Cores.", Is::Cores, &[("sum by (instance) (mainstay_container_cpu_cores[C])", "{{instance}}")]),
                    graph(
                        "Memory",
                        "Without what is only cached.",
                        Is::Bytes,
                        &[("sum by (instance) (mainstay_container_memory_bytes[C])", "{{instance}}")],
                    ),
                ],
            },
        ],
    }
}
