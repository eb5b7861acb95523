//! The API: rate, errors and duration of every operation.

use super::panel::{By, Is, Looks, graph, quantiles, stat};
use super::{Dashboard, Row};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "api",
        title: "API",
        description: "Rate, errors and duration of requests, by operation; sessions and logs that are followed.",
        variables: &[],
        rows: vec![
            Row {
                heading: "Requests",
                panels: vec![
                    stat("Requests", "A second.", Is::PerSecond, Looks::Plain, "sum(rate(mainstay_api_requests_total[5m]))"),
                    stat(
                        "Refused",
                        "The share that was answered with an exception.",
                        Is::Share,
                        Looks::WorseFrom(0.05, 0.5),
                        "(sum(rate(mainstay_api_requests_total{code!=\"OK\"}[5m])) or vector(0)) / sum(rate(mainstay_api_requests_total[5m]))",
                    ),
                    stat(
                        "Our fault",
                        "Within an hour: ServerException, and requests that were one too many at once.",
                        Is::Count,
                        Looks::BadFrom(1.0),
                        "sum(increase(mainstay_api_requests_total{code=~\"ServerException|ThrottlingException|InternalFailure|InternalServerException\"}[1h])) or vector(0)",
                    ),
                    graph(
                        "Requests, by operation",
                        "A second.",
                        Is::PerSecond,
                        &[("sum by (operation) (rate(mainstay_api_requests_total[$__rate_interval])) > 0", "{{operation}}")],
                    ),
                    graph(
                        "Errors, by operation and code",
                        "A second: most are clients' mistakes, and say so.",
                        Is::PerSecond,
                        &[(
                            "sum by (operation, code) (rate(mainstay_api_requests_total{code!=\"OK\"}[$__rate_interval]))",
                            "{{operation}} {{code}}",
                        )],
                    ),
                    quantiles(
                        "Duration, by operation",
                        "From a request's last byte to its answer: what changes something waits for the disk.",
                        "mainstay_api_request_seconds",
                        By::Operation,
                    )
                    .wide(24)
                    .runbook("MainstayStoreSlow"),
                ],
            },
            Row {
                heading: "What stays open",
                panels: vec![
                    graph("Commands in containers", "Under way, each for a client.", Is::Count, &[("sum(mainstay_exec_sessions)", "sessions")])
                        .wide(8),
                    graph(
                        "Sessions that ended",
                        "Within an hour, by kind of client and how.",
                        Is::Count,
                        &[("sum by (kind, how) (increase(mainstay_exec_sessions_ended_total[1h]))", "{{kind}} {{how}}")],
                    )
                    .wide(8),
                    graph("Logs being read", "Each by one reader.", Is::Count, &[("sum(mainstay_log_readings)", "readings")]).wide(8),
                    stat(
                        "Certificate",
                        "Until it expires; nothing here where the address is served without TLS.",
                        Is::Seconds,
                        Looks::GoodFrom(14.0 * 86_400.0),
                        "min(mainstay_certificate_expiry_timestamp_seconds) - time()",
                    )
                    .runbook("MainstayCertificateExpires"),
                ],
            },
        ],
    }
}
