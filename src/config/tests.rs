use mainstay_core::images::PullBehavior;

use super::*;

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// Loads a file of this text, with these variables.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), text).unwrap();
    let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(&flags, variables)
}

#[track_caller]
fn refused(text: &str, variables: &[(&str, &str)], signs: &[&str]) {
    let refusal = load(text, variables).expect_err(text).to_string();
    for sign in signs {
        assert!(refusal.contains(sign), "{refusal:?} does not say {sign:?}");
    }
}

#[test]
fn the_environment_goes_over_the_file_and_the_file_over_the_defaults() {
    let text = "[agent]\nstop-timeout = \"5s\"\ncleanup-wait = \"1m 30s\"\n[aws]\nregion = \"eu-west-1\"";
    let config =
        load(text, &[("MAINSTAY_AGENT_STOP_TIMEOUT", "7s"), ("MAINSTAY_AWS_ACCOUNT", "000000000042")]);
    let config = config.unwrap();
    assert_eq!(config.agent.stop_timeout, Span(7 * SECOND));
    assert_eq!(config.agent.cleanup_wait, Span(90 * SECOND));
    assert_eq!((config.aws.region.as_str(), config.aws.account.as_str()), ("eu-west-1", "000000000042"));
    assert_eq!(config.restart, Restart::default());
}

