"""What is asked of a daemon while it is killed, and a journal of what it acknowledged.

Each worker owns what it asks for, so that what is to be there after a crash follows from its own answers: what was
acknowledged, and of what was under way at the crash either all or nothing.
"""

import itertools
import threading
import time

import docker
from vocabulary import REGION, container, fresh, variables

from victim import Gone, Refused

# Nobody listens there, so that its pull fails at once.
ABSENT = "127.0.0.1:1/none:1"


class Worker:
    """Asks one thing after the other; `verify` holds a daemon that was just started against the journal."""

    def __init__(self, victim, chance, violation):
        self.victim, self.chance, self.violation = victim, chance, violation
        self.acknowledged = 0
        # Each crash is followed by a look at the latest, the last by a look at all.
        self.everything = False
        self.script = self.steps()

    def call(self, operation, **members):
        answer = self.victim.call(operation, **members)
        self.acknowledged += 1
        return answer

    def run(self, over):
        while not over.is_set():
            try:
                over.wait(next(self.script))
            except Gone:
                self.script = self.steps()
                return
            except Refused as refusal:
                self.violation(f"refused without a reason: {refusal}")
                self.script = self.steps()

    def check(self, good, text):
        if not good:
            self.violation(f"{type(self).__name__}: {text}")
        return good

    def latest(self, items, count):
        return list(items) if self.everything else list(items)[-count:]

    def verify(self):
        raise NotImplementedError

    def steps(self):
        """Does a step and yields the wait before the next, for ever; begins anew after a crash."""
        raise NotImplementedError


class Services(Worker):
    """One service at a time: made, scaled, deployed, deleted."""

    def __init__(self, *arguments, definitions):
        super().__init__(*arguments)
        self.definitions = definitions
        self.service = None
        self.deleted = []
        self.turn = self.chance.randrange(8)

    def steps(self):
        while True:
            yield from self.step(self.turn)
            self.turn += 1

    def step(self, turn):
        service = self.service
        if service is None or service["under_way"] == "create":
            self.create()
            yield self.chance.uniform(0, 0.4)
            return
        other = [key for key in self.definitions if key != service["definition"]]
        match turn % 9:
            case 0 | 6:
                yield from self.steady()
            case 1:
                self.update(desired=self.chance.choice([1, 3]))
            case 2:
                self.update(definition=self.chance.choice(other))
            case 3:
                yield from self.steady()
            case 4:
                self.update(desired=self.chance.choice([0, 1]))
            case 5:
                self.update(desired=self.chance.choice([2, 3]), definition=self.chance.choice(other))
            case 7:
                self.update(force=True)
            case 8:
                self.delete()
        yield self.chance.uniform(0, 0.3)

    def steady(self):
        # Sometimes for long, so that rollouts get to their ends on a slow engine, too.
        until = time.monotonic() + self.chance.choice([2, 6, 30])
        while time.monotonic() < until:
            found = self.victim.call("DescribeServices", services=[self.service["name"]])["services"][0]
            if is_steady(found):
                return
            yield 0.1

    def create(self):
        if self.service is None:
            self.service = {
                "name": fresh("service"),
                "token": fresh("token"),
                "desired": self.chance.choice([1, 2]),
                "definition": self.chance.choice(self.definitions),
                "made": None,
                "under_way": "create",
            }
        made = self.call("CreateService", **self.creation())["service"]
        self.service.update(under_way=None, made=(made["serviceArn"], made["createdAt"]))

    def creation(self):
        service = self.service
        return {
            "serviceName": service["name"],
            "taskDefinition": service["definition"],
            "desiredCount": service["desired"],
            "clientToken": service["token"],
        }

    def update(self, desired=None, definition=None, force=False):
        service = self.service
        changed = {
            "desired": service["desired"] if desired is None else desired,
            "definition": definition or service["definition"],
        }
        service["under_way"] = changed
        members = {} if desired is None else {"desiredCount": desired}
        members |= {"taskDefinition": definition} if definition else {}
        members |= {"forceNewDeployment": True} if force else {}
        self.call("UpdateService", service=service["name"], **members)
        service.update(changed, under_way=None)

    def delete(self):
        self.service["under_way"] = "delete"
        self.call("DeleteService", service=self.service["name"], force=True)
        self.deleted.append(self.service["name"])
        self.service = None

    def verify(self):
        for name in self.latest(self.deleted, 5):
            self.verify_deleted(name)
        service = self.service
        if service is None:
            return
        found = self.victim.call("DescribeServices", services=[service["name"]])["services"]
        if not found:
            self.check(service["under_way"] == "create", f"{service['name']} is lost")
            if service["under_way"] != "create":
                self.service = None
            return
        found = found[0]
        if found["status"] != "ACTIVE":
            self.check(service["under_way"] == "delete", f"{service['name']} is {found['status']}")
            self.deleted.append(service["name"])
            self.service = None
            return
        is_now = {"desired": found["desiredCount"], "definition": short_definition(found["taskDefinition"])}
        was = {"desired": service["desired"], "definition": service["definition"]}
        may_be = [was] + [service["under_way"]] * isinstance(service["under_way"], dict)
        self.check(is_now in may_be, f"{service['name']} is {is_now}, not one of {may_be}")
        under_way = service["under_way"]
        service.update(is_now, under_way=None)
        # The token finds the one that was made, whatever became of it since.
        again = self.victim.call("CreateService", **self.creation())["service"]
        again = (again["serviceArn"], again["createdAt"])
        if under_way != "create":
            self.check(again == service["made"], f"the token of {service['made']} gave {again}")
        service["made"] = again

    def verify_deleted(self, name):
        found = self.victim.call("DescribeServices", services=[name])["services"]
        status = found[0]["status"] if found else "MISSING"
        self.check(status in ("DRAINING", "INACTIVE"), f"{name} was deleted and is {status}")


