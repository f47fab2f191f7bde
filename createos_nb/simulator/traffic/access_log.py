"""Reading access logs: common and combined format, plain or gzip, with all that real ones contain."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np

from createos_nb.simulator.traffic.events import Events, nothing
from createos_nb.simulator.traffic.mixture import Cause, Cell

LONGEST_LINE = 65_536
"""Bytes; a longer line is counted as malformed and not kept in memory."""
EXAMPLES = 20
"""How many malformed lines are shown."""
_SHOWN = 200
_BLOCK = 1 << 20
_QUOTED = rb'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    rb"(\S+) \S+ .*?\[([^\]]{1,64})\] "
    + _QUOTED
    + rb" (\S+) (\S+)(?: "
    + _QUOTED
    + rb"(?: "
    + _QUOTED
    + rb")?)?(?: .*)?\s*",
    re.DOTALL,
)
_TIME = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))? ([+-])(\d\d):?(\d\d)")
_REQUEST = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S.*?)(?: +HTTP/\d(?:\.\d)?)? *", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"\\])")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_MONTHS = {
    m: i + 1 for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AccessLog:
    """The requests of an access log.

    Attributes:
        events: its requests in order of time (equal times in the log's order); a size that the log gives as "-" is -1,
            a duration is 0, because these formats have none.
        lines: how many lines there were, blank ones left out.
        malformed: how many lines could not be read, by reason: "format", "time", "status", "size", "too long",
            "damaged gzip" (counted once: the lines before the damage are kept).
        examples: the first of them: (number of the line from 1, reason, the beginning of its text).
    """

    events: Events
    lines: int
    malformed: dict[str, int] = field(default_factory=dict)
    examples: tuple[tuple[int, str, str], ...] = ()

    def ending(self, end: int) -> Events:
        """The requests, moved so that the last one falls into the second before `end` (Unix seconds)."""
        events = self.events
        if not len(events):
            return events
        moved = events.time + ((end - 1) - int(events.time[-1]) // 1_000_000) * 1_000_000
        return Events(
            moved, events.cell, events.status, events.ms, events.size, events.client, events.agent,
            events.cells, events.clients, events.agents,
        )  # fmt: skip


def read_access_log(source: str | os.PathLike[str] | bytes | BinaryIO, *, query: bool = False) -> AccessLog:
    """Read an access log in common or combined format, plain or gzip (told by its first bytes).

    A line that can't be read is counted, never fatal. Further fields after the agent are left out. Bytes that are not
    UTF-8 appear as backslash escapes. A request that is no request line ("-", a TLS handshake) counts with the method
    "-" and its own text as the path.

    Args:
        source: a file's name, its bytes, or a file open for reading bytes.
        query: whether the query string stays part of the path; analytics count by path, so by default it goes.

    Raises:
        OSError: the file can't be opened or read.
    """
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), query)
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            return _read(file, query)
    return _read(source, query)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The plain bytes of a file; ends with an empty block if a gzip is damaged."""
    head = file.read(_BLOCK)
    if head[:2] != b"\x1f\x8b":
        while head:
            yield head
            head = file.read(_BLOCK)
        return
    unpacked = gzip.GzipFile(fileobj=io.BufferedReader(_Rest(head, file)))
    while True:
        try:
            block = unpacked.read1(_BLOCK)
        except (EOFError, OSError, zlib.error):
            yield b""
            return
        if not block:
            return
        yield block


class _Rest(io.RawIOBase):
    """A file of which the beginning has been read already."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head, self._file = head, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # the stubs know no name for a writable buffer
        data = self._head[: len(view)] if self._head else self._file.read(len(view))
        self._head = self._head[len(view) :]
        view[: len(data)] = data
        return len(data)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, str]]:
    """Lines without their ends, each with a reason if it is malformed already."""
    rest, skipping, damaged = b"", False, False
    for block in _blocks(file):
        damaged = not block
        parts = (rest + block).split(b"\n")
        rest = parts.pop()
        for part in parts:
            if skipping:
                skipping = False
                continue
            yield part, "too long" if len(part) > LONGEST_LINE else ""
        if skipping:
            rest = b""
        elif len(rest) > LONGEST_LINE:
            yield rest, "too long"
            rest, skipping = b"", True
    if damaged:
        yield rest, "damaged gzip"
    elif rest and not skipping:
        yield rest, ""


def _time(text: str) -> int | None:
    """Microseconds since 1970, UTC."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    number = _MONTHS.get(month.lower())
    if number is None or int(minutes) > 59 or int(hours) > 15 or int(second) > 60:
        return None
    zone = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        # A leap second is the first of the next minute.
        time = datetime(int(year), number, int(day), int(hour), int(minute), tzinfo=UTC)
        since = time + timedelta(seconds=int(second)) - (zone if sign == "+" else -zone) - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + int((fraction or "0").ljust(6, "0"))


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "backslashreplace")
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _request(text: str, query: bool) -> tuple[str, str]:
    """Method and path of a request line."""
    match = _REQUEST.fullmatch(text)
    if match is None:
        return "-", text
    method, target = match.groups()
    if not target.startswith("/"):
        bare = _ORIGIN.sub("", target, count=1)
        if bare != target:
            target = bare if bare.startswith("/") else "/" + bare
    if not query:
        target = target.split("?", 1)[0].split("#", 1)[0] or "/"
    return method, target


