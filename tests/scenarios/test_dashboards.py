"""Every panel and every rule is asked of a real Prometheus, beside a daemon to which things happen."""

import enum
import json
import math
import os
import re
import signal
import sys
import time
import types
import typing
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from prometheus import RULES, Prometheus, promtool
from registry import Registry
from test_schedules import scheduler, soon, target
from test_traces import Collector, attributes
from vocabulary import PROJECT, container, fresh, get, wait_for

DASHBOARDS = sorted((PROJECT / "dashboards").glob("*.json"))
# Panels that may stay empty although things happen, each with the reason.
NO_TLS = "this daemon is not served over TLS; test_tls.py has one that is"
NO_WEBHOOK = "this daemon has no webhook; test_events.py has one"
MAY_BE_EMPTY = {
    "api: Certificate A": NO_TLS,
    "engine: Events that a webhook has not had A": NO_WEBHOOK,
    "engine: What became of events A": NO_WEBHOOK,
    "engine: What became of events B": NO_WEBHOOK,
}
# Series that rules are about and that may be absent all the same.
MAY_BE_ABSENT = {"mainstay_certificate_expiry_timestamp_seconds": NO_TLS}


def panels():
    """Every expression of every panel: where it stands, and what it is."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target_ in panel.get("targets", []):
                yield f"{path.stem}: {panel['title']} {target_['refId']}", target_["expr"]


def as_chosen(expression):
    """An expression as Grafana sends it, with everything chosen, for as long as a scenario may take."""
    expression = re.sub(r"\$(cluster|service|host)\b", ".*", expression)
    expression = expression.replace("$__rate_interval", "10m")
    assert "$" not in expression, expression
    return expression


def says_something(series):
    """Whether a number is among them: 0 is one, what nobody has observed is none."""
    return any(not math.isnan(float(one["value"][1])) for one in series or [])


@pytest.fixture(scope="module")
def shop(engine, tmp_path_factory):
    shop = Registry(tmp_path_factory.mktemp("registry")).start()
    yield shop
    shop.clean_up(engine)


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def churn(daemon, engine, shop):
    """What happens to a daemon in a bad hour, in less than that."""
    definition = daemon.register(family=(family := fresh()))
    service = daemon.serve(definition=definition, count=2)
    (victim, _) = daemon.tasks(service)
    os.kill(daemon.container_of(victim).attrs["State"]["Pid"], signal.SIGKILL)
    daemon.stopped(victim["taskArn"])
    failing = daemon.serve(container(command=["exit", "1"]), stable=False)
    image = shop.name()
    shop.publish(engine, image)
    pulled = daemon.run(container(image=f"{image}:1"))
    scheduler(daemon).create_schedule(
        Name=fresh("once"),
        ScheduleExpression=soon(10),
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target(daemon, definition),
    )
    task = daemon.running(pulled)
    done = daemon.mainstay("exec", task["taskArn"], "--", "/puppet", "print", "one")
    assert done.returncode == 0, done.stderr
    assert daemon.post("DeleteCluster", {"cluster": "nowhere"})[1] == "ClusterNotFoundException"
    too_large = daemon.ecs.run_task(taskDefinition=daemon.register(container(memory=8_000_000)))
    assert too_large["failures"]
    daemon.stable(service)
    daemon.ecs.update_service(service=service, taskDefinition=daemon.register(family=family))
    daemon.stable(service)
    return service, failing


def leads_from_buckets_to_requests(daemon, prometheus, collector):
    """Exemplars lead from Prometheus to the very request: in the log, and to its trace."""

    def exemplars(query):
        found = prometheus.get("query_exemplars", query=query, start=time.time() - 3600, end=time.time() + 60) or []
        return [one["labels"] for series in found for one in series["exemplars"]]

    # Nobody else calls it here, so that no other request takes its place before it is scraped.
    asked = daemon.ecs.create_cluster(clusterName=fresh("cluster"))["ResponseMetadata"]["RequestId"]
    bucket = 'mainstay_api_request_seconds_bucket{operation="CreateCluster"}'
    (found, *_) = wait_for("its exemplar", lambda: [one for one in exemplars(bucket) if one["request_id"] == asked])
    assert asked in daemon.log()
    wait_for("its trace", lambda: asked in {attributes(span).get("aws.request_id") for span in collector.trace(found["trace_id"]).values()})
    (refused, *_) = wait_for(
        "the refused request", lambda: exemplars('mainstay_api_requests_total{code="ClusterNotFoundException"}')
    )
    (line,) = [line for line in daemon.log().splitlines() if refused["request_id"] in line]
    assert "ClusterNotFoundException" in line
    handled = wait_for("what actors did", lambda: exemplars("mainstay_actor_handling_seconds_bucket"))
    wait_for("a trace of it", lambda: any(collector.trace(one["trace_id"]) for one in handled))


def is_openmetrics(daemon):
    """The reference parser reads the page whole, and finds exemplars."""
    wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    request = urllib.request.Request(f"{daemon.url}/metrics", headers={"Accept": wanted})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"] == wanted and "accept" in answer.headers["Vary"]
        families = list(text_string_to_metric_families(answer.read().decode()))
    samples = [sample for family in families for sample in family.samples]
    assert [one for one in samples if one.exemplar and "request_id" in one.exemplar.labels]
    assert {family.unit for family in families} >= {"seconds", "bytes"}


@pytest.mark.timeout(900)
def test_every_panel_and_every_rule_finds_series_beside_a_daemon_with_churn(daemons, engine, shop, collector, tmp_path):
    daemon = daemons("up", "--otlp", collector.url, MAINSTAY_METRICS_CONTAINER_STATS_INTERVAL="1s").start()
    prometheus = Prometheus(daemon, tmp_path)
    try:
        wait_for("a scrape", lambda: says_something(prometheus("mainstay_build_info")))
        service, failing = churn(daemon, engine, shop)
        for of in (service, failing):
            wait_for("counts", lambda: prometheus(f'increase(mainstay_task_starts_total{{service="{of}"}}[5m]) > 0'))
        empty = dict(panels())
        counts = {}

        def all_say_something():
            for where, expression in list(empty.items()):
                series = prometheus(as_chosen(expression))
                if says_something(series):
                    counts[where] = len(series)
                    del empty[where]
            return not set(empty) - set(MAY_BE_EMPTY) or None

        try:
            wait_for("data in every panel", all_say_something, every=1)
        except AssertionError:
            raise AssertionError(f"no data in {sorted(set(empty) - set(MAY_BE_EMPTY))}") from None
        for where, count in sorted(counts.items()):
            print(f"{where}: {count} series")
        for where in sorted(empty):
            print(f"{where}: none, since {MAY_BE_EMPTY[where]}")

        def rules():
            return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]

        wait_for("an evaluation of each rule", lambda: all(rule["health"] != "unknown" for rule in rules()))
        evaluated = rules()
        assert len(evaluated) == RULES.read_text().count(" expr: ")
        for rule in evaluated:
            # An alert's expression is empty while all is well; what it is about is there.
            about = re.findall(r"[a-z_:]*mainstay_\w+(?::\w+)?|\bup\b", rule["query"])
            assert about, rule
            for name in set(about) - set(MAY_BE_ABSENT):
                assert wait_for(f"{name} of {rule['name']}", lambda: prometheus(name)), rule
            assert rule["health"] == "ok", rule
            assert prometheus(rule["query"]) is not None
            if rule["type"] == "alerting":
                name = rule["annotations"]["runbook_url"].rpartition("/")[2]
                assert f"<h1>{name}</h1>" in get(f"{daemon.url}/runbooks/{name}")[1], rule["name"]

        def links():
            return [one["annotations"]["runbook_url"] for one in prometheus.get("alerts")["alerts"]]

        (link, *_) = wait_for("an alert that is about to fire, since one service's tasks end at once", links)
        assert link.startswith(f"{daemon.url}/runbooks/Mainstay") and get(link)[0] == 200

        used = f'mainstay_container_memory_bytes{{service="{service}"}} > 0'
        (_,) = wait_for("memory in use", lambda: prometheus(used))
        leads_from_buckets_to_requests(daemon, prometheus, collector)
        is_openmetrics(daemon)
        page = get(f"{daemon.url}/metrics")[1]
        promtool("check", "metrics", input=page)
        lines = [line for line in page.splitlines() if line]
        assert len(lines) == len(set(lines)), "nothing comes twice"
    finally:
        prometheus.end()


def complaints(value, hint, where):
    """Where a value is not what Grafana's types say."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in (typing.Any, object):
        return
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in parts:
            return
        tried = [list(complaints(value, part, where)) for part in parts if part is not type(None)]
        # What is wrong with it as that which it is most like.
        yield from min(tried, key=len)
    elif origin is typing.Literal:
        if value not in parts:
            yield f"{where}: {value!r} is none of {parts}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
            return
        for at, one in enumerate(value):
            yield from complaints(one, parts[0], f"{where}[{at}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no object"
            return
        for name, one in value.items():
            yield from complaints(one, parts[1], f"{where}.{name}")
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        if value not in [member.value for member in hint]:
            yield f"{where}: {value!r} is none of {[member.value for member in hint]}"
    elif isinstance(hint, type) and hasattr(hint, "from_json"):
        if isinstance(value, dict):
            # Not everything is read by whoever reads the whole.
            value = hint.from_json(value)
        if not isinstance(value, hint):
            yield f"{where}: {type(value).__name__} is no {hint.__name__}"
            return
        for name, inner in typing.get_type_hints(hint).items():
            if hasattr(value, name):
                yield from complaints(getattr(value, name), inner, f"{where}.{name}")
    elif hint is float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield f"{where}: {value!r} is no number"
    elif not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        yield f"{where}: {value!r} is no {hint.__name__}"


def plain(value, encoder):
    """What was read, written again."""
    return json.loads(json.dumps(value, cls=encoder))


def lost(before, after, where=""):
    """Members that Grafana's types do not know: they are not there any more."""
    if isinstance(before, dict):
        for name, value in before.items():
            if value is None:
                continue
            if not isinstance(after, dict) or name not in after:
                yield f"{where}.{name}"
            else:
                yield from lost(value, after[name], f"{where}.{name}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(after) != len(before):
            yield where
            return
        for at, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{where}[{at}]")
    elif before != after:
        yield f"{where}: {before!r} became {after!r}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_dashboard_is_what_grafanas_own_types_say_a_dashboard_is(path):
    """The types that Grafana makes from its schema (its Foundation SDK) read each file whole, down to the options of
    its panels and the queries of Prometheus, and lose nothing."""
    if sys.version_info < (3, 11):
        pytest.skip("Grafana's types take Python 3.11")
    from grafana_foundation_sdk.cog import encoder, plugins
    from grafana_foundation_sdk.models import dashboard, prometheus, stat, table, timeseries

    plugins.register_default_plugins()
    shipped = json.loads(path.read_text())
    read = dashboard.Dashboard.from_json(shipped)
    found = list(complaints(read, dashboard.Dashboard, path.stem))
    options = {"stat": stat.Options, "timeseries": timeseries.Options, "table": table.Options}
    for panel in read.panels:
        if isinstance(panel, dashboard.RowPanel):
            continue
        found += complaints(panel.options, options[panel.type_val], panel.title)
        for query in panel.targets:
            found += complaints(query, prometheus.Dataquery, panel.title)
    found += lost(shipped, plain(read, encoder.JSONEncoder))
    assert not found, "\n".join(found)
    ids = [panel["id"] for panel in shipped["panels"]]
    assert len(ids) == len(set(ids))
