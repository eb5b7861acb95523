"""Images come from a real registry, or are said to be missing; a deployment runs one version; the unused go."""

import base64
import json
import re
import signal
import subprocess

import docker
import pytest

from registry import ODD_PASSWORD, PASSWORD, USER, Gate, Registry
from terminal import Screen, environment
from vocabulary import IMAGE, LIMIT, MAINSTAY, container, fresh, get, seconds, stays, wait_for


# Before any daemon, so that it goes after the last container that has an image of its.
@pytest.fixture(scope="module", autouse=True)
def shop(engine, tmp_path_factory):
    """A registry on this host that is always there."""
    shop = Registry(tmp_path_factory.mktemp("registry")).start()
    yield shop
    shop.clean_up(engine)


@pytest.fixture
def registries(engine, tmp_path):
    """Makes registries that a scenario ends and starts as it likes."""
    made = []

    def make(**how):
        folder = tmp_path / f"registry-{len(made)}"
        folder.mkdir()
        made.append(Registry(folder, **how))
        return made[-1].start()

    yield make
    for registry in made:
        registry.clean_up(engine)


def digests(daemon, service):
    """The digests that a service's running tasks run."""
    return {task["containers"][0].get("imageDigest") for task in daemon.tasks(service)}


def is_here(engine, name):
    """Whether the engine has an image under this name."""
    try:
        return engine.images.get(name)
    except docker.errors.ImageNotFound:
        return None


@pytest.fixture
def pushed(engine, shop):
    """An image that is in the registry and not on this host."""
    name = shop.name()
    shop.publish(engine, name)
    return f"{name}:1"


def test_an_image_that_is_not_here_is_pulled(daemon, pushed):
    task = daemon.running(daemon.run(container(image=pushed)))
    (part,) = task["containers"]
    assert part["image"] == pushed
    assert part["imageDigest"].startswith("sha256:")
    assert task["createdAt"] <= task["pullStartedAt"] <= task["pullStoppedAt"] <= task["startedAt"]


def test_an_image_that_is_nowhere_fails_the_task(daemon, shop):
    missing = f"{shop.address}/{fresh('missing')}:1"
    task = daemon.stopped(daemon.run(container(image=missing)))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError")
    (part,) = task["containers"]
    assert part["reason"].startswith("CannotPullContainerError")
    assert "exitCode" not in part
    assert "startedAt" not in task


def test_a_service_whose_image_comes_late_recovers_by_itself(daemon, engine, shop):
    name = shop.name("late")
    service = daemon.serve(container(image=f"{name}:1"), stable=False)
    stopped = lambda: daemon.tasks(service, status="STOPPED")
    wait_for("two failures", lambda: len(stopped()) >= 2)
    assert {task["stopCode"] for task in stopped()} == {"TaskFailedToStart"}

    shop.publish(engine, name, unseen=True)

    daemon.stable(service)
    assert daemon.service(service)["runningCount"] == 1


def test_a_deployment_runs_what_its_tag_stood_for_at_first_until_the_next_deployment(daemons, engine, shop):
    daemon = daemons().start()
    name = shop.name()
    first = shop.publish(engine, name)
    service = daemon.serve(container(image=f"{name}:1"))
    assert digests(daemon, service) == {first}

    second = shop.publish(engine, name)
    assert second != first
    daemon.ecs.update_service(service=service, desiredCount=2)
    daemon.stable(service)
    assert digests(daemon, service) == {first}

    # A replacement, and after a restart.
    daemon.kill()
    daemon.start()
    daemon.stable(service)
    victim = daemon.tasks(service)[0]
    daemon.container_of(victim).kill()
    daemon.stopped(victim["taskArn"])
    daemon.stable(service)
    assert digests(daemon, service) == {first}
    assert {one.attrs["Config"]["Image"] for one in daemon.containers()} == {f"{name}@{first}"}

    daemon.ecs.update_service(service=service, forceNewDeployment=True)
    wait_for("the new version alone", lambda: digests(daemon, service) == {second})


def test_without_version_consistency_each_task_runs_what_the_tag_stands_for_by_then(daemon, engine, shop):
    name = shop.name()
    first = shop.publish(engine, name)
    definition = daemon.register(container(image=f"{name}:1", versionConsistency="disabled"))
    shown = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert shown["containerDefinitions"][0]["versionConsistency"] == "disabled"
    service = daemon.serve(definition=definition)
    second = shop.publish(engine, name)
    daemon.ecs.update_service(service=service, desiredCount=2)
    daemon.stable(service)
    assert digests(daemon, service) == {first, second}


