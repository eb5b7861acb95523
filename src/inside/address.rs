//! The address at which AWS's SDKs look for the credentials of a task.
//!
//! It is put on the loopback interface, where the host itself answers for it: containers of bridge networks come to it by
//! their gateway, which is the host, and those in the host's network directly. It stays there: other daemons of this host
//! have it, too, each with a port of its own.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::process::Command;

/// The address; the SDKs take it by heart.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
/// `ip` has nothing to wait for.
const IP_WITHIN: Duration = Duration::from_secs(5);

/// Whether this host has the address.
pub(super) async fn is_here() -> bool {
    let bound = UdpSocket::bind((ADDRESS, 0)).await;
    !matches!(bound, Err(error) if error.kind() == ErrorKind::AddrNotAvailable)
}

/// Gives this host the address, which it may have already. Of host scope, so that it is never where anything comes from.
///
/// # Errors
/// Why not, in words for people.
pub(super) async fn give() -> Result<(), String> {
    let address = format!("{ADDRESS}/32");
    let mut ip = Command::new("ip");
    ip.args(["address", "replace", &address, "dev", "lo", "scope", "host"]);
    ip.stdin(Stdio::null()).kill_on_drop(true);
    let said = match tokio::time::timeout(IP_WITHIN, ip.output()).await {
        Ok(Ok(output)) if output.status.success() => return Ok(()),
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no end within {IP_WITHIN:?}"),
    };
    // Somebody else may have given it, for a daemon without the right to.
    if is_here().await {
        return Ok(());
    }
    Err(format!("`ip address replace {address} dev lo scope host`: {said}"))
}
