"""Rollouts keep to their percentages, whatever is rolled out and whatever happens meanwhile; bad ones go back.

All the while the engine's own events are counted: how many containers of which revision run, and are healthy.
"""

import http.server
import json
import os
import subprocess
import threading
import time

import botocore.exceptions
import pytest

from vocabulary import Daemon, container, free_port, fresh, health_check, short, stays, variables, wait_for

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
# A task without a health check proves well by running for so long; one that ends after 5 s never does.
SETTLE = 20


@pytest.fixture(scope="module")
def daemon(engine, tmp_path_factory):
    """One `mainstay up` in which tasks settle soon."""
    daemon = Daemon(engine, tmp_path_factory.mktemp("daemon"), MAINSTAY_RESTART_SETTLE=f"{SETTLE}s")
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def checked(**members):
    return container(healthCheck=health_check(), **members)


class Counted:
    """The engine's events of a service's containers, replayed: how many ran and were healthy at each moment."""

    def __init__(self, daemon, family):
        self.daemon, self.family = daemon, family
        self.before = {one.id: one.labels for one in daemon.containers(family=family)}
        self.watch = daemon.watch("health_status")

    def __enter__(self):
        self.watch.__enter__()
        return self

    def __exit__(self, *_):
        self.watch.__exit__()

    def moments(self, has_check):
        """After each event: containers that run, and those of them that serve, by revision."""
        running = dict(self.before)
        serving = set(running)
        yield running, serving
        for _, action, one, labels in list(self.watch.seen):
            if labels["com.amazonaws.ecs.task-definition-family"] != self.family:
                continue
            if action == "start":
                running[one] = labels
                if not has_check:
                    serving.add(one)
            elif action == "die":
                running.pop(one, None)
                serving.discard(one)
            elif action.startswith("health_status"):
                (serving.add if action.endswith(": healthy") else serving.discard)(one)
            yield running, serving

    def extremes(self, has_check=True):
        """The fewest that served, and the most that ran."""
        counts = [(len(serving), len(running)) for running, serving in self.moments(has_check)]
        return min(least for least, _ in counts), max(most for _, most in counts)

    def fewest_of(self, revision):
        """The fewest containers of a revision that ran."""
        label = "com.amazonaws.ecs.task-definition-version"
        return min(sum(labels[label] == str(revision) for labels in running.values()) for running, _ in self.moments(False))


def newest(daemon, service):
    """The newest service deployment, described."""
    listed = daemon.ecs.list_service_deployments(service=service)["serviceDeployments"]
    arn = listed[0]["serviceDeploymentArn"]
    found = daemon.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
    assert not found["failures"]
    return found["serviceDeployments"][0]


def ends(daemon, service, status, limit=180):
    """Waits until the newest service deployment is over in this way."""
    return wait_for(
        status, lambda: (seen := newest(daemon, service)) and seen["status"] == status and seen, limit
    )


def all_over(daemon, service):
    """Waits until no task is on its way to its end: what was about to start is then started no more."""
    stopping = lambda: [task for task in daemon.tasks(service, status="STOPPED") if task["lastStatus"] != "STOPPED"]
    wait_for("the end of what shall end", lambda: not stopping())


def slowly(**members):
    """A container that takes longer to become healthy than anybody waits."""
    check = health_check(startPeriod=300)
    return container(healthCheck=check, environment=variables(PUPPET_HEALTHY="600", **members))


def serve(daemon, first, count=2, **configuration):
    """A service whose first deployment is over, and its family."""
    definition = daemon.register(first)
    service = daemon.serve(
        definition=definition, count=count, deploymentConfiguration={**BREAKER, **configuration}
    )
    ends(daemon, service, "SUCCESSFUL")
    return service, definition.split(":")[0]


def roll(daemon, service, family, what):
    definition = daemon.register(what, family=family)
    daemon.ecs.update_service(service=service, taskDefinition=definition)
    return definition


