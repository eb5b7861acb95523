"""Storage as task definitions ask for it, seen from inside the containers and in the engine."""

import pytest

from vocabulary import OWNER, Daemon, container, fresh, wait_for

SETTINGS = {"MAINSTAY_AGENT_CLEANUP_WAIT": "1s", "MAINSTAY_AGENT_STOP_TIMEOUT": "2s"}


@pytest.fixture(scope="module")
def efs(tmp_path_factory):
    """What this host has as the file system fs-1234."""
    return tmp_path_factory.mktemp("efs")


@pytest.fixture(scope="module")
def daemon(engine, efs, tmp_path_factory):
    """A daemon that removes what is over soon, and has a file system and one of its access points."""
    folder = tmp_path_factory.mktemp("daemon")
    (efs / "point").mkdir()
    (folder / "mainstay.toml").write_text(
        f'[storage.efs]\n"fs-1234" = "{efs}"\n"fsap-12" = "{efs}/point"\n"fs-404" = "{efs}/missing"\n'
    )
    daemon = Daemon(engine, folder, "up", "--config", folder / "mainstay.toml", **SETTINGS)
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def mounting(volume="data", path="/data", name="web", **members):
    """A container that mounts one volume."""
    read_only = {"readOnly": members.pop("read_only")} if "read_only" in members else {}
    return container(name, mountPoints=[{"sourceVolume": volume, "containerPath": path, **read_only}], **members)


def docker_volume(name="data", **members):
    return {"name": name, "dockerVolumeConfiguration": members}


def started(daemon, *containers, **members):
    return daemon.running(daemon.run(definition=daemon.register(*containers, **members)))


def end(daemon, task):
    """Stops a task and waits until nothing is left of its containers."""
    daemon.ecs.stop_task(task=task["taskArn"])
    daemon.stopped(task["taskArn"])
    ids = [part["runtimeId"] for part in task["containers"]]
    wait_for("removal", lambda: not [one for one in daemon.containers(all=True) if one.id in ids])


def mounts(daemon, task, name="web"):
    """Each mount's path, and whether it can be written to."""
    return dict(line.split() for line in daemon.act(task, "mounts", name=name)[1].splitlines())


def of_task(daemon, task):
    """The engine's volumes of a task."""
    arn = task["taskArn"]
    return [one for one in daemon.volumes() if one.attrs["Labels"].get("com.amazonaws.ecs.task-arn") == arn]


@pytest.mark.parametrize("volume", [{"name": "data"}, {"name": "data", "host": {}}, docker_volume(scope="task")])
def test_a_tasks_volume_is_shared_by_its_containers_and_gone_after_it(daemon, volume):
    parts = [mounting(), mounting(name="side", path="/elsewhere", portMappings=[])]
    task = started(daemon, *parts, volumes=[volume])
    assert daemon.act(task, "write", "/data/note", "hello") == (0, "")
    assert daemon.act(task, "read", "/elsewhere/note", name="side") == (0, "hello")
    (made,) = of_task(daemon, task)
    assert made.attrs["Labels"][OWNER]
    end(daemon, task)
    wait_for("end of the volume", lambda: not of_task(daemon, task))


def test_a_tasks_volume_is_not_another_tasks(daemon):
    definition = daemon.register(mounting(), volumes=[{"name": "data"}])
    one, other = (daemon.running(daemon.run(definition=definition)) for _ in range(2))
    assert daemon.act(one, "write", "/data/note", "mine")[0] == 0
    assert daemon.act(other, "read", "/data/note")[0] == 2


def test_tasks_share_a_volume_that_outlives_them(daemon):
    name = fresh("shared")
    volume = docker_volume(name, scope="shared", autoprovision=True, labels={"team": "shop"})
    definition = daemon.register(mounting(name), volumes=[volume])
    one, other = (daemon.running(daemon.run(definition=definition)) for _ in range(2))
    assert daemon.act(one, "write", "/data/note", "ours")[0] == 0
    assert daemon.act(other, "read", "/data/note") == (0, "ours")
    for task in (one, other):
        end(daemon, task)
    (kept,) = [one for one in daemon.volumes() if one.name == name]
    assert kept.attrs["Labels"]["team"] == "shop"
    later = daemon.running(daemon.run(definition=definition))
    assert daemon.act(later, "read", "/data/note") == (0, "ours")