class Definitions(Worker):
    """Registers revisions of a family and makes them INACTIVE."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.family = fresh("family")
        self.known = {}
        self.under_way = None

    def steps(self):
        while True:
            active = [number for number, (_, status) in self.known.items() if status == "ACTIVE"]
            if len(active) > 2 or (active and self.chance.random() < 0.3):
                number = self.chance.choice(active)
                self.under_way = ("deregister", number)
                self.call("DeregisterTaskDefinition", taskDefinition=f"{self.family}:{number}")
                self.known[number] = (self.known[number][0], "INACTIVE")
            else:
                marker = fresh("marker")
                self.under_way = ("register", marker)
                made = self.call(
                    "RegisterTaskDefinition",
                    family=self.family,
                    networkMode=self.victim.network,
                    containerDefinitions=[container(environment=variables(MARKER=marker))],
                )["taskDefinition"]
                number = made["revision"]
                self.check(number not in self.known, f"revision {number} was given twice")
                self.known[number] = (marker, "ACTIVE")
            self.under_way = None
            yield self.chance.uniform(0.1, 0.6)

    def look(self, number):
        try:
            found = self.victim.call("DescribeTaskDefinition", taskDefinition=f"{self.family}:{number}")
        except Refused:
            return None
        found = found["taskDefinition"]
        return found["containerDefinitions"][0]["environment"][0]["value"], found["status"]

    def verify(self):
        act, subject = self.under_way or (None, None)
        self.under_way = None
        for number, (marker, status) in self.latest(self.known.items(), 8):
            found = self.look(number)
            may_be = [(marker, status)] + [(marker, "INACTIVE")] * ((act, subject) == ("deregister", number))
            if self.check(found in may_be, f"{self.family}:{number} is {found}, not one of {may_be}"):
                self.known[number] = found
        next_number = max(self.known, default=0) + 1
        found = self.look(next_number)
        if found is not None:
            expected = act == "register" and found == (subject, "ACTIVE")
            self.check(expected, f"{self.family}:{next_number} is {found}, which nobody registered")
            self.known[next_number] = found


class Tasks(Worker):
    """Runs tasks and stops them."""

    def __init__(self, *arguments, definitions):
        super().__init__(*arguments)
        self.definitions = definitions
        self.kinds = itertools.cycle(["serve", "absent", "serve", "exit"])
        self.runs = {}
        self.run_under_way = None
        self.stop_under_way = None
        self.to_stop = []
        self.stopped = []

    def steps(self):
        while True:
            if self.to_stop and (len(self.to_stop) > 2 or self.chance.random() < 0.5):
                arn = self.to_stop.pop(0)
                self.stop_under_way = arn
                self.call("StopTask", task=arn, reason="asked to")
                self.stop_under_way = None
                self.stopped.append(arn)
            else:
                # In turn, so that no kind is long in coming.
                kind = next(self.kinds)
                marker = fresh("run")
                request = {
                    "taskDefinition": self.definitions[kind],
                    "count": 1 if kind == "absent" else self.chance.choice([1, 2]),
                    "startedBy": marker,
                    "clientToken": fresh("token"),
                }
                self.run_under_way = request
                self.ran(request, self.call("RunTask", **request))
                self.run_under_way = None
            yield self.chance.uniform(0.1, 0.8)

    def ran(self, request, answer):
        arns = sorted(task["taskArn"] for task in answer["tasks"])
        if not self.check(len(arns) == request["count"], f"{request} gave {answer}"):
            return
        self.runs[request["startedBy"]] = (request, arns)
        if request["taskDefinition"] == self.definitions["serve"]:
            self.to_stop += arns

    def verify(self):
        if request := self.run_under_way:
            # As a client does that had no answer.
            self.run_under_way = None
            self.ran(request, self.victim.call("RunTask", **request))
        for marker, (request, arns) in self.latest(self.runs.items(), 4):
            again = sorted(task["taskArn"] for task in self.victim.call("RunTask", **request)["tasks"])
            self.check(again == arns, f"the token of {arns} gave {again}")
            found = [
                arn
                for status in ("RUNNING", "STOPPED")
                for arn in self.victim.task_arns(startedBy=marker, desiredStatus=status)
            ]
            # One that ends between the two lists is in both.
            found = sorted(set(found))
            self.check(found == arns, f"{marker} ran {arns}, and there are {found}")
        if arn := self.stop_under_way:
            self.stop_under_way = None
            self.to_stop.append(arn)
        stopped = self.latest(self.stopped, 10)
        found = self.victim.tasks_by_arn(stopped) if stopped else {}
        for arn in stopped:
            desired = found.get(arn, {}).get("desiredStatus")
            self.check(desired == "STOPPED", f"{arn} was stopped, and its desired status is {desired}")


class Schedules(Worker):
    """Makes schedules that run at once and not again that day: each has its task, and has it once."""

    # A run that was decided waits for its host, and is then tried again within seconds.
    RUNS_WITHIN = 90

    def __init__(self, *arguments, definition):
        super().__init__(*arguments)
        self.definition = definition
        self.names = []
        self.under_way = None

    def steps(self):
        while True:
            self.under_way = fresh("schedule")
            self.victim.rest(
                "POST",
                f"/schedules/{self.under_way}",
                ScheduleExpression="rate(1 day)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={
                    "Arn": f"arn:aws:ecs:{REGION}:{self.victim.account}:cluster/default",
                    "RoleArn": f"arn:aws:iam::{self.victim.account}:role/any",
                    "EcsParameters": {"TaskDefinitionArn": self.definition},
                },
            )
            self.acknowledged += 1
            self.names.append(self.under_way)
            self.under_way = None
            yield self.chance.uniform(0.5, 1.5)

    def tasks(self, name):
        by = f"chronos-schedule/{name}"
        listed = [self.victim.task_arns(startedBy=by, desiredStatus=status) for status in ("RUNNING", "STOPPED")]
        # One that ends between the two lists is in both.
        return sorted({arn for arns in listed for arn in arns})

    def verify(self):
        there = {one["name"] for one in self.victim.rest("GET", "/v1/schedules")["schedules"]}
        if self.under_way in there:
            self.names.append(self.under_way)
        self.under_way = None
        for name in self.latest(self.names, 4):
            if not self.check(name in there, f"{name} is gone"):
                continue
            until = time.monotonic() + self.RUNS_WITHIN
            while not self.tasks(name) and time.monotonic() < until:
                time.sleep(0.2)
            found = self.tasks(name)
            self.check(len(found) == 1, f"{name} has the tasks {found}, and should have one")


class Clusters(Worker):
    """Makes clusters and deletes them."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.known = {}
        self.under_way = None

    def steps(self):
        while True:
            active = [name for name, status in self.known.items() if status == "ACTIVE"]
            if active and self.chance.random() < 0.5:
                name = self.chance.choice(active)
                self.under_way = (name, "INACTIVE")
                self.call("DeleteCluster", cluster=name)
            else:
                name = fresh("cluster")
                self.under_way = (name, "ACTIVE")
                self.call("CreateCluster", clusterName=name)
            self.known[name] = self.under_way[1]
            self.under_way = None
            yield self.chance.uniform(0.3, 1.2)

    def verify(self):
        under_way, self.under_way = self.under_way, None
        subject, wanted = under_way or (None, None)
        names = self.latest(self.known, 10)
        names += [subject] * (under_way is not None and subject not in names)
        for name in names:
            found = self.victim.call("DescribeClusters", clusters=[name])["clusters"]
            status = found[0]["status"] if found else None
            may_be = [self.known.get(name)] + [wanted] * (name == subject)
            self.check(status in may_be, f"{name} is {status}, not one of {may_be}")
            if status:
                self.known[name] = status


