"""Runtime logs: the lines that processes, gateway and platform wrote, from the same requests as every figure.

Each request has exactly one access line: in the program's own words if a process answered it, else one of the gateway's
("gateway: GET /cart 502 ..."). What failed within the program has the error's lines before it. Beside them stand the
lines of starting, listening, filling memory, ending and being started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behavior import Segment
from createos_nb.simulator.traffic.events import Events
from createos_nb.simulator.traffic.log_templates import LogTemplate, ending, failure, template_for
from createos_nb.simulator.traffic.mixture import GATEWAY, Cause, Cell
from createos_nb.simulator.traffic.process_events import launched, process_events
from createos_nb.simulator.traffic.timeline import Timeline

HEALTH_CHECK = 30
"""Seconds between two health checks; only those that fail are logged."""
_SECOND = 1_000_000
_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Reason phrases; written out, because those of the standard library differ between versions."""


class LogLine(NamedTuple):
    """One line.

    Attributes:
        time: microseconds since 1970, UTC.
        level: "INFO", "WARN" or "ERROR".
        text: the message.
    """

    time: int
    level: str
    text: str

    def __str__(self) -> str:
        return f"{stamp(self.time)} {self.level} {self.text}"


def stamp(time: int) -> str:
    """A time in microseconds as RFC 3339 with milliseconds."""
    moment = _EPOCH + timedelta(microseconds=time)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def runtime_log(
    timeline: Timeline,
    events: Callable[[int, int], Events],
    start: int,
    end: int,
    deployment: str | None = None,
) -> list[LogLine]:
    """The lines of [start, end), Unix seconds, in order of time.

    Args:
        timeline: of the environment.
        events: gives the requests of a window.
        start: first second.
        end: the second after the last.
        deployment: only what ran while this deployment was live; None: everything.
    """
    lines: list[tuple[int, int, LogLine]] = []
    for segment in timeline.segments:
        if deployment is None or segment.deployment == deployment:
            lines.extend(_process(timeline, segment, start, end))
    # The first lost request of a minute tells why, so the whole minute must be known.
    known = events(start - start % 60, end)
    lines.extend(_requests(timeline, known, deployment))
    rows = [row for row in lines if start * _SECOND <= row[0] < end * _SECOND]
    rows.sort(key=lambda row: (row[0], row[1]))
    return [line for _, _, line in rows]


