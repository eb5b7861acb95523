"""One daemon under churn for minutes: what is over leaves nothing behind.

    cargo xtask soak --minutes 10

Services are scaled, deployed, made and deleted, tasks are run and stopped, containers killed, everything is read.
Every few seconds descriptors, threads, memory, actors and the store's size are taken down. It fails where one of
them grows from the second to the last quarter, and where actors and descriptors are not back where they began once
all is quiet.
"""

import argparse
import contextlib
import itertools
import os
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))

import boto3
import botocore.config
import botocore.exceptions
import docker

from vocabulary import REGION, Daemon, container, get, wait_for

# What is over goes away within these, so that what stays is a leak.
SETTINGS = {
    "MAINSTAY_AGENT_CLEANUP_WAIT": "10s",
    "MAINSTAY_AGENT_STOP_TIMEOUT": "2s",
    "MAINSTAY_STATE_STOPPED_TASK_RETENTION": "20s",
    "MAINSTAY_EVENTS_KEEP": "200",
    "MAINSTAY_RESTART_BACKOFF": "500ms",
    "MAINSTAY_RESTART_BACKOFF_MAX": "2s",
    "MAINSTAY_RESTART_FORGET": "20s",
    "MAINSTAY_LOG_FILTER": "warn",
}
# The services that stay, with the count that each has while all is quiet.
SERVICES = {"web": 3, "checked": 2, "pair": 1}
# Names of those that come and go: few, since series are kept by service.
PASSING = ["passing-0", "passing-1"]
MIB = 1024 * 1024
# From the second to the last quarter this much more is not yet growth: a factor, and an allowance beside it.
MARGINS = {
    "descriptors": (1.25, 10),
    "threads": (1.25, 4),
    "memory": (1.15, 12 * MIB),
    "actors": (1.35, 20),
    "store": (1.25, 2 * MIB),
}
# No act while as many tasks are there: a machine that has other work too would fall behind ever more, and what waits
# for its engine would look like a leak.
BACKLOG = 24
# Idle connections of the engine's client may be held open a while.
DESCRIPTORS_LEFT = 6
QUIET_WITHIN = 180


