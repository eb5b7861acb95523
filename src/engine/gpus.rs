//! The GPUs of this host, and how the engine is asked for those of a container.

use std::path::Path;

use bollard::models::DeviceRequest;

/// Where NVIDIA's driver shows its devices: a folder each, named by its address on the bus.
const NVIDIA: &str = "/proc/driver/nvidia/gpus";
/// The line of a device's `information` that names it.
const UUID: &str = "GPU UUID:";

/// The GPUs that NVIDIA's driver shows here, by their UUIDs, in the order of their places on the bus; empty where there is
/// no such driver.
pub(super) fn found() -> Vec<String> {
    found_in(Path::new(NVIDIA))
}

fn found_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut devices: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    devices.sort();
    let mut ids = Vec::new();
    for device in devices {
        let information = std::fs::read_to_string(device.join("information")).unwrap_or_default();
        match uuid(&information) {
            Some(id) => ids.push(id.to_owned()),
            // Under any other name it could be given away twice, once it has this one.
            None => tracing::warn!(
                device = %device.display(),
                "a GPU is left out, since its driver does not say its UUID before it was used; have \
                 nvidia-persistenced run, or name the GPUs in agent.gpus"
            ),
        }
    }
    ids
}

/// A device that was not used since the driver was loaded has question marks in the place of its UUID.
fn uuid(information: &str) -> Option<&str> {
    let line = information.lines().find_map(|line| line.strip_prefix(UUID));
    line.map(str::trim).filter(|id| !id.is_empty() && !id.contains('?'))
}

/// Whether an id is a name of the Container Device Interface, `vendor.com/class=name`: the engine's driver of that name
/// knows it then, and NVIDIA's any other.
pub(super) fn is_cdi(id: &str) -> bool {
    id.split_once('=').is_some_and(|(kind, name)| kind.contains('/') && !name.is_empty())
}

/// What the engine is asked for; nothing where a container has no GPUs.
pub(super) fn requests(ids: &[String]) -> Option<Vec<DeviceRequest>> {
    let (cdi, nvidia): (Vec<String>, Vec<String>) = ids.iter().cloned().partition(|id| is_cdi(id));
    let cdi = (!cdi.is_empty()).then(|| DeviceRequest {
        driver: Some("cdi".into()),
        device_ids: Some(cdi),
        ..DeviceRequest::default()
    });
    let nvidia = (!nvidia.is_empty()).then(|| DeviceRequest {
        driver: Some("nvidia".into()),
        device_ids: Some(nvidia),
        capabilities: Some(vec![vec!["gpu".into()]]),
        ..DeviceRequest::default()
    });
    let requests: Vec<DeviceRequest> = nvidia.into_iter().chain(cdi).collect();
    (!requests.is_empty()).then_some(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the driver shows of a device.
    fn information(uuid: &str) -> String {
        format!(
            "Model: \t\t Tesla T4\nIRQ:   \t\t 33\nGPU UUID: \t {uuid}\nVideo BIOS: \t 90.04.38.00.03\n\
             Bus Type: \t PCIe\nDMA Size: \t 47 bits\nBus Location: \t 0000:00:1e.0\nDevice Minor: \t 0\n"
        )
    }

    #[test]
    fn the_hosts_gpus_are_those_whose_uuid_the_driver_says_in_the_order_of_the_bus() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(found_in(&folder.path().join("gpus")), Vec::<String>::new());
        for (place, uuid) in [
            ("0000:00:1e.0", "GPU-0f1b5a2c-1111-2222-3333-444455556666"),
            ("0000:00:1b.0", "GPU-9d2e7c11-1111-2222-3333-444455556666"),
            ("0000:00:1c.0", "GPU-????????-????-????-????-????????????"),
        ] {
            std::fs::create_dir(folder.path().join(place)).unwrap();
            std::fs::write(folder.path().join(place).join("information"), information(uuid)).unwrap();
        }
        let expected =
            ["GPU-9d2e7c11-1111-2222-3333-444455556666", "GPU-0f1b5a2c-1111-2222-3333-444455556666"];
        assert_eq!(found_in(folder.path()), expected);
    }

    #[test]
    fn each_driver_is_asked_for_what_it_knows() {
        let asked = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            let shown = |request: DeviceRequest| {
                let ids = request.device_ids.unwrap_or_default().join("+");
                format!("{} {ids} {:?}", request.driver.unwrap_or_default(), request.capabilities)
            };
            requests(&ids).map(|requests| requests.into_iter().map(shown).collect::<Vec<_>>())
        };
        assert_eq!(asked(&[]), None);
        let nvidia = "nvidia GPU-a+1 Some([[\"gpu\"]])".to_owned();
        assert_eq!(asked(&["GPU-a", "1"]), Some(vec![nvidia.clone()]));
        let cdi = "cdi amd.com/gpu=0 None".to_owned();
        assert_eq!(asked(&["amd.com/gpu=0"]), Some(vec![cdi.clone()]));
        assert_eq!(asked(&["GPU-a", "amd.com/gpu=0", "1"]), Some(vec![nvidia, cdi]));
    }
}
