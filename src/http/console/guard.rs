//! Who may come by browser: nobody who was led here by another site.
//!
//! A page of another site can have a browser send forms here (answered with 403 where the browser says whence it comes), and
//! can have its own name lead to this address (DNS rebinding), so that the browser takes this for that site: a name that is
//! not known to be this host's is refused. An address is no name, and needs no further look.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

    /// # Errors
    /// Why this request is not carried out, for people.
    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), String> {
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or_default();
        let Ok(here) = host.parse::<Authority>() else {
            return Err(format!(
                "The header Host is '{host}'; it must be the address or a name of this host."
            ));
        };
        if !self.knows(here.host()) {
            return Err(format!(
                "The console is not known by the name '{}'. Come by its address or as localhost, or add the name to \
                 server.names of its configuration.",
                here.host()
            ));
        }
        if method.is_safe() {
            return Ok(());
        }
        let site = text(header::HeaderName::from_static("sec-fetch-site"));
        let origin = text(header::ORIGIN);
        let is_foreign =
            |origin: &str| origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host));
        if site.is_some_and(|site| site != "same-origin") || origin.is_some_and(is_foreign) {
            return Err(format!(
                "The form was sent from {}, and only the console's own pages may change things here. Open the page on \
                 {host} and try again.",
                origin.unwrap_or("another site")
            ));
        }
        Ok(())
    }
}

/// Refuses whoever was led here by another site.
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
        let pair = |line: &&str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap())
        };
        hosts.check(&method, &headers.iter().map(pair).collect()).err().unwrap_or_default()
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
