"""Metrics as Prometheus reads them: text, a file for the textfile collector of node_exporter, or a port."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from createos_nb import extras
from createos_nb.errors import InvalidInput
from createos_nb.metrics.counts import Counts
from createos_nb.metrics.definitions import METRICS
from createos_nb.metrics.reading import Reading
from createos_nb.storage import move_into_place

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

#: Figures by project and environment, and by class of answers.
_Samples: TypeAlias = Mapping[tuple[str, str], Mapping[str, float]]

_REQUESTS: Final = "createos_environment_requests"
_UNTIL: Final = "createos_environment_requests_counted_until_timestamp_seconds"
_UNCOUNTED: Final = "createos_environment_requests_uncounted_seconds"


class _Collector:
    """What a registry of prometheus_client asks for metrics: it is given the last reading, and reads nothing itself."""

    def __init__(self, last: Callable[[], Reading | None]) -> None:
        self._last = last

    def collect(self) -> Iterator[Family]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        reading = self._last()
        if reading is None:
            return
        for metric in METRICS:
            family = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            found = family(metric.name, metric.help, labels=metric.labels)
            for labels, value in metric.samples(reading):
                found.add_metric(labels, value)
            if found.samples:
                yield found


def text_of(reading: Reading) -> str:
    """Return a reading in the text format of Prometheus.

    Args:
        reading: As `Exporter.read` returns it.

    Returns:
        The text; figures that are not known are left out.

    Raises:
        MissingExtra: The extra `metrics` is not installed.

    Examples:
        >>> from createos_nb.metrics import Exporter
        >>> from createos_nb.metrics.prometheus import text_of
        >>> text = text_of(Exporter(createos_nb.simulate("bad-release")).read())
        >>> 'createos_environment_replicas{environment="production",project="storefront"} 2.0' in text
        True
    """
    extras.require("metrics", "createos-nb export-metrics")
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(lambda: reading))
    text: bytes = generate_latest(registry)
    return text.decode("utf-8")


def write_textfile(path: Path, reading: Reading) -> None:
    """Write a reading for the textfile collector: at each moment the file is the old or the new one, whole.

    Args:
        path: A file whose name ends with .prom; all may read it, for node_exporter runs as another user.
        reading: As `Exporter.read` returns it.

    Raises:
        OSError: It can't be written.
        InvalidInput: Its name does not end with .prom.
    """
    check_textfile(path)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(text_of(reading).encode("utf-8"))
        os.chmod(part, 0o644)  # node_exporter is another user; there is no secret in it
        move_into_place(Path(part), path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def check_textfile(path: Path) -> None:
    """Check the name of a textfile. Raises `InvalidInput`."""
    if path.suffix != ".prom":
        raise InvalidInput(f"{path}: node_exporter reads only files whose name ends with .prom")


def counts_in(path: Path) -> dict[tuple[str, str], Counts]:
    """Return the counters of a file that `write_textfile` has written, to be counted on.

    Args:
        path: The file.

    Returns:
        The counters by project and environment; none where there is no file yet.

    Raises:
        InvalidInput: It can't be read as text of Prometheus.
    """
    extras.require("metrics", "createos-nb export-metrics")
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InvalidInput(f"{path} holds no metrics that could be counted on ({error}): move it away") from None
    found: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    for family in families:
        for sample in family.samples:
            place = (sample.labels.get("project", ""), sample.labels.get("environment", ""))
            found.setdefault(sample.name, {}).setdefault(place, {})[sample.labels.get("code", "")] = sample.value
    return {place: _counts(place, until, found) for place, until in found.get(_UNTIL, {}).items()}


def _counts(place: tuple[str, str], until: Mapping[str, float], found: Mapping[str, _Samples]) -> Counts:
    requests = found.get(f"{_REQUESTS}_total", {}).get(place, {})
    uncounted = found.get(f"{_UNCOUNTED}_total", {}).get(place, {})
    return Counts(int(until[""]), {code: int(count) for code, count in requests.items()}, int(uncounted.get("", 0)))


class Port:
    """Serves the last reading at /metrics; a scrape sends no request to the platform.

    Args:
        port: The port; 0 for any that is free.
        host: The address to listen at.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        extras.require("metrics", "createos-nb export-metrics")
        from prometheus_client import CollectorRegistry, start_http_server

        self.last: Reading | None = None
        registry = CollectorRegistry()
        registry.register(_Collector(lambda: self.last))
        self._server, self._thread = start_http_server(port, addr=host, registry=registry)
        self.url = f"http://{host}:{self._server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
