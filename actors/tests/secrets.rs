//! Secrets and environment files are looked up when a task starts, and get into its containers and nowhere else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use mainstay_actors::sim::container;
use mainstay_core::model::{
    ContainerDefinition, ContainerOverride, LogConfiguration, Secret, StopCode, TaskStatus,
};
use support::*;

fn with_secrets(names: &[(&str, &str)]) -> ContainerDefinition {
    let secret =
        |(name, value_from): &(&str, &str)| Secret { name: (*name).into(), value_from: (*value_from).into() };
    ContainerDefinition {
        environment: vec![("GIVEN".into(), "given".into())],
        secrets: names.iter().map(secret).collect(),
        environment_files: vec!["arn:aws:s3:::shop/a.env".into(), "arn:aws:s3:::shop/b.env".into()],
        ..container("web")
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_has_its_secrets_and_the_variables_of_its_files() {
    let world = world().await;
    world.secrets.set("/shop/password", "hunter2");
    world.secrets.set("shop/a.env", "GIVEN=file\nFILE=a\n");
    world.secrets.set("shop/b.env", "FILE=b\nOTHER=b\n");
    let web = world.define("web", vec![with_secrets(&[("PASSWORD", "/shop/password")])]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    let found = world.engine.environment(&running(&world)[0]);
    let expected = [("GIVEN", "given"), ("PASSWORD", "hunter2"), ("FILE", "a"), ("OTHER", "b")];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    // All that the control plane knows, in the form that shows most.
    let known = format!("{:?} {:?}", world.view().tasks.all(), world.view().definitions.all());
    assert!(known.contains("/shop/password") && !known.contains("hunter2"));
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_secret_or_file_that_is_not_there_fails_the_task_in_the_words_of_ecs() {
    let world = world().await;
    let web = world.define("web", vec![with_secrets(&[("PASSWORD", "/shop/password")])]).await.unwrap();
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    assert_eq!(ended.stop_code, Some(StopCode::TaskFailedToStart));
    let reason = ended.stopped_reason.clone().unwrap();
    let words = "ResourceInitializationError: unable to pull secrets or registry auth: /shop/password";
    assert!(reason.starts_with(words), "{reason}");
    world.secrets.set("/shop/password", "hunter2");
    let ended = stopped(&world, &run(&world, &web, 1).await.tasks[0].id).await;
    let reason = ended.stopped_reason.clone().unwrap();
    let words = "ResourceInitializationError: failed to download env files: arn:aws:s3:::shop/a.env";
    assert!(reason.starts_with(words), "{reason}");
    assert_eq!(world.engine.containers(), []);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_waited_for() {
    let world = world().await;
    world.secrets.set("/shop/password", "hunter2");
    world.secrets.set("shop/a.env", "");
    world.secrets.set("shop/b.env", "");
    world.secrets.away(true);
    let web = world.define("web", vec![with_secrets(&[("PASSWORD", "/shop/password")])]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    pass(10 * MIN).await;
    assert_eq!(task(&world, &ran.tasks[0].id).last_status, TaskStatus::Pending);
    world.secrets.away(false);
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    assert_lawful(&world);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_stopped_while_it_waits_for_its_provider_is_over_at_once() {
    let world = world().await;
    world.secrets.away(true);
    let web = world.define("web", vec![with_secrets(&[])]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    pass(MIN).await;
    world.control().stop_task(ran.tasks[0].id.clone(), None).await.unwrap();
    until(&world, "over", SEC, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Stopped).await;
    assert_eq!(world.engine.containers(), []);
}

#[tokio::test(start_paused = true)]
async fn a_log_driver_is_told_what_was_looked_up_for_it() {
    let world = world().await;
    world.secrets.set("/shop/splunk", "hunter2");
    let logs = LogConfiguration {
        driver: "splunk".into(),
        options: vec![("splunk-url".into(), "http://127.0.0.1:8088".into())],
        secret_options: vec![Secret { name: "splunk-token".into(), value_from: "/shop/splunk".into() }],
    };
    let with_logs = ContainerDefinition { log_configuration: Some(logs), ..container("web") };
    let web = world.define("web", vec![with_logs]).await.unwrap();
    let ran = run(&world, &web, 1).await;
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    let told = world.engine.log_options(&running(&world)[0]);
    assert_eq!(told, [("splunk-token".to_owned(), "hunter2".to_owned())].into());
    let known = format!("{:?} {:?}", world.view().tasks.all(), world.view().definitions.all());
    assert!(known.contains("/shop/splunk") && !known.contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn files_that_an_override_names_come_in_place_of_the_definitions() {
    let world = world().await;
    world.secrets.set("/shop/password", "hunter2");
    world.secrets.set("shop/other.env", "OTHER=c\n");
    let web = world.define("web", vec![with_secrets(&[("PASSWORD", "/shop/password")])]).await.unwrap();
    let mut request = mainstay_actors::sim::run_task(web, 1);
    request.overrides.containers.push(ContainerOverride {
        name: "web".into(),
        environment_files: Some(vec!["arn:aws:s3:::shop/other.env".into()]),
        ..ContainerOverride::default()
    });
    let ran = world.control().run_task(request).await.unwrap();
    until(&world, "up", MIN, |w| task(w, &ran.tasks[0].id).last_status == TaskStatus::Running).await;
    let found = world.engine.environment(&running(&world)[0]);
    let expected = [("GIVEN", "given"), ("PASSWORD", "hunter2"), ("OTHER", "c")];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}