def test_a_good_revision_takes_over_and_its_story_is_told(daemon):
    service, family = serve(daemon, checked(), count=3)
    first = newest(daemon, service)
    with Counted(daemon, family) as counted:
        definition = roll(daemon, service, family, checked(environment=variables(VERSION="2")))
        under_way = newest(daemon, service)
        told = ends(daemon, service, "SUCCESSFUL")
        wait_for("only new ones", lambda: len(daemon.containers(family=family)) == 3)
    least, most = counted.extremes()
    assert (least, most <= 6) == (3, True), (least, most)

    assert under_way["status"] in ("PENDING", "IN_PROGRESS")
    assert under_way["serviceDeploymentArn"] == told["serviceDeploymentArn"]
    cluster, name, id = told["serviceDeploymentArn"].split(":service-deployment/")[1].split("/")
    assert (cluster, name, len(id)) == ("default", service, 21)
    assert told["deploymentCircuitBreaker"] == {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}
    target = told["targetServiceRevision"]
    assert (target["requestedTaskCount"], target["runningTaskCount"], target["pendingTaskCount"]) == (3, 3, 0)
    assert [source["arn"] for source in told["sourceServiceRevisions"]] == [first["targetServiceRevision"]["arn"]]
    assert told["createdAt"] <= told["startedAt"] <= told["finishedAt"]
    assert "stoppedAt" not in told

    revisions = daemon.aws("describe-service-revisions", "--service-revision-arns", target["arn"])
    revision = revisions["serviceRevisions"][0]
    assert revision["taskDefinition"].endswith(f"/{definition}")
    assert revision["containerImages"][0]["containerName"] == "web"
    described = daemon.service(service)
    assert described["currentServiceDeployment"] == told["serviceDeploymentArn"]
    assert [current["arn"] for current in described["currentServiceRevisions"]] == [target["arn"]]
    listed = daemon.aws("list-service-deployments", "--service", service, "--status", "SUCCESSFUL")
    assert len(listed["serviceDeployments"]) == 2
    page = daemon.ecs.list_service_deployments(service=service, maxResults=1)
    rest = daemon.ecs.list_service_deployments(service=service, maxResults=1, nextToken=page["nextToken"])
    arns = [one["serviceDeploymentArn"] for one in page["serviceDeployments"] + rest["serviceDeployments"]]
    assert arns == [told["serviceDeploymentArn"], first["serviceDeploymentArn"]]


BAD = {
    "exits at once": container(command=["exit", "1"]),
    "exits after 5 s": container(command=["exit", "1", "--after", "5"]),
    "is never healthy": checked(environment=variables(PUPPET_HEALTHY="never")),
    "cannot be started": container(entryPoint=["/nothing"]),
}


