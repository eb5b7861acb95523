"""What whoever is on call looks at: metrics, health, the tree and the console."""

import json
import os
import re
import signal

import pytest

from prometheus import RULES, Prometheus, promtool
from vocabulary import PROJECT, container, fresh, get, short, wait_for


def samples(daemon):
    """The metrics page, by series."""
    status, page = get(f"{daemon.url}/metrics")
    assert status == 200
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def series(daemon, name, **labels):
    """The value of the one series that has this name and these labels, or 0."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    found = [
        value
        for key, value in samples(daemon).items()
        if key.partition("{")[0] == name and wanted <= set(key.partition("{")[2].rstrip("}").split(","))
    ]
    return sum(found)


def test_health_and_readiness_are_told(daemon):
    assert get(f"{daemon.url}/healthz")[0] == 200
    wait_for("readiness", lambda: get(f"{daemon.url}/readyz")[0] == 200)


def test_starts_deaths_and_replacements_are_counted_by_service(daemon):
    service = daemon.serve(count=2)
    of_service = {"cluster": "default", "service": service}
    wait_for("two starts", lambda: series(daemon, "mainstay_task_starts_total", **of_service) == 2)
    (task, _) = daemon.tasks(service)
    os.kill(daemon.container_of(task).attrs["State"]["Pid"], signal.SIGKILL)
    daemon.stopped(task["taskArn"])
    daemon.stable(service)
    wait_for("a third start", lambda: series(daemon, "mainstay_task_starts_total", **of_service) == 3)
    stops = lambda: series(daemon, "mainstay_task_stops_total", stop_code="EssentialContainerExited", **of_service)
    wait_for("a stop", lambda: stops() == 1)
    wait_for("a replacement", lambda: series(daemon, "mainstay_task_replacement_seconds_count", **of_service) == 1)
    assert 0 < series(daemon, "mainstay_task_replacement_seconds_sum", **of_service) < 120
    assert series(daemon, "mainstay_engine_connected") == 1
    assert series(daemon, "mainstay_build_info") == 1


def test_api_requests_are_counted_by_operation_and_code(daemon):
    before = series(daemon, "mainstay_api_requests_total", operation="ListClusters")
    daemon.ecs.list_clusters()
    # A request is counted when its answer is on its way.
    listed = lambda: series(daemon, "mainstay_api_requests_total", operation="ListClusters")
    wait_for("one request", lambda: listed() == before + 1)
    daemon.post("DeleteCluster", {"cluster": "nowhere"})
    refused = {"operation": "DeleteCluster", "code": "ClusterNotFoundException"}
    wait_for("one refusal", lambda: series(daemon, "mainstay_api_requests_total", **refused) == 1)
    # Names that anybody may make up do not become series.
    daemon.post(fresh("Nonsense"), {})
    assert not [key for key in samples(daemon) if "Nonsense" in key]


def test_no_series_has_a_task_in_its_labels(daemon):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    page = wait_for("its series", lambda: service in (page := get(f"{daemon.url}/metrics")[1]) and page)
    assert task["taskArn"].rsplit("/", 1)[1] not in page


def test_every_series_is_explained(daemon):
    page = get(f"{daemon.url}/metrics")[1]
    typed = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    helped = set(re.findall(r"^# HELP (\S+) \S", page, re.M))
    assert typed
    assert {name for name in typed if name.startswith("mainstay_")} == typed
    assert typed <= helped


def test_the_tree_shows_who_supervises_whom(daemon):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    status, text = get(f"{daemon.url}/v1/tree")
    assert status == 200
    tree = json.dumps(json.loads(text))
    assert service in tree
    assert task["taskArn"].rsplit("/", 1)[1] in tree


def test_the_console_shows_services_and_their_tasks(daemon):
    service = daemon.serve()
    status, page = get(f"{daemon.url}/")
    assert status == 200
    assert "<html" in page.lower()
    assert service in page


def test_what_a_service_is_named_cannot_become_markup(daemon):
    """Names are checked, but reasons and tags are anybody's text."""
    arn = daemon.run(startedBy="plain")
    daemon.running(arn)
    daemon.ecs.stop_task(task=arn, reason="<script>alert(1)</script>")
    daemon.stopped(arn)
    page = get(f"{daemon.url}/console/clusters/default/tasks/{short(arn)}")[1]
    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page


@pytest.fixture
def prometheus(daemon, tmp_path):
    """A real Prometheus, pointed at this daemon."""
    prometheus = Prometheus(daemon, tmp_path)
    yield prometheus
    prometheus.end()


def test_prometheus_scrapes_it_and_answers_about_a_service(daemon, prometheus):
    service = daemon.serve(count=2)
    wait_for("a scrape", lambda: (found := prometheus('up{job="mainstay"}')) and found[0]["value"][1] == "1")
    query = f'mainstay_task_starts_total{{service="{service}"}}'
    wait_for("two starts", lambda: (found := prometheus(query)) and found[0]["value"][1] == "2")


def test_prometheus_finds_the_tasks_that_want_to_be_scraped_in_every_network_mode(daemon, prometheus):
    labels = {"prometheus.io/scrape": "true"}
    bridged = daemon.serve(container(dockerLabels=labels, portMappings=[{"containerPort": 8080}]), count=2)
    definition = daemon.register(container(dockerLabels=labels, portMappings=[{"containerPort": 8080}]), networkMode="awsvpc")
    own = daemon.serve(definition=definition, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    silent = daemon.serve(container(portMappings=[{"containerPort": 8080}]))
    scraped = lambda service: prometheus(f'puppet_up{{service="{service}", cluster="default", container="web"}}') or []
    wait_for("scrapes of both", lambda: len(scraped(bridged)) == 2 and len(scraped(own)) == 1)
    assert scraped(silent) == []
    found = {group["labels"]["__meta_mainstay_service"] for group in json.loads(get(f"{daemon.url}/v1/sd/prometheus")[1])}
    assert {bridged, own, silent} <= found, "without relabelling all are there"
    daemon.ecs.update_service(service=bridged, desiredCount=0)
    wait_for("those that are gone are no targets", lambda: not scraped(bridged))


def test_prometheus_has_nothing_against_what_is_shipped_for_it():
    promtool("check", "config", PROJECT / "dashboards/prometheus.yml")
    promtool("check", "rules", RULES)
    promtool("test", "rules", RULES.with_name("mainstay.test.yml"), cwd=RULES.parent)


def test_prometheus_has_nothing_against_the_metrics_page(daemon):
    daemon.serve()
    promtool("check", "metrics", input=get(f"{daemon.url}/metrics")[1])
