"""The words in which the scenarios are told: a daemon, its clients, the engine beside it, and waits with a limit."""

import collections
import contextlib
import datetime
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

import boto3
import botocore.config
import docker

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MAINSTAY = os.environ.get("MAINSTAY", str(PROJECT / "target/debug/mainstay"))
AWS = os.environ.get("AWS", str(PROJECT / ".venv/bin/aws"))
IMAGE = os.environ.get("IMAGE", "mainstay/demo:1")
REGION = "us-east-1"
OWNER = "mainstay.owner"
LABELS = "com.amazonaws.ecs."
# Generous: four scenarios share two cores, and a loaded engine takes seconds for a container.
LIMIT = 90
# What the puppet is asked for the sake of what it prints.
PRINTING = ("ask", "get", "mounts", "read", "see", "show")


def wait_for(what, condition, limit=LIMIT, every=0.1):
    """Waits until `condition()` is true and gives what it gave; past `limit` seconds the scenario fails."""
    until = time.monotonic() + limit
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > until:
            raise AssertionError(f"no {what} within {limit} s; last seen: {seen!r}")
        time.sleep(every)


def stays(what, condition, seconds, every=0.2):
    """Sees that `condition()` is true for `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert condition(), f"{what} did not stay so for {seconds} s"
        time.sleep(every)


def fresh(name="web"):
    """A name that no other scenario has."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


def container(name="web", **members):
    """A container definition; by default it serves HTTP on 8080 inside, and ends at once on SIGTERM."""
    return {"name": name, "image": IMAGE, "memory": 64, **members}


def health_check(**members):
    """A check that asks the puppet; one failure is enough. A busy engine may be slow to run it: that is no failure."""
    return {"command": ["CMD", "/puppet", "check"], "interval": 5, "timeout": 30, "retries": 1, **members}


def variables(**names):
    """An `environment`."""
    return [{"name": name, "value": value} for name, value in names.items()]


