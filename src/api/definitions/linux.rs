//! `linuxParameters` of a container definition, both ways.

use mainstay_core::model::{Capabilities, Device, DevicePermission, LinuxParameters, Tmpfs};

use super::options::list;
use super::read::client;
use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums::DeviceCgroupPermission;
use crate::api::wire::{At, structures as wire};
use crate::api::{signed, unsigned};

/// Those that ECS takes.
const CAPABILITIES: [&str; 38] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
];

/// A tmpfs's mount options that ECS takes, but for those with a value.
const MOUNT_OPTIONS: [&str; 33] = [
    "defaults",
    "ro",
    "rw",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "sync",
    "async",
    "dirsync",
    "remount",
    "mand",
    "nomand",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "bind",
    "rbind",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
];

/// A tmpfs's mount options that have a value, `mode=1777`.
const VALUED_MOUNT_OPTIONS: [&str; 6] = ["mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"];

pub(super) fn read(at: &At<'_>, given: wire::LinuxParameters) -> Answer<LinuxParameters> {
    let wire::LinuxParameters {
        capabilities,
        devices,
        init_process_enabled,
        max_swap,
        shared_memory_size,
        swappiness,
        tmpfs,
    } = given;
    let bounds = [
        ("maxSwap", max_swap, 0..=i64::MAX),
        ("sharedMemorySize", shared_memory_size, 0..=i64::MAX),
        ("swappiness", swappiness, 0..=100),
    ];
    for (member, number, bounds) in bounds {
        at.range(member, number.map(i64::from), bounds).map_err(client)?;
    }
    let (devices_at, tmpfs_at) = (at.field("devices"), at.field("tmpfs"));
    Ok(LinuxParameters {
        capabilities: capabilities
            .map(|given| self::capabilities(&at.field("capabilities"), given))
            .transpose()?,
        devices: devices
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, given)| device(&devices_at.index(index), given))
            .collect::<Answer<_>>()?,
        init_process_enabled,
        max_swap: max_swap.map(unsigned),
        shared_memory_size: shared_memory_size.map(unsigned),
        swappiness: swappiness.and_then(|number| u8::try_from(number).ok()),
        tmpfs: tmpfs
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, given)| file_system(&tmpfs_at.index(index), given))
            .collect::<Answer<_>>()?,
    })
}

fn capabilities(at: &At<'_>, given: wire::KernelCapabilities) -> Answer<Capabilities> {
    let known = |member: &str, given: Option<Vec<String>>| {
        let (given, list) = (given.unwrap_or_default(), at.field(member));
        match given.iter().position(|word| !CAPABILITIES.contains(&word.as_str())) {
            Some(index) => Err(client(list.index(index).not_a_word(&given[index], &CAPABILITIES))),
            None => Ok(given),
        }
    };
    Ok(Capabilities { add: known("add", given.add)?, drop: known("drop", given.drop)? })
}

fn device(at: &At<'_>, given: wire::Device) -> Answer<Device> {
    let wire::Device { container_path, host_path, permissions } = given;
    let container_path = container_path.filter(|path| !path.is_empty());
    let permission = |permission: DeviceCgroupPermission| match permission {
        DeviceCgroupPermission::Write => DevicePermission::Write,
        DeviceCgroupPermission::Mknod => DevicePermission::Mknod,
        _ => DevicePermission::Read,
    };
    let host_path = host_path.unwrap_or_default();
    absolute(at, "hostPath", &host_path)?;
    container_path.as_ref().map_or(Ok(()), |path| absolute(at, "containerPath", path))?;
    Ok(Device {
        host_path,
        container_path,
        permissions: permissions.unwrap_or_default().into_iter().map(permission).collect(),
    })
}

fn file_system(at: &At<'_>, given: wire::Tmpfs) -> Answer<Tmpfs> {
    let wire::Tmpfs { container_path, mount_options, size } = given;
    let (container_path, mount_options) =
        (container_path.unwrap_or_default(), mount_options.unwrap_or_default());
    absolute(at, "containerPath", &container_path)?;
    at.range("size", size.map(i64::from), 1..=i64::MAX).map_err(client)?;
    let known = |option: &String| match option.split_once('=') {
        Some((name, value)) => VALUED_MOUNT_OPTIONS.contains(&name) && !value.is_empty(),
        None => MOUNT_OPTIONS.contains(&option.as_str()) || VALUED_MOUNT_OPTIONS.contains(&option.as_str()),
    };
    if let Some(index) = mount_options.iter().position(|option| !known(option)) {
        let list = at.field("mountOptions");
        let words = [MOUNT_OPTIONS.as_slice(), &VALUED_MOUNT_OPTIONS].concat();
        return Err(client(list.index(index).not_a_word(&mount_options[index], &words)));
    }
    Ok(Tmpfs { container_path, mount_options, size: unsigned(size.unwrap_or_default()) })
}

fn absolute(at: &At<'_>, member: &str, path: &str) -> Answer<()> {
    // The engine's own forms separate their parts by colons.
    if path.starts_with('/') && !path.contains(':') {
        return Ok(());
    }
    Err(ApiError::client(format!("{at}.{member} is '{path}'; it must be an absolute path.")))
}

/// As they were given.
pub(super) fn show(linux: &LinuxParameters) -> wire::LinuxParameters {
    let device = |device: &Device| wire::Device {
        container_path: device.container_path.clone(),
        host_path: Some(device.host_path.clone()),
        permissions: list(&device.permissions, |permission| permission.as_str().into()),
    };
    let file_system = |tmpfs: &Tmpfs| wire::Tmpfs {
        container_path: Some(tmpfs.container_path.clone()),
        mount_options: list(&tmpfs.mount_options, String::clone),
        size: Some(signed(tmpfs.size)),
    };
    wire::LinuxParameters {
        capabilities: linux.capabilities.as_ref().map(|Capabilities { add, drop }| {
            wire::KernelCapabilities { add: list(add, String::clone), drop: list(drop, String::clone) }
        }),
        devices: list(&linux.devices, device),
        init_process_enabled: linux.init_process_enabled,
        max_swap: linux.max_swap.map(signed),
        shared_memory_size: linux.shared_memory_size.map(signed),
        swappiness: linux.swappiness.map(i32::from),
        tmpfs: list(&linux.tmpfs, file_system),
    }
}