@pytest.mark.parametrize("how", BAD)
def test_a_revision_that_cannot_work_is_rolled_back_and_no_old_task_notices(daemon, how):
    service, family = serve(daemon, checked(), count=2)
    before = {one.id for one in daemon.containers(family=family)}
    first = daemon.service(service)["deployments"][0]["id"]
    with Counted(daemon, family) as counted:
        bad = roll(daemon, service, family, BAD[how])
        failed = daemon.service(service)["deployments"][0]["id"]
        told = ends(daemon, service, "ROLLBACK_SUCCESSFUL")
        wait_for("only old ones", lambda: {one.id for one in daemon.containers(family=family)} == before)
    assert counted.fewest_of(1) == 2, "an old task was taken away"
    assert counted.extremes()[1] <= 4

    assert told["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert told["statusReason"] == (
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert told["rollback"]["serviceRevisionArn"] == told["sourceServiceRevisions"][0]["arn"]
    events = daemon.events(service)
    told_events = [
        f"(service {service}) rolling back to deployment {first}.",
        f"(service {service}) (deployment {failed}) deployment failed: tasks failed to start.",
    ]
    at = events.index(told_events[0])
    assert events[at : at + 2] == told_events
    described = daemon.service(service)
    assert described["taskDefinition"].endswith(f"/{family}:1")
    states = [(one["id"], one["status"], one["rolloutState"]) for one in described["deployments"]]
    assert states == [(first, "PRIMARY", "COMPLETED")]
    all_over(daemon, service)
    starts = len(daemon.containers(all=True, family=family, revision=bad.split(":")[1]))
    stays("nothing of it is started", lambda: len(daemon.containers(all=True, family=family, revision=bad.split(":")[1])) <= starts, 5)


def test_without_rollback_the_deployment_fails_and_the_old_tasks_stay(daemon):
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    service, family = serve(daemon, checked(), count=2, **breaker)
    before = {one.id for one in daemon.containers(family=family)}
    roll(daemon, service, family, BAD["exits at once"])
    told = ends(daemon, service, "STOPPED")
    assert told["stoppedAt"] == told["finishedAt"]
    described = daemon.service(service)
    new, old = described["deployments"]
    assert (new["status"], new["rolloutState"]) == ("PRIMARY", "FAILED")
    assert new["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert (old["status"], old["rolloutState"]) == ("ACTIVE", "COMPLETED")
    assert new["failedTasks"] >= 3
    all_over(daemon, service)
    stays("only the old tasks", lambda: {one.id for one in daemon.containers(family=family)} == before, 5)
    roll(daemon, service, family, checked(environment=variables(VERSION="3")))
    ends(daemon, service, "SUCCESSFUL")
    daemon.stable(service)


def test_a_deployment_during_a_deployment_stops_it(daemon):
    service, family = serve(daemon, checked(), count=2)
    with Counted(daemon, family) as counted:
        roll(daemon, service, family, slowly(VERSION="2"))
        first = newest(daemon, service)["serviceDeploymentArn"]
        wait_for("a start of it", lambda: daemon.containers(family=family, revision="2"))
        last = roll(daemon, service, family, checked(environment=variables(VERSION="3")))
        ends(daemon, service, "SUCCESSFUL")
        wait_for("only the last", lambda: len(daemon.containers(family=family)) == 2)
    least, most = counted.extremes()
    assert least >= 2 and most <= 4, (least, most)
    assert len(daemon.containers(family=family, revision=last.split(":")[1])) == 2
    stopped = daemon.ecs.describe_service_deployments(serviceDeploymentArns=[first])["serviceDeployments"][0]
    assert stopped["status"] == "STOPPED"
    assert stopped["statusReason"] == "Service deployment stopped because a new service deployment started."


def refused(call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call(**members)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_service_deployment_is_stopped_with_the_way_back_or_where_it_is(daemon):
    service, family = serve(daemon, checked(), count=2)
    before = {one.id for one in daemon.containers(family=family)}
    slow = slowly()
    with Counted(daemon, family) as counted:
        roll(daemon, service, family, slow)
        arn = newest(daemon, service)["serviceDeploymentArn"]
        wait_for("a start of it", lambda: daemon.containers(family=family, revision="2"))
        answer = daemon.aws("stop-service-deployment", "--service-deployment-arn", arn, "--stop-type", "ROLLBACK")
        assert answer == {"serviceDeploymentArn": arn}
        ends(daemon, service, "ROLLBACK_SUCCESSFUL")
        wait_for("only old ones", lambda: {one.id for one in daemon.containers(family=family)} == before)
        roll(daemon, service, family, slow)
        arn = newest(daemon, service)["serviceDeploymentArn"]
        wait_for("a start of it", lambda: daemon.containers(family=family, revision="3"))
        daemon.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
        ends(daemon, service, "STOPPED")
    assert counted.fewest_of(1) == 2
    assert counted.extremes()[1] <= 4
    assert daemon.service(service)["deployments"][0]["rolloutState"] == "FAILED"

    code, message = refused(daemon.ecs.stop_service_deployment, serviceDeploymentArn=arn)
    assert (code, message) == (
        "ConflictException", "The service deployment cannot be stopped because it is in STOPPED state."
    )
    code, _ = refused(daemon.ecs.stop_service_deployment, serviceDeploymentArn=arn[:-3] + "abc")
    assert code == "ServiceDeploymentNotFoundException"
    code, message = refused(daemon.ecs.stop_service_deployment, serviceDeploymentArn=short(arn))
    assert code == "InvalidParameterException" and short(arn) in message
    missing = daemon.ecs.describe_service_deployments(serviceDeploymentArns=[arn[:-3] + "abc"])["failures"]
    assert missing == [{"arn": arn[:-3] + "abc", "reason": "MISSING"}]


def test_a_daemon_that_is_killed_again_and_again_in_a_rollout_keeps_to_the_percentages(daemons):
    daemon = daemons(MAINSTAY_RESTART_SETTLE=f"{SETTLE}s").start()
    service, family = serve(daemon, checked(), count=4, minimumHealthyPercent=75, maximumPercent=150)
    with Counted(daemon, family) as counted:
        roll(daemon, service, family, checked(environment=variables(VERSION="2")))
        arn = newest(daemon, service)["serviceDeploymentArn"]
        for pause in (0.3, 2, 5):
            time.sleep(pause)  # Somewhere in the middle; where exactly is chance.
            daemon.kill()
            daemon.start()
        told = ends(daemon, service, "SUCCESSFUL")
        wait_for("only new ones", lambda: len(daemon.containers(family=family, revision="2")) == 4)
        wait_for("no old ones", lambda: len(daemon.containers(family=family)) == 4)
    assert told["serviceDeploymentArn"] == arn
    least, most = counted.extremes()
    assert least >= 3 and most <= 6, (least, most)


def test_a_daemon_that_is_killed_while_a_bad_revision_is_tried_still_goes_back(daemons):
    daemon = daemons(MAINSTAY_RESTART_SETTLE=f"{SETTLE}s").start()
    service, family = serve(daemon, checked(), count=2)
    before = {one.id for one in daemon.containers(family=family)}
    with Counted(daemon, family) as counted:
        roll(daemon, service, family, BAD["exits after 5 s"])
        arn = newest(daemon, service)["serviceDeploymentArn"]
        for pause in (1, 4):
            time.sleep(pause)
            daemon.kill()
            daemon.start()
        told = ends(daemon, service, "ROLLBACK_SUCCESSFUL")
        wait_for("only old ones", lambda: {one.id for one in daemon.containers(family=family)} == before)
    assert told["serviceDeploymentArn"] == arn
    assert counted.fewest_of(1) == 2
    assert counted.extremes()[1] <= 4


class Shop(http.server.ThreadingHTTPServer):
    """Something whose errors Prometheus scrapes."""

    def __init__(self):
        self.errors = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                body = f"shop_errors {self.errors}\n".encode()
                handler.send_response(200)
                handler.send_header("Content-Type", "text/plain; version=0.0.4")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.shutdown()


@pytest.fixture
def prometheus(shop, tmp_path):
    """The URL of a real Prometheus that scrapes the shop."""
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "shop", "static_configs": [{"targets": [f"127.0.0.1:{shop.server_port}"]}]}],
    }
    # JSON is YAML.
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    with open(tmp_path / "prometheus.log", "w") as log:
        process = subprocess.Popen(
            [
                os.environ["PROMETHEUS"],
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'prometheus'}",
                f"--web.listen-address={address}",
            ],
            stdout=log, stderr=log,
        )
    yield f"http://{address}"
    process.terminate()
    process.wait(30)


