//! The binary messages of a session manager's data channel.
//!
//! Numbers are big-endian. Source: what session-manager-plugin and amazon-ssm-agent write and read
//! (`clientmessage.go`, `agentmessage.go`).

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// From the client: what is typed, how large its terminal is, how it shakes hands.
pub(super) const INPUT: &str = "input_stream_data";
/// To the client: what is printed, and the other half of the handshake.
pub(super) const OUTPUT: &str = "output_stream_data";
/// Either way: a message came.
pub(super) const ACKNOWLEDGE: &str = "acknowledge";
/// The session is over.
pub(super) const CHANNEL_CLOSED: &str = "channel_closed";
/// Nothing is to be sent until further notice.
pub(super) const PAUSE: &str = "pause_publication";
/// It may be sent again.
pub(super) const START: &str = "start_publication";

/// `Flags`: the first message of its stream.
pub(super) const SYN: u64 = 1;

/// What a payload is.
pub(super) mod payload {
    /// Bytes, typed or printed.
    pub(crate) const BYTES: u32 = 1;
    /// The terminal's size, as JSON.
    pub(crate) const SIZE: u32 = 3;
    /// What the agent asks of the client before it begins, as JSON.
    pub(crate) const HANDSHAKE_REQUEST: u32 = 5;
    /// What the client made of it, as JSON.
    pub(crate) const HANDSHAKE_RESPONSE: u32 = 6;
    /// It begins, as JSON.
    pub(crate) const HANDSHAKE_COMPLETE: u32 = 7;
    /// A number that stands for a wish, such as [`TERMINATE`].
    pub(crate) const FLAG: u32 = 10;
    /// The flag of a client that wants to end the session.
    pub(crate) const TERMINATE: u32 = 2;
}

const KIND: usize = 32;
const DIGEST: usize = 32;
/// Up to where the payload's length stands; `HeaderLength` of the messages that we send.
const HEADER: usize = 4 + KIND + 4 + 8 + 8 + 8 + 16 + DIGEST + 4;
const LENGTH: usize = 4;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Such as [`INPUT`]; at most 32 bytes.
    pub kind: String,
    /// 1.
    pub schema: u32,
    /// Milliseconds since 1970.
    pub created: u64,
    /// Its place in the stream of its kind.
    pub sequence: i64,
    /// Such as [`SYN`].
    pub flags: u64,
    /// Tells it from all others.
    pub id: Uuid,
    /// See [`payload`].
    pub payload_type: u32,
    /// What it says.
    pub payload: Bytes,
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MessageError {
    /// They end too early, or go on too long.
    #[error("a message of {length} bytes says that it has {says}")]
    Length { length: usize, says: usize },
    /// Its header is shorter than its fields.
    #[error("a message says that its header has {0} bytes; it has {HEADER} at least")]
    Header(usize),
    /// Its kind is no text.
    #[error("a message's type is no text")]
    Kind,
    /// The payload came otherwise than it was sent.
    #[error("the digest of a message's payload is not that of the payload")]
    Digest,
}

impl Message {
    /// The bytes of it. A kind that is too long is cut; ours are not.
    pub(super) fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(HEADER + LENGTH + self.payload.len());
        bytes.put_u32(size(HEADER));
        let mut kind = [b' '; KIND];
        for (place, byte) in kind.iter_mut().zip(self.kind.bytes()) {
            *place = byte;
        }
        bytes.put_slice(&kind);
        bytes.put_u32(self.schema);
        bytes.put_u64(self.created);
        bytes.put_i64(self.sequence);
        bytes.put_u64(self.flags);
        // The halves of the id are swapped.
        let (high, low) = self.id.as_u64_pair();
        bytes.put_u64(low);
        bytes.put_u64(high);
        bytes.put_slice(&digest(&self.payload));
        bytes.put_u32(self.payload_type);
        bytes.put_u32(size(self.payload.len()));
        bytes.put_slice(&self.payload);
        bytes.freeze()
    }

    /// The message that these bytes are.
    ///
    /// # Errors
    /// Where they are none, or were changed on their way.
    pub(super) fn decode(bytes: &Bytes) -> Result<Self, MessageError> {
        let short = |says: usize| MessageError::Length { length: bytes.len(), says };
        let mut fields = Fields { bytes, at: 0 };
        let header = fields.u32().ok_or_else(|| short(HEADER + LENGTH))? as usize;
        if header < HEADER {
            return Err(MessageError::Header(header));
        }
        let says = header.saturating_add(LENGTH);
        let mut read = || {
            let kind = fields.take::<KIND>()?;
            let (schema, created, sequence) = (fields.u32()?, fields.u64()?, fields.u64()?.cast_signed());
            let (flags, low, high) = (fields.u64()?, fields.u64()?, fields.u64()?);
            let (digest, payload_type) = (fields.take::<DIGEST>()?, fields.u32()?);
            fields.at = header;
            let length = fields.u32()? as usize;
            let id = Uuid::from_u64_pair(high, low);
            Some((kind, schema, created, sequence, flags, id, digest, payload_type, length))
        };
        let (kind, schema, created, sequence, flags, id, said, payload_type, length) =
            read().ok_or_else(|| short(says))?;
        let says = says.saturating_add(length);
        if bytes.len() != says {
            return Err(short(says));
        }
        let payload = bytes.slice(header + LENGTH..);
        let kind = std::str::from_utf8(&kind).map_err(|_| MessageError::Kind)?;
        let kind = kind.trim_matches(|letter| letter == ' ' || letter == '\0').to_owned();
        // Without a payload there may be no digest.
        if !payload.is_empty() && digest(&payload) != said {
            return Err(MessageError::Digest);
        }
        Ok(Self { kind, schema, created, sequence, flags, id, payload_type, payload })
    }
}

