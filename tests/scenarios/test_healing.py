"""A service's containers end in every way there is, and are replaced."""

import os
import signal

import pytest

from vocabulary import container, reached, seconds, short, wait_for


def replaced(daemon, service, old):
    """Waits until another task runs in its stead; that one, and the old one's end."""
    wait_for("replacement", lambda: [t for t in daemon.tasks(service) if t["taskArn"] != old["taskArn"] and t["lastStatus"] == "RUNNING"])
    daemon.stable(service)
    (new,) = daemon.tasks(service)
    return new, daemon.stopped(old["taskArn"])


def test_a_service_replaces_a_container_whose_process_was_killed(daemon):
    service = daemon.serve()
    (old,) = daemon.tasks(service)
    pid = daemon.container_of(old).attrs["State"]["Pid"]

    os.kill(pid, signal.SIGKILL)

    new, gone = replaced(daemon, service, old)
    daemon.aws("wait", "services-stable", "--services", service)
    assert new["taskArn"] != old["taskArn"]
    assert new["group"] == f"service:{service}"
    assert gone["lastStatus"] == gone["desiredStatus"] == "STOPPED"
    assert gone["stopCode"] == "EssentialContainerExited"
    assert gone["stoppedReason"] == "Essential container in task exited"
    assert gone["containers"][0]["exitCode"] == 137
    assert gone["containers"][0]["lastStatus"] == "STOPPED"
    assert f"(service {service}) has started 1 tasks: (task {short(new['taskArn'])})." in daemon.events(service)
    # Both ends of the gap, as ECS shows them.
    assert 0 <= seconds(gone["executionStoppedAt"], new["startedAt"]) < 60


def test_one_killed_container_of_many_is_replaced_alone(daemon):
    service = daemon.serve(count=4)
    before = {task["taskArn"]: daemon.container_of(task).id for task in daemon.tasks(service)}
    victim, *others = before

    os.kill(daemon.container_of(daemon.task(victim)).attrs["State"]["Pid"], signal.SIGKILL)

    daemon.stopped(victim)
    daemon.stable(service)
    after = {task["taskArn"]: daemon.container_of(task).id for task in daemon.tasks(service)}
    assert len(after) == 4
    assert {arn: before[arn] for arn in others}.items() <= after.items()


def test_the_exit_code_of_a_program_that_ends_by_itself_is_told(daemon):
    service = daemon.serve(container(portMappings=[{"containerPort": 8080}]))
    (old,) = daemon.tasks(service)
    port = old["containers"][0]["networkBindings"][0]["hostPort"]

    assert reached(f"http://127.0.0.1:{port}/exit?code=3") == (200, "as you wish\n")

    _, gone = replaced(daemon, service, old)
    assert gone["stopCode"] == "EssentialContainerExited"
    assert gone["containers"][0]["exitCode"] == 3


def test_a_container_that_was_removed_behind_the_daemons_back_is_replaced(daemon):
    service = daemon.serve()
    (old,) = daemon.tasks(service)

    daemon.container_of(old).remove(force=True)

    _, gone = replaced(daemon, service, old)
    assert gone["lastStatus"] == "STOPPED"


@pytest.mark.parametrize("essential", [True, False])
def test_a_task_ends_with_an_essential_container_only(daemon, essential):
    service = daemon.serve(container(), container("helper", command=["sleep"], essential=essential))
    (task,) = daemon.tasks(service)

    os.kill(daemon.container_of(task, "helper").attrs["State"]["Pid"], signal.SIGKILL)

    if essential:
        _, gone = replaced(daemon, service, task)
        codes = {part["name"]: part["exitCode"] for part in gone["containers"]}
        # The other one was asked to stop, and did.
        assert codes == {"helper": 137, "web": 143}
    else:
        def helper():
            (part,) = [part for part in daemon.task(task["taskArn"])["containers"] if part["name"] == "helper"]
            return part["lastStatus"] == "STOPPED" and part

        assert wait_for("STOPPED helper", helper)["exitCode"] == 137
        assert daemon.task(task["taskArn"])["lastStatus"] == "RUNNING"
        assert daemon.container_of(task).status == "running"
