//! FireLens: the configuration of a task's log router, and what the others are told of it.
//!
//! The router gets a folder of the host's at `/var/run` and makes a socket in it; the engine's `fluentd` driver sends
//! there what the other containers print. What each of them says in `logConfiguration.options` becomes an output of the
//! router's, for that container's lines.
//!
//! Source: what the genuine agent does, and what Fluent Bit and Fluentd document of their files.

use crate::TaskId;
use crate::model::{
    ContainerDefinition, ContainerSpec, FirelensConfiguration, FirelensKind, LogConfiguration, NetworkMode,
    TaskSpec,
};

/// In the task's folder: the configuration that is made.
pub const CONFIGURATION: &str = "fluent.conf";
/// In the task's folder: the configuration that came from S3.
pub const EXTERNAL: &str = "external.conf";
/// In the task's folder: what the router sees at [`RUN_TARGET`].
pub const RUN: &str = "run";
/// Where the router sees it.
pub const RUN_TARGET: &str = "/var/run/";
/// The router's socket in that.
pub const SOCKET: &str = "fluent.sock";
/// Where the router listens beside its socket, in network modes `bridge` and `awsvpc`.
const PORT: &str = "24224";
/// Where Fluent Bit takes connections that only ask whether it is there.
const HEALTH_PORT: &str = "8877";
const HEALTH_TAG: &str = "firelens-healthcheck";
/// What Fluent Bit holds in memory, MB, where nothing is said of the router's memory.
const BUFFER: u32 = 25;
/// What of a container's options are patterns for what it prints.
const INCLUDE: &str = "include-pattern";
const EXCLUDE: &str = "exclude-pattern";

/// The log router among containers.
pub fn router<'a>(
    containers: impl IntoIterator<Item = &'a ContainerDefinition>,
) -> Option<&'a ContainerDefinition> {
    containers.into_iter().find(|container| container.firelens.is_some())
}

/// The place of a task's log router.
pub fn place(spec: &TaskSpec) -> Option<usize> {
    spec.containers.iter().position(|container| container.definition.firelens.is_some())
}

/// The tag of what a container prints.
pub fn tag(container: &str, task: &TaskId) -> String {
    format!("{container}-firelens-{task}")
}

/// Whom a router is run as: a user's and a group's number, `0` and `0` where not said.
pub fn owner(router: &ContainerDefinition) -> (u32, u32) {
    let user = router.user.as_deref().unwrap_or("0");
    let (user, group) = user.split_once(':').unwrap_or((user, "0"));
    (user.parse().unwrap_or(0), group.parse().unwrap_or(0))
}

/// What a router sees of the task's folder: there, in the container, and whether it may only read.
pub fn mounts(configuration: &FirelensConfiguration) -> Vec<(&'static str, &'static str, bool)> {
    let (own, external) = match configuration.kind {
        FirelensKind::FluentBit => ("/fluent-bit/etc/fluent-bit.conf", "/fluent-bit/etc/external.conf"),
        FirelensKind::Fluentd => ("/fluentd/etc/fluent.conf", "/fluentd/etc/external.conf"),
    };
    let external = configuration.external_object().map(|_| (EXTERNAL, external, true));
    [Some((CONFIGURATION, own, true)), external, Some((RUN, RUN_TARGET, false))]
        .into_iter()
        .flatten()
        .collect()
}

/// What comes to a container's environment. `address` is the router's on the engine's bridge.
pub fn environment(
    mode: NetworkMode,
    container: &ContainerDefinition,
    address: Option<&str>,
) -> Vec<(String, String)> {
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut added = Vec::new();
    if container.firelens.as_ref().is_some_and(|firelens| firelens.kind == FirelensKind::Fluentd) {
        // Its image would become somebody else, who cannot write where the socket is.
        added.push(named("FLUENT_UID", "0"));
    }
    let host = match mode {
        NetworkMode::AwsVpc => Some("127.0.0.1"),
        NetworkMode::Bridge => address,
        NetworkMode::Host | NetworkMode::None => None,
    };
    if let Some(host) = host.filter(|_| container.is_routed()) {
        added.extend([named("FLUENT_HOST", host), named("FLUENT_PORT", PORT)]);
    }
    added
}

