//! What a container looks like from inside, as lines of a kind and a value.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// `capabilities`, `no-new-privileges`, `mount`, `limit`, `host`, `resolver`, `hostname`, `interface`, `device`, `process` and
/// `stdin` lines. What a file would say that cannot be read is left out.
pub fn see() -> String {
    let mut seen = String::new();
    let mut line = |kind: &str, value: &str| {
        let _ = writeln!(seen, "{kind} {value}");
    };
    for status in lines("/proc/self/status") {
        if let Some(capabilities) = status.strip_prefix("CapBnd:") {
            line("capabilities", capabilities.trim());
        }
        if let Some(no_new) = status.strip_prefix("NoNewPrivs:") {
            line("no-new-privileges", no_new.trim());
        }
    }
    for mount in lines("/proc/self/mounts") {
        line("mount", mount.split_once(' ').map_or("", |(_, rest)| rest));
    }
    for limit in lines("/proc/self/limits").iter().skip(1) {
        line("limit", &limit.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for host in lines("/etc/hosts") {
        line("host", &host.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for resolver in lines("/etc/resolv.conf") {
        line("resolver", &resolver);
    }
    for name in lines("/proc/sys/kernel/hostname") {
        line("hostname", &name);
    }
    // Two lines of titles come first.
    for interface in lines("/proc/net/dev").iter().skip(2) {
        line("interface", interface.split_once(':').map_or("", |(name, _)| name.trim()));
    }
    for device in names("/dev") {
        line("device", &device);
    }
    for process in names("/proc").iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        line("process", &format!("{process} {}", lines(&format!("/proc/{process}/comm")).concat()));
    }
    // Of the container's first process, not of one that was brought in later.
    if let Ok(stdin) = fs::read_link("/proc/1/fd/0") {
        line("stdin", &stdin.display().to_string());
    }
    seen
}

fn lines(path: &str) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// What is in a folder, in order.
fn names(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(Path::new(folder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
