"""Traces of API calls through the tree, as an OpenTelemetry collector is sent them."""

import http.server
import threading

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from vocabulary import REGION, fresh, wait_for

# The example of W3C's Trace Context.
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes OTLP over HTTP, in protobuf."""

    def __init__(self):
        self.spans, self.resources = [], []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf":
                    collector.take(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        for part in request.resource_spans:
            self.resources.append({one.key: one.value.string_value for one in part.resource.attributes})
            self.spans += [span for scope in part.scope_spans for span in scope.spans]

    def trace(self, trace):
        """The spans of a trace by their ids."""
        return {span.span_id.hex(): span for span in list(self.spans) if span.trace_id.hex() == trace}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def attributes(span):
    return {one.key: one.value.string_value for one in span.attributes}


def test_a_call_is_traced_through_the_tree_to_the_container_in_its_callers_trace(daemons, collector):
    daemon = daemons("up", "--otlp", collector.url).start()
    definition = daemon.register()
    body = {"serviceName": fresh("service"), "taskDefinition": definition, "desiredCount": 1}
    status, _, _ = daemon.post("CreateService", body, {"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert status == 200
    daemon.stable(body["serviceName"])
    passed = lambda: {attributes(span).get("actor.kind") for span in collector.trace(TRACE).values()}
    wait_for("the way to the host", lambda: {"catalog", "services", "service", "placement", "task", "agent", "host"} <= passed())
    spans = wait_for("the call, which ends last", lambda: (found := collector.trace(TRACE)) and "CreateService" in {one.name for one in found.values()} and found)
    (call,) = [span for span in spans.values() if span.name == "CreateService"]
    assert call.parent_span_id.hex() == CALLER and call.kind == call.SPAN_KIND_SERVER
    assert attributes(call)["rpc.method"] == "CreateService"
    daemon.stop()
    # No span is without the one that caused it.
    spans = collector.trace(TRACE)
    assert {span.parent_span_id.hex() for span in spans.values()} - spans.keys() == {CALLER}
    assert all(one["service.name"] == "mainstay" and one["cloud.region"] == REGION for one in collector.resources)
    # Calls of others are in traces of their own, and what nobody asked for is in none.
    assert not [span for span in collector.spans if not span.parent_span_id and attributes(span).get("actor.kind")]


def test_a_refusal_is_told_with_its_exception_and_a_collector_that_is_away_harms_nobody(daemons, collector):
    daemon = daemons("up", "--otlp", collector.url).start()
    daemon.post("DeleteCluster", {"cluster": "nowhere"}, {"traceparent": f"00-{TRACE}-{CALLER}-01"})
    (span,) = wait_for("the span", lambda: [span for span in collector.trace(TRACE).values() if span.name == "DeleteCluster"])
    assert attributes(span)["error.type"] == "ClusterNotFoundException" and span.status.code == span.status.STATUS_CODE_UNSET
    collector.close()
    daemon.ecs.list_clusters()
    wait_for("that it is said", lambda: "the collector takes no traces" in daemon.log())
    daemon.stable(daemon.serve())
    daemon.stop()


def test_a_collector_that_is_none_is_refused(daemons):
    daemon = daemons("up", "--otlp", "localhost:4317")
    with pytest.raises(AssertionError, match='traces.otlp = "localhost:4317": it must be the address of a collector'):
        daemon.start()
