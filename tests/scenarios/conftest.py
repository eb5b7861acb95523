"""What every scenario is given: the engine, and a daemon for its file."""

import os
import shutil

import docker
import pytest

from private_engine import PrivateEngine
from vocabulary import IMAGE, Daemon, Simulation


@pytest.fixture(scope="session")
def engine():
    """The container engine, asked directly."""
    client = docker.from_env(timeout=120)
    try:
        client.images.get(IMAGE)
    except docker.errors.ImageNotFound:
        pytest.exit(f"{IMAGE} is not built; run the scenarios through cargo xtask test --scenarios NAME")
    yield client
    client.close()


@pytest.fixture(scope="module")
def daemon(engine, tmp_path_factory):
    """One `mainstay up`, shared by the scenarios of a file: each makes services and families of its own."""
    daemon = Daemon(engine, tmp_path_factory.mktemp("daemon"))
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


@pytest.fixture
def daemons(engine, tmp_path):
    """Makes daemons that a scenario ends and starts as it likes."""
    made = []

    def make(role="up", *flags, on=engine, **settings):
        folder = tmp_path / f"daemon-{len(made)}"
        folder.mkdir()
        made.append(Daemon(on, folder, role, *flags, **settings))
        return made[-1]

    make.made = made
    yield make
    for daemon in made:
        daemon.clean_up()


@pytest.fixture
def simulations(tmp_path):
    """Makes daemons over simulated hosts; they need no engine."""
    made = []

    def make(instances, *attributes, **options):
        folder = tmp_path / f"simulation-{len(made)}"
        folder.mkdir()
        made.append(Simulation(folder, instances, *attributes, **options))
        return made[-1].start()

    make.made = made
    yield make
    for simulation in made:
        simulation.clean_up()


@pytest.fixture
def private_engines(engine):
    """Makes engines that a scenario ends, hangs and starts as it likes."""
    if os.geteuid() != 0 or not (shutil.which("dockerd") and shutil.which("unshare")):
        pytest.skip("an engine of one's own takes root and dockerd")
    made = []

    def make(*flags, **members):
        made.append(PrivateEngine(*flags, **members))
        return made[-1].start().load(engine)

    yield make
    for private in made:
        private.clean_up()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A scenario that fails shows what its daemons logged."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            for daemon in getattr(value, "made", [value]):
                if not isinstance(daemon, Daemon):
                    continue
                end = "\n".join(daemon.log().splitlines()[-60:])
                report.sections.append(("the daemon's log ends", end))
