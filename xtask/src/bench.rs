//! `cargo xtask bench`: prepares the machine for the programs in benches/, and runs them.

use clap::Subcommand;

use crate::Outcome;
use crate::image::{DEMO_IMAGE, build_image};
use crate::machine::{engine, project, run, say};

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
}

/// Runs one.
///
/// # Errors
/// Where the machine cannot be prepared, or the measurement failed.
pub fn measure(bench: &Bench) -> Outcome {
    let Bench::Heal { rounds } = bench;
    engine::ensure()?;
    build_image()?;
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