#[test]
fn the_file_that_is_shown_to_people_has_every_setting_at_its_default() {
    let shown = include_str!("../../config/mainstay.toml");
    let bare: String = shown
        .lines()
        .map(|line| {
            line.strip_prefix("#").filter(|rest| rest.starts_with(|c: char| c.is_lowercase())).unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let config = load(&bare, &[]).unwrap();
    let mut defaults = Config::default();
    defaults.server.data_dir.clone_from(&config.server.data_dir);
    assert_eq!(config, defaults);
    let keys = toml_keys(&serde_json::to_value(&defaults).unwrap());
    for key in keys {
        assert!(bare.contains(&format!("\n{key} = ")), "{key} is not shown");
    }
}

fn toml_keys(value: &serde_json::Value) -> Vec<String> {
    let sections = value.as_object().unwrap().values();
    sections.flat_map(|section| section.as_object().unwrap().keys().cloned()).collect()
}

#[test]
fn a_mistake_is_named_with_its_key_its_value_and_what_would_be_right() {
    refused("[agent]\nstop-timeout = \"soon\"", &[], &["agent.stop-timeout", "soon", "90s"]);
    refused("[agent]\nstop = \"3s\"", &[], &["stop", "stop-timeout"]);
    refused("[nothing]\nat = 1", &[], &["nothing", "server"]);
    refused("[server]\nlisten = \"7077\"", &[], &["server.listen"]);
    refused("[restart]\nthrottle-exits = \"perhaps\"", &[], &["restart.throttle-exits", "perhaps"]);
    refused("[restart]\nbackoff = \"1h\"", &[], &["restart.backoff", "backoff-max"]);
    refused("[aws]\naccount = \"12\"", &[], &["aws.account", "12", "twelve digits"]);
    refused(
        "[storage.efs]\n\"fs-1\" = \"data\"",
        &[],
        &["storage.efs.fs-1", "data", "absolute path", "host:/path"],
    );
    refused("[storage.efs]\ndata = \"/data\"", &[], &["storage.efs.data", "fs-"]);
    refused("[network]\ndefault = \"host\"", &[], &["network.default", "host", "none of its own"]);
    refused("[alarms]\nprometheus = \"box:9090\"", &[], &["alarms.prometheus", "box:9090", "http://"]);
    refused("[alarms.queries]\nerrors = \"up == 0\"", &[], &["alarms.queries.errors", "alarms.prometheus"]);
    refused("[alarms]\ninterval = \"0s\"", &[], &["alarms.interval", "at least 1s"]);
    refused("[network.subnets]\nlan = \"a b\"", &[], &["network.subnets.lan", "a b"]);
    refused("[secrets]\nfolder = \"here\"", &[], &["secrets.folder", "here", "absolute path"]);
    refused("[secrets]\ncredentials = \"here\"", &[], &["secrets.credentials", "here", "absolute path"]);
    refused(
        "[secrets]\nendpoint = \"moto:5000\"",
        &[],
        &["secrets.endpoint", "moto:5000", "http://host:port"],
    );
    refused("[secrets]\nregion = \"EU\"", &[], &["secrets.region", "EU", "us-east-1"]);
    refused(
        "",
        &[("MAINSTAY_ENVIRONMENT_FILES_ENDPOINT", "http://a/b")],
        &["environment-files.endpoint", "http://a/b", "{region}"],
    );
    refused("[task-roles]\nfolder = \"here\"", &[], &["task-roles.folder", "here", "absolute path"]);
    refused("[agent]\ntask-endpoint-port = 70000", &[], &["agent.task-endpoint-port", "70000"]);
    refused(
        "",
        &[("MAINSTAY_ENVIRONMENT_FILES_FOLDER", "a")],
        &["environment-files.folder", "absolute path"],
    );
    refused("", &[("MAINSTAY_TASK_ROLES_FOLDER", "a")], &["task-roles.folder", "absolute path"]);
    refused("[aws", &[], &["TOML"]);
    refused("", &[("MAINSTAY_LOG_FORMAT", "pretty")], &["log.format", "pretty", "json"]);
    refused("", &[("MAINSTAY_AGENT_STOP", "3s")], &["stop-timeout", "environment"]);
    refused("", &[("MAINSTAY_ENGINE_ENDPOINT", "/var/run/docker.sock")], &["engine.endpoint", "unix:///"]);
    refused("", &[("MAINSTAY_LOG_FILTER", "mainstay=loud")], &["log.filter"]);
}

#[test]
fn images_are_pulled_and_kept_as_the_settings_say() {
    let variables = [
        ("MAINSTAY_AGENT_IMAGE_PULL_BEHAVIOR", "prefer-cached"),
        ("MAINSTAY_AGENT_IMAGE_CLEANUP_EXCLUDE", "web:1, nginx"),
        ("MAINSTAY_AGENT_IMAGE_CLEANUP", "false"),
    ];
    let settings = load("", &variables).unwrap().settings();
    assert_eq!(settings.image_pull_behavior, PullBehavior::PreferCached);
    assert!(!settings.image_cleanup.enabled);
    assert_eq!(settings.image_cleanup.exclude, ["web:1", "nginx"]);
    let listed = load("[agent]\nimage-cleanup-exclude = [\"a\", \"b\"]", &[]).unwrap().settings();
    assert_eq!(listed.image_cleanup.exclude, ["a", "b"]);
    refused(
        "[agent]\nimage-pull-behavior = \"never\"",
        &[],
        &["agent.image-pull-behavior", "never", "prefer-cached"],
    );
    refused("[agent]\nimage-cleanup-count = 0", &[], &["agent.image-cleanup-count", "at least 1"]);
    refused(
        "[agent]\nimage-cleanup-interval = \"0s\"",
        &[],
        &["agent.image-cleanup-interval", "at least 1s"],
    );
    refused("[agent]\nimage-cleanup-exclude = 3", &[], &["agent.image-cleanup-exclude", "list of words"]);
}

#[test]
fn what_a_host_says_of_itself_is_a_table_or_a_variable() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settings = load("", &[]).unwrap().settings();
    assert_eq!(settings.host_attributes, [pair("ecs.availability-zone", "us-east-1a")]);
    let text = "[agent]\navailability-zone = \"attic\"\n[agent.attributes]\n\"ecs.instance-type\" = \"box\"";
    let settings = load(text, &[]).unwrap().settings();
    assert_eq!(
        settings.host_attributes,
        [pair("ecs.availability-zone", "attic"), pair("ecs.instance-type", "box")]
    );
    let settings = load("", &[("MAINSTAY_AGENT_ATTRIBUTES", "a=b, c = d:e ")]).unwrap().settings();
    assert_eq!(settings.host_attributes[1..], [pair("a", "b"), pair("c", "d:e")]);
    refused("[agent]\navailability-zone = \"a,b\"", &[], &["agent.availability-zone", "a,b", "letters"]);
    refused("[agent.attributes]\n\"a b\" = \"c\"", &[], &["agent.attributes.a b", "letters"]);
    refused("[agent.attributes]\na = \" c\"", &[], &["agent.attributes.a", " c", "spaces within"]);
    refused(
        "[agent.attributes]\n\"ecs.availability-zone\" = \"c\"",
        &[],
        &["agent.attributes.ecs.availability-zone", "agent.availability-zone instead"],
    );
    refused("[agent]\nattributes = 3", &[], &["agent.attributes", "a=b,c=d"]);
}

#[test]
fn gpus_are_those_that_are_found_or_those_that_are_named() {
    let gpus = |text: &str, variables: &[(&str, &str)]| load(text, variables).unwrap().gpus();
    let named = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    assert_eq!(gpus("", &[]), None);
    assert_eq!(gpus("[agent]\ngpus = \"auto\"", &[]), None);
    assert_eq!(gpus("[agent]\ngpus = []", &[]), named(&[]));
    assert_eq!(
        gpus("[agent]\ngpus = [\"GPU-a\", \"nvidia.com/gpu=1\"]", &[]),
        named(&["GPU-a", "nvidia.com/gpu=1"])
    );
    assert_eq!(gpus("[agent]\ngpus = [0, 1]", &[]), named(&["0", "1"]));
    for (value, ids) in
        [("auto", None), ("", named(&[])), ("0", named(&["0"])), ("GPU-a, 1", named(&["GPU-a", "1"]))]
    {
        assert_eq!(gpus("[agent]\ngpus = [\"x\"]", &[("MAINSTAY_AGENT_GPUS", value)]), ids);
    }
    refused("[agent]\ngpus = true", &[], &["agent.gpus", "auto", "nvidia.com/gpu=0"]);
    refused("[agent]\ngpus = [\"a b\"]", &[], &["agent.gpus", "a b", "spaces"]);
    refused("[agent]\ngpus = [\"a\", \"b\", \"a\"]", &[], &["agent.gpus", "\"a\"", "once"]);
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let flags = Flags { config: Some("/nowhere/mainstay.toml".into()), ..Flags::default() };
    let refusal = Config::from_sources(&flags, std::iter::empty()).unwrap_err();
    assert_eq!(refusal.to_string(), "--config /nowhere/mainstay.toml: no such file");
}

#[test]
fn a_file_system_is_a_directory_or_an_export_of_a_server() {
    let text = "[storage.efs]\n\"fs-1\" = \"/srv/efs\"\n\"fsap-2\" = \"nas:/export\"";
    let found = load(text, &[]).unwrap().settings().storage.efs;
    let place = |text: &str| text.parse().unwrap();
    assert_eq!(found, [("fs-1".into(), place("/srv/efs")), ("fsap-2".into(), place("nas:/export"))].into());
}

#[test]
fn a_webhook_that_is_not_as_it_should_be_is_refused_and_its_secret_is_not_told() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
    let short = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(short.path(), "hunter2").unwrap();
    let webhook = |members: &str, file: &std::path::Path| {
        let file = file.display();
        format!("[[events.webhook]]\nname = \"pager\"\nsecret-file = \"{file}\"\n{members}\n")
    };
    let good = webhook("url = \"https://box/hook\"\ndetail-types = [\"task\"]", secret.path());
    assert_eq!(load(&good, &[]).unwrap().webhooks().unwrap().len(), 1);
    refused(&format!("{good}{good}"), &[], &["events.webhook", "\"pager\"", "another one has it"]);
    refused(&webhook("url = \"box\"", secret.path()), &[], &["url = \"box\"", "http://host"]);
    let types = webhook("url = \"http://box\"\ndetail-types = [\"tasks\"]", secret.path());
    refused(&types, &[], &["detail-types = \"tasks\"", "ECS Task State Change"]);
    let gone = webhook("url = \"http://box\"", std::path::Path::new("/nowhere/secret"));
    refused(&gone, &[], &["secret-file", "/nowhere/secret", "cannot be read"]);
    let text = webhook("url = \"http://box\"", short.path());
    refused(&text, &[], &["secret-file", "24 to 64 bytes in base64"]);
    assert!(!load(&text, &[]).unwrap_err().to_string().contains("hunter2"));
    refused("[[events.webhook]]\nname = \"a\"\nurl = \"http://box\"", &[], &["secret-env must say"]);
    refused("[tls]\ncertificate = \"/a.pem\"", &[], &["tls.key = \"\"", "where the other"]);
    refused(
        "[tls]\ncertificate = \"a.pem\"\nkey = \"/b.pem\"",
        &[],
        &["tls.certificate", "an absolute path"],
    );
    refused("[events]\nkeep = 0", &[], &["events.keep", "at least 1"]);
}
