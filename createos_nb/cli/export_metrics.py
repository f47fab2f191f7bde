"""`createos-nb export-metrics`: the fleet's metrics for Prometheus, Grafana and OpenTelemetry."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from createos_nb.cli import names
from createos_nb.cli.exit_codes import DONE, FAILED, INTERRUPTED, UNKNOWN
from createos_nb.cli.options import HERE, Place, Time, opened
from createos_nb.errors import InvalidInput
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.metrics import Reading

_BUDGET = 600
_EVERY = "5min"


def export_metrics(
    *projects: Annotated[str, Parameter(completer=names.complete_projects)],
    apps: Annotated[list[str], Parameter(negative="", metavar="APP")] | None = None,
    textfile: Annotated[Path | None, Parameter(metavar="FILE.prom")] = None,
    listen: Annotated[str | None, Parameter(metavar="[HOST:]PORT")] = None,
    otlp: Annotated[str | None, Parameter(metavar="URL")] = None,
    every: Time | None = None,
    budget: Annotated[int, Parameter(metavar="N")] = _BUDGET,
    target: float = 0.999,
    place: Place = HERE,
) -> int:
    """Give the fleet's metrics to Prometheus (standard output, a textfile, a port) or OpenTelemetry.

    Args:
        projects: only these (default: all that are active).
        apps: only projects in this app; may be given again.
        textfile: write a file for node_exporter's textfile collector, at once; its counters are counted on.
        listen: serve /metrics there, on 127.0.0.1 without a host.
        otlp: send to a collector, such as http://localhost:4318/v1/metrics.
        every: read again after this time, until it is ended (with --listen: 5min).
        budget: requests an hour to send at most, where it reads again.
        target: the objective of burn rates.
        place: which account.

    Returns:
        The exit code: 0 all was read, 1 nothing could be read, 6 a part was not; 0 or 130 where it was ended.

    Raises:
        InvalidInput: An argument can't be used.
        MissingExtra: The extra `metrics` or `otlp` is not installed.
        CreateOSError: The account can't be opened.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["export-metrics", "--world", "bad-release"])  # doctest: +ELLIPSIS
        # HELP createos_environment_recent_requests Requests in the finished minutes of the last hour.
        # TYPE createos_environment_recent_requests gauge
        ...
        0
    """
    from createos_nb import extras

    if otlp is None or textfile or listen:
        extras.require("metrics", "createos-nb export-metrics")
    host, port = _address(listen)
    pause = every or (_EVERY if port is not None else None)
    seconds = None if pause is None else parse_duration(pause, "--every")
    if budget < 1:
        raise InvalidInput("--budget is at least 1")
    from createos_nb.metrics.export import Targets, export
    from createos_nb.metrics.prometheus import text_of

    targets = Targets(textfile, port, host, otlp)
    prints = targets == Targets(host=host)
    cancel, received = threading.Event(), []

    def end(number: int, _: Any) -> None:
        received.append(number)
        cancel.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)} if seconds else {}
    try:
        with opened(place) as client:
            reading = export(
                client,
                targets,
                every=seconds,
                projects=list(projects) or None,
                apps=apps,
                target=target,
                budget=budget,
                cancel=cancel,
                on_listen=lambda url: print(f"serving {url}", file=sys.stderr, flush=True),
                on_reading=lambda one, problem: _said(one, problem, text_of(one) if prints else ""),
            )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        return INTERRUPTED if signal.SIGINT in received else DONE
    return FAILED if reading.problem else DONE if reading.complete else UNKNOWN


def _said(reading: Reading, problem: str, text: str) -> None:
    if text:
        print(text, end="", flush=True)
    for reason in (reading.problem, problem):
        if reason:
            print(f"createos-nb: {reason}", file=sys.stderr, flush=True)
    unread = [name for name, readable in reading.readable.items() if not readable]
    if unread:
        print(f"createos-nb: not read: {', '.join(unread)}", file=sys.stderr, flush=True)


def _address(text: str | None) -> tuple[str, int | None]:
    """Host and port of --listen."""
    if text is None:
        return "127.0.0.1", None
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise InvalidInput(f"--listen takes a port, or a host and a port such as 127.0.0.1:9464, not {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)
