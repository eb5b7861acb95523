"""What a task definition asks of the engine beyond the basics, seen from inside the container, else at the engine."""

import socket

import docker

from meddler import of_line
from vocabulary import IMAGE, container, reached, short, wait_for

MIB = 1024 * 1024
NET_ADMIN, CHOWN, NET_RAW = 1 << 12, 1 << 0, 1 << 13


def run(daemon, *parts, **members):
    """Runs a task; it as described, and what the engine says of its container `web`."""
    task = daemon.running(daemon.run(definition=daemon.register(*parts, **members)))
    return task, daemon.container_of(task).attrs


def seen(daemon, task, name="web"):
    """What the puppet sees from inside, by kind."""
    status, output = daemon.act(task, "see", name=name)
    assert status == 0, output
    kinds = {}
    for line in output.splitlines():
        kind, _, value = line.partition(" ")
        kinds.setdefault(kind, []).append(value)
    return kinds


def read(daemon, task, *paths, name="web"):
    """Files of the container, line by line."""
    status, output = daemon.act(task, "read", *paths, name=name)
    assert status == 0, output
    return output.splitlines()


def mount(inside, target):
    """Type and options of what is mounted there."""
    (found,) = [line.split() for line in inside["mount"] if line.split()[0] == target]
    return found[1], found[2].split(",")


def limit(inside, title):
    """Soft and hard limit under `/proc`'s title."""
    (found,) = [line.removeprefix(title).split() for line in inside["limit"] if line.startswith(title)]
    return found[0], found[1]


