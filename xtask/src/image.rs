//! The image of the demo and of the tests: `tests/puppet`, linked statically, in an image with nothing else.

use std::path::PathBuf;

use crate::Outcome;
use crate::machine::{Fallible, output, project, say, workshop};

/// The demo's image, as config/demo/task-definition.json names it.
pub const DEMO_IMAGE: &str = "mainstay/demo:1";

/// Puts what the demo's image is made of into the folder that config/demo/service.json builds it from.
///
/// # Errors
/// Where the puppet cannot be built.
pub fn image_context() -> Fallible<PathBuf> {
    say("Building", "the program of the demo's image");
    let puppet = puppet()?;
    let context = workshop()?.join("image");
    std::fs::create_dir_all(&context)?;
    std::fs::copy(puppet, context.join("puppet"))?;
    Ok(context)
}

/// Builds the demo's image under its name, for tests.
///
/// # Errors
/// Where the puppet cannot be built, or the engine cannot build the image.
pub fn build_image() -> Outcome {
    let context = image_context()?;
    output("docker", |docker| {
        docker
            // The classic builder is in every engine, BuildKit's may have to be pulled.
            .env("DOCKER_BUILDKIT", "0")
            .args(["build", "--quiet", "--tag", DEMO_IMAGE, "--file"])
            .arg(project().join("config/demo/Dockerfile"))
            .arg(context)
    })?;
    Ok(())
}

/// The puppet, built to run without a C library beside it.
fn puppet() -> Fallible<PathBuf> {
    let about = output("rustc", |rustc| rustc.arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    output("cargo", |cargo| {
        cargo
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .current_dir(project())
            // With a target of its own, its flags do not disturb what else is built.
            .args(["build", "--quiet", "--release", "--package", "puppet", "--target", host])
    })?;
    Ok(target().join(host).join("release/puppet"))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from)
}
