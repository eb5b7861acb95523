"""The engine goes away and comes back; the daemon waits for it, and loses nothing."""

import os
import signal

import pytest

from vocabulary import Line, fresh, get, stays, wait_for


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path / "engine.sock").mend()
    yield line


def test_while_the_engine_is_away_the_daemon_answers_and_says_so(daemons, line):
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()
    service = daemon.serve(count=2)
    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    before = {found.id for found in daemon.containers()}

    line.cut()

    wait_for("unreadiness", lambda: get(f"{daemon.url}/readyz")[0] == 503)
    assert "engine" in get(f"{daemon.url}/readyz")[1]
    assert get(f"{daemon.url}/healthz")[0] == 200
    wait_for("the metric", lambda: "mainstay_engine_connected 0" in get(f"{daemon.url}/metrics")[1])
    # Nobody takes silence for death.
    stays("two tasks", lambda: daemon.service(service)["runningCount"] == 2, 3)
    # What is asked for now is done later.
    daemon.ecs.update_service(service=service, desiredCount=3)
    assert {found.id for found in daemon.containers()} == before

    line.mend()

    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    daemon.stable(service)
    after = {found.id for found in daemon.containers()}
    assert len(after) == 3
    assert before < after


def test_what_ended_while_the_engine_was_away_is_noticed_when_it_is_back(daemons, line):
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()
    service = daemon.serve(count=2)
    victim, other = daemon.tasks(service)
    process = daemon.container_of(victim).attrs["State"]["Pid"]

    line.cut()
    os.kill(process, signal.SIGKILL)
    line.mend()

    gone = daemon.stopped(victim["taskArn"])
    assert gone["containers"][0]["exitCode"] == 137
    daemon.stable(service)
    running = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(running) == 2
    assert other["taskArn"] in running


def test_a_line_that_keeps_breaking_during_a_start_leaves_no_container_too_many(daemons, line):
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()
    family = fresh()
    service = daemon.serve(definition=daemon.register(family=family), count=5, stable=False)
    for _ in range(4):
        line.cut()
        line.mend()
        # Long enough for some of the work, not for all of it.
        wait_for("some container", lambda: daemon.containers(all=True, family=family), every=0.02)
    daemon.stable(service)
    wait_for("five containers", lambda: len(daemon.containers(family=family)) == 5)
    stays("five containers", lambda: len(daemon.containers(family=family)) == 5, 2)


def test_a_daemon_starts_without_its_engine_and_goes_on_when_that_comes(daemons, line):
    line.cut()
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()
    assert get(f"{daemon.url}/readyz")[0] == 503
    definition = daemon.register()
    service = daemon.serve(definition=definition, stable=False)
    line.mend()
    daemon.stable(service)
    assert daemon.service(service)["runningCount"] == 1
