"""More is asked of the API than it takes: some are sent away with a word, nothing breaks."""

import concurrent.futures
import os
import socket
import threading
import time

import boto3
import botocore.config
import pytest

from vocabulary import REGION, fresh, get, is_alive, wait_for


def test_requests_past_the_limit_are_throttled_and_boto3s_retries_get_through(daemons):
    daemon = daemons("server", MAINSTAY_API_REQUESTS_AT_ONCE="1").start()
    patient = boto3.client(
        "ecs",
        endpoint_url=daemon.url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 12}, max_pool_connections=32),
    )
    family = fresh()
    body = {"family": family, "containerDefinitions": [{"name": "web", "image": "web", "memory": 64}]}
    seen = []

    # Each by itself: those that try nothing twice, and see what is said.
    with concurrent.futures.ThreadPoolExecutor(32) as crowd:
        seen = list(crowd.map(lambda _: daemon.post("RegisterTaskDefinition", body)[:2], range(400)))
    kinds = set(seen)
    assert kinds == {(200, None), (400, "ThrottlingException")}, kinds
    registered = seen.count((200, None))

    # A crowd with boto3's own patience: all get through, each once.
    # Its patience is limited: a client tries again a hundred times more than it succeeds, and no more.
    with concurrent.futures.ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: patient.register_task_definition(**body), range(40)))
    revisions = {answer["taskDefinition"]["revision"] for answer in answers}
    assert len(revisions) == 40
    listed = [
        arn for page in patient.get_paginator("list_task_definitions").paginate(familyPrefix=family) for arn in page["taskDefinitionArns"]
    ]
    # What was throttled has left nothing behind.
    assert len(listed) == registered + 40
    metrics = get(f"{daemon.url}/metrics")[1]
    assert 'code="ThrottlingException"' in metrics
    assert get(f"{daemon.url}/readyz")[0] == 200


def test_more_connections_than_there_are_places_wait_for_theirs(daemons):
    daemon = daemons("server", MAINSTAY_API_CONNECTIONS="4").start()
    host, port = daemon.address.split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(4)]
    answered = threading.Event()
    asks = threading.Thread(target=lambda: get(f"{daemon.url}/healthz", timeout=90)[0] == 200 and answered.set())
    asks.start()
    assert not answered.wait(1), "there was no place"
    idle.pop().close()
    assert answered.wait(60), "the place is free"
    asks.join()
    for connection in idle:
        connection.close()


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.slow
def test_bodies_that_dawdle_are_refused_after_a_minute_and_stand_in_nobodys_way(daemons):
    daemon = daemons("server", MAINSTAY_API_REQUESTS_AT_ONCE="2").start()
    before = descriptors(daemon.process.pid)
    host, port = daemon.address.split(":")
    dawdlers = []
    for _ in range(50):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: mainstay\r\nContent-Length: 100000\r\nContent-Type: application/x-amz-json-1.1\r\n"
            b"X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListClusters\r\n\r\n{"
        )
        dawdlers.append(connection)
    began = time.monotonic()

    # They hold no place among the requests that are carried out.
    for _ in range(20):
        assert daemon.post("ListClusters", {})[0] == 200
    dawdlers[0].settimeout(150)
    answer = dawdlers[0].recv(65536).decode()
    assert 50 < time.monotonic() - began < 150
    assert answer.startswith("HTTP/1.1 400")
    assert "SerializationException" in answer and "did not arrive" in answer

    for connection in dawdlers:
        connection.close()
    wait_for("as few descriptors as before", lambda: descriptors(daemon.process.pid) <= before + 3)
    assert is_alive(daemon.process.pid)
    assert daemon.post("ListClusters", {})[0] == 200


def test_a_body_without_end_is_cut_off(daemons):
    daemon = daemons("server").start()
    host, port = daemon.address.split(":")
    sent = 0
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(60)
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: mainstay\r\nTransfer-Encoding: chunked\r\n"
            b"X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListClusters\r\n\r\n"
        )
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        with pytest.raises(OSError):
            while sent < 1 << 30:
                connection.sendall(chunk)
                sent += 65536
    assert sent < 128 << 20, "it listened for ever"
    # Dropped, not kept.
    status = open(f"/proc/{daemon.process.pid}/status").read()
    (peak,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    assert peak < 300 * 1024, f"{peak} KiB"
    assert daemon.post("ListClusters", {})[0] == 200
