"""What a collector of OpenTelemetry gets, over real HTTP on this machine."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

import createos_nb
from createos_nb.errors import InvalidInput, TransportError
from createos_nb.metrics import METRICS, Exporter
from createos_nb.metrics.export import Targets, export
from createos_nb.metrics.otlp import OtlpSender


class Collector:
    """Keeps what is posted to it; `status`: what it answers."""

    def __init__(self) -> None:
        self.got: list[ExportMetricsServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                collector.got.append(ExportMetricsServiceRequest.FromString(body))
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/metrics"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def metrics(self, number: int = -1) -> dict[str, Any]:
        (resource,) = self.got[number].resource_metrics
        (scope,) = resource.scope_metrics
        return {metric.name: metric for metric in scope.metrics}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with closing(Collector()) as one:
        yield one


def points(metric: Any) -> dict[tuple[str, ...], float]:
    data = metric.sum if metric.HasField("sum") else metric.gauge
    return {tuple(sorted(one.value.string_value for one in at.attributes)): at.as_double for at in data.data_points}


def test_a_collector_gets_all_metrics_with_their_kinds(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer of-the-test")
    client = createos_nb.simulate("bad-release")
    exporter = Exporter(client, every=300, budget=600)
    with closing(OtlpSender(collector.url)) as sender:
        sender.send(exporter.read())
        client.world.advance("10min")
        reading = exporter.read()
        sender.send(reading)
    assert collector.headers[0]["authorization"] == "Bearer of-the-test"
    found = collector.metrics()
    assert set(found) == {metric.dotted for metric in METRICS}
    for metric in METRICS:
        assert found[metric.dotted].HasField("sum") == (metric.kind == "counter")
        assert (found[metric.dotted].unit, found[metric.dotted].description) == (metric.unit, metric.help)
    requests = found["createos.environment.requests"]
    assert requests.sum.is_monotonic
    assert requests.sum.aggregation_temporality == 2  # cumulative
    assert (
        points(requests)["5xx", "production", "storefront"]
        == reading.counts["storefront", "production"].requests["5xx"]
    )
    names = {a.key: a.value.string_value for a in collector.got[-1].resource_metrics[0].resource.attributes}
    assert names["service.name"] == "createos-nb"


def test_what_is_not_known_is_not_sent(collector: Collector) -> None:
    export(createos_nb.simulate("bad-release"), Targets(otlp=collector.url))
    (version,) = points(collector.metrics()["createos.environment.live_version"]).items()
    assert version == (("production", "storefront"), 4.0)
    assert "createos.environment.requests" not in collector.metrics()


def test_a_figure_that_is_known_no_more_is_not_repeated(collector: Collector) -> None:
    client = createos_nb.simulate("bad-release")
    exporter = Exporter(client, every=300)
    with closing(OtlpSender(collector.url)) as sender:
        sender.send(exporter.read())
        with client.world.faults(what="error", status=403, operations=["ListProjects"]):
            sender.send(exporter.read())
    assert "createos.environment.replicas" in collector.metrics(0)
    assert "createos.environment.replicas" not in collector.metrics(1)


def test_a_collector_that_refuses_is_told(collector: Collector, capfd: pytest.CaptureFixture[str]) -> None:
    collector.status = 400
    with pytest.raises(TransportError, match=r"has not taken the metrics: .*400"):
        export(createos_nb.simulate("bad-release"), Targets(otlp=collector.url))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("address", ["localhost:4318", "grpc://localhost"])
def test_an_address_without_http_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="--otlp takes an address"):
        OtlpSender(address)
