//! Who is sent events, as far as no type says it.

use std::sync::Arc;
use std::time::Duration;

use mainstay_actors::events::Hook;
use mainstay_core::ClusterName;
use mainstay_core::events::{Kind, Retry};

use super::{Config, ConfigError, Webhook};
use crate::events::{Receiver, Secret, is_address};

/// Wait before an event that was not taken is sent again; doubles each time.
const BACKOFF: Duration = Duration::from_secs(1);
/// No wait is longer.
const BACKOFF_MAX: Duration = Duration::from_secs(300);

impl Config {
    /// Who is sent events.
    ///
    /// # Errors
    /// Where a webhook is not as it should be, or its secret cannot be read; the secret is never part of the text.
    pub fn webhooks(&self) -> Result<Vec<Arc<Hook>>, ConfigError> {
        let all = &self.events.webhook;
        let mut hooks = Vec::new();
        for (at, webhook) in all.iter().enumerate() {
            if all[..at].iter().any(|earlier| earlier.name == webhook.name) {
                return Err(wrong(
                    webhook,
                    "name",
                    &webhook.name,
                    "another one has it; each must have its own",
                ));
            }
            hooks.push(Arc::new(hook(webhook)?));
        }
        Ok(hooks)
    }
}

fn hook(webhook: &Webhook) -> Result<Hook, ConfigError> {
    let Webhook { name, url, secret_file: _, secret_env: _, detail_types, cluster, retry_for } = webhook;
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if name.is_empty() || !name.chars().all(letter) {
        return Err(wrong(webhook, "name", name, "it must have letters, digits, - and _ only"));
    }
    if !is_address(url) {
        return Err(wrong(
            webhook,
            "url",
            url,
            "it must be http://host… or https://host…, without a password",
        ));
    }
    let kind =
        |text: &String| Kind::parse(text).map_err(|right| wrong(webhook, "detail-types", text, &right));
    let kinds = detail_types.0.iter().map(kind).collect::<Result<_, _>>()?;
    let receiver = Arc::new(Receiver::new(url.clone(), secret(webhook)?));
    let give_up_after = retry_for.0;
    Ok(Hook {
        name: name.clone(),
        cluster: (!cluster.is_empty()).then(|| ClusterName::new(cluster)),
        kinds,
        retry: Retry { backoff: BACKOFF, backoff_max: BACKOFF_MAX, give_up_after },
        receiver,
    })
}

fn secret(webhook: &Webhook) -> Result<Secret, ConfigError> {
    let Webhook { secret_file, secret_env, .. } = webhook;
    let file = secret_file.display().to_string();
    match (file.is_empty(), secret_env.is_empty()) {
        (false, true) => {
            let text = std::fs::read_to_string(secret_file);
            let text = text.map_err(|error| {
                wrong(webhook, "secret-file", &file, &format!("it cannot be read ({error})"))
            })?;
            Secret::read(&text)
                .map_err(|right| wrong(webhook, "secret-file", &file, &format!("what it holds: {right}")))
        }
        (true, false) => {
            let unset = "the environment has no such variable";
            let text =
                std::env::var(secret_env).map_err(|_| wrong(webhook, "secret-env", secret_env, unset))?;
            Secret::read(&text)
                .map_err(|right| wrong(webhook, "secret-env", secret_env, &format!("what it holds: {right}")))
        }
        _ => {
            Err(wrong(webhook, "secret-file", &file, "either it or secret-env must say where the secret is"))
        }
    }
}

fn wrong(webhook: &Webhook, key: &str, value: &str, right: &str) -> ConfigError {
    ConfigError(format!("events.webhook {:?}: {key} = {value:?}: {right}", webhook.name))
}