def test_a_shared_volume_is_made_only_where_that_is_asked_for(daemon, engine):
    name = fresh("shared")
    definition = daemon.register(mounting(name), volumes=[docker_volume(name, scope="shared")])
    ended = daemon.stopped(daemon.run(definition=definition))
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith("ResourceInitializationError: ")
    assert name in ended["stoppedReason"] and "autoprovision" in ended["stoppedReason"]
    assert "exitCode" not in ended["containers"][0]
    made = engine.volumes.create(name)
    try:
        task = daemon.running(daemon.run(definition=definition))
        assert daemon.act(task, "write", "/data/note", "hello")[0] == 0
        end(daemon, task)
        assert engine.volumes.get(name).attrs["Labels"] is None
    finally:
        made.remove(force=True)


def test_options_reach_the_driver(daemon):
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    task = started(
        daemon, mounting(), volumes=[docker_volume(scope="task", driver="local", driverOpts=options, labels={"a": "b"})]
    )
    (made,) = of_task(daemon, task)
    assert made.attrs["Options"] == options
    assert made.attrs["Labels"]["a"] == "b"
    assert daemon.act(task, "write", "/data/big", "x" * 1000)[0] == 0


def test_a_driver_that_is_not_there_fails_the_task(daemon):
    definition = daemon.register(mounting(), volumes=[docker_volume(driver="none-such")])
    ended = daemon.stopped(daemon.run(definition=definition))
    assert ended["stoppedReason"].startswith("ResourceInitializationError: volume data: ")
    assert "none-such" in ended["stoppedReason"]


def test_a_path_of_the_host_is_mounted_and_made_where_it_is_missing(daemon, tmp_path):
    path = tmp_path / "made/by/the/engine"
    task = started(daemon, mounting(), volumes=[{"name": "data", "host": {"sourcePath": str(path)}}])
    assert daemon.act(task, "write", "/data/note", "out")[0] == 0
    assert (path / "note").read_text() == "out"
    (path / "answer").write_text("in")
    assert daemon.act(task, "read", "/data/answer") == (0, "in")
    end(daemon, task)
    assert (path / "note").read_text() == "out"


def test_read_only_mounts_cannot_be_written_to(daemon, tmp_path):
    volumes = [{"name": "data"}, {"name": "path", "host": {"sourcePath": str(tmp_path)}}]
    points = [
        {"sourceVolume": "data", "containerPath": "/read", "readOnly": True},
        {"sourceVolume": "data", "containerPath": "/write", "readOnly": False},
        {"sourceVolume": "path", "containerPath": "/path", "readOnly": True},
    ]
    task = started(daemon, container(mountPoints=points), volumes=volumes)
    seen = mounts(daemon, task)
    assert (seen["/read"], seen["/write"], seen["/path"]) == ("ro", "rw", "ro")
    for path, code in (("/read/a", 2), ("/path/a", 2), ("/write/a", 0)):
        assert daemon.act(task, "write", path, "x")[0] == code
    assert daemon.act(task, "read", "/read/a") == (0, "x")


def test_volumes_from_brings_another_containers_mounts_whatever_the_order(daemon):
    volumes = [{"name": "data"}, {"name": "more"}]
    source = container(
        "source",
        mountPoints=[
            {"sourceVolume": "data", "containerPath": "/data"},
            {"sourceVolume": "more", "containerPath": "/more", "readOnly": True},
        ],
    )
    parts = [
        container("reader", volumesFrom=[{"sourceContainer": "writer", "readOnly": True}]),
        container("writer", volumesFrom=[{"sourceContainer": "source"}]),
        source,
    ]
    task = started(daemon, *parts, volumes=volumes)
    assert daemon.act(task, "write", "/data/note", "hello", name="writer")[0] == 0
    for name in ("reader", "source"):
        assert daemon.act(task, "read", "/data/note", name=name) == (0, "hello")
    assert mounts(daemon, task, "reader")["/data"] == "ro"
    assert mounts(daemon, task, "writer").items() >= {"/data": "rw", "/more": "ro"}.items()


def efs_volume(name="data", file_system="fs-1234", **members):
    return {"name": name, "efsVolumeConfiguration": {"fileSystemId": file_system, **members}}


