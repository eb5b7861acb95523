"""The daemon's address over TLS: what clients see of it, and a certificate's renewal."""

import datetime
import pathlib
import re
import socket
import ssl
import subprocess
import urllib.request

import pytest
import trustme
import websocket

from prometheus import Prometheus
from vocabulary import AWS, LIMIT, Daemon, mainstay, short, wait_for


def days_ahead(days):
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=days)


class Secured(Daemon):
    """A daemon with a certificate that one authority of its own has signed."""

    def __init__(self, engine, folder):
        self.authority = trustme.CA()
        self.authorities = folder / "authorities.pem"
        self.authority.cert_pem.write_to_path(self.authorities)
        self.certificate, self.key = folder / "chain.pem", folder / "key.pem"
        files = {"MAINSTAY_TLS_CERTIFICATE": str(self.certificate), "MAINSTAY_TLS_KEY": str(self.key)}
        super().__init__(engine, folder, **files)

    def certify(self, until):
        """Puts a new certificate and its key in the files; the certificate."""
        made = self.authority.issue_cert("127.0.0.1", "localhost", not_after=until)
        # As whatever renews certificates: what is half written nobody sees.
        for file, blobs in ((self.key, [made.private_key_pem]), (self.certificate, made.cert_chain_pems)):
            written = file.with_suffix(".new")
            written.write_bytes(b"".join(blob.bytes() for blob in blobs))
            written.rename(file)
        return made.cert_chain_pems[0].bytes().decode()

    @property
    def url(self):
        return f"https://{self.address}"

    def mainstay(self, *words, **members):
        return super().mainstay(*words, AWS_CA_BUNDLE=str(self.authorities), **members)

    def expires(self):
        """When it says that its certificate expires, in seconds since 1970."""
        trusted = ssl.create_default_context(cafile=self.authorities)
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=LIMIT, context=trusted) as answer:
            page = answer.read().decode()
        return float(re.search(r"^mainstay_certificate_expiry_timestamp_seconds (\S+)$", page, re.MULTILINE)[1])

    def shown(self):
        """The certificate that it shows."""
        host, port = self.address.split(":")
        return ssl.get_server_certificate((host, int(port)), timeout=LIMIT)


@pytest.fixture
def secured(engine, tmp_path, monkeypatch):
    daemon = Secured(engine, tmp_path)
    # boto3 has it from there.
    monkeypatch.setenv("AWS_CA_BUNDLE", str(daemon.authorities))
    yield daemon
    daemon.clean_up()


def test_every_client_comes_over_tls_and_nobody_without(secured):
    secured.certify(days_ahead(90))
    secured.start()
    service = secured.serve(enableExecuteCommand=True)
    (task,) = secured.tasks(service)
    cli = [AWS, "--endpoint-url", secured.url, "--region", "us-east-1", "--ca-bundle", secured.authorities]
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "PATH": "/usr/bin:/bin"}
    listed = subprocess.run([*cli, "ecs", "list-services", "--output", "text"], env=keys, capture_output=True, text=True)
    assert listed.returncode == 0 and service in listed.stdout, listed.stderr
    done = secured.mainstay("exec", short(task["taskArn"]), "--", "/puppet", "print", "hello")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    session = secured.ecs.execute_command(task=task["taskArn"], command="/puppet shell", interactive=True)["session"]
    assert session["streamUrl"].startswith(f"wss://{secured.address}/")
    websocket.create_connection(session["streamUrl"], sslopt={"ca_certs": str(secured.authorities)}, timeout=LIMIT).close()

    unknown = mainstay("status", AWS_ENDPOINT_URL_ECS=secured.url)
    assert unknown.returncode == 69 and "certificate" in unknown.stderr, unknown.stderr
    host, port = secured.address.split(":")
    with socket.create_connection((host, int(port)), LIMIT) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.settimeout(LIMIT)
        assert b"HTTP" not in plain.recv(1024)


def test_who_says_nothing_keeps_nobody_from_coming(secured):
    secured.certify(days_ahead(90))
    secured.start()
    host, port = secured.address.split(":")
    silent = [socket.create_connection((host, int(port)), LIMIT) for _ in range(20)]
    assert secured.ecs.list_clusters()["clusterArns"]
    for one in silent:
        one.close()


def test_a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not(secured):
    first = secured.certify(soon := days_ahead(3))
    secured.start()
    assert secured.shown().split() == first.split() and secured.expires() == soon.timestamp()
    second = secured.certify(later := days_ahead(90))
    wait_for("the new certificate", lambda: secured.expires() == later.timestamp())
    assert secured.shown().split() == second.split()
    secured.key.write_text("half a file")
    wait_for("a complaint", lambda: "the new certificate cannot be used" in secured.log())
    assert secured.shown().split() == second.split()
    assert "PRIVATE KEY" not in secured.log()


def test_what_cannot_be_served_ends_the_daemon_at_once_with_the_files_name(secured):
    pathlib.Path(secured.certificate).write_text("no certificate")
    with pytest.raises(AssertionError, match="chain.pem"):
        secured.start()


def test_prometheus_scrapes_over_tls_and_an_alert_tells_of_a_certificate_that_expires(secured, tmp_path):
    secured.certify(days_ahead(3))
    secured.start()
    prometheus = Prometheus(secured, tmp_path, secured.authorities)
    try:
        def told():
            alerts = (prometheus.get("alerts") or {}).get("alerts", [])
            return [one for one in alerts if one["labels"]["alertname"] == "MainstayCertificateExpires"]

        (alert,) = wait_for("an alert", told)
        assert "expires in 2d 23h" in alert["annotations"]["summary"]
        left = prometheus("min(mainstay_certificate_expiry_timestamp_seconds) - time()")
        assert 0 < float(left[0]["value"][1]) <= 3 * 86400
    finally:
        prometheus.end()
