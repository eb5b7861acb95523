//! `firelensConfiguration` of a container definition, both ways, and what it asks of the others.

use mainstay_core::firelens;
use mainstay_core::model::{FirelensConfiguration, FirelensKind, LogConfiguration, TaskDefinition};
use mainstay_core::secrets::S3Object;
use mainstay_core::storage::is_plain;

use crate::api::error::{Answer, ApiError};
use crate::api::wire::enums::FirelensConfigurationType;
use crate::api::wire::{At, structures as wire};

/// A router is root where nothing else is said; so ECS shows it, too.
pub(super) const USER: &str = "0";

/// The record; that its type is one of the words was checked.
pub(super) fn read(at: &At<'_>, given: wire::FirelensConfiguration) -> Answer<FirelensConfiguration> {
    let wire::FirelensConfiguration { options, r#type } = given;
    let kind = match r#type {
        Some(FirelensConfigurationType::Fluentd) => FirelensKind::Fluentd,
        _ => FirelensKind::FluentBit,
    };
    let options: Vec<(String, String)> = options.unwrap_or_default().into_iter().collect();
    let list = at.field("options");
    let known = [
        FirelensConfiguration::METADATA,
        FirelensConfiguration::FILE_TYPE,
        FirelensConfiguration::FILE_VALUE,
    ];
    let wrong = |name: &str, value: &str, right: &str| {
        Err(ApiError::client(format!("{} is '{value}'; it must be {right}.", list.field(name))))
    };
    for (name, value) in &options {
        match name.as_str() {
            FirelensConfiguration::METADATA if !matches!(value.as_str(), "true" | "false") => {
                return wrong(name, value, "true or false");
            }
            FirelensConfiguration::FILE_TYPE if !matches!(value.as_str(), "file" | "s3") => {
                return wrong(name, value, "file or s3");
            }
            name if !known.contains(&name) => {
                let text =
                    format!("{} is unknown; it must be one of {}.", list.field(name), known.join(", "));
                return Err(ApiError::client(text));
            }
            _ => {}
        }
    }
    let firelens = FirelensConfiguration { kind, options };
    let (kind_of_file, value) = (FirelensConfiguration::FILE_TYPE, FirelensConfiguration::FILE_VALUE);
    match (firelens.option(kind_of_file), firelens.option(value)) {
        (None, None) => {}
        (Some(_), None) => {
            return Err(ApiError::client(format!(
                "{} is required beside {kind_of_file}.",
                list.field(value)
            )));
        }
        (None, Some(_)) => {
            return Err(ApiError::client(format!(
                "{} is required beside {value}.",
                list.field(kind_of_file)
            )));
        }
        (Some("s3"), Some(arn)) if S3Object::any(arn).is_none() => {
            return wrong(value, arn, "the ARN of an S3 object, such as arn:aws:s3:::bucket/key.conf");
        }
        (Some("file"), Some(path)) if !is_plain(path) || path.contains(['\n', '\r']) => {
            return wrong(value, path, "an absolute path in the container");
        }
        _ => {}
    }
    Ok(firelens)
}

