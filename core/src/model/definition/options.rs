use serde::{Deserialize, Serialize};

use crate::TaskId;
use crate::model::Secret;

/// What of a container definition goes to the engine as it is, or nearly so. Absent and `false` are kept apart, since
/// a definition is shown again as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EngineOptions {
    /// Capabilities, devices, swap and the like.
    pub linux: Option<LinuxParameters>,
    /// Limits of its processes.
    pub ulimits: Vec<Ulimit>,
    /// Kernel parameters of its namespaces.
    pub system_controls: Vec<SystemControl>,
    /// Nearly root on the host.
    pub privileged: Option<bool>,
    /// Its root file system cannot be written.
    pub readonly_root_filesystem: Option<bool>,
    /// IP addresses of its name servers.
    pub dns_servers: Vec<String>,
    /// Domains in which it looks up short names.
    pub dns_search_domains: Vec<String>,
    /// Lines for its `/etc/hosts`.
    pub extra_hosts: Vec<HostEntry>,
    /// Its own name; its engine id's beginning where absent.
    pub hostname: Option<String>,
    /// Its standard input stays open.
    pub interactive: Option<bool>,
    /// It has a terminal.
    pub pseudo_terminal: Option<bool>,
    /// SELinux labels, AppArmor profiles and the like, in ECS's form `apparmor:PROFILE`.
    pub docker_security_options: Vec<String>,
    /// It has no network but its own loopback.
    pub disable_networking: Option<bool>,
}

/// What Linux alone knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinuxParameters {
    /// Beside those that the engine gives to every container.
    pub capabilities: Option<Capabilities>,
    /// Devices of the host.
    pub devices: Vec<Device>,
    /// A small process 1 that reaps and forwards signals.
    pub init_process_enabled: Option<bool>,
    /// Swap beyond its memory, MiB; 0 for none. The engine's default where absent.
    pub max_swap: Option<u32>,
    /// Size of `/dev/shm`, MiB.
    pub shared_memory_size: Option<u32>,
    /// 0 to 100; of effect where `max_swap` is given, as in ECS.
    pub swappiness: Option<u8>,
    /// File systems in memory.
    pub tmpfs: Vec<Tmpfs>,
}

/// Capabilities without their prefix `CAP_`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// More than the engine gives.
    pub add: Vec<String>,
    /// Less than the engine gives.
    pub drop: Vec<String>,
}

/// A device of the host in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// On the host.
    pub host_path: String,
    /// Inside; as on the host where absent.
    pub container_path: Option<String>,
    /// All three where empty.
    pub permissions: Vec<DevicePermission>,
}

/// What may be done with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DevicePermission {
    /// Read from it.
    Read,
    /// Write to it.
    Write,
    /// Make a node of it.
    Mknod,
}

impl DevicePermission {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Mknod => "mknod",
        }
    }

    /// The kernel's letter.
    pub fn letter(self) -> char {
        match self {
            Self::Read => 'r',
            Self::Write => 'w',
            Self::Mknod => 'm',
        }
    }
}

/// A file system in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    /// Where.
    pub container_path: String,
    /// As `mount` knows them.
    pub mount_options: Vec<String>,
    /// MiB.
    pub size: u32,
}

/// A limit of a container's processes. -1 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// Such as `nofile`.
    pub name: String,
    /// What holds.
    pub soft: i32,
    /// How far the process may raise it.
    pub hard: i32,
}

/// A kernel parameter of a container's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemControl {
    /// Such as `net.core.somaxconn`; ECS calls the whole name so.
    pub namespace: String,
    /// Not empty.
    pub value: String,
}

/// A line of `/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostEntry {
    /// The name.
    pub hostname: String,
    /// What it means.
    pub ip_address: String,
}

/// Another container of the task that is known by a name inside this one; ECS's `links`. It has to have started first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other one's name in the task definition.
    pub container: String,
    /// Its name in here; the container's own where absent.
    pub alias: Option<String>,
}

impl Link {
    /// The name it is known by.
    pub fn alias(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.container)
    }
}

/// Where what a container prints goes; the engine's default where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogConfiguration {
    /// The engine's driver, or [`LogConfiguration::AWSLOGS`].
    pub driver: String,
    /// What the driver is told.
    pub options: Vec<(String, String)>,
    /// What it is told beside that, looked up when the task starts.
    #[serde(default)]
    pub secret_options: Vec<Secret>,
}

impl LogConfiguration {
    /// CloudWatch's driver, in whose place the engine keeps the lines.
    pub const AWSLOGS: &str = "awslogs";

    /// The stream of CloudWatch that a task's container would print to; `None` where there is no prefix, and with it
    /// no name but the container's id.
    pub fn stream(&self, container: &str, task: &TaskId) -> Option<String> {
        self.option("awslogs-stream-prefix").map(|prefix| format!("{prefix}/{container}/{task}"))
    }

    /// The value of an option, where it is given and not empty.
    pub fn option(&self, name: &str) -> Option<&str> {
        let given = self.options.iter().find(|(known, _)| known == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// GPUs for a container alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gpus {
    /// So many.
    Count(u32),
    /// All of the instance's that nobody has; at least one.
    All,
}
