"""The disk is full, or has something else on it than what was written."""

import json
import os
import shutil
import signal
import subprocess

import botocore.exceptions
import pytest

from vocabulary import MAINSTAY, container, fresh, get, wait_for


def store(daemon, *words):
    """`mainstay store …` on a daemon's folder."""
    act, *rest = words
    return subprocess.run(
        [MAINSTAY, "store", act, "--data-dir", daemon.folder / "data", *rest], capture_output=True, text=True, timeout=60
    )


def exported(daemon, kind):
    """What a stopped daemon's store has of a kind."""
    assert store(daemon, "check").returncode == 0, store(daemon, "check").stderr
    done = store(daemon, "export")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line["record"] for line in lines if line["kind"] == kind]


class SmallDisk:
    """A file system of a few MiB, and a file that takes up what is left of it."""

    def __init__(self, folder, mib=6):
        self.folder = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "mainstay", folder], check=True)

    def fill(self):
        with open(self.folder / "ballast", "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def make_room(self):
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("a file system of one's own takes root")
    made = SmallDisk(tmp_path / "disk")
    yield made
    subprocess.run(["umount", "--lazy", made.folder], check=True)


@pytest.fixture
def cramped(daemons, disk, tmp_path):
    """A daemon whose data folder is on the small disk."""
    daemon = daemons()
    (daemon.folder / "data").symlink_to(disk.folder)
    return daemon


def refused(call, **members):
    """Whether a call is answered with ServerException; anything else but success fails the scenario."""
    try:
        call(**members)
        return False
    except botocore.exceptions.ClientError as refusal:
        assert refusal.response["Error"]["Code"] == "ServerException", refusal
        assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        return True


def test_a_full_disk_refuses_writes_and_stops_nothing_else(cramped, disk):
    daemon = cramped.start()
    ecs = daemon.ecs
    family = fresh()
    definition = daemon.register(family=family)
    service = daemon.serve(definition=definition, count=2)
    disk.fill()

    # Some room is left within the store's file: it is used up by what is registered until nothing fits.
    big, taken = fresh("big"), 0
    while not refused(ecs.register_task_definition, family=big, containerDefinitions=[container(command=["x" * 30000])]):
        taken += 1
        assert taken < 500

    # What is refused has not happened.
    listed = ecs.list_task_definitions(familyPrefix=big)["taskDefinitionArns"]
    assert len(listed) == taken
    other = fresh("other")
    if refused(ecs.create_service, serviceName=other, taskDefinition=definition, desiredCount=0):
        assert daemon.ecs.describe_services(services=[other])["failures"][0]["reason"] == "MISSING"
    assert refused(ecs.register_task_definition, family=big, containerDefinitions=[container(command=["x" * 30000])])
    # A write that is small enough may still find a place.
    count = 2 if refused(ecs.update_service, service=service, desiredCount=3) else 3
    assert daemon.service(service)["desiredCount"] == count
    daemon.stable(service)
    assert get(f"{daemon.url}/healthz")[0] == 200
    failures = [line for line in get(f"{daemon.url}/metrics")[1].splitlines() if line.startswith("mainstay_store_commit_failures_total")]
    assert failures and float(failures[0].split()[-1]) > 0

    # Healing does not wait for the disk.
    victim = daemon.tasks(service)[0]
    os.kill(daemon.container_of(victim).attrs["State"]["Pid"], signal.SIGKILL)
    gone = daemon.stopped(victim["taskArn"])
    assert gone["containers"][0]["exitCode"] == 137
    daemon.stable(service)
    running = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(running) == count and victim["taskArn"] not in running

    disk.make_room()
    wait_for("a write that works", lambda: not refused(ecs.register_task_definition, family=family, containerDefinitions=[container()]))
    ecs.update_service(service=service, desiredCount=4)
    daemon.stable(service)
    now = {task["taskArn"] for task in daemon.tasks(service)}
    assert running < now
    assert daemon.stop() == 0

    # What happened while the disk was full is on it now.
    tasks = {task["id"]: task for task in exported(daemon, "task")}
    assert {arn.rsplit("/", 1)[-1] for arn in now} | {victim["taskArn"].rsplit("/", 1)[-1]} <= set(tasks)
    daemon.start()
    daemon.stable(service)
    assert {task["taskArn"] for task in daemon.tasks(service)} == now
    assert daemon.task(victim["taskArn"])["containers"][0]["exitCode"] == 137
    assert len(daemon.containers(family=family)) == 4


def test_a_disk_that_is_full_when_the_daemon_ends_loses_no_container(cramped, disk):
    daemon = cramped.start()
    service = daemon.serve(count=2)
    disk.fill()
    victim = daemon.tasks(service)[0]
    os.kill(daemon.container_of(victim).attrs["State"]["Pid"], signal.SIGKILL)
    daemon.stopped(victim["taskArn"])
    daemon.stable(service)
    running = {found.id for found in daemon.containers()}

    daemon.kill()
    disk.make_room()
    daemon.start()

    daemon.stable(service)
    assert daemon.service(service)["runningCount"] == 2
    wait_for("two containers", lambda: len(daemon.containers()) == 2)
    assert daemon.task(victim["taskArn"])["lastStatus"] == "STOPPED"
    assert {found.id for found in daemon.containers()} & running


def starts(daemon):
    """What `mainstay up` on this folder ends with and says; it has to end."""
    done = subprocess.run(
        [MAINSTAY, "up", "--listen", "127.0.0.1:0", "--data-dir", daemon.folder / "data"],
        env={**os.environ, **daemon.settings}, capture_output=True, text=True, timeout=60,
    )
    return done.returncode, done.stderr


@pytest.fixture
def written(daemons):
    """A daemon that has written this and that, and ended in order; its store's file."""
    daemon = daemons("server").start()
    for _ in range(40):
        daemon.register(container(command=["x" * 2000]))
    daemon.ecs.create_cluster()
    assert daemon.stop() == 0
    assert store(daemon, "check").returncode == 0
    return daemon, daemon.folder / "data/mainstay.redb"


def is_refused(daemon, file):
    """Sees that a store is refused with advice, by whoever reads it, and left as it is."""
    before = file.read_bytes()
    code, by_up = starts(daemon)
    checked = store(daemon, "check")
    assert (code, checked.returncode) == (1, 1), by_up + checked.stderr
    assert file.read_bytes() == before, "the file was changed"
    for said in (by_up, checked.stderr):
        assert "mainstay.redb" in said
        assert "put a copy back" in said, said
        assert "panicked" not in said


@pytest.mark.parametrize("left", [0, 100, 5000, 0.5, 0.95], ids=str)
def test_a_store_that_was_cut_short_is_refused_and_left_as_it_is(written, left):
    daemon, file = written
    length = file.stat().st_size
    os.truncate(file, left if isinstance(left, int) else int(length * left) // 4096 * 4096)
    is_refused(daemon, file)


def test_a_store_that_is_damaged_in_its_middle_is_refused_and_left_as_it_is(written):
    daemon, file = written
    bytes_ = bytearray(file.read_bytes())
    # In the middle of what was written, not of what was only set aside.
    at = bytes_.find(b"x" * 1000)
    assert at > 0
    bytes_[at + 10 : at + 20] = b"damage!!!!"
    file.write_bytes(bytes_)
    is_refused(daemon, file)


def test_a_store_whose_head_is_damaged_is_refused_and_left_as_it_is(written):
    daemon, file = written
    bytes_ = bytearray(file.read_bytes())
    bytes_[64:320] = bytes(range(256))
    file.write_bytes(bytes_)
    is_refused(daemon, file)


def test_a_store_of_a_file_that_is_none_is_refused_and_left_as_it_is(written):
    daemon, file = written
    file.write_text("this is a shopping list\n" * 1000)
    is_refused(daemon, file)


def test_an_export_of_a_newer_version_is_refused_and_makes_no_store(daemons, tmp_path):
    daemon = daemons("server").start()
    daemon.ecs.create_cluster()
    daemon.stop()
    lines = store(daemon, "export").stdout.splitlines()
    head = json.loads(lines[0])
    head["record"]["form"] += 1
    newer = tmp_path / "newer.jsonl"
    newer.write_text("\n".join([json.dumps(head), *lines[1:]]) + "\n")
    shutil.rmtree(daemon.folder / "data")

    done = store(daemon, "import", newer)

    assert done.returncode == 1
    assert "use a newer Mainstay" in done.stderr
    assert not (daemon.folder / "data/mainstay.redb").exists()