def get(url, timeout=30):
    """A GET's status and text, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def reached(url):
    """What a program says that runs: its status and text. It may have been started just now, and not listen yet."""
    def answer():
        try:
            return get(url)
        except OSError:
            return None

    return wait_for(f"answer from {url}", answer)


def short(arn):
    """What follows the last slash of an ARN."""
    return arn.rsplit("/", 1)[-1]


def is_alive(pid):
    """Whether the process is there and not just waiting to be reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def mainstay(*words, stdin=None, **variables):
    """The `mainstay` command: what it ended with, and what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAINSTAY", "AWS"))}
    return subprocess.run(
        [MAINSTAY, *map(str, words)],
        env={**environment, **variables},
        stdin=stdin or subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


class Daemon:
    """A `mainstay` with a data folder and an account of its own; a started one may be ended and started again."""

    def __init__(self, engine, folder, role="up", *flags, **settings):
        self.engine = engine
        self.folder = pathlib.Path(folder)
        self.role = role
        self.flags = flags
        # ARNs carry the account: by it this daemon's containers are known on an engine that others use, too.
        self.account = f"{random.randrange(10**11, 10**12)}"
        self.settings = {"MAINSTAY_AWS_ACCOUNT": self.account, **settings}
        self.process = None
        self.address = None

    # Its life.

    def start(self, *flags):
        """Starts it and waits until it serves."""
        address = self.folder / "data/address"
        address.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAINSTAY")}
        with open(self.folder / "daemon.log", "ab") as log:
            self.process = subprocess.Popen(
                [MAINSTAY, self.role, "--listen", "127.0.0.1:0", "--data-dir", self.folder / "data", *self.flags, *flags],
                env={**environment, **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        def serves():
            assert self.process.poll() is None, f"mainstay ended at once:\n{self.log()}"
            return address.exists() and address.read_text().strip()

        self.address = wait_for("address", serves)
        return self

    def stop(self, limit=LIMIT):
        """Asks it to end, and gives what it ended with."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit)

    def kill(self):
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def log(self):
        """All it said so far."""
        return (self.folder / "daemon.log").read_text()

    def clean_up(self):
        """Ends it and removes its containers, whatever state they are in."""
        if self.process and self.process.poll() is None:
            self.kill()
        for left in self.containers(all=True):
            with contextlib.suppress(docker.errors.APIError):
                left.remove(force=True, v=True)
        for left in self.volumes():
            with contextlib.suppress(docker.errors.APIError):
                left.remove(force=True)

    # Its clients.

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def ecs(self):
        """A boto3 client that tries nothing twice, so that a scenario sees each answer."""
        return boto3.client(
            "ecs",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    def aws(self, *words, service="ecs"):
        """`aws ecs …`, as a person types it; what it printed, read as JSON."""
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL_ECS": self.url,
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": self.url,
            "AWS_ENDPOINT_URL_SCHEDULER": self.url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        done = subprocess.run(
            [AWS, "--output", "json", service, *map(str, words)], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"aws {service} {' '.join(map(str, words))}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def mainstay(self, *words, **members):
        """The `mainstay` command, as a person types it beside this daemon."""
        return mainstay(*words, AWS_ENDPOINT_URL_ECS=self.url, **members)

    def post(self, operation, body, headers=None):
        """A call that no client would make: status, exception name and message."""
        request = urllib.request.Request(
            self.url,
            data=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, None, json.load(answer)
        except urllib.error.HTTPError as refusal:
            said = json.loads(refusal.read() or "{}")
            return refusal.code, said.get("__type", "").rsplit("#", 1)[-1], said.get("message") or said.get("Message")

    # What is asked of it.

    def register(self, *containers, family=None, **members):
        """Registers a task definition; `family:revision`."""
        answer = self.ecs.register_task_definition(
            family=family or fresh(), containerDefinitions=list(containers or [container()]), **members
        )
        made = answer["taskDefinition"]
        return f"{made['family']}:{made['revision']}"

    def serve(self, *containers, count=1, name=None, stable=True, definition=None, **members):
        """A new service of these containers; its name."""
        name = name or fresh("service")
        definition = definition or self.register(*containers)
        self.ecs.create_service(serviceName=name, taskDefinition=definition, desiredCount=count, **members)
        if stable:
            self.stable(name)
        return name

    def stable(self, *names, limit=LIMIT):
        """boto3's own waiter, only less patient."""
        self.ecs.get_waiter("services_stable").wait(
            services=list(names), WaiterConfig={"Delay": 1, "MaxAttempts": limit}
        )

    def service(self, name):
        """A service as described."""
        return self.ecs.describe_services(services=[name])["services"][0]

    def events(self, name):
        """What a service says of itself, the newest first."""
        return [event["message"] for event in self.service(name)["events"]]

    def tasks(self, name=None, status="RUNNING", **members):
        """Tasks as described, by desired status; of a service where one is named."""
        of = {"serviceName": name} if name else {}
        pages = self.ecs.get_paginator("list_tasks").paginate(desiredStatus=status, **of, **members)
        arns = [arn for page in pages for arn in page["taskArns"]]
        parts = (arns[begin:begin + 100] for begin in range(0, len(arns), 100))
        return [task for part in parts for task in self.ecs.describe_tasks(tasks=part)["tasks"]]

    def task(self, arn):
        """A task as described."""
        return self.ecs.describe_tasks(tasks=[arn])["tasks"][0]

    def run(self, *containers, definition=None, **members):
        """Runs one task; its ARN."""
        answer = self.ecs.run_task(taskDefinition=definition or self.register(*containers), **members)
        assert not answer["failures"], answer["failures"]
        return answer["tasks"][0]["taskArn"]

    def running(self, arn):
        """Waits until a task runs; the task."""
        return wait_for(f"RUNNING {arn}", lambda: self.in_status(arn, "RUNNING"))

    def stopped(self, arn, limit=LIMIT):
        """Waits until a task is over; the task."""
        return wait_for(f"STOPPED {arn}", lambda: self.in_status(arn, "STOPPED"), limit)

    def in_status(self, arn, status):
        task = self.task(arn)
        return task if task["lastStatus"] == status else None

    # Its containers, seen in the engine.

    def containers(self, all=False, **labels):
        """This daemon's containers, the running ones or all; `family`, `container_name` and so on narrow them down."""
        filters = [OWNER] + [f"{LABELS}{self.label(name)}={value}" for name, value in labels.items()]
        found = []
        for listed in self.engine.api.containers(all=all, filters={"label": filters}):
            if f":{self.account}:" in listed["Labels"].get(f"{LABELS}task-arn", ""):
                with contextlib.suppress(docker.errors.NotFound):
                    found.append(self.engine.containers.get(listed["Id"]))
        # The engine's list lags behind: it still has some as running that have ended.
        return [one for one in found if all or one.status == "running"]

    def volumes(self):
        """The engine's volumes that this daemon made."""
        owner = self.folder / "data/owner"
        if not owner.exists():
            return []
        return self.engine.volumes.list(filters={"label": f"{OWNER}={owner.read_text().strip()}"})

    @staticmethod
    def label(name):
        return {"family": "task-definition-family", "revision": "task-definition-version"}.get(name, name.replace("_", "-"))

    def container_of(self, task, name="web"):
        """The engine's container of a described task."""
        ids = [part["runtimeId"] for part in task["containers"] if part["name"] == name]
        return self.engine.containers.get(ids[0])

    def ask(self, task, path, name="web"):
        """GETs `path` from the puppet in a described task."""
        return self.executed(task, name, ["ask", path])

    def act(self, task, *words, name="web"):
        """Has the puppet in a described task do something: its exit code and what it printed."""
        done = self.executed(task, name, words)
        return done.exit_code, done.output.decode()

    def executed(self, task, name, words, tries=5):
        """What a puppet beside the one in the container did; a question that came to nothing is asked again."""
        for left in reversed(range(tries)):
            done = self.container_of(task, name).exec_run(["/puppet", *words])
            # The engine sometimes loses what a short program prints while the machine is busy.
            lost = words[0] in PRINTING and done.exit_code == 0 and not done.output
            # Who was started just now may not listen yet.
            deaf = words[0] in ("ask", "get") and done.exit_code == 2
            if not left or not (lost or deaf):
                return done
            time.sleep(0.5)

    def watch(self, *more):
        """Records the engine's events of this daemon's containers while the block runs: starts, deaths and `more`."""
        return Watch(self.engine, self.account, "start", "die", *more)


class Watch:
    """Events of one daemon's containers, each as (time in seconds, action, container id, labels)."""

    def __init__(self, engine, account, *actions):
        self.seen = []
        self.account = account
        self.stream = engine.api.events(
            filters={"type": "container", "event": list(actions), "label": [OWNER]}, decode=True
        )
        self.thread = threading.Thread(target=self.pump, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stream.close()

    def pump(self):
        with contextlib.suppress(Exception):  # Closing the stream under it ends it in one of several ways.
            for event in self.stream:
                labels = event["Actor"]["Attributes"]
                if f":{self.account}:" in labels.get(f"{LABELS}task-arn", ""):
                    self.seen.append((event["timeNano"] / 1e9, event["Action"], event["Actor"]["ID"], labels))

    def starts(self, family=None):
        """Times of starts, in order."""
        wanted = lambda labels: family in (None, labels[f"{LABELS}task-definition-family"])
        return [at for at, action, _, labels in list(self.seen) if action == "start" and wanted(labels)]


class Line:
    """A Unix socket that leads to the engine, and can be cut and mended."""

    def __init__(self, path, engine="/var/run/docker.sock"):
        self.path = str(path)
        self.engine = engine
        self.open = []
        self.listener = None
        self.lock = threading.Lock()

    def mend(self):
        """Lets connections through."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()
        return self

    def cut(self):
        """Ends all connections, and takes no new ones."""
        # Gone first: who loses a connection tries again at once.
        os.unlink(self.path)
        with self.lock:
            listener, self.listener = self.listener, None
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self.lock:
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self.open.clear()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.engine)
            with self.lock:
                is_cut = self.listener is not listener
                self.open += [] if is_cut else [near, far]
            if is_cut:
                # It came in the moment of the cut.
                near.close()
                far.close()
                return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=[source, sink], daemon=True).start()

    @staticmethod
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def free_port():
    """A TCP port that nobody listens on just now. It is below those that the kernel, the engine and the daemons give
    out by themselves, so that nobody is given it before it is used."""
    while True:
        port = random.randrange(21000, 31000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


def seconds(earlier, later):
    """Between two of boto3's timestamps."""
    return (later - earlier) / datetime.timedelta(seconds=1)


class Simulation(Daemon):
    """A `mainstay sim`: so many hosts, with attributes such as `zone=a,b,c` in turns; options are its flags."""

    QUICK = {"cpu": 2048, "memory": 4096, "start": 40, "stop": 20}

    def __init__(self, folder, instances, *attributes, **options):
        options = {"instances": instances, **self.QUICK, **options}
        flags = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        flags += [word for attribute in attributes for word in ("--attribute", attribute)]
        super().__init__(None, folder, "sim", *flags)

    def start(self, *flags):
        words, log = "the simulated hosts have joined", self.folder / "daemon.log"
        before = self.log().count(words) if log.exists() else 0
        super().start(*flags)
        wait_for("the hosts", lambda: self.log().count(words) > before)
        return self

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def instances(self, filter=None):
        """Container instances as described, those that an expression means."""
        of = {"filter": filter} if filter else {}
        pages = self.ecs.get_paginator("list_container_instances").paginate(**of)
        arns = [arn for page in pages for arn in page["containerInstanceArns"]]
        found = []
        for begin in range(0, len(arns), 100):
            part = arns[begin:begin + 100]
            found += self.ecs.describe_container_instances(containerInstances=part)["containerInstances"]
        return found

    def set_status(self, filter, status):
        """Has the instances that an expression means drain, or take tasks again."""
        arns = [one["containerInstanceArn"] for one in self.instances(filter)]
        for begin in range(0, len(arns), 10):
            part = arns[begin:begin + 10]
            answer = self.ecs.update_container_instances_state(containerInstances=part, status=status)
            assert not answer["failures"], answer["failures"]

    def spread(self, tasks, by="ecs.availability-zone"):
        """How many of these tasks are where, by an attribute of their instances or by the instance itself."""
        facts = {}
        for one in self.instances():
            named = {fact["name"]: fact.get("value") for fact in one["attributes"]}
            facts[one["containerInstanceArn"]] = one["ec2InstanceId"] if by == "instance" else named.get(by)
        return dict(collections.Counter(facts[task["containerInstanceArn"]] for task in tasks))
