"""Kills daemons under load, at every failpoint and at random instants, and sees that nothing is lost.

    python tests/crashes [--quick] [--only FAILPOINT…] [--network none]

Each lane has a daemon with a data folder of its own. A kill: load begins, the daemon ends (at a failpoint by itself,
otherwise by SIGKILL), is started again on what it left behind, and is held against the journal and the engine.
MAINSTAY names the program, built with the feature `failpoints`; MAINSTAY_TEST_SEED the order of things.
"""

import argparse
import collections
import dataclasses
import datetime
import os
import pathlib
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import docker
from victim import ABORTED, MAINSTAY, ORPHAN, Reader, Refused, Victim, wait_for

from load import Load, is_steady

RANDOM_KILLS = 30
LANES = 4
# A failpoint that the load has not reached by then is not reached. These limits are long, since they cost nothing where
# all is well, and an engine that four daemons share on a busy machine is slow.
REACHED_WITHIN = 60
# So often a failpoint is tried.
TRIES = 3
SETTLES_WITHIN = 150
OWNED_WITHIN = 90
ENDS_WITHIN = 90
# These are passed once in a daemon's life: at its first start.
AT_FIRST_START = ("instance-decided", "instance-committed", "instance-shown")
# These at each start, the last ones soon after it.
AT_START = ("daemon-loaded", "daemon-tree-up", "daemon-host-added", "recovery-found", "recovery-orphan")


