"""A daemon that is killed again and again, and what is written down of it meanwhile."""

import http.client
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))

import docker  # noqa: E402
from vocabulary import LABELS, MAINSTAY, OWNER, Daemon, Watch, get, wait_for  # noqa: E402

# Short enough that what is to happen some time after a start happens while the test looks.
SETTINGS = {
    "MAINSTAY_AGENT_ORPHAN_GRACE": "2s",
    "MAINSTAY_AGENT_CLEANUP_WAIT": "1s",
    "MAINSTAY_AGENT_STOP_TIMEOUT": "2s",
    "MAINSTAY_RESTART_BACKOFF": "100ms",
    "MAINSTAY_RESTART_BACKOFF_MAX": "500ms",
    "MAINSTAY_RESTART_SETTLE": "200ms",
    # Tasks are killed all the time here.
    "MAINSTAY_SUPERVISION_RESTARTS": "1000",
    "MAINSTAY_LOG_FORMAT": "text",
}
CRASH_AT = "MAINSTAY_CRASH_AT"
SLOW_DISK = "MAINSTAY_CRASH_SLOW_DISK"
# Milliseconds for a commit, on top of what it takes.
DISKS = [0, 0, 50, 200]
ABORTED = -6
# The id of a task that no daemon made.
ORPHAN = "f" * 32


class Gone(Exception):
    """The daemon ended before it answered: what was asked for was done, or was not."""


class Refused(Exception):
    """The daemon answered that it would not."""


class Victim(Daemon):
    """A daemon that ends without a word, and is started again."""

    def __init__(self, engine, folder, chance, network):
        super().__init__(engine, folder, "up", **SETTINGS)
        self.chance = chance
        self.network = network
        self.watch_events = Watch(engine, self.account)
        self.watch_events.__enter__()

    def spawn(self, crash_at=None):
        """Starts it; False where it ended at `crash_at` before it served."""
        self.settings.pop(CRASH_AT, None)
        self.settings[SLOW_DISK] = str(self.chance.choice(DISKS))
        if crash_at:
            self.settings[CRASH_AT] = crash_at
        try:
            self.start()
        except AssertionError:
            if crash_at and self.process.poll() == ABORTED:
                return False
            raise
        return True

    def ready(self):
        """Waits until it reaches the engine; False where it ended meanwhile."""

        def answers():
            if self.process.poll() is not None:
                return "ended"
            try:
                return get(f"{self.url}/readyz")[0] == 200 and "ready"
            except (OSError, http.client.HTTPException):
                return False

        return wait_for("ready daemon", answers, every=0.05) == "ready"

    def ended(self, limit):
        """Waits for its end; what it ended with, None where it lives on."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def call(self, operation, **members):
        """An API call's answer."""
        try:
            status, kind, answer = self.post(operation, members)
        except (OSError, http.client.HTTPException, ValueError) as lost:
            raise Gone(str(lost)) from None
        if status != 200:
            raise Refused(f"{operation} {members}: {status} {kind}: {answer}")
        return answer

    def rest(self, method, path, **members):
        """A call of EventBridge Scheduler: its answer."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=json.dumps(members).encode() if members else None,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise Refused(f"{method} {path} {members}: {refusal.code}: {refusal.read()}") from None
        except (OSError, http.client.HTTPException, ValueError) as lost:
            raise Gone(str(lost)) from None

    def register(self, *containers, **members):
        return super().register(*containers, networkMode=self.network, **members)

    def owner(self):
        """The label's value by which its containers are known."""
        return (self.folder / "data/owner").read_text().strip()

    def listed(self, everything=False):
        """Its containers as the engine's list has them."""
        if not (self.folder / "data/owner").exists():
            return []
        return self.engine.api.containers(all=everything, filters={"label": [f"{OWNER}={self.owner()}"]})

    def inspected(self):
        """Its containers that run until they are stopped: by id, when it was started and its task."""
        found = {}
        for listed in self.listed():
            try:
                seen = self.engine.api.inspect_container(listed["Id"])
            except docker.errors.NotFound:
                continue
            labels = seen["Config"]["Labels"]
            if seen["State"]["Running"] and labels[f"{LABELS}container-name"] != "init":
                found[seen["Id"]] = (seen["State"]["StartedAt"], labels[f"{LABELS}task-arn"])
        return found

    def orphan(self):
        """Runs a container that carries its labels and belongs to no task that it knows."""
        arn = f"arn:aws:ecs:us-east-1:{self.account}:task/default/{ORPHAN}"
        made = self.engine.containers.run(
            "mainstay/demo:1",
            detach=True,
            network_mode=self.network,
            labels={
                OWNER: self.owner(),
                "mainstay.task-id": ORPHAN,
                f"{LABELS}task-arn": arn,
                f"{LABELS}container-name": "web",
                f"{LABELS}cluster": "default",
            },
        )
        return made.id

    def clean_up(self):
        """Ends it and removes its containers, by the owner where there is one."""
        if self.process and self.process.poll() is None:
            self.kill()
        # What was asked of the engine just before may still be under way there.
        for _ in range(3):
            for left in self.listed(everything=True):
                try:
                    self.engine.api.remove_container(left["Id"], force=True, v=True)
                except docker.errors.APIError:
                    pass
            for left in self.volumes():
                try:
                    left.remove(force=True)
                except docker.errors.APIError:
                    pass
            time.sleep(0.3)
        try:
            self.watch_events.__exit__()
        except Exception:  # The stream's end is nobody's concern any more.
            pass

    def tasks_by_arn(self, arns):
        """Tasks as described, a hundred at a time; those that are not there are left out."""
        found = {}
        arns = list(arns)
        for at in range(0, len(arns), 100):
            for task in self.call("DescribeTasks", tasks=arns[at : at + 100])["tasks"]:
                found[task["taskArn"]] = task
        return found

    def task_arns(self, **members):
        """All that ListTasks lists."""
        arns, token = [], {}
        while True:
            page = self.call("ListTasks", **members, **token)
            arns += page["taskArns"]
            if not page.get("nextToken"):
                return arns
            token = {"nextToken": page["nextToken"]}


RANKS = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]


class Reader:
    """Reads all tasks again and again, across crashes; none may go back or be forgotten."""

    def __init__(self, victim, violation):
        self.victim, self.violation = victim, violation
        self.seen = {}
        self.reads = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.15):
            self.look()

    def look(self):
        with self.lock:
            try:
                if self.victim.address and self.victim.process.poll() is None:
                    self.read()
            except Gone:
                pass
            except Refused as refusal:
                self.violation(f"a read was refused: {refusal}")

    def read(self):
        known = [arn for arn, seen in self.seen.items() if seen[0] != len(RANKS) - 1]
        arns = list(dict.fromkeys(known + self.victim.task_arns()))
        found = self.victim.tasks_by_arn(arns)
        self.reads += 1
        for arn in known:
            if arn not in found:
                self.violation(f"{arn} was seen and is not there any more")
                self.seen.pop(arn)
        for arn, task in found.items():
            now = (
                RANKS.index(task["lastStatus"]),
                task["desiredStatus"] == "STOPPED",
                task.get("startedAt"),
                tuple(part.get("runtimeId") for part in task["containers"]),
            )
            before = self.seen.get(arn, now)
            if now[0] < before[0] or now[1] < before[1]:
                self.violation(f"{arn} went from {before} to {now}")
            for was, is_now in [(before[2], now[2]), *zip(before[3], now[3])]:
                if was is not None and is_now != was:
                    self.violation(f"{arn} had {was}, and then {is_now}")
            self.seen[arn] = now

    def end(self):
        self.over.set()
        self.thread.join()
