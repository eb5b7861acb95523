//! How records become bytes: a version byte, then bincode. Nothing else in the project names bincode.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that is written. An older one is migrated here, a newer one refused.
const VERSION: u8 = 1;

/// A record's bytes.
///
/// # Errors
/// Where a value has no form in bincode, which a record of ours always has.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, String> {
    let mut bytes = vec![VERSION];
    bincode::serde::encode_into_std_write(record, &mut bytes, bincode::config::standard())
        .map_err(|error| format!("a record cannot be encoded: {error}"))?;
    Ok(bytes)
}

/// The record that bytes hold.
///
/// # Errors
/// Where they were written by a newer Mainstay, or are not what was written.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match bytes.split_first() {
        Some((&VERSION, body)) => {
            let decoded = bincode::serde::decode_from_slice(body, bincode::config::standard());
            match decoded {
                Ok((record, length)) if length == body.len() => Ok(record),
                Ok(_) => Err("a record is longer than it should be; the file is damaged".into()),
                Err(error) => Err(format!("a record cannot be decoded ({error}); the file is damaged")),
            }
        }
        Some((&version, _)) => Err(format!(
            "a record has version {version}, this Mainstay knows {VERSION}; start a newer Mainstay"
        )),
        None => Err("a record is empty; the file is damaged".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_comes_back_and_anything_else_is_refused() {
        let bytes = encode(&("web", 3_u32)).unwrap();
        assert_eq!(decode::<(String, u32)>(&bytes), Ok(("web".into(), 3)));
        let refusals = [
            (vec![], "empty"),
            (vec![2, 0, 0], "version 2"),
            (bytes[..2].to_vec(), "damaged"),
            ([bytes.as_slice(), &[0]].concat(), "longer"),
        ];
        for (bytes, sign) in refusals {
            let error = decode::<(String, u32)>(&bytes).unwrap_err();
            assert!(error.contains(sign), "{error}");
        }
    }
}
