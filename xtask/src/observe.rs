//! `cargo xtask observe`: a Prometheus that watches a running daemon and its tasks, as `dashboards/` configures it.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::daemon::Daemon;
use crate::machine::{debian, project, say};

/// What the shipped configuration watches.
const SHIPPED_ADDRESS: &str = "127.0.0.1:7077";

/// Runs it until Ctrl-C; what it has gathered stays in the data folder.
///
/// # Errors
/// Where the daemon does not answer, or Prometheus cannot be had or ends badly.
pub fn observe(data: &Path, listen: &str) -> Outcome {
    let daemon = Daemon::of(data);
    let Some(address) = daemon.address() else {
        return Err(format!("no daemon answers for {}; `cargo xtask up` starts one", data.display()).into());
    };
    let prometheus = debian::program("prometheus", "usr/bin/prometheus")?;
    let shipped = project().join("dashboards");
    let rules = shipped.join("rules").display().to_string();
    let config = std::fs::read_to_string(shipped.join("prometheus.yml"))?
        .replace(SHIPPED_ADDRESS, &address)
        .replace("rules/", &format!("{rules}/"));
    let file = daemon.file("prometheus.yml");
    std::fs::write(&file, config)?;
    say("Observing", &format!("{address}: http://{listen}/alerts and http://{listen}/graph; Ctrl-C ends it"));
    let status = Command::new(&prometheus)
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", daemon.file("prometheus").display()))
        .arg(format!("--web.listen-address={listen}"))
        .arg("--log.level=warn")
        .status()
        .map_err(|error| format!("cannot start {}: {error}", prometheus.display()))?;
    if status.success() { Ok(()) } else { Err(format!("prometheus ended with {status}").into()) }
}
