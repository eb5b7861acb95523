"""Much goes wrong at once."""

import os
import signal
import statistics
import time

import pytest

from vocabulary import LABELS, container, fresh, get, seconds, stays, wait_for


def pids(daemon, family):
    """Processes of a family's containers, by container."""
    return {found.id: found.attrs["State"]["Pid"] for found in daemon.containers(family=family)}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_containers_that_die_within_a_second_are_all_replaced(daemons, record_property):
    daemon = daemons().start()
    family = fresh()
    definition = daemon.register(container(memory=16), family=family, networkMode="none")
    service = daemon.serve(definition=definition, count=100, stable=False)
    daemon.stable(service, limit=300)
    before = pids(daemon, family)
    assert len(before) == 100
    old = {task["taskArn"] for task in daemon.tasks(service)}

    began = time.monotonic()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    assert time.monotonic() - began < 1
    daemon_answers = []

    def replaced():
        asked = time.monotonic()
        tasks = daemon.tasks(service)
        daemon_answers.append(time.monotonic() - asked)
        running = {task["taskArn"] for task in tasks if task["lastStatus"] == "RUNNING"}
        return len(running) == 100 and not running & old

    wait_for("a hundred replacements", replaced, limit=300, every=0.5)
    took = time.monotonic() - began
    print(f"100 containers killed within a second were replaced within {took:.1f} s")
    record_property("replaced_within_seconds", round(took, 1))
    assert statistics.median(daemon_answers) < 5
    daemon.stable(service)
    stays("exactly a hundred", lambda: daemon.service(service)["runningCount"] == 100 and len(daemon.tasks(service)) == 100, 3)
    after = daemon.containers(all=True, family=family)
    arns = [found.labels[f"{LABELS}task-arn"] for found in after]
    assert len(arns) == len(set(arns)) == 200
    assert len([found for found in after if found.status == "running"]) == 100
    ended = [daemon.task(arn) for arn in sorted(old)[:20]]
    assert {task["containers"][0]["exitCode"] for task in ended} == {137}
    metrics = get(f"{daemon.url}/metrics")[1].splitlines()
    assert all(line.endswith(" 0") for line in metrics if line.startswith("mainstay_audit_findings_total"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_tasks_in_a_crash_loop_do_not_keep_a_neighbour_from_being_healed(daemons):
    # A brake that hardly brakes: the loop keeps the engine as busy as it may.
    daemon = daemons(MAINSTAY_RESTART_BACKOFF="100ms", MAINSTAY_RESTART_BACKOFF_MAX="100ms", MAINSTAY_AGENT_CLEANUP_WAIT="1s").start()
    neighbour = daemon.serve(definition=daemon.register(networkMode="none"))

    def healed():
        """How long a killed container of the neighbour is missed, seconds."""
        (old,) = daemon.tasks(neighbour)
        os.kill(daemon.container_of(old).attrs["State"]["Pid"], signal.SIGKILL)
        gone = daemon.stopped(old["taskArn"])
        daemon.stable(neighbour)
        (new,) = daemon.tasks(neighbour)
        return seconds(gone["executionStoppedAt"], new["startedAt"])

    alone = statistics.median(healed() for _ in range(3))
    crashing = daemon.register(container(command=["exit", "1"]), networkMode="none")
    with daemon.watch() as watch:
        daemon.serve(definition=crashing, count=20, stable=False)
        family = crashing.split(":")[0]
        wait_for("a loop", lambda: len(watch.starts(family)) > 40, limit=180)
        began, first = time.monotonic(), len(watch.starts(family))
        beside = statistics.median(healed() for _ in range(3))
        rate = (len(watch.starts(family)) - first) / (time.monotonic() - began)
    print(f"a neighbour is healed in {alone:.2f} s alone, in {beside:.2f} s beside {rate:.1f} crashes a second")
    assert rate > 0.2, "the loop has to go on meanwhile"
    # The engine, which the loop keeps busy, is slower; nobody waits for the loop, which has no end.
    assert beside < 3 * alone + 20
