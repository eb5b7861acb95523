"""The daemon ends in every way there is, and its containers do not notice."""

import os
import signal
import subprocess

import botocore.exceptions
import pytest

from vocabulary import MAINSTAY, container, fresh, stays, wait_for


def ids(daemon, **labels):
    return {found.id for found in daemon.containers(**labels)}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_daemon_that_ended_finds_its_containers_again(daemons, end):
    daemon = daemons().start()
    service = daemon.serve(count=3)
    one_shot = daemon.run()
    daemon.running(one_shot)
    before, tasks = ids(daemon), {task["taskArn"] for task in daemon.tasks()}
    assert len(before) == 4

    getattr(daemon, end)()
    stays("running containers", lambda: ids(daemon) == before, 1)
    daemon.start()

    daemon.stable(service)
    assert {task["taskArn"] for task in daemon.tasks()} == tasks
    stays("the same containers", lambda: ids(daemon) == before, 5)
    assert not any("started" in event for event in daemon.events(service)[:-1])
    # It still is in charge of them.
    daemon.ecs.update_service(service=service, desiredCount=0)
    daemon.ecs.stop_task(task=one_shot)
    wait_for("no containers", lambda: not ids(daemon))


def test_a_container_that_ended_meanwhile_is_told_with_its_exit_code_and_replaced(daemons):
    daemon = daemons().start()
    service = daemon.serve(count=2)
    (victim, other) = daemon.tasks(service)
    process = daemon.container_of(victim).attrs["State"]["Pid"]

    daemon.kill()
    os.kill(process, signal.SIGKILL)
    daemon.start()

    gone = daemon.stopped(victim["taskArn"])
    assert gone["containers"][0]["exitCode"] == 137
    assert gone["stopCode"] == "EssentialContainerExited"
    daemon.stable(service)
    after = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(after) == 2
    assert other["taskArn"] in after


def test_what_was_answered_survives_a_power_cut(daemons):
    daemon = daemons().start()
    definition = daemon.register()
    # Each is cut off right after its answer.
    daemon.kill()
    service = daemon.start().serve(definition=definition, count=1, stable=False)
    daemon.kill()
    daemon.start().ecs.update_service(service=service, desiredCount=2)
    daemon.kill()
    daemon.start()
    daemon.stable(service)
    described = daemon.service(service)
    assert (described["desiredCount"], described["runningCount"]) == (2, 2)
    assert described["taskDefinition"].endswith(definition)
    assert len(ids(daemon)) == 2


def test_there_are_never_two_containers_for_one_task_however_often_it_is_killed(daemons):
    daemon = daemons().start()
    service = daemon.serve(count=4, stable=False)
    for _ in range(5):
        daemon.kill()
        daemon.start()
        seen = [found.labels["com.amazonaws.ecs.task-arn"] for found in daemon.containers(all=True)]
        assert len(seen) == len(set(seen))
    daemon.stable(service)
    assert len(ids(daemon)) == 4
    stays("four containers", lambda: len(ids(daemon)) == 4, 3)


def test_it_ends_with_0_and_in_time(daemons):
    daemon = daemons().start()
    daemon.serve()
    assert daemon.stop(limit=60) == 0


def test_with_stop_tasks_nothing_is_left_running_and_services_come_back(daemons):
    daemon = daemons().start("--stop-tasks")
    service = daemon.serve(count=2)
    one_shot = daemon.run()
    daemon.running(one_shot)

    assert daemon.stop() == 0
    assert not ids(daemon)

    daemon.start()
    daemon.stable(service)
    assert len(daemon.tasks(service)) == 2
    assert daemon.task(one_shot)["lastStatus"] == "STOPPED"
    assert len(ids(daemon)) == 2


def test_a_server_has_no_cluster_until_one_is_made(daemons):
    daemon = daemons("server").start()
    assert daemon.ecs.list_clusters()["clusterArns"] == []
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        daemon.ecs.list_services()
    assert refusal.value.response["Error"]["Code"] == "ClusterNotFoundException"

    daemon.aws("create-cluster")
    assert daemon.ecs.list_services()["serviceArns"] == []
    definition = daemon.register()
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        daemon.ecs.run_task(taskDefinition=definition)
    assert refusal.value.response["Error"] == {
        "Code": "InvalidParameterException",
        "Message": "No Container Instances were found in your cluster.",
    }


def test_a_second_daemon_on_the_same_folder_is_refused(daemons):
    daemon = daemons().start()
    second = subprocess.run(
        [MAINSTAY, "up", "--listen", "127.0.0.1:0", "--data-dir", daemon.folder / "data"], capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert "belongs to another running mainstay" in second.stderr


def test_two_daemons_on_one_engine_leave_each_other_alone(daemons):
    one, two = daemons().start(), daemons().start()
    family = fresh()
    of_one = one.serve(definition=one.register(family=family))
    of_two = two.serve(definition=two.register(family=family))
    before = ids(two)
    one.ecs.delete_service(service=of_one, force=True)
    wait_for("no containers", lambda: not ids(one))
    one.kill()
    one.start()
    stays("the other's container", lambda: ids(two) == before, 2)
    assert two.service(of_two)["runningCount"] == 1


def test_bad_settings_are_refused_in_words_before_anything_starts(daemons, tmp_path):
    def refused(text, *words):
        file = tmp_path / "mainstay.toml"
        file.write_text(text)
        done = subprocess.run(
            [MAINSTAY, "up", "--config", file, "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data"],
            capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 64
        for word in words:
            assert word in done.stderr
        assert not (tmp_path / "data").exists()

    refused("[agent]\nstop-timeuot = '3s'\n", "stop-timeuot", "stop-timeout")
    refused("[agent]\nstop-timeout = 'soon'\n", "stop-timeout", "soon")
