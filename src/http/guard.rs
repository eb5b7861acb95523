//! Who may come by browser: nobody who was led here by another site.
//!
//! A page of another site can have a browser send forms here (answered with 403 where the browser says whence it comes), and
//! can have its own name lead to this address (DNS rebinding), so that the browser takes this for that site: for the console
//! and for what can be read beside the API, a name that is not known to be this host's is refused. An address is no name,
//! and needs no further look.
//!
//! The API answers by any name, since its clients are no browsers: of what changes something, browsers say whose page sends
//! it, whatever name it came by, and clients do not. `/metrics`, `/v1/sd/prometheus` and the probes answer by any name, too:
//! who scrapes may know this host by one that it does not know itself.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Shared;

/// The names of this host.
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// The host's own name, and others.
    pub(super) fn new(host: String, mut names: Vec<String>) -> Self {
        names.push(host);
        Self(names)
    }

    fn knows(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        address.parse::<std::net::IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.0.iter().any(|known| known.eq_ignore_ascii_case(&name))
    }

    /// What is asked of the console.
    ///
    /// # Errors
    /// Why this request is not carried out, for people.
    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), String> {
        self.check_name(headers)?;
        if method.is_safe() { Ok(()) } else { check_page(headers) }
    }

    /// What is asked of the API.
    ///
    /// # Errors
    /// Where a page asks that is not the console's.
    fn check_call(&self, headers: &HeaderMap) -> Result<(), String> {
        if !headers.contains_key(header::ORIGIN) {
            return Ok(());
        }
        self.check_name(headers)?;
        check_page(headers)
    }

    /// # Errors
    /// Where it came by a name that is not known.
    fn check_name(&self, headers: &HeaderMap) -> Result<(), String> {
        let host = text(headers, header::HOST);
        let Ok(here) = host.parse::<Authority>() else {
            return Err(format!(
                "The header Host is '{host}'; it must be the address or a name of this host."
            ));
        };
        if !self.knows(here.host()) {
            return Err(format!(
                "Mainstay is not known by the name '{}' here. Come by its address or as localhost, or add the name to \
                 server.names of its configuration.",
                here.host()
            ));
        }
        Ok(())
    }
}

/// # Errors
/// Where another site's page sent it.
fn check_page(headers: &HeaderMap) -> Result<(), String> {
    let host = text(headers, header::HOST);
    let given = |name: header::HeaderName| headers.contains_key(&name).then(|| text(headers, name));
    let site = given(header::HeaderName::from_static("sec-fetch-site"));
    let origin = given(header::ORIGIN);
    let is_foreign =
        |origin: &str| origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host));
    if site.is_some_and(|site| site != "same-origin") || origin.is_some_and(is_foreign) {
        return Err(format!(
            "This was sent from {}, and only the console's own pages may change things here. Open the page on {host} \
             and try again.",
            origin.unwrap_or("another site")
        ));
    }
    Ok(())
}

/// A header's text; empty where it is absent or no text.
fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// For what can be read beside the API: refuses whoever came by a name that is not known.
pub(super) async fn names(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match shared.console.hosts.check_name(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refused(&why),
    }
}

/// For the API: refuses pages, but for the console's own.
pub(super) async fn pages(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match shared.console.hosts.check_call(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refused(&why),
    }
}

/// Each client finds the words where it looks for them.
fn refused(why: &str) -> Response {
    let body = json!({ "error": why, "__type": "AccessDeniedException", "message": why });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

/// For the console: refuses whoever was led here by another site.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match shared.console.hosts.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a request; `headers` as `name: value`.
    fn check(method: Method, headers: &[&str]) -> String {
        let hosts = Hosts::new("ship".into(), vec!["console.example".into()]);
        hosts.check(&method, &map(headers)).err().unwrap_or_default()
    }

    fn map(headers: &[&str]) -> HeaderMap {
        let pair = |line: &&str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap())
        };
        headers.iter().map(pair).collect()
    }

    #[test]
    fn addresses_and_known_names_lead_here_and_no_others() {
        for host in [
            "127.0.0.1:7077",
            "[::1]:7077",
            "192.0.2.7",
            "localhost:7077",
            "LOCALHOST",
            "a.localhost:1",
            "ship:7077",
            "console.example",
            "Console.Example.:80",
        ] {
            assert_eq!(check(Method::GET, &[&format!("host: {host}")]), "", "{host}");
        }
        for host in ["evil.example:7077", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost"]
        {
            assert!(check(Method::GET, &[&format!("host: {host}")]).contains("server.names"), "{host}");
        }
        assert!(check(Method::GET, &[]).contains("Host is ''"));
    }

    #[test]
    fn calls_of_clients_come_by_any_name_and_those_of_foreign_pages_by_none() {
        let call = |headers: &[&str]| {
            let hosts = Hosts::new("ship".into(), Vec::new());
            hosts.check_call(&map(headers)).err().unwrap_or_default()
        };
        for host in ["host: mainstay.internal:7077", "host: localhost:7077", "accept: */*"] {
            assert_eq!(call(&[host]), "", "{host}");
        }
        assert_eq!(call(&["host: localhost:7077", "origin: http://localhost:7077"]), "");
        let rebound = call(&["host: evil.example:7077", "origin: http://evil.example:7077"]);
        assert!(rebound.contains("server.names"), "{rebound}");
        let foreign = call(&["host: localhost:7077", "origin: http://evil.example"]);
        assert!(foreign.contains("only the console's own pages"), "{foreign}");
    }

    #[test]
    fn forms_of_other_sites_are_refused_and_told_whence_they_came() {
        let host = "host: localhost:7077";
        for ours in [
            vec![host],
            vec![host, "origin: http://localhost:7077"],
            vec![host, "sec-fetch-site: same-origin"],
        ] {
            assert_eq!(check(Method::POST, &ours), "");
        }
        for theirs in [
            "origin: http://evil.example",
            "origin: null",
            "origin: http://localhost:8080",
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
            "sec-fetch-site: none",
        ] {
            let said = check(Method::POST, &[host, theirs]);
            assert!(said.contains("only the console's own pages"), "{theirs}: {said}");
            assert_eq!(check(Method::GET, &[host, theirs]), "", "looking changes nothing");
        }
        assert!(
            check(Method::POST, &[host, "origin: http://evil.example"]).contains("from http://evil.example")
        );
    }
}