/// One router at most, somebody whom it routes, and outputs that it understands. In ECS's words where they are known.
pub(super) fn check(definition: &TaskDefinition) -> Answer<()> {
    let list = At::ROOT.field("containerDefinitions");
    let routers = || definition.containers.iter().enumerate().filter(|(_, one)| one.firelens.is_some());
    let mut routed = definition.containers.iter().enumerate().filter(|(_, one)| one.is_routed()).peekable();
    let Some((index, router)) = routers().next() else {
        return if routed.peek().is_some() {
            Err(ApiError::client(
                "When awsfirelens log driver is specified in log configuration, a firelens configuration object must \
                 be configured in one of the containers.",
            ))
        } else {
            Ok(())
        };
    };
    if let Some((second, _)) = routers().nth(1) {
        let (first, second) = (list.index(index), list.index(second));
        return Err(ApiError::client(format!(
            "{} is given, and {} is, too; it must be given for one container of a task definition.",
            second.field("firelensConfiguration"),
            first.field("firelensConfiguration")
        )));
    }
    if routed.peek().is_none() {
        return Err(ApiError::client(
            "When a firelensConfiguration object is specified, at least one container has to be configured with the \
             awsfirelens log driver.",
        ));
    }
    let number = |text: &str| text.parse::<u32>().is_ok();
    let user = router.user.as_deref().unwrap_or(USER);
    if !user.split_once(':').map_or(number(user), |(user, group)| number(user) && number(group)) {
        return Err(ApiError::client(format!(
            "If 'user' field is specified on firelens container, then it has to be a UID or UID:GID; {} is '{user}'.",
            list.index(index).field("user")
        )));
    }
    let kind = router.firelens.as_ref().map_or(FirelensKind::FluentBit, |firelens| firelens.kind);
    for (index, container) in routed {
        if let Some(logs) = &container.log_configuration {
            let at = list.index(index);
            check_options(&at.field("logConfiguration"), kind, logs)?;
        }
    }
    Ok(())
}

/// Each option becomes a line of the router's configuration.
fn check_options(at: &At<'_>, kind: FirelensKind, logs: &LogConfiguration) -> Answer<()> {
    let list = at.field("options");
    let broken = |text: &str| text.contains(['\n', '\r']);
    if let Some((name, _)) = logs.options.iter().find(|(name, value)| broken(name) || broken(value)) {
        return Err(ApiError::client(format!("{} must be one line.", list.field(name))));
    }
    // It becomes part of a variable's name.
    let plain = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if let Some((index, secret)) = logs.secret_options.iter().enumerate().find(|(_, one)| !plain(&one.name)) {
        let name = at.field("secretOptions");
        return Err(ApiError::client(format!(
            "{} is '{}'; it must be of letters, digits and underscores for awsfirelens.",
            name.index(index).field("name"),
            secret.name
        )));
    }
    if firelens::lacks_output(kind, logs) {
        return Err(ApiError::client(format!(
            "{list}: missing output key {} which is required for firelens configuration of type {}.",
            kind.output(),
            kind.as_str()
        )));
    }
    let limit = logs.option(LogConfiguration::BUFFER_LIMIT);
    if let Some(limit) = limit.filter(|limit| !limit.parse::<u32>().is_ok_and(|bytes| bytes <= 536_870_912)) {
        return Err(ApiError::client(format!(
            "{} is '{limit}'; it must be 0 to 536870912.",
            list.field(LogConfiguration::BUFFER_LIMIT)
        )));
    }
    Ok(())
}

