"""Two things end a task at once; its record tells one consistent story, for good."""

import random
import time

import pytest

from vocabulary import container, fresh, get, health_check, seconds, stays, wait_for

CODES = {"EssentialContainerExited", "UserInitiated"}


def checked(daemon, arn, reason):
    """Waits until a task is over, and holds its record against the engine and against itself; the record."""
    gone = daemon.stopped(arn)
    (part,) = gone["containers"]
    assert gone["desiredStatus"] == part["lastStatus"] == "STOPPED"
    assert gone["stopCode"] in CODES
    told = "Essential container in task exited" if gone["stopCode"] == "EssentialContainerExited" else reason
    assert gone["stoppedReason"] == told
    if "runtimeId" in part and gone.get("startedAt"):
        truth = daemon.engine.containers.get(part["runtimeId"]).attrs["State"]
        assert part["exitCode"] == truth["ExitCode"]
        # A busy engine may say so only after somebody stopped the task, whose end is then told already.
        assert truth["OOMKilled"] or not part.get("reason", "").startswith("OutOfMemoryError")
    assert seconds(gone["stoppingAt"], gone["stoppedAt"]) >= 0
    return gone


def raced(daemon, definition, after, count=8):
    """Runs tasks and stops each at some moment around `after` seconds from its start; their records."""
    chance = random.Random(7)
    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    arns = []
    for _ in range(count):
        arns.append(daemon.run(definition=definition))
        if after:
            # It may have ended already where the machine is busy.
            wait_for("a start", lambda: daemon.task(arns[-1])["lastStatus"] in ("RUNNING", "STOPPED"))
            time.sleep(after * chance.uniform(0.5, 1.1))
        else:
            time.sleep(chance.uniform(0, 0.8))
        daemon.ecs.stop_task(task=arns[-1], reason="raced")
    records = [checked(daemon, arn, "raced") for arn in arns]
    # What is over stays as it is.
    time.sleep(1)
    assert [daemon.task(arn) for arn in arns] == records
    return records


def test_an_exit_against_a_stop(daemon):
    records = raced(daemon, daemon.register(container(command=["exit", "3", "--after", "1"])), after=1)
    for record in records:
        (code,) = [part["exitCode"] for part in record["containers"]]
        # One that was asked to stop may have ended by itself before it heard of that.
        assert code in (3, 143)
        assert record["stopCode"] == "UserInitiated" or code == 3


def test_running_out_of_memory_against_a_stop(daemon):
    records = raced(daemon, daemon.register(container(command=["eat", "600"], memory=16)), after=0)
    assert {part.get("exitCode") for record in records for part in record["containers"]} <= {None, 137, 143}


def test_a_stop_before_anything_is_there(daemon):
    definition = daemon.register()
    arns = []
    for _ in range(6):
        arns.append(daemon.run(definition=definition))
        daemon.ecs.stop_task(task=arns[-1], reason="changed my mind")
    for arn in arns:
        assert checked(daemon, arn, "changed my mind")["stopCode"] == "UserInitiated"
    wait_for("no container", lambda: not daemon.containers(family=definition.split(":")[0]))


@pytest.mark.parametrize("by", ["stop", "deployment"])
def test_health_turning_bad_while_it_is_being_stopped(daemon, by):
    # Deaf to SIGTERM and never healthy: its check fails in the minute that its stop may take.
    family = fresh()
    dying = container(command=["ignore-term"], stopTimeout=60, healthCheck=health_check(interval=15))
    definition = daemon.register(dying, family=family)
    service = daemon.serve(definition=definition, stable=False)
    task = wait_for("RUNNING task", lambda: next((t for t in daemon.tasks(service) if t["lastStatus"] == "RUNNING"), None))
    assert task["healthStatus"] == "UNKNOWN"

    if by == "stop":
        daemon.ecs.stop_task(task=task["taskArn"], reason="enough")
    else:
        daemon.ecs.update_service(service=service, desiredCount=0)
    hit = daemon.container_of(task)

    def turned():
        hit.reload()
        return hit.status == "running" and hit.attrs["State"]["Health"]["Status"] == "unhealthy"

    wait_for("bad health while it is being stopped", turned, limit=60)
    # Nobody needs to wait for the rest of the minute.
    hit.kill()
    gone = daemon.stopped(task["taskArn"])
    assert gone["containers"][0]["exitCode"] == 137
    if by == "stop":
        assert (gone["stopCode"], gone["stoppedReason"]) == ("UserInitiated", "enough")
        daemon.ecs.update_service(service=service, desiredCount=0)
    else:
        assert gone["stopCode"] == "ServiceSchedulerInitiated"
        assert "Scaling activity" in gone["stoppedReason"]
        assert [task["taskArn"] for task in daemon.tasks(service, status="STOPPED")] == [gone["taskArn"]]
    stays("one record", lambda: daemon.task(gone["taskArn"]) == gone, 2)
