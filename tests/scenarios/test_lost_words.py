"""Events and answers of the engine get lost, come twice or overtake each other, and nobody is misled."""

import os
import signal
import time

import pytest

from meddler import of_line
from vocabulary import LABELS, container, fresh, get, stays, wait_for


@pytest.fixture
def line(tmp_path):
    return of_line(tmp_path / "engine.sock")


def on(daemons, line):
    return daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()


def kill(daemon, task, name="web"):
    os.kill(daemon.container_of(task, name).attrs["State"]["Pid"], signal.SIGKILL)


def once_each(daemon, family, count):
    """Sees that so many containers of a family run, each of a task of its own."""
    wait_for(f"{count} containers", lambda: len(daemon.containers(family=family)) == count)
    stays(f"{count} containers", lambda: len(daemon.containers(family=family)) == count, 2)
    arns = [found.labels[f"{LABELS}task-arn"] for found in daemon.containers(all=True, family=family)]
    assert len(arns) == len(set(arns))


def findings(daemon):
    """What audits found, which should be nothing."""
    lines = get(f"{daemon.url}/metrics")[1].splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("mainstay_audit_findings_total"))


def test_a_death_while_only_the_event_stream_was_cut_is_noticed_when_it_is_back(daemons, line):
    daemon = on(daemons, line)
    service = daemon.serve(count=2)
    victim, other = daemon.tasks(service)

    line.cut_events()
    kill(daemon, victim)
    # The engine answers everything else meanwhile.
    began, asked = time.monotonic(), len(line.asked)
    time.sleep(4)
    rate = (len(line.asked) - asked) / (time.monotonic() - began)
    line.mend_events()

    gone = daemon.stopped(victim["taskArn"])
    assert gone["containers"][0]["exitCode"] == 137
    daemon.stable(service)
    running = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(running) == 2
    assert other["taskArn"] in running
    assert rate < 20, f"the engine was asked {rate:.0f} times a second while its events did not come"
    assert findings(daemon) == 0


@pytest.mark.parametrize("how", ["repeats", "reorders"])
def test_events_that_come_twice_or_in_a_wrong_order_mislead_nobody(daemons, line, how):
    setattr(line, how, True)
    daemon = on(daemons, line)
    family = fresh()
    service = daemon.serve(definition=daemon.register(family=family), count=4)
    for _ in range(3):
        tasks = daemon.tasks(service)
        before = {task["taskArn"] for task in tasks}
        for task in tasks[:3]:
            kill(daemon, task)
        for task in tasks[:3]:
            gone = daemon.stopped(task["taskArn"])
            assert gone["containers"][0]["exitCode"] == 137
            assert gone["stopCode"] == "EssentialContainerExited"
        daemon.stable(service)
        after = {task["taskArn"] for task in daemon.tasks(service)}
        assert len(after) == 4
        assert len(after & before) == 1
    once_each(daemon, family, 4)
    codes = [daemon.run(container(command=["exit", str(code)])) for code in (0, 3)]
    assert [daemon.stopped(arn)["containers"][0]["exitCode"] for arn in codes] == [0, 3]
    assert findings(daemon) == 0


@pytest.mark.parametrize(
    "asked",
    ["POST /containers/create", "POST /containers/[^/]+/start", "GET /containers/[^/]+/json"],
    ids=["create", "start", "inspect"],
)
def test_what_was_done_though_its_answer_was_lost_is_not_done_twice(daemons, line, asked):
    daemon = on(daemons, line)
    family = fresh()
    definition = daemon.register(family=family)
    with daemon.watch() as watch:
        line.lose_answers(asked, 2)
        service = daemon.serve(definition=definition, count=2)
        wait_for("lost answers", line.lost)
        once_each(daemon, family, 2)
        wait_for("two starts", lambda: len(watch.starts(family)) >= 2)
        assert len(watch.starts(family)) == 2
    assert len(daemon.tasks(service)) == 2
    assert not daemon.tasks(service, status="STOPPED")


def test_a_program_that_ended_before_the_lost_answer_to_its_start_is_not_started_again(daemons, line):
    daemon = on(daemons, line)
    definition = daemon.register(container(command=["exit", "3"]))
    with daemon.watch() as watch:
        line.lose_answers("POST /containers/[^/]+/start", 2)
        gone = daemon.stopped(daemon.run(definition=definition))
        assert gone["containers"][0]["exitCode"] == 3
        wait_for("its start", lambda: watch.starts(definition.split(":")[0]))
        assert len(watch.starts(definition.split(":")[0])) == 1


@pytest.mark.parametrize("asked", ["POST /containers/[^/]+/stop", "DELETE /containers/[^/]+"], ids=["stop", "remove"])
def test_a_task_ends_though_the_answer_to_its_stop_or_removal_was_lost(daemons, line, asked):
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}", MAINSTAY_AGENT_CLEANUP_WAIT="1s").start()
    arn = daemon.run()
    daemon.running(arn)
    line.lose_answers(asked, 2)
    daemon.ecs.stop_task(task=arn, reason="enough")
    gone = daemon.stopped(arn)
    assert (gone["stopCode"], gone["stoppedReason"]) == ("UserInitiated", "enough")
    assert gone["containers"][0]["exitCode"] == 143
    wait_for("no container", lambda: not daemon.containers(all=True))
