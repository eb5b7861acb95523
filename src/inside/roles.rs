//! The credentials of task roles: a file each, which whoever renews them may replace at any time.
//!
//! ```text
//! <task-roles.folder>/ACCOUNT/NAME.json     arn:aws:iam::ACCOUNT:role/NAME; a path in the ARN is one in the folder, too
//! ```
//!
//! A file holds what `aws sts assume-role` prints, or its `Credentials` alone, which is what a `credential_process` prints.
//! It is read each time anew, and nothing of it gets anywhere but into the answer to a container.

use std::fmt;
use std::path::PathBuf;

use mainstay_core::model::Timestamp;
use mainstay_core::secrets::Hidden;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::secrets;

/// How long credentials without an end of their own are good for in an answer; SDKs ask again before.
const WITHOUT_END: std::time::Duration = std::time::Duration::from_secs(6 * 3600);

/// Where the credentials of roles are.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// The folder, where one is configured.
    pub folder: Option<PathBuf>,
    /// The account of roles that are named without one.
    pub account: String,
}

/// A role's credentials.
#[derive(Clone)]
pub(super) struct Credentials {
    role: String,
    key: String,
    secret: Hidden,
    token: Hidden,
    expiration: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What a file holds. Tools write more members than these.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "Token")]
    session_token: Option<String>,
    expiration: Option<String>,
}

impl Roles {
    /// The credentials of a role, named by its ARN or its short name.
    ///
    /// # Errors
    /// Why there are none, in words for people, none of them a secret's.
    pub(super) async fn credentials(&self, role: &str) -> Result<Credentials, String> {
        let Some((account, name)) = parts(role, &self.account) else {
            return Err("it is no ARN of an IAM role, such as arn:aws:iam::000000000000:role/web".into());
        };
        let Some(folder) = &self.folder else {
            return Err("this host has none; set folder in section [task-roles] of mainstay.toml".into());
        };
        let file = format!("{account}/{name}.json");
        let found = secrets::first(folder, std::slice::from_ref(&file)).await;
        let text = found.map_err(|error| error.to_string())?;
        let text = text.ok_or_else(|| format!("there is no file {}", folder.join(&file).display()))?;
        let written = read(text.reveal()).ok_or_else(|| {
            let path = folder.join(file);
            format!(
                "{} has no AccessKeyId and SecretAccessKey as `aws sts assume-role` prints them",
                path.display()
            )
        })?;
        Ok(Credentials {
            role: format!("arn:aws:iam::{account}:role/{name}"),
            key: written.access_key_id,
            secret: Hidden::new(written.secret_access_key),
            token: Hidden::new(written.session_token.unwrap_or_default()),
            expiration: written.expiration,
        })
    }
}

impl Credentials {
    /// As the genuine agent answers. Every member is there: SDKs miss each.
    pub(super) fn shown(&self, now: Timestamp) -> Value {
        let end = || {
            let end = jiff::Timestamp::from_millisecond(now.after(WITHOUT_END).0).unwrap_or_default();
            format!("{end:.0}")
        };
        json!({
            "RoleArn": self.role,
            "AccessKeyId": self.key,
            "SecretAccessKey": self.secret.reveal(),
            "Token": self.token.reveal(),
            "Expiration": self.expiration.clone().unwrap_or_else(end),
        })
    }
}

/// Account and name, path included, of a role.
fn parts<'a>(role: &'a str, account: &'a str) -> Option<(&'a str, &'a str)> {
    let (account, name) = match role.strip_prefix("arn:aws:iam::") {
        Some(rest) => rest.split_once(":role/")?,
        None if role.starts_with("arn:") => return None,
        None => (account, role),
    };
    let digits = !account.is_empty() && account.bytes().all(|digit| digit.is_ascii_digit());
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "+=,.@_-".contains(letter);
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(letter);
    (digits && name.split('/').all(part)).then_some((account, name))
}

/// What a file says, with or without what `aws sts assume-role` puts around it. Why not, the parser is not asked: its words
/// may have parts of the text.
fn read(text: &str) -> Option<Written> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let inner = value.get_mut("Credentials").map(Value::take);
    let written: Written = serde_json::from_value(inner.unwrap_or(value)).ok()?;
    (!written.access_key_id.is_empty() && !written.secret_access_key.is_empty()).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::111122223333:role/apps/web";

    async fn found(text: &str, role: &str) -> Result<Value, String> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("111122223333/apps");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("web.json"), text).unwrap();
        let roles = Roles { folder: Some(folder.path().to_owned()), account: "111122223333".into() };
        roles.credentials(role).await.map(|found| found.shown(Timestamp(1_700_000_000_000)))
    }

    #[tokio::test]
    async fn what_aws_prints_is_what_a_container_gets() {
        let inner = r#"{"AccessKeyId": "AKIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2030-01-01T00:00:00Z"}"#;
        let expected = json!({
            "RoleArn": ARN, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030-01-01T00:00:00Z",
        });
        let whole = format!(r#"{{"Credentials": {inner}, "AssumedRoleUser": {{"Arn": "x"}}}}"#);
        for (text, role) in [(inner, ARN), (&whole, ARN), (inner, "apps/web")] {
            assert_eq!(found(text, role).await, Ok(expected.clone()));
        }
        let long_lived = found(r#"{"AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#, ARN).await.unwrap();
        assert_eq!(
            (&long_lived["Token"], &long_lived["Expiration"]),
            (&json!(""), &json!("2023-11-15T04:13:20Z"))
        );
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_without_a_word_of_the_secret() {
        let good = r#"{"AccessKeyId": "hunter2", "SecretAccessKey": "hunter2"}"#;
        for (text, role, sign) in [
            (good, "arn:aws:iam::111122223333:role/other", "there is no file"),
            (good, "arn:aws:iam::111122223333:role/../web", "no ARN"),
            (good, "arn:aws:iam::111122223333:user/web", "no ARN"),
            (good, "arn:aws:iam::x/y:role/web", "no ARN"),
            ("hunter2", ARN, "assume-role"),
            (r#"{"AccessKeyId": "hunter2"}"#, ARN, "assume-role"),
            (r#"{"AccessKeyId": "hunter2", "SecretAccessKey": ""}"#, ARN, "assume-role"),
        ] {
            let said = found(text, role).await.unwrap_err();
            assert!(said.contains(sign) && !said.contains("hunter2"), "{role}: {said}");
        }
        let said = Roles::default().credentials(ARN).await.unwrap_err();
        assert!(said.contains("[task-roles]"), "{said}");
        let shown = format!(
            "{:?}",
            Credentials {
                role: "r".into(),
                key: "hunter2".into(),
                secret: Hidden::new("hunter2"),
                token: Hidden::new("hunter2"),
                expiration: None,
            }
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
