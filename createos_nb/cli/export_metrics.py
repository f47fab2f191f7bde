"""`createos-nb export-metrics`: the fleet's metrics for Prometheus, Grafana and OpenTelemetry."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.cli.exit_codes import DONE, FAILED, INTERRUPTED, UNKNOWN
from createos_nb.errors import InvalidInput
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.metrics import Reading

NAME = "export-metrics"
HELP = "Give the fleet's metrics to Prometheus (standard output, a textfile, a port) or OpenTelemetry."

_BUDGET = 600
_EVERY = "5min"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import export_metrics
        >>> parser = argparse.ArgumentParser()
        >>> export_metrics.arguments(parser)
        >>> parser.parse_args(["--listen", "9464"]).listen
        '9464'
    """
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="only these (default: all that are active)")
    parser.add_argument("--apps", action="append", metavar="APP", help="only projects in this app; may be given again")
    parser.add_argument(
        "--textfile",
        type=Path,
        metavar="FILE.prom",
        help="write a file for node_exporter's textfile collector, at once; its counters are counted on",
    )
    parser.add_argument("--listen", metavar="[HOST:]PORT", help="serve /metrics there, on 127.0.0.1 without a host")
    parser.add_argument("--otlp", metavar="URL", help="send to a collector, such as http://localhost:4318/v1/metrics")
    parser.add_argument(
        "--every", metavar="TIME", help=f"read again after this time, until it is ended (with --listen: {_EVERY})"
    )
    parser.add_argument(
        "--budget",
        type=int,
        default=_BUDGET,
        metavar="N",
        help=f"requests an hour to send at most, where it reads again (default: {_BUDGET})",
    )
    parser.add_argument("--target", type=float, default=0.999, help="the objective of burn rates (default: 0.999)")
    parser.add_argument(
        "--world",
        default="live",
        metavar="NAME",
        help="live, live:PROFILE, or a simulated world such as bad-release (default: live)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

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
    from createos_nb.client.connect.open_account import open_account

    if options.otlp is None or options.textfile or options.listen:
        extras.require("metrics", "createos-nb export-metrics")
    host, port = _address(options.listen)
    every = options.every or (_EVERY if port is not None else None)
    seconds = None if every is None else parse_duration(every, "--every")
    if options.budget < 1:
        raise InvalidInput("--budget is at least 1")
    from createos_nb.metrics.export import Targets, export
    from createos_nb.metrics.prometheus import text_of

    targets = Targets(options.textfile, port, host, options.otlp)
    prints = targets == Targets(host=host)
    cancel, received = threading.Event(), []

    def end(number: int, _: Any) -> None:
        received.append(number)
        cancel.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)} if seconds else {}
    try:
        with open_account(options.world, read_only=True) as client:
            reading = export(
                client,
                targets,
                every=seconds,
                projects=options.projects or None,
                apps=options.apps,
                target=options.target,
                budget=options.budget,
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
