//! Who this host is at a registry: what `docker login` wrote down, or a credential helper says.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use hyper::Request;
use hyper::header::HeaderValue;
use mainstay_actors::ports::Credentials;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The header in which an engine is told who pulls.
const AUTH_HEADER: &str = "x-registry-auth";
/// A helper that takes longer hangs.
const HELPER_WITHIN: Duration = Duration::from_secs(10);
/// What a helper says for a name where the secret is a token, not a password.
const TOKEN: &str = "<token>";
/// Under these the Docker Hub's credentials may stand.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// A `config.json` of Docker's, as far as it is about registries.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Auth>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    /// `name:password` in base64.
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The daemon user's own file: in `$DOCKER_CONFIG`, else in `~/.docker`.
pub(super) fn own_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

/// What the file says of a registry, read anew each time, since people log in and out; `None` where it says nothing.
///
/// # Errors
/// Where it cannot be read, or a helper that it names does not answer.
pub(super) async fn of_registry(file: &Path, registry: &str) -> Result<Option<DockerCredentials>, String> {
    let Some(config) = read_file(file).await? else { return Ok(None) };
    let helper = config.cred_helpers.iter().find(|(server, _)| is_of(server, registry));
    let store = Some(&config.creds_store).filter(|name| !name.is_empty());
    let stored = config.auths.iter().find(|(server, _)| is_of(server, registry));
    if let Some(helper) = helper.map(|(_, name)| name).or(store) {
        let server = stored.map_or_else(|| server_of(registry), |(server, _)| server.clone());
        if let Some(answer) = ask_helper(helper, &server).await? {
            return Ok(Some(answer));
        }
    }
    stored.map_or(Ok(None), |(server, auth)| {
        read(auth).map_err(|why| format!("auths.{server} of {}: {why}", file.display()))
    })
}

/// What the file says of each registry it names, by the address under which engines know it. One whose helper does not
/// answer is left out, with a word in the log: whether it is needed, nobody knows yet.
///
/// # Errors
/// Where the file cannot be read.
pub(super) async fn of_all(file: &Path) -> Result<HashMap<String, DockerCredentials>, String> {
    let Some(config) = read_file(file).await? else { return Ok(HashMap::new()) };
    let mut all = HashMap::new();
    for server in config.auths.keys().chain(config.cred_helpers.keys()) {
        let host = server.trim_start_matches("https://").trim_start_matches("http://");
        let registry = if is_of(server, HUB[0]) { HUB[0] } else { host.split('/').next().unwrap_or(host) };
        match of_registry(file, registry).await {
            Ok(Some(found)) => drop(all.insert(server_of(registry), found)),
            Ok(None) => {}
            Err(why) => tracing::warn!(registry, why, "no credentials for a registry"),
        }
    }
    Ok(all)
}

/// What is given for one pull.
pub(super) fn given(credentials: &Credentials, registry: &str) -> DockerCredentials {
    DockerCredentials {
        username: Some(credentials.username.clone()),
        password: Some(credentials.password.clone()),
        serveraddress: Some(server_of(registry)),
        ..Default::default()
    }
}

/// Whether a key of the file, which may be an address, is about a registry.
fn is_of(key: &str, registry: &str) -> bool {
    let host = key.trim_start_matches("https://").trim_start_matches("http://");
    let host = host.split('/').next().unwrap_or(host);
    host == registry || (registry == HUB[0] && HUB.contains(&host))
}

/// The address under which helpers and engines know a registry.
fn server_of(registry: &str) -> String {
    if registry == HUB[0] { "https://index.docker.io/v1/".into() } else { registry.to_owned() }
}

async fn read_file(file: &Path) -> Result<Option<Config>, String> {
    let text = match tokio::fs::read(file).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
    };
    let config = serde_json::from_slice(&text)
        .map_err(|error| format!("{} is not a config.json of Docker's: {error}", file.display()))?;
    Ok(Some(config))
}

fn read(auth: &Auth) -> Result<Option<DockerCredentials>, String> {
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (mut username, mut password) = (filled(&auth.username), filled(&auth.password));
    if !auth.auth.is_empty() {
        let plain =
            STANDARD.decode(auth.auth.trim()).map_err(|error| format!("auth is no base64: {error}"))?;
        let plain = String::from_utf8(plain).map_err(|_| "auth is no text")?;
        let (name, secret) = plain.split_once(':').ok_or("auth is not name:password")?;
        // Docker pads with zero bytes.
        (username, password) = (filled(name), filled(secret.trim_end_matches('\0')));
    }
    let identitytoken = filled(&auth.identitytoken);
    if username.is_none() && identitytoken.is_none() {
        return Ok(None);
    }
    Ok(Some(DockerCredentials { username, password, identitytoken, ..Default::default() }))
}