/// Takes fields one after the other.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let end = self.at.checked_add(LENGTH)?;
        let field = self.bytes.get(self.at..end)?.try_into().ok()?;
        self.at = end;
        Some(field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}

fn digest(payload: &[u8]) -> [u8; DIGEST] {
    Sha256::digest(payload).into()
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> Message {
        Message {
            kind: INPUT.to_owned(),
            schema: 1,
            created: 1_700_000_000_000,
            sequence: 3,
            flags: SYN,
            id: Uuid::from_u64_pair(0x0011_2233_4455_4677, 0x8899_aabb_ccdd_eeff),
            payload_type: payload::BYTES,
            payload: Bytes::from_static(b"ls\n"),
        }
    }

    #[test]
    fn the_fields_are_where_the_plugin_looks_for_them() {
        let bytes = message().encode();
        assert_eq!(bytes.len(), 123);
        assert_eq!(bytes[..4], 116_u32.to_be_bytes());
        assert_eq!(&bytes[4..36], b"input_stream_data               ");
        assert_eq!(bytes[36..40], 1_u32.to_be_bytes());
        assert_eq!(bytes[40..48], 1_700_000_000_000_u64.to_be_bytes());
        assert_eq!(bytes[48..56], 3_u64.to_be_bytes());
        assert_eq!(bytes[56..64], 1_u64.to_be_bytes());
        assert_eq!(bytes[64..72], 0x8899_aabb_ccdd_eeff_u64.to_be_bytes());
        assert_eq!(bytes[72..80], 0x0011_2233_4455_4677_u64.to_be_bytes());
        assert_eq!(bytes[80..112], digest(b"ls\n"));
        assert_eq!(bytes[112..116], 1_u32.to_be_bytes());
        assert_eq!(bytes[116..120], 3_u32.to_be_bytes());
        assert_eq!(&bytes[120..], b"ls\n");
    }

    #[test]
    fn what_is_cut_or_changed_on_its_way_is_refused() {
        let bytes = message().encode();
        for length in 0..bytes.len() {
            assert!(Message::decode(&bytes.slice(..length)).is_err(), "{length} bytes of {}", bytes.len());
        }
        let mut longer = bytes.to_vec();
        longer.push(0);
        let refusal = MessageError::Length { length: 124, says: 123 };
        assert_eq!(Message::decode(&longer.into()), Err(refusal));
        let mut changed = bytes.to_vec();
        changed[120] = b'L';
        assert_eq!(Message::decode(&changed.into()), Err(MessageError::Digest));
        let mut short = bytes.to_vec();
        short[3] = 100;
        assert_eq!(Message::decode(&short.into()), Err(MessageError::Header(100)));
        let mut huge = bytes.to_vec();
        huge[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(Message::decode(&huge.into()).is_err());
    }

    #[test]
    fn a_longer_header_is_skipped_and_nothing_has_no_digest() {
        let mut bytes = Message { payload: Bytes::new(), ..message() }.encode().to_vec();
        bytes[80..112].fill(0);
        bytes[..4].copy_from_slice(&120_u32.to_be_bytes());
        bytes.extend([0; 4]);
        assert_eq!(Message::decode(&bytes.into()).map(|message| message.payload), Ok(Bytes::new()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            kind in "[a-z_]{1,32}", schema: u32, created: u64, sequence: i64, flags: u64, id: u128,
            payload_type: u32, payload: Vec<u8>,
        ) {
            let (id, payload) = (Uuid::from_u128(id), payload.into());
            let message = Message { kind, schema, created, sequence, flags, id, payload_type, payload };
            prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn whatever_comes_is_a_message_or_refused(bytes: Vec<u8>) {
            let _ = Message::decode(&bytes.into());
        }
    }
}
