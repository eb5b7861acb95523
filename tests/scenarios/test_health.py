"""What a health check says decides: who serves, who is replaced, and when a service is steady."""

import contextlib

import docker
import pytest

from vocabulary import IMAGE, LABELS, container, fresh, get, health_check, short, stays, variables, wait_for


def steady(daemon, service):
    return f"(service {service}) has reached a steady state." in daemon.events(service)


def healthy(daemon, service):
    """Waits until a service's only task is healthy; the task. The waiter `services_stable` does not ask for that."""
    def all_well():
        tasks = daemon.tasks(service)
        return [task["healthStatus"] for task in tasks] == ["HEALTHY"] and tasks

    return wait_for("healthy task", all_well)[0]


def happened(watch, task):
    """What happened to the containers of a task's family."""
    family = short(task["taskDefinitionArn"]).split(":")[0]
    return [action for _, action, _, labels in list(watch.seen) if labels[f"{LABELS}task-definition-family"] == family]


def test_a_container_that_turns_unhealthy_is_replaced(daemon):
    service = daemon.serve(container(healthCheck=health_check()))
    old = healthy(daemon, service)
    assert old["healthStatus"] == old["containers"][0]["healthStatus"] == "HEALTHY"

    assert daemon.ask(old, "/unhealthy").exit_code == 0

    gone = daemon.stopped(old["taskArn"])
    new = healthy(daemon, service)
    assert new["taskArn"] != old["taskArn"]
    assert gone["stopCode"] == "ServiceSchedulerInitiated"
    assert "failed container health checks" in gone["stoppedReason"]
    assert f"(service {service}) (task {short(old['taskArn'])}) failed container health checks." in daemon.events(service)
    assert gone["containers"][0]["exitCode"] == 143


def test_an_unhealthy_task_of_a_service_that_only_reports_is_not_replaced(daemon):
    tags = [{"key": "mainstay:on-unhealthy", "value": "report"}]
    service = daemon.serve(container(healthCheck=health_check()), tags=tags)
    task = healthy(daemon, service)
    told = lambda: [event for event in daemon.events(service) if short(task["taskArn"]) in event and "health" in event]

    with daemon.watch() as watch:
        daemon.ask(task, "/unhealthy")
        (event,) = wait_for("event", told)
        assert "failed container health checks and is not replaced" in event and "mainstay:on-unhealthy" in event
        seen = lambda: daemon.task(task["taskArn"])
        stays("RUNNING", lambda: seen()["lastStatus"] == seen()["desiredStatus"] == "RUNNING", 8)
        assert seen()["healthStatus"] == seen()["containers"][0]["healthStatus"] == "UNHEALTHY"
    assert happened(watch, task) == []
    assert told() == [event]
    assert 'mainstay_service_healthy_tasks{cluster="default",service="%s"} 0' % service in get(f"{daemon.url}/metrics")[1]

    daemon.ask(task, "/healthy")
    wait_for("HEALTHY", lambda: seen()["healthStatus"] == "HEALTHY")


def test_a_tag_that_says_nothing_of_unhealthy_tasks_is_refused(daemon):
    body = {
        "serviceName": fresh("service"),
        "taskDefinition": daemon.register(),
        "desiredCount": 1,
        "tags": [{"key": "mainstay:on-unhealthy", "value": "ignore"}],
    }
    status, name, message = daemon.post("CreateService", body)
    assert (status, name) == (400, "InvalidParameterException")
    assert "'ignore'" in message and "replace or report" in message


def test_an_unhealthy_container_goes_only_when_its_replacement_serves(daemon):
    service = daemon.serve(container(healthCheck=health_check()))
    old = healthy(daemon, service)
    with daemon.watch() as watch:
        daemon.ask(old, "/unhealthy")
        daemon.stopped(old["taskArn"])
        healthy(daemon, service)
        wait_for("start and death", lambda: {"start", "die"} <= set(happened(watch, old)))
    assert happened(watch, old) == ["start", "die"]


