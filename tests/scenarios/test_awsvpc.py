"""Tasks with an address of their own: one network interface a task, which a pause container holds."""

import pytest
from botocore.exceptions import ClientError

from vocabulary import container, fresh, reached, variables, wait_for

PAUSE = "~internal~ecs~pause"
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
PAIR = [
    container("web", portMappings=[{"containerPort": 8080}]),
    container("side", environment=variables(PUPPET_PORT="9090")),
]


def vpc(daemon, *containers, **members):
    """A task definition in network mode awsvpc."""
    return daemon.register(*(containers or PAIR), networkMode="awsvpc", **members)


def pauses(daemon, task, all=True):
    """The engine's pause containers of a described task."""
    of_task = {"task_arn": task["taskArn"], "container_name": PAUSE}
    return daemon.containers(all=all, **of_task)


def details(task):
    """What a task's one attachment says."""
    (attachment,) = task["attachments"]
    return {detail["name"]: detail["value"] for detail in attachment["details"]}


def all_gone(daemon, task):
    """Waits until nothing of a task runs any more."""
    wait_for("its end", lambda: not daemon.containers(task_arn=task["taskArn"]))


@pytest.fixture(scope="module")
def up(daemon):
    """A task of two containers that runs."""
    task = daemon.running(daemon.run(definition=vpc(daemon), networkConfiguration=SUBNETS))
    yield task
    daemon.ecs.stop_task(task=task["taskArn"])


def test_containers_of_a_task_reach_each_other_on_localhost_and_the_host_reaches_them_at_the_tasks_address(daemon, up):
    assert daemon.act(up, "ask", "/health", "--port", "9090", name="web")[0] == 0
    assert daemon.act(up, "ask", "/health", "--port", "8080", name="side")[0] == 0
    address = details(up)["privateIPv4Address"]
    assert reached(f"http://{address}:8080/health")[0] == 200
    assert reached(f"http://{address}:9090/health")[0] == 200


def test_a_task_shows_its_interface_and_nothing_is_published_on_the_host(daemon, up):
    (attachment,) = up["attachments"]
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    said = details(up)
    assert said["subnetId"] == "subnet-0a1b2c3d"
    assert said["networkInterfaceId"].startswith("eni-")
    assert said["privateDnsName"] == f"ip-{said['privateIPv4Address'].replace('.', '-')}.ec2.internal"

    (pause,) = pauses(daemon, up)
    (endpoint,) = pause.attrs["NetworkSettings"]["Networks"].values()
    assert (said["privateIPv4Address"], said["macAddress"]) == (endpoint["IPAddress"], endpoint["MacAddress"])
    assert pause.labels["mainstay.role"] == "pause"

    assert [part["name"] for part in up["containers"]] == ["web", "side"]
    for part in up["containers"]:
        shown = [{"attachmentId": attachment["id"], "privateIpv4Address": said["privateIPv4Address"]}]
        assert (part["networkInterfaces"], part["networkBindings"]) == (shown, [])
        joined = daemon.container_of(up, part["name"])
        assert joined.attrs["HostConfig"]["NetworkMode"] == f"container:{pause.id}"
        assert not joined.attrs["HostConfig"]["PortBindings"]


def test_two_tasks_with_the_same_port_run_beside_each_other_and_have_addresses_of_their_own(daemon):
    definition = vpc(daemon, container(portMappings=[{"containerPort": 8080, "hostPort": 8080}]))
    answer = daemon.ecs.run_task(taskDefinition=definition, count=2, networkConfiguration=SUBNETS)
    tasks = [daemon.running(task["taskArn"]) for task in answer["tasks"]]
    addresses = {details(task)["privateIPv4Address"] for task in tasks}
    assert len(addresses) == 2
    for address in addresses:
        assert reached(f"http://{address}:8080/health")[0] == 200
    for task in tasks:
        daemon.ecs.stop_task(task=task["taskArn"])


