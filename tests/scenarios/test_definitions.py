"""What a task definition says is what the engine runs, seen by `docker inspect` and from inside."""

import re

from vocabulary import LABELS, container, fresh, free_port, health_check, reached, short, variables

MIB = 1024 * 1024


def run(daemon, part, **members):
    """Runs a task of one container; the task and what the engine says of its container."""
    task = daemon.running(daemon.run(definition=daemon.register(part, **members)))
    return task, daemon.container_of(task).attrs


def shown(daemon, task):
    """What the puppet says it was started with, by kind."""
    lines = daemon.ask(task, "/show").output.decode().splitlines()
    kinds = {}
    for line in lines:
        kind, _, value = line.partition(" ")
        kinds.setdefault(kind, []).append(value)
    return kinds


def test_command_environment_user_and_directory_reach_the_program(daemon):
    part = container(
        command=["serve", "--port", "9000"],
        environment=variables(PUPPET_PORT="9000", GREETING="good day, world=all"),
        user="1234:5678",
        workingDirectory="/tmp/somewhere",
    )
    task, seen = run(daemon, part)
    inside = shown(daemon, task)
    assert inside["argument"] == ["/puppet", "serve", "--port", "9000"]
    assert {"GREETING=good day, world=all", "PUPPET_PORT=9000"} <= set(inside["environment"])
    assert inside["user"] == ["1234:5678"]
    assert inside["directory"] == ["/tmp/somewhere"]
    assert seen["Config"]["Cmd"] == ["serve", "--port", "9000"]


def test_an_entry_point_replaces_the_images(daemon):
    task, seen = run(daemon, container(entryPoint=["/puppet", "serve"], command=["--port", "8080"]))
    assert seen["Config"]["Entrypoint"] == ["/puppet", "serve"]
    assert shown(daemon, task)["argument"] == ["/puppet", "serve", "--port", "8080"]


def test_cpu_and_memory_become_the_engines_limits(daemon):
    _, seen = run(daemon, container(cpu=128, memory=96, memoryReservation=48))
    limits = seen["HostConfig"]
    assert limits["CpuShares"] == 128
    assert limits["Memory"] == 96 * MIB
    assert limits["MemoryReservation"] == 48 * MIB


def test_memory_may_be_given_as_a_reservation_alone(daemon):
    _, seen = run(daemon, {key: value for key, value in container(memoryReservation=32).items() if key != "memory"})
    assert seen["HostConfig"]["Memory"] == 0
    assert seen["HostConfig"]["MemoryReservation"] == 32 * MIB


def test_a_fixed_host_port_leads_to_the_container(daemon):
    port = free_port()
    task, _ = run(daemon, container(portMappings=[{"containerPort": 8080, "hostPort": port}]))
    (binding,) = task["containers"][0]["networkBindings"]
    assert (binding["containerPort"], binding["hostPort"], binding["protocol"]) == (8080, port, "tcp")
    assert reached(f"http://127.0.0.1:{port}/")[1].startswith("Hello from ")


def test_dynamic_host_ports_differ_and_each_leads_to_its_own_container(daemon):
    service = daemon.serve(container(portMappings=[{"containerPort": 8080, "hostPort": 0}]), count=2)
    hosts = {}
    for task in daemon.tasks(service):
        (binding,) = task["containers"][0]["networkBindings"]
        hosts[binding["hostPort"]] = short(daemon.container_of(task).id)[:12]
    assert len(hosts) == 2
    for port, host in hosts.items():
        assert reached(f"http://127.0.0.1:{port}/") == (200, f"Hello from {host}\n")


def test_two_tasks_with_one_fixed_port_do_not_meet_on_one_host(daemon):
    definition = daemon.register(container(portMappings=[{"containerPort": 8080, "hostPort": free_port()}]))
    daemon.running(daemon.run(definition=definition))
    refused = daemon.ecs.run_task(taskDefinition=definition)
    assert refused["tasks"] == []
    assert [failure["reason"] for failure in refused["failures"]] == ["RESOURCE:PORTS"]


def test_containers_carry_ecss_labels_and_names(daemon):
    family = fresh("shop_front")
    definition = daemon.register(container(dockerLabels={"team": "one", "tier": "web"}), family=family)
    task = daemon.running(daemon.run(definition=definition))
    seen = daemon.container_of(task)
    assert seen.labels.items() >= {
        f"{LABELS}cluster": "default",
        f"{LABELS}task-arn": task["taskArn"],
        f"{LABELS}container-name": "web",
        f"{LABELS}task-definition-family": family,
        f"{LABELS}task-definition-version": "1",
        "team": "one",
        "tier": "web",
    }.items()
    assert seen.labels["mainstay.owner"]
    assert re.fullmatch(rf"ecs-{family}-1-web-[0-9a-f]+", seen.name)


def test_a_health_check_becomes_the_engines(daemon):
    check = {"command": ["CMD", "/puppet", "check"], "interval": 7, "timeout": 3, "retries": 2, "startPeriod": 11}
    _, seen = run(daemon, container(healthCheck=check))
    wanted = {"Test": check["command"], "Interval": 7e9, "Timeout": 3e9, "Retries": 2, "StartPeriod": 11e9}
    assert seen["Config"]["Healthcheck"].items() >= wanted.items()


def test_network_modes_host_and_none(daemon):
    port = free_port()
    part = container(command=["serve", "--port", str(port)], portMappings=[{"containerPort": port}])
    _, seen = run(daemon, part, networkMode="host")
    assert seen["HostConfig"]["NetworkMode"] == "host"
    assert reached(f"http://127.0.0.1:{port}/")[0] == 200
    _, seen = run(daemon, container(), networkMode="none")
    assert seen["HostConfig"]["NetworkMode"] == "none"


def test_revisions_count_up_and_a_deregistered_one_is_refused(daemon):
    family = fresh()
    assert [daemon.register(family=family) for _ in range(3)] == [f"{family}:{number}" for number in (1, 2, 3)]
    gone = daemon.aws("deregister-task-definition", "--task-definition", f"{family}:3")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    status, name, message = daemon.post("RunTask", {"taskDefinition": f"{family}:3"})
    assert (status, name, message) == (400, "ClientException", "TaskDefinition is inactive")
    # The family's name means the newest that is ACTIVE.
    latest = daemon.aws("describe-task-definition", "--task-definition", family)["taskDefinition"]
    assert latest["revision"] == 2
    # A number is never given twice.
    assert daemon.register(family=family) == f"{family}:4"


def test_a_task_definition_is_described_as_it_was_registered(daemon):
    part = container(
        cpu=64,
        memoryReservation=32,
        command=["serve"],
        environment=variables(A="1"),
        portMappings=[{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}],
        dockerLabels={"a": "b"},
        healthCheck=health_check(interval=10, timeout=3, retries=3),
        stopTimeout=7,
        user="1",
        workingDirectory="/tmp",
        essential=True,
    )
    definition = daemon.register(part, cpu="256", memory="512", networkMode="bridge")
    told = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert told["status"] == "ACTIVE"
    assert (told["cpu"], told["memory"], told["networkMode"]) == ("256", "512", "bridge")
    (described,) = told["containerDefinitions"]
    assert {member: described[member] for member in part} == part
