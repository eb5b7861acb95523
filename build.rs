//! Builds the program of pause containers (`pause/pause.rs`) with the compiler that builds the daemon.
//!
//! Where that does not work, the daemon is built without it, and says so to whoever needs one.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=pause/pause.rs");
    let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
    let program = PathBuf::from(variable("OUT_DIR")).join("pause");
    let target = variable("TARGET").to_string_lossy().into_owned();
    let architecture = variable("CARGO_CFG_TARGET_ARCH");
    let known = ["x86_64", "aarch64"].iter().any(|known| architecture == *known);
    if !known || !target.contains("-linux-") {
        return without(&program, &format!("there is no pause program for {target}"));
    }
    let mut rustc = Command::new(variable("RUSTC"));
    rustc
        .args(["--edition=2024", "--crate-name=pause", "--crate-type=bin", "--target", &target])
        .args(["-C", "opt-level=s", "-C", "panic=abort", "-C", "strip=symbols"])
        .args(["-C", "relocation-model=static", "-C", "target-feature=+crt-static"])
        .args(["-C", "link-arg=-nostdlib", "-C", "link-arg=-nostartfiles", "-C", "link-arg=-static"]);
    // Otherwise musl's own start would be linked beside ours.
    if variable("CARGO_CFG_TARGET_ENV") == "musl" {
        rustc.args(["-C", "link-self-contained=no"]);
    }
    // The linker of another architecture is whatever the daemon is linked with.
    let linker = std::env::var_os("RUSTC_LINKER").filter(|linker| !linker.is_empty());
    if let Some(linker) = linker {
        rustc.arg("-C").arg(format!("linker={}", linker.to_string_lossy()));
    }
    let built = rustc.arg("-o").arg(&program).arg("pause/pause.rs").output();
    match built {
        Ok(built) if built.status.success() => {}
        Ok(built) => {
            without(&program, String::from_utf8_lossy(&built.stderr).lines().next().unwrap_or_default());
        }
        Err(error) => without(&program, &error.to_string()),
    }
}

/// An empty file stands for no program.
fn without(program: &Path, why: &str) {
    println!("cargo::warning=built without network mode awsvpc: {why}");
    if let Err(error) = std::fs::write(program, "") {
        println!("cargo::error=cannot write {}: {error}", program.display());
    }
}