def test_an_image_that_is_named_by_its_digest_is_pulled_once(daemons, engine, shop):
    daemon = daemons().start()
    name = shop.name()
    digest = shop.publish(engine, name)
    shop.publish(engine, name)
    for reference in (f"{name}@{digest}", f"{name}:1@{digest}"):
        task = daemon.running(daemon.run(container(image=reference)))
        assert task["containers"][0]["imageDigest"] == digest
    assert 'mainstay_image_pulls_total{result="pulled"} 1' in get(f"{daemon.url}/metrics")[1]


@pytest.mark.parametrize("behavior", ["default", "always", "once", "prefer-cached"])
def test_a_tag_that_moved_is_pulled_as_the_pull_behavior_says(daemons, engine, shop, behavior):
    daemon = daemons(MAINSTAY_AGENT_IMAGE_PULL_BEHAVIOR=behavior).start()
    name = shop.name()
    first = shop.publish(engine, name)
    assert daemon.running(daemon.run(container(image=f"{name}:1")))["containers"][0]["imageDigest"] == first
    second = shop.publish(engine, name)
    # As if it had never moved on this host.
    engine.images.get(f"{name}@{first}").tag(name, "1")
    task = daemon.running(daemon.run(container(image=f"{name}:1")))
    expected = {"default": second, "always": second, "once": first, "prefer-cached": first}[behavior]
    assert task["containers"][0]["imageDigest"] == expected


@pytest.mark.parametrize("behavior", ["default", "always"])
def test_while_a_registry_is_away_what_is_here_runs_unless_it_always_has_to_be_pulled(
    registries, daemons, engine, behavior
):
    daemon = daemons(MAINSTAY_AGENT_IMAGE_PULL_BEHAVIOR=behavior).start()
    registry = registries()
    name = registry.name()
    digest = registry.publish(engine, name)
    daemon.running(daemon.run(container(image=f"{name}:1")))
    registry.stop()
    arn = daemon.run(container(image=f"{name}:1"))
    if behavior == "default":
        assert daemon.running(arn)["containers"][0]["imageDigest"] == digest
        assert "running what is here" in daemon.log()
        return
    reason = daemon.stopped(arn)["stoppedReason"]
    assert reason.startswith(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
    ), reason
    assert registry.address in reason and "connection refused" in reason


def test_a_registry_that_hangs_holds_up_no_task_for_long_whose_image_is_here(registries, daemons, engine):
    daemon = daemons().start()
    registry = registries()
    name = registry.name()
    digest = registry.publish(engine, name)
    daemon.running(daemon.run(container(image=f"{name}:1")))
    registry.process.send_signal(signal.SIGSTOP)
    try:
        task = daemon.running(daemon.run(container(image=f"{name}:1")))
        # Nobody waits for it again.
        next = daemon.running(daemon.run(container(image=f"{name}:1")))
    finally:
        registry.process.send_signal(signal.SIGCONT)
    assert task["containers"][0]["imageDigest"] == digest
    first, second = (seconds(one["pullStartedAt"], one["pullStoppedAt"]) for one in (task, next))
    assert first < 30 and second < first / 2, (first, second)
    assert 'mainstay_image_pulls_total{result="timeout"} 2' in get(f"{daemon.url}/metrics")[1]


def test_a_registry_that_breaks_off_in_the_midst_of_a_layer_is_asked_for_the_rest(daemon, engine, shop):
    name = shop.name()
    digest = shop.publish(engine, name, layer=300_000)
    gate = Gate(shop, breaks=1)
    shop.names.append(name.replace(shop.address, gate.address))
    try:
        task = daemon.running(daemon.run(container(image=f"{shop.names[-1]}:1")))
    finally:
        gate.close()
    assert task["containers"][0]["imageDigest"] == digest
    assert gate.breaks == 0


