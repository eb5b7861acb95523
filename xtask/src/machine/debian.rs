//! Programs from Debian's (or Ubuntu's) archive.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Fallible, output, say, workshop};
use crate::Outcome;

/// Whether packages can be had from apt.
pub fn is_here() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// Whether this is root, who alone may install and start a container engine.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").as_ref().map(Metadata::uid).is_ok_and(|user| user == 0)
}

/// Installs packages for the whole machine.
///
/// # Errors
/// Where this is not root on Debian, or the archive does not have them.
pub fn install(packages: &[&str]) -> Outcome {
    if !is_here() || !is_root() {
        return Err(format!(
            "{} is missing, and can be installed by itself only as root on Debian or Ubuntu; please install it",
            packages.join(", ")
        )
        .into());
    }
    say("Installing", &format!("{} (apt-get)", packages.join(" ")));
    with_fresh_lists(|| {
        output("apt-get", |apt| {
            apt.env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--yes", "--quiet", "--no-install-recommends"])
                .args(packages)
        })
    })?;
    Ok(())
}

/// A browser and the program that drives it, installed where they are missing: what they need of the system is too much to
/// unpack.
///
/// # Errors
/// Where they are missing and this is not root on Debian.
pub fn browser() -> Fallible<(PathBuf, PathBuf)> {
    let (browser, driver) = (PathBuf::from("/usr/bin/chromium"), PathBuf::from("/usr/bin/chromedriver"));
    if !(browser.exists() && driver.exists()) {
        install(&["chromium", "chromium-driver", "fonts-dejavu-core"])?;
    }
    Ok((browser, driver))
}

/// A program out of a Debian package, unpacked under target/ only: no service is installed or started, and it does
/// not take root. Its path.
///
/// # Errors
/// Where this is not Debian, or the archive does not have it.
pub fn program(package: &str, path: &str) -> Fallible<PathBuf> {
    if let Some(installed) = Some(Path::new("/").join(path)).filter(|path| path.exists()) {
        return Ok(installed);
    }
    let home = workshop()?.join("debian").join(package);
    let program = home.join(path);
    if program.exists() {
        return Ok(program);
    }
    if !is_here() {
        return Err(format!("{package} is missing, and this is not Debian; please install it").into());
    }
    say("Unpacking", &format!("{package} (apt-get download)"));
    std::fs::create_dir_all(&home)?;
    with_fresh_lists(|| {
        output("apt-get", |apt| {
            // The download is ours, not the user `_apt`'s: that one may not write here.
            apt.current_dir(&home).args(["--quiet", "-o", "APT::Sandbox::User=root", "download", package])
        })
    })?;
    for entry in std::fs::read_dir(&home)? {
        let archive = entry?.path();
        if archive.extension().is_some_and(|extension| extension == "deb") {
            output("dpkg-deb", |dpkg| dpkg.arg("--extract").arg(&archive).arg(&home))?;
            std::fs::remove_file(archive)?;
        }
    }
    if program.exists() { Ok(program) } else { Err(format!("{package} has no {path}").into()) }
}

/// A fresh machine has no package lists, and an old one has stale ones: on a failure, they are fetched and it is
/// tried once more.
fn with_fresh_lists(act: impl Fn() -> Fallible<String>) -> Fallible<String> {
    act().or_else(|_| {
        output("apt-get", |apt| apt.args(["update", "--quiet"]))?;
        act()
    })
}
