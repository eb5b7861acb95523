//! Written by `cargo xtask codegen` from botocore's service model; change the generator, not this.

use super::enums::*;
use super::member::{Kind, Member, Structure};

pub const STRUCTURES: &[Structure] = &[
    Structure {
        name: "Attribute",
        members: &[
            Member { name: "name", kind: Kind::Text, required: true },
            Member { name: "targetId", kind: Kind::Text, required: false },
            Member { name: "targetType", kind: Kind::Word(TargetType::WORDS), required: false },
            Member { name: "value", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "ContainerDefinition",
        members: &[
            Member { name: "command", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "cpu", kind: Kind::Number, required: false },
            Member { name: "credentialSpecs", kind: Kind::List(&Kind::Text), required: false },
            Member {
                name: "dependsOn",
                kind: Kind::List(&Kind::Structure("ContainerDependency")),
                required: false,
            },
            Member { name: "disableNetworking", kind: Kind::Flag, required: false },
            Member { name: "dnsSearchDomains", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "dnsServers", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "dockerLabels", kind: Kind::Map(&Kind::Text), required: false },
            Member { name: "dockerSecurityOptions", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "entryPoint", kind: Kind::List(&Kind::Text), required: false },
            Member {
                name: "environment",
                kind: Kind::List(&Kind::Structure("KeyValuePair")),
                required: false,
            },
            Member {
                name: "environmentFiles",
                kind: Kind::List(&Kind::Structure("EnvironmentFile")),
                required: false,
            },
            Member { name: "essential", kind: Kind::Flag, required: false },
            Member { name: "extraHosts", kind: Kind::List(&Kind::Structure("HostEntry")), required: false },
            Member {
                name: "firelensConfiguration",
                kind: Kind::Structure("FirelensConfiguration"),
                required: false,
            },
            Member { name: "healthCheck", kind: Kind::Structure("HealthCheck"), required: false },
            Member { name: "hostname", kind: Kind::Text, required: false },
            Member { name: "image", kind: Kind::Text, required: false },
            Member { name: "interactive", kind: Kind::Flag, required: false },
            Member { name: "links", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "linuxParameters", kind: Kind::Structure("LinuxParameters"), required: false },
            Member { name: "logConfiguration", kind: Kind::Structure("LogConfiguration"), required: false },
            Member { name: "memory", kind: Kind::Number, required: false },
            Member { name: "memoryReservation", kind: Kind::Number, required: false },
            Member { name: "mountPoints", kind: Kind::List(&Kind::Structure("MountPoint")), required: false },
            Member { name: "name", kind: Kind::Text, required: false },
            Member {
                name: "portMappings",
                kind: Kind::List(&Kind::Structure("PortMapping")),
                required: false,
            },
            Member { name: "privileged", kind: Kind::Flag, required: false },
            Member { name: "pseudoTerminal", kind: Kind::Flag, required: false },
            Member { name: "readonlyRootFilesystem", kind: Kind::Flag, required: false },
            Member {
                name: "repositoryCredentials",
                kind: Kind::Structure("RepositoryCredentials"),
                required: false,
            },
            Member {
                name: "resourceRequirements",
                kind: Kind::List(&Kind::Structure("ResourceRequirement")),
                required: false,
            },
            Member {
                name: "restartPolicy",
                kind: Kind::Structure("ContainerRestartPolicy"),
                required: false,
            },
            Member { name: "secrets", kind: Kind::List(&Kind::Structure("Secret")), required: false },
            Member { name: "startTimeout", kind: Kind::Number, required: false },
            Member { name: "stopTimeout", kind: Kind::Number, required: false },
            Member {
                name: "systemControls",
                kind: Kind::List(&Kind::Structure("SystemControl")),
                required: false,
            },
            Member { name: "ulimits", kind: Kind::List(&Kind::Structure("Ulimit")), required: false },
            Member { name: "user", kind: Kind::Text, required: false },
            Member {
                name: "versionConsistency",
                kind: Kind::Word(VersionConsistency::WORDS),
                required: false,
            },
            Member { name: "volumesFrom", kind: Kind::List(&Kind::Structure("VolumeFrom")), required: false },
            Member { name: "workingDirectory", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "ContainerDependency",
        members: &[
            Member { name: "condition", kind: Kind::Word(ContainerCondition::WORDS), required: true },
            Member { name: "containerName", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "ContainerRestartPolicy",
        members: &[
            Member { name: "enabled", kind: Kind::Flag, required: true },
            Member { name: "ignoredExitCodes", kind: Kind::List(&Kind::Number), required: false },
            Member { name: "restartAttemptPeriod", kind: Kind::Number, required: false },
        ],
    },
    Structure {
        name: "Device",
        members: &[
            Member { name: "containerPath", kind: Kind::Text, required: false },
            Member { name: "hostPath", kind: Kind::Text, required: true },
            Member {
                name: "permissions",
                kind: Kind::List(&Kind::Word(DeviceCgroupPermission::WORDS)),
                required: false,
            },
        ],
    },
    Structure {
        name: "DockerVolumeConfiguration",
        members: &[
            Member { name: "autoprovision", kind: Kind::Flag, required: false },
            Member { name: "driver", kind: Kind::Text, required: false },
            Member { name: "driverOpts", kind: Kind::Map(&Kind::Text), required: false },
            Member { name: "labels", kind: Kind::Map(&Kind::Text), required: false },
            Member { name: "scope", kind: Kind::Word(Scope::WORDS), required: false },
        ],
    },
    Structure {
        name: "EFSAuthorizationConfig",
        members: &[
            Member { name: "accessPointId", kind: Kind::Text, required: false },
            Member { name: "iam", kind: Kind::Word(EFSAuthorizationConfigIAM::WORDS), required: false },
        ],
    },
    Structure {
        name: "EFSVolumeConfiguration",
        members: &[
            Member {
                name: "authorizationConfig",
                kind: Kind::Structure("EFSAuthorizationConfig"),
                required: false,
            },
            Member { name: "fileSystemId", kind: Kind::Text, required: true },
            Member { name: "rootDirectory", kind: Kind::Text, required: false },
            Member {
                name: "transitEncryption",
                kind: Kind::Word(EFSTransitEncryption::WORDS),
                required: false,
            },
            Member { name: "transitEncryptionPort", kind: Kind::Number, required: false },
        ],
    },
    Structure {
        name: "EnvironmentFile",
        members: &[
            Member { name: "type", kind: Kind::Word(EnvironmentFileType::WORDS), required: true },
            Member { name: "value", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "EphemeralStorage",
        members: &[Member { name: "sizeInGiB", kind: Kind::Number, required: true }],
    },
    Structure {
        name: "FSxWindowsFileServerAuthorizationConfig",
        members: &[
            Member { name: "credentialsParameter", kind: Kind::Text, required: true },
            Member { name: "domain", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "FSxWindowsFileServerVolumeConfiguration",
        members: &[
            Member {
                name: "authorizationConfig",
                kind: Kind::Structure("FSxWindowsFileServerAuthorizationConfig"),
                required: true,
            },
            Member { name: "fileSystemId", kind: Kind::Text, required: true },
            Member { name: "rootDirectory", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "FirelensConfiguration",
        members: &[
            Member { name: "options", kind: Kind::Map(&Kind::Text), required: false },
            Member { name: "type", kind: Kind::Word(FirelensConfigurationType::WORDS), required: true },
        ],
    },
    Structure {
        name: "HealthCheck",
        members: &[
            Member { name: "command", kind: Kind::List(&Kind::Text), required: true },
            Member { name: "interval", kind: Kind::Number, required: false },
            Member { name: "retries", kind: Kind::Number, required: false },
            Member { name: "startPeriod", kind: Kind::Number, required: false },
            Member { name: "timeout", kind: Kind::Number, required: false },
        ],
    },
    Structure {
        name: "HostEntry",
        members: &[
            Member { name: "hostname", kind: Kind::Text, required: true },
            Member { name: "ipAddress", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "HostVolumeProperties",
        members: &[Member { name: "sourcePath", kind: Kind::Text, required: false }],
    },
    Structure {
        name: "InferenceAccelerator",
        members: &[
            Member { name: "deviceName", kind: Kind::Text, required: true },
            Member { name: "deviceType", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "KernelCapabilities",
        members: &[
            Member { name: "add", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "drop", kind: Kind::List(&Kind::Text), required: false },
        ],
    },
    Structure {
        name: "KeyValuePair",
        members: &[
            Member { name: "name", kind: Kind::Text, required: false },
            Member { name: "value", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "LinuxParameters",
        members: &[
            Member { name: "capabilities", kind: Kind::Structure("KernelCapabilities"), required: false },
            Member { name: "devices", kind: Kind::List(&Kind::Structure("Device")), required: false },
            Member { name: "initProcessEnabled", kind: Kind::Flag, required: false },
            Member { name: "maxSwap", kind: Kind::Number, required: false },
            Member { name: "sharedMemorySize", kind: Kind::Number, required: false },
            Member { name: "swappiness", kind: Kind::Number, required: false },
            Member { name: "tmpfs", kind: Kind::List(&Kind::Structure("Tmpfs")), required: false },
        ],
    },
    Structure {
        name: "LogConfiguration",
        members: &[
            Member { name: "logDriver", kind: Kind::Word(LogDriver::WORDS), required: true },
            Member { name: "options", kind: Kind::Map(&Kind::Text), required: false },
            Member { name: "secretOptions", kind: Kind::List(&Kind::Structure("Secret")), required: false },
        ],
    },
    Structure {
        name: "MountPoint",
        members: &[
            Member { name: "containerPath", kind: Kind::Text, required: false },
            Member { name: "readOnly", kind: Kind::Flag, required: false },
            Member { name: "sourceVolume", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "NvidiaMpsAllocation",
        members: &[
            Member { name: "maxComputePercent", kind: Kind::Number, required: false },
            Member { name: "memory", kind: Kind::Number, required: true },
        ],
    },
    Structure {
        name: "PortMapping",
        members: &[
            Member { name: "appProtocol", kind: Kind::Word(ApplicationProtocol::WORDS), required: false },
            Member { name: "containerPort", kind: Kind::Number, required: false },
            Member { name: "containerPortRange", kind: Kind::Text, required: false },
            Member { name: "hostPort", kind: Kind::Number, required: false },
            Member { name: "name", kind: Kind::Text, required: false },
            Member { name: "protocol", kind: Kind::Word(TransportProtocol::WORDS), required: false },
        ],
    },
    Structure {
        name: "ProxyConfiguration",
        members: &[
            Member { name: "containerName", kind: Kind::Text, required: true },
            Member {
                name: "properties",
                kind: Kind::List(&Kind::Structure("KeyValuePair")),
                required: false,
            },
            Member { name: "type", kind: Kind::Word(ProxyConfigurationType::WORDS), required: false },
        ],
    },
    Structure {
        name: "RegisterTaskDefinitionRequest",
        members: &[
            Member {
                name: "containerDefinitions",
                kind: Kind::List(&Kind::Structure("ContainerDefinition")),
                required: true,
            },
            Member { name: "cpu", kind: Kind::Text, required: false },
            Member { name: "enableFaultInjection", kind: Kind::Flag, required: false },
            Member { name: "ephemeralStorage", kind: Kind::Structure("EphemeralStorage"), required: false },
            Member { name: "executionRoleArn", kind: Kind::Text, required: false },
            Member { name: "family", kind: Kind::Text, required: true },
            Member {
                name: "inferenceAccelerators",
                kind: Kind::List(&Kind::Structure("InferenceAccelerator")),
                required: false,
            },
            Member { name: "ipcMode", kind: Kind::Word(IpcMode::WORDS), required: false },
            Member { name: "memory", kind: Kind::Text, required: false },
            Member { name: "networkMode", kind: Kind::Word(NetworkMode::WORDS), required: false },
            Member { name: "pidMode", kind: Kind::Word(PidMode::WORDS), required: false },
            Member {
                name: "placementConstraints",
                kind: Kind::List(&Kind::Structure("TaskDefinitionPlacementConstraint")),
                required: false,
            },
            Member {
                name: "proxyConfiguration",
                kind: Kind::Structure("ProxyConfiguration"),
                required: false,
            },
            Member {
                name: "requiresCompatibilities",
                kind: Kind::List(&Kind::Word(Compatibility::WORDS)),
                required: false,
            },
            Member { name: "runtimePlatform", kind: Kind::Structure("RuntimePlatform"), required: false },
            Member { name: "tags", kind: Kind::List(&Kind::Structure("Tag")), required: false },
            Member { name: "taskRoleArn", kind: Kind::Text, required: false },
            Member {
                name: "trustedExecutionConfiguration",
                kind: Kind::Structure("TrustedExecutionConfiguration"),
                required: false,
            },
            Member { name: "volumes", kind: Kind::List(&Kind::Structure("Volume")), required: false },
        ],
    },
    Structure {
        name: "RepositoryCredentials",
        members: &[Member { name: "credentialsParameter", kind: Kind::Text, required: true }],
    },
    Structure {
        name: "ResourceRequirement",
        members: &[
            Member { name: "sharingStrategy", kind: Kind::Structure("SharingStrategy"), required: false },
            Member { name: "type", kind: Kind::Word(ResourceType::WORDS), required: true },
            Member { name: "value", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "RuntimePlatform",
        members: &[
            Member { name: "cpuArchitecture", kind: Kind::Word(CPUArchitecture::WORDS), required: false },
            Member { name: "operatingSystemFamily", kind: Kind::Word(OSFamily::WORDS), required: false },
        ],
    },
    Structure {
        name: "S3FilesVolumeConfiguration",
        members: &[
            Member { name: "accessPointArn", kind: Kind::Text, required: false },
            Member { name: "fileSystemArn", kind: Kind::Text, required: true },
            Member { name: "rootDirectory", kind: Kind::Text, required: false },
            Member { name: "transitEncryptionPort", kind: Kind::Number, required: false },
        ],
    },
    Structure {
        name: "Secret",
        members: &[
            Member { name: "name", kind: Kind::Text, required: true },
            Member { name: "valueFrom", kind: Kind::Text, required: true },
        ],
    },
    Structure {
        name: "SharingStrategy",
        members: &[Member {
            name: "nvidiaMps",
            kind: Kind::Structure("NvidiaMpsAllocation"),
            required: false,
        }],
    },
    Structure {
        name: "SystemControl",
        members: &[
            Member { name: "namespace", kind: Kind::Text, required: false },
            Member { name: "value", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "Tag",
        members: &[
            Member { name: "key", kind: Kind::Text, required: false },
            Member { name: "value", kind: Kind::Text, required: false },
        ],
    },
    Structure {
        name: "TaskDefinition",
        members: &[
            Member {
                name: "compatibilities",
                kind: Kind::List(&Kind::Word(Compatibility::WORDS)),
                required: false,
            },
            Member {
                name: "containerDefinitions",
                kind: Kind::List(&Kind::Structure("ContainerDefinition")),
                required: false,
            },
            Member { name: "cpu", kind: Kind::Text, required: false },
            Member { name: "deleteRequestedAt", kind: Kind::Time, required: false },
            Member { name: "deregisteredAt", kind: Kind::Time, required: false },
            Member { name: "enableFaultInjection", kind: Kind::Flag, required: false },
            Member { name: "ephemeralStorage", kind: Kind::Structure("EphemeralStorage"), required: false },
            Member { name: "executionRoleArn", kind: Kind::Text, required: false },
            Member { name: "family", kind: Kind::Text, required: false },
            Member {
                name: "inferenceAccelerators",
                kind: Kind::List(&Kind::Structure("InferenceAccelerator")),
                required: false,
            },
            Member { name: "ipcMode", kind: Kind::Word(IpcMode::WORDS), required: false },
            Member { name: "memory", kind: Kind::Text, required: false },
            Member { name: "networkMode", kind: Kind::Word(NetworkMode::WORDS), required: false },
            Member { name: "pidMode", kind: Kind::Word(PidMode::WORDS), required: false },
            Member {
                name: "placementConstraints",
                kind: Kind::List(&Kind::Structure("TaskDefinitionPlacementConstraint")),
                required: false,
            },
            Member {
                name: "proxyConfiguration",
                kind: Kind::Structure("ProxyConfiguration"),
                required: false,
            },
            Member { name: "registeredAt", kind: Kind::Time, required: false },
            Member { name: "registeredBy", kind: Kind::Text, required: false },
            Member {
                name: "requiresAttributes",
                kind: Kind::List(&Kind::Structure("Attribute")),
                required: false,
            },
            Member {
                name: "requiresCompatibilities",
                kind: Kind::List(&Kind::Word(Compatibility::WORDS)),
                required: false,
            },
            Member { name: "revision", kind: Kind::Number, required: false },
            Member { name: "runtimePlatform", kind: Kind::Structure("RuntimePlatform"), required: false },
            Member { name: "status", kind: Kind::Word(TaskDefinitionStatus::WORDS), required: false },
            Member { name: "taskDefinitionArn", kind: Kind::Text, required: false },
            Member { name: "taskRoleArn", kind: Kind::Text, required: false },
            Member {
                name: "trustedExecutionConfiguration",
                kind: Kind::Structure("TrustedExecutionConfiguration"),
                required: false,
            },
            Member { name: "volumes", kind: Kind::List(&Kind::Structure("Volume")), required: false },
        ],
    },
    Structure {
        name: "TaskDefinitionPlacementConstraint",
        members: &[
            Member { name: "expression", kind: Kind::Text, required: false },
            Member {
                name: "type",
                kind: Kind::Word(TaskDefinitionPlacementConstraintType::WORDS),
                required: false,
            },
        ],
    },
    Structure {
        name: "Tmpfs",
        members: &[
            Member { name: "containerPath", kind: Kind::Text, required: true },
            Member { name: "mountOptions", kind: Kind::List(&Kind::Text), required: false },
            Member { name: "size", kind: Kind::Number, required: true },
        ],
    },
    Structure {
        name: "TrustedExecutionConfiguration",
        members: &[
            Member { name: "attestationPolicy", kind: Kind::Text, required: false },
            Member { name: "isolationMode", kind: Kind::Word(IsolationMode::WORDS), required: true },
        ],
    },
    Structure {
        name: "Ulimit",
        members: &[
            Member { name: "hardLimit", kind: Kind::Number, required: true },
            Member { name: "name", kind: Kind::Word(UlimitName::WORDS), required: true },
            Member { name: "softLimit", kind: Kind::Number, required: true },
        ],
    },
    Structure {
        name: "Volume",
        members: &[
            Member { name: "configuredAtLaunch", kind: Kind::Flag, required: false },
            Member {
                name: "dockerVolumeConfiguration",
                kind: Kind::Structure("DockerVolumeConfiguration"),
                required: false,
            },
            Member {
                name: "efsVolumeConfiguration",
                kind: Kind::Structure("EFSVolumeConfiguration"),
                required: false,
            },
            Member {
                name: "fsxWindowsFileServerVolumeConfiguration",
                kind: Kind::Structure("FSxWindowsFileServerVolumeConfiguration"),
                required: false,
            },
            Member { name: "host", kind: Kind::Structure("HostVolumeProperties"), required: false },
            Member { name: "name", kind: Kind::Text, required: false },
            Member {
                name: "s3filesVolumeConfiguration",
                kind: Kind::Structure("S3FilesVolumeConfiguration"),
                required: false,
            },
        ],
    },
    Structure {
        name: "VolumeFrom",
        members: &[
            Member { name: "readOnly", kind: Kind::Flag, required: false },
            Member { name: "sourceContainer", kind: Kind::Text, required: false },
        ],
    },
];
