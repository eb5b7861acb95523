"""`mainstay explain`: why something does not run, from what a real engine says of it."""

import json

from vocabulary import container, health_check, short, variables, wait_for


def story(daemon, subject):
    """What is told of it: the words of its points for programs, and all that is said."""
    done = daemon.mainstay("explain", subject, "--output", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return [point["kind"] for point in told["points"]], told["summary"]


def test_a_task_says_what_it_ended_of(daemon):
    definitions = {
        "IMAGE": (container(image="127.0.0.1:9/none:1"), "its image is 127.0.0.1:9/none:1"),
        "PROVISION": (container(secrets=[{"name": "TOKEN", "valueFrom": "/shop/none"}]), "/shop/none"),
        "OUT_OF_MEMORY": (container(command=["eat", "200"], memory=16), "its memory is 16 MiB"),
        "EXIT": (container(command=["exit", "3"]), "the essential container web ended with exit code 3"),
        "START": (container(command=["/nowhere"], entryPoint=["/nowhere"]), "CannotStartContainerError"),
    }
    tasks = {kind: daemon.run(part) for kind, (part, _) in definitions.items()}
    for kind, task in tasks.items():
        daemon.stopped(task)
        kinds, summary = story(daemon, task)
        assert kinds[0] == kind and definitions[kind][1] in summary, (kind, kinds, summary)


def test_a_task_says_which_container_it_waits_for_and_which_one_failed(daemon):
    depends = lambda condition: [{"containerName": "db", "condition": condition}]
    waiting = daemon.run(
        container(dependsOn=depends("HEALTHY")),
        container("db", healthCheck=health_check(retries=5), environment=variables(PUPPET_HEALTHY="12")),
    )
    failed = daemon.run(
        container(dependsOn=depends("SUCCESS")), container("db", essential=False, command=["exit", "2"])
    )
    words = "container web waits for container db to be HEALTHY"
    wait_for("what it waits for", lambda: words in story(daemon, waiting)[1], every=0.05)
    daemon.stopped(failed)
    kinds, summary = story(daemon, failed)
    assert kinds == ["EXIT", "DEPENDENCY", "PLACE"] and "container db ended with exit code 2" in summary, (kinds, summary)
    daemon.running(waiting)
    kinds, summary = story(daemon, waiting)
    assert kinds == ["PLACE"] and summary.startswith("It has run for ") and summary.endswith(" and is HEALTHY."), summary
    daemon.ecs.stop_task(task=waiting)


def test_a_service_says_what_holds_it_up(daemon):
    name = daemon.serve(container(command=["exit", "1"]), stable=False)
    wait_for("its backing off", lambda: story(daemon, name)[0][:2] == ["BACKING_OFF", "EXIT"])
    sick = daemon.serve(container(healthCheck=health_check()), tags=[{"key": "mainstay:on-unhealthy", "value": "report"}])
    [task] = wait_for("a healthy task", lambda: [one for one in daemon.tasks(sick) if one["healthStatus"] == "HEALTHY"])
    wait_for("nothing to say", lambda: story(daemon, sick)[0] == [])
    daemon.ask(task, "/unhealthy")
    words = f"(task {short(task['taskArn'])}) is UNHEALTHY: its health check fails"
    wait_for("its sickness", lambda: words in story(daemon, sick)[1])


def test_a_task_that_was_replaced_for_its_health_check_says_so(daemon):
    name = daemon.serve(container(healthCheck=health_check()))
    [task] = daemon.tasks(name)
    daemon.ask(task, "/unhealthy")
    daemon.stopped(task["taskArn"])
    kinds, summary = story(daemon, task["taskArn"])
    assert kinds[0] == "HEALTH" and "health check" in summary, (kinds, summary)