@dataclasses.dataclass
class Outcome:
    """What all lanes saw."""

    seed: int
    kills: int = 0
    reached: dict = dataclasses.field(default_factory=collections.Counter)
    # How often each was tried in vain.
    missed: dict = dataclasses.field(default_factory=collections.Counter)
    unreached: list = dataclasses.field(default_factory=list)
    violations: list = dataclasses.field(default_factory=list)
    acknowledged: int = 0
    reads: int = 0
    deaths: int = 0
    orphans: int = 0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class Lane(threading.Thread):
    """One daemon after the other kill."""

    def __init__(self, number, plan, outcome, folder, quick_end, network):
        super().__init__(name=f"lane-{number}")
        self.number, self.plan, self.outcome, self.folder = number, plan, outcome, folder
        self.quick_end, self.network = quick_end, network
        self.chance = random.Random(outcome.seed * 1000 + number)
        self.engine = docker.from_env(timeout=120)
        self.kill_number = 0
        self.what = "setup"
        self.victims = 0
        self.told = set()
        self.reader = None

    def violation(self, text):
        with self.outcome.lock:
            self.outcome.violations.append(f"lane {self.number}, kill {self.kill_number} ({self.what}): {text}")
            say(f"VIOLATION {self.outcome.violations[-1]}")

    def run(self):
        victim = None
        try:
            victim = self.new_victim()
            self.live(victim)
        except Exception:
            self.violation(f"the test itself failed:\n{traceback.format_exc()}")
        finally:
            if victim:
                victim.clean_up()

    def new_victim(self):
        self.victims += 1
        folder = self.folder / f"lane-{self.number}-{self.victims}"
        folder.mkdir()
        return Victim(self.engine, folder, self.chance, self.network)

    def live(self, victim):
        victim.spawn()
        victim.ready()
        self.reader = reader = Reader(victim, self.violation)
        load = Load(victim, self.chance, self.violation)
        while not self.quick_end.is_set():
            try:
                self.what = self.plan.get_nowait()
            except queue.Empty:
                break
            self.kill_number += 1
            began = time.monotonic()
            if self.what in AT_FIRST_START:
                self.first_start(self.what)
            else:
                self.kill(victim, load)
            say(f"lane {self.number}: {self.what} ({time.monotonic() - began:.1f} s)")
        self.what = "end"
        for worker in load.workers:
            worker.everything = True
            worker.verify()
        for name in [name for services in load.services for name in services.deleted]:
            wait_for(f"end of {name}", lambda name=name: status_of(victim, name) in ("INACTIVE", None), ENDS_WITHIN)
        reader.end()
        self.check_events(victim)
        with self.outcome.lock:
            self.outcome.acknowledged += load.acknowledged()
            self.outcome.deaths += load.killer.kills
            self.outcome.reads += reader.reads

    # A kill.

    def kill(self, victim, load):
        point = None if self.what == "random" else self.what
        orphan = None
        if point in AT_START:
            load.begin()
            time.sleep(self.chance.uniform(0.3, 1.5))
            self.sigkill(victim)
            load.end()
            orphan = victim.orphan() if point == "recovery-orphan" or self.chance.random() < 0.3 else None
            self.reach(victim, load, [point])
        elif point:
            number = self.chance.choice([1, 1, 1, 2, 3])
            self.sigkill(victim)
            self.reach(victim, load, [f"{point}:{number}", point][number == 1 :])
        else:
            load.begin()
            time.sleep(self.chance.uniform(0.2, 3.0))
            if self.chance.random() < 0.5:
                # In the midst of making something good, of which somebody was told.
                load.killer.kill_one()
                time.sleep(self.chance.uniform(0, 0.15))
                self.reader.look()
            self.sigkill(victim)
            load.end()
            if self.chance.random() < 0.3:
                # While it finds its feet again.
                victim.settings.pop("MAINSTAY_CRASH_AT", None)
                self.start_and_kill_soon(victim)
            orphan = victim.orphan() if self.chance.random() < 0.2 else None
        killed_at = datetime.datetime.now().timestamp()
        running = victim.inspected()
        victim.spawn()
        victim.ready()
        back_at = datetime.datetime.now(datetime.UTC)
        if orphan:
            with self.outcome.lock:
                self.outcome.orphans += 1
        self.verify(victim, load, running, killed_at, back_at)

    def reach(self, victim, load, points):
        """Starts it so that it ends at the first of `points`, at the next where it does not get there."""
        for point in points:
            if victim.spawn(point):
                if victim.ready():
                    load.begin()
                ended = victim.ended(REACHED_WITHIN)
                if ended is None:
                    victim.kill()
                load.end()
                if ended is None:
                    continue
                if ended != ABORTED:
                    self.violation(f"the daemon ended with {ended}")
            name = point.split(":")[0]
            with self.outcome.lock:
                self.outcome.kills += 1
                self.outcome.reached[name] += 1
            return
        with self.outcome.lock:
            self.outcome.missed[points[-1]] += 1
            again = self.outcome.missed[points[-1]] < TRIES
            if not again:
                self.outcome.unreached.append(points[-1])
        if again:
            # On a busy machine what it takes may not have come about in time.
            self.plan.put(points[-1])
        say(f"lane {self.number}: {points[-1]} was NOT REACHED" + (", and will be tried again" if again else ""))

    def start_and_kill_soon(self, victim):
        threading.Timer(self.chance.uniform(0.0, 0.4), lambda: victim.process and victim.process.kill()).start()
        before = victim.process
        try:
            victim.start()
        except AssertionError:
            pass
        if victim.process is not before:
            victim.kill()
        self.counted()

    def sigkill(self, victim):
        if victim.process.poll() is not None:
            self.violation(f"the daemon had ended with {victim.process.poll()}")
            return
        victim.kill()
        self.counted()

    def counted(self):
        with self.outcome.lock:
            self.outcome.kills += 1

    def first_start(self, point):
        """A daemon of its own, that ends before it is born."""
        victim = self.new_victim()
        try:
            if victim.spawn(point):
                victim.kill()
                with self.outcome.lock:
                    self.outcome.unreached.append(point)
            else:
                with self.outcome.lock:
                    self.outcome.kills += 1
                    self.outcome.reached[point] += 1
            victim.spawn()
            victim.ready()
            instances = victim.call("ListContainerInstances")["containerInstanceArns"]
            if len(instances) != 1:
                self.violation(f"one host is {len(instances)} container instances")
            victim.running(victim.run())
        finally:
            victim.clean_up()

    # What is to hold afterwards.

    def verify(self, victim, load, running, killed_at, back_at):
        for worker in load.workers:
            try:
                worker.verify()
            except Refused as refusal:
                self.violation(f"refused without a reason: {refusal}")
        names = ["still"] + [one.service["name"] for one in load.services if one.service]
        try:
            wait_for("steady services", lambda: self.unsteady(victim, names) == [], SETTLES_WITHIN)
        except AssertionError:
            self.violation(f"not steady after {SETTLES_WITHIN} s: {self.unsteady(victim, names)}")
        try:
            wait_for("owner of each container", lambda: self.strays(victim) == {}, OWNED_WITHIN, every=0.3)
        except AssertionError:
            self.violation(f"after {OWNED_WITHIN} s nobody owns {self.strays(victim)}")
        self.check_kept(victim, load, running, killed_at, back_at)
        self.check_events(victim)

    def unsteady(self, victim, names):
        found = victim.call("DescribeServices", services=names)["services"]
        return [
            {key: one[key] for key in ("serviceName", "status", "desiredCount", "runningCount", "pendingCount")}
            | {"deployments": len(one["deployments"]), "events": [event["message"] for event in one["events"][:3]]}
            for one in found
            if not is_steady(one)
        ]

    def strays(self, victim):
        """Labelled containers and volumes that belong to no task that lives."""
        found = [(one["Names"][0], one["Status"], one["Labels"]) for one in victim.listed(everything=True)]
        found += [(one.name, "volume", one.attrs["Labels"]) for one in victim.volumes()]
        arns = {labels["com.amazonaws.ecs.task-arn"] for _, _, labels in found}
        live = {arn for arn, task in victim.tasks_by_arn(arns).items() if task["lastStatus"] != "STOPPED"}
        return {name: what for name, what, labels in found if labels["com.amazonaws.ecs.task-arn"] not in live}

    def check_kept(self, victim, load, running, killed_at, back_at):
        """What ran at the kill and is wanted still runs, untouched; by `back_at` the next daemon had found it."""
        now = victim.inspected()
        for one, seen in load.still.items():
            if now.get(one) != seen:
                self.violation(f"{one} of the service that nobody touched was {seen} and is {now.get(one)}")
                load.still = {one: seen for one, seen in now.items() if one in load.still}
                return
        # The engine may have been about to start some more when the daemon was killed.
        began = {
            one: seen for one, seen in now.items() if one not in running and seen[0] < f"{back_at:%Y-%m-%dT%H:%M:%S.%f}"
        }
        tasks = victim.tasks_by_arn({arn for _, arn in (running | began).values()})
        kept = collections.Counter(
            (task.get("startedBy"), "kept") for _, arn in began.values() if (task := tasks.get(arn))
        )
        for one, (started, arn) in running.items():
            task = tasks.get(arn)
            if task is None or one in load.killer.killed:
                continue
            if task["desiredStatus"] == "RUNNING" and now.get(one, (None,))[0] != started:
                self.violation(f"{one} of {arn} ran since {started} at the kill, now {now.get(one)}")
            # Stopped by a decision of before, or by one after the kill?
            after = task.get("stoppingAt", 0) > killed_at
            kept[(task.get("startedBy"), "stopped" if after else "kept")] += 1
        for services in load.services:
            if not services.service:
                continue
            found = victim.call("DescribeServices", services=[services.service["name"]])["services"]
            if not found:
                # Its creation was under way, and nothing came of it.
                continue
            found = found[0]
            primary = found["deployments"][0]
            survivors, stopped = kept[(primary["id"], "kept")], kept[(primary["id"], "stopped")]
            if stopped and survivors < found["desiredCount"]:
                self.violation(
                    f"{found['serviceName']} wants {found['desiredCount']}, and {stopped} of its tasks that ran at"
                    f" the kill were stopped after it, {survivors} kept"
                )

    def check_events(self, victim):
        """No task had two sets of containers, none of its containers ran twice, and none before what it waits for."""
        ids, starts = collections.defaultdict(set), collections.Counter()
        prepared = set()
        for _, action, one, labels in list(victim.watch_events.seen):
            arn, name = labels["com.amazonaws.ecs.task-arn"], labels["com.amazonaws.ecs.container-name"]
            if action == "die" and name == "init" and labels["exitCode"] == "0":
                prepared.add(arn)
            if action == "start":
                family = labels.get("com.amazonaws.ecs.task-definition-family")
                waits = family == "serve" and name != "init"
                if waits and arn not in prepared and one not in self.told:
                    self.told.add(one)
                    self.violation(f"{one} of {arn} was started before its init container had succeeded")
                ids[(arn, name)].add(one)
                starts[one] += 1
        for (arn, name), of in ids.items():
            if len(of) > 1 and not arn.endswith(ORPHAN) and arn not in self.told:
                self.told.add(arn)
                self.violation(f"{arn} had {len(of)} containers {name}: {of}")
        for one, times in starts.items():
            if times > 1 and one not in self.told:
                self.told.add(one)
                self.violation(f"{one} was started {times} times")


