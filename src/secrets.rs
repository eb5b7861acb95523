//! [`Secrets`] from folders: a file each, below the folder that the configuration names.
//!
//! ```text
//! <secrets.folder>/secretsmanager/NAME            a secret's current value; NAME with or without -AbCdEf
//! <secrets.folder>/secretsmanager/NAME@VERSION    that of another version, by its stage or its id
//! <secrets.folder>/ssm/NAME                       a parameter
//! <environment-files.folder>/BUCKET/KEY           an environment file
//! ```
//!
//! A newline at the end of a secret's file is none of the secret's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use mainstay_actors::ports::{SecretError, Secrets};
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};
use serde_json::Value;

/// A disk that has not answered by then hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// No variable may be longer than this, nor need a file be.
const MOST_BYTES: u64 = 1024 * 1024;
/// The version that is meant where none is said.
const CURRENT: &str = "AWSCURRENT";
/// What Secrets Manager adds to a name: a hyphen and six characters.
const ADDED: usize = 7;

/// Folders of secrets and of environment files.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Where secrets are, where that is configured.
    pub secrets: Option<PathBuf>,
    /// Where environment files are, where that is configured.
    pub environment_files: Option<PathBuf>,
}

#[async_trait]
impl Secrets for Folders {
    async fn secret(&self, source: &SecretSource) -> Result<Hidden, SecretError> {
        let folder = configured(self.secrets.as_deref(), "secrets")?;
        match source {
            SecretSource::Parameter { name } => {
                let names = [format!("ssm/{}", name.trim_start_matches('/'))];
                Ok(without_newline(first(folder, &names).await?))
            }
            SecretSource::SecretsManager { id, json_key, version_stage, version_id } => {
                let stage = version_stage.as_deref().filter(|stage| *stage != CURRENT);
                let version = version_id.as_deref().or(stage);
                let version = version.map(|version| format!("@{version}")).unwrap_or_default();
                let bare = id.len().checked_sub(ADDED).filter(|at| {
                    let added = id.get(*at..).unwrap_or_default();
                    added.starts_with('-')
                        && added.chars().skip(1).all(|letter| letter.is_ascii_alphanumeric())
                });
                let bare = bare.and_then(|at| id.get(..at)).filter(|bare| !bare.is_empty());
                let names: Vec<String> = [Some(id.as_str()), bare]
                    .iter()
                    .flatten()
                    .map(|name| format!("secretsmanager/{name}{version}"))
                    .collect();
                let found = without_newline(first(folder, &names).await?);
                json_key.as_ref().map_or(Ok(found.clone()), |key| value_of(&found, key))
            }
        }
    }

    async fn environment_file(&self, object: &S3Object) -> Result<Hidden, SecretError> {
        let folder = configured(self.environment_files.as_deref(), "environment-files")?;
        first(folder, &[format!("{}/{}", object.bucket, object.key)]).await
    }
}

fn configured<'a>(folder: Option<&'a Path>, section: &str) -> Result<&'a Path, SecretError> {
    folder.ok_or_else(|| {
        SecretError::NotFound(format!(
            "this host has none; set folder in section [{section}] of mainstay.toml"
        ))
    })
}

/// The value of a key in a secret that is a JSON object. Nothing of the secret gets into what is said.
///
/// # Errors
/// Where it is none, or has no such key.
fn value_of(secret: &Hidden, key: &str) -> Result<Hidden, SecretError> {
    let value = serde_json::from_str(secret.reveal());
    let Ok(Value::Object(mut members)) = value else {
        return Err(SecretError::NotFound(format!("it is no JSON object, so that it has no key {key}")));
    };
    match members.remove(key) {
        Some(Value::String(text)) => Ok(Hidden::new(text)),
        Some(other) => Ok(Hidden::new(other.to_string())),
        None => Err(SecretError::NotFound(format!("it has no key {key}"))),
    }
}

fn without_newline(text: Hidden) -> Hidden {
    let bare = text.reveal();
    let bare = bare.strip_suffix('\n').map_or(bare, |bare| bare.strip_suffix('\r').unwrap_or(bare));
    Hidden::new(bare)
}

/// The text of the first of these files that is there, each looked for below `folder` and nowhere else.
pub(crate) async fn first(folder: &Path, names: &[String]) -> Result<Hidden, SecretError> {
    let found = tokio::time::timeout(ANSWER_WITHIN, look_for(folder, names)).await;
    found.unwrap_or_else(|_| {
        let text = format!("{} did not answer within {ANSWER_WITHIN:?}", folder.display());
        Err(SecretError::Unreachable(text))
    })
}