def test_while_an_image_is_pulled_apply_shows_how_far_it_is(daemon, engine, shop, tmp_path):
    service = fresh("pulled")
    shop.publish(engine, name := shop.name(), layer=4_000_000)
    gate = Gate(shop, held=True)
    shop.names.append(name.replace(shop.address, gate.address))
    image = f"{shop.names[-1]}:1"
    definition = {"family": service, "containerDefinitions": [container(image=image)]}
    (tmp_path / "task-definition.json").write_text(json.dumps(definition))
    declared = {"serviceName": service, "taskDefinition": service, "desiredCount": 1}
    (tmp_path / "service.json").write_text(json.dumps(declared))
    command = [MAINSTAY, "apply", str(tmp_path), "--yes"]
    pulls = lambda: [one for one in json.loads(get(f"{daemon.url}/v1/pulls")[1])["pulls"] if one["image"] == image]
    try:
        with Screen(command, environment(daemon)) as screen:
            bar = re.compile(rf"\[=*>? *\] {image}: \d\.\d of 4\.0 MB$", re.MULTILINE)
            screen.comes_to("a bar", bar.search)
            # Another one, in no terminal: nothing is to be changed any more, and the rollout is waited for.
            with open(tmp_path / "said", "w") as said, open(tmp_path / "result", "w") as result:
                command += ["--output", "json"]
                plain = subprocess.Popen(command, env=environment(daemon), stdout=result, stderr=said)
            said = lambda: (tmp_path / "said").read_text()
            line = re.compile(rf"^pulling {image}: \d\.\d of 4\.0 MB$", re.MULTILINE)
            wait_for("a line", lambda: line.search(said()))
            (pull,) = pulls()
            (task,) = pull["tasks"]
            assert (pull["state"], task["service"]) == ("PULLING", service)
            assert 0 < pull["progress"]["bytesDone"] < pull["progress"]["bytesTotal"]
            assert re.search(rf"{image} +\S+ +\d\.\d of 4\.0 MB +{service}", daemon.mainstay("status").stdout)
            page = get(f"{daemon.url}/console/clusters/default/tasks/{task['taskArn'].rsplit('/', 1)[1]}")[1]
            assert "is being pulled: " in page

            gate.open()
            assert screen.ends() == 0 and plain.wait(LIMIT) == 0
            assert f"pulled {image}: 4.0 MB" in screen.shown and "all is as declared" in screen.text()
            assert bar.search(screen.text()) is None
        assert f"pulled {image}: 4.0 MB\n" in said()
        services = json.loads((tmp_path / "result").read_text())["services"]
        assert services == {f"default/{service}": {"rolloutState": "COMPLETED"}}
        wait_for("no word of it any more", lambda: not pulls())
    finally:
        gate.close()
        daemon.ecs.delete_service(service=service, force=True)
        wait_for("no container", lambda: not daemon.containers(family=service))


def test_a_private_registry_lets_in_who_is_in_the_docker_config(registries, daemons, engine, tmp_path):
    config = tmp_path / "config.json"
    daemon = daemons(MAINSTAY_ENGINE_DOCKER_CONFIG=str(config)).start()
    registry = registries(locked=True)
    name = registry.name()
    digest = registry.publish(engine, name)

    reason = daemon.stopped(daemon.run(container(image=f"{name}:1")))["stoppedReason"]
    assert reason.startswith("CannotPullContainerError: Error response from daemon: "), reason
    assert "no basic auth credentials" in reason
    assert f"{config} has no credentials for {registry.address}" in reason

    def log_in(password):
        auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
        config.write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))

    log_in("wrong")
    reason = daemon.stopped(daemon.run(container(image=f"{name}:1")))["stoppedReason"]
    assert f"{USER} of {config} is not let in" in reason, reason
    assert "wrong" not in reason

    log_in(PASSWORD)
    task = daemon.running(daemon.run(container(image=f"{name}:1")))
    assert task["containers"][0]["imageDigest"] == digest
    assert PASSWORD not in daemon.log()


def test_credentials_may_come_from_a_helper(registries, daemons, engine, tmp_path, monkeypatch):
    registry = registries(locked=True)
    name = registry.name()
    registry.publish(engine, name)
    helper = tmp_path / "docker-credential-scenario"
    helper.write_text(
        f'#!/bin/sh\nread -r server\n[ "$server" = {registry.address} ] || exit 1\n'
        f'echo \'{{"ServerURL": "{registry.address}", "Username": "{USER}", "Secret": "{PASSWORD}"}}\'\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"credHelpers": {registry.address: "scenario"}}))
    daemon = daemons(MAINSTAY_ENGINE_DOCKER_CONFIG=str(config)).start()
    daemon.running(daemon.run(container(image=f"{name}:1")))


@pytest.mark.parametrize("password", [PASSWORD, ODD_PASSWORD])
def test_an_image_is_pulled_with_the_credentials_that_its_definition_names(registries, daemons, engine, tmp_path, password):
    secret = tmp_path / "secrets/secretsmanager/shop/registry"
    secret.parent.mkdir(parents=True)
    # What this host itself is known as is not asked.
    daemon = daemons(
        MAINSTAY_SECRETS_FOLDER=str(tmp_path / "secrets"),
        MAINSTAY_ENGINE_DOCKER_CONFIG=str(tmp_path / "config.json"),
        MAINSTAY_LOG_FILTER="trace",
    ).start()
    registry = registries(locked=True, password=password)
    name = registry.name()
    digest = registry.publish(engine, name)
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/registry-AbCdEf"
    part = container(image=f"{name}:1", repositoryCredentials={"credentialsParameter": arn})
    definition = daemon.register(part)
    reason = lambda: daemon.stopped(daemon.run(definition=definition))["stoppedReason"]

    words = f"ResourceInitializationError: unable to pull secrets or registry auth: {arn} (repositoryCredentials of container web)"
    assert reason().startswith(words)
    secret.write_text(json.dumps({"username": USER}))
    assert "it has no key password" in reason()
    secret.write_text(json.dumps({"username": USER, "password": "not-the-password"}))
    said = reason()
    assert said.startswith("CannotPullContainerError: Error response from daemon: "), said
    assert f"{USER} of the task definition is not let in there" in said

    secret.write_text(json.dumps({"username": USER, "password": password}))
    task = daemon.running(daemon.run(definition=definition))
    assert task["containers"][0]["imageDigest"] == digest
    shown = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]
    assert shown["repositoryCredentials"] == part["repositoryCredentials"]
    kept = b"".join(path.read_bytes() for path in (daemon.folder / "data").iterdir() if path.is_file())
    for hidden in (password, "not-the-password"):
        assert hidden not in daemon.log() and hidden.encode() not in kept
        assert hidden not in json.dumps([task, shown, said], default=str)


