use serde::{Deserialize, Serialize};

/// A volume of a task definition, which its containers mount by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Unique in the task definition.
    pub name: String,
    /// What it is.
    pub kind: VolumeKind,
}

/// What a volume is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeKind {
    /// An empty one that is the task's: `host` without a `sourcePath`.
    Empty,
    /// A path of the host, made by the engine where it is missing.
    Host {
        /// Absolute.
        source_path: String,
    },
    /// A volume of the engine.
    Docker(DockerVolume),
    /// An Amazon EFS file system, which each host maps to a place of its own.
    Efs(EfsVolume),
}

/// A volume of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerVolume {
    /// Whose it is.
    pub scope: VolumeScope,
    /// Whether a shared one is made where it is missing.
    pub autoprovision: Option<bool>,
    /// The engine's volume driver; its own where absent.
    pub driver: Option<String>,
    /// Passed to the driver.
    pub driver_opts: Vec<(String, String)>,
    /// Labels for the engine.
    pub labels: Vec<(String, String)>,
}

/// Whose a volume of the engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeScope {
    /// Made with the task, and gone with it.
    Task,
    /// Whoever mounts one of this name on this host; it stays.
    Shared,
}

impl VolumeScope {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Shared => "shared",
        }
    }
}

/// An Amazon EFS file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// Such as `fs-0123456789abcdef0`.
    pub file_system_id: String,
    /// The directory in it, absolute, without `..`; `/` is all of it.
    pub root_directory: String,
    /// Whether nothing may cross the network in the clear.
    pub transit_encryption: Option<bool>,
    /// Such as `fsap-0123456789abcdef0`: what is mounted instead of the file system's root.
    pub access_point_id: Option<String>,
}

/// Where a container sees a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    /// The volume's name.
    pub source_volume: String,
    /// The path inside, absolute.
    pub container_path: String,
    /// Whether the container may only read; false where absent.
    pub read_only: Option<bool>,
}

/// A container whose mounts another one gets, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumesFrom {
    /// The other container's name.
    pub source_container: String,
    /// Whether this one may only read; false where absent.
    pub read_only: Option<bool>,
}
