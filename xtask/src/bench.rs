//! `cargo xtask bench`: prepares the machine for the programs in benches/, and runs them.

use clap::Subcommand;

use crate::Outcome;
use crate::daemon::Daemon;
use crate::image::{DEMO_IMAGE, build_image, target};
use crate::machine::{engine, project, run, say, virtual_environment};

/// What can be measured.
#[derive(Subcommand)]
pub enum Bench {
    /// From a container's death to its replacement's start: Mainstay, Docker's restart policy, Docker Swarm.
    ///
    /// Rounds are interleaved, so that all meet the same machine. While it runs, the engine is a swarm of one.
    Heal {
        /// Deaths of each; the median of as many is shown.
        #[arg(long, default_value_t = 20)]
        rounds: u32,
    },
    /// From a daemon's SIGKILL to its being ready again, with many tasks in its store and live containers.
    Restart {
        /// STOPPED tasks in the store.
        #[arg(long, default_value_t = 10_000)]
        tasks: u32,
        /// Live containers.
        #[arg(long, default_value_t = 100)]
        containers: u32,
        /// SIGKILLs.
        #[arg(long, default_value_t = 10)]
        rounds: u32,
    },
    /// How many tasks placement places in a second, in clusters of 100 to 10,000 container instances.
    Place,
}

/// Runs one.
///
/// # Errors
/// Where the machine cannot be prepared, or the measurement failed.
pub fn measure(bench: &Bench) -> Outcome {
    let prepare = || engine::ensure().and_then(|()| build_image());
    match bench {
        // It needs neither an engine nor an image.
        Bench::Place => place(),
        Bench::Heal { rounds } => prepare().and_then(|()| heal(*rounds)),
        Bench::Restart { tasks, containers, rounds } => {
            prepare().and_then(|()| restart(*tasks, *containers, *rounds))
        }
    }
}

fn restart(tasks: u32, containers: u32, rounds: u32) -> Outcome {
    let tools = virtual_environment()?.join("bin");
    Daemon::build()?;
    run(&tools.join("python").to_string_lossy(), |python| {
        python
            .current_dir(project())
            .env("MAINSTAY", target().join("release/mainstay"))
            .env("AWS", tools.join("aws"))
            .arg("benches/restart.py")
            .args(["--tasks", &tasks.to_string()])
            .args(["--containers", &containers.to_string()])
            .args(["--rounds", &rounds.to_string()])
    })
}

fn place() -> Outcome {
    say("Building", "mainstay-core (release)");
    run("cargo", |cargo| {
        cargo.current_dir(project()).args([
            "bench",
            "--quiet",
            "--package",
            "mainstay-core",
            "--bench",
            "place",
        ])
    })
}

fn heal(rounds: u32) -> Outcome {
    say("Building", "mainstay (release; some minutes at first)");
    run("cargo", |cargo| {
        cargo.current_dir(project()).args(["bench", "--quiet", "--bench", "heal", "--no-run"])
    })?;
    run("cargo", |cargo| {
        cargo
            .current_dir(project())
            .args(["bench", "--quiet", "--bench", "heal", "--", "--image", DEMO_IMAGE, "--rounds"])
            .arg(rounds.to_string())
    })
}