def _read(file: BinaryIO, query: bool) -> AccessLog:
    cells: dict[Cell, int] = {}
    clients: dict[bytes, int] = {}
    agents: dict[bytes, int] = {}
    seen: dict[tuple[bytes, bytes], int] = {}
    times: dict[bytes, int | None] = {}
    rows: list[tuple[int, int, int, int, int]] = []
    malformed: dict[str, int] = {}
    examples: list[tuple[int, str, str]] = []
    number = lines = 0

    def parse(line: bytes) -> str:
        match = _LINE.fullmatch(line)
        if match is None:
            return "format"
        client, stamp, request, status, size, _, agent = match.groups()
        if stamp not in times:
            if len(times) > 100_000:
                times.clear()
            times[stamp] = _time(stamp.decode("latin-1"))
        time = times[stamp]
        if time is None:
            return "time"
        key = (request, status)
        if key not in seen:
            if len(status) != 3 or not status.isdigit() or not 100 <= int(status) <= 599:
                return "status"
            method, path = _request(_text(request), query)
            cell = Cell(method, path, int(status), Cause.SERVED, 0, 0)
            seen[key] = cells.setdefault(cell, len(cells))
        if size == b"-":
            length = -1
        elif size.isdigit() and len(size) < 19:
            length = int(size)
        else:
            return "size"
        rows.append(
            (
                time,
                seen[key],
                length,
                clients.setdefault(client, len(clients)),
                agents.setdefault(agent or b"", len(agents)),
            )
        )
        return ""

    for line, reason in _lines(file):
        number += 1
        if not line.strip() and not reason:
            continue
        lines += 1
        reason = reason or parse(line)
        if reason:
            malformed[reason] = malformed.get(reason, 0) + 1
            if len(examples) < EXAMPLES:
                examples.append((number, reason, line[:_SHOWN].decode("utf-8", "backslashreplace")))
    return AccessLog(_events(rows, cells, clients, agents), lines, malformed, tuple(examples))


def _events(
    rows: list[tuple[int, int, int, int, int]],
    cells: dict[Cell, int],
    clients: dict[bytes, int],
    agents: dict[bytes, int],
) -> Events:
    if not rows:
        return nothing()
    table = np.array(rows, dtype=np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    status = np.array([cell.status for cell in cells], dtype=np.int16)
    return Events(
        np.ascontiguousarray(table[:, 0]),
        table[:, 1].astype(np.int32),
        status[table[:, 1]],
        np.zeros(len(table), dtype=np.int64),
        np.ascontiguousarray(table[:, 2]),
        table[:, 3].astype(np.int32),
        table[:, 4].astype(np.int32),
        tuple(cells),
        tuple(client.decode("utf-8", "backslashreplace") for client in clients),
        tuple(_text(agent) for agent in agents),
    )
