//! What the data folder keeps of the endpoint, so that the URIs that containers were given stay true.

use serde::{Deserialize, Serialize};

use super::ids::{self, KEY};
use crate::store::DataFolder;

/// In the data folder, for the daemon's user alone.
const FILE: &str = "inside.json";

/// What is kept.
pub(super) struct Kept {
    /// The key of the ids.
    pub(super) key: [u8; KEY],
    /// The ports that containers were told.
    pub(super) ports: Ports,
}

/// The ports that containers were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Ports {
    /// As the settings had it when the port was chosen.
    pub(super) wanted: Option<u16>,
    /// What new containers are told.
    pub(super) port: Option<u16>,
    /// What some were told before the settings changed.
    pub(super) former: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    key: String,
    #[serde(flatten)]
    ports: Ports,
}

/// What an earlier daemon kept, or a fresh key.
pub(super) fn read(folder: &DataFolder) -> Kept {
    let path = folder.path().join(FILE);
    let fresh = || Kept { key: rand::random(), ports: Ports::default() };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return fresh(),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "cannot read where containers find the task endpoint; those that run lose it");
            return fresh();
        }
    };
    let written = serde_json::from_str::<Written>(&text).ok();
    let kept = written.and_then(|Written { key, ports }| Some(Kept { key: ids::bytes(&key)?, ports }));
    kept.unwrap_or_else(|| {
        // No word of what is wrong with it, which might be part of the key.
        tracing::error!(path = %path.display(), "is not what an earlier daemon wrote; containers that run lose the task endpoint");
        fresh()
    })
}

/// Keeps the key and the ports.
pub(super) fn write(folder: &DataFolder, kept: &Kept) {
    let key = kept.key.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = serde_json::to_string(&Written { key, ports: kept.ports });
    let done = written.map_err(std::io::Error::other).and_then(|text| folder.write_secret(FILE, &text));
    if let Err(error) = done {
        tracing::error!(%error, "cannot keep where containers find the task endpoint; they lose it with this daemon");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn key_and_ports_outlive_the_daemon_and_are_for_its_user_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = DataFolder::lock(place.path()).unwrap();
        let first = read(&folder);
        assert_eq!(first.ports, Ports::default());
        let ports = Ports { wanted: Some(80), port: Some(20_000), former: None };
        write(&folder, &Kept { key: first.key, ports });
        let second = read(&folder);
        assert_eq!((second.key, second.ports), (first.key, ports));
        let mode = std::fs::metadata(place.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(place.path().join(FILE), "{\"key\": \"00\"}").unwrap();
        assert_ne!(read(&folder).key, first.key);
    }
}