def test_a_password_in_the_docker_config_may_have_any_letters(registries, daemons, engine, tmp_path):
    registry = registries(locked=True, password=ODD_PASSWORD)
    name = registry.name()
    registry.publish(engine, name)
    config = tmp_path / "config.json"
    auth = base64.b64encode(f"{USER}:{ODD_PASSWORD}".encode()).decode()
    config.write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))
    daemon = daemons(MAINSTAY_ENGINE_DOCKER_CONFIG=str(config)).start()
    daemon.running(daemon.run(container(image=f"{name}:1")))


def test_pulls_are_counted_by_how_they_went(daemons, engine, shop):
    daemon = daemons().start()
    name = shop.name()
    shop.publish(engine, name)
    daemon.running(daemon.run(container(image=f"{name}:1")))
    daemon.stopped(daemon.run(container(image=f"{name}:2")))
    metrics = get(f"{daemon.url}/metrics")[1]
    assert 'mainstay_image_pulls_total{result="pulled"} 1' in metrics
    assert 'mainstay_image_pulls_total{result="not-found"} 1' in metrics
    assert "mainstay_image_pull_seconds_count 2" in metrics


def test_an_image_that_was_built_here_is_run_without_a_pull(daemons):
    daemon = daemons().start()
    task = daemon.running(daemon.run(container(image=IMAGE)))
    assert "pullStartedAt" not in task
    metrics = get(f"{daemon.url}/metrics")[1]
    counted = re.findall(r"^mainstay_image_pulls_total\{.*\} (\S+)$", metrics, re.M)
    assert counted and set(counted) == {"0"}


CLEANS = {
    "MAINSTAY_AGENT_IMAGE_CLEANUP_INTERVAL": "1s",
    "MAINSTAY_AGENT_IMAGE_MINIMUM_AGE": "2s",
    "MAINSTAY_AGENT_CLEANUP_WAIT": "1s",
}


def test_images_that_nobody_uses_go_and_those_that_are_not_ours_stay(daemons, engine, shop):
    daemon = daemons(**CLEANS)
    ours, used, theirs, kept = (shop.name(name) for name in ("ours", "used", "theirs", "kept"))
    for name in (ours, used, theirs, kept):
        shop.publish(engine, name)
    daemon.settings["MAINSTAY_AGENT_IMAGE_CLEANUP_EXCLUDE"] = f"nothing:1,{kept}:1"
    engine.images.pull(theirs, "1")
    daemon.start()
    service = daemon.serve(container(image=f"{used}:1"))
    jobs = [daemon.run(container(image=f"{name}:1", command=["sleep"])) for name in (ours, kept)]
    for job in jobs:
        daemon.running(job)
    # Whose they are is known to the next daemon, too.
    daemon.kill()
    daemon.start()
    for job in jobs:
        daemon.ecs.stop_task(task=job)
    wait_for("the image is removed", lambda: not is_here(engine, f"{ours}:1"))
    stay = lambda: all(is_here(engine, f"{name}:1") for name in (used, theirs, kept))
    stays("what is used, others' or excluded", stay, 4)
    assert not engine.images.list(ours, all=True)
    assert 'mainstay_images_removed_total 1' in get(f"{daemon.url}/metrics")[1]

    # What was cleaned up is pulled when it is needed again.
    daemon.running(daemon.run(container(image=f"{ours}:1")))
    assert daemon.service(service)["runningCount"] == 1


def test_cleanup_can_be_turned_off(daemons, engine, shop):
    daemon = daemons(**CLEANS, MAINSTAY_AGENT_IMAGE_CLEANUP="false").start()
    name = shop.name()
    shop.publish(engine, name)
    daemon.stopped(daemon.run(container(image=f"{name}:1", command=["exit", "0"])))
    wait_for("its container is removed", lambda: not daemon.containers(all=True))
    stays("the image", lambda: is_here(engine, f"{name}:1"), 5)
