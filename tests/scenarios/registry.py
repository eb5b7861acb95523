"""A registry that a scenario fills, locks, ends and starts, and a way to it that breaks."""

import contextlib
import http.server
import io
import os
import pathlib
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request

import docker

from vocabulary import IMAGE, free_port, fresh, get, wait_for

USER, PASSWORD = "mainstay", "open-sesame"
# One that in base64 has both letters that base64url writes otherwise.
ODD_PASSWORD = "~~~???>>>"
# Each as htpasswd -B writes it.
HTPASSWD = {
    PASSWORD: "$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO",
    ODD_PASSWORD: "$2y$05$WpbC5J1UdsBvZLSzijmYPOgn3dXIONrv35LFsWgi.SndssOwBERZK",
}


class Registry:
    """docker-registry on a port and a folder of its own."""

    def __init__(self, folder, locked=False, password=PASSWORD):
        self.folder = pathlib.Path(folder)
        self.address = f"127.0.0.1:{free_port()}"
        self.credentials = {"username": USER, "password": password} if locked else None
        self.names = []
        self.process = None
        config = (
            f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {self.folder / 'images'}\n"
            f"http:\n  addr: {self.address}\n"
        )
        if locked:
            (self.folder / "htpasswd").write_text(f"{USER}:{HTPASSWD[password]}\n")
            config += f"auth:\n  htpasswd:\n    realm: scenarios\n    path: {self.folder / 'htpasswd'}\n"
        (self.folder / "config.yml").write_text(config)

    def start(self):
        program = os.environ.get("DOCKER_REGISTRY")
        assert program, "DOCKER_REGISTRY is not set; run the scenarios through cargo xtask test"
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                [program, "serve", self.folder / "config.yml"], stdout=log, stderr=log
            )

        def answers():
            try:
                return get(f"http://{self.address}/v2/")[0] in (200, 401)
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()

        wait_for("registry", answers)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def name(self, name="image"):
        """A repository that no other scenario has; what is left of it on the host goes with the registry."""
        self.names.append(f"{self.address}/{fresh(name)}")
        return self.names[-1]

    def publish(self, engine, name, tag="1", layer=0, unseen=False):
        """Puts a new image there under this name, which is not on this host then; its digest. It may have a layer of
        so many bytes that no other image has. Where tasks look for it all the time, it is to be `unseen`: it is not on
        this host under its name meanwhile either."""
        here = name.replace("127.0.0.1", "localhost") if unseen else name
        made = engine.containers.create(IMAGE)
        try:
            if layer:
                made.put_archive("/", archive("noise", os.urandom(layer)))
            image = made.commit(here, tag, changes=f"LABEL scenario={fresh()}")
        finally:
            made.remove()
        said = engine.images.push(here, tag, auth_config=self.credentials)
        assert "error" not in said, said
        (full,) = [full for full in engine.images.get(image.id).attrs["RepoDigests"] if full.startswith(here)]
        engine.images.remove(f"{here}:{tag}")
        return full.split("@")[1]

    def clean_up(self, engine):
        if self.process.poll() is None:
            self.stop()
        for name in self.names:
            for left in engine.images.list(name, all=True):
                with contextlib.suppress(docker.errors.APIError):
                    engine.images.remove(left.id, force=True)


def archive(name, content):
    """A tar archive of one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        head = tarfile.TarInfo(name)
        head.size = len(content)
        tar.addfile(head, io.BytesIO(content))
    return packed.getvalue()


class Gate:
    """An address in front of a registry, which breaks off in the midst of the first `breaks` layers, or, `held`, lets the
    second half of each come in drips only until it is opened."""

    def __init__(self, registry, breaks=0, held=False):
        gate = self
        self.breaks = breaks
        self.opened = threading.Event()
        if not held:
            self.opened.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                names = {name for name in self.headers if name != "Host"}
                headers = {name: ", ".join(self.headers.get_all(name)) for name in names}
                request = urllib.request.Request(
                    f"http://{registry.address}{self.path}", headers=headers, method=self.command
                )
                try:
                    answer = urllib.request.urlopen(request, timeout=30)
                except urllib.error.HTTPError as refusal:
                    answer = refusal
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name not in ("Connection", "Date", "Server"):
                        self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                if "/blobs/" in self.path and len(body) > 100_000 and gate.breaks > 0:
                    gate.breaks -= 1
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                    return
                if "/blobs/" in self.path and len(body) > 100_000:
                    body = self.drip(body)
                self.wfile.write(body)

            def drip(self, body):
                """Sends half of it, and bit by bit more, so that nobody gives it up; what is left once the gate is open."""
                sent, drop = len(body) // 2, len(body) // 1000 + 1
                self.wfile.write(body[:sent])
                while not gate.opened.wait(0.2) and sent + drop < len(body):
                    self.wfile.write(body[sent : sent + drop])
                    sent += drop
                gate.opened.wait()
                return body[sent:]

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def open(self):
        self.opened.set()

    def close(self):
        self.open()
        self.server.shutdown()
        self.server.server_close()
