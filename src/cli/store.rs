//! `mainstay store`: for a daemon that does not run; its lock keeps us out while it does.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use mainstay_actors::ports::Snapshot;

use super::chain;
use crate::config::{Config, ConfigError, Flags};
use crate::store::{DataFolder, RedbStore, exchange};

/// What to do with it.
#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Reads everything, and says how much there is or what is wrong. Changes nothing.
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Writes everything as JSON lines, on standard output or into a file.
    Export {
        #[command(flatten)]
        place: Place,
        /// The file; it must not be there yet.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Makes a store of what `export` wrote, in a data folder that has none. All or nothing.
    Import {
        #[command(flatten)]
        place: Place,
        /// The file; `-` is standard input.
        #[arg(value_name = "FILE")]
        input: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The settings' file, for its server.data-dir.
    #[arg(long, value_name = "FILE", env = "MAINSTAY_CONFIG")]
    config: Option<PathBuf>,
}

/// Does it. Ends with 0 where it went well, else 1.
pub(super) fn run(act: &Act) -> ExitCode {
    let done = match act {
        Act::Check { place } => check(place),
        Act::Export { place, output } => export(place, output.as_deref()),
        Act::Import { place, input } => import(place, input),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mainstay store: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn check(place: &Place) -> Outcome {
    let folder = place.existing()?;
    let (owner, there) = RedbStore::check(&folder)?;
    eprintln!("mainstay store: whole; owner {owner}: {}", count(&there));
    Ok(())
}

fn export(place: &Place, output: Option<&Path>) -> Outcome {
    let folder = place.existing()?;
    let (owner, there) = RedbStore::check(&folder)?;
    let counted = count(&there);
    match output {
        None => exchange::export(there, &owner, &mut BufWriter::new(std::io::stdout().lock()))?,
        Some(path) => {
            let file = File::create_new(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let mut file = BufWriter::new(file);
            exchange::export(there, &owner, &mut file)?;
            file.get_ref().sync_all()?;
        }
    }
    eprintln!("mainstay store: exported {counted}");
    Ok(())
}

fn import(place: &Place, input: &Path) -> Outcome {
    let (owner, records) = if input == Path::new("-") {
        exchange::read(std::io::stdin().lock())?
    } else {
        let file = File::open(input).map_err(|error| format!("{}: {error}", input.display()))?;
        exchange::read(BufReader::new(file)).map_err(|error| format!("{}: {error}", input.display()))?
    };
    let folder = DataFolder::lock(&place.path()?)?;
    RedbStore::import(&folder, &owner, &records)?;
    eprintln!("mainstay store: imported {} records", records.len());
    Ok(())
}

impl Place {
    fn path(&self) -> Result<PathBuf, ConfigError> {
        let config = crate::config::file(self.config.as_deref());
        let flags = Flags { config, data_dir: self.data_dir.clone(), ..Flags::default() };
        Ok(Config::load(&flags)?.server.data_dir)
    }

    /// Locks a folder that has to be there: to look is no reason to make one.
    fn existing(&self) -> Result<DataFolder, Box<dyn std::error::Error>> {
        let path = self.path()?;
        if !path.is_dir() {
            return Err(format!("data folder {}: no such folder", path.display()).into());
        }
        Ok(DataFolder::lock(&path)?)
    }
}

fn count(there: &Snapshot) -> String {
    format!(
        "{} clusters, {} task definitions, {} services, {} tasks, {} container instances",
        there.clusters.len(),
        there.task_definitions.len(),
        there.services.len(),
        there.tasks.len(),
        there.instances.len()
    )
}
