"""What containers find at 169.254.170.2: metadata and statistics, task protection, the credentials of their role."""

import json
import os
import stat

import pytest
from botocore.credentials import ContainerProvider

from test_awsvpc import SUBNETS
from vocabulary import container, fresh, get, health_check, short, stays, variables, wait_for

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/apps/web"
METADATA = "ECS_CONTAINER_METADATA_URI_V4"
PROTECTION = "$ECS_AGENT_URI/task-protection/v1/state"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an address for the host takes root")


def credentials(folder, name="apps/web", **members):
    """Puts a role's credentials into a folder, as `aws sts assume-role` prints them."""
    file = folder / ACCOUNT / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    inner = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "hunter2", "SessionToken": "token2", **members}
    file.write_text(json.dumps({"Credentials": {"Expiration": "2037-01-01T00:00:00Z", **inner}}))
    return file


@pytest.fixture(scope="module")
def roles(tmp_path_factory):
    """The folder of task roles' credentials."""
    folder = tmp_path_factory.mktemp("roles")
    credentials(folder)
    return folder


@pytest.fixture(scope="module")
def daemon(engine, tmp_path_factory, roles):
    from vocabulary import Daemon

    daemon = Daemon(engine, tmp_path_factory.mktemp("daemon"), MAINSTAY_TASK_ROLES_FOLDER=str(roles))
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def environment(daemon, task, name="web"):
    """The variables of a container, as the engine has them."""
    return dict(one.split("=", 1) for one in daemon.container_of(task, name).attrs["Config"]["Env"])


def inside(daemon, task, url, name="web"):
    """What a container hears there."""
    code, answer = daemon.act(task, "get", url, name=name)
    assert code == 0, answer
    return json.loads(answer)


def provided(variables):
    """The credentials that botocore finds with these variables, by the code by which it finds them in a container."""
    found = ContainerProvider(environ=variables).load()
    return found and found.get_frozen_credentials()


# Each with the members that its tasks have.
MODES = {
    "bridge": (dict(networkMode="bridge"), {}),
    "host": (dict(networkMode="host"), {}),
    "awsvpc": (dict(networkMode="awsvpc"), dict(networkConfiguration=SUBNETS)),
}


@pytest.fixture(scope="module", params=MODES)
def seen(request, daemon):
    """A task of two containers in a network mode: the mode and the task."""
    of_definition, of_task = MODES[request.param]
    port = {"PUPPET_PORT": "18080"}
    web = container("web", environment=variables(**port), dockerLabels={"team": "shop"}, cpu=100, healthCheck=health_check())
    side = container("side", command=["sleep"], essential=False)
    definition = daemon.register(web, side, taskRoleArn=ROLE, cpu="256", memory="256", **of_definition)
    arn = daemon.run(definition=definition, tags=[{"key": "team", "value": "shop"}], **of_task)
    yield request.param, daemon.running(arn)
    daemon.ecs.stop_task(task=arn)


def test_a_container_sees_itself(daemon, seen):
    mode, task = seen
    shown = inside(daemon, task, f"${METADATA}")
    known = daemon.container_of(task)
    assert (shown["DockerId"], shown["DockerName"]) == (known.id, known.name)
    (part,) = [part for part in task["containers"] if part["name"] == "web"]
    assert (shown["Name"], shown["ContainerARN"]) == ("web", part["containerArn"])
    assert (shown["DesiredStatus"], shown["KnownStatus"], shown["Type"]) == ("RUNNING", "RUNNING", "NORMAL")
    assert shown["ImageID"] == known.attrs["Image"] and shown["Image"] == part["image"]
    assert shown["Limits"] == {"CPU": 100, "Memory": 64}
    assert shown["Labels"]["team"] == "shop" and shown["Labels"]["com.amazonaws.ecs.container-name"] == "web"
    assert shown["CreatedAt"] <= shown["StartedAt"]
    (network,) = shown["Networks"]
    assert network["NetworkMode"] == mode
    if mode == "bridge":
        assert network["IPv4Addresses"] == [known.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]]
    if mode == "awsvpc":
        said = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
        assert network["IPv4Addresses"] == [said["privateIPv4Address"]]
        assert (network["MACAddress"], network["PrivateDNSName"]) == (said["macAddress"], said["privateDnsName"])
        assert network["SubnetGatewayIpv4Address"].split("/")[1] == network["IPv4SubnetCIDRBlock"].split("/")[1]
    wait_for("HEALTHY", lambda: inside(daemon, task, f"${METADATA}")["Health"].get("status") == "HEALTHY")
    assert inside(daemon, task, "$ECS_CONTAINER_METADATA_URI")["DockerId"] == known.id


