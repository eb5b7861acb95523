"""People lay hands on a service's containers with `docker`: each act is told truthfully, and mended."""

import pytest

from vocabulary import container, fresh, get, health_check, stays, wait_for


@pytest.fixture
def served(daemon):
    """A service of two with a family of its own: its name, its family, the task to lay hands on, its container."""
    family = fresh()
    service = daemon.serve(definition=daemon.register(family=family), count=2)
    victim = daemon.tasks(service)[0]
    return service, family, victim, daemon.container_of(victim)


def made_good(daemon, service, family, victim):
    """Waits until the service is as it was but for one task, never with a container too many; that one's end."""
    gone = daemon.stopped(victim["taskArn"])
    daemon.stable(service)
    wait_for("two containers", lambda: len(daemon.containers(family=family)) == 2)
    stays("two containers", lambda: len(daemon.containers(family=family)) == 2, 2)
    running = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(running) == 2
    assert victim["taskArn"] not in running
    ended = [task["taskArn"] for task in daemon.tasks(service, status="STOPPED")]
    assert ended == [victim["taskArn"]], "only the one that was touched has ended"
    assert gone["desiredStatus"] == "STOPPED"
    return gone


def test_docker_stop(daemon, served):
    *names, victim, hit = served
    hit.stop()
    gone = made_good(daemon, *names, victim)
    assert gone["stopCode"] == "EssentialContainerExited"
    assert gone["containers"][0]["exitCode"] == 143


def test_docker_kill(daemon, served):
    *names, victim, hit = served
    hit.kill()
    gone = made_good(daemon, *names, victim)
    assert gone["stopCode"] == "EssentialContainerExited"
    assert gone["containers"][0]["exitCode"] == 137


def test_docker_rm(daemon, served):
    *names, victim, hit = served
    hit.remove(force=True)
    gone = made_good(daemon, *names, victim)
    assert gone["stopCode"] == "EssentialContainerExited"
    # What it ended with may have gone with it.
    assert gone["containers"][0].get("exitCode") in (137, None)
    assert "exitCode" in gone["containers"][0] or "ContainerVanishedError" in gone["containers"][0]["reason"]


def test_docker_restart_does_not_bring_back_what_was_replaced(daemon, served):
    *names, victim, hit = served
    hit.restart()
    gone = made_good(daemon, *names, victim)
    assert gone["containers"][0]["exitCode"] == 143
    wait_for("end of the restarted container", lambda: daemon.engine.containers.get(hit.id).status == "exited")
    assert hit.id not in {daemon.container_of(task).id for task in daemon.tasks(names[0])}


def test_docker_start_of_a_container_whose_task_is_over_is_undone(daemon, served):
    *names, victim, hit = served
    hit.kill()
    made_good(daemon, *names, victim)
    hit.start()
    wait_for("end of the started container", lambda: daemon.engine.containers.get(hit.id).status == "exited")
    assert daemon.task(victim["taskArn"])["containers"][0]["exitCode"] == 137
    made_good(daemon, *names, victim)


def test_docker_pause_is_neither_an_end_nor_a_loss(daemon, served):
    service, family, victim, hit = served
    before = {task["taskArn"] for task in daemon.tasks(service)}
    hit.pause()
    stays("both tasks", lambda: {task["taskArn"] for task in daemon.tasks(service)} == before, 4)
    assert daemon.task(victim["taskArn"])["lastStatus"] == "RUNNING"
    assert daemon.service(service)["runningCount"] == 2
    hit.unpause()
    stays("both tasks", lambda: {task["taskArn"] for task in daemon.tasks(service)} == before, 2)
    assert len(daemon.containers(all=True, family=family)) == 2


def test_a_paused_container_is_stopped_with_its_service(daemon, served):
    service, family, victim, hit = served
    hit.pause()
    daemon.ecs.update_service(service=service, desiredCount=0)
    daemon.stopped(victim["taskArn"])
    wait_for("no container", lambda: not daemon.containers(family=family))


def test_a_paused_container_keeps_its_last_check_verdict_even_for_a_daemon_that_starts_meanwhile(daemons):
    daemon = daemons().start()
    service = daemon.serve(container(healthCheck=health_check()))
    (task,) = daemon.tasks(service)
    wait_for("health", lambda: daemon.task(task["taskArn"])["healthStatus"] == "HEALTHY")
    hit = daemon.container_of(task)

    def undisturbed():
        told = daemon.task(task["taskArn"])
        return (told["lastStatus"], told["healthStatus"], told["desiredStatus"]) == ("RUNNING", "HEALTHY", "RUNNING")

    hit.pause()
    # The engine calls it unhealthy now, though no check has failed.
    stays("the healthy task", undisturbed, 3)
    daemon.kill()
    daemon.start()
    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)
    stays("the healthy task", undisturbed, 6)
    hit.unpause()
    stays("the healthy task", undisturbed, 8)
    assert len(daemon.containers(all=True)) == 1


def test_a_container_that_turned_unhealthy_before_its_pause_is_replaced(daemon):
    family = fresh()
    service = daemon.serve(definition=daemon.register(container(healthCheck=health_check(interval=5)), family=family))
    (task,) = daemon.tasks(service)
    wait_for("health", lambda: daemon.task(task["taskArn"])["healthStatus"] == "HEALTHY")
    hit = daemon.container_of(task)
    daemon.ask(task, "/unhealthy")

    def unhealthy():
        hit.reload()
        return hit.attrs["State"].get("Health", {}).get("Status") == "unhealthy"

    wait_for("bad health", unhealthy)
    if hit.status == "running":
        hit.pause()
    gone = daemon.stopped(task["taskArn"])
    assert gone["stopCode"] == "ServiceSchedulerInitiated"
    daemon.stable(service)
    wait_for("one container", lambda: len(daemon.containers(family=family)) == 1)