def test_the_pause_container_ends_after_the_others_and_is_removed_with_them(daemons):
    daemon = daemons(MAINSTAY_AGENT_CLEANUP_WAIT="1s").start()
    task = daemon.running(daemon.run(definition=vpc(daemon), networkConfiguration=SUBNETS))
    with daemon.watch() as watch:
        daemon.ecs.stop_task(task=task["taskArn"])
        ends = lambda: [labels["com.amazonaws.ecs.container-name"] for _, act, _, labels in list(watch.seen) if act == "die"]
        wait_for("three ends", lambda: len(ends()) == 3)
    assert ends()[-1] == PAUSE
    over = daemon.stopped(task["taskArn"])
    assert over["attachments"][0]["status"] == "DELETED"
    wait_for("nothing left", lambda: not daemon.containers(all=True))


def test_a_task_that_ends_by_itself_leaves_no_pause_container_running(daemon):
    task = daemon.stopped(
        daemon.run(definition=vpc(daemon, container(command=["exit", "3"])), networkConfiguration=SUBNETS)
    )
    assert task["containers"][0]["exitCode"] == 3
    assert task["stoppedReason"] == "Essential container in task exited"
    all_gone(daemon, task)


def test_a_task_whose_pause_container_is_killed_ends_and_is_replaced(daemon):
    name = daemon.serve(definition=vpc(daemon), networkConfiguration=SUBNETS)
    (task,) = daemon.tasks(name)
    pauses(daemon, task)[0].kill()
    over = daemon.stopped(task["taskArn"])
    assert over["stopCode"] == "EssentialContainerExited"
    assert over["stoppedReason"].startswith("ResourceInitializationError: the pause container of the task ended")
    daemon.stable(name)
    (new,) = daemon.tasks(name)
    assert new["taskArn"] != task["taskArn"]
    assert reached(f"http://{details(new)['privateIPv4Address']}:8080/health")[0] == 200
    daemon.ecs.delete_service(service=name, force=True)


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_daemon_that_starts_again_adopts_a_task_with_its_address(daemons, ending):
    daemon = daemons().start()
    name = daemon.serve(definition=vpc(daemon), networkConfiguration=SUBNETS)
    (before,) = daemon.tasks(name)
    containers = {one.id for one in daemon.containers(all=True)}
    assert len(containers) == 3
    getattr(daemon, ending)()
    daemon.start()
    daemon.stable(name)
    (after,) = daemon.tasks(name)
    assert (after["taskArn"], details(after)) == (before["taskArn"], details(before))
    assert {one.id for one in daemon.containers(all=True)} == containers
    daemon.ecs.delete_service(service=name, force=True)
    all_gone(daemon, after)