def _process(timeline: Timeline, segment: Segment, start: int, end: int) -> Iterator[tuple[int, int, LogLine]]:
    """Return what the processes of a segment and the platform say about them.

    Nothing of it is older than the segment: what is read later never stands before what was read already.
    """
    stop = end if segment.end is None else min(end, segment.end)
    begin = segment.start * _SECOND
    if segment.start >= end or (segment.end is not None and segment.end + 60 < start):
        return

    def line(time: int, level: str, text: str) -> tuple[int, int, LogLine]:
        return time, 0, LogLine(time, level, text)

    if segment.asleep:
        yield line(segment.start * _SECOND, "INFO", "platform: idle, going to sleep")
        return
    speaker, behavior = template_for(segment.runtime, segment.framework), segment.behavior
    port = behavior.listens or segment.port
    for event in process_events(segment, timeline.key, -(-stop // _DAY) * _DAY):
        at = max(event.time * _SECOND, begin)
        if event.time >= stop:
            break
        if event.life and event.time < segment.start:
            continue
        # A start's lines reach over its boot; all else is of its own second.
        if event.time + behavior.boot + segment.start - launched(segment) + 1 < start:
            continue
        name = f"platform: replica {event.replica + 1}/{segment.replicas}"
        if event.what == "start":
            took = behavior.boot * _SECOND if event.life else 0
            if behavior.crash_after == 0 and event.time >= segment.start:
                took = max(behavior.boot, 1) * _SECOND
            yield line(
                at, "INFO", f"{name}: starting version {segment.version} ({segment.runtime}), PORT={segment.port}"
            )
            for share, level, text in speaker.start:
                yield line(at + took * share // 1000, level, text)
        elif event.what == "listen":
            yield line(at, "INFO", speaker.listen.format(port=port))
        elif event.what == "memory":
            used = behavior.memory + (segment.memory - behavior.memory) * event.number // 100
            percent = used * 100 // segment.memory
            yield line(at, "WARN", speaker.full.format(used=used, percent=percent, limit=segment.memory))
        elif event.what == "oom":
            killed = f"OOMKilled, memory limit of {segment.memory} MB exceeded (exit code 137)"
            yield line(at, "ERROR", f"{name}: {killed}; restart in {event.number} s")
        else:
            for text in (*failure(speaker, behavior.crash), *ending(speaker, segment.runtime)):
                yield line(at, "ERROR", text)
            again = f"restart {event.life + 1} in {event.number} s"
            yield line(at, "ERROR", f"{name}: process ended with exit code 1; {again}")
    if port != segment.port:
        first = segment.start + HEALTH_CHECK
        checks = range(first + max(-(-(start - first) // HEALTH_CHECK), 0) * HEALTH_CHECK, stop, HEALTH_CHECK)
        for check in checks:
            refused = f"connection to port {segment.port} refused; the app listens on 0.0.0.0:{port}"
            yield line(check * _SECOND, "ERROR", f"platform: health check failed: {refused}")


def _requests(timeline: Timeline, events: Events, deployment: str | None) -> Iterator[tuple[int, int, LogLine]]:
    """One access line for each request, and the errors behind those that failed."""
    if not len(events):
        return
    bounds = sorted({t for s in timeline.segments for t in (s.start, s.end) if t is not None})
    cuts = [0, *np.searchsorted(events.time, [t * _SECOND for t in bounds]).tolist(), len(events)]
    explained: set[tuple[int, Cause]] = set()
    for a, b in pairwise(cuts):
        if a == b:
            continue
        segment = timeline.segment_at(int(events.time[a]) // _SECOND)
        if deployment is not None and (segment is None or segment.deployment != deployment):
            continue
        speaker = template_for("node") if segment is None else template_for(segment.runtime, segment.framework)
        explained.clear()
        part = events.take(slice(a, b))
        columns = (part.time.tolist(), part.cell.tolist(), part.ms.tolist(), part.size.tolist())
        who, program = part.client.tolist(), part.agent.tolist()
        for (time, code, ms, size), client, agent in zip(zip(*columns, strict=True), who, program, strict=True):
            cell = events.cells[code]
            level = "INFO" if cell.status < 400 else "WARN" if cell.status < 500 else "ERROR"
            if cell.cause in GATEWAY:
                why = (time // 60_000_000, cell.cause)
                if segment is not None and why not in explained:
                    explained.add(why)
                    for text in _explanation(cell.cause, segment):
                        yield time, 1, LogLine(time, "ERROR", text)
                reason = _refusal(cell.cause, segment)
                text = f"gateway: {cell.method} {cell.path} {cell.status} {reason} (client {events.clients[client]})"
                yield time, 2, LogLine(time, level, text)
                continue
            for text in _trace(speaker, cell):
                yield time, 1, LogLine(time, "ERROR", text)
            text = _access(speaker, cell, time, ms, size, events.clients[client], events.agents[agent])
            yield time, 2, LogLine(time, level, text)


def _access(speaker: LogTemplate, cell: Cell, time: int, ms: int, size: int, client: str, agent: str) -> str:
    moment = _EPOCH + timedelta(microseconds=time)
    return speaker.access.format(
        method=cell.method,
        path=cell.path,
        status=cell.status,
        reason=REASONS.get(cell.status, ""),
        ms=ms,
        size=size if size >= 0 else "-",
        client=client,
        agent=agent.replace('"', '\\"'),
        clock=f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000",
        date=f"{moment:%Y/%m/%d - %H:%M:%S}",
    )


def _trace(speaker: LogTemplate, cell: Cell) -> Sequence[str]:
    if cell.cause is Cause.COLD:
        return (f"not ready: caches are cold, refusing {cell.method} {cell.path}",)
    if cell.cause not in (Cause.FAILED, Cause.INCIDENT, Cause.CALL_FAILED) or cell.status < 500:
        return ()
    where = tuple(line.format(method=cell.method, path=cell.path) for line in speaker.trace)
    return (*failure(speaker, cell.note, cell.status), *where)


def _explanation(cause: Cause, segment: Segment) -> Sequence[str]:
    if cause is Cause.OUT_OF_MEMORY:
        return (
            *failure(template_for(segment.runtime, segment.framework), "out-of-memory"),
            f"platform: OOMKilled, memory limit of {segment.memory} MB exceeded under load "
            f"({_replicas(segment)}; exit code 137)",
        )
    if cause is Cause.THROTTLED:
        return (f"platform: CPU throttled at the limit of {segment.cpu} millicores on {_replicas(segment)}",)
    return ()


def _replicas(segment: Segment) -> str:
    return "1 replica" if segment.replicas == 1 else f"{segment.replicas} replicas"


def _refusal(cause: Cause, segment: Segment | None) -> str:
    if segment is None or cause is Cause.NOTHING_LIVE:
        return "no deployment is live"
    if cause is Cause.ASLEEP:
        return "the deployment sleeps"
    if cause is Cause.THROTTLED:
        return "no answer within 30 s"
    if cause is Cause.OUT_OF_MEMORY:
        return "connection reset by the app"
    return f"connect to port {segment.port}: connection refused"
