//! Secrets and environment files from whoever speaks as Secrets Manager, SSM Parameter Store and S3 do.

mod client;
mod keys;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use mainstay_actors::ports::SecretError;
use mainstay_core::secrets::{Hidden, S3Object, SecretSource};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use super::value_of;
pub use client::is_endpoint;
use client::{Call, Client, Fault};
pub use keys::Keys;

/// What of a key of S3 is written as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// An endpoint, who this host is there, and the region it is in.
pub struct Aws {
    client: Client,
    region: String,
}

/// What GetSecretValue answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

/// What GetParameters answers.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Parameters {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Parameter {
    value: Option<String>,
}

impl Aws {
    /// One at `endpoint`, in which `{service}` and `{region}` stand for what is asked for. It is reached when needed.
    pub fn new(endpoint: &str, region: &str, keys: Keys) -> Self {
        Self { client: Client::new(endpoint, keys), region: region.to_owned() }
    }

    /// A secret's value, or that of the key which is asked for.
    pub(super) async fn secret(&self, source: &SecretSource) -> Result<Hidden, SecretError> {
        let region = source.region().unwrap_or(&self.region);
        match source {
            SecretSource::SecretsManager { id, arn, json_key, version_stage, version_id } => {
                let mut asked = json!({ "SecretId": arn.as_ref().unwrap_or(id) });
                for (member, given) in [("VersionStage", version_stage), ("VersionId", version_id)] {
                    if let Some(given) = given {
                        asked[member] = json!(given);
                    }
                }
                let answer =
                    self.ask("secretsmanager", region, "secretsmanager.GetSecretValue", &asked).await;
                let found = answer.map_err(|fault| from("asm", &fault))?;
                let value = read::<SecretValue>(&found)?.text()?;
                json_key.as_ref().map_or(Ok(value.clone()), |key| value_of(&value, key))
            }
            SecretSource::Parameter { name, .. } => {
                let asked = json!({ "Names": [name], "WithDecryption": true });
                let answer = self.ask("ssm", region, "AmazonSSM.GetParameters", &asked).await;
                let found = answer.map_err(|fault| from("ssm", &fault))?;
                let found = read::<Parameters>(&found)?.parameters.into_iter().next();
                let value = found.and_then(|parameter| parameter.value);
                value.map(Hidden::new).ok_or_else(|| {
                    let text = format!("{}invalid parameters: {name}", unable("ssm"));
                    SecretError::NotFound(text)
                })
            }
        }
    }

    /// The text of an object.
    pub(super) async fn object(&self, object: &S3Object) -> Result<Hidden, SecretError> {
        let path = format!("/{}/{}", object.bucket, object.key);
        let call = Call {
            service: "s3",
            region: &self.region,
            method: Method::GET,
            path: utf8_percent_encode(&path, IN_PATH).to_string(),
            target: None,
            body: Bytes::new(),
        };
        let found = self.client.send(&call).await.map_err(|fault| fault.error(""))?;
        String::from_utf8(found.into())
            .map(Hidden::new)
            .map_err(|_| SecretError::NotFound("it is no UTF-8 text".into()))
    }

    async fn ask(
        &self,
        service: &'static str,
        region: &str,
        target: &'static str,
        asked: &serde_json::Value,
    ) -> Result<Bytes, Fault> {
        let body = Bytes::from(asked.to_string());
        let (method, path) = (Method::POST, "/".to_owned());
        self.client.send(&Call { service, region, method, path, target: Some(target), body }).await
    }
}

impl SecretValue {
    /// The value; of a binary one the bytes, where they are text.
    fn text(self) -> Result<Hidden, SecretError> {
        let wrong = || SecretError::NotFound("it is neither a text nor bytes that are one".into());
        match (self.secret_string, self.secret_binary) {
            (Some(text), _) => Ok(Hidden::new(text)),
            (None, Some(bytes)) => {
                let bytes = STANDARD.decode(bytes).map_err(|_| wrong())?;
                String::from_utf8(bytes).map(Hidden::new).map_err(|_| wrong())
            }
            (None, None) => Err(wrong()),
        }
    }
}

/// ECS's words for a secret that could not be had, to be followed by why.
fn unable(of: &str) -> String {
    let what = if of == "ssm" { "secrets" } else { "secret" };
    format!("execution resource retrieval failed: unable to retrieve {what} from {of}: ")
}

fn from(of: &str, fault: &Fault) -> SecretError {
    fault.error(&unable(of))
}

/// Nothing of an answer gets into what is said of it.
fn read<'a, T: Deserialize<'a>>(answer: &'a Bytes) -> Result<T, SecretError> {
    serde_json::from_slice(answer)
        .map_err(|_| SecretError::NotFound("the endpoint's answer is not as AWS's are".into()))
}