def test_a_container_sees_its_task(daemon, seen):
    _, task = seen
    shown = inside(daemon, task, f"${METADATA}/task", name="side")
    assert (shown["Cluster"], shown["TaskARN"], shown["LaunchType"]) == ("default", task["taskArn"], "EC2")
    assert f"{shown['Family']}:{shown['Revision']}" == short(task["taskDefinitionArn"])
    assert (shown["DesiredStatus"], shown["KnownStatus"]) == ("RUNNING", "RUNNING")
    assert shown["Limits"] == {"CPU": 0.25, "Memory": 256}
    assert [part["Name"] for part in shown["Containers"]] == ["web", "side"]
    assert "TaskTags" not in shown and "ServiceName" not in shown
    tagged = inside(daemon, task, f"${METADATA}/taskWithTags")
    assert (tagged["TaskTags"], tagged["ContainerInstanceTags"]) == ({"team": "shop"}, {})


def test_statistics_are_the_engines_own(daemon, seen):
    mode, task = seen
    known = daemon.container_of(task)
    first = inside(daemon, task, f"${METADATA}/stats")
    assert (first["id"], first["memory_stats"]["usage"] > 0) == (known.id, True)
    assert {"read", "preread", "cpu_stats", "precpu_stats", "blkio_stats", "pids_stats"} <= first.keys()
    later = wait_for("another sample", lambda: (found := inside(daemon, task, f"${METADATA}/stats"))["read"] > first["read"] and found)
    assert ("network_rate_stats" in later) == (mode != "host")
    assert later["cpu_stats"]["system_cpu_usage"] > later["precpu_stats"]["system_cpu_usage"] > 0
    both = inside(daemon, task, f"${METADATA}/task/stats")
    assert set(both) == {part["runtimeId"] for part in task["containers"]}


def test_botocore_finds_the_credentials_of_the_tasks_role_in_every_container(daemon, seen):
    _, task = seen
    for name in ("web", "side"):
        told = environment(daemon, task, name)
        found = provided(told)
        assert (found.access_key, found.secret_key, found.token) == ("AKIDEXAMPLE", "hunter2", "token2")
        answer = inside(daemon, task, "$AWS_CONTAINER_CREDENTIALS_FULL_URI", name)
        assert answer == {
            "RoleArn": ROLE, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "hunter2", "Token": "token2",
            "Expiration": "2037-01-01T00:00:00Z",
        }
        assert told["AWS_EXECUTION_ENV"] == "AWS_ECS_EC2"


