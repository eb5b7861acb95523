//! What a container is told, and who it is for whoever asks with that.

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_actors::sim::{container, definition, run_task};
use mainstay_core::TaskId;
use mainstay_core::model::{Overrides, TaskDefinition};

use super::*;
use crate::api::tests::support::{Tree, eventually, tree};

const ROLE: &str = "arn:aws:iam::000000000000:role/web";

fn endpoint(tree: &Tree, port: Option<u16>, roles: Roles) -> Endpoint {
    Endpoint {
        control: tree.control.clone(),
        engine: Arc::new(DockerEngine::new("unix:///nowhere", "nobody")),
        ids: Ids::new(&[7; ids::KEY]),
        roles,
        samples: Samples::default(),
        at: port.map(|port| SocketAddr::from((ADDRESS, port))),
    }
}

fn roles(folder: &std::path::Path) -> Roles {
    std::fs::create_dir_all(folder.join("000000000000")).unwrap();
    let text = r#"{"AccessKeyId": "AKIA", "SecretAccessKey": "hunter2"}"#;
    std::fs::write(folder.join("000000000000/web.json"), text).unwrap();
    Roles { folder: Some(folder.to_owned()), account: "000000000000".into() }
}

fn spec(definition: &TaskDefinition, overrides: &Overrides, launch_type: LaunchType) -> TaskSpec {
    let (id, cluster) = (TaskId::new("a".repeat(32)), mainstay_core::ClusterName::new("default"));
    let mut spec =
        TaskSpec::new(id, "arn".into(), cluster, "g".into(), definition, overrides, Duration::from_secs(30));
    spec.launch_type = Some(launch_type);
    spec
}

async fn told(endpoint: &Endpoint, spec: &TaskSpec) -> BTreeMap<&'static str, String> {
    let told = endpoint.variables(spec, &spec.containers[0]).await;
    told.into_iter().map(|variable| (variable.name, variable.value.reveal().to_owned())).collect()
}

#[tokio::test]
async fn a_container_is_told_where_everything_is_by_port_and_credentials_only_where_its_role_has_some() {
    let (tree, folder) = (tree().await, tempfile::tempdir().unwrap());
    let definition =
        TaskDefinition { task_role_arn: Some(ROLE.into()), ..definition("web", vec![container("web")]) };
    let spec = |overrides: &Overrides| spec(&definition, overrides, LaunchType::Ec2);
    let plain = spec(&Overrides::default());
    let other = endpoint(&tree, Some(20_000), roles(folder.path()));
    let with = told(&other, &plain).await;
    let id = other.ids.container(&plain.id, &plain.containers[0].definition.name);
    let credentials = other.ids.credentials(&plain.id);
    let expected = [
        ("AWS_EXECUTION_ENV", "AWS_ECS_EC2".to_owned()),
        ("ECS_CONTAINER_METADATA_URI", format!("http://169.254.170.2:20000/v3/{id}")),
        ("ECS_CONTAINER_METADATA_URI_V4", format!("http://169.254.170.2:20000/v4/{id}")),
        ("ECS_AGENT_URI", format!("http://169.254.170.2:20000/api/{id}")),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("http://169.254.170.2:20000/v2/credentials/{credentials}"),
        ),
    ];
    assert_eq!(with, expected.into());
    let at_80 = told(&endpoint(&tree, Some(80), roles(folder.path())), &plain).await;
    assert_eq!(at_80["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], format!("/v2/credentials/{credentials}"));
    assert_eq!(at_80["ECS_AGENT_URI"], format!("http://169.254.170.2/api/{id}"));
    assert!(!at_80.contains_key("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    let overridden = spec(&Overrides {
        task_role_arn: Some("arn:aws:iam::000000000000:role/other".into()),
        ..Overrides::default()
    });
    let without = told(&other, &overridden).await;
    assert!(without.keys().all(|name| !name.contains("CREDENTIALS")) && without.len() == 4, "{without:?}");
}

#[tokio::test]
async fn a_container_is_told_nothing_that_would_lead_nowhere() {
    let tree = tree().await;
    let plain = definition("web", vec![container("web")]);
    let spec = |definition: &TaskDefinition| spec(definition, &Overrides::default(), LaunchType::Fargate);
    let names = async |port: Option<u16>, definition: &TaskDefinition| {
        let told = told(&endpoint(&tree, port, Roles::default()), &spec(definition)).await;
        assert_eq!(told["AWS_EXECUTION_ENV"], "AWS_ECS_FARGATE");
        told.len()
    };
    assert_eq!(names(Some(1), &plain).await, 4);
    assert_eq!(names(None, &plain).await, 1);
    assert_eq!(names(Some(1), &TaskDefinition { network_mode: NetworkMode::None, ..plain.clone() }).await, 1);
    let mut alone = container("web");
    alone.options.disable_networking = Some(true);
    assert_eq!(names(Some(1), &definition("web", vec![alone])).await, 1);
}

#[tokio::test]
async fn an_id_leads_to_its_container_and_credentials_until_the_task_is_over() {
    let tree = tree().await;
    tree.host("default").await;
    let made = TaskDefinition {
        task_role_arn: Some(ROLE.into()),
        ..definition("web", vec![container("web"), container("log")])
    };
    let made = tree.control.register_task_definition(made).await.unwrap();
    let ran = tree.control.run_task(run_task(made.key.clone(), 2)).await.unwrap();
    let (task, other) = (&ran.tasks[0], &ran.tasks[1]);
    let endpoint = endpoint(&tree, Some(1), Roles::default());
    let id = endpoint.ids.container(&task.id, &task.containers[1].name);
    let (found, place) = endpoint.container(&id).unwrap();
    assert_eq!((&found.id, place), (&task.id, 1));
    assert!(endpoint.container(&id.replace(task.id.as_str(), other.id.as_str())).is_none());
    let credentials = endpoint.ids.credentials(&task.id);
    assert!(endpoint.container(&credentials).is_none() && endpoint.task_of_credentials(&id).is_none());
    let found = endpoint.task_of_credentials(&credentials).unwrap();
    assert_eq!((&found.id, endpoint.role(&found).as_deref()), (&task.id, Some(ROLE)));
    tree.control.stop_task(task.id.clone(), None).await.unwrap();
    eventually(|| endpoint.task_of_credentials(&credentials).is_none()).await;
    assert!(endpoint.container(&id).is_some(), "its metadata are still told");
}
