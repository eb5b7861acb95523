//! Ids in the endpoint's URIs: a task's id and a seal, which only who has the key can make.
//!
//! They are worked out again from the task and the container, so that none has to be stored; and since each purpose has
//! seals of its own, a container's id says nothing of its task's credentials.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use mainstay_core::TaskId;
use sha2::Sha256;

/// Bytes of a key: a block of the hash, so that it is used as it is.
pub(super) const KEY: usize = 64;
/// Bytes of a seal: 128 bits cannot be guessed.
const SEAL: usize = 16;

/// Makes and checks ids.
pub(super) struct Ids(Hmac<Sha256>);

impl Ids {
    pub(super) fn new(key: &[u8; KEY]) -> Self {
        Self(Hmac::new(key.into()))
    }

    /// The id of a container.
    pub(super) fn container(&self, task: &TaskId, container: &str) -> String {
        id(task, self.seal("container", task, container))
    }

    /// The id of a task's credentials.
    pub(super) fn credentials(&self, task: &TaskId) -> String {
        id(task, self.seal("credentials", task, ""))
    }

    pub(super) fn is_container(&self, id: &str, task: &TaskId, container: &str) -> bool {
        has(id, self.seal("container", task, container))
    }

    pub(super) fn is_credentials(&self, id: &str, task: &TaskId) -> bool {
        has(id, self.seal("credentials", task, ""))
    }

    fn seal(&self, purpose: &str, task: &TaskId, container: &str) -> Hmac<Sha256> {
        let mut seal = self.0.clone();
        // No part has a zero byte, so that no two lists of parts are the same bytes.
        for part in [purpose, task.as_str(), container] {
            seal.update(part.as_bytes());
            seal.update(&[0]);
        }
        seal
    }
}

/// The task that an id speaks of, whether rightly or not.
pub(super) fn task_of(id: &str) -> Option<TaskId> {
    id.rsplit_once('-').map(|(task, _)| TaskId::new(task))
}

fn id(task: &TaskId, seal: Hmac<Sha256>) -> String {
    let mut id = format!("{task}-");
    for byte in seal.finalize().into_bytes().iter().take(SEAL) {
        // Into a string this cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Whether an id has this seal, found out in a time that does not tell how much of it is right.
fn has(id: &str, seal: Hmac<Sha256>) -> bool {
    let given = id.rsplit_once('-').and_then(|(_, given)| bytes::<SEAL>(given));
    given.is_some_and(|given| seal.verify_truncated_left(&given).is_ok())
}

/// Lower-case hexadecimal digits.
pub(super) fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    if hex.len() != 2 * N || !hex.bytes().all(is_hex) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..hex.len()).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_good_for_one_purpose_one_task_one_container_and_one_key_only() {
        let (ids, others) = (Ids::new(&[7; KEY]), Ids::new(&[8; KEY]));
        let (task, other) = (TaskId::new("a".repeat(32)), TaskId::new("b".repeat(32)));
        let (container, credentials) = (ids.container(&task, "web"), ids.credentials(&task));
        assert_eq!((container.len(), task_of(&container)), (65, Some(task.clone())));
        assert!(ids.is_container(&container, &task, "web") && ids.is_credentials(&credentials, &task));
        assert_eq!(Ids::new(&[7; KEY]).container(&task, "web"), container, "the next daemon knows it");
        assert!(!ids.is_container(&container, &task, "log"));
        assert!(!ids.is_container(&credentials, &task, ""));
        assert!(!ids.is_credentials(&container, &task));
        assert!(!others.is_container(&container, &task, "web"));
        let stolen = container.replace(task.as_str(), other.as_str());
        assert!(!ids.is_container(&stolen, &other, "web"));
        for wrong in ["", "-", "web", &container[..64], &format!("{container}0"), &container.to_uppercase()] {
            assert!(!ids.is_container(wrong, &task, "web"), "{wrong}");
        }
    }
}
