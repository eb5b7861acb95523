use serde::{Deserialize, Serialize};

use super::{ContainerDefinition, LogConfiguration};

/// What makes a container the log router of its task; ECS's `firelensConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirelensConfiguration {
    /// What runs in it.
    pub kind: FirelensKind,
    /// As given; see the constants below.
    pub options: Vec<(String, String)>,
}

/// What runs in a log router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FirelensKind {
    /// Fluent Bit.
    FluentBit,
    /// Fluentd.
    Fluentd,
}

impl FirelensKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FluentBit => "fluentbit",
            Self::Fluentd => "fluentd",
        }
    }

    /// The option of `awsfirelens` that names the output of a container's lines.
    pub fn output(self) -> &'static str {
        match self {
            Self::FluentBit => "Name",
            Self::Fluentd => "@type",
        }
    }

    /// How its file names a variable of its environment.
    pub fn variable(self, name: &str) -> String {
        match self {
            Self::FluentBit => format!("${{{name}}}"),
            Self::Fluentd => format!("\"#{{ENV['{name}']}}\""),
        }
    }
}

impl FirelensConfiguration {
    /// Whether cluster, task and task definition are added to each record: `true`, where not said, or `false`.
    pub const METADATA: &str = "enable-ecs-log-metadata";
    /// Where a configuration of one's own is: `file` in the image, or `s3`.
    pub const FILE_TYPE: &str = "config-file-type";
    /// Its path in the container, or its ARN.
    pub const FILE_VALUE: &str = "config-file-value";

    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether records get what ECS knows of them.
    pub fn adds_metadata(&self) -> bool {
        self.option(Self::METADATA) != Some("false")
    }

    /// The ARN of the S3 object that is included.
    pub fn external_object(&self) -> Option<&str> {
        (self.option(Self::FILE_TYPE) == Some("s3")).then(|| self.option(Self::FILE_VALUE)).flatten()
    }

    /// The path in the image of the file that is included.
    pub fn external_file(&self) -> Option<&str> {
        (self.option(Self::FILE_TYPE) == Some("file")).then(|| self.option(Self::FILE_VALUE)).flatten()
    }
}

impl LogConfiguration {
    /// The driver that hands lines to the log router of the task.
    pub const AWSFIRELENS: &str = "awsfirelens";
    /// An option of that driver which is the engine's, not the router's: how much it holds while the router is away.
    pub const BUFFER_LIMIT: &str = "log-driver-buffer-limit";
}

impl ContainerDefinition {
    /// Whether what it prints goes to the log router of its task.
    pub fn is_routed(&self) -> bool {
        self.log_configuration.as_ref().is_some_and(|logs| logs.driver == LogConfiguration::AWSFIRELENS)
    }
}
