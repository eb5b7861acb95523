use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::*;

/// What an endpoint answers, call by call; the last one again and again.
type Answers = Vec<(u16, String)>;

#[derive(Clone, Default)]
struct Endpoint {
    answers: Arc<Mutex<Answers>>,
    /// Target or path, body, and the scope of the signature, of each call.
    calls: Arc<Mutex<Vec<(String, String, String)>>>,
}

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let scope = header("authorization").unwrap();
    let scope = scope.split('/').skip(2).take(2).collect::<Vec<_>>().join("/");
    let what = header("x-amz-target").unwrap_or_else(|| head.uri.path().to_owned());
    endpoint.calls.lock().unwrap().push((what, String::from_utf8_lossy(&body).into_owned(), scope));
    let mut answers = endpoint.answers.lock().unwrap();
    let (status, text) = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

/// An endpoint that answers so, and this host's way to it.
async fn endpoint(answers: &[(u16, &str)]) -> (Endpoint, Aws, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("credentials");
    std::fs::write(&file, "[default]\naws_access_key_id = A\naws_secret_access_key = hunter3\n").unwrap();
    let endpoint = Endpoint::default();
    *endpoint.answers.lock().unwrap() =
        answers.iter().map(|(status, text)| (*status, (*text).to_owned())).collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(endpoint.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let keys = Keys { file: Some(file), profile: "default".into() };
    (endpoint, Aws::new(&address, "us-west-2", keys), home)
}

async fn secret(aws: &Aws, value_from: &str) -> Result<String, SecretError> {
    let found = aws.secret(&SecretSource::parse(value_from).unwrap()).await;
    found.map(|found| found.reveal().to_owned())
}

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:shop/db-AbCdEf";

#[tokio::test]
async fn a_secret_is_asked_for_by_its_arn_in_its_region_and_read_by_its_key() {
    let value = r#"{"SecretString": "{\"user\": \"shop\", \"port\": 5432}"}"#;
    let (endpoint, aws, _home) = endpoint(&[(200, value)]).await;
    assert_eq!(secret(&aws, &format!("{ARN}:user:AWSPREVIOUS:")).await.as_deref(), Ok("shop"));
    assert_eq!(secret(&aws, &format!("{ARN}:port::9d4c")).await.as_deref(), Ok("5432"));
    let calls = endpoint.calls.lock().unwrap().clone();
    let (target, body, scope) = &calls[0];
    assert_eq!(
        (target.as_str(), scope.as_str()),
        ("secretsmanager.GetSecretValue", "eu-west-1/secretsmanager")
    );
    let asked: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(asked, json!({"SecretId": ARN, "VersionStage": "AWSPREVIOUS"}));
    let asked: serde_json::Value = serde_json::from_str(&calls[1].1).unwrap();
    assert_eq!(asked, json!({"SecretId": ARN, "VersionId": "9d4c"}));
}

#[tokio::test]
async fn a_parameter_is_asked_for_by_its_name_and_an_object_by_its_path() {
    let (endpoint, aws, _home) = endpoint(&[(200, r#"{"Parameters": [{"Value": "hunter2"}]}"#)]).await;
    assert_eq!(secret(&aws, "/shop/token").await.as_deref(), Ok("hunter2"));
    let object = S3Object { bucket: "shop".into(), key: "a b/web+1.env".into() };
    aws.object(&object).await.unwrap();
    let calls = endpoint.calls.lock().unwrap().clone();
    assert_eq!((calls[0].0.as_str(), calls[0].2.as_str()), ("AmazonSSM.GetParameters", "us-west-2/ssm"));
    assert_eq!((calls[1].0.as_str(), calls[1].2.as_str()), ("/shop/a%20b/web%2B1.env", "us-west-2/s3"));
}

#[tokio::test]
async fn an_endpoint_that_is_too_busy_is_asked_again_and_then_said_to_be() {
    let busy = (400, r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#);
    let (one, aws, _home) = endpoint(&[busy, (503, ""), (200, r#"{"SecretString": "hunter2"}"#)]).await;
    assert_eq!(secret(&aws, ARN).await.as_deref(), Ok("hunter2"));
    assert_eq!(one.calls.lock().unwrap().len(), 3);
    let (other, aws, _home) = endpoint(&[busy]).await;
    let said = secret(&aws, ARN).await.unwrap_err();
    let text = "execution resource retrieval failed: unable to retrieve secret from asm: service call has been \
                retried 3 time(s): ThrottlingException: Rate exceeded";
    assert_eq!(said, SecretError::Unreachable(text.into()));
    assert_eq!(other.calls.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn what_an_endpoint_refuses_is_said_once_in_its_words() {
    let denied = r#"{"__type": "com.amazon#AccessDeniedException", "Message": "not you"}"#;
    let missing = "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>";
    let (endpoint, aws, _home) = endpoint(&[
        (400, denied),
        (200, r#"{"Parameters": [], "InvalidParameters": ["/shop/none"]}"#),
        (404, missing),
        (200, "hunter2"),
    ])
    .await;
    let said = |error: SecretError| match error {
        SecretError::NotFound(text) => text,
        SecretError::Unreachable(text) => panic!("{text}"),
    };
    let text = said(secret(&aws, ARN).await.unwrap_err());
    assert!(text.ends_with("retried 0 time(s): AccessDeniedException: not you"), "{text}");
    let text = said(secret(&aws, "/shop/none").await.unwrap_err());
    assert!(text.ends_with("unable to retrieve secrets from ssm: invalid parameters: /shop/none"), "{text}");
    let object = S3Object { bucket: "shop".into(), key: "none.env".into() };
    let text = said(aws.object(&object).await.unwrap_err());
    assert_eq!(text, "service call has been retried 0 time(s): NoSuchKey: no such key");
    let text = said(secret(&aws, ARN).await.unwrap_err());
    assert!(text.contains("not as AWS's are") && !text.contains("hunter2"), "{text}");
    assert_eq!(endpoint.calls.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_and_a_key_that_is_not_there_are_told_apart() {
    let nobody = Keys { file: Some("/nowhere/credentials".into()), profile: "default".into() };
    let without = Aws::new("http://127.0.0.1:1", "us-west-2", nobody);
    match secret(&without, ARN).await {
        Err(SecretError::NotFound(text)) => assert!(text.contains("/nowhere/credentials"), "{text}"),
        other => panic!("{other:?}"),
    }
    let (_, _, home) = endpoint(&[(200, "")]).await;
    let keys = Keys { file: Some(home.path().join("credentials")), profile: "default".into() };
    match secret(&Aws::new("http://127.0.0.1:1", "us-west-2", keys), ARN).await {
        Err(SecretError::Unreachable(text)) => assert!(text.contains("127.0.0.1:1"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endpoint_is_an_address_with_or_without_places_to_fill() {
    for right in [
        "http://127.0.0.1:5000",
        "http://localhost:4566/",
        "https://{service}.{region}.amazonaws.com",
        "https://vault.example.com:8443",
    ] {
        assert!(is_endpoint(right), "{right}");
    }
    for wrong in [
        "",
        "127.0.0.1:5000",
        "ftp://a",
        "https://",
        "http://a/b",
        "http://a?b",
        "https://{what}.com",
        "http://u:p@a",
    ] {
        assert!(!is_endpoint(wrong), "{wrong}");
    }
}