def status_of(victim, name):
    found = victim.call("DescribeServices", services=[name])["services"]
    return found[0]["status"] if found else None


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


def planned(arguments, chance):
    listed = subprocess.run([MAINSTAY, "failpoints"], capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit(f"{MAINSTAY} has no failpoints; build it with --features failpoints")
    points = listed.stdout.split()
    if arguments.only:
        return arguments.only
    if arguments.quick:
        return chance.sample(points, 5) + ["random"] * 5
    plan = points + ["random"] * RANDOM_KILLS
    chance.shuffle(plan)
    return plan


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="ten kills")
    parser.add_argument("--only", nargs="+", help="these failpoints, or `random`")
    parser.add_argument("--network", default="bridge", help="the containers' network mode")
    parser.add_argument("--lanes", type=int, default=LANES)
    arguments = parser.parse_args()
    seed = int(os.environ.get("MAINSTAY_TEST_SEED") or random.randrange(10**6))
    say(f"seed {seed}; MAINSTAY_TEST_SEED={seed} gives the same order again")
    plan = planned(arguments, random.Random(seed))
    waiting = queue.Queue()
    for one in plan:
        waiting.put(one)
    outcome, began, end = Outcome(seed), time.monotonic(), threading.Event()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-crashes-"))
    lanes = [
        Lane(number, waiting, outcome, folder, end, arguments.network) for number in range(min(arguments.lanes, len(plan)))
    ]
    for lane in lanes:
        lane.start()
    # Each lane ends after the kill it is at, and removes its containers.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: end.set())
    for lane in lanes:
        lane.join()
    tried = sorted({one for one in plan if one != "random"})
    if not waiting.empty():
        outcome.violations.append(f"{waiting.qsize()} kills were not tried")
    say(
        f"{outcome.kills} kills in {time.monotonic() - began:.0f} s (seed {seed}); "
        f"{len(outcome.reached)} of {len(tried)} failpoints reached; {outcome.acknowledged} writes acknowledged, "
        f"{outcome.reads} reads, {outcome.deaths} containers killed, {outcome.orphans} orphans; "
        f"{len(outcome.violations)} violations"
    )
    for one in outcome.unreached:
        say(f"not reached: {one}")
    for one in outcome.violations:
        say(one)
    if outcome.violations or outcome.unreached:
        say(f"the daemons' logs are in {folder}")
        sys.exit(1)
    subprocess.run(["rm", "-rf", folder], check=False)


if __name__ == "__main__":
    main()
