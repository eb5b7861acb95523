"""`mainstay apply`: stock ECS files, made so through the daemon's own API."""

import contextlib
import json
import os
import pty
import subprocess

import docker
import pytest

from vocabulary import IMAGE, MAINSTAY, fresh, wait_for


class Shop:
    """A folder with a service, its task definition, and what is built for it."""

    def __init__(self, folder, daemon):
        self.folder = folder
        self.daemon = daemon
        self.name = fresh("shop")
        self.tag = f"mainstay-test/{self.name}:1"
        self.definition = {
            "family": self.name,
            "containerDefinitions": [{"name": "web", "image": IMAGE, "memory": 64, "stopTimeout": 5}],
        }
        self.service = {"serviceName": self.name, "taskDefinition": self.name, "desiredCount": 1}

    def write(self):
        (self.folder / "web").mkdir(exist_ok=True)
        (self.folder / "web/task-definition.json").write_text(json.dumps(self.definition))
        (self.folder / "web/service.json").write_text(json.dumps(self.service))

    def builds(self, text):
        """Has an image built with a file in it."""
        (self.folder / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY text /text\n")
        (self.folder / "text").write_text(text)
        self.definition["containerDefinitions"][0]["image"] = self.tag
        self.service["build"] = {"tag": self.tag, "context": "..", "dockerfile": "../Dockerfile"}

    def apply(self, *words, code=0):
        """Applies it; the result."""
        self.write()
        done = self.daemon.mainstay("apply", self.folder, "--output", "json", *words)
        assert done.returncode == code, done.stderr
        self.said = done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def actions(self, result):
        return {one["kind"]: one["action"] for one in result["plan"]}

    def deployment(self):
        return self.daemon.service(self.name)["deployments"][0]["id"]

    def texts(self):
        """What the built file says in each running task."""
        return [self.daemon.act(task, "read", "/text")[1] for task in self.daemon.tasks(self.name)]


@pytest.fixture
def shop(daemon, engine, tmp_path):
    made = Shop(tmp_path, daemon)
    yield made
    with contextlib.suppress(daemon.ecs.exceptions.ClientError):
        daemon.ecs.delete_service(service=made.name, force=True)
        wait_for("no container", lambda: not daemon.containers(family=made.name))
    with contextlib.suppress(docker.errors.APIError):
        engine.images.remove(made.tag, force=True)


def test_what_is_declared_is_made_and_a_second_time_nothing_is(daemon, shop):
    first = shop.apply("--yes")
    assert shop.actions(first) == {"taskDefinition": "register", "service": "create"}
    assert (first["changes"], first["applied"]) == (True, True)
    assert first["services"] == {f"default/{shop.name}": {"rolloutState": "COMPLETED"}}
    assert daemon.service(shop.name)["runningCount"] == 1
    before = shop.deployment()
    second = shop.apply()
    assert shop.actions(second) == {"taskDefinition": "none", "service": "none"}
    assert (second["changes"], second["taskDefinitions"]) == (False, {shop.name: 1})
    assert shop.deployment() == before


def test_only_what_differs_is_changed(daemon, shop):
    shop.apply("--yes")
    before = shop.deployment()
    shop.service["desiredCount"] = 2
    result = shop.apply("--yes")
    assert shop.actions(result) == {"taskDefinition": "none", "service": "update"}
    assert result["plan"][1]["changes"] == [{"member": "desiredCount", "from": 1, "to": 2}]
    assert (daemon.service(shop.name)["runningCount"], shop.deployment()) == (2, before)
    arn = daemon.service(shop.name)["serviceArn"]
    daemon.ecs.tag_resource(resourceArn=arn, tags=[{"key": "old", "value": "1"}, {"key": "team", "value": "none"}])
    shop.service["tags"] = [{"key": "team", "value": "shop"}]
    assert shop.actions(shop.apply("--yes"))["service"] == "update"
    assert daemon.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == shop.service["tags"]
    assert (shop.apply()["changes"], shop.deployment()) == (False, before)
    shop.definition["containerDefinitions"][0]["environment"] = [{"name": "A", "value": "1"}]
    result = shop.apply("--yes")
    assert result["plan"][0]["differs"] == ["containerDefinitions[0].environment"]
    assert daemon.service(shop.name)["taskDefinition"].endswith(f"{shop.name}:2")
    assert all("environment A=1\n" in daemon.act(task, "show")[1] for task in daemon.tasks(shop.name))


def test_a_plan_changes_nothing_and_nobody_is_asked_without_a_terminal(daemon, shop):
    plan = shop.apply("--plan")
    assert (plan["changes"], plan["applied"]) == (True, False)
    assert shop.apply("--dry-run") == plan
    assert shop.apply(code=64) is None and "give --yes" in shop.said
    assert not daemon.ecs.describe_services(services=[shop.name])["services"]
    assert shop.name not in daemon.ecs.list_task_definition_families()["families"]


def test_on_a_terminal_it_asks_first(daemon, shop):
    def answered(word):
        near, far = pty.openpty()
        command = [MAINSTAY, "apply", shop.folder, "--no-wait", "--endpoint-url", daemon.url]
        asked = subprocess.Popen(command, stdin=far, stdout=subprocess.PIPE, stderr=far)
        os.close(far)
        os.write(near, f"{word}\n".encode())
        shown = asked.communicate(timeout=60)[0].decode()
        os.close(near)
        assert asked.returncode == 0
        return shown

    shop.write()
    shown = answered("n")
    assert "task definition" in shown and "register" in shown
    assert not daemon.ecs.describe_services(services=[shop.name])["services"]
    answered("y")
    daemon.stable(shop.name)


def test_an_image_that_is_built_anew_is_rolled_out_under_the_same_name(daemon, shop):
    shop.builds("one")
    result = shop.apply("--yes")
    assert shop.actions(result) == {"image": "build", "taskDefinition": "register", "service": "create"}
    assert shop.texts() == ["one"]
    before = shop.deployment()
    again = shop.apply("--yes")
    assert again["images"] == result["images"] and shop.deployment() == before
    shop.builds("two")
    result = shop.apply("--yes")
    assert shop.actions(result) == {"image": "build", "taskDefinition": "none", "service": "none"}
    assert (shop.texts(), result["taskDefinitions"]) == (["two"], {shop.name: 1})


def test_what_cannot_be_is_said_before_anything_is_done(daemon, shop):
    shop.service["build"] = {"tag": shop.tag, "contxt": "."}
    shop.apply("--yes", code=64)
    assert "service.json: build.contxt: unknown field `contxt`" in shop.said
    shop.service["build"] = {"tag": "other:1"}
    shop.apply("--yes", code=64)
    assert f"no container of the task definition {shop.name} has the image other:1" in shop.said
    del shop.service["build"]
    shop.service["desiredcount"] = 1
    shop.apply("--yes", code=64)
    assert "unknown field `desiredcount`" in shop.said
    del shop.service["desiredcount"]
    shop.service["cluster"] = "nowhere"
    shop.apply("--yes", code=1)
    assert "ClusterNotFoundException" in shop.said
    assert shop.name not in daemon.ecs.list_task_definition_families()["families"]


def test_a_build_that_fails_leaves_the_service_as_it_is(daemon, shop):
    shop.builds("one")
    shop.apply("--yes")
    (shop.folder / "Dockerfile").write_text(f'FROM {IMAGE}\nRUN ["/puppet", "exit", "3"]\n')
    result = shop.apply("--yes", code=1)
    assert "step 2/2" in shop.said and result["applied"] is False
    assert shop.texts() == ["one"]


def test_a_rollout_that_takes_too_long_goes_on_and_is_told_by_its_code(daemon, shop):
    # What runs without a verdict on its health is not steady; what exits may have been RUNNING for that moment.
    web = shop.definition["containerDefinitions"][0]
    web["healthCheck"] = {"command": ["CMD", "/puppet", "exit", "1"], "interval": 300}
    result = shop.apply("--yes", "--timeout", "3", code=75)
    assert result["services"][f"default/{shop.name}"]["rolloutState"] == "IN_PROGRESS"
    assert "is not over within 3s" in shop.said
    del web["healthCheck"]
    shop.apply("--yes")


def test_nobody_who_answers_is_told_from_a_refusal(shop):
    shop.write()
    done = shop.daemon.mainstay("apply", shop.folder, "--plan", "--endpoint-url", "http://127.0.0.1:9")
    assert done.returncode == 69 and "does `mainstay up` run there" in done.stderr
