"""Containers of one task that wait for each other, and stop in the reverse order."""

import pytest

from vocabulary import container, health_check, seconds, stays, variables, wait_for


def after(**conditions):
    """A `dependsOn`."""
    return [{"containerName": name, "condition": condition} for name, condition in conditions.items()]


def part(task, name):
    """A container of a described task."""
    return next(part for part in task["containers"] if part["name"] == name)


def state(daemon, task, name):
    """What the engine says of a container's life; its times are texts that sort."""
    return daemon.container_of(task, name).attrs["State"]


def names(watch, arn, what):
    """Names of a task's containers in the order in which this happened to them."""
    of_task = [(action, labels) for _, action, _, labels in list(watch.seen) if labels["com.amazonaws.ecs.task-arn"] == arn]
    return [labels["com.amazonaws.ecs.container-name"] for action, labels in of_task if action == what]


def starts(watch, arn):
    """Names of a task's containers in the order of their starts."""
    return names(watch, arn, "start")


def ends(watch, arn):
    """Names of a task's containers in the order of their ends."""
    return names(watch, arn, "die")


def test_an_init_container_has_to_succeed_before_the_rest_starts_and_the_task_runs(daemon):
    arn = daemon.run(
        container("app", dependsOn=after(migrate="SUCCESS")),
        container("migrate", essential=False, command=["exit", "0", "--after", "2"], dependsOn=after(fetch="COMPLETE")),
        container("fetch", essential=False, command=["exit", "3", "--after", "5"]),
    )
    pending = wait_for("fetch", lambda: (seen := daemon.task(arn)) and part(seen, "fetch")["lastStatus"] in ("RUNNING", "STOPPED") and seen)
    assert pending["lastStatus"] == "PENDING"
    assert "runtimeId" not in part(pending, "app")

    task = daemon.running(arn)
    assert {one["name"]: one.get("exitCode") for one in task["containers"]} == {"app": None, "migrate": 0, "fetch": 3}
    assert [part(task, name)["lastStatus"] for name in ("fetch", "migrate", "app")] == ["STOPPED", "STOPPED", "RUNNING"]
    fetch, migrate, app = (state(daemon, task, name) for name in ("fetch", "migrate", "app"))
    assert fetch["FinishedAt"] < migrate["StartedAt"]
    assert migrate["FinishedAt"] < app["StartedAt"]
    daemon.ecs.stop_task(task=arn)