/// As it was given.
pub(super) fn show(firelens: &FirelensConfiguration) -> wire::FirelensConfiguration {
    wire::FirelensConfiguration {
        options: (!firelens.options.is_empty()).then(|| firelens.options.iter().cloned().collect()),
        r#type: Some(firelens.kind.as_str().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::definitions::tests::registered;

    /// A router and a container that it routes, with these members over theirs; `null` takes one away.
    #[track_caller]
    fn check(router: &Value, app: &Value, expected: &str) {
        let mut containers = json!([
            {
                "name": "router", "image": "fluent-bit", "memory": 64,
                "firelensConfiguration": {"type": "fluentbit"},
            },
            {
                "name": "app", "image": "nginx", "memory": 64,
                "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}},
            },
        ]);
        for (place, changes) in [(0, router), (1, app)] {
            let container = containers[place].as_object_mut().unwrap();
            container.extend(changes.as_object().unwrap().clone());
            container.retain(|_, value| !value.is_null());
        }
        let said = registered(&json!({"family": "web", "containerDefinitions": containers}));
        let said = said.map_or_else(
            |error| error.trim_start_matches("ClientException: ").to_owned(),
            |shown| shown["containerDefinitions"][0]["user"].to_string(),
        );
        assert_eq!(said, expected);
    }

    fn options(options: &Value) -> Value {
        json!({"firelensConfiguration": {"type": "fluentbit", "options": options}})
    }

    #[test]
    fn a_router_and_those_it_routes_need_each_other() {
        let none = json!({});
        check(&none, &none, "\"0\"");
        check(&json!({"user": "7:8"}), &none, "\"7:8\"");
        check(
            &json!({"firelensConfiguration": null}),
            &none,
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be \
             configured in one of the containers.",
        );
        check(
            &none,
            &json!({"logConfiguration": null}),
            "When a firelensConfiguration object is specified, at least one container has to be configured with the \
             awsfirelens log driver.",
        );
        check(
            &none,
            &json!({"firelensConfiguration": {"type": "fluentd"}}),
            "containerDefinitions[1].firelensConfiguration is given, and \
             containerDefinitions[0].firelensConfiguration is, too; it must be given for one container of a task \
             definition.",
        );
        check(
            &json!({"user": "fluent"}),
            &none,
            "If 'user' field is specified on firelens container, then it has to be a UID or UID:GID; \
             containerDefinitions[0].user is 'fluent'.",
        );
        check(
            &json!({"firelensConfiguration": {"type": "vector"}}),
            &none,
            "containerDefinitions[0].firelensConfiguration.type is 'vector'; it must be one of fluentd, fluentbit.",
        );
    }

    #[test]
    fn options_are_known_by_name_and_value() {
        let none = json!({});
        let at = "containerDefinitions[0].firelensConfiguration.options";
        let file = json!({"config-file-type": "file", "config-file-value": "/my.conf"});
        check(&options(&file), &none, "\"0\"");
        let s3 = json!({"config-file-type": "s3", "config-file-value": "arn:aws:s3:::a/b.conf"});
        check(&options(&s3), &none, "\"0\"");
        for (given, said) in [
            (
                json!({"enable-ecs-log-metadata": "yes"}),
                ".enable-ecs-log-metadata is 'yes'; it must be true or false.",
            ),
            (json!({"config-file-type": "url"}), ".config-file-type is 'url'; it must be file or s3."),
            (json!({"config-file-type": "file"}), ".config-file-value is required beside config-file-type."),
            (json!({"config-file-value": "/a"}), ".config-file-type is required beside config-file-value."),
            (
                json!({"config-file-type": "file", "config-file-value": "a"}),
                ".config-file-value is 'a'; it must be an absolute path in the container.",
            ),
            (
                json!({"config-file-type": "s3", "config-file-value": "/a"}),
                ".config-file-value is '/a'; it must be the ARN of an S3 object, such as \
                 arn:aws:s3:::bucket/key.conf.",
            ),
            (
                json!({"metadata": "true"}),
                ".metadata is unknown; it must be one of enable-ecs-log-metadata, config-file-type, \
                 config-file-value.",
            ),
        ] {
            check(&options(&given), &none, &format!("{at}{said}"));
        }
    }

    #[test]
    fn an_output_without_a_name_and_a_broken_line_are_refused() {
        let at = "containerDefinitions[1].logConfiguration.options";
        for (given, said) in [
            (
                json!({"Host": "10.0.0.9"}),
                ": missing output key Name which is required for firelens configuration of type fluentbit.",
            ),
            (json!({"Name": "stdout", "Format": "a\nb"}), ".Format must be one line."),
            (
                json!({"Name": "stdout", "log-driver-buffer-limit": "1m"}),
                ".log-driver-buffer-limit is '1m'; it must be 0 to 536870912.",
            ),
        ] {
            let app = json!({"logConfiguration": {"logDriver": "awsfirelens", "options": given}});
            check(&json!({}), &app, &format!("{at}{said}"));
        }
        let pattern = json!({"logDriver": "awsfirelens", "options": {"include-pattern": "ERROR"}});
        check(&json!({}), &json!({ "logConfiguration": pattern }), "\"0\"");
    }
}
