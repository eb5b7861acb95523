//! As much HTTP as a fixture needs: one request a connection; what is served takes GET only, and no bodies.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// No request or answer takes longer; a client that says nothing must not hold a thread for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers until the process ends.
///
/// # Errors
/// Where the port cannot be had.
pub fn serve(port: u16, healthy: &'static AtomicBool) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    println!("puppet: serving on port {port}");
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        std::thread::spawn(move || {
            if let Err(error) = answer(stream, healthy) {
                eprintln!("puppet: {error}");
            }
        });
    }
    Ok(())
}

/// GETs `path` from this host; the status and the body.
///
/// # Errors
/// Where nobody answers in time, or not in HTTP.
pub fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    ask((Ipv4Addr::LOCALHOST, port).into(), "GET", path, "")
}

/// Asks `http://ADDRESS[:PORT]/PATH`; the status and the body. No name is looked up.
///
/// # Errors
/// Where the URL is not of that form, or nobody answers in time, or not in HTTP.
pub fn request(method: &str, url: &str, body: &str) -> io::Result<(u16, String)> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "a URL is http://ADDRESS[:PORT]/PATH");
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let address: SocketAddr = host.parse().or_else(|_| format!("{host}:80").parse()).map_err(|_| wrong())?;
    ask(address, method, if path.is_empty() { "/" } else { path }, body)
}

fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    match (status, answer.split_once("\r\n\r\n")) {
        (Some(status), Some((_, body))) => Ok((status, body.to_owned())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP")),
    }
}

fn answer(mut stream: TcpStream, healthy: &AtomicBool) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(stream.try_clone()?).lines();
    let request = head.next().transpose()?.unwrap_or_default();
    // To the blank line: closing with unread input would reset the connection under the answer.
    for line in head {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = respond(path, healthy);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()?;
    if let Some(code) = parameter(path, "/exit?code=") {
        std::process::exit(code);
    }
    if let Some(mib) = parameter(path, "/eat?mib=") {
        crate::eat(usize::try_from(mib).unwrap_or(0));
    }
    Ok(())
}

fn respond(path: &str, healthy: &AtomicBool) -> (&'static str, String) {
    const OK: &str = "200 OK";
    match path {
        "/" => {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            (OK, format!("Hello from {}\n", host.trim_end()))
        }
        "/show" => (OK, crate::show()),
        "/metrics" => (OK, "# TYPE puppet_up gauge\npuppet_up 1\n".to_owned()),
        "/health" if healthy.load(Ordering::Relaxed) => (OK, "healthy\n".to_owned()),
        "/health" => ("503 Service Unavailable", "unhealthy\n".to_owned()),
        "/healthy" | "/unhealthy" => {
            healthy.store(path == "/healthy", Ordering::Relaxed);
            (OK, format!("now {}\n", &path[1..]))
        }
        _ if parameter(path, "/exit?code=").is_some() || parameter(path, "/eat?mib=").is_some() => {
            (OK, "as you wish\n".to_owned())
        }
        _ => ("404 Not Found", format!("no {path}; see puppet --help\n")),
    }
}

fn parameter(path: &str, prefix: &str) -> Option<i32> {
    path.strip_prefix(prefix)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_what_it_was_last_told() {
        let healthy = AtomicBool::new(true);
        assert_eq!(respond("/health", &healthy).0, "200 OK");
        respond("/unhealthy", &healthy);
        assert_eq!(respond("/health", &healthy).0, "503 Service Unavailable");
        respond("/healthy", &healthy);
        assert_eq!(respond("/health", &healthy).0, "200 OK");
    }

    #[test]
    fn a_url_has_an_address_and_nothing_else_is_one() {
        for wrong in ["", "ftp://127.0.0.1/", "http://localhost/", "http:///"] {
            assert_eq!(
                request("GET", wrong, "").err().map(|error| error.kind()),
                Some(io::ErrorKind::InvalidInput)
            );
        }
    }

    #[test]
    fn a_wrong_path_or_number_is_not_found() {
        let healthy = AtomicBool::new(true);
        for path in ["/exit", "/exit?code=x", "/eat?mib=", ""] {
            assert_eq!(respond(path, &healthy).0, "404 Not Found", "{path}");
        }
    }
}