def test_a_service_is_steady_only_when_its_containers_are_healthy(daemon):
    slow = container(healthCheck=health_check(startPeriod=60), environment=variables(PUPPET_HEALTHY="6"))
    service = daemon.serve(slow, stable=False)
    (task,) = wait_for("task", lambda: daemon.tasks(service))
    daemon.running(task["taskArn"])

    def unproven():
        # Its health is read last: a verdict in between says nothing of what was read before it.
        seen = steady(daemon, service), daemon.service(service)["deployments"][0]["rolloutState"]
        return daemon.task(task["taskArn"])["healthStatus"] == "UNKNOWN" and seen

    while seen := unproven():
        assert seen == (False, "IN_PROGRESS")

    wait_for("steady state", lambda: steady(daemon, service))
    assert daemon.task(task["taskArn"])["healthStatus"] == "HEALTHY"
    assert daemon.service(service)["deployments"][0]["rolloutState"] == "COMPLETED"


@pytest.mark.slow
def test_a_service_that_never_becomes_healthy_is_never_steady(daemon):
    sick = container(healthCheck=health_check(), environment=variables(PUPPET_HEALTHY="never"))
    service = daemon.serve(sick, stable=False)
    failed = lambda: [event for event in daemon.events(service) if "failed container health checks" in event]

    wait_for("two failed tasks", lambda: len(failed()) >= 2)

    assert not steady(daemon, service)
    (deployment,) = daemon.service(service)["deployments"]
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert not any("deployment completed" in event for event in daemon.events(service))


def test_health_is_unknown_where_nobody_checks_it(daemon):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    assert task["healthStatus"] == task["containers"][0]["healthStatus"] == "UNKNOWN"


def test_an_unhealthy_one_shot_task_is_told_but_not_stopped(daemon):
    task = daemon.running(daemon.run(container(healthCheck=health_check())))
    daemon.ask(task, "/unhealthy")
    arn = task["taskArn"]
    wait_for("UNHEALTHY", lambda: daemon.task(arn)["healthStatus"] == "UNHEALTHY")
    stays("RUNNING", lambda: daemon.task(arn)["lastStatus"] == "RUNNING", 2)
    daemon.ask(task, "/healthy")
    wait_for("HEALTHY", lambda: daemon.task(arn)["healthStatus"] == "HEALTHY")


@pytest.fixture
def self_checking(engine):
    """An image with a HEALTHCHECK of its own, which asks the puppet."""
    name = fresh("mainstay/checks-itself")
    made = engine.containers.create(IMAGE)
    try:
        check = 'HEALTHCHECK --interval=1s --timeout=30s --retries=1 CMD ["/puppet", "check"]'
        made.commit(name, "1", changes=check)
    finally:
        made.remove()
    yield f"{name}:1"
    with contextlib.suppress(docker.errors.APIError):
        engine.images.remove(f"{name}:1", force=True)


def test_an_images_own_healthcheck_is_not_even_run_as_on_ecs(daemon, self_checking):
    task = daemon.running(daemon.run(container(image=self_checking)))
    inside = daemon.container_of(task).attrs
    assert inside["Config"]["Healthcheck"]["Test"] == ["NONE"]
    assert "Health" not in inside["State"]
    assert task["healthStatus"] == "UNKNOWN"


def test_an_images_own_healthcheck_counts_where_that_is_configured(daemons, self_checking):
    daemon = daemons(MAINSTAY_AGENT_IMAGE_HEALTH_CHECKS="true", MAINSTAY_AGENT_STOP_TIMEOUT="2s").start()
    service = daemon.serve(container(image=self_checking))
    old = healthy(daemon, service)
    assert old["healthStatus"] == old["containers"][0]["healthStatus"] == "HEALTHY"
    wait_for("steady state", lambda: steady(daemon, service))

    daemon.ask(old, "/unhealthy")

    gone = daemon.stopped(old["taskArn"])
    assert "failed container health checks" in gone["stoppedReason"]
    assert healthy(daemon, service)["taskArn"] != old["taskArn"]
    # The definition's own check goes over it.
    (task,) = daemon.tasks(daemon.serve(container(image=self_checking, healthCheck=health_check())))
    assert daemon.container_of(task).attrs["Config"]["Healthcheck"]["Interval"] == 5_000_000_000
    # One that has none is checked by nobody, and is steady at once.
    (plain,) = daemon.tasks(daemon.serve())
    assert plain["healthStatus"] == "UNKNOWN"
