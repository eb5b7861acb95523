"""Launch type FARGATE: a size for the whole task, held for the whole task, on the hosts that there are."""

import shutil

import pytest
from botocore.exceptions import ClientError

from vocabulary import container, fresh, variables

PAUSE = "~internal~ecs~pause"
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
MIB = 1024 * 1024


def unsized(name, **members):
    """A container without memory of its own."""
    made = container(name, **members)
    del made["memory"]
    return made


def sized(daemon, *containers, cpu="256", memory="512", **members):
    """A task definition for Fargate."""
    return daemon.register(
        *containers, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu=cpu, memory=memory, **members
    )


def run(daemon, definition, **members):
    return daemon.run(definition=definition, launchType="FARGATE", networkConfiguration=SUBNETS, **members)


def test_a_task_on_fargate_runs_within_its_size_and_shows_what_ecs_shows(engine, daemon):
    definition = sized(daemon, unsized("web"), ephemeralStorage={"sizeInGiB": 30})
    task = daemon.running(run(daemon, definition, platformVersion="LATEST"))
    assert (task["launchType"], task["platformVersion"], task["platformFamily"]) == ("FARGATE", "1.4.0", "Linux")
    assert (task["cpu"], task["memory"], task["ephemeralStorage"]) == ("256", "512", {"sizeInGiB": 30})
    (pause,) = daemon.containers(task_arn=task["taskArn"], container_name=PAUSE)
    info = engine.info()
    nests = (info["CgroupDriver"], info.get("CgroupVersion")) == ("cgroupfs", "1")
    web = daemon.container_of(task)
    held = pause if nests else web
    assert (held.attrs["HostConfig"]["NanoCpus"], held.attrs["HostConfig"]["Memory"]) == (250_000_000, 512 * MIB)
    if nests:
        assert web.attrs["HostConfig"]["CgroupParent"] == f"/mainstay/{pause.id}"
    arns = daemon.ecs.list_tasks(launchType="FARGATE")["taskArns"]
    assert task["taskArn"] in arns
    daemon.ecs.stop_task(task=task["taskArn"])


def test_containers_that_together_take_more_memory_than_the_task_has_end_it(engine, daemon):
    if (engine.info()["CgroupDriver"], engine.info().get("CgroupVersion")) != ("cgroupfs", "1"):
        pytest.skip("this engine holds each container by itself")
    definition = sized(
        daemon,
        unsized("web", command=["eat", "300"]),
        unsized("side", command=["eat", "300"], environment=variables(PUPPET_PORT="9090")),
    )
    task = daemon.stopped(run(daemon, definition))
    assert task["stopCode"] == "EssentialContainerExited"
    reasons = [part.get("reason", "") for part in task["containers"]]
    assert any(reason.startswith("OutOfMemoryError") for reason in reasons), task["containers"]


def test_a_service_on_fargate_keeps_and_shows_its_launch_type(daemon):
    name = daemon.serve(
        definition=sized(daemon, unsized("web")), launchType="FARGATE", platformVersion="1.4.0", networkConfiguration=SUBNETS
    )
    shown = daemon.service(name)
    assert (shown["launchType"], shown["platformVersion"], shown["platformFamily"]) == ("FARGATE", "1.4.0", "Linux")
    assert (shown["deployments"][0]["launchType"], shown["deployments"][0]["platformVersion"]) == ("FARGATE", "1.4.0")
    (task,) = daemon.tasks(name)
    assert (task["launchType"], task["ephemeralStorage"]) == ("FARGATE", {"sizeInGiB": 20})
    assert "containerInstanceArn" not in task
    daemon.ecs.update_service(service=name, platformVersion="LATEST")
    assert daemon.service(name)["platformVersion"] == "LATEST"
    daemon.ecs.delete_service(service=name, force=True)


def test_what_is_no_fargate_task_is_refused(daemon):
    with pytest.raises(ClientError, match="No Fargate configuration exists for given values: 256 CPU, 600 memory"):
        sized(daemon, unsized("web"), memory="600")
    definition = sized(daemon, unsized("web"))
    with pytest.raises(ClientError, match="No Fargate configuration exists for given values: 512 CPU, 512 memory"):
        run(daemon, definition, overrides={"cpu": "512"})
    with pytest.raises(ClientError, match="Task definition does not support launch_type EC2."):
        daemon.run(definition=definition, networkConfiguration=SUBNETS)
    with pytest.raises(ClientError, match="platformVersion is '1.3.0'"):
        run(daemon, definition, platformVersion="1.3.0")
    bridge = daemon.register()
    with pytest.raises(ClientError, match="Task definition does not support launch_type FARGATE."):
        daemon.ecs.run_task(taskDefinition=bridge, launchType="FARGATE")
    with pytest.raises(ClientError, match="platform version must be null"):
        daemon.ecs.create_service(serviceName=fresh(), taskDefinition=bridge, desiredCount=0, platformVersion="LATEST")


def test_tasks_on_fargate_run_in_the_runtime_that_is_configured_for_them(private_engines, daemons):
    private = private_engines(f"--add-runtime=apart={shutil.which('runc')}")
    daemon = daemons(
        on=private.client, MAINSTAY_ENGINE_ENDPOINT=private.endpoint, MAINSTAY_AGENT_FARGATE_RUNTIME="apart"
    ).start()
    definition = sized(daemon, unsized("web"))
    runtimes = lambda task: {
        one.labels["com.amazonaws.ecs.container-name"]: one.attrs["HostConfig"]["Runtime"]
        for one in daemon.containers(task_arn=task["taskArn"])
    }
    apart = daemon.running(run(daemon, definition))
    assert runtimes(apart) == {"web": "apart", PAUSE: "runc"}
    on_ec2 = daemon.register(networkMode="awsvpc")
    usual = daemon.running(daemon.run(definition=on_ec2, networkConfiguration=SUBNETS))
    assert runtimes(usual) == {"web": "runc", PAUSE: "runc"}


def test_a_runtime_that_the_engine_does_not_know_is_told_at_start_and_fails_tasks_on_fargate_alone(daemons):
    daemon = daemons(MAINSTAY_AGENT_FARGATE_RUNTIME="nowhere").start()
    definition = sized(daemon, unsized("web"))
    task = daemon.stopped(run(daemon, definition))
    assert task["stopCode"] == "TaskFailedToStart"
    reason = task["stoppedReason"]
    assert reason.startswith("CannotCreateContainerError: ") and "nowhere" in reason, reason
    assert "agent.fargate-runtime is nowhere" in reason
    assert "agent.fargate-runtime names" in daemon.log() and "runc" in daemon.log()
    daemon.running(daemon.run())
