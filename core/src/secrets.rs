//! What a container's `secrets` and `environmentFiles` name, and what becomes of its environment.

use std::collections::BTreeSet;
use std::fmt;

/// A text that is for the container alone: it is not shown, not even to whoever debugs.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, on its way into a container.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// What a secret's `valueFrom` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A secret of AWS Secrets Manager, or one key of it.
    SecretsManager {
        /// Its name, mostly followed by a hyphen and six characters that Secrets Manager has added.
        id: String,
        /// What Secrets Manager knows it by, where that was said: its ARN alone.
        arn: Option<String>,
        /// The key of the JSON object that its value is.
        json_key: Option<String>,
        /// Such as `AWSPREVIOUS`; `AWSCURRENT` where absent.
        version_stage: Option<String>,
        /// The id of a version.
        version_id: Option<String>,
    },
    /// A parameter of the SSM Parameter Store.
    Parameter {
        /// Its name, as `/shop/db/password`.
        name: String,
        /// Where it is, where its ARN says so.
        region: Option<String>,
    },
}

impl SecretSource {
    /// What `valueFrom` names: an ARN of Secrets Manager or of a parameter, or a parameter's name.
    ///
    /// # Errors
    /// In words for people, what it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("arn:") {
            let name = parameter_name(text).ok_or("it must be an ARN or the name of a parameter")?;
            return Ok(Self::Parameter { name, region: None });
        }
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "ssm", region, _, resource] => {
                let name = resource.strip_prefix("parameter").and_then(parameter_name);
                let name = name.ok_or("the ARN of a parameter ends in parameter/ and its name")?;
                // Only a name with a path begins with a slash, which an ARN does not tell apart.
                let flat = name.strip_prefix('/').filter(|rest| !rest.contains('/')).map(str::to_owned);
                Ok(Self::Parameter { name: flat.unwrap_or(name), region: filled(region) })
            }
            ["arn", _, "secretsmanager", _, _, "secret", id, rest @ ..] if leads_down(id) => {
                let (json_key, version_stage, version_id) = match rest {
                    [] => (None, None, None),
                    [key, stage, version] => (filled(key), filled(stage), filled(version)),
                    _ => {
                        return Err("after the secret's name come none or all three of \
                                    :json-key:version-stage:version-id, empty where not needed"
                            .into());
                    }
                };
                if [&version_stage, &version_id].into_iter().flatten().any(|text| text.contains('/')) {
                    return Err("no version has a slash in its name".into());
                }
                let arn = Some(parts.get(..7).unwrap_or_default().join(":"));
                Ok(Self::SecretsManager { id: (*id).to_owned(), arn, json_key, version_stage, version_id })
            }
            _ => Err("it must be an ARN of Secrets Manager (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME) or of \
                      a parameter (arn:aws:ssm:REGION:ACCOUNT:parameter/NAME)"
                .into()),
        }
    }

    /// The name and the password for a registry, of what `credentialsParameter` names: a secret with the keys `username`
    /// and `password`, by its ARN or its name.
    ///
    /// # Errors
    /// In words for people, what it must be.
    pub fn of_registry(text: &str) -> Result<[Self; 2], String> {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "/_+=.@-".contains(letter);
        let (id, arn) = match Self::parse(text) {
            Ok(Self::SecretsManager { id, arn, json_key: None, version_stage: None, version_id: None }) => {
                (id, arn)
            }
            _ if !text.starts_with("arn:") && leads_down(text) && text.chars().all(letter) => {
                (text.to_owned(), None)
            }
            _ => {
                return Err("it must be the ARN of a secret of Secrets Manager \
                            (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME), or its name"
                    .into());
            }
        };
        let key = |key: &str| Self::SecretsManager {
            id: id.clone(),
            arn: arn.clone(),
            json_key: Some(key.to_owned()),
            version_stage: None,
            version_id: None,
        };
        Ok([key("username"), key("password")])
    }

    /// The region it is in, where its ARN says so.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::SecretsManager { arn, .. } => {
                arn.as_deref().and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty())
            }
            Self::Parameter { region, .. } => region.as_deref(),
        }
    }
}