class Killer(Worker):
    """Ends containers from outside, and runs one that is nobody's."""

    def __init__(self, *arguments, spare):
        super().__init__(*arguments)
        self.spare = spare
        self.killed = set()
        self.kills = 0

    def steps(self):
        while True:
            yield self.chance.uniform(0.3, 1.0)
            self.kill_one()

    def kill_one(self):
        running = [one["Id"] for one in self.victim.listed() if one["Id"] not in self.spare | self.killed]
        if not running:
            return
        target = self.chance.choice(running)
        self.killed.add(target)
        try:
            self.victim.engine.api.kill(target)
            self.kills += 1
        except docker.errors.APIError:
            pass

    def verify(self):
        pass


def short_definition(arn):
    return arn.rsplit("/", 1)[-1]


def is_steady(service):
    """As the waiter of the AWS CLI has it, and the rollout is told of, too."""
    return (
        len(service["deployments"]) == 1
        and service["runningCount"] == service["desiredCount"]
        and service["pendingCount"] == 0
        and service["deployments"][0]["rolloutState"] == "COMPLETED"
    )


class Load:
    """All workers of one daemon."""

    def __init__(self, victim, chance, violation):
        self.victim = victim
        arguments = (victim, chance, violation)
        web = [victim.register(container(), family="web") for _ in range(3)]
        kinds = {
            # Whoever starts it again lets it wait for one that has been and is not to run again.
            "serve": victim.register(
                container(dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
                container("init", essential=False, command=["exit", "0", "--after", "0.3"]),
                family="serve",
            ),
            # With a volume, that is made and removed again with each.
            "exit": victim.register(
                container(
                    command=["exit", "0", "--after", "1"],
                    mountPoints=[{"sourceVolume": "scratch", "containerPath": "/scratch"}],
                ),
                family="exit",
                volumes=[{"name": "scratch"}],
            ),
            "absent": victim.register(container(image=ABSENT), family="absent"),
        }
        pair = victim.register(container("web"), container("side", essential=False), family="still")
        victim.serve(name="still", definition=pair, count=2)
        self.still = victim.inspected()
        self.killer = Killer(*arguments, spare=set(self.still))
        self.services = [Services(*arguments, definitions=web) for _ in range(2)]
        self.tasks = Tasks(*arguments, definitions=kinds)
        self.schedules = Schedules(*arguments, definition=kinds["exit"])
        others = [self.schedules, Definitions(*arguments), Clusters(*arguments)]
        self.workers = [*self.services, self.tasks, *others, self.killer]
        self.over = threading.Event()
        self.threads = []

    def begin(self):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=one.run, args=[self.over], daemon=True) for one in self.workers]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def acknowledged(self):
        return sum(one.acknowledged for one in self.workers)