async fn ask_helper(name: &str, server: &str) -> Result<Option<DockerCredentials>, String> {
    let program = format!("docker-credential-{name}");
    let asked = async {
        let mut child = Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(server.as_bytes()).await?;
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(HELPER_WITHIN, asked)
        .await
        .map_err(|_| format!("{program} did not answer within {HELPER_WITHIN:?}"))?
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // The one answer that is no mistake.
        if said.contains("credentials not found") {
            return Ok(None);
        }
        return Err(format!("{program} failed: {said}"));
    }
    // What it said instead may be a secret, and is not repeated.
    let Answer { username, secret } = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("{program} answered something else than a name and a secret"))?;
    let credentials = if username == TOKEN {
        DockerCredentials { identitytoken: Some(secret), ..Default::default() }
    } else {
        DockerCredentials { username: Some(username), password: Some(secret), ..Default::default() }
    };
    Ok(Some(DockerCredentials { serveraddress: Some(server.to_owned()), ..credentials }))
}

/// Writes credentials as engines read them, in base64url: bollard's header is in the usual base64, of which they take
/// only what is the same in both.
pub(super) fn as_engines_read_it<B>(mut request: Request<B>) -> Request<B> {
    if let Some(header) = request.headers_mut().get_mut(AUTH_HEADER) {
        let written: Vec<u8> = header.as_bytes().iter().copied().map(in_base64url).collect();
        if let Ok(mut value) = HeaderValue::from_bytes(&written) {
            value.set_sensitive(true);
            *header = value;
        }
    }
    request
}

fn in_base64url(letter: u8) -> u8 {
    match letter {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;

    use super::*;

    fn auth(text: &str) -> Auth {
        Auth { auth: STANDARD.encode(text), ..Auth::default() }
    }

    #[test]
    fn a_key_may_be_an_address_and_the_hub_has_several() {
        assert!(is_of("127.0.0.1:5000", "127.0.0.1:5000"));
        assert!(is_of("https://ghcr.io/v2/", "ghcr.io") && is_of("http://ghcr.io", "ghcr.io"));
        assert!(is_of("https://index.docker.io/v1/", "docker.io"));
        assert!(
            !is_of("127.0.0.1:5000", "127.0.0.1:5001") && !is_of("https://index.docker.io/v1/", "ghcr.io")
        );
    }

    #[test]
    fn a_password_may_have_colons() {
        let read = read(&auth("me:a:b")).unwrap().unwrap();
        assert_eq!((read.username.as_deref(), read.password.as_deref()), (Some("me"), Some("a:b")));
        assert_eq!(super::read(&Auth::default()), Ok(None));
        assert!(super::read(&auth("nobody")).unwrap_err().contains("name:password"));
    }

    #[test]
    fn a_password_reaches_the_engine_whatever_letters_it_has() {
        let sent = DockerCredentials { password: Some("~~~???>>>".into()), ..Default::default() };
        let written = STANDARD.encode(serde_json::to_vec(&sent).unwrap());
        assert!(written.contains('+') && written.contains('/'), "a password that shows it");
        let request = Request::builder().header(AUTH_HEADER, written).body(()).unwrap();
        let request = as_engines_read_it(request);
        let read = URL_SAFE.decode(&request.headers()[AUTH_HEADER]).unwrap();
        assert_eq!(serde_json::from_slice::<DockerCredentials>(&read).unwrap(), sent);
    }

    #[tokio::test]
    async fn the_file_is_read_and_what_is_wrong_with_it_is_said() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.json");
        assert_eq!(of_registry(&file, "ghcr.io").await, Ok(None), "no file, no credentials");
        let text =
            format!(r#"{{"auths": {{"https://ghcr.io/v2/": {{"auth": "{}"}}}}}}"#, STANDARD.encode("me:pw"));
        std::fs::write(&file, text).unwrap();
        let found = of_registry(&file, "ghcr.io").await.unwrap().unwrap();
        assert_eq!(found.password.as_deref(), Some("pw"));
        assert_eq!(of_registry(&file, "quay.io").await, Ok(None));
        let all = of_all(&file).await.unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["ghcr.io"]);
        std::fs::write(&file, "{").unwrap();
        assert!(of_registry(&file, "ghcr.io").await.unwrap_err().contains("config.json"));
        std::fs::write(&file, r#"{"credsStore": "nowhere-to-be-found"}"#).unwrap();
        let refusal = of_registry(&file, "ghcr.io").await.unwrap_err();
        assert!(refusal.contains("docker-credential-nowhere-to-be-found"), "{refusal}");
    }
}
