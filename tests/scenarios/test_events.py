"""What happened, told as ECS tells EventBridge: kept, queried, streamed, and sent to webhooks."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import signal
import threading
import urllib.request

import pytest

from vocabulary import fresh, get, short, wait_for

SECRET = base64.b64encode(bytes(range(32))).decode()


def told(daemon, **query):
    """Events by `/v1/events`, oldest first."""
    words = "&".join(f"{name}={value}" for name, value in {"limit": 1000, "after": 0, **query}.items())
    status, lines = get(f"{daemon.url}/v1/events?{words}")
    assert status == 200, lines
    return [json.loads(line) for line in lines.splitlines()]


def names(daemon, service):
    """What the service and its deployments did, in EventBridge's words."""
    events = told(daemon, service=service)
    return [event["detail"]["eventName"] for event in events if "eventName" in event["detail"]]


def test_a_services_life_is_told_in_eventbridges_shapes(daemon):
    service = daemon.serve()
    wait_for("steady state", lambda: "SERVICE_STEADY_STATE" in names(daemon, service))
    assert names(daemon, service) == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
        "SERVICE_STEADY_STATE",
    ]
    (task,) = daemon.tasks(service)
    os.kill(daemon.container_of(task).attrs["State"]["Pid"], signal.SIGKILL)
    stopped = daemon.stopped(task["taskArn"])
    wait_for("steady state again", lambda: names(daemon, service).count("SERVICE_STEADY_STATE") == 2)

    life = told(daemon, task=short(task["taskArn"]), type="task")
    assert [event["detail"]["version"] for event in life] == list(range(1, stopped["version"] + 1))
    assert life[0]["detail"]["lastStatus"] == "PROVISIONING"
    last = life[-1]
    assert (last["source"], last["detail-type"], last["version"]) == ("aws.ecs", "ECS Task State Change", "0")
    assert (last["account"], last["region"], last["resources"]) == (daemon.account, "us-east-1", [task["taskArn"]])
    detail = last["detail"]
    assert detail["lastStatus"] == detail["desiredStatus"] == "STOPPED"
    assert (detail["stopCode"], detail["stoppedReason"]) == (stopped["stopCode"], stopped["stoppedReason"])
    assert detail["stopCode"] == "EssentialContainerExited"
    assert [container["exitCode"] for container in detail["containers"]] == [137]
    assert datetime.datetime.fromisoformat(detail["stoppedAt"]) == stopped["stoppedAt"]

    (completed,) = [event for event in told(daemon, service=service, type="deployment") if "COMPLETED" in str(event)]
    (deployment,) = daemon.service(service)["deployments"]
    assert completed["resources"] == [daemon.service(service)["serviceArn"]]
    assert (completed["detail"]["eventType"], completed["detail"]["deploymentId"]) == ("INFO", deployment["id"])

    (arn,) = daemon.ecs.list_container_instances()["containerInstanceArns"]

    def last_word():
        """The last event of the host, where it tells of the host as it is."""
        (host,) = daemon.ecs.describe_container_instances(containerInstances=[arn])["containerInstances"]
        last = told(daemon, type="instance")[-1]["detail"]
        return (last["containerInstanceArn"], last["version"]) == (arn, host["version"]) and last

    assert wait_for("the host's last word", last_word)["agentConnected"] is True

    shown = daemon.mainstay("events", "--service", service, "--type", "task", "--since", "1h")
    assert shown.returncode == 0, shown.stderr
    assert "EssentialContainerExited: Essential container in task exited  web exited with 137" in shown.stdout
    as_json = daemon.mainstay("events", "--service", service, "--output", "json")
    assert [json.loads(line)["id"] for line in as_json.stdout.splitlines()] == [
        event["id"] for event in told(daemon, service=service)
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("type=tasks", "type is 'tasks'; it must be one of task (ECS Task State Change)"),
        ("limit=5000", "limit is '5000'; it must be a number from 1 to 1000"),
        ("since=noon", "since is 'noon'; it must be a time"),
        ("tail=5", "there is no parameter tail; there are cluster, service"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(daemon, query, words):
    status, said = get(f"{daemon.url}/v1/events?{query}")
    assert status == 400
    assert words in json.loads(said)["error"]


class Stream:
    """Server-sent events, read as they come: each as (id, event)."""

    def __init__(self, daemon, last=None):
        request = urllib.request.Request(f"{daemon.url}/v1/events", headers={"Accept": "text/event-stream"})
        if last is not None:
            request.add_header("Last-Event-ID", str(last))
        self.seen = []
        self.answer = urllib.request.urlopen(request, timeout=120)
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        threading.Thread(target=self.pump, daemon=True).start()

    def pump(self):
        at = None
        with contextlib.suppress(Exception):  # The daemon is killed under it.
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    at = int(value)
                elif name == "data":
                    self.seen.append((at, json.loads(value)))


class Receiver:
    """A webhook's other end: it takes nothing the first two times."""

    def __init__(self):
        self.tried = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.tried.append((dict(self.headers.items()), body))
                self.send_response(503 if len(receiver.tried) <= 2 else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=b"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self):
        """Ids of the events it took, each once, in order."""
        return list(dict.fromkeys(json.loads(body)["id"] for _, body in list(self.tried)[2:]))


def test_streams_and_webhooks_go_on_where_they_were_after_the_daemon_was_killed(daemons, tmp_path):
    receiver = Receiver()
    (tmp_path / "secret").write_text(f"whsec_{SECRET}\n")
    (tmp_path / "mainstay.toml").write_text(
        f'[[events.webhook]]\nname = "ours"\nurl = "{receiver.url}"\nsecret-file = "{tmp_path}/secret"\n'
        'detail-types = ["task", "service", "deployment"]\n'
    )
    daemon = daemons("up", MAINSTAY_CONFIG=str(tmp_path / "mainstay.toml"))
    daemon.start()
    first = Stream(daemon)
    service = daemon.serve(name=fresh("service"))
    wait_for("steady state", lambda: any("SERVICE_STEADY_STATE" in str(event) for _, event in list(first.seen)))
    (task,) = daemon.tasks(service)
    daemon.kill()
    before = list(first.seen)
    os.kill(daemon.container_of(task).attrs["State"]["Pid"], signal.SIGKILL)
    daemon.start()
    second = Stream(daemon, last=before[-1][0])
    daemon.stable(service)
    wait_for("the task's end", lambda: any(
        event["resources"] == [task["taskArn"]] and event["detail"]["lastStatus"] == "STOPPED"
        for _, event in list(second.seen)
    ))
    wait_for("steady state again", lambda: any("SERVICE_STEADY_STATE" in str(event) for _, event in list(second.seen)))

    # What was streamed is what is kept, each once and in order, whatever happened to the daemon.
    wait_for("all of them", lambda: second.seen[-1][0] == told(daemon)[-1]["sequence"])
    streamed = before + list(second.seen)
    kept = {event.pop("sequence"): event for event in told(daemon)}
    assert streamed == [(at, kept[at]) for at, _ in streamed]
    assert [at for at, _ in streamed] == list(range(streamed[0][0], streamed[-1][0] + 1))

    # The webhook got the same, the first after two refusals.
    wanted = [event["id"] for event in kept.values() if "Container Instance" not in event["detail-type"]]
    wait_for("all of them", lambda: wanted[-1] in receiver.taken())
    taken = receiver.taken()
    assert taken[: taken.index(wanted[-1]) + 1] == wanted[wanted.index(taken[0]):]
    assert len({headers["webhook-id"] for headers, _ in receiver.tried[:3]}) == 1
    for headers, body in receiver.tried:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
        assert headers["webhook-id"] == json.loads(body)["id"]
    assert SECRET not in daemon.log()
