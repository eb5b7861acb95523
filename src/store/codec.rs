//! How records become bytes: a version byte, then bincode. Nothing else in the project names bincode.
//!
//! A record that changes its form raises [`Record::VERSION`] and says in [`Record::migrate`] what an older body
//! becomes; it is written in the new form with its next change. bincode knows members by their place only, so each form
//! that was released stays here, frozen. A member that a record gets has a default, for those written without it.

pub(super) mod v1;
pub(super) mod v2;

use mainstay_core::events::Event;
use mainstay_core::model::{
    CapacityProvider, Cluster, ContainerInstance, Schedule, ScheduleGroup, Service, Task, TaskDefinition,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use v2::grown;

/// A kind of record.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// The version that is written.
    const VERSION: u8 = 1;

    /// The record that a body of an older version holds.
    ///
    /// # Errors
    /// Where there is no way from that version, which is so for every version that was never released.
    fn migrate(version: u8, _body: &[u8]) -> Result<Self, String> {
        Err(no_way::<Self>(version))
    }
}

impl Record for Cluster {
    const VERSION: u8 = 3;

    fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
        match version {
            1 => body_of::<v2::Cluster>(body).and_then(|old| grown(&old)),
            _ => Err(no_way::<Self>(version)),
        }
    }
}
impl Record for TaskDefinition {
    const VERSION: u8 = 3;

    fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
        match version {
            1 => body_of::<v1::TaskDefinition>(body).and_then(|old| grown(&v2::TaskDefinition::from(old))),
            2 => body_of::<v2::TaskDefinition>(body).and_then(|old| grown(&old)),
            _ => Err(no_way::<Self>(version)),
        }
    }
}
impl Record for Service {
    const VERSION: u8 = 3;

    fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
        match version {
            1 => body_of::<v1::Service>(body).and_then(|old| grown(&v2::Service::from(old))),
            2 => body_of::<v2::Service>(body).and_then(|old| grown(&old)),
            _ => Err(no_way::<Self>(version)),
        }
    }
}
impl Record for Task {
    const VERSION: u8 = 3;

    fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
        match version {
            1 => body_of::<v1::Task>(body).and_then(|old| grown(&v2::Task::from(old))),
            2 => body_of::<v2::Task>(body).and_then(|old| grown(&old)),
            _ => Err(no_way::<Self>(version)),
        }
    }
}
impl Record for ContainerInstance {
    const VERSION: u8 = 3;

    fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
        match version {
            1 => body_of::<v2::ContainerInstance>(body).and_then(|old| grown(&old)),
            _ => Err(no_way::<Self>(version)),
        }
    }
}
/// New with version 3 of the others.
impl Record for Schedule {}
impl Record for ScheduleGroup {}
impl Record for CapacityProvider {}
impl Record for Event {}
/// A family's last revision.
impl Record for u32 {}
/// A subscriber's place among events.
impl Record for u64 {}
/// The installation's id.
impl Record for String {}

fn no_way<T: Record>(version: u8) -> String {
    format!(
        "a record has version {version}, from which this Mainstay knows no way to {}; start the Mainstay that \
         wrote it, and bring it over with `mainstay store export` and `import`",
        T::VERSION
    )
}

/// A record's bytes.
///
/// # Errors
/// Where a value has no form in bincode, which a record of ours always has.
pub(super) fn encode<T: Record>(record: &T) -> Result<Vec<u8>, String> {
    let mut bytes = vec![T::VERSION];
    bincode::serde::encode_into_std_write(record, &mut bytes, bincode::config::standard())
        .map_err(|error| format!("a record cannot be encoded: {error}"))?;
    Ok(bytes)
}

/// The record that bytes hold.
///
/// # Errors
/// Where they were written by a newer Mainstay, by an older one without a way from there, or are damaged.
pub(super) fn decode<T: Record>(bytes: &[u8]) -> Result<T, String> {
    match bytes.split_first() {
        Some((&version, body)) if version == T::VERSION => body_of(body),
        Some((&version, body)) if version < T::VERSION => T::migrate(version, body),
        Some((&version, _)) => Err(format!(
            "a record has version {version}, this Mainstay knows {}; start a newer Mainstay",
            T::VERSION
        )),
        None => Err("a record is empty; the file is damaged".into()),
    }
}

/// A body of a known form; what migrations read older bodies with.
///
/// # Errors
/// Where it is not of that form.
pub(super) fn body_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    match bincode::serde::decode_from_slice(body, bincode::config::standard()) {
        Ok((record, length)) if length == body.len() => Ok(record),
        Ok(_) => Err("a record is longer than it should be; the file is damaged".into()),
        Err(error) => Err(format!("a record cannot be decoded ({error}); the file is damaged")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A record that had no count in its first version.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Grown {
        name: String,
        count: u32,
    }

    impl Record for Grown {
        const VERSION: u8 = 2;

        fn migrate(version: u8, body: &[u8]) -> Result<Self, String> {
            assert_eq!(version, 1);
            body_of::<String>(body).map(|name| Self { name, count: 0 })
        }
    }

    #[test]
    fn what_was_encoded_comes_back_and_anything_else_is_refused() {
        let record = Grown { name: "web".into(), count: 3 };
        let bytes = encode(&record).unwrap();
        assert_eq!(decode(&bytes), Ok(record));
        let refusals = [
            (vec![], "empty"),
            (vec![3, 0, 0], "version 3"),
            (bytes[..2].to_vec(), "damaged"),
            ([bytes.as_slice(), &[0]].concat(), "longer"),
        ];
        for (bytes, sign) in refusals {
            let error = decode::<Grown>(&bytes).unwrap_err();
            assert!(error.contains(sign), "{error}");
        }
    }

    #[test]
    fn a_record_of_an_older_version_is_migrated_or_refused_with_what_to_do() {
        let older = encode(&"web".to_owned()).unwrap();
        assert_eq!(decode(&older), Ok(Grown { name: "web".into(), count: 0 }));
        let error = decode::<String>(&[0, 3, b'w', b'e', b'b']).unwrap_err();
        assert!(error.contains("version 0") && error.contains("store export"), "{error}");
    }
}