def test_a_subnet_is_mapped_to_a_network_that_has_to_be_there(engine, daemons, tmp_path):
    lan = engine.networks.create(fresh("lan"))
    try:
        settings = tmp_path / "mainstay.toml"
        settings.write_text(f'[network.subnets]\n"subnet-1" = "{lan.name}"\n"subnet-2" = "{lan.name}-away"\n')
        daemon = daemons("up", "--config", settings).start()
        definition = vpc(daemon)
        there = daemon.run(definition=definition, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
        task = daemon.running(there)
        (pause,) = pauses(daemon, task)
        (endpoint,) = pause.attrs["NetworkSettings"]["Networks"].values()
        assert endpoint["NetworkID"] == lan.id
        away = daemon.run(definition=definition, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-2"]}})
        reason = daemon.stopped(away)["stoppedReason"]
        assert reason.startswith("ResourceInitializationError") and f"no network {lan.name}-away" in reason
        assert not daemon.containers(all=True, task_arn=away)
        daemon.ecs.stop_task(task=there)
        all_gone(daemon, task)
        daemon.clean_up()
    finally:
        lan.remove()


def test_a_service_shows_its_network_and_a_change_of_it_is_a_deployment(daemon):
    name = daemon.serve(definition=vpc(daemon), networkConfiguration=SUBNETS)
    shown = daemon.service(name)
    assert shown["networkConfiguration"] == SUBNETS
    assert shown["deployments"][0]["networkConfiguration"] == SUBNETS
    daemon.ecs.update_service(service=name, networkConfiguration=SUBNETS)
    assert daemon.service(name)["deployments"][0]["id"] == shown["deployments"][0]["id"]
    other = {"awsvpcConfiguration": {**SUBNETS["awsvpcConfiguration"], "subnets": ["subnet-9"]}}
    daemon.ecs.update_service(service=name, networkConfiguration=other)
    assert daemon.service(name)["networkConfiguration"] == other
    daemon.stable(name)
    assert [details(task)["subnetId"] for task in daemon.tasks(name)] == ["subnet-9"]
    daemon.ecs.delete_service(service=name, force=True)


def test_a_network_configuration_is_asked_for_where_it_is_needed_and_refused_where_it_is_not(daemon):
    definition, bridge = vpc(daemon), daemon.register()
    for ask in (
        lambda **more: daemon.ecs.run_task(**more),
        lambda **more: daemon.ecs.create_service(serviceName=fresh(), desiredCount=0, **more),
    ):
        with pytest.raises(ClientError, match="Network Configuration must be provided when networkMode 'awsvpc' is specified."):
            ask(taskDefinition=definition)
        with pytest.raises(ClientError, match="Network Configuration is not valid for the given networkMode"):
            ask(taskDefinition=bridge, networkConfiguration=SUBNETS)
        with pytest.raises(ClientError, match="subnets"):
            ask(taskDefinition=definition, networkConfiguration={"awsvpcConfiguration": {"subnets": []}})


def test_containers_share_their_processes_where_pid_mode_is_task(daemon):
    arn = daemon.run(definition=daemon.register(*PAIR, pidMode="task"))
    task = daemon.running(arn)
    (pause,) = pauses(daemon, task)
    for name in ("web", "side"):
        assert daemon.container_of(task, name).attrs["HostConfig"]["PidMode"] == f"container:{pause.id}"
        assert daemon.act(task, "read", "/proc/1/cmdline", name=name)[1].startswith("/pause")
    daemon.ecs.stop_task(task=arn)
    assert daemon.stopped(arn)["stopCode"] == "UserInitiated"
    all_gone(daemon, task)


def test_containers_share_their_ipc_where_ipc_mode_is_task(daemon):
    arn = daemon.run(definition=vpc(daemon, *PAIR, ipcMode="task"), networkConfiguration=SUBNETS)
    task = daemon.running(arn)
    (pause,) = pauses(daemon, task)
    assert pause.attrs["HostConfig"]["IpcMode"] == "shareable"
    assert daemon.act(task, "write", "/dev/shm/word", "hello", name="web")[0] == 0
    assert daemon.act(task, "read", "/dev/shm/word", name="side") == (0, "hello")
    daemon.ecs.stop_task(task=arn)
    all_gone(daemon, task)


def test_kernel_parameters_of_the_network_hold_for_the_task(daemon):
    tuned = container("web", systemControls=[{"namespace": "net.core.somaxconn", "value": "777"}])
    task = daemon.running(daemon.run(definition=vpc(daemon, tuned, PAIR[1]), networkConfiguration=SUBNETS))
    assert daemon.act(task, "read", "/proc/sys/net/core/somaxconn", name="side")[1].strip() == "777"
    daemon.ecs.stop_task(task=task["taskArn"])


@pytest.mark.parametrize(
    "member, value",
    [
        ("links", ["side"]),
        ("dnsServers", ["10.0.0.1"]),
        ("dnsSearchDomains", ["example.com"]),
        ("extraHosts", [{"hostname": "db", "ipAddress": "10.0.0.1"}]),
        ("hostname", "web"),
        ("disableNetworking", True),
    ],
)
def test_what_a_container_cannot_have_in_a_network_that_it_shares_is_refused(daemon, member, value):
    with pytest.raises(ClientError, match=f"{member} is not supported when networkMode=awsvpc"):
        vpc(daemon, container("web", **{member: value}), container("side"))


def test_ports_of_one_address_are_refused_where_they_meet_or_differ_outside(daemon):
    with pytest.raises(ClientError, match="When networkMode=awsvpc, the host ports and container ports in port mappings must match"):
        vpc(daemon, container(portMappings=[{"containerPort": 80, "hostPort": 8080}]))
    with pytest.raises(ClientError, match="Port 80/tcp is used more than once"):
        vpc(daemon, container("a", portMappings=[{"containerPort": 80}]), container("b", portMappings=[{"containerPort": 80}]))
    definition = vpc(daemon, container(portMappings=[{"containerPort": 80}]))
    shown = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert shown["networkMode"] == "awsvpc"
    assert shown["containerDefinitions"][0]["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
