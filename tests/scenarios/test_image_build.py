"""`mainstay image`: images built into this host's engine, which tasks run although no registry has them."""

import contextlib
import io
import json
import tarfile

import docker
import pytest

from vocabulary import IMAGE, container, fresh, mainstay, stays, wait_for


@pytest.fixture
def context(tmp_path):
    """A folder to build from; gives what writes its files."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def tag(engine):
    """A name for an image, which is gone afterwards."""
    made = f"mainstay-test/{fresh()}:1"
    yield made
    with contextlib.suppress(docker.errors.APIError):
        engine.images.remove(made, force=True)


def built(*words):
    done = mainstay("image", "build", *words, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_built_here_runs_without_a_registry(daemon, engine, context, tag):
    root = context(Dockerfile=f"FROM {IMAGE}\nCOPY greeting /greeting\n", greeting="hello")
    made = built("--tag", tag, root)
    assert made["tags"] == [tag] and made["id"] == engine.images.get(tag).id
    task = daemon.running(daemon.run(container(image=tag)))
    assert daemon.act(task, "read", "/greeting") == (0, "hello")
    assert "pullStartedAt" not in task
    assert built("--tag", tag, root)["id"] == made["id"]
    listed = json.loads(mainstay("image", "list", "--output", "json").stdout)
    (used,) = [image for image in listed if image["id"] == made["id"]]
    assert tag in used["tags"] and any(by.endswith("/web") for by in used["usedBy"])
    assert tag in mainstay("image", "list").stdout


def test_what_dockerignore_names_stays_out(engine, context, tag):
    root = context(
        Dockerfile=f"FROM {IMAGE}\nCOPY . /all\n",
        **{".dockerignore": "*.log\n!kept.log\n**/deep\n", "a.log": "", "kept.log": "", "x__deep__y": "", "x__z": ""},
    )
    built("--tag", tag, root)
    files = engine.containers.create(tag)
    try:
        pieces, _ = files.get_archive("/all")
        names = tarfile.open(fileobj=io.BytesIO(b"".join(pieces))).getnames()
    finally:
        files.remove()
    assert sorted(names) == ["all", "all/.dockerignore", "all/Dockerfile", "all/kept.log", "all/x", "all/x/z"]


def test_arguments_a_stage_and_a_dockerfile_from_elsewhere(engine, context, tag, tmp_path_factory):
    file = tmp_path_factory.mktemp("elsewhere") / "Other"
    file.write_text(
        f"FROM {IMAGE} AS first\nARG COLOUR\nENV COLOUR=$COLOUR\nFROM first AS second\nENV COLOUR=none\n"
    )
    built("--tag", tag, "--tag", f"{tag}-too", "--file", file, "--build-arg", "COLOUR=red", "--target", "first", context())
    assert "COLOUR=red" in engine.images.get(tag).attrs["Config"]["Env"]
    assert engine.images.get(f"{tag}-too").id == engine.images.get(tag).id
    engine.images.remove(f"{tag}-too")


def test_a_step_that_fails_is_said_with_what_the_engine_says_of_it(context, tag):
    root = context(Dockerfile=f'FROM {IMAGE}\nRUN ["/puppet", "exit", "3"]\n')
    done = mainstay("image", "build", "--tag", tag, root)
    assert done.returncode == 1
    assert 'step 2/2 (RUN ["/puppet", "exit", "3"]) failed' in done.stderr and "non-zero code: 3" in done.stderr
    assert mainstay("image", "build", root).returncode == 64
    none = mainstay("image", "build", "--tag", tag, root / "none")
    assert none.returncode == 64 and "the context" in none.stderr
    away = mainstay("image", "list", MAINSTAY_ENGINE_ENDPOINT="unix:///nowhere.sock")
    assert away.returncode == 69


def test_the_image_of_a_service_without_tasks_stays_where_it_was_built(daemons, engine, context, tag):
    daemon = daemons(
        MAINSTAY_AGENT_IMAGE_CLEANUP_INTERVAL="1s",
        MAINSTAY_AGENT_IMAGE_MINIMUM_AGE="0s",
        MAINSTAY_AGENT_CLEANUP_WAIT="1s",
    ).start()
    built("--tag", tag, context(Dockerfile=f"FROM {IMAGE}\nENV MINE=1\n"))
    name = daemon.serve(container(image=tag))
    daemon.ecs.update_service(service=name, desiredCount=0)
    wait_for("no container", lambda: not daemon.containers(all=True))
    stays("the image", lambda: engine.images.get(tag), 4)
    daemon.ecs.update_service(service=name, desiredCount=1)
    daemon.stable(name)
