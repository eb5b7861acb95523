//! `cargo xtask observe`: a Prometheus that watches a running daemon and its tasks, as `dashboards/` configures it; and,
//! where Grafana is installed, that with the dashboards.

use std::path::Path;
use std::process::{Child, Command};

use crate::Outcome;
use crate::daemon::Daemon;
use crate::machine::{Fallible, debian, project, say};

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
    let mut grafana = grafana(&daemon, listen)?;
    say("Observing", &format!("{address}: http://{listen}/alerts and http://{listen}/graph; Ctrl-C ends it"));
    let status = Command::new(&prometheus)
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", daemon.file("prometheus").display()))
        .arg(format!("--web.listen-address={listen}"))
        // Which request it was that a bucket counted (docs/metrics.md).
        .arg("--enable-feature=exemplar-storage")
        .arg("--log.level=warn")
        .status();
    // Ctrl-C has reached it as well; this is for a Prometheus that ended by itself.
    if let Some(grafana) = &mut grafana {
        drop(grafana.kill());
        drop(grafana.wait());
    }
    let status = status.map_err(|error| format!("cannot start {}: {error}", prometheus.display()))?;
    if status.success() { Ok(()) } else { Err(format!("prometheus ended with {status}").into()) }
}

/// Where Grafana's packages put what it needs beside its program.
const GRAFANA_HOME: &str = "/usr/share/grafana";
/// Where it listens.
const GRAFANA_ADDRESS: &str = "127.0.0.1:3000";

/// Starts Grafana, where it is installed, with the dashboards and this Prometheus; whoever is on this machine may look.
fn grafana(daemon: &Daemon, prometheus: &str) -> Fallible<Option<Child>> {
    if !Path::new(GRAFANA_HOME).is_dir() {
        say("Without", "Grafana, which is not installed; it takes dashboards/*.json as they are");
        return Ok(None);
    }
    let folder = daemon.file("grafana");
    for (path, content) in provisioned(prometheus, &project().join("dashboards")) {
        let path = folder.join("provisioning").join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)?;
    }
    let (host, port) = GRAFANA_ADDRESS.rsplit_once(':').unwrap_or((GRAFANA_ADDRESS, "3000"));
    let started = Command::new("grafana")
        .args(["server", "--homepath", GRAFANA_HOME])
        .env("GF_PATHS_DATA", folder.join("data"))
        .env("GF_PATHS_LOGS", folder.join("logs"))
        .env("GF_PATHS_PROVISIONING", folder.join("provisioning"))
        .env("GF_SERVER_HTTP_ADDR", host)
        .env("GF_SERVER_HTTP_PORT", port)
        .env("GF_AUTH_ANONYMOUS_ENABLED", "true")
        .env("GF_LOG_MODE", "file")
        .spawn()
        .map_err(|error| format!("{GRAFANA_HOME} is there, but `grafana` cannot be started: {error}"))?;
    say("Observing", &format!("dashboards: http://{GRAFANA_ADDRESS}/d/mainstay-overview"));
    Ok(Some(started))
}

/// What Grafana is told at its start: the data source, and where the dashboards are.
fn provisioned(prometheus: &str, dashboards: &Path) -> [(&'static str, String); 2] {
    let source = format!(
        "apiVersion: 1\ndatasources:\n  - {{name: Mainstay, type: prometheus, access: proxy, url: \"http://{prometheus}\", isDefault: true}}\n"
    );
    let provider = format!(
        "apiVersion: 1\nproviders:\n  - {{name: Mainstay, type: file, options: {{path: \"{}\"}}}}\n",
        dashboards.display()
    );
    [("datasources/mainstay.yml", source), ("dashboards/mainstay.yml", provider)]
}