def test_an_id_opens_nothing_but_what_it_is_for(daemon, seen):
    _, task = seen
    other = daemon.running(daemon.run(definition=daemon.register(container("web"), taskRoleArn=ROLE)))
    ours, theirs = environment(daemon, task), environment(daemon, other)
    secret = ours["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    forged = secret.replace(short(task["taskArn"]), short(other["taskArn"]))
    own = ours[METADATA].rsplit("/", 1)[1]
    for url in (forged, f"{secret[:-1]}{'0' if secret[-1] != '0' else '1'}", secret.rsplit("/", 1)[0] + "/" + own, secret.rsplit("/", 1)[0] + "/x"):
        status, answer = get(url)
        assert (status, json.loads(answer)["code"]) == (400, "InvalidIdInRequest"), url
    assert get(ours[METADATA].replace(short(task["taskArn"]), short(other["taskArn"])))[0] == 404
    assert get(theirs[METADATA])[0] == 200
    assert secret not in theirs.values()
    daemon.ecs.stop_task(task=other["taskArn"])
    daemon.stopped(other["taskArn"])
    # With the task, its credentials are over.
    wait_for("their end", lambda: get(theirs["AWS_CONTAINER_CREDENTIALS_FULL_URI"])[0] == 400)


def test_what_the_definition_says_of_these_variables_is_replaced_as_the_genuine_agent_does_it(daemon):
    web = container(environment=variables(**{METADATA: "http://elsewhere", "AWS_EXECUTION_ENV": "mine"}))
    task = daemon.running(daemon.run(web))
    told = daemon.container_of(task).attrs["Config"]["Env"]
    assert [one for one in told if one.startswith(METADATA)] == [f"{METADATA}={environment(daemon, task)[METADATA]}"]
    assert inside(daemon, task, f"${METADATA}/task")["TaskARN"] == task["taskArn"]
    assert environment(daemon, task)["AWS_EXECUTION_ENV"] == "mine"
    daemon.ecs.stop_task(task=task["taskArn"])


def test_a_role_without_credentials_is_told_in_the_log_and_one_of_run_task_counts(daemon, roles):
    credentials(roles, "job", AccessKeyId="AKIDJOB")
    job = f"arn:aws:iam::{ACCOUNT}:role/job"
    definition = daemon.register(taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", executionRoleArn=ROLE)
    without = daemon.running(daemon.run(definition=definition))
    assert not any("CREDENTIALS" in name for name in environment(daemon, without))
    assert "runs without credentials for its task role" in daemon.log() and "role/none" in daemon.log()
    overridden = daemon.running(daemon.run(definition=definition, overrides={"taskRoleArn": job}))
    assert provided(environment(daemon, overridden)).access_key == "AKIDJOB"
    # Who renews them writes the file anew.
    credentials(roles, "job", AccessKeyId="AKIDNEW")
    assert provided(environment(daemon, overridden)).access_key == "AKIDNEW"
    for task in (without, overridden):
        daemon.ecs.stop_task(task=task["taskArn"])


def test_secrets_of_roles_are_in_no_log_no_store_and_no_answer(daemon, seen):
    _, task = seen
    provided(environment(daemon, task))
    assert "hunter2" not in daemon.log() and "token2" not in daemon.log()
    assert environment(daemon, task)["AWS_CONTAINER_CREDENTIALS_FULL_URI"].rsplit("-", 1)[1] not in daemon.log()
    assert "hunter2" not in json.dumps(daemon.ecs.describe_tasks(tasks=[task["taskArn"]]), default=str)
    data = daemon.folder / "data"
    assert all(b"hunter2" not in file.read_bytes() for file in data.iterdir() if file.is_file())
    assert stat.S_IMODE((data / "inside.json").stat().st_mode) == 0o600


def test_a_task_protects_itself_and_outlives_scale_in(daemon):
    name = daemon.serve(count=2)
    first, second = daemon.tasks(name)
    assert inside(daemon, first, PROTECTION) == {
        "protection": {"ExpirationDate": None, "ProtectionEnabled": False, "TaskArn": first["taskArn"]}
    }
    for task in (first, second):
        code, answer = daemon.act(task, "put", PROTECTION, '{"ProtectionEnabled":true,"ExpiresInMinutes":60}')
        assert code == 0 and json.loads(answer)["protection"]["ProtectionEnabled"], answer
    assert inside(daemon, first, PROTECTION)["protection"]["ExpirationDate"].endswith("Z")
    asked = daemon.ecs.get_task_protection(cluster="default", tasks=[first["taskArn"], second["taskArn"]])
    assert [task["protectionEnabled"] for task in asked["protectedTasks"]] == [True, True]
    daemon.ecs.update_service(service=name, desiredCount=0)
    stays("two tasks", lambda: len(daemon.tasks(name)) == 2, 3)
    daemon.act(first, "put", PROTECTION, '{"ProtectionEnabled":false}')
    assert daemon.stopped(first["taskArn"])["stopCode"] == "ServiceSchedulerInitiated"
    daemon.aws("update-task-protection", "--cluster", "default", "--tasks", second["taskArn"], "--no-protection-enabled")
    daemon.stopped(second["taskArn"])
    daemon.ecs.delete_service(service=name, force=True)


def test_a_rollout_spares_a_protected_task(daemon):
    name = daemon.serve(count=1)
    (old,) = daemon.tasks(name)
    answer = daemon.ecs.update_task_protection(cluster="default", tasks=[old["taskArn"]], protectionEnabled=True, expiresInMinutes=60)
    assert not answer["failures"]
    daemon.ecs.update_service(service=name, forceNewDeployment=True)
    wait_for("a new task beside it", lambda: len([task for task in daemon.tasks(name) if task["lastStatus"] == "RUNNING"]) == 2)
    stays("the old task", lambda: daemon.task(old["taskArn"])["lastStatus"] == "RUNNING", 3)
    assert len(daemon.service(name)["deployments"]) == 2
    daemon.ecs.update_task_protection(cluster="default", tasks=[old["taskArn"]], protectionEnabled=False)
    daemon.stopped(old["taskArn"])
    daemon.stable(name)
    daemon.ecs.delete_service(service=name, force=True)


def test_what_a_container_asks_wrongly_is_told_as_by_the_genuine_agent(daemon):
    task = daemon.running(daemon.run(container()))
    code, answer = daemon.act(task, "put", PROTECTION, '{"ProtectionEnabled":true}')
    failure = json.loads(answer)["failure"]
    assert (code, failure["Arn"], failure["Reason"]) == (0, task["taskArn"], "TASK_NOT_VALID")
    for body in ("{}", '{"ProtectionEnabled":true,"ExpiresInMinutes":2881}', "nonsense", '{"Protect":1}'):
        code, answer = daemon.act(task, "put", PROTECTION, body)
        assert (code, json.loads(answer)["error"]["Code"]) == (1, "InvalidParameterException"), body
    daemon.ecs.stop_task(task=task["taskArn"])


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_uris_outlive_the_daemon(daemons, roles, ending):
    daemon = daemons(MAINSTAY_TASK_ROLES_FOLDER=str(roles)).start()
    definition = daemon.register(taskRoleArn=ROLE)
    name = daemon.serve(definition=definition)
    (task,) = daemon.tasks(name)
    protected = daemon.ecs.update_task_protection(cluster="default", tasks=[task["taskArn"]], protectionEnabled=True)
    getattr(daemon, ending)()
    daemon.start()
    assert inside(daemon, task, f"${METADATA}/task")["TaskARN"] == task["taskArn"]
    assert provided(environment(daemon, task)).access_key == "AKIDEXAMPLE"
    asked = daemon.ecs.get_task_protection(cluster="default", tasks=[task["taskArn"]])
    assert asked["protectedTasks"] == protected["protectedTasks"]
    daemon.ecs.delete_service(service=name, force=True)
    daemon.stopped(task["taskArn"])


def test_daemons_side_by_side_have_ports_of_their_own_and_the_end_of_one_is_none_of_the_others(daemons, roles):
    one, two = daemons().start(), daemons().start()
    tasks = [daemon.running(daemon.run(container())) for daemon in (one, two)]
    uris = [environment(daemon, task)[METADATA] for daemon, task in zip((one, two), tasks)]
    assert uris[0].split("/")[2] != uris[1].split("/")[2]
    one.stop()
    assert inside(two, tasks[1], f"${METADATA}")["Name"] == "web"
    one.start()
    assert inside(one, tasks[0], f"${METADATA}")["Name"] == "web"


def test_another_port_is_told_to_those_to_come_while_those_that_run_keep_theirs(daemons):
    daemon = daemons().start()
    before = daemon.running(daemon.run(container()))
    daemon.stop()
    daemon.settings["MAINSTAY_AGENT_TASK_ENDPOINT_PORT"] = "19751"
    daemon.start()
    after = daemon.running(daemon.run(container()))
    assert environment(daemon, after)[METADATA].startswith("http://169.254.170.2:19751/v4/")
    for task in (before, after):
        assert inside(daemon, task, f"${METADATA}/task")["TaskARN"] == task["taskArn"]


def test_without_a_network_or_an_endpoint_nothing_is_told_that_leads_there(daemon, daemons):
    cut_off = daemon.running(daemon.run(definition=daemon.register(networkMode="none")))
    off = daemons(MAINSTAY_AGENT_TASK_ENDPOINT_PORT="0").start()
    unserved = off.running(off.run(container()))
    for daemon, task in ((daemon, cut_off), (off, unserved)):
        assert not any(name.startswith("ECS_") for name in environment(daemon, task))
        daemon.ecs.stop_task(task=task["taskArn"])