fn filled(text: &&str) -> Option<String> {
    Some((*text).to_owned()).filter(|text| !text.is_empty())
}

fn parameter_name(text: &str) -> Option<String> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    (leads_down(text) && text.chars().all(letter)).then(|| text.to_owned())
}

/// Whether a name, read as a path below a folder, stays there.
fn leads_down(name: &str) -> bool {
    let trimmed = name.trim_start_matches('/');
    let part = |part: &str| !matches!(part, "" | "." | "..");
    !trimmed.is_empty() && trimmed.split('/').all(part) && !name.contains('\0')
}

/// An object of Amazon S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

impl S3Object {
    /// The file of variables that `arn:aws:s3:::bucket/key.env` names.
    ///
    /// # Errors
    /// In words for people, what it must be.
    pub fn parse(arn: &str) -> Result<Self, String> {
        let wrong =
            || "it must be the ARN of an S3 object that ends in .env, such as arn:aws:s3:::bucket/key.env";
        let (head, path) = arn.split_once(":::").ok_or_else(wrong)?;
        let parts: Vec<&str> = head.split(':').collect();
        let (bucket, key) = path.split_once('/').ok_or_else(wrong)?;
        let is_one = matches!(parts.as_slice(), ["arn", partition, "s3"] if partition.starts_with("aws"));
        if !is_one
            || !leads_down(bucket)
            || !leads_down(key)
            || key.starts_with('/')
            || !key.ends_with(".env")
        {
            return Err(wrong().into());
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

/// The variables of an environment file, as the genuine agent reads it: a line each, the last one of a name; no
/// quotes; lines that begin with `#` and those without a name or a value are left out.
fn variables(file: &str) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                found.retain(|(known, _)| *known != name);
                found.push((name, value));
            }
            _ => {}
        }
    }
    found
}