/// The variable of the router's environment in which it finds a secret option of the container at this place.
pub fn secret_variable(option: &str, place: usize) -> String {
    format!("{option}_{place}")
}

/// The configuration of a task's log router; `None` where it has none.
pub fn configuration(spec: &TaskSpec) -> Option<String> {
    let ContainerSpec { definition: router, .. } = spec.containers.get(place(spec)?)?;
    let firelens = router.firelens.as_ref()?;
    let mut file = File { kind: firelens.kind, text: String::new() };
    let socket = format!("{RUN_TARGET}{SOCKET}");
    let listen = match spec.network_mode {
        // Other containers of the host reach it there; those of the task have to.
        NetworkMode::Bridge => Some("0.0.0.0"),
        NetworkMode::AwsVpc => Some("127.0.0.1"),
        NetworkMode::Host | NetworkMode::None => None,
    };
    match firelens.kind {
        FirelensKind::FluentBit => {
            let memory = router.memory_reservation.or(router.memory).map_or(0, |mib| mib / 2);
            let buffer = format!("{}MB", if memory == 0 { BUFFER } else { memory });
            file.input("forward", &[("unix_path", &socket), ("Mem_Buf_Limit", &buffer)]);
            if let Some(listen) = listen {
                file.input("forward", &[("Listen", listen), ("Port", PORT)]);
                file.input("tcp", &[("Tag", HEALTH_TAG), ("Listen", "127.0.0.1"), ("Port", HEALTH_PORT)]);
            }
        }
        FirelensKind::Fluentd => {
            file.input("unix", &[("path", &socket)]);
            if let Some(listen) = listen {
                file.input("forward", &[("bind", listen), ("port", PORT)]);
            }
        }
    }
    let all = spec.containers.iter().map(|one| &one.definition).enumerate();
    let routed = || all.clone().filter(|(_, one)| one.is_routed());
    for (_, container) in routed() {
        for (name, pattern) in options_of(container) {
            match name {
                INCLUDE => file.grep(&container.name, true, pattern),
                EXCLUDE => file.grep(&container.name, false, pattern),
                _ => {}
            }
        }
    }
    if firelens.adds_metadata() {
        let definition = format!("{}:{}", spec.definition.family, spec.definition.revision);
        file.add_to_records(&[
            ("ecs_cluster", spec.cluster.as_str()),
            ("ecs_task_arn", &spec.arn),
            ("ecs_task_definition", &definition),
        ]);
    }
    let external = firelens.external_object().and_then(|_| {
        mounts(firelens).iter().find(|(file, ..)| *file == EXTERNAL).map(|(_, target, _)| *target)
    });
    if let Some(path) = external.or(firelens.external_file()) {
        file.include(path);
    }
    if firelens.kind == FirelensKind::FluentBit && listen.is_some() {
        file.output("null", HEALTH_TAG, &[]);
    }
    for (place, container) in routed() {
        let secrets = container.log_configuration.iter().flat_map(|logs| &logs.secret_options);
        let secrets: Vec<(&str, String)> = secrets
            .map(|secret| {
                (secret.name.as_str(), firelens.kind.variable(&secret_variable(&secret.name, place)))
            })
            .collect();
        let (mut output, mut options) = (None, Vec::new());
        for (name, value) in options_of(container) {
            match name {
                INCLUDE | EXCLUDE | LogConfiguration::BUFFER_LIMIT => {}
                name if name == firelens.kind.output() => output = Some(value),
                name => options.push((name, value)),
            }
        }
        options.extend(secrets.iter().map(|(name, value)| (*name, value.as_str())));
        // Without one, the file that is included has it.
        if let Some(output) = output {
            file.output(output, &file.matching(&container.name), &options);
        }
    }
    Some(file.text)
}

/// What an `awsfirelens` container lacks: options of an output that is not named.
pub fn lacks_output(kind: FirelensKind, logs: &LogConfiguration) -> bool {
    let own = [INCLUDE, EXCLUDE, LogConfiguration::BUFFER_LIMIT];
    let named = logs.options.iter().any(|(name, _)| name == kind.output());
    !named && logs.options.iter().any(|(name, _)| !own.contains(&name.as_str()))
}

