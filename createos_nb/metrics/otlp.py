"""Metrics sent to a collector of OpenTelemetry, by OTLP over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from createos_nb import extras
from createos_nb.errors import InvalidInput, TransportError
from createos_nb.metrics.definitions import METRICS, VERSION, Metric
from createos_nb.metrics.reading import Reading

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

#: Seconds in which a collector has to have taken a reading.
_TIMEOUT: Final = 10.0


class OtlpSender:
    """Sends readings to one collector, with the SDK of OpenTelemetry.

    Headers, such as a token, and certificates are those of `OTEL_EXPORTER_OTLP_HEADERS` and the SDK's other variables.

    Args:
        endpoint: The address for metrics, such as "http://localhost:4318/v1/metrics".

    Raises:
        MissingExtra: The extra `otlp` is not installed.
        InvalidInput: The address has no scheme such as http://.
    """

    def __init__(self, endpoint: str) -> None:
        extras.require("otlp", "createos-nb export-metrics --otlp")
        if not endpoint.startswith(("http://", "https://")):
            raise InvalidInput("--otlp takes an address such as http://localhost:4318/v1/metrics")
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.resources import Resource

        self._reading: Reading | None = None
        self._endpoint = endpoint
        self._reader = InMemoryMetricReader()
        resource = Resource.create({"service.name": "createos-nb", "service.version": VERSION})
        self._provider = MeterProvider([self._reader], resource=resource, shutdown_on_exit=False)
        self._exporter = OTLPMetricExporter(endpoint=endpoint, timeout=_TIMEOUT)
        meter = self._provider.get_meter("createos_nb", VERSION)
        for metric in METRICS:
            create: Any = meter.create_observable_counter if metric.kind == "counter" else meter.create_observable_gauge
            create(metric.dotted, [self._observer(metric)], unit=metric.unit, description=metric.help)

    def send(self, reading: Reading) -> None:
        """Send a reading.

        Args:
            reading: As `Exporter.read` returns it.

        Raises:
            TransportError: The collector has not taken it.
        """
        from opentelemetry.sdk.metrics.export import MetricExportResult

        self._reading = reading
        data = self._reader.get_metrics_data()
        said: list[str] = []
        handler = _Said(said)
        logger = logging.getLogger("opentelemetry.exporter.otlp.proto.http")
        logger.addHandler(handler)
        try:
            taken = data is None or self._exporter.export(data, timeout_millis=_TIMEOUT * 1000)
        finally:
            logger.removeHandler(handler)
        if taken is not True and taken is not MetricExportResult.SUCCESS:
            reason = said[-1].replace(self._endpoint, "its address") if said else "it does not say why"
            raise TransportError(f"the collector of OpenTelemetry has not taken the metrics: {reason}")

    def close(self) -> None:
        """Close the connection."""
        self._exporter.shutdown()
        self._provider.shutdown()

    def _observer(self, metric: Metric) -> Any:
        def observe(options: CallbackOptions) -> Iterable[Observation]:
            from opentelemetry.metrics import Observation

            if self._reading is not None:
                for labels, value in metric.samples(self._reading):
                    yield Observation(value, dict(zip(metric.labels, labels, strict=True)))

        return observe


class _Said(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(record.getMessage())