def test_capabilities_limits_sysctls_and_file_systems_are_what_the_kernel_enforces(daemon):
    task, engine = run(
        daemon,
        container(
            ulimits=[
                # Soft and hard alike: runc's own runtime, raising the soft one for itself, may win against what was asked.
                {"name": "nofile", "softLimit": 1024, "hardLimit": 1024},
                {"name": "msgqueue", "softLimit": 4096, "hardLimit": 8192},
                {"name": "core", "softLimit": -1, "hardLimit": -1},
            ],
            systemControls=[
                {"namespace": "net.core.somaxconn", "value": "321"},
                {"namespace": "kernel.msgmax", "value": "9000"},
            ],
            readonlyRootFilesystem=True,
            dockerSecurityOptions=["no-new-privileges", "apparmor:unconfined"],
            linuxParameters={
                "capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]},
                "devices": [{"hostPath": "/dev/null", "containerPath": "/dev/nothing", "permissions": ["read"]}],
                "initProcessEnabled": True,
                "sharedMemorySize": 32,
                "tmpfs": [{"containerPath": "/scratch", "size": 8, "mountOptions": ["noexec", "mode=1770"]}],
                "maxSwap": 16,
                "swappiness": 10,
            },
        ),
    )
    inside = seen(daemon, task)
    capabilities = int(inside["capabilities"][0], 16)
    assert capabilities & NET_ADMIN and capabilities & NET_RAW and not capabilities & CHOWN
    assert inside["no-new-privileges"] == ["1"]
    assert limit(inside, "Max open files") == ("1024", "1024")
    assert limit(inside, "Max msgqueue size") == ("4096", "8192")
    assert limit(inside, "Max core file size") == ("unlimited", "unlimited")
    assert read(daemon, task, "/proc/sys/net/core/somaxconn", "/proc/sys/kernel/msgmax") == ["321", "9000"]
    assert "ro" in mount(inside, "/")[1]
    kind, options = mount(inside, "/scratch")
    assert kind == "tmpfs" and {"noexec", "size=8192k", "mode=1770"} <= set(options)
    assert "size=32768k" in mount(inside, "/dev/shm")[1]
    assert "nothing" in inside["device"]
    assert "1 docker-init" in inside["process"]
    # What cannot be seen from inside.
    (device,) = engine["HostConfig"]["Devices"]
    assert device == {"PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "r"}
    assert engine["HostConfig"]["MemorySwap"] == (64 + 16) * MIB
    assert engine["HostConfig"]["MemorySwappiness"] == 10
    assert "apparmor=unconfined" in engine["HostConfig"]["SecurityOpt"]


def test_names_and_name_servers_are_in_the_files_that_resolvers_read(daemon):
    task, _ = run(
        daemon,
        container(
            hostname="front.example.com",
            dnsServers=["192.0.2.53", "192.0.2.54"],
            dnsSearchDomains=["example.com", "example.net"],
            extraHosts=[{"hostname": "db.example.com", "ipAddress": "192.0.2.7"}],
        ),
    )
    inside = seen(daemon, task)
    assert inside["hostname"] == ["front.example.com"]
    assert "192.0.2.7 db.example.com" in inside["host"]
    assert {"nameserver 192.0.2.53", "nameserver 192.0.2.54", "search example.com example.net"} <= set(inside["resolver"])


def test_a_terminal_and_an_open_standard_input_are_there_where_asked_for(daemon):
    terminal, _ = run(daemon, container(pseudoTerminal=True, interactive=True))
    opened, _ = run(daemon, container(interactive=True))
    plain, _ = run(daemon, container())
    assert seen(daemon, terminal)["stdin"][0].startswith("/dev/pts/")
    assert seen(daemon, opened)["stdin"][0].startswith("pipe:")
    assert seen(daemon, plain)["stdin"] == ["/dev/null"]


def test_a_container_without_a_network_has_its_loopback_alone(daemon):
    task, _ = run(daemon, container("web"), container("quiet", disableNetworking=True))
    assert seen(daemon, task, "quiet")["interface"] == ["lo"]
    assert "eth0" in seen(daemon, task)["interface"]


def test_a_container_with_the_hosts_processes_and_ipc_sees_them(daemon):
    task, engine = run(daemon, container(), pidMode="host", ipcMode="host")
    # The daemon that asked for it is among them.
    assert f"{daemon.process.pid} mainstay" in seen(daemon, task)["process"]
    assert engine["HostConfig"]["IpcMode"] == "host"
    told = daemon.ecs.describe_task_definition(taskDefinition=short(task["taskDefinitionArn"]))["taskDefinition"]
    assert (told["pidMode"], told["ipcMode"]) == ("host", "host")


def test_a_privileged_container_has_every_capability_that_the_engine_can_give(daemon, engine):
    task = daemon.task(daemon.run(container(privileged=True)))
    wait_for("container", lambda: daemon.task(task["taskArn"])["containers"][0].get("runtimeId"))
    task = daemon.task(task["taskArn"])
    assert daemon.container_of(task).attrs["HostConfig"]["Privileged"] is True
    try:
        engine.containers.run(IMAGE, ["exit", "0"], privileged=True, remove=True)
    except docker.errors.APIError as refusal:
        # An engine that is itself in a container may have less to give than it is asked for.
        task = daemon.stopped(task["taskArn"])
        assert "unable to apply caps" in str(refusal)
        assert "unable to apply caps" in task["containers"][0]["reason"]
        return
    inside = seen(daemon, daemon.running(task["taskArn"]))
    # A container has 14 by default.
    assert bin(int(inside["capabilities"][0], 16)).count("1") > 30


def test_ipc_mode_none_leaves_no_shared_memory(daemon):
    task, _ = run(daemon, container(), ipcMode="none")
    assert not [line for line in seen(daemon, task)["mount"] if line.startswith("/dev/shm ")]


def test_a_port_range_gets_a_row_of_host_ports_each_of_which_leads_inside(daemon):
    part = container(
        command=["serve", "--port", "8002"],
        portMappings=[{"containerPortRange": "8000-8003"}, {"containerPort": 9000}],
    )
    definition = daemon.register(part)
    arns = [daemon.run(definition=definition) for _ in range(3)]
    rows = []
    for task in map(daemon.running, arns):
        row, single = sorted(task["containers"][0]["networkBindings"], key=lambda binding: "hostPort" in binding)
        assert set(row) == {"bindIP", "containerPortRange", "hostPortRange", "protocol"}
        assert row["containerPortRange"] == "8000-8003"
        first, last = map(int, row["hostPortRange"].split("-"))
        assert last - first == 3
        rows.append(range(first, last + 1))
        assert single["containerPort"] == 9000 and single["hostPort"] not in rows[-1]
        assert reached(f"http://127.0.0.1:{first + 2}/")[1].startswith("Hello from ")
    assert len({port for row in rows for port in row}) == 12, "each task has ports of its own"


def test_a_port_of_a_row_that_somebody_takes_in_the_last_moment_costs_another_row_and_no_task(daemons, engine, tmp_path):
    line = of_line(tmp_path / "engine.sock")
    daemon = daemons(MAINSTAY_ENGINE_ENDPOINT=f"unix://{line.path}").start()
    taken = socket.socket()

    def take(asked):
        bindings = engine.containers.get(asked.split("/")[2]).attrs["HostConfig"]["PortBindings"]
        taken.bind(("0.0.0.0", int(bindings["8001/tcp"][0]["HostPort"])))
        taken.listen()

    line.before["POST /containers/[0-9a-f]+/start"] = take
    task = daemon.running(daemon.run(container(portMappings=[{"containerPortRange": "8000-8002"}])))
    with taken:
        (row,) = task["containers"][0]["networkBindings"]
        first, last = map(int, row["hostPortRange"].split("-"))
        assert taken.getsockname()[1] not in range(first, last + 1)
    assert line.asked.count("POST /containers/create") == 2
    wait_for("the end of the one that could not be started", lambda: len(daemon.containers(all=True)) == 1)


def test_what_is_printed_goes_where_the_log_configuration_says(daemon):
    printing = {"command": ["print", "a line", "another"]}
    awslogs = {"awslogs-group": "/shop/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}
    configurations = {
        "file": {"logDriver": "json-file", "options": {"max-size": "1m", "tag": "{{.Name}}"}},
        "cloud": {"logDriver": "awslogs", "options": {**awslogs, "mode": "non-blocking"}},
        "silent": {"logDriver": "none"},
    }
    parts = [container(name, logConfiguration=logs, **printing) for name, logs in configurations.items()]
    definition = daemon.register(*parts)
    told = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
    assert {part["name"]: part["logConfiguration"] for part in told} == configurations
    task = daemon.stopped(daemon.run(definition=definition))
    file, cloud, silent = (daemon.container_of(task, name) for name in configurations)
    assert file.attrs["HostConfig"]["LogConfig"] == {
        "Type": "json-file", "Config": {"max-size": "1m", "tag": "{{.Name}}"},
    }
    assert cloud.attrs["HostConfig"]["LogConfig"] == {"Type": "local", "Config": {"mode": "non-blocking"}}
    assert silent.attrs["HostConfig"]["LogConfig"]["Type"] == "none"
    for kept in (file, cloud):
        assert kept.logs() == b"a line\nanother\n"
    assert cloud.labels.items() >= {
        "mainstay.awslogs-group": "/shop/web",
        "mainstay.awslogs-region": "eu-west-1",
        "mainstay.awslogs-stream-prefix": "ecs",
        "mainstay.awslogs-stream": f"ecs/cloud/{short(task['taskArn'])}",
    }.items()


def test_a_log_option_that_the_driver_does_not_know_fails_the_task_with_the_engines_words(daemon):
    part = container(logConfiguration={"logDriver": "json-file", "options": {"colour": "blue"}})
    task = daemon.stopped(daemon.run(part))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "CannotCreateContainerError" in task["containers"][0]["reason"]
    assert "unknown log opt 'colour'" in task["containers"][0]["reason"]


def test_a_gpu_is_registered_and_never_found(daemon):
    part = container(resourceRequirements=[{"type": "GPU", "value": "1"}])
    definition = daemon.register(part)
    refused = daemon.ecs.run_task(taskDefinition=definition)
    assert refused["tasks"] == []
    assert [failure["reason"] for failure in refused["failures"]] == ["RESOURCE:GPU"]


def test_a_linked_container_is_reached_by_its_alias(daemon):
    task, engine = run(
        daemon,
        container(links=["db:store"]),
        container("db"),
    )
    (link,) = engine["HostConfig"]["Links"]
    assert link.startswith(f"/ecs-{short(task['taskDefinitionArn']).replace(':', '-')}-db-")
    assert link.endswith("/store")
    address = daemon.container_of(task, "db").attrs["NetworkSettings"]["IPAddress"]
    assert [line for line in seen(daemon, task)["host"] if line.split()[0] == address and "store" in line.split()]
