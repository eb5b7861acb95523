"""Tasks that run once: how they end, and what is told of their ends."""

import pytest

from vocabulary import container, fresh, seconds, wait_for


def override(**members):
    return {"containerOverrides": [{"name": "web", **members}]}


def ordered(task, *names):
    """Each of these moments is told, and none lies before the one named before it."""
    moments = [task[name] for name in names]
    assert moments == sorted(moments), dict(zip(names, moments))


@pytest.mark.parametrize("code", [0, 3])
def test_a_task_ends_with_the_exit_code_of_its_program(daemon, code):
    definition = daemon.register()
    ran = daemon.aws(
        "run-task", "--task-definition", definition, "--count", 1, "--started-by", "a scenario",
        "--overrides", f'{{"containerOverrides": [{{"name": "web", "command": ["exit", "{code}"]}}]}}',
    )
    assert ran["failures"] == []
    (task,) = ran["tasks"]
    assert task["desiredStatus"] == "RUNNING"
    assert task["startedBy"] == "a scenario"
    assert task["overrides"]["containerOverrides"][0]["command"] == ["exit", str(code)]
    arn = task["taskArn"]
    daemon.stopped(arn)
    daemon.aws("wait", "tasks-stopped", "--tasks", arn)

    task = daemon.task(arn)
    assert task["containers"][0]["exitCode"] == code
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    ordered(task, "createdAt", "startedAt", "executionStoppedAt", "stoppedAt")
    # Nobody replaces it.
    assert not daemon.tasks(family=definition.split(":")[0])


def test_overrides_change_command_and_environment_of_one_task_only(daemon):
    definition = daemon.register(container(environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]))
    changed = override(environment=[{"name": "B", "value": "2"}, {"name": "C", "value": "2"}], command=["show"])
    arn = daemon.run(definition=definition, overrides=changed)
    task = daemon.stopped(arn)
    lines = daemon.container_of(task).logs().decode().splitlines()
    assert {"argument show", "environment A=1", "environment B=2", "environment C=2"} <= set(lines)

    plain = daemon.running(daemon.run(definition=definition))
    shown = daemon.ask(plain, "/show").output.decode().splitlines()
    assert "environment B=1" in shown
    assert not any(line.startswith("environment C=") for line in shown)


def test_several_tasks_are_run_at_once_and_waited_for(daemon):
    answer = daemon.ecs.run_task(taskDefinition=daemon.register(), count=3, group="batch")
    arns = [task["taskArn"] for task in answer["tasks"]]
    assert len(set(arns)) == 3
    daemon.ecs.get_waiter("tasks_running").wait(tasks=arns, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert {daemon.task(arn)["group"] for arn in arns} == {"batch"}
    for arn in arns:
        daemon.ecs.stop_task(task=arn)
    daemon.ecs.get_waiter("tasks_stopped").wait(tasks=arns, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_a_stopped_task_got_sigterm_first(daemon):
    arn = daemon.run()
    daemon.running(arn)
    answer = daemon.aws("stop-task", "--task", arn, "--reason", "enough of it")["task"]
    assert answer["desiredStatus"] == "STOPPED"

    task = daemon.stopped(arn)
    assert task["containers"][0]["exitCode"] == 143
    assert task["stopCode"] == "UserInitiated"
    assert task["stoppedReason"] == "enough of it"
    ordered(task, "createdAt", "startedAt", "stoppingAt", "executionStoppedAt", "stoppedAt")
    assert seconds(task["stoppingAt"], task["stoppedAt"]) < 25, "not killed after the 30 s that it has"


def test_who_ignores_sigterm_is_killed_after_its_stop_timeout(daemon):
    arn = daemon.run(container(command=["ignore-term"], stopTimeout=3))
    task = daemon.running(arn)
    daemon.ecs.stop_task(task=arn)
    wait_for("SIGTERM", lambda: b"SIGTERM ignored" in daemon.container_of(task).logs())

    task = daemon.stopped(arn)
    assert task["containers"][0]["exitCode"] == 137
    assert 2.5 < seconds(task["stoppingAt"], task["stoppedAt"]) < 28, "not after the 30 s that others have"


def test_stopping_a_task_twice_is_no_error(daemon):
    arn = daemon.run()
    daemon.running(arn)
    daemon.ecs.stop_task(task=arn, reason="first")
    daemon.ecs.stop_task(task=arn, reason="second")
    daemon.stopped(arn)
    assert daemon.ecs.stop_task(task=arn)["task"]["stoppedReason"] == "first"


def test_a_program_that_eats_too_much_memory_is_told_so(daemon):
    arn = daemon.run(container(command=["eat", "200"], memory=16))
    task = daemon.stopped(arn)
    assert task["containers"][0]["exitCode"] == 137
    assert task["containers"][0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert task["stopCode"] == "EssentialContainerExited"


def test_a_program_that_is_not_in_the_image_fails_to_start(daemon):
    task = daemon.stopped(daemon.run(container(entryPoint=["/nothing"])))
    assert task["stopCode"] == "TaskFailedToStart"
    (part,) = task["containers"]
    assert part["reason"].startswith("CannotStartContainerError")
    assert "exitCode" not in part
    assert "startedAt" not in task


def test_what_does_not_fit_comes_back_as_a_failure(daemon):
    definition = daemon.register(container(memory=64 * 1024 * 1024))
    answer = daemon.ecs.run_task(taskDefinition=definition)
    assert answer["tasks"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["RESOURCE:MEMORY"]


def test_a_client_token_runs_a_task_once(daemon):
    definition, token = daemon.register(), fresh("token")
    first = daemon.ecs.run_task(taskDefinition=definition, clientToken=token)["tasks"]
    again = daemon.ecs.run_task(taskDefinition=definition, clientToken=token)["tasks"]
    assert [task["taskArn"] for task in first] == [task["taskArn"] for task in again]
    daemon.running(first[0]["taskArn"])
    assert len(daemon.containers(family=definition.split(":")[0])) == 1
