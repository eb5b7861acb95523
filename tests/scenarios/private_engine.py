"""A container engine of a scenario's own, which may be ended, hung and started again without anybody else noticing."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import docker

from vocabulary import IMAGE, LIMIT, is_alive, wait_for


class PrivateEngine:
    """A dockerd with folders, a socket, a containerd and a network namespace of its own. It needs root.

    The namespace is what keeps the machine's engine safe: a dockerd that is told to have no bridge removes `docker0`.
    """

    def __init__(self, *flags, settings=None, programs=None):
        """`settings` are those of its daemon.json, `programs` a folder that it looks for programs in first."""
        # Not in pytest's folder: a Unix socket's path is short.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-engine-"))
        (self.folder / "settings.json").write_text(json.dumps(settings or {}))
        self.flags = flags
        path = os.environ["PATH"]
        self.environment = {**os.environ, "PATH": f"{programs}:{path}" if programs else path}
        self.process = None
        self.client = None

    @property
    def endpoint(self):
        return f"unix://{self.folder}/docker.sock"

    def start(self):
        """Starts it and waits until it answers."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    "unshare",
                    "--net",
                    "dockerd",
                    f"--data-root={self.folder}/data",
                    f"--exec-root={self.folder}/exec",
                    f"--pidfile={self.folder}/pid",
                    f"--host={self.endpoint}",
                    f"--config-file={self.folder}/settings.json",
                    "--bridge=none",
                    "--iptables=false",
                    "--ip6tables=false",
                    *self.flags,
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.client = wait_for("answer from the private engine", self.answering)
        return self

    def answering(self):
        assert self.process.poll() is None, f"dockerd ended at once:\n{(self.folder / 'log').read_text()[-3000:]}"
        with contextlib.suppress(docker.errors.DockerException):
            client = docker.DockerClient(base_url=self.endpoint, timeout=120)
            client.ping()
            return client

    def load(self, engine):
        """Brings the scenarios' image from the machine's engine."""
        self.client.images.load(b"".join(engine.images.get(IMAGE).save(named=IMAGE)))
        return self

    def stop(self):
        """Asks it to end, as a system does that restarts it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT)

    def kill(self):
        """Ends it as a crash would: its containerd is killed with it, the containers go on."""
        self.process.kill()
        self.process.wait()
        pid = self.folder / "exec/containerd/containerd.pid"
        wait_for("end of its containerd", lambda: not is_alive(pid.read_text()))
        # Where nobody reaps it, dockerd would take the dead one for a running one.
        pid.unlink()

    def hang(self):
        """Lets it do nothing and answer nothing, with its socket open."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """Ends the hang."""
        self.process.send_signal(signal.SIGCONT)

    # Its end.

    def clean_up(self):
        """Leaves no container, no process, no mount and no file, whatever state it is in."""
        if self.process and self.client:
            self.go_on() if self.process.poll() is None else self.start()
            for left in self.client.containers.list(all=True):
                with contextlib.suppress(docker.errors.APIError):
                    left.remove(force=True, v=True)
            self.client.close()
            self.stop()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for("end of the private engine's processes", lambda: not self.processes())
        for mount in self.mounts():
            subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.folder)

    def processes(self):
        """Processes that were started with this engine's folder on their command line: containerd, its shims."""
        found = []
        for home in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.folder).encode() in (home / "cmdline").read_bytes() and is_alive(home.name):
                    found.append(int(home.name))
        return found

    def mounts(self):
        """Mounts below this engine's folder, the deepest first."""
        points = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        return sorted((point for point in points if point.startswith(f"{self.folder}/")), key=len, reverse=True)
