"""How long a daemon that was killed takes until it is ready again, with many tasks in its store and live containers.

`cargo xtask bench restart` prepares what it needs and runs it. Ready is what `/readyz` says: every live container has
been found and looked at. Beside it stands what the engine alone takes to list and inspect the same containers.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/scenarios"))

import docker  # noqa: E402
from vocabulary import MAINSTAY, Daemon, container, get, wait_for  # noqa: E402

LIMIT = 600


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tasks", type=int, default=10_000, help="STOPPED tasks in the store")
    arguments.add_argument("--containers", type=int, default=100, help="live containers")
    arguments.add_argument("--rounds", type=int, default=10)
    arguments = arguments.parse_args()
    engine = docker.from_env()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(engine, folder).start()
        try:
            measure(daemon, arguments)
        finally:
            daemon.clean_up()


def measure(daemon, arguments):
    definition = daemon.register(container(memory=8, command=["sleep"]), networkMode="none")
    crowd = daemon.serve(definition=definition, count=arguments.containers, stable=False)
    daemon.stable(crowd, limit=LIMIT)
    ids = sorted(found.id for found in daemon.containers())
    daemon.stop()
    crowd_the_store(daemon, arguments.tasks)
    owner = (daemon.folder / "data/owner").read_text().strip()
    ready, listed = [], []
    for _ in range(arguments.rounds):
        began = time.monotonic()
        daemon.start()
        wait_for("ready", lambda: get(f"{daemon.url}/readyz")[0] == 200, every=0.005)
        ready.append(time.monotonic() - began)
        assert sorted(found.id for found in daemon.containers()) == ids, "a container was lost or made"
        daemon.kill()
        began = time.monotonic()
        for found in daemon.engine.api.containers(all=True, filters={"label": f"mainstay.owner={owner}"}):
            daemon.engine.api.inspect_container(found["Id"])
        listed.append(time.monotonic() - began)
    stored = (daemon.folder / "data/mainstay.redb").stat().st_size / 2**20
    print(f"{arguments.tasks} stopped tasks in a store of {stored:.0f} MiB, {len(ids)} live containers, {arguments.rounds} SIGKILLs; ms:")
    print(f"{'':<34}{'median':>8}{'min':>8}{'max':>8}")
    for name, times in (("killed to ready", ready), ("the engine: list, inspect each", listed)):
        print(f"{name:<34}{statistics.median(times) * 1e3:>8.0f}{min(times) * 1e3:>8.0f}{max(times) * 1e3:>8.0f}")


def crowd_the_store(daemon, count):
    """Puts so many copies of one of its tasks, ended, into its store."""
    data = daemon.folder / "data"
    exported = subprocess.run([MAINSTAY, "store", "export", "--data-dir", data], capture_output=True, check=True, text=True)
    lines = exported.stdout.splitlines()
    pattern = next(json.loads(line) for line in lines if '"kind":"task"' in line)
    record = pattern["record"]
    record["desired_status"] = record["last_status"] = "Stopped"
    record["stop_code"] = "UserInitiated"
    record["stopped_at"] = record["stopping_at"] = record["execution_stopped_at"] = int(time.time() * 1000)
    for ended in record["containers"]:
        ended["last_status"] = "Stopped"
    for _ in range(count):
        record["id"] = uuid.uuid4().hex
        lines.append(json.dumps(pattern))
    (data / "mainstay.redb").rename(data / "mainstay.redb.before")
    subprocess.run(
        [MAINSTAY, "store", "import", "--data-dir", data, "-"], input="\n".join(lines), check=True, capture_output=True, text=True
    )


if __name__ == "__main__":
    main()