def test_a_container_waits_until_another_one_is_healthy_and_its_definition_says_so_again(daemon):
    definition = daemon.register(
        container("app", dependsOn=after(db="HEALTHY", log="START")),
        container("db", healthCheck=health_check(retries=5), environment=variables(PUPPET_HEALTHY="7"), startTimeout=60),
        container("log", restartPolicy={"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 90}),
    )
    described = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
    assert described[0]["dependsOn"] == after(db="HEALTHY", log="START")
    assert described[1]["startTimeout"] == 60
    assert described[2]["restartPolicy"] == {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 90}

    arn = daemon.run(definition=definition)
    seen = wait_for("db", lambda: (seen := daemon.task(arn)) and part(seen, "db")["lastStatus"] == "RUNNING" and seen)
    assert seen["lastStatus"] == "PENDING"
    task = daemon.running(arn)
    assert part(task, "db")["healthStatus"] == "HEALTHY"
    passed = next(check for check in state(daemon, task, "db")["Health"]["Log"] if check["ExitCode"] == 0)
    assert passed["Start"][:19] <= state(daemon, task, "app")["StartedAt"][:19]
    daemon.ecs.stop_task(task=arn)


def test_a_dependency_that_fails_ends_the_task_with_its_reason(daemon):
    arn = daemon.run(
        container("app", dependsOn=after(init="SUCCESS")),
        container("init", essential=False, command=["exit", "4"]),
    )
    task = daemon.stopped(arn)
    reason = (
        "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [init] "
        "for target [app] as dependency did not exit successfully."
    )
    assert (part(task, "init")["exitCode"], part(task, "app")["exitCode"]) == (4, 143)
    assert part(task, "app")["reason"] == reason
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", reason)
    assert "startedAt" not in task
    assert not daemon.containers(all=True, family=task["group"].removeprefix("family:"), container_name="app")


def test_a_dependency_that_takes_longer_than_its_start_timeout_is_given_up(daemon):
    arn = daemon.run(
        container("app", dependsOn=after(init="COMPLETE")),
        container("init", essential=False, command=["sleep"], startTimeout=3),
    )
    task = daemon.stopped(arn)
    assert part(task, "app")["reason"].endswith("ordering dependency [init] for target [app] has timed out.")
    # It was stopped with the task, not before its time.
    assert part(task, "init")["exitCode"] == 143
    assert 3 <= seconds(task["createdAt"], task["stoppingAt"]) < 60


def test_an_essential_container_that_gets_unhealthy_before_the_task_runs_ends_it(daemon):
    arn = daemon.run(
        container("app", dependsOn=after(db="HEALTHY")),
        container("db", healthCheck=health_check(), environment=variables(PUPPET_HEALTHY="never")),
    )
    task = daemon.stopped(arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == (
        "Task failed container health checks: container db became UNHEALTHY before the task was RUNNING"
    )
    assert "exitCode" not in part(task, "app") and "runtimeId" not in part(task, "app")


def test_shutdown_is_the_reverse_of_the_start_each_container_with_its_own_stop_timeout(daemon):
    with daemon.watch() as watch:
        arn = daemon.run(
            container("app", command=["ignore-term"], stopTimeout=3, dependsOn=after(cache="START")),
            container("cache", dependsOn=after(db="START")),
            container("db"),
        )
        task = daemon.running(arn)
        wait_for("three starts", lambda: starts(watch, arn) == ["db", "cache", "app"])
        daemon.ecs.stop_task(task=arn)
        task = daemon.stopped(arn)
        wait_for("three ends", lambda: ends(watch, arn) == ["app", "cache", "db"])
    assert [part(task, name)["exitCode"] for name in ("app", "cache", "db")] == [137, 143, 143]
    assert seconds(task["stoppingAt"], task["stoppedAt"]) >= 2.5


def test_what_cannot_be_ordered_is_refused(daemon):
    def refused(words, *containers):
        with pytest.raises(daemon.ecs.exceptions.ClientException) as refusal:
            daemon.register(*containers)
        assert words in refusal.value.response["Error"]["Message"]

    ring = [container("a", dependsOn=after(b="START")), container("b", dependsOn=after(a="START"))]
    refused("should not have a cycle", *ring)
    refused("because it does not exist", container("a", dependsOn=after(b="START")))
    refused("cannot be an essential container", container("a", dependsOn=after(b="SUCCESS")), container("b"))
    refused("must have health check configured", container("a", dependsOn=after(b="HEALTHY")), container("b"))


def test_a_killed_daemon_goes_on_with_the_order_and_runs_no_init_container_twice(daemons):
    daemon = daemons().start()
    with daemon.watch() as watch:
        arn = daemon.run(
            container("app", dependsOn=after(second="SUCCESS")),
            container("second", essential=False, command=["exit", "0", "--after", "6"], dependsOn=after(first="SUCCESS")),
            container("first", essential=False, command=["exit", "0"]),
        )
        wait_for("the second", lambda: starts(watch, arn) == ["first", "second"])
        daemon.kill()
        # Nobody is there to start what waits for it.
        wait_for("its end", lambda: ends(watch, arn) == ["first", "second"])
        stays("no third container", lambda: len(daemon.containers(all=True)) == 2, 1)
        daemon.start()
        task = daemon.running(arn)
        wait_for("its start", lambda: len(starts(watch, arn)) > 2)
        assert starts(watch, arn) == ["first", "second", "app"]
    assert [part(task, name)["exitCode"] for name in ("first", "second")] == [0, 0]
