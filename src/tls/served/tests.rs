use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// A folder with a certificate that expires on the first of January of this year.
fn written(until: i32) -> (tempfile::TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files { certificate: folder.path().join("chain.pem"), key: folder.path().join("key.pem") };
    write(&files, until);
    (folder, files)
}

fn write(files: &Files, until: i32) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["ship.example".into()]).unwrap();
    params.not_after = date_time_ymd(until, 1, 1);
    std::fs::write(&files.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
}

fn shown(served: &Served) -> Vec<u8> {
    served.current.read().unwrap().cert[0].to_vec()
}

#[test]
fn it_is_known_until_when_a_certificate_is_good() {
    let (_folder, files) = written(2040);
    assert_eq!(files.read().unwrap().expires, date_time_ymd(2040, 1, 1).unix_timestamp());
}

#[track_caller]
fn refused(files: &Files, signs: &[&str]) {
    let error = files.read().err().expect("it was read");
    for sign in signs {
        assert!(error.contains(sign), "{error:?} does not say {sign:?}");
    }
    assert!(!error.contains("PRIVATE"), "{error:?}");
}

#[test]
fn what_cannot_be_shown_is_refused_by_its_file() {
    let (_folder, files) = written(2040);
    let (_other, others) = written(2041);
    let missing = Files { certificate: "/nowhere/chain.pem".into(), ..files.clone() };
    refused(&missing, &["/nowhere/chain.pem"]);
    refused(
        &Files { key: others.key.clone(), ..files.clone() },
        &["key.pem: it is not the key of the certificate in"],
    );
    refused(
        &Files { certificate: files.key.clone(), key: files.key.clone() },
        &["there is no certificate in it"],
    );
    refused(
        &Files { key: files.certificate.clone(), certificate: files.certificate.clone() },
        &["chain.pem"],
    );
}

#[test]
fn a_certificate_that_was_renewed_is_shown_and_a_broken_one_is_not() {
    let (_folder, files) = written(2040);
    let served = Served::open(files.clone()).unwrap();
    let first = shown(&served);
    write(&files, 2041);
    served.read_again();
    let second = shown(&served);
    assert_ne!(first, second);
    std::fs::write(&files.key, "half a file").unwrap();
    served.read_again();
    assert_eq!(shown(&served), second);
}