/// What a container gets beside its `environment`: its secrets, and of its files, in their order, what nothing before
/// has named. A name in `environment` goes over one in a file.
pub fn added(
    environment: &[(String, String)],
    files: &[Hidden],
    secrets: Vec<(String, Hidden)>,
) -> Vec<(String, Hidden)> {
    let mut added = secrets;
    let taken = environment.iter().map(|(name, _)| name).chain(added.iter().map(|(name, _)| name));
    let mut taken: BTreeSet<String> = taken.cloned().collect();
    for file in files {
        for (name, value) in variables(file.reveal()) {
            if taken.insert(name.to_owned()) {
                added.push((name.to_owned(), Hidden::new(value)));
            }
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<SecretSource, &str>) {
        match (SecretSource::parse(text), expected) {
            (Err(words), Err(sign)) => assert!(words.contains(sign), "{text}: {words}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{text}"),
        }
    }

    fn manager(id: &str, json_key: &str, stage: &str, version: &str) -> Result<SecretSource, &'static str> {
        Ok(SecretSource::SecretsManager {
            id: id.into(),
            arn: Some(format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{id}")),
            json_key: filled(&json_key),
            version_stage: filled(&stage),
            version_id: filled(&version),
        })
    }

    fn parameter(name: &str, region: &str) -> Result<SecretSource, &'static str> {
        Ok(SecretSource::Parameter { name: name.into(), region: filled(&region) })
    }

    #[test]
    fn a_secret_is_named_by_its_arn_with_or_without_what_of_it() {
        let secret = |rest: &str| format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{rest}");
        check(&secret("db-AbCdEf"), manager("db-AbCdEf", "", "", ""));
        check(&secret("shop/db-AbCdEf:password::"), manager("shop/db-AbCdEf", "password", "", ""));
        check(&secret("db-AbCdEf::AWSPREVIOUS:"), manager("db-AbCdEf", "", "AWSPREVIOUS", ""));
        check(&secret("db-AbCdEf:k:AWSCURRENT:9d4c"), manager("db-AbCdEf", "k", "AWSCURRENT", "9d4c"));
        check(&secret("db-AbCdEf:password"), Err(":json-key:version-stage:version-id"));
        check(&secret("db-AbCdEf::../../etc:"), Err("slash"));
        check(&secret("../../etc/passwd"), Err("it must be an ARN"));
        check(&secret(""), Err("it must be an ARN"));
    }

    #[test]
    fn a_parameter_is_named_by_its_arn_or_its_name() {
        check("arn:aws:ssm:us-east-1:000000000000:parameter/shop/db", parameter("/shop/db", "us-east-1"));
        check("arn:aws:ssm:eu-west-1:000000000000:parameter/token", parameter("token", "eu-west-1"));
        check("/shop/db/password", parameter("/shop/db/password", ""));
        check("password", parameter("password", ""));
        for wrong in ["", "/", "../a", "/a/../b", "a b", "/a//b", "a:1"] {
            check(wrong, Err("an ARN or the name of a parameter"));
        }
        check("arn:aws:ssm:us-east-1:000000000000:document/a", Err("parameter/"));
        check("arn:aws:s3:::bucket/a", Err("it must be an ARN"));
    }

    #[test]
    fn a_secret_for_a_registry_is_a_whole_one_by_its_arn_or_its_name() {
        let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:shop/registry-AbCdEf";
        for (text, id, region) in
            [(arn, "shop/registry-AbCdEf", Some("eu-west-1")), ("shop/registry", "shop/registry", None)]
        {
            let [name, password] = SecretSource::of_registry(text).unwrap();
            assert_eq!((name.region(), password.region()), (region, region));
            for (source, expected) in [(name, "username"), (password, "password")] {
                let SecretSource::SecretsManager { id: found, json_key, .. } = source else {
                    panic!("{text}")
                };
                assert_eq!((found.as_str(), json_key.as_deref()), (id, Some(expected)));
            }
        }
        let with_key = format!("{arn}:username::");
        for wrong in ["", "../a", "a b", "arn:aws:ssm:us-east-1:000000000000:parameter/a", with_key.as_str()]
        {
            assert!(SecretSource::of_registry(wrong).unwrap_err().contains("secretsmanager"), "{wrong}");
        }
    }

    #[test]
    fn an_environment_file_is_an_object_of_s3() {
        let object = |bucket: &str, key: &str| Ok(S3Object { bucket: bucket.into(), key: key.into() });
        assert_eq!(S3Object::parse("arn:aws:s3:::shop/web.env"), object("shop", "web.env"));
        assert_eq!(S3Object::parse("arn:aws-cn:s3:::shop/a/b.env"), object("shop", "a/b.env"));
        for wrong in [
            "s3://shop/web.env",
            "arn:aws:s3:::shop",
            "arn:aws:s3:::shop/web.txt",
            "arn:aws:s3:::shop/../web.env",
            "arn:aws:s3:::../web.env",
            "arn:aws:s3:::shop//web.env",
            "arn:aws:ssm:::shop/web.env",
        ] {
            assert!(S3Object::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_environment_goes_over_files_and_an_earlier_file_over_a_later_one() {
        let environment = [("A".to_owned(), "given".to_owned())];
        let files = [
            Hidden::new("# A=comment\nA=file\nB=first\nB=last\n\nnothing\nEMPTY=\n=x\nQ=\"a b\" \r\nE=a=b"),
            Hidden::new("B=later\nC=later\nS=file"),
        ];
        let secrets = vec![("S".to_owned(), Hidden::new("secret"))];
        let found = added(&environment, &files, secrets);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
        let expected = [("S", "secret"), ("B", "last"), ("Q", "\"a b\" "), ("E", "a=b"), ("C", "later")];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_hidden_text_is_not_shown() {
        assert_eq!(format!("{:?}", Hidden::new("hunter2")), "Hidden");
    }
}
