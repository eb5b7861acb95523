//! Who this host is at an endpoint of AWS's kind.

use std::path::PathBuf;

use aws_credential_types::Credentials;

/// Who credentials are said to be from.
const PROVIDER: &str = "mainstay";

/// Where the key stands: in a file of the AWS tools' form, or in the daemon's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The file, where one is configured; the environment is not asked then.
    pub file: Option<PathBuf>,
    /// The file's section.
    pub profile: String,
}

impl Keys {
    /// The key by now: files are written anew when keys change.
    ///
    /// # Errors
    /// In words for people, what is missing.
    pub(super) async fn read(&self) -> Result<Credentials, String> {
        let Some(file) = &self.file else { return of_environment(|name| std::env::var(name).ok()) };
        let text = tokio::fs::read_to_string(file).await;
        let text = text.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        of_profile(&text, &self.profile).ok_or_else(|| {
            format!(
                "{} has no aws_access_key_id and aws_secret_access_key in section [{}]",
                file.display(),
                self.profile
            )
        })
    }
}

fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, String> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(key)) => Ok(Credentials::new(id, key, set("AWS_SESSION_TOKEN"), None, PROVIDER)),
        _ => Err("there is no key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the daemon's environment, or \
                  credentials in section [secrets] of mainstay.toml"
            .into()),
    }
}

/// A section of a file as the AWS tools write it.
fn of_profile(text: &str, profile: &str) -> Option<Credentials> {
    let mut section = "";
    let (mut id, mut key, mut token) = (None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if section == profile
            && let Some((name, value)) = line.split_once('=')
        {
            let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
            match name.trim() {
                "aws_access_key_id" => id = value,
                "aws_secret_access_key" => key = value,
                "aws_session_token" => token = value,
                _ => {}
            }
        }
    }
    Some(Credentials::new(id?, key?, token, None, PROVIDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_section_of_the_file() {
        let text = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=S/+=\n\n[other]\n\
                    aws_access_key_id = B\naws_secret_access_key = T\naws_session_token = U\n[half]\n\
                    aws_access_key_id = C\n";
        let shown = |profile| {
            let key = of_profile(text, profile)?;
            let part = |text: &str| text.to_owned();
            Some([key.access_key_id(), key.secret_access_key(), key.session_token().unwrap_or("-")].map(part))
        };
        assert_eq!(shown("default"), Some(["A", "S/+=", "-"].map(String::from)));
        assert_eq!(shown("other"), Some(["B", "T", "U"].map(String::from)));
        assert_eq!((shown("half"), shown("none")), (None, None));
    }

    #[test]
    fn a_key_of_the_environment_is_a_whole_one() {
        let of = |id: &'static str, key: &'static str| {
            of_environment(move |name| match name {
                "AWS_ACCESS_KEY_ID" => Some(id.to_owned()),
                "AWS_SECRET_ACCESS_KEY" => Some(key.to_owned()),
                _ => None,
            })
        };
        assert_eq!(of("A", "S").unwrap().access_key_id(), "A");
        assert!(of("A", "").unwrap_err().contains("AWS_SECRET_ACCESS_KEY"));
    }
}
