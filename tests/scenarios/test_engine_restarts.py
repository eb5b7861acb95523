"""The engine ends and hangs under a daemon: a private one, so that nobody else's containers are in it."""

import time

import pytest

from vocabulary import LABELS, container, fresh, get, stays, wait_for

# What waits for an engine that hangs waits longer, seconds; a busy machine alone does not hold requests up for so long.
HELD_UP = 9


def engine_says(private, task):
    """Exit code of a task's container, in the engine's own words."""
    (part,) = task["containers"]
    return private.client.containers.get(part["runtimeId"]).attrs["State"]["ExitCode"]


def nothing_is_there_twice(daemon):
    arns = [found.labels[f"{LABELS}task-arn"] for found in daemon.containers(all=True)]
    assert len(arns) == len(set(arns))


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_containers_that_die_with_their_engine_are_told_with_their_exit_codes_and_replaced(private_engines, daemons, end):
    private = private_engines()
    daemon = daemons(on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint).start()
    definition = daemon.register(networkMode="none")
    service = daemon.serve(definition=definition, count=3)
    one_shot = daemon.run(definition=definition)
    daemon.running(one_shot)
    before = {task["taskArn"] for task in daemon.tasks(service)}

    getattr(private, end)()
    wait_for("unreadiness", lambda: get(f"{daemon.url}/readyz")[0] == 503)
    private.start()

    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    for arn in [*before, one_shot]:
        gone = daemon.stopped(arn)
        assert gone["containers"][0]["exitCode"] == engine_says(private, gone)
        assert gone["containers"][0]["exitCode"] != 0
        assert gone["stopCode"] == "EssentialContainerExited"
    daemon.stable(service)
    after = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(after) == 3
    assert not after & before
    stays("three containers", lambda: len(daemon.containers()) == 3, 3)
    nothing_is_there_twice(daemon)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_with_live_restore_an_engines_restart_is_none_of_the_containers_business(private_engines, daemons, end):
    private = private_engines("--live-restore")
    daemon = daemons(on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint).start()
    definition = daemon.register(networkMode="none")
    service = daemon.serve(definition=definition, count=3)
    one_shot = daemon.run(definition=definition)
    daemon.running(one_shot)
    tasks = {task["taskArn"] for task in daemon.tasks()}
    before = {found.id: found.attrs["State"]["Pid"] for found in daemon.containers()}
    assert len(before) == 4

    getattr(private, end)()
    wait_for("unreadiness", lambda: get(f"{daemon.url}/readyz")[0] == 503)
    private.start()

    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    stays("the same processes", lambda: {found.id: found.attrs["State"]["Pid"] for found in daemon.containers()} == before, 5)
    assert {task["taskArn"] for task in daemon.tasks()} == tasks
    # It still is in charge of them.
    daemon.ecs.update_service(service=service, desiredCount=0)
    daemon.ecs.stop_task(task=one_shot)
    wait_for("no containers", lambda: not daemon.containers())


@pytest.mark.parametrize(
    "hung",
    [
        # Long enough to be noticed.
        15,
        # Longer than any act may take: each is given up, and tried again.
        pytest.param(130, marks=[pytest.mark.slow, pytest.mark.timeout(400)]),
    ],
)
def test_while_the_engine_hangs_the_api_answers_and_what_is_asked_for_comes_afterwards(private_engines, daemons, hung):
    private = private_engines()
    daemon = daemons(on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint).start()
    ecs = daemon.ecs
    family = fresh()
    definition = daemon.register(family=family, networkMode="none")
    service = daemon.serve(definition=definition, count=2)
    before = {found.id for found in daemon.containers()}
    victim = daemon.run(definition=definition)
    daemon.running(victim)

    private.hang()
    since = time.monotonic()
    # Before anybody noticed, in the middle of everything.
    ecs.update_service(service=service, desiredCount=5)
    one_shot = ecs.run_task(taskDefinition=definition, count=2)["tasks"][0]["taskArn"]
    ecs.stop_task(task=victim, reason="while it hangs")
    took = time.monotonic() - since
    assert took < HELD_UP, f"three writes took {took:.1f} s"

    wait_for("unreadiness", lambda: get(f"{daemon.url}/readyz")[0] == 503)
    assert "engine" in get(f"{daemon.url}/readyz")[1]
    wait_for("the metric", lambda: "mainstay_engine_connected 0" in get(f"{daemon.url}/metrics")[1])
    wait_for("the reason", lambda: "did not finish `ping`" in daemon.log())
    slowest = 0
    while time.monotonic() - since < hung:
        began = time.monotonic()
        described = ecs.describe_services(services=[service])["services"][0]
        ecs.register_task_definition(family=family, containerDefinitions=[container()], networkMode="none")
        ecs.update_service(service=service, desiredCount=4 + int(began) % 3)
        assert get(f"{daemon.url}/healthz")[0] == 200
        assert get(f"{daemon.url}/v1/tree")[0] == 200
        slowest = max(slowest, time.monotonic() - began)
        # Nobody takes silence for death.
        assert described["runningCount"] == 2
        time.sleep(0.5)
    assert slowest < HELD_UP, f"the slowest round of requests took {slowest:.1f} s"
    ecs.update_service(service=service, desiredCount=4)
    private.go_on()

    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    daemon.stable(service)
    daemon.running(one_shot)
    gone = daemon.stopped(victim)
    assert (gone["stopCode"], gone["stoppedReason"]) == ("UserInitiated", "while it hangs")
    wait_for("six containers", lambda: len(daemon.containers()) == 6)
    stays("six containers", lambda: len(daemon.containers()) == 6, 3)
    assert before <= {found.id for found in daemon.containers()}
    nothing_is_there_twice(daemon)


def test_a_daemon_that_starts_while_the_engine_hangs_serves_and_adopts_what_it_finds_later(private_engines, daemons):
    private = private_engines()
    daemon = daemons(on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint).start()
    service = daemon.serve(definition=daemon.register(networkMode="none"), count=2)
    before = {found.id for found in daemon.containers()}
    daemon.kill()

    private.hang()
    daemon.start()
    assert get(f"{daemon.url}/readyz")[0] == 503
    daemon.ecs.update_service(service=service, desiredCount=3)
    private.go_on()

    daemon.stable(service)
    after = {found.id for found in daemon.containers()}
    assert len(after) == 3
    assert before <= after
    nothing_is_there_twice(daemon)
