//! Secrets and environment files from folders: a file each, below the folder that the configuration names.
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

use mainstay_actors::ports::SecretError;
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};

use super::value_of;

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

impl Folders {
    /// A secret's value, or that of the key which is asked for; `None` where no file has it.
    ///
    /// # Errors
    /// Where there is a file that is not as it has to be, or the disk hangs.
    pub(super) async fn secret(&self, source: &SecretSource) -> Result<Option<Hidden>, SecretError> {
        let Some(folder) = &self.secrets else { return Ok(None) };
        let Some(found) = first(folder, &names_of(source)).await?.map(without_newline) else {
            return Ok(None);
        };
        match source {
            SecretSource::SecretsManager { json_key: Some(key), .. } => value_of(&found, key).map(Some),
            SecretSource::SecretsManager { .. } | SecretSource::Parameter { .. } => Ok(Some(found)),
        }
    }

    /// The text of an environment file; `None` where there is none.
    ///
    /// # Errors
    /// As [`Folders::secret`].
    pub(super) async fn environment_file(&self, object: &S3Object) -> Result<Option<Hidden>, SecretError> {
        let Some(folder) = &self.environment_files else { return Ok(None) };
        first(folder, &[name_of(object)]).await
    }

    /// That there is no such secret, and where it was looked for.
    pub(super) fn no_secret(&self, source: &SecretSource) -> SecretError {
        nowhere(self.secrets.as_deref(), "secrets", &names_of(source))
    }

    /// That there is no such environment file, and where it was looked for.
    pub(super) fn no_environment_file(&self, object: &S3Object) -> SecretError {
        nowhere(self.environment_files.as_deref(), "environment-files", &[name_of(object)])
    }
}

/// The files that may have a secret, below the folder.
fn names_of(source: &SecretSource) -> Vec<String> {
    match source {
        SecretSource::Parameter { name, .. } => vec![format!("ssm/{}", name.trim_start_matches('/'))],
        SecretSource::SecretsManager { id, version_stage, version_id, .. } => {
            let stage = version_stage.as_deref().filter(|stage| *stage != CURRENT);
            let version = version_id.as_deref().or(stage);
            let version = version.map(|version| format!("@{version}")).unwrap_or_default();
            let bare = id.len().checked_sub(ADDED).filter(|at| {
                let added = id.get(*at..).unwrap_or_default();
                added.starts_with('-') && added.chars().skip(1).all(|letter| letter.is_ascii_alphanumeric())
            });
            let bare = bare.and_then(|at| id.get(..at)).filter(|bare| !bare.is_empty());
            let names = [Some(id.as_str()), bare].into_iter().flatten();
            names.map(|name| format!("secretsmanager/{name}{version}")).collect()
        }
    }
}

fn name_of(object: &S3Object) -> String {
    format!("{}/{}", object.bucket, object.key)
}

fn nowhere(folder: Option<&Path>, section: &str, names: &[String]) -> SecretError {
    let Some(folder) = folder else {
        return SecretError::NotFound(format!(
            "this host has none; set folder or endpoint in section [{section}] of mainstay.toml"
        ));
    };
    let looked: Vec<String> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    SecretError::NotFound(format!("there is no file {}", looked.join(" nor ")))
}

fn without_newline(text: Hidden) -> Hidden {
    let bare = text.reveal();
    let bare = bare.strip_suffix('\n').map_or(bare, |bare| bare.strip_suffix('\r').unwrap_or(bare));
    Hidden::new(bare)
}

/// The text of the first of these files that is there, each looked for below `folder` and nowhere else.
async fn first(folder: &Path, names: &[String]) -> Result<Option<Hidden>, SecretError> {
    let found = tokio::time::timeout(ANSWER_WITHIN, look_for(folder, names)).await;
    found.unwrap_or_else(|_| {
        let text = format!("{} did not answer within {ANSWER_WITHIN:?}", folder.display());
        Err(SecretError::Unreachable(text))
    })
}

async fn look_for(folder: &Path, names: &[String]) -> Result<Option<Hidden>, SecretError> {
    for name in names {
        let path = folder.join(name);
        match tokio::fs::canonicalize(&path).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let text = format!("{} cannot be read: {error}", path.display());
                return Err(SecretError::NotFound(text));
            }
            Ok(real) => return read(folder, &path, &real).await.map(Some),
        }
    }
    Ok(None)
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
            let source = SecretSource::parse(value_from).unwrap();
            let found = match folders.secret(&source).await {
                Ok(found) => found.ok_or_else(|| folders.no_secret(&source)),
                Err(error) => Err(error),
            };
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
        let source = SecretSource::parse("a").unwrap();
        assert_eq!(none.secret(&source).await, Ok(None));
        let said = none.no_secret(&source).to_string();
        assert!(said.contains("[secrets]") && said.contains("mainstay.toml"), "{said}");
    }
}