def test_an_alarm_of_prometheus_rolls_a_deployment_back(daemons, shop, prometheus, tmp_path):
    settings = tmp_path / "mainstay.toml"
    settings.write_text(
        f'[alarms]\nprometheus = "{prometheus}"\ninterval = "1s"\nbake-time = "40s"\n'
        '[alarms.queries]\n"shop-errors" = "max_over_time(shop_errors[10s]) > 1"\n'
    )
    daemon = daemons("up", "--config", settings).start()
    alarms = {"alarmNames": ["shop-errors"], "enable": True, "rollback": True}
    unknown = {"alarms": {**alarms, "alarmNames": ["nobody"]}}
    code, message = refused(
        daemon.ecs.create_service,
        serviceName=fresh("service"), taskDefinition=daemon.register(), desiredCount=1, deploymentConfiguration=unknown,
    )
    assert code == "InvalidParameterException" and "'nobody'" in message

    definition = daemon.register(container())
    family = definition.split(":")[0]
    service = daemon.serve(definition=definition, deploymentConfiguration={"alarms": alarms})
    ends(daemon, service, "SUCCESSFUL")
    roll(daemon, service, family, container(environment=variables(VERSION="2")))
    wait_for("only the new one", lambda: len(daemon.containers(family=family, revision="1")) == 0)
    wait_for("the time in which it proves well", lambda: newest(daemon, service).get("lifecycleStage") == "BAKE_TIME")
    shop.errors = 7
    told = ends(daemon, service, "ROLLBACK_SUCCESSFUL")
    assert told["alarms"] == {
        "status": "TRIGGERED", "alarmNames": ["shop-errors"], "triggeredAlarmNames": ["shop-errors"]
    }
    assert any("deployment failed: alarm detected." in event for event in daemon.events(service))
    wait_for("only the old one", lambda: not daemon.containers(family=family, revision="2"))
    assert len(daemon.containers(family=family, revision="1")) == 1