def client(daemon):
    """One for each churner: it holds a connection open."""
    return boto3.client(
        "ecs",
        endpoint_url=daemon.url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


class Churn:
    """What happens to the daemon meanwhile, each kind of act in a thread of its own."""

    def __init__(self, daemon, definitions, seed):
        self.daemon = daemon
        self.definitions = definitions
        self.seed = seed
        self.over = threading.Event()
        self.acts = {}
        self.surprises = []
        self.threads = []

    def begin(self):
        kinds = [(self.scale, 1.5), (self.deploy, 4), (self.run, 0.7), (self.stop, 1), (self.kill, 1.5), (self.pass_by, 5), (self.read, 0.3)]
        for number, (act, every) in enumerate(kinds):
            chance = random.Random(f"{self.seed}-{number}")
            thread = threading.Thread(target=self.go_on, args=[act, every, client(self.daemon), chance], daemon=True)
            self.threads.append(thread)
            thread.start()
        return self

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def go_on(self, act, every, ecs, chance):
        while not self.over.wait(every * chance.uniform(0.5, 1.5)):
            try:
                if act != self.read and actors(self.daemon).get("task", 0) >= BACKLOG:
                    self.acts["held back"] = self.acts.get("held back", 0) + 1
                    continue
                act(ecs, chance)
                self.acts[act.__name__] = self.acts.get(act.__name__, 0) + 1
            except botocore.exceptions.ClientError as refusal:
                # Others act on the same things: what they have just deleted is not there, or still drains.
                expected = (
                    "ServiceNotFoundException",
                    "ServiceNotActiveException",
                    "InvalidParameterException",
                    "ClientException",
                    "ConflictException",
                )
                if refusal.response["Error"]["Code"] not in expected:
                    self.surprises.append(f"{act.__name__}: {refusal}")
            except docker.errors.NotFound:
                pass
            except Exception as surprise:
                self.surprises.append(f"{act.__name__}: {surprise!r}")

    def scale(self, ecs, chance):
        ecs.update_service(service=chance.choice(list(SERVICES)), desiredCount=chance.randint(1, 6))

    def deploy(self, ecs, chance):
        name = chance.choice(list(SERVICES))
        ecs.update_service(service=name, taskDefinition=chance.choice(self.definitions[name]), forceNewDeployment=chance.random() < 0.5)

    def run(self, ecs, chance):
        ecs.run_task(taskDefinition=chance.choice(self.definitions["once"]), count=chance.randint(1, 2))

    def stop(self, ecs, chance):
        if arns := ecs.list_tasks()["taskArns"]:
            ecs.stop_task(task=chance.choice(arns), reason="churn")

    def kill(self, ecs, chance):
        listed = [found for found in self.daemon.engine.api.containers(filters={"label": "mainstay.owner"}) if self.is_ours(found)]
        if listed:
            pid = self.daemon.engine.api.inspect_container(chance.choice(listed)["Id"])["State"]["Pid"]
            with contextlib.suppress(ProcessLookupError):
                # One that has just ended has process 0, which is us.
                pid and os.kill(pid, signal.SIGKILL)

    def is_ours(self, listed):
        return f":{self.daemon.account}:" in listed["Labels"].get("com.amazonaws.ecs.task-arn", "")

    def pass_by(self, ecs, chance):
        name = chance.choice(PASSING)
        there = [service for service in ecs.describe_services(services=[name])["services"] if service["status"] == "ACTIVE"]
        if there:
            ecs.delete_service(service=name, force=True)
        else:
            ecs.create_service(serviceName=name, taskDefinition=self.definitions["web"][0], desiredCount=chance.randint(0, 2))

    def read(self, ecs, chance):
        names = ecs.list_services()["serviceArns"]
        ecs.describe_services(services=names[:10])
        for status in ("RUNNING", "STOPPED"):
            if arns := ecs.list_tasks(desiredStatus=status)["taskArns"]:
                ecs.describe_tasks(tasks=arns)
        assert get(self.daemon.url + chance.choice(["/", "/metrics", "/v1/tree", "/healthz", "/readyz"]))[0] in (200, 503)


def actors(daemon):
    """How many live, by kind."""
    text = get(f"{daemon.url}/metrics")[1]
    lines = [line for line in text.splitlines() if line.startswith("mainstay_actors{")]
    return {line.split('kind="')[1].split('"')[0]: int(float(line.split()[-1])) for line in lines}


def sample(daemon):
    """What the daemon takes up now."""
    home = pathlib.Path(f"/proc/{daemon.process.pid}")
    status = dict(line.split(":", 1) for line in (home / "status").read_text().splitlines())
    by_kind = actors(daemon)
    return {
        "descriptors": len(list((home / "fd").iterdir())),
        "threads": int(status["Threads"]),
        "memory": int(status["VmRSS"].split()[0]) * 1024,
        "actors": sum(by_kind.values()),
        "store": (daemon.folder / "data/mainstay.redb").stat().st_size,
        "kinds": by_kind,
    }


def row(label, taken):
    """A line of the table."""
    kinds = " ".join(f"{kind}={count}" for kind, count in sorted(taken["kinds"].items()) if count)
    print(
        f"{label:>8} {taken['descriptors']:>6} {taken['threads']:>8} {taken['memory'] / MIB:>8.1f} {taken['actors']:>7}"
        f" {taken['store'] / MIB:>7.1f}  {kinds}",
        flush=True,
    )


def growth(samples):
    """What has grown from the second to the last quarter, in words."""
    quarter = len(samples) // 4
    grown = []
    for what, (factor, allowance) in MARGINS.items():
        second = statistics.median(taken[what] for taken in samples[quarter : 2 * quarter])
        last = statistics.median(taken[what] for taken in samples[-quarter:])
        if last > second * factor + allowance:
            grown.append(f"{what} grew from {second:.0f} to {last:.0f}")
    return grown


def quiet(daemon):
    """Brings all back to what it was before the churn, and waits until nothing is left of it."""
    ecs = client(daemon)
    for name, count in SERVICES.items():
        ecs.update_service(service=name, desiredCount=count)
    for name in PASSING:
        with contextlib.suppress(botocore.exceptions.ClientError):
            ecs.delete_service(service=name, force=True)
    for arn in [arn for page in ecs.get_paginator("list_tasks").paginate(family="soak-once") for arn in page["taskArns"]]:
        ecs.stop_task(task=arn, reason="quiet")
    daemon.stable(*SERVICES, limit=QUIET_WITHIN)


def prepare(daemon):
    """Two revisions of each service, the services themselves, and a task to run; definitions by service."""
    helper = container("helper", command=["sleep"], essential=False, memory=16)
    check = {"command": ["CMD", "/puppet", "check"], "interval": 5, "timeout": 5, "retries": 2}
    shapes = {"web": [container(memory=32)], "checked": [container(memory=32, healthCheck=check)], "pair": [container(memory=32), helper]}
    definitions = {
        name: [daemon.register(*containers, family=f"soak-{name}", networkMode="none") for _ in range(2)]
        for name, containers in shapes.items()
    }
    programs = [["exit", "0", "--after", "2"], ["exit", "3"], ["sleep", "15"]]
    definitions["once"] = [
        daemon.register(container(command=program, memory=16), family="soak-once", networkMode="none") for program in programs
    ]
    for name, count in SERVICES.items():
        daemon.serve(name=name, definition=definitions[name][0], count=count, stable=False)
    daemon.stable(*SERVICES, limit=QUIET_WITHIN)
    return definitions


def soak(daemon, minutes, seed):
    """Runs it; what is wrong, in words."""
    definitions = prepare(daemon)
    before = sample(daemon)
    print(f"{'time':>8} {'files':>6} {'threads':>8} {'MiB':>8} {'actors':>7} {'store':>7}  actors by kind")
    row("before", before)
    length = minutes * 60
    every = min(10, length / 24)
    churn = Churn(daemon, definitions, seed).begin()
    began, samples = time.monotonic(), []
    for number in itertools.count(1):
        time.sleep(max(0, began + number * every - time.monotonic()))
        if daemon.process.poll() is not None:
            return [f"the daemon ended with {daemon.process.returncode}"]
        samples.append(sample(daemon))
        row(f"{number * every:.0f} s", samples[-1])
        if number * every >= length:
            break
    churn.end()
    print("acts:", ", ".join(f"{count} {name}" for name, count in sorted(churn.acts.items())))
    wrong = growth(samples) + [f"surprise: {surprise}" for surprise in churn.surprises[:10]]

    quiet(daemon)

    def is_back():
        now = sample(daemon)
        if now["kinds"] == before["kinds"] and now["descriptors"] <= before["descriptors"] + DESCRIPTORS_LEFT:
            return now
        return None

    try:
        row("after", wait_for("quiet", is_back, limit=QUIET_WITHIN, every=2))
    except AssertionError:
        now = sample(daemon)
        row("after", now)
        wrong.append(
            f"{QUIET_WITHIN} s after the churn: descriptors {before['descriptors']} before, {now['descriptors']} after;"
            f" actors {before['kinds']} before, {now['kinds']} after"
        )
    count = sum(SERVICES.values()) + 1
    try:
        wait_for(f"{count} containers", lambda: len(daemon.containers(all=True)) == count, limit=QUIET_WITHIN, every=2)
    except AssertionError as left:
        wrong.append(f"containers are left: {left}")
    if daemon.stop() != 0:
        wrong.append(f"the daemon ended with {daemon.process.returncode}")
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    folder = tempfile.mkdtemp(prefix="mainstay-soak-")
    engine = docker.from_env(timeout=120)
    daemon = Daemon(engine, folder, **SETTINGS)
    try:
        wrong = soak(daemon.start(), given.minutes, given.seed)
        if wrong:
            print("the daemon's log ends:", *daemon.log().splitlines()[-40:], sep="\n")
    finally:
        daemon.clean_up()
        shutil.rmtree(folder)
    for one in wrong:
        print(f"FAILED: {one}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