def test_a_file_system_is_a_directory_of_the_host(daemon, efs):
    (efs / "logs").mkdir()
    volumes = [efs_volume(), efs_volume("logs", rootDirectory="/logs", transitEncryption="ENABLED")]
    points = [{"sourceVolume": name, "containerPath": f"/{name}"} for name in ("data", "logs")]
    task = started(daemon, container(mountPoints=points), volumes=volumes)
    assert daemon.act(task, "write", "/logs/today", "quiet")[0] == 0
    assert (efs / "logs/today").read_text() == "quiet"
    assert daemon.act(task, "read", "/data/logs/today") == (0, "quiet")
    assert of_task(daemon, task) == []


def test_an_access_point_is_a_directory_of_its_own(daemon, efs):
    volume = efs_volume(authorizationConfig={"accessPointId": "fsap-12"}, transitEncryption="ENABLED")
    task = started(daemon, mounting(), volumes=[volume])
    assert daemon.act(task, "write", "/data/note", "hello")[0] == 0
    assert (efs / "point/note").read_text() == "hello"


@pytest.mark.parametrize(
    "volume, words",
    [
        (efs_volume(file_system="fs-5678"), ["fs-5678", "[storage.efs]", "mainstay.toml"]),
        (efs_volume(rootDirectory="/nothing"), ["nothing"]),
        (efs_volume(rootDirectory="/out/etc"), ["leads out"]),
        (efs_volume(file_system="fs-404"), ["missing"]),
    ],
)
def test_a_file_system_that_is_not_here_fails_the_task_with_the_reason(daemon, efs, volume, words):
    if not (efs / "out").is_symlink():
        (efs / "out").symlink_to("/")
    ended = daemon.stopped(daemon.run(definition=daemon.register(mounting(), volumes=[volume])))
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith("ResourceInitializationError: ")
    for word in words:
        assert word in ended["stoppedReason"]


def test_an_export_becomes_an_nfs_volume(daemons, tmp_path, engine):
    """Nobody exports here: the engine is asked for the mount, and says that it cannot be had."""
    config = tmp_path / "mainstay.toml"
    config.write_text('[storage.efs]\n"fs-1" = "127.0.0.1:/export"\n')
    daemon = daemons("up", "--config", config).start()
    definition = daemon.register(mounting(), volumes=[efs_volume(file_system="fs-1", rootDirectory="/a")])
    ended = daemon.stopped(daemon.run(definition=definition))
    (made,) = of_task(daemon, ended)
    assert made.attrs["Options"]["type"] == "nfs"
    assert made.attrs["Options"]["device"] == ":/export/a"
    assert made.attrs["Options"]["o"].startswith("addr=127.0.0.1,")
    assert "Error: " in ended["stoppedReason"]


def test_volumes_are_described_as_they_were_registered(daemon):
    volumes = [
        {"name": "empty", "host": {}},
        docker_volume("own", scope="task", driver="local", driverOpts={"type": "tmpfs"}, labels={"a": "b"}),
        docker_volume("ours", scope="shared", autoprovision=True),
        efs_volume("efs", rootDirectory="/a", transitEncryption="DISABLED"),
    ]
    part = mounting("empty", read_only=True)
    definition = daemon.register(part, container("side", volumesFrom=[{"sourceContainer": "web"}]), volumes=volumes)
    told = daemon.aws("describe-task-definition", "--task-definition", definition)["taskDefinition"]
    assert told["volumes"] == volumes
    assert told["containerDefinitions"][0]["mountPoints"] == part["mountPoints"]
    assert told["containerDefinitions"][1]["volumesFrom"] == [{"sourceContainer": "web"}]


def test_a_killed_daemon_finds_its_tasks_volumes_again(daemons):
    daemon = daemons(**SETTINGS).start()
    task = started(daemon, mounting(), volumes=[{"name": "data"}])
    assert daemon.act(task, "write", "/data/note", "hello")[0] == 0
    daemon.kill()
    daemon.start()
    assert daemon.running(task["taskArn"])["containers"] == task["containers"]
    assert daemon.act(task, "read", "/data/note") == (0, "hello")
    end(daemon, task)
    wait_for("end of the volume", lambda: daemon.volumes() == [])


def test_what_a_killed_daemon_left_of_a_task_is_removed_by_the_next(daemons, engine):
    daemon = daemons(**SETTINGS).start()
    task = started(daemon, mounting(), volumes=[{"name": "data"}])
    daemon.kill()
    for one in daemon.containers(all=True):
        one.remove(force=True)
    (left,) = of_task(daemon, task)
    daemon.start()
    daemon.stopped(task["taskArn"])
    wait_for("end of the volume", lambda: left.id not in [one.id for one in engine.volumes.list()])
