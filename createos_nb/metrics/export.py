"""Exporting metrics: once, or again and again, to standard output, a textfile, a port or a collector."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb.errors import TransportError
from createos_nb.metrics.otlp import OtlpSender
from createos_nb.metrics.prometheus import Port, check_textfile, counts_in, write_textfile
from createos_nb.metrics.reading import Exporter, Reading

if TYPE_CHECKING:
    from createos_nb.client.client import Client


@dataclass(frozen=True)
class Targets:
    """Where metrics go.

    Attributes:
        textfile: A file for the textfile collector of node_exporter, whose counters are counted on.
        port: A port that serves them at /metrics; 0 for any that is free.
        host: The address to listen at.
        otlp: The address of a collector of OpenTelemetry.
    """

    textfile: Path | None = None
    port: int | None = None
    host: str = "127.0.0.1"
    otlp: str | None = None


def export(
    client: Client,
    targets: Targets,
    *,
    every: float | None = None,
    projects: str | Sequence[str] | None = None,
    apps: str | Sequence[str] | None = None,
    target: float = 0.999,
    budget: int | None = None,
    cancel: threading.Event | None = None,
    on_listen: Callable[[str], None] | None = None,
    on_reading: Callable[[Reading, str], None] | None = None,
) -> Reading:
    """Read the fleet, and give its metrics to each target.

    Args:
        client: The client; it only reads.
        targets: Where they go.
        every: Seconds between two readings; None: there is one.
        projects: Only these, by name or id.
        apps: Only projects in these apps, by name or id.
        target: The objective that burn rates are held against.
        budget: Requests an hour, where readings are repeated.
        cancel: Ends what is repeated.
        on_listen: Called with the address of the port.
        on_reading: Called after each reading with it, and with why a target has not taken it ("": all have).

    Returns:
        The last reading.

    Raises:
        MissingExtra: An extra that a target needs is not installed.
        InvalidInput: An argument can't be used, or the textfile is one of another kind.
        TransportError: The collector has not taken the only reading.
        OSError: The port is taken, or the textfile can't be written.

    Examples:
        >>> from pathlib import Path
        >>> from createos_nb.metrics.export import Targets, export
        >>> client = createos_nb.simulate("bad-release")
        >>> export(client, Targets(textfile=Path("createos.prom"))).complete
        True
        >>> 'createos_export_complete 1.0' in Path("createos.prom").read_text()
        True
    """
    cancel = cancel or threading.Event()
    if targets.textfile is not None:
        check_textfile(targets.textfile)
    with contextlib.ExitStack() as stack:
        port = sender = None
        if targets.otlp is not None:
            sender = stack.enter_context(contextlib.closing(OtlpSender(targets.otlp)))
        exporter = Exporter(
            client,
            projects,
            apps=apps,
            target=target,
            known=None if targets.textfile is None else counts_in(targets.textfile),
            counting=every is not None or targets.textfile is not None,
            budget=None if every is None else budget,
            every=every,
        )
        while True:
            reading, problem = exporter.read(), ""
            if targets.textfile is not None:
                write_textfile(targets.textfile, reading)
            if targets.port is not None:
                if port is None:  # whoever scrapes it finds figures from the first moment on
                    port = stack.enter_context(contextlib.closing(Port(targets.port, targets.host)))
                    if on_listen is not None:
                        on_listen(port.url)
                port.last = reading
            if sender is not None:
                try:
                    sender.send(reading)
                except TransportError as error:
                    if every is None:
                        raise
                    problem = str(error)
            if on_reading is not None:
                on_reading(reading, problem)
            if every is None or cancel.wait(every):
                return reading
            if client.embedded:  # nobody else lets its time pass
                client.clock.sleep(every)