async fn look_for(folder: &Path, names: &[String]) -> Result<Hidden, SecretError> {
    let not_found = |text: String| SecretError::NotFound(text);
    for name in names {
        let path = folder.join(name);
        match tokio::fs::canonicalize(&path).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(not_found(format!("{} cannot be read: {error}", path.display()))),
            Ok(real) => return read(folder, &path, &real).await,
        }
    }
    let looked: Vec<String> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    Err(not_found(format!("there is no file {}", looked.join(" nor "))))
}

async fn read(folder: &Path, path: &Path, real: &Path) -> Result<Hidden, SecretError> {
    let wrong = |why: &str| SecretError::NotFound(format!("{} {why}", path.display()));
    let io = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let folder = tokio::fs::canonicalize(folder).await.map_err(io)?;
    if !real.starts_with(&folder) {
        return Err(wrong(&format!("leads out of {}", folder.display())));
    }
    let about = tokio::fs::metadata(real).await.map_err(io)?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(wrong("is no file of at most a megabyte"));
    }
    let text = tokio::fs::read(real).await.map_err(io)?;
    String::from_utf8(text).map(Hidden::new).map_err(|_| wrong("is no UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Disk(tempfile::TempDir);

    impl Disk {
        fn with(files: &[(&str, &str)]) -> Self {
            let disk = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                let path = disk.0.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            disk
        }

        async fn secret(&self, value_from: &str) -> Result<String, String> {
            let folders = Folders { secrets: Some(self.0.path().to_owned()), environment_files: None };
            let found = folders.secret(&SecretSource::parse(value_from).unwrap()).await;
            found.map(|found| found.reveal().to_owned()).map_err(|error| error.to_string())
        }
    }

    fn arn(rest: &str) -> String {
        format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{rest}")
    }

    #[tokio::test]
    async fn a_secret_is_a_file_by_its_name_its_version_or_its_key() {
        let disk = Disk::with(&[
            ("secretsmanager/shop/db", "{\"user\": \"shop\", \"port\": 5432}\n"),
            ("secretsmanager/shop/db@AWSPREVIOUS", "old\n\n"),
            ("secretsmanager/shop/db@9d4c", "oldest"),
            ("secretsmanager/exact-AbCdEf", "whole"),
            ("ssm/shop/token", "abc\r\n"),
        ]);
        for (value_from, expected) in [
            (arn("shop/db-AbCdEf:user::"), "shop"),
            (arn("shop/db:user:AWSCURRENT:"), "shop"),
            (arn("shop/db-AbCdEf:port::"), "5432"),
            (arn("shop/db-AbCdEf::AWSPREVIOUS:"), "old\n"),
            (arn("shop/db-AbCdEf:::9d4c"), "oldest"),
            (arn("exact-AbCdEf"), "whole"),
            ("/shop/token".to_owned(), "abc"),
            ("arn:aws:ssm:us-east-1:000000000000:parameter/shop/token".to_owned(), "abc"),
        ] {
            assert_eq!(disk.secret(&value_from).await.as_deref(), Ok(expected), "{value_from}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_without_a_word_of_the_secret() {
        let disk = Disk::with(&[
            ("secretsmanager/json", "{\"hunter2\": \"hunter2\"}"),
            ("secretsmanager/text", "hunter2"),
        ]);
        std::os::unix::fs::symlink("/etc", disk.0.path().join("ssm")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", disk.0.path().join("secretsmanager/out")).unwrap();
        for (value_from, sign) in [
            (arn("none-AbCdEf"), "none-AbCdEf nor "),
            (arn("json:password::"), "has no key password"),
            (arn("text:password::"), "no JSON object"),
            (arn("out"), "leads out of"),
            ("passwd".to_owned(), "leads out of"),
        ] {
            let said = disk.secret(&value_from).await.unwrap_err();
            assert!(said.contains(sign) && !said.contains("hunter2"), "{value_from}: {said}");
        }
        let none = Folders { secrets: None, environment_files: None };
        let said = none.secret(&SecretSource::parse("a").unwrap()).await.unwrap_err().to_string();
        assert!(said.contains("[secrets]") && said.contains("mainstay.toml"), "{said}");
    }
}
