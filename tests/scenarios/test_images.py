"""Images come from a real registry, or are said to be missing."""

import os
import subprocess

import pytest

from vocabulary import IMAGE, container, free_port, fresh, get, wait_for


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry on this host, empty; its address."""
    program = os.environ.get("DOCKER_REGISTRY")
    if not program:
        pytest.fail("DOCKER_REGISTRY is not set; run the scenarios through cargo xtask test")
    folder = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {folder / 'images'}\nhttp:\n  addr: {address}\n"
    )
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log)

    def answers():
        try:
            return get(f"http://{address}/v2/")[0] == 200
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()

    wait_for("registry", answers)
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture
def pushed(engine, registry):
    """An image that is in the registry and not on this host."""
    name = f"{registry}/{fresh('image')}"
    engine.images.get(IMAGE).tag(name, "1")
    said = engine.images.push(name, "1")
    assert "error" not in said, said
    engine.images.remove(f"{name}:1")
    yield f"{name}:1"
    for found in engine.images.list(name):
        engine.images.remove(found.id if not found.tags else f"{name}:1", force=True)


def test_an_image_that_is_not_here_is_pulled(daemon, pushed):
    task = daemon.running(daemon.run(container(image=pushed)))
    (part,) = task["containers"]
    assert part["image"] == pushed
    assert part["imageDigest"].startswith("sha256:")
    assert task["createdAt"] <= task["pullStartedAt"] <= task["pullStoppedAt"] <= task["startedAt"]


def test_an_image_that_is_nowhere_fails_the_task(daemon, registry):
    missing = f"{registry}/{fresh('missing')}:1"
    task = daemon.stopped(daemon.run(container(image=missing)))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError")
    (part,) = task["containers"]
    assert part["reason"].startswith("CannotPullContainerError")
    assert "exitCode" not in part
    assert "startedAt" not in task


def test_a_service_whose_image_comes_late_recovers_by_itself(daemon, engine, registry):
    name = f"{registry}/{fresh('late')}"
    service = daemon.serve(container(image=f"{name}:1"), stable=False)
    stopped = lambda: daemon.tasks(service, status="STOPPED")
    wait_for("two failures", lambda: len(stopped()) >= 2)
    assert {task["stopCode"] for task in stopped()} == {"TaskFailedToStart"}

    engine.images.get(IMAGE).tag(name, "1")
    engine.images.push(name, "1")
    engine.images.remove(f"{name}:1")

    daemon.stable(service)
    assert daemon.service(service)["runningCount"] == 1
