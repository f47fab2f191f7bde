"""Following a log through a window that slides: nothing lost, nothing twice, and a gap where that can't be proven."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from createos_nb.clock import WaitClock
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, RateLimited, ServerError, TransportError
from createos_nb.times import iso, parse_duration

#: What a read gives: (Unix seconds or None, text) of each line, oldest first.
Line = tuple[float | None, str]

_KEPT: Final = 200_000
#: Seconds of failing reads after which following ends with the failure.
_PATIENCE: Final = 300.0
_GAP: Final = "… lines may be missing: the log does not reach back to the last read …"


class Fresh(NamedTuple):
    """The new lines of a read: `gap` before the lines, and the positions of the new lines in the read."""

    gap: bool
    positions: list[int]


class _Seen(NamedTuple):
    text: str
    earliest: float
    latest: float


class Alignment:
    """Find the new lines of overlapping reads. Pure: takes times and lines, returns positions.

    Lines with a time are told apart by time and text, and counted: equal lines at one moment are kept, and lines that
    come late are found wherever they stand. A line without a time belongs to the line with a time before it. Where no
    line has a time, reads are laid on each other by their order: what was seen between two reads was written between
    them, which says how many lines the windows share, and the lines must agree.

    `window`: seconds that the source is sure to reach back. Between reads that are further apart only a line with a
    time that both hold proves that nothing is missing.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._last: float | None = None
        self._counts: Counter[Line] = Counter()
        self._seen: list[_Seen] = []
        #: The lines of the source have times.
        self.stamped = False

    def add(self, lines: Sequence[Line], start: float, now: float, *, cut: bool = False) -> Fresh:
        """The lines of one read that covers `(start, now]`, as far as the source reaches.

        `cut`: the source has left out the oldest of them, and covers only what came.
        """
        if cut:
            start = next((time for time, _ in lines if time is not None), now)
        before = self._last
        self._last = now
        first = before is None
        self.stamped = stamped = any(time is not None for time, _ in lines) or (self.stamped and not lines)
        if first:
            fresh = Fresh(cut, list(range(len(lines))))
        elif stamped:
            fresh = self._by_time(lines, start, now, before or 0.0)
        else:
            fresh = self._by_order(lines, start, now, before or 0.0)
        self._remember(lines, fresh.positions, start if first else max(start, before or 0.0), now)
        return fresh

    def _by_time(self, lines: Sequence[Line], start: float, now: float, before: float) -> Fresh:
        keys = _keys(lines)
        shared = any(key in self._counts for key in keys)
        expected = any(time is not None and start < time <= before for time, _ in self._counts)
        overlaps = shared or (start <= before and now - before <= self._window and not expected)
        if not overlaps:
            return Fresh(True, list(range(len(lines))))
        counts: Counter[Line] = Counter()
        positions = []
        for position, key in enumerate(keys):
            if key[0] is None:
                continue  # the rest of a line that began before the window: it was seen with its beginning
            counts[key] += 1
            if counts[key] > self._counts[key]:
                positions.append(position)
        return Fresh(False, positions)

    def _by_order(self, lines: Sequence[Line], start: float, now: float, before: float) -> Fresh:
        texts = [text for _, text in lines]
        previous = [line.text for line in self._seen]
        fewest = sum(line.earliest >= start for line in self._seen)
        largest = min(sum(line.latest > start for line in self._seen), len(texts))
        if now - before > self._window or start > before:
            return Fresh(True, list(range(len(texts))))  # without times, lines that look alike prove nothing
        # first as the times of the reads say; then, where these were late, as the lines themselves do
        for shared in (*range(largest, fewest - 1, -1), *range(min(len(previous), len(texts)), 0, -1)):
            if previous[len(previous) - shared :] == texts[:shared]:
                return Fresh(False, list(range(shared, len(texts))))
        return Fresh(True, list(range(len(texts))))

    def _remember(self, lines: Sequence[Line], positions: list[int], earliest: float, latest: float) -> None:
        keys = _keys(lines)
        counts = Counter(keys)
        for key in counts:
            self._counts[key] = max(self._counts[key], counts[key])
        self._seen += [_Seen(lines[position][1], earliest, latest) for position in positions]
        if len(self._seen) > _KEPT:
            del self._seen[: len(self._seen) - _KEPT // 2]
        if len(self._counts) > _KEPT:
            newest = sorted(self._counts, key=lambda key: key[0] or 0.0)[-_KEPT // 2 :]
            self._counts = Counter({key: self._counts[key] for key in newest})


def _keys(lines: Sequence[Line]) -> list[Line]:
    """Return the keys of lines: the time of the nearest line with a time at or before each, and the text."""
    keys: list[Line] = []
    time: float | None = None
    for own, text in lines:
        time = own if own is not None else time
        keys.append((time, text))
    return keys


def follow_log(
    read: Callable[[int], pd.DataFrame],
    clock: WaitClock,
    *,
    every: Any,
    window: Any,
    lasting: Any,
    is_over: Callable[[], bool],
) -> Iterator[pd.DataFrame]:
    """Frames of new lines, as `read(since_seconds)` gives them with a column `gap` more, whenever there are any.

    Ends after `lasting` seconds, or when `is_over()` says so after a read. Failures that may pass are read again, at
    most for five minutes; all others are raised.
    """
    every, window = parse_duration(every, "follow: every"), int(parse_duration(window, "follow: window"))
    lasting = None if lasting is None else parse_duration(lasting, "follow: lasting")
    if not every > 0 or window < 1:
        raise InvalidInput("follow: every= is more than 0 seconds, and window= at least 1")
    # whole seconds, so that a window can begin where an earlier read was
    interval = max(1.0, float(round(max(every, clock.least))))
    started = clock.passed()
    alignment = Alignment(window)
    reads: list[float] = []
    failing: float | None = None
    while True:
        done = is_over()
        now = clock.now()
        # back to the read before the last, so that two reads overlap however long each was on its way
        anchor = reads[-2] if len(reads) > 1 else reads[0] - window if reads else now - window
        since = max(1, math.ceil(now - anchor))
        if not alignment.stamped and since > window:
            # without times a window has to begin where a read was: else equal lines at its edge can't be counted
            since = min(window, max(1, math.ceil(now - reads[-1]))) if reads else window
        try:
            frame = read(since)
        except (TransportError, ServerError, RateLimited) as error:
            failing = clock.passed() if failing is None else failing
            if clock.passed() - failing > _PATIENCE:
                raise
            clock.sleep(max(interval, getattr(error, "retry_after", None) or 0.0))
            continue
        failing = None
        reads = [*reads[-1:], now]
        fresh = alignment.add(_lines(frame), now - since, now, cut="cut" in frame.attrs)
        if fresh.gap or fresh.positions:
            yield _new_lines(frame, fresh, now)
        if done or (lasting is not None and clock.passed() - started >= lasting):
            return
        clock.sleep(interval)


def _lines(frame: pd.DataFrame) -> list[Line]:
    stamps = [None if pd.isna(time) else time.timestamp() for time in frame["time"]]
    return list(zip(stamps, frame["text"].tolist(), strict=True))


def _new_lines(frame: pd.DataFrame, fresh: Fresh, now: float) -> pd.DataFrame:
    new = frame.iloc[fresh.positions].reset_index(drop=True)
    new["gap"] = pd.array([False] * len(new), dtype="boolean")
    if fresh.gap:
        row = frame.iloc[:0].reindex([0])
        row["text"] = pd.Series([_GAP], dtype=TEXT)
        row["gap"] = pd.array([True], dtype="boolean")
        new = pd.concat([row.astype(new.dtypes.to_dict()), new], ignore_index=True)
    new["line_number"] = pd.array(range(1, len(new) + 1), dtype="Int64")
    attrs = {name: value for name, value in frame.attrs.items() if name != "cut" or fresh.gap}
    new.attrs = {**attrs, "at": iso(int(now)), "complete": not fresh.gap}
    return new
