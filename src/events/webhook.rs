//! Sends an event over HTTP, signed as the Standard Webhooks specification has it: its libraries verify it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Request, Uri};
use mainstay_actors::ports::EventReceiver;
use mainstay_core::events::Event;
use sha2::Sha256;

use crate::log::chain;
use crate::tls::{self, Connections};

/// Whoever has not answered by then has not taken it.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// So much of an answer is read, so that its connection can be used again.
const MOST_BYTES: usize = 64 * 1024;
/// The specification's bounds on secrets, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Stands before a secret where its maker put it there.
const PREFIX: &str = "whsec_";

/// Whether it can be a webhook's address.
pub(crate) fn is_address(text: &str) -> bool {
    let Ok(address) = text.parse::<Uri>() else { return false };
    let scheme = address.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    scheme && address.host().is_some_and(|host| !host.is_empty()) && !text.contains('@')
}

/// What events are signed with. It is never shown.
#[derive(Clone)]
pub(crate) struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Reads it as its owner has it.
    ///
    /// # Errors
    /// What would be right; nothing of what was read.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let right = || "it must be 24 to 64 bytes in base64, with or without whsec_ before it, as `openssl rand -base64 32` makes them";
        let key = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| right())?;
        if !SECRET_BYTES.contains(&key.len()) {
            return Err(right().to_owned());
        }
        Hmac::new_from_slice(&key).map(Self).map_err(|_| right().to_owned())
    }

    /// The header `webhook-signature`.
    fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// A receiver behind an address.
pub(crate) struct Receiver {
    address: String,
    secret: Secret,
    /// Absent where the host has no certificates to hold others against.
    connections: Result<Connections, String>,
}

impl Receiver {
    /// `address` has been looked at.
    pub(crate) fn new(address: String, secret: Secret) -> Self {
        Self { address, secret, connections: tls::connections() }
    }

    fn request(&self, event: &Event, timestamp: u64) -> Result<Request<Full<Bytes>>, String> {
        Request::post(&self.address)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.secret.sign(&event.id, timestamp, &event.json))
            .body(Full::new(Bytes::from(event.json.clone())))
            .map_err(|error| format!("there is no such request: {error}"))
    }
}

impl EventReceiver for Receiver {
    fn send(&self, event: &Event) -> BoxFuture<'static, Result<(), String>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_secs());
        let begun = self
            .connections
            .clone()
            .and_then(|connections| self.request(event, now).map(|request| connections.request(request)));
        let exchange = async {
            let answer = begun?.await.map_err(|error| chain(&error))?;
            let status = answer.status();
            // What it says beyond that is nobody's business here.
            drop(Limited::new(answer.into_body(), MOST_BYTES).collect().await);
            if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
        };
        async {
            let answered = tokio::time::timeout(ANSWER_WITHIN, exchange).await;
            answered.unwrap_or_else(|_| Err(format!("it did not answer within {ANSWER_WITHIN:?}")))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specifications_own_example() {
        let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_and_in_base64_and_is_not_shown() {
        for wrong in ["", "secret", "whsec_", "c2hvcnQ=", "not base64 at all, but long enough for it"] {
            let refusal = Secret::read(wrong).unwrap_err();
            assert!(refusal.starts_with("it must be 24 to 64 bytes"), "{refusal}");
        }
        let secret = Secret::read("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn an_address_is_one_of_http_or_https_without_a_password() {
        for right in ["https://example.com/hooks/1?a=b", "http://127.0.0.1:8080"] {
            assert!(is_address(right), "{right}");
        }
        for wrong in ["", "example.com", "ftp://example.com", "https://me:secret@example.com", "http://"] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
