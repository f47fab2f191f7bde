"""The metrics, declared once: their names, kinds, units, and what each takes from a reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Final, Literal, TypeAlias, get_args

from createos_nb.causes import Status
from createos_nb.metrics.reading import WINDOW, Reading, value_of

#: Values of labels, in the order of a metric's labels, and the figure.
Sample: TypeAlias = tuple[tuple[str, ...], float]

#: Of this package, as it is installed.
VERSION: Final = version("createos-nb")
_PLACE: Final = ("project", "environment")


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        name: For Prometheus; of a counter without "_total".
        kind: "counter" only grows, and begins anew with 0; "gauge" is as it is now.
        help: A sentence.
        labels: Names of its labels.
        samples: Returns its figures in a reading; what is not known is left out.
        unit: For OpenTelemetry, in UCUM.
    """

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Reading], Iterator[Sample]]
    unit: str = "1"

    @property
    def exposed(self) -> str:
        """Return its name as Prometheus stores it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name

    @property
    def dotted(self) -> str:
        """Return its name for OpenTelemetry, such as "createos.environment.requests"."""
        return ".".join(self.name.split("_", 2))


def _column(column: str, reading: Reading) -> Iterator[Sample]:
    for row in reading.environments.to_dict("records"):
        value = value_of(row[column])
        if value is not None:
            yield _place(row), value


def _info(reading: Reading) -> Iterator[Sample]:
    for row in reading.environments.to_dict("records"):
        texts = ("" if (value := row[name]) is None or value != value else str(value) for name in _INFO)
        yield (*_place(row), *texts), 1.0


def _statuses(reading: Reading) -> Iterator[Sample]:
    for row in reading.environments.to_dict("records"):
        for status in get_args(Status):
            yield (*_place(row), status), float(row["status"] == status)


def _requests(reading: Reading) -> Iterator[Sample]:
    for place, counts in sorted(reading.counts.items()):
        for code, count in counts.requests.items():
            yield (*place, code), float(count)


def _counted(attribute: str, reading: Reading) -> Iterator[Sample]:
    for place, counts in sorted(reading.counts.items()):
        yield place, float(getattr(counts, attribute))


def _readable(reading: Reading) -> Iterator[Sample]:
    for project, readable in reading.readable.items():
        yield (project,), float(readable)


def _fact(attribute: str, reading: Reading) -> Iterator[Sample]:
    value = getattr(reading, attribute)
    if value is not None:
        yield (), float(value)


def _place(row: Mapping[Any, Any]) -> tuple[str, str]:
    return str(row["project"]), str(row["environment"])


#: Columns that are labels of `createos_environment_info`.
_INFO: Final = ("app", "state", "live_state")


def _of(name: str, help: str, column: str, unit: str = "1") -> Metric:
    return Metric(f"createos_environment_{name}", "gauge", help, _PLACE, partial(_column, column), unit)


def _export(
    name: str, help: str, attribute: str, unit: str = "1", kind: Literal["counter", "gauge"] = "gauge"
) -> Metric:
    return Metric(f"createos_export_{name}", kind, help, (), partial(_fact, attribute), unit)


METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "createos_environment_requests",
        "counter",
        "Requests by class of their answers. A minute is added once, when it is final: five minutes after its end.",
        (*_PLACE, "code"),
        _requests,
        "{request}",
    ),
    Metric(
        "createos_environment_requests_counted_until_timestamp_seconds",
        "gauge",
        "End of the last minute that is in createos_environment_requests_total.",
        _PLACE,
        partial(_counted, "until"),
        "s",
    ),
    Metric(
        "createos_environment_requests_uncounted_seconds",
        "counter",
        "Seconds whose requests are in no counter, because they were not read in time.",
        _PLACE,
        partial(_counted, "uncounted"),
        "s",
    ),
    _of("recent_requests", "Requests in the finished minutes of the last hour.", "requests", "{request}"),
    _of("recent_server_errors", "Requests in the same minutes that were answered with 5xx.", "status_5xx", "{request}"),
    _of("error_budget_burn_rate", "Share of 5xx over the error budget in the same minutes; 1 just spends it.", "burn"),
    _of("replicas", "Replicas that the environment is set to.", "replicas"),
    _of("live_version", "Number of the deployment that is live.", "version"),
    _of("changed_timestamp_seconds", "When what is live, or its settings, last changed.", "changed_at", "s"),
    _of("read_timestamp_seconds", "When the environment was last read.", "read_at", "s"),
    Metric(
        "createos_environment_status",
        "gauge",
        "1 for the status of the environment, 0 for the others.",
        (*_PLACE, "status"),
        _statuses,
    ),
    Metric(
        "createos_environment_info",
        "gauge",
        "App, state of the environment and of its live deployment; always 1.",
        (*_PLACE, *_INFO),
        _info,
    ),
    Metric(
        "createos_project_readable",
        "gauge",
        "1 where the active project could be read, 0 where it could not; absent before it was tried.",
        ("project",),
        _readable,
    ),
    _export("complete", "1 where the last reading has read everything, else 0.", "complete"),
    _export("read_timestamp_seconds", "When the last reading was tried.", "at", "s"),
    _export(
        "requests", "Requests that this process has sent to the platform.", "requests_total", "{request}", "counter"
    ),
    _export("last_requests", "Requests that the last reading has sent.", "requests", "{request}"),
    _export("failures", "Readings that failed as a whole.", "failures_total", "{reading}", "counter"),
    _export("budget_requests", "Requests an hour that the export may send.", "budget", "{request}"),
    Metric(
        "createos_export_window_seconds",
        "gauge",
        "Length of the time that recent figures are about.",
        (),
        lambda reading: iter([((), float(WINDOW))]),
        "s",
    ),
    Metric(
        "createos_export_info",
        "gauge",
        "Version of createos_nb, and the account; always 1.",
        ("version", "account"),
        lambda reading: iter([((VERSION, reading.where), 1.0)]),
    ),
)
