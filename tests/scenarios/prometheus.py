"""A real Prometheus that watches a daemon, as the project's own configuration has it, only quicker."""

import json
import os
import pathlib
import re
import subprocess
import urllib.parse

from vocabulary import PROJECT, free_port, get

RULES = PROJECT / "dashboards/rules/mainstay.yml"


def program():
    """Debian's prometheus."""
    found = os.environ.get("PROMETHEUS")
    assert found, "PROMETHEUS is not set; run the scenarios through cargo xtask test"
    return pathlib.Path(found)


def promtool(*words, **options):
    """What Prometheus's own checker says, which has nothing against it."""
    tool = program().with_name("promtool")
    done = subprocess.run([tool, *map(str, words)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Prometheus:
    """It runs until it is ended; a question before it is ready has no answer. `authorities` has whoever signed the daemon's
    certificate, where it has one."""

    def __init__(self, daemon, folder, authorities=None):
        shipped = (PROJECT / "dashboards/prometheus.yml").read_text()
        assert shipped.count("127.0.0.1:7077") == 2
        config = folder / "prometheus.yml"
        quick = re.sub(r"(scrape|evaluation)_interval: \S+", r"\1_interval: 1s", shipped)
        if authorities:
            tls = f"    scheme: https\n    tls_config: {{ca_file: {authorities}}}\n"
            quick = quick.replace("- job_name: mainstay\n", f"- job_name: mainstay\n{tls}")
        config.write_text(quick.replace("127.0.0.1:7077", daemon.address).replace("rules/mainstay.yml", str(RULES)))
        self.address = f"127.0.0.1:{free_port()}"
        with open(folder / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(
                [
                    program(),
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={self.address}",
                ],
                stdout=log,
                stderr=log,
            )

    def get(self, path, **members):
        """What its HTTP API says; nothing before it is ready."""
        try:
            status, text = get(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(members)}")
        except OSError:
            return None
        if status == 503:
            # It listens before it is ready.
            return None
        answer = json.loads(text)
        assert answer["status"] == "success", f"{members}: {answer}"
        return answer["data"]

    def __call__(self, query):
        """The series that an expression gives now."""
        answer = self.get("query", query=query)
        return answer and answer["result"]

    def end(self):
        self.process.terminate()
        self.process.wait(30)
