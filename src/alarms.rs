//! [`AlarmSource`] on Prometheus: an alarm is an expression, and on while that comes to anything but 0.
//!
//! As in an alerting rule, `rate(errors_total[1m]) > 5` comes to nothing while all is well. A number that is 0 is off,
//! too, so that `… > bool 5` means the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use mainstay_actors::ports::AlarmSource;
use serde::Deserialize;
use tokio::net::TcpStream;

/// A Prometheus that has not answered by then is away.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// No answer to an alarm's expression need be longer.
const MOST_BYTES: usize = 1024 * 1024;

/// A Prometheus' address, `http://host:port` with an optional path before `/api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: String,
    path: String,
}

impl Address {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is no URL of this form; nothing is asked for here.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = || "a URL such as \"http://127.0.0.1:9090\"".to_owned();
        let url: hyper::Uri = url.parse().map_err(|_| wrong())?;
        let authority = url.authority().filter(|_| url.scheme_str() == Some("http")).ok_or_else(wrong)?;
        if url.query().is_some() {
            return Err(wrong());
        }
        let authority = match authority.port_u16() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        };
        Ok(Self { authority, path: url.path().trim_end_matches('/').to_owned() })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// The alarms of the configuration.
pub struct PrometheusAlarms {
    address: Arc<Address>,
    /// Expressions by name.
    queries: BTreeMap<String, String>,
}

impl PrometheusAlarms {
    /// Alarms by name, each an expression for this Prometheus.
    pub fn new(address: Address, queries: BTreeMap<String, String>) -> Self {
        Self { address: Arc::new(address), queries }
    }
}

impl AlarmSource for PrometheusAlarms {
    fn knows(&self, name: &str) -> bool {
        self.queries.contains_key(name)
    }

    fn on(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<String>, String>> {
        let looks = names.into_iter().map(|name| {
            let (address, query) = (Arc::clone(&self.address), self.queries.get(&name).cloned());
            async move {
                let query = query
                    .ok_or_else(|| format!("there is no alarm '{name}' in [alarms.queries] any more"))?;
                let asked = tokio::time::timeout(ANSWER_WITHIN, ask(&address, &query)).await;
                let late = || Err(format!("no answer from Prometheus at {address} within {ANSWER_WITHIN:?}"));
                let on = asked.unwrap_or_else(|_| late())?;
                Ok(on.then_some(name))
            }
        });
        let looks = try_join_all(looks);
        async move { looks.await.map(|seen: Vec<Option<String>>| seen.into_iter().flatten().collect()) }
            .boxed()
    }
}

/// Whether an expression comes to anything but 0.
async fn ask(address: &Address, query: &str) -> Result<bool, String> {
    let away = |detail: &dyn std::fmt::Display| format!("no answer from Prometheus at {address}: {detail}");
    let stream = TcpStream::connect(&address.authority).await.map_err(|error| away(&error))?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| away(&error))?;
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
    let request = Request::get(format!("{}/api/v1/query?{query}", address.path))
        .header(HOST, &address.authority)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answered = async {
        let answer = sender.send_request(request).await.map_err(|error| away(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| away(&error))?;
        Ok::<_, String>((head.status, body.to_bytes()))
    };
    tokio::pin!(answered, connection);
    // The connection is driven for as long as its one answer takes, and goes with it.
    let (status, body) = tokio::select! {
        answered = &mut answered => answered?,
        ended = &mut connection => match ended {
            Ok(()) => answered.await?,
            Err(error) => return Err(away(&error)),
        },
    };
    read(status, &body).map_err(|detail| format!("Prometheus at {address} answers {status}: {detail}"))
}

/// An answer of `/api/v1/query`, as far as it is looked at.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    value: Option<(f64, String)>,
}

fn read(status: StatusCode, body: &[u8]) -> Result<bool, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if let Some(error) = answer.error {
        return Err(error);
    }
    let is_on = |value: &str| !value.parse::<f64>().is_ok_and(|number| number == 0.0);
    let Data { result_type, result } =
        answer.data.ok_or_else(|| format!("it says nothing, with status {status}"))?;
    let odd = |error: serde_json::Error| error.to_string();
    match result_type.as_str() {
        "vector" => {
            let samples: Vec<Sample> = serde_json::from_value(result).map_err(odd)?;
            // A sample without a plain number is a histogram, which is something.
            Ok(samples.iter().any(|sample| sample.value.as_ref().is_none_or(|(_, value)| is_on(value))))
        }
        "scalar" => {
            let (_, value): (f64, String) = serde_json::from_value(result).map_err(odd)?;
            Ok(is_on(&value))
        }
        other => Err(format!("its expression comes to a {other}; it must come to a vector or a scalar")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_on_while_its_expression_comes_to_anything_but_zero() {
        let on = |data: &str| {
            let body = format!(r#"{{"status":"success","data":{data}}}"#);
            read(StatusCode::OK, body.as_bytes())
        };
        assert_eq!(on(r#"{"resultType":"vector","result":[]}"#), Ok(false));
        let sample = |value: &str| {
            on(&format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1.5,"{value}"]}}]}}"#))
        };
        assert_eq!(sample("0"), Ok(false));
        assert_eq!(sample("7.5"), Ok(true));
        assert_eq!(sample("NaN"), Ok(true));
        assert_eq!(on(r#"{"resultType":"scalar","result":[1.5,"0"]}"#), Ok(false));
        assert_eq!(on(r#"{"resultType":"scalar","result":[1.5,"1"]}"#), Ok(true));
        assert!(on(r#"{"resultType":"matrix","result":[]}"#).is_err());
        let refused = br#"{"status":"error","errorType":"bad_data","error":"1:4: parse error"}"#;
        assert_eq!(read(StatusCode::BAD_REQUEST, refused), Err("1:4: parse error".into()));
    }

    #[test]
    fn a_prometheus_is_named_by_its_url() {
        let read = |url: &str| Address::parse(url).map(|address| address.to_string());
        assert_eq!(read("http://127.0.0.1:9090"), Ok("http://127.0.0.1:9090".into()));
        assert_eq!(read("http://box/prometheus/"), Ok("http://box:80/prometheus".into()));
        for wrong in ["", "box:9090", "https://box", "http://box?x=1", "http://"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
