"""GPUs: each is one container's alone, and in it. There are none here: a stand-in for NVIDIA's hook, and devices of CDI
that are `/dev/null` by another name, are what the real engine is set up for."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

from vocabulary import container, wait_for

# What NVIDIA's hook does with what the engine asks of it: it puts the devices into the container that the variable names.
HOOK = f"""#!{sys.executable}
import json, subprocess, sys

state = json.load(sys.stdin)
spec = json.load(open(state["bundle"] + "/config.json"))
name = "NVIDIA_VISIBLE_DEVICES="
ids = [one[len(name):] for one in spec["process"]["env"] if one.startswith(name)][-1]
for gpu in ids.split(","):
    node = spec["root"]["path"] + "/dev/nvidia-" + gpu
    subprocess.run(["nsenter", "--target", str(state["pid"]), "--mount", "mknod", node, "c", "1", "3"], check=True)
"""


def asking(value, name="web"):
    return container(name, resourceRequirements=[{"type": "GPU", "value": value}])


def inside(daemon, task, name="web"):
    """The GPUs that are in a container, and those that it is told of."""
    pid = daemon.container_of(task, name).attrs["State"]["Pid"]
    home = pathlib.Path(f"/proc/{pid}")
    devices = sorted(one.name.removeprefix("nvidia-") for one in (home / "root/dev").glob("nvidia-*"))
    variables = (home / "environ").read_text().split("\0")
    told = [one.split("=", 1)[1] for one in variables if one.startswith("NVIDIA_VISIBLE_DEVICES=")]
    return devices, told[-1] if told else None


def gpu_ids(task):
    return [part.get("gpuIds") for part in task["containers"]]


def resources(daemon):
    """The GPUs that the instance registered, and those that nobody has."""
    arns = daemon.ecs.list_container_instances()["containerInstanceArns"]
    (instance,) = daemon.ecs.describe_container_instances(containerInstances=arns)["containerInstances"]
    of = lambda listed: [one for one in instance[listed] if one["name"] == "GPU"]
    (has,), (left,) = of("registeredResources"), of("remainingResources")
    assert has["type"] == left["type"] == "STRINGSET"
    return has["stringSetValue"], left["stringSetValue"]


def refusals(daemon, definition):
    return [failure["reason"] for failure in daemon.ecs.run_task(taskDefinition=definition)["failures"]]


@pytest.fixture
def equipped(private_engines, daemons, tmp_path):
    """A daemon on an engine that takes what it is asked of NVIDIA's driver to a hook."""
    hook = tmp_path / "nvidia-container-runtime-hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    private = private_engines(programs=tmp_path)
    return daemons(
        on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint, MAINSTAY_AGENT_GPUS="GPU-a,GPU-b,GPU-c"
    ).start()


def test_each_task_has_gpus_of_its_own_inside_and_keeps_them_through_a_kill(equipped):
    daemon = equipped
    definition = daemon.register(asking("1"), container("side"), networkMode="none")
    one, two = (daemon.running(daemon.run(definition=definition)) for _ in range(2))
    assert [gpu_ids(task) for task in (one, two)] == [[["GPU-a"], None], [["GPU-b"], None]]
    assert [inside(daemon, task) for task in (one, two)] == [(["GPU-a"], "GPU-a"), (["GPU-b"], "GPU-b")]
    assert inside(daemon, one, "side") == ([], None)
    assert resources(daemon) == (["GPU-a", "GPU-b", "GPU-c"], ["GPU-c"])
    all_that_is_left = {"containerOverrides": [{"name": "web", "resourceRequirements": [{"type": "GPU", "value": "ALL"}]}]}
    three = daemon.running(daemon.run(definition=definition, overrides=all_that_is_left))
    assert (gpu_ids(three)[0], inside(daemon, three)) == (["GPU-c"], (["GPU-c"], "GPU-c"))
    assert three["overrides"]["containerOverrides"][0]["resourceRequirements"] == [{"type": "GPU", "value": "ALL"}]
    assert refusals(daemon, definition) == ["RESOURCE:GPU"]

    daemon.kill()
    daemon.start()

    assert [gpu_ids(daemon.task(task["taskArn"]))[0] for task in (one, two, three)] == [["GPU-a"], ["GPU-b"], ["GPU-c"]]
    assert resources(daemon)[1] == []
    assert refusals(daemon, definition) == ["RESOURCE:GPU"]
    name = daemon.serve(definition=definition, stable=False)
    unplaced = "has insufficient GPU resources available."
    wait_for("word of the service", lambda: any(unplaced in event for event in daemon.events(name)))
    daemon.ecs.stop_task(task=two["taskArn"])
    daemon.stable(name)
    (served,) = daemon.tasks(name)
    assert (gpu_ids(served)[0], inside(daemon, served)) == (["GPU-b"], (["GPU-b"], "GPU-b"))


def test_devices_of_cdi_are_asked_of_the_engines_own_driver_for_them(private_engines, daemons, tmp_path):
    version = subprocess.run(["dockerd", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.search(r"\d+", version)[0]) < 25:
        pytest.skip("an engine of this version does not know CDI")
    devices = [
        {"name": str(number), "containerEdits": {"deviceNodes": [{"path": f"/dev/nvidia-{number}", "hostPath": "/dev/null"}]}}
        for number in range(2)
    ]
    specification = {"cdiVersion": "0.5.0", "kind": "mainstay.test/gpu", "devices": devices}
    (tmp_path / "test.json").write_text(json.dumps(specification))
    private = private_engines(settings={"features": {"cdi": True}, "cdi-spec-dirs": [str(tmp_path)]})
    ids = [f"mainstay.test/gpu={number}" for number in range(2)]
    daemon = daemons(
        on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint, MAINSTAY_AGENT_GPUS=",".join(ids)
    ).start()
    assert "agent.gpus" not in daemon.log()
    definition = daemon.register(asking("1"), networkMode="none")
    tasks = [daemon.running(daemon.run(definition=definition)) for _ in range(2)]
    assert [gpu_ids(task) for task in tasks] == [[[id]] for id in ids]
    assert [inside(daemon, task) for task in tasks] == [(["0"], ids[0]), (["1"], ids[1])]
    assert refusals(daemon, definition) == ["RESOURCE:GPU"]


def test_a_device_that_the_engine_does_not_know_fails_the_task_with_its_words(daemons):
    daemon = daemons(MAINSTAY_AGENT_GPUS="mainstay.test/gpu=nowhere").start()
    task = daemon.stopped(daemon.run(asking("1")))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "cdi" in task["containers"][0]["reason"].lower(), task["containers"]
    assert resources(daemon)[1] == ["mainstay.test/gpu=nowhere"]
    daemon.running(daemon.run())
