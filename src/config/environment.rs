//! Settings from the environment: `MAINSTAY_AGENT_STOP_TIMEOUT` is `agent.stop-timeout`.

use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

const PREFIX: &str = "MAINSTAY_";

/// The sections of two words.
const LONG: [(&str, &str); 2] = [("ENVIRONMENT_FILES_", "environment-files"), ("TASK_ROLES_", "task-roles")];

/// The variables that are settings.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// Those of `variables` that begin as ours do; one without a section is none of ours.
    pub(super) fn of(variables: impl Iterator<Item = (String, String)>) -> Self {
        let ours = |(name, value): (String, String)| {
            let name = name.strip_prefix(PREFIX)?;
            let long = LONG.iter().find_map(|(prefix, section)| Some((*section, name.strip_prefix(prefix)?)));
            let (section, key) = long.or_else(|| name.split_once('_'))?;
            let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase().replace('_', "-"));
            Some((key, value))
        };
        Self(variables.filter_map(ours).collect())
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
            .interpolater(|_, keys| format!("{PREFIX}{}", keys.join("_").replace('-', "_").to_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut all = Dict::new();
        for (key, text) in &self.0 {
            let nested = figment::util::nest(key, value(text));
            if let Some(section) = nested.into_dict() {
                for (name, keys) in section {
                    match (all.get_mut(&name), keys) {
                        (Some(Value::Dict(_, there)), Value::Dict(_, keys)) => there.extend(keys),
                        (_, keys) => {
                            all.insert(name, keys);
                        }
                    }
                }
            }
        }
        Ok(Map::from([(Profile::Default, all)]))
    }
}

/// Numbers and truth values as such, anything else as text; an account's leading zeros make it no number.
fn value(text: &str) -> Value {
    let text = text.trim();
    if let Ok(truth) = text.parse::<bool>() {
        return Value::from(truth);
    }
    let plain = text == "0" || !text.starts_with('0');
    match text.parse::<u64>() {
        Ok(number) if plain && text.len() < 12 => Value::from(number),
        _ => Value::from(text),
    }
}