fn options_of(container: &ContainerDefinition) -> impl Iterator<Item = (&str, &str)> {
    let options = container.log_configuration.iter().flat_map(|logs| &logs.options);
    options.map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A router's file, in either's way of writing.
struct File {
    kind: FirelensKind,
    text: String,
}

impl File {
    /// What matches the tags of one container's lines.
    fn matching(&self, container: &str) -> String {
        format!("{container}-firelens{}", self.anything())
    }

    fn anything(&self) -> &'static str {
        match self.kind {
            FirelensKind::FluentBit => "*",
            FirelensKind::Fluentd => "**",
        }
    }

    fn line(&mut self, indent: usize, name: &str, value: &str) {
        self.text.push_str(&format!("{}{name} {value}\n", "    ".repeat(indent)));
    }

    fn open(&mut self, section: &str) {
        let blank = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{blank}{section}\n"));
    }

    fn input(&mut self, plugin: &str, options: &[(&str, &str)]) {
        let (section, kind, end) = match self.kind {
            FirelensKind::FluentBit => ("[INPUT]", "Name", ""),
            FirelensKind::Fluentd => ("<source>", "@type", "</source>\n"),
        };
        self.open(section);
        self.line(1, kind, plugin);
        options.iter().for_each(|(name, value)| self.line(1, name, value));
        self.text.push_str(end);
    }

    fn output(&mut self, plugin: &str, tags: &str, options: &[(&str, &str)]) {
        match self.kind {
            FirelensKind::FluentBit => {
                self.open("[OUTPUT]");
                self.line(1, "Name", plugin);
                self.line(1, "Match", tags);
            }
            FirelensKind::Fluentd => {
                self.open(&format!("<match {tags}>"));
                self.line(1, "@type", plugin);
            }
        }
        options.iter().for_each(|(name, value)| self.line(1, name, value));
        if self.kind == FirelensKind::Fluentd {
            self.text.push_str("</match>\n");
        }
    }

    fn filter(&mut self, plugin: &str, tags: &str) {
        match self.kind {
            FirelensKind::FluentBit => {
                self.open("[FILTER]");
                self.line(1, "Name", plugin);
                self.line(1, "Match", tags);
            }
            FirelensKind::Fluentd => {
                self.open(&format!("<filter {tags}>"));
                self.line(1, "@type", plugin);
            }
        }
    }

    /// Keeps, or drops, the lines of a container that match a pattern.
    fn grep(&mut self, container: &str, keep: bool, pattern: &str) {
        let tags = self.matching(container);
        self.filter("grep", &tags);
        match self.kind {
            FirelensKind::FluentBit => {
                self.line(1, if keep { "Regex" } else { "Exclude" }, &format!("log {pattern}"));
            }
            FirelensKind::Fluentd => {
                let section = if keep { "regexp" } else { "exclude" };
                self.text.push_str(&format!("    <{section}>\n"));
                self.line(2, "key", "log");
                self.line(2, "pattern", pattern);
                self.text.push_str(&format!("    </{section}>\n</filter>\n"));
            }
        }
    }

    fn add_to_records(&mut self, fields: &[(&str, &str)]) {
        let tags = self.anything();
        match self.kind {
            FirelensKind::FluentBit => {
                self.filter("record_modifier", tags);
                fields.iter().for_each(|(name, value)| self.line(1, "Record", &format!("{name} {value}")));
            }
            FirelensKind::Fluentd => {
                self.filter("record_transformer", tags);
                self.text.push_str("    <record>\n");
                fields.iter().for_each(|(name, value)| self.line(2, name, value));
                self.text.push_str("    </record>\n</filter>\n");
            }
        }
    }

    fn include(&mut self, path: &str) {
        let word = match self.kind {
            FirelensKind::FluentBit => "@INCLUDE",
            FirelensKind::Fluentd => "@include",
        };
        self.open(&format!("{word} {path}"));
    }
}

#[cfg(test)]
mod tests;
