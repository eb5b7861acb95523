//! How long a registry is waited for where the image is here already.
//!
//! A registry that is slow may still have a newer image, one that is silent will not give it in time: so it is asked for
//! any word at all beside the pull. One that had none is not waited for again for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Who is there has said something by then.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(3);
/// For so long nobody waits for a registry that was silent.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// Of any server that speaks HTTP or TLS this gets an answer, if only that it is no way to ask.
const PROBE: &[u8] = b"GET /v2/ HTTP/1.0\r\n\r\n";

/// Registries that kept somebody waiting.
#[derive(Debug, Default)]
pub(super) struct Patience {
    silent: Mutex<HashMap<String, Instant>>,
}

impl Patience {
    /// Whether a registry was silent a short while ago.
    pub(super) fn is_lost(&self, registry: &str) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(registry).is_some_and(|since| since.elapsed() < FORGOTTEN_AFTER)
    }

    /// Notes whether a registry said something.
    pub(super) fn note(&self, registry: &str, answers: bool) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|_, since| since.elapsed() < FORGOTTEN_AFTER);
        if answers {
            silent.remove(registry);
        } else {
            silent.insert(registry.to_owned(), Instant::now());
        }
    }
}

/// Resolves once a registry has been silent for [`SILENT_AFTER`], and never where it says anything or refuses to.
pub(super) async fn silence(registry: &str) {
    let word = async {
        let mut stream = TcpStream::connect(address(registry)).await?;
        stream.write_all(PROBE).await?;
        stream.read(&mut [0]).await
    };
    if tokio::time::timeout(SILENT_AFTER, word).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

/// Where a registry is asked; the Docker Hub's name is none of a server.
fn address(registry: &str) -> String {
    let host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { host.to_owned() } else { format!("{host}:443") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_asked_at_its_port_or_at_that_of_https() {
        assert_eq!(address("127.0.0.1:5000"), "127.0.0.1:5000");
        assert_eq!(address("ghcr.io"), "ghcr.io:443");
        assert_eq!(address("docker.io"), "registry-1.docker.io:443");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_registry_is_left_alone_for_a_minute_or_until_it_answers() {
        let patience = Patience::default();
        patience.note("a", false);
        patience.note("b", false);
        patience.note("b", true);
        assert!(patience.is_lost("a") && !patience.is_lost("b"));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(!patience.is_lost("a"));
    }

    #[tokio::test]
    async fn who_refuses_is_not_silent_and_who_says_nothing_is() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refusing = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (quiet, gone) = (silent.local_addr().unwrap(), refusing.local_addr().unwrap());
        drop(refusing);
        silence(&quiet.to_string()).await;
        let gone = gone.to_string();
        let waited = tokio::time::timeout(SILENT_AFTER + Duration::from_secs(1), silence(&gone));
        assert!(waited.await.is_err());
    }
}
