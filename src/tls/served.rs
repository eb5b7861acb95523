//! The certificate that this daemon shows to whoever connects, read again whenever its files change, so that whatever
//! renews it need not know of the daemon.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use metrics::{Unit, describe_gauge, gauge};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

const EXPIRES: &str = "mainstay_certificate_expiry_timestamp_seconds";
/// Between two looks at the files: a renewal comes weeks before it is needed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The certificate and whatever leads from it to one that clients know, in PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key, in PEM.
    pub(crate) key: PathBuf,
}

/// What the files had in them.
struct Read {
    key: Arc<CertifiedKey>,
    /// In seconds since 1970.
    expires: i64,
}

impl Files {
    /// # Errors
    /// What is wrong with which file; nothing of the key.
    fn read(&self) -> Result<Read, String> {
        let Self { certificate, key } = self;
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", certificate.display());
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain: Vec<CertificateDer<'static>> = chain.map_err(|error| wrong(&error))?;
        let Some(first) = chain.first() else {
            return Err(wrong(&"there is no certificate in it (-----BEGIN CERTIFICATE-----)"));
        };
        let (_, parsed) = X509Certificate::from_der(first).map_err(|error| wrong(&error))?;
        let expires = parsed.validity().not_after.timestamp();
        let private = PrivateKeyDer::from_pem_file(key);
        let private = private.map_err(|error| format!("{}: {error}", key.display()))?;
        let key = CertifiedKey::from_der(chain.clone(), private, &ring::default_provider());
        let key = key.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                format!(
                    "{}: it is not the key of the certificate in {}",
                    self.key.display(),
                    certificate.display()
                )
            }
            other => format!("{}: {other}", self.key.display()),
        })?;
        Ok(Read { key: Arc::new(key), expires })
    }

    /// When they were last written; `None` where one is not there at this moment.
    fn written(&self) -> Option<[SystemTime; 2]> {
        let of = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        Some([of(&self.certificate)?, of(&self.key)?])
    }
}

/// The certificate that is shown now.
#[derive(Debug)]
pub(crate) struct Served {
    files: Files,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Served {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(crate) fn open(files: Files) -> Result<Arc<Self>, String> {
        let Read { key, expires } = files.read()?;
        show(expires);
        Ok(Arc::new(Self { files, current: RwLock::new(key) }))
    }

    /// What meets connections with it.
    ///
    /// # Errors
    /// Where the TLS library does not know its own protocols.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks whether the files have changed, for as long as it is polled. What cannot be read changes nothing: the
    /// certificate that was there is shown until it expires, and longer.
    pub(crate) async fn keep_up(&self) {
        let mut seen = self.files.written();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let written = self.files.written();
            if written.is_some() && written != seen {
                seen = written;
                self.read_again();
            }
        }
    }

    fn read_again(&self) {
        let certificate = self.files.certificate.display();
        match self.files.read() {
            Ok(Read { key, expires }) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = key;
                show(expires);
                tracing::info!(%certificate, expires, "a new certificate is shown from now on");
            }
            Err(error) => {
                tracing::warn!(%certificate, error, "the new certificate cannot be used; the one before it is shown on");
            }
        }
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Describes what is measured here.
pub(crate) fn describe() {
    let text = "When the certificate of this daemon's address expires, since 1970; absent without TLS";
    describe_gauge!(EXPIRES, Unit::Seconds, text);
}

#[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are far from where a float loses them")]
fn show(expires: i64) {
    gauge!(EXPIRES).set(expires as f64);
}

#[cfg(test)]
mod tests;
