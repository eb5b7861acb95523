"""FireLens: a router of the task's own, which gets what the others print, seen from inside and at the engine."""

import shutil
import tempfile

import pytest

from vocabulary import Daemon, container, fresh, short, wait_for

CONFIGURATION = "/fluent-bit/etc/fluent-bit.conf"


def router(**members):
    """The puppet as a Fluent Bit: it prints `OUTPUT TAG LINE` for each line that its configuration routes."""
    return container("router", command=["route"], firelensConfiguration={"type": "fluentbit"}, **members)


def routed(name="app", **options):
    """A container that prints a line every half a second into the router's output `stdout`."""
    logs = {"logDriver": "awsfirelens", "options": {"Name": "stdout", **options}}
    return container(name, command=["tick", "--every", "0.5"], logConfiguration=logs)


def lines(daemon, task):
    """What the router has printed so far."""
    return daemon.container_of(task, "router").logs().decode()


def part(task, name):
    return next(one for one in task["containers"] if one["name"] == name)


def folders(daemon):
    """The folders of tasks on the host."""
    return list((daemon.folder / "data/tasks").glob("*"))


@pytest.fixture
def brief(engine):
    """Makes daemons whose data folder has a short path: a socket's is limited."""
    made = []

    def make(**settings):
        made.append(Daemon(engine, tempfile.mkdtemp(prefix="firelens-"), **settings))
        return made[-1].start()

    make.made = made
    yield make
    for daemon in made:
        daemon.clean_up()
        shutil.rmtree(daemon.folder)


def test_what_a_container_prints_reaches_the_router_under_its_tag(daemon):
    task = daemon.running(daemon.run(routed("app"), routed("quiet"), router()))
    id = short(task["taskArn"])
    for name in ("app", "quiet"):
        wait_for("routed line", lambda: f"stdout {name}-firelens-{id} tick 3\n" in lines(daemon, task))
    log = daemon.container_of(task, "app").attrs["HostConfig"]["LogConfig"]
    assert (log["Type"], log["Config"]["fluentd-async"]) == ("fluentd", "true")
    # What is handed on is read here, too.
    assert b"tick 1" in daemon.container_of(task, "app").logs()


def test_the_router_is_told_of_the_task_and_the_others_of_the_router(daemon):
    task = daemon.running(daemon.run(routed(Host="10.0.0.9"), router()))
    code, text = daemon.act(task, "read", CONFIGURATION, name="router")
    assert code == 0
    family = task["taskDefinitionArn"].rsplit("/", 1)[-1]
    assert f"Record ecs_cluster default\n    Record ecs_task_arn {task['taskArn']}" in text
    assert f"Record ecs_task_definition {family}\n" in text
    assert "[OUTPUT]\n    Name stdout\n    Match app-firelens*\n    Host 10.0.0.9\n" in text
    networks = daemon.container_of(task, "router").attrs["NetworkSettings"]["Networks"]
    (address,) = [network["IPAddress"] for network in networks.values()]
    shown = daemon.act(task, "show", name="app")[1]
    assert f"environment FLUENT_HOST={address}\n" in shown and "environment FLUENT_PORT=24224\n" in shown
    assert "user 0:0\n" in daemon.act(task, "show", name="router")[1]
    assert daemon.act(task, "write", CONFIGURATION, "mine", name="router")[0] != 0


def test_in_awsvpc_mode_the_router_is_on_localhost(daemon):
    definition = daemon.register(routed(), router(), networkMode="awsvpc")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    task = daemon.running(daemon.run(definition=definition, networkConfiguration=network))
    wait_for("routed line", lambda: "tick 2\n" in lines(daemon, task))
    assert "environment FLUENT_HOST=127.0.0.1\n" in daemon.act(task, "show", name="app")[1]


def test_the_router_starts_first_and_stops_last(daemon):
    task = daemon.running(daemon.run(routed(), router(essential=False, stopTimeout=5)))
    began = {name: daemon.container_of(task, name).attrs["State"]["StartedAt"] for name in ("app", "router")}
    assert began["router"] < began["app"]
    daemon.ecs.stop_task(task=task["taskArn"])
    daemon.stopped(task["taskArn"])
    ended = {name: daemon.container_of(task, name).attrs["State"]["FinishedAt"] for name in ("app", "router")}
    assert ended["app"] < ended["router"]


def test_a_file_of_ones_own_is_included_from_the_place_of_environment_files(brief, tmp_path):
    files = tmp_path / "files"
    (files / "shop").mkdir(parents=True)
    (files / "shop/extra.conf").write_text("[OUTPUT]\n    Name extra\n    Match *\n")
    daemon = brief(MAINSTAY_ENVIRONMENT_FILES_FOLDER=str(files))
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::shop/extra.conf"}
    with_file = router() | {"firelensConfiguration": {"type": "fluentbit", "options": options}}
    task = daemon.running(daemon.run(routed(), with_file))
    assert "\n@INCLUDE /fluent-bit/etc/external.conf\n" in daemon.act(task, "read", CONFIGURATION, name="router")[1]
    assert "Name extra" in daemon.act(task, "read", "/fluent-bit/etc/external.conf", name="router")[1]
    options["config-file-value"] = "arn:aws:s3:::shop/none.conf"
    over = daemon.stopped(daemon.run(routed(), with_file))
    assert "ResourceInitializationError: unable to download firelens s3 config file" in part(over, "router")["reason"]


def test_the_routers_folder_outlives_the_daemon_and_goes_with_the_task(brief):
    daemon = brief(MAINSTAY_AGENT_CLEANUP_WAIT="1s")
    task = daemon.running(daemon.run(routed(), router()))
    (folder,) = folders(daemon)
    assert folder.stat().st_mode & 0o777 == 0o700
    daemon.kill()
    daemon.start()
    before = lines(daemon, daemon.running(task["taskArn"])).count("\n")
    wait_for("lines after the daemon's death", lambda: lines(daemon, task).count("\n") > before)
    daemon.ecs.stop_task(task=task["taskArn"])
    wait_for("no folder", lambda: not folders(daemon))


@pytest.mark.parametrize(
    "containers, said",
    [
        ([routed()], "a firelens configuration object must be configured in one of the containers"),
        ([router()], "at least one container has to be configured with the awsfirelens log driver"),
        ([routed(), router(), router() | {"name": "second"}], "it must be given for one container"),
    ],
)
def test_a_router_and_those_it_routes_are_refused_without_each_other(daemon, containers, said):
    status, code, text = daemon.post("RegisterTaskDefinition", {"family": fresh(), "containerDefinitions": containers})
    assert (status, code) == (400, "ClientException") and said in text
