"""Requests over time of windows that the platform does not answer at once, each bucket from one part only."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from createos_nb.contract.operation import Operation
from createos_nb.errors import Invalid
from createos_nb.frames import Buckets, reader
from createos_nb.frames.read import DecodedRows
from createos_nb.naming import camel
from createos_nb.spans import difference

if TYPE_CHECKING:
    from createos_nb.client.session import Session

_FIELDS: Final = ("timestamp", "count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")
_SHORTEST: Final = 60
_DAY: Final = 86_400
#: Widths that buckets have, and borders at which buckets of any such width begin.
_USUAL: Final = (60, 300, 900, 1800, 3600, 21_600, 86_400)


class Part(NamedTuple):
    """One answer: its rows by time, and the width and phase of its buckets, where two rows show them."""

    rows: np.ndarray
    width: int | None
    phase: int

    def between(self, at: int | None, to: int) -> Part:
        """The part without the buckets that begin before it (in another part) or behind it."""
        begins = self.rows[:, 0]
        inside = begins < to if at is None else (begins < to) & (begins >= at)
        return self._replace(rows=self.rows[inside])


class Windows:
    """Reads requests over time of one environment in as many parts as the platform wants."""

    def __init__(self, session: Session, operation: Operation, values: Mapping[str, Any]) -> None:
        self._session, self._operation, self._values = session, operation, values

    def read(self, start: int, end: int) -> Buckets:
        """The buckets of `[start, end)`: asked for where no memory has them."""
        memory, environment = self._session.memory, self._values.get("environment_id")
        known = [] if memory is None or environment is None else memory.remembered(environment, (start, end))
        if not known:
            return self.ask(start, end)
        parts = [Part(each.rows, each.width, int(each.rows[0, 0] % each.width)) for each in known]
        for at, to in difference([(start, end)], [each.span for each in known]):
            asked = self.ask(at, to)
            part = Part(asked.rows, asked.width if len(asked.rows) else None, asked.phase)
            parts.append(part.between(None if at == start else at, to))
        if len({part.width for part in parts} - {None}) > 1:
            # a bucket may hold what is known as well: none is counted twice if all come from one source
            return self.ask(start, end)
        return replace(self._joined(parts, start, end), remembered=sum(len(each.rows) for each in known))

    def ask(self, start: int, end: int) -> Buckets:
        """The buckets of `[start, end)`, asked for whatever a memory has."""
        first, stop = self._first(start, end)
        if stop >= end:
            return self._joined([first], start, end)
        # parts end where buckets begin: what one part shows cut, the next shows whole
        spans = _spans(start, stop, end, first)
        self._session.lists.warn_of_wait(self._operation.call, len(spans))
        parts = [first.between(None, spans[0][0])]
        for part, (at, to) in zip(self._session.map_concurrently(self._ask, spans), spans, strict=True):
            parts.append(part.between(at, to))
        return self._joined(parts, start, end)

    def _first(self, start: int, end: int) -> tuple[Part, int]:
        """The first part, as long as the platform gives it, and where it ends."""
        longest = self._session.longest_window
        stop = min(end, start + longest) if longest else end
        refused: Invalid | None = None
        while True:
            try:
                part = self._ask((start, stop))
            except Invalid as error:
                if error.status != 422:
                    raise
                if refused is None and stop - start > _SHORTEST:
                    self._is_length(start, error)
                if stop - start <= _SHORTEST:
                    raise refused or error from None
                refused = refused or error
                half = (stop - start) // 2
                # limits are whole days rather than parts of one
                stop = start + max(_SHORTEST, half // _DAY * _DAY or half)
                continue
            if refused is not None:
                self._session.longest_window = stop - start
            return part, stop

    def _is_length(self, start: int, refused: Invalid) -> None:
        """Raise the refusal if a short window meets one as well: then it is not the length that is refused."""
        try:
            self._ask((start, start + _SHORTEST))
        except Invalid:
            raise refused from None

    def _ask(self, window: tuple[int, int]) -> Part:
        data = self._session.send(self._operation, {**self._values, "start": window[0], "end": window[1]})
        rows = buckets_of(reader(self._operation).read(data))
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        steps = np.diff(rows[:, 0])
        steps = steps[steps > 0]
        if not len(steps):
            return Part(rows, None, 0)
        width = int(np.gcd.reduce(steps))
        return Part(rows, width, int(rows[0, 0] % width))

    def _joined(self, parts: Sequence[Part], start: int, end: int) -> Buckets:
        """One grid for all parts: the widest, for a platform may widen its buckets with the window."""
        rows = np.concatenate([part.rows for part in parts])
        measured = [part for part in parts if part.width is not None]
        if measured:
            widest = max(measured, key=lambda part: part.width or 0)
            width, phase = widest.width or _SHORTEST, widest.phase
            self._session.bucket_seconds = width
        else:
            width, phase = _guessed(rows, start, end, self._session.bucket_seconds)
        rows[:, 0] -= (rows[:, 0] - phase) % width
        return Buckets(rows, width, phase)


def _spans(start: int, stop: int, end: int, first: Part) -> list[tuple[int, int]]:
    """The parts after the first, each no longer than it, with borders where buckets begin."""
    longest = stop - start
    width = first.width or next((width for width in reversed(_USUAL) if width * 4 <= longest), 1)
    phase = first.phase if first.width else 0
    at = stop - (stop - phase) % width
    if at <= start:  # a bucket wider than any window: nothing can be aligned
        at = stop
    step = max(1, longest // width) * width if width <= longest else longest
    return list(itertools.pairwise([*range(at, end, step), end]))


def _guessed(rows: np.ndarray, start: int, end: int, remembered: int | None) -> tuple[int, int]:
    """Width and phase where fewer than two buckets came: none to measure between."""
    at = int(rows[0, 0]) if len(rows) else start
    likely = [remembered] if remembered and remembered <= max(end - start, start - at + 1) else []
    reach = start - at  # a bucket that began before the window reaches into it
    width = next((width for width in [*likely, *_USUAL] if width > reach), reach + 1)
    return width, at % width if len(rows) else 0


def buckets_of(decoded: DecodedRows) -> np.ndarray:
    """Rows of: start in Unix seconds, then the five counts. A bucket with a null among its counts is no data."""
    if decoded.raw is None:
        rows = decoded.rows
        try:
            return np.column_stack([np.fromiter(map(attrgetter(f), rows), np.int64, len(rows)) for f in _FIELDS])
        except (TypeError, OverflowError):
            items = [msgspec.to_builtins(row) for row in rows]
    else:
        items = [row for row in decoded.raw if isinstance(row, dict)]
    rows_of_values = [[row.get(camel(name)) for name in _FIELDS] for row in items]
    complete_rows = [[int(value) for value in row] for row in rows_of_values if all(_counts(value) for value in row)]
    return np.array(complete_rows, dtype=np.int64).reshape(-1, len(_FIELDS))


def _counts(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**62
